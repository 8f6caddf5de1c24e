"""Bring together what proves one check: entries with salts, links up to signed checkpoints, counter-signatures.

It yields statements and changes nothing. What it gives can be verified with public tools alone: SHA-256, canonical JSON
(RFC 8785) and any JOSE library.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, select

from credit_check_sdk._shell.ledger import links, sealing
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.bodies import canonical
from credit_check_sdk._shell.ledger.steps import Execute, Work, moment
from credit_check_sdk._shell.ledger.verifying import ENTRY, LINK, Kept, Link, NotWhatWasWritten, text_of
from credit_check_sdk.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.evidence import Checkpoint
    from credit_check_sdk.model.ledger import EvidenceOf

FARTHEST = 5000
"""Most links up to a counter-signed checkpoint; where that is farther, the ledger's own signature has to do."""

_number: Any = bindparam("number")
_RELATED = (
    select(s.check.c.decision).where(s.check.c.decision == _number),
    select(s.response.c.id).where(s.response.c.decision == _number),
    select(s.outbox.c.key).where(s.outbox.c.decision == _number),
    select(s.notice.c.notice).where(s.notice.c.decision == _number),
    select(s.notice.c.delivery).where(s.notice.c.decision == _number, s.notice.c.delivery.is_not(None)),
)
_ONE = (
    select(*ENTRY, *LINK).outerjoin(s.seal, s.seal.c.entry == s.entry.c.id).where(s.entry.c.id == bindparam("number"))
)
_LINKS = (
    select(*LINK)
    .where(s.seal.c.place >= bindparam("since"), s.seal.c.place <= bindparam("upto"))
    .order_by(s.seal.c.place)
)
_OWN = (
    select(s.checkpoint.c.size, s.checkpoint.c.chain, s.checkpoint.c.token)
    .where(s.checkpoint.c.size >= bindparam("since"))
    .order_by(s.checkpoint.c.size, s.checkpoint.c.at.desc())
    .limit(bindparam("most", type_=Integer))
)
_SEEN = (
    select(s.checkpoint.c.size, s.checkpoint.c.chain, s.checkpoint.c.token)
    .join(
        s.countersignature,
        (s.countersignature.c.chain == s.checkpoint.c.chain) & (s.countersignature.c.size == s.checkpoint.c.size),
    )
    .where(s.checkpoint.c.size >= bindparam("since"), s.checkpoint.c.size <= bindparam("upto"))
    .order_by(s.checkpoint.c.size, s.checkpoint.c.at.desc())
    .limit(bindparam("most", type_=Integer))
)
_CHAINS = select(*sealing.CHAIN_COLUMNS).order_by(s.chain.c.number)
_TRIED = 3


def prove(question: EvidenceOf, keys: KeyRing) -> Work[dict[str, Any] | None]:
    """Give what proves the check of this number, with bodies in full; None where there is no such check.

    Raises:
        LedgerError: an entry is not what was written.
    """
    numbers = yield from _related(question.decision)
    if not numbers:
        return None
    ledger = yield from sealing.number_of_ledger()
    entries: list[dict[str, Any]] = []
    points: dict[int, Checkpoint] = {}
    path: dict[int, dict[str, Any]] = {}
    for number in numbers:
        found = (yield Execute(_ONE, {"number": number})).rows
        if not found:
            continue
        kept, link = Kept(*found[0][: len(ENTRY)]), Link(*found[0][len(ENTRY) :])
        said = _entry(kept, link, keys)
        entries.append(said)
        if link.place is None:
            continue
        point = yield from _nearest(link.place, keys)
        if point is not None:
            said["checkpoint"] = point.size
            points[point.size] = point
            yield from _path(path, link.place, point.size)
    chains = [sealing.chain_of(row) for row in (yield Execute(_CHAINS)).rows]
    used = {one["chain"] for one in path.values()}
    return {
        "ledger": ledger,
        "entries": entries,
        "links": [path[place] for place in sorted(path)],
        "chains": [
            {"beginning": one.said(ledger), "digest": links.beginning(one.said(ledger)), "signature": one.token}
            for one in chains
            if one.chain in used
        ],
        "checkpoints": [points[size] for size in sorted(points)],
    }


def _related(decision: str) -> Work[list[str]]:
    """Name the check and all that rests on it, each once."""
    numbers: dict[str, None] = {}
    for statement in _RELATED:
        rows = (yield Execute(statement, {"number": decision})).rows
        if not rows and not numbers:
            return []
        numbers.update(dict.fromkeys(row[0] for row in rows))
    return list(numbers)


def _entry(kept: Kept, link: Link, keys: KeyRing) -> dict[str, Any]:
    try:
        body = None if kept.erased else text_of(kept, keys)
    except NotWhatWasWritten:
        raise LedgerError(
            f"entry {kept.id} is not what was written",
            f"条目 {kept.id} 与写入时不一致",
            code="ledger.broken",
            remedy_en="run `credit-check evidence verify`",
            remedy_zh="请执行 credit-check evidence verify",
        ) from None
    covered = links.content_said(kept.id, kept.kind, kept.case_id, kept.recorded_at, kept.digest)
    said: dict[str, Any] = {
        "id": kept.id,
        "kind": kept.kind,
        "case_id": kept.case_id,
        "recorded_at": kept.recorded_at,
        "at": moment(kept.recorded_at).isoformat(),
        "digest": kept.digest,
        "salt": None if body is None else bytes(kept.salt).hex(),
        "body": body,
        "content": kept.content,
        "content_text": canonical(covered).decode(),
        "place": link.place,
        "checkpoint": None,
    }
    if link.place is not None:
        linked = links.link_said(link.chain, link.place, link.follows, link.previous, link.content)
        said.update(link=link.link, link_text=canonical(linked).decode())
    return said


def _nearest(place: int, keys: KeyRing) -> Work[Checkpoint | None]:
    """Give the nearest checkpoint that covers the place: a counter-signed one, where that is not too far away."""
    near = {"since": place, "upto": place + FARTHEST, "most": _TRIED}
    seen = (yield Execute(_SEEN, near)).rows
    own = (yield Execute(_OWN, {"since": place, "most": _TRIED})).rows
    for size, chain, token in (*seen, *own):
        point = sealing.read_checkpoint(token, keys)
        if point is not None:
            return (yield from sealing.with_countersignatures(replace(point, chain=chain), chain, size))
    return None


def _path(path: dict[int, dict[str, Any]], since: int, upto: int) -> Work[None]:
    """Add the links from one place to another that are not there yet."""
    while since <= upto and since in path:
        since += 1
    if since <= upto:
        rows: Iterable[Any] = (yield Execute(_LINKS, {"since": since, "upto": upto})).rows
        for row in rows:
            link = Link(*row)
            path[link.place] = {
                "place": link.place,
                "entry": link.entry,
                "chain": link.chain,
                "follows": link.follows,
                "previous": link.previous,
                "content": link.content,
                "link": link.link,
            }
