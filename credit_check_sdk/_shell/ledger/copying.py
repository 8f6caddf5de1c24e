"""Copy a ledger into a file, and make a ledger of such a file: whole or not at all. It decides nothing else.

The file is the same whichever database the ledger is kept in: an SQLite file with the ledger's tables and what is said
of the copy. Identifiers in it are encrypted as they are in the ledger; no key is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, delete, func, insert, make_url, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.connect import Joined, drive, on_sqlalchemy
from credit_check_sdk._shell.ledger.making import ddl
from credit_check_sdk._shell.ledger.migrating import migrate
from credit_check_sdk._shell.ledger.sealing import carry_out
from credit_check_sdk._shell.ledger.steps import micros
from credit_check_sdk.errors import InputError, KeyRingError, LedgerError, LedgerVersionError
from credit_check_sdk.model.ledger import BeginChain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Table

    from credit_check_sdk._shell.keys import KeyRing

_PAGE = 500
_FACTS = "credit_backup"
_FORMAT = "1"
RESTORED = "ledger.restored"
"""Why feedback is in doubt that waited when the copy was taken: it may have been delivered since."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    ledger: str
    """Number of the ledger."""
    version: int
    """Version of its tables."""
    rows: int
    entries: int
    in_doubt: int = 0
    """Feedback that is in doubt because of the restoring."""
    chain: str | None = None
    """Number of the chain that was begun at restoring."""


def backup(url: str, path: Path, now: datetime) -> Copied:
    """Copy the ledger at *url* into a new file, as it is at one moment; nobody who uses it waits.

    Raises:
        InputError: the file is there already, or cannot be written.
        LedgerError: the ledger cannot be read.
    """
    if path.exists():
        raise InputError(
            f"{path.name} is there already",
            f"{path.name} 已存在",
            remedy_en="name another file; nothing is written over",
            remedy_zh="请指定其他文件；不会覆盖已有文件",
        )
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)  # left by a run that was interrupted
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with _told(), _reading(url) as source, _filling(part) as target:
            copied = _copy_out(source, target, now)
        _on_the_disk(part)
        part.replace(path)
        _on_the_disk(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"{path.name} cannot be written ({getattr(error, 'strerror', None) or type(error).__name__})",
            f"无法写入 {path.name}（{getattr(error, 'strerror', None) or type(error).__name__}）",
            code="file.unreadable",
            remedy_en="see that there is room and that the folder may be written",
            remedy_zh="请检查磁盘空间与目录权限",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return copied


def restore(url: str, keys: KeyRing, path: Path, now: datetime, *, replace: bool = False) -> Copied:
    """Make the ledger at *url* what the file says, in one transaction; an older file is brought to this version first.

    Feedback that waited when the copy was taken may have been delivered since, and is in doubt; another chain is begun,
    so that no place is claimed twice. With *replace* a ledger that holds entries gives way.

    Raises:
        InputError: the file is none of ours, damaged, or the ledger is not empty.
        KeyRingError: the file belongs to another key ring.
        LedgerError: the ledger cannot be written; it is as it was.
    """
    with tempfile.TemporaryDirectory(prefix="credit-check-") as folder:
        copy = Path(folder) / "ledger.db"
        facts = _checked(path, copy)
        if int(facts["schema"]) < s.VERSION:
            migrate(f"sqlite:///{copy}")
        _room_for(url)
        with _told(), _reading(f"sqlite:///{copy}") as source, _writing(url) as target:
            _belongs(source, keys)
            _empty(target, replace=replace)
            return _copy_in(source, target, keys, now)


def _copy_out(source: Connection, target: sqlite3.Connection, now: datetime) -> Copied:
    facts = {row[0]: row[1] for row in source.execute(select(s.meta.c.key, s.meta.c.value))}
    if facts.get("schema") != str(s.VERSION):
        raise LedgerVersionError(
            f"the ledger is of version {facts.get('schema')}, this package is for version {s.VERSION}",
            f"台账版本为 {facts.get('schema')}，本软件包使用版本 {s.VERSION}",
            remedy_en="run `credit-check ledger migrate`, or copy it with the package that it belongs to",
            remedy_zh="请执行 credit-check ledger migrate，或使用与台账相配的版本备份",
        )
    rows, digest = 0, hashlib.sha256()
    for table in s.metadata.sorted_tables:
        names = ", ".join(column.name for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        for page in _pages(source, table):
            digest.update(_said(table, page))
            target.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", page)  # noqa: S608  our own names
            rows += len(page)
    entries = source.execute(select(func.count()).select_from(s.entry)).scalar_one()
    said = {
        "format": _FORMAT,
        "schema": facts["schema"],
        "ledger": facts["ledger"],
        "taken_at": now.isoformat(),
        "rows": str(rows),
        "digest": digest.hexdigest(),
    }
    target.execute(f"CREATE TABLE {_FACTS} (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    target.executemany(f"INSERT INTO {_FACTS} VALUES (?, ?)", list(said.items()))  # noqa: S608  our own name
    return Copied(facts["ledger"], s.VERSION, rows, entries)


def _copy_in(source: Connection, target: Connection, keys: KeyRing, now: datetime) -> Copied:
    rows = 0
    for table in s.metadata.sorted_tables:
        for page in _pages(source, table):
            target.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in page])
            rows += len(page)
    if target.dialect.name == "postgresql":
        # Numbers that were given here by hand are none that the server knows of.
        highest = select(func.coalesce(func.max(s.outbox.c.ordinal), 1)).scalar_subquery()
        target.execute(select(func.setval(text("pg_get_serial_sequence('credit_outbox', 'ordinal')"), highest)))
    doubtful = target.execute(
        update(s.outbox)
        .where(s.outbox.c.state.in_(["waiting", "leased"]))
        .values(state="in_doubt", lease=None, lease_until=None, next_at=micros(now), last_error=RESTORED)
    ).rowcount
    chain = drive(carry_out(BeginChain("restored", now), keys), Joined(target.dialect.name, run=on_sqlalchemy(target)))
    number = target.execute(select(s.meta.c.value).where(s.meta.c.key == "ledger")).scalar_one()
    entries = target.execute(select(func.count()).select_from(s.entry)).scalar_one()
    return Copied(number, s.VERSION, rows, entries, doubtful, chain)


def _pages(source: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Give a table's rows in the order of their keys, a page at a time."""
    found = source.execution_options(yield_per=_PAGE).execute(select(table).order_by(*table.primary_key.columns))
    for page in found.partitions(_PAGE):
        yield [tuple(row) for row in page]


def _said(table: Table, page: list[tuple[Any, ...]]) -> bytes:
    plain = [[value.hex() if isinstance(value, bytes) else value for value in row] for row in page]
    return "".join(f"{table.name} {json.dumps(row, ensure_ascii=True)}\n" for row in plain).encode()


def _checked(path: Path, copy: Path) -> dict[str, str]:
    """Copy the file aside, and see that it is what was written."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            if opened.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise _damaged(path)
            facts = dict(opened.execute(f"SELECT key, value FROM {_FACTS}").fetchall())  # noqa: S608  our own name
            if facts["format"] != _FORMAT or int(facts["schema"]) > s.VERSION:
                raise LedgerVersionError(
                    f"{path.name} was made by a newer package (version {facts['schema']} of the ledger)",
                    f"{path.name} 由更新的版本生成（台账版本 {facts['schema']}）",
                    remedy_en="upgrade credit-check-sdk",
                    remedy_zh="请升级 credit-check-sdk",
                )
            _as_it_was_written(path, opened, facts)
        shutil.copyfile(path, copy)
    except (OSError, sqlite3.Error, KeyError, ValueError) as error:
        if isinstance(error, FileNotFoundError) or not path.is_file():
            raise InputError(
                f"there is no file {path.name}",
                f"没有文件 {path.name}",
                code="file.unreadable",
                remedy_en="name a file that `credit-check ledger backup` wrote",
                remedy_zh="请指定由 credit-check ledger backup 生成的文件",
            ) from None
        raise _damaged(path) from None
    return facts


def _as_it_was_written(path: Path, opened: sqlite3.Connection, facts: dict[str, str]) -> None:
    digest, rows = hashlib.sha256(), 0
    held = {row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in s.metadata.sorted_tables:
        if table.name not in held:
            continue  # a later version has it
        names = [row[1] for row in opened.execute(f"PRAGMA table_info({table.name})")]
        order = ", ".join(column.name for column in table.primary_key.columns)
        wanted = [column.name for column in table.columns if column.name in names]
        found = opened.execute(f"SELECT {', '.join(wanted)} FROM {table.name} ORDER BY {order}")  # noqa: S608  our own names
        while page := found.fetchmany(_PAGE):
            digest.update(_said(table, page))
            rows += len(page)
    if (str(rows), digest.hexdigest()) != (facts["rows"], facts["digest"]):
        raise _damaged(path)


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path.name} is no copy of a ledger, or it is damaged; nothing was changed",
        f"{path.name} 不是台账备份，或已损坏；未作改动",
        code="file.unreadable",
        remedy_en="take another copy",
        remedy_zh="请使用其他备份",
    )


def _belongs(source: Connection, keys: KeyRing) -> None:
    facts = {row[0]: row[1] for row in source.execute(select(s.meta.c.key, s.meta.c.value))}
    if facts["ring"] != keys.hashed("ledger", facts["ledger"]):
        raise KeyRingError(
            "the copy was taken of a ledger with another key ring",
            "该备份属于另一密钥环的台账",
            remedy_en="restore the key ring that belongs to it first, and name it in keys.ring",
            remedy_zh="请先恢复配套的密钥环，并在 keys.ring 中指定",
        )


def _empty(target: Connection, *, replace: bool) -> None:
    """Leave the ledger's tables there, without a row; refuse to take entries away unasked."""
    if target.dialect.has_table(target, s.meta.name):
        known = {row[0]: row[1] for row in target.execute(select(s.meta.c.key, s.meta.c.value))}
        there = known.get("schema")
        if there == str(s.VERSION) and not target.execute(select(s.entry.c.id).limit(1)).first():
            replace = True
        if not replace:
            raise InputError(
                "there is a ledger with entries already",
                "目标台账中已有记录",
                remedy_en="restore into an empty database, or say --replace to give this ledger up",
                remedy_zh="请恢复到空数据库；确需放弃现有台账时使用 --replace",
            )
        if there != str(s.VERSION):
            for table in reversed(s.metadata.sorted_tables):
                target.execute(text(f"DROP TABLE IF EXISTS {table.name}"))
    for table in s.metadata.sorted_tables:
        table.create(target, checkfirst=True)
    for table in reversed(s.metadata.sorted_tables):
        target.execute(delete(table))


def _engine(url: str) -> Engine:
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    return create_engine(made, hide_parameters=True)


@contextlib.contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """Lend a connection that sees one moment of the ledger."""
    engine = _engine(url)
    try:
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("BEGIN")
                yield connection
                connection.exec_driver_sql("ROLLBACK")
        else:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _writing(url: str) -> Iterator[Connection]:
    """Lend a connection in one transaction, alone."""
    engine = _engine(url)
    try:
        if engine.dialect.name == "sqlite":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                connection.exec_driver_sql("PRAGMA synchronous = FULL")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")
        else:
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7240118531)")
                yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def _filling(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a new file with the ledger's tables, without a row."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # it is given up whole where anything goes wrong
        connection.execute("BEGIN")
        for statement in ddl("sqlite"):
            connection.execute(statement)
        yield connection
        connection.execute("COMMIT")


def _room_for(url: str) -> None:
    made = make_url(url)
    if made.get_backend_name() == "sqlite" and made.database:
        Path(made.database).parent.mkdir(parents=True, exist_ok=True)


def _on_the_disk(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn a driver's exception into words."""
    try:
        yield
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise LedgerError(
            f"the ledger cannot be copied ({kind}); it is as it was",
            f"台账无法复制（{kind}），未作改动",
            retryable=True,
            remedy_en="see that the database can be reached and holds a ledger, and try again",
            remedy_zh="请检查数据库是否可用、是否为台账后重试",
        ) from None
