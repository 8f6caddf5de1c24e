"""Count a period in memory, as the real ledger does in SQL: the part of `InMemoryLedger` behind the report. No I/O."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from credit_check_sdk.model.figures import FigureRow, Figures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from credit_check_sdk.model.ledger import StoredCheck
    from credit_check_sdk.testing.ledger import InMemoryLedger

_SHANGHAI = timezone(timedelta(hours=8))


class _Place(NamedTuple):
    department: str
    matter: str
    point: str
    measure: str
    day: date
    arrived: date | None = None


class Counting:
    """Counts of one question over one ledger."""

    def __init__(self, kept: InMemoryLedger, question: Figures) -> None:
        self._kept = kept
        self._question = question
        self._found: dict[_Place, Counter[str]] = {}
        self._checks = [c for c in kept.checks.values() if self._within(_day(c.decision.decided_at))]
        order = sorted(self._checks, key=lambda c: (c.decision.decided_at, c.decision.id))
        self._latest = {(c.case.id, c.decision.point): c.decision.id for c in order}

    def rows(self) -> tuple[FigureRow, ...]:
        """Count everything."""
        for stored in self._checks:
            self._check(stored)
        self._standing()
        self._notices()
        self._reports()
        self._promises()
        self._publications()
        self._objections()
        self._rechecks()
        return tuple(
            FigureRow(
                *(place.department, place.matter, place.point, place.measure, place.day),
                counts={k: v for k, v in counts.items() if v},
                arrived=place.arrived,
            )
            for place, counts in self._found.items()
        )

    def _within(self, day: date) -> bool:
        return (self._question.since or date.min) <= day <= (self._question.until or date.max)

    def _add(self, place: _Place, counts: Mapping[str, int]) -> None:
        self._found.setdefault(place, Counter()).update(counts)

    def _check(self, stored: StoredCheck) -> None:
        decision, place = stored.decision, _place(stored)
        last = self._latest[stored.case.id, decision.point] == decision.id
        answers = {number: kept.response.answer for number, kept in stored.standing().items()}
        applied = {p.strength for p in decision.proposals if answers.get(p.id) == "applied"}
        files = {
            "files": True,
            "checked": decision.outcome != "undecided",
            decision.outcome: True,
            "hits": any(p.strength != "offer" for p in decision.proposals),
            "stopped": "block" in applied,
            "favoured": "offer" in applied,
        }
        always = {
            "checks": 1,
            "silent": any(each.required for each in decision.silences),
            "touched": stored.touched_by is not None,
        }
        self._add(place, {**always, **{name: last and holds for name, holds in files.items()}})
        for one in decision.proposals:
            answer = answers.get(one.id)
            waits = answer is None and last and one.strength in {"block", "hint"}
            counts = Counter({"proposed": 1, "unanswered": int(waits)})
            if answer:
                counts[answer] += 1
            self._add(place._replace(measure=one.measure), counts)

    def _standing(self) -> None:
        kept = self._kept
        for stored in self._checks:
            for one in stored.decision.proposals:
                measure = kept.measures.get(one.id)
                if measure is None or measure.state not in {"in_force", "suspended", "lifted", "rectified"}:
                    continue
                stands = [kept.standings.get((g.source, g.record_id)) for g in one.grounds]
                fallen = [
                    s is not None and (s.ended.what in {"repaired", "revoked"} or bool(s.wrong.what)) for s in stands
                ]
                bare = measure.state == "in_force" and one.strength != "offer" and bool(fallen) and all(fallen)
                counts = {measure.state: 1, "surviving": int(bare)}
                self._add(_place(stored)._replace(measure=one.measure), counts)

    def _notices(self) -> None:
        for kept in self._kept.notices.values():
            day, stored = _day(kept.notice.drafted_at), self._kept.checks[kept.notice.decision]
            measure = next((p.measure for p in stored.decision.proposals if p.id == kept.notice.proposal), None)
            if measure is not None and self._within(day):
                place = _place(stored)._replace(point=kept.notice.point or "", measure=measure, day=day)
                counts = {
                    "notices": 1,
                    "notices_delivered": kept.state == "delivered",
                    "notices_overdue": kept.overdue(self._question.today),
                }
                self._add(place, counts)

    def _reports(self) -> None:
        for row in self._kept.rows.values():
            day = _day(row.created_at)
            if not self._within(day):
                continue
            stored = self._kept.checks.get(row.feedback.decision) if row.feedback else None
            said = row.feedback.publicity if row.feedback else None
            place = _Place(said.department, said.matter, "", "", day) if said else _Place("", "", "", "", day)
            place = _place(stored) if stored else place
            arrived = _day(row.delivered_at) if row.delivered_at else None
            counts = {
                "reports": 1,
                "delivered": row.state == "delivered",
                "waiting": row.state != "delivered",
                "dead": row.state == "dead",
            }
            self._add(place._replace(day=day, arrived=arrived), counts)

    def _matter(self, case_id: str) -> str:
        return min((c.case.matter for c in self._kept.checks.values() if c.case.id == case_id), default="")

    def _promises(self) -> None:
        first = {kept.code: kept for kept in reversed(self._kept.promises)}
        for kept in {kept.code: kept for kept in self._kept.promises}.values():
            day = kept.due_on or _day(kept.at)
            if self._within(day):
                department = first[kept.code].operator.department
                declined = kept.state in {"refused", "withdrawn"}
                counts = {
                    "promises": not declined and kept.state != "offered",
                    "breached": kept.state in {"breached", "repaired"},
                    "declined": declined,
                    **{state: kept.state == state for state in ("fulfilled", "open", "overdue", "repaired")},
                }
                self._add(_Place(department, self._matter(kept.case_id), "", "", day), counts)

    def _publications(self) -> None:
        for row in self._kept.rows.values():
            said = row.feedback.publicity if row.feedback else None
            if said is None or not self._within(said.decided_on):
                continue
            arrived = _day(row.delivered_at) if row.state == "delivered" and row.delivered_at else None
            late = said.due_on is not None and (arrived or self._question.today) > said.due_on
            counts = {
                "publications": 1,
                "published_in_time": arrived is not None and not late,
                "published_late": late,
            }
            self._add(_Place(said.department, said.matter, "", "", said.decided_on), counts)

    def _objections(self) -> None:
        for kept in self._kept.objections.values():
            said, day = kept.objection, _day(kept.objection.taken_at)
            if not self._within(day):
                continue
            ended = _day(kept.answered_at) if kept.state == "answered" and kept.answered_at else None
            answered_late = ended is not None and said.due_on is not None and ended > said.due_on
            counts = {
                "objections": 1,
                "objections_open": kept.state == "open",
                "objections_answered": kept.state == "answered",
                "objections_upheld": kept.answer == "objection_upheld",
                "objections_late": answered_late or kept.overdue(self._question.today),
            }
            self._add(_Place(said.operator.department, self._matter(said.case_id), "", "", day), counts)

    def _rechecks(self) -> None:
        for row in self._kept.rechecks.rows.values():
            day = _day(row.created_at)
            if self._within(day):
                counts = {
                    "rechecks": 1,
                    "rechecks_waiting": row.state == "waiting",
                    "rechecks_overdue": row.state == "waiting" and _as_day(row.due_on) < self._question.today,
                    "rechecks_adverse": row.state == "adverse",
                }
                self._add(_Place(row.department, row.matter, row.point, "", day), counts)


def _place(stored: StoredCheck) -> _Place:
    case = stored.case
    return _Place(case.operator.department, case.matter, stored.decision.point, "", _day(stored.decision.decided_at))


def _day(moment: datetime) -> date:
    return moment.astimezone(_SHANGHAI).date()


def _as_day(said: date | str) -> date:
    return date.fromisoformat(said) if isinstance(said, str) else said
