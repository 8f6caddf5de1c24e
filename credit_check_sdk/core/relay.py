"""Deliver feedback: lease, hand over, write down what became of it. A flow.

At least once with an idempotency key; the effect is exactly once where the channel is idempotent or can be asked.
Where it is neither, a lost answer ends *in doubt* and is never blindly sent again. Nothing is dropped.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.feedback import UNROUTED
from credit_check_sdk.core.sealing import seal_waiting, witnessed
from credit_check_sdk.errors import CreditCheckError, NotSentError
from credit_check_sdk.flow import Load, Move, NewId, Now
from credit_check_sdk.model import Acknowledgement, Delivery
from credit_check_sdk.model.evidence import SealReport
from credit_check_sdk.model.ledger import Lease, OutboxRow, Papers, Settle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk, RelayRules
    from credit_check_sdk.model import Paper
    from credit_check_sdk.spi import Channel


_HOPELESS = 3
"""Batches without any answer after which a channel is left alone for the rest of a run."""
_LONGEST_ASKED = timedelta(hours=24)
"""The longest Retry-After that is kept to."""


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


async def relay(
    desk: Desk, *, limit: int | None = None, leaving: Callable[[], bool] = bool, doubtful_only: bool = False
) -> RelayReport:
    """Seal what is committed, deliver what is due on every channel (at most *limit* rows), and say what became of it.

    What is in doubt comes first, where the channel can be asked or takes a key once only. *leaving* is asked before
    each batch: where it says so, nothing more is begun.
    """
    run = _Run(limit, leaving)
    sealing = SealReport() if doubtful_only else await seal_waiting()
    for name, channel in _routes(desk):
        if channel.idempotent or channel.lookup:
            await _empty(desk.relay, name, channel, run, doubtful=True)
        if not doubtful_only:
            await _empty(desk.relay, name, channel, run, doubtful=False)
    # The network comes last: whatever a witness does, what waited is sealed and delivered.
    if not doubtful_only and not leaving():
        sealing = await witnessed(desk, sealing)
    run.errors.update(dict.fromkeys(sealing.errors))
    return RelayReport(
        attempted=sum(run.counts.values()),
        delivered=run.counts["delivered"],
        retried=run.counts["retry"],
        in_doubt=run.counts["in_doubt"],
        dead=run.counts["refused"],
        errors=tuple(run.errors),
        sealed=sealing.sealed,
    )


@dataclass(slots=True)
class _Run:
    """How far one run of the relay has come."""

    left: int | None
    leaving: Callable[[], bool]
    counts: Counter[str] = field(default_factory=Counter)
    errors: dict[str, None] = field(default_factory=dict)


async def _empty(rules: RelayRules, name: str, channel: Channel, run: _Run, *, doubtful: bool) -> None:
    """Hand over one channel's rows until none is due, the run is over, or the platform is plainly not there."""
    failed = 0
    while (run.left is None or run.left > 0) and failed < _HOPELESS and not run.leaving():
        batch = rules.batch if run.left is None else min(rules.batch, run.left)
        now = await Now()
        token = await NewId("lease")
        rows: tuple[OutboxRow, ...] = await Move(Lease(name, batch, now, rules.lease, token, doubtful=doubtful))
        if not rows:
            return
        try:
            acknowledgements = await _hand_over(channel, rows)
        except GeneratorExit:
            raise  # the run is simply dropped; its leases run out by themselves
        except BaseException:
            await _let_go(channel, rows)
            raise
        verdicts = await _write_down(rules, name, rows, acknowledgements)
        run.counts.update(verdicts.values())
        run.errors.update(dict.fromkeys(a.code for a in acknowledgements if a.code))
        run.left = None if run.left is None else run.left - len(rows)
        failed = 0 if {"delivered", "refused"} & set(verdicts.values()) else failed + 1


def _routes(desk: Desk) -> list[tuple[str, Channel]]:
    """Name the channels; what was promised before there was one goes over the first."""
    routes = list(desk.channels.items())
    return [*routes, *((UNROUTED, channel) for _, channel in routes[:1])]


async def _let_go(channel: Channel, rows: Sequence[OutboxRow]) -> None:
    """Give leased rows back when the run is broken off; what may have been sent is in doubt where that matters."""
    verdict: Literal["retry", "in_doubt"] = "retry" if channel.idempotent else "in_doubt"
    given_back = tuple(Acknowledgement(key=row.key, verdict=verdict, code="relay.stopped") for row in rows)
    await Move(Settle(rows[0].lease or "", await Now(), given_back))


async def _hand_over(channel: Channel, rows: Sequence[OutboxRow]) -> tuple[Acknowledgement, ...]:
    """Deliver rows and account for every key, whatever the channel answers."""
    known: dict[str, Acknowledgement] = {}
    taken_over = [row.key for row in rows if row.taken_over]
    if taken_over and not channel.idempotent:
        known = await _ask_about(channel, taken_over)
    waiting = [row for row in rows if row.key not in known]
    now = await Now()
    if any(row.lease_until is not None and row.lease_until <= now for row in waiting):
        # Asking took longer than the lease: another relay may hold them by now, so that they are not sent from here.
        return tuple(known.values())
    answered: dict[str, Acknowledgement] = {}
    for parcel in _parcels(waiting):
        answered |= await _deliver(channel, [await _delivery(row) for row in parcel])
    return tuple(known.get(row.key) or answered.get(row.key) or _unaccounted(channel, row.key) for row in rows)


async def _deliver(channel: Channel, deliveries: Sequence[Delivery]) -> dict[str, Acknowledgement]:
    try:
        return {answer.key: answer for answer in await channel.deliver(deliveries)}
    except NotSentError as error:
        return {d.key: _again(d.key, error) for d in deliveries}
    except Exception as error:  # noqa: BLE001  the one place where a channel is contained
        return {d.key: _again(d.key, error) if channel.idempotent else _doubt(d.key, error) for d in deliveries}


async def _ask_about(channel: Channel, keys: Sequence[str]) -> dict[str, Acknowledgement]:
    """Ask what became of earlier deliveries. Left out is only what the platform says it has not: that may be sent."""
    if not channel.lookup:
        return {key: Acknowledgement(key=key, verdict="in_doubt", code="source.no_answer") for key in keys}
    try:
        answers = {answer.key: answer for answer in await channel.look_up(keys)}
    except Exception as error:  # noqa: BLE001  the one place where a channel is contained
        return {key: _doubt(key, error) for key in keys}
    said = {key: answers.get(key) or _unaccounted(channel, key) for key in keys}
    return {key: answer for key, answer in said.items() if answer.verdict != "retry"}


def _parcels(rows: Sequence[OutboxRow]) -> list[list[OutboxRow]]:
    """Hand over together what is small; what comes with papers goes alone, so that only its papers are in memory."""
    light = [row for row in rows if not (row.feedback and row.feedback.papers)]
    heavy = [[row] for row in rows if row.feedback and row.feedback.papers]
    return [light, *heavy] if light else heavy


async def _delivery(row: OutboxRow) -> Delivery:
    feedback = row.feedback
    if feedback is None:
        message = "a leased row carries its feedback"
        raise TypeError(message)
    body = feedback.cloud_event("urn:credit-check-sdk")
    if feedback.papers and feedback.objection is not None:
        # 异议连同证明材料一并转送: the papers travel inside, each with the digest that the objection names.
        kept: tuple[tuple[Paper, bytes], ...] = await Load(Papers(feedback.objection))
        contents = {paper.sha256: content for paper, content in kept}
        for said in body["data"]["papers"]:
            if said["sha256"] in contents:
                said["content"] = b64encode(contents[said["sha256"]]).decode()
    return Delivery(key=row.key, kind=feedback.kind, body=body, attempt=row.attempts)


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
    rules: RelayRules, name: str, rows: Sequence[OutboxRow], acknowledgements: Sequence[Acknowledgement]
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
        if verdict in {"retry", "in_doubt"}:
            # What is in doubt is asked about again at that time, where the channel can be asked.
            retry_at[answer.key] = now + _wait(rules, row, answer.retry_after)
        if verdict == "refused":
            dead.add(answer.key)
        verdicts[answer.key] = verdict
    token = rows[0].lease or ""
    if acknowledgements:
        await Move(Settle(token, now, tuple(acknowledgements), retry_at, frozenset(dead), channel=name))
    return verdicts


def _wait(rules: RelayRules, row: OutboxRow, asked: float | None) -> timedelta:
    """Double the wait at each attempt, spread by the key so that rows do not come back all at once."""
    doubled = min(rules.first_wait * 2 ** min(row.attempts - 1, 20), rules.longest_wait)
    spread = int(hashlib.sha256(f"{row.key}:{row.attempts}".encode()).hexdigest()[:4], 16) / 0xFFFF
    wait: timedelta = doubled * (0.5 + spread / 2)
    return wait if asked is None else max(wait, min(timedelta(seconds=asked), _LONGEST_ASKED))
