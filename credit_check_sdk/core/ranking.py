"""Rank entries of a tender or round before and after credit, and take what the committee decides. Flows.

They read checks from the ledger and settle proposals; what counts is worked out in `scoring`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import local
from credit_check_sdk.core.scoring import Entered, Question, rows_of, settled_rows, summary
from credit_check_sdk.core.settle import settle
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, Now
from credit_check_sdk.model import Response, Settlement
from credit_check_sdk.model.ledger import CheckById, LatestCheck, StoredCheck
from credit_check_sdk.model.ranking import Confirmation, RankingTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import CommitteeAnswer, CommitteeDecision, Ranking, RankingEntry, RankingRow

_COMPETING = frozenset({"tender", "procurement", "trading"})


async def rank(desk: Desk, ranking: Ranking) -> RankingTable:
    """Rank the entries before and after credit; nothing is written.

    Raises:
        InputError: an entry, a bidder or a decision stands there twice; a decision is unknown, of another matter, or
            not the latest of its file.
    """
    return await _table(desk, ranking, {})


async def confirm(desk: Desk, ranking: Ranking, decision: CommitteeDecision) -> RankingTable:
    """Take the committee's decision on the table: each proposal is settled, which makes feedback.

    Raises:
        InputError: the table is no longer the one that the committee saw, or the decision does not fit it.
        SettleError: an answer cannot be taken.
    """
    seen = await _table(desk, ranking, {})
    if seen.digest != decision.table:
        raise InputError(
            "the table has changed since the committee saw it",
            "排序表在委员会审阅后已发生变化",
            code="ranking.changed",
            remedy_en="make the table again, show it to the committee, and give the digest of that one",
            remedy_zh="请重新生成排序表提交委员会，并填写新表的 digest",
        )
    declined = _declined(seen, decision.answers)
    table = await _table(desk, ranking, declined) if declined else seen
    rows = _ordered(table, decision)
    keys: list[str] = []
    for (case_id, decided), responses in _responses(seen, declined).items():
        stored: StoredCheck | None = await Load(CheckById(decided))
        if stored is None:
            raise _unknown(decided)
        settled = await settle(
            desk,
            Settlement(
                case_id=case_id, point=stored.case.point, operator=decision.operator, responses=tuple(responses)
            ),
        )
        keys += settled.feedback
    return table.model_copy(
        update={
            "rows": rows,
            "committee": Confirmation(
                confirmed_by=decision.confirmed_by,
                operator=decision.operator,
                at=local(await Now()),
                table=decision.table,
                reason=decision.reason,
                feedback=tuple(keys),
            ),
        }
    )


async def _table(desk: Desk, ranking: Ranking, declined: Mapping[str, str]) -> RankingTable:
    now = await Now()
    _each_once(ranking)
    entered = [await _entered(ranking, entry) for entry in ranking.entries]
    if ranking.matter.partition(".")[0] in _COMPETING:
        _one_bid_each(entered)
    question = Question(ranking, desk.catalogue, desk.region, now, declined)
    rows = rows_of(question, entered)
    said = {
        "ranking": ranking.model_dump(mode="json", exclude={"entries"}),
        "rows": [row.model_dump(mode="json") for row in rows],
    }
    policy = desk.policies.get(ranking.matter)
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    complete = all(row.standing not in {"undecided", "unchecked"} for row in rows)
    return RankingTable(
        id=ranking.id,
        matter=ranking.matter,
        matter_name=policy.name if policy else None,
        by=ranking.by,
        environment=desk.environment,
        made_at=local(now),
        edition=desk.catalogue.edition,
        clauses=ranking.clauses,
        rows=rows,
        complete=complete,
        rules=tuple(desk.catalogue.scoring.values()),
        reasons=summary(question, rows),
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
    )


async def _entered(ranking: Ranking, entry: RankingEntry) -> Entered:
    checks: list[StoredCheck] = []
    for number in entry.decisions:
        stored: StoredCheck | None = await Load(CheckById(number))
        if stored is None:
            raise _unknown(number)
        if stored.case.matter != ranking.matter:
            raise InputError(
                f"{entry.reference}: decision {number} is of {stored.case.matter}, not of {ranking.matter}",
                f"{entry.reference}：核查 {number} 属于事项 {stored.case.matter}，不是 {ranking.matter}",
                code="ranking.matter",
                remedy_en="give the decision that was made for this matter",
                remedy_zh="请给出本事项的核查编号",
            )
        latest: StoredCheck | None = await Load(LatestCheck(stored.case.id, stored.case.point))
        if latest is not None and latest.decision.id != number:
            raise InputError(
                f"{entry.reference}: the file {stored.case.id} was checked again after decision {number}",
                f"{entry.reference}：办件 {stored.case.id} 在 {number} 之后已重新核查",
                code="ranking.superseded",
                remedy_en=f"give decision {latest.decision.id}",
                remedy_zh=f"请改用 {latest.decision.id}",
                detail={"reference": entry.reference, "decision": latest.decision.id},
            )
        checks.append(stored.as_it_stands())
    return Entered(entry, tuple(checks))


def _each_once(ranking: Ranking) -> None:
    references: set[str] = set()
    decisions: dict[str, str] = {}
    for entry in ranking.entries:
        if entry.reference in references:
            raise _doubled(f"the entry {entry.reference}", f"条目 {entry.reference}")
        references.add(entry.reference)
        for number in entry.decisions:
            if number in decisions:
                where = f"{decisions[number]}, {entry.reference}"
                raise _doubled(f"decision {number} ({where})", f"核查 {number}（{where}）")
            decisions[number] = entry.reference


def _one_bid_each(entered: Sequence[Entered]) -> None:
    """Refuse a bidder who bids twice, or alone and in a consortium (招标投标法实施条例 第三十七条)."""
    first: dict[object, str] = {}
    for one in entered:
        for subject in one.subjects:
            for key in subject.keys or {("name", subject.normal_name)}:
                if first.setdefault(key, one.entry.reference) != one.entry.reference:
                    where = f"{first[key]}, {one.entry.reference}"
                    raise _doubled(
                        f"the bidder {subject.name} ({where}; 招标投标法实施条例 第三十七条)",
                        f"投标人“{subject.name}”（{where}；招标投标法实施条例第三十七条）",
                    )


def _doubled(en: str, zh: str) -> InputError:
    return InputError(
        f"{en} stands there twice",
        f"{zh}重复出现",
        code="ranking.doubled",
        remedy_en="decide which one counts, and give that one only",
        remedy_zh="请依法确定以哪一项为准，只保留该项",
    )


def _unknown(number: str) -> InputError:
    return InputError(
        f"decision {number} is not in this ledger",
        f"台账中没有核查 {number}",
        code="ranking.unknown",
        remedy_en="check the bidder first, and give the number of that decision",
        remedy_zh="请先核查该投标人，再填写其核查编号",
    )


def _declined(table: RankingTable, answers: Sequence[CommitteeAnswer]) -> dict[str, str]:
    known = {number for row in table.rows for item in row.items for number in item.proposals}
    declined: dict[str, str] = {}
    for answer in answers:
        if answer.proposal not in known:
            raise _order(
                f"the table proposes no {answer.proposal}",
                f"排序表中没有 {answer.proposal}",
                "give its number as it stands there",
                "请按表中编号填写",
            )
        if not answer.accepted:
            if not (answer.reason and answer.reason.strip()):
                raise _order(
                    f"{answer.proposal} is not accepted, and no reason is given",
                    f"不采纳 {answer.proposal} 但没有说明理由",
                    "give a reason",
                    "请填写理由",
                )
            declined[answer.proposal] = answer.reason
    return declined


def _ordered(table: RankingTable, decision: CommitteeDecision) -> tuple[RankingRow, ...]:
    ranked = [row.reference for row in table.rows if row.rank_after is not None]
    if not decision.order:
        return settled_rows(table.rows, None)
    if sorted(decision.order) != sorted(ranked):
        raise _order(
            "order does not name every ranked entry once",
            "order 应当把参加排序的每个条目各列一次",
            f"name each of {', '.join(ranked)}",
            f"请列出：{'、'.join(ranked)}",
        )
    if not (decision.reason and decision.reason.strip()):
        raise _order(
            "order is given, and no reason",
            "给出了 order 但没有说明理由",
            "say why in reason",
            "请在 reason 中说明理由",
        )
    return settled_rows(table.rows, decision.order)


def _order(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, code="ranking.order", remedy_en=remedy_en, remedy_zh=remedy_zh)


def _responses(table: RankingTable, declined: Mapping[str, str]) -> dict[tuple[str, str], list[Response]]:
    """Answer every proposal that the table counts, by the file and decision that it belongs to."""
    made: dict[tuple[str, str], list[Response]] = {}
    for row in table.rows:
        numbers = dict.fromkeys(number for item in row.items for number in item.proposals)
        for number in numbers:
            member = next(one for one in row.members if number.startswith(_stem(one.decision)))
            reason = declined.get(number)
            answer = (
                Response(proposal=number, answer="set_aside", reason=reason)
                if reason
                else Response(proposal=number, answer="applied")
            )
            made.setdefault((member.case_id, member.decision), []).append(answer)
    return made


def _stem(decision: str) -> str:
    """Proposals are numbered after their decision: ``dec_X`` has ``prop_X-1``."""
    return f"prop_{decision.removeprefix('dec_')}-"
