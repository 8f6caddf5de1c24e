"""Say what a measure asks for, in both languages. Pure; it decides nothing and reads no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.model import Words
from credit_check_sdk.model.measure import (
    NotExcluded,
    OnClause,
    OnCleanYears,
    OnDecision,
    OnList,
    OnMeasure,
    OnRating,
    OnRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_check_sdk.catalogue.entries import Catalogue
    from credit_check_sdk.model import Basis, Measure, Record, Trigger

KINDS = {
    "list": Words(zh="名单", en="list"),
    "penalty": Words(zh="行政处罚", en="penalty"),
    "licence": Words(zh="行政许可", en="licence"),
    "commitment": Words(zh="信用承诺", en="commitment"),
    "rating": Words(zh="信用评价", en="rating"),
    "honour": Words(zh="荣誉", en="honour"),
}
"""What kinds of record are called."""
SEVERITIES = {
    "minor": Words(zh="轻微", en="minor"),
    "general": Words(zh="一般", en="general"),
    "serious": Words(zh="严重", en="serious"),
}
"""What severities are called."""
_LEVELS = {
    "law": Words(zh="法律", en="law"),
    "regulation": Words(zh="行政法规", en="regulation"),
    "central_policy": Words(zh="党中央、国务院政策文件", en="central policy"),
    "local_regulation": Words(zh="地方性法规", en="local regulation"),
    "rule": Words(zh="规章、部门文件", en="rule"),
    "local_document": Words(zh="地方文件", en="local document"),
}
_CLASSES = {
    "A": Words(zh="A 类（减损权益或者增加义务）", en="A (reduces rights or adds duties)"),
    "B": Words(zh="B 类（管理措施，不减损权益）", en="B (management)"),
    "C": Words(zh="C 类（公共管理机构以外的组织实施）", en="C (for organisations outside the administration)"),
}
_FORCES = {
    "mandatory": Words(zh="强制性，不得搁置", en="mandatory: it cannot be set aside"),
    "recommended": Words(zh="推荐性，说明理由可以不执行", en="recommended: it may be set aside with a reason"),
}
_STRENGTHS = {
    "block": Words(zh="拦截：提出限制，由经办人确认", en="block: proposed, an officer settles it"),
    "hint": Words(zh="提示：送经办人核实，不限制", en="hint: sent to review, restricts nobody"),
    "info": Words(zh="参考：不改变结果", en="info: it changes no outcome"),
    "offer": Words(zh="便利：可以享受", en="offer: an incentive"),
}
_CLAUSES = {
    "credit_bonus": Words(zh="信用加分", en="credit points"),
    "exclusion": Words(zh="信用排除", en="exclusion"),
    "deposit_reduction": Words(zh="保证金减免", en="deposit reduction"),
}
_SEPARATED = "、"


def _joined(several: Iterable[Words]) -> Words:
    all_ = list(several)
    return Words(zh=_SEPARATED.join(one.zh for one in all_), en=", ".join(one.en for one in all_))


def cited(basis: Basis) -> Words:
    """Cite a legal basis to the article, and say of which rank it is and whether it was read."""
    en = " ".join(part for part in (f"《{basis.title}》", basis.doc_no, basis.article) if part)
    read = Words(
        zh=f"，{basis.verified_on} 核对原文" if basis.verified_on else "，未核对原文",
        en=f", read on {basis.verified_on}" if basis.verified_on else ", not read in its primary text",
    )
    level = _LEVELS[basis.level]
    where = Words(zh=f"，限 {basis.region}", en=f", of {basis.region}") if basis.region else Words(zh="", en="")
    return Words(
        zh=f"《{basis.title}》{basis.doc_no or ''}{basis.article or ''}（{level.zh}{where.zh}{read.zh}）",
        en=f"{en} ({level.en}{where.en}{read.en})",
    )


def condition(trigger: Trigger, catalogue: Catalogue) -> Words:  # noqa: PLR0911  one for each kind of trigger
    """Say what a trigger or a condition asks for."""
    match trigger:
        case OnList():
            named = _joined(_list_name(code, catalogue) for code in trigger.lists)
            floor = _floor(trigger.severity_floor)
            return Words(zh=f"列入{named.zh}{floor.zh}", en=f"listed in {named.en}{floor.en}")
        case OnDecision():
            named = _joined(catalogue.decisions[kind].name for kind in trigger.decisions)
            floor = _floor(trigger.severity_floor)
            return Words(zh=f"有决定：{named.zh}{floor.zh}", en=f"a decision: {named.en}{floor.en}")
        case OnRecord():
            named = _joined(KINDS[kind] for kind in trigger.kinds)
            floor = _floor(trigger.severity_floor)
            adverse = (
                Words(zh="不良", en="adverse") if trigger.polarity == "negative" else Words(zh="正面", en="positive")
            )
            return Words(
                zh=f"有{adverse.zh}记录：{named.zh}{floor.zh}", en=f"an {adverse.en} record: {named.en}{floor.en}"
            )
        case OnMeasure():
            codes = ", ".join(trigger.measures)
            return Words(
                zh=f"{_SEPARATED.join(trigger.roles)} 受 {codes} 限制",
                en=f"{codes} applies to {', '.join(trigger.roles)}",
            )
        case OnRating():
            grades = _SEPARATED.join(trigger.grades)
            return Words(zh=f"信用评价等级为{grades}", en=f"graded {', '.join(trigger.grades)}")
        case OnCleanYears():
            return Words(zh=f"连续 {trigger.years} 年无不良记录", en=f"{trigger.years} clean years")
        case OnClause():
            clause = _CLAUSES[trigger.clause]
            return Words(zh=f"招标文件载有{clause.zh}条款", en=f"the tender document has a clause on {clause.en}")
        case NotExcluded():
            return Words(zh="未被排除且必查来源均已答复", en="not excluded, and every required source answered")


def _floor(severity: str | None) -> Words:
    if severity is None:
        return Words(zh="", en="")
    named = SEVERITIES[severity]
    return Words(zh=f"（{named.zh}及以上）", en=f" ({named.en} or graver)")


def _list_name(code: str, catalogue: Catalogue) -> Words:
    found = catalogue.list_of(code)
    name = found.name if found else Words(zh=code, en=code)
    return Words(zh=f"“{name.zh}”（{code}）", en=f"“{name.en}” ({code})")


def standing_of(measure: Measure, catalogue: Catalogue) -> tuple[Words, ...]:
    """Say its class, its force, its strength, and why it is no stronger than it is."""
    said = [_CLASSES[measure.class_]] if measure.class_ else []
    said += [_FORCES[measure.force], _STRENGTHS[measure.strength]]
    weak = why_no_stronger(measure, catalogue)
    return (*said, weak) if weak else tuple(said)


def why_no_stronger(measure: Measure, catalogue: Catalogue) -> Words | None:
    """Say why a restriction only hints or informs; None where it blocks or offers."""
    if measure.kind != "restriction" or measure.strength == "block":
        return None
    if measure.class_ == "C":
        return Words(
            zh="由公共管理机构以外的组织自主实施，政务系统不执行",
            en="left to organisations outside the administration; a government system never carries it out",
        )
    levels = {"law", "regulation", "central_policy"}
    if measure.edition in catalogue.supplements:
        levels.add("local_regulation")
    carrying = [basis for basis in measure.basis if measure.class_ != "A" or basis.level in levels]
    if not any(basis.verified_on for basis in carrying):
        return Words(
            zh="所列依据均未核对原文（verified_on 为空），至多作提示",
            en="no basis that carries it was read in its primary text (verified_on), so it is at most a hint",
        )
    if measure.strength == "info":
        return Words(zh="由其他机关实施或者仅供告知", en="carried out by others, or for information only")
    return Words(
        zh="依据不要求限制，由经办人核实后处理", en="its basis orders no restriction by itself; the officer looks at it"
    )


def met_by(measure: Measure, record: Record, catalogue: Catalogue) -> Words | None:
    """Say which trigger of *measure* a record meets, by the record alone; None where none."""
    for trigger in measure.triggers:
        if _meets(trigger, record, catalogue):
            return condition(trigger, catalogue)
    return None


def _meets(trigger: Trigger, record: Record, catalogue: Catalogue) -> bool:
    match trigger:
        case OnList():
            listed = catalogue.list_of(record.list_code) if record.list_code else None
            return listed is not None and listed.code in trigger.lists
        case OnDecision():
            return record.decision_kind in trigger.decisions
        case OnRecord():
            return record.kind in trigger.kinds and record.polarity == trigger.polarity
        case OnRating():
            return record.kind in {"rating", "honour"} and record.grade in trigger.grades
        case OnMeasure():
            others = (form for form in catalogue.measures if form.code in trigger.measures)
            return any(_meets(inner, record, catalogue) for other in others for inner in other.triggers)
        case OnCleanYears() | OnClause() | NotExcluded():
            return False
