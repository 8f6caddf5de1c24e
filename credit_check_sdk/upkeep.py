"""What both front doors offer to whoever keeps the ledger: holds, erasure, what is held about a subject.

It puts nothing together and decides nothing; `client` makes front doors of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.flow import Flow
    from credit_check_sdk.model import Operator, Subject
    from credit_check_sdk.model.erasure import ErasureReport, FileState, HeldReport

T = TypeVar("T")


class Upkeep:
    """Names of `CreditCheck` that concern how long things are kept."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def hold_file(self, case_id: str, *, reason: str, operator: Operator) -> FileState:
        """Put a file on legal hold: it is not erased until it is released, though its time be over.

        Raises:
            InputError: nothing is held of that file.
        """
        return self._own(_holding(case_id, reason, operator, held=True))

    def release_file(self, case_id: str, *, reason: str, operator: Operator) -> FileState:
        """Release a file from legal hold.

        Raises:
            InputError: nothing is held of that file.
        """
        return self._own(_holding(case_id, reason, operator, held=False))

    def erase(
        self,
        *,
        subject: Subject | None = None,
        case_id: str | None = None,
        expired: bool = False,
        reason: str,
        operator: Operator,
        dry_run: bool = False,
    ) -> ErasureReport:
        """Erase what the ledger says in the files of a subject, in one file, or in all whose time is over.

        Nothing is erased before its time, on hold, while feedback is undelivered or a measure in force: the report says
        which files stay, and why. The chain stays valid, and an entry says what was erased. With *dry_run* nothing is.

        Raises:
            InputError: not exactly one of the three is named, or nothing is held of it.
        """
        report = self._own(_erasing(self._desk, subject, case_id, reason, operator, expired=expired, dry_run=dry_run))
        if not dry_run:
            _follow(self._world, self._desk, report, expired=expired)
        return report

    def held_about(self, subject: Subject) -> HeldReport:
        """Give all that is held about *subject*, queries included, and nothing of what is held about others.

        It holds identifiers in the clear: hand it to the subject, and keep no copy (个人信息保护法 第四十五条).

        Raises:
            InputError: the subject has no identifier.
        """
        from credit_check_sdk.core.erasing import held_about

        return _with_queries(self._world, subject, self._own(held_about(self._desk, subject)))

    def _own(self, flow: Flow[T]) -> T:
        from credit_check_sdk._shell.drivers import run

        return run(flow, self._world, None)


class AsyncUpkeep:
    """Names of `AsyncCreditCheck` that concern how long things are kept."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def hold_file(self, case_id: str, *, reason: str, operator: Operator) -> FileState:
        """Put a file on legal hold; see `CreditCheck.hold_file`."""
        return await self._own(_holding(case_id, reason, operator, held=True))

    async def release_file(self, case_id: str, *, reason: str, operator: Operator) -> FileState:
        """Release a file from legal hold; see `CreditCheck.release_file`."""
        return await self._own(_holding(case_id, reason, operator, held=False))

    async def erase(
        self,
        *,
        subject: Subject | None = None,
        case_id: str | None = None,
        expired: bool = False,
        reason: str,
        operator: Operator,
        dry_run: bool = False,
    ) -> ErasureReport:
        """Erase what the ledger says in some files; see `CreditCheck.erase`."""
        from credit_check_sdk._shell.many import apart

        report = await self._own(
            _erasing(self._desk, subject, case_id, reason, operator, expired=expired, dry_run=dry_run)
        )
        if not dry_run:
            await apart(_follow, self._world, self._desk, report, expired)
        return report

    async def held_about(self, subject: Subject) -> HeldReport:
        """Give all that is held about *subject*; see `CreditCheck.held_about`."""
        from credit_check_sdk._shell.many import apart
        from credit_check_sdk.core.erasing import held_about

        return await apart(_with_queries, self._world, subject, await self._own(held_about(self._desk, subject)))

    async def _own(self, flow: Flow[T]) -> T:
        from credit_check_sdk._shell.drivers import run_async

        return await run_async(flow, self._world, None)


def _holding(case_id: str, reason: str, operator: Operator, *, held: bool) -> Flow[FileState]:
    from credit_check_sdk.core.erasing import hold

    return hold(case_id, held=held, reason=_needed(reason), operator=operator)


def _erasing(  # noqa: PLR0913  whom, why and by whom
    desk: Desk,
    subject: Subject | None,
    case_id: str | None,
    reason: str,
    operator: Operator,
    *,
    expired: bool,
    dry_run: bool,
) -> Flow[ErasureReport]:
    from credit_check_sdk.core.erasing import erase

    return erase(
        desk,
        subject=subject,
        case_id=case_id,
        expired=expired,
        reason=_needed(reason),
        operator=operator,
        dry_run=dry_run,
    )


def _follow(world: World, desk: Desk, report: ErasureReport, expired: bool) -> None:  # noqa: FBT001  given on as it is
    """Have the audit store forget whom the erased files were about, and drop what is old enough there."""
    from credit_check_sdk._shell.world import now
    from credit_check_sdk.core.erasing import queries_before

    world.audit.forget_files(report.files)
    if expired:
        world.audit.drop_before(queries_before(desk, now()))


def _with_queries(world: World, subject: Subject, report: HeldReport) -> HeldReport:
    return replace(report, queries=tuple(world.audit.about(subject)))


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InputError(
            "a reason is needed", "须说明理由", remedy_en="say why, and on what basis", remedy_zh="请写明理由与依据"
        )
    return reason.strip()
