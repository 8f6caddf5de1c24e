"""However a platform fails, each policy does what it says, and nothing comes out that live data would not confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import GateError
from tests.kit import case, faults, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door

FAULTS: dict[str, dict[str, Any]] = {
    "down": {"kind": "status", "value": 503},
    "slow": {"kind": "latency", "value": 1.5},
    "busy": {"kind": "status", "value": 429, "retry_after": 30},
    "flapping": {"kind": "status", "value": 503, "rate": 0.7},
    "broken": {"kind": "disconnect"},
    "stale": {"kind": "stale_as_of", "value": 9999},
    "lying": {"kind": "wrong_subject"},
}
LETS = {"hold": set[str](), "proceed_and_recheck": {"proceed"}, "manual": set[str]()}


def passes(door: Door, file: Any) -> set[str]:
    """Say which steps the gate lets the file take."""
    passed = set()
    for step in ("proceed", "grant", "refuse"):
        try:
            door.require(file, to=step)
        except GateError:
            continue
        passed.add(step)
    return passed


CASES = [(policy, fault, False) for policy in LETS for fault in FAULTS] + [("hold", fault, True) for fault in FAULTS]


@pytest.mark.parametrize(("policy", "fault", "listed"), CASES)
def test_each_policy_does_what_it_says(
    open_door: Callable[..., Door],
    config: Path,
    sandbox: Any,
    policy: str,
    fault: str,
    listed: bool,  # noqa: FBT001  one of the cases
) -> None:
    text, mark = config.read_text(encoding="utf-8"), '[matters."procurement.goods"]\n'
    text = text.replace(mark, f'{mark}outage = {{evaluate = "{policy}"}}\n').replace(
        'budget = "3s"', 'budget = "400ms"'
    )
    config.write_text(text, encoding="utf-8")
    if listed:
        sandbox.put_record(record(level="national"))
    door, file = open_door(config), case()
    with faults(sandbox, {"level": "national", "path": "/v1/checks", **FAULTS[fault]}):
        decision = door.check(file)
    answered = not decision.silences
    assert decision.outcome == (("restricted" if listed else "clear") if answered else "undecided")
    assert answered is False or fault == "flapping"
    if not answered:
        assert [(s.source, s.required) for s in decision.silences] == [("national", True)]
        assert not decision.proposals
        assert passes(door, file) == LETS[policy]
        assert (decision.recheck is not None) == (policy == "proceed_and_recheck")
