"""The suites for the smaller parts, passed by what is built in and by our own plugins; and failed by what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit_check_gateways.plugin import credit_check_signers as gateways
from credit_check_gm.algorithms import Sm2, Sm4Gcm
from credit_check_gm.plugin import credit_check_signers as gm
from credit_check_sdk._shell.calendar import OfficialCalendar
from credit_check_sdk._shell.keys.ciphers import AesGcm, Ed25519
from credit_check_sdk.connector.plugin import Unsigned
from credit_check_sdk.flow import Reply, Request
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.spi import Calendar, Cipher, ReceiptAlgorithm, SourceSettings
from credit_check_sdk.testing import (
    CalendarConformance,
    CipherConformance,
    ReceiptAlgorithmConformance,
    SignerConformance,
    SignerUnderTest,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

SECRET = "0123456789abcdef23456789abcdef01456789abcdef0123"
SIGNERS: dict[str, dict[str, Any]] = {
    "http-signature": {"algorithm": "hmac-sha256"},
    "oauth2-client": {"token_url": "https://t/x"},
    "md5-appkey": {"place": "headers"},
    "tif-sha256": {},
    "tdes-form": {"iv": "0" * 16},
    "hmac-sm3": {},
}


def granting(request: Request, _: str) -> Reply:
    body = b'{"access_token": "t", "datas": {"refreshSecret": "r", "requestSecret": "q"}}'
    return Reply(200, {}, body if request.url else b"")


class TestSigners(SignerConformance):
    @pytest.fixture(params=["none", "hmac-sha256", *SIGNERS])
    def make(self, request: pytest.FixtureRequest) -> Callable[[], SignerUnderTest]:
        kind = request.param

        def making() -> SignerUnderTest:
            world = World(serve=granting)
            if kind == "none":
                return SignerUnderTest(Unsigned(), world)
            if kind == "hmac-sha256":
                return SignerUnderTest(HmacSigner("k", SECRET), world, SECRET)
            said = {"id": "s", "level": "regional", "base_url": "https://platform.example", "key_id": "k"}
            settings = SourceSettings(**{**said, "signer": kind, "signing": SIGNERS[kind]})
            return SignerUnderTest({**gateways(), **gm()}[kind](settings, SECRET), world, SECRET)

        return making


class TestCiphers(CipherConformance):
    @pytest.fixture(params=[AesGcm, Sm4Gcm])
    def make(self, request: pytest.FixtureRequest) -> Callable[[], Cipher]:
        made: Callable[[], Cipher] = request.param
        return made


class TestReceiptAlgorithms(ReceiptAlgorithmConformance):
    @pytest.fixture(params=[Ed25519, Sm2])
    def make(self, request: pytest.FixtureRequest) -> Callable[[], ReceiptAlgorithm]:
        made: Callable[[], ReceiptAlgorithm] = request.param
        return made


class TestCalendars(CalendarConformance):
    @pytest.fixture
    def make(self) -> Callable[[], Calendar]:
        return OfficialCalendar


class Guessing:
    """A calendar that guesses."""

    def working(self, day: date) -> bool | None:
        return day.weekday() < 5


class Leaky:
    """A cipher that hides nothing, and authenticates nothing."""

    key_bytes = 16

    def encrypt(self, key: bytes, plain: bytes, bound_to: bytes) -> bytes:
        return plain

    def decrypt(self, key: bytes, blob: bytes, bound_to: bytes) -> bytes:
        return blob


class Credulous:
    """An algorithm that believes everybody."""

    def generate(self) -> tuple[bytes, bytes]:
        return b"d", b"q"

    def sign(self, private: bytes, message: bytes) -> bytes:
        return b"s"

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        return True

    def jwk(self, public: bytes) -> Mapping[str, Any]:
        return {"kty": "OKP", "d": "private"}


class Talkative:
    """A signer that shows its secret."""

    async def sign(self, request: Request) -> Request:
        return Request(request.method, request.url, {**request.headers, "X-Secret": SECRET})


def test_the_suites_find_what_is_broken() -> None:
    failing: list[Callable[[], None]] = [
        lambda: CalendarConformance().test_it_never_guesses(Guessing),
        lambda: CipherConformance().test_what_is_encrypted_is_decrypted(Leaky),
        lambda: ReceiptAlgorithmConformance().test_what_is_signed_verifies(Credulous),
        lambda: ReceiptAlgorithmConformance().test_its_public_half_is_published_and_nothing_else(Credulous),
        lambda: SignerConformance().test_it_shows_no_secret(lambda: SignerUnderTest(Talkative(), World(), SECRET)),
        lambda: SignerConformance().test_where_a_request_goes_stays(
            lambda: SignerUnderTest(Talkative(), World(), SECRET)
        ),
    ]
    for fail in failing:
        with pytest.raises(AssertionError):
            fail()
    with pytest.raises(pytest.fail.Exception):
        CipherConformance().test_what_was_changed_is_refused(Leaky)
