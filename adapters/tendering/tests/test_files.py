"""Files as they come: encodings, compression, broken JSON. The error always names the place."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from credit_check_adapter_tendering import OcdsReader, document, load
from credit_check_sdk import InputError, Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Read

RELEASE = {
    "ocid": "ocds-demo01-1",
    "tag": ["tender"],
    "parties": [{"id": "a", "name": "Société Générale d'Électricité", "roles": ["tenderer"]}],
}
CHINESE = {**RELEASE, "parties": [{"id": "a", "name": "贺州市示例建设有限公司", "roles": ["tenderer"]}]}


def text_of(value: object, *, indent: int | None = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


@pytest.mark.parametrize(
    ("encoding", "release"),
    [
        ("utf-8", CHINESE),
        ("utf-8-sig", CHINESE),
        ("utf-16", CHINESE),
        ("utf-16-le", CHINESE),
        ("utf-16-be", CHINESE),
        ("utf-32", CHINESE),
        ("utf-32-be", CHINESE),
        ("gb18030", CHINESE),
        ("latin-1", RELEASE),
        ("cp1252", RELEASE),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_a_file_is_read_whatever_its_encoding(
    tmp_path: Path, read: Callable[[Path], Read], encoding: str, release: dict[str, object], suffix: str
) -> None:
    path = tmp_path / f"tender{suffix}"
    path.write_bytes(text_of(release, indent=None if suffix == ".jsonl" else 2).encode(encoding))
    assert OcdsReader().reads(path, path.read_bytes()[:65536])
    found = read(path)
    assert found.only.subject.name == release["parties"][0]["name"]  # type: ignore[index]
    if encoding in {"gb18030", "latin-1", "cp1252", "utf-16-le"}:
        assert "编码" in found.remark.words.zh
        assert "understood as" in found.remark.words.en


def test_bytes_that_neither_windows_nor_latin_name_are_still_read(tmp_path: Path, read: Callable[[Path], Read]) -> None:
    path = tmp_path / "tender.json"
    path.write_bytes(text_of(RELEASE).encode("latin-1").replace("é".encode("latin-1"), b"\x81"))
    assert len(read(path).applicants) == 1


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"  \n\t ", "is empty"),
        (b'{"ocid": "1",\n "tag": [}', "line 2, column 10"),
        (b'{"ocid": "1", "tender": {"id": "t"', "line 1, column 35"),
        (b'{"ocid": "1"} trailing', "line 1, column 15"),
        (gzip.compress(b'{"ocid": "1"}', mtime=0), "is compressed (gzip)"),
        (b"PK\x03\x04 and so on", "is compressed (zip)"),
        (b"\xef\xbb\xbf\x00\x00\x00", "no text file"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"ocid": ' + b"1" * 5000 + b"}", "too many digits"),
        ("\ufeff".encode("utf-16-le") + b"{\x00\x00", "breaks off or is broken"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "tender.json"
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        list(OcdsReader().read(path))
    assert caught.value.code == "file.unreadable"
    assert says in str(caught.value)
    assert caught.value.remedy_en
    assert caught.value.remedy_zh


def test_an_error_quotes_nothing_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tender.json"
    path.write_text('{"ocid": "1", "parties": [{"identifier": {"id": "451102199001010010" "x"}}]}', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(OcdsReader().read(path))
    assert "451102199001010010" not in str(caught.value)
    assert caught.value.detail == {"line": 1, "column": 70}


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        list(OcdsReader().read(tmp_path / name))


def test_a_broken_line_does_not_spoil_the_others(tmp_path: Path, read: Callable[[Path], Read]) -> None:
    path = tmp_path / "tender.jsonl"
    good = text_of(RELEASE, indent=None)
    path.write_text(f'{good}\n{{"ocid": \n\n"a word"\n{good.replace("demo01-1", "demo01-2")}\n', encoding="utf-8")
    found = read(path)
    assert [one.row for one in found.applicants] == ["line 1, parties[0]", "line 5, parties[0]"]
    assert [one.row for one in found.rejected] == ["line 2", "line 4"]
    assert "line 2, column 10" in found.rejected[0].reason.en
    assert "line 4 is a single value" in found.rejected[1].reason.en


def test_lines_of_which_none_can_be_read_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tender.jsonl"
    path.write_text('{"$schema": "x"}\n{"hello": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1 is a JSON Schema"):
        list(OcdsReader().read(path))


def test_lines_are_known_without_the_name_saying_so(tmp_path: Path, read: Callable[[Path], Read]) -> None:
    path = tmp_path / "tender.json"
    good = text_of(RELEASE, indent=None)
    path.write_text(f"{good}\r\n{good.replace('demo01-1', 'demo01-2')}\r\n", encoding="utf-8")
    assert len(read(path).applicants) == 2


def test_one_document_in_a_file_named_lines_is_read_whole(tmp_path: Path, read: Callable[[Path], Read]) -> None:
    path = tmp_path / "tender.jsonl"
    path.write_text(text_of(RELEASE), encoding="utf-8")
    assert read(path).only.row == "parties[0]"


def test_a_doubled_key_hides_nobody(tmp_path: Path, read: Callable[[Path], Read]) -> None:
    path = tmp_path / "tender.json"
    path.write_text(
        '{"ocid": "1", "parties": [{"id": "a", "name": "A", "roles": ["tenderer"]}],'
        ' "parties": [{"id": "b", "name": "B", "roles": ["tenderer"]}], "ocid": "1"}',
        encoding="utf-8",
    )
    found = read(path)
    assert found.names == ["A", "B"]
    assert "(parties)" in found.remark.words.en
    assert "重复的键" in found.remark.words.zh


def test_load_gives_a_document_or_a_list_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "tender.json"
    path.write_text(text_of(RELEASE), encoding="utf-8")
    assert load(path) == RELEASE
    lines = tmp_path / "tender.jsonl"
    lines.write_text('{"ocid": "1"}\n{"ocid": "2"}\n', encoding="utf-8")
    assert load(lines) == [{"ocid": "1"}, {"ocid": "2"}]
    lines.write_text('{"ocid": "1"}\n{"ocid": \n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        load(lines)


@pytest.mark.parametrize(
    ("name", "raw", "reads"),
    [
        ("a.json", b'{"releases": []}', True),
        ("a.json", b'{"records": [], "publishedDate": "2026-01-01"}', True),
        ("a.txt", b'[{"ocid": "1"}]', True),
        ("a.json", b'\xef\xbb\xbf {"compiledRelease": {}}', True),
        ("a.json", b'{"grants": [{"id": "1"}]}', False),
        ("a.json", b'{"records": [1, 2]}', False),
        ("a.json", b"{}", False),
        ("a.json", b"", False),
        ("a.csv", b'"ocid","name"\n"1","A"\n', False),
        ("a.xml", b'<?xml version="1.0"?><ContractNotice/>', False),
        ("a.json.gz", gzip.compress(b"{}", mtime=0), True),
        ("a.xlsx", b"PK\x03\x04", False),
        ("a.parquet", b"PAR1\x00\x00", False),
        ("a.json", b"\xff\xfe{", False),
    ],
)
def test_the_reader_knows_its_own(tmp_path: Path, name: str, raw: bytes, *, reads: bool) -> None:
    assert OcdsReader().reads(tmp_path / name, raw) is reads


def test_the_reader_is_one() -> None:
    assert isinstance(OcdsReader(), Reader)
    assert OcdsReader().format == "ocds"


def test_a_head_cut_in_the_middle_of_a_character_is_still_text() -> None:
    raw = text_of(CHINESE).encode()
    for end in range(len(raw) - 60, len(raw)):
        assert document.text_head(raw[:end]).startswith("{")
