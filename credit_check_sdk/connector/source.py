"""The source that asks a platform as its mapping says. It performs no I/O: it awaits effects.

One request for each subject (and each page). What the mapping does not state means nothing: it is an error, never an
empty answer. A subject about whom the platform failed is left out, which is silence; an answer about somebody else
silences the whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.connector import filling
from credit_check_sdk.connector.calling import Line
from credit_check_sdk.connector.examining import ASKING
from credit_check_sdk.connector.reading import Found, Opened, Reader, ReadingError, WrongSubjectError, first, meaning
from credit_check_sdk.errors import ConfigurationError, NotUnderstoodError
from credit_check_sdk.flow import Hashed, NewId
from credit_check_sdk.model import Answer, Consultation

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk.connector.calling import Answered
    from credit_check_sdk.connector.mapping import Answer as Rules
    from credit_check_sdk.connector.mapping import Mapping, Query
    from credit_check_sdk.model import Environment, Record, Subject
    from credit_check_sdk.model import Query as Asking
    from credit_check_sdk.spi import Signer, SourceSettings

_AHEAD = timedelta(minutes=5)
"""How far the platform's clock may be ahead of ours."""


@dataclass(slots=True)
class _Heard:
    """What came for one subject."""

    known: bool = True
    found: list[Found] = field(default_factory=list)
    request_id: str | None = None
    times: list[datetime] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    at: datetime | None = None


class ConnectorSource:
    """Ask a platform that a mapping describes (kind ``connector``).

    Raises:
        ConfigurationError: the mapping says nothing of queries, or the set-up does not fit it.
    """

    def __init__(self, mapping: Mapping, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        if mapping.query is None or mapping.answer is None:
            raise ConfigurationError(
                f"the mapping of source {settings.id!r} says nothing of queries",
                f"来源 {settings.id!r} 的映射没有 query",
                code="configuration.mapping",
                remedy_en="add [query] and [answer]",
                remedy_zh="请补充 [query] 与 [answer]",
                source=settings.id,
            )
        self.id = settings.id
        self.level = settings.level
        self._line = Line(mapping, settings, signer)
        self._reader = Reader(mapping, settings.id, settings.level)
        self._mapping, self._query, self._rules = mapping, mapping.query, mapping.answer
        self._environment: Environment = environment

    async def consult(self, query: Asking) -> Consultation:
        """Ask about each subject that the platform can be asked about.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: nothing was answered that could be used; its code tells why.
        """
        ours = await NewId("req")
        current = await self._current(ours)
        heard: dict[Subject, _Heard] = {}
        failure: NotUnderstoodError | None = None
        for subject in query.subjects:
            if subject in heard or not self._can_be_asked(subject):
                continue
            try:
                heard[subject] = await self._ask(subject, query, f"{ours}_{len(heard)}" if heard else ours)
            except NotUnderstoodError as error:
                if error.retryable or error.code == "source.wrong_subject":
                    raise
                failure = failure or error
        if not heard:
            raise failure or self._nobody()
        answers = [await self._answer(subject, each) for subject, each in heard.items()]
        numbers = [each.request_id for each in heard.values() if each.request_id]
        fetched_at = max(each.at for each in heard.values() if each.at is not None)
        return Consultation(
            source=self.id,
            as_of=min([*current, *(moment for each in heard.values() for moment in each.times)], default=fetched_at),
            fetched_at=fetched_at,
            request_id=numbers[0] if len(heard) == len(numbers) == 1 else ours,
            digest=_digest([digest for each in heard.values() for digest in each.digests]),
            environment=self._environment,
            answers=tuple(answers),
        )

    async def _current(self, number: str) -> list[datetime]:
        """Ask how current the data are, where the platform says so in a call of its own."""
        rules = self._mapping.state
        if rules is None:
            return []
        answered = await self._line.call(rules, {"request_id": number})
        answer = self._line.opened(answered, rules, None)
        failed = first(rules.failed, answer)
        if failed is not None or answer.status not in range(200, 300):
            raise self._line.failure(answered, failed)
        if first(rules.stale, answer) is not None:
            raise self._stale({})
        if rules.as_of is None:
            return []
        try:
            moment = self._reader.time("state.as_of", self._line.path(rules.as_of), answer)
        except ReadingError as error:
            raise self._line.not_understood(error.place, error.zh, error.en) from None
        return [] if moment is None else [self._timely(moment, answered, rules.oldest)]

    def _can_be_asked(self, subject: Subject) -> bool:
        numbered = self._identifier(subject) is not None
        return numbered or self._query.needs in {"name", "either"}

    def _identifier(self, subject: Subject) -> Any:
        schemes = self._query.schemes
        usable = (each for each in subject.identifiers if each.keys and (not schemes or each.scheme in schemes))
        return next(usable, None)

    async def _ask(self, subject: Subject, query: Asking, number: str) -> _Heard:
        heard = _Heard()
        places = self._places(subject, query, number)
        paging = self._mapping.paging
        for page in range(paging.most if paging else 1):
            if paging is not None:
                places["page.number"], places["page.size"] = paging.first + page, paging.size
            answered = await self._line.call(self._query, places)
            rules = self._rules
            answer = self._line.opened(
                answered, self._query, rules.envelope, inside=rules.inside, inside_as=rules.inside_as, root=rules.root
            )
            heard.at = answered.at
            heard.digests.append(answered.reply.body)
            more = self._take(heard, answer, answered, subject, number, page=page)
            if not more:
                return heard
            places["page.cursor"] = more
        raise self._cut_off()

    def _take(
        self, heard: _Heard, answer: Opened, answered: Answered, subject: Subject, number: str, *, page: int
    ) -> str | None:
        """Take one page; say where the next one begins, if there is one."""
        try:
            nodes = self._reader.nodes(answer)
            means, condition = meaning(self._mapping, answer, len(nodes))
            if means == "failed":
                raise self._line.failure(answered, condition)
            if (echo := self._rules.echo) and self._reader.at("answer.echo", echo, answer) != number:
                raise self._wrong()
            heard.request_id = heard.request_id or self._reader.at("answer.request_id", self._rules.request_id, answer)
            self._judge_time(heard, answer, answered)
            if means != "records":
                if page:
                    raise self._cut_off()
                heard.known = means == "nothing_found"
                return None
            if self._rules.cap is not None and self._mapping.paging is None and len(nodes) >= self._rules.cap:
                raise self._cut_off()
            read = [self._reader.found(levels, subject) for levels in nodes]
            heard.found.extend(each for each in read if each is not None)
            return self._next(answer, len(nodes), heard)
        except WrongSubjectError:
            raise self._wrong() from None
        except ReadingError as error:
            raise self._line.not_understood(error.place, error.zh, error.en) from None

    def _next(self, answer: Opened, count: int, heard: _Heard) -> str | None:
        paging = self._mapping.paging
        if paging is None:
            return None
        if paging.kind == "cursor":
            return self._reader.at("paging.next", paging.next, answer)
        seen = len(heard.digests)
        if paging.pages is not None:
            pages = self._number("paging.pages", paging.pages, answer)
            return "more" if seen < pages else None
        total = self._number("paging.total", paging.total or "", answer)
        got = (seen - 1) * paging.size + count
        if got < total and count < paging.size:
            # Fewer than a page holds, and not all of them: what is missing might be what counts.
            raise self._cut_off()
        return "more" if got < total else None

    def _number(self, place: str, path: str, answer: Opened) -> int:
        text = self._reader.at(place, path, answer)
        if text is None or not (text.isascii() and text.isdigit()):
            raise ReadingError(place, "不是数", "it is no number")
        return int(text)

    def _judge_time(self, heard: _Heard, answer: Opened, answered: Answered) -> None:
        rules: Rules = self._rules
        if rules.as_of is None:
            return
        moment = self._reader.time("answer.as_of", rules.as_of, answer)
        if moment is None:
            raise ReadingError("answer.as_of", "没有数据时间", "there is no time of the data")
        heard.times.append(self._timely(moment, answered, rules.oldest))

    def _timely(self, moment: datetime, answered: Answered, oldest: timedelta | None) -> datetime:
        """Refuse data that are too old, or dated ahead of our clock."""
        age = answered.at - moment
        if -age > _AHEAD or (oldest is not None and age > oldest):
            raise self._stale({"as_of": moment.isoformat()})
        return moment

    def _stale(self, detail: dict[str, object]) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"the data of source {self.id!r} are too old, or dated ahead of our clock",
            f"来源 {self.id!r} 的数据过旧，或时间超前于本机时钟",
            code="source.stale",
            remedy_en="check both clocks, and ask the platform's operator when its data were last updated",
            remedy_zh="请核对双方时钟，并询问平台运维方数据最近更新时间",
            source=self.id,
            detail=detail,
        )

    async def _answer(self, subject: Subject, heard: _Heard) -> Answer:
        records: dict[str, Record] = {}
        for found in heard.found:
            number = None
            if found.hashed:
                number = f"h_{(await Hashed((self.id, *found.hashed)))[:32]}"
            try:
                record = self._reader.record(found, number, min(heard.times, default=_at(heard)))
            except ReadingError as error:
                raise self._line.not_understood(error.place, error.zh, error.en) from None
            if records.setdefault(record.record_id, record) != record:
                raise self._line.not_understood(
                    "record.record_id", "两条不同记录编号相同", "two records have the same number"
                )
        return Answer(subject=subject, known=heard.known, records=tuple(records.values()))

    def _places(self, subject: Subject, query: Asking, number: str) -> dict[str, Any]:
        identifier, purpose = self._identifier(subject), query.purpose
        return {
            "request_id": number,
            "region": query.region,
            "subject.name": subject.name,
            "subject.identifier": identifier.normal if identifier else None,
            "subject.scheme": identifier.scheme if identifier else None,
            "subject.category": subject.category,
            "case.id": query.case_id,
            "case.matter": query.matter,
            "case.point": query.point,
            "purpose.text": purpose.text if purpose else None,
            "purpose.basis": purpose.basis if purpose else None,
            "purpose.authorisation": purpose.authorisation_ref if purpose else None,
            "operator.id": query.operator.id,
            "operator.department": query.operator.department,
            "page.number": None,
            "page.size": None,
            "page.cursor": None,
            **_by_scheme(self._query, subject),
        }

    def _wrong(self) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"source {self.id!r} answered about a subject that was not asked about, or another request",
            f"来源 {self.id!r} 的应答涉及未被查询的主体或另一请求",
            code="source.wrong_subject",
            remedy_en="nothing of it is used; report it to the platform's operator at once",
            remedy_zh="未采用其任何内容；请立即告知平台运维方",
            source=self.id,
        )

    def _cut_off(self) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"source {self.id!r} has more about a subject than it gave",
            f"来源 {self.id!r} 关于主体的记录没有给全",
            code="source.incomplete",
            remedy_en="nothing of it is used; raise the limits of the mapping, or ask more narrowly",
            remedy_zh="未采用其任何内容；请调高映射中的上限，或缩小查询范围",
            source=self.id,
        )

    def _nobody(self) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"source {self.id!r} can be asked about none of the subjects: they lack what it asks by",
            f"来源 {self.id!r} 无法查询任一主体：缺少查询所需的标识或名称",
            code="source.incomplete",
            remedy_en="give the subjects' identifiers",
            remedy_zh="请补充主体标识",
            source=self.id,
        )


def _by_scheme(call: Query, subject: Subject) -> dict[str, str | None]:
    """Give the identifiers by their schemes, for platforms with a field for each kind; those it lacks are blank."""
    named = {
        name: None for part in (call.path, call.params, call.headers, call.body) for _, name, _ in filling.places(part)
    }
    wanted = {name: None for name in named if name.startswith("subject.") and name not in ASKING}
    return {**wanted, **{f"subject.{each.scheme}": each.normal for each in subject.identifiers if each.keys}}


def _at(heard: _Heard) -> datetime:
    if heard.at is None:  # pragma: no cover  an answer was heard before this is asked
        raise TypeError("an answer has a time")
    return heard.at


def _digest(bodies: list[bytes]) -> str:
    """Give the digest of a single answer, or of the list of digests of several, a line each."""
    digests = [hashlib.sha256(body).hexdigest() for body in bodies]
    if len(digests) == 1:
        return f"sha256:{digests[0]}"
    return f"sha256:{hashlib.sha256(chr(10).join(digests).encode()).hexdigest()}"
