"""Lists of applicants as they come: what is read, what is rejected with its reason, what is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_subsidy import adapter
from credit_check_sdk import Applicant, InputError, Rejected, Remark

if TYPE_CHECKING:
    from credit_check_sdk import Reader

USCC = "91451100MA5AAAAA2F"
INPUTS = Path(__file__).resolve().parents[3].parent / "shared" / "inputs"


def read(path: Path) -> tuple[list[Applicant], list[Rejected], list[Remark]]:
    """Read a file with the reader that knows it."""
    head = path.read_bytes()[: 64 * 1024]
    reader: Reader = next(one for one in adapter.readers if one.reads(path, head))
    found = list(reader.read(path))
    return (
        [one for one in found if isinstance(one, Applicant)],
        [one for one in found if isinstance(one, Rejected)],
        [one for one in found if isinstance(one, Remark)],
    )


def csv(tmp_path: Path, data: str, encoding: str = "utf-8") -> Path:
    """Write a list."""
    path = tmp_path / "list.csv"
    path.write_bytes(data.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_list_is_read_whatever_its_encoding_and_separator(tmp_path: Path, encoding: str, sign: str) -> None:
    data = f"名称{sign}统一社会信用代码\n贺州市示例食品有限公司{sign}{USCC}\n"
    (applicant,), rejected, _ = read(csv(tmp_path, data, encoding))
    assert rejected == []
    assert applicant.subject.name == "贺州市示例食品有限公司"
    assert applicant.subject.primary is not None
    assert (applicant.subject.primary.scheme, applicant.subject.primary.normal) == ("cn-uscc", USCC)


def test_a_damaged_identifier_is_rejected_and_never_checked_as_somebody_else(tmp_path: Path) -> None:
    applicants, (rejected,), _ = read(csv(tmp_path, "name,identifier\nA,4.51102E+17\n"))
    assert applicants == []
    assert rejected.reason.zh
    assert rejected.reason.en


def test_somebody_listed_twice_is_given_once(tmp_path: Path) -> None:
    applicants, _, _ = read(csv(tmp_path, f"名称,统一社会信用代码\n甲公司,{USCC}\n甲公司,{USCC}\n"))
    assert len(applicants) == 1


def test_a_row_without_a_name_is_rejected_with_its_place(tmp_path: Path) -> None:
    applicants, (rejected,), _ = read(csv(tmp_path, f"name,identifier\n,{USCC}\nB,\n"))
    assert [applicant.subject.name for applicant in applicants] == ["B"]
    assert applicants[0].subject.identifiers == ()
    assert "2" in rejected.row


def test_a_list_without_names_is_refused_and_its_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="flag_type") as refused:
        read(csv(tmp_path, "flag_type,flag_text\nx,y\n"))
    assert refused.value.code == "file.unreadable"


def test_broken_json_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "grants.json"
    path.write_text('{"grants": [\n{"id": }]}')
    with pytest.raises(InputError, match="line 2") as refused:
        read(path)
    assert refused.value.code == "file.unreadable"


def test_a_list_without_applicants_says_so(tmp_path: Path) -> None:
    path = tmp_path / "grants.json"
    path.write_text(json.dumps({"grants": []}))
    applicants, rejected, (remark,) = read(path)
    assert (applicants, rejected, remark.items) == ([], [], 0)


@pytest.mark.parametrize(
    "grant", [None, 1, "x", [], {}, {"recipientOrganization": None}, {"recipientOrganization": [{}]}]
)
def test_a_grant_that_makes_no_sense_is_rejected_and_the_others_go_on(tmp_path: Path, grant: Any) -> None:
    good = {"id": "g", "recipientOrganization": [{"id": "GB-COH-1", "name": "Good"}]}
    path = tmp_path / "grants.json"
    path.write_text(json.dumps({"grants": [grant, good]}))
    applicants, rejected, _ = read(path)
    assert [applicant.subject.name for applicant in applicants] == ["Good"]
    assert len(rejected) == 1


def test_379_real_grants_are_305_recipients() -> None:
    path = INPUTS / "grants" / "360-a002400000KeYdsAAF.json"
    if not path.is_file():
        pytest.skip("the real inputs are not beside the project")
    applicants, rejected, (remark,) = read(path)
    assert (len(applicants), rejected, remark.items) == (305, [], 379)
