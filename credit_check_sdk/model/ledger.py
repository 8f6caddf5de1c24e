"""What the ledger takes and what it can be asked. Plain values: how they are stored is the shell's affair.

Entries are immutable. Questions answer as their docstrings say. Commands move rows of the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta

    from credit_check_sdk.model.answer import Consultation
    from credit_check_sdk.model.case import Case
    from credit_check_sdk.model.decision import Decision
    from credit_check_sdk.model.evidence import Checkpoint, Countersignature
    from credit_check_sdk.model.feedback import Acknowledgement, Feedback
    from credit_check_sdk.model.notice import Notice, NoticeDelivery, NoticeState
    from credit_check_sdk.model.response import Response
    from credit_check_sdk.model.subject import Operator, Subject


@dataclass(frozen=True, slots=True)
class QueryNote:
    """That a source is about to be asked about a subject: who asks, about whom, why, when."""

    id: str
    at: datetime
    source: str
    subject: Subject
    case_id: str
    matter: str
    point: str
    purpose: str
    basis: str
    authorisation_ref: str | None
    operator: Operator


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A check: the case as it was given, what the sources answered, and the decision."""

    decision: Decision
    case: Case
    consultations: tuple[Consultation, ...]
    parties: str
    """Keyed digest of the party set."""
    rules: str
    """Digest of the part of catalogue and policy that could have mattered."""


@dataclass(frozen=True, slots=True)
class ResponseEntry:
    """An officer's answer."""

    id: str
    decision: str
    case_id: str
    point: str
    response: Response
    operator: Operator
    at: datetime
    amends: str | None = None
    """Number of the answer that it changes."""
    feedback: str | None = None
    """Key of the feedback that reports it."""


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """A feedback for the outbox, with the channel that is to carry it."""

    feedback: Feedback
    channel: str


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A notice that was drafted."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class NoticeDeliveryEntry:
    """That a notice was delivered."""

    id: str
    notice: str
    """Number of the notice."""
    case_id: str
    delivery: NoticeDelivery
    at: datetime


Entry = CheckEntry | ResponseEntry | FeedbackEntry | NoticeEntry | NoticeDeliveryEntry


@dataclass(frozen=True, slots=True)
class LatestCheck:
    """Ask for the latest check of a file at a point; answers `StoredCheck` or None."""

    case_id: str
    point: str


@dataclass(frozen=True, slots=True)
class CheckById:
    """Ask for one check by the number of its decision; answers `StoredCheck` or None."""

    decision: str


@dataclass(frozen=True, slots=True)
class ChecksOf:
    """Ask when these files were checked in *environment*; answers a tuple of `CheckTimes`, oldest first."""

    case_ids: tuple[str, ...]
    environment: str


@dataclass(frozen=True, slots=True)
class CheckTimes:
    """That a file was checked, and how long that counts."""

    case_id: str
    point: str
    decision: str
    decided_at: datetime
    valid_until: datetime | None
    """None where an old ledger did not keep it."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer as it was recorded."""

    id: str
    response: Response
    operator: Operator
    at: datetime
    feedback: str | None
    """Key of the feedback that reported it."""


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check as it was recorded, with the answers given since, oldest first."""

    decision: Decision
    case: Case
    consultations: tuple[Consultation, ...]
    parties: str
    rules: str
    responses: tuple[StoredResponse, ...] = ()
    touched_by: str | None = None
    """Number of the change that touched one of its grounds, or None."""

    def standing(self) -> dict[str, StoredResponse]:
        """Give the answer that stands for each proposal answered: the latest."""
        return {stored.response.proposal: stored for stored in self.responses}


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice as it was recorded, and where it stands."""

    notice: Notice
    state: NoticeState
    delivery: NoticeDelivery | None = None
    """How it was delivered, last."""

    def overdue(self, today: date) -> bool:
        """Say whether it is still to be delivered though its day is over; the due day still counts."""
        return self.state == "drafted" and self.notice.due_on is not None and self.notice.due_on < today


@dataclass(frozen=True, slots=True)
class Notices:
    """Ask for notices, those that are due first; answers a tuple of `StoredNotice`."""

    number: str | None = None
    """One notice alone."""
    case_id: str | None = None
    """Those of one file."""
    decision: str | None = None
    """Those of one decision."""
    states: tuple[NoticeState, ...] = ()
    """In these states; empty means all."""
    due_by: date | None = None
    """Due on that day or before."""
    limit: int = 1000


OutboxState = Literal["waiting", "leased", "delivered", "in_doubt", "dead"]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row of the outbox."""

    key: str
    channel: str
    case_id: str
    state: OutboxState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    lease_until: datetime | None
    delivered_at: datetime | None
    last_error: str | None
    lease: str | None = None
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class OutboxRows:
    """Ask for rows of the outbox in these states, oldest first; answers a tuple of `OutboxRow`."""

    states: tuple[OutboxState, ...] = ()
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Ask how the outbox stands; answers `OutboxReport`."""


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """How many rows are in each state, and since when the oldest undelivered one waits."""

    counts: dict[str, int]
    oldest_waiting: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """Take up to *limit* due rows of a channel for *length*; answers a tuple of `OutboxRow` with feedback.

    A row whose lease ran out counts as due. Order per file is kept: a row is due only when no older row of the same
    file and channel is undelivered, unless that one is dead.
    """

    channel: str
    limit: int
    now: datetime
    length: timedelta
    token: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Write down what became of leased rows; rows whose lease another took over are left alone.

    Answers how many moved.
    """

    token: str
    now: datetime
    acknowledgements: tuple[Acknowledgement, ...]
    retry_at: dict[str, datetime] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    """Keys that are given up for now: refused for good or tried too often."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """Put dead rows back to waiting (all of them where no key is given); answers how many moved."""

    keys: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Statistics:
    """Ask for counts of the period (days included); answers a tuple of `StatisticsRow`."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Counts of one department, matter and point."""

    department: str
    matter: str
    point: str
    checks: int
    cases: int
    outcomes: dict[str, int]
    proposals: int
    applied: int
    set_aside: int
    verifying: int
    unanswered: int
    feedback_delivered: int
    feedback_waiting: int


@dataclass(frozen=True, slots=True)
class Unsealed:
    """Ask how many entries are committed and not sealed; answers a number."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Give up to *limit* committed entries their places, chain them and sign a checkpoint; answers `Sealed`.

    Sealers wait for one another, and nobody who records waits for them. Nothing to seal: no checkpoint, unless the
    newest is signed with a key that is no longer the current one.
    """

    now: datetime
    limit: int = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealing came to."""

    entries: int
    """How many got their place."""
    checkpoint: Checkpoint | None
    """The newest checkpoint; None where nothing was ever sealed, or where its signature does not hold."""


@dataclass(frozen=True, slots=True)
class LatestCheckpoint:
    """Ask for the newest checkpoint with its counter-signatures; answers `Checkpoint` or None."""


@dataclass(frozen=True, slots=True)
class BeginChain:
    """Begin another chain, which continues the head that is there; answers its number.

    A ledger restored from a copy calls this before anything else is sealed: then no two entries ever claim the same
    place of the same chain, whatever the lost ledger had sealed beyond the copy.
    """

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Countersign:
    """Keep what a witness signed of the checkpoint of this chain and length."""

    chain: str
    size: int
    countersignature: Countersignature


@dataclass(frozen=True, slots=True)
class VerifyEvidence:
    """Verify every sealed entry, and hold the ledger against *against*; answers `Verification`."""

    against: Checkpoint | None = None
