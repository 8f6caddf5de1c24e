"""What a decision says of each measure: list, document number, basis with article, period and remedy, in Chinese."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from credit_check_sdk import Answer, Case, Consultation, Measure, Party, Record, Subject
from credit_check_sdk.catalogue import load
from credit_check_sdk.catalogue.telling import KINDS, condition
from credit_check_sdk.core.cited import days_words
from credit_check_sdk.core.standing import Seen
from credit_check_sdk.core.weigh import Finding, Heard, Support, weigh
from credit_check_sdk.core.words import finding_words
from credit_check_sdk.model import MatterPolicy
from credit_check_sdk.model.measure import NotExcluded, OnCleanYears, OnDecision, OnList, OnMeasure, OnRating, OnRecord

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
CATALOGUE = load()
IN_FORCE = CATALOGUE.in_force(DAY)
DOC_NO = "示例罚〔2026〕17号"
BONUS = {"kind": "credit_bonus", "reference": "5.2", "max_points": 2, "attestation": "已对照令第16号"}
PERSONS = {"legal_representative", "principal", "executive", "directly_responsible", "safety_head", "owner"}


def subject_in(role: str) -> Subject:
    """Make whoever may stand in a role."""
    if role in PERSONS:
        identifiers, category, name = [{"scheme": "cn-resident-id", "value": "451102199001010010"}], "person", "张示例"
    else:
        identifiers, category, name = [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}], "organisation", "示例公司"
    made = {"category": category, "name": name, "identifiers": identifiers}
    return Subject.model_validate({**made, "founded_on": date(2015, 1, 1) if category == "organisation" else None})


def meeting(measure: Measure, who: Subject) -> Record | None:
    """Make a record that meets the measure's first trigger; None where a record is not what it asks for."""
    (trigger, *_) = measure.triggers
    if isinstance(trigger, OnMeasure):
        return meeting(CATALOGUE.measure(trigger.measures[0]), who)
    made: dict[str, Any] = {
        "record_id": "r-1",
        "polarity": "positive" if measure.kind == "incentive" else "negative",
        "subject": who,
        "authority": "示例机关",
        "doc_no": DOC_NO,
        "document_date": date(2026, 5, 1),
        "severity": "serious" if measure.kind == "restriction" else None,
    }
    match trigger:
        case OnList():
            made |= {"list_code": trigger.lists[0], "list_until": date(2028, 5, 1)}
        case OnDecision():
            made |= {"decision_kind": trigger.decisions[0], "kind": "penalty", "ban_until": date(2027, 5, 1)}
        case OnRecord():
            made |= {"kind": trigger.kinds[-1]}
        case OnRating():
            made |= {"kind": "rating", "grade": trigger.grades[0]}
        case _:
            return None
    return Record.model_validate(made)


def told(measure: Measure) -> tuple[Finding, str, str]:
    """Weigh a case in which the measure applies, and give the words for it (zh, en)."""
    role = measure.reach[0]
    who = subject_in(role)
    found = meeting(measure, who)
    if not measure.matters:  # carried out by others: it is explained and never proposed
        seen = Seen(Party(role=role, subject=who), found, "municipal", "own", live=True) if found else None
        assert seen is not None
        finding = Finding(measure, seen.party, measure.strength, (Support(seen, seen.record.list_until, "info"),))
        words = finding_words(finding, CATALOGUE)
        return finding, words.zh, words.en
    matter = measure.matters[0] if "." in measure.matters[0] else f"{measure.matters[0]}.example"
    kind = CATALOGUE.kinds[matter.partition(".")[0]]
    point = measure.points[0] if measure.points else kind.points[0]
    policy = MatterPolicy(
        code=matter,
        name=kind.name,
        points=kind.points,
        required=("municipal",),
        query_roles=tuple(dict.fromkeys(measure.reach)),
    )
    applicant = who if role == "subject" else subject_in("subject")
    if role == "consortium_member":
        applicant = applicant.model_copy(update={"name": "牵头公司", "identifiers": ()})
    parties = () if role == "subject" else (Party(role=role, subject=who),)
    missing = [{"code": "M07", "name": "营业执照", "kind": "formal", "deferrable": True, "state": "missing"}]
    case = Case.model_validate(
        {
            "id": "1",
            "matter": matter,
            "point": point,
            "subject": applicant,
            "parties": parties,
            "purpose": {"text": "示例", "basis": "示例法 第一条"},
            "operator": {"id": "u", "department": "d"},
            "opened_at": NOON,
            "materials": missing,
            "tender": {"id": "t", "clauses": [BONUS, {**BONUS, "kind": "deposit_reduction"}]},
        }
    )
    answers = tuple(
        Answer(subject=party.subject, known=True, records=(found,) if found and party.subject == who else ())
        for party in case.everybody
    )
    consultation = Consultation(
        source="municipal",
        as_of=NOON,
        fetched_at=NOON,
        request_id="q",
        digest=f"sha256:{'0' * 64}",
        answers=answers,
    )
    verdict = weigh(case, policy, CATALOGUE, [Heard("municipal", consultation)], [], DAY)
    (finding,) = (one for one in verdict.findings if one.measure.code == measure.code)
    words = finding_words(finding, CATALOGUE)
    return finding, words.zh, words.en


@pytest.mark.parametrize("measure", IN_FORCE, ids=[measure.code for measure in IN_FORCE])
def test_every_measure_is_told_whole(measure: Measure) -> None:
    finding, zh, en = told(measure)
    assert f"“{measure.name.zh}”" in zh
    assert f"“{measure.name.en}”" in en
    for basis in finding.basis:
        assert f"《{basis.title}》{basis.doc_no or ''}{basis.article or ''}" in zh
        assert basis.article is None or basis.article in en
    assert any(basis.article or basis.doc_no for basis in finding.basis)
    assert measure.period.words.zh in zh
    assert measure.period.words.en in en
    for support in finding.supports:
        record = support.seen.record
        listed = CATALOGUE.list_of(record.list_code) if record.list_code else None
        decided = CATALOGUE.decisions.get(record.decision_kind or "")
        named = listed or decided
        assert (named.name.zh if named else KINDS[record.kind].zh) in zh
        assert DOC_NO in zh
        assert DOC_NO in en
        assert "示例机关" in zh
        assert "2026-05-01" in zh
    if measure.kind == "restriction":
        assert finding.supports
        assert "期限：" in zh
        assert ("（含当日）止" if finding.until else "至记录移出之日止") in zh
        for remedy in ("陈述和申辩", "对记录提出异议", "申请信用修复", "申请行政复议", "提起行政诉讼"):
            assert remedy in zh
        assert days_words(CATALOGUE.terms["remedy.reconsideration"], "zh-CN") in zh
    assert "None" not in zh + en
    assert "None" not in en


@pytest.mark.parametrize(
    "measure", CATALOGUE.measures, ids=[f"{m.code}@{m.effective_from}" for m in CATALOGUE.measures]
)
def test_every_condition_is_told_in_both_languages(measure: Measure) -> None:
    for trigger in (*measure.triggers, *measure.requires):
        words = condition(trigger, CATALOGUE)
        assert words.zh
        assert words.en
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in words.en.replace("优", "")), words.en


def test_a_record_without_a_number_says_so_and_names_its_kind() -> None:
    who = subject_in("subject")
    record = Record(record_id="r", polarity="negative", subject=who, authority="示例机关", kind="commitment")
    seen = Seen(Party(role="subject", subject=who), record, "municipal", "own", live=True)
    measure = CATALOGUE.measure("R-LIC-04")
    words = finding_words(Finding(measure, seen.party, "block", (Support(seen, None, "block"),)), CATALOGUE)
    assert "“信用承诺”记录（示例机关，文号未载明，来源 municipal，状态：有效）" in words.zh
    assert "no number given" in words.en
    assert "仅影响便利措施" in words.zh
    assert "至记录移出之日止" in words.zh


@pytest.mark.parametrize(
    ("dated", "severity", "until"),
    [
        (date(2026, 5, 1), "general", "2026-08-01"),
        (date(2026, 5, 1), "serious", "2027-05-01"),
        (date(2026, 3, 31), "serious", "2026-06-30"),  # before April 2026: three months, whatever it is called
        (date(2026, 3, 31), None, "2026-06-30"),
        (date(2026, 4, 1), None, None),  # no severity is assumed
    ],
)
def test_the_day_from_which_repair_may_be_asked_for_is_told(dated: date, severity: Any, until: str | None) -> None:
    who = subject_in("subject")
    record = Record(
        record_id="r",
        polarity="negative",
        subject=who,
        authority="示例机关",
        kind="penalty",
        severity=severity,
        document_date=dated,
    )
    seen = Seen(Party(role="subject", subject=who), record, "municipal", "own", live=True)
    measure = CATALOGUE.measure("R-LIC-03")
    words = finding_words(Finding(measure, seen.party, "hint", (Support(seen, None, "hint"),)), CATALOGUE)
    assert (f"最短期限至 {until}（含当日" in words.zh) == (until is not None)
    assert ("最短期限" in words.zh) == (until is not None)


def test_the_day_from_which_a_list_may_be_left_early_is_told() -> None:
    who = subject_in("subject")
    measure = CATALOGUE.measure("R-NMG-01")
    for code, until in (("MOHRSS-NMG", "2026-11-01"), ("STA-ZD", None)):
        record = Record(record_id="r", polarity="negative", subject=who, authority="示例机关", list_code=code,
                        document_date=date(2026, 5, 1))  # fmt: skip
        seen = Seen(Party(role="subject", subject=who), record, "municipal", "own", live=True)
        words = finding_words(Finding(measure, seen.party, "block", (Support(seen, None, "block"),)), CATALOGUE)
        assert (f"最短期限至 {until}（含当日" in words.zh) == (until is not None)
        assert ("early removal" in words.en) == (until is not None)


def test_an_offer_says_why_and_on_what() -> None:
    measure = CATALOGUE.measure("I-02")
    assert isinstance(measure.triggers[0], NotExcluded)
    finding, zh, _ = told(measure)
    assert finding.strength == "offer"
    assert "实质性条件不因此减免" in zh
    green = CATALOGUE.measure("I-01")
    assert any(isinstance(trigger, OnCleanYears) for trigger in green.triggers)
