"""The adapter as the SDK finds it, and its demonstration: four applicants for a licence, from acceptance to decision."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.exchange import case_from_exchange
from credit_check_adapter_approval.files import File, read_exchange
from credit_check_adapter_approval.guard import ApprovalGuard
from credit_check_adapter_approval.rows import process_row
from credit_check_sdk import GateError, Operator, Purpose, Response, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import Case, Decision, Point, Reader, Stage

_OPERATOR = Operator(id="demo-approval", department="示例市行政审批局")
_PURPOSE = Purpose(text="办理食品生产许可", basis="食品安全法第三十五条；行政许可法第七十八条、第七十九条")
_MATTERS = {"000131004000": "licence.food-production"}
_FOUNDED = {"示例市桂岭食品有限公司": date(2015, 5, 4)}
"""The exchange holds no founding day; the host has it from the register."""
_TOLD = {
    "": Words(zh="通过", en="may"),
    "gate.unsettled": Words(zh="拒绝：措施尚未答复", en="refused: not settled yet"),
    "gate.blocked": Words(zh="拒绝：限制措施执行中", en="refused: a restriction is in force"),
    "gate.undecided": Words(zh="拒绝：必查来源未答复", en="refused: a required source is silent"),
}
_APPLICANT = Words(zh="申请人", en="applicant")

Checked = list[tuple["Case", "Decision"]]


class ApprovalAdapter:
    """Approval systems that speak the case-exchange tables."""

    name: str = "approval"
    title: Words = Words(zh="行政审批（办件交换库）", en="Approval (case-exchange tables)")
    readers: Sequence[Reader] = ()

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: accept, decide, settle, guard the state change, write back."""
        files = _files()
        stage.say(
            f"从办件交换库读到 {len(files)} 个食品生产许可申请（自带，虚构）。",
            f"{len(files)} applications for a food-production licence came through the exchange (our own, invented).",
        )
        _prepare(stage, files)
        accepted = _check(stage, files, "accept")
        _show_accepted(stage, accepted)
        _settle(stage, accepted)
        decided = _check(stage, files, "decide")
        _show_decided(stage, decided)
        guard = ApprovalGuard(stage.credit)
        states = {case.id: "under_review" for case, _ in decided}
        before = [_move(guard, case, states, "approved", commit=False) for case, _ in decided]
        _settle(stage, decided)
        after = [_move(guard, case, states, "approved") for case, _ in decided]
        refused = [
            _move(guard, case, states, "refused") if states[case.id] == "under_review" else "—" for case, _ in decided
        ]
        stage.say(
            "状态变更守卫：办件能否改为“准予许可”，答复之前与之后；不能准予的，能否改为“不予许可”：",
            "The guard on state changes: may a file become “approved”, before and after the officer settled; and where it "
            "may not, may it become “refused”?",
        )
        heads = [
            _APPLICANT,
            Words(zh="准予（答复前）", en="approve, unsettled"),
            Words(zh="准予（答复后）", en="approve, settled"),
            Words(zh="不予（答复后）", en="refuse, settled"),
            Words(zh="办件状态", en="state of the file"),
        ]
        names = [case.subject.name for case, _ in decided]
        kept = [states[case.id] for case, _ in decided]
        stage.table(heads, [list(row) for row in zip(names, before, after, refused, kept, strict=True)])
        _write_back(stage, decided)


def _files() -> list[File]:
    with resources.as_file(resources.files("credit_check_adapter_approval") / "data" / "exchange.json") as path:
        return read_exchange(path)


def _prepare(stage: Stage, files: Sequence[File]) -> None:
    """Put into the sandbox what makes the applicants different: trustworthy, restricted, disputed, unknown."""
    trustworthy, restricted, disputed = (_subject(file) for file in files[:3])
    _record(
        stage,
        trustworthy,
        list_code="STA-A",
        polarity="positive",
        authority="国家税务总局示例市税务局",
        level="national",
    )
    _record(
        stage,
        restricted,
        list_code="MOHRSS-NMG",
        severity="serious",
        authority="示例市人力资源和社会保障局",
        basis="保障农民工工资支付条例第四十八条",
    )
    number = _record(
        stage,
        disputed,
        list_code="SAMR-YZ",
        severity="serious",
        authority="示例市市场监督管理局",
        basis="市场监督管理严重违法失信名单管理办法第五条",
    )
    stage.change(number, "objected")
    stage.say(
        "沙箱信用平台中：第一家在红名单上且三年无不良记录；第二家在拖欠农民工工资失信名单上；第三家的记录当事人已提出异议；"
        "第四家平台没有收录，其代码校验位也不符。",
        "On the sandbox platform: the first is on a red list and three years clean; the second is on the list for unpaid "
        "wages; the third has objected to its record; the fourth is unknown, and the check digit of its code fails.",
    )


def _subject(file: File) -> dict[str, Any]:
    accept = file["up_pro_accept"][0]
    return {
        "category": "organisation",
        "name": accept["applyer_name"],
        "identifiers": [{"scheme": "cn-uscc", "value": accept["applyer_page_code"]}],
    }


def _record(stage: Stage, subject: dict[str, Any], **said: Any) -> str:
    return stage.put_record(
        {
            "subject": subject,
            "record_id": None,
            "kind": "list",
            "polarity": "negative",
            "status": "active",
            "severity": None,
            "authority_level": "municipal",
            "doc_no": f"示例〔{_day(0)[:4]}〕{said['list_code']}号",
            "document_date": _day(-90),
            "basis": None,
            "facts": "合成数据，不涉及真实主体",
            "publicity_until": _day(900),
            "list_until": _day(900),
            "ban_until": None,
            "measure_until": None,
            "responsible": [],
            "level": "municipal",
            **said,
        }
    )


def _day(offset: int) -> str:
    today: date = datetime.now(UTC).date()  # noqa: TID251  the demonstration's records must run at the time it is shown
    return (today + timedelta(days=offset)).isoformat()


def _check(stage: Stage, files: Sequence[File], point: Point) -> Checked:
    found: Checked = []
    for file in files:
        case = case_from_exchange(
            file,
            operator=_OPERATOR,
            purpose=_PURPOSE,
            matter_map=_MATTERS,
            point=point,
            policies=stage.credit.policies,
            founded_on=_FOUNDED.get(file["up_pro_accept"][0]["applyer_name"]),
        )
        found.append((case, stage.credit.check(case)))
    return found


def _show_accepted(stage: Stage, checked: Checked) -> None:
    stage.say(
        "受理环节核查。材料清单由交换库的材料行与事项规则合并而成：",
        "Checked at acceptance. The material checklist is what came, held against what the matter asks for:",
    )
    rows = []
    for case, decision in checked:
        green, deferral = decision.facilities.green_channel, decision.facilities.deferral
        missing = [f"{one.code} {one.name}" for one in case.materials if one.state == "missing"]
        rows.append(
            [
                case.subject.name,
                decision.outcome,
                "、".join(missing) or "—",
                " ".join(deferral.materials) or "—",
                "✓" if green.granted else "—",
            ]
        )
    heads = [
        _APPLICANT,
        Words(zh="结论", en="outcome"),
        Words(zh="缺少的材料", en="missing"),
        Words(zh="可容缺", en="may come later"),
        Words(zh="绿色通道", en="green channel"),
    ]
    stage.table(heads, rows)
    for case, decision in checked:
        missing_now = any(one.state == "missing" for one in case.materials)
        if missing_now and not decision.facilities.deferral.granted:
            said = decision.facilities.deferral.reasons
            stage.say(f"“{case.subject.name}”：{said.zh}", f"“{case.subject.name}”: {said.en}")


def _show_decided(stage: Stage, checked: Checked) -> None:
    stage.say("决定环节再次核查：", "Checked again at the decision:")
    rows = [
        [case.subject.name, decision.outcome, " ".join(dict.fromkeys(one.measure for one in decision.proposals)) or "—"]
        for case, decision in checked
    ]
    stage.table([_APPLICANT, Words(zh="结论", en="outcome"), Words(zh="措施", en="measures")], rows)
    for _, decision in checked:
        blocks = [one for one in decision.proposals if one.strength == "block" and one.effect_scope == "case"]
        if blocks:
            stage.say(blocks[0].reasons.zh, blocks[0].reasons.en)
        for doubt in decision.warnings:
            words = doubt.detail["words"]
            stage.say(words["zh-CN"], words["en"])


def _settle(stage: Stage, checked: Checked) -> None:
    for _, decision in checked:
        answers = [Response(proposal=one.id, answer="applied") for one in decision.proposals]
        if answers:
            stage.credit.settle(decision, answers, operator=_OPERATOR)


def _move(guard: ApprovalGuard, case: Case, states: dict[str, str], after: str, *, commit: bool = True) -> str:
    """Change a file's state behind the guard, as a host would; say what the gate said."""
    if any(one.state == "missing" and one.kind == "substantive" for one in case.materials):
        return "材料不齐，不送决定 / not put to it: materials missing"
    code = ""
    try:
        with guard.change(case, states[case.id], after):
            if commit:
                states[case.id] = after
    except GateError as refusal:
        code = refusal.code
    told = _TOLD.get(code, Words(zh=f"拒绝：{code}", en=f"refused: {code}"))
    return f"{told.zh} / {told.en}"


def _write_back(stage: Stage, checked: Checked) -> None:
    stage.say(
        "写回办件过程表 up_pro_process，供监察系统看到每一次核查（不含证件号码）：",
        "Written back to up_pro_process, where supervision sees every check (no identifier in it):",
    )
    columns = ("project_no", "process_name", "event_end_time", "handle_explain")
    rows = [process_row(decision, _OPERATOR) for _, decision in checked]
    heads = [
        Words(zh="办件编号", en="project_no"),
        Words(zh="办理环节", en="process_name"),
        Words(zh="结束时间", en="event_end_time"),
        Words(zh="办理意见", en="handle_explain"),
    ]
    stage.table(heads, [[row[column] for column in columns] for row in rows])
