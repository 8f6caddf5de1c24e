"""Suites for publishers of whole lists and for witnesses of checkpoints. Subclass one, and give the fixture ``make``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk._shell.keys import verify_with
from credit_check_sdk.errors import ExchangeError
from credit_check_sdk.model.evidence import Checkpoint
from credit_check_sdk.model.listing import ListEntry, ListInfo, list_digest
from credit_check_sdk.spi import Publisher, Witness
from credit_check_sdk.testing.conformance import Run  # noqa: TC001  part of the dataclasses' public signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk.model.listing import Listings

_MOST_PAGES = 1000

SHOWN = Checkpoint(
    ledger="ledger_conformance",
    chain="chain_conformance",
    size=7,
    head="sha256:" + "1" * 64,
    at=datetime(2026, 11, 23, 1, tzinfo=UTC),
    token="e30.e30.AA",  # noqa: S106  no secret: a token of the right shape
)
"""The checkpoint that a witness is shown."""


@dataclass(frozen=True)
class PublisherUnderTest:
    """A publisher of at least one list with at least one entry."""

    publisher: Publisher
    """The publisher."""
    run: Run
    """Runs its flows."""


class PublisherConformance:
    """What every publisher does; a subclass gives the fixture ``make``."""

    def test_each_list_is_the_one_that_was_announced(self, make: Callable[[], PublisherUnderTest]) -> None:
        """All pages together have the digest, the size and the version that the listing said."""
        tested = make()
        listings = _listings(tested)
        assert listings.as_of.tzinfo is not None
        assert listings.lists
        assert len({each.code for each in listings.lists}) == len(listings.lists)
        for info in listings.lists:
            entries = _whole(tested, info)
            assert len({entry.number for entry in entries}) == len(entries) == info.size
            assert list_digest((entry.number, entry.line) for entry in entries) == info.digest
        assert any(info.size for info in listings.lists), "give it a list with an entry"

    def test_nothing_new_is_said_in_a_word(self, make: Callable[[], PublisherUnderTest]) -> None:
        """Asked with the tag of last time, it says None where nothing changed."""
        tested = make()
        tag = _listings(tested).tag
        if tag is None:
            pytest.skip("it gives no tag")
        assert tested.run(tested.publisher.listings(tag, 0.0)) is None

    def test_from_the_newest_version_nothing_has_changed(self, make: Callable[[], PublisherUnderTest]) -> None:
        """The changes since the version that is current are none; None says that it does not know them."""
        tested = make()
        for info in _listings(tested).lists:
            page = tested.run(tested.publisher.delta(info.code, info.version))
            assert page is None or (page.info, page.put, page.removed) == (info, (), ())

    def test_a_list_that_is_none_is_an_error(self, make: Callable[[], PublisherUnderTest]) -> None:
        """It is never given as an empty one."""
        tested = make()
        with pytest.raises(ExchangeError):
            tested.run(tested.publisher.snapshot("no-such-list", None))

    def test_it_has_the_shape_of_a_publisher(self, make: Callable[[], PublisherUnderTest]) -> None:
        """It is what the interface says."""
        assert isinstance(make().publisher, Publisher)


@dataclass(frozen=True)
class WitnessUnderTest:
    """A witness that has seen nothing of this ledger yet."""

    witness: Witness
    """The witness."""
    run: Run
    """Runs its flows."""
    checkpoint: Checkpoint = SHOWN
    """What it is shown."""


class WitnessConformance:
    """What every witness does; a subclass gives the fixture ``make``."""

    def test_it_signs_what_it_was_shown(self, make: Callable[[], WitnessUnderTest]) -> None:
        """Its token says ledger, chain, length and head, and verifies with the keys that it brings."""
        tested = make()
        signed = tested.run(tested.witness.countersign(tested.checkpoint))
        assert signed.witness == tested.witness.id
        assert signed.seen_at.tzinfo is not None
        claims = verify_with(signed.token, signed.keys)
        assert claims is not None
        shown = tested.checkpoint
        said = {name: claims.get(name) for name in ("ledger", "chain", "size", "head")}
        assert said == {"ledger": shown.ledger, "chain": shown.chain, "size": shown.size, "head": shown.head}

    def test_the_same_again_gets_the_same_answer(self, make: Callable[[], WitnessUnderTest]) -> None:
        """A checkpoint that it has seen is no news to it."""
        tested = make()
        one, other = (tested.run(tested.witness.countersign(tested.checkpoint)) for _ in range(2))
        assert (one.token, one.seen_at) == (other.token, other.seen_at)

    def test_another_head_at_the_same_length_is_a_fork(self, make: Callable[[], WitnessUnderTest]) -> None:
        """Somebody has two histories: that has a code of its own."""
        tested = make()
        tested.run(tested.witness.countersign(tested.checkpoint))
        forked = replace(tested.checkpoint, head="sha256:" + "2" * 64)
        with pytest.raises(ExchangeError) as refused:
            tested.run(tested.witness.countersign(forked))
        assert refused.value.code == "checkpoint.forked"

    def test_it_has_the_shape_of_a_witness(self, make: Callable[[], WitnessUnderTest]) -> None:
        """It is what the interface says."""
        assert isinstance(make().witness, Witness)


def _listings(tested: PublisherUnderTest) -> Listings:
    listings: Listings | None = tested.run(tested.publisher.listings(None, 0.0))
    assert listings is not None, "without a tag it gives all lists"
    return listings


def _whole(tested: PublisherUnderTest, info: ListInfo) -> list[ListEntry]:
    entries: list[ListEntry] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = tested.run(tested.publisher.snapshot(info.code, cursor))
        assert page.info == info, "all pages are of one version"
        entries += page.put
        cursor = page.next_cursor
        if cursor is None:
            return entries
    pytest.fail("its pages do not end")
