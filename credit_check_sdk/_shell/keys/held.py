"""The keys of a ring as values: read from what the file says, changed by making another. It reads and writes no file."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from credit_check_sdk._shell.keys.ciphers import AES, EDDSA, Crypto
from credit_check_sdk._shell.keys.coding import b64, unb64
from credit_check_sdk.errors import InputError, KeyRingError
from credit_check_sdk.model.keys import KeyKind, KeyNote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 2
"""Newest version of the file that is known; a plain ring is still written as version 1."""
HMAC = "HS256"
"""Name of the keyed hash (RFC 7518)."""
_INDEX = 32
Turnable = Literal["data", "receipt"]
"""Kinds of keys that can be changed. The index key cannot: what was hashed with it is in sealed entries."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A receipt key: both halves, or the public one alone."""

    alg: str
    private: bytes | None
    public: bytes
    revoked: bool

    @override
    def __repr__(self) -> str:
        """Show no key."""
        return f"Pair(alg={self.alg!r}, revoked={self.revoked})"


class Held:
    """What a ring's file says.

    Raises:
        KeyError: *data* lacks a part of a ring; likewise `TypeError`, `AttributeError` and `ValueError`.
    """

    __slots__ = ("ciphers", "data", "data_keys", "index", "receipt_keys", "said")

    def __init__(self, data: Mapping[str, Any], crypto: Crypto) -> None:
        self.said: Mapping[str, Any] = data
        self.index = _key(data["index"]["key"], _INDEX)
        self.ciphers = {key["id"]: key.get("alg", AES) for key in data["data"]}
        self.data_keys = {
            key["id"]: _key(key["key"], crypto.ciphers[key["alg"]].key_bytes if "alg" in key else _INDEX)
            for key in data["data"]
            if key.get("alg", AES) in crypto.ciphers
        }
        self.receipt_keys = {key["id"]: _pair(key) for key in data["receipt"]}
        self.data: str = data["current"]["data"]
        _ = self.data_keys[self.data], self.receipt_keys[self.receipt]

    @property
    def receipt(self) -> str:
        """Number of the key that signs now."""
        number: str = self.said["current"]["receipt"]
        return number

    @override
    def __repr__(self) -> str:
        """Show numbers of keys, and no key."""
        return f"Held(data={self.data!r}, receipt={self.receipt!r})"

    def notes(self) -> tuple[KeyNote, ...]:
        """Say which keys there are, and show none."""
        said, current = self.said, self.said["current"]
        found = [_noted({"id": "index", **said["index"]}, "index", HMAC, current=True)]
        found += [_noted(k, "data", k.get("alg", AES), current=k["id"] == current["data"]) for k in said["data"]]
        found += [_noted(k, "receipt", k["alg"], current=k["id"] == current["receipt"]) for k in said["receipt"]]
        return tuple(found)


def fresh(crypto: Crypto | None = None, cipher: str = AES, alg: str = EDDSA) -> dict[str, Any]:
    """Make new keys, as a ring's file says them."""
    crypto = crypto or Crypto()
    made = _made()
    data, receipt = _data_key(crypto, cipher, made), _receipt_key(crypto, alg, made)
    return _versioned(
        {
            "version": 1,
            "current": {"data": data["id"], "receipt": receipt["id"]},
            "index": {"key": b64(os.urandom(_INDEX)), "made": made},
            "data": [data],
            "receipt": [receipt],
        }
    )


def rotated(said: Mapping[str, Any], kind: Turnable, crypto: Crypto, alg: str | None) -> dict[str, Any]:
    """Add a new key of a kind, and make it the current one; the others stay."""
    made = _made()
    current = next(key for key in said[kind] if key["id"] == said["current"][kind])
    if kind == "data":
        key = _data_key(crypto, alg or current.get("alg", AES), made)
    else:
        key = _receipt_key(crypto, alg or current["alg"], made)
    return _versioned({**said, kind: [*said[kind], key], "current": {**said["current"], kind: key["id"]}})


def revoked(said: Mapping[str, Any], number: str, reason: str) -> dict[str, Any]:
    """Mark a receipt key as revoked."""
    if number not in {key["id"] for key in said["receipt"]}:
        raise _unknown(number)
    if said["current"]["receipt"] == number:
        raise KeyRingError(
            f"{number} signs receipts now and cannot be revoked",
            f"{number} 是当前回执密钥，不能吊销",
            remedy_en="rotate first: credit-check keys rotate --kind receipt",
            remedy_zh="请先更换：credit-check keys rotate --kind receipt",
        )
    mark = {"revoked": _made(), "reason": reason}
    return {**said, "receipt": [{**mark, **key} if key["id"] == number else key for key in said["receipt"]]}


def retired(said: Mapping[str, Any], number: str) -> dict[str, Any]:
    """Leave an old data key out."""
    if number not in {key["id"] for key in said["data"]} or said["current"]["data"] == number:
        raise _unknown(number)
    return _versioned({**said, "data": [key for key in said["data"] if key["id"] != number]})


def _versioned(said: dict[str, Any]) -> dict[str, Any]:
    # A package that knows one cipher only would take another's text for changed.
    others = any("alg" in key for key in said["data"]) or any(key["alg"] != EDDSA for key in said["receipt"])
    return {**said, "version": VERSION if others else said["version"]}


def _data_key(crypto: Crypto, alg: str, made: str) -> dict[str, Any]:
    _known(alg, crypto.ciphers)
    key = {"id": f"data-{os.urandom(4).hex()}", "key": b64(os.urandom(crypto.ciphers[alg].key_bytes)), "made": made}
    return key if alg == AES else {**key, "alg": alg}


def _receipt_key(crypto: Crypto, alg: str, made: str) -> dict[str, Any]:
    _known(alg, crypto.algorithms)
    private, public = crypto.algorithms[alg].generate()
    number = f"receipt-{hashlib.sha256(public).hexdigest()[:12]}"
    return {"id": number, "alg": alg, "d": b64(private), "x": b64(public), "made": made}


def _known(alg: str, known: Iterable[str]) -> None:
    if alg in known:
        return
    names = ", ".join(sorted(known))
    raise InputError(
        f"algorithm {alg!r} is unknown here",
        f"此处不支持算法 {alg}",
        remedy_en=f"use one of {names}, or enable the plugin that brings it",
        remedy_zh=f"可用：{names}；或启用提供该算法的插件",
    )


def _unknown(number: str) -> KeyRingError:
    return KeyRingError(
        f"{number} is no key that this can be done with",
        f"不能对密钥 {number} 执行该操作",
        code="keys.unknown",
        remedy_en="see `credit-check keys list`",
        remedy_zh="请查看 credit-check keys list",
    )


def _noted(key: Mapping[str, Any], kind: KeyKind, alg: str, *, current: bool) -> KeyNote:
    made = str(key.get("made", ""))
    return KeyNote(key["id"], kind, alg, made, current, key.get("revoked"), key.get("reason"))


def _pair(key: Mapping[str, Any]) -> Pair:
    alg = key["alg"]
    if alg == EDDSA:
        return Pair(alg, _key(key["d"], 32) if key.get("d") else None, _key(key["x"], 32), bool(key.get("revoked")))
    return Pair(alg, unb64(key["d"]) if key.get("d") else None, unb64(key["x"]), bool(key.get("revoked")))


def _key(text: str, length: int) -> bytes:
    key = unb64(text)
    if len(key) != length:
        raise ValueError
    return key


def _made() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
