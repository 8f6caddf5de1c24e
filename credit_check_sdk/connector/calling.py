"""Make the requests of a mapping and say what went wrong with one. It performs no I/O: it awaits effects.

No message made here contains anything of the answer's text: it may hold identifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from credit_check_sdk import spi
from credit_check_sdk.connector import envelopes
from credit_check_sdk.connector.filling import Filling, FillingError
from credit_check_sdk.connector.reading import Opened, Reader, first, opened
from credit_check_sdk.connector.watching import note
from credit_check_sdk.errors import ConfigurationError, ExchangeError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import Now, Request, Send

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from credit_check_sdk.connector.filling import Places
    from credit_check_sdk.connector.mapping import Call, Condition
    from credit_check_sdk.connector.mapping import Mapping as Rules
    from credit_check_sdk.flow import Reply
    from credit_check_sdk.spi import Signer, SourceSettings

_BUSY = frozenset({408, 425, 429})
_NOT_ALLOWED = frozenset({401, 403})
_SERVER = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply, and the moment at which it was there."""

    reply: Reply
    at: datetime


class Line:
    """The line to one platform: its requests written, signed and sent.

    Raises:
        ConfigurationError: ``base_url``, the signer or a value of the set-up does not fit the mapping.
    """

    def __init__(self, mapping: Rules, settings: SourceSettings, signer: Signer) -> None:
        _check(mapping, settings)
        self.mapping = mapping
        self.id = settings.id
        self._settings = settings
        self._signer = signer
        self._filling = Filling(mapping.codes, mapping.units)
        given = {**mapping.defaults, **settings.options.get("values", {})}
        self._values = {f"values.{name}": value for name, value in given.items()}
        self._token: tuple[str, datetime] | None = None

    async def call(self, call: Call, given: Places) -> Answered:
        """Send one request and wait for its answer.

        Raises:
            NotSentError: it could not be made, or never left.
            NoAnswerError: it left and no whole answer came back.
            NotUnderstoodError: it came back, and is not proved.
        """
        now = await Now()
        places = {**self._values, "region": None, **given, "now": now, "token": None}
        try:
            if self.mapping.token is not None and call is not self.mapping.token:
                places["token"] = await self._get_token(places, now)
            asked = self.request(call, places)
            request = await self._signer.sign(asked)
        except NotSentError:
            raise
        except ExchangeError as error:
            raise _never_left(error) from None
        sent = await Send(request, source=self.id)
        reply = await spi.opened(self._signer, sent)
        note(asked, reply)
        if reply.status in _NOT_ALLOWED:
            self._token = None
        return Answered(reply, await Now())

    def request(self, call: Call, places: Places) -> Request:
        """Write a request.

        Raises:
            NotSentError: a place cannot be filled.
        """
        encoding = self.mapping.encoding
        try:
            fill = self._filling.fill
            path = fill(call.path, places, partial(quote, safe="", encoding=encoding))
            params = fill(call.params, places)
            headers = {"Accept": "*/*", **fill(call.headers, places)}
            body = b""
            if call.envelope == "soap":
                tree = envelopes.soap(call.operation, call.namespace, fill(call.body, places), call.soap)
                body = envelopes.written("soap", tree, encoding)
                if call.soap == "1.1":
                    headers["SOAPAction"] = f'"{call.action or ""}"'
            elif call.body is not None:
                body = envelopes.written(call.envelope, fill(call.body, places), encoding)
            query = urlencode([(name, str(value)) for name, value in _pairs(params)], encoding=encoding)
        except (FillingError, envelopes.EnvelopeError) as error:
            raise NotSentError(
                f"the request to {self.id!r} cannot be made: {error}",
                f"无法生成发往 {self.id!r} 的请求：{error}",
                code="source.failed",
                remedy_en="mend the mapping, or give the case what it asks for",
                remedy_zh="请修改映射，或补全案件中所需内容",
                source=self.id,
            ) from None
        if body and "Content-Type" not in call.headers:
            headers["Content-Type"] = envelopes.content_type(call.envelope, encoding, call.soap, call.action or "")
        url = self._settings.base_url.rstrip("/") + path + (f"?{query}" if query else "")
        return Request(call.method, url, headers, body, timeout=self._settings.budget.total_seconds())

    async def _get_token(self, places: Places, now: datetime) -> str:
        rules = self.mapping.token
        if self._token is not None and self._token[1] > now:
            return self._token[0]
        assert rules is not None  # noqa: S101  only called where there is a token flow
        answered = await self.call(rules, places)
        answer = self.opened(answered, rules, None)
        failed = first(rules.failed, answer)
        if failed is not None or not 200 <= answer.status < 300:  # noqa: PLR2004  a success (RFC 9110 section 15.3)
            raise self.failure(answered, failed)
        token = Reader(self.mapping, self.id, self._settings.level).at("token.at", rules.at, answer)
        if token is None:
            raise self.not_understood("token.at", "没有令牌", "there is no token")
        self._token = (token, now + rules.lasts)
        return token

    def path(self, text: str) -> str:
        """Fill the places of a path from the values of the set-up."""
        return str(self._filling.fill(text, self._values))

    def opened(self, answered: Answered, call: Call, kind: envelopes.Kind | None, **inside: Any) -> Opened:
        """Read an answer as a tree.

        Raises:
            NotUnderstoodError: it cannot be read.
        """
        envelope: envelopes.Kind = kind or ("json" if call.envelope == "form" else call.envelope)
        within = {"inside": None, "inside_as": "xml", "root": None, **inside}
        try:
            return opened(answered.reply, envelope, self.mapping.encoding, **within)
        except envelopes.FaultError:
            raise self.failure(answered, None) from None
        except envelopes.EnvelopeError as error:
            raise self.not_understood("answer", f"无法读取（{error}）", str(error)) from None
        except ValueError as error:
            raise self.not_understood("answer.inside", f"无法读取（{error}）", str(error)) from None

    def not_understood(self, place: str, zh: str, en: str) -> NotUnderstoodError:
        """Say that an answer does not fit the mapping, and where."""
        return NotUnderstoodError(
            f"the answer of source {self.id!r} does not fit its mapping at {place}: {en}",
            f"来源 {self.id!r} 的应答在 {place} 处不符合映射：{zh}",
            remedy_en="nothing of it is used; compare it with the mapping (`credit-check connector try`)",
            remedy_zh="未采用其任何内容；请用 credit-check connector try 对照映射",
            source=self.id,
            detail={"place": place},
        )

    def failure(self, answered: Answered, condition: Condition | None) -> NotUnderstoodError:
        """Say that the platform did not look, and whether it may later."""
        status = answered.reply.status
        means = condition.means if condition is not None else "failed"
        busy = means == "busy" or status in _BUSY
        refused = means == "refused" or status in _NOT_ALLOWED
        detail: dict[str, object] = {"status": status}
        wait = answered.reply.headers.get("retry-after", "")
        if wait.isascii() and wait.isdigit():
            detail["retry_after"] = float(wait)
        return NotUnderstoodError(
            f"source {self.id!r} did not serve the request (status {status}, {means})",
            f"来源 {self.id!r} 未受理请求（状态码 {status}，{means}）",
            code="source.rate_limited" if busy else "source.refused" if refused else "source.status",
            remedy_en="try it with `credit-check connector try`, and ask the platform's operator",
            remedy_zh="可用 credit-check connector try 试查，并咨询平台运维方",
            retryable=busy or status >= _SERVER,
            source=self.id,
            detail=detail,
        )


def _never_left(error: ExchangeError) -> NotSentError:
    """Say of a request whose token or signature was not to be had that it never left: sending it again doubles nothing."""
    return NotSentError(
        error.en,
        error.zh,
        code=error.code,
        retryable=error.retryable,
        remedy_en=error.remedy_en,
        remedy_zh=error.remedy_zh,
        source=error.source,
        detail=dict(error.detail),
    )


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give each parameter, one with several values several times."""
    for name, value in params.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, each


def _check(mapping: Rules, settings: SourceSettings) -> None:
    parts = urlsplit(settings.base_url)
    web = parts.scheme in {"http", "https"} and bool(parts.netloc)
    if not (web or (parts.scheme == "file" and not parts.netloc)) or parts.query or parts.fragment:
        raise _unusable(
            settings,
            "base_url is no HTTP address and no folder",
            "base_url 不是 HTTP 地址或目录",
            "give https://HOST/PATH, or file:///FOLDER",
            "请填写 https://主机/路径，或 file:///目录",
        )
    if mapping.signer is not None and mapping.signer != settings.signer:
        raise _unusable(
            settings,
            f"the platform needs the signer {mapping.signer!r}, and {settings.signer!r} is set",
            f"平台需要签名器 {mapping.signer}，而配置为 {settings.signer}",
            f"set signer = {mapping.signer!r}",
            f"请设置 signer = {mapping.signer!r}",
        )
    values = settings.options.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(each, str | int | float | bool) for each in values.values()):
        raise _unusable(
            settings,
            "options.values is no table of single values",
            "options.values 应为单值键值表",
            "mend it",
            "请修改",
        )
    missing = sorted(set(mapping.values) - set(values))
    unknown = sorted(set(values) - set(mapping.values) - set(mapping.defaults))
    if missing or unknown:
        told = "; ".join(f"{name}: {mapping.values[name]}" for name in missing)
        raise _unusable(
            settings,
            f"options.values lacks {missing} and has {unknown} that the mapping does not know",
            f"options.values 缺少 {missing}，多出 {unknown}",
            f"give {told}" if told else "take out what is not known",
            f"请填写 {told}" if told else "请移除多余的键",
        )


def _unusable(settings: SourceSettings, en: str, zh: str, remedy_en: str, remedy_zh: str) -> ConfigurationError:
    return ConfigurationError(
        f"source {settings.id!r}: {en}",
        f"来源 {settings.id!r}：{zh}",
        remedy_en=remedy_en,
        remedy_zh=remedy_zh,
        source=settings.id,
    )
