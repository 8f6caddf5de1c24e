"""Say whether a record that was corrected still carries a measure that rests on it. Pure: no I/O, no clock.

The corrected record is weighed as the decision was, under the rules of the day of the decision, with everything else
as it was then; so a correction lifts exactly what a check on it would no longer have proposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.weigh import Heard, weigh

if TYPE_CHECKING:
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Answer, Consultation, Ground, Proposal, Record
    from credit_check_sdk.model.ledger import StoredCheck

_FORCE = {"offer": 0, "info": 1, "hint": 2, "block": 3}


def still_carries(desk: Desk, stored: StoredCheck, proposal: Proposal, ground: Ground, record: Record) -> bool:
    """Say whether *record*, as it now is, carries the measure of *proposal* as strongly as *ground* did."""
    policy = desk.policies.get(stored.case.matter)
    if policy is None:
        return True  # nothing can be said of a matter that is no longer configured: the next check says it
    heard = tuple(Heard(c.source, _with(c, ground, record)) for c in stored.consultations)
    day = day_of(stored.decision.decided_at)
    verdict = weigh(stored.case, policy, desk.catalogue, heard, stored.decision.silences, day, region=desk.region)
    return any(
        finding.measure.code == proposal.measure
        and finding.party.role == proposal.applies_to.role
        and finding.party.subject.masked == proposal.applies_to.subject
        and any(
            (support.seen.source, support.seen.record.record_id) == (ground.source, ground.record_id)
            and _FORCE[support.strength] >= _FORCE[ground.strength or proposal.strength]
            for support in finding.supports
        )
        for finding in verdict.findings
    )


def _with(consultation: Consultation, ground: Ground, record: Record) -> Consultation:
    """Give what a source answered, with one record as it now is; where it now names others, it is no longer theirs."""
    if consultation.source != ground.source:
        return consultation
    return consultation.model_copy(
        update={"answers": tuple(_answer(answer, ground, record) for answer in consultation.answers)}
    )


def _answer(answer: Answer, ground: Ground, record: Record) -> Answer:
    as_is = {"source": ground.source}
    records = tuple(
        record.model_copy(update={**as_is, "level": old.level, "match": old.match})
        if old.record_id == ground.record_id
        else old
        for old in answer.records
    )
    return answer.model_copy(update={"records": records})
