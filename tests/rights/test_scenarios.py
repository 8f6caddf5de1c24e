"""Every scenario of the table, through both front doors; and what the table covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit_check_sdk._shell.keys import KeyRing
from tests.rights.playing import DoorStage, play
from tests.rights.table import Scenario, rows, scenarios

if TYPE_CHECKING:
    from pathlib import Path

TABLE = scenarios()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with one key ring and one ledger for all scenarios."""
    folder = tmp_path_factory.mktemp("rights")
    KeyRing.make(folder / "keys")
    return folder


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("scenario", TABLE, ids=lambda one: one.id)
def test_a_scenario(scenario: Scenario, kind: str, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = DoorStage(scenario, kind, base, monkeypatch)
    try:
        play(stage)
    finally:
        stage.close()


def test_the_table_is_large_enough() -> None:
    assert len(TABLE) >= 150
    assert all(scenario.clause for scenario in TABLE)


def test_every_row_that_has_to_be_covered_is() -> None:
    covered = {row for scenario in TABLE for row in scenario.covers}
    missing = {key: row.title for key, row in rows().items() if key not in covered}
    assert not missing, f"没有情形覆盖 no scenario covers: {missing}"


def test_no_two_scenarios_say_the_same() -> None:
    titles = [scenario.title.zh for scenario in TABLE]
    assert len(set(titles)) == len(titles)
    assert len({scenario.title.en for scenario in TABLE}) == len(titles)
