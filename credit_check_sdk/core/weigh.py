"""Weigh what the sources said against the catalogue. Pure: no I/O, no clock, no words.

The three rules that govern it: a silent required source never ends in clear; nobody is restricted without a current,
undisputed record matched by identifier, and a legal basis; and every finding keeps the records on which it rests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.clean import IDLE, clean_years
from credit_check_sdk.core.comparing import renamed
from credit_check_sdk.core.desk import local
from credit_check_sdk.core.fair import fair
from credit_check_sdk.core.stacking import STRENGTHS, stacked
from credit_check_sdk.core.standing import (
    Seen,
    capacity_of,
    counts_adversely,
    ended,
    fact_key,
    reaches_floor,
    running,
    standing,
    until,
)
from credit_check_sdk.model.measure import (
    SUSPENDED,
    NotExcluded,
    OnClause,
    OnCleanYears,
    OnDecision,
    OnList,
    OnMeasure,
    OnRating,
    OnRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.model import (
        Basis,
        Case,
        Consultation,
        CreditReport,
        Evidence,
        ManualEvidence,
        MatterPolicy,
        Measure,
        Outcome,
        Party,
        Record,
        Silence,
        Trigger,
    )

Strength = Literal["block", "hint", "info", "offer"]
_IDENTITY = frozenset(
    {
        "identifier.check_digit",
        "identifier.length",
        "identifier.alphabet",
        "identifier.birth_date",
        "identifier.placeholder",
    }
)
"""Doubts about an identifier that make *review* of a subject whom no platform knows."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one source said in this check."""

    source: str
    consultation: Consultation
    remembered: frozenset[int] = frozenset()
    """Positions of the answers that were remembered rather than read just now."""
    stale: bool = False
    """Whether a remembered answer stands in for a live one that failed."""
    offline: bool = False
    """Whether it comes from lists kept on this machine."""
    instead_of: tuple[str, ...] = ()
    """Silent sources for which it stands in, because the matter's policy says so."""
    manual: ManualEvidence | None = None
    """The evidence of a query made by hand that stands for the source's own answer."""
    report: CreditReport | None = None
    """The credit report that stands for it."""
    kept: dict[str, Evidence] = field(default_factory=dict, compare=False, repr=False)
    """What was made of it already, for those who use it again."""


@dataclass(frozen=True, slots=True)
class Support:
    """A record that carries a finding, and until when."""

    seen: Seen
    until: date | None
    strength: Strength


def _binds(basis: Basis, region: str | None) -> bool:
    """Say whether a document binds in *region*: a province's code ends in 0000, a city's in 00 (GB/T 2260)."""
    if basis.region is None:
        return True
    prefix = basis.region
    while prefix.endswith("00"):
        prefix = prefix[:-2]
    return region is not None and region.startswith(prefix)


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure that applies to a party."""

    measure: Measure
    party: Party
    strength: Strength
    supports: tuple[Support, ...] = ()
    until: date | None = None
    years_clean: int | None = None
    region: str | None = None
    """Region of the case: which local documents may be cited."""
    beside: tuple[Measure, ...] = ()
    """Measures to the same end that this one stands for."""

    @property
    def basis(self) -> tuple[Basis, ...]:
        """The legal basis that may be cited here: what binds a region is cited in that region only."""
        cited = dict.fromkeys(basis for measure in (self.measure, *self.beside) for basis in measure.basis)
        here = tuple(basis for basis in cited if _binds(basis, self.region))
        return here or tuple(cited)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that sends a case to review, or that the officer should know."""

    code: str
    weighs: bool
    """Whether it makes *review*."""
    party: Party | None = None
    seen: tuple[Seen, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What weighing came to."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    concerns: tuple[Concern, ...]
    silences: tuple[Silence, ...]
    excluded: bool
    """Whether something keeps the subject from facilitation."""
    complete: bool
    """Whether every required source answered."""
    broken: bool = False
    """Whether the subject broke a commitment here that is not repaired, so that it may promise nothing."""


def weigh(  # noqa: PLR0913  what is weighed, by what, when and where
    case: Case,
    policy: MatterPolicy,
    catalogue: Catalogue,
    heard: Sequence[Heard],
    silences: Sequence[Silence],
    today: date,
    *,
    region: str | None = None,
    broken: bool = False,
) -> Verdict:
    """Weigh a case. The order and number of records change nothing; *region* is that of the department.

    *broken* says that the subject broke a commitment here that is not repaired.
    """
    asked = asked_parties(case, policy)
    seen = tuple(_see(asked, heard, catalogue))
    concerns = [*_disagreements(seen), *_name_only(seen), *_suspended(seen), *_identity(asked, heard, policy)]
    contested = _those_in(concerns, "record.levels_disagree")
    overruled = _those_in(concerns, "record.overruled")
    complete = bool(heard) and not any(silence.required for silence in silences)
    adverse = tuple(item for item in seen if _may_carry(item, overruled))
    idle = overruled | _doubtful(concerns)
    counted = tuple(item for item in seen if id(item) not in idle)
    frame = _Frame(case, asked[0], policy, today, case.region or region, seen, counted, contested, complete, broken)

    index = _index(catalogue.applicable(case.matter, case.point, today))
    restrictions = stacked(
        finding
        for measure, touching in index.touched(adverse)
        for finding in _restrict(measure, touching, frame, catalogue)
    )
    excluded = any(f.strength == "block" and f.measure.effect_scope in {"case", "facilitation"} for f in restrictions)
    offers = [offer for measure in index.incentives for offer in _offer(measure, frame, excluded=excluded)]
    concerns += _renamed(restrictions)
    if any(item.stale for item in heard):
        concerns.append(Concern("evidence.stale", weighs=False))
    concerns += [
        Concern("evidence.offline", weighs=False, detail={"source": item.source, "as_of": _minute(item)})
        for item in heard
        if item.offline
    ]
    concerns += [
        Concern("evidence.fallback", weighs=False, detail={"source": item.source, "instead_of": name})
        for item in heard
        for name in item.instead_of
    ]
    concerns += [
        Concern("evidence.manual", weighs=False, detail=_by_hand(item.manual))
        for item in heard
        if item.manual is not None
    ]
    concerns += [
        Concern("evidence.report", weighs=True, detail={"source": item.source, "issuer": item.report.issuer})
        for item in heard
        if item.report is not None
    ]
    outcome = _outcome(restrictions, concerns, complete=complete)
    return Verdict(outcome, (*restrictions, *offers), tuple(concerns), tuple(silences), excluded, complete, broken)


def _by_hand(evidence: ManualEvidence) -> Mapping[str, str]:
    return {
        "manual": evidence.id,
        "source": evidence.source,
        "site": evidence.site,
        "officer": evidence.operator.id,
        "queried_at": evidence.queried_at.isoformat(),
        "file": evidence.file,
    }


def asked_parties(case: Case, policy: MatterPolicy) -> tuple[Party, ...]:
    """Name the parties that are asked about: the subject, and those in the roles that the policy names."""
    roles = {"subject", *policy.query_roles}
    return tuple(party for party in case.everybody if party.role in roles)


@dataclass(frozen=True, slots=True)
class _Frame:
    case: Case
    subject: Party
    policy: MatterPolicy
    today: date
    region: str | None
    seen: tuple[Seen, ...]
    counted: tuple[Seen, ...]
    """Those that may count in the clean years: a copy that its maker contradicts, or that is over elsewhere, does not."""
    contested: frozenset[int]
    """Records that platforms disagree on and that may not restrict."""
    complete: bool
    broken: bool = False


@dataclass(frozen=True, slots=True)
class _Index:
    """The measures of one matter and point, found by the lists that trigger them."""

    measures: Sequence[Measure]
    by_list: Mapping[str, frozenset[int]]
    others: frozenset[int]
    """Restrictions that something else than a list may trigger."""
    incentives: tuple[Measure, ...]

    def touched(self, adverse: Sequence[Seen]) -> list[tuple[Measure, Sequence[Seen]]]:
        """Give the restrictions that these records could trigger, in the catalogue's order, each with those records."""
        if not adverse:
            return []
        touching: dict[int, Sequence[Seen]] = {}
        for seen in adverse:
            for place in self.by_list.get(seen.record.list_code or "", ()):
                touching[place] = (*touching.get(place, ()), seen)
        touching.update(dict.fromkeys(self.others, adverse))
        return [(self.measures[place], touching[place]) for place in sorted(touching)]


_indexes: dict[int, _Index] = {}
_MOST_INDEXES = 512


def _index(measures: Sequence[Measure]) -> _Index:
    """Index measures once; the catalogue gives the same sequence for the same matter, point and day."""
    kept = _indexes.get(id(measures))
    if kept is not None and kept.measures is measures:
        return kept
    by_list: dict[str, set[int]] = {}
    others: set[int] = set()
    for place, measure in enumerate(measures):
        if measure.kind != "restriction":
            continue
        for trigger in measure.triggers:
            if isinstance(trigger, OnList):
                for code in trigger.lists:
                    by_list.setdefault(code, set()).add(place)
            else:
                others.add(place)
    made = _Index(
        measures,
        {code: frozenset(places) for code, places in by_list.items()},
        frozenset(others),
        tuple(measure for measure in measures if measure.kind == "incentive"),
    )
    if len(_indexes) >= _MOST_INDEXES:
        _indexes.clear()
    _indexes[id(measures)] = made
    return made


def _may_carry(seen: Seen, overruled: frozenset[int]) -> bool:
    return id(seen) not in overruled and seen.capacity in {"own", "responsible"} and counts_adversely(seen.record)


def _those_in(concerns: Iterable[Concern], code: str) -> frozenset[int]:
    return frozenset(id(item) for concern in concerns if concern.code == code for item in concern.seen)


def _minute(item: Heard) -> str:
    return local(item.consultation.as_of).isoformat(sep=" ", timespec="minutes")[:16]


def _doubtful(concerns: Iterable[Concern]) -> frozenset[int]:
    """Name records of facts that are over, or suspended, at one platform at least."""
    return frozenset(
        id(item)
        for concern in concerns
        if concern.code == "record.levels_disagree" and any(seen.record.status in IDLE for seen in concern.seen)
        for item in concern.seen
    )


def _see(asked: Sequence[Party], heard: Sequence[Heard], catalogue: Catalogue) -> Iterable[Seen]:
    for item in heard:
        for place, answer in enumerate(item.consultation.answers):
            if not answer.records:
                continue
            live = place not in item.remembered and not item.stale and not item.offline
            for party in asked:
                if party.subject is answer.subject or party.subject == answer.subject:
                    for record in answer.records:
                        known = _under_its_own_code(record, catalogue)
                        yield Seen(party, known, item.source, capacity_of(record, party), live)


def _under_its_own_code(record: Record, catalogue: Catalogue) -> Record:
    """Give a record that a platform lists under an older name of its list under the list's own code."""
    listed = catalogue.list_of(record.list_code) if record.list_code else None
    if listed is None or listed.code == record.list_code:
        return record
    return record.model_copy(update={"list_code": listed.code})


def _restrict(measure: Measure, touching: Iterable[Seen], frame: _Frame, catalogue: Catalogue) -> Iterable[Finding]:
    by_party: dict[int, tuple[Party, list[Support]]] = {}
    for seen in touching:
        support = _carries(measure, seen, frame, catalogue)
        if support is not None:
            by_party.setdefault(id(seen.party), (seen.party, []))[1].append(support)
    for party, supports in by_party.values():
        ordered = _one_ground_each(supports)
        strongest = max((support.strength for support in ordered), key=STRENGTHS.__getitem__)
        carrying = [support for support in ordered if support.strength == strongest]
        ends = [support.until for support in carrying]
        last = None if None in ends else max(day for day in ends if day is not None)
        if all(_holds(condition, party, frame) for condition in measure.requires):
            yield Finding(measure, party, strongest, tuple(ordered), last, region=frame.region)


def _one_ground_each(supports: list[Support]) -> list[Support]:
    """Keep the strongest support of each fact: two records of two sources about one fact are one ground."""
    if len(supports) == 1:
        return supports
    kept: dict[object, Support] = {}
    for support in sorted(supports, key=_support_order):
        key = fact_key(support.seen.record) or (support.seen.source, support.seen.record.record_id)
        kept.setdefault(key, support)
    return list(kept.values())


def _support_order(support: Support) -> tuple[object, ...]:
    record = support.seen.record
    return (-STRENGTHS[support.strength], support.seen.source, record.record_id)


def _carries(measure: Measure, seen: Seen, frame: _Frame, catalogue: Catalogue) -> Support | None:
    """Say how strongly one record carries *measure*, and until when; None where it does not."""
    record = seen.record
    if not _within_reach(measure, seen):
        return None
    if not any(_triggers(trigger, measure, seen, frame, catalogue) for trigger in measure.triggers):
        return None
    shown = record.publicity_until or _shown_until(record, catalogue)
    last = until(record, measure, shown)
    if last is not None and last < frame.today:
        # The until day itself still counts; a ban that is over no longer excludes (政府采购法实施条例 第十九条).
        return None
    if last is None and shown is not None and shown < frame.today and not running(record, frame.today):
        # 公示期满自动停止公示: nothing but publicity could end it, and the flag of a platform may lag behind the days.
        record = record.model_copy(update={"status": ended(record.status)})
    match standing(record, frame.policy):
        case "gone" | "suspended":
            return None
        case "hint":
            return Support(seen, last, _at_most("hint", measure.strength))
        case "full":
            # Only what the source itself says now may block; a record repaired or revoked at one level never does.
            shaky = not seen.live or id(seen) in frame.contested
            return Support(seen, last, _at_most("hint", measure.strength) if shaky else measure.strength)


def _shown_until(record: Record, catalogue: Catalogue) -> date | None:
    """Give the last day of publicity by the rules in force on the document's date (信用修复管理办法)."""
    shown = catalogue.publicity_of(record)
    return shown.longest if shown else None


def _at_most(limit: Strength, strength: Strength) -> Strength:
    return limit if STRENGTHS[strength] > STRENGTHS[limit] else strength


def _within_reach(measure: Measure, seen: Seen) -> bool:
    """A record reaches the case only in a role that the measure names, and only by identifier."""
    role = seen.party.role
    if role not in measure.reach and not any(
        role in trigger.roles for trigger in measure.triggers if isinstance(trigger, OnMeasure)
    ):
        return False
    if seen.capacity == "own":
        return True
    return seen.capacity == "responsible" and measure.responsible_reaches


def _triggers(trigger: Trigger, measure: Measure, seen: Seen, frame: _Frame, catalogue: Catalogue) -> bool:
    record = seen.record
    match trigger:
        case OnList():
            return (
                seen.party.role in measure.reach
                and record.list_code in trigger.lists
                and reaches_floor(record, trigger.severity_floor)
            )
        case OnDecision():
            return (
                seen.party.role in measure.reach
                and record.decision_kind in trigger.decisions
                and reaches_floor(record, trigger.severity_floor)
            )
        case OnRecord():
            return (
                seen.party.role in measure.reach
                and record.kind in trigger.kinds
                and record.polarity == trigger.polarity
                and reaches_floor(record, trigger.severity_floor)
            )
        case OnMeasure():
            if seen.party.role not in trigger.roles:
                return False
            # Only a measure that applies to this matter on this day can taint by way of another (采购 and 招标 differ).
            held = catalogue.applicable(frame.case.matter, frame.case.point, frame.today)
            others = (other for other in held if other.code in trigger.measures)
            return any(
                _triggers(inner, other.model_copy(update={"reach": (seen.party.role,)}), seen, frame, catalogue)
                for other in others
                for inner in other.triggers
                if not isinstance(inner, OnMeasure)
            )
        case OnRating() | OnCleanYears() | OnClause() | NotExcluded():
            return False


def _suspended(seen: Sequence[Seen]) -> Iterable[Concern]:
    """Name records whose measures are suspended; they leave *clear* by themselves."""
    for item in seen:
        if (
            item.record.status in SUSPENDED
            and counts_adversely(item.record)
            and item.capacity in {"own", "responsible"}
        ):
            yield Concern("record.suspended", weighs=False, party=item.party, seen=(item,))


def _disagreements(seen: Sequence[Seen]) -> Iterable[Concern]:
    """Find facts on which two sources disagree, and say which of them may not restrict.

    The authority that made the record prevails; where its level is unknown none does. A record repaired or revoked at
    either level never restricts.
    """
    groups: dict[tuple[object, ...], list[Seen]] = {}
    if len(seen) < 2:  # noqa: PLR2004  one disagrees with nobody
        return
    for item in seen:
        key = fact_key(item.record)
        if key is not None and item.capacity in {"own", "responsible"} and item.record.polarity == "negative":
            groups.setdefault((id(item.party), *key), []).append(item)
    for group in groups.values():
        statuses = {item.record.status for item in group}
        if len(statuses) < 2:  # noqa: PLR2004  two differ, one does not
            continue
        ended = statuses & {"repaired", "revoked"}
        prevailing = [item for item in group if item.record.authority_level == item.record.level and item.record.level]
        settled = len({item.record.status for item in prevailing}) == 1
        if ended or not settled:
            yield Concern(
                "record.levels_disagree", weighs="active" in statuses, party=group[0].party, seen=tuple(group)
            )
        else:
            status = prevailing[0].record.status
            losing = tuple(item for item in group if item.record.status != status)
            yield Concern("record.overruled", weighs=False, party=group[0].party, seen=losing)


def _name_only(seen: Sequence[Seen]) -> Iterable[Concern]:
    for item in seen:
        if item.capacity == "name_only" and counts_adversely(item.record) and item.record.status == "active":
            yield Concern("match.name_only", weighs=True, party=item.party, seen=(item,))
        elif item.capacity == "foreign":
            yield Concern("match.foreign", weighs=True, party=item.party, seen=(item,))


def _renamed(findings: Iterable[Finding]) -> Iterable[Concern]:
    """Name grounds that belong to a party by identifier and go by another name: the officer compares, the number decides."""
    told: set[int] = set()
    for finding in findings:
        for support in finding.supports:
            seen = support.seen
            if id(seen) not in told and renamed(seen.party.subject, seen.record.subject):
                told.add(id(seen))
                yield Concern("match.renamed", weighs=False, party=seen.party, seen=(seen,))


def _identity(asked: Sequence[Party], heard: Sequence[Heard], policy: MatterPolicy) -> Iterable[Concern]:
    for party in asked:
        doubts: list[str] = []
        for identifier in party.subject.identifiers:
            for finding in identifier.normalised.findings:
                doubts.append(finding.code)
                detail = {"scheme": identifier.scheme, **dict(finding.detail)}
                yield Concern(finding.code, weighs=False, party=party, detail=detail)
        if party.subject.primary is None:
            yield Concern("subject.no_identifier", weighs=True, party=party)
            continue
        answers = [(item, a) for item in heard for a in item.consultation.answers if a.subject == party.subject]
        doubtful = not _IDENTITY.isdisjoint(doubts)
        if answers and not any(answer.known for _, answer in answers):
            yield Concern("subject.unknown", weighs=doubtful or policy.unknown == "review", party=party)
        elif answers and doubtful and not any(answer.known and not item.offline for item, answer in answers):
            # A list kept here knows nobody but those on it: that a mistyped number stands on none says nothing.
            yield Concern("subject.unknown", weighs=True, party=party)


def _holds(condition: Trigger, party: Party, frame: _Frame, *, excluded: bool = False) -> bool:
    """Say whether a condition holds for the case; record triggers look at the party's own positive records."""
    match condition:
        case OnClause():
            tender = frame.case.tender
            return tender is not None and any(clause.kind == condition.clause for clause in tender.clauses)
        case NotExcluded():
            return frame.complete and not excluded
        case OnCleanYears():
            return frame.complete and clean_years(frame.case, frame.policy, frame.counted, condition.years)
        case OnList() | OnRating() | OnRecord():
            return bool(_favours(condition, party, frame))
        case OnDecision() | OnMeasure():
            return False


def _favours(condition: OnList | OnRating | OnRecord, party: Party, frame: _Frame) -> list[Seen]:
    """Find the party's own current positive records that meet a condition."""
    found = []
    for seen in frame.seen:
        record = seen.record
        if (
            seen.party is not party
            or seen.capacity != "own"
            or record.polarity != "positive"
            or record.status != "active"
        ):
            continue
        if record.list_until is not None and record.list_until < frame.today:
            continue
        if _meets(condition, record):
            found.append(seen)
    return found


def _meets(condition: OnList | OnRating | OnRecord, record: Record) -> bool:
    match condition:
        case OnList():
            return record.list_code in condition.lists
        case OnRating():
            return record.kind in {"rating", "honour"} and record.grade in condition.grades
        case OnRecord():
            return record.kind in condition.kinds and condition.polarity == "positive"


def _offer(measure: Measure, frame: _Frame, *, excluded: bool) -> Iterable[Finding]:
    party = frame.subject
    if excluded or not frame.complete:
        # Stacking: a restriction suppresses the incentives of the same file; and what was not checked earns nothing.
        return
    if not all(_holds(condition, party, frame, excluded=excluded) for condition in measure.requires):
        return
    if not fair(frame.case, measure) or (measure.grants == "deferral" and not _may_defer(frame)):
        return
    supports: list[Support] = []
    years: int | None = None
    met = False
    for trigger in measure.triggers:
        if isinstance(trigger, OnList | OnRating | OnRecord):
            favours = _favours(trigger, party, frame)
            supports += [Support(seen, seen.record.list_until, "offer") for seen in favours]
            met = met or bool(favours)
        elif _holds(trigger, party, frame, excluded=excluded):
            met = True
            years = trigger.years if isinstance(trigger, OnCleanYears) else years
    if met:
        ends = [support.until for support in supports if support.until is not None]
        last = max(ends, default=None)
        yield Finding(measure, party, "offer", tuple(_one_ground_each(supports)), last, years, frame.region)


def _may_defer(frame: _Frame) -> bool:
    """Say whether something is missing, all of it formal and deferrable, and the matter lets this subject defer it.

    容缺受理: 实质性要件不留死角, 形式性要件可容缺; open to all who are not excluded, or to listed ones only (DB45/T 2433-2021).
    """
    missing = [material for material in frame.case.materials if material.state == "missing"]
    if (
        frame.broken
        or not missing
        or any(material.kind == "substantive" or not material.deferrable for material in missing)
    ):
        return False
    praised = any(
        seen.party is frame.subject and seen.capacity == "own" and seen.record.polarity == "positive"
        and seen.record.status == "active" and not (seen.record.list_until and seen.record.list_until < frame.today)
        for seen in frame.seen
    )  # fmt: skip
    return praised or frame.policy.deferral == "all_not_excluded"


def _outcome(restrictions: Sequence[Finding], concerns: Sequence[Concern], *, complete: bool) -> Outcome:
    """Apply the precedence restricted > undecided > review > clear."""
    if any(f.strength == "block" and f.measure.effect_scope == "case" for f in restrictions):
        return "restricted"
    if not complete:
        return "undecided"
    if any(f.strength in {"block", "hint"} for f in restrictions) or any(concern.weighs for concern in concerns):
        return "review"
    return "clear"
