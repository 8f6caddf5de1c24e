"""Guard a block or a function of the host: it runs only behind the gate. It changes nothing itself.

A guard holds no state: one may be entered by many threads or tasks at once, and as often as is wanted. The gate is asked
anew every time; where it refuses, the block or function has not run.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar

from credit_check_sdk.errors import InputError
from credit_check_sdk.model import Case

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType

    from credit_check_sdk.model import Pass, Point, Step

P = ParamSpec("P")
R = TypeVar("R")
G = TypeVar("G")

Guardable = Case | str | Callable[..., Any] | None
"""The case, its number, what finds either in a call's arguments, or None: the call's own argument that is a `Case`."""


class Gate(Protocol):
    """Whoever can be asked to let a case pass: `CreditCheck`."""

    def require(
        self, case: Case | str, *, to: Step = ..., point: Point | None = ..., transaction: object = ...
    ) -> Pass:
        """Let the case pass, or raise `GateError`."""


class AsyncGate(Protocol):
    """Whoever can be asked on an event loop: `AsyncCreditCheck`."""

    async def require(
        self, case: Case | str, *, to: Step = ..., point: Point | None = ..., transaction: object = ...
    ) -> Pass:
        """Let the case pass, or raise `GateError`."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a call of the gate takes."""

    case: Case | str
    transaction: object


@dataclass(frozen=True, slots=True)
class _Guard(Generic[G]):
    """What both guards share: whom they ask, about which case, for what step."""

    credit: G | Callable[[], G]
    case: Guardable = None
    to: Step = "proceed"
    point: Point | None = None
    transaction: object = None
    transaction_argument: str | None = None
    """Name of the guarded function's argument with the host's transaction."""

    def _client(self) -> G:
        # A client has no __call__, so what can be called is what gives the client.
        return self.credit() if callable(self.credit) else self.credit

    def _of_block(self) -> _Asking:
        if isinstance(self.case, Case | str):
            return _Asking(self.case, self.transaction)
        raise _no_case("a guarded block", "受保护的代码块")

    def _of_call(self, arguments: inspect.BoundArguments) -> _Asking:
        case = self.case
        if case is None:
            given = [*arguments.args, *arguments.kwargs.values()]
            found: Any = next((one for one in given if isinstance(one, Case)), None)
        else:
            found = case if isinstance(case, Case | str) else case(*arguments.args, **arguments.kwargs)
        if not isinstance(found, Case | str):
            raise _no_case("a guarded function", "受保护的函数")
        return _Asking(found, self._transaction_of(arguments))

    def _transaction_of(self, arguments: inspect.BoundArguments) -> object:
        name = self.transaction_argument
        if name is None:
            return self.transaction
        said = arguments.arguments.get(name, arguments.kwargs.get(name))
        if said is None:
            # Without it the gate would look past what the host has not committed yet, and nobody would notice.
            raise InputError(
                f"a guarded function takes the transaction as its argument {name!r}, and this call gave none",
                f"受保护的函数须以参数 {name} 传入事务，本次调用没有给出",
                remedy_en="pass it",
                remedy_zh="请传入事务",
            )
        return said


@dataclass(frozen=True, slots=True)
class Guard(_Guard[Gate]):
    """Let a block or a function run only when the gate has let the case pass; made by `CreditCheck.guard`."""

    def __enter__(self) -> Pass:
        """Ask the gate, and give its pass.

        Raises:
            GateError: the gate refuses; the block does not run.
        """
        return self._ask(self._of_block())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every error of the block through."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Guard *function*: the gate is asked at every call, before it runs.

        Raises:
            InputError: it is a coroutine function or a generator, whose body would run later than the gate was asked.
        """
        if any(kind(function) for kind in (inspect.iscoroutinefunction, *_LATER)):
            raise _runs_later("a coroutine function or a generator", "协程函数或生成器", "AsyncCreditCheck.guard")
        signature = inspect.signature(function)

        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            self._ask(self._of_call(signature.bind(*args, **kwargs)))
            return function(*args, **kwargs)

        return guarded

    def _ask(self, asking: _Asking) -> Pass:
        return self._client().require(asking.case, to=self.to, point=self.point, transaction=asking.transaction)


@dataclass(frozen=True, slots=True)
class AsyncGuard(_Guard[AsyncGate]):
    """The same on an event loop: ``async with``, or a decorator of a coroutine function."""

    async def __aenter__(self) -> Pass:
        """Ask the gate; see `Guard`."""
        return await self._ask(self._of_block())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every error of the block through."""

    def __call__(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        """Guard a coroutine function: the gate is asked at every call, before it runs.

        Raises:
            InputError: it is no coroutine function.
        """
        if not inspect.iscoroutinefunction(function):
            raise _runs_later("what is no coroutine function", "非协程函数", "CreditCheck.guard")
        signature = inspect.signature(function)

        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            await self._ask(self._of_call(signature.bind(*args, **kwargs)))
            return await function(*args, **kwargs)

        return guarded

    async def _ask(self, asking: _Asking) -> Pass:
        client = self._client()
        return await client.require(asking.case, to=self.to, point=self.point, transaction=asking.transaction)


_LATER = (inspect.isgeneratorfunction, inspect.isasyncgenfunction)


def _no_case(en: str, zh: str) -> InputError:
    return InputError(
        f"{en} needs the case, and none was given",
        f"{zh}需要办件，但没有给出",
        remedy_en="name the case when the guard is made, or pass a Case as an argument of the guarded function",
        remedy_zh="请在创建守卫时指明办件，或将 Case 作为受保护函数的参数传入",
    )


def _runs_later(en: str, zh: str, other: str) -> InputError:
    return InputError(
        f"this guard cannot guard {en}",
        f"该守卫不能用于{zh}",
        remedy_en=f"use {other}, or guard the function that runs it",
        remedy_zh=f"请使用 {other}，或守护真正执行它的函数",
    )
