"""Keys change under running programs: nothing stops, nothing is lost, what was revoked holds no more."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import GateError
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import KeyRingError
from credit_check_sdk.model.ledger import CheckById, KeysInUse, Reencrypt
from tests.kit import OFFICER, Door, case, record
from tests.ledger.samples import check

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Response


def applied(decision: Any) -> list[Response]:
    from credit_check_sdk import Response  # noqa: PLC0415  kept beside its only use

    return [Response(proposal=proposal.id, answer="applied") for proposal in decision.proposals]


def test_a_running_ring_takes_up_what_another_process_changed(tmp_path: Path) -> None:
    running = KeyRing.make(tmp_path / "keys")
    old_data, old_token = running.data_key, running.sign({"n": 1})
    old_receipt = running.receipt_key
    key, blob = running.encrypt(b"old", "e")

    other = KeyRing.open(tmp_path / "keys")
    new_data, new_receipt = other.rotate("data"), other.rotate("receipt")
    assert (running.data_key, running.receipt_key) == (new_data, new_receipt)
    assert running.encrypt(b"new", "e")[0].partition(".")[0] == new_data != old_data
    assert running.decrypt(key, blob, "e") == b"old"
    assert running.verify(old_token) == {"n": 1}
    assert running.verify(other.sign({"n": 2})) == {"n": 2}

    other.revoke(old_receipt, "泄露")
    assert running.verify(old_token) is None
    assert old_receipt not in {key["kid"] for key in running.public_jwks()["keys"]}
    assert running.hashed("a") == other.hashed("a")
    revoked = {note.id: (note.revoked is not None, note.reason) for note in running.notes() if note.kind == "receipt"}
    assert revoked == {old_receipt: (True, "泄露"), new_receipt: (False, None)}


def test_a_ring_that_vanishes_is_an_error_and_never_an_old_key(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path / "keys")
    (tmp_path / "keys" / "ring.json").unlink()
    with pytest.raises(KeyRingError):
        ring.sign({"n": 1})


def test_the_current_receipt_key_is_rotated_before_it_is_revoked(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path / "keys")
    with pytest.raises(KeyRingError, match="rotate"):
        ring.revoke(ring.receipt_key, "x")
    with pytest.raises(KeyRingError, match="keys list"):
        ring.revoke("receipt-0", "x")
    with pytest.raises(KeyRingError, match="keys list"):
        ring.retire(ring.data_key)


def test_a_ring_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing.make(tmp_path / "keys")
    before = (tmp_path / "keys" / "ring.json").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(KeyRingError, match="as it was"):
        ring.rotate("data")
    assert (tmp_path / "keys" / "ring.json").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["ring.json", "ring.lock"]


def _rotate(folder: Path) -> None:
    for _ in range(5):
        KeyRing.open(folder).rotate("receipt")


def test_of_rotations_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    KeyRing.make(tmp_path / "keys")
    spawning = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(4) as threads:
        threads.map(_rotate, [tmp_path / "keys"] * 4)
    child = spawning.Process(target=_rotate, args=(tmp_path / "keys",))
    child.start()
    child.join(60)
    notes = KeyRing.open(tmp_path / "keys").notes()
    assert len([note for note in notes if note.kind == "receipt"]) == 1 + 5 * 5
    assert len([note for note in notes if note.kind == "receipt" and note.current]) == 1


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_entries_come_under_the_current_key_and_say_the_same(tmp_path: Path, limit: int) -> None:
    from credit_check_sdk._shell.ledger import Ledger  # noqa: PLC0415  opened on a ring of this test's own

    keys = KeyRing.make(tmp_path / "keys")
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", keys)
    try:
        ledger.run([check(f"dec_{number}") for number in range(5)])
        before = [ledger.run(CheckById(f"dec_{number}")) for number in range(5)]
        digests = _digests(tmp_path / "ledger.db")
        older, newer = keys.data_key, keys.rotate("data")
        ledger.run([check("dec_9")])
        assert ledger.run(KeysInUse()) == {older: 5, newer: 1}
        steps = []
        while step := ledger.run(Reencrypt(limit)):
            steps.append(step)
        assert sum(steps) == 5
        assert max(steps) <= limit
        assert ledger.run(KeysInUse()) == {newer: 6}
        keys.retire(older)
        assert [ledger.run(CheckById(f"dec_{number}")) for number in range(5)] == before
        assert {
            number: digest for number, digest in _digests(tmp_path / "ledger.db").items() if number in digests
        } == digests
    finally:
        ledger.close()


def _digests(file: Path) -> dict[str, str]:
    connection = sqlite3.connect(file)
    try:
        return dict(connection.execute("SELECT id, digest FROM credit_entry").fetchall())
    finally:
        connection.close()


class TestCommand:
    def test_keys_are_changed_under_a_running_client(
        self, door: Door, config: Path, sandbox: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sandbox.put_record(record(list_code="MOF-ZC"))
        base = ["--config", str(config), "--json"]
        asked = case()
        decision = door.check(asked)
        door.settle(decision, applied(decision), operator=OFFICER)
        assert door.require(asked).decision == decision.id

        def keys(*words: str) -> Any:
            assert run(["keys", *words, *base]) == 0
            return json.loads(capsys.readouterr().out)

        first = {note["kind"]: note["id"] for note in keys("list")["keys"] if note["current"]}
        assert keys("rotate", "--kind", "data")["current"] != first["data"]
        assert keys("rotate", "--kind", "receipt")["current"] != first["receipt"]
        assert door.require(asked).decision == decision.id
        said = keys("reencrypt", "--retire")
        assert (said["moved"] > 0, said["retired"]) == (True, [first["data"]])
        assert door.require(asked).decision == decision.id
        assert run(["evidence", "verify", *base]) == 0
        capsys.readouterr()

        keys("revoke", first["receipt"], "--reason", "泄露")
        with pytest.raises(GateError) as refused:
            door.require(asked)
        assert refused.value.code == "gate.receipt_invalid"
        again = door.check(asked)
        door.settle(again, applied(again), operator=OFFICER)
        assert door.require(asked).decision == again.id
        assert {key["kid"] for key in keys("jwks")["keys"]} == {key["kid"] for key in door.receipt_keys()["keys"]}

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["rotate", "--kind", "index"], 2),
            (["revoke", "receipt-0", "--reason", "x"], 3),
            (["revoke", "receipt-0", "--reason", " "], 2),
        ],
    )
    def test_what_cannot_be_done_is_refused_in_words(
        self, config: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
    ) -> None:
        assert run(["keys", *words, "--config", str(config)]) == code
        assert len(capsys.readouterr().err) > 20

    def test_no_key_is_ever_shown(
        self, config: Path, capsys: pytest.CaptureFixture[str], open_door: Callable[[Any], Door]
    ) -> None:
        open_door(config)
        ring = json.loads((config.parent / "keys" / "ring.json").read_text(encoding="utf-8"))
        secrets = [ring["index"]["key"], ring["data"][0]["key"], ring["receipt"][0]["d"]]
        for words in (["list"], ["rotate", "--kind", "data"], ["reencrypt"], ["jwks"]):
            assert run(["keys", *words, "--json", "--config", str(config)]) == 0
        printed = capsys.readouterr()
        assert not [secret for secret in secrets if secret in printed.out + printed.err]
