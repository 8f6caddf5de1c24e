"""Make a feedback of what was done with a measure, and say over which channel it goes. Pure: no I/O, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.cited import basis_words
from credit_check_sdk.core.desk import Desk, local
from credit_check_sdk.core.notices import party_of
from credit_check_sdk.model import Feedback

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk.model import Ground, Operator, Proposal, Response
    from credit_check_sdk.model.ledger import StoredCheck

_LEVELS = {"national": 3, "regional": 2, "municipal": 1, "enterprise": 0}
UNROUTED = "unrouted"
"""Channel of feedback for which no channel is configured yet; it waits and is shown, never dropped."""


def nearest(desk: Desk) -> str:
    """Name the nearest channel: that of the municipal platform, else the first."""
    near = [name for name in desk.channels if name in desk.sources and desk.sources[name].level == "municipal"]
    return next(iter((*near, *desk.channels)), UNROUTED)


def feedback_of(  # noqa: PLR0913  a feedback is made of all of these
    desk: Desk,
    stored: StoredCheck,
    proposal: Proposal,
    response: Response,
    *,
    operator: Operator,
    amends: str | None,
    now: datetime,
    number: str,
) -> Feedback:
    """Report an officer's answer to a proposal; *number* is the idempotency key, *amends* the key that it corrects."""
    case = stored.case
    party = party_of(case, proposal.applies_to)
    ground = first_ground(desk, proposal)
    policy = desk.policies.get(case.matter)
    return Feedback(
        id=number,
        kind="amendment" if amends else "response",
        amends=amends,
        case_id=case.id,
        matter=case.matter,
        matter_name=policy.name if policy else None,
        point=case.point,
        decision=stored.decision.id,
        proposal=proposal.id,
        measure=proposal.measure,
        measure_name=proposal.name,
        direction=proposal.kind,
        subject_name=party.subject.name,
        subject_category=party.subject.category,
        identifier=party.subject.primary,
        role=party.role,
        initiator=ground.authority if ground else None,
        list_code=ground.list_code if ground else None,
        record_id=ground.record_id if ground else None,
        reference=ground.reference if ground else None,
        source=ground.source if ground else channel_of(desk, stored, proposal),
        answer=response.answer,
        executed=response.answer == "applied",
        reason=response.reason,
        basis=basis_words(proposal.basis).zh,
        operator=operator,
        region=case.region or desk.region,
        environment=desk.environment,
        at=local(now),
    )


def first_ground(desk: Desk, proposal: Proposal) -> Ground | None:
    """Pick the ground of the highest authority; of equals the first."""
    return max(proposal.grounds, key=lambda ground: _level(desk, ground.source), default=None)


def _level(desk: Desk, source: str) -> int:
    consulting = desk.sources.get(source)
    return _LEVELS[consulting.level] if consulting else -1


def channel_of(desk: Desk, stored: StoredCheck, proposal: Proposal) -> str:
    """Name the channel of the source that carries the ground with the highest authority, else the nearest one."""
    by_rank = sorted({ground.source for ground in proposal.grounds}, key=lambda source: -_level(desk, source))
    asked = [evidence.source for evidence in stored.decision.evidences]
    for source in (*by_rank, *asked, *desk.channels):
        if source in desk.channels:
            return source
    return UNROUTED
