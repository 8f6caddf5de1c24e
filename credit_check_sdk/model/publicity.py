"""What is published of licences and penalties (双公示). It performs no I/O.

The lists of fields are data of the catalogue; here stand the values that a host gives, and what becomes of them.
"""

from __future__ import annotations

from datetime import date, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SerializationInfo, field_serializer, model_validator

from credit_check_sdk.model._value import Several, Time, Value, Words
from credit_check_sdk.model.identifiers import mask
from credit_check_sdk.model.measure import Basis
from credit_check_sdk.model.subject import Operator

_SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_OPAQUE = "opaque"

PublicityKind = Literal["licence", "penalty"]
"""行政许可 or 行政处罚."""
PublicityAction = Literal["publish", "correct", "withdraw"]
"""公示, 更正 or 撤下."""
Destination = Literal["credit", "enterprise"]
"""信用网站 or 企业信用信息公示系统."""
PublicityStanding = Literal["waiting", "overdue", "in_time", "late"]
"""Not there yet, or no longer in time; there in time, or late."""
LicenceKind = Literal["general", "concession", "recognition", "verification", "registration", "other"]
"""许可类别: 普通, 特许, 认可, 核准, 登记, 其他."""
PenaltyKind = Literal[
    "warning", "criticism", "fine", "confiscation_of_gains", "confiscation_of_property", "suspension_of_licence",
    "downgrading", "revocation_of_licence", "restriction_of_business", "suspension_of_business", "closure",
    "restriction_of_practice", "detention", "other",
]  # fmt: skip
"""处罚类别 (行政处罚法 第九条)."""


class Office(Value):
    """An authority: its name and its social-credit code."""

    name: str = Field(min_length=1, max_length=200)
    """机关名称."""
    code: str = Field(min_length=1, max_length=18)
    """统一社会信用代码."""


class LicenceRecord(Value):
    """What a licence decision says (行政许可决定)."""

    kind: Literal["licence"] = "licence"
    """行政许可."""
    document_name: str
    """行政许可决定文书名称."""
    document_no: str
    """行政许可决定文书号."""
    category: LicenceKind
    """许可类别."""
    category_words: str | None = None
    """What it is called where it is ``other``."""
    certificate_name: str | None = None
    """许可证书名称."""
    certificate_no: str | None = None
    """许可编号."""
    content: str
    """许可内容."""
    decided_on: date
    """许可决定日期."""
    valid_from: date
    """有效期自."""
    valid_until: date | None = None
    """有效期至; None: for good (written 2099-12-31)."""
    authority: Office
    """许可机关."""
    provider: Office | None = None
    """数据来源单位; None: the authority."""
    remarks: str | None = None
    """备注."""

    @model_validator(mode="after")
    def _in_order(self) -> LicenceRecord:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            message = "valid_until lies before valid_from"
            raise ValueError(message)
        return self


class PenaltyRecord(Value):
    """What a penalty decision says (行政处罚决定). Sums are in yuan here, and in 10,000 yuan where they are published."""

    kind: Literal["penalty"] = "penalty"
    """行政处罚."""
    document_no: str
    """行政处罚决定书文号."""
    case_name: str | None = None
    """案件名称; the fields of 2016 ask for it."""
    violation: str
    """违法行为类型."""
    facts: str
    """违法事实."""
    severity: Literal["minor", "general", "serious"] = "general"
    """失信行为程度: what is minor (轻微) is not published."""
    basis: str
    """处罚依据."""
    categories: Several[PenaltyKind] = Field(min_length=1)
    """处罚类别."""
    content: str
    """处罚内容."""
    fine: Decimal | None = Field(default=None, ge=0, strict=False)
    """罚款金额, in yuan."""
    confiscated: Decimal | None = Field(default=None, ge=0, strict=False)
    """没收违法所得、没收非法财物的金额, in yuan."""
    licence: str | None = None
    """暂扣或者吊销证照名称及编号."""
    decided_on: date
    """处罚决定日期."""
    valid_until: date
    """处罚有效期."""
    shown_until: date | None = None
    """公示截止期."""
    authority: Office
    """处罚机关."""
    provider: Office | None = None
    """数据来源单位; None: the authority."""
    remarks: str | None = None
    """备注."""

    @model_validator(mode="after")
    def _fines_are_named(self) -> PenaltyRecord:
        if self.fine and "fine" not in self.categories:
            message = "there is a fine, and categories does not name it"
            raise ValueError(message)
        if "fine" in self.categories and not self.fine:
            message = "categories names a fine, and fine is missing"
            raise ValueError(message)
        return self


PublicityRecord = Annotated[LicenceRecord | PenaltyRecord, Field(discriminator="kind")]
"""A licence or a penalty decision, as a host gives it."""


class PublicityField(Value):
    """One field of a publicity list (公示字段)."""

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")
    """Its name on the wire, ``XK_XDR_MC``."""
    words: Words
    """What it is called."""
    of: str | None = Field(default=None, alias="from", pattern=r"^[a-z][a-z_]{1,40}$")
    """What fills it; None: this package does not."""
    mandatory: Literal["always", "organisation", "uscc", "person", "never"] = "never"
    """For whom it must be there: all; organisations; organisations and sole traders; natural persons; nobody."""
    form: Literal["text", "date", "amount", "code", "one_of", "some_of"] = "text"
    """What its value looks like: a day is ``2026-11-23``, an amount is in 10,000 yuan."""
    values: Several[str] = ()
    """For ``one_of`` and ``some_of``: the values allowed; what begins with 其他 may go on."""
    longest: int = Field(default=4000, ge=1)
    """The most characters."""


class PublicityForm(Value):
    """A list of fields for licences or penalties, by one edition of the standard (双公示数据标准)."""

    kind: PublicityKind
    """行政许可 or 行政处罚."""
    dialect: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,31}$")
    """Its name, ``2018``."""
    name: Words
    """What it is called."""
    basis: Several[Basis] = ()
    """On what it rests."""
    fields: Several[PublicityField] = Field(min_length=1)
    """The fields, in their order."""


class FieldTrouble(Value):
    """Why a field cannot be published as it is."""

    field: str
    """Its name on the wire."""
    words: Words
    """Why."""


class Publication(Value):
    """A licence or penalty record on its way to one destination."""

    record: str
    """Number of the record; corrections and withdrawals keep it."""
    kind: PublicityKind
    """行政许可 or 行政处罚."""
    action: PublicityAction = "publish"
    """公示, 更正 or 撤下."""
    destination: Destination
    """Where it goes."""
    dialect: str
    """Which list of fields it is written in."""
    document_no: str
    """决定文书号."""
    matter: str
    """The service item."""
    department: str
    """The department that decided."""
    decided_on: date
    """Day of the decision; of a correction or withdrawal, the day on which that was decided."""
    due_on: date | None = None
    """Last day on which it is in time (7 个工作日)."""
    provisional: bool = False
    """Whether that day lies beyond the published calendar."""
    reason: str | None = None
    """Why it is corrected or withdrawn."""
    fields: dict[str, str] = Field(repr=False)
    """The fields, by their name on the wire."""
    identifiers: Several[str] = ()
    """Names of the fields that hold an identifier: they are shown masked."""

    @field_serializer("fields")
    def _masked_unless_revealed(self, fields: dict[str, str], info: SerializationInfo) -> dict[str, str]:
        if isinstance(info.context, dict) and info.context.get("reveal"):
            return fields
        return {name: mask(_OPAQUE, value) if name in self.identifiers else value for name, value in fields.items()}


class StoredPublication(Value):
    """A publication as the ledger has it, and what became of it."""

    key: str
    """Idempotency key: that of the report in the outbox."""
    case_id: str
    """The host's number of the file."""
    channel: str
    """The channel over which it goes."""
    publication: Publication
    """What is published."""
    amends: str | None = None
    """Key of the publication that it corrects or withdraws."""
    made_at: Time
    """When it was promised."""
    operator: Operator
    """The officer."""
    state: str = "waiting"
    """Where it stands in the outbox."""
    delivered_at: Time | None = None
    """When the destination had it."""

    def standing(self, today: date) -> PublicityStanding:
        """Say how it stands on *today*, a day in Asia/Shanghai: the seventh working day is in time, the eighth late."""
        due = self.publication.due_on
        if self.delivered_at is not None:
            arrived = self.delivered_at.astimezone(_SHANGHAI).date()
            return "late" if due is not None and arrived > due else "in_time"
        return "overdue" if due is not None and today > due else "waiting"
