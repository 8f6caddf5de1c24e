"""The in-memory ports do what the ports they stand in for promise."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk.errors import NoAnswerError, NotSentError
from credit_check_sdk.flow import About, MemoryKey
from credit_check_sdk.model import Acknowledgement
from credit_check_sdk.spi import Calendar, Channel, Source
from credit_check_sdk.testing import (
    ChannelConformance,
    ChannelScenario,
    ChannelUnderTest,
    FailingSource,
    FakeCalendar,
    FixedSource,
    InMemoryMemory,
    RecordingChannel,
    SourceConformance,
    SourceScenario,
    SourceUnderTest,
    World,
)
from credit_check_sdk.testing.conformance import FIRM, OTHER_FIRM, RECORD, delivery, query

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = MemoryKey("municipal", "cn-uscc", "91451100MA5AAAAA2F", "p")
ABOUT = About("municipal", "cn-uscc", "91451100MA5AAAAA2F")


def test_they_have_the_shape_of_their_ports() -> None:
    assert isinstance(FakeCalendar(), Calendar)
    assert isinstance(FixedSource(), Source)
    assert isinstance(FailingSource(), Source)
    assert isinstance(RecordingChannel(), Channel)


def test_a_memory_keeps_a_value_so_long_and_no_longer() -> None:
    seconds = [0.0]
    memory = InMemoryMemory(lambda: seconds[0])
    memory.remember([(KEY, "clean", 60)])
    seconds[0] = 59.9
    assert memory.recall([KEY]) == {KEY: "clean"}
    seconds[0] = 60.0
    assert memory.recall([KEY]) == {}


def test_a_memory_forgets_at_once() -> None:
    memory = InMemoryMemory()
    memory.remember([(KEY, "clean", 60)])
    memory.forget([ABOUT, ABOUT])
    assert memory.recall([KEY]) == {}


def test_a_calendar_never_guesses() -> None:
    calendar = FakeCalendar(holidays=[date(2026, 10, 1)], workdays=[date(2026, 10, 10)], years=[2026])
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 10), date(2026, 10, 11), date(2027, 1, 4)]
    assert [calendar.working(day) for day in days] == [True, False, True, False, None]


def test_a_failing_source_keeps_what_it_was_asked() -> None:
    source = FailingSource("national")
    with pytest.raises(NotSentError, match="national"):
        World().run(source.consult(query(FIRM)))
    assert [each.subjects for each in source.queries] == [(FIRM,)]


def test_a_fixed_source_has_the_age_it_was_given() -> None:
    world = World()
    consultation = world.run(FixedSource(age=timedelta(hours=3)).consult(query(FIRM)))
    assert consultation.fetched_at - consultation.as_of == timedelta(hours=3)


def test_a_channel_without_idempotency_has_an_effect_each_time() -> None:
    channel = RecordingChannel(idempotent=False)
    for attempt in (1, 2):
        World().run(channel.deliver([delivery("fb_1", attempt)]))
    assert len(channel.effects["fb_1"]) == 2


def test_a_channel_can_be_asked_what_became_of_a_key() -> None:
    channel = RecordingChannel(idempotent=False, lookup=True, loses=1)
    with pytest.raises(NoAnswerError):
        World().run(channel.deliver([delivery("fb_1")]))
    answers = World().run(channel.look_up(["fb_1", "fb_2"]))
    assert [answer.verdict for answer in answers] == ["delivered", "retry"]


class TestFixedSource(SourceConformance):
    @pytest.fixture
    def serve(self) -> Callable[[SourceScenario], SourceUnderTest]:
        def serving(scenario: SourceScenario) -> SourceUnderTest:
            world = World()
            if scenario.behaviour in {"silent", "status_500", "garbage", "truncated", "empty"}:
                return SourceUnderTest(FailingSource(), world.run)
            if scenario.behaviour.startswith("wrong"):
                pytest.skip("a source that is told what to answer mixes nobody up")
            source = FixedSource(
                records=scenario.records,
                unknown=scenario.asked if scenario.behaviour == "unknown" else (),
                left_out=[subject for subject in scenario.asked if subject not in scenario.answered],
            )
            return SourceUnderTest(source, world.run)

        return serving


class TestRecordingChannel(ChannelConformance):
    @pytest.fixture
    def serve(self) -> Callable[[ChannelScenario], ChannelUnderTest]:
        def serving(scenario: ChannelScenario) -> ChannelUnderTest:
            refused = Acknowledgement(key="", verdict="refused", code="item.invalid")
            taken = Acknowledgement(key="", verdict="delivered")
            busy = Acknowledgement(key="", verdict="retry", code="source.status")
            unreachable = NotSentError("it cannot be reached", "无法连接", remedy_en="try again", remedy_zh="请重试")
            answers: dict[str, list[Acknowledgement | Exception]] = {
                "refuses": [refused],
                "refuses_one": [taken, refused, taken],
                "busy": [busy],
                "silent": [unreachable],
                "garbage": [unreachable],
            }
            channel = RecordingChannel(
                answers=answers.get(scenario.behaviour, []), loses=int(scenario.behaviour == "lost_ack")
            )
            return ChannelUnderTest(channel, World().run, lambda: len(channel.effects))

        return serving


def test_somebody_else_is_not_answered_for() -> None:
    (answer,) = World().run(FixedSource(records=[RECORD]).consult(query(OTHER_FIRM))).answers
    assert answer.records == ()
