"""The key ring: data keys, the index key, receipt keys. It prints no key, ever.

A folder that only its owner may read, with one file. Identifiers are hashed with the index key and encrypted with a
data key (AES-256-GCM); receipts are signed with a receipt key (Ed25519, ``alg: EdDSA``, RFC 8037).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from typing_extensions import override

from credit_check_sdk._shell import ring_file
from credit_check_sdk._shell.ring_file import FILE
from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from credit_check_sdk._shell.ring_file import Stamp

T = TypeVar("T")

VERSION = 1
"""Version of the file; a newer one is refused."""
ALGORITHM = "EdDSA"
"""The one algorithm that receipts are signed and verified with; a token that names another does not hold."""
_NONCE = 12
_KEY = 32
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


class _Keys:
    """What a ring's file says at one time; never changed once made.

    Raises:
        KeyError: *data* lacks a part of a ring; likewise `TypeError` and `ValueError` for one that is malformed.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.index = _key(data["index"]["key"])
        self.data = {key["id"]: _key(key["key"]) for key in data["data"]}
        self.receipt = {
            key["id"]: (_key(key["d"]) if key.get("d") else None, _key(key["x"]), bool(key.get("revoked")))
            for key in data["receipt"]
        }
        self.current_data: str = data["current"]["data"]
        self.current_receipt: str = data["current"]["receipt"]
        if self.current_data not in self.data:
            raise KeyError(self.current_data)
        if self.current_receipt not in self.receipt:
            raise KeyError(self.current_receipt)
        self.about = tuple(_about(data))
        # Made when first used; that two threads make the same one twice does no harm.
        self.ciphers: dict[str, Any] = {}
        self.signers: dict[str, Any] = {}
        self.verifiers: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What may be said of a key: everything but the key."""

    id: str
    """Its number."""
    kind: Literal["data", "receipt", "index"]
    """What it is for: encryption at rest, receipts, keyed hashes."""
    made: str
    """When it was made."""
    current: bool
    """Whether it is used for what is written now."""
    revoked: str | None = None
    """When it was revoked."""
    reason: str | None = None
    """Why."""


class KeyRing:
    """Keys of one department. Safe to share among threads, and across a fork: it holds no lock.

    A ring that was opened from a folder notices when its file was changed by another process: a new key is used, and a
    revoked one no longer holds, without anybody starting anew.

    Raises:
        KeyError: *data* lacks a part of a ring; likewise `TypeError` and `ValueError` for one that is malformed.
    """

    def __init__(self, data: Mapping[str, Any], folder: Path | None = None, stamp: Stamp | None = None) -> None:
        self._read = _Keys(data)
        self._folder, self._stamp = folder, stamp

    @classmethod
    def make(cls, folder: Path) -> KeyRing:
        """Make a new ring in *folder*.

        Raises:
            KeyRingError: there is one already, and keys are never overwritten; or it cannot be written.
        """
        data = _fresh()
        path = folder / FILE
        made = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            made = True
            with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
                json.dump(data, writing, indent=1)
                writing.flush()
                os.fsync(writing.fileno())
        except FileExistsError:
            raise KeyRingError(
                f"there is a key ring in {folder.name} already",
                f"{folder.name} 中已有密钥",
                remedy_en="it is left as it is; name another folder",
                remedy_zh="未作改动；请指定其他目录",
            ) from None
        except OSError as error:
            if made:
                path.unlink(missing_ok=True)  # half a ring would only be in the way
            raise KeyRingError(
                f"the key ring cannot be written to {folder.name} ({error.strerror})",
                f"无法在 {folder.name} 写入密钥（{error.strerror}）",
                remedy_en="name a folder that may be written",
                remedy_zh="请指定可写的目录",
            ) from None
        _for_the_owner_only(folder, path)
        return cls(data, folder, ring_file.stamp(folder))

    @classmethod
    def open(cls, folder: Path) -> KeyRing:
        """Read the ring in *folder*.

        Raises:
            KeyRingError: it is missing, broken, of a newer version, or within the reach of others.
        """
        seen, data = _loaded(folder)
        try:
            return cls(data, folder, seen)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise _broken(folder) from None

    @classmethod
    def ephemeral(cls) -> KeyRing:
        """Make a ring that is kept nowhere, for tests."""
        return cls(_fresh())

    @property
    def _keys(self) -> _Keys:
        """The keys as the file has them now."""
        if self._folder is not None and _stamp(self._folder) != self._stamp:
            seen, data = _loaded(self._folder)
            try:
                self._read, self._stamp = _Keys(data), seen
            except (AttributeError, KeyError, TypeError, ValueError):
                raise _broken(self._folder) from None
        return self._read

    def notes(self) -> tuple[KeyNote, ...]:
        """Say which keys there are; no key is shown."""
        return self._keys.about

    def rotate(self, kind: Literal["data", "receipt"]) -> str:
        """Make a new key the current one of its kind, and give its number; the older ones go on being read.

        Raises:
            KeyRingError: the ring is kept nowhere, or its file cannot be written; it is as it was.
        """

        def turn(data: dict[str, Any]) -> str:
            fresh = _data_key() if kind == "data" else _receipt_key()
            data[kind].append(fresh)
            data["current"][kind] = fresh["id"]
            return str(fresh["id"])

        return self._changed(turn)

    def revoke(self, number: str, reason: str) -> None:
        """Revoke a receipt key: what it signed holds no more. The current key is rotated first.

        Raises:
            KeyRingError: there is no such receipt key, it is the current one, or the file cannot be written.
        """

        def mark(data: dict[str, Any]) -> None:
            found = [key for key in data["receipt"] if key["id"] == number]
            if not found:
                raise _unknown(number)
            if data["current"]["receipt"] == number:
                raise KeyRingError(
                    f"{number} signs receipts now and cannot be revoked",
                    f"{number} 是当前回执密钥，不能吊销",
                    remedy_en="rotate first: credit-check keys rotate --kind receipt",
                    remedy_zh="请先更换：credit-check keys rotate --kind receipt",
                )
            found[0].setdefault("revoked", datetime.now(UTC).isoformat(timespec="seconds"))
            found[0].setdefault("reason", reason)

        self._changed(mark)

    def retire(self, number: str) -> None:
        """Take an old data key out of the ring for good; whoever calls it has seen that nothing is encrypted with it.

        Raises:
            KeyRingError: there is no such data key, it is the current one, or the file cannot be written.
        """

        def drop(data: dict[str, Any]) -> None:
            if number not in {key["id"] for key in data["data"]} or data["current"]["data"] == number:
                raise _unknown(number)
            data["data"] = [key for key in data["data"] if key["id"] != number]

        self._changed(drop)

    def _changed(self, change: Callable[[dict[str, Any]], T]) -> T:
        if self._folder is None:
            raise KeyRingError(
                "this key ring is kept nowhere and cannot be changed",
                "该密钥环没有保存，无法更改",
                remedy_en="make one with `credit-check init`",
                remedy_zh="请用 credit-check init 生成",
            )
        folder = self._folder

        def work() -> T:
            _, data = _loaded(folder)
            answer = change(data)
            _Keys(data)
            ring_file.replace(folder, data)
            return answer

        return ring_file.alone(folder, work)

    def hashed(self, *parts: str) -> str:
        """Give the keyed hash of *parts*, hexadecimal. Each part is preceded by its length, so none runs into the next."""
        text = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
        return hmac.digest(self._read.index, text, "sha256").hex()

    def encrypt(self, plain: bytes, bound_to: str) -> tuple[str, bytes]:
        """Encrypt; give the key's number and nonce with ciphertext. *bound_to* is authenticated with it."""
        nonce = os.urandom(_NONCE)
        keys = self._keys
        key = keys.current_data
        return key, nonce + _cipher(keys, key).encrypt(nonce, plain, bound_to.encode())

    def decrypt(self, key: str, blob: bytes, bound_to: str) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            KeyRingError: the key is not in this ring, or the text was changed.
        """
        from cryptography.exceptions import InvalidTag

        try:
            keys = self._read if key in self._read.data else self._keys
            plain: bytes = _cipher(keys, key).decrypt(blob[:_NONCE], blob[_NONCE:], bound_to.encode())
        except (InvalidTag, KeyError, ValueError):
            raise KeyRingError(
                "an entry of the ledger cannot be decrypted: another ring's key, or it was changed",
                "台账条目无法解密：密钥不属于本密钥环，或条目被改动",
                remedy_en="open the ledger with the key ring that wrote it",
                remedy_zh="请使用写入该台账的密钥环",
            ) from None
        return plain

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign *claims* as a compact JWS (RFC 7515) with the current receipt key.

        Raises:
            KeyRingError: that key is revoked, or only its public half is here.
        """
        from joserfc import jws

        keys = self._keys
        number = keys.current_receipt
        header = {"alg": ALGORITHM, "kid": number, "typ": "credit-check+jws"}
        return jws.serialize_compact(header, _json(claims), _signer(keys, number), registry=_registry())

    @property
    def receipt_key(self) -> str:
        """Number of the key that signs now."""
        return self._keys.current_receipt

    @property
    def data_key(self) -> str:
        """Number of the key that encrypts now."""
        return self._keys.current_data

    def verify(self, token: str, *, revoked: bool = False) -> Mapping[str, Any] | None:
        """Give the claims of *token*, or None where signature, key or algorithm does not hold.

        With *revoked* the signature of a revoked key is read too: what it is worth is the caller's to judge.
        """
        from joserfc import jws
        from joserfc.errors import JoseError

        keys = self._keys
        try:
            for part in token.split("."):
                _unb64(part)
            verifier = functools.partial(_any_verifier if revoked else _verifier, keys)
            found = jws.deserialize_compact(token, verifier, registry=_registry())
            claims = json.loads(found.payload)
        except (JoseError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
            return None
        return claims if isinstance(claims, dict) else None

    def public_jwks(self) -> dict[str, Any]:
        """Give the public receipt keys as a JWK set (RFC 7517), for whoever verifies offline."""
        return {
            "keys": [_public(number, x) for number, (_, x, revoked) in self._keys.receipt.items() if not revoked],
        }

    @override
    def __repr__(self) -> str:
        """Show numbers of keys, and no key."""
        return f"KeyRing(data={self._read.current_data!r}, receipt={self._read.current_receipt!r})"


def _cipher(keys: _Keys, number: str) -> Any:
    cipher = keys.ciphers.get(number)
    if cipher is None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to import

        cipher = keys.ciphers[number] = AESGCM(keys.data[number])
    return cipher


def _signer(keys: _Keys, number: str) -> Any:
    signer = keys.signers.get(number)
    if signer is None:
        from joserfc.jwk import OKPKey

        private, x, revoked = keys.receipt[number]
        if private is None or revoked:
            raise KeyRingError(
                f"the receipt key {number} is revoked or has no private half; nothing is signed with it",
                f"回执密钥 {number} 已吊销或缺少私钥，不再用于签发",
                remedy_en="make another receipt key the current one",
                remedy_zh="请将另一回执密钥设为当前密钥",
            )
        signer = keys.signers[number] = OKPKey.import_key({**_public(number, x), "d": _b64(private)})
    return signer


def _verifier(keys: _Keys, token: Any) -> Any:
    number = token.headers()["kid"]
    verifier = keys.verifiers.get(number)
    if verifier is None:
        from joserfc.jwk import OKPKey

        _, x, revoked = keys.receipt[number]
        if revoked:
            raise KeyError(number)
        verifier = keys.verifiers[number] = OKPKey.import_key({**_public(number, x)})
    return verifier


def _any_verifier(keys: _Keys, token: Any) -> Any:
    from joserfc.jwk import OKPKey

    number = token.headers()["kid"]
    return OKPKey.import_key({**_public(number, keys.receipt[number][1])})


def _stamp(folder: Path) -> Stamp | None:
    try:
        return ring_file.stamp(folder)
    except OSError:
        return None  # reading the file says what is wrong with it


def _loaded(folder: Path) -> tuple[Stamp, dict[str, Any]]:
    """Read the file, with the stamp that it had before."""
    try:
        seen = ring_file.stamp(folder)
        _for_the_owner_only(folder, folder / FILE)
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise KeyRingError(
            f"the key ring in {folder.name} cannot be read ({error.strerror})",
            f"无法读取 {folder.name} 中的密钥（{error.strerror}）",
            remedy_en="make one with `credit-check init`, or correct keys.ring",
            remedy_zh="请用 credit-check init 生成，或更正 keys.ring",
        ) from None
    except ValueError:
        raise _broken(folder) from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise KeyRingError(
            f"the key ring in {folder.name} is of version {version}, this package knows up to {VERSION}",
            f"{folder.name} 中密钥的版本为 {version}，本软件包最高支持 {VERSION}",
            remedy_en="upgrade credit-check-sdk",
            remedy_zh="请升级 credit-check-sdk",
        )
    return seen, data


def _about(data: Mapping[str, Any]) -> Iterator[KeyNote]:
    yield KeyNote("index", "index", str(data["index"].get("made", "")), current=True)
    for key in data["data"]:
        yield KeyNote(key["id"], "data", str(key.get("made", "")), key["id"] == data["current"]["data"])
    for key in data["receipt"]:
        current, revoked = key["id"] == data["current"]["receipt"], key.get("revoked")
        yield KeyNote(key["id"], "receipt", str(key.get("made", "")), current, revoked, key.get("reason"))


def verify_with(token: str, jwks: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the claims of *token* where one of these public keys (JWK set) signed it, or None."""
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey

    for key in jwks.get("keys", ()):
        try:
            for part in token.split("."):
                _unb64(part)
            public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
            claims = json.loads(jws.deserialize_compact(token, public, registry=_registry()).payload)
        except (JoseError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
            continue
        if isinstance(claims, dict):
            return claims
    return None


def _data_key() -> dict[str, Any]:
    return {"id": f"data-{os.urandom(4).hex()}", "key": _b64(os.urandom(32)), "made": _made()}


def _receipt_key() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return {
        "id": f"receipt-{hashlib.sha256(public).hexdigest()[:12]}",
        "alg": ALGORITHM,
        "d": _b64(private.private_bytes_raw()),
        "x": _b64(public),
        "made": _made(),
    }


def _made() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _fresh() -> dict[str, Any]:
    data, receipt = _data_key(), _receipt_key()
    return {
        "version": 1,
        "current": {"data": data["id"], "receipt": receipt["id"]},
        "index": {"key": _b64(os.urandom(32)), "made": _made()},
        "data": [data],
        "receipt": [receipt],
    }


def _for_the_owner_only(folder: Path, path: Path) -> None:
    if os.name != "posix":
        return  # elsewhere the mode says nothing of who may read
    where = folder.stat().st_mode
    if path.stat().st_mode & _OTHERS:
        raise KeyRingError(
            f"the key ring in {folder.name} can be read by others",
            f"{folder.name} 中的密钥可被他人读取",
            remedy_en=f"run chmod 600 on {FILE}",
            remedy_zh=f"请对 {FILE} 执行 chmod 600",
        )
    if where & _OTHERS_WRITE and not where & stat.S_ISVTX:
        raise KeyRingError(
            f"others may replace the key ring in {folder.name}",
            f"他人可以替换 {folder.name} 中的密钥",
            remedy_en=f"run chmod 700 on {folder.name}",
            remedy_zh=f"请对 {folder.name} 执行 chmod 700",
        )


@functools.cache
def _registry() -> Any:
    """Give the algorithms that receipts may be signed with: one."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class OneAlgorithm(JWSRegistry):
        # joserfc warns that `EdDSA` gives way to `Ed25519` (RFC 9864), which other JOSE libraries do not know yet. A
        # filter would be the whole process's and is not safe among threads, so the warning is not raised here at all.
        @override
        def get_alg(self, name: str) -> Any:
            if name != ALGORITHM:
                raise UnsupportedAlgorithmError(name)
            return self.algorithms[name]

    return OneAlgorithm(algorithms=[ALGORITHM])


def _public(number: str, x: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _b64(x), "kid": number, "alg": ALGORITHM, "use": "sig"}


def _unknown(number: str) -> KeyRingError:
    return KeyRingError(
        f"{number} is no key that this can be done with",
        f"不能对密钥 {number} 执行该操作",
        code="keys.unknown",
        remedy_en="see `credit-check keys list`",
        remedy_zh="请查看 credit-check keys list",
    )


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


def _unb64(text: str) -> bytes:
    # Strict: one text for each value, or a token could be changed without its signature noticing.
    found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _b64(found) != text:
        raise ValueError
    return found


def _key(text: str) -> bytes:
    key = _unb64(text)
    if len(key) != _KEY:
        raise ValueError
    return key
