"""Check who is nominated and who holds an honour, side by side, and say where each stands. It grants and revokes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

from credit_check_adapter_honours.kinds import HonourTable
from credit_check_sdk import (
    Case,
    CreditCheckError,
    Decision,
    InputError,
    Party,
    Proposal,
    Rejected,
    Several,
    Subject,
    Value,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk import AsyncCreditCheck, CreditCheck, Operator, Purpose

MATTER = "honour.award"
"""The starter matter of honours."""
Standing = Literal["eligible", "preferred", "barred", "hold", "keep", "revoke"]
"""Of nominees: may be granted, is to be preferred, is barred, or waits. Of holders: keeps it, is to lose it, or waits."""


class Candidate(Value):
    """Somebody who is nominated for an honour, or who holds one."""

    number: str
    """Its number in the award system."""
    honour: str
    """Code of the honour."""
    subject: Subject
    """Who it is."""
    parties: Several[Party] = ()
    """Others who stand in the file with it."""
    granted_on: date | None = None
    """Of a holder: since when."""
    doc_no: str | None = None
    """Of a holder: number of the document by which it was granted."""


class HonourRow(Value):
    """Where one candidate stands."""

    candidate: Candidate
    """The candidate."""
    case: Case
    """The case that was checked."""
    decision: Decision | None = None
    """What the check came to; None where it could not be made."""
    standing: Standing
    """Where it stands; who was not checked waits."""
    checked: bool
    """Whether a check came to an answer; where it did not, nobody may say that nothing was found."""
    reasons: Words
    """Why."""
    proposals: Several[Proposal] = ()
    """The proposals on which that rests."""


class HonourRound(Value):
    """Where everybody of a batch stands."""

    rows: Several[HonourRow]
    """The rows, in the order of the batch."""
    rejected: Several[Rejected] = ()
    """What could not be checked at all, and why."""

    def standing(self, *wanted: Standing) -> tuple[HonourRow, ...]:
        """Give the rows that stand so."""
        return tuple(row for row in self.rows if row.standing in wanted)

    def of(self, number: str) -> HonourRow:
        """Find a row by the candidate's number.

        Raises:
            KeyError: it is not in the batch.
        """
        for row in self.rows:
            if row.candidate.number == number:
                return row
        raise KeyError(number)


class _Batch:
    """One batch: cases made of candidates, rows made of what the client answered."""

    def __init__(  # noqa: PLR0913  what a batch's cases have in common
        self,
        credit: CreditCheck | AsyncCreditCheck,
        round_id: str,
        operator: Operator,
        purpose: Purpose,
        matter: str,
        table: HonourTable | None,
        *,
        held: bool,
    ) -> None:
        self.round_id, self.operator, self.purpose, self.matter = round_id, operator, purpose, matter
        self.table, self.held = table or HonourTable.default(), held
        self.table.agrees({measure.code for measure in credit.catalogue.measures})
        self.opened_at = datetime.now(UTC)  # noqa: TID251  when the batch was opened: the host's clock
        self.candidates: list[Candidate] = []
        self.cases: list[Case] = []
        self.rejected: list[Rejected] = []

    def take(self, candidates: Iterable[Candidate | Rejected]) -> None:
        known: set[str] = set()
        for one in candidates:
            wrong = one if isinstance(one, Rejected) else self._wrong(one, known)
            if wrong is not None:
                self.rejected.append(wrong)
            elif isinstance(one, Candidate):
                known.add(one.number)
                self.candidates.append(one)
                self.cases.append(self._case(one))

    def _wrong(self, one: Candidate, known: set[str]) -> Rejected | None:
        try:
            self.table.of(one.honour)
        except InputError as error:
            words = Words(zh=error.words("zh-CN"), en=error.words("en"))
            return Rejected(row=one.number, name=one.subject.name, reason=words)
        if one.number in known:
            words = Words(
                zh="编号重复，仅核查第一条；请更正", en="the number stands there twice; the first was checked"
            )
            return Rejected(row=one.number, name=one.subject.name, reason=words)
        return None

    def _case(self, one: Candidate) -> Case:
        return Case(
            id=f"{self.round_id}/{one.number}",
            matter=self.matter,
            point="honour",
            subject=one.subject,
            parties=one.parties,
            purpose=self.purpose,
            operator=self.operator,
            opened_at=self.opened_at,
            host={"honour": one.honour},
        )

    def round(self, answers: Sequence[Decision | CreditCheckError]) -> HonourRound:
        """Put the answers to their candidates.

        Raises:
            CreditCheckError: not one check could be made: then it is the set-up that fails, not a candidate.
        """
        failed = [answer for answer in answers if isinstance(answer, CreditCheckError)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        rows = tuple(map(self._row, self.candidates, self.cases, answers))
        return HonourRound(rows=rows, rejected=tuple(self.rejected))

    def _row(self, one: Candidate, case: Case, answer: Decision | CreditCheckError) -> HonourRow:
        given: dict[str, Any] = {"candidate": one, "case": case}
        if isinstance(answer, CreditCheckError):
            why = Words(zh=f"未查成：{answer.words('zh-CN')}", en=f"not checked: {answer.words('en')}")
            return HonourRow(**given, standing="hold", checked=False, reasons=why)
        given["decision"] = answer
        if answer.outcome == "undecided":
            why = Words(zh="必查来源未答复，暂缓", en="a required source is silent: it waits")
            return HonourRow(**given, standing="hold", checked=False, reasons=why)
        if one.subject.primary is None:
            return HonourRow(**given, standing="hold", checked=False, reasons=_said(answer))
        return HonourRow(**given, checked=True, **(self._holder(answer) if self.held else _nominee(answer)))

    def _holder(self, decision: Decision) -> dict[str, Any]:
        """Say where a holder stands: whose record it is, where that is in doubt, an officer has to say first."""
        found = revoking(decision, self.table)
        if not found and decision.outcome == "review":
            return {"standing": "hold", "reasons": _said(decision)}
        return {"standing": "revoke" if found else "keep", "reasons": _why(found), "proposals": found}


def _nominee(decision: Decision) -> dict[str, Any]:
    """Say where a nominee stands."""
    if decision.outcome == "clear":
        offered = tuple(p for p in decision.proposals if p.kind == "incentive")
        return {"standing": "preferred" if offered else "eligible", "reasons": _why(offered), "proposals": offered}
    against = tuple(p for p in decision.proposals if p.kind == "restriction" and p.strength in {"block", "hint"})
    why = _why(against) if against else _said(decision)
    standing: Standing = "barred" if decision.outcome == "restricted" else "hold"
    return {"standing": standing, "reasons": why, "proposals": against}


def revoking(decision: Decision, table: HonourTable) -> tuple[Proposal, ...]:
    """Give the proposals to revoke that rest on a current, undisputed record, matched by identifier."""
    return tuple(
        proposal
        for proposal in decision.proposals
        if proposal.measure in table.revoked_by
        and proposal.state in {"proposed", "noticed", "applied"}
        and any(ground.match == "identifier" and ground.status == "active" for ground in proposal.grounds)
    )


def _said(decision: Decision) -> Words:
    return Words(zh="；".join(decision.reasons.zh), en="; ".join(decision.reasons.en))


def _why(proposals: Sequence[Proposal]) -> Words:
    if not proposals:
        return Words(zh="没有影响荣誉的有效记录", en="no current record concerns the honour")
    zh = "；".join(f"{each.name.zh}：{each.reasons.zh}" for each in proposals)
    return Words(zh=zh, en="; ".join(f"{each.name.en}: {each.reasons.en}" for each in proposals))


def nominate_round(  # noqa: PLR0913  what a batch's cases have in common is named one by one
    credit: CreditCheck,
    candidates: Iterable[Candidate | Rejected],
    *,
    round_id: str,
    operator: Operator,
    purpose: Purpose,
    table: HonourTable | None = None,
    matter: str = MATTER,
) -> HonourRound:
    """Check everybody who is nominated, before anything is granted.

    *round_id* names the round: checks are filed under ``round_id/number``. A row that cannot be checked stands in the
    round with its reason, and the others go on.

    Raises:
        InputError: the table revokes by a measure that the catalogue does not have.
        CreditCheckError: not one check could be made, as when the matter is unknown or the ledger cannot be written.
    """
    batch = _Batch(credit, round_id, operator, purpose, matter, table, held=False)
    batch.take(candidates)
    return batch.round(list(credit.check_many(batch.cases, errors="yield")))


async def nominate_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    candidates: Iterable[Candidate | Rejected],
    *,
    round_id: str,
    operator: Operator,
    purpose: Purpose,
    table: HonourTable | None = None,
    matter: str = MATTER,
) -> HonourRound:
    """Check everybody who is nominated, on an event loop; see `nominate_round`."""
    batch = _Batch(credit, round_id, operator, purpose, matter, table, held=False)
    batch.take(candidates)
    return batch.round([answer async for answer in credit.check_many(batch.cases, errors="yield")])


def review_round(  # noqa: PLR0913  what a batch's cases have in common is named one by one
    credit: CreditCheck,
    holders: Iterable[Candidate | Rejected],
    *,
    round_id: str,
    operator: Operator,
    purpose: Purpose,
    table: HonourTable | None = None,
    matter: str = MATTER,
) -> HonourRound:
    """Check everybody who holds an honour; whose honour is to be revoked is proposed, never done.

    Raises:
        InputError: the table revokes by a measure that the catalogue does not have.
        CreditCheckError: not one check could be made.
    """
    batch = _Batch(credit, round_id, operator, purpose, matter, table, held=True)
    batch.take(holders)
    return batch.round(list(credit.check_many(batch.cases, errors="yield")))


async def review_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    holders: Iterable[Candidate | Rejected],
    *,
    round_id: str,
    operator: Operator,
    purpose: Purpose,
    table: HonourTable | None = None,
    matter: str = MATTER,
) -> HonourRound:
    """Check everybody who holds an honour, on an event loop; see `review_round`."""
    batch = _Batch(credit, round_id, operator, purpose, matter, table, held=True)
    batch.take(holders)
    return batch.round([answer async for answer in credit.check_many(batch.cases, errors="yield")])
