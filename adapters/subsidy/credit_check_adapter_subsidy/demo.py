"""The adapter as the SDK finds it, and its demonstration: applied for, checked, checked again before payment."""

from __future__ import annotations

from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.giving import GivingReader
from credit_check_adapter_subsidy.rounds import SubsidyReport, apply_round, case_of, disburse_round
from credit_check_adapter_subsidy.tables import CsvReader, ExcelReader, ParquetReader
from credit_check_sdk import Applicant, GateError, Operator, Purpose, Response, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from credit_check_sdk import Reader, Stage

_OPERATOR = Operator(id="demo-subsidy", department="示例市财政局")
_PURPOSE = Purpose(text="惠企补贴申报与拨付核查", basis="保障农民工工资支付条例第四十八条；财政资金管理规定")
_ROUND = "2026-DEMO"
_REAL = "360-a002400000KeYdsAAF.json"
_SHOWN = 40


class SubsidyAdapter:
    """Subsidy and grant systems: 360Giving, and applicant lists as tables."""

    name: str = "subsidy"
    title: Words = Words(zh="财政补贴（360Giving、表格名单）", en="Subsidies (360Giving and lists)")
    readers: Sequence[Reader] = (GivingReader(), CsvReader(), ExcelReader(), ParquetReader())

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: read, check, settle, guard, check again before payment."""
        applicants = list(_applicants(stage))
        _prepare(stage, [applicant.subject for applicant in applicants])
        first = apply_round(stage.credit, applicants, operator=_OPERATOR, purpose=_PURPOSE, round_id=_ROUND)
        stage.say("申报环节逐一核查：", "Everybody is checked when applying:")
        _show(stage, first)
        _settle(stage, first)
        late = next(result.applicant.subject for result in reversed(first.results) if not result.held)
        stage.say(
            f"申报之后、拨付之前，“{late.name}”被列入严重失信名单。",
            f"After applying and before payment, “{late.name}” is listed as seriously dishonest.",
        )
        stage.put_record(_record(late, "MOHRSS-NMG", "贺州市人力资源和社会保障局", "示例人社〔2026〕9号"))
        # What was remembered as clean an hour ago is asked anew where money is paid.
        second = disburse_round(stage.credit, applicants, operator=_OPERATOR, purpose=_PURPOSE, round_id=_ROUND)
        stage.say("拨付前再次核查，以下申请人暂缓拨付：", "Checked again right before payment; these are held back:")
        _show(stage, SubsidyReport("disburse", second.hold_list))
        _settle(stage, second)
        _gate(stage, second)


def _applicants(stage: Stage) -> Iterator[Applicant]:
    real = stage.inputs / "grants" / _REAL if stage.inputs is not None else None
    if real is not None and real.is_file():
        stage.say(
            f"读取真实文件 {real.name}，取前 {_SHOWN} 个受助方。",
            f"Reading the real file {real.name}; its first {_SHOWN} recipients are shown.",
        )
        found = (each for each in GivingReader().read(real) if isinstance(each, Applicant))
        yield from islice(found, _SHOWN)
        return
    stage.say("读取一份 360Giving 名单（自带，虚构）。", "Reading a 360Giving list (our own, invented).")
    with resources.as_file(resources.files("credit_check_adapter_subsidy") / "data" / "grants.json") as path:
        yield from (each for each in GivingReader().read(Path(path)) if isinstance(each, Applicant))


def _prepare(stage: Stage, subjects: Sequence[Subject]) -> None:
    """Put into the sandbox what makes the list worth looking at: one praised, one restricted, one disputed."""
    for subject in subjects[:-1]:
        if subject.identifiers:
            stage.put_subject(_plain(subject))
    with_identifier = [subject for subject in subjects if subject.identifiers]
    if len(with_identifier) < 4:  # noqa: PLR2004  one of each kind
        return
    praised, barred, disputed = with_identifier[:3]
    stage.put_record(
        {
            **_record(praised, "STA-A", "国家税务总局贺州市税务局", "示例税〔2026〕1号"),
            "polarity": "positive",
            "severity": None,
        }
    )
    stage.put_record(_record(barred, "MOHRSS-NMG", "贺州市人力资源和社会保障局", "示例人社〔2026〕2号"))
    number = stage.put_record(_record(disputed, "MOHRSS-NMG", "贺州市人力资源和社会保障局", "示例人社〔2026〕3号"))
    stage.change(number, "objected")


def _plain(subject: Subject) -> dict[str, Any]:
    return {
        "category": subject.category,
        "name": subject.name,
        "identifiers": [{"scheme": each.scheme, "value": each.value} for each in subject.identifiers],
    }


def _record(subject: Subject, code: str, authority: str, doc_no: str) -> dict[str, Any]:
    return {
        "subject": _plain(subject),
        "record_id": None,
        "list_code": code,
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": authority,
        "doc_no": doc_no,
        "document_date": "2026-03-01",
        "basis": "保障农民工工资支付条例 第四十八条",
        "facts": "合成数据",
        "publicity_until": "2029-03-01",
        "list_until": "2029-03-01",
        "ban_until": None,
        "measure_until": None,
        "responsible": [],
        "level": "municipal",
    }


def _show(stage: Stage, report: SubsidyReport) -> None:
    columns = (
        Words(zh="申请人", en="applicant"),
        Words(zh="标识符", en="identifier"),
        Words(zh="结论", en="outcome"),
        Words(zh="措施", en="measures"),
        Words(zh="理由", en="why"),
    )
    chinese = stage.credit.settings.lang == "zh-CN"
    rows = [
        [
            result.applicant.subject.name,
            result.applicant.subject.masked or "—",
            result.outcome,
            " ".join(result.measures) or "—",
            _why(result.reasons, chinese=chinese),
        ]
        for result in report.results
    ]
    stage.table(columns, rows)


def _why(reasons: Sequence[Words], *, chinese: bool) -> str:
    telling = reasons[1] if len(reasons) > 1 else reasons[0]
    return telling.zh if chinese else telling.en


def _settle(stage: Stage, report: SubsidyReport) -> None:
    for result in report.results:
        answers = [Response(proposal=p.id, answer="applied") for p in result.decision.proposals]
        if answers:
            stage.credit.settle(result.decision, answers, operator=_OPERATOR)


def _gate(stage: Stage, report: SubsidyReport) -> None:
    rows = []
    for place, result in enumerate(report.results):
        case = case_of(result.applicant, place, "disburse", _OPERATOR, _PURPOSE, "subsidy.enterprise", _ROUND)
        try:
            stage.credit.require(case, to="grant")
            rows.append([result.applicant.subject.name, result.outcome, "拨付 pay"])
        except GateError as refusal:
            rows.append([result.applicant.subject.name, result.outcome, f"暂缓 hold ({refusal.code})"])
    stage.say("过闸：只有核查合格的才能拨付。", "The gate: only what was checked and allows it is paid.")
    columns = (Words(zh="申请人", en="applicant"), Words(zh="结论", en="outcome"), Words(zh="拨付", en="payment"))
    stage.table(columns, rows)
