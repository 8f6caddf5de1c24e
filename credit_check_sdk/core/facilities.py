"""Say what the trustworthy get: green channel, deferral, bonus. Pure; each refusal has its reason."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING

from credit_check_sdk.core.fair import attested, clauses_of
from credit_check_sdk.model import Bonus, Deferral, Facilities, GreenChannel, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.core.weigh import Finding, Verdict
    from credit_check_sdk.model import Case, Clause, Proposal

_EXCLUDED = Words(
    zh="存在应当限制的记录，不适用便利措施；记录修复或者移出后可再享受",
    en="a restricting record excludes from facilitation until it is repaired or removed",
)
_INCOMPLETE = Words(
    zh="必查来源没有全部答复，不能判断是否符合条件",
    en="not every required source answered, so it cannot be said whether the conditions hold",
)
_NOT_MET = Words(zh="不符合该事项的适用条件", en="the conditions of this matter are not met")


def facilities(case: Case, verdict: Verdict, proposals: Sequence[Proposal]) -> Facilities:
    """Sum up the offers among the findings; findings and proposals are in the same order."""
    offers = {
        finding.measure.grants: (finding, proposal)
        for finding, proposal in reversed(list(zip(verdict.findings, proposals, strict=True)))
        if finding.measure.kind == "incentive"
    }
    if not offers and not case.materials and case.tender is None:
        return _without_offers(excluded=verdict.excluded, complete=verdict.complete)
    refusal = _EXCLUDED if verdict.excluded else (_NOT_MET if verdict.complete else _INCOMPLETE)
    return Facilities(
        green_channel=_green(offers.get("green_channel"), refusal),
        deferral=_deferral(case, offers.get("deferral"), refusal, reached=not verdict.excluded and verdict.complete),
        bonus=_bonus(case, offers.get("bonus"), refusal),
    )


@functools.cache
def _without_offers(*, excluded: bool, complete: bool) -> Facilities:
    """Say that nothing is granted, for a case without materials and tender: the same words each time."""
    refusal = _EXCLUDED if excluded else (_NOT_MET if complete else _INCOMPLETE)
    reached = not excluded and complete
    none = Words(zh="没有缺少的材料，无需容缺", en="nothing is missing, so nothing is deferred") if reached else refusal
    return Facilities(
        green_channel=_green(None, refusal),
        deferral=Deferral(reasons=none),
        bonus=Bonus(reasons=_unfair(()) or refusal),
    )


def _green(offer: tuple[Finding, Proposal] | None, refusal: Words) -> GreenChannel:
    if offer is None:
        return GreenChannel(reasons=refusal)
    return GreenChannel(granted=True, proposal=offer[1].id, reasons=offer[1].reasons)


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
