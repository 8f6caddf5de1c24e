"""Break the sandbox on purpose: an ASGI middleware that delays, refuses, cuts off, garbles or lies, as told.

Nothing happens unless ``PUT /admin/faults`` asked for it; admin calls and health are never broken.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from credit_check_sdk.model import Level, Several, Value

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]
    Receive = Callable[[], Awaitable[Message]]

FaultKind = Literal[
    "status",
    "latency",
    "disconnect",
    "truncate",
    "garbage",
    "empty",
    "wrong_subject",
    "lost_ack",
    "stale_as_of",
    "clock_skew",
]
_PATH = re.compile(r"^/(municipal|regional|national|enterprise)(/v1/.*)$")


class Fault(Value):
    """One way to break, and when."""

    level: Level | None = None
    """Which platform; None is all."""
    path: str | None = Field(default=None, max_length=256)
    """Which call, such as ``/v1/checks``; None is all."""
    kind: FaultKind
    """How to break."""
    value: float | int | None = None
    """Status code; seconds of latency or skew; hours of staleness."""
    rate: float = Field(default=1.0, ge=0, le=1, strict=False)
    """How often, between 0 and 1."""
    times: int = Field(default=-1, ge=-1, le=1_000_000_000)
    """How many times; -1 is for ever."""
    retry_after: float | None = Field(default=None, ge=0, le=86400, strict=False)
    """Seconds in the header Retry-After."""


class FaultsRequest(Value):
    """``PUT /admin/faults``: break so from now on; an empty list mends."""

    faults: Several[Fault] = Field(max_length=100)
    """The faults, in order; every one that fits strikes."""


class Faults:
    """The faults that are set, and a middleware that lets them strike; chance is seeded, so that runs repeat."""

    def __init__(self, app: Any, seed: int = 0) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._chance = random.Random(seed)  # noqa: S311  no secret
        self._set: list[tuple[Fault, list[int]]] = []

    def set(self, faults: tuple[Fault, ...]) -> None:
        """Break so from now on."""
        with self._lock:
            self._set = [(fault, [fault.times]) for fault in faults]

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve, broken where a fault strikes."""
        found = _PATH.match(scope.get("path", "")) if scope["type"] == "http" and self._set else None
        striking = self._striking(found[1], found[2]) if found else []
        if not striking:
            await self._app(scope, receive, send)
            return
        for fault in striking:
            if fault.kind == "latency":
                await asyncio.sleep(float(fault.value or 0))
        if any(fault.kind == "status" for fault in striking):
            fault = next(fault for fault in striking if fault.kind == "status")
            await _refuse(send, int(fault.value or 500), fault.retry_after)
            return
        answer = _Answer()
        await self._app(scope, receive, answer.keep)
        await answer.send(send, striking)

    def _striking(self, level: str, path: str) -> list[Fault]:
        with self._lock:
            found = []
            for fault, left in self._set:
                if left[0] == 0 or fault.level not in {None, level} or fault.path not in {None, path}:
                    continue
                if fault.rate < 1 and self._chance.random() >= fault.rate:
                    continue
                left[0] -= left[0] > 0
                found.append(fault)
            return found


class _Answer:
    """A whole answer, kept back so that it can be broken."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def send(self, send: Send, striking: list[Fault]) -> None:  # noqa: C901  one case per fault
        body, cut = self.body, False
        for fault in striking:
            match fault.kind:
                case "empty":
                    body = b""
                case "garbage":
                    body = b"\x00<html>\xff not what you asked for " + body[::-1][:200]
                case "truncate":
                    body = body[: len(body) // 2]
                case "wrong_subject":
                    body = _about_somebody_else(body)
                case "stale_as_of":
                    body = _redated(body, -timedelta(hours=float(fault.value or 24 * 30)))
                case "clock_skew":
                    body = _redated(body, timedelta(seconds=float(fault.value or 3600)))
                case "disconnect" | "lost_ack":
                    cut = True
                case "status" | "latency":
                    pass
        headers = [header for header in self.headers if header[0].lower() != b"content-length"]
        # A connection that is to break promises more than it gives: the server then closes it in the middle.
        promised = len(self.body) + 1 if cut else len(body)
        headers.append((b"content-length", str(promised).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if cut:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionAbortedError
        await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, status: int, retry_after: float | None) -> None:
    code = "fault.injected"
    body = json.dumps({"code": code, "detail": "the sandbox was told to fail"}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", f"{retry_after:g}".encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _about_somebody_else(body: bytes) -> bytes:
    try:
        document = json.loads(body)
        for result in document["results"]:
            result["subject"]["name"] = "另一家示例公司"
            result["subject"]["identifiers"] = [{"scheme": "cn-uscc", "value": "91450000MA0000007U"}]
            if result["subject"].get("category") == "person":
                result["subject"]["identifiers"] = [{"scheme": "cn-resident-id", "value": "451102198812311234"}]
    except (ValueError, KeyError, TypeError):
        return body
    return json.dumps(document, ensure_ascii=False).encode()


def _redated(body: bytes, by: timedelta) -> bytes:
    try:
        document = json.loads(body)
        if "as_of" not in document:
            return body
        document["as_of"] = (datetime.now(UTC) + by).isoformat()
    except (ValueError, TypeError):
        return body
    return json.dumps(document, ensure_ascii=False).encode()
