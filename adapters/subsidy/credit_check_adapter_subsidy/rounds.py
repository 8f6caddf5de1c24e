"""Rounds of checks: when a subsidy is applied for, again right before it is paid, and while it is used. It pays nothing.

Between them something may have happened; whoever is not clear at payment is held back until an officer looked, and what
is found after payment makes a list for the authority.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from credit_check_adapter_subsidy.report import ApplicantResult, SubsidyReport
from credit_check_sdk import Applicant, Case, CreditCheckError, Rejected, Remark, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from credit_check_sdk import AsyncCreditCheck, CreditCheck, Decision, Operator, Pass, Point, Purpose

MATTER = "subsidy.enterprise"
"""The starter matter for subsidies to enterprises."""

Found = Applicant | Rejected | Remark
"""What a reader gives; remarks are left out of a round."""


@dataclass(slots=True)
class _Round:
    """One round: cases made of a list, results made of what the client answered."""

    point: Point
    matter: str
    operator: Operator
    purpose: Purpose
    round_id: str
    opened_at: datetime
    number_of: Callable[[Applicant], str] | None
    cases: list[Case] = field(default_factory=list)
    applicants: list[Applicant] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def take(self, found: Iterable[Found]) -> None:
        times: Counter[str] = Counter()
        for one in found:
            if isinstance(one, Rejected):
                self.rejected.append(one)
            elif isinstance(one, Applicant):
                number = self.number_of(one) if self.number_of else self._number(one)
                times[number] += 1
                self.applicants.append(one)
                self.cases.append(self._case(one, number if times[number] == 1 else f"{number}-{times[number]}"))

    def _number(self, applicant: Applicant) -> str:
        # Made of what is shown anyway, never of an identifier: a short digest of a number can be guessed back. The same
        # applicant has the same number in the next round.
        subject = applicant.subject
        told = "\n".join((self.round_id, self.matter, subject.category, subject.normal_name, subject.masked or ""))
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        return f"{self.round_id or 'subsidy'}/{digest}"

    def _case(self, applicant: Applicant, number: str) -> Case:
        return Case(
            id=number,
            matter=self.matter,
            point=self.point,
            subject=applicant.subject,
            parties=applicant.parties,
            purpose=self.purpose,
            operator=self.operator,
            opened_at=self.opened_at,
            host={**applicant.host, "row": applicant.row, "process": applicant.process},
        )

    def report(self, answers: Sequence[Decision | CreditCheckError]) -> SubsidyReport:
        """Put the answers to their applicants.

        Raises:
            CreditCheckError: not one check could be made: then it is the set-up that fails, not an applicant.
        """
        failed = [answer for answer in answers if isinstance(answer, CreditCheckError)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        results = [
            ApplicantResult(
                applicant=applicant, case=case, error=Words(zh=answer.words("zh-CN"), en=answer.words("en"))
            )
            if isinstance(answer, CreditCheckError)
            else ApplicantResult(applicant=applicant, case=case, decision=answer)
            for applicant, case, answer in zip(self.applicants, self.cases, answers, strict=True)
        ]
        return SubsidyReport(
            matter=self.matter, point=self.point, results=tuple(results), rejected=tuple(self.rejected)
        )


def apply_round(  # noqa: PLR0913  what a round's cases have in common is named one by one
    credit: CreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody who applies, side by side.

    *applicants* are values, or straight what a reader gives; rejected rows stand in the report. *round_id* names the
    round, so that each applicant keeps the number of its case until payment; *number_of* gives your own numbers instead.
    *opened_at* is when applications were opened, now where it is not said.

    Raises:
        InputError: the list cannot be read.
        CreditCheckError: not one check could be made, as when the matter is unknown or the ledger cannot be written.
    """
    making = _Round("apply", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return _checked(credit, making, applicants)


def disburse_round(  # noqa: PLR0913  the same as `apply_round`
    credit: CreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody again right before payment; `SubsidyReport.hold_list` names whom not to pay.

    Nothing of the check at application is used: the sources are asked anew. For the rest see `apply_round`.
    """
    making = _Round("disburse", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return _checked(credit, making, applicants)


def track_round(  # noqa: PLR0913  the same as `apply_round`
    credit: CreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody who was paid, while the money is being used; see `SubsidyReport.clawback_list` and `apply_round`."""
    making = _Round("track", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return _checked(credit, making, applicants)


async def track_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody who was paid, on an event loop; see `track_round`."""
    making = _Round("track", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return await _checked_async(credit, making, applicants)


async def apply_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody who applies, on an event loop; see `apply_round`."""
    making = _Round("apply", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return await _checked_async(credit, making, applicants)


async def disburse_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    applicants: Iterable[Found],
    *,
    operator: Operator,
    purpose: Purpose,
    matter: str = MATTER,
    round_id: str = "",
    opened_at: datetime | None = None,
    number_of: Callable[[Applicant], str] | None = None,
) -> SubsidyReport:
    """Check everybody again right before payment, on an event loop; see `disburse_round`."""
    making = _Round("disburse", matter, operator, purpose, round_id, opened_at or _now(), number_of)
    return await _checked_async(credit, making, applicants)


def require_payment(credit: CreditCheck, result: ApplicantResult, *, transaction: object = None) -> Pass:
    """Let a payment be made, or refuse; call it in the transaction that books the payment.

    Raises:
        GateError: there is no fresh, matching, settled check at ``disburse``, or a restriction is in force.
    """
    return credit.require(_at_payment(result), to="grant", transaction=transaction)


async def require_payment_async(
    credit: AsyncCreditCheck, result: ApplicantResult, *, transaction: object = None
) -> Pass:
    """Let a payment be made, or refuse, on an event loop; see `require_payment`."""
    return await credit.require(_at_payment(result), to="grant", transaction=transaction)


def _at_payment(result: ApplicantResult) -> Case:
    return result.case if result.case.point == "disburse" else result.case.model_copy(update={"point": "disburse"})


def _checked(credit: CreditCheck, making: _Round, applicants: Iterable[Found]) -> SubsidyReport:
    making.take(applicants)
    return making.report(list(credit.check_many(making.cases, errors="yield")))


async def _checked_async(credit: AsyncCreditCheck, making: _Round, applicants: Iterable[Found]) -> SubsidyReport:
    making.take(applicants)
    return making.report([answer async for answer in credit.check_many(making.cases, errors="yield")])


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a host that does not say when applications were opened means now
