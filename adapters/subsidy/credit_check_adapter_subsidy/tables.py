"""Readers of applicant lists: CSV, Excel, Parquet. Each gives row after row and keeps no file in memory whole.

What reads Excel and Parquet is imported only when such a file is given; it comes with ``credit-check-sdk[bulk]``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import islice
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy import columns
from credit_check_sdk import Applicant, InputError, Rejected, Remark, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ENCODINGS = ("utf-8-sig", "gb18030", "latin-1")
_DELIMITERS = ",;\t|"
_LARGEST_CELL = 1_000_000
_LARGEST_BOOK = 512 * 1024 * 1024
_LARGEST_RATIO = 200

Found = Applicant | Rejected | Remark


class CsvReader:
    """Read CSV in UTF-8, GB18030, UTF-16 or Latin-1, with commas, semicolons, tabs or bars."""

    format: str = "csv"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether the name says CSV and the content is text."""
        del head
        return path.suffix.lower() in {".csv", ".tsv", ".txt"}

    def read(self, path: Path) -> Iterator[Found]:
        """Read a file line by line.

        Raises:
            InputError: ``file.unreadable`` when it is no text or has no column of names.
        """
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as reading:
            head = reading.read(64 * 1024)
            if "\x00" in head:
                raise _unreadable(
                    "line 1: this is not text", "第 1 行：不是文本文件", "give a CSV file", "请提供 CSV 文件"
                )
            reading.seek(0)
            csv.field_size_limit(_LARGEST_CELL)
            lines = csv.reader(reading, delimiter=_delimiter(head), strict=True)
            yield from _rows(_numbered(lines))


class ExcelReader:
    """Read the first sheet of an Excel workbook (.xlsx)."""

    format: str = "xlsx"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this is a workbook; an old .xls too, so as to say clearly what to do."""
        return path.suffix.lower() in {".xlsx", ".xlsm", ".xls"} and head[:2] in {b"PK", b"\xd0\xcf"}

    def read(self, path: Path) -> Iterator[Found]:
        """Read the first sheet row by row.

        Raises:
            InputError: ``file.unreadable`` when it is no workbook, would unpack to too much, or has no column of names.
        """
        try:
            from openpyxl import load_workbook  # noqa: PLC0415  only where a workbook is given
        except ModuleNotFoundError:
            raise _missing("Excel") from None
        _no_bomb(path)
        try:
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001  whatever the library raises, the file is no workbook
            raise _unreadable(
                f"it is no Excel workbook ({type(error).__name__})",
                f"不是 Excel 工作簿（{type(error).__name__}）",
                "save it as .xlsx",
                "请另存为 .xlsx",
            ) from None
        try:
            sheet = book.worksheets[0]
            rows = ((f"row {number}", row) for number, row in enumerate(sheet.iter_rows(values_only=True), start=1))
            yield from _rows(rows)
        finally:
            book.close()


class ParquetReader:
    """Read a Parquet file."""

    format: str = "parquet"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this is Parquet."""
        return head[:4] == b"PAR1" or path.suffix.lower() == ".parquet"

    def read(self, path: Path) -> Iterator[Found]:
        """Read a file batch by batch.

        Raises:
            InputError: ``file.unreadable`` when it is no Parquet file or has no column of names.
        """
        try:
            from pyarrow import ArrowException  # noqa: PLC0415  only where such a file is given
            from pyarrow.parquet import ParquetFile  # noqa: PLC0415
        except ModuleNotFoundError:
            raise _missing("Parquet") from None
        try:
            with ParquetFile(path) as file:
                yield from _rows(_batches(file))
        except (ArrowException, OSError) as error:
            raise _unreadable(
                f"it is no whole Parquet file ({type(error).__name__})",
                f"不是完整的 Parquet 文件（{type(error).__name__}）",
                "write it anew",
                "请重新导出",
            ) from None


def _batches(file: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    yield "row 0", list(file.schema_arrow.names)
    number = 0
    for batch in file.iter_batches(batch_size=1000):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            number += 1
            yield f"row {number}", values


def _rows(rows: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[Found]:
    """Read a header and what follows; somebody who stands there several times is given once."""
    walking = iter(rows)
    first = next(((place, row) for place, row in walking if any(columns.text(cell) for cell in row)), None)
    if first is None:
        yield Remark(items=0, words=Words(zh="文件是空的，没有申请人", en="the file is empty; it names no applicant"))
        return
    known = columns.recognise(first[1])
    seen: set[object] = set()
    count = doubled = 0
    for place, row in walking:
        found = columns.applicant(known, row, place)
        if found is None:
            continue
        count += 1
        if isinstance(found, Applicant):
            key = found.subject.keys or (found.subject.category, found.subject.normal_name)
            if key in seen:
                doubled += 1
                continue
            seen.add(key)
        yield found
    words = Words(
        zh=f"共 {count} 行"
        + (f"，其中 {doubled} 行重复，已合并" if doubled else "")
        + ("" if count else "，没有申请人"),
        en=f"{count} rows"
        + (f", {doubled} of them repeated and merged" if doubled else "")
        + ("" if count else ", no applicant"),
    )
    yield Remark(items=count, words=words)


def _numbered(lines: Any) -> Iterator[tuple[str, Sequence[Any]]]:
    """Number rows by the line on which they begin, and say where the file is broken."""
    begins = 1
    while True:
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(
                f"line {lines.line_num}: {error}",
                f"第 {lines.line_num} 行：{error}",
                "mend the quotes or the length of that cell",
                "请修改该处的引号或单元格长度",
            ) from None
        yield f"line {begins}", row
        begins = lines.line_num + 1


def _encoding(path: Path) -> str:
    with path.open("rb") as reading:
        head = reading.read(4)
        if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
    for encoding in _ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as reading:
                while reading.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _delimiter(head: str) -> str:
    """Take the separator of which the first line has most, outside of quotes."""
    line = next(islice((line for line in io.StringIO(head) if line.strip()), 1), "")
    bare = "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)
    return max(_DELIMITERS, key=lambda sign: (bare.count(sign), -_DELIMITERS.index(sign)))


def _no_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = [(part.file_size, part.compress_size) for part in packed.infolist()]
    except (zipfile.BadZipFile, OSError):
        raise _unreadable(
            "it is no .xlsx workbook", "不是 .xlsx 工作簿", "save it as .xlsx or CSV", "请另存为 .xlsx 或 CSV"
        ) from None
    whole = sum(size for size, _ in sizes)
    packed_size = max(sum(small for _, small in sizes), 1)
    if whole > _LARGEST_BOOK or (whole > 1 << 24 and whole / packed_size > _LARGEST_RATIO):
        raise _unreadable(
            "it would unpack to far more than a list of applicants",
            "解压后的体积远超申请人名单",
            "give the list as CSV",
            "请改用 CSV",
        )


def _missing(what: str) -> InputError:
    return _unreadable(
        f"what reads {what} is not installed",
        f"没有安装读取 {what} 的组件",
        "run pip install 'credit-check-sdk[bulk]'",
        "请执行 pip install 'credit-check-sdk[bulk]'",
    )


def _unreadable(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, code="file.unreadable", remedy_en=remedy_en, remedy_zh=remedy_zh)
