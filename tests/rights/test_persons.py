"""What holds for natural persons beyond the table: nothing leaves without purpose and basis, and no more than is needed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CaseError
from tests.kit import PERSON, case, organisation
from tests.rights.playing import subject

if TYPE_CHECKING:
    from credit_check_sdk import Case
    from tests.kit import Door

ZHANG: dict[str, Any] = {"role": "legal_representative", "subject": subject("zhang")}


def changed(given: Case, **changes: Any) -> Case:
    """Copy a case as a host may: nothing is validated anew."""
    return given.model_copy(update=changes)


@pytest.mark.parametrize("how", ["none", "blank"])
def test_a_copied_case_without_purpose_is_refused_before_anything_leaves(door: Door, sandbox: Any, how: str) -> None:
    given = case(parties=[ZHANG])
    purpose = None if how == "none" else given.purpose.model_copy(update={"basis": " "})  # type: ignore[union-attr]  # it has one
    with pytest.raises(CaseError) as refused:
        door.check(changed(given, purpose=purpose))
    assert refused.value.code == "case.purpose_missing"
    assert "purpose.text" in refused.value.words("en")
    assert "目的" in refused.value.words("zh-CN")
    assert PERSON not in str(refused.value)
    assert door.latest(given.id, given.point) is None


def test_no_more_leaves_about_a_person_than_is_needed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    exchange = door.client._world.exchange
    for name in ("send", "send_async"):
        real = getattr(exchange, name)

        def spy(request: Any, *args: Any, real: Any = real, **more: Any) -> Any:
            sent.append(request.body or b"")
            return real(request, *args, **more)

        monkeypatch.setattr(exchange, name, spy)
    door.check(
        case(
            organisation(),
            parties=[ZHANG, {"role": "shareholder", "subject": subject("li")}],
            host={"phone": "13800000000"},
            materials=[{"code": "M01", "name": "申请书", "kind": "substantive"}],
        )
    )
    assert sent
    for body in sent:
        asked = json.loads(body)["subjects"]
        assert {one["name"] for one in asked} == {"贺州市示例食品有限公司", "张示例"}
        assert all(set(one) <= {"category", "name", "identifiers", "founded_on"} for one in asked)
        assert all(one.get("founded_on") is None for one in asked)
        for word in ("13800000000", "申请书", "李示例", "opened_at", "materials"):
            assert word.encode() not in body
        assert json.loads(body)["purpose"]["basis"] == "政府采购法 第二十二条"
