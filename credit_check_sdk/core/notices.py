"""Draft notices: tell the subject of a restriction, on what it rests and what can be done. It performs no I/O.

惩戒措施应在规定期限内告知市场主体 (plan (二)2); 深圳经济特区社会信用条例 第六十九条: 书面告知依据、事由、救济途径; exclusion from a
convenience is a restriction too. A notice is drafted with the check, in its transaction; the department delivers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.cited import days_words, until_words
from credit_check_sdk.core.desk import Desk, day_of, local
from credit_check_sdk.core.sayings import CAUSES
from credit_check_sdk.core.words import effect_words, force_words, point_words, role_words
from credit_check_sdk.core.workdays import due
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, NewId, Now, Record
from credit_check_sdk.model import Contact, Due, Notice, NoticeDelivery, Operator
from credit_check_sdk.model.ledger import NoticeDeliveryEntry, Notices, StoredNotice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from credit_check_sdk.catalogue.letters import Letters
    from credit_check_sdk.model import (
        AppliesTo,
        Basis,
        Case,
        Consultation,
        Decision,
        Ground,
        Measure,
        NoticeKind,
        Party,
        Proposal,
        Remedy,
    )
    from credit_check_sdk.model import Record as RecordValue
    from credit_check_sdk.model.ledger import StoredCheck, TransitionEntry

KINDS: dict[str, NoticeKind] = {"case": "restriction", "facilitation": "exclusion", "party": "party"}
"""The notice of a restriction, by what the restriction touches."""
_LANGS = ("zh-CN", "en")


def party_of(case: Case, wanted: AppliesTo) -> Party:
    """Find the party of *case* that a proposal is about."""
    for party in case.everybody:
        same = party.role == wanted.role and party.subject.masked == wanted.subject
        if same and wanted.name in {None, party.subject.name}:
            return party
    return case.everybody[0]


def restricts(proposal: Proposal) -> bool:
    """Say whether its subject must be told before anybody answers: a hint becomes a restriction only when applied."""
    return proposal.kind == "restriction" and proposal.strength == "block"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the notices of one check are drafted from."""

    desk: Desk
    letters: Letters
    case: Case
    decision: Decision
    records: Mapping[tuple[str, str], RecordValue]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a measure ended, where that is what a notice tells."""

    kind: NoticeKind
    on: date
    cause: str


async def draft(
    desk: Desk,
    case: Case,
    decision: Decision,
    proposals: Iterable[Proposal],
    consultations: Sequence[Consultation],
    now: datetime,
) -> tuple[Notice, ...]:
    """Draft a notice for each of *proposals*; none where the desk has no templates."""
    facts = _facts(desk, case, decision, consultations, now)
    if facts is None:
        return ()
    return tuple([_drafted(facts, proposal, await NewId("notice")) for proposal in proposals])


async def draft_ending(desk: Desk, stored: StoredCheck, proposal: Proposal, step: TransitionEntry) -> Notice | None:
    """Draft the notice that a measure was lifted, or rectified (恢复信誉、消除影响).

    None where the desk has no templates, and for a lifting of which nobody needs to hear: the measure never took effect
    and its own notice was never delivered, or a lifting was told before. 谁认定、谁修复，措施同步解除 (信用修复管理办法).
    """
    facts = _facts(desk, stored.case, stored.decision, stored.consultations, step.at)
    if facts is None or proposal.kind != "restriction":
        return None
    kind: NoticeKind = "rectification" if step.event == "rectify" else "lifting"
    if kind == "lifting" and not await _concerns_its_subject(stored, proposal):
        return None
    return _drafted(facts, proposal, await NewId("notice"), _Ended(kind, day_of(step.at), step.cause))


async def _concerns_its_subject(stored: StoredCheck, proposal: Proposal) -> bool:
    before = stored.measure(proposal.id)
    drafted: tuple[StoredNotice, ...] = await Load(Notices(decision=stored.decision.id))
    mine = [kept for kept in drafted if kept.notice.proposal == proposal.id]
    if any(kept.notice.kind == "lifting" and kept.state != "withdrawn" for kept in mine):
        return False
    felt = before.in_force_at is not None or "noticed" in {before.state, before.returns}
    return felt or any(kept.state == "delivered" for kept in mine)


def _facts(
    desk: Desk, case: Case, decision: Decision, consultations: Sequence[Consultation], now: datetime
) -> _Facts | None:
    if desk.letters is None:
        return None
    return _Facts(desk, desk.letters, case, decision, records_of(consultations), now)


def records_of(consultations: Sequence[Consultation]) -> dict[tuple[str, str], RecordValue]:
    """Give the records that sources returned, by source and number."""
    return {
        (record.source, record.record_id): record
        for consultation in consultations
        for answer in consultation.answers
        for record in answer.records
    }


async def deliver(number: str, delivery: NoticeDelivery) -> StoredNotice:
    """Write down that a notice was delivered. The same again does nothing; another day or proof is a correction.

    Raises:
        InputError: there is no such notice, it was withdrawn, or the day lies ahead or before the draft.
    """
    stored = await find(number)
    now = await Now()
    if stored.delivery == delivery:
        return stored
    if stored.state in {"withdrawn", "superseded"}:
        raise InputError(
            f"notice {number} is {stored.state} and is not to be delivered",
            f"告知书 {number} 已{'撤回' if stored.state == 'withdrawn' else '被新的核查取代'}，不应送达",
            code="notice.void",
            remedy_en="deliver the notice of the latest check",
            remedy_zh="请送达最近一次核查的告知书",
        )
    if not day_of(stored.notice.drafted_at) <= delivery.on <= day_of(now):
        raise InputError(
            f"notice {number} cannot have been delivered on {delivery.on}",
            f"告知书 {number} 不可能在 {delivery.on} 送达",
            code="notice.wrong_day",
            remedy_en="give a day from its draft until today",
            remedy_zh="送达日期应在拟制日与今日之间",
        )
    entry = NoticeDeliveryEntry(await NewId("delivery"), number, stored.notice.case_id, delivery, now)
    await Record((entry,))
    return StoredNotice(stored.notice, "delivered", delivery)


async def find(number: str) -> StoredNotice:
    """Find a notice.

    Raises:
        InputError: there is none of that number.
    """
    found: tuple[StoredNotice, ...] = await Load(Notices(number=number))
    if not found:
        raise InputError(
            f"there is no notice {number!r}",
            f"没有编号为 {number} 的告知书",
            code="notice.unknown",
            remedy_en="list them with `credit-check notice list`",
            remedy_zh="可用 credit-check notice list 查看",
        )
    return found[0]


def day_due(desk: Desk, code: str, start: date) -> Due | None:
    """Give the last day of the time limit *code* from *start*, which itself does not count; None where none is set."""
    term = desk.catalogue.terms.get(code)
    if term is None:
        return None
    if term.counted == "calendar":
        return Due(on=start + timedelta(days=term.days), provisional=False)
    if desk.calendar is None:
        return None
    return due(desk.calendar, start, term.days)


def _drafted(facts: _Facts, proposal: Proposal, number: str, ended: _Ended | None = None) -> Notice:
    desk, case, now = facts.desk, facts.case, facts.now
    kind = ended.kind if ended else KINDS[proposal.effect_scope]
    party = party_of(case, proposal.applies_to)
    measure = desk.catalogue.measure(proposal.measure)
    said = {
        lang: {**_said(facts, proposal, measure, party, number, kind, lang), "ended": _ended(ended, lang)}
        for lang in _LANGS
    }
    limit = day_due(desk, f"notice.{ended.kind}" if ended else "notice.restriction", day_of(now))
    return Notice(
        id=number,
        kind=kind,
        case_id=case.id,
        point=case.point,
        decision=facts.decision.id,
        proposal=proposal.id,
        subject_name=party.subject.name,
        text=facts.letters.write(kind if ended else measure.notice or kind, said),
        drafted_at=local(now),
        due_on=limit.on if limit else None,
        provisional=limit.provisional if limit else False,
    )


def _said(  # noqa: PLR0913, PLR0917  what a notice says
    facts: _Facts, proposal: Proposal, measure: Measure, party: Party, number: str, kind: NoticeKind, lang: str
) -> dict[str, Any]:
    """Give the plain values that a template sees, in one language."""
    desk, case = facts.desk, facts.case
    policy = desk.policies.get(case.matter)
    return {
        "number": number,
        "day": day_of(facts.now).isoformat(),
        "decided": day_of(facts.decision.decided_at).isoformat(),
        "case": case.id,
        "matter": policy.name[lang] if policy else case.matter,
        "point": point_words(case.point)[lang],
        "role": role_words(party.role)[lang],
        "subject": {"name": party.subject.name, "identifier": party.subject.masked or ""},
        "operator": {"id": case.operator.id, "department": case.operator.department},
        "reasons": proposal.reasons[lang],
        "grounds": [ground_facts(ground, facts.records, lang) for ground in proposal.grounds],
        "measure": {
            "code": measure.code,
            "name": measure.name[lang],
            "force": force_words(measure.force)[lang],
            "effect": effect_words(proposal.effect_scope)[lang],
            "basis": [cited(basis) for basis in proposal.basis],
            "until": until_words(proposal.until)[lang],
            "period": measure.period.words[lang],
            "release": release_words(desk, proposal, lang),
        },
        "remedies": [remedy_facts(desk, remedy, lang) for remedy in desk.catalogue.remedies if kind in remedy.kinds],
        "contact": contact_of(desk, case.operator).model_dump(),
    }


def _ended(ended: _Ended | None, lang: str) -> dict[str, str]:
    """Say when and why the measure ended; blank in a notice of one that stands."""
    if ended is None:
        return {"on": "", "why": ""}
    why = CAUSES.get(ended.cause)
    return {"on": ended.on.isoformat(), "why": why[lang] if why else ended.cause}


def ground_facts(ground: Ground, records: Mapping[tuple[str, str], RecordValue], lang: str) -> dict[str, str]:
    """Give what a template may say of a ground, in plain values."""
    record = records.get((ground.source, ground.record_id))
    seen = ground.confirmed_live_at or ground.observed_at
    return {
        "list": ground.list_name[lang] if ground.list_name else ground.list_code or (record.kind if record else ""),
        "authority": ground.authority,
        "doc_no": ground.doc_no or "",
        "document_date": ground.document_date.isoformat() if ground.document_date else "",
        "facts": (record.facts or "") if record else "",
        "basis": ground.basis or "",
        "source": ground.source,
        "record_id": ground.record_id,
        "seen_at": local(seen).isoformat(timespec="minutes") if seen else "",
    }


def release_words(desk: Desk, proposal: Proposal, lang: str) -> str:
    """Say how the measure ends: by the exit rule of each list, and whatever the record's own end is."""
    rules = []
    for ground in proposal.grounds:
        listed = desk.catalogue.list_of(ground.list_code) if ground.list_code else None
        if listed is not None:
            rules.append(f"{listed.name[lang]}{'：' if lang == 'zh-CN' else ': '}{listed.term[lang]}")
    usual = (
        "记录到期、修复、撤销或者经异议核实有误的，本措施同步解除"
        if lang == "zh-CN"
        else "when the record ends, is repaired or revoked, or proves wrong on objection"
    )
    return ("；" if lang == "zh-CN" else "; ").join((*dict.fromkeys(rules), usual))


def remedy_facts(desk: Desk, remedy: Remedy, lang: str) -> dict[str, str]:
    """Give what a template may say of a remedy, with the days that hold at the site."""
    term = desk.catalogue.terms.get(remedy.term) if remedy.term else None
    text = remedy.text[lang]
    return {
        "code": remedy.code,
        "name": remedy.name[lang],
        "text": text.replace("{days}", days_words(term, lang)) if term else text,
        "basis": ("、" if lang == "zh-CN" else "; ").join(cited(basis) for basis in remedy.basis),
    }


def cited(basis: Basis) -> str:
    """Cite one legal basis to the article."""
    number = f"（{basis.doc_no}）" if basis.doc_no else ""
    return f"《{basis.title}》{number}{basis.article or ''}"


def contact_of(desk: Desk, operator: Operator) -> Contact:
    """Give the contact of the officer's department, else the site's."""
    return desk.contacts.get(operator.department) or desk.contact or Contact()


def specimen(lang: str) -> dict[str, Any]:
    """Give what a template may name, filled with examples, so that a department's templates can be tried."""
    ground = {
        "list": "严重违法失信名单",
        "authority": "示例机关",
        "doc_no": "示例〔2026〕1号",
        "document_date": "2026-03-01",
        "facts": "示例",
        "basis": "示例办法 第五条",
        "source": "municipal",
        "record_id": "1",
        "seen_at": "2026-11-23T09:00+08:00",
    }
    return {
        "number": "notice_0",
        "day": "2026-11-23",
        "decided": "2026-11-20",
        "case": "451100-2026-000001",
        "matter": "示例事项",
        "point": point_words("accept")[lang],
        "role": role_words("subject")[lang],
        "subject": {"name": "示例企业", "identifier": "91**************2F"},
        "operator": {"id": "u-1", "department": "451100"},
        "reasons": "示例",
        "grounds": [ground],
        "measure": {
            "code": "R-0",
            "name": "示例措施",
            "force": force_words("mandatory")[lang],
            "effect": effect_words("case")[lang],
            "basis": ["《示例条例》第一条"],
            "until": until_words(None)[lang],
            "period": "示例",
            "release": "示例",
        },
        "ended": _ended(None, lang),
        "remedies": [{"code": "objection", "name": "示例", "text": "示例", "basis": "《示例条例》第一条"}],
        "contact": Contact(name="示例机关", phone="0774-0000000").model_dump(),
    }
