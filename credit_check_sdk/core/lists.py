"""Fetch whole lists and keep them on this machine. Flows only.

A list is taken over when what is here afterwards has the digest that its publisher announced; by its changes where that
works out, whole where not. What shrank suddenly is not believed: an empty list would clear everybody. What is refused
leaves the last good one in its place, which grows old, and in the end silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import CreditCheckError, ExchangeError, NotUnderstoodError
from credit_check_sdk.flow import Now, Verify
from credit_check_sdk.model import Words
from credit_check_sdk.model.listing import HeldList, HeldLists, ListsReport, list_digest, sealed_claims

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model.listing import ListEntry, ListFate, ListInfo, Listings, ListRules
    from credit_check_sdk.spi import OfflineSource, Publisher

_ATTEMPTS = 3
"""How often a list is begun again that changes while it is fetched."""
_CLOCKS = timedelta(minutes=5)
"""How far a publisher's clock may be ahead of ours."""


@dataclass(slots=True)
class Taking:
    """One taking over of all lists of a publisher."""

    store: OfflineSource
    publisher: Publisher
    accepted: Collection[str] = ()
    fates: dict[str, ListFate] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    contents: dict[str, dict[str, ListEntry]] = field(default_factory=dict)

    async def one(self, info: ListInfo, before: HeldList | None, as_of: datetime) -> HeldList | None:
        """Take one list over, and give how it is held from now on; None where nothing of it is."""
        if before is not None and before.info.digest == info.digest:
            self.fates[info.code] = "unchanged"
            return HeldList(info=info, as_of=as_of)
        if before is not None and self._shrank(before.info.size, info) and info.code not in self.accepted:
            return self._refused(before, info, "list.shrank")
        try:
            if before is None or not await self._moved(info, before.info):
                await self._rebuilt(info)
        except ExchangeError as error:
            return self._refused(before, info, error.code, "failed")
        return HeldList(info=info, as_of=as_of)

    def _shrank(self, size: int, info: ListInfo) -> bool:
        return size >= self.store.rules.small and info.size < size * self.store.rules.least_share

    def _refused(
        self, before: HeldList | None, info: ListInfo, code: str, fate: ListFate = "refused"
    ) -> HeldList | None:
        self.fates[info.code], self.trouble[info.code] = fate, code
        self.contents.pop(info.code, None)
        return before.model_copy(update={"refused": info}) if before is not None else None

    async def _moved(self, info: ListInfo, before: ListInfo) -> bool:
        """Apply what changed since the version that is held; say whether that gave the list as announced."""
        page = await self.publisher.delta(info.code, before.version)
        if page is None or page.info.digest != info.digest:
            return False
        entries = {each.number: each for each in self.store.lines(info.code)}
        for number in page.removed:
            entries.pop(number, None)
        entries.update((each.number, each) for each in page.put)
        if not _holds(info, entries):
            return False
        self.fates[info.code], self.contents[info.code] = "changed", entries
        return True

    async def _rebuilt(self, info: ListInfo) -> None:
        """Fetch the list whole.

        Raises:
            ExchangeError: it is not to be had, or not what was announced.
        """
        entries = await self._whole_at_last(info)
        if not _holds(info, entries):
            raise NotUnderstoodError(
                f"list {info.code!r} of source {self.publisher.id!r} is not what was announced: its digest differs",
                f"来源 {self.publisher.id!r} 的名单 {info.code} 与其公布的摘要不符",
                code="list.digest",
                remedy_en="nothing of it is used; ask the publisher",
                remedy_zh="未采用其任何内容；请联系发布方",
                source=self.publisher.id,
            )
        self.fates[info.code], self.contents[info.code] = "rebuilt", entries

    async def _whole_at_last(self, info: ListInfo) -> dict[str, ListEntry]:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._whole(info)
            except NotUnderstoodError as error:
                if error.code != "list.changed":
                    raise
        return await self._whole(info)

    async def _whole(self, info: ListInfo) -> dict[str, ListEntry]:
        entries: dict[str, ListEntry] = {}
        cursor: str | None = None
        while True:
            page = await self.publisher.snapshot(info.code, cursor)
            entries.update((each.number, each) for each in page.put)
            cursor = page.next_cursor
            if cursor is None or len(entries) > info.size:
                return entries

    def vanished(self, before: HeldList) -> HeldList | None:
        """Say what becomes of a list that its publisher no longer names: it shrank to nothing."""
        gone = before.info.model_copy(update={"size": 0})
        if self._shrank(before.info.size, gone) and before.info.code not in self.accepted:
            return self._refused(before, gone, "list.shrank")
        self.fates[before.info.code] = "changed"
        return None


async def refresh(desk: Desk, source: str, *, wait: float = 0.0, accepted: Collection[str] = ()) -> ListsReport:
    """Fetch the lists of *source*; lists in *accepted* may shrink this once. What goes wrong is in the report.

    Where nothing changed, the publisher may hold its answer back for *wait* seconds.
    """
    store: Any = desk.sources[source].source
    publisher = desk.publishers[source]
    held: HeldLists | None = store.held()
    known = held.tag if held and not accepted else None
    try:
        listings = await publisher.listings(known, wait)
        if listings is None and held is not None and store.rules.keys is None:
            return _unchanged(store, held, await Now())
        if listings is None:
            # That nothing changed is not sealed: with keys to verify with, it is not taken on trust.
            listings = await publisher.listings(None, 0.0)
        if listings is None:
            raise _unexpected(source)
        taking = Taking(store, publisher, accepted)
        return await take_over(taking, held, listings)
    except CreditCheckError as error:
        said = Words(zh=error.words("zh-CN"), en=error.words("en"))
        return ListsReport(source, held, error=error.code, detail=said)


async def take_over(taking: Taking, held: HeldLists | None, listings: Listings) -> ListsReport:
    """Take *listings* over as the rules allow.

    Raises:
        NotUnderstoodError: they are not rightly sealed, or of another time.
    """
    source = taking.publisher.id
    sealed = await _sealed(listings, taking.store.rules, source)
    ahead = listings.as_of - await Now() > _CLOCKS
    if ahead or (held is not None and listings.as_of < max((each.as_of for each in held.lists), default=held.as_of)):
        raise _of_another_time(source, ahead=ahead)
    before = {each.info.code: each for each in held.lists} if held else {}
    lists: list[HeldList] = []
    for info in listings.lists:
        kept = await taking.one(info, before.pop(info.code, None), listings.as_of)
        lists += [kept] if kept is not None else []
    lists += [kept for each in before.values() if (kept := taking.vanished(each)) is not None]
    now = HeldLists(
        source=taking.publisher.id,
        environment=listings.environment,
        # A list that could not be had at all is as good as none: nobody may take its absence for an empty one.
        as_of=min((each.as_of for each in lists), default=listings.as_of),
        sealed=sealed,
        tag=listings.tag if not taking.trouble else None,
        lists=tuple(sorted(lists, key=lambda each: each.info.code)),
    )
    missing = [code for code, fate in taking.fates.items() if fate == "failed" and now.of(code) is None]
    if missing:
        return ListsReport(taking.publisher.id, held, taking.fates, taking.trouble, taking.trouble[missing[0]])
    taking.store.hold(now, {code: entries.values() for code, entries in taking.contents.items()})
    return ListsReport(taking.publisher.id, now, taking.fates, taking.trouble)


def _unchanged(store: OfflineSource, held: HeldLists, at: datetime) -> ListsReport:
    """Write down that all stands as it stood: the publisher says so now."""
    now = held.model_copy(
        update={"as_of": at, "lists": tuple(each.model_copy(update={"as_of": at}) for each in held.lists)}
    )
    store.hold(now, {})
    return ListsReport(held.source, now, {each.info.code: "unchanged" for each in held.lists})


def _holds(info: ListInfo, entries: Mapping[str, ListEntry]) -> bool:
    return len(entries) == info.size and info.digest == list_digest(
        (number, each.line) for number, each in entries.items()
    )


async def _sealed(listings: Listings, rules: ListRules, source: str) -> bool:
    """Say whether *listings* is sealed by its publisher; without keys nothing is known of its seal."""
    if rules.keys is None:
        return False
    claims = await Verify(listings.seal, rules.keys) if listings.seal else None
    if claims is None or dict(claims) != sealed_claims(listings):
        raise NotUnderstoodError(
            f"the lists of source {source!r} are not sealed by their publisher",
            f"来源 {source!r} 的名单没有发布方的有效签名",
            code="list.seal",
            remedy_en="nothing of them is used; ask the publisher, or correct the keys that are configured",
            remedy_zh="未采用其任何内容；请联系发布方，或更正所配置的公钥",
            source=source,
        )
    return True


def _of_another_time(source: str, *, ahead: bool) -> NotUnderstoodError:
    return NotUnderstoodError(
        f"the lists of source {source!r} are dated {'ahead of our clock' if ahead else 'before those that are held'}",
        f"来源 {source!r} 的名单时间{'超前于本机时钟' if ahead else '早于本机已有名单'}",
        code="list.time",
        remedy_en="nothing of them is used; check both clocks, and that no older copy was served",
        remedy_zh="未采用其任何内容；请核对双方时钟，并确认对方未提供旧版本",
        source=source,
    )


def _unexpected(source: str) -> NotUnderstoodError:
    return NotUnderstoodError(
        f"source {source!r} says that its lists did not change, and none are held",
        f"来源 {source!r} 称名单未变化，而本机尚无名单",
        remedy_en="fetch them again; ask the publisher where it comes back",
        remedy_zh="请重新获取；如仍出现，请联系发布方",
        source=source,
    )
