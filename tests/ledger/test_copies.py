"""A ledger is copied while it is used, and restored: nothing is lost, nothing is sent again blindly, no chain is forked."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger, copying, schema
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import InputError, KeyRingError, LedgerError, LedgerVersionError
from credit_check_sdk.model.ledger import CheckById, Notices, OutboxRows, Seal, Settle, VerifyEvidence
from tests.kit import OFFICER, ROOT, case, record
from tests.ledger.conftest import make_place
from tests.ledger.samples import MINUTE, NOW, answer, check, lease, notice, promise, said
from tests.ledger.test_versions import lay_down, old_keys

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit import Door
    from tests.ledger.conftest import Place

LATER = NOW + timedelta(days=1)


@pytest.fixture
def other(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give a second, empty database for the same ring, of the same kind."""
    return beside(place, place.kind, request, tmp_path)


def beside(place: Place, kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    folder = tmp_path / "other"
    folder.mkdir()
    made = make_place(request, kind, folder)
    return type(made)(made.kind, made.url, place.keys, made.options)


def fill(ledger: Ledger) -> None:
    """Record some of everything: delivered, leased, waiting, dead, sealed and not."""
    ledger.run([check("dec_1"), notice(), answer("resp_1", "dec_1", feedback="fb_1"), promise("fb_1")])
    ledger.run([promise("fb_2", "c-2"), promise("fb_3", "c-3")])
    lease(ledger)
    ledger.run(Settle("lease_1", NOW, (said("fb_1", "delivered"), said("fb_2", "refused"))))
    ledger.run(Seal(NOW))
    ledger.run([check(f"dec_{number}", f"c-{number}") for number in range(4, 20)] + [promise("fb_4", "c-4")])


def content(place: Place, *, without: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row of the ledger."""
    found = {}
    for table in schema.metadata.sorted_tables:
        if table.name not in without:
            order = ", ".join(column.name for column in table.primary_key.columns)
            rows = place.sql(f"SELECT * FROM {table.name} ORDER BY {order}")  # noqa: S608  names of tables
            found[table.name] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_is_restored_on_either_database(
    place: Place, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    target = beside(place, kind, request, tmp_path)
    ledger = place.ledger()
    fill(ledger)
    checkpoint = ledger.run(Seal(NOW)).checkpoint
    file = tmp_path / "copy.ledger"
    taken = copying.backup(place.url, file, NOW)
    assert (taken.ledger, taken.entries) == (ledger.number, place.sql("SELECT count(*) FROM credit_entry")[0][0])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    back = copying.restore(target.url, place.keys, file, LATER)
    assert (back.ledger, back.rows, back.in_doubt) == (taken.ledger, taken.rows, 2)
    moved = ("credit_outbox", "credit_chain")
    assert content(target, without=moved) == content(place, without=moved)
    restored = target.ledger()
    try:
        assert restored.run(CheckById("dec_1")) == ledger.run(CheckById("dec_1"))
        assert restored.run(Notices()) == ledger.run(Notices())
        restored.run([check("dec_new", "c-new"), promise("fb_new", "c-new")])
        after = restored.run(Seal(LATER)).checkpoint
        found = restored.run(VerifyEvidence(checkpoint))
        assert (found.whole, found.chains) == (True, 2)
        # What the lost ledger sealed beyond the copy, and what this one seals now, never claim the same place of one chain.
        ledger.run([check("dec_lost", "c-lost")])
        lost = ledger.run(Seal(LATER)).checkpoint
        assert lost.chain == checkpoint.chain != after.chain == back.chain
        assert not restored.run(VerifyEvidence(lost)).whole
    finally:
        restored.close()
        ledger.close()


def test_what_was_on_its_way_is_in_doubt_and_the_rest_is_as_it_was(place: Place, other: Place, tmp_path: Path) -> None:
    ledger = place.ledger()
    fill(ledger)
    before = {row.key: row for row in ledger.run(OutboxRows())}
    assert [before[key].state for key in ("fb_1", "fb_2", "fb_3", "fb_4")] == ["delivered", "dead", "leased", "waiting"]
    copying.backup(place.url, tmp_path / "copy", NOW)
    ledger.close()
    copying.restore(other.url, place.keys, tmp_path / "copy", LATER)
    restored = other.ledger()
    after = {row.key: row for row in restored.run(OutboxRows())}
    assert [after[key] for key in ("fb_1", "fb_2")] == [before[key] for key in ("fb_1", "fb_2")]
    for key in ("fb_3", "fb_4"):
        assert (after[key].state, after[key].last_error, after[key].lease) == ("in_doubt", copying.RESTORED, None)
    assert lease(restored, now=LATER + MINUTE) == []
    restored.run([promise("fb_9", "c-9")])
    assert [row.key for row in lease(restored, now=LATER + MINUTE)] == ["fb_9"]
    restored.close()


def test_a_restored_ledger_does_not_do_twice_what_was_done_meanwhile(
    door: Door, config: Path, sandbox: Any, tmp_path: Path
) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    asked = case()
    decision = door.check(asked)
    from credit_check_sdk import Response  # noqa: PLC0415  one test's

    door.settle(
        decision, [Response(proposal=each.id, answer="applied") for each in decision.proposals], operator=OFFICER
    )
    url = f"sqlite:///{config.parent / 'credit-check.db'}"
    keys = KeyRing.open(config.parent / "keys")
    copying.backup(url, tmp_path / "copy", NOW)
    promised = len(door.outbox())
    assert door.relay().delivered == promised > 0
    effects = len(sandbox.received("feedback"))
    back = copying.restore(url, keys, tmp_path / "copy", LATER, replace=True)
    assert back.in_doubt == promised
    door.relay()
    assert len(sandbox.received("feedback")) == effects
    assert door.verify_evidence().whole
    assert {row.state for row in door.outbox()} <= {"in_doubt", "delivered"}


def test_a_copy_is_of_one_moment_while_others_write(place: Place, other: Place, tmp_path: Path) -> None:
    ledger = place.ledger()
    fill(ledger)
    stop, trouble = threading.Event(), []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                ledger.run([check(f"dec_w{number}", f"c-w{number}"), promise(f"fb_w{number}", f"c-w{number}")])
                number += 1
        except LedgerError as error:
            trouble.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            copying.backup(place.url, tmp_path / f"copy-{number}", NOW)
    finally:
        stop.set()
        writer.join(60)
        ledger.close()
    assert not trouble
    copying.restore(other.url, place.keys, tmp_path / "copy-2", LATER)
    ((checks, feedback),) = other.sql(
        "SELECT (SELECT count(*) FROM credit_check WHERE case_id LIKE 'c-w%%'),"
        " (SELECT count(*) FROM credit_outbox WHERE case_id LIKE 'c-w%%')"
    )
    assert checks == feedback > 0


class TestRefused:
    def test_a_ledger_with_entries_gives_way_only_when_told(self, place: Place, other: Place, tmp_path: Path) -> None:
        for each, number in ((place, "dec_1"), (other, "dec_other")):
            ledger = each.ledger()
            ledger.run([check(number)])
            ledger.close()
        copying.backup(place.url, tmp_path / "copy", NOW)
        before = content(other)
        with pytest.raises(InputError, match="--replace"):
            copying.restore(other.url, place.keys, tmp_path / "copy", LATER)
        assert content(other) == before
        copying.restore(other.url, place.keys, tmp_path / "copy", LATER, replace=True)
        restored = other.ledger()
        assert restored.run(CheckById("dec_1")) is not None
        assert restored.run(CheckById("dec_other")) is None
        restored.close()

    def test_another_ring_s_copy(self, place: Place, other: Place, tmp_path: Path) -> None:
        ledger = place.ledger()
        fill(ledger)
        ledger.close()
        copying.backup(place.url, tmp_path / "copy", NOW)
        with pytest.raises(KeyRingError, match="another key ring"):
            copying.restore(other.url, KeyRing.ephemeral(), tmp_path / "copy", LATER)
        copying.restore(other.url, place.keys, tmp_path / "copy", LATER)

    def test_a_file_that_is_there_is_not_written_over(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "copy").write_text("mine")
        with pytest.raises(InputError, match="nothing is written over"):
            copying.backup(place.url, tmp_path / "copy", NOW)
        assert (tmp_path / "copy").read_text() == "mine"

    def test_a_database_without_a_ledger(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="cannot be copied"):
            copying.backup(place.url, tmp_path / "copy", NOW)
        assert not (tmp_path / "copy").exists()
        assert not (tmp_path / "copy.part").exists()

    def test_a_folder_that_is_not_there(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot be written"):
            copying.backup(place.url, tmp_path / "no" / "copy", NOW)

    @pytest.fixture(scope="class")
    @classmethod
    def copy(cls, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KeyRing]:
        """Take one copy for the tests that damage it."""
        folder = tmp_path_factory.mktemp("copy")
        keys = KeyRing.ephemeral()
        ledger = Ledger(f"sqlite:///{folder / 'l.db'}", keys)
        fill(ledger)
        ledger.close()
        copying.backup(f"sqlite:///{folder / 'l.db'}", folder / "copy", NOW)
        return folder / "copy", keys

    @pytest.mark.parametrize("damage", ["cut", "row", "body", "facts", "text", "empty", "missing", "newer"])
    def test_a_damaged_copy(self, copy: tuple[Path, KeyRing], tmp_path: Path, damage: str) -> None:
        whole, keys = copy
        file = tmp_path / "copy"
        if damage == "missing":
            pass
        elif damage in {"text", "empty"}:
            file.write_text("台账" if damage == "text" else "")
        else:
            file.write_bytes(whole.read_bytes()[:-4096] if damage == "cut" else whole.read_bytes())
        statement = {
            "row": "DELETE FROM credit_check WHERE decision = 'dec_5'",
            "body": "UPDATE credit_entry SET digest = 'x' WHERE id = 'dec_5'",
            "facts": "DELETE FROM credit_backup WHERE key = 'digest'",
            "newer": "UPDATE credit_backup SET value = '999' WHERE key = 'schema'",
        }.get(damage)
        if statement:
            with sqlite3.connect(file) as opened:
                opened.execute(statement)
            opened.close()
        expected: type[Exception] = LedgerVersionError if damage == "newer" else InputError
        with pytest.raises(expected):
            copying.restore(f"sqlite:///{tmp_path / 'new.db'}", keys, file, LATER)
        assert not (tmp_path / "new.db").exists()


def test_a_copy_of_an_older_ledger_is_brought_to_this_version(
    place: Place, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    keys = old_keys(tmp_path)
    folder = tmp_path / "old"
    folder.mkdir()
    old = make_place(request, "sqlite", folder)
    rows = lay_down(old, 1)
    file = folder / "ledger.db"
    with sqlite3.connect(file) as opened:
        opened.execute("CREATE TABLE credit_backup (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        facts = {"format": "1", "schema": "1", "ledger": "l", "taken_at": "", "rows": "", "digest": ""}
        facts |= digest_of(opened)
        opened.executemany("INSERT INTO credit_backup VALUES (?, ?)", list(facts.items()))
    opened.close()
    back = copying.restore(place.url, keys, file, LATER)
    assert (back.version, back.entries) == (schema.VERSION, len(rows["credit_entry"]["rows"]))
    ledger = Ledger(place.url, keys)
    try:
        number = rows["credit_check"]["rows"][0][rows["credit_check"]["columns"].index("decision")]
        assert ledger.run(CheckById(number)).decision.id == number
        ledger.run(Seal(LATER))
        assert ledger.run(VerifyEvidence()).whole
    finally:
        ledger.close()


def digest_of(opened: sqlite3.Connection) -> dict[str, str]:
    """Give what a copy of version 1 says of its rows."""
    import hashlib  # noqa: PLC0415  one function's

    digest, count = hashlib.sha256(), 0
    held = {row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in schema.metadata.sorted_tables:
        if table.name in held:
            there = {row[1] for row in opened.execute(f"PRAGMA table_info({table.name})")}
            names = ", ".join(column.name for column in table.columns if column.name in there)
            order = ", ".join(column.name for column in table.primary_key.columns)
            page = opened.execute(f"SELECT {names} FROM {table.name} ORDER BY {order}").fetchall()  # noqa: S608  our own names
            if page:
                digest.update(copying._said(table, page))
                count += len(page)
    return {"rows": str(count), "digest": digest.hexdigest()}


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import copying

what, url, ring, file, after = sys.argv[1:]
real, calls = copying._pages, 0

def pages(*given):
    global calls
    for page in real(*given):
        calls += 1
        if calls > int(after):
            os.kill(os.getpid(), signal.SIGKILL)
        yield page

copying._pages = pages
now = datetime.now(UTC)
if what == "backup":
    copying.backup(url, Path(file), now)
else:
    copying.restore(url, KeyRing.open(Path(ring)), Path(file), now, replace=True)
"""


@pytest.mark.parametrize("after", [0, 2, 6])
def test_killed_half_way_it_leaves_no_half_copy_and_no_half_ledger(
    place: Place, other: Place, tmp_path: Path, after: int
) -> None:
    keys = KeyRing.make(tmp_path / "ring")
    source, target = Ledger(place.url, keys), Ledger(other.url, keys)
    fill(source)
    target.run([check("dec_other")])
    source.close()
    target.close()
    file = tmp_path / "copy"

    def killed(what: str, url: str) -> None:
        words = [what, url, str(tmp_path / "ring"), str(file), str(after)]
        done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, cwd=ROOT, timeout=60)
        assert done.returncode == -signal.SIGKILL

    killed("backup", place.url)
    assert not file.exists()
    copying.backup(place.url, file, NOW)
    before = content(other)
    killed("restore", other.url)
    assert content(other) == before
    copying.restore(other.url, keys, file, LATER, replace=True)
    assert len(content(other)["credit_entry"]) == len(content(place)["credit_entry"])


class TestCommands:
    def test_backup_and_restore(
        self, door: Door, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        base = ["--config", str(config), "--json"]
        asked = case()
        door.check(asked)
        file, keys = tmp_path / "copy", tmp_path / "key-copy"
        assert run(["ledger", "backup", str(file), "--keys", str(keys), *base]) == 0
        taken = json.loads(capsys.readouterr().out)
        assert (taken["entries"], taken["keys"]) == (1, True)
        assert stat.S_IMODE((keys / "ring.json").stat().st_mode) == 0o600
        for words in (["backup", str(file)], ["restore", str(file)]):
            assert run(["ledger", *words, *base]) == 2
            assert json.loads(capsys.readouterr().out)["error"]["code"] == "input.invalid"
        assert run(["ledger", "restore", str(file), "--replace", *base]) == 0
        back = json.loads(capsys.readouterr().out)
        assert (back["ledger"], back["entries"]) == (taken["ledger"], 1)
        assert run(["evidence", "verify", *base]) == 0
        assert door.require(asked).case_id == asked.id

    def test_it_says_that_keys_are_apart(
        self, door: Door, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        door.check(case())
        assert run(["ledger", "backup", str(tmp_path / "copy"), "--config", str(config), "--lang", "en"]) == 0
        assert "No key is in it" in capsys.readouterr().err
        ring = json.loads((config.parent / "keys" / "ring.json").read_text())
        copied = (tmp_path / "copy").read_bytes()
        assert not any(key["key"].encode() in copied for key in ring["data"])
        assert run(["ledger", "restore", str(tmp_path / "none"), "--config", str(config)]) == 2
