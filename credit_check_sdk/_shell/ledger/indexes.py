"""The index tables beside the entries: what each must say of an entry. It yields statements and opens no connection.

An index is only a way to find entries; where it says something else than the entry, somebody changed it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select

from credit_check_sdk._shell.ledger import publications
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import DAY, Execute, Work, day_start, micros
from credit_check_sdk.model import Case, Feedback, Identifier

if TYPE_CHECKING:
    from sqlalchemy import Select, Table

    from credit_check_sdk._shell.keys import KeyRing

Rows = list[tuple[Any, ...]]
Said = Mapping[str, Rows]
"""Rows by name of the index table."""


@dataclass(frozen=True, slots=True)
class Index:
    """A table that indexes entries: its column that names the entry, and the columns that repeat what the entry says."""

    table: Table
    entry: str
    columns: tuple[str, ...]
    later: tuple[str, ...] = ()
    """Columns that entries of the first ledgers have no value in; one that has a value has the right one."""
    latest: bool = False
    """Whether it keeps the latest entry only: an older one has no row."""

    @property
    def name(self) -> str:
        """Name of the table."""
        return str(self.table.name)


INDEXES = (
    Index(
        s.check,
        "decision",
        ("case_id", "matter", "point", "department", "environment", "outcome", "decided_at", "valid_until", "silent"),
        later=("valid_until", "silent"),
    ),
    Index(
        s.proposal,
        "decision",
        ("proposal", "measure", "strength", "effect_scope", "ends_at"),
        later=("effect_scope", "ends_at"),
    ),
    Index(s.ground, "decision", ("proposal", "source", "record_key")),
    Index(s.subject, "decision", ("subject_key",)),
    Index(s.response, "id", ("decision", "proposal", "answer", "at", "amends")),
    Index(
        s.notice,
        "notice",
        ("kind", "case_id", "point", "decision", "proposal", "drafted_at", "due_on"),
    ),
    Index(
        s.recheck,
        "recheck",
        ("decision", "case_id", "matter", "point", "department", "due_on", "provisional", "created_at"),
    ),
    Index(
        s.objection,
        "objection",
        (
            *("kind", "source", "record_key", "case_id", "decision", "department", "feedback"),
            *("taken_at", "due_day", "provisional"),
        ),
    ),
    Index(
        s.commitment,
        "step",
        ("code", "kind", "state", "case_id", "subject_key", "department", "due_day", "moved_at"),
        latest=True,
    ),
    Index(s.manual, "manual", ("case_id", "point", "source", "queried_at")),
    Index(s.outbox, "key", ("decision", "case_id", "created_at")),
    Index(s.publication, "key", publications.COLUMNS),
    Index(s.change, "id", ("source", "record_key", "kind", "at", "seen_at")),
    Index(s.touch, "change", ("decision",)),
    Index(s.transition, "id", ("decision", "proposal", "event", "state_before", "state_after", "cause", "at")),
    Index(
        s.measure,
        "step",
        ("proposal", "decision", "state", "returns", "hold", "cause", "moved_at"),
        latest=True,
    ),
)


def _rows_of(index: Index) -> Select[Any]:
    columns = (index.table.c[name] for name in index.columns)
    return (
        select(s.seal.c.entry, *columns)
        .join(index.table, index.table.c[index.entry] == s.seal.c.entry)
        .where(s.seal.c.place > bindparam("after"), s.seal.c.place <= bindparam("upto"))
    )


def _stray_of(index: Index) -> Select[Any]:
    key = index.table.c[index.entry]
    return select(key).where(~select(s.entry.c.id).where(s.entry.c.id == key).exists()).order_by(key).limit(1)


def _rows_by(index: Index) -> Select[Any]:
    columns = (index.table.c[name] for name in index.columns)
    return select(*columns).where(index.table.c[index.entry] == bindparam("number"))


# A check says what touched it last: a change or an objection, which say which checks they touch, or a recheck of its
# file that found something.
_touching = select(s.touch.c.change).where(s.touch.c.decision == s.check.c.decision)
_adverse = select(s.recheck.c.recheck).where(s.recheck.c.case_id == s.check.c.case_id, s.recheck.c.state == "adverse")
_UNTOLD = (
    select(s.check.c.decision)
    .where(
        or_(
            s.check.c.touched_by.is_(None) & _touching.exists(),
            s.check.c.touched_by.is_(None) & _adverse.where(s.recheck.c.decision == s.check.c.decision).exists(),
            s.check.c.touched_by.is_not(None)
            & s.check.c.touched_by.not_in(_touching)
            & s.check.c.touched_by.not_in(_adverse),
        )
    )
    .order_by(s.check.c.decision)
    .limit(1)
)
_UNMOVED = (
    select(s.transition.c.id)
    .where(~select(s.measure.c.proposal).where(s.measure.c.proposal == s.transition.c.proposal).exists())
    .order_by(s.transition.c.id)
    .limit(1)
)
# The code of a commitment stands in its sealed body alone, so that a row is missed by its file.
_UNKEPT = (
    select(s.entry.c.id)
    .where(
        s.entry.c.kind == "commitment",
        s.entry.c.key_id != "",
        ~select(s.commitment.c.code).where(s.commitment.c.case_id == s.entry.c.case_id).exists(),
    )
    .order_by(s.entry.c.id)
    .limit(1)
)
_STATEMENTS = tuple((index, _rows_of(index), _stray_of(index)) for index in INDEXES)
_BY_ENTRY = tuple((index, _rows_by(index)) for index in INDEXES)


def between(after: int, upto: int) -> Work[dict[str, dict[str, Rows]]]:
    """Give the index rows of the entries sealed after one place up to another: by entry, then by table."""
    found: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for index, rows_of, _ in _STATEMENTS:
        rows = (yield Execute(rows_of, {"after": after, "upto": upto})).rows
        for row in rows:
            found[row[0]][index.name].append(tuple(row[1:]))
    return found


def of(number: str) -> Work[dict[str, Rows]]:
    """Give the index rows of one entry, by table."""
    found: dict[str, Rows] = {}
    for index, statement in _BY_ENTRY:
        rows = (yield Execute(statement, {"number": number})).rows
        if rows:
            found[index.name] = [tuple(row) for row in rows]
    return found


def untold() -> Work[str | None]:
    """Find a check that says something else of the changes that touched it than they do."""
    rows = (yield Execute(_UNTOLD)).rows
    return rows[0][0] if rows else None


def unmoved() -> Work[str | None]:
    """Find a step of a measure that has no standing."""
    rows = (yield Execute(_UNMOVED)).rows
    return rows[0][0] if rows else None


def unkept() -> Work[str | None]:
    """Find a step of a commitment in a file of which no commitment is kept."""
    rows = (yield Execute(_UNKEPT)).rows
    return rows[0][0] if rows else None


def stray() -> Work[tuple[str, str] | None]:
    """Find an index row whose entry is not there: the table, and the entry that it names."""
    for index, _, stray_of in _STATEMENTS:
        rows = (yield Execute(stray_of)).rows
        if rows:
            return index.name, rows[0][0]
    return None


def disagreement(kind: str, body: Any, recorded_at: int, said: Said, keys: KeyRing) -> str | None:
    """Give table and column in which the index says something else than the entry, or None where they agree."""
    wanted = _WANTED[kind](body, recorded_at, keys) if kind in _WANTED else {}
    for index in INDEXES:
        there = sorted(said.get(index.name, []), key=repr)
        should = sorted(_as_then(index, there, wanted.get(index.name, [])), key=repr)
        if index.latest:
            should = [row for row in should if row in there]
        if there != should:
            return f"{index.name}.{_column(index, there, should)}"
    return None


def _as_then(index: Index, there: Rows, should: Rows) -> Rows:
    """Leave out what the ledger did not keep yet when the entry was written."""
    places = [index.columns.index(name) for name in index.later]
    if not there or not places or any(row[place] is not None for row in there for place in places):
        return should
    return [tuple(None if place in places else value for place, value in enumerate(row)) for row in should]


def _column(index: Index, there: Rows, should: Rows) -> str:
    """Name the column that differs, where it is one row's."""
    different = [row for row in there if row not in should], [row for row in should if row not in there]
    if len(different[0]) == len(different[1]) == 1:
        for name, left, right in zip(index.columns, different[0][0], different[1][0], strict=True):
            if left != right:
                return name
    return index.entry


def _check(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    decision, case = body["decision"], Case.model_validate(body["case"], strict=False)
    hashed = {keys.hashed("subject", *key) for party in case.everybody for key in party.subject.keys}
    return {
        "credit_check": [
            (
                decision["case_id"],
                decision["matter"],
                decision["point"],
                case.operator.department,
                decision["environment"],
                decision["outcome"],
                recorded_at,
                micros(datetime.fromisoformat(decision["valid_until"])),
                sum(silence["required"] for silence in decision["silences"]),
            )
        ],
        "credit_proposal": [
            (p["id"], p["measure"], p["strength"], p["effect_scope"], _ends(p["until"])) for p in decision["proposals"]
        ],
        "credit_ground": [
            (p["id"], source, keys.hashed("record", source, number))
            for p in decision["proposals"]
            for source, number in {(ground["source"], ground["record_id"]) for ground in p["grounds"]}
        ],
        "credit_subject": [(one,) for one in hashed],
    }


def _ends(until: str | None) -> int | None:
    # The last day still counts, whole, as the clock in Asia/Shanghai has it.
    return None if until is None else day_start(date.fromisoformat(until)) + DAY


def _response(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del keys
    said = body["response"]
    return {"credit_response": [(body["decision"], said["proposal"], said["answer"], recorded_at, body["amends"])]}


def _feedback(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del keys
    said: dict[str, Rows] = {"credit_outbox": [(body["decision"], body["case_id"], recorded_at)]}
    if body.get("publicity"):
        said["credit_publication"] = [publications.row(Feedback.model_validate(body, strict=False))]
    return said


def _notice(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del keys
    names = (body["kind"], body["case_id"], body["point"] or "", body["decision"], body["proposal"])
    return {"credit_notice": [(*names, recorded_at, body["due_on"])]}


def _recheck(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del keys
    names = [body[name] for name in ("decision", "case_id", "matter", "point", "department")]
    promised = body["recheck"]
    return {"credit_recheck": [(*names, promised["due_on"], int(promised["provisional"]), recorded_at)]}


def _manual(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del recorded_at, keys
    said = body["evidence"]
    queried_at = micros(datetime.fromisoformat(said["queried_at"]))
    return {"credit_manual": [(said["case_id"], said["point"], said["source"], queried_at)]}


def _change(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    change = body["change"]
    record_key = keys.hashed("record", change["source"], change["record_id"])
    at = micros(datetime.fromisoformat(change["at"]))
    return {
        "credit_change": [(change["source"], record_key, change["change"], at, recorded_at)],
        "credit_touch": [(decision,) for decision in body["touched"]],
    }


def _transition(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    del keys
    names = (body["decision"], body["proposal"], body["event"], body["before"], body["after"], body["cause"])
    stands = (body["proposal"], body["decision"], body["after"], body["returns"], body["hold"], body["cause"])
    return {"credit_transition": [(*names, recorded_at)], "credit_measure": [(*stands, recorded_at)]}


def _objection(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    record_key = keys.hashed("record", body["source"], body["record_id"])
    names = (body["kind"], body["source"], record_key, body["case_id"], body["decision"])
    due = date.fromisoformat(body["due_on"]).toordinal() if body["due_on"] else None
    rest = (body["operator"]["department"], body["feedback"], recorded_at, due, int(body["provisional"]))
    return {
        "credit_objection": [(*names, *rest)],
        "credit_touch": [(decision,) for decision in body["touched"]],
    }


def _commitment(body: Any, recorded_at: int, keys: KeyRing) -> Said:
    said, due = body["commitment"], body["due_on"]
    identifier = Identifier.model_validate(said["identify"])
    subject_key = keys.hashed("subject", identifier.scheme, identifier.normal)
    names = (said["code"], said["commitment_type"], body["state"], body["case_id"], subject_key)
    due_day = date.fromisoformat(due).toordinal() if due else None
    return {"credit_commitment": [(*names, body["operator"]["department"], due_day, recorded_at)]}


_WANTED: Mapping[str, Callable[[Any, int, KeyRing], Said]] = {
    "check": _check,
    "response": _response,
    "feedback": _feedback,
    "notice": _notice,
    "recheck": _recheck,
    "manual": _manual,
    "change": _change,
    "transition": _transition,
    "objection": _objection,
    "commitment": _commitment,
}
"""What each kind of entry says that its indexes repeat; a kind that is not named has no index."""
