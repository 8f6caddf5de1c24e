"""The command that counts a period: a table, JSON, CSV, or a page to send upwards. It counts nothing itself."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import point_of
from credit_check_sdk.core.figures import period_days
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_check_sdk import CreditCheck, DecidedCase, Settings, StatisticsReport

SINCE = "起始日（含）first day, YYYY-MM-DD"
UNTIL = "截止日（含）last day, YYYY-MM-DD"
PERIOD = "时段 in place of both: 2026 | 2026-Q4 | 2026-11"
COLUMNS = ("period", "department", "matter", "point", "measure", "figure", "name", "count")
"""Columns of the CSV: one line for each count, so that any sum of lines is a figure of that part."""


@app.command()
def stats(
    *,
    since: Annotated[str | None, typer.Option(help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(help=UNTIL)] = None,
    period: Annotated[str | None, typer.Option(help=PERIOD)] = None,
    by: Annotated[str | None, typer.Option(help="趋势 trend: month | quarter | year")] = None,
    as_csv: Annotated[str | None, typer.Option("--csv", help="写入 CSV，- 为标准输出 FILE, or -")] = None,
    as_html: Annotated[str | None, typer.Option("--html", help="写入 HTML 报告，- 为标准输出 FILE, or -")] = None,
    as_prometheus: Annotated[
        str | None, typer.Option("--prometheus", help="写入 Prometheus 文本 FILE for a textfile collector, or -")
    ] = None,
    decided: Annotated[
        str | None,
        typer.Option(
            help="应查办件：文件或 SELECT 语句 what had to be checked: a file or a SELECT, as `coverage` takes"
        ),
    ] = None,
    point: Annotated[str | None, typer.Option(help="应查办件的缺省环节 point of cases that name none")] = None,
    url: Annotated[str | None, typer.Option(help="SELECT 所在数据库 database of the SELECT")] = None,
    remedies: Annotated[
        bool, typer.Option("--remedies", help="列出因异议成立应予纠正的决定 decisions to be put right")
    ] = False,
) -> int:
    """统计 Count what was due, checked, found, applied, reported and late; per department, matter, point and measure."""
    from credit_check_sdk import CreditCheck, Span

    if remedies:
        return _remedies()
    span = next((each for each in get_args(Span) if each == by), None)
    if span != by:
        raise InputError(
            f"--by {by!r} is no period",
            f"--by：“{by}”不是时段",
            remedy_en=f"use one of {', '.join(get_args(Span))}",
            remedy_zh="可用 month、quarter、year",
        )
    first, last = span_of(since, until, period)
    settings = talk.settings()
    register = _register(decided, url, settings) if decided is not None else None
    with CreditCheck.open(settings) as credit:
        at = point_of(point) if point is not None else None
        report = credit.statistics_report(first, last, by=span, decided=register, point=at)
        rows = [asdict(row) for row in credit.statistics(first, last)]
        sheet = credit.response_sheet(first, last) if talk.json or as_html is not None else None
        wrong = _redress(credit) if as_html is not None else []
    printed = [each for each in (as_csv, as_html, as_prometheus) if each == "-"]
    if len(printed) + talk.json > 1:
        raise InputError(
            "only one form can be printed at a time",
            "标准输出一次只能有一种格式",
            remedy_en="name files for the others",
            remedy_zh="其余格式请指定文件",
        )
    reasons = sheet.reasons if sheet is not None else ()
    if as_html is not None:
        from credit_check_sdk.cli.statistics_page import page

        hand_over(as_html, page(report, wrong, reasons, chinese=talk.chinese))
    if as_csv is not None:
        hand_over(as_csv, _csv(report), spreadsheet=True)
    if as_prometheus is not None:
        hand_over(as_prometheus, exposition(report))
    if talk.json:
        said_days = {"since": first and first.isoformat(), "until": last and last.isoformat()}
        talk.document(
            {
                **said_days,
                "rows": rows,
                "report": {**said(report), "reasons": [each.model_dump(mode="json") for each in reasons]},
            }
        )
    elif as_html is as_csv is as_prometheus is None:
        _table(report, rows)
    return 0


def exposition(report: StatisticsReport) -> str:
    """Write the figures in Prometheus' text format: one gauge, told apart by figure and part, and one of what was due."""
    from credit_check_sdk.service.metrics import Counts, figures

    return Counts().text(figures(report))


def said(report: StatisticsReport) -> dict[str, Any]:
    """Give the report as JSON: the shares with their percentages, and every sum along every dimension."""
    from credit_check_sdk import Dimension

    dimensions: tuple[Dimension, ...] = get_args(Dimension)
    return {
        **report.model_dump(mode="json", by_alias=True),
        "shares": [{**each.model_dump(), "percent": each.percent} for each in report.shares],
        "due_known": report.due is not None,
        "by_dimension": {name: {k: dict(v) for k, v in report.by_dimension(name).items()} for name in dimensions},
    }


def _csv(report: StatisticsReport) -> str:
    from credit_check_sdk.catalogue.figures import figure_catalogue
    from credit_check_sdk.cli.report import cell

    names = {each.code: talk.words(each.name) for each in figure_catalogue().figures}
    rows = [
        [*(cell(v) for v in (g.period, g.department, g.matter, g.point, g.measure)), code, names[code], str(count)]
        for g in report.groups
        for code, count in g.counts.items()
    ]
    for each in report.due or ():
        known = each.model_dump(exclude={"point"})
        rows += [["", "", "", each.point, "", f"due.{code}", code, str(count)] for code, count in known.items()]
    return written([COLUMNS, *rows])


def written(rows: Iterable[Iterable[str]]) -> str:
    """Write rows as CSV."""
    writing = io.StringIO()
    csv.writer(writing).writerows(rows)
    return writing.getvalue()


def hand_over(where: str, text: str, *, spreadsheet: bool = False) -> None:
    """Write *text* to a file, whole or not at all, or to the standard output; spreadsheets need the mark of UTF-8.

    Raises:
        InputError: the file cannot be written.
    """
    if where == "-":
        sys.stdout.write(text)
        return
    path = Path(where)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Beside it first: whoever collects the file meanwhile reads the old one or the new one, never half.
        beside.write_text(text, encoding="utf-8-sig" if spreadsheet else "utf-8", newline="")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise InputError(
            f"{path.name} cannot be written",
            f"{path.name} 无法写入",
            code="file.unreadable",
            remedy_en="name a file in a folder that is there and may be written to",
            remedy_zh="请指定可写目录中的文件",
        ) from error
    talk.say(f"结果在 {where}", f"the result is in {where}")


def _table(report: StatisticsReport, rows: list[dict[str, Any]]) -> None:
    from credit_check_sdk.catalogue.figures import figure_catalogue

    if not report.groups and not rows:
        talk.say("该时段没有核查。", "No checks in this period.")
        return
    flat = [{**row, "outcomes": " ".join(f"{k}={v}" for k, v in sorted(row["outcomes"].items()))} for row in rows]
    if flat:
        talk.table(list(flat[0]), [[str(value) for value in row.values()] for row in flat])
    known = figure_catalogue()
    figures = [
        [talk.words(each.name), each.code, str(report.totals[each.code])]
        for each in known.figures
        if report.totals[each.code] or each.must_be_zero
    ]
    talk.table([talk.pick("指标", "figure"), talk.pick("代码", "code"), talk.pick("数量", "count")], figures)
    unknown = talk.pick("未知", "not known")
    shares = [
        [
            talk.words(defined.name),
            f"{each.part}/{unknown if each.whole is None else each.whole}",
            _percent(each.percent),
        ]
        for defined, each in zip(known.shares, report.shares, strict=True)
    ]
    talk.table([talk.pick("比率", "share"), talk.pick("计算", "of"), "%"], shares)
    if report.by is not None:
        trend = report.by_dimension("period")
        columns = ["files", "hits", "applied", "set_aside", "late"]
        talk.table(
            [talk.pick("时段", "period"), *columns],
            [[period, *(str(counts[name]) for name in columns)] for period, counts in trend.items()],
        )
    if report.due is None:
        talk.say(
            "应查率未知：没有给出应用系统的办件登记，请用 --decided。",
            "The share checked is not known: no register of decided cases was given; name one with --decided.",
        )


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _register(decided: str, url: str | None, settings: Settings) -> Iterable[DecidedCase]:
    from credit_check_sdk._shell.decided import Unread
    from credit_check_sdk.cli.coverage import _given

    for one in _given(decided, url, settings):
        if isinstance(one, Unread):
            raise InputError(
                f"--decided, row {one.row}: {one.en}",
                f"--decided 第 {one.row} 行：{one.zh}",
                remedy_en="mend the row; a report that left it out would not say the truth",
                remedy_zh="请更正该行；略去它会使统计失实",
            )
        yield one


def _redress(credit: CreditCheck) -> list[dict[str, Any]]:
    return [
        asdict(each) | {"decided_at": each.decided_at.isoformat(), "at": each.at.isoformat()}
        for each in credit.redress()
    ]


def _remedies() -> int:
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        rows = _redress(credit)
    if talk.json:
        talk.document({"remedies": rows})
        return 0
    if not rows:
        talk.say("没有应予纠正的决定。", "Nothing has to be put right.")
        return 0
    heads = [("办件", "case"), ("事项", "matter"), ("环节", "point"), ("决定", "decision"), ("措施", "measure")]
    heads += [("状态", "state"), ("曾执行", "was in force"), ("来源", "source")]
    names = ("case_id", "matter", "point", "decision", "measure", "state", "was_in_force", "source")
    talk.table([talk.pick(*head) for head in heads], [[str(row[name]) for name in names] for row in rows])
    return 0


def span_of(since: str | None, until: str | None, period: str | None) -> tuple[date | None, date | None]:
    """Give the first and the last day that were asked for.

    Raises:
        InputError: it is no day or no period, or both are given.
    """
    if period is None:
        return _day(since, "--since"), _day(until, "--until")
    if since is not None or until is not None:
        raise InputError(
            "--period stands for --since and --until",
            "--period 与 --since、--until 不能同时使用",
            remedy_en="leave one of them out",
            remedy_zh="请只用其一",
        )
    found = period_days(period)
    if found is None:
        raise InputError(
            f"--period {period!r} is no period",
            f"--period：“{period}”不是时段",
            remedy_en="write it as 2026, 2026-Q4 or 2026-11",
            remedy_zh="请写作 2026、2026-Q4 或 2026-11",
        )
    return found


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{name} {text!r} is no day",
            f"{name}：“{text}”不是日期",
            remedy_en="write it as 2026-11-23",
            remedy_zh="请写作 2026-11-23",
        ) from None
