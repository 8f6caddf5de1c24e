"""The commands of the service: keys of hosts are made, listed and revoked, calls are listed, and it is served."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from credit_check_sdk import InputError
from credit_check_sdk.cli.app import run
from tests.kit import case
from tests.service.kit import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FINANCE = "451100-czj"


@pytest.fixture
def shell(config: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def ran(*words: str) -> tuple[int, str, str]:
        code = run(["--config", str(config), "--lang", "en", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return ran


def test_a_key_is_made_listed_and_revoked(shell: Callable[..., Any], config: Path) -> None:
    code, out, err = shell("host-keys", "make", "approvals", "--department", FINANCE, "--matter", "licence.*")
    token = out.strip()
    assert (code, token.startswith("cck_")) == (0, True)
    assert token not in err
    number = token.split("_")[1]
    _, out, _ = shell("--json", "host-keys", "list")
    (row,) = json.loads(out)["host_keys"]
    assert (row["id"], row["name"], row["departments"], row["matters"]) == (
        number,
        "approvals",
        [FINANCE],
        ["licence.*"],
    )
    assert row["may"] == ["check", "settle", "require", "read"]
    assert token.split("_", 2)[2] not in out
    kept = b"".join(path.read_bytes() for path in config.parent.glob("*.db*"))
    assert token.split("_", 2)[2].encode() not in kept

    assert shell("host-keys", "revoke", number, "--reason", "replaced")[0] == 0
    assert "revoked" in shell("host-keys", "list")[1]
    _, out, _ = shell("--json", "host-keys", "list")
    (row,) = json.loads(out)["host_keys"]
    assert row["revoked_at"]
    assert row["reason"] == "replaced"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("make", " ", "--department", "d", "--matter", "m"), "has a name"),
        (("make", "n", "--department", "", "--matter", "m"), "has a name"),
        (("make", "n", "--department", "d", "--matter", "m", "--may", "everything"), "may do check"),
        (("make", "n", "--department", "d", "--matter", "m", "--ends", "tomorrow"), "is no day"),
        (("make", "n", "--department", "d", "--matter", "m", "--ends", "9999-12-31"), "is no day"),
        (("make", "n", "--department", "d", "--matter", "m", "--ends", "2020-01-01"), "is past"),
        (("make", "n", "--matter", "m"), "--department"),
        (("revoke", "none", "--reason", "r"), "no host key"),
        (("revoke", "none", "--reason", " "), "is empty"),
    ],
)
def test_bad_input_is_refused(shell: Callable[..., Any], words: tuple[str, ...], word: str) -> None:
    code, out, err = shell("host-keys", *words)
    assert (code, out) == (2, "")
    assert word in err
    assert json.loads(shell("--json", "host-keys", "list")[1]) == {"host_keys": []}


def test_a_key_ends_by_itself(served: Any) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made, token = served.register.make("host", [FINANCE], ["*"], ends_at=soon)
    assert served.register.find(token) == made
    assert not made.holds(soon)
    with pytest.raises(InputError):
        served.register.make("host", [FINANCE], ["*"], ends_at=datetime.now(UTC) - timedelta(seconds=1))


def test_a_key_that_is_over_opens_nothing(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from credit_check_sdk._shell import register  # noqa: PLC0415  its clock is set

    soon = datetime.now(UTC) + timedelta(hours=1)
    _, token = served.register.make("host", [FINANCE], ["*"], ends_at=soon)
    assert served("/v1/checks/dec_0", key=token).status == 404

    class Later(datetime):
        @classmethod
        @override
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(hours=2)

    monkeypatch.setattr(register, "datetime", Later)
    assert served("/v1/checks/dec_0", key=token).status == 401


def test_the_service_is_served_until_a_signal_comes(shell: Callable[..., Any], config: Path) -> None:
    token = shell("host-keys", "make", "host", "--department", FINANCE, "--matter", "*")[1].strip()
    command = [sys.executable, "-m", "credit_check_sdk.cli", "--config", str(config), "--lang", "en"]
    with subprocess.Popen([*command, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "service ready at http://127.0.0.1:" in said
        assert "(1 host keys)" in said
        url = said.split()[3]
        file = case().model_dump(mode="json", context={"reveal": True})
        file["subject"].pop("founded_on", None)
        answer = ask(url, "/v1/check", file, key=token)
        assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(60) in {0, -signal.SIGTERM}
    assert "Traceback" not in rest
    _, out, _ = shell("--json", "host-keys", "calls", "--case", file["id"])
    (call,) = json.loads(out)["calls"]
    assert (call["operation"], call["status"], call["decision"]) == ("check", 200, answer.json["id"])
    assert file["id"] in shell("host-keys", "calls")[1]


def test_a_port_that_is_taken_is_said(shell: Callable[..., Any], served: Any) -> None:
    code, _, err = shell("serve", "--port", served.url.rpartition(":")[2])
    assert code == 3
    assert "cannot listen" in err


def test_beyond_this_machine_it_wants_a_certificate(shell: Callable[..., Any]) -> None:
    code, _, err = shell("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  it refuses to
    assert code == 3
    assert "certificate_file" in err
