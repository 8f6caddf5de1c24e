"""The supervision adapter of the Credit Check SDK: how often whom to inspect, proposed with reasons and legal basis.

It imports the front door of the SDK only. The demonstration finds it by the entry point ``supervision`` in the group
``credit_check.adapters.v1``.
"""

from credit_check_adapter_supervision.demo import SupervisionAdapter
from credit_check_adapter_supervision.frequency import Frequency, FrequencyTable, FullCoverage, Move
from credit_check_adapter_supervision.plan import InspectionPlan, PlanRow, Target
from credit_check_adapter_supervision.planning import (
    confirm,
    confirm_async,
    fallen_away,
    fallen_away_async,
    plan_round,
    plan_round_async,
    plan_rows,
    plan_rows_async,
)

adapter = SupervisionAdapter()
"""What the entry point names."""

__all__ = [
    "Frequency",
    "FrequencyTable",
    "FullCoverage",
    "InspectionPlan",
    "Move",
    "PlanRow",
    "SupervisionAdapter",
    "Target",
    "adapter",
    "confirm",
    "confirm_async",
    "fallen_away",
    "fallen_away_async",
    "plan_round",
    "plan_round_async",
    "plan_rows",
    "plan_rows_async",
]
