"""Make a committee table of a checked tender: each bid with its score before and after credit.

Scores come from the host; which bid they belong to is said by the ids of the document. It makes a ranking and asks the
client that it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_adapter_tendering import reader
from credit_check_sdk import InputError, Ranking, RankingEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from credit_check_adapter_tendering.bidders import Bid, Bidder, Process
    from credit_check_adapter_tendering.report import BidResult, TenderReport
    from credit_check_sdk import AsyncCreditCheck, Clause, CreditCheck, RankedBy, RankingTable


def committee_table(  # noqa: PLR0913  what a table is made of is named one by one
    credit: CreditCheck,
    document: Any,
    report: TenderReport,
    *,
    scores: Mapping[str, Decimal | str | int],
    by: RankedBy = "score",
    deposits: Mapping[str, Decimal | str | int] | None = None,
    clauses: Sequence[Clause] | None = None,
    ocid: str | None = None,
) -> RankingTable:
    """Rank the bids of a checked tender before and after credit; the committee decides.

    *scores* (with *by* ``price``: prices) and *deposits* are given by the id of a bidder in the document, a
    consortium's by that of any one member. *clauses* are those of the check, unless others are given. *ocid* names the
    process where the document has several. The table has ``page`` (HTML) and ``csv``; `annotate` writes it back.

    Raises:
        InputError: a bid without score, a score of nobody, or a bidder who bids twice.
    """
    return credit.rank(to_rank(document, report, scores=scores, by=by, deposits=deposits, clauses=clauses, ocid=ocid))


async def committee_table_async(  # noqa: PLR0913  the same as its twin
    credit: AsyncCreditCheck,
    document: Any,
    report: TenderReport,
    *,
    scores: Mapping[str, Decimal | str | int],
    by: RankedBy = "score",
    deposits: Mapping[str, Decimal | str | int] | None = None,
    clauses: Sequence[Clause] | None = None,
    ocid: str | None = None,
) -> RankingTable:
    """Rank the bids of a checked tender before and after credit on an event loop; see `committee_table`."""
    asked = to_rank(document, report, scores=scores, by=by, deposits=deposits, clauses=clauses, ocid=ocid)
    return await credit.rank(asked)


def to_rank(  # noqa: PLR0913  the same as above
    document: Any,
    report: TenderReport,
    *,
    scores: Mapping[str, Decimal | str | int],
    by: RankedBy = "score",
    deposits: Mapping[str, Decimal | str | int] | None = None,
    clauses: Sequence[Clause] | None = None,
    ocid: str | None = None,
) -> Ranking:
    """Make what `CreditCheck.rank` and `CreditCheck.confirm_ranking` take; see `committee_table`.

    Raises:
        InputError: a bid without score, or a score of nobody.
    """
    process = _process(document, ocid)
    mine = [bid for bid in report.bids if (bid.process or "") == process.ocid]
    results = {tuple(member.place for member in bid.members): bid for bid in mine}
    left, sums = dict(scores), dict(deposits or {})
    entries: list[RankingEntry] = []
    for number, bid in enumerate(process.bids, start=1):
        result = results.get(tuple(member.place for member in bid.members))
        if result is None:
            raise _bad(
                "the report is of another document", "报告与文件不符", "check this document first", "请先核查该文件"
            )
        said = _taken(left, bid)
        if said is None:
            raise _bad(
                f"bid {number} ({result.name}) has no {by}",
                f"第 {number} 个投标（{result.name}）没有给出{'评审得分' if by == 'score' else '评审价格'}",
                f"give it under one of {_ids(bid)}",
                f"请按文件中的编号给出：{_ids(bid)}",
            )
        entries.append(_entry(bid, result, number, by, said, _taken(sums, bid)))
    if left or sums:
        # Their keys may be built of identifiers, so they are counted and not named.
        raise _bad(
            f"scores or deposits of nobody who bids, or of one bid twice: {len(left) + len(sums)}",
            f"有 {len(left) + len(sums)} 项得分或者保证金的编号不是投标人，或者同一投标给出了两次",
            "use the ids of the document, one for each bid",
            "请使用文件中的编号，每个投标一项",
        )
    first = next((result.case for result in report.results), None)
    known = first.tender.clauses if first and first.tender else ()
    return Ranking(
        id=process.tender,
        matter=report.matter,
        by=by,
        clauses=tuple(known if clauses is None else clauses),
        entries=tuple(entries),
    )


def reference(bid: Bid, number: int) -> str:
    """Name a bid: by the ids of its bidders in the document, unless one of them is made of an identifier."""
    shown = [_shown(bidder) for bidder in bid.members]
    return "+".join(name for name in shown if name) if all(shown) else f"bid-{number}"


def _shown(bidder: Bidder) -> str | None:
    for party_id in bidder.party_ids:
        if not any(one.value in party_id or one.normal in party_id for one in bidder.subject.identifiers):
            return party_id
    return None


def _process(document: Any, ocid: str | None) -> Process:
    processes = [process for process in reader.gather(document, []) if process.bids]
    found = [process for process in processes if ocid in {None, process.ocid}]
    if len(found) == 1:
        return found[0]
    if not found:
        raise _bad(
            "nobody bids there",
            "没有投标",
            "give a document with bidders, and its ocid",
            "请给出含投标人的文件及其 ocid",
        )
    raise _bad(
        f"the document has {len(found)} processes with bids",
        f"文件含有 {len(found)} 个有投标的项目",
        "name the one to rank in ocid",
        "请用 ocid 指定要排序的项目",
    )


def _taken(given: dict[str, Decimal | str | int], bid: Bid) -> Decimal | str | int | None:
    """Take what is given for a bid, under any one id of any one of its members."""
    for bidder in bid.members:
        for party_id in bidder.party_ids:
            if party_id in given:
                return given.pop(party_id)
    return None


def _ids(bid: Bid) -> str:
    return ", ".join(name for bidder in bid.members if (name := _shown(bidder))) or "—"


def _entry(
    bid: Bid,
    result: BidResult,
    number: int,
    by: RankedBy,
    said: Decimal | str | int,
    deposit: Decimal | str | int | None,
) -> RankingEntry:
    doubts = [note.words for member in result.members for note in member.notes if note.doubtful]
    return RankingEntry.model_validate(
        {
            "reference": reference(bid, number),
            "name": result.name.strip(),
            by: said,
            "deposit": deposit,
            "decisions": [member.decision.id for member in result.members],
            "doubts": list({doubt.zh: doubt for doubt in doubts}.values()),
        }
    )


def _bad(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, remedy_en=remedy_en, remedy_zh=remedy_zh)
