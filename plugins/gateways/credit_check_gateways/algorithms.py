"""Algorithms of HTTP message signatures (RFC 9421, 3.3), each with its key. They perform no I/O."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("ed25519", "hmac-sha256", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256")
"""Those that there are."""
_LEAST_SECRET = 16
_LEAST_RSA = 2048
_HALF = 32
_KINDS: dict[str, tuple[type, type]] = {
    "ed25519": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
    "ecdsa-p256-sha256": (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey),
    "rsa-pss-sha512": (rsa.RSAPrivateKey, rsa.RSAPublicKey),
    "rsa-v1_5-sha256": (rsa.RSAPrivateKey, rsa.RSAPublicKey),
}


@dataclass(frozen=True)
class Algorithm:
    """An algorithm with its key; without a private half it only verifies."""

    name: str
    sign: Callable[[bytes], bytes]
    verify: Callable[[bytes, bytes], bool]

    @override
    def __repr__(self) -> str:
        """Show no key."""
        return f"Algorithm({self.name!r})"


def signing(name: str, secret: str) -> Algorithm:
    """Make an algorithm that signs; *secret* is a private key as PEM, or for HMAC the shared one.

    Raises:
        ValueError: there is no such algorithm, or the key is not one of it.
    """
    if name == "hmac-sha256":
        return shared(secret)
    key: Any = serialization.load_pem_private_key(secret.encode(), password=None)
    _fits(name, key, 0)
    made = _verifying(name, key.public_key())
    return Algorithm(name, _signer(name, key), made.verify)


def verifying(name: str, public: str) -> Algorithm:
    """Make an algorithm that verifies, by a public key as PEM.

    Raises:
        ValueError: there is no such algorithm, or the key is not one of it.
    """
    key: Any = serialization.load_pem_public_key(public.encode())
    _fits(name, key, 1)
    return _verifying(name, key)


def shared(secret: str) -> Algorithm:
    """Make HMAC-SHA256 with a shared secret; ``base64:…`` is one of bytes.

    Raises:
        ValueError: it is too short.
    """
    prefix = "base64:"
    key = base64.b64decode(secret.removeprefix(prefix), validate=True) if secret.startswith(prefix) else secret.encode()
    if len(key) < _LEAST_SECRET:
        raise ValueError("a shared secret has 16 bytes at least")

    def sign(text: bytes) -> bytes:
        return hmac.digest(key, text, "sha256")

    return Algorithm("hmac-sha256", sign, lambda text, proof: hmac.compare_digest(sign(text), proof))


def _fits(name: str, key: Any, half: int) -> None:
    if name not in _KINDS or not isinstance(key, _KINDS[name][half]):
        raise ValueError("the key is of another algorithm")
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.name != "secp256r1":
        raise ValueError("the key is of another curve than P-256")
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) and key.key_size < _LEAST_RSA:
        raise ValueError("the key has less than 2048 bits")


def _signer(name: str, key: Any) -> Callable[[bytes], bytes]:
    if name == "ed25519":
        return lambda text: bytes(key.sign(text))
    if name == "ecdsa-p256-sha256":
        return lambda text: _plain(key.sign(text, ec.ECDSA(hashes.SHA256())))
    padded, hashed = _rsa(name)
    return lambda text: bytes(key.sign(text, padded, hashed))


def _verifying(name: str, key: Any) -> Algorithm:
    def check(text: bytes, proof: bytes) -> None:
        if name == "ed25519":
            key.verify(proof, text)
        elif name == "ecdsa-p256-sha256":
            key.verify(_der(proof), text, ec.ECDSA(hashes.SHA256()))
        else:
            padded, hashed = _rsa(name)
            key.verify(proof, text, padded, hashed)

    def verify(text: bytes, proof: bytes) -> bool:
        try:
            check(text, proof)
        except (InvalidSignature, ValueError):
            return False
        return True

    return Algorithm(name, _cannot, verify)


def _rsa(name: str) -> tuple[Any, Any]:
    if name == "rsa-pss-sha512":
        return padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()
    return padding.PKCS1v15(), hashes.SHA256()


def _cannot(_: bytes) -> bytes:
    raise ValueError("a public key signs nothing")


def _plain(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def _der(plain: bytes) -> bytes:
    if len(plain) != 2 * _HALF:
        raise ValueError("r and s are 64 bytes")
    return encode_dss_signature(int.from_bytes(plain[:_HALF]), int.from_bytes(plain[_HALF:]))
