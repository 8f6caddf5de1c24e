"""The adapter as the SDK finds it, and its demonstration: a batch, what is proposed, and a repair that takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_adapter_supervision.plan import Target
from credit_check_adapter_supervision.planning import confirm, plan_round
from credit_check_sdk import Identifier, Operator, Purpose, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_adapter_supervision.plan import InspectionPlan
    from credit_check_sdk import Reader, Stage

_OPERATOR = Operator(id="demo-supervision", department="示例市市场监督管理局")
_PURPOSE = Purpose(text="双随机抽查计划", basis="国发〔2016〕33号（十）")
_NAMES = ("示例放心超市有限公司", "示例旧账建材有限公司", "示例平常五金有限公司")
_CODES = ("91451100MA5BBBBB64", "91451100MA5CCCCCXK", "92451102MA5DDDDD35")
"""Nobody else's: demonstrations share one sandbox, and a record of one must not speak in another."""


class SupervisionAdapter:
    """Supervision systems: plans of inspections."""

    name: str = "supervision"
    title: Words = Words(zh="日常监管（抽查频次）", en="Supervision (frequency of inspections)")
    readers: Sequence[Reader] = ()

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: plan, confirm, repair, plan again."""
        subjects = [
            Subject(category="organisation", name=name, identifiers=(Identifier(scheme="cn-uscc", value=code),))
            for name, code in zip(_NAMES, _CODES, strict=True)
        ]
        for subject in subjects:
            stage.put_subject(_plain(subject))
        praised = {"list_code": "STA-A", "polarity": "positive", "severity": None}
        stage.put_record({**_record(subjects[0]), **praised})
        number = stage.put_record(_record(subjects[1]))
        targets = [Target(number=f"S-{n}", subject=subject, ordinary="B") for n, subject in enumerate(subjects, 1)]
        first = plan_round(stage.credit, targets, plan_id="2026-demo", operator=_OPERATOR, purpose=_PURPOSE)
        stage.say(
            "按信用提出抽查频次，由监管部门确定：", "How often to inspect is proposed by credit; the authority decides:"
        )
        _show(stage, first)
        for row in first.rows:
            if row.proposals:
                confirm(stage.credit, row, "applied", operator=_OPERATOR)
        stage.change(number, "repaired")
        stage.credit.sync()
        after = [target.model_copy(update={"level": first.of(target.number).proposed}) for target in targets]
        second = plan_round(stage.credit, after, plan_id="2026-demo", operator=_OPERATOR, purpose=_PURPOSE)
        stage.say(
            "失信信息修复之后，提高的频次随之恢复：", "Once the record is repaired, the raised frequency falls back:"
        )
        _show(stage, second)


def _plain(subject: Subject) -> dict[str, Any]:
    return subject.model_dump(mode="json", context={"reveal": True}, exclude={"founded_on"})


def _record(subject: Subject) -> dict[str, Any]:
    return {
        "subject": _plain(subject),
        "list_code": "SAMR-YZ",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "authority_level": "municipal",
        "authority": "示例市市场监督管理局",
        "doc_no": "示例〔2026〕1号",
        "document_date": "2026-03-01",
        "basis": "市场监督管理严重违法失信名单管理办法 第五条",
        "list_until": "2099-12-31",
        "level": "municipal",
    }


def _show(stage: Stage, plan: InspectionPlan) -> None:
    names = (("名称", "name"), ("现行", "now"), ("建议", "proposed"), ("措施", "measures"))
    stage.table(
        [Words(zh=zh, en=en) for zh, en in names],
        [
            [row.target.subject.name, row.level, row.proposed, " ".join(each.measure for each in row.proposals) or "—"]
            for row in plan.rows
        ],
    )
