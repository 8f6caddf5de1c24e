"""What happens around every call: who calls, how often, how much; the record of it; and what a refusal looks like.

Nothing is answered to a host key before the call is on record. No answer and no log shows an identifier.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Response
from pydantic import BaseModel, ValidationError

from credit_check_sdk._shell.register import CallNote, HostKey
from credit_check_sdk._shell.world import new_id
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.errors import CallError, CreditCheckError, GateError, InputError
from credit_check_sdk.model.parsing import parse
from credit_check_sdk.service.described import JSON, PROBLEM_JSON, REPEAT_HEADER
from credit_check_sdk.service.limits import Limits
from credit_check_sdk.service.metrics import Counts, Gauges, figures

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import Request

    from credit_check_sdk import AsyncCreditCheck, Settings
    from credit_check_sdk._shell.register import Deed, Register
    from credit_check_sdk.model.ledger import StoredCheck
    from credit_check_sdk.service.tokens import Issuer

V = TypeVar("V", bound=BaseModel)
_LONGEST_KEY = 255
_FIGURES_SECONDS = 60.0
_FAILURES_A_SECOND, _FAILURES = 0.5, 20
_UNAVAILABLE_WAIT = 5
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_log = logging.getLogger("credit_check_sdk.service")


@dataclass(slots=True)
class Call:
    """One call under way, and what of it goes on record."""

    operation: str
    request: Request
    id: str = field(default_factory=lambda: new_id("call"))
    host_key: HostKey | None = None
    body: bytes = b""
    replayed: bool = False
    case_id: str | None = None
    department: str | None = None
    matter: str | None = None
    point: str | None = None
    decision: str | None = None

    @property
    def key(self) -> HostKey:
        """The host key that calls; of an operation that is open to all there is none to ask for."""
        if self.host_key is None:
            message = "an operation that is open to all asks for no host key"
            raise TypeError(message)
        return self.host_key

    @property
    def repeat_key(self) -> str | None:
        """The ``Idempotency-Key``, or None.

        Raises:
            CallError: it is empty or too long.
        """
        said = self.request.headers.get(REPEAT_HEADER)
        if said is not None and not 1 <= len(said.strip()) <= _LONGEST_KEY:
            raise unusable(REPEAT_HEADER, f"1 to {_LONGEST_KEY} characters", f"1 至 {_LONGEST_KEY} 个字符")
        return None if said is None else said.strip()

    def named(self, name: str) -> str:
        """Give the number in the path.

        Raises:
            CallError: nothing can have this number.
        """
        found = str(self.request.path_params[name])
        if "\0" in found:
            raise unknown("there is nothing here", "此处没有内容")
        return found

    def read(self, kind: type[V], error: type[InputError] = InputError) -> V:
        """Read the body.

        Raises:
            InputError: it does not fit; the message names key and place.
        """
        if b"\0" in self.body or b"\\u0000" in self.body:
            raise error(
                "body: there is a NUL character, which no database keeps",
                "body：含有 NUL 字符，数据库无法保存",
                remedy_en="send text without it",
                remedy_zh="请去除该字符",
            )
        try:
            found: V = parse(kind, self.body, "body", error)
        except RecursionError:
            raise error("the body is nested too deeply", "请求体嵌套过深") from None
        return found

    def ask(self, kind: type[V]) -> V:
        """Read the query.

        Raises:
            CallError: it does not fit; the message names the place.
        """
        given = dict(self.request.query_params)
        for name, value in given.items():
            if "\0" in value:
                raise unusable(name, "there is a NUL character", "含有 NUL 字符")
        try:
            return kind.model_validate(given, strict=False)
        except ValidationError as trouble:
            first = trouble.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "query"
            raise unusable(place, first["msg"], first["msg"]) from None

    def about(self, case_id: str, department: str, matter: str, point: str) -> None:
        """Say what the call is about, for the record.

        Raises:
            CallError: the host key does not reach so far.
        """
        self.case_id, self.department, self.matter, self.point = case_id, department, matter, point
        if not self.key.reaches(department, matter):
            raise CallError(
                f"this host key may not call for department {department!r} and matter {matter!r}",
                f"该接入密钥不适用于部门 {department} 的事项 {matter}",
                code="call.forbidden",
                remedy_en="call for its own departments and matters, or have another key made",
                remedy_zh="请在密钥范围内调用，或另行申请密钥",
            )

    def sees(self, stored: StoredCheck | None) -> StoredCheck | None:
        """Give a check where this host key may see it; None where there is none, or it is another department's."""
        if stored is None or not self.key.reaches(stored.case.operator.department, stored.decision.matter):
            return None
        decision = stored.decision
        self.case_id, self.department = decision.case_id, stored.case.operator.department
        self.matter, self.point, self.decision = decision.matter, decision.point, decision.id
        return stored


class Front:
    """What all calls share: the client, the register, limits and counts."""

    def __init__(
        self, settings: Settings, credit: AsyncCreditCheck, register: Register, issuer: Issuer | None = None
    ) -> None:
        self.settings, self.credit, self.register = settings, credit, register
        self._issuer = issuer
        self.counts = Counts()
        said = settings.service
        self._limits = Limits(said.rate, said.burst, time.monotonic)
        self._figures: Gauges = {}
        self._counted_until = 0.0
        self._failures = Limits(_FAILURES_A_SECOND, _FAILURES, time.monotonic)

    async def figures(self) -> Gauges:
        """Give the figures of this month so far, by department, matter, point and measure; counted at most once a minute."""
        if time.monotonic() >= self._counted_until:
            today = day_of(datetime.now(UTC))
            self._figures = figures(await self.credit.statistics_report(today.replace(day=1), today))
            self._counted_until = time.monotonic() + _FIGURES_SECONDS
        return self._figures

    async def perform(
        self, request: Request, operation: str, deed: Deed | None, act: Callable[[Front, Call], Awaitable[Any]]
    ) -> Response:
        """Let a call in, have it done by *act*, put it on record and answer it; *deed* None is open to all."""
        began, at = time.monotonic(), datetime.now(UTC)
        call = Call(operation, request)
        trouble: CreditCheckError | None = None
        answer = Response()
        try:
            if deed is not None:
                await self._let_in(call, deed)
            call.body = await self._body(request)
            answer = _reply(await act(self, call))
        except CreditCheckError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001  a service answers, whatever happens
            # What it says may hold an identifier: its kind and place are enough to find it.
            _log.error("call %s (%s) failed: %s", call.id, operation, type(error).__name__, exc_info=_bare(error))
            trouble = failed()
        if trouble is not None:
            answer = problem(trouble, request, self.settings.lang)
        seconds = time.monotonic() - began
        try:
            if deed is not None and (trouble is None or trouble.code != "call.limited"):
                await asyncio.to_thread(self.register.note, _note(call, at, seconds, answer.status_code, trouble))
        except CreditCheckError as error:
            # What is not on record is not answered; a call with an Idempotency-Key can be made again.
            answer = problem(error, request, self.settings.lang)
        self._count(operation, answer.status_code, seconds, trouble)
        answer.headers["credit-check-call"] = call.id
        if call.replayed:
            answer.headers["idempotent-replayed"] = "true"
        return answer

    async def once(self, call: Call, made: Callable[[], Awaitable[str]]) -> str:
        """Do what *made* does once for each ``Idempotency-Key``; give what it gave then.

        Raises:
            CallError: the key came with another call, or that call is still under way.
        """
        repeat_key = call.repeat_key
        if repeat_key is None:
            return await made()
        begin, end = self.register.begin, self.register.end
        known = await asyncio.to_thread(begin, call.key.id, repeat_key, call.operation, call.body)
        if known is not None:
            call.replayed = True
            return known
        try:
            answer = await made()
        except Exception:
            await asyncio.to_thread(end, call.key.id, repeat_key, None)
            raise
        await asyncio.to_thread(end, call.key.id, repeat_key, answer)
        return answer

    async def _let_in(self, call: Call, deed: Deed) -> None:
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        found = await asyncio.to_thread(self._find, token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            _wait(self._failures.wait(_address(call.request) or ""))
            raise CallError(
                "the call shows no host key that holds",
                "缺少有效的接入密钥",
                code="call.unauthenticated",
                remedy_en="send Authorization: Bearer and a host key; `credit-check host-keys make` makes one",
                remedy_zh="请发送 Authorization: Bearer 与接入密钥；用 credit-check host-keys make 生成",
            )
        call.host_key = found
        _wait(self._limits.wait(found.id))
        if deed not in found.may:
            raise CallError(
                f"this host key may not {deed}",
                f"该接入密钥无 {deed} 权限",
                code="call.forbidden",
                remedy_en=f"it may {', '.join(found.may)}; have another key made",
                remedy_zh=f"其权限为 {'、'.join(found.may)}；请另行申请密钥",
            )

    def _find(self, token: str) -> HostKey | None:
        if self._issuer is not None and token.count(".") == 2:  # noqa: PLR2004  a compact JWS; no host key has a dot
            return self._issuer.find(token)
        return self.register.find(token)

    async def _body(self, request: Request) -> bytes:
        body, largest = bytearray(), self.settings.service.largest
        async for chunk in request.stream():
            body += chunk
            if len(body) > largest:
                raise CallError(
                    f"the body is larger than {largest} bytes",
                    f"请求体超过 {largest} 字节",
                    code="call.too_large",
                    remedy_en="send less",
                    remedy_zh="请减小请求体",
                )
        return bytes(body)

    def _count(self, operation: str, status: int, seconds: float, trouble: CreditCheckError | None) -> None:
        self.counts.add("credit_check_calls_total", operation=operation, status=str(status))
        self.counts.took(operation, seconds)
        if isinstance(trouble, GateError):
            self.counts.add("credit_check_refusals_total", code=trouble.code)


def problem(error: CreditCheckError, request: Request, lang: str) -> Response:
    """Give an error as an answer: problem details (RFC 9457), in the language that the request asks for."""
    said = error.problem(_language(request.headers.get("accept-language", ""), lang))
    if isinstance(error, GateError):
        said["passed"] = False
    answer = Response(_dumped(said), error.http_status, media_type=PROBLEM_JSON, headers=dict(_PRIVATE))
    if error.http_status == 401:  # noqa: PLR2004  who calls is not known
        answer.headers["www-authenticate"] = 'Bearer realm="credit-check"'
    if error.http_status in {429, 503} or error.code == "call.in_progress":
        answer.headers["retry-after"] = str(error.detail.get("wait", _UNAVAILABLE_WAIT))
    return answer


def unusable(place: str, en: str, zh: str) -> CallError:
    """Say that a header or the query cannot be used."""
    return CallError(
        f"{place}: {en}",
        f"{place}：{zh}",
        code="call.invalid",
        remedy_en="see /openapi.json",
        remedy_zh="参见 /openapi.json",
    )


def unknown(en: str, zh: str) -> CallError:
    """Say that nothing is there, or nothing that this host key may see: nobody can tell the two apart."""
    return CallError(
        en, zh, code="call.unknown", remedy_en="correct path, number or host key", remedy_zh="请更正路径、编号或密钥"
    )


def failed() -> CallError:
    """Say that the service itself failed, and nothing else."""
    return CallError(
        "the service failed",
        "服务内部故障",
        code="call.failed",
        remedy_en="look into its log for the number in the header Credit-Check-Call",
        remedy_zh="请按应答头 Credit-Check-Call 中的编号查看服务日志",
    )


def _bare(error: Exception) -> Any:
    """Give where an error came from, without what it says."""
    return (RuntimeError, RuntimeError(type(error).__name__), error.__traceback__)


def _wait(seconds: float) -> None:
    if seconds:
        raise CallError(
            "too many calls",
            "调用过于频繁",
            code="call.limited",
            retryable=True,
            remedy_en="wait as long as Retry-After says",
            remedy_zh="请按 Retry-After 等待",
            detail={"wait": max(1, math.ceil(seconds))},
        )


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _note(call: Call, at: datetime, seconds: float, status: int, trouble: CreditCheckError | None) -> CallNote:
    return CallNote(
        id=call.id,
        at=at,
        host_key=call.host_key.id if call.host_key else None,
        address=_address(call.request),
        operation=call.operation,
        status=status,
        milliseconds=int(seconds * 1000),
        code=trouble.code if trouble else None,
        case_id=call.case_id,
        department=call.department,
        matter=call.matter,
        point=call.point,
        decision=call.decision,
    )


def _reply(value: Any) -> Response:
    if isinstance(value, Response):
        return value
    body = value.model_dump_json().encode() if isinstance(value, BaseModel) else _dumped(value)
    return Response(body, media_type=JSON, headers=dict(_PRIVATE))


def _dumped(value: Mapping[str, Any]) -> bytes:
    # A lone surrogate cannot be written as UTF-8; somebody may have sent one.
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _language(accepted: str, otherwise: str) -> str:
    """Pick Chinese or English from an ``Accept-Language`` header (RFC 9110 section 12.5.4)."""
    best, found = 0.0, otherwise
    for part in accepted.split(","):
        tag, _, said = part.replace(" ", "").lower().partition(";q=")
        known = {"zh": "zh-CN", "en": "en"}.get(tag[:2])
        weight = (float(said) if said.replace(".", "", 1).isdecimal() else 0.0) if said else 1.0
        if known and weight > best:
            best, found = weight, known
    return found
