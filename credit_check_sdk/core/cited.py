"""Cite what a decision rests on: records, bases, periods and remedies. Pure; identifiers never appear here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.law import months_after
from credit_check_sdk.catalogue.telling import KINDS
from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.core.standing import Seen
    from credit_check_sdk.model import Basis, Measure, Term

_STATUS = {
    "active": Words(zh="有效", en="active"),
    "objected": Words(zh="异议处理中", en="under objection"),
    "reconsidered": Words(zh="复议或诉讼中", en="under reconsideration or litigation"),
    "repaired": Words(zh="已修复", en="repaired"),
    "expired": Words(zh="已到期", en="expired"),
    "revoked": Words(zh="已撤销", en="revoked"),
    "temporarily_lifted": Words(zh="暂时解除", en="temporarily lifted"),
    "publicity_ended": Words(zh="公示期满", en="publicity ended"),
}
_TELLS = {"case": "restriction", "facilitation": "exclusion", "party": "party"}
"""Which remedies belong to a measure: those of the notice that it makes."""


def basis_words(basis: Sequence[Basis]) -> Words:
    """Cite legal bases to the article: 《政府采购法》第七十七条."""
    cited = "、".join(f"《{b.title}》{b.doc_no or ''}{b.article or ''}" for b in basis)
    english = "; ".join(" ".join(part for part in (f"《{b.title}》", b.doc_no, b.article) if part) for b in basis)
    return Words(zh=cited, en=english)


def record_words(seen: Seen, catalogue: Catalogue) -> Words:
    """Name a record: its list or kind, what was decided, by whom, under which number and date, from where, how it stands."""
    record = seen.record
    name = _name(seen, catalogue)
    status = _STATUS[record.status]
    zh = [f"{record.authority} {record.doc_no}" if record.doc_no else f"{record.authority}，文号未载明"]
    en = [f"{record.authority} {record.doc_no}" if record.doc_no else f"{record.authority}, no number given"]
    if record.document_date is not None:
        zh.append(f"文书日期 {record.document_date}")
        en.append(f"dated {record.document_date}")
    zh += [f"来源 {seen.source}", f"状态：{status.zh}"]
    en += [f"source {seen.source}", f"status: {status.en}"]
    return Words(zh=f"“{name.zh}”记录（{'，'.join(zh)}）", en=f"a record of “{name.en}” ({'; '.join(en)})")


def _name(seen: Seen, catalogue: Catalogue) -> Words:
    record = seen.record
    listed = catalogue.list_of(record.list_code) if record.list_code else None
    if listed is not None:
        return listed.name
    decided = catalogue.decisions.get(record.decision_kind) if record.decision_kind else None
    if decided is not None:
        return decided.name
    return Words(zh=record.list_code, en=record.list_code) if record.list_code else KINDS[record.kind]


def until_words(day: date | None) -> Words:
    """Say until when a measure lasts."""
    if day is None:
        return Words(zh="至记录移出之日止", en="until the record is removed")
    return Words(zh=f"至 {day.isoformat()}（含当日）止", en=f"until {day.isoformat()}, that day included")


def period_words(measure: Measure, day: date | None) -> Words:
    """Say how long a measure lasts, and until when that is here."""
    words, ends = measure.period.words, until_words(day)
    return Words(zh=f"{words.zh}（{ends.zh}）", en=f"{words.en} ({ends.en})")


def remedy_words(measure: Measure, catalogue: Catalogue) -> Words:
    """Name the ways in which somebody may defend himself, with their time limits (救济途径)."""
    zh: list[str] = []
    en: list[str] = []
    for remedy in catalogue.remedies:
        if _TELLS[measure.effect_scope] not in remedy.kinds:
            continue
        term = catalogue.terms.get(remedy.term) if remedy.term else None
        zh.append(remedy.name.zh + (f"（{days_words(term, 'zh-CN')}）" if term else ""))
        en.append(remedy.name.en + (f" ({days_words(term, 'en')})" if term else ""))
    if not zh:
        return Words(
            zh="对记录有异议的，可向作出机关申请异议处理或者信用修复",
            en="whoever disputes the record may object, or ask for repair, with the authority that made it",
        )
    return Words(zh=f"救济途径：{'、'.join(zh)}", en=f"remedies: {'; '.join(en)}")


def repair_words(seen: Sequence[Seen], catalogue: Catalogue) -> Words | None:
    """Say from when repair or removal may be asked for: by the rules of each document's date, or of each list.

    None where nothing is known of it. The last day of several is told: before it not all of them can be repaired.
    """
    days: list[date] = []
    for one in seen:
        shown = catalogue.publicity_of(one.record)
        if shown and shown.shortest:
            days.append(shown.shortest)
        listed = catalogue.list_of(one.record.list_code) if one.record.list_code else None
        if listed and listed.early_exit_months is not None and one.record.document_date is not None:
            days.append(months_after(one.record.document_date, listed.early_exit_months))
    if not days:
        return None
    last = max(days).isoformat()
    return Words(
        zh=f"最短期限至 {last}（含当日，以作出机关认定为准），其后符合条件的可以申请信用修复或者提前移出",
        en=f"the shortest term lasts until {last}, that day included, as the authority counts it; after it repair or "
        "early removal may be asked for",
    )


def days_words(term: Term, lang: str) -> str:
    """Say how many days a time limit has."""
    if lang == "zh-CN":
        return f"{term.days} 个工作日" if term.counted == "working" else f"{term.days} 日"
    unit = "working days" if term.counted == "working" else "days"
    return f"{term.days} {unit}"
