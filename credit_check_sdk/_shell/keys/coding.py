"""Base64url, strictly, and compact JWS (RFC 7515). It holds no key."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HEADER = frozenset({"alg", "kid", "typ"})
"""All that a header of ours says."""
TYPE = "credit-check+jws"
"""Media type of a receipt, without ``application/``."""


def b64(data: bytes) -> str:
    """Write bytes in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Read base64url, strictly: one text for each value, or a token could change without its signature noticing.

    Raises:
        ValueError: it is no base64url, or another text of the same bytes.
    """
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(found) != text:
        raise ValueError
    return found


def signed(claims: Mapping[str, Any], alg: str, kid: str, sign: Callable[[bytes], bytes]) -> str:
    """Write claims as a compact JWS."""
    body = f"{b64(_json({'alg': alg, 'kid': kid, 'typ': TYPE}))}.{b64(_json(claims))}"
    return f"{body}.{b64(sign(body.encode()))}"


def parts(token: str) -> tuple[Mapping[str, Any], Any, bytes, bytes]:
    """Take a compact JWS apart: header, claims, what was signed, the signature. Nothing of it is to be trusted yet.

    A header that names what must be understood (``crit``, RFC 7515, 4.1.11) is refused: nothing of it is understood here.

    Raises:
        ValueError: it is none; likewise `AttributeError`, `TypeError` and `RecursionError`.
    """
    head, claims, signature = token.split(".")
    header = json.loads(unb64(head))
    if not isinstance(header, dict) or "crit" in header:
        raise ValueError
    body, proof = unb64(claims), unb64(signature)
    return header, json.loads(body), f"{head}.{claims}".encode("ascii"), proof


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(value: Mapping[str, Any]) -> bytes:
    return _encode(value).encode()
