"""Say in two languages why an entry is not of the right form. Pure; what was put in is never repeated."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_LANGUAGES = {"zh": "Chinese", "zh-CN": "Chinese", "en": "English"}
_CHINESE = {"zh": "中文", "zh-CN": "中文", "en": "英文"}


def explained(error: ValidationError, model: type[BaseModel]) -> tuple[tuple[str | int, ...], str, str]:
    """Give the place of the first trouble in an entry, and the words for it (en, zh)."""
    trouble: Any = error.errors(include_input=False, include_url=False)[0]
    loc: tuple[str | int, ...] = tuple(trouble["loc"])
    place = ".".join(str(part) for part in loc)
    last = str(loc[-1]) if loc else ""
    said = trouble["msg"].removeprefix("Value error, ")
    match trouble["type"]:
        case "missing" if last in _LANGUAGES:
            return (
                loc,
                f"{place}: the {_LANGUAGES[last]} translation is missing",
                f"{place}：缺少{_CHINESE[last]}译文",
            )
        case "missing":
            return loc, f"{place} is missing", f"缺少 {place}"
        case "extra_forbidden":
            known = sorted(field.alias or name for name, field in model.model_fields.items())
            near = difflib.get_close_matches(last, known, n=1, cutoff=0.5) if len(loc) == 1 else []
            hint_en, hint_zh = (f"; did you mean {near[0]!r}?", f"；是否为“{near[0]}”？") if near else ("", "")
            return loc, f"{place} is no known key{hint_en}", f"{place} 不是已知的键{hint_zh}"
        case "literal_error" | "union_tag_invalid":
            expected = trouble.get("ctx", {}).get("expected") or trouble.get("ctx", {}).get("expected_tags", "")
            return loc, f"{place}: unknown, one of {expected} is expected", f"{place}：取值未知，应为 {expected} 之一"
        case _:
            return loc, f"{place}: {said}", f"{place}：{said}"
