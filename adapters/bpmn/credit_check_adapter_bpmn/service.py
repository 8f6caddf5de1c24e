"""A service task that can wait: while the gate refuses, or a source is silent, the process stops at it."""

from __future__ import annotations

import json
from typing import Any

from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from typing_extensions import override

OF_THE_TASK = "task:"
"""Stands before an operation that a task's own attributes name, not an operator."""
WAITS_FOR = "credit_waits_for"
"""Where a task keeps for what it waits."""


class StillWaiting(Exception):  # noqa: N818  no error: the process waits, and goes on later
    """An operation cannot be finished yet."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


class CreditServiceTask(ServiceTask):
    """A service task whose operation may not be finished yet; it is tried again by `proceed`."""

    @property
    def operation(self) -> str:
        """What it is to do."""
        name: str = self.operation_name
        return name.removeprefix(OF_THE_TASK)

    @override
    def _execute(self, task: Any) -> bool | None:
        try:
            result = task.workflow.script_engine.call_service(
                task, operation_name=self.operation, operation_params=self.evaluate_params(task)
            )
        except StillWaiting as reason:
            task.internal_data[WAITS_FOR] = {"code": reason.code, "zh": reason.zh, "en": reason.en}
            return None  # the engine leaves the task started
        task.internal_data.pop(WAITS_FOR, None)
        task.data[self.result_variable] = json.loads(result) if isinstance(result, str) else result
        return True
