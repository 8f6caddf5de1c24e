"""Receipts are JWS like everybody else's: the published vectors of RFC 8037 and RFC 7520."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785

from credit_check_sdk._shell.keys import KeyRing, verify_with
from credit_check_sdk._shell.keys.ciphers import Ed25519
from credit_check_sdk._shell.keys.coding import b64, parts, unb64
from tests.kit import INPUTS

if TYPE_CHECKING:
    from pathlib import Path

# RFC 8037, appendix A: key, text, signature and thumbprint.
PRIVATE = unb64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
PUBLIC = unb64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
TEXT = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

COOKBOOK = sorted((INPUTS / "vectors").glob("jose-4_*.json"))


def test_ed25519_signs_and_verifies_as_rfc_8037_says() -> None:
    algorithm = Ed25519()
    assert b64(algorithm.sign(PRIVATE, TEXT.encode())) == SIGNATURE
    assert algorithm.verify(PUBLIC, TEXT.encode(), unb64(SIGNATURE))
    assert ".".join([b64(b'{"alg":"EdDSA"}'), b64(b"Example of Ed25519 signing")]) == TEXT
    thumbprint = hashlib.sha256(rfc8785.dumps(dict(algorithm.jwk(PUBLIC)))).digest()
    assert b64(thumbprint) == THUMBPRINT


def test_each_changed_part_is_refused() -> None:
    algorithm = Ed25519()
    signature = unb64(SIGNATURE)
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not algorithm.verify(PUBLIC, TEXT.encode(), bytes(changed))
    assert not algorithm.verify(PUBLIC, TEXT.encode() + b"A", signature)
    assert not algorithm.verify(bytes(32), TEXT.encode(), signature)


@pytest.mark.skipif(not COOKBOOK, reason="the vectors of RFC 7520 are not there")
@pytest.mark.parametrize("file", COOKBOOK, ids=lambda file: file.stem)
def test_a_token_of_another_algorithm_opens_nothing(file: Path) -> None:
    """RFC 7520, section 4: tokens signed with RSA, other curves and HMAC, with or without their key at hand."""
    vector: dict[str, Any] = json.loads(file.read_text("utf-8"))
    token, key = vector["output"].get("compact"), vector["input"].get("key")
    if token is None:
        pytest.skip("it has no compact form")
    ring = KeyRing.ephemeral()
    assert ring.verify(token) is None
    assert verify_with(token, {"keys": [key]}) is None
    head, claims, proof = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == vector["input"]["alg"]
    assert b64(unb64(proof)) == proof
    with pytest.raises(ValueError):  # noqa: PT011  what it signs is no JSON, or is not there
        parts(f"{head}.{claims}.{proof}")
