"""Whatever is sent to the service, as its own description says or against it: it answers, and never fails itself."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from credit_check_sdk._shell.register import DEEDS
from credit_check_sdk.service.operations import OPERATIONS
from tests.kit import case, record

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "8"))
"""Requests for each operation. For a longer look: ``OPENAPI_EXAMPLES=500 make test ARGS=tests/service``."""
AS_SAID = (status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def schema(served: Any) -> Any:
    """Read what the service says of itself."""
    return schemathesis.openapi.from_url(served.url + "/openapi.json")


@pytest.fixture
def key(served: Any) -> dict[str, str]:
    """Make a key that reaches everything."""
    token = served.key("*", may=DEEDS)
    return {"Authorization": f"Bearer {token}"}


def call_often(operation: Any, mode: GenerationMode, key: dict[str, str]) -> None:
    """Call an operation as its description says (positive) or against it (negative)."""
    checks = [not_a_server_error, *(AS_SAID if mode is GenerationMode.POSITIVE else ())]

    @given(asked=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def call(asked: Any) -> None:
        if mode is GenerationMode.POSITIVE and isinstance(asked.body, dict):
            # A matter and a point that are known: so that what was made up reaches what lies behind them.
            for made in (asked.body, asked.body.get("case")):
                if isinstance(made, dict) and "matter" in made:
                    made.update(matter="procurement.goods", point="evaluate")
        asked.headers = {n: value for n, value in (asked.headers or {}).items() if n.lower() != "authorization"}
        asked.validate_response(asked.call(headers=key), checks=checks)

    call()


def test_no_request_makes_it_fail(schema: Any, key: dict[str, str]) -> None:
    called: set[str] = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        call_often(operation, GenerationMode.POSITIVE, key)
        if operation.body or operation.query or operation.path_parameters:
            call_often(operation, GenerationMode.NEGATIVE, key)
        called.add(operation.label)
    assert called == {f"{operation.method} {operation.path}" for operation in OPERATIONS}


def test_what_it_answers_is_what_it_describes(schema: Any, key: dict[str, str], sandbox: Any) -> None:
    sandbox.put_record(record())
    file = case().model_dump(mode="json", context={"reveal": True})
    file["subject"].pop("founded_on", None)

    def ask(method: str, path: str, status: int, **given: Any) -> Any:
        asked = schema[path][method].Case(**given, **({"media_type": "application/json"} if "body" in given else {}))
        answer = asked.call(headers=key)
        assert answer.status_code == status, answer.text
        asked.validate_response(answer, checks=list(AS_SAID))
        return answer.json()

    decision = ask("POST", "/v1/check", 200, body=file)
    ask("POST", "/v1/require", 409, body={"case": file})
    answers = [{"proposal": each["id"], "answer": "applied"} for each in decision["proposals"]]
    said = {"case_id": file["id"], "point": "evaluate", "operator": file["operator"], "responses": answers}
    ask("POST", "/v1/settle", 200, body=said)
    ask("POST", "/v1/require", 200, body={"case": file})
    ask("POST", "/v1/require", 403, body={"case": file, "to": "grant"})
    ask("GET", "/v1/checks/{decision}", 200, path_parameters={"decision": decision["id"]})
    ask("GET", "/v1/checks/{decision}/explanation", 200, path_parameters={"decision": decision["id"]})
    ask("GET", "/v1/checks/{decision}/proof", 200, path_parameters={"decision": decision["id"]})
    ask("GET", "/v1/checks", 200, query={"case_id": file["id"], "point": "evaluate"})
    ask("GET", "/v1/checks", 400, query={"case_id": file["id"], "point": "nowhere"})
    ask("GET", "/v1/notices", 200, query={"case_id": file["id"]})
    ask("POST", "/v1/verify-receipt", 200, body={"receipt": decision["receipt"]})
    for path in ("/v1/health", "/v1/ready", "/.well-known/jwks.json"):
        ask("GET", path, 200)
