"""What the ledger's work is made of: statements that are asked for, and what they gave. It runs none of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import Insert

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import ClauseElement, Table

R = TypeVar("R")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = 3_600_000_000
_SHANGHAI = 8 * _HOUR
DAY = 24 * _HOUR
"""A day, in microseconds."""


@dataclass(frozen=True, slots=True)
class Execute:
    """A statement with its parameters, by name."""

    statement: ClauseElement
    parameters: Mapping[str, Any] = field(default_factory=dict)
    many: Sequence[Mapping[str, Any]] = ()
    """Parameters of each of many runs, in one trip to the database.

    Only how many rows were touched is told then, and by drivers of hosts not even that.
    """


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave."""

    rows: Sequence[Sequence[Any]] = ()
    count: int = 0


Work = Generator[Execute, Result, R]
"""Yields statements, is sent what they gave or has their failure thrown into it, and ends with its answer."""


class _InsertOrNothing(Insert):
    """An insert that leaves a row alone that is there already; both databases write it alike."""

    inherit_cache = True


@compiles(_InsertOrNothing)
def _or_nothing(statement: _InsertOrNothing, compiler: Any, **options: Any) -> str:
    return f"{compiler.visit_insert(statement, **options)} ON CONFLICT DO NOTHING"


def insert(table: Table, *names: str, or_nothing: bool = False) -> ClauseElement:
    """Insert a row of these columns; with *or_nothing* a row that is there already stays as it is."""
    kind = _InsertOrNothing if or_nothing else Insert
    return kind(table).values({name: bindparam(name) for name in names}).inline()


def micros(moment: datetime) -> int:
    """Give a moment as the ledger keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(kept: int) -> datetime:
    """Give a moment as the ledger kept it."""
    return _EPOCH + timedelta(microseconds=kept)


def day_start(day: date) -> int:
    """Give the first moment of a day in Asia/Shanghai; any day, also those that have no moment in UTC."""
    return (day.toordinal() - _EPOCH.toordinal()) * DAY - _SHANGHAI


def begun(work: Work[R]) -> Work[R]:
    """Let work go up to its first statement, here and now: what is dear in it is done before the database waits for it."""
    try:
        first = next(work)
    except StopIteration as stop:
        return _nothing_left(stop.value)
    return _going_on(work, first)


def _going_on(work: Work[R], step: Execute) -> Work[R]:
    try:
        while True:
            try:
                result = yield step
            except Exception as error:  # noqa: BLE001  the work hears of it first: it may have something to undo
                step = work.throw(error)
            else:
                step = work.send(result)
    except StopIteration as stop:
        answer: R = stop.value
        return answer
    finally:
        work.close()


def _nothing_left(answer: R) -> Work[R]:
    return answer
    yield  # which makes it work, without a statement
