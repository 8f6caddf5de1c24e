"""What a department's desk has at hand when it decides. It performs no I/O and reads no clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.again import Again
from credit_check_sdk.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.catalogue.letters import Letters
    from credit_check_sdk.model import Agency, Case, Contact, Environment, Level, MatterPolicy, PublicityForm
    from credit_check_sdk.spi import Calendar, Channel, Feed, Publisher, Source, Witness

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The zone in which days begin and end, whatever zone the server is in (no summer time since 1991)."""

_MOST_DIGESTS = 512
_WORDS = {"name", "query_basis", "materials", "supply_days", "promised_days", "remind_before", "overdue"}
_WORDS |= {"green_days", "green_steps"}
"""What of a policy changes no outcome: what it is called, on what the duty rests, the checklist, what a deferral may take."""


def day_of(moment: datetime) -> date:
    """Give the day of *moment* in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def midnight(day: date) -> datetime:
    """Give the moment at which *day* ends in Asia/Shanghai."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def local(moment: datetime) -> datetime:
    """Give *moment* as the clock of Asia/Shanghai shows it."""
    return moment.astimezone(SHANGHAI)


def utc(moment: datetime) -> datetime:
    """Give *moment* in UTC."""
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Consulting:
    """A source with what the configuration says of it."""

    source: Source
    level: Level
    budget: float
    """Whole time of one consultation, in seconds."""

    @property
    def offline(self) -> bool:
        """Whether it answers from lists kept on this machine, so that nothing it says was confirmed live."""
        return getattr(self.source, "offline", False) is True


@dataclass(frozen=True, slots=True)
class RelayRules:
    """How feedback is sent again."""

    batch: int = 100
    """Rows handed over at once."""
    lease: timedelta = timedelta(seconds=60)
    """How long a relay holds rows before another may take them."""
    first_wait: timedelta = timedelta(seconds=2)
    """Wait after the first passing refusal; it doubles from then on."""
    longest_wait: timedelta = timedelta(minutes=10)
    """The longest wait."""
    attempts: int = 100
    """Attempts after which a row is shown as dead; it is kept, and can be requeued."""


@dataclass(frozen=True, slots=True)
class OutboxRules:
    """How much may wait to be delivered."""

    limit: int | None = 100_000
    """Undelivered rows above which the status warns; None: never."""
    when_full: Literal["accept", "refuse"] = "accept"
    """Whether settling is refused from then on, in plain words, or goes on."""


@dataclass(frozen=True, slots=True)
class PublicityRules:
    """Where licences and penalties are published, and in which fields."""

    channels: Mapping[str, str | None] = field(default_factory=dict)
    """Channel by destination; one that is not named is not published to, but for the credit site."""
    dialects: Mapping[str, str] = field(default_factory=dict)
    """List of fields by destination."""
    forms: Callable[[], Mapping[tuple[str, str], PublicityForm]] = dict
    """Gives the lists of fields by kind and dialect; few clients ever publish, so that they are read when one does."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Sources, channels, policies and catalogue of one client."""

    environment: Environment
    catalogue: Catalogue
    policies: Mapping[str, MatterPolicy]
    sources: Mapping[str, Consulting] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    publishers: Mapping[str, Publisher] = field(default_factory=dict)
    region: str | None = None
    relay: RelayRules = field(default_factory=RelayRules)
    outbox: OutboxRules = field(default_factory=OutboxRules)
    publicity: PublicityRules = field(default_factory=PublicityRules)
    agencies: tuple[Agency, ...] = ()
    """Credit agencies whose reports may count."""
    calendar: Calendar | None = None
    """Which days are working days; without it no working day is counted."""
    letters: Letters | None = None
    """Templates of notices; without them none is drafted."""
    contact: Contact | None = None
    """Where subjects can turn."""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """The same for single departments."""
    again: Again = field(default_factory=Again, compare=False, repr=False)
    """What its cases came to, for those that are checked again on the same answers."""
    digests: dict[tuple[str, str, date, int], tuple[MatterPolicy | None, str]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """The digests of rules that were made already."""

    def rules(self, matter: str, point: str, day: date) -> str:
        """Digest what of catalogue, policy and region could matter to a check of *matter* at *point* on *day*.

        What the policy has for people to read is no part of it.
        """
        policy = self.policies.get(matter)
        where = (matter, point, day, id(policy))
        kept = self.digests.get(where)
        if kept is not None and kept[0] is policy:
            return kept[1]
        said = policy.model_dump_json(exclude=_WORDS) if policy else ""
        parts = (self.catalogue.slice_digest(matter, point, day), self.region or "", said)
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        if len(self.digests) >= _MOST_DIGESTS:
            self.digests.clear()
        self.digests[where] = (policy, digest)
        return digest

    def policy(self, case: Case) -> MatterPolicy:
        """Find the policy of the case's matter.

        Raises:
            CaseError: the matter is unknown, or has no such decision point.
        """
        policy = self.policies.get(case.matter)
        if policy is None:
            known = ", ".join(sorted(self.policies))
            raise CaseError(
                f"matter: {case.matter!r} is unknown",
                f"matter：事项“{case.matter}”不存在",
                code="case.unknown_matter",
                remedy_en=f"use one of {known}, or add it under [matters] in the configuration",
                remedy_zh=f"请使用 {known} 之一，或在配置的 [matters] 中添加",
            )
        if case.point not in policy.points:
            points = ", ".join(policy.points)
            raise CaseError(
                f"point: {case.matter} has no decision point {case.point!r}",
                f"point：事项 {case.matter} 没有“{case.point}”环节",
                code="case.unknown_point",
                remedy_en=f"use one of {points}",
                remedy_zh=f"请使用 {points} 之一",
            )
        return policy
