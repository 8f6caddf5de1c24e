"""The committee's table through both front doors: what is given, what is not, and what the committee makes of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from credit_check_sdk import (
    Case,
    CommitteeAnswer,
    CommitteeDecision,
    Decision,
    InputError,
    Ranking,
    RankingEntry,
    RankingTable,
    Subject,
)
from tests.kit import OFFICER, OTHER, USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from tests.kit import Door

NAMES = {USCC: "贺州市示例食品有限公司", OTHER: "广西示例建设有限公司"}
ATTESTED = "某某招标办：一视同仁"
CLAUSE: dict[str, Any] = {"kind": "credit_bonus", "reference": "6.4", "max_points": "2", "attestation": ATTESTED}
DEDUCTS: dict[str, Any] = {**CLAUSE, "deduction": "1.5", "max_deduction": "2"}
SHANGHAI = "310000"


def bidder(value: str) -> Subject:
    """Make one of the two bidders."""
    return organisation(value, NAMES[value])


def known(value: str) -> dict[str, Any]:
    """Name a bidder as the sandbox takes it."""
    return {"category": "organisation", "name": NAMES[value], "identifiers": [{"scheme": "cn-uscc", "value": value}]}


def praised(value: str, **more: Any) -> dict[str, Any]:
    """Make an entry of the list of A-grade taxpayers."""
    return record(subject=known(value), list_code="STA-A", polarity="positive", severity=None, **more)


def penalised(value: str, **more: Any) -> dict[str, Any]:
    """Make a penalty."""
    return record(subject=known(value), list_code=None, kind="penalty", severity="general", **more)


def banned(value: str) -> dict[str, Any]:
    """Make an entry of the list of judgment defaulters."""
    return record(subject=known(value), list_code="SXBZXR", basis="法〔2016〕285号")


def bid(value: str, *clauses: dict[str, Any], **more: Any) -> Case:
    """Make a bid of a works tender."""
    tender = {"id": "T-1", "clauses": list(clauses)}
    return case(bidder(value), **{"matter": "tender.works", "tender": tender, **more})


def table(door: Door, *entries: dict[str, Any], clauses: Any = (CLAUSE,), **more: Any) -> RankingTable:
    """Rank entries."""
    return door.rank(ranking(*entries, clauses=clauses, **more))  # type: ignore[no-any-return]


def ranking(*entries: dict[str, Any], clauses: Any = (CLAUSE,), **more: Any) -> Ranking:
    """Make what is to be ranked."""
    said = {"id": "T-1", "matter": "tender.works", "clauses": list(clauses), "entries": list(entries), **more}
    return Ranking.model_validate(said)


def entry(reference: str, score: str, *decisions: Decision, **more: Any) -> dict[str, Any]:
    """Make an entry."""
    return {"reference": reference, "score": score, "decisions": [one.id for one in decisions], **more}


def code(call: Any) -> str:
    """Give the code with which something is refused."""
    with pytest.raises(InputError) as refused:
        call()
    return str(refused.value.code)


def withheld(made: RankingTable, reference: str) -> set[tuple[str, str]]:
    """Say what was withheld from an entry."""
    return {(one.kind, one.code) for one in made.row(reference).withheld}


def test_points_under_a_clause_and_within_its_cap(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    mine, other = door.check(bid(USCC, CLAUSE)), door.check(bid(OTHER, CLAUSE))
    made = table(door, entry("B-1", "89", mine), entry("B-2", "90.5", other))
    first, second = made.rows
    assert (first.reference, first.rank_before, first.rank_after, first.final) == ("B-1", 2, 1, Decimal(91))
    assert (second.rank_before, second.rank_after, second.final) == (1, 2, Decimal("90.5"))
    (item,) = first.items
    assert (item.kind, item.measure, item.list_codes, item.clause) == ("bonus", "I-05", ("STA-A",), "6.4")
    assert (item.offered, item.points, item.capped) == (Decimal(3), Decimal(2), True)
    assert [basis.article for basis in item.basis] == ["第九条"]
    assert "上限" in item.reasons.zh
    assert ("bonus", "not_met") in withheld(made, "B-2")
    assert made.complete
    for lang in ("zh-CN", "en"):
        page = made.page(lang)
        assert USCC not in page
        assert "招标投标领域公平竞争审查规则" in page
        assert "6.4" in page
        assert made.csv(lang).count("\r\n") == 3


@pytest.mark.parametrize(
    ("clauses", "why"),
    [
        ((), "no_clause"),
        (({**CLAUSE, "attestation": None},), "no_attestation"),
        (({**CLAUSE, "max_points": None},), "no_cap"),
    ],
    ids=["without a clause", "without attestation", "without a cap"],
)
def test_nothing_is_given_without_a_sound_clause_and_the_table_says_so(
    door: Door, sandbox: Any, clauses: Any, why: str
) -> None:
    sandbox.put_record(praised(USCC))
    mine, other = door.check(bid(USCC, *clauses)), door.check(bid(OTHER, *clauses))
    made = table(door, entry("B-1", "89", mine), entry("B-2", "90", other), clauses=clauses)
    assert [(row.reference, row.rank_before, row.rank_after) for row in made.rows] == [("B-2", 1, 1), ("B-1", 2, 2)]
    assert withheld(made, "B-1") == withheld(made, "B-2") == {("bonus", why)}
    reason = made.row("B-1").withheld[0].reasons
    assert reason.zh in made.page("zh-CN")
    assert reason.en in made.page("en")


def test_a_check_without_the_clause_earns_nothing_under_it(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    made = table(door, entry("B-1", "89", door.check(bid(USCC))))
    assert withheld(made, "B-1") == {("bonus", "checked_without_clause")}


def test_a_deduction_needs_a_basis_that_holds_in_the_region(door: Door, sandbox: Any) -> None:
    sandbox.put_record(penalised(USCC))
    here, there = door.check(bid(USCC, DEDUCTS)), door.check(bid(USCC, DEDUCTS, region=SHANGHAI))
    made = table(door, entry("B-1", "89", here), clauses=[DEDUCTS])
    assert made.row("B-1").deduction == 0
    assert ("deduction", "no_basis") in withheld(made, "B-1")
    made = table(door, entry("B-1", "89", there), clauses=[DEDUCTS])
    (item,) = made.row("B-1").items
    assert (item.kind, item.measure, item.points, made.row("B-1").final) == (
        "deduction",
        "R-SCORE-01",
        Decimal("1.5"),
        Decimal("87.5"),
    )
    assert ("deduction", "no_deduction") in withheld(table(door, entry("B-1", "89", there)), "B-1")


def test_deductions_are_capped_and_each_record_counts_once(door: Door, sandbox: Any) -> None:
    for number in (1, 2):
        sandbox.put_record(penalised(USCC, doc_no=f"贺市监罚〔2026〕{number}号"))
    sandbox.put_record(penalised(USCC, doc_no="贺市监罚〔2026〕2号", level="national"))
    decided = door.check(bid(USCC, DEDUCTS, region=SHANGHAI))
    row = table(door, entry("B-1", "89", decided), clauses=[DEDUCTS]).row("B-1")
    assert [item.points for item in row.items] == [Decimal("1.5"), Decimal("0.5")]
    assert row.deduction == 2


@pytest.mark.parametrize("change", ["objected", "repaired", "revoked"])
def test_a_record_that_is_disputed_or_repaired_deducts_nothing(door: Door, sandbox: Any, change: str) -> None:
    number = sandbox.put_record(penalised(USCC))
    decided = door.check(bid(USCC, DEDUCTS, region=SHANGHAI))
    asked = [entry("B-1", "89", decided)]
    assert table(door, *asked, clauses=[DEDUCTS]).row("B-1").deduction > 0
    sandbox.change(number, change)
    door.sync()
    made = table(door, *asked, clauses=[DEDUCTS])
    assert made.row("B-1").deduction == 0
    assert ("deduction", "state") in withheld(made, "B-1")


def test_a_red_list_entry_that_is_withdrawn_earns_nothing_any_more(door: Door, sandbox: Any) -> None:
    number = sandbox.put_record(praised(USCC))
    asked = ranking(entry("B-1", "89", door.check(bid(USCC, CLAUSE))))
    seen = door.rank(asked)
    assert seen.row("B-1").bonus == 2
    sandbox.change(number, "revoked")
    door.sync()
    made = door.rank(asked)
    assert made.row("B-1").bonus == 0
    assert ("bonus", "state") in withheld(made, "B-1")
    decision = CommitteeDecision(table=seen.digest, confirmed_by="李示例", operator=OFFICER)
    assert code(lambda: door.confirm_ranking(asked, decision)) == "ranking.changed"


def test_an_adverse_record_that_was_repaired_before_the_check_keeps_no_bonus_back(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    number = sandbox.put_record(banned(USCC))
    sandbox.change(number, "repaired")
    made = table(door, entry("B-1", "89", door.check(bid(USCC, CLAUSE))))
    assert (made.row("B-1").standing, made.row("B-1").bonus) == ("ranked", Decimal(2))


def test_who_is_restricted_is_listed_and_not_ranked(door: Door, sandbox: Any) -> None:
    sandbox.put_record(banned(OTHER))
    mine, other = door.check(bid(USCC, CLAUSE)), door.check(bid(OTHER, CLAUSE))
    made = table(door, entry("B-1", "80", mine), entry("B-2", "99", other))
    out = made.row("B-2")
    assert (out.standing, out.rank_before, out.rank_after, out.items) == ("excluded", None, None, ())
    assert out.reasons.zh
    assert made.rows[-1] == out
    assert made.row("B-1").rank_after == 1


def test_who_was_not_checked_is_never_shown_as_one_without_findings(door: Door, sandbox: Any) -> None:
    with faults(sandbox, {"level": "national", "kind": "status", "value": 503}):
        silent = door.check(bid(USCC, CLAUSE))
    assert silent.outcome == "undecided"
    made = table(door, entry("B-1", "80", silent), entry("B-2", "81"))
    assert {row.reference: row.standing for row in made.rows} == {"B-1": "undecided", "B-2": "unchecked"}
    assert not made.complete
    assert ("bonus", "undecided") in withheld(made, "B-1")
    assert ("bonus", "unchecked") in withheld(made, "B-2")
    assert "不等于没有问题" in made.page("zh-CN")


def consortium(door: Door, *clauses: dict[str, Any]) -> dict[str, Any]:
    """Check both bidders as one consortium, and make an entry of it."""
    found = []
    for value, partner in ((USCC, OTHER), (OTHER, USCC)):
        party = {"role": "consortium_member", "subject": bidder(partner)}
        found.append(door.check(bid(value, *clauses, parties=[party])))
    return entry("B-1", "90", *found)


@pytest.mark.parametrize("praises", [(USCC,), (OTHER,), (USCC, OTHER)], ids=["one", "the other", "both"])
def test_a_consortium_earns_what_its_weakest_member_earns(door: Door, sandbox: Any, praises: tuple[str, ...]) -> None:
    for value in praises:
        sandbox.put_record(praised(value))
    made = table(door, consortium(door, CLAUSE))
    row = made.row("B-1")
    if len(praises) == 1:
        assert (row.bonus, row.items) == (Decimal(0), ())
        assert ("bonus", "not_all_members") in withheld(made, "B-1")
    else:
        assert [(item.points, len(item.proposals)) for item in row.items] == [(Decimal(2), 2)]


def test_a_partner_who_has_no_check_of_its_own_keeps_the_bonus_back(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    party = {"role": "consortium_member", "subject": bidder(OTHER)}
    made = table(door, entry("B-1", "90", door.check(bid(USCC, CLAUSE, parties=[party]))))
    assert made.row("B-1").standing == "review"
    assert ("bonus", "member_unchecked") in withheld(made, "B-1")


def test_a_consortium_with_one_excluded_member_is_excluded(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    sandbox.put_record(banned(OTHER))
    made = table(door, consortium(door, CLAUSE))
    assert made.row("B-1").standing == "excluded"
    assert any("联合体" in line for line in made.row("B-1").reasons.zh)


def test_equals_share_a_place_unless_a_clause_lets_the_trustworthy_go_first(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    nothing = {**CLAUSE, "max_points": "0"}
    mine, other = door.check(bid(USCC, nothing)), door.check(bid(OTHER, nothing))
    entries = [entry("B-2", "90", mine), entry("B-1", "90", other)]
    made = table(door, *entries, clauses=[nothing])
    assert [(row.rank_after, row.tied) for row in made.rows] == [(1, True), (1, True)]
    made = table(door, *entries, clauses=[{**nothing, "tie_break": True}])
    assert [(row.reference, row.rank_after, row.tied) for row in made.rows] == [("B-2", 1, False), ("B-1", 2, False)]


def test_by_price_points_change_nothing_and_priority_breaks_a_tie(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    mine = door.check(bid(USCC, CLAUSE, matter="procurement.goods"))
    other = door.check(bid(OTHER, CLAUSE, matter="procurement.goods"))
    entries = [
        {"reference": "B-2", "price": "100", "decisions": [mine.id]},
        {"reference": "B-1", "price": "100.00", "decisions": [other.id]},
    ]
    made = table(door, *entries, matter="procurement.goods", by="price")
    assert [(row.reference, row.rank_before, row.rank_after, row.final) for row in made.rows] == [
        ("B-2", 1, 1, Decimal(100)),
        ("B-1", 1, 2, Decimal(100)),
    ]
    assert ("bonus", "by_price") in withheld(made, "B-2")
    assert made.row("B-2").items[0].measure == "I-06"


def test_the_deposit_is_reduced_by_the_part_that_the_clause_names(door: Door, sandbox: Any) -> None:
    sandbox.put_record(praised(USCC))
    reduces = {"kind": "deposit_reduction", "reference": "7.2", "proportion": "0.5", "attestation": ATTESTED}
    decided = door.check(bid(USCC, reduces))
    row = table(door, entry("B-1", "90", decided, deposit="200000"), clauses=[reduces]).row("B-1")
    assert (row.deposit, row.deposit_due) == (Decimal(200000), Decimal(100000))
    unsaid = {**reduces, "proportion": None}
    made = table(door, entry("B-1", "90", decided, deposit="200000"), clauses=[unsaid])
    assert made.row("B-1").deposit_due == 200000
    assert ("deposit_reduction", "no_proportion") in withheld(made, "B-1")


def test_what_the_committee_decides_is_settled_and_fed_back(door: Door, sandbox: Any) -> None:
    for value in (USCC, OTHER):
        sandbox.put_record(praised(value))
    mine, other = door.check(bid(USCC, CLAUSE)), door.check(bid(OTHER, CLAUSE))
    asked = ranking(entry("B-1", "90", mine), entry("B-2", "90", other))
    seen = door.rank(asked)
    number = seen.row("B-2").items[0].proposals[0]

    def decided(*answers: CommitteeAnswer, **more: Any) -> CommitteeDecision:
        said = {"table": seen.digest, "confirmed_by": "李示例", "operator": OFFICER, "answers": answers, **more}
        return CommitteeDecision(**said)

    declined = CommitteeAnswer(proposal=number, accepted=False, reason="证书已过期")
    silent = CommitteeAnswer(proposal=number, accepted=False)
    stranger = CommitteeAnswer(proposal="prop_none", accepted=True)
    for wrong in (
        decided(silent),
        decided(stranger),
        decided(order=("B-1",), reason="x"),
        decided(order=("B-2", "B-1")),
    ):
        assert code(lambda wrong=wrong: door.confirm_ranking(asked, wrong)) == "ranking.order"
    assert not door.relay().attempted
    made = door.confirm_ranking(asked, decided(declined))
    assert [(row.reference, row.decided_rank, row.bonus) for row in made.rows] == [
        ("B-1", 1, Decimal(2)),
        ("B-2", 2, Decimal(0)),
    ]
    assert ("bonus", "committee") in withheld(made, "B-2")
    assert made.committee is not None
    assert (made.committee.confirmed_by, len(made.committee.feedback)) == ("李示例", 2)
    assert "李示例" in made.page("zh-CN")
    while door.relay().attempted:
        pass
    told = [item["body"]["data"] for item in sandbox.received("feedback")["items"]]
    assert {(one["measure"], one["answer"], one["reason"]) for one in told} == {
        ("I-05", "applied", None),
        ("I-05", "set_aside", "证书已过期"),
    }
    assert ("bonus", "state") in withheld(door.rank(asked), "B-2")


def test_the_committee_may_order_otherwise_with_a_reason(door: Door) -> None:
    asked = ranking(entry("B-1", "90", door.check(bid(USCC))), entry("B-2", "80", door.check(bid(OTHER))), clauses=[])
    seen = door.rank(asked)
    said = CommitteeDecision(
        table=seen.digest, confirmed_by="李示例", operator=OFFICER, order=("B-2", "B-1"), reason="B-1 放弃"
    )
    made = door.confirm_ranking(asked, said)
    assert [(row.reference, row.decided_rank, row.rank_after) for row in made.rows] == [("B-2", 1, 2), ("B-1", 2, 1)]


def test_what_stands_there_twice_or_is_of_something_else_is_refused(door: Door) -> None:
    given = bid(USCC)
    old, new = door.check(given), door.check(given)
    again, goods = door.check(bid(USCC)), door.check(bid(OTHER, matter="procurement.goods"))
    for entries, why in (
        ([entry("B-1", "1", new), entry("B-1", "2")], "ranking.doubled"),
        ([entry("B-1", "1", new), entry("B-2", "2", new)], "ranking.doubled"),
        ([entry("B-1", "1", new), entry("B-2", "2", again)], "ranking.doubled"),
        ([entry("B-1", "1", old)], "ranking.superseded"),
        ([entry("B-1", "1", goods)], "ranking.matter"),
        ([{"reference": "B-1", "score": "1", "decisions": ["dec_none"]}], "ranking.unknown"),
    ):
        assert code(lambda entries=entries: table(door, *entries)) == why


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-1", "ninety", "", "1e40", True])
def test_a_score_is_a_finite_number_that_is_not_negative(score: Any) -> None:
    with pytest.raises(ValidationError):
        RankingEntry.model_validate({"reference": "B-1", "score": score, "price": score})


@pytest.mark.parametrize("given", [{}, {"price": "1"}, {"score": "1", "price": "1"}], ids=["none", "price", "both"])
def test_entries_are_measured_alike(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ranking({"reference": "B-1", **given})


def test_a_spreadsheet_calculates_nothing_of_a_table(door: Door) -> None:
    made = table(door, entry("=1+1", "90", door.check(bid(USCC)), name="@sum(a1)"), clauses=[])
    line = made.csv("en").splitlines()[1]
    assert line.startswith("'=1+1,'@sum(a1)")
    assert "<script" not in table(door, {"reference": "<script>", "score": 1.5}, clauses=[]).page("en")
