"""Whatever a platform answers, the source either understands it or says that it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import Reply
from credit_check_sdk.model import Consultation
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.testing import World
from credit_check_sdk.testing.conformance import FIRM, RECORD, query

MakeSource = Callable[..., PlatformSource]
WHOLE = wire.dump(
    wire.ChecksReply(
        request_id="req_0001",
        as_of=datetime(2026, 11, 23, 0, 59, tzinfo=UTC),
        environment="sandbox",
        results=(
            wire.SubjectResult(
                subject=FIRM,
                known=True,
                records=(wire.WireRecord(**{name: getattr(RECORD, name) for name in wire.WireRecord.model_fields}),),
            ),
        ),
    )
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


def consult(source: PlatformSource, body: bytes, status: int = 200, kind: str = "application/json") -> Any:
    """Give the consultation, or the error that says why there is none; anything else is a failure of the source."""
    world = World(serve=lambda *_: Reply(status, {"content-type": kind}, body))
    try:
        result: Any = world.run(source.consult(query(FIRM)))
    except NotUnderstoodError as error:
        result = error
    assert "91451100MA5AAAAA2F" not in f"{result} {result!r}"
    return result


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = replaced(document[path[0]], path[1:], value)
    return copy


def test_the_whole_answer_is_understood(make_source: MakeSource) -> None:
    consultation = consult(make_source(), WHOLE)
    assert isinstance(consultation, Consultation)
    assert len(consultation.answers[0].records) == 1


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), status=st.integers(100, 599), kind=st.sampled_from(["application/json", "", "x"]))
def test_noise_is_never_understood(make_source: MakeSource, body: bytes, status: int, kind: str) -> None:
    assert isinstance(consult(make_source(), body, status, kind), NotUnderstoodError)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(end=st.integers(0, len(WHOLE) - 1))
def test_a_cut_off_answer_is_never_understood(make_source: MakeSource, end: int) -> None:
    assert isinstance(consult(make_source(), WHOLE[:end]), NotUnderstoodError)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_changed_in_one_place_never_breaks_the_source(make_source: MakeSource, data: st.DataObject) -> None:
    document = json.loads(WHOLE)
    path = data.draw(st.sampled_from(places(document)))
    changed = replaced(document, path, data.draw(ANYTHING))
    result = consult(make_source(), json.dumps(changed).encode())
    assert isinstance(result, Consultation | NotUnderstoodError)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_that_lacks_a_key_is_understood_only_where_the_protocol_lets_it_be_absent(
    make_source: MakeSource, data: st.DataObject
) -> None:
    document = json.loads(WHOLE)
    inside = [path for path in places(document) if path and isinstance(path[-1], str)]
    path = data.draw(st.sampled_from(inside))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    result = consult(make_source(), json.dumps(document).encode())
    needed = {"request_id", "as_of", "environment", "results", "known", "record_id", "polarity", "authority"}
    needed |= {"subject", "identifiers", "category", "name", "scheme", "value"}
    assert isinstance(result, NotUnderstoodError) == (path[-1] in needed)
