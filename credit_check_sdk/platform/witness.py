"""The witness that speaks the reference protocol. It performs no I/O: it describes requests and reads answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.model.evidence import Countersignature
from credit_check_sdk.platform import wire
from credit_check_sdk.platform.exchange import get, post, problem_code, understood
from credit_check_sdk.platform.options import options_of

if TYPE_CHECKING:
    from credit_check_sdk.model import Environment
    from credit_check_sdk.model.evidence import Checkpoint
    from credit_check_sdk.spi import Signer, SourceSettings

_CONFLICT = 409


class PlatformWitness:
    """Have checkpoints counter-signed by a platform that speaks the reference protocol (kind ``platform``).

    Raises:
        ConfigurationError: ``base_url`` or an option cannot be used.
    """

    def __init__(self, settings: SourceSettings, signer: Signer, environment: Environment) -> None:
        del environment  # the signature says which one it is of, and the core compares
        options_of(settings)
        self.id = settings.id
        self._settings = settings
        self._signer = signer

    async def countersign(self, checkpoint: Checkpoint) -> Countersignature:
        """Show the checkpoint, and bring back the platform's signature with the keys that it publishes.

        Raises:
            ExchangeError: it was not signed; ``checkpoint.forked`` where the platform saw another head at this length.
        """
        request = wire.CheckpointRequest(
            ledger=checkpoint.ledger,
            chain=checkpoint.chain,
            size=checkpoint.size,
            head=checkpoint.head,
            at=checkpoint.at,
            signature=checkpoint.token,
        )
        answered = await post(self._settings, self._signer, wire.CHECKPOINTS, wire.dump(request))
        if answered.reply.status == _CONFLICT and problem_code(answered.reply) == "checkpoint.forked":
            raise NotUnderstoodError(
                f"the platform {self.id!r} has seen another head of this ledger at length {checkpoint.size}",
                f"平台 {self.id!r} 在第 {checkpoint.size} 条处见证过本台账的另一链头",
                code="checkpoint.forked",
                remedy_en="verify the ledger against the checkpoint that the platform has; somebody cut it off or forked it",
                remedy_zh="请以平台保存的检查点验证台账：台账可能被截断或分叉",
                source=self.id,
            )
        reply = understood(wire.CheckpointReply, answered, self.id)
        published = understood(wire.KeysReply, await get(self._settings, self._signer, wire.KEYS), self.id)
        return Countersignature(self.id, reply.seen_at, reply.signature, {"keys": list(published.keys)})
