"""Open the register that the configuration names. It needs nothing of the extra that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk._shell.register import Register

if TYPE_CHECKING:
    from credit_check_sdk.config import Settings


def open_register(settings: Settings) -> Register:
    """Open the register of host keys and calls.

    Raises:
        SetupError: the configuration or the key ring cannot work.
    """
    return Register(
        ring=settings.path(settings.keys.ring),
        audit_url=settings.database(settings.ledger.audit_url),
        plugins=settings.plugins.enabled,
        repeats_for=settings.service.repeats_for,
    )
