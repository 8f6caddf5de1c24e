"""What an officer answers and what the gate says. It performs no I/O and reads no clock."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Value
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.subject import Operator

ResponseAnswer = Literal["applied", "set_aside", "verifying"]
"""What an officer may answer."""

Step = Literal["proceed", "grant", "refuse"]
"""What the host wants to do behind the gate."""


class Response(Value):
    """The officer's answer to one proposal."""

    proposal: str
    """Number of the proposal."""
    answer: ResponseAnswer
    """Applied; set aside with a reason; or verifying, because the department doubts the record."""
    reason: str | None = None
    """Why; needed unless applied."""


class Settlement(Value):
    """The officer's answers to the proposals of one check; a part may come now and the rest later."""

    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    operator: Operator
    """The officer."""
    responses: Several[Response] = Field(min_length=1)
    """The answers."""


class Settled(Value):
    """What settling came to."""

    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    decision: str
    """Number of the decision that was settled."""
    settled: bool
    """Whether every proposal that needs an answer has one."""
    answers: dict[str, ResponseAnswer]
    """The answer that stands, for each proposal answered."""
    feedback: Several[str] = ()
    """Keys of the feedback that this settling put into the outbox."""


class Pass(Value):
    """That the gate let a case pass."""

    passed: Literal[True] = True
    """It did."""
    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    to: Step
    """To which step."""
    decision: str
    """Number of the decision that opened it."""
    warnings: Several[dict[str, Any]] = ()
    """What the officer should know."""
