"""Say what a record may still carry on a given day. Pure: no I/O, no clock.

Rules: domain of 信用修复管理办法 (2026-04-01) and 国发〔2016〕33号; see `docs/explanation/doubtful-cases.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

    from credit_check_sdk.model import Measure, Party, Record
    from credit_check_sdk.model.policy import MatterPolicy
    from credit_check_sdk.model.record import RecordStatus

Standing = Literal["full", "hint", "suspended", "gone"]
"""Carries all, at most a hint, nothing for the time being, or nothing any more."""

Capacity = Literal["own", "responsible", "name_only", "foreign"]
"""How a record belongs to a party: its own, naming it as responsible, by name alone, or not at all."""

_RANK = {"minor": 0, "general": 1, "serious": 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it was seen for one party."""

    party: Party
    record: Record
    source: str
    capacity: Capacity
    live: bool
    """Whether it was read from the source just now, not from memory."""


def capacity_of(record: Record, party: Party) -> Capacity:
    """Say how *record* belongs to *party*: by identifier, as a named responsible person, or by name alone."""
    if record.match == "name_only":
        return "name_only"
    if record.subject.same_as(party.subject):
        return "own"
    if any(named.subject.same_as(party.subject) for named in record.responsible):
        return "responsible"
    if record.subject.normal_name == party.subject.normal_name:
        return "name_only"
    return "foreign"


def standing(record: Record, policy: MatterPolicy) -> Standing:
    """Say what the record's status leaves it to carry."""
    match record.status:
        case "repaired" | "revoked" | "expired":
            # 信用修复管理办法: repair ends sharing and use and lifts measures; 撤销 and 期满 likewise carry nothing.
            return "gone"
        case "objected" | "reconsidered" | "temporarily_lifted":
            # 国发〔2016〕33号: 联合惩戒措施在信息核实期间暂不执行; 破产重整 暂时解除.
            return "suspended"
        case "publicity_ended":
            return "hint" if policy.publicity_ended == "hint" else "gone"
        case "active":
            return "full"


def counts_adversely(record: Record) -> bool:
    """Say whether the record speaks against its subject at all; 轻微 ones never do (信用修复管理办法)."""
    return record.polarity == "negative" and record.severity != "minor"


def reaches_floor(record: Record, floor: str | None) -> bool:
    """Say whether the record is grave enough; one without severity reaches no measure with a floor."""
    if floor is None:
        return True
    return record.severity is not None and _RANK[record.severity] >= _RANK[floor]


def ended(status: RecordStatus) -> RecordStatus:
    """Give the status of a record whose publicity is over by the days, whatever its flag still says."""
    return "publicity_ended" if status == "active" else status


def running(record: Record, today: date) -> bool:
    """Say whether a clock other than publicity still runs; the until day still counts."""
    clocks = (record.ban_until, record.list_until, record.measure_until)
    return any(day is not None and today <= day for day in clocks)


def until(record: Record, measure: Measure, shown_until: date | None = None) -> date | None:
    """Give the last day on which *record* carries *measure*: by the first clock that the measure's period names.

    *shown_until* is the end of publicity by rule, for a record that states none.
    """
    clocks = {
        "ban": record.ban_until,
        "list": record.list_until,
        "measure": record.measure_until,
        "publicity": record.publicity_until or shown_until,
    }
    for clock in measure.period.clocks:
        day = clocks[clock]
        if day is not None:
            return day
    if measure.period.years is not None and record.document_date is not None:
        return years_after(record.document_date, measure.period.years)
    return None


def years_after(day: date, years: int) -> date:
    """Give the same day so many years later (or earlier); 29 February becomes 28 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def fact_key(record: Record) -> tuple[object, ...] | None:
    """Give what two records of one fact have in common, or None where a record has no document number."""
    if record.doc_no is None:
        return None
    return (
        record.list_code or record.kind,
        record.authority,
        record.doc_no,
        record.subject.keys,
    )
