"""Explain a recorded check to the person it is about, in plain words. A flow that only reads.

个人信息保护法 第二十四条: a decision that automation prepared is explained on request, and nobody is refused by automation
alone: the explanation says what the program did, what an officer decided, and what the reader can do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core import promise_words
from credit_check_sdk.core.cited import until_words
from credit_check_sdk.core.desk import Desk, day_of, local
from credit_check_sdk.core.notices import (
    KINDS,
    cited,
    contact_of,
    ground_facts,
    party_of,
    records_of,
    release_words,
    remedy_facts,
    specimen,
)
from credit_check_sdk.core.sayings import STATES
from credit_check_sdk.core.words import effect_words, force_words, outcome_words, point_words, role_words
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, Now
from credit_check_sdk.model import Explanation
from credit_check_sdk.model.ledger import CheckById, StoredCheck

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk.model import Party, Proposal, Subject

NAME = "explanation"
"""Name of the template."""
_LANGS = ("zh-CN", "en")
_ANSWERS = {
    "applied": ("执行", "applied"),
    "set_aside": ("不予执行", "set aside"),
    "verifying": ("核实中", "being verified"),
}


_LEVELS: dict[str, tuple[str, str]] = {
    "municipal": ("市级公共信用信息平台", "the city's credit platform"),
    "regional": ("自治区（省）级公共信用信息平台", "the region's credit platform"),
    "national": ("全国信用信息共享平台", "the national credit platform"),
    "enterprise": ("国家企业信用信息公示系统", "the national enterprise publicity system"),
}


async def explain(desk: Desk, number: str, subject: Subject | None = None) -> Explanation:
    """Explain the check *number*: to the applicant, or to *subject* only what concerns it.

    Raises:
        InputError: there is no such check, or *subject* takes no part in it.
    """
    stored: StoredCheck | None = await Load(CheckById(number))
    if stored is None:
        raise InputError(
            f"there is no check {number!r}",
            f"没有编号为 {number} 的核查",
            code="settle.never_checked",
            remedy_en="give the number of a check (dec_…)",
            remedy_zh="请给出核查编号（dec_…）",
        )
    reader = _reader(stored, subject)
    now = await Now()
    said = {lang: _said(desk, stored, reader, lang, now, whole=subject is None) for lang in _LANGS}
    letters = desk.letters
    if letters is None:  # a desk of the core's own tests; a client always has its templates
        message = "the desk has no templates"
        raise RuntimeError(message)
    return Explanation(
        decision=stored.decision.id,
        case_id=stored.case.id,
        point=stored.decision.point,
        subject_name=reader[0].subject.name,
        text=letters.write(NAME, said),
        made_at=local(now),
    )


def _reader(stored: StoredCheck, subject: Subject | None) -> tuple[Party, ...]:
    """Give the parties that the reader is; the applicant reads of the whole file."""
    if subject is None:
        return stored.case.everybody[:1]
    mine = tuple(party for party in stored.case.everybody if party.subject.same_as(subject))
    if not mine:
        raise InputError(
            f"that subject takes no part in check {stored.decision.id}",
            f"该主体不是核查 {stored.decision.id} 的当事人",
            code="explain.not_a_party",
            remedy_en="compare the identifier with that of the case",
            remedy_zh="请核对标识与办件是否一致",
        )
    return mine


def _said(
    desk: Desk, stored: StoredCheck, reader: Sequence[Party], lang: str, now: datetime, *, whole: bool
) -> dict[str, Any]:
    """Give the plain values that the template sees, in one language."""
    case, decision = stored.case, stored.decision
    policy = desk.policies.get(case.matter)
    mine = [p for p in decision.proposals if whole or any(party_of(case, p.applies_to) is each for each in reader)]
    restrictions = [p for p in mine if p.kind == "restriction"]
    kinds = {"explanation", *(KINDS[p.effect_scope] for p in restrictions)}
    purpose = case.purpose
    return {
        "number": decision.id,
        "day": day_of(now).isoformat(),
        "decided": local(decision.decided_at).isoformat(timespec="minutes"),
        "case": case.id,
        "matter": policy.name[lang] if policy else case.matter,
        "point": point_words(case.point)[lang],
        "role": ("、" if lang == "zh-CN" else ", ").join(dict.fromkeys(role_words(p.role)[lang] for p in reader)),
        "subject": {"name": reader[0].subject.name, "identifier": reader[0].subject.masked or ""},
        "operator": {"id": case.operator.id, "department": case.operator.department},
        "whole": whole,
        "purpose": {"text": purpose.text if purpose else "", "basis": purpose.basis if purpose else ""},
        "asked": _asked(case.everybody if whole else reader, lang),
        "sources": [
            {"name": _named(e.source, e.level, lang), "at": local(e.fetched_at).isoformat(timespec="minutes")}
            for e in decision.evidences
        ],
        "silent": [_named(s.source, _level(desk, s.source), lang) for s in decision.silences],
        "outcome": outcome_words(decision.outcome)[lang] if whole else "",
        "edition": decision.catalogue.edition,
        "restrictions": [_restriction(desk, stored, proposal, lang) for proposal in restrictions],
        "offers": [
            {"name": p.name[lang], "reasons": p.reasons[lang], **_answer(stored, p, lang)}
            for p in mine
            if p.kind == "incentive"
        ],
        "remarks": _remarks(stored, mine, reader, lang, whole=whole),
        "remedies": [
            remedy_facts(desk, remedy, lang) for remedy in desk.catalogue.remedies if kinds & set(remedy.kinds)
        ],
        "kept_until": _kept_until(desk, decision.decided_at),
        "contact": contact_of(desk, case.operator).model_dump(),
    }


def _asked(parties: Sequence[Party], lang: str) -> list[dict[str, str]]:
    return [
        {"role": role_words(p.role)[lang], "name": p.subject.name, "identifier": p.subject.masked or ""}
        for p in parties
    ]


def _level(desk: Desk, source: str) -> str:
    consulting = desk.sources.get(source)
    return consulting.level if consulting else ""


def _named(source: str, level: str, lang: str) -> str:
    """Name a source as a reader knows it, and as the configuration calls it."""
    words = _LEVELS.get(level)
    if words is None:
        return source
    return f"{words[0]}（{source}）" if lang == "zh-CN" else f"{words[1]} ({source})"


def _restriction(desk: Desk, stored: StoredCheck, proposal: Proposal, lang: str) -> dict[str, Any]:
    records = records_of(stored.consultations)
    party = party_of(stored.case, proposal.applies_to)
    return {
        "code": proposal.measure,
        "name": proposal.name[lang],
        "party": party.subject.name,
        "role": role_words(party.role)[lang],
        "force": force_words(proposal.force)[lang],
        "effect": effect_words(proposal.effect_scope)[lang],
        "hint": proposal.strength != "block",
        "grounds": [ground_facts(ground, records, lang) for ground in proposal.grounds],
        "basis": [cited(basis) for basis in proposal.basis],
        "until": until_words(proposal.until)[lang],
        "release": release_words(desk, proposal, lang),
        "reasons": proposal.reasons[lang],
        "state": STATES[stored.measure(proposal.id).state][lang],
        **_answer(stored, proposal, lang),
    }


def _answer(stored: StoredCheck, proposal: Proposal, lang: str) -> dict[str, str]:
    """Say who answered a proposal, how and when; blank while nobody has."""
    given = stored.standing().get(proposal.id)
    if given is None:
        return {"answer": "", "by": "", "on": "", "why": ""}
    return {
        "answer": _ANSWERS[given.response.answer][lang != "zh-CN"],
        "by": given.operator.id,
        "on": day_of(given.at).isoformat(),
        "why": given.response.reason or "",
    }


def _remarks(
    stored: StoredCheck, mine: Sequence[Proposal], reader: Sequence[Party], lang: str, *, whole: bool
) -> list[str]:
    """Give what else was said: records that were seen and do not count, doubts about identifiers, silent sources."""
    told = {proposal.reasons[lang] for proposal in stored.decision.proposals}
    told |= {outcome_words(stored.decision.outcome)[lang]}
    told |= {proposal.reasons[lang] for proposal in mine}
    left = [line for line in stored.decision.reasons[lang] if line not in told]
    # A line that names somebody else is not the reader's to read.
    return left if whole else [line for line in left if any(f"“{each.subject.name}”" in line for each in reader)]


def _kept_until(desk: Desk, decided_at: datetime) -> str:
    term = desk.catalogue.terms.get("retention.file")
    return (day_of(decided_at) + timedelta(days=term.days)).isoformat() if term else ""


def trial(lang: str) -> dict[str, Any]:
    """Give what the templates of notices, of the explanation and of a deferral may name, filled with examples, to try them with."""
    notice = specimen(lang)
    measure = notice["measure"]
    answer = {"answer": _ANSWERS["applied"][lang != "zh-CN"], "by": "u-1", "on": "2026-11-23", "why": "示例"}
    return {
        **notice,
        "whole": True,
        "purpose": {"text": "示例", "basis": "《示例条例》第一条"},
        "asked": [{"role": notice["role"], "name": "示例企业", "identifier": "91**************2F"}],
        "sources": [{"name": "municipal", "at": "2026-11-23T09:00+08:00"}],
        "silent": ["regional"],
        "outcome": outcome_words("restricted")[lang],
        "edition": "2026.1",
        "restrictions": [
            {
                **{key: measure[key] for key in ("code", "name", "force", "effect", "basis", "until", "release")},
                "party": "示例企业",
                "role": notice["role"],
                "hint": False,
                "grounds": notice["grounds"],
                "reasons": "示例",
                "state": STATES["in_force"][lang],
                **answer,
            }
        ],
        "offers": [{"name": "示例", "reasons": "示例", **answer}],
        "remarks": ["示例"],
        "kept_until": "2041-11-23",
        **promise_words.trial("zh-CN" if lang == "zh-CN" else "en"),
    }
