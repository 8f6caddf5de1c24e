"""Measures and lists as data. It performs no I/O and reads no clock; each number of a law is a field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.record import Kind, Polarity, RecordStatus, Severity
from credit_check_sdk.model.subject import Role

BasisLevel = Literal["law", "regulation", "central_policy", "local_regulation", "rule", "local_document"]
"""Rank of a document: 法律, 行政法规, 党中央国务院政策文件, 地方性法规, 规章及部门文件, 地方文件."""


class Basis(Value):
    """A legal basis, to the article."""

    title: str
    """Title of the document."""
    doc_no: str | None = None
    """Its number."""
    article: str | None = None
    """The article."""
    level: BasisLevel
    """Its rank."""
    region: str | None = None
    """Code prefix of the region to which a local document is bound."""
    verified_on: date | None = None
    """When somebody read it in the primary text; None where nobody has."""


class OnList(Value):
    """The subject stands on one of these lists."""

    by: Literal["list"] = "list"
    """Kind of the trigger."""
    lists: Several[str] = Field(min_length=1)
    """List codes."""
    severity_floor: Severity | None = None
    """Milder records, and records without severity, do not reach it."""


class OnDecision(Value):
    """A document decided one of these things about the subject."""

    by: Literal["decision"] = "decision"
    """Kind of the trigger."""
    decisions: Several[str] = Field(min_length=1)
    """Decision kinds."""
    severity_floor: Severity | None = None
    """Milder records, and records without severity, do not reach it."""


class OnRecord(Value):
    """The subject has a record of one of these kinds, on whichever list."""

    by: Literal["record"] = "record"
    """Kind of the trigger."""
    kinds: Several[Kind] = Field(min_length=1)
    """Record kinds."""
    polarity: Polarity = "negative"
    """Which way the record speaks."""
    severity_floor: Severity | None = None
    """Milder records, and records without severity, do not reach it."""


class OnMeasure(Value):
    """Another measure applies to a party in one of these roles."""

    by: Literal["measure"] = "measure"
    """Kind of the trigger."""
    measures: Several[str] = Field(min_length=1)
    """Codes of the other measures."""
    roles: Several[Role] = Field(min_length=1)
    """Roles in which the other one counts."""


class OnRating(Value):
    """A rating or honour record gives one of these grades."""

    by: Literal["rating"] = "rating"
    """Kind of the trigger."""
    grades: Several[str] = Field(min_length=1)
    """Grades."""


class OnCleanYears(Value):
    """The subject has no counting adverse record in the years before the acceptance day."""

    by: Literal["clean_years"] = "clean_years"
    """Kind of the trigger."""
    years: int = Field(ge=1)
    """How many years."""


class OnClause(Value):
    """The tender document has a clause of this kind."""

    by: Literal["tender_clause"] = "tender_clause"
    """Kind of the trigger."""
    clause: Literal["credit_bonus", "exclusion", "deposit_reduction"]
    """The clause."""


class NotExcluded(Value):
    """No measure excludes the subject from facilitation."""

    by: Literal["not_excluded"] = "not_excluded"
    """Kind of the trigger."""


Trigger = Annotated[
    OnList | OnDecision | OnRecord | OnMeasure | OnRating | OnCleanYears | OnClause | NotExcluded,
    Field(discriminator="by"),
]
"""What makes a measure apply; typed values, not an expression language."""

Clock = Literal["ban", "list", "measure", "publicity"]
"""One of a record's four clocks."""


class Period(Value):
    """How long a measure lasts: by the first of these clocks that the record carries."""

    clocks: Several[Clock] = ("list",)
    """In order; without any the measure lasts until the record is removed."""
    years: int | None = Field(default=None, ge=1)
    """Where no clock is carried: so many years from the document's date."""
    words: Words
    """The period in words, for decision and notice."""


class Measure(Value):
    """One entry of the catalogue."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    kind: Literal["restriction", "incentive"]
    """失信惩戒 or 守信激励."""
    class_: Literal["A", "B", "C"] | None = Field(default=None, alias="class")
    """A reduces rights, B is management, C is the market's (失信惩戒措施清单); None for an incentive."""
    force: Literal["mandatory", "recommended"]
    """强制性 or 推荐性措施."""
    strength: Literal["block", "hint", "info", "offer"]
    """How far the product goes by itself; a block is proposed, the officer settles it."""
    matters: Several[str]
    """Kinds of matter (``licence``, ``procurement``, ``tender``, ``trading``, ``subsidy``, ``honour``,
    ``qualification``, ``supervision``, ``concession``) or whole matter codes."""
    points: Several[Point] = ()
    """Decision points; empty means all of the matter."""
    triggers: Several[Trigger] = Field(min_length=1)
    """Any one of these makes it apply."""
    requires: Several[Trigger] = ()
    """All of these must hold too."""
    targets: Several[Role] = ("subject",)
    """Roles that are looked at."""
    reach: Several[Role] = ("subject",)
    """Roles whose own record touches the case; a record of any other role does not."""
    responsible_reaches: bool = False
    """Whether the record of a company touches a person whom it names as responsible, and the other way round."""
    effect_scope: Literal["case", "facilitation", "party"] = "case"
    """What it touches: the case itself, its facilitation alone, or a party's role alone."""
    grants: (
        Literal["green_channel", "deferral", "bonus", "priority", "deposit_reduction", "inspection", "honour"] | None
    ) = None
    """What an incentive offers."""
    points_offered: Decimal | None = Field(default=None, strict=False)
    """Bonus or deduction in points, before the clause's cap."""
    basis: Several[Basis] = Field(min_length=1)
    """On what it rests."""
    period: Period
    """How long it lasts."""
    stacking: Literal["strongest", "together"] = "strongest"
    """Beside others of its group: the strongest restriction stands for them, or all stand."""
    group: str | None = Field(default=None, pattern=r"^[a-z][a-z_]{1,31}$")
    """What several measures restrict alike; of those the strongest stands for all, unless they stack ``together``."""
    notice: str | None = None
    """Name of the notice template."""
    effective_from: date
    """First day on which it may be proposed."""
    effective_to: date | None = None
    """Last day on which it may be proposed."""
    edition: str
    """Edition of the catalogue that brought it."""
    note: Words | None = None
    """What a reader should know."""


class CreditList(Value):
    """An entry of the registry of lists."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")
    """Its code."""
    name: Words
    """What it is called."""
    aliases: Several[str] = ()
    """Older names of the same list."""
    polarity: Polarity
    """Red or black."""
    serious: bool = False
    """Whether it is a list of seriously dishonest subjects (严重失信主体名单)."""
    category: str | None = None
    """Which of the four categories of serious dishonesty it belongs to (国发〔2016〕33号)."""
    authority: Words
    """Who keeps it."""
    term: Words
    """How long a listing lasts and how one leaves it."""
    term_months: int | None = Field(default=None, ge=1)
    """Regular length of a listing in months; None where the decision or the field says it."""
    longest_months: int | None = Field(default=None, ge=1)
    """The longest, where the regular length may be exceeded or is a range."""
    early_exit_months: int | None = Field(default=None, ge=0)
    """Months after which removal may be asked for before the end; None where nothing is known of it."""
    basis: Several[Basis] = ()
    """On what the list rests."""
    reference_only: bool = False
    """A list of an association or agency: at most a hint."""
    local: bool = False
    """Kept place by place for those who are registered there: it earns nothing where bidders compete (令16号 第九条)."""


COUNTING: frozenset[RecordStatus] = frozenset({"active", "publicity_ended"})
"""Statuses that can carry any effect at all; ``publicity_ended`` at most a hint."""

SUSPENDED: frozenset[RecordStatus] = frozenset({"objected", "reconsidered", "temporarily_lifted"})
"""Statuses under which a measure is not carried out for the time being (国发〔2016〕33号: 核实期间暂不执行)."""
