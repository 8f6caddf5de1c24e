"""Watch what a mapping sends and is answered: before it is signed, and after it was opened. It performs no I/O.

Whoever tries a mapping out sees what the mapping sees; what a signer asks for itself (tokens, keys) is not shown.
"""

from __future__ import annotations

import contextlib
import contextvars
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk.flow import Reply, Request

_watched: contextvars.ContextVar[list[tuple[Request, Reply]] | None] = contextvars.ContextVar(
    "credit_check_watched", default=None
)


@contextlib.contextmanager
def watching() -> Iterator[list[tuple[Request, Reply]]]:
    """Collect what is sent inside, with what came back. Nothing of it is masked."""
    seen: list[tuple[Request, Reply]] = []
    token = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(token)


def note(request: Request, reply: Reply) -> None:
    """Keep an exchange for whoever watches, if anybody does."""
    seen = _watched.get()
    if seen is not None:
        seen.append((request, reply))
