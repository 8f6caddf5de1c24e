"""What all values have in common. It performs no I/O and reads no clock."""

from __future__ import annotations

import functools
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class Value(BaseModel):
    """A frozen value: unknown keys are refused, types are strict, and no error shows what was put in."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,  # hosts import us at start; a schema is built when it is first needed
    )

    @override
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy it with changes; what was worked out of the former values is not carried over.

        A subject copied with another identifier would else go on being matched by the one it had.
        """
        new = super().model_copy(update=update, deep=deep)
        if update:
            held, fields = new.__dict__, type(self).model_fields
            for name in [name for name in held if name not in fields]:
                del held[name]
        return new

    @classmethod
    def made(cls, **values: Any) -> Self:
        """Make a value of parts that are known to fit: nothing is validated, and defaults fill what is not given.

        For values that this package composes itself of values that were validated; never for what comes from outside.
        """
        new = cls.__new__(cls)
        write = object.__setattr__
        write(new, "__dict__", {**_defaults(cls), **values})
        write(new, "__pydantic_fields_set__", set(values))
        write(new, "__pydantic_extra__", None)
        write(new, "__pydantic_private__", None)
        return new

    @classmethod
    def made_whole(cls, parts: dict[str, Any]) -> Self:
        """Make a value of all its parts, which are those of another one but for some; see `made`."""
        new = cls.__new__(cls)
        write = object.__setattr__
        write(new, "__dict__", parts)
        write(new, "__pydantic_fields_set__", _all(cls))
        write(new, "__pydantic_extra__", None)
        write(new, "__pydantic_private__", None)
        return new


@functools.cache
def _all(kind: type[Value]) -> set[str]:
    """Name all fields of a value; nobody changes the set, for no value's field is ever set."""
    return set(kind.model_fields)


@functools.cache
def _defaults(kind: type[Value]) -> dict[str, Any]:
    """Give the defaults of a value; each is immutable, so that values may share them."""
    fields = kind.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}


Several = Annotated[tuple[T, ...], Field(strict=False)]
"""A tuple in the value; a host may also give a list."""

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if not found:
            message = "a duration is a number and a unit: 500ms, 3s, 10m, 24h, 7d"
            raise ValueError(message)
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    return value


def _duration_text(value: timedelta) -> str:
    seconds = value.total_seconds()
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{int(seconds * 1000)}ms"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text, return_type=str)]
"""A length of time, written ``500ms``, ``3s``, ``10m``, ``24h`` or ``7d``."""

Time = AwareDatetime
"""A moment; always aware of its zone."""

Lang = Literal["zh-CN", "en"]
"""A language that the product speaks to people."""


class Words(Value):
    """The same words in the two languages in which the product speaks to people."""

    zh: str = Field(alias="zh-CN")
    """In Chinese; the one that counts."""
    en: str
    """In English."""

    def __getitem__(self, lang: str) -> str:
        """Give the words in *lang*; anything that is not Chinese gets English."""
        return self.zh if lang.lower().startswith("zh") else self.en


class Lines(Value):
    """Several sentences in the two languages, in the same order."""

    zh: Several[str] = Field(default=(), alias="zh-CN")
    """In Chinese."""
    en: Several[str] = ()
    """In English."""

    def __getitem__(self, lang: str) -> tuple[str, ...]:
        """Give the sentences in *lang*."""
        return self.zh if lang.lower().startswith("zh") else self.en
