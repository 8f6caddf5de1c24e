"""Single cells of a list: text, damage, days. Pure; it reads no clock.

Identifiers are text, always. A number that went through a spreadsheet has lost its last digits, and asking about it would
be asking about somebody else; so damage is found before anything is made of a cell.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from credit_check_sdk import Words

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_FLOATED = re.compile(r"(\d+)\.0+")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_DAY = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?:[T\s].*)?", re.DOTALL)
_EXACT_DIGITS = 15
"""Digits that a spreadsheet keeps of a number (IEEE 754); the rest become zeros."""
_NOTHING = frozenset(
    {
        "-", "--", "—", "/", "\\", ".", "0", "n/a", "na", "none", "null", "nil", "unknown", "tbc", "tbd", "无", "暂无", "未知",
        "不详", "没有", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "nan",
    }
)  # fmt: skip


def text(cell: Any) -> str:
    """Give a cell as text without blanks around it; whole numbers without decimals, days as YYYY-MM-DD."""
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    if isinstance(cell, float | Decimal):
        if not math.isfinite(cell):
            return ""  # what data frames write for a missing number
        cell = int(cell) if cell == int(cell) else cell
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if not isinstance(cell, str | int | float | Decimal):
        return ""
    seen = "".join(one for one in str(cell) if one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cf", "Cs"})
    seen = unicodedata.normalize("NFC", seen).strip()
    # Two ways in which people keep a spreadsheet from eating zeros: ="0123" and '0123.
    wrapped = _FORMULA_TEXT.fullmatch(seen)
    return wrapped[1].strip() if wrapped else seen.removeprefix("'").strip()


def nothing(written: str) -> bool:
    """Say whether a cell stands for nothing: blank, a dash, 无, N/A, a spreadsheet's error."""
    return not written or written.casefold() in _NOTHING


def number_text(cell: Any) -> str:
    """Give a cell that holds a number of somebody as text; ``4511.0`` is ``4511``."""
    written = text(cell)
    floated = _FLOATED.fullmatch(written)
    return floated[1] if floated else written


def damaged(cell: Any, *, exact: bool = False) -> Words | None:
    """Say how an identifier was damaged by a spreadsheet, or None where it was not.

    *exact* says that whole numbers come from a column of integers, which keep all their digits (Parquet, databases);
    numbers of a spreadsheet beyond 15 digits never do.
    """
    if cell is None or isinstance(cell, bool):
        return None
    written = text(cell)
    digits = len(re.sub(r"\D", "", written))
    if isinstance(cell, int | float | Decimal):
        lossless = exact and isinstance(cell, int | Decimal)
        return _rounded() if digits > _EXACT_DIGITS and not lossless else None
    floated = _FLOATED.fullmatch(written)
    if floated and len(floated[1]) > _EXACT_DIGITS:
        return _rounded()
    # A code may look like 91451100E123456789; only a mantissa with a point, or a signed exponent, is a number.
    if _SCIENTIFIC.fullmatch(written) and ("." in written or "," in written or "+" in written or "-" in written):
        return _rounded()
    return None


def zeros_may_be_lost(cell: Any) -> bool:
    """Say whether a spreadsheet may have taken leading zeros off: it kept the identifier as a short number."""
    is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
    return is_number and 0 < len(text(cell)) < _EXACT_DIGITS


def day(cell: Any) -> date | None:
    """Read a day, or None where there is none."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text(cell)))
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _rounded() -> Words:
    return Words(
        zh="标识号码被电子表格按数字保存（科学计数法或超过 15 位），末尾各位已丢失；请将该列设为文本后重新填写",
        en="a spreadsheet kept the identifier as a number (scientific notation, or more than 15 digits) and its last digits "
        "are lost; make the column text and fill it in again",
    )
