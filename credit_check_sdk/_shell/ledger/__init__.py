"""The ledger: checks, answers, notices and feedback, written in one transaction and never changed. Private.

It decides nothing and reads no clock. SQLAlchemy is imported when the ledger is first used.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import CreditCheckError, LedgerError, TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger.connect import Joined
    from credit_check_sdk._shell.ledger.work import Work

_BUSY_SECONDS = 30.0


class Ledger:
    """One department's ledger. Safe to share among threads, and across a fork."""

    def __init__(self, url: str, keys: KeyRing, *, environment: str = "production") -> None:
        self._keys = keys
        self._environment = environment
        self._store: _Store = _Sqlite(url) if url.startswith("sqlite") else _Server(url)
        self._lock = threading.Lock()
        self._id: str | None = None

    def run(self, work: Any, *, transaction: Any = None) -> Any:
        """Record a list of entries, answer a question or carry out a command of `credit_check_sdk.model.ledger`.

        Without *transaction* it runs in a transaction of its own; with it, in the host's, which stays the host's to
        commit or roll back.

        Raises:
            TransactionError: the host's transaction cannot carry it.
            LedgerError: the ledger cannot be reached, or is of a newer version.
        """
        from credit_check_sdk._shell.ledger.connect import drive, join

        number = self.number
        if transaction is None:
            return self._own(lambda joined: drive(self._work(work), joined), write=self._writes(work))
        joined = join(transaction)
        with _explained():
            self._same_database(drive(_ledger_id(joined.dialect), joined), number)
            return drive(self._work(work), joined)

    async def run_async(self, work: Any, *, transaction: Any = None) -> Any:
        """Do the same from an event loop; without *transaction* in a thread, so that the loop never waits."""
        if transaction is None:
            return await asyncio.shield(asyncio.to_thread(self.run, work))
        from credit_check_sdk._shell.ledger.connect import drive_async, join

        number = await asyncio.to_thread(lambda: self.number)
        joined = join(transaction, on_loop=True)
        with _explained():
            self._same_database(await drive_async(_ledger_id(joined.dialect), joined), number)
            return await drive_async(self._work(work), joined)

    @property
    def number(self) -> str:
        """The ledger's own number, which tells it from every other; the schema is made when it is first asked for."""
        with self._lock:
            if self._id is None:
                self._id = self._known() or self._own(self._prepare, write=True)
            return self._id

    def prepare(self) -> None:
        """Make the tables where they are missing, before a host's transaction may hold the database.

        A ledger that cannot be reached now is made when it is first used.
        """
        with contextlib.suppress(LedgerError):
            _ = self.number

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    async def aclose(self) -> None:
        """Let go of connections, from an event loop."""
        await asyncio.to_thread(self.close)

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone and make own ones."""
        self._lock = threading.Lock()
        self._store.reset_after_fork()

    def _own(self, do: Callable[[Joined], Any], *, write: bool) -> Any:
        with _explained(), self._store.transaction(write=write) as joined:
            return do(joined)

    def _work(self, work: Any) -> Work[Any]:
        from credit_check_sdk._shell.ledger.work import ask, record

        return record(work, self._keys) if isinstance(work, list) else ask(work, self._keys)

    @staticmethod
    def _writes(work: Any) -> bool:
        from credit_check_sdk._shell.ledger.work import writes

        return writes(work)

    def _known(self) -> str | None:
        # Reading waits for nobody; preparing would wait for the host's own transaction, which waits for us.
        from credit_check_sdk._shell.ledger import making

        try:
            found: str | None = self._own(making.known, write=False)
        except LedgerError:
            return None  # no tables yet; whatever else is wrong, preparing says it
        return found

    def _prepare(self, joined: Joined) -> str:
        from credit_check_sdk._shell.ledger import making

        return making.prepare(joined)

    @staticmethod
    def _same_database(found: str | None, number: str) -> None:
        if found != number:
            raise TransactionError(
                "transaction: the connection leads to another database than the ledger's",
                "transaction：该连接指向的数据库不是台账所在的数据库",
                remedy_en="set ledger.url to the host's own database, or leave the transaction out",
                remedy_zh="请将 ledger.url 设为业务数据库，或不传入 transaction",
            )


def _ledger_id(dialect: str) -> Work[str | None]:
    from credit_check_sdk._shell.ledger.making import ledger_id

    return ledger_id(dialect)


class _Sqlite:
    """An SQLite file in WAL mode: one connection for each thread, one writer at a time."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        self._reset()

    def _reset(self) -> None:
        self._local = threading.local()
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._all: list[sqlite3.Connection] = []

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[Joined]:
        from credit_check_sdk._shell.ledger.connect import Joined, on_cursor

        connection = self._connection()
        # Threads of one process queue here, fairly and without polling; other processes wait on the file's lock.
        with self._writing if write else contextlib.nullcontext():
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield Joined("sqlite", run=lambda text, values: on_cursor(connection, text, values))
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()

    def reset_after_fork(self) -> None:
        self._reset()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                # Asked first: to change it needs a moment without writers, and it is changed once and for all.
                connection.execute("PRAGMA journal_mode = WAL")
            # Nothing promised is lost: a commit is on the disk before it returns.
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection


class _Server:
    """A database server, through SQLAlchemy's pool."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Any = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[Joined]:
        del write
        from credit_check_sdk._shell.ledger.connect import join

        with self._begin() as connection:
            yield join(connection)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def reset_after_fork(self) -> None:
        self._lock = threading.Lock()
        if self._engine is not None:
            self._engine.dispose(close=False)
        self._engine = None

    def _begin(self) -> Any:
        from sqlalchemy import create_engine

        with self._lock:
            if self._engine is None:
                self._engine = create_engine(self._url, pool_pre_ping=True)
        return self._engine.begin()


_Store = _Sqlite | _Server


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn a driver's exception into words; no parameter of a statement ever leaves this module."""
    try:
        yield
    except CreditCheckError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise _unavailable(type(error).__name__, str(error)) from None
    except Exception as error:
        home = type(error).__module__.partition(".")[0]
        if home not in {"sqlalchemy", "psycopg", "aiosqlite"}:
            raise
        origin = getattr(error, "orig", None)
        raise _unavailable(type(origin or error).__name__, "") from None


def _unavailable(kind: str, said: str) -> LedgerError:
    reason = f"{kind}: {said}" if said else kind
    return LedgerError(
        f"the ledger cannot be used ({reason}); nothing was decided",
        f"台账不可用（{reason}），未作出任何决定",
        retryable=True,
        remedy_en="look at ledger.url, the disk and the database, and try again",
        remedy_zh="请检查 ledger.url、磁盘与数据库后重试",
    )
