"""Time limits as data: how many days somebody has for something, and on what that rests. It counts no day itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Value, Words
from credit_check_sdk.model.measure import Basis


class Term(Value):
    """A time limit (期限): so many days from the day after the event (民法典 第二百零一条)."""

    code: str = Field(pattern=r"^[a-z][a-z_]{1,31}(\.[a-z][a-z_]{1,31}){0,2}$")
    """What it limits, ``notice.restriction``."""
    name: Words
    """What it is called."""
    days: int = Field(ge=0)
    """How many days; 0 means at once, on the day of the event."""
    counted: Literal["working", "calendar"] = "working"
    """工作日 or 自然日."""
    region: str | None = Field(default=None, pattern=r"^\d{2,6}$")
    """Code prefix of the region where it holds; None: everywhere that says nothing of its own."""
    basis: Several[Basis] = ()
    """On what it rests; empty where it is the product's own default, which a site may set otherwise."""
    note: Words | None = None
    """What a reader should know."""
