"""Entries of a catalogue with the places where they stand, and how trouble with one is told. Pure; it performs no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from credit_check_sdk.catalogue.entries import DecisionKind, ListCategory, MatterKind
    from credit_check_sdk.catalogue.law import Edition, Memorandum, SeverityRules
    from credit_check_sdk.catalogue.reading import Path, Sheet
    from credit_check_sdk.model import Basis, CreditList, MatterPolicy, Measure, Remedy, ScoringRule, Term

E = TypeVar("E")
LOCAL = frozenset({"local_regulation", "local_document"})
"""Ranks of documents that hold in one region only."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """A value with the place where it stands."""

    value: E
    sheet: Sheet
    path: Path
    region: str | None = None
    """Region to which its file is bound."""

    def line(self, *loc: str | int) -> int:
        """Give the line of the entry, or of a part of it."""
        return self.sheet.line(self.path, loc)


@dataclass(frozen=True, slots=True)
class Entries:
    """All that was read, before it becomes a catalogue."""

    kinds: Sequence[Entry[MatterKind]] = ()
    categories: Sequence[Entry[ListCategory]] = ()
    decisions: Sequence[Entry[DecisionKind]] = ()
    lists: Sequence[Entry[CreditList]] = ()
    measures: Sequence[Entry[Measure]] = ()
    matters: Sequence[Entry[MatterPolicy]] = ()
    terms: Sequence[Entry[Term]] = ()
    remedies: Sequence[Entry[Remedy]] = ()
    editions: Sequence[Entry[Edition]] = ()
    severity_rules: Sequence[Entry[SeverityRules]] = ()
    memoranda: Sequence[Entry[Memorandum]] = ()
    scoring: Sequence[Entry[ScoringRule]] = ()

    def __add__(self, other: Entries) -> Entries:
        return Entries(
            (*self.kinds, *other.kinds),
            (*self.categories, *other.categories),
            (*self.decisions, *other.decisions),
            (*self.lists, *other.lists),
            (*self.measures, *other.measures),
            (*self.matters, *other.matters),
            (*self.terms, *other.terms),
            (*self.remedies, *other.remedies),
            (*self.editions, *other.editions),
            (*self.severity_rules, *other.severity_rules),
            (*self.memoranda, *other.memoranda),
            (*self.scoring, *other.scoring),
        )


class Trouble(NamedTuple):
    """Why an entry cannot be used, and where."""

    file: str
    line: int
    en: str
    zh: str


def doubled(entries: Iterable[Entry[E]], code_of: Callable[[E], str]) -> Iterator[Trouble]:
    """Find codes that stand there twice."""
    first: dict[str, Entry[E]] = {}
    for entry in entries:
        code = code_of(entry.value)
        if code in first:
            yield there_already(entry, code, first[code])
        first.setdefault(code, entry)


def there_already(entry: Entry[E], code: str, first: Entry[E]) -> Trouble:
    """Say that *code* stands at *first* already."""
    there = f"{first.sheet.file}:{first.line()}"
    return Trouble(entry.sheet.file, entry.line(), f"{code} is there already, at {there}", f"{code} 已存在，见 {there}")


def bound(entry: Entry[E], several: Iterable[Basis]) -> Iterator[Trouble]:
    """Find local documents that name no region."""
    for place, basis in enumerate(several):
        if basis.level in LOCAL and basis.region is None:
            line = entry.line("basis", place)
            yield Trouble(
                entry.sheet.file,
                line,
                f"{basis.title}: a local document names its region",
                f"{basis.title}：地方文件应当注明地区",
            )


def at(entry: Entry[E], loc: str | tuple[str | int, ...], en: str, zh: str) -> Trouble:
    """Say what is wrong with a part of *entry*, with its code and its line."""
    code = getattr(entry.value, "code", "")
    place = (loc,) if isinstance(loc, str) else loc
    said = en if en.startswith(code) else f"{code}: {en}"
    said_zh = zh if zh.startswith(code) else f"{code}：{zh}"
    return Trouble(entry.sheet.file, entry.line(*place), said, said_zh)


def within(region: str, other: str) -> bool:
    """Say whether *region* lies in *other*; both are codes of GB/T 2260, whose pairs of zeros mean the whole."""
    return stem(region).startswith(stem(other))


def stem(region: str) -> str:
    """Give the digits of a region's code without the pairs of zeros that mean the whole."""
    while len(region) > 2 and region.endswith("00"):  # noqa: PLR2004  two digits name a province
        region = region[:-2]
    return region
