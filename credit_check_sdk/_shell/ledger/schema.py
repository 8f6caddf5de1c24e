"""The ledger's tables, for SQLite and PostgreSQL alike. It holds no statement and opens no connection.

Entries are immutable and encrypted; beside them stand plain indexes without any identifier. Times are whole
microseconds since 1970 UTC, so that every driver reads and writes them alike.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

VERSION = 6
"""Version of the schema, that of the last step in `versions`; a ledger of another version is not used."""

metadata = MetaData()

meta = Table("credit_meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

entry = Table(
    "credit_entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    # Number of the data key, then the entry's own key as it wraps it; outside the digest, so that it can be wrapped anew.
    Column("key_id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    # Given at sealing: databases commit out of order, so that no number given on recording could be the order.
    Column("place", BigInteger),
)
Index(
    "credit_entry_unsealed",
    entry.c.recorded_at,
    entry.c.id,
    sqlite_where=entry.c.place.is_(None),
    postgresql_where=entry.c.place.is_(None),
)

chain = Table(
    "credit_chain",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("chain", Text, nullable=False, unique=True),
    Column("after_place", BigInteger, nullable=False),
    Column("after_link", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("token", Text, nullable=False),
)

seal = Table(
    "credit_seal",
    metadata,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False, unique=True),
    Column("chain", Text, nullable=False),
    Column("follows", Text),
    Column("previous", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("link", Text, nullable=False),
)

checkpoint = Table(
    "credit_checkpoint",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("key_id", Text, primary_key=True),
    Column("head", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Index("credit_checkpoint_size", "size"),
)

countersignature = Table(
    "credit_countersignature",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Column("jwks", Text, nullable=False),
)

check = Table(
    "credit_check",
    metadata,
    Column("decision", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("matter", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("touched_by", Text),
    Column("valid_until", BigInteger),
    Column("silent", Integer),
    Index("credit_check_latest", "case_id", "point", "decided_at"),
    Index("credit_check_day", "decided_at"),
)

proposal = Table(
    "credit_proposal",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("decision", Text, nullable=False, index=True),
    Column("measure", Text, nullable=False),
    Column("strength", Text, nullable=False),
    Column("effect_scope", Text),
    Column("ends_at", BigInteger),
)

ground = Table(
    "credit_ground",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("decision", Text, nullable=False),
    Index("credit_ground_record", "source", "record_key"),
)

subject = Table(
    "credit_subject",
    metadata,
    Column("subject_key", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
)

response = Table(
    "credit_response",
    metadata,
    Column("id", Text, primary_key=True),
    Column("decision", Text, nullable=False, index=True),
    Column("proposal", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("amends", Text),
    Column("feedback", Text),
)

notice = Table(
    "credit_notice",
    metadata,
    Column("notice", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("decision", Text, nullable=False, index=True),
    Column("proposal", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("drafted_at", BigInteger, nullable=False),
    Column("due_on", Text),
    Column("delivery", Text),
    Index("credit_notice_due", "state", "due_on"),
    Index("credit_notice_case", "case_id", "point"),
)

outbox = Table(
    "credit_outbox",
    metadata,
    Column("ordinal", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("decision", Text, nullable=False, index=True),
    Column("case_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    Column("lease", Text),
    Column("lease_until", BigInteger),
    Column("delivered_at", BigInteger),
    Column("last_error", Text),
    Index("credit_outbox_due", "channel", "state", "next_at"),
    Index("credit_outbox_order", "case_id", "channel", "ordinal"),
)

channel = Table(
    "credit_channel",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("last_error", Text),
    Column("last_error_at", BigInteger),
    Column("delivered_at", BigInteger),
)

feed = Table(
    "credit_feed",
    metadata,
    Column("source", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
)

change = Table(
    "credit_change",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("change_key", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("credit_change_once", "source", "change_key", unique=True),
    Index("credit_change_kind", "kind"),
)

touch = Table(
    "credit_touch",
    metadata,
    Column("change", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
)

record = Table(
    "credit_record",
    metadata,
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

measure = Table(
    "credit_measure",
    metadata,
    Column("proposal", Text, primary_key=True),
    Column("decision", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("returns", Text),
    Column("hold", Text),
    Column("cause", Text),
    Column("moved_at", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("in_force_at", BigInteger),
    Column("effective_day", Integer),
    Column("until_day", Integer),
    Index("credit_measure_due", "state", "until_day"),
)

transition = Table(
    "credit_transition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("decision", Text, nullable=False, index=True),
    Column("proposal", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("state_before", Text, nullable=False),
    Column("state_after", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("credit_transition_at", "at"),
)

objection = Table(
    "credit_objection",
    metadata,
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
    Index("credit_objection_record", "source", "record_key", "state"),
    Index("credit_objection_due", "state", "due_day"),
    Index("credit_objection_case", "case_id"),
)

recheck = Table(
    "credit_recheck",
    metadata,
    Column("recheck", Text, primary_key=True),
    Column("decision", Text, nullable=False, index=True),
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
    Index("credit_recheck_due", "state", "due_on"),
    Index("credit_recheck_case", "case_id", "point", "state"),
)

manual = Table(
    "credit_manual",
    metadata,
    Column("manual", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("queried_at", BigInteger, nullable=False),
    Index("credit_manual_case", "case_id", "point"),
)

commitment = Table(
    "credit_commitment",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("subject_key", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("due_day", Integer),
    Column("moved_at", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Index("credit_commitment_due", "state", "due_day"),
    Index("credit_commitment_case", "case_id"),
    Index("credit_commitment_subject", "subject_key", "state"),
)

publication = Table(
    "credit_publication",
    metadata,
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
    Index("credit_publication_record", "record"),
    Index("credit_publication_case", "case_id"),
    Index("credit_publication_due", "due_day"),
)
