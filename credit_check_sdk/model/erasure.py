"""What is told of retention, erasure and what is held about a subject. Plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003  part of public values
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

KeptReason = Literal["retention", "hold", "undelivered", "in_force", "open"]
"""Why a file stays: its time is not over, a legal hold, feedback not delivered, a measure in force, an objection or a
recheck still open."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What the ledger holds of a file (the host's case), as far as it matters for erasing it."""

    case_id: str
    latest: Mapping[str, datetime]
    """When the newest entry of each kind was recorded."""
    hold: str | None = None
    """Why it is on hold; None where it is not."""
    undelivered: int = 0
    """Feedback that was not delivered, dead and in doubt included."""
    in_force: int = 0
    """Measures that are in force or suspended."""
    open: int = 0
    """Objections and rechecks that wait for an answer."""

    @property
    def newest(self) -> datetime:
        """When its newest entry was recorded."""
        return max(self.latest.values())


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that may not be erased now, and why."""

    case_id: str
    reasons: tuple[KeptReason, ...]
    retained_until: date
    """The last day on which it must be kept; that day still counts."""
    hold: str | None = None
    """Why it is on hold."""


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What an erasure came to, or would come to."""

    files: tuple[str, ...] = ()
    """Numbers of the files that were erased."""
    kept: tuple[KeptFile, ...] = ()
    """Files that stay, and why."""
    entries: int = 0
    """Entries whose content is gone."""
    erasure: str | None = None
    """Number of the entry that says so; None where nothing was erased."""
    dry_run: bool = False
    """Whether nothing was changed."""


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """An entry of a file, as it says it."""

    id: str
    kind: str
    case_id: str
    at: datetime
    body: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldFact:
    """What one entry says about a subject; what it says of others is left out."""

    id: str
    """Number of the entry."""
    kind: str
    at: datetime
    says: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class HeldFile:
    """What a file holds about a subject."""

    case_id: str
    roles: tuple[str, ...]
    """In which roles the subject takes part."""
    retained_until: date
    """The last day on which it must be kept."""
    facts: tuple[HeldFact, ...]


@dataclass(frozen=True, slots=True)
class HeldReport:
    """All that is held about a subject."""

    subject: str
    """Its identifier, masked."""
    files: tuple[HeldFile, ...] = ()
    queries: tuple[Mapping[str, str | None], ...] = ()
    """When which source was asked about it, why, and by which department (查询日志)."""
