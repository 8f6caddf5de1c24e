"""The ledger in memory and the ledger on SQLite answer every question and obey every command alike."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest

from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger
from credit_check_sdk.model import (
    Acknowledgement,
    AppliesTo,
    Bonus,
    Case,
    CatalogueRef,
    Change,
    Decision,
    Deferral,
    Facilities,
    Feedback,
    GreenChannel,
    Lines,
    ManualEvidence,
    Notice,
    NoticeDelivery,
    Objection,
    Operator,
    Paper,
    Proposal,
    Recheck,
    Response,
    Words,
)
from credit_check_sdk.model.applied import RecordStanding
from credit_check_sdk.model.ledger import (
    ChangeEntry,
    ChannelReport,
    CheckById,
    CheckEntry,
    CommitmentEntry,
    CursorEntry,
    Entry,
    FeedbackEntry,
    HoldEntry,
    LatestCheck,
    Lease,
    LeaseRechecks,
    ManualEntry,
    ManualsOf,
    NoticeDeliveryEntry,
    NoticeEntry,
    ObjectionAnswerEntry,
    ObjectionEntry,
    OutboxReport,
    OutboxRow,
    OutboxRows,
    OutboxStatus,
    PaperEntry,
    PostponeRecheck,
    RecheckedEntry,
    RecheckEntry,
    Rechecks,
    Requeue,
    ResponseEntry,
    Settle,
    Statistics,
    StoredNotice,
    TransitionEntry,
)
from credit_check_sdk.testing import InMemoryLedger
from credit_check_sdk.testing.conformance import FIRM, delivery
from tests.ledger.test_commitments import promised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OFFICER = Operator(id="u-1024", department="451100-scjgj")
MINUTE = timedelta(minutes=1)


def feedback(key: str, case_id: str = "c-1") -> Feedback:
    data = {**delivery(key).body["data"], "case_id": case_id}
    return Feedback.model_validate(data, strict=False)


def decision(number: str, case_id: str = "c-1", *, proposals: int = 1, at: datetime = NOW) -> Decision:
    nothing = Words(zh="无", en="none")
    return Decision(
        id=number,
        case_id=case_id,
        matter="procurement.goods",
        point="evaluate",
        environment="sandbox",
        outcome="restricted" if proposals else "clear",
        decided_at=at,
        valid_until=at + timedelta(days=1),
        proposals=tuple(
            Proposal(
                id=f"prop_{number}_{place}",
                measure="R-GP-01",
                name=nothing,
                kind="restriction",
                force="mandatory",
                strength="block",
                effect_scope="case",
                applies_to=AppliesTo(role="subject"),
                basis=(),
                reasons=nothing,
            )
            for place in range(proposals)
        ),
        facilities=Facilities(
            green_channel=GreenChannel(reasons=nothing),
            deferral=Deferral(reasons=nothing),
            bonus=Bonus(reasons=nothing),
        ),
        catalogue=CatalogueRef(edition="2026.1", digest="sha256:0"),
        reasons=Lines(),
    )


def check(number: str, case_id: str = "c-1", **said: Any) -> CheckEntry:
    case = Case(id=case_id, matter="procurement.goods", point="evaluate", subject=FIRM, operator=OFFICER, opened_at=NOW)
    return CheckEntry(decision(number, case_id, **said), case, (), "parties", "rules")


def answer(number: str, decided: str, place: int = 0, said: str = "applied") -> ResponseEntry:
    response = Response.model_validate({"proposal": f"prop_{decided}_{place}", "answer": said})
    return ResponseEntry(number, decided, "c-1", "evaluate", response, OFFICER, NOW, feedback="fb_1")


class Sqlite:
    """The real ledger under the names of the one in memory."""

    def __init__(self, folder: Path) -> None:
        self._ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}", KeyRing.make(folder / "keys"), environment="sandbox")

    def record(self, entries: Iterable[Entry]) -> None:
        self._ledger.run(list(entries))

    def load(self, query: Any) -> Any:
        return self._ledger.run(query)

    def move(self, command: Any) -> Any:
        return self._ledger.run(command)

    def close(self) -> None:
        self._ledger.close()


AnyLedger = InMemoryLedger | Sqlite


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyLedger]:
    if request.param == "memory":
        yield InMemoryLedger()
        return
    kept = Sqlite(tmp_path)
    yield kept
    kept.close()


def put(ledger: AnyLedger, *keys: str, case_id: str | None = None) -> None:
    ledger.record(FeedbackEntry(feedback(key, case_id or f"c-{key}"), "municipal") for key in keys)


def row_of(ledger: AnyLedger, key: str) -> OutboxRow:
    (found,) = [row for row in ledger.load(OutboxRows()) if row.key == key]
    assert isinstance(found, OutboxRow)
    return found


def lease(ledger: AnyLedger, *, now: datetime = NOW, limit: int = 10, token: str = "lease_1") -> list[str]:  # noqa: S107  the name of a lease
    rows: tuple[OutboxRow, ...] = ledger.move(Lease("municipal", limit, now, MINUTE, token))
    assert all(row.feedback is not None and row.lease == token for row in rows)
    return [row.key for row in rows]


def said(key: str, verdict: str, code: str | None = None) -> Acknowledgement:
    return Acknowledgement.model_validate({"key": key, "verdict": verdict, "code": code})


def test_every_entry_of_the_ledger_is_taken() -> None:
    notice = Notice(
        id="notice_1",
        case_id="c-1",
        decision="dec_1",
        proposal="prop_dec_1_0",
        subject_name=FIRM.name,
        text=Words(zh="…", en="…"),
        drafted_at=NOW,
    )
    delivery = NoticeDelivery(method="post", on=NOW.date(), operator=Operator(id="u-1", department="d"))
    told = NoticeDeliveryEntry("delivery_1", notice.id, notice.case_id, delivery, NOW)
    seen = ManualEvidence(
        id="manual_1",
        case_id="c-1",
        point="evaluate",
        source="municipal",
        site="窗口",
        queried_at=NOW,
        operator=Operator(id="u-1", department="d"),
        file="seen.pdf",
        size=1,
        digest="sha256:" + "0" * 64,
        attached_at=NOW,
    )
    again = Recheck(id="recheck_1", due_on=NOW.date())
    left_open: list[Entry] = [
        RecheckEntry(again, "dec_1", "c-1", "procurement.goods", "evaluate", "d", ("municipal",), NOW),
        RecheckedEntry("rechecked_1", "recheck_1", "c-1", "dec_1", "restricted", adverse=True, at=NOW),
        ManualEntry(seen, b"x"),
    ]
    entries: list[Entry] = [*left_open, check("dec_1"), answer("resp_1", "dec_1"), FeedbackEntry(feedback("fb_1"), "municipal"), NoticeEntry(notice), told]  # fmt: skip
    change = Change(cursor="1", source="municipal", record_id="R-0001", change="objected", at=NOW)
    standing = RecordStanding().after(change, "change_1", NOW)
    entries += [ChangeEntry("change_1", change, NOW, standing, ("dec_1",)), CursorEntry("municipal", None, "1", NOW)]
    entries.append(
        TransitionEntry(
            "trans_1",
            "c-1",
            "dec_1",
            "prop_dec_1_0",
            "apply",
            "proposed",
            "in_force",
            NOW,
            "clock",
            "applied",
            Words(zh="…", en="…"),
        )
    )
    paper = Paper(name="收据.txt", sha256=hashlib.sha256(b"...").hexdigest(), size=3)
    disputed = Objection(
        id="obj_1",
        case_id="c-1",
        point="evaluate",
        decision="dec_1",
        proposals=("prop_dec_1_0",),
        source="municipal",
        record_id="R-0001",
        subject_name=FIRM.name,
        text="…",
        papers=(paper,),
        operator=Operator(id="u-1", department="d"),
        taken_at=NOW,
        term="objection.answer",
        feedback="fb_2",
    )
    entries += [ObjectionEntry(disputed, ("dec_1",)), PaperEntry("paper_1", "obj_1", "c-1", paper, b"...", NOW)]
    entries.append(ObjectionAnswerEntry("answer_1", "obj_1", "c-1", "objection_rejected", NOW, "source:municipal"))
    entries.append(CommitmentEntry(promised()))
    entries.append(HoldEntry("hold_1", "c-1", held=True, reason="诉讼", operator=OFFICER, at=NOW))
    assert {type(entry) for entry in entries} == set(get_args(Entry))
    ledger = InMemoryLedger()
    ledger.record(entries)
    kept = StoredNotice(notice, "delivered", delivery)
    assert (list(ledger.checks), list(ledger.rows), ledger.notices) == (["dec_1"], ["fb_1"], {notice.id: kept})
    assert ledger.load(ManualsOf("c-1", "evaluate")) == (seen,)
    assert [row.state for row in ledger.load(Rechecks())] == ["adverse"]


def test_rechecks_are_taken_once_given_back_and_made(ledger: AnyLedger) -> None:
    again = Recheck(id="recheck_1", due_on=NOW.date())
    entry = RecheckEntry(again, "dec_1", "c-1", "procurement.goods", "evaluate", "d", ("municipal",), NOW)
    ledger.record([check("dec_1"), check("dec_2"), entry])
    [taken] = ledger.move(LeaseRechecks(NOW, MINUTE, "one"))
    assert (taken.id, taken.attempts) == ("recheck_1", 1)
    assert ledger.move(LeaseRechecks(NOW, MINUTE, "two")) == ()
    assert not ledger.move(PostponeRecheck("recheck_1", "two", NOW, "source.timeout"))
    assert ledger.move(PostponeRecheck("recheck_1", "one", NOW + MINUTE, "source.timeout"))
    assert ledger.move(LeaseRechecks(NOW, MINUTE, "two")) == ()
    [taken] = ledger.move(LeaseRechecks(NOW, MINUTE, "two", due_only=False))
    assert (taken.attempts, taken.last_error) == (2, "source.timeout")
    ledger.record([RecheckedEntry("rechecked_1", "recheck_1", "c-1", "dec_2", "review", adverse=True, at=NOW)])
    assert ledger.load(Rechecks(("waiting",))) == ()
    [made] = ledger.load(Rechecks(case_id="c-1", point="evaluate"))
    assert (made.state, made.outcome, made.followed_by) == ("adverse", "review", "dec_2")
    assert [ledger.load(CheckById(number)).touched_by for number in ("dec_1", "dec_2")] == ["recheck_1", None]
    assert ledger.load(ManualsOf("c-1", "evaluate")) == ()


def test_the_latest_check_of_a_file_at_a_point_is_found_with_its_answers(ledger: AnyLedger) -> None:
    ledger.record([check("dec_1"), check("dec_2", "c-2"), check("dec_3")])
    reported = feedback("fb_1").model_copy(update={"decision": "dec_3", "proposal": "prop_dec_3_0"})
    ledger.record([answer("resp_1", "dec_3"), FeedbackEntry(reported, "municipal")])
    found = ledger.load(LatestCheck("c-1", "evaluate"))
    assert found.decision.id == "dec_3"
    assert [(each.id, each.feedback) for each in found.responses] == [("resp_1", "fb_1")]
    assert ledger.load(LatestCheck("c-1", "award")) is None
    assert ledger.load(CheckById("dec_1")).decision.id == "dec_1"
    assert ledger.load(CheckById("dec_9")) is None


def test_a_change_can_touch_a_check() -> None:
    ledger = InMemoryLedger()
    ledger.record([check("dec_1")])
    ledger.touch("dec_1", "change_1")
    assert ledger.load(CheckById("dec_1")).touched_by == "change_1"


def test_a_lease_takes_due_rows_oldest_first_and_nobody_else_gets_them(ledger: AnyLedger) -> None:
    put(ledger, "fb_1", "fb_2", "fb_3")
    assert lease(ledger, limit=2) == ["fb_1", "fb_2"]
    assert lease(ledger, token="lease_2") == ["fb_3"]
    assert lease(ledger, token="lease_3") == []


def test_a_lease_that_ran_out_is_taken_over_and_the_old_one_no_longer_counts(ledger: AnyLedger) -> None:
    put(ledger, "fb_1")
    lease(ledger)
    assert lease(ledger, now=NOW + MINUTE + MINUTE, token="lease_2") == ["fb_1"]
    assert row_of(ledger, "fb_1").attempts == 2
    assert ledger.move(Settle("lease_1", NOW, (said("fb_1", "delivered"),))) == 0
    assert ledger.move(Settle("lease_2", NOW, (said("fb_1", "delivered"),))) == 1
    assert (row_of(ledger, "fb_1").state, row_of(ledger, "fb_1").delivered_at) == ("delivered", NOW)


@pytest.mark.parametrize(("verdict", "next_due"), [("retry", []), ("in_doubt", []), ("refused", ["fb_2"])])
def test_the_order_of_a_file_is_kept_unless_what_is_before_is_dead(
    ledger: AnyLedger, verdict: str, next_due: list[str]
) -> None:
    put(ledger, "fb_1", "fb_2", case_id="c-1")
    assert lease(ledger) == ["fb_1"]
    later = NOW + timedelta(hours=1)
    ledger.move(Settle("lease_1", NOW, (said("fb_1", verdict),), {"fb_1": later}))
    assert lease(ledger) == next_due


def test_what_is_to_be_tried_again_waits_for_its_time(ledger: AnyLedger) -> None:
    put(ledger, "fb_1")
    lease(ledger)
    ledger.move(Settle("lease_1", NOW, (said("fb_1", "retry", "source.status"),), {"fb_1": NOW + MINUTE}))
    assert lease(ledger, now=NOW + MINUTE - timedelta(seconds=1)) == []
    assert lease(ledger, now=NOW + MINUTE) == ["fb_1"]


def test_dead_rows_are_shown_counted_and_requeued(ledger: AnyLedger) -> None:
    put(ledger, "fb_1", "fb_2", "fb_3")
    lease(ledger)
    given = (said("fb_1", "refused", "item.invalid"), said("fb_2", "retry", "source.status"), said("fb_3", "delivered"))
    assert ledger.move(Settle("lease_1", NOW, given, {}, frozenset({"fb_1", "fb_2"}))) == 3
    assert [row.key for row in ledger.load(OutboxRows(("dead",)))] == ["fb_1", "fb_2"]
    of_channel = ChannelReport("municipal", counts={"dead": 2, "delivered": 1})
    assert ledger.load(OutboxStatus()) == OutboxReport(
        {"dead": 2, "delivered": 1}, None, "source.status", (of_channel,)
    )
    assert ledger.move(Requeue(("fb_1",), NOW)) == 1
    assert ledger.move(Requeue((), NOW)) == 1
    assert lease(ledger) == ["fb_1", "fb_2"]


def test_what_is_recorded_twice_under_one_key_is_one_row(ledger: AnyLedger) -> None:
    put(ledger, "fb_1", "fb_1")
    assert [row.key for row in ledger.load(OutboxRows())] == ["fb_1"]


def test_statistics_wait_for_answers_to_the_latest_check_of_each_file_only(ledger: AnyLedger) -> None:
    ledger.record([check("dec_1", proposals=2), check("dec_2", "c-2", proposals=0), check("dec_3", proposals=2)])
    reported = feedback("fb_1").model_copy(update={"decision": "dec_3", "proposal": "prop_dec_3_0"})
    ledger.record([answer("resp_1", "dec_3"), FeedbackEntry(reported, "municipal")])
    (row,) = ledger.load(Statistics())
    assert (row.department, row.matter, row.point) == ("451100-scjgj", "procurement.goods", "evaluate")
    assert (row.checks, row.cases, row.outcomes) == (3, 2, {"restricted": 2, "clear": 1})
    assert (row.proposals, row.applied, row.set_aside, row.verifying, row.unanswered) == (4, 1, 0, 0, 1)
    assert (row.feedback_delivered, row.feedback_waiting) == (0, 1)


def test_the_days_of_statistics_are_those_of_shanghai(ledger: AnyLedger) -> None:
    ledger.record([check("dec_1", at=datetime(2026, 11, 22, 16, 30, tzinfo=UTC))])
    assert len(ledger.load(Statistics(date(2026, 11, 23), date(2026, 11, 23)))) == 1
    assert ledger.load(Statistics(None, date(2026, 11, 22))) == ()


def test_a_foreign_question_or_command_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no question"):
        InMemoryLedger().load("?")
    with pytest.raises(TypeError, match="no command"):
        InMemoryLedger().move("!")
