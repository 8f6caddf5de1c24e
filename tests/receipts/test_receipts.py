"""Receipts are verified by whoever wants to, with any JOSE library and the public keys alone; a false one never holds."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from jwcrypto import jwk, jws

from credit_check_sdk import GateError, Receipt
from credit_check_sdk._shell import world
from tests.kit import USCC, Door, case, record

if TYPE_CHECKING:
    from pathlib import Path


def with_pyjwt(token: str, keys: dict[str, Any]) -> Any:
    number = jwt.get_unverified_header(token)["kid"]
    (key,) = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id == number]
    return jwt.decode(token, key.key, algorithms=["EdDSA"], options={"verify_aud": False})


def with_jwcrypto(token: str, keys: dict[str, Any]) -> Any:
    found = jws.JWS()
    found.deserialize(token)
    found.verify(jwk.JWKSet.from_json(json.dumps(keys)).get_key(found.jose_header["kid"]))
    return json.loads(found.payload)


@pytest.mark.parametrize("verify", [with_pyjwt, with_jwcrypto])
def test_another_library_verifies_with_the_public_keys_alone(door: Door, sandbox: Any, verify: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    asked = case()
    decision = door.check(asked)
    claims = verify(decision.receipt, door.receipt_keys())
    assert (claims["case"], claims["point"], claims["outcome"]) == (asked.id, "evaluate", "restricted")
    assert claims["jti"] == decision.id
    assert claims["catalogue"] == decision.catalogue.digest
    assert set(claims["sources"]) == {evidence.source for evidence in decision.evidences}
    assert claims["exp"] == int(decision.valid_until.timestamp())
    assert USCC not in json.dumps(claims)


def test_a_receipt_is_read_by_a_client_of_the_same_ring(door: Door) -> None:
    asked = case()
    decision = door.check(asked)
    found = door.verify_receipt(decision.receipt)
    assert isinstance(found, Receipt)
    assert (found.jti, found.case, found.outcome) == (decision.id, asked.id, "clear")


def coded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")
    padded = [part + "=" * (-len(part) % 4) for part in (header, claims)]
    return *(json.loads(base64.urlsafe_b64decode(part)) for part in padded), signature


def forged(token: str, keys: dict[str, Any]) -> dict[str, str]:
    """Give tokens that look like *token* and were signed by nobody."""
    header, claims, signature = parts(token)
    clear = {**claims, "outcome": "clear"}
    x = keys["keys"][0]["x"]
    public = base64.urlsafe_b64decode(x + "=")
    own = jwk.JWK.generate(kty="OKP", crv="Ed25519")
    brought = {**header, "jwk": json.loads(own.export_public())}
    mine = jws.JWS(json.dumps(claims).encode())
    mine.add_signature(own, "EdDSA", json.dumps(brought))
    mallory = jws.JWS(json.dumps(claims).encode())
    mallory.add_signature(own, "EdDSA", json.dumps(header))
    head, body, _ = token.split(".")
    last = token[-2]
    return {
        "another outcome": f"{head}.{coded(clear)}.{signature}",
        "another case": f"{head}.{coded({**claims, 'case': 'T-0'})}.{signature}",
        "a later end": f"{head}.{coded({**claims, 'exp': claims['exp'] + 1})}.{signature}",
        "another header": f"{coded({**header, 'typ': 'JWT'})}.{body}.{signature}",
        "no algorithm": f"{coded({**header, 'alg': 'none'})}.{body}.",
        "no algorithm, with the signature": f"{coded({**header, 'alg': 'none'})}.{body}.{signature}",
        "the public key as a secret": jwt.encode(claims, public, algorithm="HS256", headers={"kid": header["kid"]}),
        "an unknown key": f"{coded({**header, 'kid': 'receipt-0'})}.{body}.{signature}",
        "a key brought along": mine.serialize(compact=True),
        "another's key": mallory.serialize(compact=True),
        "one character": token[:-2] + ("A" if last != "A" else "B") + token[-1],
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "nothing": "",
        "no token": "回执",
    }


KINDS = sorted(
    forged("e30.eyJleHAiOjF9.AAAA".replace("e30", coded({"kid": "k", "alg": "EdDSA"})), {"keys": [{"x": "A" * 43}]})
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_false_receipt_is_refused(door: Door, kind: str) -> None:
    token = forged(door.check(case()).receipt, door.receipt_keys())[kind]
    with pytest.raises(GateError) as refused:
        door.verify_receipt(token)
    assert refused.value.code == "gate.receipt_invalid"
    assert refused.value.exit_code == 20


def test_an_expired_receipt_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = door.check(case())
    later = decision.valid_until + timedelta(seconds=1)
    monkeypatch.setattr(world, "now", lambda: later.astimezone(UTC))
    with pytest.raises(GateError) as refused:
        door.verify_receipt(decision.receipt)
    assert refused.value.code == "gate.stale"


def test_a_receipt_from_the_future_is_refused(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = door.check(case())
    monkeypatch.setattr(world, "now", lambda: datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(GateError) as refused:
        door.verify_receipt(decision.receipt)
    assert refused.value.code == "gate.stale"


def test_a_receipt_of_the_sandbox_is_none_of_production(door: Door, config: Path) -> None:
    token = door.check(case()).receipt
    text = config.read_text(encoding="utf-8").replace('environment = "sandbox"', 'environment = "production"')
    (config.parent / "production.toml").write_text(text, encoding="utf-8")
    production = Door(door.kind, config.parent / "production.toml")
    try:
        with pytest.raises(GateError) as refused:
            production.verify_receipt(token)
    finally:
        production.close()
    assert refused.value.code == "gate.environment"
