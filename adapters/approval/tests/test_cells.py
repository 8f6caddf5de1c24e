"""Dates and names as databases and people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from credit_check_adapter_approval.cells import column, moment, same_name, text


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23 09:00:00",
        "2026-11-23 09:00:00.0",
        "2026-11-23T09:00:00",
        "2026-11-23T09:00:00+08:00",
        "2026-11-23T01:00:00Z",
        "2026-11-23 9:00",
        "2026/11/23 09:00:00",
        "2026.11.23 9:00",
        "20261123090000",
        "202611230900",
        "2026年11月23日 9时00分",
        "2026年11月23日 09:00:00",
        "２０２６－１１－２３　０９：００：００",
        1795395600,
        1795395600000,
        "1795395600000",
        datetime(2026, 11, 23, 9, 0),  # noqa: DTZ001  what a database driver gives
        datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
        b"2026-11-23 09:00:00",
    ],
)
def test_a_moment_is_read_in_every_form(written: Any) -> None:
    assert moment(written) == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2026-11-23", "2026/11/23", "20261123", "2026年11月23日", date(2026, 11, 23)])
def test_a_day_begins_at_midnight_in_beijing(written: Any) -> None:
    assert moment(written) == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", None, "昨天", "2026-13-01", "2026-02-30", "23/11/2026", "20269999", True])
def test_what_is_no_moment_is_none(written: Any) -> None:
    assert moment(written) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  a ", "a"),
        (None, ""),
        (True, ""),
        (3.0, "3"),
        (3, "3"),
        ("\ufeff食品\u200b", "食品"),
        (b"\xca\xb3", "食"),
        ("联通".encode("gb18030"), "联通"),
        ("José".encode(), "José"),
        ("食".encode(), "食"),
    ],
)
def test_a_cell_becomes_text(written: Any, read: str) -> None:
    assert text(written) == read


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("APPLYER_NAME", "applyer_name"),
        ("applyerName", "applyer_name"),
        ("applyer_name", "applyer_name"),
        ("UpProAccept", "up_pro_accept"),
        (" legal ", "legal"),
    ],
)
def test_a_column_is_named_as_the_exchange_does(name: str, plain: str) -> None:
    assert column(name) == plain


def test_names_of_materials_are_compared_without_their_dress() -> None:
    assert same_name("《营业执照》 复印件") == same_name("营业执照复印件")
    assert same_name("身份证明（复印件）") == same_name("身份证明(复印件)")
    assert same_name("申请书") != same_name("申请表")
