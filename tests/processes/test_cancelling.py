"""A task that is cancelled wherever it waits: what it began is whole or not there, and the client goes on working."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from credit_check_sdk import AsyncCreditCheck, GateError, Response
from tests.kit import OFFICER, case, record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

    from credit_check_sdk import Case


class CancelledAt:
    """Await *inner*, and cancel the task when it waits for the *turn*-th time."""

    def __init__(self, inner: Any, turn: int) -> None:
        self.inner, self.turn, self.waited = inner, turn, 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self.inner.__await__()
        given: Any = None
        failed: BaseException | None = None
        while True:
            try:
                waiting = steps.throw(failed) if failed else steps.send(given)
            except StopIteration as stop:
                return stop.value
            self.waited += 1
            if self.waited == self.turn:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                given, failed = (yield waiting), None
            except BaseException as error:  # noqa: BLE001  whatever is thrown in, it goes to what waits inside
                failed = error


async def at_every_wait(make: Callable[[], Awaitable[Any]], after: Callable[[str], Awaitable[None]]) -> int:
    """Do it again and again, cancelled at the first wait, at the second …, until it ends by itself; say how many there were.

    *after* is told whether it ``ended`` or was ``cancelled``.
    """
    for turn in range(1, 200):
        one = CancelledAt(make(), turn)

        async def whole(one: CancelledAt = one) -> Any:
            return await one

        task = asyncio.create_task(whole())
        try:
            await asyncio.wait_for(asyncio.shield(task), 60)
        except asyncio.CancelledError:
            assert task.cancelled()
            await after("cancelled")
        else:
            await after("ended")
            if one.waited < turn:
                return turn - 1
    pytest.fail("it waits for ever")


def test_a_check_that_is_cancelled_is_whole_or_not_there(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))

    async def play() -> int:
        async with AsyncCreditCheck.open(config) as credit:
            given: list[Case] = []

            def check() -> Awaitable[Any]:
                given.append(case())
                return credit.check(given[-1])

            async def after(how: str) -> None:
                await asyncio.sleep(0.02)
                stored = await credit.latest(given[-1].id, "evaluate")
                assert stored or how == "cancelled"
                if stored:
                    assert len(stored.decision.proposals) == 1
                    assert len(await credit.notices(case_id=given[-1].id)) == 1
                else:
                    with pytest.raises(GateError) as refused:
                        await credit.require(given[-1])
                    assert refused.value.code == "gate.never_checked"
                again = await credit.check(given[-1])
                assert again.outcome == "restricted"

            waits = await at_every_wait(check, after)
            assert (await credit.verify_evidence()).whole
            return waits

    assert asyncio.run(play()) >= 3


def test_an_answer_that_is_cancelled_is_given_wholly_or_not(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))

    async def play() -> tuple[int, int]:
        async with AsyncCreditCheck.open(config) as credit:
            decisions = []

            def answers(decision: Any) -> list[Response]:
                return [Response(proposal=each.id, answer="applied") for each in decision.proposals]

            async def checked_and_settled(turn: int) -> Any:
                decisions.append(await credit.check(case()))
                return await CancelledAt(credit.settle(decisions[-1], answers(decisions[-1]), operator=OFFICER), turn)

            for turn in range(1, 100):
                task = asyncio.create_task(checked_and_settled(turn))
                done, _ = await asyncio.wait({task}, timeout=60)
                assert done
                await asyncio.sleep(0.02)
                decision = decisions[-1]
                settled = [row for row in await credit.outbox() if row.case_id == decision.case_id]
                assert len(settled) in ({0, 1} if task.cancelled() else {1})
                await credit.settle(decision, answers(decision), operator=OFFICER)
                assert len([row for row in await credit.outbox() if row.case_id == decision.case_id]) == 1
                if not task.cancelled():
                    break
            await credit.relay()
            return turn, len(decisions) - sandbox.received("feedback")["total"]

    turns, missing = asyncio.run(play())
    assert turns > 1
    assert missing == 0


def test_a_relay_that_is_cancelled_loses_and_doubles_nothing(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))

    async def play() -> tuple[int, dict[str, int], int]:
        async with AsyncCreditCheck.open(config) as credit:
            made = 0
            # Rows that were leased by a relay that is no more come back when the lease runs out: here, soon.
            credit._desk = replace(credit._desk, relay=replace(credit._desk.relay, lease=timedelta(seconds=1)))

            async def promise() -> None:
                nonlocal made
                decision = await credit.check(case())
                answers = [Response(proposal=each.id, answer="applied") for each in decision.proposals]
                await credit.settle(decision, answers, operator=OFFICER)
                made += 1

            async def after(_: str) -> None:
                await asyncio.sleep(0.02)
                counts = (await credit.outbox_status()).counts
                assert sum(counts.values()) == made
                await promise()

            await promise()
            waits = await at_every_wait(credit.relay, after)
            status = await credit.outbox_status()
            for _ in range(50):
                await credit.relay()
                status = await credit.outbox_status()
                if not status.undelivered:
                    break
                await asyncio.sleep(0.2)
            assert (await credit.verify_evidence()).whole
            return waits, dict(status.counts), made

    waits, counts, made = asyncio.run(play())
    assert waits >= 5
    assert counts == {"delivered": made}
    assert sandbox.received("feedback")["total"] == made


def test_changes_that_are_cancelled_are_followed_the_next_time(config: Path, sandbox: Any) -> None:
    stored = sandbox.put_record(record(list_code="MOF-ZC"))

    async def play() -> tuple[int, str]:
        async with AsyncCreditCheck.open(config) as credit:
            decision = await credit.check(case())
            answers = [Response(proposal=each.id, answer="applied") for each in decision.proposals]
            await credit.settle(decision, answers, operator=OFFICER)
            sandbox.change(stored, "objected")

            async def after(_: str) -> None:
                await asyncio.sleep(0.02)

            waits = await at_every_wait(credit.sync, after)
            await credit.sync()
            return waits, [moved.after for moved in await credit.transitions(decision.id)][-1]

    waits, state = asyncio.run(play())
    assert waits >= 3
    assert state == "suspended"


def test_a_host_s_transaction_that_is_cancelled_leaves_nothing(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))

    async def play() -> int:
        async with AsyncCreditCheck.open(config) as credit:
            await credit.check(case())
            engine = create_async_engine(f"sqlite+aiosqlite:///{config.parent / 'credit-check.db'}")
            async with engine.begin() as connection:
                await connection.execute(text("CREATE TABLE host (case_id TEXT)"))
            given: list[Case] = []

            async def host() -> None:
                given.append(case())
                async with engine.begin() as connection:
                    await connection.execute(text("INSERT INTO host VALUES (:id)"), {"id": given[-1].id})
                    await credit.check(given[-1], transaction=connection)

            async def after(how: str) -> None:
                await asyncio.sleep(0.05)
                async with engine.connect() as connection:
                    found = await connection.execute(
                        text("SELECT count(*) FROM host WHERE case_id = :id"), {"id": given[-1].id}
                    )
                    mine = found.scalar_one() == 1
                stored = await credit.latest(given[-1].id, "evaluate")
                assert mine == (stored is not None)
                assert mine or how == "cancelled"

            waits = await at_every_wait(host, after)
            await engine.dispose()
            return waits

    assert asyncio.run(play()) >= 8
