"""Guard the host's state changes: none happens before the gate has let the case pass. It changes no state itself.

What is guarded runs only after `require`; a refusal is a `GateError`, and the block or function has not run.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

from credit_check_adapter_approval.states import StateMachine, Transition
from credit_check_sdk import AsyncCreditCheck, Case, CreditCheck, InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from credit_check_sdk import Pass, Point, Step

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", CreditCheck, AsyncCreditCheck)


@dataclass(frozen=True, slots=True)
class _Guarded(Generic[C]):
    """What both guards share: whom they ask, about which case, for what."""

    credit: C
    case: Case | None
    needed: Transition | None
    transaction: object
    transaction_argument: str | None

    def _case_at(self, case: Case | None) -> tuple[Case, Transition] | None:
        if self.needed is None:
            return None
        if case is None:
            raise InputError(
                "a guarded function takes the case as an argument, and this call gave none",
                "受保护的函数须以办件作为参数，本次调用没有给出",
                remedy_en="pass the Case, or name it when the guard is made",
                remedy_zh="请传入 Case，或在创建守卫时指明",
            )
        point = self.needed.point
        return (case if case.point == point else case.model_copy(update={"point": point})), self.needed

    def _of_call(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> tuple[Case | None, object]:
        case = self.case
        if case is None:
            case = next((one for one in (*args, *kwargs.values()) if isinstance(one, Case)), None)
        transaction = self.transaction
        if self.transaction_argument is not None:
            transaction = kwargs.get(self.transaction_argument)
            if transaction is None:
                raise InputError(
                    f"a guarded function takes the transaction as the keyword argument {self.transaction_argument!r}",
                    f"受保护的函数须以关键字参数 {self.transaction_argument} 传入事务",
                    remedy_en="pass it by keyword",
                    remedy_zh="请以关键字参数传入",
                )
        return case, transaction


class Guarded(_Guarded[CreditCheck]):
    """A guarded change: a context manager around the host's change, or a decorator of the function that makes it."""

    __slots__ = ()

    def __enter__(self) -> Pass | None:
        """Ask the gate; give its pass, or None where the change needs no check.

        Raises:
            GateError: the gate refuses; the block does not run.
        """
        return self._ask(self.case, self.transaction)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every error of the block through."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Guard *function*: the gate is asked anew at every call."""

        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            self._ask(*self._of_call(args, kwargs))
            return function(*args, **kwargs)

        return guarded

    def _ask(self, case: Case | None, transaction: object) -> Pass | None:
        asked = self._case_at(case)
        return asked and self.credit.require(asked[0], to=asked[1].to, transaction=transaction)


class AsyncGuarded(_Guarded[AsyncCreditCheck]):
    """The same for an event loop: ``async with``, or a decorator of a coroutine function."""

    __slots__ = ()

    async def __aenter__(self) -> Pass | None:
        """Ask the gate; see `Guarded`."""
        return await self._ask(self.case, self.transaction)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every error of the block through."""

    def __call__(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        """Guard a coroutine function: the gate is asked anew at every call."""

        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            await self._ask(*self._of_call(args, kwargs))
            return await function(*args, **kwargs)

        return guarded

    async def _ask(self, case: Case | None, transaction: object) -> Pass | None:
        asked = self._case_at(case)
        return asked and await self.credit.require(asked[0], to=asked[1].to, transaction=transaction)


class ApprovalGuard:
    """Let a state change happen only behind the gate.

    ::

        guard = ApprovalGuard(credit)
        with guard.change(case, "under_review", "approved", transaction=connection):
            connection.execute("UPDATE file SET status = 'approved' WHERE …")


        @guard.guard(point="decide", to="grant")
        def approve(case): ...
    """

    def __init__(self, credit: CreditCheck, machine: StateMachine | None = None) -> None:
        self._credit = credit
        self._machine = machine or StateMachine()

    def guard(
        self,
        case: Case | None = None,
        point: Point | None = None,
        to: Step = "proceed",
        *,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> Guarded:
        """Guard a block or a function by decision point and step.

        *point* is the case's own where it is not named. Without *case* the guard decorates a function that takes the
        case as an argument; *transaction_argument* names that function's keyword argument with the host's transaction.

        Raises:
            InputError: neither a case nor a point is named.
        """
        return Guarded(self._credit, case, _named(case, point, to), transaction, transaction_argument)

    def change(
        self,
        case: Case | None,
        before: str,
        after: str,
        *,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> Guarded:
        """Guard a block or a function by the change of state that it makes, as the `StateMachine` says.

        Raises:
            InputError: the change is in no table.
        """
        needed = self._machine.needs(before, after)
        return Guarded(self._credit, case, needed, transaction, transaction_argument)


class AsyncApprovalGuard:
    """The same for hosts on an event loop: ``async with``, and decorators of coroutine functions."""

    def __init__(self, credit: AsyncCreditCheck, machine: StateMachine | None = None) -> None:
        self._credit = credit
        self._machine = machine or StateMachine()

    def guard(
        self,
        case: Case | None = None,
        point: Point | None = None,
        to: Step = "proceed",
        *,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> AsyncGuarded:
        """Guard a block or a coroutine function by decision point and step; see `ApprovalGuard.guard`."""
        return AsyncGuarded(self._credit, case, _named(case, point, to), transaction, transaction_argument)

    def change(
        self,
        case: Case | None,
        before: str,
        after: str,
        *,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> AsyncGuarded:
        """Guard a block or a coroutine function by the change of state that it makes; see `ApprovalGuard.change`."""
        needed = self._machine.needs(before, after)
        return AsyncGuarded(self._credit, case, needed, transaction, transaction_argument)


def _named(case: Case | None, point: Point | None, to: Step) -> Transition:
    at_point = point or (case.point if case is not None else None)
    if at_point is None:
        raise InputError(
            "neither a case nor a decision point is named",
            "没有指明办件，也没有指明环节",
            remedy_en="name the decision point, as in guard(point='decide', to='grant')",
            remedy_zh="请指明环节，例如 guard(point='decide', to='grant')",
        )
    return Transition(at_point, to)
