"""The figures of the report: what each is called, how it is defined, and where the duty to know it stands. Data.

It counts nothing; `FigureDefinition` only says what a code means.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Literal

import yaml

from credit_check_sdk.model import Basis, Words
from credit_check_sdk.model._value import Several, Value

Chapter = Literal["checks", "measures", "reports", "commitments", "publicity", "objections", "outages"]


class FigureDefinition(Value):
    """One figure."""

    code: str
    """Its code, the same in every form of the report."""
    chapter: Chapter
    """Where in the report it stands."""
    name: Words
    """What it is called."""
    definition: Words
    """What is counted."""
    must_be_zero: bool = False
    """Whether any other number is a failing."""


class ShareDefinition(Value):
    """A share of two figures."""

    code: str
    """Its code."""
    name: Words
    """What it is called."""
    definition: Words
    """What is divided by what."""
    part: str
    """Code of what is counted; ``due.checked`` stands for the register of decided cases."""
    whole: Several[str]
    """Codes that make the whole, added up; ``due`` stands for the register of decided cases."""
    basis: Several[Basis] = ()
    """Where the duty stands."""


class FigureCatalogue(Value):
    """All figures and shares."""

    edition: str
    """Edition of this list."""
    figures: Several[FigureDefinition]
    """The figures, in the order of the report."""
    shares: Several[ShareDefinition]
    """The shares, in the order of the report."""


@functools.cache
def figure_catalogue() -> FigureCatalogue:
    """Read the figures that come with the SDK."""
    text = files("credit_check_sdk.catalogue").joinpath("data/reports/figures.yaml").read_text(encoding="utf-8")
    said = yaml.safe_load(text)
    said.pop("anchors", None)
    return FigureCatalogue.model_validate(said, strict=False)
