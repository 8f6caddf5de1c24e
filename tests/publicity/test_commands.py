"""Double publicity as an officer types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.kit import USCC
from tests.publicity.test_publicity import licence, of_a_firm, penalty

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in the folder of a configuration; give its exit code and document."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    folder = config.parent
    (folder / "case.json").write_text(of_a_firm(id="P-1").model_dump_json(context={"reveal": True}), encoding="utf-8")
    (folder / "licence.json").write_text(licence().model_dump_json(), encoding="utf-8")
    (folder / "penalty.json").write_text(penalty().model_dump_json(), encoding="utf-8")
    (folder / "wrong.json").write_text(licence(content=" ").model_dump_json(), encoding="utf-8")

    def typed(*words: str, plain: bool = False) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*([] if plain else ["--json"]), "publicity", *words])
        out = capsys.readouterr().out
        return code, out if plain else json.loads(out)

    return typed


def test_examined_published_corrected_withdrawn_and_listed(shell: Any, sandbox: Any) -> None:
    assert shell("examine", "case.json", "licence.json")[0] == 0
    code, found = shell("examine", "case.json", "wrong.json")
    assert (code, [one["field"] for one in found["credit"]["wrong"]]) == (2, ["XK_NR"])
    code, refused = shell("publish", "case.json", "wrong.json")
    assert (code, refused["error"]["code"]) == (2, "publicity.invalid")
    code, made = shell("publish", "case.json", "licence.json", "--operator", "u-7")
    assert (code, made["publications"][0]["operator"]["id"]) == (0, "u-7")
    assert USCC not in json.dumps(made)
    number = made["publications"][0]["publication"]["record"]
    assert shell("publish", "case.json", "penalty.json")[0] == 0
    words = ("--operator", "u-7", "--reason", "笔误")
    assert shell("correct", number, "case.json", "licence.json", *words)[0] == 0
    assert shell("correct", number, "case.json", "penalty.json", *words)[0] == 2
    assert shell("withdraw", number, *words)[0] == 0
    assert shell("withdraw", "pub_none", *words)[1]["error"]["code"] == "publicity.unknown"
    code, listed = shell("list", "--case", "P-1")
    assert (code, len(listed["publications"])) == (0, 4)
    assert sum(listed["counts"].values()) == 4
    assert len(shell("list", "--record", number)[1]["publications"]) == 3
    assert shell("list", "--standing", "someday")[0] == 2
    text = shell("list", plain=True)[1]
    assert "贺市监许〔2026〕1号" in text
    assert run(["--json", "relay", "--once"]) == 0
    assert sandbox.received("publicity")["total"] == 4
    assert all(one["state"] == "delivered" for one in shell("list")[1]["publications"])
