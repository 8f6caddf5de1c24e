"""379 real grants go through application, payment and use with seeded records; what comes out is worked out a second time.

What is expected is counted here from the seeds alone, by plain rules of the law, and shares no code with the package.
"""

from __future__ import annotations

import csv
import inspect
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import credit_check_adapter_subsidy as subsidy
from credit_check_sdk import Applicant, GateError, Purpose, Ranking, RankingEntry, Response
from tests.kit import INPUTS, OFFICER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_adapter_subsidy import SubsidyReport
    from tests.kit import Door

FILE = INPUTS / "grants" / "360-a002400000KeYdsAAF.json"
PURPOSE = Purpose(text="惠企补贴申报与拨付核查", basis="保障农民工工资支付条例 第四十八条")
TODAY = datetime.now(UTC).astimezone().date()
PAID = TODAY - timedelta(days=30)
SINCE = TODAY - timedelta(days=10)
KINDS = (
    "listed", "minor", "repaired", "disputed", "praised", "namesake", "listed later", "found after", "penalised", "disputed after",
)  # fmt: skip
"""What is seeded: the n-th recipient is of the n-th kind, round and round."""
CLAUSE = "申报通知第八条"


def record(kind: str, applicant: Applicant, number: int, dated: date = date(2026, 3, 1)) -> dict[str, Any]:
    """Make the record of one recipient; invented, whoever the recipient is."""
    subject = applicant.subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})
    made: dict[str, Any] = {
        "subject": subject,
        "record_id": f"G-{number}",
        "list_code": "MOHRSS-NMG",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "示例人社局",
        "doc_no": f"示例〔2026〕{number}号",
        "document_date": dated.isoformat(),
        "basis": "保障农民工工资支付条例 第四十八条",
        "list_until": "2099-12-31",
        "responsible": [],
        "level": "municipal",
    }
    changes: dict[str, dict[str, Any]] = {
        "minor": {"list_code": None, "kind": "penalty", "severity": "minor", "list_until": None},
        "penalised": {"list_code": None, "kind": "penalty", "severity": "general", "list_until": None},
        "repaired": {"status": "repaired"},
        "disputed": {"status": "objected"},
        "disputed after": {"status": "objected"},
        "praised": {"list_code": "STA-A", "polarity": "positive", "severity": None},
        "namesake": {"subject": {**subject, "identifiers": []}},
    }
    return {**made, **changes.get(kind, {})}


@pytest.fixture(scope="module")
def recipients() -> list[Applicant]:
    """Give the recipients of the real grants."""
    if not FILE.is_file():
        pytest.skip("the real inputs (../shared/inputs beside the project) are not there")
    found = list(subsidy.GivingReader().read(FILE))
    assert [type(one).__name__ for one in found if not isinstance(one, Applicant)] == ["Remark"]
    return [one for one in found if isinstance(one, Applicant)]


@pytest.fixture
def one_source(config: Path) -> Path:
    """Leave one source, so that three rounds of three hundred stay quick."""
    text = config.read_text(encoding="utf-8").replace(
        'required = ["municipal", "national"]', 'required = ["municipal"]'
    )
    config.write_text(text.replace('advisory = ["regional", "enterprise"]', "advisory = []"), encoding="utf-8")
    return config


def in_round(door: Door, name: str, applicants: list[Applicant]) -> SubsidyReport:
    """Run a round of the adapter through this front door."""
    run: Any = getattr(subsidy, name if door.kind == "sync" else f"{name}_async")
    found = run(door.client, applicants, operator=OFFICER, purpose=PURPOSE, round_id="2026-1")
    report: SubsidyReport = found if door.kind == "sync" else door.wait(found)
    return report


def may_be_paid(door: Door, result: Any) -> bool:
    """Ask the gate whether a payment may be booked."""
    try:
        gate: Any = subsidy.require_payment if door.kind == "sync" else subsidy.require_payment_async
        found: Any = gate(door.client, result)
        if inspect.isawaitable(found):
            door.wait(found)
    except GateError:
        return False
    return True


def expected(kinds: dict[str, str], *, by: str) -> dict[str, str]:
    """Say what the law leaves each with, by the kind of its seed: at application, before payment, in use.

    Minor, repaired and disputed records count for nothing (信用修复管理办法; 国办发〔2020〕49号); a shared name never restricts;
    a general penalty does not touch the application and asks for a second look before payment; a serious list restricts.
    """
    held = {
        "apply": {"listed": "restricted", "namesake": "review"},
        "disburse": {"listed": "restricted", "listed later": "restricted", "penalised": "review", "namesake": "review"},
        "track": {
            "listed": "restricted", "listed later": "restricted", "found after": "restricted", "namesake": "review",
        },
    }[by]  # fmt: skip
    return {name: held.get(kind, "clear") for name, kind in kinds.items()}


def test_three_hundred_recipients_from_application_to_use(
    open_door: Callable[..., Door], one_source: Path, sandbox: Any, recipients: list[Applicant]
) -> None:
    assert len(recipients) == 305
    assert sum(one.host["grants"] for one in recipients) == 379
    kinds = {one.subject.name: KINDS[place % len(KINDS)] for place, one in enumerate(recipients)}
    assert len(kinds) == 305

    def seed(*which: str, first: int, dated: date = date(2026, 3, 1)) -> None:
        sandbox.put_records(
            [
                record(kinds[one.subject.name], one, first + place, dated)
                for place, one in enumerate(recipients)
                if kinds[one.subject.name] in which
            ]
        )

    for one in recipients:
        sandbox.put_subject(one.subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"}))
    seed("listed", "minor", "repaired", "disputed", "praised", "namesake", "penalised", first=1000)
    door = open_door(one_source)

    applied = in_round(door, "apply_round", recipients)
    assert {one.name: one.outcome for one in applied.results} == expected(kinds, by="apply")
    ranking(door, applied, kinds)

    seed("listed later", first=2000)
    before = in_round(door, "disburse_round", recipients)
    outcomes = expected(kinds, by="disburse")
    assert {one.name: one.outcome for one in before.results} == outcomes
    held = {name for name, outcome in outcomes.items() if outcome != "clear"}
    assert {one.name for one in before.hold_list} == held
    worse = {name for name, kind in kinds.items() if kind in {"listed later", "penalised"}}
    assert {one.name for one in before.worse_than(applied)} == worse
    office(before, held)
    some = [one for one in before.results if kinds[one.name] in {"listed", "listed later", "found after"}][:6]
    assert {one.name for one in some if may_be_paid(door, one)} == {one.name for one in some} - held

    # Everybody who was not held back was paid a month ago; then something was found about some, and disputed about others.
    paid = {one.case.id: PAID for one in before.results if not one.hold}
    seed("found after", "disputed after", first=3000, dated=SINCE)
    used = in_round(door, "track_round", recipients)
    assert {one.name: one.outcome for one in used.results} == expected(kinds, by="track")
    back = used.clawback_list(paid)
    assert {one.result.name for one in back} == {name for name, kind in kinds.items() if kind == "found after"}
    assert all(one.paid_on == PAID and one.grounds[0].document_date == SINCE for one in back)
    assert used.clawback_list({}) == (), "who was not paid pays nothing back"
    assert used.clawback_list(dict.fromkeys(paid, TODAY)) == (), "what was known at payment was decided then"
    measure = {p.measure: p for p in back[0].result.decision.proposals}["R-SUB-03"]  # type: ignore[union-attr]
    assert (measure.strength, measure.basis[0].article) == ("hint", "第十四条")


def ranking(door: Door, applied: SubsidyReport, kinds: dict[str, str]) -> None:
    """Rank by score, ten points apart with ties; the praised go first among equals, and the restricted are not ranked."""
    scores = {one.name: Decimal(50 + place % 7) for place, one in enumerate(applied.results)}
    entries = [
        RankingEntry(reference=one.case.id, name=one.name, score=scores[one.name], decisions=(one.decision.id,))
        for one in applied.results
        if one.decision is not None
    ]
    table = door.rank(Ranking(id="2026-1", matter=applied.matter, entries=tuple(entries)))
    ranked = [name for name, kind in kinds.items() if kind != "listed"]
    merits = {name: (scores[name], kinds[name] == "praised") for name in ranked}
    after = {name: 1 + sum(other > merits[name] for other in merits.values()) for name in ranked}
    without = {name: 1 + sum(other[0] > merits[name][0] for other in merits.values()) for name in ranked}
    rows = {row.name: row for row in table.rows}
    assert {name: row.rank_after for name, row in rows.items() if row.rank_after is not None} == after
    assert {name: row.rank_before for name, row in rows.items() if row.rank_before is not None} == without
    assert {name for name, row in rows.items() if row.standing == "excluded"} == {
        n for n, k in kinds.items() if k == "listed"
    }
    assert {name for name, row in rows.items() if row.priority} == {n for n, k in kinds.items() if k == "praised"}
    assert not any(row.bonus or row.deduction for row in table.rows), "no clause, no points"


def office(before: SubsidyReport, held: set[str]) -> None:
    """Read the tables for the office as a clerk does."""
    rows = list(csv.DictReader(io.StringIO(before.csv("zh-CN").removeprefix("\ufeff"))))
    assert len(rows) == 305
    assert {row["申请人"].removeprefix("'") for row in rows if row["拨付"] == "暂缓"} == held
    assert all(row["理由"] for row in rows if row["拨付"] == "暂缓")
    page = before.html("en")
    assert page.count("<tr>") == 306
    assert page.count("<td>hold</td>") == len(held)
    assert "http" not in page.replace("http://www.w3.org", ""), "it loads nothing from elsewhere"


def test_who_was_held_is_released_when_the_record_is_repaired(
    open_door: Callable[..., Door], one_source: Path, sandbox: Any, recipients: list[Applicant]
) -> None:
    few = recipients[:4]
    for one in few:
        sandbox.put_subject(one.subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"}))
    sandbox.put_record(record("listed", few[0], 1))
    door = open_door(one_source)
    held = in_round(door, "disburse_round", few)
    assert [one.name for one in held.hold_list] == [few[0].subject.name]
    decision = held.hold_list[0].decision
    assert decision is not None
    answers = [Response(proposal=each.id, answer="applied") for each in decision.proposals]
    door.settle(decision, answers, operator=OFFICER)
    assert not may_be_paid(door, held.hold_list[0])
    sandbox.change("G-1", "repaired")
    again = in_round(door, "disburse_round", few)
    assert [one.name for one in again.released(held)] == [few[0].subject.name]
    assert again.hold_list == ()
    assert may_be_paid(door, again.results[0])
