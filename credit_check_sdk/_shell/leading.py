"""Who leads a call among processes that share a memory. It asks no source; without such a memory everybody leads."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.sharing import SharedMemory
from credit_check_sdk.model import Consultation

if TYPE_CHECKING:
    from credit_check_sdk._shell.memory import LocalMemory
    from credit_check_sdk.flow import Call

LOOK_EVERY = 0.02
"""Seconds between two looks for the result of another process."""
_SLACK = 2.0
_STAMP = 8
NOTHING = object()
"""That there is no result to be taken."""


class Leading:
    """The lead of calls, by the memory that processes share."""

    def __init__(self, memory: LocalMemory) -> None:
        self._memory = memory if isinstance(memory, SharedMemory) else None
        self._tokens: dict[tuple[str, str], str] = {}

    @property
    def shared(self) -> bool:
        """Whether other processes may lead."""
        return self._memory is not None

    def claim(self, call: Call) -> bool:
        """Take the lead, unless another process has it."""
        if self._memory is None or self._memory.shared is None or not call.keys:
            return True
        name, token = self._memory.flight(call.keys), os.urandom(12).hex()
        if not self._memory.shared.claim(name, token, call.budget + _SLACK):
            return False
        self._tokens[call.source, name] = token
        return True

    def land(self, call: Call, result: Any) -> None:
        """Leave the result for other processes; one that cannot be shared only gives up the lead."""
        if self._memory is None or self._memory.shared is None or not call.keys:
            return
        name = self._memory.flight(call.keys)
        token = self._tokens.pop((call.source, name), None)
        if token is None:
            return
        sealed = self._memory.sealer.seal(result, name)
        stamp = int(datetime.now(UTC).timestamp() * 1_000_000).to_bytes(_STAMP)
        self._memory.shared.land(name, token, stamp + sealed if sealed is not None else b"")

    def landed(self, call: Call) -> tuple[Any, bool]:
        """Give another process's result, or `NOTHING`; and whether somebody leads."""
        if self._memory is None or self._memory.shared is None:
            return NOTHING, False
        name = self._memory.flight(call.keys)
        given, led = self._memory.shared.landed(name)
        if not given or int.from_bytes(given[:_STAMP]) < call.at.timestamp() * 1_000_000:
            return NOTHING, led
        result = self._memory.sealer.open(given[_STAMP:], name)
        if result is None or self._touched(call, result):
            return NOTHING, led
        return result, led

    def _touched(self, call: Call, result: Any) -> bool:
        """Say whether a change came after the answer was fetched."""
        if self._memory is None or not isinstance(result, Consultation):
            return False
        groups = [group for _, group, _ in self._memory._hashed(call.keys)]  # noqa: SLF001  the same memory's names
        return self._memory.forgotten_since(groups, result.fetched_at)
