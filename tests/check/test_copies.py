"""A value that was copied with changes is the changed one in every respect: nobody is looked up under a former number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk import Identifier
from tests.kit import OTHER, USCC, case, organisation, record

if TYPE_CHECKING:
    from tests.kit import Door


def test_what_was_worked_out_is_not_carried_over() -> None:
    first = organisation(USCC)
    assert first.keys
    assert first.normal_name
    assert hash(first)
    identifier = first.identifiers[0].model_copy(update={"value": OTHER})
    second = first.model_copy(update={"identifiers": (identifier,), "name": "广西示例建设有限公司"})
    fresh = organisation(OTHER, "广西示例建设有限公司")
    assert (identifier.normal, identifier.masked) == (OTHER, fresh.masked)
    assert (second, second.keys, second.normal_name) == (fresh, fresh.keys, fresh.normal_name)
    assert hash(second) == hash(fresh)
    assert not second.same_as(first)


def test_a_copied_case_is_checked_for_whom_it_names_now(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    first = case()
    assert door.check(first).outcome == "restricted"
    other = first.subject.model_copy(
        update={"identifiers": (Identifier(scheme="cn-uscc", value=OTHER),), "name": "广西示例建设有限公司"}
    )
    assert door.check(first.model_copy(update={"id": f"{first.id}-2", "subject": other})).outcome == "clear"
