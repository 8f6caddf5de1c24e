"""Run a process on: as far as it goes, and from where it waited. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.serializer.task_spec import ServiceTaskConverter
from SpiffWorkflow.util.task import TaskState

from credit_check_adapter_bpmn.service import WAITS_FOR, CreditServiceTask

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn import BpmnWorkflow


@dataclass(frozen=True, slots=True)
class Waiting:
    """A service task at which a process waits, and for what."""

    task: str
    """Its id in the process."""
    operation: str
    """What it is to do."""
    code: str
    """Stable code, ``gate.…`` where the gate refuses."""
    zh: str
    """For what, and what to do, in Chinese."""
    en: str
    """The same in English."""


def proceed(workflow: BpmnWorkflow) -> tuple[Waiting, ...]:
    """Run a process as far as it goes; what it waited at is tried once more. Give at what it waits now."""
    held = _held(workflow)
    workflow.do_engine_steps()
    for task in held:
        if task.has_state(TaskState.STARTED):
            task.run()
    workflow.do_engine_steps()
    return waiting(workflow)


def waiting(workflow: BpmnWorkflow) -> tuple[Waiting, ...]:
    """Say at which service tasks a process waits, and for what."""
    return tuple(
        Waiting(
            task=str(task.task_spec.bpmn_id),
            operation=task.task_spec.operation,
            **task.internal_data[WAITS_FOR],
        )
        for task in _held(workflow)
    )


def serializer_config() -> dict[type, type]:
    """Give what SpiffWorkflow's serializer needs to keep a process that waits, and to take it up again."""
    return {**SPIFF_CONFIG, CreditServiceTask: ServiceTaskConverter}


def _held(workflow: BpmnWorkflow) -> list[Any]:
    started = workflow.get_tasks(state=TaskState.STARTED)
    return [
        task for task in started if isinstance(task.task_spec, CreditServiceTask) and WAITS_FOR in task.internal_data
    ]
