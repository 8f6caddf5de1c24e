"""Written back as OCDS: valid, nothing lost, no identifier added."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from credit_check_adapter_tendering import annotate, check_tender, load, result_package
from credit_check_sdk import CreditCheck, InputError, Operator, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from credit_check_adapter_tendering import TenderReport
    from tests.conftest import Stand

PUBLISHER = {"name": "示例市公共资源交易中心"}
USCC, OTHER = "91451100MA5TDA019K", "91451102MA5TDA027B"
RELEASE: dict[str, Any] = {
    "ocid": "ocds-demo01-1",
    "id": "r1",
    "date": "2026-01-01T00:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "parties": [
        {
            "id": "a",
            "name": "甲公司",
            "roles": ["tenderer"],
            "identifier": {"scheme": "CN-USCC", "id": USCC},
            "details": {"scale": "sme"},
        },
        {"id": "b", "name": "乙公司", "roles": ["tenderer"], "identifier": {"scheme": "CN-USCC", "id": OTHER}},
        {"id": "buyer", "name": "采购人", "roles": ["buyer"]},
    ],
    "awards": [{"id": "1", "suppliers": [{"id": "a", "name": "甲公司"}, {"id": "b", "name": "乙公司"}]}],
}
PACKAGE: dict[str, Any] = {
    "uri": "https://example.org/1.json",
    "version": "1.1",
    "publishedDate": "2026-01-01T00:00:00Z",
    "publisher": PUBLISHER,
    "releases": [RELEASE],
}


def check(stand: Stand, document: object) -> TenderReport:
    return check_tender(
        cast("CreditCheck", stand),
        document,
        matter="procurement.goods",
        point="evaluate",
        operator=Operator(id="u-1", department="451100-ggzy"),
        purpose=Purpose(text="核查", basis="政府采购法第二十二条"),
    )


def credit_check(release: dict[str, Any], key: str) -> dict[str, Any]:
    found = next(party for party in release["parties"] if party["id"] == key)
    return cast("dict[str, Any]", found["details"]["creditCheck"])


def test_a_package_gets_a_release_more_and_keeps_all_it_had(stand: Stand) -> None:
    stand.outcomes["乙公司"] = "restricted"
    before = copy.deepcopy(PACKAGE)
    written = annotate(PACKAGE, check(stand, PACKAGE))
    assert before == PACKAGE
    assert written["releases"][0] is RELEASE
    assert {**written, "releases": written["releases"][:1]} == PACKAGE
    added = written["releases"][1]
    assert added["ocid"] == "ocds-demo01-1"
    assert added["tag"] == ["tenderUpdate"]
    assert added["id"] == "ocds-demo01-1-credit-check-evaluate-2026-11-23T09:00:00+08:00"
    assert [party["id"] for party in added["parties"]] == ["a", "b"]
    said = credit_check(added, "a")
    assert said["outcome"] == "clear"
    assert said["consortium"] == {"outcome": "restricted", "partners": ["b"]}
    assert credit_check(added, "b")["measures"] == ["R-GP-01"]
    assert said["checkedAt"] == "2026-11-23T09:00:00+08:00"


def test_no_identifier_is_added(stand: Stand) -> None:
    written = annotate(PACKAGE, check(stand, PACKAGE))
    added = json.dumps(written["releases"][1], ensure_ascii=False)
    assert USCC not in added
    assert OTHER not in added


def test_written_twice_it_has_two_releases_of_different_ids(stand: Stand) -> None:
    once = annotate(PACKAGE, check(stand, PACKAGE))
    twice = annotate(once, check(stand, once))
    assert len({release["id"] for release in twice["releases"]}) == 3


def test_a_single_release_is_answered_by_a_new_one_with_all_it_held(stand: Stand) -> None:
    written = annotate(RELEASE, check(stand, RELEASE))
    assert written["tag"] == ["tender", "tenderUpdate"]
    assert written["id"] != RELEASE["id"]
    assert written["awards"] == RELEASE["awards"]
    assert written["parties"][0]["details"]["scale"] == "sme"
    assert written["parties"][2] == RELEASE["parties"][2]
    assert credit_check(written, "b")["outcome"] == "clear"


def test_in_a_record_the_compiled_release_shows_it_too(stand: Stand) -> None:
    record = {"ocid": "ocds-demo01-1", "releases": [RELEASE], "compiledRelease": {**RELEASE, "tag": ["compiled"]}}
    written = annotate({"records": [record, 5]}, check(stand, {"records": [record, 5]}))
    first = written["records"][0]
    assert written["records"][1] == 5
    assert credit_check(first["compiledRelease"], "a")["outcome"] == "clear"
    assert first["releases"][0] == RELEASE
    assert credit_check(first["releases"][1], "a")["outcome"] == "clear"
    assert annotate(record, check(stand, record)) == first


def test_links_of_a_record_stay_links(stand: Stand) -> None:
    links = [{"url": "https://example.org/1", "date": "2026-01-01T00:00:00Z", "tag": ["tender"]}]
    record = {"ocid": "ocds-demo01-1", "releases": links, "compiledRelease": RELEASE}
    written = annotate(record, check(stand, record))
    assert written["releases"] == links
    assert credit_check(written["compiledRelease"], "b")["outcome"] == "clear"


def test_bidders_without_an_id_get_one(stand: Stand) -> None:
    old = {"ocid": "o", "tender": {"tenderers": [{"name": "丁公司"}]}}
    added = annotate({"releases": [old]}, check(stand, {"releases": [old]}))["releases"][1]
    assert added["parties"][0]["id"] == "credit-check-bidder-1"
    assert (added["parties"][0]["name"], added["parties"][0]["roles"]) == ("丁公司", ["tenderer"])
    whole = annotate(old, check(stand, old))
    assert credit_check(whole, "credit-check-bidder-1")["outcome"] == "review"


def test_those_who_share_an_id_get_the_worst(stand: Stand) -> None:
    stand.outcomes["乙公司"] = "restricted"
    shared = {**RELEASE, "awards": [], "parties": [{**party, "id": "x"} for party in RELEASE["parties"][:2]]}
    added = annotate([shared], check(stand, [shared]))[1]
    assert len(added["parties"]) == 1
    assert credit_check(added, "x")["outcome"] == "restricted"


def test_lists_of_releases_and_of_packages(stand: Stand) -> None:
    second = {**RELEASE, "ocid": "ocds-demo01-2"}
    written = annotate([RELEASE, second], check(stand, [RELEASE, second]))
    assert [release["ocid"][-1] for release in written] == ["1", "2", "1", "2"]
    packages = [PACKAGE, {**PACKAGE, "releases": [second]}, 5]
    written = annotate(packages, check(stand, packages))
    assert [len(package["releases"]) for package in written[:2]] == [2, 2]
    assert written[1]["releases"][1]["ocid"] == "ocds-demo01-2"
    assert written[2] == 5


@pytest.mark.parametrize("document", [{"ocid": "o", "tag": ["tender"]}, {"releases": []}, {"records": []}, []])
def test_without_bidders_nothing_is_added(stand: Stand, document: object) -> None:
    report = check(stand, document)
    assert annotate(document, report) == document
    with pytest.raises(InputError, match="nobody was checked"):
        result_package(
            document, report, uri="https://example.org/r", publisher=PUBLISHER, published_at=datetime.now(UTC)
        )


def test_a_report_of_another_document_is_refused(stand: Stand) -> None:
    report = check(stand, PACKAGE)
    other = {**PACKAGE, "releases": [{**RELEASE, "parties": RELEASE["parties"][1:]}]}
    with pytest.raises(InputError, match="another document"):
        annotate(other, report)


NAMES = [
    "bluetail-tenderers.json",
    "doc-buyers_suppliers-consortia.json",
    "doc-organizations-personal_identifier.json",
    "doc-unsuccessful_tender-related_process.json",
    "fictional-04-award.json",
    "fictional-06-implementation.json",
    "fictional-record.json",
]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_added_is_valid_and_adds_no_fault(
    inputs: Path, stand: Stand, errors_in: Callable[[str, object], list[str]], name: str
) -> None:
    document = load(inputs / "ocds" / name)
    report = check(stand, document)
    schema = "record-package-schema-1.1.json" if "records" in document else "release-package-schema-1.1.json"
    before, after = errors_in(schema, document), errors_in(schema, annotate(document, report))
    assert after == before
    alone = result_package(
        document,
        report,
        uri="https://example.org/r",
        publisher=PUBLISHER,
        published_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert errors_in("release-package-schema-1.1.json", alone) == []
    assert errors_in("eu-profile-release-schema.json", alone["releases"][0]) == []


def test_a_valid_package_stays_valid(stand: Stand, errors_in: Callable[[str, object], list[str]]) -> None:
    assert errors_in("release-package-schema-1.1.json", PACKAGE) == []
    assert errors_in("release-package-schema-1.1.json", annotate(PACKAGE, check(stand, PACKAGE))) == []
    assert errors_in("release-schema-1.1.json", annotate(RELEASE, check(stand, RELEASE))) == []
    assert errors_in("release-package-schema-1.1.json", {**PACKAGE, "releases": [{}]}) != []
