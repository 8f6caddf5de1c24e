"""Commands on mappings of other platforms: check them, try one on one subject, keep an exchange for tests.

Everything shown is masked. A query that is tried is a real one: it goes through the client, and the audit store notes it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import ConfigurationError, CreditCheckError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit_check_sdk import Case, Consultation, Settings, Subject
    from credit_check_sdk.connector.mapping import Mapping
    from credit_check_sdk.connector.recording import Recorded
    from credit_check_sdk.flow import Effect, Flow, Reply
    from credit_check_sdk.spi import SourceSettings

connector = typer.Typer(help="其他平台的映射 Mappings of other platforms.", no_args_is_help=True)
app.add_typer(connector, name="connector")

_OK = 200
_MATTER = "supervision.inspection"
"""The matter under which a mapping is tried: none of its measures can restrict anybody by a trial."""


@connector.command()
def check(
    mappings: Annotated[
        list[str] | None,
        typer.Argument(help="映射文件或方言名；缺省为配置中的 files or dialects; default: those of the configuration"),
    ] = None,
) -> int:
    """检查映射 Check mapping files: every fault with its place and its reason."""
    from credit_check_sdk.connector.loading import examined

    named = mappings or [_mapping_of(said) for said in talk.settings().sources if said.mapping]
    documents: list[dict[str, Any]] = []
    for name in named:
        mapping, faults = examined(name)
        told = [{"place": each.place, "zh-CN": each.zh, "en": each.en} for each in faults]
        documents.append({"mapping": Path(name).name, "usable": mapping is not None and not faults, "faults": told})
    if talk.json:
        talk.document({"mappings": documents})
    else:
        for document in documents:
            for fault in document["faults"]:
                talk.out(f"{document['mapping']}: {fault['place']}: {fault[talk.pick('zh-CN', 'en')]}")
            if document["usable"]:
                talk.out(f"{document['mapping']}: {talk.pick('可用', 'usable')}")
    return 0 if all(document["usable"] for document in documents) else 2


@connector.command(name="try")
def try_(
    source: Annotated[str, typer.Argument(help="来源 id，或与 --recorded 同用的映射 a source; or a mapping")],
    *,
    name: Annotated[str, typer.Option(help="主体名称 name of the subject")] = "",
    identifier: Annotated[str | None, typer.Option(help="标识 its identifier")] = None,
    scheme: Annotated[str, typer.Option(help="标识类型 its scheme")] = "cn-uscc",
    category: Annotated[str, typer.Option(help="主体类别 organisation | sole_trader | person")] = "organisation",
    purpose: Annotated[str, typer.Option(help="查询目的 why it is asked")] = "接口联调测试",
    basis: Annotated[str, typer.Option(help="查询依据 legal basis of the query")] = "",
    operator: Annotated[str, typer.Option(help="经办人 the officer")] = "",
    department: Annotated[str, typer.Option(help="部门 the department")] = "",
    recorded: Annotated[str | None, typer.Option(help="用留存的往来试读 read a recorded exchange instead")] = None,
) -> int:
    """试查一个主体 Ask one source about one subject, and show what went and what came, masked, and what it means."""
    if recorded is not None:
        return _read_recorded(source, recorded)
    case = _case(name, identifier, scheme, category, (purpose, basis, operator, department))
    document, _ = _tried(source, case)
    _show(document)
    return 0 if document["understood"] else 1


@connector.command()
def record(
    source: Annotated[str, typer.Argument(help="来源 id a source")],
    *,
    out: Annotated[str, typer.Option("-o", "--out", help="写到 where to")],
    name: Annotated[str, typer.Option(help="主体名称 name of the subject")],
    identifier: Annotated[str | None, typer.Option(help="标识 its identifier")] = None,
    scheme: Annotated[str, typer.Option(help="标识类型 its scheme")] = "cn-uscc",
    category: Annotated[str, typer.Option(help="主体类别 organisation | sole_trader | person")] = "organisation",
    purpose: Annotated[str, typer.Option(help="查询目的 why it is asked")] = "接口联调测试",
    basis: Annotated[str, typer.Option(help="查询依据 legal basis of the query")] = "",
    operator: Annotated[str, typer.Option(help="经办人 the officer")] = "",
    department: Annotated[str, typer.Option(help="部门 the department")] = "",
) -> int:
    """留存一次往来供测试 Keep one exchange for tests, with made-up values in the place of real ones."""
    path = Path(out)
    if path.exists():
        raise InputError(
            f"{path.name} is already there",
            f"{path.name} 已存在",
            remedy_en="it is left as it is; name another file",
            remedy_zh="未作改动；请指定其他文件",
        )
    case = _case(name, identifier, scheme, category, (purpose, basis, operator, department))
    document, kept = _tried(source, case)
    if kept is not None and any(each.envelope == "text" and each.status == _OK for each in kept.exchanges):
        # A whole list as a file is about others too, and is no exchange about one subject.
        raise InputError(
            "a whole list is not kept for tests",
            "整份名单文件不作为测试样本留存",
            remedy_en="make a small file of made-up rows with the same columns",
            remedy_zh="请用相同列名的虚构数据另做一个小文件",
        )
    if kept is None:
        raise InputError(
            "no answer came that could be kept",
            "没有可留存的应答",
            remedy_en="try it first with `credit-check connector try`",
            remedy_zh="请先用 credit-check connector try 试查",
        )
    path.write_text(json.dumps(kept.model_dump(mode="json"), ensure_ascii=False, indent=2, default=str), "utf-8")
    if talk.json:
        talk.document({"out": str(path), "understood": document["understood"], "records": document["records"]})
    else:
        talk.say(f"已写出 {path}；其中没有真实主体。", f"wrote {path}; nobody real is in it.")
    return 0


def _tried(source: str, case: Case) -> tuple[dict[str, Any], Recorded | None]:
    """Make one real query, and say what went, what came and what it means."""
    from credit_check_sdk import CreditCheck
    from credit_check_sdk.connector import recording
    from credit_check_sdk.connector.loading import load
    from credit_check_sdk.connector.watching import watching

    settings = talk.settings()
    said = _said(settings, source)
    mapping = load(_mapping_of(said))
    matter = {"required": [said.id], "advisory": [], "query_roles": []}
    alone = settings.model_copy(update={"sources": (said,), "matters": {_MATTER: matter}})
    with CreditCheck.open(alone) as credit, watching() as seen:
        decision = credit.check(case, record=False)
    silences = [{"code": each.code, "detail": talk.words(each.detail)} for each in decision.silences]
    document: dict[str, Any] = {
        "source": said.id,
        "mapping": Path(_mapping_of(said)).name,
        "understood": not silences,
        "exchanges": [
            {
                "request": recording.shown_request(request, mapping),
                "reply": recording.shown_reply(reply, mapping),
            }
            for request, reply in seen
        ],
        "silences": silences,
        "records": [],
        "known": None,
    }
    if seen and not silences:
        consultation = _replayed(said, mapping, case.subject, [reply for _, reply in seen])
        document |= _meant(consultation)
    kept = recording.recorded(Path(_mapping_of(said)).name, mapping, case.subject, seen) if seen else None
    return document, kept


def _meant(consultation: Consultation) -> dict[str, Any]:
    from credit_check_sdk.connector import recording

    (answer,) = consultation.answers
    dumped = [each.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for each in answer.records]
    for each in dumped:
        each["subject"]["name"] = recording.shown(each["subject"]["name"])
        each.update(
            {name: recording.shown(each[name]) for name in ("facts", "reference", "responsible") if name in each}
        )
    return {"known": answer.known, "records": dumped, "as_of": consultation.as_of.isoformat()}


def _read_recorded(mapping_name: str, file: str) -> int:
    """Read a recorded exchange with a mapping: nothing is sent."""
    from pydantic import ValidationError

    from credit_check_sdk.connector.loading import load
    from credit_check_sdk.connector.recording import Recorded
    from credit_check_sdk.spi import SourceSettings

    try:
        kept = Recorded.model_validate_json(Path(file).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        raise InputError(
            f"{Path(file).name} is no recorded exchange",
            f"{Path(file).name} 不是留存的往来",
            code="file.unreadable",
            remedy_en="make one with `credit-check connector record`",
            remedy_zh="请用 credit-check connector record 生成",
        ) from None
    mapping = load(mapping_name)
    values = dict.fromkeys(mapping.values, "0")
    said = SourceSettings(
        id="recorded",
        level="municipal",
        base_url="http://recorded.invalid",
        signer=mapping.signer or "none",
        options={"values": values},
    )
    document: dict[str, Any] = {"mapping": Path(mapping_name).name, "understood": True, "records": [], "silences": []}
    try:
        document |= _meant(_replayed(said, mapping, kept.asked(), kept.replies(mapping)))
    except CreditCheckError as error:
        document["understood"] = False
        document["silences"] = [{"code": error.code, "detail": error.words("zh-CN" if talk.chinese else "en")}]
    _show(document)
    return 0 if document["understood"] else 1


def _replayed(said: SourceSettings, mapping: Mapping, subject: Subject, replies: list[Reply]) -> Consultation:
    """Let the mapping read answers that are there already; nothing is sent."""
    from credit_check_sdk.connector.plugin import Unsigned
    from credit_check_sdk.connector.source import ConnectorSource
    from credit_check_sdk.model import Operator, Query

    lenient = mapping
    if mapping.answer is not None and mapping.answer.echo is not None:
        # Our own number is another one each time: what was recorded repeats that of its day.
        lenient = mapping.model_copy(update={"answer": mapping.answer.model_copy(update={"echo": None})})
    source = ConnectorSource(lenient, said, Unsigned(), "production")
    query = Query(
        case_id="try",
        matter=_MATTER,
        point="inspect",
        purpose=None,
        operator=Operator(id="try", department="try"),
        subjects=(subject,),
    )
    found: Consultation = _run(source.consult(query), iter(replies))
    return found


def _run(flow: Flow[Any], replies: Any) -> Any:
    """Run a flow on answers that are there already."""
    from credit_check_sdk.errors import NoAnswerError
    from credit_check_sdk.flow import Hashed, NewId, Now, Send

    numbers = itertools.count(1)

    def send(_: Effect[Any]) -> Reply:
        for reply in replies:
            found: Reply = reply
            return found
        raise NoAnswerError(
            "there is no further answer", "没有更多应答", remedy_en="record them all", remedy_zh="请完整留存"
        )

    answers: dict[type, Callable[[Any], Any]] = {
        Now: lambda _: datetime.now(UTC),
        NewId: lambda effect: f"{effect.prefix}_{next(numbers):04d}",
        Hashed: lambda effect: hashlib.sha256("\x1f".join(effect.parts).encode()).hexdigest(),
        Send: send,
    }
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            effect = flow.throw(error) if error is not None else flow.send(answer)
            answer, error = None, None
            try:
                answer = answers[type(effect)](effect)
            except CreditCheckError as raised:
                error = raised
    except StopIteration as ended:
        return ended.value


def _case(name: str, identifier: str | None, scheme: str, category: str, why: tuple[str, str, str, str]) -> Case:
    from pydantic import ValidationError

    from credit_check_sdk import Case

    purpose, basis, operator, department = why
    numbers = [{"scheme": scheme, "value": identifier}] if identifier else []
    given = {
        "id": "connector-try",
        "matter": _MATTER,
        "point": "inspect",
        "subject": {"category": category, "name": name or "-", "identifiers": numbers},
        "purpose": {"text": purpose, "basis": basis} if basis else None,
        "operator": {"id": operator or "connector-try", "department": department or "connector-try"},
        "opened_at": datetime.now(UTC),
    }
    try:
        return Case.model_validate(given)
    except ValidationError as error:
        places = ", ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise InputError(
            f"the subject cannot be asked about: {places}",
            f"无法查询该主体：{places}",
            remedy_en="give --name and --identifier; for a person --purpose and --basis too",
            remedy_zh="请给出 --name 与 --identifier；查询自然人还须给出 --purpose 与 --basis",
        ) from None


def _said(settings: Settings, source: str) -> SourceSettings:
    found = next((said for said in settings.sources if said.id == source), None)
    if found is None or not found.mapping:
        known = ", ".join(said.id for said in settings.sources if said.mapping) or "—"
        raise ConfigurationError(
            f"{source!r} is no source with a mapping (there are: {known})",
            f"{source} 不是带映射的来源（现有：{known}）",
            code="source.not_configured",
            remedy_en='configure it under [[sources]] with kind = "connector" and mapping',
            remedy_zh='请在 [[sources]] 中配置 kind = "connector" 与 mapping',
        )
    return found


def _mapping_of(said: SourceSettings) -> str:
    name = said.mapping or ""
    return name if "." not in name else str(talk.settings().path(name))


def _show(document: dict[str, Any]) -> None:
    if talk.json:
        talk.document(document)
        return
    talk.out(json.dumps(document, ensure_ascii=False, indent=2, default=str))
