"""Whole lists as platforms publish them, kept on this machine: what is published, and what is held. It performs no I/O.

A list's digest is SHA-256 over its entries as canonical JSON (RFC 8785), by number, a line each: whoever holds the lines
can tell whether he holds the list.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field
from typing_extensions import override

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.decision import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ListFate = Literal["unchanged", "changed", "rebuilt", "refused", "failed"]
"""What became of a list when lists were fetched: kept, moved by its changes, taken whole, refused, not understood."""


class ListInfo(Value):
    """A list as it stands at its publisher."""

    code: str = Field(min_length=1, max_length=128)
    """List code."""
    name: Words
    """Its name."""
    version: int = Field(ge=0)
    """Grows with every change of the list."""
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of its entries."""
    size: int = Field(ge=0)
    """How many entries it has."""


class Listings(Value):
    """All lists of a publisher as they stand."""

    as_of: Time
    """The publisher's own time of its data."""
    environment: Environment
    """Whether the publisher is a sandbox."""
    lists: Several[ListInfo] = ()
    """The lists."""
    tag: str | None = None
    """What to ask with the next time, to be told only that nothing changed."""
    seal: str | None = None
    """The publisher's signature over all this but the tag (compact JWS), where it gives one."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An entry of a list: a record as canonical JSON, and by which identifiers it is found."""

    number: str
    """Its number at the publisher."""
    line: bytes
    """The record as canonical JSON, with the names of `Record`."""
    found_by: tuple[tuple[str, str], ...]
    """Pairs (scheme, normalised value) of the subject and of the persons whom the record names as responsible."""

    @override
    def __repr__(self) -> str:
        """Show nobody."""
        return f"ListEntry(number={self.number!r}, …)"


@dataclass(frozen=True, slots=True)
class ListPage:
    """A whole list or a page of it; or what changed since a version."""

    info: ListInfo
    put: tuple[ListEntry, ...] = ()
    """Entries, as they now are."""
    removed: tuple[str, ...] = ()
    """Numbers of entries that are no longer on the list."""
    next_cursor: str | None = None
    """Where the next page begins; None on the last one."""


class HeldList(Value):
    """A list as it is held on this machine."""

    info: ListInfo
    """Which version is held."""
    as_of: Time
    """When the publisher last said that it stands so."""
    refused: ListInfo | None = None
    """A newer version that was not taken: it shrank too much, or did not verify."""


class HeldLists(Value):
    """All lists that are held of one publisher."""

    source: str
    """Which source holds them."""
    environment: Environment
    """Whether the publisher is a sandbox."""
    as_of: Time
    """The oldest time of them all: what they say is true of this moment."""
    sealed: bool
    """Whether the publisher's signature over them was verified."""
    tag: str | None = None
    """What to ask with the next time."""
    lists: Several[HeldList] = ()
    """The lists, by code."""

    def of(self, code: str) -> HeldList | None:
        """Give the list *code*."""
        return next((each for each in self.lists if each.info.code == code), None)


@dataclass(frozen=True, slots=True)
class ListsReport:
    """What fetching the lists of one source came to."""

    source: str
    held: HeldLists | None
    """What is held now."""
    fates: Mapping[str, ListFate] = field(default_factory=dict)
    """What became of each list."""
    trouble: Mapping[str, str] = field(default_factory=dict)
    """Codes of why lists were refused or failed."""
    error: str | None = None
    """Code of why nothing could be fetched at all; what was held is held on."""
    detail: Words | None = None
    """The same in words."""


class ListRules(Value):
    """What is believed of a publisher's lists."""

    least_share: float = Field(default=0.5, ge=0, le=1)
    """The share of its entries that a list has to keep from one version to the next; below, it is refused."""
    small: int = Field(default=10, ge=1)
    """Lists with fewer entries than this may shrink as they like."""
    keys: dict[str, Any] | None = None
    """The publisher's public keys (JWK set); where they are given, what is not sealed with one of them is refused."""


def list_digest(lines: Iterable[tuple[str, bytes]]) -> str:
    """Give the digest of a list from its numbers and lines."""
    digest = hashlib.sha256()
    for _, line in sorted(lines):
        digest.update(line)
        digest.update(b"\n")
    return f"sha256:{digest.hexdigest()}"


def sealed_claims(listings: Listings) -> dict[str, object]:
    """Give what a publisher signs of *listings*."""
    return {
        "kind": "lists",
        "as_of": listings.model_dump(mode="json")["as_of"],
        "environment": listings.environment,
        "lists": [[each.code, each.version, each.digest, each.size] for each in listings.lists],
    }
