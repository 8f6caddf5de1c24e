"""What the benchmarks run on: a sandbox, a configuration, a case. Invented data only."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk import Case, CreditCheck
from credit_check_sdk._shell.starting import start
from credit_check_sdk.sandbox.running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

USCC = "91451100MA5AAAAA2F"


@dataclass(frozen=True, slots=True)
class Setting:
    """A running sandbox with a client on it."""

    sandbox: Any
    config: Path
    credit: CreditCheck
    case: Case


def case(number: str = "B-1", value: str = USCC) -> Case:
    """Make a case about a subject that the sandbox knows and has nothing against."""
    return Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": {
                "category": "organisation",
                "name": "贺州市示例食品有限公司",
                "identifiers": ({"scheme": "cn-uscc", "value": value},),
            },
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": {"id": "u-1024", "department": "451100-czj"},
            "opened_at": datetime.now(UTC),
        }
    )


@contextlib.contextmanager
def platform() -> Iterator[Running]:
    """Run a sandbox in a process of its own: what a platform works is not what its caller works."""
    command = [sys.executable, "-m", "credit_check_sdk.cli", "sandbox", "--port", "0", "--subjects", "50"]
    process = subprocess.Popen([*command, "--seed", "7"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603  our own command
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if "http://" in line), None)
        if said is None:
            raise SystemExit("the sandbox does not start")
        yield Running("http://" + said.partition("http://")[2].split()[0].rstrip("/.,;。，；"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@contextlib.contextmanager
def setting(sources: int = 4) -> Iterator[Setting]:
    """Set up a sandbox and a client with so many sources."""
    with tempfile.TemporaryDirectory() as folder, platform() as sandbox:
        subject = case().subject
        sandbox.put_subject(subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"}))
        config = Path(folder) / "credit-check.toml"
        start(config, sandbox=sandbox.url)
        if sources == 1:
            text = config.read_text(encoding="utf-8")
            text = text.replace('required = ["municipal", "national"]', 'required = ["municipal"]')
            config.write_text(text.replace('advisory = ["regional", "enterprise"]', "advisory = []"), encoding="utf-8")
        with CreditCheck.open(config) as credit:
            yield Setting(sandbox, config, credit, case())
