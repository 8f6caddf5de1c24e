"""The key ring: data keys, the index key, receipt keys. It prints no key, ever.

A folder that only its owner may read, with one file. Identifiers are hashed with the index key. Each entry is encrypted
with a key of its own, which the current data key wraps: another data key wraps anew and leaves the entry alone.
Receipts are signed with a receipt key. A ring that was changed on the disk is taken over when it is used next.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from credit_check_sdk._shell.keys import file as files
from credit_check_sdk._shell.keys import held as holding
from credit_check_sdk._shell.keys.ciphers import EDDSA, Crypto
from credit_check_sdk._shell.keys.coding import HEADER, b64, parts, signed, unb64
from credit_check_sdk._shell.keys.file import FILE
from credit_check_sdk._shell.keys.held import Held
from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from credit_check_sdk._shell.keys.held import Turnable
    from credit_check_sdk.model.keys import KeyNote

_TROUBLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


class KeyRing:
    """Keys of one department. Safe to share among threads, and across a fork: it holds no lock.

    Raises:
        KeyError: *data* lacks a part of a ring; likewise `TypeError` and `ValueError` for one that is malformed.
    """

    def __init__(self, data: Mapping[str, Any], folder: Path | None = None, crypto: Crypto | None = None) -> None:
        self._crypto = crypto or Crypto()
        self._folder = folder
        # The stamp is taken before the file is read, so that a ring changed meanwhile is read again.
        self._held: tuple[files.Stamp | None, Held] = (None, Held(data, self._crypto))

    @classmethod
    def make(cls, folder: Path, crypto: Crypto | None = None) -> KeyRing:
        """Make a new ring in *folder*.

        Raises:
            KeyRingError: there is one already, and keys are never overwritten; or it cannot be written.
        """
        files.write_new(folder, holding.fresh(crypto))
        return cls.open(folder, crypto)

    @classmethod
    def open(cls, folder: Path, crypto: Crypto | None = None) -> KeyRing:
        """Read the ring in *folder*.

        Raises:
            KeyRingError: it is missing, broken, of a newer version, or within the reach of others.
        """
        stamp, data = files.stamp(folder), files.read(folder)
        try:
            ring = cls(data, folder, crypto)
        except _TROUBLE:
            raise _missing_cipher(data, crypto or Crypto()) or files.broken(folder) from None
        ring._held = (stamp, ring._held[1])
        return ring

    @classmethod
    def ephemeral(cls, crypto: Crypto | None = None) -> KeyRing:
        """Make a ring that is kept nowhere, for tests."""
        return cls(holding.fresh(crypto), None, crypto)

    def hashed(self, *parts: str) -> str:
        """Give the keyed hash of *parts*, hexadecimal. Each part is preceded by its length, so none runs into the next."""
        return _hash(self._held[1].index, parts)

    @property
    def state(self) -> object:
        """Something that is another thing as soon as any key is: what was hashed under one is worth nothing under another."""
        return self._held[1]

    def encrypt(self, plain: bytes, bound_to: str) -> tuple[str, bytes]:
        """Encrypt with a new key of its own; give that key as the data key wraps it, and nonce with ciphertext.

        *bound_to* is authenticated with both.
        """
        held = self._now()
        alg = held.ciphers[held.data]
        cipher = self._crypto.ciphers[alg]
        key = os.urandom(cipher.key_bytes)
        return self._wrapped(held, alg, key, bound_to), cipher.encrypt(key, plain, bound_to.encode())

    def decrypt(self, key: str, blob: bytes, bound_to: str) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            KeyRingError: the key is not in this ring, or the text was changed.
        """
        try:
            alg, own = self._unwrapped(key, bound_to)
            return self._crypto.ciphers[alg].decrypt(own, blob, bound_to.encode())
        except _TROUBLE:
            raise _undecipherable() from None

    def rewrapped(self, key: str, blob: bytes, bound_to: str) -> tuple[str, bytes]:
        """Wrap an entry's key with the current data key, and leave the text alone.

        A text that was encrypted with the data key itself, as first ledgers have it, gets a key of its own.

        Raises:
            KeyRingError: the key is not in this ring, or the text was changed.
        """
        if "." not in key:
            return self.encrypt(self.decrypt(key, blob, bound_to), bound_to)
        try:
            return self._wrapped(self._now(), *self._unwrapped(key, bound_to), bound_to), blob
        except _TROUBLE:
            raise _undecipherable() from None

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign *claims* as a compact JWS (RFC 7515) with the current receipt key.

        Raises:
            KeyRingError: that key is revoked, or only its public half is here.
        """
        held = self._now()
        number = held.receipt
        pair = held.receipt_keys[number]
        private = pair.private
        if private is None or pair.revoked or pair.alg not in self._crypto.algorithms:
            raise KeyRingError(
                f"the receipt key {number} is revoked, has no private half, or its plugin is missing; nothing is signed",
                f"回执密钥 {number} 已吊销、缺少私钥或所需插件未启用，不再用于签发",
                remedy_en="run `credit-check keys rotate --kind receipt`, or enable the plugin that brings its algorithm",
                remedy_zh="请执行 credit-check keys rotate --kind receipt，或启用提供该算法的插件",
            )
        algorithm = self._crypto.algorithms[pair.alg]
        return signed(claims, pair.alg, number, lambda body: algorithm.sign(private, body))

    @property
    def receipt_key(self) -> str:
        """Number of the key that signs now."""
        return self._now().receipt

    @property
    def data_key(self) -> str:
        """Number of the key that wraps now."""
        return self._now().data

    def verify(self, token: str, *, revoked: bool = False) -> Mapping[str, Any] | None:
        """Give the claims of *token*, or None where signature, key or algorithm does not hold.

        The key says the algorithm, never the token. With *revoked* the signature of a revoked key is read too: what it
        is worth is the caller's to judge.
        """
        try:
            header, claims, body, signature = parts(token)
            pair = self._now().receipt_keys[header["kid"]]
            if not header.keys() <= HEADER or header["alg"] != pair.alg or (pair.revoked and not revoked):
                return None
            if not self._crypto.algorithms[pair.alg].verify(pair.public, body, signature):
                return None
        except _TROUBLE:
            return None
        return claims if isinstance(claims, dict) else None

    def public_jwks(self) -> dict[str, Any]:
        """Give the public receipt keys as a JWK set (RFC 7517), for whoever verifies offline."""
        return {
            "keys": [
                {**self._crypto.algorithms[pair.alg].jwk(pair.public), "kid": number, "alg": pair.alg, "use": "sig"}
                for number, pair in self._now().receipt_keys.items()
                if not pair.revoked and pair.alg in self._crypto.algorithms
            ],
        }

    def notes(self) -> tuple[KeyNote, ...]:
        """Say which keys there are; no key is shown."""
        return self._now().notes()

    def rotate(self, kind: Turnable, alg: str | None = None) -> str:
        """Make a new key the current one of its kind, and give its number; the older ones go on being read.

        *alg* is another algorithm than now.

        Raises:
            InputError: no such algorithm.
            KeyRingError: the ring's file cannot be written; it is as it was.
        """
        current: str = self._change(lambda said: holding.rotated(said, kind, self._crypto, alg))["current"][kind]
        return current

    def revoke(self, number: str, reason: str) -> None:
        """Revoke a receipt key: what it signed holds no more. The current key is rotated first.

        Raises:
            KeyRingError: there is no such receipt key, it is the current one, or the file cannot be written.
        """
        self._change(lambda said: holding.revoked(said, number, reason))

    def retire(self, number: str) -> None:
        """Take an old data key out of the ring for good; whoever calls it has seen that it wraps nothing.

        Raises:
            KeyRingError: there is no such data key, it is the current one, or the file cannot be written.
        """
        self._change(lambda said: holding.retired(said, number))

    def _change(self, make: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Read, change and write the ring, alone; give what it says then."""
        if self._folder is None:
            data = make(self._held[1].said)
            self._held = (None, Held(data, self._crypto))
            return data
        with files.alone(self._folder):
            data = make(files.read(self._folder))
            Held(data, self._crypto)  # what cannot be read again is not written
            files.replace(self._folder, data)
        return data

    def _now(self) -> Held:
        """Give the keys as the file has them now: another process may have changed it."""
        stamp, held = self._held
        if self._folder is None:
            return held
        seen = files.stamp(self._folder)
        if seen == stamp and seen is not None:
            return held
        # A ring that is gone is an error: an old key might have been revoked meanwhile.
        data = files.read(self._folder)
        try:
            held = Held(data, self._crypto)
        except _TROUBLE:
            raise _missing_cipher(data, self._crypto) or files.broken(self._folder) from None
        self._held = (seen, held)
        return held

    def _wrapped(self, held: Held, alg: str, own: bytes, bound_to: str) -> str:
        cipher = self._crypto.ciphers[held.ciphers[held.data]]
        blob = cipher.encrypt(held.data_keys[held.data], f"{alg}:".encode() + own, f"key:{bound_to}".encode())
        return f"{held.data}.{b64(blob)}"

    def _unwrapped(self, key: str, bound_to: str) -> tuple[str, bytes]:
        held = self._now()
        number, dot, blob = key.partition(".")
        cipher = self._crypto.ciphers[held.ciphers[number]]
        if not dot:
            return held.ciphers[number], held.data_keys[number]
        opened = cipher.decrypt(held.data_keys[number], unb64(blob), f"key:{bound_to}".encode())
        alg, _, own = opened.partition(b":")
        return alg.decode("ascii"), own

    @override
    def __repr__(self) -> str:
        """Show numbers of keys, and no key."""
        held = self._held[1]
        return f"KeyRing(data={held.data!r}, receipt={held.receipt!r})"


def copied(ring: Path, folder: Path) -> None:
    """Copy a ring into a folder that has none.

    Raises:
        KeyRingError: the ring cannot be read, or there is one in *folder* already.
    """
    files.write_new(folder, files.read(ring))


def verify_with(token: str, jwks: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the claims of *token* where one of these public keys (JWK set) signed it, or None."""
    for key in jwks.get("keys", ()):
        try:
            header, claims, body, signature = parts(token)
            if (key["kty"], key["crv"], header["alg"]) != ("OKP", "Ed25519", EDDSA):
                continue
            if not Crypto().algorithms[EDDSA].verify(unb64(key["x"]), body, signature):
                continue
        except _TROUBLE:
            continue
        if isinstance(claims, dict):
            return claims
    return None


def _hash(key: bytes, parts: tuple[str, ...]) -> str:
    text = b"".join([len(raw).to_bytes(4) + raw for raw in [part.encode() for part in parts]])
    return hmac.digest(key, text, "sha256").hex()


def _undecipherable() -> KeyRingError:
    return KeyRingError(
        "an entry of the ledger cannot be decrypted: another ring's key, or it was changed",
        "台账条目无法解密：密钥不属于本密钥环，或条目被改动",
        remedy_en="open the ledger with the key ring that wrote it",
        remedy_zh="请使用写入该台账的密钥环",
    )


def _missing_cipher(data: Any, crypto: Crypto) -> KeyRingError | None:
    """Say which plugin's cipher is missing, where that is what is wrong."""
    try:
        wanted = {key["alg"] for key in data["data"] if "alg" in key} - set(crypto.ciphers)
    except _TROUBLE:
        return None
    if not wanted:
        return None
    names = ", ".join(sorted(wanted))
    return KeyRingError(
        f"the ring holds keys for {names}, which no enabled plugin offers",
        f"密钥环含有 {names} 密钥，但没有启用的插件提供该算法",
        remedy_en="enable the plugin that brings it",
        remedy_zh="请启用提供该算法的插件",
    )


__all__ = ["FILE", "Crypto", "KeyRing", "copied", "verify_with"]
