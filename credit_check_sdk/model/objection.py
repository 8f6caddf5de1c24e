"""Objections to records, and the department's own questions about them. It performs no I/O and reads no clock.

Whoever disputes a record may object where he stands: the counter takes it, forwards it with its papers to the platform,
and the measure is suspended until it is answered (国发〔2016〕33号: 联合惩戒措施在信息核实期间暂不执行).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.subject import Operator

ObjectionKind = Literal["objection", "verifying"]
"""异议: taken at the counter; 核实: the department itself doubts the record."""

ObjectionState = Literal["open", "answered", "withdrawn"]
"""Where it stands."""

LARGEST_PAPER = 10 * 1024 * 1024
"""The largest paper that is taken, in bytes."""


class Paper(Value):
    """A paper handed in with an objection; its content is kept as evidence."""

    name: str = Field(min_length=1, max_length=255)
    """Name of the file."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its content, in lower-case hexadecimal."""
    size: int = Field(ge=0, le=LARGEST_PAPER)
    """Its size in bytes."""


class ObjectionDraft(Value):
    """An objection as it is taken at the counter."""

    case_id: str = Field(min_length=1)
    """The host's number of the file."""
    point: Point
    """The decision point."""
    operator: Operator
    """The officer who takes it."""
    text: str = Field(min_length=1, max_length=4000)
    """What is disputed and why (异议内容)."""
    proposals: Several[str] = ()
    """Numbers of the proposals whose records are disputed; empty: every restriction of the latest check."""
    records: Several[str] = ()
    """Numbers of the records disputed; empty: every record on which those proposals rest."""
    objector: str | None = Field(default=None, max_length=255)
    """Who objects, where it is not the subject itself: an agent, a heir."""


class Objection(Value):
    """An objection to one record, with the day by which it is to be answered."""

    id: str
    """Its number, ``obj_…``."""
    kind: ObjectionKind = "objection"
    """Whose doubt it is."""
    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    decision: str
    """Number of the decision."""
    proposals: Several[str]
    """Numbers of the proposals that rest on the record."""
    source: str
    """The source that gave the record."""
    record_id: str
    """The record."""
    subject_name: str
    """Whom the record is about."""
    objector: str | None = None
    """Who objects, where it is not the subject itself."""
    text: str
    """What is disputed and why."""
    papers: Several[Paper] = ()
    """The papers handed in."""
    operator: Operator
    """The officer who took it."""
    taken_at: Time
    """When it was taken."""
    term: str
    """Code of the time limit for the answer."""
    due_on: date | None = None
    """Day by which it is to be answered; None where no time limit is configured."""
    provisional: bool = False
    """Whether that day lies beyond the published calendar."""
    forward_by: date | None = None
    """Day by which it has to be with the platform; None where no time limit is configured."""
    feedback: str
    """Key of the feedback that forwards it."""
