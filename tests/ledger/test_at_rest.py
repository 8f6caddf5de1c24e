"""What lies in the database: entries that nobody changes, encrypted, with a digest that says nothing of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from credit_check_sdk._shell.audit import AuditStore
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger
from credit_check_sdk._shell.ledger.bodies import canonical
from credit_check_sdk.errors import KeyRingError, LedgerError
from credit_check_sdk.model.ledger import CheckById, OutboxRows, QueryNote, Requeue, Settle
from credit_check_sdk.testing.conformance import FIRM, NAMELESS, PERSON
from tests.ledger.samples import NOW, OFFICER, SECRETS, answer, check, lease, notice, promise, said

if TYPE_CHECKING:
    from tests.ledger.conftest import Place

TABLES = (
    "credit_meta",
    "credit_entry",
    "credit_check",
    "credit_proposal",
    "credit_ground",
    "credit_subject",
    "credit_response",
    "credit_outbox",
)


def note(number: str = "query_1", subject: Any = PERSON) -> QueryNote:
    return QueryNote(
        number, NOW, "municipal", subject, "c-1", "tender.works", "qualify", "评审", "招标投标法", None, OFFICER
    )


def everything(ledger: Ledger) -> None:
    ledger.run(
        [check("dec_1"), notice(), answer("resp_1", "dec_1", said="set_aside"), promise("fb_1"), promise("fb_2")]
    )
    lease(ledger)
    sloppy = f"{FIRM.identifiers[0].value} unknown"
    ledger.run(
        Settle("lease_1", NOW, (said("fb_1", "refused", sloppy), said("fb_2", "retry", PERSON.identifiers[0].value)))
    )


def test_no_identifier_is_readable_in_any_table(place: Place, ledger: Ledger) -> None:
    everything(ledger)
    for table in TABLES:
        rows = place.sql(f"SELECT * FROM {table}")  # noqa: S608  names of tables
        assert rows, table
        text = "".join(
            bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
            for row in rows
            for value in row
        )
        for secret in SECRETS:
            assert secret not in text, table
            assert secret.encode().decode("latin-1") not in text, table


def test_no_identifier_is_readable_in_the_files(tmp_path: Path) -> None:
    keys = KeyRing.make(tmp_path / "keys")
    ledger, audit = Ledger(f"sqlite:///{tmp_path / 'l.db'}", keys), AuditStore(f"sqlite:///{tmp_path / 'a.db'}", keys)
    everything(ledger)
    audit.write([note(), note("query_2", NAMELESS)])
    files = sorted(file for file in tmp_path.iterdir() if file.is_file())
    assert {file.name for file in files} >= {"l.db", "l.db-wal", "a.db", "a.db-wal"}
    for file in files:
        content = file.read_bytes()
        for secret in SECRETS:
            for encoding in ("utf-8", "utf-16-le", "gb18030"):
                assert secret.encode(encoding) not in content, file.name
    ledger.close()
    audit.close()


def test_what_a_platform_calls_its_refusal_is_kept_only_where_it_is_no_identifier(ledger: Ledger) -> None:
    codes = {
        "fb_1": ("item.invalid", "item.invalid"),
        "fb_2": ("E-1023", "E-1023"),
        "fb_3": (FIRM.identifiers[0].value, "refused"),
        "fb_4": ("主体不存在", "refused"),
        "fb_5": (None, "refused"),
    }
    ledger.run([promise(key) for key in codes])
    lease(ledger)
    ledger.run(Settle("lease_1", NOW, tuple(said(key, "refused", code) for key, (code, _) in codes.items())))
    assert {row.key: row.last_error for row in ledger.run(OutboxRows())} == {
        key: kept for key, (_, kept) in codes.items()
    }


def test_an_entry_never_changes(place: Place, ledger: Ledger) -> None:
    ledger.run([check("dec_1"), promise("fb_1"), promise("fb_2")])
    before = place.sql("SELECT * FROM credit_entry ORDER BY id")
    ledger.run([promise("fb_1", "c-9")])
    lease(ledger)
    ledger.run(Settle("lease_1", NOW, (said("fb_1", "delivered"), said("fb_2", "refused"))))
    ledger.run(Requeue((), NOW))
    assert place.sql("SELECT * FROM credit_entry ORDER BY id") == before


def test_an_entry_s_digest_is_that_of_its_salt_and_canonical_text(place: Place, ledger: Ledger) -> None:
    everything(ledger)
    rows = place.sql("SELECT id, kind, key_id, body, salt, digest FROM credit_entry")
    assert {row[1] for row in rows} == {"check", "notice", "response", "feedback"}
    for number, _, key_id, body, salt, digest in rows:
        plain = place.keys.decrypt(key_id, bytes(body), number)
        assert plain == rfc8785.dumps(json.loads(plain))
        assert hashlib.sha256(bytes(salt) + plain).hexdigest() == digest
    assert len({bytes(row[4]) for row in rows}) == len(rows)


def test_an_entry_that_was_changed_or_moved_is_not_read(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'l.db'}", KeyRing.ephemeral())
    ledger.run([check("dec_1"), check("dec_2", "c-2")])
    connection = sqlite3.connect(tmp_path / "l.db")
    body = bytearray(connection.execute("SELECT body FROM credit_entry WHERE id = 'dec_1'").fetchone()[0])
    body[40] ^= 1
    other = connection.execute("SELECT body FROM credit_entry WHERE id = 'dec_2'").fetchone()[0]
    for changed in (bytes(body), other, b""):
        connection.execute("UPDATE credit_entry SET body = ? WHERE id = 'dec_1'", (changed,))
        connection.commit()
        with pytest.raises(KeyRingError, match="changed"):
            ledger.run(CheckById("dec_1"))
    connection.close()
    ledger.close()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
@example({"\ue000": 1, "😀": 2})  # keys are ordered by UTF-16
@example([1e21, -0.0, 1e-7, 2**53 - 1, "\u2028\x7f\x1f/"])
def test_the_canonical_text_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_the_canonical_text_of_the_official_vectors() -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "inputs" / "vectors"
    pairs = [(file, file.with_name(file.name.replace("input", "output"))) for file in folder.glob("jcs-input-*.json")]
    if not pairs:
        pytest.skip(f"no vectors of RFC 8785 in {folder.name}")
    for file, expected in pairs:
        assert canonical(json.loads(file.read_text("utf-8"))) == expected.read_bytes(), file.name


def test_queries_are_written_down_before_anything_leaves(place: Place) -> None:
    audit = AuditStore(place.url, place.keys)
    audit.write([note()])
    asyncio.run(audit.write_async([note("query_2", FIRM), note("query_3", NAMELESS)]))
    audit.write([])
    person, firm, nameless = audit.rows("c-1")
    assert person == {
        "id": "query_1",
        "at": "2026-11-23T01:00:00.123456+00:00",
        "source": "municipal",
        "subject_key": place.keys.hashed("subject", "cn-resident-id", "451102199001010010"),
        "case_id": "c-1",
        "matter": "tender.works",
        "point": "qualify",
        "purpose": "评审",
        "basis": "招标投标法",
        "authorisation_ref": None,
        "operator": "u-1024",
        "department": "451100-scjgj",
    }
    assert len({row["subject_key"] for row in (person, firm, nameless)}) == 3
    assert audit.rows("c-2") == []
    # Committed: somebody else sees it at once, and it is no part of a transaction that the host may roll back.
    assert place.sql("SELECT count(*) FROM credit_query") == [(3,)]
    audit.close()


def test_nothing_may_leave_where_nothing_can_be_written_down(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    audit = AuditStore(f"sqlite:///{tmp_path / 'folder'}", KeyRing.ephemeral())
    for doing in (lambda: audit.write([note()]), lambda: audit.rows("c-1")):
        with pytest.raises(LedgerError) as caught:
            doing()
        assert caught.value.code == "audit.unavailable"
        assert str(caught.value).endswith("try again")
    kept = AuditStore(f"sqlite:///{tmp_path / 'a.db'}", KeyRing.ephemeral())
    kept.write([note()])
    with pytest.raises(LedgerError) as caught:
        kept.write([note("query_2"), note()])
    assert PERSON.identifiers[0].value not in str(caught.value)
    assert [row["id"] for row in kept.rows("c-1")] == ["query_1"]
    kept.close()
