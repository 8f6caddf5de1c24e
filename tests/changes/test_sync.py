"""What a platform says has changed reaches open cases and past decisions. Each through both front doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import GateError, NoticeDelivery, Response, SettleError
from credit_check_sdk.core.desk import day_of
from tests.kit import OFFICER, OTHER, USCC, case, faults, record

if TYPE_CHECKING:
    from credit_check_sdk import Case, Decision
    from tests.kit import Door


OTHERS = {
    "category": "organisation",
    "name": "广西示例建设有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": OTHER}],
}


def in_force(door: Door, sandbox: Any, **changes: Any) -> tuple[Case, Decision, str]:
    """Put a record in, check a case, and apply every measure."""
    number = sandbox.put_record(record(**changes))
    given = case()
    decision = door.check(given)
    assert decision.outcome == "restricted"
    settle(door, decision)
    return given, decision, number


def settle(door: Door, decision: Decision) -> None:
    """Apply every measure that a decision proposes."""
    answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
    if answers:
        door.settle(decision, answers, operator=OFFICER)


def states(door: Door, decision: Decision) -> set[str]:
    """Name the states in which the measures of a decision stand."""
    return {proposal.state for proposal in door.show(decision.id).decision.proposals}


def refusal(door: Door, given: Case, to: str = "grant") -> str:
    """Give the code with which the gate refuses, or nothing."""
    try:
        door.require(given, to=to)
    except GateError as error:
        return error.code
    return ""


def amendments(door: Door, sandbox: Any) -> list[dict[str, Any]]:
    """Deliver what waits, and give the amendments that arrived."""
    while door.relay().attempted:
        pass
    sent = [item["body"]["data"] for item in sandbox.received("feedback")["items"]]
    return [data for data in sent if data["kind"] == "amendment"]


def test_an_objection_suspends_a_measure_in_force_and_a_new_check_lets_pass(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    assert states(door, decision) == {"applied"}
    assert refusal(door, given) == "gate.blocked"
    sandbox.change(number, "objected")
    report = door.sync()
    assert (report.touched, report.failed) == (1, False)
    assert states(door, decision) == {"suspended"}
    assert refusal(door, given, "proceed") == "gate.changed"
    answer = Response(proposal=decision.proposals[0].id, answer="applied", reason="again")
    with pytest.raises(SettleError) as raised:
        door.settle(decision, [answer], operator=OFFICER)
    assert raised.value.code == "settle.suspended"
    sent = amendments(door, sandbox)
    original = {r.feedback for r in door.show(decision.id).responses}
    assert {data["amends"] for data in sent} == original
    assert {(data["state"], data["cause"], data["executed"]) for data in sent} == {("suspended", "objected", False)}
    assert refusal(door, given) == "gate.changed"
    again = door.check(given)
    assert again.outcome == "clear"
    settle(door, again)
    assert refusal(door, given) == ""
    assert USCC not in str(report)


@pytest.mark.parametrize(
    ("change", "state", "event"),
    [
        ("repaired", "lifted", "lift"),
        ("revoked", "lifted", "lift"),
        ("expired", "lifted", "lift"),
        ("objection_upheld", "rectified", "rectify"),
        ("temporarily_lifted", "suspended", "suspend"),
    ],
)
def test_what_ends_a_record_ends_the_measure_on_it(
    door: Door, sandbox: Any, change: str, state: str, event: str
) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, change)
    report = door.sync()
    (source,) = [one for one in report.sources if one.changes]
    assert source.transitions == {event: len(decision.proposals)}
    assert states(door, decision) == {state}
    assert refusal(door, given) == "gate.changed"
    sent = amendments(door, sandbox)
    assert {(data["state"], data["cause"]) for data in sent} == {(state, change)}
    again = door.check(given)
    assert again.outcome == "clear"
    settle(door, again)
    assert refusal(door, given) == ""


def test_a_rejected_objection_restores_and_says_so(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, "objected")
    door.sync()
    sandbox.change(number, "objection_rejected")
    door.sync()
    assert states(door, decision) == {"applied"}
    steps = [(step.event, step.before, step.after) for step in door.transitions(decision.id)]
    assert steps[-1] == ("restore", "suspended", "in_force")
    assert {data["state"] for data in amendments(door, sandbox)} == {"suspended", "in_force"}
    assert refusal(door, given, "proceed") == "gate.changed", "it is checked anew, whatever became of the objection"
    assert door.check(given).outcome == "restricted"


def test_a_temporary_lifting_ends(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, "temporarily_lifted")
    door.sync()
    again = door.check(given)
    assert again.outcome == "clear"
    sandbox.change(number, "restored")
    door.sync()
    assert states(door, decision) == {"applied"}
    assert door.check(given).outcome == "restricted"


def test_an_upheld_objection_lists_what_is_to_be_put_right_and_drafts_the_notice(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, "objection_upheld")
    report = door.sync()
    assert sum(one.notices for one in report.sources) == len(decision.proposals)
    listed = door.redress()
    assert {each.proposal for each in listed} == {p.id for p in decision.proposals}
    assert {(e.case_id, e.decision, e.state, e.was_in_force) for e in listed} == {
        (given.id, decision.id, "rectified", True)
    }
    drafted = [kept.notice for kept in door.notices(case_id=given.id) if kept.notice.kind == "rectification"]
    assert len(drafted) == len(decision.proposals)
    for notice in drafted:
        assert "异议成立" in notice.text.zh
        assert "恢复信誉" in notice.text.zh
        assert "upheld" in notice.text.en
        assert USCC not in notice.text.zh + notice.text.en
        assert notice.due_on is not None


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        ("repaired", "因所依据的记录已完成信用修复，", "Reason: the record was repaired."),
        ("revoked", "因所依据的文书已被撤销，", "Reason: the document was revoked."),
        ("expired", "因所依据的记录已到期，", "Reason: the record has expired."),
    ],
)
def test_whose_measure_is_lifted_is_told_so_and_by_when(
    door: Door, sandbox: Any, change: str, zh: str, en: str
) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, change)
    report = door.sync()
    assert sum(one.notices for one in report.sources) == len(decision.proposals)
    kept = {(each.notice.proposal, each.notice.kind): each for each in door.notices(case_id=given.id)}
    for proposal in decision.proposals:
        (drafted,) = [each for (of, kind), each in kept.items() if of == proposal.id and kind != "lifting"]
        assert drafted.state == "withdrawn", "nobody is told of a measure that no longer stands"
        lifting = kept[proposal.id, "lifting"]
        assert lifting.state == "drafted"
        notice = lifting.notice
        assert notice.due_on == door.due(day_of(notice.drafted_at), door.catalogue.terms["notice.lifting"].days).on
        told = (
            "失信惩戒措施解除告知书",
            notice.id,
            given.id,
            proposal.name.zh,
            proposal.measure,
            zh,
            f"自 {day_of(notice.drafted_at)} 起解除",
            "贺市监罚〔2026〕1号",
            proposal.basis[0].title,
            "继续办理或者重新申请",
            "其他地方仍在使用该记录",
            "联系方式",
        )
        for words in told:
            assert words in notice.text.zh, words
        for words in (
            "Notice that a measure was lifted",
            proposal.name.en,
            en,
            "Going on, or applying anew",
            "Contact",
        ):
            assert words in notice.text.en, words
        assert USCC not in notice.text.zh + notice.text.en
        assert delivered(door, notice.id) == "delivered"
    sandbox.change(number, "revoked")
    assert sum(one.notices for one in door.sync().sources) == 0, "it is told once"


def delivered(door: Door, number: str) -> str:
    """Deliver a notice today."""
    on = day_of(door.notice(number).notice.drafted_at)
    state: str = door.notice_delivered(number, NoticeDelivery(method="post", on=on, operator=OFFICER)).state
    return state


def test_a_measure_of_which_nobody_was_told_ends_in_silence(door: Door, sandbox: Any) -> None:
    number = sandbox.put_record(record())
    given = case()
    decision = door.check(given)
    sandbox.change(number, "repaired")
    assert sum(one.notices for one in door.sync().sources) == 0
    assert {each.state for each in door.notices(case_id=given.id)} == {"withdrawn"}
    assert states(door, decision) == {"lifted"}


def test_a_measure_of_which_somebody_was_told_ends_with_a_word_though_it_never_took_effect(
    door: Door, sandbox: Any
) -> None:
    number = sandbox.put_record(record())
    given = case()
    decision = door.check(given)
    told = door.notice(decision.notices[0])
    assert delivered(door, told.notice.id) == "delivered"
    sandbox.change(number, "repaired")
    door.sync()
    lifted = [each.notice.proposal for each in door.notices(case_id=given.id) if each.notice.kind == "lifting"]
    assert lifted == [told.notice.proposal]


def test_a_lifting_that_nobody_was_told_yet_gives_way_to_the_rectification(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    for change in ("repaired", "objection_upheld"):
        sandbox.change(number, change)
        door.sync()
    kept = [(each.notice.kind, each.state) for each in door.notices(case_id=given.id)]
    assert kept.count(("lifting", "withdrawn")) == len(decision.proposals)
    assert kept.count(("rectification", "drafted")) == len(decision.proposals)


def test_an_exclusion_from_convenience_that_ends_is_told_too(door: Door, sandbox: Any) -> None:
    number = sandbox.put_record(record())
    given = case(matter="subsidy.enterprise", point="apply")
    decision = door.check(given)
    settle(door, decision)
    sandbox.change(number, "repaired")
    door.sync()
    excluded = [p.id for p in decision.proposals if p.effect_scope == "facilitation"]
    told = {each.notice.proposal for each in door.notices(case_id=given.id) if each.notice.kind == "lifting"}
    assert excluded
    assert set(excluded) <= told


def test_a_measure_that_nobody_has_answered_is_suspended_too(door: Door, sandbox: Any) -> None:
    number = sandbox.put_record(record())
    given = case()
    decision = door.check(given)
    sandbox.change(number, "objected")
    door.sync()
    assert states(door, decision) == {"suspended"}
    with pytest.raises(SettleError) as raised:
        settle(door, decision)
    assert raised.value.code == "settle.suspended"
    assert door.show(decision.id).responses == ()
    assert amendments(door, sandbox) == [], "nothing was reported, so nothing is amended"


def test_a_second_ground_carries_the_measure_alone_and_says_so(door: Door, sandbox: Any) -> None:
    other = record(record_id="R-second", doc_no="贺市监罚〔2026〕2号", level="national")
    sandbox.put_record(other)
    _, decision, number = in_force(door, sandbox)
    sandbox.change(number, "objected")
    report = door.sync()
    two = [p for p in decision.proposals if len(p.grounds) == 2]
    assert two
    standing = {p.id: p.state for p in door.show(decision.id).decision.proposals}
    assert {standing[p.id] for p in two} == {"applied"}
    assert sum(one.transitions.get("keep", 0) for one in report.sources) == len(two)
    kept = [data for data in amendments(door, sandbox) if data["state"] == "in_force"]
    assert "另一无争议的依据" in kept[0]["reason"]
    sandbox.change("R-second", "repaired")
    door.sync()
    assert {p.state for p in door.show(decision.id).decision.proposals} == {"suspended"}
    sandbox.change(number, "objection_rejected")
    door.sync()
    assert {p.state for p in door.show(decision.id).decision.proposals} == {"applied"}


def test_what_is_taken_twice_does_nothing_the_second_time(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    sandbox.change(number, "objected")
    assert door.sync().changes
    steps = door.transitions(decision.id)
    again = door.sync()
    assert (again.changes, again.touched) == (0, 0)
    assert door.transitions(decision.id) == steps


def test_a_record_that_is_merely_listed_again_changes_nothing(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.put_record(record(record_id=number, facts="另一种说法"))
    door.sync()
    assert states(door, decision) == {"applied"}
    assert refusal(door, given) == "gate.blocked"


def test_a_correction_lifts_what_it_no_longer_carries(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, "corrected", record(severity="minor"))
    door.sync()
    assert states(door, decision) == {"lifted"}
    assert refusal(door, given) == "gate.changed"
    assert door.check(given).outcome == "clear"


def test_a_correction_that_still_carries_leaves_it_in_force_and_asks_for_a_new_check(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    sandbox.change(number, "corrected", record(list_until="2030-01-01"))
    report = door.sync()
    assert report.touched == 1
    assert states(door, decision) == {"applied"}
    assert refusal(door, given) == "gate.changed"


def test_a_garbled_page_or_an_unknown_kind_moves_nothing(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    door.sync()
    sandbox.change(number, "objected")
    with faults(sandbox, {"level": "municipal", "path": "/v1/changes", "kind": "garbage"}):
        report = door.sync()
    (failed,) = [one for one in report.sources if one.error]
    assert (failed.source, failed.error, report.failed) == ("municipal", "source.not_understood", True)
    assert states(door, decision) == {"applied"}
    with faults(sandbox, {"level": "municipal", "path": "/v1/changes", "kind": "status", "value": 503}):
        assert door.sync().failed
    assert door.sync().touched == 1
    assert states(door, decision) == {"suspended"}


def test_a_remembered_answer_is_forgotten(door: Door, sandbox: Any) -> None:
    """What was clean and remembered is asked for anew once the platform says that something is listed."""
    given = case()
    assert door.check(given).outcome == "clear"
    remembered = door.check(given)
    assert any(evidence.from_memory for evidence in remembered.evidences)
    sandbox.put_record(record())
    door.sync()
    assert door.check(given).outcome == "restricted"


def test_each_step_says_who_what_when_and_why(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    sandbox.change(number, "objected")
    door.sync()
    proposal = decision.proposals[0]
    applied, suspended = (step for step in door.transitions(decision.id) if step.proposal == proposal.id)
    assert (applied.by, applied.event, applied.before, applied.after) == (
        f"operator:{OFFICER.id}",
        "apply",
        "proposed",
        "in_force",
    )
    assert (suspended.by, suspended.cause, suspended.returns) == ("source:municipal", "objected", "in_force")
    assert suspended.follows == applied.id
    assert "异议" in suspended.why.zh
    assert suspended.change is not None
    assert suspended.feedback is not None
    assert applied.at < suspended.at


def lost(times: int = 1) -> dict[str, Any]:
    """Make the municipal platform forget our cursor."""
    return {"level": "municipal", "path": "/v1/changes", "kind": "status", "value": 410, "times": times}


def test_a_platform_that_lost_our_cursor_is_asked_about_everything_anew(door: Door, sandbox: Any) -> None:
    given, decision, number = in_force(door, sandbox)
    door.sync()
    sandbox.change(number, "repaired")
    with faults(sandbox, lost()):
        report = door.sync()
    (source,) = [one for one in report.sources if one.source == "municipal"]
    assert (source.verified, source.error) == (1, None)
    assert states(door, decision) == {"lifted"}
    assert refusal(door, given) == "gate.changed"
    assert door.sync().changes == 0


def test_what_is_verified_anew_and_found_as_it_was_stays(door: Door, sandbox: Any) -> None:
    given, decision, _ = in_force(door, sandbox)
    door.sync()
    with faults(sandbox, lost()):
        report = door.sync()
    assert sum(one.verified for one in report.sources) == 1
    assert states(door, decision) == {"applied"}
    assert refusal(door, given) == "gate.blocked"


def test_a_record_that_is_no_longer_given_carries_nothing(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    door.sync()
    sandbox.put_record(record(record_id=number, subject=OTHERS))
    with faults(sandbox, lost()):
        door.sync()
    assert states(door, decision) == {"lifted"}
    assert {step.cause for step in door.transitions(decision.id)} == {"applied", "removed"}


def test_nothing_moves_while_a_source_that_lost_our_cursor_is_silent(door: Door, sandbox: Any) -> None:
    _, decision, number = in_force(door, sandbox)
    door.sync()
    sandbox.change(number, "repaired")
    silent = {"level": "municipal", "path": "/v1/checks", "kind": "status", "value": 500}
    with faults(sandbox, lost(), silent):
        report = door.sync()
    assert [one.error for one in report.sources if one.source == "municipal"] == ["source.status"]
    assert states(door, decision) == {"applied"}
    assert door.sync().touched == 1
    assert states(door, decision) == {"lifted"}


def test_a_change_that_bears_an_earlier_date_than_the_listing_still_counts(door: Door, sandbox: Any) -> None:
    """What was decided last month may be told today, after the record was listed."""
    _, decision, number = in_force(door, sandbox)
    sandbox._call(
        "POST",
        "/admin/changes",
        {"record_id": number, "change": "objection_upheld", "at": "2026-01-01T00:00:00+08:00", "record": None},
    )
    door.sync()
    assert states(door, decision) == {"rectified"}
    assert len(door.redress()) == len(decision.proposals)
