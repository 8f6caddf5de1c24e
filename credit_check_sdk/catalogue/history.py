"""Check editions, rules on severity and memoranda against the rest of a catalogue. Pure; it performs no I/O."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeVar

from credit_check_sdk.catalogue.placing import Trouble, at, bound, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from credit_check_sdk.catalogue.law import Memorandum, SeverityRules
    from credit_check_sdk.catalogue.placing import Entries, Entry


class _Dated(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def effective_to(self) -> date | None: ...


D = TypeVar("D", bound=_Dated)


def troubles(entries: Entries) -> Iterator[Trouble]:
    """Find what does not fit together."""
    yield from doubled(entries.editions, lambda one: one.code)
    yield from doubled(entries.severity_rules, lambda one: one.code)
    yield from doubled(entries.memoranda, lambda one: one.code)
    yield from _one_a_day(sorted(entries.editions, key=lambda entry: entry.value.effective_from))
    # The oldest rules have no first day, so they come first.
    rules = sorted(
        entries.severity_rules, key=lambda entry: (entry.value.effective_from is not None, entry.value.effective_from)
    )
    yield from _one_a_day(rules)
    categories = {entry.value.code for entry in entries.categories}
    for one in entries.severity_rules:
        yield from bound(one, one.value.basis)
        yield from _classes(one, categories)
    for edition in entries.editions:
        yield from bound(edition, edition.value.basis)
        if not edition.sheet.packaged:
            yield at(
                edition,
                "code",
                "editions are those of the starter catalogue; a supplement names its own in the key edition",
                "版次由基础清单规定；补充清单请用 edition 键注明自己的版次",
            )
    for memorandum in entries.memoranda:
        yield from _memorandum(memorandum, entries)


def _one_a_day(ordered: Sequence[Entry[D]]) -> Iterator[Trouble]:
    """Each day has one edition, and one set of rules: no overlap, no gap, and the last one has no end."""
    for earlier, later in pairwise(ordered):
        last: date | None = earlier.value.effective_to
        first: date | None = getattr(later.value, "effective_from", None)
        there = f"{earlier.value.code} ({earlier.sheet.file}:{earlier.line()})"
        if last is None or first is None or first <= last:
            yield at(
                later,
                "effective_from",
                f"overlaps with {there}; give that one effective_to",
                f"与 {there} 的适用期间重叠；请为前者注明 effective_to",
            )
        elif first - last > timedelta(days=1):
            yield at(later, "effective_from", f"leaves a gap after {there}", f"与 {there} 之间存在空档")
    for entry in ordered:
        first, last = getattr(entry.value, "effective_from", None), entry.value.effective_to
        if first is not None and last is not None and last < first:
            yield at(entry, "effective_to", "effective_to lies before effective_from", "失效日期早于生效日期")
    if ordered and ordered[-1].value.effective_to is not None:
        yield at(ordered[-1], "effective_to", "the present one has no last day", "现行版本不应有失效日期")


def _classes(entry: Entry[SeverityRules], categories: set[str]) -> Iterator[Trouble]:
    seen: set[str | None] = set()
    for place, one in enumerate(entry.value.classes):
        if one.severity in seen:
            yield at(entry, ("classes", place), f"{one.severity} stands there twice", f"{one.severity} 重复")
        seen.add(one.severity)
        if one.min_months is not None and one.max_months < one.min_months:
            yield at(
                entry,
                ("classes", place, "max_months"),
                "max_months is less than min_months",
                "最长公示期短于最短公示期",
            )
    for category in entry.value.longer:
        if category not in categories:
            yield at(entry, ("longer", category), f"unknown category {category}", f"类别 {category} 不存在")


def _memorandum(entry: Entry[Memorandum], entries: Entries) -> Iterator[Trouble]:
    lists = {one.value.code for one in entries.lists}
    measures = {one.value.code: one.value for one in entries.measures}
    for place, code in enumerate(entry.value.lists):
        if code not in lists:
            yield at(entry, ("lists", place), f"unknown list {code}", f"名单 {code} 不存在")
    for place, code in enumerate(entry.value.measures):
        if code not in measures or measures[code].kind != entry.value.kind:
            yield at(entry, ("measures", place), f"unknown {entry.value.kind} {code}", f"措施 {code} 不存在")
