"""Processes that write one ledger have their turns in the kernel's queue, and none is left behind there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck
from tests.kit import case

if TYPE_CHECKING:
    from pathlib import Path

HOLDING = """
import sys, time
from credit_check_sdk._shell.ledger.stores import SqliteFile
store = SqliteFile(sys.argv[1])
with store.transaction(write=True) as connection:
    print("holding", flush=True)
    sys.stdin.readline()
print("left", flush=True)
"""


def holding(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    return process


@pytest.fixture
def url(config: Path) -> str:
    return f"sqlite:///{config.parent / 'credit-check.db'}"


def test_who_writes_holds_the_turn_and_gives_it_back(config: Path, url: str) -> None:
    fcntl = pytest.importorskip("fcntl")
    with CreditCheck.open(config) as credit:
        credit.check(case())
        process = holding(url)
        with open(f"{config.parent}/credit-check.db-turn", "rb+") as turn:  # noqa: PTH123  a descriptor is wanted
            with pytest.raises(OSError, match="temporarily unavailable"):
                fcntl.lockf(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            out, _ = process.communicate("on\n", timeout=60)
            assert out == "left\n"
            fcntl.lockf(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(turn, fcntl.LOCK_UN)
        assert credit.check(case()).outcome == "clear"


def test_a_writer_that_is_killed_leaves_its_turn_to_the_next(config: Path, url: str) -> None:
    with CreditCheck.open(config) as credit:
        credit.check(case())
        process = holding(url)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert credit.check(case()).outcome == "clear"
        assert credit.verify_evidence().whole


def test_without_a_queue_it_goes_on(config: Path) -> None:
    """A folder where a file of that name cannot be opened: SQLite's own lock keeps writers apart."""
    (config.parent / "credit-check.db-turn").mkdir()
    with CreditCheck.open(config) as credit:
        assert credit.check(case()).outcome == "clear"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_has_a_place_of_its_own(config: Path, sandbox: Any) -> None:
    del sandbox
    with CreditCheck.open(config) as credit:
        credit.check(case())
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if credit.check(case()).outcome == "clear" else 1)
            except BaseException:  # noqa: BLE001  the child says only whether it went well
                os._exit(2)
        for _ in range(5):
            assert credit.check(case()).outcome == "clear"
        assert os.waitpid(child, 0)[1] == 0
        assert credit.statistics()[0].checks == 7
