"""A measure carries who asked for it; each answer goes back to them; a sheet puts the answers of a period together."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from credit_check_sdk import InputError, Response, ResponseSheet
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.core.sheets import veiled
from credit_check_sdk.model.ledger import ResponseEntry, StoredCheck
from credit_check_sdk.model.sheets import Proposed
from tests.facilities.test_good_side import licence
from tests.kit import OFFICER, OTHER, USCC, case, organisation, record
from tests.statistics.conftest import DEPARTMENTS, Run, put
from tests.statistics.test_figures import ALWAYS, AUTUMN, memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door
    from tests.ledger.conftest import Place

TAX, MARKET = "国家税务总局贺州市税务局", "贺州市市场监督管理局"
PRAISE = record(
    list_code="STA-A", polarity="positive", severity=None, level="national", basis=None, authority=TAX, doc_no=None
)


def settled(door: Door, file: Any, answers: dict[str, tuple[Any, str | None]]) -> Any:
    """Check a file and answer its proposals, by measure."""
    decision = door.check(file)
    said = [
        Response(proposal=each.id, answer=answers[each.measure][0], reason=answers[each.measure][1])
        for each in decision.proposals
        if each.measure in answers
    ]
    assert said
    door.settle(decision, tuple(said), operator=OFFICER)
    return decision


def test_each_answer_goes_back_to_who_asked(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    decision = door.check(case())
    asked = [each for each in decision.proposals if each.grounds]
    assert {each.initiators for each in asked} == {(MARKET,)}
    answers = [
        Response(proposal=each.id, answer="applied")
        if each.force == "mandatory" or place
        else Response(proposal=each.id, answer="set_aside", reason="情节轻微")
        for place, each in enumerate(decision.proposals)
    ]
    door.settle(decision, tuple(answers), operator=OFFICER)
    door.relay()
    bodies = [each["body"]["data"] for each in sandbox.received("feedback")["items"]]
    assert {body["proposal"] for body in bodies} == {each.id for each in decision.proposals}
    for body in bodies:
        (answer,) = [each for each in answers if each.proposal == body["proposal"]]
        assert (body["answer"], body["reason"]) == (answer.answer, answer.reason)
        assert body["initiator"] == (MARKET if body["record_id"] else None)
        assert body["operator"]["department"] == OFFICER.department
    sheet = door.response_sheet(initiator=MARKET)
    assert {each.measure for each in sheet.lines} == {each.measure for each in asked}
    assert {each.initiator for each in sheet.lines} == {MARKET}
    assert door.response_sheet(initiator=TAX).lines == ()


def test_the_quarterly_sheet_of_a_memorandum_has_its_lists_and_measures_alone(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    sandbox.put_record(record(subject=organisation(OTHER, "广西示例建设有限公司").model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})))  # fmt: skip
    praised = settled(door, licence(), {each.measure: ("applied", None) for each in door.check(licence()).proposals})
    door.check(case(subject=organisation(OTHER, "广西示例建设有限公司")))
    sheet = door.response_sheet(memorandum="m-taxa")
    assert (sheet.memorandum, sheet.every, sheet.doc_no) == ("M-TAXA", "quarter", "发改财金〔2016〕1467号")
    assert sheet.title is not None
    assert "A级纳税人" in sheet.title.zh
    known = door.catalogue.memoranda["M-TAXA"]
    wanted = {p.measure for p in praised.proposals if p.measure in known.measures and p.grounds}
    assert {line.measure for line in sheet.lines} == wanted != set()
    for line in sheet.lines:
        assert (line.initiator, line.list_code, line.department) == (TAX, "STA-A", OFFICER.department)
        assert (line.subjects, line.proposed, line.applied, line.unanswered) == (1, 2, 1, 0)


def test_a_memorandum_that_is_not_known_is_refused(door: Door) -> None:
    with pytest.raises(InputError) as refused:
        door.response_sheet(memorandum="M-TAXB")
    assert refused.value.code == "catalogue.unknown"
    assert "use M-TAX" in refused.value.words("en")


def lines_of(run: Run, since: date, until: date) -> dict[tuple[str, str, str], Counter[str]]:
    """Count the entries of the run, past the product."""
    answers: dict[str, str] = {}
    for entry in sorted((e for e in run.entries if isinstance(e, ResponseEntry)), key=lambda e: (e.at, e.id)):
        answers[entry.response.proposal] = entry.response.answer
    found: dict[tuple[str, str, str], Counter[str]] = {}
    within = [e for e in run.checks if since <= e.decision.decided_at.astimezone(SHANGHAI).date() <= until]
    last = {
        (e.case.id, e.decision.point): e for e in sorted(within, key=lambda e: (e.decision.decided_at, e.decision.id))
    }
    for each in within:
        for proposal in each.decision.proposals:
            for who in {ground.authority for ground in proposal.grounds} or {""}:
                counts = found.setdefault((who, proposal.measure, each.case.operator.department), Counter())
                counts["proposed"] += 1
                answer = answers.get(proposal.id)
                latest = last[each.case.id, each.decision.point] is each
                if answer:
                    counts[answer] += 1
                elif latest and proposal.strength in {"block", "hint"}:
                    counts["unanswered"] += 1
    return found


@pytest.mark.parametrize("period", [ALWAYS, AUTUMN])
def test_the_lines_are_those_of_the_entries(
    filled: Path, the_run: Run, open_door: Callable[..., Door], period: tuple[date, date]
) -> None:
    sheet: ResponseSheet = open_door(filled).response_sheet(*period)
    known = lines_of(the_run, *period)
    names = ("proposed", "applied", "set_aside", "verifying", "unanswered")
    told = {
        (line.initiator, line.measure, line.department): +Counter({name: getattr(line, name) for name in names})
        for line in sheet.lines
    }
    assert told == known
    assert {line.department for line in sheet.lines} == set(DEPARTMENTS)
    for line in sheet.lines:
        assert sum(each.count for each in line.reasons) == line.set_aside + line.verifying
        assert line.subjects == 1


def test_checks_come_page_by_page_from_every_ledger(place: Place, the_run: Run) -> None:
    ledger = place.ledger()
    put(the_run, ledger)

    def numbers(load: Any, limit: int) -> list[str]:
        listed: list[str] = []
        question = Proposed(*AUTUMN, limit=limit)
        while found := load(question):
            assert all(isinstance(each, StoredCheck) for each, _ in found)
            listed += [f"{each.decision.id} {latest}" for each, latest in found]
            question = Proposed(*AUTUMN, (found[-1][0].decision.decided_at, found[-1][0].decision.id), limit)
        return listed

    whole = numbers(ledger.run, 1000)
    assert whole == numbers(ledger.run, 7) == numbers(memory(the_run).load, 11)
    assert len(whole) > 20
    ledger.close()


def test_what_looks_like_a_number_of_somebody_is_masked() -> None:
    assert veiled(f"主体 {USCC}，电话13900001111") == "主体 9145**************，电话1390*******"
    assert veiled("身份证 451102199001010010。") == "身份证 4511**************。"
    assert veiled("依据 第1234567号\n文件，20260101 起") == "依据 第1234567号 文件，20260101 起"
    assert veiled("no figures at all in verylongwordsindeed") == "no figures at all in verylongwordsindeed"


def test_the_command_gives_the_sheet_in_every_form(
    filled: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def said(*line: str) -> str:
        assert run(["responses", *line, "--config", str(filled)]) == 0
        return capsys.readouterr().out

    sheet = ResponseSheet.model_validate_json(said("--period", "2026", "--json"))
    rows = list(csv.reader(io.StringIO(said("--period", "2026", "--csv", "--lang", "en"))))
    texts = ["initiator", "list", "measure", "name", "department", "subjects"]
    assert rows[0] == [*texts, "proposed", "applied", "set aside", "verifying", "unanswered", "reasons"]
    assert [[row[0], row[2], row[4], *map(int, row[5:11])] for row in rows[1:]] == [
        [
            each.initiator,
            each.measure,
            each.department,
            each.subjects,
            each.proposed,
            each.applied,
            each.set_aside,
            each.verifying,
            each.unanswered,
        ]
        for each in sheet.lines
    ]
    assert not any(row[-1].startswith("=") for row in rows), "a spreadsheet would take it for a formula"
    out = tmp_path / "sheet.html"
    assert said("--period", "2026", "--html", str(out), "--lang", "zh-CN") == ""
    page = html.document_fromstring(out.read_text("utf-8"))
    assert len(page.xpath("//tbody/tr")) == len(sheet.lines)
    assert page.xpath("//p[@class='sandbox']")
    assert USCC not in out.read_text("utf-8")
    assert MARKET in said("--initiator", MARKET)
    assert TAX not in said("--initiator", MARKET, "--json")


def test_a_memorandum_that_says_how_often_is_put_together_for_the_last_whole_period(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["responses", "--memorandum", "M-TAXA", "--json", "--config", str(filled)]) == 0
    told = json.loads(capsys.readouterr().out)
    first, last = date.fromisoformat(told["since"]), date.fromisoformat(told["until"])
    assert (first.day, first.month % 3, (last - first).days in {89, 90, 91}) == (1, 1, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--memorandum", "M-NONE"], "catalogue list --kind memorandum"),
        (["--csv", "--html"], "name files for the others"),
        (["--period", "soon"], "write it as"),
    ],
)
def test_the_command_says_what_to_do(
    config: Path, capsys: pytest.CaptureFixture[str], line: list[str], words: str
) -> None:
    assert run(["responses", *line, "--lang", "en", "--config", str(config)]) == 2
    assert words in capsys.readouterr().err


def test_an_empty_period_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["responses", "--period", "2001", "--lang", "en", "--config", str(config)]) == 0
    assert "No measure was proposed" in capsys.readouterr().err
    assert run(["responses", "--period", "2001", "--html", "--lang", "en", "--config", str(config)]) == 0
    assert "No measure was proposed" in capsys.readouterr().out
