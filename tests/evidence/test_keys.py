"""Keys come and go: the chain stays whole, and a revoked key's signatures count for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk import CreditCheck
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk.cli.app import run as credit_check
from credit_check_sdk.errors import KeyRingError
from tests.kit import case, record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.kit import Door


def ring(config: Path) -> KeyRing:
    return KeyRing.open(config.parent / "keys")


def test_a_rotated_receipt_key_goes_on_being_read_and_the_next_sealing_signs_with_the_new_one(
    door: Door, config: Path
) -> None:
    door.check(case())
    first = door.seal().checkpoint
    newer = ring(config).rotate("receipt")
    assert door.verify_evidence(first).whole
    again = door.seal()
    assert (again.sealed, again.checkpoint.size, again.checkpoint.head) == (0, first.size, first.head)
    assert again.checkpoint.token != first.token
    found = door.verify_evidence(first)
    assert (found.whole, found.checkpoints, found.revoked) == (True, 2, 0)
    assert newer in {key["kid"] for key in door.public_keys["keys"]}


def test_a_revoked_receipt_key_signs_nothing_any_more_and_the_relay_signs_anew(door: Door, config: Path) -> None:
    door.check(case())
    first = door.seal().checkpoint
    keys = ring(config)
    older = keys.receipt_key
    keys.rotate("receipt")
    keys.revoke(older, "lost")
    assert door.checkpoint() is None
    found = door.verify_evidence()
    assert (found.whole, found.revoked) == (True, 1)
    door.relay()
    signed = door.checkpoint()
    assert (signed.size, signed.head) == (first.size, first.head)
    found = door.verify_evidence(first)
    assert (found.whole, found.checkpoints, found.revoked) == (True, 2, 1)


def test_a_rotated_data_key_leaves_the_chain_whole(door: Door, config: Path, sandbox: Any) -> None:
    sandbox.put_record(record())
    door.check(case())
    kept = door.seal().checkpoint
    assert credit_check(["--config", str(config), "keys", "rotate", "--kind", "data"]) == 0
    door.check(case())
    door.seal()
    assert door.verify_evidence(kept).whole


def test_a_key_that_cannot_sign_holds_up_no_delivery(
    config: Path, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.put_record(record())
    with CreditCheck.open(config) as credit:
        decision = credit.check(case())
        answers = [{"proposal": one.id, "answer": "applied"} for one in decision.proposals if one.strength == "block"]
        from credit_check_sdk import Operator, Response  # noqa: PLC0415  only here

        credit.settle(
            decision,
            [Response.model_validate(said) for said in answers],
            operator=Operator(id="u-1", department="d"),
        )

        def refuse(*_: object) -> str:
            raise KeyRingError("no private half", "缺少私钥")

        with monkeypatch.context() as broken:
            broken.setattr(KeyRing, "sign", refuse)
            report = credit.relay()
        assert (report.delivered, report.sealed, report.errors) == (len(answers), 0, ("keys.unusable",))
        assert credit.relay().sealed > 0
