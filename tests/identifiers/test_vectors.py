"""What the standards say, on numbers of nobody: forms, check characters, findings. No code of a real person or firm."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk.model import identifiers
from credit_check_sdk.model.identifiers import (
    ORG_CODE,
    PASSPORT,
    REG_NO,
    RESIDENCE_PERMIT,
    RESIDENT_ID,
    USCC,
    normalise,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUTS = Path(__file__).resolve().parents[3] / "shared" / "inputs"
FIRMS = (
    "91450000MA0000007U",
    "91451100MA5AAAAA2F",
    "11451100000000000W",
    "52450000MJD000003H",
    "92451102MA5CCCCCXD",
    "N2451102MF0000013Q",
    "A1451100MD0000016G",
    "Y1451100MC0000012D",
)
PEOPLE = ("451102199001010010", "451102198812311234")
PERMITS = ("81000019900101123", "82000019900101123", "83000019900101123", "91184019900101123")


def codes(scheme: str, raw: str) -> list[str]:
    """Give the codes of what is doubtful about an identifier, without their common beginning."""
    return [finding.code.removeprefix("identifier.") for finding in normalise(scheme, raw).findings]


class TestWhatHolds:
    @pytest.mark.parametrize("value", FIRMS)
    def test_a_social_credit_code_of_every_authority_is_free_of_doubt(self, value: str) -> None:
        assert normalise(USCC, value) == identifiers.Normalised(value)

    @pytest.mark.parametrize("value", PEOPLE)
    def test_a_resident_id_is_free_of_doubt(self, value: str) -> None:
        assert normalise(RESIDENT_ID, value) == identifiers.Normalised(value)

    @pytest.mark.parametrize("body", PERMITS)
    def test_a_residence_permit_is_free_of_doubt(self, body: str) -> None:
        value = body + identifiers.resident_check(body)
        assert normalise(RESIDENCE_PERMIT, value) == identifiers.Normalised(value)

    @pytest.mark.parametrize("value", ["MA5AAAAA2", "MA0000007", "MA5CCCCCX", "MA5AAAAA-2"])
    def test_an_organisation_code_is_free_of_doubt_with_and_without_its_hyphen(self, value: str) -> None:
        found = normalise(ORG_CODE, value)
        assert (found.value, found.findings) == (value.replace("-", ""), ())

    def test_a_registration_number_is_free_of_doubt(self) -> None:
        value = "45110000000001" + identifiers.reg_no_check("45110000000001")
        assert normalise(REG_NO, value) == identifiers.Normalised(value)


class TestWhatIsDoubtful:
    @pytest.mark.parametrize(
        ("scheme", "value", "expected"),
        [
            (USCC, "91451100MA5AAAAA2G", ["check_digit"]),
            (USCC, "91451100MA5AAAAA3" + identifiers.uscc_check("91451100MA5AAAAA3"), ["inner_check_digit"]),
            (USCC, "91451100MA5AAAAA3G", ["check_digit", "inner_check_digit"]),
            (USCC, "B1451100MA5AAAAA2" + identifiers.uscc_check("B1451100MA5AAAAA2"), ["authority"]),
            (USCC, "91991100MA5AAAAA2" + identifiers.uscc_check("91991100MA5AAAAA2"), ["region"]),
            (USCC, "9145110AMA5AAAAA2" + identifiers.uscc_check("9145110AMA5AAAAA2"), ["region"]),
            (USCC, "91451100MA5AAAAA2", ["length"]),
            (USCC, "91451100MA5AAAAA2FF", ["length"]),
            (USCC, "91451100MA5AAA中A2F", ["alphabet"]),
            (USCC, "00000000000000000X", ["placeholder"]),
            (USCC, "0" * 18, ["placeholder"]),
            (USCC, "9" * 18, ["placeholder"]),
            (USCC, "123456789012345678", ["placeholder"]),
            (ORG_CODE, "000000000", ["placeholder"]),
            (ORG_CODE, "MA5AAAAA3", ["check_digit"]),
            (ORG_CODE, "MA5AAA中A2", ["alphabet"]),
            (ORG_CODE, "MA5AAAA", ["length"]),
            (USCC, "—-", ["length"]),
            (REG_NO, "4511000000001", ["legacy"]),
            (REG_NO, "45110000000001A", ["alphabet"]),
            (REG_NO, "451100", ["length"]),
            (RESIDENT_ID, "451102199001010011", ["check_digit"]),
            (RESIDENT_ID, "451100198502290025", ["birth_date"]),  # 1985 had no 29 February
            (RESIDENT_ID, "99110219900101001", ["length"]),
            (RESIDENT_ID, "99110219900101001" + identifiers.resident_check("99110219900101001"), ["region"]),
            (RESIDENT_ID, "45110299990101001" + identifiers.resident_check("45110299990101001"), ["birth_date"]),
            (RESIDENT_ID, "4511021990010100A0", ["alphabet"]),
            (RESIDENT_ID, "451102900101001", ["legacy"]),
            (RESIDENT_ID, "451102901301001", ["legacy", "birth_date"]),
            (RESIDENT_ID, "991102900101001", ["legacy", "region"]),
            (RESIDENT_ID, "451102900101996", ["legacy"]),  # born in 1890
            (RESIDENT_ID, "451102300101996", ["legacy", "birth_date"]),  # born in 1830
            (RESIDENT_ID, "45110290010100A", ["alphabet"]),
            (RESIDENCE_PERMIT, "451102199001010010", ["region"]),
            (RESIDENCE_PERMIT, "GBR110190010112", ["legacy"]),
            (RESIDENCE_PERMIT, "110GBR190010112", ["legacy", "alphabet"]),
            ("GB-COH", "00000000", ["placeholder"]),
            (PASSPORT, "0000000", ["placeholder"]),
            ("GB-COH", "11111111", []),
        ],
    )
    def test_a_doubt_is_named_and_refuses_nothing(self, scheme: str, value: str, expected: list[str]) -> None:
        assert codes(scheme, value) == expected
        assert normalise(scheme, value).value == value

    def test_a_registration_number_whose_check_digit_fails_is_named(self) -> None:
        body = "45110000000001"
        wrong = next(digit for digit in "0123456789" if digit != identifiers.reg_no_check(body))
        assert codes(REG_NO, body + wrong) == ["check_digit"]

    def test_a_letter_that_looks_like_several_stays_and_is_said_to_be_ambiguous(self) -> None:
        found = normalise(USCC, "91451100MA5AAAAV2F")
        assert found.value == "91451100MA5AAAAV2F"
        assert found.findings == (identifiers.Finding("identifier.alphabet", (("look_alike", "ambiguous"),)),)

    @pytest.mark.parametrize("raw", ["", " ", "\t\u3000", "\u200b\ufeff"])
    @pytest.mark.parametrize("scheme", [USCC, PASSPORT, "GB-COH"])
    def test_nothing_at_all_is_the_only_error(self, scheme: str, raw: str) -> None:
        with pytest.raises(ValueError, match="may not be blank; leave it out instead"):
            normalise(scheme, raw)


class TestWhatIsChanged:
    @pytest.mark.parametrize(
        ("scheme", "raw", "value", "changes"),
        [
            (USCC, "91451100ma5aaaaa2f", "91451100MA5AAAAA2F", ("case",)),
            (USCC, "９１４５１１００ＭＡ５ＡＡＡＡＡ２Ｆ", "91451100MA5AAAAA2F", ("width",)),
            (USCC, "91 451100 MA5A\u3000AAAA 2F", "91451100MA5AAAAA2F", ("spaces",)),
            (USCC, "91451100MA5AAAAA2F\n", "91451100MA5AAAAA2F", ("spaces",)),
            (USCC, "\ufeff91451100\u200bMA5AAAAA2F", "91451100MA5AAAAA2F", ("spaces",)),
            (USCC, "91451100-MA5AAAAA—2－F", "91451100MA5AAAAA2F", ("hyphens",)),
            (USCC, "9I4SIIOOMASAAAAAZF", "91451100MA5AAAAA2F", ("look_alikes",)),
            (USCC, "９i451100-МА5AAAAA2f", "91451100MA5AAAAA2F", ("hyphens", "width", "case", "look_alikes")),
            (RESIDENT_ID, "45110219881231123x", "45110219881231123X", ("case",)),
            (RESIDENT_ID, "45110219881231123×", "45110219881231123X", ("look_alikes",)),
            (RESIDENT_ID, "45110219881231123х", "45110219881231123X", ("look_alikes",)),
            (RESIDENT_ID, "45110219881231123Ｘ", "45110219881231123X", ("width",)),
            (RESIDENT_ID, "45110219881231123Ⅹ", "45110219881231123X", ("width",)),
            (RESIDENT_ID, "45llO2199OOlOlOO1O", "451102199001010010", ("case", "look_alikes")),
            (REG_NO, "45110000000000I", "451100000000001", ("look_alikes",)),
            (ORG_CODE, "MA5AAAAA-2", "MA5AAAAA2", ("hyphens",)),
            (ORG_CODE, "ma5ccccc-×", "MA5CCCCCX", ("hyphens", "case", "look_alikes")),
            (RESIDENCE_PERMIT, "81OOOO19900101123X", "81000019900101123X", ("look_alikes",)),
        ],
    )
    def test_a_way_of_writing_is_undone_and_recorded(
        self, scheme: str, raw: str, value: str, changes: tuple[str, ...]
    ) -> None:
        found = normalise(scheme, raw)
        assert (found.value, found.changes) == (value, changes)
        said = identifiers.Finding("identifier.normalised", (("changes", ",".join(changes)),))
        assert (said in found.findings) is (changes != ("hyphens",) or scheme == USCC)

    def test_letters_of_an_organisation_code_and_of_the_older_card_are_no_look_alikes(self) -> None:
        assert normalise(ORG_CODE, "OISZ1234V").value == "OISZ1234V"
        assert normalise(RESIDENCE_PERMIT, "POL110190010112").value == "POL110190010112"

    @pytest.mark.parametrize(
        ("scheme", "raw", "value", "changes"),
        [
            ("PY-RUC", "80002592-0", "80002592-0", ()),
            ("X-LOCAL", "PY-RUC-80002592-0", "PY-RUC-80002592-0", ()),
            ("GB-COH", "sc123456", "sc123456", ()),
            ("GB-COH", "  OC 301 ", "OC 301", ("spaces",)),
            ("GB-COH", "ＯＣ３０１", "OC301", ("width",)),
            ("X-LOCAL", "x² ﬁ ① №5", "x² ﬁ ① №5", ()),
            (PASSPORT, "e12345678", "e12345678", ()),
            (PASSPORT, "E1234-5678", "E1234-5678", ()),
        ],
    )
    def test_an_opaque_identifier_changes_only_in_width_and_at_its_ends(
        self, scheme: str, raw: str, value: str, changes: tuple[str, ...]
    ) -> None:
        found = normalise(scheme, raw)
        assert (found.value, found.changes) == (value, changes)


class TestTheSameSubject:
    def test_the_organisation_code_inside_a_social_credit_code_is_certain(self) -> None:
        assert identifiers.equivalents(USCC, "91451100MA5AAAAA2F") == ((ORG_CODE, "MA5AAAAA2"),)

    def test_it_is_certain_though_the_outer_check_digit_fails(self) -> None:
        assert identifiers.equivalents(USCC, "91451100MA5AAAAA2G") == ((ORG_CODE, "MA5AAAAA2"),)

    @pytest.mark.parametrize(
        "value",
        [
            "91451100MA5AAAAA3G",  # its own check digit fails
            "11451100000000000W",  # no organisation code of its own: all zeros
            "00000000000000000X",
            "91451100MA5AAAAV2F",
            "91451100MA5AAAAA2",
        ],
    )
    def test_else_a_social_credit_code_is_equal_to_itself_only(self, value: str) -> None:
        assert identifiers.equivalents(USCC, value) == ()

    def test_fifteen_digits_become_eighteen(self) -> None:
        assert identifiers.modern(RESIDENT_ID, "451102900101001") == "451102199001010010"
        assert identifiers.equivalents(RESIDENT_ID, "451102900101001") == ((RESIDENT_ID, "451102199001010010"),)

    @pytest.mark.parametrize(
        "value",
        [
            "451102901301001",  # no such month
            "451102900101996",  # a sequence code kept for those born in 18yy
            "451102199001010010",
            "45110290010100A",
        ],
    )
    def test_where_that_is_not_certain_nothing_is_equal(self, value: str) -> None:
        assert identifiers.modern(RESIDENT_ID, value) is None
        assert identifiers.equivalents(RESIDENT_ID, value) == ()

    def test_a_registration_number_and_an_opaque_one_are_equal_to_themselves_only(self) -> None:
        assert identifiers.equivalents(REG_NO, "451100000000001") == ()
        assert identifiers.equivalents(PASSPORT, "451102900101001") == ()


class TestMasks:
    @pytest.mark.parametrize(
        ("scheme", "value", "masked"),
        [
            (USCC, "91451100MA5AAAAA2F", "91451100********2F"),
            (RESIDENT_ID, "451102199001010010", "451102********0010"),
            (RESIDENCE_PERMIT, "810000199001011234", "810000********1234"),
            (PASSPORT, "E12345678", "E******78"),
            (ORG_CODE, "MA5AAAAA2", "MA*****A2"),
            ("GB-COH", "01234567", "01****67"),
            (RESIDENT_ID, "451102900101001", "4511*********01"),
            ("GB-COH", "OC301", "*****"),
            ("GB-COH", "OC30", "****"),
            ("GB-COH", "1", "*"),
        ],
    )
    def test_a_mask_keeps_length_and_shows_the_ends(self, scheme: str, value: str, masked: str) -> None:
        assert identifiers.mask(scheme, value) == masked

    def test_what_is_normalised_does_not_show_itself(self) -> None:
        assert "5AAA" not in repr(normalise(USCC, "91451100MA5AAAAA2F"))


class TestChecks:
    @pytest.mark.parametrize(
        "body", ["", "9", "91451100MA5AAAAA2F", "91451100MA5AAAAV2", "91451100ma5aaaaa2", "٩1451100MA5AAAAA2"]
    )
    def test_what_is_no_body_has_no_check_character(self, body: str) -> None:
        assert identifiers.uscc_check(body) == "?"
        assert identifiers.org_code_check(body) == "?"
        assert identifiers.resident_check(body) == "?"
        assert identifiers.reg_no_check(body) == "?"


def issued() -> Iterator[tuple[str, bool]]:
    """Give the codes that were really issued, with whether their check digit holds."""
    with (INPUTS / "cn" / "uscc_legit_but_invalid.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield row["code"], row["checksum_ok"] == "True"


@pytest.mark.skipif(
    not (INPUTS / "cn" / "uscc_legit_but_invalid.csv").is_file(),
    reason="no ../shared/inputs/cn/uscc_legit_but_invalid.csv beside the project: issued codes cannot be tried",
)
class TestIssuedCodes:
    def test_each_is_kept_and_those_that_fail_the_digit_get_that_warning_alone(self) -> None:
        known = list(issued())
        assert [holds for _, holds in known].count(False) == 4
        for code, holds in known:
            assert normalise(USCC, code).value == code
            assert codes(USCC, code) == ([] if holds else ["check_digit"])

    def test_each_is_recognised_in_a_list_and_holds_its_organisation_code(self) -> None:
        for code, _ in issued():
            assert identifiers.guess_scheme(code) == USCC
            assert identifiers.equivalents(USCC, code) == ((ORG_CODE, code[8:17]),)
