"""``credit-check connector``: check, try, record. Whatever is shown is masked, whatever is kept is made up."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import tomli_w

from credit_check_gateways.plugin import credit_check_signers
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.flow import Request
from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import World
from tests.connector.replay import Arrived, Given
from tests.connector.test_dialects import GATEWAY_ROW, JOINT_ROW
from tests.connector.test_soap import CN, NOTHING, VALUES, answering, one
from tests.connector.test_unseen import MAPPING, ROW, given
from tests.kit import USCC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.connector.replay import Replay

SUBJECT = ["--name", "贺州市示例食品有限公司", "--identifier", USCC]


@pytest.fixture
def command(
    tmp_path: Path, replay: Replay, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    config = tmp_path / "credit-check.toml"
    start(config)
    common = {"kind": "connector", "level": "regional", "base_url": replay.url, "signer": "none", "tries": 1}
    sources = [
        {"id": "red", "mapping": str(MAPPING), "options": {"values": {"app": "yy-01"}}, **common},
        {"id": "soap", "mapping": "redblack-soap", "options": VALUES, **common},
    ]
    config.write_text(config.read_text("utf-8") + tomli_w.dumps({"sources": sources}), "utf-8")

    def call(*words: str) -> tuple[int, dict[str, Any]]:
        code = run(["connector", *words, "--config", str(config), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_check_names_every_fault(command: Callable[..., Any], tmp_path: Path) -> None:
    assert command("check") == (
        0,
        {"mappings": [{"mapping": n, "usable": True, "faults": []} for n in ("red-list.toml", "redblack-soap")]},
    )
    bad = tmp_path / "bad.toml"
    bad.write_text(MAPPING.read_text("utf-8").replace("nothing_found", "nothing"), "utf-8")
    code, told = command("check", str(bad))
    assert code == 2
    assert [fault["place"] for fault in told["mappings"][0]["faults"]] == ["answer.nothing_found"]


def test_try_shows_everything_masked(command: Callable[..., Any], replay: Replay, tmp_path: Path) -> None:
    replay.answer = lambda _: given([ROW])
    code, told = command("try", "red", *SUBJECT)
    assert (code, told["understood"], told["known"], len(told["records"])) == (0, True, True, 1)
    assert told["exchanges"][0]["request"]["body"]["ztlb"] == "0"
    assert told["exchanges"][0]["reply"]["body"]["data"]["lb"][0]["mdlxid"] == "A01"
    text = json.dumps(told, ensure_ascii=False)
    assert not any(secret in text for secret in (USCC, "示例食品", "张示例"))
    with sqlite3.connect(tmp_path / "credit-check-audit.db") as audit:
        (count,) = audit.execute("select count(*) from credit_query").fetchone()
    assert count == 1


def test_try_says_what_failed(command: Callable[..., Any], replay: Replay) -> None:
    replay.answer = lambda _: given([], code="500")
    code, told = command("try", "red", *SUBJECT)
    assert (code, told["understood"], told["silences"][0]["code"]) == (1, False, "source.status")


def test_a_recorded_exchange_is_read_as_the_real_one_was(
    command: Callable[..., Any], replay: Replay, tmp_path: Path
) -> None:
    replay.answer = lambda _: given([ROW, {**ROW, "mdlxid": "A02", "fddbr": "李四光", "zjhm": "451102199001010010"}])
    out = tmp_path / "kept.json"
    code, _ = command("record", "red", *SUBJECT, "--out", str(out))
    assert code == 0
    text = out.read_text("utf-8")
    assert not any(secret in text for secret in ("贺州市示例食品有限公司", "李四光", "451102199001010010", "税务局"))
    code, told = command("try", str(MAPPING), "--recorded", str(out))
    assert (code, [each["list_code"] for each in told["records"]]) == (0, ["STA-A", "GACC-AEO"])
    assert command("record", "red", *SUBJECT, "--out", str(out))[0] == 2


@pytest.mark.skipif(not CN.is_dir(), reason=f"recorded answers are not there: {CN}")
@pytest.mark.parametrize("page", ["one", "nothing"])
def test_soap_is_recorded_with_what_stands_inside(
    command: Callable[..., Any], replay: Replay, tmp_path: Path, page: str
) -> None:
    replay.answer = answering(one() if page == "one" else NOTHING)
    out = tmp_path / "kept.json"
    firm = ["--name", "示例医药有限公司", "--identifier", "91350100M000100Y43"]
    assert command("record", "soap", *firm, "--out", str(out))[0] == 0
    code, told = command("try", "redblack-soap", "--recorded", str(out))
    assert (code, len(told["records"])) == (0, 1 if page == "one" else 0)


def test_a_person_is_not_asked_about_without_purpose(command: Callable[..., Any], replay: Replay) -> None:
    who = [
        "--name",
        "张示例",
        "--identifier",
        "451102199001010010",
        "--scheme",
        "cn-resident-id",
        "--category",
        "person",
    ]
    assert command("try", "red", *who)[0] == 2
    assert replay.arrived == []


def test_what_cannot_be_is_refused(command: Callable[..., Any], tmp_path: Path, replay: Replay) -> None:
    assert command("try", "nobody", *SUBJECT)[0] == 3
    assert command("try", "red", "--recorded", str(tmp_path / "nothing.json"))[0] == 2
    replay.answer = lambda _: Given(lost=True)
    assert command("record", "red", *SUBJECT, "--out", str(tmp_path / "x.json"))[0] == 2


@pytest.mark.parametrize("signer", ["md5-appkey", "tdes-form"])
def test_what_a_signer_asks_for_or_seals_is_not_in_the_way(
    tmp_path: Path, replay: Replay, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, signer: str
) -> None:
    secret = "0123456789abcdef23456789abcdef01456789abcdef0123"
    signing = {"iv": "0" * 16} if signer == "tdes-form" else {}
    monkeypatch.setenv("GATE_SECRET", secret)
    plain = json.dumps({"code": "0", "rows": [{**JOINT_ROW, "certCode": USCC}]}).encode()

    def answer(arrived: Arrived) -> Given:
        if "refreshToken" in arrived.path:
            return Given('{"datas": {"refreshSecret": "very-secret", "requestSecret": "very-secret"}}')
        if signer != "tdes-form":
            return Given(plain)
        said = SourceSettings(id="s", level="regional", signing=signing)
        sealer = credit_check_signers()[signer](said, secret)
        sealed = World().run(sealer.sign(Request("POST", "http://x", body=plain)))
        return Given(parse_qs(sealed.body.decode())["message"][0])

    replay.answer = answer
    config = tmp_path / "signed.toml"
    start(config)
    source = {
        "id": "joint", "kind": "connector", "level": "regional", "base_url": replay.url, "signer": signer, "tries": 1,
        "mapping": "joint-json", "key_id": "app-1", "secret_env": "GATE_SECRET", "signing": signing,
        "options": {"values": {"query": "q", "feedback": "f"}},
    }  # fmt: skip
    text = config.read_text("utf-8").replace("enabled = []", 'enabled = ["gateways"]')
    config.write_text(text + tomli_w.dumps({"sources": [source]}), "utf-8")
    assert run(["connector", "try", "joint", *SUBJECT, "--config", str(config), "--json"]) == 0
    shown = capsys.readouterr().out
    document = json.loads(shown)
    assert (len(document["exchanges"]), len(document["records"])) == (1, 1)
    assert "very-secret" not in shown
    assert secret not in shown
    out = tmp_path / "kept.json"
    assert run(["connector", "record", "joint", *SUBJECT, "--out", str(out), "--config", str(config)]) == 0
    capsys.readouterr()
    assert run(["connector", "try", "joint-json", "--recorded", str(out), "--json"]) == 0
    kept = out.read_text("utf-8")
    assert "very-secret" not in kept
    assert "贺州市示例食品有限公司" not in kept


def test_a_whole_list_is_not_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "exchange" / "in"
    folder.mkdir(parents=True)
    lines = [",".join(GATEWAY_ROW), ",".join(GATEWAY_ROW.values())]
    (folder / "list.csv").write_text("\n".join(lines), "utf-8")
    config = tmp_path / "drop.toml"
    start(config)
    values = {"list": "list.csv", "sender": "1", "receiver": "2"}
    source = {
        "id": "drop", "kind": "connector", "level": "regional", "base_url": folder.parent.as_uri(), "signer": "none",
        "mapping": "file-drop", "options": {"values": values},
    }  # fmt: skip
    config.write_text(config.read_text("utf-8") + tomli_w.dumps({"sources": [source]}), "utf-8")
    assert run(["connector", "try", "drop", *SUBJECT, "--config", str(config), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["records"]) == 1
    out = tmp_path / "kept.json"
    assert run(["connector", "record", "drop", *SUBJECT, "--out", str(out), "--config", str(config)]) == 2
    assert not out.exists()
