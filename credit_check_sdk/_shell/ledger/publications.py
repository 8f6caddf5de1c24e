"""Follow what is published of licences and penalties: an index beside its report in the outbox. It opens no connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Text, bindparam, or_, select

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model import Feedback
from credit_check_sdk.model.publicity import StoredPublication

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import Publications

_p = s.publication.c
COLUMNS = (
    *("record", "kind", "action", "destination", "case_id", "matter", "department"),
    *("decided_day", "due_day", "made_at"),
)
"""What the index repeats of the report."""
_INSERT = insert(s.publication, "key", *COLUMNS, or_nothing=True)


def _given(name: str, column: Any) -> Any:
    """Hold where nothing is asked for, or where it is this."""
    return or_(bindparam(name, type_=Text) == "", column == bindparam(name, type_=Text))


_FOUND = (
    select(
        s.outbox.c.key,
        s.outbox.c.channel,
        s.outbox.c.state,
        s.outbox.c.delivered_at,
        s.entry.c.key_id,
        s.entry.c.body,
    )
    .join(s.publication, _p.key == s.outbox.c.key)
    .join(s.entry, s.entry.c.id == s.outbox.c.key)
    .where(_given("of_record", _p.record), _given("of_case", _p.case_id), s.entry.c.key_id != "")
    .order_by(_p.due_day.is_(None), _p.due_day, s.outbox.c.ordinal)
    .limit(bindparam("most", type_=Integer))
)


def put(feedback: Feedback) -> Work[None]:
    """Index the report of a publication; that of anything else has no row."""
    said = feedback.publicity
    if said is None:
        return
    yield Execute(_INSERT, {"key": feedback.id, **dict(zip(COLUMNS, row(feedback), strict=True))})


def row(feedback: Feedback) -> tuple[Any, ...]:
    """Give what the index says of the report of a publication."""
    said = feedback.publicity
    if said is None:
        message = "a report of a publication carries it"
        raise TypeError(message)
    return (
        said.record,
        said.kind,
        said.action,
        said.destination,
        feedback.case_id,
        said.matter,
        said.department,
        said.decided_on.toordinal(),
        said.due_on.toordinal() if said.due_on else None,
        micros(feedback.at),
    )


def ask(question: Publications, keys: KeyRing) -> Work[tuple[StoredPublication, ...]]:
    """Give publications."""
    wanted = {"of_record": question.record or "", "of_case": question.case_id or "", "most": question.limit}
    found = yield Execute(_FOUND, wanted)
    return tuple(_stored(each, keys) for each in found.rows)


def _stored(one: Sequence[Any], keys: KeyRing) -> StoredPublication:
    key, channel, state, delivered_at, key_id, blob = one
    feedback = Feedback.model_validate(opened(key_id, blob, key, keys), strict=False)
    return stored(feedback, channel, state, moment(delivered_at) if delivered_at is not None else None)


def stored(feedback: Feedback, channel: str, state: str, delivered_at: Any) -> StoredPublication:
    """Put a publication together with where its report stands."""
    if feedback.publicity is None:
        message = "a report of a publication carries it"
        raise TypeError(message)
    return StoredPublication(
        key=feedback.id,
        case_id=feedback.case_id,
        channel=channel,
        publication=feedback.publicity,
        amends=feedback.amends,
        made_at=feedback.at,
        operator=feedback.operator,
        state=state,
        delivered_at=delivered_at,
    )
