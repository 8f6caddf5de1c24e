"""The official calendar: holidays and make-up working days as the State Council notices them. It guesses nothing.

国务院办公厅关于部分节假日安排的通知, year by year, from chinesecalendar; a year that it does not have may come from a
file, so that a new notice needs no new release.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path  # noqa: TC003  part of the public signature
from typing import Any

from credit_check_sdk.errors import ConfigurationError

_SATURDAY = 5
_ABOUT = frozenset({"source", "verified_on"})
_KINDS = ("holidays", "working_weekends")
_DECEMBER = 12

_Notices = tuple[frozenset[int], frozenset[date], frozenset[date]]
_NOTHING: _Notices = (frozenset(), frozenset(), frozenset())


class OfficialCalendar:
    """Working days by the official notices.

    *file* is a YAML or JSON file, which wins for the years that it names: ``{2027: {holidays: [2027-01-01, …],
    working_weekends: [2027-02-07, …]}, source: 国办发明电〔2026〕…号, verified_on: 2026-11-05}``.

    Raises:
        ConfigurationError: the file cannot be read, or says what no notice says.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._years, self._holidays, self._weekends = _read(file) if file else _NOTHING

    def working(self, day: date) -> bool | None:
        """Say whether *day* is a working day; None where no notice covers it."""
        if day in self._weekends:
            return True
        if day in self._holidays:
            return False
        if day.year in self._years:
            return day.weekday() < _SATURDAY
        import chinese_calendar  # hosts that never count pay nothing

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return None


def _read(file: Path) -> _Notices:
    import yaml  # seldom needed

    try:
        data: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:  # YAML says of 2027-02-30 that it is a ValueError
        raise _unusable(file, type(error).__name__, type(error).__name__) from None
    notices = {key: said for key, said in data.items() if key not in _ABOUT} if isinstance(data, dict) else {}
    if not notices:
        raise _unusable(file, "it names no year", "未列出年份")
    years, holidays, weekends = set(), set[date](), set[date]()
    for key, said in notices.items():
        year = _year(file, key)
        given = [said.get(kind, []) for kind in _KINDS] if isinstance(said, dict) else []
        # A year without its holidays is no notice: taken for one, every holiday would count as a working day.
        sound = given and given[0] and set(said) <= {*_KINDS, *_ABOUT} and all(isinstance(each, list) for each in given)
        if not sound:
            en, zh = f"{year} must give holidays and working_weekends", f"{year} 年须给出 holidays 与 working_weekends"
            raise _unusable(file, en, zh)
        years.add(year)
        holidays |= {_day(file, year, day) for day in given[0]}
        weekends |= {_day(file, year, day) for day in given[1]}
    for day in weekends:
        if day.weekday() < _SATURDAY or day in holidays:
            raise _unusable(file, f"{day} is no weekend to be worked", f"{day} 不是调休上班的周末")
    return frozenset(years), frozenset(holidays), frozenset(weekends)


def _year(file: Path, key: Any) -> int:
    if not str(key).isdecimal():
        raise _unusable(file, f"{key!r} is no year", f"{key} 不是年份")
    return int(key)


def _day(file: Path, year: int, said: Any) -> date:
    try:
        day = said if isinstance(said, date) and not isinstance(said, datetime) else date.fromisoformat(said)
    except (TypeError, ValueError):
        day = None
    # The notice of a year may begin in the December before it: 2011-12-31 was worked for New Year 2012.
    if day is None or (day.year != year and (day.year, day.month) != (year - 1, _DECEMBER)):
        raise _unusable(file, f"{said} is no day of {year}", f"{said} 不是 {year} 年的日期")
    return day


def _unusable(file: Path, en: str, zh: str) -> ConfigurationError:
    return ConfigurationError(
        f"calendar.options.file: {file.name} cannot be used ({en})",
        f"calendar.options.file：无法使用 {file.name}（{zh}）",
        remedy_en="write it as {2027: {holidays: [2027-01-01], working_weekends: []}}",
        remedy_zh="格式为 {2027: {holidays: [2027-01-01], working_weekends: []}}",
    )
