"""The sandbox's calls over HTTP: the reference protocol for four platforms, and the admin calls. It decides nothing.

Bodies are read by `credit_check_sdk.platform.wire`, strictly and from bytes, by the same code that a client writes
them with; the framework routes, documents and answers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from credit_check_sdk.model import ChangeKind, Level, Several, Subject, Time, Value
from credit_check_sdk.model.listing import ListInfo, Listings, sealed_claims
from credit_check_sdk.platform import wire
from credit_check_sdk.sandbox.city import city
from credit_check_sdk.sandbox.faults import Faults, FaultsRequest
from credit_check_sdk.sandbox.signing import Doorkeeper
from credit_check_sdk.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V", bound=Value)
ListCode = Annotated[str, Path(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")]
_LONGEST_WAIT = 60.0
_PAGE = 500
_INTAKES = {
    "feedback": "/v1/feedback",
    "commitments": "/v1/commitments",
    "publicity": "/v1/publicity",
    "objections": "/v1/objections",
    "red-list": "/v1/red-list",
}


class RecordsReply(Value):
    """What ``POST /admin/records`` answers."""

    record_ids: Several[str]
    """The records' numbers, in the order given."""


class ChangeRequest(Value):
    """``POST /admin/changes``: make this happen to a record."""

    record_id: str = Field(min_length=1, max_length=256)
    """The record."""
    change: ChangeKind
    """What happens."""
    at: Time | None = None
    """When; now, where left out."""
    record: wire.RecordDraft | None = None
    """The record as it then is, for ``corrected``."""


class Refusal(Exception):  # noqa: N818  it is an answer, not an error of this program
    """A problem to be answered."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.status, self.problem = status, wire.Problem(code=code, detail=detail)


class Desk:
    """What the calls share: the store, the doorkeeper, and how the city is made."""

    def __init__(self, *, subjects: int, seed: int, secrets: Mapping[str, str], path: str) -> None:
        self.store = Store(path)
        self.doorkeeper = Doorkeeper(secrets)
        self.faults: Faults | None = None
        self._subjects, self._seed = subjects, seed
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"sandbox {seed}".encode()).digest())
        self.reset()

    def reset(self) -> None:
        """Go back to the city as it was made."""
        self.store.clear()
        self.store.load(*city(self._subjects, self._seed))
        if self.faults is not None:
            self.faults.set(())

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign as a compact JWS with the sandbox's own key."""
        header = _b64(json.dumps({"alg": "EdDSA", "kid": "sandbox"}).encode())
        text = f"{header}.{_b64(json.dumps(claims, sort_keys=True).encode())}"
        return f"{text}.{_b64(self._key.sign(text.encode()))}"

    def public_jwk(self) -> dict[str, str]:
        """Give the public key that verifies counter-signatures."""
        return {"kty": "OKP", "crv": "Ed25519", "kid": "sandbox", "x": _b64(self._key.public_key().public_bytes_raw())}


def create_app(
    *, subjects: int = 0, seed: int = 0, secrets: Mapping[str, str] | None = None, path: str = ":memory:"
) -> Any:
    """Make the whole sandbox as an ASGI application."""
    desk = Desk(subjects=subjects, seed=seed, secrets=secrets or {"demo": "demo-secret"}, path=path)
    app = FastAPI(
        title="Credit Check SDK: sandbox platform",
        description="应查必查参考协议的沙箱平台。 The reference protocol, served for development; invented data only. "
        "Calls under /LEVEL/v1 are signed (X-Credit-Key, X-Credit-Timestamp, X-Credit-Nonce, X-Credit-Signature).",
        version="1",
        docs_url=None,
        redoc_url=None,
    )

    @app.get("/v1/health", response_model=None, responses=_answers(wire.HealthReply), tags=["platform"])
    def whole_health() -> Response:
        return _reply(wire.HealthReply(status="ok", environment="sandbox", at=_now()))

    app.include_router(_platform(desk))
    app.include_router(_admin(desk), prefix="/admin", tags=["admin"])
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    desk.faults = Faults(app, seed)
    return desk.faults


def _platform(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/{level}", tags=["platform"])

    @router.get("/v1/keys", response_model=None, responses=_answers(wire.KeysReply))
    def keys(level: Level) -> Response:
        del level
        return _reply(wire.KeysReply(keys=(desk.public_jwk(),)))

    @router.get("/v1/health", response_model=None, responses=_answers(wire.HealthReply))
    def health(level: Level) -> Response:
        del level
        return _reply(wire.HealthReply(status="ok", environment="sandbox", at=_now()))

    @router.post(
        "/v1/checks",
        response_model=None,
        responses=_answers(wire.ChecksReply),
        openapi_extra=_takes(wire.ChecksRequest),
    )
    async def checks(level: Level, request: Request) -> Response:
        asked = await _signed(desk, request, wire.ChecksRequest)
        start = _place(asked.cursor, len(asked.subjects))
        page = asked.subjects[start : start + asked.page_size]
        now = _now()
        results = tuple(desk.store.result(level, subject, now) for subject in page)
        end = start + len(page)
        reply = wire.ChecksReply(
            request_id=asked.request_id,
            as_of=now,
            environment="sandbox",
            results=results,
            unknown=tuple(i for result in results if not result.known for i in result.subject.identifiers),
            next_cursor=str(end) if end < len(asked.subjects) else None,
        )
        return _reply(reply)

    @router.get("/v1/changes", response_model=None, responses=_answers(wire.ChangesReply))
    async def changes(
        level: Level, request: Request, since: Cursor = None, wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0
    ) -> Response:
        await _verify(desk, request)
        after = int(since or 0)
        found = desk.store.changes(level, after, _PAGE + 1)
        until = time.monotonic() + wait
        while not found and time.monotonic() < until:
            await asyncio.sleep(0.05)
            found = desk.store.changes(level, after, _PAGE + 1)
        page = found[:_PAGE]
        reply = wire.ChangesReply(
            as_of=_now(),
            environment="sandbox",
            changes=tuple(page),
            cursor=page[-1].cursor if page else str(after),
            more=len(found) > _PAGE,
        )
        return _reply(reply)

    _lists(router, desk)
    for kind, path in _INTAKES.items():
        _intake(router, desk, kind, path)

    @router.post(
        "/v1/checkpoints",
        response_model=None,
        responses=_answers(wire.CheckpointReply),
        openapi_extra=_takes(wire.CheckpointRequest),
    )
    async def checkpoints(level: Level, request: Request) -> Response:
        del level
        said = await _signed(desk, request, wire.CheckpointRequest)
        now = _now()
        claims = {
            "kind": "countersignature",
            "environment": "sandbox",
            "ledger": said.ledger,
            "chain": said.chain,
            "size": said.size,
            "head": said.head,
            "seen_at": now.isoformat(),
        }
        kept = desk.store.checkpoint(said, now, desk.sign(claims))
        if kept is None:
            raise Refusal(409, "checkpoint.forked", "another head was seen for this ledger and size")
        number, head, seen_at, signature = kept
        return _reply(
            wire.CheckpointReply(
                checkpoint_id=str(number),
                ledger=said.ledger,
                chain=said.chain,
                size=said.size,
                head=head,
                seen_at=datetime.fromisoformat(seen_at),
                signature=signature,
            )
        )

    return router


def _lists(router: APIRouter, desk: Desk) -> None:
    def info(level: Level, code: str, records: list[wire.WireRecord]) -> wire.ListInfo:
        return wire.ListInfo.model_validate(
            {
                "code": code,
                "name": {"zh-CN": code, "en": code},
                "version": desk.store.version(level, code),
                "digest": wire.list_digest(records),
                "size": len(records),
            }
        )

    def standing(level: Level) -> tuple[tuple[wire.ListInfo, ...], str]:
        found = tuple(info(level, code, records) for code, records in sorted(desk.store.lists(level).items()))
        return found, hashlib.sha256("".join(each.code + each.digest for each in found).encode()).hexdigest()

    @router.get("/v1/lists", response_model=None, responses=_answers(wire.ListsReply))
    async def lists(
        level: Level, request: Request, wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0
    ) -> Response:
        await _verify(desk, request)
        found, tag = standing(level)
        until = time.monotonic() + wait
        while f'"{tag}"' in request.headers.get("if-none-match", "") and time.monotonic() < until:
            await asyncio.sleep(0.05)
            found, tag = standing(level)
        reply = wire.ListsReply(as_of=_now(), environment="sandbox", lists=found)
        return _tagged(request, tag, reply.model_copy(update={"seal": desk.sign(_claims(reply))}))

    @router.get("/v1/lists/{code}/snapshot", response_model=None, responses=_answers(wire.SnapshotReply))
    async def snapshot(
        level: Level, code: ListCode, request: Request, cursor: Annotated[str | None, Query(max_length=128)] = None
    ) -> Response:
        await _verify(desk, request)
        records = desk.store.lists(level).get(code, [])
        said = info(level, code, records)
        start = 0
        if cursor is not None:
            digest, _, place = cursor.partition(".")
            if digest != said.digest.removeprefix("sha256:")[:32]:
                raise Refusal(409, "list.changed", "the list changed since the first page; begin again")
            start = _place(place, len(records))
        page = records[start : start + _PAGE]
        end = start + len(page)
        reply = wire.SnapshotReply(
            as_of=_now(),
            environment="sandbox",
            list=said,
            records=tuple(page),
            next_cursor=f"{said.digest.removeprefix('sha256:')[:32]}.{end}" if end < len(records) else None,
        )
        return _tagged(request, said.digest, reply)

    @router.get("/v1/lists/{code}/delta", response_model=None, responses=_answers(wire.DeltaReply))
    async def delta(
        level: Level, code: ListCode, request: Request, since: Annotated[int, Query(ge=0, le=2**53)]
    ) -> Response:
        await _verify(desk, request)
        records = desk.store.lists(level).get(code, [])
        said = info(level, code, records)
        if since > said.version:
            raise Refusal(410, "list.too_old", "this version is not known; take a snapshot")
        touched = desk.store.changed_since(level, code, since)
        current = {record.record_id: record for record in records}
        reply = wire.DeltaReply(
            as_of=_now(),
            environment="sandbox",
            since=since,
            list=said,
            put=tuple(current[number] for number in sorted(touched) if number in current),
            removed=tuple(sorted(number for number in touched if number not in current)),
        )
        return _tagged(request, f"{since}:{said.digest}", reply)


def _claims(reply: wire.ListsReply) -> dict[str, Any]:
    infos = tuple(
        ListInfo(code=each.code, name=each.name, version=each.version, digest=each.digest, size=each.size)
        for each in reply.lists
    )
    return sealed_claims(Listings(as_of=reply.as_of, environment=reply.environment, lists=infos))


def _intake(router: APIRouter, desk: Desk, kind: str, path: str) -> None:
    @router.post(
        path,
        response_model=None,
        name=kind,
        responses=_answers(wire.FeedbackReply),
        openapi_extra=_takes(wire.FeedbackRequest),
    )
    async def intake(level: Level, request: Request) -> Response:
        del level
        batch = await _signed(desk, request, wire.FeedbackRequest)
        return _reply(wire.FeedbackReply(results=tuple(_take(desk, kind, item) for item in batch.items)))


def _take(desk: Desk, kind: str, item: wire.Item) -> wire.ItemResult:
    try:
        wire.CloudEvent.model_validate_json(json.dumps(item.body))
    except (ValidationError, ValueError):
        return wire.ItemResult(
            idempotency_key=item.idempotency_key,
            verdict="refused",
            code="item.invalid",
            detail="the body is no CloudEvents 1.0 event of this protocol",
        )
    verdict, code = desk.store.take(kind, item)
    if kind == "commitments" and verdict == "accepted":
        _hear(desk.store, item.body["data"])
    return wire.ItemResult(idempotency_key=item.idempotency_key, verdict=verdict, code=code)


def _admin(desk: Desk) -> APIRouter:  # noqa: C901  one short function per call
    router = APIRouter()

    @router.post(
        "/records", response_model=None, responses=_answers(RecordsReply), openapi_extra=_takes(wire.RecordDraft)
    )
    async def records(request: Request) -> Response:
        drafts = _one_or_many(wire.RecordDraft, await _body(request))
        return _reply(RecordsReply(record_ids=tuple(desk.store.put_records(drafts))))

    @router.post("/subjects", response_model=None, status_code=201, openapi_extra=_takes(Subject))
    async def put_subject(request: Request) -> Response:
        for subject in _one_or_many(Subject, await _body(request)):
            desk.store.put_subject(subject)
        return _json({"known": True}, 201)

    @router.get("/subjects", response_model=None)
    def subjects(
        category: Literal["organisation", "sole_trader", "person"] | None = None,
        clean: bool | None = None,  # noqa: FBT001  a query parameter
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> Response:
        return _json({"subjects": desk.store.subjects(category, limit, clean=clean)})

    @router.post("/changes", response_model=None, openapi_extra=_takes(ChangeRequest))
    async def changes(request: Request) -> Response:
        said = _parsed(ChangeRequest, await _body(request))
        if not desk.store.change(said.record_id, said.change, said.at or _now(), said.record):
            raise Refusal(404, "record.unknown", "no record has this number")
        return _json({"cursor": str(desk.store.newest())})

    @router.get("/received", response_model=None)
    def received(
        kind: Literal["feedback", "commitments", "publicity", "objections", "red-list", "checkpoints"],
    ) -> Response:
        return _json(desk.store.checkpoints() if kind == "checkpoints" else desk.store.received(kind))

    @router.put("/faults", response_model=None, openapi_extra=_takes(FaultsRequest))
    async def faults(request: Request) -> Response:
        said = _parsed(FaultsRequest, await _body(request))
        if desk.faults is not None:
            desk.faults.set(said.faults)
        return _json({"faults": len(said.faults)})

    @router.post("/reset", response_model=None)
    def reset() -> Response:
        desk.reset()
        return _json({"reset": True})

    @router.get("/keys", response_model=None)
    def keys() -> Response:
        return _json({"keys": [desk.public_jwk()]})

    return router


async def _signed(desk: Desk, request: Request, kind: type[V]) -> V:
    return _parsed(kind, await _verify(desk, request))


async def _verify(desk: Desk, request: Request) -> bytes:
    """Give the body of a request that is rightly signed."""
    body = await _body(request)
    raw = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
    query = request.scope["query_string"].decode("latin-1")
    target = f"{raw.partition('?')[0]}?{query}" if query else raw.partition("?")[0]
    code = desk.doorkeeper.refusal(request.method, target, request.headers, body)
    if code is not None:
        raise Refusal(401, code, "the request is not rightly signed")
    return body


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.MAX_BYTES:
            raise Refusal(413, "request.too_large", f"more than {wire.MAX_BYTES} bytes")
    return bytes(body)


def _parsed(kind: type[V], body: bytes) -> V:
    try:
        return wire.parse(kind, body)
    except (ValueError, RecursionError) as error:
        raise _unprocessable(error) from None


def _one_or_many(kind: type[V], body: bytes) -> list[V]:
    if body.lstrip()[:1] != b"[":
        return [_parsed(kind, body)]
    try:
        return [wire.parse(kind, json.dumps(one).encode()) for one in json.loads(body)]
    except (ValueError, RecursionError) as error:
        raise _unprocessable(error) from None


def _unprocessable(error: Exception) -> Refusal:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        return Refusal(422, "request.invalid", f"{place}: {first['msg']}")
    return Refusal(422, "request.invalid", "the body cannot be read")


def _place(cursor: str | None, length: int) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 9 and int(cursor) <= length):  # noqa: PLR2004  no list is longer than nine digits
        raise Refusal(422, "request.invalid", "cursor: this is none of ours")
    return int(cursor)


def _reply(value: Value, status: int = 200) -> Response:
    return Response(wire.dump(value), status, media_type=wire.JSON)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False).encode(), status, media_type=wire.JSON)


def _tagged(request: Request, tag: str, value: Value) -> Response:
    """Answer with an ETag, and with 304 where the asker has this one already (RFC 9110 section 13)."""
    quoted = f'"{tag}"'
    known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if quoted in known:
        return Response(status_code=304, headers={"etag": quoted})
    answer = _reply(value)
    answer.headers["etag"] = quoted
    return answer


async def _on_refusal(request: Request, refusal: Exception) -> Response:
    del request
    if not isinstance(refusal, Refusal):
        raise refusal
    return Response(wire.dump(refusal.problem), refusal.status, media_type=wire.PROBLEM_JSON)


async def _on_invalid(request: Request, error: Exception) -> Response:
    del request
    place = ""
    if isinstance(error, RequestValidationError) and error.errors():
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
    problem = wire.Problem(code="request.invalid", detail=f"{place}: not understood")
    return Response(wire.dump(problem), 422, media_type=wire.PROBLEM_JSON)


def _takes(kind: type[Value]) -> dict[str, Any]:
    schema = _schema(kind)
    return {"requestBody": {"required": True, "content": {wire.JSON: {"schema": schema}}}}


def _answers(kind: type[Value]) -> dict[int | str, dict[str, Any]]:
    problem = {"content": {wire.PROBLEM_JSON: {"schema": _schema(wire.Problem)}}}
    return {
        200: {"description": "OK", "content": {wire.JSON: {"schema": _schema(kind)}}},
        401: {"description": "not rightly signed", **problem},
        422: {"description": "not understood", **problem},
    }


def _schema(kind: type[Value]) -> dict[str, Any]:
    """Give the JSON Schema of a value, whole in itself."""
    schema = kind.model_json_schema(ref_template="#/$defs/{model}")
    whole: dict[str, Any] = _inlined(schema, schema.pop("$defs", {}))
    return whole


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items() if key != "discriminator"}
    if isinstance(schema, list):
        return [_inlined(value, definitions) for value in schema]
    return schema


def _now() -> datetime:
    return datetime.now(UTC)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _hear(store: Store, data: Mapping[str, Any]) -> None:
    """Make a record of a commitment that was broken, as platforms do; its repair ends the record."""
    said, identifier = data.get("commitment"), data.get("identifier")
    if not isinstance(said, dict) or not isinstance(identifier, dict):
        return
    if data.get("cause") == "repair":
        store.change(said["code"], "repaired", _now(), None)
    if data.get("cause") != "breach":
        return
    draft = {
        "subject": {"category": data["subject_category"], "name": said["subjectName"], "identifiers": [identifier]},
        "record_id": said["code"],
        "kind": "commitment",
        "polarity": "negative",
        "severity": "general",
        "authority_level": "municipal",
        "authority": said["acceptanceUnit"],
        "document_date": said["fulfillmentStatusDate"],
        "basis": said["liabilityBreachCommitment"],
        "facts": said["unperformedCommitmentContent"],
        "level": "municipal",
    }
    store.put_records([wire.RecordDraft.model_validate_json(json.dumps(draft))])
