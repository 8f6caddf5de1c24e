"""Read YAML and remember on which line each thing stands. It performs no I/O: it is given text.

Only plain data is read; doubled keys, foreign tags and anchors that contain themselves are refused. The merge key
``<<`` works as YAML 1.1 defines it, so that one document may be cited with many articles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from credit_check_sdk.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yaml import MappingNode, Node

Path = tuple[str | int, ...]
"""Keys and positions that lead to a place in a file."""

_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"
_PLAIN = frozenset({"tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in one file, and where."""

    file: str
    """Name of the file, as people know it."""
    content: dict[str, Any]
    """What it says."""
    lines: dict[Path, int] = field(repr=False)
    """Line of each place, counted from 1."""
    packaged: bool = False
    """Whether it belongs to the starter catalogue."""

    def line(self, path: Path, loc: Iterable[str | int] = ()) -> int:
        """Give the line of *path*, and below it of as much of *loc* as stands in the file."""
        for part in loc:
            if (*path, part) in self.lines:
                path = (*path, part)
        return self.lines.get(path, 1)


def read(text: str, file: str, *, packaged: bool = False) -> Sheet:
    """Read the *text* of *file*.

    Raises:
        CatalogueError: it is no plain YAML mapping; file, line and reason are named.
    """
    import yaml  # noqa: PLC0415  a host that only imports the package does not pay for it

    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        loader = loader_class(text)
        try:
            node = loader.get_single_node()
            walk = _Walk(loader, file)
            content = walk.value(node, ()) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        refuse(file, mark.line + 1 if mark else 1, f"this is no valid YAML: {problem}", f"不是有效的 YAML：{problem}")
    except yaml.YAMLError as error:
        refuse(file, 1, f"this is no valid YAML: {error}", f"不是有效的 YAML：{error}")
    if not isinstance(content, dict):
        refuse(file, 1, "a mapping with sections is expected", "应当是由各节组成的映射")
    return Sheet(file, content, walk.lines, packaged)


class _Walk:
    def __init__(self, loader: Any, file: str) -> None:
        self.loader, self.file = loader, file
        self.lines: dict[Path, int] = {}
        self._open: set[int] = set()

    def value(self, node: Any, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if node.id == "scalar":
            return node.value if node.tag == _TEXT else self._scalar(node)
        if node.tag not in _PLAIN:
            self._refuse(node, f"the tag {node.tag!r} is not known here", f"标签“{node.tag}”不可用")
        if id(node) in self._open:
            self._refuse(node, "an anchor contains itself", "锚点包含自身")
        self._open.add(id(node))
        try:
            if node.id == "sequence":
                return [self.value(child, (*path, place)) for place, child in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: Any) -> Any:
        try:
            return self.loader.construct_object(node)
        except ValueError:  # a day that the calendar does not have
            self._refuse(node, f"{node.value!r} cannot be read", f"“{node.value}”无法识别")

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, child in node.value:
            if key.tag == _MERGE:
                for source in child.value if child.id == "sequence" else [child]:
                    if source.id != "mapping":
                        self._refuse(key, "<< takes a mapping", "<< 只能合并映射")
                    merged = {**self.value(source, path), **merged}
                continue
            if key.tag != _TEXT:
                self._refuse(key, f"the key {key.value!r} is no text", f"键 {key.value!r} 不是文本")
            if key.value in own:
                first = lines[key.value]
                self._refuse(
                    key,
                    f"the key {key.value!r} is doubled, first on line {first}",
                    f"键“{key.value}”重复，首次出现在第 {first} 行",
                )
            lines[key.value] = key.start_mark.line + 1
            own[key.value] = self.value(child, (*path, key.value))
        self.lines[path] = node.start_mark.line + 1
        for name, line in lines.items():
            self.lines[*path, name] = line
        return {**merged, **own}

    def _refuse(self, node: Node, en: str, zh: str) -> NoReturn:
        refuse(self.file, node.start_mark.line + 1, en, zh)


def refuse(file: str, line: int, en: str, zh: str) -> NoReturn:
    """Raise the error that names file, line and reason."""
    raise CatalogueError(
        f"{file}:{line}: {en}",
        f"{file} 第 {line} 行：{zh}",
        remedy_en="mend that entry",
        remedy_zh="请修改该条目",
        detail={"file": file, "line": line},
    ) from None
