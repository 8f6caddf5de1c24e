"""Each small rule by itself, at its edges: a wrong branch in any of them would wrong somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_sdk import (
    Answer,
    Case,
    Consultation,
    CreditReport,
    Operator,
    Party,
    Record,
    Subject,
    Words,
    catalogue,
)
from credit_check_sdk.core import stacking, weigh
from credit_check_sdk.core.clean import clean_years
from credit_check_sdk.core.comparing import comparison
from credit_check_sdk.core.standing import Seen, ended, fact_key, reaches_floor, running, standing, until
from credit_check_sdk.core.weigh import Concern, Finding, Heard, Support
from credit_check_sdk.model import ManualEvidence
from credit_check_sdk.model.measure import (
    Basis,
    Measure,
    NotExcluded,
    OnClause,
    OnCleanYears,
    OnDecision,
    OnList,
    OnMeasure,
    OnRating,
    OnRecord,
)
from tests.kit import OTHER, PERSON, USCC, case, organisation

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CATALOGUE = catalogue.load()
SUBJECT = organisation(USCC)
POLICY = CATALOGUE.policies["procurement.goods"].model_copy(update={"required": ("municipal",), "unknown": "clear"})
ME = Party(role="subject", subject=SUBJECT)
SERIOUS = CATALOGUE.measure("R-GP-01")


def record(**changes: Any) -> Record:
    made: dict[str, Any] = {
        "record_id": "r-1",
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "subject": SUBJECT,
        "authority": "甲局",
        "doc_no": "一号",
        "document_date": date(2026, 3, 1),
        "severity": "serious",
        "level": "municipal",
        "authority_level": "municipal",
        "list_until": date(2029, 3, 1),
    }
    return Record(**{**made, **changes})


def seen(found: Record | None = None, *, party: Party = ME, capacity: Any = "own", live: bool = True) -> Seen:
    return Seen(party, found or record(), "municipal", capacity, live)


def measure(base: Measure = SERIOUS, **changes: Any) -> Measure:
    return base.model_copy(update=changes)


def frame(*items: Seen, file: Case | None = None, policy: Any = POLICY, complete: bool = True) -> Any:
    return weigh._Frame(file or case(SUBJECT), ME, policy, TODAY, "451100", items, items, frozenset(), complete)


def heard(*records: Record, **more: Any) -> Heard:
    consultation = Consultation(
        source="municipal",
        as_of=NOW,
        fetched_at=NOW,
        request_id="r",
        digest="sha256:" + "0" * 64,
        answers=(Answer(subject=SUBJECT, known=True, records=records),),
    )
    return Heard("municipal", consultation, **more)


def weighed(*items: Heard) -> weigh.Verdict:
    return weigh.weigh(case(SUBJECT), POLICY, CATALOGUE, items, (), TODAY)


# What a record's status leaves it to carry


def carried(measure: Any, item: Any, within: Any) -> str | None:
    """Say how strongly a record carries a measure."""
    found = weigh._carries(measure, item, within, CATALOGUE)
    return found.strength if found is not None else None


@pytest.mark.parametrize(
    ("status", "hint", "none"),
    [
        ("active", "full", "full"),
        ("objected", "suspended", "suspended"),
        ("reconsidered", "suspended", "suspended"),
        ("temporarily_lifted", "suspended", "suspended"),
        ("repaired", "gone", "gone"),
        ("revoked", "gone", "gone"),
        ("expired", "gone", "gone"),
        ("publicity_ended", "hint", "gone"),
    ],
)
def test_what_each_status_carries(status: Any, hint: str, none: str) -> None:
    found = record(status=status)
    assert standing(found, POLICY.model_copy(update={"publicity_ended": "hint"})) == hint
    assert standing(found, POLICY.model_copy(update={"publicity_ended": "none"})) == none


@pytest.mark.parametrize("status", ["active", "objected", "repaired", "revoked", "expired", "publicity_ended"])
def test_days_end_the_publicity_of_an_active_record_only(status: Any) -> None:
    assert ended(status) == ("publicity_ended" if status == "active" else status)


@pytest.mark.parametrize("clock", ["ban_until", "list_until", "measure_until"])
def test_a_clock_runs_through_its_last_day(clock: str) -> None:
    none = {"ban_until": None, "list_until": None, "measure_until": None}
    assert not running(record(**none), TODAY)
    assert running(record(**{**none, clock: TODAY}), TODAY)
    assert running(record(**{**none, clock: TOMORROW}), TODAY)
    assert not running(record(**{**none, clock: YESTERDAY}), TODAY)
    assert not running(record(**none, publicity_until=TOMORROW), TODAY)


def test_two_records_are_of_one_fact_by_list_authority_document_and_subject() -> None:
    one = fact_key(record())
    assert one == fact_key(record(record_id="r-2", level="national", severity="general"))
    assert fact_key(record(doc_no=None)) is None
    for other in (
        {"list_code": "SAMR-YZ"},
        {"authority": "乙局"},
        {"doc_no": "二号"},
        {"subject": organisation(OTHER)},
    ):
        assert fact_key(record(**other)) != one
    without = record(list_code=None)
    assert fact_key(without) == fact_key(record(list_code=None, record_id="r-3"))
    assert fact_key(without) != fact_key(record(list_code=None, kind="penalty"))


@pytest.mark.parametrize(
    ("severity", "floor", "reaches"),
    [
        (None, None, True),
        (None, "general", False),
        ("minor", "general", False),
        ("general", "general", True),
        ("general", "serious", False),
        ("serious", "serious", True),
        ("serious", "general", True),
    ],
)
def test_severity_floors(severity: Any, floor: Any, reaches: bool) -> None:  # noqa: FBT001  a column of the table
    assert reaches_floor(record(severity=severity), floor) is reaches


def test_the_first_clock_that_the_period_names_ends_a_measure() -> None:
    several = record(ban_until=date(2027, 1, 1), list_until=date(2028, 1, 1), publicity_until=date(2029, 1, 1))
    period = SERIOUS.period
    for clocks, last in (
        (("ban", "list"), date(2027, 1, 1)),
        (("list", "ban"), date(2028, 1, 1)),
        (("measure", "publicity"), date(2029, 1, 1)),
    ):
        named = measure(period=period.model_copy(update={"clocks": clocks, "years": None}))
        assert until(several, named) == last
    years = measure(period=period.model_copy(update={"clocks": ("measure",), "years": 3}))
    assert until(record(document_date=date(2024, 2, 29)), years) == date(2027, 2, 28)
    assert until(record(document_date=None), years) is None
    shown = measure(period=period.model_copy(update={"clocks": ("publicity",), "years": None}))
    assert until(record(), shown, TOMORROW) == TOMORROW
    assert until(record(publicity_until=YESTERDAY), shown, TOMORROW) == YESTERDAY


# How strongly a record carries a measure


@pytest.mark.parametrize("status", ["objected", "reconsidered", "temporarily_lifted", "repaired", "revoked", "expired"])
def test_what_is_suspended_or_gone_carries_nothing(status: Any) -> None:
    item = seen(record(status=status))
    assert weigh._carries(SERIOUS, item, frame(item), CATALOGUE) is None


def test_only_what_was_read_just_now_and_is_uncontested_blocks() -> None:
    item, remembered = seen(), seen(live=False)
    assert carried(SERIOUS, item, frame(item)) == "block"
    assert carried(SERIOUS, remembered, frame(remembered)) == "hint"
    contested = replace(frame(item), contested=frozenset({id(item)}))
    assert carried(SERIOUS, item, contested) == "hint"
    info = measure(strength="info")
    assert carried(info, remembered, frame(remembered)) == "info", "never more than the measure"


@pytest.mark.parametrize("days", [(YESTERDAY, None), (TODAY, "block"), (TOMORROW, "block")])
def test_a_measure_lasts_through_its_last_day(days: tuple[date, Any]) -> None:
    last, strength = days
    item = seen(record(list_until=last, ban_until=last, measure_until=last, publicity_until=None))
    assert carried(SERIOUS, item, frame(item)) == strength


@pytest.mark.parametrize(("shown", "strength"), [(YESTERDAY, "hint"), (TODAY, "block"), (TOMORROW, "block")])
def test_publicity_that_is_over_by_the_days_leaves_a_hint(shown: date, strength: str) -> None:
    open_ended = measure(period=SERIOUS.period.model_copy(update={"clocks": (), "years": None}))
    item = seen(record(list_until=None, publicity_until=shown))
    assert carried(open_ended, item, frame(item)) == strength


def test_strength_is_limited_and_never_raised() -> None:
    for limit, given, expected in (
        ("hint", "block", "hint"),
        ("hint", "hint", "hint"),
        ("hint", "info", "info"),
        ("block", "hint", "hint"),
        ("info", "block", "info"),
    ):
        assert weigh._at_most(limit, given) == expected  # type: ignore[arg-type]  # texts of the table


@pytest.mark.parametrize(
    ("role", "capacity", "changes", "within"),
    [
        ("subject", "own", {}, True),
        ("subject", "name_only", {"responsible_reaches": True}, False),
        ("subject", "foreign", {"responsible_reaches": True}, False),
        ("subject", "responsible", {"responsible_reaches": True}, True),
        ("subject", "responsible", {"responsible_reaches": False}, False),
        ("shareholder", "own", {}, False),
        ("shareholder", "own", {"reach": ("subject", "shareholder")}, True),
        (
            "consortium_member",
            "own",
            {"triggers": (OnMeasure(measures=("R-GP-01",), roles=("consortium_member",)),)},
            True,
        ),
        ("shareholder", "own", {"triggers": (OnMeasure(measures=("R-GP-01",), roles=("consortium_member",)),)}, False),
    ],
)
def test_reach(role: Any, capacity: str, changes: dict[str, Any], *, within: bool) -> None:
    item = seen(party=Party(role=role, subject=SUBJECT), capacity=capacity)
    assert (
        weigh._within_reach(
            measure(reach=("subject",), **{k: v for k, v in changes.items() if k != "reach"})
            if "reach" not in changes
            else measure(**changes),
            item,
        )
        is within
    )


@pytest.mark.parametrize(
    ("trigger", "changes", "hit"),
    [
        (OnList(lists=("MOF-ZC",)), {}, True),
        (OnList(lists=("SAMR-YZ",)), {}, False),
        (OnList(lists=("MOF-ZC",), severity_floor="serious"), {}, True),
        (OnList(lists=("MOF-ZC",), severity_floor="serious"), {"severity": "general"}, False),
        (OnList(lists=("MOF-ZC",), severity_floor="general"), {"severity": None}, False),
        (OnDecision(decisions=("ban",)), {"decision_kind": "ban"}, True),
        (OnDecision(decisions=("ban",)), {"decision_kind": "fine"}, False),
        (
            OnDecision(decisions=("ban",), severity_floor="serious"),
            {"decision_kind": "ban", "severity": "general"},
            False,
        ),
        (OnRecord(kinds=("penalty",)), {"kind": "penalty"}, True),
        (OnRecord(kinds=("penalty",)), {"kind": "list"}, False),
        (OnRecord(kinds=("list",), polarity="positive"), {}, False),
        (OnRecord(kinds=("list",), severity_floor="serious"), {"severity": "general"}, False),
        (OnRating(grades=("差",)), {"kind": "rating", "grade": "差"}, False),
        (OnCleanYears(years=3), {}, False),
        (OnClause(clause="credit_bonus"), {}, False),
        (NotExcluded(), {}, False),
    ],
)
def test_triggers_of_restrictions(trigger: Any, changes: dict[str, Any], *, hit: bool) -> None:
    item = seen(record(**changes))
    assert weigh._triggers(trigger, SERIOUS, item, frame(item), CATALOGUE) is hit
    outside = seen(record(**changes), party=Party(role="shareholder", subject=SUBJECT))
    assert not weigh._triggers(trigger, SERIOUS, outside, frame(outside), CATALOGUE)


def test_a_hint_ends_when_the_measure_does() -> None:
    item = seen(record(status="publicity_ended", list_until=TOMORROW))
    found = weigh._carries(
        SERIOUS, item, frame(item, policy=POLICY.model_copy(update={"publicity_ended": "hint"})), CATALOGUE
    )
    assert found is not None
    assert (found.strength, found.until) == ("hint", TOMORROW)


def test_one_member_taints_by_a_measure_that_applies_here_only() -> None:
    member = Party(role="consortium_member", subject=SUBJECT)
    item = seen(party=member)
    by_measure = OnMeasure(measures=("R-GP-01",), roles=("consortium_member",))
    assert weigh._triggers(by_measure, SERIOUS, item, frame(item), CATALOGUE)
    elsewhere = frame(item, file=case(SUBJECT, matter="licence.food-production", point="accept"))
    assert not weigh._triggers(by_measure, SERIOUS, item, elsewhere, CATALOGUE)
    assert not weigh._triggers(by_measure, SERIOUS, seen(), frame(), CATALOGUE), "the subject is no member"
    asked: list[tuple[str, str, date]] = []

    class Asked:
        def applicable(self, *of: Any) -> tuple[Measure, ...]:
            asked.append(of)
            return ()

    assert not weigh._triggers(by_measure, SERIOUS, item, frame(item), cast("Any", Asked()))
    assert asked == [("procurement.goods", "evaluate", TODAY)], "of this matter, at this point, on this day"
    minor = seen(record(list_code="SAMR-YC"), party=member)
    assert not weigh._triggers(by_measure, SERIOUS, minor, frame(minor), CATALOGUE)


# Who counts as seen, and what the officer is told


@pytest.mark.parametrize(
    ("how", "live"),
    [({}, True), ({"stale": True}, False), ({"offline": True}, False), ({"remembered": frozenset({0})}, False)],
)
def test_what_was_read_just_now(how: dict[str, Any], *, live: bool) -> None:
    (item,) = weigh._see([ME], [heard(record(), **how)], CATALOGUE)
    assert item.live is live
    verdict = weighed(heard(record(), **how))
    assert verdict.outcome == ("restricted" if live else "review")


def test_where_the_evidence_comes_from_is_said_and_weighs_nothing() -> None:
    manual = ManualEvidence(
        id="m-1",
        case_id="c",
        point="evaluate",
        source="municipal",
        site="信用中国",
        queried_at=NOW,
        operator=Operator(id="u-1", department="d"),
        file="a.pdf",
        size=1,
        digest="sha256:" + "0" * 64,
        attached_at=NOW,
    )
    told = {
        Concern("evidence.stale", weighs=False).code: (heard(stale=True), {}),
        "evidence.offline": (heard(offline=True), {"source": "municipal", "as_of": "2026-11-23 12:00"}),
        "evidence.fallback": (heard(instead_of=("national",)), {"source": "municipal", "instead_of": "national"}),
        "evidence.manual": (
            heard(manual=manual),
            {
                "manual": "m-1",
                "source": "municipal",
                "site": "信用中国",
                "officer": "u-1",
                "queried_at": NOW.isoformat(),
                "file": "a.pdf",
            },
        ),
    }
    assert weighed(heard()).concerns == ()
    for code, (item, detail) in told.items():
        verdict = weighed(item)
        assert verdict.outcome == "clear"
        (concern,) = verdict.concerns
        assert (concern.code, concern.weighs, dict(concern.detail)) == (code, False, detail)


@pytest.mark.parametrize("broken", [True, False])
def test_who_broke_a_commitment_here_is_offered_no_deferral(*, broken: bool) -> None:
    missing = [{"code": "M07", "name": "营业执照复印件", "kind": "formal", "deferrable": True, "state": "missing"}]
    file = case(SUBJECT, matter="licence.food-production", point="accept", materials=missing)
    policy = CATALOGUE.policies["licence.food-production"].model_copy(
        update={"required": ("municipal",), "unknown": "clear"}
    )
    told: dict[str, Any] = {"broken": True} if broken else {}
    verdict = weigh.weigh(file, policy, CATALOGUE, [heard()], (), TODAY, **told)
    assert verdict.broken is broken, "who is not said to have broken one has not"
    assert ("I-02" in {finding.measure.code for finding in verdict.findings}) is not broken
    assert (verdict.outcome, verdict.excluded) == ("clear", False), "it takes away a convenience and nothing else"


def test_a_credit_report_that_stands_for_a_silent_source_asks_for_an_officer() -> None:
    report = CreditReport(
        issuer="示例征信有限公司", number="1", issued_on=YESTERDAY, grade="AA", digest="sha256:" + "0" * 64
    )
    verdict = weighed(heard(report=report))
    assert verdict.outcome == "review", "it clears nobody alone"
    (concern,) = verdict.concerns
    assert (concern.code, concern.weighs) == ("evidence.report", True)
    assert dict(concern.detail) == {"source": "municipal", "issuer": "示例征信有限公司"}


def test_the_index_finds_what_the_catalogue_has_however_often_it_is_asked() -> None:
    measures = CATALOGUE.applicable("procurement.goods", "evaluate", TODAY)
    first = weigh._index(measures)
    assert weigh._index(measures) is first, "made once"
    other = CATALOGUE.applicable("licence.food-production", "accept", TODAY)
    assert weigh._index(other) is not first
    assert weigh._index(measures).measures is measures
    no_list, listed, again = seen(record(list_code=None)), seen(), seen(record(record_id="r-2"))
    assert SERIOUS.code not in {measure.code for measure, _ in first.touched([no_list])}
    touching = {measure.code: found for measure, found in first.touched([no_list, listed, again])}
    assert touching[SERIOUS.code] == (listed, again), "those of its list, in their order"
    everything = [found for code, found in touching.items() if code != SERIOUS.code and no_list in found]
    assert everything, "what another trigger may find is looked at for every record"
    assert all(found == [no_list, listed, again] for found in everything)
    assert first.touched([]) == []


def test_disagreement_about_what_is_over_is_doubtful() -> None:
    gone, there = seen(record(status="repaired")), seen()
    over = Concern("record.levels_disagree", weighs=True, seen=(gone, there))
    still = Concern("record.levels_disagree", weighs=True, seen=(there,))
    other = Concern("record.overruled", weighs=False, seen=(gone,))
    assert weigh._doubtful([over]) == {id(gone), id(there)}
    assert weigh._doubtful([still, other]) == frozenset()


@pytest.mark.parametrize(
    ("where", "binding", "binds"),
    [
        ("451100", None, True),
        ("451100", "450000", True),
        ("451100", "451100", True),
        ("451102", "451100", True),
        ("450300", "451100", False),
        ("440000", "450000", False),
        ("411000", "410000", True),
        ("410000", "411000", False),
        ("421000", "411000", False),
        (None, "450000", False),
    ],
)
def test_a_local_document_binds_in_its_region(where: str | None, binding: str | None, *, binds: bool) -> None:
    basis = Basis.model_validate({**SERIOUS.basis[0].model_dump(mode="json"), "region": binding}, strict=False)
    assert weigh._binds(basis, where) is binds


# One measure instead of several


def finding(code: str = "R-A", *supports: Support, last: date | None = None, **changes: Any) -> Finding:
    strength = changes.pop("strength", "block")
    made = measure(code=code, group="g", stacking="strongest", **changes)
    return Finding(made, ME, strength, supports, last, region="451100")


def support(item: Seen, strength: Any = "block", last: date | None = None) -> Support:
    return Support(item, last, strength)


def test_of_a_group_the_strongest_stands_for_all() -> None:
    one, two, three = seen(), seen(record(record_id="r-2", doc_no="二号")), seen(record(record_id="r-3", doc_no="三号"))
    hint = finding("R-A", support(one, "hint"), strength="hint", last=TOMORROW)
    block = finding("R-C", support(two), support(one), last=TODAY)
    weaker = finding("R-B", support(one), support(three), last=YESTERDAY, force="recommended")
    for group in ([hint, block, weaker], [weaker, hint, block]):
        (kept,) = stacking.stacked(group)
        assert (kept.measure.code, kept.strength, kept.until) == ("R-C", "block", TODAY)
        assert [id(each.seen) for each in kept.supports].count(id(one)) == 1
        assert {id(each.seen) for each in kept.supports} == {id(one), id(two), id(three)}
        assert [each.code for each in kept.beside] == ["R-A", "R-B"]


def test_a_ground_stands_once_however_many_measures_it_carries() -> None:
    one, two, three = seen(), seen(record(record_id="r-2", doc_no="二号")), seen(record(record_id="r-3", doc_no="三号"))
    group = [
        finding("R-A", support(one)),
        finding("R-B", support(one), support(two)),
        finding("R-C", support(two), support(one), support(three)),
        finding("R-D", support(three), support(one)),
    ]
    (kept,) = stacking.stacked(group)
    assert [each.seen for each in kept.supports] == [one, two, three]


def test_without_an_end_lasts_longest() -> None:
    ends = finding("R-A", support(seen()), last=TOMORROW)
    stays = finding("R-B", support(seen()), last=None)
    (kept,) = stacking.stacked([ends, stays])
    assert (kept.measure.code, kept.until) == ("R-B", None)
    shorter = finding("R-A", support(seen()), last=TODAY)
    (kept,) = stacking.stacked([shorter, ends])
    assert kept.until == TOMORROW
    hint = finding("R-Z", support(seen()), strength="hint", last=None)
    (kept,) = stacking.stacked([hint, shorter])
    assert kept.until == TODAY, "what is weaker does not lengthen it"


def test_what_is_mandatory_comes_before_what_is_recommended_and_then_by_code() -> None:
    must = finding("R-Z", support(seen()), last=TODAY, force="mandatory")
    may = finding("R-A", support(seen()), last=TOMORROW, force="recommended")
    (kept,) = stacking.stacked([may, must])
    assert (kept.measure.code, kept.until) == ("R-Z", TOMORROW), "it lasts as long as the longest of its strength"
    same = finding("R-Y", support(seen()), last=TODAY, force="mandatory")
    assert stacking.stacked([must, same])[0].measure.code == "R-Y"


def test_others_stand_beside_one_another() -> None:
    alone = finding("R-A", support(seen()), last=TODAY)
    together = [
        Finding(measure(code="R-B", group="g", stacking="together"), ME, "block"),
        Finding(measure(code="R-C", group=None), ME, "block"),
        Finding(measure(code="R-D", group="g", stacking="strongest", effect_scope="party"), ME, "block"),
        Finding(measure(code="R-E", group="g", stacking="strongest"), Party(role="subject", subject=SUBJECT), "block"),
    ]
    assert [each.measure.code for each in stacking.stacked([alone, *together])] == ["R-A", "R-B", "R-C", "R-D", "R-E"]


def test_the_stronger_support_of_one_fact_is_kept() -> None:
    weak = Support(Seen(ME, record(), "a", "own", live=False), None, "hint")
    strong = Support(Seen(ME, record(record_id="r-9"), "z", "own", live=True), None, "block")
    assert weigh._one_ground_each([weak, strong]) == [strong]
    assert weigh._one_ground_each([strong, weak]) == [strong]
    other = Support(Seen(ME, record(record_id="r-5", doc_no="二号"), "a", "own", live=True), None, "block")
    assert weigh._one_ground_each([strong, other]) == [other, strong]


# What incentives hang on


def test_conditions_of_incentives() -> None:
    red = record(polarity="positive", list_code="CX-SF", severity=None)
    rated = record(kind="rating", grade="优", polarity="positive", list_code=None, severity=None)
    honoured = record(kind="honour", grade="优", polarity="positive", list_code=None, severity=None)
    for condition, found, holds in (
        (OnList(lists=("CX-SF",)), red, True),
        (OnList(lists=("WM-MF",)), red, False),
        (OnRating(grades=("优",)), rated, True),
        (OnRating(grades=("优",)), honoured, True),
        (OnRating(grades=("良",)), rated, False),
        (OnRating(grades=("优",)), red, False),
        (OnRecord(kinds=("honour",), polarity="positive"), honoured, True),
        (OnRecord(kinds=("rating",), polarity="positive"), honoured, False),
        (OnRecord(kinds=("honour",), polarity="negative"), honoured, False),
        (OnDecision(decisions=("ban",)), red, False),
        (OnMeasure(measures=("R-GP-01",), roles=("subject",)), red, False),
    ):
        assert weigh._holds(condition, ME, frame(seen(found))) is holds, condition


@pytest.mark.parametrize(
    ("changes", "how", "counts"),
    [
        ({}, {}, True),
        ({"list_until": TODAY}, {}, True),
        ({"list_until": YESTERDAY}, {}, False),
        ({"list_until": None}, {}, True),
        ({"status": "revoked"}, {}, False),
        ({"polarity": "negative"}, {}, False),
        ({}, {"capacity": "responsible"}, False),
        ({}, {"party": Party(role="legal_representative", subject=SUBJECT)}, False),
    ],
)
def test_only_ones_own_current_praise_counts(changes: dict[str, Any], how: dict[str, Any], *, counts: bool) -> None:
    praise = {"polarity": "positive", "list_code": "CX-SF", "severity": None}
    item = seen(record(**{**praise, **changes}), **how)
    last = seen(record(**praise, record_id="r-2"))
    condition = OnList(lists=("CX-SF",))
    assert weigh._favours(condition, ME, frame(item)) == ([item] if counts else [])
    assert weigh._favours(condition, ME, frame(item, last)) == ([item, last] if counts else [last]), (
        "the next one counts"
    )


def test_who_is_excluded_or_not_wholly_checked_earns_nothing() -> None:
    assert weigh._holds(NotExcluded(), ME, frame())
    assert not weigh._holds(NotExcluded(), ME, frame(), excluded=True)
    assert not weigh._holds(NotExcluded(), ME, frame(complete=False))
    assert not weigh._holds(NotExcluded(), ME, frame(complete=False), excluded=True)
    offer = measure(kind="incentive", strength="offer", triggers=(NotExcluded(),), requires=(), grants=None)
    assert [each.region for each in weigh._offer(offer, frame(), excluded=False)] == ["451100"]
    assert list(weigh._offer(offer, frame(), excluded=True)) == []
    assert list(weigh._offer(offer, frame(complete=False), excluded=False)) == []
    needs = measure(
        kind="incentive", strength="offer", triggers=(NotExcluded(),), requires=(NotExcluded(),), grants=None
    )
    assert len(list(weigh._offer(needs, frame(), excluded=False))) == 1
    listed = measure(
        kind="incentive", strength="offer", triggers=(NotExcluded(),), requires=(OnList(lists=("CX-SF",)),), grants=None
    )
    assert list(weigh._offer(listed, frame(), excluded=False)) == []
    praise = seen(record(polarity="positive", list_code="CX-SF", severity=None))
    assert len(list(weigh._offer(listed, frame(praise), excluded=False))) == 1
    by_list = measure(listed, triggers=(OnList(lists=("CX-SF",)),), requires=())
    assert len(list(weigh._offer(by_list, frame(praise), excluded=False))) == 1
    assert list(weigh._offer(by_list, frame(praise), excluded=True)) == []
    assert list(weigh._offer(by_list, frame(praise, complete=False), excluded=False)) == []


def test_an_offer_lasts_as_long_as_the_praise_and_says_the_clean_years() -> None:
    praise = [
        seen(
            record(
                polarity="positive",
                list_code="CX-SF",
                severity=None,
                record_id=f"r-{n}",
                doc_no=f"{n}号",
                list_until=day,
            )
        )
        for n, day in enumerate((TODAY, TOMORROW, None))
    ]
    listed = measure(kind="incentive", strength="offer", triggers=(OnList(lists=("CX-SF",)),), requires=(), grants=None)
    (offer,) = weigh._offer(listed, frame(*praise), excluded=False)
    assert (offer.until, offer.years_clean, len(offer.supports), offer.strength) == (TOMORROW, None, 3, "offer")
    founded = SUBJECT.model_copy(update={"founded_on": date(2015, 1, 1)})
    years = measure(kind="incentive", strength="offer", triggers=(OnCleanYears(years=3),), requires=(), grants=None)
    (offer,) = weigh._offer(years, frame(file=case(founded)), excluded=False)
    assert (offer.until, offer.years_clean) == (None, 3)


@pytest.mark.parametrize("capacity", ["own", "responsible"])
def test_own_records_and_those_that_name_one_count_in_the_clean_years(capacity: Any) -> None:
    file = case(SUBJECT.model_copy(update={"founded_on": date(2015, 1, 1)}))
    assert clean_years(file, POLICY, [], 3)
    assert not clean_years(file, POLICY, [seen(capacity=capacity)], 3)
    assert clean_years(file, POLICY, [seen(capacity="name_only"), seen(capacity="foreign")], 3)
    other = Party(role="shareholder", subject=SUBJECT)
    assert clean_years(file, POLICY, [seen(party=other, capacity=capacity)], 3)


@pytest.mark.parametrize(
    ("materials", "praised", "policy", "may"),
    [
        ((), False, "all_not_excluded", False),
        ((("formal", True),), False, "all_not_excluded", True),
        ((("formal", False),), False, "all_not_excluded", False),
        ((("substantive", True),), False, "all_not_excluded", False),
        ((("formal", True), ("substantive", True)), False, "all_not_excluded", False),
        ((("formal", True),), False, "listed_only", False),
        ((("formal", True),), True, "listed_only", True),
    ],
)
def test_who_may_hand_in_later(materials: Sequence[tuple[str, bool]], *, praised: bool, policy: str, may: bool) -> None:
    file = case(
        SUBJECT,
        materials=[
            {
                "code": f"M{n}",
                "name": "材料",
                "kind": kind,
                "deferrable": d,
                "state": "missing",
            }
            for n, (kind, d) in enumerate(materials)
        ],
    )
    for day, counts in ((TODAY, True), (TOMORROW, True), (None, True), (YESTERDAY, False)):
        items = [seen(record(polarity="positive", list_code="CX-SF", severity=None, list_until=day))] if praised else []
        made = frame(*items, file=file, policy=POLICY.model_copy(update={"deferral": policy}))
        assert weigh._may_defer(made) is (may and (counts or not praised))


# What an officer compares


def subject(*identifiers: tuple[str, str]) -> Subject:
    return Subject.model_validate(
        {
            "category": "organisation",
            "name": "甲",
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in identifiers],
        }
    )


def test_words_of_what_is_to_be_compared() -> None:
    near = USCC[:-1] + "3"
    assert comparison(subject(("cn-uscc", USCC)), subject()) == Words(
        zh="记录没有标识符", en="the record has no identifier"
    )
    assert comparison(subject(("cn-uscc", USCC)), subject(("cn-uscc", near))) == Words(
        zh="统一社会信用代码相近，第 18 位不同（本件 91451100********2F，记录 91451100********23），可能录入有误",
        en="the social credit codes are near: character 18 differs (the case 91451100********2F, the record "
        "91451100********23); one may be mistyped",
    )
    swapped = USCC[:-2] + "3" + USCC[-1]
    twice = swapped[:-1] + "4"
    assert "第 17、18 位不同" in comparison(subject(("cn-uscc", USCC)), subject(("cn-uscc", twice))).zh
    assert "character 17, 18 differs" in comparison(subject(("cn-uscc", USCC)), subject(("cn-uscc", twice))).en
    assert comparison(subject(("cn-uscc", USCC)), subject(("cn-uscc", OTHER))) == Words(
        zh="统一社会信用代码的号码不同（本件 91451100********2F，记录 91450000********7U）",
        en="the social credit codes differ (the case 91451100********2F, the record 91450000********7U)",
    )
    assert comparison(subject(), subject(("cn-uscc", USCC))) == Words(
        zh="本件为没有标识符，记录为统一社会信用代码 91451100********2F，种类不同，不能确定换算",
        en="the case has no identifier and the record has social credit code 91451100********2F; one cannot be told from "
        "the other for certain",
    )
    several = subject(("cn-resident-id", PERSON), ("passport", "X12345678"))
    found = comparison(several, subject(("cn-uscc", USCC), ("x-lei", "ABCDEFGH12345678")))
    assert found.zh.startswith("本件为公民身份号码 451102********0010、护照号码 X")
    assert "、x-lei 编号 " in found.zh
    assert found.en.startswith("the case has resident id 451102********0010, passport X")
    assert ", x-lei number " in found.en


# What the officer is told of whom


@pytest.mark.parametrize("capacity", ["own", "responsible"])
def test_what_is_suspended_is_told_of_its_party(capacity: Any) -> None:
    item = seen(record(status="objected"), capacity=capacity)
    assert list(weigh._suspended([item])) == [Concern("record.suspended", weighs=False, party=ME, seen=(item,))]
    others = [
        seen(record(status="objected"), capacity="name_only"),
        seen(record(status="objected", severity="minor")),
        seen(record(status="objected", polarity="positive")),
        seen(),
    ]
    assert list(weigh._suspended(others)) == []


@pytest.mark.parametrize("capacity", ["own", "responsible"])
def test_platforms_that_disagree_are_told_of_their_party(capacity: Any) -> None:
    def at(level: Any, status: Any, made_by: Any = "municipal", party: Party = ME) -> Seen:
        found = record(level=level, status=status, authority_level=made_by, record_id=f"{level}-{status}")
        return seen(found, party=party, capacity=capacity)

    there, gone = at("municipal", "active"), at("national", "repaired")
    assert list(weigh._disagreements([there, gone])) == [
        Concern("record.levels_disagree", weighs=True, party=ME, seen=(there, gone))
    ]
    doubted = at("national", "objected")
    assert list(weigh._disagreements([there, doubted])) == [
        Concern("record.overruled", weighs=False, party=ME, seen=(doubted,))
    ]
    unknown = [at("municipal", "expired", None), at("national", "objected", None)]
    (concern,) = weigh._disagreements(unknown)
    assert (concern.code, concern.weighs) == ("record.levels_disagree", False), "nobody says that it is active"
    boss = Party(role="legal_representative", subject=SUBJECT)
    assert list(weigh._disagreements([there, at("national", "repaired", party=boss)])) == [], "each party by itself"
    assert list(weigh._disagreements([there, at("national", "active")])) == []
    agreed = seen(record(doc_no="二号"), capacity=capacity)
    (concern,) = weigh._disagreements([agreed, agreed, there, gone])
    assert concern.seen == (there, gone), "one fact on which all agree hides no other"


def test_who_is_met_by_name_alone_is_told() -> None:
    named, foreign = seen(capacity="name_only"), seen(capacity="foreign")
    assert list(weigh._name_only([named, foreign, seen()])) == [
        Concern("match.name_only", weighs=True, party=ME, seen=(named,)),
        Concern("match.foreign", weighs=True, party=ME, seen=(foreign,)),
    ]
    idle = [seen(record(status="repaired"), capacity="name_only"), seen(record(severity="minor"), capacity="name_only")]
    assert list(weigh._name_only(idle)) == []


def test_who_goes_by_another_name_is_told_once_for_each_record() -> None:
    renamed = organisation(USCC, "贺州市新示例食品有限公司")
    one, two = seen(record(subject=renamed)), seen(record(subject=renamed, record_id="r-2"))
    findings = [
        Finding(SERIOUS, ME, "block", (support(one), support(two))),
        Finding(SERIOUS, ME, "block", (support(one),)),
    ]
    assert list(weigh._renamed(findings)) == [
        Concern("match.renamed", weighs=False, party=ME, seen=(one,)),
        Concern("match.renamed", weighs=False, party=ME, seen=(two,)),
    ]
    assert list(weigh._renamed([Finding(SERIOUS, ME, "block", (support(seen()),))])) == []


def _about(party: Party, *, known: bool) -> Consultation:
    answer = Answer(subject=party.subject, known=known)
    return heard().consultation.model_copy(update={"answers": (answer,)})


def test_doubts_about_who_somebody_is_are_told_of_each_party() -> None:
    nameless = Party(role="shareholder", subject=organisation(None))
    slipped = Party(role="agent", subject=organisation(USCC[:-1] + "3", "甲"))
    unknown = Consultation.made(
        source="municipal",
        as_of=NOW,
        fetched_at=NOW,
        request_id="r",
        digest="sha256:" + "0" * 64,
        answers=tuple(Answer(subject=party.subject, known=False) for party in (nameless, slipped, ME)),
    )
    found = list(weigh._identity([nameless, slipped, ME], [Heard("municipal", unknown)], POLICY))
    assert [(each.code, each.weighs, each.party) for each in found] == [
        ("subject.no_identifier", True, nameless),
        ("identifier.check_digit", False, slipped),
        ("subject.unknown", True, slipped),
        ("subject.unknown", False, ME),
    ]
    assert found[1].detail["scheme"] == "cn-uscc"
    known = heard()
    on_a_list = replace(known, offline=True)
    for said, told in (
        ([replace(on_a_list, consultation=_about(slipped, known=True))], [("subject.unknown", True, slipped)]),
        ([Heard("municipal", _about(slipped, known=True))], []),
        (
            [
                Heard("municipal", _about(slipped, known=True)),
                replace(on_a_list, consultation=_about(slipped, known=True)),
            ],
            [],
        ),
    ):
        doubts = [each for each in weigh._identity([slipped], said, POLICY) if each.code == "subject.unknown"]
        assert [(each.code, each.weighs, each.party) for each in doubts] == told
    assert not list(weigh._identity([ME], [on_a_list], POLICY)), (
        "a sound number that stands on no list is nobody's doubt"
    )
    strict = POLICY.model_copy(update={"unknown": "review"})
    assert next(iter(weigh._identity([ME], [Heard("municipal", unknown)], strict))).weighs


@pytest.mark.parametrize(
    ("strength", "scope", "excluded"),
    [
        ("block", "case", True),
        ("block", "facilitation", True),
        ("block", "party", False),
        ("hint", "case", False),
        ("hint", "facilitation", False),
    ],
)
def test_what_keeps_somebody_from_facilitation(
    strength: str, scope: str, *, excluded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Finding(measure(strength=strength, effect_scope=scope, group=None), ME, strength)  # type: ignore[arg-type]  # a column
    monkeypatch.setattr(weigh, "stacked", lambda _: [found])
    verdict = weighed(heard())
    assert verdict.excluded is excluded
    assert verdict.outcome == ("restricted" if (strength, scope) == ("block", "case") else "review")
