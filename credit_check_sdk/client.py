"""`CreditCheck` and `AsyncCreditCheck`: the one place where parts are put together.

Both run the same flows; they differ in how they wait. What is decided is decided in the core.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, overload

from typing_extensions import override

from credit_check_sdk.accounts import Accounts, AsyncAccounts
from credit_check_sdk.commitments import AsyncCommitments, Commitments
from credit_check_sdk.errors import ConfigurationError, CreditCheckError, InputError
from credit_check_sdk.guard import AsyncGuard, Guard, Guardable
from credit_check_sdk.offline import AsyncOffline, Offline
from credit_check_sdk.publications import AsyncPublications, Publications, rules_of
from credit_check_sdk.ranking import AsyncRankings, Rankings
from credit_check_sdk.upkeep import AsyncUpkeep, Upkeep

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path
    from types import TracebackType

    from credit_check_sdk._shell.plugins import Loaded, Plugins
    from credit_check_sdk._shell.world import World
    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.config import Settings
    from credit_check_sdk.core.change import SyncReport
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.core.manual import Handed
    from credit_check_sdk.core.recheck import RecheckReport
    from credit_check_sdk.core.relay import RelayReport
    from credit_check_sdk.flow import Flow
    from credit_check_sdk.model import (
        Case,
        Coverage,
        DecidedCase,
        Decision,
        Due,
        Explanation,
        MatterPolicy,
        NoticeDelivery,
        NoticeState,
        ObjectionDraft,
        ObjectionState,
        Operator,
        Paper,
        Pass,
        Point,
        Receipt,
        RecheckState,
        Record,
        Response,
        Settled,
        Settlement,
        SourceStatus,
        Step,
        Subject,
        Words,
    )
    from credit_check_sdk.model.evidence import Checkpoint, SealReport, Verification
    from credit_check_sdk.model.ledger import (
        OutboxReport,
        OutboxRow,
        OutboxState,
        Redress,
        StatisticsRow,
        StoredCheck,
        StoredNotice,
        StoredObjection,
        StoredRecheck,
        TransitionEntry,
    )
    from credit_check_sdk.model.screening import ScreenPart, ScreenReport
    from credit_check_sdk.spi import Engine, Source, SourceSettings

T = TypeVar("T")
Config: TypeAlias = "Settings | str | os.PathLike[str] | None"
OnError = Literal["raise", "yield"]
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both clients are made of."""

    settings: Settings
    desk: Desk
    world: World
    plugins: Plugins
    weaknesses: Mapping[str, Words]


def _elsewhere(settings: Settings, part: ScreenPart) -> ScreenReport:
    """Screen one part of a long list in a process of its own, with the same configuration and the same lists."""
    from credit_check_sdk._shell.bulk import screen_part

    with CreditCheck.open(settings) as credit:
        return screen_part(credit._desk, credit._world, part)  # noqa: SLF001  the client is of this module


class _Client:
    """What both clients share: parts, and what needs no waiting."""

    _elsewhere = staticmethod(_elsewhere)

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    @property
    def _world(self) -> World:
        return self._parts.world.here()

    @classmethod
    def open(cls, config: Config = None) -> Self:
        """Open a client: on *config*, else on the file that is found, else with a ledger and no source.

        Without a source every check is undecided.

        Raises:
            SetupError: the configuration, the catalogue, a plugin or the keys cannot work; it says what to do.
        """
        from credit_check_sdk.config import Settings

        settings = config if isinstance(config, Settings) else Settings.find(config)
        return cls(_assemble(settings))

    @property
    def settings(self) -> Settings:
        """What the configuration says."""
        return self._parts.settings

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that decides."""
        return self._desk.catalogue

    @property
    def policies(self) -> Mapping[str, MatterPolicy]:
        """The policies of all matters, by code."""
        return self._desk.policies

    @property
    def plugins(self) -> tuple[Loaded, ...]:
        """The plugins that are installed."""
        return self._parts.plugins.loaded()

    @property
    def public_keys(self) -> Mapping[str, Any]:
        """The public receipt keys (JWK set, RFC 7517), for whoever verifies receipts and checkpoints without us."""
        return self._world.keys.public_jwks()

    @property
    def weaknesses(self) -> Mapping[str, Words]:
        """What is weak about the signers of sources, by source; those whose signer is sound are not in it."""
        return self._parts.weaknesses

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are configured, by name."""
        return {name: consulting.source for name, consulting in self._desk.sources.items()}

    def engine(self, name: str, options: Mapping[str, str]) -> Engine:
        """Make an engine for long screenings, as an enabled plugin offers it.

        Raises:
            PluginError: no enabled plugin offers it.
            ConfigurationError: an option cannot be used.
        """
        made: Engine = self._parts.plugins.find("engines", name)(options)
        return made

    def receipt_keys(self) -> dict[str, Any]:
        """Give the public keys of receipts as a JWK set (RFC 7517); revoked ones are not among them."""
        found: dict[str, Any] = self._world.keys.public_jwks()
        return found

    @property
    def memory_trouble(self) -> str | None:
        """What is wrong with the memory that processes share, or None; each remembers by itself meanwhile."""
        found: str | None = self._world.memory.trouble
        return found

    def due(self, start: date, working_days: int) -> Due:
        """Count *working_days* from the day after *start* on the official calendar."""
        from credit_check_sdk.core.workdays import due

        calendar = self._desk.calendar
        if calendar is None:
            message = "a client's desk has a calendar"
            raise TypeError(message)
        counted: Due = due(calendar, start, working_days)
        return counted

    def _check(self, case: Case, *, record: bool) -> Flow[Decision]:
        return _checking()(self._desk, case, record=record)

    def _settle(
        self, what: Decision | Settlement, responses: Iterable[Response], operator: Operator | None
    ) -> Flow[Settled]:
        from credit_check_sdk.core.settle import settle

        return settle(self._desk, _settlement(what, responses, operator))

    def _require(self, case: Case | str, to: Step, point: Point | None) -> Flow[Pass]:
        from credit_check_sdk.core.gate import require
        from credit_check_sdk.model import Case

        if isinstance(case, Case):
            return require(self._desk, case.id, point or case.point, to, case)
        if point is None:
            raise InputError(
                "point is missing",
                "缺少 point",
                remedy_en="name the decision point when the case is given by its number",
                remedy_zh="按编号查询时请指明环节 point",
            )
        return require(self._desk, case, point, to)

    def _delivered(self, number: str, delivery: NoticeDelivery) -> Flow[StoredNotice]:
        from credit_check_sdk.core.notices import deliver

        return deliver(number, delivery)

    def _coverage(self, decided: Iterable[DecidedCase], point: Point | None) -> Flow[Coverage]:
        from credit_check_sdk.core.coverage import coverage

        return coverage(self._desk, decided, point)

    def _recheck(self, limit: int | None, *, due_only: bool) -> Flow[RecheckReport]:
        from credit_check_sdk.core.recheck import recheck

        return recheck(self._desk, limit=limit, due_only=due_only)

    def _attach(self, handed: Handed) -> Flow[Decision]:
        from credit_check_sdk.core.manual import attach

        return attach(self._desk, handed)

    def _known_source(self, source: str) -> str:
        if source not in self._desk.sources:
            known = ", ".join(sorted(self._desk.sources)) or "—"
            raise InputError(
                f"source {source!r} is not configured",
                f"来源 {source} 没有配置",
                remedy_en=f"use one of {known}",
                remedy_zh=f"请使用：{known}",
            )
        return source

    def _relay(self, limit: int | None, leaving: Callable[[], bool] | None) -> Flow[RelayReport]:
        from credit_check_sdk.core.relay import relay

        return relay(self._desk, limit=limit, leaving=leaving or bool)

    def _status(self) -> Flow[OutboxReport]:
        from credit_check_sdk.core.outbox import status

        return status(self._desk)

    def _reconcile(self, key: str | None, delivered: bool | None, reason: str, operator: str) -> Flow[RelayReport]:  # noqa: FBT001  private, and named by its callers
        from credit_check_sdk.core.outbox import reconcile
        from credit_check_sdk.core.relay import RelayReport, relay

        async def by_hand(found: str) -> RelayReport:
            await reconcile(found, delivered=bool(delivered), reason=_needed(reason), operator=_needed(operator))
            return RelayReport(delivered=int(bool(delivered)), retried=int(not delivered))

        if key is None:
            return relay(self._desk, doubtful_only=True)
        if delivered is None:
            raise InputError(
                "delivered is missing",
                "缺少 delivered",
                remedy_en="say whether the platform has this feedback, and how you know",
                remedy_zh="请说明平台是否已收到该反馈及依据",
            )
        return by_hand(key)

    def _seal(self) -> Flow[SealReport]:
        from credit_check_sdk.core.sealing import seal

        return seal(self._desk)

    def _take_objection(
        self, draft: ObjectionDraft, papers: Sequence[tuple[Paper, bytes]]
    ) -> Flow[tuple[StoredObjection, ...]]:
        from credit_check_sdk.core.objecting import take

        return take(self._desk, draft, papers)

    def _withdraw(self, number: str, operator: Operator, reason: str) -> Flow[StoredObjection]:
        from credit_check_sdk.core.objecting import withdraw

        return withdraw(self._desk, number, operator, reason)

    def _sync(self, wait: float) -> Flow[SyncReport]:
        from credit_check_sdk.core.change import sync

        return sync(self._desk, wait=wait)

    @override
    def __repr__(self) -> str:
        """Show the environment, and nothing secret."""
        return f"{type(self).__name__}(environment={self._desk.environment!r}, sources={sorted(self._desk.sources)})"


class CreditCheck(_Client, Upkeep, Offline, Commitments, Publications, Rankings, Accounts):
    """The must-check client for hosts that wait in threads. Safe to share among threads, and across a fork."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of connections and threads; what is in the ledger stays, and what is not delivered is logged."""
        self._world.close()

    def check(self, case: Case, *, transaction: object = None, record: bool = True) -> Decision:
        """Check *case* at its decision point, and record the check.

        With *transaction* the record commits or rolls back with the host's own rows. Without recording
        (``record=False``) the decision carries no receipt, and `require` knows nothing of it.

        Raises:
            CaseError: the matter or point is unknown; nothing left the machine.
            TransactionError: the transaction cannot carry the record.
            LedgerError: ledger or audit store cannot be written.
        """
        return self._run(self._check(case, record=record), transaction)

    @overload
    def check_many(self, cases: Iterable[Case], *, record: bool = ..., workers: int = ...) -> Iterator[Decision]: ...
    @overload
    def check_many(
        self, cases: Iterable[Case], *, record: bool = ..., workers: int = ..., errors: Literal["raise"]
    ) -> Iterator[Decision]: ...
    @overload
    def check_many(
        self, cases: Iterable[Case], *, record: bool = ..., workers: int = ..., errors: Literal["yield"]
    ) -> Iterator[Decision | CreditCheckError]: ...
    def check_many(
        self, cases: Iterable[Case], *, record: bool = True, workers: int = _WORKERS, errors: OnError = "raise"
    ) -> Iterator[Decision | CreditCheckError]:
        """Check many cases side by side and yield their decisions in order, a bounded number ahead.

        Each check is recorded in a transaction of its own. With ``errors="yield"`` the error of one case stands in
        its place and the others go on.
        """
        from credit_check_sdk._shell.many import in_order

        return in_order(lambda case: self.check(case, record=record), cases, workers, keep_errors=errors == "yield")

    def settle(
        self,
        what: Decision | Settlement,
        responses: Iterable[Response] = (),
        *,
        operator: Operator | None = None,
        transaction: object = None,
    ) -> Settled:
        """Take the officer's answers; each makes one feedback.

        *what* is the decision (with *responses* and *operator*), or a whole settlement.

        Raises:
            SettleError: an answer cannot be taken; nothing was written.
        """
        return self._run(self._settle(what, responses, operator), transaction)

    def require(
        self, case: Case | str, *, to: Step = "proceed", point: Point | None = None, transaction: object = None
    ) -> Pass:
        """Let the case pass its decision point, or refuse.

        *case* is the case as it now is, or its number with *point*; only the former notices changed parties.

        Raises:
            GateError: a fresh, matching, settled check is missing; ``code`` says which.
        """
        return self._run(self._require(case, to, point), transaction)

    def guard(
        self,
        case: Guardable = None,
        *,
        to: Step = "proceed",
        point: Point | None = None,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> Guard:
        """Guard a block (``with``) or a function (as its decorator): it runs only when `require` lets the case pass.

        *case* is the case, or its number with *point*; for a function also what finds either in the call's arguments,
        or None for the argument that is a `Case`. *transaction_argument* names the function's argument with the host's
        transaction.
        """
        return Guard(self, case, to, point, transaction, transaction_argument)

    def coverage(self, decided: Iterable[DecidedCase], *, point: Point | None = None) -> Coverage:
        """Say which *decided* cases were checked when they were decided; *point* is that of cases that name none.

        Raises:
            InputError: it is not said at which point a case was decided.
        """
        return self._run(self._coverage(decided, point))

    def verify_receipt(self, token: str) -> Receipt:
        """Read a receipt that another system brings along: signed by this ring, of this environment, not expired.

        Whoever has no key ring verifies one with any JOSE library and the keys of `receipt_keys`.

        Raises:
            GateError: it does not hold, has expired, or is of another environment.
        """
        from credit_check_sdk.core.gate import read_receipt

        return self._run(read_receipt(self._desk, token))

    def relay(self, *, limit: int | None = None, leaving: Callable[[], bool] | None = None) -> RelayReport:
        """Seal what is committed, deliver the feedback that is due (at most *limit*), and say what became of it.

        Several may run at once, in as many processes as there are. *leaving* is asked before each batch; when it says
        True, nothing more is begun.
        """
        return self._run(self._relay(limit, leaving))

    def seal(self) -> SealReport:
        """Seal every entry that is committed: give it its place, chain it, sign where the chain stands."""
        return self._run(self._seal())

    def checkpoint(self) -> Checkpoint | None:
        """Give the newest checkpoint with its counter-signatures, or None where nothing was ever sealed."""
        from credit_check_sdk.model.ledger import LatestCheckpoint

        found: Checkpoint | None = self._load(LatestCheckpoint())
        return found

    def verify_evidence(self, against: Checkpoint | None = None) -> Verification:
        """Verify every sealed entry, offline, and name the first that was edited, removed, moved or put in.

        *against* is a checkpoint kept elsewhere: a tail that was cut off is found by it.

        Raises:
            InputError: *against* is another ledger's, or nobody known signed it.
        """
        from credit_check_sdk.model.ledger import VerifyEvidence

        found: Verification = self._load(VerifyEvidence(against))
        return found

    def take_objection(
        self, draft: ObjectionDraft, papers: Sequence[tuple[Paper, bytes]] = (), *, transaction: object = None
    ) -> tuple[StoredObjection, ...]:
        """Take an objection at the counter: one for each record disputed, forwarded with its *papers*.

        Whatever rests on the record is suspended at once; the day by which it is to be answered is that of the region.

        Raises:
            InputError: nothing is disputed, a paper is not what it says, or the same objection is still open.
        """
        return self._run(self._take_objection(draft, papers), transaction)

    def withdraw_objection(self, number: str, *, operator: Operator, reason: str) -> StoredObjection:
        """Withdraw an objection that is not answered; what it alone suspended is restored.

        Raises:
            InputError: there is none of that number, or it is closed.
        """
        return self._run(self._withdraw(number, operator, reason))

    def objections(
        self,
        *,
        number: str | None = None,
        case_id: str | None = None,
        states: Sequence[ObjectionState] = (),
        due_before: date | None = None,
        limit: int = 1000,
    ) -> tuple[StoredObjection, ...]:
        """Give objections and the department's own questions, those first that are due first."""
        from credit_check_sdk.model.ledger import Objections

        question = Objections(number, case_id, tuple(states), due_before, (), limit)
        found: tuple[StoredObjection, ...] = self._load(question)
        return found

    def papers(self, objection: str) -> tuple[tuple[Paper, bytes], ...]:
        """Give the papers of an objection, with their content."""
        from credit_check_sdk.model.ledger import Papers

        found: tuple[tuple[Paper, bytes], ...] = self._load(Papers(objection))
        return found

    def sync(self, *, wait: float = 0.0) -> SyncReport:
        """Take what platforms say has changed, and let it reach open cases and past decisions; say what it came to.

        Where nothing has changed, wait up to *wait* seconds for the first change. Several may run at once.
        """
        return self._run(self._sync(wait))

    def transitions(self, decision: str) -> tuple[TransitionEntry, ...]:
        """Give how the measures of a check moved: who or what moved them, from where to where, when and why."""
        from credit_check_sdk.model.ledger import Transitions

        found: tuple[TransitionEntry, ...] = self._load(Transitions(decision))
        return found

    def explain(self, decision: str, subject: Subject | None = None) -> Explanation:
        """Explain a check in plain words to the applicant, or to *subject* only what concerns it.

        Raises:
            InputError: there is no such check, or *subject* takes no part in it.
        """
        from credit_check_sdk.core.explaining import explain

        return self._run(explain(self._desk, decision, subject))

    def redress(self) -> tuple[Redress, ...]:
        """List the decisions that rest on records whose objection was upheld, newest first, to be put right."""
        from credit_check_sdk.model.ledger import Redresses

        found: tuple[Redress, ...] = self._load(Redresses())
        return found

    def prove(self, decision: str) -> dict[str, Any] | None:
        """Give one check as a document that verifies with public tools alone, or None where there is no such check.

        It holds identifiers in full: entries with salts, links up to a signed checkpoint, counter-signatures, public
        keys, and how to verify them. What waits to be sealed is sealed first.

        Raises:
            LedgerError: an entry is not what was written.
        """
        from credit_check_sdk.core.sealing import prove

        return self._run(prove(self._desk, decision, self.public_keys))

    def latest(self, case_id: str, point: Point) -> StoredCheck | None:
        """Give the latest check of a file at a point, as it was recorded, or None."""
        from credit_check_sdk.model.ledger import LatestCheck

        found: StoredCheck | None = self._load(LatestCheck(case_id, point))
        return found

    def show(self, decision: str) -> StoredCheck | None:
        """Give a check by the number of its decision, or None."""
        from credit_check_sdk.model.ledger import CheckById

        found: StoredCheck | None = self._load(CheckById(decision))
        return found

    def notices(
        self,
        *,
        case_id: str | None = None,
        states: Sequence[NoticeState] = (),
        due_by: date | None = None,
        limit: int = 1000,
    ) -> tuple[StoredNotice, ...]:
        """Give notices to subjects, those that are due first."""
        from credit_check_sdk.model.ledger import Notices

        found: tuple[StoredNotice, ...] = self._load(
            Notices(case_id=case_id, states=tuple(states), due_by=due_by, limit=limit)
        )
        return found

    def notice(self, number: str) -> StoredNotice:
        """Give the notice *number*, and where it stands.

        Raises:
            InputError: there is no such notice.
        """
        from credit_check_sdk.core.notices import find

        return self._run(find(number))

    def notice_delivered(self, number: str, delivery: NoticeDelivery, *, transaction: object = None) -> StoredNotice:
        """Write down that the notice *number* was delivered (送达); the same again does nothing.

        Raises:
            InputError: there is no such notice, it is void, or it cannot have been delivered on that day.
        """
        return self._run(self._delivered(number, delivery), transaction)

    def outbox(self, states: Sequence[OutboxState] = (), *, limit: int = 1000) -> tuple[OutboxRow, ...]:
        """Give the feedback in these states (all where none is named), oldest first."""
        from credit_check_sdk.model.ledger import OutboxRows

        found: tuple[OutboxRow, ...] = self._load(OutboxRows(tuple(states), limit))
        return found

    def outbox_status(self) -> OutboxReport:
        """Say how much feedback is in which state, since when the oldest waits, and how each channel stands."""
        return self._run(self._status())

    def reconcile(
        self, key: str | None = None, *, delivered: bool | None = None, reason: str = "", operator: str = ""
    ) -> RelayReport:
        """Settle what became of feedback in doubt, and say what it came to.

        Without *key* every channel that can be asked is asked. With it an officer says, for a reason that goes on
        record, whether the platform has it: if not, it waits to be sent again.

        Raises:
            InputError: no feedback in doubt has this key, or it is not said how it was found out.
        """
        return self._run(self._reconcile(key, delivered, reason, operator))

    def requeue(self, keys: Sequence[str] = ()) -> int:
        """Put dead feedback back to waiting, all of it where no key is named; answer how much."""
        from credit_check_sdk.model.ledger import Requeue

        found: int = self._world.ledger.run(Requeue(tuple(keys), _now()))
        return found

    def statistics(self, since: date | None = None, until: date | None = None) -> tuple[StatisticsRow, ...]:
        """Count checks and answers per department, matter and point, these days included."""
        from credit_check_sdk.model.ledger import Statistics

        found: tuple[StatisticsRow, ...] = self._load(Statistics(since, until, _today()))
        return found

    def recheck(self, *, limit: int | None = None, due_only: bool = False) -> RecheckReport:
        """Make again the checks that an outage left open, at most *limit*, and say what became of them.

        With *due_only* those are left alone whose next try is still to come.
        """
        return self._run(self._recheck(limit, due_only=due_only))

    def rechecks(self, states: Sequence[RecheckState] = (), *, limit: int = 1000) -> tuple[StoredRecheck, ...]:
        """Give rechecks in these states (all where none is named), those due first."""
        from credit_check_sdk.model.ledger import Rechecks

        found: tuple[StoredRecheck, ...] = self._load(Rechecks(tuple(states), limit=limit))
        return found

    def attach(  # noqa: PLR0913  what such evidence is made of
        self,
        case_id: str,
        point: Point,
        source: str,
        *,
        file: str | os.PathLike[str] | tuple[str, bytes],
        site: str,
        queried_at: datetime,
        operator: Operator,
        records: Iterable[Record] = (),
        transaction: object = None,
    ) -> Decision:
        """Attach evidence of a query made by hand for a required source that was silent, and check anew with it.

        *file* shows what was seen: a path, or a name with its bytes, 10 MiB at most. *records* is what was found about
        the subject or a party; nothing, where the officer looked and found nothing. Records found by hand send to
        review and never restrict.

        Raises:
            ManualError: never checked, not allowed by the matter's policy, not silent, or not usable; nothing was written.
        """
        handed = _handed(case_id, point, source, file, (site, queried_at, operator, tuple(records)))
        return self._run(self._attach(handed), transaction)

    def source_status(self) -> tuple[SourceStatus, ...]:
        """Say how each source stands: its state in this process, who isolated it, and what is left of its quota."""
        from credit_check_sdk._shell.standing import standing

        return standing(self._world, self._parts.settings.sources)

    def isolate(self, source: str, *, reason: str, operator: str) -> None:
        """Take a source out for every process on the audit store, until it is released: it is silent meanwhile.

        Raises:
            InputError: no such source, or no reason.
            LedgerError: the audit store cannot be written.
        """
        self._world.board.isolate(self._known_source(source), _now(), _needed(reason), _needed(operator))

    def release(self, source: str) -> None:
        """Let an isolated source be asked again.

        Raises:
            InputError: no such source.
            LedgerError: the audit store cannot be written.
        """
        self._world.board.release(self._known_source(source))

    def _load(self, question: object) -> Any:
        return self._world.ledger.run(question)

    def _run(self, flow: Flow[T], transaction: object = None) -> T:
        result: T = _driver()(flow, self._parts.world.here(), transaction)
        return result


class AsyncCreditCheck(
    _Client, AsyncUpkeep, AsyncOffline, AsyncCommitments, AsyncPublications, AsyncRankings, AsyncAccounts
):
    """The must-check client for hosts that wait on an event loop. The same names, awaited."""

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def close(self) -> None:
        """Let go of connections; what is in the ledger stays."""
        await self._world.aclose()

    async def check(self, case: Case, *, transaction: object = None, record: bool = True) -> Decision:
        """Check *case* at its decision point, and record the check; see `CreditCheck.check`."""
        return await self._run(self._check(case, record=record), transaction)

    async def check_many(
        self,
        cases: Iterable[Case] | AsyncIterable[Case],
        *,
        record: bool = True,
        workers: int = _WORKERS,
        errors: OnError = "raise",
    ) -> AsyncIterator[Any]:
        """Check many cases side by side and yield their decisions in order; see `CreditCheck.check_many`."""
        from credit_check_sdk._shell.many import in_order_async

        keep = errors == "yield"
        async for found in in_order_async(
            lambda case: self.check(case, record=record), cases, workers, keep_errors=keep
        ):
            yield found

    async def settle(
        self,
        what: Decision | Settlement,
        responses: Iterable[Response] = (),
        *,
        operator: Operator | None = None,
        transaction: object = None,
    ) -> Settled:
        """Take the officer's answers; see `CreditCheck.settle`."""
        return await self._run(self._settle(what, responses, operator), transaction)

    async def require(
        self, case: Case | str, *, to: Step = "proceed", point: Point | None = None, transaction: object = None
    ) -> Pass:
        """Let the case pass its decision point, or refuse; see `CreditCheck.require`."""
        return await self._run(self._require(case, to, point), transaction)

    def guard(
        self,
        case: Guardable = None,
        *,
        to: Step = "proceed",
        point: Point | None = None,
        transaction: object = None,
        transaction_argument: str | None = None,
    ) -> AsyncGuard:
        """Guard a block (``async with``) or a coroutine function; see `CreditCheck.guard`."""
        return AsyncGuard(self, case, to, point, transaction, transaction_argument)

    async def coverage(self, decided: Iterable[DecidedCase], *, point: Point | None = None) -> Coverage:
        """Say which *decided* cases were checked when they were decided; see `CreditCheck.coverage`."""
        return await self._run(self._coverage(decided, point))

    async def verify_receipt(self, token: str) -> Receipt:
        """Read a receipt that another system brings along; see `CreditCheck.verify_receipt`."""
        from credit_check_sdk.core.gate import read_receipt

        return await self._run(read_receipt(self._desk, token))

    async def relay(self, *, limit: int | None = None, leaving: Callable[[], bool] | None = None) -> RelayReport:
        """Seal what is committed and deliver the feedback that is due; see `CreditCheck.relay`."""
        return await self._run(self._relay(limit, leaving))

    async def seal(self) -> SealReport:
        """Seal every entry that is committed; see `CreditCheck.seal`."""
        return await self._run(self._seal())

    async def checkpoint(self) -> Checkpoint | None:
        """Give the newest checkpoint with its counter-signatures; see `CreditCheck.checkpoint`."""
        from credit_check_sdk.model.ledger import LatestCheckpoint

        found: Checkpoint | None = await self._load(LatestCheckpoint())
        return found

    async def verify_evidence(self, against: Checkpoint | None = None) -> Verification:
        """Verify every sealed entry, offline; see `CreditCheck.verify_evidence`."""
        from credit_check_sdk.model.ledger import VerifyEvidence

        found: Verification = await self._load(VerifyEvidence(against))
        return found

    async def take_objection(
        self, draft: ObjectionDraft, papers: Sequence[tuple[Paper, bytes]] = (), *, transaction: object = None
    ) -> tuple[StoredObjection, ...]:
        """Take an objection at the counter; see `CreditCheck.take_objection`."""
        return await self._run(self._take_objection(draft, papers), transaction)

    async def withdraw_objection(self, number: str, *, operator: Operator, reason: str) -> StoredObjection:
        """Withdraw an objection that is not answered; see `CreditCheck.withdraw_objection`."""
        return await self._run(self._withdraw(number, operator, reason))

    async def objections(
        self,
        *,
        number: str | None = None,
        case_id: str | None = None,
        states: Sequence[ObjectionState] = (),
        due_before: date | None = None,
        limit: int = 1000,
    ) -> tuple[StoredObjection, ...]:
        """Give objections and the department's own questions, those first that are due first."""
        from credit_check_sdk.model.ledger import Objections

        question = Objections(number, case_id, tuple(states), due_before, (), limit)
        found: tuple[StoredObjection, ...] = await self._load(question)
        return found

    async def papers(self, objection: str) -> tuple[tuple[Paper, bytes], ...]:
        """Give the papers of an objection, with their content."""
        from credit_check_sdk.model.ledger import Papers

        found: tuple[tuple[Paper, bytes], ...] = await self._load(Papers(objection))
        return found

    async def sync(self, *, wait: float = 0.0) -> SyncReport:
        """Take what platforms say has changed; see `CreditCheck.sync`."""
        return await self._run(self._sync(wait))

    async def transitions(self, decision: str) -> tuple[TransitionEntry, ...]:
        """Give how the measures of a check moved: who or what moved them, from where to where, when and why."""
        from credit_check_sdk.model.ledger import Transitions

        found: tuple[TransitionEntry, ...] = await self._load(Transitions(decision))
        return found

    async def explain(self, decision: str, subject: Subject | None = None) -> Explanation:
        """Explain a check in plain words; see `CreditCheck.explain`."""
        from credit_check_sdk.core.explaining import explain

        return await self._run(explain(self._desk, decision, subject))

    async def redress(self) -> tuple[Redress, ...]:
        """List the decisions that rest on records whose objection was upheld, newest first, to be put right."""
        from credit_check_sdk.model.ledger import Redresses

        found: tuple[Redress, ...] = await self._load(Redresses())
        return found

    async def prove(self, decision: str) -> dict[str, Any] | None:
        """Give one check as a document that verifies with public tools alone; see `CreditCheck.prove`."""
        from credit_check_sdk.core.sealing import prove

        return await self._run(prove(self._desk, decision, self.public_keys))

    async def latest(self, case_id: str, point: Point) -> StoredCheck | None:
        """Give the latest check of a file at a point, as it was recorded, or None."""
        from credit_check_sdk.model.ledger import LatestCheck

        found: StoredCheck | None = await self._load(LatestCheck(case_id, point))
        return found

    async def show(self, decision: str) -> StoredCheck | None:
        """Give a check by the number of its decision, or None."""
        from credit_check_sdk.model.ledger import CheckById

        found: StoredCheck | None = await self._load(CheckById(decision))
        return found

    async def notices(
        self,
        *,
        case_id: str | None = None,
        states: Sequence[NoticeState] = (),
        due_by: date | None = None,
        limit: int = 1000,
    ) -> tuple[StoredNotice, ...]:
        """Give notices to subjects, those that are due first."""
        from credit_check_sdk.model.ledger import Notices

        found: tuple[StoredNotice, ...] = await self._load(
            Notices(case_id=case_id, states=tuple(states), due_by=due_by, limit=limit)
        )
        return found

    async def notice(self, number: str) -> StoredNotice:
        """Give the notice *number*, and where it stands; see `CreditCheck.notice`."""
        from credit_check_sdk.core.notices import find

        return await self._run(find(number))

    async def notice_delivered(
        self, number: str, delivery: NoticeDelivery, *, transaction: object = None
    ) -> StoredNotice:
        """Write down that the notice *number* was delivered (送达); see `CreditCheck.notice_delivered`."""
        return await self._run(self._delivered(number, delivery), transaction)

    async def outbox(self, states: Sequence[OutboxState] = (), *, limit: int = 1000) -> tuple[OutboxRow, ...]:
        """Give the feedback in these states (all where none is named), oldest first."""
        from credit_check_sdk.model.ledger import OutboxRows

        found: tuple[OutboxRow, ...] = await self._load(OutboxRows(tuple(states), limit))
        return found

    async def outbox_status(self) -> OutboxReport:
        """Say how much feedback is in which state, and how each channel stands; see `CreditCheck.outbox_status`."""
        return await self._run(self._status())

    async def reconcile(
        self, key: str | None = None, *, delivered: bool | None = None, reason: str = "", operator: str = ""
    ) -> RelayReport:
        """Settle what became of feedback in doubt; see `CreditCheck.reconcile`."""
        return await self._run(self._reconcile(key, delivered, reason, operator))

    async def requeue(self, keys: Sequence[str] = ()) -> int:
        """Put dead feedback back to waiting, all of it where no key is named; answer how much."""
        from credit_check_sdk.model.ledger import Requeue

        found: int = await self._load(Requeue(tuple(keys), _now()))
        return found

    async def statistics(self, since: date | None = None, until: date | None = None) -> tuple[StatisticsRow, ...]:
        """Count checks and answers per department, matter and point, these days included."""
        from credit_check_sdk.model.ledger import Statistics

        found: tuple[StatisticsRow, ...] = await self._load(Statistics(since, until, _today()))
        return found

    async def recheck(self, *, limit: int | None = None, due_only: bool = False) -> RecheckReport:
        """Make again the checks that an outage left open; see `CreditCheck.recheck`."""
        return await self._run(self._recheck(limit, due_only=due_only))

    async def rechecks(self, states: Sequence[RecheckState] = (), *, limit: int = 1000) -> tuple[StoredRecheck, ...]:
        """Give rechecks in these states (all where none is named), those due first."""
        from credit_check_sdk.model.ledger import Rechecks

        found: tuple[StoredRecheck, ...] = await self._load(Rechecks(tuple(states), limit=limit))
        return found

    async def attach(  # noqa: PLR0913  what such evidence is made of
        self,
        case_id: str,
        point: Point,
        source: str,
        *,
        file: str | os.PathLike[str] | tuple[str, bytes],
        site: str,
        queried_at: datetime,
        operator: Operator,
        records: Iterable[Record] = (),
        transaction: object = None,
    ) -> Decision:
        """Attach evidence of a query made by hand, and check anew with it; see `CreditCheck.attach`."""
        from credit_check_sdk._shell.many import apart

        handed = await apart(_handed, case_id, point, source, file, (site, queried_at, operator, tuple(records)))
        return await self._run(self._attach(handed), transaction)

    async def source_status(self) -> tuple[SourceStatus, ...]:
        """Say how each source stands; see `CreditCheck.source_status`."""
        from credit_check_sdk._shell.many import apart
        from credit_check_sdk._shell.standing import standing

        return await apart(standing, self._world, self._parts.settings.sources)

    async def isolate(self, source: str, *, reason: str, operator: str) -> None:
        """Take a source out until it is released; see `CreditCheck.isolate`."""
        from credit_check_sdk._shell.many import apart

        said = _needed(reason), _needed(operator)
        await apart(self._world.board.isolate, self._known_source(source), _now(), *said)

    async def release(self, source: str) -> None:
        """Let an isolated source be asked again; see `CreditCheck.release`."""
        from credit_check_sdk._shell.many import apart

        await apart(self._world.board.release, self._known_source(source))

    async def _load(self, question: object) -> Any:
        return await self._world.ledger.run_async(question)

    async def _run(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run_async

        return await run_async(flow, self._world, transaction)


@functools.cache
def _driver() -> Callable[..., Any]:
    """Import what runs flows, once: an import statement costs as much as a look into the memory."""
    from credit_check_sdk._shell.drivers import run

    return run


@functools.cache
def _checking() -> Callable[..., Flow[Decision]]:
    """Import what checks, once."""
    from credit_check_sdk.core.check import check

    return check


def _now() -> Any:
    from credit_check_sdk._shell.world import now

    return now()


def _today() -> date:
    from credit_check_sdk.core.desk import day_of

    return day_of(_now())


def _handed(
    case_id: str,
    point: Point,
    source: str,
    file: str | os.PathLike[str] | tuple[str, bytes],
    rest: tuple[str, datetime, Operator, tuple[Record, ...]],
) -> Handed:
    from credit_check_sdk._shell.files import evidence_file
    from credit_check_sdk.core.manual import Handed

    site, queried_at, operator, records = rest
    name, content = file if isinstance(file, tuple) else evidence_file(file)
    return Handed(case_id, point, source, _needed(site), queried_at, operator, name, content, records)


def _needed(said: str) -> str:
    if not said.strip():
        raise InputError(
            "a reason and the operator are needed",
            "须说明理由与经办人",
            remedy_en="say why, and who decides it",
            remedy_zh="请填写理由和经办人",
        )
    return said.strip()


def _settlement(what: Decision | Settlement, responses: Iterable[Response], operator: Operator | None) -> Settlement:
    from credit_check_sdk.model import Settlement

    if isinstance(what, Settlement):
        return what
    given = tuple(responses)
    if operator is None or not given:
        raise InputError(
            "operator and responses are needed to settle a decision",
            "答复措施时须给出 operator 与 responses",
            remedy_en="name the officer, and answer at least one proposal",
            remedy_zh="请指明经办人，并至少答复一项措施",
        )
    return Settlement(case_id=what.case_id, point=what.point, operator=operator, responses=given)


def _assemble(settings: Settings) -> _Parts:
    """Put a client together from its settings."""
    from credit_check_sdk import catalogue
    from credit_check_sdk._shell.audit import AuditStore
    from credit_check_sdk._shell.exchange import Exchange
    from credit_check_sdk._shell.ledger import Ledger
    from credit_check_sdk._shell.plugins import Plugins
    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk, OutboxRules, RelayRules

    plugins = Plugins(settings.plugins.enabled)
    supplements: list[Path] = [settings.path(name) for name in settings.catalogue.supplements]
    loaded = catalogue.load(supplements, region=settings.region, matters=settings.matters, terms=settings.terms)
    _all_sources_known(settings, loaded.policies)
    keys = _keys(settings, plugins)
    calendar = _calendar(settings, plugins)
    weak: dict[str, Words] = {}
    sources, channels, feeds, witnesses, publishers = _sources(settings, plugins, weak)
    desk = Desk(
        environment=settings.environment,
        catalogue=loaded,
        policies=loaded.policies,
        sources=sources,
        channels=channels,
        feeds=feeds,
        calendar=calendar,
        witnesses=witnesses,
        publishers=publishers,
        region=settings.region,
        letters=_letters(settings),
        contact=settings.notices.contact,
        contacts=settings.notices.contacts,
        relay=RelayRules(**dict(settings.relay)),
        outbox=OutboxRules(settings.outbox.limit, settings.outbox.when_full),
        publicity=rules_of(settings, channels),
        agencies=settings.credit_reports.agencies,
    )
    world = World(
        exchange=Exchange(_tls(settings)),
        memory=_memory(settings, plugins, keys),
        ledger=Ledger(settings.database(settings.ledger.url), keys, environment=settings.environment),
        audit=AuditStore(settings.database(settings.ledger.audit_url), keys),
        keys=keys,
        sources={said.id: said for said in settings.sources},
    )
    world.ledger.prepare()
    return _Parts(settings, desk, world, plugins, weak)


def _tls(settings: Settings) -> dict[str, Any]:
    """Give the certificates of those sources that have some of their own."""
    placed = (settings.placed(said) for said in settings.sources)
    return {said.id: said.tls for said in placed if said.tls is not None}


def _keys(settings: Settings, plugins: Plugins) -> Any:
    from credit_check_sdk._shell.keys import Crypto, KeyRing

    ring = settings.path(settings.keys.ring)
    crypto = Crypto.of(plugins.ciphers, plugins.receipt_algorithms)
    if settings.kind == "default" and not ring.exists():
        # Without any configuration the ledger still works: it gets keys of its own beside it.
        return KeyRing.make(ring, crypto)
    return KeyRing.open(ring, crypto)


def _sources(settings: Settings, plugins: Plugins, weak: dict[str, Words]) -> tuple[dict[str, Any], ...]:
    from credit_check_sdk.core.desk import Consulting
    from credit_check_sdk.spi import WeakSigner

    sources: dict[str, Consulting] = {}
    channels: dict[str, Any] = {}
    feeds: dict[str, Any] = {}
    witnesses: dict[str, Any] = {}
    publishers: dict[str, Any] = {}
    seeing = _seeing(settings, plugins)
    for written in settings.sources:
        said = settings.placed(written)
        if said.id in sources:
            raise ConfigurationError(
                f"sources.{said.id} is configured twice",
                f"sources.{said.id} 重复配置",
                source=said.id,
                remedy_en="give each source its own id",
                remedy_zh="请为每个来源使用不同的 id",
            )
        said = _placed(said, settings)
        signer = plugins.find("signers", said.signer)(said, settings.secret(said))
        if isinstance(signer, WeakSigner):
            weak[said.id] = signer.weakness
        source = plugins.find("sources", said.kind)(said, signer, settings.environment)
        sources[said.id] = Consulting(source, said.level, said.budget.total_seconds())
        if sources[said.id].offline and said.base_url:
            kind = str(said.options.get("publisher", "platform"))
            # The options are the keeper's; its publisher has those of its own kind, by default.
            publishing = said.model_copy(update={"kind": kind, "options": {}})
            publishers[said.id] = plugins.find("publishers", kind)(publishing, signer, settings.environment)
        if said.channel:
            channels[said.id] = plugins.find("channels", said.kind)(said, signer, settings.environment)
        if said.feed and said.kind in plugins.feeds:
            feeds[said.id] = plugins.feeds[said.kind](said, signer, settings.environment)
        if said.id in seeing:
            witnesses[said.id] = plugins.find("witnesses", said.kind)(said, signer, settings.environment)
    return sources, channels, feeds, witnesses, publishers


def _placed(said: SourceSettings, settings: Settings) -> SourceSettings:
    """Find the file of its mapping from the configuration's folder; a dialect has a name without ending."""
    if said.mapping is None or "." not in said.mapping:
        return said
    return said.model_copy(update={"mapping": str(settings.path(said.mapping))})


def _seeing(settings: Settings, plugins: Plugins) -> set[str]:
    """Name the sources that counter-sign: those said so, else the first where feedback goes back and that can."""
    said = {source.id for source in settings.sources if source.witness}
    able = (s.id for s in settings.sources if s.channel and s.witness is None and s.kind in plugins.witnesses)
    return said or set(itertools.islice(able, 1))


def _memory(settings: Settings, plugins: Plugins, keys: Any) -> Any:
    if settings.memory.kind == "local":
        from credit_check_sdk._shell.memory import LocalMemory

        return LocalMemory(keys)
    from credit_check_sdk._shell.sharing import SharedMemory

    return SharedMemory(keys, plugins.find("memories", settings.memory.kind)(settings.memory.options))


def _calendar(settings: Settings, plugins: Plugins) -> Any:
    if settings.calendar.kind == "official":
        from credit_check_sdk._shell.calendar import OfficialCalendar

        notice = settings.calendar.options.get("file")
        return OfficialCalendar(settings.path(str(notice)) if notice else None)
    return plugins.find("calendars", settings.calendar.kind)(settings.calendar.options)


def _letters(settings: Settings) -> Any:
    from credit_check_sdk.catalogue.letters import Letters
    from credit_check_sdk.core.explaining import trial

    folder = settings.notices.templates
    letters = Letters(settings.path(folder) if folder else None)
    letters.check({lang: trial(lang) for lang in ("zh-CN", "en")})
    return letters


def _all_sources_known(settings: Settings, policies: Mapping[str, MatterPolicy]) -> None:
    """Refuse a matter that names a source which the configuration does not have: it would never be asked."""
    known = {said.id for said in settings.sources}
    for code in settings.matters:
        for name in (*policies[code].sources, *policies[code].fallback, *policies[code].fallbacks):
            if name not in known:
                raise ConfigurationError(
                    f"matters.{code}: source {name!r} is not configured",
                    f"matters.{code}：来源 {name} 没有配置",
                    remedy_en=f"add it under [[sources]], or use one of {', '.join(sorted(known)) or '—'}",
                    remedy_zh=f"请在 [[sources]] 中添加，或使用：{'、'.join(sorted(known)) or '—'}",
                )
