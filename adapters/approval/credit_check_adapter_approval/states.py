"""Rule 1: which change of a file's state belongs to which decision point stands in this module, as one table.

It changes no state and asks no gate. A change that is in no table is refused: a misspelt state must never become a
change that nobody guards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk import Point, Step


@dataclass(frozen=True, slots=True)
class Transition:
    """What a change of state needs."""

    point: Point
    """The decision point whose check it needs."""
    to: Step
    """What the gate is asked for: ``proceed``, ``grant`` or ``refuse``."""


TRANSITIONS: Mapping[tuple[str, str], Transition | None] = {
    ("submitted", "accepted"): Transition("accept", "proceed"),
    ("submitted", "not_accepted"): None,
    ("submitted", "withdrawn"): None,
    ("accepted", "under_review"): Transition("review", "proceed"),
    ("accepted", "approved"): Transition("decide", "grant"),
    ("accepted", "refused"): Transition("decide", "refuse"),
    ("accepted", "suspended"): None,
    ("accepted", "withdrawn"): None,
    ("under_review", "approved"): Transition("decide", "grant"),
    ("under_review", "refused"): Transition("decide", "refuse"),
    ("under_review", "suspended"): None,
    ("under_review", "withdrawn"): None,
    ("suspended", "accepted"): None,
    ("suspended", "under_review"): None,
    ("suspended", "withdrawn"): None,
    # Handing over the licence is what grants it, so a block that came after the decision still stops it.
    ("approved", "closed"): Transition("close", "grant"),
    ("refused", "closed"): None,
}
"""收件 submitted, 受理 accepted, 不予受理 not_accepted, 审查 under_review, 特别程序 suspended, 准予 approved, 不予 refused,
办结 closed, 撤回 withdrawn. None: the change needs no check."""


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The states of a file and what each change of them needs."""

    transitions: Mapping[tuple[str, str], Transition | None] = field(default_factory=lambda: TRANSITIONS)
    """From state and to state; None where the change needs no check."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The host's own status codes, each with the state that it stands for."""

    def needs(self, before: str, after: str) -> Transition | None:
        """Say what a change needs, or None where it needs no check.

        Raises:
            InputError: the change is in no table.
        """
        pair = (self.names.get(before, before), self.names.get(after, after))
        if pair not in self.transitions:
            raise InputError(
                f"the change from {before!r} to {after!r} is in no table of transitions",
                f"状态变更“{before}”→“{after}”不在流转表中",
                remedy_en="correct the states, or add the change to the StateMachine (None where it needs no check)",
                remedy_zh="请更正状态，或在 StateMachine 中添加该变更（无需核查的填 None）",
            )
        return self.transitions[pair]

    def renamed(self, names: Mapping[str, str]) -> StateMachine:
        """Give the same for a host that calls the states otherwise: ``{"10": "accepted", …}``."""
        return replace(self, names={**self.names, **names})

    def extended(self, transitions: Mapping[tuple[str, str], Transition | None]) -> StateMachine:
        """Give the same with further changes, or with others in their place."""
        return replace(self, transitions={**self.transitions, **transitions})
