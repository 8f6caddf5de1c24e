"""Licences and penalties that are published are followed until they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Bring a ledger of version 5 to version 6."""
    op.create_table(
        "credit_publication",
        Column("key", Text, primary_key=True),
        Column("record", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("destination", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("matter", Text, nullable=False),
        Column("department", Text, nullable=False),
        Column("decided_day", Integer, nullable=False),
        Column("due_day", Integer),
        Column("made_at", BigInteger, nullable=False),
    )
    op.create_index("credit_publication_record", "credit_publication", ["record"])
    op.create_index("credit_publication_case", "credit_publication", ["case_id"])
    op.create_index("credit_publication_due", "credit_publication", ["due_day"])
