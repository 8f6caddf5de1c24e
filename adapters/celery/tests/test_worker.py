"""A real worker with a pool that forks: the client that was made before the fork works in the children."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parent / "project"
SUBJECT: dict[str, Any] = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
}


@pytest.fixture
def host(credit_config: Path, credit_sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run a worker of the host's application, and give that application to send tasks from."""
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    credit_sandbox.put_subject(SUBJECT)
    monkeypatch.setenv("CELERY_HOST_FOLDER", str(tmp_path))
    monkeypatch.setenv("CELERY_HOST_CONFIG", str(credit_config))
    monkeypatch.syspath_prepend(str(PROJECT))
    log = (tmp_path / "worker.log").open("wb")
    command = [sys.executable, "-m", "celery", "-A", "celery_host", "worker", "--pool", "prefork", "--concurrency", "2"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    worker = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdout=log, stderr=subprocess.STDOUT
    )
    sys.modules.pop("celery_host", None)
    made = importlib.import_module("celery_host")
    try:
        yield made
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait(20)
        log.close()
        made.credit.close()
        made.app.close()


def test_children_check_with_the_client_that_was_made_before_the_fork(host: Any, credit_sandbox: Any) -> None:
    waiting = [host.credit.check.delay(f"W-{number}", "evaluate") for number in range(8)]
    found = [one.get(timeout=60) for one in waiting]
    assert [one["case_id"] for one in found] == [f"W-{number}" for number in range(8)]
    assert {one["outcome"] for one in found} == {"clear"}
    approved = host.approve.delay("W-0").get(timeout=60)
    assert approved == {"approved": "W-0", "in_the_child": True}
    with pytest.raises(Exception, match=r"gate\.never_checked"):
        host.approve.delay("W-never").get(timeout=60)
    assert len(host.credit.open().statistics()) == 1
    assert host.credit.open().statistics()[0].checks == 8

    # A source that is silent for a while: the task waits for it, and is answered in the end.
    credit_sandbox.faults([{"level": None, "path": None, "kind": "status", "value": 500}])
    host_case = host.credit.check.delay("W-late", "qualify")
    time.sleep(1)
    credit_sandbox.faults([])
    assert host_case.get(timeout=60)["outcome"] == "clear"
