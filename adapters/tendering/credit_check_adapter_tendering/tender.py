"""Check everybody who bids or supplies in an OCDS document, each member of a consortium among them.

It makes cases and asks the client that it is given; the client does what leaves the machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_adapter_tendering import reader
from credit_check_adapter_tendering.report import BidderResult, BidResult, TenderReport, worst
from credit_check_sdk import Case, Party, Rejected, Tender

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_adapter_tendering.bidders import Bid, Bidder, Process
    from credit_check_sdk import (
        AsyncCreditCheck,
        Clause,
        CreditCheck,
        Decision,
        Operator,
        Pass,
        Point,
        Purpose,
        Step,
    )

_LONGEST_OCID = 200


@dataclass(frozen=True, slots=True)
class _Entry:
    process: Process
    bid: Bid
    bidder: Bidder
    case: Case


@dataclass(frozen=True, slots=True)
class _Plan:
    entries: tuple[_Entry, ...]
    rejected: tuple[Rejected, ...]

    @property
    def cases(self) -> list[Case]:
        return [entry.case for entry in self.entries]


def check_tender(  # noqa: PLR0913  what a tender's cases have in common is named one by one
    credit: CreditCheck,
    document: Any,
    *,
    matter: str,
    point: Point,
    operator: Operator,
    purpose: Purpose,
    clauses: Sequence[Clause] = (),
    region: str | None = None,
    opened_at: datetime | None = None,
    transaction: object = None,
) -> TenderReport:
    """Check every bidder and supplier of an OCDS document (a release, a record, or a package, as parsed JSON).

    Every bidder is a case of its own, with its partners as ``consortium_member``. *opened_at* is when the file was
    opened, now where it is not said. With *transaction* all checks are recorded in the host's own transaction, else
    each in one of its own.

    Raises:
        InputError: ``file.unreadable`` when the document holds neither releases nor records.
        CaseError: the matter or point is unknown.
        LedgerError: a check cannot be recorded.
    """
    plan = _plan(document, _Setting(matter, point, operator, purpose, tuple(clauses), region, opened_at))
    if transaction is None:
        decisions = list(credit.check_many(plan.cases))
    else:
        decisions = [credit.check(case, transaction=transaction) for case in plan.cases]
    return _report(matter, point, plan, decisions)


async def check_tender_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    document: Any,
    *,
    matter: str,
    point: Point,
    operator: Operator,
    purpose: Purpose,
    clauses: Sequence[Clause] = (),
    region: str | None = None,
    opened_at: datetime | None = None,
    transaction: object = None,
) -> TenderReport:
    """Check every bidder and supplier of an OCDS document on an event loop; see `check_tender`."""
    plan = _plan(document, _Setting(matter, point, operator, purpose, tuple(clauses), region, opened_at))
    if transaction is None:
        decisions = [decision async for decision in credit.check_many(plan.cases)]
    else:
        decisions = [await credit.check(case, transaction=transaction) for case in plan.cases]
    return _report(matter, point, plan, decisions)


def require_bid(
    credit: CreditCheck, bid: BidResult, *, to: Step = "proceed", transaction: object = None
) -> tuple[Pass, ...]:
    """Let a bid pass its decision point, or refuse: every member of a consortium must pass.

    Raises:
        GateError: a member does not pass; ``code`` says why.
    """
    return tuple(credit.require(member.case, to=to, transaction=transaction) for member in bid.members)


async def require_bid_async(
    credit: AsyncCreditCheck, bid: BidResult, *, to: Step = "proceed", transaction: object = None
) -> tuple[Pass, ...]:
    """Let a bid pass its decision point, or refuse, on an event loop; see `require_bid`."""
    return tuple([await credit.require(member.case, to=to, transaction=transaction) for member in bid.members])


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all cases of a tender have in common."""

    matter: str
    point: Point
    operator: Operator
    purpose: Purpose
    clauses: tuple[Clause, ...]
    region: str | None
    opened_at: datetime | None


def _plan(document: Any, setting: _Setting) -> _Plan:
    opened_at = setting.opened_at
    if opened_at is None:
        opened_at = datetime.now(UTC)  # noqa: TID251  a host that does not say when its file was opened means now
    rejected: list[Rejected] = []
    entries: list[_Entry] = []
    taken: set[str] = set()
    for process in reader.gather(document, rejected):
        rejected += process.rejected
        for bid in process.bids:
            for bidder in bid.members:
                case = _case(process, bid, bidder, setting, opened_at)
                number, plain = 2, case.id
                while case.id in taken:
                    case = case.model_copy(update={"id": f"{plain}-{number}"})
                    number += 1
                taken.add(case.id)
                entries.append(_Entry(process, bid, bidder, case))
    return _Plan(tuple(entries), tuple(rejected))


def _case(process: Process, bid: Bid, bidder: Bidder, setting: _Setting, opened_at: datetime) -> Case:
    partners = [member for member in bid.members if member is not bidder]
    return Case(
        id=_case_id(process, bidder, partners),
        matter=setting.matter,
        point=setting.point,
        subject=bidder.subject,
        parties=(*bidder.related, *(Party(role="consortium_member", subject=one.subject) for one in partners)),
        purpose=setting.purpose,
        operator=setting.operator,
        region=setting.region,
        opened_at=opened_at,
        tender=Tender(id=process.tender, clauses=setting.clauses),
        host=reader.host(process, bidder),
    )


def _case_id(process: Process, bidder: Bidder, partners: Iterable[Bidder]) -> str:
    # Made of names, never of identifiers: a case's number is shown, and a short digest of a number can be guessed back.
    partner_names = sorted(one.subject.normal_name for one in partners)
    told = "\n".join((process.ocid, process.tender, bidder.subject.normal_name, *partner_names))
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return f"{(process.ocid or process.tender)[:_LONGEST_OCID]}/{digest}"


def _report(matter: str, point: Point, plan: _Plan, decisions: Sequence[Decision]) -> TenderReport:
    by_bid: dict[int, tuple[_Entry, list[BidderResult]]] = {}
    for entry, decision in zip(plan.entries, decisions, strict=True):
        outcome = worst([decision.outcome, "review"]) if entry.bidder.doubtful else decision.outcome
        result = BidderResult(
            place=entry.bidder.place, case=entry.case, decision=decision, outcome=outcome, notes=entry.bidder.notes
        )
        by_bid.setdefault(id(entry.bid), (entry, []))[1].append(result)
    bids = (
        BidResult(process=entry.process.ocid or None, places=entry.bid.places, members=tuple(results))
        for entry, results in by_bid.values()
    )
    return TenderReport(matter=matter, point=point, bids=tuple(bids), rejected=plan.rejected)
