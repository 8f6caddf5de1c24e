"""Names: decode and normalise for comparing. Pure functions on text; a shared name is never proof of identity."""

from __future__ import annotations

import re
import unicodedata

_BRACKETS = str.maketrans(
    {
        "（": "(",
        "）": ")",
        "〔": "(",
        "〕": ")",
        "【": "(",
        "】": ")",
        "［": "(",
        "］": ")",
        "[": "(",
        "]": ")",
        "﹙": "(",
        "﹚": ")",
    }
)
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "`": "'"})
_MIDDLE_DOTS = re.compile(r"[·•‧∙・･．]")
_WIDE = re.compile(r"[⺀-鿿豈-﫿\U00020000-\U0003ffff()]")


def decode_name(data: bytes) -> str:
    """Decode a name that may be UTF-8 (with or without mark) or GB18030, of which GBK and GB2312 are parts.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def normalise_name(raw: str) -> str:
    """Bring a name into the form in which it is compared: width, brackets, quotes, dots, blanks and case are folded.

    Blanks beside a Chinese character or a bracket say nothing and go; between Latin words one stays.
    """
    text = unicodedata.normalize("NFKC", raw.translate(_BRACKETS)).translate(_BRACKETS).translate(_QUOTES)
    text = _MIDDLE_DOTS.sub("·", text)
    kept = "".join(character for character in text if unicodedata.category(character) != "Cf")
    words = kept.split()
    joined = ""
    for word in words:
        blank = bool(joined) and not _WIDE.match(joined[-1]) and not _WIDE.match(word[0])
        joined += f" {word}" if blank else word
    return joined.casefold()


def same_name(one: str, other: str) -> bool:
    """Say whether two names are the same when compared. It proves nothing about who they are."""
    return normalise_name(one) == normalise_name(other)
