"""The adapter as the SDK finds it, and its demonstration: nominees, a grant, and a holder who is listed later."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from credit_check_adapter_honours.granting import grant, settle
from credit_check_adapter_honours.rounds import Candidate, nominate_round, review_round
from credit_check_sdk import GateError, Identifier, Operator, Purpose, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_adapter_honours.rounds import HonourRound
    from credit_check_sdk import Reader, Stage

_OPERATOR = Operator(id="demo-honours", department="示例市文明办")
_PURPOSE = Purpose(text="诚信示范企业评选核查", basis="国发〔2016〕33号（十）")
_NAMES = ("示例守信食品有限公司", "示例失信装饰有限公司", "示例老字号酱园")
_CODES = ("91451100MA5EEEEE70", "91451100MA5FFFFF0J", "92451102MA5GGGGG41")
"""Nobody else's: demonstrations share one sandbox, and a record of one must not speak in another."""
_SAID = {
    "eligible": Words(zh="可授予", en="may be granted"),
    "preferred": Words(zh="优先", en="preferred"),
    "barred": Words(zh="限制参评", en="barred"),
    "hold": Words(zh="暂缓", en="waits"),
    "keep": Words(zh="保留", en="keeps it"),
    "revoke": Words(zh="提议撤销", en="to be revoked"),
}


class HonoursAdapter:
    """Award systems: who may be honoured, and whose honour is to be revoked."""

    name: str = "honours"
    title: Words = Words(zh="评先评优（授予、限制、撤销）", en="Honours (grant, bar, revoke)")
    readers: Sequence[Reader] = ()

    def demo(self, stage: Stage) -> None:
        """Run the whole job once: nominate, grant past the gate, review the holders."""
        subjects = [
            Subject(category="organisation", name=name, identifiers=(Identifier(scheme="cn-uscc", value=code),))
            for name, code in zip(_NAMES, _CODES, strict=True)
        ]
        for subject in subjects:
            stage.put_subject(_plain(subject))
        stage.put_record(_record(subjects[1]))
        several = [
            Candidate(number=f"H-{n}", honour="integrity-model", subject=subject)
            for n, subject in enumerate(subjects, 1)
        ]
        given: dict[str, Any] = {"operator": _OPERATOR, "purpose": _PURPOSE}
        first = nominate_round(stage.credit, several, round_id="2026-demo-nominees", **given)
        stage.say("评选之前核查候选人：", "Nominees are checked before anything is granted:")
        _show(stage, first)
        for row in first.rows:
            if row.proposals:
                settle(stage.credit, row, "applied", operator=_OPERATOR)
            try:
                grant(stage.credit, row, operator=_OPERATOR, authority="示例市文明办", on=date(2026, 11, 2))
                stage.say(f"授予“{row.candidate.subject.name}”。", f"“{row.candidate.subject.name}” is honoured.")
            except GateError as refused:
                stage.say(
                    f"不予授予“{row.candidate.subject.name}”：{refused.words('zh-CN')}",
                    f"“{row.candidate.subject.name}” is not honoured: {refused.words('en')}",
                )
        stage.put_record(_record(subjects[2]))
        stage.credit.sync()
        stage.say(
            "授予之后“示例老字号酱园”被列入名单；复核获奖者：", "Later a holder is listed; the holders are reviewed:"
        )
        holders = [one.model_copy(update={"granted_on": date(2026, 11, 2)}) for one in (several[0], several[2])]
        _show(stage, review_round(stage.credit, holders, round_id="2026-demo-holders", **given))


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
        "doc_no": "示例〔2026〕2号",
        "document_date": "2026-03-01",
        "basis": "市场监督管理严重违法失信名单管理办法 第五条",
        "list_until": "2099-12-31",
        "level": "municipal",
    }


def _show(stage: Stage, several: HonourRound) -> None:
    names = (("名称", "name"), ("结果", "standing"), ("措施", "measures"))
    rows = [
        [
            row.candidate.subject.name,
            f"{_SAID[row.standing].zh} {_SAID[row.standing].en}",
            " ".join(each.measure for each in row.proposals) or "—",
        ]
        for row in several.rows
    ]
    stage.table([Words(zh=zh, en=en) for zh, en in names], rows)
