"""What both front doors offer for the reports of a period: figures, and answers for those who asked. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import DecidedCase, Point
    from credit_check_sdk.model.figures import Span, StatisticsReport
    from credit_check_sdk.model.sheets import ResponseSheet


class Accounts:
    """Names of `CreditCheck` that concern the report of a period."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def statistics_report(
        self,
        since: date | None = None,
        until: date | None = None,
        *,
        by: Span | None = None,
        decided: Iterable[DecidedCase] | None = None,
        point: Point | None = None,
    ) -> StatisticsReport:
        """Count the period, days of Asia/Shanghai included, per department, matter, point and measure, with a trend *by* period.

        What had to be checked is known only from *decided*, the host's own register of decided cases of the period;
        without it the share of what was checked is not known, and the report says so. *point* is that of cases that
        name none.

        Raises:
            InputError: *since* lies after *until*, or it is not said at which point a case was decided.
        """
        from credit_check_sdk._shell.drivers import run
        from credit_check_sdk.core.figures import report

        return run(report(self._desk, since, until, by, decided, point), self._world)

    def response_sheet(
        self,
        since: date | None = None,
        until: date | None = None,
        *,
        memorandum: str | None = None,
        initiator: str | None = None,
    ) -> ResponseSheet:
        """Put together what this system's departments did with the measures that others asked for, and why not.

        Days are those of Asia/Shanghai, both included. With *memorandum* only the measures and lists of that
        memorandum are meant, with *initiator* only what that authority asked for; it is written as in its records.

        Raises:
            InputError: *since* lies after *until*, or the catalogue knows no such memorandum.
        """
        from credit_check_sdk._shell.drivers import run
        from credit_check_sdk.core.sheets import sheet

        return run(sheet(self._desk, since, until, memorandum, initiator), self._world)


class AsyncAccounts:
    """Names of `AsyncCreditCheck` that concern the report of a period."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def statistics_report(
        self,
        since: date | None = None,
        until: date | None = None,
        *,
        by: Span | None = None,
        decided: Iterable[DecidedCase] | None = None,
        point: Point | None = None,
    ) -> StatisticsReport:
        """Count the period; see `CreditCheck.statistics_report`."""
        from credit_check_sdk._shell.drivers import run_async
        from credit_check_sdk.core.figures import report

        return await run_async(report(self._desk, since, until, by, decided, point), self._world)

    async def response_sheet(
        self,
        since: date | None = None,
        until: date | None = None,
        *,
        memorandum: str | None = None,
        initiator: str | None = None,
    ) -> ResponseSheet:
        """Put together what became of measures that others asked for; see `CreditCheck.response_sheet`."""
        from credit_check_sdk._shell.drivers import run_async
        from credit_check_sdk.core.sheets import sheet

        return await run_async(sheet(self._desk, since, until, memorandum, initiator), self._world)
