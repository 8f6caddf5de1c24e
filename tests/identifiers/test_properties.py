"""What holds for every identifier, and a second implementation beside ours where it is right."""

from __future__ import annotations

import random
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidComponent, InvalidFormat
from stdnum.iso7064 import mod_11_2, mod_11_10

from credit_check_sdk.model import identifiers
from credit_check_sdk.model.identifiers import (
    NATIONAL,
    ORG_CODE,
    PASSPORT,
    REG_NO,
    RESIDENT_ID,
    USCC,
    normalise,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SCHEMES = st.sampled_from([*sorted(NATIONAL), PASSPORT, "GB-COH"])
WRITTEN = st.text(min_size=1, max_size=24).filter(lambda text: bool(text.strip()))
TYPED = st.text(alphabet="0123456789ABCXYISOZVxyl -－—\u3000\u200b×хＸ９Ⅹ①٣", min_size=1, max_size=24)
SEEDS = st.integers(min_value=0, max_value=2**32).map(random.Random)
FIRMS = SEEDS.flatmap(
    lambda chance: st.builds(
        identifiers.synthetic_uscc,
        st.just(chance),
        authority=st.sampled_from("123456789ANY"),
        kind=st.sampled_from("1239"),
        region=st.sampled_from(["451100", "100000", "110000"]),
    )
)
PEOPLE = SEEDS.map(identifiers.synthetic_resident_id)
DIGITS = st.text(alphabet="0123456789", min_size=17, max_size=17)


def codes(scheme: str, value: str) -> set[str]:
    """Give the codes of what is doubtful about an identifier."""
    return {finding.code for finding in normalise(scheme, value).findings}


def is_seen(character: str) -> bool:
    """Say whether a character leaves a mark."""
    return not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf"}


class TestNormalising:
    @given(SCHEMES, st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1))
    def test_plain_text_is_folded_as_any_other(self, scheme: str, plain: str) -> None:
        """Plain text takes a shorter way; a blank before it makes it take the long one."""
        short, long = normalise(scheme, plain), normalise(scheme, f" {plain}")
        assert short.value == long.value
        assert ("spaces", *short.changes) == long.changes
        said = [finding for finding in long.findings if finding.code != "identifier.normalised"]
        assert [finding for finding in short.findings if finding.code != "identifier.normalised"] == said

    @given(SCHEMES, WRITTEN | TYPED)
    def test_it_refuses_nothing_that_is_seen_and_done_twice_changes_nothing(self, scheme: str, raw: str) -> None:
        if not any(is_seen(character) for character in raw):
            with pytest.raises(ValueError, match="blank"):
                normalise(scheme, raw)
            return
        once = normalise(scheme, raw)
        again = normalise(scheme, once.value)
        assert once.value
        assert again.value == once.value
        assert again.changes == ()
        assert [f for f in once.findings if f.code != "identifier.normalised"] == list(again.findings)

    @given(SCHEMES, WRITTEN | TYPED)
    def test_no_finding_and_no_representation_holds_what_was_given(self, scheme: str, raw: str) -> None:
        found = normalise(scheme, f"451{raw}7788990011")
        said = repr(found)
        assert found.value not in said
        assert "7788990011" not in said

    @given(FIRMS, st.lists(st.sampled_from(" -\u3000—\t\u00a0\u200b"), max_size=6), SEEDS)
    def test_a_code_survives_the_ways_in_which_it_is_written(
        self, value: str, between: list[str], chance: random.Random
    ) -> None:
        written = list(value.lower())
        for mark in between:
            written.insert(chance.randrange(1, len(written)), mark)
        wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x30, 0x3A)})
        assert normalise(USCC, "".join(written).translate(wide)).value == value


class TestCheckDigits:
    @given(FIRMS, st.integers(0, 17), st.sampled_from(ALPHABET))
    def test_any_one_wrong_character_of_a_social_credit_code_is_caught(
        self, value: str, place: int, other: str
    ) -> None:
        # 31 is prime and no weight is a multiple of it, so one substitution within the alphabet always shows.
        wrong = value[:place] + other + value[place + 1 :]
        assert ("identifier.check_digit" in codes(USCC, wrong)) is (wrong != value)

    @given(PEOPLE, st.integers(0, 16), st.sampled_from("0123456789"))
    def test_any_one_wrong_digit_of_a_resident_id_is_caught(self, value: str, place: int, other: str) -> None:
        wrong = value[:place] + other + value[place + 1 :]
        assert ("identifier.check_digit" in codes(RESIDENT_ID, wrong)) is (wrong != value)

    @given(PEOPLE, st.integers(0, 16))
    def test_any_two_neighbours_exchanged_in_a_resident_id_are_caught(self, value: str, place: int) -> None:
        wrong = value[:place] + value[place + 1] + value[place] + value[place + 2 :]
        found = codes(RESIDENT_ID, wrong)
        assert wrong == value or not found.isdisjoint({"identifier.check_digit", "identifier.alphabet"})

    @given(st.text(alphabet="0123456789", min_size=14, max_size=14), st.integers(0, 14), st.sampled_from("0123456789"))
    def test_any_one_wrong_digit_of_a_registration_number_is_caught(self, body: str, place: int, other: str) -> None:
        value = body + identifiers.reg_no_check(body)
        wrong = value[:place] + other + value[place + 1 :]
        if not identifiers.is_placeholder(REG_NO, wrong):
            assert ("identifier.check_digit" in codes(REG_NO, wrong)) is (wrong != value)

    @given(FIRMS, st.integers(0, 7), st.sampled_from("0123456789"))
    def test_one_wrong_digit_of_an_organisation_code_is_caught_among_digits(
        self, value: str, place: int, other: str
    ) -> None:
        # Among digits only: 0 and B, eleven apart, share a check digit.
        inner = value[8:17]
        wrong = inner[:place] + other + inner[place + 1 :]
        if inner[place].isdigit() and wrong != inner:
            # The check character X stands for ten and 0 for eleven and for none, so each remainder has one character.
            assert "identifier.check_digit" in codes(ORG_CODE, wrong)

    def test_some_letters_of_an_organisation_code_share_a_check_digit_with_a_digit(self) -> None:
        assert identifiers.org_code_check("MA500000") == identifiers.org_code_check("MA5B0000")


class TestSynthetic:
    @given(FIRMS)
    def test_a_made_up_firm_is_free_of_doubt_and_holds_its_organisation_code(self, value: str) -> None:
        assert normalise(USCC, value) == identifiers.Normalised(value)
        assert normalise(ORG_CODE, value[8:17]) == identifiers.Normalised(value[8:17])
        assert identifiers.equivalents(USCC, value) == ((ORG_CODE, value[8:17]),)
        assert value[8:10] in {"MU", "MW", "MX", "MY"}

    @given(SEEDS, st.dates(date(1900, 1, 1), date(2026, 1, 1)))
    def test_a_made_up_person_is_free_of_doubt_and_born_when_said(self, chance: random.Random, born: date) -> None:
        value = identifiers.synthetic_resident_id(chance, region="451102", born=born)
        assert normalise(RESIDENT_ID, value) == identifiers.Normalised(value)
        assert value[6:14] == born.strftime("%Y%m%d")

    def test_the_same_seed_makes_the_same_numbers(self) -> None:
        one, other = random.Random(7), random.Random(7)  # noqa: S311  no secret
        assert identifiers.synthetic_uscc(one) == identifiers.synthetic_uscc(other)
        assert identifiers.synthetic_resident_id(one) == identifiers.synthetic_resident_id(other)

    def test_a_person_of_no_given_region_lives_in_a_county_that_does_not_exist(self) -> None:
        value = identifiers.synthetic_resident_id(random.Random(7))  # noqa: S311  no secret
        assert value.startswith("451199")
        # A table of counties that knows the city knows no such county.
        assert [found.get("county") for _, found in numdb.get("cn/loc").info(value[:6])][-1] is None

    @given(PEOPLE)
    def test_the_older_form_of_a_person_born_in_19yy_leads_to_the_newer(self, value: str) -> None:
        if value[6:8] == "19" and value[14:17] < "996":
            assert identifiers.modern(RESIDENT_ID, value[:6] + value[8:17]) == value


class TestMasks:
    @given(SCHEMES, st.text(min_size=1, max_size=40))
    def test_a_mask_keeps_the_length_and_shows_only_the_ends(self, scheme: str, value: str) -> None:
        masked = identifiers.mask(scheme, value)
        head, tail = {USCC: (8, 2), RESIDENT_ID: (6, 4), "cn-residence-permit": (6, 4)}.get(scheme, (2, 2))
        shown = [place for place, (one, two) in enumerate(zip(masked, value, strict=True)) if one == two != "*"]
        assert len(masked) == len(value)
        assert all(place < head or place >= len(value) - tail for place in shown)
        assert len(value) - len(shown) >= min(4, len(value))
        assert all(character == "*" for place, character in enumerate(masked) if place not in shown)
        if len(value) <= 4:
            assert masked == "*" * len(value)
        elif len(value) < 18:
            assert len(shown) <= len(value) // 2

    @given(FIRMS)
    def test_a_mask_never_holds_the_middle(self, value: str) -> None:
        assert identifiers.mask(USCC, value) == f"{value[:8]}{'*' * 8}{value[16:]}"


class TestGuessing:
    @given(FIRMS)
    def test_a_code_with_letters_is_a_firm(self, value: str) -> None:
        assert identifiers.guess_scheme(value) == USCC

    @given(WRITTEN | TYPED, st.sampled_from([None, "organisation", "sole_trader", "person"]))
    def test_guessing_never_fails(self, raw: str, hint: str | None) -> None:
        assert identifiers.guess_scheme(raw, hint) in {*NATIONAL, None}


class TestBesideStdnum:
    """python-stdnum computes the same digits; where it refuses what is issued it is no oracle, and that is shown."""

    @given(FIRMS)
    def test_it_computes_the_same_check_of_a_social_credit_code(self, value: str) -> None:
        assert uscc.calc_check_digit(value[:17]) == identifiers.uscc_check(value[:17])

    @given(DIGITS)
    def test_it_computes_the_same_check_of_a_resident_id(self, body: str) -> None:
        assert mod_11_2.calc_check_digit(body) == identifiers.resident_check(body)

    @given(DIGITS.map(lambda digits: digits[:14]))
    def test_it_computes_the_same_check_of_a_registration_number(self, body: str) -> None:
        assert mod_11_10.calc_check_digit(body) == identifiers.reg_no_check(body)

    @given(FIRMS)
    def test_it_accepts_the_codes_whose_authority_is_a_digit(self, value: str) -> None:
        assert uscc.is_valid(value) is value[0].isdigit()

    @pytest.mark.parametrize("value", ["N2451102MF0000013Q", "A1451100MD0000016G", "Y1451100MC0000012D"])
    def test_it_refuses_authorities_that_are_letters_and_we_do_not(self, value: str) -> None:
        with pytest.raises(InvalidFormat):
            uscc.validate(value)
        assert codes(USCC, value) == set()

    def test_it_does_not_look_at_the_inner_digit_and_we_warn(self) -> None:
        body = "91451100MA5AAAAA3"
        value = body + identifiers.uscc_check(body)
        assert uscc.is_valid(value)
        assert codes(USCC, value) == {"identifier.inner_check_digit"}

    @pytest.mark.parametrize("value", ["451102199001010010", "451102198812311234"])
    def test_it_refuses_people_of_counties_that_its_table_lacks_and_we_do_not(self, value: str) -> None:
        with pytest.raises(InvalidComponent):
            ric.validate(value)
        assert codes(RESIDENT_ID, value) == set()

    def test_it_breaks_on_a_region_that_names_no_county_and_we_do_not(self) -> None:
        value = identifiers.synthetic_resident_id(random.Random(7))  # noqa: S311  no secret
        with pytest.raises(KeyError):
            ric.validate(value)
        assert codes(RESIDENT_ID, value) == set()
