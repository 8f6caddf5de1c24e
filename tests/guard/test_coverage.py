"""Decided cases that were never checked are found: from a list, from a database; both doors and the command."""

from __future__ import annotations

import csv
import json
import sqlite3
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from credit_check_sdk import Coverage, DecidedCase, InputError
from credit_check_sdk._shell.decided import Unread, from_file, from_query
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.model.ledger import CheckEntry, ChecksOf
from credit_check_sdk.testing import InMemoryLedger
from tests.kit import case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.guard.kit import Desk
    from tests.kit import Door

HOUR = timedelta(hours=1)


def decided(*numbers: str, at: datetime | date | None = None, point: Any = "evaluate") -> list[DecidedCase]:
    return [DecidedCase(case_id=number, decided_at=at, point=point) for number in numbers]


def test_a_case_that_was_never_checked_is_found(door: Door) -> None:
    file = case()
    decision = door.check(file)
    found: Coverage = door.coverage(decided(file.id, "G-never"))
    assert (found.decided, found.checked, found.complete) == (2, 1, False)
    assert [(gap.case_id, gap.kind, gap.check) for gap in found.gaps] == [("G-never", "never_checked", None)]
    assert door.coverage(decided(file.id, at=decision.decided_at + HOUR)).complete
    assert door.coverage([]).complete


def test_a_check_that_came_late_or_had_expired_does_not_count(door: Door) -> None:
    file = case()
    decision = door.check(file)
    for at, kind in (
        (decision.decided_at - HOUR, "checked_late"),
        (decision.valid_until + HOUR, "stale"),
        ((decision.decided_at - timedelta(days=2)).date(), "checked_late"),
        ((decision.valid_until + timedelta(days=2)).date(), "stale"),
    ):
        (gap,) = door.coverage(decided(file.id, at=at)).gaps
        assert (gap.kind, gap.check, gap.checked_at) == (kind, decision.id, decision.decided_at)
    for at in (decision.decided_at, decision.valid_until, decision.decided_at.date()):
        assert door.coverage(decided(file.id, at=at)).complete


def test_the_point_counts_and_has_to_be_said(door: Door) -> None:
    file = case()
    door.check(file)
    assert door.coverage(decided(file.id, point=None), point="evaluate").complete
    assert not door.coverage(decided(file.id, point="award"), point="evaluate").complete
    with pytest.raises(InputError, match="point"):
        door.coverage(decided(file.id, point=None))


def test_only_checks_of_the_own_environment_count_and_the_last_before_the_decision(desk: Desk) -> None:
    now = datetime.now(UTC)
    desk.checked("elsewhere", environment="production")
    desk.checked("short", at=now - 3 * HOUR)
    desk.checked("short", at=now - 2 * HOUR, valid_for=HOUR)
    desk.checked("anew", at=now - 3 * HOUR, valid_for=HOUR)
    desk.checked("anew", at=now - HOUR)
    found = desk.credit.coverage(decided("elsewhere", "short", "anew", at=now))
    assert [(gap.case_id, gap.kind) for gap in found.gaps] == [("elsewhere", "never_checked"), ("short", "stale")]


def test_many_cases_are_looked_up_in_few_statements(desk: Desk) -> None:
    for number in range(0, 1200, 100):
        desk.checked(f"M-{number}")
    found = desk.credit.coverage(decided(*(f"M-{number}" for number in range(1201))))
    assert (found.decided, found.checked) == (1201, 12)
    assert len(found.gaps) == 1189


def test_the_ledger_in_memory_answers_alike(desk: Desk) -> None:
    memory = InMemoryLedger()
    for number in ("a", "b"):
        decision = desk.checked(number)
        stored = desk.credit.show(decision.id)
        assert stored is not None
        memory.record([CheckEntry(decision, stored.case, (), stored.parties, stored.rules)])
    question = ChecksOf(("a", "b", "c"), "sandbox")
    assert memory.load(question) == desk.credit._world.ledger.run(question)
    assert len(memory.load(question)) == 2
    assert memory.load(ChecksOf(("a",), "production")) == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lists_are_read_as_they_come(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "decided.csv"
    path.write_text(
        "办件编号,决定时间,环节,备注\n"
        "甲-1,2026-11-23 10:00:00.5,decide,\n"
        "甲-2,2026年1月2日,,x\n"
        "甲-3,2026/1/2,,\n"
        "甲-4,,,\n"
        ",2026-01-01,,\n"
        "甲-5,昨天,,\n"
        "甲-6,2026-02-30,,\n"
        "甲-7,,nowhere,\n"
        "\n"
        "甲-8,20260102,,\n"
        "甲-9,2026-11-23T02:00:00Z,,\n",
        encoding=encoding,
    )
    found = list(from_file(path))
    good = {one.case_id: one for one in found if isinstance(one, DecidedCase)}
    assert good["甲-1"].decided_at == datetime(2026, 11, 23, 10, 0, 0, 500000, SHANGHAI)
    assert good["甲-1"].point == "decide"
    assert {good[f"甲-{n}"].decided_at for n in (2, 3, 8)} == {date(2026, 1, 2)}
    assert good["甲-4"].decided_at is None
    assert good["甲-9"].decided_at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert [one.row for one in found if isinstance(one, Unread)] == ["row 6", "row 7", "row 8", "row 9"]


def test_json_and_excel_and_a_single_column_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('["x", {"case_id": "y", "decided_at": "2026-11-23"}, 3, {"id": ""}]')
    assert [one.case_id if isinstance(one, DecidedCase) else one.row for one in from_file(tmp_path / "a.json")] == [
        "x", "y", "item 3", "item 4",
    ]  # fmt: skip
    (tmp_path / "lines.json").write_text('{"case_id": "x"}\n{"case_id": "y"}\n')
    assert [one.case_id for one in from_file(tmp_path / "lines.json") if isinstance(one, DecidedCase)] == ["x", "y"]
    (tmp_path / "one.csv").write_text("x\ny\n")
    assert [one.case_id for one in from_file(tmp_path / "one.csv") if isinstance(one, DecidedCase)] == ["x", "y"]
    (tmp_path / "empty.csv").write_text("")
    assert list(from_file(tmp_path / "empty.csv")) == []
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in (["case_id", "decided_at"], ["x", datetime(2026, 11, 23)], [17, None], [451100202600012345, None]):  # noqa: DTZ001  as a spreadsheet has it
        sheet.append(row)
    book.save(tmp_path / "b.xlsx")
    first, second, third = from_file(tmp_path / "b.xlsx")
    assert isinstance(first, DecidedCase)
    assert first.decided_at == date(2026, 11, 23)
    assert isinstance(second, DecidedCase)
    assert second.case_id == "17"
    assert isinstance(third, Unread)
    assert "lost" in third.en


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("x,y\n1,2\n")
    (tmp_path / "bad.json").write_text("[{]")
    (tmp_path / "number.json").write_text('{"decided": 3}')
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04nothing")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xff\x80")
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as packed:
        packed.writestr("x", "y")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (257 * 1024 * 1024))
    for name in (
        "two.csv",
        "bad.json",
        "number.json",
        "broken.xlsx",
        "bytes.csv",
        "other.xlsx",
        "bomb.xlsx",
        "none.csv",
        ".",
    ):
        with pytest.raises(InputError) as refused:
            list(from_file(tmp_path / name))
        assert refused.value.code == "file.unreadable", name
        assert refused.value.remedy_zh


def test_a_select_is_run_and_can_change_nothing(desk: Desk) -> None:
    desk.bare.run("CREATE TABLE decided (case_no VARCHAR(64), decided_at VARCHAR(64), note VARCHAR(9))")
    desk.bare.run("INSERT INTO decided VALUES ('a:b%c', '2026-11-23 10:00:00', 'x'), ('d', NULL, 'y')")
    found = list(from_query(desk.place.url, "SELECT * FROM decided WHERE note LIKE '%' AND case_no <> ':x'"))
    assert [one.case_id for one in found if isinstance(one, DecidedCase)] == ["a:b%c", "d"]
    (only, _) = from_query(desk.place.url, "SELECT case_no AS whatever FROM decided ORDER BY 1")
    assert isinstance(only, DecidedCase)
    for wrong in (
        "DELETE FROM decided RETURNING case_no",
        "INSERT INTO decided VALUES ('z') ",
        "SELECT case_no, note AS b FROM nowhere",
        "SELECT note AS a, note AS b FROM decided",
        "SELECT",
    ):
        with pytest.raises(InputError):
            list(from_query(desk.place.url, wrong))
    assert desk.bare.run("SELECT count(*) FROM decided") == [(2,)]
    for url in ("nothing", "sqlite:////nowhere/x.db", "unheard+of://x/y"):
        with pytest.raises(InputError, match="query"):
            list(from_query(url, "SELECT 1"))


def test_the_command_finds_them_and_exits_with_one(
    config: Path, door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = case()
    door.check(good)
    host = sqlite3.connect(config.parent / "credit-check.db", timeout=20)
    host.execute("CREATE TABLE files (case_no TEXT, status TEXT)")
    host.execute("INSERT INTO files VALUES (?, 'approved')", (good.id,))
    host.commit()
    select = "SELECT case_no FROM files WHERE status = 'approved'"
    command = ["--config", str(config), "coverage", "--point", "evaluate", "--decided"]
    assert run([*command, select]) == 0
    host.execute("INSERT INTO files VALUES ('=never', 'approved')")
    host.commit()
    host.close()
    capsys.readouterr()
    assert run([*command, select, "--json", "-o", str(tmp_path / "gaps.csv")]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["decided"], document["checked"], document["never_checked"]) == (2, 1, 1)
    assert document["cases"][0]["case_id"] == "=never"
    assert document["cases"][0]["words"]["zh-CN"] == "从未核查"
    (row,) = csv.DictReader((tmp_path / "gaps.csv").read_text().splitlines())
    assert (row["case_id"], row["finding"], row["words_en"]) == ("'=never", "never_checked", "never checked")
    (tmp_path / "q.sql").write_text(select)
    url = f"sqlite:///{config.parent / 'credit-check.db'}"
    assert run([*command, str(tmp_path / "q.sql"), "--url", url, "--lang", "en"]) == 1
    printed = capsys.readouterr()
    assert "2 decided, 1 of them checked; never checked: 1" in printed.err
    assert printed.out.startswith("case_id,point,")
    (tmp_path / "list.csv").write_text(f"case_id,decided_at\n{good.id},never\n")
    assert run([*command, str(tmp_path / "list.csv")]) == 1
    assert "决定时间无法识别" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--decided", "nowhere.csv"],
        ["--decided", "nowhere.sql"],
        ["--decided", "SELECT 1 FROM nowhere"],
        ["--decided", "list.csv", "--url", "sqlite:///x.db"],
        ["--decided", "SELECT 1", "--point", "somewhere"],
        ["--decided", "SELECT 1", "--url", "nothing"],
        ["--decided", "SELECT 'x' AS case_id"],
    ],
)
def test_what_cannot_be_looked_at_exits_with_two(
    config: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    more = [] if words[1].endswith("case_id") or "--point" in words else ["--point", "decide"]
    assert run(["--config", str(config), "coverage", *words, *more]) == 2
    assert "Traceback" not in capsys.readouterr().err
