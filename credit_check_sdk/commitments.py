"""What both front doors offer for commitments: deferred acceptance, the other types, and the department's red list.

It puts nothing together and decides nothing; `client` makes front doors of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.committing import FollowReport
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.flow import Flow
    from credit_check_sdk.model import (
        Case,
        CommitmentDraft,
        CommitmentState,
        Operator,
        Promise,
        RedListEntry,
        StoredCommitment,
    )

T = TypeVar("T")


class Commitments:
    """Names of `CreditCheck` that concern commitments."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def offer_deferral(
        self, case: Case, *, operator: Operator | None = None, transaction: object = None
    ) -> StoredCommitment:
        """Tell an applicant, once, all formal materials that are missing, and draft the letter of commitment.

        Raises:
            InputError: the latest check does not allow it; ``code`` says why.
        """
        from credit_check_sdk.core.committing import offer

        return self._committed(offer(self._desk, case, operator), transaction)

    def defer(
        self, case: Case, promise: Promise, *, operator: Operator | None = None, transaction: object = None
    ) -> StoredCommitment:
        """Accept a case whose formal materials are missing, against a written promise (容缺受理).

        The day due is the earliest of the day promised, the matter's maximum, the promised and the statutory limit, in
        working days from the next day. The statutory clock is not moved.

        Raises:
            InputError: the latest check does not allow it; ``code`` says why.
        """
        from credit_check_sdk.core.committing import defer

        return self._committed(defer(self._desk, case, promise, operator), transaction)

    def supply(
        self,
        code: str,
        materials: Sequence[str],
        *,
        operator: Operator,
        arrived_on: date | None = None,
        transaction: object = None,
    ) -> StoredCommitment:
        """Take deferred materials that have arrived; the last of them fulfils the commitment.

        Raises:
            InputError: such a material is not waited for, or it arrived after the day due.
        """
        from credit_check_sdk.core.committing import supply

        return self._committed(supply(self._desk, code, materials, operator, arrived_on), transaction)

    def refuse_deferral(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Write down that the applicant declines to promise: the ordinary procedure goes on.

        Raises:
            InputError: the promise was made already, or there is none of that code.
        """
        from credit_check_sdk.core.committing import refuse

        return self._committed(refuse(self._desk, code, operator, reason))

    def withdraw_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Take a promise back before it is due.

        Raises:
            InputError: it is no longer open, or there is none of that code.
        """
        from credit_check_sdk.core.committing import withdraw

        return self._committed(withdraw(self._desk, code, operator, reason))

    def extend_commitment(self, code: str, until: date, *, operator: Operator, reason: str) -> StoredCommitment:
        """Give more time because of force majeure, never beyond the statutory day of the decision.

        Raises:
            InputError: that day will not do, or it is closed.
        """
        from credit_check_sdk.core.committing import extend

        return self._committed(extend(self._desk, code, until, operator, reason))

    def fulfil_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Confirm that a commitment without materials was kept.

        Raises:
            InputError: it waits for materials, or is closed.
        """
        from credit_check_sdk.core.committing import fulfil

        return self._committed(fulfil(self._desk, code, operator, reason))

    def breach_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Confirm that a commitment was broken: the matter's rule follows, and the platform is told.

        Raises:
            InputError: it cannot be broken where it stands.
        """
        from credit_check_sdk.core.committing import breach

        return self._committed(breach(self._desk, code, operator, reason))

    def repair_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Write down that a breach was repaired: the subject may promise again.

        Raises:
            InputError: it was not broken.
        """
        from credit_check_sdk.core.committing import repair

        return self._committed(repair(self._desk, code, operator, reason))

    def collect_commitment(self, draft: CommitmentDraft, *, transaction: object = None) -> StoredCommitment:
        """Collect a commitment of another type (信用承诺), and report it.

        Raises:
            InputError: it is a deferral, or the subject has no identifier.
        """
        from credit_check_sdk.core.committing import collect

        return self._committed(collect(self._desk, draft), transaction)

    def follow_commitments(self) -> FollowReport:
        """Remind whose day is near, mark what is overdue, take over repairs that `sync` brought; say what it came to."""
        from credit_check_sdk.core.committing import follow

        return self._committed(follow(self._desk))

    def push_red_list(self, entry: RedListEntry, *, operator: Operator) -> str:
        """Report an entry of the department's own red list; answer the key of the report. The same entry is reported once.

        Raises:
            InputError: the subject has no identifier.
        """
        from credit_check_sdk.core.committing import push_red_list

        return self._committed(push_red_list(self._desk, entry, operator))

    def withdraw_red_list(self, entry: RedListEntry, *, operator: Operator, reason: str) -> str:
        """Report that an entry of the department's own red list is withdrawn; answer the key of the report.

        Raises:
            InputError: the subject has no identifier.
        """
        from credit_check_sdk.core.committing import push_red_list

        return self._committed(push_red_list(self._desk, entry, operator, reason))

    def commitments(
        self,
        *,
        code: str | None = None,
        case_id: str | None = None,
        states: Sequence[CommitmentState] = (),
        limit: int = 1000,
    ) -> tuple[StoredCommitment, ...]:
        """Give commitments, those due first."""
        from credit_check_sdk.model.ledger import Commitments as Question

        question = Question(code, case_id, tuple(states), limit=limit)
        return self._committed(_asked(question))

    def commitment_steps(self, code: str) -> tuple[StoredCommitment, ...]:
        """Give every step of a commitment, oldest first."""
        from credit_check_sdk.model.ledger import CommitmentSteps

        return self._committed(_asked(CommitmentSteps(code)))

    def _committed(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run

        return run(flow, self._world, transaction)


class AsyncCommitments:
    """Names of `AsyncCreditCheck` that concern commitments."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def offer_deferral(
        self, case: Case, *, operator: Operator | None = None, transaction: object = None
    ) -> StoredCommitment:
        """Tell an applicant, once, all formal materials that are missing; see `CreditCheck.offer_deferral`."""
        from credit_check_sdk.core.committing import offer

        return await self._committed(offer(self._desk, case, operator), transaction)

    async def defer(
        self, case: Case, promise: Promise, *, operator: Operator | None = None, transaction: object = None
    ) -> StoredCommitment:
        """Accept a case whose formal materials are missing, against a written promise (容缺受理); see `CreditCheck.defer`."""
        from credit_check_sdk.core.committing import defer

        return await self._committed(defer(self._desk, case, promise, operator), transaction)

    async def supply(
        self,
        code: str,
        materials: Sequence[str],
        *,
        operator: Operator,
        arrived_on: date | None = None,
        transaction: object = None,
    ) -> StoredCommitment:
        """Take deferred materials that have arrived; see `CreditCheck.supply`."""
        from credit_check_sdk.core.committing import supply

        return await self._committed(supply(self._desk, code, materials, operator, arrived_on), transaction)

    async def refuse_deferral(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Write down that the applicant declines to promise; see `CreditCheck.refuse_deferral`."""
        from credit_check_sdk.core.committing import refuse

        return await self._committed(refuse(self._desk, code, operator, reason))

    async def withdraw_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Take a promise back before it is due; see `CreditCheck.withdraw_commitment`."""
        from credit_check_sdk.core.committing import withdraw

        return await self._committed(withdraw(self._desk, code, operator, reason))

    async def extend_commitment(self, code: str, until: date, *, operator: Operator, reason: str) -> StoredCommitment:
        """Give more time because of force majeure, never beyond the statutory day of the decision; see `CreditCheck.extend_commitment`."""
        from credit_check_sdk.core.committing import extend

        return await self._committed(extend(self._desk, code, until, operator, reason))

    async def fulfil_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Confirm that a commitment without materials was kept; see `CreditCheck.fulfil_commitment`."""
        from credit_check_sdk.core.committing import fulfil

        return await self._committed(fulfil(self._desk, code, operator, reason))

    async def breach_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Confirm that a commitment was broken; see `CreditCheck.breach_commitment`."""
        from credit_check_sdk.core.committing import breach

        return await self._committed(breach(self._desk, code, operator, reason))

    async def repair_commitment(self, code: str, *, operator: Operator, reason: str) -> StoredCommitment:
        """Write down that a breach was repaired; see `CreditCheck.repair_commitment`."""
        from credit_check_sdk.core.committing import repair

        return await self._committed(repair(self._desk, code, operator, reason))

    async def collect_commitment(self, draft: CommitmentDraft, *, transaction: object = None) -> StoredCommitment:
        """Collect a commitment of another type (信用承诺); see `CreditCheck.collect_commitment`."""
        from credit_check_sdk.core.committing import collect

        return await self._committed(collect(self._desk, draft), transaction)

    async def follow_commitments(self) -> FollowReport:
        """Remind whose day is near, mark what is overdue, take over repairs that `sync` brought; see `CreditCheck.follow_commitments`."""
        from credit_check_sdk.core.committing import follow

        return await self._committed(follow(self._desk))

    async def push_red_list(self, entry: RedListEntry, *, operator: Operator) -> str:
        """Report an entry of the department's own red list; see `CreditCheck.push_red_list`."""
        from credit_check_sdk.core.committing import push_red_list

        return await self._committed(push_red_list(self._desk, entry, operator))

    async def withdraw_red_list(self, entry: RedListEntry, *, operator: Operator, reason: str) -> str:
        """Report that an entry of the department's own red list is withdrawn; see `CreditCheck.withdraw_red_list`."""
        from credit_check_sdk.core.committing import push_red_list

        return await self._committed(push_red_list(self._desk, entry, operator, reason))

    async def commitments(
        self,
        *,
        code: str | None = None,
        case_id: str | None = None,
        states: Sequence[CommitmentState] = (),
        limit: int = 1000,
    ) -> tuple[StoredCommitment, ...]:
        """Give commitments, those due first."""
        from credit_check_sdk.model.ledger import Commitments as Question

        question = Question(code, case_id, tuple(states), limit=limit)
        return await self._committed(_asked(question))

    async def commitment_steps(self, code: str) -> tuple[StoredCommitment, ...]:
        """Give every step of a commitment, oldest first."""
        from credit_check_sdk.model.ledger import CommitmentSteps

        return await self._committed(_asked(CommitmentSteps(code)))

    async def _committed(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run_async

        return await run_async(flow, self._world, transaction)


async def _asked(question: object) -> tuple[StoredCommitment, ...]:
    from credit_check_sdk.flow import Load

    found: tuple[StoredCommitment, ...] = await Load(question)
    return found
