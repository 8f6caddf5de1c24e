"""The examples of the README are what the app offers, and alike in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import models

import credit_check_adapter_django

if TYPE_CHECKING:
    from tests.conftest import Host

HERE = Path(__file__).resolve().parents[1]


def examples(name: str) -> list[str]:
    return re.findall(r"```python\n(.+?)```", (HERE / name).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_examples_run(name: str, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, model, transaction, triggers = examples(name)
    space: dict[str, Any] = {}
    exec(compile(settings, name, "exec"), space)  # noqa: S102  the examples are our own
    assert set(space["CREDIT_CHECK"]) == {"CONFIG", "DATABASE"}
    label = f"readme_{host.kind}_{name.replace('.', '_').replace('-', '_')}"
    model = model.replace("    case_no =", f"    class Meta:\n        app_label = {label!r}\n\n    case_no =", 1)
    exec(compile(model, name, "exec"), space)  # noqa: S102  likewise
    assert issubclass(space["File"], models.Model)
    assert space["File"].credit_guard.steps["approved"] == "grant"
    space["File"] = host.model("File")
    exec(compile(transaction, name, "exec"), space)  # noqa: S102  likewise
    case = host.case()
    host.model("File").objects.create(case_no=case.id)
    space["decide"](case, [])
    assert host.model("File").objects.get().status == "approved"
    exec(compile(triggers, name, "exec"), space)  # noqa: S102  likewise
    assert space["operations"][0].grants == ("approved",)


def test_both_languages_show_the_same_code() -> None:
    code = [[re.sub(r"\s*#.*", "", one) for one in examples(name)] for name in ("README.md", "README.zh-CN.md")]
    assert code[0] == code[1]


def test_what_the_package_offers_is_there() -> None:
    for name in credit_check_adapter_django.__all__:
        assert getattr(credit_check_adapter_django, name) is not None
    with pytest.raises(AttributeError):
        credit_check_adapter_django.nothing  # noqa: B018  asking for it is the test
