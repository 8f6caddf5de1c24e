"""Keep the reference page of the catalogue true: ``python -m credit_check_sdk.catalogue.page [--check] FILE…``.

It rewrites what stands between the markers of each page, in the page's language, and nothing else.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.loading import load
from credit_check_sdk.model.measure import (
    NotExcluded,
    OnClause,
    OnCleanYears,
    OnDecision,
    OnList,
    OnMeasure,
    OnRating,
    OnRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk.catalogue.entries import Catalogue
    from credit_check_sdk.model import Basis, CreditList, MatterPolicy, Measure, Trigger

_MARK = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
_MANY = 8
"""From so many lists on, a cell says how many, not which."""


class _Tongue:
    """One of the two languages of the page."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh-CN" else en


def page(text: str, lang: str) -> str:
    """Give *text* with its marked parts made anew from the starter catalogue, in *lang*."""
    catalogue, say = load(), _Tongue(lang)
    parts = {
        "restrictions": lambda: _measures(catalogue, "restriction", say),
        "incentives": lambda: _measures(catalogue, "incentive", say),
        "lists": lambda: _lists(catalogue, say),
        "matters": lambda: _matters(catalogue, say),
        "decisions": lambda: _decisions(catalogue, say),
        "memoranda": lambda: _memoranda(catalogue, say),
        "severity": lambda: _severity(catalogue, say),
        "editions": lambda: _editions(catalogue, say),
        "edition": lambda: say(f"版次 `{catalogue.edition}`。", f"Edition `{catalogue.edition}`."),
    }
    return _MARK.sub(lambda found: f"{found[1]}{parts[found[2]]()}\n{found[3]}", text)


def main(arguments: Sequence[str]) -> int:
    """Rewrite the pages named, or with ``--check`` say which of them are not true; answer the exit code."""
    stale = 0
    for name in (argument for argument in arguments if argument != "--check"):
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = page(before, "zh-CN" if path.name.endswith(".zh-CN.md") else "en")
        if after == before:
            continue
        if "--check" in arguments:
            stale += 1
            sys.stderr.write(f"{path.name} is not what the catalogue says; run this without --check\n")
        else:
            path.write_text(after, encoding="utf-8")
    return 1 if stale else 0


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    lines += [f"| {' | '.join(cell.replace('|', '·') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _measures(catalogue: Catalogue, kind: str, say: _Tongue) -> str:
    head = [
        say("代码", "code"),
        say("名称", "name"),
        say("类别", "class"),
        say("性质", "force"),
        say("力度", "strength"),
    ]
    head += [say("事项", "matters"), say("触发", "triggers"), say("作用于", "reach"), say("依据", "basis")]
    head += [say("期限", "period")]
    return _table(head, (_row(m, catalogue, say) for m in catalogue.measures if m.kind == kind))


def _row(measure: Measure, catalogue: Catalogue, say: _Tongue) -> list[str]:
    matters = say("、", ", ").join(f"`{matter}`" for matter in measure.matters) or "—"
    points = say("、", ", ").join(f"`{point}`" for point in measure.points)
    scope = "" if measure.effect_scope == "case" else f" ({measure.effect_scope})"
    conditions = [_trigger(condition, catalogue, say) for condition in measure.requires]
    needs = say("；且 ", "; and ") + say("、", ", ").join(conditions) if conditions else ""
    return [
        f"`{measure.code}`",
        measure.name[say.lang],
        measure.class_ or "—",
        measure.force,
        f"{measure.strength}{scope}",
        f"{matters} @ {points}" if points else matters,
        say("或者 ", " or ").join(_trigger(trigger, catalogue, say) for trigger in measure.triggers) + needs,
        say("、", ", ").join(f"`{role}`" for role in measure.reach),
        "<br>".join(_basis(basis) for basis in measure.basis),
        measure.period.words[say.lang],
    ]


def _trigger(trigger: Trigger, catalogue: Catalogue, say: _Tongue) -> str:
    match trigger:
        case OnList():
            return _on_list(trigger, catalogue, say)
        case OnDecision():
            return say("、", ", ").join(catalogue.decisions[kind].name[say.lang] for kind in trigger.decisions)
        case OnMeasure():
            return f"{', '.join(trigger.measures)} ({', '.join(trigger.roles)})"
        case OnRecord():
            floor = f" ≥ {trigger.severity_floor}" if trigger.severity_floor else ""
            return (
                say("有效记录 ", "active record ") + say("、", ", ").join(f"`{kind}`" for kind in trigger.kinds) + floor
            )
        case _:
            return _condition(trigger, say)


def _condition(condition: OnRating | OnCleanYears | OnClause | NotExcluded, say: _Tongue) -> str:
    match condition:
        case OnRating():
            return say("评价等级 ", "grade ") + say("、", ", ").join(condition.grades)
        case OnCleanYears():
            return say(f"连续 {condition.years} 年无不良记录", f"{condition.years} clean years")
        case OnClause():
            return say("招标文件条款 ", "tender clause ") + f"`{condition.clause}`"
        case NotExcluded():
            return say("未被排除", "not excluded")


def _on_list(trigger: OnList, catalogue: Catalogue, say: _Tongue) -> str:
    serious = {one.code for one in catalogue.lists if one.serious}
    if set(trigger.lists) == serious:
        return say("任一严重失信主体名单", "any serious list")
    if len(trigger.lists) >= _MANY:
        return say(f"{len(trigger.lists)} 项红名单", f"one of {len(trigger.lists)} red lists")
    return say("、", ", ").join(trigger.lists)


def _basis(basis: Basis) -> str:
    said = f"《{basis.title}》{basis.doc_no or ''}{basis.article or ''}"
    return f"{said} ✓" if basis.verified_on else said


def _lists(catalogue: Catalogue, say: _Tongue) -> str:
    head = [say("代码", "code"), say("名称", "name"), say("性质", "polarity"), say("类别", "category")]
    head += [say("管理部门", "kept by"), say("期限与退出", "term and exit"), say("别名", "aliases")]

    def row(one: CreditList) -> list[str]:
        category = catalogue.categories[one.category].name[say.lang] if one.category else "—"
        polarity = say("红" if one.polarity == "positive" else "黑", one.polarity)
        polarity += say("（严重失信）", ", serious") if one.serious else ""
        polarity += say("（仅供参考）", ", for reference") if one.reference_only else ""
        return [
            f"`{one.code}`",
            one.name[say.lang],
            polarity,
            category,
            one.authority[say.lang],
            one.term[say.lang],
            "、".join(one.aliases),
        ]

    return _table(head, (row(one) for one in catalogue.lists))


def _matters(catalogue: Catalogue, say: _Tongue) -> str:
    head = [say("代码", "code"), say("名称", "name"), say("环节", "points"), say("时效", "fresh for")]
    head += [say("来源中断", "when silent"), say("查询的角色", "roles queried")]

    def row(policy: MatterPolicy) -> list[str]:
        dumped = policy.model_dump(mode="json")
        fresh = [dumped["fresh_for"], *(f"{point} {limit}" for point, limit in dumped["fresh_at"].items())]
        return [
            f"`{policy.code}`",
            policy.name[say.lang],
            say("、", ", ").join(f"`{point}`" for point in policy.points),
            "<br>".join(fresh),
            "<br>".join(f"{point} `{outage}`" for point, outage in policy.outage.items()),
            say("、", ", ").join(f"`{role}`" for role in policy.query_roles) or "—",
        ]

    return _table(head, (row(policy) for policy in catalogue.policies.values()))


def _decisions(catalogue: Catalogue, say: _Tongue) -> str:
    head = [say("代码", "code"), say("含义", "meaning")]
    return _table(head, ([f"`{one.kind}`", one.name[say.lang]] for one in catalogue.decisions.values()))


def _memoranda(catalogue: Catalogue, say: _Tongue) -> str:
    head = [
        say("代码", "code"),
        say("名称", "title"),
        say("文号", "number"),
        say("日期", "date"),
        say("现状", "status"),
    ]
    head += [say("今日名单", "today's lists"), say("沿用的措施", "measures that descend from it")]
    status = {
        "index": say("仅作索引", "index only"),
        "in_force": say("仍可沿用", "may still be followed"),
        "merged": say("已并入清单", "merged"),
        "repealed": say("已废止", "repealed"),
    }
    return _table(
        head,
        (
            [
                f"`{one.code}`",
                one.title[say.lang],
                one.doc_no + (say(f"（取代 {one.earlier}）", f" (replaced {one.earlier})") if one.earlier else ""),
                one.dated.isoformat() if one.dated else "—",
                status[one.status],
                say("、", ", ").join(one.lists),
                say("、", ", ").join(one.measures),
            ]
            for one in catalogue.memoranda.values()
        ),
    )


def _severity(catalogue: Catalogue, say: _Tongue) -> str:
    head = [say("文书日期", "document dated"), say("类别", "class"), say("最短（月）", "shortest, months")]
    head += [say("最长（月）", "longest, months"), say("说明", "what it covers"), say("依据", "basis")]
    return _table(
        head,
        (
            [
                f"{rules.effective_from or '…'} – {rules.effective_to or '…'}",
                one.severity or say("不分类", "any"),
                "—" if one.min_months is None else str(one.min_months),
                str(one.max_months),
                one.covers[say.lang],
                "<br>".join(_basis(basis) for basis in rules.basis),
            ]
            for rules in catalogue.severity_rules
            for one in rules.classes
        ),
    )


def _editions(catalogue: Catalogue, say: _Tongue) -> str:
    head = [
        say("版次", "edition"),
        say("核查之日", "day of the check"),
        say("变化", "what it brought"),
        say("依据", "basis"),
    ]
    return _table(
        head,
        (
            [
                f"`{one.code}`",
                f"{one.effective_from} – {one.effective_to or '…'}",
                one.changes[say.lang],
                "<br>".join(_basis(basis) for basis in one.basis),
            ]
            for one in catalogue.editions
        ),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
