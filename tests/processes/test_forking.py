"""Servers that fork: a client that was made and used before the fork checks, settles and delivers in every child."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck
from tests.kit import record

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parent / "project"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def commands(server: str, port: int) -> list[str]:
    return {
        "gunicorn": [
            *(sys.executable, "-m", "gunicorn", "--preload", "--workers", "3", "--threads", "2"),
            *("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "20", "forking_host"),
        ],
        "uwsgi": [
            *(sys.executable, "-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])"),
            *(
                "--http-socket",
                f"127.0.0.1:{port}",
                "--master",
                "--processes",
                "3",
                "--enable-threads",
                "--need-app",
                "--py-call-osafterfork",
            ),
            *("--hook-master-start", "unix_signal:15 gracefully_kill_them_all"),
            *("--wsgi-file", str(PROJECT / "forking_host.py"), "--worker-reload-mercy", "20"),
        ],
    }[server]


@pytest.fixture(params=["gunicorn", "uwsgi"])
def served(request: pytest.FixtureRequest, config: Path, sandbox: Any, tmp_path: Path) -> Iterator[Any]:
    """Run the host behind a server that forks; give its address and the server's process."""
    sandbox.put_record(record(list_code="MOF-ZC"))
    port = free_port()
    environment = {**os.environ, "FORKING_HOST_CONFIG": str(config), "PYTHONPATH": str(PROJECT)}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            commands(request.param, port), cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    for _ in range(900):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert process.poll() is None, (tmp_path / "server.log").read_text(encoding="utf-8")
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}", process
    if process.poll() is None:
        process.kill()
    process.wait(20)


def asked(address: str, number: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/{number}", timeout=30) as answer:  # noqa: S310  the loopback
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_children_do_the_whole_job_and_stop_when_told(served: Any, config: Path, sandbox: Any, tmp_path: Path) -> None:
    address, process = served
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: asked(address, f"F-{number}"), range(24)))
        assert {answer["outcome"] for answer in answers} == {"restricted"}
        children = {answer["process"] for answer in answers}
        assert children
        assert process.pid not in children
        # Told to stop while it works: what it answers is kept, and it ends by itself.
        late = [pool.submit(asked, address, f"L-{number}") for number in range(6)]
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
    answered = [number for number, future in enumerate(late) if not future.exception()]
    log = tmp_path / "server.log"
    process.wait(60)
    assert "Traceback" not in log.read_text(encoding="utf-8")
    with CreditCheck.open(config) as credit:
        for number in range(24):
            stored = credit.latest(f"F-{number}", "evaluate")
            assert stored is not None
            assert stored.decision.id == answers[number]["decision"]
        for number in answered:
            assert credit.latest(f"L-{number}", "evaluate") is not None
        promised = len(credit.outbox())
        assert promised >= 25 + len(answered)
        while credit.outbox_status().undelivered:
            assert credit.relay().attempted
        assert credit.verify_evidence().whole
    assert sandbox.received("feedback")["total"] == promised


RAW = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
os.environ["FORKING_HOST_CONFIG"] = sys.argv[1]
import forking_host as host

children = []
for number in range(10):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            outcome, _ = host.decided(f"child-{number}")
            report = host.credit.relay()
            code = 0 if outcome == "restricted" and report.dead == 0 else 2
        finally:
            os._exit(code)
    children.append(child)
outcome, _ = host.decided("parent-after")
assert outcome == "restricted"
codes = [os.waitpid(child, 0)[1] for child in children]
assert codes == [0] * 10, codes
host.credit.relay()
print(host.credit.outbox_status().counts)
host.credit.close()
"""


def test_ten_children_of_a_bare_fork_deliver(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC"))
    done = subprocess.run(
        [sys.executable, "-c", RAW, str(config), str(PROJECT)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{'delivered': 12}"
    assert sandbox.received("feedback")["total"] == 12
