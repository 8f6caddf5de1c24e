"""A ranking table as a page for the committee and as CSV. Pure text: no I/O, no clock; identifiers are masked already."""

from __future__ import annotations

import csv
import io
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from credit_check_sdk.model._value import Lang, Words
    from credit_check_sdk.model.measure import Basis
    from credit_check_sdk.model.ranking import CreditItem, RankedMember, RankingRow, RankingTable

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("信用评分排序表", "Ranking before and after credit"),
    "sandbox": ("沙盒数据，不得作为依据", "sandbox data, not to be relied on"),
    "project": ("项目（批次）", "tender or round"),
    "matter": ("事项", "matter"),
    "made": ("生成时间", "made at"),
    "digest": ("表摘要", "digest of the table"),
    "edition": ("措施清单版本", "catalogue edition"),
    "clauses": ("文件条款", "Clauses of the document"),
    "no_clauses": ("招标（申报）文件没有信用条款。", "The document has no clause on credit."),
    "clause": ("条款", "clause"),
    "cap": ("加分上限", "cap of bonus"),
    "max_deduction": ("减分上限", "cap of deduction"),
    "proportion": ("保证金减免比例", "deposit waived"),
    "attestation": ("一视同仁声明", "attestation of equal treatment"),
    "tie_break": ("同分优先", "first among equals"),
    "ranking": ("排序", "Ranking"),
    "reference": ("编号", "reference"),
    "name": ("投标人（申请人）", "bidder or applicant"),
    "standing": ("核查", "check"),
    "score": ("评审得分", "score"),
    "price": ("评审价格", "price"),
    "bonus": ("加分", "bonus"),
    "deduction": ("减分", "deduction"),
    "final": ("计入信用后", "with credit"),
    "rank_before": ("原名次", "before"),
    "rank_after": ("现名次", "after"),
    "decided_rank": ("决定名次", "decided"),
    "deposit_due": ("应缴保证金（元）", "deposit due (yuan)"),
    "reasons": ("逐项理由", "Reasons, one by one"),
    "given": ("计入", "counted"),
    "withheld": ("未计入", "not counted"),
    "remarks": ("说明", "remarks"),
    "rules": ("适用规则和依据", "Rules and their basis"),
    "rule": ("规则", "rule"),
    "basis": ("依据", "basis"),
    "record": ("名单和记录", "list and record"),
    "item": ("项目", "item"),
    "why": ("理由", "why"),
    "legend": ("▲▼ 为计入信用前后名次的变化", "▲▼ places won or lost by credit"),
    "summary": ("提示", "Please note"),
    "excluded": ("不参加排序", "not ranked"),
    "tied": ("并列", "tied"),
    "priority": ("同等优先", "first among equals"),
    "provisional": ("暂定", "for now"),
    "committee": ("委员会决定", "Decision of the committee"),
    "confirmed": ("确认人", "confirmed by"),
    "entered": ("录入人", "entered by"),
    "at": ("时间", "at"),
    "proposal_only": ("本表为建议，以下由委员会填写：", "This table proposes; to be filled in by the committee:"),
    "adopt": ("□ 采纳　□ 部分采纳　□ 不采纳；理由：", "□ accepted　□ in part　□ not accepted; reason:"),
    "sign": ("委员签名", "signatures"),
    "date": ("日期", "date"),
    "points": ("分", "points"),
    "amount": ("分值", "points"),
    "of": ("原", "of"),
    "nothing": ("没有计入信用", "no credit counted"),
    "yes": ("是", "yes"),
    "none": ("未载明", "not stated"),
}
_STANDINGS = {
    "ranked": ("通过", "clear"),
    "review": ("待人工核查", "review"),
    "undecided": ("未决", "undecided"),
    "excluded": ("限制", "excluded"),
    "unchecked": ("未核查", "not checked"),
}
_KINDS = {
    "bonus": ("加分", "bonus"),
    "deduction": ("减分", "deduction"),
    "priority": ("同等优先", "priority among equals"),
    "deposit_reduction": ("保证金减免", "deposit reduction"),
}
_CLAUSES = {
    "credit_bonus": ("信用评分", "credit points"),
    "exclusion": ("信用限制", "exclusion"),
    "deposit_reduction": ("保证金减免", "deposit reduction"),
}
_STYLE = """
body{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif;max-width:76em;margin:1.5em auto;padding:0 1em;
line-height:1.5;color:#111}h1{text-align:center;font-size:1.5em;margin:.2em 0}h2{font-size:1.1em;border-bottom:1px solid #111;margin:1.4em 0 .4em}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #777;padding:.3em .5em;text-align:left;vertical-align:top}
th{background:#f3f3f3;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
small{color:#444}code{font-family:monospace;font-size:.8em;overflow-wrap:anywhere}.sandbox{border:2px solid #a00;color:#a00;padding:.4em;text-align:center}
tr.excluded td{background:#f7eaea}tr.open td{background:#fff6dd}.up{color:#0a6b2d}.down{color:#a11}.capped{border:1px solid #777;padding:0 .3em;font-size:.85em}
table.why td{font-size:.92em}table.why tr.first td{border-top:2px solid #444}ul{margin:.2em 0;padding-left:1.2em}.box{border:1px solid #111;padding:.6em 1em}.box p{margin:.4em 0 1.4em}
@media print{body{margin:0;max-width:none;font-size:9.5pt}h2{break-after:avoid}tr,.box{break-inside:avoid}}@page{size:A4 landscape;margin:12mm}
"""


def page(table: RankingTable, lang: Lang) -> str:
    """Give the table as one HTML page in *lang*."""
    say = _Tongue(lang)
    tied = "".join(f"<li>{escape(line)}</li>" for line in table.reasons[lang])
    head = [
        (say("project"), table.id),
        (say("matter"), f"{say.of(table.matter_name)} {table.matter}" if table.matter_name else table.matter),
        (say("made"), table.made_at.isoformat(timespec="seconds")),
        (say("edition"), table.edition),
        (say("digest"), table.digest),
    ]
    facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in head)
    sandbox = f'<p class="sandbox">{escape(say("sandbox"))}</p>' if table.environment == "sandbox" else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return f"""<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(say("title"))} {escape(table.id)}</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<style>{_STYLE}</style></head><body>
<h1>{escape(say("title"))}</h1>{sandbox}
<table>{facts}</table>
<h2>{escape(say("summary"))}</h2><ul>{tied}</ul>
<h2>{escape(say("ranking"))}</h2>
{_ranking(table, say)}
<h2>{escape(say("clauses"))}</h2>
{_clauses(table, say)}
<h2>{escape(say("reasons"))}</h2>
{_reasons(table, say)}
<h2>{escape(say("rules"))}</h2>
{_rules(table, say)}
<h2>{escape(say("committee"))}</h2>
{_committee(table, say)}
</body></html>
"""


class _Tongue:
    """Speaks one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._place = 0 if lang == "zh-CN" else 1

    def __call__(self, name: str, words: dict[str, tuple[str, str]] = _WORDS) -> str:
        return words[name][self._place]

    def of(self, words: Words) -> str:
        return words[self.lang]

    def aside(self, text: str) -> str:
        return f"（{text}）" if self._place == 0 else f" ({text})"

    @property
    def comma(self) -> str:
        return "、" if self._place == 0 else ", "


def number(value: Decimal | None) -> str:
    """Write a number without exponent and without zeros that say nothing."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(value: Decimal, sign: str) -> str:
    return f"{sign}{number(value)}" if value else "0"


def _place(row: RankingRow, say: _Tongue) -> str:
    if row.rank_after is None:
        return f"<small>{escape(say('excluded'))}</small>"
    move = (row.rank_before or 0) - row.rank_after
    arrow = (
        f' <span class="up">▲{move}</span>' if move > 0 else f' <span class="down">▼{-move}</span>' if move < 0 else ""
    )
    marks = [
        say(name)
        for name, holds in (
            ("tied", row.tied),
            ("priority", row.priority),
            ("provisional", row.standing in {"undecided", "unchecked"}),
        )
        if holds
    ]
    tail = f"<br><small>{escape(say.comma.join(marks))}</small>" if marks else ""
    return f"<b>{row.rank_after}</b>{arrow}{tail}"


def _who(member: RankedMember, row: RankingRow) -> str:
    shown = member.identifier or "—"
    return shown if len(row.members) == 1 and member.name.strip() == row.name else f"{member.name} {shown}"


def _ranking(table: RankingTable, say: _Tongue) -> str:
    deposits = any(row.deposit is not None for row in table.rows)
    decided = table.committee is not None
    names = ["reference", "name", "standing", table.by, "bonus", "deduction", "final", "rank_before", "rank_after"]
    names += ["deposit_due"] if deposits else []
    names += ["decided_rank"] if decided else []
    plain = {"reference", "name", "standing"}
    heads = "".join(f"<th{'' if name in plain else ' class=n'}>{escape(say(name))}</th>" for name in names)
    lines: list[str] = []
    for row in table.rows:
        style = (
            "excluded" if row.standing == "excluded" else "open" if row.standing in {"undecided", "unchecked"} else ""
        )
        members = "".join(f"<br><small>{escape(_who(member, row))}</small>" for member in row.members)
        out = row.rank_after is None
        cells = [
            f"<td>{escape(row.reference)}</td>",
            f"<td>{escape(row.name)}{members}</td>",
            f"<td>{escape(say(row.standing, _STANDINGS))}</td>",
            f'<td class="n">{number(row.base)}</td>',
            f'<td class="n">{"—" if out else _signed(row.bonus, "+")}</td>',
            f'<td class="n">{"—" if out else _signed(row.deduction, "−")}</td>',
            f'<td class="n"><b>{"—" if out else number(row.final)}</b></td>',
            f'<td class="n">{row.rank_before or "—"}</td>',
            f'<td class="n">{_place(row, say)}</td>',
        ]
        cells += [f'<td class="n">{"—" if out else number(row.deposit_due)}</td>'] if deposits else []
        cells += [f'<td class="n"><b>{row.decided_rank or "—"}</b></td>'] if decided else []
        lines.append(f'<tr class="{style}">{"".join(cells)}</tr>')
    return f"<table><tr>{heads}</tr>{''.join(lines)}</table><p><small>{escape(say('legend'))}</small></p>"


def _clauses(table: RankingTable, say: _Tongue) -> str:
    if not table.clauses:
        return f"<p>{escape(say('no_clauses'))}</p>"
    names = ("clause", "cap", "max_deduction", "proportion", "tie_break", "attestation")
    lines = []
    for clause in table.clauses:
        points = clause.kind == "credit_bonus"
        cells = [
            clause.reference + say.aside(say(clause.kind, _CLAUSES)),
            (number(clause.max_points) or say("none")) if points else "—",
            (number(clause.max_deduction) or say("none")) if points else "—",
            (_percent(clause.proportion) or say("none")) if clause.kind == "deposit_reduction" else "—",
            say("yes") if clause.tie_break else "—",
            clause.attestation or (say("none") if clause.kind != "exclusion" else "—"),
        ]
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table><tr>{''.join(f'<th>{escape(say(name))}</th>' for name in names)}</tr>{''.join(lines)}</table>"


def _percent(part: Decimal | None) -> str:
    return "" if part is None else f"{number(part * 100)}%"


def cite(basis: Iterable[Basis], lang: Lang = "zh-CN") -> str:
    """Cite bases to the article; one that nobody has read in its primary text says so."""
    unread = ("（未核对原文）", " (not read in its primary text)")[lang != "zh-CN"]
    between = ("；", "; ")[lang != "zh-CN"]
    return between.join(
        f"《{one.title}》{one.doc_no or ''}{one.article or ''}{'' if one.verified_on else unread}" for one in basis
    )


def _amount(item: CreditItem, say: _Tongue) -> str:
    if item.kind == "deposit_reduction":
        return f" {_percent(item.points)}"
    if item.points is None:
        return ""
    sign = "−" if item.kind == "deduction" else "+"
    text = f" {_signed(item.points, sign)} {say('points')}"
    before = say("of") + " " + number(item.offered)
    return text + say.aside(before) if item.capped else text


def _reasons(table: RankingTable, say: _Tongue) -> str:
    names = ("name", "item", "amount", "record", "clause", "basis", "why")
    heads = "".join(f"<th>{escape(say(name))}</th>" for name in names)
    return f'<table class="why"><tr>{heads}</tr>{"".join(_told(row, say) for row in table.rows)}</table>'


def _told(row: RankingRow, say: _Tongue) -> str:
    """Give one line for each item that counts, for each that does not, and for what there is to remark."""
    lines = [_given(item, say, of_several=len(row.members) > 1) for item in row.items]
    for one in row.withheld:
        whose = say.aside(one.member) if one.member and len(row.members) > 1 else ""
        what = f"{say(one.kind, _KINDS)} {one.measure or ''}{whose}".strip()
        cells = f"<td>{escape(what)}</td><td>{escape(say('withheld'))}</td>"
        lines.append(f'{cells}<td colspan="4">{escape(say.of(one.reasons))}</td>')
    remarks = "<br>".join(escape(line) for line in row.reasons[say.lang])
    if remarks:
        lines.append(f'<td>{escape(say("remarks"))}</td><td colspan="5">{remarks}</td>')
    first, *rest = lines or [f'<td colspan="6">{escape(say("nothing"))}</td>']
    head = f'<td rowspan="{1 + len(rest)}"><b>{escape(row.name)}</b><br><small>{escape(row.reference)}</small></td>'
    others = "".join(f"<tr>{line}</tr>" for line in rest)
    return f'<tr class="first">{head}{first}</tr>{others}'


def _given(item: CreditItem, say: _Tongue, *, of_several: bool) -> str:
    what = f"{say(item.kind, _KINDS)}{say.aside(item.member) if of_several else ''}"
    measure = f"{item.measure} {say.of(item.name)}"
    lists = say.comma.join(
        f"{code} {say.of(name)}" for code, name in zip(item.list_codes, item.list_names, strict=False)
    )
    records = say.comma.join(item.records)
    cells = (
        f"<b>{escape(what)}</b><br><small>{escape(measure)}</small>",
        f"<b>{escape(_amount(item, say).strip() or say('yes'))}</b>",
        f"{escape(lists)}<br><small>{escape(records)}</small>",
        escape(item.clause or "—"),
        escape(cite(item.basis, say.lang)),
        f"<small>{escape(say.of(item.reasons))}</small>",
    )
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _rules(table: RankingTable, say: _Tongue) -> str:
    lines = "".join(
        f"<tr><td>{escape(say.of(rule.words))}{f'<br><small>{escape(say.of(rule.note))}</small>' if rule.note else ''}</td>"
        f"<td>{escape(cite(rule.basis, say.lang))}</td></tr>"
        for rule in table.rules
    )
    return f"<table><tr><th>{escape(say('rule'))}</th><th>{escape(say('basis'))}</th></tr>{lines}</table>"


def _committee(table: RankingTable, say: _Tongue) -> str:
    said = table.committee
    if said is None:
        blank = f"<p>{escape(say('sign'))} ____________________　____________________　____________________</p>"
        return (
            f'<div class="box"><p>{escape(say("proposal_only"))}</p><p>{escape(say("adopt"))} ________________________</p>'
            f"{blank}<p>{escape(say('date'))} ____________________</p></div>"
        )
    facts = [
        (say("confirmed"), said.confirmed_by),
        (say("entered"), f"{said.operator.id} · {said.operator.department}"),
        (say("at"), said.at.isoformat(timespec="seconds")),
        (say("digest"), said.table),
        (say("reasons"), said.reason or "—"),
    ]
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    return f"<table>{lines}</table>"


_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def _cell(text: str) -> str:
    """Make text of what a spreadsheet would calculate."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def sheet(table: RankingTable, lang: Lang) -> str:
    """Give the table as CSV in *lang*, one line for each entry."""
    say = _Tongue(lang)
    names: Sequence[str] = (
        "reference", "name", "standing", table.by, "bonus", "deduction", "final", "rank_before", "rank_after", "tied",
        "priority", "deposit_due", "given", "withheld", "remarks", "decided_rank",
    )  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([say(name) for name in names])
    for row in table.rows:
        given = "；".join(
            f"{say(item.kind, _KINDS)}{_amount(item, say)} {item.measure} {item.clause or ''} {cite(item.basis, lang)}".strip()
            for item in row.items
        )
        withheld = "；".join(f"{say(one.kind, _KINDS)} {say.of(one.reasons)}" for one in row.withheld)
        cells = [
            row.reference, row.name, say(row.standing, _STANDINGS), number(row.base), number(row.bonus),
            number(row.deduction), number(row.final), str(row.rank_before or ""), str(row.rank_after or ""),
            say("yes") if row.tied else "", say("yes") if row.priority else "", number(row.deposit_due), given, withheld,
            "；".join(row.reasons[lang]), str(row.decided_rank or ""),
        ]  # fmt: skip
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()
