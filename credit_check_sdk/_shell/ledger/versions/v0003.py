"""Changes are taken from platforms, applied measures have states, and objections are followed to their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Bring a ledger of version 2 to version 3; what was answered before is in force until something moves it."""
    _fed(op)
    _moved(op)
    _objected(op)


def _fed(op: Operations) -> None:
    op.create_table(
        "credit_feed",
        Column("source", Text, primary_key=True),
        Column("cursor", Text, nullable=False),
        Column("moved_at", BigInteger, nullable=False),
    )
    op.create_table(
        "credit_change",
        Column("id", Text, primary_key=True),
        Column("source", Text, nullable=False),
        Column("change_key", Text, nullable=False),
        Column("record_key", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
    )
    op.create_index("credit_change_once", "credit_change", ["source", "change_key"], unique=True)
    op.create_index("credit_change_kind", "credit_change", ["kind"])
    op.create_table(
        "credit_touch",
        Column("change", Text, primary_key=True),
        Column("decision", Text, primary_key=True),
    )
    op.create_table(
        "credit_record",
        Column("source", Text, primary_key=True),
        Column("record_key", Text, primary_key=True),
        Column("dispute", Text),
        Column("dispute_at", BigInteger),
        Column("lift", Text),
        Column("lift_at", BigInteger),
        Column("ended", Text),
        Column("ended_at", BigInteger),
        Column("wrong", Text),
        Column("wrong_at", BigInteger),
        Column("change", Text, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
    )


def _moved(op: Operations) -> None:
    op.create_table(
        "credit_measure",
        Column("proposal", Text, primary_key=True),
        Column("decision", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("returns", Text),
        Column("hold", Text),
        Column("cause", Text),
        Column("moved_at", BigInteger, nullable=False),
        Column("step", Text, nullable=False),
        Column("in_force_at", BigInteger),
        Column("effective_day", Integer),
        Column("until_day", Integer),
    )
    op.create_index("ix_credit_measure_decision", "credit_measure", ["decision"])
    op.create_index("credit_measure_due", "credit_measure", ["state", "until_day"])
    op.create_table(
        "credit_transition",
        Column("id", Text, primary_key=True),
        Column("decision", Text, nullable=False),
        Column("proposal", Text, nullable=False),
        Column("event", Text, nullable=False),
        Column("state_before", Text, nullable=False),
        Column("state_after", Text, nullable=False),
        Column("cause", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("ix_credit_transition_decision", "credit_transition", ["decision"])
    op.create_index("credit_transition_at", "credit_transition", ["at"])


def _objected(op: Operations) -> None:
    op.create_table(
        "credit_objection",
        Column("objection", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("record_key", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("decision", Text),
        Column("department", Text, nullable=False),
        Column("feedback", Text, nullable=False),
        Column("taken_at", BigInteger, nullable=False),
        Column("due_day", Integer),
        Column("provisional", Integer, nullable=False),
        Column("answer", Text),
        Column("answered_at", BigInteger),
    )
    op.create_index("credit_objection_record", "credit_objection", ["source", "record_key", "state"])
    op.create_index("credit_objection_due", "credit_objection", ["state", "due_day"])
    op.create_index("credit_objection_case", "credit_objection", ["case_id"])
