"""Erase what may no longer be kept, refuse what must be kept, and tell a subject what is held about it. Flows.

个人信息保护法 第四十七条: erased when the time for keeping is over; not before (同条第二款); 第四十五条: the person may see and
copy what is held. A file is kept whole as long as any of its entries must be.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.desk import SHANGHAI, Desk, day_of
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, Move, NewId, Now, Record
from credit_check_sdk.model.erasure import (
    ErasureReport,
    FileState,
    HeldFact,
    HeldFile,
    HeldReport,
    KeptFile,
    KeptReason,
)
from credit_check_sdk.model.ledger import Erase, Erased, FilesOf, HeldEntries, HoldEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from credit_check_sdk.model import Operator, Subject
    from credit_check_sdk.model.erasure import HeldEntry

_FILE, _CHANGE = "retention.file", "retention.change"


async def erase(  # noqa: PLR0913  whom, why and by whom
    desk: Desk,
    *,
    subject: Subject | None = None,
    case_id: str | None = None,
    expired: bool = False,
    reason: str,
    operator: Operator,
    dry_run: bool = False,
) -> ErasureReport:
    """Erase the files of a subject, one file, or all whose time is over; say which stay and why.

    Raises:
        InputError: not exactly one of them is named, or nothing is held of it.
    """
    now = await Now()
    today = day_of(now)
    cause = _cause(subject, case_id, expired=expired)
    states = await _wanted(desk, subject, case_id, expired=expired, now=now)
    if not states and not expired:
        raise _nothing()
    kept = [_kept(desk, state, today) for state in states]
    free = {state.case_id: state.newest for state, stays in zip(states, kept, strict=True) if stays is None}
    stay = tuple(each for each in kept if each is not None)
    if dry_run:
        return ErasureReport(tuple(free), stay, dry_run=True)
    number = await NewId("erasure")
    by = {"id": operator.id, "department": operator.department}
    changes = _start(today, desk, _CHANGE) if expired else None
    done: Erased = await Move(Erase(number, now, today, free, cause, reason, by, changes))
    return ErasureReport(done.files, stay, done.entries, number if done.entries else None)


async def hold(case_id: str, *, held: bool, reason: str, operator: Operator) -> FileState:
    """Put a file on legal hold, or release it.

    Raises:
        InputError: nothing is held of that file.
    """
    now = await Now()
    if not (await Load(FilesOf(day_of(now), (case_id,)))):
        raise _nothing()
    number = await NewId("hold")
    await Record((HoldEntry(number, case_id, held, reason, operator, now),))
    (state,) = await Load(FilesOf(day_of(now), (case_id,)))
    found: FileState = state
    return found


async def held_about(desk: Desk, subject: Subject) -> HeldReport:
    """Give all that is held about *subject*, and nothing of what is held about others.

    Raises:
        InputError: the subject has no identifier: a name alone is nobody.
    """
    now = await Now()
    states: tuple[FileState, ...] = await Load(FilesOf(day_of(now), subject=_keys(subject)))
    entries: tuple[HeldEntry, ...] = await Load(HeldEntries(tuple(state.case_id for state in states)))
    files = []
    for state in states:
        mine = [entry for entry in entries if entry.case_id == state.case_id]
        roles, facts = _facts(mine, subject)
        files.append(HeldFile(state.case_id, roles, _until(desk, state), facts))
    return HeldReport(subject.masked or "—", tuple(files))


async def _wanted(
    desk: Desk, subject: Subject | None, case_id: str | None, *, expired: bool, now: datetime
) -> list[FileState]:
    today = day_of(now)
    if not expired:
        named = (case_id,) if case_id is not None else ()
        return list(await Load(FilesOf(today, named, _keys(subject) if subject else ())))
    found: list[FileState] = []
    beyond = ""
    before = _start(today, desk, _FILE)
    while True:
        page: tuple[FileState, ...] = await Load(FilesOf(today, before=before, beyond=beyond))
        if not page:
            return found
        found += page
        beyond = page[-1].case_id


def _kept(desk: Desk, state: FileState, today: date) -> KeptFile | None:
    """Say why a file stays; None where it may go."""
    until = _until(desk, state)
    reasons: list[KeptReason] = []
    if today <= until:
        reasons.append("retention")
    if state.hold is not None:
        reasons.append("hold")
    if state.undelivered:
        reasons.append("undelivered")
    if state.in_force:
        reasons.append("in_force")
    if state.open:
        reasons.append("open")
    return KeptFile(state.case_id, tuple(reasons), until, state.hold) if reasons else None


def _until(desk: Desk, state: FileState) -> date:
    """Give the last day on which a file must be kept."""
    return max(day_of(at) + timedelta(days=_days(desk, f"retention.{kind}")) for kind, at in state.latest.items())


def _days(desk: Desk, code: str) -> int:
    term = desk.catalogue.terms.get(code) or desk.catalogue.terms[_FILE]
    days: int = term.days
    return days


def _start(today: date, desk: Desk, code: str) -> datetime:
    """Give the moment before which everything is older than the time limit; the last day still counts, whole."""
    return datetime.combine(today - timedelta(days=_days(desk, code)), time(), SHANGHAI).astimezone(UTC)


def _keys(subject: Subject) -> tuple[tuple[str, str], ...]:
    if not subject.keys:
        raise InputError(
            "the subject has no identifier",
            "未给出主体的身份标识",
            remedy_en="name scheme and value: what is held is found by identifier, never by name",
            remedy_zh="请给出标识类型与号码；只按标识查找，不按名称查找",
        )
    return tuple(sorted(subject.keys))


def _cause(subject: Subject | None, case_id: str | None, *, expired: bool) -> str:
    named = [
        name
        for name, given in (("subject", subject is not None), ("case", case_id is not None), ("expired", expired))
        if given
    ]
    if len(named) != 1:
        raise InputError(
            "name a subject, a case, or everything that is expired, and only one of them",
            "请指明主体、办件或“已到期”之一，且只能一项",
            remedy_en="erase one thing at a time",
            remedy_zh="每次只删除一类",
        )
    return named[0]


def _nothing() -> InputError:
    return InputError(
        "nothing is held of it",
        "没有留存相关记录",
        remedy_en="look at the number or the identifier",
        remedy_zh="请核对编号或身份标识",
    )


def _facts(entries: Sequence[HeldEntry], subject: Subject) -> tuple[tuple[str, ...], tuple[HeldFact, ...]]:
    """Leave in what a file's entries say about *subject*."""
    roles: dict[str, None] = {}
    proposals: set[str] = set()
    facts = []
    for entry in entries:
        if entry.kind == "check":
            says = _of_check(entry.body, subject, roles, proposals)
        else:
            says = _of_other(entry.kind, entry.body, proposals)
        if says is not None:
            facts.append(HeldFact(entry.id, entry.kind, entry.at, says))
    return tuple(roles), tuple(facts)


def _of_check(
    body: Mapping[str, Any], subject: Subject, roles: dict[str, None], proposals: set[str]
) -> dict[str, Any] | None:
    from credit_check_sdk.model import Case, Consultation, Decision  # noqa: PLC0415  seldom asked

    case = Case.model_validate(body["case"], strict=False)
    decision = Decision.model_validate(body["decision"], strict=False)
    mine = [party for party in case.everybody if party.subject.same_as(subject)]
    if not mine:
        return None
    roles.update(dict.fromkeys(party.role for party in mine))
    answers = []
    for said in body["consultations"]:
        consultation = Consultation.model_validate(said, strict=False)
        for answer in consultation.answers:
            if answer.subject.same_as(subject):
                records = [
                    record.model_dump(mode="json", exclude={"responsible"}, context={"reveal": True})
                    if record.subject.same_as(subject)
                    else record.model_dump(mode="json", exclude={"responsible", "subject"})
                    for record in answer.records
                ]
                head = {"source": consultation.source, "as_of": consultation.as_of.isoformat(), "known": answer.known}
                answers.append({**head, "records": records})
    about = [
        proposal
        for proposal in decision.proposals
        if any(
            proposal.applies_to.role == party.role and proposal.applies_to.subject == party.subject.masked
            for party in mine
        )
    ]
    proposals.update(proposal.id for proposal in about)
    return {
        "matter": decision.matter,
        "point": decision.point,
        "department": case.operator.department,
        "purpose": case.purpose.model_dump(mode="json") if case.purpose else None,
        "outcome": decision.outcome,
        "subject": [party.subject.model_dump(mode="json", context={"reveal": True}) for party in mine],
        "answers": answers,
        "proposals": [
            proposal.model_dump(mode="json", include={"id", "measure", "name", "strength", "basis", "until", "reasons"})
            for proposal in about
        ],
    }


def _of_other(kind: str, body: Mapping[str, Any], proposals: set[str]) -> dict[str, Any] | None:
    """Give what another entry says, where it is about this subject or one of its proposals."""
    if kind == "response":
        said = body["response"]
        return {**said, "operator": body["operator"]} if said["proposal"] in proposals else None
    if kind == "feedback":
        return dict(body) if body["proposal"] in proposals else None
    if kind in {"notice", "transition"}:
        return dict(body) if body["proposal"] in proposals else None
    return None


def queries_before(desk: Desk, now: datetime) -> datetime:
    """Give the moment before which the query log may be dropped."""
    return _start(day_of(now), desk, "retention.query")
