"""The extension: one client per application, guards for views, problem details for refusals. It decides nothing."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, json, request

from credit_check_sdk import Case, CreditCheck, CreditCheckError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk import Pass, Point, Step

P = ParamSpec("P")
R = TypeVar("R")
_KEY = "credit_check"
_RETRY_SECONDS = "5"


class CreditCheckExtension:
    """The Credit Check SDK in a Flask application.

    ::

        credit_check = CreditCheckExtension(app)  # or init_app; app.config["CREDIT_CHECK_CONFIG"]

        @app.post("/files/<case_id>/approve")
        @credit_check.guarded(point="decide", to="grant")
        def approve(case_id): ...

    The client is opened when it is first used, and is safe to share among threads and across a fork.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._lock = threading.Lock()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register with *app*: its errors of the SDK become problem details."""
        app.config.setdefault("CREDIT_CHECK_CONFIG", None)
        app.extensions[_KEY] = None
        app.register_error_handler(CreditCheckError, problem_details)

    @property
    def client(self) -> CreditCheck:
        """The client of the current application.

        Raises:
            InputError: the extension was not registered with it.
            SetupError: the configuration cannot work.
        """
        app = current_app
        if _KEY not in app.extensions:
            raise InputError(
                "the extension is not registered with this application",
                "扩展没有注册到该应用",
                remedy_en="call init_app(app)",
                remedy_zh="请调用 init_app(app)",
            )
        with self._lock:
            opened: CreditCheck | None = app.extensions[_KEY]
            if opened is None:
                opened = app.extensions[_KEY] = CreditCheck.open(app.config["CREDIT_CHECK_CONFIG"])
            return opened

    def close(self, app: Flask) -> None:
        """Close the client of *app*; it is opened again when it is next used."""
        with self._lock:
            opened: CreditCheck | None = app.extensions.get(_KEY)
            app.extensions[_KEY] = None
        if opened is not None:
            opened.close()

    def require(
        self, case: Case | str, *, to: Step = "proceed", point: Point | None = None, transaction: object = None
    ) -> Pass:
        """Let the case pass, or refuse; see `CreditCheck.require`."""
        return self.client.require(case, to=to, point=point, transaction=transaction)

    def guarded(
        self, *, point: Point | None = None, to: Step = "proceed", case: str | Callable[..., Case | str] = "case_id"
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Guard a view: it runs only when the gate has let the case pass.

        *case* names the view's argument with the number of the file, or makes the `Case` of the view's arguments. Put it
        below the route.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @functools.wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                self.require(_found(case, kwargs), to=to, point=point)
                answer: R = current_app.ensure_sync(view)(*args, **kwargs)
                return answer

            return guarded

        return decorate


def problem_details(error: CreditCheckError) -> Response:
    """Give an error as an answer, in the language that the request asks for: problem details (RFC 9457)."""
    lang = request.accept_languages.best_match(["zh-CN", "zh", "en"], "zh-CN") or "zh-CN"
    answer = Response(
        json.dumps(error.problem(lang), ensure_ascii=False),
        status=error.http_status,
        mimetype="application/problem+json",
    )
    if error.http_status == 503:  # noqa: PLR2004  service unavailable
        answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer


def _found(case: Any, arguments: dict[str, Any]) -> Case | str:
    found = arguments.get(case) if isinstance(case, str) else case(**arguments)
    if isinstance(found, Case):
        return found
    if found is None or not str(found):
        raise InputError(
            "the request names no case",
            "请求没有指明办件",
            remedy_en="name the view's argument with the number of the file: guarded(case='case_id')",
            remedy_zh="请指明视图中办件编号的参数：guarded(case='case_id')",
        )
    return str(found)
