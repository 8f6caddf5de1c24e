"""The official calendar: holidays and make-up working days as the State Council notices them. It guesses nothing.

国务院办公厅关于部分节假日安排的通知, year by year, from chinesecalendar; a year that it does not have may come from a
file, so that a new notice needs no new release.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path  # noqa: TC003  part of the public signature
from typing import Any

from credit_check_sdk.errors import ConfigurationError

_SATURDAY = 5


class OfficialCalendar:
    """Working days by the official notices.

    *file* is a YAML or JSON file: ``{2027: {holidays: [2027-01-01, …], working_weekends: [2027-02-07, …]}}``; it wins.

    Raises:
        ConfigurationError: the file cannot be read.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._years = _read(file) if file else {}

    def working(self, day: date) -> bool | None:
        """Say whether *day* is a working day; None where no notice covers it."""
        year = self._years.get(day.year)
        if year is not None:
            holidays, weekends = year
            return day in weekends or (day.weekday() < _SATURDAY and day not in holidays)
        import chinese_calendar

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return None


def _read(file: Path) -> dict[int, tuple[frozenset[date], frozenset[date]]]:
    import yaml

    try:
        data: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {
            int(year): (_days(said.get("holidays", ())), _days(said.get("working_weekends", ())))
            for year, said in data.items()
        }
    except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"calendar.options.file: {file.name} cannot be read ({type(error).__name__})",
            f"calendar.options.file：无法读取 {file.name}（{type(error).__name__}）",
            remedy_en="write it as {2027: {holidays: [2027-01-01], working_weekends: []}}",
            remedy_zh="格式为 {2027: {holidays: [2027-01-01], working_weekends: []}}",
        ) from None


def _days(said: Any) -> frozenset[date]:
    return frozenset(day if isinstance(day, date) else date.fromisoformat(day) for day in said)
