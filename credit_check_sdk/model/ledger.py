"""What the ledger takes and what it can be asked. Plain values: how they are stored is the shell's affair.

Entries are immutable. Questions answer as their docstrings say. Commands move rows of the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.model.applied import AppliedMeasure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta

    from credit_check_sdk.model._value import Words
    from credit_check_sdk.model.answer import Consultation
    from credit_check_sdk.model.applied import Carrying, Hold, MeasureEvent, RecordStanding
    from credit_check_sdk.model.case import Case
    from credit_check_sdk.model.decision import Decision, Ground, Proposal, ProposalState
    from credit_check_sdk.model.evidence import Checkpoint, Countersignature
    from credit_check_sdk.model.feedback import Acknowledgement, Change, Feedback, MeasureState
    from credit_check_sdk.model.notice import Notice, NoticeDelivery, NoticeState
    from credit_check_sdk.model.objection import Objection, ObjectionState, Paper
    from credit_check_sdk.model.outage import ManualEvidence, Recheck, RecheckState
    from credit_check_sdk.model.promise import CommitmentState, StoredCommitment
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


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """A change that a platform reported, and where the record stands after it; the same change is taken once."""

    id: str
    change: Change
    seen_at: datetime
    standing: RecordStanding
    touched: tuple[str, ...] = ()
    """Numbers of the decisions that rest on the record and are touched."""


@dataclass(frozen=True, slots=True)
class TransitionEntry:
    """A step of an applied measure: who or what moved it, from where to where, when and why."""

    id: str
    case_id: str
    decision: str
    proposal: str
    event: MeasureEvent
    before: MeasureState
    after: MeasureState
    at: datetime
    by: str
    """Who: ``operator:ID``, ``source:ID`` or ``clock``."""
    cause: str
    """Stable code of why: an answer, a kind of change, ``until``, ``window``."""
    why: Words
    """In words."""
    follows: str = ""
    """Number of the transition before it; it is refused when another came between."""
    returns: MeasureState | None = None
    """For a suspension: the state to which it returns."""
    hold: Hold | None = None
    change: str | None = None
    """Number of the change."""
    feedback: str | None = None
    """Key of the feedback that reports it."""
    effective_on: date | None = None
    """For a notice: the day on which the measure takes effect."""
    until: date | None = None
    """Last day of the measure."""


@dataclass(frozen=True, slots=True)
class CursorEntry:
    """Where a source's feed stands now; it is refused when another sync moved it meanwhile."""

    source: str
    before: str | None
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecheckEntry:
    """That a check is to be made again, because a required source was silent."""

    recheck: Recheck
    decision: str
    case_id: str
    matter: str
    point: str
    department: str
    silent: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class RecheckedEntry:
    """That it was made again. Where something was found, the file's other checks are touched by it."""

    id: str
    recheck: str
    case_id: str
    decision: str
    """Number of the new decision."""
    outcome: str
    adverse: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectionEntry:
    """An objection that was taken, or a question of the department's own."""

    objection: Objection
    touched: tuple[str, ...] = ()
    """Numbers of the decisions that rest on the record and are touched."""


@dataclass(frozen=True, slots=True)
class PaperEntry:
    """The content of a paper, kept as evidence."""

    id: str
    objection: str
    case_id: str
    paper: Paper
    content: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class ManualEntry:
    """Evidence of a query made by hand, with the bytes of its file."""

    evidence: ManualEvidence
    content: bytes


@dataclass(frozen=True, slots=True)
class ObjectionAnswerEntry:
    """That an objection was answered or withdrawn; whoever comes second finds it closed and is refused."""

    id: str
    objection: str
    case_id: str
    answer: str
    """Kind of the change that answers it, or ``withdrawn``."""
    at: datetime
    by: str
    """Who: ``source:ID`` or ``operator:ID``."""
    change: str | None = None
    """Number of the change."""


@dataclass(frozen=True, slots=True)
class CommitmentEntry:
    """A step of a commitment, with all that holds after it; it is refused when another step came between."""

    stored: StoredCommitment
    follows: str = ""
    """Number of the step before it; empty for the first."""


@dataclass(frozen=True, slots=True)
class HoldEntry:
    """That a file is put on legal hold, or released: on hold it is not erased."""

    id: str
    case_id: str
    held: bool
    reason: str
    operator: Operator
    at: datetime


Entry = (
    CheckEntry
    | ResponseEntry
    | FeedbackEntry
    | NoticeEntry
    | NoticeDeliveryEntry
    | ChangeEntry
    | TransitionEntry
    | CursorEntry
    | RecheckEntry
    | RecheckedEntry
    | ManualEntry
    | ObjectionEntry
    | PaperEntry
    | ObjectionAnswerEntry
    | CommitmentEntry
    | HoldEntry
)


@dataclass(frozen=True, slots=True)
class FeedCursor:
    """Ask where a source's feed stands; answers the cursor, or None where nothing was ever taken."""

    source: str


@dataclass(frozen=True, slots=True)
class KnownChanges:
    """Ask which of these changes were taken before; answers a tuple of bool, in order."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Standings:
    """Ask where records of a source stand; answers a dict of record number to `RecordStanding`."""

    source: str
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resting:
    """Ask which checks rest on a record, or on any of the source's; answers their numbers, oldest first."""

    source: str
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Objections:
    """Ask for objections that meet all of these, those that are due first; answers a tuple of `StoredObjection`."""

    number: str | None = None
    case_id: str | None = None
    states: tuple[ObjectionState, ...] = ()
    due_before: date | None = None
    records: tuple[tuple[str, str], ...] = ()
    """Only those on these records, by source and number."""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Commitments:
    """Ask for commitments that meet all of these, those due first; answers a tuple of `StoredCommitment`."""

    code: str | None = None
    case_id: str | None = None
    states: tuple[CommitmentState, ...] = ()
    subject: tuple[str, str] | None = None
    """Only those of the subject with this identifier: scheme and value."""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Publications:
    """Ask for publications that meet all of these, those due first; answers a tuple of `StoredPublication`."""

    record: str | None = None
    case_id: str | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class CommitmentSteps:
    """Ask how a commitment came to where it is; answers a tuple of `StoredCommitment`, oldest first."""

    code: str


@dataclass(frozen=True, slots=True)
class LastCommitment:
    """Ask for the highest code that begins so; answers it, or None."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Papers:
    """Ask for the papers of an objection; answers a tuple of pairs of `Paper` and content."""

    objection: str


@dataclass(frozen=True, slots=True)
class StoredObjection:
    """An objection with what became of it."""

    objection: Objection
    state: ObjectionState = "open"
    answer: str | None = None
    """Kind of the change that answered it."""
    answered_at: datetime | None = None

    def overdue(self, today: date) -> bool:
        """Say whether the day by which it was to be answered has passed without an answer."""
        return self.state == "open" and self.objection.due_on is not None and self.objection.due_on < today


@dataclass(frozen=True, slots=True)
class DueMeasures:
    """Ask whose measures are to move by the clock on *today*; answers numbers of decisions, oldest first."""

    today: date


@dataclass(frozen=True, slots=True)
class Transitions:
    """Ask how the measures of a check moved; answers a tuple of `TransitionEntry`, oldest first."""

    decision: str


@dataclass(frozen=True, slots=True)
class Redresses:
    """Ask which checks rest on records whose objection was upheld; answers a tuple of `Redress`, newest first."""


@dataclass(frozen=True, slots=True)
class Redress:
    """A measure that a record found to be wrong had a part in, for the department to put right."""

    case_id: str
    matter: str
    point: str
    department: str
    decision: str
    decided_at: datetime
    outcome: str
    proposal: str
    measure: str
    state: MeasureState
    """Where the measure stands."""
    was_in_force: bool
    """Whether it ever took effect."""
    source: str
    change: str
    """Number of the change that says so."""
    at: datetime
    """When the platform upheld the objection."""


@dataclass(frozen=True, slots=True)
class StoredRecheck:
    """A recheck and where it stands."""

    id: str
    decision: str
    case_id: str
    matter: str
    point: str
    department: str
    state: RecheckState
    due_on: date
    provisional: bool
    attempts: int
    created_at: datetime
    next_at: datetime
    last_error: str | None = None
    done_at: datetime | None = None
    outcome: str | None = None
    followed_by: str | None = None
    """Number of the decision that it came to."""


@dataclass(frozen=True, slots=True)
class Rechecks:
    """Ask for rechecks in these states (all where none is named), those due first; answers a tuple of `StoredRecheck`."""

    states: tuple[RecheckState, ...] = ()
    case_id: str | None = None
    point: str | None = None
    number: str | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class LeaseRechecks:
    """Take up to *limit* waiting rechecks for *length*; answers a tuple of `StoredRecheck`.

    With *due_only* those whose next try is still to come are left alone.
    """

    now: datetime
    length: timedelta
    token: str
    limit: int = 10
    due_only: bool = True


@dataclass(frozen=True, slots=True)
class PostponeRecheck:
    """Give a leased recheck back: its source is still silent. Answers whether it was still leased under this token."""

    number: str
    token: str
    next_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class ManualsOf:
    """Ask for the manual evidence of a file at a point; answers a tuple of `ManualEvidence`, newest first."""

    case_id: str
    point: str


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
    measures: dict[str, AppliedMeasure] = field(default_factory=dict)
    """Where the measures of its proposals stand; a proposal that is not among them is merely proposed."""
    standings: dict[tuple[str, str], RecordStanding] = field(default_factory=dict)
    """Where the records below them stand, by source and number, as far as changes have spoken of them."""

    def standing(self) -> dict[str, StoredResponse]:
        """Give the answer that stands for each proposal answered: the latest."""
        return {stored.response.proposal: stored for stored in self.responses}

    def measure(self, proposal: str) -> AppliedMeasure:
        """Give where the measure of a proposal stands; before states were kept, an answer was all that moved it."""
        known = self.measures.get(proposal)
        if known is not None:
            return known
        answered = self.standing().get(proposal)
        if answered is None or answered.response.answer == "verifying":
            return AppliedMeasure(proposal)
        if answered.response.answer == "set_aside":
            return AppliedMeasure(proposal, "set_aside")
        return AppliedMeasure(proposal, "in_force", in_force_at=answered.at)

    def as_it_stands(self) -> StoredCheck:
        """Give the check with each proposal in its present state, and touched by what came while it was being made.

        A change that was taken after a ground was read and before the check was on record found no check to touch.
        """
        if not self.measures and not self.standings:
            return self
        proposals = tuple(p.model_copy(update={"state": self._state(p)}) for p in self.decision.proposals)
        grounds = (ground for proposal in self.decision.proposals for ground in proposal.grounds)
        spoken = (self.standings[g.source, g.record_id].change for g in grounds if self.carrying(g) != "carries")
        touched_by = self.touched_by or next((change for change in spoken if change), None)
        return replace(self, decision=self.decision.model_copy(update={"proposals": proposals}), touched_by=touched_by)

    def carrying(self, ground: Ground) -> Carrying:
        """Say what a ground still carries, by all that changes have said since it was read.

        What was taken before the ground was read, the platform knew when it gave the record.
        """
        standing = self.standings.get((ground.source, ground.record_id))
        if standing is not None and standing.objections and standing.carrying == "suspended":
            return "suspended"  # an objection of our own holds whatever the platform still says
        read_at = ground.confirmed_live_at or self.decision.decided_at
        if standing is None or standing.seen_at is None or standing.seen_at < read_at:
            return "carries"
        return standing.carrying

    def _state(self, proposal: Proposal) -> ProposalState:
        measure = self.measure(proposal.id)
        if measure.state == "in_force":
            return "applied"
        if measure.state == "suspended" and measure.hold == "verifying":
            return "verifying"
        disputed = proposal.grounds and not any(self.carrying(ground) == "carries" for ground in proposal.grounds)
        return "suspended" if measure.state == "proposed" and disputed else measure.state


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
    taken_over: bool = False
    """Whether it was leased without anybody knowing what became of it: an earlier lease ran out, or it was in doubt."""


@dataclass(frozen=True, slots=True)
class OutboxRows:
    """Ask for rows of the outbox in these states, oldest first; answers a tuple of `OutboxRow`."""

    states: tuple[OutboxState, ...] = ()
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Ask how the outbox stands; answers `OutboxReport`."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Ask how many rows are on their way (waiting, leased or in doubt); counting stops at *limit*; answers a number."""

    limit: int


ChannelState = Literal["untried", "answering", "failing", "unrouted"]
"""How a channel stands: nothing was handed over yet; the last hand-over was answered; it was not; or the
configuration has no such channel (or none at all), so that what waits for it goes nowhere."""


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """How one channel stands, as all relays on this ledger saw it, and what waits for it."""

    channel: str
    state: ChannelState = "untried"
    since: datetime | None = None
    """Since when it is in this state."""
    last_error: str | None = None
    """Code of its last failure, though it may answer again since."""
    last_error_at: datetime | None = None
    delivered_at: datetime | None = None
    """When it last took something."""
    oldest_waiting: datetime | None = None
    """When the oldest feedback that still waits for it was promised."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows in each state."""


@dataclass(frozen=True, slots=True)
class OutboxReport:
    """How many rows are in each state, since when the oldest undelivered one waits, and how each channel stands."""

    counts: dict[str, int]
    oldest_waiting: datetime | None
    last_error: str | None
    channels: tuple[ChannelReport, ...] = ()
    """Channels that are configured or that something waits for, by name."""
    over_limit: bool = False
    """Whether more is on its way than ``outbox.limit`` says."""

    @property
    def undelivered(self) -> int:
        """How many rows are not delivered, whatever the reason."""
        return sum(count for state, count in self.counts.items() if state != "delivered")


@dataclass(frozen=True, slots=True)
class Lease:
    """Take up to *limit* due rows of a channel for *length*; answers a tuple of `OutboxRow` with feedback.

    A row whose lease ran out counts as due. Order per file is kept: a row is due only when no older row of the same
    file and channel is undelivered, unless that one is dead. With *doubtful* rows in doubt are taken instead.
    """

    channel: str
    limit: int
    now: datetime
    length: timedelta
    token: str
    doubtful: bool = False


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
    channel: str | None = None
    """The channel whose state this hand-over shows; None: it says nothing of the channel."""


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Write down what an officer found out about a row in doubt; answers whether there was one.

    Its reason becomes an entry of the ledger. What was not delivered waits again.
    """

    key: str
    delivered: bool
    number: str
    """Number of the entry."""
    reason: str
    operator: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Requeue:
    """Put dead rows back to waiting (all of them where no key is given); answers how many moved."""

    keys: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class FilesOf:
    """Ask what is held of files: those named, those of a subject, those without an entry since *before*.

    Answers a tuple of `FileState`; of the old ones up to *limit* behind *beyond*, by number.
    """

    today: date
    case_ids: tuple[str, ...] = ()
    subject: tuple[tuple[str, str], ...] = ()
    """Pairs of scheme and normal value."""
    before: datetime | None = None
    beyond: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True)
class HeldEntries:
    """Ask for everything that the ledger says in these files; answers a tuple of `HeldEntry`."""

    case_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase the entries of files whose newest entry is still of that time, and say so in an entry; answers `Erased`.

    A file on hold, with feedback undelivered, with a measure in force or with something open is left alone.
    """

    number: str
    """Number of the entry that says what was erased."""
    at: datetime
    today: date
    files: Mapping[str, datetime]
    cause: str
    """``subject``, ``case`` or ``expired``."""
    reason: str
    operator: Mapping[str, str]
    changes_before: datetime | None = None
    """Erase what platforms reported before that and what touches no file any more, too."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased."""

    files: tuple[str, ...]
    entries: int


@dataclass(frozen=True, slots=True)
class Reencrypt:
    """Wrap the keys of up to *limit* entries that stand under an older data key with the current one; answers how many.

    The entries themselves, their digests and their places in the chain stay as they are.
    """

    limit: int = 500


@dataclass(frozen=True, slots=True)
class KeysInUse:
    """Ask under which data keys entries stand; answers a dict of counts."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Ask for counts of the period (days included); answers a tuple of `StatisticsRow`."""

    since: date | None = None
    until: date | None = None
    today: date | None = None
    """The day against which rechecks are overdue; None: none is."""


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
    checked: int = 0
    """Files whose latest check here is not undecided: what waits for its recheck does not count."""
    rechecks_waiting: int = 0
    """Rechecks that are still to be made."""
    rechecks_overdue: int = 0
    """Those of them whose day is over."""
    rechecks_adverse: int = 0
    """Rechecks that found something."""


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
class EvidenceOf:
    """Ask for what proves a check: entries with salts and texts, links, chains, checkpoints; answers a dict or None."""

    decision: str


@dataclass(frozen=True, slots=True)
class VerifyEvidence:
    """Verify every sealed entry, and hold the ledger against *against*; answers `Verification`."""

    against: Checkpoint | None = None
