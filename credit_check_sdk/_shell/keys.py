"""The key ring: data keys, the index key, receipt keys. It prints no key, ever.

A folder that only its owner may read, with one file. Identifiers are hashed with the index key and encrypted with a
data key (AES-256-GCM); receipts are signed with a receipt key (Ed25519, ``alg: EdDSA``, RFC 8037).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import warnings
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "ring.json"
ALGORITHM = "EdDSA"
"""The one algorithm that receipts are signed and verified with; a token that names another does not hold."""
_NONCE = 12
_OTHERS = 0o077


class KeyRing:
    """Keys of one department. Safe to share among threads, and across a fork."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._index = _bytes(data["index"]["key"])
        self._current_data: str = data["current"]["data"]
        self._current_receipt: str = data["current"]["receipt"]
        self._lock = threading.Lock()
        self._ciphers: dict[str, Any] = {}
        self._signers: dict[str, Any] = {}

    @classmethod
    def make(cls, folder: Path) -> KeyRing:
        """Make a new ring in *folder*.

        Raises:
            KeyRingError: there is one already; keys are never overwritten.
        """
        path = folder / FILE
        if path.exists():
            raise KeyRingError(
                f"there is a key ring in {folder.name} already",
                f"{folder.name} 中已有密钥",
                remedy_en="it is left as it is; name another folder",
                remedy_zh="未作改动；请指定其他目录",
            )
        data = _fresh()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
                json.dump(data, writing, indent=1)
                writing.flush()
                os.fsync(writing.fileno())
        except OSError as error:
            raise KeyRingError(
                f"the key ring cannot be written to {folder.name} ({error.strerror})",
                f"无法在 {folder.name} 写入密钥（{error.strerror}）",
                remedy_en="name a folder that may be written",
                remedy_zh="请指定可写的目录",
            ) from None
        return cls(data)

    @classmethod
    def open(cls, folder: Path) -> KeyRing:
        """Read the ring in *folder*.

        Raises:
            KeyRingError: it is missing, broken, or readable by others.
        """
        path = folder / FILE
        try:
            mode = path.stat().st_mode
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise KeyRingError(
                f"the key ring in {folder.name} cannot be read ({error.strerror})",
                f"无法读取 {folder.name} 中的密钥（{error.strerror}）",
                remedy_en="make one with `credit-check init`, or correct keys.ring",
                remedy_zh="请用 credit-check init 生成，或更正 keys.ring",
            ) from None
        except ValueError:
            raise _broken(folder) from None
        if mode & _OTHERS:
            raise KeyRingError(
                f"the key ring in {folder.name} can be read by others",
                f"{folder.name} 中的密钥可被他人读取",
                remedy_en=f"run chmod 600 on {FILE}",
                remedy_zh=f"请对 {FILE} 执行 chmod 600",
            )
        try:
            return cls(data)
        except (KeyError, TypeError, ValueError):
            raise _broken(folder) from None

    @classmethod
    def ephemeral(cls) -> KeyRing:
        """Make a ring that is kept nowhere, for tests."""
        return cls(_fresh())

    def hashed(self, *parts: str) -> str:
        """Give the keyed hash of *parts*, hexadecimal. Each part is preceded by its length, so none runs into the next."""
        text = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.digest(self._index, text, "sha256").hex()

    def encrypt(self, plain: bytes, bound_to: str) -> tuple[str, bytes]:
        """Encrypt; give the key's number and nonce with ciphertext. *bound_to* is authenticated with it."""
        nonce = os.urandom(_NONCE)
        key = self._current_data
        return key, nonce + self._cipher(key).encrypt(nonce, plain, bound_to.encode())

    def decrypt(self, key: str, blob: bytes, bound_to: str) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            KeyRingError: the key is not in this ring, or the text was changed.
        """
        from cryptography.exceptions import InvalidTag

        try:
            plain: bytes = self._cipher(key).decrypt(blob[:_NONCE], blob[_NONCE:], bound_to.encode())
        except (InvalidTag, KeyError):
            raise KeyRingError(
                "an entry of the ledger cannot be decrypted: another ring's key, or it was changed",
                "台账条目无法解密：密钥不属于本密钥环，或条目被改动",
                remedy_en="open the ledger with the key ring that wrote it",
                remedy_zh="请使用写入该台账的密钥环",
            ) from None
        return plain

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign *claims* as a compact JWS (RFC 7515) with the current receipt key."""
        key = self._current_receipt
        header = _b64(_json({"alg": ALGORITHM, "kid": key, "typ": "credit-check+jws"}))
        body = f"{header}.{_b64(_json(claims))}"
        return f"{body}.{_b64(self._signer(key).sign(body.encode('ascii')))}"

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """Give the claims of *token*, or None where signature, key or algorithm does not hold."""
        from joserfc import jws
        from joserfc.errors import JoseError

        try:
            with warnings.catch_warnings():
                # joserfc calls `EdDSA` deprecated for `Ed25519`, which other JOSE libraries do not know yet.
                warnings.simplefilter("ignore")
                found = jws.deserialize_compact(token, self._public_key, algorithms=[ALGORITHM])
            claims = json.loads(found.payload)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        return claims if isinstance(claims, dict) else None

    def public_jwks(self) -> dict[str, Any]:
        """Give the public receipt keys as a JWK set (RFC 7517), for whoever verifies offline."""
        return {"keys": [_public(key) for key in self._data["receipt"] if not key.get("revoked")]}

    def _public_key(self, token: Any) -> Any:
        from joserfc.jwk import OKPKey

        number = token.headers().get("kid")
        for key in self._data["receipt"]:
            if key["id"] == number and not key.get("revoked"):
                return OKPKey.import_key({**_public(key)})
        message = "unknown key"
        raise KeyError(message)

    def _cipher(self, number: str) -> Any:
        with self._lock:
            cipher = self._ciphers.get(number)
            if cipher is None:
                from cryptography.hazmat.primitives.ciphers.aead import AESGCM

                key = next(key for key in self._data["data"] if key["id"] == number) if self._has(number) else None
                if key is None:
                    raise KeyError(number)
                cipher = self._ciphers[number] = AESGCM(_bytes(key["key"]))
            return cipher

    def _has(self, number: str) -> bool:
        return any(key["id"] == number for key in self._data["data"])

    def _signer(self, number: str) -> Any:
        with self._lock:
            signer = self._signers.get(number)
            if signer is None:
                from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

                key = next(key for key in self._data["receipt"] if key["id"] == number)
                signer = self._signers[number] = Ed25519PrivateKey.from_private_bytes(_bytes(key["d"]))
            return signer

    @override
    def __repr__(self) -> str:
        """Show numbers of keys, and no key."""
        return f"KeyRing(data={self._current_data!r}, receipt={self._current_receipt!r})"


def _fresh() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    made = datetime.now(UTC).isoformat(timespec="seconds")
    data_id, receipt_id = f"data-{os.urandom(4).hex()}", f"receipt-{hashlib.sha256(public).hexdigest()[:12]}"
    return {
        "version": 1,
        "current": {"data": data_id, "receipt": receipt_id},
        "index": {"key": _b64(os.urandom(32)), "made": made},
        "data": [{"id": data_id, "key": _b64(os.urandom(32)), "made": made}],
        "receipt": [
            {
                "id": receipt_id,
                "alg": ALGORITHM,
                "d": _b64(private.private_bytes_raw()),
                "x": _b64(public),
                "made": made,
            }
        ],
    }


def _public(key: Mapping[str, Any]) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": key["x"], "kid": key["id"], "alg": ALGORITHM, "use": "sig"}


def _broken(folder: Path) -> KeyRingError:
    return KeyRingError(
        f"the key ring in {folder.name} is not one",
        f"{folder.name} 中的密钥文件格式不对",
        remedy_en="restore it from a copy",
        remedy_zh="请从备份恢复",
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
