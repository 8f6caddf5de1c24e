"""Say how sources stand, from this process's lines and what all processes share. It asks no source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk._shell.world import now
from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model.status import SourceStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.spi import SourceSettings


def standing(world: World, sources: Sequence[SourceSettings]) -> tuple[SourceStatus, ...]:
    """Give the status of each source, in the configuration's order; what the audit store cannot say is left out."""
    board, used = world.board, None
    try:
        board.read()
    except LedgerError:
        pass
    else:
        used = board.used(now())
    return tuple(_one(world, said, used) for said in sources)


def _one(world: World, said: SourceSettings, used: object) -> SourceStatus:
    line = world.asking.lines[said.id]
    state, since = line.state()
    isolation = world.board.isolated.get(said.id)
    left = None
    if said.daily_quota is not None and isinstance(used, dict):
        left = max(0, said.daily_quota - used.get(said.id, 0))
    return SourceStatus(
        id=said.id,
        level=said.level,
        state="isolated" if isolation else state,
        since=isolation.at if isolation else since,
        reason=isolation.reason if isolation else None,
        operator=isolation.operator if isolation else None,
        last_answer_at=line.last_answer_at,
        last_error=line.last_error,
        last_error_at=line.last_error_at,
        latency_ms=None if line.latency is None else round(line.latency * 1000, 3),
        consultations=line.consultations,
        failures=line.failures,
        daily_quota=said.daily_quota,
        quota_left=left,
    )
