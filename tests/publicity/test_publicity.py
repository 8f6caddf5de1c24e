"""Licences and penalties are published in the fields of the standard, in time, once, everywhere; through both front doors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from credit_check_sdk import Case, ConfigurationError, InputError, LicenceRecord, PenaltyRecord
from credit_check_sdk.catalogue.forms import examine, forms
from credit_check_sdk.core.publishing import ten_thousands
from credit_check_sdk.errors import CatalogueError
from tests.kit import OFFICER, PERSON, PURPOSE, USCC, case, faults, organisation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kit import Door

OFFICE = {"name": "贺州市示例市场监督管理局", "code": "11451100007777777U"}
CHANNELS = '\n[publicity]\ncredit = "municipal"\nenterprise = "national"\n'


def licence(**changes: Any) -> LicenceRecord:
    said: dict[str, Any] = {
        "document_name": "准予行政许可决定书",
        "document_no": "贺市监许〔2026〕1号",
        "category": "general",
        "content": "准予从事食品生产",
        "decided_on": date(2026, 11, 20),
        "valid_from": date(2026, 11, 20),
        "authority": OFFICE,
    }
    return LicenceRecord.model_validate({**said, **changes})


def penalty(**changes: Any) -> PenaltyRecord:
    said: dict[str, Any] = {
        "document_no": "贺市监罚〔2026〕1号",
        "violation": "生产不合格食品",
        "facts": "抽检不合格",
        "basis": "食品安全法 第一百二十四条",
        "categories": ("warning", "fine"),
        "content": "警告，罚款",
        "fine": Decimal(25_000),
        "decided_on": date(2026, 11, 20),
        "valid_until": date(2027, 11, 20),
        "authority": OFFICE,
    }
    return PenaltyRecord.model_validate({**said, **changes})


def of_a_firm(**more: Any) -> Case:
    chief = {"role": "legal_representative", "subject": {"category": "person", "name": "李示例"}}
    return case(organisation(), matter="licence.food-production", point="close", parties=[chief], **more)


def of_a_person() -> Case:
    identifiers = ({"scheme": "cn-resident-id", "value": PERSON},)
    subject = {"category": "person", "name": "李示例", "identifiers": identifiers}
    return Case.model_validate({**of_a_firm().model_dump(), "subject": subject, "parties": (), "purpose": PURPOSE})


def wired(config: Path, text: str = CHANNELS) -> Path:
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    return config


def on(day: date) -> Any:
    """Let it be the morning of a day in Asia/Shanghai, here and at the platform."""
    return time_machine.travel(datetime(day.year, day.month, day.day, 1, tzinfo=UTC))


def refused(call: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as refusal:
        call()
    return refusal.value


def arrived(door: Door, sandbox: Any) -> list[dict[str, Any]]:
    while door.relay().attempted:
        pass
    return [item["body"]["data"]["publicity"] for item in sandbox.received("publicity")["items"]]


@time_machine.travel(datetime(2026, 11, 23, 1, tzinfo=UTC))
def test_a_licence_is_shown_at_both_places_once(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    door = open_door(wired(config))
    made = door.publish(of_a_firm(), licence())
    assert {(one.publication.destination, one.channel) for one in made} == {
        ("credit", "municipal"),
        ("enterprise", "national"),
    }
    assert {one.publication.due_on for one in made} == {date(2026, 12, 1)}, "the seventh working day"
    told = arrived(door, sandbox)
    assert len(told) == 2
    assert arrived(door, sandbox) == told, "however often it is relayed"
    fields = told[0]["fields"]
    assert fields["XK_XDR_MC"] == "贺州市示例食品有限公司"
    assert fields["XK_XDR_LB"] == "法人及非法人组织"
    assert fields["XK_XDR_SHXYM"] == USCC
    assert fields["XK_FRDB"] == "李示例"
    assert fields["XK_YXQZI"] == "2099-12-31", "for good"
    assert (fields["XK_JDRQ"], fields["XK_ZT"], fields["XK_LYDW"]) == ("2026-11-20", "1", OFFICE["name"])
    assert {one.standing(date(2026, 11, 23)) for one in door.publications()} == {"in_time"}


def test_fines_are_told_in_ten_thousand_yuan(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    door = open_door(config)
    (made,) = door.publish(of_a_firm(), penalty(fine=Decimal("12345.67"), confiscated=Decimal(500)))
    assert made.publication.destination == "credit", "no enterprise publicity system is configured"
    (told,) = arrived(door, sandbox)
    assert told["fields"]["CF_NR_FK"] == "1.234567"
    assert told["fields"]["CF_NR_WFFF"] == "0.05"
    assert told["fields"]["CF_CFLB"] == "警告；罚款"


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_no_fen_is_lost(yuan: Decimal) -> None:
    text = ten_thousands(yuan)
    assert text is not None
    assert Decimal(text) * 10_000 == yuan
    assert "E" not in text
    assert not text.endswith(".")


def test_the_older_list_of_fields(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    door = open_door(wired(config, '\n[publicity]\ncredit_dialect = "2016"\n'))
    door.publish(of_a_firm(), licence())
    door.publish(of_a_firm(id="older-2"), penalty())
    first, second = (each["fields"] for each in arrived(door, sandbox))
    assert (first["XK_XDR"], first["XK_XMMC"], first["XK_ZT"]) == ("贺州市示例食品有限公司", "准予行政许可决定书", "0")
    assert (second["CF_CFLB1"], second["CF_CFLB2"], second["DFBM"]) == ("警告", "罚款", "451100")


# Spring Festival 2026 is off from 15 to 23 February, with 14 and 28 February worked; National Day from 1 to 7 October, with the 10th worked.
@pytest.mark.parametrize(
    ("decided", "seventh", "eighth"),
    [
        (date(2026, 2, 12), date(2026, 2, 28), date(2026, 3, 2)),
        (date(2026, 9, 28), date(2026, 10, 13), date(2026, 10, 14)),
        (date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 2)),
    ],
    ids=["spring festival", "national day", "weekends"],
)
def test_the_seventh_working_day_is_in_time_and_the_eighth_is_late(
    open_door: Callable[..., Door],
    config: Path,
    sandbox: Any,
    decided: date,
    seventh: date,
    eighth: date,
) -> None:
    with on(decided):
        door = open_door(config)
        door.publish(of_a_firm(id="in-time"), licence(decided_on=decided))
        (made,) = door.publications(case_id="in-time")
        assert (made.publication.due_on, made.publication.provisional) == (seventh, False)
        assert (made.standing(seventh), made.standing(eighth)) == ("waiting", "overdue")
    with on(seventh):
        door.relay()
        (sent,) = door.publications(case_id="in-time")
        assert (sent.state, sent.standing(eighth)) == ("delivered", "in_time")
        door.publish(of_a_firm(id="late"), licence(decided_on=decided))
    with on(eighth):
        door.relay()
        (late,) = door.publications(case_id="late")
        assert (late.state, late.standing(eighth)) == ("delivered", "late")
    assert len(sandbox.received("publicity")["items"]) == 2


def test_what_is_corrected_and_withdrawn_refers_to_what_it_changes(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    door, file = open_door(wired(config)), of_a_firm()
    first = door.publish(file, penalty())
    number = first[0].publication.record
    mended = door.correct_publication(number, file, penalty(fine=Decimal(20_000)), operator=OFFICER, reason="笔误")
    gone = door.withdraw_publication(number, operator=OFFICER, reason="处罚决定被撤销")
    assert [one.amends for one in mended] == [one.key for one in first]
    assert [one.amends for one in gone] == [one.key for one in mended]
    told = arrived(door, sandbox)
    by_place = [[each["action"] for each in told if each["destination"] == to] for to in ("credit", "enterprise")]
    assert by_place == [["publish", "correct", "withdraw"]] * 2, "in order, at each place"
    last = next(each for each in told if each["action"] == "withdraw")
    assert (last["reason"], last["fields"]["CF_NR_FK"]) == ("处罚决定被撤销", "2")
    again = lambda: door.withdraw_publication(number, operator=OFFICER, reason="再次")  # noqa: E731  said once
    assert refused(again).code == "publicity.withdrawn"
    assert (
        refused(lambda: door.withdraw_publication("pub_none", operator=OFFICER, reason="无")).code
        == "publicity.unknown"
    )
    other = of_a_firm(id="another")
    assert refused(lambda: door.correct_publication(number, other, penalty(), operator=OFFICER, reason="错")).code
    assert len(door.publications(record=number)) == 6


def test_a_correction_needs_its_reason(door: Door) -> None:
    file = of_a_firm()
    (made,) = door.publish(file, licence())
    number = made.publication.record
    wrong = refused(lambda: door.correct_publication(number, file, licence(content="二"), operator=OFFICER, reason=" "))
    assert "理由" in wrong.words("zh-CN")


def test_each_document_is_published_once(door: Door) -> None:
    file = of_a_firm()
    door.publish(file, licence())
    assert refused(lambda: door.publish(file, licence())).code == "publicity.published"
    assert len(door.publish(file, licence(document_no="贺市监许〔2026〕2号"))) == 1


@pytest.mark.parametrize(
    ("file", "record", "fields"),
    [
        (lambda: of_a_firm().model_copy(update={"parties": ()}), licence, ["XK_FRDB"]),
        (of_a_firm, lambda: licence(document_no="号" * 65), ["XK_WSH"]),
        (of_a_firm, lambda: licence(content=" "), ["XK_NR"]),
        (of_a_firm, lambda: licence(authority={"name": "某局", "code": "11451100-x"}), ["XK_XKJGDM", "XK_LYDWDM"]),
        (
            lambda: case(organisation(None), matter="licence.food-production", point="close"),
            licence,
            ["XK_XDR_SHXYM", "XK_FRDB"],
        ),
        (of_a_firm, lambda: penalty(facts=""), ["CF_SY"]),
    ],
    ids=["no chief", "long number", "blank", "no code", "no identifier", "no facts"],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_leaves(
    door: Door, sandbox: Any, file: Any, record: Any, fields: list[str]
) -> None:
    wrong = refused(lambda: door.publish(file(), record()))
    assert (wrong.code, wrong.detail["fields"]) == ("publicity.invalid", fields)
    assert all(field in wrong.words("zh-CN") and field in wrong.words("en") for field in fields)
    assert USCC not in wrong.words("zh-CN") + wrong.words("en")
    found = door.examine_publication(file(), record())
    assert [one.field for one in found["credit"][1]] == fields
    assert door.publications() == ()
    assert arrived(door, sandbox) == []


def test_what_is_minor_is_not_published(door: Door) -> None:
    assert refused(lambda: door.publish(of_a_firm(), penalty(severity="minor"))).code == "publicity.minor"


def test_a_decision_of_tomorrow_is_not_published_today(door: Door) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=2)
    assert "future" in refused(lambda: door.publish(of_a_firm(), licence(decided_on=tomorrow))).words("en")


def test_sums_and_kinds_of_a_penalty_agree() -> None:
    for wrong in ({"categories": ("warning",)}, {"fine": None}, {"fine": Decimal(-1)}):
        with pytest.raises(ValueError, match=r"fine|greater"):
            penalty(**wrong)
    with pytest.raises(ValueError, match="valid_from"):
        licence(valid_until=date(2026, 1, 1))


def test_a_person_is_shown_at_the_credit_site_alone_and_masked_here(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    door = open_door(wired(config))
    (made,) = door.publish(of_a_person(), licence())
    assert made.publication.destination == "credit"
    shown = made.model_dump_json()
    assert PERSON not in shown + repr(made)
    assert "XK_XDR_ZJHM" in shown
    (told,) = arrived(door, sandbox)
    assert (told["fields"]["XK_XDR_ZJHM"], told["fields"]["XK_XDR_ZJLX"]) == (PERSON, "身份证")


def test_it_commits_with_the_host_and_waits_out_a_fault(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": None, "path": "/v1/publicity", "kind": "status", "value": 503}):
        door.publish(of_a_firm(), licence())
        door.relay()
        (waiting,) = door.publications()
        assert waiting.state == "waiting"
    assert sandbox.received("publicity")["items"] == []


def test_a_site_brings_a_list_of_its_own(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    own = "edition: '1'\nforms:\n  - kind: licence\n    dialect: city\n    name: {zh: 本市, en: city}\n    fields:\n"
    own += "      - {name: MC, from: subject_name, words: {zh: 名称, en: name}, mandatory: always, longest: 200}\n"
    (config.parent / "city.yaml").write_text(own, encoding="utf-8")
    door = open_door(wired(config, '\n[publicity]\ncredit_dialect = "city"\nforms = ["city.yaml"]\n'))
    door.publish(of_a_firm(), licence())
    assert [each["fields"] for each in arrived(door, sandbox)] == [{"MC": "贺州市示例食品有限公司"}]
    assert refused(lambda: door.publish(of_a_firm(id="p"), penalty())).code == "publicity.form"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[publicity]\ncredit = "nobody"\n', ConfigurationError),
        ('[publicity]\nforms = ["none.yaml"]\n', CatalogueError),
        ('[publicity]\nto = "x"\n', ConfigurationError),
    ],
    ids=["unknown source", "no file", "unknown key"],
)
def test_what_cannot_work_is_refused_when_the_client_opens(
    open_door: Callable[..., Door], config: Path, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        open_door(wired(config, f"\n{text}"))


def test_every_list_of_fields_is_sound() -> None:
    known = forms()
    assert set(known) == {(kind, dialect) for kind in ("licence", "penalty") for dialect in ("2016", "2018")}
    for form in known.values():
        names = [field.name for field in form.fields]
        assert len(names) == len(set(names))
        assert form.basis
        missing = {trouble.field for trouble in examine(form, {}, "organisation")}
        assert missing == {f.name for f in form.fields if f.mandatory in {"always", "organisation", "uscc"}}
        assert [one.field for one in examine(form, {"NO_SUCH": "1"}, "person")][-1] == "NO_SUCH"
