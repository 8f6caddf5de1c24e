"""Check a case: consult, weigh, decide, sign, record. A flow; it decides and leaves every deed to the driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.again import tick
from credit_check_sdk.core.breaches import broke, lacks
from credit_check_sdk.core.consult import consult
from credit_check_sdk.core.desk import Desk, day_of, local, midnight
from credit_check_sdk.core.disputed import as_disputed_here
from credit_check_sdk.core.facilities import facilities
from credit_check_sdk.core.notices import draft, restricts
from credit_check_sdk.core.outage import by_hand, follow_up, open_recheck, promised, said
from credit_check_sdk.core.reports import report_doubts, stood_in
from credit_check_sdk.core.weigh import Finding, Verdict, asked_parties, weigh
from credit_check_sdk.core.words import concern_words, finding_words, verdict_words
from credit_check_sdk.errors import CaseError
from credit_check_sdk.flow import Hashed, NewId, Now, Record, Sign
from credit_check_sdk.model import (
    AppliesTo,
    CatalogueRef,
    Decision,
    Doubt,
    Evidence,
    Ground,
    Lines,
    Proposal,
    Receipt,
    Words,
)
from credit_check_sdk.model.ledger import CheckEntry, NoticeEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk.core.again import Rested
    from credit_check_sdk.core.consult import Remembered
    from credit_check_sdk.core.weigh import Heard, Support
    from credit_check_sdk.model import Case, MatterPolicy, Silence
    from credit_check_sdk.model.ledger import ManualEntry


async def check(
    desk: Desk, case: Case, *, record: bool = True, only_complete: bool = False, manual: ManualEntry | None = None
) -> Decision:
    """Check *case* at its decision point.

    A check that is not recorded carries no receipt, and the gate knows nothing of it. With *only_complete* a check
    with a silent required source is not recorded; *manual* is recorded with it.

    Raises:
        CaseError: the matter or the decision point is unknown, or a natural person takes part and no purpose is stated;
            nothing left the machine.
    """
    now = await Now()
    # Whether it may promise again is asked of the ledger each time.
    rested = await desk.again.recalled(case, now) if manual is None and not lacks(case) else None
    if rested is not None:
        policy, heard, silences, decided_at = rested.policy, rested.heard, rested.verdict.silences, now
        decision = _decided_again(desk, case, rested, await NewId("dec"), now)
    else:
        policy = desk.policy(case)
        purpose_stated(case)
        decision, heard, silences, decided_at = await _decided(desk, case, policy, manual, now)
    if not record or (only_complete and any(silence.required for silence in silences)):
        return decision
    standing = await open_recheck(case) if policy.outage.get(case.point) == "proceed_and_recheck" else None
    recheck = await promised(desk, policy, decision, standing, decided_at)
    if recheck is not None:
        decision = decision.model_copy(update={"recheck": recheck})
    told = tuple(said(decision, policy, standing))
    if told:
        decision = decision.model_copy(update={"warnings": (*decision.warnings, *told)})
    consultations = tuple(item.consultation for item in heard)
    notices = await draft(desk, case, decision, filter(restricts, decision.proposals), consultations, decided_at)
    parties = await party_digest(case)
    signed = await Sign(receipt(decision, parties).model_dump(mode="json"))
    decision = decision.model_copy(update={"notices": tuple(notice.id for notice in notices), "receipt": signed})
    rules = desk.rules(case.matter, case.point, day_of(decided_at))
    checked = CheckEntry(decision, case, consultations, parties, rules)
    beside = await follow_up(case, decision, standing)
    before = (manual,) if manual is not None else ()
    await Record((*before, checked, *(NoticeEntry(notice) for notice in notices), *beside))
    return decision


async def _decided(
    desk: Desk, case: Case, policy: MatterPolicy, manual: ManualEntry | None, now: datetime
) -> tuple[Decision, tuple[Heard, ...], tuple[Silence, ...], datetime]:
    """Ask and weigh; give the decision with what it was made of, and when it was made."""
    asked = asked_parties(case, policy)
    consulted = await consult(desk, case, policy, asked, now)
    given = (manual.evidence,) if manual is not None else ()
    consulted = await by_hand(desk, case, policy, consulted, asked, now, given)
    if case.credit_reports:
        consulted = stood_in(desk, case, policy, consulted, asked, now)
    heard, silences = consulted.heard, consulted.silences
    weighed = await as_disputed_here(heard)
    # The day of the check picks the edition; the law of that day applies.
    broken = lacks(case) and await broke(case.subject.primary)
    verdict = weigh(case, policy, desk.catalogue, weighed, silences, day_of(now), region=desk.region, broken=broken)
    # Between question and answer time passed: the decision is dated when it is made.
    decided_at = await Now()
    decision = compose(desk, case, policy, heard, verdict, await NewId("dec"), decided_at)
    if case.credit_reports:
        decision = decision.model_copy(
            update={"warnings": (*decision.warnings, *report_doubts(desk, case, decided_at))}
        )
    if consulted.older:
        shown = tuple(_old_answer(name, old, decided_at) for name, old in consulted.older)
        decision = decision.model_copy(update={"warnings": (*decision.warnings, *shown)})
    if consulted.resting is not None and not given:
        desk.again.keep(case, policy, consulted.resting, heard, verdict, decision, midnight(day_of(now)))
    return decision, heard, silences, decided_at


def _decided_again(desk: Desk, case: Case, rested: Rested, number: str, now: datetime) -> Decision:
    """Give what *rested* came to under a number and at a time of its own, with the age of its evidences now."""
    if not rested.parts:
        return compose(desk, case, rested.policy, rested.heard, rested.verdict, number, now)
    shown = rested.shown
    if not shown[0] <= now < shown[1]:
        evidences = tuple(_evidence(desk, item, now) for item in rested.heard)
        rested.shown = shown = (now, tick(rested.heard, now), evidences)
    return Decision.made_whole({**rested.parts, "id": number, "decided_at": local(now), "evidences": shown[2]})


def purpose_stated(case: Case) -> None:
    """Refuse a case with a natural person for whom no purpose is stated (个人信息保护法 第六条, 第三十四条).

    The value refuses it as well; a host that copies cases with changes goes round that, and nobody goes round this.

    Raises:
        CaseError: purpose or basis is missing or blank.
    """
    said = (case.purpose.text, case.purpose.basis) if case.purpose else ("",)
    if all(text.strip() for text in said) or all(party.subject.category != "person" for party in case.everybody):
        return
    raise CaseError(
        f"case {case.id!r}: a natural person takes part, and purpose or basis is missing",
        f"办件 {case.id}：涉及自然人而未写明查询目的或者依据",
        code="case.purpose_missing",
        remedy_en="give purpose.text and purpose.basis",
        remedy_zh="请填写 purpose.text 与 purpose.basis",
    )


async def party_digest(case: Case) -> str:
    """Digest who takes part, in which role, by identifier: another set of parties has another digest."""
    parts = sorted(
        "|".join(
            [party.role, *(f"{i.scheme}:{i.normal}" for i in party.subject.identifiers), party.subject.normal_name]
        )
        for party in case.everybody
    )
    return await Hashed(("parties", *parts))


def compose(  # noqa: PLR0913, PLR0917  a decision is made of all of these
    desk: Desk,
    case: Case,
    policy: MatterPolicy,
    heard: Sequence[Heard],
    verdict: Verdict,
    number: str,
    now: datetime,
) -> Decision:
    """Put the decision into words and values."""
    catalogue = desk.catalogue
    proposals = tuple(
        _proposal(desk, finding, f"prop_{number.removeprefix('dec_')}-{place}", heard)
        for place, finding in enumerate(verdict.findings, start=1)
    )
    said = verdict_words(verdict, catalogue)
    limit = policy.fresh_limit(case.point)
    oldest = min((item.consultation.fetched_at for item in heard), default=now)
    # Composed of values that were validated where they came in.
    return Decision.made(
        id=number,
        case_id=case.id,
        matter=case.matter,
        point=case.point,
        environment=desk.environment,
        outcome=verdict.outcome,
        decided_at=local(now),
        valid_until=local(min(oldest, now) + limit),
        proposals=proposals,
        facilities=facilities(
            case,
            policy,
            catalogue.granting("green_channel", case.matter, case.point, day_of(now)),
            verdict,
            proposals,
        ),
        evidences=tuple(_evidence(desk, item, now) for item in heard),
        silences=verdict.silences,
        warnings=tuple(
            Doubt(
                code=concern.code,
                detail={
                    **concern.detail,
                    **({"role": concern.party.role, "subject": concern.party.subject.masked} if concern.party else {}),
                    **({"records": [seen.record.record_id for seen in concern.seen]} if concern.seen else {}),
                    "words": concern_words(concern, catalogue).model_dump(),
                },
            )
            for concern in verdict.concerns
        ),
        catalogue=CatalogueRef.made(
            edition=catalogue.edition_on(day_of(now)) or catalogue.edition, digest=catalogue.digest
        ),
        reasons=Lines.made(zh=tuple(words.zh for words in said), en=tuple(words.en for words in said)),
    )


def receipt(decision: Decision, parties: str) -> Receipt:
    """Give the claims that the receipt of *decision* signs."""
    return Receipt(
        jti=decision.id,
        iat=int(decision.decided_at.timestamp()),
        exp=int(decision.valid_until.timestamp()),
        case=decision.case_id,
        matter=decision.matter,
        point=decision.point,
        environment=decision.environment,
        parties=parties,
        sources={evidence.source: evidence.as_of.isoformat() for evidence in decision.evidences},
        silent=tuple(silence.source for silence in decision.silences),
        catalogue=decision.catalogue.digest,
        outcome=decision.outcome,
    )


def _old_answer(name: str, old: Sequence[Remembered], now: datetime) -> Doubt:
    """Show what a silent source said before; it carries nothing."""
    as_of = min(item.as_of for item in old)
    count, hours = sum(len(item.answer.records) for item in old), int((now - as_of).total_seconds() // 3600)
    words = Words(
        zh=f"来源 {name} 本次未答复；其上次答复（{hours} 小时前）含 {count} 条记录，仅供参考，不作为结论依据。",
        en=f"source {name} did not answer now; its last answer, {hours} hours old, held {count} records; it is shown only "
        "and carries nothing.",
    )
    detail = {"source": name, "as_of": local(as_of).isoformat(), "records": count, "words": words.model_dump()}
    return Doubt(code="evidence.remembered", detail=detail)


def _evidence(desk: Desk, item: Heard, now: datetime) -> Evidence:
    consultation, level = item.consultation, desk.sources[item.source].level
    age = max(0, int((now - consultation.as_of).total_seconds()))
    made = item.kept.get(level)
    if made is not None and made.age_seconds == age:
        return made
    made = Evidence.made(
        source=item.source,
        level=level,
        as_of=consultation.as_of,
        fetched_at=consultation.fetched_at,
        request_id=consultation.request_id,
        digest=consultation.digest,
        records=sum(len(answer.records) for answer in consultation.answers),
        from_memory=item.manual is None and (item.stale or len(item.remembered) == len(consultation.answers)),
        stale=item.stale,
        offline=item.offline,
        manual=item.manual.id if item.manual is not None else None,
        age_seconds=age,
    )
    item.kept[level] = made
    return made


def _proposal(desk: Desk, finding: Finding, number: str, heard: Sequence[Heard]) -> Proposal:
    measure, subject = finding.measure, finding.party.subject
    fetched = {item.source: item.consultation.fetched_at for item in heard}
    return Proposal(
        id=number,
        measure=measure.code,
        name=measure.name,
        kind=measure.kind,
        class_=measure.class_,
        force=measure.force,
        strength=finding.strength,
        effect_scope=measure.effect_scope,
        applies_to=AppliesTo(
            role=finding.party.role,
            subject=subject.masked,
            name=None if subject.category == "person" else subject.name,
        ),
        grounds=tuple(_ground(desk, support, fetched) for support in finding.supports),
        basis=finding.basis,
        until=finding.until,
        reasons=finding_words(finding, desk.catalogue),
    )


def _ground(desk: Desk, support: Support, fetched: dict[str, datetime]) -> Ground:
    seen, record = support.seen, support.seen.record
    listed = desk.catalogue.list_of(record.list_code) if record.list_code else None
    return Ground(
        source=seen.source,
        record_id=record.record_id,
        list_code=record.list_code,
        list_name=listed.name if listed else None,
        authority=record.authority,
        doc_no=record.doc_no,
        document_date=record.document_date,
        basis=record.basis,
        status=record.status,
        match="identifier" if seen.capacity in {"own", "responsible"} else "name_only",
        until=support.until,
        strength=support.strength,
        observed_at=record.observed_at,
        confirmed_live_at=fetched[seen.source] if seen.live else None,
        reference=record.reference,
    )
