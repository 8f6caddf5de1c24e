"""Read a document into a value, and say key and place where it does not fit. It performs no I/O and reads no clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from pydantic import BaseModel


def parse(kind: type[Any], data: bytes, file: str, error: type[InputError] = InputError) -> Any:
    """Read one value from JSON; *file* is what the document is called.

    Raises:
        InputError: it does not fit; the message names key and place, never what was put in.
    """
    try:
        return kind.model_validate_json(data)
    except ValidationError as trouble:
        raise explained(trouble, Path(file).name, kind, error) from None


def explained(trouble: ValidationError, file: str, kind: type[BaseModel], error: type[InputError]) -> InputError:
    """Say what is wrong with a document, where, and what to do; never what was put in."""
    first = trouble.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or file
    known = ", ".join(kind.model_fields) if first["type"] == "extra_forbidden" and len(first["loc"]) == 1 else ""
    blank = first["loc"][:1] == ("purpose",) and first["type"] != "extra_forbidden"
    missing = blank or ("purpose" in first["msg"] and "person" in first["msg"])
    return error(
        f"{file}: {place}: {first['msg']}",
        f"{file}：{place}：{first['msg']}",
        code="case.purpose_missing" if missing else None,
        remedy_en=f"known keys are {known}" if known else "mend that place and try again",
        remedy_zh=f"可用的键：{known}" if known else "请修改后重试",
        detail={"place": place, "count": trouble.error_count()},
    )
