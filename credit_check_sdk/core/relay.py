"""Deliver feedback: lease, hand over, write down what became of it. A flow.

At least once with an idempotency key; the effect is exactly once where the channel is idempotent or can be asked.
Where it is neither, a lost answer ends *in doubt* and is never blindly sent again. Nothing is dropped.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.feedback import UNROUTED
from credit_check_sdk.core.sealing import seal_waiting, witnessed
from credit_check_sdk.errors import CreditCheckError, NotSentError
from credit_check_sdk.flow import Move, NewId, Now
from credit_check_sdk.model import Acknowledgement, Delivery
from credit_check_sdk.model.ledger import Lease, OutboxRow, Settle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk, RelayRules
    from credit_check_sdk.spi import Channel


@dataclass(frozen=True, slots=True)
class RelayReport:
    """What one run of the relay came to."""

    attempted: int = 0
    """Deliveries tried."""
    delivered: int = 0
    """Taken by the platform."""
    retried: int = 0
    """To be tried again later."""
    in_doubt: int = 0
    """Sent, and nothing is known of what became of it."""
    dead: int = 0
    """Refused for good or tried too often; shown and kept."""
    errors: tuple[str, ...] = ()
    """Codes of what went wrong, each once."""
    sealed: int = 0
    """Entries of the ledger that were sealed."""


async def relay(desk: Desk, *, limit: int | None = None) -> RelayReport:
    """Seal what is committed, deliver what is due on every channel (at most *limit* rows), and say what became of it."""
    sealing = await seal_waiting()
    counts: Counter[str] = Counter()
    errors: dict[str, None] = {}
    left = limit
    for name, channel in _routes(desk):
        while left is None or left > 0:
            batch = desk.relay.batch if left is None else min(desk.relay.batch, left)
            rows = await _lease(desk.relay, name, batch)
            if not rows:
                break
            acknowledgements = await _hand_over(channel, rows)
            verdicts = await _write_down(desk.relay, rows, acknowledgements)
            counts.update(verdicts.values())
            errors.update(dict.fromkeys(a.code for a in acknowledgements if a.code))
            left = None if left is None else left - len(rows)
    # The network comes last: whatever a witness does, what waited is sealed and delivered.
    sealing = await witnessed(desk, sealing)
    errors.update(dict.fromkeys(sealing.errors))
    return RelayReport(
        attempted=sum(counts.values()),
        delivered=counts["delivered"],
        retried=counts["retry"],
        in_doubt=counts["in_doubt"],
        dead=counts["refused"],
        errors=tuple(errors),
        sealed=sealing.sealed,
    )


def _routes(desk: Desk) -> list[tuple[str, Channel]]:
    """Name the channels; what was promised before there was one goes over the first."""
    routes = list(desk.channels.items())
    return [*routes, *((UNROUTED, channel) for _, channel in routes[:1])]


async def _lease(rules: RelayRules, channel: str, batch: int) -> tuple[OutboxRow, ...]:
    now = await Now()
    token = await NewId("lease")
    rows: tuple[OutboxRow, ...] = await Move(Lease(channel, batch, now, rules.lease, token))
    return rows


async def _hand_over(channel: Channel, rows: Sequence[OutboxRow]) -> tuple[Acknowledgement, ...]:
    """Deliver rows and account for every key, whatever the channel answers."""
    doubtful = [row for row in rows if row.attempts > 1 and not channel.idempotent]
    known: dict[str, Acknowledgement] = {}
    if doubtful:
        known = await _ask_about(channel, [row.key for row in doubtful])
    deliveries = [_delivery(row) for row in rows if row.key not in known]
    answered = await _deliver(channel, deliveries) if deliveries else {}
    return tuple(known.get(row.key) or answered.get(row.key) or _unaccounted(channel, row.key) for row in rows)


async def _deliver(channel: Channel, deliveries: Sequence[Delivery]) -> dict[str, Acknowledgement]:
    try:
        return {answer.key: answer for answer in await channel.deliver(deliveries)}
    except NotSentError as error:
        return {d.key: _again(d.key, error) for d in deliveries}
    except Exception as error:  # noqa: BLE001  the one place where a channel is contained
        return {d.key: _again(d.key, error) if channel.idempotent else _doubt(d.key, error) for d in deliveries}


async def _ask_about(channel: Channel, keys: Sequence[str]) -> dict[str, Acknowledgement]:
    """Ask what became of earlier deliveries; without a way to ask they stay in doubt."""
    if not channel.lookup:
        return {key: Acknowledgement(key=key, verdict="in_doubt", code="source.no_answer") for key in keys}
    try:
        answers = await channel.look_up(keys)
    except Exception as error:  # noqa: BLE001  the one place where a channel is contained
        return {key: _again(key, error) for key in keys}
    return {answer.key: answer for answer in answers if answer.verdict == "delivered"}


def _delivery(row: OutboxRow) -> Delivery:
    feedback = row.feedback
    if feedback is None:
        message = "a leased row carries its feedback"
        raise TypeError(message)
    return Delivery(
        key=row.key, kind=feedback.kind, body=feedback.cloud_event("urn:credit-check-sdk"), attempt=row.attempts
    )


def _again(key: str, error: Exception) -> Acknowledgement:
    code = error.code if isinstance(error, CreditCheckError) else "source.failed"
    wait = error.detail.get("retry_after") if isinstance(error, CreditCheckError) else None
    return Acknowledgement(
        key=key, verdict="retry", code=code, retry_after=float(wait) if isinstance(wait, int | float) else None
    )


def _doubt(key: str, error: Exception) -> Acknowledgement:
    code = error.code if isinstance(error, CreditCheckError) else "source.failed"
    return Acknowledgement(key=key, verdict="in_doubt", code=code)


def _unaccounted(channel: Channel, key: str) -> Acknowledgement:
    """A key that the answer leaves out: sent, and nothing is known."""
    return Acknowledgement(key=key, verdict="retry" if channel.idempotent else "in_doubt", code="source.incomplete")


async def _write_down(
    rules: RelayRules, rows: Sequence[OutboxRow], acknowledgements: Sequence[Acknowledgement]
) -> dict[str, str]:
    now = await Now()
    by_key = {row.key: row for row in rows}
    retry_at: dict[str, datetime] = {}
    dead: set[str] = set()
    verdicts: dict[str, str] = {}
    for answer in acknowledgements:
        row = by_key[answer.key]
        verdict = answer.verdict
        if verdict == "retry" and row.attempts >= rules.attempts:
            verdict = "refused"
        if verdict == "retry":
            retry_at[answer.key] = now + _wait(rules, row, answer.retry_after)
        if verdict == "refused":
            dead.add(answer.key)
        verdicts[answer.key] = verdict
    token = rows[0].lease or ""
    await Move(Settle(token, now, tuple(acknowledgements), retry_at, frozenset(dead)))
    return verdicts


def _wait(rules: RelayRules, row: OutboxRow, asked: float | None) -> timedelta:
    """Double the wait at each attempt, spread by the key so that rows do not come back all at once."""
    doubled = min(rules.first_wait * 2 ** min(row.attempts - 1, 20), rules.longest_wait)
    spread = int(hashlib.sha256(f"{row.key}:{row.attempts}".encode()).hexdigest()[:4], 16) / 0xFFFF
    wait: timedelta = doubled * (0.5 + spread / 2)
    return wait if asked is None else max(wait, timedelta(seconds=asked))
