"""The signer: time and nonce come from effects, the rest is arithmetic."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.flow import NewId, Now, Request
from credit_check_sdk.platform.signer import HmacSigner, path_and_query
from credit_check_sdk.testing import script

MOMENT = datetime(2026, 11, 23, 1, 0, 0, 900_000, tzinfo=UTC)


def test_it_asks_for_time_and_nonce_and_adds_four_headers() -> None:
    request = Request(
        "POST", "http://127.0.0.1:8801/municipal/v1/checks?x=%E4%B8%AD", {"Content-Type": "application/json"}, b"{}"
    )
    signed = script(HmacSigner("demo", "demo-secret").sign(request), [(Now(), MOMENT), (NewId("nonce"), "nonce_1")])
    seconds = int(MOMENT.timestamp())
    lines = f"POST\n/municipal/v1/checks?x=%E4%B8%AD\n{hashlib.sha256(b'{}').hexdigest()}\n{seconds}\nnonce_1"
    assert signed.headers == {
        "Content-Type": "application/json",
        "X-Credit-Key": "demo",
        "X-Credit-Timestamp": str(seconds),
        "X-Credit-Nonce": "nonce_1",
        "X-Credit-Signature": hmac.new(b"demo-secret", lines.encode(), hashlib.sha256).hexdigest(),
    }
    assert (signed.method, signed.url, signed.body) == (request.method, request.url, request.body)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h/v1/checks", "/v1/checks"),
        ("http://h", "/"),
        ("https://h:8443/a/b?c=1&d=2#e", "/a/b?c=1&d=2"),
        ("http://h/v1/changes?", "/v1/changes"),
    ],
)
def test_it_signs_what_stands_in_the_request_line(url: str, target: str) -> None:
    assert path_and_query(url) == target


def test_its_secret_is_not_shown() -> None:
    assert "demo-secret" not in repr(HmacSigner("demo", "demo-secret"))


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [("", "s", "configuration.invalid"), ("demo", "", "configuration.missing_secret")],
)
def test_a_missing_key_or_secret_cannot_be_used(key_id: str, secret: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        HmacSigner(key_id, secret, source="municipal")
    assert (raised.value.code, raised.value.source) == (code, "municipal")
