"""What is counted of a period, and how it is asked for. Values only: no I/O, no clock.

Every count belongs to one day, department, matter, point and, where it is about one, measure; so counts of parts add up
to those of the whole. A count of files takes each file at a point once: on the day of its latest check in the period.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.model._value import Several, Time, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = Literal["month", "quarter", "year"]
"""How long the periods of a trend are."""
Dimension = Literal["period", "department", "matter", "point", "measure"]
"""By what counts are put side by side."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Ask for counts of the period (days of Asia/Shanghai, both included); answers a tuple of `FigureRow`."""

    since: date | None = None
    until: date | None = None
    today: date = date.max
    """The day against which what is not done yet is late."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Counts of one day, department, matter, point and measure; what does not apply is empty."""

    department: str
    matter: str
    point: str
    measure: str
    day: date
    counts: dict[str, int]
    arrived: date | None = None
    """Of reports: the day on which the platform took them; None: not yet."""


class FigureGroup(Value):
    """Counts of one period, department, matter, point and measure; what does not apply is empty."""

    period: str
    """``2026-11``, ``2026-Q4``, ``2026``; empty where the whole is one period."""
    department: str
    """The department; empty where it is not known."""
    matter: str
    """Code of the matter; empty where there is none."""
    point: str
    """The decision point; empty where there is none."""
    measure: str
    """Code of the measure; empty where the count is not about one."""
    counts: dict[str, int]
    """Each figure that is not zero, by its code."""


class DuePoint(Value):
    """What of the decided cases of one decision point was checked."""

    point: str
    """The decision point."""
    due: int
    """Cases that were decided there, hence had to be checked."""
    checked: int
    """Those with a check that counted when they were decided."""
    never_checked: int
    """Those without any check."""
    checked_late: int
    """Those first checked after the decision."""
    stale: int
    """Those whose last check had expired."""


class Share(Value):
    """A share of two figures."""

    code: str
    """Its code."""
    part: int
    """What is counted."""
    whole: int | None
    """Of how many; None where that is not known, which is not the same as all."""

    @property
    def percent(self) -> float | None:
        """The share in per cent, to one place; None where there is no whole."""
        return round(100 * self.part / self.whole, 1) if self.whole else None


class StatisticsReport(Value):
    """The figures of a period, in whole and in every part."""

    since: date | None
    """First day; None: from the beginning."""
    until: date | None
    """Last day; None: until now."""
    by: Span | None
    """How long the periods of the trend are; None: no trend."""
    environment: str
    """Whether these are figures of production or of a sandbox."""
    made_at: Time
    """When the report was made."""
    groups: Several[FigureGroup]
    """The counts, in every part."""
    totals: dict[str, int]
    """Every figure, over all parts; also those that are zero."""
    shares: Several[Share]
    """The shares."""
    due: Several[DuePoint] | None = None
    """What had to be checked, by the host's own register of decided cases; None where none was given."""

    def by_dimension(self, dimension: Dimension) -> dict[str, Counter[str]]:
        """Add up the counts along one dimension, in the order of its values."""
        return tally(self.groups, dimension)


def tally(groups: Iterable[FigureGroup], dimension: Dimension) -> dict[str, Counter[str]]:
    """Add up counts along one dimension, in the order of its values."""
    found: dict[str, Counter[str]] = {}
    for group in groups:
        found.setdefault(getattr(group, dimension), Counter()).update(group.counts)
    return dict(sorted(found.items()))
