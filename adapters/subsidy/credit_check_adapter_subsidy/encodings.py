"""In which encoding a text file is. It reads the file it is given and nothing else."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 20
_PIECE = 1 << 20
_OFTEN = 0.6
"""Share of two-byte characters that must be common ones for a text to be Chinese."""


def encoding_of(path: Path) -> str:
    """Tell the encoding of a text file: by its mark, else UTF-16 by its zeros, UTF-8, GB18030, Windows-1252, Latin-1.

    GB18030 is told from Western text by its characters: those of GB 2312 have two high bytes, while an accented letter
    in Western text stands beside plain ones.
    """
    with path.open("rb") as reading:
        head = reading.read(_SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head[:4096]:
        return _without_mark(head)
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _decodes(path, "gb18030") and _is_chinese(head):
        return "gb18030"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _without_mark(head: bytes) -> str:
    even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
    return "utf-16-le" if odd > even else "utf-16-be"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as reading:
            while piece := reading.read(_PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(head: bytes) -> bool:
    pairs = common = place = 0
    while place < len(head) - 1:
        if head[place] < 0x80:  # noqa: PLR2004  plain ASCII
            place += 1
            continue
        pairs += 1
        common += 0xA1 <= head[place] <= 0xF7 and head[place + 1] >= 0xA1  # noqa: PLR2004  GB 2312
        place += 2
    return pairs > 0 and common / pairs >= _OFTEN
