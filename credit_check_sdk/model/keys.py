"""What is told of the keys of a ring: their numbers, never the keys. Plain, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeyKind = Literal["data", "receipt", "index"]
"""What a key is for: encryption at rest, receipts, keyed hashes."""


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What may be said of a key: everything but the key."""

    id: str
    """Its number."""
    kind: KeyKind
    """What it is for."""
    alg: str
    """Name of its algorithm (RFC 7518 and 8037 where they have one)."""
    made: str
    """When it was made (RFC 3339)."""
    current: bool
    """Whether it is used for what is written now."""
    revoked: str | None = None
    """When it was revoked."""
    reason: str | None = None
    """Why."""
