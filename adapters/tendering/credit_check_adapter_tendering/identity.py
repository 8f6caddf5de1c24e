"""Who an OCDS organisation is: schemes, identifiers, category, and what is doubtful about them.

It reads one party or reference at a time and performs no I/O. It never makes an identifier out of a name or out of a
party's local id: what is not certain becomes a `Note`, and a subject without identifiers ends in review.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from credit_check_sdk import Identifier, Value, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk import Category

_CHINESE = {
    "CN-USCC": "cn-uscc",
    "CN-SCC": "cn-uscc",
    "CN-USCI": "cn-uscc",
    "USCC": "cn-uscc",
    "统一社会信用代码": "cn-uscc",
    "CN-ORG-CODE": "cn-org-code",
    "CN-OC": "cn-org-code",
    "组织机构代码": "cn-org-code",
    "CN-REG-NO": "cn-reg-no",
    "注册号": "cn-reg-no",
    "CN-RESIDENT-ID": "cn-resident-id",
    "CN-ID": "cn-resident-id",
    "CN-IDCARD": "cn-resident-id",
    "居民身份证": "cn-resident-id",
    "身份证": "cn-resident-id",
    "公民身份号码": "cn-resident-id",
    "PASSPORT": "passport",
    "护照": "passport",
}
"""Schemes that the platforms know by another name; every other scheme of org-id.guide passes as it is."""

_PERSONAL = re.compile(
    r"(?:^|-)(?:ID-?CARD|PASSPORT|RESIDENT-ID|NATIONAL-ID|PERSON(?:AL)?-ID|DNI|CURP|CPF|NIN|SSN|CEDULA|CI)$"
)
_NOTHING = frozenset(
    {"", "-", "--", ".", "0", "n/a", "na", "none", "null", "nil", "unknown", "tbc", "tbd", "无", "暂无"}
)
_ZEROS = re.compile(r"[0\s.-]+")
_FLOATED = re.compile(r"(\d+)\.0+")
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_USCC = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}")
_RESIDENT = re.compile(r"\d{17}[\dXx]")
_LONGEST_SCHEME = 64
_LONGEST_VALUE = 128
_SHORT_ID = 4


class Note(Value):
    """Something that was noticed about a bidder; it names no identifier in full."""

    code: str
    """Stable code."""
    words: Words
    """In words."""
    doubtful: bool = False
    """Whether it casts doubt on who the bidder is, so that a person must look."""


@dataclass(slots=True)
class Identity:
    """What one party or reference says about who it is."""

    identifiers: list[Identifier] = field(default_factory=list)
    """Usable identifiers, the primary one first."""
    notes: list[Note] = field(default_factory=list)
    """What was noticed."""
    primary: bool = False
    """Whether the first identifier is the one that the file calls the primary one."""


def text(value: Any) -> str:
    """Give a text or number of the file as clean text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return ""
    return _CONTROL.sub("", str(value)).strip()


def local_id(value: Any) -> str:
    """Give the local id of a party as text; ``11.0`` and ``11`` are one."""
    found = text(value)
    whole = _FLOATED.fullmatch(found)
    return whole[1] if whole else found


def identity(entity: Mapping[str, Any]) -> Identity:
    """Read who *entity* is from its ``identifier`` and ``additionalIdentifiers``."""
    read = Identity()
    primary = entity.get("identifier")
    if isinstance(primary, list):
        primary = next((one for one in primary if isinstance(one, dict)), None)
    if primary is not None:
        found = _identifier(primary, read)
        if found is not None:
            read.identifiers.append(found)
            read.primary = True
            _compare(local_id(entity.get("id")), primary, found, read)
    others = entity.get("additionalIdentifiers")
    for other in others if isinstance(others, list) else [others] if isinstance(others, dict) else []:
        found = _identifier(other, read)
        if found is not None and not any(found.keys & known.keys for known in read.identifiers):
            read.identifiers.append(found)
    return read


def _identifier(given: Any, read: Identity) -> Identifier | None:
    if not isinstance(given, dict):
        given = {"id": given}
    value, scheme = text(given.get("id")), text(given.get("scheme"))
    if value.casefold() in _NOTHING or _ZEROS.fullmatch(value):
        if value:
            read.notes.append(
                _note("identifier.placeholder", "标识号码是占位符，未采用", "a placeholder is no identifier")
            )
        return None
    if _ROUNDED.fullmatch(value):
        read.notes.append(
            _note(
                "identifier.rounded",
                "标识号码被电子表格改写为科学计数法，末位已丢失，未采用",
                "the identifier was rounded by a spreadsheet and lost its last digits; it is not used",
                doubtful=True,
            )
        )
        return None
    floated = _FLOATED.fullmatch(value)
    if floated:
        value = floated[1]
        read.notes.append(
            _note(
                "identifier.floated",
                "标识号码带有“.0”尾缀（数字化所致），已去除",
                "the identifier ended in “.0”, as a spreadsheet writes it; the ending was taken off",
            )
        )
    if not scheme:
        return _without_scheme(value, read)
    return _made(_scheme(scheme, value), value, read)


def _made(scheme: str, value: str, read: Identity) -> Identifier | None:
    if len(scheme) <= _LONGEST_SCHEME and len(value) <= _LONGEST_VALUE:
        try:
            return Identifier(scheme=scheme, value=value)
        except ValueError:
            pass  # masked or blank: said below
    read.notes.append(
        _note(
            "identifier.unusable",
            "标识号码经过脱敏、过长或无法读取，未采用；请提供完整号码",
            "the identifier is masked, too long or unreadable and is not used; give it in full",
            doubtful=True,
        )
    )
    return None


def _scheme(scheme: str, value: str) -> str:
    plain = re.sub(r"[\s_]+", "-", scheme).upper()
    if plain == "CN-SAIC":  # the enterprise publicity system shows both the old number and the new code
        return (
            "cn-uscc"
            if _USCC.fullmatch(value.upper())
            else "cn-reg-no"
            if len(value) == len("451100000000000")
            else plain
        )
    return _CHINESE.get(plain, scheme)


def _without_scheme(value: str, read: Identity) -> Identifier | None:
    # The one guess that is allowed: a Chinese code proves itself by its check digits (GB 32100, GB 11643).
    for scheme, shape in (("cn-uscc", _USCC), ("cn-resident-id", _RESIDENT)):
        if shape.fullmatch(value.upper()):
            guess = Identifier(scheme=scheme, value=value)
            if not guess.normalised.findings:
                read.notes.append(
                    _note(
                        "identifier.scheme_guessed",
                        "标识未注明类别，按校验位认定",
                        "the identifier names no scheme; its check digits say which it is",
                    )
                )
                return guess
    read.notes.append(
        _note(
            "identifier.scheme_missing",
            "标识未注明类别，无法查询，未采用",
            "the identifier names no scheme, so nobody can be asked about it; it is not used",
            doubtful=True,
        )
    )
    return None


def _compare(party_id: str, given: Any, found: Identifier, read: Identity) -> None:
    """Note where a party's id, built as ``{scheme}-{id}``, says another identifier than the identifier itself."""
    prefix = f"{text(given.get('scheme')) if isinstance(given, dict) else found.scheme}-"
    if len(prefix) == 1 or not party_id.casefold().startswith(prefix.casefold()):
        return
    rest = party_id[len(prefix) :]
    # A department's id may follow: {scheme}-{id}-{department}.
    candidates = [rest[:end] for end, char in enumerate(rest) if char == "-"] + [rest]
    for candidate in candidates:
        whole = _FLOATED.fullmatch(candidate)
        plain = whole[1] if whole else candidate
        if plain and len(plain) <= _LONGEST_VALUE and "*" not in plain and plain.strip():
            other = Identifier(scheme=found.scheme, value=plain)
            if other.normal == found.normal or not other.keys.isdisjoint(found.keys):
                return
    read.notes.append(
        _note(
            "identifier.disagrees",
            f"当事人编号与其标识号码（{found.masked}）不一致，以标识号码查询，须人工核对",
            f"the party's id says another number than its identifier ({found.masked}); the identifier is asked for, "
            "and a person must compare them",
            doubtful=True,
        )
    )


def category(entity: Mapping[str, Any], identifiers: list[Identifier]) -> Category:
    """Tell from its schemes whether somebody is an organisation, a sole trader or a person."""
    if any(_PERSONAL.search(re.sub(r"[\s_]+", "-", one.scheme).upper()) for one in identifiers):
        return "person"
    # GB 32100: a code that begins with 92 belongs to a sole trader (个体工商户).
    if any(one.scheme == "cn-uscc" and one.normal.startswith("92") for one in identifiers):
        return "sole_trader"
    details = entity.get("details")
    # EU profile, partyScale.csv: selfEmployed.
    if isinstance(details, dict) and details.get("scale") == "selfEmployed":
        return "sole_trader"
    return "organisation"


def names(entity: Mapping[str, Any]) -> list[str]:
    """List the names that an entity goes by, its common name first."""
    primary = entity.get("identifier")
    legal = primary.get("legalName") if isinstance(primary, dict) else None
    found = [text(entity.get("name")), text(legal), text(entity.get("legalName"))]
    found += [text(value) for key, value in entity.items() if key.startswith("name_")]
    return list(dict.fromkeys(name for name in found if name))


def alias(entity: Mapping[str, Any]) -> str:
    """Give the local id that the standard recommends for an entity, ``{scheme}-{id}``; empty without identifier."""
    primary = entity.get("identifier")
    if not isinstance(primary, dict):
        return ""
    scheme, value = text(primary.get("scheme")), local_id(primary.get("id"))
    return f"{scheme}-{value}" if scheme and value else ""


def shown(party_id: str) -> str:
    """Give a party's local id fit to be shown: it may be built of somebody's identifier, so its middle is hidden."""
    if len(party_id) <= _SHORT_ID:
        return party_id
    if "*" in party_id or len(party_id) > _LONGEST_VALUE:
        return "…"
    return Identifier(scheme="party-id", value=party_id).masked


def _note(code: str, zh: str, en: str, *, doubtful: bool = False) -> Note:
    return Note(code=code, words=Words(zh=zh, en=en), doubtful=doubtful)
