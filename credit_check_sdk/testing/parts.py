"""Suites for the smaller parts of a plugin: signers, ciphers, receipt algorithms, calendars, memories.

Subclass one, and give the fixture ``make``::

    class TestMySigner(SignerConformance):
        @pytest.fixture
        def make(self) -> Callable[[], SignerUnderTest]:
            return lambda: SignerUnderTest(MySigner("key-1", "secret"), World(), "secret")
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.flow import Request
from credit_check_sdk.spi import Calendar, Cipher, Memory, ReceiptAlgorithm, Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from credit_check_sdk.testing.world import World

_REQUEST = Request("POST", "https://platform.example/query?x=1", {"Content-Type": "application/json"}, b'{"a": 1}', 7.0)


@dataclass(frozen=True)
class SignerUnderTest:
    """A signer, the world in which its flows run, and the secret that it must never show."""

    signer: Signer
    world: World
    secret: str = ""


class SignerConformance:
    """What every signer does; a subclass gives the fixture ``make``."""

    def test_it_has_the_shape_of_a_signer(self, make: Callable[[], SignerUnderTest]) -> None:
        """It is what the interface says."""
        assert isinstance(make().signer, Signer)

    def test_where_a_request_goes_stays(self, make: Callable[[], SignerUnderTest]) -> None:
        """Method, host, path and time limit are the caller's; what it is given is left as it was."""
        tested = make()
        headers = dict(_REQUEST.headers)
        signed = tested.world.run(tested.signer.sign(_REQUEST))
        assert (signed.method, signed.timeout) == (_REQUEST.method, _REQUEST.timeout)
        assert signed.url.startswith("https://platform.example/query?x=1")
        assert dict(_REQUEST.headers) == headers

    def test_each_request_is_proved_anew(self, make: Callable[[], SignerUnderTest]) -> None:
        """Where time or nonce are asked for, the second proof is another than the first: it cannot be replayed."""
        tested = make()
        first = tested.world.run(tested.signer.sign(_REQUEST))
        tested.world.pass_time(timedelta(seconds=2))
        second = tested.world.run(tested.signer.sign(_REQUEST))
        asked = {type(effect).__name__ for effect in tested.world.seen}
        if "NewId" in asked:
            assert first != second

    def test_it_shows_no_secret(self, make: Callable[[], SignerUnderTest]) -> None:
        """Neither its own text nor a signed request shows the secret."""
        tested = make()
        if not tested.secret:
            pytest.skip("it has no secret")
        signed = tested.world.run(tested.signer.sign(_REQUEST))
        assert tested.secret not in repr(tested.signer)
        assert tested.secret not in json.dumps(
            {**signed.headers, "url": signed.url, "body": signed.body.decode("latin-1")}
        )


class CipherConformance:
    """What every cipher does; a subclass gives the fixture ``make``, which makes one."""

    def test_what_is_encrypted_is_decrypted(self, make: Callable[[], Cipher]) -> None:
        """Empty, short and long texts come back; the same text twice gives two others."""
        cipher, key = make(), self._key(make())
        assert isinstance(cipher, Cipher)
        for plain in (b"", b"x", "张示例".encode(), bytes(100_000)):
            blob = cipher.encrypt(key, plain, b"entry")
            assert cipher.decrypt(key, blob, b"entry") == plain
            assert blob != cipher.encrypt(key, plain, b"entry")
            assert len(plain) < 2 or plain not in blob  # noqa: PLR2004  a single byte may stand anywhere

    def test_what_was_changed_is_refused(self, make: Callable[[], Cipher]) -> None:
        """Every byte is authenticated, and so is what it is bound to."""
        cipher, key = make(), self._key(make())
        blob = cipher.encrypt(key, b"text", b"entry")
        wrong = [blob[:cut] for cut in range(len(blob))] + [blob + b"\0"]
        for place in range(len(blob)):
            changed = bytearray(blob)
            changed[place] ^= 1
            wrong.append(bytes(changed))
        for each in wrong:
            self._refused(cipher, key, each, b"entry")
        self._refused(cipher, key, blob, b"another")
        self._refused(cipher, bytes(reversed(key)), blob, b"entry")

    @staticmethod
    def _key(cipher: Cipher) -> bytes:
        return bytes(range(cipher.key_bytes))

    @staticmethod
    def _refused(cipher: Cipher, key: bytes, blob: bytes, bound_to: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011  the kind is what is asked; its words are the cipher's
            cipher.decrypt(key, blob, bound_to)


class ReceiptAlgorithmConformance:
    """What every receipt algorithm does; a subclass gives the fixture ``make``, which makes one."""

    def test_what_is_signed_verifies(self, make: Callable[[], ReceiptAlgorithm]) -> None:
        """By its own key, and by no other; keys are never made twice."""
        algorithm = make()
        assert isinstance(algorithm, ReceiptAlgorithm)
        (private, public), (_, other) = algorithm.generate(), algorithm.generate()
        assert public != other
        signature = algorithm.sign(private, b"text")
        assert algorithm.verify(public, b"text", signature)
        assert not algorithm.verify(other, b"text", signature)
        assert not algorithm.verify(public, b"texts", signature)

    def test_whatever_is_malformed_verifies_nowhere(self, make: Callable[[], ReceiptAlgorithm]) -> None:
        """Changed and cut signatures, and what is no key, are answered with no, not with an exception."""
        algorithm = make()
        private, public = algorithm.generate()
        signature = algorithm.sign(private, b"text")
        for place in range(len(signature)):
            changed = bytearray(signature)
            changed[place] ^= 1
            assert not algorithm.verify(public, b"text", bytes(changed))
        for wrong in (b"", signature[:-1], signature + b"\0", bytes(len(signature)), b"\xff" * len(signature)):
            assert not algorithm.verify(public, b"text", wrong)
        for wrong in (b"", public[:-1], bytes(len(public)), b"\xff" * len(public)):
            assert not algorithm.verify(wrong, b"text", signature)

    def test_its_public_half_is_published_and_nothing_else(self, make: Callable[[], ReceiptAlgorithm]) -> None:
        """A JWK says the kind of key, and never the private half."""
        algorithm = make()
        jwk: Mapping[str, Any] = algorithm.jwk(algorithm.generate()[1])
        assert jwk["kty"]
        assert jwk.keys().isdisjoint({"d", "p", "q", "k", "kid", "alg", "use"})
        assert json.loads(json.dumps(dict(jwk))) == jwk


class CalendarConformance:
    """What every calendar does; a subclass gives the fixture ``make``, which makes one."""

    def test_it_answers_yes_no_or_nothing(self, make: Callable[[], Calendar]) -> None:
        """A day is a working day, or not, or not known; the same day gets the same answer."""
        calendar = make()
        assert isinstance(calendar, Calendar)
        days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
        answers = [calendar.working(day) for day in days]
        assert set(answers) <= {True, False, None}
        assert answers == [calendar.working(day) for day in days]

    def test_it_never_guesses(self, make: Callable[[], Calendar]) -> None:
        """No notice covers a day fifty years ahead (国务院办公厅 notices one year at a time)."""
        assert make().working(date(2076, 5, 4)) is None


class MemoryConformance:
    """What every shared memory does; a subclass gives the fixture ``make``, which makes one that works."""

    def test_it_keeps_and_forgets(self, make: Callable[[], Memory]) -> None:
        """What is remembered is recalled until its group is forgotten; what never was is not made up."""
        memory = make()
        try:
            assert isinstance(memory, Memory)
            assert memory.trouble is None
            memory.remember([("g1", "a", b"one", 60.0), ("g2", "b", b"two", 60.0)])
            found = memory.recall([("g1", "a"), ("g2", "b"), ("g1", "c")])
            assert [value for value, _ in found] == [b"one", b"two", None]
            at = time.time()
            memory.forget(["g1"], at)
            (one, forgotten), (two, _) = memory.recall([("g1", "a"), ("g2", "b")])
            assert (one, two) == (None, b"two")
            assert forgotten == pytest.approx(at)
        finally:
            memory.close()

    def test_one_leads_at_a_time_and_leaves_its_result(self, make: Callable[[], Memory]) -> None:
        """The second does not get the lead; it finds what the first left."""
        memory = make()
        try:
            assert memory.claim("call", "first", 60.0)
            assert not memory.claim("call", "second", 60.0)
            assert memory.landed("call") == (None, True)
            memory.land("call", "first", b"answer")
            assert memory.landed("call") == (b"answer", False)
        finally:
            memory.close()
