"""Commands on whole lists that are kept on this machine: fetch them, say what is held, carry them."""

from __future__ import annotations

import signal
import threading
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.model.listing import HeldLists, ListsReport

lists = typer.Typer(help="本机名单 Whole lists kept on this machine.", no_args_is_help=True)
app.add_typer(lists, name="lists")
_PAUSE = 30.0
_WAIT = 50.0


@lists.command()
def refresh(
    source: Annotated[str | None, typer.Argument(help="来源，缺省为全部 which source; default: all")] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="获取一次后结束 fetch once, then end")] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="本次允许骤减的名单 a list that may shrink this once")
    ] = None,
) -> int:
    """获取名单 Fetch lists from their publishers; keeps running unless --once. Exit 1 where something was refused."""
    from credit_check_sdk import CreditCheck

    leaving = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: leaving.set())
    with CreditCheck.open(talk.settings()) as credit:
        reports = credit.refresh_lists(source, accept=accept or ())
        _say(reports)
        while not once and not leaving.is_set():
            waited = credit.refresh_lists(source, wait=_WAIT)
            if any(report.error or set(report.fates.values()) - {"unchanged"} for report in waited):
                _say(waited)
            if any(report.error or report.trouble for report in waited):
                leaving.wait(_PAUSE)
    return 1 if once and any(report.error or report.trouble for report in reports) else 0


@lists.command()
def show() -> int:
    """列出本机名单 Say which lists are held, of what time, and what was refused."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        held = credit.held_lists()
    if talk.json:
        talk.document({"sources": {name: _document(each) for name, each in held.items()}})
        return 0
    heads = (
        ("来源", "source"),
        ("名单", "list"),
        ("版本", "version"),
        ("条数", "entries"),
        ("数据时间", "as of"),
        ("未采用", "refused"),
    )
    rows = [
        [
            name,
            each.info.code,
            str(each.info.version),
            str(each.info.size),
            each.as_of.isoformat(timespec="seconds"),
            f"v{each.refused.version}: {each.refused.size}" if each.refused else "",
        ]
        for name, all_of in held.items()
        for each in (all_of.lists if all_of else ())
    ]
    talk.table([talk.pick(*pair) for pair in heads], rows)
    for name, all_of in held.items():
        if all_of is None:
            talk.say(
                f"来源 {name} 尚无名单；请运行 credit-check lists refresh",
                f"{name} holds nothing yet; run credit-check lists refresh",
            )
    return 0


@lists.command()
def export(
    file: Annotated[Path, typer.Argument(help="导出文件，可用 .gz 结尾 the bundle; may end in .gz")],
    *,
    source: Annotated[str, typer.Option(help="来源 which source")],
) -> int:
    """导出签名名单 Write the lists that are held to one signed file."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        held = credit.export_lists(file, source)
    if talk.json:
        talk.document({"file": file.name, **(_document(held) or {})})
    else:
        talk.say(f"已导出 {len(held.lists)} 份名单至 {file.name}", f"{len(held.lists)} lists written to {file.name}")
    return 0


@lists.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="名单文件 the bundle")],
    *,
    source: Annotated[str, typer.Option(help="来源 which source")],
    accept: Annotated[
        list[str] | None, typer.Option(help="本次允许骤减的名单 a list that may shrink this once")
    ] = None,
) -> int:
    """导入签名名单 Take over the lists of a signed file. Exit 1 where a list was refused."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        report = credit.import_lists(file, source, accept=accept or ())
    _say((report,))
    return 1 if report.trouble or report.error else 0


def _say(reports: Sequence[ListsReport]) -> None:
    if talk.json:
        talk.document({"sources": [_reported(report) for report in reports]})
        return
    if not reports:
        talk.say("没有可获取名单的来源。", "No source has a publisher to fetch lists from.")
    for report in reports:
        if report.error:
            detail = report.detail
            talk.say(
                f"{report.source}：{detail.zh if detail else report.error}；沿用已有名单",
                f"{report.source}: {detail.en if detail else report.error}; what was held is held on",
            )
            continue
        for code, fate in sorted(report.fates.items()):
            held = report.held.of(code) if report.held else None
            size = held.info.size if held else 0
            why = f" ({report.trouble[code]})" if code in report.trouble else ""
            talk.say(
                f"{report.source} {code}：{_FATES[fate]}，{size} 条{why}",
                f"{report.source} {code}: {fate}, {size} entries{why}",
            )


_FATES = {
    "unchanged": "未变化",
    "changed": "已增量更新",
    "rebuilt": "已全量更新",
    "refused": "未采用",
    "failed": "获取失败",
}


def _reported(report: ListsReport) -> dict[str, Any]:
    return {
        "source": report.source,
        "error": report.error,
        "fates": dict(report.fates),
        "trouble": dict(report.trouble),
        "held": _document(report.held),
    }


def _document(held: HeldLists | None) -> dict[str, Any] | None:
    return held.model_dump(mode="json", exclude={"tag"}) if held else None
