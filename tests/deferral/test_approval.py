"""Tolerant acceptance through the approval adapter: rows of the exchange in, rows back, and no grant while materials are owed."""

from __future__ import annotations

import inspect
import itertools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

import credit_check_adapter_approval as approval
from credit_check_sdk import GateError, InputError, Promise, Purpose
from tests.kit import OFFICER, USCC, measures

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk import Case, StoredCommitment
    from tests.kit import Door

PROMISE = Promise(signed_by="李示例")
PURPOSE = Purpose(text="办理食品生产许可", basis="食品安全法第三十五条")
LICENCE, IDENTITY = "营业执照复印件", "法定代表人（负责人）身份证明复印件"
_numbers = itertools.count(1)


def file(door: Door, *missing: str, opened: datetime | None = None) -> Case:
    """Make a case of a file of the exchange that lacks these materials."""
    at = (opened or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S")
    number = f"451100-2026-{next(_numbers):06d}"
    policy = door.policies["licence.food-production"]
    accept = {
        "row_guid": "1", "project_no": number, "catalog_code": "000131004000", "task_version": 3,
        "task_code": "11451100MUB0000000200013100400001", "task_name": "食品生产许可", "project_type": "2", "apply_type": "1",
        "applyer_name": "贺州市示例食品有限公司", "applyer_type": "2", "applyer_page_type": "001", "applyer_page_code": USCC,
        "apply_date": at, "accept_date": at, "org_code": "11451100MUB000000X", "org_name": "示例市行政审批局",
        "cd_batch": "1", "cd_operation": "I", "cd_time": at, "data_source": "1",
    }  # fmt: skip
    rows = [
        {
            "project_no": number,
            "material_name": material.name,
            "get_type": "1",
            "get_num": 0 if material.name in missing else 1,
        }
        for material in policy.materials
    ]
    return approval.case_from_exchange(
        {"up_pro_accept": accept, "up_pro_material": rows},
        operator=OFFICER,
        purpose=PURPOSE,
        matter_map={"000131004000": "licence.food-production"},
        policies=door.policies,
    )


def through(door: Door, name: str, *args: Any, **named: Any) -> Any:
    """Call the adapter for this front door."""
    found = getattr(approval, name if door.kind == "sync" else f"{name}_async")(door.client, *args, **named)
    return door.wait(found) if inspect.isawaitable(found) else found


def granted(door: Door, case: Case) -> str | None:
    """Check the file at the decision and try to approve it; None where it is approved, else why not."""
    deciding = case.model_copy(update={"point": "decide"})
    door.check(deciding)
    guard: Any = approval.ApprovalGuard if door.kind == "sync" else approval.AsyncApprovalGuard
    changing = guard(door.client).change(deciding, "under_review", "approved")
    try:
        if door.kind == "sync":
            with changing:
                return None

        async def change() -> None:
            async with changing:
                pass

        door.wait(change())
    except GateError as refusal:
        return refusal.code
    return None


def rows(*names: str) -> list[dict[str, Any]]:
    """Make material rows that arrived later."""
    return [{"material_name": name, "get_num": 1} for name in names]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refused:
        call()
    return str(refused.value.code)


def arrived(door: Door, sandbox: Any) -> list[dict[str, Any]]:
    while door.relay().attempted:
        pass
    return [item["body"]["data"] for item in sandbox.received("commitments")["items"]]


def test_supplied_in_time_it_is_granted_and_not_before(door: Door, sandbox: Any) -> None:
    given = file(door, LICENCE, IDENTITY)
    assert approval.owes(given)
    kept: StoredCommitment = through(door, "accept_deferred", given, PROMISE)
    assert (kept.state, [each.name for each in kept.missing]) == ("open", [LICENCE, IDENTITY])
    assert granted(door, given) == "gate.deferred", "the review goes on, the grant waits"
    assert refusal(lambda: through(door, "supplied", kept, rows("某合同"), operator=OFFICER)) == "deferral.material"
    part = through(door, "supplied", kept, rows("营业执照 复印件", "某合同"), operator=OFFICER)
    assert granted(door, given) == "gate.deferred"
    whole = through(door, "supplied", part, rows(IDENTITY), operator=OFFICER)
    assert whole.state == "fulfilled"
    assert granted(door, given) is None
    row = approval.deferral_row(whole)
    assert (row["process_name"], row["project_no"]) == ("容缺补齐", given.id)
    assert USCC not in str(row)
    told = arrived(door, sandbox)
    assert [each["commitment"]["fulfillmentStatus"] for each in told] == ["全部未履行", "全部履行"]


def test_nothing_missing_goes_the_ordinary_way(door: Door) -> None:
    given = file(door)
    assert through(door, "accept_deferred", given, PROMISE) is None
    assert granted(door, given) is None


def test_what_is_substantive_may_never_come_later(door: Door) -> None:
    given = file(door, "申请书", LICENCE)
    assert refusal(lambda: through(door, "accept_deferred", given, PROMISE)) == "deferral.refused"


def test_told_once_and_refused_by_the_applicant(door: Door) -> None:
    given = file(door, LICENCE)
    offered = through(door, "accept_deferred", given)
    assert approval.deferral_row(offered)["process_name"] == "一次性告知"
    declined = door.refuse_deferral(offered.code, operator=OFFICER, reason="选择普通程序")
    assert approval.deferral_row(declined)["process_name"] == "申请人不作承诺"


def test_withdrawn_it_no_longer_stands_in_the_way(door: Door) -> None:
    given = file(door, LICENCE)
    kept = through(door, "accept_deferred", given, PROMISE)
    door.withdraw_commitment(kept.code, operator=OFFICER, reason="材料已当场补齐")
    assert granted(door, given) is None


# National Day 2026 is off from 1 to 7 October; Saturday the 10th is worked.
def test_across_national_day_late_extended_broken_excluded_repaired_and_eligible_again(
    door: Door, sandbox: Any
) -> None:
    monday = datetime(2026, 9, 28, 2, tzinfo=UTC)
    with time_machine.travel(monday, tick=True):
        given = file(door, LICENCE)
        kept = through(door, "accept_deferred", given, PROMISE)
        assert kept.due_on == date(2026, 10, 16), "ten working days: 29 and 30 September, 8 to 10 and 12 to 16 October"
    with time_machine.travel(monday + timedelta(days=19), tick=True):
        assert door.follow_commitments().overdue == (kept.code,)
        assert refusal(lambda: through(door, "supplied", kept, rows(LICENCE), operator=OFFICER)) == "deferral.late"
        assert granted(door, given) == "gate.deferred"
        longer = door.extend_commitment(kept.code, date(2026, 10, 20), operator=OFFICER, reason="洪水")
        assert (longer.state, longer.due_on) == ("open", date(2026, 10, 20))
    with time_machine.travel(monday + timedelta(days=23), tick=True):
        assert door.follow_commitments().overdue == (kept.code,)
        broken = door.breach_commitment(kept.code, operator=OFFICER, reason="逾期未补齐")
        assert (broken.state, broken.consequence) == ("breached", "terminated")
        assert approval.deferral_row(broken)["process_name"] == "容缺违诺"
        assert granted(door, given) == "gate.deferred"
        assert [each["cause"] for each in arrived(door, sandbox)] == ["commit", "extend", "breach"]
        door.sync()
        again = file(door, LICENCE)
        assert refusal(lambda: through(door, "accept_deferred", again, PROMISE)) in {
            "deferral.excluded",
            "deferral.refused",
        }
        excluded = door.latest(again.id, "accept").decision
        assert "R-LIC-04" in measures(excluded)
        assert excluded.notices, "an exclusion is reasoned and noticed"
        sandbox.change(kept.code, "repaired")
        door.sync()
        assert door.follow_commitments().repaired == (kept.code,)
        eligible = file(door, LICENCE)
        assert through(door, "accept_deferred", eligible, PROMISE).state == "open"
