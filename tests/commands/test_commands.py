"""The commands as an officer or a programmer types them: what they print, and the code they exit with."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.kit import PERSON, USCC, faults, record

if TYPE_CHECKING:
    from pathlib import Path

CASE: dict[str, Any] = {
    "id": "451100-2026-000123",
    "matter": "procurement.goods",
    "point": "evaluate",
    "subject": {
        "category": "organisation",
        "name": "贺州市示例食品有限公司",
        "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
    },
    "parties": [
        {
            "role": "legal_representative",
            "subject": {
                "category": "person",
                "name": "张示例",
                "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}],
            },
        }
    ],
    "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条", "authorisation_ref": None},
    "operator": {"id": "u-1024", "department": "451100-czj"},
    "region": "451100",
    "opened_at": "2026-11-23T09:00:00+08:00",
}


class Shell:
    """Runs commands in this process, in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Run a command; give its exit code and what it printed."""
        code = run(list(words))
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def json(self, *words: str) -> tuple[int, Any]:
        """Run a command with ``--json``; its standard output has to be one document."""
        code, out, _ = self(*words, "--json")
        return code, json.loads(out)

    def write(self, name: str, value: Any) -> str:
        """Write a file, and give its name."""
        (self.folder / name).write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        return name


@pytest.fixture
def shell(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Give a folder with a configuration and a case."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    made = Shell(config.parent, capsys)
    made.write("case.json", CASE)
    return made


def test_the_life_of_a_case(shell: Shell, sandbox: Any) -> None:
    code, decision = shell.json("check", "case.json")
    assert (code, decision["outcome"]) == (0, "clear")
    sandbox.put_record(record())
    code, decision = shell.json("check", "case.json")
    assert (code, decision["outcome"]) == (10, "restricted")
    proposal = decision["proposals"][0]
    assert proposal["measure"] == "R-SAMR-01"
    assert proposal["class"] == "A"
    assert proposal["applies_to"]["subject"] == "91451100********2F"
    assert proposal["grounds"][0]["list_code"] == "SAMR-YZ"
    assert proposal["basis"][0]["article"] == "第十八条"
    assert set(proposal["reasons"]) == {"zh-CN", "en"}
    code, refused = shell.json("require", "case.json")
    assert (code, refused["passed"], refused["code"]) == (20, False, "gate.unsettled")
    assert shell("settle", CASE["id"], "--point", "evaluate", "--all-applied", "--operator", "u-1")[0] == 0
    code, passed = shell.json("require", "case.json")
    assert (code, passed["passed"]) == (0, True)
    code, refused = shell.json("require", "case.json", "--to", "grant")
    assert (code, refused["code"]) == (20, "gate.blocked")
    assert shell("require", CASE["id"], "--point", "evaluate", "--to", "refuse")[0] == 0
    for _ in range(3):
        assert shell("relay", "--once")[0] == 0
    received = sandbox.received("feedback")
    assert received["total"] == received["effects"] == len(decision["proposals"])
    _, stats = shell.json("stats")
    assert stats["rows"][0]["applied"] == len(decision["proposals"])
    _, waiting = shell.json("outbox", "list")
    assert {row["state"] for row in waiting["rows"]} == {"delivered"}


def test_a_silent_platform_is_exit_12_and_named(shell: Shell, sandbox: Any) -> None:
    with faults(sandbox, {"level": "municipal", "path": None, "kind": "empty"}):
        code, decision = shell.json("check", "case.json")
    assert (code, decision["outcome"]) == (12, "undecided")
    assert "municipal" in " ".join(decision["reasons"]["zh-CN"])


def test_review_is_exit_11(shell: Shell) -> None:
    subject = {"category": "organisation", "name": "没有代码的公司", "identifiers": []}
    shell.write("nameless.json", CASE | {"id": "n-1", "subject": subject})
    assert shell("check", "nameless.json")[0] == 11


def test_identifiers_are_masked_unless_asked_for(shell: Shell, sandbox: Any) -> None:
    sandbox.put_record(record())
    _, out, err = shell("check", "case.json", "--json")
    assert USCC not in out + err
    assert PERSON not in out + err
    _, out, _ = shell("check", "case.json", "--json", "--reveal")
    assert USCC in out


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"matter": "licence.unheard-of"}, "matter"),
        ({"point": "disburse"}, "point"),
        ({"unknown_key": 1}, "unknown_key"),
        ({"purpose": None}, "purpose"),
        ({"opened_at": "yesterday"}, "opened_at"),
        ({"operator": {"id": "u"}}, "operator.department"),
        (
            {"subject": {**CASE["subject"], "identifiers": [{"scheme": "cn-uscc", "value": "9145****2F"}]}},
            "identifiers",
        ),
    ],
)
def test_a_case_that_cannot_be_checked_is_exit_2_and_names_the_place(
    shell: Shell, change: dict[str, Any], place: str
) -> None:
    shell.write("bad.json", CASE | change)
    code, out, err = shell("check", "bad.json", "--json")
    assert code == 2
    assert place in err
    assert USCC not in out + err
    assert json.loads(out)["error"]["code"].startswith("case.")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00", '{"id": 1e999}'])
def test_a_file_that_is_no_case_is_exit_2(shell: Shell, text: str) -> None:
    shell.write("bad.json", text)
    assert shell("check", "bad.json")[0] == 2


def test_usage_is_exit_2(shell: Shell) -> None:
    assert shell("check")[0] == 2
    assert shell("unheard-of")[0] == 2
    assert shell("check", "case.json", "--lang", "fr")[0] == 2
    assert shell("check", "not-there.json")[0] == 2
    assert shell("require", "case.json", "--to", "elsewhere")[0] == 2
    assert shell("settle", CASE["id"], "--point", "evaluate", "--operator", "u")[0] == 2
    assert shell("settle", CASE["id"], "--point", "evaluate", "--all-applied", "--operator", "u")[0] == 2


def test_a_mandatory_measure_set_aside_is_exit_2_and_nothing_is_written(shell: Shell, sandbox: Any) -> None:
    sandbox.put_record(record())
    _, decision = shell.json("check", "case.json")
    answers = [{"proposal": p["id"], "answer": "set_aside", "reason": "情况特殊"} for p in decision["proposals"]]
    shell.write(
        "answers.json",
        {"case_id": CASE["id"], "point": "evaluate", "operator": CASE["operator"], "responses": answers},
    )
    code, _, err = shell("settle", CASE["id"], "--point", "evaluate", "--responses", "answers.json", "--operator", "u")
    assert code == 2
    assert "R-SAMR-01" in err
    _, evidence = shell.json("evidence", "show", decision["id"])
    assert evidence["responses"] == []


def test_a_configuration_that_cannot_work_is_exit_3_and_names_the_nearest_key(shell: Shell) -> None:
    text = (shell.folder / "credit-check.toml").read_text()
    shell.write("typo.toml", text.replace("audit_url", "audit_ulr"))
    code, _, err = shell("check", "case.json", "--config", "typo.toml")
    assert code == 3
    assert "ledger.audit_ulr" in err
    assert "audit_url" in err
    assert shell("check", "case.json", "--config", "missing.toml")[0] == 3
    shell.write("broken.toml", "lang = ")
    assert shell("check", "case.json", "--config", "broken.toml")[0] == 3


def test_the_environment_wins_over_the_file(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_CHECK_LEDGER__URL", "sqlite:///elsewhere.db")
    assert shell("check", "case.json")[0] == 0
    assert (shell.folder / "elsewhere.db").exists()


def test_init_overwrites_nothing(shell: Shell) -> None:
    before = (shell.folder / "credit-check.toml").read_bytes()
    assert shell("init")[0] == 3
    assert (shell.folder / "credit-check.toml").read_bytes() == before
    assert shell("init", "--config", "new/credit-check.toml")[0] == 0
    secrets = [shell.folder / "keys" / "ring.json", *(shell.folder / "secrets").iterdir()]
    assert {path.stat().st_mode & 0o077 for path in secrets} == {0}


def test_messages_come_in_the_users_language(shell: Shell) -> None:
    assert "事项" in shell("check", shell.write("b.json", CASE | {"matter": "x.y"}), "--lang", "zh-CN")[2]
    assert "unknown" in shell("check", "b.json", "--lang", "en")[2]


def test_doctor_and_plugins(shell: Shell, sandbox: Any) -> None:
    code, found = shell.json("doctor")
    assert code == 0
    assert found["ok"]
    code, listed = shell.json("plugins")
    assert listed["plugins"][0]["name"] == "platform"
    assert {adapter["name"] for adapter in listed["adapters"]} >= {"approval", "tendering", "subsidy"}
    text = (shell.folder / "credit-check.toml").read_text().replace(sandbox.url, "http://127.0.0.1:9")
    shell.write("credit-check.toml", text)
    code, found = shell.json("doctor")
    assert code == 3
    assert not found["ok"]


def test_screen_writes_a_row_for_everybody(shell: Shell, sandbox: Any) -> None:
    sandbox.put_record(record())
    shell.write(
        "list.csv",
        f"名称,统一社会信用代码\n贺州市示例食品有限公司,{USCC}\n广西示例建设有限公司,91450000MA0000007U\n没有代码的公司,\n坏掉的,4.51102E+17\n",
    )
    code, said = shell.json(
        "screen", "list.csv", "--matter", "procurement.goods", "--point", "evaluate", "-o", "out.csv"
    )
    assert code == 1, "one row was rejected"
    assert (said["rows"], said["answered"], said["rejected"]) == (4, 3, 1)
    assert said["outcomes"] == {"restricted": 1, "clear": 1, "review": 1}
    with (shell.folder / "out.csv").open(encoding="utf-8", newline="") as reading:
        rows = list(csv.DictReader(reading))
    assert list(rows[0]) == [
        "row", "name", "identifier_masked", "outcome", "measures", "reasons_zh", "reasons_en", "decision", "error",
    ]  # fmt: skip
    by_name = {row["name"]: row for row in rows}
    assert by_name["贺州市示例食品有限公司"]["measures"].startswith("R-")
    assert by_name["坏掉的"]["error"]
    assert USCC not in (shell.folder / "out.csv").read_text()
    assert (
        shell("screen", "not-there.csv", "--matter", "procurement.goods", "--point", "evaluate", "-o", "o.csv")[0] == 2
    )
    assert shell("screen", "list.csv", "--matter", "x", "--point", "evaluate", "-o", "o.csv")[0] == 2
    shell.write("empty.json", {"releases": [{"ocid": "ocds-x-1", "tender": {"id": "1"}}]})
    code, said = shell.json(
        "screen", "empty.json", "--matter", "procurement.goods", "--point", "evaluate", "-o", "o.csv"
    )
    assert (code, said["rows"]) == (0, 0)


def test_demo_shows_the_whole_job(shell: Shell) -> None:
    code, said = shell.json("demo", "--report", "report.html")
    assert code == 0
    assert said["adapters"] == ["approval", "honours", "subsidy", "supervision", "tendering"]
    assert said["delivered"] == said["effects"] > 0
    assert said["undelivered"] == 0
    page = (shell.folder / "report.html").read_text()
    for word in ("restricted", "clear", "review", "限制措施执行中", "执行反馈"):
        assert word in page
    # All adapters share one sandbox: what one puts there must not change what another shows.
    for shown in ("<td>C</td><td>B</td><td>—</td>", "<td>保留 keeps it</td>", "<td>提议撤销 to be revoked</td>"):
        assert shown in page


def test_the_sandbox_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "credit_check_sdk.cli",
        "sandbox",
        "--port",
        "0",
        "--subjects",
        "5",
        "--lang",
        "en",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "http://127.0.0.1:" in line
    process.send_signal(signal.SIGTERM)
    ends = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < ends:
        time.sleep(0.05)
    assert process.poll() is not None
    process.stderr.close()
