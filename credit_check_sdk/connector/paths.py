"""Where something stands in an answer: paths over trees of dicts, lists and scalars. Pure; it raises `ValueError` only.

``data.list`` steps into keys; a list on the way is walked item by item. ``list[0]`` takes one item,
``content[@title=立案日期]`` those with this value (blanks around both do not count), ``^.name`` begins one level further
out, ``$.name`` at the top of the answer. XML is a tree in which attributes are keys that begin with ``@``. A
key may have blanks inside, as columns of lists do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "#text"
"""Key of the text of an XML element that has attributes or children too."""
_STEP = re.compile(r"([^.\[\]=\s](?:[^.\[\]=\r\n]*[^.\[\]=\s])?)((?:\[[^\[\]]*\])*)(?:\.|$)")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a key, and which of the items found there."""

    name: str
    choices: tuple[int | tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A whole path: how far out it begins (None: at the top), and its steps."""

    text: str
    out: int | None
    steps: tuple[Step, ...]


def parsed(text: str) -> Path:
    """Read a path.

    Raises:
        ValueError: it is none.
    """
    rest, out = text, 0
    top = rest == "$" or rest.startswith("$.")
    if top:
        rest = rest[2:]
    while rest == "^" or rest.startswith("^."):
        rest, out = rest[2:], out + 1
    steps: list[Step] = []
    place = 0
    while place < len(rest):
        found = _STEP.match(rest, place)
        if found is None:
            raise ValueError(f"{text!r} is no path")
        steps.append(Step(found[1], tuple(_choice(each) for each in _CHOICE.findall(found[2]))))
        place = found.end()
    if (not steps and not top and not out) or rest.endswith("."):
        raise ValueError(f"{text!r} is no path")
    return Path(text, None if top else out, tuple(steps))


def _choice(text: str) -> int | tuple[str, str]:
    key, equals, value = text.partition("=")
    if equals and key.strip():
        return key.strip(), value.strip().strip("'\"").strip()
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError(f"[{text}] is neither a number nor KEY=VALUE")


def found(path: Path, levels: Sequence[Any]) -> list[Any]:
    """Give all that stands at *path*; *levels* are the nodes from the top of the answer to where we are."""
    if path.out is not None and path.out >= len(levels):
        return []
    nodes = _items(levels[0] if path.out is None else levels[-1 - path.out])
    for step in path.steps:
        nodes = [item for node in nodes if isinstance(node, dict) for item in _items(node.get(step.name))]
        for choice in step.choices:
            nodes = nodes[choice : choice + 1] if isinstance(choice, int) else _such(nodes, *choice)
    return nodes


def there(path: Path, levels: Sequence[Any]) -> bool:
    """Say whether the last key of *path* is there at all, whatever it holds."""
    if not path.steps:
        return True
    before = found(Path(path.text, path.out, path.steps[:-1]), levels)
    return any(isinstance(node, dict) and path.steps[-1].name in node for node in before)


def text(path: Path, levels: Sequence[Any]) -> str | None:
    """Give the one value at *path* as text without blanks around it; None where there is none or it is blank.

    Raises:
        ValueError: there are several that differ, or it is no scalar.
    """
    values = {scalar(node) for node in found(path, levels)} - {""}
    if len(values) > 1:
        raise ValueError("there are several values")
    return next(iter(values), None)


def texts(path: Path, levels: Sequence[Any]) -> list[str]:
    """Give all values at *path* as texts, blank ones left out."""
    return [value for value in map(scalar, found(path, levels)) if value]


def scalar(node: Any) -> str:
    """Give a leaf as text without blanks around it.

    Raises:
        ValueError: it is no leaf.
    """
    if isinstance(node, dict):
        if set(node) == {TEXT} or (TEXT in node and all(key.startswith("@") or key == TEXT for key in node)):
            return scalar(node[TEXT])
        if all(key.startswith("@") for key in node):
            return ""
        raise ValueError("it is no single value")
    if isinstance(node, bool):
        return "true" if node else "false"
    return "" if node is None else str(node).strip()


def _items(node: Any) -> list[Any]:
    if node is None:
        return []
    if isinstance(node, list):
        return [item for each in node for item in _items(each)]
    return [node]


def _such(nodes: list[Any], key: str, value: str) -> list[Any]:
    return [node for node in nodes if isinstance(node, dict) and key in node and _is(node[key], value)]


def _is(node: Any, value: str) -> bool:
    try:
        return scalar(node) == value
    except ValueError:
        return False
