"""How a source stands, for people and monitors. It performs no I/O and reads no clock."""

from __future__ import annotations

from typing import Literal

from credit_check_sdk.model._value import Time, Value
from credit_check_sdk.model.record import Level

SourceState = Literal["ready", "resting", "probing", "isolated"]
"""Asked as usual; left to rest after failures; tried once after a rest; taken out by a person."""


class SourceStatus(Value):
    """How one source stands: its state in this process, what people decided, and what is left of its quota."""

    id: str
    """Name of the source."""
    level: Level
    """Level of the platform."""
    state: SourceState
    """How it stands."""
    since: Time | None = None
    """Since when; None: since this process began."""
    reason: str | None = None
    """Why it was isolated."""
    operator: str | None = None
    """Who isolated it."""
    last_answer_at: Time | None = None
    """When it last answered this process."""
    last_error: str | None = None
    """Code of its last failure in this process."""
    last_error_at: Time | None = None
    """When that was."""
    latency_ms: float | None = None
    """How long its answers take, smoothed, in milliseconds."""
    consultations: int = 0
    """Consultations that this process began, tries not counted apart."""
    failures: int = 0
    """Consultations that failed."""
    daily_quota: int | None = None
    """Consultations a day that it allows; None: no limit."""
    quota_left: int | None = None
    """What is left of it today (Asia/Shanghai) over all processes; None: no limit, or not known."""
