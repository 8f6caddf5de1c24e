"""Bodies of entries: canonical text, encrypted, with a salted commitment. It makes a statement, and runs none."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import rfc8785

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, insert, micros

if TYPE_CHECKING:
    from datetime import datetime

    from credit_check_sdk._shell.keys import KeyRing

_COLUMNS = ("id", "kind", "case_id", "recorded_at", "key_id", "body", "salt", "digest")
_INSERT = insert(s.entry, *_COLUMNS)
_INSERT_ONCE = insert(s.entry, *_COLUMNS, or_nothing=True)
_EXACT = 2**53
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def entry(  # noqa: PLR0913  the columns of an entry
    number: str, kind: str, case_id: str, at: datetime, body: Any, keys: KeyRing, *, once: bool = False
) -> Execute:
    """Write *body* down as an entry; with *once* an entry of this number that is there already stays as it is.

    The digest covers a salted commitment, so that it says nothing of the content. ``key_id`` holds the entry's own key,
    wrapped, behind the number of the data key that wraps it: another data key changes this column and no other.
    """
    plain = canonical(body)
    salt = os.urandom(16)
    key_id, blob = keys.encrypt(plain, number)
    return Execute(
        _INSERT_ONCE if once else _INSERT,
        {
            "id": number,
            "kind": kind,
            "case_id": case_id,
            "recorded_at": micros(at),
            "key_id": key_id,
            "body": blob,
            "salt": salt,
            "digest": hashlib.sha256(salt + plain).hexdigest(),
        },
    )


def opened(key_id: str, blob: bytes, number: str, keys: KeyRing) -> Any:
    """Give the body of an entry.

    Raises:
        KeyRingError: another ring wrote it, or it was changed.
    """
    return json.loads(keys.decrypt(key_id, bytes(blob), number))


def canonical(body: Any) -> bytes:
    """Give the canonical JSON (RFC 8785) of *body*.

    RFC 8785 has no words for whole numbers beyond 2**53 and for halves of surrogate pairs, which a host's own JSON may
    well hold (an 18-digit number, say): such a body is written by the same rules and loses nothing.
    """
    try:
        if _plain(body):
            return _encode(body).encode()  # the same text as that of rfc8785, ten times as fast
        return rfc8785.dumps(body)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _plain(body: Any) -> bool:
    """Say whether Python's own encoder writes the canonical text: no floats, no great numbers, keys in ASCII."""
    waiting = [body]
    for value in waiting:  # it grows while it is walked
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        if kind is dict:
            try:
                if not "".join(value).isascii():
                    return False
            except TypeError:
                return False  # a key that is no text
            waiting.extend(value.values())
        elif kind is list:
            waiting.extend(value)
        elif kind is not int or not -_EXACT < value < _EXACT:
            return False
    return True
