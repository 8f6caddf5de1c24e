"""Deferred acceptance as an officer types it, and what a ledger on either database keeps of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.deferral.test_life import licence

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in the folder of a configuration; give its exit code and document."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)

    def typed(*words: str, plain: bool = False) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*([] if plain else ["--json"]), *words])
        out = capsys.readouterr().out
        return code, out if plain else json.loads(out)

    given = licence().model_dump_json(context={"reveal": True})
    (config.parent / "case.json").write_text(given, encoding="utf-8")
    return typed


def test_the_whole_life_by_commands(shell: Any, sandbox: Any) -> None:
    assert shell("defer", "case.json", "--offer")[1]["error"]["code"] == "deferral.never_checked"
    assert shell("check", "case.json")[0] in {0, 11}
    code, offered = shell("defer", "case.json", "--offer")
    assert (code, offered["state"]) == (0, "offered")
    code, kept = shell("defer", "case.json", "--signed-by", "李示例")
    assert (code, kept["state"], kept["code"]) == (0, "open", offered["code"])
    number = kept["code"]
    code, shown = shell("commitments", "show", number, "--letter")
    assert (code, [step["event"] for step in shown["steps"]]) == (0, ["offer", "commit"])
    assert "（五）" in shown["letter"]["zh-CN"]
    assert shell("commitments", "list", "--open")[1]["commitments"][0]["code"] == number
    assert shell("supply", number, "M99", "--operator", "u-1")[0] == 2
    assert shell("supply", number, "M07", "--operator", "u-1")[1]["state"] == "open"
    assert shell("commitments", "follow")[1] == {"reminded": [], "overdue": [], "repaired": []}
    assert shell("supply", number, "M08", "--operator", "u-1")[1]["state"] == "fulfilled"
    assert shell("relay", "--once")[0] == 0
    told = sandbox.received("commitments")
    assert told["total"] == 2
    assert told["items"][1]["body"]["data"]["commitment"]["fulfillmentStatus"] == "全部履行"
    code, text = shell("commitments", "show", number, "--letter", plain=True)
    assert (code, "fulfilled" in text) == (0, True)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (("refuse", "--operator", "u-1", "--reason", "普通程序"), None),
        (("withdraw", "--operator", "u-1", "--reason", "撤回"), "withdrawn"),
        (("breach", "--operator", "u-1", "--reason", "虚假承诺"), "breached"),
        (("extend", "--operator", "u-1", "--reason", "洪水", "--until", "tomorrow"), None),
        (("fulfil", "--operator", "u-1", "--reason", "-"), None),
        (("repair", "--operator", "u-1", "--reason", "-"), None),
    ],
)
def test_each_step_is_taken_or_refused_in_plain_words(shell: Any, words: tuple[str, ...], state: str | None) -> None:
    shell("check", "case.json")
    number = shell("defer", "case.json", "--signed-by", "李示例")[1]["code"]
    code, said = shell("commitments", words[0], number, *words[1:])
    if state is None:
        assert code == 2
        assert said["error"]["code"]
    else:
        assert (code, said["state"]) == (0, state)


def test_bad_words_are_refused(shell: Any, config: Path) -> None:
    assert shell("defer", "case.json")[0] == 2
    assert shell("commitments", "show", "1")[1]["error"]["code"] == "commitment.unknown"
    assert shell("commitments", "collect", "nowhere.json")[1]["error"]["code"] == "file.unreadable"
    draft = {
        "commitment_type": "voluntary",
        "subject": licence().subject.model_dump(mode="json", context={"reveal": True}),
        "reason": "主动承诺",
        "content": "诚信经营",
        "liability": "接受惩戒",
        "operator": {"id": "u-1", "department": "451100"},
    }
    (config.parent / "draft.json").write_text(json.dumps(draft), encoding="utf-8")
    assert shell("commitments", "collect", "draft.json")[1]["state"] == "open"
    entry = {
        "list_code": "CX-SF",
        "subject": draft["subject"],
        "authority": "示例局",
        "basis": "示例",
        "listed_on": "2026-01-01",
    }
    (config.parent / "entry.json").write_text(json.dumps(entry), encoding="utf-8")
    code, said = shell("commitments", "red-list", "entry.json", "--operator", "u-1", "--department", "451100")
    assert (code, said["key"].startswith("fb_red_")) == (0, True)
