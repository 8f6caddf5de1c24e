"""Editions, rules on severity and publicity, and the index of memoranda: what they hold, and what does not load."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_check_sdk import CatalogueError, Record, Subject
from credit_check_sdk.catalogue import load
from credit_check_sdk.catalogue.law import months_after

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = load()


def penalty(**changes: Any) -> Record:
    subject = Subject.model_validate({"category": "organisation", "name": "示例公司", "identifiers": []})
    made = {"record_id": "r", "polarity": "negative", "subject": subject, "authority": "示例机关", "kind": "penalty"}
    return Record.model_validate({**made, **changes})


@given(st.dates(date(2015, 1, 1), date(2040, 1, 1)))
def test_each_day_has_one_edition_and_one_set_of_rules(day: date) -> None:
    editions = [
        e for e in CATALOGUE.editions if e.effective_from <= day and (not e.effective_to or day <= e.effective_to)
    ]
    assert len(editions) == (1 if day >= date(2020, 12, 7) else 0)
    assert CATALOGUE.edition_on(day) == (editions[0].code if editions else None)
    assert len([rules for rules in CATALOGUE.severity_rules if rules.covers(day)]) == 1


def test_the_newest_edition_is_that_of_the_files() -> None:
    assert CATALOGUE.editions[-1].code == CATALOGUE.edition
    assert CATALOGUE.editions[-1].effective_to is None


@pytest.mark.parametrize(
    ("dated", "severity", "list_code", "shortest", "longest"),
    [
        ("2026-03-31", "general", None, "2026-06-30", "2029-03-31"),
        ("2026-03-31", "serious", None, "2026-06-30", "2029-03-31"),
        ("2026-03-31", None, "MEM-AQ", "2027-03-31", "2029-03-31"),  # work safety: a year at least
        ("2026-04-01", "minor", None, "2026-04-01", "2026-07-01"),
        ("2026-04-01", "general", None, "2026-07-01", "2027-04-01"),
        ("2026-04-01", "serious", None, "2027-04-01", "2029-04-01"),
        ("2026-04-01", None, None, None, "2029-04-01"),  # nothing is assumed: the longest of all, and no shortest
    ],
)
def test_publicity_follows_the_rules_of_the_documents_date(
    dated: str, severity: str | None, list_code: str | None, shortest: str | None, longest: str
) -> None:
    shown = CATALOGUE.publicity_of(
        penalty(document_date=date.fromisoformat(dated), severity=severity, list_code=list_code)
    )
    assert shown is not None
    assert (shown.shortest.isoformat() if shown.shortest else None, shown.longest.isoformat()) == (shortest, longest)


@pytest.mark.parametrize("changes", [{"kind": "list"}, {"polarity": "neutral"}, {"document_date": None}])
def test_only_a_dated_adverse_penalty_has_a_publicity_by_rule(changes: dict[str, Any]) -> None:
    assert (
        CATALOGUE.publicity_of(penalty(**{"document_date": date(2026, 5, 1), "severity": "general", **changes})) is None
    )


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_months_are_counted_to_the_same_day_or_the_last_of_the_month(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_the_eight_memoranda_are_an_index_and_carry_nothing_alone() -> None:
    assert list(CATALOGUE.memoranda) == [
        "M-TAX", "M-SAMR", "M-CSRC", "M-COURT", "M-SAFE", "M-ENV", "M-FOOD", "M-TAXA",
    ]  # fmt: skip
    numbers = {memorandum.doc_no for memorandum in CATALOGUE.memoranda.values()}
    for memorandum in CATALOGUE.memoranda.values():
        assert memorandum.status == ("in_force" if memorandum.kind == "incentive" else "index")
        assert memorandum.measures
        assert memorandum.lists
        assert memorandum.verified_on is None
    for measure in CATALOGUE.measures:
        if measure.kind == "restriction":
            assert not {basis.doc_no for basis in measure.basis} <= numbers, measure.code


EDITIONS = """\
severity_rules:
  - code: x-1
    name: {{zh: 规则, en: Rules}}
    effective_from: {start}
    {end}
    classes:
      - {{severity: general, min_months: {least}, max_months: 12, covers: {{zh: 一般, en: general}}}}
      {more}
    longer: {{{category}: 12}}
    basis:
      - {{title: 示例规则, level: rule, verified_on: null}}
"""
PARTS = {"start": "2030-01-01", "end": "", "least": "3", "more": "", "category": "legal_duty"}


@pytest.mark.parametrize(
    ("changes", "line", "en", "zh"),
    [
        ({}, 4, "overlaps with since-2026-04 (severity.yaml:", "重叠"),
        ({"least": "24"}, 7, "max_months is less than min_months", "短于"),
        ({"category": "rumour"}, 9, "unknown category rumour", "rumour 不存在"),
        (
            {"more": "- {severity: general, min_months: 1, max_months: 2, covers: {zh: 又, en: again}}"},
            8,
            "general stands there twice",
            "general 重复",
        ),
        ({"end": "effective_to: 2029-01-01"}, 5, "effective_to lies before effective_from", "早于"),
    ],
)
def test_rules_keep_to_their_rules(tmp_path: Path, changes: dict[str, str], line: int, en: str, zh: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(EDITIONS.format(**{**PARTS, **changes}), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load([path])
    told = caught.value.detail["troubles"]
    assert isinstance(told, list)
    assert any(one.startswith(f"rules.yaml:{line}: x-1: ") and en in one for one in told), told
    if len(told) == 1:
        assert zh in caught.value.words("zh-CN")


MEMORANDUM = """\
memoranda:
  - code: M-X
    title: {zh: 示例备忘录, en: A memorandum}
    doc_no: 示例〔2018〕1号
    kind: restriction
    status: index
    targets: {zh: 单位, en: units}
    lists: [STA-ZD]
    measures: [R-GP-01]
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "en", "zh"),
    [
        ("[STA-ZD]", "[STA-XX]", 8, "unknown list STA-XX", "名单 STA-XX 不存在"),
        ("[R-GP-01]", "[R-XX]", 9, "unknown restriction R-XX", "措施 R-XX 不存在"),
        ("[R-GP-01]", "[I-01]", 9, "unknown restriction I-01", "措施 I-01 不存在"),
        ("M-X", "M-TAX", 2, "M-TAX is there already, at memoranda.yaml:", "已存在"),
        ("status: index", "status: alive", 6, "status: unknown", "取值未知"),
        (", en: A memorandum", "", 3, "English translation is missing", "缺少英文译文"),
    ],
)
def test_memoranda_keep_to_their_rules(tmp_path: Path, old: str, new: str, line: int, en: str, zh: str) -> None:
    path = tmp_path / "memoranda.yaml"
    path.write_text(MEMORANDUM, encoding="utf-8")
    assert "M-X" in load([path]).memoranda
    path.write_text(MEMORANDUM.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load([path])
    assert str(caught.value).startswith(f"memoranda.yaml:{line}: ")
    assert en in str(caught.value)
    assert zh in caught.value.words("zh-CN")


def test_a_supplement_brings_no_edition_of_the_starter_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "editions.yaml"
    path.write_text(
        "editions:\n  - code: '2030.1'\n    name: {zh: 版, en: E}\n    effective_from: 2030-01-01\n"
        "    changes: {zh: 无, en: none}\n    basis:\n      - {title: 示例, level: law, verified_on: null}\n",
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError) as caught:
        load([path])
    assert "a supplement names its own in the key edition" in str(caught.value.detail["troubles"])
