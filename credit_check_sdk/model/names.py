"""Names: decode and normalise for comparing. Pure functions on text; a shared name is never proof of identity."""

from __future__ import annotations

import html
import re
import unicodedata

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("〔【［[〖﹝❲", "("),
        **dict.fromkeys("〕】］]〗﹞❳", ")"),
        **dict.fromkeys("“”„‟«»〝〞", '"'),
        **dict.fromkeys("‘’‚‛`´′", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("•‧∙・⋅●", "·"),
    }
)
"""Brackets, quotes, dashes and middle dots that are written for one another."""
_HAN = "⺀-鿿豈-﫿\U00020000-\U0003ffff"
_SOLID = re.compile(f"[{_HAN}()]")
"""Characters beside which a blank says nothing."""
_DOT_IN_NAME = re.compile(f"(?<=[{_HAN}])\\s*[.·]\\s*(?=[{_HAN}])")
"""The dot inside a person's name of several parts, for which a full stop is often typed."""
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")
_MISREAD = re.compile("[\u0080-\u00ff]{2}|[\u0100-\u2122]")
"""What a Chinese name in UTF-8 becomes when it was read as Latin text; without it nothing is repaired."""
_CHINESE = re.compile(f"[{_HAN}]")
_COMMON = re.compile(rb"(?:[\xb0-\xd7][\xa1-\xbf]|[ ()0-9])+")
"""Bytes that are common characters in GB2312 and may be letters of two bytes in UTF-8."""


def decode_name(data: bytes) -> str:
    """Decode a name that may be UTF-8 (with or without mark) or GB18030, of which GBK and GB2312 are parts.

    Short Chinese names in GB2312 can happen to be UTF-8 too, as a few letters of Europe or the Near East; since those
    never make up a whole name in what platforms send, and the first 3755 characters of GB2312 do, these are taken.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    if _COMMON.fullmatch(data):
        return data.decode("gb18030")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def normalise_name(raw: str) -> str:
    """Bring a name into the form in which it is compared: width, brackets, quotes, dots, blanks and case are folded.

    Blanks beside a Chinese character or a bracket say nothing and go; between Latin words one stays. A name that was
    garbled on its way is repaired where that is certain: escaped for HTML, or UTF-8 read as Latin text.
    """
    before, text = raw, _folded(_repaired(raw))
    while text != before:  # one folding may make room for another
        before, text = text, _folded(_repaired(text))
    return text


def same_name(one: str, other: str) -> bool:
    """Say whether two names are the same when compared. It proves nothing about who they are."""
    normal = normalise_name(one)
    return bool(normal) and normal == normalise_name(other)


def _repaired(raw: str) -> str:
    if not _MISREAD.search(raw) or _CHINESE.search(raw):
        return raw
    try:
        repaired = b"".join(_byte(character) for character in raw).decode()
    except UnicodeError:
        return raw
    return repaired if _CHINESE.search(repaired) else raw


def _byte(character: str) -> bytes:
    """Give the byte that was read as *character*; readers of Windows text pass on what code page 1252 leaves out."""
    if character <= "\xff":
        return character.encode("latin-1")
    return character.encode("cp1252")


def _folded(text: str) -> str:
    plain = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    seen = "".join(character for character in plain if character.isspace() or not _is_unseen(character))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen.translate(_FOLDED)).casefold())
    dotted = _DOT_IN_NAME.sub("·", folded.translate(_FOLDED))
    joined = ""
    for word in dotted.split():
        blank = bool(joined) and not _SOLID.match(joined[-1]) and not _SOLID.match(word[0])
        joined += f" {word}" if blank else word
    return joined


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf"}
