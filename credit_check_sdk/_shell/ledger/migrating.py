"""Bring a ledger of an older version to this one, whole or not at all, or print the SQL that does. It decides nothing else.

The steps are those of `versions`; the version stands in the ledger itself. Alembic is imported here only.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.versions import FIRST, steps
from credit_check_sdk.errors import LedgerError, LedgerVersionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = "SELECT value FROM credit_meta WHERE key = 'schema'"
_SET = f"UPDATE credit_meta SET value = '{s.VERSION}' WHERE key = 'schema'"  # noqa: S608  a number of our own
_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'credit_meta'",
    "postgresql": "SELECT CAST(to_regclass('credit_meta') AS text)",
}
_ALONE = "SELECT pg_advisory_xact_lock(7240118531)"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of a ledger's schema."""

    before: int | None
    """Its version before; None where there was no ledger."""
    after: int
    """Its version now."""


def script(dialect: str, since: int) -> str:
    """Give the SQL that brings a ledger of version *since* to this package's, for a database administrator to run.

    Raises:
        LedgerError: there is no such version.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    _known(since)
    text = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": text})
    context.impl.static_output("BEGIN;")
    for version, step in steps().items():
        if version > since:
            context.impl.static_output(f"-- {version}: {_about(step)}")
            step.upgrade(Operations(context))
    context.impl.static_output(f"{_SET};")
    context.impl.static_output("COMMIT;")
    return text.getvalue()


def migrate(url: str) -> Migrated:
    """Bring the ledger at *url* to this package's version, in one transaction; one that is there already stays as it is.

    Raises:
        LedgerError: the database cannot be reached, holds no ledger, or holds one of a newer version.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _transaction(url) as connection:
            before = _version(connection)
            _known(before)
            operations = Operations(MigrationContext.configure(connection))
            for version, step in steps().items():
                if version > before:
                    step.upgrade(operations)
            connection.exec_driver_sql(_SET)
    except SQLAlchemyError as error:
        raise LedgerError(
            f"the ledger cannot be migrated ({type(getattr(error, 'orig', None) or error).__name__}); it is as it was",
            f"台账无法升级（{type(getattr(error, 'orig', None) or error).__name__}），未作改动",
            retryable=True,
            remedy_en="see that nobody else uses the database, and try again",
            remedy_zh="请确认没有其他程序占用数据库后重试",
        ) from None
    return Migrated(before, s.VERSION)


def version_of(url: str) -> int | None:
    """Give the version of the ledger at *url*, or None where there is none."""
    from sqlalchemy import create_engine

    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return _version(connection) if _there(connection) else None
    finally:
        engine.dispose()


@contextlib.contextmanager
def _transaction(url: str) -> Iterator[Any]:
    """Lend a connection in a transaction of its own, in which tables are made too, and alone."""
    from sqlalchemy import create_engine

    engine = create_engine(url, hide_parameters=True)
    try:
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")
        else:
            with engine.begin() as connection:
                connection.exec_driver_sql(_ALONE)
                yield connection
    finally:
        engine.dispose()


def _there(connection: Any) -> bool:
    found = connection.exec_driver_sql(_THERE[connection.dialect.name]).scalar()
    return found is not None


def _version(connection: Any) -> int:
    if not _there(connection):
        raise LedgerError(
            "there is no ledger in this database",
            "该数据库中没有台账",
            remedy_en="correct ledger.url; a new ledger is made when a client first opens it",
            remedy_zh="请更正 ledger.url；新台账在首次使用时自动建立",
        )
    return int(connection.exec_driver_sql(_VERSION).scalar() or 0)


def _known(version: int) -> None:
    if not FIRST <= version <= s.VERSION:
        raise LedgerVersionError(
            f"the ledger is of version {version}, this package knows {FIRST} to {s.VERSION}",
            f"台账版本为 {version}，本软件包支持 {FIRST} 至 {s.VERSION}",
            remedy_en="upgrade credit-check-sdk",
            remedy_zh="请升级 credit-check-sdk",
        )


def _about(step: Any) -> str:
    return (step.__doc__ or "").partition("\n")[0]
