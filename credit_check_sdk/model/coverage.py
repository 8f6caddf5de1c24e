"""Which decided cases were checked. Values only: no I/O, no clock."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value
from credit_check_sdk.model.case import Point

GapKind = Literal["never_checked", "checked_late", "stale"]
"""No check at all; none before the decision; the last one before it had expired."""


class DecidedCase(Value):
    """A case that the host has decided."""

    case_id: str = Field(min_length=1)
    """The host's number of the file."""
    decided_at: Time | date | None = None
    """When it was decided; a day counts as a whole, in Asia/Shanghai; None: any check counts, whenever it was made."""
    point: Point | None = None
    """The decision point; None: that of all."""


class CoverageGap(Value):
    """A decided case that was not checked as it had to be."""

    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    decided_at: Time | date | None
    """When it was decided."""
    kind: GapKind
    """What is wrong."""
    check: str | None = None
    """Number of the check that comes nearest, ``dec_…``."""
    checked_at: Time | None = None
    """When that was made."""
    valid_until: Time | None = None
    """Until when that counted."""


class Coverage(Value):
    """How many of the decided cases were checked, and which were not."""

    decided: int
    """Cases that were looked at."""
    checked: int
    """Cases with a check that counted when they were decided."""
    gaps: Several[CoverageGap] = ()
    """The others."""

    @property
    def complete(self) -> bool:
        """Whether every case was checked."""
        return not self.gaps
