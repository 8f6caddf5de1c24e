"""A memory shared among processes, behind that of this process. Names are keyed hashes, values are sealed.

What a plugin's memory gives is checked here: it is of this ring, not over, and was asked for after the last forgetting.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from credit_check_sdk._shell.memory import LocalMemory
from credit_check_sdk._shell.sealed import Sealer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk._shell.board import Group
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.flow import MemoryKey
    from credit_check_sdk.spi import Memory

_STAMP = 8


class SharedMemory(LocalMemory):
    """The memory of this process, and beside it one that other processes share."""

    def __init__(self, keys: KeyRing, shared: Memory) -> None:
        super().__init__(keys)
        self.shared = shared
        self.sealer = Sealer(keys)
        shared.listen(self._heard)

    @property
    @override
    def trouble(self) -> str | None:
        """What is wrong with the shared memory; this process remembers by itself meanwhile."""
        return self.shared.trouble if self.shared is not None else None

    @override
    def recall(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what is there, here or in the shared memory; missing keys are absent."""
        found = dict(super().recall(keys))
        missing = [key for key in keys if key not in found]
        if not missing or self.shared is None:
            return found
        hashed = self._hashed(missing)
        given = self.shared.recall([(_name(group), purpose) for _, group, purpose in hashed])
        taken: list[tuple[MemoryKey, Any, float]] = []
        for (key, group, purpose), (sealed, forgotten) in zip(hashed, given, strict=True):
            item = self._opened(sealed, f"{_name(group)} {purpose}", forgotten)
            if item is not None:
                taken.append((key, *item))
        super().remember(taken)
        return found | {key: value for key, value, _ in taken}

    @override
    def remember(self, items: Sequence[tuple[MemoryKey, Any, float]]) -> None:
        """Keep values here and in the shared memory."""
        super().remember(items)
        if self.shared is None:
            return
        now = time.time()
        sealed = []
        hashed = self._hashed([key for key, _, _ in items])
        for (_, group, purpose), (_, value, seconds) in zip(hashed, items, strict=True):
            blob = self.sealer.seal(value, f"{_name(group)} {purpose}")
            if blob is not None and seconds > 0:
                until = int((now + seconds) * 1000).to_bytes(_STAMP)
                sealed.append((_name(group), purpose, until + blob, seconds))
        if sealed:
            self.shared.remember(sealed)

    @override
    def told(self, forgotten: Sequence[tuple[Group, datetime]]) -> None:
        """Lose these here; what reaches this process by the board goes from the shared memory as well."""
        super().told(forgotten)
        if self.shared is not None and forgotten:
            latest = max(at for _, at in forgotten)
            self.shared.forget([_name(group) for group, _ in forgotten], latest.timestamp())

    @override
    def close(self) -> None:
        """Let go of the shared memory's connections."""
        if self.shared is not None:
            self.shared.close()

    @override
    def reset_after_fork(self) -> None:
        """Make locks, connections and a listener of one's own."""
        super().reset_after_fork()
        if self.shared is not None:
            self.shared.reset_after_fork()
            self.shared.listen(self._heard)

    def flight(self, keys: Sequence[MemoryKey]) -> str:
        """Name the call that asks for these, the same in every process on this key ring."""
        return self._keys.hashed("flight", *(f"{_name(group)} {purpose}" for _, group, purpose in self._hashed(keys)))

    def forgotten_since(self, groups: Sequence[Group], moment: datetime) -> bool:
        """Say whether any of these was to be forgotten at or after *moment*."""
        if self.shared is None or not groups:
            return False
        given = self.shared.recall([(_name(group), "") for group in groups])
        return any(at is not None and at >= moment.timestamp() for _, at in given)

    def _opened(self, sealed: bytes | None, name: str, forgotten: float | None) -> tuple[Any, float] | None:
        if sealed is None:
            return None
        left = int.from_bytes(sealed[:_STAMP]) / 1000 - time.time()
        value = self.sealer.open(sealed[_STAMP:], name) if left > 0 else None
        fetched_at = getattr(value, "fetched_at", None)
        if fetched_at is None or (forgotten is not None and fetched_at.timestamp() <= forgotten):
            return None
        return value, left

    def _heard(self, groups: Sequence[str] | None, at: float) -> None:
        if groups is None:
            self.clear()
            return
        moment = datetime.fromtimestamp(at, UTC)
        pairs = [name.rpartition(":") for name in groups]
        super().told([((source, subject), moment) for source, _, subject in pairs])


def _name(group: Group) -> str:
    return f"{group[0]}:{group[1]}"
