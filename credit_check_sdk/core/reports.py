"""Look at credit reports that were handed in: which count, and why not. Pure: no I/O, no clock.

A report of a qualified agency may stand in for a source that stays silent, where the matter's policy says so (国办发 on
joint incentives and restraints, III(1)3). It never clears by itself, never restricts, and says nothing against what a
source says now: an officer reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.core.desk import SHANGHAI, day_of
from credit_check_sdk.core.weigh import Heard
from credit_check_sdk.model import Answer, Consultation, Doubt, Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from credit_check_sdk.core.consult import Consulted
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Agency, Case, CreditReport, MatterPolicy, Party, Subject

What = Literal["issuer", "validity", "subject", "file"]
"""What is looked at: who issued it, whether it is in its days, whom it is about, whether its file is sealed."""

_HELD: Mapping[What, Words] = {
    "issuer": Words(zh="出具机构为已备案的征信机构", en="its issuer is a filed credit agency"),
    "validity": Words(zh="在有效期内", en="it is within its days"),
    "subject": Words(zh="报告主体与申请人代码一致", en="it is about the applicant, by identifier"),
    "file": Words(zh="文件摘要已留存", en="the digest of its file is on record"),
}
_FAILED: Mapping[What, Words] = {
    "issuer": Words(zh="出具机构不在征信机构备案名单内", en="its issuer is not on the list of filed credit agencies"),
    "validity": Words(
        zh="报告未到生效日期、已过有效期，或者未载明有效期", en="it is dated ahead, expired, or names no last day"
    ),
    "subject": Words(
        zh="报告未载明申请人的代码，或者代码不一致", en="it names no identifier of the applicant's, or another's"
    ),
    "file": Words(zh="未提供报告文件，或者未留存文件摘要", en="its file was not given, so that no digest is on record"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What was looked at in one report, and whether it held."""

    report: CreditReport
    held: Mapping[What, bool]

    @property
    def counts(self) -> bool:
        """Whether it counts: everything about it held."""
        return all(self.held.values())


def standing(report: CreditReport, subject: Subject, agencies: Sequence[Agency], today: date) -> Standing:
    """Look at a report on *today*, its last day included."""
    filed = any(
        agency.name == report.issuer.strip() and (agency.filed_until is None or agency.filed_until >= today)
        for agency in agencies
    )
    in_days = report.issued_on <= today and report.expires_on is not None and today <= report.expires_on
    about = report.identifier is not None and not report.identifier.keys.isdisjoint(subject.keys)
    return Standing(report, {"issuer": filed, "validity": in_days, "subject": about, "file": report.digest is not None})


def report_doubts(desk: Desk, case: Case, now: datetime) -> tuple[Doubt, ...]:
    """Say of each report that was handed in whether it counts, and what could not be verified."""
    return tuple(_doubt(standing(report, case.subject, desk.agencies, day_of(now))) for report in case.credit_reports)


def stood_in(
    desk: Desk, case: Case, policy: MatterPolicy, consulted: Consulted, asked: Sequence[Party], now: datetime
) -> Consulted:
    """Let a report that counts stand for required silent sources that the policy names; an officer reads it then."""
    silent = [s.source for s in consulted.silences if s.required and s.source in policy.report_for]
    if not silent or not case.credit_reports or {party.subject for party in asked} != {case.subject}:
        # It is about the applicant; where others are asked about too, it says nothing of them.
        return consulted
    found = (standing(report, case.subject, desk.agencies, day_of(now)) for report in case.credit_reports)
    report = next((each.report for each in found if each.counts), None)
    if report is None:
        return consulted
    used = [name for name in silent if name in desk.sources]
    return replace(
        consulted,
        heard=(*consulted.heard, *(_heard(report, name, case.subject, desk, now) for name in used)),
        silences=tuple(s for s in consulted.silences if s.source not in used),
        older=tuple((name, old) for name, old in consulted.older if name not in used),
        resting=None,
    )


def _heard(report: CreditReport, name: str, subject: Subject, desk: Desk, now: datetime) -> Heard:
    consultation = Consultation(
        source=name,
        as_of=datetime.combine(report.issued_on, time(), SHANGHAI),
        fetched_at=now,
        request_id=report.number,
        digest=report.digest or "",
        environment=desk.environment,
        answers=(Answer(subject=subject, known=True, records=()),),
    )
    return Heard(name, consultation, remembered=frozenset({0}), report=report)


def _doubt(found: Standing) -> Doubt:
    report = found.report
    failed = [what for what, held in found.held.items() if not held]
    shown = [_FAILED[what] for what in failed] or [_HELD[what] for what in found.held]
    name = f"{report.issuer} {report.number}"
    if found.counts:
        words = Words(
            zh=f"信用报告（{name}）可作为参考：{'；'.join(each.zh for each in shown)}。",
            en=f"the credit report ({name}) counts: {'; '.join(each.en for each in shown)}.",
        )
    else:
        words = Words(
            zh=f"信用报告（{name}）不予采信：{'；'.join(each.zh for each in shown)}。",
            en=f"the credit report ({name}) counts for nothing: {'; '.join(each.en for each in shown)}.",
        )
    detail = {
        "number": report.number,
        "issuer": report.issuer,
        "issued_on": report.issued_on.isoformat(),
        "expires_on": report.expires_on.isoformat() if report.expires_on else None,
        "grade": report.grade,
        "digest": report.digest,
        "held": dict(found.held),
        "words": words.model_dump(),
    }
    return Doubt(code="report.counts" if found.counts else "report.void", detail=detail)
