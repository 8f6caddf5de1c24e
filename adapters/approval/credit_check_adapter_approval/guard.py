"""Guard the host's state changes: none happens before the gate has let the case pass. It changes no state itself.

Which change belongs to which decision point stands in one table; a change that is not in it needs no check, and a
change that grants or refuses needs the strictest.
"""

from __future__ import annotations

import functools
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from credit_check_sdk import Case, Pass, Point, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from credit_check_sdk import AsyncCreditCheck, CreditCheck

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a state change needs."""

    point: Point
    """The decision point whose check it needs."""
    to: Step
    """The step that the gate is asked for."""


TRANSITIONS: Mapping[tuple[str, str], Guarded] = {
    ("submitted", "accepted"): Guarded("accept", "proceed"),
    ("accepted", "under_review"): Guarded("review", "proceed"),
    ("under_review", "approved"): Guarded("decide", "grant"),
    ("under_review", "refused"): Guarded("decide", "refuse"),
    ("accepted", "approved"): Guarded("decide", "grant"),
    ("accepted", "refused"): Guarded("decide", "refuse"),
    ("approved", "closed"): Guarded("close", "grant"),
}
"""The usual states of an approval file: 收件, 受理, 审查, 决定, 办结."""


class ApprovalGuard:
    """Let a state change happen only behind the gate.

    ::

        with guard.change(case, "under_review", "approved", transaction=connection):
            connection.execute("UPDATE file SET status = 'approved' WHERE …")
    """

    def __init__(self, credit: CreditCheck, transitions: Mapping[tuple[str, str], Guarded] = TRANSITIONS) -> None:
        self._credit = credit
        self._transitions = transitions

    @contextmanager
    def change(self, case: Case, before: str, after: str, *, transaction: object = None) -> Iterator[Pass | None]:
        """Run the block only when the change may happen; gives the pass, or None where no check is needed.

        Raises:
            GateError: the gate refuses; the block has not run.
        """
        needed = self._transitions.get((before, after))
        passed = None
        if needed is not None:
            at_point = _at(case, needed.point)
            passed = self._credit.require(at_point, to=needed.to, transaction=transaction)
        yield passed

    def guards(self, before: str, after: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Guard a function whose first argument is the case, or that takes it as ``case``.

        Raises:
            GateError: the gate refuses; the function has not run.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            @functools.wraps(function)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                with self.change(_case_of(args, kwargs), before, after):
                    return function(*args, **kwargs)

            return guarded

        return decorate


class AsyncApprovalGuard:
    """The same for hosts on an event loop."""

    def __init__(self, credit: AsyncCreditCheck, transitions: Mapping[tuple[str, str], Guarded] = TRANSITIONS) -> None:
        self._credit = credit
        self._transitions = transitions

    @asynccontextmanager
    async def change(
        self, case: Case, before: str, after: str, *, transaction: object = None
    ) -> AsyncIterator[Pass | None]:
        """Run the block only when the change may happen; see `ApprovalGuard.change`."""
        needed = self._transitions.get((before, after))
        passed = None
        if needed is not None:
            passed = await self._credit.require(_at(case, needed.point), to=needed.to, transaction=transaction)
        yield passed

    def guards(self, before: str, after: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
        """Guard a coroutine function; see `ApprovalGuard.guards`."""

        def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
            @functools.wraps(function)
            async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                async with self.change(_case_of(args, kwargs), before, after):
                    return await function(*args, **kwargs)

            return guarded

        return decorate


def _at(case: Case, point: Point) -> Case:
    return case if case.point == point else case.model_copy(update={"point": point})


def _case_of(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Case:
    for given in (*args, *kwargs.values()):
        if isinstance(given, Case):
            return given
    message = "a guarded function takes the case as an argument"
    raise TypeError(message)
