"""The examples of the README run, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import ApprovalGuard
from credit_check_sdk import CreditCheck

if TYPE_CHECKING:
    from credit_check_sdk import Case

HERE = Path(__file__).resolve().parents[1]
OWN = HERE / "credit_check_adapter_approval" / "data" / "exchange.json"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_examples_run(name: str, credit: CreditCheck, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CreditCheck, "open", lambda _: credit)
    states: dict[str, str] = {}
    written: list[dict[str, str]] = []
    space: dict[str, Any] = {
        "path_of_the_exchange": OWN,
        "set_status": states.__setitem__,
        "write_back": written.append,
        "guard": ApprovalGuard(credit),
    }
    examples = re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(compile(example, name, "exec"), space)  # noqa: S102  the examples are our own
    assert list(states.values()) == ["approved"] * 4
    assert len(written) == 4
    assert space["tables"].event == "05"
    assert space["approve"].__name__ == "approve"
    assert case.id not in states


def test_both_languages_show_the_same_code() -> None:
    code = []
    for name in ("README.md", "README.zh-CN.md"):
        found = re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)
        code.append([re.sub(r"\s*#.*", "", example) for example in found])
    assert code[0] == code[1]
