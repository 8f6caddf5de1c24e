"""Let the strongest of several measures to one end stand for all of them. Pure: no I/O, no clock.

Measures of one group restrict one thing: to apply two of them to one party would be to restrict it twice (过惩相当,
国办发〔2020〕49号). The strongest is proposed; the others stay visible as its grounds and in its legal basis.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from credit_check_sdk.core.weigh import Finding

STRENGTHS = {"offer": 0, "info": 1, "hint": 2, "block": 3}
"""Strengths in order."""


def stacked(findings: Iterable[Finding]) -> list[Finding]:
    """Give *findings* with those of one group, party and scope made one; the order is that of each group's first."""
    groups: dict[object, list[Finding]] = {}
    for place, finding in enumerate(findings):
        measure = finding.measure
        alone = measure.group is None or measure.stacking == "together"
        key = place if alone else (measure.group, id(finding.party), measure.effect_scope)
        groups.setdefault(key, []).append(finding)
    return [_strongest(group) for group in groups.values()]


def _strongest(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    first, *others = sorted(group, key=_rank)
    supports = list(first.supports)
    known = {id(support.seen) for support in supports}
    for other in others:
        supports += [support for support in other.supports if id(support.seen) not in known]
        known |= {id(support.seen) for support in other.supports}
    ends = [finding.until for finding in group if finding.strength == first.strength]
    last = None if None in ends else max(day for day in ends if day is not None)
    beside = tuple(sorted((other.measure for other in others), key=lambda measure: measure.code))
    return replace(first, supports=tuple(supports), until=last, beside=beside)


def _rank(finding: Finding) -> tuple[int, int, int, str]:
    """The strongest first: what blocks, what is mandatory, what lasts longest (without an end: longest of all)."""
    until = finding.until or date.max
    return (
        -STRENGTHS[finding.strength],
        0 if finding.measure.force == "mandatory" else 1,
        -until.toordinal(),
        finding.measure.code,
    )
