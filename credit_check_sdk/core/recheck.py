"""Make again the checks that an outage left open. Flows; what is found touches the file and is put to the officer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.check import check
from credit_check_sdk.errors import CreditCheckError
from credit_check_sdk.flow import Load, Move, NewId, Now
from credit_check_sdk.model.ledger import CheckById, LeaseRechecks, PostponeRecheck

if TYPE_CHECKING:
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model.ledger import StoredCheck, StoredRecheck

_LEASE, _EACH = timedelta(minutes=2), timedelta(seconds=5)
_BATCH, _MOST = 10, 500
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RecheckReport:
    """What became of the rechecks of one run."""

    attempted: int = 0
    done: int = 0
    """Made, and nothing stands against going on."""
    adverse: int = 0
    """Made, and something was found: their officers have to act."""
    waiting: int = 0
    """Still without an answer."""
    found: tuple[str, ...] = ()
    """Numbers of the adverse decisions."""


async def recheck(desk: Desk, *, limit: int | None = None, due_only: bool = False) -> RecheckReport:
    """Make open rechecks, each in a transaction of its own; none is taken twice in one run."""
    report = RecheckReport()
    while limit is None or report.attempted < limit:
        left = _MOST if limit is None else limit - report.attempted
        # All that are open are taken at once, so that none of them is tried twice; of those that are due a batch.
        most = min(left, _BATCH if due_only else _MOST)
        token = await NewId("lease")
        lease = LeaseRechecks(await Now(), _LEASE + _EACH * most, token, most, due_only)
        rows: tuple[StoredRecheck, ...] = await Move(lease)
        for row in rows:
            report = await _one(desk, row, token, report)
        if not rows or not due_only:
            break
    return report


async def _one(desk: Desk, row: StoredRecheck, token: str, report: RecheckReport) -> RecheckReport:
    stored: StoredCheck | None = await Load(CheckById(row.decision))
    report = replace(report, attempted=report.attempted + 1)
    if stored is None:
        await _put_back(row, token, "settle.never_checked")
        return replace(report, waiting=report.waiting + 1)
    try:
        decision = await check(desk, stored.case, only_complete=True)
    except CreditCheckError as error:
        await _put_back(row, token, error.code)
        return replace(report, waiting=report.waiting + 1)
    silent = [silence for silence in decision.silences if silence.required]
    if silent:
        await _put_back(row, token, silent[0].code)
        return replace(report, waiting=report.waiting + 1)
    if decision.outcome in {"restricted", "review"}:
        return replace(report, adverse=report.adverse + 1, found=(*report.found, decision.id))
    return replace(report, done=report.done + 1)


async def _put_back(row: StoredRecheck, token: str, error: str) -> None:
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(row.attempts - 1, 10))
    await Move(PostponeRecheck(row.id, token, await Now() + wait, error))
