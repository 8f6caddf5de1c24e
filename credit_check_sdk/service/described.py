"""How the service describes itself: the parts of its OpenAPI document that come from values. It answers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from credit_check_sdk.model import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
REPEAT_HEADER = "Idempotency-Key"


class Problem(Value):
    """What is answered where nothing else can be (RFC 9457)."""

    type: str
    """``urn:credit-check:error:`` and the code."""
    title: str
    """What kind of trouble it is, in the language asked for."""
    status: int
    """The status of the answer."""
    detail: str
    """What happened and what to do, in the language asked for."""
    code: str
    """The stable code: that of the error."""
    words: dict[str, str]
    """What happened and what to do, in both languages."""
    about: dict[str, Any] = Field(default_factory=dict)
    """What else is known of it."""
    passed: Literal[False] | None = None
    """False where the gate refuses."""


_STATUSES = {
    400: "a header or the query cannot be used",
    401: "no host key, or one that does not hold",
    403: "the host key does not reach so far; or the gate refuses: a measure in force forbids it",
    404: "nothing is there, or nothing that this host key may see",
    409: "the gate refuses; or a call with this Idempotency-Key is under way",
    413: "too large",
    422: "the input cannot be used; nothing was written",
    429: "too many calls",
    503: "ledger or audit store are unavailable; nothing was decided",
}


def answers(kind: type[BaseModel] | None, *, open_to_all: bool) -> dict[int | str, dict[str, Any]]:
    """Describe what an operation answers."""
    said: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}}
    content = said if kind is None else {JSON: {"schema": schema_of(kind, "serialization")}}
    problem = {"content": {PROBLEM_JSON: {"schema": schema_of(Problem, "serialization")}}}
    refusals = {503: _STATUSES[503]} if open_to_all else _STATUSES
    return {
        200: {"description": "OK", "content": content},
        **{status: {"description": words, **problem} for status, words in refusals.items()},
    }


def takes(
    body: type[BaseModel] | None, query: type[BaseModel] | None, path: tuple[str, ...], *, repeats: bool
) -> dict[str, Any]:
    """Describe what an operation takes."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in path
    ]
    if query is not None:
        schema = schema_of(query, "validation")
        needed = schema.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": said}
            for name, said in schema["properties"].items()
        ]
    if repeats:
        length = {"type": "string", "minLength": 1, "maxLength": 255}
        parameters.append({"name": REPEAT_HEADER, "in": "header", "required": False, "schema": length})
    found: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema_of(body, "validation")}}}
    return found


def schema_of(kind: type[BaseModel], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """Give the JSON Schema of a value, whole in itself."""
    schema = kind.model_json_schema(ref_template="#/$defs/{model}", mode=mode)
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
