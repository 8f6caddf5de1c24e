"""Drive flows by hand: assert what a flow asks of the world and answer it. It performs no I/O itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from credit_check_sdk.flow import Ask, Audit, Effect, Flow, Forget, Load, Move, Record, Together

T = TypeVar("T")

Expected = Effect[Any] | type[Effect[Any]] | Callable[[Any], bool]
"""What the next effect must be: equal to this one, of this kind, or such that this says yes."""
Step = tuple[Expected, Any]
"""What the next effect must be, and its answer: a value; an exception, to be raised; or a function of the effect."""

_OUTSIDE_BRANCHES = (Ask, Audit, Forget, Load, Move, Record)


def script(flow: Flow[T], steps: Iterable[Step]) -> T:
    """Run *flow*, insist on each of its effects in turn and feed the answers; give what it returns.

    ::

        signed = script(
            signer.sign(request),
            [(Now(), datetime(2026, 11, 23, 1, tzinfo=UTC)), (NewId("nonce"), "nonce_1")],
        )

    An answer that is an exception is raised inside the flow; one that can be called is called with the effect. For a
    `Together`, answer with ``lambda together: branches(together, steps_of_first, steps_of_second)``.

    Raises:
        AssertionError: the flow asked for something else, for more, or ended before the script did.
        Exception: whatever the flow itself raises.
    """
    waiting = iter(steps)
    done = 0

    def answer(effect: Effect[Any]) -> Any:
        nonlocal done
        step = next(waiting, None)
        done += 1
        if step is None:
            raise AssertionError(f"step {done}: the script is over and the flow asks for {effect!r}")
        expected, result = step
        if not _meets(effect, expected):
            wanted = expected.__name__ if isinstance(expected, type) else repr(expected)
            raise AssertionError(f"step {done}: expected {wanted}, and the flow asks for {effect!r}")
        return _result(effect, result)

    result = _run(flow, answer)
    left = list(waiting)
    if left:
        raise AssertionError(f"the flow ended after {done} steps, and the script goes on with {left[0][0]!r}")
    return result


def branches(together: Together, *steps: Iterable[Step]) -> Sequence[Any]:
    """Run each branch of *together* by a script of its own; give results and exceptions in order.

    Raises:
        AssertionError: there are more or fewer branches than scripts, or a branch leaves its script.
    """
    makers = [make for _, make in together.branches]
    if len(makers) != len(steps):
        raise AssertionError(f"there are {len(makers)} branches and {len(steps)} scripts")
    return [_contained(partial(script, make(), own)) for make, own in zip(makers, steps, strict=True)]


def run_with(flow: Flow[T], handlers: Mapping[type[Effect[Any]], Callable[[Any], Any]]) -> T:
    """Run *flow*; each effect is answered by the function of its kind, given the effect.

    A function that raises raises inside the flow. Branches of `Together` are run one after the other with the same
    functions, unless there is one for `Together`. So are the calls of `Ask`, each tried once, after their notes were
    given to the function for `Audit`.

    Raises:
        AssertionError: there is no function for an effect, or a branch asks for what no branch may.
        Exception: whatever the flow itself raises.
    """

    def answer(effect: Effect[Any], *, inside: bool = False) -> Any:
        if inside and isinstance(effect, _OUTSIDE_BRANCHES):
            raise AssertionError(f"no branch of Together may await {type(effect).__name__}")
        handler = handlers.get(type(effect))
        if handler is not None:
            return handler(effect)
        if isinstance(effect, Together):
            return [_contained(partial(_run, make(), partial(answer, inside=True))) for _, make in effect.branches]
        if isinstance(effect, Ask):
            notes = tuple(note for call in effect.calls for note in call.notes)
            if notes and Audit in handlers:
                handlers[Audit](Audit(notes))
            return [_contained(partial(_run, call.make(), partial(answer, inside=True))) for call in effect.calls]
        raise AssertionError(f"there is no function for {effect!r}")

    return _run(flow, answer)


def _run(flow: Flow[T], answer: Callable[[Effect[Any]], Any]) -> T:
    proceed: Callable[[Any], Any] = flow.send
    given: Any = None
    try:
        while True:
            try:
                effect = proceed(given)
            except StopIteration as end:
                result: T = end.value
                return result
            if not isinstance(effect, Effect):
                raise AssertionError(f"the flow awaited {effect!r}, which is no effect")  # noqa: TRY004  a finding about the flow under test
            try:
                proceed, given = flow.send, answer(effect)
            except AssertionError:
                raise  # a finding of the test: it does not go through the flow, which might contain it
            except Exception as error:  # noqa: BLE001  it is the answer
                proceed, given = flow.throw, error
    finally:
        flow.close()


def _meets(effect: Effect[Any], expected: Expected) -> bool:
    if isinstance(expected, type):
        return isinstance(effect, expected)
    if isinstance(expected, Effect):
        return effect == expected
    return expected(effect)


def _result(effect: Effect[Any], result: Any) -> Any:
    if isinstance(result, BaseException):
        raise result
    return result(effect) if callable(result) else result


def _contained(run: Callable[[], T]) -> T | Exception:
    """Give what *run* gives, or the exception that ended it; a failed assertion is the test's and goes on."""
    try:
        return run()
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001  Together answers with it
        return error
