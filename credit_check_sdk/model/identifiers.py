"""Identifiers: normalise, look at, complete, mask. Pure functions on text; standard library only.

Nothing here ever refuses an identifier: issued codes exist that fail their own check digit, so every doubt is a
`Finding`, a warning that travels with the decision. Only an empty identifier is an error. Schemes of GB 32100-2015
(unified social credit code), GB 11714-1997 (organisation code), GB 11643-1999 (resident id) and the 15-digit
registration number are known by their rules; passports and the schemes of org-id.guide are opaque and kept as they are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

USCC = "cn-uscc"
ORG_CODE = "cn-org-code"
REG_NO = "cn-reg-no"
RESIDENT_ID = "cn-resident-id"
RESIDENCE_PERMIT = "cn-residence-permit"
PASSPORT = "passport"

NATIONAL = frozenset({USCC, ORG_CODE, REG_NO, RESIDENT_ID, RESIDENCE_PERMIT})
"""Schemes whose form is known here; all others are opaque."""

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_AUTHORITIES = frozenset("123456789ANY")
"""Registering authorities: 1 机构编制, 5 民政, 9 市场监管, N 农业农村, A and others as assigned, Y 其他."""
_LOOK_ALIKE = {"I": "1", "O": "0", "S": "5", "Z": "2"}
"""Letters that GB 32100 leaves out because they look like digits; V is left out too, and looks like more than one."""
_CROSSES = str.maketrans({"×": "X", "х": "X", "Х": "X", "✕": "X", "╳": "X", "χ": "X", "Χ": "X"})
_DASHES = frozenset("-‐‑‒–—―−－﹣﹘_·．.")
_PLACEHOLDERS = frozenset({"00000000000000000X", "000000000000000000", "111111111111111111", "999999999999999999"})
_LENGTH = {USCC: (18,), ORG_CODE: (9,), REG_NO: (13, 15), RESIDENT_ID: (15, 18), RESIDENCE_PERMIT: (15, 18)}
_EARLIEST_BIRTH = 1850


@dataclass(frozen=True, slots=True)
class Finding:
    """Something doubtful about an identifier; a warning, never a refusal."""

    code: str
    """``identifier.…``."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """An identifier in the form in which it is compared."""

    value: str
    """The form."""
    changes: tuple[str, ...] = ()
    """What was changed to get there: width, blanks, hyphens, case, look_alikes."""
    findings: tuple[Finding, ...] = ()
    """What is doubtful about it."""


def normalise(scheme: str, raw: str) -> Normalised:
    """Bring an identifier into the form in which it is compared, and say what was changed and what is doubtful.

    Raises:
        ValueError: it is empty.
    """
    trimmed = _trimmed(raw)
    if not trimmed:
        message = "an identifier may not be blank"
        raise ValueError(message)
    if scheme not in NATIONAL:
        # Of an opaque scheme nothing may change that could be part of the identity.
        wide = unicodedata.normalize("NFKC", trimmed)
        return Normalised(wide, _changes(("width", trimmed, wide)))
    wide = unicodedata.normalize("NFKC", trimmed.translate(_CROSSES))
    solid = "".join(character for character in wide if not _is_blank(character))
    joined = "".join(character for character in solid if character not in _DASHES)
    upper = joined.upper()
    plain = _without_look_alikes(scheme, upper)
    changes = _changes(
        ("width", trimmed, wide),
        ("blanks", wide, solid),
        ("hyphens", solid, joined),
        ("case", joined, upper),
        ("look_alikes", upper, plain),
    )
    if not plain:
        return Normalised(trimmed, findings=(Finding("identifier.alphabet"),))
    # A hyphen in an organisation code is its usual spelling, so that change alone says nothing.
    usual = scheme == ORG_CODE and changes == ("hyphens",)
    findings = () if not changes or usual else (Finding("identifier.normalised"),)
    return Normalised(plain, changes, (*findings, *examine(scheme, plain)))


def examine(scheme: str, value: str) -> tuple[Finding, ...]:
    """Say what is doubtful about a normalised identifier."""
    if value in _PLACEHOLDERS or (len(value) > 1 and not value.strip("0")):
        return (Finding("identifier.placeholder"),)
    lengths = _LENGTH.get(scheme)
    if lengths is None:
        return ()
    if len(value) not in lengths:
        return (Finding("identifier.length"),)
    return tuple(Finding(code) for code in _EXAMINERS[scheme](value))


def equivalents(scheme: str, value: str) -> tuple[tuple[str, str], ...]:
    """Name the pairs (scheme, value) under which the same subject is certainly known too.

    The organisation code inside a social credit code (GB 32100-2015, positions 9 to 17), and the 18-digit form of a
    15-digit resident number (GB 11643-1999, birth years 19yy).
    """
    if scheme == USCC and len(value) == 18 and value not in _PLACEHOLDERS:  # noqa: PLR2004  GB 32100-2015
        return ((ORG_CODE, value[8:17]),)
    newer = modern(scheme, value)
    return () if newer is None else ((scheme, newer),)


def modern(scheme: str, value: str) -> str | None:
    """Give the 18-digit form of a 15-digit resident number, or None where there is none that is certain."""
    if scheme != RESIDENT_ID or len(value) != 15 or not _digits(value) or _born(f"19{value[6:12]}") is None:  # noqa: PLR2004  GB 11643-1989
        return None
    body = f"{value[:6]}19{value[6:]}"
    return body + resident_check(body)


def guess_scheme(raw: str) -> str | None:
    """Guess the scheme of an identifier in a list that has one column for all; None where it is not plain.

    Raises:
        ValueError: it is empty.
    """
    value = normalise(USCC, raw).value
    if len(value) == 18 and _digits(value[:17]) and (_digits(value[17]) or value[17] == "X"):  # noqa: PLR2004
        person = value[17] == resident_check(value[:17])
        company = value[17] == uscc_check(value[:17])
        if person != company:
            return RESIDENT_ID if person else USCC
        if person or value[0] == "9":
            return None if person and _born(value[6:14]) is not None else USCC
        return RESIDENT_ID if value[6:8] in {"19", "20"} else USCC
    if len(value) == 18 and value[0] in _AUTHORITIES and all(c in _USCC_ALPHABET for c in value):  # noqa: PLR2004
        return USCC
    if len(value) == 9 and value[8] == org_code_check(value[:8]):  # noqa: PLR2004  GB 11714-1997
        return ORG_CODE
    if len(value) == 15 and _digits(value):  # noqa: PLR2004
        registered = value[14] == reg_no_check(value[:14])
        person = _born(f"19{value[6:12]}") is not None
        if registered != person:
            return REG_NO if registered else RESIDENT_ID
    return None


def mask(scheme: str, value: str) -> str:
    """Hide the middle of an identifier, keeping its length; a short one is hidden wholly.

    Of a social credit code the first eight characters (authority, kind, region) and the last two stay; of a resident
    id the region and the last four.
    """
    head, tail = {USCC: (8, 2), RESIDENT_ID: (6, 4), RESIDENCE_PERMIT: (6, 4), PASSPORT: (1, 2)}.get(scheme, (2, 2))
    length = len(value)
    while head + tail > length // 2 and head + tail > 0 and length < 18:  # noqa: PLR2004
        head, tail = max(head - 1, 0), max(tail - 1, 0)
    if length <= 4 or length - head - tail < 4:  # noqa: PLR2004
        return "*" * length
    return f"{value[:head]}{'*' * (length - head - tail)}{value[length - tail :]}"


def uscc_check(body: str) -> str:
    """Give the check character of the first 17 characters of a social credit code (GB 32100-2015), or ``?``."""
    try:
        total = sum(
            _USCC_ALPHABET.index(character) * weight for character, weight in zip(body, _USCC_WEIGHTS, strict=True)
        )
    except ValueError:
        return "?"
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def org_code_check(body: str) -> str:
    """Give the check character of the first 8 characters of an organisation code (GB 11714-1997), or ``?``."""
    try:
        total = sum(int(character, 36) * weight for character, weight in zip(body, _ORG_WEIGHTS, strict=True))
    except ValueError:
        return "?"
    return "0123456789X0"[11 - total % 11]


def resident_check(body: str) -> str:
    """Give the check character of the first 17 digits of a resident id (GB 11643-1999, ISO 7064 MOD 11-2), or ``?``."""
    if len(body) != len(_ID_WEIGHTS) or not _digits(body):
        return "?"
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def reg_no_check(body: str) -> str:
    """Give the check digit of the first 14 digits of a registration number (ISO 7064 MOD 11,10), or ``?``."""
    if not _digits(body):
        return "?"
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def synthetic_uscc(chance: Random, *, authority: str = "9", kind: str = "1", region: str = "451100") -> str:
    """Make a valid social credit code that nobody was issued: its organisation code is filled by chance."""
    inner = "M" + "".join(chance.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    body = f"{authority}{kind}{region}{inner}{org_code_check(inner)}"
    return body + uscc_check(body)


def synthetic_resident_id(chance: Random, *, region: str = "451102", born: date | None = None) -> str:
    """Make a valid resident id by chance, for no real person."""
    day = born or date(1950 + chance.randrange(55), 1 + chance.randrange(12), 1 + chance.randrange(28))
    body = f"{region}{day:%Y%m%d}{chance.randrange(1000):03d}"
    return body + resident_check(body)


def _trimmed(raw: str) -> str:
    return "".join(character for character in raw if unicodedata.category(character) not in {"Cc", "Cf"}).strip()


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Zs", "Cf", "Cc"}


def _changes(*steps: tuple[str, str, str]) -> tuple[str, ...]:
    return tuple(name for name, before, after in steps if before != after)


def _without_look_alikes(scheme: str, value: str) -> str:
    if scheme == USCC:
        return "".join(_LOOK_ALIKE.get(character, character) for character in value)
    if scheme in {REG_NO, RESIDENT_ID, RESIDENCE_PERMIT}:
        return "".join({"I": "1", "O": "0", "L": "1"}.get(character, character) for character in value)
    return value


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _born(text: str) -> date | None:
    """Read a birth date YYYYMMDD that exists."""
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
    return day if day.year >= _EARLIEST_BIRTH else None


def _doubts_of_uscc(value: str) -> list[str]:
    if any(character not in _USCC_ALPHABET for character in value):
        return ["identifier.alphabet"]
    doubts = []
    if value[0] not in _AUTHORITIES:
        doubts.append("identifier.authority")
    if value[17] != uscc_check(value[:17]):
        doubts.append("identifier.check_digit")
    # GB 11714 inside GB 32100: some issued codes deviate, so this is only ever a hint.
    if value[16] != org_code_check(value[8:16]):
        doubts.append("identifier.inner_check_digit")
    return doubts


def _doubts_of_org_code(value: str) -> list[str]:
    if not value.isascii() or not value.isalnum():
        return ["identifier.alphabet"]
    return [] if value[8] == org_code_check(value[:8]) else ["identifier.check_digit"]


def _doubts_of_reg_no(value: str) -> list[str]:
    if not _digits(value):
        return ["identifier.alphabet"]
    if len(value) == 13:  # noqa: PLR2004  the form before 2007 carries no check digit
        return ["identifier.legacy"]
    return [] if value[14] == reg_no_check(value[:14]) else ["identifier.check_digit"]


def _doubts_of_resident_id(value: str) -> list[str]:
    if len(value) == 15:  # noqa: PLR2004  GB 11643-1989
        if not _digits(value):
            return ["identifier.alphabet"]
        return ["identifier.legacy", *([] if _born(f"19{value[6:12]}") else ["identifier.birth_date"])]
    if not _digits(value[:17]) or not (_digits(value[17]) or value[17] == "X"):
        return ["identifier.alphabet"]
    doubts = []
    if _born(value[6:14]) is None:
        doubts.append("identifier.birth_date")
    if value[17] != resident_check(value[:17]):
        doubts.append("identifier.check_digit")
    return doubts


def _doubts_of_residence_permit(value: str) -> list[str]:
    """居民居住证 of Hong Kong and Macao (81, 82) and Taiwan (83), and the foreigners' permanent residence card (9)."""
    if len(value) == 15:  # noqa: PLR2004  the foreigners' card before 2023
        return []
    return _doubts_of_resident_id(value)


_EXAMINERS = {
    USCC: _doubts_of_uscc,
    ORG_CODE: _doubts_of_org_code,
    REG_NO: _doubts_of_reg_no,
    RESIDENT_ID: _doubts_of_resident_id,
    RESIDENCE_PERMIT: _doubts_of_residence_permit,
}
