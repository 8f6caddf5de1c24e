"""What holds for every set of records: nobody is treated more harshly for what may not count, and order is nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from credit_check_sdk import Answer, Case, Consultation, Record, Silence, Words, catalogue
from credit_check_sdk.core.weigh import Heard, Verdict, weigh
from tests.kit import USCC, case, organisation

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CATALOGUE = catalogue.load()
HARSHNESS = {"clear": 0, "review": 1, "undecided": 2, "restricted": 3}
SUBJECT = organisation(USCC)
SERIOUS = [entry.code for entry in CATALOGUE.lists if entry.polarity == "negative"]
DAYS = st.none() | st.dates(TODAY - timedelta(days=900), TODAY + timedelta(days=900))


@st.composite
def records(draw: st.DrawFn, /, **fixed: Any) -> Record:
    """Draw a record against the subject."""
    drawn: dict[str, Any] = {
        "record_id": draw(st.uuids().map(str)),
        "list_code": draw(st.sampled_from(SERIOUS)),
        "kind": "list",
        "polarity": "negative",
        "subject": SUBJECT,
        "authority": draw(st.sampled_from(["甲局", "乙局"])),
        "doc_no": draw(st.none() | st.sampled_from(["一号", "二号", "三号"])),
        "document_date": draw(DAYS),
        "severity": draw(st.sampled_from([None, "minor", "general", "serious"])),
        "status": draw(
            st.sampled_from(
                [
                    "active",
                    "objected",
                    "reconsidered",
                    "repaired",
                    "expired",
                    "revoked",
                    "temporarily_lifted",
                    "publicity_ended",
                ]
            )
        ),
        "match": "identifier",
        "level": "municipal",
        "authority_level": draw(st.sampled_from([None, "municipal", "national"])),
        "publicity_until": draw(DAYS),
        "list_until": draw(DAYS),
        "ban_until": draw(DAYS),
    }
    return Record(**{**drawn, **fixed})


def verdict(found: list[Record], *, silences: tuple[Silence, ...] = (), file: Case | None = None) -> Verdict:
    """Weigh records as one source gave them just now."""
    file = file or case(SUBJECT)
    answer = Answer(subject=SUBJECT, known=True, records=tuple(found))
    consultation = Consultation(
        source="municipal", as_of=NOW, fetched_at=NOW, request_id="r", digest="sha256:" + "0" * 64, answers=(answer,)
    )
    policy = CATALOGUE.policies[file.matter].model_copy(update={"required": ("municipal",), "unknown": "clear"})
    return weigh(file, policy, CATALOGUE, [Heard("municipal", consultation)], silences, TODAY)


def signature(found: Verdict) -> Any:
    """Give what a verdict comes to, whatever the order of its parts."""
    findings = {(f.measure.code, f.party.role, f.strength, f.until) for f in found.findings}
    return found.outcome, findings, {(c.code, c.weighs) for c in found.concerns}


@settings(max_examples=150, deadline=None)
@given(st.lists(records(), max_size=4), st.permutations(range(4)))
def test_order_and_repetition_of_records_change_nothing(found: list[Record], order: list[int]) -> None:
    shuffled = [found[place] for place in order if place < len(found)]
    assert signature(verdict(found)) == signature(verdict(shuffled))
    assert signature(verdict(found)) == signature(verdict(found + found))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(records(), max_size=3),
    st.one_of(
        records(status="repaired", doc_no=None),
        records(status="expired", doc_no=None),
        records(status="revoked", doc_no=None),
        records(status="objected", doc_no=None),
        records(severity="minor", doc_no=None),
    ),
)
def test_a_record_that_may_not_count_never_makes_it_harsher(found: list[Record], idle: Record) -> None:
    before, after = verdict(found), verdict([*found, idle])
    assert HARSHNESS[after.outcome] <= HARSHNESS[before.outcome]
    blocks = {f.measure.code for f in after.findings if f.strength == "block"}
    assert blocks <= {f.measure.code for f in before.findings if f.strength == "block"}


@settings(max_examples=150, deadline=None)
@given(st.lists(records(doc_no=None), min_size=1, max_size=4), st.data())
def test_taking_an_adverse_record_away_never_makes_it_harsher(found: list[Record], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    fewer = found[:place] + found[place + 1 :]
    assert HARSHNESS[verdict(fewer).outcome] <= HARSHNESS[verdict(found).outcome]


@settings(max_examples=80, deadline=None)
@given(st.lists(records(match="name_only"), max_size=3))
def test_a_name_alone_never_restricts(found: list[Record]) -> None:
    come = verdict(found)
    assert come.outcome in {"clear", "review"}
    assert not [finding for finding in come.findings if finding.measure.kind == "restriction"]


@settings(max_examples=80, deadline=None)
@given(st.lists(records(), max_size=3))
def test_silence_of_a_required_source_never_ends_in_clear_or_in_an_offer(found: list[Record]) -> None:
    silence = Silence(source="national", required=True, code="source.unreachable", detail=Words(zh="无", en="none"))
    come = verdict(found, silences=(silence,))
    assert come.outcome in {"undecided", "restricted"}
    assert not [finding for finding in come.findings if finding.measure.kind == "incentive"]


@settings(max_examples=80, deadline=None)
@given(st.lists(records(), max_size=4))
def test_only_a_current_undisputed_record_with_a_basis_blocks(found: list[Record]) -> None:
    for finding in verdict(found).findings:
        if finding.strength != "block":
            continue
        assert finding.measure.basis
        carrying = [support.seen for support in finding.supports if support.strength == "block"]
        assert carrying
        for seen in carrying:
            assert seen.record.status == "active"
            assert seen.record.severity != "minor"
            assert seen.capacity in {"own", "responsible"}
            assert seen.live
            assert finding.until is None or finding.until >= TODAY


def test_a_record_repaired_at_one_level_never_restricts_at_another() -> None:
    fixed: dict[str, Any] = {
        "list_code": "SAMR-YZ", "kind": "list", "polarity": "negative", "subject": SUBJECT, "authority": "甲局", "doc_no": "一号",
        "severity": "serious", "list_until": date(2029, 1, 1),
    }  # fmt: skip
    active = Record(record_id="a", level="municipal", authority_level="municipal", status="active", **fixed)
    repaired = Record(record_id="b", level="national", authority_level="municipal", status="repaired", **fixed)
    assert verdict([active]).outcome == "restricted"
    come = verdict([active, repaired])
    assert come.outcome == "review"
    assert "record.levels_disagree" in {concern.code for concern in come.concerns}


def test_the_platform_of_the_authority_that_made_the_record_prevails() -> None:
    fixed: dict[str, Any] = {
        "list_code": "SAMR-YZ", "kind": "list", "polarity": "negative", "subject": SUBJECT, "authority": "甲局", "doc_no": "一号",
        "severity": "serious", "list_until": date(2029, 1, 1), "authority_level": "municipal",
    }  # fmt: skip
    there = Record(record_id="a", level="municipal", status="objected", **fixed)
    elsewhere = Record(record_id="b", level="national", status="active", **fixed)
    assert verdict([there, elsewhere]).outcome == "clear"
    there, elsewhere = (
        there.model_copy(update={"status": "active"}),
        elsewhere.model_copy(update={"status": "objected"}),
    )
    assert verdict([there, elsewhere]).outcome == "restricted"
    unknown = {"authority_level": None}
    assert verdict([there.model_copy(update=unknown), elsewhere.model_copy(update=unknown)]).outcome == "review"


def test_an_older_name_of_a_list_is_the_list() -> None:
    old = Record(
        record_id="a", list_code="政府采购严重违法失信行为记录名单", polarity="negative", subject=SUBJECT, authority="甲局",
        severity="serious", list_until=date(2029, 1, 1),
    )  # fmt: skip
    assert "R-GP-01" in {finding.measure.code for finding in verdict([old]).findings}


def test_what_binds_another_region_is_not_cited_here() -> None:
    hit = Record(
        record_id="a", list_code="SAMR-YZ", polarity="negative", subject=SUBJECT, authority="甲局", severity="serious",
        list_until=date(2029, 1, 1),
    )  # fmt: skip
    file = case(SUBJECT, matter="licence.food-production", point="decide", region="451100")
    findings = verdict([hit], file=file).findings
    assert findings
    for finding in findings:
        assert {basis.region for basis in finding.basis} <= {
            None,
            "45",
            "4511",
            "451100",
        } or finding.basis == finding.measure.basis
