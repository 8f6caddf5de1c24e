"""What is remembered, for how long and for whom; what is forgotten, and what an old answer may still do."""

from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from credit_check_sdk import CreditCheck, Settings
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.memory import LocalMemory
from credit_check_sdk.flow import About, MemoryKey
from tests.kit import OTHER, USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Decision
    from tests.kit import Door

KEY = MemoryKey("municipal", "cn-uscc", USCC, "one purpose")
ABOUT = About("municipal", "cn-uscc", USCC)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def policy(config: Path, *lines: str, matter: str = "procurement.goods") -> Path:
    """Say more in a matter's table."""
    text, mark = config.read_text(encoding="utf-8"), f'[matters."{matter}"]\n'
    config.write_text(text.replace(mark, mark + "\n".join(lines) + "\n"), encoding="utf-8")
    return config


def remembered(decision: Decision) -> set[str]:
    return {evidence.source for evidence in decision.evidences if evidence.from_memory}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> LocalMemory:
    return LocalMemory(KeyRing.ephemeral(), clock=clock)


def test_each_answer_is_kept_for_its_own_time_and_never_longer(memory: LocalMemory, clock: Clock) -> None:
    other = MemoryKey("municipal", "cn-uscc", OTHER, "one purpose")
    memory.remember([(KEY, "a", 100.0), (other, "b", 10.0)])
    clock.now += 9
    assert memory.recall([KEY, other]) == {KEY: "a", other: "b"}
    clock.now += 1
    assert memory.recall([KEY, other]) == {KEY: "a"}
    clock.now += 90
    assert memory.recall([KEY]) == {}


def test_what_came_together_does_not_go_together(memory: LocalMemory, clock: Clock) -> None:
    keys = [MemoryKey("municipal", "cn-uscc", f"{number}", "p") for number in range(200)]
    memory.remember([(key, "v", 100.0) for key in keys])
    clock.now += 95
    assert 20 < len(memory.recall(keys)) < 180


def test_all_purposes_of_a_subject_are_forgotten_at_once_and_others_stay(memory: LocalMemory) -> None:
    other_purpose = MemoryKey("municipal", "cn-uscc", USCC, "another purpose")
    other_source = MemoryKey("national", "cn-uscc", USCC, "one purpose")
    memory.remember([(key, "v", 100.0) for key in (KEY, other_purpose, other_source)])
    memory.forget([ABOUT])
    assert memory.recall([KEY, other_purpose, other_source]) == {other_source: "v"}


def test_what_was_asked_before_a_change_is_not_remembered_after_it(memory: LocalMemory) -> None:
    class Answer:
        def __init__(self, fetched_at: datetime) -> None:
            self.fetched_at = fetched_at

    asked = Answer(datetime.now(UTC))
    memory.forget([ABOUT])
    memory.remember([(KEY, asked, 100.0)])
    assert memory.recall([KEY]) == {}
    later = Answer(datetime.now(UTC) + timedelta(seconds=1))
    memory.remember([(KEY, later, 100.0)])
    assert memory.recall([KEY]) == {KEY: later}


def test_no_identifier_and_no_purpose_stands_in_the_memory_as_a_key(memory: LocalMemory) -> None:
    memory.remember([(KEY, "v", 100.0)])
    said = repr((list(memory._kept.keys()), list(memory._kept.values())))
    assert USCC not in said
    assert "one purpose" not in said


def test_another_key_ring_finds_nothing() -> None:
    first, second = LocalMemory(KeyRing.ephemeral()), LocalMemory(KeyRing.ephemeral())
    assert first.groups([ABOUT]) != second.groups([ABOUT])


def test_a_purpose_is_asked_anew_for(door: Door) -> None:
    door.check(case())
    other = {"text": "另一目的", "basis": "政府采购法 第二十二条"}
    assert remembered(door.check(case(purpose=other))) == set()
    assert len(remembered(door.check(case()))) == 4


def test_nothing_found_may_be_remembered_more_shortly(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    sandbox.put_record(record(level="national", polarity="positive", kind="honour", list_code=None, severity=None))
    with time_machine.travel(NOON, tick=True) as travel:
        door = open_door(
            policy(config, 'remember_nothing_for = "10m"', 'remember_for = "1h"', 'remember_at = {evaluate = "1h"}')
        )
        door.check(case())
        travel.shift(timedelta(minutes=9))
        assert len(remembered(door.check(case()))) == 4
        travel.shift(timedelta(minutes=2))
        assert remembered(door.check(case())) == {"national"}


def test_an_answer_is_not_remembered_beyond_the_day_on_which_a_clock_of_it_ends(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    """The red listing ends today: at midnight in Shanghai it is asked for anew, though an hour is allowed."""
    evening = datetime(2026, 11, 23, 15, 50, tzinfo=UTC)  # 23:50 in Shanghai
    ending = record(
        level="national", polarity="positive", kind="honour", list_code=None, severity=None, list_until="2026-11-23"
    )
    sandbox.put_record(ending)
    with time_machine.travel(evening, tick=True):
        door = open_door(config)
        door.check(case())
        kept = door.client._world.memory
        left = {
            source: until - kept._clock() for (source, _), items in kept._kept.items() for _, until in items.values()
        }
    assert left["national"] <= 600
    assert left["regional"] > 3000


def test_another_edition_of_the_catalogue_asks_anew(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with CreditCheck.open(config) as credit:
        credit.check(case(), record=False)
        assert len(remembered(credit.check(case(), record=False))) == 4
        monkeypatch.setattr(type(credit.catalogue), "digest", "sha256:another", raising=True)
        assert remembered(credit.check(case(), record=False)) == set()


def test_the_age_of_every_evidence_is_shown(open_door: Callable[..., Door], config: Path) -> None:
    with time_machine.travel(NOON, tick=True) as travel:
        door = open_door(config)
        assert {e.age_seconds < 10 for e in door.check(case()).evidences} == {True}
        travel.shift(timedelta(minutes=30))
        aged = door.check(case())
    assert all(1800 <= e.age_seconds < 1860 and e.from_memory and not e.stale for e in aged.evidences)


class TestWhatAnOldAnswerMayDo:
    def test_a_clean_one_may_clear_with_a_warning_where_the_policy_says_so(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        with time_machine.travel(NOON, tick=True) as travel:
            door = open_door(policy(config, 'stale_clear = "6h"', 'remember_at = {evaluate = "1h"}'))
            door.check(case())
            travel.shift(timedelta(hours=3))
            with faults(sandbox, {"level": None, "path": "/v1/checks", "kind": "status", "value": 400}):
                decision = door.check(case())
                assert decision.outcome == "clear"
                assert "evidence.stale" in {warning.code for warning in decision.warnings}
                assert all(e.stale and e.from_memory and e.age_seconds >= 10800 for e in decision.evidences)
                travel.shift(timedelta(hours=4))
                assert door.check(case()).outcome == "undecided"

    def test_without_such_a_policy_it_is_undecided_and_the_old_answer_is_shown(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        sandbox.put_record(record(level="national"))
        door = open_door(config)
        assert door.check(case()).outcome == "restricted"
        with faults(sandbox, {"level": "national", "path": "/v1/checks", "kind": "status", "value": 400}):
            decision = door.check(case())
        assert decision.outcome == "undecided"
        assert not decision.proposals
        shown = [warning.detail for warning in decision.warnings if warning.code == "evidence.remembered"]
        assert [(each["source"], each["records"]) for each in shown] == [("national", 1)]

    def test_an_adverse_one_never_clears_and_never_blocks(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        sandbox.put_record(record(level="national"))
        door = open_door(policy(config, 'stale_clear = "6h"'))
        assert door.check(case()).outcome == "restricted"
        with faults(sandbox, {"level": "national", "path": "/v1/checks", "kind": "status", "value": 400}):
            decision = door.check(case())
        assert decision.outcome == "undecided"
        assert not [proposal for proposal in decision.proposals if proposal.strength == "block"]

    def test_an_adverse_one_of_an_advisory_source_is_review(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        sandbox.put_record(record(level="regional"))
        door = open_door(config)
        assert door.check(case()).outcome == "restricted"
        with faults(sandbox, {"level": "regional", "path": "/v1/checks", "kind": "status", "value": 400}):
            decision = door.check(case())
        assert decision.outcome == "review"
        assert {proposal.strength for proposal in decision.proposals} == {"hint"}
        assert [s.source for s in decision.silences] == ["regional"]
        assert all(ground.confirmed_live_at is None for p in decision.proposals for ground in p.grounds)

    def test_a_repaired_record_is_never_used_again(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        number = sandbox.put_record(record(level="regional"))
        door = open_door(config)
        assert door.check(case()).outcome == "restricted"
        sandbox.change(record_id=number, change="repaired")
        door.client._world.forget([About("regional", "cn-uscc", USCC)])  # as taking the change does
        with faults(sandbox, {"level": "regional", "path": "/v1/checks", "kind": "status", "value": 400}):
            decision = door.check(case())
        assert decision.outcome == "clear"
        assert not decision.proposals

    def test_after_a_live_answer_the_former_one_is_gone(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        number = sandbox.put_record(record(level="regional"))
        door = open_door(config)
        door.check(case())
        sandbox.change(record_id=number, change="repaired")
        assert door.check(case()).outcome == "clear"
        with faults(sandbox, {"level": "regional", "path": "/v1/checks", "kind": "status", "value": 400}):
            assert door.check(case()).outcome in {"clear", "review"}
            assert not door.check(case()).proposals


def _serve(config: str, asked: Any, told: Any) -> None:
    with CreditCheck.open(Settings.find(config)) as credit:
        while asked.recv():
            decision = credit.check(case(), record=False)
            told.send((decision.outcome, sorted(remembered(decision))))


@pytest.mark.slow
def test_no_process_serves_what_a_change_touched_for_more_than_two_seconds(config: Path, sandbox: Any) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = [(context.Pipe(), context.Pipe()) for _ in range(4)]
    workers = [
        context.Process(target=_serve, args=(str(config), asked[0], told[1]), daemon=True) for asked, told in pipes
    ]
    for worker in workers:
        worker.start()

    def ask_all() -> list[Any]:
        for asked, _ in pipes:
            asked[1].send("ask")
        return [told[0].recv() for _, told in pipes]

    try:
        ask_all()
        assert [len(from_memory) for _, from_memory in ask_all()] == [4, 4, 4, 4]
        sandbox.put_record(record(level="national"))
        with CreditCheck.open(config) as credit:
            credit._world.forget([About("national", "cn-uscc", USCC)])
        time.sleep(1.9)
        assert {outcome for outcome, _ in ask_all()} == {"restricted"}
    finally:
        for asked, _ in pipes:
            asked[1].send("")
        for worker in workers:
            worker.join(20)


def test_an_organisation_asked_for_under_another_name_is_asked_for_anew(door: Door) -> None:
    door.check(case())
    assert remembered(door.check(case(organisation(USCC, "另一名称有限公司")))) == set()
