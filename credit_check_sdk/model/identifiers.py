"""Identifiers: normalise, look at, complete, mask. Pure functions on text; standard library only; no clock.

Nothing here ever refuses an identifier: issued codes exist that fail their own check digit, so every doubt is a
`Finding`, a warning that travels with the decision. Only an empty identifier is an error. Schemes of GB 32100-2015
(unified social credit code), GB 11714-1997 (organisation code), GB 11643-1999 (resident id) and the 15-digit
registration number are known by their rules; passports and the schemes of org-id.guide are opaque and kept as they are.
No finding and no representation made here contains anything of the identifier itself.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

USCC = "cn-uscc"
ORG_CODE = "cn-org-code"
REG_NO = "cn-reg-no"
RESIDENT_ID = "cn-resident-id"
RESIDENCE_PERMIT = "cn-residence-permit"
PASSPORT = "passport"

NATIONAL = frozenset({USCC, ORG_CODE, REG_NO, RESIDENT_ID, RESIDENCE_PERMIT})
"""Schemes whose form is known here; all others are opaque."""

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC_VALUES = {character: value for value, character in enumerate(USCC_ALPHABET)}
ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_VALUES = {character: value for value, character in enumerate(ORG_ALPHABET)}
ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_REG_NO_BODY = 14
AUTHORITIES = frozenset("123456789ANY")
"""Registering authorities: 1 机构编制, 2 外交, 3 司法行政, 4 文化, 5 民政, 6 旅游, 7 宗教, 8 工会, 9 市场监管, N 农业农村,
A 军队编制, Y 其他."""
_ZONES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
_PROVINCES = frozenset(str(code) for first, last in _ZONES for code in range(first, last + 1))
"""Provinces of GB/T 2260."""
REGISTERED = _PROVINCES | {"10"}
"""First digits of a region in a registration: the provinces, and 100000 for what the State registers itself."""
_PERMITS = frozenset({"81", "82", "83"})
"""First digits of a 港澳台居民居住证: Hong Kong, Macao, Taiwan (国办发〔2018〕81号)."""
_HOMES = _PROVINCES | _PERMITS
"""First digits of a number that is called a resident id: permits are often entered as such."""
_CENTENARIANS = frozenset({"996", "997", "998", "999"})
"""Sequence codes that GB 11643-1989 kept for those over a hundred, whose birth year is 18yy."""
_LENGTH = {USCC: (18,), ORG_CODE: (9,), REG_NO: (13, 15), RESIDENT_ID: (15, 18), RESIDENCE_PERMIT: (15, 18)}
_COUNTED = frozenset("123456789012345678"[:length] for lengths in _LENGTH.values() for length in lengths)
"""What fingers type where a form insists on a number."""
_FIRST_YEAR, _LAST_YEAR = 1850, 2099
"""Years in which a holder of a number can be born; without a clock no nearer bound is known."""

_ALIKE_IN_USCC = str.maketrans("IOSZ", "1052")
"""Letters that GB 32100 leaves out because they look like digits; V is left out too, and looks like more than one."""
_ALIKE_IN_DIGITS = str.maketrans("ILOSZ", "11052")
_CROSSES = str.maketrans(dict.fromkeys("×✕✖╳⨯㐅", "X"))
"""What is written for the check character X."""
_FOREIGN = str.maketrans("АВЕКМНОРСТУХавекмнорстухΑΒΕΗΙΚΜΝΟΡΤΥΧοχ", "ABEKMHOPCTYXABEKMHOPCTYXABEHIKMNOPTYXOX")
"""Cyrillic and Greek letters that look like Latin ones; no scheme known here has them."""
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DASHES = frozenset("−ー⁃˗")
"""What serves as a hyphen without being of the category of dashes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something doubtful about an identifier; a warning, never a refusal."""

    code: str
    """``identifier.…``; those of check_digit, inner_check_digit, length, alphabet, authority, region, birth_date,
    placeholder, legacy, normalised are made here."""
    detail: tuple[tuple[str, str], ...] = ()
    """More about it, as pairs of key and value; never a part of the identifier."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """An identifier in the form in which it is compared."""

    value: str = field(repr=False)
    """The form."""
    changes: tuple[str, ...] = ()
    """What was changed to get there: spaces, hyphens, width, case, look_alikes."""
    findings: tuple[Finding, ...] = ()
    """What is doubtful about it."""


def normalise(scheme: str, raw: str) -> Normalised:
    """Bring an identifier into the form in which it is compared, and say what was changed and what is doubtful.

    Of an opaque scheme only width and blanks around it change, and characters that nobody sees: all else may be part of
    the identity.

    Raises:
        ValueError: it is empty.
    """
    if raw.isascii() and raw.isalnum():
        # As most are: nothing to remove, and nothing wide. Whole texts are gone over only where there is a reason to.
        value, changes = _plainly_folded(scheme, raw) if scheme in NATIONAL else (raw, ())
    else:
        seen = "".join(character for character in raw if not _is_unseen(character)).strip()
        if not seen:
            raise ValueError("an identifier may not be blank; leave it out instead")
        value, changes = _folded(scheme, seen) if scheme in NATIONAL else _widened(seen)
        if seen != raw and "spaces" not in changes:
            changes = ("spaces", *changes)
    # A hyphen in an organisation code is its usual spelling (GB 11714), so that change alone says nothing.
    usual = scheme == ORG_CODE and changes == ("hyphens",)
    said = (Finding("identifier.normalised", (("changes", ",".join(changes)),)),) if changes and not usual else ()
    return Normalised(value, changes, (*said, *examine(scheme, value)))


def examine(scheme: str, value: str) -> tuple[Finding, ...]:
    """Say what is doubtful about a normalised identifier."""
    if is_placeholder(scheme, value):
        return (Finding("identifier.placeholder"),)
    lengths = _LENGTH.get(scheme)
    if lengths is None:
        return ()
    if len(value) not in lengths:
        return (Finding("identifier.length"),)
    return tuple(_EXAMINERS[scheme](value))


def is_placeholder(scheme: str, value: str) -> bool:
    """Say whether a normalised identifier stands for none at all, as ``00000000000000000X`` does in live data.

    Two subjects that carry the same placeholder have nothing in common.
    """
    if len(value) < 2:  # noqa: PLR2004  one character is too short to say
        return False
    left = value.lstrip("0")
    if not left:
        return True
    # Nothing but zeros before the last character, or one character all through.
    return scheme in NATIONAL and (len(left) == 1 or value == value[0] * len(value) or value in _COUNTED)


def equivalents(scheme: str, value: str) -> tuple[tuple[str, str], ...]:
    """Name the pairs (scheme, value) under which the same subject is certainly known too.

    The organisation code inside a social credit code (GB 32100-2015, positions 9 to 17) where its own check digit
    holds, and the 18-digit form of a 15-digit resident number (GB 11643-1999).
    """
    if scheme == USCC and len(value) == 18 and _USCC_VALUES.keys() >= set(value):  # noqa: PLR2004  GB 32100-2015
        inner = value[8:17]
        # Bodies without an organisation code of their own were given zeros there: that is nobody's code.
        certain = inner[8] == org_code_check(inner[:8]) and not is_placeholder(ORG_CODE, inner)
        return ((ORG_CODE, inner),) if certain else ()
    newer = modern(scheme, value)
    return () if newer is None else ((scheme, newer),)


def modern(scheme: str, value: str) -> str | None:
    """Give the 18-digit form of a 15-digit resident number, or None where there is none that is certain.

    Birth years are 19yy (GB 11643-1999), but for those over a hundred, who have sequence codes of their own.
    """
    if scheme != RESIDENT_ID or len(value) != 15 or not _digits(value):  # noqa: PLR2004  GB 11643-1989
        return None
    if value[12:] in _CENTENARIANS or not _is_birth_date(f"19{value[6:12]}"):
        return None
    body = f"{value[:6]}19{value[6:]}"
    return body + resident_check(body)


def guess_scheme(raw: str, category_hint: str | None = None) -> str | None:
    """Guess the scheme of an identifier in a list that has one column for all; None where it is not plain.

    *category_hint* is the category of the subject where the list tells it: ``person`` leaves numbers of persons only,
    ``organisation`` leaves codes of organisations only, and only such a hint lets nine characters without a hyphen
    pass for an organisation code, because numbers of nine digits are common elsewhere.
    """
    schemes = {"person": (RESIDENT_ID, RESIDENCE_PERMIT), "organisation": (USCC, REG_NO, ORG_CODE)}.get(
        category_hint or "", (USCC, REG_NO, ORG_CODE, RESIDENT_ID, RESIDENCE_PERMIT)
    )
    likeness = {scheme: _likeness(scheme, raw, hinted=category_hint is not None) for scheme in schemes}
    most = max(likeness.values())
    likely = [scheme for scheme, value in likeness.items() if value == most]
    return likely[0] if most and len(likely) == 1 else None


def mask(scheme: str, value: str) -> str:
    """Hide the middle of an identifier, keeping its length; a short one is hidden wholly.

    Of a social credit code the first eight characters (authority, kind, region) and the last two stay; of a resident
    id the region and the last four. Of anything shorter than those at most half stays and at least four are hidden.
    """
    head, tail = {USCC: (8, 2), RESIDENT_ID: (6, 4), RESIDENCE_PERMIT: (6, 4), PASSPORT: (1, 2)}.get(scheme, (2, 2))
    length = len(value)
    while length < 18 and head + tail > length // 2:  # noqa: PLR2004  the length for which the table is made
        head, tail = max(head - 1, 0), max(tail - 1, 0)
    hidden = length - head - tail
    if hidden < 4:  # noqa: PLR2004  fewer could be found by trying
        return "*" * length
    return f"{value[:head]}{'*' * hidden}{value[length - tail :]}"


def uscc_check(body: str) -> str:
    """Give the check character of the first 17 characters of a social credit code (GB 32100-2015), or ``?``."""
    if len(body) != len(USCC_WEIGHTS) or not _USCC_VALUES.keys() >= set(body):
        return "?"
    total = sum(map(mul, map(_USCC_VALUES.__getitem__, body), USCC_WEIGHTS))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def org_code_check(body: str) -> str:
    """Give the check character of the first 8 characters of an organisation code (GB 11714-1997), or ``?``."""
    if len(body) != len(ORG_WEIGHTS) or not _ORG_VALUES.keys() >= set(body):
        return "?"
    total = sum(map(mul, map(_ORG_VALUES.__getitem__, body), ORG_WEIGHTS))
    return "0123456789X0"[11 - total % 11]


def resident_check(body: str) -> str:
    """Give the check character of the first 17 digits of a resident id (GB 11643-1999, ISO 7064 MOD 11-2), or ``?``."""
    if len(body) != len(_ID_WEIGHTS) or not _digits(body):
        return "?"
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def reg_no_check(body: str) -> str:
    """Give the check digit of the first 14 digits of a registration number (ISO 7064 MOD 11,10), or ``?``."""
    if len(body) != _REG_NO_BODY or not _digits(body):
        return "?"
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def synthetic_uscc(chance: Random, *, authority: str = "9", kind: str = "1", region: str = "451100") -> str:
    """Make a valid social credit code by chance, for no real organisation.

    Its organisation code begins with MU, MW, MX or MY, apart from MA to MN in which codes are known to be issued.
    """
    inner = "M" + chance.choice("UWXY") + "".join(chance.choice(USCC_ALPHABET) for _ in range(6))
    body = f"{authority}{kind}{region}{inner}{org_code_check(inner)}"
    return body + uscc_check(body)


def synthetic_resident_id(chance: Random, *, region: str = "451199", born: date | None = None) -> str:
    """Make a valid resident id by chance.

    The region that is taken unless another is given is assigned to no county (GB/T 2260), so the number to no person.
    """
    day = born or date(1950 + chance.randrange(55), 1 + chance.randrange(12), 1 + chance.randrange(28))
    body = f"{region}{day:%Y%m%d}{chance.randrange(1000):03d}"
    return body + resident_check(body)


def _folded(scheme: str, seen: str) -> tuple[str, tuple[str, ...]]:
    """Fold an identifier of a known form, and name what was changed."""
    solid = "".join(character for character in seen if not character.isspace())
    joined = "".join(character for character in solid if not _is_dash(character))
    narrow = "".join(_narrow(character) for character in joined)
    upper = narrow.translate(_UPPER)
    plain = _without_look_alikes(scheme, upper)
    if not plain:  # nothing but hyphens: kept, and found to be of a wrong length
        return seen, ()
    steps = (
        ("spaces", seen, solid),
        ("hyphens", solid, joined),
        ("width", joined, narrow),
        ("case", narrow, upper),
        ("look_alikes", upper, plain),
    )
    return plain, tuple(name for name, before, after in steps if before != after)


def _plainly_folded(scheme: str, raw: str) -> tuple[str, tuple[str, ...]]:
    """Fold an identifier of a known form that holds nothing but ASCII letters and digits; see `_folded`."""
    upper = raw.translate(_UPPER)
    plain = _without_look_alikes(scheme, upper)
    if plain == raw:
        return raw, ()
    steps = (("case", raw, upper), ("look_alikes", upper, plain))
    return plain, tuple(name for name, before, after in steps if before != after)


def _widened(seen: str) -> tuple[str, tuple[str, ...]]:
    """Make full-width characters of an opaque identifier half-width; nothing else."""
    narrow = "".join(
        chr(ord(character) - 0xFEE0) if "\uff01" <= character <= "\uff5e" else character for character in seen
    ).replace("\u3000", " ")
    return narrow, ("width",) if narrow != seen else ()


def _narrow(character: str) -> str:
    """Give the one ASCII character that another form of it stands for, else itself."""
    if character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 and plain.isascii() and plain.isprintable() else character


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf"} and not character.isspace()


def _is_dash(character: str) -> bool:
    return character in _DASHES or unicodedata.category(character) == "Pd"


def _without_look_alikes(scheme: str, value: str) -> str:
    latin = value if value.isascii() else value.translate(_CROSSES).translate(_FOREIGN)
    if scheme == USCC:
        return latin.translate(_ALIKE_IN_USCC)
    # The foreigners' card before 2023 begins with letters that name a nationality; an organisation code may hold any.
    lettered = scheme == ORG_CODE or (scheme == RESIDENCE_PERMIT and len(latin) != 18)  # noqa: PLR2004
    return latin if lettered else latin.translate(_ALIKE_IN_DIGITS)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_birth_date(text: str) -> bool:
    """Say whether YYYYMMDD is a day on which a holder of a number can be born."""
    try:
        return _FIRST_YEAR <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year <= _LAST_YEAR
    except ValueError:
        return False


def _likeness(scheme: str, raw: str, *, hinted: bool) -> int:
    """Say how much an identifier looks like one of *scheme*: 2 with its check digit, 1 by its form alone, 0 not at all."""
    try:
        found = normalise(scheme, raw)
    except ValueError:
        return 0
    value, codes = found.value, {finding.code for finding in found.findings}
    misfits = {"length", "alphabet", "authority", "region", "birth_date", "placeholder"}
    if not codes.isdisjoint(f"identifier.{misfit}" for misfit in misfits):
        return 0
    if "identifier.check_digit" in codes:
        # Without a check digit only a form that says much counts, read as it was written; of a firm digits say little.
        telling = hinted or not _digits(value[:17]) if scheme == USCC else scheme in {RESIDENT_ID, RESIDENCE_PERMIT}
        return int(telling and "look_alikes" not in found.changes)
    plain = {
        ORG_CODE: hinted or _is_dash(raw.strip()[-2:-1] or " "),
        REG_NO: len(value) == 15 and value[:2] in REGISTERED,  # noqa: PLR2004  the form with a check digit
        RESIDENT_ID: value[:2] not in _PERMITS,
        RESIDENCE_PERMIT: len(value) == 18,  # noqa: PLR2004  the form with a check digit
    }
    return 2 if plain.get(scheme, True) else 0


def _doubts_of_uscc(value: str) -> Iterator[Finding]:
    if not _USCC_VALUES.keys() >= set(value):
        yield Finding("identifier.alphabet", (("look_alike", "ambiguous"),) if "V" in value else ())
        return
    if value[0] not in AUTHORITIES:
        yield Finding("identifier.authority")
    # A region is a hint only: codes outlive the regions that they name.
    if value[2:4] not in REGISTERED or not _digits(value[2:8]):
        yield Finding("identifier.region")
    if value[17] != uscc_check(value[:17]):
        yield Finding("identifier.check_digit")
    # GB 11714 inside GB 32100: some issued codes deviate, so this is only ever a hint.
    if value[16] != org_code_check(value[8:16]):
        yield Finding("identifier.inner_check_digit")


def _doubts_of_org_code(value: str) -> Iterator[Finding]:
    if not _ORG_VALUES.keys() >= set(value):
        yield Finding("identifier.alphabet")
    elif value[8] != org_code_check(value[:8]):
        yield Finding("identifier.check_digit")


def _doubts_of_reg_no(value: str) -> Iterator[Finding]:
    if not _digits(value):
        yield Finding("identifier.alphabet")
    elif len(value) == 13:  # noqa: PLR2004  the form before 2007 carries no check digit
        yield Finding("identifier.legacy")
    elif value[14] != reg_no_check(value[:14]):
        yield Finding("identifier.check_digit")


def _doubts_of_resident_id(value: str) -> Iterator[Finding]:
    if len(value) == 18:  # noqa: PLR2004  GB 11643-1999
        yield from _doubts_of_personal(value, at_home=value[:2] in _HOMES)
        return
    if not _digits(value):
        yield Finding("identifier.alphabet")
        return
    yield Finding("identifier.legacy")
    if value[:2] not in _PROVINCES:
        yield Finding("identifier.region")
    century = "18" if value[12:] in _CENTENARIANS else "19"
    if not _is_birth_date(f"{century}{value[6:12]}"):
        yield Finding("identifier.birth_date")


def _doubts_of_residence_permit(value: str) -> Iterator[Finding]:
    """港澳台居民居住证 (81, 82, 83), and 外国人永久居留身份证 (9, in the form of 2023)."""
    if len(value) == 18:  # noqa: PLR2004
        yield from _doubts_of_personal(value, at_home=value[:2] in _PERMITS or value[0] == "9")
    else:  # the foreigners' card before 2023: three letters and twelve digits
        yield Finding("identifier.legacy")
        if not (value[:3].isascii() and value[:3].isalpha() and _digits(value[3:])):
            yield Finding("identifier.alphabet")


def _doubts_of_personal(value: str, *, at_home: bool) -> Iterator[Finding]:
    """Say what is doubtful about 18 characters built as GB 11643-1999 says: 6 region, 8 birth, 3 sequence, 1 check."""
    if not _digits(value[:17]) or not (_digits(value[17]) or value[17] == "X"):
        yield Finding("identifier.alphabet")
        return
    if not at_home:
        yield Finding("identifier.region")
    if not _is_birth_date(value[6:14]):
        yield Finding("identifier.birth_date")
    if value[17] != resident_check(value[:17]):
        yield Finding("identifier.check_digit")


_EXAMINERS = {
    USCC: _doubts_of_uscc,
    ORG_CODE: _doubts_of_org_code,
    REG_NO: _doubts_of_reg_no,
    RESIDENT_ID: _doubts_of_resident_id,
    RESIDENCE_PERMIT: _doubts_of_residence_permit,
}
