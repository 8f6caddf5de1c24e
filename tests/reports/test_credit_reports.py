"""A credit report counts by issuer, days, subject and file; it may stand for a silent source, and never clears alone."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import Agency, Case, CreditReport
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.reports import standing
from tests.kit import OTHER, USCC, case, faults, organisation, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_sdk import Decision
    from tests.kit import Door

TODAY = date(2026, 11, 23)
AGENCY = Agency(name="示例征信有限公司", filed_with="中国人民银行示例分行", filing_no="示例001")
DOWN = {"level": "national", "path": "/v1/checks", "kind": "status", "value": 503}
FILED = '\n[[credit_reports.agencies]]\nname = "示例征信有限公司"\nfiled_with = "中国人民银行示例分行"\n'
CONTENT = b"%PDF-1.7 example"


def report(**changes: Any) -> CreditReport:
    said: dict[str, Any] = {
        "issuer": AGENCY.name,
        "number": "XYBG-2026-001",
        "issued_on": TODAY - timedelta(days=30),
        "grade": "AA",
        "expires_on": date(2099, 12, 31),
        "digest": f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
        "identifier": {"scheme": "cn-uscc", "value": USCC},
    }
    return CreditReport.model_validate({**said, **changes})


def with_report(*reports: CreditReport, **more: Any) -> Case:
    return case(credit_reports=reports or (report(),), **more)


def configured(config: Path, *, stands: bool = False, filed: bool = True) -> Path:
    text = config.read_text(encoding="utf-8")
    mark = '[matters."procurement.goods"]\n'
    if stands:
        text = text.replace(mark, f'{mark}report_for = ["national"]\n')
    config.write_text(text + (FILED if filed else ""), encoding="utf-8")
    return config


def told(decision: Decision) -> list[Any]:
    return [each for each in decision.warnings if each.code.startswith("report.")]


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, []),
        ({"issuer": "某咨询公司"}, ["issuer"]),
        ({"issued_on": TODAY + timedelta(days=1)}, ["validity"]),
        ({"expires_on": TODAY}, []),
        ({"expires_on": TODAY - timedelta(days=1)}, ["validity"]),
        ({"expires_on": None}, ["validity"]),
        ({"identifier": {"scheme": "cn-uscc", "value": OTHER}}, ["subject"]),
        ({"identifier": {"scheme": "cn-org-code", "value": USCC[8:17]}}, []),
        ({"identifier": None}, ["subject"]),
        ({"digest": None}, ["file"]),
        ({"issuer": "某咨询公司", "digest": None}, ["issuer", "file"]),
    ],
    ids=str,
)
def test_what_makes_a_report_count(changes: dict[str, Any], failed: list[str]) -> None:
    found = standing(report(**changes), organisation(), (AGENCY,), TODAY)
    assert [what for what, held in found.held.items() if not held] == failed
    assert found.counts is (not failed)


def test_an_agency_counts_while_it_is_filed() -> None:
    until = AGENCY.model_copy(update={"filed_until": TODAY})
    assert standing(report(), organisation(), (until,), TODAY).counts
    assert not standing(report(), organisation(), (until,), TODAY + timedelta(days=1)).counts
    assert not standing(report(), organisation(), (), TODAY).counts


def test_it_is_on_record_and_says_what_was_verified(open_door: Callable[..., Door], config: Path) -> None:
    door = open_door(configured(config))
    file = with_report(report(), report(number="B", issuer="某咨询公司"))
    decision = door.check(file)
    assert decision.outcome == "clear", "a report changes nothing where every source answered"
    good, bad = told(decision)
    assert (good.code, bad.code) == ("report.counts", "report.void")
    assert good.detail["held"] == {"issuer": True, "validity": True, "subject": True, "file": True}
    assert "备案" in bad.detail["words"]["zh-CN"]
    assert USCC not in json.dumps([good.model_dump(mode="json"), bad.model_dump(mode="json")])
    kept = door.show(decision.id)
    assert kept.case.credit_reports == file.credit_reports, "sealed with the check"
    again = door.check(file)
    assert [each.code for each in told(again)] == ["report.counts", "report.void"]


def test_it_never_weighs_against_what_a_source_says(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    sandbox.put_record(record())
    door = open_door(configured(config, stands=True))
    assert door.check(with_report()).outcome == "restricted"


def test_it_stands_for_a_silent_source_where_the_policy_says_so_and_an_officer_reads_it(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    door = open_door(configured(config, stands=True))
    with faults(sandbox, DOWN):
        decision = door.check(with_report())
        assert decision.outcome == "review", "never clear"
        assert not [silence for silence in decision.silences if silence.required]
        assert "evidence.report" in {each.code for each in decision.warnings}
        (stood,) = [each for each in decision.evidences if each.source == "national"]
        assert (stood.request_id, stood.digest) == (report().number, report().digest)
        for void in (report(issuer="某咨询公司"), report(expires_on=TODAY - timedelta(days=9)), report(digest=None)):
            assert door.check(with_report(void)).outcome == "undecided", void
        assert door.check(case()).outcome == "undecided"


def test_it_says_nothing_of_others(open_door: Callable[..., Door], config: Path, sandbox: Any) -> None:
    text = config.read_text(encoding="utf-8")
    mark = '[matters."procurement.goods"]\n'
    config.write_text(text.replace(mark, f'{mark}query_roles = ["consortium_member"]\n'), encoding="utf-8")
    door = open_door(configured(config, stands=True))
    member = {"role": "consortium_member", "subject": organisation(OTHER).model_dump(context={"reveal": True})}
    with faults(sandbox, DOWN):
        assert door.check(with_report(parties=(member,))).outcome == "undecided"


def test_without_the_policy_a_silent_source_stays_silent(
    open_door: Callable[..., Door], config: Path, sandbox: Any
) -> None:
    door = open_door(configured(config))
    with faults(sandbox, DOWN):
        assert door.check(with_report()).outcome == "undecided"


def test_a_file_that_was_altered_is_refused() -> None:
    assert report(digest=None).sealed(CONTENT) == report()
    for content in (b"", b"another"):
        with pytest.raises(ValueError, match="digest"):
            report().sealed(content)


def test_the_file_is_given_by_command(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(config)
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CREDIT_CHECK_CONFIG", raising=False)
    file = with_report(report(digest=None, issued_on=day_of(case().opened_at)))
    (config.parent / "case.json").write_text(file.model_dump_json(context={"reveal": True}), encoding="utf-8")
    (config.parent / "report.pdf").write_bytes(CONTENT)
    assert run(["--json", "check", "case.json", "--report", "XYBG-2026-001=report.pdf"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in said["warnings"]] == ["report.counts"]
    for wrong in ("XYBG-2026-001=none.pdf", "XYBG=report.pdf", "report.pdf"):
        assert run(["--json", "check", "case.json", "--report", wrong]) == 2
