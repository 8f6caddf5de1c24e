"""Do many things side by side and give their results in order, a bounded number ahead. It decides nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from credit_check_sdk.errors import CreditCheckError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    do: Callable[[T], R], things: Iterable[T], workers: int, *, keep_errors: bool
) -> Iterator[R | CreditCheckError]:
    """Do *things* in threads; with *keep_errors* the error of one stands in its place and the others go on."""

    def one(thing: T) -> R | CreditCheckError:
        try:
            return do(thing)
        except CreditCheckError as error:
            if not keep_errors:
                raise
            return error

    ahead: deque[Future[R | CreditCheckError]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="credit-check-many") as pool:
        try:
            for thing in things:
                ahead.append(pool.submit(one, thing))
                if len(ahead) >= workers * 2:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


async def in_order_async(
    do: Callable[[T], Awaitable[R]], things: Iterable[T] | AsyncIterable[T], workers: int, *, keep_errors: bool
) -> AsyncIterator[R | CreditCheckError]:
    """Do *things* in tasks; see `in_order`."""

    async def one(thing: T) -> R | CreditCheckError:
        try:
            return await do(thing)
        except CreditCheckError as error:
            if not keep_errors:
                raise
            return error

    ahead: deque[asyncio.Task[R | CreditCheckError]] = deque()
    try:
        async for thing in _each(things):
            ahead.append(asyncio.ensure_future(one(thing)))
            if len(ahead) >= workers:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def apart(do: Callable[..., R], *given: Any) -> R:
    """Do something that waits in a thread, and wait for it on the event loop, to its end."""
    return await asyncio.shield(asyncio.to_thread(do, *given))


async def _each(things: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(things, AsyncIterable):
        async for thing in things:
            yield thing
    else:
        for thing in things:
            yield thing
