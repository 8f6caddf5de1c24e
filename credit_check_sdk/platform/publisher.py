"""The publisher that speaks the reference protocol: whole lists and their changes. It performs no I/O.

A page is used whole or not at all. Whether what came together is the list that was announced, the core sees by its digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import rfc8785

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.model.listing import ListEntry, ListInfo, Listings, ListPage
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.exchange import get, not_understood, problem_code, understood
from credit_check_sdk.platform.options import options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.model import Environment
    from credit_check_sdk.spi import Signer, SourceSettings

_UNCHANGED = 304
_CONFLICT = 409
_GONE = 410
_LONGEST_WAIT = 60.0
_Reply = TypeVar("_Reply", wire.ListsReply, wire.SnapshotReply, wire.DeltaReply)


class PlatformPublisher:
    """Fetch the lists of a platform that speaks the reference protocol (kind ``platform``).

    Raises:
        ConfigurationError: ``base_url`` or an option cannot be used.
    """

    def __init__(self, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        options_of(settings)
        self.id = settings.id
        self._settings = settings
        self._signer = signer
        self._environment: Environment = environment

    async def listings(self, tag: str | None, wait: float) -> Listings | None:
        """Give all lists as they stand; None where nothing changed since *tag*; the platform may wait, 60 s at most.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: the answer is refused as a whole.
        """
        wait = min(max(wait, 0.0), _LONGEST_WAIT) if tag else 0.0
        path = f"{wire.LISTS}?wait={wait:g}" if wait else wire.LISTS
        headers = {"If-None-Match": tag} if tag else {}
        answered = await get(self._settings, self._signer, path, wait=wait, headers=headers)
        if tag and answered.reply.status == _UNCHANGED:
            return None
        reply = self._ours(understood(wire.ListsReply, answered, self.id))
        infos = tuple(_info(each) for each in reply.lists)
        if len({each.code for each in infos}) != len(infos):
            raise not_understood(self.id, "it names a list twice", "同一名单出现两次")
        return Listings(
            as_of=reply.as_of,
            environment=reply.environment,
            lists=infos,
            tag=answered.reply.headers.get("etag"),
            seal=reply.seal,
        )

    async def snapshot(self, code: str, cursor: str | None) -> ListPage:
        """Give a page of a whole list.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: the page is refused; ``list.changed``: the list changed since the first one.
        """
        path = f"{wire.LISTS}/{quote(code, safe='')}/snapshot"
        if cursor is not None:
            path += f"?cursor={quote(cursor, safe='')}"
        answered = await get(self._settings, self._signer, path)
        if answered.reply.status == _CONFLICT:
            raise self._changed(code)
        reply = self._ours(understood(wire.SnapshotReply, answered, self.id))
        if reply.next_cursor is not None and (not reply.records or reply.next_cursor == cursor):
            # A page that leads nowhere could lead on for ever.
            raise not_understood(self.id, "a page leads nowhere", "分页未推进")
        return ListPage(self._of(code, reply.list), _entries(reply.records), next_cursor=reply.next_cursor)

    async def delta(self, code: str, since: int) -> ListPage | None:
        """Give what changed since a version; None where the platform no longer knows it.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: the answer is refused.
        """
        answered = await get(self._settings, self._signer, f"{wire.LISTS}/{quote(code, safe='')}/delta?since={since}")
        if answered.reply.status == _GONE and problem_code(answered.reply) == "list.too_old":
            return None
        reply = self._ours(understood(wire.DeltaReply, answered, self.id))
        if reply.since != since:
            raise not_understood(self.id, "its changes begin at another version", "变更的起始版本不符")
        return ListPage(self._of(code, reply.list), _entries(reply.put), reply.removed)

    def _of(self, code: str, found: wire.ListInfo) -> ListInfo:
        if found.code != code:
            raise not_understood(self.id, "it gives another list", "返回的是另一份名单")
        return _info(found)

    def _ours(self, reply: _Reply) -> _Reply:
        if reply.environment != self._environment:
            raise NotUnderstoodError(
                f"source {self.id!r} is a {reply.environment} platform and this client is set to {self._environment}",
                f"来源 {self.id!r} 的环境为 {reply.environment}，而本端配置为 {self._environment}",
                code="source.environment",
                remedy_en="correct base_url or environment",
                remedy_zh="请更正 base_url 或 environment",
                source=self.id,
            )
        return reply

    def _changed(self, code: str) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"list {code!r} of source {self.id!r} changed while it was fetched",
            f"名单 {code} 在获取期间发生变化（来源 {self.id!r}）",
            code="list.changed",
            remedy_en="fetch it again",
            remedy_zh="请重新获取",
            retryable=True,
            source=self.id,
        )


def _info(found: wire.ListInfo) -> ListInfo:
    return ListInfo(code=found.code, name=found.name, version=found.version, digest=found.digest, size=found.size)


def _entries(records: Sequence[wire.WireRecord]) -> tuple[ListEntry, ...]:
    return tuple(entry(record) for record in records)


def entry(record: wire.WireRecord) -> ListEntry:
    """Give a record of the protocol as an entry of its list."""
    subjects = (record.subject, *(party.subject for party in record.responsible))
    keys = {key for subject in subjects for each in subject.identifiers for key in each.keys}
    line = rfc8785.dumps(record.model_dump(mode="json", context={"reveal": True}))
    return ListEntry(record.record_id, line, tuple(sorted(keys)))


__all__ = ["PlatformPublisher", "entry"]
