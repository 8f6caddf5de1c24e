"""What Tryton's purchase becomes: the check and the gate run in Tryton's own database transaction."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from trytond.exceptions import UserError
from trytond.pool import PoolMeta
from trytond.transaction import Transaction

from credit_check_sdk import Case, CreditCheck, GateError

CLIENT: list[CreditCheck] = []
"""The client of this process; a real module opens it from Tryton's configuration."""


class Purchase(metaclass=PoolMeta):  # type: ignore[metaclass]  # Tryton carries no types
    """A purchase whose supplier is checked."""

    __name__ = "purchase.purchase"

    @classmethod
    def quote(cls, purchases: list[Any]) -> None:
        """Check the supplier of each, in the transaction that quotes."""
        super().quote(purchases)  # type: ignore[misc]  # Tryton puts the class below this one
        for purchase in purchases:
            CLIENT[0].check(case_of(purchase), transaction=Transaction().connection)

    @classmethod
    def confirm(cls, purchases: list[Any]) -> None:
        """Confirm what the gate lets pass; else nothing is confirmed, and the user reads why."""
        for purchase in purchases:
            try:
                CLIENT[0].require(case_of(purchase), to="grant", transaction=Transaction().connection)
            except GateError as refusal:
                raise UserError(refusal.words("zh-CN"), refusal.code) from refusal
        super().confirm(purchases)  # type: ignore[misc]  # Tryton puts the class below this one


def case_of(purchase: Any) -> Case:
    """Make a case of a purchase: its supplier is the subject."""
    identifiers = [{"scheme": "cn-uscc", "value": each.code} for each in purchase.party.identifiers]
    day = purchase.create_date or datetime.combine(datetime.now(UTC).date(), time(), UTC)
    return Case.model_validate(
        {
            "id": f"purchase/{purchase.id}",
            "matter": "procurement.goods",
            "point": "award",
            "subject": {"category": "organisation", "name": purchase.party.name, "identifiers": identifiers},
            "purpose": {"text": "政府采购", "basis": "政府采购法 第二十二条"},
            "operator": {"id": f"tryton-{Transaction().user}", "department": "451100-czj"},
            "opened_at": day.replace(tzinfo=UTC),
        }
    )
