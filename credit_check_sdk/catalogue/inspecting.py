"""Inspect supplements before they are used: everything that is wrong with them, and where they conflict with ours.

It reads the package's data and the files it is given; nothing else, and no clock. What `load` refuses at the first
trouble is told here whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.check import troubles
from credit_check_sdk.catalogue.conflicts import conflicts
from credit_check_sdk.catalogue.loading import _entries, _is_of, _starter, _supplement
from credit_check_sdk.catalogue.placing import Entries, Trouble
from credit_check_sdk.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a catalogue with its supplements."""

    edition: str
    """The edition, with those of the supplements."""
    measures: int
    lists: int
    matters: int
    troubles: tuple[Trouble, ...]
    """Why it does not load; empty where it does."""
    conflicts: tuple[Trouble, ...]
    """Where a supplement answers otherwise than the starter catalogue; both stand, and somebody should know."""


def inspect(supplements: Sequence[Path] = (), *, region: str | None = None) -> Inspection:
    """Inspect the starter catalogue with *supplements* for a site in *region*; without one, in the region of each file.

    Nothing is raised for what is wrong: every trouble has file, line and reason.
    """
    found: list[Trouble] = []
    try:
        edition, entries = _starter()
    except CatalogueError as error:
        return Inspection("", 0, 0, 0, (_as_trouble(error),), ())
    editions = [edition]
    added = Entries()
    for path in supplements:
        try:
            sheet = _supplement(path)
            bound = sheet.content.get("region")
            _is_of(sheet, region or (bound if isinstance(bound, str) else None))
            added += _entries(sheet)
        except CatalogueError as error:
            found.append(_as_trouble(error))
            continue
        if "edition" in sheet.content:
            editions.append(str(sheet.content["edition"]))
    entries += added
    found += troubles(entries)
    return Inspection(
        edition="+".join(editions),
        measures=len(entries.measures),
        lists=len(entries.lists),
        matters=len(entries.matters),
        troubles=tuple(sorted(found, key=lambda one: (one.file, one.line))),
        conflicts=tuple(sorted(conflicts(entries), key=lambda one: (one.file, one.line))),
    )


def _as_trouble(error: CatalogueError) -> Trouble:
    file, line = str(error.detail.get("file", "")), error.detail.get("line", 1)
    en, zh = (error.words(lang) for lang in ("en", "zh-CN"))
    # The place stands apart, and the remedy is the same for all.
    en = en.removeprefix(f"{file}:{line}: ").partition(": mend")[0]
    zh = zh.removeprefix(f"{file} 第 {line} 行：").partition("；请修改")[0]
    return Trouble(file, line if isinstance(line, int) else 1, en, zh)
