"""Commands on the catalogue of measures: check, show, why, on. They change nothing and ask no source."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path  # noqa: TC003  typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.catalogue.placing import Trouble
    from credit_check_sdk.model import CreditList, Measure
    from credit_check_sdk.model.ledger import StoredCheck

catalogue = typer.Typer(
    help="措施清单 The catalogue of measures: validate it, read it, explain it, as it stood on any day.",
    no_args_is_help=True,
)
app.add_typer(catalogue, name="catalogue")

_INVALID = 2


@catalogue.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="补充清单 supplements; default: those configured")] = None,
    *,
    region: Annotated[str | None, typer.Option(help="所在地区，缺省为配置所列或文件自身 region of the site")] = None,
) -> int:
    """校验 Validate the catalogue and supplements: every trouble with file, line and reason (exit 2), and conflicts."""
    from credit_check_sdk.catalogue.inspecting import inspect

    settings = talk.settings()
    paths = list(files) if files else [settings.path(name) for name in settings.catalogue.supplements]
    found = inspect(paths, region=region or settings.region)
    if talk.json:
        talk.document(
            {
                "valid": not found.troubles,
                "edition": found.edition,
                "measures": found.measures,
                "lists": found.lists,
                "matters": found.matters,
                "supplements": [path.name for path in paths],
                "troubles": [_placed(one) for one in found.troubles],
                "conflicts": [_placed(one) for one in found.conflicts],
            }
        )
        return _INVALID if found.troubles else 0
    for one in found.troubles:
        talk.out(f"{one.file}:{one.line}: {talk.pick(one.zh, one.en)}")
    for one in found.conflicts:
        talk.out(talk.pick(f"{one.file}:{one.line}: 冲突：{one.zh}", f"{one.file}:{one.line}: conflict: {one.en}"))
    if found.troubles:
        talk.say(
            f"✗ {len(found.troubles)} 处问题，该清单不能使用；请逐条修改后再次校验",
            f"✗ {len(found.troubles)} troubles: it does not load; mend them and check again",
        )
        return _INVALID
    talk.say(
        f"✓ 版次 {found.edition}：措施 {found.measures} 条，名单 {found.lists} 项；冲突 {len(found.conflicts)} 处",
        f"✓ edition {found.edition}: {found.measures} measures, {found.lists} lists; {len(found.conflicts)} conflicts",
    )
    return 0


@catalogue.command()
def show(
    code: Annotated[
        str | None, typer.Argument(help="措施、名单或备忘录代码 code of a measure, list or memorandum")
    ] = None,
    *,
    matter: Annotated[str | None, typer.Option(help="事项或事项类型 a matter, or a kind of matter")] = None,
    point: Annotated[str | None, typer.Option(help="环节 a decision point")] = None,
    kind: Annotated[str | None, typer.Option(help="restriction | incentive | list | memorandum | severity")] = None,
) -> int:
    """查看 Show the measures in force today, or one entry."""
    known = _catalogue()
    if code is not None:
        return _show_one(known, code)
    if kind not in {None, "restriction", "incentive", "list", "memorandum", "severity"}:
        raise _unknown("--kind", kind or "", ("restriction", "incentive", "list", "memorandum", "severity"))
    if kind == "list":
        return _several("lists", known.lists, ("代码", "code"), ("名称", "name"), ("期限与退出", "term and exit"))
    if kind == "memorandum":
        return _several("memoranda", known.memoranda.values(), ("代码", "code"), ("名称", "title"), ("状态", "status"))
    if kind == "severity":
        return _several("severity_rules", known.severity_rules, ("代码", "code"), ("名称", "name"), ("适用", "for"))
    _known_matter(known, matter)
    held = [
        measure
        for measure in known.in_force(_today(), matter)
        if kind in {None, measure.kind} and (point is None or not measure.points or point in measure.points)
    ]
    if talk.json:
        talk.document({"edition": known.edition_on(_today()), "measures": [_dumped(m) for m in held]})
    else:
        _measures(held)
    return 0


def _show_one(known: Catalogue, code: str) -> int:
    listed, memorandum = known.list_of(code), known.memoranda.get(code)
    if any(measure.code == code for measure in known.measures):
        if talk.json:
            talk.document(_dumped(known.measure(code)))
        else:
            _explain(known, code)
        return 0
    value = memorandum or listed
    if value is None:
        raise _no_such(known, code)
    if talk.json:
        talk.document(value)
        return 0
    for key, said in value.model_dump(mode="json").items():
        if said not in (None, [], {}):
            talk.out(f"{key}: {_plain(said)}")
    return 0


@catalogue.command()
def why(
    what: Annotated[str, typer.Argument(help="措施代码或决定编号 code of a measure, or number of a decision, dec_…")],
) -> int:
    """解释 Explain why a measure would apply, or why it was proposed in a decision."""
    if not what.startswith("dec_"):
        known = _catalogue()
        if not any(measure.code == what for measure in known.measures):
            raise _no_such(known, what)
        _explain(known, what)
        return 0
    from credit_check_sdk import CreditCheck
    from credit_check_sdk.core.why import why_decision

    with CreditCheck.open(talk.settings()) as credit:
        said = why_decision(credit.catalogue, _stored(credit, what))
    if talk.json:
        talk.document(said)
        return 0
    talk.out(
        talk.pick(
            f"决定 {said['decision']}：{said['outcome']}，{said['decided_at']}，适用版次 {said['edition']}",
            f"Decision {said['decision']}: {said['outcome']}, {said['decided_at']}, edition {said['edition']}",
        )
    )
    for one in said["proposals"]:
        _proposal(one)
    if not said["proposals"]:
        talk.out(talk.pick("没有提出任何措施。", "No measure was proposed."))
    return 0


@catalogue.command("on")
def on_(
    day: Annotated[str, typer.Argument(help="日期或决定编号 a day, 2026-03-31, or number of a decision")],
    *,
    matter: Annotated[str | None, typer.Option(help="事项或事项类型 a matter, or a kind of matter")] = None,
) -> int:
    """某日版次 Say which edition and which measures applied on a day, and what differs from today."""
    known, decision = None, None
    if day.startswith("dec_"):
        from credit_check_sdk import CreditCheck
        from credit_check_sdk.core.desk import day_of

        with CreditCheck.open(talk.settings()) as credit:
            decision = _stored(credit, day).decision
            known = credit.catalogue
        at = day_of(decision.decided_at)
        matter = matter or decision.matter
    else:
        known, at = _catalogue(), _day(day)
    _known_matter(known, matter)
    now, then = known.in_force(_today(), matter), known.in_force(at, matter)
    since: dict[str, Any] = _differences(then, now)
    said: dict[str, Any] = {
        "day": at.isoformat(),
        "edition": decision.catalogue.edition if decision else known.edition_on(at),
        "digest": decision.catalogue.digest if decision else known.digest,
        "decision": decision.id if decision else None,
        "matter": matter,
        "severity_rules": next((rules.code for rules in known.severity_rules if rules.covers(at)), None),
        "measures": [_dumped(measure) for measure in then],
        "since": {"today": _today().isoformat(), "edition": known.edition_on(_today()), **since},
    }
    if talk.json:
        talk.document(said)
        return 0
    talk.out(
        talk.pick(
            f"{said['day']}：版次 {said['edition'] or '（早于第一版）'}，文书分类与公示规则 {said['severity_rules']}，"
            f"有效措施 {len(then)} 条",
            f"{said['day']}: edition {said['edition'] or '(before the first one)'}, severity rules "
            f"{said['severity_rules']}, {len(then)} measures in force",
        )
    )
    _measures(then)
    for key, zh, en in (
        ("added", "此后新增", "added since"),
        ("ended", "此后失效", "ended since"),
        ("changed", "此后变更", "changed since"),
    ):
        codes: list[str] = since[key]
        if codes:
            talk.out(talk.pick(f"{zh}：{'、'.join(codes)}", f"{en}: {', '.join(codes)}"))
    return 0


def _differences(then: Iterable[Measure], now: Iterable[Measure]) -> dict[str, list[str]]:
    before, after = ({measure.code: measure for measure in several} for several in (then, now))
    return {
        "added": sorted(after.keys() - before.keys()),
        "ended": sorted(before.keys() - after.keys()),
        "changed": sorted(code for code in before.keys() & after.keys() if before[code] != after[code]),
    }


def _catalogue() -> Catalogue:
    from credit_check_sdk.catalogue import load

    settings = talk.settings()
    return load(
        [settings.path(name) for name in settings.catalogue.supplements],
        region=settings.region,
        matters=settings.matters,
        terms=settings.terms,
    )


def _stored(credit: Any, number: str) -> StoredCheck:
    found: StoredCheck | None = credit.show(number)
    if found is None:
        raise InputError(
            f"there is no decision {number!r} in this ledger",
            f"台账中没有决定 {number}",
            code="decision.unknown",
            remedy_en="compare the number; `credit-check evidence show` takes the same one",
            remedy_zh="请核对编号；credit-check evidence show 使用同一编号",
        )
    return found


def _explain(known: Catalogue, code: str) -> None:
    from credit_check_sdk.core.why import why_measure

    said = why_measure(known, code, _today())
    if talk.json:
        talk.document(said)
        return
    talk.out(f"{code}  {_both(said['name'])}")
    rows = [
        (("效力", "standing"), [_both(words) for words in said["standing"]]),
        (("触发（任一）", "triggers (any)"), [_both(words) for words in said["triggers"]]),
        (("并须", "and all of"), [_both(words) for words in said["requires"]]),
        (("事项", "matters"), [", ".join(said["matters"]) or "—"]),
        (("环节", "points"), [", ".join(said["points"]) or talk.pick("全部", "all")]),
        (("及于", "reaches"), [", ".join(_both(one["words"]) for one in said["reach"])]),
        (("影响", "effect"), [_both(said["effect"])] if said["effect"] else []),
        (("期限", "period"), [_both(said["period"])]),
        (("依据", "basis"), [_both(words) for words in said["basis"]]),
        (
            ("生效", "in force"),
            [
                f"{form['effective_from']} – {form['effective_to'] or ''}（{form['edition']}）"
                if talk.chinese
                else f"{form['effective_from']} – {form['effective_to'] or ''} ({form['edition']})"
                for form in said["forms"]
            ],
        ),
        (("备忘录索引", "memoranda"), [f"{m['code']} {m['doc_no']} {_both(m['title'])}" for m in said["memoranda"]]),
        (("说明", "note"), [_both(said["note"])] if said["note"] else []),
    ]
    for title, lines in rows:
        for place, line in enumerate(lines):
            talk.out(f"  {talk.pick(*title) + ':' if place == 0 else '':<14} {line}")


def _proposal(one: dict[str, Any]) -> None:
    until = _both(one["until_words"])
    talk.out(f"  {one['measure']}  {_both(one['name'])}  {one['strength']}, {one['force']}  {until}")
    for basis in one["basis"]:
        talk.out(f"    {talk.pick('依据', 'basis')}: {_both(basis)}")
    for ground in one["grounds"]:
        met = _both(ground["trigger"]) if ground["trigger"] else "—"
        fact = " ".join(part for part in (ground["authority"], ground["doc_no"], ground["status"]) if part)
        talk.out(f"    {talk.pick('记录', 'record')} {ground['record_id']} ({ground['source']}): {fact}")
        talk.out(f"      {talk.pick('符合触发条件', 'meets')}: {met}")


def _measures(held: Iterable[Measure]) -> None:
    heads = (
        ("代码", "code"),
        ("名称", "name"),
        ("类别", "class"),
        ("性质", "force"),
        ("力度", "strength"),
        ("事项", "matters"),
    )
    rows = [[m.code, talk.words(m.name), m.class_ or "—", m.force, m.strength, ", ".join(m.matters)] for m in held]
    talk.table([talk.pick(*head) for head in heads], rows)


def _several(key: str, values: Iterable[Any], *heads: tuple[str, str]) -> int:
    kept = list(values)
    if talk.json:
        talk.document({key: [value.model_dump(mode="json") for value in kept]})
        return 0
    talk.table([talk.pick(*head) for head in heads], [_row(value) for value in kept])
    return 0


def _row(value: Any) -> list[str]:
    name = value.title if hasattr(value, "title") else value.name
    if hasattr(value, "term"):
        last = talk.words(value.term)
    elif hasattr(value, "status"):
        last = f"{value.status}, {value.doc_no}"
    else:
        last = f"{value.effective_from or '…'} – {value.effective_to or ''}"
    return [value.code, talk.words(name), last]


def _dumped(measure: Measure) -> dict[str, Any]:
    return measure.model_dump(mode="json")


def _plain(said: Any) -> str:
    if isinstance(said, dict) and set(said) == {"zh-CN", "en"}:
        return _both(said)
    if isinstance(said, list):
        return "; ".join(_plain(one) for one in said)
    if isinstance(said, dict):
        return " ".join(_plain(one) for one in said.values() if one is not None)
    return str(said)


def _both(words: dict[str, str]) -> str:
    return talk.pick(words["zh-CN"], words["en"])


def _placed(one: Trouble) -> dict[str, Any]:
    return {"file": one.file, "line": one.line, "words": {"zh-CN": one.zh, "en": one.en}}


def _known_matter(known: Catalogue, matter: str | None) -> None:
    if matter is not None and matter not in known.policies and matter.partition(".")[0] not in known.kinds:
        raise _unknown("--matter", matter, (*known.kinds, *known.policies))


def _no_such(known: Catalogue, code: str) -> InputError:
    import difflib

    codes: list[str] = [one.code for several in (known.measures, known.lists) for one in _coded(several)]
    near = difflib.get_close_matches(code.upper(), [*codes, *known.memoranda], n=1, cutoff=0.5)
    return InputError(
        f"the catalogue has no entry {code!r}",
        f"清单中没有“{code}”",
        code="catalogue.unknown",
        remedy_en=f"did you mean {near[0]}?" if near else "`credit-check catalogue show` lists them",
        remedy_zh=f"是否为 {near[0]}？" if near else "可用 credit-check catalogue show 查看",
    )


def _coded(several: Iterable[Measure] | Iterable[CreditList]) -> Iterable[Measure | CreditList]:
    return several


def _unknown(option: str, said: str, known: Iterable[str]) -> InputError:
    names = ", ".join(known)
    return InputError(
        f"{option} {said!r} is unknown",
        f"{option}：没有“{said}”",
        remedy_en=f"use one of {names}",
        remedy_zh=f"请使用：{names}",
    )


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InputError(
            f"{said!r} is no day and no decision",
            f"“{said}”不是日期，也不是决定编号",
            remedy_en="write a day as 2026-03-31, or give the number of a decision, dec_…",
            remedy_zh="日期格式为 2026-03-31；决定编号以 dec_ 开头",
        ) from None


def _today() -> date:
    from credit_check_sdk.core.desk import day_of

    return day_of(datetime.now().astimezone())
