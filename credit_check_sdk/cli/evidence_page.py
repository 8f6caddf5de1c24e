"""One check as a page to be printed and put into the file: site, query, result, time, officer, digest. Chinese first.

It decides nothing and reads no clock. What it shows is what was recorded; identifiers are masked before they come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

OUTCOMES = {
    "restricted": ("限制", "restricted"),
    "review": ("人工复核", "review"),
    "undecided": ("未决", "undecided"),
    "clear": ("通过", "clear"),
}
ANSWERS = {"applied": ("执行", "applied"), "set_aside": ("不执行", "set aside"), "verifying": ("核实中", "verifying")}
_TEMPLATE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>公共信用信息查询记录 {{ d.id }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body{font-family:"Songti SC","SimSun",serif;max-width:52em;margin:2em auto;padding:0 1em;line-height:1.5;color:#111}
h1{text-align:center;font-size:1.5em;margin:0}h2{font-size:1.1em;border-bottom:1px solid #111;margin:1.4em 0 .4em}
small,.en{color:#444;font-size:.85em}h1 small{display:block;font-weight:normal}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #777;padding:.25em .5em;text-align:left;vertical-align:top}
th{background:#f3f3f3;font-weight:normal;width:14em}table.wide th{width:auto}
code{font-family:monospace;font-size:.8em;overflow-wrap:anywhere}.sandbox{border:2px solid #a00;color:#a00;padding:.4em;text-align:center}
.sign{display:flex;gap:3em;margin-top:2.5em}.sign div{flex:1;border-top:1px solid #111;padding-top:.3em}
@media print{body{margin:0;max-width:none;font-size:10.5pt}h2{break-after:avoid}tr,.sign{break-inside:avoid}}
@page{size:A4;margin:18mm}
</style></head><body>
<h1>公共信用信息查询记录<small>Record of a public credit query</small></h1>
{% if d.environment == "sandbox" %}<p class="sandbox">沙盒数据，不得作为依据 · sandbox data, not to be relied on</p>{% endif %}
{% macro row(zh, en, value) %}<tr><th>{{ zh }} <small>{{ en }}</small></th><td>{{ value }}</td></tr>{% endmacro %}
<h2>查询 <small>Query</small></h2>
<table>
{{ row("查询对象", "subject", case.subject.name) }}
{{ row("标识", "identifier", ids(case.subject)) }}
{% for party in case.parties %}{{ row("相关当事人", party.role, party.subject.name ~ " " ~ ids(party.subject)) }}
{% endfor %}{{ row("查询目的", "purpose", case.purpose.text) }}
{{ row("查询依据", "basis", case.purpose.basis) }}
{{ row("事项与环节", "matter, point", case.matter ~ " · " ~ case.point) }}
{{ row("办件编号", "case", case.id) }}
{{ row("查询人", "officer", case.operator.id ~ " · " ~ case.operator.department) }}
{{ row("查询时间", "time", d.decided_at) }}
</table>
<h2>查询网站与结果 <small>Sites and results</small></h2>
<table class="wide">
<tr><th>网站 <small>site</small></th><th>数据时间 <small>as of</small></th><th>取得时间 <small>fetched</small></th>
<th>结果 <small>result</small></th><th>应答编号与摘要 <small>request, digest</small></th></tr>
{% for e in d.evidences %}<tr><td>{{ e.source }}（{{ e.level }}）<br><small>{{ sites.get(e.source, "") }}</small></td>
<td>{{ e.as_of }}</td><td>{{ e.fetched_at }}{% if e.from_memory %}<br>缓存 <small>remembered</small>{% endif %}</td>
<td>{% for r in records.get(e.source, []) %}{{ r.list_code or r.kind }} · {{ r.authority }} · {{ r.doc_no or "—" }} · {{ r.status }}
{%- if not loop.last %}<br>{% endif %}{% else %}{% if e.records %}{{ e.records }} 条 <small>records</small>
{%- else %}未查到记录 <small>no record found</small>{% endif %}{% endfor %}</td>
<td><code>{{ e.request_id }}</code><br><code>{{ e.digest }}</code></td></tr>
{% endfor %}{% for s in d.silences %}<tr><td>{{ s.source }}<br><small>{{ sites.get(s.source, "") }}</small></td><td>—</td><td>—</td>
<td>未答复，不视为无记录 <small>did not answer; this is not “no record”</small></td><td><code>{{ s.code }}</code></td></tr>
{% endfor %}</table>
<h2>结论 <small>Outcome</small></h2>
<table>
{{ row("结论", "outcome", outcome) }}
{% for line in d.reasons["zh-CN"] %}<tr><th>理由 <small>reason</small></th><td>{{ line }}<br>
<span class="en" lang="en">{{ d.reasons["en"][loop.index0] }}</span></td></tr>
{% endfor %}{% for p in d.proposals %}<tr><th>措施 <small>measure</small> {{ p.measure }}</th><td>{{ p.name["zh-CN"] }}
<span class="en" lang="en">{{ p.name["en"] }}</span><br>
{% for b in p.basis %}《{{ b.title }}》{{ b.article or "" }}{% if not loop.last %}；{% endif %}{% endfor %}
{%- if p.until %}<br>至 {{ p.until }} <small>until</small>{% endif %}
{%- for a in answers.get(p.id, []) %}<br>{{ a }}{% endfor %}</td></tr>
{% endfor %}</table>
<h2>留痕 <small>Evidence</small></h2>
<table>
{{ row("核查编号", "check", d.id) }}
{{ row("措施清单版本", "catalogue", d.catalogue.edition) }}
{% for name in ("digest", "link") %}<tr><th>{{ {"digest": "内容摘要", "link": "链上摘要"}[name] }} <small>{{ name }}</small></th>
<td><code>{{ entry[name] or "—" }}</code></td></tr>
{% endfor %}{{ row("台账位次", "place", (entry.place or "—") ~ " · " ~ ledger) }}
{% for point in points %}<tr><th>检查点 <small>checkpoint</small></th><td>{{ point.checkpoint.size }} · {{ point.checkpoint.at }}<br>
<code>{{ point.checkpoint.head }}</code>{% for seen in point.countersignatures %}<br>副署 <small>counter-signed</small> {{ seen.witness }} ·
{{ seen.seen_at }}{% endfor %}</td></tr>
{% endfor %}<tr><th>回执 <small>receipt (JWS)</small></th><td><code>{{ receipt or "—" }}</code></td></tr>
</table>
<p><small>以上内容可用公开工具验证：执行 credit-check evidence export {{ d.id }} -o 文件.json，文件内附验证方法。
Verify with public tools: export the same check as JSON; the file says how.</small></p>
<div class="sign"><div>查询人 <small>officer</small></div><div>复核人 <small>second officer</small></div><div>日期 <small>date</small></div></div>
<p><small>打印时间 printed {{ printed }}{% if revealed %} · 含完整标识符 identifiers in full{% endif %}</small></p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What the page is made of, all of it plain JSON."""

    case: Mapping[str, Any]
    """The case, masked or in full."""
    decision: Mapping[str, Any]
    """The decision, masked or in full."""
    consultations: Sequence[Mapping[str, Any]]
    """What the sources answered."""
    responses: Sequence[Mapping[str, Any]]
    """What officers answered, oldest first."""
    proof: Mapping[str, Any]
    """What `CreditCheck.prove` gave."""
    sites: Mapping[str, str]
    """Where each source is reached, as the configuration says now."""
    printed: datetime
    revealed: bool


def render(page: Page) -> str:
    """Give the page as one HTML file that loads nothing from elsewhere."""
    decision = page.decision
    entry = next(one for one in page.proof["entries"] if one["id"] == decision["id"])
    records = {
        said["source"]: [record for answer in said["answers"] for record in answer["records"]]
        for said in page.consultations
    }
    answers: dict[str, list[str]] = {}
    for said in page.responses:
        zh, en = ANSWERS[said["answer"]]
        reason = f"：{said['reason']}" if said.get("reason") else ""
        line = f"{zh} {en}{reason} · {said['operator']['id']} · {said['at']}"
        answers.setdefault(said["proposal"], []).append(line)
    template = Environment(autoescape=True, trim_blocks=False).from_string(_TEMPLATE)
    return template.render(
        d=decision,
        case=page.case,
        outcome=" ".join(OUTCOMES[decision["outcome"]]),
        records=records,
        answers=answers,
        sites=page.sites,
        entry=entry,
        ledger=page.proof["ledger"],
        points=page.proof["checkpoints"],
        receipt=page.proof["receipt"],
        printed=page.printed.isoformat(timespec="seconds"),
        revealed=page.revealed,
        ids=_identifiers,
    )


def _identifiers(subject: Mapping[str, Any]) -> str:
    return "；".join(f"{one['scheme']} {one['value']}" for one in subject.get("identifiers", ())) or "—"
