"""A platform not seen before: its red list is connected by under eighty lines of data and no Python."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from credit_check_sdk import Subject
from tests.connector.replay import Arrived, Given
from tests.kit import OTHER, PERSON, ROOT, USCC, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.connector.replay import Replay

MAPPING = ROOT / "docs" / "howto" / "mappings" / "red-list.toml"
VALUES = {"values": {"app": "yy-01"}}
ROW = {
    "ztlb": "0",
    "mdlxid": "A01",
    "ztmc": "贺州市示例食品有限公司",
    "tyshxydm": USCC,
    "fddbr": "张示例",
    "zjhm": "",
    "rdbm": "示例省税务局",
    "rdyj": "纳税信用管理办法",
    "rdrq": "2026/03/01",
    "yxqz": "2099-12-31",
    "lrmdsy": "纳税信用A级",
}


def given(rows: list[dict[str, Any]], total: int | None = None, code: str = "0") -> Given:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    data = {"zs": len(rows) if total is None else total, "sjrq": today, "lb": rows}
    return Given(json.dumps({"dm": code, "data": data}, ensure_ascii=False).encode("gb18030"))


def check(door: Any, **subject: Any) -> Any:
    asked = Subject.model_validate(subject) if subject else organisation()
    return door.check(case(asked, matter="licence.food-production", point="accept"), record=False)


@pytest.fixture
def door(connected: Callable[..., Any]) -> Any:
    return connected(str(MAPPING), matter="licence.food-production", options=VALUES)


def test_it_is_short_and_data() -> None:
    lines = [line for line in MAPPING.read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) < 80


def test_a_red_list_entry_is_found(door: Any, replay: Replay) -> None:
    replay.answer = lambda _: given([ROW])
    decision = check(door)
    assert (decision.silences, decision.evidences[0].records) == ((), 1)
    grounds = [g for p in decision.proposals for g in p.grounds]
    assert {g.list_code for g in grounds} == {"STA-A"}
    assert all(g.record_id.startswith("h_") for g in grounds)
    form = parse_qs(replay.arrived[0].body.decode("ascii"), encoding="gb18030")
    assert (form["zjhm"], form["ztlb"], form["yybh"], form["ys"]) == ([USCC], ["0"], ["yy-01"], ["1"])


def test_all_pages_are_read(door: Any, replay: Replay) -> None:
    rows = [{**ROW, "mdlxid": f"B{number:02d}"} for number in range(45)]

    def answer(arrived: Arrived) -> Given:
        page = int(parse_qs(arrived.text)["ys"][0])
        return given(rows[(page - 1) * 20 : page * 20], total=45)

    replay.answer = answer
    assert check(door).evidences[0].records == 45
    assert len(replay.arrived) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda _: given([ROW], total=3), "source.incomplete"),
        (lambda _: given([], code="401"), "source.refused"),
        (lambda _: given([], code="429"), "source.rate_limited"),
        (lambda _: given([], code="500"), "source.status"),
        (lambda _: given([{**ROW, "tyshxydm": "91450000MA0000007U"}]), "source.wrong_subject"),
        (lambda _: given([{**ROW, "rdrq": "2026年"}]), "source.not_understood"),
        (lambda _: given([{**ROW, "zt": "9"}]), "source.not_understood"),
        (lambda _: Given('{"dm":"0","data":{"zs":0,"sjrq":"2020-01-01","lb":[]}}'), "source.stale"),
        (lambda _: Given('{"dm":"0"}'), "source.not_understood"),
        (lambda _: Given('{"dm":"0","dm":"404"}'), "source.not_understood"),
        (lambda _: Given("[" * 5000), "source.not_understood"),
        (lambda _: Given(b"\xff\xff\xff"), "source.not_understood"),
        (lambda _: Given(b""), "source.not_understood"),
        (lambda _: Given("{}", status=302), "source.status"),
    ],
)
def test_what_is_no_answer_is_silence(door: Any, replay: Replay, answer: Any, code: str) -> None:
    replay.answer = answer
    decision = check(door)
    assert (decision.outcome, decision.silences[0].code) == ("undecided", code)
    assert USCC not in decision.model_dump_json()


def test_nothing_found_and_unknown_are_told_apart(door: Any, replay: Replay) -> None:
    replay.answer = lambda _: given([])
    assert check(door).outcome == "clear"
    replay.answer = lambda _: given([], code="404")
    other = organisation(OTHER, "广西示例建设有限公司")
    assert door.check(case(other, matter="licence.food-production", point="accept")).outcome == "review"


def test_a_number_shown_masked_is_the_one_that_was_asked(door: Any, replay: Replay) -> None:
    person = {"category": "person", "name": "张示例", "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}]}
    row = {**ROW, "ztlb": "1", "ztmc": "张示例", "tyshxydm": "", "zjhm": "451102********0010"}
    replay.answer = lambda _: given([row])
    assert check(door, **person).evidences[0].records == 1
    replay.answer = lambda _: given([{**row, "ztmc": "李示例", "zjhm": "110102********0010"}])
    assert check(door, **{**person, "name": "李示例"}).silences[0].code == "source.wrong_subject"
