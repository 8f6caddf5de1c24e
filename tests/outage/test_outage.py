"""What follows when a required source is silent: hold, proceed and recheck, or evidence of a query made by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from credit_check_sdk import Decision, GateError, ManualError, Record
from credit_check_sdk._shell.world import now
from credit_check_sdk.cli.app import run
from credit_check_sdk.model.ledger import LeaseRechecks
from tests.kit import OFFICER, case, faults, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Case, Pass
    from tests.kit import Door

MONDAY = datetime(2026, 11, 23, 4, tzinfo=UTC)
DOWN = {"level": "national", "path": "/v1/checks", "kind": "status", "value": 400}
PROCEED = 'outage = {evaluate = "proceed_and_recheck"}'


def policy(config: Path, *lines: str) -> Path:
    text, mark = config.read_text(encoding="utf-8"), '[matters."procurement.goods"]\n'
    config.write_text(text.replace(mark, mark + "\n".join(lines) + "\n"), encoding="utf-8")
    return config


def refusal(door: Door, file: Case, **to: Any) -> str:
    with pytest.raises(GateError) as refused:
        door.require(file, **to)
    return refused.value.code


def warned(said: Decision | Pass) -> set[str]:
    if isinstance(said, Decision):
        return {warning.code for warning in said.warnings}
    return {warning["code"] for warning in said.warnings}


def row(door: Door) -> Any:
    [found] = door.statistics()
    return found


class TestHold:
    def test_nothing_passes(self, open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
        door, file = open_door(policy(config, 'outage = {evaluate = "hold"}')), case()
        with faults(sandbox, DOWN):
            decision = door.check(file)
        assert decision.outcome == "undecided"
        assert decision.recheck is None
        for step in ("proceed", "grant", "refuse"):
            assert refusal(door, file, to=step) == "gate.undecided"
        assert door.rechecks() == ()


class TestProceedAndRecheck:
    def test_the_next_step_goes_on_and_a_grant_does_not(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        with time_machine.travel(MONDAY, tick=True):
            door, file = open_door(policy(config, PROCEED)), case()
            with faults(sandbox, DOWN):
                decision = door.check(file)
            assert decision.outcome == "undecided"
            assert decision.recheck.due_on == date(2026, 11, 24)  # one working day
            assert "outage.recheck" in warned(decision)
            assert "gate.recheck_pending" in warned(door.require(file))
            assert refusal(door, file, to="grant") == "gate.undecided"
            assert refusal(door, file, to="refuse") == "gate.undecided"
            [waiting] = door.rechecks(("waiting",))
            assert (waiting.case_id, waiting.point, waiting.state) == (file.id, "evaluate", "waiting")

    def test_working_days_are_counted(self, open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
        friday = datetime(2026, 11, 27, 4, tzinfo=UTC)
        with time_machine.travel(friday, tick=True), faults(sandbox, DOWN):
            decision = open_door(policy(config, PROCEED)).check(case())
        assert decision.recheck.due_on == date(2026, 11, 30)

    def test_a_grant_too_where_the_policy_says_so(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door, file = open_door(policy(config, PROCEED, 'grant_pending = ["evaluate"]')), case()
        with faults(sandbox, DOWN):
            door.check(file)
        assert "gate.recheck_pending" in warned(door.require(file, to="grant"))

    def test_it_counts_as_checked_only_when_it_is_made(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door, file = open_door(policy(config, PROCEED)), case()
        with faults(sandbox, DOWN):
            door.check(file)
            assert (row(door).cases, row(door).checked, row(door).rechecks_waiting) == (1, 0, 1)
            report = door.recheck()
            assert (report.attempted, report.waiting, report.done) == (1, 1, 0)
            [waiting] = door.rechecks()
            assert (waiting.state, waiting.attempts, waiting.last_error) == ("waiting", 1, "source.status")
            assert door.recheck(due_only=True).attempted == 0  # its next try is still to come
        report = door.recheck()
        assert (report.attempted, report.done, report.adverse) == (1, 1, 0)
        assert (row(door).cases, row(door).checked, row(door).rechecks_waiting) == (1, 1, 0)
        [done] = door.rechecks()
        assert (done.state, done.outcome) == ("done", "clear")
        assert door.require(file, to="grant").decision == done.followed_by
        assert door.recheck().attempted == 0

    def test_what_it_finds_touches_the_file_and_is_put_to_the_officer(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        sandbox.put_record(record(level="national"))
        door, file = open_door(policy(config, PROCEED)), case()
        later = file.model_copy(update={"point": "award"})
        with faults(sandbox, DOWN):
            door.check(file)
        door.require(file)
        # The record is not there at the later point: it goes on there, and the recheck finds it afterwards.
        with faults(sandbox, {"level": "national", "path": "/v1/checks", "kind": "latency", "value": 0}):
            door.check(later)
        report = door.recheck()
        assert (report.adverse, report.done) == (1, 0)
        latest = door.latest(file.id, "evaluate")
        assert latest.decision.id == report.found[0]
        assert latest.decision.outcome == "restricted"
        assert "recheck.adverse" in warned(latest.decision)
        assert refusal(door, file) == "gate.unsettled"
        assert refusal(door, later) == "gate.changed"
        [found] = door.rechecks(("adverse",))
        assert found.followed_by == latest.decision.id
        assert row_of(door, "evaluate").rechecks_adverse == 1

    def test_an_overdue_one_lets_nothing_pass_and_is_shown(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        with time_machine.travel(MONDAY, tick=True) as travel, faults(sandbox, DOWN):
            door, file = (
                open_door(policy(config, PROCEED, 'fresh_for = "30d"', 'fresh_at = {evaluate = "30d"}')),
                case(),
            )
            door.check(file)
            travel.shift(timedelta(days=1))
            door.require(file)  # the due day itself still counts
            travel.shift(timedelta(days=1))
            assert refusal(door, file) == "gate.recheck_overdue"
            assert row(door).rechecks_overdue == 1
            # Checking again in vain moves no due day.
            decision = door.check(file)
            assert decision.recheck.due_on == date(2026, 11, 24)
            assert refusal(door, file) == "gate.recheck_overdue"
            assert len(door.rechecks()) == 1

    def test_an_ordinary_check_that_is_whole_makes_it_too(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door, file = open_door(policy(config, PROCEED)), case()
        with faults(sandbox, DOWN):
            door.check(file)
        assert door.check(file).outcome == "clear"
        assert [each.state for each in door.rechecks()] == ["done"]
        assert door.recheck().attempted == 0

    def test_a_hit_is_restricted_and_the_silence_is_still_made_up_for(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        sandbox.put_record(record())
        door, file = open_door(policy(config, PROCEED)), case()
        with faults(sandbox, DOWN):
            decision = door.check(file)
        assert decision.outcome == "restricted"
        assert decision.recheck is not None
        assert refusal(door, file) == "gate.unsettled"

    def test_a_check_that_is_not_recorded_promises_nothing(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door = open_door(policy(config, PROCEED))
        with faults(sandbox, DOWN):
            assert door.check(case(), record=False).recheck is None
        assert door.rechecks() == ()

    def test_two_processes_do_not_make_the_same_one(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door = open_door(policy(config, PROCEED))
        with faults(sandbox, DOWN):
            door.check(case())
        held = door.client._world.ledger.run(LeaseRechecks(now(), timedelta(minutes=2), "another"))
        assert len(held) == 1
        assert door.recheck().attempted == 0


def row_of(door: Door, point: str) -> Any:
    return next(found for found in door.statistics() if found.point == point)


class TestManual:
    MANUAL = 'outage = {evaluate = "manual"}'

    def given(self, **changes: Any) -> dict[str, Any]:
        base: dict[str, Any] = {
            "file": ("screenshot.pdf", b"%PDF what was seen"),
            "site": "信用中国（广西）",
            "queried_at": datetime.now(UTC) - timedelta(minutes=5),
            "operator": OFFICER,
        }
        return {**base, **changes}

    def silent(self, door: Door, sandbox: Any) -> Case:
        file = case()
        decision = door.check(file)
        assert decision.outcome == "undecided"
        assert "outage.manual" in warned(decision)
        assert refusal(door, file) == "gate.undecided"
        return file

    def test_it_stands_for_the_silent_source_and_says_so(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door = open_door(policy(config, self.MANUAL))
        with faults(sandbox, DOWN):
            file = self.silent(door, sandbox)
            decision = door.attach(file.id, "evaluate", "national", **self.given())
            assert decision.outcome == "clear"
            assert not decision.silences
            evidence = next(e for e in decision.evidences if e.source == "national")
            assert evidence.manual is not None
            assert evidence.request_id == evidence.manual
            assert evidence.digest.startswith("sha256:")
            assert not evidence.from_memory
            assert evidence.age_seconds >= 300
            told = next(w for w in decision.warnings if w.code == "evidence.manual")
            assert (told.detail["officer"], told.detail["site"]) == (OFFICER.id, "信用中国（广西）")
            assert door.require(file, to="grant").decision == decision.id
            # It serves later checks of the file at this point too.
            assert door.check(file).outcome == "clear"
        # The source's own answer counts as soon as there is one.
        assert all(e.manual is None for e in door.check(file).evidences)

    def test_what_was_seen_sends_to_review_and_never_restricts(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door = open_door(policy(config, self.MANUAL))
        listing = {k: v for k, v in record(record_id="seen-1").items() if k != "level"}
        seen = Record.model_validate_json(json.dumps(listing))
        with faults(sandbox, DOWN):
            file = self.silent(door, sandbox)
            decision = door.attach(file.id, "evaluate", "national", **self.given(records=[seen]))
        assert decision.outcome == "review"
        assert {p.strength for p in decision.proposals} == {"hint"}
        assert all(ground.confirmed_live_at is None for p in decision.proposals for ground in p.grounds)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"queried_at": datetime(2020, 1, 1, tzinfo=UTC)}, "manual.stale"),
            ({"queried_at": datetime.now(UTC) + timedelta(days=1)}, "manual.stale"),
            ({"file": ("empty.pdf", b"")}, "manual.file"),
            ({"file": ("large.pdf", bytes(10 * 1024 * 1024 + 1))}, "manual.file"),
            ({"file": "/nowhere/at-all.pdf"}, "manual.file"),
            ({"source": "municipal"}, "manual.not_silent"),
            ({"source": "nobody"}, "manual.not_silent"),
            ({"case_id": "unheard-of"}, "manual.never_checked"),
        ],
        ids=["old", "ahead", "empty", "large", "missing", "not-silent", "unknown", "never-checked"],
    )
    def test_what_cannot_count_is_refused_and_nothing_is_written(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any, changes: dict[str, Any], code: str
    ) -> None:
        door = open_door(policy(config, self.MANUAL))
        with faults(sandbox, DOWN):
            file = self.silent(door, sandbox)
            given = {"case_id": file.id, "source": "national", **self.given(), **changes}
            before = door.latest(file.id, "evaluate").decision.id
            with pytest.raises(ManualError) as refused:
                door.attach(given.pop("case_id"), "evaluate", given.pop("source"), **given)
            assert refused.value.code == code
            assert door.latest(file.id, "evaluate").decision.id == before

    def test_it_is_refused_where_the_policy_does_not_allow_it(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door, file = open_door(policy(config, 'outage = {evaluate = "hold"}')), case()
        with faults(sandbox, DOWN):
            door.check(file)
            with pytest.raises(ManualError) as refused:
                door.attach(file.id, "evaluate", "national", **self.given())
        assert refused.value.code == "manual.not_allowed"

    def test_the_file_is_kept_encrypted_and_the_chain_is_whole(
        self, open_door: Callable[..., Door], config: Path, sandbox: Any
    ) -> None:
        door = open_door(policy(config, self.MANUAL))
        with faults(sandbox, DOWN):
            file = self.silent(door, sandbox)
            door.attach(file.id, "evaluate", "national", **self.given())
        door.seal()
        assert door.verify_evidence().whole
        held = b"".join(path.read_bytes() for path in config.parent.glob("credit-check.db*"))
        assert b"what was seen" not in held


class TestCommands:
    def test_recheck_and_manual(
        self, config: Path, sandbox: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        policy(config, 'outage = {evaluate = "proceed_and_recheck", award = "manual"}')
        base = ["--config", str(config), "--json"]

        def command(*words: str) -> tuple[int, Any]:
            code = run([*words, *base])
            said = capsys.readouterr().out
            return code, json.loads(said) if said else None

        for point in ("evaluate", "award"):
            file = case(point=point)
            path = tmp_path / f"{point}.json"
            path.write_text(json.dumps(file.model_dump(mode="json", context={"reveal": True})), encoding="utf-8")
            with faults(sandbox, DOWN):
                code, decision = command("check", str(path))
                assert code == 12
            if point == "evaluate":
                assert decision["recheck"]["due_on"]
                assert command("require", str(path))[0] == 0
                assert command("require", str(path), "--to", "grant")[0] == 20
                code, listed = command("recheck", "--list")
                assert [each["overdue"] for each in listed["rechecks"]] == [False]
                with faults(sandbox, DOWN):
                    assert command("recheck", "--once")[0] == 12
                code, report = command("recheck", "--once")
                assert (code, report["done"]) == (0, 1)
                assert command("require", str(path), "--to", "grant")[0] == 0
                continue
            shot = tmp_path / "shot.png"
            shot.write_bytes(b"seen")
            given = ["manual", file.id, "--point", point, "--source", "national", "--file", str(shot), "--site", "窗口"]
            given += ["--operator", "u-1024", "--at"]
            with faults(sandbox, DOWN):
                assert command(*given, "yesterday")[0] == 2
                assert command(*given, "2020-01-01T00:00:00+08:00")[0] == 2
                code, decision = command(*given, datetime.now(UTC).isoformat())
            assert code == 0
            assert [e["manual"] is not None for e in decision["evidences"] if e["source"] == "national"] == [True]

    def test_sources(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        base = ["--config", str(config), "--json"]
        assert run(["sources", "isolate", "national", "--reason", "停机维护", "--operator", "u-1", *base]) == 0
        capsys.readouterr()
        assert run(["sources", "list", *base]) == 0
        listed = {each["id"]: each["state"] for each in json.loads(capsys.readouterr().out)["sources"]}
        assert listed["national"] == "isolated"
        assert run(["doctor", *base]) == 3
        assert "停机维护" in capsys.readouterr().out
        assert run(["sources", "release", "national", *base]) == 0
        assert run(["sources", "release", "nowhere", *base]) == 2
        capsys.readouterr()
        assert run(["doctor", *base]) == 0
