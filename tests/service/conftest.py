"""Fixtures of the service: one that is served for real, and host keys of two departments."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import Settings
from credit_check_sdk.service.opening import open_register
from credit_check_sdk.service.running import serving
from tests.service.kit import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from credit_check_sdk._shell.register import Register

FINANCE = "451100-czj"


@dataclass
class Served:
    """A service, its register, and how to call it."""

    url: str
    register: Register
    settings: Settings

    def key(
        self, *departments: str, matters: Sequence[str] = ("*",), may: Sequence[str] | None = None, name: str = "host"
    ) -> str:
        given = (name, departments or (FINANCE,), matters)
        return (self.register.make(*given, may) if may else self.register.make(*given))[1]

    def __call__(self, path: str, body: Any = None, **more: Any) -> Answer:
        return ask(self.url, path, body, **more)


@pytest.fixture
def serve(config: Path) -> Iterator[Callable[..., Served]]:
    """Serve on a free port, with changes to ``[service]``."""
    with contextlib.ExitStack() as open_:

        def start(**changes: Any) -> Served:
            settings = Settings.find(config)
            service = settings.service.model_copy(update={"port": 0, "rate": 10_000.0, "burst": 10_000, **changes})
            settings = settings.model_copy(update={"service": service})
            register = open_register(settings)
            open_.callback(register.close)
            return Served(open_.enter_context(serving(settings)).url, register, settings)

        yield start


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """Give a service that is served."""
    return serve()
