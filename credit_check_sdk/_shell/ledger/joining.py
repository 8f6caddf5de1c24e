"""See what kind of transaction the host gave, and join it. It never commits, rolls back or closes the host's.

Refused with a reason: a connection in autocommit, one of another kind of database, a Django connection on an event loop.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from credit_check_sdk._shell.ledger.connect import (
    DIALECTS,
    Joined,
    compiled,
    on_cursor,
    on_sqlalchemy,
    on_sqlite,
)
from credit_check_sdk._shell.ledger.making import ledger_id
from credit_check_sdk._shell.ledger.steps import Execute, Result, Work
from credit_check_sdk.errors import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")
_BEGIN = Execute(text("BEGIN IMMEDIATE"))
_MARK = Execute(text("SAVEPOINT credit_check"))
_BACK = Execute(text("ROLLBACK TO SAVEPOINT credit_check"))
_KEEP = Execute(text("RELEASE SAVEPOINT credit_check"))


def within(work: Work[R], joined: Joined, number: str, *, write: bool) -> Work[R]:
    """Do *work* in the host's transaction: all of it, or, where it fails, nothing of it.

    Raises:
        TransactionError: the connection is in autocommit, or leads to another database than the ledger's.
    """
    found = yield from ledger_id(joined.dialect)
    joined.confirm()
    if found != number:
        raise refused(
            "the connection leads to another database than the ledger's",
            "该连接指向的数据库不是台账所在的数据库",
            "set ledger.url to the host's own database, or leave the transaction out",
            "请将 ledger.url 设为业务数据库，或不传入 transaction",
        )
    if not write:
        return (yield from work)
    if not joined.begun():
        # sqlite3 begins with the first change. A savepoint outside of a transaction would commit when it is let go, and
        # a transaction that begins by reading may fail when it comes to write: so it begins here, and to write.
        yield _BEGIN
    yield _MARK
    try:
        answer = yield from work
    except Exception:
        # The host may go on and commit: then nothing half-written may be among its rows.
        with contextlib.suppress(Exception):
            yield _BACK
            yield _KEEP
        raise
    yield _KEEP
    return answer


def join(transaction: Any, *, on_loop: bool = False) -> Joined:
    """See what kind of connection the host gave.

    Raises:
        TransactionError: it is in autocommit, of an unknown kind, or a Django connection in the asynchronous client.
    """
    homes = {kind.__module__.partition(".")[0] for kind in type(transaction).__mro__}
    if isinstance(transaction, sqlite3.Connection):
        return _join_sqlite(transaction)
    if "sqlalchemy" in homes:
        return _join_sqlalchemy(transaction)
    if "psycopg" in homes:
        return _join_psycopg(transaction)
    # Django's `connection` is a proxy of the thread's own; it is known by what it can do.
    if hasattr(transaction, "in_atomic_block") and hasattr(transaction, "ensure_connection"):
        return _join_django(transaction, on_loop=on_loop)
    raise _unknown(transaction)


def _join_sqlite(connection: sqlite3.Connection) -> Joined:
    _no_autocommit_of_sqlite(connection)
    return Joined("sqlite", run=on_sqlite(connection), begun=lambda: connection.in_transaction)


def _join_sqlalchemy(given: Any) -> Joined:
    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
    from sqlalchemy.orm import Session

    connection = given.connection() if isinstance(given, Session) else given
    if isinstance(connection, Connection):
        return _join_core(connection, run=on_sqlalchemy(connection))
    if isinstance(connection, AsyncSession):
        raise refused(
            "an AsyncSession was given",
            "传入的是 AsyncSession",
            "give `await session.connection()`",
            "请传入 await session.connection()",
        )
    if not isinstance(connection, AsyncConnection):
        raise _unknown(connection)
    if connection.sync_connection is None:
        raise refused(
            "the AsyncConnection is not started",
            "AsyncConnection 尚未启动",
            "use it inside `async with engine.begin()`",
            "请在 async with engine.begin() 中使用",
        )

    async def run_async(step: Execute) -> Result:
        return await connection.run_sync(lambda inner: on_sqlalchemy(inner)(step))

    return _join_core(connection.sync_connection, run_async=run_async)


def _join_core(connection: Any, **run: Any) -> Joined:
    dialect = _known(connection.dialect.name)

    def driver() -> Any:
        return connection.connection.driver_connection

    def confirm() -> None:
        # Only now: an engine may begin transactions of its own making, on a driver that is in autocommit.
        if dialect == "sqlite":
            _no_autocommit_of_sqlite(driver())
        elif (
            connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
            or getattr(connection.connection.dbapi_connection, "autocommit", False) is True
        ):
            raise _autocommit("engine.begin()")

    begun: Callable[[], bool] = (lambda: driver().in_transaction) if dialect == "sqlite" else lambda: True
    return Joined(dialect, **run, begun=begun, confirm=confirm)


def _no_autocommit_of_sqlite(driver: Any) -> None:
    autocommit = getattr(driver, "autocommit", None) is True or driver.isolation_level is None
    if autocommit and not driver.in_transaction:
        raise _autocommit("BEGIN")


def _join_psycopg(connection: Any) -> Joined:
    from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor
    from psycopg.pq import TransactionStatus
    from psycopg.rows import tuple_row

    if not isinstance(connection, Connection | AsyncConnection):
        raise _unknown(connection)
    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        raise _autocommit("connection.transaction()")
    # A cursor of our own making: the host's kinds of cursors and rows are for its own statements.
    if isinstance(connection, Connection):
        return Joined("postgresql", run=on_cursor(lambda: Cursor(connection, row_factory=tuple_row), "postgresql"))

    async def run_async(step: Execute) -> Result:
        statement, values = compiled("postgresql", step)
        async with AsyncCursor(connection, row_factory=tuple_row) as cursor:
            if step.many:
                await cursor.executemany(statement.encode(), values)
                return Result((), cursor.rowcount)
            await cursor.execute(statement.encode(), values or None)
            rows = await cursor.fetchall() if cursor.description else ()
            return Result(rows, cursor.rowcount)

    return Joined("postgresql", run_async=run_async)


def _join_django(connection: Any, *, on_loop: bool) -> Joined:
    if on_loop:
        raise refused(
            "a Django connection cannot be used on an event loop",
            "Django 连接不能在事件循环中使用",
            "use CreditCheck inside asgiref.sync.sync_to_async",
            "请在 asgiref.sync.sync_to_async 中使用 CreditCheck",
        )
    dialect = _known(connection.vendor)
    if not connection.in_atomic_block and connection.get_autocommit():
        raise _autocommit("transaction.atomic()")
    connection.ensure_connection()
    driver = connection.connection
    if dialect == "sqlite":
        return Joined(dialect, run=on_sqlite(driver), begun=lambda: bool(driver.in_transaction))
    if type(driver).__module__.partition(".")[0] == "psycopg":
        return _join_psycopg(driver)
    return Joined(dialect, run=on_cursor(driver.cursor, dialect))


def _known(dialect: str) -> str:
    if dialect not in DIALECTS:
        raise refused(
            f"a ledger cannot be kept in {dialect}",
            f"台账不支持 {dialect} 数据库",
            "leave the transaction out; the ledger then writes to a database of its own",
            "请不要传入 transaction，台账将写入自己的数据库",
        )
    return dialect


def _unknown(given: Any) -> TransactionError:
    return refused(
        f"a transaction of type {type(given).__name__} is unknown",
        f"不支持 {type(given).__name__} 类型的事务",
        "give a SQLAlchemy connection, a sqlite3 or psycopg connection, or a Django connection",
        "请传入 SQLAlchemy、sqlite3、psycopg 或 Django 的连接",
    )


def _autocommit(begin: str) -> TransactionError:
    return refused(
        "the connection is in autocommit: the record would not roll back with your own rows",
        "该连接处于自动提交模式，记录无法随业务数据一起回滚",
        f"begin a transaction first ({begin})",
        f"请先开启事务（{begin}）",
    )


def refused(en: str, zh: str, remedy_en: str, remedy_zh: str) -> TransactionError:
    """Say why a host's transaction cannot be joined, and what to do."""
    return TransactionError(f"transaction: {en}", f"transaction：{zh}", remedy_en=remedy_en, remedy_zh=remedy_zh)
