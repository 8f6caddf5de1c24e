"""The command that finds decided cases which were never checked. It judges nothing itself."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import point_of
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from credit_check_sdk import Coverage, CoverageGap, DecidedCase, Settings

COLUMNS = ("case_id", "point", "decided_at", "finding", "words_zh", "words_en", "check", "checked_at", "valid_until")
"""Columns of the CSV."""
WORDS = {
    "never_checked": ("从未核查", "never checked"),
    "checked_late": ("决定之后才核查", "checked only after the decision"),
    "stale": ("作出决定时核查已过有效期", "the check had expired when it was decided"),
    "unread": ("该行无法读取", "the row cannot be read"),
}
_SHOWN = 50
_QUERY = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with|values)\b", re.IGNORECASE)


@app.command()
def coverage(
    *,
    decided: Annotated[
        str,
        typer.Option(help="CSV、Excel、JSON 文件，或 SELECT 语句 a file, or a SELECT: case_id [, decided_at, point]"),
    ],
    point: Annotated[str | None, typer.Option(help="环节 decision point of cases that name none")] = None,
    url: Annotated[str | None, typer.Option(help="SELECT 所在数据库，缺省为台账 database of the SELECT")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="结果文件 CSV the result")] = None,
) -> int:
    """查漏 Find decided cases that were never checked, checked late, or checked too long before (exit 1)."""
    from credit_check_sdk import CreditCheck
    from credit_check_sdk._shell.decided import Unread

    settings = talk.settings()
    unread: list[Unread] = []

    def readable() -> Iterator[DecidedCase]:
        for one in _given(decided, url, settings):
            if isinstance(one, Unread):
                unread.append(one)
            else:
                yield one

    at = point_of(point) if point is not None else None
    with CreditCheck.open(settings) as credit:
        found = credit.coverage(readable(), point=at)
    rows = [*map(_row, found.gaps), *({"case_id": u.row, "finding": "unread", "zh": u.zh, "en": u.en} for u in unread)]
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as writing:
            _write(writing, rows)
    _say(found, rows, out)
    return 0 if found.complete and not unread else 1


def _given(decided: str, url: str | None, settings: Settings) -> Iterable[Any]:
    from credit_check_sdk._shell.decided import from_file, from_query

    statement = decided if _QUERY.match(decided) else None
    if statement is None and decided.lower().endswith(".sql"):
        statement = _statement(Path(decided))
    if statement is not None:
        return from_query(url or settings.database(settings.ledger.url), statement)
    if url is not None:
        raise InputError(
            "--url is for a SELECT, and --decided names a file",
            "--url 仅用于 SELECT 语句，而 --decided 给出的是文件",
            remedy_en="leave --url out, or give a SELECT",
            remedy_zh="请去掉 --url，或给出 SELECT 语句",
        )
    return from_file(Path(decided))


def _statement(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"{path.name} cannot be read",
            f"{path.name} 无法读取",
            code="file.unreadable",
            remedy_en="name a file that is there, in UTF-8",
            remedy_zh="请指定存在的 UTF-8 文件",
        ) from None


def _row(gap: CoverageGap) -> dict[str, Any]:
    zh, en = WORDS[gap.kind]
    return {**gap.model_dump(mode="json", exclude={"kind"}), "finding": gap.kind, "zh": zh, "en": en}


def _say(found: Coverage, rows: list[dict[str, Any]], out: Path | None) -> None:
    counts = Counter(row["finding"] for row in rows)
    if talk.json:
        talk.document(
            {
                "decided": found.decided,
                "checked": found.checked,
                **{kind: counts[kind] for kind in WORDS},
                "cases": [_plain(row) for row in rows],
                "out": str(out) if out else None,
            }
        )
        return
    said_zh = "、".join(f"{WORDS[kind][0]} {counts[kind]}" for kind in WORDS if counts[kind])
    said_en = ", ".join(f"{WORDS[kind][1]}: {counts[kind]}" for kind in WORDS if counts[kind])
    talk.say(
        f"已决定 {found.decided} 件，其中 {found.checked} 件依法核查" + (f"；{said_zh}" if said_zh else "。"),
        f"{found.decided} decided, {found.checked} of them checked" + (f"; {said_en}" if said_en else "."),
    )
    if out is not None:
        talk.say(f"结果在 {out}", f"the result is in {out}")
    elif rows and sys.stdout.isatty():
        columns = [
            talk.pick(*pair) for pair in (("办件", "case"), ("环节", "point"), ("决定", "decided"), ("结果", "finding"))
        ]
        talk.table(columns, [_shown(row) for row in rows[:_SHOWN]])
        if len(rows) > _SHOWN:
            talk.say(
                f"另有 {len(rows) - _SHOWN} 件，请用 -o 写入文件", f"{len(rows) - _SHOWN} more; write them with -o"
            )
    elif rows:
        _write(sys.stdout, rows)


def _shown(row: dict[str, Any]) -> list[str]:
    return [str(row.get(key) or "") for key in ("case_id", "point", "decided_at")] + [talk.pick(row["zh"], row["en"])]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: row.get(key) for key in COLUMNS if not key.startswith("words")},
        "words": {"zh-CN": row["zh"], "en": row["en"]},
    }


def _write(writing: Any, rows: list[dict[str, Any]]) -> None:
    from credit_check_sdk.cli.report import cell

    writer = csv.writer(writing)
    writer.writerow(COLUMNS)
    for row in rows:
        said = {**row, "words_zh": row["zh"], "words_en": row["en"]}
        writer.writerow([cell(str(said.get(key) or "")) for key in COLUMNS])
