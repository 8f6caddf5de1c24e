"""Messy reality: whoever bids or supplies is found, once, and what is doubtful is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import InputError, Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Read, Write

USCC = "91451100MA5AAAAA2F"
OTHER = "91450000MA0000007U"
PERSON = "451102199001010010"


def coh(number: str) -> dict[str, str]:
    return {"scheme": "GB-COH", "id": number}


def party(key: str, name: str, identifier: object = None, *roles: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": key, "name": name, "roles": list(roles or ("tenderer",))}
    return made if identifier is None else {**made, "identifier": identifier}


def release(**parts: object) -> dict[str, Any]:
    return {"ocid": "ocds-demo01-1", "id": "r1", "date": "2026-01-01T00:00:00Z", "tag": ["tender"], **parts}


@pytest.fixture
def read_release(write: Write, read: Callable[[Path], Read]) -> Callable[[object], Read]:
    return lambda document: read(write(document))


class TestShapes:
    """Lists that are no lists, in the right places."""

    def test_parties_inside_lists_of_lists(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(release(parties=[[[party("a", "A")], party("b", "B")]]))
        assert [one.row for one in found.applicants] == ["parties[0][0][0]", "parties[0][1]"]

    def test_one_object_in_the_place_of_a_list(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            {
                "releases": release(
                    parties=party("a", "A", coh("1"), "supplier"),
                    tender={"tenderers": {"id": "b", "name": "B"}},
                    awards={"suppliers": {"id": "a"}},
                    bids={"details": {"tenderers": {"id": "c", "name": "C"}}},
                )
            }
        )
        assert found.names == ["A", "B", "C"]

    def test_a_map_in_the_place_of_a_list(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties={
                    "k1": {"name": "A", "roles": ["tenderer"]},
                    "k2": {"identifier": coh("2"), "legalName": "B", "roles": "supplier"},
                },
                awards=[{"suppliers": [{"id": "k1"}]}],
            )
        )
        assert found.names == ["A", "B"]
        assert found.applicants[0].row == "parties[0]"

    @pytest.mark.parametrize("nothing", [None, [], [None], {}, "", 0, False, [[]]])
    def test_nothing_in_the_place_of_a_list(self, read_release: Callable[[object], Read], nothing: object) -> None:
        found = read_release(
            release(parties=nothing, tender=nothing, awards=nothing, contracts=nothing, bids=nothing, buyer=nothing)
        )
        assert not found.applicants
        assert "没有投标人或供应商" in found.remark.words.zh
        assert "no bidders or suppliers" in found.remark.words.en

    @pytest.mark.parametrize("odd", ["text", 5, 1.5, True, [1, "x", None, [2]], {"a": {"b": {"c": []}}}, {"a": 1}])
    def test_wrong_types_anywhere_never_break_it(self, read_release: Callable[[object], Read], odd: object) -> None:
        good = party("good", "Good", coh("1"))
        bent = {
            "id": odd, "name": odd, "roles": odd, "identifier": odd, "additionalIdentifiers": odd, "details": odd,
            "beneficialOwners": odd, "shareholders": odd,
        }  # fmt: skip
        document = release(
            ocid=odd,
            date=odd,
            parties=[good, {**bent, "roles": ["tenderer"]}, bent, odd],
            tender={"id": odd, "tenderers": [odd, bent], "numberOfTenderers": odd},
            bids={"details": [odd, {"id": odd, "status": odd, "tenderers": odd}]},
            awards=[odd, {"suppliers": odd}],
            contracts=odd,
        )
        found = read_release(document)
        assert "Good" in found.names
        found = read_release({"releases": [document, odd], "version": odd})
        assert "Good" in found.names
        found = read_release({"records": [{"ocid": "1", "releases": odd, "compiledRelease": document}, odd]})
        assert "Good" in found.names
        assert found.remark.items >= 1

    def test_ids_as_numbers_and_numbers_as_text(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[
                    party("7", "Seven", coh("1")),
                    {"id": 8.0, "name": "Eight", "identifier": {**coh("2"), "id": 2}},
                ],
                tender={"tenderers": [{"id": 7, "name": "Seven"}, {"id": 8, "name": "Eight"}]},
                awards=[{"suppliers": ["7"]}],
            )
        )
        assert found.names == ["Seven", "Eight"]
        assert found.applicants[1].subject.identifiers[0].value == "2"

    def test_who_has_neither_name_nor_id_is_rejected_with_its_place(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(release(tender={"tenderers": [{}, {"address": {}}, {"id": "a", "name": "A"}, True]}))
        assert found.names == ["A"]
        rows = ["tender.tenderers[0]", "tender.tenderers[1]", "tender.tenderers[3]"]
        assert [one.row for one in found.rejected] == rows

    def test_a_character_that_cannot_be_written_is_taken_out(self, write: Write, read: Callable[[Path], Read]) -> None:
        path = write({})
        path.write_text(
            '{"ocid": "1", "tender": {"tenderers": [{"name": "A\\ud800\\u0000 Ltd\\n"}]}}', encoding="ascii"
        )
        assert read(path).names == ["A Ltd"]

    def test_a_very_long_name_is_cut(self, read_release: Callable[[object], Read]) -> None:
        assert len(read_release(release(parties=[party("a", "A" * 900)])).only.subject.name) == 512


class TestDocuments:
    """Packages, records, releases."""

    def test_releases_of_one_process_are_one(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            {
                "releases": [
                    release(parties=[party("a", "A", coh("1"))]),
                    release(id="r2", parties=[party("a", "A", coh("1"), "supplier"), party("b", "B", coh("2"))]),
                    {**release(parties=[party("a", "A", coh("1"))]), "ocid": "ocds-demo01-2"},
                ]
            }
        )
        assert [(one.process, one.subject.name) for one in found.applicants] == [
            ("ocds-demo01-1", "A"), ("ocds-demo01-1", "B"), ("ocds-demo01-2", "A"),
        ]  # fmt: skip
        assert found.applicants[0].host["capacities"] == ["tenderer", "supplier"]

    def test_lines_of_one_process_are_one(self, tmp_path: Path, read: Callable[[Path], Read]) -> None:
        lines = [
            release(tender={"id": "T1", "tenderers": [{"id": "a", "name": "A"}]}),
            {**release(tender={"tenderers": [{"id": "x", "name": "X"}]}), "ocid": "ocds-demo01-2"},
            release(parties=[party("a", "A", coh("1"))], awards=[{"suppliers": [{"id": "a"}]}]),
        ]
        path = tmp_path / "all.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        found = read(path)
        assert [(one.process, one.subject.name) for one in found.applicants] == [
            ("ocds-demo01-2", "X"), ("ocds-demo01-1", "A"),
        ]  # fmt: skip
        assert found.applicants[1].subject.primary is not None
        assert found.applicants[1].tender is not None
        assert found.applicants[1].tender.id == "T1"

    def test_releases_without_a_process_do_not_belong_together(self, read_release: Callable[[object], Read]) -> None:
        one = {"tender": {"tenderers": [{"id": "a", "name": "A"}]}}
        found = read_release([one, one])
        assert [(row.process, row.row) for row in found.applicants] == [
            (None, "[0].tender.tenderers[0]"), (None, "[1].tender.tenderers[0]"),
        ]  # fmt: skip

    def test_a_record_is_read_from_its_releases_and_its_compiled_release(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(
            {
                "records": [
                    {
                        "ocid": "ocds-demo01-1",
                        "releases": [release(parties=[party("a", "A", coh("1"))])],
                        "compiledRelease": release(parties=[party("a", "A", coh("1")), party("b", "B", coh("2"))]),
                    }
                ]
            }
        )
        assert found.names == ["A", "B"]

    def test_a_record_that_only_links_is_said_to(self, read_release: Callable[[object], Read]) -> None:
        links = [{"url": "https://example.org/1", "date": "2026-01-01T00:00:00Z", "tag": ["tender"]}]
        found = read_release({"records": [{"ocid": "ocds-demo01-1", "releases": links}]})
        assert not found.applicants
        assert "only link to their releases, which were not fetched" in found.remark.words.en

    def test_a_versioned_release_gives_its_last_values(self, read_release: Callable[[object], Read]) -> None:
        def version(*values: object) -> list[dict[str, object]]:
            return [{"releaseDate": "2026-01-01T00:00:00Z", "releaseID": "r", "value": value} for value in values]

        versioned = {
            "ocid": "ocds-demo01-1",
            "parties": [
                {
                    "id": "a",
                    "name": version("Old", "New"),
                    "roles": version(["tenderer"]),
                    "identifier": {"scheme": version("GB-COH"), "id": version("1")},
                }
            ],
        }
        found = read_release({"ocid": "ocds-demo01-1", "versionedRelease": versioned})
        assert found.names == ["New"]
        assert found.only.subject.identifiers[0].value == "1"

    def test_a_versioned_release_may_be_nested_without_end(self, read_release: Callable[[object], Read]) -> None:
        deep: list[Any] = []
        for _ in range(500):
            deep = [deep]
        found = read_release({"ocid": "1", "versionedRelease": {"ocid": "1", "parties": deep}})
        assert not found.applicants

    def test_one_zero_has_no_parties(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                buyer={"name": "Buyer", "identifier": coh("9")},
                tender={
                    "procuringEntity": {"name": "Buyer", "identifier": coh("9")},
                    "tenderers": [
                        {"name": "A", "identifier": coh("1"), "address": {}},
                        {"name": "B", "identifier": coh("2")},
                        {"name": "Nameonly"},
                    ],
                },
                awards=[
                    {"id": "1", "suppliers": [{"name": "A Limited", "identifier": coh("1")}, {"name": "Nameonly"}]}
                ],
            )
        )
        assert found.names == ["A", "B", "Nameonly"]
        assert found.applicants[0].host["consortium"] == ["Nameonly"]
        assert found.codes(2) == {"identifier.missing"}

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            ({"$schema": "http://json-schema.org/draft-04/schema#", "releases": []}, "a JSON Schema"),
            ({"definitions": {}, "properties": {"ocid": {}}}, "a JSON Schema"),
            ({"type": "object", "properties": {"ocid": {}}}, "a JSON Schema"),
            ({"statementID": "1", "statementType": "entityStatement"}, "beneficial-ownership statement"),
            ({"hello": 1}, "neither ocid, releases nor records"),
            ("text", "a single value"),
            (5, "a single value"),
        ],
    )
    def test_what_is_no_ocds_says_what_it_is(
        self, read_release: Callable[[object], Read], document: object, says: str
    ) -> None:
        with pytest.raises(InputError, match=says) as caught:
            read_release(document)
        assert caught.value.code == "file.unreadable"
        assert "line 1" in str(caught.value)

    def test_what_is_no_release_among_others_is_rejected(self, read_release: Callable[[object], Read]) -> None:
        found = read_release({"releases": [release(parties=[party("a", "A")]), "x", {"hello": 1}]})
        assert found.names == ["A"]
        assert [one.row for one in found.rejected] == ["releases[1]", "releases[2]"]

    def test_packages_inside_packages_without_end_are_read(self, read_release: Callable[[object], Read]) -> None:
        document: Any = release(parties=[party("a", "A")])
        for _ in range(300):
            document = {"releases": [document]}
        assert read_release(document).names == ["A"]


class TestIdentity:
    """Which mentions are one bidder, and by which identifier it is asked for."""

    def test_the_primary_identifier_comes_first_and_buyers_are_no_bidders(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(
            release(
                parties=[
                    party("b", "Buyer", coh("9"), "buyer", "procuringEntity", "enquirer"),
                    {
                        **party("a", "A", coh("04336774")),
                        "additionalIdentifiers": [{"scheme": "GB-VAT", "id": "GB1073"}],
                    },
                ]
            )
        )
        assert [(one.scheme, one.value) for one in found.only.subject.identifiers] == [
            ("GB-COH", "04336774"), ("GB-VAT", "GB1073"),
        ]  # fmt: skip

    def test_two_parties_with_one_identifier_are_one(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[party("a", "A", coh("1")), party("b", "A Ltd", coh("1"), "supplier")],
                awards=[{"suppliers": [{"id": "b"}]}],
            )
        )
        assert found.only.host["capacities"] == ["tenderer", "supplier"]

    def test_one_name_is_not_one_bidder(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(parties=[party("a", "Same", coh("1")), party("b", "Same", coh("2")), party("c", "Same")])
        )
        assert found.names == ["Same", "Same", "Same"]

    def test_one_name_is_one_bidder_where_there_is_nothing_else(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                tender={"tenderers": [{"name": "Same"}, {"name": "Same"}]}, awards=[{"suppliers": {"name": "Same"}}]
            )
        )
        assert found.only.subject.identifiers == ()

    def test_a_name_without_id_is_not_taken_for_a_party_with_one(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(release(parties=[party("a", "Same", coh("1"))], tender={"tenderers": [{"name": "Same"}]}))
        assert [len(one.subject.identifiers) for one in found.applicants] == [1, 0]

    def test_a_reference_that_is_built_of_the_identifier_is_understood(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(
            release(parties=[party("1", "A", coh("123"))], tender={"tenderers": [{"id": "GB-COH-123", "name": "A"}]})
        )
        assert found.only.subject.identifiers[0].value == "123"

    def test_a_reference_to_nobody_is_listed_and_said(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(parties=[party("a", "A", coh("1"))], tender={"tenderers": [{"id": "GB-COH-77", "name": "Ghost"}]})
        )
        assert found.names == ["A", "Ghost"]
        assert found.codes(1) == {"reference.unresolved", "identifier.missing"}
        assert found.applicants[1].host["doubtful"]

    def test_an_id_that_disagrees_with_the_identifier_is_said(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(release(parties=[party("GB-COH-1624297", "M", coh("624297"))]))
        assert found.only.subject.identifiers[0].value == "624297"
        assert found.codes() == {"identifier.disagrees"}
        assert "1624297" not in found.only.model_dump_json()
        assert "a person must compare them" in found.remark.words.en

    @pytest.mark.parametrize(
        ("key", "number"),
        [
            ("GB-COH-624297", "624297"),
            ("gb-coh-624297", "624297"),
            ("GB-COH-624297-department", "624297"),
            ("GB-COH-11111111", "11111111.0"),
            ("CL-MP-1394484", "76364678"),
            ("local/a", "624297"),
            ("PY-RUC-80002592-0", "624297"),
        ],
    )
    def test_an_id_that_says_nothing_else_does_not_disagree(
        self, read_release: Callable[[object], Read], key: str, number: str
    ) -> None:
        found = read_release(release(parties=[party(key, "M", coh(number))]))
        assert "identifier.disagrees" not in found.codes()

    def test_two_parties_of_one_id_stay_two(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[party("1", "A", coh("1")), party("1", "B", coh("2"), "buyer")],
                tender={"tenderers": [{"id": "1"}]},
            )
        )
        assert found.names == ["A", "B"]
        assert all("party.shared_id" in found.codes(number) for number in (0, 1))

    def test_a_later_release_corrects_the_identifier_and_says_so(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            {
                "releases": [
                    {**release(parties=[party("1", "A", coh("222"))]), "date": "2026-02-01T00:00:00Z"},
                    release(parties=[party("1", "A", coh("111"))]),
                ]
            }
        )
        assert found.only.subject.identifiers[0].value == "222"
        assert found.codes() == {"identifier.conflict"}

    def test_an_identifier_that_comes_later_joins_what_was_two(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            {
                "releases": [
                    release(parties=[party("p", "A"), party("q", "A", coh("1"), "supplier")]),
                    {**release(parties=[party("p", "A", coh("1"))]), "date": "2026-02-01T00:00:00Z"},
                ]
            }
        )
        assert found.only.host["capacities"] == ["supplier", "tenderer"]

    def test_a_reference_with_an_identifier_of_its_own_disagrees(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[party("p", "A", coh("1")), party("q", "B", coh("2"))],
                tender={"tenderers": [{"id": "p", "identifier": coh("2")}]},
                awards=[{"suppliers": [{"id": "p", "identifier": coh("3")}]}],
            )
        )
        assert found.names == ["A", "B"]
        assert found.codes(0) == {"reference.conflict", "identifier.conflict"}
        assert found.codes(1) == {"reference.conflict"}
        assert found.applicants[0].subject.identifiers[0].value == "1"

    def test_an_embedded_identifier_completes_a_party_without(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[party("p", "A"), party("q", "B", coh("2"))],
                tender={"tenderers": [{"id": "p", "identifier": coh("1")}, {"id": "z", "identifier": coh("2")}]},
                awards=[{"suppliers": [{"id": "z"}]}],
            )
        )
        assert [one.subject.identifiers[0].value for one in found.applicants] == ["1", "2"]

    def test_a_party_found_to_be_another_by_its_reference_is_joined(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(
            release(
                parties=[party("p", "A"), party("q", "A", coh("1"))],
                bids={"details": [{"tenderers": [{"id": "p"}]}, {"tenderers": [{"id": "p", "identifier": coh("1")}]}]},
            )
        )
        assert found.only.subject.identifiers[0].value == "1"
        assert found.only.host["consortium"] == []

    @pytest.mark.parametrize(
        ("called", "doubtful"), [("Frost Group Ltd", False), ("FROST GROUP", False), ("Snow plc", True)]
    )
    def test_another_name_in_the_reference_is_said(
        self, read_release: Callable[[object], Read], called: str, *, doubtful: bool
    ) -> None:
        found = read_release(
            release(
                parties=[party("a", "Frost Group Ltd.", coh("1"))], tender={"tenderers": [{"id": "a", "name": called}]}
            )
        )
        assert ("name.disagrees" in found.codes()) is doubtful

    def test_a_bidder_without_a_name_is_shown_by_its_place_or_masked_id(
        self, read_release: Callable[[object], Read]
    ) -> None:
        found = read_release(
            release(
                bids={"details": [{"tenderers": [{"id": "W"}, {"id": "COL-IDCARD-1234567"}, {"identifier": coh("1")}]}]}
            )
        )
        assert found.names[0] == "未具名 unnamed (W)"
        assert "1234567" not in found.names[1]
        assert found.names[2] == "未具名 unnamed (bids.details[0].tenderers[2])"
        assert "name.missing" in found.codes()


class TestIdentifiers:
    """What becomes of an identifier."""

    def one(self, read_release: Callable[[object], Read], identifier: object) -> tuple[Subject, set[str]]:
        found = read_release(release(parties=[party("a", "A", identifier)]))
        return found.only.subject, found.codes()

    @pytest.mark.parametrize(
        ("scheme", "value", "mapped"),
        [
            ("CN-USCC", USCC, "cn-uscc"),
            ("cn_uscc", USCC, "cn-uscc"),
            ("CN-SCC", USCC, "cn-uscc"),
            ("统一社会信用代码", USCC, "cn-uscc"),
            ("CN-SAIC", USCC, "cn-uscc"),
            ("CN-SAIC", "451100000000017", "cn-reg-no"),
            ("CN-SAIC", "other", "CN-SAIC"),
            ("CN-ORG-CODE", "MA5AAAAA2", "cn-org-code"),
            ("GB-COH", "04336774", "GB-COH"),
            ("XI-LEI", "506700GE1G29325QX363", "XI-LEI"),
        ],
    )
    def test_schemes(self, read_release: Callable[[object], Read], scheme: str, value: str, mapped: str) -> None:
        subject, codes = self.one(read_release, {"scheme": scheme, "id": value})
        assert [(one.scheme, one.value) for one in subject.identifiers] == [(mapped, value)]
        assert subject.category == "organisation"
        assert codes == set()

    @pytest.mark.parametrize(
        ("scheme", "value", "category"),
        [
            ("COL-IDCARD", "1234567", "person"),
            ("CN-RESIDENT-ID", PERSON, "person"),
            ("身份证", PERSON, "person"),
            ("Passport", "E12345678", "person"),
            ("National ID", "YDAZ21513405928609", "person"),
            ("BR-CPF", "11144477735", "person"),
            ("CN-USCC", "92451102MA5CCCCCXD", "sole_trader"),
            ("GB-COH", "92451102", "organisation"),
        ],
    )
    def test_categories(self, read_release: Callable[[object], Read], scheme: str, value: str, category: str) -> None:
        subject, _ = self.one(read_release, {"scheme": scheme, "id": value})
        assert subject.category == category

    def test_the_self_employed_of_the_eu_profile_are_sole_traders(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(release(parties=[{**party("a", "A", coh("1")), "details": {"scale": "selfEmployed"}}]))
        assert found.only.subject.category == "sole_trader"

    @pytest.mark.parametrize(
        ("identifier", "code"),
        [
            ({"scheme": "GB-COH", "id": "n/a"}, "identifier.placeholder"),
            ({"scheme": "GB-COH", "id": "0000000"}, "identifier.placeholder"),
            ({"scheme": "CN-USCC", "id": "暂无"}, "identifier.placeholder"),
            ({"scheme": "CN-USCC", "id": "9.1451E+17"}, "identifier.rounded"),
            ({"scheme": "CN-USCC", "id": 9.1451e17}, "identifier.rounded"),
            ({"scheme": "CN-USCC", "id": "91451100********2F"}, "identifier.unusable"),
            ({"scheme": "CN-USCC", "id": "9" * 200}, "identifier.unusable"),
            ({"scheme": "S" * 80, "id": "1"}, "identifier.unusable"),
            ({"id": "624297"}, "identifier.scheme_missing"),
            ("624297", "identifier.scheme_missing"),
            ({"scheme": "GB-COH"}, "identifier.missing"),
            ({"scheme": "GB-COH", "id": None}, "identifier.missing"),
            ({}, "identifier.missing"),
        ],
    )
    def test_an_identifier_that_cannot_be_used_leaves_the_bidder_without(
        self, read_release: Callable[[object], Read], identifier: object, code: str
    ) -> None:
        subject, codes = self.one(read_release, identifier)
        assert subject.identifiers == ()
        assert codes == {code, "identifier.missing"}

    def test_a_number_that_was_a_float_is_mended_and_said(self, read_release: Callable[[object], Read]) -> None:
        subject, codes = self.one(read_release, coh("11111111.0"))
        assert subject.identifiers[0].value == "11111111"
        assert codes == {"identifier.floated"}

    def test_only_a_code_that_proves_itself_needs_no_scheme(self, read_release: Callable[[object], Read]) -> None:
        subject, codes = self.one(read_release, {"id": USCC})
        assert subject.identifiers[0].scheme == "cn-uscc"
        assert codes == {"identifier.scheme_guessed"}
        subject, codes = self.one(read_release, {"id": PERSON})
        assert (subject.identifiers[0].scheme, subject.category) == ("cn-resident-id", "person")
        subject, codes = self.one(read_release, {"id": USCC[:-1] + "0"})
        assert "identifier.scheme_missing" in codes

    def test_an_identifier_in_a_list_is_the_first_one(self, read_release: Callable[[object], Read]) -> None:
        subject, _ = self.one(read_release, [coh("1"), coh("2")])
        assert [one.value for one in subject.identifiers] == ["1"]


class TestTogether:
    """Consortia, owners, and bids that name nobody."""

    def test_members_of_a_bid_stand_beside_one_another(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[
                    party("a", "A", coh("1"), "tenderer", "leadTenderer"),
                    party("b", "B", coh("2")),
                    party("c", "C", coh("3")),
                ],
                tender={"tenderers": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
                bids={
                    "details": [
                        {"id": "1", "status": "valid", "tenderers": [{"id": "a"}, {"id": "b"}]},
                        {"id": "2", "status": "disqualified", "tenderers": [{"id": "b"}, {"id": "a"}]},
                        {"id": "3", "status": "withdrawn", "tenderers": [{"id": "c"}]},
                    ]
                },
                awards=[{"suppliers": [{"id": "a"}]}],
            )
        )
        assert found.names == ["A", "B", "C"]
        assert [[(p.role, p.subject.name) for p in one.parties] for one in found.applicants] == [
            [("consortium_member", "B")], [("consortium_member", "A")], [],
        ]  # fmt: skip
        assert [one.host["bid_statuses"] for one in found.applicants] == [
            ["disqualified", "valid"], ["disqualified", "valid"], ["withdrawn"],
        ]  # fmt: skip
        assert [one.host["lead"] for one in found.applicants] == [True, False, False]
        assert "(2 of them members of a consortium)" in found.remark.words.en

    @pytest.mark.parametrize("where", ["awards", "contracts"])
    def test_suppliers_of_one_award_won_together(self, read_release: Callable[[object], Read], where: str) -> None:
        found = read_release(release(**{where: [{"suppliers": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]}]}))
        assert [one.host["consortium"] for one in found.applicants] == [["B"], ["A"]]

    def test_one_supplier_named_twice_is_no_consortium(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                awards=[
                    {"suppliers": [{"name": "A", "identifier": coh("1")}, {"name": "A Ltd", "identifier": coh("1")}]}
                ]
            )
        )
        assert found.only.parties == ()

    @pytest.mark.parametrize("name", ["甲公司、乙公司联合体", "A and B Consortium", "AB Joint Venture"])
    def test_a_consortium_that_hides_its_members_is_said(
        self, read_release: Callable[[object], Read], name: str
    ) -> None:
        found = read_release(release(parties=[party("a", name, coh("1"))]))
        assert found.codes() == {"consortium.unnamed"}
        assert found.only.host["doubtful"]

    def test_owners_and_shareholders_stand_beside_their_company(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(
            release(
                parties=[
                    {
                        **party("a", "A", coh("1")),
                        "beneficialOwners": [
                            {"id": "1", "name": "P. Person"},
                            {"id": "1", "name": "P. Person"},
                            {"id": "2"},
                        ],
                        "shareholders": [
                            {"id": "1", "shareholder": {"id": "h", "name": "Holding"}},
                            {"id": "2", "shareholder": {"name": "Fund", "identifier": coh("8")}},
                            {"id": "3", "shareholder": "x"},
                        ],
                    },
                    party("h", "Holding", coh("7"), "shareholder"),
                ]
            )
        )
        told = [(p.role, p.subject.category, p.subject.name, len(p.subject.identifiers)) for p in found.only.parties]
        assert told == [
            ("controller", "person", "P. Person", 0),
            ("shareholder", "organisation", "Holding", 1),
            ("shareholder", "organisation", "Fund", 1),
        ]

    def test_bids_that_name_nobody_are_counted(self, read_release: Callable[[object], Read]) -> None:
        found = read_release(release(bids={"details": [{"status": "valid"}, {"status": "valid"}]}))
        assert "2 more bids are counted without saying who bids" in found.remark.words.en
        found = read_release(release(tender={"numberOfTenderers": 3, "tenderers": [{"id": "a", "name": "A"}]}))
        assert "另有 2 份投标未写明投标人" in found.remark.words.zh


def test_no_identifier_is_readable_in_what_is_given_back(read_release: Callable[[object], Read]) -> None:
    found = read_release(
        release(
            parties=[
                party(f"CN-RESIDENT-ID-{PERSON}", "张示例", {"scheme": "CN-RESIDENT-ID", "id": PERSON}),
                party(f"CN-USCC-{OTHER}", "示例公司", {"scheme": "CN-USCC", "id": USCC}),
                party("x", "", {"scheme": "CN-USCC", "id": OTHER}),
            ],
            bids={"details": [{"tenderers": [{"id": f"CN-RESIDENT-ID-{PERSON}"}, {"id": f"CN-USCC-{OTHER}"}]}]},
        )
    )
    assert len(found.applicants) == 3
    told = "".join(repr(row) + row.model_dump_json() for row in (*found.applicants, *found.remarks))
    for number in (PERSON, USCC, OTHER):
        assert number not in told
