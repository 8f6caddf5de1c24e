"""The committee's table of a real tender with five bidders, on a sandbox platform that knows something of them."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_tendering import (
    annotate,
    check_tender,
    check_tender_async,
    committee_table,
    committee_table_async,
    load,
    reader,
    result_package,
    to_rank,
)
from credit_check_sdk import AsyncCreditCheck, Clause, CommitteeDecision, InputError, Operator, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_adapter_tendering import TenderReport
    from credit_check_sdk import CreditCheck

OFFICER = Operator(id="u-1", department="451100-ggzy")
PURPOSE = Purpose(text="评审环节核查投标人信用记录", basis="招标投标法实施条例第七十八条")
CLAUSES = (
    Clause(
        kind="credit_bonus",
        reference="招标文件 6.4",
        max_points=Decimal(2),
        attestation="某某招标办：一视同仁",
        deduction=Decimal("1.5"),
        max_deduction=Decimal(2),
    ),
    Clause(kind="exclusion", reference="招标文件 3.2"),
    Clause(
        kind="deposit_reduction",
        reference="招标文件 7.2",
        attestation="某某招标办：一视同仁",
        proportion=Decimal("0.5"),
    ),
)
A, B, C, D, E = (f"PROC-20-0001/{letter}" for letter in "abcde")
SCORES: dict[str, Decimal | str | int] = {A: "89.00", B: "95.50", C: "88.00", D: "90.00", E: 90}


def seeded(sandbox: Any, document: Any) -> dict[str, str]:
    """Seed the sandbox: two on the red list, one a defaulter, one with a penalty, one unknown; give the records' numbers."""
    (process,) = reader.gather(document, [])
    numbers: dict[str, str] = {}
    common: dict[str, Any] = {
        "record_id": None, "status": "active", "authority_level": "municipal", "document_date": "2026-03-01",
        "basis": "某办法 第五条", "facts": None, "publicity_until": "2036-01-01", "list_until": "2036-01-01",
        "ban_until": None, "measure_until": None, "responsible": [], "level": "municipal", "authority": "示例市某局",
    }  # fmt: skip
    stories: dict[str, dict[str, Any]] = {
        A: {"list_code": "STA-A", "kind": "list", "polarity": "positive", "severity": None},
        B: {"list_code": "SXBZXR", "kind": "list", "polarity": "negative", "severity": "serious"},
        C: {"list_code": "STA-A", "kind": "list", "polarity": "positive", "severity": None},
        D: {"list_code": None, "kind": "penalty", "polarity": "negative", "severity": "general"},
    }
    for number, bidder in enumerate(process.bidders, start=1):
        subject = bidder.subject.model_dump(mode="json", context={"reveal": True})
        (party_id,) = bidder.party_ids
        if party_id in stories:
            record = {**common, **stories[party_id], "subject": subject, "doc_no": f"示例〔2026〕{number}号"}
            numbers[party_id] = sandbox.put_record(record)
        else:
            sandbox.put_subject(subject)
    return numbers


@pytest.fixture
def tender(inputs: Path) -> Any:
    """Read the real tender of five bidders."""
    return load(inputs / "ocds" / "bluetail-tenderers.json")


def checked(credit: CreditCheck, document: Any, *clauses: Clause, region: str | None = None) -> TenderReport:
    """Check every bidder at evaluation."""
    return check_tender(
        credit,
        document,
        matter="tender.works",
        point="evaluate",
        operator=OFFICER,
        purpose=PURPOSE,
        clauses=clauses,
        region=region,
    )


def test_a_real_tender_of_five_bidders_comes_to_a_table(
    credit: CreditCheck, credit_sandbox: Any, tender: Any, errors_in: Callable[[str, object], list[str]]
) -> None:
    seeded(credit_sandbox, tender)
    report = checked(credit, tender, *CLAUSES)
    table = committee_table(credit, tender, report, scores=SCORES, deposits={A: "200000"})
    told = {row.reference: (row.final, row.rank_before, row.rank_after) for row in table.rows}
    assert told == {
        A: (Decimal(91), 3, 1),
        C: (Decimal(90), 4, 2),
        D: (Decimal(90), 1, 2),
        E: (Decimal(90), 1, 2),
        B: (Decimal("95.5"), None, None),
    }
    assert [row.reference for row in table.rows if row.tied] == [C, D, E]
    (bonus, deposit) = table.row(A).items
    assert (bonus.measure, bonus.clause, bonus.list_codes, bonus.capped) == ("I-05", "招标文件 6.4", ("STA-A",), True)
    assert [(basis.doc_no, basis.article) for basis in bonus.basis] == [("国家发展改革委等八部门令第16号", "第九条")]
    assert (deposit.measure, table.row(A).deposit_due) == ("I-07", Decimal(100000))
    assert table.row(B).standing == "excluded"
    # The penalty of D has its basis in local rules of other provinces: nothing may be deducted here.
    assert ("deduction", "no_basis") in {(one.kind, one.code) for one in table.row(D).withheld}
    page = table.page("zh-CN")
    assert all(words in page for words in ("招标文件 6.4", "第九条", "不参加排序", "并列", "委员会"))
    (process,) = reader.gather(tender, [])
    for bidder in process.bidders:
        assert not any(one.value in page + table.model_dump_json() for one in bidder.subject.identifiers)

    written = annotate(tender, report, table)
    package = result_package(
        tender,
        report,
        uri="https://example.org/r.json",
        publisher={"name": "示例市公共资源交易中心"},
        published_at=table.made_at,
        table=table,
    )
    schema = "release-package-schema-1.1.json"
    assert errors_in(schema, package) == []
    assert errors_in(schema, written) == errors_in(schema, tender)
    parties = {party["id"]: party["details"]["creditCheck"]["ranking"] for party in package["releases"][0]["parties"]}
    assert {key: said.get("rankAfter") for key, said in parties.items()} == {A: 1, C: 2, D: 2, E: 2, B: None}
    assert parties[A]["credits"][0] == {
        "kind": "bonus",
        "measure": "I-05",
        "clause": "招标文件 6.4",
        "basis": ["招标投标领域公平竞争审查规则第九条"],
        "points": 2,
        "capped": True,
    }
    json.dumps(written)


def test_without_a_clause_nobody_moves_and_the_table_says_why(
    credit: CreditCheck, credit_sandbox: Any, tender: Any
) -> None:
    seeded(credit_sandbox, tender)
    report = checked(credit, tender)
    table = committee_table(credit, tender, report, scores=SCORES)
    for row in table.rows:
        assert row.rank_before == row.rank_after
        assert (bool(row.bonus), bool(row.deduction), row.items) == (False, False, ())
        if row.standing != "excluded":
            assert "no_clause" in {one.code for one in row.withheld}
    assert "没有信用评分条款" in table.page("zh-CN")
    assert "no clause on credit points" in table.page("en")
    assert "没有信用评分条款" in table.csv("zh-CN")


def test_where_local_law_allows_it_points_are_deducted(credit: CreditCheck, credit_sandbox: Any, tender: Any) -> None:
    seeded(credit_sandbox, tender)
    report = checked(credit, tender, *CLAUSES, region="310000")
    row = committee_table(credit, tender, report, scores=SCORES).row(D)
    assert (row.deduction, row.final, row.items[0].clause) == (Decimal("1.5"), Decimal("88.5"), "招标文件 6.4")


def test_the_committee_decides_and_its_places_are_written_back(
    credit: CreditCheck, credit_sandbox: Any, tender: Any
) -> None:
    seeded(credit_sandbox, tender)
    report = checked(credit, tender, *CLAUSES)
    asked = to_rank(tender, report, scores=SCORES)
    seen = credit.rank(asked)
    decision = CommitteeDecision(
        table=seen.digest, confirmed_by="李示例", operator=OFFICER, order=(A, E, D, C), reason="同分按技术分排序"
    )
    table = credit.confirm_ranking(asked, decision)
    written = annotate(tender, report, table)
    said = {
        party["id"]: party["details"]["creditCheck"]["ranking"].get("decidedRank")
        for party in written["releases"][-1]["parties"]
    }
    assert said == {A: 1, E: 2, D: 3, C: 4, B: None}
    assert table.committee is not None
    assert table.committee.feedback


def test_an_entry_withdrawn_after_the_check_is_no_credit(credit: CreditCheck, credit_sandbox: Any, tender: Any) -> None:
    numbers = seeded(credit_sandbox, tender)
    report = checked(credit, tender, *CLAUSES)
    credit_sandbox.change(numbers[A], "revoked")
    credit.sync()
    row = committee_table(credit, tender, report, scores=SCORES).row(A)
    assert not row.bonus
    assert row.rank_after == 4


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {key: said for key, said in SCORES.items() if key != C},
        {**SCORES, "PROC-20-0001/z": 1},
        {**SCORES, A: "NaN"},
        {**SCORES, A: "-1"},
    ],
    ids=["none", "one missing", "one of nobody", "no number", "negative"],
)
def test_scores_that_do_not_fit_are_refused(
    credit: CreditCheck, tender: Any, scores: dict[str, Decimal | str | int]
) -> None:
    report = checked(credit, tender)
    with pytest.raises((InputError, ValueError)):
        to_rank(tender, report, scores=scores)


def test_a_consortium_is_one_bid_under_the_id_of_any_member(
    credit: CreditCheck, credit_sandbox: Any, inputs: Path
) -> None:
    document = load(inputs / "ocds" / "doc-buyers_suppliers-consortia.json")
    report = checked(credit, document, *CLAUSES)
    (process,) = reader.gather(document, [])
    (bid,) = process.bids
    table = committee_table(credit, document, report, scores={bid.members[1].party_ids[0]: "90"})
    (row,) = table.rows
    assert (row.standing, len(row.members)) == ("review", 2)
    assert row.reasons.zh


def test_the_same_on_an_event_loop(credit_config: Path, credit_sandbox: Any, tender: Any) -> None:
    seeded(credit_sandbox, tender)

    async def run() -> list[tuple[str, int | None]]:
        async with AsyncCreditCheck.open(credit_config) as credit:
            report = await check_tender_async(
                credit,
                tender,
                matter="tender.works",
                point="evaluate",
                operator=OFFICER,
                purpose=PURPOSE,
                clauses=CLAUSES,
            )
            table = await committee_table_async(credit, tender, report, scores=SCORES)
            return [(row.reference, row.rank_after) for row in table.rows]

    assert asyncio.run(run()) == [(A, 1), (C, 2), (D, 2), (E, 2), (B, None)]
