"""Run the sandbox as a server: in a thread beside a test or a demonstration, or until a signal comes."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import uvicorn

from credit_check_sdk._shell.serving import QuietServer, ReadyServer, listen, shown
from credit_check_sdk.sandbox.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_NAMES = ("沙箱", "the sandbox")


class Running:
    """A sandbox that is being served, with its admin calls as methods."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put_record(self, record: Mapping[str, Any]) -> str:
        """Put a record in; give its number."""
        number: str = self._call("POST", "/admin/records", record)["record_ids"][0]
        return number

    def put_records(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in; give their numbers."""
        numbers: list[str] = self._call("POST", "/admin/records", list(records))["record_ids"]
        return numbers

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        """Make a subject known."""
        self._call("POST", "/admin/subjects", subject)

    def subjects(
        self, category: str | None = None, *, clean: bool | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Name known subjects."""
        query = f"?limit={limit}" + (f"&category={category}" if category else "")
        query += "" if clean is None else f"&clean={str(clean).lower()}"
        found: list[dict[str, Any]] = self._call("GET", f"/admin/subjects{query}")["subjects"]
        return found

    def change(self, record_id: str, change: str, record: Mapping[str, Any] | None = None) -> None:
        """Make a change happen."""
        self._call("POST", "/admin/changes", {"record_id": record_id, "change": change, "record": record})

    def received(self, kind: str) -> dict[str, Any]:
        """Say what arrived."""
        found: dict[str, Any] = self._call("GET", f"/admin/received?kind={kind}")
        return found

    def faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Break it; an empty list mends it."""
        self._call("PUT", "/admin/faults", {"faults": list(faults)})

    def reset(self) -> None:
        """Put it back to where it started."""
        self._call("POST", "/admin/reset")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"}, method=method)  # noqa: S310  the sandbox is on this machine
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  the sandbox is on this machine
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(2000).decode("utf-8", "replace")
            raise ValueError(f"{method} {path}: {error.code}: {said}") from None


@contextlib.contextmanager
def serving(
    port: int = 0,
    subjects: int = 0,
    seed: int = 0,
    *,
    host: str = "127.0.0.1",
    secrets: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Serve a sandbox in a thread, on a free port unless one is named."""
    listening = listen(host, port, *_NAMES)
    server = QuietServer(_config(create_app(subjects=subjects, seed=seed, secrets=secrets)))
    with server.in_a_thread(listening, "credit-check-sandbox"):
        yield Running(shown(host, listening))


def serve(  # noqa: PLR0913  each may be told on the command line
    *,
    host: str = "127.0.0.1",
    port: int = 8801,
    subjects: int = 1000,
    seed: int = 7,
    key_id: str = "demo",
    secret: str = "demo-secret",  # noqa: S107  the sandbox's published secret
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a sandbox until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    listening = listen(host, port, *_NAMES)
    app = create_app(subjects=subjects, seed=seed, secrets={key_id: secret})
    ReadyServer(_config(app), lambda: on_ready and on_ready(shown(host, listening))).run([listening])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
