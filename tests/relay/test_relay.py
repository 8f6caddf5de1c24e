"""Feedback: delivered once in effect, through failures. Each through both front doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk import Response
from tests.kit import OFFICER, case, faults, record, until

if TYPE_CHECKING:
    from tests.kit import Door


def settle_some(door: Door, sandbox: Any, files: int = 3) -> int:
    """Settle some restricted files; give how many answers were given."""
    sandbox.put_record(record())
    given = 0
    for _ in range(files):
        decision = door.check(case())
        answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
        door.settle(decision, answers, operator=OFFICER)
        given += len(answers)
    return given


def test_each_answer_makes_one_effect_however_often_the_relay_runs(door: Door, sandbox: Any) -> None:
    given = settle_some(door, sandbox)
    report = door.relay()
    assert (report.delivered, report.attempted) == (given, given)
    for _ in range(3):
        assert door.relay().attempted == 0
    received = sandbox.received("feedback")
    assert (received["total"], received["effects"]) == (given, given)
    data = received["items"][0]["body"]["data"]
    assert data["answer"] == "applied"
    assert data["measure"].startswith("R-")
    assert data["record_id"]


def test_a_platform_that_fails_gets_it_later_and_nothing_is_lost(door: Door, sandbox: Any) -> None:
    given = settle_some(door, sandbox, 1)
    with faults(sandbox, {"level": None, "path": "/v1/feedback", "kind": "status", "value": 503}):
        report = door.relay()
    assert (report.delivered, report.retried) == (0, given)
    status = door.outbox_status()
    assert status.counts == {"waiting": given}
    assert status.oldest_waiting is not None
    assert status.last_error
    assert all(row.next_at > row.created_at for row in door.outbox())


def test_a_lost_acknowledgement_makes_no_second_effect(door: Door, sandbox: Any) -> None:
    given = settle_some(door, sandbox, 1)
    with faults(sandbox, {"level": None, "path": "/v1/feedback", "kind": "lost_ack", "times": 1}):
        assert door.relay().retried == given

    def again() -> bool:
        door.relay()
        return not door.outbox_status().counts.get("waiting")

    until(again)
    received = sandbox.received("feedback")
    assert (received["total"], received["effects"]) == (given, given)
    assert {item["deliveries"] for item in received["items"]} == {2}
    assert door.outbox_status().counts == {"delivered": given}


def test_another_answer_is_reported_as_an_amendment_of_the_first(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    decision = door.check(case())
    first = door.settle(
        decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER
    )
    doubts = [Response(proposal=p.id, answer="verifying", reason="待核实") for p in decision.proposals]
    door.settle(decision, doubts, operator=OFFICER)
    while door.relay().attempted:
        pass
    sent = [item["body"]["data"] for item in sandbox.received("feedback")["items"]]
    amendments = [data for data in sent if data["kind"] == "amendment"]
    assert {data["amends"] for data in amendments} == set(first.feedback)
    assert {data["answer"] for data in amendments} == {"verifying"}


def test_statistics_add_up(door: Door, sandbox: Any) -> None:
    given = settle_some(door, sandbox, 2)
    door.relay()
    (row,) = door.statistics()
    assert (row.checks, row.cases, row.applied, row.feedback_delivered) == (2, 2, given, given)
    assert row.outcomes == {"restricted": 2}
    assert row.unanswered == 0
