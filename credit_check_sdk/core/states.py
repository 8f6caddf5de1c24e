"""The states of an applied measure (domain of 国发〔2016〕33号 and 信用修复管理办法), in one table. Pure.

All rules about what may follow what stand in `TABLE` and nowhere else; the documentation is printed from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from credit_check_sdk.errors import MeasureError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk.model import MeasureState
    from credit_check_sdk.model.applied import AppliedMeasure, Carrying, MeasureEvent

RETURN: Literal["return"] = "return"
"""Back to the state from which the measure was suspended."""

_Row = dict["MeasureEvent", "MeasureState | Literal['return']"]

TABLE: Mapping[MeasureState, _Row] = {
    "proposed": {
        "notice": "noticed",
        "apply": "in_force",
        "set_aside": "set_aside",
        "suspend": "suspended",
        "keep": "proposed",
        "lift": "lifted",
    },
    "noticed": {
        "apply": "in_force",
        "set_aside": "set_aside",
        "suspend": "suspended",
        "keep": "noticed",
        "lift": "lifted",
    },
    # 异议在措施执行后提出的，同样暂停执行: an objection suspends at once, also after the measure took effect.
    "in_force": {
        "set_aside": "set_aside",
        "suspend": "suspended",
        "keep": "in_force",
        "lift": "lifted",
        "rectify": "rectified",
    },
    "set_aside": {
        "notice": "noticed",
        "apply": "in_force",
        "suspend": "suspended",
        "keep": "set_aside",
        "lift": "lifted",
    },
    # 核实期间暂不执行: nothing is applied while it is being verified; it returns to where it was, or ends.
    "suspended": {
        "restore": RETURN,
        "lift": "lifted",
        "rectify": "rectified",
    },
    # That a record was wrong from the first may come to light after it was repaired or had run out.
    "lifted": {"rectify": "rectified"},
    "rectified": {},
}
"""From each state, what may happen and where it leads; what does not stand here is refused."""


def move(measure: AppliedMeasure, event: MeasureEvent) -> MeasureState:
    """Give the state to which *event* leads.

    Raises:
        MeasureError: no such transition leads from where the measure stands.
    """
    after = TABLE[measure.state].get(event)
    if after is None:
        raise MeasureError(
            f"the measure of {measure.proposal} is {measure.state}; {event!r} leads nowhere from there",
            f"措施 {measure.proposal} 处于 {measure.state} 状态，不能进行 {event}",
            remedy_en="read where it stands, and check the case anew",
            remedy_zh="请查看其当前状态，并重新核查",
            detail={"proposal": measure.proposal, "state": measure.state, "event": event},
        )
    return after if after != RETURN else (measure.returns or "proposed")


def called_for(measure: AppliedMeasure, grounds: Sequence[Carrying]) -> MeasureEvent | None:
    """Say what a measure has to undergo, given what each of its grounds still carries; None where it stays.

    A second, undisputed ground carries the measure alone. A measure without grounds rests on no record.
    """
    if not grounds:
        return None
    if "carries" in grounds:
        # What the department itself doubts stays suspended until that is answered.
        return "restore" if measure.state == "suspended" and measure.hold is None else None
    if "suspended" in grounds:
        event: MeasureEvent = "suspend"
    elif set(grounds) == {"wrong"} and measure.in_force_at is not None:
        event = "rectify"
    else:
        event = "lift"
    return event if event in TABLE[measure.state] else None
