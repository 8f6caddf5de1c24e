"""What screening a whole list against the lists kept on this machine is told, and comes to. It performs no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from credit_check_sdk.model.case import Point
    from credit_check_sdk.model.subject import Purpose

COLUMNS = ("row", "name", "identifier_masked", "outcome", "measures", "reasons_zh", "reasons_en", "decision", "error")
"""Columns of a screening's result."""


@dataclass(frozen=True, slots=True)
class ScreenPart:
    """Some rows of a list, as one worker screens them; it holds all that the result depends on."""

    file: Path
    """The list: CSV or Parquet."""
    out: Path
    """Where the result of these rows goes, whole or not at all."""
    name: str
    """Column of the names."""
    identifier: str
    """Column of the identifiers."""
    first: int
    """First row, from 1; the line of headings is none."""
    last: int
    """Last row, that one included."""
    of: int
    """How many rows the list has at most; the last part ends with it."""
    matter: str
    point: Point
    purpose: Purpose
    at: datetime
    """The moment for which it is screened, the same for all parts."""
    state: str
    """What is screened against: digest of the lists held, of the catalogue and of the matter's policy."""


@dataclass(frozen=True, slots=True)
class ScreenReport:
    """What screening came to."""

    rows: int = 0
    """Rows of the list."""
    answered: int = 0
    """Rows with an outcome."""
    rejected: int = 0
    """Rows with an error."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """How many rows came to which outcome."""
    as_of: datetime | None = None
    """The oldest moment of which the lists are true."""

    def with_more(self, other: ScreenReport) -> ScreenReport:
        """Give the sum of two parts."""
        outcomes = {
            name: self.outcomes.get(name, 0) + other.outcomes.get(name, 0)
            for name in {**self.outcomes, **other.outcomes}
        }
        times = [each for each in (self.as_of, other.as_of) if each is not None]
        return ScreenReport(
            self.rows + other.rows,
            self.answered + other.answered,
            self.rejected + other.rejected,
            dict(sorted(outcomes.items())),
            min(times, default=None),
        )
