"""Where a ledger is kept: made once however many ask, refused where it cannot be used, unharmed by forks and crashes."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger, ddl, schema
from credit_check_sdk._shell.ledger.stores import SqliteFile, sqlite_path
from credit_check_sdk.errors import ConfigurationError, KeyRingError, LedgerError
from credit_check_sdk.model.ledger import CheckById, OutboxRows, OutboxStatus
from tests.kit import ROOT
from tests.ledger.samples import check, lease, promise

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.conftest import Place


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on *code*, from the project's root."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )


def test_a_ledger_is_made_once_however_many_ask_for_it(place: Place) -> None:
    ledgers = [place.ledger() for _ in range(6)]
    barrier = threading.Barrier(6)

    def number(ledger: Ledger) -> str:
        barrier.wait(30)
        return ledger.number

    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(number, ledgers))
    assert len(numbers) == 1
    assert dict(place.sql("SELECT key, value FROM credit_meta WHERE key <> 'ring'")) == {
        "ledger": numbers.pop(),
        "schema": str(schema.VERSION),
    }
    for ledger in ledgers:
        ledger.close()


def test_two_ledgers_have_two_numbers(tmp_path: Path) -> None:
    numbers = set()
    for name in ("a.db", "b.db"):
        with contextlib.closing(Ledger(f"sqlite:///{tmp_path / 'deep' / name}", KeyRing.ephemeral())) as ledger:
            numbers.add(ledger.number)
    assert len(numbers) == 2


def test_the_printed_statements_make_the_tables_that_a_ledger_finds(place: Place) -> None:
    for statement in ddl(place.kind).split(";\n"):
        if statement:
            place.sql(statement)
    ledger = place.ledger()
    ledger.run([check("dec_1")])
    assert ledger.run(CheckById("dec_1")).decision.id == "dec_1"
    ledger.close()


def test_a_newer_ledger_is_refused_and_left_as_it_is(place: Place) -> None:
    made = place.ledger()
    made.prepare()
    made.close()
    place.sql("UPDATE credit_meta SET value = '999' WHERE key = 'schema'")
    place.sql("DROP TABLE credit_outbox")
    ledger = place.ledger()
    with pytest.raises(LedgerError, match=r"version 999.*upgrade credit-check-sdk"):
        ledger.run(OutboxStatus())
    with pytest.raises(Exception, match="credit_outbox"):
        place.sql("SELECT * FROM credit_outbox")
    ledger.close()


def test_another_ring_s_ledger_is_refused(place: Place) -> None:
    first = place.ledger()
    first.run([check("dec_1")])
    other = Ledger(place.url, KeyRing.ephemeral())
    for _ in range(2):
        with pytest.raises(KeyRingError, match="another key ring"):
            other.run([check("dec_2")])
    with pytest.raises(KeyRingError):
        other.prepare()
    assert first.run(CheckById("dec_2")) is None
    first.close()
    other.close()


@pytest.mark.parametrize("url", ["mysql://u:secret-1@h/d", "oracle:thing", "", "postgresql+psycopg://h:secret-1@x:y:z"])
def test_a_url_that_leads_nowhere_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ledger\.url.*write sqlite:///FILE") as caught:
        Ledger(url, KeyRing.ephemeral()).run(OutboxStatus())
    assert "secret-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///ledger.db", "ledger.db"),
        ("sqlite:////srv/ledger.db", "/srv/ledger.db"),
        ("sqlite+pysqlite:////srv/a b.db?timeout=5", "/srv/a b.db"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite://", ""),
    ],
)
def test_the_path_of_an_sqlite_url(url: str, path: str) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite://"])
def test_a_ledger_in_memory_is_one_for_all_threads(url: str) -> None:
    ledger = Ledger(url, KeyRing.ephemeral())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: ledger.run([check(f"dec_{n}"), promise(f"fb_{n}")]), range(8)))
        assert set(pool.map(lambda _: len(ledger.run(OutboxRows())), range(8))) == {8}
    ledger.close()


def test_a_ledger_that_cannot_be_reached_says_so_and_is_made_when_it_can_be(tmp_path: Path) -> None:
    folder = tmp_path / "ledger.db"
    folder.mkdir()
    ledger = Ledger(f"sqlite:///{folder}", KeyRing.ephemeral())
    ledger.prepare()
    with pytest.raises(LedgerError, match="OperationalError") as caught:
        ledger.run([check("dec_1")])
    assert (caught.value.code, caught.value.retryable) == ("ledger.unavailable", True)
    folder.rmdir()
    ledger.run([check("dec_1")])
    assert ledger.run(CheckById("dec_1")).decision.id == "dec_1"
    ledger.close()


def test_a_server_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    ledger = Ledger(f"postgresql://postgres@/postgres?host={tmp_path}", KeyRing.ephemeral())
    with pytest.raises(LedgerError, match="OperationalError"):
        ledger.run(OutboxStatus())
    ledger.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("台账" * 500, encoding="utf-8")
    ledger = Ledger(f"sqlite:///{file}", KeyRing.ephemeral())
    with pytest.raises(LedgerError, match="DatabaseError"):
        ledger.run(OutboxStatus())
    assert file.read_text(encoding="utf-8") == "台账" * 500


def test_a_commit_is_on_the_disk_and_readers_wait_for_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'l.db'}"
    ledger = Ledger(url, KeyRing.ephemeral())
    ledger.run([check("dec_1")])
    with SqliteFile(url).transaction(write=True) as connection:
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        }
        assert settings == {"journal_mode": "wal", "synchronous": 2}
        # Somebody holds the pen; reading goes on.
        assert ledger.run(CheckById("dec_1")).decision.id == "dec_1"
        connection.execute("INSERT INTO credit_meta VALUES ('k', 'v')")
        assert ledger.run(CheckById("dec_2")) is None
    ledger.close()


def test_threads_that_come_and_go_leave_no_connections_behind(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'l.db'}", KeyRing.ephemeral())
    for number in range(30):
        thread = threading.Thread(target=ledger.run, args=([check(f"dec_{number}")],))
        thread.start()
        thread.join()
    assert isinstance(ledger._store, SqliteFile)
    assert len(ledger._store._all) == 1
    ledger.close()
    assert not ledger._store._all
    assert ledger.run(CheckById("dec_29")).decision.id == "dec_29"
    ledger.close()


def test_a_connection_that_broke_is_not_lent_again(tmp_path: Path) -> None:
    store = SqliteFile(f"sqlite:///{tmp_path / 'l.db'}")
    with contextlib.suppress(ZeroDivisionError), store.transaction(write=True) as connection:
        connection.execute("CREATE TABLE t (x)")
        raise ZeroDivisionError
    with store.transaction(write=True) as again:
        assert again is connection
        assert again.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), store.transaction(write=True) as connection:
        connection.close()
    with store.transaction(write=False) as fresh:
        assert fresh is not connection
    assert store._all == {fresh}
    store.close()


FORKS = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from credit_check_sdk._shell.audit import AuditStore
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger
from credit_check_sdk.model.ledger import OutboxRows
from tests.ledger.samples import check, promise

keys = KeyRing.open(Path(sys.argv[2]))
ledger, audit = Ledger(sys.argv[1], keys), AuditStore(sys.argv[1], keys)
ledger.run([promise("fb_parent")])
audit.rows("c-1")
for number in range(3):
    child = os.fork()
    if child == 0:
        ledger.reset_after_fork()
        audit.reset_after_fork()
        for turn in range(5):
            ledger.run([check(f"dec_{number}_{turn}"), promise(f"fb_{number}_{turn}")])
        assert audit.rows("c-1") == []
        ledger.close()
        os._exit(0)
ledger.run([promise("fb_after")])
assert [os.waitpid(-1, 0)[1] for _ in range(3)] == [0, 0, 0]
assert len(ledger.run(OutboxRows())) == 17
ledger.close()
audit.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_parent_and_children_record_side_by_side(place: Place, tmp_path: Path) -> None:
    keys = tmp_path / "ring"
    KeyRing.make(keys)
    done = python(FORKS, place.url, str(keys))
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0, out + err
    assert place.sql("SELECT count(*) FROM credit_entry") == [(32,)]
    if place.kind == "sqlite":
        assert place.sql("PRAGMA integrity_check") == [("ok",)]


CRASHES = """
import sys
from pathlib import Path
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger
from tests.ledger.samples import check, promise

ledger = Ledger(sys.argv[1], KeyRing.open(Path(sys.argv[2])))
number = 0
while True:
    ledger.run([check(f"dec_{number}"), promise(f"fb_{number}")])
    print(number, flush=True)
    number += 1
"""


def test_what_was_promised_before_a_crash_is_there_after_it(tmp_path: Path) -> None:
    url, keys = f"sqlite:///{tmp_path / 'l.db'}", tmp_path / "ring"
    ring = KeyRing.make(keys)
    running = python(CRASHES, url, str(keys))
    assert running.stdout is not None
    for line in running.stdout:
        if int(line) >= 25:
            break
    running.send_signal(signal.SIGKILL)
    out, _ = running.communicate(timeout=60)
    promised = int([*line.split(), *out.split()][-1]) + 1
    ledger = Ledger(url, ring)
    rows = ledger.run(OutboxRows())
    # The last one may have been committed, and the crash come before it was said; never the other way round.
    assert len(rows) in {promised, promised + 1}
    assert all(ledger.run(CheckById(f"dec_{number}")) is not None for number in range(len(rows)))
    assert ledger.run(CheckById(f"dec_{len(rows)}")) is None
    assert len(lease(ledger, limit=1000)) == len(rows)
    ledger.close()


def test_a_host_pays_for_no_database_before_it_uses_one() -> None:
    code = (
        "import sys, credit_check_sdk, credit_check_sdk._shell.ledger, credit_check_sdk._shell.audit, "
        "credit_check_sdk._shell.keys, credit_check_sdk._shell.calendar\n"
        "slow = {'sqlalchemy', 'psycopg', 'cryptography', 'joserfc', 'chinese_calendar', 'yaml'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    out, err = python(code).communicate(timeout=60)
    assert (out.strip(), err) == ("[]", "")
