"""What an adapter is made of: how a list is read, and how an adapter shows itself. It performs no I/O itself.

An adapter is a distribution ``credit-check-adapter-NAME`` with an entry point in the group ``credit_check.adapters.v1``
that names an `Adapter`. It imports the front door only.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  part of the protocols' public signatures
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import Field

from credit_check_sdk.model import Party, Several, Subject, Tender, Value, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from credit_check_sdk.client import CreditCheck

ADAPTERS = "credit_check.adapters.v1"
"""Entry-point group in which adapters are found."""


class Applicant(Value):
    """Somebody on a list that is to be screened: one row of the result."""

    row: str
    """Where it stands in the file, so that a person finds it: ``line 12``, ``releases[0].parties[3]``."""
    subject: Subject
    """Who it is."""
    parties: Several[Party] = ()
    """Others who stand in the case with it."""
    process: str | None = None
    """The process it belongs to (OCDS ``ocid``, grant programme), or None."""
    tender: Tender | None = None
    """The tender, where the list is one of bidders."""
    doubts: Several[Words] = ()
    """What is doubtful about who this is; each sends the row to *review*, whatever the sources say."""
    host: dict[str, Any] = Field(default_factory=dict)
    """What the adapter wants to find again."""


class Rejected(Value):
    """A row that cannot be screened, and why; it stands in the result with its error."""

    row: str
    """Where it stands in the file."""
    name: str | None = None
    """The name, where there is one."""
    reason: Words
    """What is wrong and what to do."""


class Remark(Value):
    """What a reader says of a file as a whole: how many items it has, or that it has no bidders."""

    items: int
    """How many releases, grants or rows it has."""
    words: Words
    """In words."""


@runtime_checkable
class Reader(Protocol):
    """Read one kind of file."""

    format: str
    """What it reads: ``ocds``, ``360giving``, ``csv``, ``xlsx``, ``parquet``."""

    def reads(self, path: Path, head: bytes) -> bool:
        """Say from the name and the first 64 KiB whether this file is of its kind."""
        ...

    def read(self, path: Path) -> Iterator[Applicant | Rejected | Remark]:
        """Read a file row by row.

        Raises:
            InputError: with code ``file.unreadable`` when the file as a whole cannot be read; it names the place.
        """
        ...


class Stage(Protocol):
    """Where an adapter shows itself: a client wired to a sandbox, and a way to say what happens."""

    credit: CreditCheck
    """A client whose sources are the sandbox."""
    inputs: Path | None
    """A folder of real inputs, where one was given."""

    def put_record(self, record: Mapping[str, Any]) -> str:
        """Put a record into the sandbox (``POST /admin/records``); answer its number."""
        ...

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        """Make a subject known to the sandbox (``POST /admin/subjects``)."""
        ...

    def change(self, record_id: str, change: str) -> None:
        """Make a change happen in the sandbox (``POST /admin/changes``)."""
        ...

    def section(self, zh: str, en: str) -> None:
        """Begin a section of the report."""
        ...

    def say(self, zh: str, en: str) -> None:
        """Say one sentence."""
        ...

    def table(self, columns: Sequence[Words], rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        ...


@runtime_checkable
class Adapter(Protocol):
    """A kind of host system."""

    name: str
    """Its name: that of the entry point."""
    title: Words
    """What it is, in words."""
    readers: Sequence[Reader]
    """What lists it can read."""

    def demo(self, stage: Stage) -> None:
        """Run the whole job once on the stage, on small files of its own or on real ones of the same shape."""
        ...
