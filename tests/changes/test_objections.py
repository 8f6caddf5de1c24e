"""Objections taken at the counter and the department's own doubts, to their answer. Each through both front doors."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import InputError, ObjectionDraft, Paper, Response, SettleError
from tests.changes.test_sync import amendments, in_force, refusal, settle, states
from tests.kit import OFFICER, OTHER, USCC, case, organisation, record, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Case, Decision
    from tests.kit import Door

CONTENT = "已缴纳罚款的收据".encode()
PAPER = Paper(name="收据.txt", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


def draft(given: Case, **more: Any) -> ObjectionDraft:
    """Make an objection to all on which the latest check rests."""
    return ObjectionDraft(
        case_id=given.id, point=given.point, operator=OFFICER, text="罚款已经撤销，记录不再成立", **more
    )


def forwarded(door: Door, sandbox: Any) -> list[dict[str, Any]]:
    """Deliver what waits, and give the objections that arrived."""
    while door.relay().attempted:
        pass
    return [item["body"]["data"] for item in sandbox.received("objections")["items"]]


def doubt(door: Door, decision: Decision) -> None:
    """Answer that the department doubts every record."""
    answers = [Response(proposal=p.id, answer="verifying", reason="与登记信息不符") for p in decision.proposals]
    door.settle(decision, answers, operator=OFFICER)


def test_an_objection_suspends_at_once_and_is_forwarded_with_its_papers(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    (taken,) = door.take_objection(draft(given, objector="李示例"), [(PAPER, CONTENT)])
    assert (taken.objection.source, taken.objection.record_id, taken.state) == ("municipal", number, "open")
    assert taken.objection.due_on is not None
    assert taken.objection.due_on > date.today()  # noqa: DTZ011  any zone's day will do
    assert states(door, decision) == {"suspended"}
    assert refusal(door, given, "proceed") == "gate.changed"
    (sent,) = forwarded(door, sandbox)
    assert (sent["kind"], sent["record_id"], sent["objection"]) == ("objection", number, taken.objection.id)
    whole = {**PAPER.model_dump(), "content": base64.b64encode(CONTENT).decode()}
    assert (sent["objector"], sent["papers"]) == ("李示例", [whole])
    assert sent["due_on"] == taken.objection.due_on.isoformat()
    assert {data["cause"] for data in amendments(door, sandbox)} == {"objection"}
    assert door.papers(taken.objection.id) == ((PAPER, CONTENT),)


def test_papers_travel_with_their_objection_whatever_is_tried_again(
    open_door: Callable[[Any], Door], config: Path, sandbox: Any
) -> None:
    config.write_text(config.read_text(encoding="utf-8") + '\n[relay]\nfirst_wait = "10ms"\n', encoding="utf-8")
    door = open_door(config)
    given, _, _ = in_force(door, sandbox)
    sandbox.faults([{"level": "municipal", "path": "/v1/objections", "kind": "lost_ack", "times": 1}])
    scan = b"%PDF-1.4 " + bytes(range(256)) * 4096
    second = Paper(name="扫描件.pdf", sha256=hashlib.sha256(scan).hexdigest(), size=len(scan))
    door.take_objection(draft(given), [(PAPER, CONTENT), (second, scan)])
    door.relay()

    def again() -> bool:
        door.relay()
        return set(door.outbox_status().counts) == {"delivered"}

    until(again)
    arrived = sandbox.received("objections")
    sandbox.faults([])
    (item,) = arrived["items"]
    assert (arrived["effects"], item["deliveries"] > 1) == (1, True), "the same content under the same key"
    sent = [base64.b64decode(paper["content"]) for paper in item["body"]["data"]["papers"]]
    assert sent == [CONTENT, scan]


def test_meanwhile_a_new_check_restricts_nobody_on_that_record(door: Door, sandbox: Any) -> None:
    """The platform has not marked the record yet; it is disputed here all the same."""
    given, _, number = in_force(door, sandbox)
    door.take_objection(draft(given))
    again = door.check(given)
    assert again.outcome == "clear"
    assert any(number in str(warning.detail) for warning in again.warnings)
    settle(door, again)
    assert refusal(door, given) == ""
    other = door.check(case())
    assert other.outcome == "clear", "the record is disputed, whichever file it touches"


def test_a_rejected_objection_restores_and_closes(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    (taken,) = door.take_objection(draft(given))
    sandbox.change(number, "objected")
    door.sync()
    assert door.objections(number=taken.objection.id)[0].state == "open"
    sandbox.change(number, "objection_rejected")
    report = door.sync()
    assert sum(one.answers for one in report.sources) == 1
    (closed,) = door.objections(case_id=given.id)
    assert (closed.state, closed.answer) == ("answered", "objection_rejected")
    assert states(door, decision) == {"applied"}
    assert door.check(given).outcome == "restricted"


def test_an_upheld_objection_rectifies(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    door.take_objection(draft(given))
    sandbox.change(number, "objection_upheld")
    door.sync()
    assert states(door, decision) == {"rectified"}
    assert {each.case_id for each in door.redress()} == {given.id}
    assert [each.answer for each in door.objections()] == ["objection_upheld"]


def test_a_withdrawn_objection_restores(door: Door, sandbox: Any) -> None:
    given, decision, _ = in_force(door, sandbox)
    (taken,) = door.take_objection(draft(given))
    closed = door.withdraw_objection(taken.objection.id, operator=OFFICER, reason="当事人撤回")
    assert (closed.state, states(door, decision)) == ("withdrawn", {"applied"})
    first, second = forwarded(door, sandbox)
    assert (second["amends"], second["cause"]) == (taken.objection.feedback, "objection_withdrawn")
    assert first["kind"] == second["kind"] == "objection"
    with pytest.raises(InputError) as raised:
        door.withdraw_objection(taken.objection.id, operator=OFFICER, reason="再次撤回")
    assert raised.value.code == "objection.closed"


def test_what_cannot_be_objected_to_is_refused_and_nothing_is_written(door: Door, sandbox: Any) -> None:
    fresh = case(organisation(OTHER, "广西示例建设有限公司"))
    with pytest.raises(InputError) as raised:
        door.take_objection(draft(fresh))
    assert raised.value.code == "objection.never_checked"
    door.check(fresh)
    with pytest.raises(InputError) as raised:
        door.take_objection(draft(fresh))
    assert raised.value.code == "objection.nothing_disputed"
    given, decision, _ = in_force(door, sandbox)
    for wrong in ({"records": ("R-none",)}, {"proposals": ("prop_none",)}):
        with pytest.raises(InputError) as raised:
            door.take_objection(draft(given, **wrong))
        assert raised.value.code == "objection.nothing_disputed"
    with pytest.raises(InputError) as raised:
        door.take_objection(draft(given), [(PAPER, b"something else")])
    assert raised.value.code == "objection.paper"
    assert states(door, decision) == {"applied"}
    door.take_objection(draft(given))
    with pytest.raises(InputError) as raised:
        door.take_objection(draft(given))
    assert raised.value.code == "objection.open"
    assert len(door.objections()) == 1
    assert USCC not in str(raised.value)


def test_verifying_suspends_the_measure_asks_the_provider_and_is_dated(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    doubt(door, decision)
    assert states(door, decision) == {"verifying"}
    (asked,) = door.objections(case_id=given.id)
    assert (asked.objection.kind, asked.objection.record_id, asked.state) == ("verifying", number, "open")
    assert asked.objection.due_on is not None
    (sent,) = forwarded(door, sandbox)
    assert (sent["kind"], sent["cause"], sent["reason"]) == ("objection", "verifying", "与登记信息不符")
    sandbox.change(number, "objection_rejected")
    door.sync()
    assert states(door, decision) == {"applied"}
    assert [each.state for each in door.objections()] == ["answered"]


def test_a_doubt_that_proves_right_ends_the_measure(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    doubt(door, decision)
    sandbox.change(number, "revoked")
    door.sync()
    assert states(door, decision) == {"lifted"}


def test_a_department_that_no_longer_doubts_applies_and_takes_its_question_back(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    decision = door.check(case())
    doubt(door, decision)
    settle(door, decision)
    assert states(door, decision) == {"applied"}
    assert {each.state for each in door.objections()} == {"withdrawn"}


def test_what_is_doubted_and_then_disputed_cannot_be_applied(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record(record_id="R-doubted"))
    decision = door.check(case())
    doubt(door, decision)
    sandbox.change("R-doubted", "objected")
    door.sync()
    with pytest.raises(SettleError) as raised:
        settle(door, decision)
    assert raised.value.code == "settle.suspended"


def test_what_is_overdue_is_listed(door: Door, sandbox: Any) -> None:
    given, _, _ = in_force(door, sandbox)
    (taken,) = door.take_objection(draft(given))
    due = taken.objection.due_on
    assert due is not None
    assert door.objections(states=("open",), due_before=due) == ()
    late = due + timedelta(days=1)
    assert door.objections(states=("open",), due_before=late) == (taken,)
    assert taken.overdue(late)
    assert not taken.overdue(due)
