"""Honours: granted past the gate, barred with reasons, revoked after a hearing and never by itself. Through both front doors."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import credit_check_adapter_honours as honours
from credit_check_sdk import (
    GateError,
    InputError,
    NoticeDelivery,
    Operator,
    Purpose,
    Rejected,
    SettleError,
    Subject,
    Words,
)
from tests.kit import OTHER, faults, organisation, record

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_adapter_honours import Candidate, HonourRound, HonourRow
    from tests.kit import Door

OFFICER = Operator(id="u-9", department="451100-wmb")
PURPOSE = Purpose(text="诚信示范企业评选核查", basis="国发〔2016〕33号（十）")
LISTED = record(record_id="L-1", list_code="STA-ZD", authority="国家税务总局贺州市税务局")
PRAISE = record(list_code="STA-A", polarity="positive", severity=None)
AUTHORITY = "贺州市文明办"
OWN = (
    'edition = "x"\nrevoked_by = ["R-HON-02"]\n[[honours]]\ncode = "star"\nname = {zh = "之星", en = "star"}\n'
    'basis = {title = "评选办法", level = "local_document", region = "451100"}\n'
)
"""A table of an authority's own, of one honour without a red list."""


def candidate(number: str = "H-1", subject: Any = None, **more: Any) -> Candidate:
    """Make a candidate for a model enterprise of integrity."""
    return honours.Candidate(number=number, subject=subject or organisation(), **{"honour": "integrity-model", **more})


def called(door: Door, name: str, *args: Any, **named: Any) -> Any:
    """Call an operation of the adapter through this front door."""
    if door.kind == "sync":
        return getattr(honours, name)(door.client, *args, **named)
    return door.wait(getattr(honours, f"{name}_async")(door.client, *args, **named))


def nominated(door: Door, *candidates: Any, **more: Any) -> HonourRound:
    """Check nominees."""
    found: HonourRound = called(
        door, "nominate_round", candidates, round_id="2026-n", operator=OFFICER, purpose=PURPOSE, **more
    )
    return found


def reviewed(door: Door, *holders: Any, **more: Any) -> HonourRound:
    """Check holders; those whose row does not say since when hold the honour since the first of the year."""
    holders = tuple(
        one.model_copy(update={"granted_on": one.granted_on or date(2026, 1, 1)})
        if isinstance(one, honours.Candidate)
        else one
        for one in holders
    )
    found: HonourRound = called(
        door, "review_round", holders, round_id="2026-r", operator=OFFICER, purpose=PURPOSE, **more
    )
    return found


def granted(door: Door, row: HonourRow, **more: Any) -> Any:
    """Grant."""
    on = row.decision.decided_at.date() if row.decision else None
    return called(door, "grant", row, operator=OFFICER, authority=AUTHORITY, on=on, doc_no="贺文明〔2026〕3号", **more)


def told(door: Door, row: HonourRow) -> Any:
    """Deliver the notices of a row; give the day."""
    assert row.decision is not None
    on = row.decision.decided_at.date()
    for number in row.decision.notices:
        door.notice_delivered(number, NoticeDelivery(method="post", on=on, proof="EMS 1", operator=OFFICER))
    return on


def revoked(door: Door, row: HonourRow, on: Any, **more: Any) -> Any:
    """Revoke."""
    heard = honours.Hearing(on=on, said="承认事实，请求从轻")
    return called(
        door, "revoke", row, operator=OFFICER, authority=AUTHORITY, heard=heard, reason="列入严重违法失信名单", **more
    )


def test_whoever_has_nothing_against_it_is_honoured_and_put_on_the_red_list(door: Door, sandbox: Any) -> None:
    (row,) = nominated(door, candidate()).rows
    assert (row.standing, row.checked) == ("eligible", True)
    done = granted(door, row)
    assert done.passed.case_id == "2026-n/H-1"
    assert done.red_list
    assert granted(door, row).red_list == done.red_list, "the same entry is reported once"
    door.relay()
    (item,) = sandbox.received("red-list")["items"]
    said = item["body"]["data"]
    assert "CX-SF" in str(said)
    assert AUTHORITY in str(said)


def test_the_praised_are_preferred(door: Door, sandbox: Any) -> None:
    sandbox.put_record(PRAISE)
    (row,) = nominated(door, candidate()).rows
    assert row.standing == "preferred"
    assert {each.measure for each in row.proposals} == {"I-09"}
    assert "荣誉优先推荐" in row.reasons.zh


def test_who_is_on_a_list_of_the_seriously_dishonest_is_barred_with_reasons(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = nominated(door, candidate()).rows
    assert (row.standing, {each.measure for each in row.proposals}) == ("barred", {"R-HON-01"})
    assert row.decision is not None
    assert row.decision.notices, "whoever is barred is told"
    for code in ("gate.unsettled", "gate.blocked"):
        with pytest.raises(GateError) as refused:
            granted(door, row)
        assert refused.value.code == code
        called(door, "settle", row, "applied", operator=OFFICER)
    door.relay()
    assert sandbox.received("red-list")["total"] == 0
    bodies = [each["body"]["data"] for each in sandbox.received("feedback")["items"]]
    assert {body["measure"] for body in bodies} >= {"R-HON-01"}


def test_an_officer_sets_a_bar_aside_with_a_reason_and_the_honour_may_be_granted(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = nominated(door, candidate()).rows
    with pytest.raises(SettleError):
        called(door, "settle", row, "set_aside", operator=OFFICER)
    called(door, "settle", row, "set_aside", operator=OFFICER, reason="已整改完毕，待移出")
    assert granted(door, row).red_list


def test_a_silent_source_means_waiting_and_nothing_is_granted(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": "municipal", "kind": "status", "value": 503}):
        (row,) = nominated(door, candidate()).rows
        (held,) = reviewed(door, candidate()).rows
        for each in (row, held):
            assert (each.standing, each.checked) == ("hold", False)
            assert "silent" in each.reasons.en
        with pytest.raises(GateError) as refused:
            granted(door, row)
        assert refused.value.code == "gate.undecided"


@pytest.mark.parametrize("changes", [{"status": "objected"}, {"status": "repaired"}, {"subject": {**LISTED["subject"], "identifiers": []}}])  # fmt: skip
def test_no_disputed_repaired_or_namesake_record_bars_or_revokes(door: Door, sandbox: Any, changes: Any) -> None:
    sandbox.put_record({**LISTED, **changes})
    assert nominated(door, candidate()).rows[0].standing in {"eligible", "hold"}
    (held,) = reviewed(door, candidate()).rows
    namesake = "subject" in changes
    assert (held.standing, held.proposals) == ("hold" if namesake else "keep", ())
    assert ("仅名称" in held.reasons.zh) is namesake, "whose record it is, an officer has to say"


def test_who_is_for_review_is_not_honoured_before_an_officer_looked(door: Door, sandbox: Any) -> None:
    sandbox.put_record({**LISTED, "subject": {**LISTED["subject"], "identifiers": []}})
    (row,) = nominated(door, candidate()).rows
    assert (row.standing, row.checked) == ("hold", True)
    for looked in (None, "  "):
        with pytest.raises(InputError, match="for review"):
            granted(door, row, looked=looked)
    door.relay()
    assert sandbox.received("red-list")["total"] == 0
    done = granted(door, row, looked="经核对代码，系同名的另一企业")
    assert (bool(done.red_list), done.looked) == (True, "经核对代码，系同名的另一企业")


def test_without_identifier_nobody_was_checked_and_nothing_is_granted(door: Door, tmp_path: Path) -> None:
    nameless = Subject(category="organisation", name="贺州市示例食品有限公司")
    own = tmp_path / "own.toml"
    own.write_text(OWN, "utf-8")
    table = honours.HonourTable.read(own)
    (row,) = nominated(door, candidate(subject=nameless, honour="star"), table=table).rows
    assert (row.standing, row.checked) == ("hold", False)
    with pytest.raises(InputError, match="no identifier"):
        granted(door, row, table=table, looked="看过")
    (held,) = reviewed(door, candidate(subject=nameless)).rows
    assert (held.standing, held.checked) == ("hold", False), "nobody may say that nothing was found"
    assert "没有标识符" in held.reasons.zh


def test_a_holder_keeps_the_honour_while_nothing_is_known(door: Door) -> None:
    (row,) = reviewed(door, candidate()).rows
    assert (row.standing, row.checked) == ("keep", True)
    with pytest.raises(InputError):
        called(door, "settle", row, "applied", operator=OFFICER)
    with pytest.raises(InputError, match="not proposed"):
        revoked(door, row, None)


def test_revoking_is_proposed_and_done_only_after_notice_and_hearing(door: Door, sandbox: Any) -> None:
    (first,) = nominated(door, candidate()).rows
    granted(door, first)
    sandbox.put_record(LISTED)
    door.sync()
    assert first.decision is not None
    (row,) = reviewed(door, candidate(granted_on=first.decision.decided_at.date())).rows
    assert (row.standing, {each.measure for each in row.proposals}) == ("revoke", {"R-HON-02"})
    assert row.decision is not None
    day = row.decision.decided_at.date()
    with pytest.raises(InputError, match="unheard"):
        called(door, "settle", row, "applied", operator=OFFICER)
    with pytest.raises(InputError, match="not delivered before the hearing"):
        revoked(door, row, day)
    assert door.show(row.decision.id).responses == (), "nothing was settled"
    on = told(door, row)
    with pytest.raises(InputError, match="not delivered before the hearing"):
        revoked(door, row, on - timedelta(days=1))
    done = revoked(door, row, on)
    assert done.decision != row.decision.id, "it rests on a check made anew"
    stored = door.show(done.decision)
    assert {each.response.answer for each in stored.responses} == {"applied"}
    assert all("承认事实" in each.response.reason for each in stored.responses)
    assert {each.state for each in stored.decision.proposals} == {"applied"}
    door.relay()
    items = sandbox.received("red-list")["items"]
    assert len(items) == 2
    assert "列入严重违法失信名单" in str(items[-1]["body"]["data"])
    measures = {each["body"]["data"]["measure"] for each in sandbox.received("feedback")["items"]}
    assert "R-HON-02" in measures
    again = revoked(door, row, on)
    assert (again.decision, again.red_list, again.settled.feedback) == (done.decision, done.red_list, ())
    assert again.settled.answers == done.settled.answers
    before = {kind: sandbox.received(kind)["total"] for kind in ("feedback", "red-list")}
    door.relay()
    assert {kind: sandbox.received(kind)["total"] for kind in before} == before, "the same again does nothing"


def test_an_honour_without_a_day_is_not_revoked_past_its_red_list(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    on = told(door, row)
    undated = row.model_copy(update={"candidate": row.candidate.model_copy(update={"granted_on": None})})
    with pytest.raises(InputError, match="since when"):
        revoked(door, undated, on)
    assert row.decision is not None
    assert door.show(row.decision.id).responses == (), "nothing was settled"


def test_an_honour_is_not_revoked_where_no_notice_was_drafted(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    assert row.decision is not None
    untold = row.model_copy(update={"decision": row.decision.model_copy(update={"notices": ()})})
    with pytest.raises(InputError, match="never told"):
        revoked(door, untold, row.decision.decided_at.date())


@pytest.mark.parametrize("change", ["repaired", "objected", "revoked"])
def test_what_fell_away_before_the_hearing_revokes_nothing(door: Door, sandbox: Any, change: str) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    on = told(door, row)
    sandbox.change("L-1", change)
    door.sync()
    with pytest.raises(InputError, match="fallen away"):
        revoked(door, row, on)
    door.relay()
    assert sandbox.received("red-list")["total"] == 0


def test_a_source_that_is_silent_at_the_end_revokes_nothing(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    on = told(door, row)
    door.source_status()
    with faults(sandbox, {"level": None, "kind": "status", "value": 503}), pytest.raises(InputError, match="silent"):
        revoked(door, row, on)


def test_an_applied_revocation_is_lifted_when_the_record_is_repaired(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    done = revoked(door, row, told(door, row))
    sandbox.change("L-1", "repaired")
    door.sync()
    assert {each.state for each in door.show(done.decision).decision.proposals} == {"lifted"}
    assert reviewed(door, candidate()).rows[0].standing == "keep"


def test_a_mandatory_bar_is_not_set_aside(door: Door, sandbox: Any) -> None:
    sandbox.put_record({**LISTED, "list_code": "SAMR-YZ"})
    (row,) = nominated(door, candidate()).rows
    assert {each.force for each in row.proposals} == {"mandatory", "recommended"}
    with pytest.raises(SettleError):
        called(door, "settle", row, "set_aside", operator=OFFICER, reason="情节轻微")
    (held,) = reviewed(door, candidate()).rows
    settled = called(door, "settle", held, "set_aside", operator=OFFICER, reason="情节轻微，限期整改")
    assert not settled.settled, "what is mandatory waits for an answer of its own"


def test_an_officer_lets_a_holder_keep_the_honour(door: Door, sandbox: Any) -> None:
    sandbox.put_record(LISTED)
    (row,) = reviewed(door, candidate()).rows
    settled = called(door, "settle", row, "set_aside", operator=OFFICER, reason="情节轻微，限期整改")
    assert set(settled.answers.values()) == {"set_aside"}


def test_a_row_that_cannot_be_checked_stands_in_the_round_and_the_others_go_on(door: Door) -> None:
    bad = Rejected(row="line 7", name="某公司", reason=Words(zh="没有标识", en="no identifier"))
    found = nominated(door, candidate(), candidate(), bad, candidate("H-3", honour="best-of-all"), candidate("H-4", organisation(OTHER)))  # fmt: skip
    assert [row.candidate.number for row in found.rows] == ["H-1", "H-4"]
    assert [one.row for one in found.rejected] == ["H-1", "line 7", "H-3"]
    assert "integrity-model" in found.rejected[2].reason.en
    assert found.standing("eligible") == found.rows
    assert found.of("H-4").candidate.number == "H-4"
    with pytest.raises(KeyError):
        found.of("H-3")


def test_an_empty_batch_and_a_wrong_matter(door: Door) -> None:
    assert nominated(door).rows == ()
    with pytest.raises(InputError):
        nominated(door, candidate(), matter="no.such.matter")


def test_an_authority_has_a_table_of_its_own(door: Door, sandbox: Any, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, "utf-8")
    table = honours.HonourTable.read(own)
    slip = table.model_copy(update={"revoked_by": ("R-HON-2",)})
    with pytest.raises(InputError, match="R-HON-2"):
        nominated(door, candidate(honour="star"), table=slip)
    (row,) = nominated(door, candidate(honour="star"), table=table).rows
    assert granted(door, row, table=table).red_list is None
    door.relay()
    assert sandbox.received("red-list")["total"] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("edition = ", "is no table of honours"),
        ('edition = "x"\nrevoked_by = []\nhonours = []\n', "honours"),
        ('edition = "x"\nrevoked_by = ["R"]\n[[honours]]\ncode = "a"\nname = {zh = "一", en = "a"}\nbasis = "no"\n', "no anchor"),
        ("anchors = 3\nhonours = [{basis = 'x'}]\n", "no anchor"),
        ("anchors = {x = 3}\nhonours = [{basis = 'x'}]\n", "no anchor"),
        ("honours = 3\n", "honours"),
        ("honours = ['x']\n", "honours"),
        (OWN + OWN.partition("\n")[2].partition("\n")[2], "twice"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_says_where(tmp_path: Path, text: str, words: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        honours.HonourTable.read(own)
    with pytest.raises(InputError, match=r"none\.toml"):
        honours.HonourTable.read(tmp_path / "none.toml")


def test_the_table_that_comes_along_names_lists_of_the_catalogue(door: Door) -> None:
    table = honours.HonourTable.default()
    known = {each.code: each for each in door.catalogue.lists}
    assert all(known[each.red_list or ""].polarity == "positive" for each in table.honours)
    assert {*table.revoked_by} <= {each.code for each in door.catalogue.measures}
