"""For other people's tests: drive flows by hand, stand in for the world, prove that a plugin behaves.

`script` and `run_with` run a flow without sockets, threads or clocks; `World` with its in-memory ports runs whole
checks; `SourceConformance`, `ChannelConformance`, `FeedConformance` and those for the
smaller parts are suites to subclass; the pytest plugin (found by itself) gives
the fixtures ``credit_sandbox``, ``credit_config`` and ``credit``. Names are fetched when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_check_sdk.testing.conformance import (
        ChannelConformance,
        ChannelScenario,
        ChannelUnderTest,
        SourceConformance,
        SourceScenario,
        SourceUnderTest,
    )
    from credit_check_sdk.testing.drive import branches, run_with, script
    from credit_check_sdk.testing.feeds import FeedConformance, FeedScenario, FeedUnderTest
    from credit_check_sdk.testing.holding import OfflineConformance, OfflineUnderTest
    from credit_check_sdk.testing.ledger import InMemoryLedger
    from credit_check_sdk.testing.parts import (
        CalendarConformance,
        CipherConformance,
        MemoryConformance,
        ReceiptAlgorithmConformance,
        SignerConformance,
        SignerUnderTest,
    )
    from credit_check_sdk.testing.ports import (
        FailingSource,
        FakeCalendar,
        FixedFeed,
        FixedSource,
        InMemoryMemory,
        RecordingChannel,
    )
    from credit_check_sdk.testing.publishing import (
        PublisherConformance,
        PublisherUnderTest,
        WitnessConformance,
        WitnessUnderTest,
    )
    from credit_check_sdk.testing.world import World

_WHERE = {
    "CalendarConformance": "parts",
    "ChannelConformance": "conformance",
    "ChannelScenario": "conformance",
    "ChannelUnderTest": "conformance",
    "CipherConformance": "parts",
    "FailingSource": "ports",
    "FakeCalendar": "ports",
    "FeedConformance": "feeds",
    "FeedScenario": "feeds",
    "FeedUnderTest": "feeds",
    "FixedFeed": "ports",
    "FixedSource": "ports",
    "InMemoryLedger": "ledger",
    "InMemoryMemory": "ports",
    "MemoryConformance": "parts",
    "OfflineConformance": "holding",
    "OfflineUnderTest": "holding",
    "PublisherConformance": "publishing",
    "PublisherUnderTest": "publishing",
    "ReceiptAlgorithmConformance": "parts",
    "RecordingChannel": "ports",
    "SignerConformance": "parts",
    "SignerUnderTest": "parts",
    "SourceConformance": "conformance",
    "SourceScenario": "conformance",
    "SourceUnderTest": "conformance",
    "WitnessConformance": "publishing",
    "WitnessUnderTest": "publishing",
    "World": "world",
    "branches": "drive",
    "run_with": "drive",
    "script": "drive",
}


def __getattr__(name: str) -> Any:
    place = _WHERE.get(name)
    if place is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{place}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "CalendarConformance",
    "ChannelConformance",
    "ChannelScenario",
    "ChannelUnderTest",
    "CipherConformance",
    "FailingSource",
    "FakeCalendar",
    "FeedConformance",
    "FeedScenario",
    "FeedUnderTest",
    "FixedFeed",
    "FixedSource",
    "InMemoryLedger",
    "InMemoryMemory",
    "MemoryConformance",
    "OfflineConformance",
    "OfflineUnderTest",
    "PublisherConformance",
    "PublisherUnderTest",
    "ReceiptAlgorithmConformance",
    "RecordingChannel",
    "SignerConformance",
    "SignerUnderTest",
    "SourceConformance",
    "SourceScenario",
    "SourceUnderTest",
    "WitnessConformance",
    "WitnessUnderTest",
    "World",
    "branches",
    "run_with",
    "script",
]
