"""The channel that speaks the reference protocol. It performs no I/O: it describes requests and reads answers.

What passes (the platform is down, busy, or our key is not accepted just now) is to be tried again; what the platform
refuses for good is refused item by item, and one bad item never holds up the others.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING

from credit_check_sdk.errors import ExchangeError, NotSentError
from credit_check_sdk.model import Acknowledgement
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.exchange import not_understood, post, problem_code, refusal, understood
from credit_check_sdk.platform.options import options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.model import Delivery, Environment
    from credit_check_sdk.platform.exchange import Answered
    from credit_check_sdk.spi import Signer, SourceSettings

_CONTENT_REFUSED = frozenset({400, 409, 413, 422})
"""Statuses that speak of what was sent; 404, 405 and 415 speak of the address, which a person can correct."""


class PlatformChannel:
    """Hand feedback to a platform that speaks the reference protocol (kind ``platform``).

    Raises:
        ConfigurationError: ``base_url`` or an option cannot be used.
    """

    idempotent = True
    lookup = False

    def __init__(self, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        options_of(settings)
        self.id = settings.id
        self._settings = settings
        self._signer = signer
        self._environment: Environment = environment

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Acknowledgement]:
        """Hand over a batch: one request for each call of the protocol that it needs, of 500 items at most.

        A batch that is refused as a whole is halved until the items that are to blame stand alone.

        Raises:
            ExchangeError: nothing is known of any of them.
        """
        known = {each.key: self._foreign(each) for each in deliveries if self._is_foreign(each)}
        batches = deque(_batches([each for each in deliveries if each.key not in known]))
        failure: ExchangeError | None = None
        while batches and failure is None:
            path, batch = batches.popleft()
            try:
                acknowledgements = await self._hand_over(path, batch)
            except ExchangeError as error:
                failure = error
                batches.appendleft((path, batch))
                continue
            if acknowledgements is None:
                middle = len(batch) // 2
                batches.extendleft([(path, batch[middle:]), (path, batch[:middle])])
            else:
                known.update({each.key: each for each in acknowledgements})
        if failure is not None:
            if not known:
                raise failure
            for _, batch in batches:
                # The platform takes a key once only, so that sending again is safe whatever became of it.
                known.update({each.key: _again(each, failure) for each in batch})
        return tuple(known[each.key] for each in deliveries)

    async def look_up(self, keys: Sequence[str]) -> Sequence[Acknowledgement]:
        """Refuse: the protocol has no such call, and needs none because it is idempotent.

        Raises:
            NotSentError: always.
        """
        raise NotSentError(
            f"channel {self.id!r} cannot be asked what became of {len(keys)} deliveries",
            f"通道 {self.id!r} 不支持查询 {len(keys)} 条报送的结果",
            code="source.failed",
            remedy_en="deliver them again: the platform takes each key once only",
            remedy_zh="请重新报送：平台对每个幂等键只受理一次",
            source=self.id,
        )

    def _is_foreign(self, delivery: Delivery) -> bool:
        """Say whether a feedback was made in another environment: a trial never reaches a real platform."""
        data = delivery.body.get("data")
        return isinstance(data, dict) and data.get("environment", self._environment) != self._environment

    def _foreign(self, delivery: Delivery) -> Acknowledgement:
        return Acknowledgement(
            key=delivery.key,
            verdict="refused",
            code="source.environment",
            detail=f"made in another environment than {self._environment}; it was not sent",
        )

    async def _hand_over(self, path: str, batch: Sequence[Delivery]) -> Sequence[Acknowledgement] | None:
        """Send one batch; None when it was refused as a whole and has more than one item."""
        request = wire.FeedbackRequest(
            items=tuple(wire.Item(idempotency_key=each.key, body=each.body) for each in batch)
        )
        headers = {wire.IDEMPOTENCY_HEADER: _batch_key(batch)}
        answered = await post(self._settings, self._signer, path, wire.dump(request), headers)
        status = answered.reply.status
        if status in _CONTENT_REFUSED:
            return self._refused(batch[0], answered) if len(batch) == 1 else None
        if status >= 300:  # noqa: PLR2004  whatever is no success (RFC 9110 section 15)
            error = refusal(answered, self.id)
            return tuple(_again(each, error) for each in batch)
        return self._verdicts(understood(wire.FeedbackReply, answered, self.id), batch)

    def _refused(self, delivery: Delivery, answered: Answered) -> Sequence[Acknowledgement]:
        status = answered.reply.status
        code = problem_code(answered.reply) or "source.status"
        return (
            Acknowledgement(
                key=delivery.key, verdict="refused", code=code, detail=f"the platform answered with status {status}"
            ),
        )

    def _verdicts(self, reply: wire.FeedbackReply, batch: Sequence[Delivery]) -> Sequence[Acknowledgement]:
        """Give what became of each item; one that the platform passes over is sent again."""
        results = {result.idempotency_key: result for result in reply.results}
        if len(results) != len(reply.results) or not results.keys() <= {each.key for each in batch}:
            raise not_understood(self.id, "its results are not those of the items sent", "其结果与所报送条目不符")
        return tuple(_verdict(each, results.get(each.key)) for each in batch)


def _verdict(delivery: Delivery, result: wire.ItemResult | None) -> Acknowledgement:
    if result is None:
        return Acknowledgement(
            key=delivery.key, verdict="retry", code="source.incomplete", detail="the platform passed over this item"
        )
    if result.verdict in {"accepted", "duplicate"}:
        return Acknowledgement(key=delivery.key, verdict="delivered")
    # The platform's own words are not repeated: they may name the subject.
    if result.verdict == "later":
        return Acknowledgement(
            key=delivery.key,
            verdict="retry",
            code=result.code or "source.status",
            detail="the platform asks to try again later",
            retry_after=result.retry_after,
        )
    return Acknowledgement(
        key=delivery.key,
        verdict="refused",
        code=result.code or "source.refused",
        detail="the platform refused this item",
    )


def _again(delivery: Delivery, error: ExchangeError) -> Acknowledgement:
    wait = error.detail.get("retry_after")
    return Acknowledgement(
        key=delivery.key,
        verdict="retry",
        code=error.code,
        detail=error.en,
        retry_after=wait if isinstance(wait, float) else None,
    )


def _batches(deliveries: Sequence[Delivery]) -> list[tuple[str, Sequence[Delivery]]]:
    """Put deliveries together that one request can carry, in the order given."""
    by_path: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_path.setdefault(wire.DELIVERIES[delivery.kind], []).append(delivery)
    return [
        (path, several[start : start + wire.MAX_SUBJECTS])
        for path, several in by_path.items()
        for start in range(0, len(several), wire.MAX_SUBJECTS)
    ]


def _batch_key(batch: Sequence[Delivery]) -> str:
    """Give the key of a batch: the same for the same attempt at the same items, and never for another."""
    lines = "\n".join(f"{each.key} {each.attempt}" for each in batch).encode()
    return f"batch_{hashlib.sha256(lines).hexdigest()[:32]}"
