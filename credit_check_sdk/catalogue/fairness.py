"""Check that points and preference are earned under a clause, and never by place or ownership. Pure.

招标投标领域公平竞争审查规则 (令第16号) 第七条, 第九条: region of performance, form of ownership, origin, size, place of
registration, and place or ownership of consortium members may make no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk.catalogue.placing import Trouble, at
from credit_check_sdk.model.measure import OnClause, OnList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from credit_check_sdk.catalogue.placing import Entries, Entry
    from credit_check_sdk.model import Measure

UNFAIR = frozenset(
    {
        "region",
        "regions",
        "place",
        "domicile",
        "origin",
        "ownership",
        "ownerships",
        "registration",
        "registration_place",
        "place_of_registration",
        "registered_in",
        "registered_at",
        "size",
        "local",
    }
)
"""Keys and kinds of conditions by which some would tell bidders apart, and may not."""
_COMPETING = frozenset({"tender", "procurement", "trading"})
"""Kinds of matter in which bidders compete."""
_ADVANTAGES = frozenset({"bonus", "priority", "deposit_reduction"})
WORDS = (
    "points and preference never depend on region, ownership or place of registration (令第16号 第九条)",
    "加分和优先不得与地区、所有制或者注册地挂钩（招标投标领域公平竞争审查规则第九条）",
)
"""Why such a condition is refused (en, zh)."""


def unfair_key(said: Mapping[str, Any]) -> tuple[str | int, ...] | None:
    """Find where an advantage, as it was written, hangs on place or ownership; None where nowhere."""
    if said.get("kind") != "incentive" and "points_offered" not in said:
        return None
    for key in said:
        if key in UNFAIR:
            return (key,)
    for part in ("triggers", "requires"):
        conditions = said.get(part)
        for place, condition in enumerate(conditions if isinstance(conditions, list) else ()):
            if not isinstance(condition, dict):
                continue
            if condition.get("by") in UNFAIR:
                return (part, place)
            for key in condition:
                if key in UNFAIR:
                    return (part, place, key)
    return None


def troubles(entry: Entry[Measure], entries: Entries) -> Iterator[Trouble]:
    """Points and deposits need a clause of the tender document, and lists of a place earn nothing among bidders."""
    measure = entry.value
    clauses = {condition.clause for condition in measure.requires if isinstance(condition, OnClause)}
    for grants, clause in (("bonus", "credit_bonus"), ("deposit_reduction", "deposit_reduction")):
        if measure.grants == grants and clause not in clauses:
            yield at(
                entry,
                "grants",
                f"{grants} requires the tender clause {clause}",
                f"{grants} 应当以招标文件条款 {clause} 为前提",
            )
    if measure.points_offered is not None and "credit_bonus" not in clauses:
        yield at(
            entry, "points_offered", "points require the tender clause credit_bonus", "计分应当以招标文件条款为前提"
        )
    if measure.grants == "priority" and competes(measure) and "credit_bonus" not in clauses:
        yield at(
            entry,
            "grants",
            "priority among bidders requires the tender clause credit_bonus",
            "竞争者之间的优先应当以招标（采购）文件条款 credit_bonus 为前提",
        )
    if measure.grants == "bonus" and measure.points_offered is None:
        yield at(
            entry,
            "grants",
            "a bonus says how many points it offers at most (points_offered)",
            "加分措施应当注明至多加多少分（points_offered）",
        )
    yield from _of_a_place(entry, entries)


def _of_a_place(entry: Entry[Measure], entries: Entries) -> Iterator[Trouble]:
    measure = entry.value
    if not competes(measure) or (measure.grants not in _ADVANTAGES and measure.points_offered is None):
        return
    local = {one.value.code for one in entries.lists if one.value.local or one.region is not None}
    for part, conditions in (("triggers", measure.triggers), ("requires", measure.requires)):
        for place, condition in enumerate(conditions):
            if isinstance(condition, OnList):
                for number, code in enumerate(condition.lists):
                    if code in local:
                        yield at(
                            entry,
                            (part, place, "lists", number),
                            f"{code} is a list of one place; {WORDS[0]}",
                            f"{code} 为地方名单；{WORDS[1]}",
                        )


def competes(measure: Measure) -> bool:
    """Say whether it concerns matters in which bidders compete."""
    return any(matter.partition(".")[0] in _COMPETING for matter in measure.matters)
