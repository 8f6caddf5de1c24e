"""What is recorded and asked, written once: generators that yield statements and are sent rows. They open no connection.

Every kind of connection runs the same statements in the same order; `connect` runs them, in a thread or on a loop.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, or_, select

from credit_check_sdk._shell.ledger import (
    commitments,
    erasing,
    moving,
    notices,
    objections,
    outbox,
    publications,
    rechecks,
    sealing,
)
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import DAY, Execute, Work, day_start, insert, micros, moment
from credit_check_sdk.model import Case, Consultation, Decision, Operator, Response
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.figures import Figures
from credit_check_sdk.model.ledger import (
    BeginChain,
    ChangeEntry,
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
    Erase,
    EvidenceOf,
    FeedbackEntry,
    FeedCursor,
    FilesOf,
    HeldEntries,
    HoldEntry,
    KeysInUse,
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
    Redresses,
    Reencrypt,
    Requeue,
    ResponseEntry,
    Resting,
    Seal,
    Settle,
    Standings,
    Statistics,
    StoredCheck,
    StoredResponse,
    TransitionEntry,
    Transitions,
    Undelivered,
    Unsealed,
    VerifyEvidence,
)
from credit_check_sdk.model.sheets import Proposed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import Entry

_REVEAL = {"reveal": True}

_INSERT_CHECK = insert(
    s.check,
    "decision",
    "case_id",
    "matter",
    "point",
    "department",
    "environment",
    "outcome",
    "decided_at",
    "valid_until",
    "silent",
)
_INSERT_PROPOSAL = insert(s.proposal, "proposal", "decision", "measure", "strength", "effect_scope", "ends_at")
_INSERT_GROUND = insert(s.ground, "proposal", "source", "record_key", "decision")
_INSERT_SUBJECT = insert(s.subject, "subject_key", "decision")
_INSERT_RESPONSE = insert(s.response, "id", "decision", "proposal", "answer", "at", "amends", "feedback")
_CHECK = select(s.check.c.decision, s.check.c.touched_by, s.entry.c.key_id, s.entry.c.body).join(
    s.entry, s.entry.c.id == s.check.c.decision
)
_LATEST = (
    _CHECK.where(s.check.c.case_id == bindparam("of_case"), s.check.c.point == bindparam("at_point"))
    .order_by(s.check.c.decided_at.desc(), s.check.c.decision.desc())
    .limit(1)
)
_BY_ID = _CHECK.where(s.check.c.decision == bindparam("number"))
_RESPONSES = (
    select(s.response.c.id, s.response.c.at, s.response.c.feedback, s.entry.c.key_id, s.entry.c.body)
    .join(s.entry, s.entry.c.id == s.response.c.id)
    .where(s.response.c.decision == bindparam("number"))
    .order_by(s.response.c.at, s.response.c.id)
)


_later = s.check.alias("later")
_PROPOSED = (
    select(
        s.check.c.decision,
        exists().where(
            _later.c.case_id == s.check.c.case_id,
            _later.c.point == s.check.c.point,
            _later.c.decided_at < bindparam("until"),
            or_(
                _later.c.decided_at > s.check.c.decided_at,
                and_(_later.c.decided_at == s.check.c.decided_at, _later.c.decision > s.check.c.decision),
            ),
        ),
    )
    .where(
        s.check.c.decided_at >= bindparam("since"),
        s.check.c.decided_at < bindparam("until"),
        or_(
            s.check.c.decided_at > bindparam("behind"),
            and_(s.check.c.decided_at == bindparam("behind"), s.check.c.decision > bindparam("beyond")),
        ),
        exists().where(s.proposal.c.decision == s.check.c.decision),
    )
    .order_by(s.check.c.decided_at, s.check.c.decision)
    .limit(bindparam("several"))
)
_FOREVER = 2**62
_SEVERAL = 100
"""Files asked about in one statement."""
_TIMES = (
    select(s.check.c.case_id, s.check.c.point, s.check.c.decision, s.check.c.decided_at, s.check.c.valid_until)
    .where(
        s.check.c.case_id.in_([bindparam(f"case_{place}") for place in range(_SEVERAL)]),
        s.check.c.environment == bindparam("of_environment"),
    )
    .order_by(s.check.c.decided_at, s.check.c.decision)
)


def record(entries: Sequence[Entry], keys: KeyRing) -> Work[None]:  # noqa: C901, PLR0912  one case per kind of entry
    """Write entries, with their indexes."""
    for one in entries:
        match one:
            case CheckEntry():
                yield from _record_check(one, keys)
            case ResponseEntry():
                yield from _record_response(one, keys)
            case FeedbackEntry():
                yield from outbox.put(one, keys)
            case NoticeEntry():
                yield from notices.put(one, keys)
            case NoticeDeliveryEntry():
                yield from notices.delivered(one, keys)
            case ChangeEntry():
                yield from moving.record_change(one, keys)
            case TransitionEntry():
                yield from moving.record_transition(one, keys)
                if one.event in {"lift", "rectify"}:
                    yield from notices.ended(one.proposal)
            case CursorEntry():
                yield from moving.record_cursor(one)
            case RecheckEntry():
                yield from rechecks.put(one, keys)
            case RecheckedEntry():
                yield from rechecks.made(one, keys)
            case ManualEntry():
                yield from rechecks.by_hand(one, keys)
            case ObjectionEntry():
                yield from objections.put(one, keys)
            case PaperEntry():
                yield from objections.put_paper(one, keys)
            case ObjectionAnswerEntry():
                yield from objections.answered(one, keys)
            case CommitmentEntry():
                yield from commitments.put(one, keys)
            case HoldEntry():
                yield from erasing.hold(one, keys)
            case _:
                message = f"the ledger takes no {type(one).__name__}"
                raise TypeError(message)


def ask(question: Any, keys: KeyRing) -> Work[Any]:  # noqa: C901, PLR0911, PLR0912  one branch and return per question
    """Answer a question, or carry out a command on the outbox."""
    match question:
        case LatestCheck():
            wanted = {"of_case": question.case_id, "at_point": question.point}
            return (yield from _stored(Execute(_LATEST, wanted), keys))
        case CheckById():
            return (yield from _stored(Execute(_BY_ID, {"number": question.decision}), keys))
        case ChecksOf():
            return (yield from _times(question))
        case OutboxRows():
            return (yield from outbox.rows(question))
        case OutboxStatus():
            return (yield from outbox.report())
        case Undelivered():
            return (yield from outbox.undelivered(question))
        case Reconcile():
            return (yield from outbox.reconcile(question, keys))
        case Lease():
            return (yield from outbox.lease(question, keys))
        case Settle():
            return (yield from outbox.settle(question))
        case Requeue():
            return (yield from outbox.requeue(question))
        case Notices():
            return (yield from notices.ask(question, keys))
        case Unsealed() | LatestCheckpoint() | Seal() | BeginChain() | Countersign() | VerifyEvidence() | EvidenceOf():
            return (yield from sealing.carry_out(question, keys))
        case FeedCursor():
            return (yield from moving.cursor(question.source))
        case KnownChanges():
            return (yield from moving.known(question, keys))
        case Standings():
            return (yield from moving.standings(question, keys))
        case Resting():
            return (yield from moving.resting(question, keys))
        case Commitments():
            return (yield from commitments.ask(question, keys))
        case Publications():
            return (yield from publications.ask(question, keys))
        case CommitmentSteps():
            return (yield from commitments.steps(question, keys))
        case LastCommitment():
            return (yield from commitments.last(question))
        case Objections():
            return (yield from objections.ask(question, keys))
        case Papers():
            return (yield from objections.papers(question, keys))
        case DueMeasures():
            return (yield from moving.due(question))
        case Transitions():
            return (yield from moving.transitions(question.decision, keys))
        case Redresses():
            return (yield from moving.redresses())
        case FilesOf() | HeldEntries() | Erase():
            return (yield from erasing.carry_out(question, keys))
        case Reencrypt() | KeysInUse():
            from credit_check_sdk._shell.ledger import rotation  # seldom asked

            if isinstance(question, KeysInUse):
                return (yield from rotation.in_use())
            return (yield from rotation.reencrypt(question, keys))
        case Rechecks() | LeaseRechecks() | PostponeRecheck() | ManualsOf():
            return (yield from rechecks.ask(question, keys))
        case Statistics():
            from credit_check_sdk._shell.ledger.figures import figures  # seldom asked

            return (yield from figures(question))
        case Proposed():
            return (yield from _proposed(question, keys))
        case Figures():
            from credit_check_sdk._shell.ledger.counting import count  # seldom asked

            return (yield from count(question))
        case _:
            message = f"the ledger knows no {type(question).__name__}"
            raise TypeError(message)


def writes(work: Any) -> bool:
    """Say whether work changes rows."""
    commands = (
        Lease
        | Settle
        | Requeue
        | Reconcile
        | Seal
        | BeginChain
        | Countersign
        | Reencrypt
        | Erase
        | LeaseRechecks
        | PostponeRecheck
    )
    return isinstance(work, list | commands)


def scrubs(work: Any) -> bool:
    """Say whether nothing of what work took away may be left anywhere in the file."""
    return isinstance(work, Erase)


def _record_check(one: CheckEntry, keys: KeyRing) -> Work[None]:
    decision = one.decision
    body = {
        "decision": decision.model_dump(mode="json", context=_REVEAL),
        "case": one.case.model_dump(mode="json", context=_REVEAL),
        "consultations": [c.model_dump(mode="json", context=_REVEAL) for c in one.consultations],
        "parties": one.parties,
        "rules": one.rules,
    }
    yield entry(decision.id, "check", decision.case_id, decision.decided_at, body, keys)
    yield Execute(
        _INSERT_CHECK,
        {
            "decision": decision.id,
            "case_id": decision.case_id,
            "matter": decision.matter,
            "point": decision.point,
            "department": one.case.operator.department,
            "environment": decision.environment,
            "outcome": decision.outcome,
            "decided_at": micros(decision.decided_at),
            "valid_until": micros(decision.valid_until),
            "silent": sum(silence.required for silence in decision.silences),
        },
    )
    for proposal in decision.proposals:
        names = {"proposal": proposal.id, "decision": decision.id}
        yield Execute(
            _INSERT_PROPOSAL,
            {
                **names,
                "measure": proposal.measure,
                "strength": proposal.strength,
                "effect_scope": proposal.effect_scope,
                # The last day still counts, whole, as the clock in Asia/Shanghai has it.
                "ends_at": proposal.until and day_start(proposal.until) + DAY,
            },
        )
        grounds = sorted({(ground.source, ground.record_id) for ground in proposal.grounds})
        if grounds:
            runs = [
                {**names, "source": source, "record_key": keys.hashed("record", source, number)}
                for source, number in grounds
            ]
            yield Execute(_INSERT_GROUND, many=runs)
    hashed = {keys.hashed("subject", *key) for party in one.case.everybody for key in party.subject.keys}
    if hashed:
        yield Execute(_INSERT_SUBJECT, many=[{"subject_key": key, "decision": decision.id} for key in sorted(hashed)])
    yield from notices.checked_anew(decision)


def _record_response(one: ResponseEntry, keys: KeyRing) -> Work[None]:
    body = {
        "decision": one.decision,
        "point": one.point,
        "response": one.response.model_dump(mode="json"),
        "operator": one.operator.model_dump(mode="json"),
        "amends": one.amends,
    }
    yield entry(one.id, "response", one.case_id, one.at, body, keys)
    yield Execute(
        _INSERT_RESPONSE,
        {
            "id": one.id,
            "decision": one.decision,
            "proposal": one.response.proposal,
            "answer": one.response.answer,
            "at": micros(one.at),
            "amends": one.amends,
            "feedback": one.feedback,
        },
    )
    yield from notices.answered(one)


def _stored(asking: Execute, keys: KeyRing) -> Work[StoredCheck | None]:
    found = yield asking
    if not found.rows:
        return None
    number, touched_by, key_id, blob = found.rows[0]
    body = opened(key_id, blob, number, keys)
    listed = yield Execute(_RESPONSES, {"number": number})
    decision = Decision.model_validate(body["decision"], strict=False)
    below = (yield from _below(number)) if any(p.grounds for p in decision.proposals) else {}
    grounds = {(g.source, g.record_id) for p in decision.proposals for g in p.grounds} if below else set()
    standings = {
        (source, record): below[source, key]
        for source, record in grounds
        if (source, key := keys.hashed("record", source, record)) in below
    }
    stored = StoredCheck(
        decision=decision,
        case=Case.model_validate(body["case"], strict=False),
        consultations=tuple(Consultation.model_validate(c, strict=False) for c in body["consultations"]),
        parties=body["parties"],
        rules=body["rules"],
        responses=tuple(_response(row, keys) for row in listed.rows),
        touched_by=touched_by,
        measures=(yield from moving.measures(number)) if decision.proposals else {},
        standings=standings,
    )
    return stored.as_it_stands()


def _proposed(question: Proposed, keys: KeyRing) -> Work[tuple[tuple[StoredCheck, bool], ...]]:
    at, beyond = question.after or (None, "")
    asking = {
        "since": day_start(question.since) if question.since else -_FOREVER,
        "until": day_start(question.until) + DAY if question.until else _FOREVER,
        "behind": micros(at) if at else -_FOREVER,
        "beyond": beyond,
        "several": question.limit,
    }
    listed = yield Execute(_PROPOSED, asking)
    found: list[tuple[StoredCheck, bool]] = []
    for number, superseded in listed.rows:
        stored = yield from _stored(Execute(_BY_ID, {"number": number}), keys)
        if stored is not None:
            found.append((stored, not superseded))
    return tuple(found)


def _times(question: ChecksOf) -> Work[tuple[CheckTimes, ...]]:
    found: list[CheckTimes] = []
    numbers = question.case_ids
    for start in range(0, len(numbers), _SEVERAL):
        some = numbers[start : start + _SEVERAL]
        # The statement always takes as many: the first stands in for those that are left out.
        wanted = {f"case_{place}": some[place] if place < len(some) else some[0] for place in range(_SEVERAL)}
        listed = yield Execute(_TIMES, {**wanted, "of_environment": question.environment})
        for case_id, point, decision, at, until in listed.rows:
            found.append(CheckTimes(case_id, point, decision, moment(at), None if until is None else moment(until)))
    return tuple(found)


def _below(number: str) -> Work[dict[tuple[str, str], RecordStanding]]:
    """Give where the records below a check stand, with the objections to them that are not answered."""
    standings = yield from moving.below(number)
    for place, count in (yield from objections.below(number)).items():
        standings[place] = replace(standings.get(place, RecordStanding()), objections=count)
    return standings


def _response(row: Sequence[Any], keys: KeyRing) -> StoredResponse:
    number, at, feedback, key_id, blob = row
    said = opened(key_id, blob, number, keys)
    return StoredResponse(
        id=number,
        response=Response.model_validate(said["response"], strict=False),
        operator=Operator.model_validate(said["operator"], strict=False),
        at=moment(at),
        feedback=feedback,
    )
