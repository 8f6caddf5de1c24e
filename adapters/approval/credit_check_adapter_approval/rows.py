"""Rows back into the case-exchange tables. It writes to no database; what it gives holds no identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_adapter_approval.cells import SHANGHAI
from credit_check_adapter_approval.tables import Tables, standard

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk import Decision, Operator

OUTCOMES = {
    "clear": "通过",
    "restricted": "受限",
    "review": "待人工核查",
    "undecided": "未能判定（必查来源未答复）",
}
"""The outcomes as the file shows them."""
_POINTS = {"accept": "受理", "review": "审查", "decide": "决定", "close": "办结"}
_LONGEST_EXPLANATION = 2000
_LONGEST_USER = 100


def process_row(
    decision: Decision, operator: Operator, *, started_at: datetime | None = None, tables: Tables | None = None
) -> dict[str, str]:
    """Give the ``up_pro_process`` row that says the check was made.

    *started_at* is when it was asked for, the decision's own time where it is not said. The explanation names outcome,
    measures and the decision's number; neither identifiers nor the names of persons.
    """
    start = started_at or decision.decided_at
    measures = "、".join(dict.fromkeys(f"{one.measure} {one.name.zh}" for one in decision.proposals)) or "无"
    silent = "、".join(silence.source for silence in decision.silences)
    said = (
        f"信用核查结论：{OUTCOMES[decision.outcome]}；措施：{measures}；"
        + (f"未答复来源：{silent}；" if silent else "")
        + f"核查编号：{decision.id}"
    )
    return {
        "row_guid": decision.id,
        "project_no": decision.case_id,
        "process_name": f"信用核查（{_POINTS.get(decision.point, decision.point)}）",
        "event_name": (tables or standard()).event,
        "event_start_time": _written(min(start, decision.decided_at)),
        "event_end_time": _written(decision.decided_at),
        "handle_explain": said if len(said) <= _LONGEST_EXPLANATION else said[: _LONGEST_EXPLANATION - 1] + "…",
        "handle_user_name": operator.id[:_LONGEST_USER],
    }


def _written(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
