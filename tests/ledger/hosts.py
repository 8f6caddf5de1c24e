"""Host systems, each with a table and a connection of its own kind, open in a transaction. For tests of joining."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row, tuple_row
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.ledger.conftest import Place

TABLE = "CREATE TABLE files (id INTEGER)"
ROW = "INSERT INTO files VALUES (1)"
COUNT = "SELECT count(*) FROM files"

BLOCKING = (
    "sqlite3",
    "sqlite3-dicts",
    "sqlalchemy-sqlite",
    "session-sqlite",
    "django-sqlite",
    "psycopg",
    "psycopg-dicts",
    "sqlalchemy-psycopg",
    "django-psycopg",
)
WAITING = ("sqlalchemy-aiosqlite", "psycopg-async", "sqlalchemy-psycopg-async", "sqlalchemy-asyncpg")


def database_of(kind: str) -> str:
    return "sqlite" if "sqlite" in kind else "postgresql"


@contextlib.contextmanager
def host(kind: str, place: Place) -> Iterator[Any]:
    """Give a blocking connection of this kind; its transaction is the test's to end."""
    with contextlib.ExitStack() as stack:
        yield _HOSTS[kind.partition("-")[0]](kind, place, stack)


def _sqlite3(kind: str, place: Place, stack: contextlib.ExitStack) -> Any:
    connection = stack.enter_context(contextlib.closing(sqlite3.connect(place.options["file"])))
    if kind.endswith("dicts"):
        connection.row_factory = lambda cursor, row: {
            column[0]: value for column, value in zip(cursor.description, row, strict=True)
        }
    return connection


def _psycopg(kind: str, place: Place, stack: contextlib.ExitStack) -> Any:
    rows: Any = dict_row if kind.endswith("dicts") else tuple_row
    return stack.enter_context(
        contextlib.closing(psycopg.connect(**driver_options(place), row_factory=rows, cursor_factory=psycopg.RawCursor))
    )


def _sqlalchemy(kind: str, place: Place, stack: contextlib.ExitStack) -> Any:
    engine = create_engine(place.url)
    stack.callback(engine.dispose)
    return stack.enter_context(engine.connect())


def _session(kind: str, place: Place, stack: contextlib.ExitStack) -> Any:
    engine = create_engine(place.url)
    stack.callback(engine.dispose)
    return stack.enter_context(Session(engine))


def _django(kind: str, place: Place, stack: contextlib.ExitStack) -> Any:
    connection = django(place)
    stack.callback(connection.close)
    connection.set_autocommit(False)
    return connection


_HOSTS: dict[str, Any] = {
    "sqlite3": _sqlite3,
    "psycopg": _psycopg,
    "sqlalchemy": _sqlalchemy,
    "session": _session,
    "django": _django,
}


def django(place: Place) -> Any:
    """Give a Django connection, in autocommit as Django opens it."""
    try:
        settings = importlib.import_module("django.conf").settings
    except ImportError:
        pytest.skip("Django's connections are not tested: Django is not installed here")
    if not settings.configured:
        settings.configure(DATABASES={}, USE_TZ=True)
        importlib.import_module("django").setup()
    said: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": place.options.get("file")}
    if place.kind == "postgresql":
        said = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": place.options["host"],
            "OPTIONS": {"options": driver_options(place)["options"]},
        }
    # As Django does it: all that finds a connection by its name finds this one.
    connections = importlib.import_module("django.db").connections
    connections.settings["default"] = connections.configure_settings({"default": said})["default"]
    with contextlib.suppress(AttributeError):
        del connections["default"]
    return connections["default"]


def driver_options(place: Place) -> dict[str, Any]:
    return {
        "host": place.options["host"],
        "user": "postgres",
        "dbname": "postgres",
        "options": f"-csearch_path={place.options['schema']}",
    }


def execute(connection: Any, statement: str) -> Any:
    """Run the host's own statement; give the first value of its first row."""
    if hasattr(connection, "exec_driver_sql"):
        found = connection.exec_driver_sql(statement)
        return next(iter(found))[0] if found.returns_rows else None
    if hasattr(connection, "get_bind"):
        return execute(connection.connection(), statement)
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    return _first(rows)


def _first(rows: Any) -> Any:
    if not rows:
        return None
    return next(iter(rows[0].values())) if isinstance(rows[0], dict) else rows[0][0]


@contextlib.asynccontextmanager
async def waiting_host(kind: str, place: Place) -> AsyncIterator[Any]:
    """Give an asynchronous connection of this kind; its transaction is the test's to end."""
    if kind == "psycopg-async":
        async with await psycopg.AsyncConnection.connect(**driver_options(place)) as connection:
            yield connection
        return
    options: dict[str, Any] = {}
    url = place.url
    if kind == "sqlalchemy-aiosqlite":
        url = url.replace("sqlite:", "sqlite+aiosqlite:")
    if kind == "sqlalchemy-asyncpg":
        pytest.importorskip("asyncpg", reason="asyncpg is not tested: it is not installed here")
        url = f"postgresql+asyncpg://postgres@/postgres?host={place.options['host']}"
        options = {"connect_args": {"server_settings": {"search_path": place.options["schema"]}}}
    engine = create_async_engine(url, **options)
    try:
        async with engine.connect() as started:
            yield started
    finally:
        await engine.dispose()


async def execute_async(connection: Any, statement: str) -> Any:
    """Run the host's own statement; give the first value of its first row."""
    if hasattr(connection, "exec_driver_sql"):
        found = await connection.exec_driver_sql(statement)
        return next(iter(found))[0] if found.returns_rows else None
    async with connection.cursor() as cursor:
        await cursor.execute(statement)
        return _first(await cursor.fetchall() if cursor.description else [])
