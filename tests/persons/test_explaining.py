"""A check in plain words, for the person it is about (个人信息保护法 第二十四条). Through both front doors, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import InputError, Response, Subject
from credit_check_sdk.cli.app import run
from tests.kit import OFFICER, PERSON, USCC, case, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door

OTHER_PERSON = "451102198812311234"
CITIZEN: dict[str, Any] = {
    "category": "person",
    "name": "张示例",
    "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}],
}
OWED = {
    "subject": CITIZEN,
    "list_code": "SXBZXR",
    "authority": "示例市人民法院",
    "doc_no": "（2026）示例执1号",
    "basis": "民事诉讼法 第二百六十六条",
}


def person(value: str = PERSON, name: str = "张示例") -> Subject:
    """Make a natural person."""
    identifiers = [{"scheme": "cn-resident-id", "value": value}]
    return Subject.model_validate({"category": "person", "name": name, "identifiers": identifiers})


@pytest.fixture
def owing(sandbox: Any) -> Any:
    """Put a citizen on the list of judgment defaulters."""
    sandbox.put_record(record(**OWED))
    return sandbox


def test_a_citizen_reads_what_was_done_why_by_whom_and_what_to_do(door: Door, owing: Any) -> None:
    given = case(person())
    decision = door.check(given)
    told = door.explain(decision.id)
    assert (told.decision, told.case_id, told.point, told.subject_name) == (decision.id, given.id, "evaluate", "张示例")
    (block,) = [p for p in decision.proposals if p.strength == "block"]
    for words in (
        "信用核查说明",
        "张示例（451102********0010）",
        "查询目的：政府采购评审",
        "查询依据：政府采购法 第二十二条",
        "作出答复的信息来源",
        "市级公共信用信息平台（municipal）",
        "失信被执行人",
        "示例市人民法院",
        "（2026）示例执1号",
        block.name.zh,
        "《中华人民共和国政府采购法》",
        "怎样解除：",
        "还没有人作出决定。经办人确认之前，它不产生效力。",
        "不由程序自动决定",
        "拒绝仅由自动化方式作出的决定（个人信息保护法第二十四条）",
        "对记录提出异议：",
        "7 个工作日",
        "查阅、复制您的信息",
        "更正和删除",
        "联系方式",
        "保存至",
    ):
        assert words in told.text.zh, words
    for words in ("A credit check, explained", "Purpose: ", "nobody yet", "automation alone", "Object to the record"):
        assert words in told.text.en, words
    assert PERSON not in told.text.zh + told.text.en
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    told = door.explain(decision.id)
    assert "由谁决定：经办人 u-1024 于" in told.text.zh
    assert "答复“执行”" in told.text.zh
    assert "目前状态：执行中" in told.text.zh
    assert "还没有人作出决定" not in told.text.zh


def test_who_has_nothing_against_him_reads_so(door: Door, sandbox: Any) -> None:
    given = case(person())
    sandbox.put_subject(CITIZEN)
    told = door.explain(door.check(given).id)
    assert "没有针对您（单位）提出任何限制措施。" in told.text.zh
    assert "No restriction on you was proposed." in told.text.en
    assert "陈述和申辩" not in told.text.zh


def test_what_was_seen_and_does_not_count_is_said(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record(**OWED, status="objected"))
    told = door.explain(door.check(case(person())).id)
    assert "没有针对您（单位）提出任何限制措施。" in told.text.zh
    assert "相应措施暂不执行" in told.text.zh


def test_a_silent_source_is_neither_clean_nor_bad(door: Door, sandbox: Any) -> None:
    sandbox.faults([{"level": "regional", "kind": "status", "value": 503}])
    told = door.explain(door.check(case(person())).id)
    sandbox.faults([])
    assert "没有作出答复的信息来源：自治区（省）级公共信用信息平台（regional）" in told.text.zh
    assert "不等于没有问题" in told.text.zh


def test_another_party_reads_only_what_concerns_it(door: Door, owing: Any) -> None:
    owing.put_record(record())
    parties = [
        {"role": "legal_representative", "subject": CITIZEN},
        {"role": "agent", "subject": person(OTHER_PERSON, "李示例").model_dump(mode="json", context={"reveal": True})},
    ]
    decision = door.check(case(parties=parties))
    whole = door.explain(decision.id).text.zh
    assert "贺市监罚〔2026〕1号" in whole
    mine = door.explain(decision.id, person(OTHER_PERSON, "李示例")).text.zh
    assert "委托代理人" in mine
    assert "没有针对您（单位）提出任何限制措施。" in mine
    for others in ("贺市监罚〔2026〕1号", "示例执1号", "张示例", "受限："):
        assert others not in mine, others


def test_who_takes_no_part_or_names_no_check_is_refused(door: Door, owing: Any) -> None:
    decision = door.check(case(person()))
    with pytest.raises(InputError) as refused:
        door.explain(decision.id, person(OTHER_PERSON, "张示例"))
    assert refused.value.code == "explain.not_a_party"
    assert OTHER_PERSON not in str(refused.value)
    with pytest.raises(InputError) as refused:
        door.explain("dec_none")
    assert refused.value.code == "settle.never_checked"


def test_a_department_explains_in_its_own_words(open_door: Callable[[Any], Door], config: Path, owing: Any) -> None:
    own = config.parent / "letters"
    own.mkdir()
    (own / "explanation.zh.j2").write_text("本局说明：{{ restrictions[0].name }}", encoding="utf-8")
    config.write_text(config.read_text(encoding="utf-8") + '\n[notices]\ntemplates = "letters"\n', encoding="utf-8")
    door = open_door(config)
    told = door.explain(door.check(case(person())).id)
    assert told.text.zh.startswith("本局说明：")
    assert told.text.en.startswith("A credit check, explained")


class TestCommand:
    """`credit-check explain`."""

    @pytest.fixture
    def checked(self, owing: Any, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> str:
        monkeypatch.chdir(config.parent)
        given = case(person()).model_dump(mode="json", context={"reveal": True}, exclude_none=True)
        (config.parent / "case.json").write_text(json.dumps(given), encoding="utf-8")
        assert run(["check", "case.json", "--json"]) == 10
        number: str = json.loads(capsys.readouterr().out)["id"]
        return number

    def test_it_prints_in_the_readers_language_and_writes_a_page(
        self, checked: str, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run(["explain", checked, "--lang", "zh-CN"]) == 0
        assert "信用核查说明" in capsys.readouterr().out
        assert run(["explain", checked, "--lang", "en"]) == 0
        assert "A credit check, explained" in capsys.readouterr().out
        assert run(["explain", checked, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["decision"] == checked
        assert set(said["text"]) == {"zh-CN", "en"}
        assert run(["explain", said["case_id"], "--point", "evaluate", "-o", "说明.html"]) == 0
        page = (config.parent / "说明.html").read_text(encoding="utf-8")
        assert "<h1>信用核查说明</h1>" in page
        assert PERSON not in page
        assert USCC not in page
        capsys.readouterr()
        assert run(["explain", checked, "--subject", f"cn-resident-id:{PERSON}", "--json"]) == 0

    @pytest.mark.parametrize(
        "words",
        [
            ["dec_none"],
            ["{}", "--subject", f"cn-resident-id:{OTHER_PERSON}"],
            ["{}", "--subject", "张示例"],
            ["{}", "-o", "nowhere/x.html"],
            ["none", "--point", "evaluate"],
        ],
    )
    def test_bad_input_ends_with_2(self, checked: str, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
        capsys.readouterr()
        assert run(["explain", *(word.format(checked) for word in words)]) == 2
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        assert OTHER_PERSON not in printed.err
