"""A sealed ledger with an entry of every kind, and a hand that changes it past the ledger."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from credit_check_sdk.model import Change, ManualEvidence, NoticeDelivery, Objection, Paper, Recheck
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.ledger import (
    BeginChain,
    ChangeEntry,
    Entry,
    ManualEntry,
    NoticeDeliveryEntry,
    ObjectionAnswerEntry,
    ObjectionEntry,
    PaperEntry,
    RecheckedEntry,
    RecheckEntry,
    Seal,
    TransitionEntry,
    VerifyEvidence,
)
from credit_check_sdk.testing.conformance import FIRM, RECORD
from tests.ledger.samples import NOW, OFFICER, WORDS, answer, check, notice, promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk import Checkpoint, Verification
    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place

KEYS = {
    "credit_entry": ("id",),
    "credit_seal": ("place",),
    "credit_chain": ("number",),
    "credit_checkpoint": ("chain", "size", "key_id"),
    "credit_check": ("decision",),
    "credit_proposal": ("proposal",),
    "credit_ground": ("proposal", "source", "record_key"),
    "credit_subject": ("subject_key", "decision"),
    "credit_response": ("id",),
    "credit_notice": ("notice",),
    "credit_outbox": ("key",),
    "credit_change": ("id",),
    "credit_touch": ("change", "decision"),
    "credit_transition": ("id",),
    "credit_measure": ("proposal",),
    "credit_objection": ("objection",),
    "credit_recheck": ("recheck",),
    "credit_commitment": ("code",),
    "credit_publication": ("key",),
    "credit_manual": ("manual",),
}
"""Columns by which a row is found."""


def delivered(number: str = "delivery_1") -> NoticeDeliveryEntry:
    said = NoticeDelivery.model_validate({"method": "post", "on": "2026-11-24", "operator": OFFICER}, strict=False)
    return NoticeDeliveryEntry(number, "notice_1", "c-1", said, NOW)


def fill(ledger: Ledger) -> Checkpoint:
    """Record an entry of every kind, sealed in four goes, the last on a second chain."""
    ledger.run([check("dec_1", proposals=2), notice()])
    ledger.run([answer("resp_1", "dec_1", feedback="fb_1"), promise("fb_1")])
    seal(ledger)
    ledger.run([answer("resp_2", "dec_1", 1, "set_aside"), promise("fb_2"), delivered()])
    seal(ledger)
    ledger.run([changed(), transition(), *disputed(), *left_open()])
    seal(ledger)
    ledger.run(BeginChain("restored", NOW))
    ledger.run([check("dec_2", "c-2"), promise("fb_3")])
    return seal(ledger)


def changed() -> ChangeEntry:
    change = Change(cursor="1", source="municipal", record_id=RECORD.record_id, change="objected", at=NOW)
    return ChangeEntry("change_1", change, NOW, RecordStanding().after(change, "change_1", NOW), ("dec_1",))


def disputed() -> list[Entry]:
    paper = Paper(name="收据.txt", sha256=hashlib.sha256(b"...").hexdigest(), size=3)
    taken = Objection(
        id="obj_1",
        case_id="c-1",
        point="evaluate",
        decision="dec_1",
        proposals=("prop_dec_1_0",),
        source="municipal",
        record_id=RECORD.record_id,
        subject_name=FIRM.name,
        text="…",
        papers=(paper,),
        operator=OFFICER,
        taken_at=NOW,
        term="objection.answer",
        feedback="fb_2",
    )
    answered = ObjectionAnswerEntry("answer_1", "obj_1", "c-1", "objection_rejected", NOW, "source:municipal")
    return [ObjectionEntry(taken, ("dec_1",)), PaperEntry("paper_1", "obj_1", "c-1", paper, b"...", NOW), answered]


def left_open() -> list[Entry]:
    by_hand = ManualEvidence(
        id="manual_1",
        case_id="c-1",
        point="evaluate",
        source="municipal",
        site="窗口",
        queried_at=NOW,
        operator=OFFICER,
        file="seen.pdf",
        size=1,
        digest="sha256:" + "0" * 64,
        attached_at=NOW,
    )
    again = Recheck(id="recheck_1", due_on=NOW.date())
    return [
        RecheckEntry(again, "dec_1", "c-1", "procurement.goods", "evaluate", "d", ("municipal",), NOW),
        RecheckedEntry("rechecked_1", "recheck_1", "c-1", "dec_9", "restricted", adverse=True, at=NOW),
        ManualEntry(by_hand, b"x"),
    ]


def transition() -> TransitionEntry:
    return TransitionEntry(
        id="trans_1",
        case_id="c-1",
        decision="dec_1",
        proposal="prop_dec_1_0",
        event="apply",
        before="proposed",
        after="in_force",
        at=NOW,
        by="operator:u-1024",
        cause="applied",
        why=WORDS,
    )


def seal(ledger: Ledger, limit: int = 500) -> Checkpoint:
    checkpoint: Checkpoint = ledger.run(Seal(NOW, limit)).checkpoint
    return checkpoint


def verify(ledger: Ledger, against: Checkpoint | None = None) -> Verification:
    found: Verification = ledger.run(VerifyEvidence(against))
    return found


@dataclass
class Hand:
    """Somebody who can write to the database, and has no key."""

    place: Place

    def __post_init__(self) -> None:
        self.engine = create_engine(self.place.url)

    def do(self, *statements: str, **names: Any) -> None:
        """Change something for good, in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), names)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Read a table."""
        with self.engine.begin() as connection:
            order = ", ".join(KEYS[table])
            found = connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))  # noqa: S608  a table's own name
            return [dict(row._mapping) for row in found]

    @contextlib.contextmanager
    def changed(self, table: str, row: dict[str, Any], column: str, value: Any) -> Iterator[None]:
        """Change one column of one row for a while."""
        self._set(table, row, column, value)
        try:
            yield
        finally:
            self._set(table, {**row, column: value}, column, row[column])

    def _set(self, table: str, row: dict[str, Any], column: str, value: Any) -> None:
        where = " AND ".join(f"{key} = :k_{key}" for key in KEYS[table])
        names = {f"k_{key}": row[key] for key in KEYS[table]}
        self.do(f"UPDATE {table} SET {column} = :new WHERE {where}", new=value, **names)  # noqa: S608  a table's own names


def near(value: Any) -> list[Any]:
    """Give values that differ from *value* in one byte."""
    if isinstance(value, bytes | memoryview):
        plain = bytes(value)
        places = sorted({0, len(plain) // 2, len(plain) - 1})
        return [plain[:n] + bytes([plain[n] ^ 1]) + plain[n + 1 :] for n in places]
    if isinstance(value, int):
        return [value ^ (1 << 20), value ^ (1 << 9)]
    if isinstance(value, str) and value:
        places = sorted({0, len(value) // 2, len(value) - 1})
        return [value[:n] + ("x" if value[n] != "x" else "y") + value[n + 1 :] for n in places]
    return ["7"]  # a text or a number, as the column has it
