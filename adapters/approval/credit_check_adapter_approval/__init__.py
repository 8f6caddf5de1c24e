"""The approval adapter of the Credit Check SDK: cases from exchange rows, a guard on state changes, rows back.

It imports the front door of the SDK only. The demonstration finds it by the entry point ``approval`` in the group
``credit_check.adapters.v1``.
"""

from credit_check_adapter_approval.demo import ApprovalAdapter
from credit_check_adapter_approval.exchange import (
    CATEGORIES,
    REQUIRED,
    SCHEMES,
    Codes,
    case_from_exchange,
    checklist,
    process_row,
)
from credit_check_adapter_approval.guard import TRANSITIONS, ApprovalGuard, AsyncApprovalGuard, Guarded

adapter = ApprovalAdapter()
"""What the entry point names."""

__all__ = [
    "CATEGORIES",
    "REQUIRED",
    "SCHEMES",
    "TRANSITIONS",
    "ApprovalAdapter",
    "ApprovalGuard",
    "AsyncApprovalGuard",
    "Codes",
    "Guarded",
    "adapter",
    "case_from_exchange",
    "checklist",
    "process_row",
]
