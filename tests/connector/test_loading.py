"""Mapping files: read whole, every fault named with its place, nothing guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from credit_check_sdk import ConfigurationError
from credit_check_sdk.connector.loading import dialects, examined, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD: dict[str, Any] = {
    "connector": 1,
    "name": {"zh-CN": "示例平台", "en": "Example"},
    "query": {"path": "/q", "body": {"code": "{subject.identifier}"}},
    "answer": {
        "failed": [{"at": "code", "is_not": "0"}],
        "nothing_found": [{"at": "data", "absent": True}],
        "records": "data",
    },
    "record": {"record_id": "id", "polarity": {"value": "negative"}, "authority": "dept"},
}


@pytest.fixture
def faults(tmp_path: Path) -> Callable[[dict[str, Any]], dict[str, str]]:
    def examine(data: dict[str, Any]) -> dict[str, str]:
        path = tmp_path / "m.toml"
        path.write_text(tomli_w.dumps(data), encoding="utf-8")
        return {fault.place: fault.en for fault in examined(str(path))[1]}

    return examine


def without(table: str, key: str) -> dict[str, Any]:
    return {**GOOD, table: {name: value for name, value in GOOD[table].items() if name != key}}


def changed(table: str, **keys: Any) -> dict[str, Any]:
    return {**GOOD, table: {**GOOD.get(table, {}), **keys}}


def test_a_whole_one_has_no_fault(faults: Callable[..., Any]) -> None:
    assert faults(GOOD) == {}


@pytest.mark.parametrize("side", ["failed", "nothing_found"])
def test_what_states_only_one_side_does_not_load(faults: Callable[..., Any], side: str, tmp_path: Path) -> None:
    assert "both" in faults(without("answer", side))[f"answer.{side}"]
    assert f"answer.{side}" in faults(changed("answer", **{side: []}))
    with pytest.raises(ConfigurationError) as refused:
        load(str(tmp_path / "m.toml"))
    assert refused.value.code == "configuration.mapping"
    assert refused.value.detail == {"places": [f"answer.{side}"]}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (changed("feedback", path="/f", taken=[{"at": "code", "is": "0"}]), "feedback.refused"),
        (changed("query", body={"code": "{subject.number"}), "query.body"),
        (changed("query", body={"code": "{case.nothing}"}), "query.body"),
        (changed("query", body={"code": "{case.matter|items}"}), "query.body"),
        (changed("query", method="GET"), "query.body"),
        (changed("query", envelope="soap"), "query.operation"),
        (changed("query", headers={"X": "{token}"}), "query.headers"),
        (changed("answer", records="data..x"), "answer.records"),
        (changed("answer", nothing_found=[{"status": 500}]), "answer.nothing_found.0"),
        (changed("answer", nothing_found=[{"at": "x"}]), "answer.nothing_found.0"),
        (changed("answer", nothing_found=[{"at": "x", "is": "1", "absent": True}]), "answer.nothing_found.0"),
        (changed("answer", oldest="1d"), "answer.oldest"),
        (changed("paging", kind="number"), "paging"),
        (changed("paging", kind="cursor"), "paging.next"),
        (without("record", "authority"), "record.authority"),
        (changed("record", shoe_size="x"), "record.shoe_size"),
        (changed("record", polarity={"value": "bad"}), "record.polarity"),
        (changed("record", status={"at": "zt", "codes": "zt"}), "record.status"),
        (changed("record", status={"at": "zt", "value": "active"}), "record.status"),
        (changed("subject", scheme={"value": "cn-uscc"}), "subject"),
        ({**GOOD, "colour": 1}, "colour"),
        ({**GOOD, "connector": 2}, "connector"),
        ({"connector": 1, "name": GOOD["name"]}, "$"),
        ({key: value for key, value in GOOD.items() if key != "answer"}, "answer"),
    ],
)
def test_each_fault_is_named_with_its_place(faults: Callable[..., Any], data: dict[str, Any], place: str) -> None:
    assert place in faults(data)


def test_a_code_table_has_to_lead_to_words_that_there_are(faults: Callable[..., Any]) -> None:
    data = {**changed("record", status={"at": "zt", "codes": "zt"}), "codes": {"zt": {"0": "active", "1": "gone"}}}
    assert "'gone'" in faults(data)["record.status"]


@pytest.mark.parametrize("text", ["connector = ", "\ufffe", "[]"])
def test_a_broken_file_is_named_and_never_a_traceback(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    assert examined(str(path))[1]


@pytest.mark.parametrize("name", ["nowhere.toml", "no-such-dialect"])
def test_what_is_not_there_is_said(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load(name)


@pytest.mark.parametrize("name", dialects())
def test_every_dialect_loads(name: str) -> None:
    load(name)
