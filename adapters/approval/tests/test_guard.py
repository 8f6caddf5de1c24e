"""The guard: nothing happens before the gate has let the case pass."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_adapter_approval import ApprovalGuard, AsyncApprovalGuard, StateMachine
from credit_check_sdk import AsyncCreditCheck, Case, CreditCheck, GateError, InputError

if TYPE_CHECKING:
    from tests.conftest import AsyncGate, Gate


@pytest.fixture
def guard(gate: Gate) -> ApprovalGuard:
    return ApprovalGuard(cast("CreditCheck", gate))


@pytest.fixture
def async_guard(async_gate: AsyncGate) -> AsyncApprovalGuard:
    return AsyncApprovalGuard(cast("AsyncCreditCheck", async_gate))


def test_the_block_runs_after_the_gate(guard: ApprovalGuard, gate: Gate, case: Case) -> None:
    with guard.guard(case, "decide", "grant", transaction="tx") as passed:
        assert gate.asked == [(case.id, "decide", "grant", "tx")]
    assert passed is not None
    assert passed.to == "grant"


@pytest.mark.parametrize("code", ["gate.never_checked", "gate.unsettled", "gate.blocked", "gate.undecided"])
def test_the_block_does_not_run_when_the_gate_refuses(guard: ApprovalGuard, gate: Gate, case: Case, code: str) -> None:
    gate.refuses = code
    ran = []
    with pytest.raises(GateError) as refused, guard.change(case, "under_review", "approved"):
        ran.append(1)
    assert refused.value.code == code
    assert not ran


def test_a_change_asks_for_what_the_table_says(guard: ApprovalGuard, gate: Gate, case: Case) -> None:
    for before, after in (("submitted", "accepted"), ("under_review", "refused"), ("approved", "closed")):
        with guard.change(case, before, after):
            pass
    assert [(point, to) for _, point, to, _ in gate.asked] == [
        ("accept", "proceed"),
        ("decide", "refuse"),
        ("close", "grant"),
    ]


def test_a_change_that_needs_nothing_asks_nobody(guard: ApprovalGuard, gate: Gate, case: Case) -> None:
    with guard.change(case, "accepted", "withdrawn") as passed:
        assert passed is None
    assert not gate.asked


def test_an_unknown_change_is_refused_before_anything(guard: ApprovalGuard, gate: Gate, case: Case) -> None:
    with pytest.raises(InputError, match="in no table"):
        guard.change(case, "under_review", "aproved")
    assert not gate.asked


def test_errors_of_the_block_come_through(guard: ApprovalGuard, case: Case) -> None:
    with pytest.raises(RuntimeError, match="the host's own"), guard.guard(case):
        raise RuntimeError("the host's own")


def test_a_function_is_guarded_at_every_call(guard: ApprovalGuard, gate: Gate, case: Case) -> None:
    @guard.guard(point="decide", to="grant")
    def approve(number: int, case: Case) -> str:
        """Approve it."""
        return f"{number} {case.id}"

    assert approve.__name__ == "approve"
    assert approve.__doc__ == "Approve it."
    assert approve(1, case) == f"1 {case.id}"
    assert approve(2, case=case) == f"2 {case.id}"
    assert [(point, to) for _, point, to, _ in gate.asked] == [("decide", "grant")] * 2
    gate.refuses = "gate.blocked"
    with pytest.raises(GateError):
        approve(3, case)


def test_a_function_is_guarded_by_its_change_of_state(gate: Gate, case: Case) -> None:
    machine = StateMachine().renamed({"30": "under_review", "40": "refused"})
    guard = ApprovalGuard(cast("CreditCheck", gate), machine)

    @guard.change(None, "30", "40", transaction_argument="connection")
    def refuse(case: Case, *, connection: object) -> object:
        return connection

    assert refuse(case, connection="tx") == "tx"
    assert gate.asked == [(case.id, "decide", "refuse", "tx")]
    with pytest.raises(InputError, match="keyword argument 'connection'"):
        cast("Any", refuse)(case)


def test_a_guarded_function_without_a_case_does_not_run(guard: ApprovalGuard, gate: Gate) -> None:
    @guard.guard(point="decide")
    def approve(number: str) -> str:
        return number

    with pytest.raises(InputError, match="takes the case as an argument"):
        approve("451100-2026-000123")
    assert not gate.asked


def test_a_guard_names_a_case_or_a_point(guard: ApprovalGuard, async_guard: AsyncApprovalGuard) -> None:
    with pytest.raises(InputError, match="neither a case nor a decision point"):
        guard.guard()
    with pytest.raises(InputError, match="neither a case nor a decision point"):
        async_guard.guard()


def test_the_same_on_an_event_loop(async_guard: AsyncApprovalGuard, async_gate: AsyncGate, case: Case) -> None:
    ran = []

    @async_guard.change(None, "under_review", "approved", transaction_argument="connection")
    async def approve(case: Case, *, connection: str) -> str:
        await asyncio.sleep(0)
        ran.append(connection)
        return case.id

    async def all_of_it() -> None:
        async with async_guard.guard(case, "review") as passed:
            assert passed is not None
        assert await approve(case, connection="tx") == case.id
        async with async_guard.change(case, "accepted", "suspended") as nothing:
            assert nothing is None
        async_gate.gate.refuses = "gate.blocked"
        with pytest.raises(GateError):
            await approve(case, connection="tx")
        with pytest.raises(GateError):
            async with async_guard.guard(case, "decide", "grant"):
                ran.append("never")

    asyncio.run(all_of_it())
    assert ran == ["tx"]
    assert [(point, to) for _, point, to, _ in async_gate.gate.asked] == [
        ("review", "proceed"),
        ("decide", "grant"),
        ("decide", "grant"),
        ("decide", "grant"),
    ]
