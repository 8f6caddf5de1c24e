"""Commands on what has changed: sync. They decide nothing."""

from __future__ import annotations

import dataclasses
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from credit_check_sdk.cli.app import app, talk

if TYPE_CHECKING:
    from credit_check_sdk import SyncReport

_PAUSE = 1.0
"""Seconds between two rounds, where nothing holds them back."""
_LONGEST_PAUSE = 60.0
"""Seconds between two rounds at most, while a source cannot be followed; the pause doubles until then."""
_WAIT = 5.0
"""Seconds that a platform may hold its answer back; so long may leaving take, where the command keeps running."""


@app.command()
def sync(
    *,
    once: Annotated[bool, typer.Option("--once", help="取完现有变更后结束 take what there is, then end")] = False,
    wait: Annotated[
        float | None, typer.Option(min=0, max=60, help="没有变更时最多等待的秒数 seconds to wait for the first change")
    ] = None,
) -> int:
    """接收记录变更 Take what platforms say has changed; keeps running unless --once."""
    from credit_check_sdk import CreditCheck

    leaving = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leaving.set())
    seconds = wait if wait is not None else (0.0 if once else _WAIT)
    pause = _PAUSE
    with CreditCheck.open(talk.settings()) as credit:
        while True:
            report = credit.sync(wait=seconds)
            if once or report.changes or report.failed or report.lapsed:
                _say(report)
            pause = min(2 * pause, _LONGEST_PAUSE) if report.failed else _PAUSE
            if once or leaving.wait(pause):
                break
    return 1 if once and report.failed else 0


def _say(report: SyncReport) -> None:
    if talk.json:
        talk.document(
            {
                "changes": report.changes,
                "touched": report.touched,
                "failed": report.failed,
                **dataclasses.asdict(report),
            }
        )
        return
    for one in report.sources:
        if one.error is not None:
            talk.say(
                f"{one.source}：{one.error}，未推进；{one.detail or ''}",
                f"{one.source}: {one.error}; nothing was taken from here on; {one.detail or ''}",
            )
    steps = ", ".join(f"{event} {n}" for one in report.sources for event, n in sorted(one.transitions.items()))
    talk.say(
        f"接收变更 {report.changes} 条，涉及决定 {report.touched} 件；措施变动：{steps or '无'}",
        f"{report.changes} changes taken, {report.touched} decisions touched; measures moved: {steps or 'none'}",
    )
