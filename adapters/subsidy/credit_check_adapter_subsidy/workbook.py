"""The reader of Excel workbooks. What opens them is imported only when one is given (``credit-check-sdk[bulk]``).

A workbook comes from anywhere, so its unpacked size is looked at before it is opened, and links in it are not followed.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any, BinaryIO

from credit_check_adapter_subsidy.columns import no_names
from credit_check_adapter_subsidy.roll import Found, Line, Roll
from credit_check_adapter_subsidy.unreadable import missing, unreadable
from credit_check_sdk import InputError, Remark, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIXES = frozenset({".xlsx", ".xlsm"})
_OLD = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_LARGEST_BOOK = 512 * 1024 * 1024
_SMALL_BOOK = 16 * 1024 * 1024
_LARGEST_RATIO = 200
_MOST_PARTS = 10_000


class ExcelReader:
    """Read every sheet of an Excel workbook (.xlsx) that has a column of names."""

    format: str = "xlsx"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this is a workbook; an old or encrypted one too, so as to say clearly what to do."""
        if head.startswith(_OLD):
            return path.suffix.lower() in {*_SUFFIXES, ".xls"}
        return head.startswith(_ZIP) and (path.suffix.lower() in _SUFFIXES or b"xl/" in head)

    def read(self, path: Path) -> Iterator[Found]:
        """Read a workbook sheet by sheet, row by row; somebody on two sheets is given once.

        Raises:
            InputError: ``file.unreadable`` when it is no workbook, would unpack to too much, or no sheet has a column of
                names; it names sheet and row.
        """
        _can_be_opened(path)
        with path.open("rb") as file:
            # The library leaves a file open that it opened itself and then cannot read.
            yield from self._read(_opened(file))

    def _read(self, book: Any) -> Iterator[Found]:
        roll = Roll()
        left_out: list[str] = []
        headed = False
        nameless: InputError | None = None
        try:
            for sheet in book.worksheets:
                known, before, rest = roll.head(_lines(sheet, several=len(book.worksheets) > 1))
                if known is not None:
                    headed = True
                    yield from roll.read(known, rest)
                elif before:
                    left_out.append(sheet.title)
                    place = before[0][0]
                    nameless = nameless or no_names(
                        place, place.replace("sheet", "工作表").replace("row", "行"), before[0][1]
                    )
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  whatever the library raises, the file is broken
            raise unreadable(
                f"the workbook is broken ({type(error).__name__})",
                f"工作簿已损坏（{type(error).__name__}）",
                "open it in a spreadsheet and save it anew as .xlsx, or give it as CSV",
                "请用电子表格软件打开后另存为 .xlsx，或改用 CSV",
            ) from None
        finally:
            book.close()
        if nameless is not None and not headed:
            raise nameless
        yield _remark(roll, left_out)


def _lines(sheet: Any, *, several: bool) -> Iterator[Line]:
    # Exporters write wrong dimensions, by which whole columns would be lost: what is there counts.
    sheet.reset_dimensions()
    where = f"sheet {sheet.title}, " if several else ""
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield f"{where}row {number}", row


def _remark(roll: Roll, left_out: list[str]) -> Remark:
    said = roll.remark()
    if not left_out:
        return said
    names = ", ".join(left_out)
    words = Words(
        zh=f"{said.words.zh}；工作表 {names} 没有名称列，未读取",
        en=f"{said.words.en}; sheet {names} has no column of names and was not read",
    )
    return Remark(items=said.items, words=words)


def _opened(file: BinaryIO) -> Any:
    try:
        from openpyxl import load_workbook  # noqa: PLC0415  only where a workbook is given
    except ModuleNotFoundError:
        raise missing("Excel") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, of which nothing is read here
            return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001  whatever the library raises, the file is no workbook
        raise unreadable(
            f"it is no Excel workbook ({type(error).__name__})",
            f"不是 Excel 工作簿（{type(error).__name__}）",
            "save it as .xlsx or CSV",
            "请另存为 .xlsx 或 CSV",
        ) from None


def _can_be_opened(path: Path) -> None:
    """Refuse what is no workbook of today, and what would unpack to far more than a list."""
    try:
        with path.open("rb") as reading:
            if reading.read(len(_OLD)) == _OLD:
                raise unreadable(
                    "it is an old .xls workbook, or one with a password",
                    "是旧版 .xls 工作簿，或设有密码",
                    "save it as .xlsx without a password",
                    "请另存为不带密码的 .xlsx",
                )
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise unreadable(
            "it is no .xlsx workbook, or not a whole one",
            "不是 .xlsx 工作簿，或文件不完整",
            "save it as .xlsx or CSV",
            "请另存为 .xlsx 或 CSV",
        ) from None
    whole = sum(part.file_size for part in parts)
    small = max(sum(part.compress_size for part in parts), 1)
    if len(parts) > _MOST_PARTS or whole > _LARGEST_BOOK or (whole > _SMALL_BOOK and whole / small > _LARGEST_RATIO):
        raise unreadable(
            f"it would unpack to {whole // (1 << 20)} MiB, far more than a list of applicants",
            f"解压后达 {whole // (1 << 20)} MiB，远超申请人名单",
            "give the list as CSV",
            "请改用 CSV",
        )
