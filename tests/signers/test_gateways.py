"""Signers of gateways through both front doors: proved, refused, renewed, and named weak where they are."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import tomli_w
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from credit_check_gateways import algorithms, messages
from credit_check_gateways.fields import Bare, Item
from credit_check_gateways.plugin import credit_check_signers
from credit_check_sdk import ConfigurationError
from credit_check_sdk._shell.starting import start
from credit_check_sdk.cli.app import run
from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.spi import SourceSettings, WeakSigner
from credit_check_sdk.testing import World
from tests.connector.replay import Arrived, Given, Replay, replaying
from tests.kit import OTHER, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kit import Door

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
NOTHING = '{"code": "0", "data": []}'
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OTHER_CASE = (OTHER, "广西示例建设有限公司")
TDES = "0123456789abcdef23456789abcdef01456789abcdef0123"
KEY = Ed25519PrivateKey.generate()
PLATFORM = Ed25519PrivateKey.generate()


def private_pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key: Ed25519PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture
def replay() -> Iterator[Replay]:
    with replaying() as running:
        yield running


def configured(folder: Path, **source: Any) -> Path:
    path = folder / "credit-check.toml"
    start(path)
    (folder / "m.toml").write_text(tomli_w.dumps(MAPPING), "utf-8")
    text = path.read_text("utf-8").replace("enabled = []", 'enabled = ["gateways"]')
    given = {"id": "gate", "kind": "connector", "level": "regional", "mapping": "m.toml", "tries": 1, "key_id": "app-1",
             "secret_env": "GATE_SECRET", **source}  # fmt: skip
    more = {"sources": [given], "matters": {"procurement.goods": {"required": ["gate"], "advisory": []}}}
    path.write_text(text + tomli_w.dumps(more), "utf-8")
    return path


@pytest.fixture
def opened(
    tmp_path: Path, replay: Replay, open_door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Door]:
    def opening(secret: str, **source: Any) -> Door:
        monkeypatch.setenv("GATE_SECRET", secret)
        return open_door(configured(tmp_path, base_url=replay.url, **source))

    return opening


def test_a_request_is_signed_and_its_answer_verified(opened: Callable[..., Door], replay: Replay) -> None:
    ours = algorithms.verifying("ed25519", public_pem(KEY))
    theirs = algorithms.signing("ed25519", private_pem(PLATFORM))
    needs = frozenset({"@method", "@target-uri", "content-digest", "content-type", "x-app"})
    tampering: list[str] = []

    def answer(arrived: Arrived) -> Given:
        url = replay.url + arrived.path
        asked = messages.Message(arrived.headers, arrived.method, url)
        covered = messages.verify(asked, ours, needs=needs - {"x-app"}, now=datetime.now(UTC).timestamp())
        assert covered.params["keyid"] == "app-1"
        assert messages.digest_holds(arrived.headers, arrived.body)
        headers = {"content-digest": messages.digest(NOTHING.encode())}
        params: dict[str, Bare] = {"created": int(datetime.now(UTC).timestamp())}
        items = (Item("@status"), Item("content-digest"))
        headers |= messages.sign(messages.Message(headers, status=200), items, params, theirs, "p")
        body = NOTHING if not tampering else '{"code": "0", "data": [ ]}'
        return Given(body, headers=headers)

    replay.answer = answer
    signing = {"algorithm": "ed25519", "platform_key": public_pem(PLATFORM)}
    door = opened(private_pem(KEY), signer="http-signature", signing=signing)
    assert door.check(case()).outcome == "clear"
    tampering.append("body")
    decision = door.check(case(organisation(*OTHER_CASE)))
    assert [each.code for each in decision.silences] == ["source.not_understood"]
    replay.answer = lambda _: Given(NOTHING)
    assert door.check(case(organisation(*OTHER_CASE))).outcome == "undecided"


def test_a_token_is_fetched_kept_and_fetched_anew_when_it_is_refused(
    opened: Callable[..., Door], replay: Replay
) -> None:
    given: list[str] = []
    revoked: set[str] = set()

    def answer(arrived: Arrived) -> Given:
        if arrived.path == "/token":
            assert arrived.headers["authorization"] == f"Basic {base64.b64encode(b'app-1:s%2Fcret').decode()}"
            assert parse_qs(arrived.text) == {"grant_type": ["client_credentials"], "scope": ["credit"]}
            given.append(f"t{len(given)}")
            return Given(json.dumps({"access_token": given[-1], "token_type": "Bearer", "expires_in": 3600}))
        token = arrived.headers["authorization"].removeprefix("Bearer ")
        return Given(NOTHING) if token == given[-1] and token not in revoked else Given(status=401)

    replay.answer = answer
    signing = {"token_url": f"{replay.url}/token", "scope": "credit"}
    door = opened("s/cret", signer="oauth2-client", signing=signing)
    assert door.check(case()).outcome == "clear"
    assert door.check(case(organisation(*OTHER_CASE))).outcome == "clear"
    assert len(given) == 1
    revoked.add(given[0])
    fresh = organisation("91451100MA0000001H", "另一家有限公司")
    assert door.check(case(fresh)).outcome == "undecided"
    assert door.check(case(fresh)).outcome == "clear"
    assert len(given) == 2


@pytest.mark.parametrize("place", ["params", "headers"])
def test_two_step_keys_are_fetched_kept_and_fetched_anew(
    opened: Callable[..., Door], replay: Replay, place: str
) -> None:
    steps: list[str] = []

    def answer(arrived: Arrived) -> Given:
        parts = urlsplit(arrived.path)
        step = parts.path.rsplit("/", 1)[1]
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if step == "q" and place == "headers":
            said = {"appKey": arrived.headers["appkey"], "sign": arrived.headers["sign"],
                    "requestTime": arrived.headers["requesttime"]}  # fmt: skip
        secret = {"refreshTokenByKey.htm": "secret-0", "refreshTokenBySec.htm": "secret-1", "q": "secret-2"}[step]
        holds = hashlib.md5(f"app-1{secret}{said['requestTime']}".encode(), usedforsecurity=False).hexdigest()
        assert (said["appKey"], said["sign"]) == ("app-1", holds)
        steps.append(step)
        body = {"datas": {"refreshSecret": "secret-1", "requestSecret": "secret-2"}}
        return Given(NOTHING if step == "q" else json.dumps(body))

    replay.answer = answer
    door = opened("secret-0", signer="md5-appkey", signing={"place": place})
    assert door.check(case()).outcome == "clear"
    assert door.check(case(organisation(*OTHER_CASE))).outcome == "clear"
    assert steps == ["refreshTokenByKey.htm", "refreshTokenBySec.htm", "q", "q"]


def test_a_header_gateway_is_satisfied(opened: Callable[..., Door], replay: Replay) -> None:
    def answer(arrived: Arrived) -> Given:
        time, nonce = arrived.headers["x-tif-timestamp"], arrived.headers["x-tif-nonce"]
        proof = hashlib.sha256(f"{time}tok{nonce}{time}".encode()).hexdigest().upper()
        holds = (arrived.headers["x-tif-paasid"], arrived.headers["x-tif-serviceid"]) == ("app-1", "svc")
        return Given(NOTHING if holds and arrived.headers["x-tif-signature"] == proof else "", status=200)

    replay.answer = answer
    door = opened("tok", signer="tif-sha256", signing={"service_id": "svc", "upper": True})
    assert door.check(case()).outcome == "clear"


def test_a_sealed_form_is_opened_on_both_sides(opened: Callable[..., Door], replay: Replay) -> None:
    signing = {"iv": "0011223344556677"}
    other: Any = credit_check_signers()["tdes-form"](settings("tdes-form", signing=signing), TDES)

    def answer(arrived: Arrived) -> Given:
        assert arrived.headers["content-type"] == "application/x-www-form-urlencoded"
        sealed = parse_qs(arrived.text)["message"][0].encode()
        asked = World().run(other.open(Reply(200, {}, sealed)))
        assert json.loads(asked.body)["code"].startswith("9145")
        sent = World().run(other.sign(Request("POST", "http://x", body=NOTHING.encode())))
        return Given(parse_qs(sent.body.decode())["message"][0])

    replay.answer = answer
    door = opened(TDES, signer="tdes-form", signing=signing)
    assert door.check(case()).outcome == "clear"
    replay.answer = lambda _: Given("bm90IHNlYWxlZA==")
    decision = door.check(case(organisation(*OTHER_CASE)))
    assert [each.code for each in decision.silences] == ["source.not_understood"]


def settings(signer: str, **more: Any) -> SourceSettings:
    return SourceSettings(
        **{"id": "gate", "level": "regional", "base_url": "https://p", "key_id": "k", "signer": signer, **more}
    )


def renewing(serve: Callable[[Request, str], Reply], signer: str, signing: dict[str, Any]) -> tuple[Any, World]:
    made = credit_check_signers()[signer](settings(signer, signing=signing), "secret")
    return made, World(AT, serve)


@pytest.mark.parametrize(
    ("signer", "signing", "answer"),
    [
        ("oauth2-client", {"token_url": "https://t/x"}, {"access_token": "t", "expires_in": 60}),
        ("md5-appkey", {"lasts": 30}, {"datas": {"refreshSecret": "a", "requestSecret": "b"}}),
    ],
)
def test_what_runs_out_is_fetched_anew(signer: str, signing: dict[str, Any], answer: dict[str, Any]) -> None:
    made, world = renewing(lambda *_: Reply(200, {}, json.dumps(answer).encode()), signer, signing)
    request = Request("GET", "https://p/q")
    world.run(made.sign(request))
    first = len(world.sent)
    world.run(made.sign(request))
    assert len(world.sent) == first
    world.pass_time(timedelta(seconds=31))
    world.run(made.sign(request))
    assert len(world.sent) == 2 * first
    world.run(made.open(Reply(401)))
    world.run(made.sign(request))
    assert len(world.sent) == 3 * first
    assert "secret" not in repr(made)


@pytest.mark.parametrize("signer", ["oauth2-client", "md5-appkey"])
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401, {}, b'{"error": "invalid_client"}'), "source.refused"),
        (Reply(503), "source.status"),
        (Reply(200, {}, b"<html>"), "source.refused"),
        (Reply(200, {}, b"[]"), "source.refused"),
        (Reply(200, {}, b'{"access_token": "t\\n", "datas": {"refreshSecret": 1}}'), "source.refused"),
        (Reply(200, {}, b'{"access_token": "t", "token_type": "mac"}'), "source.refused"),
    ],
)
def test_no_token_is_an_error_that_shows_nothing(signer: str, reply: Reply, code: str) -> None:
    signing = {"token_url": "https://t/x"} if signer == "oauth2-client" else {}
    made, world = renewing(lambda *_: reply, signer, signing)
    with pytest.raises(NotUnderstoodError) as refused:
        world.run(made.sign(Request("GET", "https://p")))
    assert refused.value.code == code
    assert "secret" not in str(refused.value).replace("request secret", "").replace("secret and", "")


@pytest.mark.parametrize(
    ("signer", "secret", "more"),
    [
        ("http-signature", "", {"signing": {"algorithm": "ed25519"}}),
        ("http-signature", "no key", {"signing": {"algorithm": "ed25519"}}),
        ("http-signature", "s" * 32, {"signing": {}}),
        ("http-signature", "s" * 32, {"signing": {"algorithm": "hmac-sha256", "platform_key": "x"}}),
        ("http-signature", "s" * 32, {"signing": {"algorithm": "hmac-sha256", "colour": "red"}}),
        ("oauth2-client", "s", {"signing": {"token_url": "http://t.example/x"}}),
        ("oauth2-client", "s", {"key_id": "", "signing": {"token_url": "https://t/x"}}),
        ("md5-appkey", "", {}),
        ("tif-sha256", "s", {"key_id": ""}),
        ("tdes-form", "00", {"signing": {"iv": "0" * 16}}),
        ("tdes-form", TDES, {}),
    ],
)
def test_a_set_up_that_cannot_sign_is_refused(signer: str, secret: str, more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        credit_check_signers()[signer](settings(signer, **more), secret)
    assert refused.value.remedy_zh


@pytest.mark.parametrize("signer", ["md5-appkey", "tif-sha256", "tdes-form", "http-signature"])
def test_the_doctor_names_the_weak(
    tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], signer: str
) -> None:
    signing = {"tdes-form": {"iv": "0" * 16}, "http-signature": {"algorithm": "hmac-sha256"}}.get(signer, {})
    monkeypatch.setenv("GATE_SECRET", TDES)
    config = configured(tmp_path, base_url=replay.url, signer=signer, signing=signing)
    run(["doctor", "--config", str(config), "--json"])
    weak = [each for each in json.loads(capsys.readouterr().out)["findings"] if each["weak"]]
    assert [each["what"] for each in weak] == ([] if signer == "http-signature" else ["sources.gate.signer"])
    for each in weak:
        assert signer in each["en"]
        assert "弱" in each["zh"]
    made = credit_check_signers()[signer](settings(signer, signing=signing), TDES)
    assert isinstance(made, WeakSigner) is bool(weak)
