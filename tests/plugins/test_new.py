"""``credit-check new``: what it writes is a working distribution, with tests that pass at once from its wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk.cli.app import run

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "source": "credit-check-demo",
    "channel": "credit-check-demo-two",
    "signer": "credit-check-demo3",
    "adapter": "credit-check-adapter-demo",
}
BUILD = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"


@pytest.mark.slow
def test_what_is_written_is_built_installed_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    for kind, dist in KINDS.items():
        name = dist.removeprefix("credit-check-").removeprefix("adapter-")
        assert run(["new", kind, name, "--into", str(tmp_path), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["distribution"] == dist
        folder = tmp_path / dist
        assert sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()) == told["files"]
        assert not [each for each in folder.rglob("*") if each.is_file() and "@@" in each.read_text("utf-8")]
        built = subprocess.run(
            [sys.executable, "-c", BUILD, str(tmp_path)], cwd=folder, check=True, capture_output=True, text=True
        )
        with zipfile.ZipFile(tmp_path / built.stdout.split()[-1]) as wheel:
            wheel.extractall(site)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CREDIT_CHECK_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *KINDS.values()]
    ran = subprocess.run(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": str(site)}, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout
    assert "failed" not in ran.stdout


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("horse", "demo"),
        ("source", "Demo"),
        ("source", "demo_x"),
        ("source", "-demo"),
        ("source", "../demo"),
        ("source", "class"),
        ("source", "platform"),
        ("source", "json"),
        ("source", "d" * 41),
        ("source", ""),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    assert run(["new", kind, name, "--into", str(tmp_path)]) == 2
    assert capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "credit-check-demo" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert run(["new", "signer", "demo", "--into", str(tmp_path)]) == 2
    assert "credit-check-demo" in capsys.readouterr().err
    assert list(mine.parent.iterdir()) == [mine]
