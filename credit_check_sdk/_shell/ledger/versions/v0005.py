"""Commitments are followed from the promise to what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Bring a ledger of version 4 to version 5."""
    op.create_table(
        "credit_commitment",
        Column("code", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("subject_key", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("due_day", Integer),
        Column("moved_at", BigInteger, nullable=False),
        Column("step", Text, nullable=False),
    )
    op.create_index("credit_commitment_due", "credit_commitment", ["state", "due_day"])
    op.create_index("credit_commitment_case", "credit_commitment", ["case_id"])
    op.create_index("credit_commitment_subject", "credit_commitment", ["subject_key", "state"])
