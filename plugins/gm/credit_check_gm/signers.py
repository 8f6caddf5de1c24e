"""Signers of requests: HMAC-SM3 and SM2. They perform no I/O: time and nonce come from the shell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import gmssl_pyx
from typing_extensions import override

from credit_check_gm import sm2
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.flow import NewId, Now

if TYPE_CHECKING:
    from credit_check_sdk.flow import Request
    from credit_check_sdk.spi import SourceSettings

Prove = Callable[[bytes], bytes]
"""Proves a text."""
_HMAC_LEAST = 16


class HeaderSigner:
    """Put key number, time, nonce and proof into the headers of a request (kinds ``hmac-sm3`` and ``sm2``)."""

    def __init__(self, key_id: str, prove: Prove) -> None:
        self.key_id = key_id
        self._prove = prove

    async def sign(self, request: Request) -> Request:
        """Give the request back with the four headers that prove it."""
        timestamp = str(int((await Now()).timestamp()))
        nonce = await NewId("nonce")
        headers = {
            "X-Credit-Key": self.key_id,
            "X-Credit-Timestamp": timestamp,
            "X-Credit-Nonce": nonce,
            "X-Credit-Signature": self._prove(canonical(request, timestamp, nonce)).hex(),
        }
        return replace(request, headers={**request.headers, **headers})

    @override
    def __repr__(self) -> str:
        """Show no secret."""
        return f"HeaderSigner(key_id={self.key_id!r})"


def canonical(request: Request, timestamp: str, nonce: str) -> bytes:
    """Give the lines that are signed: method, path with query, SM3 of the body, time, nonce."""
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    digest = bytes(gmssl_pyx.sm3_hash(request.body)).hex()
    return f"{request.method.upper()}\n{path}\n{digest}\n{timestamp}\n{nonce}".encode()


def hmac_sm3(settings: SourceSettings, secret: str) -> HeaderSigner:
    """Make the signer ``hmac-sm3``.

    Raises:
        ConfigurationError: key number or secret is missing, or the secret is shorter than 16 bytes.
    """
    key = _needed(settings, secret).encode()
    if len(key) < _HMAC_LEAST:
        raise unusable(settings, "the secret is shorter than 16 bytes", "密钥短于 16 字节")
    return HeaderSigner(settings.key_id, lambda text: bytes(gmssl_pyx.sm3_hmac(key, text)))


def sm2_signer(settings: SourceSettings, secret: str) -> HeaderSigner:
    """Make the signer ``sm2``.

    Raises:
        ConfigurationError: key number or private key is missing or cannot be used.
    """
    private = private_of(settings, _needed(settings, secret))
    form, user_id = form_of(settings), user_of(settings)
    return HeaderSigner(settings.key_id, lambda text: sm2.sign(private, text, user_id=user_id, form=form))


def private_of(settings: SourceSettings, text: str) -> bytes:
    """Read the private key.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return sm2.read_private(text)
    except ValueError as error:
        raise unusable(settings, f"the secret is no SM2 key: {error}", "密钥不是可用的 SM2 私钥") from None


def form_of(settings: SourceSettings) -> sm2.Form:
    """Read how signatures are written.

    Raises:
        ConfigurationError: there is no such form.
    """
    match settings.signing.get("form", "der"):
        case "der":
            return "der"
        case "plain":
            return "plain"
        case _:
            raise unusable(settings, "signing.form is der or plain", "signing.form 只能为 der 或 plain")


def user_of(settings: SourceSettings) -> bytes:
    """Read the signer's identifier."""
    return str(settings.signing.get("user_id", sm2.USER_ID.decode())).encode()


def unusable(settings: SourceSettings, en: str, zh: str) -> ConfigurationError:
    """Say what is wrong with the set-up; no value is shown."""
    return ConfigurationError(
        f"source {settings.id!r}: {en}",
        f"来源 {settings.id!r}：{zh}",
        remedy_en="compare it with the README of credit-check-gm",
        remedy_zh="请对照 credit-check-gm 的说明",
        source=settings.id,
    )


def _needed(settings: SourceSettings, secret: str) -> str:
    if not settings.key_id:
        raise unusable(settings, "it has no key_id", "未配置 key_id")
    if not secret:
        raise ConfigurationError(
            f"source {settings.id!r} has no secret",
            f"来源 {settings.id!r} 未配置密钥",
            code="configuration.missing_secret",
            remedy_en="set the variable that secret_env names, or the file that secret_file names",
            remedy_zh="请设置 secret_env 所指的环境变量或 secret_file 所指的文件",
            source=settings.id,
        )
    return secret
