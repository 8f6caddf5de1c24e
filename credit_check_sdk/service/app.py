"""The service as an ASGI application: its routes, its description, its life. What is answered stands in `operations`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response

from credit_check_sdk.client import AsyncCreditCheck
from credit_check_sdk.errors import CallError, CreditCheckError
from credit_check_sdk.service.calls import Front, problem, unknown
from credit_check_sdk.service.described import answers, takes
from credit_check_sdk.service.opening import open_register
from credit_check_sdk.service.operations import OPERATIONS
from credit_check_sdk.service.tokens import open_issuer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from credit_check_sdk.config import Settings
    from credit_check_sdk.service.operations import Operation

_PAUSE = 2.0
"""Seconds between two looks at the outbox."""
_log = logging.getLogger("credit_check_sdk.service")


def create_app(settings: Settings) -> FastAPI:
    """Make the service; it opens its client when it starts, and closes it when it ends."""

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        # Opening reads files and makes tables: not on the loop.
        credit = await asyncio.to_thread(AsyncCreditCheck.open, settings)
        register = await asyncio.to_thread(open_register, settings)
        issuer = await asyncio.to_thread(open_issuer, settings)
        async with credit:
            app.state.front = Front(settings, credit, register, issuer)
            relaying = asyncio.create_task(_relay(credit)) if settings.service.relay else None
            try:
                yield
            finally:
                if relaying is not None:
                    relaying.cancel()
                    await asyncio.wait([relaying])
                await asyncio.to_thread(register.close)

    app = FastAPI(
        title="Credit Check SDK: service",
        description="应查必查服务接口：与 SDK 正门同名同义。 The front door as HTTP: the same words and values. Every call but the "
        "open ones shows a host key (`Authorization: Bearer cck_…`) and is on record. Errors are problem details (RFC 9457).",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        redirect_slashes=False,
    )
    for operation in OPERATIONS:
        _add(app, operation)
    describe = app.openapi

    def described() -> dict[str, Any]:
        said = describe()
        scheme = {"type": "http", "scheme": "bearer", "description": "接入密钥 a host key: cck_…"}
        said.setdefault("components", {})["securitySchemes"] = {"hostKey": scheme}
        return said

    async def nothing(request: Request, error: Exception) -> Response:
        del error
        return problem(unknown("there is nothing here", "此处没有内容"), request, settings.lang)

    async def otherwise(request: Request, error: Exception) -> Response:
        trouble = CallError(
            "this path is not called so",
            "该路径不支持此方法",
            code="call.method",
            remedy_en="see /openapi.json",
            remedy_zh="参见 /openapi.json",
        )
        answer = problem(trouble, request, settings.lang)
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    app.openapi = described  # type: ignore[method-assign]  # FastAPI documents this as the way to add to a description
    app.add_exception_handler(404, nothing)
    app.add_exception_handler(405, otherwise)
    return app


def _add(app: FastAPI, operation: Operation) -> None:
    async def called(request: Request) -> Response:
        front: Front = request.app.state.front
        return await front.perform(request, operation.name, operation.deed, operation.act)

    path = tuple(re.findall(r"\{(\w+)\}", operation.path))
    extra = takes(operation.takes, operation.query, path, repeats=operation.repeats)
    if operation.deed is not None:
        extra["security"] = [{"hostKey": []}]
    app.add_api_route(
        operation.path,
        called,
        methods=[operation.method],
        name=operation.name,
        operation_id=operation.name,
        summary=operation.summary,
        description=operation.act.__doc__,
        response_model=None,
        responses=answers(operation.gives, open_to_all=operation.deed is None),
        openapi_extra=extra,
    )


async def _relay(credit: AsyncCreditCheck) -> None:
    """Deliver feedback for as long as the service runs; what fails is tried again."""
    while True:
        try:
            await credit.relay()
        except CreditCheckError as error:
            _log.warning("the relay pauses (%s)", error.code)
        except Exception as error:  # noqa: BLE001  whatever it is, feedback is in the ledger, and the service goes on
            _log.error("the relay failed, and goes on: %s", type(error).__name__)
        await asyncio.sleep(_PAUSE)
