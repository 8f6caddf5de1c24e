"""The built-in feed passes the suite that every feed passes: with replies fed by hand, and against the sandbox."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from credit_check_sdk._shell.drivers import run, run_async
from credit_check_sdk._shell.exchange import Exchange
from credit_check_sdk._shell.world import World as RealWorld
from credit_check_sdk.errors import NotSentError, NotUnderstoodError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.model import Changes
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.feed import PlatformFeed
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.spi import Feed, SourceSettings
from credit_check_sdk.testing import FeedConformance, FeedScenario, FeedUnderTest, FixedFeed, World
from credit_check_sdk.testing.conformance import RECORD
from credit_check_sdk.testing.feeds import TOLD
from tests.kit import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk.flow import Flow

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
INSTEAD = {
    "status_500": Reply(500, JSON, b'{"code":"platform.broken","detail":"x"}'),
    "garbage": Reply(200, JSON, b"<html>It works!</html>"),
    "truncated": Reply(200, JSON, b'{"as_of":"2026-11-23T01:00:00Z","environment":"sand'),
    "lost_cursor": Reply(410, JSON, b'{"code":"cursor.unknown","detail":"x"}'),
}


def feed(url: str = "http://127.0.0.1:8801/municipal") -> PlatformFeed:
    """Make the built-in feed."""
    settings = SourceSettings(id="municipal", level="municipal", base_url=url, key_id="demo")
    return PlatformFeed(settings, HmacSigner("demo", "demo-secret"), "sandbox")


def items() -> list[wire.ChangeItem]:
    """Tell what happened to the record, an hour apart."""
    stated = RECORD.model_dump(exclude={"source"}, context={"reveal": True})
    return [
        wire.ChangeItem(
            cursor=str(place),
            record_id=RECORD.record_id,
            change=kind,
            at=NOW + timedelta(hours=place),
            record=wire.WireRecord.model_validate(stated, strict=False),
        )
        for place, kind in enumerate(TOLD, 1)
    ]


def serve_pages(size: int, *, unknown: bool = False) -> Callable[[Request, str], Reply]:
    """Serve the changes *size* at a time."""

    def serve(request: Request, source: str) -> Reply:
        assert source == "municipal"
        assert request.method == "GET"
        assert wire.SIGNATURE_HEADER in request.headers
        start = int(parse_qs(urlsplit(request.url).query).get("since", ["0"])[0])
        page = items()[start : start + size]
        end = start + len(page)
        reply = wire.ChangesReply(
            as_of=NOW, environment="sandbox", changes=tuple(page), cursor=str(end), more=end < len(TOLD)
        )
        body = wire.dump(reply)
        return Reply(200, JSON, body.replace(b'"repaired"', b'"pardoned"') if unknown else body)

    return serve


class TestByHand(FeedConformance):
    @pytest.fixture
    def serve_feed(self) -> Callable[[FeedScenario], FeedUnderTest]:
        def serving(scenario: FeedScenario) -> FeedUnderTest:
            serve = serve_pages(
                2 if scenario.behaviour == "pages" else 100, unknown=scenario.behaviour == "unknown_kind"
            )
            if scenario.behaviour == "silent":
                serve = _unreachable
            if scenario.behaviour in INSTEAD:
                instead = INSTEAD[scenario.behaviour]
                serve = lambda request, source: instead  # noqa: ARG005, E731  it answers everything alike
            return FeedUnderTest(feed(), World(serve=serve).run)

        return serving


def _unreachable(_request: Request, _source: str) -> Reply:
    raise NotSentError("it cannot be reached", "无法连接", remedy_en="try again", remedy_zh="请重试")


def _real(exchange: Exchange) -> RealWorld:
    nothing = cast("Any", None)
    return RealWorld(exchange=exchange, memory=nothing, ledger=nothing, audit=nothing, keys=nothing)


def _in_this_thread(flow: Flow[Any]) -> Any:
    exchange = Exchange()
    try:
        return run(flow, _real(exchange))
    finally:
        exchange.close()


def _on_a_loop(flow: Flow[Any]) -> Any:
    async def main() -> Any:
        exchange = Exchange()
        try:
            return await run_async(flow, _real(exchange))
        finally:
            await exchange.aclose()

    return asyncio.run(main())


FAULTS: dict[str, dict[str, Any]] = {
    "silent": {"kind": "disconnect"},
    "status_500": {"kind": "status", "value": 500},
    "garbage": {"kind": "garbage"},
    "truncated": {"kind": "truncate"},
    "lost_cursor": {"kind": "status", "value": 410},
}


class TestSandbox(FeedConformance):
    @pytest.fixture(params=[_in_this_thread, _on_a_loop], ids=["sync", "async"])
    def serve_feed(self, request: pytest.FixtureRequest, sandbox: Any) -> Callable[[FeedScenario], FeedUnderTest]:
        def serving(scenario: FeedScenario) -> FeedUnderTest:
            if scenario.behaviour in {"pages", "unknown_kind"}:
                pytest.skip("the sandbox has pages of 500, and knows every kind")
            number = sandbox.put_record(record())
            for kind in scenario.told:
                sandbox.change(number, kind)
            if scenario.behaviour in FAULTS:
                sandbox.faults([{"level": "municipal", "path": wire.CHANGES, **FAULTS[scenario.behaviour]}])
            return FeedUnderTest(feed(f"{sandbox.url}/municipal"), request.param)

        return serving


def test_the_fixed_feed_has_the_shape_of_a_feed_and_pages() -> None:
    told = [item.record.record("x") for item in items() if item.record]
    assert told
    changes = World(serve=serve_pages(100)).run(feed().changes(None, 0.0)).changes
    fixed = FixedFeed(changes=changes, page=2)
    assert isinstance(fixed, Feed)
    first = World().run(fixed.changes(None, 0.0))
    assert (len(first.changes), first.cursor, first.more) == (2, "2", True)
    assert World().run(fixed.changes("4", 0.0)).more is False
    fixed.lost = True
    with pytest.raises(NotUnderstoodError, match="no longer knows"):
        World().run(fixed.changes("4", 0.0))


def test_it_waits_as_long_as_the_platform_may_and_no_longer() -> None:
    asked: list[Request] = []

    def serve(request: Request, source: str) -> Reply:
        asked.append(request)
        return serve_pages(100)(request, source)

    page = World(serve=serve).run(feed().changes(None, 600.0))
    assert isinstance(page, Changes)
    assert "wait=60" in asked[0].url
    assert asked[0].timeout == pytest.approx(63.0)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"environment": "production"}, "source.environment"),
        ({"more": True, "changes": ()}, "source.not_understood"),
    ],
)
def test_a_page_that_cannot_be_meant_for_us_is_refused(changed: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"as_of": NOW, "environment": "sandbox", "changes": tuple(items()), "cursor": "5"}
    reply = wire.ChangesReply(**{**given, **changed})
    with pytest.raises(NotUnderstoodError) as raised:
        World(serve=lambda _request, _source: Reply(200, JSON, wire.dump(reply))).run(feed().changes("5", 0.0))
    assert raised.value.code == code


def test_a_change_that_shows_another_record_is_refused() -> None:
    (first, *_) = items()
    assert first.record is not None
    wrong = first.model_copy(update={"record": first.record.model_copy(update={"record_id": "R-other"})})
    reply = wire.ChangesReply(as_of=NOW, environment="sandbox", changes=(wrong,), cursor="1")
    with pytest.raises(NotUnderstoodError, match="another record"):
        World(serve=lambda _request, _source: Reply(200, JSON, wire.dump(reply))).run(feed().changes(None, 0.0))
