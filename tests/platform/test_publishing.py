"""The built-in publisher and witness pass their suites, against the sandbox."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.exchange import Exchange
from credit_check_sdk.flow import NewId, Now, Send
from credit_check_sdk.platform.publisher import PlatformPublisher
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.platform.witness import PlatformWitness
from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import (
    PublisherConformance,
    PublisherUnderTest,
    WitnessConformance,
    WitnessUnderTest,
    run_with,
)
from credit_check_sdk.testing.conformance import FIRM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from credit_check_sdk.testing.plugin import RunningSandbox

_numbers = itertools.count()


@pytest.fixture
def run() -> Iterator[Callable[[Any], Any]]:
    exchange = Exchange()

    def running(flow: Any) -> Any:
        return run_with(
            flow,
            {
                Now: lambda _: datetime.now(UTC),
                NewId: lambda effect: f"{effect.prefix}_publishing_{next(_numbers)}",
                Send: lambda effect: exchange.send(effect.request, effect.source),
            },
        )

    yield running
    exchange.close()


def settings(sandbox: RunningSandbox) -> SourceSettings:
    return SourceSettings(id="municipal", level="municipal", base_url=f"{sandbox.url}/municipal", key_id="demo")


SIGNER = HmacSigner("demo", "demo-secret")


class TestPlatformPublisher(PublisherConformance):
    @pytest.fixture
    def make(self, credit_sandbox: RunningSandbox, run: Callable[[Any], Any]) -> Callable[[], PublisherUnderTest]:
        subject = FIRM.model_dump(mode="json", context={"reveal": True}, exclude_none=True)
        credit_sandbox.put_record(
            {
                "level": "municipal", "subject": subject, "list_code": "SAMR-YZ", "kind": "list", "polarity": "negative", "status": "active",
                "severity": "serious", "authority": "贺州市市场监督管理局", "document_date": "2026-03-01",
            }
        )  # fmt: skip
        publisher = PlatformPublisher(settings(credit_sandbox), SIGNER, "sandbox")
        return lambda: PublisherUnderTest(publisher, run)


class TestPlatformWitness(WitnessConformance):
    @pytest.fixture
    def make(self, credit_sandbox: RunningSandbox, run: Callable[[Any], Any]) -> Callable[[], WitnessUnderTest]:
        witness = PlatformWitness(settings(credit_sandbox), SIGNER, "sandbox")
        return lambda: WitnessUnderTest(witness, run)
