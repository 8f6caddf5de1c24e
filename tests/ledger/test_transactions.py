"""What is recorded in a host's transaction is committed and rolled back with the host's own rows."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from credit_check_sdk.errors import LedgerError, TransactionError
from credit_check_sdk.model.ledger import CheckById, OutboxRows
from tests.ledger.conftest import make_place
from tests.ledger.hosts import (
    BLOCKING,
    COUNT,
    ROW,
    TABLE,
    WAITING,
    database_of,
    django,
    driver_options,
    execute,
    execute_async,
    host,
    waiting_host,
)
from tests.ledger.samples import answer, check, promise

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk._shell.ledger import Ledger
    from tests.ledger.conftest import Place


def prepared(request: pytest.FixtureRequest, kind: str, folder: Path) -> tuple[Place, Ledger]:
    place = make_place(request, database_of(kind), folder)
    ledger = place.ledger()
    request.addfinalizer(ledger.close)
    ledger.prepare()
    place.sql(TABLE)
    return place, ledger


def whole() -> list[Any]:
    return [check("dec_1"), answer("resp_1", "dec_1", feedback="fb_1"), promise("fb_1", "c-1")]


def kept(place: Place, ledger: Ledger) -> tuple[int, bool, int]:
    """Count the host's rows, the check and the feedback, as somebody else sees them."""
    return place.sql(COUNT)[0][0], ledger.run(CheckById("dec_1")) is not None, len(ledger.run(OutboxRows()))


@pytest.mark.parametrize("kind", BLOCKING)
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_record_ends_as_the_host_s_row_does(
    kind: str, end: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, kind, tmp_path)
    with host(kind, place) as connection:
        execute(connection, ROW)
        ledger.run(whole(), transaction=connection)
        found = ledger.run(CheckById("dec_1"), transaction=connection)
        assert [given.feedback for given in found.responses] == ["fb_1"]
        assert kept(place, ledger) == (0, False, 0)
        getattr(connection, end)()
        # Still the host's: neither closed nor given away.
        assert execute(connection, COUNT) == (1 if end == "commit" else 0)
        connection.rollback()
    assert kept(place, ledger) == ((1, True, 1) if end == "commit" else (0, False, 0))


@pytest.mark.parametrize("kind", WAITING)
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_record_ends_as_the_host_s_row_does_on_an_event_loop(
    kind: str, end: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, kind, tmp_path)

    async def run() -> None:
        async with waiting_host(kind, place) as connection:
            await execute_async(connection, ROW)
            await ledger.run_async(whole(), transaction=connection)
            found = await ledger.run_async(CheckById("dec_1"), transaction=connection)
            assert [given.feedback for given in found.responses] == ["fb_1"]
            assert await ledger.run_async(CheckById("dec_1")) is None
            await getattr(connection, end)()
            assert await execute_async(connection, COUNT) == (1 if end == "commit" else 0)
            await connection.rollback()

    asyncio.run(run())
    assert kept(place, ledger) == ((1, True, 1) if end == "commit" else (0, False, 0))


@pytest.mark.parametrize("kind", BLOCKING)
@pytest.mark.parametrize("host_first", [True, False])
def test_a_record_that_fails_leaves_nothing_of_itself_and_all_of_the_host_s(
    kind: str, *, host_first: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, kind, tmp_path)
    ledger.run([answer("resp_1", "dec_0")])
    with host(kind, place) as connection:
        if host_first:
            execute(connection, ROW)
        with pytest.raises(LedgerError) as caught:
            ledger.run([*whole()[::2], answer("resp_1", "dec_1")], transaction=connection)
        if not host_first:
            execute(connection, ROW)
        connection.commit()
    assert kept(place, ledger) == (1, False, 0)
    assert "resp_1" not in str(caught.value)
    assert str(caught.value).endswith("try again")


@pytest.mark.parametrize("kind", WAITING)
def test_a_record_that_fails_on_an_event_loop_leaves_all_of_the_host_s(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, kind, tmp_path)
    ledger.run([answer("resp_1", "dec_0")])

    async def run() -> None:
        async with waiting_host(kind, place) as connection:
            await execute_async(connection, ROW)
            with pytest.raises(LedgerError):
                await ledger.run_async([*whole()[::2], answer("resp_1", "dec_1")], transaction=connection)
            await connection.commit()

    asyncio.run(run())
    assert kept(place, ledger) == (1, False, 0)


def test_what_a_host_records_first_can_be_rolled_back_too(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """sqlite3 begins a transaction with the host's first change; a savepoint before it would commit on its own."""
    for kind in ("sqlite3", "sqlalchemy-sqlite", "session-sqlite", "django-sqlite"):
        folder = tmp_path / kind
        folder.mkdir()
        place, ledger = prepared(request, kind, folder)
        with host(kind, place) as connection:
            ledger.run(whole(), transaction=connection)
            connection.rollback()
        assert kept(place, ledger) == (0, False, 0), kind


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_django_s_atomic_block_carries_the_record(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, database, tmp_path)
    connection = django(place)
    atomic = importlib.import_module("django.db.transaction").atomic
    with contextlib.closing(connection):
        with pytest.raises(TransactionError, match=r"autocommit.*transaction\.atomic"):
            ledger.run(whole(), transaction=connection)
        with contextlib.suppress(ZeroDivisionError), atomic():
            execute(connection, ROW)
            ledger.run(whole(), transaction=connection)
            raise ZeroDivisionError
        assert kept(place, ledger) == (0, False, 0)
        with atomic():
            execute(connection, ROW)
            ledger.run(whole(), transaction=connection)
    assert kept(place, ledger) == (1, True, 1)
    with pytest.raises(TransactionError, match="sync_to_async"):
        asyncio.run(ledger.run_async(whole(), transaction=connection))


def test_autocommit_is_refused_naming_what_to_do(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place, ledger = prepared(request, "sqlite", tmp_path)
    with contextlib.closing(sqlite3.connect(place.options["file"], isolation_level=None)) as connection:
        with pytest.raises(TransactionError, match="autocommit") as caught:
            ledger.run(whole(), transaction=connection)
        assert caught.value.code == "transaction.refused"
        assert caught.value.words("zh-CN").endswith("请先开启事务（BEGIN）")
        connection.execute("BEGIN")
        ledger.run(whole(), transaction=connection)  # begun by hand: a transaction like any other
        connection.rollback()
    for options in ({"isolation_level": "AUTOCOMMIT"}, {"execution_options": {"isolation_level": "AUTOCOMMIT"}}):
        engine = create_engine(place.url, **options)
        with engine.connect() as connected, pytest.raises(TransactionError, match="autocommit"):
            ledger.run(whole(), transaction=connected)
        engine.dispose()
    assert kept(place, ledger) == (0, False, 0)


def test_autocommit_of_a_server_is_refused_and_a_block_of_it_is_not(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, ledger = prepared(request, "psycopg", tmp_path)
    with psycopg.connect(**driver_options(place), autocommit=True) as connection:
        with pytest.raises(TransactionError, match="autocommit"):
            ledger.run(whole(), transaction=connection)
        with connection.transaction(force_rollback=True):
            ledger.run(whole(), transaction=connection)
    engine = create_engine(place.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connected, pytest.raises(TransactionError, match="autocommit"):
        ledger.run(whole(), transaction=connected)
    engine.dispose()
    assert kept(place, ledger) == (0, False, 0)


@pytest.mark.parametrize("kind", ["sqlite3", "sqlalchemy-sqlite", "psycopg", "sqlalchemy-psycopg"])
@pytest.mark.parametrize("there", ["nothing", "another ledger"])
def test_another_database_is_refused_and_its_transaction_goes_on(
    kind: str, there: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    _, ledger = prepared(request, kind, tmp_path)
    folder = tmp_path / "other"
    folder.mkdir()
    other = make_place(request, database_of(kind), folder)
    if there == "another ledger":
        second = other.ledger()
        second.prepare()
        second.close()
    other.sql(TABLE)
    with host(kind, other) as connection:
        execute(connection, ROW)
        with pytest.raises(TransactionError, match="another database") as caught:
            ledger.run(whole(), transaction=connection)
        assert caught.value.code == "transaction.refused"
        connection.commit()
    assert other.sql(COUNT) == [(1,)]


def test_what_is_no_transaction_is_refused(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    place, ledger = prepared(request, "sqlite", tmp_path)
    engine = create_engine(place.url)
    with pytest.raises(TransactionError, match="of type Engine is unknown"):
        ledger.run(whole(), transaction=engine)
    engine.dispose()
    with pytest.raises(TransactionError, match="of type object is unknown"):
        ledger.run(whole(), transaction=object())

    async def run() -> None:
        waiting = create_async_engine(place.url.replace("sqlite:", "sqlite+aiosqlite:"))
        with pytest.raises(TransactionError, match="not started"):
            await ledger.run_async(whole(), transaction=waiting.connect())
        with pytest.raises(TransactionError, match=r"await session\.connection"):
            await ledger.run_async(whole(), transaction=AsyncSession(waiting))
        async with waiting.connect() as connection:
            with pytest.raises(TransactionError, match="use AsyncCreditCheck"):
                ledger.run(whole(), transaction=connection)
        await waiting.dispose()

    asyncio.run(run())


def test_a_database_that_no_ledger_can_be_kept_in_is_refused(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    class Oracle:
        vendor, in_atomic_block = "oracle", True

        def ensure_connection(self) -> None:
            raise AssertionError

    _, ledger = prepared(request, "sqlite", tmp_path)
    with pytest.raises(TransactionError, match="cannot be kept in oracle"):
        ledger.run(whole(), transaction=Oracle())


def test_a_host_that_holds_the_database_can_still_be_joined(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A ledger opened while the host writes must not wait for the host, which waits for it."""
    place, first = prepared(request, "sqlite3", tmp_path)
    first.close()
    with host("sqlite3", place) as connection:
        execute(connection, ROW)
        ledger = place.ledger()
        ledger.run(whole(), transaction=connection)
        connection.commit()
    assert kept(place, ledger) == (1, True, 1)
    ledger.close()
