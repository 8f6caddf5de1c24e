"""How the catalogue is loaded: supplements, speed, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
import yaml

from credit_check_sdk import CreditList, Measure
from credit_check_sdk.catalogue import load
from credit_check_sdk.catalogue.inspecting import inspect

DATA = resources.files("credit_check_sdk.catalogue") / "data"
SUPPLEMENT = """\
edition: hz.2026.1
region: "451100"
decisions:
  - {kind: hezhou_ban, name: {zh: 本市禁止, en: Ban of the city}}
lists:
  - code: HZ-SX
    name: {zh: 本市失信名单, en: The city's list}
    polarity: negative
    authority: {zh: 示例机关, en: an authority}
    term: {zh: 一年, en: one year}
measures:
  - code: HZ-LIC-01
    name: {zh: 重点审查, en: Scrutiny}
    kind: restriction
    class: B
    force: recommended
    strength: hint
    matters: [licence.food-production]
    points: [accept]
    triggers:
      - {by: list, lists: [HZ-SX]}
      - {by: decision, decisions: [hezhou_ban]}
    basis:
      - {title: 示例办法, level: local_document, region: "451100", verified_on: null}
    period:
      words: {zh: 列入期间, en: while listed}
    effective_from: 2026-01-01
    effective_to: 2026-12-31
matters:
  - code: licence.shop
    name: {zh: 示例许可, en: A licence}
    points: [accept, decide]
"""


@pytest.fixture
def supplement(tmp_path: Path) -> Path:
    path = tmp_path / "hezhou.yaml"
    path.write_text(SUPPLEMENT, encoding="utf-8-sig")
    return path


def test_a_supplement_adds_and_takes_nothing_away(supplement: Path) -> None:
    plain, more = load(), load([supplement], region="451102")
    assert {measure.code for measure in more.measures} - {m.code for m in plain.measures} == {"HZ-LIC-01"}
    assert more.edition == "2026.1+hz.2026.1"
    assert more.digest != plain.digest
    assert more.list_of("本市失信名单") is not None
    assert "hezhou_ban" in more.decisions
    assert more.policies["licence.shop"].points == ("accept", "decide")
    assert plain.list_of("HZ-SX") is None
    assert load().digest == plain.digest


def test_a_supplement_changes_only_the_slices_it_touches(supplement: Path) -> None:
    plain, more = load(), load([supplement], region="451100")
    day = date(2026, 11, 23)

    def same(matter: str, point: str, on: date = day) -> bool:
        return plain.slice_digest(matter, point, on) == more.slice_digest(matter, point, on)

    assert not same("licence.food-production", "accept")
    assert same("licence.food-production", "decide")
    assert same("tender.works", "evaluate")
    # The last day still counts; the day after it does not.
    assert not same("licence.food-production", "accept", date(2026, 12, 31))
    assert same("licence.food-production", "accept", date(2027, 1, 1))
    assert same("licence.food-production", "accept", date(2025, 12, 31))


def test_any_change_of_the_data_changes_the_digest(supplement: Path) -> None:
    before = load([supplement], region="451100").digest
    for old, new in (
        ("重点审查", "重点核查"),
        ("示例机关", "示例部门"),
        ("本市禁止", "本市限制"),
        ("hz.2026.1", "hz.2026.2"),
    ):
        supplement.write_text(SUPPLEMENT.replace(old, new), encoding="utf-8")
        assert load([supplement], region="451100").digest != before


def test_supplements_may_build_on_one_another(supplement: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.yaml"
    second.write_text(
        SUPPLEMENT[SUPPLEMENT.index("measures:") : SUPPLEMENT.index("matters:\n  - code: licence.shop")].replace(
            "HZ-LIC-01", "HZ-LIC-02"
        )
        + "edition: hz.2\n",
        encoding="utf-8",
    )
    catalogue = load([second, supplement], region="451100")
    assert catalogue.measure("HZ-LIC-02").edition == "hz.2"
    assert catalogue.edition == "2026.1+hz.2+hz.2026.1"


def test_the_starter_catalogue_is_read_once() -> None:
    first, again = load().measures, load().measures
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_what_applies_is_looked_up_in_an_index() -> None:
    catalogue, day = load(), date(2026, 11, 23)
    assert catalogue.applicable("tender.works", "evaluate", day) is catalogue.applicable(
        "tender.works", "evaluate", day
    )


def test_what_the_index_keeps_is_bounded() -> None:
    catalogue = load()
    for number in range(5000):
        catalogue.applicable(f"licence.{number}", "accept", date(2026, 11, 23))
        catalogue.slice_digest(f"unknown.{number}", "accept", date(2026, 11, 23))
    assert len(catalogue._kept) <= 4096
    assert len(catalogue._slices) <= 4096


def test_importing_the_catalogue_imports_no_yaml() -> None:
    code = "import sys, credit_check_sdk.catalogue; print([n for n in ('yaml', 'sqlalchemy', 'httpx') if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "[]"


def test_any_yaml_reader_reads_the_files_the_same_way() -> None:
    """Anchors and merge keys are plain YAML, so other tools may read the data."""
    measures: list[Measure] = []
    for entry in (DATA / "measures").iterdir():
        if not entry.name.endswith(".yaml"):
            continue
        content = yaml.safe_load(entry.read_text(encoding="utf-8"))
        measures += [Measure.model_validate({"edition": content["edition"], **one}) for one in content["measures"]]
    assert sorted(measures, key=lambda one: one.code) == list(load().measures)
    lists = yaml.safe_load((DATA / "lists.yaml").read_text(encoding="utf-8"))["lists"]
    assert sorted((CreditList.model_validate(one) for one in lists), key=lambda one: one.code) == list(load().lists)


def test_the_supplement_that_the_reference_shows_loads(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")
    path = tmp_path / "shown.yaml"
    path.write_text(text.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    shown = load([path], region="451100").measure("GX-SUB-01")
    assert (shown.class_, shown.strength, shown.edition) == ("A", "block", "gx.2026.1")


def test_the_supplement_that_the_guide_shows_loads_and_says_what_it_brings(tmp_path: Path) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "howto" / "add-local-measures.md").read_text(
        encoding="utf-8"
    )
    path = tmp_path / "guangxi.yaml"
    path.write_text(guide.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    shown = load([path], region="451100")
    assert shown.measure("GX-SUB-01").strength == "block"
    assert shown.terms["objection.answer"].days == 5
    assert shown.edition_on(date(2026, 11, 23)) == "2026.1+gx.2026.1"
    found = inspect([path], region="451100")
    assert (found.troubles, found.conflicts) == ((), ())
    said = f"edition {found.edition}: {found.measures} measures, {found.lists} lists; 0 conflicts"
    assert said in guide
