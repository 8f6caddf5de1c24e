"""Guard a decision point: let a case pass only with a fresh, matching, settled check. A flow.

The gate asks the ledger and never a source: what it cannot prove from the record it refuses.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from pydantic import ValidationError

from credit_check_sdk.core.check import party_digest, receipt
from credit_check_sdk.core.desk import Desk, day_of, local
from credit_check_sdk.core.settle import needs_answer
from credit_check_sdk.errors import GateError
from credit_check_sdk.flow import Load, Now, Verify
from credit_check_sdk.model import Pass, Receipt
from credit_check_sdk.model.ledger import Commitments, LatestCheck, Rechecks, StoredCheck, StoredRecheck

if TYPE_CHECKING:
    from datetime import date

    from credit_check_sdk.model import Case, CommitmentState, Decision, Point, Proposal, Step, StoredCommitment

_SAYINGS: dict[str, tuple[str, str, str, str]] = {
    "gate.never_checked": ("was never checked at {point}", "在 {point} 环节没有核查记录", "check it first", "请先核查"),
    "gate.environment": (
        "was checked against a {checked} platform, and this client is for {ours}",
        "的核查环境为 {checked}，本系统环境为 {ours}",
        "check it with a client of this environment",
        "请在本环境重新核查",
    ),
    "gate.receipt_invalid": (
        "carries a receipt that does not hold",
        "的核查回执无效",
        "check it anew, and have the key ring and the ledger looked at",
        "请重新核查，并检查密钥与台账",
    ),
    "gate.parties_changed": (
        "has other parties than those that were checked",
        "的当事人与核查时不一致",
        "check it anew with the parties as they are now",
        "请按现有当事人重新核查",
    ),
    "gate.changed": (
        "rests on a record that has changed since",
        "所依据的记录已发生变化",
        "check it anew",
        "请重新核查",
    ),
    "gate.stale": (
        "was checked too long ago ({checked})",
        "的核查已过有效期（{checked}）",
        "check it anew",
        "请重新核查",
    ),
    "gate.catalogue_changed": (
        "was checked under rules that have changed since, so that the outcome could differ",
        "核查所依据的措施清单或事项规则已变更，结论可能不同",
        "check it anew",
        "请重新核查",
    ),
    "gate.undecided": (
        "is undecided: {silent} did not answer",
        "尚无结论：来源 {silent} 未答复",
        "check it again when the source answers",
        "请待来源恢复后重新核查",
    ),
    "gate.recheck_overdue": (
        "went on while a source was silent, and its recheck was due on {due_on}",
        "在来源中断期间先行办理，补查已于 {due_on} 到期",
        "make the recheck: credit-check recheck --once",
        "请执行补查：credit-check recheck --once",
    ),
    "gate.unsettled": (
        "has proposals without an answer: {open}",
        "有措施尚未答复：{open}",
        "settle them first",
        "请先逐项答复",
    ),
    "gate.deferred": (
        "was accepted against a promise ({commitment}), and materials are owed: {materials}",
        "系容缺受理（{commitment}），尚欠材料：{materials}",
        "take what arrives with `credit-check supply`; a grant needs all of it",
        "材料送达后用 credit-check supply 登记；全部补齐后方可准予",
    ),
    "gate.blocked": (
        "is restricted by measures in force: {open}",
        "受正在执行的措施限制：{open}",
        "refuse it, or have the records corrected or repaired and check it anew",
        "请依法不予办理；记录更正或者修复后可重新核查",
    ),
}

_BOUND = frozenset(
    {"jti", "iat", "exp", "case", "matter", "point", "environment", "parties", "sources", "catalogue", "outcome"}
)
"""Claims that every receipt carries."""
_OWED: tuple[CommitmentState, ...] = ("open", "overdue", "breached")
"""States of a deferral in which nothing is granted: what was promised is not there, or was not true."""
_TOLERANCE = timedelta(seconds=5)
"""By how much another machine's clock may lag behind."""


async def require(desk: Desk, case_id: str, point: Point, to: Step, case: Case | None = None) -> Pass:
    """Let the file pass to the step *to*, or refuse.

    Raises:
        GateError: with the code that says what stands in the way.
    """
    stored: StoredCheck | None = await Load(LatestCheck(case_id, point))
    # A check of another matter asked other sources under other rules: of this matter it says nothing.
    if stored is None or (case is not None and case.matter != stored.decision.matter):
        _refuse("gate.never_checked", case_id, point=point)
    await _is_ours(desk, stored, case)
    now = await Now()
    _is_current(desk, stored, now)
    pending = await _waits(desk, stored, to, day_of(now))
    _is_settled(stored, to, day_of(now), pending=bool(pending))
    if to == "grant":
        await _is_supplied(case_id)
    decision = stored.decision
    return Pass(
        case_id=case_id,
        point=point,
        to=to,
        decision=decision.id,
        warnings=(*({"code": doubt.code, **doubt.detail} for doubt in decision.warnings), *pending),
    )


async def _waits(desk: Desk, stored: StoredCheck, to: Step, today: date) -> tuple[dict[str, object], ...]:
    """Say that the file goes on before its recheck is made, where the policy lets it; nothing where it does not.

    Only to the next step, unless the policy says more, and only while the recheck is open and not overdue.
    """
    decision = stored.decision
    policy = desk.policies.get(decision.matter)
    lets = policy is not None and policy.outage.get(decision.point) == "proceed_and_recheck"
    if policy is None or not lets or decision.recheck is None:
        return ()
    found: tuple[StoredRecheck, ...] = await Load(Rechecks(("waiting",), number=decision.recheck.id))
    if not found:
        return ()
    day = found[0].due_on.isoformat()
    if found[0].due_on < today:
        _refuse("gate.recheck_overdue", decision.case_id, due_on=day, recheck=found[0].id)
    if to != "proceed" and not (to == "grant" and decision.point in policy.grant_pending):
        return ()
    return ({"code": "gate.recheck_pending", "recheck": found[0].id, "due_on": day},)


async def _is_supplied(case_id: str) -> None:
    """Refuse a grant while a file was accepted against a promise that is not kept (容缺受理: 补齐后方可办结)."""
    owed: tuple[StoredCommitment, ...] = await Load(Commitments(case_id=case_id, states=_OWED))
    for kept in owed:
        if kept.commitment.commitment_type == "deferral":
            missing = "、".join(each.name for each in kept.missing) or "—"
            _refuse("gate.deferred", case_id, commitment=kept.code, materials=missing)


async def _is_ours(desk: Desk, stored: StoredCheck, case: Case | None) -> None:
    """Refuse a check of another environment, a receipt that does not hold, another party set."""
    decision = stored.decision
    if decision.environment != desk.environment:
        _refuse("gate.environment", decision.case_id, checked=decision.environment, ours=desk.environment)
    await _check_receipt(stored)
    if case is not None and await party_digest(case) != stored.parties:
        _refuse("gate.parties_changed", decision.case_id)


def _is_current(desk: Desk, stored: StoredCheck, now: datetime) -> None:
    """Refuse a check whose grounds, age or rules are no longer those of now."""
    decision = stored.decision
    if stored.touched_by is not None:
        _refuse("gate.changed", decision.case_id, change=stored.touched_by)
    # A clock set back never makes an old check fresh.
    if not decision.decided_at - _TOLERANCE <= now <= decision.valid_until:
        _refuse("gate.stale", decision.case_id, checked=decision.decided_at.isoformat(timespec="seconds"))
    if desk.rules(decision.matter, decision.point, day_of(now)) != stored.rules:
        _refuse("gate.catalogue_changed", decision.case_id)


def _is_settled(stored: StoredCheck, to: Step, today: date, *, pending: bool) -> None:
    """Refuse what is undecided or unanswered, and a grant while a block is in force."""
    decision = stored.decision
    silent = [silence.source for silence in decision.silences if silence.required]
    if not pending and (decision.outcome == "undecided" or (silent and to == "grant")):
        _refuse("gate.undecided", decision.case_id, silent=", ".join(silent) or "—")
    standing = stored.standing()
    unanswered = [p.id for p in decision.proposals if needs_answer(p) and p.id not in standing]
    if unanswered:
        _refuse("gate.unsettled", decision.case_id, open=", ".join(unanswered), proposals=unanswered)
    blocking = _blocking(decision, stored, today) if to == "grant" else []
    if blocking:
        _refuse("gate.blocked", decision.case_id, open=", ".join(blocking), proposals=blocking)


def _blocking(decision: Decision, stored: StoredCheck, today: date) -> list[str]:
    """Name the applied blocks that are in force on *today*, or about to be; the until day still counts."""
    return [
        f"{proposal.measure} ({proposal.id})"
        for proposal in decision.proposals
        if proposal.strength == "block"
        and proposal.effect_scope == "case"
        and _binding(stored, proposal)
        and (proposal.until is None or proposal.until >= today)
    ]


def _binding(stored: StoredCheck, proposal: Proposal) -> bool:
    """Say whether an officer's answer binds: applied, and neither suspended nor over since."""
    answered = stored.standing().get(proposal.id)
    if answered is None or answered.response.answer != "applied":
        return False
    return proposal.state in {"proposed", "noticed", "applied"}


async def read_receipt(desk: Desk, token: str) -> Receipt:
    """Read a receipt that somebody brings along: signed by this ring, of this environment, not expired.

    Raises:
        GateError: it does not hold (``gate.receipt_invalid``), has expired (``gate.stale``) or is of another environment.
    """
    claims = await Verify(token)
    try:
        found = Receipt.model_validate(claims, strict=False) if claims else None
    except ValidationError:
        found = None
    if found is None:
        _refuse("gate.receipt_invalid", "—")
    if found.environment != desk.environment:
        _refuse("gate.environment", found.case, checked=found.environment, ours=desk.environment)
    now = (await Now()).timestamp()
    if not found.iat - _TOLERANCE.total_seconds() <= now <= found.exp:
        when = local(datetime.fromtimestamp(found.iat, UTC)).isoformat(timespec="seconds")
        _refuse("gate.stale", found.case, checked=when)
    return found


async def _check_receipt(stored: StoredCheck) -> None:
    """Refuse a check whose receipt does not hold, or says something else than the record does."""
    decision = stored.decision
    claims = await Verify(decision.receipt) if decision.receipt else None
    expected = receipt(decision, stored.parties).model_dump(mode="json")
    # A receipt that was signed before a claim was thought of has none of that name; these every one has.
    bound = {name: value for name, value in expected.items() if name in _BOUND or name in (claims or ())}
    if claims is None or any(name not in claims or claims[name] != value for name, value in bound.items()):
        _refuse("gate.receipt_invalid", decision.case_id)


def never_checked(case_id: str, point: Point) -> NoReturn:
    """Refuse as if the file had never been checked: to whoever may not see its checks, it was not.

    Raises:
        GateError: always.
    """
    _refuse("gate.never_checked", case_id, point=point)


def _refuse(code: str, case_id: str, **detail: object) -> NoReturn:
    en, zh, remedy_en, remedy_zh = _SAYINGS[code]
    raise GateError(
        f"case {case_id!r} " + en.format(**detail),
        f"办件 {case_id} " + zh.format(**detail),
        code=code,
        remedy_en=remedy_en,
        remedy_zh=remedy_zh,
        detail={"case_id": case_id, **detail},
    )
