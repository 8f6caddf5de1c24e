"""Triggers on the host's own table: what raw SQL may do, and what it may not, from a bare client of the database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_check_sdk import InputError, Response, TableGuard
from credit_check_sdk.core.desk import day_of
from tests.guard.kit import Bare
from tests.kit import OFFICER

if TYPE_CHECKING:
    from tests.guard.kit import Desk

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
BLOCK = ("block", "case", None)


def test_raw_sql_cannot_grant_what_was_never_checked(desk: Desk) -> None:
    number = desk.file()
    assert desk.bare.refused("UPDATE files SET status = 'approved'") == "gate.never_checked"
    assert desk.bare.refused("UPDATE files SET status = 'issued'") == "gate.never_checked"
    assert desk.status(number) == "draft"
    desk.bare.run("UPDATE files SET status = 'refused'")
    assert desk.status(number) == "refused"


def test_a_clear_check_lets_it_be_granted(desk: Desk) -> None:
    number = desk.file()
    desk.checked(number)
    desk.bare.run("UPDATE files SET status = 'approved' WHERE case_no = %s", number)
    assert desk.status(number) == "approved"


def test_an_applied_block_refuses_until_it_is_over_or_doubted(desk: Desk) -> None:
    number = desk.file()
    decision = desk.checked(number, outcome="restricted", proposals=[BLOCK])
    assert desk.bare.grant(number) == "gate.unsettled"
    desk.answered(decision, "applied")
    assert desk.bare.grant(number) == "gate.blocked"
    desk.answered(decision, "verifying")
    assert desk.bare.grant(number) is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("offered", None), ("open", "gate.deferred"), ("overdue", "gate.deferred"), ("breached", "gate.deferred"),
        ("fulfilled", None), ("withdrawn", None), ("refused", None), ("repaired", None),
    ],
)  # fmt: skip
def test_nothing_is_granted_while_materials_are_owed(desk: Desk, state: str, code: str | None) -> None:
    number, other = desk.file(), desk.file()
    for each in (number, other):
        desk.checked(each)
    desk.promised(number, state)
    desk.promised(other, state, kind="voluntary")
    assert desk.bare.grant(number) == desk.gate(number) == code
    assert desk.bare.grant(other) == desk.gate(other) is None, "another commitment stands in nobody's way"


@pytest.mark.parametrize(
    ("until", "code"), [(None, "gate.blocked"), (0, "gate.blocked"), (1, "gate.blocked"), (-1, None)]
)
def test_the_last_day_of_a_block_still_counts(desk: Desk, until: int | None, code: str | None) -> None:
    number = desk.file()
    today = day_of(datetime.now(UTC))
    last = None if until is None else today + until * DAY
    decision = desk.checked(number, outcome="restricted", proposals=[("block", "case", last)])
    desk.answered(decision, "applied")
    assert desk.bare.grant(number) == code


def test_what_is_stale_touched_undecided_or_of_another_environment_is_refused(desk: Desk) -> None:
    stale, future, touched, silent, undecided, elsewhere = (desk.file() for _ in range(6))
    desk.checked(stale, at=NOW - 2 * DAY)
    desk.checked(future, at=NOW + DAY)
    desk.touch(desk.checked(touched))
    desk.checked(silent, silent=[False, True])
    desk.checked(undecided, outcome="undecided")
    desk.checked(elsewhere, environment="production")
    assert desk.bare.grant(stale) == "gate.stale"
    assert desk.bare.grant(future) == "gate.stale"
    assert desk.bare.grant(touched) == "gate.changed"
    assert desk.bare.grant(silent) == "gate.undecided"
    assert desk.bare.grant(undecided) == "gate.undecided"
    assert desk.bare.grant(elsewhere) == "gate.environment"
    assert {desk.status(n) for n in (stale, future, touched, silent, undecided, elsewhere)} == {"draft"}


@pytest.mark.parametrize("state", ["noticed", "in_force", "suspended", "lifted", "rectified"])
def test_a_measure_that_is_suspended_or_over_no_longer_blocks(desk: Desk, state: str) -> None:
    number = desk.file()
    decision = desk.checked(number, outcome="restricted", proposals=[BLOCK])
    desk.answered(decision, "applied")
    desk.moved(decision, 0, state)
    assert desk.gate(number) == ("gate.blocked" if state in {"noticed", "in_force"} else None)
    assert desk.bare.grant(number) == desk.gate(number)


def test_a_change_that_came_while_the_check_was_made_is_noticed(desk: Desk) -> None:
    number = desk.file()
    decision = desk.checked(number, at=datetime.now(UTC) - timedelta(hours=1), proposals=[("hint", "case", None)])
    desk.answered(decision, "applied")
    desk.heard(decision, after=timedelta(seconds=1))
    assert desk.bare.grant(number) == desk.gate(number) == "gate.changed"
    desk.heard(decision, after=timedelta(seconds=1), ended=None)
    desk.file(number)
    assert desk.gate(number) is None
    assert desk.bare.grant(number) is None
    other = desk.file()
    old = desk.checked(other, at=datetime.now(UTC) - timedelta(hours=1), proposals=[("hint", "case", None)])
    desk.answered(old, "applied")
    desk.heard(old, after=-timedelta(hours=1))
    assert desk.gate(other) is None
    assert desk.bare.grant(other) is None


def test_only_the_latest_check_of_that_point_counts(desk: Desk) -> None:
    number = desk.file()
    desk.checked(number, at=NOW - timedelta(hours=1))
    desk.checked(number, outcome="undecided")
    assert desk.bare.grant(number) == "gate.undecided"
    desk.checked(number, at=datetime.now(UTC))
    assert desk.bare.grant(number) is None


def test_a_row_cannot_come_in_granted_either(desk: Desk) -> None:
    insert = "INSERT INTO files (case_no, status) VALUES (%s, %s)"
    assert desk.bare.refused(insert, "G-new", "approved") == "gate.never_checked"
    assert desk.bare.refused(insert, None, "approved") == "gate.never_checked"
    desk.checked("G-new")
    desk.bare.run(insert, "G-new", "approved")
    assert desk.status("G-new") == "approved"


def test_a_granted_row_cannot_be_given_to_another_case(desk: Desk) -> None:
    number = desk.file()
    desk.checked(number)
    desk.bare.run("UPDATE files SET status = 'approved' WHERE case_no = %s", number)
    assert desk.bare.refused("UPDATE files SET case_no = 'G-other'") == "gate.never_checked"
    desk.bare.run("UPDATE files SET note = 'paid', status = 'approved'")


def test_a_granted_row_may_be_written_after_its_check_has_aged(desk: Desk) -> None:
    number = desk.file()
    desk.checked(number)
    desk.bare.run("UPDATE files SET status = 'approved' WHERE case_no = %s", number)
    desk.bare.run("UPDATE credit_check SET valid_until = 1 WHERE case_id = %s", number)
    desk.bare.run("UPDATE files SET note = 'archived', status = 'approved', case_no = case_no")
    assert desk.bare.refused("UPDATE files SET status = 'issued'") == "gate.stale"


def test_one_row_of_many_that_may_not_be_granted_undoes_the_statement(desk: Desk) -> None:
    numbers = [desk.file() for _ in range(3)]
    for number in numbers[:2]:
        desk.checked(number)
    assert desk.bare.refused("UPDATE files SET status = 'approved'") == "gate.never_checked"
    assert {desk.status(number) for number in numbers} == {"draft"}
    desk.checked(numbers[2])
    desk.bare.run("UPDATE files SET status = 'approved'")
    assert {desk.status(number) for number in numbers} == {"approved"}


def test_no_way_of_writing_a_row_goes_past_it(desk: Desk) -> None:
    desk.bare.run("CREATE UNIQUE INDEX files_case ON files (case_no)")
    number = desk.file()
    ways = [
        "INSERT INTO files (case_no, status) VALUES (%s, 'approved') ON CONFLICT (case_no) DO UPDATE SET status = 'approved'",
        "INSERT INTO files (case_no, status) SELECT 'copy-' || case_no, 'approved' FROM files WHERE case_no = %s",
    ]
    if desk.place.kind == "sqlite":
        ways += [
            "UPDATE OR IGNORE files SET status = 'approved' WHERE case_no = %s",
            "UPDATE OR REPLACE files SET status = 'approved' WHERE case_no = %s",
            "INSERT OR REPLACE INTO files (case_no, status) VALUES (%s, 'approved')",
            "INSERT OR IGNORE INTO files (case_no, status) VALUES ('ignored-' || %s, 'approved')",
        ]
    else:
        ways += [
            "WITH due AS (UPDATE files SET status = 'approved' WHERE case_no = %s RETURNING 1) SELECT * FROM due",
            "MERGE INTO files USING (SELECT %s AS n) AS s ON case_no = s.n WHEN MATCHED THEN UPDATE SET status = 'approved'",
        ]
    for way in ways:
        assert desk.bare.refused(way, number) == "gate.never_checked", way
    assert desk.bare.run("SELECT DISTINCT status FROM files") == [("draft",)]
    desk.checked(number)
    desk.bare.run(ways[0], number)
    assert desk.status(number) == "approved"
    desk.bare.run("UPDATE credit_check SET valid_until = 1")
    desk.bare.run(ways[0], number)  # it is granted already, and stays so


def test_a_table_of_ones_own_beside_the_ledger_deceives_nobody(desk: Desk) -> None:
    number = desk.file()
    desk.checked("another")
    for table in ("credit_check", "credit_proposal", "credit_response"):
        real = desk.guard()._ledger(table)
        desk.bare.run(f"CREATE TEMPORARY TABLE {table} AS SELECT * FROM {real}")  # noqa: S608  names of the test's own
    desk.bare.run("UPDATE credit_check SET case_id = %s", number)
    if desk.place.kind == "postgresql":
        desk.bare.run("SET search_path = pg_temp, pg_catalog, " + desk.place.options["schema"])
        desk.bare.run("CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'")
    assert desk.bare.grant(number) == "gate.never_checked"


def test_a_trigger_of_the_hosts_own_cannot_grant_behind_its_back(desk: Desk) -> None:
    number = desk.file()
    if desk.place.kind == "sqlite":
        desk.bare.script(
            "CREATE TRIGGER zz AFTER UPDATE OF note ON files BEGIN "
            "UPDATE files SET status = 'approved' WHERE case_no = NEW.case_no; END;"
        )
    else:
        desk.bare.script(
            "CREATE FUNCTION zz() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN NEW.status := ''approved''; RETURN NEW; END';"
            "CREATE TRIGGER zz BEFORE UPDATE OF note ON files FOR EACH ROW EXECUTE FUNCTION zz()"
        )
    assert desk.bare.refused("UPDATE files SET note = 'x'") == "gate.never_checked"
    assert desk.status(number) == "draft"


def test_settlement_and_grant_stand_in_one_transaction_of_the_host(desk: Desk) -> None:
    number = desk.file()
    decision = desk.checked(number, outcome="review", proposals=[("hint", "case", None)])
    grant = "UPDATE files SET status = 'approved' WHERE case_no = %s"
    host = desk.bare

    def settled() -> None:
        desk.credit.settle(decision, [answer], operator=OFFICER, transaction=host.connection)

    answer = Response(proposal=decision.proposals[0].id, answer="applied")
    host.within("UPDATE files SET note = 'seen'")
    settled()
    host.within(grant, number)
    host.connection.rollback()
    assert desk.status(number) == "draft"
    assert desk.bare.grant(number) == "gate.unsettled", "the answer rolled back with the host"
    host.within("UPDATE files SET note = 'seen'")
    settled()
    host.within(grant, number)
    host.connection.commit()
    assert desk.status(number) == "approved"


def test_it_can_be_installed_again_with_other_values_and_be_taken_away(desk: Desk) -> None:
    number = desk.file()
    desk.bare.script(desk.guard().script())
    desk.bare.script(desk.guard(grant_values=["issued"]).script())
    assert desk.bare.grant(number) is None
    assert desk.bare.refused("UPDATE files SET status = 'issued'") == "gate.never_checked"
    for _ in range(2):
        desk.bare.script(desk.guard().script(drop=True))
    desk.bare.run("UPDATE files SET status = 'issued'")
    left = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE name LIKE 'credit_guard%'",
        "postgresql": "SELECT count(*) FROM pg_proc WHERE proname LIKE 'credit_guard%' AND pronamespace = current_schema::regnamespace",
    }
    assert desk.bare.run(left[desk.place.kind]) == [(0,)]


HOSTILE = "a'; DROP TABLE files; --\\'$guard$ \"q\""


def test_names_and_values_are_taken_as_they_are_whatever_stands_in_them(desk: Desk) -> None:
    table, column, case = '"t ""x"".$guard$"', "st'atus; --", 'no"\\'
    plain = '"t ""x"".$guard$"'
    desk.bare.run(f"""CREATE TABLE {plain} ("st'atus; --" VARCHAR(99), "no""\\" VARCHAR(99))""")
    guard = desk.guard(
        table=table,
        status_column=column,
        case_column=case,
        grant_values=[HOSTILE, "准予"],
    )
    if desk.place.kind == "postgresql":
        desk.bare.run("SET standard_conforming_strings = off")
        desk.bare.run("SET escape_string_warning = off")
    desk.bare.script(guard.script())
    insert = f"INSERT INTO {plain} VALUES (%s, %s)"  # noqa: S608  a name of the test's own
    for value in (HOSTILE, "准予"):
        assert desk.bare.refused(insert, value, "x'y") == "gate.never_checked"
    desk.checked("x'y")
    desk.bare.run(insert, HOSTILE, "x'y")
    desk.file()
    desk.bare.script(guard.script(drop=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"table": ""},
        {"table": "a.b.c"},
        {"table": 'a"b'},
        {"table": "x\ny"},
        {"table": "数" * 22},
        {"status_column": " "},
        {"case_column": "a\0b"},
        {"grant_values": ["a\nb"]},
        {"ledger_schema": "s\n"},
    ],
)
def test_what_can_be_no_name_is_refused(wrong: dict[str, Any]) -> None:
    said: dict[str, Any] = {
        "dialect": "sqlite",
        "table": "files",
        "status_column": "status",
        "grant_values": ["approved"],
        "case_column": "id",
        "point": "decide",
    }
    with pytest.raises(InputError, match=next(iter(wrong))):
        TableGuard(**{**said, **wrong})


def test_a_table_in_a_named_schema_is_guarded_there(desk: Desk) -> None:
    schema = desk.place.options.get("schema", "main")
    guard = desk.guard(table=f"{schema}.files", status_column="note", grant_values=["approved"])
    desk.bare.script(guard.script())
    desk.bare.script(guard.script())
    desk.file()
    assert desk.bare.refused("UPDATE files SET note = 'approved'") == "gate.never_checked"
    desk.bare.script(guard.script(drop=True))
    desk.bare.run("UPDATE files SET note = 'approved'")


def test_a_column_that_is_not_there_is_said_when_it_is_installed(desk: Desk) -> None:
    for wrong in ({"status_column": "statsu"}, {"case_column": "cas"}, {"table": "file"}):
        with pytest.raises(Exception, match=next(iter(wrong.values()))):
            desk.bare.script(desk.guard(**wrong).script())
        desk.bare.connection.rollback()
    number = desk.file()
    assert desk.bare.grant(number) == "gate.never_checked", "what was installed before stays"


def test_a_status_and_a_number_that_are_no_text_are_guarded_too(desk: Desk) -> None:
    desk.bare.run("CREATE TABLE numbered (id INTEGER, state INTEGER)")
    desk.bare.script(desk.guard(table="numbered", status_column="state", case_column="id", grant_values=["3"]).script())
    desk.bare.run("INSERT INTO numbered VALUES (77, 1)")
    assert desk.bare.refused("UPDATE numbered SET state = 3") == "gate.never_checked"
    desk.checked("77")
    desk.bare.run("UPDATE numbered SET state = 3")


def test_on_postgresql_who_may_write_the_table_need_not_see_the_ledger(desk: Desk) -> None:
    if desk.place.kind == "sqlite":
        pytest.skip("SQLite knows no roles")
    role, schema = f"clerk_{desk.place.options['schema']}", desk.place.options["schema"]
    desk.bare.run(f"CREATE ROLE {role}")
    desk.bare.run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    desk.bare.run(f"GRANT SELECT, INSERT, UPDATE ON files TO {role}")
    number, other = desk.file(), desk.file()
    desk.checked(number)
    desk.bare.run(f"SET ROLE {role}")
    with pytest.raises(Exception, match="permission denied"):
        desk.bare.run("SELECT * FROM credit_check")
    assert desk.bare.grant(number) is None
    assert desk.bare.grant(other) == "gate.never_checked"
    desk.bare.run("RESET ROLE")


def test_a_refusal_says_on_postgresql_which_code_which_table_and_which_guard(desk: Desk) -> None:
    if desk.place.kind == "sqlite":
        pytest.skip("SQLite says a message and nothing else")
    desk.file()
    with pytest.raises(desk.bare.refusal) as refused:
        desk.bare.run("UPDATE files SET status = 'approved'")
    said: Any = refused.value
    assert said.sqlstate == "23514"
    assert said.diag.message_detail == "gate.never_checked"
    assert said.diag.table_name == "files"
    assert said.diag.constraint_name.startswith("credit_guard_evaluate_")


def test_a_grant_waits_for_nobody_and_sees_what_is_committed(desk: Desk) -> None:
    """Many clerks grant while checks are recorded: nobody is granted whose check is not there."""
    numbers = [desk.file() for _ in range(12)]
    granted: dict[str, str | None] = {}

    def clerk(mine: list[str]) -> None:
        bare = Bare(desk.place)
        for number in mine:
            granted[number] = bare.grant(number)
        bare.connection.close()

    def recorder() -> None:
        for number in numbers[::2]:
            desk.checked(number)

    threads = [threading.Thread(target=clerk, args=(numbers[n::3],)) for n in range(3)]
    threads.append(threading.Thread(target=recorder))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(granted.values()) <= {None, "gate.never_checked"}
    assert all(granted[number] == "gate.never_checked" for number in numbers[1::2])
    for number, code in granted.items():
        assert desk.status(number) == ("draft" if code else "approved")


_PROPOSAL = st.tuples(
    st.sampled_from(["block", "hint", "info", "offer"]),
    st.sampled_from(["case", "facilitation", "party"]),
    st.sampled_from([None, -1, 0, 1]),
    st.lists(st.sampled_from(["applied", "verifying", "set_aside"]), max_size=3),
    st.sampled_from([None, None, "in_force", "noticed", "suspended", "lifted", "set_aside"]),
)
_CHECK = st.fixed_dictionaries(
    {
        "minutes_ago": st.sampled_from([-60, 1, 1, 1, 5, 3000]),
        "valid_for": st.sampled_from([0.5, 24, 24, 24]),
        "environment": st.sampled_from(["sandbox", "sandbox", "sandbox", "production"]),
        "outcome": st.sampled_from(["clear", "review", "restricted", "undecided"]),
        "silent": st.lists(st.booleans(), max_size=2),
        "touched": st.sampled_from([False, False, False, True]),
        "proposals": st.lists(_PROPOSAL, max_size=3),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(checks=st.lists(_CHECK, max_size=3))
def test_the_triggers_say_what_the_gate_says(desk: Desk, checks: list[dict[str, Any]]) -> None:
    """The same code, for whatever the ledger holds: the same order of reasons, the same clock, the same latest check."""
    number = desk.file()
    now = datetime.now(UTC)
    today = day_of(now)
    for one in checks:
        decision = desk.checked(
            number,
            at=now - timedelta(minutes=one["minutes_ago"]),
            valid_for=timedelta(hours=one["valid_for"]),
            environment=one["environment"],
            outcome=one["outcome"],
            silent=one["silent"],
            proposals=[
                (strength, scope, None if days is None else today + days * DAY)
                for strength, scope, days, *_ in one["proposals"]
            ],
        )
        for turn in range(3):
            answers = [said[turn] if turn < len(said) else None for _, _, _, said, _ in one["proposals"]]
            desk.answered(decision, *answers, at=now)
        for place, (*_, state) in enumerate(one["proposals"]):
            if state is not None:
                desk.moved(decision, place, state)
        if one["touched"]:
            desk.touch(decision)
    assert desk.bare.grant(number) == desk.gate(number)
