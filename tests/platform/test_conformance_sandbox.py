"""The built-in source and channel pass the suites against a running sandbox, on a thread and on an event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_sdk._shell.drivers import run, run_async
from credit_check_sdk._shell.exchange import Exchange
from credit_check_sdk._shell.world import World
from credit_check_sdk.flow import Flow
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.channel import PlatformChannel
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import (
    ChannelConformance,
    ChannelScenario,
    ChannelUnderTest,
    SourceConformance,
    SourceScenario,
    SourceUnderTest,
)
from credit_check_sdk.testing.conformance import delivery

if TYPE_CHECKING:
    from credit_check_sdk.testing.plugin import RunningSandbox

Run = Callable[[Flow[Any]], Any]
FAULTS: dict[str, dict[str, Any]] = {
    "wrong_subject": {"kind": "wrong_subject"},
    "silent": {"kind": "disconnect"},
    "status_500": {"kind": "status", "value": 500},
    "garbage": {"kind": "garbage"},
    "truncated": {"kind": "truncate"},
    "empty": {"kind": "empty"},
    "busy": {"kind": "status", "value": 503, "times": 1},
    "lost_ack": {"kind": "lost_ack", "times": 1},
}
CANNOT = {
    "partial": "the sandbox answers about everybody",
    "wrong_record": "the sandbox mixes up whole subjects only",
    "wrong_request_id": "the sandbox repeats the number of the request",
}


def _world(exchange: Exchange) -> World:
    """Give a world that can send and tell the time; nothing here needs more."""
    nothing = cast("Any", None)
    return World(exchange=exchange, memory=nothing, ledger=nothing, audit=nothing, keys=nothing)


def _in_this_thread(flow: Flow[Any]) -> Any:
    exchange = Exchange()
    try:
        return run(flow, _world(exchange))
    finally:
        exchange.close()


def _on_a_loop(flow: Flow[Any]) -> Any:
    async def main() -> Any:
        exchange = Exchange()
        try:
            return await run_async(flow, _world(exchange))
        finally:
            await exchange.aclose()

    return asyncio.run(main())


@pytest.fixture(params=[_in_this_thread, _on_a_loop], ids=["sync", "async"])
def driver(request: pytest.FixtureRequest) -> Run:
    return cast("Run", request.param)


def _settings(sandbox: RunningSandbox) -> SourceSettings:
    return SourceSettings(id="municipal", level="municipal", base_url=f"{sandbox.url}/municipal", key_id="demo")


def _break(sandbox: RunningSandbox, behaviour: str, path: str) -> None:
    if behaviour in CANNOT:
        pytest.skip(CANNOT[behaviour])
    if behaviour in FAULTS:
        fault = {"level": "municipal", "path": path, "rate": 1.0, "times": -1, "value": None, "retry_after": None}
        sandbox.faults([{**fault, **FAULTS[behaviour]}])


class TestPlatformSource(SourceConformance):
    @pytest.fixture
    def serve(self, credit_sandbox: RunningSandbox, driver: Run) -> Callable[[SourceScenario], SourceUnderTest]:
        def serving(scenario: SourceScenario) -> SourceUnderTest:
            if scenario.behaviour != "unknown":
                for subject in scenario.answered:
                    if subject.identifiers:
                        credit_sandbox.put_subject(json.loads(wire.dump(subject)))
            for record in scenario.records:
                stated = record.model_copy(update={"level": "municipal"})
                document = stated.model_dump(
                    mode="json", context={"reveal": True}, exclude={"source", "match", "observed_at"}
                )
                credit_sandbox.put_record(document)
            _break(credit_sandbox, scenario.behaviour, wire.CHECKS)
            signer = HmacSigner("demo", "demo-secret")
            return SourceUnderTest(PlatformSource(_settings(credit_sandbox), signer, "sandbox"), driver)

        return serving


class TestPlatformChannel(ChannelConformance):
    @pytest.fixture
    def serve(self, credit_sandbox: RunningSandbox, driver: Run) -> Callable[[ChannelScenario], ChannelUnderTest]:
        def serving(scenario: ChannelScenario) -> ChannelUnderTest:
            channel = PlatformChannel(_settings(credit_sandbox), HmacSigner("demo", "demo-secret"), "sandbox")
            if scenario.behaviour.startswith("refuses"):
                # A key that was used for other content is refused for good.
                key = scenario.refused or "fb_1"
                other = delivery(key).model_copy(update={"body": delivery("fb_other").body})
                driver(channel.deliver([other]))
            before = credit_sandbox.received("feedback")["effects"]
            _break(credit_sandbox, scenario.behaviour, wire.DELIVERIES["response"])
            return ChannelUnderTest(channel, driver, lambda: credit_sandbox.received("feedback")["effects"] - before)

        return serving
