"""Cases from the case-exchange tables of government-service platforms, and rows back. It opens no database.

``up_pro_accept`` holds a file, ``up_pro_material`` its documents, ``up_pro_process`` what was done with it
(全国一体化政务服务平台 办件数据). Field names are those of the exchange; every code is looked up in a table that a region
may replace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from credit_check_sdk import (
    Case,
    CaseError,
    Category,
    Decision,
    Identifier,
    Material,
    MatterPolicy,
    Operator,
    Party,
    Point,
    Purpose,
    Subject,
)

Row = Mapping[str, Any]
_SHANGHAI = timezone(timedelta(hours=8))
REQUIRED = ("project_no", "task_code", "applyer_name", "applyer_type", "accept_date", "org_code", "org_name")
"""Fields of ``up_pro_accept`` without which no case can be made."""

CATEGORIES: Mapping[str, Category] = {
    "1": "person", "自然人": "person", "个人": "person",
    "2": "organisation", "法人": "organisation", "企业": "organisation", "法人及非法人组织": "organisation",
    "3": "organisation", "4": "organisation", "5": "organisation", "9": "organisation", "其他组织": "organisation",
    "6": "sole_trader", "个体工商户": "sole_trader",
}  # fmt: skip
"""申请人类型."""

SCHEMES: Mapping[str, str] = {
    "1": "cn-uscc", "01": "cn-uscc", "001": "cn-uscc", "统一社会信用代码": "cn-uscc",
    "2": "cn-org-code", "02": "cn-org-code", "组织机构代码": "cn-org-code",
    "10": "cn-resident-id", "111": "cn-resident-id", "11": "cn-resident-id", "居民身份证": "cn-resident-id", "身份证": "cn-resident-id",
    "50": "passport", "414": "passport", "护照": "passport",
    "30": "cn-hk-macao-permit", "516": "cn-hk-macao-permit", "港澳居民来往内地通行证": "cn-hk-macao-permit",
    "40": "cn-taiwan-permit", "511": "cn-taiwan-permit", "台湾居民来往大陆通行证": "cn-taiwan-permit",
    "553": "cn-residence-permit", "554": "cn-residence-permit", "居民居住证": "cn-residence-permit",
}  # fmt: skip
"""申请人证件类型 (GA/T 517 codes and the exchange's own)."""

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y%m%d")


@dataclass(frozen=True, slots=True)
class Codes:
    """How a region's codes are read: service items to matters, and its own code tables."""

    matters: Mapping[str, str]
    """``task_code``, or a prefix of it, to the matter's code; the longest prefix wins."""
    categories: Mapping[str, Category] = field(default_factory=lambda: CATEGORIES)
    """申请人类型."""
    schemes: Mapping[str, str] = field(default_factory=lambda: SCHEMES)
    """申请人证件类型."""


def case_from_exchange(  # noqa: PLR0913  what makes a case is named one by one
    accept: Row,
    *,
    point: Point,
    operator: Operator,
    purpose: Purpose,
    codes: Codes,
    materials: Sequence[Row] = (),
    policy: MatterPolicy | None = None,
) -> Case:
    """Make a case of an ``up_pro_accept`` row and its ``up_pro_material`` rows.

    With *policy* its checklist is completed: what the matter asks for and no row brings is *missing*.

    Raises:
        CaseError: a field is missing or cannot be read; the message names it.
    """
    for name in REQUIRED:
        if not _text(accept.get(name)):
            raise _wrong(name, "is missing", "缺失", "fill it in", "请补充")
    scheme, value = _text(accept.get("applyer_page_type")), _text(accept.get("applyer_page_code"))
    region = re.match(r"\d{6}", _text(accept.get("org_code")))
    return Case(
        id=_text(accept["project_no"]),
        matter=_matter(_text(accept["task_code"]), codes),
        point=point,
        subject=Subject(
            category=_category(_text(accept["applyer_type"]), codes),
            name=_text(accept["applyer_name"]),
            identifiers=(_identifier(scheme, value, codes),) if value else (),
        ),
        parties=_parties(accept, codes),
        purpose=purpose,
        operator=operator,
        region=region[0] if region else None,
        opened_at=_moment(accept["accept_date"]),
        materials=checklist(materials, policy),
        host={
            "task_name": _text(accept.get("task_name")),
            "org_name": _text(accept["org_name"]),
            "promise_date": _text(accept.get("promise_date")) or None,
        },
    )


def checklist(rows: Sequence[Row], policy: MatterPolicy | None) -> tuple[Material, ...]:
    """Hold the documents that came against the matter's checklist.

    A document counts as supplied when it has an attachment or was received (``get_num`` above 0).
    """
    came = {_text(row.get("material_name")): _came(row) for row in rows if _text(row.get("material_name"))}
    wanted = policy.materials if policy else ()
    known = tuple(
        material.model_copy(update={"state": "supplied" if came.get(material.name) else "missing"})
        for material in wanted
    )
    names = {material.name for material in wanted}
    others = tuple(
        Material(code=f"X{place:02d}", name=name, kind="formal", state="supplied" if there else "missing")
        for place, (name, there) in enumerate(came.items(), start=1)
        if name not in names
    )
    return (*known, *others)


def process_row(decision: Decision, operator: Operator, *, name: str = "信用核查") -> dict[str, str]:
    """Give the ``up_pro_process`` row that says the check was made; it holds no identifier."""
    at = decision.decided_at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    measures = "、".join(dict.fromkeys(proposal.name.zh for proposal in decision.proposals)) or "无"
    outcome = {"clear": "通过", "restricted": "受限", "review": "待核", "undecided": "未决"}[decision.outcome]
    return {
        "row_guid": decision.id,
        "project_no": decision.case_id,
        "process_name": name,
        "event_name": decision.point,
        "event_start_time": at,
        "event_end_time": at,
        "handle_explain": f"结论：{outcome}；措施：{measures}；核查编号：{decision.id}",
        "handle_user_name": operator.id,
    }


def _came(row: Row) -> bool:
    number = _text(row.get("get_num"))
    return bool(_text(row.get("material_attach_name"))) or (number.isdigit() and int(number) > 0)


def _matter(task: str, codes: Codes) -> str:
    for prefix in sorted(codes.matters, key=len, reverse=True):
        if task.startswith(prefix):
            return codes.matters[prefix]
    raise _wrong("task_code", "is mapped to no matter", "没有对应的事项", "add it to `matters`", "请在 matters 中配置")


def _category(code: str, codes: Codes) -> Category:
    if code not in codes.categories:
        known = ", ".join(sorted(codes.categories))
        raise _wrong("applyer_type", "is unknown", "取值未知", f"use one of {known}", f"可用取值：{known}")
    return codes.categories[code]


def _identifier(scheme: str, value: str, codes: Codes) -> Identifier:
    if not scheme:
        solid = re.sub(r"[\s-]", "", value).upper()
        guessed = "cn-resident-id" if re.fullmatch(r"[1-8]\d{5}(?:19|20)\d{9}[\dX]", solid) else "cn-uscc"
        return Identifier(scheme=guessed, value=value)
    if scheme not in codes.schemes:
        known = ", ".join(sorted(codes.schemes))
        raise _wrong("applyer_page_type", "is unknown", "取值未知", f"use one of {known}", f"可用取值：{known}")
    return Identifier(scheme=codes.schemes[scheme], value=value)


def _parties(accept: Row, codes: Codes) -> tuple[Party, ...]:
    found = []
    legal, agent = _text(accept.get("legal")), _text(accept.get("contact_name"))
    if legal:
        value = _text(accept.get("legal_code"))
        identifiers = (_identifier(_text(accept.get("legal_type")), value, codes),) if value else ()
        found.append(
            Party(role="legal_representative", subject=Subject(category="person", name=legal, identifiers=identifiers))
        )
    if agent and agent not in {legal, _text(accept.get("applyer_name"))}:
        value = _text(accept.get("contact_code"))
        identifiers = (_identifier(_text(accept.get("contact_type")), value, codes),) if value else ()
        found.append(Party(role="agent", subject=Subject(category="person", name=agent, identifiers=identifiers)))
    return tuple(found)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=_SHANGHAI)
    written = _text(value)
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        read = _by_form(written)
    return read if read.tzinfo else read.replace(tzinfo=_SHANGHAI)


def _by_form(written: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=_SHANGHAI)
        except ValueError:
            continue
    raise _wrong(
        "accept_date", "is no date", "不是日期", "write it as 2026-11-23 09:00:00", "请写作 2026-11-23 09:00:00"
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _wrong(name: str, en: str, zh: str, remedy_en: str, remedy_zh: str) -> CaseError:
    return CaseError(
        f"up_pro_accept.{name} {en}", f"up_pro_accept.{name} {zh}", remedy_en=remedy_en, remedy_zh=remedy_zh
    )
