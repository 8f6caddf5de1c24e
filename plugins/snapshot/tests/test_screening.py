"""A long list against the lists kept here: fast rows come to what the core says, and nothing is lost when it breaks off."""

from __future__ import annotations

import asyncio
import csv
import json
import random
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_check_sdk import (
    AsyncCreditCheck,
    CaseError,
    ConfigurationError,
    CreditCheck,
    InputError,
    NotUnderstoodError,
    Purpose,
)
from credit_check_sdk._shell.sound import sound_codes
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.screening import Screening
from credit_check_sdk.model.identifiers import normalise, synthetic_resident_id, synthetic_uscc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from credit_check_sdk.model.screening import ScreenPart, ScreenReport
    from credit_check_sdk.testing.plugin import RunningSandbox

WHY: dict[str, Any] = {
    "matter": "subsidy.enterprise",
    "point": "apply",
    "purpose": Purpose(text="补贴申请批量核查", basis="某办法第三条"),
}
HEADS = "名称,统一社会信用代码"
pa = pytest.importorskip("pyarrow")
USCC = "91451100MA5AAAAA2F"


def record(value: str) -> dict[str, Any]:
    return {
        "subject": {
            "category": "organisation",
            "name": "示例公司",
            "identifiers": [{"scheme": "cn-uscc", "value": value}],
        },
        "record_id": None,
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority": "贺州市财政局",
        "doc_no": "贺财采罚〔2026〕1号",
        "document_date": "2026-03-01",
        "basis": "政府采购法 第七十七条",
        "list_until": "2029-03-01",
        "level": "municipal",
    }


class Door:
    """One of the two front doors, blocking."""

    def __init__(self, kind: str, config: Path) -> None:
        self.kind, self.config = kind, config

    def screen_list(self, file: Path, out: Path, **options: Any) -> ScreenReport:
        """Screen, through it."""
        if self.kind == "sync":
            with CreditCheck.open(self.config) as credit:
                return credit.screen_list(file, out, **options)

        async def ask() -> ScreenReport:
            async with AsyncCreditCheck.open(self.config) as credit:
                return await credit.screen_list(file, out, **options)

        return asyncio.run(ask())


@pytest.fixture
def config(credit_sandbox: RunningSandbox, tmp_path: Path) -> Path:
    """Write a configuration with lists beside the platforms."""
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=credit_sandbox.url)
    text = path.read_text(encoding="utf-8").replace("enabled = []", 'enabled = ["snapshot"]')
    text += (
        '\n[[sources]]\nid = "lists"\nkind = "snapshot"\nlevel = "municipal"\n'
        f'base_url = "{credit_sandbox.url}/municipal"\nkey_id = "demo"\nsecret_file = "secrets/municipal"\n'
        '[sources.options]\nfolder = "lists"\n'
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(params=["sync", "async"])
def door(request: pytest.FixtureRequest, config: Path, credit_sandbox: RunningSandbox) -> Door:
    chance = random.Random(7)  # noqa: S311  the same list each time
    for _ in range(30):
        credit_sandbox.put_record(record(synthetic_uscc(chance)))
    credit_sandbox.put_record(record(USCC))
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
    return Door(request.param, config)


def codes(number: int) -> list[str]:
    chance = random.Random(11)  # noqa: S311  the same list each time
    return [synthetic_uscc(chance) for _ in range(number)]


def written(folder: Path, rows: Sequence[str], name: str = "applicants.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([HEADS, *rows]) + "\n", encoding="utf-8")
    return file


def result(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as reading:
        return list(csv.DictReader(reading))


SOUND = st.integers(0, 2**64).map(lambda seed: synthetic_uscc(random.Random(seed)))  # noqa: S311  made-up codes


def spoilt(parts: tuple[str, int, str]) -> str:
    code, place, character = parts
    return code[:place] + character + code[place + 1 :]


SPOILT = st.tuples(SOUND, st.integers(0, 17), st.sampled_from(string.digits + string.ascii_uppercase + "a é中")).map(
    spoilt
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(SOUND, SPOILT, st.text(max_size=20), st.none(), st.sampled_from(["", "1" * 18, "0" * 18])),
        max_size=12,
    )
)
def test_sound_is_a_code_in_which_nothing_is_doubtful(column: list[str | None]) -> None:
    def sound(value: str | None) -> bool:
        if value is None or not value.strip():
            return False
        try:
            found = normalise("cn-uscc", value)
        except ValueError:
            return False
        return found.value == value and not found.findings and not found.changes

    assert sound_codes(pa.array(column, pa.string())).to_pylist() == [sound(value) for value in column]


def test_each_row_gets_its_result_in_order(door: Door, tmp_path: Path) -> None:
    clean = codes(200)
    chance = random.Random(5)  # noqa: S311  made up
    rows = [f"企业{number},{code}" for number, code in enumerate(clean)]
    rows[10] = f"贺州市示例食品有限公司,{USCC}"
    rows[20] = f"另一个名字的公司,{USCC.lower()}"
    rows[30] = f"抄错的公司,{clean[30][:-1]}{'0' if clean[30][-1] != '0' else '1'}"
    rows[40] = "没有号码的公司,"
    rows[50] = f",{clean[50]}"
    rows[60] = f"=HYPERLINK(1),{clean[60]}"
    rows[70] = f"张三,{synthetic_resident_id(chance)}"
    rows[80] = "怪号码的公司,XYZ-1"
    out = tmp_path / "result.csv"
    report = door.screen_list(written(tmp_path, rows), out, **WHY)
    found = result(out)
    assert [row["row"] for row in found] == [f"row {number}" for number in range(1, 201)]
    assert (report.rows, report.answered, report.rejected) == (200, 199, 1)
    outcomes = {number: row["outcome"] for number, row in enumerate(found) if row["outcome"] != "clear"}
    assert outcomes == {10: "review", 20: "review", 30: "review", 40: "review", 50: "", 80: "review"}
    assert report.outcomes == {"clear": 194, "review": 5}
    assert found[10]["measures"]
    assert "未经实时确认" in found[10]["reasons_zh"]
    assert "各来源均未收录" in found[30]["reasons_zh"], "a mistyped number stands on no list, and that says nothing"
    assert "没有标识符" in found[40]["reasons_zh"]
    assert "名称为空" in found[50]["error"]
    assert found[60]["name"] == "'=HYPERLINK(1)"
    assert found[0]["reasons_zh"].startswith("通过")
    text = out.read_text(encoding="utf-8")
    assert not [code for code in (*clean, USCC) if code in text]
    assert found[0]["identifier_masked"] == f"{clean[0][:8]}********{clean[0][-2:]}"
    assert sorted(path.name for path in tmp_path.glob("result*")) == ["result.csv"]


def test_fast_rows_come_to_what_the_core_says(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)  # noqa: S311  the same list each time
    rows = []
    for number, code in enumerate([*codes(300), USCC]):
        spoil = chance.randrange(6)
        value = {1: code.lower(), 2: f" {code}", 3: spoilt((code, chance.randrange(18), "7"))}.get(spoil, code)
        rows.append(f"企业 {number} 号,{value}")
    file = written(tmp_path, rows)
    fast = door.screen_list(file, tmp_path / "fast.csv", **WHY)
    monkeypatch.setattr(Screening, "plain", lambda *_: None)
    slow = door.screen_list(file, tmp_path / "slow.csv", **WHY)
    assert fast == slow
    assert result(tmp_path / "fast.csv") == result(tmp_path / "slow.csv")
    assert (tmp_path / "fast.csv").read_bytes() == (tmp_path / "slow.csv").read_bytes()


def test_however_it_is_divided_it_is_the_same(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, [f"企业{number},{code}" for number, code in enumerate([*codes(90), USCC])])
    sums: list[ScreenReport] = []
    whole = door.screen_list(file, tmp_path / "whole.csv", **WHY)
    divided = door.screen_list(file, tmp_path / "parts.csv", rows_of_a_part=7, told=sums.append, **WHY)
    assert divided == whole == sums[-1]
    assert [each.rows for each in sums] == [*range(7, 91, 7), 91]
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


class Breaks:
    """An engine that works on some parts, and breaks."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.done: list[str] = []

    def run(self, parts: Sequence[ScreenPart], work: Any) -> Iterator[ScreenReport]:
        for part in parts:
            if len(self.done) == self.after:
                raise KeyboardInterrupt
            fresh = not part.out.exists()
            report = work(part)
            if fresh:
                self.done.append(part.out.name)
            yield report


def test_what_was_broken_off_is_gone_on_with(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, [f"企业{number},{code}" for number, code in enumerate([*codes(90), USCC])])
    out = tmp_path / "result.csv"
    door.screen_list(file, tmp_path / "whole.csv", **WHY)
    with pytest.raises(KeyboardInterrupt):
        door.screen_list(file, out, rows_of_a_part=10, engine=Breaks(4), **WHY)
    assert not out.exists(), "half a result is none"
    rest = Breaks(99)
    report = door.screen_list(file, out, rows_of_a_part=10, resume=True, engine=rest, **WHY)
    assert len(rest.done) == 6, "ten parts, four of them done before"
    assert report.rows == 91
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_parts_of_another_list_are_not_gone_on_with(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, [f"企业{number},{code}" for number, code in enumerate(codes(20))])
    out = tmp_path / "result.csv"
    with pytest.raises(KeyboardInterrupt):
        door.screen_list(file, out, rows_of_a_part=10, engine=Breaks(1), **WHY)
    written(tmp_path, [f"公司{number},{code}" for number, code in enumerate(codes(30))])
    again = Breaks(99)
    assert door.screen_list(file, out, rows_of_a_part=10, resume=True, engine=again, **WHY).rows == 30
    assert len(again.done) == 3


def test_lists_that_changed_meanwhile_are_said(
    door: Door,
    config: Path,
    credit_sandbox: RunningSandbox,
    tmp_path: Path,
) -> None:
    class Changes:
        def run(self, parts: Sequence[ScreenPart], work: Any) -> Iterator[ScreenReport]:
            yield work(parts[0])
            credit_sandbox.put_record(record(synthetic_uscc(random.Random(99))))  # noqa: S311  made up
            with CreditCheck.open(config) as credit:
                credit.refresh_lists()
            yield work(parts[1])

    file = written(tmp_path, [f"企业{number},{code}" for number, code in enumerate(codes(20))])
    with pytest.raises(InputError, match="are not those with which the screening began"):
        door.screen_list(file, tmp_path / "result.csv", rows_of_a_part=10, engine=Changes(), **WHY)


def test_other_forms_of_files_come_to_the_same(door: Door, tmp_path: Path) -> None:
    import openpyxl  # noqa: PLC0415  only here
    import pyarrow.parquet as pq  # noqa: PLC0415  only here

    rows = [(f"企业{number}", code) for number, code in enumerate([*codes(20), USCC])]
    file = written(tmp_path, [",".join(row) for row in rows])
    door.screen_list(file, tmp_path / "utf8.csv", **WHY)
    expected = (tmp_path / "utf8.csv").read_bytes()
    (tmp_path / "gb.csv").write_bytes(file.read_bytes().decode().encode("gb18030"))
    book = openpyxl.Workbook()
    for row in [HEADS.split(","), *rows]:
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    names = HEADS.split(",")
    table = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    pq.write_table(pa.table(table), tmp_path / "list.parquet")
    for name in ("gb.csv", "book.xlsx", "list.parquet"):
        door.screen_list(tmp_path / name, tmp_path / "out.csv", **WHY)
        assert (tmp_path / "out.csv").read_bytes() == expected, name
    pq.write_table(pa.table({"name": ["甲"], "identifier": [9.1e17]}), tmp_path / "lost.parquet")
    with pytest.raises(InputError, match="have lost digits"):
        door.screen_list(tmp_path / "lost.parquet", tmp_path / "out.csv", **WHY)


def test_what_cannot_be_screened_is_said(door: Door, tmp_path: Path) -> None:
    file = written(tmp_path, [f"甲公司,{USCC}"])
    out = tmp_path / "out.csv"
    with pytest.raises(InputError, match=r"nothing\.csv cannot be read"):
        door.screen_list(tmp_path / "nothing.csv", out, **WHY)
    with pytest.raises(CaseError, match=r"subsidy\.nothing"):
        door.screen_list(file, out, **{**WHY, "matter": "subsidy.nothing"})
    odd = tmp_path / "odd.csv"
    odd.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="--name-column"):
        door.screen_list(odd, out, **WHY)
    assert door.screen_list(odd, out, name_column="甲", identifier_column="乙", **WHY).outcomes == {"review": 1}
    (tmp_path / "bad.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match="no workbook"):
        door.screen_list(tmp_path / "bad.xlsx", out, **WHY)
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="the list cannot be read"):
        door.screen_list(tmp_path / "bad.parquet", out, **WHY)
    empty = written(tmp_path, [], "empty.csv")
    assert door.screen_list(empty, out, **WHY).rows == 0
    assert result(out) == []


def test_lists_that_are_too_old_clear_nobody(door: Door, config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8")
    matter = '[matters."subsidy.enterprise"]\n'
    assert matter in text
    config.write_text(text.replace(matter, f'{matter}list_age = "0s"\n'), encoding="utf-8")
    with pytest.raises(NotUnderstoodError, match="beyond this matter's limit"):
        door.screen_list(written(tmp_path, [f"甲公司,{USCC}"]), tmp_path / "out.csv", **WHY)
    assert not (tmp_path / "out.csv").exists()


def test_without_lists_nothing_is_screened(credit_sandbox: RunningSandbox, tmp_path: Path) -> None:
    start(tmp_path / "credit-check.toml", sandbox=credit_sandbox.url)
    with (
        CreditCheck.open(tmp_path / "credit-check.toml") as credit,
        pytest.raises(ConfigurationError, match="no source of lists"),
    ):
        credit.screen_list(written(tmp_path, [f"甲公司,{USCC}"]), tmp_path / "out.csv", **WHY)


def test_the_command(
    door: Door,
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del door
    monkeypatch.setenv("CREDIT_CHECK_CONFIG", str(config))
    file = written(
        tmp_path, [f"贺州市示例食品有限公司,{USCC}", *(f"企业{n},{code}" for n, code in enumerate(codes(5)))]
    )
    out = tmp_path / "out.csv"
    words = ["screen", str(file), "--matter", "subsidy.enterprise", "--point", "apply", "-o", str(out), "--json"]
    assert run([*words, "--offline", "--part-rows", "4"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["outcomes"]) == (6, {"clear": 5, "review": 1})
    assert len(result(out)) == 6
    assert run([*words, "--engine", "dask"]) == 2
    assert "--offline" in capsys.readouterr().err
    assert run([*words, "--offline", "--engine", "nothing"]) == 3
    assert run(["screen", str(file), str(file), *words[2:], "--offline"]) == 2
