"""Which time limit holds at a site: the narrowest region wins, and the configuration over all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit_check_sdk import catalogue
from credit_check_sdk.errors import CatalogueError, ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("region", "forward", "answer"),
    [(None, 1, 7), ("451100", 1, 7), ("440304", 1, 2), ("310101", 2, 5), ("330100", 1, 5), ("331002", 2, 5)],
)
def test_the_narrowest_region_wins(region: str | None, forward: int, answer: int) -> None:
    terms = catalogue.load(region=region).terms
    assert (terms["objection.forward"].days, terms["objection.answer"].days) == (forward, answer)


def test_a_limit_that_rests_on_law_cites_it() -> None:
    basis = catalogue.load().terms["acceptance.one_off_notice"].basis
    assert [(b.title, b.article) for b in basis] == [("中华人民共和国行政许可法", "第三十二条")]


def test_the_configuration_wins_and_keeps_no_basis_of_another_number() -> None:
    said = {"objection.answer": {"days": 3}}
    term = catalogue.load(region="440304", terms=said).terms["objection.answer"]
    assert (term.days, term.basis, term.counted) == (3, (), "working")


def test_the_configuration_may_cite_its_own_basis() -> None:
    own = {"title": "某市信用条例", "article": "第九条", "level": "local_regulation", "region": "4511"}
    term = catalogue.load(terms={"objection.answer": {"days": 3, "basis": [own]}}).terms["objection.answer"]
    assert term.basis[0].title == "某市信用条例"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"objection.anser": {"days": 3}}, "objection.answer"),
        ({"objection.answer": {"day": 3}}, "days"),
        ({"objection.answer": {"days": -1}}, "days"),
        ({"objection.answer": {"days": "three"}}, "days"),
    ],
)
def test_what_the_configuration_cannot_mean_is_refused_by_name(said: dict[str, dict[str, object]], named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        catalogue.load(terms=said)
    assert named in refused.value.words("en")
    assert named in refused.value.words("zh-CN")


@pytest.mark.parametrize(("bound", "days"), [("45", 4), ("450000", 4), ("451100", 4), ("4511", 4)])
def test_a_region_is_named_with_its_zeros_or_without(tmp_path: Path, bound: str, days: int) -> None:
    file = tmp_path / "local.yaml"
    file.write_text(
        f'region: "{bound}"\nterms:\n  - {{code: objection.answer, name: {{zh: 异议答复, en: Answer}}, days: 4}}\n',
        encoding="utf-8",
    )
    assert catalogue.load([file], region="451102").terms["objection.answer"].days == days


def test_a_supplement_brings_the_limits_of_its_region(tmp_path: Path) -> None:
    file = tmp_path / "local.yaml"
    file.write_text(
        'region: "4511"\nterms:\n  - {code: objection.answer, name: {zh: 异议答复, en: Answer}, days: 4}\n',
        encoding="utf-8",
    )
    assert catalogue.load([file], region="451100").terms["objection.answer"].days == 4


def test_a_limit_given_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "local.yaml"
    one = "  - {code: objection.answer, name: {zh: 异议答复, en: Answer}, days: 4}\n"
    file.write_text(f'region: "4511"\nterms:\n{one}{one}', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"local\.yaml:4"):
        catalogue.load([file], region="451100")


def test_a_limit_of_a_local_document_needs_its_region(tmp_path: Path) -> None:
    file = tmp_path / "local.yaml"
    basis = '[{title: 某市条例, level: local_regulation, region: "45"}]'
    file.write_text(
        f"terms:\n  - {{code: objection.answer, name: {{zh: 答复, en: Answer}}, days: 4, basis: {basis}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError, match="region"):
        catalogue.load([file], region="451100")
