"""Listen on an address and serve what speaks ASGI: in a thread beside something else, or until a signal comes.

It needs uvicorn, which comes with the extras of the servers; nothing else of the shell imports it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn
from typing_extensions import override

from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_START_SECONDS = 60.0


class QuietServer(uvicorn.Server):
    """A server in a thread, which leaves signals to the main thread."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @contextlib.contextmanager
    def in_a_thread(self, listening: socket.socket, name: str) -> Iterator[None]:
        """Serve on *listening* while the block runs; close it afterwards.

        Raises:
            ConfigurationError: it does not start.
        """
        address = listening.getsockname()
        thread = threading.Thread(target=self.run, args=([listening],), name=name, daemon=True)
        thread.start()
        ends = time.monotonic() + _START_SECONDS
        while not self.started:
            if time.monotonic() > ends or not thread.is_alive():
                listening.close()
                raise _not_started(str(address[0]), int(address[1]), name, name)
            time.sleep(0.005)
        try:
            yield
        finally:
            self.should_exit = True
            thread.join(_START_SECONDS)
            listening.close()


class ReadyServer(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def listen(host: str, port: int, zh: str, en: str) -> socket.socket:
    """Listen on an address; *zh* and *en* say what wants to.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, so that the event loop switches off Nagle's delay of 40 ms on what it accepts.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise _not_started(host, port, zh, en) from None
    return listening


def shown(host: str, listening: socket.socket, scheme: str = "http") -> str:
    """Give the address of what listens, as one types it."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _not_started(host: str, port: int, zh: str, en: str) -> ConfigurationError:
    return ConfigurationError(
        f"{en} cannot listen on {host}:{port}",
        f"{zh}无法监听 {host}:{port}",
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
