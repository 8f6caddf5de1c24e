"""What an outage left open, in memory: the part of `InMemoryLedger` that keeps rechecks and manual evidence. No I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from credit_check_sdk.model.ledger import (
    LeaseRechecks,
    ManualEntry,
    ManualsOf,
    PostponeRecheck,
    RecheckedEntry,
    RecheckEntry,
    Rechecks,
    StoredRecheck,
)

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk.model import ManualEvidence


class InMemoryRechecks:
    """Rechecks and manual evidence, as the real ledger keeps them."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredRecheck] = {}
        """Rechecks by number."""
        self.manuals: list[ManualEvidence] = []
        """Manual evidence, in the order of its recording."""
        self._leases: dict[str, tuple[str, datetime]] = {}

    def record(self, entry: RecheckEntry | RecheckedEntry | ManualEntry) -> None:
        """Take an entry."""
        match entry:
            case RecheckEntry():
                self.rows[entry.recheck.id] = StoredRecheck(
                    id=entry.recheck.id,
                    decision=entry.decision,
                    case_id=entry.case_id,
                    matter=entry.matter,
                    point=entry.point,
                    department=entry.department,
                    state="waiting",
                    due_on=entry.recheck.due_on,
                    provisional=entry.recheck.provisional,
                    attempts=0,
                    created_at=entry.at,
                    next_at=entry.at,
                )
            case RecheckedEntry():
                row = self.rows[entry.recheck]
                if row.state == "waiting":
                    state: Any = "adverse" if entry.adverse else "done"
                    self.rows[row.id] = replace(
                        row, state=state, done_at=entry.at, outcome=entry.outcome, followed_by=entry.decision
                    )
            case ManualEntry():
                self.manuals.append(entry.evidence)

    def ask(self, question: Rechecks | LeaseRechecks | PostponeRecheck | ManualsOf) -> Any:
        """Answer a question, or carry out a command."""
        match question:
            case Rechecks():
                return self._rechecks(question)
            case LeaseRechecks():
                return self._lease(question)
            case PostponeRecheck():
                held = self._leases.get(question.number)
                if held is None or held[0] != question.token or self.rows[question.number].state != "waiting":
                    return False
                del self._leases[question.number]
                row = self.rows[question.number]
                self.rows[row.id] = replace(row, next_at=question.next_at, last_error=question.error)
                return True
            case ManualsOf():
                found = [m for m in self.manuals if (m.case_id, m.point) == (question.case_id, question.point)]
                return tuple(sorted(found, key=lambda m: (m.queried_at, m.id), reverse=True))

    def _rechecks(self, question: Rechecks) -> tuple[StoredRecheck, ...]:
        found = [
            row
            for row in self.rows.values()
            if (not question.states or row.state in question.states)
            and question.case_id in {None, row.case_id}
            and question.point in {None, row.point}
            and question.number in {None, row.id}
        ]
        return tuple(sorted(found, key=lambda row: (row.due_on, row.created_at, row.id))[: question.limit])

    def _lease(self, command: LeaseRechecks) -> tuple[StoredRecheck, ...]:
        taken: list[StoredRecheck] = []
        for row in self._rechecks(Rechecks(("waiting",))):
            held = self._leases.get(row.id)
            free = held is None or held[1] < command.now
            if len(taken) < command.limit and free and (not command.due_only or row.next_at <= command.now):
                self._leases[row.id] = (command.token, command.now + command.length)
                self.rows[row.id] = replace(row, attempts=row.attempts + 1)
                taken.append(self.rows[row.id])
        return tuple(taken)
