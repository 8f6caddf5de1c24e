"""Views of Flask run only behind the gate; refusals are problem details with code and words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from credit_check_adapter_flask import CreditCheckExtension
from credit_check_sdk import Case, InputError, LedgerError, Operator, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


@pytest.fixture
def app(credit_config: Path, credit_sandbox: Any) -> Iterator[Flask]:
    """Make an application of a host."""
    made = Flask("host")
    made.config["CREDIT_CHECK_CONFIG"] = str(credit_config)
    credit_sandbox.put_subject(SUBJECT)
    extension = CreditCheckExtension()
    extension.init_app(made)

    @made.post("/check/<number>")
    def check(number: str) -> dict[str, str]:
        return {"outcome": extension.client.check(case(number)).outcome}

    @made.post("/settle/<number>")
    def settle(number: str) -> dict[str, bool]:
        stored = extension.client.latest(number, "evaluate")
        assert stored is not None
        answers = [Response(proposal=one.id, answer="applied") for one in stored.decision.proposals]
        return {"settled": extension.client.settle(stored.decision, answers, operator=OFFICER).settled}

    @made.post("/approve/<case_id>")
    @extension.guarded(point="evaluate", to="grant")
    def approve(case_id: str) -> dict[str, str]:
        return {"approved": case_id}

    @made.post("/whole/<number>/<role>")
    @extension.guarded(
        case=lambda number, role: case(number, parties=[] if role == "none" else [{"role": role, "subject": SUBJECT}])
    )
    def whole(number: str, role: str) -> dict[str, str]:
        return {"number": number, "role": role}

    @made.post("/nameless")
    @extension.guarded(point="evaluate")
    def nameless() -> str:
        pytest.fail("it has no case")

    @made.post("/down")
    def down() -> str:
        raise LedgerError("it is away", "不可用")

    yield made
    extension.close(made)


def test_a_view_runs_only_behind_the_gate(app: Flask) -> None:
    web = app.test_client()
    answer = web.post("/approve/F-1", headers={"Accept-Language": "en"})
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    said: Any = answer.json
    assert said["code"] == "gate.never_checked"
    assert said["detail"].endswith("check it first")
    assert web.post("/approve/F-1").json["detail"].endswith("请先核查")  # type: ignore[index]  # it is an object
    assert web.post("/check/F-1").json == {"outcome": "clear"}
    assert web.post("/approve/F-1").json == {"approved": "F-1"}


def test_a_case_that_a_measure_forbids_is_forbidden(app: Flask, credit_sandbox: Any) -> None:
    credit_sandbox.put_record(RECORD)
    web = app.test_client()
    assert web.post("/check/F-2").json == {"outcome": "restricted"}
    assert web.post("/approve/F-2").status_code == 409
    assert web.post("/settle/F-2").json == {"settled": True}
    refused = web.post("/approve/F-2")
    assert refused.status_code == 403
    assert refused.get_json()["code"] == "gate.blocked"
    assert "91451100MA5AAAAA2F" not in refused.text


def test_where_the_whole_case_is_given_changed_parties_are_noticed(app: Flask) -> None:
    web = app.test_client()
    web.post("/check/F-3")
    assert web.post("/whole/F-3/none").json == {"number": "F-3", "role": "none"}
    assert web.post("/whole/F-3/agent").get_json()["code"] == "gate.parties_changed"


def test_a_request_without_a_case_is_no_input(app: Flask) -> None:
    web = app.test_client()
    assert web.post("/nameless").status_code == 422
    down = web.post("/down")
    assert (down.status_code, down.headers["Retry-After"]) == (503, "5")


def test_the_client_is_opened_once_and_belongs_to_its_application(app: Flask) -> None:
    extension = CreditCheckExtension(app)
    with app.app_context():
        first = extension.client
        assert extension.client is first
        first.check(case("F-4"))
        assert extension.require("F-4", point="evaluate", to="grant").passed
    extension.close(app)
    with app.app_context():
        assert extension.client is not first
    extension.close(app)
    with Flask("other").app_context(), pytest.raises(InputError, match="init_app"):
        _ = extension.client
