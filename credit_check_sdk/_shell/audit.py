"""The audit store: who asked which source about whom, why and when. Written before anything leaves the machine.

It is a database of its own, so that it survives a rollback of the host: the query did happen. Subjects stand in it as
keyed hashes only.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.ledger.stores import SqliteFile, store
from credit_check_sdk.errors import CreditCheckError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model import Subject
    from credit_check_sdk.model.ledger import QueryNote

_COLUMNS = (
    "id", "at", "source", "subject_key", "case_id", "matter", "point", "purpose", "basis", "authorisation_ref",
    "operator", "department",
)  # fmt: skip
_MAKING = (
    f"CREATE TABLE IF NOT EXISTS credit_query ({', '.join(f'{name} TEXT' for name in _COLUMNS)}, PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS credit_query_case ON credit_query (case_id)",
    "CREATE TABLE IF NOT EXISTS credit_quota (source TEXT, day TEXT, used BIGINT NOT NULL, PRIMARY KEY (source, day))",
    "CREATE TABLE IF NOT EXISTS credit_isolation (source TEXT PRIMARY KEY, at TEXT, reason TEXT, operator TEXT)",
    "CREATE TABLE IF NOT EXISTS credit_forgotten (id TEXT PRIMARY KEY, at TEXT NOT NULL, source TEXT, subject_key TEXT)",
    "CREATE INDEX IF NOT EXISTS credit_forgotten_at ON credit_forgotten (at)",
    (
        "CREATE TABLE IF NOT EXISTS credit_host_key (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, "
        "departments TEXT NOT NULL, matters TEXT NOT NULL, may TEXT NOT NULL, made_at TEXT NOT NULL, ends_at TEXT, "
        "revoked_at TEXT, reason TEXT)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS credit_call (id TEXT PRIMARY KEY, at TEXT NOT NULL, host_key TEXT, address TEXT, "
        "operation TEXT NOT NULL, case_id TEXT, department TEXT, matter TEXT, point TEXT, decision TEXT, "
        "status BIGINT NOT NULL, code TEXT, milliseconds BIGINT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS credit_call_at ON credit_call (at)",
    (
        "CREATE TABLE IF NOT EXISTS credit_repeat (host_key TEXT, repeat_key TEXT, operation TEXT NOT NULL, "
        "body TEXT NOT NULL, at TEXT NOT NULL, answer TEXT, PRIMARY KEY (host_key, repeat_key))"
    ),
    "CREATE INDEX IF NOT EXISTS credit_repeat_at ON credit_repeat (at)",
)
_ALONE = "SELECT pg_advisory_xact_lock(7240118532)"
_INSERT = f"INSERT INTO credit_query ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  names of columns, no values
_SPEND = (
    "INSERT INTO credit_quota (source, day, used) VALUES (?, ?, 1) ON CONFLICT (source, day) DO UPDATE "
    "SET used = credit_quota.used + 1 WHERE credit_quota.used < ? RETURNING used"
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM credit_query WHERE case_id = ? ORDER BY at, id"  # noqa: S608  the same
_ABOUT = f"SELECT {', '.join(_COLUMNS)} FROM credit_query WHERE subject_key = ? ORDER BY at, id"  # noqa: S608  the same
_POINTS_TO_NOBODY = "UPDATE credit_query SET subject_key = '' WHERE case_id = ?"
_DROP = ("DELETE FROM credit_query WHERE at < ?", "DELETE FROM credit_call WHERE at < ?")

Run = Callable[[str, tuple[Any, ...]], Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Spending:
    """One consultation, to be taken from the quota of a source on a day, of which at most so many may be used."""

    source: str
    day: str
    most: int


class AuditStore:
    """One department's audit store. Safe to share among threads, and across a fork.

    Raises:
        ConfigurationError: *url* names neither SQLite nor PostgreSQL.
    """

    def __init__(self, url: str, keys: KeyRing) -> None:
        self._keys = keys
        self._store: Any = store(url)
        self._lock = threading.Lock()
        self._made = False

    def write(self, notes: Sequence[QueryNote], spending: Sequence[Spending] = ()) -> frozenset[str]:
        """Write down what is about to be asked, and take it from daily quotas; on the disk before this returns.

        Answers the sources whose quota does not allow it: of theirs nothing is written, and nothing may leave.

        Raises:
            LedgerError: it cannot be written; then nothing may leave the machine.
        """
        if not notes and not spending:
            return frozenset()
        refused: set[str] = set()
        with self.work(write=True) as run:
            for each in spending:
                if each.most < 1 or not run(_SPEND, (each.source, each.day, each.most)):
                    refused.add(each.source)
            for note in notes:
                if note.source not in refused:
                    run(_INSERT, self._row(note))
        return frozenset(refused)

    async def write_async(self, notes: Sequence[QueryNote], spending: Sequence[Spending] = ()) -> frozenset[str]:
        """Do the same from an event loop."""
        return await asyncio.shield(asyncio.to_thread(self.write, notes, spending))

    @contextlib.contextmanager
    def work(self, *, write: bool) -> Iterator[Run]:
        """Lend what runs a statement (``?`` for parameters) in one transaction, and gives the rows.

        Raises:
            LedgerError: the store cannot be used.
        """
        try:
            self._make()
            with self._store.transaction(write=write) as connection:
                yield _runner(connection, sqlite=isinstance(self._store, SqliteFile))
        except CreditCheckError as error:
            raise _unavailable(error) from None
        except Exception as error:  # noqa: BLE001  whatever the driver raises, nothing may leave the machine
            raise _unavailable(error) from None

    def rows(self, case_id: str) -> list[dict[str, str | None]]:
        """Give what was asked for a file, oldest first; subjects as keyed hashes.

        Raises:
            LedgerError: it cannot be read.
        """
        with self.work(write=False) as run:
            found = run(_SELECT, (case_id,))
        return [dict(zip(_COLUMNS, row, strict=True)) for row in found]

    def about(self, subject: Subject) -> list[dict[str, str | None]]:
        """Give what was asked about *subject*, oldest first, without its hash.

        Raises:
            LedgerError: it cannot be read.
        """
        hashed = [self._keys.hashed("subject", *key) for key in sorted(subject.keys)]
        found: list[Sequence[Any]] = []
        with self.work(write=False) as run:
            for one in hashed:
                found += run(_ABOUT, (one,))
        named = [dict(zip(_COLUMNS, row, strict=True)) for row in sorted(found, key=lambda row: (row[1], row[0]))]
        return [{name: value for name, value in row.items() if name != "subject_key"} for row in named]

    def forget_files(self, case_ids: Sequence[str]) -> None:
        """Let queries of files point to nobody any more: that they were made stays.

        Raises:
            LedgerError: it cannot be written.
        """
        if not case_ids:
            return
        with self.work(write=True) as run:
            for case_id in case_ids:
                run(_POINTS_TO_NOBODY, (case_id,))
        self._scrub()

    def drop_before(self, moment: datetime) -> None:
        """Drop the log of queries, and of calls of the service, before *moment*.

        Raises:
            LedgerError: it cannot be written.
        """
        with self.work(write=True) as run:
            for statement in _DROP:
                run(statement, (moment.astimezone(UTC).isoformat(timespec="microseconds"),))
        self._scrub()

    def _scrub(self) -> None:
        if isinstance(self._store, SqliteFile):
            self._store.scrub()

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    def before_fork(self) -> None:
        """Wait until nothing is under way, and begin nothing until the fork is done."""
        self._store.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._store.after_fork_in_parent()

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone and make own ones."""
        self._lock = threading.Lock()
        self._store.reset_after_fork()

    def _make(self) -> None:
        """Make the table where it is missing, once."""
        with self._lock:
            if self._made:
                return
            with self._store.transaction(write=True) as connection:
                if isinstance(self._store, SqliteFile):
                    for statement in _MAKING:
                        connection.execute(statement)
                else:
                    # Two processes that make the same table at once would fail each other.
                    for statement in (_ALONE, *_MAKING):
                        connection.exec_driver_sql(statement)
            self._made = True

    def _row(self, note: QueryNote) -> tuple[str | None, ...]:
        primary = note.subject.primary
        subject = ("subject", primary.scheme, primary.normal) if primary else ("name", note.subject.normal_name)
        return (
            note.id,
            note.at.astimezone(UTC).isoformat(timespec="microseconds"),
            note.source,
            self._keys.hashed(*subject),
            note.case_id,
            note.matter,
            note.point,
            note.purpose,
            note.basis,
            note.authorisation_ref,
            note.operator.id,
            note.operator.department,
        )


def _runner(connection: Any, *, sqlite: bool) -> Run:
    def run(statement: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        if sqlite:
            rows: Sequence[Sequence[Any]] = connection.execute(statement, values).fetchall()
            return rows
        found = connection.exec_driver_sql(statement.replace("?", "%s"), values)
        return found.fetchall() if found.returns_rows else ()

    return run


def _unavailable(error: Exception) -> Exception:
    if isinstance(error, CreditCheckError):
        return error  # it says what to correct
    kind = type(getattr(error, "orig", None) or error).__name__
    return LedgerError(
        f"the audit store cannot be used ({kind}); nothing left the machine",
        f"查询审计库不可用（{kind}），没有发出任何查询",
        code="audit.unavailable",
        retryable=True,
        remedy_en="look at ledger.audit_url, the disk and the database, and try again",
        remedy_zh="请检查 ledger.audit_url、磁盘与数据库后重试",
    )
