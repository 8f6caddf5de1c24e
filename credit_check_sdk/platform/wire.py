"""The reference protocol as values, both directions: what a request and an answer look like on the wire.

JSON over HTTP in UTF-8. A client sends with `dump` and reads with `parse`; a server does the same the other way round.
`parse` reads strictly from bytes: an unknown key, a missing key or a number in quotes is refused, and so is a whole
document that is too large. Identifiers travel in full, for a platform cannot look up what is masked; hence `dump` and
not ``model_dump_json``. This module performs no I/O and reads no clock.

Signed requests
    ``X-Credit-Signature`` is the HMAC-SHA256, in lower-case hexadecimal, of the lines of `canonical`: method, path and
    query exactly as they stand in the request line (a prefix of the base URL included), SHA-256 of the body in
    lower-case hexadecimal, ``X-Credit-Timestamp`` (whole seconds since 1970 UTC, in decimal) and ``X-Credit-Nonce``.
    A server refuses a timestamp that is further than `TOLERANCE` seconds from its own clock, and a nonce that it has
    already seen from the same key within that time.

Errors
    Anything but 2xx carries a `Problem`. 401 ``signature.*``: not signed, or not rightly; 403: the key may not do
    this; 422 ``request.invalid``: not understood; 413 ``request.too_large``; 429 with ``Retry-After``; 5xx passing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import rfc8785
from pydantic import Field

from credit_check_sdk.model import (
    ChangeKind,
    Environment,
    Identifier,
    Kind,
    Level,
    Match,
    Party,
    Point,
    Polarity,
    Purpose,
    Record,
    RecordStatus,
    Several,
    Severity,
    Subject,
    Time,
    Value,
    Words,
)
from credit_check_sdk.model.listing import list_digest as digest_of_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from credit_check_sdk.model.feedback import FeedbackKind

V = TypeVar("V", bound=Value)

JSON = "application/json"
"""Content type of requests and answers."""
PROBLEM_JSON = "application/problem+json"
"""Content type of a `Problem` (RFC 9457)."""
MAX_SUBJECTS = 500
"""Most subjects of one request, and most items of one batch."""
MAX_BYTES = 16 * 1024 * 1024
"""Largest document that either side reads."""
TOLERANCE = 300
"""How far, in seconds, the time of a signed request may be from the server's clock."""

KEY_HEADER = "X-Credit-Key"
TIMESTAMP_HEADER = "X-Credit-Timestamp"
NONCE_HEADER = "X-Credit-Nonce"
SIGNATURE_HEADER = "X-Credit-Signature"
IDEMPOTENCY_HEADER = "Idempotency-Key"

CHECKS = "/v1/checks"
LISTS = "/v1/lists"
CHANGES = "/v1/changes"
CHECKPOINTS = "/v1/checkpoints"
KEYS = "/v1/keys"
HEALTH = "/v1/health"
DELIVERIES: Mapping[FeedbackKind, str] = {
    "response": "/v1/feedback",
    "amendment": "/v1/feedback",
    "commitment": "/v1/commitments",
    "publicity": "/v1/publicity",
    "objection": "/v1/objections",
    "red_list": "/v1/red-list",
}
"""Which call takes which kind of feedback; all five take a `FeedbackRequest` and answer a `FeedbackReply`."""


class RecordFacts(Value):
    """What a record states, without its number."""

    level: Level | None = None
    """Level of the platform that gives it."""
    authority_level: Literal["municipal", "regional", "national"] | None = None
    """Level of the authority that made the record."""
    list_code: str | None = None
    """The list on which the subject stands."""
    kind: Kind = "list"
    """What kind of fact it is."""
    decision_kind: str | None = None
    """What the document behind it decided."""
    polarity: Polarity
    """Whether it speaks for or against."""
    subject: Subject
    """Whom it is about; without identifiers it is known by its name only."""
    responsible: Several[Party] = ()
    """The persons whom the record itself names as responsible."""
    authority: str
    """Who recognised the fact."""
    doc_no: str | None = None
    """Number of the document."""
    document_date: date | None = None
    """Date of the document."""
    basis: str | None = None
    """Legal basis of the recognition."""
    facts: str | None = None
    """What happened."""
    grade: str | None = None
    """The grade, in a rating."""
    severity: Severity | None = None
    """How grave."""
    status: RecordStatus = "active"
    """Where it stands."""
    publicity_until: date | None = None
    """Last day on which it is shown."""
    list_until: date | None = None
    """Last day on the list."""
    ban_until: date | None = None
    """Last day of the ban."""
    measure_until: date | None = None
    """Last day of the measure."""
    reference: str | None = Field(default=None, max_length=2048)
    """What the platform wants to be told again with feedback on it."""


class RecordDraft(RecordFacts):
    """A record that is put in: the platform gives it a number unless it brings one."""

    record_id: str | None = Field(default=None, min_length=1, max_length=256)
    """Its number, or None."""


class WireRecord(RecordFacts):
    """A record as a platform gives it out."""

    record_id: str = Field(min_length=1, max_length=256)
    """Its number on the platform."""
    match: Match = "identifier"
    """How it belongs to the subject asked about: a hit by name alone is marked ``name_only``."""
    observed_at: Time | None = None
    """When the platform last saw it."""

    def record(self, source: str) -> Record:
        """Give it as a record of *source*."""
        return Record(source=source, **{name: getattr(self, name) for name in type(self).model_fields})


class ChecksRequest(Value):
    """``POST /v1/checks``: what do you know about these subjects."""

    request_id: str = Field(min_length=1, max_length=128)
    """The asker's number of the exchange; the answer, and each page of it, repeats it."""
    case_id: str = Field(min_length=1, max_length=256)
    """The asker's number of the file."""
    matter: str = Field(min_length=1, max_length=128)
    """The service item."""
    point: Point
    """The decision point."""
    purpose: Purpose | None = None
    """Why it is asked; a natural person is never asked about without it (个人信息保护法 第六条, 第三十四条)."""
    department: str = Field(min_length=1, max_length=128)
    """The department that asks; the officer stays in its own records."""
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    """Code of the region (GB/T 2260)."""
    subjects: Several[Subject] = Field(min_length=1, max_length=MAX_SUBJECTS)
    """Who is asked about, each once; one without identifiers is asked about by name."""
    page_size: int = Field(default=MAX_SUBJECTS, ge=1, le=MAX_SUBJECTS)
    """Most results of one page; the records of a subject are never spread over pages."""
    cursor: str | None = Field(default=None, min_length=1, max_length=1024)
    """Which page: ``next_cursor`` of the page before; the rest of the request stays the same."""


class SubjectResult(Value):
    """What the platform knows about one subject."""

    subject: Subject
    """The subject as it was asked about."""
    known: bool
    """Whether the platform knows it."""
    records: Several[WireRecord] = ()
    """Its records; empty means that the platform looked and found nothing."""


class ChecksReply(Value):
    """The answer to `ChecksRequest`, or one page of it."""

    request_id: str
    """The number of the request."""
    as_of: Time
    """Time of the data."""
    environment: Environment
    """Whether the platform is a sandbox."""
    results: Several[SubjectResult] = Field(max_length=MAX_SUBJECTS)
    """One for each subject that is answered, in the order asked."""
    unknown: Several[Identifier] = ()
    """Identifiers of this page that the platform does not know, by name."""
    next_cursor: str | None = Field(default=None, min_length=1, max_length=1024)
    """Where the next page begins; None on the last one."""


class Item(Value):
    """One item of a batch."""

    idempotency_key: str = Field(min_length=1, max_length=128)
    """The same for every delivery of the same item."""
    body: dict[str, Any]
    """What is reported: a CloudEvents 1.0 event."""


class CloudEvent(Value):
    """The body of an `Item`; ``data`` is a `Feedback` or a `Commitment`, according to the call."""

    specversion: Literal["1.0"]
    """Version of CloudEvents."""
    id: str = Field(min_length=1)
    """The idempotency key."""
    source: str = Field(min_length=1)
    """Who reports it."""
    type: str = Field(pattern=r"^cn\.credit-check\.feedback\.[a-z_]+$")
    """What kind of feedback it is."""
    subject: str | None = None
    """Number of the file."""
    time: Time
    """When it was reported."""
    datacontenttype: Literal["application/json"] = "application/json"
    """Content type of the data."""
    data: dict[str, Any]
    """The report itself."""


class FeedbackRequest(Value):
    """A batch for ``POST /v1/feedback``, ``commitments``, ``publicity``, ``objections`` or ``red-list``."""

    items: Several[Item] = Field(min_length=1, max_length=MAX_SUBJECTS)
    """The items; no key twice."""


class ItemResult(Value):
    """What became of one item."""

    idempotency_key: str
    """Which item."""
    verdict: Literal["accepted", "duplicate", "refused", "later"]
    """Taken; taken before, under this key with this content; refused for good; or not now, try again."""
    code: str | None = None
    """Why it was refused: ``item.invalid``, ``idempotency.conflict`` (the key was used for other content)."""
    detail: str | None = None
    """The same in words."""
    retry_after: float | None = Field(default=None, ge=0, allow_inf_nan=False, strict=False)
    """Seconds to wait, with ``later``."""


class FeedbackReply(Value):
    """An answer for each item of a batch, in the order given."""

    results: Several[ItemResult] = Field(max_length=MAX_SUBJECTS)
    """The answers."""


class ChangeItem(Value):
    """One change of a record."""

    cursor: str
    """Where the feed stands after it."""
    record_id: str
    """The record."""
    change: ChangeKind
    """What happened."""
    at: Time
    """When."""
    record: WireRecord | None = None
    """The record as it now is; None where it is no longer given out."""


class ChangesReply(Value):
    """``GET /v1/changes?since=CURSOR&wait=SECONDS``: what has changed since then, oldest first.

    Without ``since`` it begins at the beginning. With ``wait`` the server holds an empty answer back so long.
    """

    as_of: Time
    """Time of the data."""
    environment: Environment
    """Whether the platform is a sandbox."""
    changes: Several[ChangeItem]
    """The changes."""
    cursor: str
    """Where to go on: the last change's cursor, or the one asked with."""
    more: bool = False
    """Whether there are more right now."""


class ListInfo(Value):
    """A list as it stands; its ETag is its digest in quotes."""

    code: str
    """List code."""
    name: Words
    """Its name."""
    version: int = Field(ge=0)
    """Grows with every change of the list."""
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """`list_digest` of its records."""
    size: int = Field(ge=0)
    """How many records it has."""
    updated_at: Time | None = None
    """When it last changed."""


class ListsReply(Value):
    """``GET /v1/lists?wait=SECONDS``: all lists of the platform.

    With ``If-None-Match`` and ``wait`` the server holds back the answer that nothing changed (304) so long.
    """

    as_of: Time
    """Time of the data."""
    environment: Environment
    """Whether the platform is a sandbox."""
    lists: Several[ListInfo]
    """The lists, by code."""
    seal: str | None = None
    """The platform's signature (compact JWS) over ``{kind: "lists", as_of, environment, lists}``, each list as
    ``[code, version, digest, size]``: what is fetched by way of others can be verified."""


class SnapshotReply(Value):
    """``GET /v1/lists/{code}/snapshot?cursor=``: the whole list, by record number, or a page of it.

    All pages are of one version; when the list changes meanwhile, the next page answers 409 ``list.changed``.
    """

    as_of: Time
    """Time of the data."""
    environment: Environment
    """Whether the platform is a sandbox."""
    list: ListInfo
    """The list."""
    records: Several[WireRecord]
    """Its records."""
    next_cursor: str | None = None
    """Where the next page begins; None on the last one."""


class DeltaReply(Value):
    """``GET /v1/lists/{code}/delta?since=VERSION``: from that version to the present one.

    410 ``list.too_old`` where the platform no longer knows that version: take a snapshot.
    """

    as_of: Time
    """Time of the data."""
    environment: Environment
    """Whether the platform is a sandbox."""
    since: int
    """The version from which it leads."""
    list: ListInfo
    """The list as it stands now: applying the delta to the version asked about gives its digest."""
    put: Several[WireRecord] = ()
    """Records that are new or changed, as they now are."""
    removed: Several[str] = ()
    """Numbers of records that are no longer on the list."""


class CheckpointRequest(Value):
    """``POST /v1/checkpoints``: counter-sign that the ledger had this head at this length."""

    ledger: str = Field(min_length=1, max_length=128)
    """Which ledger."""
    chain: str = Field(default="", max_length=128)
    """Which chain of it: a restored ledger begins another, and the same length there is no fork."""
    size: int = Field(ge=0)
    """How many entries were sealed."""
    head: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of the last one."""
    at: Time
    """When the checkpoint was made."""
    signature: str = Field(min_length=1)
    """The ledger's own signature of it (compact JWS)."""


class CheckpointReply(Value):
    """A checkpoint that the platform has seen.

    One that contradicts an earlier one answers 409 ``checkpoint.forked``.
    """

    checkpoint_id: str
    """Its number on the platform."""
    ledger: str
    """Which ledger."""
    chain: str = ""
    """Which chain of it."""
    size: int
    """How many entries were sealed."""
    head: str
    """Digest of the last one."""
    seen_at: Time
    """When the platform saw it."""
    signature: str
    """The platform's signature (compact JWS); its claims repeat ledger, chain, size, head and seen_at."""


class KeysReply(Value):
    """``GET /v1/keys``, unsigned: the public keys that counter-signatures verify with (JWK set, RFC 7517)."""

    keys: tuple[dict[str, Any], ...]
    """Each an Ed25519 key: ``kty`` OKP, ``crv`` Ed25519, ``kid``, ``x``."""


class HealthReply(Value):
    """``GET /v1/health``, unsigned."""

    status: Literal["ok"]
    """It works."""
    environment: Environment
    """Whether the platform is a sandbox."""
    at: Time
    """The platform's clock."""


class Problem(Value):
    """Why a request was not served (RFC 9457, reduced to what a client acts on)."""

    code: str = Field(pattern=r"^[a-z][a-z_]*(\.[a-z_]+)+$")
    """Stable code."""
    detail: str
    """In words; no identifier."""


def dump(value: Value) -> bytes:
    """Write a value for the wire, with identifiers in full."""
    return value.model_dump_json(context={"reveal": True}).encode()


def parse(kind: type[V], body: bytes) -> V:
    """Read a value strictly.

    Raises:
        ValueError: it is too large, no JSON, not of this shape (a pydantic ``ValidationError``), or has a key twice.
    """
    if len(body) > MAX_BYTES:
        raise ValueError(f"the document is larger than {MAX_BYTES} bytes")
    value = kind.model_validate_json(body)
    json.loads(body, object_pairs_hook=_keys_once)
    return value


def _keys_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object with a key twice: readers differ in which of the two they take (RFC 8259 section 4)."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("an object has a key twice")


def list_digest(records: Iterable[WireRecord]) -> str:
    """Give the digest of a list: SHA-256 over its records as canonical JSON (RFC 8785), by number, a line each."""
    return digest_of_lines(
        (record.record_id, rfc8785.dumps(record.model_dump(mode="json", context={"reveal": True})))
        for record in records
    )


def canonical(method: str, path_and_query: str, body: bytes, timestamp: int, nonce: str) -> bytes:
    """Give the bytes that are signed; *timestamp* is in whole seconds since 1970 UTC."""
    digest = hashlib.sha256(body).hexdigest()
    return f"{method.upper()}\n{path_and_query}\n{digest}\n{timestamp}\n{nonce}".encode()


def signature(secret: str, method: str, path_and_query: str, body: bytes, timestamp: int, nonce: str) -> str:
    """Sign a request: HMAC-SHA256 of `canonical` in lower-case hexadecimal. Compare with `hmac.compare_digest`."""
    message = canonical(method, path_and_query, body, timestamp, nonce)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
