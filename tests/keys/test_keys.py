"""The key ring: made once, within its owner's reach only, and of no use to whoever tampers."""

from __future__ import annotations

import base64
import json
import os
import stat
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import KeySet, OctKey

from credit_check_sdk._shell.keys import FILE, KeyRing
from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from pathlib import Path

RING = KeyRing.ephemeral()
CLAIMS = {"case": "451100-2026-000123", "outcome": "clear", "名": "示例"}


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(ring: KeyRing) -> Ed25519PrivateKey:
    """Give the key that signs, as whoever stole the ring has it."""
    return Ed25519PrivateKey.from_private_bytes(decoded(ring._held[1].said["receipt"][0]["d"]))


def content(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / FILE).read_text())
    return data


def write(folder: Path, data: Any) -> None:
    (folder / FILE).write_text(json.dumps(data))


def test_a_ring_is_made_for_its_owner_only_and_opened_again(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "keys"
    made = KeyRing.make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]
    opened = KeyRing.open(folder)
    assert opened.hashed("a", "b") == made.hashed("a", "b")
    assert opened.decrypt(*made.encrypt("张示例".encode(), "dec_1"), "dec_1") == "张示例".encode()
    assert opened.verify(made.sign(CLAIMS)) == CLAIMS
    data = content(folder)
    assert (data["version"], data["receipt"][0]["alg"]) == (1, "EdDSA")
    assert {len(decoded(text)) for text in (data["index"]["key"], data["data"][0]["key"])} == {32}


def test_a_ring_is_never_written_over(tmp_path: Path) -> None:
    KeyRing.make(tmp_path / "keys")
    before = (tmp_path / "keys" / FILE).read_bytes()
    with pytest.raises(KeyRingError, match="already; it is left as it is"):
        KeyRing.make(tmp_path / "keys")
    assert (tmp_path / "keys" / FILE).read_bytes() == before


def test_of_many_that_make_the_same_ring_one_does(tmp_path: Path) -> None:
    def make(_: int) -> bool:
        try:
            KeyRing.make(tmp_path / "keys")
        except KeyRingError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make, range(8))) == 1
    KeyRing.open(tmp_path / "keys")


def test_a_ring_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyRingError, match="No space left on device"):
        KeyRing.make(tmp_path / "keys")
    monkeypatch.undo()
    KeyRing.make(tmp_path / "keys")


@pytest.mark.skipif(os.name != "posix", reason="modes say who may read on POSIX only")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_ring_within_the_reach_of_others_is_refused(tmp_path: Path, mode: int) -> None:
    KeyRing.make(tmp_path / "keys")
    (tmp_path / "keys" / FILE).chmod(mode)
    with pytest.raises(KeyRingError, match=r"read by others; run chmod 600 on ring\.json"):
        KeyRing.open(tmp_path / "keys")
    (tmp_path / "keys" / FILE).chmod(0o400)
    KeyRing.open(tmp_path / "keys")


@pytest.mark.skipif(os.name != "posix", reason="modes say who may write on POSIX only")
def test_a_ring_that_others_may_replace_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    KeyRing.make(folder)
    for mode, refused in ((0o770, True), (0o707, True), (0o755, False), (0o1777, False)):
        folder.chmod(mode)
        if refused:
            with pytest.raises(KeyRingError, match="run chmod 700 on keys"):
                KeyRing.open(folder)
        else:
            KeyRing.open(folder)


def test_a_missing_ring_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match=r"No such file.*credit-check init") as caught:
        KeyRing.open(tmp_path / "keys")
    assert (caught.value.code, caught.value.exit_code) == ("keys.unusable", 3)
    assert str(tmp_path) not in str(caught.value)


def broken(name: str, data: dict[str, Any]) -> Any:
    match name:
        case "no ring at all":
            return ["ring"]
        case "no index key":
            del data["index"]
        case "a short data key":
            data["data"][0]["key"] = coded(b"short")
        case "a key that is no base64url":
            data["data"][0]["key"] = "!" * 43
        case "a key that is no text":
            data["data"][0]["key"] = 5
        case "an unknown current data key":
            data["current"]["data"] = "data-0"
        case "an unknown current receipt key":
            data["current"]["receipt"] = "receipt-0"
    return data


@pytest.mark.parametrize(
    "name",
    [
        "no ring at all",
        "no index key",
        "a short data key",
        "a key that is no base64url",
        "a key that is no text",
        "an unknown current data key",
        "an unknown current receipt key",
    ],
)
def test_a_broken_ring_is_refused_when_it_is_opened_and_shows_no_key(tmp_path: Path, name: str) -> None:
    KeyRing.make(tmp_path)
    data = content(tmp_path)
    write(tmp_path, broken(name, content(tmp_path)))
    with pytest.raises(KeyRingError, match="is not one; restore it from a copy") as caught:
        KeyRing.open(tmp_path)
    for secret in (data["index"]["key"], data["data"][0]["key"], data["receipt"][0]["d"]):
        assert secret not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_newer_ring_and_one_that_is_no_json_are_refused(tmp_path: Path) -> None:
    KeyRing.make(tmp_path)
    write(tmp_path, {**content(tmp_path), "version": 3})
    with pytest.raises(KeyRingError, match="upgrade"):
        KeyRing.open(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff{")
    with pytest.raises(KeyRingError, match="restore"):
        KeyRing.open(tmp_path)


def test_a_ring_prints_no_key(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path)
    data = content(tmp_path)
    ring.encrypt(b"", "")
    ring.sign({})
    for shown in (repr(ring), str(ring), f"{ring}"):
        assert data["current"]["data"] in shown
        for secret in (data["index"]["key"], data["data"][0]["key"], data["receipt"][0]["d"]):
            assert secret not in shown
            assert repr(decoded(secret)) not in shown
    assert data["receipt"][0]["d"] not in json.dumps(ring.public_jwks())


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_equal_parts_give_equal_hashes_and_others_give_others(one: list[str], other: list[str]) -> None:
    assert (RING.hashed(*one) == RING.hashed(*other)) == (one == other)
    assert len(RING.hashed(*one)) == 64
    assert RING.hashed(*one) != KeyRing.ephemeral().hashed(*one)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_encrypted_is_decrypted_under_the_same_name_only(plain: bytes, name: str) -> None:
    key, blob = RING.encrypt(plain, name)
    assert RING.decrypt(key, blob, name) == plain
    assert RING.encrypt(plain, name)[1] != blob
    place = len(blob) // 2
    for changed, bound in (
        (blob, f"{name}x"),
        (blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :], name),
        (blob[:-1], name),
        (b"", name),
    ):
        with pytest.raises(KeyRingError, match="cannot be decrypted"):
            RING.decrypt(key, changed, bound)
    with pytest.raises(KeyRingError, match="another ring's key"):
        KeyRing.ephemeral().decrypt(key, blob, name)


def test_another_jose_library_s_user_verifies_a_receipt_offline() -> None:
    public = KeySet.import_key_set(json.loads(json.dumps(RING.public_jwks())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc prefers the name Ed25519, which others do not know yet
        found = jws.deserialize_compact(RING.sign(CLAIMS), public, algorithms=["EdDSA"])
    assert json.loads(found.payload or b"") == CLAIMS
    assert found.headers() == {
        "alg": "EdDSA",
        "kid": RING.public_jwks()["keys"][0]["kid"],
        "typ": "credit-check+jws",
    }


def test_a_receipt_that_is_changed_anywhere_does_not_hold() -> None:
    token = RING.sign({"outcome": "clear"})
    assert RING.verify(token) == {"outcome": "clear"}
    for place, old in enumerate(token):
        for new in "AZ_.=é":
            if new != old:
                assert RING.verify(token[:place] + new + token[place + 1 :]) is None
    for other in ("", "..", "a.b", token + ".", token[:-1], token + "A", " " + token, token + "\n", None, 5):
        assert RING.verify(other) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None", "kid": "?"},
        {"alg": "HS256", "kid": "?"},
        {"alg": "Ed25519", "kid": "?"},
        {"alg": "EdDSA"},
        {"alg": "EdDSA", "kid": "receipt-000000000000"},
        {"alg": "EdDSA", "kid": ["?"]},
        {"alg": "EdDSA", "kid": "?", "crit": ["exp"], "exp": 1},
        {"alg": "EdDSA", "kid": "?", "b64": False, "crit": ["b64"]},
    ],
)
def test_a_header_chooses_nothing(header: dict[str, Any]) -> None:
    kid = RING.public_jwks()["keys"][0]["kid"]
    said = {key: kid if value == "?" else value for key, value in header.items()}
    body = f"{coded(json.dumps(said).encode())}.{coded(json.dumps(CLAIMS).encode())}"
    signature = private(RING).sign(body.encode())
    for given_signature in (coded(signature), ""):
        assert RING.verify(f"{body}.{given_signature}") is None


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The classic confusion: a token signed by HMAC with the public key's text for its secret."""
    jwk = RING.public_jwks()["keys"][0]
    for secret in (jwk["x"].encode(), decoded(jwk["x"]), json.dumps(jwk).encode()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            token = jws.serialize_compact({"alg": "HS256", "kid": jwk["kid"]}, b"{}", OctKey.import_key(secret))
        assert RING.verify(token) is None


def test_a_key_that_an_attacker_brings_along_is_not_taken() -> None:
    foreign = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": coded(foreign.public_key().public_bytes_raw())}
    kid = RING.public_jwks()["keys"][0]["kid"]
    head = coded(json.dumps({"alg": "EdDSA", "kid": kid, "jwk": jwk}).encode())
    body = f"{head}.{coded(b'{}')}"
    assert RING.verify(f"{body}.{coded(foreign.sign(body.encode()))}") is None


@pytest.mark.parametrize("payload", [b"[]", b"1", b"", b"\xff", b"{", b'"text"'])
def test_claims_are_an_object(payload: bytes) -> None:
    kid = RING.public_jwks()["keys"][0]["kid"]
    body = f"{coded(json.dumps({'alg': 'EdDSA', 'kid': kid}).encode())}.{coded(payload)}"
    assert RING.verify(f"{body}.{coded(private(RING).sign(body.encode()))}") is None


def test_a_revoked_key_neither_verifies_nor_signs_and_an_older_one_still_verifies(tmp_path: Path) -> None:
    first = KeyRing.make(tmp_path / "a")
    token = first.sign(CLAIMS)
    other = content(tmp_path / "a")
    KeyRing.make(tmp_path / "b")
    data = content(tmp_path / "b")
    data["receipt"] += other["receipt"]
    write(tmp_path / "b", data)
    both = KeyRing.open(tmp_path / "b")
    assert both.verify(token) == CLAIMS
    assert both.verify(both.sign(CLAIMS)) == CLAIMS
    assert first.verify(both.sign(CLAIMS)) is None
    assert len(both.public_jwks()["keys"]) == 2
    for key in data["receipt"]:
        key["revoked"] = "2026-11-23T00:00:00+00:00"
    write(tmp_path / "b", data)
    revoked = KeyRing.open(tmp_path / "b")
    assert revoked.verify(token) is None
    assert revoked.public_jwks() == {"keys": []}
    with pytest.raises(KeyRingError, match="revoked"):
        revoked.sign(CLAIMS)


def test_threads_share_a_ring_and_the_host_s_warnings_are_left_alone() -> None:
    ring = KeyRing.ephemeral()
    before = list(warnings.filters)

    def work(number: int) -> bool:
        name = f"dec_{number}"
        key, blob = ring.encrypt(name.encode(), name)
        return ring.verify(ring.sign({"n": number})) == {"n": number} and ring.decrypt(key, blob, name) == name.encode()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
    assert list(warnings.filters) == before
