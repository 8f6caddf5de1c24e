"""The commands on the catalogue: check, show, why, on; their codes, their JSON, and what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.cli.app import run
from tests.catalogue.test_refusals import GOOD
from tests.kit import case, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door

    Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Typed:
    """Run a command in a folder without configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


def said(typed: Typed, *words: str) -> Any:
    code, out, _ = typed(*words, "--json")
    assert code == 0, out
    return json.loads(out)


def test_the_starter_catalogue_is_valid(typed: Typed) -> None:
    code, out, err = typed("catalogue", "check", "--lang", "en")
    assert (code, out) == (0, "")
    assert "edition 2026.1" in err
    document = said(typed, "catalogue", "check")
    assert document["valid"]
    assert document["troubles"] == document["conflicts"] == []


def test_every_trouble_has_its_line_and_the_exit_code_is_2(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "guangxi.yaml"
    broken = GOOD.replace("[STA-ZD]", "[STA-XX]").replace("[subsidy]", "[subsidies]").replace("class: B", "class: A")
    path.write_text(broken.replace("level: law", "level: rule"), encoding="utf-8")
    code, out, _ = typed("catalogue", "check", str(path), "--lang", "en")
    assert code == 2
    lines = out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("guangxi.yaml:") for line in lines)
    assert any("a class A measure rests on a law, a regulation or a central policy" in line for line in lines)
    code, out, _ = typed("catalogue", "check", str(path), "--json")
    document = json.loads(out)
    assert (code, document["valid"]) == (2, False)
    assert [one["line"] for one in document["troubles"]] == [10, 13, 15]
    assert "国办发〔2020〕49号" in document["troubles"][2]["words"]["zh-CN"]


def test_a_file_that_cannot_be_read_is_a_trouble_and_the_others_are_checked(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("measures: [", encoding="utf-8")
    code, out, _ = typed("catalogue", "check", "bad.yaml", "good.yaml", "absent.yaml", "--lang", "zh-CN")
    assert code == 2
    troubles = [line for line in out.splitlines() if "冲突" not in line]
    assert [line.partition(":")[0] for line in troubles] == ["absent.yaml", "bad.yaml"]


def test_a_supplement_of_another_region_than_the_sites_is_a_trouble(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    assert typed("catalogue", "check", "good.yaml")[0] == 0
    code, out, _ = typed("catalogue", "check", "good.yaml", "--region", "440300", "--lang", "en")
    assert code == 2
    assert out.startswith("good.yaml:2: this supplement is bound to region 450000, and this site is in 440300")


def test_a_conflict_is_told_and_refuses_nothing(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    code, out, _ = typed("catalogue", "check", "good.yaml", "--lang", "en")
    assert code == 0
    (line,) = (line for line in out.splitlines() if "R-SUB-01" in line)
    assert line.startswith("good.yaml:4: conflict: GX-SUB-01 and R-SUB-01 (measures/subsidy.yaml:")
    assert "looser in strength: hint, there block" in line
    found = said(typed, "catalogue", "check", "good.yaml")["conflicts"]
    assert "力度更宽" in " ".join(one["words"]["zh-CN"] for one in found)


def test_measures_are_shown_by_matter_point_and_kind(typed: Typed) -> None:
    codes = {one["code"] for one in said(typed, "catalogue", "show", "--matter", "tender.works")["measures"]}
    assert {"R-BID-01", "R-GP-02", "I-05"} <= codes
    assert "R-GP-01" not in codes
    shown = said(typed, "catalogue", "show", "--matter", "tender", "--point", "qualify", "--kind", "incentive")
    assert [one["code"] for one in shown["measures"]] == ["I-07"]
    code, out, _ = typed("catalogue", "show", "--lang", "zh-CN")
    assert code == 0
    assert "拒绝参加政府采购活动" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["R-GP-01"], "拒绝参加政府采购活动"),
        (["M-COURT"], "发改财金〔2016〕141号"),
        (["失信被执行人"], "人民法院"),
        (["--kind", "list"], "经营异常名录"),
        (["--kind", "memorandum"], "M-TAXA"),
        (["--kind", "severity"], "since-2026-04"),
    ],
)
def test_entries_are_shown(typed: Typed, words: list[str], expected: str) -> None:
    code, out, _ = typed("catalogue", "show", *words, "--lang", "zh-CN")
    assert code == 0
    assert expected in out
    json.loads(typed("catalogue", "show", *words, "--json")[1])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "R-GP-0"], "catalogue.unknown"),
        (["why", "nothing"], "catalogue.unknown"),
        (["why", "dec_none"], "decision.unknown"),
        (["on", "dec_none"], "decision.unknown"),
        (["on", "yesterday"], "input.invalid"),
        (["on", "2025-13-01"], "input.invalid"),
        (["show", "--matter", "barter"], "input.invalid"),
        (["show", "--kind", "rumour"], "input.invalid"),
    ],
)
def test_what_is_not_there_is_refused_in_words(typed: Typed, words: list[str], code: str) -> None:
    exit_code, out, err = typed("catalogue", *words, "--json")
    assert exit_code == 2
    assert json.loads(out)["error"]["code"] == code
    assert "Traceback" not in err


def test_why_says_what_a_measure_rests_on_and_why_it_only_hints(typed: Typed) -> None:
    code, out, _ = typed("catalogue", "why", "R-PRT-01", "--lang", "zh-CN")
    assert code == 0
    for part in ("A 类", "失信被执行人", "第二十六条第一项", "未核对原文", "至多作提示", "M-TAX"):
        assert part in out
    document = said(typed, "catalogue", "why", "R-GP-01")
    assert document["in_force"]
    assert document["why_no_stronger"] is None
    assert "第七十七条" in document["basis"][0]["zh-CN"]
    assert {one["code"] for one in document["memoranda"]} == {"M-TAX", "M-COURT"}


def test_a_day_has_its_edition_and_its_forms(typed: Typed) -> None:
    before = said(typed, "catalogue", "on", "2024-04-30", "--matter", "tender")
    after = said(typed, "catalogue", "on", "2024-05-01", "--matter", "tender")
    assert (before["edition"], after["edition"]) == ("2020.1", "2024.1")
    assert before["since"]["changed"] == ["I-05"]
    assert after["since"]["changed"] == []

    def bases(document: Any) -> list[str]:
        return [basis["title"] for m in document["measures"] if m["code"] == "I-05" for basis in m["basis"]]

    assert "招标投标领域公平竞争审查规则" not in bases(before)
    assert "招标投标领域公平竞争审查规则" in bases(after)
    assert said(typed, "catalogue", "on", "2026-03-31")["severity_rules"] == "before-2026-04"
    assert said(typed, "catalogue", "on", "2026-04-01")["edition"] == "2026.1"
    early = said(typed, "catalogue", "on", "2015-01-01")
    assert early["edition"] is None
    assert "R-NMG-01" in early["since"]["added"]


def test_a_decision_is_explained_ground_by_ground(door: Door, sandbox: Any, config: Path, typed: Typed) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    decision = door.check(case(matter="procurement.goods", point="evaluate"))
    assert decision.outcome == "restricted"
    document = said(typed, "catalogue", "why", decision.id, "--config", str(config))
    assert document["edition"] == "2026.1"
    assert document["catalogue_unchanged"]
    (proposal,) = (one for one in document["proposals"] if one["measure"] == "R-GP-01")
    assert "政府采购严重违法失信行为记录名单" in proposal["grounds"][0]["trigger"]["zh-CN"]
    code, out, _ = typed("catalogue", "why", decision.id, "--config", str(config), "--lang", "zh-CN")
    assert code == 0
    assert "符合触发条件" in out
    on = said(typed, "catalogue", "on", decision.id, "--config", str(config))
    assert (on["decision"], on["edition"], on["digest"]) == (decision.id, "2026.1", decision.catalogue.digest)
    assert on["matter"] == "procurement.goods"
