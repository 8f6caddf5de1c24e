"""Write the JSON Schemas of the published values to docs/reference/schemas/; a test keeps them true.

Every pydantic model in ``credit_check_sdk.model.__all__`` gets one file; the index lists them. Nothing else is written.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from credit_check_sdk import model

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference" / "schemas"

INDEX_HEAD = """# Values and their JSON Schemas · 数据结构

One JSON Schema (2020-12) for each value that crosses an edge of the SDK, made from the code by `make schemas`; a
test keeps them true. Identifiers are masked in all JSON that the SDK writes, unless it was asked to reveal them.

每个数据结构一份 JSON Schema，由代码生成并由测试保证一致。除非明确要求，输出的 JSON 中标识一律脱敏。

| value | what it is | schema |
|---|---|---|
"""


def published() -> dict[str, type[BaseModel]]:
    """Give the published values by name: the models in the model package's ``__all__``, but for their common root."""
    found = {name: getattr(model, name) for name in model.__all__}
    return {
        name: value
        for name, value in sorted(found.items())
        if inspect.isclass(value) and issubclass(value, BaseModel) and value is not model.Value
    }


def schema(value: type[BaseModel]) -> str:
    """Give the schema of one value as the text of its file."""
    body = TypeAdapter(value).json_schema(by_alias=True, mode="validation")
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:credit-check:schema:{value.__name__}",
        **body,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def summary(value: type[BaseModel]) -> str:
    """Give the first line of a value's docstring."""
    return (inspect.getdoc(value) or "").partition("\n")[0]


def files() -> dict[str, str]:
    """Give every file of the folder: its name and its text."""
    values = published()
    texts = {f"{name}.json": schema(value) for name, value in values.items()}
    rows = (f"| `{name}` | {summary(value)} | {{download}}`{name}.json` |\n" for name, value in values.items())
    texts["index.md"] = INDEX_HEAD + "".join(rows)
    return texts


def differences(wanted: dict[str, str]) -> list[str]:
    """Name the files that are missing, stale or no longer published."""
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*")} if FOLDER.is_dir() else {}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main() -> int:
    """Write what is new, and take away what is no longer published; with ``--check`` only say what would change."""
    wanted = files()
    stale = differences(wanted)
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{name} is not what the code says; run: make schemas", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    print(f"{len(wanted) - 1} schemas, {len(stale)} written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
