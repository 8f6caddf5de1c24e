"""Notices: who is restricted is told so, with all that is needed to know what to do next."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import InputError, NoticeDelivery, Response, Settings
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.errors import ConfigurationError
from tests.kit import OFFICER, USCC, case, measures, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door


def today() -> date:
    """Give the day it is there; a run may begin before midnight and end after it."""
    return day_of(datetime.now(UTC))


def posted() -> NoticeDelivery:
    """Say that it was posted today."""
    return NoticeDelivery(method="post", on=today(), operator=OFFICER, proof="EMS 1234")


SUBSIDY: dict[str, Any] = {"matter": "subsidy.enterprise", "point": "apply"}


@pytest.fixture
def listed(sandbox: Any) -> Any:
    """Put the applicant on two lists of seriously dishonest subjects."""
    sandbox.put_record(record())
    sandbox.put_record(
        record(list_code="MOF-ZC", authority="贺州市财政局", doc_no="贺财罚〔2026〕2号", basis="政府采购法 第七十七条")
    )
    return sandbox


def told(door: Door, decision: Any, measure: str) -> Any:
    (proposal,) = [p for p in decision.proposals if p.measure == measure]
    (kept,) = [n for n in map(door.notice, decision.notices) if n.notice.proposal == proposal.id]
    return kept


def test_who_is_restricted_is_told_all_that_he_needs(door: Door, listed: Any) -> None:
    asked = case()
    decision = door.check(asked)
    kept = told(door, decision, "R-GP-01")
    assert (kept.state, kept.notice.kind, kept.notice.case_id) == ("drafted", "restriction", asked.id)
    text = kept.notice.text.zh
    for needed in (
        "失信惩戒措施告知书",
        kept.notice.id,
        "贺州市示例食品有限公司",
        asked.id,
        "评审",
        "政府采购严重违法失信行为记录名单",
        "贺州市财政局",
        "贺财罚〔2026〕2号",
        "2026-03-01",
        "认定依据：政府采购法 第七十七条",
        "《中华人民共和国政府采购法》",
        "期限：",
        "解除条件：",
        "陈述和申辩",
        "5 个工作日内",
        "对记录提出异议",
        "7 个工作日",
        "申请信用修复",
        "申请行政复议",
        "60 日内",
        "提起行政诉讼",
        "联系方式",
        OFFICER.department,
    ):
        assert needed in text, needed
    english = kept.notice.text.en
    for needed in ("Notice of a restriction", "Object to the record", "7 working days", "credit repair", "Contact"):
        assert needed in english, needed


def test_a_notice_shows_identifiers_masked(door: Door, listed: Any) -> None:
    for number in door.check(case()).notices:
        text = door.notice(number).notice.text
        assert USCC not in text.zh + text.en
        assert "91451100********2F" in text.zh


def test_exclusion_from_a_convenience_is_told_too_and_refuses_nothing(door: Door, listed: Any) -> None:
    decision = door.check(case(**SUBSIDY))
    kept = told(door, decision, "R-LIC-04")
    assert kept.notice.kind == "exclusion"
    assert "不适用便利措施告知书" in kept.notice.text.zh
    assert "不因此被拒绝" in kept.notice.text.zh


def test_nobody_is_told_of_nothing(door: Door) -> None:
    assert door.check(case()).notices == ()
    assert door.notices() == ()


def test_a_check_that_is_not_recorded_drafts_no_notice(door: Door, listed: Any) -> None:
    assert door.check(case(), record=False).notices == ()
    assert door.notices() == ()


def test_the_due_day_is_that_of_the_time_limit(door: Door, listed: Any) -> None:
    decision = door.check(case())
    counted = door.due(today(), 5)
    for number in decision.notices:
        notice = door.notice(number).notice
        assert (notice.due_on, notice.provisional) == (counted.on, counted.provisional)
    assert len(door.notices(due_by=counted.on)) == len(decision.notices)
    assert door.notices(due_by=today()) == ()


def test_a_delivery_is_written_down_once(door: Door, listed: Any) -> None:
    number = door.check(case()).notices[0]
    assert door.notice_delivered(number, posted()).state == "delivered"
    again = door.notice_delivered(number, posted())
    assert (again.state, again.delivery) == ("delivered", posted())
    assert door.notice(number).delivery == posted()
    corrected = posted().model_copy(update={"proof": "EMS 1235"})
    door.notice_delivered(number, corrected)
    assert door.notice(number).delivery == corrected
    assert number not in {kept.notice.id for kept in door.notices(states=("drafted",))}


@pytest.mark.parametrize("days", [1, -1])
def test_no_notice_is_delivered_before_its_draft_or_after_today(door: Door, listed: Any, days: int) -> None:
    number = door.check(case()).notices[0]
    with pytest.raises(InputError) as refused:
        door.notice_delivered(number, posted().model_copy(update={"on": today() + timedelta(days=days)}))
    assert refused.value.code == "notice.wrong_day"
    assert door.notice(number).state == "drafted"


def test_an_unknown_notice_is_refused(door: Door) -> None:
    with pytest.raises(InputError) as refused:
        door.notice_delivered("notice_0", posted())
    assert refused.value.code == "notice.unknown"


def test_a_newer_check_makes_the_old_draft_void(door: Door, listed: Any) -> None:
    asked = case()
    old = door.check(asked).notices[0]
    new = door.check(asked).notices[0]
    assert (door.notice(old).state, door.notice(new).state) == ("superseded", "drafted")
    with pytest.raises(InputError) as refused:
        door.notice_delivered(old, posted())
    assert refused.value.code == "notice.void"


def test_what_was_applied_keeps_its_notice_through_a_newer_check(door: Door, listed: Any) -> None:
    asked = case()
    decision = door.check(asked)
    answers = tuple(Response(proposal=p.id, answer="applied") for p in decision.proposals)
    door.settle(decision, answers, operator=OFFICER)
    door.check(asked)
    assert {door.notice(number).state for number in decision.notices} == {"drafted"}


def test_a_measure_set_aside_takes_its_notice_back_and_applied_again_gives_it(door: Door, listed: Any) -> None:
    decision = door.check(case(**SUBSIDY))
    free = [p for p in decision.proposals if p.force == "recommended" and p.kind == "restriction"]
    assert free, measures(decision)
    proposal = free[0]
    door.settle(decision, [Response(proposal=proposal.id, answer="applied")], operator=OFFICER)
    kept = told(door, decision, proposal.measure) if proposal.strength == "block" else None
    mine = [n for n in door.notices(case_id=decision.case_id) if n.notice.proposal == proposal.id]
    assert [n.state for n in mine] == ["drafted"]
    assert kept is None or kept.notice == mine[0].notice
    aside = Response(proposal=proposal.id, answer="set_aside", reason="情节轻微")
    door.settle(decision, [aside], operator=OFFICER)
    assert door.notice(mine[0].notice.id).state == "withdrawn"
    door.settle(decision, [Response(proposal=proposal.id, answer="applied")], operator=OFFICER)
    assert door.notice(mine[0].notice.id).state == "drafted"


def test_a_notice_rolls_back_with_the_host(open_door: Callable[[Any], Door], config: Path, listed: Any) -> None:
    door = open_door(config)
    if door.kind == "async":
        pytest.skip("a sqlite3 connection belongs to the thread that made it")
    connection = sqlite3.connect(config.parent / "credit-check.db", isolation_level=None)
    try:
        connection.execute("BEGIN")
        number = door.client.check(case(), transaction=connection).notices[0]
        connection.execute("ROLLBACK")
    finally:
        connection.close()
    with pytest.raises(InputError, match=number):
        door.notice(number)


def test_a_department_signs_with_its_own_contact(open_door: Callable[[Any], Door], config: Path, listed: Any) -> None:
    config.write_text(
        config.read_text(encoding="utf-8")
        + '\n[notices.contact]\nname = "示例市政务中心"\nphone = "0774-0000000"\n'
        + f'[notices.contacts."{OFFICER.department}"]\nname = "示例市财政局"\naddress = "示例路 1 号"\n',
        encoding="utf-8",
    )
    door = open_door(config)
    text = door.notice(door.check(case()).notices[0]).notice.text.zh
    assert "承办机关：示例市财政局" in text
    assert "地址：示例路 1 号" in text
    assert "示例市政务中心" not in text


def test_a_department_replaces_a_template(open_door: Callable[[Any], Door], config: Path, listed: Any) -> None:
    own = config.parent / "letters"
    own.mkdir()
    (own / "restriction.zh.j2").write_text("本局告知：{{ subject.name }}，{{ measure.name }}", encoding="utf-8")
    config.write_text(config.read_text(encoding="utf-8") + '\n[notices]\ntemplates = "letters"\n', encoding="utf-8")
    door = open_door(config)
    text = told(door, door.check(case()), "R-GP-01").notice.text
    assert text.zh.startswith("本局告知：贺州市示例食品有限公司，")
    assert text.en.startswith("Notice of a restriction")


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("restriction.zh.j2", "一\n{{ subjekt.name }}", "subjekt"),
        ("restriction.zh.j2", "一\n{% for x in %}", "restriction.zh.j2:2"),
        ("restriction.fr.j2", "un", "NAME.zh.j2"),
        ("house.zh.j2", "一", "both languages"),
        ("restriction.en.j2", "{{ ''.__class__.__mro__ }}", "restriction.en.j2"),
    ],
)
def test_a_broken_template_is_refused_when_the_client_opens(
    open_door: Callable[[Any], Door], config: Path, name: str, content: str, place: str
) -> None:
    own = config.parent / "letters"
    own.mkdir()
    (own / name).write_text(content, encoding="utf-8")
    settings = Settings.find(config)
    broken = settings.model_copy(update={"notices": settings.notices.model_copy(update={"templates": "letters"})})
    with pytest.raises(ConfigurationError) as refused:
        open_door(broken)
    assert place in refused.value.words("en")
    assert refused.value.exit_code == 3


def test_a_folder_of_templates_that_is_not_there_is_refused(open_door: Callable[[Any], Door], config: Path) -> None:
    settings = Settings.find(config)
    wrong = settings.model_copy(update={"notices": settings.notices.model_copy(update={"templates": "nowhere"})})
    with pytest.raises(ConfigurationError, match="nowhere"):
        open_door(wrong)


class TestCommand:
    def test_it_lists_shows_and_writes_down(
        self, door: Door, config: Path, listed: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        number = door.check(case()).notices[0]
        base = ["--config", str(config)]
        assert run(["notice", "list", "--json", *base]) == 0
        rows = json.loads(capsys.readouterr().out)["notices"]
        assert number in {row["id"] for row in rows}
        assert {row["state"] for row in rows} == {"drafted"}
        assert run(["notice", "list", *base]) == 0
        assert "drafted" in capsys.readouterr().out

        page = tmp_path / "notice.html"
        assert run(["notice", "show", number, "-o", str(page), *base]) == 0
        assert "失信惩戒措施告知书" in page.read_text(encoding="utf-8")
        capsys.readouterr()
        assert run(["notice", "show", number, "--lang", "en", *base]) == 0
        assert "What you can do" in capsys.readouterr().out

        say = ["notice", "delivered", number, "--method", "post", "--operator", "u-1"]
        assert run([*say, "--json", *base]) == 0
        assert json.loads(capsys.readouterr().out)["state"] == "delivered"

    @pytest.mark.parametrize(
        "words",
        [
            ["list", "--state", "gone"],
            ["list", "--due-by", "tomorrow"],
            ["show", "notice_0"],
            ["delivered", "notice_0", "--method", "pigeon", "--operator", "u-1"],
            ["delivered", "notice_0", "--method", "post", "--operator", "u-1"],
        ],
    )
    def test_bad_input_ends_with_2_and_says_what_to_do(
        self, config: Path, capsys: pytest.CaptureFixture[str], words: list[str]
    ) -> None:
        assert run(["notice", *words, "--config", str(config)]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert len(printed.err) > 20
