"""Take records for disputed that are disputed at this counter, before the platform has marked them. A flow.

国发〔2016〕33号: 联合惩戒措施在信息核实期间暂不执行. An objection that was taken here, and a record that the department itself
has verified, hold from that moment, whatever the platform still says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from credit_check_sdk.core.standing import counts_adversely
from credit_check_sdk.flow import Load
from credit_check_sdk.model.ledger import Objections, StoredObjection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.core.weigh import Heard
    from credit_check_sdk.model import Answer, Record

_UNDISPUTED = frozenset({"active", "publicity_ended"})


async def as_disputed_here(heard: Sequence[Heard]) -> tuple[Heard, ...]:
    """Give what was heard, with the status *objected* where an objection or question of our own is not answered."""
    places = tuple(
        dict.fromkeys(
            (item.source, record.record_id)
            for item in heard
            for answer in item.consultation.answers
            for record in answer.records
            if counts_adversely(record) and record.status in _UNDISPUTED
        )
    )
    if not places:
        return tuple(heard)
    found: tuple[StoredObjection, ...] = await Load(Objections(states=("open",), records=places))
    disputed = {(each.objection.source, each.objection.record_id) for each in found}
    if not disputed:
        return tuple(heard)
    return tuple(_marked(item, {number for source, number in disputed if source == item.source}) for item in heard)


def _marked(item: Heard, disputed: set[str]) -> Heard:
    answers = tuple(_answer(answer, disputed) for answer in item.consultation.answers)
    return replace(item, consultation=item.consultation.model_copy(update={"answers": answers}))


def _answer(answer: Answer, disputed: set[str]) -> Answer:
    if not any(record.record_id in disputed for record in answer.records):
        return answer
    return answer.model_copy(update={"records": tuple(_record(record, disputed) for record in answer.records)})


def _record(record: Record, disputed: set[str]) -> Record:
    return record.model_copy(update={"status": "objected"}) if record.record_id in disputed else record
