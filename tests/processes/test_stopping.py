"""Ends of processes: told to stop, killed by the interpreter's end, or simply over. Nothing hangs, nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck, Response
from tests.kit import OFFICER, case, faults, record, until

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).parent / "project"


def promised(config: Path, number: int) -> None:
    with CreditCheck.open(config) as credit:
        for _ in range(number):
            decision = credit.check(case())
            credit.settle(
                decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER
            )


def listens(process: int, told: int) -> bool:
    """Say whether a process catches a signal by now (Linux tells it in ``SigCgt``)."""
    (mask,) = [
        line.split()[1]
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("SigCgt:")
    ]
    return bool(int(mask, 16) >> (told - 1) & 1)


def running(config: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "credit_check_sdk.cli", "--config", str(config), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_relay_that_is_told_to_stop_finishes_and_gives_back(config: Path, sandbox: Any, told: int) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    promised(config, 30)
    with faults(sandbox, {"level": None, "path": "/v1/feedback", "kind": "latency", "value": 0.4}):
        relay = running(config, "relay")
        until(lambda: sandbox.received("feedback")["total"])
        relay.send_signal(told)
        out, err = relay.communicate(timeout=60)
    assert relay.returncode == 0, out + err
    assert "Traceback" not in err
    with CreditCheck.open(config) as credit:
        counts = credit.outbox_status().counts
        assert set(counts) <= {"delivered", "waiting"}
        assert sum(counts.values()) == 30
        credit.relay()
        assert credit.outbox_status().counts == {"delivered": 30}
    assert sandbox.received("feedback")["total"] == 30


@pytest.mark.parametrize("words", [("relay",), ("sync",), ("recheck",)], ids=" ".join)
def test_what_keeps_running_ends_when_told(config: Path, sandbox: Any, words: Sequence[str]) -> None:
    began = running(config, *words)
    until(lambda: began.poll() is not None or listens(began.pid, signal.SIGTERM))
    assert began.poll() is None, began.communicate()
    began.send_signal(signal.SIGTERM)
    out, err = began.communicate(timeout=60)
    assert began.returncode == 0, out + err
    assert "Traceback" not in err


ENDS = {
    "left open": "pass",
    "exit": "sys.exit(0)",
    "a thread that still checks": (
        "import threading\n"
        "def on(n=[0]):\n"
        "    while True:\n"
        "        n[0] += 1; host.decided(f'thread-{n[0]}')\n"
        "threading.Thread(target=on, daemon=True).start()\n"
        "import time; time.sleep(0.5)"
    ),
    "an event loop that was left": (
        "import asyncio\n"
        "from credit_check_sdk import AsyncCreditCheck\n"
        "async def main():\n"
        "    await AsyncCreditCheck.open(sys.argv[1]).outbox_status()\n"
        "asyncio.run(main())"
    ),
    "at exit": "import atexit; atexit.register(lambda: host.decided('at-exit'))",
}


@pytest.mark.parametrize("how", ENDS)
def test_an_interpreter_that_ends_waits_for_nobody(config: Path, sandbox: Any, how: str) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    script = (
        "import logging, os, sys\nlogging.basicConfig()\nos.environ['FORKING_HOST_CONFIG'] = sys.argv[1]\n"
        f"sys.path.insert(0, sys.argv[2])\nimport forking_host as host\n{ENDS[how]}\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script, str(config), str(PROJECT)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "feedbacks are not delivered yet" in done.stderr, "who ends with feedback undelivered says so"
    with CreditCheck.open(config) as credit:
        counts = credit.outbox_status().counts
        assert counts["waiting"] == sum(counts.values()) >= 1
        credit.relay()
        assert not credit.outbox_status().undelivered
