"""Commands on one case: check, settle, require, evidence show. They decide nothing."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import EXIT, app, talk
from credit_check_sdk.errors import CaseError, GateError, InputError
from credit_check_sdk.model.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import Case, CreditCheck, Decision, Record, StoredCheck, TransitionEntry

LARGEST = 16 * 1024 * 1024
"""The largest file that is read as one case or settlement, in bytes."""

evidence = typer.Typer(help="查核查证据 Evidence of checks.", no_args_is_help=True)
app.add_typer(evidence, name="evidence")


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="CASE.json，或 - 表示标准输入 or - for standard input")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只看结论，不留记录、不出回执 decide without recording")
    ] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(help="信用报告文件，编号=文件 NUMBER=FILE: the file of a credit report that the case names"),
    ] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="显示完整标识符 show identifiers in full")] = False,
) -> int:
    """核查一个办件 Check one case; the exit code says the outcome."""
    case = _with_reports(read(file), report or [])
    with _open() as credit:
        decision = credit.check(case, record=not dry_run)
    document = decision.model_dump(mode="json")
    if reveal:
        document = _revealed(document, case)
    if talk.json:
        talk.document(document)
    else:
        show(decision)
    return EXIT[decision.outcome]


@app.command()
def settle(
    case_id: Annotated[str, typer.Argument(help="办件编号 number of the file")],
    *,
    point: Annotated[str, typer.Option(help="环节 decision point")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    department: Annotated[
        str | None, typer.Option(help="部门，缺省为办件的部门 the department; default: the case's")
    ] = None,
    all_applied: Annotated[bool, typer.Option("--all-applied", help="全部执行 apply every proposal")] = False,
    responses: Annotated[str | None, typer.Option(help="答复文件 file of answers")] = None,
) -> int:
    """答复措施 Settle the proposals of the latest check."""
    from credit_check_sdk import Operator, Response, Settlement

    if all_applied == (responses is not None):
        raise InputError(
            "give either --all-applied or --responses FILE",
            "请在 --all-applied 与 --responses FILE 中选择一项",
            remedy_en="name exactly one of them",
            remedy_zh="两者只能给出一个",
        )
    with _open() as credit:
        stored = _latest(credit, case_id, point)
        officer = Operator(id=operator, department=department or stored.case.operator.department)
        if responses is not None:
            given = parse(Settlement, content(responses), responses)
            if (given.case_id, given.point) != (case_id, point):
                raise InputError(
                    "the answers are for another case or point",
                    "答复文件与所给办件或环节不一致",
                    remedy_en="compare case_id and point",
                    remedy_zh="请核对 case_id 与 point",
                )
            answers = given.responses
        else:
            answers = tuple(Response(proposal=p.id, answer="applied") for p in stored.decision.proposals)
        if not answers:
            talk.say("没有需要答复的措施。", "There is nothing to settle.")
            if talk.json:
                talk.document({"case_id": case_id, "point": point, "settled": True, "answers": {}, "feedback": []})
            return 0
        settled = credit.settle(stored.decision, answers, operator=officer)
    if talk.json:
        talk.document(settled)
    else:
        talk.say(
            f"已答复 {len(answers)} 项措施，{len(settled.feedback)} 条反馈待发送。",
            f"{len(answers)} proposals answered; {len(settled.feedback)} feedbacks wait for the relay.",
        )
    return 0


@app.command()
def require(
    case: Annotated[str, typer.Argument(help="CASE.json，或办件编号 or the number of the file")],
    *,
    to: Annotated[str, typer.Option(help="proceed | grant | refuse")] = "proceed",
    point: Annotated[str | None, typer.Option(help="环节 decision point, where the number is given")] = None,
) -> int:
    """过闸 Let the case pass its decision point, or refuse (exit 20)."""
    if to not in {"proceed", "grant", "refuse"}:
        raise InputError(
            f"--to {to!r} is unknown",
            f"--to：没有“{to}”",
            remedy_en="use proceed, grant or refuse",
            remedy_zh="请使用 proceed、grant 或 refuse",
        )
    step: Any = to
    with _open() as credit:
        try:
            if point is None or Path(case).is_file():
                passed = credit.require(read(case), to=step)
            else:
                passed = credit.require(case, to=step, point=point_of(point))
        except GateError as refusal:
            lang = "zh-CN" if talk.chinese else "en"
            talk.say(f"未放行：{refusal.words('zh-CN')}", f"refused: {refusal.words('en')}")
            if talk.json:
                said = {"passed": False, "code": refusal.code, "detail": refusal.detail, "message": refusal.words(lang)}
                talk.document(said)
            return refusal.exit_code
    if talk.json:
        talk.document(passed)
    else:
        talk.say(f"放行（{to}），依据核查 {passed.decision}。", f"passed ({to}) on check {passed.decision}.")
    return 0


@evidence.command("show")
def evidence_show(
    number: Annotated[str, typer.Argument(help="核查编号 dec_…，或办件编号 number of a check, or of a file")],
    *,
    point: Annotated[
        str | None, typer.Option(help="环节，按办件编号时须给出 decision point, with a file's number")
    ] = None,
) -> int:
    """显示一次核查 Show one check: what was asked, what came back, what was decided and answered."""
    with _open() as credit:
        stored = find(credit, number, point)
        steps = credit.transitions(stored.decision.id)
    if talk.json:
        talk.document(_evidence(stored, steps))
    else:
        show(stored.decision)
        for answer in stored.responses:
            talk.out(
                f"  {answer.at.isoformat()}  {answer.operator.id}  {answer.response.proposal}  {answer.response.answer}"
            )
        for step in steps:
            talk.out(f"  {step.at.isoformat()}  {step.by}  {step.before} → {step.after}  {talk.words(step.why)}")
    return 0


def find(credit: CreditCheck, number: str, point: str | None) -> StoredCheck:
    """Find a check by its own number, or by a file's number and the point.

    Raises:
        InputError: there is none.
    """
    if point is not None:
        return _latest(credit, number, point)
    stored = credit.show(number)
    if stored is None:
        raise none_such(number)
    return stored


def none_such(number: str) -> InputError:
    """Say that there is no check of this number."""
    return InputError(
        f"there is no check {number!r}",
        f"没有编号为 {number} 的核查",
        code="settle.never_checked",
        remedy_en="give the number of a check (dec_…), or a file's number with --point",
        remedy_zh="请给出核查编号（dec_…），或办件编号并加 --point",
    )


def show(decision: Decision) -> None:
    """Print a decision for a person."""
    lang = "zh-CN" if talk.chinese else "en"
    talk.out(f"{decision.case_id} · {decision.matter} · {decision.point} · {decision.outcome}")
    for line in decision.reasons[lang]:
        talk.out(f"  - {line}")
    talk.out(
        talk.pick(
            f"  核查编号 {decision.id}，有效至 {decision.valid_until.isoformat(timespec='seconds')}",
            f"  check {decision.id}, valid until {decision.valid_until.isoformat(timespec='seconds')}",
        )
    )


def read(file: str) -> Case:
    """Read a case.

    Raises:
        CaseError: it cannot be checked; the message names key and place.
    """
    from credit_check_sdk import Case

    case: Case = parse(Case, content(file), file, CaseError)
    return case


def _with_reports(case: Case, given: Sequence[str]) -> Case:
    """Put the digests of files to the credit reports of a case.

    Raises:
        CaseError: a report is not named by the case, or its file is another one.
    """
    reports = list(case.credit_reports)
    for each in given:
        number, _, file = each.partition("=")
        place = next((place for place, one in enumerate(reports) if one.number == number), None)
        if place is None or not file:
            raise CaseError(
                f"--report {number!r}: the case names no credit report of that number",
                f"--report {number}：办件未列该编号的信用报告",
                remedy_en="give NUMBER=FILE, with a number of its credit_reports",
                remedy_zh="请按“编号=文件”填写，编号取自办件的 credit_reports",
            )
        try:
            reports[place] = reports[place].sealed(content(file))
        except ValueError:
            raise CaseError(
                f"--report {number!r}: the file is empty, or is not the one whose digest the case names",
                f"--report {number}：文件为空，或者与办件所载摘要不一致",
                remedy_en="give the file that was handed in; where it was altered, the report counts for nothing",
                remedy_zh="请提供原始报告文件；文件被改动的，该报告不予采信",
            ) from None
    return case.model_copy(update={"credit_reports": tuple(reports)}) if given else case


def parse_records(file: str) -> tuple[Record, ...]:
    """Read a record, or a list of them, from a JSON file."""
    from pydantic import RootModel

    from credit_check_sdk import Record

    class Records(RootModel[tuple[Record, ...]]):
        """What was found by hand."""

    data = content(file).strip()
    return tuple(parse(Records, data if data.startswith(b"[") else b"[" + data + b"]", file).root)


def content(file: str) -> bytes:
    """Read a file, or standard input, as far as a case may be long.

    Raises:
        InputError: it cannot be read, or is longer.
    """
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST)
        path = Path(file)
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path.name} is larger than {LARGEST // 1024 // 1024} MiB",
                f"{path.name} 超过 {LARGEST // 1024 // 1024} MiB",
                code="file.unreadable",
                remedy_en="use `screen` for lists",
                remedy_zh="名单请使用 screen 命令",
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{file} cannot be read ({error.strerror})",
            f"{file} 无法读取（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file that is there",
            remedy_zh="请指定存在的文件",
        ) from None


def _open() -> CreditCheck:
    from credit_check_sdk import CreditCheck

    return CreditCheck.open(talk.settings())


def point_of(point: str) -> Any:
    """Give a decision point by its name."""
    from typing import get_args

    from credit_check_sdk.model import Point

    if point not in get_args(Point):
        known = ", ".join(get_args(Point))
        raise InputError(
            f"--point {point!r} is unknown",
            f"--point：没有环节“{point}”",
            code="case.unknown_point",
            remedy_en=f"use one of {known}",
            remedy_zh=f"请使用：{known}",
        )
    return point


def _latest(credit: CreditCheck, case_id: str, point: str) -> StoredCheck:
    stored = credit.latest(case_id, point_of(point))
    if stored is None:
        raise InputError(
            f"case {case_id!r} was never checked at {point}",
            f"办件 {case_id} 在 {point} 环节没有核查记录",
            code="settle.never_checked",
            remedy_en="check it first",
            remedy_zh="请先核查",
        )
    return stored


def _evidence(stored: StoredCheck, steps: Sequence[TransitionEntry] = ()) -> dict[str, Any]:
    return {
        "decision": stored.decision.model_dump(mode="json"),
        "case": stored.case.model_dump(mode="json"),
        "consultations": [consultation.model_dump(mode="json") for consultation in stored.consultations],
        "parties": stored.parties,
        "responses": [
            {
                "id": answer.id,
                "at": answer.at.isoformat(),
                "operator": answer.operator.model_dump(mode="json"),
                **answer.response.model_dump(mode="json"),
                "feedback": answer.feedback,
            }
            for answer in stored.responses
        ],
        "touched_by": stored.touched_by,
        "transitions": [
            dataclasses.asdict(step) | {"at": step.at.isoformat(), "why": step.why.model_dump(mode="json")}
            for step in steps
        ],
    }


def _revealed(document: Any, case: Case) -> Any:
    """Put identifiers in full where they stand masked."""
    full = {p.masked: p.normal for party in case.everybody for p in party.subject.identifiers}
    if isinstance(document, dict):
        return {key: _revealed(value, case) for key, value in document.items()}
    if isinstance(document, list):
        return [_revealed(value, case) for value in document]
    if isinstance(document, str):
        for masked, value in full.items():
            document = document.replace(masked, value)
    return document
