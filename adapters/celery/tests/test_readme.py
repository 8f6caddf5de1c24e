"""The example of the README runs, and is alike in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parents[1]


def examples(name: str) -> list[str]:
    return re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_example_runs(name: str) -> None:
    space: dict[str, Any] = {}
    for example in examples(name):
        exec(compile(example, name, "exec"), space)  # noqa: S102  the examples are our own
    assert space["approve"].__name__ == "approve"


def test_both_languages_show_the_same_code() -> None:
    code = [[re.sub(r"\s*#.*", "", one) for one in examples(name)] for name in ("README.md", "README.zh-CN.md")]
    assert code[0]
    assert code[0] == code[1]
