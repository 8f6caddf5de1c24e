"""Recorded checks beside bare durable rows: one caller, many callers, many processes, and how long a writer waits."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import sqlite3
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Line, compare
from benchmarks.setting import Setting, case, setting
from credit_check_sdk import AsyncCreditCheck, CreditCheck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from credit_check_sdk import Case

_EACH = 8
"""Checks of each caller in one turn."""
_numbers = itertools.count(1)


def fresh(here: Setting, many: int) -> list[Case]:
    """Make files of their own about the one subject that is remembered."""
    return [here.case.model_copy(update={"id": f"D-{next(_numbers)}"}) for _ in range(many)]


class Bare:
    """The floor: rows of the same size, committed by whoever comes first for all who wait (group commit), durably."""

    def __init__(self, path: Path, size: int) -> None:
        self._store = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, body BLOB)")
        self._size = size
        self._queue: list[tuple[bytes, threading.Event]] = []
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def put(self) -> None:
        """Write one row, and come back when it is on disk."""
        mine = (os.urandom(self._size), threading.Event())
        with self._lock:
            self._queue.append(mine)
        with self._turn:
            if mine[1].is_set():
                return
            with self._lock:
                batch, self._queue = self._queue, []
            self._store.execute("BEGIN IMMEDIATE")
            self._store.executemany("INSERT INTO row (body) VALUES (?)", [(body,) for body, _ in batch])
            self._store.execute("COMMIT")
            for _, done in batch:
                done.set()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def written(here: Setting) -> int:
    """Say how many bytes of content one recorded check leaves in the ledger."""
    here.credit.check(fresh(here, 1)[0])
    with sqlite3.connect(here.config.parent / "credit-check.db") as ledger:
        return int(ledger.execute("SELECT sum(length(body)) / count(DISTINCT case_id) FROM credit_entry").fetchone()[0])


def recorded(rounds: int) -> Iterator[Line]:
    """Compare recorded checks, receipt and durable row, with bare group-committed rows, by the number of callers."""
    with setting() as here:
        for file in fresh(here, 2):
            here.credit.check(file)
        bare = Bare(here.config.parent / "bare.db", written(here))
        for callers in (1, 32, 128):
            yield compare(
                f"recorded checks, {callers} callers / bare group-committed SQLite rows",
                lambda callers=callers: _crowd(callers, lambda: here.credit.check(fresh(here, 1)[0])),  # type: ignore[misc]
                lambda callers=callers: _crowd(callers, bare.put),  # type: ignore[misc]
                rounds=rounds,
                cost=True,
                note=f"rate {callers * _EACH} checks a turn; to reach: at most 2.5 × the cost with 32 callers",
            )
        bare.close()
        yield _awaited(here, rounds)


def _crowd(callers: int, work: Any) -> None:
    if callers == 1:
        for _ in range(_EACH):
            work()
        return
    with ThreadPoolExecutor(callers) as pool:
        for future in [pool.submit(lambda: [work() for _ in range(_EACH)]) for _ in range(callers)]:
            future.result()


def _awaited(here: Setting, rounds: int) -> Line:
    """Compare the rate of 32 callers on one event loop with that of one."""
    loop = asyncio.new_event_loop()

    async def opened() -> AsyncCreditCheck:
        credit = AsyncCreditCheck.open(here.config)
        await credit.check(fresh(here, 1)[0])
        return credit

    credit = loop.run_until_complete(opened())

    async def many(callers: int) -> None:
        async def one() -> None:
            for file in fresh(here, _EACH):
                await credit.check(file)

        await asyncio.gather(*(one() for _ in range(callers)))

    def rate(callers: int) -> float:
        started = time.perf_counter()
        loop.run_until_complete(many(callers))
        return callers * _EACH / (time.perf_counter() - started)

    rate(32)
    pairs = [(rate(32), rate(1)) for _ in range(rounds)]
    loop.run_until_complete(credit.close())
    ratios = sorted(a / b for a, b in pairs)
    return Line(
        "recorded checks, 32 callers on one loop / one caller (rate)",
        statistics.median(ratios), ratios[0], ratios[-1],
        1 / statistics.median(a for a, _ in pairs), 1 / statistics.median(b for _, b in pairs),
        note="to reach: 4 × the rate",
    )  # fmt: skip


def _write(config: str, worker: int, seconds: float, go: Any, told: Any) -> None:
    """Write recorded checks for some seconds; tell how many, and the longest one took."""
    with CreditCheck.open(config) as credit:
        pattern = case()
        for number in range(3):
            credit.check(pattern.model_copy(update={"id": f"W-{worker}-warm-{number}"}))
        told.send("ready")
        go.wait(60)
        ends, number, longest = time.perf_counter() + seconds, 0, 0.0
        while time.perf_counter() < ends:
            began = time.perf_counter()
            credit.check(pattern.model_copy(update={"id": f"W-{worker}-{number}"}))
            longest = max(longest, time.perf_counter() - began)
            number += 1
        told.send((number, longest))


def _bare_write(path: str, worker: int, seconds: float, go: Any, told: Any) -> None:
    """The same with bare rows, as sqlite3 does it by itself."""
    del worker
    store = sqlite3.connect(path, isolation_level=None, timeout=30)
    store.execute("PRAGMA synchronous = FULL")
    told.send("ready")
    go.wait(60)
    ends, number, longest = time.perf_counter() + seconds, 0, 0.0
    while time.perf_counter() < ends:
        began = time.perf_counter()
        store.execute("BEGIN IMMEDIATE")
        store.execute("INSERT INTO row (body) VALUES (?)", (os.urandom(6000),))
        store.execute("COMMIT")
        longest = max(longest, time.perf_counter() - began)
        number += 1
    store.close()
    told.send((number, longest))


def _processes(target: Any, where: str, many: int, seconds: float) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    go = context.Event()
    pipes = [context.Pipe(duplex=False) for _ in range(many)]
    workers = [
        context.Process(target=target, args=(where, number, seconds, go, told), daemon=True)
        for number, (_, told) in enumerate(pipes)
    ]
    for worker in workers:
        worker.start()
    for hearing, _ in pipes:
        hearing.recv()
    go.set()
    found = [hearing.recv() for hearing, _ in pipes]
    for worker in workers:
        worker.join(60)
    return sum(number for number, _ in found) / seconds, max(longest for _, longest in found)


def writers(rounds: int) -> Iterator[Line]:
    """Compare four processes that write one ledger with one, and the longest wait of a writer with bare SQLite's."""
    with setting() as here:
        bare = here.config.parent / "bare.db"
        Bare(bare, 10).close()
        rates, waits, theirs = [], [], []
        for _ in range(max(3, rounds // 2)):
            one, _ = _processes(_write, str(here.config), 1, 2.0)
            four, wait = _processes(_write, str(here.config), 4, 2.0)
            _, bare_wait = _processes(_bare_write, str(bare), 4, 2.0)
            rates.append((four, one))
            waits.append(wait)
            theirs.append(bare_wait)
        ratios = sorted(a / b for a, b in rates)
        yield Line(
            "recorded checks, 4 processes on one ledger / one process (rate)",
            statistics.median(ratios), ratios[0], ratios[-1],
            1 / statistics.median(a for a, _ in rates), 1 / statistics.median(b for _, b in rates),
            note="to reach: 1 × the rate",
        )  # fmt: skip
        spread = sorted(a / b for a, b in zip(waits, theirs, strict=True))
        yield Line(
            "longest wait of a writer among 4 processes / of a bare SQLite writer among 4",
            statistics.median(spread), spread[0], spread[-1],
            statistics.median(waits), statistics.median(theirs), cost=True,
            note=f"longest of all {max(waits) * 1000:.0f} ms beside {max(theirs) * 1000:.0f} ms; to reach: 250 ms",
        )  # fmt: skip
