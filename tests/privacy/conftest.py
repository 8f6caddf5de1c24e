"""Where ledgers are kept in these tests: the same places as any ledger's."""

from __future__ import annotations

from tests.ledger.conftest import place, server

__all__ = ["place", "server"]
