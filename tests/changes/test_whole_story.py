"""The whole story of four files, as officers type it, against a platform that is served: from the change to the grant.

Objection, repair, an upheld objection and a temporary lifting reach four measures in force in one synchronisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.commands.test_commands import CASE, Shell
from tests.kit import OTHER, USCC, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRMS = {
    "objected": USCC,
    "repaired": OTHER,
    "objection_upheld": "52450000MJD000003H",
    "temporarily_lifted": "A1451100MD0000016G",
}
STATES = {"objected": "suspended", "repaired": "lifted", "objection_upheld": "rectified", "temporarily_lifted": "suspended"}  # fmt: skip


class Office:
    """An office with one file for each change."""

    def __init__(self, shell: Shell, platform: httpx.Client) -> None:
        self.shell = shell
        self.platform = platform
        self.records: dict[str, str] = {}
        self.decisions: dict[str, dict[str, Any]] = {}

    def file(self, change: str) -> str:
        """Give the file of a change."""
        return f"{change}.json"

    def begin(self, change: str) -> None:
        """List a firm, check its file, apply what is proposed, and see that nothing is granted."""
        firm = {**CASE["subject"], "identifiers": [{"scheme": "cn-uscc", "value": FIRMS[change]}]}
        listed = self.platform.post("/admin/records", json=record(subject=firm, doc_no=f"贺市监罚〔2026〕{change}号"))
        (self.records[change],) = listed.json()["record_ids"]
        self.shell.write(self.file(change), {**CASE, "id": change, "subject": firm, "parties": []})
        code, self.decisions[change] = self.shell.json("check", self.file(change))
        assert (code, self.decisions[change]["outcome"]) == (10, "restricted")
        self.apply(change)
        assert self.passes(change) == "gate.blocked"

    def apply(self, change: str) -> None:
        """Apply what the latest check proposes."""
        words = ("settle", change, "--point", "evaluate", "--all-applied", "--operator", "u-1")
        assert self.shell(*words)[0] == 0

    def tell(self, change: str, said: str | None = None) -> None:
        """Let the platform say that a record has changed."""
        body = {"record_id": self.records[change], "change": said or change}
        assert self.platform.post("/admin/changes", json=body).is_success

    def passes(self, change: str, to: str = "grant") -> str:
        """Give the code with which the gate refuses, or nothing."""
        code, said = self.shell.json("require", self.file(change), "--to", to)
        assert code == (0 if said["passed"] else 20)
        return "" if said["passed"] else str(said["code"])

    def states(self, change: str) -> set[str]:
        """Name the states of the measures of the first check of a file."""
        _, shown = self.shell.json("evidence", "show", self.decisions[change]["id"])
        return {proposal["state"] for proposal in shown["decision"]["proposals"]}

    def amendments(self) -> dict[str, set[tuple[str, str]]]:
        """Deliver what waits; give state and cause of the amendments that arrived, file by file."""
        for _ in range(3):
            assert self.shell("relay", "--once")[0] == 0
        items = self.platform.get("/admin/received", params={"kind": "feedback"}).json()["items"]
        sent = [item["body"]["data"] for item in items]
        originals = {data["id"]: data["case_id"] for data in sent if data["kind"] == "response"}
        found: dict[str, set[tuple[str, str]]] = {}
        for data in sent:
            if data["kind"] == "amendment":
                assert originals[data["amends"]] == data["case_id"], "an amendment names the feedback that it amends"
                found.setdefault(data["case_id"], set()).add((data["state"], data["cause"]))
        return found


@pytest.fixture
def office(
    config: Path, sandbox: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    """Open the office."""
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    with httpx.Client(base_url=sandbox.url, trust_env=False) as platform:
        yield Office(Shell(config.parent, capsys), platform)


def test_what_the_platform_changes_reaches_four_files_to_the_grant(office: Office) -> None:
    for change in FIRMS:
        office.begin(change)
    assert office.amendments() == {}
    for change in FIRMS:
        office.tell(change)

    code, report = office.shell.json("sync", "--once")
    # Four listings, which say nothing new, and four changes.
    assert (code, report["changes"], report["touched"], report["failed"]) == (0, 8, 4, False)
    assert {change: office.states(change) for change in FIRMS} == {change: {to} for change, to in STATES.items()}
    assert office.amendments() == {change: {(to, change)} for change, to in STATES.items()}

    for change in FIRMS:
        assert [office.passes(change, to) for to in ("proceed", "grant", "refuse")] == ["gate.changed"] * 3
        code, decision = office.shell.json("check", office.file(change))
        assert (code, decision["outcome"]) == (0, "clear")
        warned = {warning["code"] for warning in decision["warnings"]}
        assert ("record.suspended" in warned) is (STATES[change] == "suspended")
        office.apply(change)
        assert office.passes(change) == ""

    _, remedies = office.shell.json("stats", "--remedies")
    assert {(row["case_id"], row["state"]) for row in remedies["remedies"]} == {("objection_upheld", "rectified")}
    _, listed = office.shell.json("notice", "list", "--state", "drafted")
    told = {(row["case_id"], row["kind"]) for row in listed["notices"] if row["kind"] in {"lifting", "rectification"}}
    assert told == {("repaired", "lifting"), ("objection_upheld", "rectification")}
    assert all(row["due_on"] for row in listed["notices"])

    # The repaired record is used by nobody again, not even where its platform is silent and an older answer would do.
    office.platform.put("/admin/faults", json={"faults": [{"level": "municipal", "kind": "status", "value": 503}]})
    code, silent = office.shell.json("check", office.file("repaired"))
    office.platform.put("/admin/faults", json={"faults": []})
    assert (code, silent["outcome"], silent["proposals"]) == (12, "undecided", [])
    assert office.records["repaired"] not in str(silent)

    # The lifting ends and the objection is rejected: both measures are in force again, and nothing is granted.
    office.tell("temporarily_lifted", "restored")
    office.tell("objected", "objection_rejected")
    assert office.shell("sync", "--once")[0] == 0
    amended = office.amendments()
    for change, cause in (("temporarily_lifted", "restored"), ("objected", "objection_rejected")):
        assert office.states(change) == {"applied"}
        assert ("in_force", cause) in amended[change]
        code, decision = office.shell.json("check", office.file(change))
        assert (code, decision["outcome"]) == (10, "restricted")
        office.apply(change)
        assert office.passes(change) == "gate.blocked"
