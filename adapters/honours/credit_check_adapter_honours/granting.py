"""Grant an honour past the gate, keep it, or revoke it after hearing its holder. It decides nothing: each step is an officer's.

Each deed is written once, as steps that name what is asked of the client; a front door that waits and one that is
awaited run the same steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from credit_check_adapter_honours.kinds import HonourTable
from credit_check_adapter_honours.rounds import revoking
from credit_check_sdk import InputError, RedListEntry, Response

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import date

    from credit_check_adapter_honours.rounds import HonourRow
    from credit_check_sdk import (
        AsyncCreditCheck,
        CreditCheck,
        Decision,
        Operator,
        Pass,
        Proposal,
        ResponseAnswer,
        Settled,
        StoredCheck,
    )

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Granted:
    """What granting came to."""

    passed: Pass
    """What the gate said."""
    red_list: str | None
    """Key of the report to the red list; None where the honour stands on none."""
    looked: str | None = None
    """What the officer found who looked at what was for review; None where nothing was."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """That the holder was heard before an honour was revoked (陈述申辩)."""

    on: date
    """The day on which it was heard, or on which its time to speak ended."""
    said: str
    """What it said; or that it said nothing."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """What revoking came to."""

    decision: str
    """Number of the check on which it rests, made anew right before."""
    settled: Settled
    """What settling came to."""
    red_list: str | None
    """Key of the report that withdraws it from the red list; None where the honour stands on none."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """By whom, when and by which document an honour was granted; by this its entry on the red list is found again."""

    authority: str
    on: date
    doc_no: str | None
    table: HonourTable | None

    @property
    def honours(self) -> HonourTable:
        return self.table or HonourTable.default()


class _Ask(NamedTuple):
    """What is asked of the client."""

    name: str
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = {}  # noqa: RUF012  never changed


def grant(  # noqa: PLR0913  what an entry is made of is named one by one
    credit: CreditCheck,
    row: HonourRow,
    *,
    operator: Operator,
    authority: str,
    on: date,
    doc_no: str | None = None,
    looked: str | None = None,
    table: HonourTable | None = None,
) -> Granted:
    """Let a nominee pass the gate, and put it on the red list of its honour.

    Whoever is barred or was not checked does not pass; who is for review passes only with what the officer *looked* at
    and found.

    Raises:
        GateError: a fresh, settled check that allows it is missing; nothing was reported.
        InputError: it is for review and nobody looked, or it has no identifier.
    """
    return _run(credit, _granting(row, operator, _Deed(authority, on, doc_no, table), looked))


async def grant_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    row: HonourRow,
    *,
    operator: Operator,
    authority: str,
    on: date,
    doc_no: str | None = None,
    looked: str | None = None,
    table: HonourTable | None = None,
) -> Granted:
    """Let a nominee pass the gate on an event loop; see `grant`."""
    return await _run_async(credit, _granting(row, operator, _Deed(authority, on, doc_no, table), looked))


def settle(
    credit: CreditCheck, row: HonourRow, answer: ResponseAnswer, *, operator: Operator, reason: str | None = None
) -> Settled:
    """Take the officer's answer to what is proposed for one candidate: to a bar, a preference, or to keep an honour.

    An honour is revoked by `revoke` alone: that takes a hearing.

    Raises:
        InputError: nothing was proposed, or it would revoke an honour unheard.
        SettleError: the answer cannot be taken, as when a reason is missing.
    """
    return _run(credit, _settling(row, answer, operator, reason))


async def settle_async(
    credit: AsyncCreditCheck, row: HonourRow, answer: ResponseAnswer, *, operator: Operator, reason: str | None = None
) -> Settled:
    """Take the officer's answer on an event loop; see `settle`."""
    return await _run_async(credit, _settling(row, answer, operator, reason))


def revoke(  # noqa: PLR0913  what revoking takes is named one by one
    credit: CreditCheck,
    row: HonourRow,
    *,
    operator: Operator,
    authority: str,
    heard: Hearing,
    reason: str,
    table: HonourTable | None = None,
) -> Revoked:
    """Revoke an honour: after the notice was delivered and the holder heard, on a check made anew.

    Where the ground has fallen away meanwhile, by repair or objection, nothing is revoked. The same again does nothing.

    Raises:
        InputError: revoking was not proposed, the notice was not delivered before the hearing, the ground has fallen
            away, a source is silent now, or the holder's row does not say since when.
    """
    return _run(credit, _revoking(row, operator, heard, reason, _taken_back(row, authority, heard, table)))


async def revoke_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    row: HonourRow,
    *,
    operator: Operator,
    authority: str,
    heard: Hearing,
    reason: str,
    table: HonourTable | None = None,
) -> Revoked:
    """Revoke an honour on an event loop; see `revoke`."""
    return await _run_async(credit, _revoking(row, operator, heard, reason, _taken_back(row, authority, heard, table)))


def _granting(row: HonourRow, operator: Operator, deed: _Deed, looked: str | None) -> Generator[_Ask, Any, Granted]:
    passed: Pass = yield _Ask("require", (row.case,), {"to": "grant"})
    # What the gate let pass is the latest check of the file, which need not be the one of the row.
    latest: StoredCheck = yield _Ask("show", (passed.decision,))
    if row.candidate.subject.primary is None:
        raise _stays(
            "it has no identifier and was not checked",
            "没有标识符，未能核查",
            "supply one and nominate it again",
            "请补充统一社会信用代码或证件号码后重新核查",
        )
    waits = latest.decision.outcome == "review"
    if waits and not (looked or "").strip():
        raise _stays(
            f"it is for review: {'; '.join(latest.decision.reasons.en)}",
            f"待经办人核实：{'；'.join(latest.decision.reasons.zh)}",
            "look at what is named, and say in looked what was found",
            "请核实后在 looked 中写明核实情况",
        )
    entry = _entry(row, deed)
    key = None if entry is None else (yield _Ask("push_red_list", (entry,), {"operator": operator}))
    return Granted(passed, key, looked if waits else None)


def _settling(
    row: HonourRow, answer: ResponseAnswer, operator: Operator, reason: str | None
) -> Generator[_Ask, Any, Settled]:
    if row.decision is None or not row.proposals:
        raise InputError(
            f"nothing is proposed for {row.candidate.number}",
            f"没有对 {row.candidate.number} 提出建议",
            remedy_en="nothing has to be answered",
            remedy_zh="无须答复",
        )
    if row.standing == "revoke" and answer == "applied":
        raise InputError(
            "an honour is not revoked unheard",
            "未听取陈述申辩，不得撤销荣誉",
            remedy_en="deliver the notice, hear the holder, then use revoke",
            remedy_zh="请送达告知书、听取陈述申辩后使用 revoke",
        )
    # A holder who keeps the honour may still be under a mandatory measure: that one is answered apart.
    asked = [p for p in row.decision.proposals if row.standing != "revoke" or p.force != "mandatory"]
    settled: Settled = yield _settlement(row.decision, asked, answer, operator, reason)
    return settled


def _revoking(
    row: HonourRow, operator: Operator, heard: Hearing, reason: str, deed: _Deed
) -> Generator[_Ask, Any, Revoked]:
    if row.standing != "revoke" or row.decision is None:
        raise _stays("revoking was not proposed", "未提议撤销", "nothing is revoked", "不予撤销")
    entry = _entry(row, deed)
    if entry is not None and row.candidate.granted_on is None:
        raise _stays(
            "since when it holds the honour is missing: its entry on the red list cannot be found",
            "缺少授予日期，无法确定红名单条目",
            "fill in granted_on",
            "请填写 granted_on",
        )
    latest: StoredCheck | None = yield _Ask("latest", (row.case.id, "honour"))
    done = () if latest is None else _done(latest, deed)
    if latest is not None and done:
        settled: Settled = yield _Ask("settle", (latest.decision, done), {"operator": operator})
        now = latest.decision
    else:
        yield from _heard(row.decision, heard)
        now = yield from _still(row, deed)
        # To revoke an honour and to go on granting others makes no sense: every proposal of the file is applied.
        why = f"{reason}；陈述申辩（{heard.on}）：{heard.said}"
        settled = yield _settlement(now, now.proposals, "applied", operator, why)
    asked = {"operator": operator, "reason": reason}
    key = None if entry is None else (yield _Ask("withdraw_red_list", (entry,), asked))
    return Revoked(now.id, settled, key)


def _taken_back(row: HonourRow, authority: str, heard: Hearing, table: HonourTable | None) -> _Deed:
    return _Deed(authority, row.candidate.granted_on or heard.on, row.candidate.doc_no, table)


def _done(latest: StoredCheck, deed: _Deed) -> tuple[Response, ...]:
    """Give the answers by which the honour was revoked already, if it was: the same deed again does nothing."""
    answers = {number: each.response for number, each in latest.standing().items()}
    revoked = [each for each in revoking(latest.decision, deed.honours) if each.id in answers]
    return tuple(answers.values()) if any(answers[each.id].answer == "applied" for each in revoked) else ()


def _heard(decision: Decision, heard: Hearing) -> Generator[_Ask, Any, None]:
    """See that the notice was delivered before the hearing."""
    if not decision.notices:
        raise _stays(
            "no notice was drafted, so the holder was never told",
            "未起草告知书，获奖者未被告知",
            "give the measure a notice in the catalogue, and review again",
            "请在措施清单中为该措施设定告知书后重新复核",
        )
    for number in decision.notices:
        kept = yield _Ask("notice", (number,))
        delivered = kept.delivery.on if kept.delivery is not None else None
        if delivered is None or delivered > heard.on:
            raise _stays(
                f"notice {number} was not delivered before the hearing",
                f"告知书 {number} 未在听取陈述申辩之前送达",
                "deliver it, hear the holder, then revoke",
                "请先送达告知书，听取陈述申辩后再撤销",
            )


def _still(row: HonourRow, deed: _Deed) -> Generator[_Ask, Any, Decision]:
    """Check anew, and see that the ground still stands."""
    now: Decision = yield _Ask("check", (row.case,))
    if now.outcome == "undecided":
        raise _stays(
            "a required source is silent", "必查来源未答复", "nothing is revoked; try again", "不予撤销，请稍后再试"
        )
    if not revoking(now, deed.honours):
        raise _stays(
            "the ground has fallen away: repaired, removed, or under objection",
            "撤销的依据已不存在：已修复、已移出或者正在异议",
            "nothing is revoked; the honour stays",
            "不予撤销，荣誉保留",
        )
    return now


def _settlement(
    decision: Decision, proposals: Sequence[Proposal], answer: ResponseAnswer, operator: Operator, reason: str | None
) -> _Ask:
    responses = tuple(Response(proposal=each.id, answer=answer, reason=reason) for each in proposals)
    return _Ask("settle", (decision, responses), {"operator": operator})


def _entry(row: HonourRow, deed: _Deed) -> RedListEntry | None:
    honour = deed.honours.of(row.candidate.honour)
    if honour.red_list is None:
        return None
    basis = " ".join(filter(None, (honour.basis.title, honour.basis.doc_no, honour.basis.article)))
    given: dict[str, Any] = {"authority": deed.authority, "basis": basis, "doc_no": deed.doc_no, "listed_on": deed.on}
    return RedListEntry(list_code=honour.red_list, subject=row.candidate.subject, **given)


def _stays(en: str, zh: str, then_en: str, then_zh: str) -> InputError:
    return InputError(en, zh, remedy_en=then_en, remedy_zh=then_zh)


def _run(credit: CreditCheck, steps: Generator[_Ask, Any, T]) -> T:
    answer: Any = None
    while True:
        try:
            asked = steps.send(answer)
        except StopIteration as done:
            found: T = done.value
            return found
        answer = getattr(credit, asked.name)(*asked.args, **asked.named)


async def _run_async(credit: AsyncCreditCheck, steps: Generator[_Ask, Any, T]) -> T:
    answer: Any = None
    while True:
        try:
            asked = steps.send(answer)
        except StopIteration as done:
            found: T = done.value
            return found
        answer = await getattr(credit, asked.name)(*asked.args, **asked.named)
