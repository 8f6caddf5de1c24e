"""What a ledger is given in these tests: checks, answers, feedback, notices, all of one small file. Synthetic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.model import (
    Acknowledgement,
    Answer,
    AppliesTo,
    Bonus,
    Case,
    CatalogueRef,
    Consultation,
    Decision,
    Deferral,
    Facilities,
    Feedback,
    GreenChannel,
    Ground,
    Lines,
    Notice,
    Operator,
    Party,
    Proposal,
    Publication,
    Purpose,
    Response,
    Words,
)
from credit_check_sdk.model.ledger import CheckEntry, FeedbackEntry, Lease, NoticeEntry, OutboxRow, ResponseEntry
from credit_check_sdk.testing.conformance import FIRM, PERSON, RECORD, delivery

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger

NOW = datetime(2026, 11, 23, 1, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OFFICER = Operator(id="u-1024", department="451100-scjgj")
WORDS = Words(zh="无", en="none")
SECRETS = (
    *(identifier.value for subject in (FIRM, PERSON) for identifier in subject.identifiers),
    FIRM.name,
    PERSON.name,
    RECORD.record_id,
)
"""What may never be read from a database file: identifiers, names, numbers of records."""


def proposal(number: str, *, strength: str = "block") -> Proposal:
    return Proposal.model_validate(
        {
            "id": number,
            "measure": "R-GP-01",
            "name": WORDS,
            "kind": "restriction",
            "force": "mandatory",
            "strength": strength,
            "effect_scope": "case",
            "applies_to": AppliesTo(role="subject"),
            "grounds": (
                Ground(
                    source="municipal",
                    record_id=RECORD.record_id,
                    authority=RECORD.authority,
                    status="active",
                    match="identifier",
                    observed_at=NOW,
                ),
            ),
            "basis": (),
            "reasons": WORDS,
        }
    )


def check(
    number: str,
    case_id: str = "c-1",
    *,
    proposals: int = 1,
    at: datetime = NOW,
    point: str = "evaluate",
    matter: str = "procurement.goods",
    department: str = OFFICER.department,
    strength: str = "block",
    host: dict[str, Any] | None = None,
) -> CheckEntry:
    case = Case.model_validate(
        {
            "id": case_id,
            "matter": matter,
            "point": point,
            "subject": FIRM,
            "parties": (Party(role="legal_representative", subject=PERSON),),
            "purpose": Purpose(text="政府采购评审", basis="政府采购法 第二十二条"),
            "operator": Operator(id=OFFICER.id, department=department),
            "opened_at": NOW,
            "host": host or {},
        }
    )
    decision = Decision.model_validate(
        {
            "id": number,
            "case_id": case_id,
            "matter": matter,
            "point": point,
            "environment": "sandbox",
            "outcome": "restricted" if proposals else "clear",
            "decided_at": at,
            "valid_until": at + timedelta(days=1),
            "proposals": tuple(proposal(f"prop_{number}_{n}", strength=strength) for n in range(proposals)),
            "facilities": Facilities(
                green_channel=GreenChannel(reasons=WORDS),
                deferral=Deferral(reasons=WORDS),
                bonus=Bonus(reasons=WORDS),
            ),
            "catalogue": CatalogueRef(edition="2026.1", digest="sha256:0"),
            "reasons": Lines(),
        }
    )
    consultation = Consultation(
        source="municipal",
        as_of=at,
        fetched_at=at,
        request_id="req-1",
        digest="sha256:" + "0" * 64,
        answers=(Answer(subject=FIRM, known=True, records=(RECORD,)),),
    )
    return CheckEntry(decision, case, (consultation,), "parties", "rules")


def answer(
    number: str,
    decision: str,
    place: int = 0,
    said: str = "applied",
    *,
    at: datetime = NOW,
    amends: str | None = None,
    feedback: str | None = None,
) -> ResponseEntry:
    reason = None if said == "applied" else f"{PERSON.name} 提出异议"
    given = Response.model_validate({"proposal": f"prop_{decision}_{place}", "answer": said, "reason": reason})
    return ResponseEntry(number, decision, "c-1", "evaluate", given, OFFICER, at, amends=amends, feedback=feedback)


def promise(
    key: str, case_id: str | None = None, *, channel: str = "municipal", decision: str = "dec_1", at: datetime = NOW
) -> FeedbackEntry:
    data = {**delivery(key).body["data"], "case_id": case_id or f"c-{key}", "decision": decision, "at": at}
    return FeedbackEntry(Feedback.model_validate(data, strict=False), channel)


def published(key: str = "fb_published", **changes: Any) -> FeedbackEntry:
    """Make the report of a licence that is published."""
    said = Publication(
        record="pub_1",
        kind="licence",
        destination="credit",
        dialect="2018",
        document_no="一号",
        matter="licence.food-production",
        department="451100-scj",
        decided_on=date(2026, 11, 20),
        due_on=date(2026, 12, 1),
        fields={"XK_XDR_MC": "贺州市示例食品有限公司", "XK_XDR_SHXYM": "91451100MA5AAAAA2F"},
        identifiers=("XK_XDR_SHXYM",),
    ).model_copy(update=changes)
    made = promise(key)
    return replace(made, feedback=made.feedback.model_copy(update={"kind": "publicity", "publicity": said}))


def notice(number: str = "notice_1") -> NoticeEntry:
    return NoticeEntry(
        Notice(
            id=number,
            case_id="c-1",
            decision="dec_1",
            proposal="prop_dec_1_0",
            subject_name=FIRM.name,
            text=Words(zh=f"{FIRM.name}：……", en="…"),
            drafted_at=NOW,
        )
    )


def said(key: str, verdict: str, code: str | None = None) -> Acknowledgement:
    return Acknowledgement.model_validate({"key": key, "verdict": verdict, "code": code})


def lease(ledger: Ledger, token: str = "lease_1", *, now: datetime = NOW, limit: int = 10) -> list[OutboxRow]:  # noqa: S107  the name of a lease
    return list(ledger.run(Lease("municipal", limit, now, MINUTE, token)))
