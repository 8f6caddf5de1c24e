"""What the clock moves: a statement window that is over, a last day that has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk.catalogue.letters import Letters
from credit_check_sdk.core.change import sync
from credit_check_sdk.core.check import check
from credit_check_sdk.core.gate import require
from credit_check_sdk.core.settle import settle
from credit_check_sdk.errors import GateError
from credit_check_sdk.model import Case, Response, Settlement
from credit_check_sdk.testing import FakeCalendar
from credit_check_sdk.testing.conformance import FIRM
from tests.changes.test_properties import BEGIN, PLACES, Office, told
from tests.kit import OFFICER, PURPOSE

if TYPE_CHECKING:
    from credit_check_sdk import Decision

PLACE = PLACES[:1]


def heard_first(office: Office) -> Decision:
    """Make the department hear subjects first, and check and answer another file."""
    policy = office.desk.policies["procurement.goods"].model_copy(update={"heard_first": True})
    policies = {**office.desk.policies, "procurement.goods": policy}
    office.desk = replace(office.desk, policies=policies, calendar=FakeCalendar())
    case = Case.model_validate(
        {
            "id": "c-heard",
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": FIRM,
            "purpose": PURPOSE,
            "operator": OFFICER,
            "opened_at": BEGIN,
        }
    )
    decision = office.world.run(check(office.desk, case))
    answers = tuple(Response(proposal=p.id, answer="applied") for p in decision.proposals)
    settlement = Settlement(case_id="c-heard", point="evaluate", operator=OFFICER, responses=answers)
    office.world.run(settle(office.desk, settlement))
    return decision


def blocks(office: Office, decision: Decision) -> set[str]:
    """Name the states of the measures that block."""
    measures = office.world.ledger.measures
    return {measures[p.id].state for p in decision.proposals if p.strength == "block"}


def test_where_subjects_are_heard_first_a_block_waits_for_the_end_of_the_window() -> None:
    office = Office(PLACE)
    decision = heard_first(office)
    days = office.desk.catalogue.terms["notice.statement"].days
    assert days == 5
    assert blocks(office, decision) == {"noticed"}
    with pytest.raises(GateError) as raised:
        office.world.run(require(office.desk, "c-heard", "evaluate", "grant"))
    assert raised.value.code == "gate.blocked", "nothing is granted while it is open"
    # 2026-11-23 is a Monday: five working days end on the 30th, and the measure takes effect the day after.
    office.world.pass_time(timedelta(days=7))
    office.world.run(sync(office.desk))
    assert blocks(office, decision) == {"noticed"}
    office.world.pass_time(timedelta(days=1))
    report = office.world.run(sync(office.desk))
    assert report.lapsed["apply"] == sum(p.strength == "block" for p in decision.proposals)
    assert blocks(office, decision) == {"in_force"}
    last = office.world.ledger.transitions[-1]
    assert (last.by, last.cause, last.before, last.after) == ("clock", "window", "noticed", "in_force")


def test_an_objection_in_the_window_suspends_and_its_rejection_goes_on_with_the_window() -> None:
    office = Office(PLACE)
    decision = heard_first(office)
    objected, rejected = told([(0, "objected"), (0, "objection_rejected")])
    office.take([objected])
    assert blocks(office, decision) == {"suspended"}
    office.take([rejected])
    assert blocks(office, decision) == {"noticed"}
    office.world.pass_time(timedelta(days=30))
    office.world.run(sync(office.desk))
    assert blocks(office, decision) == {"in_force"}


def test_a_measure_whose_last_day_has_passed_is_lifted_and_reported() -> None:
    office = Office(PLACE)
    last_day = max(p.until for p in office.decision.proposals if p.until is not None)
    assert last_day == date(2029, 3, 1)
    office.world.pass_time(last_day - BEGIN.date())
    assert office.world.run(sync(office.desk)).lapsed == {}, "the until day itself still counts"
    office.world.pass_time(timedelta(days=1))
    report = office.world.run(sync(office.desk))
    assert report.lapsed == {"lift": len(office.decision.proposals)}
    assert set(office.states().values()) == {"lifted"}
    last = office.world.ledger.transitions[-1]
    assert (last.by, last.cause) == ("clock", "until")
    reported = office.world.ledger.rows[last.feedback or ""].feedback
    assert reported is not None
    assert (reported.kind, reported.state) == ("amendment", "lifted")
    assert office.world.run(sync(office.desk)).lapsed == {}


def test_whose_measure_is_lifted_by_the_clock_is_told_so() -> None:
    office = Office(PLACE)
    office.desk = replace(office.desk, letters=Letters(), calendar=FakeCalendar())
    last_day = max(p.until for p in office.decision.proposals if p.until is not None)
    office.world.pass_time(last_day - BEGIN.date() + timedelta(days=1))
    office.world.run(sync(office.desk))
    told = [kept.notice for kept in office.world.ledger.notices.values()]
    assert {notice.kind for notice in told} == {"lifting"}
    assert {notice.proposal for notice in told} == set(office.states())
    assert all("因措施期限届满，该措施自 2029-03-02 起解除" in notice.text.zh for notice in told)
    office.world.run(sync(office.desk))
    assert len(office.world.ledger.notices) == len(told)


def test_a_suspended_measure_whose_last_day_has_passed_is_lifted_too() -> None:
    office = Office(PLACE)
    office.take(told([(0, "temporarily_lifted")]))
    assert set(office.states().values()) == {"suspended"}
    office.world.pass_time(timedelta(days=3 * 366))
    office.world.run(sync(office.desk))
    assert set(office.states().values()) == {"lifted"}
