"""Delivering feedback beside a queue for jobs on the same PostgreSQL, both to the same platform, until nothing is left."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.measure import Line
from benchmarks.setting import case, platform
from chaos.places import ServerPlaces
from credit_check_sdk import CreditCheck, Operator, Response
from credit_check_sdk._shell.starting import SANDBOX_KEY, SANDBOX_SECRET, start
from credit_check_sdk.config import Settings
from credit_check_sdk.platform import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY = 200
"""Feedbacks of one turn."""
_PATH = "/municipal/v1/feedback"


def relay(rounds: int) -> Iterator[Line]:
    """Compare the relay with procrastinate: as many events, durable in PostgreSQL, each delivered and acknowledged."""
    try:
        import procrastinate  # noqa: PLC0415  a peer that may be missing
    except ImportError as missing:
        yield Line("relay / procrastinate", 0, 0, 0, 0, 0, note=f"skipped: {missing.name} is not installed")
        return
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name, platform() as sandbox:
        places = ServerPlaces(Path(name))
        try:
            place = places.make()
            start(place.folder / "credit-check.toml", sandbox=sandbox.url)
            said = Settings.find(place.folder / "credit-check.toml")
            stores = said.ledger.model_copy(update={"url": place.ledger, "audit_url": place.audit})
            sandbox.put_record(_record())
            pairs = []
            with CreditCheck.open(said.model_copy(update={"ledger": stores})) as credit:
                app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=_conninfo(place.ledger)))
                for turn in range(max(3, rounds // 2)):
                    _promise(credit, turn)
                    began = time.perf_counter()
                    assert credit.relay().delivered == _MANY
                    ours = time.perf_counter() - began
                    bodies = _anew(sandbox.received("feedback")["items"][:_MANY], turn)
                    pairs.append((ours, asyncio.run(_drained(app, sandbox.url, bodies, first=turn == 0))))
            ratios = sorted(b / a for a, b in pairs)
            yield Line(
                f"{_MANY} feedbacks delivered from PostgreSQL / procrastinate, 10 jobs at once",
                statistics.median(ratios), ratios[0], ratios[-1],
                statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs),
                note="ours sends batches, and each has one effect however often it is sent",
            )  # fmt: skip
        finally:
            places.close()


def _promise(credit: CreditCheck, turn: int) -> None:
    """Fill the outbox."""
    for number in range(_MANY):
        decision = credit.check(case(f"R-{turn}-{number}"))
        answers = [Response(proposal=decision.proposals[0].id, answer="applied")]
        credit.settle(decision, answers, operator=Operator(id="u-1024", department="451100-czj"))


async def _drained(app: Any, url: str, bodies: list[bytes], *, first: bool) -> float:
    """Queue a job for each event, and give the seconds in which a worker does them all."""
    async with app.open_async(), httpx.AsyncClient(timeout=10) as client:
        if first:
            await app.schema_manager.apply_schema_async()

            @app.task(name="deliver")  # type: ignore[untyped-decorator]
            async def deliver(place: int, address: str) -> None:
                await _post(deliver.client, address, bodies[place])

        task = app.tasks["deliver"]
        task.client = client
        await task.batch_defer_async(*({"place": place, "address": url} for place in range(len(bodies))))
        began = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=10, install_signal_handlers=False, listen_notify=False, delete_jobs="always"
        )
        return time.perf_counter() - began


async def _post(client: httpx.AsyncClient, url: str, body: bytes) -> None:
    now, nonce = int(time.time()), f"nonce-{time.perf_counter_ns()}"
    headers = {
        "content-type": wire.JSON,
        wire.KEY_HEADER: SANDBOX_KEY,
        wire.TIMESTAMP_HEADER: str(now),
        wire.NONCE_HEADER: nonce,
        wire.SIGNATURE_HEADER: wire.signature(SANDBOX_SECRET, "POST", _PATH, body, now, nonce),
    }
    answer = await client.post(f"{url}{_PATH}", content=body, headers=headers)
    assert answer.status_code == httpx.codes.OK, answer.text


def _anew(items: list[dict[str, Any]], turn: int) -> list[bytes]:
    """Give what was delivered as requests of their own, under other keys."""
    requests = []
    for place, item in enumerate(items):
        key = f"bench-{turn}-{place}"
        body = {**item["body"], "id": key}
        requests.append(json.dumps({"items": [{"idempotency_key": key, "body": body}]}, ensure_ascii=False).encode())
    return requests


def _record() -> dict[str, Any]:
    return {
        "subject": case().subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"}),
        "record_id": "R-1",
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "贺州市财政局",
        "doc_no": "贺财罚〔2026〕1号",
        "document_date": "2026-03-01",
        "basis": "政府采购法 第七十七条",
        "list_until": "2029-03-01",
        "responsible": [],
        "level": "municipal",
    }


def _conninfo(url: str) -> str:
    """Name the server of a ledger as libpq does."""
    return f"host={url.partition('host=')[2].partition('&')[0]} user=postgres dbname=postgres"
