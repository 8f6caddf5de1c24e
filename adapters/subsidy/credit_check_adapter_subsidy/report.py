"""What a round of checks came to. Values only: no I/O, no clock; identifiers are masked wherever they are shown."""

from collections import Counter
from typing import get_args

from credit_check_sdk import Applicant, Case, Decision, Lang, Outcome, Point, Rejected, Several, Value, Words

OUTCOMES: dict[Outcome, Words] = {
    "restricted": Words(zh="受限", en="restricted"),
    "undecided": Words(zh="未能判定", en="undecided"),
    "review": Words(zh="待人工核查", en="review"),
    "clear": Words(zh="通过", en="clear"),
}
"""The outcomes in words, in order of precedence."""

_RANK: dict[str, int] = {outcome: rank for rank, outcome in enumerate(get_args(Outcome))}


class ApplicantResult(Value):
    """What the check of one applicant came to."""

    applicant: Applicant
    """The applicant."""
    case: Case
    """The case that was made of it; give it to `require_payment`."""
    decision: Decision | None = None
    """The decision, to be settled; None where the check itself failed."""
    error: Words | None = None
    """Why the check failed."""

    @property
    def name(self) -> str:
        """The applicant's name."""
        return self.applicant.subject.name

    @property
    def outcome(self) -> Outcome:
        """The decision's outcome; *review* where it is clear and the list leaves a doubt who this is."""
        if self.decision is None:
            return "undecided"
        if self.applicant.doubts and self.decision.outcome == "clear":
            return "review"
        return self.decision.outcome

    @property
    def hold(self) -> bool:
        """Whether nothing may be paid before an officer looked: anything but *clear*."""
        return self.outcome != "clear"

    @property
    def measures(self) -> tuple[str, ...]:
        """Codes of the measures proposed, each once."""
        proposals = self.decision.proposals if self.decision else ()
        return tuple(dict.fromkeys(proposal.measure for proposal in proposals))

    def reasons(self, lang: Lang) -> tuple[str, ...]:
        """Say why, in *lang*: what is doubtful in the list, then what the decision says."""
        doubts = [doubt[lang] for doubt in self.applicant.doubts]
        if self.error is not None:
            doubts.append(self.error[lang])
        return tuple(dict.fromkeys((*doubts, *(self.decision.reasons[lang] if self.decision else ()))))


class SubsidyReport(Value):
    """What a round came to."""

    matter: str
    """The service item."""
    point: Point
    """``apply`` or ``disburse``."""
    results: Several[ApplicantResult] = ()
    """Everybody who was checked."""
    rejected: Several[Rejected] = ()
    """Rows of the list that name nobody who can be checked."""

    @property
    def hold_list(self) -> tuple[ApplicantResult, ...]:
        """Those to whom nothing may be paid before an officer looked."""
        return tuple(result for result in self.results if result.hold)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many came to which outcome."""
        found = Counter(result.outcome for result in self.results)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def of(self, name: str) -> ApplicantResult:
        """Find the result of an applicant by name.

        Raises:
            KeyError: nobody of this name was checked.
        """
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)

    def worse_than(self, earlier: "SubsidyReport") -> tuple[ApplicantResult, ...]:
        """Name those who stand worse than in an *earlier* round, and those who were not in it."""
        before = {result.case.id: _RANK[result.outcome] for result in earlier.results}
        return tuple(
            result for result in self.results if _RANK[result.outcome] < before.get(result.case.id, len(_RANK))
        )

    def lines(self, lang: Lang) -> list[str]:
        """Say it all in words: everybody with outcome, hold, measures and reasons, and what was rejected."""
        holds = Words(zh="，暂缓", en=", hold")[lang]
        said = [
            f"{one.name} [{one.applicant.subject.primary or '—'}]: {OUTCOMES[one.outcome][lang]}{holds if one.hold else ''}. "
            + " ".join((*one.measures, *one.reasons(lang)))
            for one in self.results
        ]
        said += [f"{one.row}: {one.reason[lang]}" for one in self.rejected]
        if not said:
            said.append(Words(zh="名单中没有申请人，无需核查。", en="No applicants; nobody to check.")[lang])
        return [line.strip() for line in said]
