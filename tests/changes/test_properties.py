"""Whatever changes come, in whatever order and however often: nobody is restricted on what no longer carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_check_sdk import catalogue
from credit_check_sdk.core.change import sync
from credit_check_sdk.core.check import check
from credit_check_sdk.core.desk import Consulting, Desk
from credit_check_sdk.core.settle import settle
from credit_check_sdk.core.states import TABLE
from credit_check_sdk.model import Case, Change, ChangeKind, MeasureState, Record, Response, Settlement
from credit_check_sdk.testing import FixedFeed, FixedSource, World
from credit_check_sdk.testing.conformance import FIRM, RECORD
from tests.kit import OFFICER, PURPOSE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import Decision

BEGIN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SOURCES = ("municipal", "national")
PLACES = [(source, number) for source in SOURCES for number in ("R-1", "R-2")]
ENDS = frozenset({"objection_upheld", "repaired", "expired", "revoked"})
KINDS: tuple[ChangeKind, ...] = tuple(kind for kind in get_args(ChangeKind) if kind not in {"listed", "corrected"})


@cache
def _loaded() -> Any:
    matters = {"procurement.goods": {"required": list(SOURCES), "unknown": "clear"}}
    return catalogue.load([], region="451100", matters=matters)


def _record(source: str, number: str) -> Record:
    return RECORD.model_copy(update={"record_id": number, "doc_no": f"{source} {number}"})


@dataclass
class Office:
    """A department with two platforms, a file, and measures in force on as many grounds as there are *places*."""

    places: Sequence[tuple[str, str]]
    world: World = field(default_factory=lambda: World(BEGIN))

    def __post_init__(self) -> None:
        loaded = _loaded()
        self.feeds = {source: FixedFeed(source, page=3) for source in SOURCES}
        sources = {
            source: Consulting(
                FixedSource(
                    source, [_record(*place) for place in self.places if place[0] == source], level="municipal"
                ),
                "municipal",
                3.0,
            )
            for source in SOURCES
        }
        self.desk = Desk(
            environment="sandbox",
            catalogue=loaded,
            policies=loaded.policies,
            sources=sources,
            feeds=self.feeds,
            region="451100",
        )
        case = Case.model_validate(
            {
                "id": "c-1",
                "matter": "procurement.goods",
                "point": "evaluate",
                "subject": FIRM,
                "purpose": PURPOSE,
                "operator": OFFICER,
                "opened_at": BEGIN,
            }
        )
        self.decision: Decision = self.world.run(check(self.desk, case))
        answers = tuple(Response(proposal=p.id, answer="applied") for p in self.decision.proposals)
        self.world.run(
            settle(self.desk, Settlement(case_id="c-1", point="evaluate", operator=OFFICER, responses=answers))
        )

    def take(self, changes: Sequence[tuple[str, Change]]) -> None:
        """Let platforms tell these changes, and take them."""
        for source, change in changes:
            self.feeds[source].told.append(change)
        self.world.pass_time(timedelta(minutes=1))
        self.world.run(sync(self.desk))

    def states(self) -> dict[str, MeasureState]:
        """Say where each measure stands."""
        ledger = self.world.ledger
        return {p.id: ledger.measures[p.id].state for p in self.decision.proposals}


def told(kinds: Sequence[tuple[int, ChangeKind]]) -> list[tuple[str, Change]]:
    """Make changes of the records of `PLACES`, a minute apart, each with its own place in the feed."""
    made = []
    for minute, (place, kind) in enumerate(kinds, 1):
        source, number = PLACES[place]
        at = BEGIN + timedelta(minutes=minute)
        made.append((source, Change(cursor=f"at-{minute}", record_id=number, change=kind, at=at)))
    return made


def carries(changes: Sequence[tuple[str, Change]], place: tuple[str, str]) -> bool:
    """Say by the plain words of the rules whether a record still carries anything after these changes."""
    mine = [c for source, c in sorted(changes, key=lambda each: each[1].at) if (source, c.record_id) == place]
    disputed = lifted = False
    for change in mine:
        if change.change in ENDS:
            return False
        disputed = {"objected": True, "objection_rejected": False}.get(change.change, disputed)
        lifted = {"temporarily_lifted": True, "restored": False}.get(change.change, lifted)
    return not disputed and not lifted


histories = st.lists(st.tuples(st.integers(0, len(PLACES) - 1), st.sampled_from(KINDS)), max_size=8)
grounds = st.lists(st.sampled_from(PLACES), min_size=1, max_size=4, unique=True)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(grounds, histories, st.data())
def test_nothing_stays_in_force_whose_every_ground_is_disputed_or_over(
    places: list[tuple[str, str]], kinds: list[tuple[int, ChangeKind]], data: st.DataObject
) -> None:
    office, changes, taken = Office(places), told(kinds), []
    assert office.decision.outcome == "restricted"
    while changes:
        size = data.draw(st.integers(1, len(changes)))
        batch, changes = changes[:size], changes[size:]
        office.take(batch)
        taken += batch
        alive = any(carries(taken, place) for place in places)
        for state in office.states().values():
            assert (state == "in_force") <= alive
            if alive:
                assert state in {"in_force", "lifted", "rectified"}
            if state in {"lifted", "rectified"}:
                assert not alive


@few
@given(grounds, histories, st.randoms(use_true_random=False))
def test_order_and_doubles_change_nothing(
    places: list[tuple[str, str]], kinds: list[tuple[int, ChangeKind]], random: Any
) -> None:
    changes = told(kinds)
    straight, shuffled = Office(places), Office(places)
    straight.take(changes)
    mixed = [*changes, *changes[::2]]
    random.shuffle(mixed)
    for change in mixed:
        shuffled.take([change])
    assert list(straight.states().values()) == list(shuffled.states().values())
    steps = len(shuffled.world.ledger.transitions)
    shuffled.take(changes)
    assert len(shuffled.world.ledger.transitions) == steps, "what was taken before does nothing"
    assert len(shuffled.world.ledger.changes) == len(changes)


@few
@given(grounds, histories)
def test_every_step_is_one_of_the_table_and_is_reported(
    places: list[tuple[str, str]], kinds: list[tuple[int, ChangeKind]]
) -> None:
    office = Office(places)
    for change in told(kinds):
        office.take([change])
    ledger = office.world.ledger
    stands: dict[str, tuple[MeasureState, str]] = {}
    for step in ledger.transitions:
        before, last = stands.get(step.proposal, ("proposed", ""))
        assert (step.before, step.follows) == (before, last)
        assert step.after in {TABLE[step.before].get(step.event), "in_force" if step.event == "restore" else None}
        assert step.why.zh
        assert step.why.en
        assert step.by
        stands[step.proposal] = (step.after, step.id)
        reported = ledger.rows[step.feedback or ""].feedback
        assert reported is not None
        if step.change is not None:
            assert (reported.kind, reported.state, reported.change) == ("amendment", step.after, step.change)
            assert reported.amends in {r.feedback for r in ledger.checks[step.decision].responses}
    assert {proposal: state for proposal, (state, _) in stands.items()} == office.states()


@few
@given(histories)
def test_a_lost_cursor_ends_where_the_feed_would_have_led(kinds: list[tuple[int, ChangeKind]]) -> None:
    """What a platform cannot tell any more is found by asking it anew."""
    places = PLACES[:1]
    changes = [each for each in told(kinds) if (each[0], each[1].record_id) == places[0]]
    office = Office(places)
    office.take(told([(2, "objected")]))
    source, number = places[0]
    asked = office.desk.sources[source].source
    assert isinstance(asked, FixedSource)
    if not carries(changes, places[0]):
        status = "revoked" if any(c.change in ENDS for _, c in changes) else "objected"
        asked.records[:] = [_record(source, number).model_copy(update={"status": status})]
    office.feeds[source].lost = True
    office.take(told([(3, "objected")]))
    office.feeds[source].lost = False
    office.take([])
    assert all((state == "in_force") == carries(changes, places[0]) for state in office.states().values())
