"""What tests of the service share: to call it as any client would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def ask(
    url: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = None,
    method: str | None = None,
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Call the service as any client would."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
    given = {"content-type": "application/json", **(headers or {})}
    if key is not None:
        given["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url + path, data, given, method=method)  # noqa: S310  the service is on this machine
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310  the same
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())
