"""How often whom to inspect: fewer, the same, more; never for want of an answer. Through both front doors."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

import credit_check_adapter_supervision as supervision
from credit_check_sdk import Identifier, InputError, Operator, Purpose, Rejected, SettleError, Subject, Words
from tests.kit import OTHER, USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_adapter_supervision import InspectionPlan, PlanRow, Target
    from tests.kit import Door

INSPECTOR = Operator(id="u-7", department="451100-scjgj")
PURPOSE = Purpose(text="双随机抽查计划", basis="国发〔2016〕33号（十）")
PRAISE = record(list_code="STA-A", polarity="positive", severity=None)
LISTED = record(record_id="L-1")


def target(number: str = "S-1", subject: Subject | None = None, **more: Any) -> Target:
    """Make a target whose risk is ordinary."""
    return supervision.Target(number=number, subject=subject or organisation(), **{"ordinary": "B", **more})


def planned(door: Door, *targets: Any, **more: Any) -> InspectionPlan:
    """Plan a batch through this front door."""
    given = {"plan_id": "2027-1", "operator": INSPECTOR, "purpose": PURPOSE, **more}
    if door.kind == "sync":
        return supervision.plan_round(door.client, targets, **given)
    plan: InspectionPlan = door.wait(supervision.plan_round_async(door.client, targets, **given))
    return plan


def confirmed(door: Door, row: PlanRow, answer: Any, reason: str | None = None) -> Any:
    """Answer through this front door."""
    if door.kind == "sync":
        return supervision.confirm(door.client, row, answer, operator=INSPECTOR, reason=reason)
    return door.wait(supervision.confirm_async(door.client, row, answer, operator=INSPECTOR, reason=reason))


def levels(plan: InspectionPlan) -> list[tuple[str, str, bool]]:
    """Give level, proposal, and whether it was checked."""
    return [(row.level, row.proposed, row.checked) for row in plan.rows]


def test_the_trustworthy_are_inspected_less_and_the_untrustworthy_more(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record({**LISTED, "subject": {**LISTED["subject"], "name": "广西示例建设有限公司", "identifiers": [{"scheme": "cn-uscc", "value": OTHER}]}})  # fmt: skip
    plan = planned(door, target(), target("S-2", organisation(OTHER, "广西示例建设有限公司")))
    assert [(row.change, row.proposed) for row in plan.rows] == [("fewer", "A"), ("more", "C")]
    fewer, more = plan.rows
    assert {each.measure for each in fewer.proposals} == {"I-08"}
    assert {each.measure for each in more.proposals} == {"R-SUP-01"}
    assert any(basis.article == "三（一）4" for basis in fewer.basis)
    assert more.reasons.zh.startswith("列为重点监管，提高抽查：")
    assert more.decision is not None
    assert [ground.record_id for ground in more.proposals[0].grounds] == ["L-1"]
    assert plan.counts == {"fewer": 1, "same": 0, "more": 1, "not_checked": 0, "rejected": 0}


def test_nothing_known_changes_nothing_and_says_it_was_checked(door: Door) -> None:
    (row,) = planned(door, target()).rows
    assert (row.change, row.proposed, row.checked, row.proposals) == ("same", "B", True, ())
    assert row.reasons.zh


def test_praise_does_not_outweigh_a_current_record(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record(LISTED)
    (row,) = planned(door, target()).rows
    assert (row.change, row.proposed) == ("more", "C")
    assert {each.measure for each in row.proposals} == {"R-SUP-01"}


def test_several_records_raise_it_once(door: Door, sandbox: Any) -> None:
    for number, code in enumerate(("SAMR-YZ", "MOHRSS-NMG", "STA-ZD")):
        sandbox.put_record(record(list_code=code, record_id=f"L-{number}"))
    (row,) = planned(door, target()).rows
    assert row.proposed == "C"


def test_it_stays_within_the_table(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    sandbox.put_record(
        {**PRAISE, "subject": {**PRAISE["subject"], "identifiers": [{"scheme": "cn-uscc", "value": OTHER}]}}
    )
    plan = planned(door, target(ordinary="D"), target("S-2", organisation(OTHER), ordinary="A"))
    assert levels(plan) == [("D", "D", True), ("A", "A", True)]
    assert all(row.proposals for row in plan.rows)


@pytest.mark.parametrize("area", ["food", "drugs", "special_equipment", "work_safety", "environment"])
def test_in_a_field_of_full_coverage_nothing_is_taken_away(door: Door, sandbox: Any, area: str) -> None:
    sandbox.put_record(PRAISE)
    (row,) = planned(door, target(area=area)).rows
    assert (row.change, row.proposed, row.checked) == ("same", "B", True)
    assert "全覆盖" in row.reasons.zh
    assert "full coverage" in row.reasons.en


def test_a_field_of_full_coverage_keeps_nobody_from_being_inspected_more(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record(LISTED)
    (row,) = planned(door, target(area="food")).rows
    assert (row.change, row.proposed) == ("more", "C")


@pytest.mark.parametrize("status", ["repaired", "objected", "revoked", "expired", "publicity_ended"])
def test_a_record_that_is_repaired_disputed_or_over_raises_nothing(door: Door, sandbox: Any, status: str) -> None:
    sandbox.put_record({**LISTED, "status": status})
    (row,) = planned(door, target()).rows
    assert (row.change, row.proposed, row.checked) == ("same", "B", True)


def test_a_namesake_raises_nothing(door: Door, sandbox: Any) -> None:
    sandbox.put_record({**LISTED, "subject": {**LISTED["subject"], "identifiers": []}})
    (row,) = planned(door, target()).rows
    assert (row.change, row.proposed) == ("same", "B")


def test_nobody_is_let_off_while_an_officer_has_to_look(door: Door, sandbox: Any) -> None:
    sandbox.put_record({**LISTED, "subject": {**LISTED["subject"], "identifiers": []}})
    sandbox.put_record(PRAISE)
    raised, ordinary = planned(door, target(level="D"), target("S-2")).rows
    assert (raised.proposed, ordinary.proposed) == ("D", "B")
    for row in (raised, ordinary):
        assert (row.change, row.checked, row.proposals) == ("same", True, ())
        assert "仅名称" in row.reasons.zh
        assert "officer" in row.reasons.en


def test_a_silent_source_changes_nothing_and_never_looks_like_nothing_found(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    with faults(sandbox, {"level": "municipal", "kind": "status", "value": 503}):
        plan = planned(door, target(level="D"), target("S-2", organisation(OTHER), level="A"))
    assert levels(plan) == [("D", "D", False), ("A", "A", False)]
    for row in plan.rows:
        assert row.change == "same"
        assert "补查" in row.reasons.zh
        assert row.proposals == ()
    assert plan.counts["not_checked"] == 2
    assert {row["核查"] for row in plan.table_rows("zh-CN")} == {"未查成"}
    assert {row["check"] for row in plan.table_rows("en")} == {"not checked"}
    assert len(door.rechecks()) == 2, "what was not checked is checked again"


def test_what_was_not_checked_is_raised_once_the_source_answers_again(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    with faults(sandbox, {"level": "municipal", "kind": "status", "value": 503}):
        (silent,) = planned(door, target()).rows
    assert silent.decision is not None
    assert silent.decision.recheck is not None
    door.recheck()
    stored = door.latest(silent.case.id, "inspect")
    assert stored is not None
    assert stored.decision.id != silent.decision.id
    (row,) = planned(door, target()).rows
    assert (row.proposed, row.change, row.checked) == ("C", "more", True)
    assert confirmed(door, row, "applied").settled
    assert door.rechecks(("waiting",)) == ()


def test_a_raised_frequency_falls_back_when_its_record_is_repaired(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (first,) = planned(door, target()).rows
    settled = confirmed(door, first, "applied")
    assert settled.settled
    door.relay()
    (fed,) = sandbox.received("feedback")["items"]
    assert (fed["body"]["data"]["measure"], fed["body"]["data"]["executed"]) == ("R-SUP-01", True)
    sandbox.change("L-1", "repaired")
    door.sync()
    assert first.decision is not None
    stored = door.show(first.decision.id)
    assert [each.state for each in stored.decision.proposals if each.measure == "R-SUP-01"] == ["lifted"]
    (after,) = planned(door, target(level="C")).rows
    assert (after.level, after.proposed, after.change) == ("C", "B", "fewer")
    assert "恢复常规频次" in after.reasons.zh


def fallen(door: Door, plan: InspectionPlan) -> InspectionPlan:
    """Ask what fell away through this front door."""
    if door.kind == "sync":
        return supervision.fallen_away(door.client, plan)
    found: InspectionPlan = door.wait(supervision.fallen_away_async(door.client, plan))
    return found


@pytest.mark.parametrize(
    ("change", "fell"), [("repaired", ["S-1"]), ("objected", ["S-1"]), ("revoked", ["S-1"]), (None, [])]
)
def test_what_fell_away_from_a_plan_is_named(door: Door, sandbox: Any, change: str | None, fell: list[str]) -> None:
    sandbox.put_record(LISTED)
    other: dict[str, Any] = {"name": "广西示例建设有限公司", "identifiers": [{"scheme": "cn-uscc", "value": OTHER}]}
    sandbox.put_record({**LISTED, "record_id": "L-2", "subject": {**LISTED["subject"], **other}})
    plan = planned(
        door, target(), target("S-2", organisation(OTHER, other["name"])), target("S-3", organisation(), ordinary="A")
    )
    for row in plan.rows[:2]:
        confirmed(door, row, "applied")
    assert fallen(door, plan).rows == ()
    if change is not None:
        sandbox.change("L-1", change)
    door.sync()
    found = fallen(door, plan)
    said = [(row.target.number, row.level, row.proposed, row.change) for row in found.rows]
    assert said == [(number, "C", "B", "fewer") for number in fell], "S-3 was never raised by an officer"
    assert found.csv("zh-CN").count("恢复常规频次") == len(said)


def streamed(door: Door, targets: Any) -> Any:
    """Give an iterator of rows through this front door."""
    given: dict[str, Any] = {"plan_id": "2027-s", "operator": INSPECTOR, "purpose": PURPOSE}
    if door.kind == "sync":
        yield from supervision.plan_rows(door.client, targets, **given)
        return
    rows = supervision.plan_rows_async(door.client, targets, **given).__aiter__()
    while True:
        try:
            yield door.wait(rows.__anext__())
        except StopAsyncIteration:
            return


def test_a_long_batch_is_given_row_by_row_in_its_order(door: Door) -> None:
    taken: list[int] = []

    def batch() -> Any:
        for number in range(200):
            taken.append(number)
            bad = Rejected(row=f"line {number}", reason=Words(zh="没有标识", en="no identifier"))
            yield bad if number % 10 == 0 else target(f"S-{number}")

    rows = streamed(door, batch())
    first, second = next(rows), next(rows)
    assert (first.row, second.target.number) == ("line 0", "S-1")
    assert len(taken) < 100, "no more is taken than is being checked"
    rest = list(rows)
    assert len(rest) == 198
    assert [one.row for one in rest if isinstance(one, Rejected)] == [f"line {number}" for number in range(10, 200, 10)]


def test_the_officer_may_set_it_aside_with_a_reason(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = planned(door, target()).rows
    with pytest.raises(SettleError):
        confirmed(door, row, "set_aside")
    settled = confirmed(door, row, "set_aside", "本年度已全面检查")
    assert {*settled.answers.values()} == {"set_aside"}
    again = confirmed(door, row, "set_aside", "本年度已全面检查")
    assert again.feedback == (), "the same answer again does nothing"


def test_where_nothing_is_proposed_nothing_is_to_be_answered(door: Door) -> None:
    (row,) = planned(door, target()).rows
    with pytest.raises(InputError) as refused:
        confirmed(door, row, "applied")
    assert "S-1" in refused.value.words("en")


def test_a_row_that_cannot_be_checked_stands_in_the_plan_and_the_others_go_on(door: Door) -> None:
    bad = Rejected(row="line 7", name="某公司", reason=Words(zh="没有标识", en="no identifier"))
    plan = planned(door, target(), target(), bad, target("S-3", level="Z"), target("S-4", ordinary="9"))
    assert [row.target.number for row in plan.rows] == ["S-1"]
    assert [(one.row, one.reason.en) for one in plan.rejected] == [
        ("S-1", "the number stands there twice; the first was checked"),
        ("line 7", "no identifier"),
        ("S-3", "there is no level 'Z'; use one of A、B、C、D"),
        ("S-4", "there is no level '9'; use one of A、B、C、D"),
    ]
    assert plan.counts["rejected"] == 4
    assert len(plan.table_rows("en")) == 5


def test_an_empty_batch_is_an_empty_plan(door: Door) -> None:
    plan = planned(door)
    assert (plan.rows, plan.rejected) == ((), ())
    with pytest.raises(KeyError):
        plan.of("S-1")


def test_where_no_check_can_be_made_the_error_is_said(door: Door) -> None:
    with pytest.raises(InputError):
        planned(door, target(), matter="no.such.matter")


def test_a_subject_without_identifier_keeps_its_level(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    nameless = Subject(category="organisation", name="贺州市示例食品有限公司")
    plan = planned(door, target(subject=nameless, level="D"), target("S-2", subject=nameless, level="A"))
    assert levels(plan) == [("D", "D", False), ("A", "A", False)], "nobody may say that nothing was found"
    assert "没有标识符" in plan.rows[0].reasons.zh


def test_the_table_is_for_a_spreadsheet_and_hides_identifiers(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    plan = planned(door, target(number="=1+1"))
    text = plan.csv("en")
    assert text.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text[1:]))
    assert row["number"] == "'=1+1"
    assert (row["now"], row["proposed"], row["change"]) == ("B ordinary risk", "C raised risk", "more")
    assert USCC not in text
    assert "国发〔2016〕33号 （十）" in row["basis"]
    assert "贺州市市场监督管理局" in row["records"]
    assert "贺市监罚〔2026〕1号" in row["records"]
    assert supervision.InspectionPlan.model_validate_json(plan.model_dump_json(context={"reveal": True})) == plan


def test_the_document_is_json_in_both_languages_and_hides_identifiers(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    bad = Rejected(row="line 7", name="某公司", reason=Words(zh="没有标识", en="no identifier"))
    plan = planned(door, target(area="food"), bad)
    text = json.dumps(plan.document(), ensure_ascii=False)
    assert USCC not in text
    said = json.loads(text)
    (row,) = said["rows"]
    assert (row["number"], row["level"], row["proposed"], row["change"], row["checked"]) == (
        "S-1",
        "B",
        "C",
        "more",
        True,
    )
    assert (row["area"], row["measures"], row["recheck_by"]) == ("food", ["R-SUP-01"], None)
    assert {*row["reasons"]} == {"zh-CN", "en"}
    assert {(each["doc_no"], each["article"]) for each in row["basis"]} == {("国发〔2016〕33号", "（十）")}
    assert [(each["record_id"], each["status"]) for each in row["records"]] == [("L-1", "active")]
    assert row["decision"] == plan.rows[0].decision.id if plan.rows[0].decision else False
    assert said["rejected"][0]["row"] == "line 7"
    assert said["counts"] == plan.counts
    with faults(sandbox, {"level": "municipal", "kind": "status", "value": 503}):
        (silent,) = planned(door, target("S-9")).document()["rows"]
    assert (silent["checked"], silent["proposed"], silent["records"]) == (False, "B", [])
    assert silent["recheck_by"] > "2026"


def test_a_department_has_a_table_of_its_own(door: Door, sandbox: Any, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'edition = "x"\n[[levels]]\ncode = "1"\nname = {zh = "少", en = "few"}\nfactor = "0"\n'
        '[[levels]]\ncode = "2"\nname = {zh = "多", en = "many"}\nfactor = "3"\n'
        '[[moves]]\nmeasure = "R-SUP-01"\nsteps = 1\n',
        "utf-8",
    )
    table = supervision.FrequencyTable.read(own)
    sandbox.put_record(LISTED)
    assert levels(planned(door, target(ordinary="1"), table=table)) == [("1", "2", True)]
    slip = table.model_copy(update={"moves": (supervision.Move(measure="R-SUP-1", steps=1),)})
    with pytest.raises(InputError, match="R-SUP-1"):
        planned(door, target(ordinary="1"), table=slip)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("edition = ", "is no table of frequencies"),
        ('edition = "x"\nlevels = []\nmoves = []\n', "levels"),
        ('edition = "x"\nmoves = []\nlevels = [{code = "A", name = {zh = "一", en = "a"}, factor = "1", basis = "no"}]\n', "no anchor"),
        ('edition = "x"\nmoves = []\nlevels = [{code = "A", name = {zh = "一", en = "a"}, factor = "1"}, {code = "A", name = {zh = "一", en = "a"}, factor = "1"}]\n', "twice"),
        ('edition = "x"\nmoves = []\nlevels = [{code = "A", name = {zh = "一", en = "a"}, factor = "-1"}, {code = "B", name = {zh = "一", en = "a"}, factor = "1"}]\n', "factor"),
        ('anchors = 3\nlevels = [{basis = "x"}]\n', "no anchor"),
        ('anchors = {x = 3}\nlevels = [{basis = "x"}]\n', "no anchor"),
        ('edition = "x"\nlevels = 3\nmoves = []\n', "levels"),
        ('edition = "x"\nlevels = ["a"]\nmoves = []\n', "levels"),
        ('edition = "x"\nlevels = [3, 4]\nmoves = []\nfull_coverage = 3\n', "levels.0"),
        ('edition = "x"\nmoves = [{measure = "M", steps = 1}, {measure = "M", steps = 2}]\nlevels = [{code = "A", name = {zh = "一", en = "a"}, factor = "1"}, {code = "B", name = {zh = "一", en = "a"}, factor = "1"}]\n', "'M' stands there twice"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_says_where(tmp_path: Path, text: str, words: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        supervision.FrequencyTable.read(own)
    with pytest.raises(InputError, match=r"none\.toml"):
        supervision.FrequencyTable.read(tmp_path / "none.toml")


def test_the_table_that_comes_along_cites_documents() -> None:
    table = supervision.FrequencyTable.default()
    assert [level.code for level in table.levels] == ["A", "B", "C", "D"]
    assert [level.factor for level in table.levels] == sorted(level.factor for level in table.levels)
    assert all(each.basis is not None for each in table.levels)
    assert all(each.basis is not None for each in table.full_coverage)


def test_identifiers_of_any_scheme_are_taken(door: Door) -> None:
    person = Subject(
        category="person", name="张示例", identifiers=(Identifier(scheme="cn-resident-id", value="451102199001010010"),)
    )
    (row,) = planned(door, target(subject=person)).rows
    assert "451102199001010010" not in repr(row)
    assert case().matter != row.case.matter == "supervision.inspection"
