"""One check as a file: an expert verifies it with hashlib and another JOSE library; an officer prints it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import rfc8785

from credit_check_sdk import CreditCheck, LedgerError
from credit_check_sdk.cli.app import run as credit_check
from tests.evidence.sealed import Hand
from tests.kit import OFFICER, ROOT, USCC, case, faults, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.kit import Door


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def claims(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Verify a JWS with PyJWT, as somebody would who never heard of this software."""
    keys = {key.get("kid"): key for key in jwks["keys"]}
    key = jwt.PyJWK(keys[jwt.get_unverified_header(token)["kid"]], algorithm="EdDSA")
    found: dict[str, Any] = jwt.decode(
        token, key.key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False}
    )
    return found


def verified(document: Mapping[str, Any]) -> int:
    """Go through the steps that the file itself describes; give how many counter-signatures hold."""
    path = {link["place"]: link for link in document["links"]}
    begun = {one["beginning"]["begins"]: one for one in document["chains"]}
    points = {one["checkpoint"]["size"]: one for one in document["checkpoints"]}
    witnessed = 0
    for entry in document["entries"]:
        if entry["body"] is not None:
            assert sha256(bytes.fromhex(entry["salt"]), entry["body"].encode()) == entry["digest"]
        said = {name: entry[name] for name in ("case_id", "digest", "id", "kind", "recorded_at")}
        assert entry["content_text"].encode() == rfc8785.dumps(said)
        assert sha256(entry["content_text"].encode()) == entry["content"]
        assert sha256(entry["link_text"].encode()) == entry["link"]
        place = entry["place"]
        assert (path[place]["link"], path[place]["content"]) == (entry["link"], entry["content"])
        point = points[entry["checkpoint"]]
        for step in range(place, entry["checkpoint"] + 1):
            link = path[step]
            covered = {name: link[name] for name in ("chain", "content", "follows", "place", "previous")}
            assert sha256(rfc8785.dumps(covered)) == link["link"]
            beginning = begun[link["chain"]]["beginning"]
            if beginning["after_place"] == step - 1:
                assert link["previous"] == sha256(rfc8785.dumps(beginning))
                assert claims(begun[link["chain"]]["signature"], document["keys"]) == {"kind": "chain", **beginning}
            elif step > place:
                assert link["previous"] == path[step - 1]["link"]
        head = point["checkpoint"]
        assert head["head"] == "sha256:" + path[head["size"]]["link"]
        signed = claims(head["signature"], document["keys"])
        assert {name: signed[name] for name in ("ledger", "chain", "size", "head", "at", "entry")} == {
            name: head[name] for name in ("ledger", "chain", "size", "head", "at", "entry")
        }
        for seen in point["countersignatures"]:
            theirs = claims(seen["signature"], seen["keys"])
            assert {name: theirs[name] for name in ("ledger", "chain", "size", "head")} == {
                name: head[name] for name in ("ledger", "chain", "size", "head")
            }
            witnessed += 1
    return witnessed


def test_a_check_verifies_with_public_tools_alone(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    made = case()
    decision = door.check(made)
    responses = [{"proposal": one.id, "answer": "applied"} for one in decision.proposals if one.strength == "block"]
    door.settle(decision, [_response(said) for said in responses], operator=OFFICER)
    for _ in range(3):
        door.check(case())
    document = json.loads(json.dumps(door.prove(decision.id)))
    assert verified(document) > 0
    kinds = [entry["kind"] for entry in document["entries"]]
    assert kinds[0] == "check"
    assert {"check", "response", "feedback"} <= set(kinds)
    receipt = claims(document["receipt"], document["keys"])
    assert (receipt["jti"], receipt["case"], receipt["outcome"]) == (decision.id, made.id, decision.outcome)
    body = json.loads(document["entries"][0]["body"])
    assert body["decision"]["outcome"] == decision.outcome
    assert body["case"]["subject"]["identifiers"][0]["value"] == USCC
    assert body["consultations"]
    assert set(document["how_to_verify"]) == {"zh-CN", "en"}


def _response(said: dict[str, Any]) -> Any:
    from credit_check_sdk import Response  # noqa: PLC0415  only here

    return Response.model_validate(said)


def test_a_change_of_any_part_is_found_by_the_expert(door: Door) -> None:
    decision = door.check(case())
    text = json.dumps(door.prove(decision.id))

    def spoilt(change: Any) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(text)
        change(document)
        return document

    def body(document: dict[str, Any]) -> None:
        document["entries"][0]["body"] = document["entries"][0]["body"].replace('"clear"', '"review"')

    def salt(document: dict[str, Any]) -> None:
        document["entries"][0]["salt"] = "00" * 16

    def head(document: dict[str, Any]) -> None:
        document["checkpoints"][-1]["checkpoint"]["head"] = "sha256:" + "0" * 64

    def link(document: dict[str, Any]) -> None:
        document["links"][-1]["content"] = "0" * 64

    for change in (body, salt, head, link):
        with pytest.raises(AssertionError):
            verified(spoilt(change))


def test_a_check_that_the_platform_never_saw_verifies_up_to_our_own_signature(door: Door, sandbox: Any) -> None:
    decision = door.check(case())
    with faults(sandbox, {"path": "/v1/checkpoints", "kind": "status", "value": 503}):
        document = json.loads(json.dumps(door.prove(decision.id)))
    assert verified(document) == 0
    assert document["checkpoints"]


def test_a_check_that_is_not_there_has_no_proof(door: Door) -> None:
    assert door.prove("dec_none") is None
    decision = door.check(case())
    for entry in door.prove(decision.id)["entries"][1:]:
        assert door.prove(entry["id"]) is None


def test_an_edited_entry_is_no_proof(door: Door, config: Path) -> None:
    from tests.ledger.conftest import Place  # noqa: PLC0415  only here

    decision = door.check(case())
    hand = Hand(Place("sqlite", f"sqlite:///{config.parent / 'credit-check.db'}", door.client._world.keys, {}))
    row = next(row for row in hand.rows("credit_entry") if row["id"] == decision.id)
    hand.do("UPDATE credit_entry SET salt = :s WHERE id = :e", s=bytes(16), e=row["id"])
    with pytest.raises(LedgerError) as caught:
        door.prove(decision.id)
    assert caught.value.code == "ledger.broken"
    hand.engine.dispose()


def command(config: Path, *words: str) -> int:
    return credit_check(["--config", str(config), *words])


@pytest.fixture
def checked(config: Path, sandbox: Any) -> Any:
    sandbox.put_record(record())
    with CreditCheck.open(config) as credit:
        return credit.check(case())


def test_the_command_writes_proof(
    config: Path, checked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "proof.json"
    assert command(config, "evidence", "export", checked.id, "-o", str(out), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["decision"], said["sealed"] > 0) == (checked.id, True)
    assert verified(json.loads(out.read_text(encoding="utf-8"))) > 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    # The same file is a checkpoint to hold the ledger against.
    assert command(config, "evidence", "verify", "--against", str(out)) == 0
    by_case = tmp_path / "by-case.json"
    words = ("evidence", "export", checked.case_id, "--point", "evaluate", "-o", str(by_case))
    assert command(config, *words) == 0
    assert json.loads(by_case.read_text(encoding="utf-8"))["decision"] == checked.id
    assert "含完整标识符" in capsys.readouterr().err


def test_the_page_says_site_query_result_time_officer_and_digest(
    config: Path, checked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, full = tmp_path / "page.html", tmp_path / "full.html"
    assert command(config, "evidence", "export", checked.id, "-o", str(out)) == 0
    assert command(config, "evidence", "export", checked.id, "-o", str(full), "--reveal") == 0
    text = out.read_text(encoding="utf-8")
    with CreditCheck.open(config) as credit:
        document = credit.prove(checked.id)
        site = credit.settings.sources[0]
    assert document is not None
    digest = document["entries"][0]["digest"]
    wanted = (
        site.id,
        site.base_url,
        "贺州市示例食品有限公司",
        "政府采购评审",
        OFFICER.id,
        OFFICER.department,
        "SAMR-YZ",
        "贺市监罚〔2026〕1号",
        checked.receipt,
        digest,
        checked.id,
        "municipal",
        "沙盒数据，不得作为依据",
        "@media print",
        "公共信用信息查询记录",
        "Record of a public credit query",
    )
    assert [word for word in wanted if str(word) not in text] == []
    assert USCC not in text
    assert USCC in full.read_text(encoding="utf-8")
    assert stat.S_IMODE(full.stat().st_mode) == 0o600
    assert not re.search(r"(?:src|href)=", text)
    capsys.readouterr()


def test_a_silent_site_never_looks_like_one_that_found_nothing(
    config: Path, sandbox: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        faults(sandbox, {"level": "municipal", "path": "/v1/checks", "kind": "status", "value": 503}),
        CreditCheck.open(config) as credit,
    ):
        decision = credit.check(case())
    out = tmp_path / "page.html"
    assert command(config, "evidence", "export", decision.id, "-o", str(out)) == 0
    text = out.read_text(encoding="utf-8")
    assert "未答复，不视为无记录" in text
    assert "未决 undecided" in text
    capsys.readouterr()


def test_names_of_subjects_are_no_markup(config: Path, sandbox: Any, tmp_path: Path) -> None:
    made = case()
    bad = made.model_copy(update={"subject": made.subject.model_copy(update={"name": "<script>alert(1)</script>"})})
    with CreditCheck.open(config) as credit:
        decision = credit.check(bad)
    out = tmp_path / "page.html"
    assert command(config, "evidence", "export", decision.id, "-o", str(out)) == 0
    assert "<script>" not in out.read_text(encoding="utf-8")


def test_what_cannot_be_exported_is_said(
    config: Path, checked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ("dec_none", "-o", str(tmp_path / "a.json")),
        (checked.id, "-o", str(tmp_path / "a.txt")),
        (checked.id, "-o", str(tmp_path / "none" / "a.json")),
        (checked.case_id, "--point", "nowhere", "-o", str(tmp_path / "a.json")),
    ):
        assert command(config, "evidence", "export", *words, "--json") == 2
        assert json.loads(capsys.readouterr().out)["error"]["message"]
    assert not (tmp_path / "a.json").exists()


def blocks(language: str) -> list[str]:
    """Give the code of one language on the page that shows how to verify."""
    text = (ROOT / "docs" / "howto" / "prove-a-check.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_script_on_the_page_verifies_proof_and_finds_a_change(config: Path, checked: Any, tmp_path: Path) -> None:
    out, script = tmp_path / "check.json", tmp_path / "verify.py"
    assert command(config, "evidence", "export", checked.id, "-o", str(out)) == 0
    (code,) = blocks("python")
    script.write_text(code, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(script), str(out)], check=False, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert f"check {checked.id}" in ran.stdout
    assert "signed 2 times" in ran.stdout
    assert "receipt: restricted" in ran.stdout
    document = json.loads(out.read_text(encoding="utf-8"))
    document["entries"][0]["body"] = document["entries"][0]["body"].replace("restricted", "clear")
    out.write_text(json.dumps(document), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(script), str(out)], check=False, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 1


@pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("bash", "jq", "xxd", "openssl", "sha256sum")),
    reason="the tools are not here",
)
def test_the_commands_on_the_page_verify_proof(config: Path, checked: Any, tmp_path: Path) -> None:
    assert command(config, "evidence", "export", checked.id, "-o", str(tmp_path / "check.json")) == 0
    code = next(block for block in blocks("bash") if "openssl" in block)
    ran = subprocess.run(["bash", "-ec", code], check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    digests = [line.split()[0] for line in ran.stdout.splitlines() if re.match(r"[0-9a-f]{64}\b", line)]
    assert digests[::2] == digests[1::2]
    assert len(digests) == 6
    assert "Signature Verified Successfully" in ran.stdout
