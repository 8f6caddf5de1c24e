"""How the outbox stands, how much it may hold, and what an officer finds out about feedback in doubt. Flows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from credit_check_sdk.core.feedback import UNROUTED
from credit_check_sdk.errors import InputError, SettleError
from credit_check_sdk.flow import Load, Move, NewId, Now
from credit_check_sdk.model.ledger import ChannelReport, OutboxReport, OutboxStatus, Reconcile, Undelivered

if TYPE_CHECKING:
    from credit_check_sdk.core.desk import Desk

_ON_ITS_WAY = ("waiting", "leased", "in_doubt")


async def status(desk: Desk) -> OutboxReport:
    """Say how the outbox and each channel stand; a channel that something waits for and nobody configured is shown."""
    report: OutboxReport = await Load(OutboxStatus())
    kept = {each.channel: each for each in report.channels}
    names = sorted({*desk.channels, *(name for name, each in kept.items() if name in desk.channels or each.counts)})
    on_its_way = sum(report.counts.get(state, 0) for state in _ON_ITS_WAY)
    return replace(
        report,
        channels=tuple(_stands(desk, kept.get(name) or ChannelReport(name)) for name in names),
        over_limit=desk.outbox.limit is not None and on_its_way > desk.outbox.limit,
    )


def _stands(desk: Desk, channel: ChannelReport) -> ChannelReport:
    goes = channel.channel in desk.channels or (channel.channel == UNROUTED and bool(desk.channels))
    waits = any(channel.counts.get(state) for state in _ON_ITS_WAY)
    if goes or not waits:
        return channel
    return replace(channel, state="unrouted", since=channel.oldest_waiting)


async def make_room(desk: Desk) -> None:
    """Refuse new feedback where the outbox is full and the configuration says so; by default it is taken all the same.

    Raises:
        SettleError: ``outbox.full``; nothing was written.
    """
    limit = desk.outbox.limit
    if limit is None or desk.outbox.when_full == "accept":
        return
    on_its_way: int = await Load(Undelivered(limit))
    if on_its_way >= limit:
        raise SettleError(
            f"the outbox is full: {on_its_way} feedbacks or more are not delivered; nothing was written",
            f"发件箱已满：未送达的反馈已有 {on_its_way} 条以上，未写入任何内容",
            code="outbox.full",
            retryable=True,
            remedy_en="run `credit-check relay` and look at `credit-check outbox list`; or raise `outbox.limit`, "
            "or set `outbox.when_full` to accept",
            remedy_zh="请运行 credit-check relay 并查看 credit-check outbox list；或调高 outbox.limit，"
            "或将 outbox.when_full 设为 accept",
        )


async def reconcile(key: str, *, delivered: bool, reason: str, operator: str) -> None:
    """Write down what an officer found out at the platform about a feedback in doubt, with the reason.

    Raises:
        InputError: no feedback in doubt has this key.
    """
    number = await NewId("rec")
    found = await Move(Reconcile(key, delivered, number, reason, operator, await Now()))
    if not found:
        raise InputError(
            f"no feedback in doubt has the key {key!r}",
            f"没有键为 {key} 的存疑反馈",
            remedy_en="take a key from `credit-check outbox list` whose state is in_doubt",
            remedy_zh="请使用 credit-check outbox list 中状态为 in_doubt 的键",
        )
