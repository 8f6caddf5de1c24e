"""The line to one source: whether it may be asked now, how often it is tried, how it stands. It sends nothing.

Per process, and made anew after a fork. A breaker lets one single consultation probe a source that was left to rest
(interlock); nothing of this module waits: it says how long to wait.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import CreditCheckError, ExchangeError, NotSentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from credit_check_sdk.model.status import SourceState
    from credit_check_sdk.spi import SourceSettings

_NO_FAILURE = frozenset({"source.rate_limited", "source.quota", "source.throttled", "source.environment"})
"""Refusals that say nothing about the source's health."""
_LONGEST_REST = 3600.0
"""The longest time, in seconds, for which a platform's Retry-After is kept to."""
_SMOOTH = 0.2


class Line:
    """The line to one source, as its settings say."""

    def __init__(self, settings: SourceSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._breaker: Any = None
        self._free_at = 0.0
        self._asked_to_wait_until = 0.0
        self._rests_until = 0.0
        self._probing = False
        self._since: datetime | None = None
        self._state: SourceState = "ready"
        self.last_answer_at: datetime | None = None
        self.last_error: str | None = None
        self.last_error_at: datetime | None = None
        self.latency: float | None = None
        self.consultations = 0
        self.failures = 0

    def reset_after_fork(self) -> None:
        """Begin anew: locks and figures are the parent's."""
        self._reset()

    def refusal(self) -> ExchangeError | None:
        """Say why the source may not be asked now, or None; nothing has left the machine then."""
        wait = self._asked_to_wait_until - self._clock()
        if wait > 0:
            return _busy(self.settings.id, wait)
        # Whether the rest is over is the breaker's to say, when the next try begins.
        if self._probing or (self._state == "resting" and self._clock() < self._rests_until):
            return _resting(self.settings.id)
        return None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Count one try; what happens inside decides whether the source is left to rest.

        Raises:
            NotSentError: it is left to rest, or somebody else is just probing it (``source.resting``).
        """
        from interlock import CircuitOpenError

        began = self._clock()
        admitted = probing = False
        try:
            with self._watched():
                admitted = True
                self._noticed()
                probing = self._probing = self._state == "probing"
                yield
        except CircuitOpenError:
            if admitted:
                raise
            raise _resting(self.settings.id) from None
        except CreditCheckError as error:
            self._failed(error.code)
            raise
        except Exception:
            self._failed("source.failed")
            raise
        else:
            self._answered(self._clock() - began)
        finally:
            if probing:
                self._probing = False
            self._noticed()

    def wait_after(self, error: Exception, tried: int, left: float) -> float | None:
        """Say how long to wait before trying again, or None where that is of no use: nothing may pass, or no time is left."""
        if not isinstance(error, ExchangeError) or not error.retryable or error.code == "source.resting":
            return None
        asked = error.detail.get("retry_after")
        wait: float = self.settings.first_wait.total_seconds() * 2 ** (tried - 1)
        wait *= 0.5 + random.random()  # noqa: S311  jitter, no secret
        if isinstance(asked, int | float):
            wait = max(wait, float(asked))
            if wait >= left or tried >= self.settings.tries:
                # The platform said when: until then nobody is sent there again.
                self._asked_to_wait_until = self._clock() + min(float(asked), _LONGEST_REST)
        if tried >= self.settings.tries or wait >= left:
            return None
        return wait

    def pace(self, left: float) -> float:
        """Take the next place in the rate that the platform allows, and say how many seconds to wait for it.

        Raises:
            NotSentError: it does not come within *left* seconds (``source.throttled``).
        """
        rate = self.settings.rate
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            # A second's worth may go at once; from then on one goes after the other.
            free_at = max(self._free_at, now - max(0.0, 1.0 - 1.0 / rate))
            wait = max(0.0, free_at - now)
            if wait >= left:
                raise _throttled(self.settings.id)
            self._free_at = free_at + 1.0 / rate
        return wait

    def state(self) -> tuple[SourceState, datetime | None]:
        """Say how the source stands in this process, and since when."""
        self._noticed()
        if self._clock() < self._asked_to_wait_until:
            return "resting", self.last_error_at
        return self._state, self._since

    def _watched(self) -> Any:
        with self._lock:
            if self._breaker is None:
                self._breaker = _breaker(self.settings, self._seconds)
            return self._breaker

    def _seconds(self) -> float:
        return self._clock()

    def _noticed(self) -> None:
        if self._breaker is None:
            return
        states: dict[str, SourceState] = {"OPEN": "resting", "HALF_OPEN": "probing"}
        state = states.get(self._breaker.state.name, "ready")
        if state != self._state:
            self._state, self._since = state, datetime.now(UTC)
            self._rests_until = self._clock() + self.settings.rest_for.total_seconds()

    def _failed(self, code: str) -> None:
        self.last_error, self.last_error_at = code, datetime.now(UTC)

    def _answered(self, seconds: float) -> None:
        self.last_answer_at = datetime.now(UTC)
        self.latency = seconds if self.latency is None else self.latency + _SMOOTH * (seconds - self.latency)


class _Clock:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock()


class _Failures:
    """Which ends of a consultation speak against the source."""

    def is_failure(self, *, result: object, exception: Exception | None) -> bool:
        del result
        return exception is not None and getattr(exception, "code", "") not in _NO_FAILURE


def _breaker(settings: SourceSettings, clock: Callable[[], float]) -> Any:
    from interlock import CircuitBreaker, Config

    config = Config(
        failure_rate_threshold=settings.rest_rate,
        minimum_number_of_calls=settings.rest_calls,
        window_size=settings.rest_calls * 2,
        slow_call_duration_threshold=1e9,
        permitted_calls_in_half_open=1,
        max_concurrent_probes=1,
        wait_duration_in_open=settings.rest_for.total_seconds(),
    )
    return CircuitBreaker(name=settings.id, config=config, clock=_Clock(clock), classifier=_Failures())


def isolated(source: str) -> NotSentError:
    """Say that a person took the source out."""
    return NotSentError(
        "it is isolated by an officer",
        "该来源已被人工隔离",
        code="source.isolated",
        source=source,
        remedy_en="release it with `credit-check sources release` when it may be asked again",
        remedy_zh="可以恢复查询时，请用 credit-check sources release 解除隔离",
    )


def out_of_quota(source: str, *, mandatory: bool) -> NotSentError:
    """Say that the day's quota is used up, or that what is left is kept for mandatory checks."""
    why_zh = "当日查询配额已用完" if mandatory else "当日剩余查询配额留给必查事项"
    why_en = "today's quota is used up" if mandatory else "what is left of today's quota is kept for mandatory checks"
    return NotSentError(
        why_en,
        why_zh,
        code="source.quota",
        source=source,
        remedy_en="check again tomorrow (Asia/Shanghai), or agree on a higher quota",
        remedy_zh="请于次日（北京时间）再查，或与平台协商提高配额",
    )


def _resting(source: str) -> NotSentError:
    return NotSentError(
        "it failed again and again and is left to rest for a while",
        "该来源连续失败，暂停查询",
        code="source.resting",
        source=source,
        retryable=True,
        remedy_en="it is tried again by itself; look at `credit-check sources`",
        remedy_zh="系统将自动恢复尝试；可用 credit-check sources 查看",
    )


def _busy(source: str, wait: float) -> NotSentError:
    return NotSentError(
        f"it asked us to come back in {int(wait) + 1} s",
        f"该来源要求 {int(wait) + 1} 秒后再试",
        code="source.rate_limited",
        source=source,
        retryable=True,
        remedy_en="wait as long as the platform asks, or agree on a higher quota",
        remedy_zh="请按平台要求等待，或协商提高配额",
        detail={"retry_after": wait},
    )


def _throttled(source: str) -> NotSentError:
    return NotSentError(
        "its rate is used up and no place comes free within the time budget",
        "该来源的查询频率已达上限，时限内没有空位",
        code="source.throttled",
        source=source,
        retryable=True,
        remedy_en="check again later, or agree on a higher rate and raise `rate`",
        remedy_zh="请稍后重查，或与平台协商提高频率并调高 rate",
    )
