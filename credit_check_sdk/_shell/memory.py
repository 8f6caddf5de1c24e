"""Keep answers for a while, in this process, behind a lock. It judges no freshness; that is the core's.

Keys are hashed with the ring's index key, so that no identifier stands in the memory as a key.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.flow import MemoryKey

SIZE = 100_000
"""How many answers are kept at most; the longest unused go first."""


def _until(_key: str, item: tuple[Any, float], now: float) -> float:
    return now + item[1]


class LocalMemory:
    """A memory of this process, on the monotonic clock."""

    def __init__(self, keys: KeyRing, size: int = SIZE) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._kept: TLRUCache[str, tuple[Any, float]] = TLRUCache(size, ttu=_until, timer=time.monotonic)

    def recall(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what is there; missing keys are absent."""
        hashed = [(key, self._hashed(key)) for key in keys]
        with self._lock:
            found = [(key, self._kept.get(name)) for key, name in hashed]
        return {key: item[0] for key, item in found if item is not None}

    def remember(self, items: Sequence[tuple[MemoryKey, Any]], seconds: float) -> None:
        """Keep values for *seconds* at most."""
        hashed = [(self._hashed(key), value) for key, value in items]
        with self._lock:
            for name, value in hashed:
                self._kept[name] = (value, seconds)

    def forget(self, keys: Sequence[MemoryKey]) -> None:
        """Lose these at once."""
        hashed = [self._hashed(key) for key in keys]
        with self._lock:
            for name in hashed:
                self._kept.pop(name, None)

    def _hashed(self, key: MemoryKey) -> str:
        return self._keys.hashed("memory", key.source, key.scheme, key.value, key.purpose)
