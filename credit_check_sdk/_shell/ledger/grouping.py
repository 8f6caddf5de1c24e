"""Commit what many callers record at once in one transaction of the ledger: one wait for the disk for all of them.

Whoever comes while another commits waits for the next commit, and one of those who wait leads it: a caller alone waits
for nobody. Each returns only when its own entries are on the disk; each one's failure is its own.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from credit_check_sdk._shell.ledger.connect import Joined
    from credit_check_sdk._shell.ledger.steps import Work

    Lend = Callable[[], AbstractContextManager[tuple[Joined, sqlite3.Connection]]]

_MOST = 128
"""Callers of one commit at most."""


class Ticket:
    """What one caller wants recorded, and what came of it."""

    __slots__ = ("done", "error", "make", "value")

    def __init__(self, make: Callable[[str], Work[Any]]) -> None:
        self.make = make
        self.done = False
        self.value: Any = None
        self.error: Exception | None = None

    def result(self) -> Any:
        """Give what it came to, or raise."""
        if self.error is not None:
            raise self.error
        return self.value


class GroupCommit:
    """The callers of one ledger who record at the same time; *lend* gives a connection in a transaction."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._leading = threading.Lock()
        self._waiting: deque[Ticket] = deque()

    def reset_after_fork(self) -> None:
        """Begin anew: who waits is the parent's."""
        self._reset()

    def put(self, make: Callable[[str], Work[Any]]) -> Ticket:
        """Queue up; `commit` has to follow."""
        ticket = Ticket(make)
        with self._lock:
            self._waiting.append(ticket)
        return ticket

    def commit(self, ticket: Ticket) -> None:
        """Wait until the ticket's entries are on the disk, or refused; lead where nobody else did."""
        while not ticket.done:
            with self._leading:
                if ticket.done:
                    return
                with self._lock:
                    batch = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
                self._together(batch)

    def _together(self, batch: list[Ticket]) -> None:
        try:
            with self._lend() as (joined, connection):
                for ticket in batch:
                    self._one(ticket, joined, connection, alone=len(batch) == 1)
        except BaseException as error:
            # Nothing of any of them is there: neither of those that went well before the transaction failed.
            for ticket in batch:
                ticket.value, ticket.error = None, error if isinstance(error, Exception) else _broken_off()
            if not isinstance(error, Exception):
                raise
        finally:
            for ticket in batch:
                ticket.done = True

    @staticmethod
    def _one(ticket: Ticket, joined: Joined, connection: sqlite3.Connection, *, alone: bool) -> None:
        from credit_check_sdk._shell.ledger.connect import drive

        if alone:
            ticket.value = drive(ticket.make(joined.dialect), joined)
            return
        connection.execute("SAVEPOINT one_of_many")
        try:
            ticket.value = drive(ticket.make(joined.dialect), joined)
        except Exception as error:  # noqa: BLE001  it is this caller's alone; the others go on
            # Where the database has given up the whole transaction, this fails, and so do all.
            connection.execute("ROLLBACK TO one_of_many")
            ticket.error = error
        connection.execute("RELEASE one_of_many")


def _broken_off() -> LedgerError:
    return LedgerError(
        "the commit was broken off; nothing was decided",
        "提交被中止，未作出任何决定",
        retryable=True,
        remedy_en="try again",
        remedy_zh="请重试",
    )
