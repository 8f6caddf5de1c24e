"""Where a process can die: before and after each statement, each commit and each request. It decides nothing.

Installed in a child process only: it stands between the product and its database drivers and HTTP client, and tells each
boundary to a listener, which may never come back.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from typing_extensions import override

from credit_check_sdk._shell import exchange
from credit_check_sdk._shell.ledger import stores

if TYPE_CHECKING:
    from collections.abc import Callable

_VERB = re.compile(r"\s*(\w+)")
_TABLE = re.compile(r"credit_\w+")
_QUIET = ("PRAGMA", "SET", "SHOW")


class Watch:
    """Counts boundaries by phase and name, and tells each to *listener* as ``phase · name · n-th time``."""

    def __init__(self, listener: Callable[[str, Any], None]) -> None:
        self.phase = ""
        self._listener = listener
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str, connection: Any = None) -> None:
        """Say that a boundary is reached."""
        if not self.phase:
            return
        with self._lock:
            place = f"{self.phase} · {name}"
            self._counts[place] += 1
            number = self._counts[place]
        self._listener(f"{place} · {number}", connection)

    def install(self) -> None:
        """Stand between the product and the world, for the rest of this process."""
        _watch_sqlite(self)
        _watch_server(self)
        _watch_requests(self)


def _named(statement: str) -> str | None:
    verb = _VERB.match(statement)
    if verb is None or verb[1].upper() in _QUIET:
        return None
    table = _TABLE.search(statement)
    return f"{verb[1].upper()} {table[0]}" if table else verb[1].upper()


def _watch_sqlite(watch: Watch) -> None:
    def around(connection: Any, statement: str, work: Callable[[], Any]) -> Any:
        name = _named(statement)
        if name is None:
            return work()
        watch.reach(f"before {name}", connection)
        answer = work()
        watch.reach(f"after {name}", connection)
        return answer

    class Cursor(sqlite3.Cursor):
        @override
        def execute(self, sql: str, parameters: Any = (), /) -> Any:
            return around(self.connection, sql, lambda: super(Cursor, self).execute(sql, parameters))

        @override
        def executemany(self, sql: str, parameters: Any, /) -> Any:
            return around(self.connection, sql, lambda: super(Cursor, self).executemany(sql, parameters))

    class Connection(sqlite3.Connection):
        @override
        def execute(self, sql: str, parameters: Any = (), /) -> Any:
            return around(self, sql, lambda: super(Connection, self).execute(sql, parameters))

        @override
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    real = sqlite3.connect

    def connect(*args: Any, **options: Any) -> Any:
        return real(*args, **{"factory": Connection, **options})

    stores.sqlite3 = type("Watched", (), {**vars(sqlite3), "connect": staticmethod(connect)})  # type: ignore[assignment, attr-defined]  # in this child only


def _watch_server(watch: Watch) -> None:
    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del cursor, rest
        name = _named(statement)
        if name is not None:
            watch.reach(f"before {name}", connection)

    def after(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del cursor, rest
        name = _named(statement)
        if name is not None:
            watch.reach(f"after {name}", connection)

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    event.listen(Engine, "begin", lambda connection: watch.reach("after BEGIN", connection))
    event.listen(Engine, "commit", lambda connection: watch.reach("before COMMIT", connection))
    from sqlalchemy.engine.default import DefaultDialect  # noqa: PLC0415  only where a server is watched

    commit: Any = DefaultDialect.do_commit

    def committed(self: Any, connection: Any) -> None:
        commit(self, connection)
        watch.reach("after COMMIT")

    DefaultDialect.do_commit = committed  # type: ignore[method-assign]  # in this child only


def _watch_requests(watch: Watch) -> None:
    send, send_async = exchange.Exchange.send, exchange.Exchange.send_async

    def watched(self: Any, request: Any, source: str, *more: Any, **named: Any) -> Any:
        name = request.url.partition("?")[0].rpartition("/v1/")[2]
        watch.reach(f"before request {name}")
        answer = send(self, request, source, *more, **named)
        watch.reach(f"after request {name}")
        return answer

    async def watched_async(self: Any, request: Any, source: str, *more: Any, **named: Any) -> Any:
        name = request.url.partition("?")[0].rpartition("/v1/")[2]
        watch.reach(f"before request {name}")
        answer = await send_async(self, request, source, *more, **named)
        watch.reach(f"after request {name}")
        return answer

    exchange.Exchange.send = watched  # type: ignore[method-assign]  # in this child only
    exchange.Exchange.send_async = watched_async  # type: ignore[method-assign]  # in this child only
