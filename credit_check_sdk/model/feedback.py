"""What leaves the department and what comes back. It performs no I/O and reads no clock."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.case import Point
from credit_check_sdk.model.decision import Environment
from credit_check_sdk.model.objection import Paper
from credit_check_sdk.model.publicity import Publication
from credit_check_sdk.model.record import Record
from credit_check_sdk.model.response import ResponseAnswer
from credit_check_sdk.model.subject import Category, Identifier, Operator

FeedbackKind = Literal["response", "amendment", "commitment", "publicity", "objection", "red_list"]
"""What a feedback reports."""


MeasureState = Literal["proposed", "noticed", "in_force", "set_aside", "suspended", "lifted", "rectified"]
"""Where an applied measure stands (domain: 提出、告知、执行、不予执行、暂停、解除、纠正)."""


CommitmentType = Literal["approval_substitute", "deferral", "proof", "repair", "industry", "voluntary", "other"]
"""承诺类型: 审批替代型, 容缺受理型, 证明事项型, 信用修复型, 行业自律型, 主动型, 其他."""


class Feedback(Value):
    """What was done with a measure: the union of the fields that platforms ask for (执行反馈)."""

    id: str
    """Idempotency key: the same for every delivery of the same feedback."""
    kind: FeedbackKind = "response"
    """What it reports."""
    amends: str | None = None
    """Key of the feedback that it corrects."""
    case_id: str
    """The host's number of the file."""
    matter: str
    """The service item."""
    matter_name: Words | None = None
    """Its name."""
    point: Point
    """The decision point."""
    decision: str
    """Number of the decision."""
    proposal: str
    """Number of the proposal."""
    measure: str
    """Code of the measure."""
    measure_name: Words
    """Name of the measure."""
    direction: Literal["restriction", "incentive"]
    """惩戒 or 激励."""
    subject_name: str
    """Name of the subject."""
    subject_category: Category
    """Kind of subject."""
    identifier: Identifier | None = None
    """Primary identifier of the subject."""
    role: str = "subject"
    """The role in the case."""
    initiator: str | None = None
    """Who recognised the fact and so asked for the measure (发起部门); the answer is for them."""
    list_code: str | None = None
    """The list that triggered it."""
    record_id: str | None = None
    """The record that triggered it."""
    reference: str | None = None
    """What the source wants to be told again about the record; opaque here."""
    source: str
    """The source that gave the record."""
    answer: ResponseAnswer
    """What the officer answered."""
    executed: bool
    """Whether the measure was carried out."""
    reason: str | None = None
    """Why not, or why it was amended."""
    state: MeasureState | None = None
    """Where the measure now stands, in an amendment that a change brought about."""
    cause: str | None = None
    """What brought it about: the kind of the change."""
    change: str | None = None
    """Number of the change in our ledger."""
    objection: str | None = None
    """Number of the objection that it forwards or withdraws."""
    objector: str | None = None
    """Who objects, where it is not the subject itself."""
    papers: Several[Paper] = ()
    """The papers handed in with it: names and digests; on the wire each carries its ``content`` in base64."""
    due_on: date | None = None
    """Day by which an answer is due."""
    basis: str
    """Legal basis in words."""
    amount: Decimal | None = Field(default=None, strict=False)
    """Sum concerned, in yuan."""
    operator: Operator
    """The officer."""
    region: str | None = None
    """Code of the region."""
    environment: Environment
    """Whether it is meant."""
    at: Time
    """When the officer answered."""
    commitment: Commitment | None = None
    """The commitment, in a report of one; on the wire under the names of the collection template."""
    red_list: dict[str, Any] | None = None
    """The entry of the department's own red list, in a report of one."""
    publicity: Publication | None = None
    """The licence or penalty record, in a report of one (双公示)."""

    def cloud_event(self, origin: str) -> dict[str, Any]:
        """Wrap it as a CloudEvents 1.0 event of *origin*, with the identifier in full, for the wire."""
        data = self.model_dump(mode="json", context={"reveal": True})
        for name in ("commitment", "red_list", "publicity"):
            if data[name] is None:
                del data[name]
        if self.commitment is not None:
            data["commitment"] = self.commitment.template()
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": origin,
            "type": f"cn.credit-check.feedback.{self.kind}",
            "subject": self.case_id,
            "time": self.at.isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }


class Commitment(Value):
    """A credit commitment: the 20 fields of the collection template (信用承诺)."""

    code: str = Field(pattern=r"^\d{20}$")
    """承诺编码: region 6, date 8, serial 6."""
    subject_name: str
    """承诺人名称."""
    subject_category: Category
    """承诺人类别."""
    identify: Identifier
    """承诺人代码."""
    commitment_type: CommitmentType
    """承诺类型: 审批替代型, 容缺受理型, 证明事项型, 信用修复型, 行业自律型, 主动型, 其他."""
    reason: str = Field(max_length=512)
    """承诺事由."""
    content: str = Field(max_length=4000)
    """承诺内容."""
    liability: str = Field(max_length=4000)
    """违诺责任."""
    committed_on: date
    """承诺作出日期."""
    valid_until: date | None = None
    """承诺有效期; for a deferral the day by which materials must arrive."""
    fulfilment: Literal["all", "part", "none"] = "none"
    """承诺履行状态."""
    unperformed: str | None = None
    """未履行的承诺内容."""
    liability_taken: str | None = None
    """违诺责任追究内容."""
    confirmed_on: date | None = None
    """认定日期."""
    confirmed_by: str | None = None
    """认定单位."""
    confirmed_by_code: str | None = None
    """认定单位代码."""
    accepted_by: str
    """受理单位."""
    accepted_by_code: str
    """受理单位代码."""
    publication: Literal["public", "limited", "closed"] = "limited"
    """公开类型."""
    remarks: str | None = None
    """备注."""

    def template(self) -> dict[str, str | None]:
        """Give the 20 fields under the names of the collection template, with the identifier in full, for the wire."""

        def day(said: date | None) -> str | None:
            return said.isoformat() if said else None

        return {
            "code": self.code,
            "subjectName": self.subject_name,
            "subjectCategory": _CATEGORIES[self.subject_category],
            "identify": self.identify.normal,
            "commitmentTypeId": COMMITMENT_TYPES[self.commitment_type],
            "reason": self.reason,
            "content": self.content,
            "liabilityBreachCommitment": self.liability,
            "commitmentDate": day(self.committed_on),
            "commitmentValidity": day(self.valid_until),
            "fulfillmentStatus": _FULFILMENTS[self.fulfilment],
            "unperformedCommitmentContent": self.unperformed,
            "liabilityBreachCommitmentContent": self.liability_taken,
            "fulfillmentStatusDate": day(self.confirmed_on),
            "acceptanceConfirmUnit": self.confirmed_by,
            "acceptanceConfirmUnitIdentify": self.confirmed_by_code,
            "acceptanceUnit": self.accepted_by,
            "acceptanceUnitIdentify": self.accepted_by_code,
            "publicationType": _PUBLICATIONS[self.publication],
            "remarks": self.remarks,
        }


COMMITMENT_TYPES: dict[CommitmentType, str] = {
    "approval_substitute": "审批替代型",
    "deferral": "容缺受理型",
    "proof": "证明事项型",
    "repair": "信用修复型",
    "industry": "行业自律型",
    "voluntary": "主动型",
    "other": "其他",
}
"""What each type is called in the template."""
_CATEGORIES = {"organisation": "法人及非法人组织", "person": "自然人", "sole_trader": "个体工商户"}
_FULFILMENTS = {"all": "全部履行", "part": "部分履行", "none": "全部未履行"}
_PUBLICATIONS = {"public": "可向社会公开", "limited": "特定范围内公开", "closed": "不可公开"}


ChangeKind = Literal[
    "listed",
    "corrected",
    "objected",
    "objection_upheld",
    "objection_rejected",
    "repaired",
    "expired",
    "revoked",
    "temporarily_lifted",
    "restored",
]
"""What a platform says has changed."""


class Change(Value):
    """A change of a record that a platform reports."""

    cursor: str
    """Where the platform's feed stands after it."""
    source: str = ""
    """The source that reports it."""
    record_id: str
    """The record."""
    change: ChangeKind
    """What happened."""
    at: Time
    """When."""
    record: Record | None = None
    """The record as it now is, where it was corrected or listed."""


class Changes(Value):
    """One page of a platform's changes, oldest first."""

    changes: Several[Change] = ()
    """The changes."""
    cursor: str
    """Where to go on."""
    more: bool = False
    """Whether there are more right now."""


class Delivery(Value):
    """A row of the outbox as a channel sees it."""

    key: str
    """Idempotency key."""
    kind: FeedbackKind
    """What it reports."""
    body: dict[str, Any]
    """The CloudEvents envelope."""
    attempt: int = 1
    """Which attempt this is."""


class Acknowledgement(Value):
    """What became of one delivery."""

    key: str
    """Idempotency key."""
    verdict: Literal["delivered", "retry", "refused", "in_doubt"]
    """Taken; to be tried again; refused for good; or unknown."""
    code: str | None = None
    """Code of the refusal."""
    detail: str | None = None
    """In words; no identifier."""
    retry_after: float | None = None
    """Seconds that the platform asks to wait."""


class Due(Value):
    """A day counted in working days."""

    on: date
    """The day."""
    provisional: bool
    """Whether it lies beyond the published calendar."""
