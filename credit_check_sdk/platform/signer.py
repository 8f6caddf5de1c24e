"""The signer of the reference protocol. It performs no I/O: time and nonce come from the shell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typing_extensions import override

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.flow import NewId, Now
from credit_check_sdk.platform import wire

if TYPE_CHECKING:
    from credit_check_sdk.flow import Request


class HmacSigner:
    """Sign requests with a shared secret (kind ``hmac-sha256``).

    *key_id* tells the platform which secret it is; *source* is named in the error.

    Raises:
        ConfigurationError: key or secret is missing.
    """

    def __init__(self, key_id: str, secret: str, *, source: str | None = None) -> None:
        if not key_id:
            raise ConfigurationError(
                "the source has no key_id",
                "来源未配置 key_id",
                remedy_en="give the key_id that the platform assigned, in its [[sources]] table",
                remedy_zh="请在 [[sources]] 中填写平台分配的 key_id",
                source=source,
            )
        if not secret:
            raise ConfigurationError(
                "the source has no secret",
                "来源未配置密钥",
                code="configuration.missing_secret",
                remedy_en="set the variable that secret_env names, or the file that secret_file names",
                remedy_zh="请设置 secret_env 所指的环境变量或 secret_file 所指的文件",
                source=source,
            )
        self.key_id = key_id
        self._secret = secret

    @override
    def __repr__(self) -> str:
        """Show no secret."""
        return f"HmacSigner(key_id={self.key_id!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with the four headers that prove it."""
        timestamp = int((await Now()).timestamp())
        nonce = await NewId("nonce")
        signature = wire.signature(
            self._secret, request.method, path_and_query(request.url), request.body, timestamp, nonce
        )
        headers = {
            wire.KEY_HEADER: self.key_id,
            wire.TIMESTAMP_HEADER: str(timestamp),
            wire.NONCE_HEADER: nonce,
            wire.SIGNATURE_HEADER: signature,
        }
        return replace(request, headers={**request.headers, **headers})


def path_and_query(url: str) -> str:
    """Give the part of *url* that stands in the request line."""
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
