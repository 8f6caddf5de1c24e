"""What the tests of the guard share: a host's own table beside a ledger, in SQLite and PostgreSQL, and a bare client of the database without us."""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import psycopg
import pytest

from credit_check_sdk import CreditCheck, Decision, GateError, Response, TableGuard
from credit_check_sdk.core.check import receipt
from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.model.ledger import CheckEntry, CommitmentEntry, ResponseEntry
from tests.kit import OFFICER
from tests.ledger.hosts import driver_options
from tests.ledger.samples import check, proposal
from tests.ledger.test_commitments import promised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tests.ledger.conftest import Place

POINT: Literal["evaluate"] = "evaluate"
DAY = timedelta(days=1)
_numbers = itertools.count(1)


class Bare:
    """A client of the database that knows nothing of us."""

    def __init__(self, place: Place) -> None:
        self.kind = place.kind
        self.refusal: type[Exception] = sqlite3.IntegrityError
        self.connection: Any
        if place.kind == "sqlite":
            self.connection = sqlite3.connect(place.options["file"], timeout=20)
        else:
            self.connection = psycopg.connect(**driver_options(place))
            self.refusal = psycopg.IntegrityError

    def run(self, statement: str, *values: object) -> list[Any]:
        """Run one statement and commit; roll back where it is refused."""
        try:
            return self.within(statement, *values)
        except Exception:
            self.connection.rollback()
            raise
        finally:
            self.connection.commit()

    def within(self, statement: str, *values: object) -> list[Any]:
        """Run one statement in the transaction that is open."""
        if self.kind == "sqlite":
            cursor = self.connection.execute(statement.replace("%s", "?"), values)
        else:
            cursor = self.connection.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []

    def script(self, text: str) -> None:
        """Run a script as it was printed."""
        if self.kind == "sqlite":
            self.connection.executescript(text)
        else:
            self.connection.execute(text)
            self.connection.commit()

    def refused(self, statement: str, *values: object) -> str:
        """Run a statement that the guard refuses, and give the gate's code."""
        with pytest.raises(self.refusal) as refused:
            self.run(statement, *values)
        said = str(refused.value)
        assert "不得授予" in said
        assert "the grant is refused" in said
        return said.partition("credit-check ")[2].partition(":")[0]

    def grant(self, case_id: str) -> str | None:
        """Set the granting status as raw SQL would; give the code of the refusal, or None."""
        try:
            self.run("UPDATE files SET status = 'approved' WHERE case_no = %s", case_id)
        except self.refusal as refused:
            return str(refused).partition("credit-check ")[2].partition(":")[0]
        return None


@dataclass
class Desk:
    """A client, the host's table, and how checks get into the ledger without asking a platform."""

    credit: CreditCheck
    bare: Bare
    place: Place

    def guard(self, **changes: Any) -> TableGuard:
        """Describe the guard of the host's table."""
        said: dict[str, Any] = {
            "dialect": self.place.kind,
            "table": "files",
            "status_column": "status",
            "grant_values": ["approved", "issued"],
            "case_column": "case_no",
            "point": POINT,
            "environment": "sandbox",
            "ledger_schema": self.place.options.get("schema", "public"),
        }
        return TableGuard(**{**said, **changes})

    def file(self, case_id: str | None = None, status: str = "draft") -> str:
        """Put a row into the host's table, and give its number."""
        number = case_id or f"G-{next(_numbers):06d}"
        self.bare.run("INSERT INTO files (case_no, status) VALUES (%s, %s)", number, status)
        return number

    def checked(
        self,
        case_id: str,
        *,
        at: datetime | None = None,
        valid_for: timedelta = DAY,
        environment: str = "sandbox",
        outcome: str = "clear",
        silent: Sequence[bool] = (),
        proposals: Sequence[tuple[str, str, date | None]] = (),
    ) -> Decision:
        """Record a check as the client would; *proposals* are strength, effect scope and last day."""
        at = at or datetime.now(UTC)
        number = f"dec_{next(_numbers):06d}"
        entry = check(number, case_id, at=at, point=POINT, proposals=0)
        decision = Decision.model_validate(
            {
                **entry.decision.model_dump(),
                "environment": environment,
                "outcome": outcome,
                "valid_until": at + valid_for,
                "silences": tuple(
                    {"source": f"s{n}", "required": must, "code": "source.timeout", "detail": {"zh-CN": "", "en": ""}}
                    for n, must in enumerate(silent)
                ),
                "proposals": tuple(
                    {
                        **proposal(f"prop_{number}_{n}", strength=strength).model_dump(),
                        "effect_scope": scope,
                        "until": until,
                    }
                    for n, (strength, scope, until) in enumerate(proposals)
                ),
            },
            strict=False,
        )
        claims = receipt(decision, entry.parties).model_dump(mode="json")
        decision = decision.model_copy(update={"receipt": self.credit._world.keys.sign(claims)})
        today = datetime.now(UTC).astimezone(SHANGHAI).date()
        rules = self.credit._desk.rules(decision.matter, POINT, today)
        self._record(CheckEntry(decision, entry.case, entry.consultations, entry.parties, rules))
        return decision

    def answered(self, decision: Decision, *answers: str | None, at: datetime | None = None) -> None:
        """Answer proposals in their order; None leaves one open."""
        for one, said in zip(decision.proposals, answers, strict=False):
            if said is not None:
                given = Response.model_validate(
                    {"proposal": one.id, "answer": said, "reason": None if said == "applied" else "存疑"}
                )
                number = f"resp_{next(_numbers):06d}"
                moment = at or datetime.now(UTC)
                self._record(ResponseEntry(number, decision.id, decision.case_id, POINT, given, OFFICER, moment))

    def moved(self, decision: Decision, place: int, state: str) -> None:
        """Say where the measure of a proposal stands by now."""
        number = decision.proposals[place].id
        self.bare.run("DELETE FROM credit_measure WHERE proposal = %s", number)
        self.bare.run(
            "INSERT INTO credit_measure (proposal, decision, state, moved_at, step) VALUES (%s, %s, %s, 1, 'x')",
            number,
            decision.id,
            state,
        )

    def heard(self, decision: Decision, *, after: timedelta, ended: str | None = "repaired") -> None:
        """Say that a change of a ground's record was taken, so long after the decision."""
        ground = decision.proposals[0].grounds[0]
        key = self.credit._world.keys.hashed("record", ground.source, ground.record_id)
        seen_at = int((decision.decided_at + after).timestamp() * 1_000_000)
        self.bare.run("DELETE FROM credit_record")
        self.bare.run(
            "INSERT INTO credit_record (source, record_key, ended, ended_at, change, seen_at) "
            "VALUES (%s, %s, %s, 1, 'chg_9', %s)",
            ground.source,
            key,
            ended,
            seen_at,
        )

    def promised(self, case_id: str, state: str, kind: str = "deferral") -> None:
        """Let the file have been accepted against a promise that stands there now."""
        number = f"{next(_numbers):020d}"
        kept = promised(f"com_{number}", number, case_id=case_id, state=state)
        said = kept.commitment.model_copy(update={"commitment_type": kind})
        self._record(CommitmentEntry(kept.model_copy(update={"commitment": said})))

    def touch(self, decision: Decision) -> None:
        """Say that a change touched a ground of the check."""
        self.bare.run("UPDATE credit_check SET touched_by = 'chg_1' WHERE decision = %s", decision.id)

    def gate(self, case_id: str) -> str | None:
        """Ask the gate; give the code of its refusal, or None."""
        try:
            self.credit.require(case_id, point=POINT, to="grant")
        except GateError as refused:
            return refused.code
        return None

    def status(self, case_id: str) -> str:
        """Give the status of a file."""
        return str(self.bare.run("SELECT status FROM files WHERE case_no = %s", case_id)[0][0])

    def _record(self, *entries: Any) -> None:
        self.credit._world.ledger.run(list(entries))
