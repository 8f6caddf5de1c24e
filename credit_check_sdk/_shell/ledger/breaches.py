"""Say what happened at the first place where the ledger is not what was sealed. It only reads, and judges by traces.

A row that is gone leaves the one that followed it, a row that was moved still follows what it followed, a row that was
put in follows nobody's link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from credit_check_sdk._shell.ledger import links
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work
from credit_check_sdk.model.evidence import Breach, BreachKind, Checkpoint

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger.verifying import Kept, Link, Walk

_FOLLOWING = (
    select(s.seal.c.place, s.seal.c.entry).where(s.seal.c.previous == bindparam("before")).order_by(s.seal.c.place)
)
_COVERING = select(s.seal.c.place, s.seal.c.entry).where(s.seal.c.content == bindparam("of_content"))
_MADE = select(s.seal.c.place).where(s.seal.c.link == bindparam("of_link"))
_AT = (
    select(s.entry.c.id, s.entry.c.kind, s.entry.c.case_id, s.entry.c.recorded_at, s.entry.c.digest)
    .where(s.entry.c.place == bindparam("at_place"))
    .order_by(s.entry.c.id)
)
_SEALED_AT = select(s.seal.c.entry).where(s.seal.c.place == bindparam("at_place"))
_KIND = select(s.entry.c.kind).where(s.entry.c.id == bindparam("number"))

_SAYINGS: dict[BreachKind, tuple[str, str]] = {
    "edited": (
        "第 {place} 条 {entry} 在封存后被改动（{where}）",
        "entry {entry} at place {place} was edited ({where})",
    ),
    "removed": (
        "第 {place} 条 {entry} 在封存后被删除（{where}）",
        "entry {entry} at place {place} was removed ({where})",
    ),
    "reordered": (
        "第 {place} 条 {entry} 的次序在封存后被调换（{where}）",
        "entry {entry} at place {place} was moved ({where})",
    ),
    "inserted": (
        "第 {place} 条 {entry} 不是台账封存的（{where}）",
        "entry {entry} at place {place} was put in ({where})",
    ),
    "cut_off": (
        "第 {place} 条 {entry} 起的末尾被截去（{where}）",
        "the tail from entry {entry} at place {place} on was cut off ({where})",
    ),
}


def at(walk: Walk, link: Link, kept: Kept | None) -> Work[Breach]:
    """Say what happened where the link or the entry is not as it should be."""
    place = walk.place + 1
    mine = (yield Execute(_AT, {"at_place": place})).rows
    following = [row for row in (yield Execute(_FOLLOWING, {"before": walk.previous})).rows if row[0] != link.place]
    if link.place != place:
        return (yield from _gap(walk, link, mine, following))
    if kept is None:
        return _without_entry(place, link, mine)
    if following:
        made = (yield Execute(_MADE, {"of_link": link.previous})).rows
        elsewhere = link.previous != walk.previous and bool(made)
        return breach("reordered" if elsewhere else "inserted", place, kept.id, kept.kind, "credit_seal.place")
    covering = yield from _covering(kept, place)
    if covering:
        return breach("reordered", place, kept.id, kept.kind, "credit_seal.entry")
    if kept.place != place and isinstance(kept.place, int):
        other = (yield Execute(_SEALED_AT, {"at_place": kept.place})).rows
        if other and other[0][0] in {row[0] for row in mine}:
            return breach("reordered", place, kept.id, kept.kind, "credit_entry.place")
    return breach("edited", place, kept.id, kept.kind, _where(walk, link, kept))


def inside(walk: Walk, link: Link, kept: Kept, where: str) -> Work[Breach]:
    """Say what happened where the link holds and what lies behind it does not."""
    place = walk.place + 1
    following = [row for row in (yield Execute(_FOLLOWING, {"before": walk.previous})).rows if row[0] != link.place]
    kind: BreachKind = "inserted" if following else ("removed" if kept.erased else "edited")
    return breach(kind, place, kept.id, kept.kind, where)


def _gap(walk: Walk, link: Link, mine: Any, following: Any) -> Work[Breach]:
    place = walk.place + 1
    if following:
        kind = yield from _kind(following[0][1])
        return breach("reordered", place, following[0][1], kind, "credit_seal.place")
    if mine:
        return breach("removed", place, mine[0][0], mine[0][1], "credit_seal")
    if link.previous == walk.previous and isinstance(link.place, int):
        # Nothing is missing before it: its own place was changed.
        return breach("edited", place, link.entry, (yield from _kind(link.entry)), "credit_seal.place")
    # What followed it says what it was, where one alone is missing.
    named = link.follows if link.place == place + 1 else None
    return breach("removed", place, named, None, "credit_seal")


def _without_entry(place: int, link: Link, mine: Any) -> Breach:
    """Say what happened to an entry that a link names and that is not there."""
    if len(mine) != 1:
        return breach("removed", place, link.entry, None, "credit_entry")
    # One stands here under another number: it is the entry's number or the link's that was changed.
    number, kind = mine[0][0], mine[0][1]
    if links.content(*mine[0]) == link.content:
        return breach("edited", place, number, kind, "credit_seal.entry")
    return breach("edited", place, link.entry, kind, "credit_entry.id")


def _covering(kept: Kept, place: int) -> Work[bool]:
    of_content = kept.content
    if of_content is None:
        return False
    rows = (yield Execute(_COVERING, {"of_content": of_content})).rows
    return any(row[0] != place for row in rows)


def _kind(number: Any) -> Work[str | None]:
    rows = (yield Execute(_KIND, {"number": number})).rows if isinstance(number, str) else ()
    return rows[0][0] if rows else None


def _where(walk: Walk, link: Link, kept: Kept) -> str:
    """Name the column that differs."""
    chain = walk.chain
    sealed = links.link(link.chain, link.place, link.follows, link.previous, link.content) == link.link
    if link.content != kept.content:
        return "credit_entry" if sealed else "credit_seal.content"
    if kept.place != walk.place + 1:
        return "credit_entry.place"
    if chain is None or link.chain != chain.chain:
        return "credit_seal.chain"
    if link.previous != walk.previous:
        return "credit_seal.previous"
    return "credit_seal.follows" if link.follows != walk.entry else "credit_seal.link"


def chain(place: int) -> Breach:
    """Say that the beginning of a chain is not what was signed."""
    return Breach(
        "edited",
        place,
        None,
        None,
        "credit_chain",
        f"自第 {place} 条起的链，其起始声明的签名不成立",
        f"the chain that begins at place {place} was not begun with the ledger's key, or was edited",
    )


def checkpoint(place: int, where: str) -> Breach:
    """Say that a checkpoint is not what was signed."""
    return Breach(
        "edited",
        place,
        None,
        None,
        f"credit_checkpoint.{where}",
        f"第 {place} 条处的检查点签名不成立，检查点被改动或伪造",
        f"the checkpoint at place {place} is not what the ledger's key signed",
    )


def rewritten(walk: Walk, point: Checkpoint) -> Breach:
    """Say that entries up to a checkpoint were changed and the links made anew."""
    first = walk.covered + 1
    return Breach(
        "edited",
        first,
        None,
        None,
        "credit_seal.link",
        f"第 {first} 至 {point.size} 条中有条目被改动，且其后的链被重新计算：与已签名的检查点不符",
        f"an entry among places {first} to {point.size} was changed and the links made anew: "
        "the signed checkpoint says otherwise",
    )


def cut_off(walk: Walk, point: Checkpoint) -> Breach:
    """Say that the ledger is shorter than a checkpoint says."""
    where = f"checkpoint {point.size}"
    if any(begun.number > 1 and begun.after_place < point.size for begun in walk.chains):
        where += "; restored"
    entry = point.entry if point.size == walk.place + 1 else None
    return breach("cut_off", walk.place + 1, entry, None, where)


def claiming(found: tuple[str, str, int], last: int) -> Breach:
    """Say that an entry claims a place that is another's, or that lost its link."""
    number, kind, place = found
    if place > last:
        return breach("removed", place, number, kind, "credit_seal")
    return breach("inserted", place, number, kind, "credit_entry.place")


def uncovered(walk: Walk) -> Work[Breach]:
    """Say that places at the end are covered by no checkpoint: sealing signs one every time."""
    place = walk.covered + 1
    rows = (yield Execute(_SEALED_AT, {"at_place": place})).rows
    number = rows[0][0] if rows else None
    return breach("inserted", place, number, (yield from _kind(number)), "credit_checkpoint")


def strange(number: str, kind: str, where: str) -> Breach:
    """Say that an entry that is not sealed yet was not written by this ledger, or that its index says something else."""
    if where != "credit_entry.body":
        return Breach(
            "edited",
            None,
            number,
            kind,
            where,
            f"未封存的条目 {number} 的索引被改动（{where}）",
            f"the index of entry {number}, which is not sealed yet, was edited ({where})",
        )
    return Breach(
        "inserted",
        None,
        number,
        kind,
        where,
        f"未封存的条目 {number} 不是本台账写入的，或被改动",
        f"entry {number}, which is not sealed yet, was not written by this ledger, or was edited",
    )


def untold(number: str) -> Breach:
    """Say that a check no longer says that a change touched it, or says so without one."""
    return Breach(
        "edited",
        None,
        number,
        "check",
        "credit_check.touched_by",
        f"核查 {number} 与触及它的变动记录不符（credit_check.touched_by）",
        f"check {number} says something else of the changes that touched it than they do (credit_check.touched_by)",
    )


def unmoved(number: str) -> Breach:
    """Say that where a measure stands is no longer kept."""
    return Breach(
        "edited",
        None,
        number,
        "transition",
        "credit_measure",
        f"措施状态缺失：{number} 所推进的措施没有现状记录（credit_measure）",
        f"where the measure stands that {number} moved is no longer kept (credit_measure)",
    )


def unkept(number: str) -> Breach:
    """Say that where a commitment stands is no longer kept."""
    return Breach(
        "edited",
        None,
        number,
        "commitment",
        "credit_commitment",
        f"承诺状态缺失：{number} 所推进的承诺没有现状记录（credit_commitment）",
        f"where the commitment stands that {number} moved is no longer kept (credit_commitment)",
    )


def stray(table: str, number: str) -> Breach:
    """Say that an index names an entry that is not there."""
    return Breach(
        "inserted",
        None,
        number,
        None,
        table,
        f"索引表 {table} 指向台账中不存在的条目 {number}",
        f"the index {table} names entry {number}, which is not in the ledger",
    )


def breach(kind: BreachKind, place: int, entry: Any, entry_kind: Any, where: str) -> Breach:
    """Put a finding into words."""
    number = entry if isinstance(entry, str) else None
    zh, en = _SAYINGS[kind]
    return Breach(
        kind,
        place,
        number,
        entry_kind if isinstance(entry_kind, str) else None,
        where,
        zh.format(place=place, entry=number or "", where=where),
        en.format(place=place, entry=number or "(unnamed)", where=where),
    )
