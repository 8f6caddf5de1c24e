"""What a source knows. It performs no I/O and reads no clock."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value
from credit_check_sdk.model.subject import Party, Subject

Level = Literal["municipal", "regional", "national", "enterprise"]
"""Which platform a source is; ``enterprise`` is the national enterprise publicity system."""

Kind = Literal["list", "penalty", "licence", "commitment", "rating", "honour"]
"""What kind of fact a record states."""

Polarity = Literal["negative", "positive", "neutral"]
"""Whether a record speaks against its subject, for it, or neither."""

Severity = Literal["minor", "general", "serious"]
"""轻微, 一般, 严重 (信用修复管理办法)."""

RecordStatus = Literal[
    "active", "objected", "reconsidered", "repaired", "expired", "revoked", "temporarily_lifted", "publicity_ended"
]
"""Where a record stands with the platform."""

Match = Literal["identifier", "name_only"]
"""How a record belongs to the subject asked for."""


class Record(Value):
    """One fact from a source, with its four clocks kept apart. *Until* days still count."""

    source: str = ""
    """The source that gave it."""
    record_id: str = Field(min_length=1, max_length=256)
    """Its number at that source."""
    level: Level | None = None
    """Level of the platform that gave it."""
    authority_level: Literal["municipal", "regional", "national"] | None = None
    """Level of the authority that made the record."""
    list_code: str | None = None
    """The list on which the subject stands."""
    kind: Kind = "list"
    """What kind of fact it is."""
    decision_kind: str | None = None
    """What the document behind it decided, where a measure hangs on that."""
    polarity: Polarity
    """Whether it speaks for or against."""
    subject: Subject
    """Whom it is about."""
    responsible: Several[Party] = ()
    """The persons whom the record itself names as responsible."""
    authority: str
    """Who recognised the fact."""
    doc_no: str | None = None
    """Number of the document."""
    document_date: date | None = None
    """Date of the document; severity and publicity rules are those of this day."""
    basis: str | None = None
    """Legal basis of the recognition."""
    facts: str | None = None
    """What happened."""
    grade: str | None = None
    """The grade, in a rating."""
    severity: Severity | None = None
    """How grave; absent reaches no measure with a severity floor."""
    status: RecordStatus = "active"
    """Where it stands."""
    match: Match = "identifier"
    """How it belongs to the subject."""
    publicity_until: date | None = None
    """Last day on which it is shown."""
    list_until: date | None = None
    """Last day on the list."""
    ban_until: date | None = None
    """Last day of the ban that the document imposes."""
    measure_until: date | None = None
    """Last day of the measure that the document names."""
    observed_at: Time | None = None
    """When the source last saw it."""
    reference: str | None = Field(default=None, max_length=2048)
    """What the source wants to be told again with feedback on it: its own numbers, never an identifier. Opaque here."""
