"""Two rounds of checks: when a subsidy is applied for, and again right before it is paid. It pays nothing itself.

Between the two something may have happened; who would be restricted, undecided or in doubt at payment is held back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from credit_check_sdk import Applicant, Case, Decision, Operator, Outcome, Purpose, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk import AsyncCreditCheck, CreditCheck, Point

MATTER = "subsidy.enterprise"
"""The starter matter for subsidies to enterprises."""


@dataclass(frozen=True, slots=True)
class ApplicantResult:
    """What the check of one applicant came to."""

    applicant: Applicant
    decision: Decision

    @property
    def outcome(self) -> Outcome:
        """The outcome."""
        return self.decision.outcome

    @property
    def measures(self) -> tuple[str, ...]:
        """Codes of the measures proposed, each once."""
        return tuple(dict.fromkeys(proposal.measure for proposal in self.decision.proposals))

    @property
    def held(self) -> bool:
        """Whether nothing may be paid before somebody looked: anything but *clear*."""
        return self.outcome != "clear"

    @property
    def reasons(self) -> tuple[Words, ...]:
        """Why, in words."""
        said = self.decision.reasons
        return tuple(Words(zh=zh, en=en) for zh, en in zip(said.zh, said.en, strict=True))


@dataclass(frozen=True, slots=True)
class SubsidyReport:
    """What a round came to."""

    point: Point
    results: tuple[ApplicantResult, ...]

    @property
    def hold_list(self) -> tuple[ApplicantResult, ...]:
        """Those who are held back."""
        return tuple(result for result in self.results if result.held)

    def of(self, name: str) -> ApplicantResult:
        """Find the result of an applicant by name.

        Raises:
            KeyError: nobody of this name was checked.
        """
        for result in self.results:
            if result.applicant.subject.name == name:
                return result
        raise KeyError(name)


def apply_round(
    credit: CreditCheck,
    applicants: Iterable[Applicant],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
) -> SubsidyReport:
    """Check everybody who applies.

    Raises:
        CaseError: the matter is unknown.
        LedgerError: a check cannot be recorded.
    """
    return _round(credit, list(applicants), "apply", operator, purpose, matter, round_id)


def disburse_round(
    credit: CreditCheck,
    applicants: Iterable[Applicant],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
) -> SubsidyReport:
    """Check everybody again right before payment; who is not clear is on the hold list.

    Raises:
        CaseError: the matter is unknown.
        LedgerError: a check cannot be recorded.
    """
    return _round(credit, list(applicants), "disburse", operator, purpose, matter, round_id)


async def apply_round_async(
    credit: AsyncCreditCheck,
    applicants: Iterable[Applicant],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
) -> SubsidyReport:
    """Check everybody who applies; see `apply_round`."""
    return await _round_async(credit, list(applicants), "apply", operator, purpose, matter, round_id)


async def disburse_round_async(
    credit: AsyncCreditCheck,
    applicants: Iterable[Applicant],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
) -> SubsidyReport:
    """Check everybody again right before payment; see `disburse_round`."""
    return await _round_async(credit, list(applicants), "disburse", operator, purpose, matter, round_id)


def case_of(  # noqa: PLR0913, PLR0917  a case is made of all of these
    applicant: Applicant, place: int, point: Point, operator: Operator, purpose: Purpose, matter: str, round_id: str
) -> Case:
    """Make the case of one applicant; its number stays the same from round to round."""
    subject = applicant.subject
    key = "|".join(sorted(f"{scheme}:{value}" for scheme, value in subject.keys)) or f"{subject.normal_name}#{place}"
    stamp = hashlib.sha256(f"{round_id}|{matter}|{key}".encode()).hexdigest()[:16]
    return Case(
        id=f"SUB-{round_id}-{stamp}" if round_id else f"SUB-{stamp}",
        matter=matter,
        point=point,
        subject=subject,
        parties=applicant.parties,
        purpose=purpose,
        operator=operator,
        opened_at=datetime.now(UTC),  # noqa: TID251  an application is opened when its round is run
        host={"row": applicant.row, "process": applicant.process},
    )


def _round(  # noqa: PLR0913, PLR0917  what a round's cases have in common
    credit: CreditCheck,
    applicants: Sequence[Applicant],
    point: Point,
    operator: Operator,
    purpose: Purpose,
    matter: str,
    round_id: str,
) -> SubsidyReport:
    cases = [case_of(a, n, point, operator, purpose, matter, round_id) for n, a in enumerate(applicants)]
    results = zip(applicants, credit.check_many(cases), strict=True)
    return SubsidyReport(point, tuple(ApplicantResult(applicant, decision) for applicant, decision in results))


async def _round_async(  # noqa: PLR0913, PLR0917  what a round's cases have in common
    credit: AsyncCreditCheck,
    applicants: Sequence[Applicant],
    point: Point,
    operator: Operator,
    purpose: Purpose,
    matter: str,
    round_id: str,
) -> SubsidyReport:
    cases = [case_of(a, n, point, operator, purpose, matter, round_id) for n, a in enumerate(applicants)]
    decisions = [decision async for decision in credit.check_many(cases)]
    results = zip(applicants, decisions, strict=True)
    return SubsidyReport(point, tuple(ApplicantResult(applicant, decision) for applicant, decision in results))
