"""Feedback in the outbox: held by one relay at a time, in order, never lost. On both kinds of database."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.model.ledger import (
    ChannelReport,
    Lease,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxStatus,
    Requeue,
    Settle,
)
from tests.ledger.samples import MINUTE, NOW, check, lease, promise, said

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place


def keys_of(rows: list[OutboxRow]) -> list[str]:
    return [row.key for row in rows]


def row_of(ledger: Ledger, key: str) -> OutboxRow:
    (found,) = [row for row in ledger.run(OutboxRows()) if row.key == key]
    assert isinstance(found, OutboxRow)
    return found


def test_a_leased_row_says_all_that_a_relay_needs(ledger: Ledger) -> None:
    entry = promise("fb_1")
    ledger.run([entry])
    (row,) = lease(ledger)
    assert row.feedback == entry.feedback
    assert (row.key, row.channel, row.case_id, row.state) == ("fb_1", "municipal", "c-fb_1", "leased")
    assert (row.attempts, row.lease, row.lease_until) == (1, "lease_1", NOW + MINUTE)
    assert (row.created_at, row.next_at, row.delivered_at, row.last_error) == (NOW, NOW, None, None)


def test_only_due_rows_of_the_channel_are_taken_oldest_first(ledger: Ledger) -> None:
    later = promise("fb_3", at=NOW + MINUTE)
    ledger.run([promise("fb_1"), promise("fb_2", channel="national"), later, promise("fb_4"), promise("fb_5")])
    assert keys_of(lease(ledger, limit=2)) == ["fb_1", "fb_4"]
    assert keys_of(lease(ledger, "lease_2")) == ["fb_5"]
    assert keys_of(lease(ledger, "lease_3", now=NOW + MINUTE)) == ["fb_3"]
    assert keys_of(list(ledger.run(Lease("national", 10, NOW, MINUTE, "lease_4")))) == ["fb_2"]


@pytest.mark.parametrize(
    ("verdict", "behind_it_goes"), [("delivered", True), ("refused", True), ("retry", False), ("in_doubt", False)]
)
def test_the_order_of_a_file_and_channel_is_kept(ledger: Ledger, verdict: str, *, behind_it_goes: bool) -> None:
    ledger.run([promise("fb_1", "c-1"), promise("fb_2", "c-1"), promise("fb_3", "c-2")])
    ledger.run([promise("fb_4", "c-1", channel="national")])
    assert keys_of(lease(ledger)) == ["fb_1", "fb_3"]
    assert keys_of(lease(ledger, "lease_2")) == []
    later = {"fb_1": NOW + timedelta(hours=1)}
    assert ledger.run(Settle("lease_1", NOW, (said("fb_1", verdict),), later)) == 1
    assert keys_of(lease(ledger, "lease_3")) == (["fb_2"] if behind_it_goes else [])
    assert keys_of(list(ledger.run(Lease("national", 10, NOW, MINUTE, "lease_4")))) == ["fb_4"]


def test_a_lease_runs_out_by_itself_and_its_holder_no_longer_counts(ledger: Ledger) -> None:
    ledger.run([promise("fb_1")])
    lease(ledger)
    assert keys_of(lease(ledger, "lease_2", now=NOW + MINUTE)) == []
    (row,) = lease(ledger, "lease_2", now=NOW + MINUTE + timedelta(microseconds=1))
    assert row.attempts == 2
    for verdict in ("delivered", "retry", "refused", "in_doubt"):
        assert ledger.run(Settle("lease_1", NOW, (said("fb_1", verdict),), {}, frozenset({"fb_1"}))) == 0
    assert row_of(ledger, "fb_1").state == "leased"
    assert ledger.run(Settle("lease_2", NOW, (said("fb_1", "delivered"), said("fb_9", "delivered")))) == 1
    # Settled once: the same token settles it no second time.
    assert ledger.run(Settle("lease_2", NOW, (said("fb_1", "retry"),))) == 0
    done = row_of(ledger, "fb_1")
    assert (done.state, done.delivered_at, done.lease, done.lease_until) == ("delivered", NOW, None, None)


def test_what_is_given_up_is_shown_counted_and_requeued(ledger: Ledger) -> None:
    ledger.run([promise(f"fb_{n}") for n in range(5)])
    untried = ChannelReport("municipal", oldest_waiting=NOW, counts={"waiting": 5})
    assert ledger.run(OutboxStatus()) == OutboxReport({"waiting": 5}, NOW, None, (untried,))
    lease(ledger, limit=4)
    answers = (
        said("fb_0", "refused", "item.invalid"),
        said("fb_1", "retry", "source.status"),
        said("fb_2", "delivered"),
        said("fb_3", "in_doubt"),
    )
    assert ledger.run(Settle("lease_1", NOW, answers, {}, frozenset({"fb_1"}))) == 4
    assert keys_of(list(ledger.run(OutboxRows(("dead",))))) == ["fb_0", "fb_1"]
    assert keys_of(list(ledger.run(OutboxRows(("in_doubt", "dead", "waiting"), 3)))) == ["fb_0", "fb_1", "fb_3"]
    report = ledger.run(OutboxStatus())
    counts = {"dead": 2, "delivered": 1, "in_doubt": 1, "waiting": 1}
    of_channel = ChannelReport("municipal", oldest_waiting=NOW, counts=counts)
    assert report == OutboxReport(counts, NOW, "in_doubt", (of_channel,))
    assert report.undelivered == 4
    assert ledger.run(Requeue(("fb_0", "fb_2", "fb_9"), NOW + MINUTE)) == 1
    assert ledger.run(Requeue((), NOW + MINUTE)) == 1
    again = row_of(ledger, "fb_0")
    assert (again.state, again.attempts, again.next_at) == ("waiting", 0, NOW + MINUTE)
    assert keys_of(lease(ledger, "lease_2", now=NOW + MINUTE)) == ["fb_0", "fb_1", "fb_4"]


def test_the_same_key_is_the_same_promise(place: Place, ledger: Ledger) -> None:
    first = promise("fb_1", "c-1")
    ledger.run([first, promise("fb_1", "c-2")])
    ledger.run([promise("fb_1", "c-3"), check("dec_1")])
    (row,) = lease(ledger)
    assert row.feedback == first.feedback
    assert place.sql("SELECT count(*) FROM credit_entry WHERE kind = 'feedback'") == [(1,)]


def test_the_same_key_promised_side_by_side_is_one_row(place: Place) -> None:
    ledgers = [place.ledger() for _ in range(4)]
    barrier = threading.Barrier(4)

    def work(ledger: Ledger, number: int) -> None:
        for turn in range(10):
            barrier.wait(30)
            ledger.run([check(f"dec_{turn}_{number}"), promise(f"fb_{turn}")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ledgers, range(4)))
    assert len(ledgers[0].run(OutboxRows())) == 10
    assert place.sql("SELECT count(*) FROM credit_entry WHERE kind = 'check'") == [(40,)]
    for ledger in ledgers:
        ledger.close()


def test_relays_side_by_side_never_hold_the_same_row(place: Place) -> None:
    """Four relays, two of them of one process, on sixty rows of ten files: each delivered once, in order of its file."""
    first = place.ledger()
    first.run([promise(f"fb_{n:02}", f"c-{n % 10}") for n in range(60)])
    second = place.ledger()
    barrier = threading.Barrier(4)
    lock = threading.Lock()
    held: set[str] = set()
    delivered: list[str] = []

    def relay(number: int, ledger: Ledger) -> None:
        barrier.wait(30)
        for turn in range(400):
            rows = lease(ledger, f"lease_{number}_{turn}", limit=3)
            with lock:
                assert held.isdisjoint(keys_of(rows))
                held.update(keys_of(rows))
            answers = tuple(said(row.key, "delivered") for row in rows)
            with lock:
                held.difference_update(keys_of(rows))
                delivered.extend(keys_of(rows))
            assert ledger.run(Settle(f"lease_{number}_{turn}", NOW, answers)) == len(rows)
            if len(delivered) == 60:
                return

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(relay, n, ledger) for n, ledger in enumerate([first, first, second, second])]:
            done.result(60)
    assert Counter(delivered) == Counter({f"fb_{n:02}": 1 for n in range(60)})
    for file in range(10):
        of_file: list[Any] = [key for key in delivered if int(key[3:]) % 10 == file]
        assert of_file == sorted(of_file)
    assert all(row.attempts == 1 for row in first.run(OutboxRows()))
    first.close()
    second.close()
