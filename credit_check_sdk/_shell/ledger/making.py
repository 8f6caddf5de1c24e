"""Make the ledger's tables, and say which ledger this is. It yields statements and opens no connection."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.connect import DIALECTS
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert
from credit_check_sdk.errors import KeyRingError, LedgerVersionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk._shell.keys import KeyRing

_FACT = select(s.meta.c.value).where(s.meta.c.key == bindparam("k"))
_FACTS = select(s.meta.c.key, s.meta.c.value)
_THERE = {
    "sqlite": text("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'credit_meta'"),
    # A server's process learns what others made when it opens a table: without one it may answer from memory.
    "postgresql": text("SELECT CAST(to_regclass('credit_meta') AS text) FROM pg_class LIMIT 1"),
}
_ALONE = {
    # Two processes that make the same tables at once would fail each other; SQLite has one writer anyway.
    "postgresql": text("SELECT pg_advisory_xact_lock(7240118531)"),
}
_INSERT_FACT = insert(s.meta, "key", "value")


def ddl(dialect: str) -> Iterator[str]:
    """Give the statements that make the tables, for a database administrator to read or run."""
    for table in s.metadata.sorted_tables:
        yield str(CreateTable(table, if_not_exists=True).compile(dialect=DIALECTS[dialect])).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index, if_not_exists=True).compile(dialect=DIALECTS[dialect])).strip()


def ledger_id(dialect: str) -> Work[str | None]:
    """Ask which ledger this database holds; None where it holds none. It never fails a host's transaction."""
    if not (yield from _there(dialect)):
        return None
    found = yield Execute(_FACT, {"k": "ledger"})
    return found.rows[0][0] if found.rows else None


def known(dialect: str, keys: KeyRing) -> Work[str | None]:
    """Give the ledger's number without writing anything; None where it is not made yet, or not by this version.

    Raises:
        KeyRingError: another key ring's ledger.
    """
    if not (yield from _there(dialect)):
        return None
    facts = yield from _facts()
    if facts.get("schema") != str(s.VERSION) or "ring" not in facts:
        return None
    return _of_this_ring(facts, keys)


def prepare(dialect: str, keys: KeyRing) -> Work[str]:
    """Make what is missing, and give the ledger's number.

    Raises:
        LedgerVersionError: the ledger is of another version than this package.
        KeyRingError: another key ring's ledger.
    """
    if dialect in _ALONE:
        yield Execute(_ALONE[dialect])
        # Made meanwhile: to make it again would lock tables that somebody writes to already.
        made = yield from known(dialect, keys)
        if made is not None:
            return made
    if (yield from _there(dialect)):
        _of_this_version((yield from _facts()))
    for statement in _making(dialect):
        yield Execute(statement)
    facts = yield from _facts()
    number = facts.get("ledger") or f"ledger-{os.urandom(8).hex()}"
    # Another ring's hashes and ciphertexts would be of no use to this one: so the ledger remembers whose it is.
    wanted = {"ledger": number, "schema": str(s.VERSION), "ring": keys.hashed("ledger", number)}
    for key, value in wanted.items():
        if key not in facts:
            yield Execute(_INSERT_FACT, {"key": key, "value": value})
    return _of_this_ring({**wanted, **facts}, keys)


def _there(dialect: str) -> Work[bool]:
    found = yield Execute(_THERE[dialect])
    return bool(found.rows) and found.rows[0][0] is not None


def _facts() -> Work[dict[str, str]]:
    found = yield Execute(_FACTS)
    return {row[0]: row[1] for row in found.rows}


@functools.cache
def _making(dialect: str) -> tuple[Any, ...]:
    return tuple(text(statement) for statement in ddl(dialect))


def _of_this_ring(facts: dict[str, str], keys: KeyRing) -> str:
    number = facts["ledger"]
    if facts["ring"] != keys.hashed("ledger", number):
        raise KeyRingError(
            "the ledger was written with another key ring",
            "该台账由另一密钥环写入",
            remedy_en="correct keys.ring or ledger.url, so that they belong together",
            remedy_zh="请更正 keys.ring 或 ledger.url，使二者配套",
        )
    return number


def _of_this_version(facts: dict[str, str]) -> None:
    """Refuse a ledger of another version: tables are changed when somebody asks for it, not under running programs."""
    found = int(facts.get("schema", "0"))
    if found == s.VERSION or not facts:
        return
    older = found < s.VERSION
    raise LedgerVersionError(
        f"the ledger is of version {found}, this package is for version {s.VERSION}",
        f"台账版本为 {found}，本软件包使用版本 {s.VERSION}",
        remedy_en="stop what uses it and run `credit-check ledger migrate`" if older else "upgrade credit-check-sdk",
        remedy_zh="请停止使用台账的程序，执行 credit-check ledger migrate" if older else "请升级 credit-check-sdk",
    )
