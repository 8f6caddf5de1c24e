"""The figures of a period: the same in every ledger and through both doors, and those of plain SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

import pytest

from credit_check_sdk import DecidedCase, Dimension, InputError
from credit_check_sdk.catalogue.figures import figure_catalogue
from credit_check_sdk.core.figures import period_before, period_days
from credit_check_sdk.model.figures import Figures
from credit_check_sdk.model.ledger import Lease
from credit_check_sdk.testing import InMemoryLedger
from tests.ledger.samples import MINUTE
from tests.statistics.conftest import TODAY, Run, fill, put
from tests.statistics.plain import WHAT, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from credit_check_sdk.model.figures import FigureRow
    from tests.kit import Door
    from tests.ledger.conftest import Place

ALWAYS = (date(2026, 1, 1), date(2027, 1, 1))
AUTUMN = (date(2026, 10, 5), date(2026, 11, 10))


def summed(rows: Iterable[FigureRow]) -> dict[Any, Counter[str]]:
    """Put rows of the same place together."""
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row.department, row.matter, row.point, row.measure, row.day, row.arrived].update(row.counts)
    return {place: counts for place, counts in found.items() if counts}


def memory(run: Run) -> InMemoryLedger:
    """Fill a ledger in memory."""
    kept = InMemoryLedger()

    def lease(token: str, now: Any) -> list[str]:
        return [row.key for row in kept.move(Lease("municipal", 500, now, MINUTE, token))]

    fill(run, kept.record, lease, kept.move)
    return kept


@pytest.mark.parametrize("period", [ALWAYS, AUTUMN, (None, None)])
def test_every_ledger_counts_the_same(place: Place, the_run: Run, period: tuple[date, date]) -> None:
    ledger = place.ledger()
    put(the_run, ledger)
    question = Figures(*period, TODAY.date())
    told, known = summed(ledger.run(question)), summed(memory(the_run).load(question))
    ledger.close()
    assert told == known
    assert len(told) > 150


@pytest.mark.parametrize("period", [ALWAYS, AUTUMN])
def test_the_figures_are_those_of_plain_sql(
    filled: Path, open_door: Callable[..., Door], period: tuple[date, date]
) -> None:
    report = open_door(filled).statistics_report(*period, by="month")
    (file,) = filled.parent.glob("*.db")
    since, until = (day.isoformat() for day in period)
    known = counted(file, since, until, TODAY.date().isoformat())
    assert set(WHAT) == {each.code for each in figure_catalogue().figures}
    assert {code: count for code, count in report.totals.items() if count} == known[""][""]
    for dimension in get_args(Dimension):
        assert report.by_dimension(dimension) == known[dimension], dimension
    if period == ALWAYS:
        never = [code for code, count in report.totals.items() if not count]
        assert never == [], "the run has something of every kind, or this test would prove less"


def test_parts_add_up_to_the_whole(filled: Path, open_door: Callable[..., Door]) -> None:
    door = open_door(filled)
    whole = door.statistics_report(*ALWAYS)
    assert whole.by is None
    assert [*whole.by_dimension("period")] == [""]
    for span in ("month", "quarter", "year"):
        parts = door.statistics_report(*ALWAYS, by=span)
        assert parts.totals == whole.totals
        for dimension in get_args(Dimension):
            sums: Counter[str] = Counter()
            for counts in parts.by_dimension(dimension).values():
                sums.update(counts)
            assert sums == +Counter(whole.totals)
    spans = [found for month in range(1, 13) if (found := period_days(f"2026-{month:02}")) is not None]
    months = [door.statistics_report(*span) for span in spans]
    assert len(months) == 12
    once_each = {"files", "checked", "undecided", "clear", "review", "restricted", "hits", "stopped", "favoured"}
    for code in {*whole.totals} - once_each - {"unanswered"}:
        assert sum(month.totals[code] for month in months) == whole.totals[code], code


def test_shares_are_parts_of_their_wholes(filled: Path, open_door: Callable[..., Door]) -> None:
    report = open_door(filled).statistics_report(*ALWAYS)
    totals, shares = report.totals, {each.code: each for each in report.shares}
    asked = totals["applied"] + totals["set_aside"] + totals["verifying"] + totals["unanswered"]
    assert (shares["applied"].part, shares["applied"].whole) == (totals["applied"], asked)
    assert shares["applied"].percent == round(100 * totals["applied"] / asked, 1)
    assert shares["answered"].part == asked - totals["unanswered"]
    assert (shares["in_time"].part, shares["in_time"].whole) == (totals["reports"] - totals["late"], totals["reports"])
    assert shares["published"].whole == totals["published_in_time"] + totals["published_late"]
    assert shares["coverage"].whole is None, "nobody said what had to be checked"
    assert shares["coverage"].percent is None
    assert report.due is None


def test_what_had_to_be_checked_comes_from_the_register(filled: Path, open_door: Callable[..., Door]) -> None:
    late, never = "2026-12-14T10:00:00+08:00", "2026-12-14T11:00:00+08:00"
    register = [DecidedCase.model_validate_json(f'{{"case_id": "c-none-{n}", "point": "evaluate", "decided_at": "{at}"}}') for n, at in enumerate((late, never))]  # fmt: skip
    report = open_door(filled).statistics_report(*ALWAYS, decided=register)
    (due,) = report.due
    assert (due.point, due.due, due.checked, due.never_checked) == ("evaluate", 2, 0, 2)
    (share,) = [each for each in report.shares if each.code == "coverage"]
    assert (share.part, share.whole, share.percent) == (0, 2, 0.0)


def test_an_empty_ledger_says_nought_and_not_nothing(door: Door) -> None:
    report = door.statistics_report(by="quarter")
    assert report.groups == ()
    assert set(report.totals.values()) == {0}
    assert {each.percent for each in report.shares} == {None}
    assert report.by_dimension("department") == {}


def test_a_period_that_ends_before_it_begins_is_refused(door: Door) -> None:
    for operation in (door.statistics_report, door.response_sheet):
        with pytest.raises(InputError) as refused:
            operation(date(2026, 12, 1), date(2026, 11, 30))
        assert "swap them" in refused.value.words("en")


def test_periods_are_named_and_follow_one_another() -> None:
    assert period_days("2026") == (date(2026, 1, 1), date(2026, 12, 31))
    assert period_days("2026-Q4") == (date(2026, 10, 1), date(2026, 12, 31))
    assert period_days("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    assert period_days("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))
    for wrong in ("", "26", "2026-Q5", "2026-13", "2026-1", "0000", "9999", "2026-Q4 "):
        assert period_days(wrong) is None
    assert period_before(date(2027, 1, 15), "quarter") == (date(2026, 10, 1), date(2026, 12, 31))
    assert period_before(date(2026, 12, 31), "month") == (date(2026, 11, 1), date(2026, 11, 30))
    assert period_before(date(2026, 12, 31), "year") == (date(2025, 1, 1), date(2025, 12, 31))
