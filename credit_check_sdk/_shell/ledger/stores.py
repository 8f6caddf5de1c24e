"""Where the ledger and the audit store are kept: an SQLite file, or a PostgreSQL server. It knows no table."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import ConfigurationError

try:
    from fcntl import LOCK_EX, LOCK_UN, lockf
except ImportError:  # not on Windows
    lockf = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY_SECONDS = 30.0
_FORK_SECONDS = 10.0
"""How long a fork waits for transactions of other threads."""
_inherited: list[Any] = []
"""A parent process's connections. A child may neither use nor close them: that would reach into the parent's locks."""


class SqliteFile:
    """An SQLite file in WAL mode: as many connections as are in use at once, one writer at a time."""

    def __init__(self, url: str) -> None:
        self._path = sqlite_path(url)
        self._in_memory = self._path in {"", ":memory:"}
        self._all: set[sqlite3.Connection] = set()
        self._reset()

    def _reset(self) -> None:
        self._idle: list[sqlite3.Connection] = []
        self._lent = 0
        self._fork_under_way = False
        self._lock = threading.Condition(threading.Lock())
        # Threads of one process queue here, fairly and without polling; other processes wait on the file's lock.
        self._writing = threading.Lock()
        self._turn: int | None = None

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """Lend a connection in a transaction that is committed, and on the disk, when the block ends well."""
        # What is in memory is one connection's own, so readers queue for it too.
        with self._in_turn() if write or self._in_memory else contextlib.nullcontext():
            connection = self._take()
            sound = True
            try:
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                sound = _rolled_back(connection)
                raise
            finally:
                self._give_back(connection, sound=sound)

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let writers have their turns: threads by a lock, processes in the kernel's queue on a file beside the ledger.

        SQLite's own lock keeps two writers apart, but whoever waits for it sleeps and looks again, and may be passed
        over for seconds. Where the queue cannot be had, that is how it is. A process that dies, or forks, leaves no place
        in the queue behind.
        """
        with self._writing:
            place = self._queue()
            if place is None:
                yield
                return
            try:
                yield
            finally:
                _leave(place)

    def _queue(self) -> int | None:
        if self._in_memory or lockf is None:
            return None
        try:
            if self._turn is None:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
                self._turn = os.open(f"{self._path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            lockf(self._turn, LOCK_EX)
        except OSError:
            return None
        return self._turn

    def scrub(self) -> None:
        """Take what was overwritten out of the write-ahead log too; while somebody reads, the next checkpoint does."""
        if self._in_memory:
            return
        with self._in_turn():
            connection = self._take()
            sound = True
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error:
                sound = False
            finally:
                self._give_back(connection, sound=sound)

    def close(self) -> None:
        """Close what is not in use; the rest is closed when it is given back."""
        with self._lock:
            self._close_idle()
            self._all.clear()
        with self._writing:
            turn, self._turn = self._turn, None
            if turn is not None:
                os.close(turn)

    def rest(self) -> None:
        """Close what is not in use, unless it is in memory and would be lost."""
        with self._lock:
            if not self._in_memory:
                self._close_idle()

    def before_fork(self) -> None:
        """Wait until no connection is in use, close them all, and lend none until the fork is done.

        SQLite keeps one table of its file locks per process. A child that inherits entries of that table takes the
        parent's locks for its own, and may write to files that the parent is just about to remove.
        """
        with self._lock:
            self._fork_under_way = True
            self._lock.wait_for(lambda: not self._lent, _FORK_SECONDS)
            if not self._in_memory:
                self._close_idle()
        # Held while the process is copied: no other thread is inside SQLite then.
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Lend connections again."""
        self._fork_under_way = False
        self._lock.notify_all()
        self._lock.release()

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone."""
        _inherited.extend(self._all)
        self._all = set()
        if self._turn is not None:
            os.close(self._turn)  # a place in the queue is a process's own: the parent keeps its
        self._reset()

    def _close_idle(self) -> None:
        while self._idle:
            connection = self._idle.pop()
            self._all.discard(connection)
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            self._lock.wait_for(lambda: not self._fork_under_way)
            self._lent += 1
            if self._idle:
                return self._idle.pop()
        try:
            connection = self._connect()
        except BaseException:
            self._returned()
            raise
        with self._lock:
            self._all.add(connection)
        return connection

    def _returned(self) -> None:
        with self._lock:
            self._lent -= 1
            self._lock.notify_all()

    def _give_back(self, connection: sqlite3.Connection, *, sound: bool) -> None:
        with self._lock:
            if sound and connection in self._all:
                self._idle.append(connection)
            else:
                self._all.discard(connection)
                connection.close()
        self._returned()

    def _connect(self) -> sqlite3.Connection:
        if not self._in_memory:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                # Asked first: to change it needs a moment without writers, and it is changed once and for all.
                connection.execute("PRAGMA journal_mode = WAL")
            # Nothing promised is lost: a commit is on the disk before it returns.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # What is erased is overwritten, not only left out.
            connection.execute("PRAGMA secure_delete = ON")
        except BaseException:
            connection.close()
            raise
        return connection


def _leave(place: int) -> None:
    with contextlib.suppress(OSError):
        lockf(place, LOCK_UN)


def _rolled_back(connection: sqlite3.Connection) -> bool:
    """Say whether *connection* is sound: the transaction that failed is undone."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True


class Server:
    """A PostgreSQL server, through SQLAlchemy's pool."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Any = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[Any]:
        """Lend a SQLAlchemy connection in a transaction that is committed when the block ends well."""
        del write
        with self._made().begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the pool."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def rest(self) -> None:
        """Close the pool; the next use opens it anew."""
        self.close()

    def before_fork(self) -> None:
        """Let nobody make the pool while the process is copied."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone."""
        self._lock = threading.Lock()
        if self._engine is not None:
            _inherited.append(self._engine.pool)
            self._engine.dispose(close=False)
        self._engine = None

    def _made(self) -> Any:
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.exc import ArgumentError

        with self._lock:
            if self._engine is None:
                try:
                    # One driver, whichever the URL names: psycopg serves threads, and that is how the ledger waits.
                    url = make_url(self._url).set(drivername="postgresql+psycopg")
                    self._engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
                except (ArgumentError, ValueError):  # a port that is no number is a ValueError
                    raise _unusable("it cannot be read", "无法解析") from None
                except ImportError:
                    raise ConfigurationError(
                        "ledger: PostgreSQL needs the driver psycopg, which is not installed",
                        "ledger：使用 PostgreSQL 需要安装驱动 psycopg",
                        remedy_en="install credit-check-sdk[postgres]",
                        remedy_zh="请安装 credit-check-sdk[postgres]",
                    ) from None
            return self._engine


Store = SqliteFile | Server


def store(url: str) -> Store:
    """See from *url* what keeps the tables.

    Raises:
        ConfigurationError: it is neither SQLite nor PostgreSQL.
    """
    kind = url.partition(":")[0].partition("+")[0]
    if kind == "sqlite":
        return SqliteFile(url)
    if kind in {"postgresql", "postgres"}:
        return Server(url)
    raise _unusable(f"{kind!r} is no database that it can be kept in", f"不支持 {kind} 数据库")


def sqlite_path(url: str) -> str:
    """Give the path that an SQLite URL names; options behind ``?`` are not for this driver."""
    rest = url.partition("://")[2].partition("?")[0]
    return rest.removeprefix("/")


def _unusable(en: str, zh: str) -> ConfigurationError:
    # The URL itself is not shown: it may hold a password.
    return ConfigurationError(
        f"ledger.url or ledger.audit_url: {en}",
        f"ledger.url 或 ledger.audit_url：{zh}",
        remedy_en="write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE",
        remedy_zh="格式为 sqlite:///文件 或 postgresql+psycopg://用户@主机/数据库",
    )
