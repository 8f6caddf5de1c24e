"""Tokens of an identity provider open the service as far as their claims say, and no forged one does."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from credit_check_sdk import ConfigurationError, Settings
from credit_check_sdk.config import OidcSettings
from credit_check_sdk.service.running import serving
from tests.kit import case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OIDC = OidcSettings(issuer="https://sso.example", audience="credit-check", keys_file="sso.json")
REACH = {"departments": ["451100-czj"], "matters": ["procurement.*"], "scope": "openid check read"}
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def jwks(*names: str) -> str:
    makers: dict[str, Any] = {
        "RS256": jwt.algorithms.RSAAlgorithm,
        "ES256": jwt.algorithms.ECAlgorithm,
        "EdDSA": jwt.algorithms.OKPAlgorithm,
    }
    keys = [{**json.loads(makers[name].to_jwk(KEYS[name].public_key())), "kid": name} for name in names]
    return json.dumps({"keys": keys})


def token(alg: str = "EdDSA", kid: str | None = None, key: Any = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": OIDC.issuer,
        "aud": OIDC.audience,
        "sub": "host-7",
        "iat": now,
        "exp": now + 600,
        **REACH,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key or KEYS[alg], algorithm=alg, headers={"kid": kid or alg})


@pytest.fixture
def served(serve: Callable[..., Any], config: Path) -> Any:
    (config.parent / "sso.json").write_text(jwks(*KEYS), encoding="utf-8")
    return serve(oidc=OIDC)


def file() -> dict[str, Any]:
    made: dict[str, Any] = case().model_dump(mode="json", context={"reveal": True})
    made["subject"].pop("founded_on", None)
    return made


@pytest.mark.parametrize("alg", list(KEYS))
def test_a_token_reaches_as_far_as_it_says(served: Any, alg: str) -> None:
    given = file()
    assert served("/v1/check", given, key=token(alg)).status == 200
    assert served("/v1/require", {"case": given}, key=token(alg)).json["code"] == "call.forbidden"
    other = token(alg, departments=["451100-scjgj"])
    assert served("/v1/check", file(), key=other).json["code"] == "call.forbidden"
    assert served(f"/v1/checks?case_id={given['id']}&point=evaluate", key=other).status == 404
    assert served("/v1/check", file(), key=token(alg, matters="licence.* tender.works")).status == 403
    assert served("/v1/check", file(), key=token(alg, departments=None)).status == 403
    assert served.register.calls()[-1]["host_key"] == "oidc:host-7"


def test_no_forged_token_opens_anything(served: Any) -> None:
    head, body, mark = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    more = base64.urlsafe_b64encode(json.dumps({**claims, "departments": ["*"]}).encode()).rstrip(b"=").decode()
    public = json.loads(jwks("EdDSA"))["keys"][0]["x"]
    forged = {
        "tampered": f"{head}.{more}.{mark}",
        "unsigned": jwt.encode(claims, "", algorithm="none", headers={"kid": "EdDSA"}),
        "with the public key as a secret": jwt.encode(
            claims, public.ljust(64, "0"), algorithm="HS256", headers={"kid": "EdDSA"}
        ),
        "of another key": token(key=ed25519.Ed25519PrivateKey.generate()),
        "of a key that is not known": token(kid="other"),
        "of another issuer": token(iss="https://elsewhere.example"),
        "for another audience": token(aud="payroll"),
        "that is over": token(exp=int(time.time()) - 60),
        "without an end": token(exp=None),
        "of nobody": token(sub=None),
        "of no form": "a.b.c",
    }
    assert {what: served("/v1/check", file(), key=given).status for what, given in forged.items()} == dict.fromkeys(
        forged, 401
    )


def test_keys_are_read_anew_when_their_file_changes(served: Any, config: Path) -> None:
    assert served("/v1/checks/dec_0", key=token()).status == 404
    (config.parent / "sso.json").write_text(jwks("RS256"), encoding="utf-8")
    assert served("/v1/checks/dec_0", key=token()).status == 401
    assert served("/v1/checks/dec_0", key=token("RS256")).status == 404
    (config.parent / "sso.json").write_text("no longer JSON", encoding="utf-8")
    assert served("/v1/checks/dec_0", key=token("RS256")).status == 401
    assert served("/v1/checks/dec_0", key=served.key()).status == 404, "host keys go on"


def test_keys_that_cannot_be_read_are_said_at_once(config: Path) -> None:
    settings = Settings.find(config)
    settings = settings.model_copy(update={"service": settings.service.model_copy(update={"port": 0, "oidc": OIDC})})
    with pytest.raises(ConfigurationError, match="keys_file cannot be read"), serving(settings):
        pass


def test_without_a_provider_no_token_is_taken(serve: Callable[..., Any]) -> None:
    assert serve()("/v1/checks/dec_0", key=token()).status == 401
