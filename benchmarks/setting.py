"""What the benchmarks run on: a sandbox, a configuration, a case. Invented data only."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk import Case, CreditCheck
from credit_check_sdk._shell.starting import start
from credit_check_sdk.sandbox import serving

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
def setting(sources: int = 4) -> Iterator[Setting]:
    """Set up a sandbox and a client with so many sources."""
    with tempfile.TemporaryDirectory() as folder, serving(subjects=50, seed=7) as sandbox:
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
