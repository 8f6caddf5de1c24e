"""The values everyone speaks in: frozen, strict, and each able to say itself as JSON.

This package performs no I/O and reads no clock. Identifiers are masked wherever a value is printed or dumped, unless
it is dumped with the context ``{"reveal": True}``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_check_sdk.model._value import (
        Duration,
        Lang,
        Lines,
        Several,
        Time,
        Value,
        Words,
    )
    from credit_check_sdk.model.answer import (
        Answer,
        Consultation,
        Doubt,
        Evidence,
        Query,
        Silence,
    )
    from credit_check_sdk.model.case import (
        Case,
        Clause,
        CreditReport,
        Material,
        Point,
        Tender,
    )
    from credit_check_sdk.model.coverage import (
        Coverage,
        CoverageGap,
        DecidedCase,
        GapKind,
    )
    from credit_check_sdk.model.decision import (
        AppliesTo,
        Bonus,
        CatalogueRef,
        Decision,
        Deferral,
        Environment,
        Facilities,
        GreenChannel,
        Ground,
        Outcome,
        Proposal,
        ProposalState,
        Receipt,
    )
    from credit_check_sdk.model.feedback import (
        Acknowledgement,
        Change,
        ChangeKind,
        Changes,
        Commitment,
        CommitmentType,
        Delivery,
        Due,
        Feedback,
        MeasureState,
    )
    from credit_check_sdk.model.measure import (
        Basis,
        CreditList,
        Measure,
        Period,
        Trigger,
    )
    from credit_check_sdk.model.notice import (
        Contact,
        Explanation,
        Notice,
        NoticeDelivery,
        NoticeKind,
        NoticeState,
        Remedy,
        RemedyKind,
    )
    from credit_check_sdk.model.objection import (
        Objection,
        ObjectionDraft,
        ObjectionKind,
        ObjectionState,
        Paper,
    )
    from credit_check_sdk.model.outage import (
        ManualEvidence,
        Recheck,
        RecheckState,
    )
    from credit_check_sdk.model.policy import (
        MatterPolicy,
        Outage,
    )
    from credit_check_sdk.model.promise import (
        CommitmentDraft,
        CommitmentEvent,
        CommitmentState,
        Consequence,
        DeferredMaterial,
        Extension,
        Promise,
        RedListEntry,
        StoredCommitment,
    )
    from credit_check_sdk.model.record import (
        Kind,
        Level,
        Match,
        Polarity,
        Record,
        RecordStatus,
        Severity,
    )
    from credit_check_sdk.model.response import (
        Pass,
        Response,
        ResponseAnswer,
        Settled,
        Settlement,
        Step,
    )
    from credit_check_sdk.model.status import (
        SourceState,
        SourceStatus,
    )
    from credit_check_sdk.model.subject import (
        Category,
        Identifier,
        Operator,
        Party,
        Purpose,
        Role,
        Subject,
    )
    from credit_check_sdk.model.term import (
        Term,
    )

_PLACES: dict[str, tuple[str, ...]] = {
    "_value": (
        "Duration",
        "Lang",
        "Lines",
        "Several",
        "Time",
        "Value",
        "Words",
    ),
    "answer": (
        "Answer",
        "Consultation",
        "Doubt",
        "Evidence",
        "Query",
        "Silence",
    ),
    "case": (
        "Case",
        "Clause",
        "CreditReport",
        "Material",
        "Point",
        "Tender",
    ),
    "coverage": (
        "Coverage",
        "CoverageGap",
        "DecidedCase",
        "GapKind",
    ),
    "decision": (
        "AppliesTo",
        "Bonus",
        "CatalogueRef",
        "Decision",
        "Deferral",
        "Environment",
        "Facilities",
        "GreenChannel",
        "Ground",
        "Outcome",
        "Proposal",
        "ProposalState",
        "Receipt",
    ),
    "feedback": (
        "Acknowledgement",
        "Change",
        "ChangeKind",
        "Changes",
        "Commitment",
        "CommitmentType",
        "Delivery",
        "Due",
        "Feedback",
        "MeasureState",
    ),
    "measure": (
        "Basis",
        "CreditList",
        "Measure",
        "Period",
        "Trigger",
    ),
    "notice": (
        "Contact",
        "Explanation",
        "Notice",
        "NoticeDelivery",
        "NoticeKind",
        "NoticeState",
        "Remedy",
        "RemedyKind",
    ),
    "objection": (
        "Objection",
        "ObjectionDraft",
        "ObjectionKind",
        "ObjectionState",
        "Paper",
    ),
    "outage": (
        "ManualEvidence",
        "Recheck",
        "RecheckState",
    ),
    "policy": (
        "MatterPolicy",
        "Outage",
    ),
    "promise": (
        "CommitmentDraft",
        "CommitmentEvent",
        "CommitmentState",
        "Consequence",
        "DeferredMaterial",
        "Extension",
        "Promise",
        "RedListEntry",
        "StoredCommitment",
    ),
    "record": (
        "Kind",
        "Level",
        "Match",
        "Polarity",
        "Record",
        "RecordStatus",
        "Severity",
    ),
    "response": (
        "Pass",
        "Response",
        "ResponseAnswer",
        "Settled",
        "Settlement",
        "Step",
    ),
    "status": (
        "SourceState",
        "SourceStatus",
    ),
    "subject": (
        "Category",
        "Identifier",
        "Operator",
        "Party",
        "Purpose",
        "Role",
        "Subject",
    ),
    "term": ("Term",),
}
"""Modules and the names they give, fetched when first used: a host that checks needs few of them."""
_WHERE = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    place = _WHERE.get(name)
    if place is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    found = getattr(importlib.import_module(f"{__name__}.{place}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Acknowledgement",
    "Answer",
    "AppliesTo",
    "Basis",
    "Bonus",
    "Case",
    "CatalogueRef",
    "Category",
    "Change",
    "ChangeKind",
    "Changes",
    "Clause",
    "Commitment",
    "CommitmentDraft",
    "CommitmentEvent",
    "CommitmentState",
    "CommitmentType",
    "Consequence",
    "Consultation",
    "Contact",
    "Coverage",
    "CoverageGap",
    "CreditList",
    "CreditReport",
    "DecidedCase",
    "Decision",
    "Deferral",
    "DeferredMaterial",
    "Delivery",
    "Doubt",
    "Due",
    "Duration",
    "Environment",
    "Evidence",
    "Explanation",
    "Extension",
    "Facilities",
    "Feedback",
    "GapKind",
    "GreenChannel",
    "Ground",
    "Identifier",
    "Kind",
    "Lang",
    "Level",
    "Lines",
    "ManualEvidence",
    "Match",
    "Material",
    "MatterPolicy",
    "Measure",
    "MeasureState",
    "Notice",
    "NoticeDelivery",
    "NoticeKind",
    "NoticeState",
    "Objection",
    "ObjectionDraft",
    "ObjectionKind",
    "ObjectionState",
    "Operator",
    "Outage",
    "Outcome",
    "Paper",
    "Party",
    "Pass",
    "Period",
    "Point",
    "Polarity",
    "Promise",
    "Proposal",
    "ProposalState",
    "Purpose",
    "Query",
    "Receipt",
    "Recheck",
    "RecheckState",
    "Record",
    "RecordStatus",
    "RedListEntry",
    "Remedy",
    "RemedyKind",
    "Response",
    "ResponseAnswer",
    "Role",
    "Settled",
    "Settlement",
    "Several",
    "Severity",
    "Silence",
    "SourceState",
    "SourceStatus",
    "Step",
    "StoredCommitment",
    "Subject",
    "Tender",
    "Term",
    "Time",
    "Trigger",
    "Value",
    "Words",
]
