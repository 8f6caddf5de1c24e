"""Tolerant acceptance (容缺受理) for hosts of the exchange: from the material rows to the promise and back. It changes no state.

Which materials are missing is read off ``up_pro_material``; who may hand them in later, by when, and what follows is the
SDK's. What arrives is again rows of that table. A grant is refused by the gate (``gate.deferred``) until all of it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.cells import SHANGHAI, same_name, text
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from credit_check_sdk import AsyncCreditCheck, Case, CreditCheck, Operator, Promise, StoredCommitment

EVENTS = {
    "offered": "一次性告知",
    "open": "容缺受理",
    "overdue": "容缺逾期",
    "fulfilled": "容缺补齐",
    "breached": "容缺违诺",
    "refused": "申请人不作承诺",
    "withdrawn": "撤回容缺承诺",
    "repaired": "违诺已修复",
}
"""Where a deferral stands, as the file shows it."""


def owes(case: Case) -> bool:
    """Say whether the file lacks materials."""
    return any(material.state == "missing" for material in case.materials)


def accept_deferred(
    credit: CreditCheck, case: Case, promise: Promise | None = None, *, transaction: object = None
) -> StoredCommitment | None:
    """Take a file in: checked, and where materials are missing, against a promise.

    Without a *promise* the applicant is told once all that is missing (一次性告知), and nothing is accepted yet. None
    where nothing is missing: the file goes the ordinary way.

    Raises:
        InputError: what is missing may not come later, or the applicant is excluded; ``code`` says why.
    """
    credit.check(case, transaction=transaction)
    if not owes(case):
        return None
    if promise is None:
        return credit.offer_deferral(case, transaction=transaction)
    return credit.defer(case, promise, transaction=transaction)


async def accept_deferred_async(
    credit: AsyncCreditCheck, case: Case, promise: Promise | None = None, *, transaction: object = None
) -> StoredCommitment | None:
    """Take a file in on an event loop; see `accept_deferred`."""
    await credit.check(case, transaction=transaction)
    if not owes(case):
        return None
    if promise is None:
        return await credit.offer_deferral(case, transaction=transaction)
    return await credit.defer(case, promise, transaction=transaction)


def supplied(
    credit: CreditCheck,
    commitment: StoredCommitment,
    rows: Sequence[Mapping[str, Any]],
    *,
    operator: Operator,
    arrived_on: date | None = None,
    transaction: object = None,
) -> StoredCommitment:
    """Take material rows that arrived later (补交); the last of them fulfils the promise.

    Raises:
        InputError: no row brings what is waited for, or it arrived after the day due.
    """
    codes = _codes(commitment, rows)
    return credit.supply(commitment.code, codes, operator=operator, arrived_on=arrived_on, transaction=transaction)


async def supplied_async(
    credit: AsyncCreditCheck,
    commitment: StoredCommitment,
    rows: Sequence[Mapping[str, Any]],
    *,
    operator: Operator,
    arrived_on: date | None = None,
    transaction: object = None,
) -> StoredCommitment:
    """Take material rows that arrived later, on an event loop; see `supplied`."""
    codes = _codes(commitment, rows)
    return await credit.supply(
        commitment.code, codes, operator=operator, arrived_on=arrived_on, transaction=transaction
    )


def deferral_row(commitment: StoredCommitment) -> dict[str, str]:
    """Give the ``up_pro_process`` row that says where a deferral stands; it holds no identifier."""
    missing = "、".join(material.name for material in commitment.missing) or "无"
    due = commitment.due_on.isoformat() if commitment.due_on else "—"
    at = commitment.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "row_guid": commitment.step,
        "project_no": commitment.case_id,
        "process_name": EVENTS[commitment.state],
        "event_name": EVENTS[commitment.state],
        "event_start_time": at,
        "event_end_time": at,
        "handle_explain": f"承诺编码：{commitment.code}；尚欠材料：{missing}；补齐期限：{due}",
        "handle_user_name": commitment.operator.id[:100],
    }


def _codes(commitment: StoredCommitment, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    waited = {same_name(material.name): material.code for material in commitment.missing}
    names = [text(row.get("material_name")) for row in rows if text(row.get("get_num")) != "0"]
    codes = [waited[same_name(name)] for name in names if same_name(name) in waited]
    if not codes:
        told = "、".join(material.name for material in commitment.missing) or "—"
        raise InputError(
            f"none of these rows brings what is waited for: {told}",
            f"所列材料均不在所缺之列：{told}",
            code="deferral.material",
            remedy_en="give the rows of up_pro_material with the names of the missing materials",
            remedy_zh="请提供所缺材料名称对应的 up_pro_material 记录",
        )
    return codes
