"""Structured fields (RFC 8941) as far as signatures need them: dictionaries of inner lists and of bytes. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

Bare = str | int | bool | bytes
"""A bare item; tokens are not used here."""

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING: Final = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_BOOLEAN: Final = re.compile(r"\?([01])")
_BLANK: Final = re.compile(r"[ \t]*")


class FieldError(ValueError):
    """A field that is not written as it has to be."""


@dataclass(frozen=True)
class Item:
    """A text with its parameters: the identifier of a component."""

    value: str
    params: dict[str, Bare] = field(default_factory=dict)

    def written(self) -> str:
        """Write it as the standard writes it."""
        return _bare(self.value) + parameters(self.params)


@dataclass(frozen=True)
class InnerList:
    """Items in brackets, with parameters: what a signature covers."""

    items: tuple[Item, ...]
    params: dict[str, Bare] = field(default_factory=dict)

    def written(self) -> str:
        """Write it as the standard writes it."""
        return "(" + " ".join(item.written() for item in self.items) + ")" + parameters(self.params)


def parameters(params: dict[str, Bare]) -> str:
    """Write parameters."""
    return "".join(f";{name}" if value is True else f";{name}={_bare(value)}" for name, value in params.items())


def _bare(value: Bare) -> str:
    if isinstance(value, bool):
        return f"?{int(value)}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode('ascii')}:"
    if not value.isascii() or not value.isprintable():
        raise FieldError("a text has characters that no header may have")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def inner_lists(text: str) -> dict[str, InnerList]:
    """Read a dictionary of inner lists (``Signature-Input``).

    Raises:
        FieldError: it is none, or names a member twice.
    """
    return {name: value for name, value in _Reader(text).members() if isinstance(value, InnerList)}


def byte_sequences(text: str) -> dict[str, bytes]:
    """Read a dictionary of byte sequences (``Signature``, ``Content-Digest``).

    Raises:
        FieldError: it is none, or names a member twice.
    """
    return {name: value for name, value in _Reader(text).members() if isinstance(value, bytes)}


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text.strip(" "), 0

    def members(self) -> list[tuple[str, InnerList | Bare]]:
        found: list[tuple[str, InnerList | Bare]] = []
        while self._at < len(self._text):
            name = self._take(_KEY)[0]
            if name in {each for each, _ in found}:
                raise FieldError("a member stands twice")
            self._literal("=")
            if self._peek() == "(":
                found.append((name, self._inner_list()))
            else:
                value = self._item()
                self._params()
                found.append((name, value))
            self._take(_BLANK)
            if self._at < len(self._text):
                self._literal(",")
                self._take(_BLANK)
                if self._at == len(self._text):
                    raise FieldError("it ends with a comma")
        return found

    def _inner_list(self) -> InnerList:
        self._literal("(")
        items: list[Item] = []
        while True:
            while self._peek() == " ":
                self._at += 1
            if self._peek() == ")":
                self._at += 1
                return InnerList(tuple(items), self._params())
            value = self._item()
            if not isinstance(value, str):
                raise FieldError("a component is named by a text")
            items.append(Item(value, self._params()))
            if self._peek() not in {" ", ")"}:
                raise FieldError("components stand apart by blanks")

    def _params(self) -> dict[str, Bare]:
        params: dict[str, Bare] = {}
        while self._peek() == ";":
            self._at += 1
            while self._peek() == " ":
                self._at += 1
            name = self._take(_KEY)[0]
            if name in params:
                raise FieldError("a parameter stands twice")
            params[name] = True
            if self._peek() == "=":
                self._at += 1
                params[name] = self._item()
        return params

    def _item(self) -> Bare:
        match self._peek():
            case '"':
                return re.sub(r"\\(.)", r"\1", self._take(_STRING)[1])
            case ":":
                try:
                    return base64.b64decode(self._take(_BYTES)[1], validate=True)
                except binascii.Error:
                    raise FieldError("bytes are not written in base64") from None
            case "?":
                return self._take(_BOOLEAN)[1] == "1"
            case _:
                return int(self._take(_INTEGER)[0])

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise FieldError(f"it cannot be read at character {self._at + 1}")
        self._at = found.end()
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _literal(self, text: str) -> None:
        if self._peek() != text:
            raise FieldError(f"{text!r} is missing at character {self._at + 1}")
        self._at += 1
