"""A small server that answers as a test says, on a port of its own; it keeps what arrived."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Arrived:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Given:
    """What it answers."""

    body: bytes | str = b""
    status: int = 200
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    """Whether the connection breaks instead of the answer."""


@dataclass
class Replay:
    """The server: where it is, what it answers, and what arrived."""

    url: str = ""
    answer: Callable[[Arrived], Given] = lambda _: Given(status=500)
    arrived: list[Arrived] = field(default_factory=list)


@contextmanager
def replaying(answer: Callable[[Arrived], Given] | None = None) -> Iterator[Replay]:
    """Run one for a while."""
    replay = Replay()
    if answer is not None:
        replay.answer = answer

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            came = Arrived(self.command, self.path, headers, self.rfile.read(length))
            replay.arrived.append(came)
            given = replay.answer(came)
            if given.lost:
                self.close_connection = True
                self.connection.close()
                return
            body = given.body.encode() if isinstance(given.body, str) else given.body
            self.send_response(given.status)
            self.send_header("content-type", given.type)
            self.send_header("content-length", str(len(body)))
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815  the names that http.server calls

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        @override
        def finish(self) -> None:
            """Let a broken connection pass."""
            if not self.wfile.closed and self.connection.fileno() >= 0:
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    replay.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
