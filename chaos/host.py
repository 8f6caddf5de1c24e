"""What a host does with one case, and what the next start of that host finds: the work that is broken off, and its judge.

Both run in child processes. The worker says what was acknowledged to it as it goes; the judge holds the ledger and what
the platform received against that.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from credit_check_sdk import (
    AsyncCreditCheck,
    Case,
    CreditCheck,
    CreditCheckError,
    Operator,
    Response,
    Settings,
)
from credit_check_sdk._shell import world
from credit_check_sdk.model.identifiers import synthetic_uscc

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.boundaries import Watch
    from chaos.places import Place
    from credit_check_sdk.sandbox.running import Running

Door = Literal["sync", "async"]
PHASES = ("check", "settle", "require", "relay", "sync", "report")
"""What a host does with a case, in order; ``report`` is the relay once more, with what the change brought."""
OFFICER = Operator(id="u-1", department="451100-czj")
LATER = timedelta(seconds=200)
"""By how much the judge's clock is ahead, so that leases and waits of the dead are over."""


@dataclass(frozen=True, slots=True)
class Work:
    """One case of one segment."""

    number: int
    seed: int
    record: str
    """The record against its subject; the platform will say that it is disputed."""

    @property
    def case_id(self) -> str:
        """The host's number of the file."""
        return f"C-{self.number:05d}"

    def case(self) -> Case:
        """Give the case."""
        return Case.model_validate(
            {
                "id": self.case_id,
                "matter": "procurement.goods",
                "point": "evaluate",
                "subject": subject(self.seed, self.number),
                "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
                "operator": OFFICER,
                "opened_at": datetime.now(UTC),
            }
        )


def subject(seed: int, number: int) -> dict[str, Any]:
    """Make the synthetic subject of one case."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  no secret: the same seed makes the same subject
    value = synthetic_uscc(chance)
    return {
        "category": "organisation",
        "name": f"贺州市示例{number}号有限公司",
        "identifiers": [{"scheme": "cn-uscc", "value": value}],
    }


def record(seed: int, number: int) -> dict[str, Any]:
    """Make the record against it."""
    return {
        "subject": subject(seed, number),
        "record_id": f"R-{number:05d}",
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "贺州市财政局",
        "doc_no": f"贺财罚〔2026〕{number}号",
        "document_date": "2026-03-01",
        "basis": "政府采购法 第七十七条",
        "list_until": "2029-03-01",
        "responsible": [],
        "level": "municipal",
    }


def settings(place: Place, url: str) -> Settings:
    """Configure a host at *place* against the sandbox at *url*."""
    from credit_check_sdk._shell.starting import start  # noqa: PLC0415  only where a place is set up

    file = place.folder / "credit-check.toml"
    if not file.exists():
        start(file, sandbox=url)
    said = Settings.find(file)
    stores = said.ledger.model_copy(update={"url": place.ledger, "audit_url": place.audit})
    sources = tuple(source.model_copy(update={"budget": timedelta(seconds=2)}) for source in said.sources)
    return said.model_copy(update={"ledger": stores, "sources": sources})


class Host:
    """One front door, and a clock that may be set."""

    def __init__(self, door: Door, configured: Settings) -> None:
        self._door = door
        self._configured = configured
        self._client: Any = CreditCheck.open(configured) if door == "sync" else AsyncCreditCheck.open(configured)
        self._runner = None if door == "sync" else asyncio.Runner()
        self.ahead = timedelta()
        world.now = lambda: datetime.now(UTC) + self.ahead  # in this process only

    def __call__(self, name: str, *args: Any, **named: Any) -> Any:
        """Call the front door."""
        call = getattr(self._client, name)
        return call(*args, **named) if self._runner is None else self._runner.run(call(*args, **named))

    def let_time_pass(self) -> None:
        """Let every wait be over: a clock that was days ahead may have put them that far off."""
        from sqlalchemy import create_engine  # noqa: PLC0415  only where a clock jumped

        engine = create_engine(self._configured.ledger.url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE credit_outbox SET next_at = 0, lease_until = 0")
        engine.dispose()

    def close(self) -> None:
        """Close the door."""
        self("close")
        if self._runner is not None:
            self._runner.close()


def work(host: Host, work: Work, running: Running, watch: Watch, say: Callable[[str, Any], None]) -> None:
    """Do what a host does with a case, and *say* what is acknowledged; an error ends a phase, not the host."""
    case = work.case()
    decision: Any = None
    for phase in PHASES:
        watch.phase = ""
        if phase == "sync":
            running.change(work.record, "objected")
        watch.phase = phase
        try:
            match phase:
                case "check":
                    decision = host("check", case)
                    say("decision", decision.id)
                case "settle" if decision is not None:
                    answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
                    settled = host("settle", decision, answers, operator=OFFICER) if answers else None
                    say("feedback", list(settled.feedback) if settled else [])
                case "require":
                    host("require", case)
                case "sync":
                    host("sync")
                case "relay" | "report":
                    host("relay")
        except (CreditCheckError, sqlite3.Error) as error:
            say("error", getattr(error, "code", type(error).__name__))
    watch.phase = ""


def judge(host: Host, works: list[Work], acknowledged: dict[str, Any], running: Running) -> list[str]:
    """Pick up what is left of the last of *works*, and say what is wrong; nothing is the only good answer."""
    wrong: list[str] = []
    last = works[-1]
    case = last.case()
    # A later start: what the dead had leased is free again.
    host.ahead = LATER
    given = [number for number in acknowledged.get("decision", []) if host("show", number) is None]
    wrong += [f"lost: decision {number} was given and is not in the ledger" for number in given]
    rows = {row.key: row for row in host("outbox", limit=100_000)}
    for keys in acknowledged.get("feedback", []):
        wrong += [f"lost: feedback {key} was promised and is not in the outbox" for key in keys if key not in rows]
    stored = host("latest", last.case_id, "evaluate")
    if stored is not None:
        for answer in stored.responses:
            if answer.feedback not in rows:
                wrong.append(f"lost: answer {answer.id} has no feedback")
    _finish(host, case, stored)
    wrong += _arrived(host, running)
    verified = host("verify_evidence")
    if not verified.whole:
        wrong.append(f"broken chain: {verified.breach}")
    return wrong


def _finish(host: Host, case: Case, stored: Any) -> None:
    """Do what is still to be done: check, answer, follow changes, deliver."""
    decision = stored.decision if stored is not None else None
    if decision is None or decision.outcome == "undecided" or stored.touched_by:
        decision = host("check", case)
    answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals if p.state == "proposed"]
    if answers:
        try:
            host("settle", decision, answers, operator=OFFICER)
        except CreditCheckError as error:
            if error.code != "settle.suspended":
                raise
    host("sync")
    _deliver(host)
    if any(count for state, count in host("outbox_status").counts.items() if state != "delivered"):
        host.let_time_pass()
        _deliver(host)
    host("seal")


def _deliver(host: Host) -> None:
    for _ in range(20):
        if not host("relay").attempted:
            break


def _arrived(host: Host, running: Running) -> list[str]:
    """Hold the outbox against what the platform received and did."""
    status = host("outbox_status")
    left = {state: count for state, count in status.counts.items() if state != "delivered" and count}
    wrong = [f"lost: not delivered in the end: {left}"] if left else []
    received = running.received("feedback")
    promised = {row.key for row in host("outbox", limit=100_000)}
    arrived = {item["idempotency_key"] for item in received["items"]}
    wrong += [f"lost: {key} never arrived" for key in sorted(promised - arrived)]
    wrong += [f"lost: {key} arrived and is not in the ledger" for key in sorted(arrived - promised)]
    if received["effects"] != len(promised):
        wrong.append(f"duplicate: {received['effects']} effects of {len(promised)} promises")
    return wrong
