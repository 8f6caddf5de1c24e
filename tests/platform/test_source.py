"""The built-in source, effect by effect: what it asks, and every answer that it refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import NewId, Now, Reply, Request, Send
from credit_check_sdk.model import Identifier, Party, Record, Subject
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.testing import World, script
from credit_check_sdk.testing.conformance import FIRM, NAMELESS, OTHER_FIRM, PERSON, RECORD, query

if TYPE_CHECKING:
    from credit_check_sdk.testing.drive import Step

MOMENT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
JSON = {"content-type": "application/json; charset=utf-8"}
MakeSource = Callable[..., PlatformSource]


def reply(*results: wire.SubjectResult, **changed: Any) -> Reply:
    given = {"request_id": "req_1", "as_of": MOMENT, "environment": "sandbox", "results": results}
    return Reply(200, JSON, wire.dump(wire.ChecksReply(**{**given, **changed})))


def clean(subject: Subject) -> wire.SubjectResult:
    return wire.SubjectResult(subject=subject, known=True)


def wired(record: Record) -> wire.WireRecord:
    return wire.WireRecord(**{name: getattr(record, name) for name in wire.WireRecord.model_fields})


def refused(source: PlatformSource, answer: Reply | Exception, *, at: datetime = MOMENT) -> Any:
    """Ask about one firm, feed *answer* and give the error that the source ends in."""
    steps: list[Step] = [
        (NewId("req"), "req_1"),
        (Now(), MOMENT),
        (NewId("nonce"), "nonce_1"),
        (Send, answer),
    ]
    if isinstance(answer, Reply):
        steps.append((Now(), at))
    with pytest.raises((NotSentError, NoAnswerError, NotUnderstoodError)) as raised:
        script(source.consult(query(FIRM)), steps)
    error = raised.value
    said = f"{error} {error.words('zh-CN')} {error.detail}"
    assert "91451100MA5AAAAA2F" not in said
    assert "91450000MA0000007U" not in said
    assert "municipal" in said
    assert error.source == "municipal"
    return error


def test_one_signed_request_asks_about_everybody(make_source: MakeSource) -> None:
    sent: list[Request] = []

    def answer(effect: Send) -> Reply:
        sent.append(effect.request)
        assert effect.source == "municipal"
        return reply(clean(FIRM), clean(PERSON))

    consultation = script(
        make_source(budget="2s").consult(query(FIRM, PERSON)),
        [
            (NewId("req"), "req_1"),
            (Now(), MOMENT),
            (NewId("nonce"), "nonce_1"),
            (Send, answer),
            (Now(), MOMENT + timedelta(seconds=1)),
        ],
    )
    (request,) = sent
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:8801/municipal/v1/checks")
    assert request.timeout == 2.0
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Credit-Nonce"] == "nonce_1"
    assert json.loads(request.body) == {
        "request_id": "req_1",
        "case_id": "451100-2026-000123",
        "matter": "licence.food-production",
        "point": "accept",
        "purpose": {"text": "办理食品生产许可", "basis": "食品安全法 第三十五条", "authorisation_ref": None},
        "department": "451100-scjgj",
        "region": "451100",
        "subjects": [
            {
                "category": "organisation",
                "name": "贺州市示例食品有限公司",
                "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
                "founded_on": None,
            },
            {
                "category": "person",
                "name": "张示例",
                "identifiers": [{"scheme": "cn-resident-id", "value": "451102199001010010"}],
                "founded_on": None,
            },
        ],
        "page_size": 500,
        "cursor": None,
    }
    assert [(each.subject, each.known, each.records) for each in consultation.answers] == [
        (FIRM, True, ()),
        (PERSON, True, ()),
    ]
    assert (consultation.source, consultation.request_id, consultation.environment) == ("municipal", "req_1", "sandbox")
    assert (consultation.as_of, consultation.fetched_at) == (MOMENT, MOMENT + timedelta(seconds=1))
    body = reply(clean(FIRM), clean(PERSON)).body
    assert consultation.digest == f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_the_officer_and_the_founding_day_stay_at_home(make_source: MakeSource, platform: Any) -> None:
    founded = FIRM.model_copy(update={"founded_on": date(2020, 1, 1)})
    world = World(serve=platform.serve)
    consultation = world.run(make_source().consult(query(founded)))
    assert b"u-1024" not in world.sent[0].body
    assert b"2020-01-01" not in world.sent[0].body
    assert consultation.answers[0].subject == founded


def test_a_record_carries_its_source_its_level_and_the_time_it_was_seen(make_source: MakeSource, platform: Any) -> None:
    platform.records = [RECORD.model_copy(update={"level": "national"})]
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(FIRM))).answers
    (record,) = answer.records
    assert (record.source, record.level, record.authority_level) == ("municipal", "municipal", "municipal")
    assert record.observed_at == MOMENT - timedelta(minutes=1)


def test_the_same_subject_is_asked_about_once_and_answered_for_each(make_source: MakeSource, platform: Any) -> None:
    platform.records = [RECORD]
    renamed = FIRM.model_copy(update={"name": "贺州示例食品"})
    consultation = World(serve=platform.serve).run(make_source().consult(query(FIRM, renamed)))
    assert [len(asked.subjects) for asked in platform.asked] == [1]
    assert [(answer.subject, len(answer.records)) for answer in consultation.answers] == [(FIRM, 1), (renamed, 1)]


def test_pages_are_followed_and_the_digest_covers_them_all(make_source: MakeSource, platform: Any) -> None:
    platform.records = [RECORD]
    world = World(serve=platform.serve)
    consultation = world.run(make_source(options={"page_size": 2}).consult(query(OTHER_FIRM, PERSON, FIRM)))
    assert [asked.cursor for asked in platform.asked] == [None, "2"]
    assert len({asked.request_id for asked in platform.asked}) == 1
    assert len({request.headers["X-Credit-Nonce"] for request in world.sent}) == 2
    assert {answer.subject: len(answer.records) for answer in consultation.answers} == {
        OTHER_FIRM: 0,
        PERSON: 0,
        FIRM: 1,
    }
    pages = [wire.dump(platform.checks(asked)) for asked in list(platform.asked)]
    lines = "\n".join(hashlib.sha256(page).hexdigest() for page in pages)
    assert consultation.digest == f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def test_more_than_500_subjects_are_asked_about_in_turn(make_source: MakeSource, platform: Any) -> None:
    several = [
        Subject(category="organisation", name=f"示例{n}", identifiers=(Identifier(scheme="XX-TEST", value=f"N{n}"),))
        for n in range(1001)
    ]
    consultation = World(serve=platform.serve).run(make_source().consult(query(*several)))
    assert [len(asked.subjects) for asked in platform.asked] == [500, 500, 1]
    assert [answer.subject for answer in consultation.answers] == several


def test_a_page_without_results_does_not_lead_on_for_ever(make_source: MakeSource) -> None:
    error = refused(make_source(), reply(next_cursor="1"))
    assert error.code == "source.not_understood"


def test_the_oldest_page_speaks_for_all(make_source: MakeSource, platform: Any) -> None:
    times = iter([MOMENT - timedelta(minutes=2), MOMENT - timedelta(minutes=9)])
    answer = platform.checks

    def aged(asked: wire.ChecksRequest) -> wire.ChecksReply:
        reply: wire.ChecksReply = answer(asked)
        return reply.model_copy(update={"as_of": next(times)})

    platform.checks = aged
    source = make_source(options={"page_size": 1})
    consultation = World(serve=platform.serve).run(source.consult(query(FIRM, OTHER_FIRM)))
    assert consultation.as_of == MOMENT - timedelta(minutes=9)


def test_a_subject_without_identifier_is_asked_about_by_name(make_source: MakeSource, platform: Any) -> None:
    platform.records = [RECORD.model_copy(update={"subject": NAMELESS, "match": "name_only"})]
    platform.result_changes = {"known": False}
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(NAMELESS))).answers
    assert platform.asked[0].subjects == (NAMELESS,)
    assert [record.match for record in answer.records] == ["name_only"]


def test_whoever_is_left_out_is_left_out(make_source: MakeSource, platform: Any) -> None:
    platform.left_out = [OTHER_FIRM]
    consultation = World(serve=platform.serve).run(make_source().consult(query(FIRM, OTHER_FIRM)))
    assert [answer.subject for answer in consultation.answers] == [FIRM]


def test_an_answer_about_nobody_is_no_answer(make_source: MakeSource) -> None:
    assert refused(make_source(), reply()).code == "source.incomplete"


def test_unknown_subjects_are_said_to_be_unknown(make_source: MakeSource, platform: Any) -> None:
    platform.unknown = [FIRM]
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(FIRM))).answers
    assert (answer.known, answer.records) == (False, ())


def test_an_identifier_is_sent_and_compared_in_its_normal_form(make_source: MakeSource, platform: Any) -> None:
    spaced = FIRM.model_copy(update={"identifiers": (Identifier(scheme="cn-uscc", value=" 91451100ma5aaaaa2f "),)})
    platform.records = [RECORD]
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(spaced))).answers
    assert platform.asked[0].subjects[0].identifiers[0].value == "91451100MA5AAAAA2F"
    assert (answer.subject, len(answer.records)) == (spaced, 1)


# What is refused because it is somebody else's.


def test_another_requests_answer_is_refused(make_source: MakeSource) -> None:
    assert refused(make_source(), reply(clean(FIRM), request_id="req_2")).code == "source.wrong_subject"


def test_an_answer_about_somebody_else_is_refused_whole(make_source: MakeSource) -> None:
    error = refused(make_source(), reply(clean(FIRM), clean(OTHER_FIRM)))
    assert error.code == "source.wrong_subject"


def test_an_answer_about_a_namesake_is_refused(make_source: MakeSource) -> None:
    assert refused(make_source(), reply(clean(NAMELESS))).code == "source.wrong_subject"


def test_a_record_of_somebody_else_is_refused(make_source: MakeSource) -> None:
    record = wired(RECORD.model_copy(update={"subject": OTHER_FIRM}))
    result = wire.SubjectResult(subject=FIRM, known=True, records=(wired(RECORD).model_copy(), record))
    assert refused(make_source(), reply(result)).code == "source.wrong_subject"


def test_a_record_by_name_that_is_not_marked_so_is_refused(make_source: MakeSource) -> None:
    result = wire.SubjectResult(
        subject=FIRM, known=True, records=(wired(RECORD.model_copy(update={"subject": NAMELESS})),)
    )
    assert refused(make_source(), reply(result)).code == "source.wrong_subject"


def test_a_record_by_name_that_is_marked_is_a_candidate(make_source: MakeSource, platform: Any) -> None:
    platform.records = [RECORD.model_copy(update={"subject": NAMELESS, "match": "name_only"})]
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(FIRM))).answers
    assert [record.match for record in answer.records] == ["name_only"]


def test_a_record_that_names_the_person_as_responsible_is_the_persons_too(
    make_source: MakeSource, platform: Any
) -> None:
    platform.records = [
        RECORD.model_copy(update={"responsible": (Party(role="directly_responsible", subject=PERSON),)})
    ]
    (answer,) = World(serve=platform.serve).run(make_source().consult(query(PERSON))).answers
    assert [record.subject for record in answer.records] == [FIRM]


def test_an_unknown_identifier_that_nobody_asked_about_is_refused(make_source: MakeSource) -> None:
    error = refused(make_source(), reply(clean(FIRM), unknown=OTHER_FIRM.identifiers))
    assert error.code == "source.wrong_subject"


# What is refused because it contradicts itself.


@pytest.mark.parametrize(
    "results",
    [
        (clean(FIRM), clean(FIRM)),
        (wire.SubjectResult(subject=FIRM, known=True, records=(wired(RECORD), wired(RECORD))),),
        (wire.SubjectResult(subject=FIRM, known=False, records=(wired(RECORD),)),),
    ],
    ids=["answered twice", "a record twice", "unknown with records"],
)
def test_an_answer_that_contradicts_itself_is_refused(
    make_source: MakeSource, results: tuple[wire.SubjectResult, ...]
) -> None:
    assert refused(make_source(), reply(*results)).code == "source.not_understood"


def test_known_and_named_as_unknown_is_refused(make_source: MakeSource) -> None:
    error = refused(make_source(), reply(clean(FIRM), unknown=FIRM.identifiers))
    assert error.code == "source.not_understood"


# What is refused because of its environment or its time.


@pytest.mark.parametrize(("ours", "theirs"), [("sandbox", "production"), ("production", "sandbox")])
def test_another_environment_is_refused(make_source: MakeSource, ours: str, theirs: str) -> None:
    error = refused(make_source(environment=ours), reply(clean(FIRM), environment=theirs))
    assert error.code == "source.environment"


@pytest.mark.parametrize(
    ("as_of", "options"),
    [
        (MOMENT - timedelta(hours=24, seconds=1), {}),
        (MOMENT + timedelta(minutes=5, seconds=1), {}),
        (MOMENT - timedelta(minutes=11), {"max_age": "10m"}),
        (MOMENT + timedelta(seconds=11), {"clock_tolerance": "10s"}),
    ],
)
def test_data_of_another_time_are_refused(make_source: MakeSource, as_of: datetime, options: dict[str, str]) -> None:
    error = refused(make_source(options=options), reply(clean(FIRM), as_of=as_of))
    assert error.code == "source.stale"
    assert error.detail == {"as_of": as_of.isoformat()}


@pytest.mark.parametrize("age", [timedelta(hours=24), timedelta(0), timedelta(minutes=-5)])
def test_data_within_the_limits_are_taken(make_source: MakeSource, platform: Any, age: timedelta) -> None:
    platform.reply_changes = {"as_of": MOMENT - age}
    consultation = World(serve=platform.serve).run(make_source().consult(query(FIRM)))
    assert consultation.as_of == MOMENT - age


# What is refused because it is no answer.


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Reply(200, JSON, b""), "source.not_understood"),
        (Reply(200, JSON, b"<html>502 Bad Gateway</html>"), "source.not_understood"),
        (Reply(200, JSON, reply(clean(FIRM)).body[:-9]), "source.not_understood"),
        (Reply(200, JSON, b"{}"), "source.not_understood"),
        (Reply(200, JSON, b"[]"), "source.not_understood"),
        (Reply(200, JSON, b"null"), "source.not_understood"),
        (Reply(200, JSON, reply(clean(FIRM)).body.replace(b'"known":true', b'"known":null')), "source.not_understood"),
        (Reply(200, JSON, reply(clean(FIRM)).body.replace(b'"known":true', b'"known":true,"x":1')), "source.not_understood"),
        (Reply(200, JSON, reply(clean(FIRM)).body.decode().encode("gb18030")), "source.not_understood"),
        (Reply(200, {"content-type": "text/html"}, reply(clean(FIRM)).body), "source.not_understood"),
        (Reply(200, {}, reply(clean(FIRM)).body), "source.not_understood"),
        (Reply(204, JSON, b""), "source.status"),
        (Reply(302, {"location": "http://elsewhere/"}, b""), "source.status"),
        (Reply(404, JSON, b""), "source.status"),
        (Reply(422, JSON, b""), "source.status"),
        (Reply(500, JSON, reply(clean(FIRM)).body), "source.status"),
        (Reply(503, {}, b""), "source.status"),
        (Reply(401, {}, b""), "source.refused"),
        (Reply(403, {}, b""), "source.refused"),
        (Reply(429, {}, b""), "source.rate_limited"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(make_source: MakeSource, answer: Reply, code: str) -> None:
    error = refused(make_source(), answer)
    assert error.code == code
    assert error.retryable == (answer.status >= 500 or answer.status == 429)


def test_the_platforms_own_code_is_passed_on_and_its_words_are_not(make_source: MakeSource) -> None:
    body = json.dumps({"code": "signature.expired", "detail": "91451100MA5AAAAA2F"}).encode()
    error = refused(make_source(), Reply(401, {"content-type": "application/problem+json"}, body))
    assert error.detail == {"status": 401, "problem": "signature.expired"}


def test_a_code_that_might_be_an_identifier_is_not_passed_on(make_source: MakeSource) -> None:
    body = json.dumps({"code": "91451100MA5AAAAA2F", "detail": "x"}).encode()
    assert refused(make_source(), Reply(401, JSON, body)).detail == {"status": 401}


def test_a_key_of_the_answer_that_might_be_an_identifier_is_not_shown(make_source: MakeSource) -> None:
    body = reply(clean(FIRM)).body.replace(b'"known":true', b'"known":true,"91451100MA5AAAAA2F":1')
    error = refused(make_source(), Reply(200, JSON, body))
    assert "results.0.…" in str(error)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("Mon, 23 Nov 2026 01:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-7", None),
        (None, None),
    ],
)
def test_how_long_to_wait_is_passed_on(make_source: MakeSource, asked: str | None, seconds: float | None) -> None:
    headers = {} if asked is None else {"retry-after": asked}
    error = refused(make_source(), Reply(429, headers, b""))
    assert error.detail["retry_after"] == seconds


@pytest.mark.parametrize("kind", [NotSentError, NoAnswerError])
def test_what_the_shell_reports_goes_through(make_source: MakeSource, kind: type[NotSentError | NoAnswerError]) -> None:
    given = kind("municipal failed", "municipal 失败", remedy_en="try", remedy_zh="重试", source="municipal")
    assert refused(make_source(), given) is given
