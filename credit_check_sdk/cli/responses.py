"""The command that puts answers together for those who initiated measures: a table, JSON, CSV or a page. It decides nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.statistics import PERIOD, SINCE, UNTIL, hand_over, span_of, written
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.figures import period_before
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from credit_check_sdk import CreditCheck, ResponseLine, ResponseSheet

_HEADS = (
    *(
        ("发起部门", "initiator"),
        ("名单", "list"),
        ("措施", "measure"),
        ("措施名称", "name"),
        ("实施部门", "department"),
    ),
    *(("涉及主体", "subjects"), ("应执行", "proposed"), ("已执行", "applied"), ("不执行", "set aside")),
    *(("核实中", "verifying"), ("未答复", "unanswered"), ("理由", "reasons")),
)
_TEXTS = 5


@app.command()
def responses(
    *,
    since: Annotated[str | None, typer.Option(help=SINCE)] = None,
    until: Annotated[str | None, typer.Option(help=UNTIL)] = None,
    period: Annotated[str | None, typer.Option(help=PERIOD)] = None,
    memorandum: Annotated[str | None, typer.Option(help="备忘录代码 code of a memorandum, e.g. M-TAXA")] = None,
    initiator: Annotated[str | None, typer.Option(help="发起部门 who asked for the measures")] = None,
    as_csv: Annotated[str | None, typer.Option("--csv", help="写入 CSV，- 为标准输出 FILE, or -")] = None,
    as_html: Annotated[str | None, typer.Option("--html", help="写入 HTML 表，- 为标准输出 FILE, or -")] = None,
) -> int:
    """响应情况 What became of the measures that others asked for, and why not: the sheet that goes back to them."""
    from credit_check_sdk import CreditCheck

    if [as_csv, as_html].count("-") + talk.json > 1:
        raise InputError(
            "only one form can be printed at a time",
            "标准输出一次只能有一种格式",
            remedy_en="name files for the others",
            remedy_zh="其余格式请指定文件",
        )
    first, last = span_of(since, until, period)
    with CreditCheck.open(talk.settings()) as credit:
        if first is None and last is None:
            first, last = _usual(credit, memorandum)
        sheet = credit.response_sheet(first, last, memorandum=memorandum, initiator=initiator)
    if as_csv is not None:
        from credit_check_sdk.cli.report import cell

        rows = [[talk.pick(*head) for head in _HEADS], *(map(cell, row) for row in _rows(sheet, whole=True))]
        hand_over(as_csv, written(rows), spreadsheet=True)
    if as_html is not None:
        hand_over(as_html, _page(sheet))
    if talk.json:
        talk.document(sheet.model_dump(mode="json"))
    elif as_csv is as_html is None:
        _show(sheet)
    return 0


def _usual(credit: CreditCheck, memorandum: str | None) -> tuple[date | None, date | None]:
    """Give the last whole period of a memorandum that says how often answers are put together."""
    known = credit.catalogue.memoranda.get(memorandum.upper()) if memorandum is not None else None
    if known is None or known.report_every is None:
        return None, None
    return period_before(day_of(datetime.now(UTC)), known.report_every)


def _show(sheet: ResponseSheet) -> None:
    talk.say(*_title(sheet))
    if not sheet.lines:
        talk.say("该时段没有提出措施。", "No measure was proposed in this period.")
        return
    talk.table([talk.pick(*head) for head in _HEADS], list(_rows(sheet)))


def _title(sheet: ResponseSheet) -> tuple[str, str]:
    since, until = (each.isoformat() if each else "…" for each in (sheet.since, sheet.until))
    of = (f"《{sheet.title.zh}》{sheet.doc_no} ", f"{sheet.title.en} ({sheet.doc_no}), ") if sheet.title else ("", "")
    return f"{of[0]}执行情况反馈表 {since} 至 {until}", f"{of[1]}answers {since} to {until}"


def _rows(sheet: ResponseSheet, *, whole: bool = False) -> Iterator[list[str]]:
    """Write the lines; a table on the screen shows the most frequent reason alone."""
    for line in sheet.lines:
        listed = f"{line.list_code} {talk.words(line.list_name) if line.list_name else ''}" if line.list_code else ""
        texts = [line.initiator, listed, line.measure, talk.words(line.measure_name), line.department]
        counts = [line.subjects, line.proposed, line.applied, line.set_aside, line.verifying, line.unanswered]
        yield [*texts, *map(str, counts), "; ".join(_reasons(line)[: None if whole else 1])]


def _reasons(line: ResponseLine) -> list[str]:
    return [f"{each.reason} ×{each.count}" for each in line.reasons]


_PAGE = """<!doctype html>
<html lang="{{ lang }}"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","SimSun",sans-serif;margin:1.5em;color:#111}
h1{text-align:center;font-size:1.3em}p{text-align:center}.sandbox{color:#a00;border:2px solid #a00;padding:.3em}
table{border-collapse:collapse;width:100%;font-size:.85em}th,td{border:1px solid #777;padding:.25em .4em;text-align:left;vertical-align:top}
th{background:#eef2f7}td.n{text-align:right;font-variant-numeric:tabular-nums}tr{break-inside:avoid}thead{display:table-header-group}
@page{size:A4 landscape;margin:12mm}
</style></head><body><h1>{{ title }}</h1>
{% if sandbox %}<p class="sandbox">{{ sandbox }}</p>{% endif %}
<table><thead><tr>{% for head in heads %}<th>{{ head }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr>{% for value in row %}<td{% if texts <= loop.index0 < heads|length - 1 %} class="n"{% endif %}>{{ value }}</td>{% endfor %}</tr>
{% else %}<tr><td colspan="{{ heads|length }}">{{ nothing }}</td></tr>
{% endfor %}</tbody></table><p>{{ made }}</p></body></html>
"""


def _page(sheet: ResponseSheet) -> str:
    from jinja2 import Environment

    made = sheet.made_at.strftime("%Y-%m-%d %H:%M")
    sandbox = talk.pick("沙盒数据，不得作为依据", "Sandbox data, not to be relied on")
    return (
        Environment(autoescape=True)
        .from_string(_PAGE)
        .render(
            lang="zh-CN" if talk.chinese else "en",
            title=talk.pick(*_title(sheet)),
            sandbox=sandbox if sheet.environment == "sandbox" else "",
            heads=[talk.pick(*head) for head in _HEADS],
            rows=list(_rows(sheet, whole=True)),
            texts=_TEXTS,
            nothing=talk.pick("该时段没有提出措施。", "No measure was proposed in this period."),
            made=talk.pick(f"制表时间 {made}", f"made at {made}"),
        )
    )
