"""Commands on commitments: deferred acceptance, materials that arrive, and what becomes of them. They decide nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import content, read
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk import CreditCheck, Operator, StoredCommitment

commitments = typer.Typer(
    help="信用承诺 Commitments: what was promised, by when, and what became of it.", no_args_is_help=True
)
app.add_typer(commitments, name="commitments")

_Code = Annotated[str, typer.Argument(help="承诺编码 code of the commitment, 20 digits")]
_Operator = Annotated[str, typer.Option(help="经办人 the officer")]
_Department = Annotated[str, typer.Option(help="部门，缺省为受理部门 the department; default: that which took it")]
_Reason = Annotated[str, typer.Option(help="理由 why")]


@app.command()
def defer(
    file: Annotated[str, typer.Argument(help="CASE.json，或 - 表示标准输入 or - for standard input")],
    *,
    signed_by: Annotated[str | None, typer.Option(help="承诺书签署人 who signed the letter")] = None,
    agent: Annotated[str | None, typer.Option(help="代理人 the agent, where one signed")] = None,
    by: Annotated[str | None, typer.Option(help="承诺补齐日 the day promised, YYYY-MM-DD")] = None,
    offer: Annotated[
        bool, typer.Option("--offer", help="仅一次性告知，不受理 tell what is missing, and no more")
    ] = False,
) -> int:
    """容缺受理 Accept a case whose formal materials come later, against a written promise."""
    from credit_check_sdk import CreditCheck, Promise

    case = read(file)
    if offer == (signed_by is not None):
        raise InputError(
            "give either --offer or --signed-by",
            "请在 --offer 与 --signed-by 中选择一项",
            remedy_en="name exactly one of them",
            remedy_zh="两者只能给出一个",
        )
    promised = _day(by, "--by") if by else None
    with CreditCheck.open(talk.settings()) as credit:
        if offer:
            made = credit.offer_deferral(case)
        else:
            made = credit.defer(case, Promise(signed_by=signed_by or "", agent=agent, supply_by=promised))
    return _show(made)


@app.command()
def supply(
    code: _Code,
    materials: Annotated[list[str], typer.Argument(help="材料编码 codes of the materials that arrived")],
    *,
    operator: _Operator,
    department: _Department = "",
    on: Annotated[str | None, typer.Option(help="送达日期，缺省为今日 the day of arrival; default: today")] = None,
) -> int:
    """登记补齐材料 Take deferred materials that have arrived; the last of them fulfils the commitment."""
    from credit_check_sdk import CreditCheck

    arrived = _day(on, "--on") if on else None
    with CreditCheck.open(talk.settings()) as credit:
        officer = _officer(credit, code, operator, department)
        return _show(credit.supply(code, materials, operator=officer, arrived_on=arrived))


@commitments.command("list")
def list_(
    *,
    case: Annotated[str | None, typer.Option(help="办件编号 number of the file")] = None,
    open_: Annotated[bool, typer.Option("--open", help="仅未办结的 only those that are not over")] = False,
) -> int:
    """列出承诺 List commitments, those due first."""
    from credit_check_sdk import CommitmentState, CreditCheck

    states: tuple[CommitmentState, ...] = ("offered", "open", "overdue") if open_ else ()
    with CreditCheck.open(talk.settings()) as credit:
        found = credit.commitments(case_id=case, states=states)
    if talk.json:
        talk.document({"commitments": [document(each) for each in found]})
        return 0
    heads = [
        ("编码", "code"),
        ("类型", "type"),
        ("办件", "case"),
        ("承诺人", "who"),
        ("期限", "due"),
        ("状态", "state"),
    ]
    rows = [
        [
            *(each.code, each.commitment.commitment_type, each.case_id, each.commitment.subject_name),
            *(each.due_on.isoformat() if each.due_on else "—", each.state),
        ]
        for each in found
    ]
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


@commitments.command()
def show(
    code: _Code,
    *,
    letter: Annotated[bool, typer.Option("--letter", help="显示告知书和承诺书 show notice and letter")] = False,
) -> int:
    """显示承诺 Show a commitment, its 20 fields and every step."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.commitments(code=code)
        steps = credit.commitment_steps(code)
    if not found:
        _unknown(code)
    if talk.json:
        told = [{"event": s.event, "state": s.state, "at": s.at.isoformat(), "by": s.by, "why": s.why} for s in steps]
        papers = {"notice": found[0].notice, "letter": found[0].letter} if letter else {}
        texts = {name: said.model_dump(by_alias=True) if said else None for name, said in papers.items()}
        talk.document({**document(found[0]), **texts, "steps": told})
        return 0
    for said in (found[0].notice, found[0].letter) if letter else ():
        if said is not None:
            talk.out(talk.words(said))
    for step in steps:
        talk.out(f"{step.at.isoformat(timespec='minutes')} {step.event} → {step.state} · {step.by} · {step.why}")
    return _show(found[0])


@commitments.command()
def collect(file: Annotated[str, typer.Argument(help="DRAFT.json，或 - or - for standard input")]) -> int:
    """归集承诺 Collect a commitment of another type (信用承诺) and report it."""
    from credit_check_sdk import CommitmentDraft, CreditCheck

    draft = _read(CommitmentDraft, file)
    with CreditCheck.open(talk.settings()) as credit:
        return _show(credit.collect_commitment(draft))


@commitments.command()
def extend(
    code: _Code,
    *,
    until: Annotated[str, typer.Option(help="新期限 the new day, YYYY-MM-DD")],
    operator: _Operator,
    reason: _Reason,
    department: _Department = "",
) -> int:
    """延期 Give more time because of force majeure."""
    from credit_check_sdk import CreditCheck

    day = _day(until, "--until")
    with CreditCheck.open(talk.settings()) as credit:
        officer = _officer(credit, code, operator, department)
        return _show(credit.extend_commitment(code, day, operator=officer, reason=reason))


@commitments.command()
def refuse(code: _Code, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """申请人不作承诺 Write down that the applicant declines: the ordinary procedure goes on."""
    return _moved(code, operator, department, lambda credit: credit.refuse_deferral, reason)


@commitments.command()
def withdraw(code: _Code, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """撤回承诺 Take a promise back before it is due."""
    return _moved(code, operator, department, lambda credit: credit.withdraw_commitment, reason)


@commitments.command()
def fulfil(code: _Code, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """确认履行 Confirm that a commitment without materials was kept."""
    return _moved(code, operator, department, lambda credit: credit.fulfil_commitment, reason)


@commitments.command()
def breach(code: _Code, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """确认违诺 Confirm that a commitment was broken, and report it."""
    return _moved(code, operator, department, lambda credit: credit.breach_commitment, reason)


@commitments.command()
def repair(code: _Code, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """登记修复 Write down that a breach was repaired."""
    return _moved(code, operator, department, lambda credit: credit.repair_commitment, reason)


@commitments.command()
def follow() -> int:
    """到期提醒 Remind whose day is near, mark what is overdue, take over repairs; run it daily, after sync."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        report = credit.follow_commitments()
    if talk.json:
        talk.document(
            {"reminded": list(report.reminded), "overdue": list(report.overdue), "repaired": list(report.repaired)}
        )
        return 0
    for (zh, en), codes in (
        (("提醒", "remind"), report.reminded),
        (("逾期", "overdue"), report.overdue),
        (("已修复", "repaired"), report.repaired),
    ):
        for code in codes:
            talk.out(f"{talk.pick(zh, en)} {code}")
    return 0


@commitments.command("red-list")
def red_list(
    file: Annotated[str, typer.Argument(help="ENTRY.json，或 - or - for standard input")],
    *,
    operator: _Operator,
    department: Annotated[str, typer.Option(help="部门 the department")],
    withdraw_because: Annotated[str | None, typer.Option(help="撤下的理由 withdraw it, and why")] = None,
) -> int:
    """报送红名单 Report an entry of the department's own red list, or its withdrawal."""
    from credit_check_sdk import CreditCheck, Operator, RedListEntry

    entry = _read(RedListEntry, file)
    officer = Operator(id=operator, department=department)
    with CreditCheck.open(talk.settings()) as credit:
        if withdraw_because is None:
            key = credit.push_red_list(entry, operator=officer)
        else:
            key = credit.withdraw_red_list(entry, operator=officer, reason=withdraw_because)
    if talk.json:
        talk.document({"key": key})
    else:
        talk.say(f"已登记报送 {key}。", f"{key} waits to be delivered.")
    return 0


def document(each: StoredCommitment) -> dict[str, Any]:
    """Give a commitment as its JSON document; the identifier is masked."""
    said = each.model_dump(mode="json", exclude={"notice", "letter"})
    return {"code": each.code, "overdue": each.due_on is not None and each.due_on < _today(), **said}


def _show(each: StoredCommitment) -> int:
    if talk.json:
        talk.document(document(each))
        return 0
    talk.out(f"{each.code} · {each.commitment.commitment_type} · {each.state} · {each.case_id}")
    if each.due_on is not None:
        doubt = talk.pick("（暂定）", " (provisional)") if each.provisional else ""
        talk.out(talk.pick(f"  期限 {each.due_on}{doubt}", f"  due {each.due_on}{doubt}"))
    for material in each.materials:
        state = material.supplied_on.isoformat() if material.supplied_on else talk.pick("未补齐", "missing")
        talk.out(f"  - {material.code} {material.name}: {state}")
    if each.decide_by is not None:
        talk.out(talk.pick(f"  法定办结期限 {each.decide_by}", f"  decision due by law {each.decide_by}"))
    return 0


def _moved(
    code: str,
    operator: str,
    department: str,
    step: Callable[[CreditCheck], Callable[..., StoredCommitment]],
    reason: str,
) -> int:
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        officer = _officer(credit, code, operator, department)
        return _show(step(credit)(code, operator=officer, reason=reason))


def _officer(credit: CreditCheck, code: str, operator: str, department: str) -> Operator:
    from credit_check_sdk import Operator

    found = credit.commitments(code=code)
    if not found:
        _unknown(code)
    return Operator(id=operator, department=department or found[0].operator.department)


def _read(kind: type[Any], file: str) -> Any:
    from credit_check_sdk.model.parsing import parse

    return parse(kind, content(file), file)


def _day(said: str, option: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InputError(
            f"{option}: {said!r} is no day",
            f"{option}：{said} 不是日期",
            remedy_en="write it as 2026-11-23",
            remedy_zh="请写作 2026-11-23",
        ) from None


def _unknown(code: str) -> NoReturn:
    raise InputError(
        f"there is no commitment {code!r}",
        f"没有编码为 {code} 的承诺",
        code="commitment.unknown",
        remedy_en="list them with `credit-check commitments list`",
        remedy_zh="可用 credit-check commitments list 查看",
    )


def _today() -> date:
    from credit_check_sdk.core.desk import SHANGHAI

    return datetime.now(SHANGHAI).date()
