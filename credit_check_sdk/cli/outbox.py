"""Commands on feedback: relay, outbox. They drop nothing; there is no command that deletes."""

from __future__ import annotations

import dataclasses
import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import OutboxRow

_PAUSE = 2.0
"""Seconds between two looks at the outbox, where the relay keeps running."""

outbox = typer.Typer(help="发件箱 Feedback that waits, is dead or in doubt.", no_args_is_help=True)
app.add_typer(outbox, name="outbox")


@app.command()
def relay(
    *,
    once: Annotated[bool, typer.Option("--once", help="送出到期的反馈后结束 deliver what is due, then end")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="最多条数 at most so many")] = None,
) -> int:
    """送出执行反馈 Deliver feedback to the platforms; keeps running unless --once."""
    from credit_check_sdk import CreditCheck

    leaving = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leaving.set())
    with CreditCheck.open(talk.settings()) as credit:
        while True:
            report = credit.relay(limit=limit)
            status = credit.outbox_status()
            if once or report.attempted:
                _say(report, status)
            if once or leaving.wait(_PAUSE):
                break
    return 0 if once is False or not (report.dead or report.in_doubt) else 1


def _say(report: Any, status: Any) -> None:
    if talk.json:
        talk.document({**dataclasses.asdict(report), "outbox": dataclasses.asdict(status)})
        return
    talk.say(
        f"尝试 {report.attempted} 条：送达 {report.delivered}，稍后重试 {report.retried}，存疑 {report.in_doubt}，"
        f"拒收 {report.dead}；发件箱 {status.counts}",
        f"{report.attempted} tried: {report.delivered} delivered, {report.retried} to be tried again, "
        f"{report.in_doubt} in doubt, {report.dead} refused; outbox {status.counts}",
    )
    if report.sealed:
        talk.say(f"封存 {report.sealed} 条台账条目", f"{report.sealed} entries of the ledger sealed")


@outbox.command("list")
def list_() -> int:
    """列出全部反馈 List all feedback and where it stands."""
    return _show(())


@outbox.command()
def dead() -> int:
    """列出拒收或多次失败的反馈 List feedback that was refused or tried too often."""
    return _show(("dead",))


@outbox.command()
def requeue(
    keys: Annotated[list[str] | None, typer.Argument(help="反馈键，缺省为全部 keys; default: all")] = None,
) -> int:
    """重新排队 Put dead feedback back to waiting."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        moved = credit.requeue(tuple(keys or ()))
    if talk.json:
        talk.document({"requeued": moved})
    else:
        talk.say(f"{moved} 条反馈已重新排队。", f"{moved} feedbacks wait again.")
    return 0


def _show(states: Sequence[Any]) -> int:
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        rows = credit.outbox(states)
        status = credit.outbox_status()
    if talk.json:
        talk.document(
            {"counts": status.counts, "oldest_waiting": status.oldest_waiting, "rows": [_row(r) for r in rows]}
        )
        return 0
    columns = [talk.pick(*pair) for pair in (("键", "key"), ("办件", "case"), ("通道", "channel"), ("状态", "state"))]
    columns += [talk.pick(*pair) for pair in (("次数", "attempts"), ("下次", "next"), ("最近错误", "last error"))]
    talk.table(columns, [[str(value or "") for value in _row(row).values()][:7] for row in rows])
    return 0


def _row(row: OutboxRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "case_id": row.case_id,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "next_at": row.next_at,
        "last_error": row.last_error,
        "created_at": row.created_at,
        "delivered_at": row.delivered_at,
    }
