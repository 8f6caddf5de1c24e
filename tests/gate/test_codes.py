"""Every reason for which the gate refuses: by the case and by its number, through both doors and the command."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheck, CreditCheckError, GateError, Response
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import CODES
from credit_check_sdk.model.ledger import CheckEntry, CommitmentEntry
from tests.kit import OFFICER, OTHER, Door, case, faults, organisation, record
from tests.ledger.test_commitments import promised

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Case, Decision


def applied(decision: Decision) -> list[Response]:
    """Answer that every proposal is applied."""
    return [Response(proposal=p.id, answer="applied") for p in decision.proposals]


def never_checked(door: Door, sandbox: Any, config: Path) -> Case:
    return case()


def stale(door: Door, sandbox: Any, config: Path) -> Case:
    said = config.read_text().replace(
        '[matters."procurement.goods"]', '[matters."procurement.goods"]\nfresh_for = "1ms"'
    )
    config.write_text(said)
    return checked_anew(door, config)


def changed(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    door.check(file)
    database = sqlite3.connect(config.parent / "credit-check.db")
    database.execute("UPDATE credit_check SET touched_by = 'chg_1'")
    database.commit()
    database.close()
    return file


def undecided(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    with faults(sandbox, {"level": None, "path": None, "kind": "status", "value": 500}):
        door.check(file)
    return file


def unsettled(door: Door, sandbox: Any, config: Path) -> Case:
    sandbox.put_record(record())
    file = case()
    door.check(file)
    return file


def blocked(door: Door, sandbox: Any, config: Path) -> Case:
    sandbox.put_record(record())
    file = case()
    decision = door.check(file)
    door.settle(decision, applied(decision), operator=OFFICER)
    return file


def deferred(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    door.check(file)
    kept = promised(case_id=file.id)
    said = kept.commitment.model_copy(update={"commitment_type": "deferral"})
    door.client._world.ledger.run([CommitmentEntry(kept.model_copy(update={"commitment": said}))])
    return file


def catalogue_changed(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    door.check(file)
    config.write_text(config.read_text().replace('unknown = "clear"', 'unknown = "review"'))
    return file


def environment(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    door.check(file)
    config.write_text(config.read_text().replace('environment = "sandbox"', 'environment = "production"'))
    return file


def receipt_invalid(door: Door, sandbox: Any, config: Path) -> Case:
    file = case()
    door.check(file)
    ring = config.parent / "keys" / "ring.json"
    data = json.loads(ring.read_text())
    data["receipt"][0]["revoked"] = True
    ring.write_text(json.dumps(data))
    return file


def checked_anew(door: Door, config: Path) -> Case:
    """Check a case with a client of the configuration as it is now."""
    file = case()
    other = Door(door.kind, config)
    other.check(file)
    other.close()
    return file


def recheck_overdue(door: Door, sandbox: Any, config: Path) -> Case:
    said = config.read_text().replace(
        '[matters."procurement.goods"]',
        '[matters."procurement.goods"]\noutage = {evaluate = "proceed_and_recheck"}\nfresh_at = {evaluate = "90d"}\nfresh_for = "90d"',
    )
    config.write_text(said)
    with faults(sandbox, {"level": None, "path": None, "kind": "status", "value": 500}):
        file = checked_anew(door, config)
    database = sqlite3.connect(config.parent / "credit-check.db")
    database.execute("UPDATE credit_recheck SET due_on = '2020-01-01'")
    database.commit()
    database.close()
    return file


REFUSED: dict[str, Callable[[Door, Any, Path], Case]] = {
    "gate.never_checked": never_checked,
    "gate.stale": stale,
    "gate.changed": changed,
    "gate.undecided": undecided,
    "gate.unsettled": unsettled,
    "gate.blocked": blocked,
    "gate.deferred": deferred,
    "gate.catalogue_changed": catalogue_changed,
    "gate.environment": environment,
    "gate.receipt_invalid": receipt_invalid,
    "gate.recheck_overdue": recheck_overdue,
}
BY_THE_CASE_ALONE = {"gate.parties_changed"}
OF_A_GRANT = {"gate.blocked", "gate.deferred"}
"""What stands in the way of a grant only."""


def test_every_code_of_the_gate_is_tried_here() -> None:
    assert {code for code in CODES if code.startswith("gate.")} == {*REFUSED, *BY_THE_CASE_ALONE}


@pytest.mark.parametrize("code", REFUSED)
def test_the_gate_refuses_and_says_what_to_do(
    code: str, config: Path, sandbox: Any, open_door: Callable[[Path], Door], capsys: pytest.CaptureFixture[str]
) -> None:
    file = REFUSED[code](open_door(config), sandbox, config)
    door = open_door(config)
    steps = ["grant"] if code in OF_A_GRANT else ["proceed", "grant", "refuse"]
    for step in steps:
        for which, options in ((file, {}), (file.id, {"point": "evaluate"})):
            with pytest.raises(GateError) as refused:
                door.require(which, to=step, **options)
            error = refused.value
            assert error.code == code
            assert error.exit_code == 20
            assert error.detail["case_id"] == file.id
            assert error.remedy_en
            assert error.words("en").endswith(error.remedy_en)
            assert error.remedy_zh
            assert error.words("zh-CN").endswith(error.remedy_zh)
            assert "{" not in error.words("en") + error.words("zh-CN")
    words = ["--config", str(config), "--json", "require", file.id, "--point", "evaluate", "--to", steps[-1]]
    capsys.readouterr()
    if code not in OF_A_GRANT:
        assert run(words) == 20
        said = json.loads(capsys.readouterr().out)
        assert (said["passed"], said["code"]) == (False, code)
        assert said["detail"]["case_id"] == file.id
    path = config.parent / "case.json"
    path.write_text(json.dumps(file.model_dump(mode="json", context={"reveal": True})))
    assert run(["--config", str(config), "--json", "require", str(path), "--to", "grant"]) == 20
    assert json.loads(capsys.readouterr().out)["code"] == code


def test_other_parties_are_noticed_where_the_case_is_given(door: Door) -> None:
    file = case()
    door.check(file)
    member = {"role": "consortium_member", "subject": organisation(OTHER, "广西示例建设有限公司")}
    for other in (
        case(id=file.id, parties=[member]),
        case(organisation(OTHER, "广西示例建设有限公司"), id=file.id),
        case(organisation(name="另一名称有限公司"), id=file.id),
    ):
        with pytest.raises(GateError) as refused:
            door.require(other)
        assert refused.value.code == "gate.parties_changed"
        assert refused.value.remedy_zh
        assert "9145" not in str(refused.value)
    assert door.require(file).passed
    assert door.require(file.id, point="evaluate").passed


def test_a_check_of_another_matter_or_point_says_nothing_of_this_one(door: Door) -> None:
    file = case()
    door.check(file)
    for other in (
        case(id=file.id, matter="tender.works"),
        file.model_copy(update={"point": "award"}),
    ):
        with pytest.raises(GateError) as refused:
            door.require(other)
        assert refused.value.code == "gate.never_checked"
    with pytest.raises(GateError):
        door.require(file.id, point="award")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[catalogue]", '[matters."honour.other"]\nrequired = []\nname = {"zh-CN" = "某事项", en = "x"}\n[catalogue]'),
        ('[matters."tender.works"]', '[matters."tender.works"]\nfresh_for = "2h"'),
        (
            '[matters."procurement.goods"]',
            '[matters."procurement.goods"]\nname = {"zh-CN" = "政府采购货物", en = "Goods"}',
        ),
        ('budget = "3s"', 'budget = "4s"'),
    ],
    ids=["another matter", "another matter's rule", "a name", "how a source is asked"],
)
def test_what_cannot_change_the_outcome_makes_no_check_void(
    config: Path, open_door: Callable[[Path], Door], before: str, after: str
) -> None:
    file = case()
    open_door(config).check(file)
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    try:
        door = open_door(config)
    except CreditCheckError as error:
        pytest.fail(f"the configuration of this test does not load: {error}")
    assert door.require(file).passed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[matters."procurement.goods"]', '[matters."procurement.goods"]\nquery_roles = ["legal_representative"]'),
        ('[matters."procurement.goods"]', '[matters."procurement.goods"]\nfresh_for = "2h"'),
        ('region = "451100"', 'region = "440100"'),
    ],
    ids=["whom the matter asks about", "how long a check counts", "the region"],
)
def test_what_could_change_it_asks_for_a_new_check(
    config: Path, open_door: Callable[[Path], Door], before: str, after: str
) -> None:
    file = case()
    open_door(config).check(file)
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    door = open_door(config)
    with pytest.raises(GateError) as refused:
        door.require(file)
    assert refused.value.code == "gate.catalogue_changed"
    door.check(file)
    assert door.require(file).passed


def test_a_receipt_that_says_something_else_than_the_record_does_not_hold(config: Path, sandbox: Any) -> None:
    """A record may be put in by whoever has the keys; the receipt of another check does not fit it."""
    with CreditCheck.open(config) as credit:
        good, bad = case(), case()
        decision = credit.check(good)
        stored = credit.latest(good.id, "evaluate")
        assert stored is not None
        forged = decision.model_copy(update={"id": "dec_forged", "case_id": bad.id})
        credit._world.ledger.run([CheckEntry(forged, bad, stored.consultations, stored.parties, stored.rules)])
        for token in (decision.receipt, None, "", "a.b.c"):
            other = decision.model_copy(
                update={
                    "id": f"dec_{token!r:.9}",
                    "decided_at": decision.decided_at.replace(microsecond=999999),
                    "valid_until": decision.valid_until.replace(year=2100),
                    "receipt": token,
                }
            )
            credit._world.ledger.run([CheckEntry(other, good, stored.consultations, stored.parties, stored.rules)])
            with pytest.raises(GateError) as refused:
                credit.require(good)
            assert refused.value.code == "gate.receipt_invalid"
        with pytest.raises(GateError) as refused:
            credit.require(bad)
        assert refused.value.code == "gate.receipt_invalid"


def test_what_is_not_committed_yet_opens_nothing(config: Path, sandbox: Any) -> None:
    sandbox.put_record(record(list_code="MOF-ZC", doc_no="桂财采〔2026〕3号", level="national"))
    file = case()
    host = sqlite3.connect(config.parent / "credit-check.db", timeout=20)
    with CreditCheck.open(config) as credit, CreditCheck.open(config) as other:
        decision = credit.check(file)
        credit.settle(decision, applied(decision), operator=OFFICER, transaction=host)
        assert credit.require(file, transaction=host).passed
        with pytest.raises(GateError) as refused:
            other.require(file)
        assert refused.value.code == "gate.unsettled"
        host.commit()
        assert other.require(file).passed
    host.close()


def test_among_many_officers_only_what_is_settled_passes(door: Door, sandbox: Any) -> None:
    """One file is checked anew, settled and asked for at once, again and again; each pass names a settled check."""
    sandbox.put_record(record())
    file = case()
    door.check(file)
    passes: list[str] = []
    codes: set[str] = set()
    lock = threading.Lock()

    def officer(turn: int) -> None:
        try:
            if turn % 3 == 0:
                door.check(file)
            elif turn % 3 == 1:
                stored = door.latest(file.id, "evaluate")
                door.settle(stored.decision, applied(stored.decision), operator=OFFICER)
            else:
                passed = door.require(file)
                with lock:
                    passes.append(passed.decision)
        except CreditCheckError as error:
            with lock:
                codes.add(error.code)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(officer, range(60)))
    for number in set(passes):
        stored = door.show(number)
        assert {r.response.proposal for r in stored.responses} >= {
            p.id for p in stored.decision.proposals if p.strength in {"block", "hint"}
        }
    assert codes <= {"gate.unsettled", "settle.unknown_proposal"}
    latest = door.latest(file.id, "evaluate")
    door.settle(latest.decision, applied(latest.decision), operator=OFFICER)
    assert door.require(file).decision == latest.decision.id


def test_two_officers_who_answer_at_once_leave_one_answer_standing(door: Door, sandbox: Any) -> None:
    sandbox.put_record(record())
    file = case()
    decision = door.check(file)
    answers: list[Any] = ["applied", "verifying"] * 6

    def officer(said: Any) -> None:
        reason = None if said == "applied" else "待核实"
        given = [Response(proposal=p.id, answer=said, reason=reason) for p in decision.proposals]
        door.settle(decision, given, operator=OFFICER)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(officer, answers))
    stored = door.latest(file.id, "evaluate")
    standing = {kept.response.answer for kept in stored.standing().values()}
    assert len(stored.responses) == len({kept.id for kept in stored.responses})
    if standing == {"applied"}:
        with pytest.raises(GateError, match="in force"):
            door.require(file, to="grant")
    else:
        assert standing == {"verifying"}
        assert door.require(file, to="grant").passed
