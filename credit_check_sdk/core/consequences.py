"""Work out what rests on records that now stand otherwise, and what that does to it, decision by decision. A flow.

Shared by what a platform reports and by what is taken at the counter: both make a record stand otherwise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from credit_check_sdk.core.moving import amended, moved
from credit_check_sdk.core.notices import draft_ending
from credit_check_sdk.core.states import called_for
from credit_check_sdk.core.still import still_carries
from credit_check_sdk.flow import Load
from credit_check_sdk.model.ledger import CheckById, NoticeEntry, Resting, StoredCheck

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Change, Ground, Proposal, Record
    from credit_check_sdk.model.applied import Carrying, RecordStanding
    from credit_check_sdk.model.ledger import Entry, TransitionEntry

Place = tuple[str, str]
"""A record: its source and its number there."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was last said of a record: by which change."""

    number: str
    change: Change
    record: Record | None
    """The record as it now is, where that was said."""


@dataclass(slots=True)
class Consequences:
    """What follows in the ledger."""

    entries: list[Entry] = field(default_factory=list)
    touched: dict[Place, tuple[str, ...]] = field(default_factory=dict)
    """Decisions touched, by the record."""
    events: Counter[str] = field(default_factory=Counter)
    """Measures moved, by what happened to them."""
    notices: int = 0
    """Notices drafted that a measure was lifted or rectified."""

    @property
    def reached(self) -> tuple[str, ...]:
        """Decisions touched, each once."""
        return tuple(dict.fromkeys(number for several in self.touched.values() for number in several))


async def reach(  # noqa: PLR0913  who says what of which records, when
    desk: Desk,
    standings: Mapping[Place, RecordStanding],
    *,
    at: datetime,
    by: str,
    cause: str | None = None,
    change: str | None = None,
    told: Mapping[Place, Told] | None = None,
    doubted: Mapping[Place, frozenset[str]] | None = None,
) -> Consequences:
    """Let new *standings* of records reach every decision that rests on them.

    *told* says what changes said of them; *doubted* names the files whose own question about a record is still open.
    """
    made = Consequences()
    rests: dict[str, list[Place]] = {}
    for place in standings:
        for decision in await Load(Resting(*place)):
            rests.setdefault(decision, []).append(place)
    for number, places in rests.items():
        stored: StoredCheck | None = await Load(CheckById(number))
        if stored is None or stored.decision.environment != desk.environment:
            continue
        stored = replace(stored, standings={**stored.standings, **{place: standings[place] for place in places}})
        view = _View(desk, stored, tuple(places), told or {}, doubted or {})
        for place in places:
            if view.differs(place):
                made.touched[place] = (*made.touched.get(place, ()), number)
        await _move(view, made, at=at, by=by, cause=cause, change=change)
    return made


@dataclass(frozen=True, slots=True)
class _View:
    """A decision, with what has just been said of the records below it."""

    desk: Desk
    stored: StoredCheck
    places: tuple[Place, ...]
    told: Mapping[Place, Told]
    doubted: Mapping[Place, frozenset[str]]

    def carrying(self, proposal: Proposal, ground: Ground) -> Carrying:
        """Say what a ground carries now; one that carries less than the measure does not carry it."""
        said = self.stored.carrying(ground)
        told = self.told.get((ground.source, ground.record_id))
        if said != "carries" or told is None or told.record is None or told.change.change not in _WHOLE:
            return said
        return "carries" if still_carries(self.desk, self.stored, proposal, ground, told.record) else "gone"

    def grounds(self, proposal: Proposal) -> list[Carrying]:
        """Say what the grounds carry that were strong enough for the measure as it was proposed."""
        return [self.carrying(proposal, g) for g in proposal.grounds if g.strength in {None, proposal.strength}]

    def touching(self, proposal: Proposal) -> list[Ground]:
        """Name the grounds that have just been spoken of."""
        return [g for g in proposal.grounds if (g.source, g.record_id) in self.places]

    def differs(self, place: Place) -> bool:
        """Say whether a record is no longer what the decision saw."""
        if self.stored.standings[place].carrying != "carries":
            return True
        told = self.told.get(place)
        if told is None or told.record is None:
            return False
        seen = self._seen(place)
        return seen is None or _material(seen) != _material(told.record)

    def still_doubted(self, proposal: Proposal) -> bool:
        """Say whether the department's own question about a record of the measure is still open."""
        return any(
            self.stored.case.id in self.doubted.get((g.source, g.record_id), frozenset()) for g in proposal.grounds
        )

    def _seen(self, place: Place) -> Record | None:
        for consultation in self.stored.consultations:
            if consultation.source == place[0]:
                for answer in consultation.answers:
                    for record in answer.records:
                        if record.record_id == place[1]:
                            return record
        return None


_WHOLE = frozenset({"corrected", "listed"})
_IMMATERIAL = {"source", "level", "observed_at", "match", "facts"}


def _material(record: Record) -> dict[str, object]:
    """Give what of a record can matter to a decision."""
    said: dict[str, object] = record.model_dump(mode="json", exclude=_IMMATERIAL, context={"reveal": True})
    return said


async def _move(
    view: _View, made: Consequences, *, at: datetime, by: str, cause: str | None, change: str | None
) -> None:
    """Move the measures of one decision that rest on these records."""
    for proposal in view.stored.decision.proposals:
        touching = view.touching(proposal)
        if not touching:
            continue
        measure = view.stored.measure(proposal.id)
        if measure.hold == "verifying" and not view.still_doubted(proposal):
            measure = replace(measure, hold=None)
        event = called_for(measure, view.grounds(proposal))
        lost = [g for g in touching if view.carrying(proposal, g) != "carries"]
        if event is None and lost and measure.state in {"noticed", "in_force"}:
            event = "keep"
        if event is None:
            continue
        last = (lost or touching)[-1]
        told = view.told.get((last.source, last.record_id))
        why = cause or (_cause(told) if told else "")
        number = told.number if told else change
        step = await moved(view.stored, proposal, event, at=at, by=by, cause=why, change=number, measure=measure)
        made.entries += await amended(view.desk, view.stored, proposal, step)
        made.events[event] += 1
        if event in {"lift", "rectify"}:
            await _draft(view, made, proposal, step)


def _cause(told: Told) -> str:
    return "removed" if told.change.change == "corrected" and told.change.record is None else told.change.change


async def _draft(view: _View, made: Consequences, proposal: Proposal, step: TransitionEntry) -> None:
    notice = await draft_ending(view.desk, view.stored, proposal, step)
    if notice is not None:
        made.entries.append(NoticeEntry(notice))
        made.notices += 1
