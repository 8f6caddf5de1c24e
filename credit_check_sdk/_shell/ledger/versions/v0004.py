"""Checks that an outage left open are made again, and evidence of queries made by hand is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Bring a ledger of version 3 to version 4."""
    _handed_over(op)
    op.create_table(
        "credit_recheck",
        Column("recheck", Text, primary_key=True),
        Column("decision", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("matter", Text, nullable=False),
        Column("point", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("due_on", Text, nullable=False),
        Column("provisional", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("next_at", BigInteger, nullable=False),
        Column("lease", Text),
        Column("lease_until", BigInteger),
        Column("last_error", Text),
        Column("done_at", BigInteger),
        Column("outcome", Text),
        Column("followed_by", Text),
    )
    op.create_index("ix_credit_recheck_decision", "credit_recheck", ["decision"])
    op.create_index("credit_recheck_due", "credit_recheck", ["state", "due_on"])
    op.create_index("credit_recheck_case", "credit_recheck", ["case_id", "point", "state"])
    op.create_table(
        "credit_manual",
        Column("manual", Text, primary_key=True),
        Column("case_id", Text, nullable=False),
        Column("point", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("queried_at", BigInteger, nullable=False),
    )
    op.create_index("credit_manual_case", "credit_manual", ["case_id", "point"])


def _handed_over(op: Operations) -> None:
    """Add how each channel stands."""
    op.create_table(
        "credit_channel",
        Column("channel", Text, primary_key=True),
        Column("state", Text, nullable=False),
        Column("since", BigInteger, nullable=False),
        Column("last_error", Text),
        Column("last_error_at", BigInteger),
        Column("delivered_at", BigInteger),
    )
