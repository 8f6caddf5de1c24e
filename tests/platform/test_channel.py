"""The built-in channel, effect by effect: what it hands over, and how it tells passing from permanent refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from credit_check_sdk.errors import NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import NewId, Now, Reply, Request, Send
from credit_check_sdk.model import Acknowledgement, Delivery
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.channel import PlatformChannel
from credit_check_sdk.testing import World, script
from credit_check_sdk.testing.conformance import delivery

MOMENT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}
MakeChannel = Callable[..., PlatformChannel]


def deliver(channel: PlatformChannel, world: World, *deliveries: Delivery) -> list[Acknowledgement]:
    return list(world.run(channel.deliver(deliveries)))


def verdicts(answers: list[Acknowledgement]) -> dict[str, tuple[str, str | None]]:
    return {answer.key: (answer.verdict, answer.code) for answer in answers}


def test_a_batch_is_one_signed_request_with_a_key_of_its_own_and_one_for_each_item(make_channel: MakeChannel) -> None:
    sent: list[Request] = []

    def answer(effect: Send) -> Reply:
        sent.append(effect.request)
        results = (
            wire.ItemResult(idempotency_key="fb_1", verdict="accepted"),
            wire.ItemResult(idempotency_key="fb_2", verdict="duplicate"),
        )
        return Reply(200, JSON, wire.dump(wire.FeedbackReply(results=results)))

    answers = script(
        make_channel().deliver([delivery("fb_1"), delivery("fb_2")]),
        [(Now(), MOMENT), (NewId("nonce"), "nonce_1"), (Send, answer), (Now(), MOMENT)],
    )
    (request,) = sent
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:8801/municipal/v1/feedback")
    assert request.headers["Idempotency-Key"].startswith("batch_")
    assert request.headers["X-Credit-Key"] == "demo"
    items = json.loads(request.body)["items"]
    assert [item["idempotency_key"] for item in items] == ["fb_1", "fb_2"]
    assert items[0]["body"]["data"]["identifier"]["value"] == "91451100MA5AAAAA2F"
    assert wire.parse(wire.CloudEvent, json.dumps(items[0]["body"]).encode()).id == "fb_1"
    assert answers == (
        Acknowledgement(key="fb_1", verdict="delivered"),
        Acknowledgement(key="fb_2", verdict="delivered"),
    )


def test_the_key_of_a_batch_is_that_of_the_attempt(make_channel: MakeChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    for attempt in (1, 1, 2):
        deliver(make_channel(), world, delivery("fb_1", attempt))
    keys = [request.headers["Idempotency-Key"] for request in world.sent]
    assert keys[0] == keys[1] != keys[2]


def test_each_kind_goes_to_its_own_call(make_channel: MakeChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    given = [
        delivery(kind).model_copy(update={"kind": kind})
        for kind in ("response", "objection", "amendment", "commitment", "publicity", "red_list")
    ]
    answers = deliver(make_channel(), world, *given)
    assert [answer.key for answer in answers] == [each.key for each in given]
    assert {answer.verdict for answer in answers} == {"delivered"}
    assert [request.url.removeprefix("http://127.0.0.1:8801/municipal") for request in world.sent] == [
        "/v1/feedback",
        "/v1/objections",
        "/v1/commitments",
        "/v1/publicity",
        "/v1/red-list",
    ]


def test_more_than_500_items_go_in_several_requests(make_channel: MakeChannel, platform: Any) -> None:
    answers = deliver(make_channel(), World(serve=platform.serve), *(delivery(f"fb_{n}") for n in range(501)))
    assert [len(batch.items) for batch in platform.batches] == [500, 1]
    assert {answer.verdict for answer in answers} == {"delivered"}


def test_an_item_refused_for_good_keeps_the_platforms_code_and_not_its_words(make_channel: MakeChannel) -> None:
    result = wire.ItemResult(
        idempotency_key="fb_1", verdict="refused", code="item.invalid", detail="91451100MA5AAAAA2F?"
    )
    world = World(serve=lambda *_: Reply(200, JSON, wire.dump(wire.FeedbackReply(results=(result,)))))
    (answer,) = deliver(make_channel(), world, delivery("fb_1"))
    assert (answer.verdict, answer.code) == ("refused", "item.invalid")
    assert "91451100MA5AAAAA2F" not in repr(answer)


def test_an_item_that_is_to_come_later_is_tried_again(make_channel: MakeChannel) -> None:
    result = wire.ItemResult(idempotency_key="fb_1", verdict="later", retry_after=30)
    world = World(serve=lambda *_: Reply(200, JSON, wire.dump(wire.FeedbackReply(results=(result,)))))
    (answer,) = deliver(make_channel(), world, delivery("fb_1"))
    assert (answer.verdict, answer.retry_after) == ("retry", 30.0)


def test_an_item_that_is_passed_over_is_tried_again(make_channel: MakeChannel) -> None:
    result = wire.ItemResult(idempotency_key="fb_1", verdict="accepted")
    world = World(serve=lambda *_: Reply(200, JSON, wire.dump(wire.FeedbackReply(results=(result,)))))
    answers = deliver(make_channel(), world, delivery("fb_1"), delivery("fb_2"))
    assert verdicts(answers) == {"fb_1": ("delivered", None), "fb_2": ("retry", "source.incomplete")}


@pytest.mark.parametrize(
    ("reply", "code", "wait"),
    [
        (Reply(500, {}, b""), "source.status", None),
        (Reply(503, {"retry-after": "9"}, b""), "source.status", 9.0),
        (Reply(408, {}, b""), "source.status", None),
        (Reply(429, {"retry-after": "7"}, b""), "source.rate_limited", 7.0),
        (Reply(429, {}, b""), "source.rate_limited", None),
        (Reply(401, {}, b""), "source.refused", None),
        (Reply(403, {}, b""), "source.refused", None),
        (Reply(404, {}, b""), "source.status", None),
        (Reply(415, {}, b""), "source.status", None),
        (Reply(302, {"location": "/"}, b""), "source.status", None),
    ],
)
def test_what_passes_or_what_a_person_can_correct_is_tried_again(
    make_channel: MakeChannel, reply: Reply, code: str, wait: float | None
) -> None:
    world = World(serve=lambda *_: reply)
    answers = deliver(make_channel(), world, delivery("fb_1"), delivery("fb_2"))
    assert [(answer.verdict, answer.code, answer.retry_after) for answer in answers] == [("retry", code, wait)] * 2
    assert len(world.sent) == 1


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_batch_is_halved_until_the_bad_item_stands_alone(
    make_channel: MakeChannel, platform: Any, status: int
) -> None:
    def refuse(request: Request) -> Reply | None:
        body = b'{"code": "request.invalid", "detail": "x"}'
        return Reply(status, JSON, body) if b'"fb_3"' in request.body else None

    platform.before = refuse
    world = World(serve=platform.serve)
    answers = deliver(make_channel(), world, *(delivery(f"fb_{n}") for n in range(1, 6)))
    assert verdicts(answers) == {
        "fb_1": ("delivered", None),
        "fb_2": ("delivered", None),
        "fb_3": ("refused", "request.invalid"),
        "fb_4": ("delivered", None),
        "fb_5": ("delivered", None),
    }
    assert list(platform.effects) == ["fb_1", "fb_2", "fb_4", "fb_5"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, JSON, b""),
        Reply(200, JSON, b"<html>"),
        Reply(200, {}, b'{"results":[]}'),
        Reply(200, JSON, b'{"results":[{"idempotency_key":"fb_9","verdict":"accepted"}]}'),
        Reply(200, JSON, b'{"results":[{"idempotency_key":"fb_1","verdict":"yes"}]}'),
        Reply(
            200,
            JSON,
            b'{"results":[{"idempotency_key":"fb_1","verdict":"accepted"},{"idempotency_key":"fb_1","verdict":"refused"}]}',
        ),
    ],
    ids=["empty", "garbage", "no type", "another key", "another verdict", "one key twice"],
)
def test_an_answer_that_cannot_be_understood_is_an_error(make_channel: MakeChannel, reply: Reply) -> None:
    with pytest.raises(NotUnderstoodError) as raised:
        deliver(make_channel(), World(serve=lambda *_: reply), delivery("fb_1"))
    assert raised.value.code == "source.not_understood"


def test_a_failure_halfway_does_not_lose_what_is_known(make_channel: MakeChannel, platform: Any) -> None:
    def fail(request: Request) -> Reply | None:
        if request.url.endswith("/v1/objections"):
            raise NoAnswerError("it broke", "中断", remedy_en="try again", remedy_zh="请重试")
        return None

    platform.before = fail
    objection = delivery("objection").model_copy(update={"kind": "objection"})
    red_list = delivery("red").model_copy(update={"kind": "red_list"})
    answers = deliver(make_channel(), World(serve=platform.serve), delivery("fb_1"), objection, red_list)
    assert verdicts(answers) == {
        "fb_1": ("delivered", None),
        "objection": ("retry", "source.no_answer"),
        "red": ("retry", "source.no_answer"),
    }


def test_a_trial_never_reaches_a_real_platform(make_channel: MakeChannel, platform: Any) -> None:
    world = World(serve=platform.serve)
    (answer,) = deliver(make_channel(environment="production"), world, delivery("fb_1"))
    assert (answer.verdict, answer.code) == ("refused", "source.environment")
    assert world.sent == []


def test_nothing_to_deliver_sends_nothing(make_channel: MakeChannel) -> None:
    world = World()
    assert deliver(make_channel(), world) == []
    assert world.sent == []


def test_it_is_idempotent_and_cannot_be_asked(make_channel: MakeChannel) -> None:
    channel = make_channel()
    assert (channel.idempotent, channel.lookup) == (True, False)
    with pytest.raises(NotSentError, match="deliver them again"):
        World().run(channel.look_up(["fb_1"]))
