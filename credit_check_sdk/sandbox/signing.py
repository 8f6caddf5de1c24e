"""Who may ask: signed requests are verified, each nonce once. It knows keys and a clock, and no HTTP framework."""

from __future__ import annotations

import hmac
import threading
import time
from typing import TYPE_CHECKING

from credit_check_sdk.platform import wire

if TYPE_CHECKING:
    from collections.abc import Mapping


class Doorkeeper:
    """Verify signatures of known keys; thread-safe."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}

    def refusal(self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """Say why a request is not served, as a code, or None where it is rightly signed."""
        key = headers.get(wire.KEY_HEADER.lower(), "")
        stamp = headers.get(wire.TIMESTAMP_HEADER.lower(), "")
        nonce = headers.get(wire.NONCE_HEADER.lower(), "")
        given = headers.get(wire.SIGNATURE_HEADER.lower(), "")
        if not (key and stamp and nonce and given):
            return "signature.missing"
        secret = self._secrets.get(key)
        if secret is None:
            return "signature.unknown_key"
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004  seconds fit
            return "signature.invalid"
        now = time.time()
        if abs(now - int(stamp)) > wire.TOLERANCE:
            return "signature.expired"
        expected = wire.signature(secret, method, path_and_query, body, int(stamp), nonce)
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            return "signature.invalid"
        return None if self._first_time(key, nonce, now) else "signature.replayed"

    def _first_time(self, key: str, nonce: str, now: float) -> bool:
        with self._lock:
            if len(self._seen) > 100_000:  # noqa: PLR2004  swept now and then
                self._seen = {name: until for name, until in self._seen.items() if until > now}
            if self._seen.get((key, nonce), 0) > now:
                return False
            self._seen[key, nonce] = now + 2 * wire.TOLERANCE
            return True
