"""Changes, measures and objections in the ledger: moved once, by whoever comes first. On both kinds of database."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model import Change, Objection, Paper, Words
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.ledger import (
    ChangeEntry,
    CheckById,
    CursorEntry,
    DueMeasures,
    FeedCursor,
    KnownChanges,
    ObjectionAnswerEntry,
    ObjectionEntry,
    Objections,
    PaperEntry,
    Papers,
    Redresses,
    Resting,
    Standings,
    TransitionEntry,
    Transitions,
)
from credit_check_sdk.testing.conformance import FIRM, RECORD
from tests.ledger.samples import MINUTE, NOW, OFFICER, check

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place

CONTENT = "收据".encode()
PAPER = Paper(name="收据.txt", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


def change(cursor: str, kind: str = "objected", *, minutes: int = 0) -> Change:
    given = {"cursor": cursor, "source": "municipal", "record_id": RECORD.record_id, "change": kind}
    return Change.model_validate({**given, "at": NOW + minutes * MINUTE, "record": RECORD})


def taken(number: str, one: Change, *touched: str, before: RecordStanding | None = None) -> ChangeEntry:
    return ChangeEntry(number, one, NOW, (before or RecordStanding()).after(one, number, NOW), touched)


def step(number: str, event: str, before: str, after: str, *, follows: str = "", **more: Any) -> TransitionEntry:
    given: dict[str, Any] = {"event": event, "before": before, "after": after, "follows": follows, **more}
    return TransitionEntry(
        id=number,
        case_id="c-1",
        decision="dec_1",
        proposal="prop_dec_1_0",
        at=NOW,
        by="operator:u-1024",
        cause=more.get("cause", "applied"),
        why=Words(zh="执行", en="applied"),
        **{name: value for name, value in given.items() if name != "cause"},
    )


def objection(number: str = "obj_1", kind: str = "objection", due: date | None = date(2026, 12, 2)) -> Objection:
    given = {"id": number, "kind": kind, "case_id": "c-1", "point": "evaluate", "decision": "dec_1", "due_on": due}
    more = {"proposals": ("prop_dec_1_0",), "source": "municipal", "record_id": RECORD.record_id}
    said = {"subject_name": FIRM.name, "text": "记录有误", "papers": (PAPER,), "operator": OFFICER, "taken_at": NOW}
    return Objection.model_validate({**given, **more, **said, "term": "objection.answer", "feedback": f"fb_{number}"})


def refused(ledger: Ledger, *entries: Any) -> None:
    with pytest.raises(LedgerError) as raised:
        ledger.run(list(entries))
    assert raised.value.code == "ledger.conflict"
    assert raised.value.retryable


def test_a_cursor_moves_only_from_where_it_was_believed_to_be(ledger: Ledger) -> None:
    assert ledger.run(FeedCursor("municipal")) is None
    ledger.run([CursorEntry("municipal", None, "1", NOW)])
    refused(ledger, CursorEntry("municipal", None, "2", NOW))
    refused(ledger, CursorEntry("municipal", "0", "2", NOW))
    refused(ledger, CursorEntry("national", "0", "2", NOW))
    ledger.run([CursorEntry("municipal", "1", "2", NOW)])
    assert ledger.run(FeedCursor("municipal")) == "2"
    assert ledger.run(FeedCursor("national")) is None


def test_a_change_is_taken_once_with_all_it_caused_or_nothing_of_it(ledger: Ledger) -> None:
    ledger.run([check("dec_1")])
    one = change("7")
    assert ledger.run(KnownChanges((one,))) == (False,)
    ledger.run([taken("change_1", one, "dec_1"), CursorEntry("municipal", None, "7", NOW)])
    assert ledger.run(KnownChanges((one, change("8")))) == (True, False)
    again = [step("trans_1", "apply", "proposed", "in_force"), taken("change_2", one, "dec_1")]
    refused(ledger, *again)
    assert ledger.run(Transitions("dec_1")) == ()
    refused(ledger, taken("change_3", change("8"), "dec_1"), CursorEntry("municipal", "6", "8", NOW))
    assert ledger.run(KnownChanges((change("8"),))) == (False,)
    stored = ledger.run(CheckById("dec_1"))
    assert stored.touched_by == "change_1"
    assert {p.state for p in stored.decision.proposals} == {"suspended"}


def test_where_a_record_stands_is_kept_in_every_respect(ledger: Ledger) -> None:
    standing = RecordStanding()
    for place, kind in enumerate(("temporarily_lifted", "objected", "repaired", "objection_upheld"), 1):
        one = change(str(place), kind, minutes=place)
        entry = taken(f"change_{place}", one, before=standing)
        standing = entry.standing
        ledger.run([entry])
        assert ledger.run(Standings("municipal", (RECORD.record_id, "R-none"))) == {RECORD.record_id: standing}
    assert standing.carrying == "wrong"
    assert ledger.run(Standings("national", (RECORD.record_id,))) == {}


def test_what_rests_on_a_record_is_found(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), check("dec_2", "c-2", at=NOW + MINUTE), check("dec_3", "c-3", proposals=0)])
    assert ledger.run(Resting("municipal", RECORD.record_id)) == ("dec_1", "dec_2")
    assert ledger.run(Resting("municipal")) == ("dec_1", "dec_2")
    assert ledger.run(Resting("municipal", "R-none")) == ()
    assert ledger.run(Resting("national")) == ()


def test_a_measure_moves_only_from_where_it_was_believed_to_be(ledger: Ledger) -> None:
    ledger.run([check("dec_1")])
    first = step("trans_1", "apply", "proposed", "in_force", until=date(2029, 3, 1))
    ledger.run([first])
    refused(ledger, step("trans_2", "apply", "proposed", "in_force"))
    refused(ledger, step("trans_2", "suspend", "in_force", "suspended", follows="trans_0"))
    second = step(
        "trans_2", "suspend", "in_force", "suspended", follows="trans_1", returns="in_force", hold="verifying"
    )
    ledger.run([second])
    stored = ledger.run(CheckById("dec_1"))
    measure = stored.measure("prop_dec_1_0")
    assert (measure.state, measure.returns, measure.hold, measure.step) == (
        "suspended",
        "in_force",
        "verifying",
        "trans_2",
    )
    assert measure.in_force_at == NOW
    assert [p.state for p in stored.decision.proposals] == ["verifying"]
    third = step("trans_3", "restore", "suspended", "in_force", follows="trans_2")
    ledger.run([third])
    assert ledger.run(CheckById("dec_1")).measure("prop_dec_1_0").in_force_at == NOW
    assert ledger.run(Transitions("dec_1")) == (first, second, third)


def test_the_clock_finds_what_is_over_and_what_begins(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), check("dec_2", "c-2")])
    ledger.run([step("trans_1", "apply", "proposed", "in_force", until=date(2026, 11, 30))])
    other = step("trans_2", "notice", "proposed", "noticed", effective_on=date(2026, 12, 1))
    ledger.run([TransitionEntry(**{**_fields(other), "decision": "dec_2", "proposal": "prop_dec_2_0"})])
    assert ledger.run(DueMeasures(date(2026, 11, 30))) == (), "the until day still counts"
    assert ledger.run(DueMeasures(date(2026, 12, 1))) == ("dec_1", "dec_2")


def _fields(entry: TransitionEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in TransitionEntry.__slots__}


def test_what_is_to_be_put_right_is_found_by_the_upheld_objection(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), check("dec_2", "c-2")])
    ledger.run([step("trans_1", "apply", "proposed", "in_force")])
    ledger.run([taken("change_1", change("1"), "dec_1", "dec_2")])
    assert ledger.run(Redresses()) == ()
    rectified = step("trans_2", "rectify", "in_force", "rectified", follows="trans_1")
    ledger.run([taken("change_2", change("2", "objection_upheld", minutes=1), "dec_1", "dec_2"), rectified])
    found = ledger.run(Redresses())
    assert [(each.case_id, each.state, each.was_in_force) for each in found] == [
        ("c-1", "rectified", True),
        ("c-2", "proposed", False),
    ]
    assert {each.at for each in found} == {NOW + MINUTE}


def test_an_objection_is_kept_with_its_papers_and_closed_once(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), check("dec_2", "c-2")])
    first, second = objection(), objection("obj_2", "verifying", None)
    paper = PaperEntry("paper_1", "obj_1", "c-1", PAPER, CONTENT, NOW)
    ledger.run([ObjectionEntry(first, ("dec_1", "dec_2")), paper, ObjectionEntry(second)])
    assert [each.objection for each in ledger.run(Objections())] == [first, second]
    assert ledger.run(Papers("obj_1")) == ((PAPER, CONTENT),)
    assert ledger.run(Papers("obj_2")) == ledger.run(Papers("obj_none")) == ()
    assert [e.objection.id for e in ledger.run(Objections(due_before=date(2026, 12, 3)))] == ["obj_1"]
    assert ledger.run(Objections(due_before=date(2026, 12, 2))) == ()
    place = ("municipal", RECORD.record_id)
    assert len(ledger.run(Objections(records=(place,), states=("open",)))) == 2
    assert ledger.run(Objections(records=(("national", RECORD.record_id),))) == ()
    assert ledger.run(Objections(case_id="c-2")) == ()
    stored = ledger.run(CheckById("dec_2"))
    assert stored.touched_by == "obj_1"
    assert stored.standings[place].objections == 1, "the department's own question does not count here"
    closing = ObjectionAnswerEntry("answer_1", "obj_1", "c-1", "objection_rejected", NOW, "source:municipal")
    ledger.run([closing])
    refused(ledger, ObjectionAnswerEntry("answer_2", "obj_1", "c-1", "withdrawn", NOW, "operator:u-1"))
    (closed,) = ledger.run(Objections(number="obj_1"))
    assert (closed.state, closed.answer, closed.answered_at) == ("answered", "objection_rejected", NOW)
    assert ledger.run(CheckById("dec_2")).standings == {}


def test_what_came_while_a_check_was_being_made_touches_it(ledger: Ledger) -> None:
    """The record was read, then the change was taken, then the check was written down."""
    entry = check("dec_1", at=NOW - timedelta(minutes=1))
    ledger.run([taken("change_1", change("1"))])
    ledger.run([entry])
    stored = ledger.run(CheckById("dec_1"))
    assert stored.touched_by == "change_1"
    assert {p.state for p in stored.decision.proposals} == {"suspended"}
    later = check("dec_2", at=NOW + timedelta(minutes=1))
    ledger.run([later])
    assert ledger.run(CheckById("dec_2")).touched_by is None, "the platform knew of it when it was asked"


def test_nothing_of_it_can_be_read_from_the_file(place: Place, ledger: Ledger) -> None:
    ledger.run([check("dec_1"), taken("change_1", change("1"), "dec_1"), ObjectionEntry(objection(), ("dec_1",))])
    ledger.run([PaperEntry("paper_1", "obj_1", "c-1", PAPER, CONTENT, NOW)])
    if place.kind != "sqlite":
        rows = [row for table in ("entry", "change", "record", "objection") for row in place.sql(f"SELECT * FROM credit_{table}")]  # noqa: S608  names of our own tables  # fmt: skip
        raw = repr(rows).encode()
    else:
        ledger.close()
        file = Path(place.options["file"])
        raw = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    for secret in (RECORD.record_id, FIRM.name, FIRM.identifiers[0].value, "记录有误", "收据", PAPER.sha256):
        assert secret.encode() not in raw
