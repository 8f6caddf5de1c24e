"""A ledger of any earlier version becomes one of this version, whole or not at all, and keeps all that it holds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, inspect, text

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger, ddl, migrating, schema, versions
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import LedgerError, LedgerVersionError
from credit_check_sdk.model.ledger import CheckById, LatestCheck, Notices, OutboxStatus
from tests.ledger.samples import check

if TYPE_CHECKING:
    from tests.ledger.conftest import Place

KEPT = Path(__file__).parent / "versions"
OLD = sorted(int(path.name.partition(".")[0].removeprefix("v")) for path in KEPT.glob("v*.rows.json"))
"""Versions of which a ledger with real rows is kept."""
STEPS = list(versions.steps())


def old_keys(folder: Path) -> KeyRing:
    """Open the ring with which the kept ledgers were written; its keys are made for these tests."""
    ring = folder / "old-keys"
    ring.mkdir(mode=0o700)
    shutil.copyfile(KEPT / "ring.json", ring / "ring.json")
    (ring / "ring.json").chmod(0o600)
    return KeyRing.open(ring)


def lay_down(place: Place, version: int) -> dict[str, Any]:
    """Make a ledger of an earlier version as its own package made it; give its rows."""
    rows: dict[str, Any] = json.loads((KEPT / f"v{version}.rows.json").read_text(encoding="utf-8"))
    engine = create_engine(place.url)
    with engine.begin() as connection:
        for statement in (KEPT / f"v{version}.{place.kind}.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
        for table, held in rows.items():
            names = ", ".join(held["columns"])
            marks = ", ".join(f":{name}" for name in held["columns"])
            for row in held["rows"]:
                values = [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in row]
                connection.execute(
                    text(f"INSERT INTO {table} ({names}) VALUES ({marks})"),  # noqa: S608  names of our own file
                    dict(zip(held["columns"], values, strict=True)),
                )
    engine.dispose()
    return rows


def open_once(place: Place) -> None:
    """Open a ledger, which makes its tables, and close it again."""
    ledger = place.ledger()
    try:
        ledger.run(OutboxStatus())
    finally:
        ledger.close()


def shape(place: Place) -> dict[str, Any]:
    """Say what tables there are, with columns and indexes."""
    engine = create_engine(place.url)
    try:
        seen = inspect(engine)
        return {
            table: (
                sorted((c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)),
                sorted(seen.get_pk_constraint(table)["constrained_columns"]),
                sorted((str(i["name"]), tuple(i["column_names"]), bool(i["unique"])) for i in seen.get_indexes(table)),
            )
            for table in seen.get_table_names()
        }
    finally:
        engine.dispose()


def test_every_version_has_a_step_and_the_first_a_kept_ledger() -> None:
    assert [versions.FIRST, *STEPS] == list(range(versions.FIRST, schema.VERSION + 1))
    assert versions.FIRST in OLD


@pytest.mark.parametrize("version", OLD)
def test_an_old_ledger_becomes_a_new_one_with_all_it_holds(place: Place, tmp_path: Path, version: int) -> None:
    keys = old_keys(tmp_path)
    rows = lay_down(place, version)
    refusing = Ledger(place.url, keys)
    with pytest.raises(LedgerVersionError, match="credit-check ledger migrate"):
        refusing.run(OutboxStatus())
    refusing.close()

    assert migrating.migrate(place.url) == migrating.Migrated(version, schema.VERSION)
    assert migrating.migrate(place.url) == migrating.Migrated(schema.VERSION, schema.VERSION)
    ledger = Ledger(place.url, keys)
    try:
        numbers = [row[rows["credit_check"]["columns"].index("decision")] for row in rows["credit_check"]["rows"]]
        assert numbers
        for number in numbers:
            found = ledger.run(CheckById(number))
            assert found.decision.id == number
            assert ledger.run(LatestCheck(found.case.id, found.decision.point)) is not None
        answered = [ledger.run(CheckById(number)).responses for number in numbers]
        assert sum(map(len, answered)) == len(rows["credit_response"]["rows"])
        assert sum(ledger.run(OutboxStatus()).counts.values()) == len(rows["credit_outbox"]["rows"])
        ledger.run([check("dec_new")])
        assert ledger.run(CheckById("dec_new")).decision.id == "dec_new"
        assert ledger.run(Notices()) == ()
    finally:
        ledger.close()


@pytest.mark.parametrize("version", OLD)
def test_the_sum_of_the_steps_is_the_schema(
    place: Place, tmp_path: Path, version: int, request: pytest.FixtureRequest
) -> None:
    from tests.ledger.conftest import make_place  # noqa: PLC0415  a second database of the same kind

    folder = tmp_path / "fresh"
    folder.mkdir()
    fresh = make_place(request, place.kind, folder)
    open_once(fresh)
    lay_down(place, version)
    migrating.migrate(place.url)
    assert shape(place) == shape(fresh)


@pytest.mark.parametrize("version", OLD)
def test_the_printed_sql_does_the_same(place: Place, tmp_path: Path, version: int) -> None:
    lay_down(place, version)
    printed = migrating.script(place.kind, version)
    assert printed.startswith("BEGIN;")
    for statement in printed.split(";\n"):
        bare = "\n".join(line for line in statement.splitlines() if not line.startswith("--")).strip()
        if bare and bare not in {"BEGIN", "COMMIT"}:
            place.sql(bare)
    ledger = Ledger(place.url, old_keys(tmp_path))
    try:
        assert sum(ledger.run(OutboxStatus()).counts.values()) > 0
    finally:
        ledger.close()


@pytest.mark.parametrize("failing", STEPS)
def test_a_step_that_fails_leaves_the_ledger_as_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    lay_down(place, versions.FIRST)
    before = shape(place)
    real = versions.steps()[failing].upgrade

    def fail(op: Any) -> None:
        real(op)
        raise RuntimeError("the power went")

    monkeypatch.setattr(versions.steps()[failing], "upgrade", fail)
    with pytest.raises(RuntimeError, match="the power went"):
        migrating.migrate(place.url)
    assert shape(place) == before
    assert migrating.version_of(place.url) == versions.FIRST


def test_a_newer_ledger_is_left_alone(place: Place) -> None:
    open_once(place)
    place.sql("UPDATE credit_meta SET value = '999' WHERE key = 'schema'")
    with pytest.raises(LedgerError, match="upgrade credit-check-sdk"):
        migrating.migrate(place.url)
    with pytest.raises(LedgerVersionError, match="upgrade credit-check-sdk"):
        open_once(place)


def test_a_database_without_a_ledger_is_refused(place: Place) -> None:
    assert migrating.version_of(place.url) is None
    with pytest.raises(LedgerError, match="no ledger"):
        migrating.migrate(place.url)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_printed_tables_are_those_of_the_schema(dialect: str) -> None:
    printed = ddl(dialect)
    assert printed.count("CREATE TABLE") == len(schema.metadata.tables)


class TestCommand:
    def test_it_upgrades_and_says_so(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
    ) -> None:
        config = tmp_path / "credit-check.toml"
        start(config)
        shutil.copyfile(KEPT / "ring.json", tmp_path / "keys" / "ring.json")
        from tests.ledger.conftest import make_place  # noqa: PLC0415  a database where the configuration has it

        place = make_place(request, "sqlite", tmp_path)
        lay_down(place, versions.FIRST)
        (tmp_path / "ledger.db").rename(tmp_path / "credit-check.db")
        base = ["--config", str(config), "--json"]
        assert run(["outbox", "list", *base]) == 3
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "ledger.version"
        assert run(["ledger", "migrate", "--dry-run", *base]) == 0
        said = {"before": versions.FIRST, "after": schema.VERSION}
        assert json.loads(capsys.readouterr().out) == {**said, "changed": False}
        assert run(["ledger", "migrate", *base]) == 0
        assert json.loads(capsys.readouterr().out) == {**said, "changed": True}
        assert run(["outbox", "list", *base]) == 0

    def test_it_prints_sql(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config = tmp_path / "credit-check.toml"
        start(config)
        assert run(["ledger", "ddl", "--config", str(config)]) == 0
        assert "CREATE TABLE IF NOT EXISTS credit_entry" in capsys.readouterr().out
        assert run(["ledger", "ddl", "--dialect", "postgresql", "--from", "1", "--config", str(config)]) == 0
        assert "ALTER TABLE credit_check ADD COLUMN" in capsys.readouterr().out
        assert run(["ledger", "ddl", "--dialect", "oracle", "--config", str(config)]) == 2
        assert run(["ledger", "ddl", "--from", "99", "--config", str(config)]) == 3
