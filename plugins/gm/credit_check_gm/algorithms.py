"""What the key ring takes: SM2 to sign receipts and checkpoints, SM4 to encrypt the ledger. It keeps no key."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from credit_check_gm import sm2

if TYPE_CHECKING:
    from collections.abc import Mapping

SM2, SM4 = "SM2", "SM4GCM"
"""Names under which the ring knows them."""
_NONCE, _TAG = 12, 16


class Sm2:
    """SM2 with SM3 and the default identifier; a signature is r and s, as JWS writes those of curves (RFC 7518, 3.4)."""

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: its private and its public half."""
        return sm2.generate()

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Sign."""
        return sm2.sign(private, message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether *public* signed it."""
        return sm2.verify(public, message, signature)

    def jwk(self, public: bytes) -> Mapping[str, str]:
        """Give the public half as a JWK; the name of the curve is in no registry."""
        return {"kty": "EC", "crv": "SM2", "x": _b64(public[:32]), "y": _b64(public[32:])}


class Sm4Gcm:
    """SM4 in Galois/Counter mode (RFC 8998): nonce, ciphertext, tag. By OpenSSL: GmSSL's takes no empty text."""

    key_bytes = 16

    def encrypt(self, key: bytes, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt under a nonce of its own."""
        nonce = os.urandom(_NONCE)
        sealing = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(bound_to)
        text = sealing.update(plain) + sealing.finalize()
        return nonce + text + sealing.tag

    def decrypt(self, key: bytes, blob: bytes, bound_to: bytes) -> bytes:
        """Decrypt; `ValueError` where the text was changed or the key is another."""
        if len(blob) < _NONCE + _TAG:
            raise ValueError("it is too short")
        opening = Cipher(algorithms.SM4(key), modes.GCM(blob[:_NONCE], blob[-_TAG:])).decryptor()
        opening.authenticate_additional_data(bound_to)
        try:
            return opening.update(blob[_NONCE:-_TAG]) + opening.finalize()
        except InvalidTag:
            raise ValueError("it was changed, or the key is another") from None

    @override
    def __repr__(self) -> str:
        """Show the name."""
        return SM4


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
