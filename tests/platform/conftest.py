"""A platform fed by hand: it answers requests of the reference protocol from memory, as a scenario says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import NoAnswerError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.channel import PlatformChannel
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.spi import SourceSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk.model import Record, Subject, Value

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
JSON = {"content-type": "application/json"}


def settings(**changed: Any) -> SourceSettings:
    given = {"id": "municipal", "level": "municipal", "base_url": "http://127.0.0.1:8801/municipal", "key_id": "demo"}
    return SourceSettings.model_validate({**given, **changed})


def reply_of(value: Value, status: int = 200) -> Reply:
    return Reply(status, JSON, wire.dump(value))


def wire_record(record: Record, **changed: Any) -> wire.WireRecord:
    stated = {name: getattr(record, name) for name in wire.WireRecord.model_fields}
    return wire.WireRecord(**{**stated, **changed})


@dataclass
class FedPlatform:
    """Answers checks and feedback from memory; `before` may answer instead, or raise."""

    records: list[Record] = field(default_factory=list)
    unknown: list[Subject] = field(default_factory=list)
    left_out: list[Subject] = field(default_factory=list)
    reply_changes: dict[str, Any] = field(default_factory=dict)
    result_changes: dict[str, Any] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    loses: int = 0
    before: Callable[[Request], Reply | None] = lambda _: None
    asked: list[wire.ChecksRequest] = field(default_factory=list)
    batches: list[wire.FeedbackRequest] = field(default_factory=list)
    effects: dict[str, Any] = field(default_factory=dict)

    def serve(self, request: Request, source: str) -> Reply:
        if (instead := self.before(request)) is not None:
            return instead
        if request.url.endswith(wire.CHECKS):
            return reply_of(self.checks(wire.parse(wire.ChecksRequest, request.body)))
        reply = self.feedback(wire.parse(wire.FeedbackRequest, request.body))
        if self.loses:
            self.loses -= 1
            raise NoAnswerError("it broke", "中断", remedy_en="try again", remedy_zh="请重试", source=source)
        return reply_of(reply)

    def checks(self, asked: wire.ChecksRequest) -> wire.ChecksReply:
        self.asked.append(asked)
        start = int(asked.cursor or 0)
        end = start + asked.page_size
        page = asked.subjects[start:end]
        known = [subject for subject in page if subject not in self.unknown]
        given: dict[str, Any] = {
            "request_id": asked.request_id,
            "as_of": NOW - timedelta(minutes=1),
            "environment": "sandbox",
            "results": tuple(self.result(subject) for subject in page if subject not in self.left_out),
            "unknown": tuple(s.identifiers[0] for s in page if s not in known and s.identifiers),
            "next_cursor": str(end) if end < len(asked.subjects) else None,
        }
        return wire.ChecksReply(**{**given, **self.reply_changes})

    def result(self, subject: Subject) -> wire.SubjectResult:
        records = tuple(wire_record(record) for record in self.records if self._concerns(record, subject))
        given: dict[str, Any] = {"subject": subject, "known": subject not in self.unknown, "records": records}
        return wire.SubjectResult(**{**given, **self.result_changes})

    def feedback(self, batch: wire.FeedbackRequest) -> wire.FeedbackReply:
        self.batches.append(batch)
        return wire.FeedbackReply(results=tuple(self._take(item) for item in batch.items))

    def _take(self, item: wire.Item) -> wire.ItemResult:
        key = item.idempotency_key
        if key in self.refused:
            return wire.ItemResult(idempotency_key=key, verdict="refused", code="item.invalid", detail="…")
        verdict = "duplicate" if key in self.effects else "accepted"
        self.effects[key] = item.body
        return wire.ItemResult.model_validate({"idempotency_key": key, "verdict": verdict})

    def _concerns(self, record: Record, subject: Subject) -> bool:
        if record.match == "name_only":
            return record.subject.name == subject.name
        return record.subject.same_as(subject) or any(p.subject.same_as(subject) for p in record.responsible)


@pytest.fixture
def platform() -> FedPlatform:
    return FedPlatform()


@pytest.fixture
def make_source() -> Callable[..., PlatformSource]:
    def make(**changed: Any) -> PlatformSource:
        environment = changed.pop("environment", "sandbox")
        return PlatformSource(settings(**changed), HmacSigner("demo", "demo-secret"), environment)

    return make


@pytest.fixture
def make_channel() -> Callable[..., PlatformChannel]:
    def make(**changed: Any) -> PlatformChannel:
        environment = changed.pop("environment", "sandbox")
        return PlatformChannel(settings(**changed), HmacSigner("demo", "demo-secret"), environment)

    return make
