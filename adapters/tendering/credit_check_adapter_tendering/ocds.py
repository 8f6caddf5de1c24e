"""What an OCDS document holds: packages, records and releases taken apart into releases with their places.

OCDS 1.0 and 1.1, the EU profile, record packages, plain releases, and lists of any of them. It performs no I/O: releases
that a record only links to are not fetched, they are noted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_adapter_tendering.identity import text
from credit_check_sdk import InputError, Rejected, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RELEASE = frozenset({"ocid", "tender", "awards", "bids", "parties", "contracts", "buyer", "planning", "tag"})
_BIDDING = frozenset({"tender", "awards", "bids", "parties", "contracts", "buyer"})
_ENTITY = frozenset(
    [
        "id",
        "name",
        "identifier",
        "address",
        "contactPoint",
        "details",
        "roles",
        "tenderers",
        "suppliers",
        "status",
        "value",
        "ocid",
        "tag",
    ]
)
"""Keys that tell a single object from a map of objects."""
_LINE = re.compile(r"line \d+")


@dataclass(frozen=True, slots=True)
class Located:
    """A release and where it stands."""

    place: str
    """Where it stands: ``releases[0]``, ``line 12``, or empty for a file that is one release."""
    ocid: str
    """Its process; empty where the file does not say."""
    release: Mapping[str, Any]
    """What it says."""
    linked: bool = False
    """Whether it is only a link to a release that lies elsewhere."""


def at(place: str, inner: str) -> str:
    """Say where *inner* stands within *place*."""
    if not place:
        return inner
    return f"{place}, {inner}" if _LINE.fullmatch(place) else f"{place}.{inner}"


def items(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Give the items of what should be a list, with their places.

    Lists inside lists are opened, one object stands for a list of one, a map from ids to objects for its values, and
    null for an empty list.
    """
    waiting: list[tuple[str, Any]] = [(place, value)]
    top = True
    while waiting:
        here, one = waiting.pop()
        if isinstance(one, list):
            waiting.extend((f"{here}[{number}]", inner) for number, inner in reversed(list(enumerate(one))))
        elif top and isinstance(one, dict) and _is_map(one):
            # The keys may be identifiers, so that places are counted, not named.
            for number, (key, inner) in enumerate(one.items()):
                yield f"{here}[{number}]", {"id": key, **inner}
        elif one is not None:
            yield here, one
        top = False


def _is_map(value: dict[str, Any]) -> bool:
    return bool(value) and _ENTITY.isdisjoint(value) and all(isinstance(inner, dict) for inner in value.values())


def releases(document: Any, place: str = "") -> Iterator[Located | Rejected]:
    """Take a document apart into its releases; what is none of them is rejected with its place.

    Raises:
        InputError: ``file.unreadable`` when it holds neither releases nor records; it says what it is instead.
    """
    waiting: list[tuple[str, str, Any]] = [(place, "", document)]
    while waiting:
        here, ocid, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend((inner, ocid, one) for inner, one in reversed(list(items(value, here))))
            continue
        other = _other_kind(value)
        if other is not None:
            error = _no_ocds(here, other)
            if here == place:
                raise error
            yield Rejected(row=here, reason=Words(zh=error.words("zh-CN"), en=error.words("en")))
            continue
        own = text(value.get("ocid")) or ocid
        if is_record(value):
            yield from _record(value, here, own)
        elif is_package(value):
            inside = [
                (inner, own, one)
                for key in ("releases", "records")
                for inner, one in items(value.get(key), at(here, key))
            ]
            waiting.extend(reversed(inside))
        else:
            yield Located(here, own, value, linked=_is_link(value))


def is_record(value: Mapping[str, Any]) -> bool:
    """Say whether an object is a record."""
    return "compiledRelease" in value or "versionedRelease" in value or ("releases" in value and "ocid" in value)


def is_package(value: Mapping[str, Any]) -> bool:
    """Say whether an object is a package of releases or records."""
    return not is_record(value) and ("releases" in value or "records" in value)


def _other_kind(value: Any) -> Words | None:
    """Say what something is that holds neither releases nor records, or None where it does."""
    if not isinstance(value, dict):
        return Words(zh="单个值", en="a single value")
    if "$schema" in value or (
        isinstance(value.get("properties"), dict) and ("type" in value or "definitions" in value)
    ):
        return Words(zh="JSON Schema（只描述数据，不含数据）", en="a JSON Schema, which describes data and holds none")
    if "statementID" in value and "statementType" in value:
        return Words(
            zh="受益所有权声明（BODS），不含投标人",
            en="a beneficial-ownership statement (BODS), which names no bidders",
        )
    if not is_record(value) and not is_package(value) and _RELEASE.isdisjoint(value):
        return Words(zh="不含 ocid、releases 或 records 的对象", en="an object with neither ocid, releases nor records")
    return None


def _record(record: Mapping[str, Any], place: str, ocid: str) -> Iterator[Located]:
    links = 0
    embedded = False
    for here, one in items(record.get("releases"), at(place, "releases")):
        if isinstance(one, dict):
            if _is_link(one):
                links += 1
            else:
                embedded = True
                yield Located(here, text(one.get("ocid")) or ocid, one)
    compiled = record.get("compiledRelease")
    versioned = record.get("versionedRelease")
    if isinstance(compiled, dict):
        yield Located(at(place, "compiledRelease"), text(compiled.get("ocid")) or ocid, compiled)
    elif isinstance(versioned, dict) and not embedded:
        yield Located(at(place, "versionedRelease"), ocid, latest(versioned))
    elif not embedded:
        yield Located(place, ocid, {}, linked=bool(links))


def _is_link(release: Mapping[str, Any]) -> bool:
    return "url" in release and _BIDDING.isdisjoint(release)


def latest(versioned: Any) -> dict[str, Any]:
    """Give the last value of everything in a versioned release."""
    found = _last(versioned, 0)
    return found if isinstance(found, dict) else {}


_DEEPEST = 64


def _last(value: Any, depth: int) -> Any:
    # No OCDS field lies deeper than this; what does is not looked into.
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        if value and all(isinstance(one, dict) and "releaseDate" in one and "value" in one for one in value):
            return value[-1]["value"]
        return [_last(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: _last(one, depth + 1) for key, one in value.items()}
    return value


def _no_ocds(place: str, what: Words) -> InputError:
    where = place or "line 1"
    return InputError(
        f"no OCDS release or record here: {where} is {what.en}",
        f"此处没有 OCDS release 或 record：{place or '第 1 行'} 是 {what.zh}",
        code="file.unreadable",
        remedy_en="give a release, a record or a package of them (OCDS 1.0 or 1.1)",
        remedy_zh="请给出 OCDS 1.0 或 1.1 的 release、record 或其数据包",
        detail={"place": where},
    )
