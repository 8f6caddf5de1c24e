"""Settling and the gate: what is refused, and what passes. Each through both front doors."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from credit_check_sdk import (
    Case,
    Decision,
    GateError,
    InputError,
    Response,
    SettleError,
    Settlement,
    TransactionError,
)
from tests.kit import OFFICER, OTHER, USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door


def answers(decision: Decision, answer: Any = "applied", reason: str | None = None) -> list[Response]:
    """Answer every proposal alike."""
    return [Response(proposal=p.id, answer=answer, reason=reason) for p in decision.proposals]


def refusal(door: Door, which: Case | str, **options: Any) -> str:
    """Ask the gate, and give the code of its refusal."""
    with pytest.raises(GateError) as refused:
        door.require(which, **options)
    assert refused.value.exit_code == 20
    assert refused.value.remedy_zh
    assert refused.value.remedy_en
    return refused.value.code


@pytest.fixture
def restricted(door: Door, sandbox: Any) -> tuple[Case, Decision]:
    """Give a case that is restricted, and its decision."""
    sandbox.put_record(record())
    file = case()
    return file, door.check(file)


def test_a_case_that_was_never_checked_does_not_pass(door: Door) -> None:
    assert refusal(door, case()) == "gate.never_checked"


def test_a_clear_case_passes_to_every_step(door: Door) -> None:
    file = case()
    decision = door.check(file)
    for step in ("proceed", "grant", "refuse"):
        assert door.require(file, to=step).decision == decision.id
    assert door.require(file.id, point="evaluate").passed


def test_a_restricted_case_waits_for_the_officer_and_is_then_not_granted(
    door: Door, restricted: tuple[Case, Decision]
) -> None:
    file, decision = restricted
    assert refusal(door, file) == "gate.unsettled"
    settled = door.settle(decision, answers(decision), operator=OFFICER)
    assert settled.settled
    assert len(settled.feedback) == len(decision.proposals)
    assert door.require(file).passed
    assert door.require(file, to="refuse").passed
    assert refusal(door, file, to="grant") == "gate.blocked"


def test_a_doubted_record_suspends_the_measure(door: Door, restricted: tuple[Case, Decision]) -> None:
    file, decision = restricted
    door.settle(decision, answers(decision, "verifying", "文书号对不上"), operator=OFFICER)
    assert door.require(file, to="grant").passed


def test_a_part_may_be_answered_now_and_the_rest_later(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    sandbox.put_record(record(list_code="MOF-ZC", doc_no="桂财采〔2026〕3号", level="national"))
    file = case()
    decision = door.check(file)
    first, *rest = answers(decision)
    assert rest
    assert not door.settle(decision, [first], operator=OFFICER).settled
    assert refusal(door, file) == "gate.unsettled"
    assert door.settle(decision, rest, operator=OFFICER).settled


def test_the_same_answer_again_does_nothing_and_another_is_an_amendment(
    door: Door, restricted: tuple[Case, Decision]
) -> None:
    file, decision = restricted
    given = answers(decision)
    first = door.settle(decision, given, operator=OFFICER)
    assert door.settle(decision, given, operator=OFFICER).feedback == ()
    second = door.settle(decision, answers(decision, "verifying", "待核实"), operator=OFFICER)
    assert len(second.feedback) == len(first.feedback)
    stored = door.latest(file.id, "evaluate")
    assert stored is not None
    assert len(stored.responses) == 2 * len(decision.proposals)


def test_a_mandatory_measure_cannot_be_set_aside(door: Door, restricted: tuple[Case, Decision]) -> None:
    file, decision = restricted
    with pytest.raises(SettleError) as refused:
        door.settle(decision, answers(decision, "set_aside", "情况特殊"), operator=OFFICER)
    assert refused.value.code == "settle.mandatory"
    assert refusal(door, file) == "gate.unsettled"


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_an_answer_without_a_reason_is_refused(
    door: Door, restricted: tuple[Case, Decision], reason: str | None
) -> None:
    _, decision = restricted
    with pytest.raises(SettleError) as refused:
        door.settle(decision, answers(decision, "verifying", reason), operator=OFFICER)
    assert refused.value.code == "settle.reason_missing"


def test_nothing_is_written_when_one_answer_of_several_is_wrong(door: Door, restricted: tuple[Case, Decision]) -> None:
    file, decision = restricted
    wrong = [*answers(decision), Response(proposal="prop_unheard-of", answer="applied")]
    with pytest.raises(SettleError) as refused:
        door.settle(decision, wrong, operator=OFFICER)
    assert refused.value.code == "settle.unknown_proposal"
    stored = door.latest(file.id, "evaluate")
    assert stored is not None
    assert stored.responses == ()
    assert door.outbox() == ()


def test_a_case_that_was_never_checked_cannot_be_settled(door: Door) -> None:
    settlement = Settlement(
        case_id="unheard-of", point="evaluate", operator=OFFICER, responses=(Response(proposal="p", answer="applied"),)
    )
    with pytest.raises(SettleError) as refused:
        door.settle(settlement)
    assert refused.value.code == "settle.never_checked"


def test_an_undecided_case_does_not_pass(door: Door, sandbox: Any) -> None:
    file = case()
    with faults(sandbox, {"level": None, "path": None, "kind": "status", "value": 500}):
        door.check(file)
    for step in ("proceed", "grant", "refuse"):
        assert refusal(door, file, to=step) == "gate.undecided"


def test_other_parties_than_those_checked_do_not_pass(door: Door) -> None:
    file = case()
    door.check(file)
    member = {"role": "consortium_member", "subject": organisation(OTHER, "广西示例建设有限公司")}
    changed = case(id=file.id, parties=[member])
    assert refusal(door, changed) == "gate.parties_changed"
    assert refusal(door, case(organisation(OTHER, "广西示例建设有限公司"), id=file.id)) == "gate.parties_changed"
    assert door.require(file).passed


def test_an_old_check_does_not_pass(open_door: Callable[..., Door], config: Path) -> None:
    config.write_text(
        config.read_text().replace(
            '[matters."procurement.goods"]',
            '[matters."procurement.goods"]\nfresh_for = "500ms"\nfresh_at = {evaluate = "500ms"}',
        )
    )
    door = open_door(config)
    file = case()
    door.check(file)
    time.sleep(0.7)
    assert refusal(door, file) == "gate.stale"


def test_a_clock_that_is_set_back_makes_no_check_fresh(door: Door) -> None:
    checked = case()
    door.check(checked)
    for back in (timedelta(hours=1), timedelta(days=400)):
        with time_machine.travel(datetime.now(UTC) - back, tick=True), pytest.raises(GateError) as refused:
            door.require(checked)
        assert refused.value.code == "gate.stale"
    assert door.require(checked)


def test_a_check_under_other_rules_does_not_pass(open_door: Callable[..., Door], config: Path) -> None:
    file = case()
    open_door(config).check(file)
    config.write_text(config.read_text().replace('unknown = "clear"', 'unknown = "review"'))
    assert refusal(open_door(config), file) == "gate.catalogue_changed"


def test_a_production_client_refuses_a_sandbox_check(open_door: Callable[..., Door], config: Path) -> None:
    file = case()
    open_door(config).check(file)
    config.write_text(config.read_text().replace('environment = "sandbox"', 'environment = "production"'))
    assert refusal(open_door(config), file) == "gate.environment"


def test_a_receipt_of_another_ring_does_not_hold(open_door: Callable[..., Door], config: Path) -> None:
    file = case()
    open_door(config).check(file)
    ring = config.parent / "keys" / "ring.json"
    data = json.loads(ring.read_text())
    data["receipt"][0]["revoked"] = True
    ring.write_text(json.dumps(data))
    assert refusal(open_door(config), file) == "gate.receipt_invalid"


def test_a_number_without_its_point_is_refused(door: Door) -> None:
    with pytest.raises(InputError):
        door.require("T-1")


def test_the_record_rolls_back_and_commits_with_the_host(
    config: Path, sandbox: Any, open_door: Callable[..., Door]
) -> None:
    door = open_door(config)
    if door.kind == "async":
        pytest.skip("a sqlite3 connection belongs to the thread that made it; SQLAlchemy's are tested with the ledger")
    sandbox.put_record(record())
    host = sqlite3.connect(config.parent / "credit-check.db")
    host.execute("CREATE TABLE file (id TEXT)")
    host.commit()
    lost, kept = case(), case()
    host.execute("INSERT INTO file VALUES ('lost')")
    decision = door.check(lost, transaction=host)
    door.settle(decision, answers(decision), operator=OFFICER, transaction=host)
    host.rollback()
    assert door.latest(lost.id, "evaluate") is None
    assert door.outbox() == ()
    host.execute("INSERT INTO file VALUES ('kept')")
    decision = door.check(kept, transaction=host)
    door.settle(decision, answers(decision), operator=OFFICER, transaction=host)
    assert door.require(kept, transaction=host).passed
    host.commit()
    assert door.latest(kept.id, "evaluate") is not None
    assert len(door.outbox()) == len(decision.proposals)
    assert host.execute("SELECT id FROM file").fetchall() == [("kept",)]
    audit = sqlite3.connect(config.parent / "credit-check-audit.db")
    asked = audit.execute("SELECT DISTINCT case_id FROM credit_query").fetchall()
    assert {row[0] for row in asked} == {lost.id, kept.id}, "the queries did happen, also of the case rolled back"
    host.close()
    audit.close()


def test_a_connection_in_autocommit_or_to_another_database_is_refused(
    config: Path, open_door: Callable[..., Door], tmp_path: Path
) -> None:
    door = open_door(config)
    if door.kind == "async":
        pytest.skip("a sqlite3 connection belongs to the thread that made it")
    with pytest.raises(TransactionError, match="autocommit"):
        door.check(case(), transaction=sqlite3.connect(config.parent / "credit-check.db", isolation_level=None))
    with pytest.raises(TransactionError, match="another database"):
        door.check(case(), transaction=sqlite3.connect(tmp_path / "other.db"))
    with pytest.raises(TransactionError):
        door.check(case(), transaction=object())


def test_no_identifier_is_readable_in_the_databases(config: Path, sandbox: Any, open_door: Callable[..., Door]) -> None:
    sandbox.put_record(record())
    door = open_door(config)
    file = case()
    decision = door.check(file)
    door.settle(decision, answers(decision), operator=OFFICER)
    for path in config.parent.glob("*.db*"):
        assert USCC.encode() not in path.read_bytes(), path.name
