"""The approval adapter of the Credit Check SDK: cases from exchange rows, a guard on state changes, rows back.

It imports the front door of the SDK only. The demonstration finds it by the entry point ``approval`` in the group
``credit_check.adapters.v1``.
"""

from credit_check_adapter_approval.deferral import (
    accept_deferred,
    accept_deferred_async,
    deferral_row,
    owes,
    supplied,
    supplied_async,
)
from credit_check_adapter_approval.demo import ApprovalAdapter
from credit_check_adapter_approval.exchange import Rows, case_from_exchange
from credit_check_adapter_approval.files import read_exchange
from credit_check_adapter_approval.guard import ApprovalGuard, AsyncApprovalGuard, AsyncGuarded, Guarded
from credit_check_adapter_approval.materials import checklist
from credit_check_adapter_approval.rows import process_row
from credit_check_adapter_approval.states import TRANSITIONS, StateMachine, Transition
from credit_check_adapter_approval.tables import Tables, standard

adapter = ApprovalAdapter()
"""What the entry point names."""

__all__ = [
    "TRANSITIONS",
    "ApprovalAdapter",
    "ApprovalGuard",
    "AsyncApprovalGuard",
    "AsyncGuarded",
    "Guarded",
    "Rows",
    "StateMachine",
    "Tables",
    "Transition",
    "accept_deferred",
    "accept_deferred_async",
    "adapter",
    "case_from_exchange",
    "checklist",
    "deferral_row",
    "owes",
    "process_row",
    "read_exchange",
    "standard",
    "supplied",
    "supplied_async",
]
