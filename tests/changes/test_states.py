"""The table of states: what it allows, what it refuses, and that the documentation prints it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from credit_check_sdk import MeasureError, MeasureState
from credit_check_sdk.core.sayings import EVENTS, STATES
from credit_check_sdk.core.states import RETURN, TABLE, called_for, move
from credit_check_sdk.model.applied import AppliedMeasure, MeasureEvent

if TYPE_CHECKING:
    from credit_check_sdk.model.applied import Carrying

ROOT = Path(__file__).resolve().parents[2]
NOBODY = frozenset(get_args(MeasureEvent))


def test_every_state_and_event_has_its_place_and_its_words() -> None:
    assert set(TABLE) == set(get_args(MeasureState)) == set(STATES)
    assert set(EVENTS) == set(get_args(MeasureEvent))
    assert {after for row in TABLE.values() for after in row.values()} <= {*TABLE, RETURN}


def test_the_page_prints_the_table() -> None:
    text = (ROOT / "docs" / "explanation" / "applied-measures.md").read_text(encoding="utf-8")
    block = text.partition("<!-- states:")[2].partition("<!-- /states -->")[0]
    lines = [
        [cell.strip(" `*") for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", block, re.MULTILINE)
    ]
    head, _, *rows = lines
    events = head[1:]
    printed = {row[0]: {e: to for e, to in zip(events, row[1:], strict=True) if to != "—"} for row in rows}
    assert printed == {state: dict(row) for state, row in TABLE.items()}


@pytest.mark.parametrize("state", get_args(MeasureState))
@pytest.mark.parametrize("event", get_args(MeasureEvent))
def test_what_is_not_in_the_table_is_refused(state: MeasureState, event: MeasureEvent) -> None:
    measure = AppliedMeasure("prop_1", state, returns="in_force" if state == "suspended" else None)
    if event in TABLE[state]:
        after = TABLE[state][event]
        assert move(measure, event) == ("in_force" if after == RETURN else after)
        return
    with pytest.raises(MeasureError) as raised:
        move(measure, event)
    assert raised.value.code == "measure.transition"
    assert raised.value.detail == {"proposal": "prop_1", "state": state, "event": event}


@pytest.mark.parametrize(
    ("grounds", "event"),
    [
        (["carries"], None),
        (["suspended"], "suspend"),
        (["gone"], "lift"),
        (["wrong"], "rectify"),
        (["wrong", "gone"], "lift"),
        (["wrong", "suspended"], "suspend"),
        (["gone", "carries"], None),
        (["suspended", "carries"], None),
        ([], None),
    ],
)
def test_what_a_measure_in_force_undergoes(grounds: list[Carrying], event: MeasureEvent | None) -> None:
    measure = AppliedMeasure("prop_1", "in_force", in_force_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert called_for(measure, grounds) == event


def test_a_measure_that_never_took_effect_is_lifted_and_not_rectified() -> None:
    assert called_for(AppliedMeasure("prop_1"), ["wrong"]) == "lift"


def test_what_the_department_doubts_stays_suspended() -> None:
    measure = AppliedMeasure("prop_1", "suspended", returns="in_force", hold="verifying")
    assert called_for(measure, ["carries"]) is None
    assert called_for(AppliedMeasure("prop_1", "suspended", returns="in_force"), ["carries"]) == "restore"


def test_a_measure_returns_to_where_it_was_and_else_to_where_all_begin() -> None:
    assert move(AppliedMeasure("prop_1", "suspended", returns="in_force"), "restore") == "in_force"
    assert move(AppliedMeasure("prop_1", "suspended"), "restore") == "proposed"
