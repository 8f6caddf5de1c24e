"""Ten thousand feedbacks through a platform that fails, loses its answers and goes down, with relays that are killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaos.places import Places
    from credit_check_sdk.sandbox.running import Running


def storm(places: Places, running: Running, seed: int, feedbacks: int) -> dict[str, Any]:
    """Play it."""
    raise NotImplementedError(places, running, seed, feedbacks)
