"""Changes taken, records below decisions, applied measures: where each stands and how it moved. It opens no connection.

A feed's cursor, a change and a measure move only from where the mover believed them to be: whoever comes second gets
``ledger.conflict``, nothing of his is written, and he looks again. So a change works once, whoever takes it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model import Words
from credit_check_sdk.model.applied import AppliedMeasure, RecordStanding, Said
from credit_check_sdk.model.ledger import (
    ChangeEntry,
    CursorEntry,
    DueMeasures,
    KnownChanges,
    Redress,
    Resting,
    Standings,
    TransitionEntry,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model import Change

_REVEAL = {"reveal": True}
_RESPECTS = ("dispute", "lift", "ended", "wrong")

_CURSOR = select(s.feed.c.cursor).where(s.feed.c.source == bindparam("of_source"))
_BEGIN_FEED = insert(s.feed, "source", "cursor", "moved_at", or_nothing=True)
_MOVE_FEED = (
    update(s.feed)
    .where(s.feed.c.source == bindparam("of_source"), s.feed.c.cursor == bindparam("from_cursor"))
    .values(cursor=bindparam("to_cursor"), moved_at=bindparam("now"))
)
_KNOWN = select(s.change.c.id).where(
    s.change.c.source == bindparam("of_source"), s.change.c.change_key == bindparam("k")
)
_INSERT_CHANGE = insert(s.change, "id", "source", "change_key", "record_key", "kind", "at", "seen_at", or_nothing=True)
_INSERT_TOUCH = insert(s.touch, "change", "decision", or_nothing=True)
_TOUCH = update(s.check).where(s.check.c.decision == bindparam("number")).values(touched_by=bindparam("by_change"))
_FACETS = tuple(column for name in _RESPECTS for column in (s.record.c[name], s.record.c[f"{name}_at"]))
_STANDING = select(*_FACETS, s.record.c.change, s.record.c.seen_at).where(
    s.record.c.source == bindparam("of_source"), s.record.c.record_key == bindparam("k")
)
_FACET_NAMES = tuple(f"{name}{tail}" for name in _RESPECTS for tail in ("", "_at"))
_INSERT_RECORD = insert(s.record, "source", "record_key", *_FACET_NAMES, "change", "seen_at", or_nothing=True)
_UPDATE_RECORD = (
    update(s.record)
    .where(s.record.c.source == bindparam("of_source"), s.record.c.record_key == bindparam("k"))
    .values({name: bindparam(name) for name in (*_FACET_NAMES, "change", "seen_at")})
)
_RESTING_ON = (
    select(s.check.c.decision, s.check.c.decided_at)
    .distinct()
    .join(s.ground, s.ground.c.decision == s.check.c.decision)
    .where(s.ground.c.source == bindparam("of_source"))
    .order_by(s.check.c.decided_at, s.check.c.decision)
)
_RESTING = _RESTING_ON.where(s.ground.c.record_key == bindparam("k"))
_BELOW = (
    select(s.record.c.source, s.record.c.record_key, *_FACETS, s.record.c.change, s.record.c.seen_at)
    .distinct()
    .join(s.ground, (s.ground.c.source == s.record.c.source) & (s.ground.c.record_key == s.record.c.record_key))
    .where(s.ground.c.decision == bindparam("number"))
)
_MEASURE = (
    s.measure.c.proposal,
    s.measure.c.state,
    s.measure.c.returns,
    s.measure.c.hold,
    s.measure.c.cause,
    s.measure.c.moved_at,
    s.measure.c.step,
    s.measure.c.in_force_at,
    s.measure.c.effective_day,
)
_MEASURES = select(*_MEASURE).where(s.measure.c.decision == bindparam("number"))
_INSERT_MEASURE = insert(s.measure, "proposal", "decision", "state", "moved_at", "step", "in_force_at", or_nothing=True)
_moved = (
    update(s.measure)
    .where(
        s.measure.c.proposal == bindparam("of_proposal"),
        s.measure.c.state == bindparam("from_state"),
        s.measure.c.step == bindparam("from_step"),
    )
    .values(
        state=bindparam("to_state"),
        returns=bindparam("to_return"),
        hold=bindparam("held"),
        cause=bindparam("why"),
        step=bindparam("this_step"),
        moved_at=bindparam("now"),
        effective_day=bindparam("effective"),
    )
)
_MOVE = _moved
_MOVE_INTO_FORCE = _moved.values(
    in_force_at=func.coalesce(s.measure.c.in_force_at, bindparam("since")), until_day=bindparam("last_day")
)
_INSERT_TRANSITION = insert(
    s.transition, "id", "decision", "proposal", "event", "state_before", "state_after", "cause", "at"
)
_TRANSITIONS = (
    select(s.transition.c.id, s.entry.c.key_id, s.entry.c.body, s.entry.c.case_id)
    .join(s.entry, s.entry.c.id == s.transition.c.id)
    .where(s.transition.c.decision == bindparam("number"))
    .order_by(s.transition.c.at, s.transition.c.id)
)
_DUE = (
    select(s.measure.c.decision)
    .distinct()
    .where(
        or_(
            (s.measure.c.state == "noticed") & (s.measure.c.effective_day <= bindparam("today")),
            (or_(s.measure.c.state == "in_force", s.measure.c.state == "suspended"))
            & (s.measure.c.until_day < bindparam("today")),
        )
    )
    .order_by(s.measure.c.decision)
)
_REDRESSES = (
    select(
        s.check.c.case_id,
        s.check.c.matter,
        s.check.c.point,
        s.check.c.department,
        s.check.c.decision,
        s.check.c.decided_at,
        s.check.c.outcome,
        s.proposal.c.proposal,
        s.proposal.c.measure,
        s.measure.c.state,
        s.measure.c.in_force_at,
        s.change.c.source,
        s.change.c.id,
        s.change.c.at,
    )
    .join_from(s.touch, s.change, s.change.c.id == s.touch.c.change)
    .join(s.check, s.check.c.decision == s.touch.c.decision)
    .join(
        s.ground,
        (s.ground.c.decision == s.check.c.decision)
        & (s.ground.c.source == s.change.c.source)
        & (s.ground.c.record_key == s.change.c.record_key),
    )
    .join(s.proposal, s.proposal.c.proposal == s.ground.c.proposal)
    .outerjoin(s.measure, s.measure.c.proposal == s.proposal.c.proposal)
    .where(s.change.c.kind == "objection_upheld")
    .order_by(s.change.c.seen_at.desc(), s.check.c.decided_at, s.proposal.c.proposal)
)


def record_change(one: ChangeEntry, keys: KeyRing) -> Work[None]:
    """Take a change: once, with the record's standing after it and the decisions that it touches."""
    change = one.change
    record_key = keys.hashed("record", change.source, change.record_id)
    taken = yield Execute(
        _INSERT_CHANGE,
        {
            "id": one.id,
            "source": change.source,
            "change_key": _change_key(change, keys),
            "record_key": record_key,
            "kind": change.change,
            "at": micros(change.at),
            "seen_at": micros(one.seen_at),
        },
    )
    if taken.count != 1:
        raise conflict("change", "变更")
    body = {"change": change.model_dump(mode="json", context=_REVEAL), "touched": list(one.touched)}
    yield entry(one.id, "change", "", one.seen_at, body, keys)
    row = {"change": one.id, "seen_at": micros(one.seen_at), **_facets(one.standing)}
    written = yield Execute(_INSERT_RECORD, {"source": change.source, "record_key": record_key, **row})
    if written.count != 1:
        yield Execute(_UPDATE_RECORD, {"of_source": change.source, "k": record_key, **row})
    yield from touch(one.id, one.touched)


def touch(number: str, decisions: Sequence[str]) -> Work[None]:
    """Write down which decisions a change or an objection touches."""
    for decision in decisions:
        yield Execute(_INSERT_TOUCH, {"change": number, "decision": decision})
        yield Execute(_TOUCH, {"number": decision, "by_change": number})


def record_transition(one: TransitionEntry, keys: KeyRing) -> Work[None]:
    """Move a measure, from where the mover believed it to be."""
    body = {
        "decision": one.decision,
        "proposal": one.proposal,
        "event": one.event,
        "before": one.before,
        "after": one.after,
        "by": one.by,
        "cause": one.cause,
        "why": one.why.model_dump(mode="json"),
        "follows": one.follows,
        "returns": one.returns,
        "hold": one.hold,
        "change": one.change,
        "feedback": one.feedback,
        "effective_on": one.effective_on.isoformat() if one.effective_on else None,
        "until": one.until.isoformat() if one.until else None,
        "at": micros(one.at),
    }
    yield entry(one.id, "transition", one.case_id, one.at, body, keys)
    at = micros(one.at)
    # A proposal that nothing has moved yet has no row, nor has one that was answered before there were any.
    ever = at if one.before == "in_force" else None
    fresh = {"proposal": one.proposal, "decision": one.decision, "state": one.before, "moved_at": at, "step": ""}
    yield Execute(_INSERT_MEASURE, {**fresh, "in_force_at": ever})
    moved = {
        "of_proposal": one.proposal,
        "from_state": one.before,
        "from_step": one.follows,
        "this_step": one.id,
        "to_state": one.after,
        "to_return": one.returns,
        "held": one.hold,
        "why": one.cause,
        "now": at,
        "effective": one.effective_on.toordinal() if one.effective_on else None,
    }
    if one.after == "in_force" and one.event == "apply":
        last_day = one.until.toordinal() if one.until else None
        result = yield Execute(_MOVE_INTO_FORCE, {**moved, "since": at, "last_day": last_day})
    else:
        result = yield Execute(_MOVE, moved)
    if result.count != 1:
        raise conflict("measure", "措施")
    yield Execute(
        _INSERT_TRANSITION,
        {
            "id": one.id,
            "decision": one.decision,
            "proposal": one.proposal,
            "event": one.event,
            "state_before": one.before,
            "state_after": one.after,
            "cause": one.cause,
            "at": at,
        },
    )


def record_cursor(one: CursorEntry) -> Work[None]:
    """Move a feed's cursor on."""
    now = micros(one.at)
    if one.before is None:
        moved = yield Execute(_BEGIN_FEED, {"source": one.source, "cursor": one.after, "moved_at": now})
    else:
        moved = yield Execute(
            _MOVE_FEED,
            {"of_source": one.source, "from_cursor": one.before, "to_cursor": one.after, "now": now},
        )
    if moved.count != 1:
        raise conflict("cursor", "游标")


def cursor(source: str) -> Work[str | None]:
    """Give a feed's cursor."""
    found = yield Execute(_CURSOR, {"of_source": source})
    return found.rows[0][0] if found.rows else None


def known(question: KnownChanges, keys: KeyRing) -> Work[tuple[bool, ...]]:
    """Say which changes were taken before."""
    answers = []
    for change in question.changes:
        found = yield Execute(_KNOWN, {"of_source": change.source, "k": _change_key(change, keys)})
        answers.append(bool(found.rows))
    return tuple(answers)


def standings(question: Standings, keys: KeyRing) -> Work[dict[str, RecordStanding]]:
    """Give where records stand."""
    answers = {}
    for number in question.records:
        wanted = {"of_source": question.source, "k": keys.hashed("record", question.source, number)}
        found = yield Execute(_STANDING, wanted)
        if found.rows:
            answers[number] = _standing(found.rows[0])
    return answers


def resting(question: Resting, keys: KeyRing) -> Work[tuple[str, ...]]:
    """Name the checks that rest on a record, or on any of the source's."""
    if question.record_id is None:
        found = yield Execute(_RESTING_ON, {"of_source": question.source})
        return tuple(row[0] for row in found.rows)
    record_key = keys.hashed("record", question.source, question.record_id)
    found = yield Execute(_RESTING, {"of_source": question.source, "k": record_key})
    return tuple(row[0] for row in found.rows)


def below(decision: str) -> Work[dict[tuple[str, str], RecordStanding]]:
    """Give where the records below a check stand, by source and hashed number."""
    found = yield Execute(_BELOW, {"number": decision})
    return {(row[0], row[1]): _standing(row[2:]) for row in found.rows}


def measures(decision: str) -> Work[dict[str, AppliedMeasure]]:
    """Give where the measures of a check stand."""
    found = yield Execute(_MEASURES, {"number": decision})
    return {row[0]: _measure(row) for row in found.rows}


def due(question: DueMeasures) -> Work[tuple[str, ...]]:
    """Name the checks with a measure that the clock moves."""
    found = yield Execute(_DUE, {"today": question.today.toordinal()})
    return tuple(row[0] for row in found.rows)


def transitions(decision: str, keys: KeyRing) -> Work[tuple[TransitionEntry, ...]]:
    """Give how the measures of a check moved, oldest first."""
    found = yield Execute(_TRANSITIONS, {"number": decision})
    return tuple(_transition(row, keys) for row in found.rows)


def redresses() -> Work[tuple[Redress, ...]]:
    """List what records that were found to be wrong had a part in."""
    found = yield Execute(_REDRESSES)
    return tuple(
        Redress(
            case_id=row[0],
            matter=row[1],
            point=row[2],
            department=row[3],
            decision=row[4],
            decided_at=moment(row[5]),
            outcome=row[6],
            proposal=row[7],
            measure=row[8],
            state=row[9] or "proposed",
            was_in_force=row[10] is not None,
            source=row[11],
            change=row[12],
            at=moment(row[13]),
        )
        for row in found.rows
    )


def _transition(row: Sequence[Any], keys: KeyRing) -> TransitionEntry:
    number, key_id, blob, case_id = row
    said = opened(key_id, blob, number, keys)
    return TransitionEntry(
        id=number,
        case_id=case_id,
        decision=said["decision"],
        proposal=said["proposal"],
        event=said["event"],
        before=said["before"],
        after=said["after"],
        at=moment(said["at"]),
        by=said["by"],
        cause=said["cause"],
        why=Words.model_validate(said["why"]),
        follows=said["follows"],
        returns=said["returns"],
        hold=said["hold"],
        change=said["change"],
        feedback=said["feedback"],
        effective_on=_day(said["effective_on"]),
        until=_day(said["until"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _change_key(change: Change, keys: KeyRing) -> str:
    """Name a change: by its place in the feed and what it says, so that the same one delivered again is known."""
    return keys.hashed("change", change.cursor, change.record_id, change.change, str(micros(change.at)))


def _facets(standing: RecordStanding) -> Mapping[str, Any]:
    row: dict[str, Any] = {}
    for name in _RESPECTS:
        said: Said = getattr(standing, name)
        row[name], row[f"{name}_at"] = said.what, micros(said.at) if said.at else None
    return row


def _standing(row: Sequence[Any]) -> RecordStanding:
    dispute, lift, ended, wrong = (Said(row[place], _moment(row[place + 1])) for place in (0, 2, 4, 6))
    return RecordStanding(dispute, lift, ended, wrong, change=row[8], seen_at=moment(row[9]))


def _measure(row: Sequence[Any]) -> AppliedMeasure:
    proposal, state, returns, hold, cause, moved_at, step, in_force_at, effective = row
    return AppliedMeasure(
        proposal=proposal,
        state=state,
        returns=returns,
        hold=hold,
        cause=cause,
        at=moment(moved_at),
        step=step,
        in_force_at=_moment(in_force_at),
        effective_on=date.fromordinal(effective) if effective else None,
    )


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)


def conflict(en: str, zh: str) -> LedgerError:
    """Say that another writer was there first."""
    return LedgerError(
        f"another writer moved the {en} meanwhile; nothing was written",
        f"{zh}已被其他进程变更，未写入任何内容",
        code="ledger.conflict",
        retryable=True,
        remedy_en="read it again, and try again",
        remedy_zh="请重新读取后再试",
    )
