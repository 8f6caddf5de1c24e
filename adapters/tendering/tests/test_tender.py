"""Checking a whole tender: one case for each bidder of each bid, a consortium marked by its worst member."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_adapter_tendering import (
    check_tender,
    check_tender_async,
    load,
    require_bid,
    require_bid_async,
)
from credit_check_sdk import AsyncCreditCheck, Clause, CreditCheck, GateError, InputError, Operator, Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from credit_check_adapter_tendering import TenderReport
    from credit_check_sdk import Outcome
    from tests.conftest import AsyncStand, Stand

OPERATOR = Operator(id="u-1", department="451100-ggzy")
PURPOSE = Purpose(text="评审环节核查投标人信用记录", basis="政府采购法第二十二条")
COMMON: Mapping[str, Any] = {
    "matter": "procurement.goods", "point": "evaluate", "operator": OPERATOR, "purpose": PURPOSE,
}  # fmt: skip


def party(key: str, name: str, number: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {"id": key, "name": name, "roles": ["tenderer"]}
    return {**made, "identifier": {"scheme": "CN-USCC", "id": number}} if number else made


TENDER: dict[str, Any] = {
    "ocid": "ocds-demo01-1",
    "id": "r1",
    "date": "2026-01-01T00:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "parties": [
        party("a", "甲公司", "91451100MA5TDA019K"),
        party("b", "乙公司", "91451102MA5TDA027B"),
        party("c", "丙公司", "91451123MA5TDA035K"),
        party("d", "丁公司", None),
    ],
    "tender": {"id": "T-1", "tenderers": [{"id": key} for key in "abcd"]},
    "bids": {
        "details": [
            {"id": "1", "tenderers": [{"id": "a"}]},
            {"id": "2", "tenderers": [{"id": "b"}, {"id": "c"}]},
        ]
    },
}


def check(stand: Stand, document: object, **more: Any) -> TenderReport:
    return check_tender(cast("CreditCheck", stand), document, **{**COMMON, **more})


def test_every_bidder_of_every_bid_is_a_case(stand: Stand) -> None:
    opened = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    clauses = (Clause(kind="exclusion", reference="3.2"),)
    report = check(stand, TENDER, opened_at=opened, clauses=clauses, region="451100")
    assert [(bid.name, bid.consortium) for bid in report.bids] == [
        ("甲公司", False), ("乙公司 + 丙公司", True), ("丁公司", False),
    ]  # fmt: skip
    assert [[p.subject.name for p in case.parties] for case in stand.cases] == [[], ["丙公司"], ["乙公司"], []]
    case = stand.cases[1]
    assert (case.matter, case.point, case.purpose, case.operator) == tuple(
        COMMON[key] for key in ("matter", "point", "purpose", "operator")
    )
    assert (case.opened_at, case.region) == (opened, "451100")
    assert case.tender is not None
    assert (case.tender.id, case.tender.clauses) == ("T-1", clauses)
    assert case.host["place"] == "parties[1]"
    assert case.id.startswith("ocds-demo01-1/")
    assert len({one.id for one in stand.cases}) == 4


def test_without_a_day_the_file_is_opened_now(stand: Stand) -> None:
    before = datetime.now(UTC)
    check(stand, TENDER)
    assert before <= stand.cases[0].opened_at


def test_the_numbers_of_cases_last_and_say_no_identifier(stand: Stand) -> None:
    check(stand, TENDER)
    other = {**TENDER, "parties": list(reversed(TENDER["parties"]))}
    first = {case.id for case in stand.cases}
    stand.cases.clear()
    check(stand, {"releases": [other]})
    assert {case.id for case in stand.cases} == first


def test_bidders_of_one_name_have_cases_of_their_own(stand: Stand) -> None:
    same = [
        party("a", "同名", "91451100MA5TDA019K"),
        party("b", "同名", "91451102MA5TDA027B"),
        party("c", "同名", None),
    ]
    check(stand, {"ocid": "o", "parties": same})
    assert [case.id.removeprefix(stand.cases[0].id) for case in stand.cases] == ["", "-2", "-3"]


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ({}, "clear"),
        ({"丙公司": "review"}, "review"),
        ({"丙公司": "undecided", "乙公司": "review"}, "undecided"),
        ({"丙公司": "undecided", "乙公司": "restricted"}, "restricted"),
    ],
)
def test_a_consortium_is_marked_by_its_worst_member(stand: Stand, outcomes: dict[str, Outcome], worst: Outcome) -> None:
    stand.outcomes |= outcomes
    report = check(stand, TENDER)
    assert report.bids[1].outcome == worst
    assert report.bids[0].outcome == "clear"


def test_a_bidder_without_identifier_is_named_for_review(stand: Stand) -> None:
    report = check(stand, TENDER)
    last = report.bids[2].members[0]
    assert (last.name, last.identifier, last.outcome) == ("丁公司", None, "review")
    assert report.counts == {"restricted": 0, "undecided": 0, "review": 1, "clear": 2}
    told = "\n".join(report.lines("en"))
    assert "丁公司 [no identifier]: review. the file gives no usable identifier" in told
    assert "无标识号码" in "\n".join(report.lines("zh-CN"))


def test_the_report_says_measures_and_reasons_and_no_identifier(stand: Stand) -> None:
    stand.outcomes["乙公司"] = "restricted"
    report = check(stand, TENDER)
    told = "\n".join(report.lines("en"))
    assert "Consortium (乙公司 + 丙公司): restricted, as its worst member" in told
    assert "R-GP-01 Refuse participation in government procurement a record" in told
    assert "联合体（乙公司 + 丙公司）：受限，以最差成员为准" in report.lines("zh-CN")
    assert report.results[1].measures == ("R-GP-01",)
    for given in TENDER["parties"][:3]:
        assert given["identifier"]["id"] not in told + repr(report) + report.model_dump_json()


def test_who_is_doubtful_in_the_file_is_never_clear(stand: Stand) -> None:
    doubtful = {**party("CN-USCC-91451102MA5TDA027B", "甲公司", "91451100MA5TDA019K")}
    report = check(stand, {"ocid": "o", "parties": [doubtful]})
    assert report.results[0].decision.outcome == "clear"
    assert report.results[0].outcome == "review"
    stand.outcomes["甲公司"] = "restricted"
    assert check(stand, {"ocid": "o", "parties": [doubtful]}).results[0].outcome == "restricted"


def test_somebody_who_bids_twice_is_checked_for_both_bids(stand: Stand) -> None:
    details = [{"tenderers": [{"id": "a"}]}, {"tenderers": [{"id": "a"}, {"id": "b"}]}]
    report = check(stand, {**TENDER, "parties": TENDER["parties"][:2], "tender": {}, "bids": {"details": details}})
    assert [bid.name for bid in report.bids] == ["甲公司", "甲公司 + 乙公司"]
    assert len({case.id for case in stand.cases}) == 3


def test_what_nobody_can_make_out_stands_in_the_report(stand: Stand) -> None:
    report = check(stand, {"releases": [{"ocid": "o", "tender": {"tenderers": [{}]}}, "x"]})
    assert [one.row for one in report.rejected] == ["releases[1]", "releases[0].tender.tenderers[0]"]
    assert any("releases[1]: " in line for line in report.lines("en"))


def test_a_tender_without_bidders_says_so(stand: Stand) -> None:
    report = check(stand, {"ocid": "o", "tag": ["tender"]})
    assert report.lines("zh-CN") == ["没有投标人或供应商，无需核查。"]
    assert report.checked_at is None


def test_what_is_no_ocds_is_refused(stand: Stand) -> None:
    with pytest.raises(InputError, match="no OCDS release or record"):
        check(stand, {"grants": []})


def test_with_a_transaction_each_check_joins_it(stand: Stand) -> None:
    connection = object()
    check(stand, TENDER, transaction=connection)
    assert stand.transactions == [connection] * 4


def test_on_an_event_loop_it_is_the_same(stand: Stand, async_stand: AsyncStand) -> None:
    opened = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    stand.outcomes["乙公司"] = async_stand.stand.outcomes["乙公司"] = "restricted"
    credit = cast("AsyncCreditCheck", async_stand)
    expected = check(stand, TENDER, opened_at=opened)
    for transaction in (None, object()):
        coming = check_tender_async(credit, TENDER, **COMMON, opened_at=opened, transaction=transaction)
        assert asyncio.run(coming) == expected
    with pytest.raises(GateError):
        asyncio.run(require_bid_async(credit, expected.bids[1], to="grant"))
    assert len(asyncio.run(require_bid_async(credit, expected.bids[0]))) == 1


def test_a_bid_passes_when_every_member_does(stand: Stand) -> None:
    report = check(stand, TENDER)
    credit = cast("CreditCheck", stand)
    assert len(require_bid(credit, report.bids[1], to="grant")) == 2
    stand.outcomes["丙公司"] = "restricted"
    with pytest.raises(GateError):
        require_bid(credit, report.bids[1], to="grant")


def test_a_real_tender_is_checked(inputs: Path, stand: Stand) -> None:
    stand.outcomes["Frost Group Ltd."] = "restricted"
    report = check(stand, load(inputs / "ocds" / "bluetail-tenderers.json"))
    assert report.counts == {"restricted": 1, "undecided": 0, "review": 0, "clear": 4}


@pytest.fixture
def tender_on_platform(credit: CreditCheck, credit_sandbox: Any) -> CreditCheck:
    """Give a client on a sandbox that knows a ban against 丙公司."""
    credit_sandbox.put_record(
        {
            "subject": {
                "category": "organisation",
                "name": "丙公司",
                "identifiers": [{"scheme": "cn-uscc", "value": "91451123MA5TDA035K"}],
            },
            "list_code": "MOF-ZC",
            "kind": "list",
            "polarity": "negative",
            "status": "active",
            "severity": "serious",
            "authority_level": "municipal",
            "authority": "示例市财政局",
            "document_date": "2026-01-01",
            "ban_until": "2099-12-31",
            "list_until": "2099-12-31",
            "level": "municipal",
        }
    )
    return credit


def test_on_a_platform_one_bad_member_taints_the_consortium(tender_on_platform: CreditCheck) -> None:
    # 政府采购法 第二十四条; 财库〔2016〕125号: one listed member and the consortium counts as listed.
    report = check_tender(tender_on_platform, TENDER, **COMMON)
    told = {member.name: member.outcome for member in report.results}
    assert told["丙公司"] == "restricted"
    assert told["丁公司"] == "review"
    assert told["甲公司"] == "clear"
    assert report.bids[1].outcome == "restricted"
    assert "R-GP-01" in next(one for one in report.results if one.name == "丙公司").measures
    with pytest.raises(GateError) as refused:
        require_bid(tender_on_platform, report.bids[1])
    assert refused.value.code == "gate.unsettled"
    assert require_bid(tender_on_platform, report.bids[0], to="grant")[0].passed


def test_on_a_platform_both_front_doors_come_to_the_same(tender_on_platform: CreditCheck, credit_config: Path) -> None:
    async def checked() -> TenderReport:
        async with AsyncCreditCheck.open(credit_config) as credit:
            return await check_tender_async(credit, TENDER, **COMMON)

    def told(report: TenderReport) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
        return [(one.name, one.outcome, one.measures, one.reasons("en")) for one in report.results]

    assert told(asyncio.run(checked())) == told(check_tender(tender_on_platform, TENDER, **COMMON))
