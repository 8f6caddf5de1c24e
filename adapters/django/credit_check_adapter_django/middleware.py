"""Turn a refusal of the gate into an answer of the web: 409 or 403, problem details (RFC 9457). It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language

from credit_check_sdk import GateError

if TYPE_CHECKING:
    from collections.abc import Callable


class GateRefusals:
    """Answer 409 where a view meets a refusal of the gate, 403 where a measure in force forbids it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Let the request through."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave other exceptions alone."""
        del request
        return problem(exception) if isinstance(exception, GateError) else None


def problem(refusal: GateError) -> JsonResponse:
    """Give a refusal as problem details, in both languages; title and detail are in the request's."""
    chinese = (get_language() or "zh").lower().startswith("zh")
    return JsonResponse(
        refusal.problem("zh-CN" if chinese else "en"),
        status=refusal.http_status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )
