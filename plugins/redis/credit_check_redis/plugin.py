"""What the plugin registers. It opens no connection until a client is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import Memory, MemoryFactory


@hookimpl
def credit_check_memories() -> Mapping[str, MemoryFactory]:
    """Register the memory ``redis``."""
    return {"redis": _made}


def _made(options: Mapping[str, Any]) -> Memory:
    from credit_check_redis.memory import RedisMemory  # noqa: PLC0415  redis is imported where it is used

    return RedisMemory.of(options)
