"""Values of the sealed ledger: checkpoints, counter-signatures, and what a verification found. Plain, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  part of public values
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

BreachKind = Literal["edited", "removed", "reordered", "inserted", "cut_off"]


@dataclass(frozen=True, slots=True)
class Countersignature:
    """That somebody else saw a checkpoint."""

    witness: str
    """Who saw it: the name of the source."""
    seen_at: datetime
    """When, by the witness's clock."""
    token: str
    """The witness's signature (compact JWS)."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """Public keys that the witness published then (JWK set)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That a chain had this head at this length, signed with the ledger's receipt key."""

    ledger: str
    """Number of the ledger."""
    chain: str
    """Number of the chain: a restored ledger begins another."""
    size: int
    """How many entries were sealed."""
    head: str
    """Link of the last one, ``sha256:…``."""
    at: datetime
    """When it was signed."""
    token: str = ""
    """The signature (compact JWS); its claims repeat the fields."""
    entry: str | None = None
    """Number of the last entry."""
    countersignatures: tuple[Countersignature, ...] = ()
    """Who else saw it."""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What one run of the sealer came to."""

    sealed: int = 0
    """Entries that got their place."""
    checkpoint: Checkpoint | None = None
    """The newest checkpoint, or None where nothing was ever sealed."""
    errors: tuple[str, ...] = ()
    """Codes of what kept a witness from counter-signing, each once; it is tried again next time."""


@dataclass(frozen=True, slots=True)
class Breach:
    """The first place at which the ledger is not what was sealed."""

    kind: BreachKind
    """What happened to the entry."""
    place: int | None
    """Its place in the chain, from 1; None for one that has none."""
    entry: str | None
    """Its number; None where nothing that is left names it."""
    entry_kind: str | None
    """What kind of entry it is."""
    where: str
    """Table and column in which it shows."""
    zh: str
    """In words."""
    en: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification of the whole ledger found."""

    ledger: str
    """Number of the ledger."""
    whole: bool
    """Whether every sealed entry is what was sealed."""
    sealed: int
    """Sealed entries, up to the breach where there is one."""
    unsealed: int
    """Entries recorded and not sealed yet."""
    erased: int
    """Sealed entries whose body was erased by order, with the erasure on record."""
    chains: int
    """Chains begun: one, and one more for each restore."""
    checkpoints: int
    """Checkpoints whose signature holds."""
    countersigned: int
    """Length of the ledger that a witness has seen."""
    head: str | None = None
    """Link of the last sealed entry, ``sha256:…``."""
    revoked: int = 0
    """Checkpoints that only a revoked key signs; the next sealing signs anew."""
    against: int | None = None
    """Length of the checkpoint that it was held against."""
    breach: Breach | None = None
    """What is wrong first."""
