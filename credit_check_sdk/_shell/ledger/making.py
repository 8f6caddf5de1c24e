"""Make the ledger's tables, and say which ledger this is. It yields statements and opens no connection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.connect import _DIALECTS, Joined, drive
from credit_check_sdk._shell.ledger.work import Execute, Work
from credit_check_sdk.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_META = select(s.meta.c.value).where(s.meta.c.key == bindparam("k"))
_THERE = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'credit_meta'"),
    "postgresql": text("SELECT to_regclass('credit_meta')::text"),
}
_INSERT_META = insert(s.meta).values(key=bindparam("key"), value=bindparam("value"))


def ddl(dialect: str) -> Iterator[str]:
    """Give the statements that make the tables, for a database administrator to read or run."""
    for table in s.metadata.sorted_tables:
        yield str(CreateTable(table, if_not_exists=True).compile(dialect=_DIALECTS[dialect])).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index, if_not_exists=True).compile(dialect=_DIALECTS[dialect])).strip()


def ledger_id(dialect: str) -> Work[str | None]:
    """Ask which ledger this database holds; None where it holds none. It never fails a host's transaction."""
    there = yield Execute(_THERE[dialect])
    if not there.rows or there.rows[0][0] is None:
        return None
    found = yield Execute(_META, {"k": "ledger"})
    return found.rows[0][0] if found.rows else None


def prepare(joined: Joined) -> str:
    """Make what is missing, and give the ledger's number.

    Raises:
        LedgerError: the ledger is of a newer version than this package.
    """
    if joined.run is None:
        message = "a ledger prepares itself in a thread"
        raise TypeError(message)
    for statement in ddl(joined.dialect):
        joined.run(statement, ())
    return drive(_number(joined.dialect), joined)


def known(joined: Joined) -> str | None:
    """Give the ledger's number without writing anything; None where its tables are not those of this version."""
    return drive(_known(joined.dialect), joined)


def _known(dialect: str) -> Work[str | None]:
    number = yield from ledger_id(dialect)
    if number is None:
        return None
    version = yield Execute(_META, {"k": "schema"})
    return number if version.rows and int(version.rows[0][0]) == s.VERSION else None


def _number(dialect: str) -> Work[str]:
    version = yield Execute(_META, {"k": "schema"})
    if version.rows and int(version.rows[0][0]) > s.VERSION:
        raise LedgerError(
            f"the ledger is of version {version.rows[0][0]}, this package knows up to {s.VERSION}",
            f"台账版本为 {version.rows[0][0]}，本软件包最高支持 {s.VERSION}",
            remedy_en="upgrade credit-check-sdk",
            remedy_zh="请升级 credit-check-sdk",
        )
    known = yield from ledger_id(dialect)
    if known is not None:
        return known
    number = f"ledger-{os.urandom(8).hex()}"
    yield Execute(_INSERT_META, {"key": "ledger", "value": number})
    yield Execute(_INSERT_META, {"key": "schema", "value": str(s.VERSION)})
    return number
