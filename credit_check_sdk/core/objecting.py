"""Take an objection at the counter, forward it with its papers, and suspend what rests on the record. Flows.

Whoever receives an objection marks and forwards it (地方条例: 即时标注、转送核实); what rests on the record is not carried out
until it is answered. The department's own doubt (``verifying``) is asked of the provider in the same way.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from credit_check_sdk.core.consequences import Consequences, reach
from credit_check_sdk.core.desk import day_of, local
from credit_check_sdk.core.feedback import UNROUTED, channel_of, feedback_of
from credit_check_sdk.core.notices import day_due
from credit_check_sdk.errors import InputError, LedgerError
from credit_check_sdk.flow import Load, NewId, Now, Record
from credit_check_sdk.model import Objection, Operator, Response
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.ledger import (
    CheckById,
    FeedbackEntry,
    LatestCheck,
    ObjectionAnswerEntry,
    ObjectionEntry,
    Objections,
    PaperEntry,
    Standings,
    StoredCheck,
    StoredObjection,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Ground, ObjectionDraft, ObjectionKind, Paper, Proposal
    from credit_check_sdk.model.ledger import Entry

_ATTEMPTS = 5
_TERMS: dict[ObjectionKind, str] = {"objection": "objection.answer", "verifying": "verifying.answer"}


async def take(desk: Desk, draft: ObjectionDraft, papers: Sequence[tuple[Paper, bytes]]) -> tuple[StoredObjection, ...]:
    """Take an objection: one for each record that is disputed, forwarded and suspending at once.

    Raises:
        InputError: the file was never checked, no such proposal or record, a paper that is not what it says, or an
            objection of the same file to the same record that is still open.
    """
    for content in papers:
        _refuse_another_content(*content)
    for attempt in range(_ATTEMPTS):
        try:
            return await _take(desk, draft, papers)
        except LedgerError as error:
            if error.code != "ledger.conflict" or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # pragma: no cover  the loop returns or raises


async def _take(
    desk: Desk, draft: ObjectionDraft, papers: Sequence[tuple[Paper, bytes]]
) -> tuple[StoredObjection, ...]:
    stored: StoredCheck | None = await Load(LatestCheck(draft.case_id, draft.point))
    if stored is None:
        raise _refused(
            f"case {draft.case_id!r} was never checked at {draft.point}",
            f"办件 {draft.case_id} 在 {draft.point} 环节没有核查记录",
            "check it first",
            "请先核查",
        )
    disputed = _disputed(stored, draft)
    now = await Now()
    await _refuse_a_second(draft.case_id, disputed)
    entries: list[Entry] = []
    taken: list[Objection] = []
    for place, proposals in disputed.items():
        objection, forwarded = await _made(desk, stored, place, proposals, "objection", draft.operator, draft.text, now)
        objection = objection.model_copy(
            update={"objector": draft.objector, "papers": tuple(paper for paper, _ in papers)}
        )
        feedback = forwarded.feedback.model_copy(update={"objector": draft.objector, "papers": objection.papers})
        made = await _suspend(desk, objection, now)
        entries += [ObjectionEntry(objection, made.reached), FeedbackEntry(feedback, forwarded.channel), *made.entries]
        for paper, content in papers:
            number = await NewId("paper")
            entries.append(PaperEntry(number, objection.id, draft.case_id, paper, content, now))
        taken.append(objection)
    await Record(tuple(entries))
    return tuple(StoredObjection(objection) for objection in taken)


async def withdraw(desk: Desk, number: str, operator: Operator, reason: str) -> StoredObjection:
    """Withdraw an objection that is not answered; what it alone suspended goes on.

    Raises:
        InputError: there is none of that number, or it is closed.
    """
    stored = await find(number)
    if stored.state != "open":
        raise _refused(
            f"objection {number} is {stored.state}",
            f"异议 {number} 已办结或者撤回",
            "read what became of it with `credit-check objection show`",
            "请用 credit-check objection show 查看结果",
            code="objection.closed",
        )
    objection, now = stored.objection, await Now()
    by = f"operator:{operator.id}"
    entries: list[Entry] = [
        ObjectionAnswerEntry(await NewId("answer"), number, objection.case_id, "withdrawn", now, by),
        await _withdrawal(desk, objection, operator, reason, now),
    ]
    if objection.kind == "objection":
        standing = await _standing(objection.source, objection.record_id, without=number)
        made = await reach(
            desk, {(objection.source, objection.record_id): standing}, at=now, by=by, cause="objection_withdrawn"
        )
        entries += made.entries
    await Record(tuple(entries))
    return replace(stored, state="withdrawn", answer="withdrawn", answered_at=now)


async def find(number: str) -> StoredObjection:
    """Find an objection.

    Raises:
        InputError: there is none of that number.
    """
    found: tuple[StoredObjection, ...] = await Load(Objections(number=number))
    if not found:
        raise _refused(
            f"there is no objection {number!r}",
            f"没有编号为 {number} 的异议",
            "list them with `credit-check objection list`",
            "可用 credit-check objection list 查看",
            code="objection.unknown",
        )
    return found[0]


async def inquire(
    desk: Desk, stored: StoredCheck, proposal: Proposal, operator: Operator, reason: str, now: datetime
) -> list[Entry]:
    """Ask the provider about each record that the department doubts, unless this file has asked already."""
    entries: list[Entry] = []
    for ground in proposal.grounds:
        place = (ground.source, ground.record_id)
        open_ones: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=(place,)))
        if any(each.objection.case_id == stored.case.id for each in open_ones):
            continue
        objection, forwarded = await _made(desk, stored, place, [proposal], "verifying", operator, reason, now)
        entries += [ObjectionEntry(objection), forwarded]
    return entries


async def no_longer_doubted(
    desk: Desk, stored: StoredCheck, proposal: Proposal, operator: Operator, reason: str, now: datetime
) -> list[Entry]:
    """Withdraw what the department asked the provider about the records of *proposal*."""
    places = tuple((ground.source, ground.record_id) for ground in proposal.grounds)
    if not places:
        return []
    open_ones: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=places))
    entries: list[Entry] = []
    for each in open_ones:
        asked = each.objection
        if asked.kind == "verifying" and asked.decision == stored.decision.id and proposal.id in asked.proposals:
            by = f"operator:{operator.id}"
            number = await NewId("answer")
            entries.append(ObjectionAnswerEntry(number, asked.id, asked.case_id, "withdrawn", now, by))
            entries.append(await _withdrawal(desk, asked, operator, reason, now))
    return entries


def _disputed(stored: StoredCheck, draft: ObjectionDraft) -> dict[tuple[str, str], list[Proposal]]:
    """Find the records that are disputed, with the proposals that rest on them."""
    known = {proposal.id for proposal in stored.decision.proposals}
    unknown = [number for number in draft.proposals if number not in known]
    chosen = [p for p in stored.decision.proposals if p.id in draft.proposals or not draft.proposals]
    restrictions = [p for p in chosen if p.kind == "restriction" or draft.proposals]
    disputed: dict[tuple[str, str], list[Proposal]] = {}
    for proposal in restrictions:
        for ground in proposal.grounds:
            if ground.record_id in draft.records or not draft.records:
                disputed.setdefault((ground.source, ground.record_id), []).append(proposal)
    missing = set(draft.records) - {record_id for _, record_id in disputed}
    if unknown or missing or not disputed:
        named = ", ".join([*unknown, *sorted(missing)]) or stored.decision.id
        raise _refused(
            f"the latest check of case {draft.case_id!r} rests no restriction on {named}",
            f"办件 {draft.case_id} 最近一次核查中没有以 {named} 为依据的限制措施",
            "name a proposal or a record of the latest check; see `credit-check evidence show`",
            "请指明最近一次核查中的措施或者记录，可用 credit-check evidence show 查看",
            code="objection.nothing_disputed",
        )
    return disputed


async def _refuse_a_second(case_id: str, disputed: dict[tuple[str, str], list[Proposal]]) -> None:
    open_ones: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=tuple(disputed)))
    for each in open_ones:
        if each.objection.case_id == case_id and each.objection.kind == "objection":
            raise _refused(
                f"objection {each.objection.id} to the same record is not answered yet",
                f"对同一记录的异议 {each.objection.id} 尚未办结",
                "wait for its answer, or withdraw it and object anew",
                "请待其办结，或者撤回后重新提出",
                code="objection.open",
            )


async def _made(  # noqa: PLR0913, PLR0917  an objection is made of all of these
    desk: Desk,
    stored: StoredCheck,
    place: tuple[str, str],
    proposals: Sequence[Proposal],
    kind: ObjectionKind,
    operator: Operator,
    text: str,
    now: datetime,
) -> tuple[Objection, FeedbackEntry]:
    """Make an objection to one record, and the feedback that forwards it."""
    source, record_id = place
    proposal = proposals[0]
    number = await NewId("obj")
    due, forward = (day_due(desk, term, day_of(now)) for term in (_TERMS[kind], "objection.forward"))
    forwarded = feedback_of(
        desk,
        stored,
        proposal,
        Response(proposal=proposal.id, answer="verifying", reason=text),
        operator=operator,
        amends=None,
        now=now,
        number="fb_" + number.removeprefix("obj_"),
    ).model_copy(
        update={
            "kind": "objection",
            "record_id": record_id,
            "list_code": next((g.list_code for g in proposal.grounds if _at(g) == place), None),
            "source": source,
            "state": "suspended",
            "cause": kind,
            "objection": number,
            "due_on": due.on if due else None,
        }
    )
    objection = Objection(
        id=number,
        kind=kind,
        case_id=stored.case.id,
        point=stored.decision.point,
        decision=stored.decision.id,
        proposals=tuple(each.id for each in proposals),
        source=source,
        record_id=record_id,
        subject_name=forwarded.subject_name,
        text=text,
        operator=operator,
        taken_at=local(now),
        term=_TERMS[kind],
        due_on=due.on if due else None,
        provisional=due.provisional if due else False,
        forward_by=forward.on if forward else None,
        feedback=forwarded.id,
    )
    channel = source if source in desk.channels else channel_of(desk, stored, proposal)
    return objection, FeedbackEntry(forwarded, channel)


async def _suspend(desk: Desk, objection: Objection, now: datetime) -> Consequences:
    """Suspend whatever rests on the record, in every file."""
    place = (objection.source, objection.record_id)
    standing = await _standing(*place)
    standing = replace(standing, objections=standing.objections + 1)
    return await reach(
        desk, {place: standing}, at=now, by=f"operator:{objection.operator.id}", cause="objection", change=objection.id
    )


async def _standing(source: str, record_id: str, *, without: str | None = None) -> RecordStanding:
    known: dict[str, RecordStanding] = await Load(Standings(source, (record_id,)))
    open_ones: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=((source, record_id),)))
    left = [e for e in open_ones if e.objection.kind == "objection" and e.objection.id != without]
    return replace(known.get(record_id, RecordStanding()), objections=len(left))


async def _withdrawal(
    desk: Desk, objection: Objection, operator: Operator, reason: str, now: datetime
) -> FeedbackEntry:
    stored: StoredCheck = await Load(CheckById(objection.decision))
    proposal = next(p for p in stored.decision.proposals if p.id in objection.proposals)
    number = await NewId("fb")
    told = feedback_of(
        desk,
        stored,
        proposal,
        Response(proposal=proposal.id, answer="verifying", reason=reason),
        operator=operator,
        amends=objection.feedback,
        now=now,
        number=number,
    ).model_copy(
        update={
            "kind": "objection",
            "record_id": objection.record_id,
            "source": objection.source,
            "cause": "objection_withdrawn",
            "objection": objection.id,
        }
    )
    channel = objection.source if objection.source in desk.channels else channel_of(desk, stored, proposal)
    return FeedbackEntry(told, channel or UNROUTED)


def _at(ground: Ground) -> tuple[str, str]:
    return ground.source, ground.record_id


def _refuse_another_content(paper: Paper, content: bytes) -> None:
    if len(content) != paper.size or hashlib.sha256(content).hexdigest() != paper.sha256:
        raise _refused(
            f"paper {paper.name!r} is not what its digest says",
            f"材料 {paper.name} 与其摘要不符",
            "give the file as it was handed in",
            "请提供原始文件",
            code="objection.paper",
        )


def _refused(en: str, zh: str, remedy_en: str, remedy_zh: str, *, code: str = "objection.never_checked") -> InputError:
    return InputError(en, zh, code=code, remedy_en=remedy_en, remedy_zh=remedy_zh)
