"""Fixtures of the approval adapter's tests: a file of the exchange, a policy, and a gate that remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from credit_check_adapter_approval import case_from_exchange
from credit_check_sdk import Case, GateError, Material, MatterPolicy, Operator, Pass, Point, Purpose, Step, Words

_INPUTS = Path(__file__).resolve().parents[4] / "shared" / "inputs"
USCC = "91451100MUAP01011F"
RESIDENT = "451102199001010010"
OPERATOR = Operator(id="u-1024", department="451100-spj")
PURPOSE = Purpose(text="办理食品生产许可", basis="食品安全法第三十五条")
MATTERS = {"000131004000": "licence.food-production"}


@pytest.fixture
def inputs() -> Path:
    """Give the folder of real inputs, or skip."""
    if not (_INPUTS / "cn").is_dir():
        pytest.skip("the real inputs (../shared/inputs beside the project) are not there")
    return _INPUTS


@pytest.fixture
def accept() -> dict[str, Any]:
    """Give a row of ``up_pro_accept`` with all that the exchange asks for."""
    return {
        "row_guid": "1",
        "project_no": "451100-2026-000123",
        "catalog_code": "000131004000",
        "task_code": "11451100MUB0000000200013100400001",
        "task_name": "食品生产许可",
        "task_version": 3,
        "project_type": "2",
        "apply_type": "1",
        "applyer_name": "贺州市示例食品有限公司",
        "applyer_type": "2",
        "applyer_page_type": "001",
        "applyer_page_code": USCC,
        "apply_date": "2026-11-20 15:30:00",
        "accept_date": "2026-11-23 09:00:00",
        "org_code": "11451100MUB000000X",
        "org_name": "示例市行政审批局",
        "cd_batch": "1",
        "cd_operation": "I",
        "cd_time": "2026-11-23 12:00:00",
        "data_source": "1",
    }


@pytest.fixture
def policy() -> MatterPolicy:
    """Give a policy with a checklist that asks about legal representatives and owners."""
    return MatterPolicy(
        code="licence.food-production",
        name=Words(zh="食品生产许可", en="Food production licence"),
        points=("accept", "review", "decide", "close"),
        query_roles=("legal_representative", "owner"),
        materials=(
            Material(code="M01", name="申请书", kind="substantive"),
            Material(code="M07", name="营业执照复印件", kind="formal", deferrable=True),
            Material(code="M08", name="法定代表人（负责人）身份证明复印件", kind="formal", deferrable=True),
        ),
    )


class Make:
    """Makes cases of rows, with what does not matter to a test filled in."""

    def __call__(self, rows: dict[str, Any], **said: Any) -> Case:
        """Make a case."""
        return case_from_exchange(rows, **{"operator": OPERATOR, "purpose": PURPOSE, "matter_map": MATTERS, **said})


@pytest.fixture
def make() -> Make:
    """Give a function that makes a case of rows."""
    return Make()


@pytest.fixture
def case(make: Make, accept: dict[str, Any]) -> Case:
    """Give a case of a file."""
    return make({"up_pro_accept": accept})


@dataclass
class Gate:
    """A client in the place of a real one, at the gate: it refuses with `refuses` and remembers what it was asked."""

    refuses: str | None = None
    asked: list[tuple[str, Point, Step, object]] = field(default_factory=list)

    def require(self, case: Case, *, to: Step, transaction: object = None) -> Pass:
        """Let pass, or refuse."""
        self.asked.append((case.id, case.point, to, transaction))
        if self.refuses:
            raise GateError("is not let through", "不予通过", code=self.refuses)
        return Pass(case_id=case.id, point=case.point, to=to, decision="dec_1")


@dataclass
class AsyncGate:
    """The same for an event loop."""

    gate: Gate = field(default_factory=Gate)

    async def require(self, case: Case, *, to: Step, transaction: object = None) -> Pass:
        """Let pass, or refuse."""
        return self.gate.require(case, to=to, transaction=transaction)


@pytest.fixture
def gate() -> Gate:
    """Give a gate that lets everybody pass until told otherwise."""
    return Gate()


@pytest.fixture
def async_gate() -> AsyncGate:
    """Give a gate for an event loop."""
    return AsyncGate()
