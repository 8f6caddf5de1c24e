"""Take, follow and end commitments: deferred acceptance (容缺受理) and the other six types. Flows; no deed of their own.

Every step is recorded together with the report that tells the platform of it. A deferral never moves the statutory
days: that of the one-off notice (行政许可法 第三十二条) and that of the decision (第四十二条). A breach is an officer's to confirm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_sdk.catalogue.letters import Letters
from credit_check_sdk.core import promise_words
from credit_check_sdk.core.breaches import broke
from credit_check_sdk.core.desk import day_of, local
from credit_check_sdk.core.feedback import nearest
from credit_check_sdk.core.notices import day_due
from credit_check_sdk.core.promises import ACTIVE, days_left, limits, move
from credit_check_sdk.errors import InputError, LedgerError
from credit_check_sdk.flow import Hashed, Load, NewId, Now, Record
from credit_check_sdk.model import (
    Case,
    Commitment,
    DeferredMaterial,
    Extension,
    Feedback,
    Promise,
    StoredCommitment,
    Words,
)
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.feedback import COMMITMENT_TYPES
from credit_check_sdk.model.ledger import (
    CommitmentEntry,
    Commitments,
    FeedbackEntry,
    LastCommitment,
    LatestCheck,
    Standings,
    StoredCheck,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import CommitmentDraft, CommitmentEvent, Identifier, Operator, RedListEntry, Subject
    from credit_check_sdk.model.ledger import Entry

_ATTEMPTS = 5
TOLD = frozenset({"commit", "extend", "fulfil", "breach", "withdraw", "repair"})
"""Steps of which the platform is told."""
_ENDED = {"gone", "wrong"}


@dataclass(frozen=True, slots=True)
class FollowReport:
    """What became of commitments when they were looked at."""

    reminded: tuple[str, ...] = ()
    """Codes of those whose applicant is to be reminded today."""
    overdue: tuple[str, ...] = ()
    """Codes of those whose day has passed; an officer confirms the breach, or extends."""
    repaired: tuple[str, ...] = ()
    """Codes of those whose breach the platform says is repaired."""


async def offer(desk: Desk, case: Case, operator: Operator | None = None) -> StoredCommitment:
    """Tell an applicant once all that is missing, and draft the letter of commitment.

    Raises:
        InputError: the check does not allow it; ``code`` and reasons say why.
    """
    return await _again(lambda: _offer(desk, case, operator))


async def defer(desk: Desk, case: Case, promise: Promise, operator: Operator | None = None) -> StoredCommitment:
    """Accept a case whose formal materials are missing, against a written promise.

    Raises:
        InputError: the check does not allow it, or the day promised lies behind.
    """

    async def take() -> StoredCommitment:
        offered = await _active(case.id)
        if offered is None or offered.state != "offered":
            offered = await _drafted(desk, case, operator)
        elif await broke(offered.commitment.identify):
            raise _excluded()
        return await _commit(desk, offered, case, promise, operator or offered.operator)

    return await _again(take)


async def refuse(desk: Desk, code: str, operator: Operator, reason: str) -> StoredCommitment:
    """Write down that the applicant promises nothing: the ordinary procedure goes on."""
    return await _step(desk, await find(code), "refuse", operator, reason)


async def withdraw(desk: Desk, code: str, operator: Operator, reason: str) -> StoredCommitment:
    """Take a promise back before the decision; what was missing is missing again."""
    before = await find(code)
    said = before.commitment.model_copy(update={"remarks": f"已撤回：{reason}"[:512]})
    return await _step(desk, before, "withdraw", operator, reason, commitment=said)


async def supply(
    desk: Desk, code: str, materials: Sequence[str], operator: Operator, arrived_on: date | None = None
) -> StoredCommitment:
    """Take materials that have arrived; the last of them fulfils the commitment.

    Raises:
        InputError: a material that is not deferred or is there already, or one that arrived late.
    """
    before = await find(code)
    today = day_of(await Now())
    arrived = arrived_on or today
    start = before.commitment.committed_on
    if not start <= arrived <= today:
        raise _refused(
            f"nothing can have arrived on {arrived}",
            f"材料不可能在 {arrived} 送达",
            "commitment.invalid",
            f"give a day from {start} until today",
            f"送达日期应在 {start} 与今日之间",
        )
    wanted = dict.fromkeys(materials)
    open_ones = {each.code for each in before.missing}
    unknown = [each for each in wanted if each not in open_ones]
    if unknown or not wanted:
        raise _refused(
            f"{', '.join(unknown) or 'nothing'} is not waited for by commitment {code}",
            f"承诺 {code} 不缺材料 {'、'.join(unknown)}",
            "deferral.material",
            f"it waits for {', '.join(sorted(open_ones)) or 'nothing'}",
            f"尚缺：{'、'.join(sorted(open_ones)) or '无'}",
        )
    if before.due_on is not None and arrived > before.due_on:
        raise _refused(
            f"it arrived on {arrived}, after the day due, {before.due_on}",
            f"材料 {arrived} 送达，已超过期限 {before.due_on}",
            "deferral.late",
            "confirm the breach, or extend it where force majeure was the cause",
            "请确认违诺；因不可抗力的，可先行延期",
        )
    after = tuple(
        each.model_copy(update={"supplied_on": arrived}) if each.code in wanted else each for each in before.materials
    )
    if any(each.supplied_on is None for each in after):
        return await _step(desk, before, "supply", operator, "、".join(wanted), materials=after)
    said = _confirmed(before, operator, arrived, fulfilment="all", unperformed=None)
    return await _step(desk, before, "fulfil", operator, "、".join(wanted), materials=after, commitment=said)


async def fulfil(desk: Desk, code: str, operator: Operator, reason: str) -> StoredCommitment:
    """Confirm that a commitment without materials was kept.

    Raises:
        InputError: it waits for materials, or is not open.
    """
    before = await find(code)
    if before.missing:
        raise _refused(
            f"commitment {code} waits for {', '.join(each.code for each in before.missing)}",
            f"承诺 {code} 尚缺材料",
            "deferral.material",
            "enter them with `credit-check supply`",
            "请用 credit-check supply 登记",
        )
    said = _confirmed(before, operator, day_of(await Now()), fulfilment="all", unperformed=None)
    return await _step(desk, before, "fulfil", operator, reason, commitment=said)


async def extend(desk: Desk, code: str, until: date, operator: Operator, reason: str) -> StoredCommitment:
    """Give more time because of force majeure; the statutory day of the decision stays the last.

    Raises:
        InputError: the new day is no later, lies behind, or after the day of the decision.
    """
    before = await find(code)
    today = day_of(await Now())
    last = before.decide_by
    if before.due_on is None or until <= before.due_on or until < today or (last is not None and until > last):
        raise _refused(
            f"commitment {code} cannot be extended to {until}",
            f"承诺 {code} 不能延期至 {until}",
            "commitment.invalid",
            f"give a day after {before.due_on}, from today on" + (f", until {last}" if last else ""),
            f"新期限应晚于 {before.due_on}、不早于今日" + (f"，且不超过法定办结期限 {last}" if last else ""),
        )
    added = Extension(until=until, reason=_needed(reason), operator=operator.id)
    said = before.commitment.model_copy(update={"valid_until": until})
    return await _step(
        desk,
        before,
        "extend",
        operator,
        reason,
        due_on=until,
        reminded=(),
        extensions=(*before.extensions, added),
        commitment=said,
    )


async def breach(desk: Desk, code: str, operator: Operator, reason: str) -> StoredCommitment:
    """Confirm that a commitment was broken: what the matter's rule says follows, and the platform is told.

    Raises:
        InputError: it is neither overdue, nor found to be untrue.
    """
    before = await find(code)
    policy = desk.policies.get(before.matter)
    consequence = (policy.overdue if policy else "terminated") if before.materials else None
    left = "、".join(f"{each.code} {each.name}" for each in before.missing) or before.commitment.content
    taken = promise_words.CONSEQUENCES[consequence].zh if consequence else before.commitment.liability
    done = any(each.supplied_on for each in before.materials) and before.missing
    said = _confirmed(
        before, operator, day_of(await Now()), fulfilment="part" if done else "none", unperformed=left[:4000]
    ).model_copy(update={"liability_taken": taken})
    return await _step(desk, before, "breach", operator, _needed(reason), commitment=said, consequence=consequence)


async def repair(desk: Desk, code: str, operator: Operator, reason: str) -> StoredCommitment:
    """Write down that a breach was repaired: the subject may promise again."""
    before = await find(code)
    said = before.commitment.model_copy(update={"remarks": f"已修复：{_needed(reason)}"[:512]})
    return await _step(desk, before, "repair", operator, reason, commitment=said)


async def collect(desk: Desk, draft: CommitmentDraft) -> StoredCommitment:
    """Collect a commitment of another type than a deferral.

    Raises:
        InputError: it is a deferral, or the subject has no identifier.
    """
    if draft.commitment_type == "deferral":
        raise _refused(
            "a deferral rests on a check",
            "容缺受理承诺须以核查为依据",
            "commitment.invalid",
            "use `credit-check defer`",
            "请使用 credit-check defer",
        )

    async def take() -> StoredCommitment:
        now = await Now()
        code = await _code(desk, None, day_of(now))
        said = Commitment(
            code=code,
            subject_name=draft.subject.name,
            subject_category=draft.subject.category,
            identify=_identifier(draft.subject),
            commitment_type=draft.commitment_type,
            reason=draft.reason,
            content=draft.content,
            liability=draft.liability,
            committed_on=day_of(now),
            valid_until=draft.valid_until,
            unperformed=draft.content,
            accepted_by=_department(desk, draft.operator),
            accepted_by_code=draft.operator.department,
            publication=draft.publication,
        )
        stored = StoredCommitment(
            commitment=said,
            state="open",
            case_id=draft.case_id or code,
            matter=draft.matter,
            operator=draft.operator,
            received_on=day_of(now),
            due_on=draft.valid_until,
            step=await NewId("com"),
            event="commit",
            at=local(now),
            by=f"operator:{draft.operator.id}",
        )
        return await _kept(desk, stored, "", draft.operator)

    return await _again(take)


async def follow(desk: Desk) -> FollowReport:
    """Remind, say what is overdue, and take over repairs that the platform has reported."""
    today = day_of(await Now())
    reminded: list[str] = []
    overdue: list[str] = []
    repaired: list[str] = []
    for each in await Load(Commitments(states=("open", "breached"), limit=100_000)):
        if each.state == "breached":
            if await _repaired(desk, each):
                await _step(desk, each, "repair", None, "信用平台已修复该违诺记录")
                repaired.append(each.code)
        elif each.due_on is not None and today > each.due_on:
            await _step(desk, each, "lapse", None, f"期限 {each.due_on} 已过")
            overdue.append(each.code)
        elif each.due_on is not None and each.materials:
            left = days_left(desk, today, each.due_on)
            policy = desk.policies.get(each.matter)
            now_due = [n for n in (policy.remind_before if policy else ()) if left <= n and n not in each.reminded]
            if now_due:
                told = tuple(sorted({*each.reminded, *now_due}))
                await _step(desk, each, "remind", None, f"距期限 {left} 个工作日", reminded=told)
                reminded.append(each.code)
    return FollowReport(tuple(reminded), tuple(overdue), tuple(repaired))


async def find(code: str) -> StoredCommitment:
    """Find a commitment.

    Raises:
        InputError: there is none of that code.
    """
    found: tuple[StoredCommitment, ...] = await Load(Commitments(code=code)) if code else ()
    if not found:
        raise _refused(
            f"there is no commitment {code!r}",
            f"没有编码为 {code} 的承诺",
            "commitment.unknown",
            "list them with `credit-check commitments list`",
            "可用 credit-check commitments list 查看",
        )
    return found[0]


async def push_red_list(desk: Desk, entry: RedListEntry, operator: Operator, withdrawn: str | None = None) -> str:
    """Report an entry of the department's own red list, or that it is withdrawn for a reason; answer its key.

    Raises:
        InputError: the subject has no identifier.
    """
    identifier = _identifier(entry.subject)
    digest = await Hashed(
        ("red-list", entry.list_code, identifier.scheme, identifier.normal, entry.listed_on.isoformat())
    )
    key = f"fb_red_{digest[:40]}"
    now = await Now()
    told = entry.model_dump(mode="json", context={"reveal": True})
    told |= {"withdrawn": withdrawn is not None, "withdrawn_on": day_of(now).isoformat() if withdrawn else None}
    feedback = _report(
        desk,
        key if withdrawn is None else f"{key}_withdrawn",
        entry.subject.name,
        entry.subject.category,
        identifier,
        operator,
        now,
    ).model_copy(
        update={
            "kind": "red_list",
            "amends": key if withdrawn is not None else None,
            "measure": "red_list",
            "measure_name": Words(zh="红名单", en="Red list"),
            "list_code": entry.list_code,
            "reason": withdrawn,
            "cause": "withdrawn" if withdrawn is not None else "listed",
            "basis": entry.basis,
            "red_list": told,
        }
    )
    await Record((FeedbackEntry(feedback, nearest(desk)),))
    return feedback.id


async def _offer(desk: Desk, case: Case, operator: Operator | None) -> StoredCommitment:
    active = await _active(case.id)
    if active is not None:
        raise _still_open(active)
    return await _kept(desk, await _drafted(desk, case, operator), "", None)


async def _drafted(desk: Desk, case: Case, operator: Operator | None) -> StoredCommitment:
    """Make what is offered, if the check allows it."""
    active = await _active(case.id)
    if active is not None:
        raise _still_open(active)
    stored = await _allowed(case)
    policy, now = desk.policy(case), await Now()
    today, received = day_of(now), day_of(case.opened_at)
    officer = operator or case.operator
    wanted = set(stored.decision.facilities.deferral.materials)
    materials = tuple(DeferredMaterial(code=m.code, name=m.name) for m in stored.case.materials if m.code in wanted)
    code = await _code(desk, case, today)
    told = day_due(desk, "acceptance.one_off_notice", received)
    # 逾期不告知的，自收到申请材料之日起即为受理: then the clock of the decision runs from the receipt.
    late = told is not None and today > told.on
    decide = day_due(desk, "acceptance.decision", received if late else today)
    days, provisional = limits(desk, policy, today, None, decide.on if decide else None)
    last = min(days.values(), default=today)
    duty = promise_words.liability(policy.overdue)
    papers = promise_words.Papers(desk.letters or Letters(), case, policy.name, materials, duty)
    said = Commitment(
        code=code,
        subject_name=case.subject.name,
        subject_category=case.subject.category,
        identify=_identifier(case.subject),
        commitment_type="deferral",
        reason=f"申请办理“{policy.name.zh}”政务服务事项"[:512],
        content=f"于 {last.isoformat()} 前补齐：{'、'.join(m.name for m in materials)}。{promise_words.STATEMENTS.zh}"[
            :4000
        ],
        liability=duty.zh,
        committed_on=today,
        valid_until=last,
        unperformed="、".join(f"{m.code} {m.name}" for m in materials)[:4000],
        accepted_by=_department(desk, officer),
        accepted_by_code=officer.department,
    )
    return StoredCommitment(
        commitment=said,
        state="offered",
        case_id=case.id,
        matter=case.matter,
        point=case.point,
        decision=stored.decision.id,
        operator=officer,
        materials=materials,
        received_on=received,
        one_off_by=told.on if told else None,
        deemed_accepted=late,
        accepted_on=received if late else None,
        decide_by=decide.on if decide else None,
        limits=days,
        due_on=last,
        provisional=provisional or bool(decide and decide.provisional),
        notice=papers.notice(last, decide.on if decide else None),
        letter=papers.letter(code, last),
        step=await NewId("com"),
        event="offer",
        at=local(now),
        by=f"operator:{officer.id}",
    )


async def _commit(
    desk: Desk, offered: StoredCommitment, case: Case, promise: Promise, operator: Operator
) -> StoredCommitment:
    policy, now = desk.policy(case), await Now()
    today = day_of(now)
    if promise.supply_by is not None and promise.supply_by < today:
        raise _refused(
            f"the day promised, {promise.supply_by}, lies behind",
            f"承诺日期 {promise.supply_by} 已过",
            "commitment.invalid",
            "promise a day from today on, or none",
            "请承诺今日或以后的日期，或者不填",
        )
    new = offered.event == "offer" and not await Load(Commitments(code=offered.code))
    state = move(offered.code, offered.state, "commit")
    accepted = offered.accepted_on or today
    decide = day_due(desk, "acceptance.decision", accepted)
    days, provisional = limits(desk, policy, today, promise.supply_by, decide.on if decide else None)
    last = min(days.values(), default=today)
    duty = promise_words.liability(policy.overdue)
    papers = promise_words.Papers(desk.letters or Letters(), case, policy.name, offered.materials, duty)
    names = "、".join(m.name for m in offered.materials)
    said = offered.commitment.model_copy(
        update={
            "committed_on": today,
            "valid_until": last,
            "content": f"于 {last.isoformat()} 前补齐：{names}。{promise_words.STATEMENTS.zh}"[:4000],
        }
    )
    stored = offered.model_copy(
        update={
            "commitment": said,
            "state": state,
            "accepted_on": accepted,
            "decide_by": decide.on if decide else None,
            "limits": days,
            "due_on": last,
            "provisional": provisional or bool(decide and decide.provisional),
            "letter": papers.letter(offered.code, last),
            "signed_by": promise.signed_by + (f"（代理人 {promise.agent}）" if promise.agent else ""),
            "step": await NewId("com"),
            "event": "commit",
            "at": local(now),
            "by": f"operator:{operator.id}",
        }
    )
    return await _kept(desk, stored, "" if new else offered.step, operator)


async def _allowed(case: Case) -> StoredCheck:
    """Give the check that allows it."""
    stored: StoredCheck | None = await Load(LatestCheck(case.id, case.point))
    if stored is None:
        raise _refused(
            f"case {case.id!r} was never checked at {case.point}",
            f"办件 {case.id} 在 {case.point} 环节没有核查记录",
            "deferral.never_checked",
            "check it first",
            "请先核查",
        )
    if stored.touched_by is not None or stored.decision.valid_until <= await Now() or stored.case.matter != case.matter:
        raise _refused(
            f"the check of case {case.id!r} no longer counts",
            f"办件 {case.id} 的核查已经失效",
            "deferral.stale",
            "check it again",
            "请重新核查",
        )
    if await broke(_identifier(case.subject)):
        raise _excluded()
    deferral = stored.decision.facilities.deferral
    if not deferral.granted or not deferral.materials:
        said = deferral.reasons
        raise _refused(
            f"no deferral: {said.en}",
            f"不适用容缺受理：{said.zh}",
            "deferral.refused",
            "take the ordinary procedure",
            "请按普通程序办理",
        )
    missing = {m.code for m in case.materials if m.state == "missing"}
    if missing and not missing <= set(deferral.materials):
        raise _refused(
            "other materials are missing than when it was checked",
            "所缺材料与核查时不一致",
            "deferral.stale",
            "check it again",
            "请重新核查",
        )
    return stored


async def _active(case_id: str) -> StoredCommitment | None:
    found: tuple[StoredCommitment, ...] = await Load(Commitments(case_id=case_id, states=ACTIVE))
    return next((each for each in found if each.commitment.commitment_type == "deferral"), None)


async def _repaired(desk: Desk, each: StoredCommitment) -> bool:
    for source in desk.sources:
        known: dict[str, RecordStanding] = await Load(Standings(source, (each.code,)))
        if known.get(each.code, RecordStanding()).carrying in _ENDED:
            return True
    return False


async def _step(
    desk: Desk,
    before: StoredCommitment,
    event: CommitmentEvent,
    operator: Operator | None,
    why: str,
    **changes: Any,
) -> StoredCommitment:
    after = before.model_copy(
        update={
            **changes,
            "state": move(before.code, before.state, event),
            "step": await NewId("com"),
            "event": event,
            "at": local(await Now()),
            "by": f"operator:{operator.id}" if operator else "clock",
            "why": why,
        }
    )
    return await _kept(desk, after, before.step, operator)


async def _kept(desk: Desk, stored: StoredCommitment, follows: str, operator: Operator | None) -> StoredCommitment:
    """Record a step, with the report that tells of it."""
    entries: list[Entry] = []
    if stored.event in TOLD:
        key = "fb_" + stored.step.removeprefix("com_")
        feedback = _told(desk, stored, key, operator or stored.operator)
        stored = stored.model_copy(update={"feedback": key})
        entries.append(FeedbackEntry(feedback, nearest(desk)))
    await Record((CommitmentEntry(stored, follows), *entries))
    return stored


def _told(desk: Desk, stored: StoredCommitment, key: str, operator: Operator) -> Feedback:
    said = stored.commitment
    name = COMMITMENT_TYPES[said.commitment_type]
    policy = desk.policies.get(stored.matter)
    made = _report(desk, key, said.subject_name, said.subject_category, said.identify, operator, stored.at)
    return made.model_copy(
        update={
            "amends": stored.feedback,
            "case_id": stored.case_id,
            "matter": stored.matter,
            "matter_name": policy.name if policy else None,
            "point": stored.point,
            "decision": stored.decision,
            "measure_name": Words(zh=f"信用承诺（{name}）", en=f"Commitment ({said.commitment_type})"),
            "reason": stored.why or None,
            "cause": stored.event,
            "due_on": stored.due_on,
            "basis": said.reason,
            "commitment": said,
        }
    )


def _report(  # noqa: PLR0913, PLR0917  whom it is about and who tells
    desk: Desk, key: str, name: str, category: Any, identifier: Identifier, operator: Operator, now: datetime
) -> Feedback:
    return Feedback(
        id=key,
        kind="commitment",
        case_id=key,
        matter="",
        point="accept",
        decision="",
        proposal="",
        measure="commitment",
        measure_name=Words(zh="信用承诺", en="Commitment"),
        direction="incentive",
        subject_name=name,
        subject_category=category,
        identifier=identifier,
        source=nearest(desk),
        answer="applied",
        executed=True,
        basis="",
        operator=operator,
        region=desk.region,
        environment=desk.environment,
        at=local(now),
    )


def _confirmed(before: StoredCommitment, operator: Operator, day: date, **changes: Any) -> Commitment:
    return before.commitment.model_copy(
        update={
            **changes,
            "confirmed_on": day,
            "confirmed_by": before.commitment.accepted_by,
            "confirmed_by_code": operator.department,
        }
    )


async def _code(desk: Desk, case: Case | None, today: date) -> str:
    region = (case.region if case else None) or desk.region or "000000"
    prefix = f"{region}{today:%Y%m%d}"
    last: str | None = await Load(LastCommitment(prefix))
    return f"{prefix}{int(last[14:]) + 1 if last else 1:06d}"


def _department(desk: Desk, operator: Operator) -> str:
    contact = desk.contacts.get(operator.department) or desk.contact
    return (contact.name if contact else None) or operator.department


def _identifier(subject: Subject) -> Identifier:
    if subject.primary is None:
        raise _refused(
            "the subject has no identifier",
            "主体没有证件号码",
            "commitment.invalid",
            "give its social credit code or the person's identity number",
            "请提供统一社会信用代码或者身份证号码",
        )
    return subject.primary


async def _again(take: Any) -> StoredCommitment:
    """Try once more where another took the same code or step."""
    for attempt in range(_ATTEMPTS):
        try:
            made: StoredCommitment = await take()
        except LedgerError as error:
            if error.code != "ledger.conflict" or attempt == _ATTEMPTS - 1:
                raise
        else:
            return made
    raise AssertionError  # pragma: no cover  the loop returns or raises


def _still_open(active: StoredCommitment) -> InputError:
    return _refused(
        f"commitment {active.code} of this file is {active.state}",
        f"本办件的承诺 {active.code} 尚未办结（{active.state}）",
        "deferral.open",
        "go on with that one, or withdraw it first",
        "请继续办理该承诺，或者先撤回",
    )


def _excluded() -> InputError:
    return _refused(
        "the applicant broke a commitment that is not repaired",
        "申请人有未修复的违诺记录，不适用容缺受理",
        "deferral.excluded",
        "take the ordinary procedure; after repair the applicant may promise again",
        "请按普通程序办理；修复后可再次适用",
    )


def _needed(reason: str) -> str:
    if not reason.strip():
        raise _refused(
            "a reason is needed", "须说明理由", "commitment.invalid", "say why, and on what basis", "请写明理由与依据"
        )
    return reason.strip()


def _refused(en: str, zh: str, code: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, code=code, remedy_en=remedy_en, remedy_zh=remedy_zh)
