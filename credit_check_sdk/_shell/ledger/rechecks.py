"""Keep what an outage left open: rechecks, and evidence of queries made by hand. It yields statements, no more.

Two processes never hold the same recheck: it is taken only while nobody holds it, and a lease ends by itself.
"""

from __future__ import annotations

import base64
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import BigInteger, Integer, Text, bindparam, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model import ManualEvidence, RecheckState
from credit_check_sdk.model.ledger import LeaseRechecks, ManualsOf, PostponeRecheck, Rechecks, StoredRecheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import ManualEntry, RecheckedEntry, RecheckEntry

_REVEAL = {"reveal": True}
_STATES: tuple[RecheckState, ...] = get_args(RecheckState)
_INSERT = insert(
    s.recheck,
    "recheck",
    "decision",
    "case_id",
    "matter",
    "point",
    "department",
    "state",
    "due_on",
    "provisional",
    "attempts",
    "created_at",
    "next_at",
)
_INSERT_MANUAL = insert(s.manual, "manual", "case_id", "point", "source", "queried_at")
_r = s.recheck.c
_ROW = (
    _r.recheck,
    _r.decision,
    _r.case_id,
    _r.matter,
    _r.point,
    _r.department,
    _r.state,
    _r.due_on,
    _r.provisional,
    _r.attempts,
    _r.created_at,
    _r.next_at,
    _r.last_error,
    _r.done_at,
    _r.outcome,
    _r.followed_by,
)


def _given(name: str, column: Any) -> Any:
    """Hold where nothing is asked for, or where it is this."""
    return or_(bindparam(name, type_=Text) == "", column == bindparam(name, type_=Text))


_RECHECKS = (
    select(*_ROW)
    .where(
        _given("number", _r.recheck),
        _given("of_case", _r.case_id),
        _given("at_point", _r.point),
        or_(*[_r.state == bindparam(f"state_{place}", type_=Text) for place in range(len(_STATES))]),
    )
    .order_by(_r.due_on, _r.created_at, _r.recheck)
    .limit(bindparam("most", type_=Integer))
)
_free = or_(_r.lease_until.is_(None), _r.lease_until < bindparam("now", type_=BigInteger))
_DUE = (
    select(_r.recheck)
    .where(_r.state == "waiting", _free, _r.next_at <= bindparam("by", type_=BigInteger))
    .order_by(_r.due_on, _r.created_at, _r.recheck)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(s.recheck)
    .where(_r.recheck == bindparam("number"), _r.state == "waiting", _free)
    .values(lease=bindparam("token"), lease_until=bindparam("until_then"), attempts=_r.attempts + 1)
)
_POSTPONE = (
    update(s.recheck)
    .where(_r.recheck == bindparam("number"), _r.lease == bindparam("token"), _r.state == "waiting")
    .values(lease=None, lease_until=None, next_at=bindparam("then"), last_error=bindparam("error"))
)
_DONE = (
    update(s.recheck)
    .where(_r.recheck == bindparam("number"), _r.state == "waiting")
    .values(
        state=bindparam("to_state"),
        lease=None,
        lease_until=None,
        done_at=bindparam("at"),
        outcome=bindparam("came_to"),
        followed_by=bindparam("new"),
    )
)
_TOUCH = (
    update(s.check)
    .where(
        s.check.c.case_id == bindparam("of_case"),
        s.check.c.decision != bindparam("new"),
        s.check.c.touched_by.is_(None),
    )
    .values(touched_by=bindparam("by"))
)
_MANUALS = (
    select(s.manual.c.manual, s.entry.c.key_id, s.entry.c.body)
    .join(s.entry, s.entry.c.id == s.manual.c.manual)
    .where(s.manual.c.case_id == bindparam("of_case"), s.manual.c.point == bindparam("at_point"))
    .order_by(s.manual.c.queried_at.desc(), s.manual.c.manual.desc())
)
_FOREVER = 2**62


def put(one: RecheckEntry, keys: KeyRing) -> Work[None]:
    """Write that a check is to be made again."""
    recheck = one.recheck
    body = {
        "recheck": recheck.model_dump(mode="json"),
        "decision": one.decision,
        "case_id": one.case_id,
        "matter": one.matter,
        "point": one.point,
        "department": one.department,
        "silent": list(one.silent),
    }
    yield entry(recheck.id, "recheck", one.case_id, one.at, body, keys)
    yield Execute(
        _INSERT,
        {
            "recheck": recheck.id,
            "decision": one.decision,
            "case_id": one.case_id,
            "matter": one.matter,
            "point": one.point,
            "department": one.department,
            "state": "waiting",
            "due_on": recheck.due_on.isoformat(),
            "provisional": int(recheck.provisional),
            "attempts": 0,
            "created_at": micros(one.at),
            "next_at": micros(one.at),
        },
    )


def made(one: RecheckedEntry, keys: KeyRing) -> Work[None]:
    """Write that it was made again; what was found touches every other check of the file."""
    body = {
        "recheck": one.recheck,
        "decision": one.decision,
        "outcome": one.outcome,
        "adverse": one.adverse,
    }
    yield entry(one.id, "rechecked", one.case_id, one.at, body, keys)
    state = "adverse" if one.adverse else "done"
    result = {"to_state": state, "at": micros(one.at), "came_to": one.outcome, "new": one.decision}
    yield Execute(_DONE, {"number": one.recheck, **result})
    if one.adverse:
        yield Execute(_TOUCH, {"of_case": one.case_id, "new": one.decision, "by": one.recheck})


def by_hand(one: ManualEntry, keys: KeyRing) -> Work[None]:
    """Write evidence of a query made by hand, with its file."""
    evidence = one.evidence
    body = {
        "evidence": evidence.model_dump(mode="json", context=_REVEAL),
        "content": base64.b64encode(one.content).decode(),
    }
    yield entry(evidence.id, "manual", evidence.case_id, evidence.attached_at, body, keys)
    yield Execute(
        _INSERT_MANUAL,
        {
            "manual": evidence.id,
            "case_id": evidence.case_id,
            "point": evidence.point,
            "source": evidence.source,
            "queried_at": micros(evidence.queried_at),
        },
    )


def ask(question: Any, keys: KeyRing) -> Work[Any]:
    """Answer a question, or carry out a command on rechecks."""
    match question:
        case Rechecks():
            return (yield from _rechecks(question))
        case LeaseRechecks():
            return (yield from _lease(question))
        case PostponeRecheck():
            names = {"number": question.number, "token": question.token}
            later = {"then": micros(question.next_at), "error": question.error}
            return (yield Execute(_POSTPONE, {**names, **later})).count == 1
        case ManualsOf():
            return (yield from _manuals(question, keys))


def _rechecks(question: Rechecks) -> Work[tuple[StoredRecheck, ...]]:
    wanted = question.states or _STATES
    names = {
        "number": question.number or "",
        "of_case": question.case_id or "",
        "at_point": question.point or "",
        "most": question.limit,
        **{f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))},
    }
    return tuple(_row(row) for row in (yield Execute(_RECHECKS, names)).rows)


def _lease(command: LeaseRechecks) -> Work[tuple[StoredRecheck, ...]]:
    now = micros(command.now)
    due = yield Execute(_DUE, {"now": now, "by": now if command.due_only else _FOREVER, "most": command.limit})
    taken: list[StoredRecheck] = []
    for (number,) in due.rows:
        lease = {"token": command.token, "until_then": micros(command.now + command.length)}
        if (yield Execute(_TAKE, {"number": number, "now": now, **lease})).count == 1:
            taken += yield from _rechecks(Rechecks(number=number))
    return tuple(taken)


def _manuals(question: ManualsOf, keys: KeyRing) -> Work[tuple[ManualEvidence, ...]]:
    found = yield Execute(_MANUALS, {"of_case": question.case_id, "at_point": question.point})
    return tuple(
        ManualEvidence.model_validate(opened(key_id, blob, number, keys)["evidence"], strict=False)
        for number, key_id, blob in found.rows
    )


def _row(row: Sequence[Any]) -> StoredRecheck:
    number, decision, case_id, matter, point, department, state, due_on, provisional, attempts, *rest = row
    created_at, next_at, last_error, done_at, outcome, followed_by = rest
    return StoredRecheck(
        id=number,
        decision=decision,
        case_id=case_id,
        matter=matter,
        point=point,
        department=department,
        state=state,
        due_on=date.fromisoformat(due_on),
        provisional=bool(provisional),
        attempts=attempts,
        created_at=moment(created_at),
        next_at=moment(next_at),
        last_error=last_error,
        done_at=None if done_at is None else moment(done_at),
        outcome=outcome,
        followed_by=followed_by,
    )
