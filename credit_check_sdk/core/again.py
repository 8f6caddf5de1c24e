"""Check the same case again on the same answers: nothing needs to be weighed twice. It performs no I/O and reads no clock.

What a check came to holds for the next one of the very same case as long as every answer in memory is the very one on
which it rested, none has grown too old, and the day is the same. Whether that is so is asked of the memory each time, so
that what is forgotten, repaired or changed is never served from here. It dies with the case.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.flow import Recall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.core.consult import Remembered, Resting
    from credit_check_sdk.core.weigh import Heard, Verdict
    from credit_check_sdk.flow import MemoryKey
    from credit_check_sdk.model import Case, Decision, Evidence, MatterPolicy

_MOST = 4096
"""How many cases are kept at most."""
_SECOND = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Rested:
    """What a check came to, and on what it rested."""

    case: weakref.ref[Case]
    policy: MatterPolicy
    keys: tuple[MemoryKey, ...]
    kept: tuple[Remembered, ...]
    heard: tuple[Heard, ...]
    verdict: Verdict
    since: datetime
    """From when it holds: a clock that was set back before it makes nothing fresh."""
    until: datetime
    """Before when it holds."""
    parts: dict[str, Any] = field(default_factory=dict)
    """What of the decision is the same each time; empty where it has to be composed anew."""
    shown: tuple[datetime, datetime, tuple[Evidence, ...]] = (_NEVER, _NEVER, ())
    """From when and until when the evidences are what they were shown to be: their ages count in seconds."""


class Again:
    """What the cases of one desk came to, by the value itself: an equal case that was made anew is weighed anew."""

    __slots__ = ("_rested",)

    def __init__(self) -> None:
        self._rested: dict[int, Rested] = {}

    async def recalled(self, case: Case, now: datetime) -> Rested | None:
        """Give what the case came to, where it still holds at *now*."""
        rested = self._rested.get(id(case))
        if rested is None or rested.case() is not case or not rested.since <= now < rested.until:
            return None
        memory: Mapping[MemoryKey, Remembered] = await Recall(rested.keys)
        if len(memory) != len(rested.kept):
            return None
        # In the order of the keys, as memories answer; another order would only weigh once more than is needed.
        for found, kept in zip(memory.values(), rested.kept, strict=True):
            if found is not kept:
                return None
        return rested

    def keep(  # noqa: PLR0913, PLR0917  what a check came to is all of this
        self,
        case: Case,
        policy: MatterPolicy,
        resting: Resting,
        heard: tuple[Heard, ...],
        verdict: Verdict,
        decision: Decision,
        midnight: datetime,
    ) -> None:
        """Keep what a check came to that rested on memory alone, until the day ends at *midnight*."""
        place = id(case)
        rested = Rested(
            weakref.ref(case, lambda _: self._rested.pop(place, None)),
            policy,
            resting.keys,
            resting.kept,
            heard,
            verdict,
            since=max(item.fetched_at for item in resting.kept),
            until=min(resting.until, midnight),
        )
        if not decision.proposals:
            # Their numbers are those of the decision; without them all but number, time and ages stays the same.
            rested.parts = dict(decision.__dict__)
        if len(self._rested) >= _MOST:
            self._rested.clear()
        self._rested[place] = rested


def tick(heard: tuple[Heard, ...], now: datetime) -> datetime:
    """Say until when the ages of evidences stay what they are at *now*: they are told in whole seconds."""
    ends = []
    for item in heard:
        age = now - item.consultation.as_of
        ends.append(now + (_SECOND - age % _SECOND) if age >= timedelta() else item.consultation.as_of + _SECOND)
    return min(ends)
