"""Kinds of honours, as data: names, basis, red lists, and what revokes one. It checks nobody."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from credit_check_sdk import Basis, InputError, Several, Value, Words

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class Honour(Value):
    """A kind of honour."""

    code: str = Field(min_length=1)
    """Its code."""
    name: Words
    """Its name."""
    red_list: str | None = None
    """The red list on which its holders stand; None: on none."""
    basis: Basis
    """Where it is founded."""


class HonourTable(Value):
    """The honours that an authority grants."""

    edition: str
    """Edition of the table."""
    honours: Several[Honour] = Field(min_length=1)
    """The honours."""
    revoked_by: Several[str] = Field(min_length=1)
    """Codes of the measures by which an honour is proposed to be revoked."""

    def of(self, code: str) -> Honour:
        """Find an honour.

        Raises:
            InputError: there is none of that code.
        """
        for honour in self.honours:
            if honour.code == code:
                return honour
        known = "、".join(honour.code for honour in self.honours)
        raise InputError(
            f"there is no honour {code!r}",
            f"没有荣誉“{code}”",
            remedy_en=f"use one of {known}, or add it to the table",
            remedy_zh=f"可用：{known}；或者加入荣誉表",
        )

    def agrees(self, measures: Collection[str]) -> None:
        """See that all by which an honour is revoked are *measures* of the catalogue: a slip would quietly revoke none.

        Raises:
            InputError: one is none.
        """
        for code in self.revoked_by:
            if code not in measures:
                raise _wrong(self.edition, f"the catalogue has no measure {code!r}")

    @classmethod
    def default(cls) -> HonourTable:
        """Read the table that comes with the adapter."""
        text = (resources.files(__package__) / "data" / "honours.toml").read_text(encoding="utf-8")
        return cls._made(text, "honours.toml")

    @classmethod
    def read(cls, path: Path) -> HonourTable:
        """Read an authority's own table.

        Raises:
            InputError: it is no TOML, a key is missing, unknown or wrong, or an honour stands there twice.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(path.name, str(error)) from error
        return cls._made(text, path.name)

    @classmethod
    def _made(cls, text: str, name: str) -> HonourTable:
        try:
            said = tomllib.loads(text)
            anchors = said.pop("anchors", {})
            _cite(said.get("honours"), anchors)
            table = cls.model_validate(said, strict=False)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise _wrong(name, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise _wrong(name, f"no anchor {error}" if isinstance(error, KeyError) else str(error)) from error
        codes = [honour.code for honour in table.honours]
        for code in codes:
            if codes.count(code) > 1:
                raise _wrong(name, f"honour {code!r} stands there twice")
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


def _wrong(name: str, what: str) -> InputError:
    return InputError(
        f"{name} is no table of honours: {what}",
        f"{name} 不是荣誉表：{what}",
        remedy_en="mend it after the adapter's own data/honours.toml",
        remedy_zh="请参照适配器自带的 data/honours.toml 修改",
    )
