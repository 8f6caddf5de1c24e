"""What a check comes to: found, disputed, over, unknown, silent. Each through both front doors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CaseError
from tests.kit import OTHER, PERSON, USCC, case, faults, measures, organisation, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door


def test_nothing_found_is_clear_and_says_who_answered(door: Door) -> None:
    decision = door.check(case())
    assert decision.outcome == "clear"
    assert {evidence.source for evidence in decision.evidences} == {"municipal", "regional", "national", "enterprise"}
    assert not decision.silences
    assert decision.environment == "sandbox"
    assert decision.receipt


def test_a_serious_listing_restricts_with_grounds_and_basis(door: Door, sandbox: Any) -> None:
    number = sandbox.put_record(record())
    decision = door.check(case())
    assert decision.outcome == "restricted"
    proposal = next(p for p in decision.proposals if p.measure == "R-SAMR-01")
    assert proposal.strength == "block"
    assert proposal.grounds[0].record_id == number
    assert proposal.grounds[0].match == "identifier"
    assert proposal.grounds[0].confirmed_live_at is not None
    assert {basis.level for basis in proposal.basis} & {"law", "regulation", "central_policy"}
    assert proposal.until is not None
    for words in (proposal.reasons.zh, proposal.reasons.en):
        assert "贺市监罚〔2026〕1号" in words
        assert USCC not in words
    assert "第十八条" in proposal.reasons.zh
    assert len(decision.reasons.zh) == len(decision.reasons.en) > 1


@pytest.mark.parametrize("status", ["repaired", "revoked", "expired"])
def test_a_record_that_is_over_never_counts(door: Door, sandbox: Any, status: str) -> None:
    sandbox.put_record(record(status=status))
    decision = door.check(case())
    assert decision.outcome == "clear"
    assert not measures(decision)


@pytest.mark.parametrize("status", ["objected", "reconsidered", "temporarily_lifted"])
def test_a_suspended_record_leaves_clear_with_a_warning_that_names_it(door: Door, sandbox: Any, status: str) -> None:
    number = sandbox.put_record(record(status=status))
    decision = door.check(case())
    assert decision.outcome == "clear"
    warning = next(w for w in decision.warnings if w.code == "record.suspended")
    assert warning.detail["records"] == [number]


def test_a_minor_record_never_counts(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record(severity="minor"))
    assert door.check(case()).outcome == "clear"


def test_the_until_day_still_counts_and_the_next_does_not(door: Door, sandbox: Any) -> None:
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    number = sandbox.put_record(record(list_until=today.isoformat()))
    assert door.check(case()).outcome == "restricted"
    sandbox.put_record(record(record_id=number, list_until=(today - timedelta(days=1)).isoformat()))
    assert door.check(case()).outcome == "clear"


def test_a_name_alone_is_review_and_never_a_restriction(door: Door, sandbox: Any) -> None:
    nameless = {"category": "organisation", "name": "贺州市示例食品有限公司", "identifiers": []}
    sandbox.put_record(record(subject=nameless))
    decision = door.check(case())
    assert decision.outcome == "review"
    assert not [p for p in decision.proposals if p.kind == "restriction"]
    assert "match.name_only" in {w.code for w in decision.warnings}


def test_a_subject_without_identifier_is_review(door: Door) -> None:
    decision = door.check(case(organisation(None, "没有代码的公司")))
    assert decision.outcome == "review"
    assert "subject.no_identifier" in {w.code for w in decision.warnings}


def test_a_placeholder_is_nobodys_identifier(door: Door, sandbox: Any) -> None:
    nobody = "00000000000000000X"
    named = {"category": "organisation", "name": "甲公司", "identifiers": [{"scheme": "cn-uscc", "value": nobody}]}
    sandbox.put_record(record(subject=named))
    decision = door.check(case(organisation(nobody, "乙公司")))
    assert decision.outcome == "review"
    assert not [p for p in decision.proposals if p.kind == "restriction"]
    assert "identifier.placeholder" in {w.code for w in decision.warnings}


def test_one_bad_member_taints_the_consortium(door: Door, sandbox: Any) -> None:
    other = {
        "category": "organisation",
        "name": "广西示例建设有限公司",
        "identifiers": [{"scheme": "cn-uscc", "value": OTHER}],
    }
    sandbox.put_record(record(subject=other, list_code="MOF-ZC"))
    member = {"role": "consortium_member", "subject": organisation(OTHER, "广西示例建设有限公司")}
    decision = door.check(case(parties=[member]))
    assert decision.outcome == "restricted"
    assert "R-GP-02" in measures(decision)


def test_a_persons_record_does_not_touch_the_company_by_itself(door: Door, sandbox: Any) -> None:
    person = {"category": "person", "name": "张示例", "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}]}
    sandbox.put_record(record(subject=person, list_code="SXBZXR"))
    decision = door.check(case(parties=[{"role": "legal_representative", "subject": person}]))
    assert decision.outcome != "restricted"


def test_a_required_source_that_is_silent_leaves_it_undecided_and_is_named(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": "national", "path": "/v1/checks", "kind": "status", "value": 500}):
        decision = door.check(case())
    assert decision.outcome == "undecided"
    assert [(s.source, s.required) for s in decision.silences] == [("national", True)]
    assert any("national" in line for line in decision.reasons.zh)
    assert any("national" in line for line in decision.reasons.en)


def test_an_advisory_source_that_is_silent_is_shown_and_blocks_nothing(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": "enterprise", "path": None, "kind": "status", "value": 503}):
        decision = door.check(case())
    assert decision.outcome == "clear"
    assert [(s.source, s.required) for s in decision.silences] == [("enterprise", False)]


def test_a_hit_restricts_even_while_a_required_source_is_silent(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    with faults(sandbox, {"level": "national", "path": None, "kind": "garbage"}):
        decision = door.check(case())
    assert decision.outcome == "restricted"
    assert [s.source for s in decision.silences] == ["national"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "value": 500},
        {"kind": "status", "value": 429, "retry_after": 1},
        {"kind": "status", "value": 302},
        {"kind": "garbage"},
        {"kind": "empty"},
        {"kind": "truncate"},
        {"kind": "disconnect"},
        {"kind": "wrong_subject"},
        {"kind": "stale_as_of", "value": 9999},
        {"kind": "clock_skew", "value": 999999},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('value', '')}",
)
def test_no_way_of_failing_looks_like_having_found_nothing(door: Door, sandbox: Any, fault: dict[str, Any]) -> None:
    sandbox.put_record(record(level="national"))
    with faults(sandbox, {"level": None, "path": "/v1/checks", **fault}):
        decision = door.check(case())
    assert decision.outcome == "undecided"
    assert {s.source for s in decision.silences if s.required} == {"municipal", "national"}
    assert not decision.evidences
    said = decision.model_dump_json()
    assert USCC not in said


def test_a_platform_that_is_not_there_leaves_it_undecided(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    text = config.read_text().replace(sandbox.url, "http://127.0.0.1:9")
    config.write_text(text)
    decision = open_door(config).check(case())
    assert decision.outcome == "undecided"
    assert {s.code for s in decision.silences} == {"source.unreachable"}


def test_a_slow_platform_is_silent_after_its_budget(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    config.write_text(config.read_text().replace('budget = "3s"', 'budget = "300ms"'))
    door = open_door(config)
    with faults(sandbox, {"level": "national", "path": None, "kind": "latency", "value": 1.5}):
        decision = door.check(case())
    assert decision.outcome == "undecided"
    assert [s.code for s in decision.silences] == ["source.timeout"]


def test_without_configuration_there_is_no_source_and_everything_is_undecided(
    open_door: Callable[..., Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    decision = open_door(None).check(case())
    assert decision.outcome == "undecided"
    assert {s.code for s in decision.silences} == {"source.not_configured"}


def test_an_unknown_matter_or_point_is_refused_and_nothing_leaves_the_machine(door: Door) -> None:
    with pytest.raises(CaseError) as unknown:
        door.check(case(matter="licence.unheard-of", point="accept"))
    assert unknown.value.code == "case.unknown_matter"
    with pytest.raises(CaseError) as point:
        door.check(case(point="disburse"))
    assert point.value.code == "case.unknown_point"


def test_a_clean_answer_is_remembered_and_an_adverse_one_is_asked_again(door: Door, sandbox: Any) -> None:
    assert not any(e.from_memory for e in door.check(case()).evidences)
    again = door.check(case())
    assert all(e.from_memory for e in again.evidences)
    assert again.outcome == "clear"
    other = organisation(OTHER, "广西示例建设有限公司")
    sandbox.put_record(record(subject=other.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})))
    for _ in range(2):
        decision = door.check(case(other))
        assert decision.outcome == "restricted"
        assert not next(e for e in decision.evidences if e.source == "municipal").from_memory


def test_another_decision_point_asks_anew(door: Door, sandbox: Any) -> None:
    assert door.check(case(matter="subsidy.enterprise", point="apply")).outcome == "clear"
    sandbox.put_record(record(list_code="MOHRSS-NMG"))
    assert door.check(case(matter="subsidy.enterprise", point="disburse")).outcome == "restricted"


def test_a_check_that_is_not_recorded_has_no_receipt_and_the_ledger_does_not_know_it(door: Door) -> None:
    dry = case()
    decision = door.check(dry, record=False)
    assert decision.receipt is None
    assert door.latest(dry.id, dry.point) is None


def test_many_cases_come_back_in_order(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    cases = [case(organisation(OTHER, "广西示例建设有限公司") if n % 3 else None) for n in range(20)]
    decisions = door.many(cases)
    assert [d.case_id for d in decisions] == [c.id for c in cases]
    assert [d.outcome for d in decisions] == ["clear" if n % 3 else "restricted" for n in range(20)]


def test_the_error_of_one_case_stands_in_its_place(door: Door) -> None:
    cases = [case(), case(matter="nothing.known", point="evaluate"), case()]
    found = door.many(cases, errors="yield")
    assert [type(f).__name__ for f in found] == ["Decision", "CaseError", "Decision"]
