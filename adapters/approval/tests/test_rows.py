"""What is written back: complete for the exchange, and without identifiers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import process_row, standard
from credit_check_sdk import Operator, Purpose

if TYPE_CHECKING:
    from credit_check_sdk import Case, CreditCheck, Decision
    from tests.conftest import Make

OPERATOR = Operator(id="u-1024", department="451100-spj")
USCC = "91451100MUAP01011F"


@pytest.fixture
def decision(credit: CreditCheck, credit_sandbox: Any, case: Case) -> Decision:
    subject = case.subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})
    credit_sandbox.put_record(
        {
            "subject": subject, "record_id": None, "list_code": "MOHRSS-NMG", "kind": "list", "polarity": "negative",
            "status": "active", "severity": "serious", "authority_level": "municipal", "authority": "示例市人社局",
            "doc_no": "示例〔2026〕1号", "document_date": "2026-03-01", "basis": None, "facts": None,
            "publicity_until": None, "list_until": "2099-01-01", "ban_until": None, "measure_until": None,
            "responsible": [], "level": "municipal",
        }
    )  # fmt: skip
    return credit.check(case.model_copy(update={"point": "decide"}))


def test_every_field_of_the_exchange_is_there(decision: Decision) -> None:
    row = process_row(decision, OPERATOR)
    assert set(row) == set(standard().required["up_pro_process"])
    assert all(value.strip() for value in row.values())
    assert len(row["event_name"]) <= 2
    assert len(row["row_guid"]) <= 50
    assert row["process_name"] == "信用核查（决定）"
    assert row["project_no"] == decision.case_id
    assert "受限" in row["handle_explain"]
    assert "R-NMG-01-LIC" in row["handle_explain"]
    assert decision.id in row["handle_explain"]


def test_no_identifier_is_written_back(decision: Decision) -> None:
    written = str(process_row(decision, OPERATOR))
    assert USCC not in written
    assert (decision.proposals[0].applies_to.subject or USCC) not in written


def test_times_are_beijing_s_and_in_order(decision: Decision) -> None:
    at = datetime(2026, 11, 23, 1, 0, 9, tzinfo=UTC)
    decision = decision.model_copy(update={"decided_at": at})
    row = process_row(decision, OPERATOR, started_at=at - timedelta(seconds=3))
    assert (row["event_start_time"], row["event_end_time"]) == ("2026-11-23 09:00:06", "2026-11-23 09:00:09")
    later = process_row(decision, OPERATOR, started_at=at + timedelta(hours=1))
    assert later["event_start_time"] == later["event_end_time"]


def test_what_is_too_long_for_the_exchange_is_cut(decision: Decision) -> None:
    many = tuple(
        one.model_copy(update={"measure": f"R-{place:04d}"}) for place, one in enumerate(decision.proposals * 200)
    )
    row = process_row(decision.model_copy(update={"proposals": many}), OPERATOR)
    assert len(row["handle_explain"]) == 2000


def test_a_region_s_code_of_the_event_is_used(decision: Decision) -> None:
    assert process_row(decision, OPERATOR, tables=standard().extended(event="05"))["event_name"] == "05"


def test_silent_sources_are_named(credit: CreditCheck, credit_sandbox: Any, make: Make, accept: dict[str, Any]) -> None:
    credit_sandbox.faults(
        [{"level": "municipal", "path": "/v1/checks", "kind": "status", "value": 503, "rate": 1.0, "times": -1}]
    )
    accept["project_no"] = "451100-2026-000999"
    case = make({"up_pro_accept": accept}, purpose=Purpose(text="办理许可", basis="食品安全法"))
    row = process_row(credit.check(case), OPERATOR)
    assert "未能判定" in row["handle_explain"]
    assert "未答复来源：municipal" in row["handle_explain"]
