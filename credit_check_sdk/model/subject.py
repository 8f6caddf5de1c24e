"""Who is checked. It performs no I/O; matching is by identifier, never by name alone."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

from pydantic import Field, SerializationInfo, field_serializer, field_validator, model_validator
from typing_extensions import override

from credit_check_sdk.model import identifiers, names
from credit_check_sdk.model._value import Several, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

Category = Literal["organisation", "sole_trader", "person"]
"""行政相对人类别: 法人及非法人组织, 个体工商户, 自然人 (发改办财金〔2018〕424号)."""

Role = Literal[
    "subject",
    "legal_representative",
    "principal",
    "executive",
    "shareholder",
    "controller",
    "directly_responsible",
    "finance_head",
    "safety_head",
    "project_manager",
    "consortium_member",
    "tender_agency",
    "bid_expert",
    "agent",
    "owner",
    "parent",
    "branch",
]
"""In which part somebody takes part in a case; ``subject`` is the applicant itself."""


def _reveals(info: SerializationInfo) -> bool:
    context = info.context
    return isinstance(context, dict) and bool(cast("Mapping[str, object]", context).get("reveal"))


class Identifier(Value):
    """An identifier under a scheme: ``cn-uscc``, ``cn-resident-id``, ``passport``, or any of org-id.guide.

    It is kept as it was given; comparing uses `normal`. Printing and dumping show it masked, unless dumped with the
    context ``{"reveal": True}``.
    """

    scheme: str = Field(min_length=1, max_length=64)
    """Which numbering it belongs to."""
    value: str = Field(min_length=1, max_length=128, repr=False)
    """The identifier as it was given."""

    @field_validator("value")
    @classmethod
    def _is_not_masked(cls, value: str) -> str:
        if "*" in value:
            message = "this identifier is masked; give it in full"
            raise ValueError(message)
        if not value.strip():
            message = "an identifier may not be blank; leave it out instead"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _is_something(self) -> Identifier:
        try:
            _ = self.normalised
        except ValueError:
            # Only marks and control characters: nothing that could be looked up, and nothing to show.
            message = "an identifier may not be blank; leave it out instead"
            raise ValueError(message) from None
        return self

    @field_serializer("value")
    def _masked_unless_revealed(self, value: str, info: SerializationInfo) -> str:
        return value if _reveals(info) else self.masked

    @cached_property
    def normalised(self) -> identifiers.Normalised:
        """The identifier in the form in which it is compared, with what was changed and what is doubtful."""
        return identifiers.normalise(self.scheme, self.value)

    @property
    def normal(self) -> str:
        """The identifier in the form in which it is compared and sent."""
        return self.normalised.value

    @cached_property
    def masked(self) -> str:
        """The identifier with its middle hidden, for every log, error and screen."""
        return identifiers.mask(self.scheme, self.normal)

    @cached_property
    def keys(self) -> frozenset[tuple[str, str]]:
        """The pairs (scheme, value) under which it is certainly the same subject; a placeholder is nobody's."""
        if identifiers.is_placeholder(self.scheme, self.normal):
            return frozenset()
        return frozenset({(self.scheme, self.normal), *identifiers.equivalents(self.scheme, self.normal)})

    @override
    def __str__(self) -> str:
        """Show it masked."""
        return f"{self.scheme}:{self.masked}"

    @override
    def __repr__(self) -> str:
        """Show it masked."""
        return f"Identifier(scheme={self.scheme!r}, value={self.masked!r})"


class Subject(Value):
    """Somebody whose credit is checked: an organisation, a sole trader or a person."""

    category: Category
    """Which kind of subject."""
    name: str = Field(min_length=1, max_length=512)
    """The name as it was given."""
    identifiers: Several[Identifier] = ()
    """The first is the primary one; without any the outcome is *review*."""
    founded_on: date | None = None
    """Day of founding, where known; the three clean years need it."""

    @cached_property
    def normal_name(self) -> str:
        """The name in the form in which it is compared."""
        return names.normalise_name(self.name)

    @property
    def primary(self) -> Identifier | None:
        """The identifier by which it is asked for: the first that is no placeholder, or None."""
        return next((identifier for identifier in self.identifiers if identifier.keys), None)

    @cached_property
    def keys(self) -> frozenset[tuple[str, str]]:
        """All pairs (scheme, value) under which it is certainly the same subject."""
        return frozenset(key for identifier in self.identifiers for key in identifier.keys)

    @property
    def masked(self) -> str | None:
        """The primary identifier with its middle hidden, or None."""
        return self.primary.masked if self.primary else None

    @cached_property
    def hashed(self) -> int:
        """The hash, worked out once: a check looks subjects up many times."""
        return hash((self.category, self.name, self.identifiers, self.founded_on))

    @override
    def __hash__(self) -> int:
        """Give the hash."""
        return self.hashed

    def same_as(self, other: Subject) -> bool:
        """Say whether both are certainly one: they share an identifier. A shared name is never enough."""
        return not self.keys.isdisjoint(other.keys)


class Party(Value):
    """A subject in a role of the case."""

    role: Role
    """Its part in the case."""
    subject: Subject
    """Who it is."""


class Purpose(Value):
    """Why a query is made: it travels with every query (个人信息保护法 第六条, 第三十四条)."""

    text: str = Field(min_length=1, max_length=512)
    """What the department is doing."""
    basis: str = Field(min_length=1, max_length=512)
    """The legal basis of the duty that needs the query."""
    authorisation_ref: str | None = None
    """Reference of the subject's written authorisation, where the law asks for one."""

    @field_validator("text", "basis")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            # 个人信息保护法 第六条: 明确、合理的目的; blanks name none.
            message = "it is blank; name the purpose and its legal basis"
            raise ValueError(message)
        return value


class Operator(Value):
    """The officer on whose account something is done."""

    id: str = Field(min_length=1, max_length=128)
    """The officer in the host's system."""
    department: str = Field(min_length=1, max_length=128)
    """The department in whose name the officer acts."""
