"""Commands for an outage: recheck, manual. What a silent source left open is shown until it is dealt with."""

from __future__ import annotations

import dataclasses
import signal
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import EXIT, app, talk
from credit_check_sdk.cli.case import parse_records, point_of, show
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import CreditCheck

_PAUSE = 30.0
"""Seconds between two looks, where it keeps running."""


@app.command()
def recheck(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="补查全部未完成的核查后结束 make all that are open, then end")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="只列出，不补查 only list them")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="最多件数 at most so many")] = None,
) -> int:
    """补查 Make again the checks that an outage left open; keeps running unless --once. Exit 10 where one found something."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        if list_:
            return _list(credit)
        if once:
            report = credit.recheck(limit=limit)
            _say(report)
            return EXIT["restricted"] if report.adverse else EXIT["undecided"] if report.waiting else 0
        leaving = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leaving.set())
        while not leaving.is_set():
            report = credit.recheck(limit=limit, due_only=True)
            if report.attempted:
                _say(report)
            leaving.wait(_PAUSE)
    return 0


def _say(report: Any) -> None:
    if talk.json:
        talk.document(dataclasses.asdict(report))
        return
    talk.say(
        f"补查 {report.attempted} 件：完成 {report.done}，发现问题 {report.adverse}，仍未答复 {report.waiting}",
        f"{report.attempted} rechecked: {report.done} done, {report.adverse} found something, {report.waiting} wait on",
    )
    for number in report.found:
        talk.say(
            f"  须立即处理：credit-check evidence show {number}", f"  act at once: credit-check evidence show {number}"
        )


def _list(credit: CreditCheck) -> int:
    rows = credit.rechecks(("waiting", "adverse"))
    today = _today()
    if talk.json:
        found = [{**dataclasses.asdict(row), "overdue": _overdue(row, today)} for row in rows]
        talk.document({"rechecks": found})
        return 0
    heads = (
        ("编号", "number"),
        ("办件", "case"),
        ("环节", "point"),
        ("状态", "state"),
        ("期限", "due"),
        ("原因", "why"),
    )
    table = [
        [
            row.id,
            row.case_id,
            row.point,
            row.state + (talk.pick("（逾期）", " (overdue)") if _overdue(row, today) else ""),
            row.due_on.isoformat(),
            row.last_error or "",
        ]
        for row in rows
    ]
    talk.table([talk.pick(*pair) for pair in heads], table)
    return 0


def _overdue(row: Any, today: Any) -> bool:
    return bool(row.state == "waiting" and row.due_on < today)


def _today() -> Any:
    from credit_check_sdk._shell.world import now
    from credit_check_sdk.core.desk import day_of

    return day_of(now())


@app.command()
def manual(
    case_id: Annotated[str, typer.Argument(help="办件编号 number of the file")],
    *,
    point: Annotated[str, typer.Option(help="环节 decision point")],
    source: Annotated[str, typer.Option(help="未答复的必查来源 the silent source")],
    file: Annotated[str, typer.Option(help="证据文件 the file that shows what was seen")],
    site: Annotated[str, typer.Option(help="查询网站或窗口 the site or counter")],
    at: Annotated[str, typer.Option(help="查询时间 when, 2026-11-23T09:00:00+08:00")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    department: Annotated[str | None, typer.Option(help="部门，缺省为办件的部门 default: the case's")] = None,
    records: Annotated[str | None, typer.Option(help="查到的记录 JSON file of what was found; none: nothing")] = None,
) -> int:
    """附上人工查询证据 Attach evidence of a query made by hand for a silent source, and check anew with it."""
    from credit_check_sdk import CreditCheck, ManualError, Operator

    when = _moment(at)
    found = parse_records(records) if records is not None else ()
    with CreditCheck.open(talk.settings()) as credit:
        stored = credit.latest(case_id, point_of(point))
        if stored is None:
            raise ManualError(
                f"case {case_id!r} was never checked at {point}",
                f"办件 {case_id} 在 {point} 环节没有核查记录",
                code="manual.never_checked",
                remedy_en="check it first",
                remedy_zh="请先核查",
            )
        officer = Operator(id=operator, department=department or stored.case.operator.department)
        decision = credit.attach(
            case_id,
            point_of(point),
            source,
            file=file,
            site=site,
            queried_at=when,
            operator=officer,
            records=found,
        )
    if talk.json:
        talk.document(decision.model_dump(mode="json"))
    else:
        show(decision)
    return EXIT[decision.outcome]


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise InputError(
            f"--at {text!r} is no moment with its zone",
            f"--at：“{text}”不是带时区的时间",
            remedy_en="write it as 2026-11-23T09:00:00+08:00",
            remedy_zh="请写作 2026-11-23T09:00:00+08:00",
        )
    return when
