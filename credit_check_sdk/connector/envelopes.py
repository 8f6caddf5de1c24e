"""How a request is written and an answer is read: JSON, form, XML, SOAP, CSV; in UTF-8, GBK or GB18030. Pure.

XML is read without document types, entities or anything from outside (defusedxml), and nothing larger or deeper than
the limits is read at all. No message made here repeats what was read: it may hold identifiers.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from credit_check_sdk.connector.paths import TEXT

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Kind = Literal["json", "form", "xml", "soap", "csv"]
"""How a body is wrapped."""
Encoding = Literal["utf-8", "gbk", "gb18030"]
"""How its characters are written."""

MAX_BYTES = 16 * 1024 * 1024
"""The largest answer that is read."""
MAX_DEPTH = 100
"""How deep an answer may be nested."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "csv": "text/csv",
}


class EnvelopeError(ValueError):
    """Something that cannot be written or read; the message says what, and never repeats it."""


class FaultError(EnvelopeError):
    """The platform answered with a SOAP fault."""


def written(kind: Kind, body: Any, encoding: Encoding) -> bytes:
    """Write a body of dicts, lists and scalars.

    Raises:
        EnvelopeError: it cannot be written so.
    """
    if kind == "json":
        text = json.dumps(body, ensure_ascii=False, default=str, separators=(",", ":"))
    elif kind == "form":
        fields = [(name, _flat(value)) for name, value in (body or {}).items()]
        return urlencode(fields, encoding=encoding).encode("ascii")
    elif kind == "csv":
        text = csv_of(body or {})
    else:
        if not isinstance(body, dict) or len(body) != 1:
            raise EnvelopeError("an XML body has one element at the top")
        text = f'<?xml version="1.0" encoding="{encoding.upper()}"?>' + xml_of(body)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        raise EnvelopeError(f"it has characters that {encoding} cannot write") from None


def soap(operation: str, namespace: str, arguments: Any, version: str) -> dict[str, Any]:
    """Wrap arguments as a SOAP call; the operation is qualified, its arguments are not (document/literal of JAX-WS)."""
    inner = dict(arguments or {})
    call = {f"ns:{operation}": {"@xmlns:ns": namespace, **inner}}
    return {"soap:Envelope": {"@xmlns:soap": _SOAP[version], "soap:Body": call}}


def content_type(kind: Kind, encoding: Encoding, version: str = "1.1", action: str = "") -> str:
    """Name the content type of a body."""
    if kind == "json":
        return _TYPES["json"] if encoding == "utf-8" else f"{_TYPES['json']}; charset={encoding}"
    if kind == "soap":
        if version == "1.1":
            return f"text/xml; charset={encoding}"
        return f'application/soap+xml; charset={encoding}; action="{action}"'
    return f"{_TYPES[kind]}; charset={encoding}"


def read(kind: Kind, body: bytes, encoding: Encoding) -> Any:
    """Read an answer as dicts, lists and scalars.

    Raises:
        EnvelopeError: it is too large, too deep, ambiguous, or not of this kind.
        FaultError: it is a SOAP fault.
    """
    if len(body) > MAX_BYTES:
        raise EnvelopeError(f"it is larger than {MAX_BYTES} bytes")
    if not body.strip():
        raise EnvelopeError("it is empty")
    try:
        text = body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        raise EnvelopeError(f"it is not written in {encoding}") from None
    if kind in {"json", "form"}:
        return read_json(text)
    if kind == "csv":
        return read_csv(text)
    tree = read_xml(text)
    return _unwrapped(tree) if kind == "soap" else tree


def read_json(text: str) -> Any:
    """Read JSON; numbers keep their digits, and a key given twice is refused.

    Raises:
        EnvelopeError: it is none.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_number)
    except EnvelopeError:
        raise
    except (ValueError, RecursionError):
        raise EnvelopeError("it is no JSON") from None
    _not_too_deep(value)
    return value


def read_xml(text: str) -> dict[str, Any]:
    """Read XML as a dict with its one element; names lose their prefixes.

    Raises:
        EnvelopeError: it is none, or declares a document type or entities.
    """
    from defusedxml import DefusedXmlException  # noqa: PLC0415  only where XML is spoken
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415  the same

    try:
        root = fromstring(_DECLARATION.sub("", text, count=1), forbid_dtd=True)
    except DefusedXmlException:
        raise EnvelopeError("it declares a document type or entities, which are not read") from None
    except (ParseError, ValueError, RecursionError):
        raise EnvelopeError("it is no XML") from None
    return {_local(root.tag): _tree(root, 0)}


def read_csv(text: str) -> dict[str, Any]:
    """Read CSV with a header as a dict with its ``columns`` and its ``rows``, each a dict; blank lines do not count.

    Raises:
        EnvelopeError: a name stands twice in the header, or a line has more or fewer fields than it.
    """
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        if len(set(header)) != len(header) or "" in header:
            raise EnvelopeError("its header has no name for a column, or one twice")
        rows = [line for line in lines if line]
    except csv.Error:
        raise EnvelopeError("it is no CSV") from None
    if any(len(row) != len(header) for row in rows):
        raise EnvelopeError("a line has more or fewer fields than the header")
    columns = {name: number for number, name in enumerate(header, 1)}
    return {"columns": columns, "rows": [dict(zip(header, row, strict=True)) for row in rows]}


def csv_of(body: Mapping[str, Any]) -> str:
    """Write a dict as CSV: a header and one line."""
    written_to = io.StringIO(newline="")
    csv.writer(written_to).writerows([list(body), [_flat(value) for value in body.values()]])
    return written_to.getvalue()


def xml_of(body: Mapping[str, Any]) -> str:
    """Write dicts as XML elements; ``@name`` is an attribute, ``#text`` the text, a list an element for each item.

    Raises:
        EnvelopeError: a name or a character cannot stand in XML.
    """
    return "".join(_element(name, value) for name, value in body.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    _check_name(name)
    if not isinstance(value, Mapping):
        return f"<{name}>{_text(value)}</{name}>"
    attributes = "".join(
        f' {_check_name(key[1:])}="{_text(each)}"' for key, each in value.items() if key.startswith("@")
    )
    inner = _text(value[TEXT]) if TEXT in value else ""
    inner += xml_of({key: each for key, each in value.items() if not key.startswith("@") and key != TEXT})
    return f"<{name}{attributes}>{inner}</{name}>"


def _check_name(name: str) -> str:
    if not all(_NAME.fullmatch(part) for part in name.split(":", 1)):
        raise EnvelopeError("a name cannot stand in XML")
    return name


def _text(value: Any) -> str:
    text = _flat(value)
    if _UNWRITABLE.search(text):
        raise EnvelopeError("it has characters that cannot stand in XML")
    return escape(text, quote=True)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping | list):
        raise EnvelopeError("a single value is needed here")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Readers differ in which of two equal keys they take (RFC 8259 section 4).
    if len({key for key, _ in pairs}) != len(pairs):
        raise EnvelopeError("an object has a key twice")
    return dict(pairs)


def _no_number(text: str) -> Any:
    del text
    raise EnvelopeError("it has a number that is none")


def _not_too_deep(value: Any) -> None:
    nodes, depth = [value], 0
    while nodes:
        if depth > MAX_DEPTH:
            raise EnvelopeError("it is nested too deeply")
        nodes = [
            inner
            for node in nodes
            if isinstance(node, dict | list)
            for inner in (node.values() if isinstance(node, dict) else node)
        ]
        depth += 1


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _tree(element: Element, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise EnvelopeError("it is nested too deeply")
    node: dict[str, Any] = {f"@{_local(name)}": value for name, value in element.attrib.items()}
    children: dict[str, list[Any]] = {}
    for child in element:
        children.setdefault(_local(child.tag), []).append(_tree(child, depth + 1))
    node.update({name: inner if len(inner) > 1 else inner[0] for name, inner in children.items()})
    text = (element.text or "").strip() if len(element) else (element.text or "")
    if not node:
        return text
    if text:
        node[TEXT] = text
    return node


def _unwrapped(tree: dict[str, Any]) -> Any:
    """Take the content out of a SOAP envelope; what comes without one is taken as it is."""
    if "Envelope" not in tree:
        return tree
    envelope = tree["Envelope"]
    body = envelope.get("Body") if isinstance(envelope, dict) else None
    if not isinstance(body, dict):
        raise EnvelopeError("its SOAP envelope has no content")
    if "Fault" in body:
        raise FaultError("it is a SOAP fault")
    return {name: value for name, value in body.items() if not name.startswith("@")}
