"""How often whom to inspect, as data: levels, what moves a subject between them, fields of full coverage. It checks nobody."""

from __future__ import annotations

import tomllib
from decimal import Decimal  # noqa: TC003  pydantic reads it
from importlib import resources
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from credit_check_sdk import Basis, InputError, Several, Value, Words

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class Frequency(Value):
    """A level of inspection."""

    code: str
    """Its code, as the supervision system writes it."""
    name: Words
    """Its name."""
    factor: Decimal = Field(ge=0, strict=False)
    """How often, as a multiple of the ordinary."""
    basis: Basis | None = None
    """Where the level is set down."""


class Move(Value):
    """How far a measure moves a subject."""

    measure: str
    """Code of the measure."""
    steps: int
    """Levels: below zero for fewer inspections, above for more."""


class FullCoverage(Value):
    """A field in which everybody is inspected and nobody less often for being trustworthy."""

    code: str
    """Its code, as the supervision system writes it."""
    name: Words
    """Its name."""
    basis: Basis | None = None
    """Where that stands."""


class FrequencyTable(Value):
    """The levels of a department, from the least to the most often, and what moves a subject between them."""

    edition: str
    """Edition of the table."""
    levels: Several[Frequency] = Field(min_length=2)
    """The levels."""
    moves: Several[Move]
    """What moves a subject."""
    full_coverage: Several[FullCoverage] = ()
    """Fields of full coverage."""

    def place(self, code: str) -> int | None:
        """Find a level; None where there is none of that code."""
        return next((place for place, level in enumerate(self.levels) if level.code == code), None)

    def covered(self, area: str | None) -> FullCoverage | None:
        """Find the field of full coverage; None where *area* is none."""
        return next((each for each in self.full_coverage if each.code == area), None)

    def agrees(self, measures: Collection[str]) -> None:
        """See that all that moves a subject are *measures* of the catalogue: a slip would quietly move nobody.

        Raises:
            InputError: one is none.
        """
        for move in self.moves:
            if move.measure not in measures:
                raise _wrong(self.edition, f"the catalogue has no measure {move.measure!r}")

    @classmethod
    def default(cls) -> FrequencyTable:
        """Read the table that comes with the adapter; its factors are a proposal, no document names numbers."""
        text = (resources.files(__package__) / "data" / "frequency.toml").read_text(encoding="utf-8")
        return cls._made(text, "frequency.toml")

    @classmethod
    def read(cls, path: Path) -> FrequencyTable:
        """Read a department's own table.

        Raises:
            InputError: it is no TOML, a key is missing, unknown or wrong, or something stands there twice.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(path.name, str(error)) from error
        return cls._made(text, path.name)

    @classmethod
    def _made(cls, text: str, name: str) -> FrequencyTable:
        try:
            said = tomllib.loads(text)
            anchors = said.pop("anchors", {})
            for part in ("levels", "full_coverage"):
                _cite(said.get(part), anchors)
            table = cls.model_validate(said, strict=False)
        except (tomllib.TOMLDecodeError, ValidationError, KeyError) as error:
            raise _wrong(name, _first(error)) from error
        for codes in ([each.code for each in table.levels], [each.measure for each in table.moves]):
            for code in codes:
                if codes.count(code) > 1:
                    raise _wrong(name, f"{code!r} stands there twice")
        return table


def _cite(several: Any, anchors: Any) -> None:
    """Put the document in the place of its name; what has another shape is left for the validation to name."""
    for said in several if isinstance(several, list) else ():
        named = said.get("basis") if isinstance(said, dict) else None
        if isinstance(named, str):
            document = anchors.get(named) if isinstance(anchors, dict) else None
            if not isinstance(document, dict):
                raise KeyError(named)
            article = said.pop("article", None)
            said["basis"] = {**document, **({"article": article} if article else {})}


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
    return f"no anchor {error}" if isinstance(error, KeyError) else str(error)


def _wrong(name: str, what: str) -> InputError:
    return InputError(
        f"{name} is no table of frequencies: {what}",
        f"{name} 不是抽查频次表：{what}",
        remedy_en="mend it after the adapter's own data/frequency.toml",
        remedy_zh="请参照适配器自带的 data/frequency.toml 修改",
    )
