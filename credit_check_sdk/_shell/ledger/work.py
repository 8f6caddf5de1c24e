"""What the ledger does, written once: generators that yield statements and are sent rows. They open no connection.

Each yields `Execute` values and ends with its answer; a driver of `connect` runs them on whatever connection there is,
waiting in a thread or on an event loop. So every kind of connection runs the same statements in the same order.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import rfc8785
from sqlalchemy import ClauseElement, bindparam, exists, func, insert, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk.model import Case, Consultation, Decision, Feedback, Operator, Response
from credit_check_sdk.model.ledger import (
    CheckById,
    CheckEntry,
    FeedbackEntry,
    LatestCheck,
    Lease,
    NoticeEntry,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxStatus,
    Requeue,
    ResponseEntry,
    Settle,
    Statistics,
    StoredCheck,
    StoredResponse,
)

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import Entry, StatisticsRow

R = TypeVar("R")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REVEAL = {"reveal": True}


@dataclass(frozen=True, slots=True)
class Execute:
    """A statement with its parameters, by name."""

    statement: ClauseElement
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave."""

    rows: Sequence[Sequence[Any]] = ()
    count: int = 0


Work = Generator[Execute, Result, R]


def micros(moment: datetime) -> int:
    """Give a moment as the ledger keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(kept: int) -> datetime:
    """Give a moment as the ledger kept it."""
    return _EPOCH + timedelta(microseconds=kept)


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)


def _insert(table: Any, *names: str) -> ClauseElement:
    return insert(table).values({name: bindparam(name) for name in names})


_INSERT_ENTRY = _insert(s.entry, "id", "kind", "case_id", "recorded_at", "key_id", "body", "salt", "digest")
_INSERT_CHECK = _insert(
    s.check, "decision", "case_id", "matter", "point", "department", "environment", "outcome", "decided_at"
)
_INSERT_PROPOSAL = _insert(s.proposal, "proposal", "decision", "measure", "strength")
_INSERT_GROUND = _insert(s.ground, "proposal", "source", "record_key", "decision")
_INSERT_SUBJECT = _insert(s.subject, "subject_key", "decision")
_INSERT_RESPONSE = _insert(s.response, "id", "decision", "proposal", "answer", "at", "amends", "feedback")
_INSERT_OUTBOX = _insert(
    s.outbox, "key", "decision", "case_id", "channel", "state", "attempts", "created_at", "next_at"
)
_KNOWN_KEY = select(s.outbox.c.key).where(s.outbox.c.key == bindparam("k"))
_BODY = select(s.entry.c.key_id, s.entry.c.body).where(s.entry.c.id == bindparam("entry_id"))
_LATEST = (
    select(s.check.c.decision, s.check.c.touched_by)
    .where(s.check.c.case_id == bindparam("case"), s.check.c.point == bindparam("at_point"))
    .order_by(s.check.c.decided_at.desc(), s.check.c.decision.desc())
    .limit(1)
)
_BY_ID = select(s.check.c.decision, s.check.c.touched_by).where(s.check.c.decision == bindparam("number"))
_RESPONSES = (
    select(s.response.c.id, s.response.c.at, s.response.c.feedback)
    .where(s.response.c.decision == bindparam("number"))
    .order_by(s.response.c.at, s.response.c.id)
)

_ROW = (
    s.outbox.c.key,
    s.outbox.c.channel,
    s.outbox.c.case_id,
    s.outbox.c.state,
    s.outbox.c.attempts,
    s.outbox.c.created_at,
    s.outbox.c.next_at,
    s.outbox.c.lease_until,
    s.outbox.c.delivered_at,
    s.outbox.c.last_error,
    s.outbox.c.lease,
)
_ALL_ROWS = select(*_ROW).order_by(s.outbox.c.ordinal).limit(bindparam("most"))
_ROWS_IN = (
    select(*_ROW).where(s.outbox.c.state == bindparam("in_state")).order_by(s.outbox.c.ordinal).limit(bindparam("most"))
)
_COUNTS = select(s.outbox.c.state, func.count(), func.min(s.outbox.c.created_at)).group_by(s.outbox.c.state)
_LAST_ERROR = (
    select(s.outbox.c.last_error)
    .where(s.outbox.c.last_error.is_not(None), s.outbox.c.state != "delivered")
    .order_by(s.outbox.c.ordinal.desc())
    .limit(1)
)
_older = s.outbox.alias("older")
_DUE = (
    select(*_ROW)
    .where(
        s.outbox.c.channel == bindparam("on_channel"),
        or_(
            (s.outbox.c.state == "waiting") & (s.outbox.c.next_at <= bindparam("now")),
            (s.outbox.c.state == "leased") & (s.outbox.c.lease_until < bindparam("now")),
        ),
        ~exists().where(
            _older.c.case_id == s.outbox.c.case_id,
            _older.c.channel == s.outbox.c.channel,
            _older.c.ordinal < s.outbox.c.ordinal,
            or_(_older.c.state == "waiting", _older.c.state == "leased", _older.c.state == "in_doubt"),
        ),
    )
    .order_by(s.outbox.c.ordinal)
    .limit(bindparam("most"))
    # Two relays never wait for each other's rows; SQLite, which has one writer, leaves this out.
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(s.outbox)
    .where(s.outbox.c.key == bindparam("k"))
    .values(state="leased", lease=bindparam("token"), lease_until=bindparam("until"), attempts=s.outbox.c.attempts + 1)
)
_mine = (s.outbox.c.key == bindparam("k"), s.outbox.c.lease == bindparam("token"), s.outbox.c.state == "leased")
_DELIVERED = (
    update(s.outbox).where(*_mine).values(state="delivered", delivered_at=bindparam("now"), lease=None, last_error=None)
)
_AGAIN = (
    update(s.outbox)
    .where(*_mine)
    .values(state="waiting", next_at=bindparam("next"), lease=None, last_error=bindparam("error"))
)
_STOPPED = update(s.outbox).where(*_mine).values(state=bindparam("to_state"), lease=None, last_error=bindparam("error"))
_REQUEUE = (
    update(s.outbox)
    .where(s.outbox.c.state == "dead", s.outbox.c.key == bindparam("k"))
    .values(state="waiting", next_at=bindparam("now"), attempts=0)
)
_REQUEUE_ALL = (
    update(s.outbox).where(s.outbox.c.state == "dead").values(state="waiting", next_at=bindparam("now"), attempts=0)
)


def record(entries: Sequence[Entry], keys: KeyRing) -> Work[None]:
    """Write entries, with their indexes."""
    for one in entries:
        match one:
            case CheckEntry():
                yield from _record_check(one, keys)
            case ResponseEntry():
                yield from _record_response(one, keys)
            case FeedbackEntry():
                yield from _record_feedback(one, keys)
            case NoticeEntry():
                notice = one.notice
                body = notice.model_dump(mode="json", context=_REVEAL)
                yield _entry(notice.id, "notice", notice.case_id, notice.drafted_at, body, keys)


def _entry(number: str, kind: str, case_id: str, at: datetime, body: Any, keys: KeyRing) -> Execute:
    """Seal a body into an entry: its digest covers a salted commitment, so that it says nothing of the content."""
    plain = rfc8785.dumps(body)
    salt = os.urandom(16)
    key_id, blob = keys.encrypt(plain, number)
    return Execute(
        _INSERT_ENTRY,
        {
            "id": number,
            "kind": kind,
            "case_id": case_id,
            "recorded_at": micros(at),
            "key_id": key_id,
            "body": blob,
            "salt": salt,
            "digest": hashlib.sha256(salt + plain).hexdigest(),
        },
    )


def _record_check(one: CheckEntry, keys: KeyRing) -> Work[None]:
    decision = one.decision
    body = {
        "decision": decision.model_dump(mode="json", context=_REVEAL),
        "case": one.case.model_dump(mode="json", context=_REVEAL),
        "consultations": [c.model_dump(mode="json", context=_REVEAL) for c in one.consultations],
        "parties": one.parties,
        "rules": one.rules,
    }
    yield _entry(decision.id, "check", decision.case_id, decision.decided_at, body, keys)
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
        },
    )
    for proposal in decision.proposals:
        names = {"proposal": proposal.id, "decision": decision.id}
        yield Execute(_INSERT_PROPOSAL, {**names, "measure": proposal.measure, "strength": proposal.strength})
        for source, number in {(ground.source, ground.record_id) for ground in proposal.grounds}:
            yield Execute(
                _INSERT_GROUND, {**names, "source": source, "record_key": keys.hashed("record", source, number)}
            )
    hashed = {keys.hashed("subject", *key) for party in one.case.everybody for key in party.subject.keys}
    for subject_key in sorted(hashed):
        yield Execute(_INSERT_SUBJECT, {"subject_key": subject_key, "decision": decision.id})


def _record_response(one: ResponseEntry, keys: KeyRing) -> Work[None]:
    body = {
        "decision": one.decision,
        "point": one.point,
        "response": one.response.model_dump(mode="json"),
        "operator": one.operator.model_dump(mode="json"),
        "amends": one.amends,
    }
    yield _entry(one.id, "response", one.case_id, one.at, body, keys)
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


def _record_feedback(one: FeedbackEntry, keys: KeyRing) -> Work[None]:
    feedback = one.feedback
    known = yield Execute(_KNOWN_KEY, {"k": feedback.id})
    if known.rows:
        return  # the same key is the same promise
    yield _entry(
        feedback.id, "feedback", feedback.case_id, feedback.at, feedback.model_dump(mode="json", context=_REVEAL), keys
    )
    yield Execute(
        _INSERT_OUTBOX,
        {
            "key": feedback.id,
            "decision": feedback.decision,
            "case_id": feedback.case_id,
            "channel": one.channel,
            "state": "waiting",
            "attempts": 0,
            "created_at": micros(feedback.at),
            "next_at": micros(feedback.at),
        },
    )


def _body(number: str, keys: KeyRing) -> Work[Any]:
    result = yield Execute(_BODY, {"entry_id": number})
    key_id, blob = result.rows[0]
    return json.loads(keys.decrypt(key_id, bytes(blob), number))


def ask(question: Any, keys: KeyRing) -> Work[Any]:  # noqa: PLR0911  one return per question
    """Answer a question, or carry out a command on the outbox."""
    match question:
        case LatestCheck():
            return (yield from _stored(Execute(_LATEST, {"case": question.case_id, "at_point": question.point}), keys))
        case CheckById():
            return (yield from _stored(Execute(_BY_ID, {"number": question.decision}), keys))
        case OutboxRows():
            return (yield from _rows(question))
        case OutboxStatus():
            return (yield from _status())
        case Lease():
            return (yield from _lease(question, keys))
        case Settle():
            return (yield from _settle(question))
        case Requeue():
            return (yield from _requeue(question))
        case Statistics():
            from credit_check_sdk._shell.ledger.figures import figures

            rows: tuple[StatisticsRow, ...] = yield from figures(question)
            return rows
        case _:
            message = f"the ledger knows no {type(question).__name__}"
            raise TypeError(message)


def writes(question: Any) -> bool:
    """Say whether a question changes rows."""
    return isinstance(question, list | Lease | Settle | Requeue)


def _stored(asking: Execute, keys: KeyRing) -> Work[StoredCheck | None]:
    found = yield asking
    if not found.rows:
        return None
    number, touched_by = found.rows[0]
    body = yield from _body(number, keys)
    listed = yield Execute(_RESPONSES, {"number": number})
    responses = []
    for response_id, at, feedback in listed.rows:
        said = yield from _body(response_id, keys)
        responses.append(
            StoredResponse(
                id=response_id,
                response=Response.model_validate(said["response"], strict=False),
                operator=Operator.model_validate(said["operator"], strict=False),
                at=moment(at),
                feedback=feedback,
            )
        )
    return StoredCheck(
        decision=Decision.model_validate(body["decision"], strict=False),
        case=Case.model_validate(body["case"], strict=False),
        consultations=tuple(Consultation.model_validate(c, strict=False) for c in body["consultations"]),
        parties=body["parties"],
        rules=body["rules"],
        responses=tuple(responses),
        touched_by=touched_by,
    )


def _outbox_row(row: Sequence[Any], feedback: Feedback | None = None) -> OutboxRow:
    key, channel, case_id, state, attempts, created, next_at, lease_until, delivered, error, lease = row
    return OutboxRow(
        key=key,
        channel=channel,
        case_id=case_id,
        state=state,
        attempts=attempts,
        created_at=moment(created),
        next_at=_moment(next_at),
        lease_until=_moment(lease_until),
        delivered_at=_moment(delivered),
        last_error=error,
        lease=lease,
        feedback=feedback,
    )


def _rows(question: OutboxRows) -> Work[tuple[OutboxRow, ...]]:
    if not question.states:
        result = yield Execute(_ALL_ROWS, {"most": question.limit})
        return tuple(_outbox_row(row) for row in result.rows)
    found: list[OutboxRow] = []
    for state in question.states:
        result = yield Execute(_ROWS_IN, {"in_state": state, "most": question.limit})
        found += [_outbox_row(row) for row in result.rows]
    return tuple(sorted(found, key=lambda row: row.created_at)[: question.limit])


def _status() -> Work[OutboxReport]:
    counted = yield Execute(_COUNTS)
    error = yield Execute(_LAST_ERROR)
    oldest = [row[2] for row in counted.rows if row[0] in {"waiting", "leased"}]
    return OutboxReport(
        counts={row[0]: row[1] for row in counted.rows},
        oldest_waiting=_moment(min(oldest)) if oldest else None,
        last_error=error.rows[0][0] if error.rows else None,
    )


def _lease(command: Lease, keys: KeyRing) -> Work[tuple[OutboxRow, ...]]:
    due = yield Execute(_DUE, {"on_channel": command.channel, "now": micros(command.now), "most": command.limit})
    until = command.now + command.length
    taken = []
    for row in due.rows:
        yield Execute(_TAKE, {"k": row[0], "token": command.token, "until": micros(until)})
        body = yield from _body(row[0], keys)
        feedback = Feedback.model_validate(body, strict=False)
        state: tuple[Any, ...] = ("leased", row[4] + 1, row[5], row[6], micros(until), None, row[9], command.token)
        taken.append(_outbox_row((*row[:3], *state), feedback))
    return tuple(taken)


def _settle(command: Settle) -> Work[int]:
    moved = 0
    for answer in command.acknowledgements:
        mine = {"k": answer.key, "token": command.token}
        error = {"error": answer.code or answer.verdict}
        if answer.key in command.dead:
            result = yield Execute(_STOPPED, {**mine, **error, "to_state": "dead"})
        elif answer.verdict == "delivered":
            result = yield Execute(_DELIVERED, {**mine, "now": micros(command.now)})
        elif answer.verdict == "retry":
            later = command.retry_at.get(answer.key, command.now)
            result = yield Execute(_AGAIN, {**mine, **error, "next": micros(later)})
        else:
            state = "dead" if answer.verdict == "refused" else "in_doubt"
            result = yield Execute(_STOPPED, {**mine, **error, "to_state": state})
        moved += result.count
    return moved


def _requeue(command: Requeue) -> Work[int]:
    now = {"now": micros(command.now)}
    if not command.keys:
        result = yield Execute(_REQUEUE_ALL, now)
        return result.count
    moved = 0
    for key in command.keys:
        result = yield Execute(_REQUEUE, {"k": key, **now})
        moved += result.count
    return moved
