"""The adapter as the SDK finds it, and its demonstration: a tender checked, settled, guarded and written back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any

from credit_check_adapter_tendering import reader
from credit_check_adapter_tendering.annotate import annotate
from credit_check_adapter_tendering.committee import committee_table
from credit_check_adapter_tendering.document import load
from credit_check_adapter_tendering.reader import OcdsReader
from credit_check_adapter_tendering.tender import check_tender, require_bid
from credit_check_sdk import Clause, GateError, Operator, Purpose, Response, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_adapter_tendering.bidders import Bidder, Process
    from credit_check_adapter_tendering.report import BidResult, TenderReport
    from credit_check_sdk import Reader, Stage

_OPERATOR = Operator(id="demo-tendering", department="示例市公共资源交易中心")
_PURPOSE = Purpose(
    text="政府采购评审环节核查投标人信用记录",
    basis="政府采购法第二十二条；财库〔2016〕125号",
)
_CLAUSES = (Clause(kind="exclusion", reference="招标文件第三章 3.2 信用记录查询"),)
_CREDIT_CLAUSES = (
    *_CLAUSES,
    Clause(
        kind="credit_bonus",
        reference="招标文件第六章 6.4 信用评分",
        max_points=Decimal(2),
        attestation="示例市公共资源交易中心：对各地区、各所有制一视同仁",
    ),
)
_TOLD = {
    "proceed": Words(zh="通过", en="passes"),
    "gate.unsettled": Words(zh="拒绝：措施尚未答复", en="refused: not settled yet"),
    "gate.blocked": Words(zh="拒绝：限制措施执行中", en="refused: a restriction is in force"),
    "gate.undecided": Words(zh="拒绝：必查来源未答复", en="refused: a required source is silent"),
}


class TenderingAdapter:
    """Tendering and procurement systems that speak OCDS."""

    name: str = "tendering"
    title: Words = Words(zh="招标采购（OCDS）", en="Tendering and procurement (OCDS)")
    readers: Sequence[Reader] = (OcdsReader(),)

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: read, check, settle, guard, write back."""
        document = _document(stage)
        processes = reader.gather(document, [])
        _prepare(stage, processes)
        report = check_tender(
            stage.credit,
            document,
            matter="procurement.goods",
            point="evaluate",
            operator=_OPERATOR,
            purpose=_PURPOSE,
            clauses=_CLAUSES,
        )
        _show_outcomes(stage, report)
        before = [_gate(stage, bid, "proceed") for bid in report.bids]
        _settle(stage, report)
        _show_gate(stage, report, before)
        _write_back(stage, document, report)
        _show_ranking(stage, document, processes)
        _show_doubtful_file(stage)


def _document(stage: Stage) -> Any:
    if stage.inputs is not None:
        real = stage.inputs / "ocds" / "bluetail-tenderers.json"
        if real.is_file():
            stage.say(f"读取真实文件 {real.name}。", f"Reading the real file {real.name}.")
            return load(real)
        stage.say(
            "给出的目录中没有 ocds/bluetail-tenderers.json，改用自带文件。",
            "The given folder has no ocds/bluetail-tenderers.json; the demonstration's own file is used.",
        )
    inside = resources.files("credit_check_adapter_tendering") / "data" / "tender.json"
    stage.say("读取一份 OCDS 1.1 数据包（自带，虚构）。", "Reading an OCDS 1.1 release package (our own, invented).")
    return json.loads(inside.read_text(encoding="utf-8"))


def _prepare(stage: Stage, processes: Iterable[Process]) -> None:
    """Let the sandbox know some of the bidders: the first trustworthy, the next restricted, the next disputed."""
    alone: list[Bidder] = []
    joint: list[Bidder] = []
    for process in processes:
        for bidder in process.bidders:
            if bidder.subject.identifiers:
                (joint if process.partners(bidder) else alone).append(bidder)
    rows: list[list[str]] = []
    stories = (_trustworthy, _restricted, _disputed)
    for number, (bidder, story) in enumerate(zip(alone, stories, strict=False), start=1):
        rows.append([bidder.subject.name, _both(story(stage, bidder, number))])
    if joint:
        stage.put_subject(_subject(joint[0]))
        rows.append([joint[-1].subject.name, _both(_restricted(stage, joint[-1], len(rows) + 1))])
    stage.say(
        "沙箱信用平台中预置的记录（其余投标人在平台上没有记录）：",
        "Records put into the sandbox platform (it has none of the other bidders):",
    )
    stage.table([Words(zh="投标人", en="bidder"), Words(zh="平台记录", en="record")], rows)


def _both(words: Words) -> str:
    return f"{words.zh} / {words.en}"


def _subject(bidder: Bidder) -> dict[str, Any]:
    return bidder.subject.model_dump(mode="json", context={"reveal": True})


def _record(bidder: Bidder, **said: Any) -> dict[str, Any]:
    return {
        "subject": _subject(bidder),
        "record_id": None,
        "kind": "list",
        "status": "active",
        "severity": None,
        "authority_level": "municipal",
        "document_date": _day(-90),
        "basis": None,
        "facts": None,
        "publicity_until": _day(365),
        "list_until": _day(365),
        "ban_until": None,
        "measure_until": None,
        "responsible": [],
        "level": "municipal",
        **said,
    }


def _trustworthy(stage: Stage, bidder: Bidder, number: int) -> Words:
    stage.put_record(
        _record(
            bidder,
            list_code="STA-A",
            polarity="positive",
            authority="示例市税务局",
            doc_no=f"示例税公告〔2026〕{number}号",
        )
    )
    return Words(zh="纳税信用 A 级名单（守信）", en="on the list of A-grade taxpayers (trustworthy)")


def _adverse(bidder: Bidder, number: int) -> dict[str, Any]:
    return _record(
        bidder,
        list_code="MOF-ZC",
        polarity="negative",
        severity="serious",
        authority="示例市财政局",
        doc_no=f"示例财采罚〔2026〕{number}号",
        basis="政府采购法第七十七条",
        facts="提供虚假材料谋取中标",
        ban_until=_day(365),
    )


def _restricted(stage: Stage, bidder: Bidder, number: int) -> Words:
    stage.put_record(_adverse(bidder, number))
    stage.put_record(
        _record(
            bidder,
            list_code="SXBZXR",
            polarity="negative",
            severity="serious",
            authority="示例市中级人民法院",
            doc_no=f"（2026）示例执{number}号",
            basis="法〔2016〕285号",
            facts="有履行能力而拒不履行",
        )
    )
    return Words(
        zh="政府采购严重违法失信行为记录（禁止期内）、失信被执行人名单",
        en="on the procurement black list, ban running, and on the list of judgment defaulters",
    )


def _disputed(stage: Stage, bidder: Bidder, number: int) -> Words:
    record_id = stage.put_record(_adverse(bidder, number))
    stage.change(record_id, "objected")
    return Words(zh="同类记录，但当事人已提出异议", en="the same kind of record, but the subject has objected")


def _day(offset: int) -> str:
    today: date = datetime.now(UTC).date()  # noqa: TID251  the demonstration's records must run at the time it is shown
    return (today + timedelta(days=offset)).isoformat()


def _show_outcomes(stage: Stage, report: TenderReport) -> None:
    stage.say(
        "评审环节逐一核查每个投标人，联合体成员逐个核查、以最差成员为准：",
        "At evaluation every bidder is checked; each member of a consortium too, which is marked by its worst one:",
    )
    rows: list[list[str]] = []
    for bid in report.bids:
        if bid.consortium:
            rows.append([f"联合体 consortium: {bid.name}", "—", bid.outcome, "—"])
        rows += [
            [member.name, member.identifier or "—", member.outcome, ", ".join(member.measures) or "—"]
            for member in bid.members
        ]
    stage.table(
        [
            Words(zh="投标人", en="bidder"),
            Words(zh="标识（脱敏）", en="identifier (masked)"),
            Words(zh="结论", en="outcome"),
            Words(zh="措施", en="measures"),
        ],
        rows,
    )
    stage.say("每个结论都有理由和法律依据：", "Every outcome has its reasons and its legal basis:")
    for result in report.results:
        zh, en = result.reasons("zh-CN"), result.reasons("en")
        stage.say(f"{result.name}：{''.join(zh)}", f"{result.name}: {' '.join(en)}")
    stage.say(
        "有异议的记录暂不执行措施；没有标识号码的投标人不能凭名称限制，转人工核查。",
        "A disputed record restricts nobody for now; a bidder without an identifier is looked at by a person.",
    )


def _settle(stage: Stage, report: TenderReport) -> None:
    answered = 0
    for result in report.results:
        responses = [Response(proposal=one.id, answer="applied") for one in result.decision.proposals]
        if responses:
            stage.credit.settle(result.decision, responses, operator=_OPERATOR)
            answered += len(responses)
    stage.say(
        f"经办人逐项答复了 {answered} 项措施：全部执行；答复将反馈给信用平台。",
        f"The officer settles {answered} proposals: all applied; the answers go back to the platform as feedback.",
    )


def _gate(stage: Stage, bid: BidResult, to: Any) -> Words:
    try:
        require_bid(stage.credit, bid, to=to)
    except GateError as refused:
        return _TOLD.get(refused.code, Words(zh=f"拒绝：{refused.code}", en=f"refused: {refused.code}"))
    return _TOLD["proceed"]


def _show_gate(stage: Stage, report: TenderReport, before: Sequence[Words]) -> None:
    rows: list[list[str]] = []
    for bid, unsettled in zip(report.bids, before, strict=True):
        after, award = _gate(stage, bid, "proceed"), _gate(stage, bid, "grant")
        rows.append([bid.name, bid.outcome, *(_both(said) for said in (unsettled, after, award))])
    stage.say("过闸：答复之前、答复之后、授予合同（grant）：", "The gate: before settling, after it, and to award:")
    stage.table(
        [
            Words(zh="投标", en="bid"),
            Words(zh="结论", en="outcome"),
            Words(zh="答复前", en="before"),
            Words(zh="答复后", en="after"),
            Words(zh="授标", en="to award"),
        ],
        rows,
    )


def _write_back(stage: Stage, document: Any, report: TenderReport) -> None:
    written = annotate(document, report)
    added = written["releases"][-1]
    stage.say(
        f"结果写回 OCDS：原有发布原样保留，新增发布 {added['id']}，含 {len(added['parties'])} 个投标人的 creditCheck"
        "（不新增标识号码）。",
        f"Written back as OCDS: what was there stays as it was, and the new release {added['id']} has the creditCheck of "
        f"{len(added['parties'])} bidders (it adds no identifiers).",
    )


def _show_ranking(stage: Stage, document: Any, processes: Iterable[Process]) -> None:
    """Show the committee's table of the same bids, as a works tender whose document has a clause on credit."""
    scores: dict[str, Decimal] = {}
    for process in processes:
        for number, bid in enumerate(process.bids):
            named = [party_id for bidder in bid.members for party_id in bidder.party_ids[:1]]
            scores |= {party_id: Decimal(88) + number for party_id in named[:1]}
    report = check_tender(
        stage.credit,
        document,
        matter="tender.works",
        point="evaluate",
        operator=_OPERATOR,
        purpose=_PURPOSE,
        clauses=_CREDIT_CLAUSES,
    )
    if any(not bidder.party_ids for process in processes for bidder in process.bidders):
        return  # a score is given by the id of a bidder
    table = committee_table(stage.credit, document, report, scores=scores)
    stage.say(
        "评标委员会用排序表（招标文件有信用评分条款，上限 2 分；由委员会决定）：",
        "The committee's table (the tender document has a clause on credit, capped at 2 points; the committee decides):",
    )
    stage.table(
        [
            Words(zh="投标", en="bid"),
            Words(zh="得分", en="score"),
            Words(zh="加分", en="bonus"),
            Words(zh="计入信用后", en="with credit"),
            Words(zh="名次 原→现", en="place before → after"),
            Words(zh="理由", en="why"),
        ],
        [
            [
                row.name,
                f"{row.base:f}",
                f"{row.bonus:f}",
                f"{row.final:f}" if row.rank_after else "—",
                f"{row.rank_before or '—'} → {row.rank_after or '—'}",
                "; ".join(
                    [f"{item.measure} {item.clause}" for item in row.items]
                    or [_both(one.reasons) for one in row.withheld]
                    or [f"{row.standing}"]
                ),
            ]
            for row in table.rows
        ],
    )


def _show_doubtful_file(stage: Stage) -> None:
    """Show a real file whose ids disagree; nobody in it is given a record, they are real companies."""
    if stage.inputs is None:
        return
    real = stage.inputs / "ocds" / "doc-buyers_suppliers-consortia.json"
    if not real.is_file():
        return
    report = check_tender(
        stage.credit,
        load(real),
        matter="procurement.goods",
        point="evaluate",
        operator=_OPERATOR,
        purpose=_PURPOSE,
    )
    stage.say(
        f"{real.name}：parties 嵌套、编号不一致，照样读出 {len(report.results)} 个联合体成员，存疑者转人工核查。",
        f"{real.name}: nested parties and ids that disagree; its {len(report.results)} consortium members are read all "
        "the same, and who is doubtful goes to review.",
    )
    stage.table(
        [Words(zh="成员", en="member"), Words(zh="结论", en="outcome"), Words(zh="存疑", en="doubt")],
        [[one.name, one.outcome, "; ".join(_both(note.words) for note in one.notes) or "—"] for one in report.results],
    )
