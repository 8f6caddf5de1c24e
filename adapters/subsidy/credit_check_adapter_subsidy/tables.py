"""The reader of CSV lists. It gives row after row and keeps no file in memory whole."""

from __future__ import annotations

import csv
import re
from itertools import islice
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.columns import no_names
from credit_check_adapter_subsidy.encodings import encoding_of
from credit_check_adapter_subsidy.roll import Found, Line, Roll
from credit_check_adapter_subsidy.unreadable import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk import InputError

_DELIMITERS = ",;\t|，；"
_SAMPLE_LINES = 20
_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".tab"})
_OTHER_KINDS = (b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF")
_SEP = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)


class CsvReader:
    """Read CSV in UTF-8, GB18030, UTF-16 or Western encodings, with commas, semicolons, tabs or bars."""

    format: str = "csv"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether the name says CSV and the content is no other kind of file."""
        return path.suffix.lower() in _SUFFIXES and not head.startswith(_OTHER_KINDS)

    def read(self, path: Path) -> Iterator[Found]:
        """Read a file row by row.

        Raises:
            InputError: ``file.unreadable`` when it is no text, is broken or has no column of names; it names the line.
        """
        encoding = encoding_of(path)
        roll = Roll()
        try:
            with path.open(encoding=encoding, newline="") as reading:
                sample = list(islice(reading, _SAMPLE_LINES))
                if any("\x00" in line for line in sample):
                    raise unreadable(
                        "line 1: this is not text", "第 1 行：不是文本文件", "give a CSV file", "请提供 CSV 文件"
                    )
                reading.seek(0)
                told = _SEP.fullmatch(sample[0].lstrip("\ufeff")) if sample else None
                if told:  # what Excel writes to tell itself the separator
                    next(reading)
                lines = csv.reader(reading, delimiter=told[1] if told else _delimiter(sample), strict=True)
                known, before, rest = roll.head(_numbered(lines, 2 if told else 1))
                if known is None and before:
                    number = before[0][0].removeprefix("line ")
                    raise no_names(before[0][0], f"第 {number} 行", before[0][1])
                if known is not None:
                    yield from roll.read(known, rest)
        except UnicodeError:
            raise unreadable(
                f"line 1: this is no text in {encoding}",
                f"第 1 行：不是 {encoding} 文本",
                "save it as CSV in UTF-8",
                "请另存为 UTF-8 编码的 CSV",
            ) from None
        except OSError as error:
            raise _no_access(error) from None
        yield roll.remark()


def _numbered(lines: Any, first: int) -> Iterator[Line]:
    """Number rows by the line on which they begin, and say where the file is broken."""
    begins = first
    while True:
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            line = first - 1 + lines.line_num
            raise unreadable(
                f"line {begins}: {error} (up to line {line})",
                f"第 {begins} 行：{error}（至第 {line} 行）",
                "mend the quotes or the length of the cell that begins there",
                "请修改该处的引号或单元格长度",
            ) from None
        yield f"line {begins}", row
        begins = first + lines.line_num


def _delimiter(sample: list[str]) -> str:
    """Take the separator that most of the first lines have, and most of, outside of quotes."""
    bare = ["".join(line.split('"')[::2]) for line in sample if line.strip()]
    counts = {sign: [line.count(sign) for line in bare] for sign in _DELIMITERS}
    best = max(
        _DELIMITERS,
        key=lambda sign: (
            sum(1 for count in counts[sign] if count),
            max(counts[sign], default=0),
            -_DELIMITERS.index(sign),
        ),
    )
    return best if any(counts[best]) else ","


def _no_access(error: OSError) -> InputError:
    return unreadable(
        f"it cannot be read ({error.strerror})",
        f"无法读取（{error.strerror}）",
        "name a file that is there",
        "请指定存在的文件",
    )
