"""The ledger: checks, answers, notices and feedback, written in one transaction and never changed. Private.

It decides nothing and reads no clock. SQLAlchemy is imported when the ledger is first used.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.ledger.grouping import GroupCommit
from credit_check_sdk._shell.ledger.stores import SqliteFile, store
from credit_check_sdk.errors import CreditCheckError, LedgerError
from credit_check_sdk.model.ledger import FeedbackEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger.connect import Joined
    from credit_check_sdk._shell.ledger.steps import Work

_DRIVERS = frozenset({"sqlalchemy", "sqlite3", "psycopg", "psycopg2", "aiosqlite", "asyncpg", "django"})


class Ledger:
    """One department's ledger. Safe to share among threads, and across a fork.

    Raises:
        ConfigurationError: *url* names neither SQLite nor PostgreSQL.
    """

    def __init__(self, url: str, keys: KeyRing, *, environment: str = "production") -> None:
        del environment  # every check carries its own
        self._keys = keys
        self._store = store(url)
        self._lock = threading.Lock()
        self._id: str | None = None
        self._group = GroupCommit(self._lent_on_file) if isinstance(self._store, SqliteFile) else None
        self.promised = False
        """Whether feedback was promised here since it was opened."""

    def run(self, work: Any, *, transaction: Any = None) -> Any:
        """Record a list of entries, answer a question or carry out a command of `credit_check_sdk.model.ledger`.

        Without *transaction* it runs in a transaction of its own; with it, in the host's, which stays the host's to
        commit or roll back. Entries are recorded all or none, in the host's transaction too.

        Raises:
            TransactionError: the host's transaction cannot carry it.
            LedgerError: the ledger cannot be reached, or is of a newer version.
            KeyRingError: another key ring wrote the ledger.
        """
        from credit_check_sdk._shell.ledger.steps import begun
        from credit_check_sdk._shell.ledger.work import scrubs, writes

        number = self.number
        self._note_promises(work)
        if transaction is None and isinstance(work, list) and self._group is not None:
            with _explained():
                ready = begun(self._work(work))
                ticket = self._group.put(lambda _: ready)
                self._group.commit(ticket)
                return ticket.result()
        if transaction is None:
            ready = begun(self._work(work)) if isinstance(work, list) else self._work(work)
            done = self._own(lambda _: ready, write=writes(work))
            if scrubs(work) and isinstance(self._store, SqliteFile):
                self._store.scrub()
            return done
        from credit_check_sdk._shell.ledger.connect import drive
        from credit_check_sdk._shell.ledger.joining import join, within

        with _explained():
            joined = join(transaction)
            return drive(within(self._work(work), joined, number, write=writes(work)), joined)

    async def run_async(self, work: Any, *, transaction: Any = None) -> Any:
        """Do the same from an event loop; without *transaction* in a thread, so that the loop never waits."""
        self._note_promises(work)
        if transaction is None and isinstance(work, list) and self._group is not None:
            if self._id is None:
                await asyncio.to_thread(lambda: self.number)
            from credit_check_sdk._shell.ledger.steps import begun

            with _explained():
                # Queued here and now, so that all who record in one turn of the loop are committed together.
                ready = begun(self._work(work))
                ticket = self._group.put(lambda _: ready)
                await asyncio.shield(asyncio.to_thread(self._group.commit, ticket))
                return ticket.result()
        if transaction is None:
            return await asyncio.shield(asyncio.to_thread(self.run, work))
        from credit_check_sdk._shell.ledger.connect import drive_async
        from credit_check_sdk._shell.ledger.joining import join, within
        from credit_check_sdk._shell.ledger.work import writes

        number = await asyncio.to_thread(lambda: self.number) if self._id is None else self._id
        with _explained():
            joined = join(transaction, on_loop=True)
            return await drive_async(within(self._work(work), joined, number, write=writes(work)), joined)

    def _note_promises(self, work: Any) -> None:
        if isinstance(work, list) and any(isinstance(one, FeedbackEntry) for one in work):
            self.promised = True

    @property
    def number(self) -> str:
        """The ledger's own number, which tells it from every other; the schema is made when it is first asked for."""
        with self._lock:
            if self._id is None:
                self._id = self._known() or self._prepared()
            return self._id

    def prepare(self) -> None:
        """Make the tables where they are missing, before a host's transaction may hold the database.

        A ledger that cannot be reached now is made when it is first used.
        """
        with contextlib.suppress(LedgerError):
            _ = self.number
        # Until the client is used, nothing is open that a fork could carry along.
        self._store.rest()

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    async def aclose(self) -> None:
        """Let go of connections, from an event loop."""
        await asyncio.to_thread(self.close)

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
        if self._group is not None:
            self._group.reset_after_fork()

    def _own(self, make: Callable[[str], Work[Any]], *, write: bool) -> Any:
        """Do work, made for a dialect, in a transaction of our own."""
        from credit_check_sdk._shell.ledger.connect import drive

        with _explained(), self._lent(write=write) as joined:
            return drive(make(joined.dialect), joined)

    @contextlib.contextmanager
    def _lent(self, *, write: bool) -> Iterator[Joined]:
        from credit_check_sdk._shell.ledger.connect import Joined, on_own_sqlite, on_sqlalchemy

        with self._store.transaction(write=write) as connection:
            if isinstance(self._store, SqliteFile):
                yield Joined("sqlite", run=on_own_sqlite(connection))
            else:
                yield Joined("postgresql", run=on_sqlalchemy(connection))

    @contextlib.contextmanager
    def _lent_on_file(self) -> Iterator[tuple[Joined, sqlite3.Connection]]:
        from credit_check_sdk._shell.ledger.connect import Joined, on_own_sqlite

        with self._store.transaction(write=True) as connection:
            yield Joined("sqlite", run=on_own_sqlite(connection)), connection

    def _work(self, work: Any) -> Work[Any]:
        from credit_check_sdk._shell.ledger.work import ask, record

        return record(work, self._keys) if isinstance(work, list) else ask(work, self._keys)

    def _known(self) -> str | None:
        # Reading waits for nobody; preparing would wait for the host's own transaction, which waits for us.
        from credit_check_sdk._shell.ledger.making import known

        try:
            found: str | None = self._own(lambda dialect: known(dialect, self._keys), write=False)
        except LedgerError:
            return None  # whatever is wrong, preparing says it
        return found

    def _prepared(self) -> str:
        from credit_check_sdk._shell.ledger.making import prepare

        number: str = self._own(lambda dialect: prepare(dialect, self._keys), write=True)
        return number


def ddl(dialect: str) -> str:
    """Give the statements that make the tables of ``sqlite`` or ``postgresql``, for a database administrator to read."""
    from credit_check_sdk._shell.ledger import making

    return "".join(f"{statement};\n" for statement in making.ddl(dialect))


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
        if type(error).__module__.partition(".")[0] not in _DRIVERS:
            raise
        origin = getattr(error, "orig", None) or error
        raise _unavailable(type(origin).__name__, str(getattr(origin, "sqlstate", None) or "")) from None


def _unavailable(kind: str, said: str) -> LedgerError:
    reason = f"{kind}: {said}" if said else kind
    return LedgerError(
        f"the ledger cannot be used ({reason}); nothing was decided",
        f"台账不可用（{reason}），未作出任何决定",
        retryable=True,
        remedy_en="look at ledger.url, the disk and the database, and try again",
        remedy_zh="请检查 ledger.url、磁盘与数据库后重试",
    )
