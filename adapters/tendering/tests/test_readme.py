"""The example of the README runs, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from credit_check_sdk import CreditCheck

if TYPE_CHECKING:
    from tests.conftest import Stand

HERE = Path(__file__).resolve().parents[1]
OWN = HERE / "credit_check_adapter_tendering" / "data" / "tender.json"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_example_runs(
    name: str, stand: Stand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settled: list[Any] = []

    class Opened:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def settle(self, *given: object, **_: object) -> None:
            settled.append(given)

        def __getattr__(self, name: str) -> Any:
            return getattr(stand, name)

    monkeypatch.setattr(CreditCheck, "open", lambda _: Opened())
    stand.outcomes["临江示例商贸有限公司"] = "restricted"
    example = re.search(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    space: dict[str, Any] = {"path_of_the_tender": OWN}
    exec(compile(example[1], name, "exec"), space)  # noqa: S102  the example is our own
    assert len(settled) == 1
    assert len(space["written"]["releases"]) == 2
    assert "R-GP-01" in capsys.readouterr().out
