"""A case from the rows of the exchange."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import standard
from credit_check_sdk import CaseError, Identifier, InputError, Party, Subject

if TYPE_CHECKING:
    from credit_check_sdk import MatterPolicy
    from tests.conftest import Make

Accept = dict[str, Any]
USCC = "91451100MUAP01011F"
SOLE_TRADER = "92451100MUAP01011D"
RESIDENT = "451102199001010010"


def test_a_file_becomes_a_case(make: Make, accept: Accept) -> None:
    accept["promise_date"] = "2026-12-18"
    case = make({"up_pro_accept": accept}, founded_on=date(2015, 5, 4))
    assert (case.id, case.matter, case.point) == ("451100-2026-000123", "licence.food-production", "accept")
    assert case.subject.category == "organisation"
    assert case.subject.keys >= {("cn-uscc", USCC)}
    assert case.subject.founded_on == date(2015, 5, 4)
    assert case.opened_at.isoformat() == "2026-11-23T09:00:00+08:00"
    assert case.region == "451100"
    assert case.host["promise_date"] == "2026-12-18"
    assert case.host["task_name"] == "食品生产许可"
    assert case.parties == ()


@pytest.mark.parametrize("field", standard().required["up_pro_accept"])
@pytest.mark.parametrize("empty", [None, "", "  ", "\u200b"])
def test_every_required_field_is_asked_for_by_name(make: Make, accept: Accept, field: str, empty: str | None) -> None:
    accept[field] = empty
    with pytest.raises(CaseError) as refused:
        make({"up_pro_accept": accept})
    assert f"up_pro_accept.{field} is missing" in str(refused.value)
    assert f"up_pro_accept.{field} 缺失" in refused.value.words("zh-CN")
    assert isinstance(refused.value, InputError)


@pytest.mark.parametrize(
    ("table", "field"),
    [(table, field) for table, fields in standard().required.items() if table != "up_pro_accept" for field in fields],
)
def test_the_other_tables_are_asked_too(make: Make, accept: Accept, table: str, field: str) -> None:
    full = dict.fromkeys(standard().required[table], "2026-11-23") | {"project_no": accept["project_no"]}
    lacking = {name: value for name, value in full.items() if name != field}
    make({"up_pro_accept": accept, table: [full]})
    with pytest.raises(CaseError, match=rf"{table}\[1\]\.{field} is missing"):
        make({"up_pro_accept": accept, table: [full, lacking]})


def test_columns_in_upper_and_camel_case_are_understood(make: Make, accept: Accept) -> None:
    upper = {name.upper(): value for name, value in accept.items()}
    camel = {
        "".join(part.title() if place else part for place, part in enumerate(name.split("_"))): value
        for name, value in accept.items()
    }
    plain = make({"up_pro_accept": accept})
    assert make({"UP_PRO_ACCEPT": upper}) == plain
    assert make({"upProAccept": [camel]}) == plain


def test_bytes_of_a_gb18030_database_are_read(make: Make, accept: Accept) -> None:
    accept["applyer_name"] = "贺州市龘示例有限公司".encode("gb18030")
    accept["task_name"] = "食品生产许可".encode()
    case = make({"up_pro_accept": accept})
    assert case.subject.name == "贺州市龘示例有限公司"
    assert case.host["task_name"] == "食品生产许可"


@pytest.mark.parametrize(
    ("kind", "page_type", "value", "told"),
    [
        ("2", "001", USCC, "organisation cn-uscc"),
        ("企业法人", "统一社会信用代码", USCC, "organisation cn-uscc"),
        ("3", "002", "MUAP0101-1", "organisation cn-org-code"),
        ("6", "001", USCC, "organisation cn-uscc"),
        ("9", "工商注册号", "451100000000013", "organisation cn-reg-no"),
        ("5", "001", SOLE_TRADER, "sole_trader cn-uscc"),
        ("1", "001", SOLE_TRADER, "sole_trader cn-uscc"),
        ("1", "111", RESIDENT, "person cn-resident-id"),
        ("1", "10", RESIDENT, "person cn-resident-id"),
        ("1", "414", "E12345678", "person passport"),
        ("自然人", "516", "H1234567890", "person cn-hk-macao-permit"),
        ("1", "553", "XYZ451100010110", "person cn-residence-permit"),
    ],
)
def test_codes_are_looked_up(make: Make, accept: Accept, kind: str, page_type: str, value: str, told: str) -> None:
    accept |= {"applyer_type": kind, "applyer_page_type": page_type, "applyer_page_code": value}
    subject = make({"up_pro_accept": accept}).subject
    assert f"{subject.category} {subject.identifiers[0].scheme}" == told


def test_a_region_brings_its_own_codes(make: Make, accept: Accept) -> None:
    accept |= {"applyer_type": "Q7", "applyer_page_type": "SYD"}
    with pytest.raises(CaseError, match=r"applyer_page_type has an unknown code 'SYD'"):
        make({"up_pro_accept": accept})
    tables = standard().extended(categories={"Q7": "organisation"}, schemes={"SYD": "cn-uscc"})
    assert make({"up_pro_accept": accept}, tables=tables).subject.category == "organisation"
    assert "Q7" not in standard().categories


def test_the_exchange_has_two_characters_for_an_event() -> None:
    with pytest.raises(InputError, match="one or two characters"):
        standard().extended(event="check")


@pytest.mark.parametrize(("kind", "page_type", "value"), [("1", "001", USCC), ("2", "111", RESIDENT)])
def test_what_contradicts_itself_is_refused(make: Make, accept: Accept, kind: str, page_type: str, value: str) -> None:
    accept |= {"applyer_type": kind, "applyer_page_type": page_type, "applyer_page_code": value}
    with pytest.raises(CaseError, match="applyer_type says") as refused:
        make({"up_pro_accept": accept})
    assert value not in str(refused.value)


@pytest.mark.parametrize("value", ["4511**********0010", "4" * 200])
def test_an_identifier_that_is_none_is_refused_and_never_shown(make: Make, accept: Accept, value: str) -> None:
    accept |= {"applyer_type": "1", "applyer_page_type": "111", "applyer_page_code": value}
    with pytest.raises(CaseError, match="applyer_page_code is masked or no identifier") as refused:
        make({"up_pro_accept": accept})
    assert value not in str(refused.value)
    assert value not in refused.value.words("zh-CN")
    assert refused.value.__suppress_context__


def test_a_failed_check_digit_refuses_nothing(make: Make, accept: Accept) -> None:
    accept["applyer_page_code"] = "91350100M0001TGQXM"
    assert make({"up_pro_accept": accept}).subject.primary is not None


@pytest.mark.parametrize(
    "matters",
    [
        {"11451100MUB0000000200013100400001": "licence.food-production", "000131004000": "other"},
        {"000131004000": "licence.food-production"},
        {"LOCAL-7": "licence.food-production"},
        {"11451100MUB0000000": "licence.food-production", "1145": "other"},
    ],
)
def test_a_service_item_leads_to_a_matter(make: Make, accept: Accept, matters: dict[str, str]) -> None:
    accept["local_catalog_code"] = "LOCAL-7"
    assert make({"up_pro_accept": accept}, matter_map=matters).matter == "licence.food-production"


@pytest.mark.parametrize("matters", [{}, {"99": "other"}, {"": "other"}])
def test_a_service_item_that_leads_nowhere_is_refused(make: Make, accept: Accept, matters: dict[str, str]) -> None:
    with pytest.raises(CaseError, match="leads to no matter") as refused:
        make({"up_pro_accept": accept}, matter_map=matters)
    assert refused.value.code == "case.unknown_matter"


@pytest.mark.parametrize(
    ("code", "region"),
    [("11451100MUB000000X", "451100"), ("451102000000", "451102"), ("451100-scjgj", "451100"), ("SPJ", None)],
)
def test_the_region_is_read_off_the_office(make: Make, accept: Accept, code: str, region: str | None) -> None:
    accept["org_code"] = code
    assert make({"up_pro_accept": accept}).region == region


def test_a_date_that_is_none_is_refused(make: Make, accept: Accept) -> None:
    accept["accept_date"] = "昨天"
    with pytest.raises(CaseError, match=r"up_pro_accept\.accept_date is no date"):
        make({"up_pro_accept": accept})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "up_pro_accept is missing"),
        ({"up_pro_accept": []}, "up_pro_accept is missing"),
        ({"up_pro_accept": "row"}, "is no row and no list of rows"),
        ({"up_pro_accept": [1]}, "is no row"),
    ],
)
def test_rows_of_another_shape_are_refused(make: Make, rows: dict[str, Any], said: str) -> None:
    with pytest.raises(CaseError, match=said):
        make(rows)


def test_a_case_is_made_of_one_file(make: Make, accept: Accept) -> None:
    with pytest.raises(CaseError, match="has 2 rows"):
        make({"up_pro_accept": [accept, accept]})
    other = {"project_no": "another", "material_name": "申请书", "get_type": "1"}
    with pytest.raises(CaseError, match=r"up_pro_material\[0\]\.project_no is another file's"):
        make({"up_pro_accept": accept, "up_pro_material": [other]})


def test_tables_of_a_region_are_left_alone(make: Make, accept: Accept) -> None:
    assert make({"up_pro_accept": accept, "up_pro_fee": [{"anything": 1}]}) == make({"up_pro_accept": accept})


def test_interruptions_are_kept_for_the_host(make: Make, accept: Accept) -> None:
    row = {
        "project_no": accept["project_no"],
        "special_type": "2",
        "special_name": "听证",
        "special_reason": "行政许可法第四十七条",
        "special_time": "2026/11/24 10:00",
        "end_time": "20261127",
    }
    host = make({"up_pro_accept": accept, "up_pro_special_procedure": row}).host
    assert host["special_procedures"] == [
        {"type": "2", "name": "听证", "from": "2026-11-24T10:00:00+08:00", "until": "2026-11-27T00:00:00+08:00"}
    ]


def test_nobody_who_is_not_asked_about_is_named(make: Make, accept: Accept, policy: MatterPolicy) -> None:
    accept |= {"legal": "张示例", "contact_name": "李示例", "contact_type": "111", "contact_code": RESIDENT}
    policies = {policy.code: policy}
    case = make({"up_pro_accept": accept}, policies=policies)
    assert [(one.role, one.subject.name, one.subject.identifiers) for one in case.parties] == [
        ("legal_representative", "张示例", ())
    ]
    assert RESIDENT not in case.model_dump_json(context={"reveal": True})
    asks = policy.model_copy(update={"query_roles": ("agent",)})
    case = make({"up_pro_accept": accept}, policies={policy.code: asks})
    assert [one.role for one in case.parties] == ["agent"]
    assert case.parties[0].subject.keys == {("cn-resident-id", RESIDENT)}
    case = make({"up_pro_accept": accept}, policies={})
    assert [one.role for one in case.parties] == ["legal_representative"]


def test_the_host_knows_the_legal_representative_better(make: Make, accept: Accept, policy: MatterPolicy) -> None:
    accept["legal"] = "张 示例"
    known = Party(
        role="legal_representative",
        subject=Subject(
            category="person",
            name="张示例",
            identifiers=(Identifier(scheme="cn-resident-id", value=RESIDENT),),
        ),
    )
    assert make({"up_pro_accept": accept}, policies={policy.code: policy}, parties=[known]).parties == (known,)
    accept |= {"legal_type": "111", "legal_code": RESIDENT}
    of_region = make({"up_pro_accept": accept}, policies={policy.code: policy}).parties
    assert [one.subject.keys for one in of_region] == [{("cn-resident-id", RESIDENT)}]


def test_the_head_of_a_sole_trader_is_its_owner(make: Make, accept: Accept) -> None:
    accept |= {"legal": "张示例", "applyer_page_code": SOLE_TRADER}
    assert [one.role for one in make({"up_pro_accept": accept}).parties] == ["owner"]


def test_a_person_is_nobody_else_s_party(make: Make, accept: Accept) -> None:
    accept |= {
        "applyer_name": "王示例",
        "applyer_type": "1",
        "applyer_page_type": "111",
        "applyer_page_code": RESIDENT,
        "legal": "王示例",
        "contact_name": "王示例",
    }
    assert make({"up_pro_accept": accept}).parties == ()


def test_no_identifier_no_address_and_no_number_is_kept_for_the_host(make: Make, accept: Accept) -> None:
    accept |= {"address": "示例路 1 号", "contact_mobile": "13800000000", "contact_code": RESIDENT, "legal": "张示例"}
    case = make({"up_pro_accept": accept})
    told = repr(case) + case.model_dump_json()
    assert all(secret not in told for secret in (USCC, RESIDENT, "13800000000", "示例路"))
