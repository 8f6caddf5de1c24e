"""The reference protocol as values: strict in both directions, signed to the letter."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, date, datetime

import pytest

from credit_check_sdk.model import Identifier, Level, Party, Record, Subject
from credit_check_sdk.platform import wire

FIRM = Subject(
    category="organisation",
    name="贺州市示例食品有限公司",
    identifiers=(Identifier(scheme="cn-uscc", value="91451100MA5AAAAA2F"),),
)
RECORD = wire.WireRecord(
    record_id="R-1",
    list_code="SAMR-YZ",
    polarity="negative",
    severity="serious",
    subject=FIRM,
    authority="贺州市市场监督管理局",
    list_until=date(2029, 3, 1),
)
REPLY = wire.ChecksReply(
    request_id="req_1",
    as_of=datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
    environment="sandbox",
    results=(wire.SubjectResult(subject=FIRM, known=True, records=(RECORD,)),),
)


def test_a_document_survives_the_wire_with_its_identifiers_in_full() -> None:
    body = wire.dump(REPLY)
    assert b"91451100MA5AAAAA2F" in body
    assert wire.parse(wire.ChecksReply, body) == REPLY


def test_printing_a_document_shows_no_identifier() -> None:
    assert "91451100MA5AAAAA2F" not in repr(REPLY)
    assert "91451100MA5AAAAA2F" not in REPLY.model_dump_json()


@pytest.mark.parametrize(
    "changed",
    [
        {"extra": 1},
        {"as_of": "2026-11-23T01:00:00"},
        {"as_of": None},
        {"environment": "test"},
        {"results": {}},
        {"results": [{"subject": json.loads(FIRM.model_dump_json(context={"reveal": True})), "known": "yes"}]},
        {"results": [{"subject": json.loads(FIRM.model_dump_json()), "known": True}]},
        {"request_id": 7},
    ],
    ids=["unknown key", "naive time", "no time", "environment", "no list", "no boolean", "masked", "number"],
)
def test_what_does_not_fit_is_refused(changed: dict[str, object]) -> None:
    document = {**json.loads(wire.dump(REPLY)), **changed}
    with pytest.raises(ValueError, match="validation error"):
        wire.parse(wire.ChecksReply, json.dumps(document).encode())


def test_a_missing_key_is_refused() -> None:
    document = json.loads(wire.dump(REPLY))
    del document["results"]
    with pytest.raises(ValueError, match="results"):
        wire.parse(wire.ChecksReply, json.dumps(document).encode())


def test_a_key_twice_is_refused_because_readers_differ_in_which_they_take() -> None:
    body = wire.dump(REPLY)
    doubled = body.replace(b'"known":true', b'"known":false,"known":true')
    assert doubled != body
    with pytest.raises(ValueError, match="a key twice"):
        wire.parse(wire.ChecksReply, doubled)


def test_too_large_a_document_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        wire.parse(wire.ChecksReply, wire.dump(REPLY))


def test_a_deeply_nested_document_is_refused() -> None:
    with pytest.raises(ValueError, match=r"recursion|JSON"):
        wire.parse(wire.FeedbackRequest, b'{"items":[{"idempotency_key":"k","body":' + b'{"a":' * 5000)


def test_the_error_shows_nothing_of_the_document() -> None:
    document = json.loads(wire.dump(REPLY))
    document["results"][0]["subject"]["identifiers"][0]["value"] = ["91451100MA5AAAAA2F"]
    with pytest.raises(ValueError, match="value") as raised:
        wire.parse(wire.ChecksReply, json.dumps(document).encode())
    assert "91451100MA5AAAAA2F" not in str(raised.value)


def test_a_request_has_at_most_500_subjects() -> None:
    request = wire.ChecksRequest(
        request_id="req_1",
        case_id="c",
        matter="licence.food-production",
        point="accept",
        department="d",
        subjects=(FIRM,) * 500,
    )
    document = json.loads(wire.dump(request))
    document["subjects"].append(document["subjects"][0])
    with pytest.raises(ValueError, match="subjects"):
        wire.parse(wire.ChecksRequest, json.dumps(document).encode())


def test_the_signed_lines_are_those_of_the_protocol() -> None:
    body = b'{"a":1}'
    lines = wire.canonical("post", "/municipal/v1/changes?since=7&wait=2", body, 1795395600, "nonce_1")
    digest = hashlib.sha256(body).hexdigest()
    assert lines == f"POST\n/municipal/v1/changes?since=7&wait=2\n{digest}\n1795395600\nnonce_1".encode()
    signed = wire.signature("demo-secret", "POST", "/municipal/v1/changes?since=7&wait=2", body, 1795395600, "nonce_1")
    assert signed == hmac.new(b"demo-secret", lines, hashlib.sha256).hexdigest()


def test_a_signature_known_from_elsewhere_is_met() -> None:
    # printf 'POST\n/municipal/v1/checks\n%s\n1795395600\nnonce_1' "$(printf '{}' | sha256sum | cut -c-64)" |
    #   openssl dgst -sha256 -hmac demo-secret
    signed = wire.signature("demo-secret", "POST", "/municipal/v1/checks", b"{}", 1795395600, "nonce_1")
    assert signed == "415a1e10c1583f3f6b641c56afb274003f639453a6d9c465862dd59f49b0c290"


def test_a_record_becomes_one_of_its_source() -> None:
    person = Subject(category="person", name="张示例")
    wired = RECORD.model_copy(update={"responsible": (Party(role="directly_responsible", subject=person),)})
    record = wired.record("municipal")
    assert (record.source, record.record_id, record.list_until) == ("municipal", "R-1", date(2029, 3, 1))
    assert record.responsible == wired.responsible


def test_wire_and_model_name_a_record_alike() -> None:
    assert set(wire.WireRecord.model_fields) == set(Record.model_fields) - {"source"}


def test_a_draft_may_come_without_a_number_and_with_the_keys_of_a_record() -> None:
    assert set(wire.RecordDraft.model_fields) == set(wire.WireRecord.model_fields) - {"match", "observed_at"}
    document = json.loads(wire.dump(RECORD))
    del document["match"], document["observed_at"]
    draft = wire.parse(wire.RecordDraft, json.dumps({**document, "record_id": None}).encode())
    assert draft.record_id is None


def test_the_digest_of_a_list_depends_on_its_records_and_not_on_their_order() -> None:
    other = RECORD.model_copy(update={"record_id": "R-2"})
    level: Level = "regional"
    changed = RECORD.model_copy(update={"level": level})
    assert wire.list_digest([RECORD, other]) == wire.list_digest([other, RECORD])
    assert wire.list_digest([RECORD]) != wire.list_digest([changed])
    assert wire.list_digest([]) == "sha256:" + hashlib.sha256(b"").hexdigest()
