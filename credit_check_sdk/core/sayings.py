"""Say in words how an applied measure moved, and why. Pure; no identifier appears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from credit_check_sdk.model import MeasureState, Proposal
    from credit_check_sdk.model.applied import MeasureEvent

STATES: dict[MeasureState, Words] = {
    "proposed": Words(zh="拟采取", en="proposed"),
    "noticed": Words(zh="已告知，陈述申辩期内", en="notice given, statement window open"),
    "in_force": Words(zh="执行中", en="in force"),
    "set_aside": Words(zh="不予执行", en="set aside"),
    "suspended": Words(zh="暂停执行", en="suspended"),
    "lifted": Words(zh="已解除", en="lifted"),
    "rectified": Words(zh="已纠正", en="rectified"),
}
"""The states in words."""
EVENTS: dict[MeasureEvent, Words] = {
    "notice": Words(
        zh="告知当事人，待陈述申辩期满后执行", en="notice is given; it takes effect after the statement window"
    ),
    "apply": Words(zh="开始执行", en="it takes effect"),
    "set_aside": Words(zh="不予执行", en="it is set aside"),
    "suspend": Words(zh="暂停执行", en="it is suspended"),
    "keep": Words(
        zh="由另一无争议的依据单独支持，继续有效", en="another, undisputed ground carries it alone, and it stays"
    ),
    "restore": Words(zh="恢复", en="it is restored"),
    "lift": Words(zh="解除", en="it is lifted"),
    "rectify": Words(zh="纠正，恢复信誉、消除影响", en="it is rectified: standing restored, effects undone"),
}
"""What happens to a measure, in words."""
CAUSES: dict[str, Words] = {
    "applied": Words(zh="经办人答复“执行”", en="the officer answered “applied”"),
    "set_aside": Words(zh="经办人答复“不予执行”", en="the officer answered “set aside”"),
    "verifying": Words(zh="部门对记录存疑，正在核实", en="the department doubts the record and has it verified"),
    "objected": Words(zh="当事人对所依据的记录提出异议，核实期间暂不执行", en="the record is under objection"),
    "objection": Words(zh="本部门已受理异议并转送，核实期间暂不执行", en="an objection was taken here and forwarded"),
    "objection_upheld": Words(zh="异议成立，所依据的记录有误", en="the objection was upheld: the record was wrong"),
    "objection_rejected": Words(zh="异议不成立，记录维持", en="the objection was rejected: the record stands"),
    "objection_withdrawn": Words(zh="异议已撤回", en="the objection was withdrawn"),
    "repaired": Words(zh="所依据的记录已完成信用修复", en="the record was repaired"),
    "expired": Words(zh="所依据的记录已到期", en="the record has expired"),
    "revoked": Words(zh="所依据的文书已被撤销", en="the document was revoked"),
    "corrected": Words(zh="所依据的记录已更正", en="the record was corrected"),
    "listed": Words(zh="所依据的记录已更新", en="the record was listed anew"),
    "temporarily_lifted": Words(zh="破产重整或和解期间暂时解除", en="lifted for the time of a reorganisation"),
    "restored": Words(zh="暂时解除期间结束", en="the temporary lifting ended"),
    "until": Words(zh="措施期限届满", en="its last day is over"),
    "window": Words(zh="陈述申辩期满", en="the statement window is over"),
    "removed": Words(zh="来源已不再给出所依据的记录", en="the source no longer gives the record"),
}
"""Why it happens, in words."""


def transition_words(proposal: Proposal, event: MeasureEvent, cause: str) -> Words:
    """Say how a measure moved and why."""
    why = CAUSES.get(cause) or Words(zh=cause, en=cause)
    what = EVENTS[event]
    return Words(
        zh=f"措施“{proposal.name.zh}”（{proposal.measure}）{what.zh}：{why.zh}。",
        en=f"Measure “{proposal.name.en}” ({proposal.measure}): {what.en}; {why.en}.",
    )
