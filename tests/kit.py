"""What feature tests share: the two front doors behind one face, and values to begin with."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk import AsyncCreditCheck, Case, CreditCheck, Decision, Operator, Settings, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
INPUTS = ROOT.parent / "shared" / "inputs"
USCC = "91451100MA5AAAAA2F"
OTHER = "91450000MA0000007U"
PERSON = "451102199001010010"
OFFICER = Operator(id="u-1024", department="451100-czj")
PURPOSE = {"text": "政府采购评审", "basis": "政府采购法 第二十二条"}
_numbers = itertools.count(1)


class Door:
    """One front door, whatever it waits on: the same names, blocking, for tests that run through both."""

    def __init__(self, kind: str, config: Path | Settings | None) -> None:
        self.kind = kind
        self._loop: asyncio.AbstractEventLoop | None = None
        self.client: Any
        if kind == "sync":
            self.client = CreditCheck.open(config)
        else:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
            self.client = AsyncCreditCheck.open(config)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        if self.kind == "sync" or not asyncio.iscoroutinefunction(found):
            return found
        return lambda *args, **kwargs: self.wait(found(*args, **kwargs))

    def wait(self, flow: Any) -> Any:
        """Wait for something of the event loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(flow, self._loop).result(60)

    def many(self, cases: list[Case], **options: Any) -> list[Any]:
        """Collect what `check_many` yields."""
        if self.kind == "sync":
            return list(self.client.check_many(cases, **options))

        async def collect() -> list[Any]:
            return [decision async for decision in self.client.check_many(cases, **options)]

        return list(self.wait(collect()))

    def close(self) -> None:
        """Close the client, and its event loop."""
        if self._loop is None:
            self.client.close()
            return
        self.wait(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def until(holds: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until something holds, however slow the machine; what never comes fails."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def organisation(value: str | None = USCC, name: str = "贺州市示例食品有限公司", scheme: str = "cn-uscc") -> Subject:
    """Make an organisation."""
    identifiers = [{"scheme": scheme, "value": value}] if value else []
    return Subject.model_validate({"category": "organisation", "name": name, "identifiers": identifiers})


def case(
    subject: Subject | None = None, *, matter: str = "procurement.goods", point: str = "evaluate", **more: Any
) -> Case:
    """Make a case; each has a number of its own."""
    return Case.model_validate(
        {
            "id": f"T-{next(_numbers):06d}",
            "matter": matter,
            "point": point,
            "subject": subject or organisation(),
            "purpose": PURPOSE,
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
            **more,
        }
    )


def record(**changes: Any) -> dict[str, Any]:
    """Make a record as ``POST /admin/records`` takes it: a serious listing at the municipal platform."""
    made: dict[str, Any] = {
        "subject": {
            "category": "organisation",
            "name": "贺州市示例食品有限公司",
            "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
        },
        "record_id": None,
        "list_code": "SAMR-YZ",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "贺州市市场监督管理局",
        "doc_no": "贺市监罚〔2026〕1号",
        "document_date": "2026-03-01",
        "basis": "市场监督管理严重违法失信名单管理办法 第五条",
        "facts": "示例",
        "publicity_until": "2029-03-01",
        "list_until": "2029-03-01",
        "ban_until": None,
        "measure_until": None,
        "responsible": [],
        "level": "municipal",
    }
    return {**made, **changes}


@contextmanager
def faults(sandbox: Any, *given: dict[str, Any]) -> Iterator[None]:
    """Break the sandbox for a while."""
    sandbox.faults(list(given))
    try:
        yield
    finally:
        sandbox.faults([])


def measures(decision: Decision) -> set[str]:
    """Name the measures that a decision proposes."""
    return {proposal.measure for proposal in decision.proposals}
