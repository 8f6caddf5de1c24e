"""Settle a decision: take the officer's answers and promise the feedback. A flow.

Nothing is written unless all answers can be taken. The same answer again does nothing; another one is an amendment.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from credit_check_sdk.core.feedback import channel_of, feedback_of
from credit_check_sdk.core.moving import answered
from credit_check_sdk.core.notices import draft
from credit_check_sdk.core.objecting import inquire, no_longer_doubted
from credit_check_sdk.core.outbox import make_room
from credit_check_sdk.errors import LedgerError, SettleError
from credit_check_sdk.flow import Load, NewId, Now, Record
from credit_check_sdk.model import Settled
from credit_check_sdk.model.ledger import (
    FeedbackEntry,
    LatestCheck,
    NoticeEntry,
    Notices,
    ResponseEntry,
    StoredCheck,
    StoredNotice,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Proposal, Response, Settlement
    from credit_check_sdk.model.ledger import Entry

_ATTEMPTS = 3


def needs_answer(proposal: Proposal) -> bool:
    """Say whether the gate waits for an answer: offers may be left open, information asks for none."""
    return proposal.strength in {"block", "hint"}


async def settle(desk: Desk, settlement: Settlement) -> Settled:
    """Take the answers of *settlement* to the latest check of the file at that point.

    Raises:
        SettleError: never checked, an unknown or suspended proposal, a mandatory one set aside, a missing reason.
    """
    for attempt in count():
        try:
            return await _settle(desk, settlement)
        except LedgerError as error:
            # A change moved a measure between our reading and our writing: look again at what now stands.
            if error.code != "ledger.conflict" or attempt >= _ATTEMPTS:
                raise
    raise AssertionError  # pragma: no cover  the loop has no end


async def _settle(desk: Desk, settlement: Settlement) -> Settled:
    stored: StoredCheck | None = await Load(LatestCheck(settlement.case_id, settlement.point))
    if stored is None:
        raise SettleError(
            f"case {settlement.case_id!r} was never checked at {settlement.point}",
            f"办件 {settlement.case_id} 在 {settlement.point} 环节没有核查记录",
            code="settle.never_checked",
            remedy_en="check it first",
            remedy_zh="请先核查",
        )
    standing = stored.standing()
    now = await Now()
    entries: list[Entry] = []
    keys: list[str] = []
    answers = {number: kept.response.answer for number, kept in standing.items()}
    for response in settlement.responses:
        proposal = _proposal(stored, response)
        before = standing.get(proposal.id)
        if before is not None and _same(before.response, response):
            continue
        _refuse_what_cannot_stand(stored, proposal, response)
        number = await NewId("resp")
        feedback = feedback_of(
            desk,
            stored,
            proposal,
            response,
            operator=settlement.operator,
            amends=before.feedback if before else None,
            now=now,
            number="fb_" + number.removeprefix("resp_"),
        )
        entries.append(
            ResponseEntry(
                id=number,
                decision=stored.decision.id,
                case_id=settlement.case_id,
                point=settlement.point,
                response=response,
                operator=settlement.operator,
                at=now,
                amends=before.id if before else None,
                feedback=feedback.id,
            )
        )
        entries.append(FeedbackEntry(feedback, channel_of(desk, stored, proposal)))
        entries += await answered(desk, stored, proposal, response, settlement.operator, now, feedback.id)
        if response.answer == "verifying":
            entries += await inquire(desk, stored, proposal, settlement.operator, response.reason or "", now)
        elif before is not None and before.response.answer == "verifying":
            reason = response.reason or response.answer
            entries += await no_longer_doubted(desk, stored, proposal, settlement.operator, reason, now)
        keys.append(feedback.id)
        answers[proposal.id] = response.answer
    if entries:
        await make_room(desk)
        entries += await _untold(desk, stored, answers, now)
        await Record(tuple(entries))
    return Settled(
        case_id=settlement.case_id,
        point=settlement.point,
        decision=stored.decision.id,
        settled=all(p.id in answers for p in stored.decision.proposals if needs_answer(p)),
        answers=answers,
        feedback=tuple(keys),
    )


async def _untold(desk: Desk, stored: StoredCheck, answers: Mapping[str, str], now: datetime) -> list[NoticeEntry]:
    """Draft the notices of restrictions that are applied and of which nobody has been told: hints, above all."""
    applied = [p for p in stored.decision.proposals if p.kind == "restriction" and answers.get(p.id) == "applied"]
    if not applied or desk.letters is None:
        return []
    told: tuple[StoredNotice, ...] = await Load(Notices(decision=stored.decision.id))
    untold = [p for p in applied if p.id not in {kept.notice.proposal for kept in told}]
    notices = await draft(desk, stored.case, stored.decision, untold, stored.consultations, now)
    return [NoticeEntry(notice) for notice in notices]


def _proposal(stored: StoredCheck, response: Response) -> Proposal:
    for proposal in stored.decision.proposals:
        if proposal.id == response.proposal:
            return proposal
    raise SettleError(
        f"responses: proposal {response.proposal!r} is not part of decision {stored.decision.id}",
        f"responses：决定 {stored.decision.id} 中没有措施 {response.proposal}",
        code="settle.unknown_proposal",
        remedy_en="answer the proposals of the latest check",
        remedy_zh="请对最近一次核查提出的措施作出答复",
    )


def _refuse_what_cannot_stand(stored: StoredCheck, proposal: Proposal, response: Response) -> None:
    disputed = proposal.grounds and not any(stored.carrying(ground) == "carries" for ground in proposal.grounds)
    if disputed or proposal.state in {"suspended", "lifted", "rectified"}:
        raise SettleError(
            f"proposal {proposal.id} was suspended meanwhile, or has ended",
            f"措施 {proposal.id} 已被暂停或者已经解除",
            code="settle.suspended",
            remedy_en="check the case anew",
            remedy_zh="请重新核查",
        )
    if response.answer == "applied":
        return
    if not (response.reason and response.reason.strip()):
        raise SettleError(
            f"proposal {proposal.id}: {response.answer} needs a reason",
            f"措施 {proposal.id}：不执行或者核实必须填写理由",
            code="settle.reason_missing",
            remedy_en="say why",
            remedy_zh="请填写理由",
        )
    if response.answer == "set_aside" and proposal.force == "mandatory":
        # 强制性措施依法必须执行 (plan (三)6); a department that doubts the record answers `verifying`.
        raise SettleError(
            f"proposal {proposal.id} ({proposal.measure}) is mandatory and cannot be set aside",
            f"措施 {proposal.id}（{proposal.measure}）为强制性措施，不得不予执行",
            code="settle.mandatory",
            remedy_en="apply it, or answer `verifying` with the reason why the record is doubted",
            remedy_zh="请执行；对记录有疑问的，请答复“核实中”并说明理由",
        )


def _same(before: Response, now: Response) -> bool:
    return before.answer == now.answer and (before.reason or "") == (now.reason or "")
