"""Commands on notices to subjects: list, show, delivered. They decide nothing and deliver nothing themselves."""

from __future__ import annotations

import html
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from pydantic import ValidationError

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import StoredNotice, Words

notice = typer.Typer(help="告知书 Notices to subjects: what is due, their text, their delivery.", no_args_is_help=True)
app.add_typer(notice, name="notice")


@notice.command("list")
def list_(
    *,
    case: Annotated[str | None, typer.Option(help="办件编号 number of the file")] = None,
    state: Annotated[str | None, typer.Option(help="drafted | delivered | withdrawn | superseded")] = None,
    due_by: Annotated[str | None, typer.Option(help="最迟送达日不晚于 due on that day or before, 2026-11-30")] = None,
) -> int:
    """列出告知书 List notices, those that are due first."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.notices(case_id=case, states=_states(state), due_by=_day(due_by, "--due-by"))
    today = _today()
    if talk.json:
        talk.document({"notices": [_row(kept, today) for kept in found]})
        return 0
    heads = (
        ("编号", "number"),
        ("办件", "case"),
        ("种类", "kind"),
        ("对象", "to"),
        ("最迟送达", "due"),
        ("状态", "state"),
    )
    rows = []
    for kept in found:
        due = kept.notice.due_on.isoformat() if kept.notice.due_on else "—"
        due += talk.pick("（暂定）", " (provisional)") if kept.notice.provisional else ""
        late = talk.pick("，逾期", ", overdue") if kept.overdue(today) else ""
        said = kept.notice
        rows.append([said.id, said.case_id, said.kind, said.subject_name, due, kept.state + late])
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


@notice.command()
def show(
    number: Annotated[str, typer.Argument(help="告知书编号 number of the notice, notice_…")],
    *,
    out: Annotated[
        str | None, typer.Option("-o", "--out", help="写入可打印的网页 write a printable page, FILE.html")
    ] = None,
) -> int:
    """显示告知书 Show a notice, in both languages."""
    kept = _one(number)
    if out is not None:
        Path(out).write_text(page(kept.notice.id, kept.notice.text), encoding="utf-8")
        talk.say(f"已写入 {Path(out).name}。", f"{Path(out).name} is written.")
    if talk.json:
        talk.document({**_row(kept, _today()), "text": kept.notice.text.model_dump(mode="json")})
    elif out is None:
        talk.out(talk.words(kept.notice.text))
    return 0


@notice.command()
def delivered(
    number: Annotated[str, typer.Argument(help="告知书编号 number of the notice")],
    *,
    method: Annotated[str, typer.Option(help="in_person | post | electronic | left | entrusted | public")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    department: Annotated[str, typer.Option(help="部门 the department")] = "",
    on: Annotated[str | None, typer.Option(help="送达日期，缺省为今日 the day; default: today")] = None,
    proof: Annotated[str | None, typer.Option(help="送达回证、邮件号等 what proves it")] = None,
) -> int:
    """登记送达 Write down that a notice was delivered."""
    from credit_check_sdk import CreditCheck, NoticeDelivery, Operator

    try:
        how: Any = method
        delivery = NoticeDelivery(
            method=how,
            on=_day(on, "--on") or _today(),
            operator=Operator(id=operator, department=department or "—"),
            proof=proof,
        )
    except ValidationError as error:
        said = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in said["loc"])
        raise InputError(
            f"--{place}: {said['msg']}",
            f"--{place}：{said['msg']}",
            remedy_en="use in_person, post, electronic, left, entrusted or public",
            remedy_zh="请使用 in_person、post、electronic、left、entrusted 或 public",
        ) from None
    with CreditCheck.open(talk.settings()) as credit:
        kept = credit.notice_delivered(number, delivery)
    if talk.json:
        talk.document(_row(kept, _today()))
    else:
        talk.say(f"告知书 {number} 已登记送达。", f"notice {number} is written down as delivered.")
    return 0


def page(number: str, words: Words) -> str:
    """Give a notice, or another paper for a subject, as a page to be printed, Chinese first."""
    parts = []
    for lang, text in (("zh-CN", words.zh), ("en", words.en)):
        title, _, body = text.partition("\n")
        parts.append(
            f'<section lang="{lang}"><h1>{html.escape(title)}</h1><pre>{html.escape(body.strip())}</pre></section>'
        )
    style = (
        "body{font-family:serif;max-width:46em;margin:2em auto;line-height:1.6}h1{text-align:center;font-size:1.4em}"
        "pre{font:inherit;white-space:pre-wrap}section+section{page-break-before:always;break-before:page}"
    )
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(number)}</title>'
        f"<style>{style}</style></head>\n<body>{''.join(parts)}</body></html>\n"
    )


def _one(number: str) -> StoredNotice:
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        return credit.notice(number)


def _row(kept: StoredNotice, today: date) -> dict[str, Any]:
    said = kept.notice.model_dump(mode="json", exclude={"text"})
    delivery = kept.delivery.model_dump(mode="json") if kept.delivery else None
    return {**said, "state": kept.state, "overdue": kept.overdue(today), "delivery": delivery}


def _states(state: str | None) -> tuple[Any, ...]:
    from credit_check_sdk import NoticeState

    if state is None:
        return ()
    if state not in get_args(NoticeState):
        known = ", ".join(get_args(NoticeState))
        raise InputError(
            f"--state {state!r} is unknown",
            f"--state：没有状态“{state}”",
            remedy_en=f"use one of {known}",
            remedy_zh=f"请使用：{known}",
        )
    return (state,)


def _day(said: str | None, option: str) -> date | None:
    if said is None:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InputError(
            f"{option}: {said!r} is no day",
            f"{option}：“{said}”不是日期",
            remedy_en="write it as 2026-11-30",
            remedy_zh="格式为 2026-11-30",
        ) from None


def _today() -> date:
    from credit_check_sdk.core.desk import day_of

    return day_of(datetime.now().astimezone())
