"""List files of other countries, as they are published: by name, and never more than review."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import Subject
from tests.kit import INPUTS, case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = INPUTS / "debarment"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the lists are not there: {FOLDER}")

LISTED = {
    "us-sam-exclusions": ("sam_exclusions_fictional.csv", "Toni Brook Logistics LLC"),
    "us-consolidated-screening": ("watchman-csl-entities.csv", "Atlas Sanatgaran"),
    "uk-export-denials": ("lite-denial_valid.csv", "The Widget Company"),
}


@pytest.fixture
def listing(tmp_path: Path, connected: Callable[..., Any]) -> Callable[..., Any]:
    def opened(dialect: str, file: str, age: timedelta = timedelta()) -> Any:
        place = tmp_path / "lists"
        place.mkdir()
        shutil.copy(FOLDER / file, place / file)
        then = (datetime.now(UTC) - age).timestamp()
        os.utime(place / file, (then, then))
        return connected(dialect, base_url=place.as_uri(), options={"values": {"file": file}})

    return opened


def named(name: str) -> Subject:
    return Subject.model_validate({"category": "organisation", "name": name})


@pytest.mark.parametrize("dialect", LISTED)
def test_who_is_named_is_reviewed_and_never_restricted(listing: Callable[..., Any], dialect: str) -> None:
    file, name = LISTED[dialect]
    door = listing(dialect, file)
    decision = door.check(case(named(name)))
    assert (decision.outcome, decision.silences) == ("review", ())
    assert decision.evidences[0].records == 1
    assert not [p for p in decision.proposals if p.direction == "restriction" and p.strength == "block"]
    assert door.check(case(named("Nobody On Any List Ltd"))).evidences[0].records == 0


@pytest.mark.parametrize("dialect", LISTED)
def test_another_file_or_an_old_one_is_silence(listing: Callable[..., Any], dialect: str) -> None:
    other = "lite-denial_invalid.csv"
    decision = listing(dialect, other).check(case(named("Jim Example")))
    assert [each.code for each in decision.silences] == ["source.status"]


def test_an_old_list_is_silence(listing: Callable[..., Any]) -> None:
    file, name = LISTED["us-sam-exclusions"]
    decision = listing("us-sam-exclusions", file, timedelta(days=8)).check(case(named(name)))
    assert [each.code for each in decision.silences] == ["source.stale"]
