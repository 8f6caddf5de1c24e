"""Processes that others made run to their end with the check in them, and stop where it tells them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from credit_check_adapter_bpmn import Call, check, guarded, proceed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Host

DOWN = {"level": None, "path": None, "kind": "status", "value": 500}


def test_a_loan_is_approved_behind_the_check(host: Host, inputs: Path) -> None:
    operations = {"calculateInterestService": check()}
    host.sandbox.faults([DOWN])
    workflow = host.start(inputs / "loanApproval.bpmn", "loanApproval", operations, case_no="L-1")
    assert [one.code for one in proceed(workflow)] == ["gate.undecided"]
    assert not workflow.completed
    host.sandbox.faults([])
    assert proceed(workflow) == ()
    assert workflow.completed
    assert host.credit.latest("L-1", "evaluate") is not None


def test_each_loan_of_many_is_granted_behind_the_gate(host: Host, inputs: Path) -> None:
    rejected: list[int] = []

    def reject(call: Call) -> dict[str, Any]:
        rejected.append(call.data["score"])
        return {}

    operations = {
        "creditScoreChecker": check(),
        "loanGranter": guarded(host.grant, to="grant"),
        "requestRejecter": reject,
    }
    workflow = host.start(
        inputs / "loan-granting.bpmn", "loan_process", operations, case_no="L-2", creditScores=[3, 8, 9]
    )
    assert proceed(workflow) == ()
    assert workflow.completed
    assert (host.granted, rejected) == (["L-2", "L-2"], [3])


def test_a_measure_in_force_stops_the_grants_and_nothing_else(host: Host, inputs: Path) -> None:
    host.restrict()
    operations = {
        "creditScoreChecker": check(),
        "loanGranter": guarded(host.grant, to="grant"),
        "requestRejecter": lambda _: {},
    }
    workflow = host.start(
        inputs / "loan-granting.bpmn", "loan_process", operations, case_no="L-3", creditScores=[3, 8, 9]
    )
    assert [one.code for one in proceed(workflow)] == ["gate.unsettled"] * 2
    host.settle("L-3")
    assert [one.code for one in proceed(workflow)] == ["gate.blocked"] * 2
    assert host.granted == []
    done = {task.task_spec.name for task in workflow.get_tasks() if task.has_state(TaskState.COMPLETED)}
    assert any(name.startswith("Task_0j0sjlk") for name in done), "the loan that was rejected anyway is done"
    host.settle("L-3", "verifying")
    assert proceed(workflow) == ()
    assert workflow.completed
    assert host.granted == ["L-3", "L-3"]


def test_a_process_with_an_operator_gets_the_parameters_that_it_gives(host: Host, inputs: Path) -> None:
    given: list[Any] = []

    def files(call: Call) -> dict[str, Any]:
        given.append(dict(call.parameters))
        return {**check()(call), "do_not_fail": True}

    workflow = host.start(inputs / "spiff-service_task.bpmn", "service_task", {"ed/GetFiles": files}, case_no="L-4")
    assert proceed(workflow) == ()
    assert workflow.completed
    assert given == [{"process_id": "a", "encoding": "b"}]
    assert workflow.last_task.data["response"]["outcome"] == "clear"
