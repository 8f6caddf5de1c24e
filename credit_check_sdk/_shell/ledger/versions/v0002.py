"""Notices are followed, entries are sealed in a chain, and a trigger in the database sees what lets a case pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, Text, text

if TYPE_CHECKING:
    from alembic.operations import Operations


def upgrade(op: Operations) -> None:
    """Bring a ledger of version 1 to version 2."""
    _guarded(op)
    _noticed(op)
    _sealed(op)


def _guarded(op: Operations) -> None:
    """Add what a trigger has to see; older checks have no value there and let nothing pass."""
    op.add_column("credit_check", Column("valid_until", BigInteger))
    op.add_column("credit_check", Column("silent", Integer))
    op.add_column("credit_proposal", Column("effect_scope", Text))
    op.add_column("credit_proposal", Column("ends_at", BigInteger))


def _noticed(op: Operations) -> None:
    op.create_table(
        "credit_notice",
        Column("notice", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("point", Text, nullable=False),
        Column("decision", Text, nullable=False),
        Column("proposal", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("drafted_at", BigInteger, nullable=False),
        Column("due_on", Text),
        Column("delivery", Text),
    )
    op.create_index("ix_credit_notice_decision", "credit_notice", ["decision"])
    op.create_index("ix_credit_notice_proposal", "credit_notice", ["proposal"])
    op.create_index("credit_notice_due", "credit_notice", ["state", "due_on"])
    op.create_index("credit_notice_case", "credit_notice", ["case_id", "point"])


def _sealed(op: Operations) -> None:
    """Add the chain; entries that are there already are sealed with the next."""
    op.add_column("credit_entry", Column("place", BigInteger))
    unsealed = text("place IS NULL")
    op.create_index(
        "credit_entry_unsealed", "credit_entry", ["recorded_at", "id"], sqlite_where=unsealed, postgresql_where=unsealed
    )
    op.create_table(
        "credit_chain",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("chain", Text, nullable=False, unique=True),
        Column("after_place", BigInteger, nullable=False),
        Column("after_link", Text, nullable=False),
        Column("begun_at", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("token", Text, nullable=False),
    )
    op.create_table(
        "credit_seal",
        Column("place", BigInteger, primary_key=True, autoincrement=False),
        Column("entry", Text, nullable=False, unique=True),
        Column("chain", Text, nullable=False),
        Column("follows", Text),
        Column("previous", Text, nullable=False),
        Column("content", Text, nullable=False),
        Column("link", Text, nullable=False),
    )
    op.create_table(
        "credit_checkpoint",
        Column("chain", Text, primary_key=True),
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("key_id", Text, primary_key=True),
        Column("head", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("token", Text, nullable=False),
    )
    op.create_index("credit_checkpoint_size", "credit_checkpoint", ["size"])
    op.create_table(
        "credit_countersignature",
        Column("chain", Text, primary_key=True),
        Column("size", BigInteger, primary_key=True, autoincrement=False),
        Column("witness", Text, primary_key=True),
        Column("seen_at", BigInteger, nullable=False),
        Column("token", Text, nullable=False),
        Column("jwks", Text, nullable=False),
    )
