"""Commands on objections: take one at the counter, list, show, withdraw. They decide nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from datetime import date

    from credit_check_sdk import CreditCheck, Paper, StoredObjection

objection = typer.Typer(
    help="异议 Objections taken at the counter, and what the department itself has verified.", no_args_is_help=True
)
app.add_typer(objection, name="objection")


@objection.command()
def take(
    case_id: Annotated[str, typer.Argument(help="办件编号 number of the file")],
    *,
    point: Annotated[str, typer.Option(help="环节 decision point")],
    text: Annotated[str, typer.Option(help="异议内容 what is disputed and why")],
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    department: Annotated[str, typer.Option(help="部门，缺省为办件的部门 the department; default: the case's")] = "",
    proposal: Annotated[list[str] | None, typer.Option(help="措施编号，可多次给出 proposal; default: all")] = None,
    record: Annotated[list[str] | None, typer.Option(help="记录编号，可多次给出 record; default: all")] = None,
    objector: Annotated[str | None, typer.Option(help="异议人，非本人时填写 who objects, if not the subject")] = None,
    paper: Annotated[list[Path] | None, typer.Option(help="材料文件，可多次给出 paper, a file")] = None,
) -> int:
    """受理异议 Take an objection: suspend what rests on the record, and forward it with its papers."""
    from credit_check_sdk import CreditCheck, ObjectionDraft, Operator

    papers = [_paper(path) for path in paper or ()]
    with CreditCheck.open(talk.settings()) as credit:
        where: Any = point
        stored = credit.latest(case_id, where)
        office = department or (stored.case.operator.department if stored else "—")
        try:
            draft = ObjectionDraft(
                case_id=case_id,
                point=where,
                operator=Operator(id=operator, department=office),
                text=text,
                proposals=tuple(proposal or ()),
                records=tuple(record or ()),
                objector=objector,
            )
        except ValidationError as error:
            raise _explained(error) from None
        taken = credit.take_objection(draft, papers)
        left = _left(credit)
    if talk.json:
        talk.document({"objections": [_row(each, left) for each in taken]})
        return 0
    for each in taken:
        said = each.objection
        talk.say(
            f"已受理异议 {said.id}（记录 {said.record_id}），相应措施暂停执行；{_due(each)} 前应当答复。",
            f"objection {said.id} to record {said.record_id} is taken and what rests on it is suspended; an answer is "
            f"due by {_due(each)}.",
        )
    return 0


@objection.command("list")
def list_(
    *,
    case: Annotated[str | None, typer.Option(help="办件编号 number of the file")] = None,
    open_: Annotated[bool, typer.Option("--open", help="仅未办结的 only those that are not answered")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="仅逾期未答复的 only those that are overdue")] = False,
) -> int:
    """列出异议 List objections and questions of our own, those that are due first."""
    from credit_check_sdk import CreditCheck, ObjectionState

    states: tuple[ObjectionState, ...] = ("open",) if open_ or overdue else ()
    with CreditCheck.open(talk.settings()) as credit:
        found = credit.objections(case_id=case, states=states, due_before=_today() if overdue else None)
        left = _left(credit)
    if talk.json:
        talk.document({"objections": [_row(each, left) for each in found]})
        return 0
    heads = [("编号", "number"), ("种类", "kind"), ("办件", "case"), ("来源", "source"), ("记录", "record")]
    heads += [("转送", "forwarded"), ("应答复日", "due"), ("状态", "state")]
    rows = []
    for each in found:
        said = each.objection
        late = talk.pick("，逾期", ", overdue") if each.overdue(_today()) else ""
        answer = f" ({each.answer})" if each.answer and each.state == "answered" else ""
        rows.append(
            [
                *(said.id, said.kind, said.case_id, said.source, said.record_id),
                *(_forwarded(each, left), _due(each), each.state + answer + late),
            ]
        )
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


@objection.command()
def show(
    number: Annotated[str, typer.Argument(help="异议编号 number of the objection, obj_…")],
    *,
    papers: Annotated[Path | None, typer.Option(help="将材料写入该目录 write its papers to this folder")] = None,
) -> int:
    """显示异议 Show an objection: what is disputed, its papers, by when it is to be answered, what became of it."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        each = _one(credit.objections(number=number), number)
        kept = credit.papers(number) if papers is not None else ()
        left = _left(credit)
    for place, (paper, content) in enumerate(kept, 1):
        folder = papers or Path()
        folder.mkdir(parents=True, exist_ok=True)
        # The name was given at the counter: only its last part is used, and a number keeps two of one name apart.
        (folder / f"{place:02d}-{Path(paper.name).name}").write_bytes(content)
    if talk.json:
        talk.document({**_row(each, left), "text": each.objection.text})
        return 0
    said = each.objection
    talk.out(f"{said.id} · {said.kind} · {each.state} · {said.case_id} · {said.source} {said.record_id}")
    talk.out(f"  {said.text}")
    for paper in said.papers:
        talk.out(f"  - {paper.name} sha256:{paper.sha256}")
    talk.out(talk.pick(f"  转送：{_forwarded(each, left)}", f"  forwarded: {_forwarded(each, left)}"))
    talk.out(talk.pick(f"  应答复日 {_due(each)}", f"  answer due by {_due(each)}"))
    if each.answered_at is not None:
        talk.out(f"  {each.answered_at.isoformat(timespec='seconds')} {each.answer}")
    return 0


@objection.command()
def withdraw(
    number: Annotated[str, typer.Argument(help="异议编号 number of the objection")],
    *,
    operator: Annotated[str, typer.Option(help="经办人 the officer")],
    reason: Annotated[str, typer.Option(help="撤回理由 why")],
    department: Annotated[str, typer.Option(help="部门 the department")] = "",
) -> int:
    """撤回异议 Withdraw an objection; what it alone suspended is restored."""
    from credit_check_sdk import CreditCheck, Operator

    with CreditCheck.open(talk.settings()) as credit:
        each = credit.withdraw_objection(
            number, operator=Operator(id=operator, department=department or "—"), reason=reason
        )
        left = _left(credit)
    if talk.json:
        talk.document(_row(each, left))
    else:
        talk.say(f"异议 {number} 已撤回。", f"objection {number} is withdrawn.")
    return 0


def _left(credit: CreditCheck) -> frozenset[str]:
    """Give the keys of what is not with a platform yet."""
    rows = credit.outbox(("waiting", "leased", "in_doubt", "dead"), limit=100_000)
    return frozenset(row.key for row in rows)


def _late(each: StoredObjection, left: frozenset[str]) -> bool:
    by = each.objection.forward_by
    return each.objection.feedback in left and by is not None and by < _today()


def _forwarded(each: StoredObjection, left: frozenset[str]) -> str:
    if each.objection.feedback not in left:
        return talk.pick("已转送", "yes")
    by = each.objection.forward_by
    until = by.isoformat() if by else "—"
    late = talk.pick("，逾期", ", overdue") if _late(each, left) else ""
    return talk.pick(f"未送达，应于 {until} 前{late}", f"not yet, due by {until}{late}")


def _row(each: StoredObjection, left: frozenset[str]) -> dict[str, Any]:
    said = each.objection
    return {
        "id": said.id,
        "kind": said.kind,
        "state": each.state,
        "case_id": said.case_id,
        "point": said.point,
        "decision": said.decision,
        "proposals": list(said.proposals),
        "source": said.source,
        "record_id": said.record_id,
        "subject_name": said.subject_name,
        "objector": said.objector,
        "papers": [paper.model_dump(mode="json") for paper in said.papers],
        "operator": said.operator.model_dump(mode="json"),
        "taken_at": said.taken_at.isoformat(),
        "due_on": said.due_on.isoformat() if said.due_on else None,
        "provisional": said.provisional,
        "overdue": each.overdue(_today()),
        "feedback": said.feedback,
        "forward_by": said.forward_by.isoformat() if said.forward_by else None,
        "forwarded": said.feedback not in left,
        "forward_overdue": _late(each, left),
        "answer": each.answer,
        "answered_at": each.answered_at.isoformat() if each.answered_at else None,
    }


def _due(each: StoredObjection) -> str:
    if each.objection.due_on is None:
        return "—"
    return each.objection.due_on.isoformat() + (
        talk.pick("（暂定）", " (provisional)") if each.objection.provisional else ""
    )


def _paper(path: Path) -> tuple[Paper, bytes]:
    from credit_check_sdk import Paper
    from credit_check_sdk.model.objection import LARGEST_PAPER

    try:
        if path.stat().st_size > LARGEST_PAPER:
            raise InputError(
                f"{path.name} is larger than {LARGEST_PAPER // 1024 // 1024} MiB",
                f"{path.name} 超过 {LARGEST_PAPER // 1024 // 1024} MiB",
                code="objection.paper",
                remedy_en="give a smaller copy",
                remedy_zh="请提供较小的副本",
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be read ({error.strerror})",
            f"{path.name} 无法读取（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file that is there",
            remedy_zh="请指定存在的文件",
        ) from None
    return Paper(name=path.name, sha256=hashlib.sha256(content).hexdigest(), size=len(content)), content


def _one(found: tuple[StoredObjection, ...], number: str) -> StoredObjection:
    if not found:
        raise InputError(
            f"there is no objection {number!r}",
            f"没有编号为 {number} 的异议",
            code="objection.unknown",
            remedy_en="list them with `credit-check objection list`",
            remedy_zh="可用 credit-check objection list 查看",
        )
    return found[0]


def _explained(error: ValidationError) -> InputError:
    said = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in said["loc"])
    return InputError(
        f"--{place}: {said['msg']}",
        f"--{place}：{said['msg']}",
        remedy_en="see `credit-check objection take --help`",
        remedy_zh="请参阅 credit-check objection take --help",
    )


def _today() -> date:
    from credit_check_sdk.core.desk import SHANGHAI

    return datetime.now(SHANGHAI).date()
