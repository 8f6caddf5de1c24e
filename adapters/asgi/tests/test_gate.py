"""Routes of FastAPI and Starlette run only behind the gate; refusals are problem details with code and words."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from credit_check_adapter_asgi import CreditGate, add_problem_details, client_of, credit_lifespan
from credit_check_adapter_asgi.problems import language_of, problem_details
from credit_check_sdk import Case, InputError, LedgerError, Operator, Pass, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have another HTTP client than the one that the SDK uses
    TestClient: Any = importlib.import_module("starlette.testclient").TestClient

OFFICER = Operator(id="u-1024", department="451100-czj")
SUBJECT: dict[str, Any] = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
}
RECORD: dict[str, Any] = {
    "subject": SUBJECT,
    "list_code": "SAMR-YZ",
    "kind": "list",
    "polarity": "negative",
    "status": "active",
    "severity": "serious",
    "authority_level": "municipal",
    "authority": "贺州市市场监督管理局",
    "doc_no": "贺市监罚〔2026〕1号",
    "document_date": "2026-03-01",
    "list_until": "2029-03-01",
    "level": "municipal",
}


def case(number: str, **more: Any) -> Case:
    """Make a case."""
    return Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": SUBJECT,
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
            **more,
        }
    )


async def _case_of(request: Request) -> Case:
    """Read the case from the body, as a host might read it from its database."""
    return case(request.path_params["number"], **(await request.json()))


APPROVING = CreditGate(point="evaluate", to="grant")
WHOLE = CreditGate(case=_case_of)


def host(config: Path) -> FastAPI:
    """Make an application of a host."""
    life: list[str] = []

    @contextlib.asynccontextmanager
    async def own(app: Any) -> AsyncIterator[dict[str, Any]]:
        life.append("started")
        yield {"own": life}
        life.append("ended")

    app = FastAPI(lifespan=credit_lifespan(config, own))
    app.state.life = life
    add_problem_details(app)

    @app.post("/check/{number}")
    async def check(number: str, request: Request) -> dict[str, str]:
        decision = await client_of(request).check(case(number))
        return {"outcome": decision.outcome}

    @app.post("/settle/{number}")
    async def settle(number: str, request: Request) -> dict[str, bool]:
        client = client_of(request)
        stored = await client.latest(number, "evaluate")
        assert stored is not None
        answers = [Response(proposal=one.id, answer="applied") for one in stored.decision.proposals]
        settled = await client.settle(stored.decision, answers, operator=OFFICER)
        return {"settled": settled.settled}

    @app.post("/approve/{case_id}")
    async def approve(case_id: str, passed: Annotated[Pass, Depends(APPROVING)]) -> dict[str, str]:
        return {"approved": case_id, "decision": passed.decision}

    @app.post("/whole/{number}")
    async def proceed(number: str, passed: Annotated[Pass, Depends(WHOLE)]) -> dict[str, str]:
        return {"to": passed.to}

    @app.post("/nameless")
    async def nameless(passed: Annotated[Pass, Depends(APPROVING)]) -> None: ...

    @app.post("/down")
    async def down() -> None:
        raise LedgerError("it is away", "不可用")

    return app


def test_a_route_runs_only_behind_the_gate(credit_config: Path, credit_sandbox: Any) -> None:
    app = host(credit_config)
    with TestClient(app) as web:
        answer = web.post("/approve/A-1", headers={"Accept-Language": "en"})
        assert answer.status_code == 409
        assert answer.headers["content-type"].startswith("application/problem+json")
        said = answer.json()
        assert said["code"] == "gate.never_checked"
        assert said["detail"].endswith("check it first")
        assert said["words"]["zh-CN"].endswith("请先核查")
        assert web.post("/approve/A-1").json()["detail"] == said["words"]["zh-CN"]
        credit_sandbox.put_subject(SUBJECT)
        assert web.post("/check/A-1").json() == {"outcome": "clear"}
        assert web.post("/approve/A-1").json()["approved"] == "A-1"
    assert app.state.life == ["started", "ended"]


def test_a_case_that_a_measure_forbids_is_forbidden(credit_config: Path, credit_sandbox: Any) -> None:
    credit_sandbox.put_record(RECORD)
    with TestClient(host(credit_config)) as web:
        assert web.post("/check/A-2").json() == {"outcome": "restricted"}
        assert web.post("/approve/A-2").json()["code"] == "gate.unsettled"
        assert web.post("/settle/A-2").json() == {"settled": True}
        refused = web.post("/approve/A-2")
        assert (refused.status_code, refused.json()["code"]) == (403, "gate.blocked")
        assert "91451100MA5AAAAA2F" not in refused.text


def test_where_the_whole_case_is_given_changed_parties_are_noticed(credit_config: Path, credit_sandbox: Any) -> None:
    credit_sandbox.put_subject(SUBJECT)
    with TestClient(host(credit_config)) as web:
        web.post("/check/A-3")
        assert web.post("/whole/A-3", json={}).json() == {"to": "proceed"}
        changed = {"parties": [{"role": "agent", "subject": SUBJECT}]}
        assert web.post("/whole/A-3", json=changed).json()["code"] == "gate.parties_changed"


def test_a_request_without_a_case_is_no_input(credit_config: Path, credit_sandbox: Any) -> None:
    with TestClient(host(credit_config)) as web:
        answer = web.post("/nameless")
        assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid")
        down = web.post("/down")
        assert (down.status_code, down.headers["retry-after"]) == (503, "5")


def test_an_endpoint_of_starlette_is_guarded_alike(credit_config: Path, credit_sandbox: Any) -> None:
    credit_sandbox.put_subject(SUBJECT)
    gate = CreditGate(point="evaluate", to="grant")

    @gate.protects
    async def approve(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.credit_pass.to)

    async def check(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await client_of(request).check(case("S-1"))).outcome)

    routes = [Route("/approve/{case_id}", approve), Route("/check", check)]
    app = Starlette(routes=routes, lifespan=credit_lifespan(credit_config))
    add_problem_details(app)
    with TestClient(app) as web:
        assert web.get("/approve/S-1").json()["code"] == "gate.never_checked"
        assert web.get("/check").text == "clear"
        assert web.get("/approve/S-1").text == "grant"


def test_an_application_without_a_client_says_so(credit_config: Path) -> None:
    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(client_of(request)))

    app = Starlette(routes=[Route("/", endpoint)])
    add_problem_details(app)
    with TestClient(app) as web:
        assert "credit_lifespan" in web.get("/", headers={"accept-language": "en"}).json()["detail"]
    with pytest.raises(Exception, match="nowhere"), TestClient(FastAPI(lifespan=credit_lifespan("nowhere.toml"))):
        pytest.fail("an application whose configuration cannot work does not start")


@pytest.mark.parametrize(
    ("accepted", "lang"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("fr, en-GB;q=0.5", "en"),
        ("en;q=0.5, zh-TW;q=0.8", "zh-CN"),
        ("fr", "zh-CN"),
        ("en;q=broken", "zh-CN"),
    ],
)
def test_the_language_is_the_one_that_is_asked_for(accepted: str, lang: str) -> None:
    assert language_of(accepted) == lang


async def _answer(error: Exception) -> Any:
    scope: dict[str, Any] = {"type": "http", "headers": []}
    return await problem_details(Request(scope), error)


def test_other_errors_are_left_alone() -> None:
    with contextlib.closing(_answer(ZeroDivisionError())) as flow, pytest.raises(ZeroDivisionError):
        flow.send(None)
    assert InputError("x", "y").http_status == 422
