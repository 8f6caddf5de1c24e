"""What a matter asks for. It performs no I/O; every number is data that a region may set otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from credit_check_sdk.model._value import Duration, Several, Value, Words
from credit_check_sdk.model.case import Material, Point
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.subject import Role

Outage = Literal["hold", "proceed_and_recheck", "manual"]
"""What happens when a required source is silent; never a silent pass."""


class MatterPolicy(Value):
    """How one matter is checked."""

    code: str
    """The matter's code; what stands before the dot is its kind."""
    name: Words
    """What it is called."""
    points: Several[Point] = Field(min_length=1)
    """Its decision points, in order."""
    required: Several[str] = ()
    """Sources whose answer is needed."""
    advisory: Several[str] = ()
    """Sources that are asked too."""
    fresh_for: Duration = timedelta(hours=24)
    """How long a check counts at the gate."""
    fresh_at: dict[Point, Duration] = Field(default_factory=dict)
    """The same for single points."""
    remember_for: Duration = timedelta(hours=24)
    """How long a clean answer may be remembered instead of asking again; never longer than a check counts."""
    remember_at: dict[Point, Duration] = Field(default_factory=dict)
    """The same for single points."""
    remember_nothing_for: Duration | None = None
    """How long the answer that nothing was found may be remembered, where that is shorter than `remember_for`."""
    budget: Duration | None = None
    """Whole time of all consultations of one check, fallbacks included; None: that of its sources."""
    fallback: dict[str, Several[str]] = Field(default_factory=dict)
    """For a required source that stays silent: which sources may stand in for it, in this order."""
    report_for: Several[str] = ()
    """Required sources for which, when they stay silent, a credit report that counts may stand in; it ends in review."""
    outage: dict[Point, Outage] = Field(default_factory=dict)
    """What happens at a point when a required source is silent; ``hold`` where nothing is said."""
    grant_pending: Several[Point] = ()
    """Points at which even a grant may go on while a recheck is open; elsewhere only the next step may."""
    query_roles: Several[Role] = ()
    """Roles that are asked about beside the subject (采购, 招标: every consortium member)."""
    unknown: Literal["review", "clear"] = "review"
    """What it means that no platform knows the subject."""
    stale_clear: Duration | None = None
    """How old a clean remembered answer may be to clear, with a warning, when the live one fails."""
    list_age: Duration = timedelta(hours=24)
    """How old lists kept on this machine may be to speak at all; older ones are silent."""
    count_expired: bool = True
    """Whether expired records count in the clean-years window."""
    publicity_ended: Literal["hint", "none"] = "hint"
    """The most that a record whose publicity ended may carry."""
    heard_first: bool = False
    """Whether a measure of strength block takes effect only when the time for statement and defence (陈述申辩, term
    ``notice.statement``) is over."""
    deferral: Literal["listed_only", "all_not_excluded"] = "all_not_excluded"
    """Who may hand formal materials in later (DB45/T 2433-2021)."""
    supply_days: int | None = Field(default=None, ge=1)
    """The most working days for handing deferred materials in; None: term ``deferral.supply``."""
    promised_days: int | None = Field(default=None, ge=1)
    """The limit that the office promises for the matter (承诺办理时限), in working days."""
    green_days: int | None = Field(default=None, ge=1)
    """The shorter limit that the office promises on the green channel, in working days; None: none is promised."""
    green_steps: Several[Words] = ()
    """What the green channel spares or makes simpler in this matter; never a substantive condition."""
    remind_before: Several[int] = (3, 1)
    """How many working days before the end an applicant is reminded."""
    overdue: Literal["withdrawn", "revoked", "terminated"] = "terminated"
    """What an overdue deferral comes to: 视为撤回申请, 撤销受理, 终止办理."""
    query_basis: Several[Basis] = ()
    """On what the duty to check rests."""
    materials: Several[Material] = ()
    """The material checklist."""

    @property
    def kind(self) -> str:
        """Kind of the matter: what stands before the dot."""
        return self.code.partition(".")[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources that are asked, required ones first, each once."""
        return tuple(dict.fromkeys((*self.required, *self.advisory)))

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Sources that may stand in for a silent one and are not asked otherwise."""
        named = dict.fromkeys(name for several in self.fallback.values() for name in several)
        return tuple(name for name in named if name not in self.sources)

    def fresh_limit(self, point: Point) -> timedelta:
        """Say how long a check counts at *point*."""
        return self.fresh_at.get(point, self.fresh_for)

    def memory_limit(self, point: Point) -> timedelta:
        """Say how long a clean answer may be remembered at *point*."""
        return min(self.remember_at.get(point, self.remember_for), self.fresh_limit(point))
