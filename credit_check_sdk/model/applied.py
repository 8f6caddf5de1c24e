"""Where an applied measure and the record below it stand. Plain values: it performs no I/O and reads no clock.

What leads from one state to another stands in one table, in `credit_check_sdk.core.states`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime

    from credit_check_sdk.model.feedback import Change, ChangeKind, MeasureState

MeasureEvent = Literal["notice", "apply", "set_aside", "suspend", "keep", "restore", "lift", "rectify"]
"""What can happen to an applied measure."""

Carrying = Literal["carries", "suspended", "gone", "wrong"]
"""What a record still carries: all, nothing for the time being, nothing any more, or nothing from the first."""

Hold = Literal["verifying"]
"""What keeps a measure suspended beside its records: the department's own doubt."""


@dataclass(frozen=True, slots=True)
class AppliedMeasure:
    """Where the measure of one proposal stands."""

    proposal: str
    state: MeasureState = "proposed"
    returns: MeasureState | None = None
    """While suspended: the state to which it returns."""
    hold: Hold | None = None
    """While suspended: the department's own doubt, where that is what holds it."""
    cause: str | None = None
    """Code of what moved it last."""
    at: datetime | None = None
    """When it was moved last."""
    step: str = ""
    """Number of the transition that moved it last; empty where none has."""
    in_force_at: datetime | None = None
    """When it first took effect; None where it never did."""
    effective_on: date | None = None
    """While notice is given: the day on which it takes effect."""


@dataclass(frozen=True, slots=True)
class Said:
    """The last thing said in one respect, and when; what is said later wins, whatever order it arrives in."""

    what: str | None = None
    at: datetime | None = None

    def heard(self, what: str | None, at: datetime) -> Said:
        """Hear something more."""
        return self if self.at is not None and at < self.at else Said(what, at)


_NOTHING = Said()


@dataclass(frozen=True, slots=True)
class RecordStanding:
    """What changes have said of a record, respect by respect: whether it is disputed, lifted for a time, over, or wrong.

    Each respect knows when it was last spoken of, so that changes may arrive twice and in any order.
    """

    dispute: Said = _NOTHING
    lift: Said = _NOTHING
    ended: Said = _NOTHING
    wrong: Said = _NOTHING
    change: str | None = None
    """Number of the change that was taken last."""
    seen_at: datetime | None = None
    """When it was taken, by our clock."""
    objections: int = 0
    """How many objections this department has forwarded that are not answered."""

    @property
    def carrying(self) -> Carrying:
        """What the record still carries."""
        if self.wrong.what:
            # That it is revoked or repaired as well changes nothing: it was wrong from the first.
            return "wrong"
        if self.ended.what:
            return "gone"
        if self.dispute.what or self.lift.what or self.objections:
            return "suspended"
        return "carries"

    def after(self, change: Change, number: str, seen_at: datetime) -> RecordStanding:
        """Give the standing with one more change."""
        taken = replace(self, change=number, seen_at=seen_at)
        at = change.at
        match change.change:
            case "objected" | "objection_rejected":
                return replace(taken, dispute=self.dispute.heard(_only(change.change, "objected"), at))
            case "temporarily_lifted" | "restored":
                return replace(taken, lift=self.lift.heard(_only(change.change, "temporarily_lifted"), at))
            case "objection_upheld":
                return replace(taken, wrong=self.wrong.heard(change.change, at))
            case "repaired" | "expired" | "revoked":
                return replace(taken, ended=self.ended.heard(change.change, at))
            case "corrected" if change.record is None:
                # The platform no longer gives the record out.
                return replace(taken, ended=self.ended.heard("removed", at))
            case "listed" | "corrected":
                return _stated(taken, change.record.status, at) if change.record else taken


def _stated(before: RecordStanding, status: str, at: datetime) -> RecordStanding:
    """Take the status that a whole record states."""
    return replace(
        before,
        dispute=_told(before.dispute, _only(status, "objected", "reconsidered"), at),
        lift=_told(before.lift, _only(status, "temporarily_lifted"), at),
        ended=_told(before.ended, _only(status, "repaired", "expired", "revoked"), at),
        wrong=_told(before.wrong, None, at),
    )


def _told(before: Said, what: str | None, at: datetime) -> Said:
    """Hear what a record states in one respect; where nothing was ever said, that there is nothing says nothing.

    So a decision that bears an earlier date than the listing of the record, and is told later, still counts.
    """
    return before.heard(what, at) if what or before.what else before


def _only(said: str, *wanted: str) -> str | None:
    return said if said in wanted else None


ANSWERS: frozenset[ChangeKind] = frozenset(
    {"objection_upheld", "objection_rejected", "corrected", "repaired", "revoked", "expired"}
)
"""Changes that answer an objection."""
