"""Write the triggers that guard a host's own table, for SQLite and PostgreSQL. It runs no statement.

The triggers ask what the gate asks before a grant, in the same order and of the same tables, but for what no database
can see: whether the receipt's signature holds, whether the parties are still those, and whether catalogue and policy
still are. They run after the row was written, so that a host's own triggers cannot change it behind their back, and
undo the statement.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from credit_check_sdk.errors import InputError
from credit_check_sdk.model import Environment, Point, Several, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 63
"""Bytes of a name that PostgreSQL keeps; a longer one would be cut and might then be another's."""
_TOLERANCE = 5_000_000
"""Microseconds by which another machine's clock may lag behind, as at the gate."""
_READING = 60_000_000
"""Microseconds before a decision in which its grounds may have been read. A change that was taken since found no check to
touch; the index does not say when a ground was read, so a change of the last minute counts against the check."""
_SAYINGS = {
    "gate.never_checked": ("没有核查记录，请先核查", "it was never checked at this point; check it first"),
    "gate.environment": (
        "核查环境与本系统不符，请在本环境重新核查",
        "it was checked in another environment; check it in this one",
    ),
    "gate.changed": ("所依据的记录已变化，请重新核查", "a record it rests on has changed; check it anew"),
    "gate.stale": ("核查已过有效期，请重新核查", "the check is too old; check it anew"),
    "gate.undecided": (
        "尚无结论，请待来源恢复后重新核查",
        "it is undecided; check it again when the source answers",
    ),
    "gate.unsettled": ("有措施尚未答复，请先逐项答复", "proposals wait for an answer; settle them first"),
    "gate.deferred": (
        "容缺受理的材料尚未补齐，补齐后方可准予",
        "it was accepted against a promise and materials are owed; take them first",
    ),
    "gate.blocked": (
        "受正在执行的措施限制，请依法不予办理",
        "measures in force restrict it; refuse it, or have the records corrected and check it anew",
    ),
}
_NOW = {
    "sqlite": "CAST(ROUND((julianday('now') - 2440587.5) * 86400000000.0) AS INTEGER)",
    # Not now(): that stands still while a transaction is open, and what was fresh when it began may be so no more.
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
}
_CODE = """\
SELECT CASE
  WHEN c.decision IS NULL THEN 'gate.never_checked'
  WHEN c.environment <> {environment} THEN 'gate.environment'
  WHEN c.touched_by IS NOT NULL OR EXISTS (
    SELECT 1 FROM {ground} AS g JOIN {record} AS s ON s.source = g.source AND s.record_key = g.record_key
    WHERE g.decision = c.decision AND s.seen_at >= c.decided_at - {reading}
    AND (s.dispute IS NOT NULL OR s.lift IS NOT NULL OR s.ended IS NOT NULL OR s.wrong IS NOT NULL)
  ) THEN 'gate.changed'
  WHEN c.valid_until IS NULL OR t.moment < c.decided_at - {tolerance} OR t.moment > c.valid_until THEN 'gate.stale'
  WHEN c.outcome = 'undecided' OR c.silent IS NULL OR c.silent <> 0 THEN 'gate.undecided'
  WHEN EXISTS (
    SELECT 1 FROM {proposal} AS p
    WHERE p.decision = c.decision AND p.strength IN ('block', 'hint') AND NOT EXISTS (
      SELECT 1 FROM {response} AS r WHERE r.decision = p.decision AND r.proposal = p.proposal
    )
  ) THEN 'gate.unsettled'
  WHEN EXISTS (
    SELECT 1 FROM {proposal} AS p
    WHERE p.decision = c.decision AND p.strength = 'block' AND COALESCE(p.effect_scope, 'case') = 'case'
    AND (p.ends_at IS NULL OR p.ends_at > t.moment) AND 'applied' = (
      SELECT r.answer FROM {response} AS r WHERE r.decision = p.decision AND r.proposal = p.proposal
      ORDER BY r.at DESC, r.id DESC LIMIT 1
    ) AND NOT EXISTS (
      SELECT 1 FROM {measure} AS m WHERE m.proposal = p.proposal AND m.state NOT IN ('proposed', 'noticed', 'in_force')
    )
  ) THEN 'gate.blocked'
  WHEN EXISTS (
    SELECT 1 FROM {commitment} AS d
    WHERE d.case_id = {case} AND d.kind = 'deferral' AND d.state IN ('open', 'overdue', 'breached')
  ) THEN 'gate.deferred'
END AS code
FROM (SELECT {now} AS moment) AS t LEFT JOIN (
  SELECT * FROM {check} AS k WHERE k.case_id = {case} AND k.point = {point}
  ORDER BY k.decided_at DESC, k.decision DESC LIMIT 1
) AS c ON 1 = 1"""

_SQLITE = """\
CREATE TRIGGER {trigger} AFTER {event} ON {table}
FOR EACH ROW WHEN {when}
BEGIN
SELECT CASE found.code
{refusals}
END FROM (
{code}
) AS found;
END"""

_FUNCTION = """\
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {tag}
DECLARE found text;
BEGIN
found := ({code});
IF found IS NOT NULL THEN
RAISE EXCEPTION USING
  MESSAGE = CASE found
{refusals}
  END,
  DETAIL = found, ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END IF;
RETURN NULL;
END
{tag}"""

_POSTGRESQL = """\
CREATE TRIGGER {trigger} AFTER {event} ON {table}
FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {function}()"""


class TableGuard(Value):
    """Triggers on a host's own table: no row gets a granting status unless the gate's record allows the grant.

    Names are taken as the database keeps them, letter by letter; they are quoted, and values are written as literals.
    """

    dialect: Literal["sqlite", "postgresql"]
    """The database; the ledger is in the same one."""
    table: str
    """The host's table, ``table`` or ``schema.table``."""
    status_column: str
    """The column with the status of the file."""
    grant_values: Several[str] = Field(min_length=1)
    """The statuses that grant."""
    case_column: str
    """The column with the number of the file, as the case's ``id`` has it."""
    point: Point
    """The decision point at which the file has to be checked."""
    environment: Environment = "production"
    """The environment whose checks count."""
    ledger_schema: str = "public"
    """The schema of the ledger's tables, on PostgreSQL; SQLite has one per file."""

    @model_validator(mode="after")
    def _names_can_be_names(self) -> Self:
        for key in ("status_column", "case_column", "ledger_schema"):
            _sound(key, getattr(self, key))
        for value in self.grant_values:
            if _control(value):
                raise _refused("grant_values", "a value holds a control character", "含有控制字符")
        self._path()
        return self

    def install(self) -> tuple[str, ...]:
        """Give the statements that install the guard, or install it anew; run them in one transaction."""
        return (*self._probes(), *self.drop(), *self._creating())

    def drop(self) -> tuple[str, ...]:
        """Give the statements that take the guard away."""
        if self.dialect == "sqlite":
            return tuple(f"DROP TRIGGER IF EXISTS {self._named(event)}" for event in ("insert", "update"))
        triggers = (f"DROP TRIGGER IF EXISTS {_quoted(self._name(e))} ON {self._table}" for e in ("insert", "update"))
        return (*triggers, f"DROP FUNCTION IF EXISTS {self._named('check')}()")

    def script(self, *, drop: bool = False) -> str:
        """Give the statements as a script in one transaction, for a database administrator to read and run."""
        begin = "BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN"
        statements = (begin, *(self.drop() if drop else self.install()), "COMMIT")
        return "".join(f"{statement};\n" for statement in statements)

    @property
    def _table(self) -> str:
        return ".".join(map(_quoted, self._path()))

    def _path(self) -> tuple[str, ...]:
        parts = _parts(self.table)
        for part in parts:
            _sound("table", part)
        return parts

    def _name(self, part: str) -> str:
        # The name is the same for whatever values are guarded: to install again replaces what is there.
        path = (*self._path(), self.status_column, self.point)
        digest = hashlib.sha256("\0".join(path).encode()).hexdigest()[:12]
        return f"credit_guard_{self.point}_{digest}_{part}"

    def _named(self, part: str) -> str:
        return ".".join(map(_quoted, (*self._path()[:-1], self._name(part))))

    def _ledger(self, table: str) -> str:
        # Written out on PostgreSQL: a table of the same name in a session's own schema would be asked instead.
        return table if self.dialect == "sqlite" else f"{_quoted(self.ledger_schema)}.{table}"

    def _probes(self) -> Iterator[str]:
        """Fail at once where a table or column is not there, and not at the first grant."""
        status, case = _quoted(self.status_column), _quoted(self.case_column)
        yield f"SELECT t.{status}, t.{case} FROM {self._table} AS t LIMIT 0"  # noqa: S608  names are quoted
        columns = {
            "credit_check": "c.valid_until, c.silent, c.touched_by",
            "credit_proposal": "c.effect_scope, c.ends_at",
            "credit_response": "c.answer",
            "credit_measure": "c.state",
            "credit_commitment": "c.case_id, c.kind, c.state",
            "credit_record": "c.seen_at, c.dispute, c.lift, c.ended, c.wrong",
        }
        schema = self._path()[0] if self.dialect == "sqlite" and len(self._path()) > 1 else None
        for table, names in columns.items():
            place = f"{_quoted(schema)}.{table}" if schema else self._ledger(table)
            yield f"SELECT {names} FROM {place} AS c LIMIT 0"  # noqa: S608  names are quoted

    def _creating(self) -> Iterator[str]:
        status, case = _quoted(self.status_column), _quoted(self.case_column)
        values = ", ".join(map(self._literal, self.grant_values))
        granted = f"NEW.{status} IN ({values})"
        if self.dialect == "sqlite":
            # In a trigger SQLite compares by the column's collation and not by its type: 3 is not '3' there.
            granted = f"({granted} OR CAST(NEW.{status} AS text) IN ({values}))"
        other = "IS NOT" if self.dialect == "sqlite" else "IS DISTINCT FROM"
        changed = f"(NEW.{status} {other} OLD.{status} OR NEW.{case} {other} OLD.{case})"
        code = _CODE.format(
            environment=self._literal(self.environment),
            tolerance=_TOLERANCE,
            check=self._ledger("credit_check"),
            proposal=self._ledger("credit_proposal"),
            response=self._ledger("credit_response"),
            ground=self._ledger("credit_ground"),
            record=self._ledger("credit_record"),
            measure=self._ledger("credit_measure"),
            commitment=self._ledger("credit_commitment"),
            reading=_READING,
            now=_NOW[self.dialect],
            case=f"CAST(NEW.{case} AS text)",
            point=self._literal(self.point),
        )
        if self.dialect == "postgresql":
            yield self._function(code)
        for event, when in (("insert", granted), ("update", f"{granted} AND {changed}")):
            yield self._trigger(event, when, code)

    def _trigger(self, event: str, when: str, code: str) -> str:
        if self.dialect == "postgresql":
            return _POSTGRESQL.format(
                trigger=_quoted(self._name(event)),
                event=event.upper(),
                table=self._table,
                when=when,
                function=self._named("check"),
            )
        refusals = "\n".join(f"WHEN '{known}' THEN RAISE(ABORT, {self._literal(_words(known))})" for known in _SAYINGS)
        return _SQLITE.format(
            trigger=self._named(event),
            event=event.upper(),
            table=_quoted(self._path()[-1]),  # a trigger is in its table's database
            when=when,
            refusals=refusals,
            code=code,
        )

    def _function(self, code: str) -> str:
        refusals = "\n".join(f"    WHEN '{known}' THEN {self._literal(_words(known))}" for known in _SAYINGS)
        body = f"{code}{refusals}"
        tag = "$guard$"
        while tag in body:
            tag = f"$guard_{hashlib.sha256(f'{tag}{body}'.encode()).hexdigest()[:8]}$"
        return _FUNCTION.format(function=self._named("check"), tag=tag, code=code, refusals=refusals)

    def _literal(self, value: str) -> str:
        doubled = value.replace("'", "''")
        if self.dialect == "postgresql" and "\\" in value:
            # Whatever standard_conforming_strings says, this form reads alike.
            return "E'" + doubled.replace("\\", "\\\\") + "'"
        return f"'{doubled}'"


def _words(code: str) -> str:
    zh, en = _SAYINGS[code]
    return f"credit-check {code}: 不得授予：{zh} / the grant is refused: {en}"


def _parts(table: str) -> tuple[str, ...]:
    """Take a name apart: ``table``, ``schema.table``, each part plain or in double quotes."""
    found = re.fullmatch(r'("(?:[^"]|"")+"|[^".]+)(?:\.("(?:[^"]|"")+"|[^".]+))?', table)
    if found is None:
        raise _refused("table", f"{table!r} is no name of a table", f"“{table}”不是表名")
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in found.groups() if part)


def _sound(key: str, name: str) -> None:
    if not name.strip() or _control(name):
        raise _refused(key, "a name is empty or holds a control character", "名称为空或含有控制字符")
    if len(name.encode()) > _LONGEST:
        raise _refused(key, f"a name is longer than {_LONGEST} bytes", f"名称超过 {_LONGEST} 字节")


def _control(text: str) -> bool:
    return any(not character.isprintable() for character in text)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(key: str, en: str, zh: str) -> InputError:
    return InputError(
        f"{key}: {en}",
        f"{key}：{zh}",
        remedy_en="give the name as the database keeps it",
        remedy_zh="请按数据库中的写法给出名称",
    )
