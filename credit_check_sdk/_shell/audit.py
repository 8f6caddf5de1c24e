"""The audit store: who asked which source about whom, why and when. Written before anything leaves the machine.

It is a database of its own, so that it survives a rollback of the host: the query did happen. Subjects stand in it as
keyed hashes only.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.ledger.stores import SqliteFile, store
from credit_check_sdk.errors import ConfigurationError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import QueryNote

_COLUMNS = (
    "id", "at", "source", "subject_key", "case_id", "matter", "point", "purpose", "basis", "authorisation_ref",
    "operator", "department",
)  # fmt: skip
_MAKING = (
    f"CREATE TABLE IF NOT EXISTS credit_query ({', '.join(f'{name} TEXT' for name in _COLUMNS)}, PRIMARY KEY (id))",
    "CREATE INDEX IF NOT EXISTS credit_query_case ON credit_query (case_id)",
)
_ALONE = "SELECT pg_advisory_xact_lock(7240118532)"
_INSERT = f"INSERT INTO credit_query ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  names of columns, no values
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM credit_query WHERE case_id = ? ORDER BY at, id"  # noqa: S608  the same


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

    def write(self, notes: Sequence[QueryNote]) -> None:
        """Write down what is about to be asked; committed, and on the disk, before this returns.

        Raises:
            LedgerError: it cannot be written; then nothing may leave the machine.
        """
        if not notes:
            return
        rows = [self._row(note) for note in notes]
        try:
            self._make()
            with self._store.transaction(write=True) as connection:
                if isinstance(self._store, SqliteFile):
                    connection.executemany(_INSERT, rows)
                else:
                    connection.exec_driver_sql(_INSERT.replace("?", "%s"), rows)
        except Exception as error:  # noqa: BLE001  whatever the driver raises, nothing may leave the machine
            raise _unavailable(error) from None

    async def write_async(self, notes: Sequence[QueryNote]) -> None:
        """Do the same from an event loop."""
        await asyncio.shield(asyncio.to_thread(self.write, notes))

    def rows(self, case_id: str) -> list[dict[str, str | None]]:
        """Give what was asked for a file, oldest first; subjects as keyed hashes.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            self._make()
            with self._store.transaction(write=False) as connection:
                if isinstance(self._store, SqliteFile):
                    found: Sequence[Sequence[Any]] = connection.execute(_SELECT, (case_id,)).fetchall()
                else:
                    found = connection.exec_driver_sql(_SELECT.replace("?", "%s"), (case_id,)).fetchall()
        except Exception as error:  # noqa: BLE001  whatever the driver raises
            raise _unavailable(error) from None
        return [dict(zip(_COLUMNS, row, strict=True)) for row in found]

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

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


def _unavailable(error: Exception) -> Exception:
    if isinstance(error, ConfigurationError):
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
