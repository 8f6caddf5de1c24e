"""Work out what credit does to a ranking: points under a clause and its cap, priority, deposits, and all that is withheld.

Pure: no I/O, no clock. Region, ownership and place of registration are never looked at (招标投标领域公平竞争审查规则 第九条).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.placing import within
from credit_check_sdk.catalogue.telling import condition
from credit_check_sdk.core.fair import attested
from credit_check_sdk.model import Lines, Words
from credit_check_sdk.model.measure import OnClause
from credit_check_sdk.model.ranking import CreditItem, RankedMember, RankingRow, Withheld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.model import Clause, Ground, Measure, Proposal, Subject
    from credit_check_sdk.model.ledger import StoredCheck
    from credit_check_sdk.model.ranking import CreditKind, Ranking, RankingEntry, Standing, WithheldCode

_LIVE = frozenset({"proposed", "noticed", "applied"})
"""States in which a proposal counts; what is set aside, suspended, verified or over does not."""
_NONE = Decimal(0)
_STATES = {
    "set_aside": Words(zh="经办人已决定不执行", en="an officer set it aside"),
    "suspended": Words(
        zh="当事人异议或者记录已变动，暂停执行", en="it is suspended: the record is disputed or has moved"
    ),
    "verifying": Words(zh="本部门正在核实", en="the department is verifying the record"),
    "lifted": Words(zh="所依据的记录已修复、到期或者移出", en="the record was repaired, has run out or was withdrawn"),
    "rectified": Words(zh="所依据的记录有误，已纠正", en="the record was wrong, and the measure was rectified"),
}
_NO_CLAUSE = Words(
    zh="招标（申报）文件没有信用评分条款，不加分也不减分（招标投标领域公平竞争审查规则第九条）",
    en="the document has no clause on credit points, so none are added and none deducted",
)
_NO_ATTESTATION = Words(
    zh="条款没有对各地区、各所有制一视同仁的声明，不予适用（招标投标领域公平竞争审查规则第九条）",
    en="nobody attests that the clause treats all regions and forms of ownership alike, so it is not applied",
)
_NO_CAP = Words(
    zh="信用加分条款没有载明上限，不予加分；请补充 max_points",
    en="the clause on credit points names no cap, so none are given; state max_points",
)
_BY_PRICE = Words(
    zh="按最低评标价排序，信用分值不改变价格；仅可同等优先",
    en="ranked by price, which points do not change; at most priority among equals",
)


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry with the checks behind it, as they stand."""

    entry: RankingEntry
    checks: tuple[StoredCheck, ...]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Give everybody who bids here, each once: those who were checked, and the partners whom their files name."""
        found: list[Subject] = []
        for check in self.checks:
            partners = (party.subject for party in check.case.parties if party.role == "consortium_member")
            for subject in (check.case.subject, *partners):
                if not any(is_one(subject, other) for other in found):
                    found.append(subject)
        return tuple(found)

    @property
    def unchecked(self) -> tuple[Subject, ...]:
        """Give the partners for whom there is no check of their own."""
        checked = [check.case.subject for check in self.checks]
        return tuple(one for one in self.subjects if not any(is_one(one, other) for other in checked))


def is_one(one: Subject, other: Subject) -> bool:
    """Say whether both are one: by identifier, and by name only where neither has any."""
    if one.keys or other.keys:
        return one.same_as(other)
    return one.normal_name == other.normal_name


@dataclass(frozen=True, slots=True)
class Question:
    """What a ranking is asked of."""

    ranking: Ranking
    catalogue: Catalogue
    region: str | None
    now: datetime
    declined: Mapping[str, str]
    """Proposals that the committee does not accept, with its reason."""

    def clauses(self, kind: str) -> list[Clause]:
        """Give the clauses of one kind, the lowest cap first."""
        found = (clause for clause in self.ranking.clauses if clause.kind == kind)
        return sorted(
            found, key=lambda clause: (clause.max_points is None, clause.max_points or _NONE, clause.reference)
        )

    def measure(self, proposal: Proposal, check: StoredCheck) -> Measure | None:
        """Find the measure that a proposal rested on when it was made."""
        case, day = check.case, check.decision.decided_at.date()
        found = self.catalogue.applicable(case.matter, case.point, day)
        return next((measure for measure in found if measure.code == proposal.measure), None)


@dataclass(slots=True)
class _Sum:
    """What one entry comes to."""

    entered: Entered
    standing: Standing
    items: list[CreditItem] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    reasons: list[Words] = field(default_factory=list)

    def points(self, kind: CreditKind) -> Decimal:
        return sum((item.points or _NONE for item in self.items if item.kind == kind), _NONE)

    @property
    def priority(self) -> bool:
        return any(item.kind == "priority" for item in self.items)

    def withhold(
        self,
        kind: CreditKind,
        code: WithheldCode,
        reasons: Words,
        *,
        of: _Held | None = None,
        member: str | None = None,
    ) -> None:
        proposal = of.proposal if of else None
        self.withheld.append(
            Withheld(
                kind=kind,
                code=code,
                measure=proposal.measure if proposal else None,
                member=of.member if of else member,
                proposal_state=proposal.state if proposal and code == "state" else None,
                reasons=reasons,
            )
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """A proposal of a member, with its measure."""

    check: StoredCheck
    proposal: Proposal
    measure: Measure

    @property
    def member(self) -> str:
        return self.check.case.subject.name


def rows_of(question: Question, entered: Sequence[Entered]) -> tuple[RankingRow, ...]:
    """Rank entries before and after credit: by place, then who is excluded; their order of entry does not matter."""
    sums = [_summed(question, one) for one in sorted(entered, key=lambda one: one.entry.reference)]
    by_price = question.ranking.by == "price"

    def worth(one: _Sum) -> Decimal:
        return (one.entered.entry.price if by_price else one.entered.entry.score) or _NONE

    def final(one: _Sum) -> Decimal:
        return worth(one) if by_price else worth(one) + one.points("bonus") - one.points("deduction")

    sign = 1 if by_price else -1
    running = [one for one in sums if one.standing != "excluded"]
    before = _places({one.entered.entry.reference: (sign * worth(one),) for one in running})
    after = _places({one.entered.entry.reference: (sign * final(one), int(not one.priority)) for one in running})
    shared = Counter(after.values())
    rows = [
        _row(one, worth(one), final(one), before, after, tied=shared[after.get(one.entered.entry.reference, 0)] > 1)
        for one in sums
    ]
    return tuple(sorted(rows, key=lambda row: (row.rank_after is None, row.rank_after or 0, row.reference)))


def _places(keys: Mapping[str, tuple[Decimal | int, ...]]) -> dict[str, int]:
    """Give the place of each: one more than how many stand before it; equals share a place."""
    order = sorted(keys.values())
    first: dict[tuple[Decimal | int, ...], int] = {}
    for place, key in enumerate(order, start=1):
        first.setdefault(key, place)
    return {name: first[key] for name, key in keys.items()}


def _row(
    one: _Sum, base: Decimal, final: Decimal, before: Mapping[str, int], after: Mapping[str, int], *, tied: bool
) -> RankingRow:
    entry = one.entered.entry
    members = tuple(_member(check) for check in one.entered.checks)
    names = [subject.name for subject in one.entered.subjects]
    place = after.get(entry.reference)
    part = max((item.points or _NONE for item in one.items if item.kind == "deposit_reduction"), default=_NONE)
    return RankingRow(
        reference=entry.reference,
        name=entry.name or " + ".join(names) or entry.reference,
        members=members,
        standing=one.standing,
        base=base,
        items=tuple(one.items),
        withheld=tuple(one.withheld),
        bonus=one.points("bonus"),
        deduction=one.points("deduction"),
        final=final,
        rank_before=before.get(entry.reference),
        rank_after=place,
        tied=tied and place is not None,
        priority=one.priority,
        deposit=entry.deposit,
        deposit_due=entry.deposit * (1 - part) if entry.deposit is not None else None,
        reasons=Lines(zh=tuple(said.zh for said in one.reasons), en=tuple(said.en for said in one.reasons)),
    )


def _member(check: StoredCheck) -> RankedMember:
    case, decision = check.case, check.decision
    return RankedMember(
        name=case.subject.name,
        identifier=case.subject.masked,
        case_id=case.id,
        decision=decision.id,
        outcome=decision.outcome,
    )


def _summed(question: Question, entered: Entered) -> _Sum:
    one = _Sum(entered, _standing(question, entered))
    _say_standing(question, one)
    if one.standing == "excluded":
        return one
    _bonus(question, one)
    _deductions(question, one)
    _priority(question, one)
    _deposit(question, one)
    return one


def _blocks(check: StoredCheck) -> list[Proposal]:
    return [
        proposal
        for proposal in check.decision.proposals
        if proposal.kind == "restriction" and proposal.strength == "block" and proposal.effect_scope == "case"
    ]


def _standing(question: Question, entered: Entered) -> Standing:
    if not entered.checks:
        return "unchecked"
    if any(block.state in _LIVE for check in entered.checks for block in _blocks(check)):
        return "excluded"
    outcomes = {check.decision.outcome for check in entered.checks}
    if "undecided" in outcomes or any(_stale(question, check) for check in entered.checks):
        return "undecided"
    return "ranked" if outcomes == {"clear"} and not entered.unchecked and not entered.entry.doubts else "review"


def _stale(question: Question, check: StoredCheck) -> bool:
    return check.decision.valid_until < question.now


def _say_standing(question: Question, one: _Sum) -> None:
    checks = one.entered.checks
    one.reasons += one.entered.entry.doubts
    if not checks:
        one.reasons.append(
            Words(
                zh="没有核查，不等于没有问题；名次为暂定，核查前不得授予",
                en="not checked, which is not the same as nothing found; the place is for the time being, and nothing may be awarded before",
            )
        )
        return
    for check in checks:
        name = check.case.subject.name
        for block in _blocks(check):
            if block.state in _LIVE:
                one.reasons.append(block.reasons)
            else:
                why = _STATES[block.state]
                one.reasons.append(
                    Words(
                        zh=f"“{name}”的限制措施 {block.measure} 不执行：{why.zh}",
                        en=f"the restriction {block.measure} of “{name}” is not carried out: {why.en}",
                    )
                )
        if check.decision.outcome in {"undecided", "review"}:
            one.reasons += [
                Words(zh=zh, en=en)
                for zh, en in zip(check.decision.reasons.zh, check.decision.reasons.en, strict=False)
            ]
        if _stale(question, check):
            one.reasons.append(
                Words(
                    zh=f"“{name}”的核查已过有效期，请重新核查；名次为暂定",
                    en=f"the check of “{name}” has run out; check again. The place is for the time being",
                )
            )
    if one.standing == "excluded" and len(one.entered.subjects) > 1:
        rule = question.catalogue.scoring.get("consortium.exclusion")
        one.reasons += [rule.words] if rule else []
    if one.standing == "undecided":
        one.reasons.append(
            Words(
                zh="核查未决，不等于没有问题；名次为暂定",
                en="the check is undecided, which is not the same as nothing found; the place is for the time being",
            )
        )
    for partner in one.entered.unchecked:
        one.reasons.append(
            Words(
                zh=f"联合体成员“{partner.name}”没有单独的核查",
                en=f"the consortium member “{partner.name}” has no check of its own",
            )
        )


def _held(question: Question, checks: Iterable[StoredCheck], wanted: Callable[[Measure], bool]) -> Iterator[_Held]:
    for check in checks:
        for proposal in check.decision.proposals:
            measure = question.measure(proposal, check)
            if measure is not None and wanted(measure):
                yield _Held(check, proposal, measure)


def _counts(question: Question, one: _Sum, kind: CreditKind, held: _Held) -> bool:
    """Say whether a proposal counts as it stands; where it does not, write down why."""
    proposal = held.proposal
    if proposal.id in question.declined:
        reason = question.declined[proposal.id]
        one.withhold(
            kind,
            "committee",
            Words(zh=f"委员会不予采纳：{reason}", en=f"the committee does not accept it: {reason}"),
            of=held,
        )
        return False
    if proposal.state not in _LIVE:
        one.withhold(kind, "state", _STATES[proposal.state], of=held)
        return False
    if proposal.grounds and not any(held.check.carrying(ground) == "carries" for ground in proposal.grounds):
        one.withhold(kind, "not_current", _STATES["lifted"], of=held)
        return False
    return True


def _earned(question: Question, one: _Sum, kind: CreditKind, grants: str) -> dict[int, list[_Held]]:
    """Give what each check earns, by its place; a check out of date or undecided earns nothing."""
    found: dict[int, list[_Held]] = {}
    for place, check in enumerate(one.entered.checks):
        held = list(_held(question, [check], lambda measure: measure.grants == grants))
        found[place] = [each for each in held if _counts(question, one, kind, each)]
    return found


def _by_all(question: Question, one: _Sum, kind: CreditKind, earned: Mapping[int, Sequence[_Held]]) -> bool:
    """Say whether every member earns it: a consortium counts by its weakest member."""
    if not any(earned.values()):
        return False
    rule = question.catalogue.scoring.get("consortium.bonus")
    told = rule.words if rule else Words(zh="", en="")
    missing = [one.entered.checks[place].case.subject.name for place, held in earned.items() if not held]
    for name in missing:
        one.withhold(
            kind, "not_all_members",
            Words(zh=f"联合体成员“{name}”不符合条件；{told.zh}", en=f"the consortium member “{name}” does not earn it; {told.en}"),
            member=name,
        )  # fmt: skip
    for partner in one.entered.unchecked:
        one.withhold(
            kind, "member_unchecked",
            Words(zh=f"联合体成员“{partner.name}”没有单独的核查；{told.zh}", en=f"the consortium member “{partner.name}” has no check of its own; {told.en}"),
            member=partner.name,
        )  # fmt: skip
    return not missing and not one.entered.unchecked


def _unready(one: _Sum, kind: CreditKind) -> bool:
    """Write down that nothing is given to who was not checked; never show it as a bidder without findings."""
    if one.standing == "unchecked":
        one.withhold(kind, "unchecked", Words(zh="没有核查", en="not checked"))
    elif one.standing == "undecided":
        one.withhold(kind, "undecided", Words(zh="核查未决或者已过有效期", en="the check is undecided or has run out"))
    return one.standing in {"unchecked", "undecided"}


def _written_in(held: StoredCheck, clause: Clause) -> bool:
    clauses = held.case.tender.clauses if held.case.tender else ()
    return any((each.kind, each.reference) == (clause.kind, clause.reference) for each in clauses)


def _usable(question: Question, one: _Sum, kind: CreditKind) -> Clause | None:
    """Find the clause under which points are given, or write down why there is none."""
    clauses = question.clauses("credit_bonus")
    if not clauses:
        one.withhold(kind, "no_clause", _NO_CLAUSE)
    elif not any(attested(clause) for clause in clauses):
        one.withhold(kind, "no_attestation", _NO_ATTESTATION)
    elif kind == "bonus" and not any(attested(clause) and clause.max_points is not None for clause in clauses):
        one.withhold(kind, "no_cap", _NO_CAP)
    else:
        return next(c for c in clauses if attested(c) and (kind != "bonus" or c.max_points is not None))
    return None


def _bonus(question: Question, one: _Sum) -> None:
    if question.ranking.by == "price":
        one.withhold("bonus", "by_price", _BY_PRICE)
        return
    clause = _usable(question, one, "bonus")
    if clause is None or clause.max_points is None or _unready(one, "bonus"):
        return
    if not all(_written_in(check, clause) for check in one.entered.checks):
        one.withhold(
            "bonus", "checked_without_clause",
            Words(zh=f"核查时没有给出条款“{clause.reference}”，请带条款重新核查", en=f"the check was made without the clause “{clause.reference}”; check again with it"),
        )  # fmt: skip
        return
    told = len(one.withheld)
    earned = _earned(question, one, "bonus", "bonus")
    if not any(earned.values()):
        if len(one.withheld) == told:
            one.withhold("bonus", "not_met", _not_met(question, one, "bonus"))
        return
    if not _by_all(question, one, "bonus", earned):
        return

    def offered(held: _Held) -> Decimal:
        said = clause.points if clause.points is not None else held.measure.points_offered
        return said or _NONE

    totals = {place: sum(map(offered, held), _NONE) for place, held in earned.items()}
    weakest = min(totals, key=lambda place: (totals[place], one.entered.checks[place].case.subject.name))
    left = clause.max_points
    others = [each.proposal.id for place, held in earned.items() if place != weakest for each in held]
    for held in sorted(earned[weakest], key=lambda each: each.measure.code):
        points = min(offered(held), left)
        left -= points
        one.items.append(_item("bonus", held, clause, offered=offered(held), points=points, also=others))
        others = []


def _not_met(question: Question, one: _Sum, grants: str) -> Words:
    """Say which conditions are not met: those of the measures that grant it in this matter."""
    check = one.entered.checks[0]
    case, day = check.case, check.decision.decided_at.date()
    found = [m for m in question.catalogue.applicable(case.matter, case.point, day) if m.grants == grants]
    if not found:
        return Words(
            zh="措施清单在该事项、环节没有这项激励", en="the catalogue has no such incentive for this matter and point"
        )
    named = [condition(trigger, question.catalogue) for measure in found for trigger in measure.triggers]
    zh, en = "；或者".join(words.zh for words in named), "; or ".join(words.en for words in named)
    return Words(zh=f"不符合条件（须{zh}）", en=f"none of the conditions is met ({en})")


def _item(  # noqa: PLR0913  an item is made of all of these
    kind: CreditKind,
    held: _Held,
    clause: Clause | None,
    *,
    offered: Decimal | None = None,
    points: Decimal | None = None,
    grounds: Sequence[Ground] | None = None,
    also: Sequence[str] = (),
    reasons: Words | None = None,
) -> CreditItem:
    proposal = held.proposal
    rests = proposal.grounds if grounds is None else grounds
    named = {ground.list_code: ground.list_name for ground in rests if ground.list_code}
    capped = offered is not None and points is not None and points < offered
    why = reasons or proposal.reasons
    if capped and clause is not None:
        why = Words(
            zh=f"{why.zh}条款“{clause.reference}”的上限使 {plain(offered)} 分减为 {plain(points)} 分。",
            en=f"{why.en} The cap of the clause “{clause.reference}” leaves {plain(points)} of {plain(offered)} points.",
        )
    return CreditItem(
        kind=kind,
        measure=proposal.measure,
        name=proposal.name,
        member=held.member,
        proposals=(proposal.id, *also),
        list_codes=tuple(named),
        list_names=tuple(name for name in named.values() if name),
        records=tuple(f"{ground.source}/{ground.record_id}" for ground in rests),
        clause=clause.reference if clause else None,
        basis=proposal.basis,
        offered=offered,
        points=points,
        capped=capped,
        reasons=why,
    )


def plain(number: Decimal | None) -> str:
    """Write a number without exponent and without zeros that say nothing."""
    if number is None:
        return "—"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_deduction(measure: Measure) -> bool:
    needs = {each.clause for each in measure.requires if isinstance(each, OnClause)}
    return measure.kind == "restriction" and "credit_bonus" in needs


def _deductions(question: Question, one: _Sum) -> None:
    held = sorted(
        _held(question, one.entered.checks, _is_deduction),
        key=lambda each: (each.member, each.proposal.measure, each.proposal.id),
    )
    if not held:
        return
    if question.ranking.by == "price":
        one.withhold("deduction", "by_price", _BY_PRICE)
        return
    clause = _usable(question, one, "deduction")
    if clause is None:
        return
    caps = [each for each in question.clauses("credit_bonus") if attested(each) and each.max_deduction is not None]
    if not caps:
        one.withhold(
            "deduction", "no_deduction",
            Words(zh="条款没有载明减分及其上限（max_deduction），不予减分", en="the clause names no deduction and no cap of it (max_deduction), so nothing is deducted"),
        )  # fmt: skip
        return
    clause = min(caps, key=lambda each: (each.max_deduction or _NONE, each.reference))
    left = clause.max_deduction or _NONE
    told: set[object] = set()
    for each in held:
        if not _written_in(each.check, clause) or not _counts(question, one, "deduction", each):
            continue
        for ground in _grounds(question, one, each):
            key = (ground.authority, ground.doc_no) if ground.doc_no else (ground.source, ground.record_id)
            if key in told:
                continue
            told.add(key)
            offered = clause.deduction if clause.deduction is not None else each.measure.points_offered
            if offered is None:
                one.withhold(
                    "deduction",
                    "no_points",
                    Words(
                        zh="条款和清单均未载明分值（deduction）",
                        en="neither clause nor catalogue names the points (deduction)",
                    ),
                    of=each,
                )
                continue
            points = min(offered, left)
            left -= points
            one.items.append(_item("deduction", each, clause, offered=offered, points=points, grounds=[ground]))


def _grounds(question: Question, one: _Sum, held: _Held) -> Iterator[Ground]:
    """Give the records that may cost points: active, undisputed, matched by identifier, with a basis that holds here."""
    region = held.check.case.region or question.region
    if not any(basis.region is None or (region and within(region, basis.region)) for basis in held.proposal.basis):
        one.withhold(
            "deduction", "no_basis",
            Words(zh="所列依据均为其他地区的地方性规定，本地区不得据以减分", en="its bases are local rules of other regions; nothing may be deducted on them here"),
            of=held,
        )  # fmt: skip
        return
    for ground in sorted(held.proposal.grounds, key=lambda each: (each.source, each.record_id)):
        named = f"{ground.source}/{ground.record_id}"
        if ground.match != "identifier":
            one.withhold(
                "deduction",
                "name_only",
                Words(zh=f"记录 {named} 仅按名称匹配", en=f"the record {named} is matched by name only"),
                of=held,
            )
        elif ground.status != "active" or held.check.carrying(ground) != "carries":
            one.withhold(
                "deduction", "not_current",
                Words(zh=f"记录 {named} 被异议、已修复、到期或者撤销", en=f"the record {named} is disputed, repaired, over or revoked"),
                of=held,
            )  # fmt: skip
        elif not (ground.basis or ground.doc_no):
            one.withhold(
                "deduction",
                "no_basis",
                Words(zh=f"记录 {named} 没有认定依据和文号", en=f"the record {named} names neither basis nor document"),
                of=held,
            )
        else:
            yield ground


def _priority(question: Question, one: _Sum) -> None:
    if one.standing in {"unchecked", "undecided"}:
        return
    earned = _earned(question, one, "priority", "priority")
    allowed: dict[int, list[_Held]] = {place: [] for place in earned}
    clause = next((each for each in question.clauses("credit_bonus") if attested(each)), None)
    for place, several in earned.items():
        for held in several:
            needs = any(isinstance(each, OnClause) for each in held.measure.requires)
            if needs and (clause is None or not _written_in(held.check, clause)):
                lacking: WithheldCode = (
                    "no_attestation" if question.clauses("credit_bonus") and clause is None else "no_clause"
                )
                one.withhold(
                    "priority", lacking, _NO_ATTESTATION if lacking == "no_attestation" else _NO_CLAUSE, of=held
                )
            else:
                allowed[place].append(held)
    if any(allowed.values()) and _by_all(question, one, "priority", allowed):
        first = next(held for several in allowed.values() for held in several)
        also = [held.proposal.id for several in allowed.values() for held in several if held is not first]
        needs = any(isinstance(each, OnClause) for each in first.measure.requires)
        one.items.append(_item("priority", first, clause if needs else None, also=also))
    elif clause is not None and clause.tie_break:
        bonus = [item for item in one.items if item.kind == "bonus"]
        if bonus:
            one.items.append(
                bonus[0].model_copy(update={"kind": "priority", "offered": None, "points": None, "capped": False})
            )


def _deposit(question: Question, one: _Sum) -> None:
    clauses = question.clauses("deposit_reduction")
    if one.standing in {"unchecked", "undecided"} or (one.entered.entry.deposit is None and not clauses):
        return
    if not clauses:
        one.withhold(
            "deposit_reduction",
            "no_clause",
            Words(zh="招标文件没有保证金减免条款", en="the document has no clause on reducing the deposit"),
        )
        return
    usable = [each for each in clauses if attested(each)]
    if not usable:
        one.withhold("deposit_reduction", "no_attestation", _NO_ATTESTATION)
        return
    parts = [each for each in usable if each.proportion is not None]
    if not parts:
        one.withhold(
            "deposit_reduction",
            "no_proportion",
            Words(zh="条款没有载明减免比例（proportion）", en="the clause names no proportion"),
        )
        return
    clause = min(parts, key=lambda each: (each.proportion or _NONE, each.reference))
    told = len(one.withheld)
    earned = {
        place: [held for held in several if _written_in(held.check, clause)]
        for place, several in _earned(question, one, "deposit_reduction", "deposit_reduction").items()
    }
    if not any(earned.values()):
        if len(one.withheld) == told:
            one.withhold("deposit_reduction", "not_met", _not_met(question, one, "deposit_reduction"))
        return
    if _by_all(question, one, "deposit_reduction", earned):
        first, *others = (held for several in earned.values() for held in several)
        one.items.append(
            _item(
                "deposit_reduction", first, clause, points=clause.proportion, also=[held.proposal.id for held in others]
            )
        )


def summary(question: Question, rows: Sequence[RankingRow]) -> Lines:
    """Say what the committee should know of the whole."""
    said: list[Words] = []
    if not question.clauses("credit_bonus"):
        said.append(_NO_CLAUSE)
    excluded = sum(row.standing == "excluded" for row in rows)
    if excluded:
        said.append(
            Words(
                zh=f"{excluded} 个条目因限制措施不参加排序",
                en=f"entries not ranked because of a restriction: {excluded}",
            )
        )
    open_ = [row.reference for row in rows if row.standing in {"undecided", "unchecked"}]
    if open_:
        named = ", ".join(open_)
        said.append(
            Words(
                zh=f"核查不完整，名次为暂定：{named}",
                en=f"checks are missing or undecided, so the places are for the time being: {named}",
            )
        )
    tied = [row.reference for row in rows if row.tied]
    if tied:
        said.append(
            Words(
                zh=f"名次并列，由委员会决定：{', '.join(tied)}",
                en=f"share a place, for the committee to decide: {', '.join(tied)}",
            )
        )
    rule = question.catalogue.scoring.get("committee")
    said += [rule.words] if rule else []
    return Lines(zh=tuple(each.zh for each in said), en=tuple(each.en for each in said))


def settled_rows(rows: Sequence[RankingRow], order: Sequence[str] | None) -> tuple[RankingRow, ...]:
    """Write the places that the committee decided into the rows; without an *order* of its own those of the table."""
    if order is None:
        return tuple(row.model_copy(update={"decided_rank": row.rank_after}) for row in rows)
    place = {reference: number for number, reference in enumerate(order, start=1)}
    decided = [row.model_copy(update={"decided_rank": place.get(row.reference)}) for row in rows]
    return tuple(sorted(decided, key=lambda row: (row.decided_rank is None, row.decided_rank or 0, row.reference)))
