"""Which column is which, and what a row says. It opens no file.

Identifiers are text, always: a number that went through a spreadsheet has lost digits, and a row with one is rejected
with the reason rather than checked as somebody else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_sdk import Applicant, Category, Identifier, InputError, Party, Rejected, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = {
    "name": (
        "名称", "企业名称", "单位名称", "公司名称", "主体名称", "申请人", "申请单位", "申报单位", "姓名", "申请企业", "机构名称",
        "name", "applicant", "applicant name", "recipient", "recipient name", "organisation", "organisation name",
        "organization", "organization name", "company", "company name", "recipient org:name", "legal name", "title",
    ),
    "identifier": (
        "统一社会信用代码", "社会信用代码", "信用代码", "统一信用代码", "证件号码", "身份证号", "身份证号码", "公民身份号码", "代码",
        "组织机构代码", "注册号", "identifier", "id", "uscc", "unified social credit code", "credit code", "id number",
        "recipient org:identifier", "recipient id", "organisation id", "organization id", "company number", "registration number",
    ),
    "scheme": ("证件类型", "标识类型", "scheme", "identifier scheme", "id type"),
    "category": ("主体类别", "类别", "申请人类别", "category", "subject category"),
    "founded_on": ("成立日期", "设立日期", "founded on", "founded", "incorporated on"),
    "legal_name": ("法定代表人", "法定代表人姓名", "legal representative"),
    "legal_id": ("法定代表人身份证号", "法定代表人证件号码", "legal representative id"),
}  # fmt: skip
_CATEGORIES: dict[str, Category] = {
    "organisation": "organisation", "organization": "organisation", "法人及非法人组织": "organisation", "企业": "organisation",
    "法人": "organisation", "sole_trader": "sole_trader", "sole trader": "sole_trader", "个体工商户": "sole_trader",
    "person": "person", "individual": "person", "自然人": "person", "个人": "person",
}  # fmt: skip
_SCHEMES = {
    "统一社会信用代码": "cn-uscc", "uscc": "cn-uscc", "身份证": "cn-resident-id", "居民身份证": "cn-resident-id",
    "组织机构代码": "cn-org-code", "注册号": "cn-reg-no", "护照": "passport",
}  # fmt: skip
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_FLOAT = re.compile(r"\d+\.0+")
_ORG_ID = re.compile(r"(CN-USCC|[A-Z]{2,3}-[A-Z0-9]+|360G|XM-DAC|XI-[A-Z]+)-(.+)")
_EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; the rest become zeros."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each thing stands."""

    places: Mapping[str, int]
    header: tuple[str, ...]

    def cell(self, row: Sequence[Any], what: str) -> Any:
        """Give a cell, or None where there is no such column or the row is short."""
        place = self.places.get(what)
        return row[place] if place is not None and place < len(row) else None


def recognise(header: Sequence[Any]) -> Columns:
    """See which column is which.

    Raises:
        InputError: ``file.unreadable`` when no column holds names; it names the columns seen and those expected.
    """
    seen = tuple(_plain(text(cell)) for cell in header)
    places: dict[str, int] = {}
    for what, names in _NAMES.items():
        for name in names:
            if name in seen and what not in places:
                places[what] = seen.index(name)
    if "name" not in places:
        shown = ", ".join(text(cell)[:40] for cell in header[:12]) or "—"
        raise InputError(
            f"line 1: no column of names (columns: {shown})",
            f"第 1 行：没有名称列（现有列：{shown}）",
            code="file.unreadable",
            remedy_en="name one column `name` (or 名称), and one `identifier` (or 统一社会信用代码)",
            remedy_zh="请将一列命名为“名称”（或 name），一列命名为“统一社会信用代码”（或 identifier）",
        )
    return Columns(places, tuple(text(cell) for cell in header))


def applicant(columns: Columns, row: Sequence[Any], place: str) -> Applicant | Rejected | None:
    """Read one row; None where it is blank."""
    if all(not text(cell) for cell in row):
        return None
    name = text(columns.cell(row, "name"))
    if not name:
        return Rejected(row=place, reason=Words(zh="没有名称；请补充", en="there is no name; fill it in"))
    damage = damaged(columns.cell(row, "identifier")) or damaged(columns.cell(row, "legal_id"))
    if damage is not None:
        return Rejected(row=place, name=name, reason=damage)
    value = text(columns.cell(row, "identifier"))
    identifier = identify(value, text(columns.cell(row, "scheme"))) if value else None
    said = _CATEGORIES.get(_plain(text(columns.cell(row, "category"))))
    person = identifier is not None and identifier.scheme in {"cn-resident-id", "cn-residence-permit", "passport"}
    category: Category = said or ("person" if person else _by_code(identifier))
    subject = Subject(category=category, name=name, identifiers=(identifier,) if identifier else ())
    return Applicant(row=place, subject=subject, parties=_parties(columns, row))


def identify(value: str, scheme: str = "") -> Identifier:
    """Make an identifier of a cell: by the scheme that the row names, by what it looks like, else opaque."""
    named = _SCHEMES.get(_plain(scheme)) or scheme.strip()
    if named:
        return Identifier(scheme=named, value=value)
    found = _ORG_ID.fullmatch(value)
    if found:
        return Identifier(scheme={"CN-USCC": "cn-uscc"}.get(found[1], found[1]), value=found[2])
    return Identifier(scheme=_guess(value), value=value)


def damaged(cell: Any) -> Words | None:
    """Say how an identifier was damaged by a spreadsheet, or None where it was not."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int) and len(str(abs(cell))) <= _EXACT_DIGITS:
        return None
    written = text(cell)
    # An organisation code may look like 12345678E; only a mantissa with a longer exponent is a number.
    if isinstance(cell, int | float) and len(re.sub(r"\D", "", written)) > _EXACT_DIGITS:
        pass
    elif not (_SCIENTIFIC.fullmatch(written) and ("+" in written or "." in written)):
        return None
    return Words(
        zh="标识符被电子表格按数字保存，末尾各位已丢失；请将该列设为文本后重新填写",
        en="a spreadsheet kept the identifier as a number and its last digits are lost; make the column text and refill it",
    )


def text(cell: Any) -> str:
    """Give a cell as text: whole numbers without decimals, dates as YYYY-MM-DD, blanks trimmed."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())[:10]
    written = unicodedata.normalize("NFC", str(cell)).replace("﻿", "").strip()
    return written[: -len(written.partition(".")[2]) - 1] if _FLOAT.fullmatch(written) else written


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).strip().lower()
    return re.sub(r"[\s_]+", " ", re.sub(r"[（(].*?[)）]", "", folded)).strip()


def _guess(value: str) -> str:
    """Tell a Chinese identifier by its form; all else is kept as it is, under a scheme of its own."""
    solid = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", value)).upper()
    if re.fullmatch(r"\d{17}[\dX]", solid):
        year, month = int(solid[6:10]), int(solid[10:12])
        person = solid[0] in "12345678" and 1900 <= year <= 2099 and 1 <= month <= 12  # noqa: PLR2004  a birth date
        return "cn-resident-id" if person else "cn-uscc"
    if re.fullmatch(r"[0-9A-Z]{2}\d{6}[0-9A-Z]{10}", solid):
        return "cn-uscc"
    if re.fullmatch(r"[0-9A-Z]{8}-?[0-9X]", value.strip().upper()) and len(solid) == 9:  # noqa: PLR2004  GB 11714
        return "cn-org-code"
    if re.fullmatch(r"\d{15}", solid):
        return "cn-reg-no"
    return "local"


def _by_code(identifier: Identifier | None) -> Category:
    """GB 32100-2015: the second character 2 under authority 9 is a sole trader."""
    code = identifier.normal if identifier and identifier.scheme == "cn-uscc" else ""
    return "sole_trader" if code.startswith("92") else "organisation"


def _parties(columns: Columns, row: Sequence[Any]) -> tuple[Party, ...]:
    name, value = text(columns.cell(row, "legal_name")), text(columns.cell(row, "legal_id"))
    if not name:
        return ()
    identifiers = (identify(value),) if value else ()
    return (Party(role="legal_representative", subject=Subject(category="person", name=name, identifiers=identifiers)),)
