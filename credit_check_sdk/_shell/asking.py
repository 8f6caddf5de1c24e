"""Ask sources: one call for all who ask the same at the same time, tried again within its budget, noted before it leaves.

The leader of a call runs it apart from its own caller, where it can: when that caller is cancelled, the others who wait
are answered all the same. Result and error are shared alike. It decides nothing about what was answered.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.board import spending
from credit_check_sdk._shell.leading import LOOK_EVERY, NOTHING, Leading
from credit_check_sdk._shell.line import Line, isolated, out_of_quota
from credit_check_sdk.errors import ExchangeError, LedgerError, NoAnswerError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from credit_check_sdk._shell.audit import AuditStore
    from credit_check_sdk._shell.board import Board
    from credit_check_sdk._shell.memory import LocalMemory
    from credit_check_sdk._shell.world import World
    from credit_check_sdk.flow import Call, MemoryKey
    from credit_check_sdk.spi import SourceSettings

_LINGER = 5.0
"""Seconds for which a landed call is kept for those who asked before it landed and come for it late."""
_OURS = frozenset({"source.isolated", "source.resting", "source.throttled", "source.quota"})
"""Refusals of this process, which say nothing to another one."""
_GRACE = 1.0
"""Seconds beyond the budget after which somebody who waits for another's call goes away without."""


class _Abandoned(Exception):  # noqa: N818  a signal between threads, never raised to a caller
    """The leader went away without an answer: somebody else leads."""


@dataclass(slots=True)
class _Flight:
    """A call that is under way or has just landed, and everybody who waits for it."""

    names: frozenset[tuple[str, str, str]]
    landed: Future[Any] = field(default_factory=Future)
    at: datetime | None = None
    gone: float = 0.0


_Name = tuple["MemoryKey", ...]


class Asking:
    """What one client asks its sources."""

    def __init__(
        self,
        settings: Mapping[str, SourceSettings],
        audit: AuditStore,
        board: Board,
        memory: LocalMemory,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._wall = wall
        self._settings, self._audit, self._board, self._clock = settings, audit, board, clock
        self._leading = Leading(memory)
        self.lines = {name: Line(said, clock) for name, said in settings.items()}
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[_Name, _Flight] = {}
        self._landed: deque[tuple[_Name, _Flight]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()

    def reset_after_fork(self) -> None:
        """Begin anew: calls under way are the parent's."""
        self._reset()
        for line in self.lines.values():
            line.reset_after_fork()

    def pace(self, source: str, left: float) -> float:
        """Take the next place in a source's rate; see `Line.pace`."""
        line = self.lines.get(source)
        return line.pace(left) if line is not None else 0.0

    def forget(self, lost: Sequence[tuple[str, str, str]]) -> None:
        """Let nobody join a call about these (source, scheme, identifier) that is under way already."""
        names = frozenset(lost)
        with self._lock:
            for name in [name for name, flight in self._flights.items() if flight.names & names]:
                del self._flights[name]

    # In threads

    def ask(self, calls: Sequence[Call], world: World) -> list[Any]:
        """Ask, in this thread and others; see `credit_check_sdk.flow.Ask`."""
        claimed = [self._claim(call) for call in calls]
        led = [(call, flight) for call, (flight, leading) in zip(calls, claimed, strict=True) if leading]
        if led:
            self._lead(led, world, alone=len(calls) == 1)
        results = [self._wait(call, flight) for call, (flight, _) in zip(calls, claimed, strict=True)]
        return self._ended(
            [
                self.ask([call], world)[0] if isinstance(result, _Abandoned) and not leading else result
                for call, (_, leading), result in zip(calls, claimed, results, strict=True)
            ]
        )

    def _lead(self, led: Sequence[tuple[Call, _Flight]], world: World, *, alone: bool) -> None:
        try:
            ours = [pair for pair in led if self._leading.claim(pair[0])]
            going = self._going(ours, self._clear([call for call, _ in ours]))
            others = [pair for pair in led if pair not in ours]
            if alone:
                for call, flight in going:
                    self._fly(call, flight, world)
                for call, flight in others:
                    self._follow(call, flight, world)
                return
            pool = world.pool()
            for do, pairs in ((self._fly, going), (self._follow, others)):
                for call, flight in pairs:
                    pool.submit(contextvars.copy_context().run, do, call, flight, world)
        except BaseException as error:
            for call, flight in led:
                self._landed_everywhere(call, flight, error if isinstance(error, Exception) else _Abandoned())
            if not isinstance(error, LedgerError | SetupError):
                raise

    def _fly(self, call: Call, flight: _Flight, world: World) -> None:
        from credit_check_sdk._shell.drivers import run

        try:
            with world.exchange.within(call.budget):
                self._landed_everywhere(call, flight, self._attempts(call, world, run))
        except BaseException as error:
            self._landed_everywhere(call, flight, error if isinstance(error, Exception) else _Abandoned())
            if not isinstance(error, Exception):
                raise

    def _follow(self, call: Call, flight: _Flight, world: World) -> None:
        """Wait for another process's result; lead if that one goes away without."""
        ends = self._clock() + call.budget
        while self._clock() < ends:
            result, led = self._leading.landed(call)
            if result is not NOTHING:
                self._land(call, flight, result)
                return
            if not led and self._leading.claim(call):
                self._lead_now([(call, flight)], world)
                return
            world.pause(LOOK_EVERY)
        self._land(call, flight, _late(call))

    def _lead_now(self, led: Sequence[tuple[Call, _Flight]], world: World) -> None:
        """Lead calls whose lead this process has already."""
        try:
            for call, flight in self._going(led, self._clear([call for call, _ in led])):
                self._fly(call, flight, world)
        except BaseException as error:
            for call, flight in led:
                self._landed_everywhere(call, flight, error if isinstance(error, Exception) else _Abandoned())
            if not isinstance(error, Exception):
                raise

    def _attempts(self, call: Call, world: World, run: Callable[..., Any]) -> Any:
        line, ends, tried = self._line(call), self._clock() + call.budget, 0
        while True:
            tried += 1
            try:
                with line.attempt():
                    return run(call.make(), world, branch=True)
            except Exception as error:
                wait = line.wait_after(error, tried, ends - self._clock())
                if wait is None or not self._spend_again(call):
                    line.failures += 1
                    raise
            world.pause(wait)

    def _wait(self, call: Call, flight: _Flight) -> Any:
        try:
            return flight.landed.result(call.budget + _GRACE)
        except Late:
            return _late(call)

    # On an event loop

    async def ask_async(self, calls: Sequence[Call], world: World) -> list[Any]:
        """Ask, in tasks of the running event loop; see `credit_check_sdk.flow.Ask`."""
        claimed = [self._claim(call) for call in calls]
        led = [(call, flight) for call, (flight, leading) in zip(calls, claimed, strict=True) if leading]
        if led:
            self._start(self._lead_async(led, world), led)
        waiting = (self._wait_async(call, flight) for call, (flight, _) in zip(calls, claimed, strict=True))
        results = await asyncio.gather(*waiting)
        again = [
            place
            for place, (_, leading) in enumerate(claimed)
            if isinstance(results[place], _Abandoned) and not leading
        ]
        for place in again:
            results[place] = (await self.ask_async([calls[place]], world))[0]
        return self._ended(results)

    def _start(self, work: Coroutine[Any, Any, None], led: Sequence[tuple[Call, _Flight]]) -> None:
        """Run *work* as a task of its own, which no caller's cancellation reaches; whatever happens, its calls land."""

        def ended(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            for call, flight in led:
                self._land(call, flight, _Abandoned())

        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(ended)

    async def aclose(self) -> None:
        """Break off what this event loop still asks; whoever waits for it elsewhere leads by himself."""
        loop = asyncio.get_running_loop()
        mine = [task for task in self._tasks if task.get_loop() is loop]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _lead_async(self, led: Sequence[tuple[Call, _Flight]], world: World) -> None:
        ours: list[tuple[Call, _Flight]] = list(led)
        others: list[tuple[Call, _Flight]] = []
        if self._leading.shared:
            claimed = await asyncio.to_thread(lambda: [self._leading.claim(call) for call, _ in led])
            ours = [pair for pair, leading in zip(led, claimed, strict=True) if leading]
            others = [pair for pair, leading in zip(led, claimed, strict=True) if not leading]
        following = [self._follow_async(call, flight, world) for call, flight in others]
        await asyncio.gather(self._lead_now_async(ours, world), *following)

    async def _lead_now_async(self, led: Sequence[tuple[Call, _Flight]], world: World) -> None:
        try:
            refused = await asyncio.to_thread(self._clear, [call for call, _ in led])
        except Exception as error:  # noqa: BLE001  it is everybody's answer
            for call, flight in led:
                await self._landed_async(call, flight, error)
            return
        going = self._going(led, refused)
        await asyncio.gather(*(self._fly_async(call, flight, world) for call, flight in going))

    async def _fly_async(self, call: Call, flight: _Flight, world: World) -> None:
        from credit_check_sdk._shell.drivers import run_async

        with world.exchange.within(call.budget):
            try:
                result = await self._attempts_async(call, world, run_async)
            except Exception as error:  # noqa: BLE001  it is everybody's answer
                result = error
            await self._landed_async(call, flight, result)

    async def _follow_async(self, call: Call, flight: _Flight, world: World) -> None:
        ends = self._clock() + call.budget
        while self._clock() < ends:
            result, led = await asyncio.to_thread(self._leading.landed, call)
            if result is not NOTHING:
                self._land(call, flight, result)
                return
            if not led and await asyncio.to_thread(self._leading.claim, call):
                await self._lead_now_async([(call, flight)], world)
                return
            await asyncio.sleep(LOOK_EVERY)
        self._land(call, flight, _late(call))

    async def _landed_async(self, call: Call, flight: _Flight, result: Any) -> None:
        if self._leading.shared:
            await asyncio.to_thread(self._leading.land, call, result)
        self._land(call, flight, result)

    async def _attempts_async(self, call: Call, world: World, run: Callable[..., Any]) -> Any:
        line, ends, tried = self._line(call), self._clock() + call.budget, 0
        while True:
            tried += 1
            try:
                with line.attempt():
                    return await run(call.make(), world, branch=True)
            except Exception as error:
                wait = line.wait_after(error, tried, ends - self._clock())
                if wait is None or not await asyncio.to_thread(self._spend_again, call):
                    line.failures += 1
                    raise
            await asyncio.sleep(wait)

    async def _wait_async(self, call: Call, flight: _Flight) -> Any:
        if flight.landed.done():
            return flight.landed.result()
        try:
            async with asyncio.timeout(call.budget + _GRACE):
                return await asyncio.shield(asyncio.wrap_future(flight.landed))
        except TimeoutError:
            return _late(call)

    # What both share

    def _claim(self, call: Call) -> tuple[_Flight, bool]:
        """Join the call that is under way, or lead one."""
        names = frozenset((key.source, key.scheme, key.value) for key in call.keys)
        if not call.keys:
            return _Flight(names), True
        with self._lock:
            self._prune()
            flight = self._flights.get(call.keys)
            if flight is not None and (flight.at is None or flight.at >= call.at):
                return flight, False
            flight = self._flights[call.keys] = _Flight(names)
            return flight, True

    def _prune(self) -> None:
        now = self._clock()
        while self._landed and self._landed[0][1].gone <= now:
            name, flight = self._landed.popleft()
            if self._flights.get(name) is flight:
                del self._flights[name]

    def _landed_everywhere(self, call: Call, flight: _Flight, result: Any) -> None:
        # A refusal concerns this process alone, so that others are only told that nobody leads any more.
        refused = isinstance(result, ExchangeError) and result.code in _OURS
        self._leading.land(call, None if refused else result)
        self._land(call, flight, result)

    def _land(self, call: Call, flight: _Flight, result: Any) -> None:
        with self._lock:
            if flight.landed.done():
                return
            flight.at, flight.gone = self._wall(), self._clock() + _LINGER
            if self._flights.get(call.keys) is flight:
                if isinstance(result, _Abandoned):
                    del self._flights[call.keys]
                else:
                    self._landed.append((call.keys, flight))
            flight.landed.set_result(result)

    def _clear(self, calls: Sequence[Call]) -> dict[str, ExchangeError]:
        """Let calls leave: refuse what may not be asked now, note the rest, take it from quotas.

        Raises:
            LedgerError: it cannot be noted; then nothing may leave.
        """
        self._board.read()
        refused: dict[str, ExchangeError] = {}
        for call in calls:
            line = self._line(call)
            line.consultations += 1
            refusal = isolated(call.source) if call.source in self._board.isolated else line.refusal()
            if refusal is not None:
                refused[call.source] = refusal
        leaving = [call for call in calls if call.source not in refused]
        now = datetime.now(UTC)
        taken = [spending(self._line(call).settings, now, mandatory=call.mandatory) for call in leaving]
        notes = [note for call in leaving for note in call.notes]
        exhausted = self._audit.write(notes, [each for each in taken if each is not None])
        mandatory = {call.source: call.mandatory for call in calls}
        return refused | {name: out_of_quota(name, mandatory=mandatory[name]) for name in exhausted}

    def _spend_again(self, call: Call) -> bool:
        """Take another try from the daily quota; False where it does not allow one."""
        each = spending(self._line(call).settings, datetime.now(UTC), mandatory=call.mandatory)
        try:
            return each is None or not self._audit.write((), (each,))
        except LedgerError:
            return False

    def _going(
        self, led: Sequence[tuple[Call, _Flight]], refused: Mapping[str, ExchangeError]
    ) -> list[tuple[Call, _Flight]]:
        for call, flight in led:
            if call.source in refused:
                self._line(call).failures += 1
                self._landed_everywhere(call, flight, refused[call.source])
        return [(call, flight) for call, flight in led if call.source not in refused]

    def _line(self, call: Call) -> Line:
        line = self.lines.get(call.source)
        if line is None:
            from credit_check_sdk.spi import SourceSettings

            line = self.lines[call.source] = Line(SourceSettings(id=call.source, level="municipal"), self._clock)
        return line

    @staticmethod
    def _ended(results: list[Any]) -> list[Any]:
        """Raise what concerns the whole check; an abandoned call is one that had no answer."""
        for result in results:
            if isinstance(result, LedgerError | SetupError):
                raise result
        return [_gone() if isinstance(result, _Abandoned) else result for result in results]


def _late(call: Call) -> NoAnswerError:
    return NoAnswerError(
        "it did not answer in time",
        "没有在时限内答复",
        code="source.timeout",
        source=call.source,
        retryable=True,
        remedy_en="try again, or raise `budget`",
        remedy_zh="请稍后重试，或调高 budget",
    )


def _gone() -> NoAnswerError:
    return NoAnswerError(
        "the consultation was broken off",
        "查询被中止",
        retryable=True,
        remedy_en="check again",
        remedy_zh="请重新核查",
    )
