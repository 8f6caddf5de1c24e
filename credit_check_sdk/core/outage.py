"""What the matter's policy does with a required source that is silent. Flows and pure functions; never a silent pass.

``hold``: the check is undecided and the gate refuses. ``proceed_and_recheck``: it is undecided, the next step may go on,
and the check is made again by a day counted in working days. ``manual``: evidence of a query made by hand stands in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import day_of, local
from credit_check_sdk.core.weigh import Heard
from credit_check_sdk.core.workdays import due
from credit_check_sdk.flow import Load, NewId
from credit_check_sdk.model import Answer, Consultation, Doubt, Due, Recheck, Words
from credit_check_sdk.model.ledger import ManualsOf, RecheckedEntry, RecheckEntry, Rechecks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from credit_check_sdk.core.consult import Consulted
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Case, Decision, ManualEvidence, MatterPolicy, Party, Subject
    from credit_check_sdk.model.ledger import Entry, StoredRecheck

TERM = "recheck"
"""The term, in the catalogue's terms, within which a check is made again after an outage."""
_DAYS = 1
"""Working days where no term is given."""


async def by_hand(  # noqa: PLR0913, PLR0917  what is looked for, and for whom
    desk: Desk,
    case: Case,
    policy: MatterPolicy,
    consulted: Consulted,
    asked: Sequence[Party],
    now: datetime,
    given: Sequence[ManualEvidence] = (),
) -> Consulted:
    """Let evidence of queries made by hand stand for required silent sources, where the policy says so."""
    silent = [silence.source for silence in consulted.silences if silence.required]
    if not silent or policy.outage.get(case.point) != "manual":
        return consulted
    kept: tuple[ManualEvidence, ...] = await Load(ManualsOf(case.id, case.point))
    standing: dict[str, ManualEvidence] = {}
    for evidence in (*given, *kept):
        if is_current(evidence, now, policy.fresh_limit(case.point)):
            standing.setdefault(evidence.source, evidence)
    used = {name: standing[name] for name in silent if name in standing and name in desk.sources}
    subjects = tuple(dict.fromkeys(party.subject for party in asked))
    heard = [item for item in consulted.heard if item.source not in used]
    heard += [_heard(evidence, subjects, desk) for evidence in used.values()]
    silences = tuple(silence for silence in consulted.silences if silence.source not in used)
    older = tuple((name, old) for name, old in consulted.older if name not in used)
    return replace(consulted, heard=tuple(heard), silences=silences, older=older)


def is_current(evidence: ManualEvidence, now: datetime, limit: timedelta) -> bool:
    """Say whether a query made by hand is neither older than a check may be nor dated ahead."""
    age = now - evidence.queried_at
    return age <= limit and age.total_seconds() >= -60  # noqa: PLR2004  a minute, by which clocks may differ


def _heard(evidence: ManualEvidence, subjects: Sequence[Subject], desk: Desk) -> Heard:
    answers = tuple(
        Answer(
            subject=subject,
            known=True,
            records=tuple(
                record.model_copy(update={"source": evidence.source, "observed_at": evidence.queried_at})
                for record in evidence.records
                if record.subject.same_as(subject) or any(p.subject.same_as(subject) for p in record.responsible)
            ),
        )
        for subject in subjects
    )
    consultation = Consultation(
        source=evidence.source,
        as_of=evidence.queried_at,
        fetched_at=evidence.queried_at,
        request_id=evidence.id,
        digest=evidence.digest,
        environment=desk.environment,
        answers=answers,
    )
    # Not read from the source by this program: it may clear or send to review, and never restricts.
    return Heard(evidence.source, consultation, remembered=frozenset(range(len(answers))), manual=evidence)


async def open_recheck(case: Case) -> StoredRecheck | None:
    """Find the recheck of the file at this point that is still to be made."""
    found: tuple[StoredRecheck, ...] = await Load(Rechecks(("waiting",), case.id, case.point, limit=1))
    return found[0] if found else None


async def promised(
    desk: Desk, policy: MatterPolicy, decision: Decision, standing: StoredRecheck | None, now: datetime
) -> Recheck | None:
    """Say by when a check with a silent required source is made again; None where the policy does not let it go on."""
    silent = [silence for silence in decision.silences if silence.required]
    if not silent or policy.outage.get(decision.point) != "proceed_and_recheck":
        return None
    if standing is not None:
        # Checking again in vain moves no due day.
        return Recheck(id=standing.id, due_on=standing.due_on, provisional=standing.provisional)
    if desk.calendar is None:
        return None
    term, today = desk.catalogue.terms.get(TERM), day_of(now)
    if term is not None and term.counted == "calendar":
        day = Due(on=today + timedelta(days=term.days), provisional=False)
    else:
        day = due(desk.calendar, today, term.days if term is not None else _DAYS)
    return Recheck(id=await NewId("recheck"), due_on=day.on, provisional=day.provisional)


async def follow_up(case: Case, decision: Decision, standing: StoredRecheck | None) -> tuple[Entry, ...]:
    """Give what is recorded beside a check: that it is to be made again, or that the recheck which was open is made."""
    recheck = decision.recheck
    if recheck is not None and standing is None:
        silent = tuple(silence.source for silence in decision.silences if silence.required)
        department = case.operator.department
        at = decision.decided_at
        return (RecheckEntry(recheck, decision.id, case.id, case.matter, case.point, department, silent, at),)
    if standing is not None and recheck is None and not any(silence.required for silence in decision.silences):
        adverse = decision.outcome in {"restricted", "review"}
        number = await NewId("rechecked")
        at = decision.decided_at
        return (RecheckedEntry(number, standing.id, case.id, decision.id, decision.outcome, adverse, at),)
    return ()


def said(decision: Decision, policy: MatterPolicy, standing: StoredRecheck | None) -> Iterable[Doubt]:
    """Tell the officer what the outage leads to."""
    silent = any(silence.required for silence in decision.silences)
    if decision.recheck is not None:
        recheck = decision.recheck
        day = recheck.due_on.isoformat()
        zh, en = (
            f"可先行办理下一步，须于 {day} 前补查；补查完成前不计为已核查。",
            (f"the next step may go on; it is checked again by {day}, and counts as checked only then."),
        )
        detail = {"recheck": recheck.id, "due_on": day, "provisional": recheck.provisional}
        yield Doubt(code="outage.recheck", detail={**detail, "words": Words(zh=zh, en=en).model_dump()})
    elif silent and policy.outage.get(decision.point) == "manual":
        words = Words(
            zh="必查来源未答复，可人工查询后用 credit-check manual 附上证据。",
            en="a required source is silent: query it by hand and attach the evidence with `credit-check manual`.",
        )
        yield Doubt(code="outage.manual", detail={"words": words.model_dump()})
    elif standing is not None and not silent and decision.outcome in {"restricted", "review"}:
        began = local(standing.created_at).date().isoformat()
        words = Words(
            zh=f"来源中断期间（{began}）先行办理的办件经补查发现问题：请立即逐项答复措施，并复核已办理的环节。",
            en=f"the file went on during the outage of {began} and the recheck found something: settle the proposals at "
            "once, and look again at what was done since.",
        )
        yield Doubt(code="recheck.adverse", detail={"recheck": standing.id, "words": words.model_dump()})
