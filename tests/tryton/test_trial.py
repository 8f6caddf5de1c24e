"""A procurement system that others made, Tryton, confirms no purchase past the gate. ``make trial`` installs it.

Tryton is under the GPL (version 3 or later): it is tried as it is, and nothing that we ship contains or needs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from credit_check_sdk._shell.starting import start
from tests.kit import record

PROJECT = Path(__file__).parent / "project"
INSTALLED = any(metadata.distributions(name="trytond-purchase"))


@pytest.mark.skipif(not INSTALLED, reason="Tryton is not installed; `make trial` does it")
def test_a_purchase_is_confirmed_behind_the_gate(tmp_path: Path, sandbox: Any) -> None:
    sandbox.put_record(record())
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=sandbox.url)
    path.write_text(path.read_text().replace("sqlite:///credit-check.db", "sqlite:///trial.sqlite"))
    # What pip would write, had the module been installed: Tryton finds its modules by entry point.
    told = tmp_path / "site" / "credit_check_trial-1.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: credit-check-trial\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[trytond.modules]\ncredit_check_trial = credit_check_trial\n")
    environment = {**os.environ, "DB_NAME": "trial", "PYTHONPATH": os.pathsep.join([str(told.parent), str(PROJECT)])}
    ran = subprocess.run(
        [sys.executable, str(PROJECT / "trial.py"), str(tmp_path), str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said.pop("feedback") >= 1
    assert said.pop("rolled back") == "quotation"
    assert said.pop("check after rollback") is False, "the check rolled back with the purchase"
    assert "gate.never_checked" in said.pop("unchecked")
    assert said.pop("clean") == ["quotation", "confirmed"]
    quoted, unsettled = said.pop("listed")
    assert quoted == "quotation"
    assert "gate.unsettled" in unsettled
    assert "gate.blocked" in said.pop("settled")
    assert said == {}
