"""What the starter catalogue decides: records on one side, measures and outcome on the other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from credit_check_sdk import Answer, Case, Consultation, Party, Record, Subject
from credit_check_sdk.catalogue import load
from credit_check_sdk.core.weigh import Heard, Verdict, asked_parties, weigh

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
USCC = "91451100MA5AAAAA2F"
OTHER = "91450000MA0000007U"
MISSING = [{"code": "M07", "name": "营业执照复印件", "kind": "formal", "deferrable": True, "state": "missing"}]
BONUS = {"kind": "credit_bonus", "reference": "第三章 5.2", "max_points": 2, "attestation": "已对照令第16号"}
MATTERS = {
    "licence.food-production": "accept",
    "procurement.goods": "evaluate",
    "tender.works": "evaluate",
    "subsidy.enterprise": "disburse",
    "honour.award": "honour",
    "supervision.inspection": "inspect",
}


def firm(code: str = USCC, name: str = "贺州市示例食品有限公司") -> Subject:
    identifiers = [{"scheme": "cn-uscc", "value": code}]
    return Subject.model_validate(
        {"category": "organisation", "name": name, "identifiers": identifiers, "founded_on": date(2015, 1, 1)}
    )


def person() -> Subject:
    identifiers = [{"scheme": "cn-resident-id", "value": "451102199001010010"}]
    return Subject.model_validate({"category": "person", "name": "张示例", "identifiers": identifiers})


def record(subject: Subject | None = None, **changes: Any) -> Record:
    made: dict[str, Any] = {
        "record_id": "r-1",
        "polarity": "negative",
        "subject": subject or firm(),
        "authority": "示例机关",
        "list_until": None if "decision_kind" in changes else date(2029, 1, 1),
        "document_date": date(2026, 3, 1),
        **changes,
    }
    return Record.model_validate(made)


def weighed(matter: str, *records: Record, parties: tuple[Party, ...] = (), **case: Any) -> Verdict:
    catalogue = load()
    policy = catalogue.policies[matter].model_copy(update={"required": ("municipal",)})
    opened = Case.model_validate(
        {
            "id": "1",
            "matter": matter,
            "point": MATTERS[matter],
            "subject": firm(),
            "parties": parties,
            "purpose": {"text": "示例", "basis": "示例法 第一条"},
            "operator": {"id": "u", "department": "d"},
            "opened_at": NOON,
            **case,
        }
    )
    answers = tuple(
        Answer(subject=party.subject, known=True, records=tuple(r for r in records if r.subject.same_as(party.subject)))
        for party in asked_parties(opened, policy)
    )
    heard = Heard(
        "municipal",
        Consultation(
            source="municipal",
            as_of=NOON,
            fetched_at=NOON,
            request_id="q-1",
            digest=f"sha256:{'0' * 64}",
            answers=answers,
        ),
    )
    return weigh(opened, policy, catalogue, [heard], [], DAY)


def restrictions(verdict: Verdict) -> set[str]:
    return {finding.measure.code for finding in verdict.findings if finding.measure.kind == "restriction"}


def offers(verdict: Verdict) -> set[str]:
    return {finding.measure.code for finding in verdict.findings if finding.measure.kind == "incentive"}


@pytest.mark.parametrize(
    ("matter", "code", "expected", "outcome"),
    [
        ("procurement.goods", "MOF-ZC", {"R-GP-01"}, "restricted"),
        ("procurement.goods", "STA-ZD", {"R-GP-01"}, "restricted"),
        ("procurement.goods", "SXBZXR", {"R-GP-01"}, "restricted"),
        ("procurement.goods", "SAMR-YZ", {"R-SAMR-01"}, "restricted"),
        ("procurement.goods", "MOHRSS-NMG", {"R-NMG-01"}, "restricted"),
        ("procurement.goods", "SAMR-YC", {"R-SAMR-02"}, "review"),
        ("procurement.goods", "NBS", set(), "clear"),
        ("tender.works", "SXBZXR", {"R-BID-01"}, "restricted"),
        ("tender.works", "SAMR-YZ", {"R-SAMR-01"}, "restricted"),
        ("tender.works", "MOHRSS-NMG", {"R-NMG-01-BID"}, "restricted"),
        ("tender.works", "MOF-ZC", set(), "clear"),
        ("subsidy.enterprise", "STA-ZD", {"R-SUB-01", "R-SUB-02", "R-LIC-04"}, "restricted"),
        ("subsidy.enterprise", "MOHRSS-NMG", {"R-SUB-01", "R-SUB-02", "R-LIC-04", "R-NMG-01-SUB"}, "restricted"),
        ("honour.award", "MEM-AQ", {"R-HON-01", "R-HON-02"}, "restricted"),
        ("licence.food-production", "SAMR-YZ", {"R-LIC-04", "R-LIC-05"}, "review"),
        ("licence.food-production", "MOHRSS-NMG", {"R-LIC-04", "R-LIC-05", "R-NMG-01-LIC"}, "restricted"),
        ("supervision.inspection", "SAMR-YZ", {"R-SUP-01"}, "clear"),
        ("procurement.goods", "ASSOC-SX", set(), "clear"),
    ],
)
def test_a_listed_subject(matter: str, code: str, expected: set[str], outcome: str) -> None:
    verdict = weighed(matter, record(list_code=code))
    assert (restrictions(verdict), verdict.outcome) == (expected, outcome)


@pytest.mark.parametrize(
    ("matter", "code", "expected"),
    [
        ("procurement.goods", "STA-ZD", {"R-GP-02"}),
        ("procurement.goods", "SAMR-YZ", {"R-GP-02"}),
        ("tender.works", "SXBZXR", {"R-GP-02"}),
        ("tender.works", "SAMR-YZ", {"R-GP-02"}),
        ("tender.works", "STA-ZD", set()),  # bars from procurement, not from tenders: no basis, no restriction
    ],
)
def test_a_listed_member_of_a_consortium(matter: str, code: str, expected: set[str]) -> None:
    member = firm(OTHER, "广西示例建设有限公司")
    parties = (Party(role="consortium_member", subject=member),)
    verdict = weighed(matter, record(member, list_code=code), parties=parties)
    assert restrictions(verdict) == expected
    assert verdict.outcome == ("restricted" if expected else "clear")


def test_a_listed_agency_is_replaced_and_the_bidder_untouched() -> None:
    agency = firm(OTHER, "广西示例招标代理有限公司")
    verdict = weighed(
        "tender.works", record(agency, list_code="SXBZXR"), parties=(Party(role="tender_agency", subject=agency),)
    )
    assert restrictions(verdict) == {"R-BID-03"}
    assert verdict.outcome == "review"
    assert not verdict.excluded


@pytest.mark.parametrize(
    ("matter", "decision", "expected", "outcome"),
    [
        ("licence.food-production", "false_application", "R-LIC-01", "restricted"),
        ("licence.food-production", "bribed_licence", "R-LIC-02", "restricted"),
        ("licence.food-production", "industry_ban", "R-IND-01", "review"),
        ("licence.food-production", "industry_ban_food", "R-IND-01-FOOD", "review"),
        ("procurement.goods", "procurement_ban", "R-GP-01-BAN", "restricted"),
        ("procurement.goods", "major_violation", "R-GP-01-MAJOR", "restricted"),
        ("tender.works", "bid_disqualification", "R-BID-02", "restricted"),
        ("tender.works", "bid_disqualification_fraud", "R-BID-02-FRAUD", "restricted"),
    ],
)
def test_a_subject_under_a_decision(matter: str, decision: str, expected: str, outcome: str) -> None:
    verdict = weighed(matter, record(decision_kind=decision))
    assert expected in restrictions(verdict)
    assert verdict.outcome == outcome


def test_a_ban_that_is_over_no_longer_excludes() -> None:
    over = record(decision_kind="procurement_ban", ban_until=date(2026, 11, 22))
    assert weighed("procurement.goods", over).outcome == "clear"
    last = record(decision_kind="procurement_ban", ban_until=DAY)
    assert weighed("procurement.goods", last).outcome == "restricted"
    listed = record(list_code="MOF-ZC", ban_until=date(2026, 11, 22))
    assert weighed("procurement.goods", listed).outcome == "clear"


def test_an_old_decision_without_an_end_stops_with_the_longest_term_of_the_law() -> None:
    for decision, years in (("procurement_ban", 3), ("major_violation", 3)):
        before = record(decision_kind=decision, document_date=date(2026 - years, 11, 22))
        assert weighed("procurement.goods", before).outcome == "clear"
        within = record(decision_kind=decision, document_date=date(2026 - years, 11, 23))
        assert weighed("procurement.goods", within).outcome == "restricted"


def test_a_barred_person_touches_the_post_alone() -> None:
    verdict = weighed(
        "licence.food-production",
        record(person(), decision_kind="position_ban"),
        parties=(Party(role="legal_representative", subject=person()),),
    )
    assert restrictions(verdict) == {"R-POS-01"}
    assert verdict.outcome == "review"


def test_a_persons_record_touches_the_company_only_where_the_measure_says_so() -> None:
    parties = (Party(role="legal_representative", subject=person()),)
    assert weighed("procurement.goods", record(person(), list_code="SXBZXR"), parties=parties).outcome == "clear"
    wages = weighed("procurement.goods", record(person(), list_code="MOHRSS-NMG"), parties=parties)
    assert restrictions(wages) == {"R-NMG-01"}
    holder = (Party(role="shareholder", subject=person()),)
    assert weighed("procurement.goods", record(person(), list_code="MOHRSS-NMG"), parties=holder).outcome == "clear"


def test_minor_records_count_for_nothing() -> None:
    for matter in MATTERS:
        verdict = weighed(matter, record(list_code="SAMR-YC", severity="minor"))
        assert (restrictions(verdict), verdict.outcome) == (set(), "clear")


def test_a_broken_promise_excludes_from_facilitation_alone() -> None:
    verdict = weighed("licence.food-production", record(kind="commitment"), materials=MISSING)
    assert restrictions(verdict) == {"R-LIC-04"}
    assert verdict.outcome == "review"
    assert verdict.excluded
    assert offers(verdict) == set()


def test_an_ordinary_penalty_asks_for_scrutiny_and_keeps_the_deferral() -> None:
    verdict = weighed("licence.food-production", record(kind="penalty", severity="general"), materials=MISSING)
    assert restrictions(verdict) == {"R-LIC-03"}
    assert "I-02" in offers(verdict)
    assert "I-01" not in offers(verdict)


def test_three_clean_years_open_the_green_channel() -> None:
    assert offers(weighed("licence.food-production")) == {"I-01", "I-03"}
    assert offers(weighed("licence.food-production", materials=MISSING)) == {"I-01", "I-02", "I-03"}


def test_a_taxpayer_of_grade_a_gets_what_the_list_offers() -> None:
    listed = record(list_code="STA-A", polarity="positive")
    assert offers(weighed("licence.food-production", listed)) == {"I-01", "I-03", "I-10"}
    assert offers(weighed("subsidy.enterprise", listed)) == {"I-04", "I-10"}
    assert offers(weighed("procurement.goods", listed)) == set()
    assert offers(weighed("procurement.goods", listed, tender={"id": "t-1", "clauses": [BONUS]})) == {"I-06"}
    assert offers(weighed("honour.award", listed)) == {"I-09"}
    assert offers(weighed("supervision.inspection", listed)) == {"I-08"}


def test_points_and_deposits_need_their_clause() -> None:
    listed = record(list_code="STA-A", polarity="positive")
    local = record(list_code="GOV-ZLJ", polarity="positive")
    clauses = [BONUS, {"kind": "deposit_reduction", "reference": "第二章", "attestation": "已对照令第16号"}]
    tender = {"id": "t-1", "clauses": clauses}
    assert offers(weighed("tender.works", listed)) == set()
    assert offers(weighed("tender.works", listed, tender=tender)) == {"I-05", "I-07"}
    assert offers(weighed("tender.works", local, tender=tender)) == {"I-07"}  # for its three clean years


def test_a_restriction_suppresses_the_incentives_of_the_same_file() -> None:
    verdict = weighed(
        "procurement.goods",
        record(list_code="STA-A", polarity="positive"),
        record(list_code="SAMR-YZ", record_id="r-2"),
    )
    assert verdict.outcome == "restricted"
    assert offers(verdict) == set()


def test_credit_is_deducted_only_under_a_clause() -> None:
    tender = {"id": "t-1", "clauses": [{"kind": "credit_bonus", "reference": "第三章 5.2"}]}
    penalty = record(kind="penalty", severity="general")
    assert weighed("tender.works", penalty).outcome == "clear"
    assert restrictions(weighed("tender.works", penalty, tender=tender)) == {"R-SCORE-01"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"I-05"}),
        ({"attestation": None}, set()),
        ({"attestation": "  "}, set()),
        ({"max_points": None}, set()),
        ({"kind": "exclusion"}, set()),
    ],
)
def test_points_need_a_clause_a_cap_and_the_attestation(changes: dict[str, Any], expected: set[str]) -> None:
    listed = record(list_code="STA-A", polarity="positive")
    tender = {"id": "t-1", "clauses": [{**BONUS, **changes}]}
    assert offers(weighed("tender.works", listed, tender=tender)) == expected


def test_a_deposit_needs_the_attestation_and_no_cap() -> None:
    listed = record(list_code="STA-A", polarity="positive")
    clause = {"kind": "deposit_reduction", "reference": "第二章", "attestation": "已对照令第16号"}
    assert offers(weighed("tender.works", listed, tender={"id": "t-1", "clauses": [clause]})) == {"I-07"}
    clause["attestation"] = ""
    assert offers(weighed("tender.works", listed, tender={"id": "t-1", "clauses": [clause]})) == set()


def test_place_changes_no_advantage() -> None:
    """A subject registered elsewhere, and a case of another region, get the same (令第16号 第九条)."""
    tender = {"id": "t-1", "clauses": [BONUS]}
    found = [
        offers(weighed("tender.works", record(subject, list_code="STA-A", polarity="positive"), subject=subject,
                       tender=tender, region=region))
        for subject in (firm(), firm(OTHER, "外地示例有限公司"))
        for region in ("451100", "110000", None)
    ]  # fmt: skip
    assert found == [{"I-05"}] * 6


def test_two_measures_to_one_end_are_proposed_once_with_all_their_grounds() -> None:
    listed = record(list_code="MOF-ZC", doc_no="财采〔2026〕1号", list_until=date(2027, 1, 1))
    banned = record(
        decision_kind="procurement_ban", record_id="r-2", doc_no="财采〔2026〕2号", ban_until=date(2028, 5, 1)
    )
    for records in ((listed, banned), (banned, listed)):
        verdict = weighed("procurement.goods", *records)
        (finding,) = (one for one in verdict.findings if one.measure.kind == "restriction")
        assert finding.measure.code == "R-GP-01-BAN"  # it lasts longer
        assert finding.until == date(2028, 5, 1)
        assert {support.seen.record.record_id for support in finding.supports} == {"r-1", "r-2"}
        assert [measure.code for measure in finding.beside] == ["R-GP-01"]
        assert any(basis.title.startswith("财政部关于在政府采购活动中") for basis in finding.basis)


def test_measures_to_another_end_or_of_another_party_stand_apart() -> None:
    member = firm(OTHER, "广西示例建设有限公司")
    verdict = weighed(
        "procurement.goods",
        record(list_code="MOF-ZC"),
        record(list_code="SAMR-YZ", record_id="r-2"),
        record(member, list_code="MOF-ZC", record_id="r-3"),
        parties=(Party(role="consortium_member", subject=member),),
    )
    assert restrictions(verdict) == {"R-GP-01", "R-SAMR-01", "R-GP-02"}


def test_the_publicity_of_a_penalty_ends_by_the_rules_of_its_date() -> None:
    """A general penalty since April 2026 is published for a year at most, an earlier one for three (第36号令, 第58号令)."""

    def hits(**changes: Any) -> set[str]:
        one = record(kind="penalty", list_until=None, **{"severity": "general", **changes})
        return restrictions(weighed("licence.food-production", one))

    assert hits(document_date=date(2023, 11, 23)) == {"R-LIC-03"}
    assert hits(document_date=date(2023, 11, 22)) == set()
    assert hits(document_date=date(2026, 4, 1)) == {"R-LIC-03"}
    assert hits(document_date=date(2023, 11, 22), publicity_until=DAY) == {
        "R-LIC-03"
    }  # what the record states prevails


def test_a_flag_that_lags_behind_the_days_carries_a_hint_at_most() -> None:
    grave: dict[str, Any] = {"kind": "penalty", "severity": "serious", "list_until": None}
    shown = weighed("licence.food-production", record(**grave, document_date=date(2024, 1, 1)))
    over = weighed("licence.food-production", record(**grave, document_date=date(2023, 1, 1)))
    running = weighed(
        "licence.food-production", record(**grave, document_date=date(2023, 1, 1), ban_until=date(2027, 1, 1))
    )

    def strength(verdict: Verdict) -> list[str]:
        return [finding.strength for finding in verdict.findings if finding.measure.code == "R-LIC-04"]

    assert (strength(shown), strength(over), strength(running)) == (["block"], ["hint"], ["block"])
