"""Whoever asks the same at the same time shares one call: its answer and its error alike."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import AsyncCreditCheck, CreditCheck, LedgerError
from credit_check_sdk.core.desk import Consulting
from credit_check_sdk.flow import About
from tests.kit import OTHER, case, organisation
from tests.sources.kit import Told, garbage, unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk import Decision, Level

CALLERS = 200
OTHERS: tuple[Level, ...] = ("regional", "national", "enterprise")


def ask_in(client: Any, *sources: Told) -> None:
    for source in sources:
        client._desk.sources[source.id] = Consulting(source, source.level, 30.0)


def codes(decision: Decision) -> dict[str, str]:
    return {silence.source: silence.code for silence in decision.silences}


def answers_when_all_have_asked(client: Any, told: Told) -> None:
    """Let *told* answer only when everybody has come for its answer."""
    asking, came = client._world.asking, itertools.count(1)
    claim, arrived = asking._claim, [0]

    def counting(call: Any) -> Any:
        found = claim(call)
        if call.source == told.id:
            arrived[0] = next(came)
        return found

    asking._claim = counting
    told.until = lambda: arrived[0] >= CALLERS


def crowd(kind: str, config: Path, told: Told) -> list[Decision]:
    """Let many check one cold subject at once, each a file of its own."""
    files = [case() for _ in range(CALLERS)]
    quick = [Told(name) for name in OTHERS]
    if kind == "threads":
        with CreditCheck.open(config) as credit, ThreadPoolExecutor(CALLERS) as pool:
            ask_in(credit, told, *quick)
            answers_when_all_have_asked(credit, told)
            return list(pool.map(lambda file: credit.check(file, record=False), files))

    async def run() -> list[Decision]:
        async with AsyncCreditCheck.open(config) as credit:
            ask_in(credit, told, *quick)
            answers_when_all_have_asked(credit, told)
            return list(await asyncio.gather(*(credit.check(file, record=False) for file in files)))

    return asyncio.run(run())


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_two_hundred_callers_make_one_call(kind: str, config: Path) -> None:
    told = Told("municipal")
    found = crowd(kind, config, told)
    assert told.calls == 1
    assert {decision.outcome for decision in found} == {"clear"}


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_when_it_fails_there_is_one_attempt_sequence_and_all_are_told(kind: str, config: Path) -> None:
    told = Told("municipal", [unreachable()], always=True)
    found = crowd(kind, config, told)
    assert told.calls == 3  # one sequence: three tries
    assert {decision.outcome for decision in found} == {"undecided"}
    assert {tuple(codes(decision).items()) for decision in found} == {(("municipal", "source.unreachable"),)}


def test_a_cancelled_leader_takes_nobody_along(config: Path) -> None:
    async def run() -> None:
        async with AsyncCreditCheck.open(config) as credit:
            told = Told("municipal", slow=1.5)
            ask_in(credit, told)
            leader = asyncio.create_task(credit.check(case(), record=False))
            await told.began.wait()
            others = [asyncio.create_task(credit.check(case(), record=False)) for _ in range(20)]
            await asyncio.sleep(0.05)
            leader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leader
            found = await asyncio.gather(*others)
            assert {decision.outcome for decision in found} == {"clear"}
            assert told.calls == 1

    asyncio.run(run())


def test_a_leader_whose_loop_ends_leaves_the_lead_to_somebody_else(config: Path) -> None:
    client = AsyncCreditCheck.open(config)
    told = Told("municipal", slow=1.5)
    ask_in(client, told, *(Told(name) for name in OTHERS))
    found: list[Decision] = []
    begun = threading.Event()

    async def first() -> None:
        task = asyncio.create_task(client.check(case(), record=False))
        await told.began.wait()
        begun.set()
        await asyncio.sleep(0.1)
        task.cancel()  # and the loop ends with the call under way

    async def second() -> None:
        found.append(await client.check(case(), record=False))

    leading = threading.Thread(target=lambda: asyncio.run(first()))
    leading.start()
    begun.wait(5)
    asyncio.run(second())
    leading.join(5)
    assert found[0].outcome == "clear"
    assert told.calls == 2
    asyncio.run(client.close())


def test_who_comes_after_it_failed_asks_anew(config: Path) -> None:
    with CreditCheck.open(config) as credit:
        told = Told("municipal", [garbage()])
        ask_in(credit, told)
        assert credit.check(case(), record=False).outcome == "undecided"
        assert credit.check(case(), record=False).outcome == "clear"
        assert told.calls == 2


def test_other_purposes_and_subjects_are_calls_of_their_own(config: Path) -> None:
    with CreditCheck.open(config) as credit, ThreadPoolExecutor(3) as pool:
        told = Told("municipal", slow=0.2)
        ask_in(credit, told)
        other = {"text": "另一目的", "basis": "政府采购法 第二十二条"}
        files = [case(), case(purpose=other), case(organisation(OTHER))]
        list(pool.map(lambda file: credit.check(file, record=False), files))
        assert told.calls == 3


def test_everybody_hears_about_the_subject_as_they_named_it(config: Path) -> None:
    spaced = organisation("9145 1100 MA5A AAAA 2F")
    with CreditCheck.open(config) as credit, ThreadPoolExecutor(2) as pool:
        told = Told("municipal", slow=0.2)
        ask_in(credit, told)
        found = list(pool.map(lambda file: credit.check(file, record=False), [case(), case(spaced)]))
        assert told.calls == 1
        assert {decision.outcome for decision in found} == {"clear"}
        assert all(len(decision.evidences) == 4 for decision in found)


def test_nobody_joins_a_call_that_was_made_before_a_change_came(config: Path) -> None:
    with CreditCheck.open(config) as credit, ThreadPoolExecutor(2) as pool:
        told = Told("municipal", slow=0.4)
        ask_in(credit, told)
        first = pool.submit(credit.check, case(), record=False)
        while not told.calls:
            time.sleep(0.01)
        credit._world.forget([About("municipal", "cn-uscc", "91451100MA5AAAAA2F")])
        second = pool.submit(credit.check, case(), record=False)
        assert first.result(10).outcome == second.result(10).outcome == "clear"
        assert told.calls == 2
        # What the first one heard is not remembered; what the second one heard is.
        credit.check(case(), record=False)
        assert told.calls == 2


def test_when_nothing_can_be_noted_everybody_is_told_so(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CreditCheck.open(config) as credit, ThreadPoolExecutor(8) as pool:
        told = Told("municipal")
        ask_in(credit, told)

        def refused(*_: object) -> Any:
            time.sleep(0.2)
            raise LedgerError("full", "已满", code="audit.unavailable")

        monkeypatch.setattr(credit._world.audit, "write", refused)
        waiting = [pool.submit(credit.check, case(), record=False) for _ in range(8)]
        assert {type(future.exception(10)) for future in waiting} == {LedgerError}
        assert told.calls == 0
