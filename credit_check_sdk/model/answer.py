"""What is asked of a source and what comes back. It performs no I/O and reads no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.record import Level, Record
from credit_check_sdk.model.subject import Operator, Purpose, Subject

if TYPE_CHECKING:
    from datetime import timedelta


class Query(Value):
    """One consultation of one source: all subjects in one request, with purpose and legal basis."""

    case_id: str
    """The host's number of the file."""
    matter: str
    """The service item."""
    point: Point
    """The decision point."""
    purpose: Purpose | None
    """Why it is asked."""
    operator: Operator
    """On whose account."""
    region: str | None = None
    """Code of the region."""
    subjects: Several[Subject]
    """Who is asked about."""


class Answer(Value):
    """What a source answered about one subject."""

    subject: Subject
    """Whom it is about, as it was asked."""
    known: bool
    """Whether the platform knows the subject."""
    records: Several[Record] = ()
    """What it knows of it; empty means that it looked and found nothing."""


class Consultation(Value):
    """A whole, understood answer of one source."""

    source: str
    """Which source."""
    as_of: Time
    """The source's own time of its data."""
    fetched_at: Time
    """When it was fetched."""
    request_id: str
    """The source's number of the exchange."""
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of the answer's bytes."""
    environment: str = "production"
    """Whether the platform is a sandbox."""
    answers: Several[Answer]
    """One for each subject that was answered; subjects left out are silence."""


class Evidence(Value):
    """That a source was asked and what it answered, as it stands in a decision."""

    source: str
    """Which source."""
    level: Level
    """Its level."""
    as_of: Time
    """The source's own time of its data."""
    fetched_at: Time
    """When it was fetched."""
    request_id: str
    """The source's number of the exchange."""
    digest: str
    """Digest of the answer's bytes."""
    records: int
    """How many records it gave."""
    from_memory: bool = False
    """Whether the answer was remembered rather than asked for just now."""
    stale: bool = False
    """Whether it is an old answer that stands in for a live one that failed."""
    offline: bool = False
    """Whether it comes from lists kept on this machine, and was not confirmed live."""
    manual: str | None = None
    """Number of the manual evidence that stands for the source's own answer; None for one of its own."""
    age_seconds: int = 0
    """How old the data were when it was decided, in seconds."""

    def age_at(self, moment: Time) -> timedelta:
        """Say how old the data were at *moment*."""
        return moment - self.as_of


class Silence(Value):
    """That a source did not answer, and why. It is never the same as having found nothing."""

    source: str
    """Which source."""
    required: bool
    """Whether the matter asks for its answer."""
    code: str
    """Stable code, ``source.…``."""
    detail: Words
    """Why, in words."""


class Doubt(Value):
    """Something that the officer should know and that changes nothing by itself."""

    code: str
    """Stable code."""
    detail: dict[str, Any] = Field(default_factory=dict)
    """What it is about; identifiers masked."""
