"""The faults: what happens, where, and how often each is played. Chosen by a seed, so that each can be played again."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.host import Door, Host
    from chaos.places import Place

Kind = Literal["kill", "disk_full", "disconnected", "clock", "restart"]
SHARES: tuple[tuple[Kind, int], ...] = (
    ("kill", 80),
    ("disk_full", 8),
    ("disconnected", 8),
    ("clock", 12),
    ("restart", 1),
)
SANDBOX: tuple[dict[str, Any], ...] = (
    {"kind": "lost_ack", "path": "/v1/feedback"},
    {"kind": "status", "value": 503},
    {"kind": "status", "value": 429, "retry_after": 1},
    {"kind": "disconnect"},
    {"kind": "truncate"},
    {"kind": "garbage"},
    {"kind": "empty"},
    {"kind": "latency", "value": 0.05},
    {"kind": "wrong_subject", "path": "/v1/checks"},
    {"kind": "stale_as_of", "value": 48, "path": "/v1/checks"},
    {"kind": "clock_skew", "value": 600},
)
"""What the platform does wrong meanwhile, in one fault of three."""
CLOCKS = (timedelta(hours=2), timedelta(days=2), -timedelta(hours=2), -timedelta(days=2))


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, whole."""

    number: int
    seed: str
    kind: Kind
    boundary: str
    door: Door
    sandbox: tuple[dict[str, Any], ...] = ()
    clock: timedelta = timedelta()
    race: bool = False
    """Whether another relay delivers at the same time."""


def plan(seed: int, number: int, boundaries: Sequence[tuple[Door, str]], database: str) -> Fault:
    """Choose fault *number*: boundaries in turn, so that each is hit, the rest by chance."""
    name = f"{seed}:{number}"
    chance = random.Random(name)  # noqa: S311  no secret: the same seed has to choose the same fault
    door, boundary = boundaries[number % len(boundaries)]
    first_round = number < len(boundaries)
    kinds = [kind for kind, share in SHARES for _ in range(share) if _possible(kind, database, boundary)]
    kind = "kill" if first_round else chance.choice(kinds)
    sandbox: tuple[dict[str, Any], ...] = ()
    if not first_round and chance.random() < 1 / 3:
        rate = chance.choice((0.3, 0.6, 1.0))
        sandbox = tuple({**chance.choice(SANDBOX), "rate": rate} for _ in range(chance.randint(1, 2)))
    return Fault(
        number=number,
        seed=name,
        kind=kind,
        boundary=boundary,
        door=door,
        sandbox=sandbox,
        clock=chance.choice(CLOCKS),
        race=kind == "kill" and not first_round and chance.random() < 1 / 4,
    )


def _possible(kind: Kind, database: str, boundary: str) -> bool:
    statement = "request" not in boundary
    if kind == "disk_full":
        return database == "sqlite" and statement and "before" in boundary
    if kind in {"disconnected", "restart"}:
        return database == "postgresql" and statement and "before" in boundary
    return True


def strike(fault: Fault, host: Host, connection: Any, place: Place) -> None:
    """Let it happen, at the boundary, in the process that reached it."""
    match fault.kind:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "clock":
            host.ahead = fault.clock
        case "disk_full":
            # As full as can be: not a page more than there is.
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        case "disconnected":
            if connection is not None:
                os.close(connection.connection.dbapi_connection.fileno())
        case "restart":
            if place.restart is not None:
                place.restart()
