"""A varied run of four months, entry by entry, and a ledger filled with it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck
from credit_check_sdk._shell import world
from credit_check_sdk.model import Change, Commitment, NoticeDelivery, Objection, Recheck, StoredCommitment, Words
from credit_check_sdk.model.answer import Silence
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.ledger import (
    ChangeEntry,
    CheckEntry,
    CommitmentEntry,
    Lease,
    NoticeDeliveryEntry,
    NoticeEntry,
    ObjectionAnswerEntry,
    ObjectionEntry,
    RecheckedEntry,
    RecheckEntry,
    Settle,
    TransitionEntry,
)
from tests.kit import organisation
from tests.ledger.conftest import place, server
from tests.ledger.samples import (
    MINUTE,
    NOW,
    OFFICER,
    WORDS,
    answer,
    check,
    notice,
    promise,
    published,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk.model.ledger import Entry

__all__ = ["place", "server"]
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
TODAY = datetime(2026, 12, 15, 2, tzinfo=UTC)
"""When the run is looked at."""
DEPARTMENTS = ("451100-scjgj", "451100-czj")
MATTERS = (("procurement.goods", "evaluate"), ("licence.food-production", "accept"), ("subsidy.enterprise", "apply"))
MEASURES = ("R-GP-01", "R-SUB-01", "I-01", "R-INFO-02")
AUTHORITIES = ("贺州市市场监督管理局", "贺州市税务局", "贺州市人力资源和社会保障局")
REASONS = ("证据不足", "=记录主体为 91451100MA5AAAAA2F，已整改", "联系电话 13900001111，暂缓")
CHECKS, RECORDS = 150, 24


class Run:
    """The entries of the run, in the order in which they came about."""

    def __init__(self, seed: int = 20261123) -> None:
        self.dice = random.Random(seed)  # noqa: S311  no secret: a run that is the same every time
        self.checks: list[CheckEntry] = []
        self.delivered: list[tuple[str, datetime, str]] = []
        """Reports that came to an end: their key, when, and how."""
        self.entries: list[Entry] = list(self._entries())

    def moment(self, since: datetime = FIRST, days: int = 105) -> datetime:
        return since + timedelta(minutes=self.dice.randrange(days * 24 * 60))

    def day(self, since: datetime = FIRST, days: int = 105) -> date:
        return self.moment(since, days).date()

    def _entries(self) -> Iterator[Entry]:
        for number in range(CHECKS):
            yield self._check(number)
        yield from self._changes()
        for each in self.checks:
            yield from self._after(each)
        yield from self._apart()

    def _check(self, number: int) -> CheckEntry:
        dice = self.dice
        case = dice.randrange(70)
        matter, point = MATTERS[case % 3]
        point = "close" if point == "accept" and dice.random() < 0.4 else point
        made = check(
            f"dec_{number:04}",
            f"c-{case}",
            proposals=dice.choice((0, 0, 1, 2, 3)),
            at=self.moment(),
            point=point,
            matter=matter,
            department=DEPARTMENTS[case % 2],
        )
        proposals = tuple(self._proposal(each) for each in made.decision.proposals)
        outcome = dice.choice(("restricted", "review")) if proposals else dice.choice(("clear", "clear", "undecided"))
        silent = dice.random()
        silences = (Silence(source="regional", required=silent < 0.1, code="source.timeout", detail=WORDS),)
        more = {"proposals": proposals, "outcome": outcome, "silences": silences if silent < 0.2 else ()}
        found = CheckEntry(
            made.decision.model_copy(update=more), made.case, made.consultations, made.parties, made.rules
        )
        self.checks.append(found)
        return found

    def _proposal(self, proposal: Any) -> Any:
        dice = self.dice
        measure = dice.choice(MEASURES)
        strength = "offer" if measure == "I-01" else dice.choice(("block", "hint", "info"))
        several = dice.sample(range(RECORDS), dice.choice((0, 1, 1, 1, 2)))
        grounds = tuple(
            proposal.grounds[0].model_copy(update={"record_id": f"R-{n:04}", "authority": AUTHORITIES[n % 3]})
            for n in several
        )
        kind = "incentive" if strength == "offer" else "restriction"
        return proposal.model_copy(
            update={"measure": measure, "strength": strength, "kind": kind, "grounds": grounds, "force": "recommended"}
        )

    def _changes(self) -> Iterator[Entry]:
        kinds = ("repaired", "revoked", "objection_upheld", "objected", "expired", "temporarily_lifted")
        for number in range(0, RECORDS, 2):
            at = self.moment()
            given = {"cursor": str(number), "source": "municipal", "record_id": f"R-{number:04}", "at": at}
            change = Change.model_validate({**given, "change": self.dice.choice(kinds)})
            standing = RecordStanding().after(change, f"change_{number}", at)
            resting = [
                each.decision.id
                for each in self.checks
                if any(g.record_id == change.record_id for p in each.decision.proposals for g in p.grounds)
            ]
            yield ChangeEntry(f"change_{number}", change, at, standing, tuple(resting[:3]))

    def _after(self, each: CheckEntry) -> Iterator[Entry]:
        dice, decision = self.dice, each.decision
        for ordinal, proposal in enumerate(decision.proposals):
            told = decision.decided_at + 30 * MINUTE
            if dice.random() < 0.5:
                yield from self._notice(each, proposal.id)
            if dice.random() < 0.3:
                continue
            what = dice.choice(("applied", "applied", "set_aside", "verifying"))
            yield self._answer(each, ordinal, what, told)
            if dice.random() < 0.2:
                what = dice.choice(("applied", "set_aside"))
                yield self._answer(each, ordinal, what, told + MINUTE, amended=True)
            if what == "applied":
                yield from self._measure(each, proposal.id, told)
            yield from self._report(promise(f"fb_{proposal.id}", each.case.id, decision=decision.id, at=told), told)

    def _answer(self, each: CheckEntry, ordinal: int, what: str, at: datetime, *, amended: bool = False) -> Entry:
        number = f"resp_{each.decision.id}_{ordinal}"
        made = answer(
            number + "_2" * amended, each.decision.id, ordinal, what, at=at, amends=number if amended else None
        )
        reason = None if what == "applied" else self.dice.choice(REASONS)
        given = made.response.model_copy(update={"reason": reason})
        values = {name: getattr(made, name) for name in ("id", "decision", "operator", "at", "amends")}
        return type(made)(**values, case_id=each.case.id, point=each.decision.point, response=given)

    def _measure(self, each: CheckEntry, proposal: str, at: datetime) -> Iterator[Entry]:
        about: dict[str, Any] = {"case_id": each.case.id, "decision": each.decision.id, "proposal": proposal}
        why: dict[str, Any] = {"by": "operator:u-1024", "cause": "applied", "why": Words(zh="执行", en="applied")}
        first = f"trans_{proposal}"
        yield TransitionEntry(id=first, event="apply", before="proposed", after="in_force", at=at, **about, **why)
        event: Any
        after: Any
        event, after = self.dice.choice((("", ""), ("", ""), ("suspend", "suspended"), ("lift", "lifted"), ("rectify", "rectified")))  # fmt: skip
        if event:
            yield TransitionEntry(
                id=f"{first}_2", event=event, before="in_force", after=after, at=at + MINUTE, follows=first, **about, **why
            )  # fmt: skip

    def _notice(self, each: CheckEntry, proposal: str) -> Iterator[Entry]:
        drafted = each.decision.decided_at
        due = self.dice.choice((None, (drafted + timedelta(days=5)).date()))
        number = f"notice_{proposal}"
        about = {"case_id": each.case.id, "point": each.decision.point, "decision": each.decision.id}
        more = {"proposal": proposal, "drafted_at": drafted, "due_on": due}
        yield NoticeEntry(notice(number).notice.model_copy(update={**about, **more}))
        if self.dice.random() < 0.5:
            delivery = NoticeDelivery(method="post", on=drafted.date(), operator=OFFICER)
            yield NoticeDeliveryEntry(f"delivery_{proposal}", number, each.case.id, delivery, drafted + MINUTE)

    def _report(self, entry: Any, at: datetime) -> Iterator[Entry]:
        yield entry
        ends = self.dice.choice(("delivered", "delivered", "delivered", "refused", ""))
        if ends:
            self.delivered.append((entry.feedback.id, self.moment(at, 4), ends))

    def _apart(self) -> Iterator[Entry]:
        dice = self.dice
        for number in range(30):
            decided = self.day()
            said_of = {
                "record": f"pub_{number}",
                "matter": dice.choice(MATTERS)[0],
                "department": dice.choice(DEPARTMENTS),
                "decided_on": decided,
                "due_on": dice.choice((None, decided + timedelta(days=2))),
            }
            at = datetime.combine(decided, NOW.timetz())
            made = published(f"fb_pub_{number}", **said_of)
            feedback = made.feedback.model_copy(update={"at": at, "decision": "dec_none", "case_id": f"c-p{number}"})
            yield from self._report(type(made)(feedback, made.channel), at)
        for number in range(30):
            yield from self._commitment(number)
        for number in range(15):
            yield from self._objection(number)
        for number in range(15):
            yield from self._recheck(number)

    def _commitment(self, number: int) -> Iterator[Entry]:
        dice, case = self.dice, self.dice.choice(self.checks).case
        said_of = Commitment(
            code=f"45110020261123{number:06}",
            subject_name="示例公司",
            subject_category="organisation",
            identify=organisation().identifiers[0],
            commitment_type="deferral",
            reason="示例",
            content="示例",
            liability="示例",
            committed_on=FIRST.date(),
            accepted_by="d",
            accepted_by_code="d",
        )

        def step(name: str, state: str, event: str, at: datetime, due: date | None) -> StoredCommitment:
            values: dict[str, Any] = {"state": state, "event": event, "due_on": due, "case_id": case.id}
            told: dict[str, Any] = {
                "operator": case.operator,
                "received_on": at.date(),
                "step": name,
                "at": at,
                "by": "operator:u-1",
            }
            return StoredCommitment(commitment=said_of, **told, **values)

        at, due = self.moment(days=90), dice.choice((None, self.day()))
        name = f"com_{number}"
        yield CommitmentEntry(step(name, "open", "commit", at, due))
        state, event = dice.choice(
            (("fulfilled", "fulfil"), ("overdue", "lapse"), ("breached", "breach"), ("withdrawn", "withdraw"), ("", ""))
        )
        if state:
            yield CommitmentEntry(step(f"{name}_2", state, event, self.moment(at, 10), due), name)
        if state == "breached" and dice.random() < 0.5:
            yield CommitmentEntry(step(f"{name}_3", "repaired", "repair", self.moment(at, 20), due), f"{name}_2")

    def _objection(self, number: int) -> Iterator[Entry]:
        each = self.dice.choice([one for one in self.checks if one.decision.proposals])
        at = self.moment(days=90)
        given: dict[str, Any] = {"id": f"obj_{number}", "case_id": each.case.id, "point": each.decision.point}
        given |= {"decision": each.decision.id, "proposals": (each.decision.proposals[0].id,), "source": "municipal"}
        given |= {"record_id": f"R-{number:04}", "subject_name": "示例公司", "text": "记录有误", "taken_at": at}
        due = self.dice.choice((None, (at + timedelta(days=9)).date()))
        given |= {"operator": each.case.operator, "term": "objection.answer", "due_on": due}
        yield ObjectionEntry(Objection.model_validate({**given, "feedback": f"fb_obj_{number}"}))
        if self.dice.random() < 0.6:
            verdict = self.dice.choice(("objection_upheld", "objection_rejected"))
            ended = self.moment(at, 14)
            yield ObjectionAnswerEntry(
                f"ans_{number}", f"obj_{number}", each.case.id, verdict, ended, "source:municipal"
            )

    def _recheck(self, number: int) -> Iterator[Entry]:
        each, at = self.dice.choice(self.checks), self.moment(days=90)
        case, point = each.case, each.decision.point
        again = Recheck(id=f"recheck_{number}", due_on=(at + timedelta(days=5)).date())
        about = (each.decision.id, case.id, case.matter, point, case.operator.department)
        yield RecheckEntry(again, *about, ("regional",), at)
        if self.dice.random() < 0.6:
            adverse = self.dice.random() < 0.4
            outcome = "restricted" if adverse else "clear"
            yield RecheckedEntry(
                f"rechecked_{number}", again.id, case.id, each.decision.id, outcome, adverse=adverse, at=at + MINUTE
            )


def fill(
    run: Run, record: Callable[[list[Entry]], Any], lease: Callable[[str, datetime], list[str]], settle: Any
) -> None:
    """Put the run into a ledger, and let its reports come to their ends."""
    for start in range(0, len(run.entries), 50):
        record(run.entries[start : start + 50])
    ends = {key: (at, how) for key, at, how in run.delivered}
    while keys := lease("lease_1", TODAY + timedelta(days=400)):
        for key in keys:
            if key in ends:
                at, how = ends[key]
                settle(Settle("lease_1", at, (said(key, how, None if how == "delivered" else "x"),)))


@pytest.fixture(scope="session")
def the_run() -> Run:
    """Give the run; it is the same every time."""
    return Run()


@pytest.fixture
def at_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand at the day on which the run is looked at."""
    monkeypatch.setattr(world, "now", lambda: TODAY)


@pytest.fixture
def filled(config: Path, the_run: Run, at_the_day: None) -> Path:
    """Give a configuration whose ledger holds the run."""
    with CreditCheck.open(config) as credit:
        ledger = credit._world.ledger
        put(the_run, ledger)
    return config


def put(run: Run, ledger: Any) -> None:
    """Fill a ledger of the shell."""

    def lease(token: str, now: datetime) -> list[str]:
        return [row.key for row in ledger.run(Lease("municipal", 500, now, MINUTE, token))]

    fill(run, ledger.run, lease, ledger.run)
