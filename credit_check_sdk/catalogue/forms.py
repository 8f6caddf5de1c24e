"""Lists of publicity fields as data (双公示), and whether a record fills one rightly. It reads its files and no clock.

Real systems take two lists side by side, that of 2016 and that of 2018; a site may bring a list of its own.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import ValidationError

from credit_check_sdk.catalogue.explaining import explained
from credit_check_sdk.catalogue.reading import Sheet, read, refuse
from credit_check_sdk.errors import CatalogueError
from credit_check_sdk.model._value import Words
from credit_check_sdk.model.publicity import FieldTrouble, PublicityField, PublicityForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from credit_check_sdk.model.subject import Category

Forms = dict[tuple[str, str], PublicityForm]
"""Lists of fields, by kind and dialect."""

_CODE = re.compile(r"[0-9A-Z]+")
_BETWEEN = re.compile(r"[;；、]")
_OTHER = "其他"
_LARGEST_SCALE = 6


def forms(files: Sequence[Path] = ()) -> Forms:
    """Give the package's lists of fields with those of *files*, which win over it.

    Raises:
        CatalogueError: a file cannot be read or used; file, line and reason are named.
    """
    found = dict(_packaged())
    for path in files:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(
                f"the list of fields {path.name!r} cannot be read ({type(error).__name__})",
                f"公示字段文件 {path.name} 无法读取（{type(error).__name__}）",
                remedy_en="name a YAML file in UTF-8 under publicity.forms",
                remedy_zh="请在 publicity.forms 中指定 UTF-8 编码的 YAML 文件",
                detail={"file": path.name},
            ) from None
        found.update(_of(read(text, path.name)))
    return found


@cache
def _packaged() -> Forms:
    data = resources.files("credit_check_sdk.catalogue") / "data" / "forms" / "publicity.yaml"
    return _of(read(data.read_text(encoding="utf-8"), data.name, packaged=True))


def _of(sheet: Sheet) -> Forms:
    found: Forms = {}
    said = sheet.content.get("forms")
    if not isinstance(said, list):
        refuse(sheet.file, 1, "forms is a list of lists of fields", "forms 应为公示字段列表")
    for place, one in enumerate(said):
        try:
            form = PublicityForm.model_validate(one)
        except ValidationError as error:
            loc, en, zh = explained(error, PublicityForm)
            refuse(sheet.file, sheet.line(("forms", place), loc), en, zh)
        found[form.kind, form.dialect] = form
    return found


def examine(form: PublicityForm, fields: Mapping[str, str], category: Category | None = None) -> list[FieldTrouble]:
    """Say what is wrong with *fields* by *form*, field by field; nothing wrong: an empty list.

    *category* is that of the subject; without it it is read from the field that says it, else only what everybody must
    have is insisted on.
    """
    found: list[FieldTrouble] = []
    known = {field.name for field in form.fields}
    category = category or _category(form, fields)
    for field in form.fields:
        value = fields.get(field.name, "").strip()
        if value:
            found += (FieldTrouble(field=field.name, words=words) for words in _wrong(field, value))
        elif _must(field, category):
            found.append(
                FieldTrouble(
                    field=field.name,
                    words=Words(zh=f"缺少必填项“{field.words.zh}”", en=f"{field.words.en} is mandatory and missing"),
                )
            )
    for name in fields:
        if name not in known:
            words = Words(zh="该版本没有此字段", en="this list has no such field")
            found.append(FieldTrouble(field=name, words=words))
    return found


def _category(form: PublicityForm, fields: Mapping[str, str]) -> Category | None:
    names: dict[str, Category] = {"法人及非法人组织": "organisation", "自然人": "person", "个体工商户": "sole_trader"}
    said = next((field.name for field in form.fields if field.of == "subject_category"), None)
    return names.get(fields.get(said, "")) if said else None


def _must(field: PublicityField, category: Category | None) -> bool:
    match field.mandatory:
        case "always":
            return True
        case "organisation":
            return category == "organisation"
        case "uscc":
            return category in {"organisation", "sole_trader"}
        case "person":
            return category == "person"
        case _:
            return False


def _wrong(field: PublicityField, value: str) -> Iterable[Words]:
    if len(value) > field.longest:
        yield Words(
            zh=f"超过 {field.longest} 个字符（{len(value)}）",
            en=f"has {len(value)} characters, and {field.longest} at most are allowed",
        )
    match field.form:
        case "date" if not _is_day(value):
            yield Words(zh="日期应写作 2026-11-23", en="a day is written 2026-11-23")
        case "amount" if not _is_amount(value):
            yield Words(zh="金额以万元计，最多六位小数", en="an amount is in 10,000 yuan, with six decimals at most")
        case "code" if not _CODE.fullmatch(value):
            yield Words(zh="代码只含数字与大写字母", en="a code has digits and capital letters only")
        case "one_of" if not _allowed(field, value):
            yield _only(field)
        case "some_of" if not all(_allowed(field, part.strip()) for part in _BETWEEN.split(value)):
            yield _only(field)
        case _:
            return


def _only(field: PublicityField) -> Words:
    return Words(zh=f"只能是：{'、'.join(field.values)}", en=f"must be of {', '.join(field.values)}")


def _allowed(field: PublicityField, value: str) -> bool:
    return value in field.values or (_OTHER in field.values and value.startswith(_OTHER))


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_amount(value: str) -> bool:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return False
    scale = amount.as_tuple().exponent
    return (
        amount.is_finite()
        and amount >= 0
        and isinstance(scale, int)
        and -scale <= _LARGEST_SCALE
        and "E" not in value.upper()
    )
