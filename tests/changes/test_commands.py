"""What a change does to a case, as an officer or an operator types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.commands.test_commands import CASE, Shell
from tests.kit import record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = CASE["id"]


@pytest.fixture
def shell(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Give a folder with a configuration and a case."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    made = Shell(config.parent, capsys)
    made.write("case.json", CASE)
    return made


@pytest.fixture
def restricted(shell: Shell, sandbox: Any) -> Callable[[], tuple[str, dict[str, Any]]]:
    """Put a record in, check the case and apply every measure."""

    def make() -> tuple[str, dict[str, Any]]:
        number = sandbox.put_record(record())
        code, decision = shell.json("check", "case.json")
        assert (code, decision["outcome"]) == (10, "restricted")
        assert shell("settle", FILE, "--point", "evaluate", "--all-applied", "--operator", "u-1")[0] == 0
        code, refused = shell.json("require", "case.json", "--to", "grant")
        assert (code, refused["code"]) == (20, "gate.blocked")
        return number, decision

    return make


def passes_after_a_new_check(shell: Shell) -> None:
    """See the gate refuse until the case was checked anew, and then let it pass to grant."""
    for step in ("proceed", "grant"):
        code, refused = shell.json("require", "case.json", "--to", step)
        assert (code, refused["code"]) == (20, "gate.changed")
    code, decision = shell.json("check", "case.json")
    assert (code, decision["outcome"]) == (0, "clear")
    assert shell("settle", FILE, "--point", "evaluate", "--all-applied", "--operator", "u-1")[0] == 0
    code, passed = shell.json("require", "case.json", "--to", "grant")
    assert (code, passed["passed"]) == (0, True)


def states(shell: Shell, decision: dict[str, Any]) -> set[str]:
    """Name the states in which the measures of a decision stand."""
    _, shown = shell.json("evidence", "show", decision["id"])
    return {proposal["state"] for proposal in shown["decision"]["proposals"]}


def amendments(shell: Shell, sandbox: Any) -> list[dict[str, Any]]:
    """Deliver what waits, and give the amendments that arrived."""
    for _ in range(3):
        assert shell("relay", "--once")[0] == 0
    received = sandbox.received("feedback")
    return [item["body"]["data"] for item in received["items"] if item["body"]["data"]["kind"] == "amendment"]


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        ("objected", "suspended", "suspended"),
        ("repaired", "lifted", "lifted"),
        ("revoked", "lifted", "lifted"),
        ("objection_upheld", "rectified", "rectified"),
        ("temporarily_lifted", "suspended", "suspended"),
    ],
)
def test_a_change_reaches_the_case_and_the_platform_hears_of_it(
    shell: Shell, sandbox: Any, restricted: Any, change: str, state: str, said: str
) -> None:
    number, decision = restricted()
    sandbox.change(number, change)
    code, report = shell.json("sync", "--once")
    assert (code, report["touched"], report["failed"]) == (0, 1, False)
    assert states(shell, decision) == {state}
    sent = amendments(shell, sandbox)
    assert {(data["state"], data["cause"], data["executed"]) for data in sent} == {(said, change, False)}
    assert len(sent) == len(decision["proposals"])
    originals = {
        item["idempotency_key"]
        for item in sandbox.received("feedback")["items"]
        if item["body"]["data"]["kind"] == "response"
    }
    assert {data["amends"] for data in sent} == originals
    passes_after_a_new_check(shell)


def test_an_upheld_objection_is_listed_for_remedy_with_its_notice(shell: Shell, sandbox: Any, restricted: Any) -> None:
    number, decision = restricted()
    _, nothing = shell.json("stats", "--remedies")
    assert nothing == {"remedies": []}
    sandbox.change(number, "objection_upheld")
    assert shell("sync", "--once")[0] == 0
    code, listed = shell.json("stats", "--remedies")
    assert code == 0
    assert {(row["case_id"], row["decision"], row["state"]) for row in listed["remedies"]} == {
        (FILE, decision["id"], "rectified")
    }
    _, notices = shell.json("notice", "list", "--case", FILE)
    drafted = [row for row in notices["notices"] if row["kind"] == "rectification"]
    assert len(drafted) == len(decision["proposals"])
    _, out, _ = shell("stats", "--remedies")
    assert FILE in out


def test_a_temporary_lifting_and_its_end(shell: Shell, sandbox: Any, restricted: Any) -> None:
    number, decision = restricted()
    sandbox.change(number, "temporarily_lifted")
    assert shell("sync", "--once")[0] == 0
    assert states(shell, decision) == {"suspended"}
    passes_after_a_new_check(shell)
    sandbox.change(number, "restored")
    assert shell("sync", "--once")[0] == 0
    assert states(shell, decision) == {"applied"}
    code, again = shell.json("check", "case.json")
    assert (code, again["outcome"]) == (10, "restricted")


def test_an_objection_at_the_counter_to_its_answer(shell: Shell, sandbox: Any, restricted: Any) -> None:
    number, decision = restricted()
    shell.write("收据.txt", "已缴纳")
    words = ["objection", "take", FILE, "--point", "evaluate", "--text", "已经缴纳", "--operator", "u-9"]
    code, taken = shell.json(*words, "--paper", "收据.txt")
    (row,) = taken["objections"]
    assert (code, row["record_id"], row["state"], row["overdue"]) == (0, number, "open", False)
    assert row["due_on"]
    assert (bool(row["forward_by"]), row["forwarded"], row["forward_overdue"]) == (True, False, False)
    assert "未送达，应于" in shell("objection", "list", "--lang", "zh-CN")[1].replace("\n", "").replace(" │ ", "")
    assert shell(*words)[0] == 2, "the same objection is still open"
    assert states(shell, decision) == {"suspended"}
    passes_after_a_new_check(shell)
    for _ in range(3):
        shell("relay", "--once")
    (arrived,) = sandbox.received("objections")["items"]
    assert arrived["body"]["data"]["objection"] == row["id"]
    assert arrived["body"]["data"]["papers"][0]["name"] == "收据.txt"
    _, listed = shell.json("objection", "list", "--open")
    assert [(each["id"], each["forwarded"]) for each in listed["objections"]] == [(row["id"], True)]
    assert shell.json("objection", "list", "--overdue")[1] == {"objections": []}
    code, shown = shell.json("objection", "show", row["id"], "--papers", "材料")
    assert (code, shown["text"]) == (0, "已经缴纳")
    assert (shell.folder / "材料" / "01-收据.txt").read_text() == "已缴纳"
    sandbox.change(number, "objection_rejected")
    assert shell("sync", "--once")[0] == 0
    assert states(shell, decision) == {"applied"}
    _, listed = shell.json("objection", "list", "--case", FILE)
    assert [(each["state"], each["answer"]) for each in listed["objections"]] == [("answered", "objection_rejected")]
    code, _, err = shell("objection", "withdraw", row["id"], "--operator", "u-9", "--reason", "不再异议")
    assert code == 2
    assert row["id"] in err
    for command in (["objection", "list"], ["objection", "show", row["id"]], ["evidence", "show", decision["id"]]):
        code, out, _ = shell(*command)
        assert code == 0
        assert out.strip()


@pytest.mark.parametrize(
    "words",
    [
        ["objection", "show", "obj_none"],
        ["objection", "withdraw", "obj_none", "--operator", "u", "--reason", "x"],
        ["objection", "take", "none", "--point", "evaluate", "--text", "x", "--operator", "u"],
        ["objection", "take", "none", "--point", "nowhere", "--text", "x", "--operator", "u"],
        ["objection", "take", FILE, "--point", "evaluate", "--text", "x", "--operator", "u", "--paper", "none.pdf"],
        ["objection", "take", FILE, "--point", "evaluate", "--text", "", "--operator", "u"],
        ["sync", "--wait", "-1"],
    ],
)
def test_what_cannot_be_done_is_exit_2_and_no_traceback(shell: Shell, words: list[str]) -> None:
    code, _, err = shell(*words)
    assert code == 2
    assert "Traceback" not in err


def test_a_source_that_cannot_be_followed_is_exit_1_and_named(shell: Shell, sandbox: Any) -> None:
    sandbox.faults([{"level": "municipal", "path": "/v1/changes", "kind": "garbage"}])
    code, report = shell.json("sync", "--once")
    sandbox.faults([])
    assert (code, report["failed"]) == (1, True)
    assert [one["source"] for one in report["sources"] if one["error"]] == ["municipal"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_it_keeps_running_until_told_to_leave(shell: Shell, sandbox: Any, restricted: Any) -> None:
    number, decision = restricted()
    command = [sys.executable, "-m", "credit_check_sdk.cli", "sync", "--wait", "1", "--json"]
    with subprocess.Popen(command, cwd=shell.folder, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        first = "".join(iter(following.stdout.readline, "}\n")) + "}"
        assert json.loads(first)["failed"] is False
        sandbox.change(number, "objected")
        ends = time.monotonic() + 60
        while states(shell, decision) != {"suspended"}:
            assert time.monotonic() < ends
            time.sleep(0.2)
        following.send_signal(signal.SIGTERM)
        assert following.wait(60) == 0
    assert run(["sync", "--once"]) == 0
