"""The faults of `make chaos`, a few of them: whatever dies where, nothing is lost, doubled or unchained."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chaos import faults
from tests.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path


PARTS = (
    "check · before INSERT credit_entry · 1",
    "check · after COMMIT · 1",
    "check · before request checks · 4",
    "settle · before INSERT credit_outbox · 1",
    "relay · after request feedback · 1",
    "relay · before INSERT credit_seal · 1",
    "sync · after request changes · 1",
)
"""Boundaries of checks, answers, relays, seals and changes."""


def played(folder: Path, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    out = folder / "chaos.json"
    command = [sys.executable, "-m", "chaos", *words, "--json", str(out)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=500, cwd=ROOT)
    assert out.exists(), ran.stderr[-2000:]
    return ran.returncode, json.loads(out.read_text(encoding="utf-8")), ran.stdout


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_doubled_or_unchained(tmp_path: Path, database: str) -> None:
    code, (result,), said = played(tmp_path, "--database", database, "--faults", "12", "--seed", "11")
    assert (code, result["wrong"]) == (0, []), said
    assert result["counted"] == {"lost": 0, "duplicate": 0, "broken chain": 0}
    assert sum(hits > 0 for hits in result["boundaries"].values()) == 12
    names = set(result["boundaries"])
    for part in PARTS:
        for door in ("sync", "async"):
            assert f"{door} · {part}" in names, part


def test_the_same_seed_plays_the_same_fault() -> None:
    boundaries: list[tuple[Any, str]] = [("sync", "check · before BEGIN · 1"), ("async", "relay · after COMMIT · 2")]
    for database in ("sqlite", "postgresql"):
        once = [faults.plan(5, number, boundaries, database) for number in range(300)]
        assert once == [faults.plan(5, number, boundaries, database) for number in range(300)]
        assert {fault.kind for fault in once} >= {"kill", "clock"}
        assert any(fault.race for fault in once)
        assert any(fault.sandbox for fault in once)


def test_a_storm_loses_and_doubles_nothing(tmp_path: Path) -> None:
    code, (result,), said = played(tmp_path, "--database", "sqlite", "--faults", "0", "--storm", "300")
    assert (code, result["wrong"]) == (0, []), said
    assert (result["effects"], result["killed"], result["forked"]) == (310, 20, 10)
