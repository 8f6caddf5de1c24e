"""What does not load, and that each refusal names file, line and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from credit_check_sdk import CatalogueError
from credit_check_sdk.catalogue import load

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
edition: gx.2026.1
region: "450000"
measures:
  - code: GX-SUB-01
    name: {zh: 限制申请专项资金, en: Restrict special funds}
    kind: restriction
    class: B
    force: recommended
    strength: hint
    matters: [subsidy]
    points: [apply]
    triggers:
      - {by: list, lists: [STA-ZD]}
    reach: [subject]
    basis:
      - {title: 示例条例, article: 第一条, level: law, verified_on: null}
    period:
      clocks: [list]
      words: {zh: 列入名单期间, en: while listed}
    effective_from: 2026-01-01
"""


class Wrong(NamedTuple):
    """A change that breaks the good entry, the line that the refusal names, and words of it."""

    old: str
    new: str
    line: int
    en: str
    zh: str


BASIS = "{title: 示例条例, article: 第一条, level: law, verified_on: null}"
LOCAL = '{title: 示例条例, level: local_regulation, region: "450000", verified_on: 2026-11-01}'
LIST = "{by: list, lists: [STA-ZD]}"

WRONG = {
    "unknown key": Wrong(
        "    reach:", "    reech:", 14, "reech is no known key; did you mean 'reach'?", "是否为“reach”"
    ),
    "unknown section": Wrong("measures:", "measure:", 3, "unknown section measure", "未知的节"),
    "missing key": Wrong("    force: recommended\n", "", 4, "force is missing", "缺少 force"),
    "missing translation": Wrong(
        ", en: Restrict special funds", "", 5, "English translation is missing", "缺少英文译文"
    ),
    "missing translation in the period": Wrong("zh: 列入名单期间, ", "", 19, "Chinese translation", "缺少中文译文"),
    "unknown list": Wrong("[STA-ZD]", "[STA-XX]", 13, "unknown list STA-XX", "名单 STA-XX 不存在"),
    "a red list restricts": Wrong("[STA-ZD]", "[STA-A]", 13, "STA-A is a positive list", "性质与措施不符"),
    "unknown point": Wrong("[apply]", "[aply]", 11, "points.0: unknown", "取值未知"),
    "a point of another matter": Wrong(
        "[apply]", "[inspect]", 11, "inspect is no point of its matters", "没有 inspect 环节"
    ),
    "unknown matter": Wrong("[subsidy]", "[subsidies]", 10, "unknown matter subsidies", "事项 subsidies 不存在"),
    "unknown role": Wrong("reach: [subject]", "reach: [cousin]", 14, "reach.0: unknown", "取值未知"),
    "unknown decision": Wrong(LIST, "{by: decision, decisions: [exile]}", 13, "unknown decision exile", "exile 不存在"),
    "unknown measure": Wrong(
        LIST, "{by: measure, measures: [R-XX-01], roles: [subject]}", 13, "unknown measure R-XX-01", "R-XX-01 不存在"
    ),
    "a measure that follows from a measure": Wrong(
        LIST,
        "{by: measure, measures: [R-GP-02], roles: [subject]}",
        13,
        "follows from a measure itself",
        "由其他措施触发",
    ),
    "an incentive as a ground": Wrong(
        LIST, "{by: measure, measures: [I-01], roles: [subject]}", 13, "unknown measure I-01", "I-01 不存在"
    ),
    "unknown trigger": Wrong(LIST, "{by: rumour}", 13, "triggers.0: unknown", "取值未知"),
    "a condition that is no condition": Wrong(
        "    reach:",
        "    requires: [{by: decision, decisions: [industry_ban]}]\n    reach:",
        14,
        "a condition is no",
        "不得为",
    ),
    "a block that nobody read": Wrong("strength: hint", "strength: block", 15, "at most a hint", "至多作提示"),
    "a local document without its region": Wrong(
        BASIS, "{title: 示例办法, level: local_document}", 16, "names its region", "注明地区"
    ),
    "unknown level": Wrong("level: law", "level: gossip", 16, "basis.0.level: unknown", "取值未知"),
    "a doubled key": Wrong(
        "    kind: restriction\n",
        "    kind: restriction\n    kind: incentive\n",
        7,
        "'kind' is doubled, first on line 6",
        "重复",
    ),
    "not YAML": Wrong("points: [apply]", "points: [apply", 12, "no valid YAML", "不是有效的 YAML"),
    "a foreign tag": Wrong(
        "clocks: [list]", "clocks: !!python/name:os.system [list]", 18, "is not known here", "不可用"
    ),
    "a tag on a scalar": Wrong("2026-01-01", "!secret x", 20, "no valid YAML", "YAML"),
    "a day that does not exist": Wrong("2026-01-01", "2026-02-30", 20, "'2026-02-30' cannot be read", "无法识别"),
    "a day in quotation marks": Wrong("2026-01-01", '"2026-01-01"', 20, "effective_from", "effective_from"),
    "dates that run backwards": Wrong(
        "2026-01-01\n",
        "2026-01-01\n    effective_to: 2025-12-31\n",
        21,
        "effective_to lies before effective_from",
        "早于",
    ),
    "a code that is there": Wrong(
        "GX-SUB-01", "R-SUB-02", 20, "overlaps with its form at measures/subsidy.yaml:", "重叠"
    ),
    "a code that is there, made harsher": Wrong(
        "GX-SUB-01", "R-PRT-01", 20, "(looser in class: B, there A); take a code of your own", "类别更宽：B，彼为 A"
    ),
    "a class A measure that follows from a promise": Wrong(
        f"class: B\n    force: recommended\n    strength: hint\n    matters: [subsidy]\n    points: [apply]\n    triggers:\n      - {LIST}",
        "class: A\n    force: recommended\n    strength: hint\n    matters: [subsidy]\n    points: [apply]\n    triggers:\n"
        "      - {by: record, kinds: [commitment]}",
        13,
        "a class A measure follows from a named list, a decision, or a penalty",
        "A 类措施应当由名单、法律文书决定或者行政处罚触发",
    ),
    "a code of the wrong form": Wrong("GX-SUB-01", "gx_sub", 4, "code: ", "code"),
    "a restriction without a class": Wrong("    class: B\n", "", 6, "a restriction has a class", "注明类别"),
    "a restriction that offers": Wrong("strength: hint", "strength: offer", 9, "offers nothing", "不得提供便利"),
    "class C that hints": Wrong("class: B", "class: C", 9, "class C is never carried out here", "仅供参考"),
    "a list for reference that blocks": Wrong(
        f"strength: hint\n    matters: [subsidy]\n    points: [apply]\n    triggers:\n      - {LIST}",
        "strength: block\n    matters: [subsidy]\n    points: [apply]\n    triggers:\n      - {by: list, lists: [ASSOC-SX]}",
        13,
        "ASSOC-SX is for reference",
        "仅供参考",
    ),
    "a key that is no text": Wrong(
        "    kind: restriction", "    2: x\n    kind: restriction", 6, "the key '2' is no text", "不是文本"
    ),
    "an anchor that contains itself": Wrong(
        "    reach: [subject]", "    reach: &loop [subject, *loop]", 14, "an anchor contains itself", "锚点包含自身"
    ),
    "merging what is no mapping": Wrong(BASIS, "{<<: [1], title: 示例}", 16, "<< takes a mapping", "只能合并映射"),
    "an entry that is no mapping": Wrong(
        "measures:\n", "measures:\n  - 示例\n", 4, "an entry is a mapping", "应为映射"
    ),
    "a section that is no list": Wrong(
        "edition: gx.2026.1", "lists: {a: b}", 1, "lists is a list of entries", "应为条目列表"
    ),
    "a region without quotation marks": Wrong('"450000"', "450000", 2, "quotation marks", "带引号"),
}


def broken(change: Wrong) -> str:
    assert GOOD.count(change.old) == 1, change.old
    return GOOD.replace(change.old, change.new)


def refused(tmp_path: Path, text: str) -> CatalogueError:
    path = tmp_path / "guangxi.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load([path], region="451100")
    return caught.value


def test_the_good_entry_loads(tmp_path: Path) -> None:
    path = tmp_path / "guangxi.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load([path], region="451100").measure("GX-SUB-01").edition == "gx.2026.1"


@pytest.mark.parametrize("what", sorted(WRONG))
def test_a_broken_entry_is_refused_with_file_line_and_reason(tmp_path: Path, what: str) -> None:
    change = WRONG[what]
    error = refused(tmp_path, broken(change))
    assert error.code == "catalogue.invalid"
    assert error.exit_code == 3
    assert str(error).startswith(f"guangxi.yaml:{change.line}: ")
    assert change.en in str(error)
    assert change.zh in error.words("zh-CN")
    assert error.detail["line"] == change.line


def variant(**parts: str) -> str:
    """Give the good entry with other values behind some keys."""
    text = GOOD
    for key, value in parts.items():
        name = key.rstrip("_")
        before = next(line for line in text.splitlines() if line.strip().startswith(f"{name}:"))
        text = text.replace(before, f"{before.partition(name)[0]}{name}: {value}")
    return text


def test_a_mandatory_measure_rests_on_more_than_a_local_document(tmp_path: Path) -> None:
    text = variant(force="mandatory").replace(
        BASIS, '{title: 示例方案, level: local_document, region: "450000", verified_on: 2026-11-01}'
    )
    error = refused(tmp_path, text)
    assert str(error).startswith("guangxi.yaml:15: ")
    assert "more than a local document" in str(error)
    assert "不得仅以地方文件为依据" in error.words("zh")


@pytest.mark.parametrize("level", ["rule", 'local_document, region: "450000"'])
def test_what_stops_a_file_needs_a_statute_whatever_class_it_is_given(tmp_path: Path, level: str) -> None:
    text = variant(strength="block").replace(BASIS, f"{{title: 示例办法, level: {level}, verified_on: 2026-11-01}}")
    error = refused(tmp_path, text)
    assert str(error).startswith("guangxi.yaml:15: ")
    assert "a rule or a local document carries at most a hint" in str(error)
    assert "规章、地方文件至多作提示" in error.words("zh-CN")
    path = tmp_path / "guangxi.yaml"
    path.write_text(text.replace("strength: block", "strength: hint"), encoding="utf-8")
    assert load([path], region="451100").measure("GX-SUB-01").strength == "hint"


def test_class_a_needs_a_law_a_regulation_or_a_central_policy(tmp_path: Path) -> None:
    for level in ("rule", 'local_document, region: "450000"'):
        error = refused(tmp_path, variant(class_="A").replace("level: law", f"level: {level}"))
        assert str(error).startswith("guangxi.yaml:15: ")
        assert "a class A measure rests on a law, a regulation or a central policy" in str(error)
        assert "国办发〔2020〕49号" in error.words("zh-CN")


def test_a_local_regulation_carries_class_a_only_in_a_supplement_of_its_region(tmp_path: Path) -> None:
    path = tmp_path / "guangxi.yaml"
    bound = variant(class_="A", strength="block").replace(BASIS, LOCAL)
    path.write_text(bound, encoding="utf-8")
    measure = load([path], region="451102").measure("GX-SUB-01")
    assert (measure.class_, measure.strength) == ("A", "block")
    for text in (
        bound.replace('region: "450000"\n', ""),  # bound to no region
        bound.replace('region: "450000", ver', 'region: "440000", ver'),  # on the regulation of another region
        bound.replace('region: "450000", ver', 'region: "451102", ver'),  # on that of a district, for the whole region
    ):
        assert "class A measure rests on" in str(refused(tmp_path, text))


def test_a_block_of_class_a_needs_the_law_itself_to_have_been_read(tmp_path: Path) -> None:
    text = variant(class_="A", strength="block").replace(
        BASIS, f"{BASIS}\n      - {{title: 示例办法, level: rule, verified_on: 2026-11-01}}"
    )
    assert "read in the primary text" in str(refused(tmp_path, text))
    path = tmp_path / "guangxi.yaml"
    path.write_text(text.replace("verified_on: null", "verified_on: 2026-10-01"), encoding="utf-8")
    assert load([path], region="450000").measure("GX-SUB-01").strength == "block"


def incentive(**parts: str) -> str:
    text = variant(kind="incentive", strength="offer", **parts).replace("    class: B\n", "")
    return text.replace(LIST, "{by: list, lists: [STA-A]}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (incentive().replace("strength: offer", "strength: hint"), "an incentive is an offer"),
        (incentive().replace("    kind:", "    class: B\n    kind:"), "an incentive has no class"),
        (
            incentive().replace("    reach:", "    grants: bonus\n    reach:"),
            "bonus requires the tender clause credit_bonus",
        ),
        (incentive().replace("    reach:", "    grants: deposit_reduction\n    reach:"), "requires the tender clause"),
        (incentive().replace("    reach:", "    points_offered: 2\n    reach:"), "points require the tender clause"),
        (incentive().replace("[STA-A]", "[STA-ZD]"), "STA-ZD is a negative list"),
        (incentive().replace("[STA-A]", "[ASSOC-TJ]"), "ASSOC-TJ is for reference"),
    ],
)
def test_incentives_keep_to_their_rules(tmp_path: Path, text: str, words: str) -> None:
    assert words in str(refused(tmp_path, text))


UNFAIR = "never depend on region, ownership or place of registration (令第16号 第九条)"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    reach:", '    region: "450000"\n    reach:', 13),
        ("    reach:", "    ownership: [state]\n    reach:", 13),
        ("    reach:", "    registered_in: Hezhou\n    reach:", 13),
        ("{by: list, lists: [STA-A]}", '{by: region, regions: ["450000"]}', 12),
        ("{by: list, lists: [STA-A]}", "{by: ownership, forms: [private]}", 12),
        ("{by: list, lists: [STA-A]}", "{by: list, lists: [STA-A], registration_place: 贺州}", 12),
        ("[{by: tender_clause, clause: credit_bonus}]", "[{by: place_of_registration, is: 贺州}]", 16),
    ],
)
def test_points_never_depend_on_place_or_ownership(tmp_path: Path, old: str, new: str, line: int) -> None:
    text = bonus()
    assert text.count(old) == 1
    error = refused(tmp_path, text.replace(old, new))
    assert str(error).startswith(f"guangxi.yaml:{line}: GX-SUB-01: ")
    assert UNFAIR in str(error)
    assert "公平竞争审查规则第九条" in error.words("zh-CN")


def bonus() -> str:
    text = incentive(matters="[tender]", points="[evaluate]")
    text = text.replace("    reach: [subject]\n", "    reach: [subject]\n    grants: bonus\n    points_offered: 2\n")
    return text.replace("    basis:", "    requires: [{by: tender_clause, clause: credit_bonus}]\n    basis:")


@pytest.mark.parametrize(
    ("old", "new", "line", "en", "zh"),
    [
        ("[STA-A]", "[CX-SF]", 12, "CX-SF is a list of one place; points and preference", "CX-SF 为地方名单"),
        ("    points_offered: 2\n", "", 14, "a bonus says how many points", "应当注明至多加多少分"),
        ("clause: credit_bonus", "clause: exclusion", 14, "requires the tender clause credit_bonus", "招标文件条款"),
        ("grants: bonus\n    points_offered: 2\n    requires: [{by: tender_clause, clause: credit_bonus}]", "grants: priority",
         14, "priority among bidders requires the tender clause", "竞争者之间的优先"),
    ],
)  # fmt: skip
def test_advantages_among_bidders_are_earned_fairly(
    tmp_path: Path, old: str, new: str, line: int, en: str, zh: str
) -> None:
    path = tmp_path / "guangxi.yaml"
    path.write_text(bonus(), encoding="utf-8")
    assert load([path], region="451100").measure("GX-SUB-01").points_offered == 2
    assert bonus().count(old) == 1
    error = refused(tmp_path, bonus().replace(old, new))
    assert str(error).startswith(f"guangxi.yaml:{line}: ")
    assert en in str(error)
    assert zh in error.words("zh-CN")


def test_a_list_that_a_region_brings_earns_nothing_among_bidders(tmp_path: Path) -> None:
    added = (
        "lists:\n  - code: GX-RED\n    name: {zh: 本区红名单, en: Red list of the region}\n    polarity: positive\n"
        "    authority: {zh: 示例机关, en: an authority}\n    term: {zh: 一年, en: one year}\n"
    )
    error = refused(tmp_path, bonus().replace("[STA-A]", "[GX-RED]") + added)
    assert "GX-RED is a list of one place" in str(error)
    path = tmp_path / "guangxi.yaml"
    path.write_text(incentive().replace("[STA-A]", "[GX-RED]") + added, encoding="utf-8")  # nobody competes for it
    assert load([path], region="451100").measure("GX-SUB-01").kind == "incentive"


def test_a_block_follows_from_a_record(tmp_path: Path) -> None:
    text = variant(strength="block").replace("verified_on: null", "verified_on: 2026-10-01")
    assert "a block follows from a record" in str(refused(tmp_path, text.replace(LIST, "{by: not_excluded}")))


def test_what_follows_from_a_hint_does_not_block(tmp_path: Path) -> None:
    text = variant(strength="block").replace("verified_on: null", "verified_on: 2026-10-01")
    text = text.replace(LIST, "{by: measure, measures: [R-SUB-02], roles: [subject]}")
    assert "R-SUB-02 does not block" in str(refused(tmp_path, text))


def test_forms_of_one_code_neither_overlap_nor_leave_a_gap(tmp_path: Path) -> None:
    entry = GOOD.partition("measures:\n")[2]
    first = GOOD.replace("2026-01-01\n", "2026-01-01\n    effective_to: 2026-06-30\n")
    again = first + entry.replace("2026-01-01", "2026-07-01").replace("Restrict special funds", "Restrict funds")
    path = tmp_path / "guangxi.yaml"
    path.write_text(again, encoding="utf-8")
    catalogue = load([path], region="450000")
    forms = [measure for measure in catalogue.measures if measure.code == "GX-SUB-01"]
    assert [form.effective_from.month for form in forms] == [1, 7]
    assert catalogue.measure("GX-SUB-01", forms[0].effective_to).name.en == "Restrict special funds"
    assert catalogue.measure("GX-SUB-01", forms[1].effective_from).name.en == "Restrict funds"
    assert "overlaps" in str(refused(tmp_path, again.replace("2026-07-01", "2026-06-30")))
    assert "leaves a gap" in str(refused(tmp_path, again.replace("2026-07-01", "2026-07-02")))


LISTS = """\
lists:
  - code: {code}
    name: {{zh: 示例名单, en: A list}}
    aliases: [{alias}]
    polarity: {polarity}
    serious: {serious}
    category: {category}
    authority: {{zh: 示例机关, en: an authority}}
    term: {{zh: 一年, en: one year}}
"""


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"code": "SAMR-YZ"}, 2, "SAMR-YZ: samr-yz is there already, at lists.yaml:"),
        ({"alias": "Ａ级纳税人"}, 2, "is there already, at lists.yaml:"),
        ({"category": "gossip"}, 7, "unknown category gossip"),
        ({"polarity": "positive"}, 6, "a serious list is negative and has a category"),
        ({"category": "null"}, 6, "a serious list is negative and has a category"),
        ({"category": "legal_duty\n    term_months: 24\n    longest_months: 12"}, 9, "longest_months is less than"),
        (
            {"category": "legal_duty\n    term_months: 12\n    early_exit_months: 12"},
            9,
            "early_exit_months lies before",
        ),
    ],
)
def test_lists_keep_to_their_rules(tmp_path: Path, changes: dict[str, str], line: int, words: str) -> None:
    good = {"code": "GX-HB", "alias": "示例", "polarity": "negative", "serious": "true", "category": "market_and_order"}
    path = tmp_path / "lists.yaml"
    path.write_text(LISTS.format(**good), encoding="utf-8")
    assert load([path]).list_of("示例") is not None
    error = refused(tmp_path, LISTS.format(**{**good, **changes}))
    assert str(error).startswith(f"guangxi.yaml:{line}: ")
    assert words in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("matters:\n  - {code: barter.goods, name: {zh: 易货, en: Barter}, points: [accept]}\n", "no kind of matter"),
        ("matters:\n  - {code: licence, name: {zh: 许可, en: Licence}, points: [accept]}\n", "no kind of matter"),
        ("matters:\n  - {code: tender.works, name: {zh: 招标, en: T}, points: [award]}\n", "is there already"),
        (
            "matters:\n  - code: licence.x\n    name: {zh: 许可, en: X}\n    points: [accept]\n    outage: {decide: hold}\n",
            "outage.decide: licence.x has no such decision point",
        ),
        (
            (
                "matters:\n  - code: licence.x\n    name: {zh: 许可, en: X}\n    points: [accept]\n"
                "    materials: [{code: A, name: 环评, kind: substantive, deferrable: true}]\n"
            ),
            "A is substantive and may not be deferrable",
        ),
        ("decisions:\n  - {kind: industry_ban, name: {zh: 禁入, en: Ban}}\n", "industry_ban is there already"),
        ("kinds:\n  - {kind: licence, name: {zh: 许可, en: L}, points: [accept]}\n", "licence is there already"),
        ("categories:\n  - {code: legal_duty, name: {zh: 义务, en: Duty}}\n", "legal_duty is there already"),
        ("- 1\n", "a mapping with sections is expected"),
        ("", "a mapping with sections is expected"),
        ("a: b\n---\nc: d\n", "no valid YAML"),
        ("edition: \x00\n", "no valid YAML"),
    ],
)
def test_other_sections_keep_to_their_rules(tmp_path: Path, text: str, words: str) -> None:
    error = refused(tmp_path, text)
    assert str(error).startswith("guangxi.yaml:")
    assert words in str(error)
    assert str(error).endswith("mend that entry")


def test_all_troubles_are_told_and_the_first_leads(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace("[STA-ZD]", "[STA-XX]").replace("[subsidy]", "[subsidies]"))
    assert "(and 1 more)" in str(error)
    assert "另有 1 处" in error.words("zh-CN")
    troubles = error.detail["troubles"]
    assert isinstance(troubles, list)
    assert len(troubles) == 2


def test_a_supplement_of_another_region_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guangxi.yaml"
    path.write_text(GOOD, encoding="utf-8")
    for region in ("440300", None, "460000"):
        with pytest.raises(CatalogueError, match=r"guangxi\.yaml:2: this supplement is bound to region 450000"):
            load([path], region=region)


def test_a_supplement_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("edition: é".encode("latin-1"))
    for name, kind in (("absent.yaml", "FileNotFoundError"), ("latin.yaml", "UnicodeDecodeError")):
        with pytest.raises(CatalogueError, match=kind):
            load([tmp_path / name])
