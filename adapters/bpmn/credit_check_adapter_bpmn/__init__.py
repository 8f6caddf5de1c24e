"""The BPMN adapter of the Credit Check SDK: service tasks of SpiffWorkflow that check and that run behind the gate.

It imports the front door of the SDK only. A process keeps the number of a file, never who is checked.
"""

from credit_check_adapter_bpmn.engine import Call, CreditScriptEngine, check, guarded, requires
from credit_check_adapter_bpmn.parser import CreditBpmnParser
from credit_check_adapter_bpmn.process import Waiting, proceed, serializer_config, waiting
from credit_check_adapter_bpmn.service import CreditServiceTask

__all__ = [
    "Call",
    "CreditBpmnParser",
    "CreditScriptEngine",
    "CreditServiceTask",
    "Waiting",
    "check",
    "guarded",
    "proceed",
    "requires",
    "serializer_config",
    "waiting",
]
