"""Which scheme an identifier belongs to, in a list that has one column for all."""

from __future__ import annotations

import pytest

from credit_check_sdk.model import identifiers
from credit_check_sdk.model.identifiers import (
    ORG_CODE,
    REG_NO,
    RESIDENCE_PERMIT,
    RESIDENT_ID,
    USCC,
    guess_scheme,
)


def firm(body: str) -> str:
    """Complete a social credit code."""
    return body + identifiers.uscc_check(body)


def person(body: str) -> str:
    """Complete a number of a person."""
    return body + identifiers.resident_check(body)


def registered(body: str) -> str:
    """Complete a registration number."""
    return body + identifiers.reg_no_check(body)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("91451100MA5AAAAA2F", USCC),
        ("91451100ma5aaaaa2f ", USCC),
        ("9145 1100 MA5A AAAA 2F", USCC),
        ("91451100MASAAAAA2F", USCC),  # S for 5: its check digit proves it
        ("91451100MA5AAAAA2G", USCC),  # the check digit fails, the form says enough
        ("N2451102MF0000013Q", USCC),
        ("11451100000000000W", USCC),
        (firm("91451100192203821"), USCC),  # digits only, but for the check character
        ("451102199001010010", RESIDENT_ID),
        ("451102198812311234", RESIDENT_ID),
        ("45110219900101001O", RESIDENT_ID),
        ("451102199001010011", RESIDENT_ID),  # the check digit fails, the form says enough
        ("451102900101001", RESIDENT_ID),
        (person("81000019900101123"), RESIDENCE_PERMIT),
        (person("83000019900101123"), RESIDENCE_PERMIT),
        ("MA5AAAAA-2", ORG_CODE),
        (registered("45110000000001"), REG_NO),
        (registered("99110000000001"), None),  # of no province
        ("MA5AAAAA2", None),  # nine characters without a hyphen are common elsewhere
        ("91451100MASAAAAA2G", None),
        ("451100198502290025", None),  # born on a day that never was
        ("000000000000000000", None),
        ("00000000000000000X", None),
        ("999999999999999", None),
        ("4511000000001", None),
        ("GB-COH-01234567", None),
        ("01234567", None),
        ("E12345678", None),
        ("示例公司", None),
        ("12345", None),
        ("", None),
        (" \u200b", None),
    ],
)
def test_a_scheme_is_guessed_only_where_it_is_plain(raw: str, expected: str | None) -> None:
    assert guess_scheme(raw) == expected


def test_digits_that_fit_a_person_and_a_firm_alike_are_left_open() -> None:
    # Both check digits hold, both forms fit: authority 1, kind 1, region 1119…; and born in Beijing in 1990.
    found = [
        value
        for sequence in range(1000)
        if (value := person(f"11111119900101{sequence:03d}")) == firm(f"11111119900101{sequence:03d}")
    ]
    assert found
    assert {guess_scheme(value) for value in found} == {None}
    assert {guess_scheme(value, "person") for value in found} == {RESIDENT_ID}
    assert {guess_scheme(value, "organisation") for value in found} == {USCC}


def test_fifteen_digits_that_fit_a_person_and_a_registration_are_left_open() -> None:
    found = [f"45110290010{n:04d}" for n in range(1000, 2000)]
    found = [value for value in found if value == registered(value[:14]) and value[10:12] == "01"]
    assert found
    assert {guess_scheme(value) for value in found} == {None}
    assert {guess_scheme(value, "organisation") for value in found} == {REG_NO}
    assert {guess_scheme(value, "person") for value in found} == {RESIDENT_ID}


@pytest.mark.parametrize("hint", ["organisation", "sole_trader"])
def test_a_list_of_organisations_may_leave_out_the_hyphen(hint: str) -> None:
    assert guess_scheme("MA5AAAAA2", hint) == ORG_CODE
    assert guess_scheme("MA5AAAAA3", hint) is None


def test_a_sole_trader_may_be_listed_under_the_owner() -> None:
    assert guess_scheme("92451102MA5CCCCCXD", "sole_trader") == USCC
    assert guess_scheme("451102199001010010", "sole_trader") == RESIDENT_ID


def test_a_hint_excludes_what_it_rules_out() -> None:
    assert guess_scheme("91451100MA5AAAAA2F", "person") is None
    assert guess_scheme("451102199001010010", "organisation") != RESIDENT_ID
