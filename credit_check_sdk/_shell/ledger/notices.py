"""Keep notices and where they stand. It yields statements and opens no connection.

What a notice says is an entry and never changes; the index beside it says whether it is still to be delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import Integer, Text, bindparam, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros
from credit_check_sdk.model import Notice, NoticeDelivery, NoticeState
from credit_check_sdk.model.ledger import NoticeDeliveryEntry, NoticeEntry, Notices, StoredNotice

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model import Decision
    from credit_check_sdk.model.ledger import ResponseEntry

_REVEAL = {"reveal": True}
_COLUMNS = ("notice", "kind", "case_id", "point", "decision", "proposal", "state", "drafted_at", "due_on")
_INSERT = insert(s.notice, *_COLUMNS)
_DELIVERED = (
    update(s.notice).where(s.notice.c.notice == bindparam("number")).values(state="delivered", delivery=bindparam("by"))
)
_ANSWERED = (
    update(s.notice)
    .where(s.notice.c.proposal == bindparam("of"), s.notice.c.state == bindparam("before"))
    .values(state=bindparam("after"))
)
_ENDED = (
    update(s.notice)
    .where(s.notice.c.proposal == bindparam("of"), s.notice.c.state == "drafted", s.notice.c.kind != "rectification")
    .values(state="withdrawn")
)
_SUPERSEDED = (
    update(s.notice)
    .where(
        s.notice.c.case_id == bindparam("of_case"),
        s.notice.c.point == bindparam("at_point"),
        s.notice.c.decision != bindparam("number"),
        s.notice.c.state == "drafted",
        s.notice.c.kind != "rectification",
        s.notice.c.kind != "lifting",
        s.notice.c.proposal.not_in(select(s.response.c.proposal).where(s.response.c.answer == "applied")),
    )
    .values(state="superseded")
)
_ENTRY = select(s.entry.c.key_id, s.entry.c.body).where(s.entry.c.id == bindparam("number"))
_STATES: tuple[NoticeState, ...] = get_args(NoticeState)


def _given(name: str, column: Any) -> Any:
    """Hold where nothing is asked for, or where it is this."""
    return or_(bindparam(name, type_=Text) == "", column)


_NOTICES = (
    select(s.notice.c.notice, s.notice.c.state, s.notice.c.delivery, s.entry.c.key_id, s.entry.c.body)
    .join(s.entry, s.entry.c.id == s.notice.c.notice)
    .where(
        _given("number", s.notice.c.notice == bindparam("number", type_=Text)),
        _given("of_case", s.notice.c.case_id == bindparam("of_case", type_=Text)),
        _given("of_decision", s.notice.c.decision == bindparam("of_decision", type_=Text)),
        _given("by_day", s.notice.c.due_on <= bindparam("by_day", type_=Text)),
        or_(*[s.notice.c.state == bindparam(f"state_{place}", type_=Text) for place in range(len(_STATES))]),
    )
    .order_by(s.notice.c.due_on.is_(None), s.notice.c.due_on, s.notice.c.drafted_at, s.notice.c.notice)
    .limit(bindparam("most", type_=Integer))
)


def put(one: NoticeEntry, keys: KeyRing) -> Work[None]:
    """Write a notice that was drafted."""
    notice = one.notice
    yield entry(notice.id, "notice", notice.case_id, notice.drafted_at, notice.model_dump(mode="json"), keys)
    yield Execute(
        _INSERT,
        {
            "notice": notice.id,
            "kind": notice.kind,
            "case_id": notice.case_id,
            "point": notice.point or "",
            "decision": notice.decision,
            "proposal": notice.proposal,
            "state": "drafted",
            "drafted_at": micros(notice.drafted_at),
            "due_on": notice.due_on.isoformat() if notice.due_on else None,
        },
    )


def delivered(one: NoticeDeliveryEntry, keys: KeyRing) -> Work[None]:
    """Write that a notice was delivered."""
    body = {"notice": one.notice, "delivery": one.delivery.model_dump(mode="json", context=_REVEAL)}
    yield entry(one.id, "notice_delivery", one.case_id, one.at, body, keys)
    yield Execute(_DELIVERED, {"number": one.notice, "by": one.id})


def answered(one: ResponseEntry) -> Work[None]:
    """Take back the notice of a proposal that is set aside, and put it back should it be applied after all."""
    if one.response.answer == "set_aside":
        yield Execute(_ANSWERED, {"of": one.response.proposal, "before": "drafted", "after": "withdrawn"})
    elif one.amends is not None:
        yield Execute(_ANSWERED, {"of": one.response.proposal, "before": "withdrawn", "after": "drafted"})


def ended(proposal: str) -> Work[None]:
    """Take back what was drafted and not yet delivered of a measure that is lifted or rectified."""
    yield Execute(_ENDED, {"of": proposal})


def checked_anew(decision: Decision) -> Work[None]:
    """Make void what was drafted for older checks of the file and point and never applied: the new check says it anew."""
    names = {"of_case": decision.case_id, "at_point": decision.point, "number": decision.id}
    yield Execute(_SUPERSEDED, names)


def ask(question: Notices, keys: KeyRing) -> Work[tuple[StoredNotice, ...]]:
    """Give notices, those that are due first, those without a due day last."""
    wanted = question.states or _STATES
    names = {
        "number": question.number or "",
        "of_case": question.case_id or "",
        "of_decision": question.decision or "",
        "by_day": question.due_by.isoformat() if question.due_by else "",
        "most": question.limit,
        **{f"state_{place}": wanted[place] if place < len(wanted) else "" for place in range(len(_STATES))},
    }
    found = []
    for number, state, delivery, key_id, blob in (yield Execute(_NOTICES, names)).rows:
        notice = Notice.model_validate(opened(key_id, blob, number, keys), strict=False)
        how = (yield from _delivery(delivery, keys)) if delivery else None
        found.append(StoredNotice(notice, state, how))
    return tuple(found)


def _delivery(number: str, keys: KeyRing) -> Work[NoticeDelivery | None]:
    rows = (yield Execute(_ENTRY, {"number": number})).rows
    if not rows:
        return None
    key_id, blob = rows[0]
    return NoticeDelivery.model_validate(opened(key_id, blob, number, keys)["delivery"], strict=False)
