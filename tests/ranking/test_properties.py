"""What holds for every table: a credit harms nobody who has it, no cap is exceeded, and order of entry is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from credit_check_sdk import (
    Bonus,
    CatalogueRef,
    Clause,
    Decision,
    Deferral,
    Facilities,
    GreenChannel,
    Proposal,
    Ranking,
    RankingEntry,
    RankingRow,
    Words,
    catalogue,
)
from credit_check_sdk.core.scoring import Entered, Question, rows_of
from credit_check_sdk.model import AppliesTo, Ground
from credit_check_sdk.model.ledger import StoredCheck
from tests.kit import case, organisation

CATALOGUE = catalogue.load()
SCORES = st.decimals(0, 100, places=2)
POINTS = st.decimals(0, 5, places=1)
WORDS = Words(zh="理由", en="reason")
CODES = {"bonus": "I-05", "deduction": "R-SCORE-01"}


def check(number: int, clause: Clause, credit: str | None, records: int) -> StoredCheck:
    """Make a recorded check with this credit."""
    given = case(
        organisation(None, f"投标人{number}"),
        matter="tender.works",
        region="310000",
        tender={"id": "T", "clauses": [clause]},
    )
    proposals: tuple[Proposal, ...] = ()
    if credit:
        measure = CATALOGUE.measure(CODES[credit])
        grounds = tuple(
            Ground(
                source="municipal",
                record_id=f"R-{number}-{n}",
                authority="甲局",
                basis="某法",
                status="active",
                match="identifier",
            )
            for n in range(records)
        )
        proposals = (
            Proposal.model_validate(
                {
                    "id": f"prop_{number}-1", "measure": measure.code, "name": measure.name, "kind": measure.kind,
                    "class": measure.class_, "force": measure.force, "strength": measure.strength,
                    "effect_scope": measure.effect_scope, "applies_to": AppliesTo(role="subject"), "grounds": grounds,
                    "basis": measure.basis, "reasons": WORDS,
                }
            ),
        )  # fmt: skip
    facilities = Facilities(
        green_channel=GreenChannel(reasons=WORDS), deferral=Deferral(reasons=WORDS), bonus=Bonus(reasons=WORDS)
    )
    said: dict[str, Any] = {
        "id": f"dec_{number}", "case_id": given.id, "matter": given.matter, "point": given.point, "environment": "sandbox",
        "outcome": "clear", "decided_at": given.opened_at, "valid_until": given.opened_at + timedelta(hours=1),
        "proposals": proposals, "facilities": facilities, "catalogue": CatalogueRef(edition="1", digest="d"),
        "reasons": {},
    }  # fmt: skip
    return StoredCheck(Decision.model_validate(said), given, (), "", "")


@st.composite
def questions(draw: st.DrawFn) -> tuple[Question, list[Entered]]:
    """Draw a tender with its entries."""
    clause = Clause(
        kind="credit_bonus", reference="6.4", attestation="某某", max_points=draw(POINTS), points=draw(st.none() | POINTS),
        deduction=draw(POINTS), max_deduction=draw(st.none() | POINTS), tie_break=draw(st.booleans()),
    )  # fmt: skip
    count = draw(st.integers(1, 6))
    entered = []
    for number in range(count):
        score = draw(SCORES | st.just(Decimal(90)))
        held = draw(st.sampled_from([None, "bonus", "deduction"]))
        checked = check(number, clause, held, draw(st.integers(1, 4)))
        entry = RankingEntry(reference=f"B-{number}", score=score, decisions=(checked.decision.id,))
        entered.append(Entered(entry, (checked,)))
    ranking = Ranking(id="T", matter="tender.works", clauses=(clause,), entries=tuple(one.entry for one in entered))
    return Question(ranking, CATALOGUE, "310000", entered[0].checks[0].decision.decided_at, {}), entered


def by_reference(rows: tuple[RankingRow, ...]) -> dict[str, RankingRow]:
    """Give the rows by reference."""
    return {row.reference: row for row in rows}


@settings(max_examples=40, deadline=None)
@given(questions(), st.randoms())
def test_the_order_of_entries_is_nothing(asked: tuple[Question, list[Entered]], chance: Any) -> None:
    question, entered = asked
    rows = rows_of(question, entered)
    chance.shuffle(entered)
    assert rows_of(question, entered) == rows


@settings(max_examples=40, deadline=None)
@given(questions())
def test_no_cap_is_exceeded_and_the_sums_are_those_of_the_items(asked: tuple[Question, list[Entered]]) -> None:
    question, entered = asked
    (clause,) = question.ranking.clauses
    for row in rows_of(question, entered):
        assert clause.max_points is not None
        assert row.bonus <= clause.max_points
        assert row.deduction <= (clause.max_deduction or 0)
        assert row.final == row.base + row.bonus - row.deduction
        assert all(item.basis and item.clause == "6.4" for item in row.items)


@settings(max_examples=40, deadline=None)
@given(questions())
def test_places_follow_from_points_alone(asked: tuple[Question, list[Entered]]) -> None:
    rows = rows_of(*asked)
    for row in rows:
        ahead = [o for o in rows if (o.final, o.priority) > (row.final, row.priority)]
        assert row.rank_after == len(ahead) + 1
        assert row.rank_before == sum(other.base > row.base for other in rows) + 1


@settings(max_examples=40, deadline=None)
@given(questions(), st.data())
def test_a_credit_never_lowers_the_place_of_who_has_it(asked: tuple[Question, list[Entered]], data: Any) -> None:
    question, entered = asked
    number = data.draw(st.sampled_from(range(len(entered))))
    one = entered[number]
    (clause,) = question.ranking.clauses
    plain = check(number, clause, None, 0)
    praised = check(number, clause, "bonus", 1)
    places: list[int] = []
    for checked in (plain, praised):
        entered[number] = replace(one, checks=(checked,))
        place = by_reference(rows_of(question, entered))[one.entry.reference].rank_after
        assert place is not None
        places.append(place)
    assert places[1] <= places[0]


@settings(max_examples=40, deadline=None)
@given(questions())
def test_without_a_clause_nobody_moves(asked: tuple[Question, list[Entered]]) -> None:
    question, entered = asked
    bare = replace(question, ranking=question.ranking.model_copy(update={"clauses": ()}))
    for row in rows_of(bare, entered):
        assert (row.rank_before, row.final, row.items) == (row.rank_after, row.base, ())
        assert {one.code for one in row.withheld} == {"no_clause"}
