"""HTTP message signatures (RFC 9421) and content digests (RFC 9530): the text that is signed, made and compared. Pure.

Components with the parameters ``sf``, ``key``, ``bs`` and ``tr`` are refused rather than guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from credit_check_gateways.fields import Bare, FieldError, InnerList, Item, byte_sequences, inner_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_gateways.algorithms import Algorithm

_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_PORTS = {"http": 80, "https": 443}
_FOLDED = re.compile(r"\s*\r?\n\s*")


class SignatureError(ValueError):
    """A message that is not signed as it has to be; the message says what is wrong and shows nothing of it."""


@dataclass(frozen=True)
class Message:
    """A request or an answer, as far as it can be signed."""

    headers: Mapping[str, str]
    method: str = ""
    url: str = ""
    status: int | None = None
    request: Message | None = field(default=None, repr=False)
    """The request that an answer belongs to, for components with ``req``."""


def digest(body: bytes, name: str = "sha-256") -> str:
    """Give the value of ``Content-Digest`` (RFC 9530)."""
    return f"{name}=:{b64encode(_DIGESTS[name](body).digest()).decode('ascii')}:"


def digest_holds(headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether ``Content-Digest`` is there, has a digest that we know, and all those that we know hold."""
    try:
        said = byte_sequences(_header(headers, "content-digest"))
    except (FieldError, SignatureError):
        return False
    known = {name: value for name, value in said.items() if name in _DIGESTS}
    return bool(known) and all(
        hmac.compare_digest(_DIGESTS[name](body).digest(), value) for name, value in known.items()
    )


def base(message: Message, covered: InnerList) -> bytes:
    """Give the text that is signed (RFC 9421, 2.5).

    Raises:
        SignatureError: a component is not there, stands twice, or is not supported.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for item in covered.items:
        name = item.written()
        if name in seen:
            raise SignatureError("a component is covered twice")
        seen.add(name)
        lines.append(f"{name}: {_component(message, item)}")
    lines.append(f'"@signature-params": {covered.written()}')
    text = "\n".join(lines)
    if not text.isascii():
        raise SignatureError("a component has characters beyond ASCII")
    return text.encode("ascii")


def sign(
    message: Message, covered: tuple[Item, ...], params: dict[str, Bare], algorithm: Algorithm, label: str
) -> dict[str, str]:
    """Give the two headers that prove *message*.

    Raises:
        SignatureError: a component is not there.
    """
    inner = InnerList(covered, params)
    proof = b64encode(algorithm.sign(base(message, inner))).decode("ascii")
    return {"Signature-Input": f"{label}={inner.written()}", "Signature": f"{label}=:{proof}:"}


def verify(
    message: Message,
    algorithm: Algorithm,
    *,
    needs: frozenset[str],
    now: float | None = None,
    max_age: float = 300.0,
    key_id: str | None = None,
) -> InnerList:
    """Verify the signature of *message* that *algorithm* made; answer what it covers.

    Every component of *needs* has to be covered, and ``created`` has to be within *max_age* seconds of *now* where that is
    given. Of several signatures one has to hold whole.

    Raises:
        SignatureError: none does.
    """
    try:
        inputs = inner_lists(_header(message.headers, "signature-input"))
        proofs = byte_sequences(_header(message.headers, "signature"))
    except FieldError as error:
        raise SignatureError(f"its signature cannot be read: {error}") from None
    why = "it carries no signature"
    for label, covered in inputs.items():
        try:
            _fits(covered, algorithm, needs, now, max_age, key_id)
            if label not in proofs or not algorithm.verify(base(message, covered), proofs[label]):
                raise SignatureError("its signature does not hold")  # noqa: TRY301  another signature may
        except SignatureError as error:
            why = str(error)
        else:
            return covered
    raise SignatureError(why)


def _fits(
    covered: InnerList,
    algorithm: Algorithm,
    needs: frozenset[str],
    now: float | None,
    max_age: float,
    key_id: str | None,
) -> None:
    said = covered.params
    missing = needs - {item.value for item in covered.items if "req" not in item.params}
    if missing:
        raise SignatureError(f"its signature does not cover {', '.join(sorted(missing))}")
    if said.get("alg", algorithm.name) != algorithm.name:
        raise SignatureError("its signature is of another algorithm")
    if key_id is not None and said.get("keyid", key_id) != key_id:
        raise SignatureError("its signature is of another key")
    if now is None:
        return
    created, expires = said.get("created"), said.get("expires")
    if not isinstance(created, int) or isinstance(created, bool) or abs(now - created) > max_age:
        raise SignatureError("its signature is of another time")
    if expires is not None and (not isinstance(expires, int) or expires < now):
        raise SignatureError("its signature has expired")


def _component(message: Message, item: Item) -> str:
    params = dict(item.params)
    if params.pop("req", None):
        if message.request is None:
            raise SignatureError("the request is not known here")
        return _component(message.request, Item(item.value, params))
    if item.value.startswith("@"):
        return _derived(message, item.value, params)
    if params:
        raise SignatureError("a parameter of a component is not supported")
    if item.value != item.value.lower():
        raise SignatureError("names of headers are written small")
    return _header(message.headers, item.value)


def _header(headers: Mapping[str, str], name: str) -> str:
    values = [value for each, value in headers.items() if each.lower() == name]
    if not values:
        raise SignatureError(f"the header {name} is missing")
    return ", ".join(_FOLDED.sub(" ", value.strip()) for value in values)


def _derived(message: Message, name: str, params: dict[str, Bare]) -> str:
    if name == "@query-param":
        return _query_param(message, params)
    if params:
        raise SignatureError("a parameter of a component is not supported")
    if name == "@status":
        if message.status is None:
            raise SignatureError("a request has no status")
        return str(message.status)
    if message.status is not None:
        raise SignatureError(f"an answer has no {name} of its own")
    parts = urlsplit(message.url)
    query = f"?{parts.query}"
    path = parts.path or "/"
    derived = {
        "@method": message.method.upper(),
        "@target-uri": message.url,
        "@authority": _authority(message.url),
        "@scheme": parts.scheme.lower(),
        "@request-target": path + (query if parts.query else ""),
        "@path": path,
        "@query": query,
    }
    if name not in derived:
        raise SignatureError(f"there is no component {name}")
    return derived[name]


def _authority(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in {None, _PORTS.get(parts.scheme)} else f"{host}:{parts.port}"


def _query_param(message: Message, params: dict[str, Bare]) -> str:
    wanted = params.pop("name", None)
    if not isinstance(wanted, str) or params:
        raise SignatureError("@query-param needs a name and nothing else")
    pairs = parse_qsl(urlsplit(message.url).query, keep_blank_values=True)
    values = [value for name, value in pairs if quote(name, safe="") == wanted]
    if len(values) != 1:
        raise SignatureError("a query parameter has to stand exactly once")
    return quote(values[0], safe="")
