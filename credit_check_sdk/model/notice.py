"""What a subject is told, and how it was told. It performs no I/O and reads no clock.

A notice says facts, list, basis, measure, period, and how to object, repair and appeal (深圳经济特区社会信用条例 第六十九条:
依据、事由、救济途径). A restriction on convenience is a restriction too, and is noticed likewise.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.subject import Operator

NoticeKind = Literal["restriction", "exclusion", "party", "rectification", "lifting"]
"""What a notice tells: a restriction of the case, an exclusion from facilitation, a restriction of a party's role, that a
wrong measure was rectified, or that a measure was lifted."""

RemedyKind = NoticeKind | Literal["explanation"]
"""Where a remedy is named: in a notice of that kind, or in the explanation of a check."""

NoticeState = Literal["drafted", "delivered", "withdrawn", "superseded"]
"""Where a notice stands: to be delivered, delivered (送达), taken back because its measure was set aside, or made void by
a newer check of the same file and point."""


class Remedy(Value):
    """A way in which somebody may defend himself (救济途径)."""

    code: str = Field(pattern=r"^[a-z][a-z_]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    text: Words
    """What to do, where and by when; ``{days}`` stands for the days of `term`."""
    term: str | None = None
    """Code of the time limit that the text names."""
    kinds: Several[RemedyKind] = Field(min_length=1)
    """The notices that name it, and whether the explanation does."""
    basis: Several[Basis] = ()
    """On what it rests."""


class Contact(Value):
    """Where the subject can turn."""

    name: str = ""
    """Name of the department, as it signs."""
    address: str = ""
    """Where it sits."""
    phone: str = ""
    """Its telephone."""
    email: str = ""
    """Its mail address."""
    website: str = ""
    """Its site."""
    hours: str = ""
    """When somebody is there."""


class Notice(Value):
    """What the subject is told of a measure (告知书)."""

    id: str
    """Its number, ``notice_…``."""
    kind: NoticeKind = "restriction"
    """What it tells."""
    case_id: str
    """The host's number of the file."""
    point: Point | None = None
    """The decision point."""
    decision: str
    """Number of the decision."""
    proposal: str
    """Number of the proposal."""
    subject_name: str
    """To whom."""
    text: Words
    """The whole notice."""
    drafted_at: Time
    """When it was drafted."""
    due_on: date | None = None
    """Day by which it must be delivered."""
    provisional: bool = False
    """Whether the due day lies beyond the published calendar."""


class NoticeDelivery(Value):
    """That a notice was delivered (送达)."""

    method: Literal["in_person", "post", "electronic", "left", "entrusted", "public"]
    """直接送达, 邮寄送达, 电子送达, 留置送达, 委托或转交送达, 公告送达."""
    on: date
    """The day."""
    operator: Operator
    """Who says so."""
    proof: str | None = Field(default=None, max_length=512)
    """What proves it: number of the receipt of service, of the parcel; no identifier."""


class Explanation(Value):
    """A check in plain words, for the person it is about (个人信息保护法 第二十四条)."""

    decision: str
    """Number of the decision."""
    case_id: str
    """The host's number of the file."""
    point: Point
    """The decision point."""
    subject_name: str
    """For whom it is written."""
    text: Words
    """The whole explanation; identifiers masked."""
    made_at: Time
    """When it was written."""
