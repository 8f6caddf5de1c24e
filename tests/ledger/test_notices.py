"""Notices in the ledger, on both kinds of database: found by what one asks for, those that are due first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from credit_check_sdk.model import Notice, NoticeDelivery, Words
from credit_check_sdk.model.ledger import NoticeDeliveryEntry, NoticeEntry, Notices
from tests.ledger.samples import MINUTE, NOW, OFFICER, answer, check

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger

DELIVERY = NoticeDelivery(method="in_person", on=NOW.date(), operator=OFFICER)


def drafted(number: str, decision: str = "dec_1", *, due: date | None = None, proposal: str = "prop_dec_1_0") -> Notice:
    return Notice(
        id=number,
        case_id="c-1",
        point="evaluate",
        decision=decision,
        proposal=proposal,
        subject_name="示例公司",
        text=Words(zh="告知", en="told"),
        drafted_at=NOW,
        due_on=due,
    )


def numbers(ledger: Ledger, question: Notices) -> list[str]:
    return [kept.notice.id for kept in ledger.run(question)]


def test_notices_are_found_by_what_is_asked_and_the_due_come_first(ledger: Ledger) -> None:
    late, soon, never = drafted("n-1", due=date(2026, 12, 2)), drafted("n-2", due=date(2026, 12, 1)), drafted("n-3")
    ledger.run([check("dec_1"), *(NoticeEntry(one) for one in (late, soon, never))])
    assert numbers(ledger, Notices()) == ["n-2", "n-1", "n-3"]
    assert numbers(ledger, Notices(due_by=date(2026, 12, 1))) == ["n-2"]
    assert numbers(ledger, Notices(case_id="c-2")) == []
    assert numbers(ledger, Notices(decision="dec_1", limit=1)) == ["n-2"]
    (kept,) = ledger.run(Notices(number="n-1"))
    assert (kept.notice, kept.state, kept.delivery) == (late, "drafted", None)
    assert (kept.overdue(date(2026, 12, 2)), kept.overdue(date(2026, 12, 3))) == (False, True)


def test_a_delivery_moves_it(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), NoticeEntry(drafted("n-1"))])
    ledger.run([NoticeDeliveryEntry("d-1", "n-1", "c-1", DELIVERY, NOW)])
    (kept,) = ledger.run(Notices(states=("delivered",)))
    assert (kept.notice.id, kept.delivery) == ("n-1", DELIVERY)
    assert numbers(ledger, Notices(states=("drafted", "withdrawn"))) == []


def test_a_newer_check_supersedes_what_nobody_applied(ledger: Ledger) -> None:
    ledger.run([check("dec_1", proposals=2), NoticeEntry(drafted("n-1")), NoticeEntry(drafted("n-2", proposal="prop_dec_1_1"))])  # fmt: skip
    ledger.run([answer("resp_1", "dec_1")])
    ledger.run([check("dec_2", at=NOW + MINUTE), NoticeEntry(drafted("n-3", "dec_2", proposal="prop_dec_2_0"))])
    states = {kept.notice.id: kept.state for kept in ledger.run(Notices())}
    assert states == {"n-1": "drafted", "n-2": "superseded", "n-3": "drafted"}


def test_an_answer_takes_it_back_and_another_gives_it_again(ledger: Ledger) -> None:
    ledger.run([check("dec_1"), NoticeEntry(drafted("n-1"))])
    ledger.run([answer("resp_1", "dec_1", said="set_aside")])
    assert numbers(ledger, Notices(states=("withdrawn",))) == ["n-1"]
    ledger.run([answer("resp_2", "dec_1", at=NOW + MINUTE, amends="resp_1")])
    assert numbers(ledger, Notices(states=("drafted",))) == ["n-1"]
