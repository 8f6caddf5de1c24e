"""A forged receipt verifies nowhere and opens no gate, whoever put it into the ledger."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet
from sqlalchemy import create_engine, text

from credit_check_sdk.errors import GateError
from tests.kit import case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit import Door


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def by_joserfc(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it prefers the name Ed25519, which others do not know yet
        keys = KeySet.import_key_set(json.loads(json.dumps(jwks)))
        claims: dict[str, Any] = json.loads(
            joserfc_jws.deserialize_compact(token, keys, algorithms=["EdDSA"]).payload or b""
        )
    return claims


def test_a_third_library_reads_a_receipt_from_the_public_keys_alone(door: Door) -> None:
    file = case()
    decision = door.check(file)
    claims = by_joserfc(decision.receipt, door.receipt_keys())
    assert (claims["jti"], claims["case"], claims["outcome"]) == (decision.id, file.id, decision.outcome)


def forgeries(token: str, jwk: Mapping[str, Any]) -> dict[str, str]:
    """Give tokens that say what this one says, or better, and were not signed by our key."""
    head, body, proof = token.split(".")
    header = json.loads(decoded(head))
    foreign = Ed25519PrivateKey.generate()

    def made(said: Mapping[str, Any], sign: Any) -> str:
        signed = f"{coded(json.dumps(said).encode())}.{body}"
        return f"{signed}.{coded(sign(signed.encode()))}"

    def hs256(secret: bytes) -> str:
        return made({**header, "alg": "HS256"}, lambda signed: hmac.digest(secret, signed, hashlib.sha256))

    return {
        "alg none": made({"alg": "none", "kid": header["kid"]}, lambda _: b""),
        "alg none, the old signature kept": f"{coded(json.dumps({**header, 'alg': 'none'}).encode())}.{body}.{proof}",
        "HS256 with the public key's bytes": hs256(decoded(jwk["x"])),
        "HS256 with the public key's text": hs256(jwk["x"].encode()),
        "HS256 with the whole public key": hs256(json.dumps(jwk).encode()),
        "an unknown key": made({**header, "kid": "receipt-000000000000"}, foreign.sign),
        "another key under our number": made(header, foreign.sign),
        "another key brought along": made(
            {**header, "jwk": {"kty": "OKP", "crv": "Ed25519", "x": coded(foreign.public_key().public_bytes_raw())}},
            foreign.sign,
        ),
        "without a signature": f"{head}.{body}.",
        "cut short": token[: len(token) // 2],
        "empty": "",
    }


def changed_parts(token: str) -> dict[str, str]:
    """Change each part, and each claim, of a token."""
    head, body, proof = token.split(".")
    claims = json.loads(decoded(body))
    found = {
        f"claim {name}": f"{head}.{coded(json.dumps({**claims, name: _other(value)}).encode())}.{proof}"
        for name, value in claims.items()
    }
    for place in (0, len(token) // 2, len(token) - 1):
        found[f"character {place}"] = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    return found


def _other(value: Any) -> Any:
    if isinstance(value, int):
        return value + 3600
    return f"{value}x" if isinstance(value, str) else []


def put(config: Any, decision: str, receipt: str, door: Door) -> None:
    """Put a forged receipt into the ledger, as whoever holds database and data keys could."""
    keys = door.client._world.keys
    engine = create_engine(f"sqlite:///{config.parent / 'credit-check.db'}")
    with engine.begin() as connection:
        names = {"id": decision}
        key_id, blob = connection.execute(text("SELECT key_id, body FROM credit_entry WHERE id = :id"), names).one()
        body = json.loads(keys.decrypt(key_id, blob, decision))
        body["decision"]["receipt"] = receipt
        key_id, blob = keys.encrypt(json.dumps(body).encode(), decision)
        connection.execute(
            text("UPDATE credit_entry SET key_id = :key, body = :body WHERE id = :id"),
            {**names, "key": key_id, "body": blob},
        )
    engine.dispose()


def test_no_forged_receipt_verifies_or_passes_the_gate(door: Door, config: Any) -> None:
    file = case()
    decision = door.check(file)
    assert door.require(file)
    (jwk,) = door.receipt_keys()["keys"]
    for name, token in {**forgeries(decision.receipt, jwk), **changed_parts(decision.receipt)}.items():
        with pytest.raises(GateError) as caught:
            door.verify_receipt(token)
        assert caught.value.code == "gate.receipt_invalid", name
        put(config, decision.id, token, door)
        with pytest.raises(GateError) as caught:
            door.require(file)
        assert caught.value.code == "gate.receipt_invalid", name
    put(config, decision.id, decision.receipt, door)
    assert door.require(file)


def test_another_case_s_receipt_does_not_pass_the_gate(door: Door, config: Any) -> None:
    file, other = case(), case()
    decision, theirs = door.check(file), door.check(other)
    put(config, decision.id, theirs.receipt, door)
    assert door.verify_receipt(theirs.receipt).case == other.id
    with pytest.raises(GateError) as caught:
        door.require(file)
    assert caught.value.code == "gate.receipt_invalid"


def test_what_else_our_key_signed_is_no_receipt(door: Door) -> None:
    door.check(case())
    checkpoint = door.seal().checkpoint
    with pytest.raises(GateError) as caught:
        door.verify_receipt(checkpoint.token)
    assert caught.value.code == "gate.receipt_invalid"
