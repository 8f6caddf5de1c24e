"""`stats` in every form: table, JSON, CSV, page, Prometheus. Each form says the figures of plain SQL."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from credit_check_sdk.cli.app import run
from credit_check_sdk.service.metrics import Counts as Gauged
from credit_check_sdk.service.metrics import figures
from tests.kit import USCC, case
from tests.statistics.conftest import REASONS, TODAY
from tests.statistics.plain import counted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.statistics.plain import Counts

YEAR = ("2026-01-01", "2026-12-31")


@pytest.fixture
def known(filled: Path) -> Counts:
    """Count with plain SQL."""
    (file,) = filled.parent.glob("*.db")
    return counted(file, *YEAR, TODAY.date().isoformat())


XPATHS = {
    "table.figures tr[data-figure]": "//table[@class='figures']//tr[@data-figure]",
    "table[data-by]": "//table[@data-by]",
    "tr[data-key]": ".//tr[@data-key]",
    "td[data-figure]": "./td[@data-figure]",
    "tr.sum td.n": ".//tr[@class='sum']/td[@class='n']",
    "#shares tr[data-share]": "//table[@id='shares']//tr[@data-share]",
    "p.sandbox": "//p[@class='sandbox']",
    "svg": "//svg",
    ".card.warn": "//div[@class='card warn']",
    "tr[data-figure=surviving] td.warn": "//tr[@data-figure='surviving']/td[@class='n warn']",
    "tr[data-figure=surviving] td.n": "//tr[@data-figure='surviving']/td[@class='n']",
    "table.figures td.n": "//table[@class='figures']//td[@class='n']",
    "#due td.n": "//table[@id='due']//td[@class='n']",
}
"""Places of the page."""


def at(within: Any, place: str) -> list[Any]:
    """Find what stands at a place."""
    return list(within.xpath(XPATHS[place]))


def said(capsys: pytest.CaptureFixture[str], config: Path, *line: str) -> str:
    """Run the command, and give what it printed."""
    assert run([*line, "--config", str(config)]) == 0
    return capsys.readouterr().out


def test_json_says_every_figure(filled: Path, known: Counts, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, filled, "stats", "--period", "2026", "--by", "month", "--json"))
    report = told["report"]
    assert (told["since"], told["until"]) == YEAR
    assert Counter(report["totals"]) == known[""][""]
    for dimension, parts in report["by_dimension"].items():
        assert {key: Counter(counts) for key, counts in parts.items()} == known[dimension]
    assert report["due_known"] is False
    answers = Counter[str]()
    for each in report["reasons"]:
        answers[each["answer"]] += each["count"]
    assert answers == {name: known[""][""][name] for name in ("set_aside", "verifying")}
    assert sum(row["checks"] for row in told["rows"]) == known[""][""]["checks"]


def test_csv_adds_up_to_the_ledger(
    filled: Path, known: Counts, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    printed = said(capsys, filled, "stats", "--since", YEAR[0], "--until", YEAR[1], "--csv")
    out = tmp_path / "图表.csv"
    assert said(capsys, filled, "stats", "--since", YEAR[0], "--until", YEAR[1], "--csv", str(out)) == ""
    assert out.read_text("utf-8-sig").splitlines() == printed.splitlines()
    sums: dict[str, dict[str, Counter[str]]] = {name: {} for name in ("department", "matter", "point", "measure")}
    for row in csv.DictReader(io.StringIO(printed)):
        for name, parts in sums.items():
            parts.setdefault(row[name], Counter())[row["figure"]] += int(row["count"])
    for name, parts in sums.items():
        assert parts == known[name]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_page_adds_up_to_the_ledger(
    filled: Path, known: Counts, capsys: pytest.CaptureFixture[str], tmp_path: Path, lang: str
) -> None:
    out = tmp_path / "report.html"
    said(capsys, filled, "stats", "--period", "2026", "--by", "quarter", "--html", str(out), "--lang", lang)
    text = out.read_text("utf-8")
    page = html.document_fromstring(text)
    figures = {row.get("data-figure"): int(row.xpath("td[2]")[0].text) for row in at(page, "table.figures tr[data-figure]")}  # fmt: skip
    assert Counter(figures) == known[""][""]
    seen = 0
    for table in at(page, "table[data-by]"):
        dimension = table.get("data-by")
        codes = [cell.get("data-figure") for cell in at(at(table, "tr[data-key]")[0], "td[data-figure]")]
        columns = Counter[str]()
        for row in at(table, "tr[data-key]"):
            for cell in at(row, "td[data-figure]"):
                code, count = cell.get("data-figure"), int(cell.text)
                columns[code] += count
                if dimension not in {"period", "late"}:
                    assert count == known[dimension][row.get("data-key")][code]
                seen += 1
        total = [int(cell.text) for cell in at(table, "tr.sum td.n")]
        assert total == [columns[code] for code in codes] == [known[""][""][code] for code in codes], dimension
    assert seen > 100
    assert [row.get("data-share") for row in at(page, "#shares tr[data-share]")][:2] == ["coverage", "hit_rate"]
    assert page.get("lang") == lang
    assert at(page, "p.sandbox")
    assert len(at(page, "svg")) == 2


def test_the_page_needs_nothing_but_itself_and_names_nobody(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, filled, "stats", "--html")
    assert not re.search(r"(?:src|href)=|@import|url\(|<script", text)
    assert "default-src 'none'" in text
    assert REASONS[0] in text
    assert USCC not in text
    assert "13900001111" not in text
    assert "9145**************" in text, "what looks like an identifier is masked where it stands"


def test_a_measure_that_outlived_a_repair_stands_out(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = html.document_fromstring(said(capsys, filled, "stats", "--html"))
    assert [card.text_content().strip() for card in at(page, ".card.warn")]
    assert at(page, "tr[data-figure=surviving] td.warn")


def test_nothing_outlived_a_repair_in_an_empty_ledger(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = html.document_fromstring(said(capsys, config, "stats", "--html", "--by", "month"))
    assert at(page, ".card.warn") == []
    assert [cell.text for cell in at(page, "tr[data-figure=surviving] td.n")] == ["0"]
    assert {cell.text for cell in at(page, "table.figures td.n")} == {"0"}


def test_what_had_to_be_checked_is_counted_from_the_register(
    filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    register = tmp_path / "decided.csv"
    rows = [f"c-{n},evaluate,2026-12-31T10:00:00+08:00" for n in (0, 3, 6, 999)]
    register.write_text("\n".join(["case_id,point,decided_at", *rows]) + "\n", "utf-8")
    told = json.loads(said(capsys, filled, "stats", "--decided", str(register), "--json"))["report"]
    (due,) = told["due"]
    assert due["due"] == 4
    assert due["never_checked"] >= 1
    assert due["checked"] + due["never_checked"] + due["checked_late"] + due["stale"] == 4
    (share,) = [each for each in told["shares"] if each["code"] == "coverage"]
    assert (share["part"], share["whole"]) == (due["checked"], 4)
    page = html.document_fromstring(said(capsys, filled, "stats", "--decided", str(register), "--html"))
    assert [cell.text for cell in at(page, "#due td.n")] == [str(due[name]) for name in ("due", "checked", "never_checked", "checked_late", "stale")]  # fmt: skip
    scraped = said(capsys, filled, "stats", "--decided", str(register), "--prometheus")
    assert 'credit_check_due{point="evaluate",what="due"} 4' in scraped.splitlines()


def test_prometheus_reads_every_figure_by_its_parts(
    filled: Path, known: Counts, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "credit_check.prom"
    said(capsys, filled, "stats", "--period", "2026", "--prometheus", str(out))
    lines = out.read_text("utf-8").splitlines()
    assert lines[0] == "# TYPE credit_check_figure gauge"
    sums: Counter[str] = Counter()
    departments: dict[str, Counter[str]] = {}
    for line in lines[1:]:
        found = re.fullmatch(r"credit_check_figure\{(.*)\} ([0-9]+)", line)
        assert found, line
        labels = dict(re.findall(r'([a-z]+)="([^"]*)"', found[1]))
        sums[labels["figure"]] += int(found[2])
        departments.setdefault(labels.get("department", ""), Counter())[labels["figure"]] += int(found[2])
    assert sums == known[""][""]
    assert {name: +counts for name, counts in departments.items() if +counts} == known["department"]
    assert [*tmp_path.glob(".credit_check.prom*")] == []


def test_the_table_names_what_must_be_zero(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = said(capsys, filled, "stats", "--by", "quarter", "--lang", "en")
    assert "surviving" in table
    assert "2026-Q4" in table
    empty = said(capsys, filled, "stats", "--since", "2030-01-01")
    assert empty == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--by", "week"], "use one of month, quarter, year"),
        (["--since", "yesterday"], "write it as 2026-11-23"),
        (["--since", "2026-12-01", "--until", "2026-11-01"], "swap them"),
        (["--period", "2026-Q5"], "write it as 2026, 2026-Q4 or 2026-11"),
        (["--period", "2026", "--since", "2026-01-01"], "leave one of them out"),
        (["--csv", "--html"], "name files for the others"),
        (["--csv", "--json"], "name files for the others"),
        (["--csv", "no/such/folder/x.csv"], "name a file in a folder that is there"),
        (["--decided", "no-such-register.csv"], "no-such-register.csv"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    config: Path, capsys: pytest.CaptureFixture[str], line: list[str], words: str
) -> None:
    assert run(["stats", *line, "--lang", "en", "--config", str(config)]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_row_of_the_register_that_cannot_be_read_stops_the_report(
    config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    register = tmp_path / "decided.csv"
    register.write_text("case_id,point,decided_at\nc-1,evaluate,soon\n", "utf-8")
    assert run(["stats", "--decided", str(register), "--config", str(config), "--lang", "en"]) == 2
    assert "row 2" in capsys.readouterr().err


def test_a_count_of_one_check_is_a_gauge_and_what_must_be_zero_is_said(door: Any) -> None:
    door.check(case())
    text = Gauged().text(figures(door.statistics_report()))
    assert (
        'credit_check_figure{department="451100-czj",matter="procurement.goods",point="evaluate",figure="checks"} 1'
        in text
    )
    assert 'credit_check_figure{figure="surviving"} 0' in text
