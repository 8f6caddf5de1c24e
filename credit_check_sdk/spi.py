"""What a plugin is made of. It performs no I/O: a source, signer or channel describes requests and awaits effects.

Sources, channels and signers own no HTTP client, socket, thread or clock; a memory or a calendar may do its own I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

from pydantic import Field

from credit_check_sdk.model import (
    Acknowledgement,
    Changes,
    Consultation,
    Delivery,
    Duration,
    Environment,
    Level,
    Query,
    Value,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from credit_check_sdk.flow import Flow, Reply, Request
    from credit_check_sdk.model.evidence import Checkpoint, Countersignature
    from credit_check_sdk.model.listing import HeldLists, ListEntry, Listings, ListPage, ListRules
    from credit_check_sdk.model.screening import ScreenPart, ScreenReport

VERSION = 1
"""Version of this interface; it is the number in the entry-point group ``credit_check.v1``."""


class TlsSettings(Value):
    """One ``[sources.tls]`` table: how both sides prove themselves (RFC 8446)."""

    ca_file: str | None = None
    """Certificates (PEM) that the platform's own has to be signed by; those of the system where left out."""
    certificate_file: str | None = None
    """Our certificate with its chain (PEM), where the platform asks for one (mutual TLS)."""
    key_file: str | None = None
    """Its private key (PEM), readable by its owner only; in the same file where left out."""


class SourceSettings(Value):
    """One ``[[sources]]`` table of the configuration."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    """Name of the source, as matters name it."""
    kind: str = "platform"
    """Which plugin speaks to it."""
    level: Level
    """Level of the platform."""
    base_url: str = ""
    """Where it is reached."""
    key_id: str = ""
    """Which key signs."""
    secret_env: str | None = None
    """Environment variable that holds the secret."""
    secret_file: str | None = None
    """File that holds the secret, readable by its owner only; the variable wins."""
    signer: str = "hmac-sha256"
    """Which signer signs."""
    signing: dict[str, Any] = Field(default_factory=dict)
    """What the signer wants to know beside key and secret."""
    tls: TlsSettings | None = None
    """Certificates of this platform, where those of the system do not do."""
    budget: Duration = timedelta(seconds=3)
    """Whole time of one consultation, with everything that is tried again."""
    tries: int = Field(default=3, ge=1, le=10)
    """How often one consultation is tried at most, where the failure may pass and time is left."""
    first_wait: Duration = timedelta(milliseconds=100)
    """Wait before the second try; it doubles from then on, with jitter. A longer Retry-After is kept."""
    rest_rate: float = Field(default=0.5, gt=0, le=1, strict=False)
    """Share of failures from which on the source is left to rest (the breaker opens)."""
    rest_calls: int = Field(default=10, ge=1, le=1000)
    """How many consultations must have been seen before that share counts."""
    rest_for: Duration = timedelta(seconds=30)
    """How long it is left to rest before one single consultation probes it."""
    rate: float | None = Field(default=None, gt=0, strict=False)
    """How many requests a second the platform allows; each process keeps to it by itself."""
    daily_quota: int | None = Field(default=None, ge=1)
    """How many consultations a day (Asia/Shanghai) the platform allows, over all processes on one audit store."""
    quota_reserve: float = Field(default=0.2, ge=0, lt=1, strict=False)
    """Share of the daily quota that is kept for mandatory checks: advisory ones are refused first."""
    channel: bool = False
    """Whether feedback may go back here."""
    feed: bool = True
    """Whether changes are taken from here, where its kind offers a feed."""
    witness: bool | None = None
    """Whether checkpoints of the ledger are counter-signed here; left out: at the first source where feedback goes back."""
    mapping: str | None = None
    """File that describes the platform, or name of a dialect, where the kind takes one; relative to the configuration."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the plugin wants to know beside this."""


@runtime_checkable
class Signer(Protocol):
    """Make a request provably ours."""

    def sign(self, request: Request) -> Flow[Request]:
        """Give the request back with what proves it."""
        ...


@runtime_checkable
class OpeningSigner(Signer, Protocol):
    """A signer whose platform answers signed or sealed too, or that learns from answers (a token that ran out)."""

    def open(self, reply: Reply) -> Flow[Reply]:
        """Give the answer proper.

        Raises:
            NotUnderstoodError: it is not proved, or cannot be opened.
        """
        ...


@runtime_checkable
class WeakSigner(Signer, Protocol):
    """A signer that works and proves little by today's measure: `credit-check doctor` names it weak."""

    weakness: Words
    """What is weak about it."""


async def opened(signer: Signer, reply: Reply) -> Reply:
    """Give the answer proper, as the signer opens it; as it is where the signer opens nothing.

    Raises:
        NotUnderstoodError: it is not proved, or cannot be opened.
    """
    # Asked by name, for asking a protocol whether it is met costs as much as signing.
    opening = getattr(signer, "open", None)
    return reply if opening is None else await cast("OpeningSigner", signer).open(reply)


@runtime_checkable
class Source(Protocol):
    """Somebody who can be asked about subjects."""

    id: str
    """Name of the source, as matters name it."""
    level: Level
    """Level of the platform."""

    def consult(self, query: Query) -> Flow[Consultation]:
        """Ask about all subjects of the query in as few requests as the platform allows.

        Subjects that the platform did not answer about are left out of the consultation: the core takes them for
        silence. An answer that cannot be understood is `NotUnderstoodError`, never an empty consultation.

        Raises:
            ExchangeError: the platform did not answer, or not understandably.
        """
        ...


@runtime_checkable
class Channel(Protocol):
    """Somebody who takes feedback."""

    id: str
    """Name of the channel: that of its source."""
    idempotent: bool
    """Whether the same key is taken once only, however often it is delivered."""
    lookup: bool
    """Whether it can be asked what became of a key."""

    def deliver(self, deliveries: Sequence[Delivery]) -> Flow[Sequence[Acknowledgement]]:
        """Hand over a batch; answer one acknowledgement for each key.

        Raises:
            ExchangeError: nothing is known of any of them.
        """
        ...

    def look_up(self, keys: Sequence[str]) -> Flow[Sequence[Acknowledgement]]:
        """Ask what became of these keys; called only where `lookup` holds.

        ``retry`` says that the platform certainly has not got it: it is sent again. A key that is left out stays in doubt.

        Raises:
            ExchangeError: nothing is known; all of them stay in doubt.
        """
        ...


@runtime_checkable
class Feed(Protocol):
    """Somebody who says what has changed."""

    id: str
    """Name of the feed: that of its source."""

    def changes(self, cursor: str | None, wait: float) -> Flow[Changes]:
        """Give one page of what has changed since *cursor*, oldest first; None begins at the beginning.

        Where nothing has, the platform may hold its answer back for *wait* seconds. The same change may be given
        twice, and in any order. A change of a kind that is not known is `NotUnderstoodError`, never left out.

        Raises:
            ExchangeError: nothing is known; the cursor stays where it is. With the code ``source.cursor_lost`` the
                platform no longer knows this cursor: what rests on its records has to be verified anew.
        """
        ...


@runtime_checkable
class Witness(Protocol):
    """Somebody who counter-signs checkpoints of the ledger: then nobody can cut off its tail unnoticed."""

    id: str
    """Name of the witness: that of its source."""

    def countersign(self, checkpoint: Checkpoint) -> Flow[Countersignature]:
        """Have a checkpoint signed by the other side; the same checkpoint again gets the same answer.

        The answer carries the signature (compact JWS, Ed25519) over at least ``ledger``, ``chain``, ``size`` and
        ``head``, and the public keys (JWK set) that it verifies with. Whether it verifies is the core's to see.

        Raises:
            ExchangeError: it was not signed. ``checkpoint.forked``: another head was seen at this length.
        """
        ...


@runtime_checkable
class Publisher(Protocol):
    """Somebody who publishes whole lists, to be kept where they are needed."""

    id: str
    """Name of the publisher: that of its source."""

    def listings(self, tag: str | None, wait: float) -> Flow[Listings | None]:
        """Give all lists as they stand; None where nothing changed since *tag*.

        Where nothing has, the publisher may hold its answer back for *wait* seconds.

        Raises:
            ExchangeError: nothing is known.
        """
        ...

    def snapshot(self, code: str, cursor: str | None) -> Flow[ListPage]:
        """Give a list whole, or a page of it; all pages are of one version.

        Raises:
            ExchangeError: it is not to be had. ``list.changed``: it changed since the first page; begin again.
        """
        ...

    def delta(self, code: str, since: int) -> Flow[ListPage | None]:
        """Give what changed since a version; None where the publisher no longer knows that one.

        Raises:
            ExchangeError: it is not to be had.
        """
        ...


@runtime_checkable
class OfflineSource(Source, Protocol):
    """A source that answers from lists kept on this machine; what it says was not confirmed live, and weighs so.

    It does I/O of its own with its files, from several threads and processes at once, and never waits for another.
    """

    offline: Literal[True]
    """That it is one."""
    rules: ListRules
    """What it believes of its publisher."""

    def held(self) -> HeldLists | None:
        """Say what is held; None before anything was."""
        ...

    def lines(self, code: str) -> Iterable[ListEntry]:
        """Give every entry that is held of a list."""
        ...

    def found_by(self, scheme: str) -> Iterable[Sequence[str]]:
        """Give every identifier of *scheme* by which somebody is found on any list that is held, in parts."""
        ...

    def hold(self, held: HeldLists, contents: Mapping[str, Iterable[ListEntry]]) -> None:
        """Hold these lists from now on, in place of all before: those in *contents* anew, the others as they were.

        All at once or not at all, also for readers in other processes; and kept when the power fails.

        Raises:
            LedgerError: it cannot be written; what was held is held on.
        """
        ...


@runtime_checkable
class Engine(Protocol):
    """Where the parts of a long screening are worked on: other processes, other machines. It decides nothing.

    Every worker needs the same configuration and lists, and reaches the files by the same paths.
    """

    def run(self, parts: Sequence[ScreenPart], work: Callable[[ScreenPart], ScreenReport]) -> Iterator[ScreenReport]:
        """Work on each part, anywhere and in any order; give the reports in the order of the parts.

        *work* and the parts can be pickled. What *work* raises is raised.
        """
        ...


@runtime_checkable
class Memory(Protocol):
    """Where processes keep answers for one another, beside the memory that each has of its own.

    It sees keyed hashes and sealed bytes only: no identifier, no answer, no key. It does I/O of its own, briefly, and
    from many threads at once. It may lose anything at any time, and makes nothing up. While it cannot be reached it
    raises nothing, gives nothing, keeps nothing, and says so in `trouble`.
    """

    @property
    def trouble(self) -> str | None:
        """What is wrong, in a few words for people; None while it works."""
        ...

    def recall(self, wanted: Sequence[tuple[str, str]]) -> Sequence[tuple[bytes | None, float | None]]:
        """Give for each pair of group and name what is kept, and when the group was last to be forgotten."""
        ...

    def remember(self, items: Sequence[tuple[str, str, bytes, float]]) -> None:
        """Keep bytes under group and name for so many seconds at most."""
        ...

    def forget(self, groups: Sequence[str], at: float) -> None:
        """Lose these groups at once, note *at* (seconds since 1970) for a quarter of an hour, and tell who listens."""
        ...

    def listen(self, heard: Callable[[Sequence[str] | None, float], None]) -> None:
        """Call *heard* from a thread of its own with what others forget; with None when something may have been missed."""
        ...

    def claim(self, name: str, token: str, seconds: float) -> bool:
        """Take the lead under *name*, for so long at most; whoever cannot be asked does not stand in the way."""
        ...

    def land(self, name: str, token: str, result: bytes) -> None:
        """Leave a result for those who wait, for a few seconds, and give up the lead."""
        ...

    def landed(self, name: str) -> tuple[bytes | None, bool]:
        """Give the result that was left, and whether somebody leads."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...

    def reset_after_fork(self) -> None:
        """Leave the parent's connections and threads alone and make own ones."""
        ...


@runtime_checkable
class Calendar(Protocol):
    """Which days are working days (国务院办公厅关于部分节假日安排的通知)."""

    def working(self, day: date) -> bool | None:
        """Say whether *day* is a working day; None where no notice covers it. Never guesses."""
        ...


@runtime_checkable
class Cipher(Protocol):
    """Encrypt with authentication, for the key ring. Thread-safe; it keeps no key."""

    key_bytes: int
    """Length of a key."""

    def encrypt(self, key: bytes, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt; the same text twice gives two others. *bound_to* is authenticated with it."""
        ...

    def decrypt(self, key: bytes, blob: bytes, bound_to: bytes) -> bytes:
        """Decrypt what `encrypt` gave.

        Raises:
            ValueError: another key, another *bound_to*, or it was changed.
        """
        ...


@runtime_checkable
class ReceiptAlgorithm(Protocol):
    """Sign receipts and checkpoints, for the key ring. Thread-safe; it keeps no key. Its name is the JWS ``alg``."""

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: its private and its public half."""
        ...

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Sign."""
        ...

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Say whether *public* signed it; whatever is malformed was not."""
        ...

    def jwk(self, public: bytes) -> Mapping[str, Any]:
        """Give the public half as a JWK (RFC 7517), without ``kid``, ``alg`` and ``use``."""
        ...


SignerFactory = Callable[[SourceSettings, str], Signer]
"""Makes a signer from settings and the secret."""
SourceFactory = Callable[[SourceSettings, Signer, Environment], Source]
"""Makes a source from its settings."""
ChannelFactory = Callable[[SourceSettings, Signer, Environment], Channel]
"""Makes a channel from its source's settings."""
FeedFactory = Callable[[SourceSettings, Signer, Environment], Feed]
"""Makes a feed from its source's settings."""
WitnessFactory = Callable[[SourceSettings, Signer, Environment], Witness]
"""Makes a witness from its source's settings."""
PublisherFactory = Callable[[SourceSettings, Signer, Environment], Publisher]
"""Makes a publisher from its source's settings."""
EngineFactory = Callable[[Mapping[str, str]], Engine]
"""Makes an engine of its options, as the command line names them."""
MemoryFactory = Callable[[Mapping[str, Any]], Memory]
"""Makes a memory from its options."""
CalendarFactory = Callable[[Mapping[str, Any]], Calendar]
"""Makes a calendar from its options."""

CipherFactory = Callable[[], Cipher]
"""Makes a cipher."""
ReceiptAlgorithmFactory = Callable[[], ReceiptAlgorithm]
"""Makes a receipt algorithm."""

__all__ = [
    "VERSION",
    "Calendar",
    "CalendarFactory",
    "Channel",
    "ChannelFactory",
    "Cipher",
    "CipherFactory",
    "Feed",
    "FeedFactory",
    "Memory",
    "MemoryFactory",
    "OfflineSource",
    "OpeningSigner",
    "Publisher",
    "PublisherFactory",
    "ReceiptAlgorithm",
    "ReceiptAlgorithmFactory",
    "Signer",
    "SignerFactory",
    "Source",
    "SourceFactory",
    "SourceSettings",
    "TlsSettings",
    "WeakSigner",
    "Witness",
    "WitnessFactory",
    "opened",
]
