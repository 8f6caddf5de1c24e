"""Ports that stand in for the world in tests: memory, calendar, sources and a channel. They perform no I/O."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import NewId, Now
from credit_check_sdk.model import Acknowledgement, Answer, Changes, Consultation, Delivery, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from credit_check_sdk.flow import About, MemoryKey
    from credit_check_sdk.model import Change, Environment, Level, Query, Record

_SATURDAY = 5


class InMemoryMemory:
    """Remember in a dictionary; thread-safe. *clock* gives seconds and defaults to the monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._items: dict[MemoryKey, tuple[float, Any]] = {}

    def recall(self, keys: Sequence[MemoryKey]) -> Mapping[MemoryKey, Any]:
        """Give what is there and not yet over."""
        now = self._clock()
        with self._lock:
            return {key: self._items[key][1] for key in keys if key in self._items and self._items[key][0] > now}

    def remember(self, items: Sequence[tuple[MemoryKey, Any, float]]) -> None:
        """Keep each value for its seconds."""
        now = self._clock()
        with self._lock:
            self._items.update({key: (now + seconds, value) for key, value, seconds in items})

    def forget(self, about: Sequence[About]) -> None:
        """Lose all about these."""
        lost = {(each.source, each.scheme, each.value) for each in about}
        with self._lock:
            for key in [key for key in self._items if (key.source, key.scheme, key.value) in lost]:
                del self._items[key]


class FakeCalendar:
    """Know working days as told: Monday to Friday, without *holidays*, with *workdays*, within *years*.

    No *years* means that all are covered.
    """

    def __init__(
        self, *, holidays: Iterable[date] = (), workdays: Iterable[date] = (), years: Iterable[int] = ()
    ) -> None:
        self.holidays = frozenset(holidays)
        self.workdays = frozenset(workdays)
        self.years = frozenset(years)

    def working(self, day: date) -> bool | None:
        """Say whether *day* is a working day; None outside the years told."""
        if self.years and day.year not in self.years:
            return None
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)


class FixedSource:
    """Answer what it was told: *records* by identifier, everybody else known and clean, *unknown* not known.

    *left_out* are not answered about at all. *age* is how old its data are. Every query is kept in `queries`.
    """

    def __init__(  # noqa: PLR0913  each is something that a source may be told
        self,
        id: str = "municipal",  # noqa: A002  the name that the interface of sources gives it
        records: Iterable[Record] = (),
        *,
        level: Level = "municipal",
        unknown: Iterable[Subject] = (),
        left_out: Iterable[Subject] = (),
        age: timedelta = timedelta(0),
        environment: Environment = "sandbox",
    ) -> None:
        self.id = id
        self.level = level
        self.records = list(records)
        self.unknown = list(unknown)
        self.left_out = list(left_out)
        self.age = age
        self.environment: Environment = environment
        self.queries: list[Query] = []

    async def consult(self, query: Query) -> Consultation:
        """Answer about all subjects that are not left out."""
        self.queries.append(query)
        now = await Now()
        request_id = await NewId("req")
        as_of = now - self.age
        answers = [self._answer(subject, as_of) for subject in query.subjects if not _among(subject, self.left_out)]
        said = "\n".join(answer.model_dump_json() for answer in answers).encode()
        return Consultation(
            source=self.id,
            as_of=as_of,
            fetched_at=now,
            request_id=request_id,
            digest=f"sha256:{hashlib.sha256(said).hexdigest()}",
            environment=self.environment,
            answers=tuple(answers),
        )

    def _answer(self, subject: Subject, as_of: datetime) -> Answer:
        records = tuple(
            record.model_copy(
                update={"source": self.id, "level": self.level, "observed_at": record.observed_at or as_of}
            )
            for record in self.records
            if _belongs(record, subject)
        )
        return Answer(subject=subject, known=not _among(subject, self.unknown), records=records)


class FailingSource:
    """Fail with *error* at every query; without one, it cannot be reached."""

    def __init__(
        self,
        id: str = "municipal",  # noqa: A002  the name that the interface of sources gives it
        error: Exception | None = None,
        *,
        level: Level = "municipal",
    ) -> None:
        self.id = id
        self.level = level
        self.error = error or NotSentError(
            f"source {id!r} cannot be reached",
            f"无法连接来源 {id!r}",
            remedy_en="this is a test source that always fails",
            remedy_zh="这是一个始终失败的测试来源",
            retryable=True,
            source=id,
        )
        self.queries: list[Query] = []

    async def consult(self, query: Query) -> Consultation:
        """Fail."""
        self.queries.append(query)
        raise self.error


class RecordingChannel:
    """Take feedback and keep it: every delivery in `deliveries`, each key once in `effects`.

    *answers* are used up in turn, and then everything is delivered: an `Acknowledgement` is the answer to one delivery
    (its key replaced), an exception ends the next batch before anything of it is taken. The acknowledgement of the
    next *loses* batches is lost after they were taken.
    """

    def __init__(
        self,
        id: str = "municipal",  # noqa: A002  the name that the interface of channels gives it
        answers: Iterable[Acknowledgement | Exception] = (),
        *,
        idempotent: bool = True,
        lookup: bool = False,
        loses: int = 0,
    ) -> None:
        self.id = id
        self.idempotent = idempotent
        self.lookup = lookup
        self.loses = loses
        self.answers = list(answers)
        self.deliveries: list[Delivery] = []
        self.effects: dict[str, list[dict[str, Any]]] = {}

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Acknowledgement]:
        """Take a batch.

        Raises:
            NoAnswerError: the acknowledgement is lost, as told.
        """
        self.deliveries.extend(deliveries)
        match self.answers[:1]:
            case [Exception() as error]:
                self.answers.pop(0)
                raise error
        acknowledgements = [self._take(each) for each in deliveries]
        if self.loses:
            self.loses -= 1
            raise NoAnswerError(
                f"channel {self.id!r} lost its acknowledgement",
                f"通道 {self.id!r} 的回执丢失",
                remedy_en="this is a test channel that was told to lose it",
                remedy_zh="这是一个按设定丢失回执的测试通道",
                source=self.id,
            )
        return acknowledgements

    async def look_up(self, keys: Sequence[str]) -> Sequence[Acknowledgement]:
        """Say which keys had their effect."""
        return [
            Acknowledgement(key=key, verdict="delivered")
            if key in self.effects
            else Acknowledgement(key=key, verdict="retry", code="source.no_answer")
            for key in keys
        ]

    def _take(self, delivery: Delivery) -> Acknowledgement:
        answer = Acknowledgement(key=delivery.key, verdict="delivered")
        match self.answers[:1]:
            case [Acknowledgement() as told]:
                self.answers.pop(0)
                answer = told
        if answer.verdict == "delivered":
            had = self.effects.setdefault(delivery.key, [])
            if not had or not self.idempotent:
                had.append(delivery.body)
        return answer.model_copy(update={"key": delivery.key})


class FixedFeed:
    """Give the changes that it was told, *page* at a time; the cursor is how many were given.

    While it is `lost` it knows no cursor. Every cursor it was asked with is kept in `asked`.
    """

    def __init__(
        self,
        id: str = "municipal",  # noqa: A002  the name that the interface of feeds gives it
        changes: Iterable[Change] = (),
        *,
        page: int = 100,
    ) -> None:
        self.id = id
        self.told = list(changes)
        self.page = page
        self.lost = False
        self.asked: list[str | None] = []

    async def changes(self, cursor: str | None, wait: float) -> Changes:
        """Give one page.

        Raises:
            NotUnderstoodError: it lost the cursor, as told.
        """
        del wait
        self.asked.append(cursor)
        if self.lost and cursor is not None:
            raise NotUnderstoodError(
                f"feed {self.id!r} no longer knows the cursor",
                f"通道 {self.id!r} 不再保留游标",
                code="source.cursor_lost",
                remedy_en="this is a test feed that was told to lose it",
                remedy_zh="这是一个按设定丢失游标的测试来源",
                source=self.id,
            )
        start = int(cursor or 0)
        end = min(start + self.page, len(self.told))
        given = tuple(change.model_copy(update={"source": self.id}) for change in self.told[start:end])
        return Changes(changes=given, cursor=str(max(start, end)), more=end < len(self.told))


def _among(subject: Subject, several: Iterable[Subject]) -> bool:
    return any(subject == each or subject.same_as(each) for each in several)


def _belongs(record: Record, subject: Subject) -> bool:
    if record.match == "name_only":
        return record.subject.normal_name == subject.normal_name
    return record.subject.same_as(subject) or any(party.subject.same_as(subject) for party in record.responsible)
