"""The relay with the built-in channel: at least once on the wire, once in effect, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_sdk.core.desk import Desk
from credit_check_sdk.core.relay import relay
from credit_check_sdk.errors import NoAnswerError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.model import Feedback
from credit_check_sdk.model.ledger import FeedbackEntry, OutboxRows
from credit_check_sdk.testing import World
from credit_check_sdk.testing.conformance import delivery

if TYPE_CHECKING:
    from credit_check_sdk.platform.channel import PlatformChannel

Trouble = Callable[[Request], Reply | None]


def lost(_: Request) -> Reply | None:
    raise NoAnswerError("it broke", "中断", remedy_en="try again", remedy_zh="请重试")


def garbage(_: Request) -> Reply | None:
    return Reply(200, {"content-type": "application/json"}, b"<html>")


def busy(_: Request) -> Reply | None:
    return Reply(503, {"retry-after": "60"}, b"")


def not_ours(_: Request) -> Reply | None:
    return Reply(401, {}, b"")


@pytest.fixture
def channel(make_channel: Callable[..., PlatformChannel]) -> PlatformChannel:
    return make_channel()


def desk_with(channel: PlatformChannel) -> Desk:
    return Desk(environment="sandbox", catalogue=cast("Any", None), policies={}, channels={"municipal": channel})


def promise(world: World, *keys: str) -> None:
    data = [Feedback.model_validate(delivery(key).body["data"], strict=False) for key in keys]
    world.ledger.record(FeedbackEntry(feedback, "municipal") for feedback in data)


def test_whatever_goes_wrong_on_the_way_each_feedback_has_one_effect(channel: PlatformChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    promise(world, "fb_1", "fb_2")
    platform.loses = 1
    troubles: list[Trouble] = [garbage, busy, not_ours, lost]
    platform.before = lambda request: troubles.pop(0)(request) if troubles else None
    for _ in range(8):
        world.run(relay(desk_with(channel)))
        world.pass_time(timedelta(minutes=30))
    assert [row.state for row in world.ledger.load(OutboxRows())] == ["delivered", "delivered"]
    assert list(platform.effects) == ["fb_1", "fb_2"]
    assert len(world.sent) == 6


def test_what_is_refused_for_good_is_dead_and_shown(channel: PlatformChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    promise(world, "fb_1", "fb_2")
    platform.refused = {"fb_1"}
    report = world.run(relay(desk_with(channel)))
    assert (report.attempted, report.delivered, report.dead, report.errors) == (2, 1, 1, ("item.invalid",))
    assert [row.last_error for row in world.ledger.load(OutboxRows(("dead",)))] == ["item.invalid"]


def test_the_platform_is_not_asked_again_before_the_time_it_asked_for(channel: PlatformChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    promise(world, "fb_1")
    troubles: list[Trouble] = [busy]
    platform.before = lambda request: troubles.pop(0)(request) if troubles else None
    world.run(relay(desk_with(channel)))
    world.pass_time(timedelta(seconds=59))
    assert world.run(relay(desk_with(channel))).attempted == 0
    world.pass_time(timedelta(seconds=1))
    assert world.run(relay(desk_with(channel))).delivered == 1
