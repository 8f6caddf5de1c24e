"""What happens to a source that fails, is slow, busy, isolated or used up: each refusal is a silence with its own code."""

from __future__ import annotations

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck, InputError, LedgerError
from credit_check_sdk._shell.world import now
from credit_check_sdk.core.desk import Consulting, day_of
from tests.kit import OTHER, case, faults, organisation, record
from tests.sources.kit import Told, broken, busy, fast_forward, garbage, put, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Decision, Level
    from tests.kit import Door

ALL: tuple[Level, ...] = ("municipal", "regional", "national", "enterprise")


def codes(decision: Decision) -> dict[str, str]:
    return {silence.source: silence.code for silence in decision.silences}


def said(config: Path, source: str, *lines: str) -> Path:
    """Add settings to one source of the configuration."""
    text = config.read_text(encoding="utf-8")
    marker = f'base_url = "{text.split("base_url = ")[1].split(chr(34))[1].rsplit("/", 1)[0]}/{source}"'
    assert marker in text
    config.write_text(text.replace(marker, "\n".join([marker, *lines])), encoding="utf-8")
    return config


def test_what_may_pass_is_tried_again_within_the_budget(door: Door) -> None:
    told = Told("municipal", [unreachable(), broken()])
    put(door, told)
    assert door.check(case()).outcome == "clear"
    assert told.calls == 3


def test_what_will_not_pass_is_not_tried_again(door: Door) -> None:
    told = Told("municipal", [garbage()], always=True)
    put(door, told)
    assert codes(door.check(case())) == {"municipal": "source.not_understood"}
    assert told.calls == 1


def test_it_is_tried_so_often_and_no_more(door: Door) -> None:
    told = Told("municipal", [unreachable()], always=True)
    put(door, told)
    assert codes(door.check(case())) == {"municipal": "source.unreachable"}
    assert told.calls == 3


def test_a_short_retry_after_is_kept_and_a_long_one_ends_it_at_once(door: Door) -> None:
    short, long = Told("municipal", [busy(0.3)]), Told("national", [busy(60, "national")], always=True)
    put(door, short, long)
    began = time.monotonic()
    decision = door.check(case())
    assert 0.3 <= time.monotonic() - began < 60, "the short one was waited for, the long one was not"
    assert codes(decision) == {"national": "source.rate_limited"}
    assert (short.calls, long.calls) == (2, 1)
    # Until then nobody is sent there again; and it is said so.
    assert codes(door.check(case(organisation(OTHER)))) == {"national": "source.rate_limited"}
    assert long.calls == 1
    assert {each.id: each.state for each in door.source_status()}["national"] == "resting"
    long.errors.clear()
    fast_forward(door, timedelta(seconds=61))
    assert codes(door.check(case(organisation(OTHER)))) == {}


def test_a_source_that_fails_again_and_again_rests_and_one_probe_wakes_it(
    open_door: Callable[..., Door], config: Path
) -> None:
    door = open_door(said(config, "municipal", "tries = 1", "rest_calls = 3"))
    told = Told("municipal", [unreachable()], always=True)
    put(door, told)
    for _ in range(3):
        assert codes(door.check(case())) == {"municipal": "source.unreachable"}
    decision = door.check(case())
    assert decision.outcome == "undecided"
    assert codes(decision) == {"municipal": "source.resting"}
    assert told.calls == 3
    status = {each.id: each for each in door.source_status()}["municipal"]
    assert (status.state, status.last_error) == ("resting", "source.unreachable")
    assert status.since is not None

    # When its rest is over exactly one consultation probes it, however many come; the others do not wait for it.
    fast_forward(door, timedelta(seconds=31))
    told.errors.clear()
    told.slow = 0.3
    cases = [case(organisation(value)) for value in (OTHER, "91450000MA0000015Q", "91450000MA0000023J")]
    found = [codes(decision) for decision in door.many(cases, workers=3)]
    assert told.calls == 4
    assert sorted(found, key=len) == [{}, {"municipal": "source.resting"}, {"municipal": "source.resting"}]
    assert {each.id: each.state for each in door.source_status()}["municipal"] == "ready"


def test_a_probe_that_fails_lets_it_rest_again(open_door: Callable[..., Door], config: Path) -> None:
    door = open_door(said(config, "municipal", "tries = 1", "rest_calls = 2"))
    told = Told("municipal", [unreachable()], always=True)
    put(door, told)
    for _ in range(2):
        door.check(case())
    fast_forward(door, timedelta(seconds=31))
    assert codes(door.check(case())) == {"municipal": "source.unreachable"}
    assert codes(door.check(case())) == {"municipal": "source.resting"}
    assert told.calls == 3


def test_an_isolated_source_is_silent_for_every_client_until_it_is_released(
    open_door: Callable[..., Door], config: Path
) -> None:
    door, other = open_door(config), open_door(config)
    door.isolate("national", reason="答复内容异常", operator="u-1024")
    told = Told("national")
    put(other, told)
    decision = other.check(case())
    assert decision.outcome == "undecided"
    assert codes(decision) == {"national": "source.isolated"}
    assert told.calls == 0
    status = {each.id: each for each in other.source_status()}["national"]
    assert (status.state, status.reason, status.operator) == ("isolated", "答复内容异常", "u-1024")
    other.release("national")
    assert other.check(case()).outcome == "clear"


def test_isolating_needs_a_source_a_reason_and_an_officer(door: Door) -> None:
    with pytest.raises(InputError):
        door.isolate("nowhere", reason="r", operator="o")
    with pytest.raises(InputError):
        door.isolate("national", reason=" ", operator="o")
    with pytest.raises(InputError):
        door.release("nowhere")


def test_nothing_is_noted_as_asked_of_a_source_that_was_not_asked(door: Door, config: Path) -> None:
    door.isolate("national", reason="r", operator="o")
    file = case()
    door.check(file)
    rows = door.client._world.audit.rows(file.id)
    assert {row["source"] for row in rows} == {"municipal", "regional", "enterprise"}


def test_a_rate_spreads_requests_and_refuses_what_finds_no_place(open_door: Callable[..., Door], config: Path) -> None:
    door = open_door(said(config, "municipal", "rate = 2.0"))
    exchange = door.client._world.exchange
    assert [exchange.pace("municipal", 3.0) for _ in range(2)] == [0.0, 0.0]
    assert 0.4 < exchange.pace("municipal", 3.0) <= 0.5
    decision = door.check(case())
    assert "municipal" not in codes(decision)  # it waited for its place
    for _ in range(10):
        exchange.pace("municipal", 60)
    assert codes(door.check(case(organisation(OTHER)))) == {"municipal": "source.throttled"}


def test_a_daily_quota_is_shared_and_kept_for_mandatory_checks_first(
    open_door: Callable[..., Door], config: Path
) -> None:
    said(config, "municipal", "daily_quota = 3", "tries = 1")
    said(config, "enterprise", "daily_quota = 3", "quota_reserve = 0.4", "tries = 1")
    door, other = open_door(config), open_door(config)
    values = ["91450000MA0000015Q", "91450000MA0000023J", "91450000MA0000031D", "91450000MA00000407"]
    found = [codes((door, other)[n % 2].check(case(organisation(value)))) for n, value in enumerate(values)]
    # Of the enterprise system one consultation is kept back: two of five tenths of three, rounded up.
    assert found == [
        {},
        {"enterprise": "source.quota"},
        {"enterprise": "source.quota"},
        {"municipal": "source.quota", "enterprise": "source.quota"},
    ]
    status = {each.id: each for each in door.source_status()}
    assert (status["municipal"].quota_left, status["enterprise"].quota_left) == (0, 2)
    assert status["national"].quota_left is None


def test_trying_again_counts_against_the_quota(open_door: Callable[..., Door], config: Path) -> None:
    door = open_door(said(config, "municipal", "daily_quota = 2", "tries = 3"))
    told = Told("municipal", [unreachable()], always=True)
    put(door, told)
    assert codes(door.check(case())) == {"municipal": "source.unreachable"}
    assert told.calls == 2


def test_another_may_stand_in_for_a_silent_source_where_the_policy_says_so(
    open_door: Callable[..., Door], config: Path
) -> None:
    text = config.read_text(encoding="utf-8")
    head, tail = text.split('[matters."procurement.goods"]')
    tail = tail.replace('required = ["municipal", "national"]', 'required = ["municipal"]', 1)
    tail = tail.replace(
        'advisory = ["regional", "enterprise"]', 'advisory = []\nfallback = {municipal = ["regional", "national"]}', 1
    )
    config.write_text(head + '[matters."procurement.goods"]' + tail, encoding="utf-8")
    door = open_door(config)
    municipal, regional = (
        Told("municipal", [garbage()], always=True),
        Told("regional", [garbage("regional")], always=True),
    )
    national = Told("national")
    put(door, municipal, regional, national)
    decision = door.check(case())
    assert decision.outcome == "clear"
    assert [(s.source, s.required) for s in decision.silences] == [("municipal", False)]
    assert [e.source for e in decision.evidences] == ["national"]
    assert [w.detail["instead_of"] for w in decision.warnings if w.code == "evidence.fallback"] == ["municipal"]
    assert (municipal.calls, regional.calls, national.calls) == (1, 1, 1)

    nobody = Told("national", [garbage("national")], always=True)
    put(door, nobody)
    decision = door.check(case(organisation(OTHER)))
    assert decision.outcome == "undecided"
    assert [s.source for s in decision.silences if s.required] == ["municipal"]


def test_four_sources_are_asked_side_by_side(door: Door) -> None:
    asked = [Told(name) for name in ALL]
    for each in asked:  # none answers before all have been asked
        each.until = lambda: all(other.calls for other in asked)
    put(door, *asked, budget=60.0)
    assert door.check(case(), record=False).outcome == "clear"
    assert [each.calls for each in asked] == [1, 1, 1, 1]


def test_a_flapping_platform_never_makes_a_clear_that_is_not_so(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record(level="national"))
    with faults(sandbox, {"level": None, "path": "/v1/checks", "kind": "status", "value": 503, "rate": 0.6}):
        outcomes = {door.check(case(), record=False).outcome for _ in range(12)}
    assert outcomes <= {"restricted", "undecided"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_begins_with_lines_of_its_own(config: Path) -> None:
    with CreditCheck.open(said(config, "municipal", "tries = 1", "rest_calls = 1")) as credit:
        held = credit._world.asking._lock
        held.acquire()
        child = os.fork()
        if child == 0:
            fine = not credit._world.asking._lock.locked() and credit.source_status()[0].state == "ready"
            fine = fine and credit.check(case(), record=False).outcome == "clear"
            os._exit(0 if fine else 1)
        held.release()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_without_the_audit_store_nothing_leaves_and_no_memory_is_trusted(door: Door, config: Path) -> None:
    told = Told("municipal")
    put(door, told)
    assert door.check(case(), record=False).outcome == "clear"
    world = door.client._world
    world.board._read_at = None
    world.audit.close()
    world.audit._store._idle.clear()
    path = config.parent / "credit-check-audit.db"
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    with pytest.raises(LedgerError):
        door.check(case(), record=False)
    assert told.calls == 1


def test_every_refusal_says_what_to_do_in_two_languages(open_door: Callable[..., Door], config: Path) -> None:
    door = open_door(said(config, "municipal", "daily_quota = 1"))
    door.isolate("national", reason="r", operator="o")
    door.check(case())
    decision = door.check(case(organisation(OTHER)))
    assert codes(decision) == {"municipal": "source.quota", "national": "source.isolated"}
    for silence in decision.silences:
        assert "；" in silence.detail.zh
        assert ";" in silence.detail.en


def test_quota_days_are_those_of_shanghai(config: Path, open_door: Callable[..., Door]) -> None:
    door = open_door(said(config, "municipal", "daily_quota = 5"))
    door.check(case())
    with sqlite3.connect(config.parent / "credit-check-audit.db") as store:
        rows = store.execute("SELECT source, day, used FROM credit_quota").fetchall()
    assert rows == [("municipal", day_of(now()).isoformat(), 1)]


def test_many_threads_never_spend_more_than_the_quota(config: Path) -> None:
    with CreditCheck.open(said(config, "municipal", "daily_quota = 5", "tries = 1")) as credit:
        told = Told("municipal")
        sources: Any = credit._desk.sources
        sources["municipal"] = Consulting(told, "municipal", 3.0)
        values = [f"91450000MA{number:07d}X" for number in range(20)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda value: credit.check(case(organisation(value)), record=False), values))
    assert told.calls == 5
    assert sum("municipal" in codes(decision) for decision in found) == 15
