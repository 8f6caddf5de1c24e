"""The checklist: what the matter asks for, held against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import checklist

if TYPE_CHECKING:
    from credit_check_sdk import MatterPolicy


def row(name: str, number: Any = None, **said: Any) -> dict[str, Any]:
    return {"material_name": name, "get_type": "1", "get_num": number, **said}


def states(rows: list[dict[str, Any]], policy: MatterPolicy | None) -> dict[str, str]:
    return {one.code: one.state for one in checklist(rows, policy)}


def test_what_no_row_brings_is_missing(policy: MatterPolicy) -> None:
    assert states([row("申请书", "1")], policy) == {"M01": "supplied", "M07": "missing", "M08": "missing"}
    assert states([], policy) == {"M01": "missing", "M07": "missing", "M08": "missing"}


def test_names_are_compared_without_their_dress(policy: MatterPolicy) -> None:
    rows = [row("《营业执照》 复印件", 1), row("法定代表人(负责人)身份证明复印件"), row(" 申请书 ", 2)]
    assert set(states(rows, policy).values()) == {"supplied"}


@pytest.mark.parametrize(
    ("number", "state"), [("0", "missing"), (0, "missing"), ("00", "missing"), ("1", "supplied"), (None, "supplied")]
)
def test_a_row_says_that_none_was_received(policy: MatterPolicy, number: Any, state: str) -> None:
    assert states([row("申请书", number)], policy)["M01"] == state


def test_several_rows_for_one_document_bring_it_once(policy: MatterPolicy) -> None:
    for numbers in (("0", "1"), ("1", "0")):
        assert states([row("申请书", number) for number in numbers], policy)["M01"] == "supplied"


def test_the_kind_of_a_document_is_the_matter_s(policy: MatterPolicy) -> None:
    kinds = {one.code: (one.kind, one.deferrable) for one in checklist([], policy)}
    assert kinds == {"M01": ("substantive", False), "M07": ("formal", True), "M08": ("formal", True)}


def test_a_document_that_nobody_asked_for_may_never_come_later(policy: MatterPolicy) -> None:
    extra = checklist([row("消防验收意见", "0"), row("产品照片", "1")], policy)[3:]
    assert [(one.code, one.kind, one.deferrable, one.state) for one in extra] == [
        ("X01", "substantive", False, "missing"),
        ("X02", "substantive", False, "supplied"),
    ]


def test_without_a_policy_what_came_is_the_list() -> None:
    assert states([row("申请书", "1"), row("")], None) == {"X01": "supplied"}
