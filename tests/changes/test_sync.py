"""What a platform says has changed reaches open cases and past decisions. Each through both front doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import GateError, Response, SettleError
from tests.kit import OFFICER, USCC, case, record

if TYPE_CHECKING:
    from credit_check_sdk import Case, Decision
    from tests.kit import Door


def in_force(door: Door, sandbox: Any, **changes: Any) -> tuple[Case, Decision, str]:
    """Put a record in, check a case, and apply every measure."""
    number = sandbox.put_record(record(**changes))
    given = case()
    decision = door.check(given)
    assert decision.outcome == "restricted"
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    return given, decision, number


def states(door: Door, decision: Decision) -> set[str]:
    """Name the states in which the measures of a decision stand."""
    return {proposal.state for proposal in door.show(decision.id).decision.proposals}


def refusal(door: Door, given: Case, to: str = "grant") -> str:
    """Give the code with which the gate refuses, or nothing."""
    try:
        door.require(given, to=to)
    except GateError as error:
        return error.code
    return ""


def amendments(door: Door, sandbox: Any) -> list[dict[str, Any]]:
    """Deliver what waits, and give the amendments that arrived."""
    while door.relay().attempted:
        pass
    sent = [item["body"]["data"] for item in sandbox.received("feedback")["items"]]
    return [data for data in sent if data["kind"] == "amendment"]


def test_an_objection_suspends_a_measure_in_force_and_a_new_check_lets_pass(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    assert states(door, decision) == {"applied"}
    assert refusal(door, given) == "gate.blocked"
    sandbox.change(number, "objected")
    report = door.sync()
    assert (report.touched, report.failed) == (1, False)
    assert states(door, decision) == {"suspended"}
    assert refusal(door, given, "proceed") == "gate.changed"
    answer = Response(proposal=decision.proposals[0].id, answer="applied", reason="again")
    with pytest.raises(SettleError) as raised:
        door.settle(decision, [answer], operator=OFFICER)
    assert raised.value.code == "settle.suspended"
    sent = amendments(door, sandbox)
    original = {r.feedback for r in door.show(decision.id).responses}
    assert {data["amends"] for data in sent} == original
    assert {(data["state"], data["cause"], data["executed"]) for data in sent} == {("suspended", "objected", False)}
    assert refusal(door, given) == "gate.changed"
    again = door.check(given)
    assert again.outcome == "clear"
    door.settle(again, [Response(proposal=p.id, answer="applied") for p in again.proposals], operator=OFFICER) if (
        again.proposals
    ) else None
    assert refusal(door, given) == ""
    assert USCC not in str(report)
