"""Files that others wrote: how many bidders each has, and that none breaks the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit_check_adapter_tendering import OcdsReader
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Read

COUNTS = {
    "bluetail-tenderers.json": 5,
    "cardinal-R018.jsonl": 0,
    "cardinal-R024.jsonl": 48,
    "cardinal-R025.jsonl": 21,
    "cardinal-R028.jsonl": 16,
    "cardinal-R030.jsonl": 6,
    "cardinal-R035.jsonl": 32,
    "cardinal-R036.jsonl": 0,
    "cardinal-R038.jsonl": 8,
    "cardinal-R058.jsonl": 40,
    "doc-beneficial_ownership-award.json": 1,
    "doc-beneficial_ownership-beneficial_owners_extension.json": 1,
    "doc-buyers_suppliers-consortia.json": 2,
    "doc-frameworks-open_multiple_award.json": 1,
    "doc-organizations-identifiers.json": 1,
    "doc-organizations-personal_identifier.json": 1,
    "doc-pre-qualification-pre-qualification_tender.json": 0,
    "doc-pre-qualification-pre-selection_tender.json": 0,
    "doc-release_schema_reference-release_package.json": 1,
    "doc-unsuccessful_tender-related_process.json": 2,
    "fictional-01-planning.json": 0,
    "fictional-02-tender.json": 0,
    "fictional-03-tenderAmendment.json": 0,
    "fictional-04-award.json": 2,
    "fictional-05-contract.json": 2,
    "fictional-06-implementation.json": 2,
    "fictional-record.json": 2,
}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_everybody_is_found_once(inputs: Path, read: Callable[[Path], Read], name: str, count: int) -> None:
    path = inputs / "ocds" / name
    assert OcdsReader().reads(path, path.read_bytes()[:65536])
    found = read(path)
    assert len(found.applicants) == count
    assert not found.rejected
    assert found.remark.items > 0
    if not count:
        assert "no bidders or suppliers" in found.remark.words.en


def test_every_json_file_is_read_or_refused_with_words(inputs: Path, read: Callable[[Path], Read]) -> None:
    refused = []
    for path in sorted((inputs / "ocds").rglob("*.json*")):
        assert OcdsReader().reads(path, path.read_bytes()[:65536]), path.name
        try:
            read(path)
        except InputError as error:
            refused.append((path.name, error.code, "line 1" in str(error)))
    assert {(code, placed) for _, code, placed in refused} == {("file.unreadable", True)}
    assert {name for name, _, _ in refused} == {
        "doc-beneficial_ownership-beneficial_ownership_statement_ownership.json",
        "bid-extension-release-schema.json",
        "eu-profile-release-package-schema.json",
        "eu-profile-release-schema.json",
        "record-package-schema-1.1.json",
        "release-package-schema-1.1.json",
        "release-schema-1.1.json",
    }


def test_what_is_of_another_kind_is_left_alone(inputs: Path) -> None:
    others = [path for path in inputs.rglob("*") if path.is_file() and path.parts[len(inputs.parts)] != "ocds"]
    others += (inputs / "ocds").glob("*.csv")
    assert len(others) > 20
    assert [path.name for path in others if OcdsReader().reads(path, path.read_bytes()[:65536])] == []


def test_the_official_consortium_has_two_members_of_whom_one_is_doubtful(
    inputs: Path, read: Callable[[Path], Read]
) -> None:
    found = read(inputs / "ocds" / "doc-buyers_suppliers-consortia.json")
    assert [[p.role for p in one.parties] for one in found.applicants] == [["consortium_member"], ["consortium_member"]]
    assert [one.host["doubtful"] for one in found.applicants] == [False, True]
    assert [one.row for one in found.applicants] == ["releases[0].parties[0][0]", "releases[0].parties[0][1]"]


def test_the_bidder_that_is_a_person_is_one(inputs: Path, read: Callable[[Path], Read]) -> None:
    found = read(inputs / "ocds" / "doc-organizations-personal_identifier.json")
    assert found.only.subject.category == "person"
    assert "1234567" not in repr(found.only) + found.only.model_dump_json()


def test_the_owner_of_a_company_stands_beside_it(inputs: Path, read: Callable[[Path], Read]) -> None:
    found = read(inputs / "ocds" / "doc-beneficial_ownership-beneficial_owners_extension.json")
    assert [(one.role, one.subject.category) for one in found.only.parties] == [("controller", "person")]
