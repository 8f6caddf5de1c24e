"""What the plugin registers. It reaches no cluster until a screening runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import Engine, EngineFactory


@hookimpl
def credit_check_engines() -> Mapping[str, EngineFactory]:
    """Register the engine ``dask``."""
    return {"dask": _made}


def _made(options: Mapping[str, str]) -> Engine:
    from credit_check_dask.engine import DaskEngine  # noqa: PLC0415  distributed takes a second to import

    return DaskEngine.of(options)
