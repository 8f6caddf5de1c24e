"""Counts per department, matter and point; a day is one of Asia/Shanghai. On both kinds of database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from credit_check_sdk.model.ledger import Settle, Statistics, StatisticsRow
from tests.ledger.samples import MINUTE, NOW, OFFICER, answer, check, lease, promise, said

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger


def test_an_empty_ledger_counts_nothing(ledger: Ledger) -> None:
    assert ledger.run(Statistics()) == ()


def test_each_department_matter_and_point_is_counted_apart(ledger: Ledger) -> None:
    ledger.run([
        check("dec_1", proposals=3),
        check("dec_2", "c-2", proposals=0),
        check("dec_3", point="award"),
        check("dec_4", "c-3", matter="tender.works"),
        check("dec_5", "c-4", department="451100-czj"),
    ])  # fmt: skip
    ledger.run([
        answer("resp_1", "dec_1"),
        answer("resp_2", "dec_1", said="set_aside", at=NOW + MINUTE, amends="resp_1"),
        answer("resp_3", "dec_1", 1, "verifying"),
        promise("fb_1", decision="dec_1"),
        promise("fb_2", decision="dec_1"),
    ])  # fmt: skip
    ledger.run(Settle("lease_1", NOW, tuple(said(row.key, "delivered") for row in lease(ledger, limit=1))))
    other, award, evaluate, works = ledger.run(Statistics())
    assert evaluate == StatisticsRow(
        department=OFFICER.department,
        matter="procurement.goods",
        point="evaluate",
        checks=2,
        cases=2,
        outcomes={"restricted": 1, "clear": 1},
        proposals=3,
        applied=0,
        set_aside=1,
        verifying=1,
        unanswered=1,
        feedback_delivered=1,
        feedback_waiting=1,
        checked=2,
    )
    assert (other.department, other.checks, other.unanswered) == ("451100-czj", 1, 1)
    assert (award.point, award.cases) == ("award", 1)
    assert (works.matter, works.checks) == ("tender.works", 1)


def test_only_the_latest_check_of_a_file_waits_for_answers(ledger: Ledger) -> None:
    ledger.run([check("dec_1", proposals=2), check("dec_2", at=NOW + MINUTE), check("dec_3", "c-2", strength="info")])
    (row,) = ledger.run(Statistics())
    assert (row.checks, row.cases, row.proposals, row.unanswered) == (3, 2, 4, 1)


def test_a_period_counts_whole_days_of_shanghai_with_both_ends(ledger: Ledger) -> None:
    ledger.run([
        check("dec_1", "c-1", at=datetime(2026, 11, 22, 15, 59, 59, 999999, tzinfo=UTC)),
        check("dec_2", "c-2", at=datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        check("dec_3", "c-3", at=datetime(2026, 11, 23, 15, 59, 59, 999999, tzinfo=UTC)),
        check("dec_4", "c-4", at=datetime(2026, 11, 23, 16, 0, tzinfo=UTC)),
    ])  # fmt: skip

    def counted(since: date | None, until: date | None) -> int:
        return sum(row.checks for row in ledger.run(Statistics(since, until)))

    day = date(2026, 11, 23)
    assert counted(day, day) == 2
    assert counted(None, date(2026, 11, 22)) == 1
    assert counted(date(2026, 11, 24), None) == 1
    assert counted(None, None) == 4
    assert counted(date.min, date.max) == 4
