"""The search itself: it finds what it should, wherever it is hidden."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import urllib.parse
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from tests.kit import PERSON, USCC
from tests.privacy.searching import found_in, search

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("inner.txt", data)
    return packed.getvalue()


HIDING: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: b"before " + data + b" after",
    "base64": base64.b64encode,
    "base64 of more": lambda data: base64.b64encode(b"x" * 7 + data + b"yy"),
    "base64url": lambda data: base64.urlsafe_b64encode(b">>>" + data + b"???"),
    "base32": base64.b32encode,
    "hex": lambda data: data.hex().encode(),
    "url": lambda data: urllib.parse.quote_from_bytes(data).encode(),
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "json": lambda data: json.dumps({"id": data.decode()}).encode(),
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zlib": zlib.compress,
    "zip": zipped,
    "zip in gzip": lambda data: gzip.compress(zipped(data)),
    "base64 in zip": lambda data: zipped(base64.b64encode(b"a" + data)),
}


@pytest.mark.parametrize("how", HIDING)
@pytest.mark.parametrize("secret", [USCC, PERSON])
def test_it_finds_what_is_hidden(how: str, secret: str) -> None:
    hidden = HIDING[how](secret.encode())
    found = list(found_in(hidden, (USCC, PERSON), "here"))
    assert found
    assert all(secret not in said for said in found)
    assert not list(found_in(HIDING[how](b"91451100MA5ZZZZZ2F"), (USCC, PERSON), "here"))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_it_finds_base64_at_any_place(before: bytes, after: bytes) -> None:
    assert list(found_in(base64.b64encode(before + PERSON.encode() + after), (PERSON,), "here"))


def test_it_looks_into_databases_workbooks_and_names(tmp_path: Path) -> None:
    opened = sqlite3.connect(tmp_path / "a.db")
    opened.execute("CREATE TABLE t (v TEXT)")
    opened.execute("INSERT INTO t VALUES (?)", ("x" * 4000 + USCC,))
    opened.commit()
    opened.close()
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([PERSON])
    book.save(tmp_path / "b.xlsx")
    (tmp_path / f"{USCC}.txt").touch()
    (tmp_path / "left-out.json").write_text(PERSON)
    found = search(tmp_path, (USCC, PERSON), leave_out=lambda path: path.name == "left-out.json")
    assert {said.partition(":")[0].partition(",")[0].partition(" ›")[0] for said in found} == {
        "a.db",
        "b.xlsx",
        f"name of {USCC}.txt",
    }
    assert not search(tmp_path, ("91451100MA5ZZZZZ2F",))
