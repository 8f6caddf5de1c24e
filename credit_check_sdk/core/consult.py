"""Ask the sources: what is remembered, clean and fresh is not asked again; all others are asked side by side.

Flows only. An adverse answer is remembered too, but only to be shown, or to send to review, while its source is silent. What a source gives is checked here once more, whoever wrote the plugin: an answer about somebody else, a
missing answer and an exception all become a `Silence` of that source, and the others still count.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import SHANGHAI, day_of, local
from credit_check_sdk.core.standing import counts_adversely
from credit_check_sdk.core.weigh import Heard
from credit_check_sdk.errors import CreditCheckError
from credit_check_sdk.flow import Ask, Call, MemoryKey, NewId, Now, Recall, Remember
from credit_check_sdk.model import Answer, Consultation, Query, Silence, Subject, Words
from credit_check_sdk.model.ledger import QueryNote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk.core.desk import Consulting, Desk
    from credit_check_sdk.model import Case, MatterPolicy, Party

_FIRST = frozenset({0})
_AHEAD = 300.0
"""Seconds by which a publisher's clock may be ahead of ours."""
_EVER = float("inf")
_LONGEST = 366 * 86400.0
"""Seconds, for what has no clock of its own."""
_TOLERANCE = 5.0
"""Seconds by which a remembered time may lie ahead of the clock before the clock is taken to have been set back."""


@dataclass(frozen=True)
class Remembered:
    """An answer about one subject, as the memory keeps it."""

    source: str
    answer: Answer
    as_of: datetime
    fetched_at: datetime
    request_id: str
    digest: str
    environment: str
    adverse: bool = False
    """Whether it holds anything adverse: then it never stands for asking, and serves only while its source is silent."""

    @functools.cached_property
    def alone(self) -> Heard:
        """What the source said, where this answer is all that was asked for; made once for all checks that use it."""
        consultation = Consultation.made(
            source=self.source,
            as_of=self.as_of,
            fetched_at=self.fetched_at,
            request_id=self.request_id,
            digest=self.digest,
            environment=self.environment,
            answers=(self.answer,),
        )
        return Heard(self.source, consultation, remembered=_FIRST)


@dataclass(frozen=True, slots=True)
class Resting:
    """On what a check rested that asked nobody: answers in memory, by their keys, each fresh until some moment."""

    keys: tuple[MemoryKey, ...]
    kept: tuple[Remembered, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Consulted:
    """What consulting came to."""

    heard: tuple[Heard, ...]
    silences: tuple[Silence, ...]
    older: tuple[tuple[str, tuple[Remembered, ...]], ...] = ()
    """Old answers of silent sources that are shown and carry nothing."""
    resting: Resting | None = None
    """The answers in memory on which all of it rests, where nobody was asked."""


async def consult(desk: Desk, case: Case, policy: MatterPolicy, asked: Sequence[Party], now: datetime) -> Consulted:
    """Consult every source of the policy about everybody asked, and what may stand in for those that stay silent."""
    subjects = tuple(dict.fromkeys(party.subject for party in asked))
    names = [name for name in policy.sources if name in desk.sources]
    inquiry = _Inquiry(desk, case, policy, subjects, now)
    await inquiry.recall(names)
    await inquiry.ask(names)
    heard: list[Heard] = []
    silences = [_not_configured(name, policy) for name in policy.sources if name not in desk.sources]
    if not policy.sources:
        silences.append(_no_source())
    older: list[tuple[str, tuple[Remembered, ...]]] = []
    for name in names:
        said, silent = inquiry.said(name)
        if said is not None:
            heard.append(said)
        silences += silent
        if silent and said is None and (old := inquiry.old(name)):
            older.append((name, old))
    if policy.fallback:
        silences = await _fall_back(inquiry, heard, silences)
    if not inquiry.results and not silences:
        return Consulted(tuple(heard), (), resting=inquiry.resting())
    await inquiry.remember()
    return Consulted(tuple(heard), tuple(silences), tuple(older))


async def _fall_back(inquiry: _Inquiry, heard: list[Heard], silences: Sequence[Silence]) -> list[Silence]:
    """Let other sources stand in for required silent ones, in the policy's order; add what they said to *heard*."""
    left: list[Silence] = []
    for silence in silences:
        stand_in = await _stand_in(inquiry, heard, silence) if silence.required else None
        if stand_in is None:
            left.append(silence)
            continue
        place = next((place for place, item in enumerate(heard) if item.source == stand_in.source), None)
        instead = replace(stand_in, instead_of=(*stand_in.instead_of, silence.source))
        if place is None:
            heard.append(instead)
        else:
            heard[place] = instead
        # It stays shown, and no longer keeps the check from being complete: the matter's policy says so.
        left.append(silence.model_copy(update={"required": False}))
    return left


async def _stand_in(inquiry: _Inquiry, heard: Sequence[Heard], silence: Silence) -> Heard | None:
    by_name = {item.source: item for item in heard}
    for name in inquiry.policy.fallback.get(silence.source, ()):
        if name in by_name:
            if not by_name[name].stale and inquiry.whole(name):
                return by_name[name]
            continue
        if name in inquiry.results or name not in inquiry.desk.sources:
            continue
        await inquiry.recall([name])
        await inquiry.ask([name])
        said, silent = inquiry.said(name)
        if said is not None and not silent and not said.stale:
            return said
    return None


class _Inquiry:
    """One check's questions: what was remembered, what was asked, what came back."""

    def __init__(
        self, desk: Desk, case: Case, policy: MatterPolicy, subjects: tuple[Subject, ...], now: datetime
    ) -> None:
        self.desk, self.case, self.policy, self.subjects, self.now = desk, case, policy, subjects, now
        self.limit = policy.memory_limit(case.point)
        self.results: dict[str, Consultation | Silence] = {}
        # By source and place among the subjects: a subject's own hash is dear, and asked for often.
        self._keys: dict[tuple[str, int], MemoryKey] = {}
        self._known: dict[tuple[str, int], Remembered] = {}
        self._fresh: dict[tuple[str, int], Remembered] = {}
        self._missing: dict[str, tuple[Subject, ...]] = {}
        self._same = subjects[0]
        self._asked_for = _asked_for(case, desk)

    async def recall(self, names: Sequence[str]) -> None:
        """Ask the memory what it has of these sources."""
        keys: dict[tuple[str, int], MemoryKey] = {}
        for place, subject in enumerate(self.subjects):
            whom = _whom(subject)
            if whom is not None:
                scheme, value, found_by = whom
                asked_for = self._asked_for + found_by
                for name in names:
                    if self.desk.sources[name].offline:
                        continue  # it is on this machine already
                    keys[name, place] = MemoryKey(name, scheme, value, asked_for)
        self._keys.update(keys)
        memory: Mapping[MemoryKey, Remembered] = await Recall(tuple(keys.values())) if keys else {}
        nothing = min(self.limit, self.policy.remember_nothing_for or self.limit)
        for pair, key in keys.items():
            kept = memory.get(key)
            if kept is None or _over(kept, self.now):
                continue
            self._known[pair] = kept
            if not kept.adverse and _within(kept, self.now, self.limit if kept.answer.records else nothing):
                self._fresh[pair] = kept
        for name in names:
            self._missing[name] = tuple(
                subject for place, subject in enumerate(self.subjects) if (name, place) not in self._fresh
            )

    async def ask(self, names: Sequence[str]) -> None:
        """Ask these sources about those of whom nothing fresh is remembered."""
        asking = [name for name in names if self._missing[name]]
        if not asking:
            return
        calls = tuple([await self._call(name) for name in asking])
        answers = await Ask(calls)
        for name, answer in zip(asking, answers, strict=True):
            found = _silence(name, answer) if isinstance(answer, Exception) else answer
            self.results[name] = self._as_asked(found) if isinstance(found, Consultation) else found

    def said(self, name: str) -> tuple[Heard | None, list[Silence]]:
        """Put together what a source said, live and remembered, and in which way it stayed silent."""
        result = self.results.get(name)
        if isinstance(result, Consultation) and self.desk.sources[name].offline:
            return self._offline(name, result)
        if result is None and len(self.subjects) == 1:
            alone = self._fresh[name, 0]
            # Comparing subjects is dear, and the answers of several sources often share theirs.
            if alone.answer.subject is self._same or alone.answer.subject == self._same:
                self._same = alone.answer.subject
                return alone.alone, []
        kept = self._those(self._fresh, name)
        if not isinstance(result, Silence):
            partly = _partial(result, self._missing[name], self.policy) if result is not None else []
            return _merge(name, result, kept, self.subjects, stale=False), partly
        older = {s: item for s, item in self._those(self._known, name).items() if s not in kept}
        if self._may_clear(older, self._missing[name]):
            return _merge(name, None, {**kept, **older}, self.subjects, stale=True), []
        adverse = {s: item for s, item in older.items() if item.adverse}
        if adverse and name not in self.policy.required and self.policy.required:
            # An old adverse answer of an advisory source sends to review; it never blocks, and the silence is shown.
            return _merge(name, None, {**kept, **adverse}, self.subjects, stale=True), [_required(result, self.policy)]
        return None, [_required(result, self.policy)]

    def _offline(self, name: str, result: Consultation) -> tuple[Heard | None, list[Silence]]:
        """Take what lists kept here say, where they are not too old for this matter."""
        age = self.now - result.as_of
        if age > self.policy.list_age or age.total_seconds() < -_AHEAD:
            said = local(result.as_of).isoformat(sep=" ", timespec="minutes")[:16]
            limit = round(self.policy.list_age.total_seconds() / 3600, 1)
            silence = _said(
                name,
                "source.stale",
                f"本机名单的数据时间为 {said}，超出该事项的时限（{limit:g} 小时）；请刷新名单",
                f"the lists kept here are as of {said}, beyond this matter's limit ({limit:g} h); refresh them",
            )
            return None, [_required(silence, self.policy)]
        return Heard(name, result, offline=True), _partial(result, self._missing[name], self.policy)

    def old(self, name: str) -> tuple[Remembered, ...]:
        """Give what is remembered of a silent source and was not used."""
        return tuple(self._those(self._known, name).values())

    def _those(self, which: Mapping[tuple[str, int], Remembered], name: str) -> dict[Subject, Remembered]:
        return {s: which[name, place] for place, s in enumerate(self.subjects) if (name, place) in which}

    def whole(self, name: str) -> bool:
        """Say whether a source answered about everybody."""
        result = self.results.get(name)
        return not isinstance(result, Silence) and (result is None or len(result.answers) >= len(self._missing[name]))

    def resting(self) -> Resting | None:
        """Say on what it rests, where nobody was asked."""
        if not self._fresh:
            return None
        nothing = min(self.limit, self.policy.remember_nothing_for or self.limit)
        ends = []
        for kept in self._fresh.values():
            limit = nothing
            if kept.answer.records:
                own = _seconds(kept.answer, kept.fetched_at, _LONGEST)
                limit = min(self.limit, timedelta(seconds=own))
            ends.append(kept.fetched_at + limit)
        until = min(ends)
        return Resting(tuple(self._keys[pair] for pair in self._fresh), tuple(self._fresh.values()), until)

    async def remember(self) -> None:
        """Give the memory what was answered."""
        # An answer that is too old to stand for asking is still shown while its source is silent.
        shown = self.policy.fresh_limit(self.case.point)
        lasting = max(shown, self.limit, self.policy.stale_clear or self.limit).total_seconds()
        items = [
            (key, _kept(result, answer), seconds)
            for name, result in self.results.items()
            if isinstance(result, Consultation)
            for answer in result.answers
            if answer.known
            and (key := self._keys.get((name, self.subjects.index(answer.subject)))) is not None
            and (seconds := _seconds(answer, self.now, lasting)) > 0
        ]
        if items:
            await Remember(tuple(items))

    def _may_clear(self, older: Mapping[Subject, Remembered], missing: Sequence[Subject]) -> bool:
        limit = self.policy.stale_clear
        if limit is None or len(older) != len(missing):
            return False
        return all(not kept.adverse and _within(kept, self.now, limit) for kept in older.values())

    async def _call(self, name: str) -> Call:
        consulting, subjects = self.desk.sources[name], self._missing[name]
        case = self.case
        query = Query(
            case_id=case.id,
            matter=case.matter,
            point=case.point,
            purpose=case.purpose,
            operator=case.operator,
            region=case.region or self.desk.region,
            subjects=subjects,
        )
        places = [self.subjects.index(s) for s in subjects]
        keys = tuple(self._keys[name, place] for place in places if (name, place) in self._keys)
        budget = consulting.budget
        if self.policy.budget is not None:
            spent = (await Now() - self.now).total_seconds()
            budget = min(budget, max(0.0, self.policy.budget.total_seconds() - spent))
        return Call(
            source=name,
            budget=budget,
            make=lambda: _consult_one(consulting, query, self.desk),
            at=self.now,
            keys=keys if len(keys) == len(subjects) else (),
            notes=await _notes(case, name, subjects, self.now),
            mandatory=name in self.policy.required or not self.policy.required or name in self.policy.fallbacks,
        )

    def _as_asked(self, found: Consultation) -> Consultation:
        """Give an answer that was shared with another caller as one about the subjects as they were given to us."""
        given = {_whom(subject): subject for subject in self.subjects}
        if all(answer.subject in self.subjects for answer in found.answers):
            return found
        answers = tuple(
            answer.model_copy(update={"subject": given.get(_whom(answer.subject), answer.subject)})
            for answer in found.answers
        )
        return found.model_copy(update={"answers": answers})


async def ask_live(
    desk: Desk, case: Case, name: str, subjects: tuple[Subject, ...], now: datetime
) -> Consultation | Silence:
    """Ask one source about *subjects* of *case*, past all memory; its failure is a `Silence`."""
    consulting = desk.sources[name]
    query = Query(
        case_id=case.id,
        matter=case.matter,
        point=case.point,
        purpose=case.purpose,
        operator=case.operator,
        region=case.region or desk.region,
        subjects=subjects,
    )
    call = Call(
        source=name,
        budget=consulting.budget,
        make=lambda: _consult_one(consulting, query, desk),
        at=now,
        notes=await _notes(case, name, subjects, now),
    )
    (found,) = await Ask((call,))
    return _silence(name, found) if isinstance(found, Exception) else found


async def _consult_one(consulting: Consulting, query: Query, desk: Desk) -> Consultation | Silence:
    """Ask once. What the plugin raises goes on to the shell, which may try again, and comes back as the result."""
    return _examine(await consulting.source.consult(query), query, consulting.source.id, desk)


def _examine(consultation: object, query: Query, name: str, desk: Desk) -> Consultation | Silence:
    """Look at what a plugin returned as if nobody had looked yet."""
    if not isinstance(consultation, Consultation):
        return _said(name, "source.not_understood", "来源插件返回的不是查询结果", "its plugin returned no consultation")
    asked = set(query.subjects)
    subjects = [answer.subject for answer in consultation.answers]
    if not asked.issuperset(subjects) or len(set(subjects)) != len(subjects):
        return _said(
            name,
            "source.wrong_subject",
            "答复的对象不是所查询的对象，未采用",
            "it answered about somebody who was not asked for; nothing of it is used",
        )
    if consultation.environment != desk.environment:
        return _said(
            name,
            "source.environment",
            f"来源环境为 {consultation.environment}，与本系统环境 {desk.environment} 不符",
            f"it is a {consultation.environment} platform and this client is for {desk.environment}",
        )
    return consultation


def _asked_for(case: Case, desk: Desk) -> str:
    # What was asked for one purpose is not used for another (个人信息保护法 第六条); and each decision point asks anew:
    # a check right before payment never rests on the one made when applying. Another edition of the catalogue asks
    # for other lists, so that what was answered under the former one no longer counts.
    purpose = f"{case.matter}\n{case.point}\n{desk.catalogue.digest}\n"
    if case.purpose is not None:
        purpose += f"{case.purpose.text}\n{case.purpose.basis}\n"
    return purpose


def _whom(subject: Subject) -> tuple[str, str, str] | None:
    """Name a subject by its primary identifier, and by all that a platform may find it by; None without identifier."""
    primary = subject.primary
    if primary is None:
        return None
    others = "\n".join(f"{each.scheme}:{each.normal}" for each in subject.identifiers)
    return primary.scheme, primary.normal, f"{subject.category}\n{subject.normal_name}\n{others}"


def _over(kept: Remembered, now: datetime) -> bool:
    """Say whether a clock of one of its records ended since: a machine that slept may not have counted the time."""
    if not kept.answer.records:
        return False
    return (now - kept.fetched_at).total_seconds() >= _seconds(kept.answer, kept.fetched_at, _EVER)


def _within(kept: Remembered, now: datetime, limit: timedelta) -> bool:
    age = now - kept.fetched_at
    return age.total_seconds() >= -_TOLERANCE and age <= limit


async def _notes(case: Case, name: str, subjects: Sequence[Subject], now: datetime) -> tuple[QueryNote, ...]:
    purpose = case.purpose
    return tuple(
        [
            QueryNote(
                id=await NewId("query"),
                at=now,
                source=name,
                subject=subject,
                case_id=case.id,
                matter=case.matter,
                point=case.point,
                purpose=purpose.text if purpose else "",
                basis=purpose.basis if purpose else "",
                authorisation_ref=purpose.authorisation_ref if purpose else None,
                operator=case.operator,
            )
            for subject in subjects
        ]
    )


def _kept(result: Consultation, answer: Answer) -> Remembered:
    return Remembered(
        result.source,
        answer,
        result.as_of,
        result.fetched_at,
        result.request_id,
        result.digest,
        result.environment,
        adverse=any(counts_adversely(record) for record in answer.records),
    )


def _seconds(answer: Answer, now: datetime, lasting: float) -> float:
    """Say how long an answer may be kept: never beyond the day on which a clock of one of its records ends."""
    today = day_of(now)
    ending = [
        day
        for record in answer.records
        for day in (record.publicity_until, record.list_until, record.ban_until, record.measure_until)
        if day is not None and day >= today
    ]
    if not ending:
        return lasting
    midnight = datetime.combine(min(ending) + timedelta(days=1), time(), SHANGHAI)
    return min(lasting, (midnight - now).total_seconds())


def _merge(
    name: str,
    result: Consultation | None,
    kept: Mapping[Subject, Remembered],
    subjects: Sequence[Subject],
    *,
    stale: bool,
) -> Heard:
    """Put live and remembered answers of one source together; the oldest time speaks for all."""
    live = {answer.subject: answer for answer in result.answers} if result else {}
    answers, remembered = [], []
    for subject in subjects:
        if subject in live:
            answers.append(live[subject])
        elif subject in kept:
            remembered.append(len(answers))
            answer = kept[subject].answer
            answers.append(answer if answer.subject is subject else answer.model_copy(update={"subject": subject}))
    if result is not None and not kept:
        return Heard(name, result, stale=stale)
    oldest = min(kept.values(), key=lambda item: item.as_of)
    return Heard(
        name,
        Consultation.made(
            source=name,
            as_of=min(oldest.as_of, result.as_of) if result else oldest.as_of,
            fetched_at=min(item.fetched_at for item in kept.values()),
            request_id=result.request_id if result else oldest.request_id,
            digest=result.digest if result else oldest.digest,
            environment=oldest.environment,
            answers=tuple(answers),
        ),
        remembered=frozenset(remembered),
        stale=stale,
    )


def _partial(result: Consultation, missing: Sequence[Subject], policy: MatterPolicy) -> list[Silence]:
    left = len(missing) - len(result.answers)
    if left <= 0:
        return []
    silence = _said(
        result.source,
        "source.incomplete",
        f"所查询的 {len(missing)} 个对象中有 {left} 个没有答复",
        f"it left out {left} of the {len(missing)} subjects asked for",
    )
    return [_required(silence, policy)]


def _silence(name: str, error: Exception) -> Silence:
    if isinstance(error, CreditCheckError):
        return _said(name, error.code, error.words("zh-CN"), error.words("en"))
    kind = type(error).__name__
    return _said(name, "source.failed", f"来源插件出错（{kind}）", f"its plugin failed ({kind})")


def _said(name: str, code: str, zh: str, en: str) -> Silence:
    return Silence(source=name, required=False, code=code, detail=Words(zh=zh, en=en))


def _required(silence: Silence, policy: MatterPolicy) -> Silence:
    return silence.model_copy(update={"required": silence.source in policy.required or not policy.required})


def _not_configured(name: str, policy: MatterPolicy) -> Silence:
    silence = _said(
        name,
        "source.not_configured",
        "该来源没有配置；请在 [[sources]] 中添加",
        "it is not configured; add it under [[sources]]",
    )
    return _required(silence, policy)


def _no_source() -> Silence:
    # A must-check without a source is a check that did not happen.
    silence = _said(
        "none",
        "source.not_configured",
        "没有为该事项配置任何来源；请配置 [[sources]] 以及该事项的 required",
        "no source is configured for this matter; configure [[sources]] and the matter's `required`",
    )
    return silence.model_copy(update={"required": True})
