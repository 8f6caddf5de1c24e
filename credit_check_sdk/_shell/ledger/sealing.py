"""Seal committed entries: give them their order, chain them, sign where the chain stands. It opens no connection.

One sealer works at a time (a row's lock; SQLite has one writer anyway) and nobody who records an entry waits for it.
Sealing and its checkpoint are one transaction: there is never a sealed entry that no signature covers.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, select, update

from credit_check_sdk._shell.ledger import links
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work, insert, micros, moment
from credit_check_sdk.model.evidence import Checkpoint, Countersignature
from credit_check_sdk.model.ledger import (
    BeginChain,
    Countersign,
    EvidenceOf,
    LatestCheckpoint,
    Seal,
    Sealed,
    Unsealed,
    VerifyEvidence,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from credit_check_sdk._shell.keys import KeyRing

FIRST = "first"
"""Why the first chain of a ledger was begun."""

_unsealed = (s.entry.c.place.is_(None), ~exists().where(s.seal.c.entry == s.entry.c.id))
_COUNT = select(func.count()).select_from(s.entry).where(*_unsealed)
_LEDGER = select(s.meta.c.value).where(s.meta.c.key == "ledger")
_ALONE = select(s.chain.c.number).where(s.chain.c.number == 1).with_for_update()
CHAIN_COLUMNS = (
    s.chain.c.number,
    s.chain.c.chain,
    s.chain.c.after_place,
    s.chain.c.after_link,
    s.chain.c.begun_at,
    s.chain.c.reason,
    s.chain.c.token,
)
"""What `Chain` is read from."""
_NEWEST_CHAIN = select(*CHAIN_COLUMNS).order_by(s.chain.c.number.desc()).limit(1)
_HEAD = select(s.seal.c.place, s.seal.c.link, s.seal.c.entry).order_by(s.seal.c.place.desc()).limit(1)
_NEXT = (
    select(s.entry.c.id, s.entry.c.kind, s.entry.c.case_id, s.entry.c.recorded_at, s.entry.c.digest)
    .where(*_unsealed)
    .order_by(s.entry.c.recorded_at, s.entry.c.id)
    .limit(bindparam("most"))
)
_PLACE = update(s.entry).where(s.entry.c.id == bindparam("number")).values(place=bindparam("at_place"))
_INSERT_CHAIN = insert(
    s.chain, "number", "chain", "after_place", "after_link", "begun_at", "reason", "token", or_nothing=True
)
_INSERT_SEAL = insert(s.seal, "place", "entry", "chain", "follows", "previous", "content", "link")
_INSERT_CHECKPOINT = insert(s.checkpoint, "chain", "size", "key_id", "head", "at", "token", or_nothing=True)
_INSERT_SEEN = insert(s.countersignature, "chain", "size", "witness", "seen_at", "token", "jwks", or_nothing=True)
_CHECKPOINT = (
    select(s.checkpoint.c.chain, s.checkpoint.c.size, s.checkpoint.c.key_id, s.checkpoint.c.token)
    .order_by(s.checkpoint.c.size.desc(), s.checkpoint.c.at.desc())
    .limit(1)
)
_SEEN = select(
    s.countersignature.c.witness,
    s.countersignature.c.seen_at,
    s.countersignature.c.token,
    s.countersignature.c.jwks,
).where(s.countersignature.c.chain == bindparam("of_chain"), s.countersignature.c.size == bindparam("of_size"))


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as it was begun."""

    number: int
    chain: str
    after_place: int
    after_link: str
    begun_at: int
    reason: str
    token: str = ""

    def said(self, ledger: str) -> dict[str, Any]:
        """Give what its beginning says, as it was signed and as its first link covers it."""
        return {
            "begins": self.chain,
            "ledger": ledger,
            "after_place": self.after_place,
            "after_link": self.after_link,
            "begun_at": moment(self.begun_at).isoformat(),
            "reason": self.reason,
        }


Asked = Unsealed | LatestCheckpoint | Seal | BeginChain | Countersign | VerifyEvidence | EvidenceOf
"""What is asked about the chain, and done with it."""


def carry_out(asked: Asked, keys: KeyRing) -> Work[Any]:  # noqa: PLR0911  one return per question
    """Answer a question about the chain, or carry out a command on it."""
    match asked:
        case Unsealed():
            return (yield from unsealed())
        case LatestCheckpoint():
            return (yield from newest_checkpoint(keys))
        case Seal():
            return (yield from seal(asked, keys))
        case BeginChain():
            return (yield from begin(asked, keys))
        case Countersign():
            return (yield from countersign(asked))
        case VerifyEvidence():
            from credit_check_sdk._shell.ledger.verifying import verify  # seldom asked

            return (yield from verify(asked, keys))
        case EvidenceOf():
            from credit_check_sdk._shell.ledger.proving import prove  # seldom asked

            return (yield from prove(asked, keys))


def unsealed() -> Work[int]:
    """Count the entries that are committed and not sealed."""
    return int((yield Execute(_COUNT)).rows[0][0])


def seal(command: Seal, keys: KeyRing) -> Work[Sealed]:
    """Seal up to so many entries, and sign where the chain stands then."""
    ledger = yield from number_of_ledger()
    chain = yield from _alone(ledger, command.now, keys)
    place, previous, follows = yield from _head(chain, ledger)
    waiting = (yield Execute(_NEXT, {"most": command.limit})).rows
    seals = []
    for row in waiting:
        place += 1
        of_content = links.content(*row)
        made = links.link(chain.chain, place, follows, previous, of_content)
        seals.append(
            {
                "place": place,
                "entry": row[0],
                "chain": chain.chain,
                "follows": follows,
                "previous": previous,
                "content": of_content,
                "link": made,
            }
        )
        previous, follows = made, row[0]
    if seals:
        yield Execute(_INSERT_SEAL, many=seals)
        yield Execute(_PLACE, many=[{"number": each["entry"], "at_place": each["place"]} for each in seals])
    newest = (yield Execute(_CHECKPOINT)).rows
    signed_anew = bool(newest) and newest[0][1] == place and newest[0][2] != keys.receipt_key
    if waiting or (signed_anew and follows is not None):
        yield from _sign(Checkpoint(ledger, chain.chain, place, f"sha256:{previous}", command.now, "", follows), keys)
    return Sealed(len(waiting), (yield from newest_checkpoint(keys)))


def begin(command: BeginChain, keys: KeyRing) -> Work[str]:
    """Begin another chain that continues the head which is there; give its number."""
    ledger = yield from number_of_ledger()
    newest = yield from _alone(ledger, command.at, keys)
    head = (yield Execute(_HEAD)).rows
    place, after = (head[0][0], head[0][1]) if head else (0, "")
    begun = Chain(newest.number + 1, _chain_number(), place, after, micros(command.at), command.reason)
    return (yield from _begin(begun, ledger, keys)).chain


def countersign(command: Countersign) -> Work[None]:
    """Keep what a witness signed; what it signed before stays."""
    seen = command.countersignature
    yield Execute(
        _INSERT_SEEN,
        {
            "chain": command.chain,
            "size": command.size,
            "witness": seen.witness,
            "seen_at": micros(seen.seen_at),
            "token": seen.token,
            "jwks": json.dumps(dict(seen.keys), ensure_ascii=False, sort_keys=True),
        },
    )


def newest_checkpoint(keys: KeyRing) -> Work[Checkpoint | None]:
    """Give the newest checkpoint with its counter-signatures."""
    found = (yield Execute(_CHECKPOINT)).rows
    if not found:
        return None
    chain, size, _, token = found[0]
    return (yield from with_countersignatures(read_checkpoint(token, keys), chain, size))


def with_countersignatures(checkpoint: Checkpoint | None, chain: str, size: int) -> Work[Checkpoint | None]:
    """Put to a checkpoint what witnesses signed of it."""
    from dataclasses import replace

    if checkpoint is None:
        return None
    rows = (yield Execute(_SEEN, {"of_chain": chain, "of_size": size})).rows
    seen = tuple(Countersignature(row[0], moment(row[1]), row[2], json.loads(row[3])) for row in rows)
    return replace(checkpoint, countersignatures=seen)


def read_checkpoint(token: str, keys: KeyRing, *, revoked: bool = False) -> Checkpoint | None:
    """Read a checkpoint from its signature; None where that does not hold."""
    from datetime import datetime

    claims = keys.verify(token, revoked=revoked)
    if claims is None or claims.get("kind") != "checkpoint":
        return None
    try:
        at = datetime.fromisoformat(claims["at"])
        return Checkpoint(claims["ledger"], claims["chain"], claims["size"], claims["head"], at, token, claims["entry"])
    except (KeyError, TypeError, ValueError):
        return None


def number_of_ledger() -> Work[str]:
    """Give the ledger's number."""
    return str((yield Execute(_LEDGER)).rows[0][0])


def chain_of(row: Sequence[Any]) -> Chain:
    """Read a chain from its row."""
    return Chain(*row)


def _alone(ledger: str, now: datetime, keys: KeyRing) -> Work[Chain]:
    """Wait until no other sealer is at work, and give the newest chain; the first one is begun where there is none."""
    if not (yield Execute(_ALONE)).rows:
        yield from _begin(Chain(1, _chain_number(), 0, "", micros(now), FIRST), ledger, keys)
        yield Execute(_ALONE)
    # Asked once the lock is held: whoever held it before may have begun another.
    return chain_of((yield Execute(_NEWEST_CHAIN)).rows[0])


def _begin(chain: Chain, ledger: str, keys: KeyRing) -> Work[Chain]:
    yield Execute(
        _INSERT_CHAIN,
        {
            "number": chain.number,
            "chain": chain.chain,
            "after_place": chain.after_place,
            "after_link": chain.after_link,
            "begun_at": chain.begun_at,
            "reason": chain.reason,
            "token": keys.sign({"kind": "chain", **chain.said(ledger)}),
        },
    )
    return chain


def _chain_number() -> str:
    return f"chain-{os.urandom(8).hex()}"


def _head(chain: Chain, ledger: str) -> Work[tuple[int, str, str | None]]:
    """Give the last place, the link that the next one follows, and the entry there."""
    found = (yield Execute(_HEAD)).rows
    place, link, entry = found[0] if found else (0, "", None)
    if place > chain.after_place:
        return place, link, entry
    # What was cut off below the chain's beginning is not filled up again: verifying then finds the gap.
    return chain.after_place, links.beginning(chain.said(ledger)), entry if place == chain.after_place else None


def _sign(checkpoint: Checkpoint, keys: KeyRing) -> Work[None]:
    claims = {
        "kind": "checkpoint",
        "ledger": checkpoint.ledger,
        "chain": checkpoint.chain,
        "size": checkpoint.size,
        "head": checkpoint.head,
        "entry": checkpoint.entry,
        "at": checkpoint.at.isoformat(),
    }
    yield Execute(
        _INSERT_CHECKPOINT,
        {
            "chain": checkpoint.chain,
            "size": checkpoint.size,
            "key_id": keys.receipt_key,
            "head": checkpoint.head,
            "at": micros(checkpoint.at),
            "token": keys.sign(claims),
        },
    )
