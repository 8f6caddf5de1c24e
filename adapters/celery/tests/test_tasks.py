"""Tasks that check are tried again while a source is silent, and guarded tasks run only behind the gate."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

from credit_check_adapter_celery import CreditTasks, RefusedError
from credit_check_sdk import Case, InputError, Operator, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFICER = Operator(id="u-1024", department="451100-czj")
SUBJECT: dict[str, Any] = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
}
DOWN = {"level": None, "path": None, "kind": "status", "value": 500}


def case_of(number: str) -> Case:
    """Read a case by its number."""
    return Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "qualify",
            "subject": SUBJECT,
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
        }
    )


@pytest.fixture
def credit_tasks(credit_config: Path, credit_sandbox: Any) -> Iterator[CreditTasks]:
    """Give tasks that run at once, where they are sent."""
    app = Celery("eager", set_as_current=False)
    app.conf.update(task_always_eager=True)
    credit_sandbox.put_subject(SUBJECT)
    made = CreditTasks(app, credit_config, load=case_of, tries=3, first_wait=timedelta(), longest_wait=timedelta())
    yield made
    made.close()


def test_a_case_is_checked_by_its_number(credit_tasks: CreditTasks) -> None:
    said = credit_tasks.check.delay("C-1", "evaluate").get()
    assert (said["case_id"], said["point"], said["outcome"]) == ("C-1", "evaluate", "clear")
    stored = credit_tasks.open().latest("C-1", "evaluate")
    assert stored is not None
    assert stored.decision.id == said["decision"]
    assert "91451100MA5AAAAA2F" not in json.dumps(said)
    assert credit_tasks.check.delay("C-1").get()["point"] == "qualify"


def test_it_is_tried_again_while_a_source_is_silent_and_then_says_so(
    credit_tasks: CreditTasks, credit_sandbox: Any
) -> None:
    credit_sandbox.faults([DOWN])
    said = credit_tasks.check.delay("C-2", "evaluate").get()
    assert said["outcome"] == "undecided"
    asked = credit_tasks.open().statistics()
    assert sum(row.checks for row in asked) == 4, "once, and three times again"


def test_a_guarded_task_runs_only_behind_the_gate(credit_tasks: CreditTasks, credit_sandbox: Any) -> None:
    ran: list[str] = []

    @credit_tasks.guarded(point="evaluate", to="grant", name="approve")
    def approve(case_id: str, note: str = "") -> str:
        ran.append(case_id)
        return note

    with pytest.raises(RefusedError) as refused:
        approve.delay("C-3").get()
    assert refused.value.code == "gate.never_checked"
    assert "请先核查" in refused.value.zh
    assert str(refused.value).startswith("gate.never_checked: ")
    credit_tasks.check.delay("C-3", "evaluate")
    assert approve.delay("C-3", note="done").get() == "done"
    assert approve.delay(case_id="C-3").get() == ""
    credit_sandbox.faults([DOWN])
    credit_tasks.open().check(case_of("C-4").model_copy(update={"point": "evaluate", "subject": other()}))
    with pytest.raises(RefusedError) as undecided:
        approve.delay("C-4").get()
    assert undecided.value.code in {"gate.undecided", "gate.parties_changed"}
    assert ran == ["C-3", "C-3"]


def other() -> Any:
    """Give another subject than the one that is remembered."""
    return case_of("x").subject.model_copy(update={"name": "另一名称有限公司"})


def test_a_refusal_that_passes_is_waited_for(credit_tasks: CreditTasks, credit_sandbox: Any) -> None:
    tries: list[str] = []

    @credit_tasks.guarded(point="evaluate", to="grant", name="wait", wait_for={"gate.never_checked"})
    def approve(case_id: str) -> str:
        return case_id

    real = credit_tasks._load

    def load(number: str) -> Case:
        tries.append(number)
        if len(tries) == 3:
            credit_tasks.open().check(real(number).model_copy(update={"point": "evaluate"}))
        return real(number)

    credit_tasks._load = load
    assert approve.delay("C-5").get() == "C-5"
    assert len(tries) == 3


def test_what_a_measure_forbids_is_not_run(credit_tasks: CreditTasks, credit_sandbox: Any) -> None:
    credit_sandbox.put_record(
        {
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
    )
    credit = credit_tasks.open()
    said = credit_tasks.check.delay("C-6", "evaluate").get()
    assert said["outcome"] == "restricted"
    stored = credit.show(said["decision"])
    assert stored is not None
    answers = [Response(proposal=one.id, answer="applied") for one in stored.decision.proposals]
    credit.settle(stored.decision, answers, operator=OFFICER)

    @credit_tasks.guarded(point="evaluate", to="grant", name="forbidden")
    def approve(case_id: str) -> str:
        return case_id

    with pytest.raises(RefusedError) as refused:
        approve.delay("C-6").get()
    assert refused.value.code == "gate.blocked"
    sent = credit_tasks.relay.delay().get()
    assert sent["delivered"] == len(answers)


def test_a_function_without_the_case_is_no_guarded_task(credit_tasks: CreditTasks) -> None:
    with pytest.raises(InputError, match="case_id"):
        credit_tasks.guarded(point="evaluate")(lambda number: number)


def test_a_refusal_travels_whole() -> None:
    refusal = RefusedError("gate.stale", "已过有效期", "too old")
    assert pickle.loads(pickle.dumps(refusal)).args == refusal.args  # noqa: S301  our own
