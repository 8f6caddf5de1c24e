"""The catalogue itself: what was loaded, indexed by matter and point. It performs no I/O and reads no clock."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pydantic import Field
from typing_extensions import override

from credit_check_sdk.catalogue.law import publicity
from credit_check_sdk.model import MatterPolicy, Several, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.measure import OnList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from credit_check_sdk.catalogue.law import Edition, Memorandum, Publicity, SeverityRules
    from credit_check_sdk.model import CreditList, Measure, Record, Remedy, ScoringRule, Term

_KEPT = 4096
"""How many answers of the index are kept; a client asks for a few dozen in a day."""
_WORDS: dict[str, bool | dict[str, bool]] = {
    "name": True,
    "note": True,
    "notice": True,
    "edition": True,
    "period": {"words": True},
}
"""What of a measure is there for people to read."""
_RULE_WORDS = {"name", "basis", "note"}
"""The same of a set of rules on severity."""


class MatterKind(Value):
    """A kind of matter: what stands before the dot of a matter's code."""

    kind: str = Field(pattern=r"^[a-z][a-z-]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    points: Several[Point] = Field(min_length=1)
    """Decision points of such a matter, in order, unless its policy names others."""


class ListCategory(Value):
    """One of the categories of serious dishonesty (国发〔2016〕33号)."""

    code: str = Field(pattern=r"^[a-z][a-z_]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""


class DecisionKind(Value):
    """What a legal document may have decided about its subject."""

    kind: str = Field(pattern=r"^[a-z][a-z_]{1,63}$")
    """Its code, as a record carries it in ``decision_kind``."""
    name: Words
    """What it is called."""


class Catalogue:
    """Measures, lists and matters of one edition; frozen once made.

    `applicable` is a dictionary look-up: what applies at a decision point on a day is worked out once and kept.
    """

    __slots__ = (
        "_by_code",
        "_by_matter",
        "_by_name",
        "_granting",
        "_kept",
        "_slices",
        "categories",
        "decisions",
        "digest",
        "edition",
        "editions",
        "kinds",
        "lists",
        "measures",
        "memoranda",
        "policies",
        "remedies",
        "scoring",
        "severity_rules",
        "supplements",
        "terms",
    )

    def __init__(  # noqa: PLR0913  a catalogue is made of all of these
        self,
        *,
        edition: str,
        measures: Iterable[Measure],
        lists: Iterable[CreditList],
        kinds: Iterable[MatterKind],
        categories: Iterable[ListCategory] = (),
        decisions: Iterable[DecisionKind] = (),
        policies: Iterable[MatterPolicy] = (),
        terms: Mapping[str, Term] | None = None,
        remedies: Iterable[Remedy] = (),
        editions: Iterable[Edition] = (),
        severity_rules: Iterable[SeverityRules] = (),
        memoranda: Iterable[Memorandum] = (),
        scoring: Iterable[ScoringRule] = (),
        supplements: Iterable[str] = (),
    ) -> None:
        self.edition: Final = edition
        self.measures: Final = tuple(sorted(measures, key=lambda measure: (measure.code, measure.effective_from)))
        self.lists: Final = tuple(sorted(lists, key=lambda entry: entry.code))
        self.kinds: Final[Mapping[str, MatterKind]] = MappingProxyType({entry.kind: entry for entry in kinds})
        self.categories: Final[Mapping[str, ListCategory]] = MappingProxyType({e.code: e for e in categories})
        self.decisions: Final[Mapping[str, DecisionKind]] = MappingProxyType({e.kind: e for e in decisions})
        self.policies: Final[Mapping[str, MatterPolicy]] = MappingProxyType({p.code: p for p in policies})
        self.remedies: Final = tuple(remedies)
        self.editions: Final = tuple(sorted(editions, key=lambda entry: entry.effective_from))
        self.severity_rules: Final = tuple(severity_rules)
        self.memoranda: Final[Mapping[str, Memorandum]] = MappingProxyType({m.code: m for m in memoranda})
        self.scoring: Final[Mapping[str, ScoringRule]] = MappingProxyType({rule.code: rule for rule in scoring})
        self.supplements: Final = tuple(supplements)
        self.terms: Final[Mapping[str, Term]] = MappingProxyType(dict(terms or {}))
        # What a site says of its matters is no part of the digest: a check digests its policy apart.
        self.digest: Final = _digest(
            {
                "edition": edition,
                "measures": [measure.model_dump(mode="json") for measure in self.measures],
                "lists": [entry.model_dump(mode="json") for entry in self.lists],
                "categories": [entry.model_dump(mode="json") for entry in self.categories.values()],
                "decisions": [entry.model_dump(mode="json") for entry in self.decisions.values()],
                "editions": [entry.model_dump(mode="json") for entry in self.editions],
                "severity_rules": [entry.model_dump(mode="json") for entry in self.severity_rules],
            }
        )
        self._by_code: dict[str, tuple[Measure, ...]] = {}
        self._by_matter: dict[str, tuple[Measure, ...]] = {}
        for measure in self.measures:
            self._by_code[measure.code] = (*self._by_code.get(measure.code, ()), measure)
            for matter in dict.fromkeys(measure.matters):
                self._by_matter[matter] = (*self._by_matter.get(matter, ()), measure)
        self._by_name = {folded(name): entry for entry in self.lists for name in names_of(entry)}
        self._kept: dict[tuple[str, str, date], tuple[Measure, ...]] = {}
        self._granting: dict[tuple[str, str, str, date], tuple[Measure, ...]] = {}
        self._slices: dict[tuple[str, str, date], str] = {}

    def applicable(self, matter: str, point: str, day: date) -> tuple[Measure, ...]:
        """Give the measures that may apply to *matter* at *point* on *day*, by code."""
        key = (matter, point, day)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = self._compiled(matter, point, day)
        return found

    def granting(self, what: str, matter: str, point: str, day: date) -> tuple[Measure, ...]:
        """Give those of the `applicable` measures that grant *what*: ``green_channel``, say."""
        key = (what, matter, point, day)
        found = self._granting.get(key)
        if found is None:
            if len(self._granting) >= _KEPT:
                self._granting.clear()
            held = self.applicable(matter, point, day)
            found = self._granting[key] = tuple(measure for measure in held if measure.grants == what)
        return found

    def _compiled(self, matter: str, point: str, day: date) -> tuple[Measure, ...]:
        named = {*self._by_matter.get(matter, ()), *self._by_matter.get(matter.partition(".")[0], ())}
        held = (m for m in named if (not m.points or point in m.points) and in_force(m, day))
        return tuple(sorted(held, key=lambda measure: measure.code))

    def measure(self, code: str, day: date | None = None) -> Measure:
        """Give the measure *code* as it stands on *day*; without a day, its newest form.

        Raises:
            KeyError: there is no such measure, or not on that day.
        """
        forms = self._by_code[code]
        if day is None:
            return forms[-1]
        for form in forms:
            if in_force(form, day):
                return form
        raise KeyError(code)

    def list_of(self, name: str) -> CreditList | None:
        """Find a list by its code, its name or an older name of it; blanks, case and width do not matter."""
        return self._by_name.get(folded(name))

    def edition_on(self, day: date) -> str | None:
        """Say which edition applies to a check on *day*, with the site's supplements; None before the first one."""
        if not self.editions:
            return self.edition
        for one in self.editions:
            if one.effective_from <= day and (one.effective_to is None or day <= one.effective_to):
                return "+".join((one.code, *self.supplements))
        return None

    def in_force(self, day: date, matter: str | None = None) -> tuple[Measure, ...]:
        """Give the measures in force on *day*, by code; of one *matter* (or kind of matter), or all."""
        named = self.measures
        if matter is not None:
            kind = matter.partition(".")[0]
            named = tuple(
                m
                for m in named
                if any(one in {matter, kind} or (kind == matter and one.startswith(f"{kind}.")) for one in m.matters)
            )
        return tuple(measure for measure in named if in_force(measure, day))

    def publicity_of(self, record: Record) -> Publicity | None:
        """Work out the publicity of a penalty by the rules of its document's date; None for every other record."""
        dated = record.document_date
        rules = next((one for one in self.severity_rules if dated is not None and one.covers(dated)), None)
        if rules is None:
            return None
        listed = self.list_of(record.list_code) if record.list_code else None
        return publicity(record, rules, listed.category if listed else None)

    def policy(self, matter: str) -> MatterPolicy | None:
        """Give the policy of *matter*, or None where it is unknown."""
        return self.policies.get(matter)

    def slice_digest(self, matter: str, point: str, day: date) -> str:
        """Digest what could change an outcome of *matter* at *point* on *day*; the same while that is the same.

        Words are no part of it: a measure that is called or explained otherwise applies as before.
        """
        key = (matter, point, day)
        found = self._slices.get(key)
        if found is None:
            if len(self._slices) >= _KEPT:
                self._slices.clear()
            held = self.applicable(matter, point, day)
            conditions = [condition for measure in held for condition in (*measure.triggers, *measure.requires)]
            named = {code for condition in conditions if isinstance(condition, OnList) for code in condition.lists}
            found = _digest(
                {
                    "measures": [measure.model_dump(mode="json", exclude=_WORDS) for measure in held],
                    # Under another name a platform's record is found for a list that it was not found for before.
                    "lists": [[entry.code, *names_of(entry)] for entry in self.lists if entry.code in named],
                    "severity_rules": [
                        rules.model_dump(mode="json", exclude=_RULE_WORDS) for rules in self.severity_rules
                    ],
                }
            )
            self._slices[key] = found
        return found

    @override
    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, "_slices"):  # the last that is set when a catalogue is made
            message = f"a catalogue is frozen; load another one to change {name}"
            raise AttributeError(message)
        super().__setattr__(name, value)

    @override
    def __repr__(self) -> str:
        return f"<Catalogue {self.edition}: {len(self.measures)} measures, {len(self.lists)} lists>"


def in_force(measure: Measure, day: date) -> bool:
    """Say whether *measure* may be proposed on *day*; first and last day both count."""
    return measure.effective_from <= day and (measure.effective_to is None or day <= measure.effective_to)


def names_of(entry: CreditList) -> tuple[str, ...]:
    """Give all names under which a list is found: its code, its Chinese name, its older names."""
    return (entry.code, entry.name.zh, *entry.aliases)


def folded(name: str) -> str:
    """Give the name of a list as it is compared: width, case and blanks do not matter."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _digest(content: object) -> str:
    # Keys are ASCII and no value is a float, so sorted keys without blanks are the canonical form of RFC 8785.
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
