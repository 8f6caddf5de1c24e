"""Run flows: one driver that blocks, one on an event loop. They perform effects and decide nothing.

Both keep the same promises: an effect's failure is thrown into the flow at the place that awaited it; a branch of
`Together` may not await an effect that reaches a database; a branch's exception becomes its result.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any, TypeVar

from credit_check_sdk import flow as effects
from credit_check_sdk._shell.world import AT_ONCE, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import ThreadPoolExecutor

    from credit_check_sdk._shell.world import World

T = TypeVar("T")

_DATABASE = (effects.Record, effects.Load, effects.Audit, effects.Ask, effects.Forget, effects.Move)


def run(flow: effects.Flow[T], world: World, transaction: object = None, *, branch: bool = False) -> T:
    """Run *flow* to its end in this thread."""
    try:
        effect = flow.send(None)
        while True:
            try:
                small = AT_ONCE.get(type(effect))
                if small is not None:
                    answer = small(world, effect)
                else:
                    answer = _perform(effect, world, transaction, branch=branch)
            except BaseException as error:  # noqa: BLE001  whatever happens, the flow hears of it first
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()


async def run_async(flow: effects.Flow[T], world: World, transaction: object = None, *, branch: bool = False) -> T:
    """Run *flow* to its end on the running event loop."""
    try:
        effect = flow.send(None)
        while True:
            try:
                small = AT_ONCE.get(type(effect))
                if small is not None:
                    answer = small(world, effect)
                else:
                    answer = await _perform_async(effect, world, transaction, branch=branch)
            except BaseException as error:  # noqa: BLE001  whatever happens, cancellation too, the flow hears of it first
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()


def _perform(  # noqa: C901, PLR0911, PLR0912  one case per effect
    effect: effects.Effect[Any], world: World, transaction: object, *, branch: bool
) -> Any:
    if branch and isinstance(effect, _DATABASE):
        return _refuse(effect)
    match effect:
        case effects.Recall():
            return world.recall(effect.keys)
        case effects.Together():
            return _together(effect.branches, world)
        case effects.Send():
            return world.exchange.send(effect.request, effect.source)
        case effects.Pause():
            return world.pause(effect.seconds)
        case effects.Ask():
            return world.asking.ask(effect.calls, world)
        case effects.Remember():
            return world.memory.remember(effect.items)
        case effects.Forget():
            return world.forget(effect.about)
        case effects.Record():
            return world.ledger.run(list(effect.entries), transaction=transaction)
        case effects.Load():
            return world.ledger.run(effect.query, transaction=transaction)
        case effects.Move():
            return world.ledger.run(effect.command)
        case effects.Audit():
            world.audit.write(effect.notes)
            return None
        case _:
            return unknown(effect)


async def _perform_async(  # noqa: C901, PLR0911, PLR0912  one case per effect
    effect: effects.Effect[Any], world: World, transaction: object, *, branch: bool
) -> Any:
    if branch and isinstance(effect, _DATABASE):
        return _refuse(effect)
    match effect:
        case effects.Together():
            return await _together_async(effect.branches, world)
        case effects.Send():
            return await world.exchange.send_async(effect.request, effect.source)
        case effects.Pause():
            return await asyncio.sleep(effect.seconds)
        case effects.Ask():
            return await world.asking.ask_async(effect.calls, world)
        case effects.Recall():
            if not world.board.due:
                found = world.memory.recall_here(effect.keys)
                if world.memory.shared is None or len(found) == len(effect.keys):
                    return found
            return await asyncio.to_thread(world.recall, effect.keys)
        case effects.Remember():
            if world.memory.shared is not None:
                return await asyncio.to_thread(world.memory.remember, effect.items)
            return world.memory.remember(effect.items)
        case effects.Forget():
            return await asyncio.shield(asyncio.to_thread(world.forget, effect.about))
        case effects.Record():
            return await world.ledger.run_async(list(effect.entries), transaction=transaction)
        case effects.Load():
            return await world.ledger.run_async(effect.query, transaction=transaction)
        case effects.Move():
            return await world.ledger.run_async(effect.command)
        case effects.Audit():
            await world.audit.write_async(effect.notes)
            return None
        case _:
            return unknown(effect)


def _refuse(effect: effects.Effect[Any]) -> Any:
    message = f"a branch of Together may not await {type(effect).__name__}: it would leave the caller's transaction"
    raise TypeError(message)


def _together(branches: Sequence[tuple[float, Any]], world: World) -> list[Any]:
    """Run branches in threads; a single one runs in this thread. Context variables go along."""

    def start(budget: float, make: Any) -> Any:
        with world.exchange.within(budget):
            try:
                return run(make(), world, branch=True)
            except Exception as error:  # noqa: BLE001  a branch's failure is its result; the others still count
                return error

    if len(branches) == 1:
        return [start(*branches[0])]
    pool: ThreadPoolExecutor = world.pool()
    waiting = [pool.submit(contextvars.copy_context().run, start, budget, make) for budget, make in branches]
    return [future.result() for future in waiting]


async def _together_async(branches: Sequence[tuple[float, Any]], world: World) -> list[Any]:
    async def start(budget: float, make: Any) -> Any:
        with world.exchange.within(budget):
            try:
                return await run_async(make(), world, branch=True)
            except Exception as error:  # noqa: BLE001  a branch's failure is its result; the others still count
                return error

    if len(branches) == 1:
        return [await start(*branches[0])]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(start(budget, make)) for budget, make in branches]
    return [task.result() for task in tasks]
