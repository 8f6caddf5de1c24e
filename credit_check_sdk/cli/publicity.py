"""Commands on double publicity (双公示): licences and penalties that are published, corrected, withdrawn. They decide nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import content, read
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import StoredPublication

publicity = typer.Typer(
    help="双公示 Double publicity: licences and penalties, published within the days of the law.", no_args_is_help=True
)
app.add_typer(publicity, name="publicity")

_Case = Annotated[str, typer.Argument(help="CASE.json，或 - or - for standard input")]
_Record = Annotated[str, typer.Argument(help="RECORD.json：许可或处罚决定 the licence or penalty decision")]
_Number = Annotated[str, typer.Argument(help="公示记录编号 number of the publicity record")]
_Operator = Annotated[str, typer.Option(help="经办人 the officer")]
_Department = Annotated[str, typer.Option(help="部门 the department")]
_Reason = Annotated[str, typer.Option(help="理由 why")]
_STANDINGS = ("waiting", "overdue", "in_time", "late")
_WORDS = {
    "waiting": ("待送达", "on its way"),
    "overdue": ("已逾期", "overdue"),
    "in_time": ("按期", "in time"),
    "late": ("迟报", "late"),
}


@publicity.command()
def examine(case: _Case, record: _Record) -> int:
    """校验字段 Fill the fields and say what is missing or wrong; nothing is written."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.examine_publication(read(case), _record(record))
    wrong = sum(len(troubles) for _, troubles in found.values())
    if talk.json:
        talk.document(
            {
                where: {
                    "fields": dict.fromkeys(fields, True),
                    "wrong": [{"field": one.field, "words": one.words.model_dump(by_alias=True)} for one in troubles],
                }
                for where, (fields, troubles) in found.items()
            }
        )
    else:
        for where, (fields, troubles) in found.items():
            talk.out(talk.pick(f"{where}：{len(fields)} 个字段", f"{where}: {len(fields)} fields"))
            for one in troubles:
                talk.out(f"  {one.field}: {talk.words(one.words)}")
    return 2 if wrong else 0


@publicity.command()
def publish(
    case: _Case,
    record: _Record,
    *,
    operator: Annotated[str, typer.Option(help="经办人，缺省为办件经办人 the officer; default: that of the case")] = "",
) -> int:
    """公示 Publish a licence or a penalty, everywhere it has to be shown."""
    from credit_check_sdk import CreditCheck, Operator

    file = read(case)
    officer = Operator(id=operator, department=file.operator.department) if operator else None
    with CreditCheck.open(talk.settings()) as credit:
        return _show(credit.publish(file, _record(record), operator=officer))


@publicity.command()
def correct(
    number: _Number, case: _Case, record: _Record, *, operator: _Operator, reason: _Reason, department: _Department = ""
) -> int:
    """更正 Correct what was published, everywhere it was."""
    from credit_check_sdk import CreditCheck, Operator

    file = read(case)
    officer = Operator(id=operator, department=department or file.operator.department)
    with CreditCheck.open(talk.settings()) as credit:
        return _show(credit.correct_publication(number, file, _record(record), operator=officer, reason=reason))


@publicity.command()
def withdraw(number: _Number, *, operator: _Operator, reason: _Reason, department: _Department = "") -> int:
    """撤下 Withdraw what was published, everywhere it was."""
    from credit_check_sdk import CreditCheck, Operator

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.publications(record=number)
        by = department or (found[0].publication.department if found else "-")
        officer = Operator(id=operator, department=by)
        return _show(credit.withdraw_publication(number, operator=officer, reason=reason))


@publicity.command("list")
def list_(
    *,
    record: Annotated[str | None, typer.Option(help="公示记录编号 number of the record")] = None,
    case: Annotated[str | None, typer.Option(help="办件编号 number of the file")] = None,
    standing: Annotated[
        str | None, typer.Option(help="waiting | overdue | in_time | late：待送达、已逾期、按期、迟报")
    ] = None,
    limit: Annotated[int, typer.Option(help="最多条数 how many at most", min=1)] = 1000,
) -> int:
    """列出公示 List publications, those due first, and count those in time and late."""
    from credit_check_sdk import CreditCheck

    if standing is not None and standing not in _STANDINGS:
        raise InputError(
            f"--standing: {standing!r} is none of {', '.join(_STANDINGS)}",
            f"--standing：只能是 {'、'.join(_STANDINGS)}",
            remedy_en="name one of them",
            remedy_zh="请选用其中之一",
        )
    with CreditCheck.open(talk.settings()) as credit:
        found = credit.publications(record=record, case_id=case, limit=limit)
    today = _today()
    counts = Counter(one.standing(today) for one in found)
    shown = [one for one in found if standing in {None, one.standing(today)}]
    if talk.json:
        told = [_document(one, today) for one in shown]
        talk.document({"publications": told, "counts": {name: counts[name] for name in _STANDINGS}})  # type: ignore[index]
        return 0
    heads = [
        ("编号", "record"),
        ("种类", "kind"),
        ("事项", "action"),
        ("去向", "to"),
        ("文书号", "document"),
        ("期限", "due"),
        ("状态", "stands"),
    ]
    talk.table([talk.pick(*head) for head in heads], [_row(one, today) for one in shown])
    talk.out(" · ".join(f"{talk.pick(*_WORDS[name])} {counts[name]}" for name in _STANDINGS))  # type: ignore[index]
    return 0


def _row(one: StoredPublication, today: date) -> list[str]:
    said = one.publication
    due = said.due_on.isoformat() if said.due_on else "—"
    doubt = talk.pick("（暂定）", " (provisional)") if said.provisional else ""
    stands = talk.pick(*_WORDS[one.standing(today)])
    return [said.record, said.kind, said.action, said.destination, said.document_no, due + doubt, stands]


def _show(made: tuple[StoredPublication, ...]) -> int:
    today = _today()
    if talk.json:
        talk.document({"publications": [_document(one, today) for one in made]})
        return 0
    for one in made:
        talk.out(" · ".join(_row(one, today)))
    return 0


def _document(one: StoredPublication, today: date) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "standing": one.standing(today)}


def _record(file: str) -> Any:
    from credit_check_sdk import LicenceRecord, PenaltyRecord
    from credit_check_sdk.model.parsing import parse

    data = content(file)
    # What it is tells which values fit; where that is not plain, what is wrong is said of a licence.
    kind = PenaltyRecord if b'"penalty"' in data.replace(b" ", b"") else LicenceRecord
    return parse(kind, data, file)


def _today() -> date:
    from credit_check_sdk.core.desk import SHANGHAI

    return datetime.now(SHANGHAI).date()
