"""What the service takes and gives beside the front door's own values. It performs no I/O and reads no clock."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from credit_check_sdk.model import (
    Case,
    Environment,
    Notice,
    NoticeDelivery,
    NoticeState,
    Objection,
    ObjectionDraft,
    ObjectionState,
    Operator,
    Point,
    Record,
    Several,
    Step,
    Time,
    Value,
)
from credit_check_sdk.model.objection import LARGEST_PAPER


class CheckQuery(Value):
    """The query of ``POST /v1/check``."""

    dry_run: bool = False
    """Decide without recording: no receipt, and the gate knows nothing of it."""


class Asked(Value):
    """What ``POST /v1/require`` takes: the case as it now is, or its number with the decision point."""

    case: Case | None = None
    """The case; only with it changed parties are noticed."""
    case_id: str | None = Field(default=None, min_length=1, max_length=256)
    """The host's number of the file, where the case is not given."""
    point: Point | None = None
    """The decision point; that of the case, where it is given."""
    to: Step = "proceed"
    """What the host wants to do."""

    @model_validator(mode="after")
    def _names_one_case(self) -> Asked:
        if (self.case is None) == (self.case_id is None) or (self.case is None and self.point is None):
            message = "give either case, or case_id and point"
            raise ValueError(message)
        return self


class Latest(Value):
    """The query of ``GET /v1/checks``."""

    case_id: str = Field(min_length=1, max_length=256)
    """The host's number of the file."""
    point: Point
    """The decision point."""


class Token(Value):
    """What ``POST /v1/verify-receipt`` takes."""

    receipt: str = Field(min_length=1, max_length=65536)
    """The receipt, a compact JWS."""


class NoticesQuery(Value):
    """The query of ``GET /v1/notices``."""

    case_id: str = Field(min_length=1, max_length=256)
    """The host's number of the file."""


class NoticeStanding(Value):
    """A notice, and where it stands."""

    notice: Notice
    """The notice."""
    state: NoticeState
    """Where it stands."""
    delivery: NoticeDelivery | None = None
    """How it was delivered, last."""


class NoticesFound(Value):
    """What ``GET /v1/notices`` answers."""

    notices: tuple[NoticeStanding, ...]
    """Those due first come first."""


class PaperGiven(Value):
    """A paper handed in with an objection."""

    name: str = Field(min_length=1, max_length=255)
    """Name of the file."""
    content: str = Field(max_length=LARGEST_PAPER * 4 // 3 + 4)
    """Its content, Base64 (RFC 4648 section 4)."""


class ObjectionGiven(Value):
    """What ``POST /v1/objections`` takes."""

    objection: ObjectionDraft
    """The objection as it is taken at the counter."""
    papers: Several[PaperGiven] = ()
    """Its papers."""


class ObjectionsQuery(Value):
    """The query of ``GET /v1/objections``."""

    case_id: str = Field(min_length=1, max_length=256)
    """The host's number of the file."""


class ObjectionStanding(Value):
    """An objection, and what became of it."""

    objection: Objection
    """The objection."""
    state: ObjectionState
    """Where it stands."""
    answer: str | None = None
    """Kind of the change that answered it."""
    answered_at: Time | None = None
    """When it was answered."""


class ObjectionsFound(Value):
    """Objections, those due first."""

    objections: tuple[ObjectionStanding, ...]
    """The objections."""


class Withdrawal(Value):
    """What ``POST /v1/objections/{number}/withdrawn`` takes."""

    operator: Operator
    """The officer who takes it back."""
    reason: str = Field(min_length=1, max_length=4000)
    """Why."""


class EvidenceGiven(Value):
    """What ``POST /v1/manual-evidence`` takes."""

    case_id: str = Field(min_length=1, max_length=256)
    """The host's number of the file."""
    point: Point
    """The decision point."""
    source: str = Field(min_length=1, max_length=256)
    """The required source that was silent."""
    file: PaperGiven
    """What shows what was seen."""
    site: str = Field(min_length=1, max_length=512)
    """Where it was looked up."""
    queried_at: Time
    """When."""
    operator: Operator
    """The officer who looked."""
    records: Several[Record] = ()
    """What was found; nothing, where the officer looked and found nothing."""


class Proof(BaseModel):
    """A check as a document that verifies with public tools alone; it holds identifiers in full."""


class KeySet(BaseModel):
    """The public keys of receipts (JWK set, RFC 7517)."""

    keys: list[dict[str, Any]]
    """The keys."""


class Health(Value):
    """That the service answers."""

    status: Literal["ok"] = "ok"
    """It does."""
    environment: Environment
    """Whether real platforms are asked."""
    version: str
    """The version of the SDK."""
