"""Effects: what the core and the plugins may ask of the world. This module performs none of them.

A *flow* is an ``async def`` that awaits effects and other flows, and nothing else. An *effect* is a frozen value; a
driver of the shell performs it and sends the answer back. So each flow is written once and serves threads and event
loops alike, and a test of a flow asserts effects and feeds answers: no sockets, no mocks, no sleeping.

`Record`, `Load`, `Audit`, `Ask`, `Forget` and `Move` reach a database: `Record` and `Load` run in the caller's thread,
hence in the caller's transaction. A branch of `Together` or `Ask` may await none of these six.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from credit_check_sdk.model.ledger import Entry, QueryNote

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Effect(Generic[T_co]):
    """A wish of a flow; awaiting it hands it to the driver and returns the answer."""

    __slots__ = ()

    def __await__(self) -> Generator[Effect[Any], T_co, T_co]:
        """Hand the effect to the driver."""
        return (yield self)


Flow = Coroutine[Effect[Any], Any, T]
"""What an ``async def`` that awaits only effects returns when called."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a value. ``url`` is absolute; ``timeout`` is the whole time it may take, in seconds."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer as a value; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Now(Effect[datetime]):
    """Ask for the wall clock, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class NewId(Effect[str]):
    """Ask for a fresh identifier ``PREFIX_…`` that sorts by time of making and is never made twice."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Send(Effect[Reply]):
    """Send a request for the source or channel named *source*.

    The shell owns TLS, time-outs, size limits and the connection. Raises `NotSentError` or `NoAnswerError`.
    """

    request: Request
    source: str


@dataclass(frozen=True, slots=True)
class Pause(Effect[None]):
    """Wait some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class MemoryKey:
    """What a remembered answer belongs to. The shell hashes it with a secret before it is used as a key."""

    source: str
    scheme: str
    value: str
    purpose: str
    mark: Any = field(default=None, init=False, compare=False, repr=False)
    """What the memory made of it, for hashing is dear; only the memory reads and writes it."""

    @override
    def __repr__(self) -> str:
        """Show no identifier."""
        return f"MemoryKey(source={self.source!r}, scheme={self.scheme!r}, value=…, purpose=…)"


@dataclass(frozen=True, slots=True)
class Recall(Effect[Mapping[MemoryKey, Any]]):
    """Ask the memory for what it has; missing keys are absent from the answer."""

    keys: tuple[MemoryKey, ...]


@dataclass(frozen=True, slots=True)
class Remember(Effect[None]):
    """Give the memory values, each with the seconds to keep it at most. Freshness stays the core's to judge."""

    items: tuple[tuple[MemoryKey, Any, float], ...]


@dataclass(frozen=True, slots=True)
class About:
    """One subject at one source, by one of its identifiers: all that is remembered of it, whatever it was asked for."""

    source: str
    scheme: str
    value: str

    @override
    def __repr__(self) -> str:
        """Show no identifier."""
        return f"About(source={self.source!r}, scheme={self.scheme!r}, value=…)"


@dataclass(frozen=True, slots=True)
class Forget(Effect[None]):
    """Lose all that is remembered of these, for every purpose and point, in every process that shares the audit store.

    This process forgets before the effect returns; the others within a second or so. What was asked before and is
    answered after is not remembered either. It reaches a database: no branch may await it.
    """

    about: tuple[About, ...]


@dataclass(frozen=True, slots=True)
class Together(Effect[Sequence[Any]]):
    """Run flows side by side; answer with each one's result, or with the `Exception` that ended it, in order.

    Each branch is given as a pair (*budget* in seconds, callable that makes the flow): within the budget its `Send`
    effects must end. Context variables are carried over.
    """

    branches: tuple[tuple[float, Callable[[], Flow[Any]]], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One consultation of one source, as `Ask` takes it."""

    source: str
    """Which source."""
    budget: float
    """Whole time, in seconds, with everything that is tried again."""
    make: Callable[[], Flow[Any]]
    """Makes the flow; it is made anew for each attempt, so it may only ask and change nothing."""
    at: datetime
    """Since when the answer is wanted: what was answered before it is not taken for an answer."""
    keys: tuple[MemoryKey, ...] = ()
    """What two callers have in common who share one call; a call without keys is shared with nobody."""
    notes: tuple[QueryNote, ...] = ()
    """What the audit store notes before anything leaves."""
    mandatory: bool = True
    """Whether it may use the part of a daily quota that is kept for mandatory checks."""


@dataclass(frozen=True, slots=True)
class Ask(Effect[Sequence[Any]]):
    """Consult sources side by side; answer with each one's result, or with the `Exception` that ended it, in order.

    The shell sees to what every source needs: one call for all who ask the same at the same time, time budget, tries,
    breaker, rate, daily quota, and the note in the audit store before anything leaves. What is refused is a
    `NotSentError` with its own code. No branch of `Together` may await it.
    """

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Audit(Effect[None]):
    """Write down what is about to be asked outside, in the audit store, committed before this returns."""

    notes: tuple[QueryNote, ...]


@dataclass(frozen=True, slots=True)
class Record(Effect[None]):
    """Write entries to the ledger, in the host's transaction where one was given, else in one of its own."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Load(Effect[Any]):
    """Ask the ledger a question (a value of `credit_check_sdk.model.ledger`); its docstring says what it answers."""

    query: Any


@dataclass(frozen=True, slots=True)
class Move(Effect[Any]):
    """Change the state of outbox rows (a command of `credit_check_sdk.model.ledger`), in a transaction of its own."""

    command: Any


@dataclass(frozen=True, slots=True)
class Sign(Effect[str]):
    """Sign claims as a compact JWS (RFC 7515) with the ring's current receipt key."""

    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verify(Effect[Mapping[str, Any] | None]):
    """Verify a compact JWS; answers its claims, or None when the signature or its key does not hold."""

    token: str
    keys: Mapping[str, Any] | None = None
    """Somebody else's public keys (JWK set) instead of the ring's own."""


@dataclass(frozen=True, slots=True)
class Hashed(Effect[str]):
    """Ask for the keyed hash of these parts, hexadecimal; the same parts give the same hash under one key ring."""

    parts: tuple[str, ...]

    @override
    def __repr__(self) -> str:
        """Show no part: they may be identifiers."""
        return "Hashed(parts=…)"
