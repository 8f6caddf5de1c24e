"""The ring, a source and a channel with the national algorithms: through both front doors."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gmssl_pyx
import pytest
import tomli_w

from credit_check_gm import sm2
from credit_check_gm.envelope import EnvelopeSigner, signed_text
from credit_check_gm.signers import canonical
from credit_check_sdk import ConfigurationError
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import GateError, NotUnderstoodError
from credit_check_sdk.flow import NewId, Now, Reply, Request
from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import script
from tests.connector.replay import Arrived, Given, replaying
from tests.kit import OTHER, Door, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OURS, PLATFORM = sm2.generate(), sm2.generate()
SM4 = bytes(range(16))
SECRET = f"sm2={OURS[0].hex()} sm4={SM4.hex()}"
MAPPING: dict[str, Any] = {
    "connector": 1,
    "name": {"zh-CN": "示例平台", "en": "Example"},
    "query": {"path": "/q", "body": {"code": "{subject.identifier}"}},
    "answer": {
        "failed": [{"at": "code", "is_not": "0"}],
        "nothing_found": [{"at": "data", "absent": True}],
        "records": "data",
    },
    "record": {"record_id": "id", "polarity": {"value": "negative"}, "authority": "dept"},
}


def settings(signer: str, **more: Any) -> SourceSettings:
    return SourceSettings(
        **{"id": "gm", "level": "regional", "base_url": "https://p", "key_id": "k1", "signer": signer, **more}
    )


def envelope_settings(**signing: Any) -> SourceSettings:
    return settings("sm2-sm4", signing={"app_code": "A1", "platform_key": "04" + PLATFORM[1].hex(), **signing})


@pytest.fixture(params=["sync", "async"])
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Door]]:
    doors: list[Door] = []

    def opening(**source: Any) -> Door:
        path = tmp_path / "credit-check.toml"
        start(path)
        mapping = tmp_path / "m.toml"
        mapping.write_text(tomli_w.dumps(MAPPING), "utf-8")
        text = path.read_text("utf-8").replace("enabled = []", 'enabled = ["gm"]')
        given = {"id": "gm", "kind": "connector", "level": "regional", "mapping": "m.toml", "tries": 1, **source}
        more = {"sources": [given], "matters": {"procurement.goods": {"required": ["gm"], "advisory": []}}}
        path.write_text(text + (tomli_w.dumps(more) if source else ""), "utf-8")
        doors.append(Door(request.param, path))
        return doors[-1]

    yield opening
    for door in doors:
        door.close()


def test_a_ring_turns_to_the_national_algorithms_and_reads_what_was(
    opened: Callable[..., Door], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = opened()
    before = door.check(case())
    config = ["--config", str(tmp_path / "credit-check.toml")]
    for kind, alg in (("receipt", "SM2"), ("data", "SM4GCM")):
        assert run(["keys", "rotate", "--kind", kind, "--alg", alg, *config]) == 0
    capsys.readouterr()
    after = door.check(case())
    header = json.loads(base64.urlsafe_b64decode(after.receipt.split(".")[0] + "=="))
    assert header["alg"] == "SM2"
    for decision in (before, after):
        assert door.verify_receipt(decision.receipt).jti == decision.id
        assert door.show(decision.id).decision.id == decision.id
    head, body, proof = after.receipt.split(".")
    for forged in (f"{head}.{body}.{proof[:-4]}AAAA", f"{head}.{body[:-4]}AAAA.{proof}"):
        with pytest.raises(GateError):
            door.verify_receipt(forged)
    (key,) = [key for key in door.receipt_keys()["keys"] if key["kid"] == header["kid"]]
    assert (key["crv"], key["alg"]) == ("SM2", "SM2")
    public = base64.urlsafe_b64decode(key["x"] + "=") + base64.urlsafe_b64decode(key["y"] + "=")
    assert sm2.verify(public, f"{head}.{body}".encode(), base64.urlsafe_b64decode(proof + "=="))


@pytest.mark.parametrize("signer", ["hmac-sm3", "sm2"])
def test_a_platform_verifies_the_headers(
    opened: Callable[..., Door], monkeypatch: pytest.MonkeyPatch, signer: str
) -> None:
    secret = "s" * 32 if signer == "hmac-sm3" else OURS[0].hex()
    monkeypatch.setenv("GM_SECRET", secret)

    def answer(arrived: Arrived) -> Given:
        said = {name: arrived.headers[f"x-credit-{name}"] for name in ("key", "timestamp", "nonce", "signature")}
        url = f"http://x{arrived.path}"
        text = canonical(Request(arrived.method, url, body=arrived.body), said["timestamp"], said["nonce"])
        proof = bytes.fromhex(said["signature"])
        holds = (
            bytes(gmssl_pyx.sm3_hmac(secret.encode(), text)) == proof
            if signer == "hmac-sm3"
            else sm2.verify(OURS[1], text, proof, form="der")
        )
        return Given('{"code": "0", "data": []}') if holds and said["key"] == "k1" else Given(status=401)

    with replaying(answer) as platform:
        door = opened(base_url=platform.url, signer=signer, key_id="k1", secret_env="GM_SECRET")
        assert door.check(case()).outcome == "clear"


def sealed(plain: bytes, tester: EnvelopeSigner, at: int, **changed: str) -> bytes:
    """Seal an answer as the platform does."""
    envelope = {
        "appCode": "A1",
        "version": "1.0",
        "encType": "SM4",
        "signType": "SM2",
        "timestamp": str(at),
        "encData": base64.b64encode(tester._sealed(plain)).decode(),
    }
    envelope["signData"] = base64.b64encode(sm2.sign(PLATFORM[0], signed_text(envelope), form=tester._form)).decode()
    return json.dumps({"data": {**envelope, **changed}}).encode()


@pytest.mark.parametrize(("mode", "form"), [("gcm", "der"), ("cbc", "plain")])
def test_requests_are_sealed_and_answers_opened(
    opened: Callable[..., Door], monkeypatch: pytest.MonkeyPatch, mode: str, form: str
) -> None:
    monkeypatch.setenv("GM_SECRET", SECRET)
    said = {"app_code": "A1", "platform_key": "04" + PLATFORM[1].hex(), "mode": mode, "form": form}
    tester = EnvelopeSigner(envelope_settings(mode=mode, form=form), SECRET)

    def answer(arrived: Arrived) -> Given:
        envelope = json.loads(arrived.body)["data"]
        proof = base64.b64decode(envelope["signData"])
        assert sm2.verify(OURS[1], signed_text(envelope), proof, form=tester._form)
        asked = json.loads(tester._opened(base64.b64decode(envelope["encData"])))
        rows = [{"id": "R1", "dept": "示例局", "code": asked["code"]}]
        body = json.dumps({"code": "0", "data": rows}).encode()
        return Given(sealed(body, tester, int(envelope["timestamp"])))

    with replaying(answer) as platform:
        door = opened(base_url=platform.url, signer="sm2-sm4", secret_env="GM_SECRET", signing=said)
        decision = door.check(case())
        assert (decision.silences, [each.records for each in decision.evidences]) == ((), [1])
        assert b"91451100MA5AAAAA2F" not in platform.arrived[0].body
        platform.answer = lambda _: Given('{"code": "0", "data": []}')
        (silence,) = door.check(case(organisation(OTHER, "广西示例建设有限公司"))).silences
        assert silence.code == "source.not_understood"


@pytest.mark.parametrize(
    "change",
    [
        {"signData": "AAAA"},
        {"encData": "AAAA"},
        {"timestamp": "0"},
        {"appCode": "A2"},
        {"version": "2"},
        {"signType": "none"},
    ],
)
def test_a_changed_answer_is_refused(change: dict[str, str]) -> None:
    signer = EnvelopeSigner(envelope_settings(), SECRET)
    whole = Reply(200, {}, sealed(b"{}", signer, int(AT.timestamp())))
    assert script(signer.open(whole), [(Now(), AT)]).body == b"{}"
    for changed in (sealed(b"{}", signer, int(AT.timestamp()), **change), b"", b"{}", b"[]", b'{"data": 1}'):
        with pytest.raises(NotUnderstoodError):
            script(signer.open(Reply(200, {}, changed)), [(Now(), AT)])
    late = Reply(200, {}, sealed(b"{}", signer, int(AT.timestamp()) - 3600))
    with pytest.raises(NotUnderstoodError):
        script(signer.open(late), [(Now(), AT)])


def test_what_fails_is_told_as_it_came_and_a_question_without_body_stays() -> None:
    signer = EnvelopeSigner(envelope_settings(), SECRET)
    assert script(signer.open(Reply(503, {}, b"busy")), []).body == b"busy"
    question = Request("GET", "https://p/x")
    assert script(signer.sign(question), []) is question
    assert SM4.hex() not in repr(signer)


@pytest.mark.parametrize(
    ("signer", "secret", "more"),
    [
        ("hmac-sm3", "", {}),
        ("hmac-sm3", "s3cr3t", {}),
        ("hmac-sm3", "s" * 32, {"key_id": ""}),
        ("sm2", "zz", {}),
        ("sm2", OURS[0].hex(), {"signing": {"form": "asn"}}),
        ("sm2-sm4", "", {}),
        ("sm2-sm4", "sm2=zz sm4=zz", {}),
        ("sm2-sm4", SECRET, {"signing": {"app_code": "A1"}}),
        ("sm2-sm4", SECRET, {"signing": {"platform_key": PLATFORM[1].hex()}}),
        ("sm2-sm4", SECRET, {"signing": {"app_code": "A1", "platform_key": PLATFORM[1].hex(), "mode": "ecb"}}),
        ("sm2-sm4", SECRET, {"signing": {"app_code": "A1", "platform_key": PLATFORM[1].hex(), "colour": "red"}}),
    ],
    ids=[f"set-up {number}" for number in range(11)],  # keys are made anew each time, and no part of a test's name
)
def test_a_set_up_that_cannot_sign_is_refused(signer: str, secret: str, more: dict[str, Any]) -> None:
    from credit_check_gm.plugin import credit_check_signers  # noqa: PLC0415  a plugin is loaded when it is enabled

    with pytest.raises(ConfigurationError) as refused:
        credit_check_signers()[signer](settings(signer, **more), secret)
    assert secret == "" or secret not in str(refused.value)
    assert refused.value.remedy_zh


def test_a_signature_is_of_its_own_time() -> None:
    from credit_check_gm.signers import hmac_sm3  # noqa: PLC0415  as above

    signer = hmac_sm3(settings("hmac-sm3"), "s" * 32)
    request = Request("post", "https://p", body=b"x")
    signed = script(signer.sign(request), [(Now(), AT), (NewId("nonce"), "nonce_1")])
    assert signed.headers["X-Credit-Timestamp"] == str(int(AT.timestamp()))
    assert canonical(request, "1", "n").decode().split("\n")[:2] == ["POST", "/"]
