"""Rankings of bids or applications, before and after credit. It performs no I/O and reads no clock.

信用加分、减分、同等优先、保证金减免: what is proposed for each entry, on which clause and which basis, and what was not
given and why. The committee decides; its decision has a place of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from credit_check_sdk.model import ranking_page
from credit_check_sdk.model._value import Lang, Lines, Several, Time, Value, Words
from credit_check_sdk.model.case import Clause
from credit_check_sdk.model.decision import Environment, Outcome, ProposalState
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.subject import Operator

Amount = Annotated[Decimal, Field(ge=0, max_digits=24, decimal_places=8, allow_inf_nan=False, strict=False)]
"""A score, a price or a sum: exact, finite, not negative."""

RankedBy = Literal["score", "price"]
"""综合评分, the highest first; or 最低评标价, the lowest first."""

Standing = Literal["ranked", "review", "undecided", "excluded", "unchecked"]
"""可排序、待核、未决、限制、未核查; an entry that is undecided or unchecked is ranked for the time being only."""

CreditKind = Literal["bonus", "deduction", "priority", "deposit_reduction"]
"""加分、减分、同等优先、保证金减免."""

WithheldCode = Literal[
    "no_clause", "no_cap", "no_attestation", "checked_without_clause", "not_met", "not_all_members", "member_unchecked",
    "no_points", "no_deduction", "no_proportion", "not_current", "name_only", "no_basis", "state",
    "by_price", "undecided", "unchecked", "committee",
]  # fmt: skip
"""Why something was not given or not deducted."""


class ScoringRule(Value):
    """A rule about how credit counts in a ranking, with its legal basis."""

    code: str = Field(pattern=r"^[a-z][a-z_]{1,31}(\.[a-z][a-z_]{1,31})?$")
    """Its code."""
    words: Words
    """The rule."""
    basis: Several[Basis] = Field(min_length=1)
    """On what it rests."""
    note: Words | None = None
    """What a reader should know."""


class RankingEntry(Value):
    """A bid or an application to be ranked."""

    reference: str = Field(min_length=1, max_length=256)
    """The host's number of it."""
    name: str | None = Field(default=None, max_length=1024)
    """How it is called; None: the names of its members."""
    score: Amount | None = None
    """The score without credit, in points."""
    price: Amount | None = None
    """The evaluated price, where the lowest goes first."""
    decisions: Several[str] = ()
    """Numbers of the decisions on it: one, or one for each member of a consortium. Empty: not checked."""
    deposit: Amount | None = None
    """The deposit that is asked for, in yuan."""
    doubts: Several[Words] = ()
    """What the host doubts about it; it is at least to be reviewed."""


class Ranking(Value):
    """Entries of one tender or round, and what its document says about credit."""

    id: str = Field(min_length=1, max_length=256)
    """Number of the tender or round."""
    matter: str = Field(min_length=1, max_length=128)
    """Code of the service item."""
    by: RankedBy = "score"
    """By score or by price."""
    clauses: Several[Clause] = ()
    """What the document says about credit; none: credit moves nobody."""
    entries: Several[RankingEntry] = Field(min_length=1, max_length=100_000)
    """The entries, in any order."""

    @model_validator(mode="after")
    def _measured_alike(self) -> Ranking:
        other = "price" if self.by == "score" else "score"
        for entry in self.entries:
            if getattr(entry, self.by) is None or getattr(entry, other) is not None:
                message = f"entries are ranked by {self.by}: each gives {self.by}, and none gives {other}"
                raise ValueError(message)
        return self


class RankedMember(Value):
    """A bidder or applicant behind an entry; a consortium has several."""

    name: str
    """Its name."""
    identifier: str | None = None
    """Its primary identifier, masked."""
    case_id: str
    """The host's number of its file."""
    decision: str
    """Number of the decision on it."""
    outcome: Outcome
    """What the check came to."""


class CreditItem(Value):
    """Points, priority or a reduction that is proposed for an entry."""

    kind: CreditKind
    """What."""
    measure: str
    """Code of the measure."""
    name: Words
    """Name of the measure."""
    member: str
    """Whose credit it is."""
    proposals: Several[str]
    """Numbers of the proposals to settle."""
    list_codes: Several[str] = ()
    """The lists behind it."""
    list_names: Several[Words] = ()
    """Their names."""
    records: Several[str] = ()
    """The records behind it, ``source/number``."""
    clause: str | None = None
    """Where the document provides it; None for a priority that the catalogue gives without a clause."""
    basis: Several[Basis]
    """The legal basis, to the article."""
    offered: Decimal | None = Field(default=None, strict=False)
    """Points before the cap."""
    points: Decimal | None = Field(default=None, strict=False)
    """Points that count; for a deposit reduction the part waived."""
    capped: bool = False
    """Whether the cap took some."""
    reasons: Words
    """Why, in words."""


class Withheld(Value):
    """What was not given or not deducted, and why."""

    kind: CreditKind
    """What."""
    code: WithheldCode
    """Why, as a code."""
    measure: str | None = None
    """Code of the measure, where one is concerned."""
    member: str | None = None
    """Whose."""
    proposal_state: ProposalState | None = None
    """Where its proposal stands, where that is why."""
    reasons: Words
    """Why, in words."""


class RankingRow(Value):
    """One entry, before and after credit."""

    reference: str
    """The host's number of it."""
    name: str
    """How it is called."""
    members: Several[RankedMember] = ()
    """Who stands behind it."""
    standing: Standing
    """Whether it can be ranked."""
    base: Decimal = Field(strict=False)
    """Score or price without credit."""
    items: Several[CreditItem] = ()
    """What is proposed."""
    withheld: Several[Withheld] = ()
    """What is not, and why."""
    bonus: Decimal = Field(default=Decimal(0), strict=False)
    """Points added."""
    deduction: Decimal = Field(default=Decimal(0), strict=False)
    """Points deducted."""
    final: Decimal = Field(strict=False)
    """Score or price with credit."""
    rank_before: int | None = None
    """Place without credit, among those who are not excluded."""
    rank_after: int | None = None
    """Place with credit; None for who is excluded."""
    tied: bool = False
    """Whether somebody else has the same place with credit; the committee decides."""
    priority: bool = False
    """Whether it goes first among equals."""
    deposit: Decimal | None = Field(default=None, strict=False)
    """The deposit asked for, in yuan."""
    deposit_due: Decimal | None = Field(default=None, strict=False)
    """What is due of it after the reduction."""
    reasons: Lines = Lines()
    """What the committee should know of it."""
    decided_rank: int | None = None
    """The place that the committee decided."""


class CommitteeAnswer(Value):
    """What the committee says to one proposal of the table."""

    proposal: str
    """Number of the proposal."""
    accepted: bool
    """Whether it counts."""
    reason: str | None = None
    """Why not; needed where it does not."""


class CommitteeDecision(Value):
    """What the committee decided on a table; what it does not speak of, it accepts as proposed."""

    table: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of the table that it saw."""
    confirmed_by: str = Field(min_length=1, max_length=255)
    """Who confirms it for the committee."""
    operator: Operator
    """The officer who enters it."""
    answers: Several[CommitteeAnswer] = ()
    """To single proposals."""
    order: Several[str] = ()
    """References in the order decided, best first, where it is not that of the table."""
    reason: str | None = Field(default=None, max_length=2000)
    """Why that order; needed where one is given."""


class Confirmation(Value):
    """That a committee has decided."""

    confirmed_by: str
    """Who confirmed it."""
    operator: Operator
    """The officer who entered it."""
    at: Time
    """When."""
    table: str
    """Digest of the table that the committee saw."""
    reason: str | None = None
    """Why its order differs."""
    feedback: Several[str] = ()
    """Keys of the feedback that it made."""


class RankingTable(Value):
    """A ranking before and after credit, for the committee, which decides."""

    id: str
    """Number of the tender or round."""
    matter: str
    """The service item."""
    matter_name: Words | None = None
    """Its name."""
    by: RankedBy
    """By score or by price."""
    environment: Environment
    """Whether real platforms were asked."""
    made_at: Time
    """When."""
    edition: str
    """Edition of the catalogue."""
    clauses: Several[Clause] = ()
    """What the document says about credit."""
    rows: Several[RankingRow]
    """By place; then those who are excluded."""
    complete: bool
    """Whether every entry is checked and no required source is silent; else the places are for the time being."""
    rules: Several[ScoringRule] = ()
    """The rules that were applied, with their basis."""
    reasons: Lines = Lines()
    """What the committee should know of the whole."""
    digest: str
    """Digest of what the table says, whenever it is made."""
    committee: Confirmation | None = None
    """The committee's decision; None while it is a proposal."""

    def row(self, reference: str) -> RankingRow:
        """Give the row of an entry.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.reference == reference:
                return row
        raise KeyError(reference)

    def page(self, lang: Lang = "zh-CN") -> str:
        """Give it as one HTML page to print and sign, that loads nothing from elsewhere."""
        return ranking_page.page(self, lang)

    def csv(self, lang: Lang = "zh-CN") -> str:
        """Give it as CSV text, one line for each entry; cells that a spreadsheet would calculate are made text."""
        return ranking_page.sheet(self, lang)
