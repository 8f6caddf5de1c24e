"""Send requests: the one place that knows httpx; files are exchanged by `drops`. It owns TLS, time-outs, size limits and connections.

No redirect is followed, no answer above the size limit is read, and no exception of httpx leaves this module: not
sent is `NotSentError`, sent without a whole answer is `NoAnswerError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from credit_check_sdk._shell import drops, identity
from credit_check_sdk.errors import ExchangeError, NoAnswerError, NotSentError
from credit_check_sdk.flow import Reply, Request

if TYPE_CHECKING:
    import weakref
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
    from ssl import SSLContext

    import httpx

    from credit_check_sdk.spi import TlsSettings

MAX_BYTES = 32 * 1024 * 1024
"""The largest answer that is read."""

_deadline: contextvars.ContextVar[float] = contextvars.ContextVar("credit_check_deadline")


class Exchange:
    """HTTP for both drivers; connections and TLS contexts are made once and reused.

    *tls* names the sources that have certificates of their own: each of them gets connections of its own.
    """

    def __init__(self, tls: Mapping[str, TlsSettings] | None = None) -> None:
        self._lock = threading.Lock()
        # Transports, not clients: a client's cookies, redirects and merging are not wanted here, and cost as much as the rest.
        self._sync: dict[str, httpx.HTTPTransport] = {}
        self._async: (
            weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx.AsyncHTTPTransport]] | None
        ) = None
        self._named = dict(tls or {})
        # Made now where a source has certificates of its own: a file that is missing is an error of the set-up.
        self._tls: dict[str, SSLContext] = {name: identity.context(name, said) for name, said in self._named.items()}
        self.pace: Callable[[str, float], float] = _at_once
        """Takes the next place in the rate of a source, within so many seconds, and says how long to wait for it."""

    @contextlib.contextmanager
    def within(self, budget: float) -> Iterator[None]:
        """Let every request sent inside end within *budget* seconds from now."""
        token = _deadline.set(time.monotonic() + budget)
        try:
            yield
        finally:
            _deadline.reset(token)

    def send(self, request: Request, source: str) -> Reply:
        """Send in this thread."""
        import httpx

        left = _left(request, source)
        if request.url.startswith(drops.SCHEME):
            return drops.exchange(request, source, MAX_BYTES)
        if wait := self.pace(source, left):
            time.sleep(wait)
            left -= wait
        ends = time.monotonic() + left
        try:
            answer = self._line(source).handle_request(_outgoing(request, left))
            try:
                body = bytearray()
                for chunk in cast("Iterable[bytes]", answer.stream):
                    body += chunk
                    if time.monotonic() > ends:
                        raise _too_slow(source)
                    _not_too_large(body, source)
                return _reply(answer, bytes(body))
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error, source) from None

    async def send_async(self, request: Request, source: str) -> Reply:
        """Send on the running event loop."""
        import httpx

        left = _left(request, source)
        if request.url.startswith(drops.SCHEME):
            return await asyncio.to_thread(drops.exchange, request, source, MAX_BYTES)
        if wait := self.pace(source, left):
            await asyncio.sleep(wait)
            left -= wait
        try:
            async with asyncio.timeout(left):
                answer = await self._async_line(source).handle_async_request(_outgoing(request, left))
                try:
                    body = bytearray()
                    async for chunk in cast("AsyncIterable[bytes]", answer.stream):
                        body += chunk
                        _not_too_large(body, source)
                    return _reply(answer, bytes(body))
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise _too_slow(source) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error, source) from None

    def close(self) -> None:
        """Close the connections of the blocking client; those of an event loop go with their loop."""
        with self._lock:
            for line in self._sync.values():
                line.close()
            self._sync = {}
            self._async = None

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and the rest."""
        with self._lock:
            lines = self._async.pop(asyncio.get_running_loop(), {}) if self._async is not None else {}
        for line in lines.values():
            await line.aclose()
        self.close()

    def reset_after_fork(self) -> None:
        """Leave the parent's connections alone and make own ones."""
        self._lock = threading.Lock()
        self._sync = {}
        self._async = None

    def _line(self, source: str) -> httpx.HTTPTransport:
        own = source if source in self._named else ""
        with self._lock:
            line = self._sync.get(own)
            if line is None:
                import httpx

                line = self._sync[own] = httpx.HTTPTransport(**_options(self._context(own)))
            return line

    def _async_line(self, source: str) -> httpx.AsyncHTTPTransport:
        import weakref

        import httpx

        loop = asyncio.get_running_loop()
        own = source if source in self._named else ""
        with self._lock:
            if self._async is None:
                self._async = weakref.WeakKeyDictionary()
            lines = self._async.setdefault(loop, {})
            if own not in lines:
                lines[own] = httpx.AsyncHTTPTransport(**_options(self._context(own)))
            return lines[own]

    def _context(self, own: str) -> SSLContext:
        import ssl

        if own not in self._tls:
            self._tls[own] = ssl.create_default_context()
        return self._tls[own]


def _at_once(source: str, left: float) -> float:
    del source, left
    return 0.0


def _left(request: Request, source: str) -> float:
    left = request.timeout
    with contextlib.suppress(LookupError):
        left = min(left, _deadline.get() - time.monotonic())
    if left <= 0:
        raise NotSentError(
            "its time budget is used up",
            "查询时限已用完",
            code="source.timeout",
            source=source,
            retryable=True,
            remedy_en="raise `budget`, or ask the platform why it is slow",
            remedy_zh="请调高 budget，或向平台了解响应缓慢的原因",
        )
    return left


def _options(context: SSLContext) -> dict[str, Any]:
    """Give what both kinds are made with: connections are kept, HTTP/2 is spoken where it is installed and offered."""
    import importlib.util

    import httpx

    return {
        "verify": context,
        "trust_env": False,
        "http2": importlib.util.find_spec("h2") is not None,
        "limits": httpx.Limits(max_connections=200, max_keepalive_connections=64, keepalive_expiry=60),
    }


def _outgoing(request: Request, left: float) -> httpx.Request:
    import httpx

    headers = {"accept": "*/*", "accept-encoding": "identity", "connection": "keep-alive", **request.headers}
    times = dict.fromkeys(("connect", "read", "write", "pool"), left)
    return httpx.Request(
        request.method, request.url, headers=headers, content=request.body, extensions={"timeout": times}
    )


def _reply(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def _not_too_large(body: bytearray, source: str) -> None:
    if len(body) > MAX_BYTES:
        raise NoAnswerError(
            "its answer is too large",
            "答复超过大小限制",
            source=source,
            remedy_en="ask for fewer subjects at once",
            remedy_zh="请减少单次查询的对象数量",
        )


def _too_slow(source: str) -> NoAnswerError:
    return NoAnswerError(
        "it did not answer in time",
        "没有在时限内答复",
        code="source.timeout",
        source=source,
        retryable=True,
        remedy_en="try again, or raise `budget`",
        remedy_zh="请稍后重试，或调高 budget",
    )


def _translated(error: httpx.HTTPError | httpx.InvalidURL, source: str) -> ExchangeError:
    import httpx

    if isinstance(
        error,
        httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL,
    ):
        return NotSentError(
            "it cannot be reached",
            "无法连接",
            source=source,
            retryable=True,
            remedy_en="look at its base_url and the network, and try again",
            remedy_zh="请检查 base_url 与网络后重试",
        )
    if isinstance(error, httpx.TimeoutException):
        return _too_slow(source)
    return NoAnswerError(
        "the connection broke before a whole answer came",
        "连接在完整答复到达之前中断",
        source=source,
        retryable=True,
        remedy_en="try again",
        remedy_zh="请重试",
    )
