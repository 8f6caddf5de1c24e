"""Seal what is committed. A flow; it writes no entry, and nobody who records waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.flow import Load, Move, Now
from credit_check_sdk.model.evidence import SealReport
from credit_check_sdk.model.ledger import LatestCheckpoint, Seal, Sealed, Unsealed

if TYPE_CHECKING:
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model.evidence import Checkpoint

BATCH = 500
"""Entries that get their place in one transaction, under one checkpoint."""


async def seal(desk: Desk) -> SealReport:
    """Seal everything that is committed now."""
    del desk
    total = 0
    while True:
        sealed: Sealed = await Move(Seal(await Now(), BATCH))
        total += sealed.entries
        if sealed.entries < BATCH:
            return SealReport(sealed=total, checkpoint=sealed.checkpoint)


async def seal_where_needed(desk: Desk) -> SealReport:
    """Seal where something waits for it; where nothing does, the pen is left to whoever writes."""
    if await Load(Unsealed()):
        return await seal(desk)
    newest: Checkpoint | None = await Load(LatestCheckpoint())
    return SealReport(checkpoint=newest)
