"""Feedback of which nobody knows what became of it: asked about, reconciled, never sent blindly a second time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from typing_extensions import override

from credit_check_sdk.core.desk import Desk, RelayRules
from credit_check_sdk.core.outbox import reconcile, status
from credit_check_sdk.core.relay import relay
from credit_check_sdk.errors import InputError, NoAnswerError
from credit_check_sdk.model import Acknowledgement, Delivery
from credit_check_sdk.model.ledger import Lease, OutboxRows
from credit_check_sdk.testing import RecordingChannel, World
from tests.ledger.samples import promise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.core.relay import RelayReport

LATER = timedelta(minutes=30)


def desk_with(*channels: Any, **rules: Any) -> Desk:
    return Desk(
        environment="sandbox",
        catalogue=cast("Any", None),
        policies={},
        channels={channel.id: channel for channel in channels},
        relay=RelayRules(**rules),
    )


@pytest.fixture
def world() -> World:
    made = World()
    made.ledger.record([promise("fb_1", at=made.now), promise("fb_2", at=made.now)])
    return made


def states(world: World) -> dict[str, str]:
    return {row.key: row.state for row in world.ledger.load(OutboxRows())}


def deliver(world: World, channel: RecordingChannel, **rules: Any) -> RelayReport:
    return world.run(relay(desk_with(channel, **rules)))


def effects(channel: RecordingChannel) -> dict[str, int]:
    return {key: len(bodies) for key, bodies in channel.effects.items()}


def test_without_keys_or_look_up_a_lost_answer_is_in_doubt_and_stays_so(world: World) -> None:
    channel = RecordingChannel(idempotent=False, loses=1)
    assert deliver(world, channel).in_doubt == 2
    for _ in range(5):
        world.pass_time(LATER)
        assert deliver(world, channel).attempted == 0
    assert states(world) == {"fb_1": "in_doubt", "fb_2": "in_doubt"}
    assert effects(channel) == {"fb_1": 1, "fb_2": 1}


def test_what_the_platform_has_is_found_by_looking_up(world: World) -> None:
    channel = RecordingChannel(idempotent=False, lookup=True, loses=1)
    assert deliver(world, channel).in_doubt == 2
    assert deliver(world, channel).attempted == 0, "it is not asked again at once"
    world.pass_time(LATER)
    assert deliver(world, channel).delivered == 2
    assert effects(channel) == {"fb_1": 1, "fb_2": 1}
    assert len(channel.deliveries) == 2


def test_what_the_platform_has_not_is_sent_again(world: World) -> None:
    channel = RecordingChannel(
        answers=[NoAnswerError("it broke", "中断", remedy_en="try again", remedy_zh="请重试")],
        idempotent=False,
        lookup=True,
    )
    assert deliver(world, channel).in_doubt == 2
    world.pass_time(LATER)
    assert deliver(world, channel).delivered == 2
    assert effects(channel) == {"fb_1": 1, "fb_2": 1}


def test_a_look_up_that_fails_leaves_it_in_doubt(world: World) -> None:
    class Silent(RecordingChannel):
        @override
        async def look_up(self, keys: Sequence[str]) -> Sequence[Acknowledgement]:
            if len(keys) > 1:
                raise NoAnswerError("it broke", "中断", remedy_en="try again", remedy_zh="请重试")
            return ()

    channel = Silent(idempotent=False, lookup=True, loses=1)
    deliver(world, channel)
    for batch in (10, 1):  # two are asked about at once and fail; one is asked about and left out
        world.pass_time(LATER)
        assert deliver(world, channel, batch=batch).in_doubt == 2
    assert states(world) == {"fb_1": "in_doubt", "fb_2": "in_doubt"}
    assert effects(channel) == {"fb_1": 1, "fb_2": 1}


@pytest.mark.parametrize("lookup", [True, False])
def test_rows_of_a_relay_that_was_killed_are_not_sent_blindly(world: World, *, lookup: bool) -> None:
    """It was killed between leasing and writing down: before or after it sent, nobody knows."""
    channel = RecordingChannel(idempotent=False, lookup=lookup)
    world.ledger.move(Lease("municipal", 1, world.now, timedelta(seconds=60), "killed"))
    world.pass_time(LATER)
    report = deliver(world, channel)
    assert (report.delivered, report.in_doubt) == ((2, 0) if lookup else (1, 1))
    assert effects(channel) == ({"fb_1": 1, "fb_2": 1} if lookup else {"fb_2": 1})


def test_a_passing_refusal_leaves_no_doubt(world: World) -> None:
    """What the platform plainly did not take is sent again, also where it takes keys more than once."""
    busy = Acknowledgement(key="-", verdict="retry", code="source.status")
    channel = RecordingChannel(answers=[busy, busy], idempotent=False)
    assert deliver(world, channel).retried == 2
    world.pass_time(LATER)
    assert deliver(world, channel).delivered == 2
    assert effects(channel) == {"fb_1": 1, "fb_2": 1}


def test_a_look_up_that_outlasts_the_lease_sends_nothing(world: World) -> None:
    class Slow(RecordingChannel):
        @override
        async def look_up(self, keys: Sequence[str]) -> Sequence[Acknowledgement]:
            world.pass_time(LATER)
            return await RecordingChannel.look_up(self, keys)

    channel = Slow(idempotent=False, lookup=True)
    world.ledger.move(Lease("municipal", 10, world.now, timedelta(seconds=60), "killed"))
    world.pass_time(LATER)
    world.run(relay(desk_with(channel), limit=2))
    assert channel.deliveries == []
    assert set(states(world).values()) == {"leased"}


def test_an_officer_says_what_the_platform_told_him(world: World) -> None:
    channel = RecordingChannel(idempotent=False, loses=1)
    deliver(world, channel)
    sealed = len(world.ledger.sealing.recorded)
    world.run(reconcile("fb_1", delivered=True, reason="平台回函", operator="u-1"))
    world.run(reconcile("fb_2", delivered=False, reason="平台回函", operator="u-1"))
    assert len(world.ledger.sealing.recorded) == sealed + 2, "the reasons are on record"
    assert states(world) == {"fb_1": "delivered", "fb_2": "waiting"}
    for key in ("fb_1", "fb_2", "fb_3"):
        with pytest.raises(InputError, match="no feedback in doubt"):
            world.run(reconcile(key, delivered=True, reason="平台回函", operator="u-1"))


def test_a_channel_that_is_not_there_is_left_alone_for_the_rest_of_the_run() -> None:
    world = World()
    world.ledger.record(promise(f"fb_{n}", at=world.now) for n in range(20))
    down = NoAnswerError("down", "中断", remedy_en="wait", remedy_zh="请稍候")
    channel = RecordingChannel(answers=[down] * 20)
    report = deliver(world, channel, batch=2)
    assert report.attempted == 6
    assert world.run(status(desk_with(channel))).counts == {"waiting": 20}


def test_a_relay_that_is_told_to_stop_finishes_its_batch(world: World) -> None:
    channel = RecordingChannel()
    asked: list[bool] = []

    def leaving() -> bool:
        asked.append(len(asked) >= 2)  # once for what is in doubt, once for what is due
        return asked[-1]

    report = world.run(relay(desk_with(channel, batch=1), leaving=leaving))
    assert (report.attempted, report.delivered) == (1, 1)
    assert states(world) == {"fb_1": "delivered", "fb_2": "waiting"}


@pytest.mark.parametrize(("idempotent", "state"), [(True, "waiting"), (False, "in_doubt")])
def test_a_relay_that_is_broken_off_gives_its_rows_back(world: World, state: str, *, idempotent: bool) -> None:
    class Interrupted(RecordingChannel):
        @override
        async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Acknowledgement]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(world, Interrupted(idempotent=idempotent))
    assert set(states(world).values()) == {state}
    (channel,) = world.run(status(desk_with(RecordingChannel()))).channels
    assert channel.state == "untried", "that we stopped says nothing of the platform"


def test_each_channel_says_how_it_stands(world: World) -> None:
    began = world.now
    down = NoAnswerError("down", "中断", remedy_en="wait", remedy_zh="请稍候")
    channel = RecordingChannel(answers=[down, down])
    desk = desk_with(channel)

    def said() -> tuple[Any, ...]:
        (found,) = world.run(status(desk)).channels
        return found.state, found.since, found.last_error, found.oldest_waiting

    assert said() == ("untried", None, None, began)
    world.run(relay(desk))
    assert said() == ("failing", began, "source.no_answer", began)
    world.pass_time(LATER)
    world.run(relay(desk))
    assert said() == ("failing", began, "source.no_answer", began), "since the first failure"
    world.pass_time(LATER)
    world.run(relay(desk))
    assert said() == ("answering", began + 2 * LATER, "source.no_answer", None)
    report = world.run(status(desk))
    assert report.channels[0].delivered_at == world.now
    assert (report.undelivered, report.over_limit) == (0, False)


def test_what_waits_for_a_channel_that_nobody_configured_is_shown(world: World) -> None:
    desk = desk_with(RecordingChannel("national"))
    assert world.run(relay(desk)).attempted == 0
    stand = {each.channel: each.state for each in world.run(status(desk)).channels}
    assert stand == {"municipal": "unrouted", "national": "untried"}


def test_a_clock_that_is_set_back_holds_nothing_up(world: World) -> None:
    channel = RecordingChannel(answers=[Acknowledgement(key="-", verdict="retry", code="source.status")] * 2)
    deliver(world, channel)
    world.pass_time(timedelta(days=-30))
    assert deliver(world, channel).delivered == 2


def test_a_lease_of_before_the_clock_was_set_back_runs_out(world: World) -> None:
    world.ledger.move(Lease("municipal", 10, world.now, timedelta(seconds=60), "killed"))
    world.pass_time(timedelta(days=-30))
    assert deliver(world, RecordingChannel()).delivered == 2
