"""The tasks: check a case, run behind the gate, send feedback. They decide nothing.

A message carries the number of a file and its decision point: brokers keep messages, and who is checked is nobody's
affair there. The host says how a case is read by its number.
"""

from __future__ import annotations

import functools
import inspect
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from credit_check_sdk import Case, CreditCheck, CreditCheckError, GateError, InputError, LedgerError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection

    from celery import Celery

    from credit_check_sdk import Decision, Point, Settings, Step

_WAITED_FOR = frozenset({"gate.undecided"})
"""Refusals that pass by themselves, when a source answers again."""


class RefusedError(Exception):
    """A guarded task did not run: the gate refused. It travels through every result backend whole."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.code, self.zh, self.en = code, zh, en

    @override
    def __str__(self) -> str:
        """Say what stands in the way, and what to do."""
        return f"{self.code}: {self.en}"


class CreditTasks:
    """The SDK in a Celery application.

    ::

        credit = CreditTasks(app, "credit-check.toml", load=case_of)  # case_of(number) -> Case

        credit.check.delay("451100-2026-000123", "decide")

        @credit.guarded(point="decide", to="grant")
        def approve(case_id): ...

    The client is opened when it is first used, or by `open` before a pool forks: it is safe either way.
    """

    def __init__(
        self,
        app: Celery,
        config: str | os.PathLike[str] | Settings | None = None,
        *,
        load: Callable[[str], Case],
        tries: int = 20,
        first_wait: timedelta = timedelta(seconds=15),
        longest_wait: timedelta = timedelta(minutes=10),
    ) -> None:
        self._app, self._config, self._load = app, config, load
        self._tries, self._first, self._longest = tries, first_wait, longest_wait
        self._lock = threading.Lock()
        self._client: CreditCheck | None = None
        # Acknowledged when it is done: a worker that is killed leaves the message to another. To check twice harms nobody.
        options = {"acks_late": True, "reject_on_worker_lost": True, "max_retries": tries}

        # Functions, not methods: Celery makes methods of its own task of what it is given.
        def check(task: Any, case_id: str, point: Point | None = None) -> dict[str, Any]:
            return self._check(task, case_id, point)

        def relay(limit: int | None = None) -> dict[str, int]:
            return self._relay(limit)

        self.check: Any = app.task(check, name="credit_check.check", bind=True, **options)
        """Check a case by its number: ``check.delay(case_id, point)``; gives number, outcome and times."""
        self.relay: Any = app.task(relay, name="credit_check.relay", **options)
        """Send the feedback that waits; for the schedule of beat."""

    def open(self) -> CreditCheck:
        """Give the client, opened when first asked for.

        Raises:
            SetupError: the configuration cannot work.
        """
        with self._lock:
            if self._client is None:
                self._client = CreditCheck.open(self._config)
            return self._client

    def close(self) -> None:
        """Close the client; it is opened again when it is next asked for."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def guarded(
        self,
        *,
        point: Point | None = None,
        to: Step = "proceed",
        case_argument: str = "case_id",
        wait_for: Collection[str] = _WAITED_FOR,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], Any]:
        """Make a task of a function: it runs only when the gate has let the case pass.

        *case_argument* names the argument with the number of the file; the case is read by it, so that changed parties
        are noticed. A refusal in *wait_for* is tried again later; any other ends the task with `RefusedError`.
        *options* are Celery's own.

        Raises:
            InputError: the function has no such argument.
        """

        def decorate(function: Callable[..., Any]) -> Any:
            signature = inspect.signature(function)
            if case_argument not in signature.parameters:
                raise InputError(
                    f"{function.__name__} has no argument {case_argument!r}",
                    f"{function.__name__} 没有参数 {case_argument}",
                    remedy_en="name the argument with the number of the file: guarded(case_argument=…)",
                    remedy_zh="请指明办件编号的参数：guarded(case_argument=…)",
                )

            @functools.wraps(function)
            def guarded(task: Any, *args: Any, **kwargs: Any) -> Any:
                number = str(signature.bind(*args, **kwargs).arguments[case_argument])
                try:
                    self.open().require(self._case(number, point), to=to, point=point)
                except GateError as refusal:
                    if refusal.code in wait_for and task.request.retries < self._tries:
                        raise self._again(task) from None
                    raise RefusedError(refusal.code, refusal.words("zh-CN"), refusal.words("en")) from None
                except LedgerError:
                    raise self._again(task) from None
                return function(*args, **kwargs)

            # Celery reads the signature to check a call's arguments; the task itself comes first.
            guarded.__signature__ = signature.replace(  # type: ignore[attr-defined]  # inspect reads it
                parameters=[
                    inspect.Parameter("task", inspect.Parameter.POSITIONAL_ONLY),
                    *signature.parameters.values(),
                ]
            )
            return self._app.task(guarded, bind=True, **{"max_retries": self._tries, **options})

        return decorate

    def _check(self, task: Any, case_id: str, point: Point | None) -> dict[str, Any]:
        try:
            decision = self.open().check(self._case(case_id, point))
        except LedgerError:
            raise self._again(task) from None
        if decision.outcome == "undecided" and task.request.retries < self._tries:
            raise self._again(task)
        # Undecided to the last is an answer too: the host sees it, and the gate lets nobody pass on it.
        return _said(decision)

    def _relay(self, limit: int | None) -> dict[str, int]:
        report = self.open().relay(limit=limit)
        return {
            "attempted": report.attempted,
            "delivered": report.delivered,
            "retried": report.retried,
            "dead": report.dead,
            "in_doubt": report.in_doubt,
        }

    def _case(self, number: str, point: Point | None) -> Case:
        case = self._load(number)
        return case if point is None or case.point == point else case.model_copy(update={"point": point})

    def _again(self, task: Any) -> Any:
        """Give what makes Celery try again: later and later, with some chance in it."""
        wait = min(self._first.total_seconds() * 2**task.request.retries, self._longest.total_seconds())
        spread = 1 + (hash((task.request.id, task.request.retries)) % 200) / 1000
        return task.retry(countdown=wait * spread, exc=_tired(task), throw=False)


def _tired(task: Any) -> CreditCheckError:
    return LedgerError(
        f"{task.name} was tried too often",
        f"{task.name} 已多次重试",
        retryable=True,
        remedy_en="look at the ledger, and send the task again",
        remedy_zh="请检查台账后重新发送任务",
    )


def _said(decision: Decision) -> dict[str, Any]:
    """Give what a result backend may keep: no identifier, no name."""
    return {
        "case_id": decision.case_id,
        "point": decision.point,
        "decision": decision.id,
        "outcome": decision.outcome,
        "decided_at": decision.decided_at.isoformat(),
        "valid_until": decision.valid_until.isoformat(),
    }
