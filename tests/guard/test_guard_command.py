"""`credit-check guard sql` as an administrator types it, on a database that real checks are recorded in."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.kit import OFFICER, case, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit import Door

WORDS = (
    "guard", "sql", "--dialect", "sqlite", "--table", "files", "--status-column", "status",
    "--grant-values", "approved, issued", "--case-column", "id", "--point", "evaluate",
)  # fmt: skip


def test_what_is_printed_guards_the_table_through_the_whole_job(
    config: Path, door: Door, sandbox: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.put_record(record())
    host = sqlite3.connect(config.parent / "credit-check.db", timeout=20)
    host.execute("CREATE TABLE files (id TEXT PRIMARY KEY, status TEXT)")
    assert run(["--config", str(config), *WORDS]) == 0
    printed = capsys.readouterr()
    assert "sandbox" in printed.err
    host.executescript(printed.out)
    file = case()
    host.execute("INSERT INTO files VALUES (?, 'draft')", (file.id,))
    host.commit()

    def refused() -> str:
        with pytest.raises(sqlite3.IntegrityError) as refusal:
            host.execute("UPDATE files SET status = 'approved'")
        host.rollback()
        return str(refusal.value)

    assert "gate.never_checked" in refused()
    decision = door.check(file)
    assert "gate.unsettled" in refused()
    answers = [{"proposal": p.id, "answer": "applied"} for p in decision.proposals]
    settlement = {"case_id": file.id, "point": "evaluate", "operator": OFFICER.model_dump(), "responses": answers}
    (config.parent / "answers.json").write_text(json.dumps(settlement))
    settle = ["settle", file.id, "--point", "evaluate", "--operator", "u-1", "--responses"]
    assert run(["--config", str(config), *settle, str(config.parent / "answers.json")]) == 0
    assert "gate.blocked" in refused()
    sandbox.reset()
    door.check(file)
    host.execute("UPDATE files SET status = 'approved'")
    host.commit()
    capsys.readouterr()
    assert run(["--config", str(config), *WORDS, "--drop"]) == 0
    host.executescript(capsys.readouterr().out)
    host.execute("INSERT INTO files VALUES ('other', 'approved')")
    host.close()


def test_it_prints_one_document_when_asked_and_says_where_the_ledger_is(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = list(WORDS)
    words[3] = "postgresql"
    assert run(["--config", str(config), "--json", "--lang", "en", *words]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["dialect"] == "postgresql"
    assert document["environment"] == "sandbox"
    assert len(document["statements"]) == 13
    assert "configured in sqlite" in printed.err


@pytest.mark.parametrize(
    ("place", "value"),
    [(3, "oracle"), (5, "a.b.c"), (7, "x\ny"), (9, " , "), (13, "somewhere")],
)
def test_what_cannot_be_used_is_refused(
    config: Path, capsys: pytest.CaptureFixture[str], place: int, value: str
) -> None:
    words = list(WORDS)
    words[place] = value
    assert run(["--config", str(config), *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err
