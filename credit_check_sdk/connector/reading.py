"""What an answer means and which records it holds, as the mapping says. Pure; nothing made here repeats the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from pydantic import ValidationError

from credit_check_sdk.connector import envelopes, paths
from credit_check_sdk.connector.examining import DATES
from credit_check_sdk.connector.mapping import OURS, Condition, Mapping, Rule, SubjectRules
from credit_check_sdk.model import Identifier, Party, Record, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from credit_check_sdk.flow import Reply
    from credit_check_sdk.model import Level

Meaning = Literal["failed", "unknown", "nothing_found", "records"]
"""What an answer means."""
_SUCCESS = range(200, 300)
_parsed = cache(paths.parsed)


class ReadingError(ValueError):
    """An answer that does not fit the mapping; *place* is of the mapping."""

    def __init__(self, place: str, zh: str, en: str) -> None:
        super().__init__(f"{place}: {en}")
        self.place, self.zh, self.en = place, zh, en


class WrongSubjectError(ValueError):
    """An answer about somebody who was not asked about, or to another request."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer as a tree; None where it could not be read and its status is no success."""

    status: int
    tree: Any


@dataclass(slots=True)
class Found:
    """One record as its fields, before it has a number of its own."""

    values: dict[str, Any]
    hashed: tuple[str, ...]
    subject: Subject
    match: Literal["identifier", "name_only"] = "identifier"
    responsible: tuple[Party, ...] = field(default=())
    reference: str | None = None


def opened(
    reply: Reply,
    kind: envelopes.Kind,
    encoding: envelopes.Encoding,
    inside: str | None,
    inside_as: str,
    root: str | None,
) -> Opened:
    """Read an answer's body and take the answer proper out of it.

    Raises:
        EnvelopeError: it cannot be read, and its status says that it should.
    """
    try:
        tree = envelopes.read(kind, reply.body, encoding)
        if kind == "csv" and "last-modified" in reply.headers:
            tree["modified"] = reply.headers["last-modified"]
        if inside is not None:
            tree = _inside(tree, inside, inside_as, root)
        if root is not None:
            tree = _below(tree, root)
    except envelopes.EnvelopeError:
        if reply.status in _SUCCESS:
            raise
        return Opened(reply.status, None)
    return Opened(reply.status, tree)


def _below(tree: Any, root: str) -> Any:
    if not isinstance(tree, dict) or root not in tree:
        raise envelopes.EnvelopeError(f"its top element is not {root}")
    return tree[root]


def _inside(tree: Any, inside: str, inside_as: str, root: str | None) -> Any:
    if root is not None and isinstance(tree, dict) and root in tree:
        return tree  # it came without its wrapping
    nodes = paths.found(_parsed(inside), [tree])
    if len(nodes) != 1:
        raise envelopes.EnvelopeError(f"nothing stands at {inside}")
    if isinstance(nodes[0], dict) and paths.TEXT not in nodes[0]:
        return nodes[0]
    try:
        text = paths.scalar(nodes[0])
    except ValueError:
        raise envelopes.EnvelopeError(f"what stands at {inside} is no text") from None
    return envelopes.read_json(text) if inside_as == "json" else envelopes.read_xml(text)


def holds(condition: Condition, answer: Opened) -> bool:
    """Say whether a condition holds; without a status it holds for successes only."""
    statuses = (condition.status,) if isinstance(condition.status, int) else condition.status
    if answer.status not in (statuses if statuses is not None else _SUCCESS):
        return False
    if condition.at is not None and not _test(condition, answer.tree):
        return False
    if condition.all and statuses is not None and answer.status not in _SUCCESS:
        inner = Opened(200, answer.tree)
        return all(holds(each, inner) for each in condition.all)
    return all(holds(each, answer) for each in condition.all)


def first(conditions: Iterable[Condition], answer: Opened) -> Condition | None:
    """Give the first condition that holds."""
    return next((condition for condition in conditions if holds(condition, answer)), None)


def _test(condition: Condition, tree: Any) -> bool:
    path = _parsed(condition.at or "$")
    if condition.missing is not None:
        return condition.missing is not paths.there(path, [tree])
    nodes = paths.found(path, [tree])
    if condition.absent is not None:
        return condition.absent is all(node in ("", None, {}, []) for node in nodes)
    values = set()
    for node in nodes:
        try:
            values.add(paths.scalar(node))
        except ValueError:
            return condition.is_not is not None
    if condition.contains is not None:
        return any(condition.contains in value for value in values)
    if condition.is_not is not None:
        return not values or not values <= _scalars(condition.is_not)
    return bool(values) and values <= _scalars(condition.is_)


def _scalars(given: Any) -> set[str]:
    return {paths.scalar(each) for each in (given if isinstance(given, tuple) else (given,))}


class Reader:
    """Reads the answers of one platform.

    *source* and *level* go into its records.
    """

    def __init__(self, mapping: Mapping, source: str, level: Level) -> None:
        self._mapping = mapping
        self._source = source
        self._level: Level = level
        self._zone = _zone(mapping.units.zone)
        records = mapping.answer.records if mapping.answer else ()
        self._records = tuple(_parsed(each) for each in ((records,) if isinstance(records, str) else records))

    def nodes(self, answer: Opened) -> list[tuple[Any, ...]]:
        """Give each record of an answer as the nodes that lead to it."""
        levels: list[tuple[Any, ...]] = [(answer.tree,)]
        for path in self._records:
            levels = [(*level, node) for level in levels for node in paths.found(path, level)]
        return [level for level in levels if level[-1] != ""]

    def time(self, place: str, path: str, answer: Opened) -> datetime | None:
        """Read a time of the answer.

        Raises:
            ReadingError: it is none.
        """
        text = self._at(place, path, (answer.tree,))
        return None if text is None else self._moment(place, text, ())

    def at(self, place: str, path: str | None, answer: Opened) -> str | None:
        """Read a text of the answer.

        Raises:
            ReadingError: there are several.
        """
        return None if path is None else self._at(place, path, (answer.tree,))

    def found(self, levels: tuple[Any, ...], asked: Subject) -> Found | None:
        """Read one record; None where it is about somebody else, and the platform was searched rather than asked.

        Raises:
            ReadingError: it does not fit the mapping.
            WrongSubjectError: it is about somebody else.
        """
        responsible = tuple(party for rules in self._mapping.responsible if (party := self._party(rules, levels)))
        # Whose it is comes first: of a whole list, nearly all is about others.
        subject, match = self._whose(levels, asked, responsible)
        if subject is None:
            return None
        values: dict[str, Any] = {}
        hashed: tuple[str, ...] = ()
        for name, source in self._mapping.record.items():
            rule = Rule(at=source) if isinstance(source, str) else source
            place = f"record.{name}"
            if rule.hashed:
                hashed = tuple(self._at(place, path, levels) or "" for path in rule.hashed)
                if not any(hashed):
                    raise ReadingError(place, "记录没有可用于编号的内容", "it has nothing to make a number of")
                continue
            value = self._value(place, rule, levels)
            if value is None:
                continue
            if name in DATES:
                if value not in self._mapping.units.never:
                    values[name] = self._moment(place, value, rule.dates).date()
            elif name == "observed_at":
                values[name] = self._moment(place, value, rule.dates)
            else:
                values[name] = value
        return Found(values, hashed, subject, match, responsible, self._reference(levels))

    def record(self, found: Found, number: str | None, seen_at: datetime) -> Record:
        """Make the record; *number* where the mapping makes it of a hash.

        Raises:
            ReadingError: it lacks what every record has.
        """
        given = {"observed_at": seen_at, **found.values, **({"record_id": number} if number else {})}
        try:
            return Record(
                source=self._source,
                level=self._level,
                subject=found.subject,
                match=found.match,
                responsible=found.responsible,
                reference=found.reference,
                **given,
            )
        except ValidationError as error:
            place = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
            raise ReadingError(f"record.{place}", "缺失或不可用", "it is missing or cannot be used") from None

    def _reference(self, levels: tuple[Any, ...]) -> str | None:
        """Put together what feedback has to tell again: as a query string, for the channel to take apart."""
        kept = []
        for name, source in self._mapping.keep.items():
            rule = Rule(at=source) if isinstance(source, str) else source
            value = self._value(f"keep.{name}", rule, levels)
            if value is not None:
                kept.append((name, value))
        return urlencode(kept) or None

    def _whose(
        self, levels: tuple[Any, ...], asked: Subject, responsible: tuple[Party, ...]
    ) -> tuple[Subject | None, Literal["identifier", "name_only"]]:
        rules = self._mapping.subject
        if not isinstance(rules, SubjectRules):
            return asked, "identifier" if asked.primary else "name_only"
        said = self._subject(rules, levels, asked)
        query = self._mapping.query
        matching = query.matching if query else "exact"
        about, masked = said
        if about.same_as(asked) or any(party.subject.same_as(asked) for party in responsible):
            return about, "identifier"
        same_name = about.normal_name == asked.normal_name
        if masked is not None:
            # A number shown with its middle hidden proves nobody: with the same name it is whom we asked about by number.
            if same_name and asked.primary is not None and _could_be(masked, asked.primary.normal):
                return asked, "identifier"
            return self._another(matching, about, same_name=same_name)
        if not about.identifiers and same_name:
            return about, "name_only"
        return self._another(matching, about, same_name=same_name)

    def _another(
        self, matching: str, about: Subject, *, same_name: bool
    ) -> tuple[Subject | None, Literal["identifier", "name_only"]]:
        if matching == "fuzzy" or (matching == "search" and same_name):
            return about, "name_only"
        if matching == "search":
            return None, "name_only"
        raise WrongSubjectError

    def _subject(self, rules: SubjectRules, levels: tuple[Any, ...], asked: Subject) -> tuple[Subject, str | None]:
        """Read whom a record is about, and the number where it is shown masked."""
        name, scheme, category = (self._said(rules, part, levels) for part in ("name", "scheme", "category"))
        numbers = self._numbers(rules, levels)
        scheme = scheme or (asked.primary.scheme if asked.primary else "cn-uscc")
        masked = next((number for number in numbers if "*" in number), None)
        try:
            identifiers = tuple(Identifier(scheme=scheme, value=number) for number in numbers if "*" not in number)
            same = asked.same_as(Subject(category=asked.category, name="-", identifiers=identifiers))
            if not same and self._mapping.query is not None and self._mapping.query.matching == "fuzzy":
                # Whose numbers they are, and of which country, is not known: a candidate is one by name alone.
                identifiers = ()
            return (
                Subject.model_validate(
                    {"category": category or asked.category, "name": name or asked.name, "identifiers": identifiers}
                ),
                masked if not identifiers else None,
            )
        except ValidationError:
            raise ReadingError("subject", "不可用", "it cannot be used") from None

    def _numbers(self, rules: SubjectRules, levels: tuple[Any, ...]) -> list[str]:
        if rules.identifier is None:
            return []
        rule = Rule(at=rules.identifier) if isinstance(rules.identifier, str) else rules.identifier
        at = (rule.at,) if isinstance(rule.at, str) else rule.at or ()
        return list(dict.fromkeys(number for path in at for number in self._texts("subject.identifier", path, levels)))

    def _said(self, rules: SubjectRules, part: str, levels: tuple[Any, ...]) -> str | None:
        source = getattr(rules, part)
        if source is None:
            return None
        rule = Rule(at=source) if isinstance(source, str) else source
        return self._value(f"subject.{part}", rule, levels)

    def _party(self, rules: Any, levels: tuple[Any, ...]) -> Party | None:
        name = self._at("responsible", rules.name, levels)
        if name is None:
            return None
        number = self._at("responsible", rules.identifier, levels) if rules.identifier else None
        usable = [{"scheme": rules.scheme, "value": number}] if number and "*" not in number else []
        return Party.model_validate(
            {"role": rules.role, "subject": {"category": "person", "name": name, "identifiers": usable}}
        )

    def _value(self, place: str, rule: Rule, levels: tuple[Any, ...]) -> str | None:
        if rule.value is not None:
            return paths.scalar(rule.value)
        value: str | None = None
        for path in (rule.at,) if isinstance(rule.at, str) else rule.at or ():
            if rule.join is not None:
                value = rule.join.join(dict.fromkeys(self._texts(place, path, levels))) or None
            else:
                value = self._at(place, path, levels)
            if value is not None:
                break
        if value is None:
            return rule.otherwise
        if rule.codes is None:
            return value
        table = self._mapping.codes[rule.codes]
        ours = table.get(value, table.get(OURS))
        if not isinstance(ours, str):
            raise ReadingError(
                place,
                f"代码表 {rule.codes} 中没有平台给出的代码",
                f"the code table {rule.codes} does not know the code that came",
            )
        return value if ours == OURS else ours

    def _texts(self, place: str, path: str, levels: Sequence[Any]) -> list[str]:
        try:
            return paths.texts(_parsed(path), levels)
        except ValueError as error:
            raise ReadingError(place, "不是单一取值", str(error)) from None

    def _at(self, place: str, path: str, levels: Sequence[Any]) -> str | None:
        try:
            return paths.text(_parsed(path), levels)
        except ValueError as error:
            raise ReadingError(place, "不是单一取值", str(error)) from None

    def _moment(self, place: str, text: str, formats: tuple[str, ...]) -> datetime:
        for form in (*formats, *self._mapping.units.dates):
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007  the zone is that of the mapping, where none is written
            except ValueError:
                continue
            return moment.astimezone(self._zone) if moment.tzinfo else moment.replace(tzinfo=self._zone)
        raise ReadingError(
            place, "不是约定写法的日期或时间", "it is no day or time as the mapping says they are written"
        )


def meaning(mapping: Mapping, answer: Opened, records: int) -> tuple[Meaning, Condition | None]:
    """Say what an answer means; what is neither stated nor holds records means nothing, and is an error.

    Raises:
        ReadingError: it contradicts itself, or is not among the answers that the mapping states.
    """
    rules = mapping.answer
    if rules is None:
        raise ReadingError("answer", "没有写明", "it is not stated")
    if (failed := first(rules.failed, answer)) is not None:
        return "failed", failed
    unknown, nothing = first(rules.unknown, answer), first(rules.nothing_found, answer)
    if (unknown or nothing) and records:
        raise ReadingError(
            "answer.nothing_found", "既称无记录又给出记录", "it says that there is nothing and gives records"
        )
    if unknown is not None:
        return "unknown", unknown
    if nothing is not None:
        return "nothing_found", nothing
    if answer.status not in _SUCCESS:
        return "failed", None
    if not records:
        raise ReadingError(
            "answer", "既非失败、亦非无记录，又没有记录", "it is neither a failure nor nothing found, and has no record"
        )
    return "records", None


def _could_be(masked: str, number: str) -> bool:
    """Say whether a number with some characters hidden may be this one."""
    pattern = "".join("." if character == "*" else re.escape(character) for character in masked.upper())
    return len(masked) == len(number) and re.fullmatch(pattern, number.upper()) is not None


def _zone(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(offset if text[0] == "+" else -offset) if offset else UTC
