"""What the processes on one audit store tell one another: isolated sources, used quota, what is to be forgotten.

It is read at most once a second; writing is at once. It holds no identifier, only keyed hashes.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk._shell.audit import Spending
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.errors import CreditCheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from credit_check_sdk._shell.audit import AuditStore
    from credit_check_sdk.spi import SourceSettings

EVERY = 1.0
"""Seconds after which it is read again."""
_KEPT = timedelta(days=1)
_OVERLAP = timedelta(seconds=30)
"""How far back is read again: other machines' clocks, and transactions that end out of order."""
_FORGET = "INSERT INTO credit_forgotten (id, at, source, subject_key) VALUES (?, ?, ?, ?)"
_FORGOTTEN = "SELECT id, at, source, subject_key FROM credit_forgotten WHERE at >= ? ORDER BY at"
_PRUNE = "DELETE FROM credit_forgotten WHERE at < ?"
_ISOLATE = (
    "INSERT INTO credit_isolation (source, at, reason, operator) VALUES (?, ?, ?, ?) ON CONFLICT (source) DO UPDATE "
    "SET at = excluded.at, reason = excluded.reason, operator = excluded.operator"
)
_RELEASE = "DELETE FROM credit_isolation WHERE source = ?"
_ISOLATED = "SELECT source, at, reason, operator FROM credit_isolation"
_USED = "SELECT source, used FROM credit_quota WHERE day = ?"


@dataclass(frozen=True, slots=True)
class Isolation:
    """That a person took a source out."""

    at: datetime
    reason: str
    operator: str


Group = tuple[str, str]
"""A source and the keyed hash of a subject."""


class Board:
    """The notice board of the processes on one audit store. *told* hears what is to be forgotten, and since when."""

    def __init__(
        self,
        audit: AuditStore,
        told: Callable[[Sequence[tuple[Group, datetime]]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audit, self._told, self._clock = audit, told, clock
        self.isolated: Mapping[str, Isolation] = {}
        self._begun = datetime.now(UTC)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._seen: dict[str, str] = {}

    def reset_after_fork(self) -> None:
        """Begin anew in the child."""
        self._reset()

    @property
    def due(self) -> bool:
        """Whether it has to be read before memory may be trusted."""
        return self._read_at is None or self._clock() - self._read_at >= EVERY

    def read(self) -> None:
        """Read what others wrote, where that is due.

        Raises:
            LedgerError: it cannot be read; then no memory may be trusted.
        """
        if not self.due:
            return
        with self._lock:
            if not self.due:
                return
            began = self._clock()
            since = self._begun - _OVERLAP
            if self._read_at is not None:
                since = datetime.now(UTC) - timedelta(seconds=began - self._read_at) - _OVERLAP
            with self._audit.work(write=False) as run:
                forgotten = run(_FORGOTTEN, (_text(since),))
                isolated = run(_ISOLATED, ())
            self.isolated = {row[0]: Isolation(_moment(row[1]), row[2] or "", row[3] or "") for row in isolated}
            new = [((row[2], row[3]), _moment(row[1])) for row in forgotten if row[0] not in self._seen]
            self._seen = {row[0]: row[1] for row in forgotten}
            if new:
                self._told(new)
            self._read_at = began

    def forget(self, groups: Sequence[Group], at: datetime, number: Callable[[str], str]) -> None:
        """Let every process forget these, this one at once.

        Raises:
            LedgerError: the others cannot be told; this one has forgotten.
        """
        self._told([(group, at) for group in groups])
        with self._audit.work(write=True) as run:
            for source, subject in groups:
                run(_FORGET, (number("forget"), _text(at), source, subject))
            run(_PRUNE, (_text(at - _KEPT),))

    def isolate(self, source: str, at: datetime, reason: str, operator: str) -> None:
        """Take a source out, for every process."""
        with self._audit.work(write=True) as run:
            run(_ISOLATE, (source, _text(at), reason, operator))
        self._read_at = None

    def release(self, source: str) -> None:
        """Let a source be asked again."""
        with self._audit.work(write=True) as run:
            run(_RELEASE, (source,))
        self._read_at = None

    def used(self, now: datetime) -> Mapping[str, int] | None:
        """Say how much of each quota is used today; None where that cannot be read."""
        try:
            with self._audit.work(write=False) as run:
                return {row[0]: int(row[1]) for row in run(_USED, (day_of(now).isoformat(),))}
        except CreditCheckError:
            return None


def spending(settings: SourceSettings, now: datetime, *, mandatory: bool) -> Spending | None:
    """Say what one consultation takes from the daily quota; None where there is none."""
    if settings.daily_quota is None:
        return None
    kept = 0 if mandatory else -int(-settings.daily_quota * settings.quota_reserve // 1)
    return Spending(settings.id, day_of(now).isoformat(), settings.daily_quota - kept)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
