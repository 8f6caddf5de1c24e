"""Keep sealed answers on a Redis or Valkey server. It sees keyed hashes and sealed bytes, and no identifier.

While the server is out of reach nothing is raised and nothing waits: after a failure it is left alone for a moment. A
listener hears what other processes forget; when its connection was lost it says that something may have been missed.
"""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import timedelta
from time import monotonic, time  # noqa: TID251  a memory does I/O of its own, by a clock of its own
from typing import TYPE_CHECKING, Any, TypeVar

import redis
from pydantic import Field, ValidationError

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Duration, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Heard = Callable[[Sequence[str] | None, float], None]

T = TypeVar("T")
_FORGOTTEN = "!"
_FORGETTING = 15 * 60
"""Seconds for which it is known that a group was forgotten; no consultation lasts longer."""
_LINGER = 5
"""Seconds for which a result is left for those who wait."""
_LAND = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
  return 1
end
return 0
"""
"""Gives up the lead and leaves the result, unless somebody else leads meanwhile."""


class RedisOptions(Value):
    """The table ``[memory.options]`` of the memory ``redis``."""

    url: str = "redis://127.0.0.1:6379/0"
    """Address of the server: ``redis://``, ``rediss://`` or ``unix://``; a password may come with it."""
    prefix: str = Field(default="credit-check", pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    """What all names begin with, so that several departments may use one server."""
    timeout: Duration = timedelta(milliseconds=200)
    """How long one exchange with the server may take."""
    leave_alone: Duration = timedelta(seconds=1)
    """How long it is left alone after it failed."""


class RedisMemory:
    """A memory on a Redis or Valkey server; safe to share among threads, and across a fork."""

    def __init__(self, options: RedisOptions) -> None:
        self._options = options
        self._closed = False
        self._begin()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> RedisMemory:
        """Make a memory of the options in the configuration.

        Raises:
            ConfigurationError: an option is unknown or cannot be used. A server that is not there is no error.
        """
        try:
            return cls(RedisOptions.model_validate(dict(options)))
        except (ValidationError, ValueError) as error:
            places = ""
            if isinstance(error, ValidationError):
                found = error.errors(include_url=False, include_input=False, include_context=False)
                places = ", ".join(".".join(map(str, each["loc"])) for each in found)
            raise ConfigurationError(
                f"memory.options cannot be used ({places or 'url'})",
                f"memory.options 不可用（{places or 'url'}）",
                remedy_en=f"known options are {', '.join(RedisOptions.model_fields)}; url is redis://HOST:PORT/NUMBER",
                remedy_zh=f"可用的键：{'、'.join(RedisOptions.model_fields)}；url 形如 redis://主机:端口/编号",
            ) from None

    def _begin(self) -> None:
        seconds = self._options.timeout.total_seconds()
        self._server: Any = redis.Redis.from_url(
            self._options.url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None
        )
        self._land: Any = self._server.register_script(_LAND)
        self._trouble: str | None = None
        self._again_at = 0.0
        self._leaving = threading.Event()
        self._listener: threading.Thread | None = None

    @property
    def trouble(self) -> str | None:
        """What is wrong, in a few words; asks the server where nothing was wrong a moment ago."""
        self._asked(self._server.ping, None)
        return self._trouble

    def recall(self, wanted: Sequence[tuple[str, str]]) -> Sequence[tuple[bytes | None, float | None]]:
        """Give what is kept, and when each group was last to be forgotten."""

        def ask() -> list[tuple[bytes | None, float | None]]:
            pipe = self._server.pipeline(transaction=False)
            for group, name in wanted:
                pipe.hmget(self._name("m", group), [name, _FORGOTTEN])
            return [(kept, float(at) if at is not None else None) for kept, at in pipe.execute()]

        return self._asked(ask, [(None, None)] * len(wanted))

    def remember(self, items: Sequence[tuple[str, str, bytes, float]]) -> None:
        """Keep bytes; a group is kept as long as the longest of them."""

        def ask() -> None:
            pipe = self._server.pipeline(transaction=False)
            for group, name, sealed, seconds in items:
                key, length = self._name("m", group), max(1, int(seconds * 1000))
                pipe.hset(key, name, sealed)
                pipe.pexpire(key, length, nx=True)
                pipe.pexpire(key, length, gt=True)
            pipe.execute()

        self._asked(ask, None)

    def forget(self, groups: Sequence[str], at: float) -> None:
        """Lose groups, note when, and tell the listeners."""

        def ask() -> None:
            pipe = self._server.pipeline(transaction=True)
            for group in groups:
                key = self._name("m", group)
                pipe.delete(key)
                pipe.hset(key, _FORGOTTEN, repr(at))
                pipe.expire(key, _FORGETTING)
            pipe.publish(self._name("forget"), json.dumps({"groups": list(groups), "at": at}))
            pipe.execute()

        self._asked(ask, None)

    def listen(self, heard: Heard) -> None:
        """Hear what others forget, in a thread of its own, until it is closed."""
        self._listener = threading.Thread(
            target=self._listening, args=(heard, self._leaving), name="credit-check-redis", daemon=True
        )
        self._listener.start()

    def claim(self, name: str, token: str, seconds: float) -> bool:
        """Take the lead; a server that cannot be asked stands in nobody's way."""
        key, length = self._name("c", name), max(1, int(seconds * 1000))
        return bool(self._asked(lambda: bool(self._server.set(key, token, nx=True, px=length)), default=True))

    def land(self, name: str, token: str, result: bytes) -> None:
        """Leave a result and give up the lead."""
        keys = [self._name("c", name), self._name("r", name)]
        self._asked(lambda: self._land(keys=keys, args=[token, result, _LINGER * 1000]), None)

    def landed(self, name: str) -> tuple[bytes | None, bool]:
        """Give the result that was left, and whether somebody leads."""

        def ask() -> tuple[bytes | None, bool]:
            result, lead = self._server.mget([self._name("r", name), self._name("c", name)])
            return result, lead is not None

        nothing: tuple[bytes | None, bool] = (None, False)
        return self._asked(ask, nothing)

    def close(self) -> None:
        """Let go of connections, and of the listener."""
        self._closed = True
        self._leaving.set()
        if self._listener is not None:
            self._listener.join(2)
        with contextlib.suppress(redis.RedisError, OSError):
            self._server.close()

    def reset_after_fork(self) -> None:
        """Make connections of one's own; the parent's are left alone."""
        self._begin()

    def _name(self, *parts: str) -> str:
        return ":".join((self._options.prefix, *parts))

    def _asked(self, ask: Callable[[], T], default: T) -> T:
        """Ask the server, or answer *default* while it is out of reach."""
        if monotonic() < self._again_at or self._closed:
            return default
        try:
            answer = ask()
        except (redis.RedisError, OSError) as error:
            self._trouble = type(error).__name__
            self._again_at = monotonic() + self._options.leave_alone.total_seconds()
            return default
        self._trouble = None
        return answer

    def _listening(self, heard: Heard, leaving: threading.Event) -> None:
        lost = False
        while not leaving.is_set():
            # Closing it closes its connection too, whatever happened.
            channel = self._server.pubsub(ignore_subscribe_messages=True)
            try:
                channel.subscribe(self._name("forget"))
                # Whoever was away may have missed something; what is here cannot be trusted any more.
                if lost:
                    heard(None, time())
                lost = True
                while not leaving.is_set():
                    message = channel.get_message(timeout=0.5)
                    if message is not None and message["type"] == "message":
                        said = json.loads(message["data"])
                        heard(said["groups"], float(said["at"]))
            except (redis.RedisError, OSError, ValueError, KeyError):
                leaving.wait(self._options.leave_alone.total_seconds())
            finally:
                with contextlib.suppress(redis.RedisError, OSError):
                    channel.close()
