"""Count working days. Pure: no I/O, no clock; which days are working days the calendar says.

Days count from the day after the event (民法典 第二百零一条). A day that no published notice covers is never guessed to
be certain: the count goes on by weekdays and is marked provisional.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.model import Due

if TYPE_CHECKING:
    from credit_check_sdk.spi import Calendar

_SATURDAY = 5


def due(calendar: Calendar, start: date, working_days: int) -> Due:
    """Give the day that is *working_days* after *start*, which itself does not count.

    Raises:
        ValueError: *working_days* is negative.
    """
    if working_days < 0:
        message = "working_days may not be negative"
        raise ValueError(message)
    day, left, provisional = start, working_days, False
    while left > 0:
        day += timedelta(days=1)
        working = calendar.working(day)
        if working is None:
            provisional = True
            working = day.weekday() < _SATURDAY
        left -= working
    return Due(on=day, provisional=provisional)
