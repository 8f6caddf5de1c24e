"""Verify anew what rests on a platform's records, where the platform lost our place in its changes. A flow.

What it would have told us is asked for: each decision's subjects once more, live. A record that has changed, or is no
longer given, becomes a change like any other. A source that stays silent leaves everything as it is, to be asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.consult import ask_live
from credit_check_sdk.core.weigh import asked_parties
from credit_check_sdk.flow import Load, Now
from credit_check_sdk.model import Change, Silence
from credit_check_sdk.model.ledger import CheckById, Resting, StoredCheck

if TYPE_CHECKING:
    from credit_check_sdk.core.desk import Desk

_OVER = frozenset({"lifted", "rectified"})


async def missed(desk: Desk, source: str) -> tuple[tuple[Change, ...], int, Silence | None]:
    """Give what must have changed, how many decisions were asked about anew, and the silence that ended the asking."""
    changes: dict[str, Change] = {}
    asked = 0
    for number in await Load(Resting(source)):
        stored: StoredCheck | None = await Load(CheckById(number))
        if stored is None or source not in desk.sources or not _open(desk, stored, source):
            continue
        policy = desk.policies.get(stored.case.matter)
        parties = asked_parties(stored.case, policy) if policy else stored.case.everybody
        subjects = tuple(dict.fromkeys(party.subject for party in parties))
        found = await ask_live(desk, stored.case, source, subjects, await Now())
        if isinstance(found, Silence):
            return tuple(changes.values()), asked, found
        asked += 1
        now_given = {record.record_id: record for answer in found.answers for record in answer.records}
        for record_id in _grounds(stored, source):
            record = now_given.get(record_id)
            changes[record_id] = Change(
                cursor=f"verified {found.request_id}",
                source=source,
                record_id=record_id,
                change="corrected",
                at=found.as_of,
                record=record.model_copy(update={"match": "identifier"}) if record is not None else None,
            )
    return tuple(changes.values()), asked, None


def _open(desk: Desk, stored: StoredCheck, source: str) -> bool:
    """Say whether a decision of this environment has a measure on the source's records that is not over."""
    return stored.decision.environment == desk.environment and any(
        proposal.state not in _OVER
        for proposal in stored.decision.proposals
        if any(ground.source == source for ground in proposal.grounds)
    )


def _grounds(stored: StoredCheck, source: str) -> set[str]:
    return {g.record_id for p in stored.decision.proposals for g in p.grounds if g.source == source}
