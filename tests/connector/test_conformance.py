"""Source and channel of a mapping pass the suites that every plugin passes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.connector.channel import ConnectorChannel
from credit_check_sdk.connector.mapping import Mapping
from credit_check_sdk.connector.plugin import Unsigned
from credit_check_sdk.connector.source import ConnectorSource
from credit_check_sdk.errors import NoAnswerError, NotSentError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.spi import SourceSettings
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

    from credit_check_sdk.model import Record

JSON = {"content-type": "application/json"}
TEXTS = ("record_id", "list_code", "polarity", "severity", "status", "authority", "doc_no", "basis", "facts")
DAYS = ("document_date", "publicity_until", "list_until")
MAPPING: dict[str, Any] = {
    "connector": 1,
    "name": {"zh-CN": "示例平台", "en": "Example"},
    "query": {
        "path": "/q",
        "needs": "either",
        "body": {"no": "{request_id}", "code": "{subject.identifier}", "name": "{subject.name}"},
    },
    "answer": {
        "failed": [{"at": "code", "is_not": 0}],
        "unknown": [{"at": "known", "is": False}],
        "nothing_found": [{"at": "rows", "absent": True}],
        "records": "rows",
        "echo": "no",
    },
    "subject": {"name": "name", "identifier": "number", "scheme": "scheme", "category": "category"},
    "record": {name: name for name in (*TEXTS, *DAYS)},
    "responsible": [{"role": "directly_responsible", "name": "person", "identifier": "person_number"}],
    "feedback": {
        "path": "/f",
        "body": {"key": "{key}", "measure": "{feedback.measure}"},
        "taken": [{"at": "code", "is": 0}],
        "refused": [{"at": "code", "is": 2}],
    },
}
INSTEAD = {
    "status_500": Reply(500, JSON, b'{"code":1}'),
    "garbage": Reply(200, JSON, b"<html>It works!</html>"),
    "truncated": Reply(200, JSON, b'{"no":"req_1","code":0,"ro'),
    "empty": Reply(200, JSON, b""),
}


def settings() -> SourceSettings:
    given = {"id": "municipal", "level": "municipal", "base_url": "http://127.0.0.1:1/x", "signer": "none"}
    return SourceSettings.model_validate(given)


def mapping(**changed: Any) -> Mapping:
    return Mapping.model_validate_json(json.dumps({**MAPPING, **changed}))


def row(record: Record, **changed: Any) -> dict[str, Any]:
    stated = record.model_dump(mode="json", include={*TEXTS, *DAYS})
    primary = record.subject.primary
    made: dict[str, Any] = {**stated, "name": record.subject.name, "number": primary.normal if primary else None}
    made = {**made, "scheme": primary.scheme if primary else None, "category": record.subject.category}
    for party in record.responsible:
        number = party.subject.primary
        made |= {"person": party.subject.name, "person_number": number.normal if number else None}
    return {**made, **changed}


def _unreachable(source: str) -> Reply:
    raise NotSentError(
        "it cannot be reached", "无法连接", remedy_en="try again", remedy_zh="请重试", source=source, retryable=True
    )


class TestConnectorSource(SourceConformance):
    @pytest.fixture
    def serve(self) -> Callable[[SourceScenario], SourceUnderTest]:
        def serving(scenario: SourceScenario) -> SourceUnderTest:
            answered = {subject.name for subject in scenario.answered}
            behaviour = scenario.behaviour

            def answer(request: Request, source: str) -> Reply:
                asked = json.loads(request.body)
                if behaviour == "silent":
                    return _unreachable(source)
                if behaviour in INSTEAD:
                    return INSTEAD[behaviour]
                if asked["name"] not in answered:
                    return Reply(200, JSON, json.dumps({"no": asked["no"], "code": 1}).encode())
                rows = [row(each) for each in scenario.records if behaviour != "found" or concerns(each, asked)]
                if behaviour == "wrong_subject":
                    rows = [row(each, name=OTHER_FIRM.name) for each in scenario.records]
                number = "of_somebody_else" if behaviour == "wrong_request_id" else asked["no"]
                body = {"no": number, "code": 0, "known": behaviour != "unknown", "rows": rows}
                return Reply(200, JSON, json.dumps(body).encode())

            source = ConnectorSource(mapping(), settings(), Unsigned(), "sandbox")
            return SourceUnderTest(source, run=World(serve=answer).run)

        return serving


def concerns(record: Record, asked: dict[str, Any]) -> bool:
    return record.subject.primary is not None and record.subject.primary.normal == asked["code"]


@pytest.mark.parametrize("idempotent", [False, True])
class TestConnectorChannel(ChannelConformance):
    @pytest.fixture
    def serve(self, *, idempotent: bool) -> Callable[[ChannelScenario], ChannelUnderTest]:
        def serving(scenario: ChannelScenario) -> ChannelUnderTest:
            effects: dict[str, int] = {}
            world = World()
            seen: list[Request] = []

            def answer(request: Request, source: str) -> Reply:
                key = json.loads(request.body)["key"]
                seen.append(request)
                match scenario.behaviour:
                    case "silent":
                        return _unreachable(source)
                    case "garbage":
                        return INSTEAD["garbage"]
                    case "busy" if len(seen) == 1:
                        return Reply(503, {"retry-after": "2"}, b"")
                    case "refuses":
                        return Reply(200, JSON, b'{"code":2}')
                    case "refuses_one" if key == scenario.refused:
                        return Reply(200, JSON, b'{"code":2}')
                effects[key] = 1 if idempotent else effects.get(key, 0) + 1
                if scenario.behaviour == "lost_ack" and len(seen) == 1:
                    raise NoAnswerError("broke", "中断", remedy_en="try", remedy_zh="请重试", source=source)
                return Reply(200, JSON, b'{"code":0}')

            world.serve = answer
            world.pass_time(timedelta(seconds=1))
            rules = {**MAPPING["feedback"], "idempotent": idempotent}
            channel = ConnectorChannel(mapping(feedback=rules), settings(), Unsigned(), "sandbox")
            return ChannelUnderTest(channel, world.run, lambda: sum(effects.values()))

        return serving
