"""Whoever can write to the database and has no key changes nothing unnoticed: one byte, one row, one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.ledger import schema
from credit_check_sdk._shell.ledger.indexes import INDEXES
from credit_check_sdk.model.ledger import CommitmentEntry
from tests.evidence.sealed import Hand, fill, near, seal, verify
from tests.ledger.samples import check, promise, published
from tests.ledger.test_commitments import promised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place

ALL = 17
NOT_COVERED = {
    # What changes as an entry lives on: where its delivery stands, which days are due.
    "credit_response": {"feedback"},
    "credit_change": {"change_key"},
    "credit_objection": {"state", "answer", "answered_at"},
    "credit_recheck": {
        *("state", "attempts", "next_at", "lease", "lease_until", "last_error", "done_at", "outcome", "followed_by"),
    },
    "credit_measure": {"in_force_at", "effective_day", "until_day"},
    "credit_notice": {"state", "delivery"},
    "credit_outbox": {
        *("ordinal", "channel", "state", "attempts", "next_at", "lease", "lease_until", "delivered_at", "last_error")
    },
}


ENTRY = {index.name: index.entry for index in INDEXES}


@pytest.fixture
def hand(place: Place) -> Iterator[Hand]:
    made = Hand(place)
    yield made
    made.engine.dispose()


def test_a_ledger_that_nobody_touched_is_whole(ledger: Ledger) -> None:
    checkpoint = fill(ledger)
    found = verify(ledger, checkpoint)
    assert found.whole
    assert found.breach is None
    assert (found.sealed, found.unsealed, found.chains, found.checkpoints, found.against) == (ALL, 0, 2, 4, ALL)
    assert found.head == checkpoint.head


def test_one_byte_of_any_column_of_any_entry(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    tried = 0
    for row in hand.rows("credit_entry"):
        for column, value in row.items():
            for changed in near(value):
                with hand.changed("credit_entry", row, column, changed):
                    found = verify(ledger)
                assert not found.whole, (row["id"], column, changed)
                assert found.breach is not None
                assert found.breach.place == row["place"], (row["id"], column, changed, found.breach)
                assert found.breach.entry == row["id"], (row["id"], column, changed, found.breach)
                assert found.breach.kind == "edited", (row["id"], column, changed, found.breach)
                tried += 1
    assert tried > ALL * 20
    assert verify(ledger).whole


def test_one_byte_of_any_column_of_any_link(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    for row in hand.rows("credit_seal"):
        for column, value in row.items():
            for changed in near(value):
                with hand.changed("credit_seal", row, column, changed):
                    found = verify(ledger).breach
                assert found is not None, (row, column, changed)
                assert (found.place, found.entry) == (row["place"], row["entry"]), (column, changed, found)
    assert verify(ledger).whole


@pytest.mark.parametrize("table", ["credit_chain", "credit_checkpoint"])
def test_one_byte_of_what_is_signed(ledger: Ledger, hand: Hand, table: str) -> None:
    fill(ledger)
    for row in hand.rows(table):
        for column, value in row.items():
            if column in {"key_id", "at"}:
                continue  # they repeat what the signature says, and nothing is decided by them
            for changed in near(value):
                with hand.changed(table, row, column, changed):
                    found = verify(ledger).breach
                assert found is not None, (row, column, changed)
                assert found.where.startswith((table, "credit_seal", "checkpoint")), found
    assert verify(ledger).whole


STEPS = {("credit_measure", "step"), ("credit_commitment", "step")}
"""Columns that name the latest entry."""


@pytest.mark.parametrize("table", [index.name for index in INDEXES])
def test_an_index_that_says_something_else_than_its_entry(ledger: Ledger, hand: Hand, table: str) -> None:
    fill(ledger)
    if table == "credit_commitment":
        ledger.run([CommitmentEntry(promised())])
        seal(ledger)
    if table == "credit_publication":
        ledger.run([published()])
        seal(ledger)
    entry = ENTRY[table]
    rows = hand.rows(table)
    assert rows
    for row in rows:
        for column in row.keys() - NOT_COVERED.get(table, set()):
            for changed in near(row[column]):
                with hand.changed(table, row, column, changed):
                    found = verify(ledger).breach
                assert found is not None, (row, column, changed)
                assert found.entry == (changed if (table, column) in STEPS else row[entry])
                assert found.where.startswith(table)
    first = rows[0]
    hand.do(f"DELETE FROM {table} WHERE {entry} = :e", e=first[entry])  # noqa: S608  a table's own names
    gone = verify(ledger).breach
    assert gone is not None
    assert (gone.entry, gone.where.partition(".")[0]) == (first[entry], table)


def test_every_table_is_covered_by_a_link_by_a_signature_or_by_an_entry() -> None:
    """A table beside the entries that only repeats them belongs into `INDEXES`, or whoever edits it is not found."""
    states = {
        "credit_meta": "which ledger it is",
        "credit_countersignature": "signed by the witness",
        "credit_channel": "how a channel stands: seen by the relay, proved by nothing",
        "credit_feed": "where a feed stands",
        "credit_record": "what all changes of a record have come to",
    }
    sealed = {"credit_entry", "credit_seal", "credit_chain", "credit_checkpoint"}
    assert {table.name for table in schema.metadata.sorted_tables} == sealed | states.keys() | {
        index.name for index in INDEXES
    }


def test_an_index_row_without_an_entry(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    hand.do(
        "INSERT INTO credit_check (decision, case_id, matter, point, department, environment, outcome, decided_at) "
        "SELECT 'dec_9', case_id, matter, point, department, environment, 'clear', decided_at + 1 FROM credit_check "
        "WHERE decision = 'dec_1'"
    )
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.entry, found.where) == ("inserted", "dec_9", "credit_check")


@pytest.mark.parametrize("which", ["entry", "link", "both", "everything"])
def test_one_that_is_removed(ledger: Ledger, hand: Hand, which: str) -> None:
    fill(ledger)
    for row in hand.rows("credit_seal"):
        backup = hand.rows("credit_entry"), hand.rows("credit_seal")
        if which in {"entry", "both", "everything"}:
            hand.do("DELETE FROM credit_entry WHERE id = :e", e=row["entry"])
        if which in {"link", "both", "everything"}:
            hand.do("DELETE FROM credit_seal WHERE entry = :e", e=row["entry"])
        found = verify(ledger).breach
        assert found is not None
        assert found.kind == ("cut_off" if which in {"both", "everything"} and row["place"] == ALL else "removed"), (
            found
        )
        assert (found.place, found.entry) == (row["place"], row["entry"])
        _restore(hand, *backup)
    assert verify(ledger).whole


def _restore(hand: Hand, entries: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
    hand.do("DELETE FROM credit_entry", "DELETE FROM credit_seal")
    for table, rows in (("credit_entry", entries), ("credit_seal", links)):
        for row in rows:
            names = ", ".join(row)
            hand.do(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})", **row)  # noqa: S608  a table's own names


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ("place of links", {"reordered"}),
        ("entry of links", {"reordered"}),
        ("place of entries", {"reordered"}),
        ("place of both", {"reordered"}),
        ("id of entries", {"reordered"}),
        ("body of entries", {"edited"}),
        ("all but the id of entries", {"edited"}),
    ],
)
def test_two_that_are_swapped(ledger: Ledger, hand: Hand, what: str, kinds: set[str]) -> None:
    fill(ledger)
    links = hand.rows("credit_seal")
    for left, right in [(0, 1), (1, 2), (2, 6), (14, 16), (0, 16)]:
        backup = hand.rows("credit_entry"), links
        one, two = links[left], links[right]
        _swap(hand, what, one, two)
        found = verify(ledger).breach
        assert found is not None
        assert found.kind in kinds, (what, left, right, found)
        assert found.place == one["place"]
        assert found.entry in {one["entry"], two["entry"]}
        _restore(hand, *backup)
    assert verify(ledger).whole


def _swap(hand: Hand, what: str, one: dict[str, Any], two: dict[str, Any]) -> None:
    names = {"e": one["entry"], "f": two["entry"], "p": one["place"], "q": two["place"]}
    if what in {"place of links", "place of both"}:
        hand.do(
            "UPDATE credit_seal SET place = -1 WHERE place = :p",
            "UPDATE credit_seal SET place = :p WHERE place = :q",
            "UPDATE credit_seal SET place = :q WHERE place = -1",
            **names,
        )
    if what == "entry of links":
        hand.do(
            "UPDATE credit_seal SET entry = '-' WHERE place = :p",
            "UPDATE credit_seal SET entry = :e WHERE place = :q",
            "UPDATE credit_seal SET entry = :f WHERE place = :p",
            **names,
        )
    if what in {"place of entries", "place of both"}:
        hand.do(
            "UPDATE credit_entry SET place = :q WHERE id = :e",
            "UPDATE credit_entry SET place = :p WHERE id = :f",
            **names,
        )
    if what == "id of entries":
        hand.do(
            "UPDATE credit_entry SET id = '-' WHERE id = :e",
            "UPDATE credit_entry SET id = :e WHERE id = :f",
            "UPDATE credit_entry SET id = :f WHERE id = '-'",
            **names,
        )
    columns = {
        "body of entries": ("key_id", "body", "salt"),
        "all but the id of entries": ("kind", "case_id", "recorded_at", "key_id", "body", "salt", "digest"),
    }.get(what)
    if columns:
        rows = {row["id"]: row for row in hand.rows("credit_entry")}
        sets = ", ".join(f"{column} = :{column}" for column in columns)
        for to, of in ((names["e"], names["f"]), (names["f"], names["e"])):
            values = {column: rows[of][column] for column in columns}
            hand.do(f"UPDATE credit_entry SET {sets} WHERE id = :to", to=to, **values)  # noqa: S608  a table's own names


COPY = (
    "INSERT INTO credit_entry (id, kind, case_id, recorded_at, key_id, body, salt, digest, place) "
    "SELECT 'dec_9', kind, case_id, recorded_at, key_id, body, salt, digest, {place} FROM credit_entry WHERE id = 'dec_1'"
)


def test_one_that_is_put_in_and_waits_to_be_sealed(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    hand.do(COPY.format(place="NULL"))
    found = verify(ledger)
    assert found.breach is not None
    assert (found.breach.kind, found.breach.entry, found.unsealed) == ("inserted", "dec_9", 1)
    # Sealed after all, it is still none that the ledger wrote.
    seal(ledger)
    found = verify(ledger)
    assert found.breach is not None
    assert (found.breach.place, found.breach.entry, found.unsealed) == (ALL + 1, "dec_9", 0)


def test_an_index_of_one_that_waits_to_be_sealed(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    ledger.run([check("dec_3", "c-3")])
    hand.do("UPDATE credit_check SET outcome = 'clear' WHERE decision = 'dec_3'")
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.place, found.entry, found.where) == ("edited", None, "dec_3", "credit_check.outcome")


def test_a_change_that_is_hidden_from_the_check_that_it_touched(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    for statement in (
        "UPDATE credit_check SET touched_by = NULL WHERE decision = 'dec_1'",
        "UPDATE credit_check SET touched_by = 'change_1' WHERE decision = 'dec_2'",
    ):
        hand.do("UPDATE credit_check SET touched_by = 'obj_1' WHERE decision = 'dec_1'")
        assert verify(ledger).whole
        hand.do(statement)
        found = verify(ledger).breach
        assert found is not None
        assert (found.kind, found.where) == ("edited", "credit_check.touched_by")
        assert found.entry in {"dec_1", "dec_2"}


@pytest.mark.parametrize("at", [1, 4, ALL])
def test_one_that_is_put_in_and_claims_a_place(ledger: Ledger, hand: Hand, at: int) -> None:
    fill(ledger)
    hand.do(COPY.format(place=at))
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.place, found.entry) == ("inserted", at, "dec_9")


@pytest.mark.parametrize("at", [1, 4, ALL, ALL + 1])
def test_one_that_is_put_in_with_a_link_of_its_own(ledger: Ledger, hand: Hand, at: int) -> None:
    """The links before and after stay; the places of those after it move up."""
    fill(ledger)
    hand.do(
        "UPDATE credit_seal SET place = -place - 1 WHERE place >= :p",
        "UPDATE credit_seal SET place = -place WHERE place < 0",
        "UPDATE credit_entry SET place = place + 1 WHERE place >= :p",
        COPY.format(place=":p"),
        "INSERT INTO credit_seal (place, entry, chain, follows, previous, content, link) "
        "SELECT :p, 'dec_9', chain, follows, previous, content, 'x' FROM credit_seal WHERE entry = :like",
        p=at,
        like="dec_1" if at == 1 else "dec_2",
    )
    found = verify(ledger).breach
    assert found is not None
    assert (found.place, found.entry) == (at, "dec_9")
    assert found.kind in {"inserted", "edited"}


def test_links_made_anew_by_whoever_knows_how(ledger: Ledger, hand: Hand) -> None:
    """The digests are no secret; the signatures are: an edit with the whole chain made anew meets a checkpoint."""
    from credit_check_sdk._shell.ledger import links  # noqa: PLC0415  what an attacker would write himself

    fill(ledger)
    rows = {row["id"]: row for row in hand.rows("credit_entry")}
    previous = None
    for link in hand.rows("credit_seal"):
        row = rows[link["entry"]]
        if link["place"] == 2:
            row["case_id"] = "c-9"
            hand.do("UPDATE credit_entry SET case_id = 'c-9' WHERE id = :e", e=row["id"])
            hand.do("UPDATE credit_notice SET case_id = 'c-9' WHERE notice = :e", e=row["id"])
        content = links.content(row["id"], row["kind"], row["case_id"], row["recorded_at"], row["digest"])
        before = link["previous"] if previous is None or link["place"] == 16 else previous
        made = links.link(link["chain"], link["place"], link["follows"], before, content)
        hand.do(
            "UPDATE credit_seal SET previous = :b, content = :c, link = :l WHERE place = :p",
            b=before,
            c=content,
            l=made,
            p=link["place"],
        )
        previous = made
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.place) == ("edited", 1)
    assert "places 1 to 4" in found.en


def test_checkpoints_that_are_taken_away(ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    hand.do("DELETE FROM credit_checkpoint WHERE size = :n", n=ALL)
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.place, found.where) == ("inserted", 16, "credit_checkpoint")


def test_a_tail_that_is_cut_off_is_found_against_a_checkpoint(ledger: Ledger, hand: Hand) -> None:
    ledger.run([check("dec_1"), promise("fb_1")])
    seal(ledger)
    ledger.run([check("dec_2"), promise("fb_2")])
    kept = seal(ledger)
    hand.do(
        "DELETE FROM credit_entry WHERE place > 2",
        "DELETE FROM credit_seal WHERE place > 2",
        "DELETE FROM credit_check WHERE decision = 'dec_2'",
        "DELETE FROM credit_proposal WHERE decision = 'dec_2'",
        "DELETE FROM credit_ground WHERE decision = 'dec_2'",
        "DELETE FROM credit_subject WHERE decision = 'dec_2'",
        "DELETE FROM credit_outbox WHERE key = 'fb_2'",
    )
    inside = verify(ledger).breach
    assert inside is not None
    assert (inside.kind, inside.place) == ("cut_off", 3)
    hand.do("DELETE FROM credit_checkpoint WHERE size > 2")
    # Whoever cuts off the checkpoints too leaves a ledger that is whole by itself; not against what is kept elsewhere.
    assert verify(ledger).whole
    found = verify(ledger, kept)
    assert not found.whole
    assert found.breach is not None
    assert (found.breach.kind, found.breach.place) == ("cut_off", 3)
    # Going on as if nothing had been does not help.
    ledger.run([check("dec_3"), promise("fb_3"), promise("fb_4")])
    seal(ledger)
    again = verify(ledger, kept).breach
    assert again is not None
    assert again.kind == "edited"
    assert "places 3 to 4" in again.en
