"""A credit platform to develop against: the reference protocol, served over HTTP, with invented data only.

It is a real server: requests are validated and signed, answers are paged, deliveries are idempotent, lists carry
ETags, changes can be waited for, and it can be told to fail in every way that platforms fail. It never listens beyond
loopback unless it is told to.
"""

from __future__ import annotations

from credit_check_sdk.sandbox.running import Running, serve, serving

__all__ = ["Running", "serve", "serving"]
