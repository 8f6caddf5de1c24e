"""Sealing goes on beside everything else: writers do not wait, sealers do not fork, what commits late is not lost."""

from __future__ import annotations

import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from credit_check_sdk._shell.ledger.stores import Server
from credit_check_sdk.model.ledger import BeginChain, LatestCheckpoint, Seal, Unsealed
from tests.evidence.sealed import Hand, fill, seal, verify
from tests.ledger.conftest import make_place
from tests.ledger.hosts import driver_options
from tests.ledger.samples import MINUTE, NOW, check, promise

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place


def test_an_empty_ledger_is_whole(ledger: Ledger) -> None:
    for _ in range(2):
        found = verify(ledger)
        assert (found.whole, found.sealed, found.unsealed, found.head, found.breach) == (True, 0, 0, None, None)
        assert ledger.run(Seal(NOW)).entries == 0
        assert ledger.run(LatestCheckpoint()) is None


def test_what_is_recorded_is_sealed_once_and_in_the_order_of_its_times(place: Place, ledger: Ledger) -> None:
    ledger.run([check("dec_2", "c-2", at=NOW + MINUTE), check("dec_1", "c-1", at=NOW)])
    assert ledger.run(Unsealed()) == 2
    assert ledger.run(Seal(NOW)).entries == 2
    assert (ledger.run(Seal(NOW)).entries, ledger.run(Unsealed())) == (0, 0)
    assert place.sql("SELECT place, entry FROM credit_seal ORDER BY place") == [(1, "dec_1"), (2, "dec_2")]
    assert place.sql("SELECT count(*) FROM credit_checkpoint") == [(1,)]


def test_an_entry_that_says_an_earlier_time_is_sealed_later_where_it_comes_later(place: Place, ledger: Ledger) -> None:
    ledger.run([check("dec_2", "c-2", at=NOW + MINUTE)])
    seal(ledger)
    ledger.run([check("dec_1", "c-1", at=NOW)])
    seal(ledger)
    assert place.sql("SELECT place, entry FROM credit_seal ORDER BY place") == [(1, "dec_2"), (2, "dec_1")]
    assert verify(ledger).whole


def test_an_entry_that_commits_late_is_sealed_later_and_never_lost(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """PostgreSQL commits out of order: what was recorded first may be seen last."""
    place = make_place(request, "postgresql", tmp_path)
    ledger = place.ledger()
    ledger.prepare()
    with psycopg.connect(**driver_options(place)) as late:
        ledger.run([check("dec_1", "c-1", at=NOW)], transaction=late)
        ledger.run([check("dec_2", "c-2", at=NOW + MINUTE)])
        # The sealer neither waits for the open transaction nor skips what it holds.
        assert ledger.run(Seal(NOW)).entries == 1
        assert ledger.run(Unsealed()) == 0
        late.commit()
    assert ledger.run(Unsealed()) == 1
    assert ledger.run(Seal(NOW)).entries == 1
    assert place.sql("SELECT entry FROM credit_seal ORDER BY place") == [("dec_2",), ("dec_1",)]
    assert verify(ledger).whole
    ledger.close()


def test_what_a_host_rolls_back_is_never_sealed(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place = make_place(request, "postgresql", tmp_path)
    ledger = place.ledger()
    ledger.prepare()
    with psycopg.connect(**driver_options(place)) as host:
        ledger.run([check("dec_1")], transaction=host)
        host.rollback()
    assert ledger.run(Seal(NOW)).entries == 0
    assert verify(ledger).unsealed == 0
    ledger.close()


def test_whoever_records_does_not_wait_for_a_sealer(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A sealer that hangs in the middle of its work holds up other sealers, and nobody who records."""
    place = make_place(request, "postgresql", tmp_path)
    ledger = place.ledger()
    ledger.run([check("dec_1")])
    seal(ledger)
    ledger.run([check("dec_2", "c-2")])
    with psycopg.connect(**driver_options(place)) as hanging:
        hanging.execute("SELECT number FROM credit_chain WHERE number = 1 FOR UPDATE")
        hanging.execute("UPDATE credit_entry SET place = 2 WHERE id = 'dec_2'")
        with ThreadPoolExecutor(1) as pool:
            # Whoever waited for the sealer would wait for ever: it goes on only below.
            pool.submit(ledger.run, [check("dec_3", "c-3"), promise("fb_1")]).result(60)
            other = pool.submit(seal, ledger)
            time.sleep(0.2)
            assert not other.done()
            hanging.rollback()
            assert other.result(30).size == 4
    assert verify(ledger).whole
    ledger.close()


def test_sealers_side_by_side_never_fork_the_chain_while_writers_go_on(place: Place) -> None:
    writers, sealers, each = 3, 3, 12
    ledgers = [place.ledger() for _ in range(writers + sealers)]
    ledgers[0].prepare()
    barrier, done = threading.Barrier(writers + sealers), threading.Event()

    def write(ledger: Ledger, number: int) -> None:
        barrier.wait(30)
        for turn in range(each):
            ledger.run([check(f"dec_{number}_{turn}", f"c-{number}-{turn}"), promise(f"fb_{number}_{turn}")])

    def keep_sealing(ledger: Ledger) -> int:
        barrier.wait(30)
        sealed = 0
        while not done.is_set():
            sealed += ledger.run(Seal(NOW, 5)).entries
        return sealed

    with ThreadPoolExecutor(writers + sealers) as pool:
        sealing = [pool.submit(keep_sealing, ledger) for ledger in ledgers[writers:]]
        writing = [pool.submit(write, ledger, number) for number, ledger in enumerate(ledgers[:writers])]
        for future in writing:
            future.result(60)
        done.set()
        sealed = sum(future.result(60) for future in sealing)
    while rest := ledgers[0].run(Seal(NOW)).entries:
        sealed += rest
    total = writers * each * 2
    assert sealed == total
    found = verify(ledgers[0])
    assert (found.whole, found.sealed, found.unsealed, found.chains) == (True, total, 0, 1)
    assert place.sql("SELECT count(*), count(DISTINCT previous), max(place) FROM credit_seal") == [
        (total, total, total)
    ]
    for ledger in ledgers:
        ledger.close()


def test_verifying_while_writers_and_a_sealer_go_on_finds_it_whole(place: Place) -> None:
    writer, reader = place.ledger(), place.ledger()
    done = threading.Event()

    def go_on() -> int:
        number = 0
        while not done.is_set():
            writer.run([check(f"dec_{number}", f"c-{number}"), promise(f"fb_{number}")])
            writer.run(Seal(NOW))
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go_on)
        found = [verify(reader) for _ in range(15)]
        done.set()
        assert going.result(60) > 0
    assert [one.breach for one in found] == [None] * len(found)
    writer.close()
    reader.close()


def test_a_chain_begun_anew_continues_the_head_and_never_doubles_a_place(place: Place, ledger: Ledger) -> None:
    fill(ledger)
    first, second = place.sql("SELECT chain FROM credit_chain ORDER BY number")
    assert first != second
    chains = place.sql("SELECT chain, min(place), max(place) FROM credit_seal GROUP BY chain ORDER BY 2")
    assert chains == [(first[0], 1, 15), (second[0], 16, 17)]
    head = place.sql("SELECT link FROM credit_seal WHERE place = 15")
    assert place.sql("SELECT after_place, after_link, reason FROM credit_chain WHERE number = 2") == [
        (15, head[0][0], "restored")
    ]
    assert verify(ledger).chains == 2


def test_a_restored_copy_begins_a_chain_and_the_lost_tail_is_found(place: Place, ledger: Ledger) -> None:
    """What the lost ledger had sealed beyond the copy and what is sealed after it stand on two chains."""
    ledger.run([check("dec_1")])
    seal(ledger)
    ledger.run([check("dec_2", "c-2")])
    lost = seal(ledger)
    hand = Hand(place)
    hand.do(
        "DELETE FROM credit_entry WHERE id = 'dec_2'",
        "DELETE FROM credit_seal WHERE entry = 'dec_2'",
        "DELETE FROM credit_checkpoint WHERE size = 2",
        *(
            f"DELETE FROM {table} WHERE decision = 'dec_2'"  # noqa: S608  a table's own name
            for table in ("credit_check", "credit_proposal", "credit_ground", "credit_subject")
        ),
    )
    assert ledger.run(BeginChain("restored from a copy", NOW)).startswith("chain-")
    cut = verify(ledger, lost).breach
    assert cut is not None
    assert (cut.kind, cut.place, cut.entry, "restored" in cut.where) == ("cut_off", 2, "dec_2", True)
    ledger.run([check("dec_3", "c-3")])
    found = seal(ledger)
    assert (found.size, found.chain != lost.chain) == (lost.size, True)
    assert verify(ledger).whole
    again = verify(ledger, lost)
    assert not again.whole
    hand.engine.dispose()


def test_a_failing_sealer_leaves_nothing_behind(place: Place, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.run([check("dec_1"), promise("fb_1")])
    with monkeypatch.context() as broken:
        broken.setattr(type(place.keys), "sign", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.run(Seal(NOW))
    assert place.sql("SELECT count(*) FROM credit_seal") == [(0,)]
    assert ledger.run(Unsealed()) == 2
    assert seal(ledger).size == 2
    assert verify(ledger).whole


def test_memory_does_not_grow_with_the_ledger(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = make_place(request, "sqlite", tmp_path)
    ledger = place.ledger()
    peaks: list[int] = []
    for size in (400, 2400):
        have = place.sql("SELECT count(*) FROM credit_entry")[0][0] if peaks else 0
        for start in range(have, size, 200):
            ledger.run([promise(f"fb_{n:06}", f"c-{n}") for n in range(start, start + 200)])
        while ledger.run(Seal(NOW)).entries:
            pass
        tracemalloc.start()
        assert verify(ledger).sealed == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
    assert not isinstance(ledger._store, Server)
    ledger.close()
