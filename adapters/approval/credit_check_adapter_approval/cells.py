"""Single cells of an exchange row: text, moments, names of columns. Pure; it reads no clock."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SHANGHAI = timezone(timedelta(hours=8))
"""All times of the exchange are Beijing time and carry no zone."""

_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]\s*(\d{1,2})\s*[:时]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2})(?:[.,]\d+)?\s*秒?|分)?)?"
)
_SOLID = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_SECONDS = re.compile(r"\d{10}(?:\d{3})?")
_MILLISECONDS_LENGTH = 13
_LAST_OF_TWO_BYTES = 0x7FF


def text(value: Any) -> str:
    """Give a cell as text without blanks around it; bytes are UTF-8 or else GB18030."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, bytes | bytearray):
        value = decoded(bytes(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    seen = "".join(one for one in str(value) if one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cf"})
    return seen.strip()


def decoded(data: bytes) -> str:
    """Decode what a Chinese database or file holds: UTF-8, with or without mark, else GB18030.

    A short Chinese word in GB18030 may be valid UTF-8 by chance (食, 联通). What would read as nothing but letters of two
    bytes, such as Greek or Arabic ones, is such a word.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    try:
        read = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")
    if not read.isascii() and not any(
        (one.isascii() and one.isalpha()) or ord(one) > _LAST_OF_TWO_BYTES for one in read
    ):
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            return read
    return read


def moment(value: Any) -> datetime | None:
    """Read a moment in any form in which databases and people write it; None where it is none.

    ``2026-11-23 09:00:00.0``, ``2026/11/23``, ``20261123090000``, ``2026年11月23日 9时30分``, ISO 8601 with or without
    zone, seconds or milliseconds since 1970, dates and datetimes. What names no zone is Beijing time.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=SHANGHAI)
    written = unicodedata.normalize("NFKC", text(value))
    try:
        for form in (_WRITTEN, _SOLID):
            found = form.fullmatch(written)
            if found:
                year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
                return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI)
        if _SECONDS.fullmatch(written):
            scale = 1000 if len(written) == _MILLISECONDS_LENGTH else 1
            return datetime.fromtimestamp(int(written) / scale, SHANGHAI)
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=SHANGHAI)


def columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Name a row's columns as the exchange does: ``APPLYER_NAME`` and ``applyerName`` are ``applyer_name``."""
    return {column(name): value for name, value in row.items()}


def column(name: str) -> str:
    """Name one column or table as the exchange does."""
    plain = text(name)
    if plain.isupper():
        return plain.lower()
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()


def same_name(name: str) -> str:
    """Bring a material's name into the form in which names are compared: width, brackets and blanks aside."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s《》「」【】\[\]“”\"'·、,，。.]", "", folded)
