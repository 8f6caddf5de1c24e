"""The signer ``http-signature``: requests signed by RFC 9421, answers verified where the platform signs. No I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field
from typing_extensions import override

from credit_check_gateways import algorithms, messages
from credit_check_gateways.fields import Bare, Item
from credit_check_gateways.setup import needed, read, unusable
from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import NewId, Now
from credit_check_sdk.model import Several, Value

if TYPE_CHECKING:
    from credit_check_sdk.flow import Reply, Request
    from credit_check_sdk.spi import SourceSettings

_ANSWER_NEEDS = frozenset({"@status", "content-digest"})


class HttpSignatureSettings(Value):
    """The table ``[sources.signing]`` of this signer."""

    algorithm: Literal["ed25519", "hmac-sha256", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"]
    components: Several[str] = ()
    label: str = Field(default="credit", pattern=r"^[a-z*][a-z0-9_.*-]{0,63}$")
    tag: str | None = None
    platform_key: str | None = None


class HttpSignatureSigner:
    """Sign requests, and verify answers where the platform's key is given.

    Raises:
        ConfigurationError: a key is missing or cannot be used.
    """

    def __init__(self, settings: SourceSettings, secret: str) -> None:
        said = read(HttpSignatureSettings, settings)
        secret = needed(settings, secret)
        try:
            self._algorithm = algorithms.signing(said.algorithm, secret)
            self._platform = None
            if said.platform_key == "shared" and said.algorithm == "hmac-sha256":
                self._platform = self._algorithm
            elif said.platform_key is not None:
                self._platform = algorithms.verifying(said.algorithm, said.platform_key)
        except (ValueError, TypeError):
            raise unusable(
                settings, f"the secret or platform_key is no key for {said.algorithm}", f"密钥不适用于 {said.algorithm}"
            ) from None
        self._said, self._key_id, self._source = said, settings.key_id, settings.id

    @override
    def __repr__(self) -> str:
        """Show no key."""
        return f"HttpSignatureSigner({self._algorithm.name!r}, key_id={self._key_id!r})"

    async def sign(self, request: Request) -> Request:
        """Give the request back with digest and signature: method, target, and what belongs to the body are covered."""
        headers = dict(request.headers)
        names = ["@method", "@target-uri"]
        if request.body:
            headers["Content-Digest"] = messages.digest(request.body)
            names += ["content-digest", *(["content-type"] if _has(headers, "content-type") else [])]
        names += [name for name in self._said.components if name not in names]
        params: dict[str, Bare] = {
            "created": int((await Now()).timestamp()),
            "nonce": await NewId("nonce"),
            "keyid": self._key_id,
            "alg": self._algorithm.name,
        }
        if self._said.tag is not None:
            params["tag"] = self._said.tag
        message = messages.Message(headers, request.method, request.url)
        made = messages.sign(message, tuple(Item(name) for name in names), params, self._algorithm, self._said.label)
        return replace(request, headers={**headers, **made})

    async def open(self, reply: Reply) -> Reply:
        """Give the answer back where it is signed as it has to be.

        Raises:
            NotUnderstoodError: it is not; nothing of it is used.
        """
        if self._platform is None:
            return reply
        now = (await Now()).timestamp()
        message = messages.Message(reply.headers, status=reply.status)
        try:
            messages.verify(message, self._platform, needs=_ANSWER_NEEDS, now=now)
            if not messages.digest_holds(reply.headers, reply.body):
                raise messages.SignatureError("its digest does not hold")  # noqa: TRY301  told as one
        except messages.SignatureError as error:
            raise NotUnderstoodError(
                f"the answer of source {self._source!r} is not proved: {error}",
                f"来源 {self._source!r} 的应答签名或摘要未通过验证（{error}）",
                remedy_en="nothing of it is used; compare keys and clocks with the platform",
                remedy_zh="未采用其任何内容；请与平台核对密钥与时钟",
                source=self._source,
            ) from None
        return reply


def _has(headers: dict[str, str], name: str) -> bool:
    return any(each.lower() == name for each in headers)
