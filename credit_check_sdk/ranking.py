"""What both front doors offer for rankings: a table before and after credit, and the committee's decision on it.

It puts nothing together and decides nothing; `client` makes front doors of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.flow import Flow
    from credit_check_sdk.model import CommitteeDecision, Ranking, RankingTable

T = TypeVar("T")


class Rankings:
    """Names of `CreditCheck` that concern rankings."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def rank(self, ranking: Ranking) -> RankingTable:
        """Rank bids or applications before and after credit, for the committee; nothing is written.

        Points are given or deducted only under a clause of the document and within its cap, each with list, clause
        and article; what is not given stands there with its reason (招标投标领域公平竞争审查规则 第九条).

        Raises:
            InputError: an entry, bidder or decision stands there twice, or a decision is unknown or not the latest.
        """
        from credit_check_sdk.core.ranking import rank

        return self._ranked(rank(self._desk, ranking))

    def confirm_ranking(
        self, ranking: Ranking, decision: CommitteeDecision, *, transaction: object = None
    ) -> RankingTable:
        """Take the committee's decision on a table that `rank` gave; each proposal is settled, which makes feedback.

        Raises:
            InputError: the table is no longer the one that the committee saw, or the decision does not fit it.
            SettleError: an answer cannot be taken.
        """
        from credit_check_sdk.core.ranking import confirm

        return self._ranked(confirm(self._desk, ranking, decision), transaction)

    def _ranked(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run

        return run(flow, self._world, transaction)


class AsyncRankings:
    """Names of `AsyncCreditCheck` that concern rankings."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def rank(self, ranking: Ranking) -> RankingTable:
        """Rank bids or applications before and after credit, for the committee; see `CreditCheck.rank`."""
        from credit_check_sdk.core.ranking import rank

        return await self._ranked(rank(self._desk, ranking))

    async def confirm_ranking(
        self, ranking: Ranking, decision: CommitteeDecision, *, transaction: object = None
    ) -> RankingTable:
        """Take the committee's decision on a table that `rank` gave; see `CreditCheck.confirm_ranking`."""
        from credit_check_sdk.core.ranking import confirm

        return await self._ranked(confirm(self._desk, ranking, decision), transaction)

    async def _ranked(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run_async

        return await run_async(flow, self._world, transaction)
