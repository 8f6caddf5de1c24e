"""A client on each kind of database, and a host's guarded table beside its ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit_check_sdk import CreditCheck
from credit_check_sdk._shell.starting import start
from tests.guard.kit import Bare, Desk
from tests.ledger.conftest import Place, place, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["place", "server"]  # fixtures of the ledger's tests, used here too


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Iterator[Desk]:
    """Give a client on each kind of database, and a host's guarded table beside its ledger."""
    config = tmp_path / "host" / "credit-check.toml"
    start(config, sandbox="http://127.0.0.1:9")
    config.write_text(config.read_text().replace("sqlite:///credit-check.db", place.url))
    with CreditCheck.open(config) as credit:
        bare = Bare(place)
        bare.run("CREATE TABLE files (case_no VARCHAR(64), status VARCHAR(32), note TEXT)")
        made = Desk(credit, bare, place)
        bare.script(made.guard().script())
        yield made
        bare.connection.close()
