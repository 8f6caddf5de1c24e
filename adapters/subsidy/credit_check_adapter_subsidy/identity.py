"""Which numbering an identifier belongs to, and what kind of subject has it. Pure.

A Chinese number tells by its form and check digits; an org-id.guide identifier by its prefix. What tells nothing is passed
on as it is, with a doubt, so that an officer looks at it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from credit_check_adapter_subsidy.cells import damaged, nothing, number_text, zeros_may_be_lost
from credit_check_sdk import Identifier, Words

if TYPE_CHECKING:
    from credit_check_sdk import Category

Hint = Literal["cn-uscc", "cn-org-code", "cn-reg-no", "cn-resident-id"]
"""What the header of a column says about the identifiers in it."""
LOCAL = "local"
"""Scheme of an identifier whose numbering nobody told."""

CATEGORIES: dict[str, Category] = {
    "organisation": "organisation", "organization": "organisation", "company": "organisation", "charity": "organisation",
    "法人及非法人组织": "organisation", "企业": "organisation", "法人": "organisation", "单位": "organisation",
    "企业法人": "organisation", "事业法人": "organisation", "社会组织": "organisation", "合作社": "organisation",
    "sole_trader": "sole_trader", "sole trader": "sole_trader", "个体工商户": "sole_trader", "个体户": "sole_trader",
    "person": "person", "individual": "person", "自然人": "person", "个人": "person", "农户": "person",
}  # fmt: skip
"""主体类别, as lists write it."""
SCHEMES: dict[str, str] = {
    "统一社会信用代码": "cn-uscc", "社会信用代码": "cn-uscc", "uscc": "cn-uscc", "cn-uscc": "cn-uscc", "cn-scc": "cn-uscc",
    "组织机构代码": "cn-org-code", "cn-org-code": "cn-org-code", "注册号": "cn-reg-no", "cn-reg-no": "cn-reg-no",
    "身份证": "cn-resident-id", "居民身份证": "cn-resident-id", "公民身份号码": "cn-resident-id",
    "cn-resident-id": "cn-resident-id", "护照": "passport", "passport": "passport",
}  # fmt: skip
"""证件类型, as lists write it; any other scheme is passed on as it is."""
PERSONAL = frozenset({"cn-resident-id", "cn-residence-permit", "passport"})
"""Schemes that only a natural person has."""

# org-id.guide: country or region, register, identifier; 360Giving has a prefix of its own for funders' local ids.
_ORG_ID = re.compile(r"((?:[A-Z]{2}-[A-Z][A-Z0-9_]{1,15})|360[Gg])-(.+)", re.DOTALL)
_NOT_SOUND = frozenset(
    f"identifier.{misfit}"
    for misfit in ("check_digit", "length", "alphabet", "birth_date", "placeholder", "region", "authority")
)
_PERMIT = re.compile(r"8[123]\d{15}[\dX]")


@dataclass(frozen=True, slots=True)
class Told:
    """What a cell tells about an identifier."""

    identifier: Identifier | None = None
    """The identifier, where there is one."""
    wrong: Words | None = None
    """Why it cannot be used at all."""
    doubt: Words | None = None
    """What is doubtful about it."""


def tell(
    cell: Any, *, scheme: str = "", hint: Hint | None = None, category: Category | None = None, exact: bool = False
) -> Told:
    """Make an identifier of a cell: by the scheme that the row names, by its prefix, by its form.

    *hint* is what the column's header says, *category* what the row says of the subject; *exact* as in `damaged`.
    """
    damage = damaged(cell, exact=exact)
    if damage is not None:
        return Told(wrong=damage)
    value = number_text(cell)
    if nothing(value) or not value.strip("0 -"):
        return Told()
    named = SCHEMES.get(scheme.strip().casefold(), scheme.strip())
    found = _ORG_ID.fullmatch(value)
    if nothing(named) and found:
        prefix = found[1].upper()
        named, value = SCHEMES.get(prefix.casefold(), prefix), found[2]
    guessed = named if not nothing(named) else guess(value, hint, category)
    try:
        identifier = Identifier(scheme=guessed, value=value)
    except ValueError:
        return Told(
            wrong=Words(
                zh="标识号码已脱敏、过长或无法识别；请提供完整号码",
                en="the identifier is masked, too long or unreadable; give it in full",
            )
        )
    if zeros_may_be_lost(cell):
        return Told(
            identifier,
            doubt=Words(
                zh="标识号码按数字保存，前导零可能已丢失；请核对",
                en="the identifier was kept as a number, so leading zeros may be lost; compare it",
            ),
        )
    if guessed == LOCAL:
        return Told(
            identifier,
            doubt=Words(
                zh="标识号码未注明类别，也无法由格式判断；请核对",
                en="the identifier names no scheme and its form tells none; compare it",
            ),
        )
    return Told(identifier)


def guess(value: str, hint: Hint | None = None, category: Category | None = None) -> str:
    """Guess the scheme of a number by its form, its check digits, the header and the kind of subject."""
    solid = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", value)).upper()
    person = hint == "cn-resident-id" or category == "person"
    match len(solid):
        case 18 if re.fullmatch(r"[0-9A-Z]{18}", solid):
            return _of_eighteen(solid, hint, person=person)
        case 15 if solid.isdigit():
            if person or (hint is None and _sound("cn-resident-id", solid) and not _sound("cn-reg-no", solid)):
                return "cn-resident-id"
            return "cn-reg-no"
        case 13 if solid.isdigit() and hint in {"cn-reg-no", "cn-uscc"}:
            return "cn-reg-no"
        case 9 if re.fullmatch(r"[0-9A-Z]{8}[0-9X]", solid):
            hyphened = value.strip()[-2:-1] in {"-", "－"}
            told = hyphened or hint in {"cn-org-code", "cn-uscc"} or category == "organisation"
            return "cn-org-code" if hint == "cn-org-code" or (told and _sound("cn-org-code", solid)) else LOCAL
    return hint or LOCAL


def category_of(
    identifier: Identifier | None, said: Category | None = None, *, default: Category = "organisation"
) -> Category:
    """Say what kind of subject has this identifier; what the list says counts where the identifier tells nothing."""
    if identifier is not None and identifier.scheme in PERSONAL:
        return "person"
    if identifier is not None and identifier.scheme == "cn-uscc":
        # GB 32100-2015: a code that begins with 92 is a sole trader's.
        return "sole_trader" if identifier.normal.startswith("92") else "organisation"
    return said or default


def _of_eighteen(solid: str, hint: Hint | None, *, person: bool) -> str:
    personal = "cn-residence-permit" if _PERMIT.fullmatch(solid) else "cn-resident-id"
    sound = [scheme for scheme in ("cn-uscc", personal) if _sound(scheme, solid)]
    if len(sound) == 1:
        return sound[0]
    if not re.fullmatch(r"\d{17}[\dX]", solid):
        return "cn-uscc"
    if person or hint == "cn-uscc":
        return personal if person else "cn-uscc"
    birth = int(solid[6:10]), int(solid[10:12])
    looks_personal = solid[0] in "12345678" and 1900 <= birth[0] <= 2099 and 1 <= birth[1] <= 12  # noqa: PLR2004  a day
    return personal if looks_personal else "cn-uscc"


def _sound(scheme: str, value: str) -> bool:
    """Say whether a number is a sound one of *scheme*: form, parts and check digit."""
    found = Identifier(scheme=scheme, value=value).normalised
    return _NOT_SOUND.isdisjoint(finding.code for finding in found.findings)
