"""The adapter as the SDK finds it, and its demonstration: four applicants for a licence, from acceptance to decision."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.exchange import Codes, case_from_exchange, process_row
from credit_check_adapter_approval.guard import ApprovalGuard
from credit_check_sdk import Case, Decision, GateError, Operator, Purpose, Response, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import Point, Reader, Stage

_OPERATOR = Operator(id="demo-approval", department="示例市行政审批局")
_PURPOSE = Purpose(text="办理食品生产许可", basis="食品安全法第三十五条；优化营商环境条例")
_CODES = Codes(matters={"45110010013": "licence.food-production"})


class ApprovalAdapter:
    """Approval systems that speak the case-exchange tables."""

    name: str = "approval"
    title: Words = Words(zh="行政审批（办件交换库）", en="Approval (case-exchange rows)")
    readers: Sequence[Reader] = ()

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: accept, decide, settle, guard the state change."""
        files = _files()
        stage.say(
            f"从办件交换库读到 {len(files)} 个食品生产许可申请。",
            f"{len(files)} applications for a food-production licence came through the exchange.",
        )
        _prepare(stage, files)
        cases = [_case(stage, file, "accept") for file in files]
        _show(stage, "受理环节核查：", "Checked at acceptance:", [(case, stage.credit.check(case)) for case in cases])
        decided = [(case, stage.credit.check(case)) for case in (_case(stage, file, "decide") for file in files)]
        _show(stage, "决定环节核查：", "Checked at decision:", decided)
        guard = ApprovalGuard(stage.credit)
        before = [_try(guard, case) for case, _ in decided]
        for _, decision in decided:
            answers = [Response(proposal=p.id, answer="applied") for p in decision.proposals]
            if answers:
                stage.credit.settle(decision, answers, operator=_OPERATOR)
        after = [_try(guard, case) for case, _ in decided]
        stage.say(
            "状态变更守卫：答复之前与之后，系统能否把办件改为“准予许可”：",
            "The guard on the state change: may the file become “approved”, before and after the officer settled?",
        )
        heads = [Words(zh="申请人", en="applicant"), Words(zh="答复前", en="before"), Words(zh="答复后", en="after")]
        names = [case.subject.name for case, _ in decided]
        stage.table(heads, [list(row) for row in zip(names, before, after, strict=True)])
        row = process_row(decided[1][1], _OPERATOR)
        stage.say(
            f"写回办件过程表：{row['process_name']}，{row['handle_explain']}",
            f"Written back to up_pro_process: {row['handle_explain']}",
        )


def _files() -> list[dict[str, Any]]:
    inside = resources.files("credit_check_adapter_approval") / "data" / "exchange.json"
    files: list[dict[str, Any]] = json.loads(inside.read_text(encoding="utf-8"))["files"]
    return files


def _case(stage: Stage, file: dict[str, Any], point: Point) -> Case:
    policy = stage.credit.policies["licence.food-production"]
    case = case_from_exchange(
        file["up_pro_accept"],
        point=point,
        operator=_OPERATOR,
        purpose=_PURPOSE,
        codes=_CODES,
        materials=[
            *({"material_name": m.name, "get_num": "1"} for m in policy.materials if m.name not in file["missing"]),
            *({"material_name": name, "get_num": "0"} for name in file["missing"]),
        ],
        policy=policy,
    )
    founded = file.get("founded_on")
    if founded is None:
        return case
    subject = type(case.subject).model_validate_json(
        json.dumps(case.subject.model_dump(mode="json", context={"reveal": True}) | {"founded_on": founded})
    )
    return case.model_copy(update={"subject": subject})


def _prepare(stage: Stage, files: Sequence[dict[str, Any]]) -> None:
    """Put into the sandbox what makes the applicants different."""
    for file in files:
        accept = file["up_pro_accept"]
        subject = {
            "category": "organisation",
            "name": accept["applyer_name"],
            "identifiers": [{"scheme": "cn-uscc", "value": accept["applyer_page_code"]}],
        }
        if file["known"]:
            stage.put_subject(subject)
        for record in file["records"]:
            number = stage.put_record({"subject": subject, **record["record"]})
            for change in record["changes"]:
                stage.change(number, change)


def _show(stage: Stage, zh: str, en: str, decided: Sequence[tuple[Case, Decision]]) -> None:
    stage.say(zh, en)
    chinese = stage.credit.settings.lang == "zh-CN"
    heads = (
        Words(zh="申请人", en="applicant"),
        Words(zh="结论", en="outcome"),
        Words(zh="绿色通道", en="green channel"),
        Words(zh="容缺受理", en="deferral"),
        Words(zh="理由", en="why"),
    )
    rows = []
    for case, decision in decided:
        facilities = decision.facilities
        said = decision.reasons.zh if chinese else decision.reasons.en
        rows.append(
            [
                case.subject.name,
                decision.outcome,
                "✓" if facilities.green_channel.granted else "—",
                " ".join(facilities.deferral.materials) or "—",
                said[1] if len(said) > 1 else said[0],
            ]
        )
    stage.table(heads, rows)


def _try(guard: ApprovalGuard, case: Case) -> str:
    try:
        with guard.change(case, "under_review", "approved"):
            return "可以 may"
    except GateError as refusal:
        return f"不可 may not ({refusal.code})"
