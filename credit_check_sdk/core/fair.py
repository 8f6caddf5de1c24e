"""Say whether a tender document allows an advantage for credit. Pure: no I/O, no clock.

招标投标领域公平竞争审查规则 (令第16号) 第九条: credit may count where all regions and forms of ownership are treated
alike. So there is a clause, somebody attests that it does, and points have a cap. Nothing here looks at the subject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.model.measure import OnClause

if TYPE_CHECKING:
    from credit_check_sdk.model import Case, Clause, Measure


def clauses_of(case: Case, kind: str) -> tuple[Clause, ...]:
    """Give the clauses of one kind in the case's tender document."""
    return tuple(clause for clause in (case.tender.clauses if case.tender else ()) if clause.kind == kind)


def attested(clause: Clause) -> bool:
    """Say whether somebody attests that the clause treats all regions and forms of ownership alike."""
    return bool(clause.attestation and clause.attestation.strip())


def allows(clause: Clause, measure: Measure) -> bool:
    """Say whether *clause* carries the advantage of *measure*: attested, and capped where it is counted in points."""
    return attested(clause) and (measure.points_offered is None or clause.max_points is not None)


def fair(case: Case, measure: Measure) -> bool:
    """Say whether the tender document allows what *measure* offers, for each clause that it requires."""
    return all(
        any(allows(clause, measure) for clause in clauses_of(case, condition.clause))
        for condition in measure.requires
        if isinstance(condition, OnClause)
    )
