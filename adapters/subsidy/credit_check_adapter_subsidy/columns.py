"""Which column is which, in Chinese and English. It opens no file and reads no row.

Exact names come first, then what Chinese headers are made of; a header that speaks of the bank, the contact or the
competent office is never taken for the applicant's.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.cells import text
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_adapter_subsidy.identity import Hint

_EXACT: dict[str, tuple[str, ...]] = {
    "name": (
        "名称", "企业名称", "单位名称", "公司名称", "主体名称", "申请人", "申请人名称", "申请单位", "申报单位", "申请企业", "申报企业",
        "机构名称", "法人名称", "姓名", "申请人姓名", "受助方", "补贴对象",
        "name", "applicant", "applicant name", "recipient", "recipient name", "organisation", "organisation name",
        "organization", "organization name", "company", "company name", "legal name", "beneficiary", "beneficiary name",
    ),
    "scheme": ("证件类型", "证件种类", "标识类型", "scheme", "identifier scheme", "id scheme", "id type", "identifier type"),
    "category": ("主体类别", "申请人类别", "申请人类型", "主体类型", "category", "subject category", "applicant type"),
    "founded_on": ("成立日期", "设立日期", "注册日期", "founded on", "founded", "incorporated on", "incorporation date"),
    "legal_name": (
        "法定代表人", "法定代表人姓名", "法人代表", "法人代表姓名", "法人姓名", "法人", "负责人", "负责人姓名", "legal representative",
        "legal representative name",
    ),
    "process": ("申报编号", "项目编号", "受理编号", "补贴项目", "application number", "grant programme", "programme", "process"),
}  # fmt: skip
_IDENTIFIERS: dict[str, Hint | None] = {
    "统一社会信用代码": "cn-uscc", "社会信用代码": "cn-uscc", "信用代码": "cn-uscc", "统一信用代码": "cn-uscc", "uscc": "cn-uscc",
    "unified social credit code": "cn-uscc", "social credit code": "cn-uscc", "credit code": "cn-uscc",
    "纳税人识别号": "cn-uscc", "组织机构代码": "cn-org-code", "注册号": "cn-reg-no", "工商注册号": "cn-reg-no",
    "营业执照号": "cn-uscc", "营业执照号码": "cn-uscc",
    "身份证号": "cn-resident-id", "身份证号码": "cn-resident-id", "身份证": "cn-resident-id", "公民身份号码": "cn-resident-id",
    "居民身份证号": "cn-resident-id",
    "证件号码": None, "证件号": None, "代码": None, "标识": None, "标识码": None, "identifier": None, "id number": None,
    "recipient id": None, "recipient identifier": None, "applicant id": None, "organisation id": None,
    "organization id": None, "organisation identifier": None, "organization identifier": None, "company number": None,
    "registration number": None, "org id": None, "id": None,
}  # fmt: skip
_GIVING = {
    "recipient org:name": "name",
    "recipient ind:name": "name",
    "recipient org:identifier": "identifier",
    "recipient ind:identifier": "identifier",
    "recipient org:company number": "company",
    "recipient org:charity number": "charity",
    "identifier": "process",
}
"""Flat 360Giving: there ``Identifier`` is the grant's, and ``Title`` nobody's name."""

_OTHERS = re.compile(r"联系|经办|主管|推荐|开户|银行|账户|账号|部门|担保|监理|填表|制表|审核|上级|母公司|股东")
_OF_HEAD = re.compile(r"法定代表人|法人代表|法人(?!及|名称)|负责人|法代")
_NUMBER = re.compile(r"信用代码|机构代码|注册号|证件号|身份证|身份号|识别号")
_NAME = re.compile(
    r"(?:企业|单位|公司|机构|组织|主体|申请人|申报人|申请方|个人|商户|合作社|受益人|受助|补[助贴]对象|农户).*(?:名称|姓名)"
    r"|(?:申请|申报|受益|补助|补贴|受补|享受).{0,2}(?:人|企业|单位|对象|主体)"
)
_SHOWN = 12
_LONGEST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each thing stands."""

    header: tuple[str, ...]
    """The header as it was written."""
    places: Mapping[str, int] = field(default_factory=dict)
    """For each kind of column, its place."""
    identifiers: tuple[tuple[int, Hint | None], ...] = ()
    """Places of the subject's identifiers and what their headers say, codes of organisations first."""
    persons: bool = False
    """Whether the column of names is one of persons (姓名)."""

    def cell(self, row: Sequence[Any], what: str) -> Any:
        """Give a cell, or None where there is no such column or the row is short."""
        return at(row, self.places.get(what))


def at(row: Sequence[Any], place: int | None) -> Any:
    """Give the cell at a place, or None where there is none."""
    return row[place] if place is not None and place < len(row) else None


def recognise(header: Sequence[Any]) -> Columns | None:
    """See which column is which, or None where no column holds names."""
    seen = [plain(text(cell)) for cell in header]
    shown = tuple(text(cell) for cell in header)
    if any(name.startswith(("recipient org:", "recipient ind:")) for name in seen):
        return _giving(seen, shown)
    places: dict[str, int] = {}
    for what, names in _EXACT.items():
        place = next((seen.index(name) for name in names if name in seen), None)
        if place is not None:
            places[what] = place
    if "name" not in places:
        place = next((at for at, name in enumerate(seen) if _NAME.fullmatch(name) and not _foreign(name)), None)
        if place is not None:
            places["name"] = place
    if "name" not in places:
        return None
    taken = set(places.values())
    identifiers: list[tuple[int, Hint | None]] = []
    for place, name in enumerate(seen):
        if place in taken or not (name in _IDENTIFIERS or _NUMBER.search(name)) or _OTHERS.search(name):
            continue
        if _OF_HEAD.search(name):
            places.setdefault("legal_id", place)
        else:
            identifiers.append((place, _hint(name)))
    identifiers = _without_head_s(identifiers, places)
    # Codes of organisations first: beside one of them a personal number is hardly the applicant's own.
    identifiers.sort(key=lambda one: (one[1] == "cn-resident-id", one[1] is None, one[0]))
    return Columns(shown, places, tuple(identifiers), persons="姓名" in seen[places["name"]])


def no_names(place: str, zh_place: str, header: Sequence[Any]) -> InputError:
    """Say that no column holds names, naming the columns seen and those expected."""
    cells = [text(cell)[:_LONGEST_SHOWN] for cell in header if text(cell)]
    shown = ", ".join(cells[:_SHOWN]) + (", …" if len(cells) > _SHOWN else "") or "—"
    return InputError(
        f"{place}: no column of names (columns seen: {shown})",
        f"{zh_place}：没有名称列（现有列：{shown}）",
        code="file.unreadable",
        remedy_en="call one column name, applicant or recipient (名称, 企业名称, 单位名称, 申请人), and one identifier (统一社会信用代码, "
        "身份证号, 证件号码)",
        remedy_zh="请将一列命名为“名称”“企业名称”“单位名称”或“申请人”（name、recipient），一列命名为“统一社会信用代码”“身份证号”或“证件号码”（identifier）",
    )


def plain(name: str) -> str:
    """Bring a header into the form in which headers are compared: width, case, stars, remarks in brackets aside."""
    folded = re.sub(r"[(（\[【].*?[)）\]】]", "", unicodedata.normalize("NFKC", name)).strip().casefold()
    folded = re.sub(r"^[*＊\s]+|[*＊:：\s]+$", "", folded)
    if re.search(r"[\u4e00-\u9fff]", folded):
        return re.sub(r"[\s_]+", "", folded)
    return re.sub(r"[\s_]+", " ", folded)


def _giving(seen: list[str], shown: tuple[str, ...]) -> Columns | None:
    places: dict[str, int] = {}
    identifiers: list[tuple[int, Hint | None]] = []
    persons = "recipient org:name" not in seen
    for place, name in enumerate(seen):
        what = _GIVING.get(name)
        if what == "identifier":
            identifiers.append((place, None))
        elif what is not None:
            places.setdefault(what, place)
    return Columns(shown, places, tuple(identifiers), persons=persons) if "name" in places else None


def _foreign(name: str) -> bool:
    """Say whether a header speaks of somebody else than the applicant."""
    return bool(_OTHERS.search(name) or _OF_HEAD.search(name))


def _hint(name: str) -> Hint | None:
    if name in _IDENTIFIERS:
        return _IDENTIFIERS[name]
    personal = bool(re.search(r"身份证|身份号", name))
    code = bool(re.search(r"信用代码|识别号", name))
    if personal and code:  # 统一社会信用代码/身份证号码: each row tells for itself
        return None
    if personal:
        return "cn-resident-id"
    if code:
        return "cn-uscc"
    return "cn-org-code" if "机构代码" in name else "cn-reg-no" if "注册号" in name else None


def _without_head_s(
    identifiers: list[tuple[int, Hint | None]], places: dict[str, int]
) -> list[tuple[int, Hint | None]]:
    """Take out a personal number that stands right of the legal representative, beside a code of the organisation."""
    head = places.get("legal_name")
    others = [one for one in identifiers if one[1] != "cn-resident-id"]
    if head is None or not others or "legal_id" in places:
        return identifiers
    if (head + 1, "cn-resident-id") in identifiers:
        places["legal_id"] = head + 1
        return [one for one in identifiers if one != (head + 1, "cn-resident-id")]
    return identifiers
