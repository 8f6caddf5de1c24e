"""Every scenario of the table by the core alone: fast enough to try each change of the code against all of them."""

from __future__ import annotations

import pytest

from tests.rights.playing import CoreStage, play
from tests.rights.table import Scenario, scenarios


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.id)
def test_a_scenario_by_the_core_alone(scenario: Scenario) -> None:
    play(CoreStage(scenario))
