"""Say where a department's supplement and the starter catalogue answer one question differently. Pure.

A supplement adds and takes nothing away, so a conflict is no error: both entries stand, and the stricter one is felt.
It is told so that somebody decides whether that was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.catalogue.placing import Trouble, at
from credit_check_sdk.model.measure import OnDecision, OnList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk.catalogue.placing import Entries
    from credit_check_sdk.model import Measure

_STRICTNESS = {"offer": 0, "info": 1, "hint": 2, "block": 3}


def conflicts(entries: Entries) -> Iterator[Trouble]:
    """Find measures of supplements that answer what a starter measure answers, harsher or looser."""
    ours = [entry for entry in entries.measures if entry.sheet.packaged and entry.value.kind == "restriction"]
    for entry in entries.measures:
        if entry.sheet.packaged or entry.value.kind != "restriction":
            continue
        for other in ours:
            shared = sorted(_grounds(entry.value) & _grounds(other.value))
            if not shared or not _meet(entry.value, other.value):
                continue
            how_en, how_zh = compared(entry.value, other.value)
            if how_en:
                there = f"{other.value.code} ({other.sheet.file}:{other.line()})"
                yield at(
                    entry,
                    "code",
                    f"{entry.value.code} and {there} both follow from {', '.join(shared)}{how_en}; both stand, and the "
                    "stricter one is felt",
                    f"{entry.value.code} 与 {there} 均由 {'、'.join(shared)} 触发{how_zh}；两者并存，以较严者为准",
                )


def compared(one: Measure, other: Measure) -> tuple[str, str]:
    """Say in words (en, zh) whether *one* is harsher or looser than *other*; empty where they are alike."""
    en: list[str] = []
    zh: list[str] = []
    for name, chinese, mine, theirs, mine_rank, their_rank in (
        ("strength", "力度", one.strength, other.strength, _STRICTNESS[one.strength], _STRICTNESS[other.strength]),
        ("force", "性质", one.force, other.force, one.force == "mandatory", other.force == "mandatory"),
        ("class", "类别", one.class_, other.class_, one.class_ == "A", other.class_ == "A"),
        (
            "effect_scope",
            "影响范围",
            one.effect_scope,
            other.effect_scope,
            one.effect_scope == "case",
            other.effect_scope == "case",
        ),
    ):
        if mine_rank != their_rank:
            harsher = mine_rank > their_rank
            en.append(f"{'harsher' if harsher else 'looser'} in {name}: {mine}, there {theirs}")
            zh.append(f"{chinese}{'更严' if harsher else '更宽'}：{mine}，彼为 {theirs}")
    return (f" ({'; '.join(en)})", f"（{'；'.join(zh)}）") if en else ("", "")


def _grounds(measure: Measure) -> set[str]:
    found: set[str] = set()
    for trigger in measure.triggers:
        if isinstance(trigger, OnList):
            found |= set(trigger.lists)
        elif isinstance(trigger, OnDecision):
            found |= set(trigger.decisions)
    return found


def _meet(one: Measure, other: Measure) -> bool:
    """Say whether both can be proposed at one decision point on one day, to a party in one role."""
    matters = any(
        mine == theirs or mine == theirs.partition(".")[0] or theirs == mine.partition(".")[0]
        for mine in one.matters
        for theirs in other.matters
    )
    points = not one.points or not other.points or bool(set(one.points) & set(other.points))
    days = (one.effective_to is None or other.effective_from <= one.effective_to) and (
        other.effective_to is None or one.effective_from <= other.effective_to
    )
    return matters and points and days and bool(set(one.reach) & set(other.reach))
