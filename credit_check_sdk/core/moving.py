"""Move an applied measure, and say so to the platform: a transition, and the amendment of what was reported. A flow.

Every transition is written down with who, what, when and why; where a feedback had reported the measure, an amendment
that refers to it goes into the outbox in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.desk import Desk, day_of
from credit_check_sdk.core.feedback import channel_of, feedback_of
from credit_check_sdk.core.notices import day_due
from credit_check_sdk.core.sayings import transition_words
from credit_check_sdk.core.states import move
from credit_check_sdk.flow import NewId
from credit_check_sdk.model.ledger import FeedbackEntry, TransitionEntry

if TYPE_CHECKING:
    from datetime import date, datetime

    from credit_check_sdk.model import MeasureState, Operator, Proposal, Response
    from credit_check_sdk.model.applied import AppliedMeasure, Hold, MeasureEvent
    from credit_check_sdk.model.ledger import Entry, StoredCheck


_KEEPS_THE_WINDOW = frozenset({"suspend", "restore", "keep"})
"""What leaves a statement window as it was."""


async def moved(  # noqa: PLR0913  who moves what, when and why
    stored: StoredCheck,
    proposal: Proposal,
    event: MeasureEvent,
    *,
    at: datetime,
    by: str,
    cause: str,
    change: str | None = None,
    hold: Hold | None = None,
    effective_on: date | None = None,
    measure: AppliedMeasure | None = None,
    feedback: str | None = None,
) -> TransitionEntry:
    """Give the transition of a measure; *measure* where it stands, if that is not yet on record.

    Raises:
        MeasureError: no such transition leads from where it stands.
    """
    before = measure or stored.measure(proposal.id)
    after = move(before, event)
    return TransitionEntry(
        id=await NewId("trans"),
        case_id=stored.case.id,
        decision=stored.decision.id,
        proposal=proposal.id,
        event=event,
        before=before.state,
        after=after,
        at=at,
        by=by,
        cause=cause,
        why=transition_words(proposal, event, cause),
        follows=before.step,
        returns=before.state if event == "suspend" else None,
        hold=hold,
        change=change,
        feedback=feedback,
        effective_on=effective_on or (before.effective_on if event in _KEEPS_THE_WINDOW else None),
        until=proposal.until,
    )


async def amended(
    desk: Desk, stored: StoredCheck, proposal: Proposal, transition: TransitionEntry
) -> tuple[Entry, ...]:
    """Give the transition with the amendment that reports it, where something was reported."""
    given = stored.standing().get(proposal.id)
    if given is None or given.feedback is None:
        return (transition,)
    reported = feedback_of(
        desk,
        stored,
        proposal,
        given.response,
        operator=given.operator,
        amends=given.feedback,
        now=transition.at,
        number="fb_" + transition.id.removeprefix("trans_"),
    )
    amendment = reported.model_copy(
        update={
            "executed": transition.after == "in_force",
            "reason": transition.why.zh,
            "state": transition.after,
            "cause": transition.cause,
            "change": transition.change,
        }
    )
    entry = FeedbackEntry(amendment, channel_of(desk, stored, proposal))
    return replace(transition, feedback=amendment.id), entry


async def answered(  # noqa: PLR0913, PLR0917  an officer's answer is all of these
    desk: Desk,
    stored: StoredCheck,
    proposal: Proposal,
    response: Response,
    operator: Operator,
    now: datetime,
    feedback: str,
) -> tuple[TransitionEntry, ...]:
    """Give the transitions that an officer's answer brings about; the answer's own feedback reports them.

    Raises:
        MeasureError: no such transition leads from where the measure stands.
    """
    measure = stored.measure(proposal.id)
    steps: list[TransitionEntry] = []

    async def step(event: MeasureEvent, **more: Any) -> None:
        nonlocal measure
        made = await moved(
            stored,
            proposal,
            event,
            at=now,
            by=f"operator:{operator.id}",
            cause=response.answer,
            feedback=feedback,
            measure=measure,
            **more,
        )
        steps.append(made)
        measure = replace(measure, state=made.after, returns=made.returns, hold=made.hold, step=made.id)

    if response.answer == "verifying":
        if measure.state != "suspended":
            await step("suspend", hold="verifying")
        return tuple(steps)
    if measure.hold == "verifying":
        await step("restore")
    wanted: MeasureState = "in_force" if response.answer == "applied" else "set_aside"
    if response.answer == "applied" and (window := _window(desk, stored, proposal, measure, now)):
        await step("notice", effective_on=window)
    elif measure.state != wanted:
        await step("apply" if wanted == "in_force" else "set_aside")
    return tuple(steps)


def _window(desk: Desk, stored: StoredCheck, proposal: Proposal, measure: AppliedMeasure, now: datetime) -> date | None:
    """Give the day on which a measure takes effect, where its subject is heard first (陈述申辩)."""
    policy = desk.policies.get(stored.case.matter)
    heard_first = policy is not None and policy.heard_first and proposal.kind == "restriction"
    if not heard_first or measure.state not in {"proposed", "set_aside"}:
        return None
    last = day_due(desk, "notice.statement", day_of(now)) if proposal.strength == "block" else None
    return last.on + timedelta(days=1) if last else None
