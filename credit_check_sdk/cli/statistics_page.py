"""The report of a period as a page that an office sends upwards: one file, no script, plots as SVG, prints on A4.

It decides nothing and reads no clock; every number in it stands in the report it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment
from markupsafe import Markup

from credit_check_sdk.catalogue.figures import figure_catalogue

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping, Sequence

    from credit_check_sdk.model import Words
    from credit_check_sdk.model.figures import Dimension, StatisticsReport
    from credit_check_sdk.model.sheets import ReasonCount

_CHAPTERS = {
    "checks": ("核查", "Checks"),
    "measures": ("措施与告知", "Measures and notices"),
    "reports": ("反馈", "Reports to platforms"),
    "commitments": ("信用承诺与容缺受理", "Commitments and deferred acceptance"),
    "publicity": ("双公示", "Double publicity"),
    "objections": ("异议与核实", "Objections and verifications"),
    "outages": ("来源中断与补查", "Outages and rechecks"),
}
_TABLES: tuple[tuple[Dimension, str, str, tuple[str, ...]], ...] = (
    ("department", "按部门", "By department", ("checks", "files", "checked", "hits", "stopped", "favoured")),
    ("matter", "按事项", "By matter", ("checks", "files", "checked", "hits", "stopped", "favoured")),
    ("point", "按环节", "By decision point", ("checks", "files", "checked", "hits", "stopped", "favoured")),
    (
        "measure",
        "按措施",
        "By measure",
        ("proposed", "applied", "set_aside", "verifying", "unanswered", "in_force", "suspended", "lifted", "surviving"),
    ),
)
_DEPARTMENT = (
    *("proposed", "applied", "set_aside", "verifying", "unanswered", "reports", "delivered", "promises", "fulfilled"),
    *("breached", "publications", "objections"),
)
_LATE = ("unanswered", "notices_overdue", "late", "overdue", "published_late", "objections_late", "rechecks_overdue")
_TREND = ("files", "hits", "applied", "set_aside", "delivered", "late")
_HEADLINES = ("files", "hits", "applied", "set_aside", "favoured", "late", "surviving")
_COLOURS = ("#1f4e79", "#c55a11", "#548235", "#7f7f7f")
_PARTS = ("applied", "set_aside", "verifying", "unanswered")
_TEMPLATE = """<!doctype html>
<html lang="{{ 'zh-CN' if zh else 'en' }}"><head><meta charset="utf-8"><title>{{ t("联合奖惩执行情况统计报告", "Report on credit checks and measures") }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>
body{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","SimSun",sans-serif;max-width:62em;margin:2em auto;padding:0 1em;line-height:1.5;color:#111}
h1{text-align:center;font-size:1.5em;margin:0 0 .2em}h2{font-size:1.15em;border-bottom:2px solid #1f4e79;margin:1.6em 0 .5em}
p.period{text-align:center;margin:0 0 1em}small,.note{color:#444;font-size:.85em}
table{border-collapse:collapse;width:100%;font-size:.88em}th,td{border:1px solid #999;padding:.25em .45em;text-align:left;vertical-align:top}
th{background:#eef2f7;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr.sum td{font-weight:600;background:#f7f7f7}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8em,1fr));gap:.6em}.card{border:1px solid #bbb;padding:.5em .7em}
.card b{display:block;font-size:1.6em;font-variant-numeric:tabular-nums}.warn,.card.warn b{color:#a00}.sandbox{border:2px solid #a00;color:#a00;padding:.4em;text-align:center}
figure{margin:.6em 0}svg{width:100%;height:auto}figcaption{font-size:.85em;color:#444}.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 .9em}
@media print{body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}tr,figure,.card{break-inside:avoid}thead{display:table-header-group}}
@page{size:A4;margin:15mm}
</style></head><body>
<h1>{{ t("联合奖惩执行情况统计报告", "Report on credit checks and measures") }}</h1>
<p class="period">{{ period }} · {{ t("制表时间", "made at") }} {{ r.made_at.strftime("%Y-%m-%d %H:%M") }}</p>
{% if r.environment == "sandbox" %}<p class="sandbox">{{ t("沙盒数据，不得作为依据", "Sandbox data, not to be relied on") }}</p>{% endif %}
<div class="cards">{% for code in headlines %}{% set d = figures[code] %}
<div class="card{% if d.must_be_zero and r.totals[code] %} warn{% endif %}"><b>{{ r.totals[code] }}</b>{{ w(d.name) }}{% if d.must_be_zero %} <small>{{ t("（必须为零）", "(must be zero)") }}</small>{% endif %}</div>
{% endfor %}</div>
<h2>{{ t("一、主要比率", "1 Shares") }}</h2>
<table id="shares"><thead><tr><th>{{ t("比率", "share") }}</th><th class="n">{{ t("分子", "part") }}</th><th class="n">{{ t("分母", "whole") }}</th><th class="n">%</th><th>{{ t("口径与依据", "definition and basis") }}</th></tr></thead><tbody>
{% for d, s in shares %}<tr data-share="{{ s.code }}"><td>{{ w(d.name) }}</td><td class="n">{{ s.part if s.whole is not none else "—" }}</td><td class="n">{{ s.whole if s.whole is not none else t("未知", "not known") }}</td><td class="n">{{ "%.1f"|format(s.percent) if s.percent is not none else "—" }}</td>
<td><small>{{ w(d.definition) }}{% for b in d.basis %} · 《{{ b.title }}》{{ b.doc_no or "" }}{{ b.article or "" }}{% endfor %}</small></td></tr>
{% endfor %}</tbody></table>
{% if r.due is none %}<p class="warn">{{ t("应查率未知：没有给出应用系统的办件登记（--decided），本报告不以已核查的办件推定应查的办件。", "The share checked is not known: no register of decided cases was given (--decided). This report does not take what was checked for what had to be.") }}</p>
{% else %}<table id="due"><thead><tr><th>{{ t("环节", "point") }}</th><th class="n">{{ t("应查", "due") }}</th><th class="n">{{ t("依法核查", "checked") }}</th><th class="n">{{ t("从未核查", "never checked") }}</th><th class="n">{{ t("决定后才核查", "checked late") }}</th><th class="n">{{ t("核查已过期", "check expired") }}</th></tr></thead><tbody>
{% for d in r.due %}<tr><td>{{ point(d.point) }}</td><td class="n">{{ d.due }}</td><td class="n">{{ d.checked }}</td><td class="n">{{ d.never_checked }}</td><td class="n">{{ d.checked_late }}</td><td class="n">{{ d.stale }}</td></tr>{% endfor %}</tbody></table>{% endif %}
<h2>{{ t("二、执行情况", "2 What became of the measures") }}</h2>
{{ answers }}
{% if reasons %}<table id="reasons"><thead><tr><th>{{ t("措施", "measure") }}</th><th>{{ t("答复", "answer") }}</th><th>{{ t("理由（经办人原文）", "reason, in the officers' words") }}</th><th class="n">{{ t("次数", "times") }}</th></tr></thead><tbody>
{% for e in reasons[:shown] %}<tr><td>{{ w(e.measure_name) }} <small>{{ e.measure }}</small></td><td>{{ w(figures[e.answer].name) }}</td><td>{{ e.reason }}</td><td class="n">{{ e.count }}</td></tr>
{% endfor %}</tbody></table>{% if reasons|length > shown %}<p class="note">{{ t("另有 %d 种理由未列，见 JSON。"|format(reasons|length - shown), "%d more are in the JSON."|format(reasons|length - shown)) }}</p>{% endif %}{% endif %}
{% if trend %}<h2>{{ t("三、趋势", "3 Trend") }}</h2>
{{ plot }}
{{ table("period", t("时段", "period"), trend, trend_columns) }}{% endif %}
<h2>{{ t("四、分项统计", "4 In parts") }}</h2>
{% for dimension, title, rows, columns in tables %}<h3>{{ title }}</h3>
{{ table(dimension, title, rows, columns) }}
{% endfor %}
<h2>{{ t("五、逾期与迟报", "5 What is late") }}</h2>
{{ table("late", t("部门", "department"), late, late_columns) }}
<h2>{{ t("六、应予纠正的决定", "6 Decisions to be put right") }}</h2>
{% if remedies %}<p>{{ t("因所依据的信息被认定有误，下列决定应予复核并纠正（恢复信誉、消除影响）。", "The record beneath these decisions was found wrong; they are to be looked at again and put right.") }}</p>
<table id="remedies"><thead><tr><th>{{ t("办件", "case") }}</th><th>{{ t("事项", "matter") }}</th><th>{{ t("环节", "point") }}</th><th>{{ t("措施", "measure") }}</th><th>{{ t("状态", "state") }}</th><th>{{ t("曾执行", "was in force") }}</th></tr></thead><tbody>
{% for m in remedies %}<tr><td>{{ m.case_id }}</td><td>{{ m.matter }}</td><td>{{ point(m.point) }}</td><td>{{ m.measure }}</td><td>{{ m.state }}</td><td>{{ t("是", "yes") if m.was_in_force else t("否", "no") }}</td></tr>{% endfor %}</tbody></table>
{% else %}<p>{{ t("没有。", "None.") }}</p>{% endif %}
<h2>{{ t("七、全部指标与口径", "7 Every figure and its definition") }}</h2>
{% for title, several in chapters %}<h3>{{ title }}</h3><table class="figures"><thead><tr><th>{{ t("指标", "figure") }}</th><th class="n">{{ t("数量", "count") }}</th><th>{{ t("口径", "definition") }}</th></tr></thead><tbody>
{% for d in several %}<tr data-figure="{{ d.code }}"><td>{{ w(d.name) }}</td><td class="n{% if d.must_be_zero and r.totals[d.code] %} warn{% endif %}">{{ r.totals[d.code] }}</td><td><small>{{ w(d.definition) }}</small></td></tr>
{% endfor %}</tbody></table>{% endfor %}
<p class="note">{{ t("日期均为北京时间。一次核查计入作出之日；承诺计入期限届满之日；双公示计入作出决定之日；反馈计入产生之日。报告不含任何自然人、法人的标识；理由为经办人原文，其中形似标识或者电话的号码已遮盖。", "Days are those of Asia/Shanghai. A check counts on its own day, a commitment on the day it is due, a publication on the day of its decision, a report on the day it was made. No identifier of anybody is in this report; reasons are the officers' own words, with numbers that look like an identifier or a telephone masked.") }}</p>
</body></html>
"""
_ROWS = """<table data-by="{{ dimension }}"><thead><tr><th>{{ title }}</th>{% for c in columns %}<th class="n">{{ w(figures[c].name) }}</th>{% endfor %}</tr></thead><tbody>
{% for key, counts in rows.items() %}<tr data-key="{{ key }}"><td>{{ said(dimension, key) }}</td>{% for c in columns %}<td class="n" data-figure="{{ c }}">{{ counts[c] }}</td>{% endfor %}</tr>
{% endfor %}<tr class="sum"><td>{{ t("合计", "total") }}</td>{% for c in columns %}<td class="n">{{ totals[c] }}</td>{% endfor %}</tr></tbody></table>"""
_ENV = Environment(autoescape=True, trim_blocks=False)
_PAGE = _ENV.from_string(_TEMPLATE)
_TABLE = _ENV.from_string(_ROWS)


def page(
    report: StatisticsReport,
    remedies: Sequence[Mapping[str, Any]],
    reasons: Sequence[ReasonCount] = (),
    *,
    chinese: bool,
) -> str:
    """Write the page, in one language."""
    from credit_check_sdk.core.words import point_words

    known = figure_catalogue()
    figures = {each.code: each for each in known.figures}

    def t(zh: str, en: str) -> str:
        return zh if chinese else en

    def w(words: Words) -> str:
        return t(words.zh, words.en)

    def point(code: str) -> str:
        if not code:
            return t("（不分环节）", "(no point)")
        words = point_words(code)
        return f"{w(words)} ({code})" if chinese else code

    def said(dimension: str, key: str) -> str:
        if dimension == "point":
            return point(key)
        return key or t("（未列明）", "(not known)")

    def table(dimension: str, title: str, rows: Mapping[str, Counter[str]], columns: Sequence[str]) -> Markup:
        shown = {key: counts for key, counts in rows.items() if any(counts[c] for c in columns)}
        given = {"dimension": dimension, "title": title, "rows": shown, "columns": columns, "totals": report.totals}
        return Markup(_TABLE.render(**given, figures=figures, said=said, t=t, w=w))  # noqa: S704  the template escapes

    departments = report.by_dimension("department")
    trend = report.by_dimension("period") if report.by is not None else {}
    tables = [(name, t(zh, en), report.by_dimension(name), columns) for name, zh, en, columns in _TABLES]
    tables.insert(
        1,
        (
            "department",
            t("按部门：措施、反馈、承诺", "By department: measures, reports, commitments"),
            departments,
            _DEPARTMENT,
        ),
    )
    names = {code: w(figures[code].name) for code in figures}
    return _PAGE.render(
        r=report,
        zh=chinese,
        t=t,
        w=w,
        point=point,
        table=table,
        figures=figures,
        period=_period(report, chinese=chinese),
        headlines=_HEADLINES,
        shares=list(zip(known.shares, report.shares, strict=True)),
        chapters=[
            (t(*_CHAPTERS[name]), [each for each in known.figures if each.chapter == name]) for name in _CHAPTERS
        ],
        answers=_stacked(departments, names, said),
        plot=_lines(trend, names) if trend else "",
        trend=trend,
        trend_columns=_TREND,
        tables=tables,
        late=departments,
        late_columns=_LATE,
        remedies=remedies,
        reasons=reasons,
        shown=_REASONS,
    )


def _period(report: StatisticsReport, *, chinese: bool) -> str:
    since = report.since.isoformat() if report.since else ("启用" if chinese else "the beginning")
    until = report.until.isoformat() if report.until else ("今" if chinese else "now")
    return f"{since} 至 {until}" if chinese else f"{since} to {until}"


_KEY = _ENV.from_string('<span class="key" style="background:{{ colour }}"></span>{{ name }}')
_BARS = _ENV.from_string("""<figure><svg viewBox="0 0 720 {{ height }}" role="img" aria-label="{{ label }}">
{% for row in rows %}<text x="170" y="{{ row.y + 14 }}" text-anchor="end" font-size="12">{{ row.name }}</text>
{% for part in row.parts %}<rect x="{{ part.x }}" y="{{ row.y }}" width="{{ part.width }}" height="18" fill="{{ part.colour }}"><title>{{ part.title }}</title></rect>
{% endfor %}<text x="{{ row.end }}" y="{{ row.y + 14 }}" font-size="12">{{ row.total }}</text>
{% endfor %}</svg><figcaption>{{ keys }}</figcaption></figure>""")
_COLUMNS = _ENV.from_string("""<figure><svg viewBox="0 0 720 230" role="img" aria-label="{{ label }}">
<line x1="50" y1="190" x2="710" y2="190" stroke="#777"/><text x="44" y="194" text-anchor="end" font-size="11">0</text>
<line x1="50" y1="20" x2="710" y2="20" stroke="#ddd"/><text x="44" y="24" text-anchor="end" font-size="11">{{ top }}</text>
{% for bar in bars %}<rect x="{{ bar.x }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ bar.height }}" fill="{{ bar.colour }}"><title>{{ bar.title }}</title></rect>
{% endfor %}{% for mark in marks %}<text x="{{ mark.x }}" y="208" text-anchor="middle" font-size="11">{{ mark.name }}</text>
{% endfor %}</svg><figcaption>{{ keys }}</figcaption></figure>""")
_SHOWN = 14
_PERIODS = 36
_REASONS = 30


def _keys(codes: Sequence[str], names: Mapping[str, str]) -> Markup:
    said = (_KEY.render(colour=_COLOURS[place], name=names[code]) for place, code in enumerate(codes))
    return Markup("").join(Markup(each) for each in said)  # noqa: S704  the template escapes


def _stacked(rows: Mapping[str, Counter[str]], names: Mapping[str, str], said: Any) -> Markup:
    """Draw, for each department, what became of its measures; those with most come first."""
    found = sorted(((sum(c[p] for p in _PARTS), key, c) for key, c in rows.items()), key=lambda one: (-one[0], one[1]))
    found = [one for one in found if one[0]][:_SHOWN]
    if not found:
        return Markup("<p>—</p>")
    scale = 480 / found[0][0]
    drawn = []
    for place, (total, key, counts) in enumerate(found):
        x, parts = 180.0, []
        for colour, part in zip(_COLOURS, _PARTS, strict=True):
            width = counts[part] * scale
            parts.append(
                {"x": round(x, 1), "width": round(width, 1), "colour": colour, "title": f"{names[part]} {counts[part]}"}
            )
            x += width
        drawn.append(
            {
                "y": 6 + 26 * place,
                "name": said("department", key),
                "parts": parts,
                "end": round(x + 6, 1),
                "total": total,
            }
        )
    keys = _keys(_PARTS, names)
    return Markup(_BARS.render(rows=drawn, height=12 + 26 * len(drawn), keys=keys, label=names["proposed"]))  # noqa: S704  the template escapes


def _lines(trend: Mapping[str, Counter[str]], names: Mapping[str, str]) -> Markup:
    """Draw columns for each period, the newest of them where there are many."""
    shown = list(trend.items())[-_PERIODS:]
    codes = ("files", "hits", "applied", "late")
    top = max(1, *(counts[code] for _, counts in shown for code in codes))
    room = 660 / len(shown)
    width = min(28.0, room * 0.8 / len(codes))
    bars, marks = [], []
    every = -(-len(shown) // 12)
    for place, (period, counts) in enumerate(shown):
        left = 50 + room * place + (room - width * len(codes)) / 2
        if place % every == 0:
            marks.append({"x": round(50 + room * (place + 0.5), 1), "name": period})
        for turn, code in enumerate(codes):
            height = 170 * counts[code] / top
            bars.append(
                {
                    "x": round(left + width * turn, 1),
                    "y": round(190 - height, 1),
                    "width": round(width * 0.92, 1),
                    "height": round(height, 1),
                    "colour": _COLOURS[turn],
                    "title": f"{period} {names[code]} {counts[code]}",
                }
            )
    keys = _keys(codes, names)
    return Markup(_COLUMNS.render(bars=bars, marks=marks, top=top, keys=keys, label=names["files"]))  # noqa: S704  the template escapes
