"""Measure two things side by side, in turn, and give the ratio pair by pair. No figure of it is a fact by itself.

Machines are shared and noisy: A and B run alternately, each pair gives one ratio, and what is shown is the median of
the ratios with the smallest and the largest.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison."""

    name: str
    """What is compared with what."""
    ratio: float
    """Median of B / A: how many times longer the peer takes, or of A / B where *cost* says so."""
    least: float
    most: float
    ours: float
    """Median seconds of ours, for orientation only."""
    theirs: float
    """Median seconds of the peer's, for orientation only."""
    cost: bool = False
    """Whether the ratio says what ours costs beside a floor (smaller is better)."""
    note: str = ""


def clocked(work: Work, times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Give the seconds of one run, averaged over *times*."""
    started = clock()
    for _ in range(times):
        work()
    return (clock() - started) / times


def compare(  # noqa: PLR0913  what a comparison is made of
    name: str,
    ours: Work,
    theirs: Work,
    *,
    rounds: int,
    times: tuple[int, int] = (1, 1),
    cost: bool = False,
    clock: Callable[[], float] = time.perf_counter,
    note: str = "",
) -> Line:
    """Run both in turn and compare; *times* says how often each runs within a round."""
    ours()
    theirs()
    pairs = [(clocked(ours, times[0], clock), clocked(theirs, times[1], clock)) for _ in range(rounds)]
    ratios = sorted((a / b if cost else b / a) for a, b in pairs)
    return Line(
        name,
        statistics.median(ratios),
        ratios[0],
        ratios[-1],
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        cost,
        note,
    )
