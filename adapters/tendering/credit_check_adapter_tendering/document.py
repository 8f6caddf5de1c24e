"""Files as they come: bytes to JSON values, with the place of whatever is wrong.

It knows nothing of OCDS. It only reads the file it was given, follows no address, and no error quotes what stands in
the file, because that may be somebody's identifier.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = (".jsonl", ".ndjson", ".jsonlines")
"""How the name of a file of JSON Lines ends."""

_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ABOVE_ASCII = re.compile(rb"[\x80-\xff]+")
_LINE = re.compile(r"[^\r\n]+")
_FIRST_LINES = 5


@dataclass(slots=True)
class Piece:
    """A JSON value of a file: the whole of it, or one line of JSON Lines."""

    place: str
    """Where it stands: empty for the whole file, else ``line 12``."""
    value: Any = None
    """What it says."""
    error: InputError | None = None
    """Why this line cannot be read; the others still can."""


@dataclass(slots=True)
class Reading:
    """How a file is read, and what was noticed of it."""

    exact: bool = True
    """Whether fractions are kept digit by digit (`Decimal`); a host gets floats, which it can write again."""
    encoding: str = "utf-8"
    """The encoding that was understood."""
    doubled: list[str] = field(default_factory=list)
    """Keys that one object carries more than once with different values."""


def compression(head: bytes) -> str | None:
    """Name the compression that a file begins with, or None."""
    return next((name for magic, name in _COMPRESSED.items() if head.startswith(magic)), None)


def decode(raw: bytes) -> tuple[str, str]:
    """Turn bytes into text; answer the text and the encoding that was understood.

    UTF-8 and UTF-16/32, marked or not; else GB18030 where bytes above ASCII come in pairs as Chinese does, else
    Windows-1252 (Latin-1). Chinese is asked for first, because a Latin letter stands alone between ASCII ones.

    Raises:
        UnicodeDecodeError: when a marked encoding is broken.
    """
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return raw.decode(encoding), encoding
    wide = _unmarked_wide(raw[:4])
    if wide:
        return raw.decode(wide), wide
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    runs = [len(run[0]) for run in _ABOVE_ASCII.finditer(raw)]
    if sum(length for length in runs if length == 1) * 2 < sum(runs):
        try:
            return raw.decode("gb18030"), "gb18030"
        except UnicodeDecodeError:
            pass
    try:
        return raw.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def _unmarked_wide(start: bytes) -> str | None:
    # JSON text begins with two ASCII characters, so the zero bytes tell the width (RFC 4627 section 3).
    zeros = tuple(byte == 0 for byte in start)
    patterns: dict[tuple[bool, ...], str] = {
        (True, True, True, False): "utf-32-be",
        (False, True, True, True): "utf-32-le",
        (True, False, True, False): "utf-16-be",
        (False, True, False, True): "utf-16-le",
    }
    return patterns.get(zeros)


def text_head(head: bytes) -> str:
    """Give the beginning of a file as text, as far as it can be read; empty for what is no text."""
    if compression(head):
        return ""
    try:
        text = decode(head[: len(head) - len(head) % 4])[0]
    except UnicodeDecodeError:
        return ""
    return "" if "\x00" in text else text.lstrip("\ufeff \t\r\n")


def load(path: Path) -> Any:
    """Read a JSON file whole; JSON Lines become a list.

    Raises:
        InputError: ``file.unreadable``, naming line and column, when it or any of its lines cannot be read.
    """
    found = list(pieces(path, Reading(exact=False)))
    for piece in found:
        if piece.error is not None:
            raise piece.error
    return found[0].value if len(found) == 1 and not found[0].place else [piece.value for piece in found]


def pieces(path: Path, reading: Reading) -> Iterator[Piece]:
    """Read a file piece by piece, noting in *reading* what was noticed.

    Raises:
        InputError: ``file.unreadable`` when the file as a whole cannot be read; it names line and column.
    """
    raw = _bytes(path)
    kind = compression(raw[:8])
    if kind:
        raise _unreadable(
            f"{path.name} is compressed ({kind})",
            f"{path.name} 是压缩文件（{kind}）",
            remedy_en="unpack it and give the JSON file inside",
            remedy_zh="请先解压，再给出其中的 JSON 文件",
        )
    try:
        text, reading.encoding = decode(raw)
    except UnicodeDecodeError as broken:
        raise _unreadable(
            f"{path.name}: the text breaks off or is broken at byte {broken.start} ({broken.encoding})",
            f"{path.name}：第 {broken.start} 字节处的文字已损坏或不完整（{broken.encoding}）",
            remedy_en="save it again as UTF-8",
            remedy_zh="请另存为 UTF-8 后重试",
        ) from None
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise _unreadable(f"{path.name} is empty", f"{path.name} 是空文件", "give a JSON file", "请给出 JSON 文件")
    if "\x00" in text[:4096]:
        raise _unreadable(
            f"{path.name} is no text file", f"{path.name} 不是文本文件", "give a JSON file", "请给出 JSON 文件"
        )
    if _is_lines(path, text):
        yield from _lines(path, text, reading)
    else:
        yield Piece("", parse(text, path.name, reading))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as broken:
        reason = broken.strerror or type(broken).__name__
        raise _unreadable(
            f"{path.name} cannot be opened: {reason}",
            f"无法打开 {path.name}：{reason}",
            remedy_en="check that the file exists and may be read",
            remedy_zh="请确认文件存在且有读取权限",
        ) from None


def _is_lines(path: Path, text: str) -> bool:
    first: list[str] = []
    for line in _LINE.finditer(text):
        if line[0].strip():
            first.append(line[0])
        if len(first) == _FIRST_LINES:
            break
    if len(first) == 1 and path.suffix.lower() not in LINES:
        return False
    tried = first if path.suffix.lower() in LINES else first[:1]
    return any(_is_object(line) for line in tried)


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(path: Path, text: str, reading: Reading) -> Iterator[Piece]:
    # Not str.splitlines(): that would also cut at U+2028 and its like, which JSON allows inside a string.
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not line.strip():
            continue
        try:
            value = parse(line, path.name, reading, line=number)
        except InputError as broken:
            yield Piece(f"line {number}", error=broken)
        else:
            yield Piece(f"line {number}", value)


def parse(text: str, name: str, reading: Reading, *, line: int = 1) -> Any:
    """Read JSON text that begins on *line* of the file *name*.

    Raises:
        InputError: ``file.unreadable``, naming line and column.
    """

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        whole = dict(found)
        return whole if len(whole) == len(found) else _joined(found, reading)

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_float=Decimal if reading.exact else float)
    except json.JSONDecodeError as broken:
        row, column = broken.lineno + line - 1, broken.colno
        raise _unreadable(
            f"{name} is no valid JSON: line {row}, column {column}: {broken.msg}",
            f"{name} 不是有效的 JSON：第 {row} 行第 {column} 列：{broken.msg}",
            remedy_en="ask whoever made the file for a whole one, or mend that place",
            remedy_zh="请向文件提供方索取完整文件，或修正该处",
            detail={"line": row, "column": column},
        ) from None
    except RecursionError:
        raise _unreadable(
            f"{name} is nested too deeply (from line {line})",
            f"{name} 嵌套层数过深（自第 {line} 行起）",
            remedy_en="give the release or record itself, without what is wrapped around it",
            remedy_zh="请直接给出 release 或 record，去掉外层包装",
            detail={"line": line},
        ) from None
    except ValueError:
        raise _unreadable(
            f"{name} holds a number of too many digits (from line {line})",
            f"{name} 含有位数过多的数字（自第 {line} 行起）",
            remedy_en="write identifiers as text, in quotation marks",
            remedy_zh="证件号码请写成带引号的文本",
            detail={"line": line},
        ) from None


def _joined(found: list[tuple[str, Any]], reading: Reading) -> dict[str, Any]:
    # A doubled key would silently hide what its first value says, bidders among it: lists are joined instead.
    whole: dict[str, Any] = {}
    for key, value in found:
        if key in whole and whole[key] != value:
            reading.doubled.append(key)
            if isinstance(whole[key], list) and isinstance(value, list):
                whole[key] = [*whole[key], *value]
                continue
        whole[key] = value
    return whole


def _unreadable(
    en: str, zh: str, remedy_en: str, remedy_zh: str, *, detail: dict[str, object] | None = None
) -> InputError:
    return InputError(en, zh, code="file.unreadable", remedy_en=remedy_en, remedy_zh=remedy_zh, detail=detail)
