"""The sandbox as another team's client meets it: signed requests, paging, idempotency, ETags, long poll, city, OpenAPI."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from typing import Any

import httpx
import pytest

from credit_check_sdk.platform import wire
from credit_check_sdk.sandbox import serving
from credit_check_sdk.sandbox.city import city
from tests.kit import OTHER, USCC, organisation, record

_nonces = itertools.count(1)


def signed(method: str, url: str, path: str, body: bytes = b"", **changes: Any) -> httpx.Response:
    """Send a signed request; *changes* spoil it."""
    stamp = changes.get("stamp", int(time.time()))
    nonce = changes.get("nonce", f"nonce-{next(_nonces)}-{time.time_ns()}")
    signature = wire.signature(changes.get("secret", "demo-secret"), method, path, body, stamp, nonce)
    headers = {
        wire.KEY_HEADER: changes.get("key", "demo"),
        wire.TIMESTAMP_HEADER: str(stamp),
        wire.NONCE_HEADER: nonce,
        wire.SIGNATURE_HEADER: signature,
        **changes.get("headers", {}),
    }
    return httpx.request(method, url + path, content=changes.get("sent", body), headers=headers, timeout=30)


def checks(*subjects: Any, **more: Any) -> bytes:
    """Write a request about subjects."""
    request = {
        "request_id": "r-1",
        "case_id": "c-1",
        "matter": "procurement.goods",
        "point": "evaluate",
        "purpose": {"text": "评审", "basis": "政府采购法", "authorisation_ref": None},
        "department": "451100-czj",
        "subjects": [s.model_dump(mode="json", context={"reveal": True}) for s in subjects],
        **more,
    }
    return json.dumps(request, ensure_ascii=False).encode()


def ask(sandbox: Any, level: str, body: bytes) -> Any:
    """Ask one platform."""
    answer = signed("POST", sandbox.url, f"/{level}/v1/checks", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "another"}, "signature.invalid"),
        ({"key": "nobody"}, "signature.unknown_key"),
        ({"stamp": 1}, "signature.expired"),
        ({"sent": b"{}"}, "signature.invalid"),
        ({"headers": {wire.SIGNATURE_HEADER: ""}}, "signature.missing"),
    ],
)
def test_a_request_that_is_not_rightly_signed_is_refused(sandbox: Any, change: dict[str, Any], code: str) -> None:
    answer = signed("POST", sandbox.url, "/municipal/v1/checks", checks(organisation()), **change)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_nonce_counts_once(sandbox: Any) -> None:
    body = checks(organisation())
    answers = [signed("POST", sandbox.url, "/municipal/v1/checks", body, nonce="the-same-nonce") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].json()["code"] == "signature.replayed"


def test_a_record_is_given_by_its_own_platform_only(sandbox: Any) -> None:
    number = sandbox.put_record(record(level="regional"))
    found = {level: ask(sandbox, level, checks(organisation()))["results"][0] for level in ("municipal", "regional")}
    assert found["municipal"]["records"] == []
    assert [r["record_id"] for r in found["regional"]["records"]] == [number]
    assert found["regional"]["known"]


def test_unknown_identifiers_are_named(sandbox: Any) -> None:
    stranger = organisation("91450000MA5STRNG0X", "没有人认识的公司")
    reply = ask(sandbox, "municipal", checks(organisation(), stranger))
    assert [result["known"] for result in reply["results"]] == [True, False]
    assert [i["value"] for i in reply["unknown"]] == ["91450000MA5STRNG0X"]
    assert reply["environment"] == "sandbox"


def test_pages_lead_on_and_end(sandbox: Any) -> None:
    known = sandbox.subjects(limit=7)
    subjects = [organisation(s["identifiers"][0]["value"], s["name"], s["identifiers"][0]["scheme"]) for s in known]
    cursor, seen = None, []
    while True:
        reply = ask(sandbox, "municipal", checks(*subjects, page_size=3, cursor=cursor))
        seen += [result["subject"]["name"] for result in reply["results"]]
        cursor = reply["next_cursor"]
        if cursor is None:
            break
    assert seen == [s.name for s in subjects]
    bad = signed("POST", sandbox.url, "/municipal/v1/checks", checks(*subjects, cursor="elsewhere"))
    assert (bad.status_code, bad.json()["code"]) == (422, "request.invalid")


def test_more_than_500_subjects_or_an_unknown_key_are_refused_with_the_place(sandbox: Any) -> None:
    many = checks(*[organisation(USCC, f"第{n}家") for n in range(501)])
    answer = signed("POST", sandbox.url, "/municipal/v1/checks", many)
    assert answer.status_code == 422
    assert "subjects" in answer.json()["detail"]
    answer = signed("POST", sandbox.url, "/municipal/v1/checks", checks(organisation(), surprise=1))
    assert "surprise" in answer.json()["detail"]


def test_somebody_asked_by_name_or_recorded_by_name_is_marked_so(sandbox: Any) -> None:
    nameless = {"category": "organisation", "name": "贺州市示例食品有限公司", "identifiers": []}
    sandbox.put_record(record(subject=nameless))
    (found,) = ask(sandbox, "municipal", checks(organisation()))["results"][0]["records"]
    assert found["match"] == "name_only"
    sandbox.reset()
    sandbox.put_record(record())
    (found,) = ask(sandbox, "municipal", checks(organisation(None)))["results"][0]["records"]
    assert found["match"] == "name_only"
    assert ask(sandbox, "municipal", checks(organisation(OTHER)))["results"][0]["records"] == []


def event(key: str, **data: Any) -> dict[str, Any]:
    """Make an item to be delivered."""
    body = {
        "specversion": "1.0", "id": key, "source": "urn:test", "type": "cn.credit-check.feedback.response",
        "time": "2026-11-23T09:00:00+08:00", "data": {"case_id": "c-1", "measure": "R-GP-01", **data},
    }  # fmt: skip
    return {"idempotency_key": key, "body": body}


def deliver(sandbox: Any, *items: dict[str, Any], path: str = "/municipal/v1/feedback") -> list[dict[str, Any]]:
    """Deliver a batch; give the answer for each item."""
    answer = signed("POST", sandbox.url, path, json.dumps({"items": items}).encode())
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_the_same_key_is_taken_once_and_never_for_other_content(sandbox: Any) -> None:
    assert [r["verdict"] for r in deliver(sandbox, event("k-1"), event("k-2", proposal="p-2"))] == ["accepted"] * 2
    again = deliver(sandbox, event("k-1"), event("k-2", proposal="another"))
    assert [r["verdict"] for r in again] == ["duplicate", "refused"]
    assert again[1]["code"] == "idempotency.conflict"
    received = sandbox.received("feedback")
    assert (received["total"], received["effects"]) == (2, 2)
    assert [item["deliveries"] for item in received["items"]] == [2, 1]


def test_effects_are_counted_by_content_whatever_the_key(sandbox: Any) -> None:
    deliver(sandbox, event("k-1", id="k-1", at="2026-01-01"), event("k-2", id="k-2", at="2026-01-02"))
    received = sandbox.received("feedback")
    assert (received["total"], received["effects"]) == (2, 1)


@pytest.mark.parametrize("kind", ["commitments", "publicity", "objections", "red-list"])
def test_every_intake_takes_and_refuses_item_by_item(sandbox: Any, kind: str) -> None:
    bad = {"idempotency_key": "bad", "body": {"no": "event"}}
    results = deliver(sandbox, event("good"), bad, path=f"/national/v1/{kind}")
    assert [r["verdict"] for r in results] == ["accepted", "refused"]
    assert sandbox.received(kind)["total"] == 1
    assert sandbox.received("feedback")["total"] == 0


def test_lists_carry_digests_and_etags_and_deltas_lead_to_them(sandbox: Any) -> None:
    first = sandbox.put_record(record())
    path = "/municipal/v1/lists/SAMR-YZ"
    whole = signed("GET", sandbox.url, f"{path}/snapshot")
    version = whole.json()["list"]["version"]
    assert first in [r["record_id"] for r in whole.json()["records"]]
    again = signed("GET", sandbox.url, f"{path}/snapshot", headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304
    second = sandbox.put_record(record(doc_no="二号"))
    sandbox.change(first, "repaired")
    delta = signed("GET", sandbox.url, f"{path}/delta?since={version}").json()
    assert [r["record_id"] for r in delta["put"]] == [second]
    assert delta["removed"] == [first]
    kept = {r["record_id"]: r for r in whole.json()["records"]} | {r["record_id"]: r for r in delta["put"]}
    left = [wire.WireRecord.model_validate_json(json.dumps(r)) for number, r in kept.items() if number != first]
    assert wire.list_digest(left) == delta["list"]["digest"]
    assert signed("GET", sandbox.url, f"{path}/delta?since=99999999").status_code == 410
    assert signed("GET", sandbox.url, "/municipal/v1/lists").json()["lists"]


def test_changes_are_told_in_order_and_can_be_waited_for(sandbox: Any) -> None:
    number = sandbox.put_record(record())
    start = signed("GET", sandbox.url, "/municipal/v1/changes").json()
    assert [(c["record_id"], c["change"]) for c in start["changes"]] == [(number, "listed")]
    timer = threading.Timer(0.4, sandbox.change, (number, "objected"))
    timer.start()
    told = signed("GET", sandbox.url, f"/municipal/v1/changes?since={start['cursor']}&wait=25").json()
    timer.join()
    assert [c["change"] for c in told["changes"]] == ["objected"]
    assert told["changes"][0]["record"]["status"] == "objected"
    assert signed("GET", sandbox.url, f"/regional/v1/changes?since={start['cursor']}").json()["changes"] == []
    assert signed("GET", sandbox.url, "/municipal/v1/changes?since=x").status_code == 422


def test_a_checkpoint_is_countersigned_and_a_fork_refused(sandbox: Any) -> None:
    def claim(head: str) -> httpx.Response:
        digest = "sha256:" + hashlib.sha256(head.encode()).hexdigest()
        said = {"ledger": "l", "size": 3, "head": digest, "at": "2026-11-23T09:00:00+08:00", "signature": "s"}
        return signed("POST", sandbox.url, "/national/v1/checkpoints", json.dumps(said).encode())

    first, again, fork = claim("a"), claim("a"), claim("b")
    assert first.json() == again.json()
    assert first.json()["signature"].count(".") == 2
    assert (fork.status_code, fork.json()["code"]) == (409, "checkpoint.forked")
    assert sandbox.received("checkpoints")["total"] == 1


def test_health_is_unsigned_and_the_openapi_names_every_call(sandbox: Any) -> None:
    assert httpx.get(f"{sandbox.url}/v1/health").json()["status"] == "ok"
    assert httpx.get(f"{sandbox.url}/enterprise/v1/health").status_code == 200
    assert httpx.get(f"{sandbox.url}/elsewhere/v1/health").status_code == 422
    paths = set(httpx.get(f"{sandbox.url}/openapi.json").json()["paths"])
    calls = {"checks", "lists", "lists/{code}/snapshot", "lists/{code}/delta", "changes", "feedback", "commitments"}
    calls |= {"publicity", "objections", "red-list", "checkpoints", "health"}
    assert {f"/{{level}}/v1/{call}" for call in calls} <= paths
    assert {f"/admin/{call}" for call in ("records", "subjects", "changes", "received", "faults", "reset")} <= paths


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"x": 1}', b'{"subject": 1}', b"[" * 3000, b'"\xff"', b"[[]]", b'[{"polarity": 1}]'],
)
def test_what_cannot_be_understood_is_never_a_server_error(sandbox: Any, body: bytes) -> None:
    for path in ("/admin/records", "/admin/subjects", "/admin/changes"):
        assert httpx.post(sandbox.url + path, content=body).status_code in {200, 201, 422}
    assert httpx.put(f"{sandbox.url}/admin/faults", content=body).status_code == 422
    assert httpx.post(f"{sandbox.url}/admin/reset").status_code == 200


def test_an_identifier_of_invisible_characters_is_refused_and_breaks_nothing(sandbox: Any) -> None:
    subject = {"category": "person", "name": "x", "identifiers": [{"scheme": "passport", "value": "\u200b\u008a"}]}
    assert httpx.post(f"{sandbox.url}/admin/subjects", json=subject).status_code == 422
    assert sandbox.put_record(record())


def test_a_fault_strikes_as_often_as_it_was_told(sandbox: Any) -> None:
    sandbox.faults(
        [{"level": "municipal", "path": "/v1/checks", "kind": "status", "value": 503, "times": 2, "retry_after": 7}]
    )
    answers = [signed("POST", sandbox.url, "/municipal/v1/checks", checks(organisation())) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "7"
    with pytest.raises(ValueError, match="422"):
        sandbox.faults([{"kind": "unheard-of"}])


def test_the_same_seed_makes_the_same_city_of_valid_identifiers() -> None:
    first, again, other = city(300, 7), city(300, 7), city(300, 8)
    assert first == again
    assert first != other
    subjects, drafts = first
    assert len({s.identifiers[0].normal for s in subjects}) == 300
    assert not [f for s in subjects for i in s.identifiers for f in i.normalised.findings]
    assert {draft.polarity for draft in drafts} == {"positive", "negative"}
    assert len({draft.status for draft in drafts}) > 3


def test_a_thousand_subjects_are_there_at_once() -> None:
    with serving(subjects=1000, seed=7) as big:
        assert len(big.subjects(limit=2000)) >= 1000
        (clean,) = big.subjects("organisation", clean=True, limit=1)
        assert clean["category"] == "organisation"
