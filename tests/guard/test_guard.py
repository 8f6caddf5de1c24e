"""Guards of blocks and functions: what is guarded runs only behind the gate. On both front doors."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import AsyncGuard, Case, GateError, Guard, InputError, Response
from tests.kit import OFFICER, OTHER, case, organisation, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk import Pass
    from tests.kit import Door


def within(door: Door, file: Case | str, **options: Any) -> Pass:
    """Enter a guarded block, and give what it was given."""
    if door.kind == "sync":
        with door.client.guard(file, **options) as passed:
            return passed  # type: ignore[no-any-return]

    async def enter() -> Any:
        async with door.client.guard(file, **options) as passed:
            return passed

    return door.wait(enter())  # type: ignore[no-any-return]


def guarded(door: Door, function: Callable[..., Any], *given: Any, **options: Any) -> Callable[..., Any]:
    """Guard a function, on either door; the result waits."""
    if door.kind == "sync":
        return door.client.guard(*given, **options)(function)  # type: ignore[no-any-return]
    signature = inspect.signature(function)

    async def flow(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    flow.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it
    made = door.client.guard(*given, **options)(flow)
    return lambda *args, **kwargs: door.wait(made(*args, **kwargs))


def test_a_block_runs_only_behind_the_gate(door: Door) -> None:
    file = case()
    with pytest.raises(GateError) as refused:
        within(door, file, to="grant")
    assert refused.value.code == "gate.never_checked"
    decision = door.check(file)
    assert within(door, file, to="grant").decision == decision.id
    assert within(door, file.id, point="evaluate").to == "proceed"


def test_a_function_runs_only_behind_the_gate_and_is_asked_anew_each_time(door: Door, sandbox: Any) -> None:
    ran: list[str] = []

    def approve(file: Case, note: str = "") -> str:
        """Approve a file."""
        ran.append(file.id)
        return note

    approving = guarded(door, approve, to="grant")
    file = case(organisation(OTHER, "广西示例建设有限公司"))
    with pytest.raises(GateError):
        approving(file)
    assert ran == []
    door.check(file)
    assert approving(file, note="first") == "first"
    sandbox.put_record(record())
    restricted = case()
    decision = door.check(restricted)
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    with pytest.raises(GateError) as refused:
        approving(file=restricted)
    assert refused.value.code == "gate.blocked"
    assert ran == [file.id]


def test_the_case_is_found_where_the_guard_is_told_to_look(door: Door) -> None:
    file = case()
    door.check(file)
    by_number = guarded(door, lambda row: row["no"], lambda row: row["no"], to="grant", point="evaluate")
    assert by_number({"no": file.id}) == file.id
    with pytest.raises(GateError):
        by_number({"no": "T-never"})
    fixed = guarded(door, lambda: "done", file, to="grant")
    assert fixed() == "done"


def test_without_a_case_nothing_runs(door: Door) -> None:
    ran: list[int] = []
    with pytest.raises(InputError, match="needs the case"):
        guarded(door, ran.append)(1)
    with pytest.raises(InputError, match="needs the case"):
        guarded(door, ran.append, lambda _: None)(1)
    with pytest.raises(InputError, match="needs the case"):
        within(door, None)  # type: ignore[arg-type]  # what a careless host gives
    with pytest.raises(InputError, match="point"):
        guarded(door, ran.append, "T-1")(1)
    with pytest.raises(TypeError):
        guarded(door, lambda: None)("one argument too many")
    assert ran == []


def test_the_blocks_own_error_comes_through(door: Door) -> None:
    file = case()
    door.check(file)

    def fail(_: Case) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded(door, fail)(file)


def test_a_guard_keeps_the_name_and_words_of_what_it_guards(door: Door) -> None:
    if door.kind == "sync":

        @door.client.guard(to="grant")  # type: ignore[untyped-decorator]  # the door stands for either client
        def approve(file: Case) -> None:
            """Approve a file."""
    else:

        @door.client.guard(to="grant")  # type: ignore[untyped-decorator]  # the door stands for either client
        async def approve(file: Case) -> None:
            """Approve a file."""

    assert approve.__name__ == "approve"
    assert approve.__doc__ == "Approve a file."
    assert inspect.iscoroutinefunction(approve) == (door.kind == "async")


async def coroutine(file: Case) -> None: ...


def generator(file: Case) -> Iterator[None]:
    yield


async def async_generator(file: Case) -> Any:
    yield


def test_what_would_run_later_than_the_gate_was_asked_is_not_guarded(door: Door) -> None:
    wrong: list[Any] = [generator, async_generator, coroutine if door.kind == "sync" else within]
    for function in wrong:
        with pytest.raises(InputError, match="cannot guard"):
            door.client.guard()(function)


def test_a_client_that_is_opened_later_is_asked_when_the_function_is_called(door: Door) -> None:
    opened: list[Any] = []
    file = case()
    door.check(file)
    if door.kind == "sync":

        @Guard(lambda: opened[0], to="grant")
        def approve(file: Case) -> str:
            return file.id

        opened.append(door.client)
        assert approve(file) == file.id
    else:

        async def flow(file: Case) -> str:
            return file.id

        waiting = AsyncGuard(lambda: opened[0], to="grant")(flow)
        opened.append(door.client)
        assert door.wait(waiting(file)) == file.id


def test_settlement_and_guarded_change_stand_in_the_hosts_transaction(
    config: Path, open_door: Callable[..., Door], sandbox: Any
) -> None:
    door = open_door(config)
    if door.kind == "async":
        pytest.skip("a sqlite3 connection belongs to the thread that made it; SQLAlchemy's are tested with the ledger")
    host = sqlite3.connect(config.parent / "credit-check.db")
    host.execute("CREATE TABLE files (id TEXT, status TEXT)")
    host.commit()
    file = case()

    @door.client.guard(to="grant", transaction_argument="connection")  # type: ignore[untyped-decorator]  # as above
    def approve(file: Case, connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE files SET status = 'approved' WHERE id = ?", (file.id,))

    host.execute("INSERT INTO files VALUES (?, 'draft')", (file.id,))
    door.check(file, transaction=host)
    with pytest.raises(GateError, match="never checked"):
        within(door, file, to="grant")
    approve(file, host)
    approve(file, connection=host)
    with pytest.raises(InputError, match="connection"):
        approve(file, None)
    host.rollback()
    with pytest.raises(GateError):
        approve(file, host)
    with pytest.raises(GateError), door.client.guard(file, to="grant", transaction=host):
        pytest.fail("the check rolled back with the host")
    host.close()


def test_one_guard_serves_many_at_once(door: Door) -> None:
    """A guard holds no state: threads and tasks share it, and each is asked about its own case."""
    good, bad = [case() for _ in range(4)], [case() for _ in range(4)]
    for file in good:
        door.check(file)
    ran: list[str] = []
    guard = door.client.guard(to="grant")

    if door.kind == "sync":
        approve = guard(lambda file: ran.append(file.id))
        with ThreadPoolExecutor(8) as pool:
            codes = [pool.submit(approve, file).exception() for file in (*good, *bad)]
    else:

        async def flow(file: Case) -> None:
            ran.append(file.id)

        waiting = guard(flow)

        async def all_of_them() -> Any:
            return await asyncio.gather(*(waiting(file) for file in (*good, *bad)), return_exceptions=True)

        codes = door.wait(all_of_them())
    assert [isinstance(code, GateError) for code in codes] == [False] * 4 + [True] * 4
    assert sorted(ran) == sorted(file.id for file in good)
