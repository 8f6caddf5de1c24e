"""Fill the places of what is sent: ``{subject.name}``, ``{feedback.at|date:%Y-%m-%d}``, ``{case.matter|items}``. Pure.

After ``|`` stands a code table of the mapping, which is read backwards, or one of ``date:FORMAT``, ``amount``, ``or:TEXT``,
``upper``, ``lower``, ``omit`` (leave the key out where there is nothing). ``{{`` and ``}}`` are braces. A dict with the only key
``#xml`` or ``#json`` becomes a text: the tree below it, written so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from credit_check_sdk.connector.envelopes import EnvelopeError, xml_of
from credit_check_sdk.connector.mapping import OURS, Units

Places = Mapping[str, Any]
"""What fills the places: dotted names to values, or None where there is nothing."""

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FILTERS = frozenset({"date", "amount", "or", "upper", "lower", "omit"})
_FACTORS = {"yuan": Decimal(1), "fen": Decimal(100), "wan": Decimal("0.0001")}
_ZONE = ZoneInfo("Asia/Shanghai")
_LEAVE_OUT = object()


class FillingError(ValueError):
    """A place that cannot be filled; the message names the place and no value."""


def places(tree: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name every place in *tree*: the text in which it stands, its name, and its filters.

    Raises:
        FillingError: a brace stands alone.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from places(key)
            yield from places(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from places(value)
    elif isinstance(tree, str):
        for part in _parts(tree):
            if not isinstance(part, str):
                yield tree, part[0], part[1]


def is_filter(name: str) -> bool:
    """Say whether *name* is a filter rather than a code table."""
    return name.partition(":")[0] in _FILTERS


class Filling:
    """Fills the places of one mapping."""

    def __init__(self, codes: Mapping[str, Mapping[str, str | tuple[str, ...]]], units: Units) -> None:
        self._codes = {name: _backwards(table) for name, table in codes.items()}
        self._factor = _FACTORS[units.amount]

    def fill(self, tree: Any, given: Places, escape: Callable[[str], str] | None = None) -> Any:
        """Fill *tree*; *escape* is applied to what is put in, for addresses.

        Raises:
            FillingError: a place has no value that its code table or filter can use.
        """
        if isinstance(tree, dict):
            if len(tree) == 1 and (kind := next(iter(tree))) in {"#xml", "#json"}:
                inner = self.fill(tree[kind], given)
                try:
                    return xml_of(inner) if kind == "#xml" else json.dumps(inner, ensure_ascii=False, default=str)
                except EnvelopeError as error:
                    raise FillingError(str(error)) from None
            filled = {str(self._text(key, given, None)): self.fill(value, given, escape) for key, value in tree.items()}
            return {key: value for key, value in filled.items() if value is not _LEAVE_OUT}
        if isinstance(tree, list | tuple):
            return [value for value in (self.fill(each, given, escape) for each in tree) if value is not _LEAVE_OUT]
        return self._text(tree, given, escape) if isinstance(tree, str) else tree

    def _text(self, template: str, given: Places, escape: Callable[[str], str] | None) -> Any:
        parts = _parts(template)
        if len(parts) == 1 and not isinstance(parts[0], str) and escape is None:
            value = self._value(*parts[0], given)
            return "" if value is None else value
        filled = []
        for part in parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            value = self._value(*part, given)
            text = "" if value is None or value is _LEAVE_OUT else _plain(value)
            filled.append(escape(text) if escape else text)
        return "".join(filled)

    def _value(self, name: str, filters: tuple[str, ...], given: Places) -> Any:
        if name not in given:
            raise FillingError(f"{{{name}}} has no value here")
        value = given[name]
        for each in filters:
            kind, _, argument = each.partition(":")
            if kind == "omit":
                return _LEAVE_OUT if value in (None, "") else value
            if kind == "or":
                value = argument if value in (None, "") else value
            elif value in (None, ""):
                continue
            elif kind == "date":
                value = _day(name, value).strftime(argument)
            elif kind == "amount":
                value = _sum(name, value, self._factor)
            elif kind in {"upper", "lower"}:
                value = getattr(_plain(value), kind)()
            else:
                value = self._code(name, each, value)
        return value

    def _code(self, name: str, table: str, value: Any) -> str:
        codes = self._codes[table]
        code = codes.get(_plain(value), codes.get(OURS))
        if code is None:
            raise FillingError(f"the code table {table} has no code for the value of {{{name}}}")
        return _plain(value) if code == OURS else code


@cache
def _parts(template: str) -> list[str | tuple[str, tuple[str, ...]]]:
    parts: list[str | tuple[str, tuple[str, ...]]] = []
    start = 0
    for found in _PLACE.finditer(template):
        if found.start() > start:
            parts.append(template[start : found.start()])
        start = found.end()
        if found[0] in {"{{", "}}"}:
            parts.append(found[0][0])
        elif found[1] is None:
            raise FillingError(f"a brace stands alone in {template!r}; write it twice")
        else:
            name, *filters = (each.strip() for each in found[1].split("|"))
            parts.append((name, tuple(filters)))
    if start < len(template) or not parts:
        parts.append(template[start:])
    return parts


def _backwards(table: Mapping[str, str | tuple[str, ...]]) -> dict[str, str]:
    """Turn a code table round; of two codes that mean the same the first is written."""
    turned: dict[str, str] = {}
    for code, ours in table.items():
        if code != OURS:
            for each in (ours,) if isinstance(ours, str) else ours:
                turned.setdefault(each, code)
        elif ours == OURS:
            turned[OURS] = OURS
    return turned


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _day(name: str, value: Any) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise FillingError(f"{{{name}}} is no day or time") from None
    return moment.astimezone(_ZONE) if moment.tzinfo else moment


def _sum(name: str, value: Any, factor: Decimal) -> str:
    try:
        total = Decimal(str(value)) * factor
    except InvalidOperation:
        raise FillingError(f"{{{name}}} is no sum") from None
    return format(total.normalize(), "f") if total != total.to_integral_value() else str(int(total))
