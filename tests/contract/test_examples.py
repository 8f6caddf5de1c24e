"""What the documentation shows is true: its cases and settings load, and the READMEs' example runs."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from credit_check_sdk import Case, CreditCheck, Settings

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ["docs/tutorial/first-check.md", "docs/tutorial/first-check.zh-CN.md"]


def blocks(page: str, language: str) -> list[str]:
    """Give the code blocks of one language on a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", TUTORIALS)
def test_the_case_of_the_tutorial_is_a_case(page: str) -> None:
    (text,) = blocks(page, "json")
    case = Case.model_validate_json(text)
    assert (case.matter, case.point) == ("procurement.goods", "evaluate")


def test_both_tutorials_show_the_same_commands() -> None:
    here, there = ([re.sub(r"\s+#.*", "", block) for block in blocks(page, "shell")] for page in TUTORIALS)
    assert here == there


def test_the_configuration_of_the_reference_is_a_configuration() -> None:
    (text,) = blocks("docs/reference/configuration.md", "toml")
    settings = Settings.parse(tomllib.loads(text))
    assert [source.id for source in settings.sources] == ["municipal"]


def record_of(page: str) -> dict[str, object]:
    """Give the record that the tutorial puts into the sandbox."""
    (found,) = (
        re.search(r"/admin/records .*? -d '(.*?)'\n", block, re.DOTALL)
        for block in blocks(page, "shell")
        if "-d '" in block
    )
    assert found
    record: dict[str, object] = json.loads(found[1])
    return record


def test_both_tutorials_put_the_same_record_in() -> None:
    here, there = (record_of(page) for page in TUTORIALS)
    assert here == there
    assert here["list_code"] == "MOF-ZC"


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_example_of_the_readme_runs(
    page: str, config: Path, sandbox: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs as it stands, on a supplier with a record: the grant is refused, and the feedback arrives once."""
    sandbox.put_record(record_of(TUTORIALS[0]))
    (example,) = blocks(page, "python")
    (body,) = blocks(TUTORIALS[0], "json")
    monkeypatch.chdir(config.parent)
    with CreditCheck.open(config) as credit:
        credit.outbox_status()  # the ledger is there before the host begins
        address = credit.settings.database(credit.settings.ledger.url)
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
        connection.execute("CREATE TABLE host_files (id TEXT PRIMARY KEY)")
        connection.execute("INSERT INTO host_files VALUES ('451100-2026-000123')")
        exec(compile(example, page, "exec"), {"connection": connection, "request_body": body})  # noqa: S102  our own page
    assert "gate.blocked" in capsys.readouterr().out
    assert sandbox.received("feedback")["effects"] == 1
