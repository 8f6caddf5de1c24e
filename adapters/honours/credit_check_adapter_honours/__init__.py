"""The honours adapter of the Credit Check SDK: who may be honoured, who is barred, whose honour is to be revoked.

It imports the front door of the SDK only. The demonstration finds it by the entry point ``honours`` in the group
``credit_check.adapters.v1``.
"""

from credit_check_adapter_honours.demo import HonoursAdapter
from credit_check_adapter_honours.granting import (
    Granted,
    Hearing,
    Revoked,
    grant,
    grant_async,
    revoke,
    revoke_async,
    settle,
    settle_async,
)
from credit_check_adapter_honours.kinds import Honour, HonourTable
from credit_check_adapter_honours.rounds import (
    Candidate,
    HonourRound,
    HonourRow,
    nominate_round,
    nominate_round_async,
    review_round,
    review_round_async,
)

adapter = HonoursAdapter()
"""What the entry point names."""

__all__ = [
    "Candidate",
    "Granted",
    "Hearing",
    "Honour",
    "HonourRound",
    "HonourRow",
    "HonourTable",
    "HonoursAdapter",
    "Revoked",
    "adapter",
    "grant",
    "grant_async",
    "nominate_round",
    "nominate_round_async",
    "review_round",
    "review_round_async",
    "revoke",
    "revoke_async",
    "settle",
    "settle_async",
]
