"""Erase what entries say, and leave the chain valid; say what stands against it. It yields statements, no more.

What is erased: body, salt and key of the entries of a file, and their index rows. What stays: number, kind, time, digest,
the place in the chain, and an entry that names what was erased and why. Whatever stands against it is looked at once more
in the transaction that erases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, delete, exists, func, or_, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import entry, opened
from credit_check_sdk._shell.ledger.indexes import INDEXES
from credit_check_sdk._shell.ledger.steps import Execute, Work, micros, moment
from credit_check_sdk.model.erasure import FileState, HeldEntry
from credit_check_sdk.model.ledger import Erase, Erased, FilesOf, HeldEntries, HoldEntry

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing

_e = s.entry.c
_there = (_e.case_id != "", _e.key_id != "")
_BY_SUBJECT = (
    select(_e.case_id)
    .join(s.subject, s.subject.c.decision == _e.id)
    .where(s.subject.c.subject_key == bindparam("key"), *_there)
    .distinct()
    .order_by(_e.case_id)
)
_OLD = (
    select(_e.case_id)
    .where(*_there, _e.case_id > bindparam("beyond"))
    .group_by(_e.case_id)
    .having(func.max(_e.recorded_at) < bindparam("before"))
    .order_by(_e.case_id)
    .limit(bindparam("most", type_=Integer))
)
_LATEST = select(_e.kind, func.max(_e.recorded_at)).where(_e.case_id == bindparam("file"), *_there).group_by(_e.kind)
_HOLDS = (
    select(_e.id, _e.key_id, _e.body)
    .where(_e.case_id == bindparam("file"), _e.kind == "hold", _e.key_id != "")
    .order_by(_e.recorded_at.desc(), _e.id.desc())
    .limit(1)
)
_UNDELIVERED = (
    select(func.count())
    .select_from(s.outbox)
    .where(s.outbox.c.case_id == bindparam("file"), s.outbox.c.state != "delivered")
)
_IN_FORCE = (
    select(func.count())
    .select_from(s.measure.join(s.check, s.check.c.decision == s.measure.c.decision))
    .where(
        s.check.c.case_id == bindparam("file"),
        or_(s.measure.c.state == "applied", s.measure.c.state == "suspended", s.measure.c.state == "verifying"),
        (s.measure.c.until_day.is_(None)) | (s.measure.c.until_day >= bindparam("today")),
    )
)
_OBJECTIONS = (
    select(func.count())
    .select_from(s.objection)
    .where(s.objection.c.case_id == bindparam("file"), s.objection.c.state == "open")
)
_RECHECKS = (
    select(func.count())
    .select_from(s.recheck)
    .where(s.recheck.c.case_id == bindparam("file"), s.recheck.c.state == "waiting")
)
_PROMISES = (
    select(func.count())
    .select_from(s.commitment)
    .where(
        s.commitment.c.case_id == bindparam("file"),
        or_(*[s.commitment.c.state == state for state in ("offered", "open", "overdue", "breached")]),
    )
)
_ENTRIES = (
    select(_e.id, _e.kind, _e.recorded_at, _e.key_id, _e.body)
    .where(_e.case_id == bindparam("file"), *_there)
    .order_by(_e.recorded_at, _e.id)
)
_NUMBERS = select(_e.id).where(_e.case_id == bindparam("file"), *_there).order_by(_e.id)
_still = s.touch.alias("still")
# What a platform reported belongs to no file: it goes when it is old enough, or with the last file that it touched.
_CHANGES = (
    select(_e.id)
    .where(
        _e.kind == "change",
        _e.key_id != "",
        ~exists().where(_still.c.change == _e.id, _still.c.decision == s.check.c.decision).correlate(s.entry),
    )
    .order_by(_e.id)
)
_OLD_CHANGES = _CHANGES.where(_e.recorded_at < bindparam("before"))
_THEIR_CHANGES = _CHANGES.where(
    exists().where(s.touch.c.change == _e.id, s.touch.c.decision == bindparam("decision")).correlate(s.entry)
)
_ERASE = update(s.entry).where(_e.id == bindparam("number"), _e.key_id != "").values(body=b"", salt=b"", key_id="")
_UNINDEX = tuple(
    delete(index.table).where(index.table.c[index.entry] == bindparam("number"))
    for index in INDEXES
    if index.table is not s.outbox  # a key that was taken once stays taken, and names nobody
)


def hold(one: HoldEntry, keys: KeyRing) -> Work[None]:
    """Put a file on hold, or release it."""
    body = {"held": one.held, "reason": one.reason, "operator": one.operator.model_dump(mode="json")}
    yield entry(one.id, "hold", one.case_id, one.at, body, keys)


def carry_out(asked: FilesOf | HeldEntries | Erase, keys: KeyRing) -> Work[Any]:
    """Answer what is held of files, or erase some."""
    match asked:
        case FilesOf():
            return (yield from _files(asked, keys))
        case HeldEntries():
            return (yield from _entries(asked, keys))
        case Erase():
            return (yield from _erase(asked, keys))


def _files(asked: FilesOf, keys: KeyRing) -> Work[tuple[FileState, ...]]:
    numbers = list(asked.case_ids)
    for subject in asked.subject:
        rows = (yield Execute(_BY_SUBJECT, {"key": keys.hashed("subject", *subject)})).rows
        numbers += [row[0] for row in rows]
    if asked.before is not None:
        wanted = {"before": micros(asked.before), "beyond": asked.beyond, "most": asked.limit}
        numbers += [row[0] for row in (yield Execute(_OLD, wanted)).rows]
    found = []
    for number in dict.fromkeys(numbers):
        state = yield from _state(number, asked.today.toordinal(), keys)
        if state is not None:
            found.append(state)
    return tuple(found)


def _state(number: str, today: int, keys: KeyRing) -> Work[FileState | None]:
    file = {"file": number}
    latest = {row[0]: moment(row[1]) for row in (yield Execute(_LATEST, file)).rows}
    if not latest:
        return None
    holds = (yield Execute(_HOLDS, file)).rows
    said = opened(holds[0][1], holds[0][2], holds[0][0], keys) if holds else None
    undelivered = yield from _count(_UNDELIVERED, file)
    in_force = yield from _count(_IN_FORCE, {**file, "today": today})
    objections = yield from _count(_OBJECTIONS, file)
    rechecks = yield from _count(_RECHECKS, file)
    promises = yield from _count(_PROMISES, file)
    hold_reason = said["reason"] if said and said["held"] else None
    return FileState(number, latest, hold_reason, undelivered, in_force, objections + rechecks + promises)


def _count(statement: Any, names: dict[str, Any]) -> Work[int]:
    return int((yield Execute(statement, names)).rows[0][0])


def _entries(asked: HeldEntries, keys: KeyRing) -> Work[tuple[HeldEntry, ...]]:
    found = []
    for number in asked.case_ids:
        for key, kind, at, key_id, blob in (yield Execute(_ENTRIES, {"file": number})).rows:
            found.append(HeldEntry(key, kind, number, moment(at), opened(key_id, blob, key, keys)))
    return tuple(found)


def _erase(asked: Erase, keys: KeyRing) -> Work[Erased]:
    files, gone = [], []
    for number, newest in asked.files.items():
        state = yield from _state(number, asked.today.toordinal(), keys)
        # Somebody may have come first, with another check or a hold.
        if state is None or state.newest != newest:
            continue
        if state.hold is not None or state.undelivered or state.in_force or state.open:
            continue
        numbers = [row[0] for row in (yield Execute(_NUMBERS, {"file": number})).rows]
        for one in numbers:
            yield from _forget(one)
        gone += numbers
        for one in numbers:
            touching = [row[0] for row in (yield Execute(_THEIR_CHANGES, {"decision": one})).rows]
            for change in touching:
                yield from _forget(change)
            gone += touching
        files.append(number)
    if asked.changes_before is not None:
        old = [row[0] for row in (yield Execute(_OLD_CHANGES, {"before": micros(asked.changes_before)})).rows]
        for change in old:
            yield from _forget(change)
        gone += old
    if not gone:
        return Erased((), 0)
    body = {"entries": sorted(gone), "files": len(files), "cause": asked.cause, "reason": asked.reason}
    yield entry(asked.number, "erasure", "", asked.at, {**body, "operator": dict(asked.operator)}, keys)
    return Erased(tuple(files), len(gone))


def _forget(number: str) -> Work[None]:
    yield Execute(_ERASE, {"number": number})
    for statement in _UNINDEX:
        yield Execute(statement, {"number": number})
