"""Exchanges for people to look at, masked, and for tests, with made-up values in the place of real ones. Pure.

To be looked at, whatever is not a code, a day or a small number shows its first character only. For tests, subjects become
made-up ones, other numbers zeros and other texts numbered samples, each the same wherever it stands, so that a mapping
reads the recorded answer as it read the real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from credit_check_sdk.connector import envelopes
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.model import Identifier, Several, Subject, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.connector.mapping import Mapping as Rules

_DAY = re.compile(r"\d{4}[-/年.]?\d{1,2}[-/月.]?\d{1,2}日?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9_.:/+-]{1,8}|[A-Z]{0,4}|[a-z_]{1,24}")
_PLAIN_HEADERS = frozenset({"content-type", "accept", "soapaction", "date", "retry-after"})
_STAND_INS = {
    "organisation": ("示例主体有限公司", "cn-uscc", "91451100MA5AAAAA2F"),
    "sole_trader": ("示例个体户", "cn-uscc", "91451100MA5AAAAA2F"),
    "person": ("张示例", "cn-resident-id", "451102199001010010"),
}
"""Made-up subjects that stand in for real ones."""


class Exchanged(Value):
    """A request and its answer as they are kept for tests."""

    request: dict[str, Any]
    """What was asked, masked."""
    status: int
    """HTTP status of the answer."""
    envelope: Literal["json", "xml", "text"]
    """How the answer was wrapped."""
    answer: Any = Field(default=None)
    """The answer as a tree, with made-up values; what stood in it as text of its own is below ``#xml`` or ``#json``."""


class Recorded(Value):
    """What was asked about one subject, as it is kept for tests: nobody real is in it."""

    mapping: str
    """Which mapping it was recorded with."""
    subject: dict[str, Any]
    """Who stands in for the subject asked about."""
    exchanges: Several[Exchanged]
    """What went and came, in order."""

    def replies(self, mapping: Rules) -> list[Reply]:
        """Give the answers as bytes, for a source to read."""
        return [_reply(each, mapping) for each in self.exchanges]

    def asked(self) -> Subject:
        """Give the subject that stands in."""
        return Subject.model_validate(self.subject)


def _reply(exchanged: Exchanged, mapping: Rules) -> Reply:
    if exchanged.envelope == "text":
        return Reply(exchanged.status, {}, b"")
    body = envelopes.written(exchanged.envelope, _closed(exchanged.answer), mapping.encoding)
    return Reply(exchanged.status, {"content-type": f"application/{exchanged.envelope}"}, body)


def _closed(tree: Any) -> Any:
    """Write what stood as text inside as text again."""
    if isinstance(tree, list):
        return [_closed(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if "#xml" in tree:
        return envelopes.xml_of(_closed(tree["#xml"]))
    if "#json" in tree:
        return json.dumps(_closed(tree["#json"]), ensure_ascii=False)
    return {name: _closed(each) for name, each in tree.items()}


def shown(value: Any) -> Any:
    """Mask a tree for people to look at; its shape stays."""
    return _walked(value, _masked)


def shown_request(request: Request, mapping: Rules) -> dict[str, Any]:
    """Give a request for people to look at."""
    parts = urlsplit(request.url)
    tree, _ = _tree(request.body, mapping)
    return {
        "method": request.method,
        "path": "/".join(_masked(part) for part in parts.path.split("/")),
        "params": {name: _masked(value) for name, value in parse_qsl(parts.query, encoding=mapping.encoding)},
        "headers": {n: v if n.lower() in _PLAIN_HEADERS else "***" for n, v in request.headers.items()},
        "body": shown(tree),
    }


def shown_reply(reply: Reply, mapping: Rules) -> dict[str, Any]:
    """Give an answer for people to look at."""
    tree, _ = _tree(reply.body, mapping)
    headers = {name: value for name, value in reply.headers.items() if name in _PLAIN_HEADERS}
    return {"status": reply.status, "headers": headers, "body": shown(tree)}


def recorded(name: str, mapping: Rules, subject: Subject, exchanges: Sequence[tuple[Request, Reply]]) -> Recorded:
    """Make a recorded exchange of a real one."""
    made = _MadeUp(mapping, subject)
    kept = []
    for request, reply in exchanges:
        tree, kind = _tree(reply.body, mapping)
        answer = None if kind == "text" else _walked(tree, made)
        kept.append(
            Exchanged(request=shown_request(request, mapping), status=reply.status, envelope=kind, answer=answer)
        )
    return Recorded(mapping=name, subject=made.subject, exchanges=tuple(kept))


class _MadeUp:
    """Puts made-up values in the place of real ones, each the same wherever it stands."""

    def __init__(self, mapping: Rules, subject: Subject) -> None:
        name, scheme, number = _STAND_INS[subject.category]
        identifiers = [{"scheme": scheme, "value": number}] if subject.identifiers else []
        self.subject = {"category": subject.category, "name": name, "identifiers": identifiers}
        self._name, self._number = name, number
        self._real_name = subject.normal_name
        self._real = subject.keys | {(each.scheme, each.normal) for each in subject.identifiers}
        self._plain = {code for table in mapping.codes.values() for code in table}
        self._samples: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Give the value that stands in for *text*."""
        plain = text.strip()
        if plain in {value for _, value in self._real}:
            return self._number
        if plain and Subject(category="organisation", name=plain).normal_name == self._real_name:
            return self._name
        if plain in self._plain or _is_plain(plain):
            return text
        if "*" in plain and re.fullmatch(r"[0-9A-Za-z*]{6,20}", plain):
            return Identifier(scheme="cn-resident-id", value=self._number).masked
        if re.fullmatch(r"[0-9A-Za-z]{9,20}", plain) and sum(each.isdigit() for each in plain) > len(plain) // 2:
            return "0" * len(plain)
        return self._samples.setdefault(plain, f"示例{len(self._samples) + 1}")


def _is_plain(text: str) -> bool:
    """Say whether a text is a code, a day or a word of the interface: nothing that could name anybody."""
    return bool(_CODE.fullmatch(text) or _DAY.fullmatch(text))


def _masked(text: str) -> str:
    if _is_plain(text.strip()):
        return text
    return text[:1] + "*" * min(len(text) - 1, 12)


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _walked(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_walked(each, change) for each in value]
    if isinstance(value, str):
        return change(value)
    if isinstance(value, bool) or value is None:
        return value
    text = str(value)
    return value if _is_plain(text) else change(text)


def _tree(body: bytes, mapping: Rules) -> tuple[Any, Literal["json", "xml", "text"]]:
    """Read a body as well as it can be read: what is no JSON, XML or form is a text of so many bytes."""
    if not body:
        return None, "text"
    try:
        return envelopes.read("json", body, mapping.encoding), "json"
    except envelopes.EnvelopeError:
        pass
    try:
        tree = envelopes.read("xml", body, mapping.encoding)
    except envelopes.EnvelopeError:
        pairs = parse_qsl(body.decode("ascii", "replace"), encoding=mapping.encoding)
        return dict(pairs) or f"{len(body)} bytes", "text"
    return _inner(tree), "xml"


def _inner(tree: Any) -> Any:
    """Open the texts of a tree that are XML or JSON themselves."""
    if isinstance(tree, dict):
        return {name: _inner(each) for name, each in tree.items()}
    if isinstance(tree, list):
        return [_inner(each) for each in tree]
    if isinstance(tree, str) and tree.lstrip()[:1] in {"<", "{"}:
        try:
            xml = tree.lstrip().startswith("<")
            return {"#xml": envelopes.read_xml(tree)} if xml else {"#json": envelopes.read_json(tree)}
        except ValueError:
            return tree
    return tree
