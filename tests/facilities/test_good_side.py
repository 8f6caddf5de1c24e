"""What the trustworthy get: green channel, deferral, bonus; and why not. Through both front doors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.kit import USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk import Case
    from tests.kit import Door

FORMAL = {"code": "M07", "name": "营业执照复印件", "kind": "formal", "deferrable": True, "state": "missing"}
CORE = {"code": "M01", "name": "申请书", "kind": "substantive", "deferrable": False, "state": "missing"}
PRAISE = record(list_code="STA-A", polarity="positive", severity=None, level="national", basis=None)


def licence(*materials: dict[str, Any], founded_on: str | None = None) -> Case:
    """Make a licence file at acceptance."""
    subject = organisation(USCC).model_copy(update={"founded_on": None})
    if founded_on:
        known = subject.model_dump(mode="json", context={"reveal": True}) | {"founded_on": founded_on}
        subject = type(subject).model_validate_json(json.dumps(known))
    return case(subject, matter="licence.food-production", point="accept", materials=list(materials))


def test_three_clean_years_open_the_green_channel(door: Door) -> None:
    decision = door.check(licence(founded_on="2010-01-01"))
    assert decision.facilities.green_channel.granted
    assert "3" in decision.facilities.green_channel.reasons.zh


def test_a_young_subject_or_one_of_unknown_age_does_not_qualify_on_that_ground(door: Door) -> None:
    assert not door.check(licence(founded_on="2025-01-01")).facilities.green_channel.granted
    assert not door.check(licence()).facilities.green_channel.granted


def test_it_says_what_it_grants_and_promises(open_door: Any, config: Path) -> None:
    head = '[matters."licence.food-production"]\n'
    more = 'green_days = 5\npromised_days = 10\ngreen_steps = [{"zh-CN" = "免现场核查", en = "no visit"}]\n'
    text = config.read_text("utf-8")
    assert head in text
    config.write_text(text.replace(head, head + more), "utf-8")
    door = open_door(config)
    channel = door.check(licence(founded_on="2010-01-01")).facilities.green_channel
    assert channel.granted
    assert channel.promised_days == 5
    assert [words.zh for words in channel.grants] == [
        "优先办理",
        "免现场核查",
        "承诺 5 个工作日内办结（普通程序 10 个工作日）",
    ]
    assert [words.en for words in channel.grants] == [
        "priority",
        "no visit",
        "decided within 5 working days instead of 10",
    ]
    assert "实质性条件不因此减免" in channel.reasons.zh
    refused = door.check(licence()).facilities.green_channel
    assert (refused.grants, refused.promised_days) == ((), None)


@pytest.mark.parametrize(
    ("founded_on", "words"),
    [("2025-01-01", "成立不满 3 年"), (None, "成立日期不明"), ("2010-01-01", "未能认定受理日前连续 3 年")],
)
def test_a_refusal_says_which_grounds_were_looked_at(
    door: Door, sandbox: Any, founded_on: str | None, words: str
) -> None:
    expired = {"status": "expired", "document_date": "2025-06-01", "list_until": "2026-06-01"}
    sandbox.put_record(record(**expired, publicity_until="2026-06-01"))
    channel = door.check(licence(founded_on=founded_on)).facilities.green_channel
    assert not channel.granted
    assert "没有守信名单或者优良评级记录" in channel.reasons.zh
    assert words in channel.reasons.zh
    assert "red list" in channel.reasons.en


def test_where_a_matter_has_no_green_channel_it_says_so(door: Door) -> None:
    assert "没有绿色通道" in door.check(case()).facilities.green_channel.reasons.zh


def test_a_red_list_opens_it_whatever_the_age(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    decision = door.check(licence())
    assert decision.outcome == "clear"
    assert {p.measure for p in decision.proposals} & {"I-01", "I-10"}


def test_formal_materials_may_come_later_and_core_ones_may_not(door: Door) -> None:
    deferral = door.check(licence(FORMAL)).facilities.deferral
    assert deferral.granted
    assert deferral.materials == ("M07",)
    assert deferral.proposal
    refused = door.check(licence(FORMAL, CORE)).facilities.deferral
    assert not refused.granted
    assert "M01" in refused.reasons.zh
    assert not door.check(licence()).facilities.deferral.granted


def test_a_restriction_suppresses_what_would_be_offered_and_says_so(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record(record(list_code="MOHRSS-NMG"))
    facilities = door.check(licence(FORMAL, founded_on="2010-01-01")).facilities
    assert not facilities.green_channel.granted
    assert not facilities.deferral.granted
    assert "修复" in facilities.deferral.reasons.zh


def test_what_was_not_checked_earns_nothing(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": "national", "path": None, "kind": "status", "value": 500}):
        decision = door.check(licence(FORMAL, founded_on="2010-01-01"))
    assert decision.outcome == "undecided"
    assert not decision.facilities.green_channel.granted
    assert not decision.facilities.deferral.granted
    assert not [p for p in decision.proposals if p.kind == "incentive"]


def test_no_clause_no_bonus(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    bonus = door.check(case(matter="tender.works", point="evaluate")).facilities.bonus
    assert bonus.points == 0
    assert "没有信用加分条款" in bonus.reasons.zh
