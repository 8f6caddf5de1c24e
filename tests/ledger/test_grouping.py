"""Those who record at the same time share one commit; each is durable when it returns, and fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger
from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model.ledger import CheckById
from tests.ledger.samples import check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    made = Ledger(f"sqlite:///{path}", KeyRing.ephemeral())
    made.prepare()
    yield made
    made.close()


def commits(ledger: Ledger) -> list[int]:
    """Count, from now on, how many callers each commit carries."""
    sizes: list[int] = []
    group: Any = ledger._group
    together = group._together

    def counting(batch: list[Any]) -> None:
        sizes.append(len(batch))
        together(batch)

    group._together = counting
    return sizes


def queued(ledger: Any) -> int:
    return len(ledger._group._waiting)


def held_up(ledger: Ledger) -> Any:
    """Hold up commits until told, so that callers queue up."""
    group: Any = ledger._group
    group._leading.acquire()
    return group._leading


def test_callers_who_wait_share_one_commit(ledger: Ledger, path: Path) -> None:
    sizes, lock = commits(ledger), held_up(ledger)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(ledger.run, [check(f"dec_{number}")]) for number in range(20)]
        while queued(ledger) < 20:
            threading.Event().wait(0.005)
        lock.release()
        for future in waiting:
            future.result(20)
    assert sizes == [20]
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM credit_check").fetchone() == (20,)


def test_on_an_event_loop_too(ledger: Ledger) -> None:
    sizes = commits(ledger)

    async def many() -> None:
        await asyncio.gather(*(ledger.run_async([check(f"dec_{number}")]) for number in range(32)))

    asyncio.run(many())
    assert sum(sizes) == 32
    assert len(sizes) < 8
    assert all(ledger.run(CheckById(f"dec_{number}")) is not None for number in range(32))


def test_a_caller_alone_waits_for_nobody(ledger: Ledger) -> None:
    sizes = commits(ledger)
    ledger.run([check("dec_1")])
    assert sizes == [1]


def test_one_that_fails_fails_alone(ledger: Ledger) -> None:
    ledger.run([check("dec_3")])
    lock = held_up(ledger)
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(ledger.run, [check(f"other_{n}"), check(f"dec_{n}")]) for n in range(6)]
        while queued(ledger) < 6:
            threading.Event().wait(0.005)
        lock.release()
        errors = [future.exception(20) for future in waiting]
    assert [type(error) for error in errors] == [type(None)] * 3 + [LedgerError] + [type(None)] * 2
    assert ledger.run(CheckById("other_3")) is None
    assert all(ledger.run(CheckById(f"other_{number}")) is not None for number in (0, 1, 2, 4, 5))


def test_when_the_commit_fails_all_are_told_and_nothing_is_there(ledger: Ledger, path: Path) -> None:
    lock = held_up(ledger)
    store: Any = ledger._store

    class Failing:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        def execute(self, statement: str, *given: Any) -> Any:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return self._connection.execute(statement, *given)

    take = store._take
    store._take = lambda: Failing(take())
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ledger.run, [check(f"dec_{number}")]) for number in range(4)]
        while queued(ledger) < 4:
            threading.Event().wait(0.005)
        lock.release()
        assert {type(future.exception(20)) for future in waiting} == {LedgerError}
    store._take = take
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM credit_check").fetchone() == (0,)
    ledger.run([check("dec_0")])
