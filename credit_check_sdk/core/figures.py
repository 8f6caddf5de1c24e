"""Make the report of a period out of counts: periods, lateness, shares. A flow; it asks the ledger and no source."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.figures import figure_catalogue
from credit_check_sdk.core.coverage import coverage
from credit_check_sdk.core.desk import day_of, local
from credit_check_sdk.core.notices import day_due
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, Now
from credit_check_sdk.model.figures import DuePoint, FigureGroup, FigureRow, Figures, Share, Span, StatisticsReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import DecidedCase, Point

_TERM = "feedback.delivery"


async def report(
    desk: Desk,
    since: date | None,
    until: date | None,
    by: Span | None,
    decided: Iterable[DecidedCase] | None,
    point: Point | None,
) -> StatisticsReport:
    """Count the period; with *decided*, the host's register, say also what had to be checked.

    Raises:
        InputError: the first day lies after the last, or it is not said where a case was decided.
    """
    ordered(since, until)
    now = await Now()
    today = day_of(now)
    rows: Sequence[FigureRow] = await Load(Figures(since, until, today))
    due = await _due(desk, decided, point) if decided is not None else None
    groups = _groups(desk, rows, by, today)
    totals: Counter[str] = Counter(dict.fromkeys((each.code for each in figure_catalogue().figures), 0))
    for group in groups:
        totals.update(group.counts)
    return StatisticsReport(
        since=since,
        until=until,
        by=by,
        environment=desk.environment,
        made_at=local(now),
        groups=groups,
        totals=dict(totals),
        shares=tuple(_shares(totals, due)),
        due=due,
    )


def ordered(since: date | None, until: date | None) -> None:
    """Refuse a period that ends before it begins.

    Raises:
        InputError: it does.
    """
    if since is not None and until is not None and since > until:
        raise InputError(
            f"the first day, {since}, lies after the last, {until}",
            f"起始日 {since} 晚于截止日 {until}",
            remedy_en="swap them",
            remedy_zh="请交换两个日期",
        )


def period_of(day: date, by: Span | None) -> str:
    """Name the period of a day; empty where the whole is one."""
    if by is None:
        return ""
    if by == "month":
        return f"{day.year:04}-{day.month:02}"
    if by == "quarter":
        return f"{day.year:04}-Q{(day.month + 2) // 3}"
    return f"{day.year:04}"


def period_days(name: str) -> tuple[date, date] | None:
    """Give the first and the last day of a period by its name, as `period_of` writes it; None where it is none."""
    found = re.fullmatch(r"([0-9]{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", name)
    if found is None or not 1 <= int(found[1]) < date.max.year:
        return None
    year = int(found[1])
    quarter, month = (int(each) if each else None for each in found.group(2, 3))
    first, months = (3 * quarter - 2, 3) if quarter else (month, 1) if month else (1, 12)
    following = date(year + (first + months > 12), (first + months - 1) % 12 + 1, 1)  # noqa: PLR2004  months of a year
    return date(year, first, 1), following - timedelta(days=1)


def period_before(day: date, span: Span) -> tuple[date, date]:
    """Give the last whole period before a day."""
    first, _ = period_days(period_of(day, span)) or (day, day)
    last = first - timedelta(days=1)
    return period_days(period_of(last, span)) or (last, last)


def _groups(desk: Desk, rows: Sequence[FigureRow], by: Span | None, today: date) -> tuple[FigureGroup, ...]:
    limits: dict[date, date | None] = {}
    found: dict[tuple[str, str, str, str, str], Counter[str]] = {}
    for row in rows:
        place = (period_of(row.day, by), row.department, row.matter, row.point, row.measure)
        counts = found.setdefault(place, Counter())
        counts.update(row.counts)
        if "reports" in row.counts:
            if row.day not in limits:
                limit = day_due(desk, _TERM, row.day)
                limits[row.day] = limit.on if limit else None
            last = limits[row.day]
            if last is not None and (row.arrived or today) > last:
                counts["late"] += row.counts["reports"]
    return tuple(
        FigureGroup(
            **dict(zip(("period", "department", "matter", "point", "measure"), place, strict=True)),
            counts=dict(sorted(counts.items())),
        )
        for place, counts in sorted(found.items())
        if counts
    )


def _shares(totals: Counter[str], due: Sequence[DuePoint] | None) -> Iterator[Share]:
    """Divide; a whole that nobody knows stays unknown, and never counts as all."""
    known = {
        **totals,
        "answered": totals["applied"] + totals["set_aside"] + totals["verifying"],
        "in_time": totals["reports"] - totals["late"],
        "due": sum(each.due for each in due or ()),
        "due.checked": sum(each.checked for each in due or ()),
    }
    for each in figure_catalogue().shares:
        whole = None if due is None and "due" in each.whole else sum(known[code] for code in each.whole)
        yield Share(code=each.code, part=known[each.part], whole=whole)


async def _due(desk: Desk, decided: Iterable[DecidedCase], point: Point | None) -> tuple[DuePoint, ...]:
    seen: Counter[str] = Counter()

    def counted() -> Iterator[DecidedCase]:
        for case in decided:
            seen[case.point or point or ""] += 1
            yield case

    found = await coverage(desk, counted(), point)
    gaps: Counter[tuple[str, str]] = Counter((gap.point, gap.kind) for gap in found.gaps)
    return tuple(
        DuePoint(
            point=at,
            due=due,
            checked=due - sum(count for (where, _), count in gaps.items() if where == at),
            never_checked=gaps[at, "never_checked"],
            checked_late=gaps[at, "checked_late"],
            stale=gaps[at, "stale"],
        )
        for at, due in sorted(seen.items())
    )
