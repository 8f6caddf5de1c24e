"""The example of the README runs, and is alike in both languages."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Host

CASE: dict[str, Any] = {
    "matter": "licence.food-production",
    "point": "accept",
    "subject": {
        "category": "organisation",
        "name": "贺州市示例食品有限公司",
        "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
    },
    "purpose": {"text": "办理许可", "basis": "食品安全法 第三十五条"},
    "operator": {"id": "u-1024", "department": "451100-spj"},
}
PROCESS = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="loan" isExecutable="true">
 <startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
 <serviceTask id="a" camunda:type="external" camunda:topic="creditScoreChecker"/>
 <sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
 <serviceTask id="b" camunda:delegateExpression="${loanGranter}"/>
 <sequenceFlow id="f3" sourceRef="b" targetRef="e"/><endEvent id="e"/></process></definitions>"""
HERE = Path(__file__).resolve().parents[1]


def examples(name: str) -> list[str]:
    return re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_example_runs(name: str, host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    space: dict[str, Any] = {}
    for example in examples(name):
        exec(compile(example, name, "exec"), space)  # noqa: S102  the examples are our own
    monkeypatch.setattr(space["CreditCheck"], "open", lambda _: host.credit)
    process = tmp_path / "loan.bpmn"
    process.write_text(PROCESS)

    def case_of(data: dict[str, Any]) -> Any:
        made: Any = importlib.import_module("credit_check_sdk").Case
        return made.model_validate({**CASE, "id": data["case_no"], "opened_at": datetime.now(UTC)})

    granted: list[str] = []
    assert space["run"](str(process), "loan", case_of, lambda call: granted.append(call.data["case_no"]), "R-1") == ()
    assert granted == ["R-1"]


def test_both_languages_show_the_same_code() -> None:
    code = [[re.sub(r"\s*#.*", "", one) for one in examples(name)] for name in ("README.md", "README.zh-CN.md")]
    assert code[0]
    assert code[0] == code[1]
