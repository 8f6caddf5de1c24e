"""What a host brings to a decision point. It performs no I/O and reads no clock."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from credit_check_sdk.model._value import Several, Time, Value
from credit_check_sdk.model.subject import Identifier, Operator, Party, Purpose, Subject

Point = Literal[
    "accept", "review", "decide", "close",
    "qualify", "evaluate", "award",
    "apply", "disburse", "track",
    "inspect", "honour",
]  # fmt: skip
"""The decision points of approval, tendering, subsidy, supervision and honours."""


class Material(Value):
    """A document that the matter asks for (容缺受理: substantive ones may never be missing)."""

    code: str = Field(min_length=1, max_length=64)
    """Its code in the matter's checklist."""
    name: str
    """What it is called."""
    kind: Literal["substantive", "formal"]
    """实质性要件 or 形式性要件."""
    deferrable: bool = False
    """Whether it may be handed in later."""
    state: Literal["supplied", "missing", "deferred"] = "supplied"
    """Where it stands."""


class CreditReport(Value):
    """A report of a qualified credit agency that stands in as evidence."""

    issuer: str
    """The agency."""
    number: str
    """The report's number."""
    issued_on: date
    """Its date."""
    grade: str | None = None
    """The grade it gives."""
    expires_on: date | None = None
    """The last day on which it counts."""
    digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of the file."""
    identifier: Identifier | None = None
    """Whom it is about; without it, it counts for nobody."""

    def sealed(self, content: bytes) -> CreditReport:
        """Give it with the digest of its file.

        Raises:
            ValueError: the digest that it has is another one: the file was altered, or is not its own.
        """
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if not content or self.digest not in {None, digest}:
            message = "the file is empty, or is not the one whose digest the report names"
            raise ValueError(message)
        return self.model_copy(update={"digest": digest})


class Agency(Value):
    """A credit agency that is filed with the authority (征信业管理条例 第十条)."""

    name: str = Field(min_length=1, max_length=200)
    """Its name, as it stands on the report."""
    filed_with: str = Field(min_length=1, max_length=200)
    """The authority with which it is filed."""
    filing_no: str | None = Field(default=None, max_length=64)
    """Number of the filing."""
    filed_until: date | None = None
    """Last day of the filing, where it ends."""


class Clause(Value):
    """A clause of the tender document on which a measure rests."""

    kind: Literal["credit_bonus", "exclusion", "deposit_reduction"]
    """What the clause provides."""
    reference: str = Field(min_length=1)
    """Where it stands in the tender document."""
    max_points: Decimal | None = Field(default=None, ge=0, strict=False)
    """The cap in points, for a bonus."""
    attestation: str | None = None
    """Who attests that the clause treats all regions and kinds of ownership alike (令16号 第九条)."""
    points: Decimal | None = Field(default=None, ge=0, strict=False)
    """The points that it gives, for a bonus; None: those of the catalogue. Never more than the cap."""
    deduction: Decimal | None = Field(default=None, ge=0, strict=False)
    """The points that it deducts for each adverse record; None: those of the catalogue, if it names any."""
    max_deduction: Decimal | None = Field(default=None, ge=0, strict=False)
    """The cap of deductions in points; without it nothing is deducted."""
    proportion: Decimal | None = Field(default=None, ge=0, le=1, strict=False)
    """The part of the deposit that is waived, 0 to 1, for a deposit reduction."""
    tie_break: bool = False
    """Whether those who earn the bonus go first among equals."""


class Tender(Value):
    """The tender to which a case belongs."""

    id: str = Field(min_length=1)
    """Its number."""
    clauses: Several[Clause] = ()
    """What its document says about credit."""


class Case(Value):
    """One application file of the host, at one decision point."""

    id: str = Field(min_length=1, max_length=256)
    """The host's number of the file."""
    matter: str = Field(min_length=1, max_length=128)
    """Code of the service item."""
    point: Point
    """The decision point reached."""
    subject: Subject
    """The applicant."""
    parties: Several[Party] = ()
    """The others, each in a role."""
    purpose: Purpose | None = None
    """Why the query is made; a natural person is never queried without it."""
    operator: Operator
    """On whose account."""
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    """Code of the region (GB/T 2260)."""
    opened_at: Time
    """When the file was opened; its day is the acceptance day."""
    materials: Several[Material] = ()
    """The material checklist as it stands."""
    credit_reports: Several[CreditReport] = ()
    """Reports handed in."""
    tender: Tender | None = None
    """The tender, in tendering."""
    host: dict[str, Any] = Field(default_factory=dict)
    """Whatever the host wants to find again."""

    @model_validator(mode="after")
    def _says_why_a_person_is_queried(self) -> Case:
        persons = [party for party in self.everybody if party.subject.category == "person"]
        if persons and self.purpose is None:
            # 个人信息保护法 第六条, 第三十四条: a person is queried for a stated purpose only.
            message = "purpose is missing, and a natural person takes part; give purpose.text and purpose.basis"
            raise ValueError(message)
        return self

    @property
    def everybody(self) -> tuple[Party, ...]:
        """The subject, then the parties."""
        return (Party(role="subject", subject=self.subject), *self.parties)
