"""Make the sheet of answers for those who initiated measures. A flow; it asks the ledger and no source."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.desk import local
from credit_check_sdk.core.figures import ordered
from credit_check_sdk.core.notices import party_of
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, Now
from credit_check_sdk.model.sheets import Proposed, ReasonCount, ResponseLine, ResponseSheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from credit_check_sdk.catalogue.law import Memorandum
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Ground, Proposal, Words
    from credit_check_sdk.model.ledger import StoredCheck

# What looks like a number of a person or an organisation, or like a telephone: an officer may have written one down.
_NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Za-z]*[0-9]{6})[0-9A-Za-z]{11,20}(?![0-9A-Za-z])")
_SHOWN = 4

_Key = tuple[str, str, str, str]
_Reason = tuple[str, Literal["set_aside", "verifying"], str]


@dataclass(slots=True)
class _Line:
    """A line while it is counted."""

    list_name: Words | None
    measure_name: Words
    subjects: set[object] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[_Reason] = field(default_factory=Counter)


async def sheet(
    desk: Desk, since: date | None, until: date | None, memorandum: str | None, initiator: str | None
) -> ResponseSheet:
    """Put the answers of a period together, for one memorandum or initiator or for all.

    A proposal that rests on records of several initiators stands in the line of each of them.

    Raises:
        InputError: *since* lies after *until*, or the catalogue knows no such memorandum.
    """
    ordered(since, until)
    asked = _memorandum(desk, memorandum) if memorandum is not None else None
    lines: dict[_Key, _Line] = {}
    names: dict[str, Words] = {}
    reasons: Counter[_Reason] = Counter()
    question = Proposed(since, until)
    while found := await Load(question):
        for stored, latest in found:
            for proposal in stored.decision.proposals:
                concerned = [
                    lines.setdefault(key, _Line(ground.list_name if ground else None, proposal.name))
                    for key, ground in _places(stored, proposal, asked, initiator).items()
                ]
                reason = _take(concerned, stored, proposal, latest=latest)
                if reason is not None:
                    names[proposal.measure] = proposal.name
                    reasons[reason] += 1
        last = found[-1][0].decision
        question = Proposed(since, until, (last.decided_at, last.id), question.limit)
    return ResponseSheet(
        since=since,
        until=until,
        memorandum=asked.code if asked else None,
        title=asked.title if asked else None,
        doc_no=asked.doc_no if asked else None,
        every=asked.report_every if asked else None,
        initiator=initiator,
        environment=desk.environment,
        made_at=local(await Now()),
        lines=tuple(_said(key, line) for key, line in sorted(lines.items(), key=lambda one: one[0])),
        reasons=_counted(reasons, names),
    )


def _take(concerned: Sequence[_Line], stored: StoredCheck, proposal: Proposal, *, latest: bool) -> _Reason | None:
    """Count one proposal in its lines; give the reason, where there is a line and the measure was not applied."""
    answered = stored.standing().get(proposal.id)
    subject = party_of(stored.case, proposal.applies_to).subject
    for line in concerned:
        line.counts["proposed"] += 1
        line.subjects.add(subject.keys or subject.name)
    if answered is None:
        if latest and proposal.strength in {"block", "hint"}:  # no older check of a file waits for answers
            for line in concerned:
                line.counts["unanswered"] += 1
        return None
    said = answered.response
    reason = None if said.answer == "applied" else (proposal.measure, said.answer, veiled(said.reason or ""))
    for line in concerned:
        line.counts[said.answer] += 1
        if reason is not None:
            line.reasons[reason] += 1
    return reason if concerned else None


def veiled(text: str) -> str:
    """Mask what looks like an identifier or a telephone in an officer's own words."""
    return _NUMBERS.sub(lambda found: found[0][:_SHOWN] + "*" * (len(found[0]) - _SHOWN), " ".join(text.split()))


def _places(
    stored: StoredCheck, proposal: Proposal, asked: Memorandum | None, initiator: str | None
) -> dict[_Key, Ground | None]:
    """Name the lines of a proposal: who asked for it by which list; with a ground of each."""
    if asked is not None and proposal.measure not in asked.measures:
        return {}
    department = stored.case.operator.department
    grounds: tuple[Ground | None, ...] = proposal.grounds or ((None,) if asked is None else ())
    found: dict[_Key, Ground | None] = {}
    for ground in grounds:
        who, code = (ground.authority, ground.list_code or "") if ground else ("", "")
        if initiator in {None, who} and (asked is None or code in asked.lists):
            found.setdefault((who, code, proposal.measure, department), ground)
    return found


def _memorandum(desk: Desk, code: str) -> Memorandum:
    known = desk.catalogue.memoranda
    found = known.get(code.upper())
    if found is not None:
        return found
    near: Iterable[str] = difflib.get_close_matches(code.upper(), [*known], n=1, cutoff=0.5) or known
    raise InputError(
        f"the catalogue knows no memorandum {code!r}",
        f"目录中没有备忘录“{code}”",
        code="catalogue.unknown",
        remedy_en=f"use {', '.join(near)}; `credit-check catalogue list --kind memorandum` shows all",
        remedy_zh=f"可用：{'、'.join(near)}；全部见 `credit-check catalogue list --kind memorandum`",
    )


def _said(key: _Key, line: _Line) -> ResponseLine:
    who, code, measure, department = key
    return ResponseLine(
        initiator=who,
        list_code=code or None,
        list_name=line.list_name,
        measure=measure,
        measure_name=line.measure_name,
        department=department,
        subjects=len(line.subjects),
        proposed=line.counts["proposed"],
        applied=line.counts["applied"],
        set_aside=line.counts["set_aside"],
        verifying=line.counts["verifying"],
        unanswered=line.counts["unanswered"],
        reasons=_counted(line.reasons, {measure: line.measure_name}),
    )


def _counted(reasons: Counter[_Reason], names: Mapping[str, Words]) -> tuple[ReasonCount, ...]:
    return tuple(
        ReasonCount(measure=measure, measure_name=names[measure], answer=answer, reason=reason, count=count)
        for (measure, answer, reason), count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    )
