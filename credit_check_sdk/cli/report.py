"""Commands on many cases: screen, demo. They decide nothing; each row of a list gets a result or an error."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import point_of
from credit_check_sdk.cli.lists import reader_of
from credit_check_sdk.errors import CaseError, CreditCheckError, InputError
from credit_check_sdk.model.screening import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from credit_check_sdk import Applicant, Case, CreditCheck, Decision, MatterPolicy, Purpose, Rejected
    from credit_check_sdk.model.screening import ScreenReport

_SAY_EVERY = 500


@dataclass(slots=True)
class Tally:
    """What a screening has come to so far."""

    rows: int = 0
    answered: int = 0
    rejected: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    files: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[CreditCheckError] = field(default_factory=list)


@app.command()
def screen(
    files: Annotated[list[Path], typer.Argument(help="CSV, Excel, Parquet, OCDS, 360Giving")],
    *,
    matter: Annotated[str, typer.Option(help="事项 the matter")],
    point: Annotated[str, typer.Option(help="环节 the decision point")],
    out: Annotated[Path, typer.Option("-o", "--out", help="结果文件 CSV the result")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")] = "screen",
    department: Annotated[str, typer.Option(help="部门 the department")] = "screen",
    purpose: Annotated[str | None, typer.Option(help="查询目的 purpose of the query")] = None,
    basis: Annotated[str | None, typer.Option(help="查询依据 legal basis of the query")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="不留记录 decide without recording")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="只比对本机名单，不查询平台，不留记录 against the lists kept here only")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="续做上次中断的 --offline 核查 go on where it broke off")
    ] = False,
    name_column: Annotated[str | None, typer.Option(help="名称列 column of names, with --offline")] = None,
    identifier_column: Annotated[
        str | None, typer.Option(help="标识符列 column of identifiers, with --offline")
    ] = None,
    part_rows: Annotated[int, typer.Option(min=1, help="每批行数 rows of a part, with --offline")] = 5_000_000,
    engine: Annotated[
        str, typer.Option(help="local，或插件提供的引擎 or a plugin's, as dask; with --offline")
    ] = "local",
    engine_option: Annotated[list[str] | None, typer.Option(help="引擎选项 KEY=VALUE option of the engine")] = None,
) -> int:
    """批量核查 Screen lists: one row per applicant, each with its result or its error."""
    from credit_check_sdk import CreditCheck, Operator

    if engine != "local" and not offline:
        raise InputError(
            "--engine works with --offline only: platforms are asked from one place",
            "--engine 须与 --offline 同用：查询平台只在本机进行",
            remedy_en="add --offline, or leave --engine out",
            remedy_zh="请加 --offline，或去掉 --engine",
        )
    with CreditCheck.open(talk.settings()) as credit:
        policy = _policy(credit, matter, point)
        why = _purpose(policy, purpose, basis)
        if offline:
            runs = _engine(credit, engine, engine_option or [])
            return _screen_offline(
                credit, files, out, {
                    "matter": matter, "point": point, "purpose": why, "name_column": name_column,
                    "identifier_column": identifier_column, "rows_of_a_part": part_rows, "resume": resume, "engine": runs,
                },
            )  # fmt: skip
        officer = Operator(id=operator, department=department)
        tally = Tally()
        with out.open("w", encoding="utf-8", newline="") as writing:
            writer = csv.DictWriter(writing, COLUMNS)
            writer.writeheader()
            for file in files:
                try:
                    _screen_file(credit, file, _Plan(matter, point, why, officer, record=not dry_run), writer, tally)
                except InputError as error:
                    tally.unreadable.append(error)
                    talk.say(f"{file.name}：{error.words('zh-CN')}", f"{file.name}: {error.words('en')}")
    _say_tally(tally, out)
    if tally.unreadable:
        return 2
    return 1 if tally.rejected else 0


def _engine(credit: CreditCheck, name: str, given: Sequence[str]) -> Any:
    """Make the engine of that name, of options given as KEY=VALUE; None stands for this process."""
    if name == "local":
        return None
    options = dict(each.partition("=")[::2] for each in given)
    return credit.engine(name, options)


def _screen_offline(credit: CreditCheck, files: list[Path], out: Path, options: dict[str, Any]) -> int:
    """Screen one list against the lists kept here."""
    if len(files) != 1:
        raise InputError(
            "--offline takes one file at a time",
            "--offline 每次处理一个文件",
            remedy_en="screen each into a result of its own",
            remedy_zh="请分别处理",
        )

    def told(sum_: ScreenReport) -> None:
        talk.say(f"已完成 {sum_.rows} 行", f"{sum_.rows} rows done")

    try:
        report = credit.screen_list(files[0], out, told=told, **options)
    except BaseException:
        if out.with_name(f"{out.name}.parts").exists():
            talk.say("已完成的部分已保留；可加 --resume 续做。", "What is done is kept; --resume goes on with it.")
        raise
    tally = Tally(report.rows, report.answered, report.rejected, Counter(report.outcomes))
    tally.files.append(
        {"file": files[0].name, "format": files[0].suffix.lstrip("."), "items": report.rows, "rows": report.rows}
    )
    _say_tally(tally, out)
    return 1 if report.rejected else 0


@dataclass(frozen=True, slots=True)
class _Plan:
    matter: str
    point: Any
    purpose: Purpose
    operator: Any
    record: bool


def _screen_file(credit: CreditCheck, file: Path, plan: _Plan, writer: Any, tally: Tally) -> None:
    from credit_check_sdk.adapter import Rejected, Remark

    reader = reader_of(file)
    items: int | None = None
    before = tally.rows
    stamp = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    waiting: list[Applicant] = []

    def cases() -> Iterator[Case]:
        nonlocal items
        for place, found in enumerate(reader.read(file), start=1):
            if isinstance(found, Remark):
                items = found.items
                talk.say(f"{file.name}：{found.words.zh}", f"{file.name}: {found.words.en}")
            elif isinstance(found, Rejected):
                _write_rejected(writer, found, tally)
            else:
                try:
                    case = _case(found, f"SCREEN-{stamp}-{place}", plan)
                except (CaseError, ValueError) as error:
                    _write_refused(writer, found, error, tally)
                    continue
                waiting.append(found)
                yield case

    for decided in credit.check_many(cases(), record=plan.record, errors="yield"):
        applicant = waiting.pop(0)
        if isinstance(decided, CreditCheckError):
            _write_refused(writer, applicant, decided, tally)
        else:
            _write_answered(writer, applicant, decided, tally)
        if tally.rows % _SAY_EVERY == 0:
            talk.say(f"已完成 {tally.rows} 行", f"{tally.rows} rows done")
    rows = tally.rows - before
    tally.files.append({"file": file.name, "format": reader.format, "items": items, "rows": rows})
    if rows == 0:
        talk.say(f"{file.name}：没有可核查的主体", f"{file.name}: nobody in it to be checked")


def _case(applicant: Applicant, number: str, plan: _Plan) -> Case:
    from credit_check_sdk import Case
    from credit_check_sdk._shell.world import now

    return Case(
        id=number,
        matter=plan.matter,
        point=plan.point,
        subject=applicant.subject,
        parties=applicant.parties,
        purpose=plan.purpose,
        operator=plan.operator,
        opened_at=now(),
        tender=applicant.tender,
        host={**applicant.host, "row": applicant.row, "process": applicant.process},
    )


def _write_answered(writer: Any, applicant: Applicant, decision: Decision, tally: Tally) -> None:
    # A doubt about who somebody is makes *review* of what the sources said about them; never less than they said.
    outcome = "review" if applicant.doubts and decision.outcome == "clear" else decision.outcome
    tally.rows += 1
    tally.answered += 1
    tally.outcomes[outcome] += 1
    writer.writerow(
        {
            "row": applicant.row,
            "name": cell(applicant.subject.name),
            "identifier_masked": applicant.subject.masked or "",
            "outcome": outcome,
            "measures": " ".join(dict.fromkeys(proposal.measure for proposal in decision.proposals)),
            "reasons_zh": "\n".join((*(doubt.zh for doubt in applicant.doubts), *decision.reasons.zh)),
            "reasons_en": "\n".join((*(doubt.en for doubt in applicant.doubts), *decision.reasons.en)),
            "decision": decision.id,
            "error": "",
        }
    )


def _write_refused(writer: Any, applicant: Applicant, error: Exception, tally: Tally) -> None:
    said = talk.pick(error.words("zh-CN"), error.words("en")) if isinstance(error, CreditCheckError) else _plain(error)
    _write_error(writer, applicant.row, applicant.subject.name, applicant.subject.masked or "", said, tally)


def _write_rejected(writer: Any, rejected: Rejected, tally: Tally) -> None:
    _write_error(writer, rejected.row, rejected.name or "", "", talk.words(rejected.reason), tally)


def _write_error(writer: Any, row: str, name: str, masked: str, said: str, tally: Tally) -> None:
    tally.rows += 1
    tally.rejected += 1
    writer.writerow({"row": row, "name": cell(name), "identifier_masked": masked, "error": said})


def _plain(error: Exception) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return type(error).__name__


def cell(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _policy(credit: CreditCheck, matter: str, point: str) -> MatterPolicy:
    policy = credit.policies.get(matter)
    if policy is None:
        known = ", ".join(sorted(credit.policies))
        raise CaseError(
            f"--matter {matter!r} is unknown",
            f"--matter：事项“{matter}”不存在",
            code="case.unknown_matter",
            remedy_en=f"use one of {known}",
            remedy_zh=f"可用事项：{known}",
        )
    if point_of(point) not in policy.points:
        raise CaseError(
            f"--point: {matter} has no decision point {point!r}",
            f"--point：事项 {matter} 没有环节“{point}”",
            code="case.unknown_point",
            remedy_en=f"use one of {', '.join(policy.points)}",
            remedy_zh=f"可用环节：{'、'.join(policy.points)}",
        )
    return policy


def _purpose(policy: MatterPolicy, text: str | None, basis: str | None) -> Purpose:
    """Say why the list is queried: as told, else by the matter's own duty to check."""
    from credit_check_sdk import Purpose

    duty = next(iter(policy.query_basis), None)
    said = f"{duty.title} {duty.article or ''}".strip() if duty else policy.name.zh
    return Purpose(text=text or f"批量核查：{policy.name.zh}", basis=basis or said)


def _say_tally(tally: Tally, out: Path) -> None:
    if talk.json:
        talk.document(
            {
                "rows": tally.rows,
                "answered": tally.answered,
                "rejected": tally.rejected,
                "outcomes": dict(tally.outcomes),
                "out": str(out),
                "files": tally.files,
                "unreadable": [error.words("zh-CN" if talk.chinese else "en") for error in tally.unreadable],
            }
        )
        return
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(tally.outcomes.items()))
    talk.say(
        f"共 {tally.rows} 行，已答复 {tally.answered}，拒收 {tally.rejected}（{outcomes}）；结果在 {out}",
        f"{tally.rows} rows, {tally.answered} answered, {tally.rejected} rejected ({outcomes}); the result is in {out}",
    )


@app.command()
def demo(
    *,
    inputs: Annotated[Path | None, typer.Option(help="真实输入的目录 folder of real inputs")] = None,
    report: Annotated[Path, typer.Option(help="HTML 报告 the report")] = Path("credit-check-demo.html"),
) -> int:
    """演示 The whole job on small inputs: sandbox, a host of each kind, checks, settlements, feedback, a readable report."""
    from credit_check_sdk.cli.demo import play

    return play(inputs, report)
