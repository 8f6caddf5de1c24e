"""Take what platforms say has changed, and let it reach open cases and past decisions. A flow.

A page of changes works once: with the cursor moves, in one transaction, all that it caused, or nothing of it. What a
platform says twice, or late, changes nothing more: each record's standing is what was said last in each respect.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.consequences import Told, reach
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.moving import amended, moved
from credit_check_sdk.core.notices import draft_ending
from credit_check_sdk.core.reverify import missed
from credit_check_sdk.errors import CreditCheckError, LedgerError
from credit_check_sdk.flow import About, Forget, Load, NewId, Now, Record, Together
from credit_check_sdk.model import Changes
from credit_check_sdk.model.applied import ANSWERS, RecordStanding
from credit_check_sdk.model.ledger import (
    ChangeEntry,
    CheckById,
    CursorEntry,
    DueMeasures,
    FeedCursor,
    KnownChanges,
    NoticeEntry,
    ObjectionAnswerEntry,
    Objections,
    Standings,
    StoredCheck,
    StoredObjection,
    TransitionEntry,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Change, Silence
    from credit_check_sdk.model.applied import MeasureEvent
    from credit_check_sdk.model.ledger import Entry
    from credit_check_sdk.spi import Feed

_ATTEMPTS = 20
"""How often a page is taken anew when others move what it moves."""
_CLOCKS = timedelta(minutes=5)
"""By how much a platform's clock may lag behind ours."""
_SLACK = 5.0
"""Seconds beyond the wait that an answer may take."""


@dataclass(frozen=True, slots=True)
class SourceSync:
    """What one source's changes came to."""

    source: str
    changes: int = 0
    """Changes taken for the first time."""
    again: int = 0
    """Changes that had been taken before."""
    touched: int = 0
    """Decisions touched."""
    transitions: dict[str, int] = field(default_factory=dict)
    """Measures moved, by what happened to them."""
    notices: int = 0
    """Notices drafted that a measure was lifted or rectified."""
    answers: int = 0
    """Objections and questions of our own that were answered."""
    verified: int = 0
    """Decisions verified anew because the platform lost our cursor."""
    error: str | None = None
    """Code of what went wrong; the cursor stays where it was."""
    detail: str | None = None
    """The same in words."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one synchronisation came to."""

    sources: tuple[SourceSync, ...] = ()
    """Source by source."""
    lapsed: dict[str, int] = field(default_factory=dict)
    """Measures moved by the clock, by what happened to them."""

    @property
    def changes(self) -> int:
        """Changes taken for the first time."""
        return sum(one.changes for one in self.sources)

    @property
    def touched(self) -> int:
        """Decisions touched."""
        return sum(one.touched for one in self.sources)

    @property
    def failed(self) -> bool:
        """Whether a source could not be followed."""
        return any(one.error is not None for one in self.sources)


async def sync(desk: Desk, *, wait: float = 0.0) -> SyncReport:
    """Take all changes of every feed; where none has any, wait up to *wait* seconds for the first."""
    names = sorted(desk.feeds)
    cursors = {name: await Load(FeedCursor(name)) for name in names}
    first = await _first_pages(desk, cursors, wait)
    done = [await _follow(desk.feeds[name], desk, cursors[name], first[name]) for name in names]
    return SyncReport(tuple(done), await _lapse(desk))


async def _first_pages(desk: Desk, cursors: Mapping[str, str | None], wait: float) -> dict[str, Changes | Exception]:
    """Ask every feed side by side, so that one platform's waiting holds up no other's."""

    def branch(name: str) -> tuple[float, Any]:
        consulting = desk.sources.get(name)
        budget = consulting.budget if consulting else _SLACK
        return budget + wait + _SLACK, lambda: _page(desk.feeds[name], cursors[name], wait)

    pages = await Together(tuple(branch(name) for name in cursors)) if cursors else ()
    return dict(zip(cursors, pages, strict=True))


async def _page(feed: Feed, cursor: str | None, wait: float) -> Changes:
    page: object = await feed.changes(cursor, wait)
    if not isinstance(page, Changes) or any(change.source != feed.id for change in page.changes):
        message = "its plugin returned no page of its own changes"
        raise TypeError(message)
    return page


async def _follow(feed: Feed, desk: Desk, cursor: str | None, first: Changes | Exception) -> SourceSync:
    """Take page after page until there is no more for now."""
    report, page, conflicts = SourceSync(feed.id), first, 0
    while True:
        if isinstance(page, CreditCheckError) and page.code == "source.cursor_lost" and cursor is not None:
            report, silence = await _verify(desk, feed.id, cursor, report)
            if silence is not None:
                return replace(report, error=silence.code, detail=silence.detail.en)
            page = await _page_or_error(feed, None)
            if isinstance(page, CreditCheckError) and page.code == "source.cursor_lost":
                return _failed(report, page)
            continue
        if isinstance(page, Exception):
            return _failed(report, page)
        try:
            report = await _take(desk, feed.id, cursor, page, report)
        except LedgerError as error:
            if error.code != "ledger.conflict" or conflicts >= _ATTEMPTS:
                raise
            # Another sync, or an officer, was there first: read again where everything stands, and go on from there.
            conflicts += 1
            cursor = await Load(FeedCursor(feed.id))
            page = await _page_or_error(feed, cursor)
            continue
        cursor = page.cursor
        if not page.more:
            return report
        page = await _page_or_error(feed, cursor)


async def _verify(desk: Desk, source: str, cursor: str, report: SourceSync) -> tuple[SourceSync, Silence | None]:
    """Verify anew what rests on a source that lost our place; the cursor stays until the feed is taken up again."""
    changes, asked, silence = await missed(desk, source)
    report = await _take(desk, source, cursor, Changes(changes=changes, cursor=cursor), report)
    return replace(report, verified=report.verified + asked), silence


async def _page_or_error(feed: Feed, cursor: str | None) -> Changes | Exception:
    try:
        return await _page(feed, cursor, 0.0)
    except Exception as error:  # noqa: BLE001  the one place where a feed is contained
        return error


def _failed(report: SourceSync, error: Exception) -> SourceSync:
    if isinstance(error, CreditCheckError):
        return replace(report, error=error.code, detail=error.words("en"))
    return replace(report, error="source.failed", detail=f"its plugin failed ({type(error).__name__})")


async def _take(desk: Desk, source: str, cursor: str | None, page: Changes, report: SourceSync) -> SourceSync:
    """Take one page: all that it causes and the cursor, or nothing of it."""
    known = await Load(KnownChanges(page.changes)) if page.changes else ()
    fresh = _once([change for change, taken in zip(page.changes, known, strict=True) if not taken])
    if not fresh and page.cursor == cursor:
        return replace(report, again=report.again + len(page.changes))
    now = await Now()
    taken = await _fold(source, fresh, now)
    # A remembered answer about its subject is forgotten before the change counts as taken, never after.
    await _forget(source, fresh)
    made = await reach(
        desk,
        {(source, record_id): taken.standing(record_id) for record_id in taken.changes},
        at=now,
        by=f"source:{source}",
        told={(source, record_id): taken.told(record_id) for record_id in taken.changes},
        doubted=taken.doubted,
    )
    entries: list[Entry] = [
        ChangeEntry(number, change, now, standing, made.touched.get((source, change.record_id), ()) if last else ())
        for number, change, standing, last in taken.entries()
    ]
    entries += [*taken.answers, *made.entries]
    if page.cursor != cursor:
        entries.append(CursorEntry(source, cursor, page.cursor, now))
    if entries:
        await Record(tuple(entries))
    return replace(
        report,
        changes=report.changes + len(fresh),
        again=report.again + len(page.changes) - len(fresh),
        touched=report.touched + len(made.reached),
        transitions=dict(Counter(report.transitions) + made.events),
        notices=report.notices + made.notices,
        answers=report.answers + len(taken.answers),
    )


def _once(changes: Sequence[Change]) -> list[Change]:
    return list({(change.cursor, change.record_id, change.change, change.at): change for change in changes}.values())


@dataclass(slots=True)
class _Taken:
    """The changes of a page, record by record, where each record stands after them, and what they answer."""

    changes: dict[str, list[tuple[str, Change, RecordStanding]]] = field(default_factory=dict)
    answers: list[ObjectionAnswerEntry] = field(default_factory=list)
    doubted: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """Files whose own question about a record is still open."""

    def entries(self) -> list[tuple[str, Change, RecordStanding, bool]]:
        return [
            (*each, place == len(several)) for several in self.changes.values() for place, each in enumerate(several, 1)
        ]

    def standing(self, record_id: str) -> RecordStanding:
        return self.changes[record_id][-1][2]

    def told(self, record_id: str) -> Told:
        number, change, _ = self.changes[record_id][-1]
        records = [each.record for _, each, _ in self.changes[record_id] if each.record is not None]
        return Told(number, change, records[-1] if records else None)


async def _fold(source: str, fresh: Sequence[Change], now: datetime) -> _Taken:
    records = tuple(dict.fromkeys(change.record_id for change in fresh))
    standings: dict[str, RecordStanding] = await Load(Standings(source, records)) if records else {}
    taken = _Taken()
    for record_id in records:
        several = [(await NewId("change"), change) for change in fresh if change.record_id == record_id]
        standing = standings.get(record_id, RecordStanding())
        left = await _answer(taken, source, record_id, several)
        for number, change in several:
            standing = replace(standing.after(change, number, now), objections=left)
            taken.changes.setdefault(record_id, []).append((number, change, standing))
    return taken


async def _answer(taken: _Taken, source: str, record_id: str, several: Sequence[tuple[str, Change]]) -> int:
    """Close the objections that these changes answer; say how many of the counter's stay open."""
    place = (source, record_id)
    open_ones: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=(place,)))
    left: list[StoredObjection] = []
    for each in open_ones:
        since = each.objection.taken_at - _CLOCKS
        answers = [(n, change) for n, change in several if change.change in ANSWERS and change.at >= since]
        if not answers:
            left.append(each)
            continue
        number, change = answers[-1]
        taken.answers.append(
            ObjectionAnswerEntry(
                await NewId("answer"),
                each.objection.id,
                each.objection.case_id,
                change.change,
                change.at,
                f"source:{source}",
                number,
            )
        )
    taken.doubted[place] = frozenset(e.objection.case_id for e in left if e.objection.kind == "verifying")
    return sum(each.objection.kind == "objection" for each in left)


async def _forget(source: str, fresh: Sequence[Change]) -> None:
    subjects = [
        subject
        for change in fresh
        if change.record is not None
        for subject in (change.record.subject, *(party.subject for party in change.record.responsible))
    ]
    about = {
        About(source, identifier.scheme, identifier.normal) for each in subjects for identifier in each.identifiers
    }
    if about:
        await Forget(tuple(about))


async def _lapse(desk: Desk) -> dict[str, int]:
    """Move what the clock moves: a statement window that is over, a last day that has passed."""
    today = day_of(await Now())
    events: Counter[str] = Counter()
    for number in await Load(DueMeasures(today)):
        for _ in range(_ATTEMPTS):
            try:
                events += await _lapse_one(desk, number)
            except LedgerError as error:
                if error.code != "ledger.conflict":
                    raise
            else:
                break
    return dict(events)


async def _lapse_one(desk: Desk, number: str) -> Counter[str]:
    stored: StoredCheck | None = await Load(CheckById(number))
    events: Counter[str] = Counter()
    if stored is None or stored.decision.environment != desk.environment:
        return events
    now = await Now()
    today = day_of(now)
    entries: list[Entry] = []
    for proposal in stored.decision.proposals:
        measure = stored.measure(proposal.id)
        over = proposal.until is not None and proposal.until < today
        event: MeasureEvent
        if over and measure.state in {"noticed", "in_force", "suspended"}:
            event, cause = "lift", "until"
        elif measure.state == "noticed" and measure.effective_on is not None and measure.effective_on <= today:
            event, cause = "apply", "window"
        else:
            continue
        step: TransitionEntry = await moved(stored, proposal, event, at=now, by="clock", cause=cause)
        entries += await amended(desk, stored, proposal, step)
        if event == "lift" and (notice := await draft_ending(desk, stored, proposal, step)) is not None:
            entries.append(NoticeEntry(notice))
        events[event] += 1
    if entries:
        await Record(tuple(entries))
    return events
