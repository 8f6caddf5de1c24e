"""How often who may call: one bucket for each, in this process. It knows no clock but the one it is given."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 10_000
"""Buckets that are kept; the one longest unused goes first."""


class Limits:
    """Buckets that fill by *rate* a second up to *burst*; each call takes one out. Used from one event loop alone."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> float:
        """Take one out for *who*; give how many seconds are to be waited instead, where there is none: else 0."""
        now = self._clock()
        left, since = self._buckets.pop(who, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._rate)
        enough = left >= 1.0
        self._buckets[who] = (left - 1.0 if enough else left, now)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (1.0 - left) / self._rate
