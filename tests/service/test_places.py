"""The register works alike on SQLite and PostgreSQL, and for several processes at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheckError, LedgerError, Settings
from credit_check_sdk._shell.audit import AuditStore
from credit_check_sdk._shell.keys import Crypto, KeyRing
from credit_check_sdk._shell.register import CallNote
from credit_check_sdk._shell.starting import start
from credit_check_sdk.service.opening import open_register
from tests.kit import until
from tests.ledger.conftest import Place, place, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from credit_check_sdk._shell.register import Register

__all__ = ["place", "server"]  # fixtures of the ledger's tests, used here too


@pytest.fixture
def registers(place: Place, tmp_path: Path) -> Iterator[tuple[Register, Register, Settings]]:
    """Open a register twice, as two processes would."""
    config = tmp_path / "host" / "credit-check.toml"
    start(config, sandbox="http://127.0.0.1:9")
    config.write_text(config.read_text().replace("sqlite:///credit-check-audit.db", place.url))
    settings = Settings.find(config)
    opened = open_register(settings), open_register(settings)
    yield *opened, settings
    for register in opened:
        register.close()


def note(number: str, at: datetime) -> CallNote:
    return CallNote(number, at, "k", "127.0.0.1", "check", 200, 12, case_id="办件-1", decision="dec_1")


def test_what_one_process_makes_the_other_knows(registers: tuple[Register, Register, Settings]) -> None:
    here, there, _ = registers
    made, token = here.make("审批系统", ["451100-czj"], ["licence.*"], ["read", "check"])
    assert there.find(token) == made
    assert made.may == ("check", "read")
    assert there.host_keys() == (made,)
    there.revoke(made.id, "replaced")
    there.revoke(made.id, "once more")
    assert here.find(token) is None
    assert here.host_keys()[0].reason == "replaced"


def test_calls_are_kept_in_order_and_dropped_with_the_log_of_queries(
    registers: tuple[Register, Register, Settings],
) -> None:
    here, there, settings = registers
    now = datetime.now(UTC)
    for days in (3, 1, 2):
        here.note(note(f"call_{days}", now - timedelta(days=days)))
    assert [call["id"] for call in there.calls(case_id="办件-1")] == ["call_1", "call_2", "call_3"]
    assert there.calls(host_key="other") == []
    ring = KeyRing.open(settings.path(settings.keys.ring), Crypto.of({}, {}))
    audit = AuditStore(settings.database(settings.ledger.audit_url), ring)
    audit.drop_before(now - timedelta(days=1, hours=12))
    audit.close()
    assert [call["id"] for call in there.calls()] == ["call_1"]


def test_of_many_at_once_one_begins(registers: tuple[Register, Register, Settings]) -> None:
    began: list[bool] = []

    def begin(register: Register) -> None:
        try:
            began.append(register.begin("k", "r", "check", b"{}") is None)
        except CreditCheckError as error:
            assert error.code == "call.in_progress"  # noqa: PT017  which of them begins is chance
            began.append(False)

    threads = [threading.Thread(target=begin, args=(registers[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(began) == len(threads))
    assert sum(began) == 1


def test_a_call_that_never_ended_may_be_made_anew_later(
    registers: tuple[Register, Register, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from credit_check_sdk._shell import register as module  # noqa: PLC0415  its lease is shortened

    here, there, _ = registers
    assert here.begin("k", "r", "check", b"{}") is None
    monkeypatch.setattr(module, "_LEASE", timedelta(seconds=-1))
    assert there.begin("k", "r", "check", b"{}") is None
    there.end("k", "r", "dec_1")
    assert here.begin("k", "r", "check", b"{}") == "dec_1"
    here.end("k", "r", None)
    assert here.begin("k", "r", "check", b"{}") == "dec_1", "what came to an end is kept"
    with pytest.raises(CreditCheckError) as found:
        here.begin("k", "r", "settle", b"{}")
    assert found.value.code == "call.repeated"


def test_an_audit_store_that_cannot_be_reached_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "credit-check.toml"
    start(config, sandbox="http://127.0.0.1:9")
    settings = Settings.find(config)
    register = open_register(settings)

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError

    monkeypatch.setattr(AuditStore, "_make", broken)
    with pytest.raises(LedgerError) as found:
        register.find("cck_ab_cd")
    assert found.value.code == "audit.unavailable"
    register.close()
