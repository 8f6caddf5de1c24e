"""Verify the whole ledger against its chain, and name the first place where it is not what was sealed. It only reads.

It walks the chain once, a page at a time, in one snapshot; memory does not grow with the ledger. Nothing leaves the
machine: the ledger and the key ring are all that it takes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, Executable, bindparam, exists, func, or_, select
from sqlalchemy.ext.compiler import compiles

from credit_check_sdk._shell.ledger import breaches, indexes, links, outside, sealing
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work
from credit_check_sdk.errors import KeyRingError
from credit_check_sdk.model.evidence import Breach, Checkpoint, Verification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger.sealing import Chain
    from credit_check_sdk.model.ledger import VerifyEvidence

_PAGE = 200


class _Snapshot(Executable, ClauseElement):
    """Let the whole verification see the ledger as it is at one moment; SQLite's transactions do so anyway."""

    inherit_cache = True


@compiles(_Snapshot)
def _nothing(element: _Snapshot, compiler: Any, **options: Any) -> str:
    del element, compiler, options
    return "SELECT 1"


@compiles(_Snapshot, "postgresql")
def _repeatable(element: _Snapshot, compiler: Any, **options: Any) -> str:
    del element, compiler, options
    return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


_SNAPSHOT = Execute(_Snapshot())
_CHAINS = select(*sealing.CHAIN_COLUMNS).order_by(s.chain.c.number)
LINK = (
    s.seal.c.place,
    s.seal.c.entry,
    s.seal.c.chain,
    s.seal.c.follows,
    s.seal.c.previous,
    s.seal.c.content,
    s.seal.c.link,
)
ENTRY = (
    s.entry.c.id,
    s.entry.c.kind,
    s.entry.c.case_id,
    s.entry.c.recorded_at,
    s.entry.c.digest,
    s.entry.c.key_id,
    s.entry.c.body,
    s.entry.c.salt,
    s.entry.c.place,
)
_PAGE_OF_LINKS = (
    select(*LINK, *ENTRY)
    .outerjoin(s.entry, s.entry.c.id == s.seal.c.entry)
    .where(s.seal.c.place > bindparam("after"))
    .order_by(s.seal.c.place)
    .limit(_PAGE)
)
_CHECKPOINTS = (
    select(s.checkpoint.c.chain, s.checkpoint.c.size, s.checkpoint.c.head, s.checkpoint.c.token)
    .where(s.checkpoint.c.size > bindparam("after"), s.checkpoint.c.size <= bindparam("upto"))
    .order_by(s.checkpoint.c.size, s.checkpoint.c.at)
)
_BEYOND = (
    select(s.checkpoint.c.chain, s.checkpoint.c.size, s.checkpoint.c.head, s.checkpoint.c.token)
    .where(or_(s.checkpoint.c.size > bindparam("upto"), s.checkpoint.c.size < 1))
    .order_by(s.checkpoint.c.size.desc())
    .limit(1)
)
_SEEN = select(func.max(s.countersignature.c.size))
# An entry that claims a place without a link: its link was taken away, or it was put in.
_CLAIMING = (
    select(s.entry.c.id, s.entry.c.kind, s.entry.c.place)
    .where(s.entry.c.place.is_not(None), ~exists().where(s.seal.c.entry == s.entry.c.id))
    .order_by(s.entry.c.place, s.entry.c.id)
    .limit(1)
)
_UNSEALED = (
    select(*ENTRY)
    .where(
        s.entry.c.place.is_(None),
        ~exists().where(s.seal.c.entry == s.entry.c.id),
        or_(
            s.entry.c.recorded_at > bindparam("since"),
            (s.entry.c.recorded_at == bindparam("since")) & (s.entry.c.id > bindparam("beyond")),
        ),
    )
    .order_by(s.entry.c.recorded_at, s.entry.c.id)
    .limit(_PAGE)
)
_ERASURES = (
    select(*ENTRY)
    .where(s.entry.c.kind == "erasure", s.entry.c.id > bindparam("beyond"))
    .order_by(s.entry.c.id)
    .limit(_PAGE)
)


@dataclass(slots=True)
class Link:
    """A link as it is kept."""

    place: Any
    entry: Any
    chain: Any
    follows: Any
    previous: Any
    content: Any
    link: Any


@dataclass(slots=True)
class Kept:
    """An entry as it is kept."""

    id: Any
    kind: Any
    case_id: Any
    recorded_at: Any
    digest: Any
    key_id: Any
    body: Any
    salt: Any
    place: Any

    @property
    def content(self) -> str | None:
        """What its link should cover; None where a column holds what no entry holds."""
        texts = (self.id, self.kind, self.case_id, self.digest)
        if not all(isinstance(text, str) for text in texts) or not isinstance(self.recorded_at, int):
            return None
        return links.content(self.id, self.kind, self.case_id, self.recorded_at, self.digest)

    @property
    def erased(self) -> bool:
        """Whether its body is gone."""
        return not self.body


class NotWhatWasWritten(Exception):  # noqa: N818  never leaves this module
    """A body cannot be read, or is not the one that was committed to."""


@dataclass(slots=True)
class Walk:
    """How far the walk along the chain has come."""

    ledger: str
    keys: KeyRing
    chains: Sequence[Chain]
    claiming: tuple[str, str, int] | None = None
    """The first entry that claims a place without a link: number, kind, place."""
    place: int = 0
    link: str = ""
    entry: str | None = None
    covered: int = 0
    """Last place that a checkpoint covers."""
    erased: int = 0
    checkpoints: int = 0
    revoked: int = 0
    erasures: set[str] | None = None
    awaited: list[Checkpoint] = field(default_factory=list)
    """Checkpoints from outside, to be met on the way."""

    @property
    def chain(self) -> Chain | None:
        """The chain that the next place belongs to."""
        begun = [chain for chain in self.chains if chain.after_place <= self.place]
        return begun[-1] if begun else None

    @property
    def previous(self) -> str:
        """What the next link must follow."""
        chain = self.chain
        if chain is not None and chain.after_place == self.place:
            return links.beginning(chain.said(self.ledger))
        return self.link


def verify(question: VerifyEvidence, keys: KeyRing) -> Work[Verification]:
    """Walk the chain and answer what was found."""
    yield _SNAPSHOT
    ledger = yield from sealing.number_of_ledger()
    rows = (yield Execute(_CHAINS)).rows
    claiming = (yield Execute(_CLAIMING)).rows
    walk = Walk(ledger, keys, [sealing.chain_of(row) for row in rows], tuple(claiming[0]) if claiming else None)
    if question.against is not None:
        yield from outside.trusted(question.against, ledger, keys)
        walk.awaited.append(question.against)
    breach = _chains(walk)
    if breach is None:
        breach = yield from _walk(walk)
    if breach is None:
        breach = yield from _ending(walk)
    unsealed, strange = yield from _unsealed(walk)
    breach = breach or strange
    if breach is None:
        breach = yield from _beside()
    seen = (yield Execute(_SEEN)).rows[0][0]
    return Verification(
        ledger=ledger,
        whole=breach is None,
        sealed=walk.place,
        unsealed=unsealed,
        erased=walk.erased,
        chains=len(walk.chains),
        checkpoints=walk.checkpoints,
        countersigned=seen or 0,
        head=f"sha256:{walk.link}" if walk.place else None,
        revoked=walk.revoked,
        against=question.against.size if question.against else None,
        breach=breach,
    )


def _chains(walk: Walk) -> Breach | None:
    """See that every chain was begun with the ledger's own key, and where the one before stood."""
    for number, chain in enumerate(walk.chains, start=1):
        claims = walk.keys.verify(chain.token, revoked=True)
        if number != chain.number or claims != {"kind": "chain", **chain.said(walk.ledger)}:
            return breaches.chain(chain.after_place + 1)
    return None


def _walk(walk: Walk) -> Work[Breach | None]:
    while True:
        rows = (yield Execute(_PAGE_OF_LINKS, {"after": walk.place})).rows
        if not rows:
            return None
        upto = rows[-1][0]
        said = yield from indexes.between(walk.place, upto)
        points = (yield Execute(_CHECKPOINTS, {"after": walk.place, "upto": upto})).rows
        signed = _by_size(points)
        for row in rows:
            link, kept = Link(*row[:7]), Kept(*row[7:]) if row[7] is not None else None
            breach = yield from _step(walk, link, kept, said.get(link.entry, {}))
            breach = breach or _meet(walk, signed.get(walk.place, ()))
            if breach is not None:
                return breach


def _by_size(rows: Sequence[Sequence[Any]]) -> Mapping[int, list[Sequence[Any]]]:
    found: dict[int, list[Sequence[Any]]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(row)
    return found


def _step(walk: Walk, link: Link, kept: Kept | None, said: indexes.Said) -> Work[Breach | None]:
    """Go one place further, or say what is wrong there."""
    place, chain = walk.place + 1, walk.chain
    sound = (
        kept is not None
        and chain is not None
        and link.place == kept.place == place
        and link.chain == chain.chain
        and link.previous == walk.previous
        and (link.follows == walk.entry or (link.follows is None and chain.after_place == walk.place))
        and link.content == kept.content
        and link.link == links.link(link.chain, link.place, link.follows, link.previous, link.content)
    )
    if not sound or kept is None:
        return (yield from breaches.at(walk, link, kept))
    where = yield from _inside(walk, kept, said)
    if where is not None:
        return (yield from breaches.inside(walk, link, kept, where))
    walk.place, walk.link, walk.entry = place, link.link, link.entry
    return None


def _inside(walk: Walk, kept: Kept, said: indexes.Said) -> Work[str | None]:
    """Give the column that is not what was committed to, or None."""
    if kept.erased:
        if walk.erasures is None:
            walk.erasures = yield from _erasures(walk.keys)
        if kept.id not in walk.erasures:
            return "credit_entry.body"
        walk.erased += kept.place is not None
        return None
    try:
        body = read(kept, walk.keys)
        return indexes.disagreement(kept.kind, body, kept.recorded_at, said, walk.keys)
    except NotWhatWasWritten:
        return "credit_entry.body"


def read(kept: Kept, keys: KeyRing) -> Any:
    """Give the body of an entry.

    Raises:
        NotWhatWasWritten: it cannot be decrypted, or is not what the entry committed to.
    """
    try:
        return json.loads(text_of(kept, keys))
    except ValueError:
        raise NotWhatWasWritten from None


def text_of(kept: Kept, keys: KeyRing) -> str:
    """Give the canonical text of the body of an entry.

    Raises:
        NotWhatWasWritten: it cannot be decrypted, or is not what the entry committed to.
    """
    try:
        plain = keys.decrypt(kept.key_id, bytes(kept.body), kept.id)
        salted = bytes(kept.salt) + plain
        text = plain.decode()
    except (KeyRingError, AttributeError, TypeError, ValueError):
        raise NotWhatWasWritten from None
    if hashlib.sha256(salted).hexdigest() != kept.digest:
        raise NotWhatWasWritten
    return text


def _erasures(keys: KeyRing) -> Work[set[str]]:
    """Name the entries that were erased by order."""
    named: set[str] = set()
    beyond = ""
    while True:
        rows = (yield Execute(_ERASURES, {"beyond": beyond})).rows
        for row in rows:
            try:
                named.update(read(Kept(*row), keys)["entries"])
            except (NotWhatWasWritten, KeyError, TypeError):
                continue
        if not rows:
            return named
        beyond = rows[-1][0]


def _meet(walk: Walk, signed: Sequence[Sequence[Any]]) -> Breach | None:
    """See that the checkpoints at this place say what stands here."""
    for row in signed:
        found = sealing.read_checkpoint(row[3], walk.keys)
        if found is None:
            found = sealing.read_checkpoint(row[3], walk.keys, revoked=True)
            walk.revoked += found is not None
        if found is None or (found.chain, found.size, found.head) != tuple(row[:3]):
            return breaches.checkpoint(walk.place, "signature")
        breach = _agrees(walk, found)
        if breach is not None:
            return breach
        walk.checkpoints += 1
        walk.covered = walk.place
    for point in [point for point in walk.awaited if point.size == walk.place]:
        walk.awaited.remove(point)
        breach = _agrees(walk, point)
        if breach is not None:
            return breach
    return None


def _agrees(walk: Walk, point: Checkpoint) -> Breach | None:
    here = walk.chains[-1].chain if walk.chains else ""
    for chain in walk.chains:
        if chain.after_place < walk.place:
            here = chain.chain
    if point.ledger == walk.ledger and point.head == f"sha256:{walk.link}" and point.chain in {here, ""}:
        return None
    return breaches.rewritten(walk, point)


def _ending(walk: Walk) -> Work[Breach | None]:
    """See that nothing is missing at the end, and nothing was put there."""
    if walk.claiming is not None and walk.claiming[2] == walk.place + 1:
        return breaches.claiming(walk.claiming, walk.place)
    beyond = (yield Execute(_BEYOND, {"upto": walk.place})).rows
    if beyond or walk.awaited:
        return _shorter(walk, beyond)
    if walk.claiming is not None:
        return breaches.claiming(walk.claiming, walk.place)
    return (yield from breaches.uncovered(walk)) if walk.covered < walk.place else None


def _shorter(walk: Walk, beyond: Sequence[Sequence[Any]]) -> Breach:
    """Say that the ledger is shorter than a checkpoint of its own, or one kept elsewhere."""
    if not beyond:
        return breaches.cut_off(walk, walk.awaited[0])
    found = sealing.read_checkpoint(beyond[0][3], walk.keys, revoked=True)
    if found is None or (found.chain, found.size) != tuple(beyond[0][:2]):
        return breaches.checkpoint(beyond[0][1], "signature")
    return breaches.cut_off(walk, found)


def _beside() -> Work[Breach | None]:
    """See that no index names what is not there, or hides a change."""
    found = yield from indexes.stray()
    if found is not None:
        return breaches.stray(*found)
    untold = yield from indexes.untold()
    if untold is not None:
        return breaches.untold(untold)
    unmoved = yield from indexes.unmoved()
    if unmoved is not None:
        return breaches.unmoved(unmoved)
    unkept = yield from indexes.unkept()
    return None if unkept is None else breaches.unkept(unkept)


def _unsealed(walk: Walk) -> Work[tuple[int, Breach | None]]:
    """Count what waits for its place, and see that the ledger's own keys wrote it."""
    count, since, beyond = 0, -(2**62), ""
    strange: Breach | None = None
    while True:
        rows = (yield Execute(_UNSEALED, {"since": since, "beyond": beyond})).rows
        for row in rows:
            kept = Kept(*row)
            count += 1
            said = yield from indexes.of(kept.id)
            where = yield from _inside(walk, kept, said)
            if where is not None:
                strange = strange or breaches.strange(kept.id, kept.kind, where)
        if len(rows) < _PAGE:
            return count, strange
        since, beyond = rows[-1][3], rows[-1][0]
