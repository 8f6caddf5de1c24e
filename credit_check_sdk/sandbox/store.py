"""What the sandbox knows and what it was told: subjects, records, changes, deliveries, in SQLite. It speaks no HTTP.

Documents are kept as JSON beside the columns by which they are found. One lock guards the one connection: a platform
to develop against is small, and its answers must be the same whoever asks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from credit_check_sdk.platform import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from credit_check_sdk.model import ChangeKind, Level, RecordStatus, Subject

LEVELS: tuple[Level, ...] = ("municipal", "regional", "national", "enterprise")
_REVEAL = {"reveal": True}
_SCHEMA = """
CREATE TABLE subject (id INTEGER PRIMARY KEY, category TEXT, name TEXT, document TEXT, clean INTEGER);
CREATE TABLE subject_key (scheme TEXT, value TEXT, subject INTEGER, PRIMARY KEY (scheme, value)) WITHOUT ROWID;
CREATE TABLE record (id TEXT PRIMARY KEY, level TEXT, list_code TEXT, status TEXT, document TEXT, ordinal INTEGER);
CREATE INDEX record_list ON record (level, list_code);
CREATE TABLE record_key (scheme TEXT, value TEXT, record TEXT, PRIMARY KEY (scheme, value, record)) WITHOUT ROWID;
CREATE TABLE record_name (name TEXT, record TEXT, PRIMARY KEY (name, record)) WITHOUT ROWID;
CREATE TABLE change (cursor INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT, record TEXT, list_code TEXT, kind TEXT,
  at TEXT, document TEXT);
CREATE TABLE received (kind TEXT, key TEXT, content TEXT, effect TEXT, deliveries INTEGER, document TEXT, ordinal INTEGER,
  PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY AUTOINCREMENT, ledger TEXT, chain TEXT, size INTEGER, head TEXT,
  seen_at TEXT, signature TEXT, UNIQUE (ledger, chain, size));
"""
_TABLES = ("subject", "subject_key", "record", "record_key", "record_name", "change", "received", "checkpoint")
_LEAVES: dict[ChangeKind, RecordStatus] = {
    "objected": "objected",
    "objection_upheld": "revoked",
    "objection_rejected": "active",
    "repaired": "repaired",
    "expired": "expired",
    "revoked": "revoked",
    "temporarily_lifted": "temporarily_lifted",
    "restored": "active",
    "listed": "active",
}
Verdict = Literal["accepted", "duplicate", "refused"]


class Store:
    """The sandbox's memory; thread-safe."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        for table in _TABLES:
            self._db.execute(f"DROP TABLE IF EXISTS {table}")
        self._db.executescript(_SCHEMA)
        self._ordinal = 0

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for table in _TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  a table's own name
            self._ordinal = 0

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def load(self, subjects: Iterable[Subject], drafts: Iterable[wire.RecordDraft]) -> None:
        """Put in many at once."""
        with self._lock, self._all_or_nothing():
            for subject in subjects:
                self.put_subject(subject)
            for draft in drafts:
                self._put_record(draft)

    def put_subject(self, subject: Subject) -> None:
        """Make a subject known; one that is known already stays as it is."""
        with self._lock:
            if self._subject_of(subject) is not None or not subject.identifiers:
                return
            document = subject.model_dump_json(context=_REVEAL)
            cursor = self._db.execute(
                "INSERT INTO subject (category, name, document, clean) VALUES (?, ?, ?, 1)",
                (subject.category, subject.name, document),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO subject_key VALUES (?, ?, ?)",
                [(scheme, value, cursor.lastrowid) for scheme, value in subject.keys],
            )

    def subjects(self, category: str | None, limit: int, *, clean: bool | None) -> list[Any]:
        """Name known subjects; *clean* ones have no record against them."""
        with self._lock:
            rows = self._db.execute(
                "SELECT document FROM subject WHERE (?1 IS NULL OR category = ?1) AND (?2 IS NULL OR clean = ?2) "
                "ORDER BY id LIMIT ?3",
                (category, None if clean is None else int(clean), limit),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def put_records(self, drafts: Sequence[wire.RecordDraft]) -> list[str]:
        """Put records in, each announced as a change; a number that is there already is replaced."""
        numbers = []
        with self._lock, self._all_or_nothing():
            for draft in drafts:
                number = self._put_record(draft)
                self._announce(number, "listed", datetime.now(UTC))
                numbers.append(number)
        return numbers

    def change(self, record_id: str, kind: ChangeKind, at: datetime, draft: wire.RecordDraft | None) -> bool:
        """Make a change happen; say whether the record is known."""
        with self._lock, self._all_or_nothing():
            found = self._db.execute("SELECT document FROM record WHERE id = ?", (record_id,)).fetchone()
            if found is None:
                return False
            document = json.loads(found[0])
            if kind == "corrected" and draft is not None:
                document = json.loads(draft.model_dump_json(context=_REVEAL)) | {"record_id": record_id}
            if kind in _LEAVES:
                document["status"] = _LEAVES[kind]
            self._put_record(wire.RecordDraft.model_validate_json(json.dumps(document)))
            self._announce(record_id, kind, at)
        return True

    def result(self, level: Level, subject: Subject, observed_at: datetime) -> wire.SubjectResult:
        """Say what one platform knows about a subject."""
        with self._lock:
            known = self._subject_of(subject) is not None
            numbers: dict[str, Literal["identifier", "name_only"]] = {}
            for scheme, value in subject.keys:
                for (number,) in self._db.execute(
                    "SELECT record FROM record_key WHERE scheme = ? AND value = ?", (scheme, value)
                ):
                    numbers[number] = "identifier"
            for (number,) in self._db.execute("SELECT record FROM record_name WHERE name = ?", (subject.normal_name,)):
                numbers.setdefault(number, "name_only")
            found = [self._record(number, level, match, observed_at) for number, match in numbers.items()]
        # Who is asked about by identifier is not confused with a namesake who has another one.
        records = [
            record
            for record in found
            if record is not None
            and (record.match == "identifier" or not subject.identifiers or not record.subject.identifiers)
        ]
        records.sort(key=lambda record: record.record_id)
        return wire.SubjectResult(subject=subject, known=known, records=tuple(records))

    def lists(self, level: Level) -> dict[str, list[wire.WireRecord]]:
        """Give the lists of one platform: code to current records."""
        with self._lock:
            rows = self._db.execute(
                "SELECT list_code, id FROM record WHERE level = ? AND list_code IS NOT NULL "
                "AND status NOT IN ('repaired', 'revoked', 'expired') ORDER BY list_code, id",
                (level,),
            ).fetchall()
            lists: dict[str, list[wire.WireRecord]] = {}
            for code, number in rows:
                record = self._record(number, level, "identifier", None)
                if record is not None:
                    lists.setdefault(code, []).append(record)
        return lists

    def version(self, level: Level, code: str) -> int:
        """Give the version of a list: the number of its last change."""
        with self._lock:
            row = self._db.execute(
                "SELECT MAX(cursor) FROM change WHERE level = ? AND list_code = ?", (level, code)
            ).fetchone()
        return int(row[0] or 0)

    def changed_since(self, level: Level, code: str, version: int) -> set[str]:
        """Name the records of a list that changed after a version."""
        with self._lock:
            rows = self._db.execute(
                "SELECT DISTINCT record FROM change WHERE level = ? AND list_code = ? AND cursor > ?",
                (level, code, version),
            ).fetchall()
        return {row[0] for row in rows}

    def changes(self, level: Level, since: int, limit: int) -> list[wire.ChangeItem]:
        """Give the changes of one platform after a cursor, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT cursor, record, kind, at, document FROM change WHERE level = ? AND cursor > ? "
                "ORDER BY cursor LIMIT ?",
                (level, since, limit),
            ).fetchall()
        return [
            wire.ChangeItem(
                cursor=str(cursor),
                record_id=record,
                change=kind,
                at=datetime.fromisoformat(at),
                record=wire.WireRecord.model_validate_json(document) if document else None,
            )
            for cursor, record, kind, at, document in rows
        ]

    def newest(self) -> int:
        """Give the cursor of the newest change."""
        with self._lock:
            row = self._db.execute("SELECT MAX(cursor) FROM change").fetchone()
        return int(row[0] or 0)

    def take(self, kind: str, item: wire.Item) -> tuple[Verdict, str | None]:
        """Take an item that was delivered: the same key with the same content is a duplicate, with another refused."""
        document = json.dumps(item.body, ensure_ascii=False, sort_keys=True)
        content = hashlib.sha256(document.encode()).hexdigest()
        with self._lock:
            known = self._db.execute(
                "SELECT content FROM received WHERE kind = ? AND key = ?", (kind, item.idempotency_key)
            ).fetchone()
            if known is not None:
                if known[0] != content:
                    return "refused", "idempotency.conflict"
                self._db.execute(
                    "UPDATE received SET deliveries = deliveries + 1 WHERE kind = ? AND key = ?",
                    (kind, item.idempotency_key),
                )
                return "duplicate", None
            self._ordinal += 1
            self._db.execute(
                "INSERT INTO received VALUES (?, ?, ?, ?, 1, ?, ?)",
                (kind, item.idempotency_key, content, effect_of(item.body), document, self._ordinal),
            )
        return "accepted", None

    def received(self, kind: str) -> dict[str, Any]:
        """Say what arrived: how many items, how many business effects by content, and the items."""
        with self._lock:
            rows = self._db.execute(
                "SELECT key, deliveries, document, effect FROM received WHERE kind = ? ORDER BY ordinal", (kind,)
            ).fetchall()
        items = [
            {"idempotency_key": key, "deliveries": deliveries, "body": json.loads(document)}
            for key, deliveries, document, _ in rows
        ]
        return {"total": len(items), "effects": len({row[3] for row in rows}), "items": items}

    def checkpoint(
        self, said: wire.CheckpointRequest, seen_at: datetime, signature: str
    ) -> tuple[int, str, str, str] | None:
        """Keep a checkpoint; None where it contradicts one seen before."""
        with self._lock:
            known = self._db.execute(
                "SELECT id, head, seen_at, signature FROM checkpoint WHERE ledger = ? AND chain = ? AND size = ?",
                (said.ledger, said.chain, said.size),
            ).fetchone()
            if known is None:
                cursor = self._db.execute(
                    "INSERT INTO checkpoint (ledger, chain, size, head, seen_at, signature) VALUES (?, ?, ?, ?, ?, ?)",
                    (said.ledger, said.chain, said.size, said.head, seen_at.isoformat(), signature),
                )
                return int(cursor.lastrowid or 0), said.head, seen_at.isoformat(), signature
        return cast("tuple[int, str, str, str]", tuple(known)) if known[1] == said.head else None

    def checkpoints(self) -> dict[str, Any]:
        """Say which checkpoints were seen."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, ledger, chain, size, head, seen_at, signature FROM checkpoint ORDER BY id"
            ).fetchall()
        names = ("checkpoint_id", "ledger", "chain", "size", "head", "seen_at", "signature")
        items = [
            {
                "idempotency_key": f"{row[1]}:{row[2]}:{row[3]}",
                "deliveries": 1,
                "body": dict(zip(names, row, strict=True)),
            }
            for row in rows
        ]
        return {"total": len(items), "effects": len(items), "items": items}

    def _put_record(self, draft: wire.RecordDraft) -> str:
        self._ordinal += 1
        number = draft.record_id or f"R-{self._ordinal:06d}"
        self.put_subject(draft.subject)
        for party in draft.responsible:
            self.put_subject(party.subject)
        document = json.loads(draft.model_dump_json(context=_REVEAL)) | {"record_id": number}
        self._db.execute("DELETE FROM record_key WHERE record = ?", (number,))
        self._db.execute("DELETE FROM record_name WHERE record = ?", (number,))
        self._db.execute(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?)",
            (
                number,
                draft.level or "municipal",
                draft.list_code,
                draft.status,
                json.dumps(document, ensure_ascii=False),
                self._ordinal,
            ),
        )
        everybody = (draft.subject, *(party.subject for party in draft.responsible))
        keys = {key for subject in everybody for key in subject.keys}
        self._db.executemany(
            "INSERT OR IGNORE INTO record_key VALUES (?, ?, ?)", [(scheme, value, number) for scheme, value in keys]
        )
        # A record without identifiers is known by its name; and whoever asks by name alone finds it by name.
        self._db.execute("INSERT OR IGNORE INTO record_name VALUES (?, ?)", (draft.subject.normal_name, number))
        if draft.polarity == "negative":
            known = self._subject_of(draft.subject)
            self._db.execute("UPDATE subject SET clean = 0 WHERE id = ?", (known,))
        return number

    def _announce(self, number: str, kind: ChangeKind, at: datetime) -> None:
        level, code, document = self._db.execute(
            "SELECT level, list_code, document FROM record WHERE id = ?", (number,)
        ).fetchone()
        self._db.execute(
            "INSERT INTO change (level, record, list_code, kind, at, document) VALUES (?, ?, ?, ?, ?, ?)",
            (level, number, code, kind, at.isoformat(), document),
        )

    def _subject_of(self, subject: Subject) -> int | None:
        for scheme, value in subject.keys:
            row = self._db.execute(
                "SELECT subject FROM subject_key WHERE scheme = ? AND value = ?", (scheme, value)
            ).fetchone()
            if row is not None:
                return int(row[0])
        return None

    def _record(
        self, number: str, level: Level, match: Literal["identifier", "name_only"], observed_at: datetime | None
    ) -> wire.WireRecord | None:
        row = self._db.execute("SELECT document FROM record WHERE id = ? AND level = ?", (number, level)).fetchone()
        if row is None:
            return None
        record = wire.WireRecord.model_validate_json(row[0])
        return record.model_copy(update={"match": match, "observed_at": observed_at})


def effect_of(body: Mapping[str, Any]) -> str:
    """Digest what a report does, independently of keys and times: the same deed told twice is one effect."""
    data = body.get("data")
    told = data if isinstance(data, dict) else body
    left_out = {"id", "at", "time", "amends", "attempt", "idempotency_key"}
    deed = {key: value for key, value in told.items() if key not in left_out}
    return hashlib.sha256(json.dumps(deed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
