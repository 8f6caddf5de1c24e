"""Who takes part in a contracting process: every bidder and supplier once, and how they bid together.

It performs no I/O. A doubt never drops anybody: it is noted and shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from credit_check_adapter_tendering import identity
from credit_check_adapter_tendering.directory import Capacity, Directory, Entity
from credit_check_adapter_tendering.identity import Note, text
from credit_check_adapter_tendering.ocds import at, items
from credit_check_sdk import Party, Rejected, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from credit_check_adapter_tendering.ocds import Located
    from credit_check_sdk import Category, Identifier, Role

_ROLES: dict[str, Capacity] = {"tenderer": "tenderer", "leadtenderer": "tenderer", "supplier": "supplier"}
_JOINT = re.compile(r"联合体|consortium|joint venture", re.IGNORECASE)
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True, eq=False)
class Bidder:
    """One bidder or supplier of a process."""

    place: str
    """Where it is first named."""
    subject: Subject
    """Who it is."""
    party_ids: tuple[str, ...]
    """Its local ids in the file; they may be built of an identifier, so they are not for showing."""
    capacities: tuple[Capacity, ...]
    """As what it takes part."""
    related: tuple[Party, ...]
    """Its owners and shareholders, where the file names them."""
    notes: tuple[Note, ...]
    """What was noticed about it."""
    lead: bool
    """Whether it leads a consortium."""

    @property
    def doubtful(self) -> bool:
        """Whether a person must look who it is."""
        return any(note.doubtful for note in self.notes)


@dataclass(frozen=True, slots=True, eq=False)
class Bid:
    """Bidders who bid, or won, together; mostly one."""

    members: tuple[Bidder, ...]
    """Who."""
    places: tuple[str, ...]
    """Where the file says so; empty for a bidder that stands in no bid of its own."""
    statuses: tuple[str, ...]
    """What became of it, as far as the file says."""

    @property
    def consortium(self) -> bool:
        """Whether several bid together (联合体)."""
        return len(self.members) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """One contracting process."""

    ocid: str
    """Its number; empty where the file does not say."""
    tender: str
    """Number of the tender; the process's number where there is none."""
    bidders: tuple[Bidder, ...]
    """Everybody who bids or supplies, each once, in the order of the file."""
    bids: tuple[Bid, ...]
    """How they bid; every bidder is in at least one."""
    rejected: tuple[Rejected, ...]
    """Bidders whom nobody can make out."""
    unnamed: int
    """How many bids or tenderers the file counts without saying who they are."""

    by_bidder: Mapping[Bidder, Sequence[Bid]]
    """The bids of each bidder."""

    def partners(self, bidder: Bidder) -> tuple[Bidder, ...]:
        """Give everybody who bids together with *bidder*, each once."""
        return tuple(dict.fromkeys(one for bid in self.by_bidder[bidder] for one in bid.members if one is not bidder))


@dataclass(slots=True)
class _Group:
    members: list[Entity]
    places: list[str]
    statuses: list[str]
    bid: bool = False


@dataclass(frozen=True, slots=True)
class _Mention:
    place: str
    capacity: Capacity
    references: Any
    status: str = ""
    bid: bool = False
    """Whether who is named alone bids alone; a list of tenderers or an award says nothing of that."""


def process(ocid: str, found: Sequence[Located]) -> Process:
    """Find everybody who bids in or supplies a process, and how they bid together."""
    directory = Directory()
    for number, located in sorted(enumerate(found), key=lambda pair: text(pair[1].release.get("date"))):
        for place, party in items(located.release.get("parties"), at(located.place, "parties")):
            if isinstance(party, dict):
                _take_roles(directory.add_party(place, party, number), party)
    groups, rejected, nameless = _groups(found, directory)
    entities = [one for one in directory.entities if one.capacities]
    joined = _joined(groups, entities)
    joint = {id(one) for group in joined if len(group.members) > 1 for one in group.members}
    made = {id(one): _bidder(one, directory, joint=id(one) in joint) for one in entities}
    bids = tuple(
        Bid(
            members=tuple(made[id(one)] for one in group.members),
            places=tuple(group.places),
            statuses=tuple(dict.fromkeys(group.statuses)),
        )
        for group in joined
    )
    by_bidder: dict[Bidder, list[Bid]] = {bidder: [] for bidder in made.values()}
    for bid in bids:
        for bidder in bid.members:
            by_bidder[bidder].append(bid)
    return Process(
        ocid=ocid,
        tender=_tender(ocid, found),
        bidders=tuple(made.values()),
        bids=bids,
        rejected=tuple(rejected),
        unnamed=nameless or max(0, _counted(found) - len(entities)),
        by_bidder=by_bidder,
    )


def _groups(found: Sequence[Located], directory: Directory) -> tuple[list[_Group], list[Rejected], int]:
    """List who is named together, who cannot be made out, and how many bids name nobody."""
    groups: list[_Group] = []
    rejected: list[Rejected] = []
    nameless = 0
    for number, located in enumerate(found):
        for mention in _mentions(located):
            members: list[Entity] = []
            for place, reference in items(mention.references, mention.place):
                meant = directory.resolve(place, reference, number)
                if not meant:
                    rejected.append(_nobody(place))
                for one in meant:
                    one.take(mention.capacity)
                    members.append(one)
            nameless += mention.bid and not members
            if members and (mention.bid or len(members) > 1):
                groups.append(_Group(members, [mention.place], [mention.status] if mention.status else [], mention.bid))
    return groups, rejected, nameless


def _counted(found: Iterable[Located]) -> int:
    tenders = [located.release.get("tender") for located in found]
    counts = [tender.get("numberOfTenderers") for tender in tenders if isinstance(tender, dict)]
    return max((count for count in counts if isinstance(count, int)), default=0)


def _mentions(located: Located) -> Iterator[_Mention]:
    """List where a release names bidders, with the references that belong together."""
    release, base = located.release, located.place
    for here, tender in items(release.get("tender"), at(base, "tender")):
        if isinstance(tender, dict):
            for place, one in items(tender.get("tenderers"), at(here, "tenderers")):
                yield _Mention(place, "tenderer", one)
    bids = release.get("bids")
    details = bids.get("details") if isinstance(bids, dict) else bids
    for here, bid in items(details, at(base, "bids.details" if isinstance(bids, dict) else "bids")):
        if isinstance(bid, dict):
            references, status = bid.get("tenderers"), text(bid.get("status"))
            yield _Mention(at(here, "tenderers"), "tenderer", references, status, bid=True)
    for key in ("awards", "contracts"):
        for here, award in items(release.get(key), at(base, key)):
            if isinstance(award, dict):
                # OCDS 1.1: suppliers of separate items stand in separate awards, so that several in one won together.
                yield _Mention(at(here, "suppliers"), "supplier", award.get("suppliers"))


def _take_roles(one: Entity, party: Mapping[str, Any]) -> None:
    roles = party.get("roles")
    for role in roles if isinstance(roles, list) else [roles]:
        plain = text(role).casefold()
        if plain in _ROLES:
            one.take(_ROLES[plain])
        one.lead = one.lead or plain == "leadtenderer"


def _joined(groups: Iterable[_Group], entities: Iterable[Entity]) -> list[_Group]:
    """Join groups of the same members; everybody who is in none bids alone."""
    joined: dict[frozenset[int], _Group] = {}
    for group in groups:
        members = list(dict.fromkeys(one.whole for one in group.members))
        if len(members) == 1 and not group.bid:
            continue  # one supplier, named twice in an award
        same = joined.setdefault(frozenset(id(one) for one in members), _Group(members, [], []))
        same.places += group.places
        same.statuses += group.statuses
    covered = {id(one) for group in joined.values() for one in group.members}
    return [*joined.values(), *(_Group([one], [], []) for one in entities if id(one) not in covered)]


def _bidder(one: Entity, directory: Directory, *, joint: bool) -> Bidder:
    if not joint and any(_JOINT.search(name) for name in one.names):
        one.doubt(
            "consortium.unnamed",
            "名称显示为联合体，但文件未列出成员，无法逐一查询",
            "its name says that it is a consortium, and the file names no members to ask about",
        )
    if not one.names:
        words = Words(zh="文件未给出名称", en="the file gives no name")
        one.notes["name.missing"] = Note(code="name.missing", words=words)
    if not one.identifiers:
        one.doubt(
            "identifier.missing",
            "文件未给出可用的标识号码，须人工核查",
            "the file gives no usable identifier; a person must look",
        )
    ids = ", ".join(identity.shown(known) for known in one.ids)
    name = one.names[0] if one.names else f"未具名 unnamed ({ids or one.place})"
    categories = (identity.category(mention, one.identifiers) for mention in one.mentions)
    return Bidder(
        place=one.place,
        subject=Subject(
            category=next((found for found in categories if found != "organisation"), "organisation"),
            name=name[:_LONGEST_NAME],
            identifiers=tuple(one.identifiers),
        ),
        party_ids=tuple(one.ids),
        capacities=tuple(one.capacities),
        related=tuple(_related(one, directory)),
        notes=tuple(one.notes.values()),
        lead=one.lead,
    )


def _related(one: Entity, directory: Directory) -> Iterator[Party]:
    """List the owners (beneficialOwners extension) and shareholders (EU profile) of a party, each once."""
    seen: set[tuple[Role, str]] = set()
    for mention in one.mentions:
        for _, owner in items(mention.get("beneficialOwners"), "beneficialOwners"):
            named = identity.names(owner) if isinstance(owner, dict) else []
            if named and ("controller", named[0]) not in seen:
                seen.add(("controller", named[0]))
                yield _party("controller", "person", named[0], identity.identity(owner).identifiers)
        for _, share in items(mention.get("shareholders"), "shareholders"):
            holder = share.get("shareholder", share) if isinstance(share, dict) else None
            if not isinstance(holder, dict):
                continue
            known = directory.known_as(identity.local_id(holder.get("id")))
            identifiers = known[0].identifiers if len(known) == 1 else identity.identity(holder).identifiers
            named = identity.names(holder) or (known[0].names if len(known) == 1 else [])
            if named and ("shareholder", named[0]) not in seen:
                seen.add(("shareholder", named[0]))
                yield _party("shareholder", identity.category(holder, identifiers), named[0], identifiers)


def _party(role: Role, category: Category, name: str, identifiers: Sequence[Identifier]) -> Party:
    subject = Subject(category=category, name=name[:_LONGEST_NAME], identifiers=tuple(identifiers))
    return Party(role=role, subject=subject)


def _tender(ocid: str, found: Iterable[Located]) -> str:
    for located in found:
        tender = located.release.get("tender")
        number = identity.local_id(tender.get("id")) if isinstance(tender, dict) else ""
        if number:
            return number
    return ocid or "unnumbered"


def _nobody(place: str) -> Rejected:
    return Rejected(
        row=place,
        reason=Words(
            zh="此处应为投标人或供应商，但既无名称也无编号；请补全",
            en="a bidder or supplier should stand here, with neither name nor id; complete it",
        ),
    )
