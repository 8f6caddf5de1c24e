"""A platform that has seen where the chain stood: counter-signed, checked, kept; out of reach it holds nothing up."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from credit_check_sdk import CreditCheck
from credit_check_sdk._shell.drivers import run
from credit_check_sdk._shell.keys import KeyRing, verify_with
from credit_check_sdk.cli.app import run as credit_check
from credit_check_sdk.errors import InputError
from tests.kit import case, faults, record

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit import Door

BROKEN = {"path": "/v1/checkpoints", "kind": "status", "value": 503}


def test_a_checkpoint_is_counter_signed_by_the_platform(door: Door, sandbox: Any) -> None:
    door.check(case())
    report = door.seal()
    checkpoint = report.checkpoint
    assert (report.sealed > 0, report.errors) == (True, ())
    (seen,) = checkpoint.countersignatures
    published = httpx.get(f"{sandbox.url}/municipal/v1/keys").json()
    claims = verify_with(seen.token, published)
    assert claims is not None
    assert {name: claims[name] for name in ("ledger", "chain", "size", "head", "environment")} == {
        "ledger": checkpoint.ledger,
        "chain": checkpoint.chain,
        "size": checkpoint.size,
        "head": checkpoint.head,
        "environment": "sandbox",
    }
    assert sandbox.received("checkpoints")["total"] == 1
    found = door.verify_evidence(checkpoint)
    assert (found.whole, found.countersigned, found.against) == (True, checkpoint.size, checkpoint.size)
    # Shown once: the same checkpoint is not shown again.
    assert door.seal().checkpoint == checkpoint
    assert sandbox.received("checkpoints")["total"] == 1


def test_the_relay_seals_and_has_it_counter_signed(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    decision = door.check(case())
    before = door.verify_evidence()
    assert (before.sealed, before.unsealed > 0) == (0, True)
    report = door.relay()
    assert report.sealed == before.unsealed
    after = door.verify_evidence()
    assert (after.whole, after.unsealed, after.countersigned) == (True, 0, before.unsealed)
    assert door.show(decision.id).decision == decision


def test_a_platform_out_of_reach_holds_nothing_up_and_is_asked_again(door: Door, sandbox: Any) -> None:
    door.check(case())
    with faults(sandbox, BROKEN):
        report = door.relay()
        assert report.sealed > 0
        assert report.errors == ("source.status",)
        assert door.verify_evidence().countersigned == 0
        assert door.seal().checkpoint.countersignatures == ()
    again = door.relay()
    assert (again.sealed, again.errors) == (0, ())
    assert door.verify_evidence().countersigned == report.sealed


@pytest.mark.parametrize("kind", ["garbage", "empty", "truncate", "disconnect"])
def test_an_answer_that_is_none_is_not_kept(door: Door, sandbox: Any, kind: str) -> None:
    door.check(case())
    with faults(sandbox, {"path": "/v1/checkpoints", "kind": kind}):
        report = door.seal()
    assert report.checkpoint.countersignatures == ()
    assert len(report.errors) == 1
    assert door.verify_evidence().whole


def test_a_fork_is_said(door: Door, sandbox: Any) -> None:
    door.check(case())
    with faults(sandbox, BROKEN):
        checkpoint = door.seal().checkpoint
    # Somebody showed the platform another ledger under the same name, sealed with the same keys.
    other = replace(checkpoint, head="sha256:" + "0" * 64)
    shown = door.client._desk.witnesses["municipal"].countersign(other)
    run(shown, door.client._world)
    report = door.relay()
    assert report.errors == ("checkpoint.forked",)
    assert door.verify_evidence().countersigned == 0


def command(config: Path, *words: str) -> int:
    return credit_check(["--config", str(config), *words])


def test_a_cut_off_tail_is_found_against_the_file_of_a_checkpoint(
    config: Path, sandbox: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checkpoint.json"
    assert command(config, "evidence", "verify") == 0
    assert command(config, "evidence", "checkpoint", "-o", str(out)) == 2
    assert "relay --once" in capsys.readouterr().err
    with CreditCheck.open(config) as credit:
        credit.check(case())
    assert command(config, "relay", "--once") == 0
    with CreditCheck.open(config) as credit:
        first = credit.verify_evidence().sealed
        credit.check(case())
    assert command(config, "relay", "--once") == 0
    assert command(config, "evidence", "checkpoint", "-o", str(out)) == 0
    capsys.readouterr()
    item = sandbox.received("checkpoints")["items"][-1]
    answer, token = tmp_path / "answer.json", tmp_path / "token.jws"
    answer.write_text(json.dumps(item["body"]), encoding="utf-8")
    token.write_text(item["body"]["signature"], encoding="utf-8")
    for file in (out, answer, token):
        assert command(config, "evidence", "verify", "--against", str(file), "--json") == 0
        assert json.loads(capsys.readouterr().out)["whole"] is True
    with contextlib.closing(sqlite3.connect(config.parent / "credit-check.db")) as connection, connection:
        gone = [row[0] for row in connection.execute("SELECT entry FROM credit_seal WHERE place > ?", (first,))]
        for table, column in CUT:
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(number,) for number in gone])  # noqa: S608  a table's own names
        connection.execute("DELETE FROM credit_checkpoint WHERE size > ?", (first,))
        connection.execute("DELETE FROM credit_countersignature WHERE size > ?", (first,))
    assert command(config, "evidence", "verify") == 0
    capsys.readouterr()
    for file in (out, answer, token):
        assert command(config, "evidence", "verify", "--against", str(file), "--json") == 1
        breach = json.loads(capsys.readouterr().out)["breach"]
        assert (breach["kind"], breach["place"]) == ("cut_off", first + 1)


def test_an_edited_entry_makes_the_command_fail_and_is_named(
    config: Path, sandbox: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with CreditCheck.open(config) as credit:
        decision = credit.check(case())
    assert command(config, "relay", "--once") == 0
    assert command(config, "evidence", "verify") == 0
    with contextlib.closing(sqlite3.connect(config.parent / "credit-check.db")) as connection, connection:
        connection.execute("UPDATE credit_check SET outcome = 'restricted' WHERE decision = ?", (decision.id,))
    capsys.readouterr()
    assert command(config, "evidence", "verify", "--json") == 1
    breach = json.loads(capsys.readouterr().out)["breach"]
    assert (breach["kind"], breach["entry"], breach["where"]) == ("edited", decision.id, "credit_check.outcome")
    assert command(config, "evidence", "verify", "--lang", "zh-CN") == 1
    assert f"第 1 条 {decision.id} 在封存后被改动" in capsys.readouterr().out


CUT = (
    ("credit_entry", "id"),
    ("credit_seal", "entry"),
    ("credit_check", "decision"),
    ("credit_proposal", "decision"),
    ("credit_ground", "decision"),
    ("credit_subject", "decision"),
    ("credit_notice", "notice"),
    ("credit_outbox", "key"),
)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "a.b.c", '{"checkpoint": {}}', '{"signature": "x", "size": 1}', "\u0000"]
)
def test_a_file_that_holds_no_checkpoint_is_refused(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "checkpoint.json"
    file.write_text(text, encoding="utf-8")
    assert command(config, "evidence", "verify", "--against", str(file), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "checkpoint.invalid"
    assert command(config, "evidence", "verify", "--against", str(tmp_path / "none"), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "file.unreadable"


def test_a_checkpoint_that_nobody_known_signed_is_refused(
    door: Door, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door.check(case())
    checkpoint = door.seal().checkpoint
    bare = replace(checkpoint, token="", countersignatures=())
    for forged in (
        bare,
        replace(checkpoint, size=checkpoint.size + 1, countersignatures=()),
        replace(checkpoint, head="sha256:" + "0" * 64),
        replace(checkpoint, ledger="ledger-0"),
        replace(bare, token=checkpoint.countersignatures[0].token),
    ):
        with pytest.raises(InputError) as caught:
            door.verify_evidence(forged)
        assert caught.value.code == "checkpoint.invalid"
    stranger = stranger_key()
    signed = replace(
        checkpoint,
        token="",
        countersignatures=(replace(checkpoint.countersignatures[0], keys={"keys": [stranger]}),),
    )
    with pytest.raises(InputError):
        door.verify_evidence(signed)
    assert door.verify_evidence(replace(checkpoint, token="")).whole
    file, keys = tmp_path / "token.jws", tmp_path / "keys.json"
    file.write_text(checkpoint.countersignatures[0].token, encoding="utf-8")
    keys.write_text(json.dumps(stranger), encoding="utf-8")
    assert command(config, "evidence", "verify", "--against", str(file), "--keys", str(keys)) == 2
    keys.write_text("[1]", encoding="utf-8")
    assert command(config, "evidence", "verify", "--against", str(file), "--keys", str(keys)) == 2
    capsys.readouterr()


def stranger_key() -> dict[str, Any]:
    return dict(KeyRing.ephemeral().public_jwks()["keys"][0])
