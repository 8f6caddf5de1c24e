"""Say what the trustworthy get: green channel, deferral, bonus. Pure; each refusal has its reason."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.fair import attested, clauses_of
from credit_check_sdk.core.standing import years_after
from credit_check_sdk.model import Bonus, Deferral, Facilities, GreenChannel, Words
from credit_check_sdk.model.measure import OnCleanYears

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.core.weigh import Finding, Verdict
    from credit_check_sdk.model import Case, Clause, MatterPolicy, Measure, Proposal

_EXCLUDED = Words(
    zh="存在应当限制的记录，不适用便利措施；记录修复或者移出后可再享受",
    en="a restricting record excludes from facilitation until it is repaired or removed",
)
_INCOMPLETE = Words(
    zh="必查来源没有全部答复，不能判断是否符合条件",
    en="not every required source answered, so it cannot be said whether the conditions hold",
)
_BROKEN = Words(
    zh="申请人有未修复的违诺记录，不适用容缺受理；修复后可再次适用",
    en="the applicant broke a commitment that is not repaired; after repair it may promise again",
)
_NOT_MET = Words(zh="不符合该事项的适用条件", en="the conditions of this matter are not met")


_PRIORITY = Words(zh="优先办理", en="priority")


def facilities(
    case: Case, policy: MatterPolicy, green: Sequence[Measure], verdict: Verdict, proposals: Sequence[Proposal]
) -> Facilities:
    """Sum up the offers among the findings; findings and proposals are in the same order.

    *green* are the measures that may open a green channel here, so that a refusal says which grounds were looked at.
    """
    offers = {
        finding.measure.grants: (finding, proposal)
        for finding, proposal in reversed(list(zip(verdict.findings, proposals, strict=True)))
        if finding.measure.kind == "incentive"
    }
    if not offers and not case.materials and case.tender is None:
        return _without_offers(_age(case, green), excluded=verdict.excluded, complete=verdict.complete)
    refusal = _EXCLUDED if verdict.excluded else (_NOT_MET if verdict.complete else _INCOMPLETE)
    return Facilities(
        green_channel=_green(
            offers.get("green_channel"), policy, _no_ground(_age(case, green)) if refusal is _NOT_MET else refusal
        ),
        deferral=_deferral(
            case,
            offers.get("deferral"),
            _BROKEN if verdict.broken else refusal,
            reached=not verdict.excluded and verdict.complete,
        ),
        bonus=_bonus(case, offers.get("bonus"), refusal),
    )


@functools.cache
def _without_offers(age: _Age, *, excluded: bool, complete: bool) -> Facilities:
    """Say that nothing is granted, for a case without materials and tender: the same words each time."""
    refusal = _EXCLUDED if excluded else (_NOT_MET if complete else _INCOMPLETE)
    reached = not excluded and complete
    none = Words(zh="没有缺少的材料，无需容缺", en="nothing is missing, so nothing is deferred") if reached else refusal
    return Facilities(
        green_channel=GreenChannel(reasons=_no_ground(age) if refusal is _NOT_MET else refusal),
        deferral=Deferral(reasons=none),
        bonus=Bonus(reasons=_unfair(()) or refusal),
    )


def _green(offer: tuple[Finding, Proposal] | None, policy: MatterPolicy, refusal: Words) -> GreenChannel:
    if offer is None:
        return GreenChannel(reasons=refusal)
    days = policy.green_days
    return GreenChannel(
        granted=True,
        proposal=offer[1].id,
        grants=(_PRIORITY, *policy.green_steps, *([_limit(days, policy.promised_days)] if days else [])),
        promised_days=days,
        reasons=offer[1].reasons,
    )


@functools.cache
def _limit(days: int, ordinary: int | None) -> Words:
    zh, en = f"承诺 {days} 个工作日内办结", f"decided within {days} working days"
    if ordinary is not None and ordinary > days:
        zh, en = f"{zh}（普通程序 {ordinary} 个工作日）", f"{en} instead of {ordinary}"
    return Words(zh=zh, en=en)


_Age = tuple[int | None, Literal["none", "unknown", "young", "old"]]
"""The clean years that a matter asks for, and what is known of the subject's age; ``none`` where it has no green channel."""


def _age(case: Case, green: Sequence[Measure]) -> _Age:
    if not green:
        return None, "none"
    asked = [trigger.years for measure in green for trigger in measure.triggers if isinstance(trigger, OnCleanYears)]
    if not asked:
        return None, "old"
    years, founded = min(asked), case.subject.founded_on
    if case.subject.category == "person":
        return years, "old"
    if founded is None:
        return years, "unknown"
    return years, "young" if founded > years_after(day_of(case.opened_at), -years) else "old"


@functools.cache
def _no_ground(age: _Age) -> Words:
    """Say which grounds of a green channel were looked at, and why none holds."""
    years, known = age
    if known == "none":
        return Words(zh="该事项在本环节没有绿色通道", en="this matter has no green channel at this point")
    zh, en = "没有守信名单或者优良评级记录", "no red list and no good rating names the subject"
    if years is not None:
        zh += {
            "unknown": f"；成立日期不明，不能认定连续 {years} 年无不良信用记录",
            "young": f"；成立不满 {years} 年，不适用连续 {years} 年无不良信用记录",
            "old": f"；未能认定受理日前连续 {years} 年无不良信用记录",
        }[known]
        en += {
            "unknown": f"; its age is not known, so {years} clean years cannot be shown",
            "young": f"; it is younger than {years} years, so {years} clean years are no ground",
            "old": f"; {years} years without an adverse record before the acceptance day are not shown",
        }[known]
    return Words(zh=zh, en=en)


def _deferral(case: Case, offer: tuple[Finding, Proposal] | None, refusal: Words, *, reached: bool) -> Deferral:
    missing = [material for material in case.materials if material.state == "missing"]
    if offer is not None:
        codes = tuple(material.code for material in missing)
        return Deferral(granted=True, proposal=offer[1].id, materials=codes, reasons=offer[1].reasons)
    if reached and not missing:
        return Deferral(reasons=Words(zh="没有缺少的材料，无需容缺", en="nothing is missing, so nothing is deferred"))
    # 容缺受理: 实质性要件不留死角; only formal, deferrable materials may come later.
    blocking = [material for material in missing if material.kind == "substantive" or not material.deferrable]
    if reached and blocking:
        names = "、".join(f"{material.code} {material.name}" for material in blocking)
        refusal = Words(
            zh=f"缺少不可容缺的材料：{names}；请一次性补正",
            en=f"materials that may not come later are missing: {names}; supply them first",
        )
    return Deferral(reasons=refusal)


def _bonus(case: Case, offer: tuple[Finding, Proposal] | None, refusal: Words) -> Bonus:
    clauses = clauses_of(case, "credit_bonus")
    if offer is None:
        return Bonus(reasons=_unfair(clauses) or refusal)
    offered = offer[0].measure.points_offered or Decimal(0)
    caps = [clause.max_points for clause in clauses if attested(clause) and clause.max_points is not None]
    return Bonus(points=min([offered, *caps]), proposal=offer[1].id, reasons=offer[1].reasons)


def _unfair(clauses: Sequence[Clause]) -> Words | None:
    """Say what the tender document lacks for points (令第16号 第九条); None where it has all of it."""
    if not clauses:
        return Words(
            zh="招标文件没有信用加分条款，不予加分（招标投标领域公平竞争审查规则第九条）",
            en="the tender document has no clause on credit points, so none are given",
        )
    if not any(clause.max_points is not None for clause in clauses):
        return Words(
            zh="招标文件的信用加分条款没有载明上限，不予加分；请补充 max_points",
            en="the clause on credit points names no cap, so none are given; state max_points",
        )
    if not any(attested(clause) and clause.max_points is not None for clause in clauses):
        return Words(
            zh="信用加分条款没有一视同仁的声明（对各地区、各所有制同等对待），不予加分（招标投标领域公平竞争审查规则第九条）",
            en="nobody attests that the clause on credit points treats all regions and forms of ownership alike, so "
            "none are given",
        )
    return None
