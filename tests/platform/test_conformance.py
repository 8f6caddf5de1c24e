"""The built-in source and channel pass the suites that every plugin passes: with replies fed by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import NotSentError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.platform import wire
from credit_check_sdk.testing import (
    ChannelConformance,
    ChannelScenario,
    ChannelUnderTest,
    SourceConformance,
    SourceScenario,
    SourceUnderTest,
    World,
)
from credit_check_sdk.testing.conformance import OTHER_FIRM

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = {"content-type": "application/json"}
INSTEAD = {
    "status_500": Reply(500, JSON, b'{"code":"platform.broken","detail":"x"}'),
    "garbage": Reply(200, JSON, b"<html>It works!</html>"),
    "truncated": Reply(200, JSON, b'{"request_id":"req_1","as_of":"2026-11-23T01:00:00Z","environment":"sand'),
    "empty": Reply(200, JSON, b""),
}


def _unreachable(_: Request) -> Reply:
    raise NotSentError("it cannot be reached", "无法连接", remedy_en="try again", remedy_zh="请重试")


class TestPlatformSource(SourceConformance):
    @pytest.fixture
    def serve(self, platform: Any, make_source: Callable[..., Any]) -> Callable[[SourceScenario], SourceUnderTest]:
        def serving(scenario: SourceScenario) -> SourceUnderTest:
            platform.records = list(scenario.records)
            platform.left_out = [subject for subject in scenario.asked if subject not in scenario.answered]
            match scenario.behaviour:
                case "unknown":
                    platform.unknown = list(scenario.asked)
                case "wrong_subject":
                    platform.result_changes = {"subject": OTHER_FIRM}
                case "wrong_record":
                    stated = scenario.records[0].model_dump(exclude={"source"}, context={"reveal": True})
                    platform.result_changes = {"records": (wire.WireRecord.model_validate(stated),)}
                case "wrong_request_id":
                    platform.reply_changes = {"request_id": "req_of_somebody_else"}
                case "silent":
                    platform.before = _unreachable
                case "status_500" | "garbage" | "truncated" | "empty":
                    platform.before = lambda _: INSTEAD[scenario.behaviour]
            return SourceUnderTest(make_source(), run=World(serve=platform.serve).run)

        return serving


class TestPlatformChannel(ChannelConformance):
    @pytest.fixture
    def serve(self, platform: Any, make_channel: Callable[..., Any]) -> Callable[[ChannelScenario], ChannelUnderTest]:
        def serving(scenario: ChannelScenario) -> ChannelUnderTest:
            match scenario.behaviour:
                case "refuses":
                    platform.refused = {"fb_1", "fb_2", "fb_3"}
                case "refuses_one":
                    platform.refused = {scenario.refused}
                case "busy":
                    busy = [Reply(503, {"retry-after": "2"}, b"")]
                    platform.before = lambda _: busy.pop() if busy else None
                case "lost_ack":
                    platform.loses = 1
                case "silent":
                    platform.before = _unreachable
                case "garbage":
                    platform.before = lambda _: INSTEAD["garbage"]
            world = World(serve=platform.serve)
            world.pass_time(timedelta(seconds=1))
            return ChannelUnderTest(make_channel(), world.run, lambda: len(platform.effects))

        return serving
