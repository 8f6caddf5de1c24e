"""Divide a long list into parts, let an engine work on them, and join what comes of them. It reads no row itself."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.screening import Screener, as_text, joined, parts_of
from credit_check_sdk.errors import CaseError
from credit_check_sdk.model.screening import ScreenReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model.screening import ScreenPart
    from credit_check_sdk.spi import Engine


def screen_list(  # noqa: PLR0913  what the front door was given
    desk: Desk,
    world: World,
    file: Path,
    out: Path,
    asked: tuple[Any, ...],
    *,
    resume: bool,
    engine: Engine | None,
    elsewhere: Callable[[ScreenPart], ScreenReport],
    told: Callable[[ScreenReport], object] | None,
) -> ScreenReport:
    """Screen a list; see `credit_check_sdk.CreditCheck.screen_list`. *elsewhere* is how an engine works on one part."""
    from credit_check_sdk._shell.world import now

    matter, point, purpose, columns, rows = asked
    _known(desk, matter, point)
    screener = Screener(desk, world)
    folder = parts_of(out)
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".text-") as scratch:
        text = as_text(file, Path(scratch))
        parts = screener.plan(
            text, out, matter=matter, point=point, purpose=purpose, at=now(), columns=columns, rows=rows, given=file
        )
        total = ScreenReport()
        for report in map(screener.part, parts) if engine is None else engine.run(parts, elsewhere):
            total = total.with_more(report)
            if told is not None:
                told(total)
        joined(parts, out)
    shutil.rmtree(folder, ignore_errors=True)
    return total


def screen_part(desk: Desk, world: World, part: ScreenPart) -> ScreenReport:
    """Screen one part, in whatever process this is."""
    return Screener(desk, world).part(part)


def _known(desk: Desk, matter: str, point: str) -> None:
    policy = desk.policies.get(matter)
    if policy is None or point not in policy.points:
        known = ", ".join(policy.points if policy else sorted(desk.policies))
        raise CaseError(
            f"matter {matter!r} with point {point!r} is unknown",
            f"没有事项 {matter} 或其环节 {point}",
            code="case.unknown_point" if policy else "case.unknown_matter",
            remedy_en=f"use one of {known}",
            remedy_zh=f"可用：{known}",
        )
