"""Everybody whom one contracting process names, each once: which mentions are one, and what is doubtful about them.

It performs no I/O. Mentions are one by primary identifier or by the party's id; by name only where neither has
anything else. What cannot be told apart stays apart and is noted, so that nobody is hidden behind somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from credit_check_adapter_tendering import identity
from credit_check_adapter_tendering.identity import Identity, Note
from credit_check_sdk import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from credit_check_sdk import Identifier

Capacity = Literal["tenderer", "supplier"]
"""As what somebody takes part."""


@dataclass(slots=True, eq=False)
class Entity:
    """Somebody whom a process names; it grows while the file is read."""

    place: str
    """Where it is first named."""
    ids: list[str] = field(default_factory=list)
    """Its local ids."""
    names: list[str] = field(default_factory=list)
    """What it is called."""
    identifiers: list[Identifier] = field(default_factory=list)
    """Its identifiers, the primary one first."""
    primary: bool = False
    """Whether the file calls the first identifier the primary one."""
    said_in: set[int] = field(default_factory=set)
    """Releases that gave the primary identifier."""
    capacities: list[Capacity] = field(default_factory=list)
    """As what it takes part; empty for buyers and the like."""
    lead: bool = False
    """Whether it leads a consortium."""
    mentions: list[Mapping[str, Any]] = field(default_factory=list)
    """All that the file says of it."""
    notes: dict[str, Note] = field(default_factory=dict)
    """What was noticed, by code."""
    into: Entity | None = None
    """The entity that it turned out to be, or None."""

    @property
    def whole(self) -> Entity:
        """The entity that this one turned out to be, or itself."""
        return self if self.into is None else self.into.whole

    def doubt(self, code: str, zh: str, en: str) -> None:
        """Note that a person must look who this is."""
        self.notes.setdefault(code, Note(code=code, words=Words(zh=zh, en=en), doubtful=True))

    def take(self, capacity: Capacity) -> None:
        """Note as what it takes part."""
        if capacity not in self.capacities:
            self.capacities.append(capacity)

    def learn(self, mention: Mapping[str, Any], found: Identity, release: int, *, prevails: bool) -> None:
        """Take in what a mention says; a later entry of ``parties`` *prevails* over an earlier one."""
        party_id = identity.local_id(mention.get("id"))
        if party_id and party_id not in self.ids:
            self.ids.append(party_id)
        self.names.extend(name for name in identity.names(mention) if name not in self.names)
        if found.primary and self.primary and not _same(found.identifiers[0], self.identifiers[0]):
            if prevails:
                self.identifiers = list(found.identifiers)
            self.doubt(
                "identifier.conflict",
                f"文件给出不同的标识号码，以 {self.identifiers[0].masked} 查询，须人工核对",
                f"the file gives it different identifiers; {self.identifiers[0].masked} is asked for, and a person must "
                "compare them",
            )
        else:
            known = self.identifiers
            fresh = [one for one in found.identifiers if not any(_same(one, other) for other in known)]
            self.identifiers = [*fresh, *known] if found.primary and not self.primary else [*known, *fresh]
            self.primary = self.primary or found.primary
        if found.primary:
            self.said_in.add(release)
        for note in found.notes:
            self.notes.setdefault(note.code, note)
        self.mentions.append(mention)

    def absorb(self, other: Entity) -> None:
        """Take in another entity that turned out to be this one."""
        other.into = self
        self.ids.extend(one for one in other.ids if one not in self.ids)
        self.names.extend(one for one in other.names if one not in self.names)
        fresh = [one for one in other.identifiers if not any(_same(one, known) for known in self.identifiers)]
        self.identifiers.extend(fresh)
        for capacity in other.capacities:
            self.take(capacity)
        self.lead = self.lead or other.lead
        self.mentions.extend(other.mentions)
        self.notes = other.notes | self.notes


class Directory:
    """Everybody whom one process names."""

    def __init__(self) -> None:
        self._all: list[Entity] = []
        self._by_id: dict[str, list[Entity]] = {}
        self._by_alias: dict[str, Entity] = {}
        self._by_key: dict[tuple[str, str], Entity] = {}
        self._by_name: dict[str, Entity] = {}
        self._has_parties = False

    @property
    def entities(self) -> list[Entity]:
        """Everybody, each once, in the order in which they were first named."""
        return [one for one in self._all if one.into is None]

    def known_as(self, party_id: str) -> list[Entity]:
        """Give those who go by a local id."""
        return list(dict.fromkeys(one.whole for one in self._by_id.get(party_id, ())))

    def add_party(self, place: str, party: Mapping[str, Any], release: int) -> Entity:
        """Take in an entry of ``parties``."""
        self._has_parties = True
        found = identity.identity(party)
        party_id = identity.local_id(party.get("id"))
        sharing = self.known_as(party_id)
        known = self._known_by_identifier(found)
        if known is not None:
            self._join(known, sharing)
        else:
            # One release that gives one id to two identifiers means two; a later release corrects an earlier one.
            known = next(
                (one for one in sharing if not (found.primary and one.primary and release in one.said_in)), None
            )
            if known is None and not party_id and not found.identifiers:
                known = self._known_by_name(party)
            if known is None:
                known = self._new(place)
                for one in (known, *sharing) if sharing else ():
                    _doubt_shared(one)
        self._learn(known, party, found, release, prevails=True)
        return known

    def resolve(self, place: str, given: Any, release: int) -> list[Entity]:
        """Find whom a reference means; several where the file does not say which, none where it names nobody."""
        mention: Mapping[str, Any] = given if isinstance(given, dict) else {"id": given}
        found = identity.identity(mention)
        party_id = identity.local_id(mention.get("id"))
        named = identity.names(mention)
        if not party_id and not named and not found.identifiers:
            return []
        meant = self._known_by_id(party_id, self._known_by_identifier(found))
        if not meant and not party_id and not found.identifiers:
            meant = [one for one in (self._known_by_name(mention),) if one is not None]
        if not meant:
            meant = [self._new(place)]
            if party_id and self._has_parties and not found.identifiers:
                meant[0].doubt(
                    "reference.unresolved",
                    "引用的编号不在 parties 中，无法得知其标识号码",
                    "the id referred to is not among the parties, so that its identifier is unknown",
                )
        if len(meant) == 1:
            if named and meant[0].names and not _one_name(named, meant[0].names):
                meant[0].doubt(
                    "name.disagrees",
                    "引用处的名称与 parties 中的名称不同，须人工核对",
                    "a reference calls it by another name than the parties do; a person must compare them",
                )
            self._learn(meant[0], mention, found, release, prevails=False)
        return meant

    def _known_by_id(self, party_id: str, known: Entity | None) -> list[Entity]:
        sharing = self.known_as(party_id)
        if known is None:
            if not sharing and party_id in self._by_alias:
                return [self._by_alias[party_id].whole]
            return sharing
        if sharing and known not in sharing:
            self._join(known, sharing)
            sharing = [one for one in self.known_as(party_id) if one is not known]
            for one in (known, *sharing) if sharing else ():
                one.doubt(
                    "reference.conflict",
                    "引用的编号与所附标识号码指向不同的当事人，均已列出，须人工核对",
                    "a reference's id and its identifier mean different parties; all are listed, and a person must "
                    "compare them",
                )
            return [known, *sharing]
        return [known]

    def _join(self, known: Entity, sharing: Iterable[Entity]) -> None:
        for one in sharing:
            if one is not known and not one.primary:
                known.absorb(one)

    def _learn(self, one: Entity, mention: Mapping[str, Any], found: Identity, release: int, *, prevails: bool) -> None:
        one.learn(mention, found, release, prevails=prevails)
        party_id = identity.local_id(mention.get("id"))
        if party_id and one not in self.known_as(party_id):
            self._by_id.setdefault(party_id, []).append(one)
        alias = identity.alias(mention)
        if alias:
            self._by_alias.setdefault(alias, one)
        if one.primary:
            for key in one.identifiers[0].keys:
                self._by_key.setdefault(key, one)
        if not one.ids and not one.identifiers and one.names:
            self._by_name.setdefault(one.names[0], one)

    def _new(self, place: str) -> Entity:
        new = Entity(place)
        self._all.append(new)
        return new

    def _known_by_identifier(self, found: Identity) -> Entity | None:
        if not found.primary:
            return None
        return next((self._by_key[key].whole for key in found.identifiers[0].keys if key in self._by_key), None)

    def _known_by_name(self, mention: Mapping[str, Any]) -> Entity | None:
        return next((self._by_name[name].whole for name in identity.names(mention) if name in self._by_name), None)


def _same(one: Identifier, other: Identifier) -> bool:
    return not one.keys.isdisjoint(other.keys)


def _doubt_shared(one: Entity) -> None:
    one.doubt(
        "party.shared_id",
        "文件中不同的当事人共用同一编号，均已列出，须人工核对",
        "different parties share one id in the file; all are listed, and a person must compare them",
    )


def _one_name(some: Iterable[str], others: Iterable[str]) -> bool:
    plain = [re.sub(r"\W", "", name.casefold()) for name in some]
    known = [re.sub(r"\W", "", name.casefold()) for name in others]
    return any(one in other or other in one for one in plain for other in known if one and other)
