"""Lists are fetched, kept, carried and believed only as far as they deserve; what they say never restricts by itself."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
import tomli_w

from credit_check_sdk import (
    AsyncCreditCheck,
    Case,
    ConfigurationError,
    CreditCheck,
    CreditCheckError,
    InputError,
    LedgerError,
)
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.model.identifiers import synthetic_uscc
from credit_check_sdk.spi import OfflineSource, Publisher
from credit_check_snapshot.shelf import Shelf
from credit_check_snapshot.source import SnapshotSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk import Decision
    from credit_check_sdk.testing.plugin import RunningSandbox

USCC, OTHER = "91451100MA5AAAAA2F", "91450000MA0000007U"
PERSON = "451102199001010010"
LISTS = "municipal-lists"


def organisation(value: str = USCC) -> dict[str, Any]:
    return {
        "category": "organisation",
        "name": "贺州市示例食品有限公司" if value == USCC else "广西示例建设有限公司",
        "identifiers": [{"scheme": "cn-uscc", "value": value}],
    }


def record(value: str = USCC, **changes: Any) -> dict[str, Any]:
    return {
        "subject": organisation(value),
        "record_id": None,
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "贺州市财政局",
        "doc_no": "贺财采罚〔2026〕1号",
        "document_date": "2026-03-01",
        "basis": "政府采购法 第七十七条",
        "facts": "示例",
        "publicity_until": "2029-03-01",
        "list_until": "2029-03-01",
        "ban_until": None,
        "measure_until": None,
        "responsible": [],
        "level": "municipal",
        **changes,
    }


def many(number: int) -> list[dict[str, Any]]:
    """Make records about others, so that the list is no small one."""
    chance = random.Random(7)  # noqa: S311  the same list each time
    return [record(synthetic_uscc(chance), facts=f"示例 {place}") for place in range(number)]


def case(value: str = USCC, **more: Any) -> Case:
    return Case.model_validate(
        {
            "id": f"S-{os.urandom(4).hex()}",
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": organisation(value),
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": {"id": "u-1", "department": "451100-czj"},
            "opened_at": datetime.now(UTC),
            **more,
        }
    )


class Door:
    """One of the two front doors, blocking."""

    def __init__(self, kind: str, config: Path) -> None:
        self.kind, self.config = kind, config

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self.kind == "sync":
                with CreditCheck.open(self.config) as credit:
                    return getattr(credit, name)(*given, **named)

            async def ask() -> Any:
                async with AsyncCreditCheck.open(self.config) as credit:
                    return await getattr(credit, name)(*given, **named)

            return asyncio.run(ask())

        return call


@pytest.fixture
def config(credit_sandbox: RunningSandbox, tmp_path: Path) -> Path:
    """Write a configuration in which lists stand in for the municipal platform."""
    for value in (USCC, OTHER):
        credit_sandbox.put_subject(organisation(value))
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=credit_sandbox.url)
    change(path, {})
    return path


def change(path: Path, options: dict[str, Any], *, matter: dict[str, Any] | None = None, **source: Any) -> None:
    """Change the source of lists in the configuration."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    municipal = next(each for each in said["sources"] if each["id"] == "municipal")
    lists = {**municipal, "id": LISTS, "kind": "snapshot", "channel": False, **source}
    before = next((each for each in said["sources"] if each["id"] == LISTS), {"options": {"folder": "lists"}})
    lists["options"] = {**before["options"], **options}
    said["sources"] = [each for each in said["sources"] if each["id"] != LISTS] + [lists]
    said["plugins"] = {"enabled": ["snapshot"]}
    said.setdefault("matters", {})["procurement.goods"] = matter or {
        "required": ["municipal"],
        "fallback": {"municipal": [LISTS]},
    }
    path.write_text(tomli_w.dumps(said), encoding="utf-8")


@pytest.fixture(params=["sync", "async"])
def door(request: pytest.FixtureRequest, config: Path) -> Door:
    return Door(request.param, config)


@pytest.fixture
def down(credit_sandbox: RunningSandbox) -> Iterator[Callable[[], None]]:
    """Give what takes the platform's checks down, and leave its lists alone."""
    yield lambda: credit_sandbox.faults([{"level": None, "path": "/v1/checks", "kind": "status", "value": 503}])
    credit_sandbox.faults([])


def fates(door: Door, **named: Any) -> dict[str, str]:
    (report,) = door.refresh_lists(LISTS, **named)
    assert report.error is None, report.detail
    return dict(report.fates)


def test_the_lists_stand_in_for_a_platform_that_is_out(
    door: Door, credit_sandbox: RunningSandbox, down: Callable[[], None]
) -> None:
    credit_sandbox.put_record(record(OTHER))
    assert fates(door) == {"MOF-ZC": "rebuilt"}
    down()
    clear: Decision = door.check(case())
    assert clear.outcome == "clear"
    assert {"evidence.offline", "evidence.fallback"} <= {warning.code for warning in clear.warnings}
    (evidence,) = [each for each in clear.evidences if each.source == LISTS]
    assert evidence.offline
    found: Decision = door.check(case(OTHER))
    assert found.outcome == "review", "what was not confirmed live never restricts"
    assert [proposal.strength for proposal in found.proposals if proposal.kind == "restriction"] != ["block"]


def test_without_lists_nobody_is_clear(door: Door, down: Callable[[], None]) -> None:
    down()
    decision: Decision = door.check(case())
    assert decision.outcome == "undecided"
    assert "municipal" in {silence.source for silence in decision.silences if silence.required}
    assert door.held_lists() == {LISTS: None}


def test_lists_that_grew_too_old_are_silent(
    door: Door, credit_sandbox: RunningSandbox, down: Callable[[], None]
) -> None:
    credit_sandbox.put_record(record(OTHER))
    fates(door)
    down()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23), tick=True):
        assert door.check(case()).outcome == "clear"
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        assert door.check(case()).outcome == "undecided"
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1), tick=True):
        assert door.check(case()).outcome == "undecided", "lists of tomorrow are not believed"
    change(door.config, {}, matter={"required": ["municipal"], "fallback": {"municipal": [LISTS]}, "list_age": "48h"})
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        assert door.check(case()).outcome == "clear"


def test_as_a_source_of_its_own(door: Door, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(OTHER))
    change(door.config, {}, matter={"required": [LISTS]})
    assert door.check(case()).outcome == "undecided"
    fates(door)
    assert door.check(case()).outcome == "clear"
    assert door.check(case(OTHER)).outcome == "review"
    change(door.config, {"expects": ["MOF-ZC", "SAMR-YZ"]}, matter={"required": [LISTS]})
    decision: Decision = door.check(case())
    assert decision.outcome == "undecided", "a list that is expected and not held is no empty list"
    assert decision.silences[0].code == "source.incomplete"


def test_changes_are_applied_and_nothing_is_fetched_twice(door: Door, credit_sandbox: RunningSandbox) -> None:
    number = credit_sandbox.put_record(record(OTHER))
    for other in many(12):
        credit_sandbox.put_record(other)
    assert fates(door) == {"MOF-ZC": "rebuilt"}
    assert fates(door) == {"MOF-ZC": "unchanged"}
    credit_sandbox.put_record(record(USCC))
    assert fates(door) == {"MOF-ZC": "changed"}
    assert door.held_lists()[LISTS].of("MOF-ZC").info.size == 14
    credit_sandbox.change(number, "revoked")
    assert fates(door)["MOF-ZC"] == "changed"
    held = door.held_lists()[LISTS]
    assert (held.lists[0].info.size, held.sealed) in {(13, False), (14, False)}


def test_a_list_that_is_not_what_was_announced_is_taken_whole(door: Door, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(OTHER))
    fates(door)
    shelf = Shelf(door.config.parent / "lists")
    held = shelf.held()
    assert held is not None
    shelf.put(held, {"MOF-ZC": ()})  # what lies here is no longer what its digest says
    credit_sandbox.put_record(record(USCC))
    assert fates(door) == {"MOF-ZC": "rebuilt"}
    assert len(list(shelf.entries("MOF-ZC"))) == 2


def test_a_list_that_shrank_by_half_is_refused_until_somebody_accepts_it(
    door: Door, credit_sandbox: RunningSandbox, down: Callable[[], None]
) -> None:
    for other in [record(OTHER), *many(20)]:
        credit_sandbox.put_record(other)
    fates(door)
    credit_sandbox.reset()
    credit_sandbox.put_record(record(USCC))
    (report,) = door.refresh_lists()
    assert (dict(report.fates), dict(report.trouble)) == ({"MOF-ZC": "refused"}, {"MOF-ZC": "list.shrank"})
    kept = report.held.of("MOF-ZC")
    assert (kept.info.size, kept.refused.size) == (21, 1)
    down()
    assert door.check(case(OTHER)).outcome == "review", "the last good one is held on"
    assert fates(door, accept=["MOF-ZC"]) == {"MOF-ZC": "rebuilt"}
    assert door.held_lists()[LISTS].lists[0].info.size == 1


def test_a_list_that_is_gone_is_no_empty_list(door: Door, credit_sandbox: RunningSandbox) -> None:
    for other in many(12):
        credit_sandbox.put_record(other)
    fates(door)
    credit_sandbox.reset()
    (report,) = door.refresh_lists()
    assert dict(report.trouble) == {"MOF-ZC": "list.shrank"}
    assert len(report.held.lists) == 1


@pytest.mark.parametrize("fault", ["status", "garbage", "empty", "truncate", "disconnect"])
def test_what_goes_wrong_leaves_what_was_held(door: Door, credit_sandbox: RunningSandbox, fault: str) -> None:
    credit_sandbox.put_record(record(OTHER))
    fates(door)
    before = door.held_lists()
    credit_sandbox.put_record(record(USCC))
    value = {"value": 503} if fault == "status" else {}
    credit_sandbox.faults([{"level": None, "path": "/v1/lists", "kind": fault, **value}])
    (report,) = door.refresh_lists()
    credit_sandbox.faults([])
    assert report.error or report.trouble
    assert door.held_lists()[LISTS].lists[0].info == before[LISTS].lists[0].info
    assert fates(door) == {"MOF-ZC": "changed"}


def test_what_is_not_sealed_is_refused_where_keys_are_given(door: Door, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(OTHER))
    keys = door.config.parent / "publisher.jwks"
    keys.write_text(json.dumps({"keys": [stranger()]}), encoding="utf-8")
    change(door.config, {"keys_file": "publisher.jwks"})
    (report,) = door.refresh_lists()
    assert report.error == "list.seal"
    assert door.held_lists() == {LISTS: None}
    keys.write_text(json.dumps(admin_keys(credit_sandbox)), encoding="utf-8")
    assert fates(door) == {"MOF-ZC": "rebuilt"}
    assert door.held_lists()[LISTS].sealed
    assert fates(door) == {"MOF-ZC": "unchanged"}
    keys.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="JWK set"):
        door.held_lists()


def admin_keys(sandbox: Any) -> Any:
    return sandbox._call("GET", "/admin/keys")


def stranger() -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "kid": "sandbox", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.mark.parametrize("name", ["lists.bundle", "lists.bundle.gz"])
def test_lists_are_carried_to_where_no_platform_is_reached(
    door: Door, credit_sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    for other in [record(OTHER), *many(11)]:
        credit_sandbox.put_record(other)
    fates(door)
    bundle = tmp_path / name
    door.export_lists(bundle, LISTS)
    away = tmp_path / "away" / "credit-check.toml"
    start(away, sandbox="http://127.0.0.1:9")
    change(away, {}, matter={"required": [LISTS]}, base_url="")
    other_door = Door(door.kind, away)
    with pytest.raises(ConfigurationError, match="no keys"):
        other_door.import_lists(bundle, LISTS)
    with pytest.raises(ConfigurationError, match="no publisher"):
        other_door.refresh_lists(LISTS)
    assert other_door.refresh_lists() == ()
    with CreditCheck.open(door.config) as credit:
        (away.parent / "centre.jwks").write_text(json.dumps(credit.public_keys), encoding="utf-8")
    change(away, {"keys_file": "centre.jwks"}, matter={"required": [LISTS]}, base_url="")
    raw = gzip.decompress(bundle.read_bytes()) if name.endswith(".gz") else bundle.read_bytes()
    seal, first, rest = raw.split(b"\n", 2)
    broken = tmp_path / "broken.bundle"
    for text in (seal + b"\n" + rest, seal + b"\n" + first.replace(b"2029", b"2020") + b"\n" + rest):
        broken.write_bytes(text)
        report = other_door.import_lists(broken, LISTS)
        assert (report.error, dict(report.trouble), report.held) == ("list.digest", {"MOF-ZC": "list.digest"}, None)
    report = other_door.import_lists(bundle, LISTS)
    assert (dict(report.fates), report.held.sealed) == ({"MOF-ZC": "rebuilt"}, True)
    assert other_door.check(case()).outcome == "clear"
    assert other_door.check(case(OTHER)).outcome == "review"

    header, payload, signature = seal.split(b".")
    broken.write_bytes(b".".join((header, payload, signature[:-8] + b"AAAAAAAA")) + b"\n" + first + b"\n" + rest)
    with pytest.raises(CreditCheckError, match="not sealed"):
        other_door.import_lists(broken, LISTS)
    for text in (b"", b"no bundle", b"a.b.c\n", seal + b"\n{}\n", seal + b"\n" + b"x" * 2_000_000):
        broken.write_bytes(text)
        with pytest.raises(InputError, match="cannot be used"):
            other_door.import_lists(broken, LISTS)


def test_an_older_bundle_is_refused(door: Door, credit_sandbox: RunningSandbox, tmp_path: Path) -> None:
    credit_sandbox.put_record(record(OTHER))
    with CreditCheck.open(door.config) as credit:
        (tmp_path / "own.jwks").write_text(json.dumps(credit.public_keys), encoding="utf-8")
    fates(door)
    old = tmp_path / "old.bundle"
    door.export_lists(old, LISTS)
    time.sleep(0.01)
    credit_sandbox.put_record(record(USCC))
    fates(door)
    change(door.config, {"keys_file": "own.jwks"})
    with pytest.raises(CreditCheckError, match="before those that are held"):
        door.import_lists(old, LISTS)


def test_nobody_is_readable_on_the_disk(door: Door, credit_sandbox: RunningSandbox) -> None:
    boss = {"role": "legal_representative", "subject": person()}
    credit_sandbox.put_record(record(OTHER, responsible=[boss]))
    fates(door)
    folder = door.config.parent / "lists"
    for file in folder.iterdir():
        data = file.read_bytes()
        for secret in (OTHER, PERSON, "张示例", "广西示例建设有限公司"):
            assert secret.encode() not in data
            assert json.dumps(secret).strip('"').encode() not in data
    assert (folder / "key").stat().st_mode & 0o077 == 0
    change(door.config, {}, matter={"required": [LISTS], "query_roles": ["legal_representative"]})
    found: Decision = door.check(case(USCC, parties=[boss]))
    assert sum(evidence.records for evidence in found.evidences) == 1, "who is named as responsible is found too"


def person() -> dict[str, Any]:
    return {
        "category": "person",
        "name": "张示例",
        "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}],
    }


def test_a_list_is_replaced_under_running_readers(config: Path, credit_sandbox: RunningSandbox) -> None:
    change(config, {"small": 1000}, matter={"required": [LISTS]})
    credit_sandbox.put_record(record(OTHER))
    wrong: list[str] = []
    stop = threading.Event()
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()

        def read() -> None:
            while not stop.is_set():
                outcome = credit.check(case(OTHER), record=False).outcome
                if outcome != "review":
                    wrong.append(outcome)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for other in many(15):
            credit_sandbox.put_record(other)
            (report,) = credit.refresh_lists()
            assert report.fates == {"MOF-ZC": "changed"}
        stop.set()
        for reader in readers:
            reader.join(10)
    assert wrong == []
    files = list((config.parent / "lists").glob("lists-*.sqlite"))
    assert len(files) <= 2


OTHER_PROCESS = """
import sys, time
from credit_check_sdk import CreditCheck
from credit_check_sdk.model.listing import HeldLists
with CreditCheck.open(sys.argv[1]) as credit:
    before = credit.held_lists()["municipal-lists"].lists[0].info.version
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        now = credit.held_lists()["municipal-lists"].lists[0].info.version
        if now != before:
            print("changed", flush=True)
            break
"""


def test_other_processes_go_over_to_a_new_file(config: Path, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(OTHER))
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
        with subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdin is not None
            assert other.stdout.readline() == "ready\n"
            credit_sandbox.put_record(record(USCC))
            credit.refresh_lists()
            other.stdin.write("\n")
            other.stdin.flush()
            assert other.stdout.readline() == "changed\n"


def test_a_power_cut_leaves_the_old_or_the_new(tmp_path: Path, config: Path, credit_sandbox: RunningSandbox) -> None:
    """Whatever lies half-written beside it, the small file names a whole one."""
    credit_sandbox.put_record(record(OTHER))
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
    folder = config.parent / "lists"
    (folder / "lists-half.sqlite").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    (folder / "current.json.half").write_bytes(b"lists-half")
    with CreditCheck.open(config) as credit:
        assert credit.held_lists()[LISTS] is not None
        credit_sandbox.put_record(record(USCC))
        credit.refresh_lists()
    assert not (folder / "lists-half.sqlite").exists()
    (folder / "current.json").write_bytes(b"garbage")
    with CreditCheck.open(config) as credit, pytest.raises(LedgerError, match="damaged"):
        credit.held_lists()
    with CreditCheck.open(config) as credit:
        credit_sandbox.faults([{"level": None, "path": "/v1/checks", "kind": "status", "value": 503}])
        assert credit.check(case()).outcome == "undecided"
        credit_sandbox.faults([])
    assert tmp_path.exists()


def test_a_disk_that_is_full_keeps_the_last_good_one(
    config: Path, credit_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit_sandbox.put_record(record(OTHER))
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
        credit_sandbox.put_record(record(USCC))

        def full(*_: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(Shelf, "_write", full)
        (report,) = credit.refresh_lists()
        assert report.error == "list.shelf"
        monkeypatch.undo()
        (report,) = credit.refresh_lists()
        assert dict(report.fates) == {"MOF-ZC": "changed"}
    assert len(list((config.parent / "lists").glob("lists-*.sqlite"))) <= 2


def test_a_long_poll_hears_of_a_change_at_once(door: Door, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(OTHER))
    fates(door)
    later = threading.Timer(0.5, lambda: credit_sandbox.put_record(record(USCC)))
    later.start()
    assert fates(door, wait=25) == {"MOF-ZC": "changed"}
    later.join()


def test_the_commands(config: Path, credit_sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    credit_sandbox.put_record(record(OTHER))

    def said(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*words, "--json", "--config", str(config)])
        return code, json.loads(capsys.readouterr().out)

    assert said("lists", "show") == (0, {"sources": {LISTS: None}})
    code, found = said("lists", "refresh", "--once")
    assert (code, found["sources"][0]["fates"]) == (0, {"MOF-ZC": "rebuilt"})
    code, found = said("lists", "show")
    assert found["sources"][LISTS]["lists"][0]["info"]["size"] == 1
    bundle = config.parent / "out.bundle"
    assert said("lists", "export", str(bundle), "--source", LISTS)[0] == 0
    assert run(["lists", "import", str(bundle), "--source", LISTS, "--config", str(config)]) == 3
    assert run(["lists", "export", str(bundle), "--source", "municipal", "--config", str(config)]) == 3
    assert run(["lists", "show", "--config", str(config)]) == 0
    assert "MOF-ZC" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [{"folder": ""}, {"unheard": 1}, {"least_share": 2}, {"small": 0}, {"keys_file": "absent"}]
)
def test_options_that_cannot_be_used_are_refused(config: Path, options: dict[str, Any]) -> None:
    change(config, options)
    with pytest.raises(ConfigurationError):
        CreditCheck.open(config)


def test_it_is_what_the_interface_says(config: Path) -> None:
    with CreditCheck.open(config) as credit:
        source = credit._desk.sources[LISTS].source
        assert isinstance(source, SnapshotSource)
        assert isinstance(source, OfflineSource)
        assert isinstance(credit._desk.publishers[LISTS], Publisher)


FORMER = """
ALTER TABLE entry RENAME TO newer_entry;
ALTER TABLE found_by RENAME TO newer_found_by;
CREATE TABLE entry (list TEXT NOT NULL, number TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (list, number)) WITHOUT ROWID;
CREATE TABLE found_by (hash BLOB NOT NULL, list TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (hash, list, number))
    WITHOUT ROWID;
INSERT INTO entry SELECT list, number, body FROM newer_entry;
INSERT INTO found_by SELECT f.hash, e.list, e.number FROM newer_found_by f JOIN newer_entry e ON e.id = f.entry;
DROP TABLE newer_entry;
DROP TABLE newer_found_by;
DROP TABLE span;
PRAGMA user_version = 0;
"""
"""Puts a file into the form that was written at first."""


def kept_file(config: Path) -> Path:
    (file,) = (config.parent / "lists").glob("lists-*.sqlite")
    return file


def test_a_file_of_the_first_form_is_read_until_it_is_replaced(door: Door, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(USCC))
    fates(door)
    with contextlib.closing(sqlite3.connect(kept_file(door.config))) as file:
        file.executescript(FORMER)
    shelf = Shelf(door.config.parent / "lists")
    found = shelf.look((("cn-uscc", USCC),))
    assert found is not None
    assert [code for code, _ in found[1]] == ["MOF-ZC"]
    assert len(list(shelf.entries("MOF-ZC"))) == 1
    credit_sandbox.put_record(record(OTHER))
    assert fates(door) == {"MOF-ZC": "changed"}
    again = shelf.look((("cn-uscc", OTHER),))
    assert again is not None
    assert [code for code, _ in again[1]] == ["MOF-ZC"]


def test_a_file_of_a_form_to_come_is_refused(config: Path, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.put_record(record(USCC))
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
    with contextlib.closing(sqlite3.connect(kept_file(config))) as file:
        file.execute("PRAGMA user_version = 99")
    with CreditCheck.open(config) as credit, pytest.raises(LedgerError, match="newer"):
        credit.held_lists()
