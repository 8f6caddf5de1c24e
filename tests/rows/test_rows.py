"""What the founding plan asks of the good side and of follow-up, clause by clause: one whole story each, through both doors.

Each story says what is granted and what is refused; the branches are tested by feature. The page for it is
docs/explanation/duties.md, in both languages.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

import credit_check_adapter_supervision as supervision
from credit_check_sdk import (
    CreditReport,
    DecidedCase,
    GateError,
    InputError,
    Promise,
    Ranking,
    RedListEntry,
    Response,
    Subject,
)
from tests.kit import OFFICER, OTHER, PERSON, PURPOSE, ROOT, USCC, case, faults, organisation, record
from tests.publicity.test_publicity import licence as issued
from tests.publicity.test_publicity import of_a_firm, wired

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Case
    from tests.kit import Door

FIRM = "贺州市示例食品有限公司"
RIVAL = "广西示例建设有限公司"
TAX = "国家税务总局贺州市税务局"
PRAISE = record(
    list_code="STA-A", polarity="positive", severity=None, basis=None, authority=TAX, doc_no="贺税〔2026〕8号"
)
CLAUSE = {"kind": "credit_bonus", "reference": "6.4", "max_points": "2", "attestation": "贺州市示例招标人：一视同仁"}


def about(made: dict[str, Any], value: str, name: str) -> dict[str, Any]:
    """Give a record to somebody else."""
    return {
        **made,
        "subject": {"category": "organisation", "name": name, "identifiers": [{"scheme": "cn-uscc", "value": value}]},
    }


def food(point: str = "accept", **more: Any) -> Case:
    """Make a file of the food licence."""
    return case(organisation(), matter="licence.food-production", point=point, **more)


def paper(code: str, kind: str = "formal") -> dict[str, Any]:
    """Make a material that is missing."""
    return {"code": code, "name": f"材料{code}", "kind": kind, "deferrable": kind == "formal", "state": "missing"}


def arrived(door: Door, sandbox: Any, kind: str) -> list[dict[str, Any]]:
    """Deliver what waits, and give what arrived."""
    while door.relay().attempted:
        pass
    return [item["body"]["data"] for item in sandbox.received(kind)["items"]]


def test_r01_red_lists_are_read_with_their_rules_and_the_departments_own_are_pushed(door: Door, sandbox: Any) -> None:
    sandbox.put_record({**PRAISE, "list_until": "2099-12-31"})
    sandbox.put_record(about({**PRAISE, "list_until": "2026-01-31"}, OTHER, RIVAL))
    (ground, *_) = [g for p in door.check(food()).proposals for g in p.grounds]
    assert (ground.list_code, ground.authority, ground.until) == ("STA-A", TAX, date(2099, 12, 31))
    over = door.check(case(organisation(OTHER, RIVAL), matter="licence.food-production", point="accept"))
    assert not over.facilities.green_channel.granted, "an entry past its last day never counts"
    entry = RedListEntry(
        list_code="CX-SF",
        subject=organisation(),
        authority="贺州市发展和改革委员会",
        basis="国发〔2016〕33号",
        listed_on=date(2026, 11, 2),
    )
    door.push_red_list(entry, operator=OFFICER)
    door.withdraw_red_list(entry, operator=OFFICER, reason="称号期满")
    pushed, withdrawn = arrived(door, sandbox, "red-list")
    assert "CX-SF" in str(pushed)
    assert "称号期满" in str(withdrawn)


def test_r02_the_green_channel_says_its_ground_and_what_it_grants(door: Door, sandbox: Any) -> None:
    subject = organisation().model_copy(update={"founded_on": date(2010, 1, 1)})
    channel = door.check(case(subject, matter="licence.food-production", point="accept")).facilities.green_channel
    assert channel.granted
    assert "连续 3 年无不良信用记录" in channel.reasons.zh
    assert "实质性条件不因此减免" in channel.reasons.zh
    assert channel.grants[0].zh == "优先办理"
    sandbox.put_record(about(record(), OTHER, RIVAL))
    barred = organisation(OTHER, RIVAL).model_copy(update={"founded_on": date(2010, 1, 1)})
    decision = door.check(case(barred, matter="licence.food-production", point="accept"))
    assert not decision.facilities.green_channel.granted
    assert "exclusion" in {door.notice(number).notice.kind for number in decision.notices}, "who is excluded is told"


def test_r03_formal_materials_may_come_later_against_a_written_promise(door: Door, sandbox: Any) -> None:
    file = food(materials=[paper("M07")])
    door.check(file)
    kept = door.defer(file, Promise(signed_by="李示例"))
    assert (kept.state, kept.due_on) == ("open", kept.commitment.valid_until)
    with pytest.raises(GateError) as owed:
        door.require(food("decide", id=file.id, materials=[paper("M07")]), to="grant")
    assert owed.value.code in {"gate.deferred", "gate.never_checked"}
    assert door.supply(kept.code, ["M07"], operator=OFFICER).state == "fulfilled"
    told = arrived(door, sandbox, "commitments")
    assert {each["commitment"]["commitmentTypeId"] for each in told} == {"容缺受理型"}
    whole = food(materials=[paper("M01", "substantive"), paper("M07")])
    assert not door.check(whole).facilities.deferral.granted
    with pytest.raises(InputError):
        door.defer(whole, Promise(signed_by="李示例"))


def test_r04_the_persons_behind_a_bidder_are_asked_about_too(door: Door, sandbox: Any) -> None:
    person = {"category": "person", "name": "张示例", "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}]}
    sandbox.put_record({**record(list_code="MOHRSS-NMG", basis="保障农民工工资支付条例 第四十八条"), "subject": person})
    parties = [{"role": "legal_representative", "subject": person}]
    given: dict[str, Any] = {"matter": "tender.works", "tender": {"id": "T-1", "clauses": []}, "purpose": PURPOSE}
    decision = door.check(case(parties=parties, **given))
    assert decision.outcome == "restricted"
    assert {proposal.applies_to.role for proposal in decision.proposals} == {"legal_representative"}
    assert door.check(case(**given)).outcome == "clear", "without that person the bidder is clear"


def test_r05_a_credit_report_of_an_agency_is_evidence_and_never_clears_alone(door: Door, sandbox: Any) -> None:
    given = {"issuer": "示例征信有限公司", "number": "XYBG-2026-001", "issued_on": date(2026, 10, 1), "grade": "AA"}
    more = {"expires_on": date(2099, 12, 31), "identifier": {"scheme": "cn-uscc", "value": USCC}}
    content = b"%PDF-1.7 example"
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    sealed = CreditReport.model_validate({**given, **more, "digest": digest}).sealed(content)
    file = case(credit_reports=(sealed,))
    decision = door.check(file)
    assert [each.code for each in decision.warnings if each.code.startswith("report.")], "its issuer is on no list"
    assert door.show(decision.id).case.credit_reports[0].digest == sealed.digest
    with faults(sandbox, {"level": "national", "path": "/v1/checks", "kind": "status", "value": 503}):
        assert (
            door.check(case(credit_reports=(sealed,), matter="tender.works", tender={"id": "T-2"})).outcome != "clear"
        )


def test_r06_points_and_priority_only_under_a_clause_and_within_its_cap(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)

    def table(*clauses: dict[str, Any]) -> Any:
        tender: dict[str, Any] = {"matter": "tender.works", "tender": {"id": "T-1", "clauses": list(clauses)}}
        mine = door.check(case(organisation(), **tender))
        other = door.check(case(organisation(OTHER, RIVAL), **tender))
        entries = [
            {"reference": "B-1", "score": "89", "decisions": [mine.id]},
            {"reference": "B-2", "score": "90", "decisions": [other.id]},
        ]
        said = {"id": "T-1", "matter": "tender.works", "clauses": list(clauses), "entries": entries}
        return door.rank(Ranking.model_validate(said))

    with_clause, without = table(CLAUSE), table()
    first = with_clause.row("B-1")
    assert (first.rank_before, first.rank_after, first.final) == (2, 1, Decimal(91))
    assert first.items[0].clause == "6.4"
    assert without.row("B-1").final == Decimal(89)
    assert without.row("B-1").withheld, "why nothing is given is said"


def test_r07_a_person_is_asked_about_for_a_purpose_and_masked_everywhere(door: Door, sandbox: Any) -> None:
    person = {"category": "person", "name": "张示例", "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}]}
    sandbox.put_record({**record(list_code="MOHRSS-NMG"), "subject": person})
    subject = Subject.model_validate(person, strict=False)
    given: dict[str, Any] = {"matter": "licence.food-production", "point": "accept"}
    with pytest.raises(ValueError, match=r"purpose is missing.* give purpose\.text and purpose\.basis"):
        case(subject, purpose=None, **given)
    decision = door.check(case(subject, purpose=PURPOSE, **given))
    told = decision.model_dump_json()
    assert PERSON not in told
    assert "451102********0010" in told
    assert PERSON not in door.notice(decision.notices[0]).notice.text.zh


def test_r08_inspections_are_fewer_for_the_trustworthy_and_more_for_the_others(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record(about(record(), OTHER, RIVAL))
    targets = [
        supervision.Target(number="1", subject=organisation(), ordinary="B"),
        supervision.Target(number="2", subject=organisation(OTHER, RIVAL), ordinary="B"),
    ]
    given: dict[str, Any] = {"plan_id": "2027", "operator": OFFICER, "purpose": PURPOSE}
    if door.kind == "sync":
        plan = supervision.plan_round(door.client, targets, **given)
    else:
        plan = door.wait(supervision.plan_round_async(door.client, targets, **given))
    assert [row.change for row in plan.rows] == ["fewer", "more"]
    assert all(row.basis for row in plan.rows)


def test_r13_who_asked_is_named_and_each_answer_goes_back_to_it(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    decision = door.check(food())
    first, *others = [each for each in decision.proposals if each.grounds]
    assert first.initiators == (TAX,)
    answers = [Response(proposal=first.id, answer="set_aside", reason="申请人选择普通程序")]
    answers += [Response(proposal=each.id, answer="applied") for each in others]
    door.settle(decision, tuple(answers), operator=OFFICER)
    told = arrived(door, sandbox, "feedback")
    assert {each["initiator"] for each in told} == {TAX}
    assert {(each["executed"], each["reason"]) for each in told} >= {(False, "申请人选择普通程序")}
    sheet = door.response_sheet(memorandum="M-TAXA", initiator=TAX)
    assert sheet.every == "quarter"
    assert sum(line.set_aside for line in sheet.lines) == 1
    assert sheet.reasons[0].reason == "申请人选择普通程序"


@time_machine.travel(datetime(2026, 11, 23, 1, tzinfo=UTC))
def test_r15_a_licence_is_published_at_both_places_within_seven_working_days(
    open_door: Callable[[Path], Door], config: Path, sandbox: Any
) -> None:
    door = open_door(wired(config))
    made = door.publish(of_a_firm(), issued(decided_on=date(2026, 11, 20)))
    assert {each.publication.destination for each in made} == {"credit", "enterprise"}
    assert {each.publication.due_on for each in made} == {date(2026, 12, 1)}, "the seventh working day"
    assert len(arrived(door, sandbox, "publicity")) == 2
    assert {each.standing(date(2026, 12, 2)) for each in door.publications()} == {"in_time"}
    with pytest.raises(InputError) as refused:
        door.publish(of_a_firm(), issued(content=" "))
    assert refused.value.code == "publicity.invalid"


def test_r22_what_was_due_checked_applied_answered_and_late_is_counted(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    file, missed = case(), case(organisation(OTHER, RIVAL))
    decision = door.check(file)
    answers = tuple(Response(proposal=each.id, answer="applied") for each in decision.proposals)
    door.settle(decision, answers, operator=OFFICER)
    door.relay()
    decided_at = datetime.now(UTC)
    register = [DecidedCase(case_id=each.id, point=each.point, decided_at=decided_at) for each in (file, missed)]
    report = door.statistics_report(decided=register)
    (due,) = report.due
    assert (due.due, due.checked, due.never_checked) == (2, 1, 1)
    totals = report.totals
    assert (totals["hits"], totals["applied"]) == (1, len(answers))
    assert totals["reports"] == totals["delivered"] == len(answers)
    assert (totals["late"], totals["surviving"]) == (0, 0)
    assert report.by_dimension("measure").keys() == {each.measure for each in decision.proposals} | {""}


@pytest.mark.parametrize("page", ["duties.md", "duties.zh-CN.md"])
def test_every_row_has_its_place_on_the_page(page: str) -> None:
    text = (ROOT / "docs" / "explanation" / page).read_text(encoding="utf-8")
    stories = [name.split("_")[1].upper() for name in globals() if name.startswith("test_r") and name[6:8].isdigit()]
    assert len(stories) == 11
    for row in stories:
        assert f"## {row} " in text, row
        section = text.partition(f"## {row} ")[2].partition("\n## ")[0]
        assert "](" in section, f"{row} leads to a page that says how"
        for target in [part.partition(")")[0] for part in section.split("](")[1:]]:
            if target.endswith(".md"):
                assert (ROOT / "docs" / "explanation" / target).resolve().is_file(), target
