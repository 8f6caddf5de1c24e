"""The life of a deferred acceptance, in every branch, through both front doors; what the platform sees of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import ConfigurationError, InputError, Promise, RedListEntry
from credit_check_sdk._shell import world
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.model import CommitmentDraft
from credit_check_sdk.model.feedback import COMMITMENT_TYPES
from tests.kit import OFFICER, OTHER, case, measures, organisation

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk import Case, StoredCommitment
    from tests.kit import Door

PROMISE = Promise(signed_by="李示例")


def material(code: str, name: str, state: str = "missing") -> dict[str, Any]:
    """Make a formal material."""
    return {"code": code, "name": name, "kind": "formal", "deferrable": True, "state": state}


BOTH = (material("M07", "营业执照复印件"), material("M08", "身份证明复印件"))


def licence(*materials: dict[str, Any], **more: Any) -> Case:
    """Make a licence file at acceptance that lacks these materials."""
    wanted = list(materials or BOTH)
    return case(organisation(), matter="licence.food-production", point="accept", materials=wanted, **more)


def accepted(door: Door, given: Case, promise: Promise = PROMISE) -> StoredCommitment:
    """Check a file and accept it against a promise."""
    assert door.check(given).facilities.deferral.granted
    made: StoredCommitment = door.defer(given, promise)
    return made


def arrived(door: Door, sandbox: Any, kind: str = "commitments") -> list[dict[str, Any]]:
    """Deliver what waits, and give what arrived."""
    while door.relay().attempted:
        pass
    return [item["body"]["data"] for item in sandbox.received(kind)["items"]]


def refusal(call: Any) -> str:
    """Give the code with which something is refused."""
    with pytest.raises(InputError) as refused:
        call()
    return str(refused.value.code)


def later(door: Door, monkeypatch: pytest.MonkeyPatch, day: date) -> Any:
    """Look at commitments as on a later day."""
    moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr(world, "now", lambda: moment)
        return door.follow_commitments()


def test_what_is_supplied_in_time_fulfils_it_and_the_platform_is_told(door: Door, sandbox: Any) -> None:
    kept = accepted(door, licence())
    assert (kept.state, len(kept.code), kept.commitment.valid_until) == ("open", 20, kept.due_on)
    assert [each.code for each in kept.missing] == ["M07", "M08"]
    part = door.supply(kept.code, ["M07"], operator=OFFICER)
    assert (part.state, [each.code for each in part.missing]) == ("open", ["M08"])
    assert refusal(lambda: door.supply(kept.code, ["M07"], operator=OFFICER)) == "deferral.material"
    whole = door.supply(kept.code, ["M08"], operator=OFFICER)
    assert (whole.state, whole.commitment.fulfilment, whole.commitment.unperformed) == ("fulfilled", "all", None)
    first, last = (data["commitment"] for data in arrived(door, sandbox))
    assert (first["code"], first["commitmentTypeId"], first["fulfillmentStatus"]) == (
        kept.code,
        "容缺受理型",
        "全部未履行",
    )
    assert "*" not in first["identify"]
    assert len(first) == 20
    assert (last["code"], last["fulfillmentStatus"]) == (kept.code, "全部履行")
    assert [step.event for step in door.commitment_steps(kept.code)] == ["commit", "supply", "fulfil"]


def test_the_applicant_is_told_once_and_may_decline(door: Door, sandbox: Any) -> None:
    given = licence()
    assert refusal(lambda: door.offer_deferral(given)) == "deferral.never_checked"
    door.check(given)
    offered = door.offer_deferral(given)
    assert offered.state == "offered"
    assert offered.notice is not None
    assert offered.letter is not None
    for number in ("（一）", "（二）", "（三）", "（四）", "（五）"):
        assert number in offered.letter.zh
    assert "M07" in offered.notice.zh
    assert refusal(lambda: door.offer_deferral(given)) == "deferral.open"
    declined = door.refuse_deferral(offered.code, operator=OFFICER, reason="申请人选择普通程序")
    assert declined.state == "refused"
    assert refusal(lambda: door.supply(offered.code, ["M07"], operator=OFFICER)) == "commitment.transition"
    assert arrived(door, sandbox) == []


def test_an_offer_is_taken_up_under_its_own_code(door: Door) -> None:
    given = licence()
    door.check(given)
    offered = door.offer_deferral(given)
    day = day_of(datetime.now(UTC)) + timedelta(days=1)
    kept = door.defer(given, Promise(signed_by="李示例", agent="王示例", supply_by=day))
    assert (kept.code, kept.state, kept.due_on) == (offered.code, "open", day)
    assert "王示例" in str(kept.signed_by)


def test_a_promise_may_be_withdrawn_and_another_given(door: Door, sandbox: Any) -> None:
    given = licence()
    kept = accepted(door, given)
    assert refusal(lambda: door.defer(given, PROMISE)) == "deferral.open"
    assert door.withdraw_commitment(kept.code, operator=OFFICER, reason="申请人撤回").state == "withdrawn"
    assert refusal(lambda: door.fulfil_commitment(kept.code, operator=OFFICER, reason="-")) == "deferral.material"
    again = door.defer(given, PROMISE)
    assert again.code != kept.code
    first, gone, _ = arrived(door, sandbox)
    assert gone["amends"] == first["id"]
    assert "撤回" in gone["commitment"]["remarks"]


def test_a_breach_excludes_until_it_is_repaired(door: Door, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = accepted(door, licence())
    assert kept.due_on is not None
    report = later(door, monkeypatch, kept.due_on + timedelta(days=1))
    assert report.overdue == (kept.code,)
    assert refusal(lambda: door.withdraw_commitment(kept.code, operator=OFFICER, reason="-")) == "commitment.transition"
    broken = door.breach_commitment(kept.code, operator=OFFICER, reason="逾期未补齐")
    assert (broken.state, broken.consequence, broken.commitment.fulfilment) == ("breached", "terminated", "none")
    # Before the platform knows of it our own ledger does: the check offers nothing, and a promise is refused.
    other = licence()
    offered = door.check(other).facilities.deferral
    assert (offered.granted, offered.proposal) == (False, None)
    assert "违诺" in offered.reasons.zh
    assert refusal(lambda: door.defer(other, PROMISE)) == "deferral.excluded"
    told = arrived(door, sandbox)[-1]["commitment"]
    assert told["fulfillmentStatus"] == "全部未履行"
    assert told["liabilityBreachCommitmentContent"] == "终止办理，损失由申请人承担"
    door.sync()
    third = licence()
    excluded = door.check(third)
    assert "R-LIC-04" in measures(excluded)
    assert excluded.notices
    assert not excluded.facilities.deferral.granted
    assert "修复" in excluded.facilities.deferral.reasons.zh
    sandbox.change(kept.code, "repaired")
    door.sync()
    assert door.follow_commitments().repaired == (kept.code,)
    fourth = licence()
    assert "R-LIC-04" not in measures(door.check(fourth))
    assert door.defer(fourth, PROMISE).state == "open"


def test_a_repair_that_the_department_finds_is_reported(door: Door, sandbox: Any) -> None:
    kept = accepted(door, licence())
    door.supply(kept.code, ["M07"], operator=OFFICER)
    broken = door.breach_commitment(kept.code, operator=OFFICER, reason="材料系伪造")
    assert broken.commitment.fulfilment == "part"
    assert refusal(lambda: door.supply(kept.code, ["M08"], operator=OFFICER)) == "commitment.transition"
    assert door.repair_commitment(kept.code, operator=OFFICER, reason="已履行").state == "repaired"
    causes = [data["cause"] for data in arrived(door, sandbox)]
    assert causes == ["commit", "breach", "repair"]
    assert accepted(door, licence()).state == "open"


def test_force_majeure_gives_more_time_within_the_statutory_limit(
    door: Door, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = day_of(datetime.now(UTC)) + timedelta(days=1)
    kept = accepted(door, licence(), Promise(signed_by="李示例", supply_by=tomorrow))
    assert kept.due_on == tomorrow
    assert kept.decide_by is not None
    later(door, monkeypatch, tomorrow + timedelta(days=1))
    beyond = kept.decide_by + timedelta(days=1)
    for day in (beyond, tomorrow):
        wrong = refusal(lambda day=day: door.extend_commitment(kept.code, day, operator=OFFICER, reason="洪水"))
        assert wrong == "commitment.invalid"
    longer = door.extend_commitment(kept.code, kept.decide_by, operator=OFFICER, reason="洪水")
    assert (longer.state, longer.due_on, longer.decide_by) == ("open", kept.decide_by, kept.decide_by)
    assert longer.extensions[0].reason == "洪水"
    assert arrived(door, sandbox)[-1]["commitment"]["commitmentValidity"] == kept.decide_by.isoformat()


def test_other_commitments_of_every_type_are_collected_and_their_fulfilment_reported(door: Door, sandbox: Any) -> None:
    draft = CommitmentDraft(
        commitment_type="voluntary",
        subject=organisation(OTHER),
        reason="参加行业自律",
        content="不拖欠工资",
        liability="接受失信惩戒",
        operator=OFFICER,
    )
    kinds = {kind: name for kind, name in COMMITMENT_TYPES.items() if kind != "deferral"}
    assert list(kinds.values()) == ["审批替代型", "证明事项型", "信用修复型", "行业自律型", "主动型", "其他"]
    for kind in kinds:
        kept = door.collect_commitment(draft.model_copy(update={"commitment_type": kind}))
        assert kept.state == "open"
        assert door.fulfil_commitment(kept.code, operator=OFFICER, reason="核实已履行").state == "fulfilled"
    told = [data["commitment"] for data in arrived(door, sandbox)]
    assert {(each["commitmentTypeId"], each["fulfillmentStatus"]) for each in told} == {
        (name, status) for name in kinds.values() for status in ("全部未履行", "全部履行")
    }
    assert len({each["code"] for each in told}) == len(kinds)
    wrong = draft.model_copy(update={"commitment_type": "deferral"})
    assert refusal(lambda: door.collect_commitment(wrong)) == "commitment.invalid"


def test_red_list_entries_are_pushed_once_and_withdrawn(door: Door, sandbox: Any) -> None:
    entry = RedListEntry(
        list_code="CX-SF",
        subject=organisation(OTHER),
        authority="贺州市商务局",
        basis="贺商务〔2026〕1号",
        listed_on=date(2026, 1, 1),
    )
    key = door.push_red_list(entry, operator=OFFICER)
    assert door.push_red_list(entry, operator=OFFICER) == key
    door.withdraw_red_list(entry, operator=OFFICER, reason="不再符合条件")
    first, gone = arrived(door, sandbox, "red-list")
    assert (first["red_list"]["withdrawn"], gone["red_list"]["withdrawn"]) == (False, True)
    assert first["red_list"]["subject"]["identifiers"][0]["value"] == OTHER
    assert (gone["amends"], gone["reason"]) == (key, "不再符合条件")


def test_nobody_is_deferred_without_a_check_that_allows_it(door: Door) -> None:
    core = {"code": "M01", "name": "申请书", "kind": "substantive", "deferrable": False, "state": "missing"}
    given = licence(*BOTH, core)
    door.check(given)
    assert refusal(lambda: door.defer(given, PROMISE)) == "deferral.refused"
    known = licence(BOTH[0])
    door.check(known)
    more = known.model_copy(update={"materials": licence().materials})
    assert refusal(lambda: door.defer(more, PROMISE)) == "deferral.stale"
    past = Promise(signed_by="李示例", supply_by=date(2026, 1, 1))
    assert refusal(lambda: door.defer(known, past)) == "commitment.invalid"
    assert refusal(lambda: door.supply("0" * 20, ["M07"], operator=OFFICER)) == "commitment.unknown"
    assert door.commitments(case_id=known.id) == ()


def test_no_identifier_shows_and_the_chain_verifies(door: Door) -> None:
    kept = accepted(door, licence())
    shown = json.dumps(kept.model_dump(mode="json"), ensure_ascii=False)
    assert kept.commitment.identify.value not in shown
    assert kept.commitment.identify.value not in repr(kept)
    door.supply(kept.code, ["M07", "M08"], operator=OFFICER)
    door.seal()
    assert door.verify_evidence().whole


def test_the_papers_are_the_departments_own_where_it_has_some(open_door: Any, config: Path) -> None:
    folder = config.parent / "templates"
    folder.mkdir()
    for name, text in (
        ("deferral", "{{ materials[0].code }} {{ last }}"),
        ("commitment", "{{ code }} {{ statements }}"),
    ):
        for lang in ("zh", "en"):
            (folder / f"{name}.{lang}.j2").write_text(f"{lang} {text}", encoding="utf-8")
    config.write_text(config.read_text("utf-8") + '\n[notices]\ntemplates = "templates"\n', "utf-8")
    door = open_door(config)
    given = licence()
    door.check(given)
    offered = door.offer_deferral(given)
    assert offered.notice.zh == f"zh M07 {offered.due_on}\n"
    assert offered.letter.en.startswith(f"en {offered.code} (1) this is")
    (folder / "commitment.en.j2").write_text("{{ cod }}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"commitment\.en\.j2"):
        open_door(config)
