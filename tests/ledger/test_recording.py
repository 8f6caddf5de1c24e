"""What is recorded is found again as it was, whole, on both kinds of database and from both front sides."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model.ledger import CheckById, LatestCheck, OutboxRows
from tests.ledger.samples import MINUTE, NOW, OFFICER, answer, check, notice, promise

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place

REVEAL = {"reveal": True}


def test_a_check_is_found_again_word_for_word(ledger: Ledger) -> None:
    entry = check("dec_1", proposals=2, host={"number": 451100202600012345, "share": 0.1, "名": ["甲", None, True]})
    ledger.run([entry, notice()])
    found = ledger.run(CheckById("dec_1"))
    assert found.decision.model_dump_json(context=REVEAL) == entry.decision.model_dump_json(context=REVEAL)
    assert found.case.model_dump_json(context=REVEAL) == entry.case.model_dump_json(context=REVEAL)
    assert found.case.subject == entry.case.subject
    assert found.consultations == entry.consultations
    assert (found.parties, found.rules, found.touched_by, found.responses) == ("parties", "rules", None, ())
    assert ledger.run(LatestCheck("c-1", "evaluate")) == found
    assert asyncio.run(ledger.run_async(LatestCheck("c-1", "evaluate"))) == found


@pytest.mark.parametrize("value", [2**53, -(2**64), 1e300, 0.1, "\ud800", "😀", {"\ue000": 1, "😀": 2}])
def test_whatever_a_host_wants_to_find_again_is_found(ledger: Ledger, value: Any) -> None:
    ledger.run([check("dec_1", host={"value": value})])
    assert ledger.run(CheckById("dec_1")).case.host == {"value": value}


def test_the_latest_check_is_the_one_decided_last(ledger: Ledger) -> None:
    ledger.run([check("dec_2", at=NOW + MINUTE), check("dec_1"), check("dec_3", point="award", at=NOW + 2 * MINUTE)])
    assert ledger.run(LatestCheck("c-1", "evaluate")).decision.id == "dec_2"
    assert ledger.run(LatestCheck("c-1", "award")).decision.id == "dec_3"
    assert ledger.run(LatestCheck("c-2", "evaluate")) is None
    assert ledger.run(CheckById("dec_9")) is None


def test_answers_come_oldest_first_and_the_latest_stands(ledger: Ledger) -> None:
    ledger.run([check("dec_1", proposals=2)])
    ledger.run([answer("resp_2", "dec_1", said="set_aside", at=NOW + MINUTE, amends="resp_1", feedback="fb_2")])
    ledger.run([answer("resp_1", "dec_1", feedback="fb_1"), answer("resp_3", "dec_1", 1, at=NOW + 2 * MINUTE)])
    found = ledger.run(CheckById("dec_1"))
    assert [given.id for given in found.responses] == ["resp_1", "resp_2", "resp_3"]
    standing = found.standing()["prop_dec_1_0"]
    assert (standing.response.answer, standing.feedback, standing.operator) == ("set_aside", "fb_2", OFFICER)
    assert standing.at == NOW + MINUTE


def test_entries_are_recorded_all_or_none(ledger: Ledger) -> None:
    ledger.run([answer("resp_1", "dec_0")])
    with pytest.raises(LedgerError) as caught:
        ledger.run([check("dec_1"), promise("fb_1"), answer("resp_1", "dec_1")])
    assert (caught.value.code, caught.value.retryable) == ("ledger.unavailable", True)
    assert ledger.run(CheckById("dec_1")) is None
    assert ledger.run(OutboxRows()) == ()


def test_a_check_is_never_written_over(ledger: Ledger) -> None:
    ledger.run([check("dec_1")])
    with pytest.raises(LedgerError):
        ledger.run([check("dec_1", proposals=0, at=NOW + timedelta(days=1))])
    assert ledger.run(CheckById("dec_1")).decision.outcome == "restricted"


@pytest.mark.parametrize("work", ["?", [object()], None])
def test_what_the_ledger_does_not_know_is_a_mistake(ledger: Ledger, work: Any) -> None:
    with pytest.raises(TypeError, match=r"the ledger (knows|takes) no"):
        ledger.run(work)


def test_many_threads_and_tasks_record_side_by_side(place: Place) -> None:
    ledgers = [place.ledger(), place.ledger()]

    async def run() -> None:
        # The first of them make the tables, all at once.
        await asyncio.gather(
            *(ledgers[n % 2].run_async([check(f"dec_{n}"), promise(f"fb_{n}")]) for n in range(40)),
        )

    asyncio.run(run())
    assert {row.key for row in ledgers[0].run(OutboxRows())} == {f"fb_{n}" for n in range(40)}
    assert ledgers[1].run(LatestCheck("c-1", "evaluate")).decision.id == "dec_9"
    for ledger in ledgers:
        ledger.close()
