"""Whole checks beside caches, a bare database and a bare HTTP call."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
from cachetools import TTLCache

from benchmarks.measure import Line, Work, compare
from benchmarks.setting import Setting, case, setting
from credit_check_sdk import AsyncCreditCheck
from credit_check_sdk._shell.starting import SANDBOX_KEY, SANDBOX_SECRET
from credit_check_sdk.platform import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CASHEWS_AT_ONCE = 200
"""Hits of the asynchronous peer in one turn of its loop, so that starting the loop does not count."""


def warm(rounds: int) -> Iterator[Line]:
    """Compare a check out of memory, not recorded and without receipt, with cached hits of others."""
    with setting() as here:
        assert here.credit.check(here.case, record=False).outcome == "clear"

        def ours() -> object:
            return here.credit.check(here.case, record=False)

        peers: dict[str, tuple[Callable[[Setting], Work], int]] = {
            "hishel, cached hit": (_hishel, 50),
            "cashews, memory hit": (_cashews, 1),
            "bare cachetools hit": (_cachetools, 5000),
        }
        for name, (make, times) in peers.items():
            try:
                theirs = make(here)
            except ImportError as missing:
                yield Line(f"warm check / {name}", 0, 0, 0, 0, 0, note=f"skipped: {missing.name} is not installed")
                continue
            line = compare(f"warm check / {name}", ours, theirs, rounds=rounds, times=(200, times))
            yield line if name != "cashews, memory hit" else _each_of(line, _CASHEWS_AT_ONCE)


def _each_of(line: Line, many: int) -> Line:
    """Give the line for one call where the peer made *many* at once."""
    ratios = line.ratio / many, line.least / many, line.most / many
    return Line(line.name, *ratios, line.ours, line.theirs / many, note=line.note)


def _hishel(here: Setting) -> Work:
    from hishel import SqliteStorage  # noqa: PLC0415  a peer that may be missing
    from hishel.httpx import CacheTransport  # noqa: PLC0415  a peer that may be missing

    body = here.case.model_dump_json().encode()
    headers = {"cache-control": "max-age=3600", "content-type": "application/json"}
    origin = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body))
    storage = SqliteStorage(database_path=str(here.config.parent / "hishel.db"))
    client = httpx.Client(transport=CacheTransport(next_transport=origin, storage=storage))

    def hit() -> object:
        return client.get("http://platform.invalid/one").read()

    hit()
    return hit


def _cashews(here: Setting) -> Work:
    from cashews import Cache  # noqa: PLC0415  a peer that may be missing

    cache = Cache()
    cache.setup("mem://")
    body = here.case.model_dump_json().encode()

    @cache(ttl="10m", key="check:{key}")
    async def cached(key: str) -> bytes:
        del key
        return body

    loop = asyncio.new_event_loop()

    async def many() -> None:
        for _ in range(_CASHEWS_AT_ONCE):
            await cached("one")

    return lambda: loop.run_until_complete(many())


def _cachetools(here: Setting) -> Work:
    cache: TTLCache[str, Any] = TTLCache(1000, 600)
    lock = threading.Lock()
    cache["one"] = here.case

    def hit() -> object:
        with lock:
            return cache.get("one")

    return hit


def cold(rounds: int) -> Iterator[Line]:
    """Compare a cold check of one source with the bare HTTP call to the same server."""
    with setting(sources=1) as here, httpx.Client() as client:
        clean = here.sandbox.subjects("organisation", clean=True, limit=50)
        values = [each["identifiers"][0]["value"] for each in clean]
        turn = iter(range(10**9))
        asked = [_request(here, value) for value in values]

        def ours() -> object:
            number = next(turn)
            file = case(f"C-{number}", values[number % len(values)])
            unlike = file.model_copy(update={"purpose": file.purpose.model_copy(update={"text": f"第{number}次"})})  # type: ignore[union-attr]
            return here.credit.check(unlike, record=False)

        def theirs() -> object:
            number = next(turn)
            body, nonce, now = asked[number % len(asked)], f"nonce-{number}-{os.getpid()}", int(time.time())
            headers = {
                "content-type": wire.JSON,
                wire.KEY_HEADER: SANDBOX_KEY,
                wire.TIMESTAMP_HEADER: str(now),
                wire.NONCE_HEADER: nonce,
                wire.SIGNATURE_HEADER: wire.signature(SANDBOX_SECRET, "POST", "/municipal/v1/checks", body, now, nonce),
            }
            answer = client.post(f"{here.sandbox.url}/municipal/v1/checks", content=body, headers=headers)
            assert answer.status_code == httpx.codes.OK
            return answer.content

        for name, clock in (("wall", time.perf_counter), ("CPU", time.thread_time)):
            yield compare(
                f"cold check, one source / the same signed httpx call ({name})",
                ours,
                theirs,
                rounds=rounds,
                times=(20, 20),
                cost=True,
                clock=clock,
                note="" if name == "wall" else "to reach: 1.25 × the cost",
            )


def _request(here: Setting, value: str) -> bytes:
    """Write what a check asks the platform about one subject."""
    file = here.case
    assert file.purpose is not None
    return wire.dump(
        wire.ChecksRequest(
            request_id="req-bare", case_id=file.id, matter=file.matter, point=file.point, purpose=file.purpose,
            department=file.operator.department, region="451100", subjects=(case(value=value).subject,), page_size=100,
        )
    )  # fmt: skip


def beside(rounds: int) -> Iterator[Line]:
    """Compare four sources that take 50 ms each, asked side by side, with waiting for 50 ms."""
    slow = [{"level": None, "path": "/v1/checks", "kind": "latency", "value": 0.05}]
    with setting() as here:
        turn = iter(range(10**9))
        loop = asyncio.new_event_loop()
        credit = AsyncCreditCheck.open(here.config)

        def unlike() -> Any:
            purpose = here.case.purpose
            assert purpose is not None
            return here.case.model_copy(update={"purpose": purpose.model_copy(update={"text": f"第{next(turn)}次"})})

        ways: dict[str, Work] = {
            "sync": lambda: here.credit.check(unlike(), record=False),
            "async": lambda: loop.run_until_complete(credit.check(unlike(), record=False)),
        }
        for name, way in ways.items():
            way()
            here.sandbox.faults(slow)
            yield compare(
                f"four sources of 50 ms each, {name} / 50 ms",
                way, lambda: time.sleep(0.05), rounds=rounds, times=(5, 5), cost=True, note="to reach: 1.2 × the cost",
            )  # fmt: skip
            here.sandbox.faults([])
        loop.run_until_complete(credit.close())


def crowd(rounds: int) -> Iterator[Line]:
    """Compare 200 callers of one cold key with one caller, and count the calls that the platform gets."""
    del rounds
    for kind, run in (("threads", _threads), ("tasks", _tasks)):
        with setting(sources=1) as here:
            counted = _count(here)
            started = time.perf_counter()
            here.credit.check(
                case("one", here.sandbox.subjects("organisation", clean=True, limit=1)[0]["identifiers"][0]["value"]),
                record=False,
            )
            alone = time.perf_counter() - started
            before = counted()
            started = time.perf_counter()
            run(here)
            together = time.perf_counter() - started
            ratio = together / alone
            calls = counted() - before
            yield Line(
                f"200 callers of one cold key / one caller ({kind})", ratio, ratio, ratio, together, alone, cost=True,
                note=f"{calls} calls to the platform",
            )  # fmt: skip


def _count(here: Setting) -> Callable[[], int]:
    audit = here.config.parent / "credit-check-audit.db"

    def calls() -> int:
        with sqlite3.connect(audit) as store:
            return int(store.execute("SELECT count(*) FROM credit_query").fetchone()[0])

    return calls


def _threads(here: Setting) -> None:
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: here.credit.check(here.case, record=False), range(200)))


def _tasks(here: Setting) -> None:
    async def all_of_them(config: Path) -> None:
        async with AsyncCreditCheck.open(config) as credit:
            await asyncio.gather(*(credit.check(here.case, record=False) for _ in range(200)))

    asyncio.run(all_of_them(here.config))
