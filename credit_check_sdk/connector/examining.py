"""Look at a mapping before it is used: every fault with its place and its reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from credit_check_sdk.connector import filling, paths
from credit_check_sdk.connector.mapping import OURS, Condition, Mapping, Rule, SubjectRules
from credit_check_sdk.model import Category, Feedback, Kind, Polarity, Record, RecordStatus, Role, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FIELDS = tuple(
    name
    for name in Record.model_fields
    if name not in {"source", "level", "match", "subject", "responsible", "reference"}
)
"""Fields of a record that a mapping may fill."""
DATES = frozenset({"document_date", "publicity_until", "list_until", "ban_until", "measure_until"})
"""Those that are days."""
WORDS: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "polarity": get_args(Polarity),
    "severity": get_args(Severity),
    "status": get_args(RecordStatus),
    "authority_level": ("municipal", "regional", "national"),
    "category": get_args(Category),
}
"""Fields that take one of a few words."""
NEEDED = ("record_id", "polarity", "authority")
"""Fields that every record has."""
_COMMON = ("request_id", "region", "token", "now")
ASKING = frozenset(
    {*_COMMON, "subject.name", "subject.identifier", "subject.scheme", "subject.category", "case.id", "case.matter",
     "case.point", "purpose.text", "purpose.basis", "purpose.authorisation", "operator.id", "operator.department",
     "page.number", "page.size", "page.cursor"}
)  # fmt: skip
"""Places that a query can fill."""
REPORTING = frozenset(
    {*_COMMON, "key", "attempt", *(f"feedback.{name}" for name in Feedback.model_fields),
     "feedback.identifier.value", "feedback.identifier.scheme", "feedback.measure_name.zh-CN", "feedback.measure_name.en",
     "feedback.matter_name.zh-CN", "feedback.matter_name.en", "feedback.operator.id", "feedback.operator.department"}
)  # fmt: skip
"""Places that feedback can fill."""
_REFUSING = (401, 403, 429)
_SERVER = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps a mapping from being used."""

    place: str
    """Where: dotted keys of the file."""
    zh: str
    """Why, in Chinese."""
    en: str
    """Why, in English."""


def faults_of(mapping: Mapping) -> Iterator[Fault]:
    """Give all faults of a mapping."""
    if mapping.query is None and mapping.feedback is None:
        yield Fault("$", "query 与 feedback 至少有其一", "it has neither query nor feedback")
    yield from _asking(mapping)
    yield from _records(mapping)
    yield from _calls(mapping)
    yield from _conditions(mapping)
    for table, codes in mapping.codes.items():
        if not codes.get(OURS, OURS):
            yield Fault(f"codes.{table}", "“*” 的值为空", "its value for * is empty")


def _asking(mapping: Mapping) -> Iterator[Fault]:
    if mapping.query is None:
        return
    if mapping.answer is None:  # pragma: no cover  refused before
        return
    paging, answer = mapping.paging, mapping.answer
    if paging is not None and paging.kind == "cursor" and not paging.next:
        yield Fault("paging.next", "游标分页须写明 next", "paging by cursor needs it")
    if paging is not None and paging.kind == "number" and not (paging.total or paging.pages):
        yield Fault("paging", "须写明 total 或 pages", "it needs total or pages: when pages end is never guessed")
    levels = (answer.records,) if isinstance(answer.records, str) else answer.records
    for at, name in [
        *(("answer.records", each) for each in levels),
        *((f"answer.{each}", getattr(answer, each)) for each in ("inside", "request_id", "echo", "as_of")),
        *((f"paging.{each}", getattr(paging, each)) for each in ("total", "pages", "next") if paging is not None),
    ]:
        if name is not None:
            yield from _path(at, name)
    if answer.oldest is not None and answer.as_of is None:
        yield Fault("answer.oldest", "须同时写明 as_of", "it needs as_of")


def _records(mapping: Mapping) -> Iterator[Fault]:
    if mapping.query is None:
        return
    for needed in NEEDED:
        if needed not in mapping.record:
            yield Fault(f"record.{needed}", "没有写明", "it is not stated, and every record needs it")
    for name, source in mapping.record.items():
        if name not in FIELDS:
            yield Fault(
                f"record.{name}",
                f"记录没有此字段；可用：{'、'.join(FIELDS)}",
                f"a record has no such field; there are {', '.join(FIELDS)}",
            )
            continue
        yield from _rule(mapping, f"record.{name}", name, source)
    for name, source in mapping.keep.items():
        yield from _rule(mapping, f"keep.{name}", name, source)
    yield from _persons(mapping)


def _persons(mapping: Mapping) -> Iterator[Fault]:
    if isinstance(mapping.subject, SubjectRules):
        if mapping.subject.name is None and mapping.subject.identifier is None:
            yield Fault(
                "subject",
                '须写明 name 或 identifier，或写 subject = "asked"',
                'it needs name or identifier; or write subject = "asked"',
            )
        for name in SubjectRules.model_fields:
            source = getattr(mapping.subject, name)
            if source is not None:
                yield from _rule(mapping, f"subject.{name}", name, source)
    for number, person in enumerate(mapping.responsible):
        if person.role not in get_args(Role):
            yield Fault(
                f"responsible.{number}.role",
                "没有此角色",
                f"there is no such role; there are {', '.join(get_args(Role))}",
            )
        yield from _path(f"responsible.{number}.name", person.name)
        if person.identifier:
            yield from _path(f"responsible.{number}.identifier", person.identifier)


def _rule(mapping: Mapping, place: str, name: str, source: str | Rule) -> Iterator[Fault]:
    rule = Rule(at=source) if isinstance(source, str) else source
    said = [rule.at is not None, rule.value is not None, bool(rule.hashed)]
    if sum(said) != 1:
        yield Fault(place, "at、value、hashed 三者须且仅须其一", "it needs one of at, value and hashed, and no more")
    if rule.hashed and name != "record_id":
        yield Fault(place, "只有 record_id 可用 hashed", "only record_id can be made by hashing")
    for path in (*((rule.at,) if isinstance(rule.at, str) else rule.at or ()), *rule.hashed):
        yield from _path(place, path)
    table = mapping.codes.get(rule.codes, {}) if rule.codes else {}
    if rule.codes is not None and rule.codes not in mapping.codes:
        yield Fault(place, f"没有代码表 {rule.codes}", f"there is no code table {rule.codes!r}")
    if any(not isinstance(ours, str) for ours in table.values()):
        yield Fault(
            place,
            f"代码表 {rule.codes} 一码多义，只能用于写出",
            f"the code table {rule.codes} has codes that mean several things: it can only be written",
        )
    words = WORDS.get(name)
    if words is None:
        return
    given = [] if rule.value is None else [str(rule.value)]
    given += [rule.otherwise] if rule.otherwise is not None else []
    given += [ours for ours in table.values() if isinstance(ours, str)]
    for each in given:
        if each not in words:
            yield Fault(
                place,
                f"“{each}”不是 {name} 的取值；可用：{'、'.join(words)}",
                f"{each!r} is no {name}; there are {', '.join(words)}",
            )


def _calls(mapping: Mapping) -> Iterator[Fault]:
    values = {f"values.{name}" for name in (*mapping.values, *mapping.defaults)}
    feedback = mapping.feedback
    calls: list[tuple[str, Any, frozenset[str]]] = [
        ("query", mapping.query, ASKING),
        ("feedback", feedback, REPORTING | {f"kept.{name}" for name in mapping.keep}),
        ("feedback.look_up", feedback.look_up if feedback else None, frozenset({*_COMMON, "key"})),
        ("token", mapping.token, frozenset({"request_id", "now"})),
        ("lists", mapping.lists, frozenset(_COMMON)),
        ("state", mapping.state, frozenset(_COMMON)),
    ]
    for place, call, there in calls:
        if call is not None:
            yield from _call(mapping, place, call, there | values)
    yield from _feedback(mapping)
    yield from _lists(mapping)


def _call(mapping: Mapping, place: str, call: Any, there: frozenset[str]) -> Iterator[Fault]:
    for condition, key, zh, en in (
        (
            call.envelope == "soap" and not (call.operation and call.namespace),
            "operation",
            "SOAP 须写明 operation 与 namespace",
            "SOAP needs operation and namespace",
        ),
        (call.method == "GET" and call.body is not None, "body", "GET 请求没有正文", "a GET has no body"),
        (bool(call.path) and not call.path.startswith("/"), "path", "须以 / 开头", "it has to begin with /"),
        (
            call.envelope == "form" and call.body is not None and not isinstance(call.body, dict),
            "body",
            "表单正文须为键值表",
            "a form is a table of fields",
        ),
    ):
        if condition:
            yield Fault(f"{place}.{key}", zh, en)
    for part in ("path", "params", "headers", "body", *(("as_of",) if place == "state" else ())):
        yield from _places(mapping, f"{place}.{part}", getattr(call, part), there)
    if getattr(call, "inside", None):
        yield from _path(f"{place}.inside", call.inside)


def _feedback(mapping: Mapping) -> Iterator[Fault]:
    if mapping.feedback is None:
        return
    for name in mapping.feedback.needs:
        if name not in Feedback.model_fields:
            yield Fault("feedback.needs", f"反馈没有字段 {name}", f"feedback has no field {name!r}")


def _lists(mapping: Mapping) -> Iterator[Fault]:
    if mapping.token is not None:
        yield from _path("token.at", mapping.token.at)
    lists = mapping.lists
    if lists is None:
        return
    for name in ("items", "code", "name"):
        yield from _path(f"lists.{name}", getattr(lists, name))
    if lists.codes is not None and lists.codes not in mapping.codes:
        yield Fault("lists.codes", f"没有代码表 {lists.codes}", f"there is no code table {lists.codes!r}")


def _places(mapping: Mapping, place: str, tree: Any, there: frozenset[str]) -> Iterator[Fault]:
    try:
        named = list(filling.places(tree))
    except filling.FillingError as error:
        yield Fault(place, f"花括号不成对：{error}", str(error))
        return
    for _, name, filters in named:
        if name == "token" and mapping.token is None:
            yield Fault(place, "使用了 {token} 而没有 [token]", "it uses {token}, and there is no [token]")
        elif name not in there and not (name.startswith("subject.") and "subject.name" in there):
            yield Fault(place, f"没有占位符 {{{name}}}", f"there is no {{{name}}} here")
        for each in filters:
            if not filling.is_filter(each) and each not in mapping.codes:
                yield Fault(
                    place, f"“{each}”既不是代码表也不是过滤器", f"{each!r} is neither a code table nor a filter"
                )


def _conditions(mapping: Mapping) -> Iterator[Fault]:
    answer, feedback = mapping.answer, mapping.feedback
    groups: list[tuple[str, Sequence[Condition]]] = []
    if answer is not None:
        groups += [(f"answer.{name}", getattr(answer, name)) for name in ("failed", "unknown", "nothing_found")]
    if feedback is not None:
        groups += [(f"feedback.{name}", getattr(feedback, name)) for name in ("taken", "refused", "again")]
        if feedback.look_up is not None:
            groups += [(f"feedback.look_up.{name}", getattr(feedback.look_up, name)) for name in ("taken", "not_taken")]
    groups += [("token.failed", mapping.token.failed)] if mapping.token else []
    groups += [("lists.failed", mapping.lists.failed)] if mapping.lists else []
    groups += [(f"state.{name}", getattr(mapping.state, name)) for name in ("failed", "stale")] if mapping.state else []
    for place, conditions in groups:
        side = "bad" if place.rpartition(".")[2] in {"failed", "refused", "again", "stale"} else "good"
        for number, condition in enumerate(conditions):
            yield from _condition(f"{place}.{number}", condition, side)


def _condition(place: str, condition: Condition, side: str) -> Iterator[Fault]:
    tests = [condition.is_, condition.is_not, condition.contains, condition.absent, condition.missing]
    stated = sum(test is not None for test in tests)
    if condition.at is None and (stated or (condition.status is None and not condition.all)):
        yield Fault(place, "须写明 at 或 status", "it needs at or status")
    if condition.at is not None:
        yield from _path(place, condition.at)
        if stated != 1:
            yield Fault(
                place,
                "is、is_not、contains、absent、missing 须且仅须其一",
                "it needs one of is, is_not, contains, absent and missing, and no more",
            )
    statuses = (condition.status,) if isinstance(condition.status, int) else condition.status or ()
    if side == "good" and any(status in _REFUSING or status >= _SERVER for status in statuses):
        yield Fault(
            place,
            "拒绝或故障的状态码不能表示已查询或已受理",
            "a status of refusal or failure never means that it looked, or took it",
        )
    for number, inner in enumerate(condition.all):
        yield from _condition(f"{place}.all.{number}", inner, side)


def _path(place: str, text: str) -> Iterator[Fault]:
    try:
        paths.parsed(text)
    except ValueError as error:
        yield Fault(place, f"不是有效路径：{error}", str(error))
