"""The feed that speaks the reference protocol. It performs no I/O: it describes requests and reads answers.

A page is used whole or not at all: a kind of change that is not known, or a page that cannot be understood, is an
error, and the cursor stays where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.model import Change, Changes
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.exchange import get, not_understood, understood
from credit_check_sdk.platform.options import options_of

if TYPE_CHECKING:
    from credit_check_sdk.model import Environment
    from credit_check_sdk.spi import Signer, SourceSettings

_LOST = frozenset({404, 409, 410})
"""Statuses by which a platform says that it does not know our cursor, where one was given."""
_LONGEST_WAIT = 60.0


class PlatformFeed:
    """Take the changes of a platform that speaks the reference protocol (kind ``platform``).

    Raises:
        ConfigurationError: ``base_url`` or an option cannot be used.
    """

    def __init__(self, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        options_of(settings)
        self.id = settings.id
        self._settings = settings
        self._signer = signer
        self._environment: Environment = environment

    async def changes(self, cursor: str | None, wait: float) -> Changes:
        """Give one page of what has changed since *cursor*; the platform may wait *wait* seconds, 60 at most.

        Raises:
            NotSentError: the platform cannot be reached.
            NoAnswerError: no whole answer came back.
            NotUnderstoodError: the page is refused as a whole; ``source.cursor_lost``: the cursor is not known there.
        """
        wait = min(max(wait, 0.0), _LONGEST_WAIT)
        query = f"wait={wait:g}" if cursor is None else f"since={quote(cursor, safe='')}&wait={wait:g}"
        answered = await get(self._settings, self._signer, f"{wire.CHANGES}?{query}", wait=wait)
        if cursor is not None and answered.reply.status in _LOST:
            raise NotUnderstoodError(
                f"source {self.id!r} no longer knows where we stand in its changes",
                f"来源 {self.id!r} 不再保留本端的变更游标",
                code="source.cursor_lost",
                remedy_en="nothing is lost: what rests on its records is verified anew",
                remedy_zh="不会遗漏：依据该来源记录的决定将逐一重新核实",
                source=self.id,
                detail={"status": answered.reply.status},
            )
        reply = understood(wire.ChangesReply, answered, self.id)
        if reply.environment != self._environment:
            raise NotUnderstoodError(
                f"source {self.id!r} is a {reply.environment} platform and this client is set to {self._environment}",
                f"来源 {self.id!r} 的环境为 {reply.environment}，而本端配置为 {self._environment}",
                code="source.environment",
                remedy_en="correct base_url or environment",
                remedy_zh="请更正 base_url 或 environment",
                source=self.id,
            )
        if reply.more and (not reply.changes or reply.cursor == cursor):
            # A page that leads nowhere could lead on for ever.
            raise not_understood(self.id, "a page leads nowhere", "分页未推进")
        return Changes(
            changes=tuple(self._change(item) for item in reply.changes), cursor=reply.cursor, more=reply.more
        )

    def _change(self, item: wire.ChangeItem) -> Change:
        if item.record is not None and item.record.record_id != item.record_id:
            raise not_understood(self.id, "a change shows another record than it names", "变更所附记录与编号不符")
        return Change(
            cursor=item.cursor,
            source=self.id,
            record_id=item.record_id,
            change=item.change,
            at=item.at,
            record=item.record.record(self.id) if item.record else None,
        )
