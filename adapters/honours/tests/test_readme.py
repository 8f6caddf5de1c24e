"""The example of the README runs on a sandbox, and is the same in both languages; so does the demonstration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_honours import adapter
from credit_check_sdk import Adapter, CreditCheck

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk import Settings, Words

HERE = Path(__file__).resolve().parents[1]
KNOWN = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
}


class Shown:
    """A stage that keeps what was said."""

    inputs: Path | None = None

    def __init__(self, credit: CreditCheck, sandbox: Any) -> None:
        self.credit, self._sandbox = credit, sandbox
        self.said: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []

    def put_record(self, record: Mapping[str, Any]) -> str:
        number: str = self._sandbox.put_record(dict(record))
        return number

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        self._sandbox.put_subject(dict(subject))

    def change(self, record_id: str, change: str) -> None:
        self._sandbox.change(record_id, change)

    def section(self, zh: str, en: str) -> None:
        self.said.append((zh, en))

    def say(self, zh: str, en: str) -> None:
        self.said.append((zh, en))

    def table(self, columns: Sequence[Words], rows: Sequence[Sequence[str]]) -> None:
        assert all(len(row) == len(columns) for row in rows)
        self.rows += [list(row) for row in rows]


def example(name: str) -> str:
    """Give the one example."""
    (found,) = re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_example_runs(
    name: str, credit_config: Settings, credit_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit_sandbox.put_subject(KNOWN)
    opened = CreditCheck.open(credit_config)
    monkeypatch.setattr(CreditCheck, "open", lambda _: opened)
    space: dict[str, Any] = {}
    exec(compile(example(name), name, "exec"), space)  # noqa: S102  the example is our own
    assert [row.standing for row in space["found"].rows] == ["eligible"]
    assert space["to_hear"] == ()


def test_both_languages_show_the_same_code() -> None:
    assert example("README.md") == example("README.zh-CN.md")


def test_the_demonstration_shows_the_whole_job(credit: CreditCheck, credit_sandbox: Any) -> None:
    assert isinstance(adapter, Adapter)
    stage = Shown(credit, credit_sandbox)
    adapter.demo(stage)
    assert [row[1] for row in stage.rows] == [
        "可授予 may be granted",
        "限制参评 barred",
        "可授予 may be granted",
        "保留 keeps it",
        "提议撤销 to be revoked",
    ]
    assert all(zh and en and zh != en for zh, en in stage.said)
