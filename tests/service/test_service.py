"""A host in any language checks, settles and passes the gate over HTTP, with the words and values of the front door."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck, Decision, Settled
from tests.kit import OTHER, USCC, case, faults, organisation, record, until

if TYPE_CHECKING:
    from collections.abc import Callable

FINANCE, MARKET = "451100-czj", "451100-scjgj"


def body(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = case(**more).model_dump(mode="json", context={"reveal": True})
    for party in (made["subject"], *(each["subject"] for each in made["parties"])):
        party.pop("founded_on", None)
    return made


def settlement(decision: dict[str, Any], department: str = FINANCE) -> dict[str, Any]:
    return {
        "case_id": decision["case_id"],
        "point": decision["point"],
        "operator": {"id": "u-1024", "department": department},
        "responses": [{"proposal": each["id"], "answer": "applied"} for each in decision["proposals"]],
    }


def test_a_host_checks_settles_and_passes(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    key = served.key()
    file = body()

    assert served("/v1/require", {"case": file}, key=key).json["code"] == "gate.never_checked"
    checked = served("/v1/check", file, key=key)
    assert checked.status == 200
    assert checked.json["outcome"] == "restricted"
    assert USCC not in checked.raw.decode()
    decision = Decision.model_validate_json(checked.raw)
    unsettled = served("/v1/require", {"case": file}, key=key)
    assert (unsettled.status, unsettled.json["code"], unsettled.json["passed"]) == (409, "gate.unsettled", False)
    assert unsettled.headers["content-type"] == "application/problem+json"

    settled = served("/v1/settle", settlement(checked.json), key=key)
    assert Settled.model_validate_json(settled.raw).settled
    passed = served("/v1/require", {"case_id": file["id"], "point": "evaluate"}, key=key)
    assert (passed.status, passed.json["passed"], passed.json["decision"]) == (200, True, decision.id)
    blocked = served("/v1/require", {"case": file, "to": "grant"}, key=key)
    assert (blocked.status, blocked.json["code"]) == (403, "gate.blocked")

    shown = served(f"/v1/checks/{decision.id}", key=key).json
    assert shown["receipt"] == decision.receipt
    assert served(f"/v1/checks?case_id={file['id']}&point=evaluate", key=key).json["id"] == decision.id
    assert served(f"/v1/checks/{decision.id}/explanation", key=key).json["decision"] == decision.id
    claims = served("/v1/verify-receipt", {"receipt": decision.receipt}, key=key).json
    assert (claims["jti"], claims["case"]) == (decision.id, file["id"])
    found = served(f"/v1/notices?case_id={file['id']}", key=key).json["notices"]
    assert {each["notice"]["decision"] for each in found} == {decision.id}


def test_what_is_served_is_what_the_embedded_client_says(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    file = body()
    number = served("/v1/check", file, key=served.key()).json["id"]
    with CreditCheck.open(served.settings) as credit:
        stored = credit.show(number)
        assert stored is not None
        assert served(f"/v1/checks/{number}", key=served.key()).json == stored.decision.model_dump(mode="json")
        served("/v1/settle", settlement(stored.decision.model_dump(mode="json")), key=served.key())
        assert credit.require(file["id"], point="evaluate").decision == number


def test_a_notice_is_delivered_through_the_service(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    file = body()
    decision = served("/v1/check", file, key=served.key()).json
    served("/v1/settle", settlement(decision), key=served.key())
    (number, *_) = [
        each["notice"]["id"]
        for each in served(f"/v1/notices?case_id={file['id']}", key=served.key()).json["notices"]
        if each["state"] == "drafted"
    ]
    said = {"method": "in_person", "on": decision["decided_at"][:10], "operator": {"id": "u", "department": FINANCE}}
    foreign = served(f"/v1/notices/{number}/delivered", said, key=served.key(MARKET))
    assert foreign.status == 404
    assert served(f"/v1/notices/{number}/delivered", said, key=served.key()).json["state"] == "delivered"
    assert served("/v1/notices/notice_0/delivered", said, key=served.key()).status == 404


def test_an_objection_is_taken_suspends_and_is_withdrawn(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    key, market, file = served.key(), served.key(MARKET), body()
    decision = served("/v1/check", file, key=key).json
    served("/v1/settle", settlement(decision), key=key)
    operator = {"id": "u-1024", "department": FINANCE}
    draft = {"case_id": file["id"], "point": "evaluate", "operator": operator, "text": "the fine was annulled"}
    given = {"objection": draft, "papers": [{"name": "judgment.pdf", "content": "JVBERi0="}]}
    assert served("/v1/objections", given, key=market).json["code"] == "objection.never_checked"
    taken = served("/v1/objections", given, key=key, headers={"Idempotency-Key": "o-1"})
    assert taken.status == 200, taken.raw
    again = served("/v1/objections", given, key=key, headers={"Idempotency-Key": "o-1"})
    assert again.json == taken.json
    (said,) = {each["objection"]["record_id"] for each in taken.json["objections"]}
    assert said
    assert {each["state"] for each in taken.json["objections"]} == {"open"}
    shown = served(f"/v1/checks/{decision['id']}", key=key).json
    assert "suspended" in {each["state"] for each in shown["proposals"]}
    assert served("/v1/require", {"case": file, "to": "grant"}, key=key).json["code"] == "gate.changed"
    found = f"/v1/objections?case_id={file['id']}"
    assert served(found, key=key).json == taken.json
    assert served(found, key=market).json == {"objections": []}
    number = taken.json["objections"][0]["objection"]["id"]
    back = {"operator": operator, "reason": "filed by mistake"}
    assert served(f"/v1/objections/{number}/withdrawn", back, key=market).status == 404
    assert served(f"/v1/objections/{number}/withdrawn", back, key=key).json["state"] == "withdrawn"
    shown = served(f"/v1/checks/{decision['id']}", key=key).json
    assert "suspended" not in {each["state"] for each in shown["proposals"]}
    wrong = {**given, "papers": [{"name": "x", "content": "no base64"}]}
    assert served("/v1/objections", wrong, key=key).json["code"] == "objection.paper"


def test_evidence_by_hand_stands_for_a_silent_source(serve: Callable[..., Any], sandbox: Any, config: Any) -> None:
    text = config.read_text(encoding="utf-8")
    place = '[matters."procurement.goods"]\n'
    config.write_text(text.replace(place, place + 'outage = {evaluate = "manual"}\n'), encoding="utf-8")
    served, file = serve(), body()
    key, market = served.key(), served.key(MARKET)
    down = {"level": "national", "path": None, "kind": "status", "value": 503, "rate": 1.0, "times": -1}
    with faults(sandbox, down):
        assert served("/v1/check", file, key=key).json["outcome"] == "undecided"
        given = {
            "case_id": file["id"],
            "point": "evaluate",
            "source": "national",
            "file": {"name": "seen.pdf", "content": "JVBERi0="},
            "site": "信用中国（广西）",
            "queried_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
            "operator": {"id": "u-1024", "department": FINANCE},
        }
        assert served("/v1/manual-evidence", given, key=market).json["code"] == "manual.never_checked"
        path = {**given, "file": {"name": "/etc/hostname", "content": ""}}
        assert served("/v1/manual-evidence", path, key=key).json["code"] == "manual.file", "no file is read for anybody"
        answers = [
            served("/v1/manual-evidence", given, key=key, headers={"Idempotency-Key": "m-1"}).json for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert answers[0]["outcome"] == "clear"
        assert served("/v1/require", {"case": file, "to": "grant"}, key=key).json["passed"]


def test_a_key_of_one_department_cannot_read_anothers_checks(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    finance, market = served.key(FINANCE), served.key(MARKET, may=("check", "settle", "require", "read", "prove"))
    file = body()
    decision = served("/v1/check", file, key=finance).json

    seen = served(f"/v1/checks/{decision['id']}", key=market)
    none = served("/v1/checks/dec_0", key=market)
    assert seen.status == none.status == 404
    assert seen.json == none.json, "nobody can tell what is not there from what is another's"
    for path in (
        f"/v1/checks?case_id={file['id']}&point=evaluate",
        f"/v1/checks/{decision['id']}/explanation",
        f"/v1/checks/{decision['id']}/proof",
    ):
        assert served(path, key=market).status == 404
    assert served(f"/v1/notices?case_id={file['id']}", key=market).json == {"notices": []}

    asked = {"case_id": file["id"], "point": "evaluate"}
    assert served("/v1/require", asked, key=market).json["code"] == "gate.never_checked"
    settled = served("/v1/settle", settlement(decision, MARKET), key=market)
    assert (settled.status, settled.json["code"]) == (422, "settle.never_checked")
    own = {**file, "operator": {"id": "u", "department": MARKET}}
    taken = served("/v1/check", own, key=market)
    assert (taken.status, taken.json["code"]) == (403, "call.forbidden")
    posing = served("/v1/check", file, key=market)
    assert (posing.status, posing.json["code"]) == (403, "call.forbidden")
    assert served("/v1/settle", settlement(decision, MARKET), key=finance).json["code"] == "call.forbidden"
    assert decision["id"] not in "".join(answer.raw.decode() for answer in (taken, posing, settled))
    assert served("/v1/settle", settlement(decision), key=finance).json["settled"]


def test_a_key_reaches_the_matters_that_it_names(served: Any, sandbox: Any) -> None:
    key = served.key(FINANCE, matters=("licence.*", "tender.works"))
    assert served("/v1/check", body(), key=key).json["code"] == "call.forbidden"
    assert served("/v1/check", body(matter="tender.works"), key=key).status == 200
    assert served("/v1/check", body(matter="licence.food-production", point="accept"), key=key).status == 200
    assert served("/v1/check", body(matter="licences.other", point="accept"), key=key).json["code"] == "call.forbidden"


@pytest.mark.parametrize("token", ["", "cck_", "cck_0_0", "Bearer", "cck_ab'--_x", "x" * 500])
def test_without_a_key_that_holds_nothing_is_answered(served: Any, token: str) -> None:
    answer = served("/v1/check", body(), key=token)
    assert (answer.status, answer.json["code"]) == (401, "call.unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing_from_the_next_call_on(served: Any) -> None:
    key = served.key()
    assert served("/v1/check", body(), key=key).status == 200
    (known,) = served.register.host_keys()
    served.register.revoke(known.id, "left the department")
    assert served("/v1/check", body(), key=key).status == 401
    assert served("/v1/check", body(), key=key[:-1] + ("A" if key[-1] != "A" else "B")).status == 401


def test_a_key_does_what_it_may(served: Any) -> None:
    reader = served.key(may=("read",))
    answer = served("/v1/check", body(), key=reader)
    assert (answer.status, answer.json["code"]) == (403, "call.forbidden")
    assert served("/metrics", key=reader).status == 403
    assert served("/v1/checks/dec_0", key=served.key(may=("check",))).status == 403


def test_a_call_that_comes_again_is_made_once(served: Any, sandbox: Any) -> None:
    sandbox.put_record(record())
    key, file = served.key(), body()
    first, again = (
        served("/v1/check", file, key=key, headers={"Idempotency-Key": "a-1"}),
        served("/v1/check", file, key=key, headers={"Idempotency-Key": "a-1"}),
    )
    assert first.json == again.json
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert served("/v1/check", file, key=key, headers={"Idempotency-Key": "a-2"}).json["id"] != first.json["id"]
    changed = served("/v1/check", {**file, "region": "451100"}, key=key, headers={"Idempotency-Key": "a-1"})
    assert (changed.status, changed.json["code"]) == (422, "call.repeated")
    other = served("/v1/check", body(), key=served.key(), headers={"Idempotency-Key": "a-1"})
    assert other.json["case_id"] != file["id"], "another host's keys are its own"
    decision = served(f"/v1/checks?case_id={file['id']}&point=evaluate", key=key).json
    said = settlement(decision)
    settled = [served("/v1/settle", said, key=key, headers={"Idempotency-Key": "s-1"}).json for _ in range(2)]
    assert settled[0] == settled[1]
    assert settled[0]["feedback"]
    long = served("/v1/check", file, key=key, headers={"Idempotency-Key": "x" * 300})
    assert (long.status, long.json["code"]) == (400, "call.invalid")


def test_what_failed_may_be_called_again_with_the_same_key(served: Any) -> None:
    wrong = body(matter="no.such")
    answers = [served("/v1/check", wrong, key=served.key(), headers={"Idempotency-Key": "k"}) for _ in range(2)]
    key = served.key()
    answers += [served("/v1/check", wrong, key=key, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert {(each.status, each.json["code"]) for each in answers} == {(422, "case.unknown_matter")}


def test_a_call_under_way_is_not_made_twice(served: Any) -> None:
    from credit_check_sdk import CreditCheckError  # noqa: PLC0415  only here

    register = served.register
    assert register.begin("k", "r", "check", b"{}") is None
    with pytest.raises(CreditCheckError) as found:
        register.begin("k", "r", "check", b"{}")
    assert (found.value.code, found.value.http_status) == ("call.in_progress", 409)
    register.end("k", "r", "dec_1")
    assert register.begin("k", "r", "check", b"{}") == "dec_1"


def test_many_hosts_at_once_with_one_key_make_one_check(served: Any) -> None:
    key, file, answers = served.key(), body(), []

    def call() -> None:
        answers.append(served("/v1/check", file, key=key, headers={"Idempotency-Key": "same"}))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.json["id"] for answer in answers if answer.status == 200}) == 1


def test_too_many_calls_wait(serve: Callable[..., Any]) -> None:
    served = serve(rate=0.001, burst=2)
    key = served.key(may=("read",))
    statuses = [served("/v1/checks/dec_0", key=key) for _ in range(3)]
    assert [each.status for each in statuses] == [404, 404, 429]
    assert int(statuses[-1].headers["retry-after"]) > 1
    assert served("/v1/checks/dec_0", key=served.key()).status == 404, "each key has a bucket of its own"


def test_every_call_is_on_record_and_names_no_subject(served: Any, config: Any) -> None:
    key, file = served.key(), body()
    decision = served("/v1/check", file, key=key).json
    served("/v1/require", {"case": file, "to": "grant"}, key=key)
    served(f"/v1/checks/{decision['id']}", key=served.key(MARKET))
    served("/v1/check", file, key="cck_0_0")
    calls = served.register.calls()
    said = [(call["operation"], call["status"], call["code"], call["case_id"]) for call in reversed(calls)]
    assert said == [
        ("check", 200, None, file["id"]),
        ("require", 200, None, file["id"]),
        ("show", 404, "call.unknown", None),
        ("check", 401, "call.unauthenticated", None),
    ]
    assert calls[-1]["decision"] == decision["id"]
    assert calls[-1]["department"] == FINANCE
    assert [call["operation"] for call in served.register.calls(case_id=file["id"], limit=1)] == ["require"]
    kept = b"".join(path.read_bytes() for path in config.parent.glob("credit-check-audit.db*"))
    assert USCC.encode() not in kept
    assert key.rpartition("_")[2].encode() not in kept, "of a key only a hash is kept"


def test_without_a_record_of_the_call_nothing_is_answered(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from credit_check_sdk import LedgerError  # noqa: PLC0415  only here
    from credit_check_sdk._shell.register import Register  # noqa: PLC0415  the same

    def broken(*_: object) -> None:
        raise LedgerError("the disk is full", "磁盘已满", code="audit.unavailable")

    monkeypatch.setattr(Register, "note", broken)
    answer = served("/v1/check", body(), key=served.key())
    assert (answer.status, answer.json["code"]) == (503, "audit.unavailable")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"", 422, "case.invalid"),
        (b"[" * 50_000, 422, "case.invalid"),
        (b'{"id": "\\ud800"}', 422, "case.invalid"),
        (b"\xff\xfe", 422, "case.invalid"),
        (b'{"id": "\\u0000"}', 422, "case.invalid"),
        (b"{}" + b" " * 2_000_000, 413, "call.too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_by_place(served: Any, sent: bytes, status: int, code: str) -> None:
    answer = served("/v1/check", sent, key=served.key())
    assert (answer.status, answer.json["code"]) == (status, code)


def test_an_error_speaks_the_language_asked_for_and_shows_no_identifier(served: Any) -> None:
    key = served.key()
    wrong = {**body(), "subjct": USCC}
    for asked, word in (("en-GB,zh;q=0.5", "body"), ("zh-CN", "请求"), ("en;q=x, zh;q=0.1", "body")):
        answer = served("/v1/check", wrong, key=key, headers={"Accept-Language": asked})
        assert answer.status == 422
        assert set(answer.json) >= {"type", "title", "status", "detail", "code", "words"}
        assert USCC not in answer.raw.decode()
        assert answer.json["words"]["zh-CN" if asked.startswith("zh") else "en"], word
    assert served("/v1/check", wrong, key=key, headers={"Accept-Language": "en"}).json["detail"].isascii()
    assert not served("/v1/check", wrong, key=key, headers={"Accept-Language": "zh"}).json["title"].isascii()
    person = {**body(), "purpose": None}
    person["subject"] = {"category": "person", "name": "张示例", "identifiers": []}
    assert served("/v1/check", person, key=key).json["code"] == "case.purpose_missing"


def test_paths_that_are_not_there_are_problems_too(served: Any) -> None:
    assert (served("/v2/none").status, served("/v2/none").json["code"]) == (404, "call.unknown")
    wrong = served("/v1/check", method="GET", key=served.key())
    assert (wrong.status, wrong.json["code"], wrong.headers["allow"]) == (405, "call.method", "POST")
    assert served("/v1/checks?point=evaluate", key=served.key()).json["code"] == "call.invalid"
    assert served("/v1/checks?case_id=%00&point=evaluate", key=served.key()).json["code"] == "call.invalid"
    assert served("/v1/checks/dec%00", key=served.key()).status == 404
    assert served("/v1/checks?case_id=1&point=nowhere", key=served.key()).json["code"] == "call.invalid"


def test_an_error_of_its_own_says_nothing_of_what_was_sent(
    served: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from credit_check_sdk import AsyncCreditCheck  # noqa: PLC0415  only here

    async def broken(*_: object, **__: object) -> None:
        raise ValueError(USCC)

    monkeypatch.setattr(AsyncCreditCheck, "check", broken)
    answer = served("/v1/check", body(), key=served.key())
    assert (answer.status, answer.json["code"]) == (500, "call.failed")
    assert answer.headers["credit-check-call"] in caplog.text
    assert USCC not in caplog.text + answer.raw.decode()


def test_health_and_metrics(served: Any) -> None:
    assert served("/v1/health").json["status"] == "ok"
    assert served("/v1/ready").json["environment"] == "sandbox"
    served("/v1/check", body(), key=served.key())
    served("/v1/require", {"case": body(subject=organisation(OTHER))}, key=served.key())
    assert served("/metrics").status == 401
    text = served("/metrics", key=served.key(may=("metrics",))).raw.decode()
    for line in (
        'credit_check_calls_total{operation="check",status="200"} 1',
        'credit_check_checks_total{outcome="clear"} 1',
        'credit_check_refusals_total{code="gate.never_checked"} 1',
        'credit_check_call_seconds_count{operation="check"} 1',
        'credit_check_sources{source="municipal",state="ready"} 1',
        'credit_check_figure{department="451100-czj",matter="procurement.goods",point="evaluate",figure="checks"} 1',
        'credit_check_figure{figure="surviving"} 0',
    ):
        assert line in text
    assert all(line.startswith("#") or line.rpartition(" ")[0] for line in text.splitlines())


def test_a_ledger_that_cannot_be_used_is_not_ready(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from credit_check_sdk import AsyncCreditCheck, LedgerError  # noqa: PLC0415  only here

    async def broken(*_: object) -> None:
        raise LedgerError("the disk is full", "磁盘已满")

    monkeypatch.setattr(AsyncCreditCheck, "outbox_status", broken)
    assert served("/v1/health").status == 200
    assert served("/v1/ready").status == 503
    assert "credit_check_unavailable_total" in served("/metrics", key=served.key(may=("metrics",))).raw.decode()


def test_the_service_may_deliver_feedback_itself(serve: Callable[..., Any], sandbox: Any) -> None:
    sandbox.put_record(record())
    served = serve(relay=True)
    decision = served("/v1/check", body(), key=served.key()).json
    keys = served("/v1/settle", settlement(decision), key=served.key()).json["feedback"]
    until(lambda: sandbox.received("feedback")["total"] >= len(keys))


def test_it_describes_itself_as_openapi(served: Any) -> None:
    said = served("/openapi.json").json
    assert said["openapi"].startswith("3.1")
    assert {"/v1/check", "/v1/settle", "/v1/require", "/v1/checks/{decision}", "/.well-known/jwks.json"} <= set(
        said["paths"]
    )
    check = said["paths"]["/v1/check"]["post"]
    assert check["security"] == [{"hostKey": []}]
    assert "security" not in said["paths"]["/v1/health"]["get"]
    assert {each["name"] for each in check["parameters"]} == {"dry_run", "Idempotency-Key"}
    assert "subject" in check["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert json.dumps(said).count("$ref") == 0


def test_a_trial_is_not_recorded(served: Any) -> None:
    file, key = body(), served.key()
    assert served("/v1/check?dry_run=true", file, key=key).json["receipt"] is None
    assert served("/v1/require", {"case": file}, key=key).json["code"] == "gate.never_checked"
