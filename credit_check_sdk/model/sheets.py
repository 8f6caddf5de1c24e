"""What goes back to those who initiated a measure: a sheet of what the responding departments did, and why not.

发起部门 names a subject by a record; 响应（实施）部门 answers each proposal that rests on it. Values only: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.figures import Span


@dataclass(frozen=True, slots=True)
class Proposed:
    """Ask for checks of the period (days of Asia/Shanghai, both included) that proposed something, oldest first.

    Answers a tuple of pairs, at most *limit*, behind the moment and number in *after*: the `StoredCheck`, and whether
    it is the latest of its file at its point in the period.
    """

    since: date | None = None
    until: date | None = None
    after: tuple[datetime, str] | None = None
    limit: int = 200


class ReasonCount(Value):
    """A reason that officers gave, and how often."""

    measure: str
    """Code of the measure."""
    measure_name: Words
    """Its name."""
    answer: Literal["set_aside", "verifying"]
    """What they answered."""
    reason: str
    """Their own words; numbers that look like an identifier or a telephone are masked."""
    count: int
    """How often."""


class ResponseLine(Value):
    """What one department did with one measure that one initiator asked for."""

    initiator: str
    """Who recognised the fact and so asked for the measure (发起部门); empty where a measure rests on no record."""
    list_code: str | None = None
    """The list; None where a record stands on none."""
    list_name: Words | None = None
    """Its name."""
    measure: str
    """Code of the measure."""
    measure_name: Words
    """Its name."""
    department: str
    """Who answered (实施部门)."""
    subjects: int
    """Subjects concerned, each counted once in this line."""
    proposed: int
    """Proposals."""
    applied: int = 0
    """Those applied."""
    set_aside: int = 0
    """Those set aside, with a reason."""
    verifying: int = 0
    """Those whose record is being verified."""
    unanswered: int = 0
    """Those that still wait for an answer; an older check of a file that was checked again waits for none."""
    reasons: Several[ReasonCount] = ()
    """Why not, the most frequent first."""


class ResponseSheet(Value):
    """The answers of a period, line by line, for those who asked and for the office that oversees both."""

    since: date | None
    """First day; None: from the beginning."""
    until: date | None
    """Last day; None: until now."""
    memorandum: str | None = None
    """Code of the memorandum that it is about; None: all."""
    title: Words | None = None
    """Title of the memorandum."""
    doc_no: str | None = None
    """Number of the memorandum."""
    every: Span | None = None
    """How often the memorandum asks for it; None: nothing is said."""
    initiator: str | None = None
    """The initiator that it is about; None: all."""
    environment: str
    """Whether these are answers of production or of a sandbox."""
    made_at: Time
    """When it was made."""
    lines: Several[ResponseLine]
    """The lines, by initiator, list, measure and department."""
    reasons: Several[ReasonCount] = ()
    """Why not, over all lines, each proposal counted once; the most frequent first."""
