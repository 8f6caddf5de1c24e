"""Keep objections, their papers and what became of them. It yields statements and opens no connection.

What was taken is an entry and never changes; the index beside it says whether it is still to be answered.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import Integer, Text, bindparam, func, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.moving import conflict, touch
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model import Objection, ObjectionState, Paper
from credit_check_sdk.model.ledger import (
    ObjectionAnswerEntry,
    ObjectionEntry,
    Objections,
    PaperEntry,
    Papers,
    StoredObjection,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing

_STATES: tuple[ObjectionState, ...] = get_args(ObjectionState)
_COLUMNS = (
    "objection",
    "kind",
    "state",
    "source",
    "record_key",
    "case_id",
    "decision",
    "department",
    "feedback",
    "taken_at",
    "due_day",
    "provisional",
)
_INSERT = insert(s.objection, *_COLUMNS)
_ANSWER = (
    update(s.objection)
    .where(s.objection.c.objection == bindparam("number"), s.objection.c.state == "open")
    .values(state=bindparam("to_state"), answer=bindparam("said"), answered_at=bindparam("then"))
)


def _given(name: str, column: Any) -> Any:
    """Hold where nothing is asked for, or where it is this."""
    return or_(bindparam(name, type_=Text) == "", column)


_FOUND = (
    select(
        s.objection.c.objection,
        s.objection.c.state,
        s.objection.c.answer,
        s.objection.c.answered_at,
        s.entry.c.key_id,
        s.entry.c.body,
    )
    .join(s.entry, s.entry.c.id == s.objection.c.objection)
    .where(
        _given("number", s.objection.c.objection == bindparam("number", type_=Text)),
        _given("of_case", s.objection.c.case_id == bindparam("of_case", type_=Text)),
        _given("of_source", s.objection.c.source == bindparam("of_source", type_=Text)),
        _given("of_record", s.objection.c.record_key == bindparam("of_record", type_=Text)),
        or_(
            bindparam("before_day", type_=Integer) == 0,
            s.objection.c.due_day < bindparam("before_day", type_=Integer),
        ),
        or_(*[s.objection.c.state == bindparam(f"state_{place}", type_=Text) for place in range(len(_STATES))]),
    )
    .order_by(s.objection.c.due_day.is_(None), s.objection.c.due_day, s.objection.c.taken_at, s.objection.c.objection)
    .limit(bindparam("most", type_=Integer))
)
_PAPERS = (
    select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body)
    .where(s.entry.c.kind == "paper", s.entry.c.case_id == bindparam("of_case"))
    .order_by(s.entry.c.id)
)
_BELOW = (
    select(s.objection.c.source, s.objection.c.record_key, func.count(s.objection.c.objection.distinct()))
    .join(
        s.ground,
        (s.ground.c.source == s.objection.c.source) & (s.ground.c.record_key == s.objection.c.record_key),
    )
    .where(s.ground.c.decision == bindparam("number"), s.objection.c.state == "open", s.objection.c.kind == "objection")
    .group_by(s.objection.c.source, s.objection.c.record_key)
)


def put(one: ObjectionEntry, keys: KeyRing) -> Work[None]:
    """Write an objection that was taken."""
    objection = one.objection
    body = {**objection.model_dump(mode="json"), "touched": list(one.touched)}
    yield entry(objection.id, "objection", objection.case_id, objection.taken_at, body, keys)
    yield Execute(
        _INSERT,
        {
            "objection": objection.id,
            "kind": objection.kind,
            "state": "open",
            "source": objection.source,
            "record_key": keys.hashed("record", objection.source, objection.record_id),
            "case_id": objection.case_id,
            "decision": objection.decision,
            "department": objection.operator.department,
            "feedback": objection.feedback,
            "taken_at": micros(objection.taken_at),
            "due_day": objection.due_on.toordinal() if objection.due_on else None,
            "provisional": int(objection.provisional),
        },
    )
    yield from touch(objection.id, one.touched)


def put_paper(one: PaperEntry, keys: KeyRing) -> Work[None]:
    """Keep a paper."""
    body = {
        "objection": one.objection,
        "paper": one.paper.model_dump(mode="json"),
        "content": base64.b64encode(one.content).decode(),
    }
    yield entry(one.id, "paper", one.case_id, one.at, body, keys)


def answered(one: ObjectionAnswerEntry, keys: KeyRing) -> Work[None]:
    """Close an objection that is open."""
    body = {"objection": one.objection, "answer": one.answer, "by": one.by, "change": one.change}
    yield entry(one.id, "objection_answer", one.case_id, one.at, body, keys)
    state = "withdrawn" if one.answer == "withdrawn" else "answered"
    closed = yield Execute(
        _ANSWER, {"number": one.objection, "to_state": state, "said": one.answer, "then": micros(one.at)}
    )
    if closed.count != 1:
        raise conflict("objection", "异议")


def ask(question: Objections, keys: KeyRing) -> Work[tuple[StoredObjection, ...]]:
    """Give objections."""
    wanted = question.states or _STATES
    parameters = {
        "number": question.number or "",
        "of_case": question.case_id or "",
        "before_day": question.due_before.toordinal() if question.due_before else 0,
        "most": question.limit,
        **{f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))},
    }
    rows: list[Sequence[Any]] = []
    for source, record_id in question.records or (("", ""),):
        record_key = keys.hashed("record", source, record_id) if source else ""
        found = yield Execute(_FOUND, {**parameters, "of_source": source, "of_record": record_key})
        rows += found.rows
    return tuple(_stored(row, keys) for row in rows)


def papers(question: Papers, keys: KeyRing) -> Work[tuple[tuple[Paper, bytes], ...]]:
    """Give the papers of an objection, with their content."""
    found = yield from ask(Objections(number=question.objection), keys)
    if not found:
        return ()
    rows = (yield Execute(_PAPERS, {"of_case": found[0].objection.case_id})).rows
    bodies = [opened(key_id, blob, number, keys) for number, key_id, blob in rows]
    return tuple(
        (Paper.model_validate(body["paper"]), base64.b64decode(body["content"]))
        for body in bodies
        if body["objection"] == question.objection
    )


def below(decision: str) -> Work[dict[tuple[str, str], int]]:
    """Count the open objections on the records below a check, by source and hashed number."""
    found = yield Execute(_BELOW, {"number": decision})
    return {(row[0], row[1]): row[2] for row in found.rows}


def _stored(row: Sequence[Any], keys: KeyRing) -> StoredObjection:
    number, state, answer, answered_at, key_id, blob = row
    body = opened(key_id, blob, number, keys)
    del body["touched"]
    return StoredObjection(
        Objection.model_validate(body, strict=False), state, answer, moment(answered_at) if answered_at else None
    )
