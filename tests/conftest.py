"""Fixtures that feature tests share: a sandbox, a configuration wired to it, and each front door in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk._shell.starting import start
from credit_check_sdk.sandbox import serving
from tests.kit import OTHER, USCC, Door, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk import Settings


@pytest.fixture(scope="session")
def _running() -> Iterator[Any]:
    with serving(subjects=20, seed=7) as running:
        yield running


@pytest.fixture
def sandbox(_running: Any) -> Iterator[Any]:
    """Give a sandbox that knows the two organisations and nothing against them."""
    _running.reset()
    for name, value in (("贺州市示例食品有限公司", USCC), ("广西示例建设有限公司", OTHER)):
        subject = organisation(value, name)
        _running.put_subject(subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"}))
    yield _running
    _running.reset()


@pytest.fixture
def config(tmp_path: Path, sandbox: Any) -> Path:
    """Write a configuration wired to the sandbox."""
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=sandbox.url)
    return path


@pytest.fixture(params=["sync", "async"])
def door(request: pytest.FixtureRequest, config: Path) -> Iterator[Door]:
    """Give each front door in turn."""
    opened = Door(request.param, config)
    yield opened
    opened.close()


@pytest.fixture(params=["sync", "async"])
def open_door(request: pytest.FixtureRequest) -> Iterator[Callable[[Path | Settings | None], Door]]:
    """Open each front door in turn, on a configuration of the test's own."""
    opened: list[Door] = []

    def make(config: Path | Settings | None) -> Door:
        opened.append(Door(request.param, config))
        return opened[-1]

    yield make
    for door in opened:
        door.close()
