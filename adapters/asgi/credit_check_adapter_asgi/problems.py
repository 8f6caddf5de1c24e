"""Make answers of errors: problem details (RFC 9457) with code and words. No answer shows an identifier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from credit_check_sdk import CreditCheckError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

_RETRY_SECONDS = "5"


def add_problem_details(app: Starlette) -> None:
    """Let *app* answer the SDK's errors with problem details: 409 or 403 where the gate refuses."""
    app.add_exception_handler(CreditCheckError, problem_details)


async def problem_details(request: Request, error: Exception) -> Response:
    """Give an error as the answer to *request*, in the language that it asks for.

    Raises:
        Exception: *error* itself, where it is none of the SDK's.
    """
    if not isinstance(error, CreditCheckError):
        raise error
    headers = {"Retry-After": _RETRY_SECONDS} if error.http_status == 503 else {}  # noqa: PLR2004  service unavailable
    return Response(
        json.dumps(
            error.problem(language_of(request.headers.get("accept-language", ""))), ensure_ascii=False, default=str
        ),
        status_code=error.http_status,
        media_type="application/problem+json",
        headers=headers,
    )


def language_of(accepted: str) -> str:
    """Pick Chinese or English from an ``Accept-Language`` header; Chinese where it says neither."""
    best, found = 0.0, "zh-CN"
    for part in accepted.split(","):
        tag, _, parameters = part.strip().partition(";")
        name, _, said = parameters.strip().partition("=")
        try:
            weight = float(said) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        known = {"zh": "zh-CN", "en": "en"}.get(tag.strip().lower()[:2])
        if known and weight > best:
            best, found = weight, known
    return found
