"""The suite for sources that answer from lists kept on the machine. Subclass it, and give the fixture ``make``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import rfc8785

from credit_check_sdk.errors import ExchangeError
from credit_check_sdk.model import Consultation, Words
from credit_check_sdk.model.listing import HeldList, HeldLists, ListEntry, ListInfo, list_digest
from credit_check_sdk.spi import OfflineSource
from credit_check_sdk.testing.conformance import FIRM, NAMELESS, OTHER_FIRM, PERSON, RECORD, Run, query

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk.model import Record, Subject

_AT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class OfflineUnderTest:
    """A source of the environment ``sandbox`` that holds nothing yet."""

    source: OfflineSource
    """The source."""
    run: Run
    """Runs its flows."""


class OfflineConformance:
    """What every source does that answers from lists on the machine; a subclass gives the fixture ``make``."""

    def test_before_anything_is_held_it_is_silent(self, make: Callable[[], OfflineUnderTest]) -> None:
        """An empty shelf is no clean answer."""
        tested = make()
        assert isinstance(tested.source, OfflineSource)
        assert tested.source.held() is None
        with pytest.raises(ExchangeError):
            tested.run(tested.source.consult(query(FIRM)))

    def test_it_answers_from_what_is_held(self, make: Callable[[], OfflineUnderTest]) -> None:
        """Who is on a list is found with the list's own words; who is on none is known, and has no record."""
        tested = make()
        _hold(tested, {"SAMR-YZ": (RECORD,)})
        told = _consult(tested, FIRM, OTHER_FIRM, PERSON)
        found = {answer.subject: answer for answer in told.answers}
        (record,) = found[FIRM].records
        assert (record.record_id, record.source, record.doc_no) == (RECORD.record_id, tested.source.id, RECORD.doc_no)
        assert [(found[each].known, found[each].records) for each in (OTHER_FIRM, PERSON)] == [(True, ())] * 2
        assert told.as_of == _AT, "what it says is true of the time of its lists, not of now"

    def test_who_cannot_be_looked_up_is_not_answered_about(self, make: Callable[[], OfflineUnderTest]) -> None:
        """A name alone is not found on a list by number: that is silence."""
        tested = make()
        _hold(tested, {"SAMR-YZ": (RECORD,)})
        told = _consult(tested, FIRM, NAMELESS)
        assert [answer.subject for answer in told.answers] == [FIRM]

    def test_new_lists_take_the_place_of_all_before(self, make: Callable[[], OfflineUnderTest]) -> None:
        """A list that is no longer among them is gone; one without new content stays as it was."""
        tested = make()
        other = RECORD.model_copy(update={"record_id": "R-0002", "list_code": "STA-ZD", "subject": OTHER_FIRM})
        held = _hold(tested, {"SAMR-YZ": (RECORD,), "STA-ZD": (other,)})
        assert tested.source.held() == held
        kept = held.model_copy(update={"lists": held.lists[:1], "as_of": _AT + timedelta(hours=1)})
        tested.source.hold(kept, {})
        assert tested.source.held() == kept
        assert [entry.number for entry in tested.source.lines("SAMR-YZ")] == [RECORD.record_id]
        told = _consult(tested, FIRM, OTHER_FIRM)
        assert [len(answer.records) for answer in told.answers] == [1, 0]

    def test_lists_of_another_environment_say_nothing(self, make: Callable[[], OfflineUnderTest]) -> None:
        """What a sandbox published never passes for the real thing, nor the other way round."""
        tested = make()
        held = _hold(tested, {"SAMR-YZ": (RECORD,)})
        tested.source.hold(held.model_copy(update={"environment": "production"}), {})
        with pytest.raises(ExchangeError) as refused:
            tested.run(tested.source.consult(query(FIRM)))
        assert refused.value.code == "source.environment"


def _hold(tested: OfflineUnderTest, lists: dict[str, tuple[Record, ...]]) -> HeldLists:
    contents = {code: [_entry(record) for record in records] for code, records in lists.items()}
    infos = [
        ListInfo(
            code=code,
            name=Words(zh=code, en=code),
            version=1,
            digest=list_digest((entry.number, entry.line) for entry in entries),
            size=len(entries),
        )
        for code, entries in contents.items()
    ]
    held = HeldLists(
        source=tested.source.id,
        environment="sandbox",
        as_of=_AT,
        sealed=False,
        lists=tuple(HeldList(info=info, as_of=_AT) for info in infos),
    )
    tested.source.hold(held, contents)
    return held


def _entry(record: Record) -> ListEntry:
    keys = {key for each in record.subject.identifiers for key in each.keys}
    stated = record.model_dump(mode="json", context={"reveal": True}, exclude={"source", "level"})
    return ListEntry(record.record_id, rfc8785.dumps(stated), tuple(sorted(keys)))


def _consult(tested: OfflineUnderTest, *subjects: Subject) -> Consultation:
    told = tested.run(tested.source.consult(query(*subjects)))
    assert isinstance(told, Consultation)
    return told
