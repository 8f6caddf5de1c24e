"""Names: decode and normalise for comparing. Pure functions on text; a shared name is never proof of identity."""

from __future__ import annotations

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
# Patterns are compiled when they are first used (`re` keeps them): a host that only imports pays nothing.
_HAN = "⺀-鿿豈-﫿\U00020000-\U0003ffff"
_SOLID = f"[{_HAN}()]"
"""Characters beside which a blank says nothing."""
_DOT_IN_NAME = f"(?<=[{_HAN}])\\s*[.·]\\s*(?=[{_HAN}])"
"""The dot inside a person's name of several parts, for which a full stop is often typed."""
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);"
_MISREAD = "[\u0080-\u00ff]{2}|[\u0100-\u2122]"
"""What a Chinese name in UTF-8 becomes when it was read as Latin text; without it nothing is repaired."""
_CHINESE = f"[{_HAN}]"
_COMMON = rb"(?:[\xb0-\xd7][\xa1-\xbf]|[ ()0-9])+"
"""Bytes that are common characters in GB2312 and may be letters of two bytes in UTF-8."""


def decode_name(data: bytes) -> str:
    """Decode a name that may be UTF-8 (with or without mark) or GB18030, of which GBK and GB2312 are parts.

    Short Chinese names in GB2312 can happen to be UTF-8 too, as a few letters of Europe or the Near East; since those
    never make up a whole name in what platforms send, and the first 3755 characters of GB2312 do, these are taken.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    if re.fullmatch(_COMMON, data):
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
    if not re.search(_MISREAD, raw) or re.search(_CHINESE, raw):
        return raw
    try:
        repaired = b"".join(_byte(character) for character in raw).decode()
    except UnicodeError:
        return raw
    return repaired if re.search(_CHINESE, repaired) else raw


def _byte(character: str) -> bytes:
    """Give the byte that was read as *character*; readers of Windows text pass on what code page 1252 leaves out."""
    if character <= "\xff":
        return character.encode("latin-1")
    return character.encode("cp1252")


def _unescaped(found: re.Match[str]) -> str:
    import html  # noqa: PLC0415  a large table that few names need

    return html.unescape(found[0])


def _folded(text: str) -> str:
    plain = re.sub(_ENTITY, _unescaped, text)
    seen = "".join(character for character in plain if character.isspace() or not _is_unseen(character))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen.translate(_FOLDED)).casefold())
    dotted = re.sub(_DOT_IN_NAME, "·", folded.translate(_FOLDED))
    joined = ""
    for word in dotted.split():
        blank = bool(joined) and not re.match(_SOLID, joined[-1]) and not re.match(_SOLID, word[0])
        joined += f" {word}" if blank else word
    return joined


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf"}
