"""What both front doors offer to whoever keeps whole lists on this machine: fetch them, carry them, say what is held.

It puts nothing together and decides nothing; `client` makes front doors of it.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Point, Purpose
    from credit_check_sdk.model.listing import HeldLists, ListsReport
    from credit_check_sdk.model.screening import ScreenPart, ScreenReport
    from credit_check_sdk.spi import Engine


class Offline:
    """Names of `CreditCheck` that concern lists kept on this machine."""

    _desk: Desk
    _parts: Any
    _elsewhere: Callable[[Any, ScreenPart], ScreenReport]
    """Works on a part in another process, on the same settings."""

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def held_lists(self) -> dict[str, HeldLists | None]:
        """Say what each source of offline lists holds; None before anything was fetched."""
        stores: dict[str, Any] = {name: self._desk.sources[name].source for name in _offline(self._desk)}
        return {name: store.held() for name, store in stores.items()}

    def refresh_lists(
        self, source: str | None = None, *, wait: float = 0.0, accept: Collection[str] = ()
    ) -> tuple[ListsReport, ...]:
        """Fetch the lists of *source*, or of all sources of offline lists that have a publisher.

        Where nothing changed, the publisher may hold its answer back for *wait* seconds. Lists named in *accept* may
        shrink this once. What goes wrong is in the reports; what was held is held on.

        Raises:
            ConfigurationError: there is no such source, or it has no publisher.
        """
        from credit_check_sdk._shell.drivers import run
        from credit_check_sdk.core.lists import refresh

        names = (
            [_published(self._desk, source)]
            if source
            else [n for n in _offline(self._desk) if n in self._desk.publishers]
        )
        return tuple(run(refresh(self._desk, name, wait=wait, accepted=accept), self._world, None) for name in names)

    def export_lists(self, path: str | os.PathLike[str], source: str) -> HeldLists:
        """Write the lists that *source* holds to a file, sealed with the ring's key: a bundle.

        Raises:
            ConfigurationError: there is no such source.
            InputError: nothing is held, or the file cannot be written.
        """
        from credit_check_sdk._shell.bundles import write_bundle
        from credit_check_sdk.model.listing import Listings, sealed_claims

        store: Any = self._desk.sources[_known(self._desk, source)].source
        held: HeldLists | None = store.held()
        if held is None:
            raise InputError(
                f"source {source!r} holds no lists",
                f"来源 {source!r} 尚无名单",
                code="list.bundle",
                remedy_en="fetch them first: credit-check lists refresh",
                remedy_zh="请先运行 credit-check lists refresh",
            )
        infos = tuple(each.info for each in held.lists)
        claims = sealed_claims(Listings(as_of=held.as_of, environment=held.environment, lists=infos))
        write_bundle(Path(path), self._world.keys.sign(claims), store, held)
        return held

    def import_lists(self, path: str | os.PathLike[str], source: str, *, accept: Collection[str] = ()) -> ListsReport:
        """Take the lists of a bundle over, as far as they are believed.

        Raises:
            ConfigurationError: there is no such source, or it has no keys to verify a bundle with.
            InputError: the file cannot be read, or is no bundle.
            NotUnderstoodError: it is not sealed with one of the keys, or older than what is held.
        """
        from credit_check_sdk._shell.bundles import Bundle
        from credit_check_sdk._shell.drivers import run
        from credit_check_sdk.core.lists import Taking, take_over

        store: Any = self._desk.sources[_known(self._desk, source)].source
        if store.rules.keys is None:
            raise ConfigurationError(
                f"source {source!r} has no keys to verify a bundle with",
                f"来源 {source!r} 没有用于验证名单文件的公钥",
                remedy_en="set keys_file under its options",
                remedy_zh="请在其 options 中设置 keys_file",
                source=source,
            )
        bundle = Bundle(Path(path), source)
        flow = take_over(Taking(store, bundle, accept), store.held(), bundle.said)
        return run(flow, self._world, None)

    def screen_list(  # noqa: PLR0913  what is screened, where it goes, and by what
        self,
        file: str | os.PathLike[str],
        out: str | os.PathLike[str],
        *,
        matter: str,
        point: Point,
        purpose: Purpose,
        name_column: str | None = None,
        identifier_column: str | None = None,
        rows_of_a_part: int = 5_000_000,
        resume: bool = False,
        engine: Engine | None = None,
        told: Callable[[ScreenReport], object] | None = None,
    ) -> ScreenReport:
        """Screen a list of any length (CSV, Excel, Parquet) against the lists kept on this machine.

        No platform is asked and nothing is recorded: whoever stands on a list is sent to review and restricted by
        nothing before he is checked as a case. *out* gets one row for each, in order, and is written whole or not at
        all. Parts that are done are kept until then, and with *resume* gone on with; *told* hears the sum after each.
        *engine* runs the parts elsewhere.

        Raises:
            ConfigurationError: no lists are kept here, or the packages of the extra ``bulk`` are missing.
            CaseError: the matter or the point is unknown.
            InputError: the file cannot be read, or the lists changed meanwhile.
            NotUnderstoodError: lists are missing, or too old for the matter.
        """
        from credit_check_sdk._shell.bulk import screen_list

        asked = (matter, point, purpose, (name_column, identifier_column), rows_of_a_part)
        elsewhere = functools.partial(self._elsewhere, self._parts.settings)
        return screen_list(
            self._desk, self._world, Path(file), Path(out), asked,
            resume=resume, engine=engine, elsewhere=elsewhere, told=told,
        )  # fmt: skip


class AsyncOffline:
    """Names of `AsyncCreditCheck` that concern lists kept on this machine; they work in a thread."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def held_lists(self) -> dict[str, HeldLists | None]:
        """Say what each source of offline lists holds; see `CreditCheck.held_lists`."""
        found: dict[str, HeldLists | None] = await self._apart(Offline.held_lists)
        return found

    async def refresh_lists(
        self, source: str | None = None, *, wait: float = 0.0, accept: Collection[str] = ()
    ) -> tuple[ListsReport, ...]:
        """Fetch lists; see `CreditCheck.refresh_lists`."""
        found: tuple[ListsReport, ...] = await self._apart(Offline.refresh_lists, source, wait=wait, accept=accept)
        return found

    async def export_lists(self, path: str | os.PathLike[str], source: str) -> HeldLists:
        """Write a bundle; see `CreditCheck.export_lists`."""
        found: HeldLists = await self._apart(Offline.export_lists, path, source)
        return found

    async def import_lists(
        self, path: str | os.PathLike[str], source: str, *, accept: Collection[str] = ()
    ) -> ListsReport:
        """Take a bundle over; see `CreditCheck.import_lists`."""
        found: ListsReport = await self._apart(Offline.import_lists, path, source, accept=accept)
        return found

    async def screen_list(
        self, file: str | os.PathLike[str], out: str | os.PathLike[str], **options: Any
    ) -> ScreenReport:
        """Screen a long list; see `CreditCheck.screen_list`."""
        found: ScreenReport = await self._apart(Offline.screen_list, file, out, **options)
        return found

    async def _apart(self, do: Any, *given: Any, **named: Any) -> Any:
        from functools import partial

        from credit_check_sdk._shell.many import apart

        return await apart(partial(do, self, *given, **named))


def _offline(desk: Desk) -> list[str]:
    return [name for name, each in desk.sources.items() if each.offline]


def _known(desk: Desk, source: str) -> str:
    known = _offline(desk)
    if source not in known:
        raise ConfigurationError(
            f"source {source!r} keeps no lists",
            f"来源 {source!r} 不是本机名单",
            remedy_en=f"use one of {', '.join(known) or '—'}",
            remedy_zh=f"可用来源：{'、'.join(known) or '—'}",
        )
    return source


def _published(desk: Desk, source: str) -> str:
    if _known(desk, source) not in desk.publishers:
        raise ConfigurationError(
            f"source {source!r} has no publisher to fetch lists from",
            f"来源 {source!r} 没有可获取名单的发布方",
            remedy_en="give its base_url, or bring lists with `credit-check lists import`",
            remedy_zh="请填写 base_url，或用 credit-check lists import 导入",
            source=source,
        )
    return source
