"""Write the papers of a deferral: the one-off notice and the letter with its five statements. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from datetime import date

    from credit_check_sdk.catalogue.letters import Letters
    from credit_check_sdk.model import Case, Consequence, DeferredMaterial, Lang

LANGS: tuple[Lang, ...] = ("zh-CN", "en")

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


@dataclass(frozen=True, slots=True)
class Papers:
    """What the papers of one deferral are written from; a department's own templates ``deferral`` and ``commitment`` go before ours."""

    letters: Letters
    case: Case
    matter: Words
    materials: tuple[DeferredMaterial, ...]
    liability: Words

    def notice(self, last: date, decide_by: date | None) -> Words:
        """Write the one-off notice: all that is missing, by when, and what follows if it is late."""
        return self._written("deferral", last, decide_by=decide_by.isoformat() if decide_by else "—")

    def letter(self, code: str, last: date) -> Words:
        """Write the letter of commitment, with the five statements."""
        return self._written("commitment", last, code=code)

    def _written(self, name: str, last: date, **more: str) -> Words:
        listed = [{"code": each.code, "name": each.name} for each in self.materials]
        subject = {"name": self.case.subject.name, "identifier": self.case.subject.masked or ""}
        same = {"subject": subject, "case": self.case.id, "materials": listed, "last": last.isoformat(), **more}
        return self.letters.write(
            name,
            {
                lang: {
                    **same,
                    "matter": self.matter[lang],
                    "liability": self.liability[lang],
                    "statements": STATEMENTS[lang],
                }
                for lang in LANGS
            },
        )


def trial(lang: Lang) -> dict[str, Any]:
    """Give what the templates of a deferral may name beside the words of notices, filled with examples."""
    return {
        "materials": [{"code": "M07", "name": "示例材料"}],
        "last": "2026-12-04",
        "decide_by": "2026-12-31",
        "code": "45110020261123000001",
        "liability": liability("terminated")[lang],
        "statements": STATEMENTS[lang],
    }
