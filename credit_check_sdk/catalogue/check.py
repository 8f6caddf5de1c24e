"""Check the entries of a catalogue against each other. Pure; it performs no I/O and reads no clock.

The rules are those of 国办发〔2020〕49号: what reduces rights rests on a law, a regulation or a central policy, stands
in the list of measures, and follows from a named list or decision. Each refusal names file, line and reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from credit_check_sdk.catalogue import policies
from credit_check_sdk.catalogue.entries import folded, names_of
from credit_check_sdk.model.measure import OnClause, OnDecision, OnList, OnMeasure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from credit_check_sdk.catalogue.entries import DecisionKind, ListCategory, MatterKind
    from credit_check_sdk.catalogue.reading import Path, Sheet
    from credit_check_sdk.model import Basis, CreditList, MatterPolicy, Measure, Remedy, Term, Trigger

E = TypeVar("E")
_NATIONAL = frozenset({"law", "regulation", "central_policy"})
_LOCAL = frozenset({"local_regulation", "local_document"})


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """A value with the place where it stands."""

    value: E
    sheet: Sheet
    path: Path
    region: str | None = None
    """Region to which its file is bound."""

    def line(self, *loc: str | int) -> int:
        """Give the line of the entry, or of a part of it."""
        return self.sheet.line(self.path, loc)


@dataclass(frozen=True, slots=True)
class Entries:
    """All that was read, before it becomes a catalogue."""

    kinds: Sequence[Entry[MatterKind]] = ()
    categories: Sequence[Entry[ListCategory]] = ()
    decisions: Sequence[Entry[DecisionKind]] = ()
    lists: Sequence[Entry[CreditList]] = ()
    measures: Sequence[Entry[Measure]] = ()
    matters: Sequence[Entry[MatterPolicy]] = ()
    terms: Sequence[Entry[Term]] = ()
    remedies: Sequence[Entry[Remedy]] = ()

    def __add__(self, other: Entries) -> Entries:
        return Entries(
            (*self.kinds, *other.kinds),
            (*self.categories, *other.categories),
            (*self.decisions, *other.decisions),
            (*self.lists, *other.lists),
            (*self.measures, *other.measures),
            (*self.matters, *other.matters),
            (*self.terms, *other.terms),
            (*self.remedies, *other.remedies),
        )


class Trouble(NamedTuple):
    """Why an entry cannot be used, and where."""

    file: str
    line: int
    en: str
    zh: str


def troubles(entries: Entries) -> Iterator[Trouble]:
    """Find what does not fit together, file by file."""
    yield from _doubled(entries.kinds, lambda kind: kind.kind)
    yield from _doubled(entries.categories, lambda category: category.code)
    yield from _doubled(entries.decisions, lambda decision: decision.kind)
    yield from _doubled(entries.matters, lambda policy: policy.code)
    yield from _doubled(entries.remedies, lambda remedy: remedy.code)
    yield from _terms(entries.terms)
    yield from _remedies(entries)
    yield from _lists(entries)
    yield from _matters(entries)
    for entry in entries.measures:
        yield from _standing(entry)
        yield from _basis(entry)
        yield from _named(entry, entries)
        yield from _offering(entry)
    yield from _dates(entries.measures)


def _doubled(entries: Iterable[Entry[E]], code_of: Callable[[E], str]) -> Iterator[Trouble]:
    first: dict[str, Entry[E]] = {}
    for entry in entries:
        code = code_of(entry.value)
        if code in first:
            yield _there_already(entry, code, first[code])
        first.setdefault(code, entry)


def _terms(entries: Sequence[Entry[Term]]) -> Iterator[Trouble]:
    """Refuse a limit that one file gives twice, and one of a local document that is bound to no region."""
    first: dict[tuple[str, str | None, str], Entry[Term]] = {}
    for entry in entries:
        term = entry.value
        key = (term.code, term.region, entry.sheet.file)
        if key in first:
            yield _there_already(entry, term.code, first[key])
        first.setdefault(key, entry)
        if term.region is None and term.basis and all(basis.level in _LOCAL for basis in term.basis):
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


def _there_already(entry: Entry[E], code: str, first: Entry[E]) -> Trouble:
    there = f"{first.sheet.file}:{first.line()}"
    return Trouble(entry.sheet.file, entry.line(), f"{code} is there already, at {there}", f"{code} 已存在，见 {there}")


def _lists(entries: Entries) -> Iterator[Trouble]:
    first: dict[str, Entry[CreditList]] = {}
    categories = {entry.value.code for entry in entries.categories}
    for entry in entries.lists:
        one = entry.value
        for name in dict.fromkeys(folded(name) for name in names_of(one)):
            if name in first:
                yield _there_already(entry, f"{one.code}: {name}", first[name])
            first.setdefault(name, entry)
        if one.category is not None and one.category not in categories:
            yield _at(entry, "category", f"unknown category {one.category}", f"类别 {one.category} 不存在")
        if one.serious and (one.category is None or one.polarity != "negative"):
            # 国发〔2016〕33号: a list of the seriously dishonest belongs to one of the four fields.
            yield _at(entry, "serious", "a serious list is negative and has a category", "严重失信名单应为负面并有类别")
        yield from _bound(entry, one.basis)


def _matters(entries: Entries) -> Iterator[Trouble]:
    kinds = {entry.value.kind for entry in entries.kinds}
    for entry in entries.matters:
        kind = entry.value.kind
        if kind not in kinds or kind == entry.value.code:
            yield _at(entry, "code", f"{entry.value.code}: {kind!r} is no kind of matter", f"事项类型 {kind} 不存在")
        for en, zh in policies.troubles(entry.value):
            yield _at(entry, en.partition(":")[0], f"{entry.value.code}: {en}", f"{entry.value.code}：{zh}")
        yield from _bound(entry, entry.value.query_basis)


def _standing(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Check that kind, class and strength go together."""
    measure = entry.value
    if measure.kind == "restriction":
        if measure.class_ is None:
            yield _at(entry, "kind", "a restriction has a class", "惩戒措施应当注明类别")
        if measure.strength == "offer" or measure.grants is not None:
            yield _at(entry, "strength", "a restriction offers nothing", "惩戒措施不得提供便利")
        if measure.class_ == "C" and measure.strength != "info":
            # 清单第三类 is for organisations outside the administration.
            yield _at(entry, "strength", "class C is never carried out here: info only", "C 类措施仅供参考")
    else:
        if measure.class_ is not None:
            yield _at(entry, "class", "an incentive has no class", "激励措施没有类别")
        if measure.strength != "offer":
            yield _at(entry, "strength", "an incentive is an offer", "激励措施的力度应为 offer")
    if measure.strength == "block" and any(
        t.by not in {"list", "decision", "record", "measure"} for t in measure.triggers
    ):
        yield _at(entry, "triggers", "a block follows from a record", "拦截应当由记录触发")


def _basis(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Check that the measure is no stronger than what it rests on."""
    measure = entry.value
    yield from _bound(entry, measure.basis)
    levels = {basis.level for basis in measure.basis}
    carrying = [basis for basis in measure.basis if basis.level in _NATIONAL or _own_regulation(basis, entry)]
    if measure.class_ == "A" and not carrying:
        yield _at(
            entry,
            "basis",
            "a class A measure rests on a law, a regulation or a central policy (国办发〔2020〕49号); a local regulation "
            "carries it only in a supplement bound to its region",
            "A 类措施应当以法律、行政法规或者党中央、国务院政策文件为依据（国办发〔2020〕49号）；"
            "地方性法规仅可在绑定本地区的补充清单中作为依据",
        )
    if measure.force == "mandatory" and levels <= {"local_document"}:
        yield _at(
            entry,
            "basis",
            "a mandatory measure rests on more than a local document",
            "强制性措施不得仅以地方文件为依据",
        )
    if measure.strength == "block":
        relied = carrying if measure.class_ == "A" else measure.basis
        if not any(basis.verified_on for basis in relied):
            yield _at(
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


def _bound(entry: Entry[E], several: Iterable[Basis]) -> Iterator[Trouble]:
    for place, basis in enumerate(several):
        if basis.level in _LOCAL and basis.region is None:
            line = entry.line("basis", place)
            yield Trouble(
                entry.sheet.file,
                line,
                f"{basis.title}: a local document names its region",
                f"{basis.title}：地方文件应当注明地区",
            )


def _named(entry: Entry[Measure], entries: Entries) -> Iterator[Trouble]:
    """Check that all codes that the measure names are known."""
    measure = entry.value
    kinds = {kind.value.kind: kind.value for kind in entries.kinds}
    for place, matter in enumerate(measure.matters):
        if matter.partition(".")[0] not in kinds:
            yield _at(entry, ("matters", place), f"unknown matter {matter}", f"事项 {matter} 不存在")
    points = {point for matter in measure.matters if (k := kinds.get(matter.partition(".")[0])) for point in k.points}
    points |= {point for policy in entries.matters for point in policy.value.points if _concerns(measure, policy.value)}
    for place, point in enumerate(measure.points):
        if points and point not in points:
            yield _at(entry, ("points", place), f"{point} is no point of its matters", f"所列事项没有 {point} 环节")
    for place, trigger in enumerate(measure.triggers):
        yield from _trigger(entry, entries, trigger, ("triggers", place))
    for place, condition in enumerate(measure.requires):
        if isinstance(condition, OnDecision | OnMeasure):
            yield _at(entry, ("requires", place), "a condition is no decision or measure", "附加条件不得为决定或措施")
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
                yield _at(entry, (*loc, "decisions", place), f"unknown decision {kind}", f"决定类型 {kind} 不存在")
    elif isinstance(trigger, OnMeasure):
        measures: dict[str, Measure] = {one.value.code: one.value for one in entries.measures}
        for place, code in enumerate(trigger.measures):
            yield from _on_measure(entry, measures.get(code), code, (*loc, "measures", place))


def _on_measure(
    entry: Entry[Measure], other: Measure | None, code: str, loc: tuple[str | int, ...]
) -> Iterator[Trouble]:
    if other is None or other.kind != "restriction":
        yield _at(entry, loc, f"unknown measure {code}", f"惩戒措施 {code} 不存在")
    elif any(isinstance(inner, OnMeasure) for inner in other.triggers):
        yield _at(entry, loc, f"{code} follows from a measure itself", f"{code} 本身由其他措施触发")
    elif other.strength != "block" and entry.value.strength == "block":
        yield _at(entry, loc, f"{code} does not block, so nothing that follows from it does", f"{code} 不是拦截")


def _on_list(
    entry: Entry[Measure], lists: Mapping[str, CreditList], code: str, loc: tuple[str | int, ...]
) -> Iterator[Trouble]:
    found = lists.get(code)
    measure = entry.value
    if found is None:
        yield _at(entry, loc, f"unknown list {code}", f"名单 {code} 不存在")
        return
    wanted = "negative" if measure.kind == "restriction" and loc[0] == "triggers" else "positive"
    if found.polarity != wanted:
        yield _at(entry, loc, f"{code} is a {found.polarity} list", f"{code} 的性质与措施不符")
    if found.reference_only and measure.strength in {"block", "offer"}:
        # Lists of associations and agencies are for reference.
        yield _at(entry, loc, f"{code} is for reference and supports at most a hint", f"{code} 仅供参考，至多作提示")


def _offering(entry: Entry[Measure]) -> Iterator[Trouble]:
    """Points and deposits need a clause of the tender document (招标投标领域公平竞争审查规则 第九条)."""
    measure = entry.value
    clauses = {condition.clause for condition in measure.requires if isinstance(condition, OnClause)}
    for grants, clause in (("bonus", "credit_bonus"), ("deposit_reduction", "deposit_reduction")):
        if measure.grants == grants and clause not in clauses:
            yield _at(
                entry,
                "grants",
                f"{grants} requires the tender clause {clause}",
                f"{grants} 应当以招标文件条款 {clause} 为前提",
            )
    if measure.points_offered is not None and "credit_bonus" not in clauses:
        yield _at(
            entry, "points_offered", "points require the tender clause credit_bonus", "计分应当以招标文件条款为前提"
        )


def _dates(entries: Sequence[Entry[Measure]]) -> Iterator[Trouble]:
    """A code has one form on each day: no overlap, no gap."""
    forms: dict[str, list[Entry[Measure]]] = {}
    for entry in entries:
        last = entry.value.effective_to
        if last is not None and last < entry.value.effective_from:
            yield _at(entry, "effective_to", "effective_to lies before effective_from", "失效日期早于生效日期")
        forms.setdefault(entry.value.code, []).append(entry)
    for code, several in forms.items():
        for earlier, later in pairwise(sorted(several, key=lambda entry: entry.value.effective_from)):
            last, first = earlier.value.effective_to, later.value.effective_from
            there = f"{earlier.sheet.file}:{earlier.line()}"
            if last is None or first <= last:
                yield _at(
                    later,
                    "effective_from",
                    f"{code} overlaps with its form at {there}; give that one effective_to",
                    f"{code} 与 {there} 的生效期间重叠；请为前者注明 effective_to",
                )
            elif (first - last).days > 1:
                yield _at(
                    later,
                    "effective_from",
                    f"{code} leaves a gap after its form at {there}",
                    f"{code} 与 {there} 之间存在空档",
                )


def _at(entry: Entry[E], loc: str | tuple[str | int, ...], en: str, zh: str) -> Trouble:
    code = getattr(entry.value, "code", "")
    place = (loc,) if isinstance(loc, str) else loc
    said = en if en.startswith(code) else f"{code}: {en}"
    said_zh = zh if zh.startswith(code) else f"{code}：{zh}"
    return Trouble(entry.sheet.file, entry.line(*place), said, said_zh)


def within(region: str, other: str) -> bool:
    """Say whether *region* lies in *other*; both are codes of GB/T 2260, whose pairs of zeros mean the whole."""
    return _stem(region).startswith(_stem(other))


def _stem(region: str) -> str:
    while len(region) > 2 and region.endswith("00"):  # noqa: PLR2004  two digits name a province
        region = region[:-2]
    return region
