"""What happens to feedback once it is promised: leased, delivered, in doubt, dead, requeued. Nothing is ever deleted.

It yields statements and opens no connection. Two relays never hold the same row: a row is taken only while it is due.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import bindparam, exists, func, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model import Feedback
from credit_check_sdk.model.ledger import (
    FeedbackEntry,
    Lease,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxState,
    Requeue,
    Settle,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model import Acknowledgement

_STATES: tuple[str, ...] = get_args(OutboxState)
_CODE = re.compile(r"(?!.*\d{6})[A-Za-z0-9_.-]{1,64}")

_PUT = insert(
    s.outbox, "key", "decision", "case_id", "channel", "state", "attempts", "created_at", "next_at", or_nothing=True
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
_ROWS = (
    select(*_ROW)
    .where(or_(*(s.outbox.c.state == bindparam(f"state_{place}") for place in range(len(_STATES)))))
    .order_by(s.outbox.c.ordinal)
    .limit(bindparam("most"))
)
_COUNTS = select(s.outbox.c.state, func.count(), func.min(s.outbox.c.created_at)).group_by(s.outbox.c.state)
_LAST_ERROR = (
    select(s.outbox.c.last_error)
    .where(s.outbox.c.last_error.is_not(None), s.outbox.c.state != "delivered")
    .order_by(s.outbox.c.ordinal.desc())
    .limit(1)
)
_due = or_(
    (s.outbox.c.state == "waiting") & (s.outbox.c.next_at <= bindparam("now")),
    (s.outbox.c.state == "leased") & (s.outbox.c.lease_until < bindparam("now")),
)
_older = s.outbox.alias("older")
_DUE = (
    select(*_ROW, s.entry.c.key_id, s.entry.c.body)
    .join(s.entry, s.entry.c.id == s.outbox.c.key)
    .where(
        s.outbox.c.channel == bindparam("on_channel"),
        _due,
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
    .with_for_update(of=s.outbox, skip_locked=True)
)
_TAKE = (
    update(s.outbox)
    .where(s.outbox.c.key == bindparam("k"), _due)
    .values(
        state="leased",
        lease=bindparam("token"),
        lease_until=bindparam("until_then"),
        attempts=s.outbox.c.attempts + 1,
    )
)
_settled = (
    update(s.outbox)
    .where(s.outbox.c.key == bindparam("k"), s.outbox.c.lease == bindparam("token"), s.outbox.c.state == "leased")
    .values(lease=None, lease_until=None)
)
_DELIVERED = _settled.values(state="delivered", delivered_at=bindparam("now"), last_error=None)
_AGAIN = _settled.values(state="waiting", next_at=bindparam("then"), last_error=bindparam("error"))
_STOPPED = _settled.values(state=bindparam("to_state"), last_error=bindparam("error"))
_REQUEUE_ALL = (
    update(s.outbox).where(s.outbox.c.state == "dead").values(state="waiting", next_at=bindparam("now"), attempts=0)
)
_REQUEUE = _REQUEUE_ALL.where(s.outbox.c.key == bindparam("k"))


def put(one: FeedbackEntry, keys: KeyRing) -> Work[None]:
    """Promise a feedback. The same key is the same promise: what is there already stays as it is."""
    feedback = one.feedback
    yield Execute(
        _PUT,
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
    body = feedback.model_dump(mode="json", context={"reveal": True})
    yield entry(feedback.id, "feedback", feedback.case_id, feedback.at, body, keys, once=True)


def rows(question: OutboxRows) -> Work[tuple[OutboxRow, ...]]:
    """Give rows in these states (in all where none is named), oldest first."""
    wanted = question.states or _STATES
    states = {f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))}
    found = yield Execute(_ROWS, {**states, "most": question.limit})
    return tuple(_row(row) for row in found.rows)


def report() -> Work[OutboxReport]:
    """Say how the outbox stands."""
    counted = yield Execute(_COUNTS)
    error = yield Execute(_LAST_ERROR)
    oldest = [row[2] for row in counted.rows if row[0] in {"waiting", "leased"}]
    return OutboxReport(
        counts={row[0]: row[1] for row in counted.rows},
        oldest_waiting=_moment(min(oldest)) if oldest else None,
        last_error=error.rows[0][0] if error.rows else None,
    )


def lease(command: Lease, keys: KeyRing) -> Work[tuple[OutboxRow, ...]]:
    """Take due rows; each counts as an attempt from now on."""
    now, until = {"now": micros(command.now)}, micros(command.now + command.length)
    due = yield Execute(_DUE, {**now, "on_channel": command.channel, "most": command.limit})
    taken = []
    for row in due.rows:
        key, key_id, body = row[0], row[-2], row[-1]
        moved = yield Execute(_TAKE, {**now, "k": key, "token": command.token, "until_then": until})
        if moved.count == 1:
            feedback = Feedback.model_validate(opened(key_id, body, key, keys), strict=False)
            as_taken = (*row[:3], "leased", row[4] + 1, *row[5:7], until, *row[8:10], command.token)
            taken.append(_row(as_taken, feedback))
    return tuple(taken)


def settle(command: Settle) -> Work[int]:
    """Write down what became of rows that are still leased under this token; answer how many moved."""
    moved = 0
    for answer in command.acknowledgements:
        mine = {"k": answer.key, "token": command.token}
        error = {"error": _error(answer)}
        if answer.key in command.dead:
            result = yield Execute(_STOPPED, {**mine, **error, "to_state": "dead"})
        elif answer.verdict == "delivered":
            result = yield Execute(_DELIVERED, {**mine, "now": micros(command.now)})
        elif answer.verdict == "retry":
            later = command.retry_at.get(answer.key, command.now)
            result = yield Execute(_AGAIN, {**mine, **error, "then": micros(later)})
        else:
            state = "dead" if answer.verdict == "refused" else "in_doubt"
            result = yield Execute(_STOPPED, {**mine, **error, "to_state": state})
        moved += result.count
    return moved


def requeue(command: Requeue) -> Work[int]:
    """Put dead rows back to waiting; answer how many moved."""
    now = {"now": micros(command.now)}
    if not command.keys:
        return (yield Execute(_REQUEUE_ALL, now)).count
    moved = 0
    for key in command.keys:
        moved += (yield Execute(_REQUEUE, {"k": key, **now})).count
    return moved


def _error(answer: Acknowledgement) -> str:
    # A platform chooses its codes; what might hold an identifier is not kept in the clear.
    return answer.code if answer.code and _CODE.fullmatch(answer.code) else answer.verdict


def _row(row: Sequence[Any], feedback: Feedback | None = None) -> OutboxRow:
    key, channel, case_id, state, attempts, created, next_at, lease_until, delivered, error, token = row
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
        lease=token,
        feedback=feedback,
    )


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)
