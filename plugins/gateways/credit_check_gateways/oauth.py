"""The signer ``oauth2-client``: bearer tokens by client credentials (RFC 6749, 4.4; RFC 6750). It performs no I/O."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from pydantic import Field
from typing_extensions import override

from credit_check_gateways.setup import needed, read
from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import Now, Request, Send
from credit_check_sdk.model import Value

if TYPE_CHECKING:
    from credit_check_sdk.flow import Reply
    from credit_check_sdk.spi import SourceSettings

_LEEWAY = 30
"""Seconds before its end from which on a token is not used any more."""
_SHORT = 300
"""Seconds for which a token is used that does not say how long it lasts."""


class OauthSettings(Value):
    """The table ``[sources.signing]`` of this signer."""

    token_url: str = Field(pattern=r"^https://\S+$|^http://(127\.0\.0\.1|localhost)(:\d+)?/\S*$")
    """Only inside TLS: the client secret goes there (RFC 6749, 2.3.1)."""
    scope: str | None = None
    audience: str | None = None
    auth: Literal["basic", "post"] = "basic"


class OauthSigner:
    """Fetch a token, keep it until it runs out, and send it along.

    Raises:
        ConfigurationError: client id, secret or ``token_url`` is missing or cannot be used.
    """

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        self._said = read(OauthSettings, settings)
        self._secret = needed(settings, secret)
        self._client, self._source = settings.key_id, settings.id
        self._timeout = settings.budget.total_seconds()
        self._token: tuple[str, datetime] | None = None

    @override
    def __repr__(self) -> str:
        """Show no secret and no token."""
        return f"OauthSigner(client={self._client!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with a token.

        Raises:
            ExchangeError: no token was to be had.
        """
        now = await Now()
        held = self._token
        if held is None or held[1] <= now:
            held = self._token = await self._fetch(now)
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {held[0]}"})

    async def open(self, reply: Reply) -> Reply:
        """Lose the token where the platform no longer takes it; the next request fetches another."""
        if reply.status == 401:  # noqa: PLR2004  unauthorized (RFC 6750, 3.1)
            self._token = None
        return reply

    async def _fetch(self, now: datetime) -> tuple[str, datetime]:
        said = self._said
        form = {"grant_type": "client_credentials"}
        form |= {name: value for name in ("scope", "audience") if (value := getattr(said, name)) is not None}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if said.auth == "basic":
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        request = Request("POST", said.token_url, headers, urlencode(form).encode(), timeout=self._timeout)
        reply = await Send(request, source=self._source)
        try:
            answer = json.loads(reply.body) if reply.status == 200 else {}  # noqa: PLR2004  success (RFC 6749, 5.1)
            token, kind = answer["access_token"], answer.get("token_type", "bearer")
            lasts = int(answer.get("expires_in", _SHORT))
            if not isinstance(token, str) or not token.isascii() or not token.isprintable() or kind.lower() != "bearer":
                raise ValueError  # noqa: TRY301  all that is wrong with an answer is told in one way
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._refused(reply.status) from None
        return token, now + timedelta(seconds=max(lasts - _LEEWAY, 0))

    def _refused(self, status: int) -> NotUnderstoodError:
        busy = status == 429 or status >= 500  # noqa: PLR2004  too many, or the server's own failure (RFC 9110, 15)
        return NotUnderstoodError(
            f"source {self._source!r} gave no token (status {status})",
            f"来源 {self._source!r} 未签发令牌（状态码 {status}）",
            code="source.status" if busy else "source.refused",
            retryable=busy,
            remedy_en="check client id, secret and scope with the platform",
            remedy_zh="请与平台核对客户端编号、密钥与范围",
            source=self._source,
        )
