"""SM2 signatures and encryption (GB/T 32918) on the recommended curve (GB/T 32918.5), in both forms. It performs no I/O.

A private key is 32 bytes, a public one 64 (x and y). A signature is ``der`` (SEQUENCE of r and s) or ``plain`` (r and s,
32 bytes each). Whatever is malformed verifies nowhere.
"""

from __future__ import annotations

import functools
from typing import Literal

import gmssl_pyx
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

Form = Literal["der", "plain"]
"""How a signature is written."""

USER_ID = b"1234567812345678"
"""The identifier of a signer who has none of its own (GB/T 35276)."""
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Order of the base point (GB/T 32918.5)."""
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_HALF = 32
_Point = tuple[int, int] | None


def generate() -> tuple[bytes, bytes]:
    """Make a key: its private and its public half."""
    public, private = gmssl_pyx.sm2_key_generate()
    return bytes(private), bytes(public)


def sign(private: bytes, message: bytes, *, user_id: bytes = USER_ID, form: Form = "plain") -> bytes:
    """Sign; the same message twice gives two signatures."""
    made = bytes(gmssl_pyx.sm2_sign(private, public_of(private), message, user_id))
    return made if form == "der" else plain(made)


def verify(public: bytes, message: bytes, signature: bytes, *, user_id: bytes = USER_ID, form: Form = "plain") -> bool:
    """Say whether *public* signed it."""
    try:
        given = der(signature) if form == "plain" else der(plain(signature))
        if (form == "der" and given != signature) or not on_curve(public):
            return False
        return bool(gmssl_pyx.sm2_verify(public, message, given, user_id))
    except (ValueError, gmssl_pyx.GmsslInnerError):
        return False


def plain(signature: bytes) -> bytes:
    """Turn DER into r and s.

    Raises:
        ValueError: it is no such signature.
    """
    r, s = decode_dss_signature(signature)
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise ValueError("r or s is out of range")
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def der(signature: bytes) -> bytes:
    """Turn r and s into DER.

    Raises:
        ValueError: it is no such signature.
    """
    if len(signature) != 2 * _HALF:
        raise ValueError("r and s are 64 bytes")
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise ValueError("r or s is out of range")
    return encode_dss_signature(r, s)


def encrypt(public: bytes, text: bytes) -> bytes:
    """Encrypt up to 255 bytes (GB/T 32918.4): DER of C1, C3, C2."""
    return bytes(gmssl_pyx.sm2_encrypt(public, text))


def decrypt(private: bytes, text: bytes) -> bytes:
    """Decrypt what `encrypt` gave.

    Raises:
        ValueError: another key, or it was changed.
    """
    try:
        return bytes(gmssl_pyx.sm2_decrypt(private, text))
    except gmssl_pyx.GmsslInnerError:
        raise ValueError("it cannot be decrypted") from None


def read_private(text: str) -> bytes:
    """Read a private key from 64 hexadecimal digits.

    Raises:
        ValueError: it is none.
    """
    key = bytes.fromhex(text)
    if len(key) != _HALF or not 0 < int.from_bytes(key) < ORDER - 1:
        raise ValueError("a private key is 64 hexadecimal digits, within the order of the curve")
    return key


def read_public(text: str) -> bytes:
    """Read a public key from 128 hexadecimal digits, ``04`` before them or not.

    Raises:
        ValueError: it is none.
    """
    key = bytes.fromhex(text)
    if len(key) == 2 * _HALF + 1 and key[0] == 4:  # noqa: PLR2004  an uncompressed point (GB/T 32918.1, 4.2.8)
        key = key[1:]
    if not on_curve(key):
        raise ValueError("a public key is a point of the curve, 04 and 128 hexadecimal digits")
    return key


def on_curve(public: bytes) -> bool:
    """Say whether a public key is a point of the curve."""
    if len(public) != 2 * _HALF:
        return False
    x, y = int.from_bytes(public[:_HALF]), int.from_bytes(public[_HALF:])
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0


@functools.lru_cache(64)
def public_of(private: bytes) -> bytes:
    """Give the public half of a private key; worked out once for each key, on this machine, not in constant time."""
    point: _Point = None
    adding: _Point = _G
    number = int.from_bytes(private)
    while number:
        if number & 1:
            point = _sum(point, adding)
        adding = _sum(adding, adding)
        number >>= 1
    if point is None:
        raise ValueError("a private key is not zero")
    return point[0].to_bytes(_HALF) + point[1].to_bytes(_HALF)


def _sum(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return other if one is None else one
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P
