"""Read and write checkpoints as documents that are kept elsewhere. Pure: it opens no file and verifies no signature.

What is read may be a document written here, a platform's answer to ``POST /v1/checkpoints``, an export of one check, or
a bare compact JWS: whoever verifies takes what he has in his hands.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import InputError
from credit_check_sdk.model.evidence import Checkpoint, Countersignature

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "credit-check-checkpoint/1"
"""What a checkpoint's document calls itself."""


def checkpoint_document(checkpoint: Checkpoint, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Write a checkpoint with all that it takes to verify it: signatures and the public *keys* (JWK set) of the ledger."""
    return {
        "format": FORMAT,
        "checkpoint": {
            "ledger": checkpoint.ledger,
            "chain": checkpoint.chain,
            "size": checkpoint.size,
            "head": checkpoint.head,
            "entry": checkpoint.entry,
            "at": checkpoint.at.isoformat(),
            "signature": checkpoint.token,
        },
        "keys": dict(keys),
        "countersignatures": [
            {
                "witness": seen.witness,
                "seen_at": seen.seen_at.isoformat(),
                "signature": seen.token,
                "keys": dict(seen.keys),
            }
            for seen in checkpoint.countersignatures
        ],
    }


def checkpoint_of(text: str, name: str = "checkpoint", keys: Mapping[str, Any] | None = None) -> Checkpoint:
    """Read a checkpoint from *text*; *keys* are those of the witness, where the text does not carry them.

    Raises:
        InputError: it is none; *name* is what it is called in the message.
    """
    try:
        return _read(text.strip(), keys or {})
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise InputError(
            f"{name} holds no checkpoint",
            f"{name} 中没有检查点",
            code="checkpoint.invalid",
            remedy_en="give a file that `evidence checkpoint -o FILE` or `evidence export` wrote, or the platform's answer",
            remedy_zh="请提供 evidence checkpoint -o 或 evidence export 写出的文件，或平台返回的副署",
        ) from None


def _read(text: str, keys: Mapping[str, Any]) -> Checkpoint:
    if not text.startswith("{"):
        return _of_token(text, keys)
    document = json.loads(text)
    if "checkpoint" in document:
        said = document["checkpoint"]
        seen = tuple(_seen(one, keys) for one in document.get("countersignatures", ()))
        return Checkpoint(
            str(said["ledger"]),
            str(said["chain"]),
            _size(said["size"]),
            str(said["head"]),
            datetime.fromisoformat(said["at"]),
            str(said["signature"]),
            said.get("entry"),
            seen,
        )
    # What the platform answers, or shows of what it received, is signed by the platform alone.
    document = document.get("body", document)
    found = _of_token(document["signature"], keys)
    if (found.size, found.head) != (document["size"], document["head"]):
        raise ValueError
    return found


def _seen(said: Mapping[str, Any], keys: Mapping[str, Any]) -> Countersignature:
    return Countersignature(
        str(said["witness"]),
        datetime.fromisoformat(said["seen_at"]),
        str(said["signature"]),
        keys or dict(said.get("keys", {})),
    )


def _of_token(token: str, keys: Mapping[str, Any]) -> Checkpoint:
    _, payload, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    names = str(claims["ledger"]), str(claims.get("chain", "")), _size(claims["size"]), str(claims["head"])
    if claims.get("kind") == "checkpoint":
        return Checkpoint(*names, datetime.fromisoformat(claims["at"]), token, claims.get("entry"))
    at = datetime.fromisoformat(claims["seen_at"])
    return Checkpoint(*names, at, countersignatures=(Countersignature("", at, token, keys),))


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value
