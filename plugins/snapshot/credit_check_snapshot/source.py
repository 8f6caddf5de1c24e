"""The source that answers from the lists that lie here. It sends nothing and asks nobody.

What it says is true of the moment of its data; whether that is recent enough, the matter's policy says. It is known to
the core as offline: what it finds never restricts by itself, it sends to review.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from credit_check_sdk.errors import LedgerError, NotUnderstoodError
from credit_check_sdk.flow import NewId, Now
from credit_check_sdk.model import Answer, Consultation, Record
from credit_check_snapshot.options import options_of
from credit_check_snapshot.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from credit_check_sdk.model import Environment, Level, Query, Subject
    from credit_check_sdk.model.listing import HeldLists, ListEntry
    from credit_check_sdk.spi import SourceSettings


class SnapshotSource:
    """Answer from whole lists that are kept in a folder (kind ``snapshot``).

    Raises:
        ConfigurationError: an option cannot be used.
        LedgerError: the folder cannot be used.
    """

    offline: Literal[True] = True

    def __init__(self, settings: SourceSettings, environment: Environment) -> None:
        self.id = settings.id
        self.level: Level = settings.level
        self._options = options_of(settings)
        self.rules = self._options.rules(settings.id)
        self._environment: Environment = environment
        self._shelf = Shelf(Path(self._options.folder))

    async def consult(self, query: Query) -> Consultation:
        """Answer about every subject of the query; nobody is left out, and whoever is on no list is not.

        Raises:
            NotUnderstoodError: no lists are held, or not all that are expected, or those of another environment.
        """
        # Whoever has no identifier cannot be looked up, and is left out: that is silence, not a clean answer.
        try:
            found = [(subject, self._shelf.look(keys)) for subject in query.subjects if (keys := _keys(subject))]
        except LedgerError as error:
            raise self._silent(error.en, error.zh, "source.failed") from error
        if not found:
            raise self._silent("nobody asked about has an identifier", "所查询主体均无标识符", "source.incomplete")
        held = next((each[0] for _, each in found if each is not None), None)
        if held is None or any(each is None or each[0].as_of != held.as_of for _, each in found):
            # Nothing is held; or the lists were replaced while they were looked up in: one answer, one state.
            held = None
        held = self._usable(held)
        answers = tuple(
            Answer(
                subject=subject,
                known=True,
                records=tuple(self._record(line, held.as_of) for _, line in (each or (held, []))[1]),
            )
            for subject, each in found
        )
        digest = hashlib.sha256("\n".join(each.info.digest for each in held.lists).encode())
        for _, each in found:
            for _, line in (each or (held, []))[1]:
                digest.update(line)
        return Consultation(
            source=self.id,
            as_of=held.as_of,
            fetched_at=await Now(),
            request_id=await NewId("list"),
            digest=f"sha256:{digest.hexdigest()}",
            environment=held.environment,
            answers=answers,
        )

    def held(self) -> HeldLists | None:
        """Say what is held; None before anything was."""
        return self._shelf.held()

    def lines(self, code: str) -> Iterable[ListEntry]:
        """Give every entry that is held of a list."""
        return self._shelf.entries(code)

    def found_by(self, scheme: str) -> Iterable[Sequence[str]]:
        """Give every identifier of *scheme* by which somebody is found on any list that is held, in parts."""
        return self._shelf.found_by(scheme)

    def hold(self, held: HeldLists, contents: Mapping[str, Iterable[ListEntry]]) -> None:
        """Hold these lists from now on; see `credit_check_sdk.spi.OfflineSource.hold`.

        Raises:
            LedgerError: they cannot be written; what was held is held on.
        """
        self._shelf.put(held, contents)

    def _record(self, line: bytes, as_of: datetime) -> Record:
        values = json.loads(line)
        observed = values.get("observed_at") or as_of.isoformat()
        said = {**values, "source": self.id, "level": self.level, "observed_at": observed}
        return Record.model_validate_json(json.dumps(said))

    def _usable(self, held: HeldLists | None) -> HeldLists:
        if held is None or not held.lists:
            raise self._silent("no lists are held here", "本机没有名单", "source.incomplete")
        missing = [code for code in self._options.expects if held.of(code) is None]
        if missing:
            named = ", ".join(missing)
            raise self._silent(
                f"lists that are expected are not held: {named}", f"缺少应有的名单：{named}", "source.incomplete"
            )
        if held.environment != self._environment:
            raise self._silent(
                f"the lists are of a {held.environment} platform and this client is set to {self._environment}",
                f"名单来自 {held.environment} 环境，而本端配置为 {self._environment}",
                "source.environment",
            )
        return held

    def _silent(self, en: str, zh: str, code: str) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"source {self.id!r}: {en}",
            f"来源 {self.id!r}：{zh}",
            code=code,
            remedy_en="fetch them with `credit-check lists refresh`, or bring them with `credit-check lists import`",
            remedy_zh="请运行 credit-check lists refresh 获取，或用 credit-check lists import 导入",
            source=self.id,
        )


def _keys(subject: Subject) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({key for each in subject.identifiers for key in each.keys}))
