"""The audit store: who asked which source about whom, why and when. Written before anything leaves the machine.

It is a database of its own, so that it survives a rollback of the host: the query did happen. Subjects stand in it as
keyed hashes only.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import QueryNote

_COLUMNS = (
    "id", "at", "source", "subject_key", "case_id", "matter", "point", "purpose", "basis", "authorisation_ref",
    "operator", "department",
)  # fmt: skip
_TABLE = f"CREATE TABLE IF NOT EXISTS credit_query ({', '.join(f'{name} TEXT' for name in _COLUMNS)}, PRIMARY KEY (id))"
_INDEX = "CREATE INDEX IF NOT EXISTS credit_query_case ON credit_query (case_id)"
_INSERT = f"INSERT INTO credit_query ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  names of columns, no values
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM credit_query WHERE case_id = ? ORDER BY at, id"  # noqa: S608  the same
_BUSY_SECONDS = 30.0


class AuditStore:
    """One department's audit store. Safe to share among threads, and across a fork."""

    def __init__(self, url: str, keys: KeyRing) -> None:
        self._url = url
        self._keys = keys
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._engine: Any = None

    def write(self, notes: Sequence[QueryNote]) -> None:
        """Write down what is about to be asked; committed, and on the disk, before this returns.

        Raises:
            LedgerError: it cannot be written; then nothing may leave the machine.
        """
        rows = [self._row(note) for note in notes]
        try:
            with self._lock:
                if self._url.startswith("sqlite"):
                    connection = self._sqlite()
                    with connection:
                        connection.executemany(_INSERT, rows)
                else:
                    self._write_to_server(rows)
        except Exception as error:  # noqa: BLE001  whatever the driver raises, nothing may leave the machine
            raise self._unavailable(error) from None

    async def write_async(self, notes: Sequence[QueryNote]) -> None:
        """Do the same from an event loop."""
        await asyncio.shield(asyncio.to_thread(self.write, notes))

    def rows(self, case_id: str) -> list[dict[str, str]]:
        """Give what was asked for a file, oldest first; subjects as keyed hashes."""
        try:
            with self._lock:
                if self._url.startswith("sqlite"):
                    found = self._sqlite().execute(_SELECT, (case_id,)).fetchall()
                else:
                    with self._server().connect() as connection:
                        found = connection.exec_driver_sql(_SELECT.replace("?", "%s"), (case_id,)).fetchall()
        except Exception as error:  # noqa: BLE001  whatever the driver raises, nothing may leave the machine
            raise self._unavailable(error) from None
        return [dict(zip(_COLUMNS, row, strict=True)) for row in found]

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            if self._engine is not None:
                self._engine.dispose()
            self._connection = self._engine = None

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone and make own ones."""
        self._lock = threading.Lock()
        self._connection = None
        if self._engine is not None:
            self._engine.dispose(close=False)
        self._engine = None

    def _row(self, note: QueryNote) -> tuple[str | None, ...]:
        primary = note.subject.primary
        subject = ("subject", primary.scheme, primary.normal) if primary else ("name", note.subject.normal_name)
        return (
            note.id,
            note.at.isoformat(),
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

    def _sqlite(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._url.removeprefix("sqlite:///")
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
            connection.execute(_INDEX)
            connection.commit()
            self._connection = connection
        return self._connection

    def _server(self) -> Any:
        if self._engine is None:
            from sqlalchemy import create_engine

            self._engine = create_engine(self._url, pool_pre_ping=True)
            with self._engine.begin() as connection:
                connection.exec_driver_sql(_TABLE)
                connection.exec_driver_sql(_INDEX)
        return self._engine

    def _write_to_server(self, rows: Sequence[tuple[str | None, ...]]) -> None:
        with self._server().begin() as connection:
            connection.exec_driver_sql(_INSERT.replace("?", "%s"), list(rows))

    @staticmethod
    def _unavailable(error: Exception) -> LedgerError:
        kind = type(getattr(error, "orig", None) or error).__name__
        return LedgerError(
            f"the audit store cannot be used ({kind}); nothing left the machine",
            f"查询审计库不可用（{kind}），没有发出任何查询",
            code="audit.unavailable",
            retryable=True,
            remedy_en="look at ledger.audit_url, the disk and the database, and try again",
            remedy_zh="请检查 ledger.audit_url、磁盘与数据库后重试",
        )
