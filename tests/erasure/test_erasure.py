"""What may no longer be kept is really gone, what must be kept stays, and the chain is valid either way."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import GateError, InputError, ObjectionDraft, Response
from credit_check_sdk._shell import world
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.model.ledger import (
    CheckById,
    Erase,
    FilesOf,
    HeldEntries,
    HoldEntry,
    OutboxStatus,
    Seal,
    VerifyEvidence,
)
from tests.kit import OFFICER, OTHER, PERSON, USCC, case, organisation, record
from tests.ledger.samples import NOW, answer, check, notice, promise

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk._shell.ledger import Ledger
    from tests.kit import Door
    from tests.ledger.conftest import Place

WHY = {"reason": "保存期限届满", "operator": OFFICER}
LATER = timedelta(days=5490)
BOSS = {
    "role": "legal_representative",
    "subject": {
        "category": "person",
        "name": "张示例",
        "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}],
    },
}


@pytest.fixture
def years_later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Move the clock on by so much that every time is over."""

    def move(by: timedelta = LATER) -> None:
        monkeypatch.setattr(world, "now", lambda: datetime.now(UTC) + by)

    return move


def checked(door: Door, **more: Any) -> tuple[Any, Any]:
    """Check a file, and seal it."""
    file = case(parties=[BOSS], **more)
    decision = door.check(file)
    door.seal()
    return file, decision


def test_nothing_is_erased_before_its_time(door: Door) -> None:
    file, decision = checked(door)
    for whom in ({"case_id": file.id}, {"subject": organisation()}):
        report = door.erase(**whom, **WHY)
        (kept,) = [each for each in report.kept if each.case_id == file.id]
        assert (report.files, report.entries, kept.reasons) == ((), 0, ("retention",))
        assert kept.retained_until == decision.decided_at.astimezone(SHANGHAI).date() + timedelta(days=5479)
    assert door.erase(expired=True, **WHY).kept == ()
    assert door.show(decision.id) is not None
    assert door.require(file).case_id == file.id


def test_the_last_day_still_counts(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    file, _ = checked(door)
    until = door.erase(case_id=file.id, dry_run=True, **WHY).kept[0].retained_until
    midnight = datetime(until.year, until.month, until.day, 16, tzinfo=UTC)  # in Asia/Shanghai, the end of that day
    monkeypatch.setattr(world, "now", lambda: midnight - timedelta(seconds=1))
    assert door.erase(case_id=file.id, dry_run=True, **WHY).files == ()
    assert door.erase(expired=True, dry_run=True, **WHY).files == ()
    monkeypatch.setattr(world, "now", lambda: midnight)
    assert door.erase(case_id=file.id, dry_run=True, **WHY).files == (file.id,)
    assert door.erase(expired=True, dry_run=True, **WHY).files == (file.id,)
    assert door.erase(case_id=file.id, **WHY).entries == 1


@pytest.mark.parametrize("whom", ["subject", "person", "case", "expired"])
def test_after_its_time_it_is_really_gone(door: Door, config: Path, years_later: Any, whom: str) -> None:
    file, decision = checked(door)
    other, _ = checked(door) if whom == "case" else (None, None)
    database = config.parent / "credit-check.db"
    with sqlite3.connect(database) as opened:
        body, salt, key = opened.execute(
            "SELECT body, salt, key_id FROM credit_entry WHERE id = ?", (decision.id,)
        ).fetchone()
    opened.close()
    hashed = door.client._world.keys.hashed("subject", "cn-resident-id", PERSON)
    files = [database, database.with_name("credit-check.db-wal")]
    assert any(body[:40] in path.read_bytes() for path in files if path.exists())
    years_later()
    given: dict[str, Any] = {
        "subject": {"subject": organisation()},
        "person": {"subject": case(parties=[BOSS]).parties[0].subject},
        "case": {"case_id": file.id},
        "expired": {"expired": True},
    }[whom]
    planned = door.erase(**given, dry_run=True, **WHY)
    assert (planned.files, planned.entries, planned.dry_run) == ((file.id,), 0, True)
    assert door.show(decision.id) is not None
    report = door.erase(**given, **WHY)
    assert (report.files, report.entries, report.kept) == ((file.id,), 1, ())
    assert door.show(decision.id) is None
    assert door.latest(file.id, file.point) is None
    with pytest.raises(GateError) as refused:
        door.require(file)
    assert refused.value.code == "gate.never_checked"
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        for gone in (body[:40], body[-40:], salt, key[-40:].encode()):
            assert gone not in content, path.name
        assert other is not None or hashed.encode() not in content
    rows = door.client._world.audit.rows(file.id)
    # With what is expired goes the log of the queries, too.
    assert {row["subject_key"] for row in rows} == (set() if whom == "expired" else {""})
    door.seal()
    found = door.verify_evidence()
    assert (found.whole, found.erased) == (True, 1)
    if other is not None:
        assert door.latest(other.id, other.point) is not None
    again = door.erase(expired=True, **WHY)
    assert (again.files, again.erasure) == ((other.id,) if other else (), again.erasure if other else None)


def test_what_says_that_it_was_erased_names_nobody(door: Door, years_later: Any) -> None:
    file, decision = checked(door)
    years_later()
    report = door.erase(case_id=file.id, **WHY)
    (entry,) = door.client._world.ledger._own(lambda _: _bodies(report.erasure, door.client._world.keys), write=False)
    said = json.dumps(entry, ensure_ascii=False)
    assert entry["entries"] == [decision.id]
    assert (entry["cause"], entry["reason"]) == ("case", "保存期限届满")
    for secret in (USCC, PERSON, "张示例", "贺州市示例食品有限公司", file.id):
        assert secret not in said


def _bodies(number: Any, keys: Any) -> Any:
    from sqlalchemy import bindparam, select  # noqa: PLC0415  one test's

    from credit_check_sdk._shell.ledger import schema as s  # noqa: PLC0415  one test's
    from credit_check_sdk._shell.ledger.bodies import opened  # noqa: PLC0415  one test's
    from credit_check_sdk._shell.ledger.steps import Execute  # noqa: PLC0415  one test's

    asking = select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body).where(s.entry.c.id == bindparam("number"))
    rows = (yield Execute(asking, {"number": number})).rows
    return [opened(key_id, blob, entry, keys) for entry, key_id, blob in rows]


class TestWhatStays:
    def test_on_hold_until_it_is_released(self, door: Door, years_later: Any) -> None:
        file, _ = checked(door)
        assert door.hold_file(file.id, reason="行政诉讼", operator=OFFICER).hold == "行政诉讼"
        years_later()
        (kept,) = door.erase(case_id=file.id, **WHY).kept
        assert (kept.reasons, kept.hold) == (("hold",), "行政诉讼")
        assert door.erase(expired=True, **WHY).files == ()
        assert door.release_file(file.id, reason="已结案", operator=OFFICER).hold is None
        years_later(LATER * 2)
        assert door.erase(case_id=file.id, **WHY).files == (file.id,)
        door.seal()
        assert door.verify_evidence().whole

    def test_with_feedback_that_was_not_delivered(self, door: Door, sandbox: Any, years_later: Any) -> None:
        sandbox.put_record(record(list_code="MOF-ZC"))
        file, decision = checked(door)
        answers = [
            Response(proposal=each.id, answer="set_aside", reason="情形不符") if each.force != "mandatory" else None
            for each in decision.proposals
        ]
        answered = [
            each or Response(proposal=p.id, answer="applied")
            for each, p in zip(answers, decision.proposals, strict=True)
        ]
        door.settle(decision, answered, operator=OFFICER)
        years_later()
        (kept,) = door.erase(case_id=file.id, **WHY).kept
        assert "undelivered" in kept.reasons
        assert len(door.outbox(["waiting"])) == len(answered)
        years_later(timedelta())
        door.relay()
        years_later()
        after = door.erase(case_id=file.id, **WHY)
        assert "undelivered" not in [reason for each in after.kept for reason in each.reasons]

    def test_with_a_measure_in_force_or_an_objection_open(self, door: Door, sandbox: Any, years_later: Any) -> None:
        sandbox.put_record(record(list_code="MOF-ZC"))
        file, decision = checked(door)
        door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
        door.relay()
        draft = ObjectionDraft(case_id=file.id, point="evaluate", operator=OFFICER, text="名单有误")
        door.take_objection(draft)
        door.relay()
        (kept,) = door.erase(case_id=file.id, **WHY).kept
        assert set(kept.reasons) == {"retention", "in_force", "open"}

    def test_what_is_held_of_nobody_is_said(self, door: Door) -> None:
        checked(door)
        with pytest.raises(InputError, match="nothing is held"):
            door.erase(subject=organisation(OTHER), **WHY)
        with pytest.raises(InputError, match="nothing is held"):
            door.erase(case_id="no-such", **WHY)
        with pytest.raises(InputError, match="nothing is held"):
            door.hold_file("no-such", reason="x", operator=OFFICER)

    @pytest.mark.parametrize(
        "whom", [{}, {"expired": True, "case_id": "T-1"}, {"subject": organisation(), "case_id": "T-1"}]
    )
    def test_one_thing_at_a_time(self, door: Door, whom: dict[str, Any]) -> None:
        with pytest.raises(InputError, match="only one"):
            door.erase(**whom, **WHY)

    def test_a_reason_and_an_identifier_are_needed(self, door: Door) -> None:
        with pytest.raises(InputError, match="reason"):
            door.erase(expired=True, reason=" ", operator=OFFICER)
        for ask in (door.held_about, lambda subject: door.erase(subject=subject, **WHY)):
            with pytest.raises(InputError, match="no identifier"):
                ask(organisation(None))


class TestOnBothDatabases:
    def test_the_chain_is_valid_and_the_rest_is_as_it_was(self, place: Place, ledger: Ledger) -> None:
        ledger.run([check("dec_1"), notice(), answer("resp_1", "dec_1", feedback="fb_1")])
        ledger.run([check("dec_2", "c-2"), promise("fb_2", "c-2")])
        ledger.run(Seal(NOW))
        states = {each.case_id: each for each in ledger.run(FilesOf(NOW.date(), ("c-1", "c-2", "c-3")))}
        assert {name: state.undelivered for name, state in states.items()} == {"c-1": 0, "c-2": 1}
        assert len(ledger.run(HeldEntries(("c-1",)))) == 3
        newest = {name: state.newest for name, state in states.items()}
        done = ledger.run(Erase("erasure_1", NOW, NOW.date(), newest, "case", "x", {"id": "u"}))
        assert (done.files, done.entries) == (("c-1",), 3)
        assert ledger.run(CheckById("dec_1")) is None
        assert ledger.run(CheckById("dec_2")) is not None
        assert ledger.run(OutboxStatus()).counts == {"waiting": 1}
        rows = place.sql("SELECT id, body, salt, key_id FROM credit_entry WHERE case_id = 'c-1'")
        assert {(bytes(body), bytes(salt), key) for _, body, salt, key in rows} == {(b"", b"", "")}
        for table in ("credit_subject", "credit_ground", "credit_proposal", "credit_check"):
            assert place.sql(f"SELECT count(*) FROM {table} WHERE decision = 'dec_1'") == [(0,)]  # noqa: S608  our own names
        ledger.run(Seal(NOW))
        found = ledger.run(VerifyEvidence())
        assert (found.whole, found.erased) == (True, 3)

    def test_whoever_came_first_wins(self, ledger: Ledger) -> None:
        ledger.run([check("dec_1"), check("dec_2", "c-2"), check("dec_3", "c-3")])
        newest = {state.case_id: state.newest for state in ledger.run(FilesOf(NOW.date(), ("c-1", "c-2", "c-3")))}
        ledger.run([check("dec_4", at=NOW + timedelta(hours=1))])
        ledger.run([HoldEntry("hold_1", "c-2", held=True, reason="诉讼", operator=OFFICER, at=NOW)])
        done = ledger.run(Erase("erasure_1", NOW, NOW.date(), newest, "case", "x", {"id": "u"}))
        assert done.files == ("c-3",)
        assert ledger.run(CheckById("dec_1")) is not None
        assert ledger.run(CheckById("dec_2")) is not None

    def test_what_is_emptied_without_an_erasure_on_record_is_found(self, place: Place, ledger: Ledger) -> None:
        ledger.run([check("dec_1")])
        ledger.run(Seal(NOW))
        place.sql("UPDATE credit_entry SET body = '', salt = '', key_id = '' WHERE id = 'dec_1'")
        found = ledger.run(VerifyEvidence())
        assert not found.whole
        assert found.breach is not None
        assert found.breach.entry == "dec_1"

    def test_old_files_are_found_page_by_page(self, ledger: Ledger) -> None:
        ledger.run([check(f"dec_{number}", f"c-{number}") for number in range(9)])
        ledger.run([check("dec_new", "c-3", at=NOW + timedelta(days=2))])
        before, seen, beyond = NOW + timedelta(days=1), [], ""
        while page := ledger.run(FilesOf(NOW.date(), before=before, beyond=beyond, limit=3)):
            seen += [state.case_id for state in page]
            beyond = page[-1].case_id
        assert seen == [f"c-{number}" for number in range(9) if number != 3]


class TestHeld:
    def test_a_subject_gets_what_is_about_it_and_nothing_about_others(self, door: Door, sandbox: Any) -> None:
        sandbox.put_record(record(list_code="MOF-ZC"))
        file, decision = checked(door)
        door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
        report = door.held_about(organisation())
        (held,) = report.files
        assert (held.case_id, held.roles) == (file.id, ("subject",))
        said = _text(report)
        assert USCC in said
        assert PERSON not in said
        assert "张示例" not in said
        assert {fact.kind for fact in held.facts} >= {"check", "response", "feedback", "notice"}
        asked = report.queries
        assert {query["source"] for query in asked} >= {"municipal", "national"}
        assert {query["case_id"] for query in asked} == {file.id}

        boss = door.held_about(case(parties=[BOSS]).parties[0].subject)
        said = _text(boss)
        assert PERSON in said
        assert USCC not in said
        assert boss.files[0].roles == ("legal_representative",)
        assert [fact.kind for fact in boss.files[0].facts] == ["check"]

    def test_nothing_is_held_about_a_stranger(self, door: Door) -> None:
        checked(door)
        report = door.held_about(organisation(OTHER))
        assert (report.files, report.queries) == ((), ())
        assert OTHER not in repr(report)


def _text(report: Any) -> str:
    from dataclasses import asdict  # noqa: PLC0415  one function's

    return json.dumps(asdict(report), ensure_ascii=False, default=str)


class TestCommands:
    def test_erase_and_hold(
        self, door: Door, config: Path, capsys: pytest.CaptureFixture[str], years_later: Any
    ) -> None:
        def command(*words: str, code: int = 0) -> Any:
            assert run([*words, "--config", str(config), "--json"]) == code
            return json.loads(capsys.readouterr().out)

        file, _ = checked(door)
        by = ("--reason", "期满", "--operator", "u-1")
        assert command("erase", "--case", file.id, *by, code=1)["kept"][0]["reasons"] == ["retention"]
        assert command("ledger", "hold", file.id, "--reason", "诉讼", "--operator", "u-1")["hold"] == "诉讼"
        years_later()
        assert command("erase", "--expired", "--dry-run")["files"] == []
        assert command("ledger", "hold", file.id, "--release", "--reason", "结案", "--operator", "u-1")["hold"] is None
        years_later(LATER * 2)
        assert command("erase", "--subject", f"cn-uscc:{USCC}", *by)["files"] == [file.id]
        assert command("erase", "--subject", "nothing", *by, code=2)["error"]["code"] == "input.invalid"
        assert command("erase", "--expired", "--reason", "x", code=2)
        assert command("erase", *by, code=2)

    def test_held_with_the_identifier_on_stdin(
        self,
        door: Door,
        config: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        file, _ = checked(door)
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PERSON}\n"))
        out = tmp_path / "held.json"
        assert run(["held", "--subject", "cn-resident-id:-", "-o", str(out), "--config", str(config)]) == 0
        assert out.stat().st_mode & 0o777 == 0o600
        document = json.loads(out.read_text(encoding="utf-8"))
        assert [each["case_id"] for each in document["files"]] == [file.id]
        shown = capsys.readouterr()
        assert PERSON not in shown.out + shown.err
        assert run(["held", "--subject", f"cn-uscc:{USCC}", "-o", str(out), "--config", str(config)]) == 2
        assert run(["erase", "--case", file.id, "--dry-run", "--lang", "en", "--config", str(config)]) == 1
        assert "must be kept until" in capsys.readouterr().out
