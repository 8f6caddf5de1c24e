"""Workbooks that are made to exhaust a machine: refused before they are unpacked, or read in little memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from credit_check_adapter_subsidy import ExcelReader
from credit_check_sdk import Applicant, InputError

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def nested(number: int) -> str:
    """Name an entity ten times."""
    return f"&e{number};" * 10


def row(number: int, *cells: str) -> str:
    """Write a row of texts."""
    written = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{written}</row>'


def book(path: Path, *rows: str, before: str = "") -> Path:
    """Write a workbook with one sheet of these rows."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in PARTS.items():
            packed.writestr(name, text)
        sheet = f'{before}<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
        packed.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


HEAD = row(1, "名称", "统一社会信用代码")


def test_what_would_unpack_to_far_more_than_a_list_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "big.xlsx", HEAD, row(2, "A" * (64 << 20), ""))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    with pytest.raises(InputError, match="would unpack to 64 MiB"):
        list(ExcelReader().read(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 << 20


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    layers = "".join(f'<!ENTITY e{n} "{nested(n - 1)}">' for n in range(1, 10))
    before = f'<!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{layers}]>'
    with pytest.raises(InputError, match=r"no Excel workbook|broken"):
        list(ExcelReader().read(book(tmp_path / "laughs.xlsx", HEAD, row(2, "&e9;", ""), before=before)))


def test_nothing_outside_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("大秘密", "utf-8")
    before = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    with pytest.raises(InputError) as refused:
        list(ExcelReader().read(book(tmp_path / "outside.xlsx", HEAD, row(2, "&e;", ""), before=before)))
    assert "大秘密" not in str(refused.value)


def test_a_book_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "parts.xlsx", HEAD)
    with zipfile.ZipFile(path, "a") as packed:
        for number in range(10_001):
            packed.writestr(f"x/{number}", b"")
    with pytest.raises(InputError, match="far more than a list"):
        list(ExcelReader().read(path))


def test_a_row_far_down_is_read_for_what_it_is(tmp_path: Path) -> None:
    found = list(ExcelReader().read(book(tmp_path / "far.xlsx", HEAD, row(200_000, "贺州市示例食品有限公司", ""))))
    assert [each.subject.name for each in found if isinstance(each, Applicant)] == ["贺州市示例食品有限公司"]
