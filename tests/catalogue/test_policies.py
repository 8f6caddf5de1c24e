"""What a site says of its matters, laid over the starter policies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from credit_check_sdk import ConfigurationError, MatterPolicy
from credit_check_sdk.catalogue import load


def policy(code: str, **said: Any) -> MatterPolicy:
    found = load(matters={code: said}).policy(code)
    assert found is not None
    return found


def test_a_site_names_sources_and_keeps_the_rest() -> None:
    before = load().policies["licence.food-production"]
    after = policy(
        "licence.food-production",
        required=["municipal", "national"],
        advisory=["enterprise"],
        fresh_for="12h",
        query_roles=["legal_representative"],
        unknown="clear",
    )
    assert after.sources == ("municipal", "national", "enterprise")
    assert after.fresh_for == timedelta(hours=12)
    assert after.query_roles == ("legal_representative",)
    assert (after.materials, after.points, after.query_basis) == (before.materials, before.points, before.query_basis)
    assert load().policies["licence.food-production"] == before


def test_what_is_said_of_one_point_leaves_the_others() -> None:
    after = policy(
        "subsidy.enterprise", outage={"review": "manual"}, fresh_at={"apply": "2h"}, remember_at={"apply": "30m"}
    )
    assert after.outage["review"] == "manual"
    assert after.outage["disburse"] == "hold"
    assert after.fresh_limit("apply") == timedelta(hours=2)
    assert after.memory_limit("apply") == timedelta(minutes=30)
    assert after.fresh_limit("disburse") == timedelta(hours=24)
    assert after.memory_limit("disburse") == timedelta(hours=1)


def test_fewer_points_let_what_was_said_of_the_others_fall_away() -> None:
    after = policy("subsidy.enterprise", points=["apply", "disburse"])
    assert set(after.outage) == {"apply", "disburse"}


def test_a_matter_of_ones_own_needs_only_a_code_of_a_known_kind() -> None:
    made = policy("procurement.services", required=["municipal"])
    assert made.points == ("qualify", "evaluate", "award")
    assert made.name.zh == "政府采购"
    assert made.outage == {}
    measures = load().applicable("procurement.services", "evaluate", date(2026, 11, 23))
    assert "R-GP-01" in {measure.code for measure in measures}


@pytest.mark.parametrize(
    ("code", "said", "words", "chinese"),
    [
        (
            "licence.food-production",
            {"fresh_fro": "1h"},
            "fresh_fro: unknown key; did you mean 'fresh_for'?",
            "fresh_for",
        ),
        ("licence.food-production", {"zzz": 1}, "zzz: unknown key; known keys are advisory, ", "可用的配置项"),
        ("licence.food-production", {"fresh_for": "soon"}, "a duration is a number and a unit", "fresh_for"),
        ("licence.food-production", {"unknown": "maybe"}, "unknown: unknown, one of 'review' or 'clear'", "取值未知"),
        ("licence.food-production", {"outage": {"award": "hold"}}, "outage.award: ", "没有该环节"),
        ("licence.food-production", {"outage": "hold"}, "outage: Input should be a valid dictionary", "outage"),
        ("licence.food-production", {"points": "accept"}, "points: ", "points"),
        ("licence.food-production", {"required": ["a"], "advisory": ["a"]}, "a is required already", "已列为必查"),
        ("licence.food-production", {"code": "licence.x"}, "code says 'licence.x'; leave it out", "事项编码"),
        (
            "barter.goods",
            {"required": []},
            "'barter' is no kind of matter; begin the code with one of licence",
            "事项类型",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(code: str, said: dict[str, Any], words: str, chinese: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(matters={code: said})
    assert str(caught.value).startswith(f'matters."{code}"')
    assert words in str(caught.value)
    assert chinese in caught.value.words("zh-CN")
    expected = "configuration.unknown_key" if "unknown key" in words else "configuration.invalid"
    assert caught.value.code == expected


def test_what_a_site_says_is_no_part_of_the_digest() -> None:
    assert load(matters={"tender.works": {"required": ["municipal"]}}).digest == load().digest
