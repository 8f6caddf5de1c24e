"""A process stops at its service tasks and goes on by the decision; kept and taken up again it still does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from credit_check_adapter_bpmn import (
    Call,
    CreditBpmnParser,
    check,
    guarded,
    proceed,
    requires,
    serializer_config,
    waiting,
)
from credit_check_adapter_bpmn.parser import python_expression
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from tests.conftest import Host

USCC = "91451100MA5AAAAA2F"
DOWN = {"level": None, "path": None, "kind": "status", "value": 500}
PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <process id="approval" isExecutable="true">
  <startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>
  <serviceTask id="ask" name="核查">
   <extensionElements><spiff:serviceTaskOperator id="credit/check" resultVariable="credit"/></extensionElements>
  </serviceTask>
  <sequenceFlow id="f2" sourceRef="ask" targetRef="branch"/>
  <exclusiveGateway id="branch" default="f3"/>
  <sequenceFlow id="f3" sourceRef="branch" targetRef="grant"/>
  <sequenceFlow id="f4" sourceRef="branch" targetRef="refuse">
   <conditionExpression xsi:type="tFormalExpression">${credit["outcome"] eq 'restricted' &amp;&amp; !lenient}</conditionExpression>
  </sequenceFlow>
  <serviceTask id="grant" name="准予"/><sequenceFlow id="f5" sourceRef="grant" targetRef="granted"/>
  <serviceTask id="refuse" name="不予">
   <extensionElements>
    <spiff:serviceTaskOperator id="credit/require" resultVariable="passed">
     <spiff:parameters><spiff:parameter id="to" type="str" value="'refuse'"/></spiff:parameters>
    </spiff:serviceTaskOperator>
   </extensionElements>
  </serviceTask>
  <sequenceFlow id="f6" sourceRef="refuse" targetRef="refused"/>
  <endEvent id="granted"/><endEvent id="refused"/>
 </process>
</definitions>
""".encode()


def begin(host: Host, number: str, *, lenient: bool = False) -> Any:
    """Start the process for a file."""
    operations = {"grant": guarded(host.grant, to="grant")}
    return host.start(PROCESS, "approval", operations, case_no=number, lenient=lenient)


def ends(workflow: Any) -> set[str]:
    """Give the end events that were reached."""
    done = workflow.get_tasks(state=TaskState.COMPLETED)
    return {task.task_spec.name for task in done} & {"granted", "refused"}


def test_a_clear_case_runs_to_its_end(host: Host) -> None:
    workflow = begin(host, "B-1")
    assert proceed(workflow) == ()
    assert workflow.completed
    assert ends(workflow) == {"granted"}
    assert host.granted == ["B-1"]


def test_a_process_waits_while_a_source_is_silent_and_goes_on_when_it_answers(host: Host) -> None:
    host.sandbox.faults([DOWN])
    workflow = begin(host, "B-2")
    (held,) = proceed(workflow)
    assert (held.task, held.operation, held.code) == ("ask", "credit/check", "gate.undecided")
    assert held.zh
    assert [one.code for one in proceed(workflow)] == ["gate.undecided"]
    assert not workflow.completed
    host.sandbox.faults([])
    assert proceed(workflow) == ()
    assert workflow.completed
    assert host.granted == ["B-2"]


def test_a_restricted_case_takes_the_other_branch_and_waits_for_the_officer(host: Host) -> None:
    host.restrict()
    workflow = begin(host, "B-3")
    assert [(one.task, one.code) for one in proceed(workflow)] == [("refuse", "gate.unsettled")]
    host.settle("B-3")
    assert proceed(workflow) == ()
    assert ends(workflow) == {"refused"}
    assert host.granted == []


def test_the_gate_holds_a_process_that_would_grant_past_a_measure(host: Host) -> None:
    host.restrict()
    workflow = begin(host, "B-4", lenient=True)
    assert [(one.task, one.code) for one in proceed(workflow)] == [("grant", "gate.unsettled")]
    host.settle("B-4")
    (held,) = proceed(workflow)
    assert (held.code, host.granted) == ("gate.blocked", [])
    assert "依法不予办理" in held.zh
    host.settle("B-4", "verifying")
    assert proceed(workflow) == ()
    assert host.granted == ["B-4"]


def test_a_process_that_waits_is_kept_and_taken_up_again(host: Host) -> None:
    host.restrict()
    workflow = begin(host, "B-5")
    before = proceed(workflow)
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(serializer_config()))
    kept = serializer.serialize_json(workflow)
    assert USCC not in kept
    assert "贺州市示例食品有限公司" not in kept
    again = serializer.deserialize_json(kept)
    again.script_engine = host.engine({"grant": guarded(host.grant, to="grant")})
    assert waiting(again) == before
    assert json.loads(kept)["completed"] is False
    host.settle("B-5")
    assert proceed(again) == ()
    assert ends(again) == {"refused"}


def test_an_operation_that_is_unknown_stops_the_process_with_words(host: Host) -> None:
    workflow = host.start(PROCESS, "approval", {}, case_no="B-6", lenient=False)
    with pytest.raises(InputError, match=r"grant.*credit/check"):
        proceed(workflow)
    assert not workflow.completed


def test_an_operation_may_be_told_not_to_wait(host: Host) -> None:
    host.sandbox.faults([DOWN])
    operations = {"credit/check": check(wait=False), "grant": requires(to="grant")}
    workflow = host.start(PROCESS, "approval", operations, case_no="B-7", lenient=True)
    assert [one.code for one in proceed(workflow)] == ["gate.undecided"]
    asked = next(task for task in workflow.get_tasks() if task.task_spec.name == "ask")
    assert asked.data["credit"]["outcome"] == "undecided"
    call = Call(host.credit, {"case_no": "B-7"}, {"point": "award"}, host.case_of)
    assert call.case("qualify").point == "award"


@pytest.mark.parametrize(
    ("camunda", "python"),
    [
        ("${score > 5}", "score > 5"),
        ("#{ok == true && !done}", "ok == True  and   not done"),
        ("${a || name eq 'a && true'}", "a  or  name == 'a && true'"),
        ("${empty list}", "not list"),
        ("${a != null}", "a != None"),
        ("score > 5", "score > 5"),
        ("", ""),
    ],
)
def test_expressions_are_read_in_the_words_of_python(camunda: str, python: str) -> None:
    assert python_expression(camunda) == python


def test_no_entity_of_a_file_is_resolved(host: Host) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + PROCESS.partition(b"?>")[
        2
    ].replace("准予".encode(), b"&a;")
    parser = CreditBpmnParser()
    with pytest.raises(Exception, match=r"(?i)entit"):
        parser.add_bpmn_str(bomb)
