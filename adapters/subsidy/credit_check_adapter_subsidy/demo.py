"""The adapter as the SDK finds it, and its demonstration: applied for, checked, checked again before payment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.giving import GivingReader
from credit_check_adapter_subsidy.parquet import ParquetReader
from credit_check_adapter_subsidy.rounds import apply_round, disburse_round, require_payment
from credit_check_adapter_subsidy.tables import CsvReader
from credit_check_adapter_subsidy.workbook import ExcelReader
from credit_check_sdk import Applicant, GateError, Operator, Purpose, Rejected, Remark, Response, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from credit_check_adapter_subsidy.report import ApplicantResult, SubsidyReport
    from credit_check_sdk import Reader, Stage, Subject

_OPERATOR = Operator(id="demo-subsidy", department="示例市财政局")
_PURPOSE = Purpose(text="惠企补贴申报与拨付核查", basis="保障农民工工资支付条例第四十八条；国发〔2016〕33号（十）")
_ROUND = "2026-demo"
_REAL = "360-a002400000KeYdsAAF.json"
_SHOWN = 40
_KINDS = 4
"""The demonstration tells of four recipients with an identifier: trustworthy, restricted, disputed, and one listed later."""
_TOLD = {
    "": Words(zh="拨付", en="pay"),
    "gate.unsettled": Words(zh="暂缓：措施尚未答复", en="hold: not settled yet"),
    "gate.blocked": Words(zh="不予拨付：限制措施执行中", en="no payment: a restriction is in force"),
    "gate.undecided": Words(zh="暂缓：必查来源未答复", en="hold: a required source is silent"),
}
_APPLICANT = Words(zh="申请人", en="applicant")
_OUTCOME = Words(zh="结论", en="outcome")


class SubsidyAdapter:
    """Subsidy and grant systems: 360Giving, and lists of applicants as tables."""

    name: str = "subsidy"
    title: Words = Words(zh="财政补贴（360Giving、申请人名单）", en="Subsidies (360Giving and lists of applicants)")
    readers: Sequence[Reader] = (GivingReader(), CsvReader(), ExcelReader(), ParquetReader())

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: read, check, settle, check again before payment, guard the payment."""
        applicants = list(_applicants(stage))
        late = _prepare(stage, [one.subject for one in applicants])
        stage.say("申报环节逐一核查：", "Everybody is checked when applying:")
        first = apply_round(stage.credit, applicants, operator=_OPERATOR, purpose=_PURPOSE, round_id=_ROUND)
        _show(stage, first.results)
        _say_why(stage, first.results)
        _settle(stage, first)
        if late is not None:
            stage.put_record(_record(late, 9))
            stage.say(
                f"申报之后、拨付之前，“{late.name}”被列入拖欠农民工工资失信名单。",
                f"After applying and before payment, “{late.name}” is put on the list for unpaid wages.",
            )
        second = disburse_round(stage.credit, applicants, operator=_OPERATOR, purpose=_PURPOSE, round_id=_ROUND)
        stage.say(
            f"拨付前重新查询全部来源，暂缓 {len(second.hold_list)} 户：",
            f"Right before payment all sources are asked anew; {len(second.hold_list)} are held back:",
        )
        _show(stage, second.hold_list)
        worse = "、".join(one.name for one in second.worse_than(first)) or "—"
        stage.say(f"其中申报之后新出现的：{worse}", f"Among them, new since the application: {worse}")
        _pay(stage, second)


def _applicants(stage: Stage) -> Iterator[Applicant]:
    real = stage.inputs / "grants" / _REAL if stage.inputs is not None else None
    if real is not None and real.is_file():
        found = list(GivingReader().read(real))
        _say_remarks(stage, real.name, found)
        stage.say(
            f"为节省时间，只核查前 {_SHOWN} 个受助方。", f"To save time only the first {_SHOWN} recipients are checked."
        )
        yield from islice((one for one in found if isinstance(one, Applicant)), _SHOWN)
        return
    if stage.inputs is not None:
        stage.say(
            f"给出的目录中没有 grants/{_REAL}，改用自带文件。",
            f"The given folder has no grants/{_REAL}; the demonstration's own files are used.",
        )
    data = resources.files("credit_check_adapter_subsidy") / "data"
    readers: tuple[tuple[str, Reader], ...] = (("grants.json", GivingReader()), ("late.csv", CsvReader()))
    known: set[object] = set()
    for name, reader in readers:
        with resources.as_file(data / name) as path:
            found = list(reader.read(path))
        _say_remarks(stage, name, found)
        for one in found:
            # Who stands in both lists applies once.
            if isinstance(one, Applicant) and known.isdisjoint(one.subject.keys):
                known |= one.subject.keys
                yield one


def _say_remarks(stage: Stage, name: str, found: Iterable[Applicant | Rejected | Remark]) -> None:
    for one in found:
        if isinstance(one, Remark):
            stage.say(f"读取 {name}：{one.words.zh}。", f"Reading {name}: {one.words.en}.")
        elif isinstance(one, Rejected):
            stage.say(
                f"{name} {one.row} “{one.name or '—'}”不能核查：{one.reason.zh}。",
                f"{name}, {one.row}, “{one.name or '—'}” cannot be checked: {one.reason.en}.",
            )


def _prepare(stage: Stage, subjects: Sequence[Subject]) -> Subject | None:
    """Put into the sandbox what makes the list worth looking at; give the one who will be listed later."""
    told = [subject for subject in subjects if subject.identifiers]
    for subject in told[:-1]:
        stage.put_subject(_plain(subject))
    if len(told) < _KINDS:
        return None
    praised, barred, disputed, late = told[:_KINDS]
    stage.put_record(
        _record(
            praised,
            1,
            list_code="STA-A",
            polarity="positive",
            severity=None,
            authority="国家税务总局示例市税务局",
            basis=None,
        )
    )
    stage.put_record(_record(barred, 2))
    number = stage.put_record(_record(disputed, 3))
    stage.change(number, "objected")
    stage.say(
        f"沙箱信用平台中：“{praised.name}”在红名单上；“{barred.name}”在拖欠农民工工资失信名单上；“{disputed.name}”的同类记录已提出异议；"
        f"“{told[-1].name}”没有收录。",
        f"On the sandbox platform: “{praised.name}” is on a red list; “{barred.name}” is on the list for unpaid wages; "
        f"“{disputed.name}” has objected to such a record; “{told[-1].name}” is unknown.",
    )
    return late


def _plain(subject: Subject) -> dict[str, Any]:
    return subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})


def _record(subject: Subject, number: int, **said: Any) -> dict[str, Any]:
    return {
        "subject": _plain(subject),
        "record_id": None,
        "list_code": "MOHRSS-NMG",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "示例市人力资源和社会保障局",
        "doc_no": f"示例人社〔{_day(0)[:4]}〕{number}号",
        "document_date": _day(-30),
        "basis": "保障农民工工资支付条例第四十八条",
        "facts": "合成数据，不涉及真实主体",
        "publicity_until": _day(900),
        "list_until": _day(900),
        "ban_until": None,
        "measure_until": None,
        "responsible": [],
        "level": "municipal",
        **said,
    }


def _day(offset: int) -> str:
    today: date = datetime.now(UTC).date()  # noqa: TID251  the demonstration's records must run at the time it is shown
    return (today + timedelta(days=offset)).isoformat()


def _show(stage: Stage, results: Sequence[ApplicantResult]) -> None:
    heads = [
        _APPLICANT,
        Words(zh="标识号码（脱敏）", en="identifier (masked)"),
        _OUTCOME,
        Words(zh="措施", en="measures"),
        Words(zh="暂缓", en="hold"),
    ]
    rows = [
        [
            one.name,
            str(one.applicant.subject.primary or "—"),
            one.outcome,
            " ".join(one.measures) or "—",
            "✓" if one.hold else "—",
        ]
        for one in results
    ]
    stage.table(heads, rows)


def _say_why(stage: Stage, results: Sequence[ApplicantResult]) -> None:
    """Say why, once for each way in which somebody is not plainly clear."""
    told: set[tuple[object, ...]] = set()
    for one in results:
        decision = one.decision
        if decision is None:
            continue
        blocks = [
            proposal
            for proposal in decision.proposals
            if proposal.strength == "block" and proposal.effect_scope == "case"
        ]
        kind = (one.outcome, bool(blocks), *sorted({doubt.code for doubt in decision.warnings}))
        if kind in told:
            continue
        told.add(kind)
        if blocks:
            stage.say(blocks[0].reasons.zh, blocks[0].reasons.en)
        for doubt in decision.warnings:
            words = doubt.detail["words"]
            stage.say(words["zh-CN"], words["en"])


def _settle(stage: Stage, report: SubsidyReport) -> None:
    for one in report.results:
        if one.decision is not None and one.decision.proposals:
            answers = [Response(proposal=each.id, answer="applied") for each in one.decision.proposals]
            stage.credit.settle(one.decision, answers, operator=_OPERATOR)


def _pay(stage: Stage, report: SubsidyReport) -> None:
    before = [_may(stage, one) for one in report.results]
    _settle(stage, report)
    after = [_may(stage, one) for one in report.results]
    stage.say(
        "过闸拨付：经办人答复之前与之后：",
        "The gate before payment, before and after the officer settled:",
    )
    heads = [_APPLICANT, _OUTCOME, Words(zh="答复前", en="unsettled"), Words(zh="答复后", en="settled")]
    rows = zip(
        [one.name for one in report.results], [one.outcome for one in report.results], before, after, strict=True
    )
    stage.table(heads, [list(row) for row in rows])


def _may(stage: Stage, result: ApplicantResult) -> str:
    if result.outcome == "review":
        return "暂缓：待人工核查 / hold: an officer has to look"
    code = ""
    try:
        require_payment(stage.credit, result)
    except GateError as refusal:
        code = refusal.code
    told = _TOLD.get(code, Words(zh=f"暂缓：{code}", en=f"hold: {code}"))
    return f"{told.zh} / {told.en}"
