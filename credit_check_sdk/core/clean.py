"""Say whether a subject has had so many years without an adverse record. Pure: no I/O, no clock.

连续三年无不良信用记录: the window ends on the acceptance day; a record counts if its document date is later than that
day so many years before. Repaired, revoked, suspended and minor records never count, and neither do records that agree
by name alone; expired ones do, unless the matter's policy says otherwise. A subject younger than the window, or of unknown age, does not qualify on this ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.standing import counts_adversely, years_after
from credit_check_sdk.model.measure import SUSPENDED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from credit_check_sdk.core.standing import Seen
    from credit_check_sdk.model import Case, MatterPolicy, Record

IDLE = SUSPENDED | {"repaired", "revoked"}
"""Statuses under which a record never counts."""


def clean_years(case: Case, policy: MatterPolicy, seen: Iterable[Seen], years: int) -> bool:
    """Say whether the case's subject had no counting adverse record in the *years* before the acceptance day."""
    start = years_after(day_of(case.opened_at), -years)
    founded = case.subject.founded_on
    if case.subject.category != "person" and (founded is None or founded > start):
        return False
    own = (item.record for item in seen if item.party.role == "subject" and item.capacity in {"own", "responsible"})
    return not any(_counts(record, policy, start) for record in own)


def _counts(record: Record, policy: MatterPolicy, start: date) -> bool:
    if not counts_adversely(record) or record.status in IDLE:
        return False
    if record.status == "expired" and not policy.count_expired:
        return False
    # A record without a date cannot be shown to be old, so it counts.
    return record.document_date is None or record.document_date > start
