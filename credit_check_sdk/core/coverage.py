"""Find decided cases that were not checked. A flow; it asks the ledger and no source.

What counts is a check of the same case at the same point, in the client's own environment, made before the decision and
not yet expired then.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import SHANGHAI, Desk, local
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load
from credit_check_sdk.model import Coverage, CoverageGap
from credit_check_sdk.model.ledger import ChecksOf, CheckTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk.model import DecidedCase, Point
    from credit_check_sdk.model.coverage import GapKind

_BATCH = 500
_TOLERANCE = timedelta(seconds=5)
"""By how much the clock of the host may lag behind that of the checks."""


async def coverage(desk: Desk, decided: Iterable[DecidedCase], point: Point | None) -> Coverage:
    """Say which of the *decided* cases were checked when they were decided; *point* is that of cases that name none.

    Raises:
        InputError: neither a case nor *point* says at which point it was decided.
    """
    count, gaps = 0, []
    pending = iter(decided)
    while batch := list(itertools.islice(pending, _BATCH)):
        count += len(batch)
        asked = tuple(dict.fromkeys(case.case_id for case in batch))
        found: Sequence[CheckTimes] = await Load(ChecksOf(asked, desk.environment))
        by_place: dict[tuple[str, str], list[CheckTimes]] = defaultdict(list)
        for check in found:
            by_place[check.case_id, check.point].append(check)
        for case in batch:
            at = case.point or point
            if at is None:
                raise _no_point(case.case_id)
            gap = _gap(case, at, by_place[case.case_id, at])
            if gap is not None:
                gaps.append(gap)
    return Coverage(decided=count, checked=count - len(gaps), gaps=tuple(gaps))


def _gap(case: DecidedCase, point: Point, checks: Sequence[CheckTimes]) -> CoverageGap | None:
    """Judge one case; *checks* are its own at that point, oldest first."""
    if not checks:
        return _found(case, point, "never_checked", None)
    if case.decided_at is None:
        return None
    begin, end = _span(case)
    before = [check for check in checks if check.decided_at <= end]
    if not before:
        return _found(case, point, "checked_late", checks[0])
    # The gate asks the latest check only; an older one that would have counted longer counts no more.
    last = before[-1]
    if last.valid_until is None or last.valid_until < begin:
        return _found(case, point, "stale", last)
    return None


def _span(case: DecidedCase) -> tuple[datetime, datetime]:
    """Give the first and last moment at which *case* may have been decided."""
    said = case.decided_at
    if isinstance(said, datetime):
        return said - _TOLERANCE, said + _TOLERANCE
    assert said is not None  # noqa: S101  for the type checker: the caller has looked
    start = datetime.combine(said, time(), SHANGHAI)
    return start, start + timedelta(days=1)


def _found(case: DecidedCase, point: Point, kind: GapKind, check: CheckTimes | None) -> CoverageGap:
    return CoverageGap(
        case_id=case.case_id,
        point=point,
        decided_at=case.decided_at,
        kind=kind,
        check=check.decision if check else None,
        checked_at=local(check.decided_at) if check else None,
        valid_until=local(check.valid_until) if check and check.valid_until else None,
    )


def _no_point(case_id: str) -> InputError:
    return InputError(
        f"case {case_id!r}: it is not said at which decision point it was decided",
        f"办件 {case_id}：没有指明在哪个环节作出决定",
        remedy_en="name the point for all, or give each case its own",
        remedy_zh="请统一指明环节，或为每个办件给出环节",
    )
