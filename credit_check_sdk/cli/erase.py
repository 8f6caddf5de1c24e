"""Commands on how long things are kept: erase, held, ledger hold. They decide nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  typer reads it
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.ledger import ledger
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import ErasureReport, KeptFile, Subject

_REASONS = {
    "retention": ("保存期限未满，至 {until}", "must be kept until {until}"),
    "hold": ("依法冻结：{hold}", "on hold: {hold}"),
    "undelivered": ("有反馈未送达", "has feedback that was not delivered"),
    "in_force": ("有措施正在执行", "has a measure in force"),
    "open": ("有异议或补查未办结", "has an objection or a recheck open"),
}
SUBJECT = "标识类型:号码；号码写 - 时从标准输入读取 SCHEME:VALUE; with - for the value it is read from stdin"


@app.command()
def erase(
    *,
    subject: Annotated[str | None, typer.Option(help=SUBJECT)] = None,
    case: Annotated[str | None, typer.Option(help="办件编号 number of the file")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="全部已满保存期限的办件 every file whose time is over")
    ] = False,
    reason: Annotated[str, typer.Option(help="理由与依据 why, and on what basis")] = "",
    operator: Annotated[str, typer.Option(help="经办人 the officer")] = "",
    department: Annotated[str, typer.Option(help="部门 the department")] = "—",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说明，不删除 only say what would be erased")] = False,
) -> int:
    """删除到期内容 Erase what may no longer be kept; the chain stays valid. Exit 1 where something has to stay."""
    from credit_check_sdk import CreditCheck, Operator

    with CreditCheck.open(talk.settings()) as credit:
        report = credit.erase(
            subject=subject_of(subject) if subject else None,
            case_id=case,
            expired=expired,
            reason=reason or ("—" if dry_run else ""),
            operator=Operator(id=_officer(operator, dry_run=dry_run), department=department),
            dry_run=dry_run,
        )
    if talk.json:
        talk.document(asdict(report))
    else:
        _say(report)
    return 1 if report.kept and not expired else 0


@app.command()
def held(
    *,
    subject: Annotated[str, typer.Option(help=SUBJECT)],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="写入文件 write a file")] = None,
) -> int:
    """导出主体信息 Export all that is held about a subject, in the clear: hand it to the subject, keep no copy."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        report = credit.held_about(subject_of(subject))
    document: dict[str, Any] = asdict(report)
    if output is None:
        talk.document(document)
        return 0
    _write(output, document)
    talk.say(
        f"{len(report.files)} 个办件、{len(report.queries)} 次查询，已写入 {output}（含明文标识）。",
        f"{len(report.files)} files and {len(report.queries)} queries are in {output}, identifiers in the clear.",
    )
    return 0


@ledger.command()
def hold(
    case: Annotated[str, typer.Argument(help="办件编号 number of the file")],
    *,
    reason: Annotated[str, typer.Option(help="理由 why")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    department: Annotated[str, typer.Option(help="部门 the department")] = "—",
    release: Annotated[bool, typer.Option("--release", help="解除冻结 release it")] = False,
) -> int:
    """依法冻结办件 Put a file on legal hold, or release it: on hold it is not erased, though its time be over."""
    from credit_check_sdk import CreditCheck, Operator

    officer = Operator(id=_officer(operator, dry_run=False), department=department)
    with CreditCheck.open(talk.settings()) as credit:
        change = credit.release_file if release else credit.hold_file
        state = change(case, reason=reason, operator=officer)
    if talk.json:
        talk.document({"case_id": state.case_id, "hold": state.hold})
    elif state.hold is None:
        talk.say(f"办件 {case} 已解除冻结。", f"case {case} is released.")
    else:
        talk.say(f"办件 {case} 已冻结：{state.hold}", f"case {case} is on hold: {state.hold}")
    return 0


def subject_of(said: str) -> Subject:
    """Read SCHEME:VALUE; a value on the command line can be seen by others on the machine, hence stdin."""
    from credit_check_sdk import Subject

    scheme, colon, value = said.partition(":")
    if value == "-":
        value = sys.stdin.readline().strip()
    category = "person" if scheme in {"cn-resident-id", "passport"} else "organisation"
    named = {"category": category, "name": "—", "identifiers": [{"scheme": scheme, "value": value}]}
    try:
        subject = Subject.model_validate(named) if colon and scheme and value else None
    except ValidationError:
        subject = None
    if subject is None:
        raise InputError(
            "--subject is not SCHEME:VALUE",
            "--subject 应为 标识类型:号码",
            remedy_en="write cn-uscc:… or cn-resident-id:-, the latter with the value on stdin",
            remedy_zh="例如 cn-uscc:…，或 cn-resident-id:- 并从标准输入给出号码",
        )
    return subject


def _officer(operator: str, *, dry_run: bool) -> str:
    if not operator.strip() and not dry_run:
        raise InputError(
            "--operator is missing", "缺少 --operator", remedy_en="say who does it", remedy_zh="请写明经办人"
        )
    return operator.strip() or "—"


def _write(output: Path, document: dict[str, Any]) -> None:
    import json

    text = json.dumps(document, ensure_ascii=False, indent=2, default=str)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            writing.write(text + "\n")
    except OSError as error:
        raise InputError(
            f"{output.name} cannot be written ({error.strerror})",
            f"无法写入 {output.name}（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file that is not there yet",
            remedy_zh="请指定尚不存在的文件",
        ) from None


def _say(report: ErasureReport) -> None:
    if report.dry_run:
        talk.say(
            f"将删除 {len(report.files)} 个办件的内容。", f"the content of {len(report.files)} files would be erased."
        )
    else:
        talk.say(
            f"已删除 {len(report.files)} 个办件、{report.entries} 条记录的内容；证据链不受影响。",
            f"the content of {len(report.files)} files, {report.entries} entries, is erased; the chain stays valid.",
        )
    for kept in report.kept:
        talk.out(f"{kept.case_id}: {_why(kept)}")


def _why(kept: KeptFile) -> str:
    said = [talk.pick(*_REASONS[reason]) for reason in kept.reasons]
    return talk.pick("；", "; ").join(said).format(until=kept.retained_until, hold=kept.hold)
