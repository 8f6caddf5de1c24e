"""Load the catalogue: the package's own entries, a site's supplements, what a site says of its matters.

It reads the package's data and the files it is given; nothing else, and no clock.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from credit_check_sdk.catalogue.check import troubles
from credit_check_sdk.catalogue.entries import Catalogue, DecisionKind, ListCategory, MatterKind
from credit_check_sdk.catalogue.explaining import explained
from credit_check_sdk.catalogue.fairness import WORDS, unfair_key
from credit_check_sdk.catalogue.law import Edition, Memorandum, SeverityRules
from credit_check_sdk.catalogue.limits import limits
from credit_check_sdk.catalogue.placing import Entries, Entry, Trouble, within
from credit_check_sdk.catalogue.policies import laid_over
from credit_check_sdk.catalogue.reading import Sheet, read, refuse
from credit_check_sdk.errors import CatalogueError
from credit_check_sdk.model import CreditList, MatterPolicy, Measure, Remedy, ScoringRule, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

M = TypeVar("M", bound=BaseModel)
_SECTIONS = (
    "kinds",
    "categories",
    "decisions",
    "lists",
    "measures",
    "matters",
    "terms",
    "remedies",
    "editions",
    "severity_rules",
    "memoranda",
    "scoring",
)
_HEAD = ("edition", "region", "anchors")
"""Beside the sections: the edition, the region to which a supplement is bound, and anchors to cite from."""


def load(
    supplements: Sequence[Path] = (),
    *,
    region: str | None = None,
    matters: Mapping[str, Mapping[str, Any]] | None = None,
    terms: Mapping[str, Mapping[str, Any]] | None = None,
) -> Catalogue:
    """Load the starter catalogue with *supplements*, for a site in *region* that says *matters* and *terms*.

    Raises:
        CatalogueError: an entry cannot be used; file, line and reason are named.
        ConfigurationError: what the site says of a matter or a time limit cannot be used.
    """
    edition, entries = _starter()
    editions = [edition]
    if supplements:
        for path in supplements:
            sheet = _supplement(path)
            _is_of(sheet, region)
            entries += _entries(sheet)
            if "edition" in sheet.content:
                editions.append(str(sheet.content["edition"]))
        _accept(troubles(entries))
    kinds = {entry.value.kind: entry.value for entry in entries.kinds}
    return Catalogue(
        edition="+".join(editions),
        measures=(entry.value for entry in entries.measures),
        lists=(entry.value for entry in entries.lists),
        kinds=kinds.values(),
        categories=(entry.value for entry in entries.categories),
        decisions=(entry.value for entry in entries.decisions),
        policies=laid_over((entry.value for entry in entries.matters), matters or {}, kinds),
        terms=limits((entry.value for entry in entries.terms), terms or {}, region),
        remedies=(entry.value for entry in entries.remedies),
        editions=(entry.value for entry in entries.editions),
        severity_rules=(entry.value for entry in entries.severity_rules),
        memoranda=(entry.value for entry in entries.memoranda),
        scoring=(entry.value for entry in entries.scoring),
        supplements=editions[1:],
    )


@cache
def _starter() -> tuple[str, Entries]:
    """Read the package's own entries; they do not change while the process runs."""
    data = resources.files("credit_check_sdk.catalogue") / "data"
    files = {entry.name: entry for entry in data.iterdir() if entry.name.endswith(".yaml")}
    files |= {
        f"measures/{entry.name}": entry for entry in (data / "measures").iterdir() if entry.name.endswith(".yaml")
    }
    entries = Entries()
    editions = set()
    for name in sorted(files):
        sheet = read(files[name].read_text(encoding="utf-8"), name, packaged=True)
        entries += _entries(sheet)
        editions.add(str(sheet.content["edition"]))
    _accept(troubles(entries))
    (edition,) = editions
    return edition, entries


def _supplement(path: Path) -> Sheet:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"the supplement {path.name!r} cannot be read ({type(error).__name__})",
            f"补充清单 {path.name} 无法读取（{type(error).__name__}）",
            remedy_en="name a YAML file in UTF-8 under catalogue.supplements",
            remedy_zh="请在 catalogue.supplements 中指定 UTF-8 编码的 YAML 文件",
            detail={"file": path.name},
        ) from None
    return read(text, path.name)


def _is_of(sheet: Sheet, region: str | None) -> None:
    """Refuse a supplement that is bound to another region than the site's."""
    bound = sheet.content.get("region")
    line = sheet.line(("region",))
    if bound is None:
        return
    if not isinstance(bound, str) or not bound.isdigit():
        refuse(
            sheet.file, line, "region is a code in quotation marks, like '451100'", "region 应为带引号的行政区划代码"
        )
    if region is None or not within(region, bound):
        ours = region or "—"
        refuse(
            sheet.file,
            line,
            f"this supplement is bound to region {bound}, and this site is in {ours}",
            f"该补充清单适用于 {bound}，本地区为 {ours}",
        )


def _entries(sheet: Sheet) -> Entries:
    for section in sheet.content:
        if section not in {*_SECTIONS, *_HEAD}:
            known = ", ".join((*_HEAD, *_SECTIONS))
            refuse(
                sheet.file,
                sheet.line((section,)),
                f"unknown section {section}; known are {known}",
                f"未知的节 {section}",
            )
    return Entries(
        kinds=_of(sheet, "kinds", MatterKind),
        categories=_of(sheet, "categories", ListCategory),
        decisions=_of(sheet, "decisions", DecisionKind),
        lists=_of(sheet, "lists", CreditList),
        measures=_of(sheet, "measures", Measure),
        matters=_of(sheet, "matters", MatterPolicy),
        terms=_of(sheet, "terms", Term),
        remedies=_of(sheet, "remedies", Remedy),
        editions=_of(sheet, "editions", Edition),
        severity_rules=_of(sheet, "severity_rules", SeverityRules),
        memoranda=_of(sheet, "memoranda", Memorandum),
        scoring=_of(sheet, "scoring", ScoringRule),
    )


def _of(sheet: Sheet, section: str, model: type[M]) -> tuple[Entry[M], ...]:
    said = sheet.content.get(section, [])
    if not isinstance(said, list):
        refuse(sheet.file, sheet.line((section,)), f"{section} is a list of entries", f"{section} 应为条目列表")
    return tuple(_entry(sheet, (section, place), one, model) for place, one in enumerate(said))


def _entry(sheet: Sheet, path: tuple[str | int, ...], said: object, model: type[M]) -> Entry[M]:
    if not isinstance(said, dict):
        refuse(sheet.file, sheet.line(path), "an entry is a mapping", "条目应为映射")
    if model is Measure and "edition" in sheet.content:
        said = {"edition": sheet.content["edition"], **said}
    if model is Term and "region" in sheet.content:
        said = {"region": sheet.content["region"], **said}
    if model is Measure and (unfair := unfair_key(said)) is not None:
        code, (en, zh) = said.get("code", ""), WORDS
        refuse(sheet.file, sheet.line(path, unfair), f"{code}: {en}", f"{code}：{zh}")
    try:
        value = model.model_validate(said)
    except ValidationError as error:
        loc, en, zh = explained(error, model)
        code = said.get("code", said.get("kind", ""))
        refuse(sheet.file, sheet.line(path, loc), f"{code}: {en}", f"{code}：{zh}")
    return Entry(value, sheet, path, sheet.content.get("region"))


def _accept(found: Iterable[Trouble]) -> None:
    """Raise the first trouble; the others stand in the error's detail."""
    several = sorted(found, key=lambda trouble: (trouble.file, trouble.line))
    if not several:
        return
    first = several[0]
    more = len(several) - 1
    raise CatalogueError(
        f"{first.file}:{first.line}: {first.en}" + (f" (and {more} more)" if more else ""),
        f"{first.file} 第 {first.line} 行：{first.zh}" + (f"（另有 {more} 处）" if more else ""),
        remedy_en="mend that entry",
        remedy_zh="请修改该条目",
        detail={
            "file": first.file,
            "line": first.line,
            "troubles": [f"{trouble.file}:{trouble.line}: {trouble.en}" for trouble in several],
        },
    )
