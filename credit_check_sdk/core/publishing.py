"""Build licence and penalty records from a case, check them, and promise them to their destinations. Flows.

双公示 within seven working days of the decision (发改办财金〔2018〕424号): the number is a term of the catalogue and the days
are those of the official calendar. What concerns an enterprise goes to the credit site and to the enterprise publicity
system; a correction or a withdrawal refers to what it changes. Nothing is published that its list of fields refuses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from credit_check_sdk.catalogue.forms import examine
from credit_check_sdk.core.desk import day_of, local
from credit_check_sdk.core.feedback import nearest
from credit_check_sdk.core.notices import day_due
from credit_check_sdk.errors import InputError
from credit_check_sdk.flow import Load, NewId, Now, Record
from credit_check_sdk.model import Feedback, LicenceRecord, PenaltyRecord, Publication, StoredPublication, Words
from credit_check_sdk.model.ledger import FeedbackEntry, LatestCheck, Publications, StoredCheck

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import (
        Case,
        Category,
        Destination,
        FieldTrouble,
        Identifier,
        Operator,
        PublicityAction,
        PublicityForm,
        PublicityKind,
        PublicityRecord,
        Subject,
    )

TERM = "publicity.push"
"""The time limit of publishing."""
_TEN_THOUSAND = Decimal(10_000)
_FOR_GOOD = "2099-12-31"
_CATEGORIES = {"organisation": "法人及非法人组织", "sole_trader": "个体工商户", "person": "自然人"}
_LICENCES = {
    "general": "普通",
    "concession": "特许",
    "recognition": "认可",
    "verification": "核准",
    "registration": "登记",
    "other": "其他",
}
_PENALTIES = {
    "warning": "警告",
    "criticism": "通报批评",
    "fine": "罚款",
    "confiscation_of_gains": "没收违法所得",
    "confiscation_of_property": "没收非法财物",
    "suspension_of_licence": "暂扣许可证件",
    "downgrading": "降低资质等级",
    "revocation_of_licence": "吊销许可证件",
    "restriction_of_business": "限制开展生产经营活动",
    "suspension_of_business": "责令停产停业",
    "closure": "责令关闭",
    "restriction_of_practice": "限制从业",
    "detention": "行政拘留",
    "other": "其他",
}
_DOCUMENTS = {
    "cn-resident-id": "身份证",
    "passport": "护照号",
    "cn-residence-permit": "外国人永久居留身份证",
}
_NAMES: dict[PublicityKind, Words] = {
    "licence": Words(zh="行政许可信息公示", en="Publicity of a licence"),
    "penalty": Words(zh="行政处罚信息公示", en="Publicity of a penalty"),
}
_SUBJECTS = ("XK_XDR_MC", "CF_XDR_MC", "XK_XDR")
_IDENTIFIERS = frozenset(
    {"uscc", "reg_no", "org_code", "tax_no", "institution_no", "social_org_no", "legal_id", "person_id"}
)
"""What fills a field with somebody's identifier."""
_STATES: dict[PublicityAction, tuple[str, str]] = {"publish": ("1", "0"), "correct": ("1", "0"), "withdraw": ("2", "1")}
"""State by list of fields: that of 2018 (1 valid, 2 void), that of 2016 (0 normal, 1 withdrawn)."""


async def publish(
    desk: Desk, case: Case, record: PublicityRecord, operator: Operator | None = None
) -> tuple[StoredPublication, ...]:
    """Promise the record of a decision to every destination it concerns.

    Raises:
        InputError: ``publicity.invalid``, naming every field that is missing or wrong, ``publicity.minor`` for what is
            not published, ``publicity.published`` for what was; nothing was written.
    """
    now = await Now()
    _publishable(record)
    if record.decided_on > day_of(now):
        raise _refused("decided_on lies in the future", "决定日期晚于今日", "mend the date", "请更正日期")
    before: tuple[StoredPublication, ...] = await Load(Publications(case_id=case.id))
    for one in before:
        if one.publication.kind == record.kind and one.publication.document_no == record.document_no:
            raise _refused(
                f"document {record.document_no!r} of case {case.id!r} was published already, as {one.publication.record}",
                f"办件 {case.id} 的文书 {record.document_no} 已公示，编号 {one.publication.record}",
                "correct or withdraw that record",
                "请更正或撤下该记录",
                code="publicity.published",
            )
    number = await NewId("pub")
    found: StoredCheck | None = await Load(LatestCheck(case.id, case.point))
    due = day_due(desk, TERM, record.decided_on)
    made = []
    for destination in destinations(desk, case.subject):
        form = _form(desk, record.kind, desk.publicity.dialects[destination])
        publication = Publication(
            record=number,
            kind=record.kind,
            destination=destination,
            dialect=form.dialect,
            document_no=record.document_no,
            matter=case.matter,
            department=case.operator.department,
            decided_on=record.decided_on,
            due_on=due.on if due else None,
            provisional=due.provisional if due else False,
            fields=_checked(form, case, record, "publish", now, case.region or desk.region),
            identifiers=_identifiers(form),
        )
        officer = operator or case.operator
        decision = found.decision.id if found else ""
        made.append(await _promised(desk, case, publication, officer, now, decision))
    await Record(tuple(entry for _, entry in made))
    return tuple(stored for stored, _ in made)


def examined(
    desk: Desk, case: Case, record: PublicityRecord, now: datetime
) -> dict[Destination, tuple[dict[str, str], list[FieldTrouble]]]:
    """Fill the fields for each destination and say what is wrong with them; nothing is written."""
    found: dict[Destination, tuple[dict[str, str], list[FieldTrouble]]] = {}
    for destination in destinations(desk, case.subject):
        form = _form(desk, record.kind, desk.publicity.dialects[destination])
        fields = fields_of(form, case, record, "publish", now, case.region or desk.region)
        found[destination] = fields, examine(form, fields, case.subject.category)
    return found


async def correct(
    desk: Desk, number: str, case: Case, record: PublicityRecord, *, operator: Operator, reason: str
) -> tuple[StoredPublication, ...]:
    """Correct (更正) a record at every destination where it was published.

    Raises:
        InputError: there is none of that number, it is withdrawn, or the correction is not valid; nothing was written.
    """
    _publishable(record)
    now = await Now()
    made = []
    for stored in await _latest(number):
        before = stored.publication
        if record.kind != before.kind or case.id != stored.case_id:
            raise _refused(
                f"record {number} is a {before.kind} of case {stored.case_id!r}",
                f"公示记录 {number} 属于办件 {stored.case_id}，种类或者办件不符",
                "give the corrected record of the same case",
                "请提供同一办件的更正记录",
            )
        form = _form(desk, record.kind, before.dialect)
        changes = {
            "document_no": record.document_no,
            "fields": _checked(form, case, record, "correct", now, case.region or desk.region),
        }
        made.append(await _amended(desk, stored, "correct", changes, operator, reason, now))
    await Record(tuple(entry for _, entry in made))
    return tuple(stored for stored, _ in made)


async def withdraw(desk: Desk, number: str, *, operator: Operator, reason: str) -> tuple[StoredPublication, ...]:
    """Withdraw (撤下) a record at every destination where it was published.

    Raises:
        InputError: there is none of that number, or it is withdrawn already; nothing was written.
    """
    now = await Now()
    made = []
    for stored in await _latest(number):
        before = stored.publication
        form = _form(desk, before.kind, before.dialect)
        fields = {**before.fields, **_state_of(form, "withdraw", now)}
        made.append(await _amended(desk, stored, "withdraw", {"fields": fields}, operator, reason, now))
    await Record(tuple(entry for _, entry in made))
    return tuple(stored for stored, _ in made)


async def _amended(  # noqa: PLR0913, PLR0917  what is changed, by whom and why
    desk: Desk,
    stored: StoredPublication,
    action: PublicityAction,
    changes: Mapping[str, object],
    operator: Operator,
    reason: str,
    now: datetime,
) -> tuple[StoredPublication, FeedbackEntry]:
    before = stored.publication
    if before.action == "withdraw":
        raise _refused(
            f"record {before.record} is withdrawn already",
            f"公示记录 {before.record} 已撤下",
            "publish it anew if it is to be shown again",
            "需要重新公示的，请重新报送",
            code="publicity.withdrawn",
        )
    if not reason.strip():
        raise _refused(
            "a correction or withdrawal needs its reason",
            "更正或者撤下须写明理由",
            "say why",
            "请填写理由",
        )
    today = day_of(now)
    due = day_due(desk, TERM, today)
    publication = before.model_copy(
        update={
            "action": action,
            "decided_on": today,
            "due_on": due.on if due else None,
            "provisional": due.provisional if due else False,
            "reason": reason,
            **changes,
        }
    )
    return await _promised(desk, stored, publication, operator, now, "", stored.key)


def _publishable(record: PublicityRecord) -> None:
    if isinstance(record, PenaltyRecord) and record.severity == "minor":
        # 轻微失信行为 are not published (信用修复管理办法, 国务院办公厅 2023): nothing leaves.
        raise _refused(
            "what is minor is not published",
            "轻微失信行为的行政处罚信息不予公示",
            "keep it in the file; nothing was sent",
            "请留存于案卷，未报送",
            code="publicity.minor",
        )


def destinations(desk: Desk, subject: Subject) -> tuple[Destination, ...]:
    """Name where a record about *subject* goes: enterprises are shown in the enterprise publicity system too."""
    if subject.category == "person" or desk.publicity.channels.get("enterprise") is None:
        return ("credit",)
    return ("credit", "enterprise")


def fields_of(
    form: PublicityForm, case: Case, record: PublicityRecord, action: PublicityAction, now: datetime, region: str | None
) -> dict[str, str]:
    """Fill the fields of *form*; what is not known is left out."""
    said = {**_of_case(case, region or ""), **_of_record(record), **_of_moment(action, now)}
    return {
        field.name: value for field in form.fields if field.of is not None and (value := said.get(field.of)) is not None
    }


def _form(desk: Desk, kind: PublicityKind, dialect: str) -> PublicityForm:
    form = desk.publicity.forms().get((kind, dialect))
    if form is None:
        known = sorted(name for of, name in desk.publicity.forms() if of == kind)
        raise _refused(
            f"there is no list of fields {dialect!r} for a {kind}",
            f"没有名为 {dialect} 的公示字段表",
            f"name one of {', '.join(known)} under [publicity], or bring one under publicity.forms",
            f"请在 [publicity] 中选用 {'、'.join(known)}，或以 publicity.forms 提供",
            code="publicity.form",
        )
    return form


def _checked(
    form: PublicityForm,
    case: Case,
    record: PublicityRecord,
    action: PublicityAction,
    now: datetime,
    region: str | None,
) -> dict[str, str]:
    fields = fields_of(form, case, record, action, now, region)
    troubles = examine(form, fields, case.subject.category)
    if troubles:
        # 必填项 and formats are those of the list of fields; what fails them would be sent back weeks later.
        raise InputError(
            "the record cannot be published: " + "; ".join(f"{one.field}: {one.words.en}" for one in troubles),
            "该记录不能公示：" + "；".join(f"{one.field}：{one.words.zh}" for one in troubles),
            code="publicity.invalid",
            remedy_en="fill in what is missing, mend what is wrong, and publish again",
            remedy_zh="请补充缺项、更正错误后重新报送",
            detail={"form": form.dialect, "fields": [one.field for one in troubles]},
        )
    return fields


def _state_of(form: PublicityForm, action: PublicityAction, now: datetime) -> dict[str, str]:
    said = _of_moment(action, now)
    return {field.name: said[field.of] for field in form.fields if field.of in said}


def _identifiers(form: PublicityForm) -> tuple[str, ...]:
    return tuple(field.name for field in form.fields if field.of in _IDENTIFIERS)


async def _promised(  # noqa: PLR0913, PLR0917  a report is made of all of these
    desk: Desk,
    of: Case | StoredPublication,
    publication: Publication,
    operator: Operator,
    now: datetime,
    decision: str,
    amends: str | None = None,
) -> tuple[StoredPublication, FeedbackEntry]:
    key = await NewId("fb")
    case_id = of.case_id if isinstance(of, StoredPublication) else of.id
    channel = desk.publicity.channels.get(publication.destination) or nearest(desk)
    policy = desk.policies.get(publication.matter)
    said = publication.fields
    feedback = Feedback(
        id=key,
        kind="publicity",
        amends=amends,
        case_id=case_id,
        matter=publication.matter,
        matter_name=policy.name if policy else None,
        point="close" if isinstance(of, StoredPublication) else of.point,
        decision=decision,
        proposal="",
        measure="publicity",
        measure_name=_NAMES[publication.kind],
        direction="incentive" if publication.kind == "licence" else "restriction",
        subject_name=next((said[name] for name in _SUBJECTS if name in said), ""),
        subject_category=_category(publication, of),
        identifier=None if isinstance(of, StoredPublication) else of.subject.primary,
        source=channel,
        answer="applied",
        executed=True,
        reason=publication.reason,
        cause=publication.action,
        due_on=publication.due_on,
        basis="",
        operator=operator,
        region=desk.region,
        environment=desk.environment,
        at=local(now),
        publicity=publication,
    )
    stored = StoredPublication(
        key=key,
        case_id=case_id,
        channel=channel,
        publication=publication,
        amends=amends,
        made_at=local(now),
        operator=operator,
    )
    return stored, FeedbackEntry(feedback, channel)


def _category(publication: Publication, of: Case | StoredPublication) -> Category:
    if not isinstance(of, StoredPublication):
        return of.subject.category
    names = {words: category for category, words in _CATEGORIES.items()}
    said = publication.fields.get("XK_XDR_LB") or publication.fields.get("CF_XDR_LB") or ""
    return cast("Category", names.get(said, "organisation"))


async def _latest(number: str) -> tuple[StoredPublication, ...]:
    found: tuple[StoredPublication, ...] = await Load(Publications(record=number))
    if not found:
        raise _refused(
            f"there is no publicity record {number!r}",
            f"没有编号为 {number} 的公示记录",
            "list them with `credit-check publicity list`",
            "可用 credit-check publicity list 查看",
            code="publicity.unknown",
        )
    latest = {stored.publication.destination: stored for stored in found}  # in the order in which they were made
    return tuple(latest.values())


def _of_case(case: Case, region: str) -> dict[str, str | None]:
    subject = case.subject
    legal = next((party.subject for party in case.parties if party.role in {"legal_representative", "owner"}), None)
    of_legal = _document(legal) if legal else None
    of_person = _document(subject) if subject.category == "person" else None
    return {
        "subject_name": subject.name,
        "subject_category": _CATEGORIES[subject.category],
        "uscc": _number(subject, "cn-uscc"),
        "reg_no": _number(subject, "cn-reg-no"),
        "org_code": _number(subject, "cn-org-code"),
        "tax_no": _number(subject, "cn-tax-no"),
        "institution_no": _number(subject, "cn-institution-no"),
        "social_org_no": _number(subject, "cn-social-org-no"),
        "legal_name": legal.name if legal else None,
        "legal_id_type": _document_name(of_legal),
        "legal_id": of_legal.normal if of_legal else None,
        "person_id_type": _document_name(of_person),
        "person_id": of_person.normal if of_person else None,
        "region": region or None,
    }


def _of_record(record: PublicityRecord) -> dict[str, str | None]:
    provider = record.provider or record.authority
    said: dict[str, str | None] = {
        "document_no": record.document_no,
        "content": record.content,
        "decided_on": record.decided_on.isoformat(),
        "valid_until": record.valid_until.isoformat() if record.valid_until else _FOR_GOOD,
        "authority_name": record.authority.name,
        "authority_code": record.authority.code,
        "provider_name": provider.name,
        "provider_code": provider.code,
        "remarks": record.remarks,
    }
    if isinstance(record, LicenceRecord):
        kind = _LICENCES[record.category]
        return {
            **said,
            "document_name": record.document_name,
            "licence_category": f"{kind}-{record.category_words}" if record.category_words else kind,
            "certificate_name": record.certificate_name,
            "certificate_no": record.certificate_no,
            "valid_from": record.valid_from.isoformat(),
        }
    kinds = [_PENALTIES[kind] for kind in record.categories]
    return {
        **said,
        "case_name": record.case_name or record.violation,
        "violation": record.violation,
        "facts": record.facts,
        "basis": record.basis,
        "penalty_categories": "；".join(kinds),
        "penalty_first": kinds[0],
        "penalty_second": kinds[1] if len(kinds) > 1 else None,
        "fine": ten_thousands(record.fine),
        "confiscated": ten_thousands(record.confiscated),
        "licence": record.licence,
        "shown_until": _day(record.shown_until),
    }


def _of_moment(action: PublicityAction, now: datetime) -> dict[str, str]:
    new, old = _STATES[action]
    return {"state_new": new, "state_old": old, "timestamp": local(now).strftime("%Y-%m-%d %H:%M:%S")}


def ten_thousands(yuan: Decimal | None) -> str | None:
    """Write a sum in yuan as the fields have it, in 10,000 yuan (万元): 25000 is 2.5."""
    if yuan is None:
        return None
    text = f"{yuan / _TEN_THOUSAND:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(subject: Subject, scheme: str) -> str | None:
    return next((one.normal for one in subject.identifiers if one.scheme == scheme), None)


def _document(subject: Subject) -> Identifier | None:
    known = [one for one in subject.identifiers if one.scheme in _DOCUMENTS]
    return known[0] if known else subject.identifiers[0] if subject.identifiers else None


def _document_name(document: Identifier | None) -> str | None:
    return _DOCUMENTS.get(document.scheme, "其他") if document else None


def _refused(en: str, zh: str, remedy_en: str, remedy_zh: str, *, code: str = "input.invalid") -> InputError:
    return InputError(en, zh, code=code, remedy_en=remedy_en, remedy_zh=remedy_zh)
