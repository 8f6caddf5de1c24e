"""Seal what is committed, and have where the chain stands counter-signed. A flow; nobody who records waits for it.

A witness that cannot be reached holds nothing up: the checkpoint stays without its signature and is shown to it again
next time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from credit_check_sdk.core.evidence import proof_document
from credit_check_sdk.errors import CreditCheckError, KeyRingError, NotUnderstoodError
from credit_check_sdk.flow import Load, Move, Now, Verify
from credit_check_sdk.model.evidence import SealReport
from credit_check_sdk.model.ledger import Countersign, EvidenceOf, LatestCheckpoint, Seal, Sealed, Unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model.evidence import Checkpoint, Countersignature
    from credit_check_sdk.spi import Witness

BATCH = 500
"""Entries that get their place in one transaction, under one checkpoint."""


async def seal(desk: Desk) -> SealReport:
    """Seal everything that is committed now, and show the newest checkpoint to every witness that has not signed it."""
    total = 0
    while True:
        sealed: Sealed = await Move(Seal(await Now(), BATCH))
        total += sealed.entries
        if sealed.entries < BATCH:
            return await witnessed(desk, SealReport(sealed=total, checkpoint=sealed.checkpoint))


async def seal_waiting() -> SealReport:
    """Seal where something waits for it, without witnesses; where nothing does, the pen is left to whoever writes.

    A key that cannot sign holds up no delivery: its code stands in the report.
    """
    try:
        return await _waiting()
    except KeyRingError as error:
        return SealReport(errors=(error.code,))


async def _waiting() -> SealReport:
    total = 0
    while await Load(Unsealed()):
        sealed: Sealed = await Move(Seal(await Now(), BATCH))
        total += sealed.entries
        if not sealed.entries:
            break
    newest: Checkpoint | None = await Load(LatestCheckpoint())
    if newest is None:
        # Nothing was ever sealed, or the key that signed is revoked: then where the chain stands is signed anew.
        newest = (await Move(Seal(await Now(), BATCH))).checkpoint
    return SealReport(sealed=total, checkpoint=newest)


async def prove(desk: Desk, decision: str, keys: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give what proves a check as one document; what waits to be sealed is sealed first."""
    found: dict[str, Any] | None = await Load(EvidenceOf(decision))
    if found is not None and any(entry["place"] is None for entry in found["entries"]):
        await seal(desk)
        found = await Load(EvidenceOf(decision))
    return None if found is None else proof_document(decision, found, keys)


async def witnessed(desk: Desk, report: SealReport) -> SealReport:
    """Show the newest checkpoint to every witness that has not signed it yet."""
    checkpoint = report.checkpoint
    if checkpoint is None:
        return report
    seen = {signature.witness for signature in checkpoint.countersignatures}
    errors: dict[str, None] = dict.fromkeys(report.errors)
    for name, witness in desk.witnesses.items():
        if name in seen:
            continue
        try:
            signature = await _signed(desk, witness, checkpoint)
        except CreditCheckError as error:
            errors[error.code] = None
        except Exception:  # noqa: BLE001  the one place where a witness is contained
            errors["source.failed"] = None
        else:
            await Move(Countersign(checkpoint.chain, checkpoint.size, signature))
            checkpoint = replace(checkpoint, countersignatures=(*checkpoint.countersignatures, signature))
    return replace(report, checkpoint=checkpoint, errors=tuple(errors))


async def _signed(desk: Desk, witness: Witness, checkpoint: Checkpoint) -> Countersignature:
    """Have it signed, and see that the signature verifies and says what was shown.

    Raises:
        ExchangeError: it does not, or the witness did not answer.
    """
    signature = await witness.countersign(checkpoint)
    claims = await Verify(signature.token, signature.keys)
    shown = {
        "ledger": checkpoint.ledger,
        "chain": checkpoint.chain,
        "size": checkpoint.size,
        "head": checkpoint.head,
    }
    if claims is None or not shown.items() <= claims.items() or _foreign(desk, claims):
        raise NotUnderstoodError(
            f"the counter-signature of {witness.id!r} does not hold for this checkpoint",
            f"{witness.id!r} 的副署与本检查点不符",
            remedy_en="nothing of it is kept; show the platform's operator this message",
            remedy_zh="未采用其内容；请将本提示告知平台运维方",
            source=witness.id,
        )
    return signature


def _foreign(desk: Desk, claims: Mapping[str, Any]) -> bool:
    """Say whether it was signed in another environment: a sandbox is no witness to what is in force."""
    return bool(claims.get("environment", desk.environment) != desk.environment)
