"""Run the ledger's work on a connection, in a thread or on an event loop. It opens and closes none.

For a driver's own connection a statement is compiled once per database to the text that the driver takes, and runs on
a plain cursor of the driver, whatever kind of rows the host likes; SQLAlchemy's connections compile it themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

from credit_check_sdk._shell.ledger.steps import Execute, Result, Work
from credit_check_sdk.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlalchemy import ClauseElement

R = TypeVar("R")
DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}
"""The databases that a ledger can be kept in."""
_compiled: dict[tuple[str, int], tuple[ClauseElement, str, Callable[[Mapping[str, Any]], Any]]] = {}


def compiled(dialect: str, execute: Execute) -> tuple[str, Any]:
    """Give the text of a statement for a dialect, and its parameters as the driver takes them."""
    key = (dialect, id(execute.statement))
    kept = _compiled.get(key)
    if kept is None:
        made = execute.statement.compile(dialect=DIALECTS[dialect])
        order = tuple(made.positiontup) if getattr(made, "positional", False) else None  # type: ignore[attr-defined]
        # The statement is kept beside its text, so that its identity is never used again for another.
        kept = _compiled[key] = (execute.statement, str(made), _values(order, dict(made.params)))
    _, text, values = kept
    if execute.many:
        return text, [values(each) for each in execute.many]
    return text, values(execute.parameters)


def _values(order: tuple[str, ...] | None, constants: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Make what puts parameters as the driver takes them, by place where it wants that."""
    if order is None:
        return lambda parameters: {**constants, **parameters}
    return lambda parameters: tuple([(parameters if name in parameters else constants)[name] for name in order])


def _always() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Joined:
    """A connection that carries the ledger's statements, and how."""

    dialect: str
    run: Callable[[Execute], Result] | None = None
    """Runs a statement in this thread."""
    run_async: Callable[[Execute], Awaitable[Result]] | None = None
    """Runs a statement on the event loop."""
    begun: Callable[[], bool] = _always
    """Says whether the driver has begun a transaction; some begin one with the first change only."""
    confirm: Callable[[], None] = _nothing
    """Refuses autocommit, where that shows only once a statement has run."""


def drive(work: Work[R], joined: Joined) -> R:
    """Run work on a connection, in this thread."""
    if joined.run is None:
        raise TransactionError(
            "transaction: an asynchronous connection was given to the blocking client",
            "transaction：同步客户端收到了异步连接",
            remedy_en="use AsyncCreditCheck, or give a blocking connection",
            remedy_zh="请使用 AsyncCreditCheck，或传入同步连接",
        )
    try:
        step = next(work)
        while True:
            try:
                result = joined.run(step)
            except Exception as error:  # noqa: BLE001  the work hears of it first: it may have something to undo
                step = work.throw(error)
            else:
                step = work.send(result)
    except StopIteration as stop:
        answer: R = stop.value
        return answer
    finally:
        work.close()


async def drive_async(work: Work[R], joined: Joined) -> R:
    """Run work on a connection, on the event loop; a blocking connection is run in its thread, which is this one.

    A cancellation is obeyed when the work is done: a driver that is interrupted may leave its connection, which is the
    host's, with half of it.
    """
    if joined.run_async is None:
        return drive(work, joined)
    task = asyncio.ensure_future(_statements(work, joined.run_async))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # taken note of: the cancellation is what the host hears
        raise


async def _statements(work: Work[R], perform: Callable[[Execute], Awaitable[Result]]) -> R:
    try:
        step = next(work)
        while True:
            try:
                result = await perform(step)
            except Exception as error:  # noqa: BLE001  the work hears of it first: it may have something to undo
                step = work.throw(error)
            else:
                step = work.send(result)
    except StopIteration as stop:
        answer: R = stop.value
        return answer
    finally:
        work.close()


def on_cursor(make: Callable[[], Any], dialect: str) -> Callable[[Execute], Result]:
    """Run statements on cursors of a driver's own connection."""

    def run(step: Execute) -> Result:
        text, values = compiled(dialect, step)
        cursor = make()
        try:
            if step.many:
                cursor.executemany(text, values)
                return Result((), cursor.rowcount)
            if values:
                cursor.execute(text, values)
            else:
                cursor.execute(text)
            rows: Sequence[Sequence[Any]] = cursor.fetchall() if cursor.description else ()
            return Result(rows, cursor.rowcount)
        finally:
            cursor.close()

    return run


def on_sqlite(connection: Any) -> Callable[[Execute], Result]:
    """Run statements on a connection of sqlite3."""

    def cursor() -> Any:
        made = connection.cursor()
        made.row_factory = None  # rows as they are, not as the host likes them
        return made

    return on_cursor(cursor, "sqlite")


def on_own_sqlite(connection: Any) -> Callable[[Execute], Result]:
    """Run statements on a connection of our own, all on one cursor: nobody else has anything open on it."""
    cursor = connection.cursor()

    def run(step: Execute) -> Result:
        text, values = compiled("sqlite", step)
        if step.many:
            cursor.executemany(text, values)
            return Result((), cursor.rowcount)
        cursor.execute(text, values)
        return Result(cursor.fetchall() if cursor.description else (), cursor.rowcount)

    return run


def on_sqlalchemy(connection: Any) -> Callable[[Execute], Result]:
    """Run statements on a connection of SQLAlchemy, whichever driver is below it."""

    def run(step: Execute) -> Result:
        # Without this SQLAlchemy keeps no count for an insert, and none could be told from one that was there already.
        options = {"preserve_rowcount": True}
        parameters = [dict(each) for each in step.many] or dict(step.parameters)
        found = connection.execute(step.statement, parameters, execution_options=options)
        rows = [tuple(row) for row in found] if found.returns_rows else ()
        return Result(rows, found.rowcount)

    return run
