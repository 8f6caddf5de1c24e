"""What can be called: the front door's words over HTTP, each with what it takes and gives. It decides nothing.

To a host key, checks of departments and matters that it does not reach are not there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Response

import credit_check_sdk
from credit_check_sdk.core.gate import never_checked
from credit_check_sdk.errors import CallError, CaseError, CreditCheckError, InputError, ManualError, SettleError
from credit_check_sdk.model import (
    Case,
    Decision,
    Explanation,
    NoticeDelivery,
    Paper,
    Pass,
    Receipt,
    Settled,
    Settlement,
)
from credit_check_sdk.service.calls import unknown
from credit_check_sdk.service.metrics import MEDIA_TYPE
from credit_check_sdk.service.values import (
    Asked,
    CheckQuery,
    EvidenceGiven,
    Health,
    KeySet,
    Latest,
    NoticesFound,
    NoticesQuery,
    NoticeStanding,
    ObjectionGiven,
    ObjectionsFound,
    ObjectionsQuery,
    ObjectionStanding,
    PaperGiven,
    Proof,
    Token,
    Withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel

    from credit_check_sdk._shell.register import Deed
    from credit_check_sdk.model.ledger import StoredCheck, StoredNotice, StoredObjection
    from credit_check_sdk.service.calls import Call, Front


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be called."""

    name: str
    method: str
    path: str
    summary: str
    act: Callable[[Front, Call], Awaitable[Any]]
    gives: type[BaseModel] | None
    deed: Deed | None = None
    takes: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    repeats: bool = False


async def check(front: Front, call: Call) -> Decision:
    """Check a case at its decision point."""
    dry = call.ask(CheckQuery).dry_run
    case = call.read(Case, CaseError)
    call.about(case.id, case.operator.department, case.matter, case.point)
    if dry:
        return await front.credit.check(case, record=False)
    before = await front.credit.latest(case.id, case.point)
    if before is not None and call.sees(before) is None:
        # Another department's file would else be hidden from its own gate by a check that is not its own.
        raise CallError(
            "a file of this number is another department's at this point",
            "该编号的办件在此环节属于其他部门",
            code="call.forbidden",
            remedy_en="give the file a number of its own, such as one that begins with the department's code",
            remedy_zh="请使用不与其他部门重复的办件编号，例如以部门编码开头",
        )
    fresh: list[Decision] = []

    async def made() -> str:
        fresh.append(await front.credit.check(case))
        return fresh[0].id

    number = await front.once(call, made)
    call.decision = number
    if fresh:
        front.counts.add("credit_check_checks_total", outcome=fresh[0].outcome)
        return fresh[0]
    return (await _check(front, call, number)).decision


async def settle(front: Front, call: Call) -> Settled:
    """Take the officer's answers to the proposals of the latest check."""
    said = call.read(Settlement, SettleError)
    stored = call.sees(await front.credit.latest(said.case_id, said.point))
    if stored is None:
        raise SettleError(
            f"case {said.case_id!r} was never checked at {said.point}",
            f"办件 {said.case_id} 在 {said.point} 环节没有核查记录",
            code="settle.never_checked",
            remedy_en="check it first",
            remedy_zh="请先核查",
        )
    call.about(said.case_id, said.operator.department, stored.decision.matter, said.point)
    decision = stored.decision

    async def made() -> str:
        return (await front.credit.settle(decision, said.responses, operator=said.operator)).model_dump_json()

    return Settled.model_validate_json(await front.once(call, made))


async def require(front: Front, call: Call) -> Pass:
    """Let the case pass its decision point, or refuse."""
    asked = call.read(Asked)
    case_id = asked.case.id if asked.case else str(asked.case_id)
    point: Any = asked.point or (asked.case and asked.case.point)
    if asked.case is not None:
        call.about(case_id, asked.case.operator.department, asked.case.matter, point)
    call.case_id, call.point = case_id, point
    stored = call.sees(await front.credit.latest(case_id, point))
    if stored is None:
        never_checked(case_id, point)
    passed = await front.credit.require(asked.case or case_id, to=asked.to, point=point)
    if passed.decision != stored.decision.id and call.sees(await front.credit.show(passed.decision)) is None:
        never_checked(case_id, point)
    return passed


async def latest(front: Front, call: Call) -> Decision:
    """Give the latest check of a file at a point."""
    asked = call.ask(Latest)
    stored = call.sees(await front.credit.latest(asked.case_id, asked.point))
    if stored is None:
        raise unknown("there is no such check", "没有该核查")
    return stored.decision


async def show(front: Front, call: Call) -> Decision:
    """Give a check by the number of its decision."""
    return (await _check(front, call)).decision


async def explain(front: Front, call: Call) -> Explanation:
    """Explain a check in plain words to the applicant."""
    return await front.credit.explain((await _check(front, call)).decision.id)


async def prove(front: Front, call: Call) -> Any:
    """Prove a check with a document that verifies with public tools alone; it holds identifiers in full."""
    found = await front.credit.prove((await _check(front, call)).decision.id)
    if found is None:
        raise unknown("there is no such check", "没有该核查")
    return found


async def attach(front: Front, call: Call) -> Decision:
    """Attach evidence of a query made by hand for a required source that was silent, and check anew with it."""
    said = call.read(EvidenceGiven, ManualError)
    stored = call.sees(await front.credit.latest(said.case_id, said.point))
    if stored is None:
        raise ManualError(
            f"case {said.case_id!r} was never checked at {said.point}",
            f"办件 {said.case_id} 在 {said.point} 环节没有核查记录",
            code="manual.never_checked",
            remedy_en="check it first",
            remedy_zh="请先核查",
        )
    call.about(said.case_id, said.operator.department, stored.decision.matter, said.point)
    paper, content = _paper(said.file)

    async def made() -> str:
        decision = await front.credit.attach(
            said.case_id,
            said.point,
            said.source,
            file=(paper.name, content),
            site=said.site,
            queried_at=said.queried_at,
            operator=said.operator,
            records=said.records,
        )
        return decision.id

    return (await _check(front, call, await front.once(call, made))).decision


async def verify_receipt(front: Front, call: Call) -> Receipt:
    """Read a receipt that another system brings along: signed by this ring, of this environment, not expired."""
    return await front.credit.verify_receipt(call.read(Token).receipt)


async def notices(front: Front, call: Call) -> NoticesFound:
    """Give the notices of a file."""
    asked = call.ask(NoticesQuery)
    call.case_id = asked.case_id
    found = [
        _standing(kept)
        for kept in await front.credit.notices(case_id=asked.case_id)
        if call.sees(await front.credit.show(kept.notice.decision)) is not None
    ]
    return NoticesFound(notices=tuple(found))


async def notice_delivered(front: Front, call: Call) -> NoticeStanding:
    """Write down that a notice was delivered; the same again does nothing."""
    number = call.named("number")
    said = call.read(NoticeDelivery)
    try:
        kept = await front.credit.notice(number)
    except InputError:
        kept = None
    stored = call.sees(await front.credit.show(kept.notice.decision)) if kept is not None else None
    if stored is None:
        raise unknown("there is no such notice", "没有该告知书")
    call.about(stored.decision.case_id, said.operator.department, stored.decision.matter, stored.decision.point)
    return _standing(await front.credit.notice_delivered(number, said))


async def take_objection(front: Front, call: Call) -> ObjectionsFound:
    """Take an objection at the counter: what rests on the record is suspended at once, and it is forwarded."""
    given = call.read(ObjectionGiven)
    draft, papers = given.objection, [_paper(each) for each in given.papers]
    stored = call.sees(await front.credit.latest(draft.case_id, draft.point))
    if stored is None:
        raise InputError(
            f"case {draft.case_id!r} was never checked at {draft.point}",
            f"办件 {draft.case_id} 在 {draft.point} 环节没有核查记录",
            code="objection.never_checked",
            remedy_en="check it first",
            remedy_zh="请先核查",
        )
    call.about(draft.case_id, draft.operator.department, stored.decision.matter, draft.point)

    async def made() -> str:
        taken = await front.credit.take_objection(draft, papers)
        return json.dumps([each.objection.id for each in taken])

    found = [await _objection(front, call, number) for number in json.loads(await front.once(call, made))]
    return ObjectionsFound(objections=tuple(map(_objection_standing, found)))


async def objections(front: Front, call: Call) -> ObjectionsFound:
    """Give the objections of a file, and the department's own questions."""
    asked = call.ask(ObjectionsQuery)
    call.case_id = asked.case_id
    found = [
        _objection_standing(kept)
        for kept in await front.credit.objections(case_id=asked.case_id)
        if call.sees(await front.credit.show(kept.objection.decision)) is not None
    ]
    return ObjectionsFound(objections=tuple(found))


async def withdraw_objection(front: Front, call: Call) -> ObjectionStanding:
    """Withdraw an objection that is not answered; what it alone suspended is restored."""
    number, said = call.named("number"), call.read(Withdrawal)
    kept = await _objection(front, call, number)
    call.about(kept.objection.case_id, said.operator.department, str(call.matter), kept.objection.point)
    return _objection_standing(
        await front.credit.withdraw_objection(number, operator=said.operator, reason=said.reason)
    )


async def keys(front: Front, call: Call) -> Any:
    """Give the public keys of receipts, for whoever verifies them offline."""
    del call
    return dict(front.credit.public_keys)


async def health(front: Front, call: Call) -> Health:
    """Say that the service answers."""
    del call
    return Health(environment=front.settings.environment, version=credit_check_sdk.__version__)


async def ready(front: Front, call: Call) -> Health:
    """Say that ledger and audit store can be used."""
    await front.credit.outbox_status()
    await asyncio.to_thread(front.register.find, "cck_0_0")
    return await health(front, call)


async def metrics(front: Front, call: Call) -> Response:
    """Give what Prometheus reads."""
    del call
    gauges: dict[str, list[Any]] = {"credit_check_sources": [], "credit_check_outbox": []}
    try:
        report = await front.credit.outbox_status()
        gauges["credit_check_outbox"] = [((("state", state),), count) for state, count in report.counts.items()]
        gauges.update(await front.figures())
    except CreditCheckError:
        front.counts.add("credit_check_unavailable_total", what="ledger")
    for source in await front.credit.source_status():
        gauges["credit_check_sources"].append(((("source", source.id), ("state", source.state)), 1))
    return Response(front.counts.text(gauges), media_type=MEDIA_TYPE)


async def _check(front: Front, call: Call, number: str | None = None) -> StoredCheck:
    wanted = number or call.named("decision")
    stored = call.sees(await front.credit.show(wanted))
    if stored is None:
        raise unknown("there is no such check", "没有该核查")
    return stored


async def _objection(front: Front, call: Call, number: str) -> StoredObjection:
    found = await front.credit.objections(number=number)
    if not found or call.sees(await front.credit.show(found[0].objection.decision)) is None:
        raise unknown("there is no such objection", "没有该异议")
    return found[0]


def _objection_standing(kept: StoredObjection) -> ObjectionStanding:
    return ObjectionStanding(
        objection=kept.objection, state=kept.state, answer=kept.answer, answered_at=kept.answered_at
    )


def _paper(given: PaperGiven) -> tuple[Paper, bytes]:
    try:
        content = base64.b64decode(given.content, validate=True)
        return Paper(name=given.name, sha256=hashlib.sha256(content).hexdigest(), size=len(content)), content
    except ValueError:
        raise InputError(
            "papers: content is no Base64, or larger than 10 MiB",
            "papers：content 不是 Base64，或超过 10 MiB",
            code="objection.paper",
            remedy_en="encode the file whole, with padding and without line breaks",
            remedy_zh="请对文件整体编码，保留填充，不加换行",
        ) from None


def _standing(kept: StoredNotice) -> NoticeStanding:
    return NoticeStanding(notice=kept.notice, state=kept.state, delivery=kept.delivery)


OPERATIONS = (
    Operation(
        "check", "POST", "/v1/check", "核查 Check a case at its decision point", check, Decision, "check",
        takes=Case, query=CheckQuery, repeats=True,
    ),
    Operation(
        "settle", "POST", "/v1/settle", "答复措施 Take the officer's answers", settle, Settled, "settle",
        takes=Settlement, repeats=True,
    ),
    Operation(
        "require", "POST", "/v1/require", "过闸 Let the case pass, or refuse", require, Pass, "require", takes=Asked
    ),
    Operation("latest", "GET", "/v1/checks", "最近核查 The latest check", latest, Decision, "read", query=Latest),
    Operation("show", "GET", "/v1/checks/{decision}", "一次核查 One check", show, Decision, "read"),
    Operation(
        "explain", "GET", "/v1/checks/{decision}/explanation", "说明 One check in plain words", explain, Explanation,
        "read",
    ),
    Operation("prove", "GET", "/v1/checks/{decision}/proof", "证明 One check as proof", prove, Proof, "prove"),
    Operation(
        "verify_receipt", "POST", "/v1/verify-receipt", "验证回执 Read a receipt", verify_receipt, Receipt, "require",
        takes=Token,
    ),
    Operation(
        "notices", "GET", "/v1/notices", "告知书 The notices of a file", notices, NoticesFound, "read",
        query=NoticesQuery,
    ),
    Operation(
        "notice_delivered", "POST", "/v1/notices/{number}/delivered", "送达 A notice was delivered", notice_delivered,
        NoticeStanding, "settle", takes=NoticeDelivery,
    ),
    Operation(
        "take_objection", "POST", "/v1/objections", "受理异议 Take an objection", take_objection, ObjectionsFound,
        "settle", takes=ObjectionGiven, repeats=True,
    ),
    Operation(
        "objections", "GET", "/v1/objections", "异议 The objections of a file", objections, ObjectionsFound, "read",
        query=ObjectionsQuery,
    ),
    Operation(
        "withdraw_objection", "POST", "/v1/objections/{number}/withdrawn", "撤回异议 Withdraw an objection",
        withdraw_objection, ObjectionStanding, "settle", takes=Withdrawal,
    ),
    Operation(
        "attach", "POST", "/v1/manual-evidence", "人工查询佐证 Evidence of a query made by hand", attach, Decision, "check",
        takes=EvidenceGiven, repeats=True,
    ),
    Operation("keys", "GET", "/.well-known/jwks.json", "公钥 The public keys of receipts", keys, KeySet),
    Operation("health", "GET", "/v1/health", "存活 That it answers", health, Health),
    Operation("ready", "GET", "/v1/ready", "就绪 That it can work", ready, Health),
    Operation("metrics", "GET", "/metrics", "指标 What Prometheus reads", metrics, None, "metrics"),
)  # fmt: skip
"""All that can be called."""
