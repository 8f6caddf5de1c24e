"""What the plugin registers. It touches no file until a client is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.model import Environment
    from credit_check_sdk.spi import Signer, Source, SourceFactory, SourceSettings


@hookimpl
def credit_check_sources() -> Mapping[str, SourceFactory]:
    """Register the source ``snapshot``."""
    return {"snapshot": _made}


def _made(settings: SourceSettings, signer: Signer, environment: Environment) -> Source:
    del signer  # nothing is sent from here: a publisher fetches
    from credit_check_snapshot.source import SnapshotSource  # noqa: PLC0415  sqlite3 and cryptography where they are used

    return SnapshotSource(settings, environment)
