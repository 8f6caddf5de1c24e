"""A ledger in memory that understands every entry, question and command of `credit_check_sdk.model.ledger`.

It performs no I/O and knows no transaction: what is recorded is there at once.
"""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model.applied import AppliedMeasure, RecordStanding
from credit_check_sdk.model.evidence import Checkpoint, Countersignature, Verification
from credit_check_sdk.model.figures import Figures
from credit_check_sdk.model.ledger import (
    BeginChain,
    ChangeEntry,
    ChannelReport,
    CheckById,
    CheckEntry,
    ChecksOf,
    CheckTimes,
    CommitmentEntry,
    Commitments,
    CommitmentSteps,
    Countersign,
    CursorEntry,
    DueMeasures,
    FeedbackEntry,
    FeedCursor,
    KnownChanges,
    LastCommitment,
    LatestCheck,
    LatestCheckpoint,
    Lease,
    LeaseRechecks,
    ManualEntry,
    ManualsOf,
    NoticeDeliveryEntry,
    NoticeEntry,
    Notices,
    ObjectionAnswerEntry,
    ObjectionEntry,
    Objections,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxStatus,
    PaperEntry,
    Papers,
    PostponeRecheck,
    Publications,
    RecheckedEntry,
    RecheckEntry,
    Rechecks,
    Reconcile,
    Redress,
    Redresses,
    Requeue,
    ResponseEntry,
    Resting,
    Seal,
    Sealed,
    Settle,
    Standings,
    Statistics,
    StatisticsRow,
    StoredCheck,
    StoredNotice,
    StoredObjection,
    StoredResponse,
    TransitionEntry,
    Transitions,
    Undelivered,
    Unsealed,
    VerifyEvidence,
)
from credit_check_sdk.model.publicity import StoredPublication
from credit_check_sdk.model.sheets import Proposed
from credit_check_sdk.testing.counting import Counting
from credit_check_sdk.testing.rechecks import InMemoryRechecks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from credit_check_sdk.model import Acknowledgement, Change, Proposal
    from credit_check_sdk.model.ledger import ChannelState, Entry, OutboxState
    from credit_check_sdk.model.promise import StoredCommitment

_SHANGHAI = timezone(timedelta(hours=8))
_FARTHEST = timedelta(hours=25)
_SKEW = timedelta(hours=1)
_UNDELIVERED = frozenset({"waiting", "leased", "in_doubt"})


class InMemorySealing:
    """Seal in memory: places and checkpoints as the real ledger gives them, without signatures."""

    def __init__(self) -> None:
        self.recorded: list[str] = []
        """Numbers of entries, in the order of their recording."""
        self.size = 0
        """How many of them are sealed."""
        self.chains = ["chain-1"]
        """Chains begun."""
        self.checkpoints: list[Checkpoint] = []
        """Checkpoints, oldest first."""

    def record(self, entry: Entry) -> None:
        """Take note of an entry; one that is there already stays as it is."""
        match entry:
            case CheckEntry():
                number = entry.decision.id
            case ResponseEntry():
                number = entry.id
            case FeedbackEntry():
                number = entry.feedback.id
            case NoticeEntry():
                number = entry.notice.id
            case RecheckEntry():
                number = entry.recheck.id
            case ManualEntry():
                number = entry.evidence.id
            case CommitmentEntry():
                number = entry.stored.step
            case _:
                number = str(getattr(entry, "id", ""))
        if number not in self.recorded:
            self.recorded.append(number)

    def load(self, query: Unsealed | LatestCheckpoint | VerifyEvidence) -> Any:
        """Answer a question about the chain."""
        unsealed = len(self.recorded) - self.size
        newest = self.checkpoints[-1] if self.checkpoints else None
        match query:
            case Unsealed():
                return unsealed
            case LatestCheckpoint():
                return newest
            case VerifyEvidence():
                seen = max((point.size for point in self.checkpoints if point.countersignatures), default=0)
                return Verification(
                    ledger="ledger-in-memory",
                    whole=True,
                    sealed=self.size,
                    unsealed=unsealed,
                    erased=0,
                    chains=len(self.chains),
                    checkpoints=len(self.checkpoints),
                    countersigned=seen,
                    head=newest.head if newest else None,
                )

    def move(self, command: Seal | Countersign | BeginChain) -> Any:
        """Carry out a command on the chain."""
        match command:
            case Seal():
                return self._seal(command)
            case Countersign():
                self.checkpoints = [
                    replace(point, countersignatures=_with(point, command.countersignature))
                    if (point.chain, point.size) == (command.chain, command.size)
                    else point
                    for point in self.checkpoints
                ]
                return None
            case BeginChain():
                self.chains.append(f"chain-{len(self.chains) + 1}")
                return self.chains[-1]

    def _seal(self, command: Seal) -> Sealed:
        sealed = min(command.limit, len(self.recorded) - self.size)
        self.size += sealed
        if sealed:
            head = hashlib.sha256("\n".join(self.recorded[: self.size]).encode()).hexdigest()
            last = self.recorded[self.size - 1]
            self.checkpoints.append(
                Checkpoint("ledger-in-memory", self.chains[-1], self.size, f"sha256:{head}", command.now, "", last)
            )
        return Sealed(sealed, self.checkpoints[-1] if self.checkpoints else None)


class InMemoryLedger:
    """Keep checks, answers, notices and the outbox in memory, open to a test's eyes."""

    def __init__(self) -> None:
        self.checks: dict[str, StoredCheck] = {}
        """Checks by the number of their decision, oldest first."""
        self.notices: dict[str, StoredNotice] = {}
        """Notices by number, oldest first."""
        self.rows: dict[str, OutboxRow] = {}
        """Rows of the outbox by key, oldest first."""
        self.channels: dict[str, ChannelReport] = {}
        """How each channel stands."""
        self.sealing = InMemorySealing()
        """What was recorded and sealed."""
        self.cursors: dict[str, str] = {}
        """Where each feed stands."""
        self.changes: list[ChangeEntry] = []
        """Changes taken, oldest first."""
        self.transitions: list[TransitionEntry] = []
        """Steps of applied measures, oldest first."""
        self.standings: dict[tuple[str, str], RecordStanding] = {}
        """Where records stand, by source and number."""
        self.objections: dict[str, StoredObjection] = {}
        """Objections by number, oldest first."""
        self.papers: list[PaperEntry] = []
        """Papers handed in with them."""
        self.measures: dict[str, AppliedMeasure] = {}
        """Where applied measures stand, by proposal."""
        self.promises: list[StoredCommitment] = []
        """Steps of commitments, oldest first."""
        self.rechecks = InMemoryRechecks()
        """What an outage left open."""

    def record(self, entries: Iterable[Entry]) -> None:
        """Take entries, as `Record` does: all of them, or none."""
        before = {
            name: copy.deepcopy(kept) if name == "sealing" else copy.copy(kept) for name, kept in vars(self).items()
        }
        try:
            self._take(entries)
        except LedgerError:
            vars(self).update(before)
            raise

    def _take(self, entries: Iterable[Entry]) -> None:  # noqa: C901, PLR0912  one branch per kind of entry
        for entry in entries:
            if not isinstance(entry, CursorEntry):
                self.sealing.record(entry)
            match entry:
                case CheckEntry():
                    self._check(entry)
                case ResponseEntry():
                    self._respond(entry)
                case FeedbackEntry():
                    self._put(entry)
                case RecheckEntry() | RecheckedEntry() | ManualEntry():
                    self._left_open(entry)
                case NoticeEntry():
                    self.notices[entry.notice.id] = StoredNotice(entry.notice, "drafted")
                case NoticeDeliveryEntry():
                    drafted = self.notices[entry.notice].notice
                    self.notices[entry.notice] = StoredNotice(drafted, "delivered", entry.delivery)
                case ChangeEntry():
                    self._change(entry)
                case TransitionEntry():
                    self._transition(entry)
                case CursorEntry():
                    _insist(self.cursors.get(entry.source) == entry.before, "cursor")
                    self.cursors[entry.source] = entry.after
                case ObjectionEntry():
                    self.objections[entry.objection.id] = StoredObjection(entry.objection)
                    for decision in entry.touched:
                        self.touch(decision, entry.objection.id)
                case PaperEntry():
                    self.papers.append(entry)
                case ObjectionAnswerEntry():
                    self._answer(entry)
                case CommitmentEntry():
                    self._promise(entry)

    def _promise(self, entry: CommitmentEntry) -> None:
        last = next((kept.step for kept in reversed(self.promises) if kept.code == entry.stored.code), "")
        _insist(last == entry.follows, "commitment")
        self.promises = [*self.promises, entry.stored]

    def _publications(self, query: Publications) -> tuple[StoredPublication, ...]:
        found = [
            StoredPublication(
                key=row.key,
                case_id=row.case_id,
                channel=row.channel,
                publication=row.feedback.publicity,
                amends=row.feedback.amends,
                made_at=row.feedback.at,
                operator=row.feedback.operator,
                state=row.state,
                delivered_at=row.delivered_at,
            )
            for row in self.rows.values()
            if row.feedback is not None
            and row.feedback.publicity is not None
            and query.record in {None, row.feedback.publicity.record}
            and query.case_id in {None, row.case_id}
        ]
        return tuple(sorted(found, key=lambda one: one.publication.due_on or date.max)[: query.limit])

    def _promised(self, query: Commitments) -> tuple[StoredCommitment, ...]:
        latest = {kept.code: kept for kept in self.promises}
        found = [
            kept
            for kept in latest.values()
            if query.code in {None, kept.code}
            and query.case_id in {None, kept.case_id}
            and (not query.states or kept.state in query.states)
            and query.subject in {None, (kept.commitment.identify.scheme, kept.commitment.identify.normal)}
        ]
        return tuple(sorted(found, key=lambda k: (k.due_on is None, k.due_on or k.received_on, k.code))[: query.limit])

    def touch(self, decision: str, change: str) -> None:
        """Say that *change* touched a ground of *decision*."""
        self.checks[decision] = replace(self.checks[decision], touched_by=change)

    def _left_open(self, entry: RecheckEntry | RecheckedEntry | ManualEntry) -> None:
        self.rechecks.record(entry)
        if isinstance(entry, RecheckedEntry) and entry.adverse:
            for number, stored in self.checks.items():
                if stored.case.id == entry.case_id and number != entry.decision and stored.touched_by is None:
                    self.checks[number] = replace(stored, touched_by=entry.recheck)

    def load(self, query: Any) -> Any:  # noqa: C901, PLR0911, PLR0912  one branch and return per question
        """Answer a question, as `Load` does.

        Raises:
            TypeError: it is none of the ledger's questions.
        """
        match query:
            case LatestCheck():
                found = [c for c in self.checks.values() if c.case.id == query.case_id]
                return self._standing(
                    max((c for c in found if c.decision.point == query.point), key=_decided, default=None)
                )
            case CheckById():
                return self._standing(self.checks.get(query.decision))
            case ChecksOf():
                return tuple(_times(c) for c in sorted(self.checks.values(), key=_decided) if _asked(c, query))
            case FeedCursor():
                return self.cursors.get(query.source)
            case KnownChanges():
                taken = {_name(entry.change) for entry in self.changes}
                return tuple(_name(change) in taken for change in query.changes)
            case Standings():
                wanted = ((number, self.standings.get((query.source, number))) for number in query.records)
                return {number: standing for number, standing in wanted if standing is not None}
            case Resting():
                rests = [c for c in self.checks.values() if _rests(c, query)]
                return tuple(c.decision.id for c in sorted(rests, key=_decided))
            case Commitments():
                return self._promised(query)
            case Publications():
                return self._publications(query)
            case CommitmentSteps():
                return tuple(kept for kept in self.promises if kept.code == query.code)
            case LastCommitment():
                return max((k.code for k in self.promises if k.code.startswith(query.prefix)), default=None)
            case Objections():
                return self._objections(query)
            case Papers():
                return tuple((kept.paper, kept.content) for kept in self.papers if kept.objection == query.objection)
            case DueMeasures():
                return self._due_measures(query.today)
            case Transitions():
                return tuple(step for step in self.transitions if step.decision == query.decision)
            case Redresses():
                return self._redresses()
            case OutboxRows():
                rows = [row for row in self.rows.values() if not query.states or row.state in query.states]
                return tuple(rows[: query.limit])
            case Unsealed() | LatestCheckpoint() | VerifyEvidence():
                return self.sealing.load(query)
            case OutboxStatus():
                return self._report()
            case Undelivered():
                return min(query.limit, sum(row.state in _UNDELIVERED for row in self.rows.values()))
            case Notices():
                return self._notices(query)
            case Rechecks() | ManualsOf():
                return self.rechecks.ask(query)
            case Statistics():
                return self._statistics(query)
            case Figures():
                return Counting(self, query).rows()
            case Proposed():
                return self._proposed(query)
            case _:
                raise TypeError(f"{type(query).__name__} is no question of the ledger")

    def move(self, command: Any) -> Any:
        """Obey a command, as `Move` does.

        Raises:
            TypeError: it is none of the ledger's commands.
        """
        match command:
            case Lease():
                return self._lease(command)
            case Settle():
                return self._settle(command)
            case Requeue():
                return self._requeue(command)
            case LeaseRechecks() | PostponeRecheck():
                return self.rechecks.ask(command)
            case Reconcile():
                return self._reconcile(command)
            case Seal() | Countersign() | BeginChain():
                return self.sealing.move(command)
            case _:
                raise TypeError(f"{type(command).__name__} is no command of the ledger")

    def _check(self, entry: CheckEntry) -> None:
        decision = entry.decision
        self.checks[decision.id] = StoredCheck(decision, entry.case, entry.consultations, entry.parties, entry.rules)
        applied = {
            r.response.proposal for c in self.checks.values() for r in c.responses if r.response.answer == "applied"
        }
        for number, kept in self.notices.items():
            notice = kept.notice
            same = (notice.case_id, notice.point) == (decision.case_id, decision.point)
            if same and kept.state == "drafted" and notice.decision != decision.id and notice.proposal not in applied:
                self.notices[number] = replace(kept, state="superseded")

    def _notices(self, query: Notices) -> tuple[StoredNotice, ...]:
        found = [
            kept
            for number, kept in self.notices.items()
            if query.number in {None, number}
            and query.case_id in {None, kept.notice.case_id}
            and query.decision in {None, kept.notice.decision}
            and (not query.states or kept.state in query.states)
            and (query.due_by is None or (kept.notice.due_on is not None and kept.notice.due_on <= query.due_by))
        ]
        return tuple(sorted(found, key=lambda k: (k.notice.due_on is None, k.notice.due_on))[: query.limit])

    def _standing(self, stored: StoredCheck | None) -> StoredCheck | None:
        if stored is None:
            return None
        measures = {p.id: self.measures[p.id] for p in stored.decision.proposals if p.id in self.measures}
        standings = {place: self.standings[place] for place in _grounds(stored) if place in self.standings}
        for kept in self._objections(Objections(states=("open",), records=tuple(_grounds(stored)))):
            place = (kept.objection.source, kept.objection.record_id)
            if kept.objection.kind == "objection":
                known = standings.get(place, RecordStanding())
                standings[place] = replace(known, objections=known.objections + 1)
        return replace(stored, measures=measures, standings=standings).as_it_stands()

    def _answer(self, entry: ObjectionAnswerEntry) -> None:
        kept = self.objections[entry.objection]
        _insist(kept.state == "open", "objection")
        self.objections[entry.objection] = replace(
            kept,
            state="withdrawn" if entry.answer == "withdrawn" else "answered",
            answer=entry.answer,
            answered_at=entry.at,
        )

    def _objections(self, query: Objections) -> tuple[StoredObjection, ...]:
        found = [
            kept
            for number, kept in self.objections.items()
            if query.number in {None, number}
            and query.case_id in {None, kept.objection.case_id}
            and (not query.states or kept.state in query.states)
            and (query.due_before is None or (kept.objection.due_on or query.due_before) < query.due_before)
            and (not query.records or (kept.objection.source, kept.objection.record_id) in query.records)
        ]
        return tuple(sorted(found, key=_due_first)[: query.limit])

    def _change(self, entry: ChangeEntry) -> None:
        _insist(all(_name(entry.change) != _name(taken.change) for taken in self.changes), "change")
        self.changes.append(entry)
        self.standings[entry.change.source, entry.change.record_id] = entry.standing
        for decision in entry.touched:
            self.touch(decision, entry.id)

    def _transition(self, entry: TransitionEntry) -> None:
        before = self.measures.get(entry.proposal) or AppliedMeasure(
            entry.proposal, entry.before, in_force_at=entry.at if entry.before == "in_force" else None
        )
        _insist((before.state, before.step) == (entry.before, entry.follows), "measure")
        self.transitions.append(entry)
        for number, kept in self.notices.items():
            ends = entry.event in {"lift", "rectify"} and kept.notice.proposal == entry.proposal
            if ends and kept.state == "drafted" and kept.notice.kind != "rectification":
                self.notices[number] = replace(kept, state="withdrawn")
        began = entry.at if entry.event == "apply" else None
        self.measures[entry.proposal] = AppliedMeasure(
            entry.proposal,
            entry.after,
            returns=entry.returns,
            hold=entry.hold,
            cause=entry.cause,
            at=entry.at,
            step=entry.id,
            in_force_at=before.in_force_at or began,
            effective_on=entry.effective_on,
        )

    def _due_measures(self, today: date) -> tuple[str, ...]:
        return tuple(
            stored.decision.id
            for stored in sorted(self.checks.values(), key=_decided)
            if any(_by_the_clock(self.measures.get(p.id), p.until, today) for p in stored.decision.proposals)
        )

    def _redresses(self) -> tuple[Redress, ...]:
        upheld = [entry for entry in reversed(self.changes) if entry.change.change == "objection_upheld"]
        return tuple(
            self._redress(entry, self.checks[decision], proposal)
            for entry in upheld
            for decision in entry.touched
            for proposal in self.checks[decision].decision.proposals
            if any((g.source, g.record_id) == (entry.change.source, entry.change.record_id) for g in proposal.grounds)
        )

    def _redress(self, entry: ChangeEntry, stored: StoredCheck, proposal: Proposal) -> Redress:
        decision = stored.decision
        measure = self.measures.get(proposal.id) or AppliedMeasure(proposal.id)
        return Redress(
            case_id=decision.case_id,
            matter=decision.matter,
            point=decision.point,
            department=stored.case.operator.department,
            decision=decision.id,
            decided_at=decision.decided_at,
            outcome=decision.outcome,
            proposal=proposal.id,
            measure=proposal.measure,
            state=measure.state,
            was_in_force=measure.in_force_at is not None,
            source=entry.change.source,
            change=entry.id,
            at=entry.change.at,
        )

    def _respond(self, entry: ResponseEntry) -> None:
        stored = self.checks[entry.decision]
        response = StoredResponse(entry.id, entry.response, entry.operator, entry.at, entry.feedback)
        self.checks[entry.decision] = replace(stored, responses=(*stored.responses, response))
        before, after = ("drafted", "withdrawn") if entry.response.answer == "set_aside" else ("withdrawn", "drafted")
        for number, kept in self.notices.items():
            if kept.notice.proposal == entry.response.proposal and kept.state == before:
                self.notices[number] = StoredNotice(kept.notice, "withdrawn" if after == "withdrawn" else "drafted")

    def _put(self, entry: FeedbackEntry) -> None:
        feedback = entry.feedback
        self.rows.setdefault(
            feedback.id,
            OutboxRow(
                key=feedback.id,
                channel=entry.channel,
                case_id=feedback.case_id,
                state="waiting",
                attempts=0,
                created_at=feedback.at,
                next_at=feedback.at,
                lease_until=None,
                delivered_at=None,
                last_error=None,
                feedback=feedback,
            ),
        )

    def _lease(self, command: Lease) -> tuple[OutboxRow, ...]:
        taken: list[OutboxRow] = []
        held_up: set[str] = set()
        for row in [row for row in self.rows.values() if row.channel == command.channel]:
            if len(taken) < command.limit and row.case_id not in held_up and _due(row, command):
                leased = replace(
                    row,
                    state="leased",
                    attempts=row.attempts + 1,
                    lease=command.token,
                    lease_until=command.now + command.length,
                )
                self.rows[row.key] = leased
                taken.append(replace(leased, taken_over=row.state != "waiting"))
            if row.state in _UNDELIVERED:
                held_up.add(row.case_id)
        return tuple(taken)

    def _settle(self, command: Settle) -> int:
        moved = 0
        for answer in command.acknowledgements:
            row = self.rows.get(answer.key)
            if row is None or row.state != "leased" or row.lease != command.token:
                continue
            self.rows[row.key] = _settled(row, answer, command)
            moved += 1
        if moved and command.channel is not None:
            before = self.channels.get(command.channel, ChannelReport(command.channel))
            self.channels[command.channel] = _stands(before, command)
        return moved

    def _reconcile(self, command: Reconcile) -> bool:
        row = self.rows.get(command.key)
        if row is None or row.state != "in_doubt":
            return False
        found = (
            replace(row, state="delivered", delivered_at=command.now, last_error=None)
            if command.delivered
            else replace(row, state="waiting", next_at=command.now)
        )
        self.rows[row.key] = found
        self.sealing.recorded.append(command.number)
        return True

    def _requeue(self, command: Requeue) -> int:
        dead = [r for r in self.rows.values() if r.state == "dead" and (not command.keys or r.key in command.keys)]
        for row in dead:
            self.rows[row.key] = replace(row, state="waiting", attempts=0, next_at=command.now)
        return len(dead)

    def _report(self) -> OutboxReport:
        rows = self.rows.values()
        return OutboxReport(
            counts=dict(Counter(row.state for row in rows)),
            oldest_waiting=min((row.created_at for row in rows if row.state in {"waiting", "leased"}), default=None),
            last_error=next((row.last_error for row in reversed(rows) if row.last_error), None),
            channels=tuple(self._channel(name) for name in sorted({row.channel for row in rows} | set(self.channels))),
        )

    def _channel(self, name: str) -> ChannelReport:
        rows = [row for row in self.rows.values() if row.channel == name]
        return replace(
            self.channels.get(name, ChannelReport(name)),
            counts=dict(Counter(row.state for row in rows)),
            oldest_waiting=min((row.created_at for row in rows if row.state in {"waiting", "leased"}), default=None),
        )

    def _proposed(self, query: Proposed) -> tuple[tuple[StoredCheck, bool], ...]:
        within = [c for c in self.checks.values() if _within(c.decision.decided_at, query.since, query.until)]
        within.sort(key=_decided)
        latest = {(c.case.id, c.decision.point): c.decision.id for c in within}
        found = [c for c in within if c.decision.proposals and (query.after is None or _decided(c) > query.after)]
        several = [(self._standing(c), c.decision.id in latest.values()) for c in found[: query.limit]]
        return tuple((stored, last) for stored, last in several if stored is not None)

    def _statistics(self, query: Statistics) -> tuple[StatisticsRow, ...]:
        groups: dict[tuple[str, str, str], list[StoredCheck]] = {}
        for stored in sorted(self.checks.values(), key=_decided):
            if _within(stored.decision.decided_at, query.since, query.until):
                place = (stored.case.operator.department, stored.case.matter, stored.decision.point)
                groups.setdefault(place, []).append(stored)
        return tuple(self._counted(place, several, query.today) for place, several in sorted(groups.items()))

    def _counted(
        self, place: tuple[str, str, str], several: Sequence[StoredCheck], today: date | None
    ) -> StatisticsRow:
        answers: Counter[str] = Counter()
        unanswered = 0
        # Of a file that was checked again, only the latest check still waits for answers.
        latest = {stored.case.id: stored for stored in several}
        for stored in several:
            standing = stored.standing()
            answers.update(kept.response.answer for kept in standing.values())
            if latest[stored.case.id] is stored:
                asking = [p for p in stored.decision.proposals if p.strength in {"block", "hint"}]
                unanswered += sum(proposal.id not in standing for proposal in asking)
        numbers = {stored.decision.id for stored in several}
        states = Counter(r.state for r in self.rows.values() if r.feedback and r.feedback.decision in numbers)
        rechecks = [row for row in self.rechecks.rows.values() if row.decision in numbers]
        return StatisticsRow(
            *place,
            checks=len(several),
            cases=len(latest),
            outcomes=dict(Counter(stored.decision.outcome for stored in several)),
            proposals=sum(len(stored.decision.proposals) for stored in several),
            applied=answers["applied"],
            set_aside=answers["set_aside"],
            verifying=answers["verifying"],
            unanswered=unanswered,
            feedback_delivered=states["delivered"],
            feedback_waiting=states.total() - states["delivered"],
            checked=sum(stored.decision.outcome != "undecided" for stored in latest.values()),
            rechecks_waiting=sum(row.state == "waiting" for row in rechecks),
            rechecks_overdue=sum(row.state == "waiting" and row.due_on < (today or row.due_on) for row in rechecks),
            rechecks_adverse=sum(row.state == "adverse" for row in rechecks),
        )


def _asked(stored: StoredCheck, query: ChecksOf) -> bool:
    return stored.case.id in query.case_ids and stored.decision.environment == query.environment


def _times(stored: StoredCheck) -> CheckTimes:
    decision = stored.decision
    return CheckTimes(decision.case_id, decision.point, decision.id, decision.decided_at, decision.valid_until)


def _with(point: Checkpoint, seen: Countersignature) -> tuple[Countersignature, ...]:
    others = tuple(one for one in point.countersignatures if one.witness != seen.witness)
    return (*others, seen)


def _insist(holds: bool, what: str) -> None:  # noqa: FBT001  it reads as a sentence
    if not holds:
        raise LedgerError(
            f"another writer moved the {what} meanwhile; nothing was written",
            "已被其他进程变更，未写入任何内容",
            code="ledger.conflict",
            retryable=True,
            remedy_en="read it again, and try again",
            remedy_zh="请重新读取后再试",
        )


def _due_first(kept: StoredObjection) -> tuple[bool, date, datetime]:
    said = kept.objection
    return said.due_on is None, said.due_on or said.taken_at.date(), said.taken_at


def _name(change: Change) -> tuple[object, ...]:
    return change.source, change.cursor, change.record_id, change.change, change.at


def _grounds(stored: StoredCheck) -> set[tuple[str, str]]:
    return {(ground.source, ground.record_id) for p in stored.decision.proposals for ground in p.grounds}


def _rests(stored: StoredCheck, query: Resting) -> bool:
    return any(
        source == query.source and query.record_id in {None, record_id} for source, record_id in _grounds(stored)
    )


def _by_the_clock(measure: AppliedMeasure | None, until: date | None, today: date) -> bool:
    if measure is None:
        return False
    if measure.state == "noticed" and measure.effective_on is not None and measure.effective_on <= today:
        return True
    over = until is not None and until < today and measure.in_force_at is not None
    return over and measure.state in {"in_force", "suspended"}


def _decided(stored: StoredCheck) -> tuple[datetime, str]:
    return stored.decision.decided_at, stored.decision.id


def _due(row: OutboxRow, command: Lease) -> bool:
    now = command.now
    its_time = row.next_at is None or row.next_at <= now or row.next_at > now + _FARTHEST
    if command.doubtful:
        return row.state == "in_doubt" and its_time
    if row.state == "leased":
        until = row.lease_until
        return until is not None and (until < now or until > now + command.length + _SKEW)
    return row.state == "waiting" and its_time


def _stands(before: ChannelReport, command: Settle) -> ChannelReport:
    verdicts = {answer.verdict for answer in command.acknowledgements}
    failing = not verdicts & {"delivered", "refused"}
    state: ChannelState = "failing" if failing else "answering"
    stands = replace(before, state=state, since=before.since if before.state == state else command.now)
    if failing:
        first = command.acknowledgements[0]
        return replace(stands, last_error=first.code or first.verdict, last_error_at=command.now)
    return replace(stands, delivered_at=command.now) if "delivered" in verdicts else stands


def _settled(row: OutboxRow, answer: Acknowledgement, command: Settle) -> OutboxRow:
    row = replace(row, lease=None, lease_until=None)
    if answer.verdict == "delivered" and answer.key not in command.dead:
        return replace(row, state="delivered", delivered_at=command.now, last_error=None)
    row = replace(row, last_error=answer.code or answer.verdict)
    if answer.verdict == "refused" or answer.key in command.dead:
        return replace(row, state="dead")
    state: OutboxState = "in_doubt" if answer.verdict == "in_doubt" else "waiting"
    return replace(row, state=state, next_at=command.retry_at.get(answer.key, command.now))


def _within(moment: datetime, since: date | None, until: date | None) -> bool:
    day = moment.astimezone(_SHANGHAI).date()
    return (since is None or day >= since) and (until is None or day <= until)
