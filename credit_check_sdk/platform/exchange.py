"""Reading what a platform answered: status, content type, JSON, shape. It performs no I/O.

No message made here contains anything of the answer's text: it may hold identifiers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import Now, Request, Send
from credit_check_sdk.model import Value
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.options import address
from credit_check_sdk.spi import opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from credit_check_sdk.flow import Reply
    from credit_check_sdk.spi import Signer, SourceSettings

V = TypeVar("V", bound=Value)

_OK = 200
_RATE_LIMITED = 429
_NOT_ALLOWED = frozenset({401, 403})
_PASSING = frozenset({408, 425, _RATE_LIMITED})
_SERVER_ERRORS = 500
_KEY = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply and the moment at which it was there."""

    reply: Reply
    at: datetime


async def post(
    settings: SourceSettings, signer: Signer, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Answered:
    """Send a signed request and wait for its answer.

    Raises:
        NotSentError: it never left.
        NoAnswerError: it left and no whole answer came back.
    """
    request = Request(
        method="POST",
        url=address(settings, path),
        headers={"Content-Type": wire.JSON, "Accept": f"{wire.JSON}, {wire.PROBLEM_JSON}", **(headers or {})},
        body=body,
        timeout=settings.budget.total_seconds(),
    )
    reply = await opened(signer, await Send(await signer.sign(request), source=settings.id))
    return Answered(reply, await Now())


async def get(
    settings: SourceSettings,
    signer: Signer,
    path: str,
    *,
    wait: float = 0.0,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """Send a signed question and wait for its answer, *wait* seconds longer than the budget.

    Raises:
        NotSentError: it never left.
        NoAnswerError: it left and no whole answer came back.
    """
    request = Request(
        method="GET",
        url=address(settings, path),
        headers={"Accept": f"{wire.JSON}, {wire.PROBLEM_JSON}", **(headers or {})},
        timeout=settings.budget.total_seconds() + wait,
    )
    reply = await opened(signer, await Send(await signer.sign(request), source=settings.id))
    return Answered(reply, await Now())


def understood(kind: type[V], answered: Answered, source: str) -> V:
    """Read the answer as *kind*.

    Raises:
        NotUnderstoodError: its status, content type or content is not what the protocol says; the code tells which.
    """
    reply = answered.reply
    if reply.status != _OK:
        raise refusal(answered, source)
    content_type = reply.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != wire.JSON:
        raise not_understood(source, "it is not declared as JSON", "未声明为 JSON")
    if not reply.body:
        raise not_understood(source, "it is empty", "内容为空")
    try:
        return wire.parse(kind, reply.body)
    except ValidationError as error:
        place = _place(error)
        raise not_understood(source, f"it does not fit the protocol at {place}", f"{place} 处不符合协议") from None
    except ValueError:
        raise not_understood(source, "it is too large or ambiguous", "内容过大或有歧义") from None


def not_understood(source: str, why_en: str, why_zh: str) -> NotUnderstoodError:
    """Say that an answer cannot be understood."""
    return NotUnderstoodError(
        f"the answer of source {source!r} cannot be understood: {why_en}",
        f"来源 {source!r} 的应答无法识别：{why_zh}",
        remedy_en="nothing of it is used; show the platform's operator this message",
        remedy_zh="未采用其任何内容；请将本提示告知平台运维方",
        source=source,
    )


def refusal(answered: Answered, source: str) -> NotUnderstoodError:
    """Say why the platform did not serve the request."""
    status = answered.reply.status
    detail: dict[str, object] = {"status": status}
    if problem := problem_code(answered.reply):
        detail["problem"] = problem
    if passing(status):
        detail["retry_after"] = retry_after(answered)
    if status == _RATE_LIMITED:
        return NotUnderstoodError(
            f"source {source!r} asks us to send less (status {status})",
            f"来源 {source!r} 要求降低请求频率（状态码 {status}）",
            code="source.rate_limited",
            remedy_en="wait as long as the platform asks, or agree on a higher quota",
            remedy_zh="请按平台要求等待，或协商提高配额",
            retryable=True,
            source=source,
            detail=detail,
        )
    if status in _NOT_ALLOWED:
        return NotUnderstoodError(
            f"source {source!r} refused the request (status {status})",
            f"来源 {source!r} 拒绝了请求（状态码 {status}）",
            code="source.refused",
            remedy_en="check key_id, secret, this machine's clock and the permission of the key",
            remedy_zh="请检查 key_id、密钥、本机时钟与该密钥的权限",
            source=source,
            detail=detail,
        )
    return NotUnderstoodError(
        f"source {source!r} answered with status {status}",
        f"来源 {source!r} 返回状态码 {status}",
        code="source.status",
        remedy_en="ask the platform's operator; where the address is wrong, correct base_url",
        remedy_zh="请咨询平台运维方；如地址有误，请更正 base_url",
        retryable=passing(status),
        source=source,
        detail=detail,
    )


def passing(status: int) -> bool:
    """Say whether the same request may well be served later."""
    return status >= _SERVER_ERRORS or status in _PASSING


def problem_code(reply: Reply) -> str | None:
    """Give the code of the `Problem` that the platform sent along, or None."""
    try:
        return wire.parse(wire.Problem, reply.body).code
    except ValueError:
        return None


def retry_after(answered: Answered) -> float | None:
    """Give the seconds that ``Retry-After`` asks to wait (RFC 9110 section 10.2.3: seconds or a date), or None."""
    text = answered.reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - answered.at).total_seconds())


def _place(error: ValidationError) -> str:
    """Name the first place that does not fit; a key that is not ours may be an identifier and is not shown."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    steps = (str(step) if isinstance(step, int) or _KEY.fullmatch(step) else "…" for step in found["loc"])
    return ".".join(steps) or "the top level"
