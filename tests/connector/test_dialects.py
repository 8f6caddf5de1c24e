"""The other dialects, each through check, settle and relay: the names of the published interfaces, and who says what."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from credit_check_sdk import Operator, Response
from tests.connector.replay import Arrived, Given
from tests.kit import OTHER, USCC, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.connector.replay import Replay

NAME = "贺州市示例食品有限公司"
OFFICER = Operator(id="u-1024", department="451100-czj")
Row = dict[str, Any]

JOINT_ROW: Row = {
    "listName": "失信被执行人", "listType": "黑名单", "partyName": NAME, "certCode": USCC, "dept": "贺州市中级人民法院",
    "docNo": "（2026）桂11执1号", "recordDate": "2026-03-01", "endDate": "2028-03-01", "basis": "民事诉讼法", "reason": "有履行能力而拒不履行",
}  # fmt: skip
GATEWAY_ROW: Row = {
    "ztmc": NAME, "tyshxydm": USCC, "zjhm": "", "mdlxid": "SXBZXR", "mdlb": "黑名单", "rdbm": "贺州市中级人民法院", "rdyj": "民事诉讼法",
    "rdrq": "2026-03-01", "yxqz": "2028-03-01", "lrmdsy": "有履行能力而拒不履行", "fddbr": "张示例",
}  # fmt: skip
CODE_ROW: Row = {
    "redblackId": "rb-1", "isBlack": "1", "isValid": "1", "redblackLevel": "3", "name": NAME, "bizCode": USCC, "listCode": "SXBZXR",
    "redblackReason": "有履行能力而拒不履行", "creditUnit": "贺州市中级人民法院", "creditBasis": "民事诉讼法", "affirmTime": "2026-03-01 00:00:00",
    "endTime": "2028-03-01",
}  # fmt: skip
CASE_ROW: Row = {
    "type": "data", "id": "d-1",
    "attributes": {"ZTMC": NAME, "identify": USCC, "category": "4", "status": "正常", "HHMDMC": "SXBZXR", "organization": "贺州市中级人民法院",
                   "documentNo": "（2026）桂11执1号", "documentDate": "2026-03-01", "expireDate": "2028-03-01", "basis": "民事诉讼法"},
}  # fmt: skip


def joint(rows: list[Row] | None, code: str = "0") -> Given:
    return Given(json.dumps({"code": code, "msg": "x", "requestId": "R1", **({} if rows is None else {"rows": rows})}))


def gateway(rows: list[Row] | None, code: str = "00") -> Given:
    count = {} if rows is None else {"dataCount": len(rows), "datas": rows}
    return Given(json.dumps({"code": code, "msg": "x", "requestId": "R1", **count}))


def by_code(rows: list[Row] | None, code: str = "200") -> Given:
    content = {} if rows is None else {"content": rows}
    return Given(json.dumps({"code": code, "success": code == "200", **content}))


def jsonapi(rows: list[Row] | None, code: str = "") -> Given:
    if code:
        return Given(json.dumps({"errors": [{"status": code}]}), status=int(code), type="application/vnd.api+json")
    body = {} if rows is None else {"data": rows, "meta": {"count": len(rows)}}
    return Given(json.dumps(body), type="application/vnd.api+json")


VALUES: dict[str, dict[str, Any]] = {
    "joint-json": {"query": "redblack", "feedback": "fk"},
    "data-gateway": {"org": "001003", "query_id": "abc123"},
    "code-query": {},
    "case-jsonapi": {"feedback_organization": "o-1", "measure": "m-1", "staff": "s-1"},
}
ASKED: dict[str, tuple[Callable[..., Given], Row, str]] = {
    "joint-json": (joint, JOINT_ROW, "403"),
    "data-gateway": (gateway, GATEWAY_ROW, "14"),
    "code-query": (by_code, CODE_ROW, "401"),
    "case-jsonapi": (jsonapi, CASE_ROW, "403"),
}


@pytest.fixture
def speaking(connected: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def opened(dialect: str, **more: Any) -> Any:
        given: dict[str, Any] = {"options": {"values": VALUES[dialect]}, **more}
        if dialect == "data-gateway":
            monkeypatch.setenv("GATE_SECRET", "secret-0")
            given |= {"signer": "md5-appkey", "key_id": "app-1", "secret_env": "GATE_SECRET", "plugins": ("gateways",)}
        return connected(dialect, **given)

    return opened


def answering(given: Given) -> Callable[[Arrived], Given]:
    def answer(arrived: Arrived) -> Given:
        if "refreshToken" in arrived.path:
            return Given('{"datas": {"refreshSecret": "secret-1", "requestSecret": "secret-2"}}')
        return given

    return answer


@pytest.mark.parametrize("dialect", ASKED)
def test_a_record_is_found_and_told_from_none_and_from_errors(
    speaking: Callable[..., Any], replay: Replay, dialect: str
) -> None:
    wrapped, row, refused = ASKED[dialect]
    door = speaking(dialect)
    replay.answer = answering(wrapped([row]))
    decision = door.check(case(organisation(USCC, NAME)))
    grounds = {(g.list_code, g.authority, g.match) for p in decision.proposals for g in p.grounds}
    assert (decision.silences, decision.outcome) == ((), "restricted")
    assert grounds == {("SXBZXR", "贺州市中级人民法院", "identifier")}
    other = organisation(OTHER, "广西示例建设有限公司")
    silent = {
        refused: wrapped(None, refused),
        "no rows": wrapped(None),
        "another code": wrapped([], "500") if dialect != "case-jsonapi" else Given(status=500),
        "somebody else": wrapped([row]),
        "html": Given("<html>"),
    }
    for what, given in silent.items():
        replay.answer = answering(given)
        decision = door.check(case(other), record=False)
        assert decision.outcome == "undecided", what
        assert OTHER not in decision.model_dump_json()
    replay.answer = answering(wrapped([]))
    assert door.check(case(other), record=False).outcome == "clear"


def test_the_joint_interface_is_asked_and_told_by_its_published_names(
    speaking: Callable[..., Any], replay: Replay
) -> None:
    def answer(arrived: Arrived) -> Given:
        return Given('{"rows": [{"msg": "success"}]}') if arrived.path == "/fk" else joint([JOINT_ROW])

    replay.answer = answer
    door = speaking("joint-json", channel=True)
    file = case(organisation(USCC, NAME), region="451100")
    decision = door.check(file)
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    assert door.relay().delivered == len(decision.proposals)
    asked, *told = [json.loads(each.body) for each in replay.arrived]
    assert asked == {
        "itemCode": "procurement.goods", "certCode": USCC, "partyName": NAME, "partyType": "1",
        "bizDept": OFFICER.department, "areaCode": "451100", "itemId": file.id,
    }  # fmt: skip
    assert len({each["itemUid"] for each in told}) == len(told)
    for each in told:
        assert set(each) == {"entityName", "uniCode", "itemCode", "itemName", "itemUid", "type", "result", "amount", "basis",
                             "district", "dept", "itemId", "disciplinaryTime"}  # fmt: skip
        assert (each["uniCode"], each["type"], each["result"], each["itemId"]) == (USCC, "已惩戒", "已执行", file.id)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", each["disciplinaryTime"])


@pytest.mark.parametrize(
    ("given", "fate"),
    [
        (Given('{"rows": [{"msg": "反馈失败：参数错误"}]}'), "dead"),
        (Given('{"rows": [{"msg": "什么"}]}'), "in_doubt"),
        (Given(lost=True), "in_doubt"),
        (Given(status=503), "retried"),
    ],
)
def test_what_the_joint_interface_answers_to_feedback(
    speaking: Callable[..., Any], replay: Replay, given: Given, fate: str
) -> None:
    replay.answer = lambda arrived: given if arrived.path == "/fk" else joint([JOINT_ROW])
    door = speaking("joint-json", channel=True)
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    report = door.relay()
    assert getattr(report, fate) == len(decision.proposals)
    sent = len(replay.arrived)
    door.relay()
    assert len(replay.arrived) == sent


def test_without_a_token_nothing_left_and_it_is_tried_again(
    speaking: Callable[..., Any], replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[Given] = [Given('{"access_token": "t", "token_type": "bearer", "expires_in": 1}')]

    def answer(arrived: Arrived) -> Given:
        if arrived.path == "/token":
            return tokens[-1]
        return Given('{"rows": [{"msg": "success"}]}') if arrived.path == "/fk" else joint([JOINT_ROW])

    replay.answer = answer
    monkeypatch.setenv("OAUTH_SECRET", "s")
    signing = {"token_url": f"{replay.url}/token"}
    door = speaking(
        "joint-json", channel=True, signer="oauth2-client", key_id="app-1", secret_env="OAUTH_SECRET", signing=signing,
        plugins=("gateways",),
    )  # fmt: skip
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    tokens.append(Given('{"error": "invalid_client"}', status=401))
    report = door.relay()
    assert (report.retried, report.in_doubt, report.dead) == (len(decision.proposals), 0, 0)
    assert not [each for each in replay.arrived if each.path == "/fk"]


def test_a_case_is_handed_in_with_its_codes_and_relationships(speaking: Callable[..., Any], replay: Replay) -> None:
    def answer(arrived: Arrived) -> Given:
        if arrived.method == "POST":
            return Given('{"data": {"type": "cases", "id": "c-1"}}', status=201, type="application/vnd.api+json")
        return jsonapi([CASE_ROW])

    replay.answer = answer
    door = speaking("case-jsonapi", channel=True)
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    assert door.relay().delivered == len(decision.proposals)
    asked, *told = replay.arrived
    query = parse_qs(urlsplit(asked.path).query)
    assert query == {"filter[identify]": [USCC], "page[number]": ["1"], "page[size]": ["50"]}
    for arrived in told:
        assert arrived.headers["content-type"] == "application/vnd.api+json"
        data = json.loads(arrived.body)["data"]
        said = data["attributes"]
        assert (data["type"], said["ZTLB"], said["ZJLX"], said["JCLX"]) == ("cases", "0", "90", "1")
        assert (said["HHMDMC"], said["ZTMC"], said["identify"]) == ("SXBZXR", NAME, USCC)
        assert 1 <= len(said["SJJE"]) <= 20
        assert 1 <= len(said["JCSM"]) <= 2000
        linked = {name: each["data"]["id"] for name, each in data["relationships"].items()}
        assert linked == {"feedbackOrganization": "o-1", "measure": "m-1", "staff": "s-1", "data": "d-1"}


def test_a_case_that_is_refused_is_refused_for_good(speaking: Callable[..., Any], replay: Replay) -> None:
    refused = Given('{"errors": [{"status": "422"}]}', status=422, type="application/vnd.api+json")
    replay.answer = lambda arrived: refused if arrived.method == "POST" else jsonapi([CASE_ROW])
    door = speaking("case-jsonapi", channel=True)
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    assert door.relay().dead == len(decision.proposals)


def test_the_gateway_is_called_by_number_and_signed(speaking: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(gateway([]))
    assert speaking("data-gateway").check(case()).outcome == "clear"
    parts = urlsplit(replay.arrived[-1].path)
    assert parts.path == "/gateway/api/001003/dataSharing/abc123.htm"
    assert set(parse_qs(parts.query)) == {"appKey", "sign", "requestTime"}
    assert parse_qs(replay.arrived[-1].text)["certCode"] == [USCC]


def test_a_full_page_of_the_code_interface_is_an_answer_cut_off(speaking: Callable[..., Any], replay: Replay) -> None:
    rows = [{**CODE_ROW, "redblackId": f"rb-{number}", "listCode": "X"} for number in range(100)]
    replay.answer = lambda _: by_code(rows[:99])
    door = speaking("code-query")
    assert door.check(case()).evidences[0].records == 99
    replay.answer = lambda _: by_code([{**each, "bizCode": OTHER} for each in rows])
    other = organisation(OTHER, "广西示例建设有限公司")
    assert door.check(case(other)).silences[0].code == "source.incomplete"
    query = parse_qs(urlsplit(replay.arrived[0].path).query)
    assert query == {"bizType": ["u"], "bizCode": [USCC]}


def test_the_code_interface_tells_nobody_known_from_nothing_found(speaking: Callable[..., Any], replay: Replay) -> None:
    replay.answer = lambda _: by_code(None, "404")
    assert speaking("code-query").check(case()).outcome == "review"


class Folder:
    """A front-end machine's folder with a list in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "in").mkdir(parents=True)
        (root / "out").mkdir()

    def put(self, *rows: Row, age: timedelta = timedelta(), header: str | None = None) -> None:
        columns = list(GATEWAY_ROW)
        lines = [header or ",".join(columns), *(",".join(str(row[name]) for name in columns) for row in rows)]
        path = self.root / "in" / "list.csv"
        path.write_text("\r\n".join(lines) + "\r\n", "utf-8-sig")
        then = (datetime.now(UTC) - age).timestamp()
        os.utime(path, (then, then))

    def out(self) -> list[Path]:
        return sorted((self.root / "out").iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "exchange")


@pytest.fixture
def dropping(connected: Callable[..., Any], folder: Folder) -> Callable[..., Any]:
    values = {"list": "list.csv", "sender": "33", "receiver": "267255"}
    return lambda **more: connected(
        "file-drop", base_url=folder.root.as_uri(), options={"values": values}, channel=True, **more
    )


def test_a_list_in_a_folder_is_gone_through(dropping: Callable[..., Any], folder: Folder) -> None:
    folder.put(GATEWAY_ROW)
    door = dropping()
    decision = door.check(case(organisation(USCC, NAME)))
    assert (decision.silences, decision.outcome) == ((), "restricted")
    assert door.check(case(organisation(OTHER, "广西示例建设有限公司"))).outcome == "clear"
    namesake = organisation("91451102MA5CCCCCXD", NAME)
    assert door.check(case(namesake), record=False).outcome == "review"


def test_what_is_no_list_is_silence(dropping: Callable[..., Any], folder: Folder) -> None:
    door = dropping()

    def outcome() -> tuple[str, list[str]]:
        decision = door.check(case(), record=False)
        return decision.outcome, [each.code for each in decision.silences]

    assert outcome() == ("undecided", ["source.status"])
    folder.put(GATEWAY_ROW, age=timedelta(days=4))
    assert outcome() == ("undecided", ["source.stale"])
    folder.put(GATEWAY_ROW, header="ztmc,tyshxydm")
    assert outcome() == ("undecided", ["source.not_understood"])
    folder.put(GATEWAY_ROW, header=",".join(["ztmc"] * len(GATEWAY_ROW)))
    assert outcome() == ("undecided", ["source.not_understood"])
    (folder.root / "in" / "list.csv").write_bytes(b"\xff\xfe")
    assert outcome() == ("undecided", ["source.not_understood"])
    folder.put(header="a,b,c")
    assert outcome() == ("undecided", ["source.status"])
    (folder.root / "in" / "list.csv").write_text("ztmc,mdlb\n", "utf-8")
    assert outcome() == ("undecided", ["source.status"])
    folder.put()
    assert outcome() == ("clear", [])


def test_feedback_is_written_whole_and_once(dropping: Callable[..., Any], folder: Folder) -> None:
    folder.put(GATEWAY_ROW)
    door = dropping()
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    assert door.relay().delivered == len(decision.proposals)
    assert len(folder.out()) == len(decision.proposals)
    for path in folder.out():
        message = ET.fromstring(path.read_text("utf-8"))  # noqa: S314  our own file
        assert message.findtext("Header/sender") == "33"
        assert message.findtext("Header/flow") == path.stem
        assert message.findtext("Body/fields/SHXYM") == USCC
        assert message.findtext("Body/fields/ZXJG") == "已执行"
    before = [path.stat().st_mtime_ns for path in folder.out()]
    door.relay()
    assert [path.stat().st_mtime_ns for path in folder.out()] == before


def test_a_folder_that_cannot_be_written_is_tried_again(dropping: Callable[..., Any], folder: Folder) -> None:
    folder.put(GATEWAY_ROW)
    door = dropping()
    decision = door.check(case(organisation(USCC, NAME)))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    (folder.root / "out").rmdir()
    report = door.relay()
    assert (report.delivered, report.retried) == (0, len(decision.proposals))
