"""The ranking as a committee's secretary types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck
from credit_check_sdk.cli.app import run
from tests.kit import OFFICER, USCC
from tests.ranking.test_table import CLAUSE, bid, entry, praised

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(config: Path, sandbox: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in the folder of a configuration with one bid checked; give its exit code and document."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    sandbox.put_record(praised(USCC))
    with CreditCheck.open(config) as credit:
        decided = credit.check(bid(USCC, CLAUSE))
    said = {"id": "T-1", "matter": "tender.works", "clauses": [CLAUSE], "entries": [entry("B-1", "90", decided)]}
    (config.parent / "ranking.json").write_text(json.dumps(said), encoding="utf-8")

    def typed(*words: str, plain: bool = False) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*([] if plain else ["--json"]), *words])
        out = capsys.readouterr().out
        return code, out if plain else json.loads(out)

    return typed


def test_a_table_is_made_shown_and_confirmed(shell: Any, config: Path) -> None:
    folder = config.parent
    code, made = shell("rank", "ranking.json", "--html", "table.html", "--csv", "table.csv")
    assert (code, made["rows"][0]["bonus"], made["committee"]) == (0, "2", None)
    assert "信用评分排序表" in (folder / "table.html").read_text(encoding="utf-8") or "before and after" in (
        folder / "table.html"
    ).read_text(encoding="utf-8")
    assert (folder / "table.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    code, text = shell("rank", "ranking.json", "--lang", "zh-CN", plain=True)
    assert code == 0
    assert "I-05" in text
    decision = {"table": made["digest"], "confirmed_by": "李示例", "operator": OFFICER.model_dump()}
    (folder / "decision.json").write_text(json.dumps(decision), encoding="utf-8")
    code, done = shell("rank", "ranking.json", "--confirm", "decision.json")
    assert (code, done["rows"][0]["decided_rank"], len(done["committee"]["feedback"])) == (0, 1, 1)


def test_an_entry_that_was_not_checked_is_not_done(shell: Any, config: Path) -> None:
    said = json.loads((config.parent / "ranking.json").read_text(encoding="utf-8"))
    said["entries"].append({"reference": "B-2", "score": 95})
    (config.parent / "ranking.json").write_text(json.dumps(said), encoding="utf-8")
    code, made = shell("rank", "ranking.json")
    assert (code, made["complete"]) == (12, False)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"id": "T-1"}', '{"id":"T","matter":"tender.works","entries":[{"reference":"B","score":"NaN"}]}'],
    ids=["empty", "a list", "broken", "nothing", "not a number"],
)
def test_what_is_no_ranking_is_refused_in_words(shell: Any, config: Path, text: str) -> None:
    (config.parent / "ranking.json").write_text(text, encoding="utf-8")
    code, said = shell("rank", "ranking.json")
    assert code == 2
    assert said["error"]["message"]


def test_a_file_that_is_not_there_or_cannot_be_written_is_refused(shell: Any) -> None:
    assert shell("rank", "nothing.json")[0] == 2
    assert shell("rank", "ranking.json", "--html", "no/such/folder.html")[0] == 2
    assert shell("rank", "ranking.json", "--confirm", "nothing.json")[0] == 2
