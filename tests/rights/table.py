"""The table of scenarios as it stands in the data files: read, and refused in words where it cannot be used.

A scenario is given (case, day, records, silences) and expected (outcome, measures, words), and cites its clause. What a
file may say is described for its authors in README.md.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from credit_check_sdk import Category, Level, Outcome, Record, Role, Words
from credit_check_sdk.catalogue.explaining import explained
from credit_check_sdk.catalogue.reading import Sheet, read, refuse
from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.model import Several
from credit_check_sdk.model._value import Value
from credit_check_sdk.model.decision import ProposalState
from credit_check_sdk.model.record import Kind, Polarity, RecordStatus, Severity

V = TypeVar("V", bound=Value)
HERE = Path(__file__).parent
LEVELS: tuple[Level, ...] = ("municipal", "regional", "national", "enterprise")
DAY = date(2026, 11, 23)
"""The day of a scenario that names none."""
Failure = Literal[
    "unreachable",
    "no_answer",
    "not_understood",
    "wrong_subject",
    "another_environment",
    "broken_plugin",
    "no_consultation",
]
"""How a source stays silent."""
Answer = Literal["applied", "set_aside", "verifying"]
Clock = Literal["ban", "list", "measure", "publicity"]


class Person(Value):
    """Somebody of the cast."""

    like: str | None = None
    category: Category | None = None
    name: str | None = None
    identifiers: Several[dict[str, str]] | None = None
    founded_on: date | None = None


Who = str | Person
"""A name of the cast, or somebody like one of them."""


class Fact(Value):
    """A record that a source gives."""

    origin: Several[Level] = Field(default=("municipal",), alias="from")
    of: Who = "firm"
    given_for: Who | None = None
    id: str | None = None
    list: str | None = None
    kind: Kind = "list"
    decision: str | None = None
    grade: str | None = None
    polarity: Polarity = "negative"
    severity: Severity | None = "serious"
    status: RecordStatus = "active"
    made_by: Literal["municipal", "regional", "national"] | None = "municipal"
    authority: str = "示例机关"
    doc_no: str | None = ""
    dated: date | None = date(2026, 3, 1)
    until: dict[Clock, date] | None = None
    names: dict[Role, Who] = Field(default_factory=dict)
    by_name: bool = False


class Expected(Value):
    """A measure that is expected. What is not named is not compared."""

    measure: str
    strength: Literal["block", "hint", "info", "offer"] | None = None
    force: Literal["mandatory", "recommended"] | None = None
    scope: Literal["case", "facilitation", "party"] | None = None
    whom: Role | None = None
    until: date | Literal["open"] | None = None
    grounds: int | None = None
    state: ProposalState | None = None
    basis: str | None = None


class Step(Value):
    """What is done after the check, in turn."""

    settle: dict[str, Answer] | None = None
    reason: str | None = None
    require: Literal["proceed", "grant", "refuse"] | None = None
    objection: str | None = None
    hours_later: float = 0
    refused: str | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Step:
        if sum(done is not None for done in (self.settle, self.require, self.objection)) != 1:
            message = "a step settles, requires or takes an objection"
            raise ValueError(message)
        return self


class Then(Value):
    """What is expected."""

    outcome: Outcome | None = None
    restrictions: Several[Expected] = ()
    offers: Several[Expected] | None = None
    warnings: Several[str] = ()
    silent: Several[str] = ()
    asked: Several[str] | None = None
    green_channel: bool | None = None
    deferral: Several[str] | Literal[False] | None = None
    bonus: Decimal | None = Field(default=None, strict=False)
    words: Several[str] = ()
    never: Several[str] = ()
    refused: str | None = None
    steps: Several[Step] = ()

    @field_validator("restrictions", "offers", mode="before")
    @classmethod
    def _by_code_alone(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [{"measure": each} if isinstance(each, str) else each for each in value]

    @field_validator("words", "never", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Take a day or a number for the text that it is."""
        return [str(each) for each in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _says_what_it_comes_to(self) -> Then:
        if (self.outcome is None) == (self.refused is None):
            message = "say either the outcome or with which code it is refused"
            raise ValueError(message)
        return self


class Earlier(Value):
    """A check of the same case that was made before."""

    hours: float = Field(gt=0, strict=False)
    records: Several[Fact] = ()
    unknown: Several[str] = ()


class Scenario(Value):
    """One row of the table."""

    id: str = Field(pattern=r"^[a-z]+-\d{2}$")
    title: Words
    clause: str = Field(min_length=6)
    covers: Several[str] = ()
    matter: str = "procurement.goods"
    point: str = "evaluate"
    at: datetime = Field(default=datetime.combine(DAY, time(10), SHANGHAI))
    opened: date | None = None
    subject: Who = "firm"
    parties: dict[Role, Several[Who]] = Field(default_factory=dict)
    purpose: dict[str, Any] | None = Field(default_factory=lambda: {"text": "示例核查", "basis": "示例法 第一条"})
    region: str | None = "451100"
    missing: Several[str] = ()
    materials: Several[dict[str, Any]] = ()
    clauses: Several[dict[str, Any]] = ()
    credit_reports: Several[dict[str, Any]] = ()
    host: dict[str, Any] = Field(default_factory=dict)
    policy: dict[str, Any] = Field(default_factory=dict)
    records: Several[Fact] = ()
    silent: dict[Level, Failure] = Field(default_factory=dict)
    left_out: dict[Level, Several[str]] = Field(default_factory=dict)
    unknown: Several[str] = ()
    earlier: Several[Earlier] = ()
    then: Then

    @field_validator("at", mode="before")
    @classmethod
    def _in_shanghai(cls, value: Any) -> Any:
        """Read a day as ten in the morning, and a time without a zone as that of Asia/Shanghai."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=SHANGHAI)
        return datetime.combine(value, time(10), SHANGHAI) if isinstance(value, date) else value

    @field_validator("parties", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {role: who if isinstance(who, list | tuple) else (who,) for role, who in value.items()}

    def case(self, number: str, materials: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Give the case as a host writes it; *materials* is the matter's checklist."""
        opened = self.opened or self.at.date()
        missing = [{**materials[code], "state": "missing"} for code in self.missing]
        return {
            "id": number,
            "matter": self.matter,
            "point": self.point,
            "subject": person(self.subject),
            "parties": [
                {"role": role, "subject": person(who)} for role, several in self.parties.items() for who in several
            ],
            "purpose": self.purpose,
            "operator": {"id": "u-1024", "department": "451100-czj"},
            "region": self.region,
            "opened_at": datetime.combine(opened, time(9), SHANGHAI).isoformat(),
            "materials": [*missing, *self.materials],
            "credit_reports": list(self.credit_reports),
            "tender": {"id": "Z-1", "clauses": list(self.clauses)} if self.clauses else None,
            "host": self.host,
        }


class Row(Value):
    """Something that the table has to cover."""

    title: str
    source: str = ""


def person(who: Who) -> dict[str, Any]:
    """Give somebody as JSON names him."""
    if isinstance(who, str):
        return dict(cast()[who])
    base = dict(cast()[who.like]) if who.like else {}
    return {**base, **who.model_dump(mode="json", exclude={"like"}, exclude_unset=True)}


def record(fact: Fact, place: int, where: str) -> Record:
    """Make the record that a scenario describes in *place*."""
    until = fact.until
    if until is None:
        until = {"list": date(2029, 3, 1)} if fact.kind == "list" and fact.decision is None else {}
    made = {
        "record_id": f"{where}-{fact.id or place}",
        "authority_level": fact.made_by,
        "list_code": fact.list,
        "kind": fact.kind,
        "decision_kind": fact.decision,
        "polarity": fact.polarity,
        "subject": person(fact.of),
        "responsible": [{"role": role, "subject": person(who)} for role, who in fact.names.items()],
        "authority": fact.authority,
        "doc_no": f"示罚〔2026〕{place}号" if fact.doc_no == "" else fact.doc_no,
        "document_date": fact.dated.isoformat() if fact.dated else None,
        "grade": fact.grade,
        "severity": fact.severity if fact.polarity == "negative" else None,
        "status": fact.status,
        "match": "name_only" if fact.by_name else "identifier",
        **{f"{clock}_until": day.isoformat() for clock, day in until.items()},
    }
    return Record.model_validate(made, strict=False)


@cache
def cast() -> dict[str, dict[str, Any]]:
    """Give who may take part, by the name under which scenarios know him."""
    sheet = read((HERE / "cast.yaml").read_text(encoding="utf-8"), "cast.yaml")
    found: dict[str, dict[str, Any]] = {}
    for name, said in sheet.content.items():
        made = _valid(Person, said, sheet, (name,))
        found[name] = made.model_dump(mode="json", exclude={"like"}, exclude_unset=True)
    return found


@cache
def rows() -> dict[str, Row]:
    """Give what has to be covered, by id."""
    sheet = read((HERE / "coverage.yaml").read_text(encoding="utf-8"), "coverage.yaml")
    found: dict[str, Row] = {}
    for group, said in sheet.content.items():
        for key, entry in said["rows"].items():
            made = _valid(Row, {"source": said["source"], **entry}, sheet, (group, "rows", key))
            found[f"{group}.{key}"] = made
    return found


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Read every file of the table."""
    found: list[Scenario] = []
    for path in sorted(HERE.glob("[0-9]*.yaml")):
        found += scenarios_of(read(path.read_text(encoding="utf-8"), path.name))
    doubled = {one.id for one in found if [other.id for other in found].count(one.id) > 1}
    assert not doubled, f"编号重复 doubled ids: {sorted(doubled)}"
    return tuple(found)


def scenarios_of(sheet: Sheet) -> list[Scenario]:
    """Read the scenarios of one file.

    Raises:
        CatalogueError: one cannot be used; file, line and reason are named in Chinese and English.
    """
    said = sheet.content.get("scenarios")
    if not isinstance(said, list) or not said:
        refuse(sheet.file, 1, "a list `scenarios` is expected", "应当有列表 scenarios")
    found = [_valid(Scenario, entry, sheet, ("scenarios", place)) for place, entry in enumerate(said)]
    for place, one in enumerate(found):
        _known(one, sheet, ("scenarios", place))
    return found


def _known(one: Scenario, sheet: Sheet, path: tuple[str | int, ...]) -> None:
    """Refuse names that are not in the cast, and rows that nobody has to cover."""
    people = [*one.parties.values(), (one.subject,), *((f.of, *f.names.values()) for f in one.records)]
    named = [who if isinstance(who, str) else who.like for several in people for who in several]
    named += [*one.unknown, *(name for several in one.left_out.values() for name in several), *(one.then.asked or ())]
    for name in named:
        if name is not None and name not in cast():
            known = ", ".join(cast())
            refuse(sheet.file, sheet.line(path), f"{one.id}: nobody is called {name!r}; known are {known}",
                   f"{one.id}：没有名为“{name}”的当事人；可用：{known}")  # fmt: skip
    for row in one.covers:
        if row not in rows():
            refuse(sheet.file, sheet.line(path, ("covers",)), f"{one.id}: {row!r} is no row of coverage.yaml",
                   f"{one.id}：coverage.yaml 中没有“{row}”")  # fmt: skip


def _valid(model: type[V], said: Any, sheet: Sheet, path: tuple[str | int, ...]) -> V:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        loc, en, zh = explained(_the_plainest(error), model)
        name = said.get("id") if isinstance(said, dict) else None
        label = f"{name}: " if name else ""
        refuse(sheet.file, sheet.line(path, loc), f"{label}{en}", f"{label}{zh}")


def checklist(materials: Any) -> dict[str, dict[str, Any]]:
    """Give the materials of a matter's policy by code."""
    return {material.code: material.model_dump(mode="json") for material in materials}


def _the_plainest(error: ValidationError) -> ValidationError:
    """Prefer a key that nobody knows: mostly it is the one that another trouble misses."""
    unknown = [one for one in error.errors(include_url=False) if one["type"] == "extra_forbidden"]
    if not unknown:
        return error
    return ValidationError.from_exception_data(
        error.title, [{"type": "extra_forbidden", "loc": one["loc"], "input": None} for one in unknown]
    )
