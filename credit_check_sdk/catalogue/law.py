"""Editions, rules on severity and publicity, and memoranda as data. It performs no I/O and reads no clock.

Which edition applies is the day of the check; which rules on severity and publicity apply is the document's date.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from credit_check_sdk.model import Several, Value, Words
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.record import Severity

if TYPE_CHECKING:
    from credit_check_sdk.model import Record

_MONTHS = 12


class Edition(Value):
    """An edition of the catalogue, and the days of checks to which it applies."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    effective_from: date
    """First day on which it applies."""
    effective_to: date | None = None
    """Last day on which it applies; None for the present one."""
    changes: Words
    """What it brought."""
    basis: Several[Basis] = Field(min_length=1)
    """The documents that made it necessary."""


class SeverityClass(Value):
    """How long a record of one severity is published under a rule set."""

    severity: Severity | None = None
    """The severity; None for records of whatever severity that no other class names."""
    min_months: int | None = Field(default=None, ge=0)
    """Shortest publicity in months, from the document's date; None where the rules name none."""
    max_months: int = Field(ge=0)
    """Longest publicity in months, from the document's date; then it stops by itself."""
    published: bool = True
    """Whether such records are published in principle (轻微 ones are not)."""
    covers: Words
    """What belongs to it."""


class SeverityRules(Value):
    """Rules on severity and publicity, in force for documents dated within its days."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    effective_from: date | None = None
    """First date of a document to which it applies; None for all earlier ones."""
    effective_to: date | None = None
    """Last date of a document to which it applies; None for all later ones."""
    classes: Several[SeverityClass] = Field(min_length=1)
    """Its classes."""
    longer: dict[str, int] = Field(default_factory=dict)
    """Shortest publicity in months for lists of a category, where it is longer than that of the class."""
    basis: Several[Basis] = Field(min_length=1)
    """On what it rests."""
    note: Words | None = None
    """What a reader should know."""

    def covers(self, day: date) -> bool:
        """Say whether a document of *day* falls under these rules."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )

    def class_of(self, severity: Severity | None) -> SeverityClass | None:
        """Give the class of *severity*, or the one for whatever no other class names, or None."""
        for wanted in dict.fromkeys((severity, None)):
            for one in self.classes:
                if one.severity == wanted:
                    return one
        return None


class Memorandum(Value):
    """A memorandum of cooperation (合作备忘录): an index of where measures come from, and no basis by itself."""

    code: str = Field(pattern=r"^M-[A-Z0-9-]{1,30}$")
    """Its code."""
    title: Words
    """Its title."""
    doc_no: str
    """Its number."""
    dated: date | None = None
    """Its date; None where it is not known for certain."""
    earlier: str | None = None
    """Number of the version that it replaced."""
    kind: Literal["restriction", "incentive"]
    """Whether it restricts or rewards."""
    departments: int | None = None
    """How many departments signed it."""
    status: Literal["index", "in_force", "merged", "repealed"]
    """``index``: since 国办发〔2020〕49号 no basis by itself; ``in_force``, ``merged`` into the list of measures, or ``repealed``."""
    targets: Words
    """Whom it names."""
    lists: Several[str] = ()
    """Today's lists of those whom it concerned."""
    measures: Several[str] = ()
    """Codes of the measures that descend from it."""
    report_every: Literal["month", "quarter", "year"] | None = None
    """How often those who answer tell those who asked what they did; None: it is not said."""
    verified_on: date | None = None
    """When somebody read it in its primary text; None where nobody has."""
    note: Words | None = None
    """What a reader should know."""


@dataclass(frozen=True, slots=True)
class Publicity:
    """The publicity of one record by the rules of its document's date; both days still count."""

    rules: SeverityRules
    severity: SeverityClass | None
    """The class of the record's severity; None where neither record nor rules say."""
    shortest: date | None
    """Last day of the shortest publicity: after it repair may be asked for. None where it is not known."""
    longest: date
    """Last day of the longest publicity: then it stops by itself."""


def publicity(record: Record, rules: SeverityRules, category: str | None) -> Publicity | None:
    """Work out the publicity of an adverse penalty by *rules*; lists have terms of their own, so they have none here.

    Where the severity is not known, the longest publicity of all classes is the end, and there is no shortest one.
    """
    if record.kind != "penalty" or record.polarity != "negative" or record.document_date is None:
        return None
    one = rules.class_of(record.severity)
    if one is None:
        longest = max(each.max_months for each in rules.classes)
        return Publicity(rules, None, None, months_after(record.document_date, longest))
    least = one.min_months
    if least is not None and category is not None:
        least = max(least, rules.longer.get(category, 0))
    shortest = None if least is None else months_after(record.document_date, least)
    return Publicity(rules, one, shortest, months_after(record.document_date, one.max_months))


def months_after(day: date, months: int) -> date:
    """Give the same day so many months later; where a month has no such day, its last one."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
