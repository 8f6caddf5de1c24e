"""Whatever a platform answers to a dialect: an answer that fits, or an error in words that names nobody."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credit_check_gateways.fields import FieldError, byte_sequences, inner_lists
from credit_check_gateways.plugin import credit_check_signers as gateways
from credit_check_sdk.connector.channel import ConnectorChannel
from credit_check_sdk.connector.loading import load
from credit_check_sdk.connector.plugin import Unsigned
from credit_check_sdk.connector.source import ConnectorSource
from credit_check_sdk.errors import ExchangeError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.model import Consultation
from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import World
from credit_check_sdk.testing.conformance import FIRM, PERSON, delivery, query
from tests.connector.test_dialects import CASE_ROW, CODE_ROW, GATEWAY_ROW, JOINT_ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

VALUES: dict[str, dict[str, Any]] = {
    "joint-json": {"query": "q", "feedback": "f"},
    "data-gateway": {"org": "1", "query_id": "2"},
    "code-query": {},
    "case-jsonapi": {"feedback_organization": "o", "measure": "m", "staff": "s"},
    "redblack-soap": {"sys_id": "s", "login_name": "l"},
    "yente": {},
    "file-drop": {"list": "l.csv", "sender": "1", "receiver": "2"},
    "us-sam-exclusions": {"file": "l.csv"},
}
GOOD: dict[str, Any] = {
    "joint-json": {"code": "0", "rows": [JOINT_ROW]},
    "data-gateway": {"code": "00", "dataCount": 1, "datas": [GATEWAY_ROW]},
    "code-query": {"code": "200", "success": True, "content": [CODE_ROW]},
    "case-jsonapi": {"data": [CASE_ROW], "meta": {"count": 1}},
}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["0", "200", "00", "成功"])
)
TREES: SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def settings(dialect: str) -> SourceSettings:
    signer = "md5-appkey" if dialect == "data-gateway" else "none"
    base = "file:///srv/x" if dialect in {"file-drop", "us-sam-exclusions"} else "https://platform.example"
    options = {"values": VALUES[dialect]}
    return SourceSettings(id="p", level="regional", base_url=base, signer=signer, options=options)


def answered(dialect: str, reply: Reply) -> Consultation | ExchangeError:
    """Ask by a dialect, and answer with *reply*."""
    source = ConnectorSource(load(dialect), settings(dialect), Unsigned(), "sandbox")
    try:
        told: Consultation = World(serve=lambda *_: reply).run(source.consult(query(FIRM)))
    except ExchangeError as error:
        refused = error
    else:
        return told
    said = " ".join([str(refused), refused.words("zh-CN"), repr(refused.detail)])
    for subject in (FIRM, PERSON):
        assert not any(each.value in said for each in subject.identifiers)
    assert refused.remedy_zh
    return refused


def changed(draw: Callable[[SearchStrategy[Any]], Any], tree: Any) -> Any:
    """Change a tree at one place or another: another value, nothing, or twice."""
    if isinstance(tree, dict) and tree and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(tree)))
        rest = dict(tree)
        if draw(st.booleans()):
            rest[key] = changed(draw, tree[key])
        else:
            del rest[key]
        return rest
    if isinstance(tree, list) and tree and draw(st.booleans()):
        return [changed(draw, tree[0]), *tree] if draw(st.booleans()) else [changed(draw, tree[0])]
    return draw(TREES)


@st.composite
def nearly(draw: Any, dialect: str) -> bytes:
    """Give an answer that is nearly a good one."""
    return json.dumps(changed(draw, GOOD[dialect]), ensure_ascii=False, default=str).encode("utf-8", "replace")


@pytest.mark.parametrize("dialect", VALUES)
@given(status=st.sampled_from([200, 200, 200, 201, 204, 302, 400, 404, 429, 500]), body=st.binary(max_size=60))
@example(status=200, body=b"\xef\xbb\xbf{}")
@example(status=200, body=b"<rs></rs>")
@example(status=200, body=b"[" * 2000)
@example(status=200, body=b"<a>" * 2000)
@example(status=200, body=b'{"code": NaN}')
@example(status=200, body=b'{"code": 1e400}')
def test_bytes_that_mean_nothing_are_an_error(dialect: str, status: int, body: bytes) -> None:
    assert isinstance(answered(dialect, Reply(status, {}, body)), ExchangeError)


@pytest.mark.parametrize("dialect", GOOD)
@given(data=st.data())
def test_an_answer_that_is_nearly_good_is_good_or_an_error(dialect: str, data: st.DataObject) -> None:
    told = answered(dialect, Reply(200, {}, data.draw(nearly(dialect))))
    if isinstance(told, Consultation):
        (answer,) = told.answers
        assert answer.subject == FIRM
        assert all(record.source == "p" for record in answer.records)


@pytest.mark.parametrize("dialect", ["joint-json", "case-jsonapi", "redblack-soap", "file-drop"])
@given(status=st.sampled_from([200, 201, 204, 400, 404, 409, 422, 500, 503]), tree=TREES)
def test_feedback_is_delivered_only_where_the_platform_said_so(dialect: str, status: int, tree: Any) -> None:
    channel = ConnectorChannel(load(dialect), settings(dialect), Unsigned(), "sandbox")
    body = json.dumps(tree).encode()
    given_back = World(serve=lambda *_: Reply(status, {}, body)).run(channel.deliver([delivery("fb_1")]))
    (told,) = given_back
    assert told.verdict != "delivered"


@given(text=st.text(alphabet='ab="\\;,:()?-_.*1 0A/+', max_size=40))
def test_any_header_is_a_field_or_an_error(text: str) -> None:
    for read in (inner_lists, byte_sequences):
        with contextlib.suppress(FieldError):
            assert isinstance(read(text), dict)


@given(body=st.binary(max_size=64))
def test_any_sealed_answer_is_opened_or_an_error(body: bytes) -> None:
    said = settings("joint-json").model_copy(update={"signing": {"iv": "0" * 16}})
    signer: Any = gateways()["tdes-form"](said, "0123456789abcdef23456789abcdef01456789abcdef0123")
    code = None
    try:
        World().run(signer.open(Reply(200, {}, body)))
    except ExchangeError as error:
        code = error.code
    assert code in {None, "source.not_understood"}
    assert World().run(signer.sign(Request("POST", "https://p", body=body))).url == "https://p"
