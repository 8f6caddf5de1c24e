"""Propose for a batch of subjects how often each is inspected: fewer, the same or more. It changes no plan; an officer does.

The proposal is always worked out from the ordinary level, so that a raised frequency falls back by itself as soon as its
record no longer stands. Who was not checked keeps the frequency he has.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from credit_check_adapter_supervision.frequency import FrequencyTable
from credit_check_sdk import (
    Basis,
    Case,
    CreditCheckError,
    Decision,
    InputError,
    Party,
    Proposal,
    Rejected,
    Response,
    Several,
    Subject,
    Value,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk import AsyncCreditCheck, CreditCheck, Lang, Operator, Purpose, ResponseAnswer, Settled

MATTER = "supervision.inspection"
"""The starter matter of inspections."""
Change = Literal["fewer", "same", "more"]
_SAID: dict[Change, Words] = {
    "fewer": Words(zh="减少", en="fewer"),
    "same": Words(zh="不变", en="same"),
    "more": Words(zh="增加", en="more"),
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class Target(Value):
    """A subject of inspections."""

    number: str
    """Its number in the supervision system."""
    subject: Subject
    """Who it is."""
    ordinary: str
    """The level that its risk alone gives it."""
    level: str | None = None
    """The level that applies now; None: the ordinary one."""
    area: str | None = None
    """The field of inspection; in one of full coverage nothing is taken away."""
    parties: Several[Party] = ()
    """Others who stand in the file with it."""


class PlanRow(Value):
    """What is proposed for one subject."""

    target: Target
    """The subject."""
    case: Case
    """The case that was checked."""
    decision: Decision | None = None
    """What the check came to; None where it could not be made."""
    level: str
    """The level that applies now."""
    proposed: str
    """The level proposed."""
    change: Change
    """Which way that goes."""
    checked: bool
    """Whether a check came to an answer; where it did not, the level stays, and nobody may say that nothing was found."""
    reasons: Words
    """Why."""
    proposals: Several[Proposal] = ()
    """The proposals that move it."""

    @property
    def basis(self) -> tuple[Basis, ...]:
        """The legal basis of what moves it."""
        return tuple(dict.fromkeys(basis for proposal in self.proposals for basis in proposal.basis))


class InspectionPlan(Value):
    """The proposals for a batch."""

    table: FrequencyTable
    """The levels."""
    rows: Several[PlanRow]
    """The proposals, in the order of the batch."""
    rejected: Several[Rejected] = ()
    """What could not be checked at all, and why."""

    @property
    def counts(self) -> dict[str, int]:
        """How many are to be inspected less often, the same, more often; how many were not checked; how many rejected."""
        found: dict[str, int] = {change: sum(row.change == change for row in self.rows) for change in _SAID}
        return {**found, "not_checked": sum(not row.checked for row in self.rows), "rejected": len(self.rejected)}

    def of(self, number: str) -> PlanRow:
        """Find the row of a subject by its number.

        Raises:
            KeyError: it is not in the batch.
        """
        for row in self.rows:
            if row.target.number == number:
                return row
        raise KeyError(number)

    def table_rows(self, lang: Lang) -> list[dict[str, str]]:
        """Give a row for everybody, rejected ones last, under the names of *lang*."""
        names = {level.code: f"{level.code} {level.name[lang]}" for level in self.table.levels}
        rows = [
            {
                "number": row.target.number,
                "name": row.target.subject.name,
                "identifier": row.target.subject.masked or "",
                "now": names[row.level],
                "proposed": names[row.proposed],
                "change": _SAID[row.change][lang],
                "checked": (Words(zh="已核查", en="checked") if row.checked else _NOT_CHECKED)[lang],
                "reasons": row.reasons[lang],
                "basis": "; ".join(f"{each.title} {each.article or ''}".strip() for each in row.basis),
                "decision": row.decision.id if row.decision else "",
            }
            for row in self.rows
        ]
        lost = {"checked": _NOT_CHECKED[lang]}
        rows += [
            {
                **dict.fromkeys(_HEADS, ""),
                **lost,
                "number": one.row,
                "name": one.name or "",
                "reasons": one.reason[lang],
            }
            for one in self.rejected
        ]
        return [{_HEADS[key][lang]: value for key, value in row.items()} for row in rows]

    def csv(self, lang: Lang) -> str:
        """Give the rows as CSV for a spreadsheet, with a byte-order mark; what would be run as a formula is shown as text."""
        out = io.StringIO()
        writer = csv.DictWriter(out, [words[lang] for words in _HEADS.values()], lineterminator="\r\n")
        writer.writeheader()
        for row in self.table_rows(lang):
            writer.writerow({head: f"'{cell}" if cell.startswith(_FORMULAS) else cell for head, cell in row.items()})
        return "\ufeff" + out.getvalue()


_NOT_CHECKED = Words(zh="未查成", en="not checked")
_HEADS = {
    "number": Words(zh="编号", en="number"),
    "name": Words(zh="名称", en="name"),
    "identifier": Words(zh="标识", en="identifier"),
    "now": Words(zh="现行频次", en="now"),
    "proposed": Words(zh="建议频次", en="proposed"),
    "change": Words(zh="变化", en="change"),
    "checked": Words(zh="核查", en="check"),
    "reasons": Words(zh="理由", en="reasons"),
    "basis": Words(zh="依据", en="basis"),
    "decision": Words(zh="核查决定", en="decision"),
}


class _Batch:
    """One batch: cases made of targets, rows made of what the client answered."""

    def __init__(self, plan_id: str, operator: Operator, purpose: Purpose, matter: str, table: FrequencyTable) -> None:
        self.plan_id, self.operator, self.purpose, self.matter, self.table = plan_id, operator, purpose, matter, table
        self.opened_at = datetime.now(UTC)  # noqa: TID251  when the batch was opened: the host's clock
        self.targets: list[Target] = []
        self.cases: list[Case] = []
        self.rejected: list[Rejected] = []

    def take(self, targets: Iterable[Target | Rejected]) -> None:
        known: set[str] = set()
        for one in targets:
            wrong = one if isinstance(one, Rejected) else self._wrong(one, known)
            if wrong is not None:
                self.rejected.append(wrong)
            elif isinstance(one, Target):
                known.add(one.number)
                self.targets.append(one)
                self.cases.append(self._case(one))

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

    def plan(self, answers: Sequence[Decision | CreditCheckError]) -> InspectionPlan:
        """Put the answers to their subjects.

        Raises:
            CreditCheckError: not one check could be made: then it is the set-up that fails, not a subject.
        """
        failed = [answer for answer in answers if isinstance(answer, CreditCheckError)]
        if failed and len(failed) == len(answers):
            raise failed[0]
        rows = tuple(map(self._row, self.targets, self.cases, answers))
        return InspectionPlan(table=self.table, rows=rows, rejected=tuple(self.rejected))

    def _row(self, target: Target, case: Case, answer: Decision | CreditCheckError) -> PlanRow:
        level = target.level or target.ordinary
        given: dict[str, Any] = {"target": target, "case": case, "level": level}
        if isinstance(answer, CreditCheckError):
            why = Words(
                zh=f"未查成，频次不变：{answer.words('zh-CN')}", en=f"not checked, no change: {answer.words('en')}"
            )
            return PlanRow(**given, proposed=level, change="same", checked=False, reasons=why)
        if answer.outcome == "undecided":
            why = Words(zh="必查来源未答复，频次不变", en="a required source is silent: no change")
            if answer.recheck is not None:
                on = answer.recheck.due_on
                why = Words(zh=f"{why.zh}；{on} 前补查", en=f"{why.en}; checked again by {on}")
            return PlanRow(**given, decision=answer, proposed=level, change="same", checked=False, reasons=why)
        return self._moved(given, target, level, answer)

    def _moved(self, given: dict[str, Any], target: Target, level: str, decision: Decision) -> PlanRow:
        """Work the level out from the ordinary one, within the table and its fields of full coverage."""
        table, moving = self.table, _moving(decision, self.table)
        steps = {move.measure: move.steps for move in table.moves}
        worse = [each for each in moving if steps[each.measure] > 0]
        covered = table.covered(target.area)
        better = [] if worse or covered else [each for each in moving if steps[each.measure] < 0]
        used = worse or better
        # Several records of one kind move it once: the law knows heavier supervision, not heavier and heavier.
        by = sum(steps[measure] for measure in {each.measure for each in used})
        ordinary = table.place(target.ordinary) or 0
        wanted = table.levels[min(max(ordinary + by, 0), len(table.levels) - 1)].code
        before, after = table.place(level) or 0, table.place(wanted) or 0
        change: Change = "same" if after == before else "fewer" if after < before else "more"
        why = _why(used, change, decision, covered.name if covered and moving and not worse else None)
        return PlanRow(
            **given, decision=decision, proposed=wanted, change=change, checked=True, reasons=why, proposals=tuple(used)
        )


def _moving(decision: Decision, table: FrequencyTable) -> list[Proposal]:
    """Give the proposals that may move a subject: in force as proposals, on a current record matched by identifier."""
    known = {move.measure for move in table.moves}
    return [
        proposal
        for proposal in decision.proposals
        if proposal.measure in known
        and proposal.state not in {"suspended", "set_aside", "lifted", "rectified"}
        and (
            proposal.kind == "incentive"
            or any(ground.match == "identifier" and ground.status == "active" for ground in proposal.grounds)
        )
    ]


def _why(used: Sequence[Proposal], change: Change, decision: Decision, covered: Words | None) -> Words:
    zh = [f"{each.name.zh}：{each.reasons.zh}" for each in used]
    en = [f"{each.name.en}: {each.reasons.en}" for each in used]
    if covered is not None:
        zh.append(f"{covered.zh}为全覆盖监管领域，不减少")
        en.append(f"{covered.en} is a field of full coverage: nothing is taken away")
    if not used and change != "same":
        zh.append("原升降的依据已不存在，恢复常规频次")
        en.append("what had moved it no longer stands: back to the ordinary level")
    if not zh:
        zh.append("、".join(decision.reasons.zh) or "没有升降依据")
        en.append(" ".join(decision.reasons.en) or "nothing moves it")
    return Words(zh="；".join(zh), en="; ".join(en))


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
    """Check everybody of a batch side by side, and propose how often each is inspected.

    *plan_id* names the plan: checks are filed under ``plan_id/number``. A row that cannot be checked stands in the plan
    with its reason, and the others go on.

    Raises:
        CreditCheckError: not one check could be made, as when the matter is unknown or the ledger cannot be written.
    """
    batch = _Batch(plan_id, operator, purpose, matter, table or FrequencyTable.default())
    batch.take(targets)
    return batch.plan(list(credit.check_many(batch.cases, errors="yield")))


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
    batch = _Batch(plan_id, operator, purpose, matter, table or FrequencyTable.default())
    batch.take(targets)
    return batch.plan([answer async for answer in credit.check_many(batch.cases, errors="yield")])


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
