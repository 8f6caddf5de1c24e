"""The pytest plugin: a sandbox platform, a configuration wired to it, and a client on both.

pytest finds it by itself. It imports nothing of the SDK until one of its fixtures is asked for, so that a test suite
that uses none of them pays nothing and needs no extra.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from credit_check_sdk.client import CreditCheck

pytest.register_assert_rewrite(
    "credit_check_sdk.testing.conformance",
    "credit_check_sdk.testing.holding",
    "credit_check_sdk.testing.parts",
    "credit_check_sdk.testing.publishing",
)


class RunningSandbox(Protocol):
    """What ``credit_sandbox`` gives: a platform that serves the reference protocol on a free loopback port."""

    url: str
    """Where it is: below it are ``/municipal``, ``/regional``, ``/national`` and ``/enterprise``."""

    def put_record(self, record: Mapping[str, Any]) -> str:
        """Put a record in (``POST /admin/records``); give its number."""
        ...

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        """Make a subject known (``POST /admin/subjects``)."""
        ...

    def change(self, record_id: str, change: str) -> None:
        """Make a change happen (``POST /admin/changes``)."""
        ...

    def received(self, kind: str) -> dict[str, Any]:
        """Say what arrived (``GET /admin/received``)."""
        ...

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Break it; an empty list mends it (``PUT /admin/faults``)."""
        ...

    def reset(self) -> None:
        """Put it back to where it started (``POST /admin/reset``)."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the two settings of the sandbox."""
    parser.addini("credit_sandbox_subjects", "how many synthetic subjects the sandbox knows", default="20")
    parser.addini("credit_sandbox_seed", "from which seed they are made", default="7")


@pytest.fixture(scope="session")
def credit_sandbox_server(pytestconfig: pytest.Config) -> Iterator[RunningSandbox]:
    """Run one sandbox for the whole session; tests take ``credit_sandbox``."""
    try:
        from credit_check_sdk.sandbox import serving  # noqa: PLC0415  its web framework is an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("credit_check_sdk"):
            raise
        # Not skipped: a suite that is believed to have run against a platform has to have done so.
        pytest.fail(f"the sandbox needs {error.name}; run pip install 'credit-check-sdk[sandbox]'", pytrace=False)
    subjects, seed = (int(pytestconfig.getini(f"credit_sandbox_{name}")) for name in ("subjects", "seed"))
    with serving(port=0, subjects=subjects, seed=seed) as running:
        yield running


@pytest.fixture
def credit_sandbox(credit_sandbox_server: RunningSandbox) -> Iterator[RunningSandbox]:
    """Give a sandbox platform as if it had just been started; what a test does to it is undone."""
    credit_sandbox_server.reset()
    yield credit_sandbox_server
    credit_sandbox_server.reset()


@pytest.fixture
def credit_config(credit_sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a configuration file of its own for each test, wired to the sandbox; the environment is kept out."""
    from credit_check_sdk._shell.starting import start  # noqa: PLC0415  see the module's docstring

    for name in [name for name in os.environ if name.startswith("CREDIT_CHECK_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "credit-check" / "credit-check.toml"
    start(path, sandbox=credit_sandbox.url)
    return path


@pytest.fixture
def credit(credit_config: Path) -> Iterator[CreditCheck]:
    """Give a client on that configuration; it is closed after the test."""
    from credit_check_sdk.client import CreditCheck  # noqa: PLC0415  see the module's docstring

    with CreditCheck.open(credit_config) as client:
        yield client
