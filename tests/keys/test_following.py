"""Entries follow a change of data keys and stay what they are; a plugin's algorithms take over; no crash breaks a ring."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from credit_check_sdk._shell.keys import FILE, Crypto, KeyRing
from credit_check_sdk._shell.keys import file as files
from credit_check_sdk._shell.ledger import Ledger
from credit_check_sdk.errors import InputError, KeyRingError
from credit_check_sdk.model.ledger import CheckById, LatestCheck, Reencrypt, Seal, VerifyEvidence
from tests.kit import ROOT
from tests.ledger.samples import NOW, answer, check, notice, promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.conftest import Place


def fill(ledger: Ledger) -> None:
    """Record an entry of each kind, sealed, and some that are not."""
    ledger.run([check("dec_1"), notice(), answer("resp_1", "dec_1", feedback="fb_1"), promise("fb_1")])
    ledger.run(Seal(NOW))
    ledger.run([check(f"dec_{number}", f"c-{number}") for number in range(2, 9)])


def turn(ledger: Ledger, limit: int = 3) -> int:
    """Follow the data key to the end, a small page at a time."""
    moved: int = 0
    while step := ledger.run(Reencrypt(limit)):
        moved += step
    return moved


def fixed(place: Place) -> list[tuple[Any, ...]]:
    """Give what a change of keys may not touch."""
    columns = "id, kind, case_id, recorded_at, body, salt, digest, place"
    return place.sql(f"SELECT {columns} FROM credit_entry ORDER BY id")  # noqa: S608  our own columns


class TestDataKeys:
    def test_a_rotation_wraps_anew_and_changes_nothing_else(self, place: Place) -> None:
        ledger = place.ledger()
        fill(ledger)
        before, old = fixed(place), place.keys.data_key
        new = place.keys.rotate("data")
        ledger.run([check("dec_new", "c-new")])
        assert turn(ledger) == len(before)
        assert {row[0].partition(".")[0] for row in place.sql("SELECT key_id FROM credit_entry")} == {new} != {old}
        assert [row for row in fixed(place) if row[0] != "dec_new"] == before
        assert all(ledger.run(CheckById(f"dec_{number}")) for number in (1, 5, 8, "new"))
        ledger.run(Seal(NOW))
        assert ledger.run(VerifyEvidence()).whole
        assert turn(ledger) == 0
        ledger.close()

    def test_old_and_new_are_read_half_way_and_it_goes_on_from_there(self, place: Place) -> None:
        ledger = place.ledger()
        fill(ledger)
        place.keys.rotate("data")
        assert ledger.run(Reencrypt(4)) == 4
        assert all(ledger.run(CheckById(f"dec_{number}")) for number in range(1, 9))
        assert ledger.run(VerifyEvidence()).whole
        assert turn(ledger) == place.sql("SELECT count(*) FROM credit_entry")[0][0] - 4
        ledger.close()

    def test_each_entry_has_a_key_of_its_own_bound_to_it(self, place: Place) -> None:
        ledger = place.ledger()
        fill(ledger)
        rows = place.sql("SELECT id, key_id, body FROM credit_entry")
        assert len({row[1] for row in rows}) == len(rows)
        (one, its_key, body), (other, other_key, _) = rows[:2]
        assert place.keys.decrypt(its_key, bytes(body), one)
        for number, key in ((one, other_key), (other, its_key), (one, its_key[:-2]), (one, its_key + "A"), (one, "")):
            with pytest.raises(KeyRingError):
                place.keys.decrypt(key, bytes(body), number)
        ledger.close()

    def test_a_ring_without_the_new_key_reads_nothing_wrapped_with_it(self, place: Place) -> None:
        stale = KeyRing(place.keys._held[1].said)
        ledger = place.ledger()
        fill(ledger)
        place.keys.rotate("data")
        turn(ledger)
        other = Ledger(place.url, stale)
        with pytest.raises(KeyRingError, match="cannot be decrypted"):
            other.run(CheckById("dec_1"))
        other.close()
        ledger.close()

    def test_what_was_encrypted_with_the_data_key_itself_gets_a_key_of_its_own(self) -> None:
        ring = KeyRing.ephemeral()
        held = ring._held[1]
        blob = ring._crypto.ciphers["A256GCM"].encrypt(held.data_keys[held.data], b"old", b"dec_1")
        assert ring.decrypt(held.data, blob, "dec_1") == b"old"
        made = ring.rewrapped(held.data, blob, "dec_1")
        assert ring.decrypt(*made, "dec_1") == b"old"
        assert made[1] != blob

    def test_records_are_made_while_keys_change(self, place: Place) -> None:
        ledger = place.ledger()
        ledger.run([check("dec_0", "c-0")])
        going = threading.Event()
        trouble: list[BaseException] = []

        def record() -> None:
            number = 1
            try:
                while not going.is_set():
                    ledger.run([check(f"dec_{number}", f"c-{number}")])
                    assert ledger.run(LatestCheck(f"c-{number // 2}", "evaluate")) is not None
                    number += 1
            except BaseException as error:  # noqa: BLE001  whatever it was, the test shows it
                trouble.append(error)

        thread = threading.Thread(target=record)
        thread.start()
        for _ in range(5):
            place.keys.rotate("data")
            turn(ledger)
        going.set()
        thread.join(60)
        assert not trouble
        turn(ledger)
        ledger.run(Seal(NOW))
        assert ledger.run(VerifyEvidence()).whole
        ledger.close()


class ChaCha:
    """Another cipher, as a plugin brings one."""

    key_bytes = 32

    def encrypt(self, key: bytes, plain: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, bound_to)

    def decrypt(self, key: bytes, blob: bytes, bound_to: bytes) -> bytes:
        try:
            return ChaCha20Poly1305(key).decrypt(blob[:12], blob[12:], bound_to)
        except InvalidTag:
            raise ValueError from None


class Mac:
    """Another receipt algorithm, as a plugin brings one: keys as text, so that a test reads them."""

    def generate(self) -> tuple[bytes, bytes]:
        half = os.urandom(16)
        return half, half

    def sign(self, private: bytes, message: bytes) -> bytes:
        return private + message[:4]

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        return signature == public + message[:4]

    def jwk(self, public: bytes) -> dict[str, str]:
        return {"kty": "X", "x": public.hex()}


OTHERS = Crypto.of({"C20P": ChaCha}, {"TEST": Mac})


class TestOtherAlgorithms:
    def test_a_plugin_s_cipher_takes_over_and_the_older_texts_are_read(self, tmp_path: Path) -> None:
        ring = KeyRing.make(tmp_path, OTHERS)
        old = ring.encrypt(b"old", "dec_1")
        assert ring.rotate("data", "C20P") == ring.data_key
        new = ring.encrypt(b"new", "dec_2")
        wrapped = ring.rewrapped(*old, "dec_1")
        assert wrapped[1] == old[1]
        assert [ring.decrypt(*kept, name) for kept, name in ((old, "dec_1"), (wrapped, "dec_1"), (new, "dec_2"))] == [
            b"old",
            b"old",
            b"new",
        ]
        assert ring.rotate("data")
        assert {note.alg for note in ring.notes() if note.kind == "data" and note.current} == {"C20P"}
        assert json.loads((tmp_path / FILE).read_text())["version"] == 2
        with pytest.raises(KeyRingError, match="C20P, which no enabled plugin offers"):
            KeyRing.open(tmp_path)

    def test_a_plugin_s_receipt_algorithm_signs_and_each_key_says_its_own(self) -> None:
        ring = KeyRing.ephemeral(OTHERS)
        old = ring.sign({"n": 1})
        assert ring.rotate("receipt", "TEST") == ring.receipt_key
        new = ring.sign({"n": 2})
        assert (ring.verify(old), ring.verify(new)) == ({"n": 1}, {"n": 2})
        assert {key["alg"] for key in ring.public_jwks()["keys"]} == {"EdDSA", "TEST"}
        head, body, proof = new.split(".")
        other = old.split(".")[0]
        assert ring.verify(f"{other}.{body}.{proof}") is None
        assert ring.verify(f"{head}.{old.split('.')[1]}.{old.split('.')[2]}") is None

    @pytest.mark.parametrize("kind", ["data", "receipt"])
    def test_an_algorithm_that_nobody_brings_is_refused(self, kind: Any) -> None:
        with pytest.raises(InputError, match="is unknown here"):
            KeyRing.ephemeral().rotate(kind, "ROT13")

    def test_the_built_in_ones_cannot_be_replaced(self) -> None:
        ring = KeyRing.ephemeral(Crypto.of({"A256GCM": ChaCha}, {"EdDSA": Mac}))
        assert type(ring._crypto.ciphers["A256GCM"]).__name__ == "AesGcm"
        assert type(ring._crypto.algorithms["EdDSA"]).__name__ == "Ed25519"


class TestTheFile:
    def test_a_forked_child_and_a_running_process_take_a_change_over(self, tmp_path: Path) -> None:
        code = (
            "import os, sys\nfrom pathlib import Path\nfrom credit_check_sdk._shell.keys import KeyRing\n"
            "ring = KeyRing.open(Path(sys.argv[1]))\nring.sign({})\nchild = os.fork()\n"
            "for line in sys.stdin if child else iter(lambda: os.read(int(sys.argv[2]), 1).decode(), ''):\n"
            "    os.write(1, f\"{'parent' if child else 'child'} {ring.receipt_key}\\n\".encode())\n    break\n"
            "if child: os.waitpid(child, 0)\nelse: os._exit(0)\n"
        )
        ring = KeyRing.make(tmp_path)
        reading, writing = os.pipe()
        running = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(reading)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[reading],
            cwd=ROOT,
        )
        new = ring.rotate("receipt")
        os.write(writing, b"x")
        out, _ = running.communicate("x\n", timeout=60)
        os.close(reading)
        os.close(writing)
        assert sorted(out.split("\n")[:2]) == [f"child {new}", f"parent {new}"]

    @pytest.mark.parametrize("where", ["open", "fsync", "replace"])
    def test_a_change_that_is_interrupted_leaves_the_old_ring_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        ring = KeyRing.make(tmp_path)
        before = (tmp_path / FILE).read_bytes()

        def full(*_: Any, **__: Any) -> Any:
            raise OSError(28, "No space left on device")

        real: dict[str, Callable[..., Any]] = {"fsync": os.fsync}
        with monkeypatch.context() as patched:
            if where == "replace":
                patched.setattr(Path, "replace", full)
            elif where == "open":
                patched.setattr(files, "_fill", full)
            else:
                patched.setattr(os, "fsync", full)
            with pytest.raises(KeyRingError, match="cannot be written"):
                ring.rotate("data")
        assert real["fsync"] is os.fsync
        assert (tmp_path / FILE).read_bytes() == before
        assert sorted(file.name for file in tmp_path.iterdir()) == [FILE, files.LOCK]
        ring.rotate("data")

    def test_a_change_after_a_killed_one_clears_up_behind_it(self, tmp_path: Path) -> None:
        ring = KeyRing.make(tmp_path)
        (tmp_path / f"{FILE}.new").write_text('{"half": ')
        ring.rotate("receipt")
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
        assert KeyRing.open(tmp_path).receipt_key == ring.receipt_key


def test_what_is_told_of_a_key_is_no_key() -> None:
    ring = KeyRing.ephemeral()
    said = json.dumps([dataclasses.asdict(key) for key in ring.notes()]) + repr(ring) + repr(ring._held[1])
    said += repr(ring._held[1].receipt_keys)
    data = ring._held[1].said
    for secret in (data["index"]["key"], data["data"][0]["key"], data["receipt"][0]["d"]):
        assert secret not in said
