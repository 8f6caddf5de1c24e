"""The adapter as the SDK finds it, and its demonstration on a sandbox platform."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_tendering import adapter
from credit_check_sdk import Adapter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from credit_check_sdk import CreditCheck, Words

OWN = json.loads((resources.files("credit_check_adapter_tendering") / "data" / "tender.json").read_text("utf-8"))


@dataclass
class Shown:
    """A stage that keeps what was said."""

    credit: CreditCheck
    sandbox: Any
    inputs: Path | None = None
    said: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def put_record(self, record: Mapping[str, Any]) -> str:
        number: str = self.sandbox.put_record(dict(record))
        return number

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        self.sandbox.put_subject(dict(subject))

    def change(self, record_id: str, change: str) -> None:
        self.sandbox.change(record_id, change)

    def section(self, zh: str, en: str) -> None:
        self.said.append((zh, en))

    def say(self, zh: str, en: str) -> None:
        self.said.append((zh, en))

    def table(self, columns: Sequence[Words], rows: Sequence[Sequence[str]]) -> None:
        assert all(len(row) == len(columns) for row in rows)
        self.rows += [list(row) for row in rows]

    def row(self, name: str, *, columns: int) -> list[str]:
        return next(row for row in self.rows if row[0] == name and len(row) == columns)


@pytest.fixture
def stage(credit: CreditCheck, credit_sandbox: Any) -> Shown:
    return Shown(credit, credit_sandbox)


def test_the_adapter_is_one() -> None:
    assert isinstance(adapter, Adapter)
    assert adapter.name == "tendering"
    assert [reader.format for reader in adapter.readers] == ["ocds"]


def test_the_installed_entry_point_names_it() -> None:
    found = importlib.metadata.entry_points(group="credit_check.adapters.v1", name="tendering")
    if not found:
        pytest.skip("the distribution is not installed, only on the path")
    assert next(iter(found)).load() is adapter


def test_the_demonstration_shows_every_kind_of_bidder(stage: Shown) -> None:
    adapter.demo(stage)
    outcomes = {row[0]: row[2] for row in stage.rows if len(row) == 4}
    assert outcomes["桂岭示例办公设备有限公司"] == "clear"
    assert outcomes["临江示例商贸有限公司"] == "restricted"
    assert outcomes["富江示例信息技术有限公司"] == "clear"
    assert outcomes["平湖示例系统集成有限公司"] == "restricted"
    assert outcomes["Example Imports Trading"] == "review"
    assert outcomes["联合体 consortium: 钟溪示例科技有限公司 + 平湖示例系统集成有限公司"] == "restricted"
    gate = stage.row("临江示例商贸有限公司", columns=5)
    assert ["not settled" in gate[2], "passes" in gate[3], "in force" in gate[4]] == [True, True, True]
    gate = stage.row("昭山示例家具有限公司", columns=5)
    assert all("passes" in cell for cell in gate[2:])
    gate = stage.row("钟溪示例科技有限公司 + 平湖示例系统集成有限公司", columns=5)
    assert "in force" in gate[4]
    assert any("R-GP-01" in cell for row in stage.rows for cell in row)


def test_the_demonstration_says_everything_twice_and_no_identifier(stage: Shown) -> None:
    adapter.demo(stage)
    told = "".join(zh + en for zh, en in stage.said) + "".join(cell for row in stage.rows for cell in row)
    assert all(zh.strip() and en.strip() for zh, en in stage.said)
    for party in OWN["releases"][0]["parties"]:
        if "identifier" in party:
            assert party["identifier"]["id"] not in told


def test_the_demonstration_takes_real_files(stage: Shown, inputs: Path) -> None:
    stage.inputs = inputs
    adapter.demo(stage)
    outcomes = {row[0]: row[2] for row in stage.rows if len(row) == 4}
    assert outcomes["Frost Group Ltd."] == "restricted"
    assert stage.row("MICROSOFT LIMITED", columns=3)[1] == "review"


def test_a_folder_without_the_file_is_said(stage: Shown, tmp_path: Path) -> None:
    stage.inputs = tmp_path
    adapter.demo(stage)
    assert any("改用自带文件" in zh for zh, _ in stage.said)
