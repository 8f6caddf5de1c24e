"""What a client's drivers reach: exchange, memory, ledger, audit, keys, clock. Put together by the client alone."""

from __future__ import annotations

import os
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk import flow as effects

if TYPE_CHECKING:
    from credit_check_sdk._shell.audit import AuditStore
    from credit_check_sdk._shell.exchange import Exchange
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger import Ledger
    from credit_check_sdk.spi import Memory

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_THREADS = 16


_worlds: weakref.WeakSet[World] = weakref.WeakSet()
"""Every world of this process: a fork leaves the parent's threads and connections behind."""


class World:
    """The parts of one client, and the small effects that need no part of their own."""

    def __init__(self, *, exchange: Exchange, memory: Memory, ledger: Ledger, audit: AuditStore, keys: KeyRing) -> None:
        self.exchange, self.memory, self.ledger, self.audit, self.keys = exchange, memory, ledger, audit, keys
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        _worlds.add(self)

    def perform(self, effect: effects.Effect[Any]) -> Any:  # noqa: PLR0911  one return per effect
        """Perform an effect that neither waits nor reaches a database."""
        match effect:
            case effects.Now():
                return now()
            case effects.NewId():
                return new_id(effect.prefix)
            case effects.Recall():
                return self.memory.recall(effect.keys)
            case effects.Remember():
                return self.memory.remember(effect.items, effect.seconds)
            case effects.Forget():
                return self.memory.forget(effect.keys)
            case effects.Hashed():
                return self.keys.hashed(*effect.parts)
            case effects.Sign():
                return self.keys.sign(effect.claims)
            case effects.Verify():
                return self.keys.verify(effect.token)
            case _:
                message = f"no driver performs {type(effect).__name__}"
                raise TypeError(message)

    def pause(self, seconds: float) -> None:
        """Wait in this thread."""
        time.sleep(seconds)

    def pool(self) -> ThreadPoolExecutor:
        """Give the threads that branches run in, made when first needed."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="credit-check")
            return self._pool

    def close(self) -> None:
        """Let go of everything."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        self.exchange.close()
        self.ledger.close()
        self.audit.close()

    async def aclose(self) -> None:
        """Let go of everything, from an event loop."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
        await self.exchange.aclose()
        await self.ledger.aclose()
        self.audit.close()

    def reset_after_fork(self) -> None:
        """Forget threads, connections and locks that belong to the parent process."""
        self._lock = threading.Lock()
        self._pool = None
        self.exchange.reset_after_fork()
        self.ledger.reset_after_fork()
        self.audit.reset_after_fork()


def now() -> datetime:
    """Read the wall clock, in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """Make an identifier that sorts by time: 10 characters of milliseconds and 16 of chance, as a ULID."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    characters = []
    for _ in range(26):
        characters.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(characters))}"


def _after_fork() -> None:
    for world in list(_worlds):
        world.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
