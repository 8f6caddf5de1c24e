"""Say whether a subject broke a commitment here that is not repaired. It asks the ledger and decides nothing.

The platform may not know of it yet; the department that was promised does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.flow import Load
from credit_check_sdk.model.ledger import Commitments

if TYPE_CHECKING:
    from credit_check_sdk.model import Case, Identifier


def lacks(case: Case) -> bool:
    """Say whether materials are missing, so that a promise may be asked for."""
    return any(material.state == "missing" for material in case.materials)


async def broke(identifier: Identifier | None) -> bool:
    """Say whether whoever is known by *identifier* broke a commitment here that is not repaired."""
    if identifier is None:
        return False
    subject = (identifier.scheme, identifier.normal)
    return bool(await Load(Commitments(subject=subject, states=("breached",), limit=1)))
