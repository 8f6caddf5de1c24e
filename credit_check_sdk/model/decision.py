"""What a check ends in. It performs no I/O and reads no clock; a decision always says why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field, field_serializer

from credit_check_sdk.model._value import Lines, Several, Time, Value, Words
from credit_check_sdk.model.answer import Doubt, Evidence, Silence
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.outage import Recheck
from credit_check_sdk.model.record import Match, RecordStatus
from credit_check_sdk.model.subject import Role

Outcome = Literal["restricted", "undecided", "review", "clear"]
"""In order of precedence; a check that did not happen is *undecided*, never *clear*."""

ProposalState = Literal["proposed", "noticed", "applied", "set_aside", "verifying", "suspended", "lifted", "rectified"]
"""Where a proposal stands; *applied* is in force, and *verifying* is suspended on the department's own doubt."""

Environment = Literal["production", "sandbox"]
"""Whether real platforms were asked."""


class Ground(Value):
    """A record on which a proposal rests."""

    source: str
    """The source that gave it."""
    record_id: str
    """Its number there."""
    list_code: str | None = None
    """The list."""
    list_name: Words | None = None
    """The list's name."""
    authority: str
    """Who recognised the fact."""
    doc_no: str | None = None
    """Number of the document."""
    document_date: date | None = None
    """Date of the document."""
    basis: str | None = None
    """Legal basis of the recognition."""
    status: RecordStatus
    """Where the record stood."""
    match: Match
    """How it belongs to the subject."""
    until: date | None = None
    """Last day on which it carries the measure."""
    strength: Literal["block", "hint", "info", "offer"] | None = None
    """How strongly it carries the measure here."""
    observed_at: Time | None = None
    """When the source last saw it."""
    confirmed_live_at: Time | None = None
    """When it was read from the source itself, not from memory."""
    reference: str | None = None
    """What the source wants to be told again with feedback on it; opaque here."""


class AppliesTo(Value):
    """Whom a proposal is about."""

    role: Role
    """The role in the case."""
    subject: str | None = None
    """The primary identifier, masked."""
    name: str | None = None
    """The name, for an organisation."""


class Proposal(Value):
    """A measure that applies here, for an officer to settle."""

    id: str
    """Its number, ``prop_…``."""
    measure: str
    """Code of the measure."""
    name: Words
    """Name of the measure."""
    kind: Literal["restriction", "incentive"]
    """Which way it goes."""
    class_: Literal["A", "B", "C"] | None = Field(default=None, alias="class")
    """Class of the measure."""
    force: Literal["mandatory", "recommended"]
    """Whether it may be set aside."""
    strength: Literal["block", "hint", "info", "offer"]
    """How far it goes here; weaker than the measure's own where the grounds do not carry more."""
    effect_scope: Literal["case", "facilitation", "party"]
    """What it touches."""
    state: ProposalState = "proposed"
    """Where it stands."""
    applies_to: AppliesTo
    """Whom it is about."""
    grounds: Several[Ground] = ()
    """The records on which it rests; an incentive by conditions has none."""
    basis: Several[Basis]
    """The legal basis."""
    until: date | None = None
    """Last day of the measure; None: until the record is removed."""
    reasons: Words
    """Why, in words."""

    @property
    def initiators(self) -> tuple[str, ...]:
        """Who recognised the facts and so asked for the measure (发起部门), in the order of the grounds; each answer goes back to them."""
        return tuple(dict.fromkeys(ground.authority for ground in self.grounds))


class GreenChannel(Value):
    """Whether the file goes through the green channel."""

    granted: bool = False
    """Whether it does."""
    proposal: str | None = None
    """The proposal to settle."""
    grants: Several[Words] = ()
    """What it grants: priority, fewer steps, a shorter promise. Substantive conditions stay as they are."""
    promised_days: int | None = None
    """The limit promised on it, in working days; None: none is promised."""
    reasons: Words
    """Why, or why not."""


class Deferral(Value):
    """Whether formal materials may be handed in later (容缺受理)."""

    granted: bool = False
    """Whether they may."""
    proposal: str | None = None
    """The proposal to settle."""
    materials: Several[str] = ()
    """Codes of the missing materials that may come later."""
    reasons: Words
    """Why."""


class Bonus(Value):
    """Points for credit in a tender; the committee decides."""

    points: Decimal = Field(default=Decimal(0), strict=False)
    """How many, after the clause's cap."""
    proposal: str | None = None
    """The proposal to settle."""
    reasons: Words
    """Why."""

    @field_serializer("points", when_used="json")
    def _as_number(self, points: Decimal) -> float | int:
        return int(points) if points == points.to_integral_value() else float(points)


class Facilities(Value):
    """What the trustworthy get."""

    green_channel: GreenChannel
    """绿色通道."""
    deferral: Deferral
    """容缺受理."""
    bonus: Bonus
    """信用加分."""


class CatalogueRef(Value):
    """Which catalogue decided."""

    edition: str
    """Its edition."""
    digest: str
    """Its digest."""


class Decision(Value):
    """The answer to a check."""

    id: str
    """Its number, ``dec_…``."""
    case_id: str
    """The host's number of the file."""
    matter: str
    """The service item."""
    point: Point
    """The decision point."""
    environment: Environment
    """Whether real platforms were asked."""
    outcome: Outcome
    """What it comes to."""
    decided_at: Time
    """When."""
    valid_until: Time
    """Until when it counts at the gate."""
    proposals: Several[Proposal] = ()
    """Measures for the officer to settle."""
    facilities: Facilities
    """What the trustworthy get."""
    evidences: Several[Evidence] = ()
    """The sources that answered."""
    silences: Several[Silence] = ()
    """The sources that did not."""
    warnings: Several[Doubt] = ()
    """What the officer should know."""
    catalogue: CatalogueRef
    """Which catalogue decided."""
    reasons: Lines
    """Why, in words."""
    notices: Several[str] = ()
    """Numbers of the notices drafted."""
    recheck: Recheck | None = None
    """Where a required source was silent and the matter lets the next step go on: by when it is checked again."""
    receipt: str | None = None
    """Compact JWS that proves the check; None for a check that was not recorded."""


class Receipt(Value):
    """The claims that a receipt signs (RFC 7515); any JOSE library verifies it offline."""

    iss: str = "credit-check"
    """Who issued it."""
    jti: str
    """Number of the decision."""
    iat: int
    """When it was issued, seconds since 1970 UTC."""
    exp: int
    """When it expires, seconds since 1970 UTC."""
    case: str
    """The host's number of the file."""
    matter: str
    """The service item."""
    point: Point
    """The decision point."""
    environment: Environment
    """Whether real platforms were asked."""
    parties: str
    """Keyed digest of the party set."""
    sources: dict[str, str]
    """For each source that answered, the time of its data (ISO 8601)."""
    silent: Several[str] = ()
    """Sources that did not answer."""
    catalogue: str
    """Digest of the catalogue."""
    outcome: Outcome
    """What it came to."""
