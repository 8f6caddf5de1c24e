"""Fixtures of the service: one that is served for real, and host keys of two departments."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import Settings
from credit_check_sdk.service.opening import open_register
from credit_check_sdk.service.running import serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from credit_check_sdk._shell.register import Register

FINANCE, MARKET = "451100-czj", "451100-scjgj"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def ask(
    url: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = None,
    method: str | None = None,
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Call the service as any client would."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
    given = {"content-type": "application/json", **(headers or {})}
    if key is not None:
        given["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url + path, data, given, method=method)  # noqa: S310  the service is on this machine
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310  the same
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())


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
