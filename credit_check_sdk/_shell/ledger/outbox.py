"""What happens to feedback once it is promised: leased, delivered, in doubt, dead, requeued. Nothing is ever deleted.

It yields statements and opens no connection. Two relays never hold the same row: a row is taken only while it is due.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import BigInteger, bindparam, case, exists, func, literal_column, or_, select, update

from credit_check_sdk._shell.ledger import publications
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model import Feedback
from credit_check_sdk.model.ledger import (
    ChannelReport,
    FeedbackEntry,
    Lease,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxState,
    Reconcile,
    Requeue,
    Settle,
    Undelivered,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ClauseElement, ColumnElement

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model import Acknowledgement

_STATES: tuple[str, ...] = get_args(OutboxState)
_CODE = re.compile(r"(?!.*\d{6})[A-Za-z0-9_.-]{1,64}")
_FARTHEST = timedelta(hours=25)
"""Nobody is asked to wait longer; a row that is due later than that was put back before the clock was."""
_SKEW = timedelta(hours=1)
"""By how much other machines' clocks may run ahead before their leases are taken for ones of before the clock was set."""

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
_COUNTS = select(s.outbox.c.channel, s.outbox.c.state, func.count(), func.min(s.outbox.c.created_at)).group_by(
    s.outbox.c.channel, s.outbox.c.state
)
_CHANNELS = select(
    s.channel.c.channel,
    s.channel.c.state,
    s.channel.c.since,
    s.channel.c.last_error,
    s.channel.c.last_error_at,
    s.channel.c.delivered_at,
)
_UNDELIVERED = select(func.count()).select_from(
    select(s.outbox.c.ordinal)
    .where(or_(*(s.outbox.c.state == literal_column(f"'{state}'") for state in ("waiting", "leased", "in_doubt"))))
    .limit(bindparam("most"))
    .subquery()
)
_LAST_ERROR = (
    select(s.outbox.c.last_error)
    .where(s.outbox.c.last_error.is_not(None), s.outbox.c.state != "delivered")
    .order_by(s.outbox.c.ordinal.desc())
    .limit(1)
)
_over = or_(s.outbox.c.lease_until < bindparam("now"), s.outbox.c.lease_until > bindparam("no_lease"))
_its_time = or_(s.outbox.c.next_at <= bindparam("now"), s.outbox.c.next_at > bindparam("no_wait"))
_due = or_((s.outbox.c.state == "waiting") & _its_time, (s.outbox.c.state == "leased") & _over)
_doubtful = (s.outbox.c.state == "in_doubt") & _its_time
_older = s.outbox.alias("older")


def _wanted(these: ColumnElement[bool]) -> ClauseElement:
    """Select rows that may be taken: of one file and channel, only the oldest that is undelivered."""
    return (
        select(*_ROW, s.entry.c.key_id, s.entry.c.body)
        .join(s.entry, s.entry.c.id == s.outbox.c.key)
        .where(
            s.outbox.c.channel == bindparam("on_channel"),
            these,
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


def _taking(these: ColumnElement[bool]) -> ClauseElement:
    return (
        update(s.outbox)
        .where(s.outbox.c.key == bindparam("k"), these)
        .values(
            state="leased",
            lease=bindparam("token"),
            lease_until=bindparam("until_then"),
            attempts=s.outbox.c.attempts + 1,
        )
    )


_DUE, _TAKE = _wanted(_due), _taking(_due)
_DOUBTFUL, _TAKE_DOUBTFUL = _wanted(_doubtful), _taking(_doubtful)
_settled = (
    update(s.outbox)
    .where(s.outbox.c.key == bindparam("k"), s.outbox.c.lease == bindparam("token"), s.outbox.c.state == "leased")
    .values(lease=None, lease_until=None)
)
_DELIVERED = _settled.values(state="delivered", delivered_at=bindparam("now"), last_error=None)
_AGAIN = _settled.values(state="waiting", next_at=bindparam("then"), last_error=bindparam("error"))
_STOPPED = _settled.values(state=bindparam("to_state"), next_at=bindparam("then"), last_error=bindparam("error"))
_IN_DOUBT = select(s.outbox.c.case_id).where(s.outbox.c.key == bindparam("k"), s.outbox.c.state == "in_doubt")
_found = update(s.outbox).where(s.outbox.c.key == bindparam("k"), s.outbox.c.state == "in_doubt")
_FOUND_DELIVERED = _found.values(state="delivered", delivered_at=bindparam("now"), last_error=None)
_FOUND_MISSING = _found.values(state="waiting", next_at=bindparam("now"))
_FIRST_USE = insert(s.channel, "channel", "state", "since", or_nothing=True)


def _stands(state: str) -> Any:
    """Say that a channel is in *state*, since now unless it was before."""
    since = case((s.channel.c.state == state, s.channel.c.since), else_=bindparam("now", type_=BigInteger))
    return update(s.channel).where(s.channel.c.channel == bindparam("on_channel")).values(state=state, since=since)


_ANSWERED = _stands("answering")
_TOOK = _ANSWERED.values(delivered_at=bindparam("now", type_=BigInteger))
_FAILED = _stands("failing").values(last_error=bindparam("error"), last_error_at=bindparam("now", type_=BigInteger))
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
    yield from publications.put(feedback)


def rows(question: OutboxRows) -> Work[tuple[OutboxRow, ...]]:
    """Give rows in these states (in all where none is named), oldest first."""
    wanted = question.states or _STATES
    states = {f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))}
    found = yield Execute(_ROWS, {**states, "most": question.limit})
    return tuple(_row(row) for row in found.rows)


def undelivered(question: Undelivered) -> Work[int]:
    """Count what is on its way, up to the limit asked for."""
    found = yield Execute(_UNDELIVERED, {"most": question.limit})
    return int(found.rows[0][0])


def report() -> Work[OutboxReport]:
    """Say how the outbox stands, and each channel that was used or that something waits for."""
    counted = yield Execute(_COUNTS)
    kept = yield Execute(_CHANNELS)
    error = yield Execute(_LAST_ERROR)
    counts: dict[str, int] = {}
    by_channel: dict[str, dict[str, int]] = {row[0]: {} for row in kept.rows}
    waits: dict[str, int] = {}
    for channel, state, count, oldest in counted.rows:
        counts[state] = counts.get(state, 0) + count
        by_channel.setdefault(channel, {})[state] = count
        if state in {"waiting", "leased"}:
            waits[channel] = min(oldest, waits.get(channel, oldest))
    stands = {row[0]: row for row in kept.rows}
    return OutboxReport(
        counts=counts,
        oldest_waiting=_moment(min(waits.values())) if waits else None,
        last_error=error.rows[0][0] if error.rows else None,
        channels=tuple(
            _channel(name, stands.get(name, (name, "untried", None, None, None, None)), waits.get(name), of_it)
            for name, of_it in sorted(by_channel.items())
        ),
    )


def _channel(name: str, kept: Sequence[Any], oldest: int | None, counts: dict[str, int]) -> ChannelReport:
    _, state, since, error, error_at, delivered = kept
    return ChannelReport(
        name,
        state,
        since=_moment(since),
        last_error=error,
        last_error_at=_moment(error_at),
        delivered_at=_moment(delivered),
        oldest_waiting=_moment(oldest),
        counts=counts,
    )


def lease(command: Lease, keys: KeyRing) -> Work[tuple[OutboxRow, ...]]:
    """Take due rows, or those in doubt; each counts as an attempt from now on."""
    until = micros(command.now + command.length)
    now = {
        "now": micros(command.now),
        "no_wait": micros(command.now + _FARTHEST),
        "no_lease": micros(command.now + command.length + _SKEW),
    }
    wanted, take = (_DOUBTFUL, _TAKE_DOUBTFUL) if command.doubtful else (_DUE, _TAKE)
    if command.doubtful:
        del now["no_lease"]
    due = yield Execute(wanted, {**now, "on_channel": command.channel, "most": command.limit})
    taken = []
    for row in due.rows:
        key, key_id, body = row[0], row[-2], row[-1]
        moved = yield Execute(take, {**now, "k": key, "token": command.token, "until_then": until})
        if moved.count == 1:
            feedback = Feedback.model_validate(opened(key_id, body, key, keys), strict=False)
            as_taken = (*row[:3], "leased", row[4] + 1, *row[5:7], until, *row[8:10], command.token)
            taken.append(replace(_row(as_taken, feedback), taken_over=row[3] != "waiting"))
    return tuple(taken)


def settle(command: Settle) -> Work[int]:
    """Write down what became of rows that are still leased under this token; answer how many moved."""
    moved = 0
    taken = [answer.key for answer in command.acknowledgements if _taken(answer, command)]
    if taken:
        now = micros(command.now)
        runs = [{"k": key, "token": command.token, "now": now} for key in taken]
        moved += (yield Execute(_DELIVERED, many=runs)).count
    for answer in command.acknowledgements:
        if _taken(answer, command):
            continue
        mine = {"k": answer.key, "token": command.token}
        error = {"error": _error(answer)}
        later = {"then": micros(command.retry_at.get(answer.key, command.now))}
        if answer.key in command.dead:
            result = yield Execute(_STOPPED, {**mine, **error, **later, "to_state": "dead"})
        elif answer.verdict == "retry":
            result = yield Execute(_AGAIN, {**mine, **error, **later})
        else:
            state = "dead" if answer.verdict == "refused" else "in_doubt"
            result = yield Execute(_STOPPED, {**mine, **error, **later, "to_state": state})
        moved += result.count
    if moved and command.channel is not None:
        yield from _note(command, command.channel)
    return moved


def _taken(answer: Acknowledgement, command: Settle) -> bool:
    return answer.verdict == "delivered" and answer.key not in command.dead


def _note(command: Settle, channel: str) -> Work[None]:
    """Keep how the channel stands: it answered if any item was taken or refused for good."""
    verdicts = {answer.verdict for answer in command.acknowledgements}
    said: dict[str, Any] = {"now": micros(command.now), "on_channel": channel}
    statement = _TOOK if "delivered" in verdicts else _ANSWERED
    if not verdicts & {"delivered", "refused"}:
        statement = _FAILED
        said["error"] = _error(command.acknowledgements[0])
    moved = yield Execute(statement, said)
    if not moved.count:
        yield Execute(_FIRST_USE, {"channel": channel, "state": "untried", "since": said["now"]})
        yield Execute(statement, said)


def reconcile(command: Reconcile, keys: KeyRing) -> Work[bool]:
    """Write down what an officer found out about a row in doubt, and why he is sure."""
    found = yield Execute(_IN_DOUBT, {"k": command.key})
    if not found.rows:
        return False
    statement = _FOUND_DELIVERED if command.delivered else _FOUND_MISSING
    moved = yield Execute(statement, {"k": command.key, "now": micros(command.now)})
    if moved.count != 1:
        return False  # another officer or a relay was first
    body = {
        "feedback": command.key,
        "delivered": command.delivered,
        "reason": command.reason,
        "operator": command.operator,
    }
    yield entry(command.number, "reconciliation", found.rows[0][0], command.now, body, keys)
    return True


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
