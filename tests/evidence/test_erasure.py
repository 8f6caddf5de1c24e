"""A body erased by order leaves the chain whole; a body that is simply gone was removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.ledger.bodies import entry
from credit_check_sdk.core.evidence import proof_document
from credit_check_sdk.model.ledger import EvidenceOf
from tests.evidence.sealed import Hand, fill, seal, verify
from tests.ledger.samples import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place


@pytest.fixture
def hand(place: Place) -> Iterator[Hand]:
    made = Hand(place)
    yield made
    made.engine.dispose()


def erase(hand: Hand, place: Place, numbers: Sequence[str], *, on_record: bool = True) -> None:
    """Take bodies and salts away, with an entry that names them."""
    for number in numbers:
        hand.do("UPDATE credit_entry SET body = :nothing, salt = :nothing WHERE id = :e", nothing=b"", e=number)
    if on_record:
        made = entry("erasure_1", "erasure", "c-1", NOW, {"entries": list(numbers), "reason": "…"}, place.keys)
        with hand.engine.begin() as connection:
            statement: Any = made.statement
            connection.execute(statement, dict(made.parameters))


def test_what_is_erased_by_order_is_counted_and_the_chain_is_whole(place: Place, ledger: Ledger, hand: Hand) -> None:
    kept = fill(ledger)
    erase(hand, place, ("dec_1", "resp_1"))
    for unsealed in (1, 0):
        found = verify(ledger, kept)
        assert (found.whole, found.erased, found.unsealed) == (True, 2, unsealed)
        seal(ledger)


def test_a_body_that_is_gone_without_an_order_was_removed(place: Place, ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    erase(hand, place, ("dec_1",))
    erase(hand, place, ("resp_1",), on_record=False)
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.entry, found.where) == ("removed", "resp_1", "credit_entry.body")


def test_an_order_that_the_ledger_did_not_write_excuses_nothing(place: Place, ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    erase(hand, place, ("dec_1",))
    row = next(row for row in hand.rows("credit_entry") if row["id"] == "erasure_1")
    hand.do("UPDATE credit_entry SET salt = :s WHERE id = 'erasure_1'", s=bytes(len(row["salt"])))
    found = verify(ledger).breach
    assert found is not None
    assert (found.kind, found.entry) == ("removed", "dec_1")


def test_proof_of_an_erased_check_says_that_it_is_erased(place: Place, ledger: Ledger, hand: Hand) -> None:
    fill(ledger)
    erase(hand, place, ("dec_1",))
    seal(ledger)
    document = proof_document("dec_1", ledger.run(EvidenceOf("dec_1")), place.keys.public_jwks())
    first = document["entries"][0]
    assert (first["id"], first["salt"], first["body"], document["receipt"]) == ("dec_1", None, None, None)
    assert first["digest"]
    assert first["link"]
    assert json.loads(first["content_text"])["digest"] == first["digest"]
