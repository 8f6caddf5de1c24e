"""Whatever is sent to a served API, as its own description says or against it: it answers, and never fails itself."""

from __future__ import annotations

import os
import time
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok

from credit_check_sdk.platform import wire
from credit_check_sdk.sandbox.app import create_app

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "10"))
"""Requests for each operation. For a longer look: ``OPENAPI_EXAMPLES=500 make test ARGS=tests/openapi``."""
served = create_app(subjects=30, seed=7)


async def signed(scope: Any, receive: Any, send: Any) -> None:
    """Sign what comes, so that it reaches what lies behind the signature."""
    if scope["type"] != "http":
        await served(scope, receive, send)
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query = scope["query_string"].decode("latin-1")
    target = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
    target = target.partition("?")[0] + (f"?{query}" if query else "")
    stamp, nonce = int(time.time()), os.urandom(8).hex()
    names = (wire.KEY_HEADER, wire.TIMESTAMP_HEADER, wire.NONCE_HEADER, wire.SIGNATURE_HEADER)
    values = ("demo", str(stamp), nonce, wire.signature("demo-secret", scope["method"], target, body, stamp, nonce))
    ours = {name.lower().encode(): value.encode() for name, value in zip(names, values, strict=True)}
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in ours]
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Any:
        return next(given, {"type": "http.disconnect"})

    await served({**scope, "headers": [*headers, *ours.items()]}, replay, send)


schema = schemathesis.openapi.from_asgi("/openapi.json", signed)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_request_makes_it_fail(case: Any) -> None:
    if case.query and "wait" in case.query:
        case.query["wait"] = "0"  # a long poll is answered at once: waiting finds nothing
    answer = case.call()
    if case.path.startswith("/admin/faults") and answer.status_code < 300:
        # What was broken on purpose is mended again; it would answer for itself otherwise.
        mended = case.operation.Case(body={"faults": []}, media_type="application/json").call()
        assert mended.status_code < 300
    case.validate_response(answer, checks=[not_a_server_error])


def test_every_operation_is_described() -> None:
    operations = {result.ok().label for result in schema.get_all_operations() if isinstance(result, Ok)}
    assert {"POST /{level}/v1/checks", "GET /{level}/v1/changes", "POST /admin/records"} <= operations


def test_what_is_signed_is_served() -> None:
    asked = schema["/{level}/v1/lists"]["GET"].Case(path_parameters={"level": "municipal"})
    assert asked.call().status_code == 200
