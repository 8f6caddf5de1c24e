"""Files of the exchange: JSON, or a folder of CSV tables, in UTF-8 or GB18030. It reads what it is given, nothing else."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.cells import column, columns, decoded, text
from credit_check_adapter_approval.tables import standard
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

File = dict[str, list[dict[str, Any]]]
"""One file: for each table its rows."""


def read_exchange(path: Path) -> list[File]:
    """Read the files of an exchange: a JSON document, or a folder with ``up_pro_accept.csv`` and the other tables.

    A JSON document is one file, a list of them, or ``{"files": […]}``; each names its tables. The rows of a folder are
    brought together by ``project_no``.

    Raises:
        InputError: ``file.unreadable`` when it cannot be read; the message names file and line.
    """
    return _folder(path) if path.is_dir() else list(_document(path))


def _document(path: Path) -> Iterator[File]:
    try:
        document = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise _unreadable(
            f"{path.name}, line {error.lineno}, column {error.colno}: {error.msg}",
            f"{path.name} 第 {error.lineno} 行第 {error.colno} 列：{error.msg}",
            "mend the JSON there",
            "请修改该处的 JSON",
        ) from None
    except RecursionError:
        raise _unreadable(
            f"{path.name}, line 1: it is nested too deeply",
            f"{path.name} 第 1 行：嵌套过深",
            "give a file of the exchange",
            "请提供办件交换文件",
        ) from None
    listed = document.get("files", document) if isinstance(document, dict) else document
    for place, one in enumerate(listed if isinstance(listed, list) else [listed]):
        found = _tables(one) if isinstance(one, dict) else {}
        if "up_pro_accept" not in found:
            raise _unreadable(
                f"{path.name}, files[{place}]: there is no up_pro_accept",
                f"{path.name} files[{place}]：没有 up_pro_accept",
                "name the tables as the exchange does",
                "请使用交换库的表名",
            )
        yield found


def _tables(document: dict[str, Any]) -> File:
    found: File = {}
    for name, rows in document.items():
        table = column(name)
        if table in standard().required:
            listed = rows if isinstance(rows, list) else [rows]
            found[table] = [columns(row) if isinstance(row, dict) else row for row in listed]
    return found


def _folder(path: Path) -> list[File]:
    by_name = {column(one.stem): one for one in sorted(path.iterdir()) if one.suffix.lower() == ".csv"}
    if "up_pro_accept" not in by_name:
        raise _unreadable(
            f"{path.name}: there is no up_pro_accept.csv",
            f"{path.name}：没有 up_pro_accept.csv",
            "give a folder with the tables of the exchange",
            "请提供含有交换库各表的目录",
        )
    found: dict[str, File] = {}
    for row in _rows(by_name["up_pro_accept"]):
        found.setdefault(text(row.get("project_no")), {}).setdefault("up_pro_accept", []).append(row)
    for table in standard().required:
        if table != "up_pro_accept" and table in by_name:
            for row in _rows(by_name[table]):
                owner = found.get(text(row.get("project_no")))
                if owner is not None:
                    owner.setdefault(table, []).append(row)
    return list(found.values())


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    header: list[str] | None = None
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(
                f"{path.name}, line {lines.line_num}: {error}",
                f"{path.name} 第 {lines.line_num} 行：{error}",
                "mend the quotes there",
                "请修改该处的引号",
            ) from None
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [column(cell) for cell in cells]
        elif len(cells) > len(header):
            raise _unreadable(
                f"{path.name}, line {lines.line_num}: it has {len(cells)} cells for {len(header)} columns",
                f"{path.name} 第 {lines.line_num} 行：有 {len(cells)} 个单元格，而列只有 {len(header)} 个",
                "put quotes around cells with commas",
                "含逗号的单元格请加引号",
            )
        else:
            yield dict(zip(header, cells, strict=False))


def _text(path: Path) -> str:
    try:
        return decoded(path.read_bytes())
    except OSError as error:
        raise _unreadable(
            f"{path.name} cannot be read ({error.strerror})",
            f"无法读取 {path.name}（{error.strerror}）",
            "name a file that is there",
            "请指定存在的文件",
        ) from None
    except UnicodeDecodeError:
        raise _unreadable(
            f"{path.name}, line 1: this is no text in UTF-8 or GB18030",
            f"{path.name} 第 1 行：不是 UTF-8 或 GB18030 文本",
            "export it as text",
            "请导出为文本",
        ) from None


def _unreadable(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, code="file.unreadable", remedy_en=remedy_en, remedy_zh=remedy_zh)
