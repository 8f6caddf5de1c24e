"""What both front doors offer for double publicity (双公示): publish a licence or a penalty, correct it, withdraw it.

It puts nothing together but the rules of publishing, and decides nothing; `client` makes front doors of it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.config import Settings
    from credit_check_sdk.core.desk import Desk, PublicityRules
    from credit_check_sdk.flow import Flow
    from credit_check_sdk.model import (
        Case,
        Destination,
        FieldTrouble,
        LicenceRecord,
        Operator,
        PenaltyRecord,
        StoredPublication,
    )

T = TypeVar("T")


def rules_of(settings: Settings, channels: Mapping[str, Any]) -> PublicityRules:
    """Read where licences and penalties are published, and in which fields.

    Raises:
        ConfigurationError: a source that is named has no channel.
        CatalogueError: a list of fields cannot be read.
    """
    from credit_check_sdk.core.desk import PublicityRules

    said = settings.publicity
    for key, name in (("credit", said.credit), ("enterprise", said.enterprise)):
        if name is not None and name not in channels:
            raise ConfigurationError(
                f"publicity.{key}: no source {name!r} is configured that takes reports",
                f"publicity.{key}：没有配置可报送的来源 {name}",
                remedy_en="name the id of one of [[sources]]",
                remedy_zh="请填写 [[sources]] 中的 id",
            )
    files = tuple(settings.path(name) for name in said.forms)

    @functools.cache
    def forms() -> Any:
        from credit_check_sdk.catalogue.forms import forms as read

        return read(files)

    if files:
        forms()  # what a site brings is looked at when the client opens, not when the first licence is to be published
    return PublicityRules(
        channels={"credit": said.credit, "enterprise": said.enterprise},
        dialects={"credit": said.credit_dialect, "enterprise": said.enterprise_dialect},
        forms=forms,
    )


class Publications:
    """Names of `CreditCheck` that concern double publicity."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    def publish(
        self,
        case: Case,
        record: LicenceRecord | PenaltyRecord,
        *,
        operator: Operator | None = None,
        transaction: object = None,
    ) -> tuple[StoredPublication, ...]:
        """Publish a licence (行政许可) or a penalty (行政处罚), to each destination it concerns; the relay delivers it.

        Enterprises are shown in the enterprise publicity system too, where one is configured. Each is due on the seventh
        working day from the decision (发改办财金〔2018〕424号; the term ``publicity.push``).

        Raises:
            InputError: ``publicity.invalid`` names every field that is missing or wrong; ``publicity.minor``;
                ``publicity.published``. Nothing was written.
        """
        from credit_check_sdk.core.publishing import publish

        return self._published(publish(self._desk, case, record, operator), transaction)

    def correct_publication(
        self, number: str, case: Case, record: LicenceRecord | PenaltyRecord, *, operator: Operator, reason: str
    ) -> tuple[StoredPublication, ...]:
        """Correct (更正) what was published, everywhere it was.

        Raises:
            InputError: there is none of that number, it is withdrawn, or the correction is not valid.
        """
        from credit_check_sdk.core.publishing import correct

        return self._published(correct(self._desk, number, case, record, operator=operator, reason=reason))

    def withdraw_publication(self, number: str, *, operator: Operator, reason: str) -> tuple[StoredPublication, ...]:
        """Withdraw (撤下) what was published, everywhere it was.

        Raises:
            InputError: there is none of that number, or it is withdrawn already.
        """
        from credit_check_sdk.core.publishing import withdraw

        return self._published(withdraw(self._desk, number, operator=operator, reason=reason))

    def examine_publication(
        self, case: Case, record: LicenceRecord | PenaltyRecord
    ) -> dict[Destination, tuple[dict[str, str], list[FieldTrouble]]]:
        """Fill the fields for each destination and say what is wrong with them; nothing is written.

        Raises:
            InputError: ``publicity.form``: a list of fields is not known.
        """
        return self._published(_examined(self._desk, case, record))

    def publications(
        self, *, record: str | None = None, case_id: str | None = None, limit: int = 1000
    ) -> tuple[StoredPublication, ...]:
        """Give publications, those due first; each says where it stands (`StoredPublication.standing`)."""
        return self._published(_asked(record, case_id, limit))

    def _published(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run

        return run(flow, self._world, transaction)


class AsyncPublications:
    """Names of `AsyncCreditCheck` that concern double publicity."""

    _desk: Desk

    if TYPE_CHECKING:

        @property
        def _world(self) -> World: ...

    async def publish(
        self,
        case: Case,
        record: LicenceRecord | PenaltyRecord,
        *,
        operator: Operator | None = None,
        transaction: object = None,
    ) -> tuple[StoredPublication, ...]:
        """Publish a licence (行政许可) or a penalty (行政处罚); see `CreditCheck.publish`."""
        from credit_check_sdk.core.publishing import publish

        return await self._published(publish(self._desk, case, record, operator), transaction)

    async def correct_publication(
        self, number: str, case: Case, record: LicenceRecord | PenaltyRecord, *, operator: Operator, reason: str
    ) -> tuple[StoredPublication, ...]:
        """Correct (更正) what was published; see `CreditCheck.correct_publication`."""
        from credit_check_sdk.core.publishing import correct

        return await self._published(correct(self._desk, number, case, record, operator=operator, reason=reason))

    async def withdraw_publication(
        self, number: str, *, operator: Operator, reason: str
    ) -> tuple[StoredPublication, ...]:
        """Withdraw (撤下) what was published; see `CreditCheck.withdraw_publication`."""
        from credit_check_sdk.core.publishing import withdraw

        return await self._published(withdraw(self._desk, number, operator=operator, reason=reason))

    async def examine_publication(
        self, case: Case, record: LicenceRecord | PenaltyRecord
    ) -> dict[Destination, tuple[dict[str, str], list[FieldTrouble]]]:
        """Fill the fields and say what is wrong with them; see `CreditCheck.examine_publication`."""
        return await self._published(_examined(self._desk, case, record))

    async def publications(
        self, *, record: str | None = None, case_id: str | None = None, limit: int = 1000
    ) -> tuple[StoredPublication, ...]:
        """Give publications, those due first; see `CreditCheck.publications`."""
        return await self._published(_asked(record, case_id, limit))

    async def _published(self, flow: Flow[T], transaction: object = None) -> T:
        from credit_check_sdk._shell.drivers import run_async

        return await run_async(flow, self._world, transaction)


async def _examined(
    desk: Desk, case: Case, record: LicenceRecord | PenaltyRecord
) -> dict[Destination, tuple[dict[str, str], list[FieldTrouble]]]:
    from credit_check_sdk.core.publishing import examined
    from credit_check_sdk.flow import Now

    return examined(desk, case, record, await Now())


async def _asked(record: str | None, case_id: str | None, limit: int) -> tuple[StoredPublication, ...]:
    from credit_check_sdk.flow import Load
    from credit_check_sdk.model.ledger import Publications as Question

    found: tuple[StoredPublication, ...] = await Load(Question(record=record, case_id=case_id, limit=limit))
    return found
