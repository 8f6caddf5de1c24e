"""Keep answers for a while, in this process, behind a lock. It judges no freshness; that is the core's.

Identifiers and purposes are hashed with the ring's index key, so that none stands in the memory as a key. All about one
subject at one source is one item, so that it can be forgotten at once whatever it was asked for.
"""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from credit_check_sdk._shell.board import Group
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.flow import About, MemoryKey
    from credit_check_sdk.spi import Memory

SIZE = 100_000
"""How many subjects at sources are kept at most; the longest unused go first."""
_PURPOSES = 32
"""How many answers are kept at most of one subject at one source."""
_JITTER = 0.1
"""Share by which an answer may be kept shorter than asked, so that not all that came together goes together."""
_REMEMBERED_FORGETTING = timedelta(minutes=15)
"""How long it is known that something was forgotten; no consultation lasts longer."""

_Kept = dict[str, tuple[Any, float]]


def _until(_group: Group, kept: _Kept, _now: float) -> float:
    return max(until for _, until in kept.values())


class LocalMemory:
    """A memory of this process, on the monotonic clock."""

    def __init__(self, keys: KeyRing, size: int = SIZE, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: TLRUCache[Group, _Kept] = TLRUCache(size, ttu=_until, timer=clock)
        self._forgotten: dict[Group, datetime] = {}

    @property
    def trouble(self) -> str | None:
        """What is wrong with it; nothing ever is."""
        return None

    shared: Memory | None = None
    """The memory that it shares with other processes; None."""

    def recall_here(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what is there, without asking anybody else."""
        return LocalMemory.recall(self, keys)

    def recall(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what is there; missing keys are absent."""
        hashed = self._hashed(keys)
        now = self._clock()
        found = {}
        with self._lock:
            for key, group, purpose in hashed:
                try:
                    item = self._kept[group].get(purpose)
                except KeyError:
                    continue
                if item is not None and item[1] > now:
                    found[key] = item[0]
        return found

    def remember(self, items: Sequence[tuple[MemoryKey, Any, float]]) -> None:
        """Keep each value for its seconds at most; what was asked before it was to be forgotten is not kept."""
        hashed = self._hashed([key for key, _, _ in items])
        now = self._clock()
        with self._lock:
            for (_, value, seconds), (_, group, purpose) in zip(items, hashed, strict=True):
                forgotten = self._forgotten.get(group)
                if forgotten is not None and getattr(value, "fetched_at", forgotten) <= forgotten:
                    continue
                until = now + seconds * (1 - _JITTER * random.random())  # noqa: S311  jitter, no secret
                kept = {name: item for name, item in (self._kept.get(group) or {}).items() if item[1] > now}
                while len(kept) >= _PURPOSES:
                    del kept[next(iter(kept))]
                kept[purpose] = (value, until)
                self._kept[group] = kept

    def forget(self, about: Sequence[About]) -> None:
        """Lose at once all about these, in this process."""
        moment = datetime.now(UTC)
        self.told([(group, moment) for group in self.groups(about)])

    def told(self, forgotten: Sequence[tuple[Group, datetime]]) -> None:
        """Lose all about these groups; what was asked before that moment will not be kept either."""
        with self._lock:
            for group, at in forgotten:
                self._kept.pop(group, None)
                self._forgotten[group] = max(at, self._forgotten.get(group, at))
            oldest = datetime.now(UTC) - _REMEMBERED_FORGETTING
            if len(self._forgotten) > SIZE:
                self._forgotten = {group: at for group, at in self._forgotten.items() if at > oldest}

    def groups(self, about: Sequence[About]) -> list[Group]:
        """Give the groups under which all about these is kept."""
        return [(each.source, self._subject(each.scheme, each.value)) for each in about]

    def clear(self) -> None:
        """Lose everything in this process: something to be forgotten may have been missed."""
        with self._lock:
            self._kept.clear()

    def close(self) -> None:
        """Let go of what it holds outside this process: nothing."""

    def reset_after_fork(self) -> None:
        """Make a lock of one's own; what is remembered stays."""
        self._lock = threading.Lock()

    def _hashed(self, keys: Sequence[MemoryKey]) -> list[tuple[MemoryKey, Group, str]]:
        # One subject is asked about at several sources for one purpose: each is hashed once.
        state = self._keys.state
        subjects: dict[tuple[str, str], str] = {}
        purposes: dict[str, str] = {}
        hashed = []
        for key in keys:
            mark = key.mark
            if mark is not None and mark[0] is state:
                hashed.append((key, mark[1], mark[2]))
                continue
            whom = (key.scheme, key.value)
            subject = subjects.get(whom) or subjects.setdefault(whom, self._subject(*whom))
            purpose = purposes.get(key.purpose) or purposes.setdefault(key.purpose, self._purpose(key.purpose))
            group = (key.source, subject)
            object.__setattr__(key, "mark", (state, group, purpose))  # the key is frozen for everybody else
            hashed.append((key, group, purpose))
        return hashed

    def _subject(self, scheme: str, value: str) -> str:
        return self._keys.hashed("memory", scheme, value)

    def _purpose(self, purpose: str) -> str:
        return self._keys.hashed("purpose", purpose)
