"""By which day: the earliest of four, in working days of the official calendar, across a holiday; the statutory clock."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_check_sdk import catalogue
from credit_check_sdk._shell.calendar import OfficialCalendar
from credit_check_sdk.core import committing
from credit_check_sdk.core.check import check
from credit_check_sdk.core.desk import Consulting, Desk
from credit_check_sdk.core.promises import TABLE, move
from credit_check_sdk.errors import InputError
from credit_check_sdk.model import Case, CommitmentEvent, CommitmentState, Promise, StoredCommitment
from credit_check_sdk.testing import FixedSource, World
from credit_check_sdk.testing.conformance import FIRM
from tests.kit import OFFICER, PURPOSE

EVE = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)
"""Before 中秋 (25 to 27 September) and 国庆 (1 to 7 October 2026), with make-up days on 20 September and 10 October."""


@cache
def _loaded() -> Any:
    return catalogue.load(
        [], region="451100", matters={"licence.food-production": {"required": ["municipal"], "unknown": "clear"}}
    )


class Counter:
    """A counter of a department, with a clock that stands still until told otherwise."""

    def __init__(self, now: datetime = EVE, **said: Any) -> None:
        self.world = World(now)
        loaded = _loaded()
        policy = loaded.policies["licence.food-production"].model_copy(update=said)
        source = Consulting(FixedSource("municipal", [], level="municipal"), "municipal", 3.0)
        self.desk = Desk(
            environment="sandbox",
            catalogue=loaded,
            policies={**loaded.policies, policy.code: policy},
            sources={"municipal": source},
            region="451100",
            calendar=OfficialCalendar(),
        )
        self.case = Case.model_validate(
            {
                "id": "c-1",
                "matter": "licence.food-production",
                "point": "accept",
                "subject": FIRM,
                "purpose": PURPOSE,
                "operator": OFFICER,
                "opened_at": now,
                "materials": [
                    {"code": "M07", "name": "营业执照", "kind": "formal", "deferrable": True, "state": "missing"},
                    {"code": "M08", "name": "身份证明", "kind": "formal", "deferrable": True, "state": "missing"},
                ],
            }
        )

    def accept(self, by: date | None = None) -> StoredCommitment:
        """Check the file and accept it."""
        self.world.run(check(self.desk, self.case))
        return self.world.run(committing.defer(self.desk, self.case, Promise(signed_by="李示例", supply_by=by)))

    def at(self, day: date) -> None:
        """Go to the morning of a day."""
        self.world.now = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)

    def now(self) -> StoredCommitment:
        """Give the commitment as it stands."""
        return self.world.ledger.promises[-1]


def counted(start: date, days: int) -> date:
    """Count working days with the calendar alone, day by day."""
    calendar, day = OfficialCalendar(), start
    while days:
        day += timedelta(days=1)
        days -= bool(calendar.working(day))
    return day


def test_working_days_are_counted_across_the_holidays_with_their_make_up_days() -> None:
    kept = Counter().accept()
    start = date(2026, 9, 22)
    assert kept.limits == {"item": counted(start, 10), "statutory": counted(start, 20)}
    # 23, 24, 28, 29, 30 September; 8, 9, 10 (a Saturday made up), 12, 13 October.
    assert kept.due_on == date(2026, 10, 13)
    assert OfficialCalendar().working(date(2026, 10, 10))
    assert not kept.provisional


@pytest.mark.parametrize(
    ("said", "by", "due", "which"),
    [
        ({"supply_days": 3}, None, date(2026, 9, 28), "item"),
        ({"promised_days": 5}, None, date(2026, 9, 30), "promised"),
        ({}, date(2026, 9, 24), date(2026, 9, 24), "promise"),
        ({"supply_days": 60}, None, counted(date(2026, 9, 22), 20), "statutory"),
        ({"supply_days": 3}, date(2026, 12, 31), date(2026, 9, 28), "item"),
    ],
)
def test_the_earliest_of_the_four_days_counts(said: dict[str, Any], by: date | None, due: date, which: str) -> None:
    kept = Counter(**said).accept(by)
    assert (kept.due_on, kept.limits[which]) == (due, due)
    assert min(kept.limits.values()) == due


def test_arrival_on_the_last_day_is_in_time_and_a_day_later_is_late() -> None:
    counter = Counter(supply_days=3)
    kept = counter.accept()
    counter.at(date(2026, 9, 29))
    with pytest.raises(InputError) as late:
        counter.world.run(committing.supply(counter.desk, kept.code, ["M07", "M08"], OFFICER))
    assert late.value.code == "deferral.late"
    assert counter.world.run(committing.follow(counter.desk)).overdue == (kept.code,)
    # What came on the last day and is entered on the next was in time.
    done = counter.world.run(
        committing.supply(counter.desk, kept.code, ["M07", "M08"], OFFICER, arrived_on=date(2026, 9, 28))
    )
    assert done.state == "fulfilled"


def test_reminders_come_once_each_three_and_one_working_days_before() -> None:
    counter = Counter(supply_days=5)
    kept = counter.accept()
    assert kept.due_on == date(2026, 9, 30)
    told: dict[int, list[tuple[int, int]]] = {}
    for day in range(22, 32):
        counter.at(date(2026, 9, 1) + timedelta(days=day - 1))
        for _ in range(2):
            report = counter.world.run(committing.follow(counter.desk))
            told.setdefault(day, []).append((len(report.reminded), len(report.overdue)))
    moved = {day: counts for day, counts in told.items() if counts != [(0, 0), (0, 0)]}
    # Three working days are left on the evening of the 24th, one on the 29th; 1 October is past the end.
    assert moved == {24: [(1, 0), (0, 0)], 29: [(1, 0), (0, 0)], 31: [(0, 1), (0, 0)]}


def test_the_clock_of_the_decision_runs_from_the_receipt_where_nobody_told_in_time() -> None:
    counter = Counter()
    in_time = counter.accept()
    assert (in_time.deemed_accepted, in_time.accepted_on) == (False, date(2026, 9, 22))
    assert in_time.one_off_by == counted(date(2026, 9, 22), 5)
    late = Counter()
    late.at(date(2026, 10, 9))
    kept = late.accept()
    assert (kept.deemed_accepted, kept.accepted_on) == (True, date(2026, 9, 22))
    assert kept.decide_by == counted(date(2026, 9, 22), 20)
    assert kept.due_on is not None
    assert kept.due_on <= kept.decide_by


def test_days_beyond_the_published_calendar_are_marked() -> None:
    kept = Counter(datetime(2026, 12, 28, 1, 0, tzinfo=UTC)).accept()
    assert kept.provisional


EVENTS: tuple[CommitmentEvent, ...] = get_args(CommitmentEvent)


@given(st.lists(st.sampled_from([e for e in EVENTS if e not in {"offer", "commit", "remind"}]), max_size=7))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_tried_in_whatever_order_only_what_the_table_says_happens(events: list[CommitmentEvent]) -> None:
    counter = Counter(supply_days=3)
    code = counter.accept().code
    for event in events:
        before, steps = counter.now(), len(counter.world.ledger.promises)
        try:
            _try(counter, code, event)
        except InputError:
            assert len(counter.world.ledger.promises) == steps
            assert counter.now() == before
            continue
        for step, after in zip(
            counter.world.ledger.promises[steps - 1 :], counter.world.ledger.promises[steps:], strict=False
        ):
            assert after.state == TABLE[step.state][after.event]
            assert after.decide_by == before.decide_by
            assert after.due_on is not None
            assert after.decide_by is not None
            assert after.due_on <= after.decide_by
    reported = [kept for kept in counter.world.ledger.promises if kept.event in committing.TOLD]
    assert {kept.feedback for kept in reported} == set(counter.world.ledger.rows)


def _try(counter: Counter, code: str, event: CommitmentEvent) -> None:
    desk, run, kept = counter.desk, counter.world.run, counter.now()
    assert kept.due_on is not None
    match event:
        case "supply":
            run(committing.supply(desk, code, [m.code for m in kept.missing[:1]], OFFICER))
        case "fulfil":
            run(committing.supply(desk, code, [m.code for m in kept.missing], OFFICER))
        case "extend":
            run(committing.extend(desk, code, kept.due_on + timedelta(days=2), OFFICER, "洪水"))
        case "lapse":
            counter.at(kept.due_on + timedelta(days=1))
            run(committing.follow(desk))
        case "refuse":
            run(committing.refuse(desk, code, OFFICER, "-"))
        case "withdraw":
            run(committing.withdraw(desk, code, OFFICER, "-"))
        case "breach":
            run(committing.breach(desk, code, OFFICER, "-"))
        case "repair":
            run(committing.repair(desk, code, OFFICER, "-"))


def test_what_is_not_in_the_table_is_refused() -> None:
    states: tuple[CommitmentState, ...] = get_args(CommitmentState)
    for state, event in itertools.product(states, EVENTS):
        if event in TABLE[state]:
            assert move("1", state, event) == TABLE[state][event]
            continue
        with pytest.raises(InputError) as refused:
            move("1", state, event)
        assert refused.value.code == "commitment.transition"


def test_without_a_calendar_the_day_promised_alone_counts() -> None:
    counter = Counter()
    counter.desk = replace(counter.desk, calendar=None)
    assert counter.accept(date(2026, 9, 30)).due_on == date(2026, 9, 30)
