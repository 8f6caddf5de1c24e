"""What the starter catalogue must hold, entry by entry."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_check_sdk.catalogue import Catalogue, load
from credit_check_sdk.catalogue.entries import _digest
from credit_check_sdk.catalogue.page import main, page
from credit_check_sdk.model.measure import NotExcluded, OnClause, OnCleanYears, OnDecision, OnList, OnMeasure

if TYPE_CHECKING:
    from credit_check_sdk import Measure

ROOT = Path(__file__).resolve().parents[2]
TYPES = ROOT.parent / "shared" / "inputs" / "cn" / "redblack_getRedBlackType_reply.xml"
PAGES = [ROOT / "docs" / "reference" / name for name in ("catalogue.md", "catalogue.zh-CN.md")]
TODAY = date(2026, 11, 23)
NATIONAL = {"law", "regulation", "central_policy"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

RESTRICTIONS = [
    "R-GP-01", "R-GP-02", "R-BID-01", "R-BID-02", "R-BID-03", "R-LIC-01", "R-LIC-02", "R-LIC-03",
    "R-LIC-04", "R-LIC-05", "R-IND-01", "R-POS-01", "R-SUB-01", "R-SUB-02", "R-NMG-01", "R-SAMR-01",
    "R-PRT-01", "R-CON-01", "R-HON-01", "R-HON-02", "R-SUP-01", "R-SCORE-01", "R-INFO-01", "R-INFO-02",
]  # fmt: skip
INCENTIVES = [f"I-{number:02d}" for number in range(1, 12)]
BLOCKING = {
    "R-GP-01", "R-GP-02", "R-BID-01", "R-BID-02", "R-BID-03", "R-LIC-01", "R-LIC-02", "R-LIC-04", "R-POS-01",
    "R-SUB-01", "R-NMG-01", "R-SAMR-01", "R-HON-01",
}  # fmt: skip
"""Main entries that propose a block; what has no basis read in its primary text hints (R-IND-01 and others)."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def lists_of(measure: Measure) -> set[str]:
    return {code for trigger in measure.triggers if isinstance(trigger, OnList) for code in trigger.lists}


def test_every_measure_of_the_survey_is_there(catalogue: Catalogue) -> None:
    codes = [measure.code for measure in catalogue.measures]
    assert [code for code in [*RESTRICTIONS, *INCENTIVES] if code not in codes] == []
    assert {code for code in codes if codes.count(code) > 1} == {
        "I-05"
    }  # its form before the rules on fair competition


@pytest.mark.parametrize("code", RESTRICTIONS)
def test_only_what_has_a_basis_that_was_read_blocks(catalogue: Catalogue, code: str) -> None:
    assert (catalogue.measure(code).strength == "block") == (code in BLOCKING)


def test_no_measure_is_stronger_than_its_basis_allows(catalogue: Catalogue) -> None:
    for measure in catalogue.measures:
        levels = {basis.level for basis in measure.basis}
        read = {basis.level for basis in measure.basis if basis.verified_on}
        if measure.class_ == "A":
            assert levels & NATIONAL, measure.code
        if measure.strength == "block":
            assert read & NATIONAL if measure.class_ == "A" else read, measure.code
        if measure.force == "mandatory":
            assert levels != {"local_document"}, measure.code
        if measure.class_ == "C":
            assert measure.strength == "info", measure.code


def test_a_restriction_without_a_basis_that_was_read_says_why_it_only_hints(catalogue: Catalogue) -> None:
    unread = [m for m in catalogue.measures if m.kind == "restriction" and not any(b.verified_on for b in m.basis)]
    assert {m.code for m in unread} >= {"R-IND-01", "R-SUB-02", "R-POS-01-5Y"}
    for measure in unread:
        assert measure.strength in {"hint", "info"}, measure.code
        assert measure.note or measure.class_ == "C", measure.code


def test_local_documents_name_their_region(catalogue: Catalogue) -> None:
    bases = [basis for measure in catalogue.measures for basis in measure.basis]
    bases += [basis for one in catalogue.lists for basis in one.basis]
    bases += [basis for policy in catalogue.policies.values() for basis in policy.query_basis]
    assert [b.title for b in bases if b.level in {"local_regulation", "local_document"} and not b.region] == []
    assert {b.title for b in bases if b.region} >= {"上海市社会信用条例", "河南省社会信用条例"}


def test_one_document_has_one_rank_wherever_it_is_cited(catalogue: Catalogue) -> None:
    said: dict[str, set[tuple[object, ...]]] = {}
    for measure in catalogue.measures:
        for basis in measure.basis:
            said.setdefault(basis.title, set()).add((basis.doc_no, basis.level, basis.region, basis.verified_on))
    for one in catalogue.lists:
        for basis in one.basis:
            said.setdefault(basis.title, set()).add((basis.doc_no, basis.level, basis.region, basis.verified_on))
    assert {title: ranks for title, ranks in said.items() if len(ranks) > 1} == {}


def test_everything_is_said_in_both_languages(catalogue: Catalogue) -> None:
    words = [w for m in catalogue.measures for w in (m.name, m.period.words, m.note) if w]
    words += [w for one in catalogue.lists for w in (one.name, one.authority, one.term)]
    words += [entry.name for entry in catalogue.kinds.values()] + [p.name for p in catalogue.policies.values()]
    words += [entry.name for entry in catalogue.decisions.values()]
    words += [entry.name for entry in catalogue.categories.values()]
    assert [w.zh for w in words if not CHINESE.search(w.zh)] == []
    assert [w.en for w in words if not w.en or CHINESE.search(w.en)] == []


def test_procurement_refuses_by_the_three_lists(catalogue: Catalogue) -> None:
    measure = catalogue.measure("R-GP-01")
    assert measure.matters == ("procurement",)
    assert lists_of(measure) == {"SXBZXR", "STA-ZD", "MOF-ZC"}
    assert measure.period.clocks == ("ban", "list")
    assert measure.triggers[0] == OnList(lists=("SXBZXR", "STA-ZD", "MOF-ZC"), severity_floor=None)


def test_serious_violators_are_barred_however_grave_the_record_is_called(catalogue: Catalogue) -> None:
    measure = catalogue.measure("R-SAMR-01")
    assert set(measure.matters) == {"procurement", "tender", "trading", "honour"}
    assert measure.triggers == (OnList(lists=("SAMR-YZ",)),)
    assert catalogue.measure("R-SAMR-02").strength == "hint"
    assert "SAMR-YC" in lists_of(catalogue.measure("R-SAMR-02"))


def test_a_listed_member_taints_the_consortium_in_both_procedures(catalogue: Catalogue) -> None:
    for matter in ("procurement.goods", "tender.works"):
        assert "R-GP-02" in {measure.code for measure in catalogue.applicable(matter, "evaluate", TODAY)}
    (trigger,) = catalogue.measure("R-GP-02").triggers
    assert isinstance(trigger, OnMeasure)
    assert trigger.roles == ("consortium_member",)
    assert {"R-GP-01", "R-BID-01"} <= set(trigger.measures)


def test_a_barred_agency_or_expert_leaves_the_bidder_untouched(catalogue: Catalogue) -> None:
    measure = catalogue.measure("R-BID-03")
    assert measure.effect_scope == "party"
    assert measure.reach == ("tender_agency", "bid_expert", "agent")


def test_wage_arrears_reach_the_persons_whom_the_regulation_names(catalogue: Catalogue) -> None:
    several = [measure for measure in catalogue.measures if measure.code.startswith("R-NMG-01")]
    assert {matter for measure in several for matter in measure.matters} == {
        "procurement", "tender", "licence", "subsidy", "honour",
    }  # fmt: skip
    for measure in several:
        assert set(measure.reach) == {"subject", "legal_representative", "principal", "directly_responsible"}
        assert measure.responsible_reaches
        assert measure.basis[0].article == "第四十八条"
    assert [measure.class_ for measure in several if measure.matters == ("subsidy",)] == ["B"]


def test_exclusion_from_facilitation_touches_facilitation_alone(catalogue: Catalogue) -> None:
    measure = catalogue.measure("R-LIC-04")
    assert (measure.effect_scope, measure.strength, measure.force) == ("facilitation", "block", "mandatory")
    assert [m.code for m in catalogue.measures if m.effect_scope == "facilitation"] == ["R-LIC-04"]


@pytest.mark.parametrize(
    ("code", "decision", "years"),
    [
        ("R-LIC-01", "false_application", 1),
        ("R-LIC-02", "bribed_licence", 3),
        ("R-IND-01", "industry_ban", None),
        ("R-POS-01", "position_ban", 3),
        ("R-BID-02", "bid_disqualification", 2),
        ("R-BID-02-FRAUD", "bid_disqualification_fraud", 3),
        ("R-GP-01-BAN", "procurement_ban", 3),
        ("R-GP-01-MAJOR", "major_violation", 3),
    ],
)
def test_bans_follow_from_decisions_and_end_with_them(
    catalogue: Catalogue, code: str, decision: str, years: int | None
) -> None:
    measure = catalogue.measure(code)
    assert measure.triggers == (OnDecision(decisions=(decision,)),)
    assert measure.period.clocks[0] == "ban"
    assert measure.period.years == years
    assert decision in catalogue.decisions


def test_incentives_have_their_conditions(catalogue: Catalogue) -> None:
    def requires(code: str) -> tuple[object, ...]:
        return catalogue.measure(code).requires

    assert OnCleanYears(years=3) in catalogue.measure("I-01").triggers
    assert lists_of(catalogue.measure("I-01")) >= {"STA-A", "CX-SF", "SAMR-SHZ", "WM-MF", "CYL-ZYZ"}
    assert catalogue.measure("I-02").triggers == (NotExcluded(),)
    assert OnClause(clause="credit_bonus") in requires("I-05")
    assert OnClause(clause="deposit_reduction") in requires("I-07")
    assert lists_of(catalogue.measure("I-10")) == {"STA-A"}
    assert catalogue.measure("I-01").grants == "green_channel"
    assert catalogue.measure("I-02").grants == "deferral"
    assert catalogue.measure("I-05").grants == "bonus"


def test_local_honours_earn_nothing_in_tenders_and_procurement(catalogue: Catalogue) -> None:
    for code in ("I-05", "I-06", "I-07"):
        assert lists_of(catalogue.measure(code)) == {"STA-A", "GACC-AEO"}, code


def test_any_serious_list_means_all_of_them(catalogue: Catalogue) -> None:
    serious = {one.code for one in catalogue.lists if one.serious}
    assert len(serious) > 20
    for code in ("R-LIC-04", "R-LIC-05", "R-SUB-01", "R-SUB-02", "R-HON-01", "R-HON-02", "R-CON-01", "R-INFO-02"):
        assert lists_of(catalogue.measure(code)) == serious, code


def test_every_serious_list_belongs_to_one_of_the_four_categories(catalogue: Catalogue) -> None:
    assert set(catalogue.categories) == {"life_and_health", "market_and_order", "legal_duty", "national_defence"}
    for one in catalogue.lists:
        assert not one.serious or one.category in catalogue.categories, one.code


def test_what_associations_keep_is_for_reference_and_triggers_nothing(catalogue: Catalogue) -> None:
    reference = {one.code for one in catalogue.lists if one.reference_only}
    assert reference == {"ASSOC-SX", "ASSOC-TJ", "AGENCY-SX"}
    assert [m.code for m in catalogue.measures if lists_of(m) & reference] == []


@pytest.mark.parametrize(
    ("alias", "code"),
    [
        ("重大税收违法案件当事人", "STA-ZD"),
        ("严重违法失信企业名单", "SAMR-YZ"),
        ("A级纳税人", "STA-A"),
        ("Ａ级纳税人", "STA-A"),
        (" sxbzxr ", "SXBZXR"),
        ("诚信典型", "CX-SF"),
        ("失信企业（工商）", "SAMR-SX"),
        ("失信企业(工商)", "SAMR-SX"),
    ],
)
def test_lists_are_found_by_older_names(catalogue: Catalogue, alias: str, code: str) -> None:
    found = catalogue.list_of(alias)
    assert found is not None
    assert found.code == code


def test_an_unknown_list_is_none(catalogue: Catalogue) -> None:
    assert catalogue.list_of("没有这个名单") is None


@pytest.mark.skipif(not TYPES.is_file(), reason="the real inputs are not beside the project")
def test_the_types_of_a_province_level_platform_are_known(catalogue: Catalogue) -> None:
    text = TYPES.read_text(encoding="utf-8")
    types = re.findall(r"unitedType='(\w+)' unitedName='([^']+)'", text)
    assert len(types) == 17
    for colour, name in types:
        found = catalogue.list_of(name)
        assert found is not None, name
        assert found.polarity == {"black": "negative", "red": "positive"}[colour], name


@pytest.mark.parametrize(
    ("matter", "points"),
    [
        ("licence.food-production", ("accept", "review", "decide", "close")),
        ("procurement.goods", ("qualify", "evaluate", "award")),
        ("tender.works", ("qualify", "evaluate", "award")),
        ("subsidy.enterprise", ("apply", "review", "disburse", "track")),
        ("honour.award", ("honour",)),
        ("supervision.inspection", ("inspect",)),
    ],
)
def test_starter_matters_have_their_points(catalogue: Catalogue, matter: str, points: tuple[str, ...]) -> None:
    policy = catalogue.policy(matter)
    assert policy is not None
    assert policy.points == points
    assert policy.required == policy.advisory == ()
    assert "shareholder" not in policy.query_roles
    assert policy.query_basis
    assert policy.outage.get("evaluate", "hold") == policy.outage.get("disburse", "hold") == "hold"


def test_clean_answers_are_short_lived_at_evaluation_and_payment(catalogue: Catalogue) -> None:
    tender, subsidy = catalogue.policies["tender.works"], catalogue.policies["subsidy.enterprise"]
    assert tender.memory_limit("evaluate") == subsidy.memory_limit("disburse") == timedelta(hours=1)
    assert subsidy.fresh_limit("disburse") <= timedelta(days=1)
    assert catalogue.policies["licence.food-production"].memory_limit("accept") == timedelta(hours=24)


def test_a_tender_asks_about_everyone_whom_a_measure_may_reach(catalogue: Catalogue) -> None:
    roles = set(catalogue.policies["tender.works"].query_roles)
    assert {"consortium_member", "legal_representative", "tender_agency", "bid_expert", "project_manager"} <= roles
    for policy in catalogue.policies.values():
        for point in policy.points:
            for measure in catalogue.applicable(policy.code, point, TODAY):
                if measure.strength == "block" and measure.effect_scope == "case":
                    assert set(measure.reach) <= {"subject", *policy.query_roles}, (policy.code, measure.code)


def test_only_formal_materials_are_deferrable(catalogue: Catalogue) -> None:
    materials = {material.code: material for material in catalogue.policies["licence.food-production"].materials}
    assert materials["M01"].kind == "substantive"
    assert materials["M07"].deferrable
    assert {material.kind for material in materials.values() if material.deferrable} == {"formal"}


@given(
    matter=st.sampled_from(
        [*load().policies, *load().kinds, "licence.other", "procurement.services", "licence.food", "unknown", ""]
    ),
    point=st.sampled_from([*sorted({p for kind in load().kinds.values() for p in kind.points}), "nowhere"]),
    day=st.dates(date(2000, 1, 1), date(2050, 12, 31)),
)
@settings(deadline=None)
def test_the_index_answers_what_a_plain_filter_would(matter: str, point: str, day: date) -> None:
    catalogue = load()
    plain = [
        measure
        for measure in catalogue.measures
        if (matter in measure.matters or matter.partition(".")[0] in measure.matters)
        and (measure.points == () or point in measure.points)
        and measure.effective_from <= day
        and (measure.effective_to is None or measure.effective_to >= day)
    ]
    assert list(catalogue.applicable(matter, point, day)) == plain
    assert catalogue.applicable(matter, point, day) is catalogue.applicable(matter, point, day)


def test_measures_without_a_matter_are_listed_and_never_apply(catalogue: Catalogue) -> None:
    silent = {measure.code for measure in catalogue.measures if not measure.matters}
    assert silent == {"R-INFO-01", "R-INFO-01-EXIT", "R-INFO-02", "R-NMG-01-OTHER", "I-11"}


def test_the_digest_is_stable_and_canonical(catalogue: Catalogue) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", catalogue.digest)
    assert load().digest == catalogue.digest
    content = [measure.model_dump(mode="json") for measure in catalogue.measures]
    assert _digest(content) == f"sha256:{hashlib.sha256(rfc8785.dumps(content)).hexdigest()}"


def test_a_slice_keeps_its_digest_from_day_to_day(catalogue: Catalogue) -> None:
    later = TODAY + timedelta(days=40)
    assert catalogue.slice_digest("tender.works", "evaluate", TODAY) == catalogue.slice_digest(
        "tender.works", "evaluate", later
    )
    assert catalogue.slice_digest("tender.works", "evaluate", TODAY) != catalogue.slice_digest(
        "tender.works", "award", TODAY
    )
    assert catalogue.slice_digest("tender.works", "evaluate", TODAY) != catalogue.slice_digest(
        "tender.works", "evaluate", date(2010, 1, 1)
    )


def test_a_catalogue_is_frozen(catalogue: Catalogue) -> None:
    with pytest.raises(AttributeError, match="frozen"):
        catalogue.edition = "another"  # type: ignore[misc] # that it is refused is the point
    with pytest.raises(TypeError):
        catalogue.policies["x"] = catalogue.policies["tender.works"]  # type: ignore[index] # likewise
    assert repr(catalogue).startswith("<Catalogue 2026.1: ")


def test_an_unknown_measure_is_a_key_error(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError):
        catalogue.measure("R-NONE-01")
    with pytest.raises(KeyError):
        catalogue.measure("R-GP-01", date(2010, 1, 1))
    assert catalogue.measure("R-GP-01", TODAY).code == "R-GP-01"


def test_the_reference_pages_say_what_the_catalogue_says(catalogue: Catalogue) -> None:
    assert main(["--check", *map(str, PAGES)]) == 0
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert [m.code for m in catalogue.measures if f"| `{m.code}` |" not in text] == []
        assert [one.code for one in catalogue.lists if f"| `{one.code}` |" not in text] == []


def test_a_stale_page_is_named_and_rewritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = tmp_path / "catalogue.md"
    stale.write_text("before\n<!-- begin edition -->\nold\n<!-- end edition -->\nafter\n", encoding="utf-8")
    assert main(["--check", str(stale)]) == 1
    assert "catalogue.md" in capsys.readouterr().err
    assert main([str(stale)]) == 0
    assert stale.read_text(encoding="utf-8").startswith("before\n<!-- begin edition -->\nEdition `2026.1`.")
    assert page(stale.read_text(encoding="utf-8"), "zh-CN").count("版次") == 1
