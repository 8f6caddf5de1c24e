"""The command that ranks bids or applications for a committee, and takes what it decides. It decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import EXIT, app, talk
from credit_check_sdk.cli.case import LARGEST
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import RankingRow, RankingTable


@app.command()
def rank(
    file: Annotated[str, typer.Argument(help="RANKING.json，或 - 表示标准输入 or - for standard input")],
    *,
    html: Annotated[Path | None, typer.Option(help="写出评审用网页 write the page for the committee")] = None,
    csv: Annotated[Path | None, typer.Option(help="写出表格 write the table as CSV")] = None,
    confirm: Annotated[
        str | None, typer.Option(help="委员会决定文件，登记并反馈 the committee's decision, to be recorded")
    ] = None,
) -> int:
    """信用评分排序 Rank bids or applications before and after credit; the committee decides."""
    from credit_check_sdk import CommitteeDecision, CreditCheck, Ranking

    ranking = _read(Ranking, file)
    decision = _read(CommitteeDecision, confirm) if confirm else None
    with CreditCheck.open(talk.settings()) as credit:
        table = credit.confirm_ranking(ranking, decision) if decision else credit.rank(ranking)
    lang = "zh-CN" if talk.chinese else "en"
    if html is not None:
        _write(html, table.page(lang))  # type: ignore[arg-type]  # it is one of the two
    if csv is not None:
        _write(csv, "\ufeff" + table.csv(lang))  # type: ignore[arg-type]  # the same; the mark lets spreadsheets see UTF-8
    if talk.json:
        talk.document(table)
    else:
        _show(table)
    return 0 if table.complete else EXIT["undecided"]


def _read(kind: type[Any], file: str) -> Any:
    import sys

    from credit_check_sdk.model.parsing import parse

    try:
        data = sys.stdin.buffer.read(LARGEST) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise _unreadable(file, error, "name a file that is there", "请指定存在的文件") from None
    return parse(kind, data, file)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise _unreadable(path.name, error, "name a file that can be written", "请指定可写的文件") from None


def _unreadable(file: str, error: OSError, en: str, zh: str) -> InputError:
    name = Path(file).name
    return InputError(
        f"{name} cannot be used ({error.strerror})",
        f"{name} 无法使用（{error.strerror}）",
        code="file.unreadable",
        remedy_en=en,
        remedy_zh=zh,
    )


def _show(table: RankingTable) -> None:
    heads = [
        *(
            ("编号", "reference"),
            ("投标人（申请人）", "bidder or applicant"),
            ("核查", "check"),
            ("得分或价格", "score or price"),
        ),
        *(
            ("加分", "bonus"),
            ("减分", "deduction"),
            ("计入信用后", "with credit"),
            ("原名次", "before"),
            ("现名次", "after"),
        ),
    ]
    talk.table([talk.pick(*head) for head in heads], [_cells(row) for row in table.rows])
    for row in table.rows:
        for item in row.items:
            talk.out(f"{row.reference} + {item.measure} {talk.words(item.name)}: {talk.words(item.reasons)}")
        for one in row.withheld:
            talk.out(f"{row.reference} - {one.code}: {talk.words(one.reasons)}")
        for line in row.reasons["zh-CN" if talk.chinese else "en"]:
            talk.out(f"{row.reference}   {line}")
    for line in table.reasons["zh-CN" if talk.chinese else "en"]:
        talk.out(line)
    talk.out(table.digest)


def _cells(row: RankingRow) -> list[str]:
    places = [str(place) if place else "—" for place in (row.rank_before, row.rank_after)]
    marked = places[1] + ("=" if row.tied else "")
    numbers = (f"{row.base:f}", f"{row.bonus:f}", f"{row.deduction:f}", f"{row.final:f}" if row.rank_after else "—")
    return [row.reference, row.name, row.standing, *numbers, places[0], marked]
