"""Take evidence of a query made by hand for a source that is silent, and check again with it. A flow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_check_sdk.core.check import check
from credit_check_sdk.core.outage import is_current
from credit_check_sdk.errors import ManualError
from credit_check_sdk.flow import Load, NewId, Now
from credit_check_sdk.model import ManualEvidence
from credit_check_sdk.model.ledger import LatestCheck, ManualEntry

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Decision, Operator, Point, Record
    from credit_check_sdk.model.ledger import StoredCheck

LARGEST = 10 * 1024 * 1024
"""Largest file, in bytes, that is kept as evidence."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What an officer hands in."""

    case_id: str
    point: Point
    source: str
    site: str
    queried_at: datetime
    operator: Operator
    file: str
    content: bytes
    records: tuple[Record, ...] = ()


async def attach(desk: Desk, handed: Handed) -> Decision:
    """Attach evidence to the latest check of a file at a point, and check it anew with it.

    Every source is asked again; where the silent one answers now, its own answer counts.

    Raises:
        ManualError: never checked, the policy does not allow it, the source was not silent, or evidence that cannot count.
    """
    stored: StoredCheck | None = await Load(LatestCheck(handed.case_id, handed.point))
    if stored is None:
        raise _refused(
            "manual.never_checked",
            f"case {handed.case_id!r} was never checked at {handed.point}",
            f"办件 {handed.case_id} 在 {handed.point} 环节没有核查记录",
            ("check it first", "请先核查"),
        )
    policy, now = desk.policy(stored.case), await Now()
    if policy.outage.get(handed.point) != "manual":
        raise _refused(
            "manual.not_allowed",
            f"matter {policy.code} takes no manual evidence at {handed.point}",
            f"事项 {policy.code} 在 {handed.point} 环节不接受人工查询证据",
            (
                f'set matters."{policy.code}".outage.{handed.point} = "manual"',
                "请在事项的 outage 中将该环节设为 manual",
            ),
        )
    if handed.source not in {silence.source for silence in stored.decision.silences if silence.required}:
        raise _refused(
            "manual.not_silent",
            f"source {handed.source!r} is no required source that was silent in the latest check",
            f"来源 {handed.source} 不是最近一次核查中未答复的必查来源",
            ("name one of its silent sources", "请指定未答复的必查来源"),
        )
    if not 0 < len(handed.content) <= LARGEST:
        raise _refused(
            "manual.file",
            f"the file is empty or larger than {LARGEST // 1024 // 1024} MiB",
            f"证据文件为空或超过 {LARGEST // 1024 // 1024} MiB",
            ("give a readable copy of what was seen", "请提供查询结果的清晰副本"),
        )
    evidence = ManualEvidence(
        id=await NewId("manual"),
        case_id=handed.case_id,
        point=handed.point,
        source=handed.source,
        site=handed.site,
        queried_at=handed.queried_at,
        operator=handed.operator,
        file=handed.file,
        size=len(handed.content),
        digest=f"sha256:{hashlib.sha256(handed.content).hexdigest()}",
        records=handed.records,
        attached_at=now,
    )
    if not is_current(evidence, now, policy.fresh_limit(handed.point)):
        raise _refused(
            "manual.stale",
            "the query by hand is older than a check may be, or dated ahead",
            "人工查询时间超过核查有效期，或晚于当前时间",
            ("query again", "请重新查询"),
        )
    return await check(desk, stored.case, manual=ManualEntry(evidence, handed.content))


def _refused(code: str, en: str, zh: str, remedy: tuple[str, str]) -> ManualError:
    return ManualError(en, zh, code=code, remedy_en=remedy[0], remedy_zh=remedy[1])
