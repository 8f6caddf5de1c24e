"""Weigh one row of a long list against lists kept on this machine. Pure: no I/O, no clock; the same for every engine.

Nothing here was confirmed live, so no row is restricted by it: whoever stands on a list is sent to review, and is
checked as a case before anything is decided. What a plain row that stands on no list comes to is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.weigh import Heard, weigh
from credit_check_sdk.core.words import verdict_words
from credit_check_sdk.model import Answer, Case, Consultation, Identifier, Operator, Subject
from credit_check_sdk.model.identifiers import RESIDENCE_PERMIT, RESIDENT_ID, guess_scheme, org_code_check, uscc_check

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.model import Category, MatterPolicy, Outcome, Point, Purpose

_NOBODY = Operator(id="screen", department="screen")


@dataclass(frozen=True, slots=True)
class Screened:
    """What a row came to."""

    outcome: Outcome
    measures: tuple[str, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Screening:
    """By what rows are weighed: matter, point, purpose, law of the day, and the lists that answer."""

    catalogue: Catalogue
    policy: MatterPolicy
    point: Point
    purpose: Purpose
    region: str | None
    at: datetime
    lists: tuple[str, ...]
    """The sources of offline lists, all of them required."""

    def weighed(self, subject: Subject, said: Mapping[str, Consultation]) -> Screened:
        """Say what a row comes to; *said* is what each source said of exactly this subject."""
        case = Case.made(
            id="screen",
            matter=self.policy.code,
            point=self.point,
            subject=subject,
            purpose=self.purpose,
            operator=_NOBODY,
            opened_at=self.at,
            region=self.region,
        )
        heard = [Heard(name, consultation, offline=True) for name, consultation in said.items()]
        policy = self.policy.model_copy(update={"required": self.lists, "advisory": ()})
        verdict = weigh(case, policy, self.catalogue, heard, (), day_of(self.at), region=self.region)
        words = verdict_words(verdict, self.catalogue)
        measures = dict.fromkeys(finding.measure.code for finding in verdict.findings)
        return Screened(
            verdict.outcome, tuple(measures), tuple(each.zh for each in words), tuple(each.en for each in words)
        )

    def plain(self, said: Mapping[str, Consultation]) -> Screened | None:
        """Say what every row comes to that has a sound social credit code and stands on no list.

        *said* is what the sources said of anybody: their names and times. None where it is not the same for all.
        """
        found = set()
        for subject in (anybody("甲公司", "0"), anybody("乙公司", "1")):
            clean = {
                source: each.model_copy(update={"answers": (Answer(subject=subject, known=True),)})
                for source, each in said.items()
            }
            found.add(self.weighed(subject, clean))
        return found.pop() if len(found) == 1 else None


def anybody(name: str = "甲公司", place: str = "0") -> Subject:
    """Make an organisation that there is not: organisation codes that begin with MW are not issued."""
    inner = f"MWAAAAA{place}"
    body = f"91451100{inner}{org_code_check(inner)}"
    identifier = Identifier(scheme="cn-uscc", value=body + uscc_check(body))
    return Subject(category="organisation", name=name, identifiers=(identifier,))


def subject_of(name: str, identifier: str) -> Subject:
    """Make a subject of a row; an identifier of no known kind is none, for it could be found on no list.

    Raises:
        ValueError: the row names nobody.
    """
    raw = identifier.strip()
    scheme = guess_scheme(raw) if raw else None
    if scheme is None and len(raw) == 18:  # noqa: PLR2004  the length of the codes of GB 32100 and GB 11643
        # Neither check digit holds: which it was meant to be shows in its letters.
        scheme = RESIDENT_ID if raw[:17].isdigit() and raw[6:8] in {"19", "20"} else "cn-uscc"
    category: Category = "person" if scheme in {RESIDENT_ID, RESIDENCE_PERMIT} else "organisation"
    given = (Identifier(scheme=scheme, value=raw),) if scheme else ()
    return Subject(category=category, name=name.strip()[:512], identifiers=given)
