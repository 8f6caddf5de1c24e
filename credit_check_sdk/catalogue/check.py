"""Check the entries of a catalogue against each other. Pure; it performs no I/O and reads no clock.

The rules are those of 国办发〔2020〕49号: what reduces rights rests on a law, a regulation or a central policy, stands
in the list of measures, and follows from a named list or decision. Each refusal names file, line and reason.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from credit_check_sdk.catalogue import conflicts, fairness, history, policies
from credit_check_sdk.catalogue.entries import folded, names_of
from credit_check_sdk.catalogue.placing import LOCAL, Trouble, at, bound, doubled, there_already, within
from credit_check_sdk.model.measure import OnDecision, OnList, OnMeasure, OnRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from credit_check_sdk.catalogue.placing import Entries, Entry
    from credit_check_sdk.model import Basis, CreditList, MatterPolicy, Measure, Term, Trigger

_LETTERS = frozenset({"restriction", "exclusion", "party"})
"""Templates of notices that the package has for restrictions."""
_NATIONAL = frozenset({"law", "regulation", "central_policy"})
_STATUTORY = _NATIONAL | {"local_regulation"}


def troubles(entries: Entries) -> Iterator[Trouble]:
    """Find what does not fit together, file by file."""
    yield from doubled(entries.kinds, lambda kind: kind.kind)
    yield from doubled(entries.categories, lambda category: category.code)
    yield from doubled(entries.decisions, lambda decision: decision.kind)
    yield from doubled(entries.matters, lambda policy: policy.code)
    yield from doubled(entries.remedies, lambda remedy: remedy.code)
    yield from doubled(entries.scoring, lambda rule: rule.code)
    for scoring in entries.scoring:
        yield from bound(scoring, scoring.value.basis)
    yield from _terms(entries.terms)
    yield from _remedies(entries)
    yield from _lists(entries)
    yield from _matters(entries)
    for entry in entries.measures:
        yield from _standing(entry)
        yield from _recognised(entry)
        yield from _letter(entry)
        yield from _basis(entry)
        yield from _named(entry, entries)
        yield from fairness.troubles(entry, entries)
    yield from _dates(entries.measures)
    yield from history.troubles(entries)


def _terms(entries: Sequence[Entry[Term]]) -> Iterator[Trouble]:
    """Refuse a limit that one file gives twice, and one of a local document that is bound to no region."""
    first: dict[tuple[str, str | None, str], Entry[Term]] = {}
    for entry in entries:
        term = entry.value
        key = (term.code, term.region, entry.sheet.file)
        if key in first:
            yield there_already(entry, term.code, first[key])
        first.setdefault(key, entry)
        if term.region is None and term.basis and all(basis.level in LOCAL for basis in term.basis):
            yield Trouble(
                entry.sheet.file,
                entry.line("basis"),
                f"{term.code}: a limit of a local document needs its region",
                f"{term.code}：地方文件规定的期限须注明 region",
            )


def _remedies(entries: Entries) -> Iterator[Trouble]:
    """Refuse a remedy whose words name a time limit that is not there."""
    known = {entry.value.code for entry in entries.terms}
    for entry in entries.remedies:
        remedy = entry.value
        names = ["{days}" in text for text in (remedy.text.zh, remedy.text.en)]
        if (remedy.term is not None and remedy.term not in known) or names != [remedy.term is not None] * 2:
            yield Trouble(
                entry.sheet.file,
                entry.line("text"),
                f"{remedy.code}: {{days}} in both languages goes with the code of a known time limit in term",
                f"{remedy.code}：文中的 {{days}} 须与 term 中的已知期限对应",
            )


def _lists(entries: Entries) -> Iterator[Trouble]:
    first: dict[str, Entry[CreditList]] = {}
    categories = {entry.value.code for entry in entries.categories}
    for entry in entries.lists:
        one = entry.value
        for name in dict.fromkeys(folded(name) for name in names_of(one)):
            if name in first:
                yield there_already(entry, f"{one.code}: {name}", first[name])
            first.setdefault(name, entry)
        if one.category is not None and one.category not in categories:
            yield at(entry, "category", f"unknown category {one.category}", f"类别 {one.category} 不存在")
        if one.serious and (one.category is None or one.polarity != "negative"):
            # 国发〔2016〕33号: a list of the seriously dishonest belongs to one of the four fields.
            yield at(entry, "serious", "a serious list is negative and has a category", "严重失信名单应为负面并有类别")
        yield from _exits(entry)
        yield from bound(entry, one.basis)


def _exits(entry: Entry[CreditList]) -> Iterator[Trouble]:
    """One leaves a list early before its end, and its longest term is not shorter than its regular one."""
    one = entry.value
    if one.term_months is not None and one.longest_months is not None and one.longest_months < one.term_months:
        yield at(entry, "longest_months", "longest_months is less than term_months", "最长期限短于一般期限")
    if one.early_exit_months is not None and one.early_exit_months >= (one.term_months or one.early_exit_months):
        yield at(
            entry,
            "early_exit_months",
            "early_exit_months lies before the end that term_months gives",
            "提前移出应当早于 term_months 规定的期满",
        )


def _matters(entries: Entries) -> Iterator[Trouble]:
    kinds = {entry.value.kind for entry in entries.kinds}
    for entry in entries.matters:
        kind = entry.value.kind
        if kind not in kinds or kind == entry.value.code:
            yield at(entry, "code", f"{entry.value.code}: {kind!r} is no kind of matter", f"事项类型 {kind} 不存在")
        for en, zh in policies.troubles(entry.value):
            yield at(entry, en.partition(":")[0], f"{entry.value.code}: {en}", f"{entry.value.code}：{zh}")
        yield from bound(entry, entry.value.query_basis)


def _standing(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Check that kind, class and strength go together."""
    measure = entry.value
    if measure.kind == "restriction":
        if measure.class_ is None:
            yield at(entry, "kind", "a restriction has a class", "惩戒措施应当注明类别")
        if measure.strength == "offer" or measure.grants is not None:
            yield at(entry, "strength", "a restriction offers nothing", "惩戒措施不得提供便利")
        if measure.class_ == "C" and measure.strength != "info":
            # 清单第三类 is for organisations outside the administration.
            yield at(entry, "strength", "class C is never carried out here: info only", "C 类措施仅供参考")
    else:
        if measure.class_ is not None:
            yield at(entry, "class", "an incentive has no class", "激励措施没有类别")
        if measure.strength != "offer":
            yield at(entry, "strength", "an incentive is an offer", "激励措施的力度应为 offer")
    if measure.strength == "block" and any(
        t.by not in {"list", "decision", "record", "measure"} for t in measure.triggers
    ):
        yield at(entry, "triggers", "a block follows from a record", "拦截应当由记录触发")


def _recognised(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Recognition of dishonesty rests on documents that have legal effect (国办发〔2020〕49号)."""
    measure = entry.value
    if measure.class_ == "A":
        for place, trigger in enumerate(measure.triggers):
            if not _on_a_document(trigger):
                yield at(
                    entry,
                    ("triggers", place),
                    "a class A measure follows from a named list, a decision, or a penalty",
                    "A 类措施应当由名单、法律文书决定或者行政处罚触发",
                )


def _letter(entry: Entry[Measure]) -> Iterator[Trouble]:
    """The package's own entries name templates that the package has; a department's templates are tried elsewhere."""
    if entry.value.notice is not None and entry.sheet.packaged and entry.value.notice not in _LETTERS:
        yield at(entry, "notice", f"unknown template {entry.value.notice}", f"告知书模板 {entry.value.notice} 不存在")


def _on_a_document(trigger: Trigger) -> bool:
    if isinstance(trigger, OnRecord):
        return set(trigger.kinds) <= {"list", "penalty"}
    return isinstance(trigger, OnList | OnDecision | OnMeasure)


def _basis(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Check that the measure is no stronger than what it rests on."""
    measure = entry.value
    yield from bound(entry, measure.basis)
    levels = {basis.level for basis in measure.basis}
    carrying = [basis for basis in measure.basis if basis.level in _NATIONAL or _own_regulation(basis, entry)]
    if measure.class_ == "A" and not carrying:
        yield at(
            entry,
            "basis",
            "a class A measure rests on a law, a regulation or a central policy (国办发〔2020〕49号); a local regulation "
            "carries it only in a supplement bound to its region",
            "A 类措施应当以法律、行政法规或者党中央、国务院政策文件为依据（国办发〔2020〕49号）；"
            "地方性法规仅可在绑定本地区的补充清单中作为依据",
        )
    if measure.force == "mandatory" and levels <= {"local_document"}:
        yield at(
            entry,
            "basis",
            "a mandatory measure rests on more than a local document",
            "强制性措施不得仅以地方文件为依据",
        )
    if measure.strength == "block" and measure.effect_scope != "facilitation" and not levels & _STATUTORY:
        # What stops a file reduces rights, whatever class it is given (国办发〔2020〕49号).
        yield at(
            entry,
            "basis",
            "a block of the file or of a party's role rests on a law, a regulation, a central policy or a local "
            "regulation; a rule or a local document carries at most a hint",
            "拦截办件或者关联人员的措施应当以法律、法规或者党中央、国务院政策文件为依据；规章、地方文件至多作提示",
        )
    if measure.strength == "block":
        relied = carrying if measure.class_ == "A" else measure.basis
        if not any(basis.verified_on for basis in relied):
            yield at(
                entry,
                "basis",
                "a block rests on a basis that somebody read in the primary text (verified_on); without one the "
                "measure is at most a hint",
                "拦截应当有经核对原文的依据（verified_on）；未核对的，至多作提示",
            )


def _own_regulation(basis: Basis, entry: Entry[Measure]) -> bool:
    return (
        basis.level == "local_regulation"
        and basis.region is not None
        and entry.region is not None
        and within(entry.region, basis.region)
    )


def _named(entry: Entry[Measure], entries: Entries) -> Iterator[Trouble]:
    """Check that all codes that the measure names are known."""
    measure = entry.value
    kinds = {kind.value.kind: kind.value for kind in entries.kinds}
    for place, matter in enumerate(measure.matters):
        if matter.partition(".")[0] not in kinds:
            yield at(entry, ("matters", place), f"unknown matter {matter}", f"事项 {matter} 不存在")
    points = {point for matter in measure.matters if (k := kinds.get(matter.partition(".")[0])) for point in k.points}
    points |= {point for policy in entries.matters for point in policy.value.points if _concerns(measure, policy.value)}
    for place, point in enumerate(measure.points):
        if points and point not in points:
            yield at(entry, ("points", place), f"{point} is no point of its matters", f"所列事项没有 {point} 环节")
    for place, trigger in enumerate(measure.triggers):
        yield from _trigger(entry, entries, trigger, ("triggers", place))
    for place, condition in enumerate(measure.requires):
        if isinstance(condition, OnDecision | OnMeasure):
            yield at(entry, ("requires", place), "a condition is no decision or measure", "附加条件不得为决定或措施")
        yield from _trigger(entry, entries, condition, ("requires", place))


def _concerns(measure: Measure, policy: MatterPolicy) -> bool:
    return policy.code in measure.matters or policy.kind in measure.matters


def _trigger(
    entry: Entry[Measure], entries: Entries, trigger: Trigger, loc: tuple[str | int, ...]
) -> Iterator[Trouble]:
    if isinstance(trigger, OnList):
        lists = {one.value.code: one.value for one in entries.lists}
        for place, code in enumerate(trigger.lists):
            yield from _on_list(entry, lists, code, (*loc, "lists", place))
    elif isinstance(trigger, OnDecision):
        known = {one.value.kind for one in entries.decisions}
        for place, kind in enumerate(trigger.decisions):
            if kind not in known:
                yield at(entry, (*loc, "decisions", place), f"unknown decision {kind}", f"决定类型 {kind} 不存在")
    elif isinstance(trigger, OnMeasure):
        measures: dict[str, Measure] = {one.value.code: one.value for one in entries.measures}
        for place, code in enumerate(trigger.measures):
            yield from _on_measure(entry, measures.get(code), code, (*loc, "measures", place))


def _on_measure(
    entry: Entry[Measure], other: Measure | None, code: str, loc: tuple[str | int, ...]
) -> Iterator[Trouble]:
    if other is None or other.kind != "restriction":
        yield at(entry, loc, f"unknown measure {code}", f"惩戒措施 {code} 不存在")
    elif any(isinstance(inner, OnMeasure) for inner in other.triggers):
        yield at(entry, loc, f"{code} follows from a measure itself", f"{code} 本身由其他措施触发")
    elif other.strength != "block" and entry.value.strength == "block":
        yield at(entry, loc, f"{code} does not block, so nothing that follows from it does", f"{code} 不是拦截")


def _on_list(
    entry: Entry[Measure], lists: Mapping[str, CreditList], code: str, loc: tuple[str | int, ...]
) -> Iterator[Trouble]:
    found = lists.get(code)
    measure = entry.value
    if found is None:
        yield at(entry, loc, f"unknown list {code}", f"名单 {code} 不存在")
        return
    wanted = "negative" if measure.kind == "restriction" and loc[0] == "triggers" else "positive"
    if found.polarity != wanted:
        yield at(entry, loc, f"{code} is a {found.polarity} list", f"{code} 的性质与措施不符")
    if found.reference_only and measure.strength in {"block", "offer"}:
        # Lists of associations and agencies are for reference.
        yield at(entry, loc, f"{code} is for reference and supports at most a hint", f"{code} 仅供参考，至多作提示")


def _dates(entries: Sequence[Entry[Measure]]) -> Iterator[Trouble]:
    """A code has one form on each day: no overlap, no gap."""
    forms: dict[str, list[Entry[Measure]]] = {}
    for entry in entries:
        last = entry.value.effective_to
        if last is not None and last < entry.value.effective_from:
            yield at(entry, "effective_to", "effective_to lies before effective_from", "失效日期早于生效日期")
        forms.setdefault(entry.value.code, []).append(entry)
    for code, several in forms.items():
        for earlier, later in pairwise(sorted(several, key=lambda entry: entry.value.effective_from)):
            last, first = earlier.value.effective_to, later.value.effective_from
            there = f"{earlier.sheet.file}:{earlier.line()}"
            if last is None or first <= last:
                how_en, how_zh = conflicts.compared(later.value, earlier.value)
                yield at(
                    later,
                    "effective_from",
                    f"{code} overlaps with its form at {there}{how_en}; "
                    + _mend(later, "give that one effective_to", "take a code of your own"),
                    f"{code} 与 {there} 的生效期间重叠{how_zh}；"
                    + _mend(later, "请为前者注明 effective_to", "请使用自己的代码"),
                )
            elif (first - last).days > 1:
                yield at(
                    later,
                    "effective_from",
                    f"{code} leaves a gap after its form at {there}",
                    f"{code} 与 {there} 之间存在空档",
                )


def _mend(entry: Entry[Measure], ours: str, theirs: str) -> str:
    """A supplement adds: it changes no entry of the starter catalogue."""
    return ours if entry.sheet.packaged else theirs
