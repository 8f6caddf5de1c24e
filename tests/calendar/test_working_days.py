"""Working days as the State Council notices them, and days counted in them (民法典 第二百零一条)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_check_sdk._shell.calendar import OfficialCalendar
from credit_check_sdk.core.workdays import due
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Due
from credit_check_sdk.spi import Calendar

if TYPE_CHECKING:
    from pathlib import Path

OFFICIAL = OfficialCalendar()
DAY = timedelta(days=1)


def days(first: date, last: date) -> list[date]:
    return [first + DAY * n for n in range((last - first).days + 1)]


def test_it_is_a_calendar_of_the_interface() -> None:
    assert isinstance(OFFICIAL, Calendar)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_the_published_years_is_as_another_source_has_it(year: int) -> None:
    china = holidays.country_holidays("CN", years=[year])
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        off = day in china or (day.weekday() >= 5 and day not in china.weekend_workdays)
        assert OFFICIAL.working(day) is not off, day


PUBLISHED = {
    # 国务院办公厅关于2024年部分节假日安排的通知, 国办发明电〔2023〕7号
    2024: (
        "01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10 09-15..09-17 10-01..10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    # 关于2025年部分节假日安排的通知, 国办发明电〔2024〕12号
    2025: (
        "01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    # 关于2026年部分节假日安排的通知, 国办发明电〔2025〕7号
    2026: (
        "01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}
"""The notices, whole: days off with the weekends inside them, and weekends that are worked."""


def spelled(year: int, said: str) -> set[date]:
    """Read days and spans of days of a year."""
    spans = [[date.fromisoformat(f"{year}-{end}") for end in span.split("..")] for span in said.split()]
    return {day for span in spans for day in days(span[0], span[-1])}


@pytest.mark.parametrize("year", PUBLISHED)
def test_every_day_of_a_year_is_as_the_notice_has_it(year: int) -> None:
    off, worked = (spelled(year, said) for said in PUBLISHED[year])
    assert all(day.weekday() >= 5 for day in worked), "only weekends are made up for"
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        expected = day in worked or (day not in off and day.weekday() < 5)
        assert OFFICIAL.working(day) is expected, day


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_notice_as_a_file_says_the_same_as_the_package(tmp_path: Path, year: int) -> None:
    off, worked = (sorted(spelled(year, said)) for said in PUBLISHED[year])
    file = tmp_path / "notice.json"
    said = {"holidays": [f"{day}" for day in off], "working_weekends": [f"{day}" for day in worked]}
    file.write_text(json.dumps({str(year): said}), encoding="utf-8")
    calendar = OfficialCalendar(file)
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        assert calendar.working(day) is OFFICIAL.working(day), day


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2024-02-04", True),  # Sunday, worked for 春节
        ("2024-02-09", True),  # 除夕 of 2024 was no holiday by notice
        ("2024-02-10", False),
        ("2024-10-12", True),  # Saturday, worked for 国庆
        ("2025-01-26", True),  # Sunday, worked for 春节
        ("2025-01-28", False),  # 除夕 is a holiday from 2025 on
        ("2025-10-08", False),  # 国庆 and 中秋 together: eight days
        ("2025-10-11", True),
        ("2026-02-14", True),  # Saturday, worked for 春节
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-05-09", True),
        ("2026-11-21", False),  # an ordinary Saturday
        ("2026-11-23", True),
        ("2026-12-31", True),
    ],
)
def test_holidays_and_weekends_that_are_worked(day: str, working: bool) -> None:  # noqa: FBT001  a value of the table
    assert OFFICIAL.working(date.fromisoformat(day)) is working


@pytest.mark.parametrize("day", ["2003-12-31", "2027-01-01", "2027-06-16", "2100-01-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_no_notice_covers_is_not_guessed(day: str) -> None:
    assert OFFICIAL.working(date.fromisoformat(day)) is None


NOTICE = """
source: 国务院办公厅关于2027年部分节假日安排的通知
verified_on: 2026-11-05
2027:
  holidays: [2027-01-01, 2027-02-05, 2027-02-06, 2027-02-08]
  working_weekends: [2027-02-14, 2026-12-26]
"""


def test_a_file_of_the_notice_covers_a_year_that_the_package_does_not(tmp_path: Path) -> None:
    file = tmp_path / "2027.yaml"
    file.write_text(NOTICE, encoding="utf-8")
    calendar = OfficialCalendar(file)
    assert [calendar.working(date(2027, 1, n)) for n in (1, 2, 4)] == [False, False, True]
    assert calendar.working(date(2027, 2, 14)) is True
    assert calendar.working(date(2028, 1, 3)) is None
    # The notice may reach into the December before it; the rest of that year stays as it was.
    assert calendar.working(date(2026, 12, 26)) is True
    assert OFFICIAL.working(date(2026, 12, 26)) is False
    assert calendar.working(date(2026, 10, 1)) is False


def test_a_file_may_be_json_and_wins_over_the_package(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    file.write_text(json.dumps({"2026": {"holidays": ["2026-11-23"], "working_weekends": ["2026-11-21"]}}))
    calendar = OfficialCalendar(file)
    assert calendar.working(date(2026, 11, 23)) is False
    assert calendar.working(date(2026, 11, 21)) is True
    assert calendar.working(date(2026, 10, 1)) is True
    assert calendar.working(date(2025, 10, 1)) is False


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no year"),
        ("[2027]", "names no year"),
        ("source: x", "names no year"),
        ("2027: {", "ParserError"),
        ("next: {holidays: [2027-01-01]}", "'next' is no year"),
        ("2027: {}", "2027 must give holidays"),
        ("2027: {holidays: []}", "2027 must give holidays"),
        ("2027: {holiday: [2027-01-01]}", "2027 must give holidays"),
        ("2027: {holidays: [2027-01-01], workdays: []}", "2027 must give holidays"),
        ("2027: {holidays: [2027-02-30]}", "ValueError|is no day of 2027"),
        ("2027: {holidays: ['1 January']}", "is no day of 2027"),
        ("2027: {holidays: [2028-01-01]}", "2028-01-01 is no day of 2027"),
        ("2027: {holidays: [2026-11-30]}", "2026-11-30 is no day of 2027"),
        ("2027: {holidays: [5]}", "5 is no day of 2027"),
        ("2027: {holidays: 2027-01-01}", "2027 must give holidays"),
        ("2027: {holidays: [2027-01-01], working_weekends: [2027-01-04]}", "2027-01-04 is no weekend"),
        ("2027: {holidays: [2027-01-02], working_weekends: [2027-01-02]}", "2027-01-02 is no weekend"),
    ],
)
def test_a_file_that_says_what_no_notice_says_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "notice.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"notice\.yaml cannot be used \(.*({reason}).*write it as"):
        OfficialCalendar(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FileNotFoundError") as caught:
        OfficialCalendar(tmp_path / "none.yaml")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("start", "working_days", "on"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-23", 1, "2026-11-24"),  # the day itself does not count
        ("2026-11-20", 1, "2026-11-23"),  # Friday to Monday
        ("2026-11-20", 5, "2026-11-27"),
        ("2026-02-13", 3, "2026-02-25"),  # 14 February is worked, 15 to 23 are not
        ("2026-02-26", 2, "2026-02-28"),  # a Saturday that is worked counts
        ("2026-09-30", 1, "2026-10-08"),
        ("2025-12-31", 2, "2026-01-05"),  # 1 to 3 January off, Sunday the 4th worked, then Monday
        ("2026-12-30", 1, "2026-12-31"),
    ],
)
def test_days_are_counted_from_the_day_after(start: str, working_days: int, on: str) -> None:
    found = due(OFFICIAL, date.fromisoformat(start), working_days)
    assert found == Due(on=date.fromisoformat(on), provisional=False)


def test_a_day_beyond_the_published_years_is_counted_by_weekdays_and_marked() -> None:
    assert due(OFFICIAL, date(2026, 12, 31), 1) == Due(on=date(2027, 1, 1), provisional=True)
    assert due(OFFICIAL, date(2026, 12, 30), 7) == Due(on=date(2027, 1, 8), provisional=True)


def test_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        due(OFFICIAL, date(2026, 11, 23), -1)


@given(st.dates(date(2004, 1, 1), date(2026, 11, 1)), st.integers(1, 30))
def test_between_start_and_due_day_lie_exactly_so_many_working_days(start: date, working_days: int) -> None:
    found = due(OFFICIAL, start, working_days)
    passed = [OFFICIAL.working(day) for day in days(start + DAY, found.on)]
    assert passed.count(True) == working_days
    assert passed[-1] is True
    assert not found.provisional
