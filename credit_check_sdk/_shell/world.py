"""What a client's drivers reach: exchange, memory, ledger, audit, keys, clock. Put together by the client alone."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk import flow as effects
from credit_check_sdk._shell.asking import Asking
from credit_check_sdk._shell.board import Board
from credit_check_sdk.errors import CreditCheckError, LedgerError
from credit_check_sdk.model.ledger import OutboxStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from credit_check_sdk._shell.audit import AuditStore
    from credit_check_sdk._shell.board import Group
    from credit_check_sdk._shell.exchange import Exchange
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger import Ledger
    from credit_check_sdk._shell.memory import LocalMemory
    from credit_check_sdk.flow import About, MemoryKey
    from credit_check_sdk.spi import SourceSettings

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_THREADS = 64
_log = logging.getLogger("credit_check_sdk")
_log.addHandler(logging.NullHandler())  # a library says nothing where its host does not listen


_worlds: weakref.WeakSet[World] = weakref.WeakSet()
"""Every world of this process: a fork leaves the parent's threads and connections behind."""


class World:
    """The parts of one client, and the small effects that need no part of their own."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        memory: LocalMemory,
        ledger: Ledger,
        audit: AuditStore,
        keys: KeyRing,
        sources: Mapping[str, SourceSettings] | None = None,
    ) -> None:
        self.exchange, self.memory, self.ledger, self.audit, self.keys = exchange, memory, ledger, audit, keys
        self.board = Board(audit, self._told)
        self.asking = Asking(sources or {}, audit, self.board, memory, wall=lambda: now())  # noqa: PLW0108  looked up when it is called: a test may set the clock
        exchange.pace = self.asking.pace
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._open = True
        _worlds.add(self)

    def recall(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what the memory has; nothing at all, where it cannot be known what is to be forgotten."""
        try:
            self.board.read()
        except LedgerError:
            return {}
        return self.memory.recall(keys)

    def _told(self, forgotten: Sequence[tuple[Group, datetime]]) -> None:
        self.memory.told(forgotten)

    def forget(self, about: Sequence[About]) -> None:
        """Lose all about these, here at once and in every other process on the audit store."""
        self.asking.forget([(each.source, each.scheme, each.value) for each in about])
        self.board.forget(self.memory.groups(about), now(), new_id)

    def verified(self, effect: effects.Verify) -> Any:
        """Read claims whose signature holds, by the ring's own keys or the given ones."""
        if effect.keys is None:
            return self.keys.verify(effect.token)
        from credit_check_sdk._shell.keys import verify_with

        return verify_with(effect.token, effect.keys)

    def pause(self, seconds: float) -> None:
        """Wait in this thread."""
        time.sleep(seconds)

    def here(self) -> World:
        """Give itself, fit for the process that asks: some servers fork without telling Python (uWSGI does)."""
        if self._process != os.getpid():
            _log.warning(
                "this process was forked without telling Python, and may hang when it ends; "
                "with uWSGI, set py-call-osafterfork"
            )
            self.reset_after_fork()
        return self

    def pool(self) -> ThreadPoolExecutor:
        """Give the threads that branches run in, made when first needed."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="credit-check")
            return self._pool

    def close(self) -> None:
        """Let go of everything; what stays undelivered is said."""
        self.say_undelivered()
        self.memory.close()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)
        self.exchange.close()
        self.ledger.close()
        self.audit.close()

    async def aclose(self) -> None:
        """Let go of everything, from an event loop."""
        if self.ledger.promised:
            await asyncio.shield(asyncio.to_thread(self.say_undelivered))
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)
        await self.asking.aclose()
        self.memory.close()
        await self.exchange.aclose()
        await self.ledger.aclose()
        self.audit.close()

    def say_undelivered(self) -> None:
        """Log once what this client promised and nobody delivered yet: it waits in the ledger for a relay."""
        if not self._open or not self.ledger.promised or self._process != os.getpid():
            return
        self._open = False
        try:
            report = self.ledger.run(OutboxStatus())
        except CreditCheckError as error:
            _log.warning("what is undelivered cannot be read now (%s); it is in the ledger", error.code)
            return
        if report.undelivered:
            counts = ", ".join(
                f"{state} {count}" for state, count in sorted(report.counts.items()) if state != "delivered"
            )
            since = report.oldest_waiting.isoformat(timespec="seconds") if report.oldest_waiting else "-"
            _log.warning(
                "%d feedbacks are not delivered yet (%s; oldest waiting since %s); `credit-check relay` delivers them",
                report.undelivered,
                counts,
                since,
            )

    def before_fork(self) -> None:
        """Let the databases come to rest, so that the child inherits no lock of theirs."""
        self.ledger.before_fork()
        self.audit.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self.audit.after_fork_in_parent()
        self.ledger.after_fork_in_parent()

    def reset_after_fork(self) -> None:
        """Forget threads, connections and locks that belong to the parent process."""
        self._process = os.getpid()
        self.ledger.promised = False
        self._lock = threading.Lock()
        self._pool = None
        self.exchange.reset_after_fork()
        self.ledger.reset_after_fork()
        self.audit.reset_after_fork()
        # A plugin's memory may have no connections, and then nothing to forget.
        getattr(self.memory, "reset_after_fork", _nothing)()
        self.board.reset_after_fork()
        self.asking.reset_after_fork()


def now() -> datetime:
    """Read the wall clock, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Make an identifier that sorts by time: 10 characters of milliseconds and 16 of chance, as a ULID."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


AT_ONCE: dict[type, Callable[[World, Any], Any]] = {
    effects.Now: lambda _, __: now(),
    effects.NewId: lambda _, effect: new_id(effect.prefix),
    effects.Hashed: lambda world, effect: world.keys.hashed(*effect.parts),
    effects.Sign: lambda world, effect: world.keys.sign(effect.claims),
    effects.Verify: lambda world, effect: world.verified(effect),
}
"""The effects that neither wait nor reach a database, and how they are performed."""


def unknown(effect: effects.Effect[Any]) -> Any:
    """Refuse an effect that nobody performs.

    Raises:
        TypeError: always.
    """
    message = f"no driver performs {type(effect).__name__}"
    raise TypeError(message)


def _nothing() -> None:
    return None


_forking: list[World] = []
"""The worlds that were brought to rest for the fork that is under way."""
_fork = threading.Lock()
"""Held while this process is copied: two threads that fork at once would wait for each other's worlds."""


def _before_fork() -> None:
    _fork.acquire()
    for world in list(_worlds):
        world.before_fork()
        _forking.append(world)


def _after_fork_in_parent() -> None:
    while _forking:
        _forking.pop().after_fork_in_parent()
    _fork.release()


def _after_fork_in_child() -> None:
    global _fork  # noqa: PLW0603  the parent's is held for ever in the child
    _fork = threading.Lock()
    _forking.clear()
    for world in list(_worlds):
        world.reset_after_fork()


def _at_exit() -> None:
    for world in list(_worlds):
        world.say_undelivered()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
