"""How a ring encrypts and signs: AES-256-GCM and Ed25519, unless a plugin brings others. It holds no key and no file."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import Cipher, ReceiptAlgorithm

AES, EDDSA = "A256GCM", "EdDSA"
"""Names of what is used where nothing else is named (RFC 7518, RFC 8037)."""
_NONCE = 12


class AesGcm:
    """AES-256 in Galois/Counter mode (NIST SP 800-38D): nonce, then ciphertext with its tag."""

    key_bytes = 32

    def encrypt(self, key: bytes, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt under a nonce of its own."""
        nonce = os.urandom(_NONCE)
        sealed: bytes = _aes(key).encrypt(nonce, plain, bound_to)
        return nonce + sealed

    def decrypt(self, key: bytes, blob: bytes, bound_to: bytes) -> bytes:
        """Decrypt; `ValueError` where the text was changed or the key is another."""
        from cryptography.exceptions import InvalidTag

        try:
            plain: bytes = _aes(key).decrypt(blob[:_NONCE], blob[_NONCE:], bound_to)
        except InvalidTag:
            raise ValueError from None
        return plain

    @override
    def __repr__(self) -> str:
        """Show the name."""
        return AES


def _aes(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to import

    return AESGCM(key)


class Ed25519:
    """Ed25519 signatures, under the name that other JOSE libraries know (RFC 8037)."""

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: its private and its public half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        return private.private_bytes_raw(), private.public_key().public_bytes_raw()

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Sign."""
        signature: bytes = _private(private).sign(message)
        return signature

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether *public* signed it."""
        from cryptography.exceptions import InvalidSignature

        try:
            _public(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def jwk(self, public: bytes) -> Mapping[str, str]:
        """Give the public half as a JWK (RFC 8037, 2)."""
        from credit_check_sdk._shell.keys.coding import b64

        return {"kty": "OKP", "crv": "Ed25519", "x": b64(public)}


@functools.lru_cache(64)
def _private(key: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(key)


@functools.lru_cache(64)
def _public(key: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(key)


@dataclass(frozen=True, slots=True)
class Crypto:
    """The ciphers and receipt algorithms that there are, by name; a plugin's never stand in for the built-in ones."""

    ciphers: Mapping[str, Cipher] = field(default_factory=lambda: {AES: AesGcm()})
    algorithms: Mapping[str, ReceiptAlgorithm] = field(default_factory=lambda: {EDDSA: Ed25519()})

    @classmethod
    def of(cls, ciphers: Mapping[str, Any], algorithms: Mapping[str, Any]) -> Crypto:
        """Add what plugins offer: factories by name."""
        return cls(
            {**{name: make() for name, make in ciphers.items()}, AES: AesGcm()},
            {**{name: make() for name, make in algorithms.items()}, EDDSA: Ed25519()},
        )
