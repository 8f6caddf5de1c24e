"""Fixtures of the tendering adapter's tests: files made on the spot, real inputs, and a client that needs no platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from credit_check_adapter_tendering import OcdsReader
from credit_check_sdk import (
    Applicant,
    AppliesTo,
    Basis,
    Bonus,
    Case,
    CatalogueRef,
    Decision,
    Deferral,
    Facilities,
    GateError,
    GreenChannel,
    Lines,
    Outcome,
    Pass,
    Proposal,
    Rejected,
    Remark,
    Step,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

_INPUTS = Path(__file__).resolve().parents[4] / "shared" / "inputs"
_NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
_WORDS = Words(zh="有记录", en="a record")

Write = Callable[[object], Path]


@pytest.fixture
def inputs() -> Path:
    """Give the folder of real inputs, or skip."""
    if not (_INPUTS / "ocds").is_dir():
        pytest.skip("the real inputs (../shared/inputs beside the project) are not there")
    return _INPUTS


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a document to a file of its own."""

    def make(document: object) -> Path:
        path = tmp_path / "tender.json"
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return path

    return make


@dataclass
class Read:
    """What a file was read to."""

    applicants: list[Applicant] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return [applicant.subject.name for applicant in self.applicants]

    @property
    def only(self) -> Applicant:
        """The one applicant."""
        assert len(self.applicants) == 1
        return self.applicants[0]

    @property
    def remark(self) -> Remark:
        """The one remark."""
        assert len(self.remarks) == 1
        return self.remarks[0]

    def codes(self, number: int = 0) -> set[str]:
        """Codes of what was noticed of an applicant."""
        return {note["code"] for note in self.applicants[number].host["notes"]}


@pytest.fixture
def read() -> Callable[[Path], Read]:
    """Give a function that reads a file to its end."""

    def all_of(path: Path) -> Read:
        found = Read()
        for row in OcdsReader().read(path):
            match row:
                case Applicant():
                    found.applicants.append(row)
                case Rejected():
                    found.rejected.append(row)
                case Remark():
                    found.remarks.append(row)
        return found

    return all_of


@dataclass
class Stand:
    """A client in the place of a real one: it decides by name and remembers what it was given."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    transactions: list[object] = field(default_factory=list)

    def check(self, case: Case, *, transaction: object = None) -> Decision:
        """Decide by the subject's name: clear, unless told otherwise."""
        self.transactions.append(transaction)
        return self._decide(case)

    def check_many(self, cases: Iterable[Case]) -> Iterator[Decision]:
        """Decide many."""
        return (self._decide(case) for case in cases)

    def require(self, case: Case, *, to: Step, transaction: object = None) -> Pass:
        """Refuse who is restricted."""
        self.transactions.append(transaction)
        if self.outcomes.get(case.subject.name) == "restricted":
            raise GateError("is restricted", "受限", code="gate.blocked")
        return Pass(case_id=case.id, point=case.point, to=to, decision=f"dec_{case.id}")

    def _decide(self, case: Case) -> Decision:
        self.cases.append(case)
        return decision(case, self.outcomes.get(case.subject.name, "clear"))


@dataclass
class AsyncStand:
    """The same for an event loop."""

    stand: Stand = field(default_factory=Stand)

    async def check(self, case: Case, *, transaction: object = None) -> Decision:
        """Decide by the subject's name."""
        return self.stand.check(case, transaction=transaction)

    async def check_many(self, cases: Iterable[Case]) -> AsyncIterator[Decision]:
        """Decide many."""
        for one in self.stand.check_many(cases):
            yield one

    async def require(self, case: Case, *, to: Step, transaction: object = None) -> Pass:
        """Refuse who is restricted."""
        return self.stand.require(case, to=to, transaction=transaction)


def decision(case: Case, outcome: Outcome) -> Decision:
    """Make a decision of this outcome."""
    restricted = outcome == "restricted"
    proposal = Proposal(
        id="prop_1",
        measure="R-GP-01",
        name=Words(zh="拒绝参加政府采购活动", en="Refuse participation in government procurement"),
        kind="restriction",
        class_="A",
        force="mandatory",
        strength="block",
        effect_scope="case",
        applies_to=AppliesTo(role="subject", subject=case.subject.masked),
        basis=(Basis(title="政府采购法", article="第七十七条", level="law"),),
        reasons=_WORDS,
    )
    return Decision(
        id=f"dec_{case.id}",
        case_id=case.id,
        matter=case.matter,
        point=case.point,
        environment="sandbox",
        outcome=outcome,
        decided_at=_NOW,
        valid_until=_NOW + timedelta(hours=24),
        proposals=(proposal,) if restricted else (),
        facilities=Facilities(
            green_channel=GreenChannel(reasons=_WORDS), deferral=Deferral(reasons=_WORDS), bonus=Bonus(reasons=_WORDS)
        ),
        catalogue=CatalogueRef(edition="2026.1", digest="sha256:0"),
        reasons=Lines(zh=("有记录",), en=("a record",)) if restricted else Lines(),
    )


@pytest.fixture
def stand() -> Stand:
    """Give a client that clears everybody until told otherwise."""
    return Stand()


@pytest.fixture
def async_stand() -> AsyncStand:
    """Give a client for an event loop that clears everybody until told otherwise."""
    return AsyncStand()


@pytest.fixture
def errors_in(inputs: Path) -> Callable[[str, object], list[str]]:
    """Give a function that validates against a schema, from local files alone."""
    folder = inputs / "ocds" / "schema"
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    stub: dict[str, Any] = {"$schema": "http://json-schema.org/draft-04/schema#"}

    def retrieve(uri: str) -> Resource[Any]:
        name = uri.rsplit("/", 1)[-1].partition("#")[0]
        local = {
            "release-schema.json": "release-schema-1.1.json",
            "release-package-schema.json": "release-package-schema-1.1.json",
            "record-package-schema.json": "record-package-schema-1.1.json",
        }.get(name)
        return DRAFT4.create_resource(schemas[local] if local else stub)

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]

    def errors(name: str, document: object) -> list[str]:
        validator = Draft4Validator(schemas[name], registry=registry, format_checker=Draft4Validator.FORMAT_CHECKER)
        return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(document)]

    return errors
