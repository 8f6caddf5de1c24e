"""Count what the ledger holds per department, matter and point. It yields statements and opens no connection."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import bindparam, select

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import DAY, Execute, Work, day_start
from credit_check_sdk.model.ledger import Statistics, StatisticsRow

_FOREVER = 2**62
_period = (s.check.c.decided_at >= bindparam("since"), s.check.c.decided_at < bindparam("until"))
_CHECKS = (
    select(
        s.check.c.decision,
        s.check.c.department,
        s.check.c.matter,
        s.check.c.point,
        s.check.c.case_id,
        s.check.c.outcome,
    )
    .where(*_period)
    .order_by(s.check.c.decided_at, s.check.c.decision)
)
_PROPOSALS = (
    select(s.proposal.c.decision, s.proposal.c.proposal, s.proposal.c.strength)
    .join(s.check, s.check.c.decision == s.proposal.c.decision)
    .where(*_period)
)
_ANSWERS = (
    select(s.response.c.proposal, s.response.c.answer)
    .join(s.check, s.check.c.decision == s.response.c.decision)
    .where(*_period)
    .order_by(s.response.c.at, s.response.c.id)
)
_FEEDBACK = (
    select(s.outbox.c.decision, s.outbox.c.state)
    .join(s.check, s.check.c.decision == s.outbox.c.decision)
    .where(*_period)
)

_RECHECKS = (
    select(s.recheck.c.department, s.recheck.c.matter, s.recheck.c.point, s.recheck.c.state, s.recheck.c.due_on)
    .join(s.check, s.check.c.decision == s.recheck.c.decision)
    .where(*_period)
)


def figures(question: Statistics) -> Work[tuple[StatisticsRow, ...]]:
    """Count; a proposal counts as unanswered only in the latest check of its file and point."""
    period = {
        "since": day_start(question.since) if question.since else -_FOREVER,
        "until": day_start(question.until) + DAY if question.until else _FOREVER,
    }
    checks = (yield Execute(_CHECKS, period)).rows
    proposals = (yield Execute(_PROPOSALS, period)).rows
    answers: dict[str, str] = {row[0]: row[1] for row in (yield Execute(_ANSWERS, period)).rows}
    feedback = (yield Execute(_FEEDBACK, period)).rows

    rechecks = (yield Execute(_RECHECKS, period)).rows

    group_of: dict[str, tuple[str, str, str]] = {}
    latest: dict[tuple[str, str], str] = {}
    cases: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    outcomes: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for decision, department, matter, point, case_id, outcome in checks:
        group = (department, matter, point)
        group_of[decision] = group
        latest[case_id, point] = decision
        cases[group].add(case_id)
        outcomes[group][outcome] += 1
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    current = set(latest.values())
    for decision, proposal, strength in proposals:
        group = group_of[decision]
        counts[group]["proposals"] += 1
        answer = answers.get(proposal)
        if answer is not None:
            counts[group][answer] += 1
        elif decision in current and strength in {"block", "hint"}:
            counts[group]["unanswered"] += 1
    for decision, state in feedback:
        counts[group_of[decision]]["delivered" if state == "delivered" else "waiting"] += 1
    outcome_of = {decision: outcome for decision, _, _, _, _, outcome in checks}
    for decision in current:
        counts[group_of[decision]]["checked"] += outcome_of[decision] != "undecided"
    today = question.today.isoformat() if question.today else ""
    for department, matter, point, state, due_on in rechecks:
        group = (department, matter, point)
        counts[group][f"recheck_{state}"] += 1
        counts[group]["overdue"] += state == "waiting" and due_on < today
    return tuple(_row(group, cases[group], outcomes[group], counts[group]) for group in sorted(cases))


def _row(group: tuple[str, str, str], cases: set[str], outcomes: Counter[str], counts: Counter[str]) -> StatisticsRow:
    department, matter, point = group
    return StatisticsRow(
        department=department,
        matter=matter,
        point=point,
        checks=sum(outcomes.values()),
        cases=len(cases),
        outcomes=dict(outcomes),
        proposals=counts["proposals"],
        applied=counts["applied"],
        set_aside=counts["set_aside"],
        verifying=counts["verifying"],
        unanswered=counts["unanswered"],
        feedback_delivered=counts["delivered"],
        feedback_waiting=counts["waiting"],
        checked=counts["checked"],
        rechecks_waiting=counts["recheck_waiting"],
        rechecks_overdue=counts["overdue"],
        rechecks_adverse=counts["recheck_adverse"],
    )
