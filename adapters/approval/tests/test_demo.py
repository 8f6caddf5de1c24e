"""The adapter as the SDK finds it, and its demonstration on a sandbox platform."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import adapter, read_exchange
from credit_check_sdk import Adapter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from credit_check_sdk import CreditCheck, Words


@dataclass
class Shown:
    """A stage that keeps what was said."""

    credit: CreditCheck
    sandbox: Any
    inputs: Path | None = None
    said: list[tuple[str, str]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

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
        self.tables.append([list(row) for row in rows])


@pytest.fixture
def stage(credit: CreditCheck, credit_sandbox: Any) -> Shown:
    return Shown(credit, credit_sandbox)


def test_the_adapter_is_one() -> None:
    assert isinstance(adapter, Adapter)
    assert adapter.name == "approval"
    assert adapter.readers == ()


def test_the_installed_entry_point_names_it() -> None:
    found = importlib.metadata.entry_points(group="credit_check.adapters.v1", name="approval")
    if not found:
        pytest.skip("the distribution is not installed, only on the path")
    assert next(iter(found)).load() is adapter


def test_the_demonstration_shows_every_kind_of_applicant(stage: Shown) -> None:
    adapter.demo(stage)
    accepted, decided, gate, written = stage.tables
    assert [row[1] for row in accepted] == ["clear", "restricted", "clear", "review"]
    assert [row[3] for row in accepted] == ["M07", "—", "M06", "—"]
    assert [row[4] for row in accepted] == ["✓", "—", "—", "—"]
    assert [row[1] for row in decided] == ["clear", "restricted", "clear", "review"]
    assert "R-NMG-01-LIC" in decided[1][2]
    assert ["not settled" in gate[1][1], "in force" in gate[1][2], "may" in gate[1][3]] == [True, True, True]
    assert [row[4] for row in gate] == ["approved", "refused", "approved", "under_review"]
    assert "materials missing" in gate[3][2]
    assert len(written) == 4


def test_the_demonstration_leaves_feedback_to_deliver(stage: Shown) -> None:
    adapter.demo(stage)
    assert stage.credit.relay().delivered > 0
    assert stage.sandbox.received("feedback")["total"] > 0


def test_the_demonstration_says_everything_twice_and_no_identifier(stage: Shown) -> None:
    adapter.demo(stage)
    told = "".join(zh + en for zh, en in stage.said) + str(stage.tables)
    assert all(zh.strip() and en.strip() for zh, en in stage.said)
    with resources.as_file(resources.files("credit_check_adapter_approval") / "data" / "exchange.json") as path:
        codes = [file["up_pro_accept"][0]["applyer_page_code"] for file in read_exchange(path)]
    assert len(codes) == 4
    assert not [code for code in codes if code in told]
