"""Commands on feedback: relay, outbox. They drop nothing; there is no command that deletes."""

from __future__ import annotations

import dataclasses
import random
import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import OutboxReport, OutboxRow

_PAUSE = 2.0
"""Seconds between two looks at the outbox, where the relay keeps running; spread, so that several do not look at once."""

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

    leaving = _until_told_to_stop()
    with CreditCheck.open(talk.settings()) as credit:
        if once:
            report = credit.relay(limit=limit, leaving=leaving.is_set)
            _say(report, credit.outbox_status())
            return 1 if report.dead or report.in_doubt else 0
        while not leaving.is_set():
            try:
                report = credit.relay(limit=limit, leaving=leaving.is_set)
                if report.attempted:
                    _say(report, credit.outbox_status())
            except LedgerError as error:
                # A database that restarts comes back; whoever keeps running waits for it.
                if not error.retryable:
                    raise
                talk.trouble(error)
            leaving.wait(_PAUSE * (0.5 + random.random()))  # noqa: S311  jitter, no secret
    return 0


def _until_told_to_stop() -> threading.Event:
    """Give what a signal sets: the batch in hand is finished. The second signal ends at once, and gives rows back."""
    leaving = threading.Event()

    def leave(*_: object) -> None:
        if leaving.is_set():
            raise SystemExit(0)
        leaving.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    return leaving


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


@outbox.command()
def reconcile(
    key: Annotated[str | None, typer.Argument(help="反馈键，缺省为向通道查询 a key; default: ask the channels")] = None,
    *,
    delivered: Annotated[
        bool | None, typer.Option("--delivered/--not-delivered", help="平台是否已收到 whether the platform has it")
    ] = None,
    reason: Annotated[str, typer.Option(help="依据 how it was found out")] = "",
    operator: Annotated[str, typer.Option(help="经办人 who found it out")] = "",
) -> int:
    """核对存疑反馈 Settle what became of feedback in doubt: ask the channels, or say what the platform told you."""
    from credit_check_sdk import CreditCheck

    if key is None and delivered is not None:
        raise InputError(
            "--delivered and --not-delivered need a key",
            "--delivered 与 --not-delivered 须指明反馈键",
            remedy_en="name the key that you asked the platform about",
            remedy_zh="请给出已向平台核实的反馈键",
        )
    with CreditCheck.open(talk.settings()) as credit:
        report = credit.reconcile(key, delivered=delivered, reason=reason, operator=operator)
        status = credit.outbox_status()
    left = status.counts.get("in_doubt", 0)
    if talk.json:
        talk.document({"delivered": report.delivered, "waiting": report.retried, "in_doubt": left})
    else:
        talk.say(
            f"确认送达 {report.delivered} 条，重新排队 {report.retried} 条，仍存疑 {left} 条。",
            f"{report.delivered} delivered, {report.retried} wait again, {left} still in doubt.",
        )
    return 1 if key is None and left else 0


def _show(states: Sequence[Any]) -> int:
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        rows = credit.outbox(states)
        status = credit.outbox_status()
    if talk.json:
        talk.document(
            {
                "counts": status.counts,
                "undelivered": status.undelivered,
                "over_limit": status.over_limit,
                "oldest_waiting": status.oldest_waiting,
                "channels": [dataclasses.asdict(channel) for channel in status.channels],
                "rows": [_row(r) for r in rows],
            }
        )
        return 0
    columns = [talk.pick(*pair) for pair in (("键", "key"), ("办件", "case"), ("通道", "channel"), ("状态", "state"))]
    columns += [talk.pick(*pair) for pair in (("次数", "attempts"), ("下次", "next"), ("最近错误", "last error"))]
    talk.table(columns, [[str(value or "") for value in _row(row).values()][:7] for row in rows])
    _say_channels(status)
    return 0


def _say_channels(status: OutboxReport) -> None:
    """Say how each channel stands, and what is not delivered."""
    heads = (("通道", "channel"), ("状态", "state"), ("自", "since"), ("最早待送", "oldest waiting"))
    columns = [talk.pick(*pair) for pair in (*heads, ("最近错误", "last error"), ("条数", "counts"))]
    rows = [
        [
            each.channel,
            each.state,
            each.since.isoformat(timespec="seconds") if each.since else "",
            each.oldest_waiting.isoformat(timespec="seconds") if each.oldest_waiting else "",
            each.last_error or "",
            ", ".join(f"{state} {count}" for state, count in sorted(each.counts.items())),
        ]
        for each in status.channels
    ]
    if rows:
        talk.table(columns, rows)
    warning = ("，已超过 outbox.limit", ", more than outbox.limit") if status.over_limit else ("", "")
    talk.say(f"未送达 {status.undelivered} 条{warning[0]}。", f"{status.undelivered} not delivered{warning[1]}.")


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
