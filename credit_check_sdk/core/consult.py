"""Ask the sources: what is remembered and fresh is not asked again; all others are asked side by side.

Flows only. What a source gives is checked here once more, whoever wrote the plugin: an answer about somebody else, a
missing answer and an exception all become a `Silence` of that source, and the others still count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.standing import counts_adversely
from credit_check_sdk.core.weigh import Heard
from credit_check_sdk.errors import CreditCheckError, ExchangeError
from credit_check_sdk.flow import Audit, MemoryKey, NewId, Recall, Remember, Together
from credit_check_sdk.model import Answer, Consultation, Query, Silence, Subject, Words
from credit_check_sdk.model.ledger import QueryNote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from credit_check_sdk.core.desk import Consulting, Desk
    from credit_check_sdk.model import Case, MatterPolicy, Party

_TOLERANCE = 5.0
"""Seconds by which a remembered time may lie ahead of the clock before the clock is taken to have been set back."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A clean answer about one subject, as the memory keeps it."""

    answer: Answer
    as_of: datetime
    fetched_at: datetime
    request_id: str
    digest: str
    environment: str


async def consult(
    desk: Desk, case: Case, policy: MatterPolicy, asked: Sequence[Party], now: datetime
) -> tuple[tuple[Heard, ...], tuple[Silence, ...]]:
    """Consult every source of the policy about everybody asked."""
    subjects = tuple(dict.fromkeys(party.subject for party in asked))
    silences = [_not_configured(name, policy) for name in policy.sources if name not in desk.sources]
    if not policy.sources:
        silences.append(_no_source())
    names = [name for name in policy.sources if name in desk.sources]
    limit = policy.memory_limit(case.point)

    keys = {(name, subject): _key(name, subject, case) for name in names for subject in subjects}
    wanted = tuple(key for key in keys.values() if key is not None)
    memory: Mapping[MemoryKey, Remembered] = await Recall(wanted) if wanted else {}
    known = {pair: memory[key] for pair, key in keys.items() if key is not None and key in memory}
    fresh = {pair: kept for pair, kept in known.items() if _within(kept, now, limit)}

    missing = {name: tuple(s for s in subjects if (name, s) not in fresh) for name in names}
    asking = [name for name in names if missing[name]]
    if asking:
        await Audit(await _notes(case, asking, missing, now))
    results = await _ask(desk, case, asking, missing) if asking else {}

    heard: list[Heard] = []
    for name in names:
        kept = {s: fresh[name, s] for s in subjects if (name, s) in fresh}
        result = results.get(name)
        stale = False
        if isinstance(result, Silence):
            older = {s: known[name, s] for s in missing[name] if (name, s) in known}
            if _may_stand_in(policy, older, missing[name], now):
                kept, result, stale = {**kept, **older}, None, True
        if isinstance(result, Silence):
            silences.append(_required(result, policy))
            continue
        if result is not None:
            silences += _partial(result, missing[name], policy)
        heard.append(_merge(name, result, kept, subjects, stale=stale))

    lasting = max(limit, policy.stale_clear or limit).total_seconds()
    clean = [item for name, result in results.items() for item in _clean(name, result, case)]
    if clean:
        await Remember(tuple(clean), lasting)
    return tuple(heard), tuple(silences)


async def _ask(
    desk: Desk, case: Case, asking: Sequence[str], missing: Mapping[str, tuple[Subject, ...]]
) -> dict[str, Consultation | Silence]:
    def branch(name: str) -> tuple[float, Any]:
        consulting = desk.sources[name]
        query = Query(
            case_id=case.id,
            matter=case.matter,
            point=case.point,
            purpose=case.purpose,
            operator=case.operator,
            region=case.region or desk.region,
            subjects=missing[name],
        )
        return consulting.budget, lambda: _consult_one(consulting, query, desk)

    answers = await Together(tuple(branch(name) for name in asking))
    return {
        name: _silence(name, answer) if isinstance(answer, Exception) else answer
        for name, answer in zip(asking, answers, strict=True)
    }


async def _consult_one(consulting: Consulting, query: Query, desk: Desk) -> Consultation | Silence:
    source = consulting.source
    try:
        consultation = await source.consult(query)
    except ExchangeError as error:
        return _silence(source.id, error)
    except Exception as error:  # noqa: BLE001  the one place where a plugin is contained
        return _silence(source.id, error)
    return _examine(consultation, query, source.id, desk)


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


def _key(source: str, subject: Subject, case: Case) -> MemoryKey | None:
    primary = subject.primary
    if primary is None:
        return None
    # What was asked for one purpose is not used for another (个人信息保护法 第六条); and each decision point asks anew:
    # a check right before payment never rests on the one made when applying.
    purpose = f"{case.matter}\n{case.point}"
    if case.purpose is not None:
        purpose += f"\n{case.purpose.text}\n{case.purpose.basis}"
    return MemoryKey(source, primary.scheme, primary.normal, purpose)


def _within(kept: Remembered, now: datetime, limit: timedelta) -> bool:
    age = now - kept.fetched_at
    return age.total_seconds() >= -_TOLERANCE and age <= limit


def _may_stand_in(
    policy: MatterPolicy, older: Mapping[Subject, Remembered], missing: Sequence[Subject], now: datetime
) -> bool:
    if policy.stale_clear is None or len(older) != len(missing):
        return False
    return all(_within(kept, now, policy.stale_clear) for kept in older.values())


async def _notes(
    case: Case, asking: Sequence[str], missing: Mapping[str, tuple[Subject, ...]], now: datetime
) -> tuple[QueryNote, ...]:
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
            for name in asking
            for subject in missing[name]
        ]
    )


def _clean(name: str, result: Consultation | Silence, case: Case) -> list[tuple[MemoryKey, Remembered]]:
    """Pick what may be remembered: answers that know the subject and hold nothing adverse."""
    if isinstance(result, Silence):
        return []
    found = []
    for answer in result.answers:
        key = _key(name, answer.subject, case)
        adverse = any(counts_adversely(record) for record in answer.records)
        if key is not None and answer.known and not adverse:
            kept = Remembered(
                answer, result.as_of, result.fetched_at, result.request_id, result.digest, result.environment
            )
            found.append((key, kept))
    return found


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
        Consultation.model_construct(
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
