"""What stands in for a source that is silent: a check to be made again, or evidence of a query made by hand. No I/O."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.record import Record
from credit_check_sdk.model.subject import Operator

RecheckState = Literal["waiting", "done", "adverse"]
"""To be made; made and nothing stands against going on; made and something does, for the officer to deal with."""


class Recheck(Value):
    """That a check whose required source was silent is to be made again, and by when."""

    id: str
    """Its number, ``recheck_…``."""
    due_on: date
    """Last day, counted in working days; the gate lets nothing pass on it after this day."""
    provisional: bool = False
    """Whether that day lies beyond the published calendar."""


class ManualEvidence(Value):
    """That an officer queried a silent source by hand: where, when, what came of it, and the file that shows it."""

    id: str
    """Its number, ``manual_…``."""
    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    source: str
    """The source for whose answer it stands."""
    site: str = Field(min_length=1, max_length=500)
    """The site or counter that was queried."""
    queried_at: Time
    """When."""
    operator: Operator
    """The officer who queried."""
    file: str = Field(min_length=1, max_length=255)
    """Name of the file that shows it."""
    size: int = Field(ge=1)
    """Its size in bytes."""
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of its bytes."""
    records: Several[Record] = ()
    """What was found; empty says that the officer looked and found nothing. They send to review and never restrict."""
    attached_at: Time
    """When it was attached."""
