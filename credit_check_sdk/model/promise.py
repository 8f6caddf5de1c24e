"""Credit commitments and what becomes of them, and red-list entries. It performs no I/O and reads no clock.

信用承诺 and 容缺受理: a promise has a code of 20 digits, a day by which it is to be kept, and a state. A deferral is the
commitment of an applicant to hand in formal materials later.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.feedback import Commitment, CommitmentType
from credit_check_sdk.model.subject import Operator, Subject

CommitmentState = Literal["offered", "open", "overdue", "fulfilled", "breached", "refused", "withdrawn", "repaired"]
"""Where a commitment stands: 告知、承诺、逾期、履行、违诺、拒绝、撤回、修复."""

CommitmentEvent = Literal[
    "offer", "commit", "refuse", "withdraw", "remind", "extend", "supply", "fulfil", "lapse", "breach", "repair"
]
"""What happens to a commitment."""

Consequence = Literal["withdrawn", "revoked", "terminated"]
"""What an overdue deferral comes to: 视为撤回申请, 撤销受理, 终止办理."""


class Promise(Value):
    """What an applicant promises in writing (申请容缺受理承诺书)."""

    signed_by: str = Field(min_length=1, max_length=255)
    """Who signed or sealed the letter."""
    agent: str | None = Field(default=None, max_length=255)
    """The agent who signed under a proxy letter, where it is not the applicant."""
    supply_by: date | None = None
    """The day promised; None takes the longest that the matter allows. A later day than that is cut to it."""


class CommitmentDraft(Value):
    """A commitment of another kind as it is collected: proof, repair, industry, voluntary and so on."""

    commitment_type: CommitmentType
    """承诺类型; a deferral comes of `CreditCheck.defer` instead."""
    subject: Subject
    """Who promises; with an identifier."""
    reason: str = Field(min_length=1, max_length=512)
    """承诺事由."""
    content: str = Field(min_length=1, max_length=4000)
    """承诺内容."""
    liability: str = Field(min_length=1, max_length=4000)
    """违诺责任."""
    valid_until: date | None = None
    """承诺有效期."""
    publication: Literal["public", "limited", "closed"] = "limited"
    """公开类型."""
    operator: Operator
    """The officer who takes it."""
    case_id: str | None = Field(default=None, min_length=1, max_length=256)
    """The host's number of the file, where it belongs to one."""
    matter: str = ""
    """The service item, where it belongs to one."""


class DeferredMaterial(Value):
    """A formal material that comes later."""

    code: str
    """Its code in the checklist."""
    name: str
    """What it is called."""
    supplied_on: date | None = None
    """The day on which it arrived; arrival at the office counts."""


class Extension(Value):
    """More time because of force majeure (不可抗力)."""

    until: date
    """The new day."""
    reason: str
    """What happened."""
    operator: str
    """Number of the officer who granted it."""


class StoredCommitment(Value):
    """A commitment with its materials, its days and where it stands."""

    commitment: Commitment
    """The record of 20 fields."""
    state: CommitmentState
    """Where it stands."""
    case_id: str
    """The host's number of the file; the commitment's own code where it belongs to none."""
    matter: str = ""
    """The service item."""
    point: Point = "accept"
    """The decision point."""
    decision: str = ""
    """Number of the check that allowed it."""
    operator: Operator
    """The officer who took it."""
    materials: Several[DeferredMaterial] = ()
    """What comes later."""
    received_on: date
    """The day on which the application arrived."""
    one_off_by: date | None = None
    """The last day for telling all that is missing, once (行政许可法 第三十二条)."""
    deemed_accepted: bool = False
    """Whether that day passed untold: the application then counts as accepted on its receipt."""
    accepted_on: date | None = None
    """The day of acceptance, from which the limit of the decision counts."""
    decide_by: date | None = None
    """The last day for the decision; a deferral does not move it."""
    limits: dict[str, date] = Field(default_factory=dict)
    """The days of which the earliest counts: ``promise``, ``item``, ``promised``, ``statutory``."""
    due_on: date | None = None
    """The day by which everything must have arrived."""
    provisional: bool = False
    """Whether that day lies beyond the published calendar."""
    reminded: Several[int] = ()
    """Of how many working days before the end the applicant was reminded."""
    extensions: Several[Extension] = ()
    """Time that was added."""
    consequence: Consequence | None = None
    """What the breach came to."""
    signed_by: str | None = None
    """Who signed."""
    notice: Words | None = None
    """The one-off notice (补齐材料通知书)."""
    letter: Words | None = None
    """The letter of commitment (承诺书)."""
    step: str
    """Number of the step that brought it here."""
    event: CommitmentEvent
    """What that step was."""
    at: Time
    """When."""
    by: str
    """Who: ``operator:ID``, ``clock`` or ``source:ID``."""
    why: str = ""
    """The reason."""
    feedback: str | None = None
    """Key of the report that was sent last."""

    @property
    def code(self) -> str:
        """The code of 20 digits."""
        return self.commitment.code

    @property
    def missing(self) -> tuple[DeferredMaterial, ...]:
        """What has not arrived."""
        return tuple(each for each in self.materials if each.supplied_on is None)


class RedListEntry(Value):
    """An entry of a department's own red list (守信联合激励对象)."""

    list_code: str = Field(min_length=1, max_length=64)
    """Code of the list."""
    subject: Subject
    """Who stands on it; with an identifier."""
    authority: str = Field(min_length=1, max_length=255)
    """Who recognised it."""
    basis: str = Field(min_length=1, max_length=1000)
    """On what it rests."""
    doc_no: str | None = None
    """Number of the document."""
    listed_on: date
    """Since when."""
    valid_until: date | None = None
    """Last day."""
