"""The channel that hands over feedback as a mapping says, one item in each request. It performs no I/O.

Only what the mapping states is taken for an acknowledgement. Where the platform does not take the same key once only, an
answer that is lost or not among those stated leaves the item in doubt: it is never blindly sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

from credit_check_sdk.connector.calling import Line
from credit_check_sdk.connector.examining import REPORTING
from credit_check_sdk.connector.reading import Opened, first
from credit_check_sdk.errors import ConfigurationError, ExchangeError, NotSentError, NotUnderstoodError
from credit_check_sdk.flow import NewId
from credit_check_sdk.model import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.connector.calling import Answered
    from credit_check_sdk.connector.mapping import FeedbackRules, LookUp, Mapping
    from credit_check_sdk.model import Delivery, Environment
    from credit_check_sdk.spi import Signer, SourceSettings

_BUSY = frozenset({408, 425, 429})
_OURS = frozenset({"source.refused", "source.status", "source.not_understood"})
"""What a token or a signature fails by that was not to be had."""


class ConnectorChannel:
    """Hand feedback to a platform that a mapping describes (kind ``connector``).

    Raises:
        ConfigurationError: the mapping says nothing of feedback, or the set-up does not fit it.
    """

    def __init__(self, mapping: Mapping, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        if mapping.feedback is None:
            raise ConfigurationError(
                f"the mapping of source {settings.id!r} says nothing of feedback",
                f"来源 {settings.id!r} 的映射没有 feedback",
                code="configuration.mapping",
                remedy_en="add [feedback], or set channel = false",
                remedy_zh="请补充 [feedback]，或设置 channel = false",
                source=settings.id,
            )
        self.id = settings.id
        self._rules: FeedbackRules = mapping.feedback
        self.idempotent = mapping.feedback.idempotent
        self.lookup = mapping.feedback.look_up is not None
        self._kept = tuple(mapping.keep)
        self._line = Line(mapping, settings, signer)
        self._environment: Environment = environment

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Acknowledgement]:
        """Hand over a batch, item by item; after one that did not reach the platform the rest is not tried.

        Raises:
            ExchangeError: nothing is known of any of them.
        """
        known: list[Acknowledgement] = []
        failure: NotSentError | None = None
        for delivery in deliveries:
            if failure is not None:
                known.append(_said(delivery.key, "retry", failure))
                continue
            refused = self._refused_here(delivery)
            if refused is not None:
                known.append(refused)
                continue
            try:
                known.append(await self._hand_over(delivery))
            except NotSentError as error:
                # That our key or token is not taken just now is no verdict on the item.
                passes = error.retryable or error.code in _OURS
                known.append(_said(delivery.key, "retry" if passes else "refused", error))
                failure = error if passes else None
            except ExchangeError as error:
                # It left: only a platform that takes a key once may be sent it again.
                known.append(_said(delivery.key, "retry" if self.idempotent else "in_doubt", error))
        return tuple(known)

    async def look_up(self, keys: Sequence[str]) -> Sequence[Acknowledgement]:
        """Ask what became of these keys; what the mapping does not state leaves one in doubt.

        Raises:
            ExchangeError: nothing is known; all of them stay in doubt.
        """
        rules = self._rules.look_up
        if rules is None:
            raise NotSentError(
                f"channel {self.id!r} cannot be asked what became of {len(keys)} deliveries",
                f"通道 {self.id!r} 不支持查询 {len(keys)} 条报送的结果",
                code="source.failed",
                remedy_en="an officer says what became of them (`credit-check outbox reconcile`)",
                remedy_zh="请由经办人核实后用 credit-check outbox reconcile 处理",
                source=self.id,
            )
        return tuple([answer for key in keys if (answer := await self._look_up(rules, key)) is not None])

    async def _look_up(self, rules: LookUp, key: str) -> Acknowledgement | None:
        answered = await self._line.call(rules, {"request_id": await NewId("req"), "key": key})
        answer = self._opened(answered, rules)
        taken, not_taken = first(rules.taken, answer), first(rules.not_taken, answer)
        if taken is not None and not_taken is None:
            return Acknowledgement(key=key, verdict="delivered")
        if not_taken is not None and taken is None:
            return Acknowledgement(key=key, verdict="retry")
        return None

    def _refused_here(self, delivery: Delivery) -> Acknowledgement | None:
        data = _data(delivery)
        if data.get("environment", self._environment) != self._environment:
            # A trial never reaches a real platform.
            return _refused(delivery.key, "source.environment", "made in another environment; it was not sent")
        if delivery.kind not in self._rules.kinds:
            return _refused(delivery.key, "source.refused", f"the platform takes no feedback of kind {delivery.kind}")
        missing = [name for name in self._rules.needs if data.get(name) in (None, "")]
        if missing:
            return _refused(delivery.key, "source.refused", f"it lacks what the platform needs: {', '.join(missing)}")
        return None

    async def _hand_over(self, delivery: Delivery) -> Acknowledgement:
        places = {
            "request_id": await NewId("req"),
            "key": delivery.key,
            "attempt": delivery.attempt,
            **{f"kept.{name}": None for name in self._kept},
            **_places(_data(delivery)),
        }
        answered = await self._line.call(self._rules, places)
        return self._verdict(delivery, answered)

    def _verdict(self, delivery: Delivery, answered: Answered) -> Acknowledgement:
        rules, key = self._rules, delivery.key
        status = answered.reply.status
        try:
            answer = self._opened(answered, rules)
        except NotUnderstoodError as error:
            return self._unknown(key, error.code)
        taken, refused = first(rules.taken, answer), first(rules.refused, answer)
        again = first(rules.again, answer)
        if sum(each is not None for each in (taken, refused, again)) > 1:
            return self._unknown(key, "source.not_understood")
        if taken is not None:
            return Acknowledgement(key=key, verdict="delivered")
        if refused is not None:
            return _refused(key, "source.refused", "the platform refused this item")
        if again is not None or status in _BUSY or status in {401, 403, 503}:
            # It says that it did not take it: sending again does not double anything.
            return _said(key, "retry", self._line.failure(answered, again))
        return self._unknown(key, "source.status" if status >= 300 else "source.not_understood")  # noqa: PLR2004  no success (RFC 9110 section 15)

    def _unknown(self, key: str, code: str) -> Acknowledgement:
        verdict: Literal["retry", "in_doubt"] = "retry" if self.idempotent else "in_doubt"
        return Acknowledgement(
            key=key, verdict=verdict, code=code, detail="its answer is not one that the mapping states"
        )

    def _opened(self, answered: Answered, rules: FeedbackRules | LookUp) -> Opened:
        return self._line.opened(
            answered, rules, rules.answer, inside=rules.inside, inside_as=rules.inside_as, root=rules.root
        )


def _data(delivery: Delivery) -> dict[str, Any]:
    data = delivery.body.get("data")
    return data if isinstance(data, dict) else {}


def _places(data: dict[str, Any]) -> dict[str, Any]:
    """Give every place that feedback can fill; what it lacks is blank."""
    blank: dict[str, Any] = {name: None for name in REPORTING if name.startswith("feedback.")}
    filled = {f"feedback.{name}": value for name, value in data.items()}
    for name in ("identifier", "measure_name", "matter_name", "operator"):
        inner = data.get(name)
        if isinstance(inner, dict):
            filled.update({f"feedback.{name}.{key}": value for key, value in inner.items()})
    kept = {f"kept.{name}": value for name, value in parse_qsl(data.get("reference") or "")}
    return {**blank, **filled, **kept, "region": data.get("region")}


def _refused(key: str, code: str, detail: str) -> Acknowledgement:
    return Acknowledgement(key=key, verdict="refused", code=code, detail=detail)


def _said(key: str, verdict: Literal["retry", "in_doubt", "refused"], error: ExchangeError) -> Acknowledgement:
    wait = error.detail.get("retry_after")
    return Acknowledgement(
        key=key,
        verdict=verdict,
        code=error.code,
        detail=error.en,
        retry_after=wait if isinstance(wait, float) else None,
    )
