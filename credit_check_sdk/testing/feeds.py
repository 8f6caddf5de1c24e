"""The suite that every feed passes: subclass `FeedConformance` and give the fixture ``serve_feed``.

::

    class TestMyFeed(FeedConformance):
        @pytest.fixture
        def serve_feed(self, my_platform) -> Callable[[FeedScenario], FeedUnderTest]:
            def serving(scenario: FeedScenario) -> FeedUnderTest:
                my_platform.behave(scenario)
                return FeedUnderTest(MyFeed(...), run=my_driver)

            return serving

A scenario that cannot be brought about on that platform is skipped by ``pytest.skip("why")`` in ``serve_feed``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from credit_check_sdk.errors import ExchangeError
from credit_check_sdk.spi import Feed
from credit_check_sdk.testing.conformance import RECORD, Run

if TYPE_CHECKING:
    from credit_check_sdk.model import Change, ChangeKind, Changes

FeedBehaviour = Literal[
    "tells", "pages", "nothing_new", "unknown_kind", "lost_cursor", "silent", "status_500", "garbage", "truncated"
]
"""How a platform behaves when it is asked what has changed."""

TOLD: tuple[ChangeKind, ...] = ("objected", "objection_rejected", "temporarily_lifted", "restored", "repaired")
"""What happens to `RECORD` in every scenario that tells something, in this order."""


@dataclass(frozen=True)
class FeedScenario:
    """How a platform is to behave."""

    behaviour: FeedBehaviour
    """``tells``: it has the changes *told* of the record, oldest first. ``pages``: the same, on at least two pages.
    ``nothing_new``: it has them, and nothing after the last. ``unknown_kind``: one of its changes is of a kind that the
    interface does not have. ``lost_cursor``: it no longer knows any cursor. ``silent``: no connection, no answer or no
    whole one. ``status_500``, ``garbage``, ``truncated``: what it answers instead."""
    told: tuple[ChangeKind, ...] = TOLD
    """What happens to the record."""


@dataclass(frozen=True)
class FeedUnderTest:
    """A feed against a platform that behaves as the scenario says."""

    feed: Feed
    """The feed."""
    run: Run
    """Runs its flows."""


Serve = Callable[[FeedScenario], FeedUnderTest]


class FeedConformance:
    """What every feed does; a subclass gives the fixture ``serve_feed``."""

    def test_it_tells_what_has_changed_oldest_first(self, serve_feed: Serve) -> None:
        """Each change names its record, its kind and its source, and is dated."""
        tested = serve_feed(FeedScenario("tells"))
        told = _all(tested)
        assert [change.change for change in told] == list(TOLD)
        assert {change.source for change in told} == {tested.feed.id}
        assert len({change.record_id for change in told}) == 1
        assert all(change.at.tzinfo is not None for change in told)
        assert all(change.record is None or change.record.subject.same_as(RECORD.subject) for change in told)

    def test_pages_lead_on_and_nothing_is_told_twice(self, serve_feed: Serve) -> None:
        """Page after page, from one cursor to the next, until there is no more."""
        told = _all(serve_feed(FeedScenario("pages")))
        assert [change.change for change in told] == list(TOLD)

    def test_the_cursor_is_where_it_goes_on(self, serve_feed: Serve) -> None:
        """Asked from the last cursor, it has nothing; asked from the beginning, it has everything again."""
        tested = serve_feed(FeedScenario("nothing_new"))
        cursor = _last(tested)
        after = _page(tested, cursor)
        assert (after.changes, after.more) == ((), False)
        assert _page(tested, after.cursor).changes == ()
        assert len(_all(tested)) == len(TOLD)

    def test_a_change_is_the_same_each_time_it_is_told(self, serve_feed: Serve) -> None:
        """Whoever takes it twice can see that it is the same."""
        tested = serve_feed(FeedScenario("tells"))
        names = [[(c.cursor, c.record_id, c.change, c.at) for c in _all(tested)] for _ in range(2)]
        assert names[0] == names[1]

    @pytest.mark.parametrize("behaviour", ["unknown_kind", "silent", "status_500", "garbage", "truncated"])
    def test_what_cannot_be_understood_is_an_error(self, serve_feed: Serve, behaviour: FeedBehaviour) -> None:
        """A page is used whole or not at all: nothing is left out without a word."""
        error = _refused(serve_feed(FeedScenario(behaviour)), None)
        assert error.code.startswith("source.")
        assert error.code != "source.cursor_lost"

    def test_a_lost_cursor_is_said(self, serve_feed: Serve) -> None:
        """That the platform no longer knows where we stand has a code of its own."""
        tested = serve_feed(FeedScenario("lost_cursor"))
        assert _refused(tested, "41").code == "source.cursor_lost"

    def test_it_has_the_shape_of_a_feed(self, serve_feed: Serve) -> None:
        """It is what the interface says."""
        assert isinstance(serve_feed(FeedScenario("tells")).feed, Feed)


_MOST_PAGES = 100


def _page(tested: FeedUnderTest, cursor: str | None) -> Changes:
    page: Changes = tested.run(tested.feed.changes(cursor, 0.0))
    return page


def _all(tested: FeedUnderTest) -> list[Change]:
    told: list[Change] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = _page(tested, cursor)
        told += page.changes
        cursor = page.cursor
        if not page.more:
            # A platform may know of the record from before: what is not told here is not looked at.
            return [change for change in told if change.change in TOLD]
    raise AssertionError("the pages lead on for ever")


def _last(tested: FeedUnderTest) -> str:
    page = _page(tested, None)
    for _ in range(_MOST_PAGES):
        if not page.more:
            return page.cursor
        page = _page(tested, page.cursor)
    raise AssertionError("the pages lead on for ever")


def _refused(tested: FeedUnderTest, cursor: str | None) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        _page(tested, cursor)
    said = " ".join([str(raised.value), raised.value.words("zh-CN"), repr(raised.value.detail)])
    assert not any(each.value in said for each in RECORD.subject.identifiers), "no error shows an identifier"
    assert raised.value.remedy_en, "an error says what to do"
    return raised.value
