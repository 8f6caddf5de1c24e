"""See whether a checkpoint that was kept elsewhere is one of this ledger, and truly signed. It yields statements."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from credit_check_sdk._shell.keys import verify_with
from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.evidence import Checkpoint

_KEYS = select(s.countersignature.c.jwks).distinct().limit(1000)


def trusted(point: Checkpoint, ledger: str, keys: KeyRing) -> Work[None]:
    """Refuse a checkpoint that is another ledger's, or that neither the ledger's key nor a witness's signed.

    Raises:
        InputError: it cannot be held against this ledger.
    """
    if point.ledger != ledger:
        raise InputError(
            f"the checkpoint is of ledger {point.ledger!r}, and this one is {ledger!r}",
            f"该检查点属于台账 {point.ledger}，而本台账为 {ledger}",
            code="checkpoint.invalid",
            remedy_en="give a checkpoint of this ledger",
            remedy_zh="请提供本台账的检查点",
        )
    said = {"ledger": point.ledger, "size": point.size, "head": point.head, "chain": point.chain}
    if point.token and _says(keys.verify(point.token, revoked=True), said):
        return
    for seen in point.countersignatures:
        published = [seen.keys] if seen.keys else (yield from _remembered())
        if any(_says(verify_with(seen.token, jwks), said) for jwks in published):
            return
    raise InputError(
        "the checkpoint is signed neither with a key of this ring nor with a known key of a witness",
        "该检查点的签名既不是本密钥环的密钥，也不是已知见证方的密钥所签",
        code="checkpoint.invalid",
        remedy_en="give the witness's public keys with --keys (GET /v1/keys of the platform)",
        remedy_zh="请用 --keys 提供见证方公钥（平台 GET /v1/keys）",
    )


def _says(claims: Mapping[str, Any] | None, said: Mapping[str, Any]) -> bool:
    return claims is not None and all(claims.get(name, "") == value for name, value in said.items())


def _remembered() -> Work[list[Any]]:
    """Give the keys that witnesses published when they signed."""
    return [json.loads(row[0]) for row in (yield Execute(_KEYS)).rows]
