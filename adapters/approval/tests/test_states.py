"""Which change of state needs what."""

from __future__ import annotations

import pytest

from credit_check_adapter_approval import TRANSITIONS, StateMachine, Transition
from credit_check_sdk import InputError


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ("submitted", "accepted", Transition("accept", "proceed")),
        ("accepted", "under_review", Transition("review", "proceed")),
        ("under_review", "approved", Transition("decide", "grant")),
        ("accepted", "approved", Transition("decide", "grant")),
        ("under_review", "refused", Transition("decide", "refuse")),
        ("accepted", "refused", Transition("decide", "refuse")),
        ("approved", "closed", Transition("close", "grant")),
        ("under_review", "suspended", None),
        ("suspended", "under_review", None),
        ("refused", "closed", None),
        ("accepted", "withdrawn", None),
    ],
)
def test_a_change_needs_what_the_table_says(before: str, after: str, needed: Transition | None) -> None:
    assert StateMachine().needs(before, after) == needed


def test_nothing_is_approved_without_a_grant() -> None:
    into = {pair: needed for pair, needed in TRANSITIONS.items() if pair[1] == "approved"}
    assert into
    assert all(needed == Transition("decide", "grant") for needed in into.values())


@pytest.mark.parametrize(
    ("before", "after"), [("under_review", "aproved"), ("submitted", "approved"), ("closed", "accepted")]
)
def test_a_change_in_no_table_is_refused(before: str, after: str) -> None:
    with pytest.raises(InputError, match="is in no table of transitions"):
        StateMachine().needs(before, after)


def test_a_host_has_its_own_codes_and_changes() -> None:
    machine = StateMachine().renamed({"10": "under_review", "20": "approved"})
    assert machine.needs("10", "20") == Transition("decide", "grant")
    with pytest.raises(InputError, match="from '10' to '99'"):
        machine.needs("10", "99")
    wider = machine.extended({("approved", "revoked"): Transition("close", "refuse")})
    assert wider.needs("20", "revoked") == Transition("close", "refuse")
    assert ("approved", "revoked") not in TRANSITIONS
