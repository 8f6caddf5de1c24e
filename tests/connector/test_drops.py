"""Files as an exchange: whole or not at all, written once, and never outside the folder that was configured."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from credit_check_sdk._shell.drops import exchange
from credit_check_sdk.connector import envelopes
from credit_check_sdk.errors import NotSentError
from credit_check_sdk.flow import Reply, Request

if TYPE_CHECKING:
    from pathlib import Path


def put(folder: Path, name: str, body: bytes) -> Reply:
    return exchange(Request("PUT", f"{folder.as_uri()}/{name}", body=body), "s", 100)


def get(folder: Path, name: str) -> Reply:
    return exchange(Request("GET", f"{folder.as_uri()}/{name}"), "s", 100)


def test_a_file_is_written_once(tmp_path: Path) -> None:
    assert [put(tmp_path, "a.xml", body).status for body in (b"one", b"one", b"two")] == [201, 200, 409]
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]
    read = get(tmp_path, "a.xml")
    assert (read.status, read.body) == (200, b"one")
    assert read.headers["last-modified"].endswith("+00:00")


def test_what_is_not_there_or_too_large_is_said(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(101))
    assert (get(tmp_path, "none").status, get(tmp_path, "large").status) == (404, 413)
    assert exchange(Request("POST", f"{tmp_path.as_uri()}/x"), "s", 100).status == 405
    assert get(tmp_path, "").status == 200


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", quote("../x", safe=""), quote("..\\x", safe=""), "%2e%2e/x", "x%00"]
)
def test_nothing_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for request in (Request("PUT", f"{inner.as_uri()}/{name}", body=b"x"), Request("GET", f"{inner.as_uri()}/{name}")):
        with pytest.raises(NotSentError) as refused:
            exchange(request, "s", 100)
        assert not refused.value.retryable
    assert list(tmp_path.iterdir()) == [inner]


@pytest.mark.parametrize("url", ["file://host/x", "file:///x?y", "file:x"])
def test_an_address_that_is_no_path_is_refused(url: str) -> None:
    with pytest.raises(NotSentError):
        exchange(Request("GET", url), "s", 100)


def test_a_folder_that_is_not_there_can_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(NotSentError) as refused:
        put(tmp_path / "none", "a", b"x")
    assert refused.value.retryable


def test_csv_is_read_strictly() -> None:
    assert envelopes.read("csv", b'a,b\r\n1,"x,\ny"\r\n\r\n', "utf-8")["rows"] == [{"a": "1", "b": "x,\ny"}]
    assert envelopes.read("csv", "名\n张".encode("gb18030"), "gb18030") == {
        "columns": {"名": 1},
        "rows": [{"名": "张"}],
    }
    for wrong in (b"a,a\n1,2", b"a,\n1,2", b"a,b\n1", b'a\n"x'):
        with pytest.raises(envelopes.EnvelopeError):
            envelopes.read("csv", wrong, "utf-8")
    assert envelopes.written("csv", {"a": 'x"y', "b": 1}, "gbk") == b'a,b\r\n"x""y",1\r\n'
