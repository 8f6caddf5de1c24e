"""Keep commitments and every step of theirs. It yields statements and opens no connection.

Each step is an entry that holds all that is true after it; the index beside names the latest step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import Integer, Text, bindparam, func, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.moving import conflict
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros
from credit_check_sdk.model.promise import CommitmentState, StoredCommitment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import CommitmentEntry, Commitments, CommitmentSteps, LastCommitment

_STATES: tuple[CommitmentState, ...] = get_args(CommitmentState)
_c = s.commitment.c
_COLUMNS = ("code", "kind", "state", "case_id", "subject_key", "department", "due_day", "moved_at", "step")
_INSERT = insert(s.commitment, *_COLUMNS, or_nothing=True)
_MOVE = (
    update(s.commitment)
    .where(_c.code == bindparam("of_code"), _c.step == bindparam("follows"))
    .values(
        state=bindparam("to_state"), due_day=bindparam("to_day"), moved_at=bindparam("then"), step=bindparam("to_step")
    )
)


def _given(name: str, column: Any) -> Any:
    """Hold where nothing is asked for, or where it is this."""
    return or_(bindparam(name, type_=Text) == "", column == bindparam(name, type_=Text))


_FOUND = (
    select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body)
    .join(s.commitment, _c.step == s.entry.c.id)
    .where(
        _given("of_code", _c.code),
        _given("of_case", _c.case_id),
        _given("of_subject", _c.subject_key),
        or_(*[_c.state == bindparam(f"state_{place}", type_=Text) for place in range(len(_STATES))]),
    )
    .order_by(_c.due_day.is_(None), _c.due_day, _c.code)
    .limit(bindparam("most", type_=Integer))
)
_STEPS = (
    select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body)
    .join(s.commitment, _c.case_id == s.entry.c.case_id)
    .where(_c.code == bindparam("of_code"), s.entry.c.kind == "commitment", s.entry.c.key_id != "")
    .order_by(s.entry.c.recorded_at, s.entry.c.id)
)
_LAST = select(func.max(_c.code)).where(_c.code.like(bindparam("prefix")))


def put(one: CommitmentEntry, keys: KeyRing) -> Work[None]:
    """Keep a step; whoever comes second to the same step is refused."""
    stored = one.stored
    body = stored.model_dump(mode="json", context={"reveal": True})
    yield entry(stored.step, "commitment", stored.case_id, stored.at, body, keys)
    due_day = stored.due_on.toordinal() if stored.due_on else None
    if one.follows:
        done = yield Execute(
            _MOVE,
            {
                "of_code": stored.code,
                "follows": one.follows,
                "to_state": stored.state,
                "to_day": due_day,
                "then": micros(stored.at),
                "to_step": stored.step,
            },
        )
    else:
        identify = stored.commitment.identify
        done = yield Execute(
            _INSERT,
            {
                "code": stored.code,
                "kind": stored.commitment.commitment_type,
                "state": stored.state,
                "case_id": stored.case_id,
                "subject_key": keys.hashed("subject", identify.scheme, identify.normal),
                "department": stored.operator.department,
                "due_day": due_day,
                "moved_at": micros(stored.at),
                "step": stored.step,
            },
        )
    if done.count != 1:
        raise conflict("commitment", "承诺")


def ask(question: Commitments, keys: KeyRing) -> Work[tuple[StoredCommitment, ...]]:
    """Give commitments."""
    wanted = question.states or _STATES
    found = yield Execute(
        _FOUND,
        {
            "of_code": question.code or "",
            "of_case": question.case_id or "",
            "of_subject": keys.hashed("subject", *question.subject) if question.subject else "",
            "most": question.limit,
            **{f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))},
        },
    )
    return tuple(_stored(row, keys) for row in found.rows)


def steps(question: CommitmentSteps, keys: KeyRing) -> Work[tuple[StoredCommitment, ...]]:
    """Give every step of a commitment, oldest first."""
    found = yield Execute(_STEPS, {"of_code": question.code})
    several = (_stored(row, keys) for row in found.rows)
    return tuple(each for each in several if each.code == question.code)


def last(question: LastCommitment) -> Work[str | None]:
    """Give the highest code that begins so."""
    found = yield Execute(_LAST, {"prefix": question.prefix + "%"})
    highest: str | None = found.rows[0][0]
    return highest


def _stored(row: Sequence[Any], keys: KeyRing) -> StoredCommitment:
    number, key_id, blob = row
    return StoredCommitment.model_validate(opened(key_id, blob, number, keys), strict=False)
