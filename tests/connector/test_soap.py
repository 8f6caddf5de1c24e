"""The province-level red and black list platform over SOAP, on the recorded answers: through check and relay."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import Operator, Response
from tests.connector.replay import Arrived, Given
from tests.kit import INPUTS, OTHER, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.connector.replay import Replay

CN = INPUTS / "cn"
pytestmark = pytest.mark.skipif(not CN.is_dir(), reason=f"recorded answers are not there: {CN}")
FIRM = organisation("91350100M000100Y43", "示例医药有限公司")
NOTHING = "<rs><result>success</result><resultcode>200</resultcode><message>查无红黑名单！</message><list/></rs>"
BROKEN = "<rs><result>error</result><resultcode>500</resultcode><message>系统异常</message><list/></rs>"
TAKEN = "<rs><result>success</result><resultcode>200</resultcode></rs>"
VALUES = {"values": {"sys_id": "s-01", "login_name": "login"}}
OFFICER = Operator(id="u-1024", department="451100-czj")


def soap(operation: str, payload: str) -> Given:
    """Wrap a payload as the platform does: as text in the answer of the operation."""
    inner = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<ns2:{operation}Response xmlns:ns2="http://msasoa.gk.centit.com/"><return>{html.escape(payload)}</return>'
        f"</ns2:{operation}Response></soap:Body></soap:Envelope>"
    )
    return Given(inner, type="text/xml; charset=utf-8")


def answering(page: str, commit: Given | None = None) -> Callable[[Arrived], Given]:
    def answer(arrived: Arrived) -> Given:
        if "commitRedBlackBack" in arrived.text:
            return commit or soap("commitRedBlackBack", TAKEN)
        if "getRedBlackType" in arrived.text:
            return soap("getRedBlackType", (CN / "redblack_getRedBlackType_reply.xml").read_text("utf-8"))
        return soap("getRedBlackPage", page)

    return answer


def one() -> str:
    return (CN / "redblack_getRedBlackPage_one.xml").read_text("utf-8")


def test_the_recorded_hit_is_found(connected: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(one())
    door = connected("redblack-soap", options=VALUES)
    decision = door.check(case(FIRM))
    assert decision.silences == ()
    (evidence,) = decision.evidences
    assert (evidence.records, evidence.request_id) == (1, "00000000-0000-4000-8000-000000000001")
    grounds = {(g.record_id, g.list_code, g.authority, g.match) for p in decision.proposals for g in p.grounds}
    assert grounds == {("00000000-0000-4000-8000-0000000000a1", "SXBZXR", "市高法院", "identifier")}
    assert decision.outcome == "restricted"
    asked = replay.arrived[0]
    assert asked.headers["content-type"] == "text/xml; charset=utf-8"
    assert "<companyName>示例医药有限公司</companyName>" in asked.text
    assert "<sysId>s-01</sysId>" in asked.text


def test_no_record_is_clear_and_an_error_is_not(connected: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(NOTHING)
    door = connected("redblack-soap", options=VALUES)
    assert door.check(case(FIRM)).outcome == "clear"
    replay.answer = answering(BROKEN)
    decision = door.check(case(organisation(OTHER, "广西示例建设有限公司")))
    assert (decision.outcome, [s.code for s in decision.silences]) == ("undecided", ["source.status"])


@pytest.mark.parametrize(
    "page",
    [
        "<rs/>",
        "<rs><result>success</result></rs>",
        "<html/>",
        '<!DOCTYPE rs [<!ENTITY a "b">]><rs><result>success</result><resultcode>200</resultcode><list/></rs>',
    ],
)
def test_what_is_neither_is_silence(connected: Callable[..., Any], replay: Replay, page: str) -> None:
    replay.answer = answering(page)
    decision = connected("redblack-soap", options=VALUES).check(case(FIRM))
    assert decision.outcome == "undecided"


def test_a_fault_is_silence(connected: Callable[..., Any], replay: Replay) -> None:
    fault = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        "<faultcode>s:Server</faultcode></s:Fault></s:Body></s:Envelope>"
    )
    replay.answer = lambda _: Given(fault, status=500, type="text/xml")
    decision = connected("redblack-soap", options=VALUES).check(case(FIRM))
    assert (decision.outcome, decision.silences[0].code) == ("undecided", "source.status")


def test_the_same_name_under_another_code_is_review(connected: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(one())
    door = connected("redblack-soap", options=VALUES)
    decision = door.check(case(organisation("91451100MA5AAAAA2F", "示例医药有限公司")))
    assert decision.outcome == "review"


def test_feedback_names_request_and_detail(connected: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(one())
    door = connected("redblack-soap", options=VALUES, channel=True)
    decision = door.check(case(FIRM))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    report = door.relay()
    assert report.delivered == len(decision.proposals)
    committed = [html.unescape(each.text) for each in replay.arrived if "commitRedBlackBack" in each.text]
    assert len(committed) == len(decision.proposals)
    for text in committed:
        assert "<redblackRequestId>00000000-0000-4000-8000-000000000001</redblackRequestId>" in text
        assert 'id="00000000-0000-4000-8000-0000000000a1"' in text
        assert "<unitedId>1</unitedId><unitedType>black</unitedType><unitedName>失信被执行人</unitedName>" in text
        assert "<originDept>最高法</originDept>" in text
        assert "<handleType>1</handleType>" in text
        assert "<code>91350100M000100Y43</code>" in text
    assert door.relay().attempted == 0


def test_a_lost_answer_is_in_doubt_and_never_sent_again(connected: Callable[..., Any], replay: Replay) -> None:
    replay.answer = answering(one(), Given(lost=True))
    door = connected("redblack-soap", options=VALUES, channel=True)
    decision = door.check(case(FIRM))
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    first = door.relay()
    assert (first.in_doubt, first.delivered) == (len(decision.proposals), 0)
    sent = len(replay.arrived)
    replay.answer = answering(one())
    door.relay()
    assert len(replay.arrived) == sent
