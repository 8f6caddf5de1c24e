"""Suites that every source and every channel passes: subclass one and give the fixture ``serve``.

::

    class TestMySource(SourceConformance):
        @pytest.fixture
        def serve(self, my_platform) -> Callable[[SourceScenario], SourceUnderTest]:
            def serving(scenario: SourceScenario) -> SourceUnderTest:
                my_platform.behave(scenario)
                return SourceUnderTest(MySource(...), run=my_driver)

            return serving

``serve`` is given a scenario, makes the platform (a real one, a fake one, or replies fed by hand) behave so, and
answers with the plugin and a way to run its flows: `run_with`, `World.run` or a driver. A scenario that cannot be
brought about on that platform is skipped by ``pytest.skip("why")`` in ``serve``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

import pytest

from credit_check_sdk.errors import ExchangeError
from credit_check_sdk.flow import Flow
from credit_check_sdk.model import (
    Acknowledgement,
    Consultation,
    Delivery,
    Feedback,
    Identifier,
    Operator,
    Party,
    Purpose,
    Query,
    Record,
    Subject,
    Words,
)
from credit_check_sdk.spi import Channel, Source

T = TypeVar("T")
Run = Callable[[Flow[Any]], Any]
"""Runs a flow to its end."""

FIRM = Subject(
    category="organisation",
    name="贺州市示例食品有限公司",
    identifiers=(Identifier(scheme="cn-uscc", value="91451100MA5AAAAA2F"),),
)
"""The subject that the scenarios are about; synthetic, like all of them."""
OTHER_FIRM = Subject(
    category="organisation",
    name="广西示例建设有限公司",
    identifiers=(Identifier(scheme="cn-uscc", value="91450000MA0000007U"),),
)
"""Another one."""
PERSON = Subject(
    category="person",
    name="张示例",
    identifiers=(Identifier(scheme="cn-resident-id", value="451102199001010010"),),
)
"""A natural person."""
NAMELESS = Subject(category="organisation", name="贺州市示例食品有限公司")
"""The same name as `FIRM`, and no identifier."""

RECORD = Record(
    record_id="R-0001",
    list_code="SAMR-YZ",
    kind="list",
    polarity="negative",
    severity="serious",
    authority_level="municipal",
    subject=FIRM,
    authority="贺州市市场监督管理局",
    doc_no="贺市监罚〔2026〕1号",
    document_date=date(2026, 3, 1),
    basis="市场监督管理严重违法失信名单管理办法 第五条",
    list_until=date(2029, 3, 1),
)
"""A record of `FIRM`."""

_SECRETS = tuple(each.value for subject in (FIRM, OTHER_FIRM, PERSON) for each in subject.identifiers)

SourceBehaviour = Literal[
    "found",
    "nothing_found",
    "unknown",
    "partial",
    "responsible",
    "name_only",
    "wrong_subject",
    "wrong_record",
    "wrong_request_id",
    "silent",
    "status_500",
    "garbage",
    "truncated",
    "empty",
]
"""How a platform behaves towards a query."""


@dataclass(frozen=True)
class SourceScenario:
    """What a platform is to know and how it is to behave."""

    behaviour: SourceBehaviour
    """``found``: it has *records*. ``nothing_found``: it knows the subjects and has none. ``unknown``: it does not know
    them. ``partial``: it answers about *answered* only. ``responsible``: its record names the person asked as
    responsible. ``name_only``: it has a record by name only. ``wrong_subject``: it answers about *records*' subject
    instead. ``wrong_record``: it answers about the subject, with a record of somebody else. ``wrong_request_id``: its
    answer belongs to another request. ``silent``: no connection, no answer or no whole one. ``status_500``,
    ``garbage`` (200, no JSON), ``truncated`` (200, cut off), ``empty`` (200, no content): what it answers instead."""
    asked: tuple[Subject, ...] = (FIRM,)
    """Who is asked about."""
    answered: tuple[Subject, ...] = (FIRM,)
    """Who is to be answered about."""
    records: tuple[Record, ...] = ()
    """What the platform has."""


@dataclass(frozen=True)
class SourceUnderTest:
    """A source against a platform that behaves as the scenario says."""

    source: Source
    """The source."""
    run: Run
    """Runs its flows."""


class SourceConformance:
    """What every source does; a subclass gives the fixture ``serve``."""

    def test_it_says_what_the_platform_has(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """A record comes back with its source, and the answer with its times, number and digest."""
        tested = serve(SourceScenario("found", records=(RECORD,)))
        consultation = _consult(tested, FIRM)
        (answer,) = consultation.answers
        assert consultation.source == tested.source.id
        assert answer.subject == FIRM, "the answer is put to the subject as it was asked about"
        assert answer.known
        (record,) = answer.records
        assert record.source == tested.source.id
        assert record.match == "identifier"
        assert record.subject.same_as(FIRM)
        stated = ("list_code", "polarity", "severity", "status", "authority", "doc_no", "document_date", "list_until")
        assert {name: getattr(record, name) for name in stated} == {name: getattr(RECORD, name) for name in stated}

    def test_its_evidence_is_whole(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """Times are aware, the digest and the number of the exchange are there."""
        consultation = _consult(serve(SourceScenario("found", records=(RECORD,))), FIRM)
        assert consultation.as_of.tzinfo is not None
        assert consultation.fetched_at.tzinfo is not None
        assert consultation.request_id
        assert consultation.digest != "sha256:" + "0" * 64

    def test_nothing_found_is_an_answer(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """The platform looked and found nothing: known, and no records."""
        (answer,) = _consult(serve(SourceScenario("nothing_found")), FIRM).answers
        assert (answer.known, answer.records) == (True, ())

    def test_unknown_is_not_clean(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """A subject that the platform does not know is said to be unknown."""
        (answer,) = _consult(serve(SourceScenario("unknown")), FIRM).answers
        assert (answer.known, answer.records) == (False, ())

    def test_the_left_out_stay_left_out(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """Whoever the platform passes over is never answered for."""
        scenario = SourceScenario("partial", asked=(FIRM, OTHER_FIRM), answered=(FIRM,))
        consultation = _consult(serve(scenario), FIRM, OTHER_FIRM)
        assert [answer.subject for answer in consultation.answers] == [FIRM]

    def test_everybody_is_answered_once(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """A query about several answers about each of them."""
        several = (FIRM, OTHER_FIRM, PERSON)
        consultation = _consult(serve(SourceScenario("found", several, several, (RECORD,))), *several)
        assert {answer.subject: len(answer.records) for answer in consultation.answers} == {
            FIRM: 1,
            OTHER_FIRM: 0,
            PERSON: 0,
        }

    def test_a_person_named_as_responsible_is_found(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """A record of a firm belongs to a person whom it names as responsible."""
        named = RECORD.model_copy(update={"responsible": (Party(role="directly_responsible", subject=PERSON),)})
        tested = serve(SourceScenario("responsible", (PERSON,), (PERSON,), (named,)))
        (answer,) = _consult(tested, PERSON).answers
        (record,) = answer.records
        assert record.subject.same_as(FIRM)
        assert [party.subject.same_as(PERSON) for party in record.responsible] == [True]

    def test_a_hit_by_name_is_marked(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """A record found by name alone says so."""
        by_name = RECORD.model_copy(update={"subject": NAMELESS, "match": "name_only"})
        tested = serve(SourceScenario("name_only", (NAMELESS,), (NAMELESS,), (by_name,)))
        (answer,) = _consult(tested, NAMELESS).answers
        assert [record.match for record in answer.records] == ["name_only"]

    @pytest.mark.parametrize("behaviour", ["wrong_subject", "wrong_record", "wrong_request_id"])
    def test_somebody_elses_answer_is_refused_whole(
        self, serve: Callable[[SourceScenario], SourceUnderTest], behaviour: SourceBehaviour
    ) -> None:
        """An answer about another subject, or to another request, is refused with its own code."""
        others = RECORD.model_copy(update={"subject": OTHER_FIRM})
        error = _refused(serve(SourceScenario(behaviour, records=(others,))))
        assert error.code == "source.wrong_subject"

    @pytest.mark.parametrize("behaviour", ["silent", "status_500", "garbage", "truncated", "empty"])
    def test_what_is_no_answer_is_an_error(
        self, serve: Callable[[SourceScenario], SourceUnderTest], behaviour: SourceBehaviour
    ) -> None:
        """No answer is never the same as having found nothing."""
        error = _refused(serve(SourceScenario(behaviour)))
        assert error.code.startswith("source.")

    def test_it_has_the_shape_of_a_source(self, serve: Callable[[SourceScenario], SourceUnderTest]) -> None:
        """It is what the interface says."""
        assert isinstance(serve(SourceScenario("nothing_found")).source, Source)


ChannelBehaviour = Literal["accepts", "refuses", "refuses_one", "busy", "lost_ack", "silent", "garbage"]
"""How a platform behaves towards feedback."""


@dataclass(frozen=True)
class ChannelScenario:
    """How a platform is to behave towards feedback."""

    behaviour: ChannelBehaviour
    """``accepts``: it takes everything. ``refuses``: it refuses every item for good. ``refuses_one``: it refuses
    *refused* for good and takes the others. ``busy``: it cannot take anything just now (503, 429), and takes
    everything from the second batch on. ``lost_ack``: it takes the first batch and its acknowledgement is lost.
    ``silent``: nothing reaches it. ``garbage``: it takes nothing, and what it answers cannot be understood."""
    refused: str = ""
    """Key of the item that is refused."""


@dataclass(frozen=True)
class ChannelUnderTest:
    """A channel against a platform that behaves as the scenario says."""

    channel: Channel
    """The channel."""
    run: Run
    """Runs its flows."""
    effects: Callable[[], int]
    """Counts the business effects on the platform."""


class ChannelConformance:
    """What every channel does; a subclass gives the fixture ``serve``."""

    def test_what_is_taken_is_delivered(self, serve: Callable[[ChannelScenario], ChannelUnderTest]) -> None:
        """Each key gets its acknowledgement, and each item has its effect."""
        tested = serve(ChannelScenario("accepts"))
        answers = _deliver(tested, delivery("fb_1"), delivery("fb_2"))
        assert [(answer.key, answer.verdict) for answer in answers] == [("fb_1", "delivered"), ("fb_2", "delivered")]
        assert tested.effects() == 2  # noqa: PLR2004  two items were delivered

    def test_the_same_key_twice_is_one_effect(self, serve: Callable[[ChannelScenario], ChannelUnderTest]) -> None:
        """Delivering again does no harm where the channel says that it is idempotent."""
        tested = serve(ChannelScenario("accepts"))
        if not tested.channel.idempotent:
            pytest.skip("the channel does not say that it is idempotent")
        for attempt in (1, 2, 3):
            (answer,) = _deliver(tested, delivery("fb_1", attempt))
            assert answer.verdict == "delivered"
        assert tested.effects() == 1

    def test_a_lost_acknowledgement_is_no_second_effect(
        self, serve: Callable[[ChannelScenario], ChannelUnderTest]
    ) -> None:
        """What was taken without our hearing of it is neither called delivered nor done twice."""
        tested = serve(ChannelScenario("lost_ack"))
        assert _verdicts(tested, delivery("fb_1")) <= {"retry", "in_doubt"}
        if tested.channel.idempotent:
            (answer,) = _deliver(tested, delivery("fb_1", 2))
            assert answer.verdict == "delivered"
        elif tested.channel.lookup:
            (answer,) = tested.run(tested.channel.look_up(["fb_1"]))
            assert answer.verdict == "delivered"
        assert tested.effects() == 1

    def test_refused_for_good_is_said_with_its_reason(
        self, serve: Callable[[ChannelScenario], ChannelUnderTest]
    ) -> None:
        """What will never be taken is not tried for ever."""
        tested = serve(ChannelScenario("refuses"))
        (answer,) = _deliver(tested, delivery("fb_1"))
        assert answer.verdict == "refused"
        assert answer.code
        assert tested.effects() == 0

    def test_one_refusal_does_not_hold_up_the_others(
        self, serve: Callable[[ChannelScenario], ChannelUnderTest]
    ) -> None:
        """Each item of a batch is answered for itself."""
        tested = serve(ChannelScenario("refuses_one", refused="fb_2"))
        answers = _deliver(tested, delivery("fb_1"), delivery("fb_2"), delivery("fb_3"))
        verdicts = {answer.key: answer.verdict for answer in answers}
        assert verdicts == {"fb_1": "delivered", "fb_2": "refused", "fb_3": "delivered"}
        assert tested.effects() == 2  # noqa: PLR2004  two of three were taken

    def test_busy_is_not_refused(self, serve: Callable[[ChannelScenario], ChannelUnderTest]) -> None:
        """What passes is tried again and then taken."""
        tested = serve(ChannelScenario("busy"))
        assert _verdicts(tested, delivery("fb_1")) <= {"retry", "in_doubt"}
        (answer,) = _deliver(tested, delivery("fb_1", 2))
        assert answer.verdict == "delivered"
        assert tested.effects() == 1

    @pytest.mark.parametrize("behaviour", ["silent", "garbage"])
    def test_what_is_no_answer_is_never_called_delivered(
        self, serve: Callable[[ChannelScenario], ChannelUnderTest], behaviour: ChannelBehaviour
    ) -> None:
        """Nothing is known, and the channel says so: it raises, or asks to try again."""
        tested = serve(ChannelScenario(behaviour))
        assert _verdicts(tested, delivery("fb_1")) <= {"retry", "in_doubt"}

    def test_it_has_the_shape_of_a_channel(self, serve: Callable[[ChannelScenario], ChannelUnderTest]) -> None:
        """It is what the interface says."""
        assert isinstance(serve(ChannelScenario("accepts")).channel, Channel)


def query(*subjects: Subject) -> Query:
    """Make a query about *subjects*."""
    return Query(
        case_id="451100-2026-000123",
        matter="licence.food-production",
        point="accept",
        purpose=Purpose(text="办理食品生产许可", basis="食品安全法 第三十五条"),
        operator=Operator(id="u-1024", department="451100-scjgj"),
        region="451100",
        subjects=subjects or (FIRM,),
    )


def delivery(key: str, attempt: int = 1) -> Delivery:
    """Make a delivery of a feedback of its own for each *key*."""
    feedback = Feedback(
        id=key,
        case_id=f"451100-2026-{key}",
        matter="licence.food-production",
        point="accept",
        decision="dec_0001",
        proposal=f"prop_{key}",
        measure="R-GP-01",
        measure_name=Words(zh="拒绝参加政府采购活动", en="Refuse participation in government procurement"),
        direction="restriction",
        subject_name=FIRM.name,
        subject_category=FIRM.category,
        identifier=FIRM.primary,
        source="municipal",
        answer="applied",
        executed=True,
        basis="政府采购法 第七十七条",
        operator=Operator(id="u-1024", department="451100-scjgj"),
        environment="sandbox",
        at=datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
    )
    return Delivery(key=key, kind="response", body=feedback.cloud_event("urn:credit-check-sdk"), attempt=attempt)


def _consult(tested: SourceUnderTest, *subjects: Subject) -> Consultation:
    consultation = tested.run(tested.source.consult(query(*subjects)))
    assert isinstance(consultation, Consultation)
    return consultation


def _refused(tested: SourceUnderTest) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        tested.run(tested.source.consult(query(FIRM)))
    _names_nobody(raised.value)
    return raised.value


def _deliver(tested: ChannelUnderTest, *deliveries: Delivery) -> Sequence[Acknowledgement]:
    answers: Sequence[Acknowledgement] = tested.run(tested.channel.deliver(deliveries))
    assert [answer.key for answer in answers] == [each.key for each in deliveries], "one answer for each key, in order"
    assert not any(secret in repr(answers) for secret in _SECRETS), "no acknowledgement shows an identifier"
    return answers


def _verdicts(tested: ChannelUnderTest, *deliveries: Delivery) -> set[str]:
    """Give the verdicts of a batch; a channel that raises says that nothing is known."""
    try:
        return {answer.verdict for answer in _deliver(tested, *deliveries)}
    except ExchangeError as error:
        _names_nobody(error)
        return {"in_doubt"}


def _names_nobody(error: ExchangeError) -> None:
    said = " ".join([str(error), error.words("zh-CN"), repr(error.detail)])
    assert not any(secret in said for secret in _SECRETS), "no error shows an identifier"
    assert error.remedy_en, "an error says what to do"
    assert error.remedy_zh, "an error says what to do in Chinese"
