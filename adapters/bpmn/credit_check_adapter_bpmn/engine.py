"""The script engine: what a process's service tasks do. Checks and the gate are the client's; the rest is the host's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from typing_extensions import override

from credit_check_adapter_bpmn.service import StillWaiting
from credit_check_sdk import CreditCheckError, GateError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from credit_check_sdk import Case, CreditCheck, Decision, Point, Step

_UNDECIDED = ("尚无结论，等待来源答复", "it is undecided and waits for a source to answer")


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given: the client, the process's data, the parameters, and the case."""

    credit: CreditCheck
    data: dict[str, Any]
    """The data of the task; what is put in here stays in the process."""
    parameters: Mapping[str, Any]
    """The parameters that the process gives, evaluated."""
    case_of: Callable[[dict[str, Any]], Case] = field(repr=False)

    def case(self, point: Point | None = None) -> Case:
        """Read the case of this process, at *point* where one is given."""
        found = self.case_of(self.data)
        point = self.parameters.get("point", point)
        return found if point in {None, found.point} else found.model_copy(update={"point": point})


if TYPE_CHECKING:
    Operation = Callable[[Call], Any]


def check(*, point: Point | None = None, wait: bool = True) -> Operation:
    """Make an operation that checks the case; while it is undecided the process waits, unless told not to.

    It gives number, outcome and open proposals; the process may branch on ``outcome``.
    """

    def operation(call: Call) -> dict[str, Any]:
        decision = call.credit.check(call.case(point))
        if wait and decision.outcome == "undecided":
            raise StillWaiting("gate.undecided", *_UNDECIDED)
        return _said(decision)

    return operation


def requires(*, point: Point | None = None, to: Step = "proceed") -> Operation:
    """Make an operation that only asks the gate; the process waits at it until the gate lets the case pass."""
    return guarded(None, point=point, to=to)


def guarded(service: Operation | None, *, point: Point | None = None, to: Step = "proceed") -> Operation:
    """Make an operation that runs *service* only when the gate has let the case pass; until then the process waits."""

    def operation(call: Call) -> Any:
        step: Any = call.parameters.get("to", to)
        passed = call.credit.require(call.case(point), to=step)
        return {"decision": passed.decision, "to": passed.to} if service is None else service(call)

    return operation


class CreditScriptEngine(PythonScriptEngine):
    """A script engine whose service tasks check and ask the gate.

    *case_of* reads the case of a process from its data, by the number that it keeps. *operations* says what each service
    task does, by the name of its operation (``serviceTaskOperator``), Camunda's topic or delegate, or its own id;
    ``credit/check`` and ``credit/require`` are there by themselves, with the parameters ``point`` and ``to``.
    """

    def __init__(
        self,
        credit: CreditCheck,
        *,
        case_of: Callable[[dict[str, Any]], Case],
        operations: Mapping[str, Operation] | None = None,
        environment: Any = None,
    ) -> None:
        super().__init__(environment=environment)
        self._credit, self._case_of = credit, case_of
        self._operations: dict[str, Operation] = {
            "credit/check": check(),
            "credit/require": requires(),
            **(operations or {}),
        }

    @override
    def call_service(self, task: Any, *, operation_name: str, operation_params: Mapping[str, Any]) -> Any:
        """Carry out a service task's operation.

        Raises:
            StillWaiting: it cannot be finished yet; the process waits at the task.
            InputError: there is no such operation.
        """
        operation = self._operations.get(operation_name)
        if operation is None:
            known = ", ".join(sorted(self._operations))
            raise InputError(
                f"the service task {task.task_spec.name!r} asks for the operation {operation_name!r}, which is unknown",
                f"服务任务 {task.task_spec.name} 的操作“{operation_name}”不存在",
                remedy_en=f"known are {known}; name it in operations",
                remedy_zh=f"可用的操作：{known}；请在 operations 中给出",
            )
        parameters = {name: said["value"] for name, said in operation_params.items()}
        try:
            return operation(Call(self._credit, task.data, parameters, self._case_of))
        except GateError as refusal:
            raise StillWaiting(refusal.code, refusal.words("zh-CN"), refusal.words("en")) from refusal
        except CreditCheckError as error:
            if not error.retryable:
                raise
            raise StillWaiting(error.code, error.words("zh-CN"), error.words("en")) from error


def _said(decision: Decision) -> dict[str, Any]:
    """Give what a process may keep: no identifier, no name."""
    return {
        "case_id": decision.case_id,
        "point": decision.point,
        "decision": decision.id,
        "outcome": decision.outcome,
        "proposals": [one.id for one in decision.proposals],
        "valid_until": decision.valid_until.isoformat(),
    }
