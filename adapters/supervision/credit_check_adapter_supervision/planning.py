"""Propose for a batch of subjects how often each is inspected: fewer, the same or more. It changes no plan; an officer does.

The proposal is always worked out from the ordinary level, so that a raised frequency falls back by itself as soon as its
record no longer stands. Who was not checked keeps the frequency he has.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from credit_check_adapter_supervision.frequency import FrequencyTable
from credit_check_adapter_supervision.plan import InspectionPlan, PlanRow, Target
from credit_check_sdk import Case, CreditCheckError, Decision, InputError, Proposal, Rejected, Response, Words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from credit_check_adapter_supervision.plan import Change
    from credit_check_sdk import (
        AsyncCreditCheck,
        CreditCheck,
        Operator,
        Purpose,
        ResponseAnswer,
        Settled,
        StoredCheck,
    )

MATTER = "supervision.inspection"
"""The starter matter of inspections."""
_STANDS = frozenset({"proposed", "noticed", "applied"})
"""States of a proposal that may move somebody: neither disputed, nor lifted, nor set aside."""


class _Batch:
    """One batch: cases made of targets as they come, rows made of what the client answers, in the same order."""

    def __init__(
        self,
        credit: CreditCheck | AsyncCreditCheck,
        plan_id: str,
        operator: Operator,
        purpose: Purpose,
        matter: str,
        table: FrequencyTable | None,
    ) -> None:
        self.plan_id, self.operator, self.purpose, self.matter = plan_id, operator, purpose, matter
        self.table = table or FrequencyTable.default()
        self.table.agrees({measure.code for measure in credit.catalogue.measures})
        self.opened_at = datetime.now(UTC)  # noqa: TID251  when the batch was opened: the host's clock
        self._waiting: deque[Rejected | tuple[Target, Case]] = deque()
        self._failed: list[CreditCheckError] = []
        self._answered = False

    def cases(self, targets: Iterable[Target | Rejected]) -> Iterator[Case]:
        known: set[str] = set()
        for one in targets:
            wrong = one if isinstance(one, Rejected) else self._wrong(one, known)
            if wrong is not None:
                self._waiting.append(wrong)
            elif isinstance(one, Target):
                known.add(one.number)
                case = self._case(one)
                self._waiting.append((one, case))
                yield case

    def _wrong(self, target: Target, known: set[str]) -> Rejected | None:
        codes = "、".join(level.code for level in self.table.levels)
        for level in (target.ordinary, target.level):
            if level is not None and self.table.place(level) is None:
                words = Words(
                    zh=f"没有频次“{level}”；可用 {codes}", en=f"there is no level {level!r}; use one of {codes}"
                )
                return Rejected(row=target.number, name=target.subject.name, reason=words)
        if target.number in known:
            words = Words(
                zh="编号重复，仅核查第一条；请更正", en="the number stands there twice; the first was checked"
            )
            return Rejected(row=target.number, name=target.subject.name, reason=words)
        return None

    def _case(self, target: Target) -> Case:
        return Case(
            id=f"{self.plan_id}/{target.number}",
            matter=self.matter,
            point="inspect",
            subject=target.subject,
            parties=target.parties,
            purpose=self.purpose,
            operator=self.operator,
            opened_at=self.opened_at,
        )

    def taken(self, answer: Decision | CreditCheckError) -> Iterator[PlanRow | Rejected]:
        """Give the row of the target that was answered, behind what was rejected before it."""
        while isinstance(one := self._waiting.popleft(), Rejected):
            yield one
        if isinstance(answer, CreditCheckError):
            self._failed.append(answer)
        else:
            self._answered = True
        yield _row(self.table, *one, answer)

    def rest(self) -> Iterator[Rejected]:
        """Give what was rejected behind the last target."""
        while self._waiting:
            one = self._waiting.popleft()
            if isinstance(one, Rejected):
                yield one

    def plan(self, found: Iterable[PlanRow | Rejected]) -> InspectionPlan:
        """Put it all together.

        Raises:
            CreditCheckError: not one check could be made: then it is the set-up that fails, not a subject.
        """
        every = tuple(found)
        if self._failed and not self._answered:
            raise self._failed[0]
        return InspectionPlan(
            table=self.table,
            rows=tuple(one for one in every if isinstance(one, PlanRow)),
            rejected=tuple(one for one in every if isinstance(one, Rejected)),
        )


def _row(table: FrequencyTable, target: Target, case: Case, answer: Decision | CreditCheckError) -> PlanRow:
    """Say what follows from the answer for one target."""
    level = target.level or target.ordinary
    given: dict[str, Any] = {"target": target, "case": case, "level": level}
    unchecked: dict[str, Any] = {"proposed": level, "change": "same", "checked": False}
    if isinstance(answer, CreditCheckError):
        why = Words(zh=f"未查成，频次不变：{answer.words('zh-CN')}", en=f"not checked, no change: {answer.words('en')}")
        return PlanRow(**given, **unchecked, reasons=why)
    given["decision"] = answer
    if answer.outcome == "undecided":
        why = Words(zh="必查来源未答复，频次不变", en="a required source is silent: no change")
        if answer.recheck is not None:
            on = answer.recheck.due_on
            why = Words(zh=f"{why.zh}；{on} 前补查", en=f"{why.en}; checked again by {on}")
        return PlanRow(**given, **unchecked, reasons=why)
    if target.subject.primary is None:
        why = Words(
            zh="没有标识符，无法核查，频次不变；请补充统一社会信用代码或证件号码",
            en="it has no identifier and cannot be checked: no change; supply one",
        )
        return PlanRow(**given, **unchecked, reasons=why)
    return _moved(table, given, target, level, answer)


def _moved(table: FrequencyTable, given: dict[str, Any], target: Target, level: str, decision: Decision) -> PlanRow:
    """Work the level out from the ordinary one, within the table and its fields of full coverage."""
    steps = {move.measure: move.steps for move in table.moves}
    moving = _moving(decision, steps)
    worse = tuple(each for each in moving if steps[each.measure] > 0)
    better = tuple(each for each in moving if steps[each.measure] < 0) if not worse else ()
    covered = table.covered(target.area)
    used = worse or (() if covered else better)
    # Several records of one kind move it once: the law knows heavier supervision, not heavier and heavier.
    by = sum(steps[measure] for measure in {each.measure for each in used})
    ordinary, before = table.place(target.ordinary) or 0, table.place(level) or 0
    after = min(max(ordinary + by, 0), len(table.levels) - 1)
    zh = [f"{each.name.zh}：{each.reasons.zh}" for each in used]
    en = [f"{each.name.en}: {each.reasons.en}" for each in used]
    if covered and better:
        zh.append(f"{covered.name.zh}为全覆盖监管领域，不减少")
        en.append(f"{covered.name.en} is a field of full coverage: nothing is taken away")
    if decision.outcome == "review" and after < before:
        # Whether a record is somebody's own is an officer's to say; until then nobody is let off.
        after, used = before, worse
        zh, en = zh[: len(worse)], en[: len(worse)]
        zh.append(f"有待经办人核实的情形，暂不减少：{'；'.join(decision.reasons.zh)}")
        en.append(f"an officer has to look first, nothing is taken away: {'; '.join(decision.reasons.en)}")
    elif not used and after != before:
        zh.append("原升降的依据已不存在，恢复常规频次")
        en.append("what had moved it no longer stands: back to the ordinary level")
    if not zh:
        zh.append("、".join(decision.reasons.zh) or "没有升降依据")
        en.append(" ".join(decision.reasons.en) or "nothing moves it")
    change: Change = "same" if after == before else "fewer" if after < before else "more"
    why = Words(zh="；".join(zh), en="; ".join(en))
    proposed = table.levels[after].code
    return PlanRow(**given, proposed=proposed, change=change, checked=True, reasons=why, proposals=used)


def _moving(decision: Decision, steps: dict[str, int]) -> list[Proposal]:
    """Give the proposals that may move a subject: they stand, on a current record matched by identifier."""
    return [
        proposal
        for proposal in decision.proposals
        if proposal.measure in steps
        and proposal.state in _STANDS
        and (
            proposal.kind == "incentive"
            or any(ground.match == "identifier" and ground.status == "active" for ground in proposal.grounds)
        )
    ]


def plan_rows(  # noqa: PLR0913  what a batch's cases have in common is named one by one
    credit: CreditCheck,
    targets: Iterable[Target | Rejected],
    *,
    plan_id: str,
    operator: Operator,
    purpose: Purpose,
    table: FrequencyTable | None = None,
    matter: str = MATTER,
) -> Iterator[PlanRow | Rejected]:
    """Check a batch of any length side by side, and give row after row; no more is held than is being checked.

    *plan_id* names the plan: checks are filed under ``plan_id/number``. A row that cannot be checked is given with its
    reason in its place, and the others go on.

    Raises:
        InputError: the table moves somebody by a measure that the catalogue does not have.
    """
    return _given(credit, _Batch(credit, plan_id, operator, purpose, matter, table), targets)


def plan_rows_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    targets: Iterable[Target | Rejected],
    *,
    plan_id: str,
    operator: Operator,
    purpose: Purpose,
    table: FrequencyTable | None = None,
    matter: str = MATTER,
) -> AsyncIterator[PlanRow | Rejected]:
    """Check a batch of any length on an event loop, and give row after row; see `plan_rows`."""
    return _given_async(credit, _Batch(credit, plan_id, operator, purpose, matter, table), targets)


def plan_round(  # noqa: PLR0913  what a batch's cases have in common is named one by one
    credit: CreditCheck,
    targets: Iterable[Target | Rejected],
    *,
    plan_id: str,
    operator: Operator,
    purpose: Purpose,
    table: FrequencyTable | None = None,
    matter: str = MATTER,
) -> InspectionPlan:
    """Check everybody of a batch, and propose how often each is inspected; the rows of `plan_rows` in one plan.

    Raises:
        InputError: the table moves somebody by a measure that the catalogue does not have.
        CreditCheckError: not one check could be made, as when the matter is unknown or the ledger cannot be written.
    """
    batch = _Batch(credit, plan_id, operator, purpose, matter, table)
    return batch.plan(_given(credit, batch, targets))


async def plan_round_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    targets: Iterable[Target | Rejected],
    *,
    plan_id: str,
    operator: Operator,
    purpose: Purpose,
    table: FrequencyTable | None = None,
    matter: str = MATTER,
) -> InspectionPlan:
    """Check everybody of a batch on an event loop; see `plan_round`."""
    batch = _Batch(credit, plan_id, operator, purpose, matter, table)
    return batch.plan([one async for one in _given_async(credit, batch, targets)])


def _given(credit: CreditCheck, batch: _Batch, targets: Iterable[Target | Rejected]) -> Iterator[PlanRow | Rejected]:
    for answer in credit.check_many(batch.cases(targets), errors="yield"):
        yield from batch.taken(answer)
    yield from batch.rest()


async def _given_async(
    credit: AsyncCreditCheck, batch: _Batch, targets: Iterable[Target | Rejected]
) -> AsyncIterator[PlanRow | Rejected]:
    async for answer in credit.check_many(batch.cases(targets), errors="yield"):
        for one in batch.taken(answer):
            yield one
    for lost in batch.rest():
        yield lost


def fallen_away(credit: CreditCheck, plan: InspectionPlan) -> InspectionPlan:
    """Give the rows of an earlier plan whose applied measure stands no longer: lifted after a repair, or under objection.

    Nobody is asked: `sync` took the changes over. The level of each is what the plan had proposed, and what is proposed
    now is what remains without the measure.
    """
    return _fallen(plan, [credit.show(one.decision.id) if one.decision else None for one in plan.rows])


async def fallen_away_async(credit: AsyncCreditCheck, plan: InspectionPlan) -> InspectionPlan:
    """Give the rows of an earlier plan whose applied measure stands no longer; see `fallen_away`."""
    return _fallen(plan, [await credit.show(one.decision.id) if one.decision else None for one in plan.rows])


def _fallen(plan: InspectionPlan, stored: Sequence[StoredCheck | None]) -> InspectionPlan:
    rows = []
    for one, kept in zip(plan.rows, stored, strict=True):
        if kept is None:
            continue
        answers, moved = kept.standing(), {each.id for each in one.proposals}
        if any(
            each.id in moved and each.state not in _STANDS and answers[each.id].response.answer == "applied"
            for each in kept.decision.proposals
            if each.id in answers
        ):
            target = one.target.model_copy(update={"level": one.proposed})
            rows.append(_row(plan.table, target, one.case, kept.decision))
    return InspectionPlan(table=plan.table, rows=tuple(rows))


def confirm(
    credit: CreditCheck,
    row: PlanRow,
    answer: ResponseAnswer,
    *,
    operator: Operator,
    reason: str | None = None,
    transaction: object = None,
) -> Settled:
    """Take the officer's answer to what is proposed for one subject; each proposal makes one feedback.

    Raises:
        InputError: nothing was proposed for it.
        SettleError: the answer cannot be taken, as when a reason is missing.
    """
    decision, responses = _answers(row, answer, reason)
    return credit.settle(decision, responses, operator=operator, transaction=transaction)


async def confirm_async(
    credit: AsyncCreditCheck,
    row: PlanRow,
    answer: ResponseAnswer,
    *,
    operator: Operator,
    reason: str | None = None,
    transaction: object = None,
) -> Settled:
    """Take the officer's answer on an event loop; see `confirm`."""
    decision, responses = _answers(row, answer, reason)
    return await credit.settle(decision, responses, operator=operator, transaction=transaction)


def _answers(row: PlanRow, answer: ResponseAnswer, reason: str | None) -> tuple[Decision, tuple[Response, ...]]:
    if row.decision is None or not row.proposals:
        raise InputError(
            f"nothing is proposed for {row.target.number}",
            f"没有对 {row.target.number} 提出建议",
            remedy_en="its level stays, or goes back to the ordinary one; nothing has to be answered",
            remedy_zh="频次不变或者恢复常规频次，无须答复",
        )
    return row.decision, tuple(Response(proposal=each.id, answer=answer, reason=reason) for each in row.proposals)
