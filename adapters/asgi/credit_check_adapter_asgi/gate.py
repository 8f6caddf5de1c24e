"""Guard a route: its handler runs only when the gate has let the case pass. No middleware, nothing kept between requests."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from credit_check_sdk import AsyncCreditCheck, Case, InputError, Pass, Point, Step

Finder = Callable[[Request], Any]
"""What finds the `Case` of a request, or its number; it may be a coroutine function."""


class CreditGate:
    """A dependency of FastAPI, and a guard of Starlette's endpoints.

    ::

        approving = CreditGate(point="decide", to="grant")

        @app.post("/files/{case_id}/approve")
        async def approve(case_id: str, passed: Annotated[Pass, Depends(approving)]) -> dict: ...

    *case* names the path parameter with the number of the file, or finds the `Case` (then changed parties are noticed).
    Between the gate and what the handler changes time may pass: where the ledger is in the host's database, ask in the
    handler's own transaction too, with ``async with client_of(request).guard(case, transaction=connection)``.
    """

    def __init__(
        self,
        *,
        point: Point | None = None,
        to: Step = "proceed",
        case: str | Finder = "case_id",
        client: AsyncCreditCheck | None = None,
    ) -> None:
        self._point, self._to, self._case, self._client = point, to, case, client

    async def __call__(self, request: Request) -> Pass:
        """Ask the gate for the case of *request*.

        Raises:
            GateError: it refuses; `add_problem_details` makes an answer of it.
            InputError: the request names no case.
        """
        found = await self._find(request)
        client = self._client or client_of(request)
        return await client.require(found, to=self._to, point=self._point)

    def protects(self, endpoint: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Any]]:
        """Guard an endpoint of Starlette; the pass is in ``request.state.credit_pass``."""

        @functools.wraps(endpoint)
        async def guarded(request: Request) -> Any:
            request.state.credit_pass = await self(request)
            return await endpoint(request)

        return guarded

    async def _find(self, request: Request) -> Case | str:
        if isinstance(self._case, str):
            found: Any = request.path_params.get(self._case)
            found = None if found is None else str(found)
        else:
            found = self._case(request)
            if inspect.isawaitable(found):
                found = await found
        if isinstance(found, Case) or (isinstance(found, str) and found):
            return found
        raise InputError(
            "the request names no case",
            "请求没有指明办件",
            remedy_en=f"give {self._case!r} in the path" if isinstance(self._case, str) else "name the case",
            remedy_zh=f"请在路径中给出 {self._case}" if isinstance(self._case, str) else "请指明办件",
        )


def client_of(request: Request) -> AsyncCreditCheck:
    """Give the application's client, as `credit_lifespan` opened it.

    Raises:
        InputError: the application has none.
    """
    client: AsyncCreditCheck | None = getattr(request.app.state, "credit_check", None)
    if client is None:
        raise InputError(
            "the application has no client",
            "应用没有打开客户端",
            remedy_en="make it with lifespan=credit_lifespan(…), or set app.state.credit_check",
            remedy_zh="请使用 lifespan=credit_lifespan(…)，或设置 app.state.credit_check",
        )
    return client
