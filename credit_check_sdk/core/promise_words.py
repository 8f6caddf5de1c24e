"""Write the papers of a deferral: the one-off notice and the letter with its five statements. Pure: no I/O, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from credit_check_sdk.model import Case, Consequence, DeferredMaterial

CONSEQUENCES: dict[Consequence, Words] = {
    "withdrawn": Words(zh="视为撤回申请", en="the application counts as withdrawn"),
    "revoked": Words(zh="撤销受理并书面说明理由", en="the acceptance is revoked, with reasons in writing"),
    "terminated": Words(zh="终止办理，损失由申请人承担", en="the procedure ends, at the applicant's own loss"),
}
"""What an overdue deferral comes to, in words."""

STATEMENTS = Words(
    zh="（一）以上承诺是申请人真实意思的表示；（二）已知悉受理部门告知的全部内容；（三）已提交的材料真实、合法、有效；"
    "（四）将在承诺期限内补齐所缺材料；（五）违反承诺的，愿意承担相应的法律责任。",
    en="(1) this is the applicant's real intention; (2) the applicant knows all that the office has told; (3) all that was "
    "handed in is true, lawful and valid; (4) what is missing will be handed in within the promised time; (5) the "
    "applicant accepts the legal liability for a breach.",
)
"""The five statements of a letter of commitment."""


def liability(consequence: Consequence) -> Words:
    """Say what a breach comes to."""
    said = CONSEQUENCES[consequence]
    return Words(
        zh=f"逾期未补齐或者承诺不实的，{said.zh}；违诺信息记入信用记录，修复前不再适用容缺受理。",
        en=f"if anything is late or untrue, {said.en}; the breach goes on the credit record, and no deferral is granted "
        "until it is repaired.",
    )


def notice(
    case: Case, matter: Words, materials: Sequence[DeferredMaterial], last: date, decide_by: date | None, duty: Words
) -> Words:
    """Write the one-off notice: all that is missing, by when, and what follows if it is late."""
    zh, en = _listed(materials)
    clock = decide_by.isoformat() if decide_by else "—"
    return Words(
        zh=f"容缺受理一次性告知书\n\n{case.subject.name}：\n您（单位）申请办理的“{matter.zh}”（办件编号 {case.id}），实质性材料齐全，"
        f"尚缺下列形式性材料：\n{zh}\n您可以书面承诺于 {last.isoformat()} 前补齐（以送达受理部门之日为准），先予受理；也可以不作承诺，"
        f"按普通程序补正。审查同步进行，法定办结期限（{clock}）不因容缺延长。\n{duty.zh}\n",
        en=f"Notice of all that is missing\n\n{case.subject.name}:\nYour application for “{matter.en}” (file {case.id}) has all "
        f"substantive materials. These formal ones are missing:\n{en}\nYou may promise in writing to hand them in by "
        f"{last.isoformat()} (arrival at the office counts) and be accepted now; or promise nothing and take the ordinary "
        f"procedure. Review goes on meanwhile, and the statutory day of decision ({clock}) is not moved.\n{duty.en}\n",
    )


def letter(
    case: Case, matter: Words, materials: Sequence[DeferredMaterial], code: str, last: date, duty: Words
) -> Words:
    """Write the letter of commitment, with the five statements."""
    zh, en = _listed(materials)
    return Words(
        zh=f"申请容缺受理承诺书\n承诺编码：{code}\n\n申请人：{case.subject.name}\n事项：{matter.zh}（办件编号 {case.id}）\n所缺材料：\n{zh}\n"
        f"申请人承诺于 {last.isoformat()} 前补齐，并郑重声明：\n{STATEMENTS.zh}\n{duty.zh}\n\n签名（盖章）：            日期：\n",
        en=f"Letter of commitment for a deferred acceptance\nCode: {code}\n\nApplicant: {case.subject.name}\nMatter: "
        f"{matter.en} (file {case.id})\nMissing:\n{en}\nThe applicant promises to hand them in by {last.isoformat()} and "
        f"states:\n{STATEMENTS.en}\n{duty.en}\n\nSignature or seal:            Date:\n",
    )


def _listed(materials: Sequence[DeferredMaterial]) -> tuple[str, str]:
    lines = "\n".join(f"  {each.code} {each.name}" for each in materials)
    return lines, lines
