"""Read a mapping file and look at all of it before it is used: every fault is named with its place and its reason.

It reads files when a client is set up or a mapping is checked, and never afterwards.
"""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from credit_check_sdk.connector.examining import Fault, faults_of
from credit_check_sdk.connector.mapping import Mapping
from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDINGS = (".toml", ".yaml", ".yml")
_DIALECTS = "dialects"


class _Unreadable(Exception):  # noqa: N818  it never leaves this module
    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


def dialects() -> tuple[str, ...]:
    """Name the mappings that come with this distribution."""
    folder = resources.files("credit_check_sdk.connector") / _DIALECTS
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


def load(name: str) -> Mapping:
    """Read the mapping in the file *name*, or the dialect of that name, and refuse it where anything is wrong with it.

    Raises:
        ConfigurationError: it is missing, cannot be read, or has faults; each is named with its place.
    """
    mapping, faults = examined(name)
    if mapping is None or faults:
        where = Path(name).name
        raise ConfigurationError(
            f"the mapping {where} cannot be used: " + "; ".join(f"{fault.place}: {fault.en}" for fault in faults),
            f"映射 {where} 不可用：" + "；".join(f"{fault.place}：{fault.zh}" for fault in faults),
            code="configuration.mapping",
            remedy_en="mend these places; `credit-check connector check` names them one by one",
            remedy_zh="请逐处修改；credit-check connector check 会逐条列出",
            detail={"places": [fault.place for fault in faults]},
        )
    return mapping


def examined(name: str) -> tuple[Mapping | None, tuple[Fault, ...]]:
    """Read the mapping in the file *name*, or the dialect of that name, and give all its faults."""
    try:
        mapping = _valued(_data(name))
    except _Unreadable as error:
        return None, error.faults
    return mapping, tuple(faults_of(mapping))


def _data(name: str) -> Any:
    try:
        if name in dialects():
            return tomllib.loads(
                (resources.files("credit_check_sdk.connector") / _DIALECTS / f"{name}.toml").read_text("utf-8")
            )
        if not name.endswith(ENDINGS):
            known = ", ".join(dialects())
            raise _Unreadable(
                Fault(
                    name,
                    f"不是映射文件，也不是内置方言（{known}）",
                    f"it is neither a .toml or .yaml file nor one of {known}",
                )
            )
        text = Path(name).read_text(encoding="utf-8-sig")
        return tomllib.loads(text) if name.endswith(".toml") else yaml.safe_load(text)
    except OSError:
        raise _Unreadable(
            Fault(Path(name).name, "文件不存在或不可读", "there is no such file, or it cannot be read")
        ) from None
    except UnicodeDecodeError:
        raise _Unreadable(Fault(Path(name).name, "不是 UTF-8 文本", "it is not written in UTF-8")) from None
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        why = str(getattr(error, "problem", None) or error)
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else Path(name).name
        raise _Unreadable(Fault(place, f"语法错误：{why}", f"it cannot be parsed: {why}")) from None


def _valued(data: Any) -> Mapping:
    if not isinstance(data, dict):
        raise _Unreadable(Fault("$", "应为键值表", "it has to be a table of keys"))
    _both_stated(data)
    try:
        # Through JSON, so that lists may stand where tuples are kept and nothing else is taken for what it is not.
        return Mapping.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise _Unreadable(
            *(
                Fault(_place(found["loc"]), f"不可用：{found['msg']}", found["msg"])
                for found in error.errors(include_url=False, include_input=False, include_context=False)
            )
        ) from None


def _both_stated(data: dict[str, Any]) -> None:
    """Refuse a mapping that does not say both what failed and what nothing found looks like: neither is ever guessed."""
    sides: dict[str, tuple[str, str]] = {"answer": ("failed", "nothing_found"), "feedback": ("taken", "refused")}
    faults = [
        Fault(
            f"{table}.{side}",
            f"没有写明；{two[0]} 与 {two[1]} 必须都写明，绝不猜测",
            f"it is not stated; both {two[0]} and {two[1]} have to be, because neither is ever guessed",
        )
        for table, two in sides.items()
        for side in two
        if isinstance(data.get(table), dict) and not data[table].get(side)
    ]
    if "query" in data and "answer" not in data:
        faults.append(
            Fault("answer", "有 query 而没有 answer", "there is a query, and nothing says what its answers mean")
        )
    if faults:
        raise _Unreadable(*faults)


def _place(steps: Sequence[Any]) -> str:
    plain = [str(step) for step in steps if step not in {"str", "Rule", "SubjectRules", "literal['asked']"}]
    return ".".join(plain) or "$"
