"""A client on a sandbox, and processes of a host that keep the number of a file and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow

from credit_check_adapter_bpmn import CreditBpmnParser, CreditScriptEngine
from credit_check_sdk import Case, Operator, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk import CreditCheck

_INPUTS = Path(__file__).resolve().parents[4] / "shared" / "inputs" / "bpmn"
OFFICER = Operator(id="u-1024", department="451100-czj")
USCC = "91451100MA5AAAAA2F"
SUBJECT: dict[str, Any] = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
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


def case_of(data: dict[str, Any]) -> Case:
    """Read the case of a process by the number that it keeps, as a host reads its database."""
    return Case.model_validate(
        {
            "id": data["case_no"],
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": SUBJECT,
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
        }
    )


@dataclass
class Host:
    """A host that runs processes."""

    credit: CreditCheck
    sandbox: Any
    granted: list[str] = field(default_factory=list)

    def engine(self, operations: dict[str, Any] | None = None) -> CreditScriptEngine:
        """Make a script engine; `grant` is what the host does itself."""
        return CreditScriptEngine(self.credit, case_of=case_of, operations=operations)

    def grant(self, call: Any) -> dict[str, bool]:
        """Grant the file."""
        self.granted.append(call.data["case_no"])
        return {"granted": True}

    def start(self, source: Path | bytes, process: str, operations: dict[str, Any] | None = None, **data: Any) -> Any:
        """Start a process."""
        parser = CreditBpmnParser()
        if isinstance(source, bytes):
            parser.add_bpmn_str(source)
        else:
            parser.add_bpmn_file(str(source))
        workflow = BpmnWorkflow(
            parser.get_spec(process), parser.get_subprocess_specs(process), script_engine=self.engine(operations)
        )
        workflow.task_tree.data.update(data)
        return workflow

    def restrict(self) -> None:
        """Put a record in that blocks."""
        self.sandbox.put_record(RECORD)

    def case_of(self, data: dict[str, Any]) -> Case:
        """Read the case of a process."""
        return case_of(data)

    def settle(self, case_no: str, answer: Any = "applied") -> None:
        """Answer every proposal of a file's latest check."""
        stored = self.credit.latest(case_no, "evaluate")
        assert stored is not None
        reason = None if answer == "applied" else "待核实"
        answers = [Response(proposal=one.id, answer=answer, reason=reason) for one in stored.decision.proposals]
        self.credit.settle(stored.decision, answers, operator=OFFICER)


@pytest.fixture
def host(credit: CreditCheck, credit_sandbox: Any) -> Iterator[Host]:
    """Give a host; the subject is known, and nothing is against it."""
    credit_sandbox.put_subject(SUBJECT)
    yield Host(credit, credit_sandbox)
    credit_sandbox.faults([])


@pytest.fixture
def inputs() -> Path:
    """Give the folder of real processes, or skip."""
    if not _INPUTS.is_dir():
        pytest.skip("the real inputs (../shared/inputs beside the project) are not there")
    return _INPUTS
