"""Each change works once: under a kill at any moment, and with several syncs at once. On SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck, Response, Settings
from tests.kit import OFFICER, case, record
from tests.ledger.conftest import make_place, server

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk import Decision

__all__ = ["server"]

KILLED = """
import os, sys
from credit_check_sdk import CreditCheck
from credit_check_sdk._shell import ledger
from credit_check_sdk.model.ledger import CursorEntry

honest = ledger.Ledger.run


def deadly(self, work, **options):
    moves = isinstance(work, list) and any(isinstance(entry, CursorEntry) for entry in work)
    if moves and sys.argv[2] == "before":
        os._exit(9)
    answer = honest(self, work, **options)
    if moves and sys.argv[2] == "after":
        os._exit(9)
    return answer


ledger.Ledger.run = deadly
with CreditCheck.open(sys.argv[1]) as credit:
    credit.sync()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, config: Path, tmp_path: Path) -> Settings:
    """Give a configuration whose ledger is on each kind of database in turn."""
    if request.param == "postgresql":
        place = make_place(request, "postgresql", tmp_path)
        text = config.read_text(encoding="utf-8").replace("sqlite:///credit-check.db", place.url)
        config.write_text(text, encoding="utf-8")
    return Settings.find(config)


def in_force(credit: CreditCheck, files: int = 1) -> list[Decision]:
    """Check some files and apply what is proposed."""
    decisions = [credit.check(case()) for _ in range(files)]
    for decision in decisions:
        answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
        credit.settle(decision, answers, operator=OFFICER)
    return decisions


def events(credit: CreditCheck, decision: Decision) -> Counter[str]:
    """Count what happened to the measures of a decision."""
    return Counter(step.event for step in credit.transitions(decision.id))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_commit_it_works_once(settings: Settings, sandbox: Any, tmp_path: Path, moment: str) -> None:
    number = sandbox.put_record(record())
    with CreditCheck.open(settings) as credit:
        credit.sync()
        (decision,) = in_force(credit)
        sandbox.change(number, "objected")
        script = tmp_path / "killed.py"
        script.write_text(KILLED, encoding="utf-8")
        config = str(settings.base / "credit-check.toml")
        ran = subprocess.run([sys.executable, str(script), config, moment], check=False, timeout=60)
        assert ran.returncode == 9
        moved = events(credit, decision)["suspend"]
        assert moved == (0 if moment == "before" else len(decision.proposals))
        for _ in range(3):
            credit.sync()
        assert events(credit, decision) == {"apply": len(decision.proposals), "suspend": len(decision.proposals)}
        rows = [row for row in credit.outbox() if row.case_id == decision.case_id]
        assert len(rows) == 2 * len(decision.proposals)


def test_several_syncs_at_once_move_everything_once(settings: Settings, sandbox: Any) -> None:
    number = sandbox.put_record(record())
    with CreditCheck.open(settings) as credit:
        decisions = in_force(credit, 3)
        credit.sync()
        for kind in ("objected", "objection_rejected", "temporarily_lifted", "restored", "objected"):
            sandbox.change(number, kind)

            def sync(_: int) -> int:
                with CreditCheck.open(settings) as mine:
                    return mine.sync().changes

            with ThreadPoolExecutor(4) as pool:
                taken = list(pool.map(sync, range(4)))
            assert sum(taken) == 1
        for decision in decisions:
            n = len(decision.proposals)
            assert events(credit, decision) == {"apply": n, "suspend": 3 * n, "restore": 2 * n}
        keys = [row.key for row in credit.outbox()]
        assert len(keys) == len(set(keys)) == sum(6 * len(decision.proposals) for decision in decisions)


def test_an_officer_and_a_sync_at_once_leave_nothing_in_force_on_a_disputed_record(
    settings: Settings, sandbox: Any
) -> None:
    number = sandbox.put_record(record())
    with CreditCheck.open(settings) as credit:
        for _ in range(3):
            decision = credit.check(case())
            answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
            sandbox.change(number, "objected")

            def answer(decision: Decision = decision, answers: list[Response] = answers) -> str:
                with CreditCheck.open(settings) as mine:
                    try:
                        mine.settle(decision, answers, operator=OFFICER)
                    except Exception as error:  # noqa: BLE001  what it says is looked at below
                        return str(getattr(error, "code", error))
                return "settled"

            with ThreadPoolExecutor(2) as pool:
                said, _ = pool.submit(answer), pool.submit(credit.sync)
            credit.sync()
            assert said.result() in {"settled", "settle.suspended"}
            found = credit.show(decision.id)
            assert found is not None
            assert {p.state for p in found.decision.proposals} == {"suspended"}
            sandbox.change(number, "objection_rejected")
            credit.sync()
