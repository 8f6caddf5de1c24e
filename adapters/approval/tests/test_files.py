"""Files of the exchange in their encodings, and broken ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_adapter_approval import read_exchange
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Make

Accept = dict[str, Any]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("shape", ["one", "list", "files", "upper"])
def test_a_document_is_read(tmp_path: Path, make: Make, accept: Accept, encoding: str, shape: str) -> None:
    one: dict[str, Any] = {"up_pro_accept": accept}
    document = {
        "one": one,
        "list": [one],
        "files": {"files": [one]},
        "upper": {"UP_PRO_ACCEPT": [{name.upper(): value for name, value in accept.items()}], "other": 1},
    }[shape]
    path = tmp_path / "exchange.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding=encoding)
    assert [make(dict(file)) for file in read_exchange(path)] == [make(one)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_folder_of_tables_is_read(tmp_path: Path, make: Make, accept: Accept, encoding: str) -> None:
    second = {**accept, "project_no": "451100-2026-000124", "task_name": '食品"生产"\n许可'}
    rows = [accept, second]
    header = ",".join(accept)
    body = ["", *(",".join('"' + str(row[name]).replace('"', '""') + '"' for name in accept) for row in rows)]
    (tmp_path / "UP_PRO_ACCEPT.csv").write_text("\n".join([header, *body]), encoding=encoding)
    (tmp_path / "up_pro_material.csv").write_text(
        f"PROJECT_NO,MATERIAL_NAME,GET_TYPE\n{second['project_no']},申请书,1\nunknown,申请书,1\n", encoding=encoding
    )
    (tmp_path / "readme.txt").write_text("not a table", encoding="utf-8")
    files = read_exchange(tmp_path)
    assert [len(file.get("up_pro_material", [])) for file in files] == [0, 1]
    cases = [make(dict(file)) for file in files]
    assert [case.id for case in cases] == [accept["project_no"], second["project_no"]]
    assert cases[1].host["task_name"] == '食品"生产"\n许可'
    assert [one.name for one in cases[1].materials] == ["申请书"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"up_pro_accept": {', "exchange.json, line 1, column"),
        (b"\xff\xfe\xff\xff", "exchange.json, line 1: this is no text"),
        (b"[1]", "files[0]: there is no up_pro_accept"),
        (b'{"grants": []}', "files[0]: there is no up_pro_accept"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_document_says_where(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "exchange.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_exchange(path)
    assert refused.value.code == "file.unreadable"
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('project_no\n"1', "up_pro_accept.csv, line 2"),
        ("project_no\n1,2\n", "line 2: it has 2 cells for 1 columns"),
    ],
)
def test_a_broken_table_says_where(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "up_pro_accept.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_exchange(tmp_path)
    assert refused.value.code == "file.unreadable"
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_exchange(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"there is no up_pro_accept\.csv"):
        read_exchange(tmp_path)
