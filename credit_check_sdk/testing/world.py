"""A whole world for flows in one value: clock, numbers, exchange, memory, ledger, audit, keys. It performs no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from credit_check_sdk import flow as effects
from credit_check_sdk.errors import NotSentError
from credit_check_sdk.testing.drive import run_with
from credit_check_sdk.testing.ledger import InMemoryLedger
from credit_check_sdk.testing.ports import InMemoryMemory

if TYPE_CHECKING:
    from credit_check_sdk.flow import Effect, Flow, Reply, Request
    from credit_check_sdk.model.ledger import QueryNote

T = TypeVar("T")

Serve = Callable[["Request", str], "Reply"]
"""Answers a request of a source; it may raise `NotSentError` or `NoAnswerError`."""


class World:
    """Answer every effect from memory, the same way each time: the clock stands still until told otherwise.

    *serve* answers what is sent; without it nothing can be reached. Numbers are ``PREFIX_0001`` and so on. A receipt
    is not signed but recognised: `Verify` answers only for tokens that `Sign` of the same world made.
    """

    def __init__(self, now: datetime = datetime(2026, 11, 23, 1, 0, tzinfo=UTC), serve: Serve | None = None) -> None:
        self.now = now
        self.serve: Serve = serve or _unreachable
        self.memory = InMemoryMemory(self._time)
        self.ledger = InMemoryLedger()
        self.sent: list[Request] = []
        """Requests in the order in which they were sent."""
        self.audited: list[QueryNote] = []
        """What was written to the audit store."""
        self.seen: list[Effect[Any]] = []
        """Every effect in order."""
        self._numbers = 0
        self._tokens: dict[str, Mapping[str, Any]] = {}

    def run(self, flow: Flow[T]) -> T:
        """Run *flow* to its end; give what it returns, raise what it raises."""
        return run_with(flow, {kind: self._noting(answer) for kind, answer in self._answers().items()})

    def pass_time(self, length: timedelta) -> None:
        """Move the clock on."""
        self.now += length

    def _time(self) -> float:
        return self.now.timestamp()

    def _answers(self) -> dict[type[Effect[Any]], Callable[[Any], Any]]:
        return {
            effects.Now: lambda _: self.now,
            effects.NewId: self._number,
            effects.Send: self._send,
            effects.Pause: lambda effect: self.pass_time(timedelta(seconds=effect.seconds)),
            effects.Recall: lambda effect: self.memory.recall(effect.keys),
            effects.Remember: lambda effect: self.memory.remember(effect.items),
            effects.Forget: lambda effect: self.memory.forget(effect.about),
            effects.Audit: lambda effect: self.audited.extend(effect.notes),
            effects.Record: lambda effect: self.ledger.record(effect.entries),
            effects.Load: lambda effect: self.ledger.load(effect.query),
            effects.Move: lambda effect: self.ledger.move(effect.command),
            effects.Sign: self._sign,
            effects.Verify: lambda effect: self._tokens.get(effect.token),
            effects.Hashed: lambda effect: hashlib.sha256("\x1f".join(effect.parts).encode()).hexdigest(),
        }

    def _noting(self, answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def note(effect: Effect[Any]) -> Any:
            self.seen.append(effect)
            return answer(effect)

        return note

    def _number(self, effect: effects.NewId) -> str:
        self._numbers += 1
        return f"{effect.prefix}_{self._numbers:04d}"

    def _send(self, effect: effects.Send) -> Reply:
        self.sent.append(effect.request)
        return self.serve(effect.request, effect.source)

    def _sign(self, effect: effects.Sign) -> str:
        claims = json.dumps(effect.claims, sort_keys=True, ensure_ascii=False)
        token = f"test.{hashlib.sha256(claims.encode()).hexdigest()}"
        self._tokens[token] = dict(effect.claims)
        return token


def _unreachable(request: Request, source: str) -> Reply:  # noqa: ARG001  it answers nothing
    raise NotSentError(
        f"source {source!r} cannot be reached",
        f"无法连接来源 {source!r}",
        remedy_en="give the World a function that serves",
        remedy_zh="请为 World 提供应答函数",
        retryable=True,
        source=source,
    )
