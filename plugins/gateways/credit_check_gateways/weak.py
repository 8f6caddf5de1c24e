"""Signers that platforms ask for and that are weak by today's measure; `credit-check doctor` names them so. No I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import Field
from typing_extensions import override

from credit_check_gateways.setup import needed, read, unusable
from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import NewId, Now, Request, Send
from credit_check_sdk.model import Value, Words

if TYPE_CHECKING:
    from credit_check_sdk.flow import Reply
    from credit_check_sdk.spi import SourceSettings

_REFUSED = frozenset({401, 403})


class AppkeySettings(Value):
    """The table ``[sources.signing]`` of ``md5-appkey``."""

    key_path: str = "/gateway/app/refreshTokenByKey.htm"
    secret_path: str = "/gateway/app/refreshTokenBySec.htm"  # noqa: S105  a path, no secret
    refresh_at: str = "datas.refreshSecret"
    request_at: str = "datas.requestSecret"
    lasts: int = Field(default=720, ge=1)
    place: Literal["params", "headers"] = "params"


class AppkeySigner:
    """Two-step keys: appSecret gives a refresh secret, that gives a request secret, and MD5 over that signs.

    Raises:
        ConfigurationError: appKey or appSecret is missing.
    """

    weakness = Words(
        **{"zh-CN": "MD5 拼接密钥，不覆盖报文内容", "en": "MD5 over a joined secret, and the body is not covered"}
    )

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        self._said = read(AppkeySettings, settings)
        self._secret = needed(settings, secret)
        self._settings = settings
        self._held: tuple[str, datetime] | None = None

    @override
    def __repr__(self) -> str:
        """Show no secret."""
        return f"AppkeySigner(key_id={self._settings.key_id!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with appKey, sign and requestTime.

        Raises:
            ExchangeError: a secret was not to be had.
        """
        now = await Now()
        held = self._held
        if held is None or held[1] <= now:
            refresh = await self._fetch(self._said.key_path, self._secret, now, self._said.refresh_at)
            secret = await self._fetch(self._said.secret_path, refresh, now, self._said.request_at)
            held = self._held = (secret, now + timedelta(seconds=self._said.lasts))
        proof = self._proof(held[0], now)
        if self._said.place == "headers":
            return replace(request, headers={**request.headers, **proof})
        return replace(request, url=request.url + ("&" if "?" in request.url else "?") + urlencode(proof))

    async def open(self, reply: Reply) -> Reply:
        """Lose the request secret where the gateway no longer takes it."""
        if reply.status in _REFUSED:
            self._held = None
        return reply

    def _proof(self, secret: str, now: datetime) -> dict[str, str]:
        key, time = self._settings.key_id, str(int(now.timestamp() * 1000))
        sign = hashlib.md5((key + secret + time).encode(), usedforsecurity=False).hexdigest()
        return {"appKey": key, "sign": sign, "requestTime": time}

    async def _fetch(self, path: str, secret: str, now: datetime, at: str) -> str:
        said = self._settings
        url = f"{said.base_url.rstrip('/')}{path}?{urlencode(self._proof(secret, now))}"
        reply = await Send(Request("GET", url, timeout=said.budget.total_seconds()), source=said.id)
        try:
            found: Any = json.loads(reply.body) if reply.status == 200 else None  # noqa: PLR2004  success (RFC 9110, 15)
            for part in at.split("."):
                found = found[part]
            if not isinstance(found, str) or not found:
                raise ValueError  # noqa: TRY301  all that is wrong with an answer is told in one way
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _no_secret(said.id, reply.status) from None
        return found


class TifSettings(Value):
    """The table ``[sources.signing]`` of ``tif-sha256``."""

    service_id: str | None = None
    upper: bool = False


class TifSigner:
    """Headers with SHA256(time + token + nonce + time).

    Raises:
        ConfigurationError: paasid or token is missing.
    """

    weakness = Words(
        **{
            "zh-CN": "签名仅为令牌与时间的散列，不覆盖报文内容",
            "en": "a hash of token and time, and the request is not covered",
        }
    )

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        self._said = read(TifSettings, settings)
        self._token, self._id = needed(settings, secret), settings.key_id

    @override
    def __repr__(self) -> str:
        """Show no token."""
        return f"TifSigner(paasid={self._id!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with the headers of the gateway."""
        time = str(int((await Now()).timestamp()))
        nonce = await NewId("nonce")
        proof = hashlib.sha256(f"{time}{self._token}{nonce}{time}".encode()).hexdigest()
        headers = {
            "x-tif-paasid": self._id,
            "x-tif-timestamp": time,
            "x-tif-nonce": nonce,
            "x-tif-signature": proof.upper() if self._said.upper else proof,
        }
        if self._said.service_id is not None:
            headers["x-tif-serviceId"] = self._said.service_id
        return replace(request, headers={**request.headers, **headers})


class TdesSettings(Value):
    """The table ``[sources.signing]`` of ``tdes-form``."""

    iv: str = Field(pattern=r"^[0-9A-Fa-f]{16}$")
    field: str = "message"
    sealed_answers: bool = True


class TdesSigner:
    """Send a JSON body as one form field: 3DES-CBC, then base64.

    Raises:
        ConfigurationError: the key is missing or no key.
    """

    weakness = Words(
        **{
            "zh-CN": "3DES 加密且密钥固定，无完整性保护",
            "en": "3DES with a fixed key, and nothing protects what is sent from being changed",
        }
    )

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        self._said = read(TdesSettings, settings)
        secret = needed(settings, secret, key_id=False)
        try:
            self._key, self._iv = bytes.fromhex(secret), bytes.fromhex(self._said.iv)
            self._cipher()
        except ValueError:
            raise unusable(
                settings, "the secret is no 3DES key of 48 hexadecimal digits", "密钥应为 48 位十六进制"
            ) from None
        self._source = settings.id

    @override
    def __repr__(self) -> str:
        """Show no key."""
        return "TdesSigner()"

    async def sign(self, request: Request) -> Request:
        """Give the request back with its body sealed."""
        from cryptography.hazmat.primitives.padding import PKCS7  # noqa: PLC0415  only where it is used

        if not request.body:
            return request
        padder, cipher = PKCS7(64).padder(), self._cipher().encryptor()
        text = cipher.update(padder.update(request.body) + padder.finalize()) + cipher.finalize()
        body = f"{self._said.field}={quote(base64.b64encode(text).decode('ascii'), safe='')}".encode("ascii")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
        return replace(request, body=body, headers={**headers, "Content-Type": "application/x-www-form-urlencoded"})

    async def open(self, reply: Reply) -> Reply:
        """Give the answer as it was before it was sealed.

        Raises:
            NotUnderstoodError: it cannot be opened.
        """
        from cryptography.hazmat.primitives.padding import PKCS7  # noqa: PLC0415  only where it is used

        if not self._said.sealed_answers or reply.status != 200:  # noqa: PLR2004  success (RFC 9110, 15)
            return reply
        try:
            text = base64.b64decode(reply.body.strip(), validate=True)
            cipher, unpadder = self._cipher().decryptor(), PKCS7(64).unpadder()
            body = unpadder.update(cipher.update(text) + cipher.finalize()) + unpadder.finalize()
        except (ValueError, binascii.Error):
            raise NotUnderstoodError(
                f"the answer of source {self._source!r} cannot be opened",
                f"来源 {self._source!r} 的应答无法解密",
                remedy_en="nothing of it is used; compare key and initial vector with the platform",
                remedy_zh="未采用其任何内容；请与平台核对密钥与初始向量",
                source=self._source,
            ) from None
        return replace(reply, body=body)

    def _cipher(self) -> Any:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # noqa: PLC0415  only where it is used
        from cryptography.hazmat.primitives.ciphers import Cipher, modes  # noqa: PLC0415  the same

        if len(self._key) != 24:  # noqa: PLR2004  three keys of DES (NIST SP 800-67)
            raise ValueError("a key is 24 bytes")
        return Cipher(TripleDES(self._key), modes.CBC(self._iv))


def _no_secret(source: str, status: int) -> NotUnderstoodError:
    busy = status == 429 or status >= 500  # noqa: PLR2004  too many, or the server's own failure (RFC 9110, 15)
    return NotUnderstoodError(
        f"source {source!r} gave no request secret (status {status})",
        f"来源 {source!r} 未签发请求密钥（状态码 {status}）",
        code="source.status" if busy else "source.refused",
        retryable=busy,
        remedy_en="check appKey, appSecret and the paths with the platform",
        remedy_zh="请与平台核对 appKey、appSecret 与换钥路径",
        source=source,
    )
