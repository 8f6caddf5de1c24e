"""Imports point downwards only; each contract that says so is broken on purpose here, to see that it is noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
PACKAGES = PYPROJECT["tool"]["importlinter"]["root_packages"]

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
FIRST_CORE = "credit_check_sdk/core/__init__.py"
ADAPTER = "credit_check_adapter_approval/__init__.py"

SINS = {
    "layers: a module without a place": ("layers", "credit_check_sdk/stray.py", '"""A stray."""\n'),
    "layers: upwards": ("layers", "credit_check_sdk/errors.py", "import credit_check_sdk.client\n"),
    "layers: a plugin's view of the core": (
        "layers",
        "credit_check_sdk/platform/__init__.py",
        "import credit_check_sdk.core\n",
    ),
    "core-without-hooks": ("core-without-hooks", FIRST_CORE, "import credit_check_sdk.hooks\n"),
    "platform-as-a-plugin": (
        "platform-as-a-plugin",
        "credit_check_sdk/platform/__init__.py",
        "import credit_check_sdk.catalogue\n",
    ),
    "pluggy": ("pluggy", "credit_check_sdk/client.py", "import pluggy\n"),
    "network-and-store: httpx": ("network-and-store", FIRST_CORE, "import httpx\n"),
    "network-and-store: sqlalchemy": ("network-and-store", "credit_check_sdk/client.py", "import sqlalchemy\n"),
    "network-and-store: cachetools": (
        "network-and-store",
        "credit_check_sdk/platform/__init__.py",
        "import cachetools\n",
    ),
    "threads-and-loops: threading": ("threads-and-loops", FIRST_CORE, "import threading\n"),
    "threads-and-loops: asyncio": ("threads-and-loops", "credit_check_sdk/client.py", "import asyncio\n"),
    "plugins-interface": ("plugins-interface", "credit_check_redis/__init__.py", "import credit_check_sdk.client\n"),
    "adapters-front-door": ("adapters-front-door", ADAPTER, "from credit_check_sdk import core\n"),
    "adapters-apart": ("adapters-apart", ADAPTER, "import credit_check_adapter_subsidy\n"),
}


def sources() -> dict[str, Path]:
    """Give every root package with the folder in which it stands."""
    homes = [ROOT, *sorted(ROOT.glob("adapters/*")), *sorted(ROOT.glob("plugins/*"))]
    return {name: home / name for name in PACKAGES for home in homes if (home / name / "__init__.py").is_file()}


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages that stand side by side in *folder*."""
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a copy of all packages, side by side, with the contracts."""
    for name, place in sources().items():
        shutil.copytree(place, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data", "*.html"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_root_package_is_there() -> None:
    assert sorted(sources()) == sorted(PACKAGES)


def test_every_adapter_and_plugin_is_under_contract() -> None:
    members = {path.parent.name for path in ROOT.glob("adapters/*/credit_check_*/__init__.py")}
    members |= {path.parent.name for path in ROOT.glob("plugins/*/credit_check_*/__init__.py")}
    assert members <= set(PACKAGES)
    adapters = {path.parent.name for path in ROOT.glob("adapters/*/credit_check_*/__init__.py")}
    assert set(CONTRACTS["adapters-front-door"]["source_modules"]) == adapters
    assert set(CONTRACTS["adapters-apart"]["modules"]) == adapters


def test_the_contracts_hold(tree: Path) -> None:
    ran = lint(tree)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in ran.stdout


def test_every_contract_is_broken_below() -> None:
    assert {contract for contract, _, _ in SINS.values()} == set(CONTRACTS)


@pytest.mark.parametrize("sin", SINS)
def test_a_broken_contract_is_noticed(tree: Path, sin: str) -> None:
    contract, place, line = SINS[sin]
    path = tree / place
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{text}\n{line}", encoding="utf-8")
    ran = lint(tree, "--contract", contract)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "0 kept, 1 broken" in ran.stdout


def test_the_architecture_page_shows_the_layers_as_they_are() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- layers:")[2].partition("```\n")[2].partition("```")[0].split("\n")
    assert [line for line in shown if line] == CONTRACTS["layers"]["layers"]
    assert CONTRACTS["layers"]["exhaustive"] is True
