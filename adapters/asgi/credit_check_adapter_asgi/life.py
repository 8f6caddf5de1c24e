"""The client's life inside an application: opened when it starts, closed when it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from credit_check_sdk import AsyncCreditCheck

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable

    from starlette.applications import Starlette

    from credit_check_sdk import Settings


def credit_lifespan(
    config: str | os.PathLike[str] | Settings | None = None,
    inner: Callable[[Any], contextlib.AbstractAsyncContextManager[Any]] | None = None,
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[Any]]:
    """Give a lifespan that keeps an `AsyncCreditCheck` in ``app.state.credit_check``; *inner* is the host's own.

    ``FastAPI(lifespan=credit_lifespan("credit-check.toml"))``. Where the configuration cannot work, the application does
    not start.
    """

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[Any]:
        # Opening reads files and makes the ledger's tables: not on the loop.
        client = await asyncio.to_thread(AsyncCreditCheck.open, config)
        async with client:
            app.state.credit_check = client
            if inner is None:
                yield None
            else:
                async with inner(app) as state:
                    yield state

    return life
