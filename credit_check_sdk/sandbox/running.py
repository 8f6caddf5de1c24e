"""Run the sandbox as a server: in a thread beside a test or a demonstration, or until a signal comes."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import uvicorn
from typing_extensions import override

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.sandbox.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_START_SECONDS = 20.0


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
    listening = _listen(host, port)
    app = create_app(subjects=subjects, seed=seed, secrets=secrets)
    server = _Quiet(_config(app))
    thread = threading.Thread(target=server.run, args=([listening],), name="credit-check-sandbox", daemon=True)
    thread.start()
    ends = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > ends or not thread.is_alive():
            raise _not_started(host, port)
        time.sleep(0.005)
    try:
        yield Running(f"http://{host}:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listening.close()


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
    listening = _listen(host, port)
    app = create_app(subjects=subjects, seed=seed, secrets={key_id: secret})
    shown = f"[{host}]" if ":" in host else host
    server = _Ready(_config(app), lambda: on_ready and on_ready(f"http://{shown}:{listening.getsockname()[1]}"))
    server.run([listening])


class _Quiet(uvicorn.Server):
    """A server in a thread, which leaves signals to the main thread."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Ready(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=2)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, so that the event loop switches off Nagle's delay of 40 ms on what it accepts.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise _not_started(host, port) from None
    return listening


def _not_started(host: str, port: int) -> ConfigurationError:
    return ConfigurationError(
        f"the sandbox cannot listen on {host}:{port}",
        f"沙箱无法监听 {host}:{port}",
        remedy_en="name a free port with --port",
        remedy_zh="请用 --port 指定空闲端口",
    )


def loopback(host: str) -> bool:
    """Say whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
