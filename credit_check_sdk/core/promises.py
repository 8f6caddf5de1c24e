"""The states of a commitment, in one table; the day by which it is to be kept. Pure: no I/O, no clock.

告知 → 承诺 → 履行, or 逾期 → 违诺 → 修复. What may follow what stands in `TABLE` and nowhere else.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.notices import day_due
from credit_check_sdk.core.workdays import due
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import CommitmentEvent, CommitmentState, MatterPolicy

_SATURDAY = 5

TABLE: Mapping[CommitmentState, Mapping[CommitmentEvent, CommitmentState]] = {
    # 自愿: the applicant may decline and goes the ordinary way.
    "offered": {"commit": "open", "refuse": "refused", "withdraw": "withdrawn"},
    "open": {
        "remind": "open",
        "extend": "open",
        "supply": "open",
        "fulfil": "fulfilled",
        "withdraw": "withdrawn",
        "lapse": "overdue",
        "breach": "breached",
    },
    # What arrived in time and was entered late is still in time; force majeure may come to light afterwards.
    "overdue": {"extend": "open", "supply": "overdue", "fulfil": "fulfilled", "breach": "breached"},
    # 虚假承诺 may come to light when everything was handed in.
    "fulfilled": {"breach": "breached"},
    "breached": {"repair": "repaired"},
    "refused": {},
    "withdrawn": {},
    "repaired": {},
}
"""From each state, what may happen and where it leads; what does not stand here is refused."""

ACTIVE: tuple[CommitmentState, ...] = ("offered", "open", "overdue")
"""States in which something is still to come."""


def move(code: str, state: CommitmentState, event: CommitmentEvent) -> CommitmentState:
    """Give the state to which *event* leads.

    Raises:
        InputError: ``commitment.transition``: nothing leads there.
    """
    after = TABLE[state].get(event)
    if after is None:
        raise InputError(
            f"commitment {code} is {state}; {event!r} leads nowhere from there",
            f"承诺 {code} 处于 {state} 状态，不能进行 {event}",
            code="commitment.transition",
            remedy_en="read where it stands with `credit-check commitments show`",
            remedy_zh="请用 credit-check commitments show 查看其状态",
        )
    return after


def limits(
    desk: Desk, policy: MatterPolicy, today: date, promised: date | None, decide_by: date | None
) -> tuple[dict[str, date], bool]:
    """Give the days of which the earliest is the day due, and whether one lies beyond the published calendar.

    All are counted in working days from the day after the promise.
    """
    found: dict[str, date] = {}
    provisional = False
    if promised is not None:
        found["promise"] = promised
    if policy.supply_days is None:
        item = day_due(desk, "deferral.supply", today)
        if item is not None:
            found["item"], provisional = item.on, item.provisional
    if desk.calendar is not None:
        for name, days in (("item", policy.supply_days), ("promised", policy.promised_days)):
            if days is not None:
                counted = due(desk.calendar, today, days)
                found[name], provisional = counted.on, provisional or counted.provisional
    if decide_by is not None:
        found["statutory"] = decide_by
    return found, provisional


def days_left(desk: Desk, today: date, until: date) -> int:
    """Count the working days after *today* up to *until*, which counts."""
    left, day = 0, today
    while day < until:
        day += timedelta(days=1)
        working = desk.calendar.working(day) if desk.calendar else None
        left += working if working is not None else day.weekday() < _SATURDAY
    return left
