"""Sources that tests put in place of platforms: counted, failing, slow, as told. Imported by path from their tests."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import Consulting
from credit_check_sdk.errors import NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import Pause
from credit_check_sdk.testing import FixedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from credit_check_sdk import Consultation, ExchangeError, Level, Query
    from tests.kit import Door


class Told:
    """A source that does what it is told: fails with the next of *errors*, waits *slow* seconds, then answers."""

    def __init__(
        self, name: Level, errors: Sequence[Exception] = (), *, slow: float = 0.0, always: bool = False
    ) -> None:
        self.id: str = name
        self.level: Level = name
        self.errors = list(errors)
        self.slow = slow
        self.always = always
        self.calls = 0
        self.fixed = FixedSource(name, level=self.level)
        self.began = asyncio.Event()
        self.until: Callable[[], bool] = lambda: True
        """Waits before it answers until this says so."""
        self._lock = threading.Lock()

    async def consult(self, query: Query) -> Consultation:
        """Do as told."""
        with self._lock:
            self.calls += 1
            self.began.set()
            error = (self.errors[0] if self.always else self.errors.pop(0)) if self.errors else None
        if self.slow:
            await Pause(self.slow)
        while not self.until():
            await Pause(0.02)
        if error is not None:
            raise error
        return await self.fixed.consult(query)


def put(door: Door, *sources: Told, budget: float = 3.0) -> None:
    """Let a door ask these instead of the platforms of their names."""
    for source in sources:
        door.client._desk.sources[source.id] = Consulting(source, source.level, budget)


def unreachable(name: str = "municipal") -> ExchangeError:
    """Make the error of a platform that is not there."""
    return NotSentError("it cannot be reached", "无法连接", retryable=True, source=name)


def busy(after: float, name: str = "municipal") -> ExchangeError:
    """Make the error of a platform that asks to wait."""
    detail: dict[str, object] = {"retry_after": after}
    return NotUnderstoodError("busy", "繁忙", code="source.rate_limited", retryable=True, source=name, detail=detail)


def broken(name: str = "municipal") -> ExchangeError:
    """Make the error of a connection that broke."""
    return NoAnswerError("the connection broke", "连接中断", retryable=True, source=name)


def garbage(name: str = "municipal") -> ExchangeError:
    """Make the error of an answer that nobody understands."""
    return NotUnderstoodError("garbage", "乱码", source=name)


def fast_forward(door: Door, length: timedelta) -> None:
    """Let the clock of a door's lines run ahead."""
    asking = door.client._world.asking
    ahead = length.total_seconds()
    for part in (asking, *asking.lines.values()):
        before = part._clock
        part._clock = lambda before=before: before() + ahead
