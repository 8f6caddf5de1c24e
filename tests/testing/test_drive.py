"""Driving flows by hand: scripts that insist, and worlds that answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import NotSentError
from credit_check_sdk.flow import Load, NewId, Now, Pause, Reply, Request, Send, Sign, Together, Verify
from credit_check_sdk.model.ledger import LatestCheck
from credit_check_sdk.testing import World, branches, run_with, script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.testing.drive import Step

MOMENT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
UNREACHABLE = NotSentError("it cannot be reached", "无法连接")


async def numbered(prefix: str) -> str:
    return f"{await NewId(prefix)} at {(await Now()).isoformat()}"


async def contained() -> str:
    try:
        await Send(Request("GET", "http://h/"), "municipal")
    except NotSentError as error:
        return error.code
    return "sent"


async def both() -> Sequence[Any]:
    return await Together(((1.0, lambda: numbered("a")), (2.0, contained)))


def test_a_script_feeds_answers_in_turn() -> None:
    result = script(numbered("dec"), [(NewId("dec"), "dec_1"), (Now, MOMENT)])
    assert result == "dec_1 at 2026-11-23T01:00:00+00:00"


def test_an_answer_may_depend_on_the_effect() -> None:
    steps: list[Step] = [(lambda effect: effect.prefix == "dec", lambda effect: effect.prefix * 2), (Now(), MOMENT)]
    assert script(numbered("dec"), steps).startswith("decdec at")


def test_an_answer_that_is_an_exception_is_raised_in_the_flow() -> None:
    assert script(contained(), [(Send, UNREACHABLE)]) == "source.unreachable"


def test_branches_have_scripts_of_their_own() -> None:
    result = script(
        both(),
        [
            (
                Together,
                lambda together: branches(
                    together, [(NewId("a"), "a_1"), (Now(), MOMENT)], [(Send, Reply(200, {}, b""))]
                ),
            )
        ],
    )
    assert list(result) == ["a_1 at 2026-11-23T01:00:00+00:00", "sent"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([(NewId("prop"), "x"), (Now(), MOMENT)], "step 1: expected NewId"),
        ([(NewId("dec"), "x"), (Send, MOMENT)], "step 2: expected"),
        ([(NewId("dec"), "x")], "step 2: the script is over"),
        ([(NewId("dec"), "x"), (Now(), MOMENT), (Now(), MOMENT)], "the script goes on with Now"),
    ],
)
def test_a_flow_that_leaves_its_script_is_found_out(steps: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        script(numbered("dec"), steps)


def test_a_flow_that_contains_everything_cannot_contain_a_finding() -> None:
    async def greedy() -> str:
        try:
            await Now()
        except Exception:  # noqa: BLE001  this is what is tested
            return "swallowed"
        return "answered"

    with pytest.raises(AssertionError, match="expected Send"):
        script(greedy(), [(Send, None)])
    with pytest.raises(AssertionError, match="there is no function"):
        run_with(greedy(), {})


def test_functions_answer_by_kind_and_branches_too() -> None:
    def unreachable(_: Send) -> Reply:
        raise UNREACHABLE

    def numbering(effect: NewId) -> str:
        return f"{effect.prefix}_1"

    answers: dict[Any, Any] = {NewId: numbering, Now: lambda _: MOMENT, Send: unreachable}
    assert run_with(both(), answers) == ["a_1 at 2026-11-23T01:00:00+00:00", "source.unreachable"]


def test_a_branchs_exception_is_its_result() -> None:
    async def fails() -> None:
        raise UNREACHABLE

    async def flow() -> Sequence[Any]:
        return await Together(((1.0, fails), (1.0, contained)))

    first, second = World().run(flow())
    assert (first, second) == (UNREACHABLE, "source.unreachable")


def test_no_branch_may_reach_the_ledger() -> None:
    async def reaches() -> Any:
        return await Load(LatestCheck("c", "accept"))

    async def flow() -> Sequence[Any]:
        return await Together(((1.0, reaches),))

    with pytest.raises(AssertionError, match="no branch of Together may await Load"):
        World().run(flow())


def test_what_is_no_effect_is_found_out() -> None:

    async def sleeps() -> None:
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="which is no effect"):
        run_with(sleeps(), {})


def test_the_clock_of_a_world_stands_still_until_it_is_told() -> None:
    world = World(MOMENT)

    async def flow() -> tuple[datetime, datetime, datetime]:
        before = await Now()
        await Pause(2.5)
        return before, await Now(), await Now()

    assert world.run(flow()) == (MOMENT, MOMENT + timedelta(seconds=2.5), MOMENT + timedelta(seconds=2.5))
    assert [type(effect) for effect in world.seen] == [Now, Pause, Now, Now]


def test_a_world_recognises_its_own_receipts_only() -> None:
    async def flow() -> tuple[Any, Any]:
        token = await Sign({"jti": "dec_1"})
        return await Verify(token), await Verify(token + "x")

    assert World().run(flow()) == ({"jti": "dec_1"}, None)
