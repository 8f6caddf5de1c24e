"""The very same case, checked again on the very same answers, is not weighed twice, and nothing stale comes of it."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from credit_check_sdk.core import check as checking
from credit_check_sdk.core.weigh import weigh
from tests.kit import USCC, case, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Decision
    from tests.kit import Door

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture
def weighed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is weighed."""
    told: list[str] = []

    def counting(file: Any, *args: Any, **options: Any) -> Any:
        told.append(file.id)
        return weigh(file, *args, **options)

    monkeypatch.setattr(checking, "weigh", counting)
    return told


def said(decision: Decision) -> dict[str, Any]:
    """Give all of a decision that does not name it."""
    return decision.model_dump(mode="json", exclude={"id", "decided_at", "receipt"})


def test_it_is_the_same_in_all_but_number_and_time(door: Door, weighed: list[str]) -> None:
    with time_machine.travel(NOON, tick=False):
        file = case()
        door.check(file, record=False)
        first, second = door.check(file, record=False), door.check(file, record=False)
        anew = door.check(file.model_copy(), record=False)
        kept = door.check(file)
        assert door.require(file).passed
    assert len(weighed) == 3, "asked; out of memory; the copy"
    assert len({first.id, second.id, anew.id, kept.id}) == 4
    assert said(first) == said(second) == said(anew) == said(kept)
    assert kept.receipt
    assert door.show(kept.id).decision == kept


def test_offers_have_the_numbers_of_their_own_decision(door: Door, sandbox: Any, weighed: list[str]) -> None:
    sandbox.put_record(record(list_code="STA-A", polarity="positive"))
    file = case(matter="licence.food-production", point="accept")
    decisions = [door.check(file, record=False) for _ in range(4)]
    assert len(weighed) == 2
    for decision in decisions:
        assert decision.proposals
        assert all(proposal.id.startswith(f"prop_{decision.id[4:]}-") for proposal in decision.proposals)
    assert decisions[-1].facilities.green_channel.proposal in {p.id for p in decisions[-1].proposals}


def test_ages_go_on(door: Door) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        file = case()
        ages = []
        for _ in range(6):
            ages.append([each.age_seconds for each in door.check(file, record=False).evidences])
            travel.shift(timedelta(milliseconds=700))
    assert ages[0] == ages[1] == [0, 0, 0, 0]
    assert ages[5] == [3, 3, 3, 3]


def test_what_is_forgotten_is_asked_for_anew(door: Door, sandbox: Any) -> None:
    file = case()
    for _ in range(3):
        assert door.check(file).outcome == "clear"
    sandbox.put_record(record(level="national"))
    door.sync()
    assert door.check(file, record=False).outcome == "restricted"


@pytest.mark.parametrize("shift", [timedelta(hours=2), timedelta(hours=-2)], ids=["old", "set back"])
def test_what_is_not_fresh_is_asked_for_anew(door: Door, shift: timedelta) -> None:
    with time_machine.travel(NOON, tick=True) as travel:
        file = case()
        for _ in range(3):
            door.check(file, record=False)
        assert {e.from_memory for e in door.check(file, record=False).evidences} == {True}
        travel.shift(shift)
        assert {e.from_memory for e in door.check(file, record=False).evidences} == {False}


def test_the_law_of_the_next_day_is_weighed_anew(
    open_door: Callable[..., Door], config: Path, weighed: list[str]
) -> None:
    evening = datetime(2026, 11, 23, 15, 59, 50, tzinfo=UTC)  # 23:59:50 in Shanghai
    with time_machine.travel(evening, tick=False) as travel:
        door = open_door(config)
        file = case()
        for _ in range(3):
            door.check(file, record=False)
        assert len(weighed) == 2
        travel.shift(timedelta(seconds=20))
        assert len([e for e in door.check(file, record=False).evidences if e.from_memory]) == 4
        assert len(weighed) == 3


def test_nothing_is_kept_of_a_case_that_is_gone(door: Door) -> None:
    file = case()
    for _ in range(2):
        door.check(file, record=False)
    held = door.client._desk.again._rested
    assert len(held) == 1
    assert USCC not in repr(held)
    del file
    gc.collect()
    assert not held
