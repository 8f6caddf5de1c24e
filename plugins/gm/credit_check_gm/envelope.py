"""The envelope of SM2 and SM4 that some platforms speak: requests sealed and signed, answers verified and opened.

It performs no I/O. What is not signed by the platform, or was changed, is refused whole; nothing of it is shown.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gmssl_pyx
from typing_extensions import override

from credit_check_gm import sm2
from credit_check_gm.algorithms import Sm4Gcm
from credit_check_gm.signers import form_of, private_of, unusable, user_of
from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import Now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.flow import Reply, Request
    from credit_check_sdk.spi import SourceSettings

_GCM = Sm4Gcm()
_BLOCK = 16
_SIGNED = ("appCode", "encData", "encType", "signType", "timestamp", "version")
_KEYS = frozenset({"app_code", "platform_key", "mode", "form", "user_id", "inside", "version"})
_MAX_APART = 300.0
"""How far, in seconds, the time of an answer may be from our clock."""


class EnvelopeSigner:
    """Seal and sign requests, verify and open answers (kind ``sm2-sm4``).

    Raises:
        ConfigurationError: a key is missing or cannot be used.
    """

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        said = settings.signing
        if unknown := sorted(set(said) - _KEYS):
            raise unusable(settings, f"signing has unknown keys {unknown}", f"signing 含有未知的键 {unknown}")
        keys = dict(part.partition("=")[::2] for part in secret.split())
        if keys.keys() != {"sm2", "sm4"}:
            raise unusable(settings, "the secret has to hold sm2=HEX and sm4=HEX", "密钥应含 sm2=… 与 sm4=…")
        try:
            self._sm4 = bytes.fromhex(keys["sm4"])
            self._platform = sm2.read_public(str(said.get("platform_key", "")))
        except ValueError as error:
            raise unusable(settings, f"a key cannot be used: {error}", "密钥或 platform_key 不可用") from None
        if len(self._sm4) != _BLOCK:
            raise unusable(settings, "sm4 is 32 hexadecimal digits", "sm4 应为 32 位十六进制")
        self._private = private_of(settings, keys["sm2"])
        self._app, self._version = str(said.get("app_code", "")), str(said.get("version", "1.0"))
        self._mode, self._inside = str(said.get("mode", "gcm")), str(said.get("inside", "data"))
        if not self._app or self._mode not in {"gcm", "cbc"}:
            raise unusable(
                settings, "signing needs app_code, and mode is gcm or cbc", "须填写 app_code；mode 为 gcm 或 cbc"
            )
        self._form, self._user = form_of(settings), user_of(settings)
        self._source = settings.id

    @override
    def __repr__(self) -> str:
        """Show no key."""
        return f"EnvelopeSigner(app_code={self._app!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with its body sealed and signed; one without a body is left as it is."""
        if not request.body:
            return request
        envelope = {
            "appCode": self._app,
            "version": self._version,
            "encType": "SM4",
            "signType": "SM2",
            "timestamp": str(int((await Now()).timestamp())),
            "encData": base64.b64encode(self._sealed(request.body)).decode("ascii"),
        }
        proof = sm2.sign(self._private, signed_text(envelope), user_id=self._user, form=self._form)
        envelope["signData"] = base64.b64encode(proof).decode("ascii")
        body = json.dumps({self._inside: envelope} if self._inside else envelope).encode()
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
        return replace(request, body=body, headers={**headers, "Content-Type": "application/json"})

    async def open(self, reply: Reply) -> Reply:
        """Give the answer as it was before it was sealed; an answer that is no success is left as it is.

        Raises:
            NotUnderstoodError: it is not signed by the platform, was changed, or is of another time.
        """
        if not 200 <= reply.status < 300:  # noqa: PLR2004  successes (RFC 9110, 15.3)
            return reply
        now = (await Now()).timestamp()
        try:
            envelope = json.loads(reply.body)
            envelope = envelope[self._inside] if self._inside else envelope
            proof = base64.b64decode(envelope["signData"], validate=True)
            text = signed_text(envelope)
            if not sm2.verify(self._platform, text, proof, user_id=self._user, form=self._form):
                raise ValueError  # noqa: TRY301  all that is wrong with an answer is told in one way
            if envelope["appCode"] != self._app or abs(float(envelope["timestamp"]) - now) > _MAX_APART:
                raise ValueError  # noqa: TRY301  the same
            body = self._opened(base64.b64decode(envelope["encData"], validate=True))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NotUnderstoodError(
                f"the answer of source {self._source!r} is not proved: its signature, seal or time does not hold",
                f"来源 {self._source!r} 的应答未通过验签、解密或时间校验",
                remedy_en="nothing of it is used; compare keys, mode and clocks with the platform",
                remedy_zh="未采用其任何内容；请与平台核对密钥、加密模式与时钟",
                source=self._source,
            ) from None
        return replace(reply, body=body)

    def _sealed(self, plain: bytes) -> bytes:
        if self._mode == "gcm":
            return _GCM.encrypt(self._sm4, plain, self._app.encode())
        start = os.urandom(_BLOCK)
        return start + bytes(gmssl_pyx.sm4_cbc_padding_encrypt(self._sm4, start, plain))

    def _opened(self, text: bytes) -> bytes:
        if self._mode == "gcm":
            return _GCM.decrypt(self._sm4, text, self._app.encode())
        try:
            return bytes(gmssl_pyx.sm4_cbc_padding_decrypt(self._sm4, text[:_BLOCK], text[_BLOCK:]))
        except gmssl_pyx.GmsslInnerError:
            raise ValueError("it cannot be opened") from None


def signed_text(envelope: Mapping[str, Any]) -> bytes:
    """Give the text that is signed: every part but the signature, by name, as ``name=value`` joined by ``&``.

    Raises:
        KeyError: a part is missing.
        ValueError: a part is no text.
    """
    if not all(isinstance(envelope[name], str) for name in _SIGNED):
        raise ValueError("every part is a text")
    return "&".join(f"{name}={envelope[name]}" for name in _SIGNED).encode()
