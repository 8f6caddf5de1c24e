"""Turn answers, results and errors into bytes that only a holder of the key ring can read or make, and back."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.consult import Remembered
from credit_check_sdk.errors import ExchangeError, KeyRingError, NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.model import Consultation, Silence

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing

_REVEAL = {"reveal": True}
_ERRORS = {kind.__name__: kind for kind in (NotSentError, NoAnswerError, NotUnderstoodError)}
_SEPARATOR = b"\x00"


class Sealer:
    """Seal for the shared memory with the ring's data key; what another ring sealed, or somebody changed, is nothing."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, value: Any, name: str) -> bytes | None:
        """Seal an answer, a result or an error under *name*; None for what is not to be shared."""
        plain = _plain(value)
        if plain is None:
            return None
        key, blob = self._keys.encrypt(plain, name)
        return key.encode() + _SEPARATOR + blob

    def open(self, sealed: bytes, name: str) -> Any:
        """Give what was sealed under *name*, or None where it cannot be read."""
        key, _, blob = sealed.partition(_SEPARATOR)
        try:
            return _value(self._keys.decrypt(key.decode(), blob, name))
        except (KeyRingError, ValueError, KeyError):
            return None


@functools.cache
def _remembered() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Remembered)


def _plain(value: Any) -> bytes | None:
    match value:
        case Remembered():
            return b"r" + bytes(_remembered().dump_json(value, context=_REVEAL))
        case Consultation():
            return b"c" + value.model_dump_json(context=_REVEAL).encode()
        case Silence():
            return b"s" + value.model_dump_json().encode()
        case ExchangeError():
            said = {
                "kind": type(value).__name__,
                "en": value.en,
                "zh": value.zh,
                "code": value.code,
                "remedy_en": value.remedy_en,
                "remedy_zh": value.remedy_zh,
                "retryable": value.retryable,
                "source": value.source,
                "detail": {k: v for k, v in value.detail.items() if isinstance(v, str | int | float | bool)},
            }
            return b"e" + json.dumps(said).encode()
        case _:
            return None


def _value(plain: bytes) -> Any:
    kind, text = plain[:1], plain[1:]
    match kind:
        case b"r":
            return _remembered().validate_json(text)
        case b"c":
            return Consultation.model_validate_json(text)
        case b"s":
            return Silence.model_validate_json(text)
        case b"e":
            said = json.loads(text)
            return _ERRORS.get(said.pop("kind"), NoAnswerError)(said.pop("en"), said.pop("zh"), **said)
        case _:
            return None
