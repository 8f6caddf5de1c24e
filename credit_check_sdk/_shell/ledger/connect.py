"""Run the ledger's work on a connection: its own, or the host's. It never commits, rolls back or closes the host's.

Statements are compiled once per dialect to the text that the driver takes, and run on the driver's own cursor, so a
host's SQLAlchemy, sqlite3, psycopg or Django connection carries them in the transaction that it is in.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

from credit_check_sdk._shell.ledger.work import Execute, Result, Work
from credit_check_sdk.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ClauseElement

R = TypeVar("R")
DialectName = Literal["sqlite", "postgresql"]
_DIALECTS: dict[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}
_compiled: dict[tuple[str, int], tuple[ClauseElement, str, tuple[str, ...] | None, dict[str, Any]]] = {}


def compiled(dialect: str, execute: Execute) -> tuple[str, Any]:
    """Give the text of a statement for a dialect, and its parameters as the driver takes them."""
    key = (dialect, id(execute.statement))
    kept = _compiled.get(key)
    if kept is None:
        made = execute.statement.compile(dialect=_DIALECTS[dialect])
        order = tuple(made.positiontup) if getattr(made, "positional", False) else None  # type: ignore[attr-defined]
        # The statement is kept beside its text, so that its identity is never used again for another.
        kept = _compiled[key] = (execute.statement, str(made), order, dict(made.params))
    _, text, order, constants = kept
    values = {**constants, **execute.parameters}
    return text, (values if order is None else tuple(values[name] for name in order))


@dataclass(frozen=True, slots=True)
class Joined:
    """A connection that carries the ledger's statements, and how."""

    dialect: str
    run: Callable[[str, Any], Result] | None = None
    """Runs a statement in this thread."""
    run_async: Callable[[str, Any], Any] | None = None
    """Runs a statement on the event loop."""


def drive(work: Work[R], joined: Joined) -> R:
    """Run work on a connection, in this thread."""
    if joined.run is None:
        raise _refused(
            "an asynchronous connection was given to the blocking client",
            "同步客户端收到了异步连接",
            "use AsyncCreditCheck, or give a blocking connection",
            "请使用 AsyncCreditCheck，或传入同步连接",
        )
    try:
        step = next(work)
        while True:
            step = work.send(joined.run(*compiled(joined.dialect, step)))
    except StopIteration as stop:
        answer: R = stop.value
        return answer
    finally:
        work.close()


async def drive_async(work: Work[R], joined: Joined) -> R:
    """Run work on a connection, on the event loop."""
    if joined.run_async is None:
        return drive(work, joined)
    try:
        step = next(work)
        while True:
            step = work.send(await joined.run_async(*compiled(joined.dialect, step)))
    except StopIteration as stop:
        answer: R = stop.value
        return answer
    finally:
        work.close()


def join(transaction: Any, *, on_loop: bool = False) -> Joined:
    """See what kind of connection the host gave, and join the transaction that it is in.

    Raises:
        TransactionError: it is in autocommit, of an unknown kind, or a Django connection in the asynchronous client.
    """
    home = type(transaction).__module__.partition(".")[0]
    if isinstance(transaction, sqlite3.Connection):
        return _join_sqlite(transaction)
    if home == "sqlalchemy":
        return _join_sqlalchemy(transaction)
    if home == "psycopg":
        return _join_psycopg(transaction)
    if hasattr(transaction, "in_atomic_block") and hasattr(transaction, "ensure_connection"):
        return _join_django(transaction, on_loop=on_loop)
    raise _refused(
        f"a transaction of type {type(transaction).__name__} is unknown",
        f"不支持 {type(transaction).__name__} 类型的事务",
        "give a SQLAlchemy connection, a sqlite3 or psycopg connection, or a Django connection",
        "请传入 SQLAlchemy、sqlite3、psycopg 或 Django 的连接",
    )


def _join_sqlite(connection: sqlite3.Connection) -> Joined:
    autocommit = getattr(connection, "autocommit", -1)
    if autocommit is True or (connection.isolation_level is None and not connection.in_transaction):
        raise _autocommit("BEGIN")
    return Joined("sqlite", run=lambda text, values: on_cursor(connection, text, values))


def _join_sqlalchemy(connection: Any) -> Joined:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
    from sqlalchemy.orm import Session

    if isinstance(connection, Session):
        connection = connection.connection()
    if isinstance(connection, AsyncSession):
        raise _refused(
            "an AsyncSession was given",
            "传入的是 AsyncSession",
            "give `await session.connection()`",
            "请传入 await session.connection()",
        )
    if isinstance(connection, Connection):
        _no_autocommit(connection)

        def run(text: str, values: Any) -> Result:
            return _result(connection.exec_driver_sql(text, values))

        return Joined(connection.dialect.name, run=run)
    if isinstance(connection, AsyncConnection):
        sync: Any = connection.sync_connection
        if sync is None:
            raise _refused(
                "the AsyncConnection is not started",
                "AsyncConnection 尚未启动",
                "use it inside `async with engine.begin()`",
                "请在 async with engine.begin() 中使用",
            )
        _no_autocommit(sync)

        async def run_async(text: str, values: Any) -> Result:
            return await connection.run_sync(lambda inner: _result(inner.exec_driver_sql(text, values)))

        return Joined(connection.dialect.name, run_async=run_async)
    raise _refused(
        f"a transaction of type {type(connection).__name__} is unknown",
        f"不支持 {type(connection).__name__} 类型的事务",
        "give a SQLAlchemy Connection",
        "请传入 SQLAlchemy 的 Connection",
    )


def _no_autocommit(connection: Any) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        raise _autocommit("engine.begin()")
    driver = getattr(connection.connection, "dbapi_connection", None)
    if getattr(driver, "autocommit", False) is True:
        raise _autocommit("engine.begin()")


def _join_psycopg(connection: Any) -> Joined:
    from psycopg import AsyncConnection, Connection
    from psycopg.pq import TransactionStatus

    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        raise _autocommit("connection.transaction()")
    if isinstance(connection, Connection):
        return Joined("postgresql", run=lambda text, values: on_cursor(connection, text, values))
    if not isinstance(connection, AsyncConnection):
        raise _refused(
            f"a psycopg {type(connection).__name__} is no connection",
            f"psycopg 的 {type(connection).__name__} 不是连接",
            "give the connection itself",
            "请传入连接本身",
        )

    async def run_async(text: str, values: Any) -> Result:
        async with connection.cursor() as cursor:
            await cursor.execute(text, values or None)
            rows = await cursor.fetchall() if cursor.description else ()
            return Result(rows, cursor.rowcount)

    return Joined("postgresql", run_async=run_async)


def _join_django(connection: Any, *, on_loop: bool) -> Joined:
    if on_loop:
        raise _refused(
            "a Django connection cannot be used on an event loop",
            "Django 连接不能在事件循环中使用",
            "use CreditCheck inside asgiref.sync.sync_to_async",
            "请在 asgiref.sync.sync_to_async 中使用 CreditCheck",
        )
    if not connection.in_atomic_block:
        raise _autocommit("transaction.atomic()")
    connection.ensure_connection()
    return Joined(connection.vendor, run=lambda text, values: on_cursor(connection.connection, text, values))


def on_cursor(connection: Any, text: str, values: Any) -> Result:
    """Run a statement on a cursor of a driver's own connection."""
    cursor = connection.cursor()
    try:
        if values:
            cursor.execute(text, values)
        else:
            cursor.execute(text)
        rows: Sequence[Sequence[Any]] = cursor.fetchall() if cursor.description else ()
        return Result(rows, cursor.rowcount)
    finally:
        cursor.close()


def _result(found: Any) -> Result:
    rows = [tuple(row) for row in found] if found.returns_rows else ()
    return Result(rows, found.rowcount)


def _autocommit(begin: str) -> TransactionError:
    return _refused(
        "the connection is in autocommit: the record would not roll back with your own rows",
        "该连接处于自动提交模式，记录无法随业务数据一起回滚",
        f"begin a transaction first ({begin})",
        f"请先开启事务（{begin}）",
    )


def _refused(en: str, zh: str, remedy_en: str, remedy_zh: str) -> TransactionError:
    return TransactionError(f"transaction: {en}", f"transaction：{zh}", remedy_en=remedy_en, remedy_zh=remedy_zh)
