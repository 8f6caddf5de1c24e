"""The command that explains a check to the person it is about. It decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import find
from credit_check_sdk.cli.erase import SUBJECT, subject_of
from credit_check_sdk.cli.notice import page
from credit_check_sdk.errors import InputError


@app.command()
def explain(
    number: Annotated[str, typer.Argument(help="核查编号 dec_…，或办件编号 number of a check, or of a file")],
    *,
    point: Annotated[
        str | None, typer.Option(help="环节，按办件编号时须给出 decision point, with a file's number")
    ] = None,
    subject: Annotated[str | None, typer.Option(help=SUBJECT)] = None,
    out: Annotated[
        str | None, typer.Option("-o", "--out", help="写入可打印的网页 write a printable page, FILE.html")
    ] = None,
) -> int:
    """说明一次核查 Explain a check in plain words to the person it is about: what was done, why, and what to do."""
    from credit_check_sdk import CreditCheck

    reader = subject_of(subject) if subject else None
    with CreditCheck.open(talk.settings()) as credit:
        said = credit.explain(find(credit, number, point).decision.id, reader)
    if out is not None:
        _write(Path(out), page(said.decision, said.text))
        talk.say(f"已写入 {Path(out).name}。", f"{Path(out).name} is written.")
    if talk.json:
        talk.document(said)
    elif out is None:
        talk.out(talk.words(said.text))
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be written ({error.strerror})",
            f"无法写入 {path.name}（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file in a folder that is there",
            remedy_zh="请指定已有文件夹中的文件",
        ) from None
