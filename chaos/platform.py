"""The platform of these runs: a sandbox in a process of its own, that no fault of the product reaches."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from credit_check_sdk.sandbox.running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def platform() -> Iterator[Running]:
    """Run a sandbox until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "credit_check_sdk.cli", "sandbox", "--port", str(port), "--subjects", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)  # noqa: S603  our own command
    running = Running(f"http://127.0.0.1:{port}")
    try:
        ends = time.monotonic() + 30
        while True:
            try:
                running.faults([])
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > ends:
                    raise SystemExit("the sandbox does not start") from None
                time.sleep(0.05)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
